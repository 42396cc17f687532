//! The calls about workload identity: providers, rules, sessions, and the exchange.

use super::call::{Call, rest};
use crate::world::{IDENTITY, IDENTITY_PROVIDER};
use serde_json::{Value, json};

fn of_provider(method: &str, rest_of_path: &str) -> Call {
    rest(&format!("{method} /api/v1/identity-providers/{{id}}{rest_of_path}")).at("id", IDENTITY_PROVIDER)
}

fn of_rules(method: &str, rest_of_path: &str) -> Call {
    let path = "/api/v1/projects/{project}/services/{service}/identities";
    rest(&format!("{method} {path}{rest_of_path}")).at("id", IDENTITY)
}

fn test() -> Value {
    json!({ "token": "eyJhbGciOiJub25lIn0.e30." })
}

pub fn rest_calls() -> Vec<Call> {
    let exchange = || json!({ "provider": "github", "token": "eyJhbGciOiJub25lIn0.e30." });
    let new = || {
        json!({
            "name": "release", "provider": IDENTITY_PROVIDER,
            "claims": { "repository_id": "1", "repository_owner_id": "2" },
        })
    };
    vec![
        rest("GET /api/v1/identity-providers"),
        rest("POST /api/v1/identity-providers").json(json!({ "name": "GitLab", "kind": "gitlab" })),
        of_provider("GET", ""),
        of_provider("PATCH", "").json(json!({ "max_lifetime": 900 })),
        of_provider("DELETE", ""),
        of_provider("POST", "/test").json(test()),
        of_rules("GET", ""),
        of_rules("GET", "").at("service", "web").note("of a frontend service"),
        of_rules("GET", "").at("service", "shared").note("of an umbrella"),
        of_rules("POST", "").json(new()),
        of_rules("POST", "").at("service", "web").json(new()).note("in a frontend service"),
        of_rules("GET", "/{id}"),
        of_rules("PATCH", "/{id}").json(json!({ "access": "read_write" })),
        of_rules("DELETE", "/{id}"),
        of_rules("POST", "/{id}/test").json(test()),
        rest("GET /api/v1/sessions"),
        rest("GET /api/v1/sessions").query("environment=develop").note("of another environment"),
        rest("DELETE /api/v1/sessions").query("id=01900000-0000-7000-8000-000000000003"),
        rest("POST /v1/auth/token-exchange").json(json!({
            "provider": "github", "token": "eyJhbGciOiJub25lIn0.e30.", "service": "api-aaaaaaaa",
        })),
        rest("POST /s/{endpoint_slug}/v1/auth/token-exchange")
            .at("endpoint_slug", "{endpoint}")
            .json(exchange()),
    ]
}
