//! What programs read and write with a service key.

use crate::world::{Outcome, World, everything, new_version, path};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_backend::gate::Actor;
use nexus_backend::snapshot::{self, Answer, Unless};
use nexus_backend::{Nexus, configs, keys, secrets, services};
use nexus_domain::Code;
use nexus_domain::keys::{Access, RotateRequest, Slot};
use nexus_domain::secret::{NewSecret, NewSecretVersion, SecretPatch};
use nexus_domain::service::ServicePath;
use nexus_domain::timestamp::HOUR;
use serde_json::{Value, json};

both![
    a_snapshot_holds_own_and_inherited_secrets,
    the_etag_stays_until_something_changes,
    every_change_that_programs_see_raises_the_revision,
    what_programs_do_not_see_leaves_the_revision,
    a_frontend_gets_no_secrets,
    large_files_stand_by_their_hash_and_small_ones_whole,
    what_needs_a_value_is_listed_as_an_error,
    the_first_read_is_audited_and_repeats_are_counted,
    counted_reads_survive_a_failed_flush,
    an_answer_of_nothing_new_is_not_a_read,
    other_actors_have_no_snapshot,
    another_process_sees_a_change,
    one_secret_is_read_by_its_key,
    who_has_a_secret_or_config_already_is_shown_none_of_it,
    what_cannot_be_read_is_left_out_and_named_and_takes_nothing_else,
    a_reading_key_changes_nothing,
    a_writing_key_makes_changes_and_deletes_own_secrets,
    a_writing_key_overrides_and_never_touches_the_umbrella,
    a_lost_race_of_a_program_names_the_winner,
    a_public_key_never_reads_a_secret,
    an_audit_log_that_cannot_be_written_stops_secrets,
];

async fn fetch(nexus: &Nexus, actor: &Actor, etag: Option<&str>) -> (String, Option<Value>) {
    match snapshot::sync(nexus, actor, etag).await.fine() {
        Answer::NotModified { etag } => (etag, None),
        Answer::Fresh { etag, body } => (etag, Some(serde_json::from_slice(&body).expect("JSON"))),
    }
}

pub async fn snapshot(w: &World, actor: &Actor) -> Value {
    fetch(&w.nexus, actor, None).await.1.expect("a snapshot")
}

async fn a_snapshot_holds_own_and_inherited_secrets(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "shared").await;
    w.write(&shared, "B", "hidden").await;
    w.write(&api, "B", "own").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let answer = snapshot(w, &key).await;
    let revision = services::get(&w.nexus, &w.owner, &api).await.fine().revision;
    assert_eq!(
        answer,
        json!({ "service": "api", "kind": "backend", "environment": "live", "revision": revision,
            "secrets": {
                "A": { "type": "text", "value": "shared", "version": 1, "inherited": true },
                "B": { "type": "text", "value": "own", "version": 1, "inherited": false } },
            "configs": {}, "flags": {}, "errors": [] })
    );
}

async fn the_etag_stays_until_something_changes(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&api, "A", "1").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (etag, _) = fetch(&w.nexus, &key, None).await;
    assert_eq!(fetch(&w.nexus, &key, Some(&etag)).await, (etag.clone(), None));
    assert_eq!(fetch(&w.nexus, &key, Some("W/\"x\", *")).await.1, None);
    assert!(fetch(&w.nexus, &key, Some("\"r0\"")).await.1.is_some());
    w.rewrite(&api, "A", "2").await;
    let (newer, body) = fetch(&w.nexus, &key, Some(&etag)).await;
    assert_ne!(newer, etag);
    assert_eq!(body.expect("a new one")["secrets"]["A"]["value"], "2");
    w.write(&shared, "B", "b").await;
    let (newest, body) = fetch(&w.nexus, &key, Some(&newer)).await;
    assert_ne!(newest, newer);
    assert_eq!(body.expect("a new one")["secrets"]["B"]["inherited"], true);
}

async fn every_change_that_programs_see_raises_the_revision(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let (_, key) = w.service_key(&api, Access::ReadWrite).await;
    let (n, o) = (&w.nexus, &w.owner);
    let mut last = fetch(n, &key, None).await.0;
    let mut changed = async |what: &str| {
        let (etag, body) = fetch(n, &key, Some(&last)).await;
        assert!(body.is_some() && etag != last, "{what}");
        last = etag;
    };
    for path in [&api, &shared] {
        w.write(path, "A", "1").await;
        changed("create").await;
        w.rewrite(path, "A", "2").await;
        changed("new version").await;
        secrets::restore(n, o, path, "A", 1, None).await.fine();
        changed("restore").await;
        let patch = SecretPatch { key: Some("B".into()), ..SecretPatch::default() };
        secrets::patch(n, o, path, "A", patch).await.fine();
        changed("rename").await;
        secrets::delete(n, o, path, "B", None).await.fine();
        changed("delete").await;
        secrets::undelete(n, o, path, "B").await.fine();
        changed("undelete").await;
        secrets::import(n, o, path, crate::secrets::env("C=3", false)).await.fine();
        changed("import").await;
    }
    services::unlink(n, o, &api).await.fine();
    changed("unlink").await;
    services::link(n, o, &api, "shared").await.fine();
    changed("link").await;
    snapshot::put(n, &key, "D", new_version("4")).await.fine();
    changed("put").await;
    snapshot::delete(n, &key, "D", None).await.fine();
    changed("delete by a program").await;
}

async fn what_programs_do_not_see_leaves_the_revision(w: &World) {
    let api = w.shop().await;
    let worker = w.service("shop", "live", "worker").await;
    w.write(&api, "A", "1").await;
    w.rewrite(&api, "A", "2").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (etag, _) = fetch(&w.nexus, &key, None).await;
    let patch = SecretPatch { note: Some("n".into()), ..SecretPatch::default() };
    secrets::patch(&w.nexus, &w.owner, &api, "A", patch).await.fine();
    secrets::destroy(&w.nexus, &w.owner, &api, "A", 1, None).await.fine();
    w.value(&api, "A").await;
    w.write(&worker, "B", "b").await;
    assert_eq!(fetch(&w.nexus, &key, Some(&etag)).await, (etag, None));
}

async fn a_frontend_gets_no_secrets(w: &World) {
    w.project("shop").await;
    let web = w.frontend("shop", "live", "web").await;
    let (_, key) = w.service_key(&web, Access::Read).await;
    let before = w.events().await.len();
    let answer = snapshot(w, &key).await;
    assert_eq!((answer.get("secrets"), &answer["kind"]), (None, &json!("frontend")));
    assert_eq!(w.events().await.len(), before, "it reads no secret");
}

fn file(size: usize) -> NewSecret {
    let key = format!("F{size}");
    NewSecret { key, value_base64: Some(STANDARD.encode(vec![7; size])), ..NewSecret::default() }
}

async fn large_files_stand_by_their_hash_and_small_ones_whole(w: &World) {
    let api = w.shop().await;
    for size in [65_536, 65_537] {
        secrets::create(&w.nexus, &w.owner, &api, file(size)).await.fine();
    }
    let (_, key) = w.service_key(&api, Access::Read).await;
    let answer = snapshot(w, &key).await;
    let (small, large) = (&answer["secrets"]["F65536"], &answer["secrets"]["F65537"]);
    assert_eq!(small["value_base64"].as_str().map(str::len), Some(87_384));
    assert_eq!((large.get("value_base64"), &large["size"]), (None, &json!(65_537)));
    let hash = <sha2::Sha256 as sha2::Digest>::digest(vec![7; 65_537]);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(large["sha256"], json!(hex));
    let one = snapshot::get(&w.nexus, &key, "F65537").await.fine().secret;
    assert_eq!(one.value_base64, Some(STANDARD.encode(vec![7; 65_537])));
}

async fn what_needs_a_value_is_listed_as_an_error(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.without_value(&api, "A").await;
    w.without_value(&api, "B").await;
    w.write(&shared, "B", "shared").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let answer = snapshot(w, &key).await;
    assert_eq!(
        answer["secrets"],
        json!({ "B": { "type": "text", "value": "shared", "version": 1, "inherited": true } })
    );
    let error = |key: &str| json!({ "key": key, "kind": "secret", "code": "needs_value" });
    assert_eq!(answer["errors"], json!([error("A"), error("B")]));
    let refusal = snapshot::get(&w.nexus, &key, "A").await.map(|_| ()).refused_as(Code::NotFound);
    assert_eq!(refusal.details.get("reason"), Some(&json!("needs_value")));
    snapshot::get(&w.nexus, &key, "B").await.fine();
}

async fn the_first_read_is_audited_and_repeats_are_counted(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (_, other) = w.service_key(&api, Access::ReadWrite).await;
    let before = w.events().await.len();
    for _ in 0..5 {
        snapshot(w, &key).await;
    }
    assert_eq!(w.events_after(before).await, ["secret.sync"]);
    snapshot(w, &other).await;
    assert_eq!(w.events_after(before).await.len(), 2, "another reader");
    w.rewrite(&api, "A", "2").await;
    snapshot(w, &key).await;
    assert_eq!(w.events_after(before).await.len(), 4, "another revision");
    w.pass(HOUR);
    snapshot(w, &key).await;
    assert_eq!(w.events_after(before).await.len(), 5, "another hour");
    assert_eq!(w.number("SELECT COUNT(*) FROM read_counts").await, 0);
    snapshot::flush(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM read_counts").await, 4);
    assert_eq!(w.number("SELECT MAX(reads) FROM read_counts").await, 5);
    snapshot(w, &key).await;
    snapshot::flush(&w.nexus).await.fine();
    snapshot::flush(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT CAST(SUM(reads) AS BIGINT) FROM read_counts").await, 9);
    assert_eq!(w.events_after(before).await.len(), 5, "the hour's row is there");
    let service = services::get(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(service.synced_at, Some(w.now()));
    let uses = secrets::uses(&w.nexus, &w.owner, &api, "A").await.fine();
    assert_eq!(uses.last_read_by.as_deref(), Some(key.label()));
}

async fn counted_reads_survive_a_failed_flush(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    snapshot(w, &key).await;
    snapshot(w, &key).await;
    w.execute("ALTER TABLE read_counts RENAME TO gone").await;
    assert!(snapshot::flush(&w.nexus).await.is_err());
    w.execute("ALTER TABLE gone RENAME TO read_counts").await;
    snapshot::flush(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT reads FROM read_counts").await, 2);
}

async fn an_answer_of_nothing_new_is_not_a_read(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let before = w.events().await.len();
    fetch(&w.nexus, &key, Some("*")).await;
    assert_eq!(w.events().await.len(), before);
}

async fn other_actors_have_no_snapshot(w: &World) {
    let api = w.shop().await;
    let (_, nx) = w.environment_key("live", &[nexus_domain::role::Scope::AdminAll]).await;
    let (_, key) = w.service_key(&api, Access::ReadWrite).await;
    for actor in [&w.owner, &w.operator, &nx] {
        snapshot::sync(&w.nexus, actor, None).await.map(|_| ()).refused_as(Code::NotFound);
        snapshot::get(&w.nexus, actor, "A").await.map(|_| ()).refused_as(Code::NotFound);
        snapshot::put(&w.nexus, actor, "A", new_version("x")).await.refused_as(Code::NotFound);
        snapshot::delete(&w.nexus, actor, "A", None).await.refused_as(Code::NotFound);
    }
    services::get(&w.nexus, &key, &api).await.refused_as(Code::NotFound);
    secrets::list(&w.nexus, &key, &api, crate::world::everything()).await.refused_as(Code::NotFound);
    secrets::reveal(&w.nexus, &key, &api, "A", None).await.refused_as(Code::NotFound);
}

async fn another_process_sees_a_change(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let (text, _) = w.service_key(&api, Access::Read).await;
    let other = w.another_process().await;
    let there = nexus_backend::credentials::authenticate(&other, &text, None).await.expect("valid").actor;
    let (etag, _) = fetch(&other, &there, None).await;
    w.rewrite(&api, "A", "2").await;
    other.follow().await.fine();
    assert_eq!(fetch(&other, &there, Some(&etag)).await.1.expect("new")["secrets"]["A"]["value"], "2");
    other.db.close().await;
}

async fn one_secret_is_read_by_its_key(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "shared").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let one = snapshot::get(&w.nexus, &key, "A").await.fine();
    assert_eq!(
        (one.secret.value.as_deref(), one.secret.inherited, one.secret.version),
        (Some("shared"), true, 1)
    );
    assert_eq!(one.secret.key.as_deref(), Some("A"));
    let again = snapshot::get(&w.nexus, &key, "A").await.fine();
    assert_eq!(again.etag, one.etag);
    w.write(&api, "A", "own").await;
    let own = snapshot::get(&w.nexus, &key, "A").await.fine();
    assert_eq!((own.secret.value.as_deref(), own.secret.inherited), (Some("own"), false));
    assert_ne!(own.etag, one.etag, "another secret at the same version");
    for missing in ["MISSING", "", "a\0b"] {
        snapshot::get(&w.nexus, &key, missing).await.map(|_| ()).refused_as(Code::NotFound);
    }
    assert!(w.events().await.contains(&"secret.get_by_key".to_owned()));
}

async fn a_reading_key_changes_nothing(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    for name in ["A", "NEW"] {
        snapshot::put(&w.nexus, &key, name, new_version("x")).await.refused_as(Code::Forbidden);
        snapshot::delete(&w.nexus, &key, name, None).await.refused_as(Code::Forbidden);
    }
    assert_eq!(w.value(&api, "A").await, "1");
    let mut denied = w.events().await.into_iter().filter(|e| e.ends_with("denied")).collect::<Vec<_>>();
    denied.sort();
    assert_eq!(denied, ["secret.deleted denied", "secret.updated denied"]);
}

async fn a_writing_key_makes_changes_and_deletes_own_secrets(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::ReadWrite).await;
    assert_eq!(snapshot::put(&w.nexus, &key, "A", new_version("1")).await.fine(), (true, 1));
    assert_eq!(snapshot::put(&w.nexus, &key, "A", new_version("2")).await.fine(), (false, 2));
    assert_eq!(w.value(&api, "A").await, "2");
    assert_eq!(w.list(&api).await.data[0].updated_by, key.label());
    snapshot::put(&w.nexus, &key, "_bad", new_version("x")).await.refused_as(Code::InvalidRequest);
    snapshot::put(&w.nexus, &key, "A", NewSecretVersion::default()).await.refused_as(Code::InvalidRequest);
    snapshot::delete(&w.nexus, &key, "A", None).await.fine();
    snapshot::delete(&w.nexus, &key, "A", None).await.refused_as(Code::NotFound);
    assert!(w.list(&api).await.data.is_empty());
    w.without_value(&api, "B").await;
    assert_eq!(snapshot::put(&w.nexus, &key, "B", new_version("first")).await.fine(), (false, 1));
}

async fn a_writing_key_overrides_and_never_touches_the_umbrella(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "shared").await;
    let (_, key) = w.service_key(&api, Access::ReadWrite).await;
    snapshot::delete(&w.nexus, &key, "A", None).await.refused_as(Code::NotFound);
    assert_eq!(snapshot::put(&w.nexus, &key, "A", new_version("own")).await.fine(), (true, 1));
    assert_eq!(w.value(&shared, "A").await, "shared");
    snapshot::delete(&w.nexus, &key, "A", None).await.fine();
    assert_eq!(w.value(&api, "A").await, "shared");
}

async fn a_lost_race_of_a_program_names_the_winner(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::ReadWrite).await;
    w.write(&api, "A", "1").await;
    let from = |version| NewSecretVersion { expected_version: Some(version), ..new_version("mine") };
    let lost = snapshot::put(&w.nexus, &key, "A", from(7)).await.refused_as(Code::Conflict).lost_race();
    assert_eq!(lost.expect("details").updated_by, "ana@acme.test");
    snapshot::delete(&w.nexus, &key, "A", Some(2)).await.refused_as(Code::Conflict);
    snapshot::put(&w.nexus, &key, "NEW", from(1)).await.refused_as(Code::Conflict);
    snapshot::put(&w.nexus, &key, "NEW", from(0)).await.fine();
    snapshot::put(&w.nexus, &key, "A", from(1)).await.fine();
}

async fn a_public_key_never_reads_a_secret(w: &World) {
    w.project("shop").await;
    let web: ServicePath = w.frontend("shop", "live", "web").await;
    let request = RotateRequest::default();
    let text = keys::rotate(&w.nexus, &w.owner, &web, Slot::Primary, request).await.fine().key;
    let key = w.present(&text).await.fine();
    let restricted = Code::PublicKeyRestricted;
    snapshot::get(&w.nexus, &key, "A").await.map(|_| ()).refused_as(restricted);
    snapshot::put(&w.nexus, &key, "A", new_version("x")).await.refused_as(restricted);
    snapshot::delete(&w.nexus, &key, "A", None).await.refused_as(restricted);
    services::get(&w.nexus, &key, &path("shop", "live", "web")).await.refused_as(Code::NotFound);
}

async fn an_audit_log_that_cannot_be_written_stops_secrets(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let (_, key) = w.service_key(&api, Access::ReadWrite).await;
    w.execute("ALTER TABLE audit_log RENAME TO gone").await;
    let stopped = |outcome: nexus_backend::Result<()>| {
        let refusal = outcome.expect_err("no audit row, no secret").refusal();
        assert_eq!(refusal.code, Code::AuditUnavailable);
    };
    stopped(snapshot::sync(&w.nexus, &key, None).await.map(|_| ()));
    stopped(snapshot::get(&w.nexus, &key, "A").await.map(|_| ()));
    stopped(secrets::reveal(&w.nexus, &w.owner, &api, "A", None).await.map(|_| ()));
    stopped(snapshot::put(&w.nexus, &key, "A", new_version("2")).await.map(|_| ()));
    w.execute("ALTER TABLE gone RENAME TO audit_log").await;
    assert_eq!(w.value(&api, "A").await, "1");
}

async fn who_has_a_secret_or_config_already_is_shown_none_of_it(w: &World) {
    let api = w.shop().await;
    w.write(&api, "S", "1").await;
    w.set(&api, "C", r#""{{secret:S}}""#).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let secret = snapshot::get(&w.nexus, &key, "S").await.fine();
    let config = snapshot::config(&w.nexus, &key, "C").await.fine();
    let before = w.events().await.len();
    let again = snapshot::get_unless(&w.nexus, &key, "S", Some(&secret.etag)).await.fine();
    assert!(matches!(again, Unless::Known { etag } if etag == secret.etag));
    let again = snapshot::config_unless(&w.nexus, &key, "C", Some(&config.etag)).await.fine();
    assert!(matches!(again, Unless::Known { etag } if etag == config.etag));
    assert!(w.events_after(before).await.is_empty(), "nothing was shown");
    let gone = snapshot::config_unless(&w.nexus, &key, "NOPE", Some(&config.etag)).await.map(|_| ());
    gone.refused_as(Code::NotFound);
    w.rewrite(&api, "S", "2").await;
    let fresh = snapshot::get_unless(&w.nexus, &key, "S", Some(&secret.etag)).await.fine();
    assert!(matches!(fresh, Unless::Changed(one) if one.secret.value.as_deref() == Some("2")));
    let fresh = snapshot::config_unless(&w.nexus, &key, "C", Some(&config.etag)).await.fine();
    assert!(matches!(fresh, Unless::Changed(_)));
}

/// Overwrites what is stored under a key with what is nothing.
async fn spoil(w: &World, key: &str) {
    let broken = w.database.blob(b"\xff\xfe");
    w.execute(&format!(
        "UPDATE entry_versions SET payload = {broken} WHERE entry_id = (SELECT id FROM entries WHERE key = '{key}')"
    ))
    .await;
}

async fn what_cannot_be_read_is_left_out_and_named_and_takes_nothing_else(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "BAD_SECRET", "1").await;
    w.write(&api, "GOOD_SECRET", "2").await;
    w.set(&api, "BAD", r#""x""#).await;
    w.set(&api, "GOOD", r#""{{secret:GOOD_SECRET}}""#).await;
    w.set(&api, "NAMES_CONFIG", r#""{{config:BAD}}""#).await;
    w.set(&api, "NAMES_SECRET", r#""{{secret:BAD_SECRET}}""#).await;
    spoil(w, "BAD_SECRET").await;
    spoil(w, "BAD").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let before = w.events().await.len();
    let body = snapshot(w, &key).await;
    assert_eq!(w.events_after(before).await, ["secret.sync"]);
    let keys = |part: &str| body[part].as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!((keys("secrets"), keys("configs")), (vec!["GOOD_SECRET".to_owned()], vec!["GOOD".to_owned()]));
    let error = |key: &str, kind: &str| json!({ "key": key, "kind": kind, "code": "unreadable" });
    assert_eq!(
        body["errors"],
        json!([
            error("BAD_SECRET", "secret"),
            error("BAD", "config"),
            error("NAMES_CONFIG", "config"),
            error("NAMES_SECRET", "config")
        ])
    );
    assert_eq!(snapshot::config(&w.nexus, &key, "GOOD").await.fine().config.value.as_str(), "\"2\"");
    let refused = snapshot::config(&w.nexus, &key, "BAD").await.map(|_| ()).refused_as(Code::NotFound);
    assert_eq!(refused.details["reason"], "unreadable");
    snapshot::get(&w.nexus, &key, "GOOD_SECRET").await.fine();
    let rows = configs::list(&w.nexus, &w.owner, &api, everything()).await.fine().data;
    let unreadable: Vec<_> = rows.iter().filter(|row| row.unreadable).map(|row| row.key.as_str()).collect();
    assert_eq!(unreadable, ["BAD"]);
    w.reset(&api, "BAD", r#""y""#).await;
    w.rewrite(&shared, "BAD_SECRET", "3").await;
    let body = snapshot(w, &key).await;
    assert_eq!((&body["errors"], &body["configs"]["NAMES_SECRET"]["value"]), (&json!([]), &json!("3")));
}
