//! Importing and exporting.

use crate::world::{Outcome, World};
use nexus_backend::secrets;
use nexus_domain::Code;
use nexus_domain::export::ExportFormat;
use nexus_domain::import::{ImportFormat, ImportReport, ImportRequest, ImportState};

both![
    a_dry_run_says_what_the_import_then_does,
    an_import_with_one_bad_key_writes_nothing,
    json_is_read_like_env,
    an_import_is_bounded,
    an_import_over_an_inherited_key_makes_an_override,
    what_is_exported_reads_back_unchanged,
    a_refused_import_shows_no_piece_of_a_value,
    an_import_fills_what_needs_a_value,
];

pub fn env(text: &str, dry_run: bool) -> ImportRequest {
    ImportRequest { format: ImportFormat::Env, text: text.into(), dry_run, description: None }
}

fn states(report: &ImportReport) -> Vec<(&str, ImportState)> {
    report.items.iter().map(|item| (item.key.as_str(), item.state)).collect()
}

async fn a_dry_run_says_what_the_import_then_does(w: &World) {
    let api = w.shop().await;
    w.write(&api, "SAME", "s").await;
    w.write(&api, "OTHER", "old").await;
    let text = "# comment\nexport NEW=n\nSAME='s'\nOTHER=\"new\"\n";
    let dry = secrets::import(&w.nexus, &w.owner, &api, env(text, true)).await.fine();
    let expected =
        [("NEW", ImportState::New), ("SAME", ImportState::Unchanged), ("OTHER", ImportState::Changed)];
    assert_eq!(states(&dry), expected);
    assert_eq!((dry.new, dry.changed, dry.unchanged, dry.invalid, dry.dry_run), (1, 1, 1, 0, true));
    assert_eq!(w.keys_listed(&api, crate::world::everything()).await, ["OTHER", "SAME"]);
    let before = w.events().await.len();
    let mut request = env(text, false);
    request.description = Some("from CI".into());
    let done = secrets::import(&w.nexus, &w.owner, &api, request).await.fine();
    assert_eq!(done, ImportReport { dry_run: false, ..dry });
    assert_eq!(w.events_after(before).await, ["secret.previewed", "secret.created", "secret.updated"]);
    assert_eq!(w.value(&api, "NEW").await, "n");
    assert_eq!(w.value(&api, "OTHER").await, "new");
    let rows = w.list(&api).await.data;
    assert_eq!(rows.iter().map(|r| r.version).collect::<Vec<_>>(), [1, 2, 1]);
    assert_eq!(rows[0].description, "from CI");
    let again = secrets::import(&w.nexus, &w.owner, &api, env(text, false)).await.fine();
    assert_eq!((again.new, again.changed, again.unchanged), (0, 0, 3));
}

async fn an_import_with_one_bad_key_writes_nothing(w: &World) {
    let api = w.shop().await;
    let text = "GOOD=1\n2BAD=x\nDOUBLE=1\nDOUBLE=2\nEMPTY=\nnonsense\n";
    let dry = secrets::import(&w.nexus, &w.owner, &api, env(text, true)).await.fine();
    assert_eq!((dry.new, dry.invalid), (1, 5));
    assert_eq!(dry.items.iter().map(|i| i.line).collect::<Vec<_>>(), (1..=6).map(Some).collect::<Vec<_>>());
    assert!(dry.items.iter().skip(1).all(|item| item.reason.is_some()));
    let refusal =
        secrets::import(&w.nexus, &w.owner, &api, env(text, false)).await.refused_as(Code::InvalidRequest);
    assert!(refusal.details.contains_key("keys"), "{refusal:?}");
    assert!(w.list(&api).await.data.is_empty());
    assert_eq!(w.number("SELECT COUNT(*) FROM entry_versions").await, 0);
}

async fn json_is_read_like_env(w: &World) {
    let api = w.shop().await;
    let text = r#"{"PORT": 8080, "DEBUG": true, "URL": "http://x", "NONE": null, "PORT": 1}"#;
    let request = ImportRequest { format: ImportFormat::Auto, ..env(text, true) };
    let dry = secrets::import(&w.nexus, &w.owner, &api, request).await.fine();
    assert_eq!((dry.new, dry.invalid), (2, 3), "{:?}", dry.items);
    let text = r#"{"PORT": 8080, "DEBUG": true, "URL": "line\nline"}"#;
    let request = ImportRequest { format: ImportFormat::Json, ..env(text, false) };
    secrets::import(&w.nexus, &w.owner, &api, request).await.fine();
    assert_eq!(w.value(&api, "PORT").await, "8080");
    assert_eq!(w.value(&api, "DEBUG").await, "true");
    assert_eq!(w.value(&api, "URL").await, "line\nline");
    let broken = ImportRequest { format: ImportFormat::Json, ..env("{", false) };
    assert!(secrets::import(&w.nexus, &w.owner, &api, broken).await.refused().field("text").is_some());
}

async fn an_import_is_bounded(w: &World) {
    let api = w.shop().await;
    let many = (0..1001).map(|n| format!("K{n}=v\n")).collect::<String>();
    secrets::import(&w.nexus, &w.owner, &api, env(&many, true)).await.refused_as(Code::InvalidRequest);
    let large = format!("A={}", "x".repeat(1024 * 1024));
    secrets::import(&w.nexus, &w.owner, &api, env(&large, true)).await.refused_as(Code::TooLarge);
    for nothing in ["", "# nothing", "\n\n"] {
        secrets::import(&w.nexus, &w.owner, &api, env(nothing, true)).await.refused_as(Code::InvalidRequest);
    }
    let long =
        secrets::import(&w.nexus, &w.owner, &api, env(&format!("A={}", "x".repeat(65_537)), true)).await;
    assert_eq!(long.fine().invalid, 1);
}

async fn an_import_over_an_inherited_key_makes_an_override(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "shared").await;
    let report = secrets::import(&w.nexus, &w.owner, &api, env("A=own", false)).await.fine();
    assert_eq!(report.new, 1);
    assert_eq!(w.value(&api, "A").await, "own");
    assert_eq!(w.value(&shared, "A").await, "shared");
}

async fn what_is_exported_reads_back_unchanged(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&api, "A", "it's \"quoted\" $HOME \\n").await;
    w.write(&api, "B", "line\nline\ttab #x").await;
    w.write(&shared, "C", " inherited ").await;
    w.without_value(&api, "D").await;
    w.without_value(&api, "C").await;
    let text = secrets::export(&w.nexus, &w.owner, &api, ExportFormat::Env).await.fine();
    assert!(text.contains("# D needs a value"), "{text}");
    let twin = w.service("shop", "staging", "api").await;
    secrets::import(&w.nexus, &w.owner, &twin, env(&text, false)).await.fine();
    for key in ["A", "B", "C"] {
        assert_eq!(w.value(&twin, key).await, w.value(&api, key).await, "{key}");
    }
    assert!(w.events().await.contains(&"secret.exported".to_owned()));
}

async fn a_refused_import_shows_no_piece_of_a_value(w: &World) {
    let api = w.shop().await;
    let text = "KEY=-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq/kiG9w0BAQEFAASCBKc=\npostgres://u:hunter2@h/db?x=1\n";
    let refusal = secrets::import(&w.nexus, &w.owner, &api, env(text, false)).await.refused();
    let said = format!("{refusal:?}");
    assert!(!said.contains("w0BAQEFAASCBKc") && !said.contains("hunter2"), "{said}");
}

async fn an_import_fills_what_needs_a_value(w: &World) {
    let api = w.shop().await;
    w.without_value(&api, "A").await;
    let report = secrets::import(&w.nexus, &w.owner, &api, env("A=filled", false)).await.fine();
    assert_eq!(report.changed, 1);
    let row = &w.list(&api).await.data[0];
    assert_eq!((row.version, row.needs_value), (1, false));
}
