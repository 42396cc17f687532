//! The grammar of templates: `{{secret:KEY}}`, `{{flag:KEY}}` and `{{config:KEY}}` in the string
//! values of configs, and `\{{` for two braces that are nothing but braces.
//!
//! A text is read once, from the left, and what a reference is replaced by is never read again.

use crate::key;
use crate::role::words;
use serde::{Deserialize, Serialize};

/// A value holds at most this many references.
pub const MAX_REFERENCES: usize = 1000;
/// At most this many references lead one to the other in a row.
pub const MAX_DEPTH: usize = 8;

/// How the braces themselves are written, in the words of a form's hint.
pub const TEMPLATE_RULE: &str = "{{ begins {{secret:KEY}}, {{flag:KEY}} or {{config:KEY}}, without spaces; write \\{{ for the braces themselves";

words! {
    /// What a reference leads to.
    ReferenceKind { Secret = "secret", Flag = "flag", Config = "config", }
}

/// A name in a template. It is written, and travels, as `config:KEY`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    pub kind: ReferenceKind,
    pub key: String,
}

impl Reference {
    pub fn config(key: &str) -> Self {
        Self { kind: ReferenceKind::Config, key: key.to_owned() }
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, key) = text.split_once(':')?;
        let kind = ReferenceKind::parse(kind)?;
        key::broken_rule(key).is_none().then(|| Self { kind, key: key.to_owned() })
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.key)
    }
}

impl TryFrom<String> for Reference {
    type Error = crate::role::UnknownWord;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or(crate::role::UnknownWord)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use super::Reference;
    use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
    use utoipa::openapi::{RefOr, Schema};

    impl utoipa::ToSchema for Reference {}
    impl utoipa::PartialSchema for Reference {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::String))
                .description(Some("`secret:KEY`, `flag:KEY` or `config:KEY`"))
                .into()
        }
    }
}

words! {
    /// Why a config stands in no snapshot.
    Unresolved {
        /// It names something that is not there.
        Missing = "missing",
        /// It names something that nobody has given a value yet.
        NeedsValue = "needs_value",
        /// It names a secret that is a file.
        NotText = "not_text",
        /// It, or what it makes of the snapshot, is too large; or its references are nested too deep.
        TooLarge = "too_large",
        /// It leads to itself, or to something that does.
        Cycle = "cycle",
        /// It, or something that it names, is stored in a way that this program cannot read.
        Unreadable = "unreadable",
    }
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    Reference(Reference),
}

/// Takes a text apart; the error is the rule that it breaks.
pub(crate) fn parse(text: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let (mut pieces, mut references) = (Vec::new(), 0);
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("{{") {
        if let Some(before) = before.strip_suffix('\\') {
            pieces.extend([Piece::Text(before), Piece::Text("{{")]);
            rest = inside;
            continue;
        }
        let (reference, behind) = reference(inside).ok_or(TEMPLATE_RULE)?;
        references += 1;
        if references > MAX_REFERENCES {
            return Err("A value holds at most 1,000 references");
        }
        pieces.extend([Piece::Text(before), Piece::Reference(reference)]);
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    Ok(pieces)
}

/// The reference that begins here, and what stands behind it. Looks no further than the longest key
/// reaches, so that a text full of braces costs no more than its length.
fn reference(inside: &str) -> Option<(Reference, &str)> {
    let longest = "secret:".len() + key::MAX_KEY_BYTES;
    let end = inside.bytes().take(longest + 1).position(|byte| byte == b'}')?;
    let behind = inside.get(end..)?.strip_prefix("}}")?;
    Some((Reference::parse(inside.get(..end)?)?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<String> {
        let piece = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Reference(reference) => format!("<{reference}>"),
        };
        parse(text).expect("a template").iter().map(piece).collect()
    }

    #[test]
    fn references_are_found_and_the_rest_is_text() {
        assert_eq!(shown("a{{config:HOST}}:{{secret:p:w}}"), ["a", "<config:HOST>", ":", "<secret:p:w>"]);
        assert_eq!(shown("{{flag:beta}}"), ["<flag:beta>"]);
        assert_eq!(shown("}} {x} $ \\"), ["}} {x} $ \\"]);
        assert!(shown("").is_empty());
    }

    #[test]
    fn escaped_braces_are_braces() {
        assert_eq!(shown(r"\{{ name }}").concat(), "{{ name }}");
        assert_eq!(shown(r"\{{\{{config:A}}").concat(), "{{{{config:A}}");
        assert_eq!(shown(r"\{{{{config:A}}"), ["{{", "<config:A>"]);
    }

    #[test]
    fn everything_else_in_two_braces_is_refused() {
        let long = format!("{{{{config:{}}}}}", "a".repeat(257));
        for bad in [
            "{{",
            "{{}}",
            "{{A}}",
            "{{ config:A }}",
            "{{config:}}",
            "{{config:a b}}",
            "{{config:A}",
            "{{env:A}}",
            "{{{config:A}}}",
            "{{Config:A}}",
            "{{config:A_}}",
            "{{config:{{config:A}}}}",
            &long,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&format!("{{{{secret:{}}}}}", "a".repeat(256))).is_ok());
    }

    #[test]
    fn a_thousand_references_are_enough() {
        assert!(parse(&"{{config:A}}".repeat(1000)).is_ok());
        assert!(parse(&"{{config:A}}".repeat(100_000)).is_err());
        assert!(parse(&"{{".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_panics(text in "[{}\\\\:a-c ]{0,30}|\\PC{0,20}") {
            if let Ok(pieces) = parse(&text) {
                let back: String = pieces.iter().map(|piece| match piece {
                    Piece::Text("{{") => r"\{{".to_owned(),
                    Piece::Text(text) => (*text).to_owned(),
                    Piece::Reference(reference) => format!("{{{{{reference}}}}}"),
                }).collect();
                prop_assert_eq!(back, text);
            }
        }
    }
}
