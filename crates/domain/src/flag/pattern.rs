//! Regular expressions of linear time and bounded size, for the operator `matches`.
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
        Some(self.regex.is_match(text))
    }

    #[cfg(not(feature = "regex"))]
    pub fn finds(&self, _: &str) -> Option<bool> {
        None
    }
}

#[cfg(feature = "regex")]
fn compile(source: &str) -> Result<regex::Regex, String> {
    use super::MAX_PATTERN_MEMORY;
    regex::RegexBuilder::new(source)
        .size_limit(MAX_PATTERN_MEMORY)
        .dfa_size_limit(MAX_PATTERN_MEMORY)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                "This regular expression takes too much memory: use fewer or smaller repetitions".to_owned()
            }
            // The library draws the pattern above its last line, which says what is wrong.
            error => {
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("This is not a regular expression: {why}")
            }
        })
}

#[cfg(all(test, feature = "regex"))]
mod tests {
    use super::*;

    #[test]
    fn everyday_patterns_fit_the_bounds() {
        for source in [
            r"^\w+([.+-]\w+)*@\w+(\.\w+)+$",
            r"(?i)^(android|ios)-\d+\.\d+\.\d+$",
            r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            r"^10\.(\d{1,3}\.){2}\d{1,3}$",
            r"^\p{Lu}\p{L}+$",
            r"^.{1,200}@acme\.test$",
        ] {
            assert!(Pattern::new(source).is_ok(), "{source}: {:?}", Pattern::new(source).err());
        }
    }

    #[test]
    fn a_pattern_that_explodes_elsewhere_is_refused_or_takes_linear_time() {
        for source in ["((a{100}){100}){100}", r"(\pL{900}){900}", "(?:a{1000}){1000}"] {
            let refused = Pattern::new(source).expect_err(source);
            assert!(refused.contains("memory"), "{refused}");
        }
        let text = "a".repeat(MAX_STRING_BYTES - 1) + "!";
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
