//! The formats over REST: what they look like on the wire, and that they come back as unchanged.

use super::{CONFIGS, SECRETS, export_configs, export_secrets, import};
use crate::world::{Person, World};
use serde_json::{Value, json};

const FORMATS: [(&str, &str); 3] =
    [("env", "text/plain; charset=utf-8"), ("json", "application/json"), ("yaml", "application/yaml")];

/// A dry run of importing says that nothing would change.
async fn is_unchanged(w: &World, of: &str, text: &str, format: &str) {
    for said in [format, "auto"] {
        let body = json!({ "format": said, "text": text, "dry_run": true });
        let report = import(w, of, body).await.is(200).json();
        let counts = ["new", "changed", "invalid"].map(|name| report[name].clone());
        assert_eq!(counts, [json!(0), json!(0), json!(0)], "{format}: {report:#}\n{text}");
        assert_eq!(report["format"], *format);
    }
}

#[tokio::test]
async fn secrets_come_back_as_unchanged_in_every_format() {
    let w = World::new().await;
    let text = json!({
        "a.b": "dotted", "a_b": "underscored", "p:q-r": "it's\n\"all\" $(x) \\ `y`", "no": "NO",
        "pem": "-----BEGIN\r\nx\r\n-----END\r\n", "trail": " x ", "uni": "ж🔑\u{2028}",
    });
    import(&w, SECRETS, json!({ "text": text.to_string() })).await.is(200);
    for (format, kind) in FORMATS {
        let answer = export_secrets(&w, format).await.is(200);
        assert_eq!(answer.header("content-type"), Some(kind));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let name = format!("attachment; filename=\"api.live.{format}\"");
        assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
        is_unchanged(&w, SECRETS, &answer.text(), format).await;
    }
}

#[tokio::test]
async fn configs_come_back_as_unchanged_in_every_format() {
    let w = World::new().await;
    let text = r#"{"s":"it's {{config:n}} \"x\"","empty":"","n":1.50,"big":123456789012345678901234567890,"b":true,
        "j":{ "a" : [ 1, "\u0041", {"k":null} ] },"looks.like":"1.50","no":"NO"}"#;
    import(&w, CONFIGS, json!({ "text": text })).await.is(200);
    // JSON that is a string, a number or a boolean is not what it looks like.
    for (key, value) in [("js", json!("text")), ("jn", json!(5))] {
        let body = json!({ "key": key, "type": "json", "value": value });
        w.post(CONFIGS, body).with(&w.keys.admin).await.is(201);
    }
    for (format, kind) in FORMATS {
        let answer = export_configs(&w, format).await.is(200);
        assert_eq!(answer.header("content-type"), Some(kind));
        assert!(answer.text().contains("{{config:n}}"), "references stay: {}", answer.text());
        is_unchanged(&w, CONFIGS, &answer.text(), format).await;
    }
}

#[tokio::test]
async fn what_a_linked_service_inherits_is_in_its_export_and_imports_as_unchanged() {
    let w = World::new().await;
    let worker = "/api/v1/projects/shop/services/worker/secrets";
    let answer =
        w.post(&format!("{worker}:export"), json!({ "format": "yaml" })).with(&w.keys.admin).await.is(200);
    assert!(answer.text().contains("\"DB_URL\": "), "{}", answer.text());
    let text = answer.text();
    let report = import(&w, worker, json!({ "text": text, "dry_run": true })).await.is(200).json();
    assert_eq!((&report["new"], &report["changed"]), (&json!(0), &json!(0)), "{report}");
}

#[tokio::test]
async fn an_export_of_secrets_is_in_the_audit_log_without_a_value_and_one_of_configs_is_not() {
    let w = World::new().await;
    export_secrets(&w, "json").await.is(200);
    let before = w.get("/api/v1/audit?limit=5").with(&w.keys.admin).await.is(200).json();
    assert_eq!(before["data"][0]["event"], "secret.exported");
    assert_eq!(before["data"][0]["details"]["format"], "json");
    export_configs(&w, "env").await.is(200);
    let after = w.get("/api/v1/audit?limit=5").with(&w.keys.admin).await.is(200).json();
    assert_eq!(after["data"][0]["seq"], before["data"][0]["seq"]);
}

#[tokio::test]
async fn a_format_that_is_none_is_refused() {
    let w = World::new().await;
    export_secrets(&w, "xml").await.invalid("format");
    export_configs(&w, "auto").await.invalid("format");
    w.post(&format!("{SECRETS}:export"), json!({ "form": "env" })).with(&w.keys.admin).await.is(400);
    let page = "/t/acme/projects/shop/live/api/configs/export?format=xml";
    w.get(page).with(Person::Owner).await.redirects("/t/acme/projects/shop/live/api/configs");
}

#[tokio::test]
async fn the_console_downloads_configs_by_a_link() {
    let w = World::new().await;
    let page = "/t/acme/projects/shop/live/api/configs/export?format=yaml";
    let answer = w.get(page).with(Person::Viewer).await.is(200);
    assert_eq!(answer.header("content-type"), Some("application/yaml"));
    assert!(answer.text().contains("\"PORT\": "), "{}", answer.text());
    w.get(page).await.is(303);
}

#[tokio::test]
async fn keys_that_meet_as_variables_are_pointed_out() {
    let w = World::new().await;
    let text = "b.c: 1\nb-c: 2\nB_C: 3\nalone: 4\n";
    let report = import(&w, SECRETS, json!({ "text": text })).await.is(200).json();
    let reason = |n: usize| report["items"][n]["reason"].as_str().unwrap_or_default().to_owned();
    assert!(reason(0).starts_with("b-c, b.c would all be the environment variable b_c"), "{report}");
    assert!(reason(2).contains("differ only in case"), "{report}");
    assert_eq!(report["items"][3]["reason"], Value::Null);
    assert_eq!(report["items"][0]["line"], 1);
    // Those that are there already count.
    let report = import(&w, SECRETS, json!({ "text": "ALONE: 5", "dry_run": true })).await.is(200).json();
    assert!(report["items"][0]["reason"].as_str().is_some_and(|it| it.contains("ALONE, alone")), "{report}");
    let exported = export_secrets(&w, "env").await.text();
    assert!(exported.starts_with("# b-c, b.c would all be the environment variable b_c\n"), "{exported}");
}
