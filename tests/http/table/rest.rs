//! The calls of the two APIs.

use super::call::{Call, rest};
use super::{keys, workload};
use serde_json::json;

pub fn calls() -> Vec<Call> {
    [
        management(),
        keys::rest_calls(),
        workload::rest_calls(),
        keys::apps(),
        members(),
        services(),
        secrets(),
        configs(),
        flags(),
        service_api(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every method and path of the document.
pub fn routes() -> Vec<String> {
    let (_, document) = nexus::http::rest_with_document();
    let document = serde_json::to_value(&document).expect("json");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete", "head", "options", "trace"] {
            if item.get(method).is_some() {
                routes.push(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    routes
}

fn management() -> Vec<Call> {
    vec![
        rest("GET /api/v1/whoami"),
        rest("GET /api/v1/projects"),
        rest("POST /api/v1/projects").json(json!({ "name": "New" })),
        rest("GET /api/v1/projects/{project}"),
        rest("PATCH /api/v1/projects/{project}").json(json!({ "name": "Renamed" })),
        rest("DELETE /api/v1/projects/{project}"),
        rest("GET /api/v1/tiers"),
        rest("GET /api/v1/projects/{project}/usage"),
        rest("PUT /api/v1/projects/{project}/addons/{addon}").at("addon", "security"),
        rest("DELETE /api/v1/projects/{project}/addons/{addon}").at("addon", "ab_testing"),
        rest("GET /api/v1/projects/{project}/dev-environment"),
        rest("PUT /api/v1/projects/{project}/dev-environment"),
        rest("DELETE /api/v1/projects/{project}/dev-environment"),
        rest("POST /api/v1/projects/{project}/dev-environment/import").json(json!({ "on_conflict": "skip" })),
        rest("GET /api/v1/environments"),
        rest("POST /api/v1/environments").json(json!({ "slug": "qa" })),
        rest("GET /api/v1/environments/{slug}").at("slug", "live").note("its own"),
        rest("GET /api/v1/environments/{slug}").at("slug", "staging").note("another"),
        rest("PATCH /api/v1/environments/{slug}").at("slug", "staging").json(json!({ "name": "Renamed" })),
        rest("DELETE /api/v1/environments/{slug}").at("slug", "staging"),
        rest("GET /api/v1/invitations"),
        rest("GET /api/v1/invitations").query("project=shop").note("of a project"),
        rest("POST /api/v1/invitations").json(json!({ "email": "bo@new.test" })),
        rest("POST /api/v1/invitations")
            .json(json!({ "email": "bo@new.test", "projects": [{ "project": "shop", "role": "owner" }] }))
            .note("as an owner of a project"),
        rest("GET /api/v1/invitations/{id}").at("id", "{invitation}"),
        rest("POST /api/v1/invitations/{id}/resend").at("id", "{invitation}"),
        rest("DELETE /api/v1/invitations/{id}").at("id", "{invitation}"),
        rest("GET /api/v1/audit"),
        rest("GET /api/v1/audit").query("project=shop").note("of a project"),
        rest("GET /api/v1/audit/export"),
        rest("GET /api/v1/audit/verify"),
        rest("GET /api/v1/logs"),
        rest("GET /api/v1/logs").query("environment=develop").note("of another environment"),
    ]
}

fn members() -> Vec<Call> {
    let of_tenant = |method: &str| rest(&format!("{method} /api/v1/members/{{id}}")).at("id", "{viewer}");
    let of_project = |method: &str| {
        rest(&format!("{method} /api/v1/projects/{{project}}/members/{{id}}")).at("id", "{viewer}")
    };
    vec![
        rest("GET /api/v1/members"),
        of_tenant("GET"),
        of_tenant("PATCH").json(json!({ "role": "finance" })),
        of_tenant("DELETE"),
        rest("GET /api/v1/projects/{project}/members"),
        rest("POST /api/v1/projects/{project}/members")
            .json(json!({ "email": "max@acme.test", "role": "viewer" })),
        of_project("GET"),
        of_project("PATCH").json(json!({ "role": "tester" })),
        of_project("DELETE"),
        rest("GET /v1/users"),
    ]
}

const SERVICES: &str = "/api/v1/projects/{project}/services";

fn of_services(method: &str, rest_of_path: &str) -> Call {
    rest(&format!("{method} {SERVICES}{rest_of_path}"))
}

fn services() -> Vec<Call> {
    let new = json!({ "name": "Other", "kind": "backend" });
    let elsewhere = json!({ "name": "Other", "kind": "backend", "environment": "develop" });
    vec![
        of_services("GET", ""),
        of_services("GET", "").query("environment=develop").note("of another environment"),
        of_services("POST", "").json(new),
        of_services("POST", "").json(elsewhere).note("in another environment"),
        of_services("GET", "/{service}"),
        of_services("GET", "/{service}").query("environment=develop").note("in another environment"),
        of_services("GET", "/{service}").query("environment=dev_dan").note("in a developer's own"),
        of_services("PATCH", "/{service}").json(json!({ "name": "Renamed" })),
        of_services("DELETE", "/{service}"),
        of_services("PUT", "/{service}/umbrella").json(json!({ "umbrella": "shared" })),
        of_services("DELETE", "/{service}/umbrella").at("service", "worker"),
        promote(&["config:PORT"], false),
        promote(&["secret:TOKEN"], true).note("a dry run of a secret"),
        promote(&["config:PORT"], false).query("environment=dev_dan").note("from a developer's own"),
        of_services("GET", "/{service}/keys"),
        of_services("POST", "/{service}/keys/{slot}/rotate").json(json!({})),
        of_services("DELETE", "/{service}/keys/{slot}"),
    ]
}

/// From live to develop.
fn promote(keys: &[&str], dry_run: bool) -> Call {
    let body = json!({ "to": "develop", "keys": keys, "dry_run": dry_run });
    of_services("POST", "/{service}/promote").json(body)
}

fn of_secrets(method: &str, rest_of_path: &str) -> Call {
    of_services(method, &format!("/{{service}}/secrets{rest_of_path}"))
}

fn secrets() -> Vec<Call> {
    let new = || json!({ "key": "NEW", "value": "new-value" });
    vec![
        of_secrets("GET", ""),
        of_secrets("GET", "").query("environment=develop").note("of another environment"),
        of_secrets("GET", "").query("environment=dev_dan").note("of a developer's own"),
        of_secrets("GET", "").at("service", "web").note("of a frontend service"),
        of_secrets("POST", "").json(new()),
        of_secrets("POST", "").at("service", "web").json(new()).note("in a frontend service"),
        of_secrets("GET", "/{key}"),
        of_secrets("GET", "/{key}").query("explain=true").note("with its explanation"),
        of_secrets("GET", "/{key}").query("environment=dev_dan").note("of a developer's own"),
        of_secrets("GET", "/{key}").at("service", "worker").at("key", "DB_URL").note("inherited"),
        of_secrets("PATCH", "/{key}").json(json!({ "note": "A note" })),
        of_secrets("DELETE", "/{key}"),
        of_secrets("GET", "/{key}/versions"),
        of_secrets("POST", "/{key}/versions").json(json!({ "value": "third-token" })),
        of_secrets("GET", "/{key}/versions/{n}"),
        of_secrets("DELETE", "/{key}/versions/{n}"),
        of_secrets("POST", "/{key}/versions/{n}/restore").json(json!({})),
        of_secrets("GET", "/{key}/diff").query("from=1&to=2"),
        of_secrets("POST", "/{key}/undelete").at("key", "GONE"),
        of_services("POST", "/{service}/secrets:import").json(json!({ "text": "A=1" })),
        of_services("POST", "/{service}/secrets:export").json(json!({ "format": "env" })),
        of_services("POST", "/{service}/secrets:export")
            .at("service", "web")
            .json(json!({}))
            .note("of a frontend service"),
    ]
}

fn of_configs(method: &str, rest_of_path: &str) -> Call {
    of_services(method, &format!("/{{service}}/configs{rest_of_path}")).at("key", "PORT")
}

fn configs() -> Vec<Call> {
    let new = || json!({ "key": "NEW", "value": "new-value" });
    let refers = json!({ "key": "NEW", "value": "{{secret:TOKEN}}" });
    vec![
        of_configs("GET", ""),
        of_configs("GET", "").query("environment=develop").note("of another environment"),
        of_configs("GET", "").query("environment=dev_dan").note("of a developer's own"),
        of_configs("GET", "").at("service", "web").note("of a frontend service"),
        of_configs("POST", "").json(new()),
        of_configs("POST", "").json(refers).note("that names a secret"),
        of_configs("POST", "").at("service", "web").json(new()).note("in a frontend service"),
        of_configs("GET", "/{key}"),
        of_configs("GET", "/{key}").query("explain=true").note("with its explanation"),
        of_configs("GET", "/{key}").query("environment=dev_dan").note("of a developer's own"),
        of_configs("GET", "/{key}").at("service", "worker").at("key", "REGION").note("inherited"),
        of_configs("PUT", "/{key}").json(json!({ "value": 8082 })),
        of_configs("PATCH", "/{key}").json(json!({ "note": "A note" })),
        of_configs("PATCH", "/{key}").json(json!({ "schema": null })).note("its schema"),
        of_configs("DELETE", "/{key}"),
        of_configs("GET", "/{key}/versions"),
        of_configs("POST", "/{key}/versions").json(json!({ "value": 8082 })),
        of_configs("GET", "/{key}/versions/{n}"),
        of_configs("DELETE", "/{key}/versions/{n}"),
        of_configs("POST", "/{key}/versions/{n}/restore").json(json!({})),
        of_configs("GET", "/{key}/diff").query("from=1&to=2"),
        of_configs("POST", "/{key}/undelete").at("key", "GONE"),
        of_services("POST", "/{service}/configs:import").json(json!({ "text": "A=1" })),
        of_services("GET", "/{service}/configs:export"),
        of_services("GET", "/{service}/configs:export")
            .query("environment=dev_dan")
            .note("of a developer's own"),
    ]
}

fn of_flags(method: &str, rest_of_path: &str) -> Call {
    of_services(method, &format!("/{{service}}/flags{rest_of_path}")).at("key", "beta")
}

fn flags() -> Vec<Call> {
    let new = || json!({ "key": "new", "state": "on", "rollout": { "percentage": 10 } });
    vec![
        of_flags("GET", ""),
        of_flags("GET", "").query("environment=develop").note("of another environment"),
        of_flags("GET", "").query("environment=dev_dan").note("of a developer's own"),
        of_flags("GET", "").at("service", "web").note("of a frontend service"),
        of_flags("POST", "").json(new()),
        of_flags("POST", "").at("service", "web").json(new()).note("in a frontend service"),
        of_flags("GET", "/{key}"),
        of_flags("GET", "/{key}").query("explain=true").note("with its explanation"),
        of_flags("GET", "/{key}").query("environment=dev_dan").note("of a developer's own"),
        of_flags("GET", "/{key}").at("service", "worker").at("key", "region-lock").note("inherited"),
        of_flags("PUT", "/{key}").json(json!({ "state": "off" })),
        of_flags("PATCH", "/{key}").json(json!({ "note": "A note" })),
        of_flags("DELETE", "/{key}"),
        of_flags("POST", "/{key}/toggle").json(json!({ "enabled": false })),
        of_flags("GET", "/{key}/versions"),
        of_flags("POST", "/{key}/versions").json(json!({ "state": "off" })),
        of_flags("GET", "/{key}/versions/{n}"),
        of_flags("DELETE", "/{key}/versions/{n}"),
        of_flags("POST", "/{key}/versions/{n}/restore").json(json!({})),
        of_flags("GET", "/{key}/diff").query("from=1&to=2"),
        of_flags("POST", "/{key}/undelete").at("key", "GONE"),
    ]
}

/// What programs do with flags; `web` has none of these keys.
fn evaluations(at: impl Fn(&str, &str) -> Call) -> Vec<Call> {
    let context = || json!({ "context": { "targetingKey": "ana" } });
    vec![
        at("GET", "/v1/flags/{key}").at("key", "beta"),
        at("POST", "/v1/evaluate").json(json!({ "keys": ["beta"], "user_id": "ana" })),
        at("POST", "/v1/evaluate")
            .json(json!({ "keys": ["beta"], "explain": true }))
            .note("with its reasons"),
        at("GET", "/v1/stream"),
        at("POST", "/ofrep/v1/evaluate/flags/{key}").at("key", "beta").json(context()),
        at("POST", "/ofrep/v1/evaluate/flags").json(context()),
    ]
}

fn service_api() -> Vec<Call> {
    let new = || json!({ "value": "written" });
    let at = |method: &str, path: &str| {
        rest(&format!("{method} /s/{{endpoint_slug}}{path}")).at("endpoint_slug", "{endpoint}")
    };
    vec![
        rest("GET /v1/sync"),
        rest("GET /v1/secrets/{key}"),
        rest("GET /v1/configs/{key}").at("key", "PORT"),
        rest("GET /v1/configs/{key}").at("key", "TITLE").note("of web"),
        rest("PUT /v1/secrets/{key}").json(new()),
        rest("DELETE /v1/secrets/{key}"),
        at("GET", "/v1/sync").note("of api"),
        at("GET", "/v1/users"),
        at("GET", "/v1/sync").at("endpoint_slug", "{web_endpoint}").note("of web"),
        at("GET", "/v1/secrets/{key}"),
        at("GET", "/v1/secrets/{key}").at("endpoint_slug", "{web_endpoint}").note("of web"),
        at("GET", "/v1/configs/{key}").at("key", "PORT"),
        at("GET", "/v1/configs/{key}")
            .at("endpoint_slug", "{web_endpoint}")
            .at("key", "TITLE")
            .note("of web"),
        at("PUT", "/v1/secrets/{key}").json(new()),
        at("DELETE", "/v1/secrets/{key}"),
        rest("GET /ofrep/v1/stream").query("credential=rubbish"),
    ]
    .into_iter()
    .chain(evaluations(|method, path| rest(&format!("{method} {path}"))))
    .chain(evaluations(at))
    .collect()
}
