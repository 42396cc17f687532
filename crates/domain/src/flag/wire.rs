//! Flags as they travel: rows of a list, versions, what comes in, and the answers of an evaluation.

use super::{Explanation, FlagDefinition, FlagState, FlagType, Rule, Serve, Variant};
use crate::entry::{DeletedEntry, EntryPatch, EntryVersion};
use crate::role::words;
use crate::{Refusal, Timestamp, json};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A flag as a row of its list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlagRow {
    pub key: String,
    #[serde(rename = "type")]
    pub kind: FlagType,
    /// State and schedule at this moment: what programs read plainly.
    pub enabled: bool,
    #[serde(flatten)]
    pub definition: FlagDefinition,
    /// What is stored cannot be read, so that programs do not get it and it is shown as off: another
    /// definition, an older version or switching it off replaces it.
    #[serde(default)]
    pub unreadable: bool,
    /// It has rules or a rollout, and they do not count while the project has no A/B testing.
    pub targeting_ignored: bool,
    /// The ACTIVE version.
    pub version: i64,
    /// The umbrella that it comes from.
    pub inherited_from: Option<String>,
    /// The umbrella whose flag of the same key it hides.
    pub overrides: Option<String>,
    pub note: String,
    pub tags: Vec<String>,
    /// Of the ACTIVE version.
    pub description: String,
    /// Bytes of the definition.
    pub size: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// When a program last asked for it by evaluation; to the day.
    pub evaluated_at: Option<Timestamp>,
    /// Evaluations within the last 30 days. Whoever reads all flags at once, in a snapshot or by a bulk
    /// evaluation, is not counted: which of them are used is not known.
    pub evaluations: i64,
    /// Why it may be ready to be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
    /// Why it cannot be changed, only deleted: the project's tier has no room for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<String>,
    /// Said once, when the key was made: another key differs from it only in case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

words! {
    /// Why a flag looks as if nobody needed it any more.
    Stale {
        /// It is old enough, and for 30 days no program evaluated it or read all flags at once, and no
        /// config names it.
        NotEvaluated = "not_evaluated",
        /// Everybody has had the same since 90 days.
        FullyOn = "fully_on",
    }
}

/// One version of a flag, without its definition.
pub type FlagVersion = EntryVersion<FlagType>;
/// A flag that was deleted and can be restored until `final_at`.
pub type DeletedFlag = DeletedEntry<FlagType>;

/// One version of a flag with its definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlagVersionDefinition {
    pub key: String,
    pub version: i64,
    #[serde(rename = "type")]
    pub kind: FlagType,
    #[serde(flatten)]
    pub definition: FlagDefinition,
    pub active: bool,
    pub inherited_from: Option<String>,
    pub description: String,
    pub created_at: Timestamp,
    pub created_by: String,
}

/// A flag on its way in: its definition with what stands beside it. Without `state` it is off.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NewFlag {
    pub key: String,
    #[serde(flatten)]
    pub definition: FlagDefinition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// Another definition of a flag, in place of the one that it has.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NewFlagVersion {
    #[serde(flatten)]
    pub definition: FlagDefinition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<i64>,
}

/// A change of some fields of a flag: those of its definition make a new version (null takes one
/// away), the others stand beside it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FlagPatch {
    pub entry: EntryPatch,
    pub description: Option<String>,
    /// Fields of the definition.
    pub changes: Map<String, Value>,
}

/// The kill switch: on, off, or without `enabled` the other of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Toggle {
    #[serde(default)]
    pub enabled: Option<bool>,
    #[serde(default)]
    pub expected_version: Option<i64>,
}

/// Evaluate several flags for one user.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EvaluateRequest {
    /// At most 1,000.
    pub keys: Vec<String>,
    #[serde(default)]
    pub user_id: Option<String>,
    #[serde(default, deserialize_with = "json::unique_object")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, Value>))]
    pub attributes: Map<String, Value>,
    /// Tell why; for backend credentials.
    #[serde(default)]
    pub explain: bool,
}

/// At most this many keys in one request.
pub const MAX_EVALUATED_KEYS: usize = 1_000;

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evaluated {
    pub results: BTreeMap<String, bool>,
    /// Flags that are not there.
    pub errors: Vec<crate::snapshot::SnapshotError>,
    /// By flag, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanations: Option<BTreeMap<String, Explanation>>,
}

/// Reads a body in which the fields of a definition stand among others. They are all named here, so that
/// what is wrong is found where it stands and no name is taken twice.
macro_rules! among_definition {
    ($body:ident: $($(#[$how:meta])? $field:ident: $type:ty,)*) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $body {
            $(#[serde(default)] $(#[$how])? $field: Option<$type>,)*
            #[serde(default)]
            enabled: Option<bool>,
            #[serde(default)]
            state: Option<FlagState>,
            #[serde(default, deserialize_with = "json::given")]
            starts_at: Option<Option<Timestamp>>,
            #[serde(default, deserialize_with = "json::given")]
            ends_at: Option<Option<Timestamp>>,
            #[serde(default, deserialize_with = "json::given")]
            variants: Option<Option<Vec<Variant>>>,
            #[serde(default, deserialize_with = "json::given")]
            on_variant: Option<Option<String>>,
            #[serde(default, deserialize_with = "json::given")]
            off_variant: Option<Option<String>>,
            #[serde(default, deserialize_with = "json::given")]
            rules: Option<Option<Vec<Rule>>>,
            #[serde(default, deserialize_with = "json::given")]
            rollout: Option<Option<Serve>>,
        }

        impl $body {
            /// `enabled` is a shorter way to say `state`.
            fn state<E: serde::de::Error>(&self) -> Result<Option<FlagState>, E> {
                match (self.enabled, self.state) {
                    (Some(_), Some(_)) => {
                        Err(E::custom("invalid field `enabled`: say state or enabled, not both"))
                    }
                    (Some(enabled), None) => Ok(Some(if enabled { FlagState::On } else { FlagState::Off })),
                    (None, state) => Ok(state),
                }
            }
        }
    };
}

/// Gives such a body its definition as a whole.
macro_rules! whole_definition {
    ($($body:ident)*) => { $(
        impl $body {
            /// Nobody who makes a flag has to say that it is off.
            fn definition<E: serde::de::Error>(self) -> Result<FlagDefinition, E> {
                let plain = FlagDefinition::boolean(self.state()?.unwrap_or(FlagState::Off));
                Ok(FlagDefinition {
                    starts_at: self.starts_at.flatten(),
                    ends_at: self.ends_at.flatten(),
                    variants: self.variants.flatten().unwrap_or_default(),
                    on_variant: self.on_variant.flatten().unwrap_or(plain.on_variant),
                    off_variant: self.off_variant.flatten().unwrap_or(plain.off_variant),
                    rules: self.rules.flatten().unwrap_or_default(),
                    rollout: self.rollout.flatten(),
                    state: plain.state,
                })
            }
        }
    )* };
}

whole_definition! { NewFlagBody VersionBody }

among_definition! { PatchBody:
    #[serde(deserialize_with = "json::needed")] key: String,
    description: String,
    #[serde(deserialize_with = "json::emptied")] note: String,
    #[serde(deserialize_with = "json::emptied")] tags: Vec<String>,
    expected_version: i64,
}

among_definition! { NewFlagBody:
    key: String,
    description: String,
    note: String,
    tags: Vec<String>,
}

among_definition! { VersionBody:
    description: String,
    expected_version: i64,
}

impl<'de> Deserialize<'de> for NewFlag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut body = NewFlagBody::deserialize(deserializer)?;
        Ok(Self {
            key: body.key.take().ok_or_else(|| D::Error::missing_field("key"))?,
            description: body.description.take(),
            note: body.note.take(),
            tags: body.tags.take(),
            definition: body.definition()?,
        })
    }
}

impl<'de> Deserialize<'de> for NewFlagVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut body = VersionBody::deserialize(deserializer)?;
        Ok(Self {
            description: body.description.take(),
            expected_version: body.expected_version,
            definition: body.definition()?,
        })
    }
}

impl<'de> Deserialize<'de> for FlagPatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = PatchBody::deserialize(deserializer)?;
        let mut changes = Map::new();
        fn put<T: Serialize, E: serde::de::Error>(
            changes: &mut Map<String, Value>,
            name: &str,
            given: Option<T>,
        ) -> Result<(), E> {
            if let Some(value) = given {
                changes.insert(name.to_owned(), serde_json::to_value(value).map_err(E::custom)?);
            }
            Ok(())
        }
        put::<_, D::Error>(&mut changes, "state", body.state()?)?;
        put::<_, D::Error>(&mut changes, "starts_at", body.starts_at)?;
        put::<_, D::Error>(&mut changes, "ends_at", body.ends_at)?;
        put::<_, D::Error>(&mut changes, "variants", body.variants)?;
        put::<_, D::Error>(&mut changes, "on_variant", body.on_variant)?;
        put::<_, D::Error>(&mut changes, "off_variant", body.off_variant)?;
        put::<_, D::Error>(&mut changes, "rules", body.rules)?;
        put::<_, D::Error>(&mut changes, "rollout", body.rollout)?;
        let entry = EntryPatch {
            key: body.key,
            note: body.note,
            tags: body.tags,
            expected_version: body.expected_version,
        };
        Ok(Self { entry, description: body.description, changes })
    }
}

impl FlagDefinition {
    /// This definition with some of its fields replaced. One that is switched on or off loses a
    /// schedule that nobody named.
    pub fn merged(&self, changes: Map<String, Value>) -> Result<Self, Refusal> {
        let broken = |error: serde_json::Error| {
            let why: String = error.to_string().chars().take(300).collect();
            Refusal::invalid("definition", format!("This is not a flag's definition: {why}"))
        };
        let Value::Object(mut fields) = serde_json::to_value(self).map_err(broken)? else {
            return Err(Refusal::invalid("definition", "This is not a flag's definition"));
        };
        let goes_on = changes.get("state").and_then(Value::as_str) == Some(FlagState::On.as_str());
        if goes_on {
            fields.remove("starts_at");
            fields.remove("ends_at");
        }
        for (name, value) in changes {
            if value.is_null() {
                fields.remove(&name);
            } else {
                fields.insert(name, value);
            }
        }
        serde_json::from_value(Value::Object(fields)).map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_stands_there_once() {
        for twice in [r#"{"key":"a","key":"b"}"#, r#"{"key":"a","state":"on","state":"off"}"#] {
            assert!(serde_json::from_str::<NewFlag>(twice).is_err(), "{twice}");
        }
        let twice = r#"{"key":"a","variants":[{"name":"x","value":{"a":1,"a":2}}]}"#;
        assert!(serde_json::from_str::<NewFlag>(twice).is_err());
    }

    fn new(json: Value) -> Result<NewFlag, String> {
        serde_json::from_str(&json.to_string()).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn a_key_alone_is_a_flag_that_is_off() {
        let flag = new(json!({ "key": "beta" })).expect("a flag");
        assert_eq!(flag.definition, FlagDefinition::boolean(FlagState::Off));
    }

    #[test]
    fn enabled_is_a_shorter_way_to_say_the_state_and_not_another_one() {
        assert_eq!(
            new(json!({ "key": "a", "enabled": true })).expect("a flag").definition.state,
            FlagState::On
        );
        assert!(new(json!({ "key": "a", "enabled": true, "state": "off" })).is_err());
        assert!(new(json!({ "key": "a", "enabled": "yes" })).is_err());
    }

    #[test]
    fn an_unknown_field_is_named() {
        let error = new(json!({ "key": "a", "ruls": [] })).expect_err("refused");
        assert!(error.starts_with("unknown field `ruls`"), "{error}");
        let error = serde_json::from_str::<FlagPatch>(r#"{"stat":"on"}"#).expect_err("refused").to_string();
        assert!(error.starts_with("unknown field `stat`"), "{error}");
    }

    #[test]
    fn a_patch_replaces_fields_and_null_takes_one_away() {
        let patch: FlagPatch =
            serde_json::from_value(json!({ "rollout": { "percentage": 25 }, "note": "n" })).expect("a patch");
        assert_eq!(patch.entry.note.as_deref(), Some("n"));
        let flag = FlagDefinition::boolean(FlagState::On).merged(patch.changes).expect("merged");
        assert!(flag.rollout.is_some());
        let changes = json!({ "rollout": null }).as_object().cloned().expect("an object");
        assert_eq!(flag.merged(changes).expect("merged"), FlagDefinition::boolean(FlagState::On));
    }

    #[test]
    fn switching_on_by_a_patch_ends_the_schedule() {
        let scheduled =
            FlagDefinition { starts_at: Some(Timestamp(5)), ..FlagDefinition::boolean(FlagState::Scheduled) };
        let changes = json!({ "state": "on" }).as_object().cloned().expect("an object");
        assert_eq!(scheduled.merged(changes).expect("merged"), FlagDefinition::boolean(FlagState::On));
    }

    #[test]
    fn a_row_travels_there_and_back() {
        let text =
            json!({ "key": "a", "state": "on", "rules": [{ "id": "r", "serve": { "percentage": 5 } }] });
        let flag: NewFlag = serde_json::from_value(text).expect("a flag");
        let back: NewFlag = serde_json::from_str(&serde_json::to_string(&flag).expect("json")).expect("back");
        assert_eq!(back, flag);
    }
}
