//! Why a key has the value that programs get: where each part of it comes from, and what becomes of
//! it. Told as a tree, without the value of any secret, and with no more than its reader may know.

use crate::Timestamp;
use crate::flag::FlagState;
use crate::role::words;
use crate::scope::Scope;
use crate::template::{Reference, ReferenceKind, Unresolved};
use serde::{Deserialize, Serialize};
use std::collections::{HashSet, VecDeque};

/// An explanation tells of at most this many keys.
pub const MAX_EXPLAINED: usize = 200;
/// A stored text that is longer is left out of an explanation.
pub const MAX_EXPLAINED_BYTES: usize = 4096;

words! {
    /// What an entry contributes to the value of its key.
    SourceState {
        /// Its value is the one that counts.
        Used = "used",
        /// It has a value, and the service's own hides it.
        Overridden = "overridden",
        /// Nobody has given it a value yet, so that it hides nothing.
        NeedsValue = "needs_value",
    }
}

words! {
    /// What programs get under a key.
    ValueOutcome {
        Resolved = "resolved",
        Missing = "missing",
        NeedsValue = "needs_value",
        NotText = "not_text",
        TooLarge = "too_large",
        Cycle = "cycle",
        /// What is stored cannot be read by this version of the server.
        Unreadable = "unreadable",
    }
}

impl From<Unresolved> for ValueOutcome {
    fn from(code: Unresolved) -> Self {
        match code {
            Unresolved::Missing => Self::Missing,
            Unresolved::NeedsValue => Self::NeedsValue,
            Unresolved::NotText => Self::NotText,
            Unresolved::TooLarge => Self::TooLarge,
            Unresolved::Cycle => Self::Cycle,
            Unresolved::Unreadable => Self::Unreadable,
        }
    }
}

words! {
    /// Why an explanation goes no further at a key that names others.
    ExplanationEnd {
        /// The references lead back here.
        Circle = "circle",
        /// It is explained elsewhere in the same explanation.
        ToldBefore = "told_before",
        /// There are more keys, or more references in a row, than an explanation tells of.
        TooMany = "too_many",
    }
}

/// An entry that a key has, on the service itself or on its umbrella.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValueSource {
    /// The slug of the service that it is on.
    pub service: String,
    pub inherited: bool,
    pub state: SourceState,
    /// What it is: of secrets `text` or `file`, else the type of the value.
    #[serde(rename = "type")]
    pub kind: String,
    /// The ACTIVE version; 0 while it needs a value.
    pub version: i64,
    pub updated_at: Timestamp,
    /// Absent for who sees only keys and types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
}

/// What a flag gives plainly, without targeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlagStanding {
    pub state: FlagState,
    pub enabled: bool,
    /// State and schedule as a sentence.
    pub text: String,
    /// When the schedule changes something next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_moment: Option<Timestamp>,
}

/// Why a key has its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValueExplanation {
    pub kind: ReferenceKind,
    pub key: String,
    /// The service's own entry, then the umbrella's. None where the key is missing or `hidden`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ValueSource>,
    /// The reader may not know where it comes from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// What programs get.
    pub outcome: ValueOutcome,
    /// Of a config: the stored text (a string without quotes, JSON for the rest), unless it is longer
    /// than 4,096 bytes. Never of a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Of a flag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<FlagStanding>,
    /// Of a tainted config: the shortest way to a secret that it reaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tainted_by: Vec<Reference>,
    /// What its value names, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub references: Vec<ValueExplanation>,
    /// Why what it names is not told here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<ExplanationEnd>,
}

impl ValueExplanation {
    /// A key of which nothing is known yet.
    pub const fn of(kind: ReferenceKind, key: String, outcome: ValueOutcome) -> Self {
        Self {
            kind,
            key,
            sources: Vec::new(),
            hidden: false,
            outcome,
            value: None,
            flag: None,
            tainted_by: Vec::new(),
            references: Vec::new(),
            end: None,
        }
    }
}

/// A thing as it is answered, and why it has its value, where that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explained<T> {
    #[serde(flatten)]
    pub answer: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ValueExplanation>,
}

/// The shortest way from a config to a secret, the secret included; empty where it reaches none.
pub fn way_to_secret(scope: &Scope, key: &str) -> Vec<Reference> {
    let start = Reference::config(key);
    let mut seen = HashSet::from([start.clone()]);
    // Each with the way that led there; references of one config are few, and ways short.
    let mut open = VecDeque::from([vec![start]]);
    while let Some(way) = open.pop_front() {
        let Some(at) = way.last().filter(|at| at.kind == ReferenceKind::Config) else { continue };
        let references = scope.references(&at.key);
        let further = |next: &Reference| [way.as_slice(), std::slice::from_ref(next)].concat();
        if let Some(secret) = references.iter().find(|it| it.kind == ReferenceKind::Secret) {
            return further(secret);
        }
        for next in references.iter().filter(|it| it.kind == ReferenceKind::Config) {
            if seen.insert(next.clone()) {
                open.push_back(further(next));
            }
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(configs: &[(&str, &[&str])]) -> Scope {
        let mut scope = Scope::default();
        for (key, references) in configs {
            let named = references.iter().map(|it| Reference::try_from((*it).to_owned()).expect("one"));
            scope.put_config(*key, named.collect());
        }
        scope
    }

    fn way(scope: &Scope, key: &str) -> Vec<String> {
        way_to_secret(scope, key).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_shortest_way_to_a_secret_is_told() {
        let scope = scope(&[
            ("A", &["config:B", "config:C"]),
            ("B", &["config:D"]),
            ("C", &["secret:S"]),
            ("D", &["secret:S"]),
            ("E", &["config:E", "flag:F"]),
        ]);
        assert_eq!(way(&scope, "A"), ["config:A", "config:C", "secret:S"]);
        assert!(way(&scope, "E").is_empty() && way(&scope, "NONE").is_empty());
    }
}
