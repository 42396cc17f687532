//! The resolver against a model that does the same in the most simple-minded way: it follows every
//! reference anew, and knows neither order nor memory. Small sets of keys on a service and its
//! umbrella, with overrides, missing keys, circles and what needs a value.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use nexus_domain::config::ConfigValue;
use nexus_domain::resolve::{Values, resolve};
use nexus_domain::scope::Scope;
use nexus_domain::template::{MAX_DEPTH, Unresolved};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A part of a value: a letter, or the name of a key.
#[derive(Debug, Clone)]
enum Part {
    Letter,
    Secret(u8),
    Flag(u8),
    Config(u8),
}

/// An entry: a value, or none yet.
type Entry<T> = Option<T>;
/// The entries of one service, by key.
type Entries<T> = BTreeMap<u8, Entry<T>>;

/// The sources of a service: its own entries and its umbrella's.
#[derive(Debug, Clone)]
struct Sources {
    configs: [Entries<Vec<Part>>; 2],
    secrets: [Entries<u8>; 2],
    flags: [Entries<bool>; 2],
}

/// What a service has under a key: its own value, else the umbrella's, else its own lack of one.
fn effective<T>([own, umbrella]: &[Entries<T>; 2], key: u8) -> Option<Entry<&T>> {
    for entries in [own, umbrella] {
        if let Some(Some(value)) = entries.get(&key) {
            return Some(Some(value));
        }
    }
    own.get(&key).map(|_| None)
}

fn text(parts: &[Part]) -> String {
    let one = |part: &Part| match part {
        Part::Letter => "x".to_owned(),
        Part::Secret(key) => format!("{{{{secret:K{key}}}}}"),
        Part::Flag(key) => format!("{{{{flag:K{key}}}}}"),
        Part::Config(key) => format!("{{{{config:K{key}}}}}"),
    };
    parts.iter().map(one).collect()
}

/// The simple-minded model.
struct Model<'a>(&'a Sources);

impl Model<'_> {
    fn parts(&self, key: u8) -> &[Part] {
        effective(&self.0.configs, key).flatten().map_or(&[], Vec::as_slice)
    }

    /// The configs that are there and that this one names.
    fn next(&self, key: u8) -> impl Iterator<Item = u8> {
        self.parts(key).iter().filter_map(|part| match part {
            Part::Config(next) => effective(&self.0.configs, *next).map(|_| *next),
            _ => None,
        })
    }

    fn circles(&self, key: u8, way: &[u8]) -> bool {
        let way = [way, &[key]].concat();
        self.next(key).any(|next| way.contains(&next) || self.circles(next, &way))
    }

    /// How many references lead on in a row.
    fn height(&self, key: u8) -> usize {
        let names = self.parts(key).iter().any(|part| !matches!(part, Part::Letter));
        let below = self.next(key).map(|next| self.height(next)).max().unwrap_or(0);
        if names { below + 1 } else { 0 }
    }

    fn value(&self, key: u8) -> Result<(String, bool), Unresolved> {
        let parts = match effective(&self.0.configs, key) {
            None => return Err(Unresolved::Missing),
            Some(None) => return Err(Unresolved::NeedsValue),
            Some(Some(parts)) => parts,
        };
        if self.circles(key, &[]) {
            return Err(Unresolved::Cycle);
        }
        if self.height(key) > MAX_DEPTH {
            return Err(Unresolved::TooLarge);
        }
        let (mut out, mut tainted) = (String::new(), false);
        for part in parts {
            match part {
                Part::Letter => out.push('x'),
                Part::Flag(key) => {
                    let on = effective(&self.0.flags, *key).flatten().ok_or(Unresolved::Missing)?;
                    out.push_str(if *on { "true" } else { "false" });
                }
                Part::Secret(key) => {
                    let secret = effective(&self.0.secrets, *key).ok_or(Unresolved::Missing)?;
                    out.push_str(&format!("s{}", secret.ok_or(Unresolved::NeedsValue)?));
                    tainted = true;
                }
                Part::Config(key) => {
                    let (text, has_secret) = self.value(*key)?;
                    out.push_str(&text);
                    tainted |= has_secret;
                }
            }
        }
        Ok((out, tainted))
    }
}

/// Secrets and flags in force, for the resolver.
struct InForce {
    secrets: BTreeMap<String, Option<String>>,
    flags: BTreeMap<String, bool>,
}

impl Values for InForce {
    fn secret(&self, key: &str) -> Result<&str, Unresolved> {
        self.secrets.get(key).ok_or(Unresolved::Missing)?.as_deref().ok_or(Unresolved::NeedsValue)
    }

    fn flag(&self, key: &str) -> Result<bool, Unresolved> {
        self.flags.get(key).copied().ok_or(Unresolved::Missing)
    }
}

const KEYS: u8 = 12;

fn part() -> impl Strategy<Value = Part> + Clone {
    prop_oneof![
        2 => Just(Part::Letter),
        1 => (0..4_u8).prop_map(Part::Secret),
        1 => (0..4_u8).prop_map(Part::Flag),
        4 => (0..KEYS).prop_map(Part::Config),
    ]
}

fn entries<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T> + Clone,
    keys: u8,
) -> impl Strategy<Value = [Entries<T>; 2]> {
    let one = proptest::collection::btree_map(
        0..keys,
        proptest::option::weighted(0.9, value),
        0..=usize::from(keys),
    );
    [one.clone(), one]
}

/// Any references at all, so mostly circles; or none that leads to an earlier key, so long ways.
fn sources() -> impl Strategy<Value = Sources> {
    let parts = || proptest::collection::vec(part(), 0..3);
    let all = (entries(parts(), KEYS), entries(0..9_u8, 4), entries(any::<bool>(), 4), any::<bool>());
    all.prop_map(|(mut configs, secrets, flags, ahead)| {
        for (key, parts) in configs.iter_mut().flatten().filter(|_| ahead) {
            for part in parts.iter_mut().flatten() {
                if let Part::Config(next) = part {
                    *next = key.saturating_add(1 + *next % 2);
                }
            }
        }
        Sources { configs, secrets, flags }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_resolver_gives_what_a_naive_model_gives(sources in sources()) {
        let name = |key: u8| format!("K{key}");
        let (mut scope, mut values) = (Scope::default(), BTreeMap::new());
        for key in 0..KEYS {
            match effective(&sources.configs, key) {
                None => {}
                Some(None) => scope.put_config_without_value(name(key)),
                Some(Some(parts)) => {
                    let value = ConfigValue::string(&text(parts)).expect("a template");
                    scope.put_config(name(key), value.references().expect("references"));
                    values.insert(name(key), value);
                }
            }
        }
        let secret = |key| Some((name(key), effective(&sources.secrets, key)?.map(|it| format!("s{it}"))));
        let flag = |key| Some((name(key), *effective(&sources.flags, key)??));
        let in_force = InForce { secrets: (0..4).filter_map(secret).collect(), flags: (0..4).filter_map(flag).collect() };
        let outcome = resolve(&scope, &values, &in_force, usize::MAX);
        let model = Model(&sources);
        for key in 0..KEYS {
            let of_model = model.value(key);
            match outcome.get(name(key).as_str()) {
                None => prop_assert_eq!(of_model, Err(Unresolved::Missing)),
                Some(Err(code)) => prop_assert_eq!(of_model, Err(*code)),
                Some(Ok(made)) => prop_assert_eq!(of_model, Ok((made.value.text().to_owned(), made.tainted))),
            }
        }
    }
}
