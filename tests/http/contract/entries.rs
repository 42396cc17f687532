//! What secrets, configs and flags have in common on the wire: versions that say who made them, a
//! deletion that expects a version, and a PATCH that is a merge.

use crate::world::World;
use serde_json::{Value, json};

const SERVICE: &str = "/api/v1/projects/shop/services/api";
const KINDS: [(&str, &str); 3] = [
    ("secrets", r#"{"key":"ENTRY","value":"one"}"#),
    ("configs", r#"{"key":"ENTRY","value":"one"}"#),
    ("flags", r#"{"key":"ENTRY","state":"on"}"#),
];

/// Makes an entry of each kind with a note and a tag, and a second version of it.
async fn two_versions(w: &World) {
    for (kind, body) in KINDS {
        let mut body: Value = serde_json::from_str(body).expect("JSON");
        w.post(&format!("{SERVICE}/{kind}"), body.clone()).with(&w.keys.admin).await.is(201);
        let notes = json!({ "note": "a note", "tags": ["net"] });
        w.ask("PATCH", &format!("{SERVICE}/{kind}/ENTRY")).json(notes).with(&w.keys.admin).await.is(200);
        body.as_object_mut().expect("an object").remove("key");
        w.post(&format!("{SERVICE}/{kind}/ENTRY/versions"), body).with(&w.keys.admin).await.is(201);
    }
}

#[tokio::test]
async fn a_version_says_who_made_it_when() {
    let w = World::new().await;
    two_versions(&w).await;
    for (kind, _) in KINDS {
        let versions = format!("{SERVICE}/{kind}/ENTRY/versions");
        let listed = w.get(&versions).with(&w.keys.admin).await.is(200).json()["data"].clone();
        for (n, row) in [(1, &listed[1]), (2, &listed[0])] {
            let one = w.get(&format!("{versions}/{n}")).with(&w.keys.admin).await.is(200).json();
            for field in ["version", "type", "active", "description", "created_at", "created_by"] {
                assert_eq!(one[field], row[field], "{kind} v{n}: {field}");
            }
            assert_eq!(one["active"], json!(n == 2));
            assert_eq!(one.get("updated_by"), None, "{kind}");
        }
    }
}

#[tokio::test]
async fn an_old_version_is_destroyed_only_where_the_active_one_is_as_expected() {
    let w = World::new().await;
    two_versions(&w).await;
    for (kind, _) in KINDS {
        let old = format!("{SERVICE}/{kind}/ENTRY/versions/1");
        let stale = w
            .ask("DELETE", &format!("{old}?expected_version=1"))
            .with(&w.keys.admin)
            .await
            .refused(409, "conflict");
        assert_eq!(stale.json()["details"]["current_version"], 2);
        w.ask("DELETE", &format!("{old}?expected_version=2")).with(&w.keys.admin).await.is(204);
    }
}

#[tokio::test]
async fn null_empties_what_may_be_empty_and_nothing_else() {
    let w = World::new().await;
    two_versions(&w).await;
    for (kind, _) in KINDS {
        let path = format!("{SERVICE}/{kind}/ENTRY");
        let patch = |body: Value| w.ask("PATCH", &path).json(body).with(&w.keys.admin);
        patch(json!({ "key": null })).await.invalid("key");
        let same = patch(json!({ "expected_version": null })).await.is(200).json();
        assert_eq!((&same["note"], &same["tags"]), (&json!("a note"), &json!(["net"])), "{kind}");
        let row = patch(json!({ "note": null, "tags": null })).await.is(200).json();
        assert_eq!((&row["note"], &row["tags"]), (&json!(""), &json!([])), "{kind}");
    }
    for (path, field) in [
        ("/api/v1/projects/shop", "name"),
        ("/api/v1/projects/shop", "tier"),
        (SERVICE, "name"),
        ("/api/v1/environments/live", "name"),
    ] {
        w.ask("PATCH", path).json(json!({ field: null })).with(&w.keys.admin).await.invalid(field);
    }
}

#[tokio::test]
async fn a_patch_is_taken_as_what_rfc_7396_calls_it_too() {
    let w = World::new().await;
    two_versions(&w).await;
    let kind = "application/merge-patch+json";
    let path = format!("{SERVICE}/configs/ENTRY");
    let body = r#"{"note":"merged"}"#;
    let row = w.ask("PATCH", &path).raw(kind, body).with(&w.keys.admin).await.is(200).json();
    assert_eq!(row["note"], "merged");
    let put = w.ask("PUT", &path).raw(kind, r#"{"value":1}"#).with(&w.keys.admin).await;
    put.refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_write_that_expects_what_is_not_there_is_told_so() {
    let w = World::new().await;
    let put = |key: &str, version: i64| {
        let body = json!({ "value": "x", "expected_version": version });
        w.ask("PUT", &format!("/v1/secrets/{key}")).json(body).with(&w.keys.sk_write)
    };
    let details = put("NOBODYS", 3).await.refused(409, "conflict").json()["details"].clone();
    assert_eq!(details, json!({ "current_version": 0, "updated_by": null, "updated_at": null }));
    put("NOBODYS", 0).await.is(201);
    w.ask("DELETE", "/v1/secrets/NOBODYS").with(&w.keys.sk_write).await.is(204);
    let details = put("NOBODYS", 1).await.refused(409, "conflict").json()["details"].clone();
    assert_eq!(details["current_version"], 0);
    assert!(details["updated_by"].is_string() && details["updated_at"].is_string(), "{details}");
}

#[tokio::test]
async fn numbers_with_an_exponent_stay_numbers_in_yaml() {
    let w = World::new().await;
    let text = r#"{"N1": 1e5, "N2": 12e03, "J": {"a": [1E-400, 2.5e3]}}"#;
    let import = |format: &str, text: &str, dry_run: bool| {
        let body = json!({ "format": format, "text": text, "dry_run": dry_run });
        w.post(&format!("{SERVICE}/configs:import"), body).with(&w.keys.admin)
    };
    import("json", text, false).await.is(200);
    let yaml =
        w.get(&format!("{SERVICE}/configs:export?format=yaml")).with(&w.keys.admin).await.is(200).text();
    for line in ["\"N1\": 1.0e+5\n", "\"N2\": 12.0e+03\n", "\"J\": {\"a\": [1.0e-400, 2.5e+3]}\n"] {
        assert!(yaml.contains(line), "{yaml}");
    }
    let again = import("yaml", &yaml, true).await.is(200).json();
    assert_eq!((&again["new"], &again["changed"], &again["invalid"]), (&json!(0), &json!(0), &json!(0)));
}
