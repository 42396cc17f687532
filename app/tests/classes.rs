//! Every class that the console names has a rule in `style/`, and every rule is there for one that
//! the console names: a misspelled class fails here and not in somebody's eyes.

#![expect(clippy::expect_used, reason = "a test that cannot read the sources has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read_all(folder: &Path, extension: &str, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_all(&path, extension, text);
        } else if path.extension().is_some_and(|found| found == extension) {
            text.push_str(&fs::read_to_string(&path).expect("a text"));
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// The words of string literals that follow one of these, and of lists of classes in `badge`-like
/// functions (any literal whose first word is a known class).
fn named(source: &str) -> BTreeSet<String> {
    let mut classes = BTreeSet::new();
    for marker in ["class=\"", "class=format!(\"", "class: \"", "class = \"", "class=move || \""] {
        for piece in source.split(marker).skip(1) {
            let literal = piece.split('"').next().unwrap_or_default();
            let words = literal.split_whitespace().filter(|word| !word.contains(['{', '}']));
            classes.extend(words.map(str::to_owned));
        }
    }
    for piece in source.split("class:").skip(1) {
        let name: String = piece.chars().take_while(|c| is_name(*c)).collect();
        if piece.chars().nth(name.len()) == Some('=') && !name.is_empty() {
            classes.insert(name);
        }
    }
    classes
}

fn styled(style: &str) -> BTreeSet<String> {
    let mut classes = BTreeSet::new();
    for piece in style.split('.').skip(1) {
        let name: String = piece.chars().take_while(|c| is_name(*c)).collect();
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            classes.insert(name);
        }
    }
    classes
}

#[test]
fn every_class_has_a_rule_and_every_rule_a_class() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut source, mut style) = (String::new(), String::new());
    read_all(&root.join("src"), "rs", &mut source);
    read_all(&root.join("../style"), "css", &mut style);
    let (named, styled) = (named(&source), styled(&style));

    let without_rule: Vec<_> = named.difference(&styled).collect();
    assert!(without_rule.is_empty(), "classes without a rule in style/: {without_rule:?}");

    // Some names come out of a `match`, so here a word anywhere in a literal is enough.
    let unused: Vec<_> = styled.iter().filter(|class| !mentions(&source, class)).collect();
    assert!(unused.is_empty(), "rules that nothing uses: {unused:?}");
}

fn mentions(source: &str, class: &str) -> bool {
    source.match_indices(class).any(|(at, _)| {
        let before = source[..at].chars().next_back();
        let after = source[at + class.len()..].chars().next();
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

#[test]
fn nothing_carries_a_style_or_a_handler_of_its_own() {
    let mut source = String::new();
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs", &mut source);
    // A title holds text only; the view of a text would leave its mark in it.
    let source = source.replace("<title inner_html=", "<title ");
    for forbidden in [" style=", " onclick=", " onsubmit=", "inner_html"] {
        assert!(!source.contains(forbidden), "{forbidden} would break the content security policy");
    }
}
