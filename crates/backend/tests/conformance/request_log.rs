//! The API log: what is in it, whose it is, how it is read, and how long it is kept.

use crate::world::{Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::request_log::{self, Answered, DAYS_KEPT, Room, Visit};
use nexus_backend::{Nexus, keys, limits};
use nexus_domain::credential::compose;
use nexus_domain::keys::Access;
use nexus_domain::request_log::{CallerKind, LoggedRequests, RequestFilter, StatusFilter};
use nexus_domain::role::{Scope, TenantRole};
use nexus_domain::timestamp::{DAY_MICROS, MINUTE, SECOND};
use nexus_domain::{Code, Timestamp};

both![
    equal_requests_of_a_minute_are_one_row_whichever_process_answered,
    the_last_use_of_a_key_comes_from_it,
    a_wrong_secret_is_in_the_log_of_the_tenant_whose_key_it_is,
    the_filter_finds_what_it_says,
    it_comes_in_pages,
    a_key_of_one_environment_sees_its_own,
    only_those_who_may_read_the_audit_log_read_it,
    another_tenants_requests_are_nobodys_business,
    old_requests_are_forgotten_and_what_is_too_much_too,
    a_tenant_takes_its_log_along,
    what_cannot_be_written_is_kept_for_the_next_time,
];

/// A request with this key, as the adapter makes it.
async fn ask(nexus: &Nexus, key: &str, from: &str, route: &str, status: u16) {
    let (visit, ip) = (Visit::default(), from.parse().expect("an address"));
    // Refused or not: the log hears of it.
    let _ = limits::present(nexus, key, ip, Some(&visit)).await;
    let caller = visit.caller().expect("somebody");
    let (at, method) = (nexus.now(), if status == 201 { "POST" } else { "GET" });
    nexus.request_log.note(caller, Answered { at, ip, method, route, status, micros: 1_500 });
}

async fn read(w: &World, actor: &Actor, filter: RequestFilter) -> Vec<LoggedRequests> {
    request_log::list(&w.nexus, actor, filter, None, 50).await.fine().data
}

async fn everything(w: &World) -> Vec<LoggedRequests> {
    read(w, &w.owner, RequestFilter::default()).await
}

async fn equal_requests_of_a_minute_are_one_row_whichever_process_answered(w: &World) {
    let api = w.shop().await;
    let (key, actor) = w.service_key(&api, Access::Read).await;
    let other = w.another_process().await;
    w.pass(5 * SECOND);
    for process in [&w.nexus, &other, &w.nexus] {
        ask(process, &key, "192.0.2.7", "/v1/sync", 304).await;
        w.pass(SECOND);
        request_log::flush(process).await.fine();
    }
    ask(&w.nexus, &key, "192.0.2.7", "/v1/sync", 200).await;
    ask(&w.nexus, &key, "192.0.2.8", "/v1/sync", 304).await;
    request_log::flush(&w.nexus).await.fine();
    let rows = everything(w).await;
    assert_eq!(rows.len(), 3);
    let row = rows.iter().find(|row| row.count == 3).expect("one row of three");
    assert_eq!((row.kind, row.actor_id), (CallerKind::ServiceKey, actor.id()));
    assert_eq!((row.actor.as_str(), row.environment.as_str()), (&key[..12], "live"));
    assert_eq!((row.ip.as_str(), row.method.as_str(), row.route.as_str()), ("192.0.2.7", "GET", "/v1/sync"));
    assert_eq!((row.status, row.total_micros, row.greatest_micros), (304, 4_500, 1_500));
    assert_eq!((row.minute.0 % MINUTE, row.last_at), (0, w.now().plus(-SECOND)));
    w.pass(MINUTE);
    ask(&w.nexus, &key, "192.0.2.7", "/v1/sync", 304).await;
    request_log::flush(&w.nexus).await.fine();
    let rows = everything(w).await;
    assert_eq!(rows.len(), 4);
    assert_eq!((rows[0].count, rows[0].last_at), (1, w.now()), "the newest first");
    other.db.close().await;
}

async fn the_last_use_of_a_key_comes_from_it(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    let (nx, _) = w.environment_key("live", &[]).await;
    w.pass(5);
    ask(&w.nexus, &key, "192.0.2.7", "/v1/sync", 200).await;
    ask(&w.nexus, &nx, "2001:db8::1", "/api/v1/whoami", 200).await;
    // A wrong secret is no use of a key.
    w.pass(5);
    ask(&w.nexus, &wrong_secret(&key), "192.0.2.66", "/v1/sync", 401).await;
    request_log::flush(&w.nexus).await.fine();
    let listed = &keys::list(&w.nexus, &w.owner, &api).await.fine()[0];
    assert_eq!(listed.last_used_at, Some(w.now().plus(-5)));
    assert_eq!(listed.last_used_ip.as_deref(), Some("192.0.2.7"));
    assert_eq!(w.number("SELECT last_used_at FROM environment_keys").await, w.now().plus(-5).0);
    assert_eq!(w.texts("SELECT last_used_ip FROM environment_keys").await, ["2001:db8::1"]);
}

/// The same id with another secret.
fn wrong_secret(key: &str) -> String {
    let start = key.len() - 64;
    let byte = |at: usize| u8::from_str_radix(&key[start + 2 * at..start + 2 + 2 * at], 16).expect("hex");
    compose(&key[..start], std::array::from_fn(byte), [7; 20])
}

async fn a_wrong_secret_is_in_the_log_of_the_tenant_whose_key_it_is(w: &World) {
    let api = w.shop().await;
    let (key, actor) = w.service_key(&api, Access::Read).await;
    let (nx, nx_actor) = w.environment_key("develop", &[]).await;
    ask(&w.nexus, &wrong_secret(&key), "192.0.2.66", "/v1/sync", 401).await;
    ask(&w.nexus, &wrong_secret(&nx), "192.0.2.66", "/api/v1/whoami", 401).await;
    ask(&w.nexus, &compose("sk_live_", [9; 8], [7; 20]), "192.0.2.66", "/v1/sync", 401).await;
    ask(&w.nexus, "hunter2 hunter2", "192.0.2.66", "/v1/sync", 401).await;
    request_log::flush(&w.nexus).await.fine();
    let mut rows: Vec<_> = everything(w)
        .await
        .into_iter()
        .map(|row| (row.kind, row.actor_id, row.actor, row.environment))
        .collect();
    rows.sort();
    let mut expected = [
        (CallerKind::Unknown, actor.id(), key[..12].to_owned(), "live".to_owned()),
        (CallerKind::Unknown, nx_actor.id(), nx[..15].to_owned(), "develop".to_owned()),
    ];
    expected.sort();
    assert_eq!(rows, expected);
    let mut others: Vec<_> =
        request_log::of_no_tenant(&w.nexus, 50).await.fine().into_iter().map(|row| row.actor).collect();
    others.sort();
    assert_eq!(others, ["no key", "sk_live_0909"]);
    let secrets = [&key[24..], &nx[31..], "hunter2", "0707070707"];
    for (place, bytes) in w.dump().await {
        let text = String::from_utf8_lossy(&bytes);
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{place}");
    }
}

async fn the_filter_finds_what_it_says(w: &World) {
    let api = w.shop().await;
    let (key, actor) = w.service_key(&api, Access::Read).await;
    let (nx, _) = w.environment_key("develop", &[]).await;
    let begin = w.now();
    ask(&w.nexus, &key, "192.0.2.7", "/v1/sync", 304).await;
    ask(&w.nexus, &nx, "2001:db8::1", "/api/v1/projects", 201).await;
    w.pass(MINUTE);
    ask(&w.nexus, &key, "192.0.2.8", "/v1/secrets/{key}", 404).await;
    ask(&w.nexus, &wrong_secret(&key), "192.0.2.9", "/v1/sync", 401).await;
    request_log::flush(&w.nexus).await.fine();
    let found = async |filter: RequestFilter| {
        let mut statuses: Vec<_> =
            read(w, &w.owner, filter).await.into_iter().map(|row| row.status).collect();
        statuses.sort_unstable();
        statuses
    };
    let all = RequestFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let status = |text| StatusFilter::parse(text);
    assert_eq!(found(all()).await, [201, 304, 401, 404]);
    assert_eq!(
        found(RequestFilter { key: actor.id().map(|id| id.to_string()), ..all() }).await,
        [304, 401, 404]
    );
    assert_eq!(found(RequestFilter { key: text(&key[..12]), ..all() }).await, [304, 401, 404]);
    assert_eq!(found(RequestFilter { key: text("NX_dev"), ..all() }).await, [201]);
    assert_eq!(found(RequestFilter { key: text("%"), ..all() }).await, [] as [i64; 0]);
    assert_eq!(found(RequestFilter { key: text("\0"), ..all() }).await, [] as [i64; 0]);
    assert_eq!(found(RequestFilter { environment: text("develop"), ..all() }).await, [201]);
    assert_eq!(found(RequestFilter { method: text("post"), ..all() }).await, [201]);
    assert_eq!(found(RequestFilter { status: status("4xx"), ..all() }).await, [401, 404]);
    assert_eq!(found(RequestFilter { status: status("304"), ..all() }).await, [304]);
    assert_eq!(found(RequestFilter { ip: text("192.0.2.8"), ..all() }).await, [404]);
    assert_eq!(found(RequestFilter { ip: text("2001:DB8:0::1"), ..all() }).await, [201]);
    assert_eq!(found(RequestFilter { from: Some(begin.plus(MINUTE)), ..all() }).await, [401, 404]);
    assert_eq!(found(RequestFilter { to: Some(begin.plus(MINUTE - 1)), ..all() }).await, [201, 304]);
    assert_eq!(found(RequestFilter { to: Some(Timestamp(0)), ..all() }).await, [] as [i64; 0]);
    let far = RequestFilter { from: Some(Timestamp(i64::MIN)), to: Some(Timestamp(i64::MAX)), ..all() };
    assert_eq!(found(far).await.len(), 4);
}

async fn it_comes_in_pages(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    for n in 0..5 {
        ask(&w.nexus, &key, &format!("192.0.2.{n}"), "/v1/sync", 200).await;
        w.pass(20 * SECOND);
    }
    request_log::flush(&w.nexus).await.fine();
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = request_log::list(&w.nexus, &w.owner, RequestFilter::default(), cursor, 2).await.fine();
        assert!(page.data.len() <= 2);
        seen.extend(page.data.into_iter().map(|row| (std::cmp::Reverse(row.minute), row.ip)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by_key(|(minute, _)| *minute));
    let wrong = request_log::list(&w.nexus, &w.owner, RequestFilter::default(), Some("x".into()), 2).await;
    assert!(wrong.refused_as(Code::InvalidRequest).field("cursor").is_some());
}

async fn a_key_of_one_environment_sees_its_own(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    let (reader, confined) = w.environment_key("develop", &[Scope::ReadAudit]).await;
    let (_, admin) = w.environment_key("develop", &[Scope::AdminAll]).await;
    let (_, without) = w.environment_key("live", &[Scope::ReadServices]).await;
    ask(&w.nexus, &key, "192.0.2.7", "/v1/sync", 200).await;
    ask(&w.nexus, &reader, "192.0.2.7", "/api/v1/logs", 200).await;
    request_log::flush(&w.nexus).await.fine();
    let own = read(w, &confined, RequestFilter::default()).await;
    assert_eq!(own.iter().map(|row| row.environment.as_str()).collect::<Vec<_>>(), ["develop"]);
    let live = RequestFilter { environment: Some("live".into()), ..RequestFilter::default() };
    assert!(read(w, &confined, live.clone()).await.iter().all(|row| row.environment == "develop"));
    assert_eq!(read(w, &admin, RequestFilter::default()).await.len(), 2);
    assert_eq!(read(w, &admin, live.clone()).await.len(), 1);
    request_log::list(&w.nexus, &without, live, None, 50).await.refused_as(Code::Forbidden);
}

async fn only_those_who_may_read_the_audit_log_read_it(w: &World) {
    for (role, may) in [(TenantRole::Owner, true), (TenantRole::Finance, false), (TenantRole::Member, false)]
    {
        let person = w.person(&format!("{role}@else.test"), role).await;
        let outcome = request_log::list(&w.nexus, &person, RequestFilter::default(), None, 50).await;
        match may {
            true => assert_eq!(outcome.fine().data, []),
            false => assert_eq!(outcome.refused_as(Code::Forbidden).details.len(), 0),
        }
    }
}

async fn another_tenants_requests_are_nobodys_business(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    ask(&w.nexus, &key, "192.0.2.7", "/v1/sync", 200).await;
    request_log::flush(&w.nexus).await.fine();
    let rival = w.rival().await;
    assert_eq!(read(w, &rival.owner, RequestFilter::default()).await, []);
    let asked = RequestFilter { key: Some(key[..12].to_owned()), ..RequestFilter::default() };
    assert_eq!(read(w, &rival.owner, asked).await, []);
}

async fn bytes(w: &World, part: &str) -> i64 {
    w.number(&format!(
        "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM request_log_sizes WHERE part = '{part}'"
    ))
    .await
}

async fn old_requests_are_forgotten_and_what_is_too_much_too(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    ask(&w.nexus, &key, "192.0.2.1", "/v1/sync", 200).await;
    w.pass(DAYS_KEPT * DAY_MICROS);
    for n in 2..12 {
        ask(&w.nexus, &key, &format!("192.0.2.{n}"), "/v1/sync", 200).await;
        ask(&w.nexus, &compose("sk_live_", [9; 8], [7; 20]), &format!("192.0.2.{n}"), "/v1/sync", 401).await;
        w.pass(MINUTE);
    }
    request_log::flush(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM request_log").await, 21);
    let whole = w.number("SELECT CAST(SUM(size) AS BIGINT) FROM request_log WHERE kind <> 'unknown'").await;
    assert_eq!(bytes(w, "known").await, whole);
    request_log::prune(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM request_log").await, 20, "the one of 30 days ago is gone");
    assert_eq!(everything(w).await.len(), 10);

    // Room for none of those that nobody knows, and for some of the others: a batch goes at a time.
    request_log::prune_to(&w.nexus, Room { known: i64::MAX, unknown: 0 }).await.fine();
    assert_eq!((bytes(w, "unknown").await, everything(w).await.len()), (0, 10));
    assert_eq!(request_log::of_no_tenant(&w.nexus, 50).await.fine(), []);
    request_log::prune_to(&w.nexus, Room { known: 1, unknown: 1 }).await.fine();
    assert_eq!((bytes(w, "known").await, everything(w).await.len()), (0, 0));
}

async fn a_tenant_takes_its_log_along(w: &World) {
    let rival = w.rival().await;
    let made = nexus_backend::credentials::make_environment_key(
        &w.nexus,
        &rival.operator,
        "live",
        "ci",
        nexus_domain::role::Scopes::default(),
    );
    let key = made.await.fine().text;
    ask(&w.nexus, &key, "192.0.2.7", "/api/v1/whoami", 200).await;
    request_log::flush(&w.nexus).await.fine();
    ask(&w.nexus, &key, "192.0.2.8", "/api/v1/whoami", 200).await;
    assert!(bytes(w, "known").await > 0);
    w.execute("DELETE FROM tenants WHERE slug = 'rival'").await;
    // What was counted before has nowhere to go.
    request_log::flush(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM request_log").await, 0);
    request_log::recount(&w.nexus).await.fine();
    assert_eq!(bytes(w, "known").await, 0);
}

async fn what_cannot_be_written_is_kept_for_the_next_time(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    for n in 0..40 {
        ask(&w.nexus, &key, &format!("192.0.2.{n}"), "/v1/sync", 200).await;
    }
    w.execute("ALTER TABLE request_log RENAME TO elsewhere").await;
    assert!(request_log::flush(&w.nexus).await.is_err());
    ask(&w.nexus, &key, "192.0.2.1", "/v1/sync", 200).await;
    w.execute("ALTER TABLE elsewhere RENAME TO request_log").await;
    request_log::flush(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM request_log").await, 40);
    assert_eq!(w.number("SELECT CAST(SUM(count) AS BIGINT) FROM request_log").await, 41);
    assert_eq!(w.number("SELECT COUNT(*) FROM request_log_sizes WHERE dropped > 0").await, 0);
}
