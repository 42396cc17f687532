//! Making, changing, deleting and bringing back.

use crate::world::{Outcome, World, everything, new_secret, new_version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_backend::{entries, projects, secrets};
use nexus_domain::Code;
use nexus_domain::export::ExportFormat;
use nexus_domain::project::ProjectPatch;
use nexus_domain::role::ProjectRole;
use nexus_domain::secret::{NewSecret, SecretPatch, SecretType};
use nexus_domain::timestamp::DAY_MICROS;

both![
    a_secret_is_made_with_its_first_version,
    a_key_is_taken_once_and_cases_differ,
    a_bad_key_is_refused_at_its_field,
    a_frontend_has_no_secrets_on_any_way,
    a_file_comes_back_byte_for_byte,
    a_text_is_kept_as_it_was_written,
    a_rename_keeps_history_and_encrypts_nothing_again,
    a_rename_to_a_taken_key_is_refused,
    note_and_tags_are_replaced,
    a_patch_that_changes_nothing_leaves_no_trace,
    the_second_editor_learns_who_was_first,
    a_deleted_key_is_free_at_once,
    a_deleted_secret_comes_back_with_its_history,
    several_are_deleted_and_brought_back_together_or_not_at_all,
    undelete_is_a_conflict_where_the_key_is_taken,
    undelete_brings_the_newest_of_its_key,
    any_of_many_deleted_secrets_comes_back,
    a_deletion_is_final_after_the_days_of_the_project,
    a_missing_secret_answers_alike_everywhere,
];

async fn a_secret_is_made_with_its_first_version(w: &World) {
    let api = w.shop().await;
    let new = NewSecret {
        description: Some(" first ".into()),
        note: Some("line one\nline two".into()),
        tags: Some(vec!["db".into(), " db".into(), "prod ☂".into(), String::new()]),
        ..new_secret("DATABASE_URL", "postgres://db")
    };
    let row = secrets::create(&w.nexus, &w.owner, &api, new).await.fine();
    assert_eq!((row.key.as_str(), row.version, row.kind), ("DATABASE_URL", 1, SecretType::Text));
    assert_eq!((row.description.as_str(), row.note.as_str()), ("first", "line one\nline two"));
    assert_eq!((row.tags.clone(), row.size), (vec!["db".to_owned(), "prod ☂".to_owned()], 13));
    assert_eq!((row.updated_by.as_str(), row.updated_at), ("ana@acme.test", w.now()));
    assert_eq!((row.inherited_from.clone(), row.overrides.clone(), row.needs_value), (None, None, false));
    assert_eq!(w.list(&api).await.data, [row]);
    let value = secrets::reveal(&w.nexus, &w.owner, &api, "DATABASE_URL", None).await.fine();
    assert_eq!((value.value.as_deref(), value.version), (Some("postgres://db"), 1));
    assert_eq!(value.tags, ["db", "prod ☂"]);
}

async fn a_key_is_taken_once_and_cases_differ(w: &World) {
    let api = w.shop().await;
    assert_eq!(w.write(&api, "Token", "1").await.warning, None);
    let again = secrets::create(&w.nexus, &w.owner, &api, new_secret("Token", "2")).await;
    assert!(again.refused_as(Code::Conflict).field("key").is_some());
    let twin = w.write(&api, "TOKEN", "3").await;
    assert!(twin.warning.expect("a warning").starts_with("Token "));
    assert_eq!(w.value(&api, "Token").await, "1");
    assert_eq!(w.value(&api, "TOKEN").await, "3");
    let patch = SecretPatch { key: Some("token".into()), ..SecretPatch::default() };
    let renamed = secrets::patch(&w.nexus, &w.owner, &api, "TOKEN", patch).await.fine();
    assert!(renamed.warning.is_some());
}

async fn a_bad_key_is_refused_at_its_field(w: &World) {
    let api = w.shop().await;
    for bad in ["", "1A", "_A", "A_", "A B", "A\0", "ключ", "A/B", "{{x}}", &"a".repeat(257)] {
        let outcome = secrets::create(&w.nexus, &w.owner, &api, new_secret(bad, "value")).await;
        assert!(outcome.refused_as(Code::InvalidRequest).field("key").is_some(), "{bad:?}");
    }
    w.write(&api, &"a".repeat(256), "value").await;
    w.write(&api, "a.b:c-d_e9", "value").await;
}

async fn a_frontend_has_no_secrets_on_any_way(w: &World) {
    w.project("shop").await;
    let front = w.frontend("shop", "live", "web").await;
    let (n, o) = (&w.nexus, &w.owner);
    let mismatch = Code::ServiceKindMismatch;
    secrets::create(n, o, &front, new_secret("A", "a")).await.refused_as(mismatch);
    secrets::list(n, o, &front, crate::world::everything()).await.refused_as(mismatch);
    secrets::counts(n, o, &front).await.refused_as(mismatch);
    secrets::row(n, o, &front, "A").await.refused_as(mismatch);
    secrets::reveal(n, o, &front, "A", None).await.refused_as(mismatch);
    secrets::add_version(n, o, &front, "A", new_version("a")).await.refused_as(mismatch);
    secrets::patch(n, o, &front, "A", SecretPatch::default()).await.refused_as(mismatch);
    secrets::delete(n, o, &front, "A", None).await.refused_as(mismatch);
    secrets::deleted(n, o, &front).await.refused_as(mismatch);
    secrets::undelete(n, o, &front, "A").await.refused_as(mismatch);
    secrets::history(n, o, &front, "A").await.refused_as(mismatch);
    secrets::restore(n, o, &front, "A", 1, None).await.refused_as(mismatch);
    secrets::destroy(n, o, &front, "A", 1, None).await.refused_as(mismatch);
    secrets::diff(n, o, &front, "A", 1, 2).await.refused_as(mismatch);
    secrets::export(n, o, &front, ExportFormat::Env).await.refused_as(mismatch);
    secrets::uses(n, o, &front, "A").await.refused_as(mismatch);
    secrets::import(n, o, &front, super::import::env("A=1", true)).await.refused_as(mismatch);
}

async fn a_file_comes_back_byte_for_byte(w: &World) {
    let api = w.shop().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(1024 * 1024).collect();
    let base64 = STANDARD.encode(&bytes);
    let new = NewSecret { key: "CERT".into(), value_base64: Some(base64.clone()), ..NewSecret::default() };
    let row = secrets::create(&w.nexus, &w.owner, &api, new).await.fine();
    assert_eq!((row.kind, row.size), (SecretType::File, 1024 * 1024));
    let value = secrets::reveal(&w.nexus, &w.owner, &api, "CERT", None).await.fine();
    assert_eq!((value.value, value.value_base64), (None, Some(base64)));
}

async fn a_text_is_kept_as_it_was_written(w: &World) {
    let api = w.shop().await;
    for (key, text) in
        [("A", " leading and trailing \n"), ("B", "ключ 🔑 \u{202e}"), ("C", "{{secret:A}}"), ("D", "'\"\\$")]
    {
        w.write(&api, key, text).await;
        assert_eq!(w.value(&api, key).await, text);
    }
}

async fn a_rename_keeps_history_and_encrypts_nothing_again(w: &World) {
    let api = w.shop().await;
    w.write(&api, "OLD", "1").await;
    w.rewrite(&api, "OLD", "2").await;
    let sealed = w.sealed().await;
    let patch = SecretPatch { key: Some("NEW".into()), expected_version: Some(2), ..SecretPatch::default() };
    let row = secrets::patch(&w.nexus, &w.owner, &api, "OLD", patch).await.fine();
    assert_eq!((row.key.as_str(), row.version), ("NEW", 2));
    assert_eq!(w.sealed().await, sealed, "not one byte of a ciphertext has changed");
    assert_eq!(secrets::history(&w.nexus, &w.owner, &api, "NEW").await.fine().len(), 2);
    assert_eq!(w.value(&api, "NEW").await, "2");
    secrets::reveal(&w.nexus, &w.owner, &api, "OLD", None).await.refused_as(Code::NotFound);
}

async fn a_rename_to_a_taken_key_is_refused(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    w.write(&api, "B", "2").await;
    for (to, code) in [("B", Code::Conflict), ("_", Code::InvalidRequest)] {
        let patch = SecretPatch { key: Some(to.into()), ..SecretPatch::default() };
        let refusal = secrets::patch(&w.nexus, &w.owner, &api, "A", patch).await.refused_as(code);
        assert!(refusal.field("key").is_some());
    }
    assert_eq!(w.value(&api, "A").await, "1");
}

async fn note_and_tags_are_replaced(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let patch = SecretPatch {
        note: Some("why".into()),
        tags: Some(vec!["x".into(), "y".into()]),
        ..SecretPatch::default()
    };
    let row = secrets::patch(&w.nexus, &w.owner, &api, "A", patch).await.fine();
    assert_eq!((row.note.as_str(), row.tags.len(), row.version), ("why", 2, 1));
    let bad = [
        SecretPatch { note: Some("x".repeat(2001)), ..SecretPatch::default() },
        SecretPatch { tags: Some(vec!["x".repeat(41)]), ..SecretPatch::default() },
        SecretPatch { tags: Some((0..21).map(|n| n.to_string()).collect()), ..SecretPatch::default() },
        SecretPatch { tags: Some(vec!["a\nb".into()]), ..SecretPatch::default() },
    ];
    for patch in bad {
        secrets::patch(&w.nexus, &w.owner, &api, "A", patch).await.refused_as(Code::InvalidRequest);
    }
}

async fn a_patch_that_changes_nothing_leaves_no_trace(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let before = w.events().await.len();
    let same = SecretPatch { key: Some("A".into()), note: Some(String::new()), ..SecretPatch::default() };
    secrets::patch(&w.nexus, &w.owner, &api, "A", same).await.fine();
    assert_eq!(w.events().await.len(), before);
}

async fn the_second_editor_learns_who_was_first(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    w.pass(7);
    let manager = w.member("shop", nexus_domain::role::ProjectRole::Manager).await;
    secrets::add_version(&w.nexus, &manager, &api, "A", new_version("2")).await.fine();
    let first = w.now();
    w.pass(5);
    let mut late = new_version("mine");
    late.expected_version = Some(1);
    let patch = SecretPatch { note: Some("n".into()), expected_version: Some(1), ..SecretPatch::default() };
    let (n, o) = (&w.nexus, &w.owner);
    let lost = [
        secrets::add_version(n, o, &api, "A", late).await.refused_as(Code::Conflict),
        secrets::patch(n, o, &api, "A", patch).await.refused_as(Code::Conflict),
        secrets::delete(n, o, &api, "A", Some(1)).await.refused_as(Code::Conflict),
        secrets::restore(n, o, &api, "A", 1, Some(1)).await.refused_as(Code::Conflict),
    ];
    for refusal in lost {
        let lost = refusal.lost_race().expect("who was first");
        assert_eq!((lost.current_version, lost.updated_by.as_str()), (2, "manager@acme.test"));
        assert_eq!(lost.updated_at, first);
    }
    assert_eq!(w.value(&api, "A").await, "2");
}

async fn a_deleted_key_is_free_at_once(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "old").await;
    w.rewrite(&api, "A", "old 2").await;
    secrets::delete(&w.nexus, &w.owner, &api, "A", Some(2)).await.fine();
    secrets::reveal(&w.nexus, &w.owner, &api, "A", None).await.refused_as(Code::NotFound);
    assert_eq!(w.write(&api, "A", "new").await.version, 1, "it is another secret");
    assert_eq!(w.value(&api, "A").await, "new");
    assert_eq!(secrets::history(&w.nexus, &w.owner, &api, "A").await.fine().len(), 1);
}

async fn a_deleted_secret_comes_back_with_its_history(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    w.rewrite(&api, "A", "2").await;
    secrets::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
    let deleted = secrets::deleted(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!((deleted.len(), deleted[0].key.as_str(), deleted[0].version), (1, "A", 2));
    assert_eq!(deleted[0].final_at, w.now().plus(30 * DAY_MICROS));
    assert_eq!(secrets::undelete(&w.nexus, &w.owner, &api, "A").await.fine().version, 2);
    assert_eq!(w.value(&api, "A").await, "2");
    assert!(secrets::deleted(&w.nexus, &w.owner, &api).await.fine().is_empty());
    assert_eq!(w.rewrite(&api, "A", "3").await.version, 3);
}

async fn undelete_is_a_conflict_where_the_key_is_taken(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "old").await;
    secrets::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
    w.write(&api, "A", "new").await;
    let refusal = secrets::undelete(&w.nexus, &w.owner, &api, "A").await.refused_as(Code::Conflict);
    assert!(refusal.field("key").is_some());
    assert_eq!(w.value(&api, "A").await, "new");
}

async fn undelete_brings_the_newest_of_its_key(w: &World) {
    let api = w.shop().await;
    for value in ["first", "second"] {
        w.write(&api, "A", value).await;
        secrets::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
        w.pass(1);
    }
    secrets::undelete(&w.nexus, &w.owner, &api, "A").await.fine();
    assert_eq!(w.value(&api, "A").await, "second");
}

async fn any_of_many_deleted_secrets_comes_back(w: &World) {
    let api = w.shop().await;
    w.write(&api, "FIRST", "kept").await;
    secrets::delete(&w.nexus, &w.owner, &api, "FIRST", None).await.fine();
    w.pass(1);
    let many = (0..300).map(|n| format!("K{n}=v\n")).collect::<String>();
    secrets::import(&w.nexus, &w.owner, &api, super::import::env(&many, false)).await.fine();
    let (at, end) = (w.now().0, w.now().plus(30 * DAY_MICROS).0);
    w.execute(&format!(
        "UPDATE entries SET deleted_at = {at}, deleted_by = 'x', final_at = {end} WHERE deleted_at IS NULL"
    ))
    .await;
    secrets::undelete(&w.nexus, &w.owner, &api, "FIRST").await.fine();
    assert_eq!(secrets::deleted(&w.nexus, &w.owner, &api).await.fine().len(), 300);
}

async fn a_deletion_is_final_after_the_days_of_the_project(w: &World) {
    let api = w.shop().await;
    let patch = ProjectPatch { undelete_days: Some(7), ..ProjectPatch::default() };
    projects::update(&w.nexus, &w.owner, "shop", patch).await.fine();
    w.write(&api, "A", "1").await;
    w.write(&api, "STAYS", "1").await;
    secrets::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
    w.pass(7 * DAY_MICROS - 1);
    entries::purge(&w.nexus).await.fine();
    assert_eq!(secrets::deleted(&w.nexus, &w.owner, &api).await.fine().len(), 1);
    w.pass(1);
    secrets::undelete(&w.nexus, &w.owner, &api, "A").await.refused_as(Code::NotFound);
    entries::purge(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM entries").await, 1);
    assert_eq!(w.number("SELECT COUNT(*) FROM entry_versions").await, 1, "its sealed values are gone");
}

async fn a_missing_secret_answers_alike_everywhere(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    for key in ["MISSING", "a\0b", "", "ключ", "%"] {
        let not_found = Code::NotFound;
        secrets::reveal(n, o, &api, key, None).await.refused_as(not_found);
        secrets::row(n, o, &api, key).await.refused_as(not_found);
        secrets::history(n, o, &api, key).await.refused_as(not_found);
        secrets::diff(n, o, &api, key, 1, 2).await.refused_as(not_found);
        secrets::add_version(n, o, &api, key, new_version("x")).await.refused_as(not_found);
        secrets::patch(n, o, &api, key, SecretPatch::default()).await.refused_as(not_found);
        secrets::delete(n, o, &api, key, None).await.refused_as(not_found);
        secrets::undelete(n, o, &api, key).await.refused_as(not_found);
        secrets::restore(n, o, &api, key, 1, None).await.refused_as(not_found);
        secrets::destroy(n, o, &api, key, 1, None).await.refused_as(not_found);
    }
}

async fn several_are_deleted_and_brought_back_together_or_not_at_all(w: &World) {
    let api = w.shop().await;
    for key in ["A", "B", "C"] {
        w.write(&api, key, key).await;
    }
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let before = w.events().await.len();
    let asked = keys(&["A", "B", "GONE"]);
    let deleted = secrets::delete_several(&w.nexus, &w.owner, &api, asked).await.fine();
    assert_eq!(deleted, ["A", "B"], "what is gone already is left out");
    assert_eq!(w.events_after(before).await, ["secret.deleted", "secret.deleted"]);
    w.write(&api, "B", "another").await;
    let before = w.events().await.len();
    secrets::undelete_several(&w.nexus, &w.owner, &api, deleted).await.refused_as(Code::Conflict);
    assert_eq!(w.events().await.len(), before);
    assert_eq!(w.keys_listed(&api, everything()).await, ["B", "C"], "B is taken, so that A stays away too");
    secrets::undelete_several(&w.nexus, &w.owner, &api, keys(&["A"])).await.fine();
    assert_eq!(w.keys_listed(&api, everything()).await, ["A", "B", "C"]);
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    secrets::delete_several(&w.nexus, &viewer, &api, keys(&["A"])).await.refused_as(Code::Forbidden);
}
