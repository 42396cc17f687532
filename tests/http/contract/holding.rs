//! Granting needs holding: nothing that lets somebody in is given by a credential that holds less, or that is
//! there for a shorter time.

use crate::world::{World, apps};
use nexus_backend::credentials::make_environment_key;
use nexus_backend::gate::Actor;
use nexus_domain::TenantId;
use nexus_domain::role::{Scope, Scopes};
use serde_json::{Value, json};

const SERVICE: &str = "/api/v1/projects/shop/services/api";

/// A key of an environment with these scopes, by the operator.
async fn key(w: &World, environment: &str, scopes: &[Scope]) -> String {
    let tenant = w.texts("SELECT lower(hex(id)) FROM tenants WHERE slug = 'acme'").await[0].clone();
    let operator = Actor::operator(TenantId(tenant.parse().expect("an id")), "acme".into());
    let made =
        make_environment_key(&w.nexus, &operator, environment, "narrow", Scopes(scopes.to_vec())).await;
    made.expect("a key").text
}

/// A provider of the tenant, by whoever may everything.
async fn provider(w: &World) -> String {
    let new = json!({ "name": "CI", "kind": "github" });
    let made = w.post("/api/v1/identity-providers", new).with(&w.keys.admin).await.is(201).json();
    made["id"].as_str().expect("an id").to_owned()
}

fn rule(provider: &str, access: &str) -> Value {
    json!({
        "name": "release", "provider": provider, "access": access,
        "claims": { "repository_id": "1", "repository_owner_id": "2" },
    })
}

const MANAGES: [Scope; 4] = [Scope::WriteKeys, Scope::ReadKeys, Scope::ReadServices, Scope::ReadProjects];
const READS: [Scope; 3] = [Scope::ReadSecrets, Scope::ReadConfigs, Scope::ReadFlags];

#[tokio::test]
async fn whoever_gives_a_program_access_to_a_service_holds_that_access() {
    let w = World::new().await;
    let provider = provider(&w).await;
    let narrow = key(&w, "live", &MANAGES).await;
    let reading = key(&w, "live", &[&MANAGES[..], &READS[..]].concat()).await;
    let rotate = format!("{SERVICE}/keys/secondary/rotate");
    let rules = format!("{SERVICE}/identities");
    for (body, to) in [(json!({ "access": "read" }), &rotate), (rule(&provider, "read"), &rules)] {
        w.post(to, body).with(&narrow).await.refused(403, "forbidden");
    }
    for (body, to) in [(json!({ "access": "read_write" }), &rotate), (rule(&provider, "read_write"), &rules)]
    {
        w.post(to, body).with(&reading).await.refused(403, "forbidden");
    }
    w.post(&rotate, json!({ "access": "read" })).with(&reading).await.is(200);
    let made = w.post(&rules, rule(&provider, "read")).with(&reading).await.is(201).json();
    let one = format!("{rules}/{}", made["id"].as_str().expect("an id"));
    let more = json!({ "access": "read_write" });
    w.ask("PATCH", &one).json(more).with(&reading).await.refused(403, "forbidden");
    let other = json!({ "claims": { "repository_id": "666", "repository_owner_id": "2" } });
    w.ask("PATCH", &one).json(other).with(&narrow).await.refused(403, "forbidden");
}

#[tokio::test]
async fn whose_word_is_taken_in_all_environments_is_nothing_for_a_key_of_one() {
    let w = World::new().await;
    let provider = format!("/api/v1/identity-providers/{}", provider(&w).await);
    let everything = Scopes::all_but_admin().0;
    for environment in ["live", "develop"] {
        let key = key(&w, environment, &everything).await;
        let taken = json!({ "keys": "jwks_url", "jwks_url": "https://evil.test/jwks.json" });
        w.ask("PATCH", &provider).json(taken).with(&key).await.refused(403, "forbidden");
        w.ask("DELETE", &provider).with(&key).await.refused(403, "forbidden");
    }
}

#[tokio::test]
async fn an_app_is_given_what_its_owner_holds_and_only_by_a_key_of_live() {
    let w = World::new().await;
    let app = format!("/api/v1/oauth/apps/{}", w.keys.apps.app);
    let elsewhere = key(&w, "develop", &Scopes::all_but_admin().0).await;
    let narrow = key(&w, "live", &MANAGES).await;
    let new = json!({ "name": "New", "type": "public", "redirect_uris": ["https://evil.test/cb"], "scopes": ["read:flags"] });
    let sent_elsewhere = json!({ "redirect_uris": ["https://evil.test/cb"] });
    for key in [&elsewhere, &narrow] {
        w.post("/api/v1/oauth/apps", new.clone()).with(key).await.refused(403, "forbidden");
        w.ask("PATCH", &app).json(sent_elsewhere.clone()).with(key).await.refused(403, "forbidden");
        w.post(&format!("{app}/rotate-secret"), json!({})).with(key).await.refused(403, "forbidden");
    }
    w.ask("DELETE", &app).with(&elsewhere).await.refused(403, "forbidden");
    let called_like_ours = json!({ "name": "nexus COMMAND line" });
    w.ask("PATCH", &app).json(called_like_ours).with(&w.keys.admin).await.refused(409, "conflict");
}

#[tokio::test]
async fn an_app_makes_nothing_that_would_outlive_it() {
    let w = World::new().await;
    let token = &w.keys.apps.oauth;
    let provider = provider(&w).await;
    let key = json!({ "name": "kept", "environment": "live", "type": "secret", "scopes": ["read:flags"] });
    let app = json!({ "name": "New", "type": "public", "redirect_uris": ["https://evil.test/cb"], "scopes": ["read:flags"] });
    for (path, body) in [
        (format!("{SERVICE}/keys/secondary/rotate"), json!({})),
        (format!("{SERVICE}/identities"), rule(&provider, "read")),
        ("/api/v1/keys".to_owned(), key),
        ("/api/v1/oauth/apps".to_owned(), app),
        (format!("/api/v1/oauth/apps/{}/rotate-secret", w.keys.apps.app), json!({})),
    ] {
        w.post(&path, body).with(token).await.refused(403, "forbidden");
    }
    let question = w.ask("POST", "/oauth/introspect").fields(&[("token", w.keys.apps.oauth_none.as_str())]);
    question.with(token).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_scope_that_an_app_lost_does_not_come_back_with_the_next_change() {
    let w = World::new().await;
    let token = apps::token(&w, vec![Scope::ReadSecrets, Scope::ReadFlags]).await;
    let app = format!("/api/v1/oauth/apps/{}", w.keys.apps.app);
    for scopes in [json!(["read:flags"]), json!(["read:flags", "read:secrets"])] {
        w.ask("PATCH", &app).json(json!({ "scopes": scopes })).with(&w.keys.admin).await.is(200);
        let me = w.get("/api/v1/whoami").with(&token).await.is(200).json();
        assert_eq!(me["scopes"], json!(["read:flags"]));
    }
}

#[tokio::test]
async fn an_app_stays_in_the_environments_that_it_was_let_into() {
    let w = World::new().await;
    let own = "/api/v1/projects/shop/dev-environment";
    // It makes, fills and removes the person's own, and sees nothing in it.
    let app = &w.keys.apps.oauth;
    for method in ["GET", "PUT", "DELETE"] {
        w.ask(method, own).with(&w.keys.apps.oauth_none).await.refused(403, "forbidden");
    }
    w.ask("PUT", own).with(app).await.is(200);
    w.post(&format!("{own}/import"), json!({ "on_conflict": "skip" })).with(app).await.is(200);
    let there = "/api/v1/projects/shop/services/api?environment=dev_ana";
    w.get(there).with(app).await.refused(404, "not_found");
    w.ask("DELETE", own).with(app).await.is(204);
    w.get(own).with(app).await.refused(404, "not_found");
    let command_line = &w.keys.apps.oauth_cli;
    w.get(own).with(command_line).await.is(200);
    w.post(&format!("{own}/import"), json!({ "on_conflict": "skip" }))
        .with(command_line)
        .await
        .refused(403, "forbidden");
}

#[tokio::test]
async fn a_key_that_ends_makes_no_key_that_does_not() {
    let w = World::new().await;
    let keys = "/api/v1/keys";
    let scopes = ["read:keys", "write:keys", "read:services", "read:secrets", "read:configs", "read:flags"];
    let new = |more: Value| {
        let mut new = json!({ "name": "bound", "environment": "live", "type": "secret", "scopes": scopes });
        new.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        new
    };
    let in_an_hour = w.nexus.now().plus(nexus_domain::timestamp::HOUR);
    for more in [json!({ "expires_at": in_an_hour }), json!({ "allowed_cidrs": ["127.0.0.1/32"] })] {
        let made = w.post(keys, new(more)).with(&w.keys.admin).await.is(201).json();
        let key = made["key"].as_str().expect("a key").to_owned();
        let rotate = w.post(&format!("{SERVICE}/keys/secondary/rotate"), json!({})).with(&key);
        rotate.from("127.0.0.1").await.refused(403, "forbidden");
    }
}

#[tokio::test]
async fn a_key_of_one_environment_changes_nothing_that_reaches_into_others() {
    let w = World::new().await;
    let key = key(&w, "develop", &Scopes::all_but_admin().0).await;
    let project = "/api/v1/projects/shop";
    for (method, path, body) in [
        ("PATCH", project.to_owned(), json!({ "tier": "free" })),
        ("PATCH", project.to_owned(), json!({ "undelete_days": 7 })),
        ("PUT", format!("{project}/addons/security"), json!({})),
        ("DELETE", format!("{project}/addons/security"), json!({})),
    ] {
        let ask = w.ask(method, &path);
        let ask = if method == "PATCH" { ask.json(body) } else { ask };
        ask.with(&key).await.refused(403, "forbidden");
    }
    w.ask("PATCH", project).json(json!({ "name": "Shop!" })).with(&key).await.is(200);
    let developer =
        w.texts("SELECT lower(hex(id)) FROM users WHERE email = 'dan@acme.test'").await[0].clone();
    let demoted = json!({ "role": "viewer" });
    let path = format!("{project}/members/{developer}");
    w.ask("PATCH", &path).json(demoted.clone()).with(&key).await.refused(403, "forbidden");
    w.ask("PATCH", &path).json(demoted).with(&w.keys.admin).await.is(200);
}
