//! The limits of parameters and fields, from the constants by which they are checked.

use nexus_domain::entry::{MAX_DESCRIPTION_CHARS, MAX_NOTE_CHARS, MAX_TAG_CHARS, MAX_TAGS};
use nexus_domain::flag::MAX_EVALUATED_KEYS;
use nexus_domain::grid::MAX_PROMOTED;
use nexus_domain::import::MAX_IMPORT_BYTES;
use nexus_domain::invitation::MAX_PROJECTS;
use nexus_domain::key::MAX_KEY_BYTES;
use nexus_domain::keys::MAX_GRACE_HOURS;
use nexus_domain::oauth::redirect::MAX_REDIRECT_URI;
use nexus_domain::oauth::{MAX_LOGO_BYTES, MAX_REDIRECT_URIS};
use nexus_domain::page::{DEFAULT_LIMIT, MAX_LIMIT};
use nexus_domain::secret::{MAX_FILE_BYTES, MAX_TEXT_BYTES};
use nexus_domain::slug::{MAX_NAME, MAX_SLUG};
use nexus_domain::workload::{MAX_LIFETIME, MIN_LIFETIME};
use serde_json::{Value, json};

const KEY: &str = "^[a-zA-Z]([a-zA-Z0-9_.:-]*[a-zA-Z0-9])?$";
const SLUG: &str = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$";
const ENVIRONMENT: &str = "^[a-z0-9_]{1,16}$";
/// The largest text in base64 of a file that fits.
const BASE64: usize = MAX_FILE_BYTES.div_ceil(3) * 4;
const MIN_UNDELETE_DAYS: i64 = 7;
const MAX_UNDELETE_DAYS: i64 = 365;

/// The limits of a field in a body, by the schema that it stands in and its name.
pub(super) fn field(schema: &str, name: &str) -> Option<Value> {
    Some(match (schema, name) {
        ("NewEnvironment", "slug") => json!({ "minLength": 1, "maxLength": 16, "pattern": ENVIRONMENT }),
        ("NewProject" | "NewService", "slug") => slug(),
        (
            "NewProject" | "NewService" | "NewEnvironment" | "ProjectPatch" | "ServicePatch"
            | "EnvironmentPatch",
            "name",
        ) => {
            json!({ "minLength": 1, "maxLength": MAX_NAME })
        }
        ("NewSecret" | "NewConfig" | "NewFlag" | "EntryPatch" | "ConfigPatch" | "FlagPatch", "key") => key(),
        ("ProjectPatch", "undelete_days") => {
            json!({ "minimum": MIN_UNDELETE_DAYS, "maximum": MAX_UNDELETE_DAYS })
        }
        ("NewIdentityProvider" | "IdentityProviderPatch" | "NewIdentity" | "IdentityPatch", "name") => {
            json!({ "minLength": 1, "maxLength": MAX_NAME })
        }
        (
            "NewIdentityProvider" | "IdentityProviderPatch" | "NewIdentity" | "IdentityPatch",
            "max_lifetime",
        ) => {
            json!({ "minimum": MIN_LIFETIME, "maximum": MAX_LIFETIME })
        }
        ("NewOauthApp" | "OauthAppPatch", "name") => json!({ "minLength": 1, "maxLength": MAX_NAME }),
        ("NewOauthApp" | "OauthAppPatch", "redirect_uris") => {
            json!({ "maxItems": MAX_REDIRECT_URIS, "items": { "type": "string", "maxLength": MAX_REDIRECT_URI } })
        }
        ("NewOauthApp" | "OauthAppPatch", "scopes") => json!({ "minItems": 1 }),
        ("NewOauthApp" | "OauthAppPatch", "logo_base64") => {
            json!({ "maxLength": MAX_LOGO_BYTES.div_ceil(3) * 4 })
        }
        ("RotateOauthSecret", "grace_hours") => json!({ "minimum": 0, "maximum": 24 }),
        ("RotateRequest", "grace_hours") => json!({ "minimum": 0, "maximum": MAX_GRACE_HOURS }),
        ("NewSecret" | "NewSecretVersion", "value") => json!({ "maxLength": MAX_TEXT_BYTES }),
        ("NewSecret" | "NewSecretVersion", "value_base64") => json!({ "maxLength": BASE64 }),
        ("ImportRequest", "text") => json!({ "maxLength": MAX_IMPORT_BYTES }),
        ("EvaluateRequest", "keys") => json!({ "maxItems": MAX_EVALUATED_KEYS }),
        ("PromoteRequest", "keys") => json!({ "minItems": 1, "maxItems": MAX_PROMOTED }),
        ("NewInvitation", "projects") => json!({ "maxItems": MAX_PROJECTS }),
        ("NewInvitation" | "NewProjectMember", "email") => json!({ "minLength": 5, "maxLength": 254 }),
        (_, "description") if is_input(schema) => json!({ "maxLength": MAX_DESCRIPTION_CHARS }),
        (_, "note") if is_input(schema) => json!({ "maxLength": MAX_NOTE_CHARS }),
        (_, "tags") if is_input(schema) => {
            json!({ "maxItems": MAX_TAGS, "items": { "type": "string", "maxLength": MAX_TAG_CHARS } })
        }
        _ => return None,
    })
}

/// Whether a schema is of something that comes in.
pub(super) fn is_input(schema: &str) -> bool {
    schema.starts_with("New")
        || ["Request", "Patch", "Toggle", "Restore"].iter().any(|end| schema.ends_with(end))
}

fn slug() -> Value {
    json!({ "minLength": 1, "maxLength": MAX_SLUG, "pattern": SLUG })
}

fn key() -> Value {
    json!({ "minLength": 1, "maxLength": MAX_KEY_BYTES, "pattern": KEY })
}

/// What a parameter is, and what it may be, by its name.
pub(super) fn parameter(place: &str, name: &str) -> Option<(&'static str, Value)> {
    Some(match (place, name) {
        ("path", "project") => ("The slug of a project", json!({ "example": "shop" })),
        ("path", "service") => {
            ("The slug of a service in the environment of the call", json!({ "example": "checkout-api" }))
        }
        ("path", "slug") => ("The slug of an environment", json!({ "example": "staging" })),
        ("path", "key") => ("A key: case-sensitive", json!({ "example": "DB_URL" })),
        ("path", "n") => ("The number of a version", json!({ "minimum": 1, "example": 2 })),
        ("path", "slot") => ("One of the two slots", json!({ "example": "primary" })),
        ("path", "addon") => ("An add-on", json!({ "example": "security" })),
        ("path", "id") => ("An id, as lists tell it", json!({ "example": super::examples::ID })),
        ("path", "endpoint_slug") => {
            ("The endpoint of the key's service", json!({ "example": "checkout-api-k3x9a2bq" }))
        }
        ("query", "environment") => (
            "Another environment than the key's own, by its slug; takes `admin:all`",
            json!({ "example": "live" }),
        ),
        ("query", "limit") => (
            "How many at most",
            json!({ "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT, "example": DEFAULT_LIMIT }),
        ),
        ("query", "cursor") => ("`next_cursor` of the page before", json!({})),
        ("query", "expected_version") => {
            ("Refuse with 409 when the ACTIVE version is another one by now", json!({ "example": 3 }))
        }
        ("query", "from") => ("From here on", json!({})),
        ("query", "to") => ("Up to here", json!({})),
        ("query", "project") => ("Only of this project, by its slug", json!({ "example": "shop" })),
        ("query", "service") => ("Only of this service, by its slug", json!({ "example": "checkout-api" })),
        ("query", "format") => ("How the file is written", json!({})),
        ("query", "q") => ("Narrows the list to what has this in it", json!({})),
        _ => return None,
    })
}
