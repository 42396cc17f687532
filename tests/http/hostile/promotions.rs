//! Promotions that name nonsense, too much, or places that are none; and addresses of the environment
//! grid that nobody's link has.

use super::{BAD_KEYS, CONTROL};
use crate::world::{Person, Reply, World};
use serde_json::{Value, json};

const PROMOTE: &str = "/api/v1/projects/shop/services/api/promote";

async fn promote(w: &World, body: Value) -> Reply {
    w.post(PROMOTE, body).with(&w.keys.admin).await
}

#[tokio::test]
async fn what_is_no_key_is_refused_and_nothing_is_written() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    for key in BAD_KEYS {
        promote(&w, json!({ "to": "develop", "keys": ["config:PORT", key] })).await.invalid("keys");
        let named = format!("config:{key}");
        promote(&w, json!({ "to": "develop", "keys": [named], "dry_run": true })).await.invalid("keys");
    }
    let many: Vec<String> = (0..501).map(|n| format!("config:K{n}")).collect();
    for keys in [json!([]), json!(many)] {
        promote(&w, json!({ "to": "develop", "keys": keys })).await.invalid("keys");
    }
    assert_eq!(w.fingerprint().await, before);
}

#[tokio::test]
async fn fields_of_the_wrong_form_are_named() {
    let w = World::new().await;
    promote(&w, json!({ "keys": ["config:PORT"] })).await.invalid("to");
    promote(&w, json!({ "to": "develop" })).await.invalid("keys");
    promote(&w, json!({ "to": "develop", "keys": ["config:PORT"], "force": true })).await.invalid("force");
    for (field, value) in [
        ("keys", json!("config:PORT")),
        ("to", json!(["develop"])),
        ("dry_run", json!("yes")),
        ("expected_versions", json!([1])),
    ] {
        let mut body = json!({ "to": "develop", "keys": ["config:PORT"] });
        body[field] = value;
        promote(&w, body).await.is(400);
    }
    for text in CONTROL {
        let body = json!({ "to": "develop", "keys": ["config:PORT"], "description": text });
        promote(&w, body).await.invalid("description");
    }
}

#[tokio::test]
async fn places_that_are_none_answer_like_places_of_others() {
    let w = World::new().await;
    for to in ["nowhere", "", "../live", "live\0", "dev_dan", "ключ"] {
        let refused = promote(&w, json!({ "to": to, "keys": ["config:PORT"] })).await;
        assert!([400, 403].contains(&refused.status.as_u16()), "{to:?}: {}", refused.text());
    }
    promote(&w, json!({ "to": "live", "keys": ["config:PORT"] })).await.invalid("to");
    let body =
        json!({ "to": "develop", "keys": ["config:PORT"], "expected_versions": { "config:PORT": -7 } });
    promote(&w, body).await.refused(409, "conflict");
}

#[tokio::test]
async fn no_address_of_the_grid_is_an_error_of_the_server() {
    let w = World::new().await;
    for query in [
        "kind=nonsense&gaps&different",
        "service=..%2f..%2fetc&kind=secret",
        "service=frontend:api&kind=secret",
        "service=a:b:c",
        "service=%00&q=%25_%5c%27&cursor=%ff",
        "q=%3Cscript%3Ealert(1)%3C/script%3E&from=live&to=live&keys=%3Cb%3E",
        "from=live&to=nowhere&keys=PORT&keys=NO",
        "edit=PORT&in=live&base=-1",
    ] {
        let page = w.get(&format!("/t/acme/projects/shop/grid?{query}")).with(Person::Owner).await;
        assert!(page.status.as_u16() < 500, "{query}: {}", page.status);
        assert!(!page.text().contains("<script>alert") && !page.text().contains("<b>\""), "{query}");
    }
}
