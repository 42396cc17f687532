//! The shapes of flags for the OpenAPI document. On the wire the fields of a definition stand among
//! others; serde does that by flattening, which a schema cannot say together with "no other fields".

#![expect(dead_code, reason = "these types are never made: only their shape is read")]

use super::wire::{FlagPatch, FlagRow, FlagVersionDefinition, NewFlag, NewFlagVersion, Stale};
use super::{FlagState, FlagType, Rule, Serve, Variant};
use crate::Timestamp;
use std::borrow::Cow;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A type with the fields of a definition among its own, and the schema of another type.
macro_rules! document {
    ($shape:ident for $of:ident: $($(#[$attribute:meta])* $field:ident: $type:ty,)*) => {
        #[derive(ToSchema)]
        struct $shape {
            $($(#[$attribute])* $field: $type,)*
            /// Off where it is absent.
            state: Option<FlagState>,
            /// The first moment at which a scheduled flag is on.
            starts_at: Option<Timestamp>,
            /// The first moment at which it is off again.
            ends_at: Option<Timestamp>,
            /// All of one type. Without them the flag is boolean, with the variants `on` and `off`.
            variants: Option<Vec<Variant>>,
            /// Served where the flag is on and nothing names another one.
            on_variant: Option<String>,
            /// Served where the flag is off, and to those whom no rule and no rollout reaches.
            off_variant: Option<String>,
            /// The first one that matches decides.
            rules: Option<Vec<Rule>>,
            /// For those whom no rule matches.
            rollout: Option<Serve>,
        }

        impl PartialSchema for $of {
            fn schema() -> RefOr<Schema> {
                $shape::schema()
            }
        }

        impl ToSchema for $of {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($of))
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $shape::schemas(schemas);
            }
        }
    };
}

document! { FlagRowShape for FlagRow:
    key: String,
    r#type: FlagType,
    /// State and schedule at this moment: what programs read plainly.
    enabled: bool,
    /// What is stored cannot be read, so that programs do not get it and it is shown as off: another
    /// definition, an older version or switching it off replaces it.
    unreadable: Option<bool>,
    /// It has rules or a rollout, and they do not count while the project has no A/B testing.
    targeting_ignored: bool,
    /// The ACTIVE version.
    version: i64,
    /// The umbrella that it comes from.
    inherited_from: Option<String>,
    /// The umbrella whose flag of the same key it hides.
    overrides: Option<String>,
    note: String,
    tags: Vec<String>,
    /// Of the ACTIVE version.
    description: String,
    size: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    updated_by: String,
    /// When a program last asked for it by evaluation; to the day.
    evaluated_at: Option<Timestamp>,
    /// Evaluations within the last 30 days. Whoever reads all flags at once, in a snapshot or by a bulk
    /// evaluation, is not counted: which of them are used is not known.
    evaluations: i64,
    /// Why it may be ready to be removed.
    stale: Option<Stale>,
    /// Why it cannot be changed, only deleted: the project's tier has no room for it.
    read_only: Option<String>,
    /// Said once, when the key was made: another key differs from it only in case.
    warning: Option<String>,
}

document! { FlagVersionShape for FlagVersionDefinition:
    key: String,
    version: i64,
    r#type: FlagType,
    active: bool,
    inherited_from: Option<String>,
    description: String,
    created_at: Timestamp,
    created_by: String,
}

document! { NewFlagShape for NewFlag:
    key: String,
    /// A shorter way to say `state`: on or off.
    enabled: Option<bool>,
    description: Option<String>,
    note: Option<String>,
    tags: Option<Vec<String>>,
}

document! { NewFlagVersionShape for NewFlagVersion:
    /// A shorter way to say `state`: on or off.
    enabled: Option<bool>,
    description: Option<String>,
    expected_version: Option<i64>,
}

document! { FlagPatchShape for FlagPatch:
    /// A new key; the history stays.
    key: Option<String>,
    /// A shorter way to say `state`: on or off.
    enabled: Option<bool>,
    /// Of the version that it makes.
    description: Option<String>,
    note: Option<String>,
    tags: Option<Vec<String>>,
    expected_version: Option<i64>,
}
