//! The OpenAPI document: what outside programs generate their clients from.

use crate::world::World;
use serde_json::Value;
use std::collections::BTreeSet;

async fn document() -> Value {
    World::new().await.get("/api/openapi.json").await.is(200).json()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                operations.push((format!("{} {path}", method.to_uppercase()), operation));
            }
        }
    }
    operations
}

#[tokio::test]
async fn the_document_changes_only_on_purpose() {
    insta::assert_json_snapshot!("openapi", document().await);
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let document = document().await;
    let operations = operations(&document);
    let names: BTreeSet<&str> =
        operations.iter().map(|(_, operation)| operation["operationId"].as_str().expect("a name")).collect();
    assert_eq!(names.len(), operations.len());
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    let document = document().await;
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| walk(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

/// The rule for every call, also those that come later.
#[tokio::test]
async fn every_operation_says_what_it_takes_answers_and_refuses() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut lacking = Vec::new();
    for (name, operation) in operations(&document) {
        let mut lacks = |holds: bool, what: &str| {
            if !holds {
                lacking.push(format!("{name} lacks {what}"));
            }
        };
        let said = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        lacks(said(&operation["summary"]), "a summary");
        lacks(
            said(&operation["description"]) || operation["security"] == serde_json::json!([{}]),
            "what it takes",
        );
        for status in ["400", "401", "403", "404", "429", "500", "503"] {
            let reference = operation["responses"][status]["$ref"].as_str().unwrap_or_default();
            let refusal = document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
            lacks(refusal["x-codes"].as_array().is_some_and(|codes| !codes.is_empty()), status);
        }
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in &parameters {
            lacks(said(&parameter["description"]), &format!("a word about {}", parameter["name"]));
        }
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
        lacks(in_path == name.matches('{').count(), "a parameter of its path");
        if let Some(body) = operation.get("requestBody") {
            let mut kinds = body["content"].as_object().expect("kinds of bodies").values();
            lacks(kinds.all(|kind| kind.get("example").is_some()), "an example of its body");
        }
        let good = operation["responses"].as_object().expect("answers").iter();
        let mut good = good.filter(|(status, _)| status.starts_with('2')).peekable();
        lacks(good.peek().is_some(), "a good answer");
        for (status, answer) in good {
            for (kind, content) in answer["content"].as_object().into_iter().flatten() {
                lacks(content.get("example").is_some(), &format!("an example of {status} {kind}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[tokio::test]
async fn the_examples_of_bodies_are_bodies_that_are_taken() {
    let w = World::new().await;
    let document = document().await;
    for (name, operation) in operations(&document) {
        let Some(example) = operation["requestBody"]["content"]["application/json"].get("example") else {
            continue;
        };
        let (method, path) = name.split_once(' ').expect("a method");
        // Nothing is there: what is read is refused with 404 and not with 400.
        let path = path.replace("{n}", "1").replace("{slot}", "primary").replace(['{', '}'], "");
        let key = if path.starts_with("/api/v1") { &w.keys.admin } else { &w.keys.sk_write };
        let reply = w.ask(method, &path).json(example.clone()).with(key).await;
        assert!(reply.status != 400 && reply.status != 500, "{name}: {}", reply.text());
    }
}

/// The calls of the contract page that exist so far. One that is added here and not in the document,
/// or the other way round, fails.
#[tokio::test]
async fn the_document_has_the_calls_of_the_contract() {
    let document = document().await;
    let has: BTreeSet<String> = operations(&document).into_iter().map(|(name, _)| name).collect();
    let service = "/api/v1/projects/{project}/services/{service}";
    let promised = [
        ("/api/v1/whoami", "GET"),
        ("/api/v1/projects", "GET POST"),
        ("/api/v1/projects/{project}", "GET PATCH DELETE"),
        ("/api/v1/tiers", "GET"),
        ("/api/v1/projects/{project}/usage", "GET"),
        ("/api/v1/projects/{project}/addons/{addon}", "PUT DELETE"),
        ("/api/v1/environments", "GET POST"),
        ("/api/v1/environments/{slug}", "GET PATCH DELETE"),
        ("/api/v1/keys", "GET POST"),
        ("/api/v1/keys/{id}", "GET DELETE"),
        ("/api/v1/keys/{id}/rotate", "POST"),
        ("/api/v1/keys/{id}/signing-secret", "POST"),
        ("/oauth/introspect", "POST"),
        ("/oauth/token", "POST"),
        ("/oauth/revoke", "POST"),
        ("/oauth/device_authorization", "POST"),
        ("/.well-known/oauth-authorization-server", "GET"),
        ("/.well-known/jwks.json", "GET"),
        ("/api/v1/oauth/apps", "GET POST"),
        ("/api/v1/oauth/apps/{id}", "GET PATCH DELETE"),
        ("/api/v1/oauth/apps/{id}/rotate-secret", "POST"),
        ("/api/v1/projects/{project}/services", "GET POST"),
        (service, "GET PATCH DELETE"),
        (&format!("{service}/umbrella"), "PUT DELETE"),
        (&format!("{service}/promote"), "POST"),
        (&format!("{service}/keys"), "GET"),
        (&format!("{service}/keys/{{slot}}/rotate"), "POST"),
        (&format!("{service}/keys/{{slot}}"), "DELETE"),
        ("/api/v1/identity-providers", "GET POST"),
        ("/api/v1/identity-providers/{id}", "GET PATCH DELETE"),
        ("/api/v1/identity-providers/{id}/test", "POST"),
        (&format!("{service}/identities"), "GET POST"),
        (&format!("{service}/identities/{{id}}"), "GET PATCH DELETE"),
        (&format!("{service}/identities/{{id}}/test"), "POST"),
        ("/api/v1/sessions", "GET DELETE"),
        ("/v1/auth/token-exchange", "POST"),
        ("/s/{endpoint_slug}/v1/auth/token-exchange", "POST"),
        (&format!("{service}/secrets"), "GET POST"),
        (&format!("{service}/secrets/{{key}}"), "GET PATCH DELETE"),
        (&format!("{service}/secrets/{{key}}/versions"), "GET POST"),
        (&format!("{service}/secrets/{{key}}/versions/{{n}}"), "GET DELETE"),
        (&format!("{service}/secrets/{{key}}/versions/{{n}}/restore"), "POST"),
        (&format!("{service}/secrets/{{key}}/diff"), "GET"),
        (&format!("{service}/secrets/{{key}}/undelete"), "POST"),
        (&format!("{service}/secrets:import"), "POST"),
        (&format!("{service}/secrets:export"), "POST"),
        (&format!("{service}/configs"), "GET POST"),
        (&format!("{service}/configs/{{key}}"), "GET PUT PATCH DELETE"),
        (&format!("{service}/configs/{{key}}/versions"), "GET POST"),
        (&format!("{service}/configs/{{key}}/versions/{{n}}"), "GET DELETE"),
        (&format!("{service}/configs/{{key}}/versions/{{n}}/restore"), "POST"),
        (&format!("{service}/configs/{{key}}/diff"), "GET"),
        (&format!("{service}/configs/{{key}}/undelete"), "POST"),
        (&format!("{service}/configs:import"), "POST"),
        (&format!("{service}/flags"), "GET POST"),
        (&format!("{service}/flags/{{key}}"), "GET PUT PATCH DELETE"),
        (&format!("{service}/flags/{{key}}/toggle"), "POST"),
        (&format!("{service}/flags/{{key}}/versions"), "GET POST"),
        (&format!("{service}/flags/{{key}}/versions/{{n}}"), "GET DELETE"),
        (&format!("{service}/flags/{{key}}/versions/{{n}}/restore"), "POST"),
        (&format!("{service}/flags/{{key}}/diff"), "GET"),
        (&format!("{service}/flags/{{key}}/undelete"), "POST"),
        (&format!("{service}/configs:export"), "GET"),
        ("/api/v1/projects/{project}/dev-environment", "GET PUT DELETE"),
        ("/api/v1/projects/{project}/dev-environment/import", "POST"),
        ("/api/v1/members", "GET"),
        ("/api/v1/members/{id}", "GET PATCH DELETE"),
        ("/api/v1/projects/{project}/members", "GET POST"),
        ("/api/v1/projects/{project}/members/{id}", "GET PATCH DELETE"),
        ("/v1/users", "GET"),
        ("/api/v1/invitations", "GET POST"),
        ("/api/v1/invitations/{id}", "GET DELETE"),
        ("/api/v1/invitations/{id}/resend", "POST"),
        ("/api/v1/audit", "GET"),
        ("/api/v1/audit/export", "GET"),
        ("/api/v1/audit/verify", "GET"),
        ("/api/v1/logs", "GET"),
        ("/v1/sync", "GET"),
        ("/v1/secrets/{key}", "GET PUT DELETE"),
        ("/v1/configs/{key}", "GET"),
        ("/v1/flags/{key}", "GET"),
        ("/v1/evaluate", "POST"),
        ("/v1/stream", "GET"),
        ("/ofrep/v1/evaluate/flags", "POST"),
        ("/ofrep/v1/evaluate/flags/{key}", "POST"),
        ("/ofrep/v1/stream", "GET"),
        ("/s/{endpoint_slug}/v1/configs/{key}", "GET"),
        ("/s/{endpoint_slug}/v1/flags/{key}", "GET"),
        ("/s/{endpoint_slug}/v1/evaluate", "POST"),
        ("/s/{endpoint_slug}/v1/stream", "GET"),
        ("/s/{endpoint_slug}/ofrep/v1/evaluate/flags", "POST"),
        ("/s/{endpoint_slug}/ofrep/v1/evaluate/flags/{key}", "POST"),
        ("/s/{endpoint_slug}/v1/users", "GET"),
        ("/s/{endpoint_slug}/v1/sync", "GET"),
        ("/s/{endpoint_slug}/v1/secrets/{key}", "GET PUT DELETE"),
    ];
    let promised: BTreeSet<String> = promised
        .iter()
        .flat_map(|(path, methods)| methods.split(' ').map(move |method| format!("{method} {path}")))
        .collect();
    assert_eq!(has, promised);
}

#[tokio::test]
async fn the_page_for_people_names_every_call_and_needs_no_script() {
    let w = World::new().await;
    let page = w.get("/api/docs").await.is(200);
    assert!(!page.text().contains("<script"));
    let document = w.get("/api/openapi.json").await.is(200).json();
    for (name, _) in operations(&document) {
        let path = name.split(' ').nth(1).unwrap_or_default();
        assert!(path.starts_with("/s/") || page.text().contains(path), "{name}");
    }
}

#[tokio::test]
async fn a_look_at_what_is_in_another_state_may_be_a_conflict() {
    let document = document().await;
    let service = "/api/v1/projects/{project}/services/{service}";
    for end in [
        "/keys",
        "/secrets/{key}/versions/{n}",
        "/secrets/{key}/diff",
        "/configs/{key}/versions/{n}",
        "/configs/{key}/diff",
        "/flags/{key}/versions/{n}",
        "/flags/{key}/diff",
    ] {
        let responses = &document["paths"][format!("{service}{end}")]["get"]["responses"];
        assert!(responses["409"].is_object(), "{end}");
    }
}
