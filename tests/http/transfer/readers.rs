//! The `.env` file of an export, read by the real programs: byte by byte what was stored, unless the
//! file itself names the program as one that differs.

use super::programs::{ALL, Program};
use super::{SECRETS, export_secrets, import};
use crate::world::World;
use serde_json::{Map, json};
use std::collections::HashMap;

/// Values that some reader has a meaning of its own for.
const HARD: [&str; 72] = [
    "plain",
    " leading and trailing ",
    "\ttab\t",
    "#",
    "a # b",
    "a#b",
    "=",
    "a=b=c",
    "$",
    "$HOME",
    "${HOME}",
    "${HOME",
    "${}",
    "${a:b}",
    "${a:-b}",
    "${a:-b",
    "$HOME}",
    "$$",
    "$(date)",
    "$(date",
    "`date`",
    "\\$HOME",
    "it's",
    "''",
    "'quoted'",
    "'",
    "\"",
    "\"quoted\"",
    "\"\"",
    "it's \"both\"",
    "it's $HOME",
    "it's ${HOME}",
    "it's $(date)",
    "it's \\$(date)",
    "it's `date`",
    "it's \\ here",
    "it's \\n",
    "it's\n$(date)\nX=$(date)",
    "'\"`$\\",
    "\\",
    "\\\\",
    "\\\\\\",
    "C:\\dir\\file",
    "C:\\dir\\",
    "C:\\\\dir",
    "it's C:\\dir\\",
    "\\n",
    "\\t\\r\\n",
    "\\'",
    "\\\"",
    "a\nb",
    "\na\n",
    "\n",
    "a\n\nb\n#c\nD=e",
    "a\r\nb",
    "\r",
    "it's\r\n\"x\"",
    "-----BEGIN KEY-----\nMIIB/+=\n-----END KEY-----\n",
    "{\"json\": [1, \"two\"], \"it's\": null}",
    "!history",
    "~/x *.? [a] {b,c}",
    "a;b&c|d>e<f(g)",
    "ünïcödé ключ 🔑 \u{200b}",
    "a\u{2028}B=c\u{2029}d",
    "it's\u{2028}B=\"c\"",
    "\u{feff}x",
    "\u{a0}x\u{a0}",
    "encrypted:abc",
    "bw://vault/item",
    "\"#\\",
    "true",
    "export A=1",
];

/// Pieces of random values.
const PIECES: [&str; 24] = [
    "'", "\"", "`", "$", "\\", "\n", "\r", "#", " ", "=", "{", "}", "(", ")", "a", "HOME", "x:-", "ж", "🔑",
    "\t", "!", "n", "\u{2028}", "$(",
];

fn random_values(count: usize, mut seed: u64) -> Vec<String> {
    let mut next = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(below).expect("small")).expect("small")
    };
    (0..count).map(|_| (0..1 + next(10)).map(|_| PIECES[next(PIECES.len())]).collect()).collect()
}

/// What a file says of itself.
struct Notes {
    /// Of each variable, the programs that read it differently.
    differ: HashMap<String, Vec<String>>,
    /// The keys that Nexus alone reads.
    hidden: Vec<String>,
}

fn notes(file: &str) -> Notes {
    let mut notes = Notes { differ: HashMap::new(), hidden: Vec::new() };
    for line in file.lines() {
        if let Some(rest) = line.strip_prefix("# The value of \"")
            && let Some((name, programs)) = rest.split_once("\" above is read differently by ")
        {
            notes.differ.insert(name.to_owned(), programs.split(", ").map(str::to_owned).collect());
        }
        if let Some((key, _)) = line.strip_prefix("#nexus: ").and_then(|rest| rest.split_once('=')) {
            notes.hidden.push(key.to_owned());
        }
    }
    notes
}

/// Which values a program reads as something else than what was stored.
fn misread(
    program: Program,
    stored: &[(String, String)],
    read: &HashMap<String, String>,
    notes: &Notes,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (key, value) in stored {
        let found = read.get(key);
        let named =
            notes.differ.get(key).is_some_and(|names| names.iter().any(|name| name == program.name()));
        // dotenvx asks others for these, who may not be there.
        let is_foreign = ["encrypted:", "op://", "bw://"].iter().any(|prefix| value.starts_with(prefix));
        let fine = match found {
            None => named || notes.hidden.contains(key),
            Some(_) if notes.hidden.contains(key) => false,
            Some(found) if named => found != value || is_foreign,
            Some(found) => found == value,
        };
        if !fine {
            wrong.push(format!("{key} is {value:?} and was read as {found:?} (named: {named})"));
        }
    }
    wrong
}

async fn all_programs_read(w: &World, values: Vec<String>) {
    let stored: Vec<(String, String)> =
        values.into_iter().enumerate().map(|(n, value)| (format!("V{n:03}"), value)).collect();
    let object: Map<_, _> = stored.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let text = serde_json::to_string(&object).expect("JSON");
    import(w, SECRETS, json!({ "format": "json", "text": text })).await.is(200);
    let exported = export_secrets(w, "env").await.is(200).text();
    let file = w.folder.path().join("exported.env");
    std::fs::write(&file, &exported).expect("a file");
    let notes = notes(&exported);
    let mut wrong = Vec::new();
    for program in ALL {
        let read = program.read(&file);
        wrong.extend(
            misread(program, &stored, &read, &notes)
                .into_iter()
                .map(|it| format!("{}: {it}", program.name())),
        );
        // Nothing that stands in a value has become a variable of its own.
        for name in ["X", "B", "D", "MIIB/+"] {
            assert!(!read.contains_key(name), "{} found {name}", program.name());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let again = import(w, SECRETS, json!({ "format": "env", "text": exported, "dry_run": true }))
        .await
        .is(200)
        .json();
    assert_eq!((&again["new"], &again["changed"], &again["invalid"]), (&json!(0), &json!(0), &json!(0)));
}

#[tokio::test]
async fn programs_of_others_read_hard_values_as_they_are() {
    let w = World::new().await;
    all_programs_read(&w, HARD.iter().map(|value| (*value).to_owned()).collect()).await;
}

#[tokio::test]
async fn programs_of_others_read_random_values_as_they_are() {
    for seed in [0x9e37_79b9_7f4a_7c15, 0x2545_f491_4f6c_dd1d] {
        let w = World::new().await;
        all_programs_read(&w, random_values(400, seed)).await;
    }
}

/// Each of the hard values before each kind of neighbour: what a reader takes for the end of one value
/// must not cost the next.
#[tokio::test]
async fn a_hard_value_never_spoils_its_neighbour() {
    let neighbours = ["plain", "it's", "it's #", "it's\n# x", "\n'", "#it's"];
    let pairs = HARD.iter().filter(|value| value.contains(['\\', '"', '\'', '\r']));
    let values: Vec<String> = pairs
        .flat_map(|hard| neighbours.iter().flat_map(move |it| [(*hard).to_owned(), (*it).to_owned()]))
        .collect();
    let w = World::new().await;
    all_programs_read(&w, values).await;
}
