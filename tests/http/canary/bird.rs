//! A canary: a text that is nowhere else, and the forms that it could be found in.

use crate::world::encoded;
use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;

#[derive(Default)]
pub struct Flock(Vec<Canary>);

struct Canary {
    what: String,
    text: String,
}

impl Flock {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A new one. Its marks are written otherwise in JSON, HTML, forms and base64.
    pub fn canary(&mut self, what: &str) -> String {
        let random = uuid::Uuid::new_v4().simple().to_string();
        let text = format!("canary+{}/&\"{}<>%~", &random[..12], &random[12..]);
        self.add(what, &text);
        text
    }

    /// One that is sent as base64.
    pub fn base64(&mut self, what: &str) -> String {
        STANDARD.encode(self.canary(what))
    }

    /// One that is sent in a path, where nothing is written otherwise.
    pub fn in_path(&mut self, what: &str) -> String {
        let text = format!("canary{}", uuid::Uuid::new_v4().simple());
        self.add(what, &text);
        text
    }

    /// One that is sent in a query.
    pub fn in_query(&mut self, what: &str) -> String {
        encoded(&self.canary(what))
    }

    /// A secret that the program made.
    pub fn add(&mut self, what: &str, text: &str) {
        self.0.push(Canary { what: what.to_owned(), text: text.to_owned() });
    }

    /// Looks for all of them, in every form, at once.
    pub fn search(&self) -> Search {
        let (mut names, mut texts) = (Vec::new(), Vec::new());
        for canary in &self.0 {
            for (form, text) in forms(&canary.text) {
                names.push(format!("{}, {form}", canary.what));
                texts.push(text);
            }
        }
        Search { names, automaton: AhoCorasick::new(texts).expect("an automaton") }
    }
}

pub struct Search {
    names: Vec<String>,
    automaton: AhoCorasick,
}

impl Search {
    /// Which of them are in there.
    pub fn find(&self, place: &str, bytes: &[u8]) -> BTreeSet<String> {
        let found = self.automaton.find_overlapping_iter(bytes);
        found.map(|found| format!("{place}: {}", self.names[found.pattern().as_usize()])).collect()
    }
}

/// The text as it is, and as it would stand in what the program writes.
fn forms(text: &str) -> impl Iterator<Item = (&'static str, String)> {
    let json = serde_json::to_string(text).expect("json");
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        ("as it is", text.to_owned()),
        ("as JSON", json.trim_matches('"').to_owned()),
        ("as JSON in JSON", serde_json::to_string(&json).expect("json").trim_matches(['"', '\\']).to_owned()),
        ("as HTML", html.clone()),
        ("as an attribute", html.replace('"', "&quot;")),
        ("as a URL", encoded(text)),
        ("as a form", encoded(text).replace("%20", "+")),
        ("as a URL in small letters", encoded(text).to_lowercase()),
        ("as hex", hex.clone()),
        ("as HEX", hex.to_uppercase()),
        // A part that no writing changes, and of a credential one of its secret: its id is known to the database.
        ("in part", text.chars().skip(if text.len() > 60 { text.len() - 40 } else { 7 }).take(12).collect()),
    ];
    // Base64 has three ways to begin, as it begins at any byte of what is around.
    for shift in 0..3 {
        let padded = [vec![b'x'; shift], text.as_bytes().to_vec()].concat();
        let whole = padded.len() / 3 * 4;
        let from = (shift * 4).div_ceil(3);
        for code in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            forms.push(("as base64", code.encode(&padded)[from..whole].to_owned()));
        }
    }
    forms.into_iter().filter(|(_, text)| !text.is_empty())
}
