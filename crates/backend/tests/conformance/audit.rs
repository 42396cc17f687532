//! The audit log: a row for every change, one for a minute of denials, and a chain that shows
//! whoever was at it.

use crate::world::{Outcome, World, everything, new_version};
use futures::future::join_all;
use nexus_backend::{audit, projects, secrets};
use nexus_domain::Code;
use nexus_domain::audit::{AuditFilter, AuditVerdict};
use nexus_domain::project::ProjectPatch;
use nexus_domain::role::ProjectRole;
use nexus_domain::timestamp::{MINUTE, SECOND};

both![
    a_row_says_who_did_what_where_and_when,
    denials_are_written_once_a_minute_each,
    changes_at_the_same_moment_make_one_chain,
    pages_go_back_in_time,
    filters_narrow_the_log,
    an_export_is_oldest_first_and_in_the_log_itself,
    a_tester_sees_no_event_about_secrets,
    a_changed_field_is_found,
    a_deleted_row_is_found,
    reordered_rows_are_found,
    a_row_put_in_between_is_found,
    newest_rows_that_were_cut_are_found,
    a_head_that_was_moved_is_found,
    a_checkpoint_holds_until_the_past_is_rewritten,
    a_checkpoint_is_written_once_for_each_state,
    a_checkpoint_of_another_hand_is_refused,
    a_log_without_its_tenant_takes_no_denials,
];

async fn verdict(w: &World) -> AuditVerdict {
    w.nexus.settled().await;
    audit::verify(&w.nexus, &w.owner).await.fine()
}

/// Some history: eight rows.
async fn history(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    w.rewrite(&api, "A", "2").await;
    w.value(&api, "A").await;
    secrets::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
    secrets::undelete(&w.nexus, &w.owner, &api, "A").await.fine();
    assert_eq!(verdict(w).await, AuditVerdict { ok: true, rows: 8, broken_at: None, reason: None });
}

async fn a_row_says_who_did_what_where_and_when(w: &World) {
    let api = w.shop().await;
    let mut owner = w.owner.clone();
    owner.ip = "2001:db8::1".parse().ok();
    w.write(&api, "A", "1").await;
    w.pass(SECOND);
    secrets::reveal(&w.nexus, &owner, &api, "A", None).await.fine();
    let rows = audit::list(&w.nexus, &w.owner, AuditFilter::default(), None, 50).await.fine().data;
    let row = &rows[0];
    assert_eq!((row.event.as_str(), row.outcome.as_str(), row.at), ("secret.reveal", "done", w.now()));
    assert_eq!((row.actor_kind.as_str(), row.actor.as_str()), ("person", "ana@acme.test"));
    assert_eq!((row.project.as_deref(), row.environment.as_deref()), (Some("shop"), Some("live")));
    assert_eq!((row.service.as_deref(), row.target.as_deref()), (Some("api"), Some("A")));
    assert_eq!((row.ip.as_deref(), row.details.get("version")), (Some("2001:db8::1"), Some(&1.into())));
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
}

async fn denials_are_written_once_a_minute_each(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    let tester = w.member("shop", ProjectRole::Tester).await;
    let before = w.events().await.len();
    for _ in 0..5 {
        secrets::reveal(&w.nexus, &viewer, &api, "A", None).await.refused_as(Code::Forbidden);
    }
    assert_eq!(w.events_after(before).await, ["secret.reveal denied"]);
    secrets::list(&w.nexus, &viewer, &api, everything()).await.refused_as(Code::Forbidden);
    assert_eq!(w.events_after(before).await.len(), 2, "another act");
    secrets::reveal(&w.nexus, &tester, &api, "A", None).await.refused_as(Code::Forbidden);
    assert_eq!(w.events_after(before).await.len(), 3, "another actor");
    let worker = w.service("shop", "live", "worker").await;
    secrets::reveal(&w.nexus, &viewer, &worker, "A", None).await.refused_as(Code::Forbidden);
    assert_eq!(w.events_after(before).await.len(), 5, "another target (and the new service)");
    w.pass(MINUTE);
    secrets::reveal(&w.nexus, &viewer, &api, "A", None).await.refused_as(Code::Forbidden);
    assert_eq!(w.events_after(before).await.len(), 6, "another minute");
    let in_project = AuditFilter { project: Some("shop".into()), ..AuditFilter::default() };
    let rows = audit::list(&w.nexus, &w.owner, in_project, None, 1).await.fine().data;
    assert_eq!((rows[0].outcome.as_str(), rows[0].event.as_str()), ("denied", "secret.reveal"));
    assert_eq!((rows[0].service.as_deref(), rows[0].environment.as_deref()), (Some("api"), Some("live")));
    assert_eq!(
        (rows[0].target.as_deref(), rows[0].actor.as_str()),
        (Some("shop/live/api"), "viewer@acme.test")
    );
    assert!(verdict(w).await.ok);
}

async fn changes_at_the_same_moment_make_one_chain(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "0").await;
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    let writes = (0..30).map(|n| {
        let (nexus, owner, viewer, api) = (w.nexus.clone(), w.owner.clone(), viewer.clone(), api.clone());
        tokio::spawn(async move {
            let _ = secrets::reveal(&nexus, &viewer, &api, &format!("K{n}"), None).await;
            secrets::add_version(&nexus, &owner, &api, "A", new_version(&n.to_string())).await.fine().version
        })
    });
    let mut versions: Vec<_> = join_all(writes).await.into_iter().map(|v| v.expect("no panic")).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=31).collect::<Vec<_>>(), "each its own number, none twice");
    let verdict = verdict(w).await;
    assert!(verdict.ok, "{verdict:?}");
}

async fn pages_go_back_in_time(w: &World) {
    history(w).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = audit::list(&w.nexus, &w.owner, AuditFilter::default(), cursor, 3).await.fine();
        seen.extend(page.data.iter().map(|row| row.seq));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=8).rev().collect::<Vec<_>>());
    for bad in ["x", "", "1.5", "99999999999999999999"] {
        let outcome = audit::list(&w.nexus, &w.owner, AuditFilter::default(), Some(bad.into()), 3).await;
        assert!(outcome.refused_as(Code::InvalidRequest).field("cursor").is_some());
    }
}

async fn filters_narrow_the_log(w: &World) {
    history(w).await;
    w.pass(MINUTE);
    w.project("blog").await;
    let find = async |filter| {
        let page = audit::list(&w.nexus, &w.owner, filter, None, 50).await.fine();
        page.data.into_iter().map(|row| row.event).collect::<Vec<_>>()
    };
    let all = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(find(AuditFilter { project: text("blog"), ..all() }).await, ["project.created"]);
    assert_eq!(
        find(AuditFilter { event: text("secret.re"), ..all() }).await,
        ["secret.restored", "secret.reveal"]
    );
    assert_eq!(find(AuditFilter { event: text("secret."), service: text("api"), ..all() }).await.len(), 5);
    assert_eq!(find(AuditFilter { actor: text("ANA@"), ..all() }).await.len(), 8);
    assert_eq!(find(AuditFilter { actor: text("operator"), ..all() }).await, ["tenant.created"]);
    assert_eq!(find(AuditFilter { from: Some(w.now()), ..all() }).await, ["project.created"]);
    assert_eq!(find(AuditFilter { to: Some(w.now().plus(-1)), ..all() }).await.len(), 8);
    assert_eq!(find(AuditFilter { project: text(""), ..all() }).await.len(), 9);
    for odd in ["a\0b", "nothing", &"x".repeat(10_000)] {
        assert!(find(AuditFilter { project: text(odd), ..all() }).await.is_empty(), "{odd:?}");
        let filter = AuditFilter { project: text(odd), ..all() };
        assert!(audit::export(&w.nexus, &w.owner, filter).await.fine().is_empty());
    }
    for nothing in ["%", "_", "secret.%", "a\0b"] {
        assert!(find(AuditFilter { event: text(nothing), ..all() }).await.is_empty(), "{nothing:?}");
    }
}

async fn an_export_is_oldest_first_and_in_the_log_itself(w: &World) {
    history(w).await;
    let rows = audit::export(&w.nexus, &w.owner, AuditFilter::default()).await.fine();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    assert_eq!(w.events().await.last().map(String::as_str), Some("audit.exported"));
}

async fn a_tester_sees_no_event_about_secrets(w: &World) {
    history(w).await;
    let tester = w.member("shop", ProjectRole::Tester).await;
    let filter = AuditFilter { project: Some("shop".into()), ..AuditFilter::default() };
    let seen = audit::list(&w.nexus, &tester, filter.clone(), None, 50).await.fine().data;
    assert_eq!(
        seen.iter().map(|r| r.event.as_str()).collect::<Vec<_>>(),
        ["service.created", "project.created"]
    );
    let tricky = AuditFilter { event: Some("secret.".into()), ..filter.clone() };
    assert!(audit::list(&w.nexus, &tester, tricky, None, 50).await.fine().data.is_empty());
    let exported = audit::export(&w.nexus, &tester, filter).await.fine();
    assert!(exported.iter().all(|row| !row.event.starts_with("secret.")));
}

async fn broken_at(w: &World, seq: i64) {
    let verdict = verdict(w).await;
    assert_eq!((verdict.ok, verdict.broken_at), (false, Some(seq)), "{verdict:?}");
    assert!(verdict.reason.is_some());
}

async fn a_changed_field_is_found(w: &World) {
    history(w).await;
    let changes = [
        "at = at + 1",
        "actor_kind = 'operator'",
        "actor_id = NULL",
        "actor = 'eve@acme.test'",
        "event = 'secret.updated '",
        "outcome = 'denied'",
        "project = 'shot'",
        "environment = NULL",
        "service = ''",
        "target = 'B'",
        "details = '{}'",
        "ip = '192.0.2.1'",
        "project = environment, environment = project",
    ];
    for change in changes {
        w.execute("CREATE TABLE kept AS SELECT * FROM audit_log").await;
        w.execute(&format!("UPDATE audit_log SET {change} WHERE seq = 5")).await;
        broken_at(w, 5).await;
        w.execute("DELETE FROM audit_log").await;
        w.execute("INSERT INTO audit_log SELECT * FROM kept").await;
        w.execute("DROP TABLE kept").await;
        assert!(verdict(w).await.ok);
    }
}

async fn a_deleted_row_is_found(w: &World) {
    history(w).await;
    w.execute("DELETE FROM audit_log WHERE seq = 5").await;
    broken_at(w, 6).await;
    w.execute("DELETE FROM audit_log WHERE seq < 5").await;
    broken_at(w, 6).await;
}

async fn reordered_rows_are_found(w: &World) {
    history(w).await;
    w.execute("UPDATE audit_log SET seq = 1000 WHERE seq = 4").await;
    w.execute("UPDATE audit_log SET seq = 4 WHERE seq = 5").await;
    w.execute("UPDATE audit_log SET seq = 5 WHERE seq = 1000").await;
    broken_at(w, 4).await;
}

async fn a_row_put_in_between_is_found(w: &World) {
    history(w).await;
    for seq in (5..=8).rev() {
        w.execute(&format!("UPDATE audit_log SET seq = {} WHERE seq = {seq}", seq + 1)).await;
    }
    let columns = "at, actor_kind, actor_id, actor, event, outcome, project, environment, service, target, details, ip, hash";
    w.execute(&format!(
        "INSERT INTO audit_log (tenant_id, seq, {columns}) SELECT tenant_id, 5, {columns} FROM audit_log WHERE seq = 4"
    ))
    .await;
    w.execute("UPDATE tenants SET seq = 9").await;
    broken_at(w, 5).await;
}

async fn newest_rows_that_were_cut_are_found(w: &World) {
    history(w).await;
    w.execute("DELETE FROM audit_log WHERE seq > 6").await;
    broken_at(w, 7).await;
    w.execute("DELETE FROM audit_log").await;
    broken_at(w, 1).await;
}

async fn a_head_that_was_moved_is_found(w: &World) {
    history(w).await;
    w.execute("UPDATE tenants SET chain_head = (SELECT hash FROM audit_log WHERE seq = 7)").await;
    broken_at(w, 9).await;
}

fn checkpoints(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("checkpoints.jsonl")
}

async fn a_checkpoint_holds_until_the_past_is_rewritten(w: &World) {
    history(w).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = checkpoints(&folder);
    assert_eq!(audit::checkpoint_all(&w.nexus, &file).await.fine(), 1);
    w.project("later").await;
    assert_eq!(audit::verify_checkpoints(&w.nexus, &file).await.fine(), Ok(1));
    // Whoever writes to the database can make a shorter chain that fits in itself.
    w.execute("DELETE FROM audit_log WHERE seq > 6").await;
    w.execute("UPDATE tenants SET seq = 6, chain_head = (SELECT hash FROM audit_log WHERE seq = 6)").await;
    assert!(verdict(w).await.ok);
    let said = audit::verify_checkpoints(&w.nexus, &file).await.fine().expect_err("found");
    assert!(said.contains("row 8"), "{said}");
    for name in ["shop 2", "shop 3"] {
        let patch = ProjectPatch { name: Some(name.into()), ..ProjectPatch::default() };
        projects::update(&w.nexus, &w.owner, "shop", patch).await.fine();
    }
    assert!(verdict(w).await.ok, "and go on from there");
    assert!(audit::verify_checkpoints(&w.nexus, &file).await.fine().is_err());
}

async fn a_checkpoint_is_written_once_for_each_state(w: &World) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = checkpoints(&folder);
    w.rival().await;
    assert_eq!(audit::checkpoint_all(&w.nexus, &file).await.fine(), 2);
    assert_eq!(audit::checkpoint_all(&w.nexus, &file).await.fine(), 0);
    w.project("shop").await;
    assert_eq!(audit::checkpoint_all(&w.nexus, &file).await.fine(), 1);
    assert_eq!(audit::verify_checkpoints(&w.nexus, &file).await.fine(), Ok(3));
    w.execute("DELETE FROM tenants WHERE slug = 'rival'").await;
    assert_eq!(audit::verify_checkpoints(&w.nexus, &file).await.fine(), Ok(3), "a tenant that is gone");
}

async fn a_checkpoint_of_another_hand_is_refused(w: &World) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = checkpoints(&folder);
    audit::checkpoint_all(&w.nexus, &file).await.fine();
    let line = std::fs::read_to_string(&file).expect("a line");
    let mut forged: audit::Checkpoint = serde_json::from_str(line.trim()).expect("JSON");
    forged.seq += 1;
    std::fs::write(&file, serde_json::to_string(&forged).expect("JSON")).expect("written");
    let said = audit::verify_checkpoints(&w.nexus, &file).await.fine().expect_err("found");
    assert!(said.contains("not signed"), "{said}");
    std::fs::write(&file, "nonsense\n").expect("written");
    assert!(audit::verify_checkpoints(&w.nexus, &file).await.is_err());
}

async fn a_log_without_its_tenant_takes_no_denials(w: &World) {
    w.project("shop").await;
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    projects::delete(&w.nexus, &viewer, "shop").await.refused_as(Code::Forbidden);
    w.execute("DELETE FROM tenants").await;
    projects::get(&w.nexus, &viewer, "shop").await.refused_as(Code::NotFound);
    projects::delete(&w.nexus, &viewer, "shop").await.refused_as(Code::NotFound);
    w.nexus.settled().await;
    assert_eq!(w.number("SELECT COUNT(*) FROM audit_log").await, 0);
}
