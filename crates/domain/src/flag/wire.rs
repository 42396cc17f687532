//! Flags as they travel: rows of a list, versions, what comes in, and the answers of an evaluation.

use super::{Explanation, FlagDefinition, FlagState, FlagType};
use crate::entry::{DeletedEntry, EntryPatch, EntryVersion};
use crate::role::words;
use crate::{Refusal, Timestamp};
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
    /// Evaluations within the last 30 days.
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
        /// It is old enough, and no program evaluated it for 30 days.
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
    #[serde(default)]
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

/// The fields of a definition, for telling them from what stands beside it.
const DEFINITION: [&str; 8] =
    ["state", "starts_at", "ends_at", "variants", "on_variant", "off_variant", "rules", "rollout"];

/// Takes a field out of an object.
fn take<T: serde::de::DeserializeOwned, E: serde::de::Error>(
    fields: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<T>, E> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value)
            .map(Some)
            .map_err(|_| E::custom(format!("invalid field `{name}`: this has the wrong type"))),
    }
}

/// What is left of the fields, as a definition. Nobody who makes a flag has to say that it is off;
/// `enabled` is a shorter way to say `state`.
fn definition<E: serde::de::Error>(mut fields: Map<String, Value>) -> Result<FlagDefinition, E> {
    shorthand(&mut fields)?;
    fields.entry("state").or_insert_with(|| Value::String(FlagState::Off.as_str().to_owned()));
    serde_json::from_value(Value::Object(fields)).map_err(E::custom)
}

fn shorthand<E: serde::de::Error>(fields: &mut Map<String, Value>) -> Result<(), E> {
    let Some(enabled) = take::<bool, E>(fields, "enabled")? else { return Ok(()) };
    let state = if enabled { FlagState::On } else { FlagState::Off };
    match fields.insert("state".to_owned(), Value::String(state.as_str().to_owned())) {
        None => Ok(()),
        Some(_) => Err(E::custom("invalid field `enabled`: say state or enabled, not both")),
    }
}

impl<'de> Deserialize<'de> for NewFlag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        Ok(Self {
            key: take(&mut fields, "key")?.ok_or_else(|| D::Error::missing_field("key"))?,
            description: take(&mut fields, "description")?,
            note: take(&mut fields, "note")?,
            tags: take(&mut fields, "tags")?,
            definition: definition(fields)?,
        })
    }
}

impl<'de> Deserialize<'de> for NewFlagVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        Ok(Self {
            description: take(&mut fields, "description")?,
            expected_version: take(&mut fields, "expected_version")?,
            definition: definition(fields)?,
        })
    }
}

impl<'de> Deserialize<'de> for FlagPatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        shorthand(&mut fields)?;
        let entry = EntryPatch {
            key: take(&mut fields, "key")?,
            note: take(&mut fields, "note")?,
            tags: take(&mut fields, "tags")?,
            expected_version: take(&mut fields, "expected_version")?,
        };
        let description = take(&mut fields, "description")?;
        if let Some(unknown) = fields.keys().find(|name| !DEFINITION.contains(&name.as_str())) {
            return Err(D::Error::unknown_field(unknown, &DEFINITION));
        }
        Ok(Self { entry, description, changes: fields })
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
