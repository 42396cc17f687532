//! Completing references while somebody types them: the keys that may stand in a template, and those
//! that are named and not there.

use crate::role::words;
use crate::template::{Reference, ReferenceKind};
use serde::{Deserialize, Serialize};

/// At most this many keys are offered at once.
pub const MAX_COMPLETIONS: usize = 500;
/// At most this many names of a text are looked up at once.
pub const MAX_LOOKED_UP: usize = 50;

words! {
    /// Where a key that is offered comes from.
    CompletionSource { Own = "own", Inherited = "inherited", }
}

/// A key that may stand in a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    pub kind: ReferenceKind,
    pub key: String,
    pub source: CompletionSource,
    /// Whether the writer may name it: a secret takes the right to reveal it.
    pub may_refer: bool,
}

/// The answer to what was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completions {
    pub choices: Vec<Completion>,
    /// Of the names asked about those that lead nowhere.
    pub missing: Vec<Reference>,
}

/// The reference that is being typed at the end of this text: where it begins, behind the braces, and
/// what there is of it. None where the text ends in no open braces.
pub fn typed_reference(before: &str) -> Option<(usize, &str)> {
    let at = before.rfind("{{")?;
    let begun = before.get(at + 2..)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    let escaped = before.get(..at)?.ends_with('\\');
    (!escaped && begun.len() <= 300 && begun.chars().all(fits)).then_some((at + 2, begun))
}

/// Every reference in a text, each once, as far as they are whole: for a text that is not finished,
/// of which nobody knows yet whether it keeps the grammar.
pub fn whole_references(text: &str) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let mut before = "";
    for (n, piece) in text.split("{{").enumerate() {
        if n > 0 && !before.ends_with('\\') {
            let inside = piece.split_once("}}").map(|(inside, _)| inside.to_owned());
            let reference = inside.and_then(|inside| Reference::try_from(inside).ok());
            found.extend(reference.filter(|it| !found.contains(it)));
        }
        before = piece;
    }
    found.truncate(MAX_LOOKED_UP);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_begun_is_found_at_the_end_of_the_text() {
        for (text, begun) in [
            ("{{", Some("")),
            ("a {{b}} {{conf", Some("conf")),
            ("ü{{secret:DB_", Some("secret:DB_")),
            ("{{config:A}}", None),
            ("{{config:A }", None),
            (r"\{{conf", None),
            ("{ {", None),
            ("", None),
        ] {
            assert_eq!(typed_reference(text).map(|(_, begun)| begun), begun, "{text}");
        }
        assert_eq!(typed_reference("ü{{a"), Some((4, "a")));
    }

    #[test]
    fn whole_references_are_found_in_what_is_not_finished() {
        let names = |text| whole_references(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        let text = r#"{"a": "{{config:A}}{{secret:B}}", "b": "{{config:A}} \{{flag:C}} {{flag:"#;
        assert_eq!(names(text), ["config:A", "secret:B"]);
        assert!(names("{{ config:A }} {{nope:A}} }}").is_empty());
        let many: String = (0..200).map(|n| format!("{{{{config:A{n}}}}}")).collect();
        assert_eq!(names(&many).len(), MAX_LOOKED_UP);
    }
}
