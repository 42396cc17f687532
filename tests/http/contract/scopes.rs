//! The scopes that the document names are those that a call takes: with them and no others it is allowed,
//! and with all others it is not.

use crate::table::rest::calls;
use crate::world::{World, apps};
use nexus_backend::credentials::make_environment_key;
use nexus_backend::gate::Actor;
use nexus_domain::TenantId;
use nexus_domain::role::{Scope, Scopes};
use serde_json::Value;

/// Calls that take more than their scope: of a key that is bound to one environment, or of a person. Each
/// says so in its description or in the guide.
const MORE: [&str; 14] = [
    "/addons/{addon}",
    "PATCH /api/v1/members/{id}",
    "POST /api/v1/keys",
    "/promote",
    "DELETE /api/v1/projects/{project}",
    "/dev-environment",
    "/projects/{project}/members",
    "POST /api/v1/environments",
    "/environments/{slug}",
    "/invitations",
    "/keys/{slot}/rotate",
    "/identities",
    "/identity-providers",
    "/oauth/apps",
];

async fn key(w: &World, tenant: TenantId, scopes: Vec<Scope>) -> String {
    let operator = Actor::operator(tenant, "acme".into());
    make_environment_key(&w.nexus, &operator, "live", "scoped", Scopes(scopes)).await.expect("a key").text
}

#[tokio::test]
async fn a_call_takes_the_scopes_that_the_document_names() {
    let w = World::new().await;
    let tenant = w.texts("SELECT lower(hex(id)) FROM tenants WHERE slug = 'acme'").await[0].clone();
    let tenant = TenantId(tenant.parse().expect("an id"));
    check(&w, async |scopes| key(&w, tenant, scopes).await).await;
}

/// The same for an app that acts for an owner.
#[tokio::test]
async fn an_app_is_held_to_the_same_scopes() {
    let w = World::new().await;
    check(&w, async |mut scopes| {
        // No app gets it.
        scopes.retain(|scope| *scope != Scope::AdminAll);
        // An app has one scope at least; this one is for nothing that there is yet.
        if scopes.is_empty() {
            scopes.push(Scope::ReadPayments);
        }
        apps::token(&w, scopes).await
    })
    .await;
}

/// Asks each call with the scopes that it is said to take, and with all others.
async fn check(w: &World, credential: impl AsyncFn(Vec<Scope>) -> String) {
    let document = w.get("/api/openapi.json").await.is(200).json();
    let mut wrong = Vec::new();
    for call in calls() {
        let (method, path) = call.route.split_once(' ').expect("a method");
        let operation = &document["paths"][path][method.to_lowercase()];
        let Some(named) = operation["x-required-scopes"].as_array() else { continue };
        let named: Vec<Scope> = named
            .iter()
            .map(|scope| Scope::parse(scope.as_str().expect("a word")).expect("a scope"))
            .collect();
        let takes_any = named.is_empty();
        let others = Scope::ALL.iter().copied().filter(|it| *it != Scope::AdminAll && !named.contains(it));
        let without = call.ask(w).with(&credential(others.collect()).await).await;
        if !takes_any && !matches!(without.status.as_u16(), 403 | 404) {
            wrong.push(format!("{} without {named:?}: {}", call.name(), without.status));
        }
        let with = call.ask(w).with(&credential(named.clone()).await).await;
        let more = MORE.iter().any(|it| call.route.contains(it)) || !call.note.is_empty();
        if !more && matches!(with.status.as_u16(), 401 | 403) {
            wrong.push(format!("{} with {named:?}: {} {}", call.name(), with.status, with.text()));
        }
        w.put_back().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_call_says_what_it_takes() {
    let document = World::new().await.get("/api/openapi.json").await.is(200).json();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let scoped = operation["x-required-scopes"].is_array();
            let of_a_service = operation["x-required-access"].is_string();
            let managed = path.starts_with("/api/v1") || path.ends_with("/v1/users");
            let by_address = operation["security"] == serde_json::json!([{}]);
            assert!(scoped == managed && (managed || of_a_service || by_address), "{method} {path}");
            assert!(
                by_address
                    || operation["description"]
                        .as_str()
                        .is_some_and(|it| it.contains("Takes") || it.contains("Any"))
            );
            assert!(operation.get("x-required-scopes") != Some(&Value::Null));
        }
    }
}
