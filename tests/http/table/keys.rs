//! The calls about keys of an environment, of the management API and of the console.

use super::call::{Call, function, rest};
use serde_json::json;

pub fn rest_calls() -> Vec<Call> {
    let one = |method: &str, rest_of_path: &str| {
        rest(&format!("{method} /api/v1/keys/{{id}}{rest_of_path}")).at("id", "{api_key}")
    };
    let new = |environment: &str| json!({ "name": "ci", "environment": environment, "type": "secret", "scopes": ["read:payments"] });
    vec![
        rest("GET /api/v1/keys"),
        rest("GET /api/v1/keys").query("environment=all").note("of all environments"),
        rest("POST /api/v1/keys").json(new("live")),
        rest("POST /api/v1/keys").json(new("develop")).note("in another environment"),
        one("GET", ""),
        one("POST", "/rotate").json(json!({ "grace_hours": 0 })),
        one("POST", "/signing-secret"),
        one("DELETE", ""),
        rest("POST /oauth/introspect").at("token", "eyJhbGciOiJub25lIn0.e30.").form(),
    ]
}

/// Apps, and what they ask for themselves.
pub fn apps() -> Vec<Call> {
    let one = |method: &str, rest_of_path: &str| {
        rest(&format!("{method} /api/v1/oauth/apps/{{id}}{rest_of_path}")).at("id", "{app}")
    };
    let by_app = |route: &str| rest(route).at("client_id", "{public_app}").form();
    vec![
        rest("GET /api/v1/oauth/apps"),
        rest("POST /api/v1/oauth/apps").json(json!({
            "name": "Other", "type": "public", "redirect_uris": ["https://other.test/cb"], "scopes": ["read:flags"],
        })),
        one("GET", ""),
        one("PATCH", "").json(json!({ "enabled": false })),
        one("POST", "/rotate-secret"),
        one("DELETE", ""),
        by_app("POST /oauth/token").at("grant_type", "refresh_token").at("refresh_token", "{refresh}"),
        by_app("POST /oauth/revoke").at("token", "{refresh}"),
        rest("POST /oauth/device_authorization").at("client_id", "nexus-cli").form(),
        rest("GET /.well-known/oauth-authorization-server"),
        rest("GET /.well-known/jwks.json"),
    ]
}

/// The keys of an environment, and from where credentials are taken.
pub fn functions() -> Vec<Call> {
    let of_key = |name: &str| function(name).at("key", "{api_key}");
    let new = || function("create_api_key").at("name", "ci").at("kind", "secret");
    vec![
        function("read_api_keys"),
        function("read_api_keys").at("environment", "all").note("of all environments"),
        new(),
        new().at("environment", "all").note("in all environments"),
        of_key("rotate_api_key").at("grace_hours", "24"),
        of_key("rotate_api_key")
            .at("grace_hours", "24")
            .at("environment", "develop")
            .note("from another environment"),
        of_key("make_signing_secret"),
        of_key("revoke_api_key"),
        of_key("revoke_api_key").at("environment", "all").note("from all environments"),
        function("set_networks").at("allowed_cidrs", "10.0.0.0/8"),
    ]
}
