//! Which names are settings. A name that is none would be overlooked, and the operator would believe in what
//! does not hold: in the file it is refused, in the environment, where other programs' names may stand too, it
//! is said.

use figment::value::{Dict, Map};
use figment::{Profile, Provider};

/// What the environment says in capitals.
const PREFIX: &str = "NEXUS_";
/// What the command line and the client read from there and is no setting of the instance.
const BESIDE: [&str; 13] = [
    "NEXUS_LOGIN_DIR",
    "NEXUS_CONFIG",
    "NEXUS_URL",
    "NEXUS_KEY",
    "NEXUS_KEY_FILE",
    "NEXUS_PROJECT",
    "NEXUS_SERVICE",
    "NEXUS_IDENTITY_PROVIDER",
    "NEXUS_IDENTITY_PLATFORM",
    "NEXUS_ID_TOKEN",
    "NEXUS_TOKEN_FILE",
    "NEXUS_AUDIENCE",
    "NEXUS_CACHE_DIR",
];
const OF_TESTS: &str = "NEXUS_TEST_";
/// Names that differ in more letters than this are not taken for each other.
const CLOSE: usize = 3;

/// Refuses a file that says something that is no setting.
pub(super) fn expect_known(file: &impl Provider, known: &[&str]) -> anyhow::Result<()> {
    let said: Map<Profile, Dict> = file.data()?;
    let unknown = said.values().flat_map(Dict::keys).find(|name| !known.contains(&name.as_str()));
    match unknown {
        Some(name) => anyhow::bail!("the settings file: there is no setting {name}{}", meant(name, known)),
        None => Ok(()),
    }
}

/// A sentence for each name of the environment that looks like a setting and is none.
pub(super) fn overlooked(names: impl Iterator<Item = String>, known: &[&str]) -> Vec<String> {
    let mut unknown: Vec<String> = names
        .filter(|name| {
            name.starts_with(PREFIX) && !name.starts_with(OF_TESTS) && !BESIDE.contains(&name.as_str())
        })
        .filter(|name| !known.iter().any(|it| variable(it).eq_ignore_ascii_case(name)))
        .collect();
    unknown.sort();
    let variables: Vec<String> = known.iter().map(|name| variable(name)).collect();
    let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
    unknown
        .iter()
        .map(|name| format!("{name} is no setting and changes nothing{}", meant(name, &variables)))
        .collect()
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase())
}

/// The nearest of the known names, if it is close.
fn meant(name: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|it| (distance(name, it), it)).min();
    match nearest {
        Some((letters, it)) if letters <= CLOSE && letters * 2 < it.len() => format!("; is {it} meant?"),
        _ => String::new(),
    }
}

/// In how many letters two names differ (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut before: Vec<usize> = (0..=other.chars().count()).collect();
    for (row, letter) in one.chars().enumerate() {
        let mut line = vec![row + 1];
        for (same, pair) in other.chars().map(|it| it == letter).zip(before.windows(2)) {
            let (&[above_left, above], Some(&left)) = (pair, line.last()) else { continue };
            line.push((above_left + usize::from(!same)).min(above + 1).min(left + 1));
        }
        before = line;
    }
    before.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_in_so_many_letters() {
        for (one, other, letters) in [
            ("", "", 0),
            ("log", "", 3),
            ("", "log", 3),
            ("listne", "listen", 2),
            ("log", "log", 0),
            ("publc_url", "public_url", 1),
        ] {
            assert_eq!(distance(one, other), letters, "{one} {other}");
        }
    }

    #[test]
    fn what_the_environment_says_for_nothing_is_told_by_its_name_alone() {
        let names = [
            "PATH",
            "NEXUS_LOG",
            "nexus_log",
            "NEXUS_PUBLC_URL",
            "NEXUS_TEST_POSTGRES_URL",
            "NEXUS_KEY",
            "NEXUS_COLOUR",
        ];
        let told = overlooked(names.map(str::to_owned).into_iter(), &["log", "public_url"]);
        assert_eq!(
            told,
            [
                "NEXUS_COLOUR is no setting and changes nothing",
                "NEXUS_PUBLC_URL is no setting and changes nothing; is NEXUS_PUBLIC_URL meant?",
            ]
        );
    }
}
