//! Regular expressions of linear time and bounded size, for the operator `matches`.
//!
//! The syntax is that of the crate `regex`, but `\w`, `\d` and `\s` are ASCII, as in RE2 and
//! JavaScript: over all of Unicode a few of them fill the memory that an expression may take.
//!
//! The library is not in the browser's build (feature `regex`): there a pattern is kept and shown
//! but never matches, and the explanation says that it was not evaluated.

use super::{MAX_PATTERN_BYTES, MAX_STRING_BYTES};

const _: () = assert!(MAX_PATTERN_BYTES <= MAX_STRING_BYTES, "a pattern is a text like others");

#[derive(Debug, Clone)]
pub(super) struct Pattern {
    source: Box<str>,
    #[cfg(feature = "regex")]
    regex: regex::Regex,
}

impl Pattern {
    pub fn new(source: &str) -> Result<Self, String> {
        if source.is_empty() {
            return Err("A regular expression is needed".to_owned());
        }
        if source.len() > MAX_PATTERN_BYTES {
            return Err(format!(
                "A regular expression has at most {MAX_PATTERN_BYTES} bytes; this has {}",
                source.len()
            ));
        }
        Ok(Self {
            source: source.into(),
            #[cfg(feature = "regex")]
            regex: compile(source)?,
        })
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it is found in `text`; `None` where this build cannot tell.
    #[cfg(feature = "regex")]
    pub fn finds(&self, text: &str) -> Option<bool> {
        Some(text.len() <= super::MAX_MATCHED_BYTES && self.regex.is_match(text))
    }

    #[cfg(not(feature = "regex"))]
    pub fn finds(&self, _: &str) -> Option<bool> {
        None
    }
}

#[cfg(feature = "regex")]
fn compile(source: &str) -> Result<regex::Regex, String> {
    use super::MAX_PATTERN_MEMORY;
    regex::RegexBuilder::new(&with_ascii_classes(source))
        .size_limit(MAX_PATTERN_MEMORY)
        .dfa_size_limit(MAX_PATTERN_MEMORY)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                "This regular expression takes too much memory: use fewer or smaller repetitions, or [a-z] \
                 for \\p{…}"
                    .to_owned()
            }
            // The library draws the pattern above its last line, which says what is wrong.
            error => {
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("This is not a regular expression: {why}")
            }
        })
}

/// A class in brackets may stand inside of another one, so each can be replaced wherever it is.
#[cfg(feature = "regex")]
fn with_ascii_classes(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        match escaped {
            Some('w') => text.push_str("[0-9A-Za-z_]"),
            Some('W') => text.push_str("[^0-9A-Za-z_]"),
            Some('d') => text.push_str("[0-9]"),
            Some('D') => text.push_str("[^0-9]"),
            Some('s') => text.push_str(r"[\t\n\x0B\f\r\x20]"),
            Some('S') => text.push_str(r"[^\t\n\x0B\f\r\x20]"),
            _ => {
                text.push(c);
                text.extend(escaped);
            }
        }
    }
    text
}

#[cfg(all(test, feature = "regex"))]
mod tests {
    use super::*;
    use crate::flag::MAX_MATCHED_BYTES;

    #[test]
    fn a_text_past_the_bound_is_never_found() {
        let pattern = Pattern::new("a").expect("a pattern");
        assert_eq!(pattern.finds(&"a".repeat(MAX_MATCHED_BYTES)), Some(true));
        assert_eq!(pattern.finds(&"a".repeat(MAX_MATCHED_BYTES + 1)), Some(false));
    }

    #[test]
    fn the_short_classes_are_ascii_wherever_they_stand() {
        let found =
            |pattern: &str, text: &str| Pattern::new(pattern).expect(pattern).finds(text) == Some(true);
        assert!(found(r"^\w+$", "a_9") && !found(r"^\w+$", "é"));
        assert!(found(r"^[\w.-]+$", "a.b-c") && !found(r"^[^\w.]$", "a"));
        assert!(found(r"^\d\s\W\D\S$", "1 !xé") && !found(r"^\d$", "٣"));
        assert!(found(r"^\\w$", r"\w") && found(r"^[\d\s]+$", "1 2") && found(r"(?x) ^ [\s] $", " "));
        assert!(found(r"^\p{L}.\x41$", "ééA"));
    }

    #[test]
    fn everyday_patterns_fit_the_bounds() {
        for source in [
            r"^\w+([.+-]\w+)*@\w+(\.\w+)+$",
            r"(?i)^(android|ios)-\d+\.\d+\.\d+$",
            r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            r"^10\.(\d{1,3}\.){2}\d{1,3}$",
            r"^\p{Lu}\p{L}+$",
            r"^\w{3,32}$",
            r"^\w{8}-(\w{4}-){3}\w{12}$",
            r"^.{1,200}@acme\.test$",
        ] {
            assert!(Pattern::new(source).is_ok(), "{source}: {:?}", Pattern::new(source).err());
        }
    }

    #[test]
    fn a_pattern_that_explodes_elsewhere_is_refused_or_takes_linear_time() {
        for source in ["((a{100}){100}){100}", r"(\pL{90}){9}", "(?:a{1000}){1000}"] {
            let refused = Pattern::new(source).expect_err(source);
            assert!(refused.contains("memory"), "{refused}");
        }
        let text = "a".repeat(MAX_MATCHED_BYTES - 1) + "!";
        for source in ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*a){12}$", "(x+x+)+y"] {
            assert_eq!(Pattern::new(source).expect(source).finds(&text), Some(false), "{source}");
        }
    }

    #[test]
    fn a_mistake_is_named_in_one_line() {
        for source in ["(", "[z-a]", "a{2,1}", "(?=a)", r"(a)\1", "*", r"\p{Nothing}"] {
            let refused = Pattern::new(source).expect_err(source);
            assert!(refused.starts_with("This is not a regular expression: "), "{refused}");
            assert!(!refused.contains('\n'), "{refused}");
        }
        assert!(Pattern::new(&"a".repeat(MAX_PATTERN_BYTES + 1)).is_err());
        assert!(Pattern::new("").is_err());
    }
}
