//! Keys of an environment over HTTP: their whole life with a key, tokens, introspection, and who may read
//! an answer.

use crate::world::{World, encoded, signed};
use serde_json::{Value, json};

/// A key that the admin key makes.
async fn made(w: &World, new: Value) -> Value {
    w.post("/api/v1/keys", new).with(&w.keys.admin).await.is(201).json()
}

#[tokio::test]
async fn a_key_is_made_listed_rotated_and_revoked() {
    let w = World::new().await;
    let new = json!({ "name": "ci", "environment": "develop", "type": "secret", "scopes": ["read:keys"],
        "allowed_cidrs": ["10.0.0.0/8"], "expires_at": "2999-01-01T00:00:00Z" });
    let reply = w.post("/api/v1/keys", new).with(&w.keys.admin).await.is(201);
    let key = reply.json();
    let (id, text) = (key["id"].as_str().expect("an id"), key["key"].as_str().expect("a key"));
    assert_eq!(reply.header("location"), Some(format!("/api/v1/keys/{id}").as_str()));
    assert!(text.starts_with("nx_develop_") && key["prefix"] == text[..15]);
    let listed = w.get("/api/v1/keys").with(text).await.is(200).json();
    assert_eq!(listed["data"][0]["id"], id);
    assert!(!listed.to_string().contains(text));
    let rotated = w.post(&format!("/api/v1/keys/{id}/rotate"), json!({ "grace_hours": 0 }));
    let rotated = rotated.with(&w.keys.admin).await.is(200).json();
    w.get("/api/v1/whoami").with(text).await.refused(401, "unauthorized");
    let text = rotated["key"].as_str().expect("a key").to_owned();
    w.get("/api/v1/whoami").with(&text).await.is(200);
    w.get("/api/v1/whoami").with(&text).from("192.0.2.1").await.refused(403, "ip_not_allowed");
    w.ask("DELETE", &format!("/api/v1/keys/{id}")).with(&w.keys.admin).await.is(204);
    w.get("/api/v1/whoami").with(&text).await.refused(401, "unauthorized");
    w.get(&format!("/api/v1/keys/{id}")).with(&w.keys.admin).await.refused(404, "not_found");
    w.get("/api/v1/keys/nonsense").with(&w.keys.admin).await.refused(404, "not_found");
}

#[tokio::test]
async fn bad_input_gets_a_stable_code_and_the_name_of_its_field() {
    let w = World::new().await;
    let new = |changes: Value| {
        let mut new = json!({ "name": "ci", "type": "secret" });
        for (name, value) in changes.as_object().expect("changes") {
            new[name] = value.clone();
        }
        new
    };
    for (changes, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "type": "other" }), "type"),
        (json!({ "scopes": ["fly"] }), "scopes[0]"),
        (json!({ "type": "publishable", "scopes": ["read:flags"] }), "scopes"),
        (json!({ "allowed_cidrs": ["10.0.0.0/8", "nonsense"] }), "allowed_cidrs"),
        (json!({ "expires_at": "2000-01-01T00:00:00Z" }), "expires_at"),
        (json!({ "surprise": 1 }), "surprise"),
    ] {
        w.post("/api/v1/keys", new(changes)).with(&w.keys.admin).await.invalid(field);
    }
    let elsewhere = new(json!({ "environment": "develop" }));
    w.post("/api/v1/keys", elsewhere).with(&w.keys.wide).await.refused(403, "forbidden");
    let more = new(json!({ "scopes": ["admin:all"] }));
    w.post("/api/v1/keys", more).with(&w.keys.wide).await.refused(403, "forbidden");
}

/// What signs tokens for a new key with these scopes, and the key's id.
async fn signer(w: &World, scopes: &[&str]) -> (String, String) {
    let key = made(w, json!({ "name": "ci", "type": "secret", "scopes": scopes })).await;
    let id = key["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/keys/{id}/signing-secret");
    let secret = w.ask("POST", &path).with(&w.keys.admin).await.is(200).json();
    assert_eq!(secret["id"], id);
    (id, secret["signing_secret"].as_str().expect("a secret").to_owned())
}

fn token(w: &World, (id, secret): &(String, String), more: Value) -> String {
    signed((id, secret), &w.nexus.settings.public_url, w.nexus.now(), &more)
}

#[tokio::test]
async fn a_token_is_taken_wherever_its_key_is_and_no_further() {
    let w = World::new().await;
    let signer = signer(&w, &["read:configs", "read:flags", "read:secrets", "read:services"]).await;
    let text = token(&w, &signer, json!({ "permissions": ["read:configs", "read:flags", "write:flags"] }));
    let me = w.get("/api/v1/whoami").with(&text).await.is(200).json();
    assert_eq!(me["scopes"], json!(["read:configs", "read:flags"]));
    let api = "/api/v1/projects/shop/services/api";
    w.get(&format!("{api}/configs")).with(&text).await.is(200);
    w.get(&format!("{api}/secrets")).with(&text).await.refused(403, "forbidden");
    let endpoint = &w.keys.endpoint;
    let snapshot = w.get(&format!("/s/{endpoint}/v1/sync")).with(&text).await.is(200).json();
    assert!(snapshot.get("secrets").is_none() && snapshot["configs"]["PORT"].is_object());
    w.get(&format!("/s/{endpoint}/v1/secrets/TOKEN")).with(&text).await.refused(403, "forbidden");
    w.get("/v1/sync").with(&text).await.refused(404, "not_found");
    let of_service = token(&w, &signer, json!({ "service": endpoint }));
    w.get("/v1/secrets/TOKEN").with(&of_service).await.is(200);
    w.get("/api/v1/whoami").with(&of_service).await.refused(403, "forbidden");
    w.get(&format!("/s/{}/v1/sync", w.keys.worker_endpoint))
        .with(&of_service)
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn introspection_answers_programs_of_the_tenant() {
    let w = World::new().await;
    let signer = signer(&w, &["read:flags"]).await;
    let text =
        token(&w, &signer, json!({ "service": "orders", "permissions": ["read:flags", "orders:ship"] }));
    let ask = |text: &str| w.ask("POST", "/oauth/introspect").fields(&[("token", text)]);
    let told = ask(&text).with(&w.keys.sk_read).await.is(200);
    assert_eq!(told.header("cache-control"), Some("no-store"));
    let told = told.json();
    assert_eq!((&told["active"], &told["service"]), (&json!(true), &json!("orders")));
    assert_eq!(told["permissions"], json!(["read:flags", "orders:ship"]));
    let nothing = json!({ "active": false });
    assert_eq!(ask(&text).with(&w.keys.rival).await.is(200).json(), nothing);
    assert_eq!(ask("nonsense").with(&w.keys.admin).await.is(200).json(), nothing);
    assert_eq!(ask(&"x".repeat(256 * 1024)).with(&w.keys.admin).await.is(200).json(), nothing);
    ask(&text).await.refused(401, "unauthorized");
    ask(&text).with(&w.keys.pk).await.refused(403, "public_key_restricted");
    ask(&text).with(&w.keys.publishable).await.refused(403, "public_key_restricted");
    let json = w.post("/oauth/introspect", json!({ "token": text })).with(&w.keys.admin);
    json.await.refused(415, "unsupported_media_type");
    let twice = format!("token={0}&token={0}", encoded(&text));
    let twice = w.ask("POST", "/oauth/introspect").raw("application/x-www-form-urlencoded", twice);
    twice.with(&w.keys.admin).await.invalid("body");
    w.ask("POST", "/oauth/introspect").fields(&[]).with(&w.keys.admin).await.invalid("body");
}

#[tokio::test]
async fn a_page_reads_answers_to_publishable_keys_and_none_to_secret_ones() {
    let w = World::new().await;
    let shared = "access-control-allow-origin";
    let web = format!("/s/{}/v1/sync", w.keys.web_endpoint);
    let signer = signer(&w, &["read:configs", "read:flags"]).await;
    let token = token(&w, &signer, json!({}));
    for (key, expected) in [
        (&w.keys.publishable, Some("*")),
        (&w.keys.wide, None),
        (&token, None),
        (&w.keys.sk_read, None),
        (&"nx_live_nonsense".to_owned(), Some("*")),
    ] {
        let reply = w.get(&web).with(key).await;
        assert_eq!(reply.header(shared), expected, "{:.12} {}", key, reply.status);
    }
    let reply = w.get(&web).with(&w.keys.publishable).await.is(200);
    assert!(reply.json().get("secrets").is_none());
    let api = format!("/s/{}", w.keys.endpoint);
    for path in ["/v1/sync", "/v1/stream", "/v1/configs/PORT", "/v1/flags/beta", "/v1/secrets/TOKEN"] {
        let refused = w.get(&format!("{api}{path}")).with(&w.keys.publishable);
        refused.await.refused(403, "public_key_restricted");
    }
    w.get("/v1/sync").with(&w.keys.publishable).await.refused(404, "not_found");
    w.get("/v1/sync").with(&w.keys.admin).await.refused(404, "not_found");
    let all =
        w.post(&format!("/s/{}/ofrep/v1/evaluate/flags", w.keys.web_endpoint), json!({ "context": {} }));
    let all = all.with(&w.keys.publishable).await.is(200).json();
    let address = all["eventStreams"][0]["url"].as_str().expect("an address");
    let path = address.strip_prefix(&w.nexus.settings.public_url).expect("of this instance");
    w.get(path).await.is(200);
}

#[tokio::test]
async fn the_short_address_of_a_page_leads_to_the_tenant_used_last_with_its_query() {
    let w = World::new().await;
    let owner = crate::world::Person::Owner;
    w.get("/api-keys?environment=develop")
        .with(owner)
        .await
        .redirects("/t/acme/api-keys?environment=develop");
    w.get("/webhooks").with(owner).await.redirects("/t/acme/webhooks");
    w.get("/api-keys?environment=develop")
        .await
        .redirects("/sign-in?next=%2Fapi-keys%3Fenvironment%3Ddevelop");
}

#[tokio::test]
async fn all_environments_are_shown_together_and_changed_alone() {
    let w = World::new().await;
    let owner = crate::world::Person::Owner;
    let page = w.get("/t/acme/api-keys?environment=all").with(owner).await.is(200).text();
    assert!(page.contains("to be read") && !page.contains("Rotate…"));
    for (function, more) in [
        ("create_api_key", [("name", "x"), ("kind", "secret")]),
        ("revoke_api_key", [("key", w.keys.api_key.as_str()), ("x", "")]),
        ("rotate_api_key", [("key", w.keys.api_key.as_str()), ("grace_hours", "0")]),
        ("make_signing_secret", [("key", w.keys.api_key.as_str()), ("x", "")]),
        ("set_networks", [("allowed_cidrs", ""), ("x", "")]),
    ] {
        let fields: Vec<(&str, &str)> =
            [("tenant", "acme"), ("environment", "all")].into_iter().chain(more).collect();
        w.call(function, &fields).with(owner).await.refused(409, "conflict");
    }
}

#[tokio::test]
async fn the_form_gives_what_is_ticked_and_nothing_else() {
    let w = World::new().await;
    let usual = [("tenant", "acme"), ("environment", "develop"), ("name", "form"), ("kind", "secret")];
    let ticked =
        [("scopes[]", "read:flags"), ("scopes[]", "read:configs"), ("allowed_cidrs", "10.0.0.0/8\n")];
    let form: Vec<(&str, &str)> = usual.into_iter().chain(ticked).collect();
    let made = w.call("create_api_key", &form).with(crate::world::Person::Owner).await.is(200).json();
    let me = w.get("/api/v1/whoami").with(made["key"].as_str().expect("a key")).await.is(200).json();
    assert_eq!(
        (&me["environment"], &me["scopes"]),
        (&json!("develop"), &json!(["read:configs", "read:flags"]))
    );
    let none = w.call("create_api_key", &usual).with(crate::world::Person::Owner).await.is(200).json();
    let me = w.get("/api/v1/whoami").with(none["key"].as_str().expect("a key")).await.is(200).json();
    assert_eq!(me["scopes"], json!([]));
}
