//! Exports as they travel: the formats of the file, and the keys that cannot all be environment
//! variables of their own.

use crate::role::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// How a file of secrets or configs is written.
    ExportFormat { Env = "env", Json = "json", Yaml = "yaml", }
}

impl ExportFormat {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Env => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        }
    }

    /// `checkout-api.live.env`
    pub fn file_name(self, service: &str, environment: &str) -> String {
        format!("{service}.{environment}.{self}")
    }
}

/// What to export.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    #[serde(default = "env")]
    pub format: ExportFormat,
}

pub const fn env() -> ExportFormat {
    ExportFormat::Env
}

/// The environment variable that a key becomes: one cannot hold `.`, `:` or `-`.
pub fn variable(key: &str) -> String {
    key.replace(['.', ':', '-'], "_")
}

/// Keys that meet as environment variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Collision {
    pub keys: Vec<String>,
    /// The variable that all of them would be; absent where their variables differ in case, which only
    /// some programs and systems take for one.
    pub variable: Option<String>,
}

impl Collision {
    /// In words.
    pub fn describe(&self) -> String {
        let keys = self.keys.join(", ");
        match &self.variable {
            Some(variable) => format!("{keys} would all be the environment variable {variable}"),
            None => format!("{keys} differ only in case as environment variables"),
        }
    }
}

/// The keys among these that meet as environment variables.
pub fn collisions<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<Collision> {
    let mut same: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in keys {
        same.entry(variable(key)).or_default().push(key.to_owned());
    }
    let mut folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for variable in same.keys() {
        folded.entry(variable.to_ascii_lowercase()).or_default().push(variable);
    }
    let by_case = folded.values().filter(|variables| variables.len() > 1).map(|variables| Collision {
        keys: variables.iter().filter_map(|variable| same.get(*variable)).flatten().cloned().collect(),
        variable: None,
    });
    let by_case: Vec<Collision> = by_case.collect();
    let all = same.into_iter().filter(|(_, keys)| keys.len() > 1);
    all.map(|(variable, keys)| Collision { keys, variable: Some(variable) }).chain(by_case).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_would_be_one_variable_are_found() {
        let found = collisions(["a.b", "a_b", "A-B", "c", "d:e"]);
        let words: Vec<String> = found.iter().map(Collision::describe).collect();
        assert_eq!(
            words,
            [
                "a.b, a_b would all be the environment variable a_b",
                "A-B, a.b, a_b differ only in case as environment variables",
            ]
        );
        assert!(collisions(["a", "b.c", "b-d"]).is_empty());
    }

    #[test]
    fn a_variable_is_a_name_that_every_shell_takes() {
        assert_eq!(variable("payments:stripe.secret-key_1"), "payments_stripe_secret_key_1");
    }
}
