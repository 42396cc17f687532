//! Examples of requests and answers. A request's is written here; an answer's is made of its schema, with
//! values that stand for their names.

use serde_json::{Map, Value, json};

pub(super) const ID: &str = "019aa4c2-7b1e-7c3d-9f10-2a6b8c0d4e5f";
const TIME: &str = "2026-11-21T08:00:00.000000Z";
/// Deeper than any answer that people read.
const MAX_DEPTH: usize = 20;

/// Fields that most answers are without: the other one of two, and what is only there where it was asked
/// for or is amiss.
const OMITTED: [&str; 9] = [
    "replayed",
    "value_base64",
    "sha256",
    "warning",
    "read_only",
    "problem",
    "next_cursor",
    "explanation",
    "explanations",
];

/// The body of a request, by the name of its schema.
pub(super) fn request(schema: &str) -> Option<Value> {
    Some(match schema {
        "NewProject" => json!({ "name": "Shop", "slug": "shop" }),
        "ProjectPatch" => json!({ "name": "Web shop", "undelete_days": 30 }),
        "NewProjectMember" => json!({ "email": "bo@acme.test", "role": "developer" }),
        "ProjectMemberPatch" => json!({ "role": "tester" }),
        "MemberPatch" => json!({ "role": "finance" }),
        "NewInvitation" => {
            json!({ "email": "bo@acme.test", "projects": [{ "project": "shop", "role": "developer" }] })
        }
        "NewEnvironment" => json!({ "slug": "qa", "name": "Quality" }),
        "EnvironmentPatch" => json!({ "name": "Acceptance" }),
        "NewService" => json!({ "name": "Checkout API", "kind": "backend", "environment": "live" }),
        "ServicePatch" => json!({ "name": "Checkout" }),
        "LinkRequest" => json!({ "umbrella": "shared" }),
        "PromoteRequest" => {
            json!({ "to": "live", "keys": ["config:PORT", "flag:new-checkout"], "dry_run": true })
        }
        "NewEnvironmentKey" => {
            json!({ "name": "Terraform", "environment": "live", "type": "secret", "scopes": ["read:services", "write:services"] })
        }
        "NewIdentityProvider" => json!({ "name": "GitHub", "kind": "github" }),
        "IdentityProviderPatch" => json!({ "name": "GitHub", "max_lifetime": 900 }),
        "NewIdentity" => json!({
            "name": "Deployment", "provider": ID,
            "claims": { "repository_id": "1296269", "repository_owner_id": "583231", "ref": "refs/heads/main" },
        }),
        "IdentityPatch" => json!({ "name": "Deployment", "access": "read", "max_lifetime": 900 }),
        "TokenTest" => json!({ "token": "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.c2lnbmF0dXJl" }),
        "TokenExchange" => json!({
            "provider": "github", "token": "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.c2lnbmF0dXJl",
            "service": "checkout-api-k3x9a2bq",
        }),
        "RotateEnvironmentKey" => json!({ "grace_hours": 24 }),
        "IntrospectionRequest" => {
            json!({ "token": "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOWFhNGMyIn0.e30.c2lnbmF0dXJl" })
        }
        "NewOauthApp" => json!({
            "name": "Deployer", "type": "confidential", "redirect_uris": ["https://deployer.example.com/callback"],
            "scopes": ["read:services", "read:configs"],
        }),
        "OauthAppPatch" => json!({ "name": "Deployer 2", "enabled": true }),
        "RotateOauthSecret" => json!({ "grace_hours": 24 }),
        "TokenRequest" => json!({
            "grant_type": "refresh_token", "client_id": ID,
            "refresh_token": "ort_3f1c9a0be27d48560b1d6a2c9e7f40518a3b2c4d5e6f708192a3b4c5d6e7f809",
        }),
        "RevocationRequest" => json!({
            "client_id": ID, "token": "ort_3f1c9a0be27d48560b1d6a2c9e7f40518a3b2c4d5e6f708192a3b4c5d6e7f809",
        }),
        "DeviceRequest" => json!({ "client_id": "nexus-cli" }),
        "RotateRequest" => json!({ "grace_hours": 24, "access": "read" }),
        "NewSecret" => {
            json!({ "key": "DB_URL", "value": "postgres://db.acme.test/shop", "description": "The new database" })
        }
        "NewSecretVersion" => {
            json!({ "value": "postgres://db2.acme.test/shop", "description": "Rotated after Q2 audit" })
        }
        "SecretPatch" | "EntryPatch" => {
            json!({ "note": "Ask operations before you change it", "tags": ["database"] })
        }
        "ConfigPatch" => json!({ "note": "Behind the load balancer", "tags": ["network"] }),
        "NewConfig" => json!({ "key": "PORT", "value": 8080 }),
        "NewConfigVersion" => json!({ "value": 8081, "expected_version": 1 }),
        "NewFlag" => json!({ "key": "new-checkout", "state": "on" }),
        "NewFlagVersion" => json!({ "state": "off" }),
        "FlagPatch" => json!({ "note": "Until the end of the year" }),
        "Toggle" => json!({ "enabled": true }),
        "Restore" => json!({ "expected_version": 3 }),
        "ImportRequest" => json!({ "format": "env", "text": "PORT=8080\n", "dry_run": true }),
        "ExportRequest" => json!({ "format": "env" }),
        "DevImportRequest" => json!({ "on_conflict": "skip" }),
        "EvaluateRequest" => {
            json!({ "keys": ["new-checkout"], "user_id": "u1", "attributes": { "plan": "pro" } })
        }
        "EvaluationRequest" => json!({ "context": { "targetingKey": "u1", "plan": "pro" } }),
        _ => return None,
    })
}

/// A value that fits a schema.
pub(super) fn of(document: &Value, schema: &Value) -> Value {
    made(document, schema, "", MAX_DEPTH)
}

fn made(document: &Value, schema: &Value, name: &str, depth: usize) -> Value {
    if let Some(example) = schema.get("example").or_else(|| schema.get("default")) {
        return example.clone();
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        let named = reference.rsplit('/').next().unwrap_or_default();
        return match named {
            "Timestamp" => json!(TIME),
            "JsonText" => json!(8080),
            "Reference" => json!("secret:DB_URL"),
            // They are made of themselves.
            "Condition" => json!({ "attribute": "plan", "op": "eq", "value": "pro" }),
            // Where it leads back to itself, it ends.
            _ if depth == 0 => Value::Null,
            _ => made(document, target, name, depth.saturating_sub(1)),
        };
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let mut all = Map::new();
        for part in parts {
            if let Value::Object(fields) = made(document, part, name, depth) {
                all.extend(fields);
            }
        }
        return all.into();
    }
    if let Some(choices) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        let real = choices.iter().find(|choice| choice.get("type") != Some(&json!("null")));
        return real.map_or(Value::Null, |choice| made(document, choice, name, depth));
    }
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|words| words.first()) {
        return first.clone();
    }
    match kind(schema) {
        "object" => object(document, schema, depth),
        "array" => match schema.get("items") {
            Some(items) if depth > 0 => json!([made(document, items, name, depth.saturating_sub(1))]),
            _ => json!([]),
        },
        "boolean" => json!(name == "active" || name == "enabled" || name == "ok"),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(number(name))),
        "string" => json!(text(schema, name)),
        _ => Value::Null,
    }
}

/// The type, or the first one that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
        }
        _ => "",
    }
}

fn object(document: &Value, schema: &Value, depth: usize) -> Value {
    let mut fields = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        if !OMITTED.contains(&name.as_str()) {
            fields.insert(name.clone(), made(document, field, name, depth.saturating_sub(1)));
        }
    }
    if let Some(others @ Value::Object(_)) = schema.get("additionalProperties") {
        fields.insert("DB_URL".into(), made(document, others, "DB_URL", depth.saturating_sub(1)));
    }
    for name in
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        fields.entry(name).or_insert(Value::Null);
    }
    fields.into()
}

fn number(name: &str) -> i64 {
    match name {
        "version" | "to" => 3,
        "from" => 2,
        "revision" => 42,
        "undelete_days" => 30,
        _ => 1,
    }
}

fn text(schema: &Value, name: &str) -> String {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    match (format, name) {
        ("date-time", _) => TIME,
        ("uuid", _) | (_, "id") => ID,
        (_, "email" | "invited_by" | "updated_by" | "created_by" | "actor" | "shown") => "ana@acme.test",
        (_, "slug" | "service") => "checkout-api",
        (_, "name") => "Checkout API",
        (_, "project" | "projects") => "shop",
        (_, "tenant") => "acme",
        (_, "environment" | "environments" | "to" | "from") => "live",
        (_, "endpoint_slug") => "checkout-api-k3x9a2bq",
        (_, "endpoint") => "https://nexus.acme.test/s/checkout-api-k3x9a2bq",
        (_, "key") => "DB_URL",
        (_, "keys") => "DB_URL",
        (_, "prefix" | "old_key_prefix" | "last_read_by") => "sk_live_1f0c",
        (_, "value") => "postgres://db.acme.test/shop",
        (_, "handle") => "ana",
        (_, "developer_environment") => "dev_ana",
        (_, "linked_umbrella" | "inherited_from" | "overrides") => "shared",
        (_, "tags") => "database",
        (_, "description") => "Rotated after Q2 audit",
        (_, "note") => "Ask operations before you change it",
        (_, "pinned_engine_version") => "1.x",
        (_, "event") => "secret.created",
        (_, "outcome") => "done",
        (_, "last_used_ip" | "ip") => "192.0.2.7",
        _ => "text",
    }
    .to_owned()
}
