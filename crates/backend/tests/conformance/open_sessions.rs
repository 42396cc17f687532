//! Where a person is signed in: what is shown of it, how it ends, and which sign-ins are news.

use crate::account::subjects;
use crate::world::{OWNER, Outcome, World};
use nexus_backend::people::open_sessions::{end, end_others, list};
use nexus_backend::people::sessions::{self, Around, Stored};
use nexus_backend::people::{Means, Proof};
use nexus_domain::role::TenantRole;
use nexus_domain::timestamp::{HOUR, MINUTE};
use nexus_domain::{Code, UserId};
use std::net::IpAddr;

both![
    a_session_is_shown_with_device_place_and_means,
    a_session_is_ended_by_its_handle_and_only_by_its_owner,
    all_others_end_at_once,
    a_handle_opens_nothing,
    a_sign_in_from_a_device_that_was_not_seen_is_told,
];

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1";

fn from(ip: &str, agent: &str) -> Around {
    let ip: IpAddr = ip.parse().expect("an address");
    Around { ip: Some(ip), user_agent: Some(agent.to_owned()), opened: None }
}

async fn open(w: &World, id: &[u8], user: UserId, around: Around) {
    let session = Stored { user: Some(user), data: "{}".into(), expires_at: w.now().plus(HOUR) };
    assert!(sessions::create(&w.nexus, id, session, around).await.fine());
}

async fn a_session_is_shown_with_device_place_and_means(w: &World) {
    let begun = w.now();
    open(w, b"one", w.owner_id, from("192.0.2.1", FIREFOX)).await;
    w.pass(MINUTE);
    let proof = Proof { means: Means::Password, second_factor: true };
    let opened = Some(serde_json::to_string(&proof).expect("JSON"));
    open(w, b"two", w.owner_id, Around { opened, ..from("2001:db8::7", SAFARI) }).await;
    w.pass(MINUTE);
    let stored = Stored { user: Some(w.owner_id), data: "{}".into(), expires_at: w.now().plus(HOUR) };
    sessions::save(
        &w.nexus,
        b"one",
        stored,
        Around { ip: Some("192.0.2.9".parse().expect("ip")), ..Around::default() },
    )
    .await
    .fine();
    let shown = list(&w.nexus, w.owner_id, b"two").await.fine().sessions;
    let rows: Vec<_> = shown
        .iter()
        .map(|it| (it.this, it.device.as_str(), it.ip.as_deref().unwrap_or_default(), it.by.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            (true, "Safari on iPhone", "2001:db8::7", "password and a second factor"),
            (false, "Firefox on Linux", "192.0.2.9", "password"),
        ]
    );
    assert_eq!((shown[1].signed_in_at, shown[1].seen_at), (begun, w.now()));
    w.pass(HOUR);
    assert!(list(&w.nexus, w.owner_id, b"two").await.fine().sessions.is_empty(), "they are over");
}

async fn a_session_is_ended_by_its_handle_and_only_by_its_owner(w: &World) {
    let bo = w.person("bo@acme.test", TenantRole::Member).await.user().expect("a person");
    open(w, b"one", w.owner_id, Around::default()).await;
    open(w, b"two", w.owner_id, Around::default()).await;
    let ip = "192.0.2.1".parse().expect("an address");
    let shown = list(&w.nexus, w.owner_id, b"two").await.fine().sessions;
    let other = shown.iter().find(|session| !session.this).expect("another").handle.clone();
    for nonsense in ["", "00", &"0".repeat(64)] {
        end(&w.nexus, w.owner_id, nonsense, ip).await.refused_as(Code::NotFound);
    }
    end(&w.nexus, bo, &other, ip).await.refused_as(Code::NotFound);
    end(&w.nexus, w.owner_id, &other, ip).await.fine();
    assert_eq!(sessions::load(&w.nexus, b"one").await.fine(), None);
    assert!(sessions::load(&w.nexus, b"two").await.fine().is_some());
    end(&w.nexus, w.owner_id, &other, ip).await.refused_as(Code::NotFound);
    assert_eq!(w.events().await.last().map(String::as_str), Some("user.session_ended"));
}

async fn all_others_end_at_once(w: &World) {
    let bo = w.person("bo@acme.test", TenantRole::Member).await.user().expect("a person");
    for (id, user) in [(b"a", w.owner_id), (b"b", w.owner_id), (b"c", w.owner_id), (b"d", bo)] {
        open(w, id, user, Around::default()).await;
    }
    let ip = "192.0.2.1".parse().expect("an address");
    assert_eq!(end_others(&w.nexus, w.owner_id, b"b", ip).await.fine(), 2);
    for (id, there) in [(b"a", false), (b"b", true), (b"c", false), (b"d", true)] {
        assert_eq!(sessions::load(&w.nexus, id).await.fine().is_some(), there);
    }
    assert_eq!(end_others(&w.nexus, w.owner_id, b"b", ip).await.fine(), 0);
    let ended = w.events().await.into_iter().filter(|event| event == "user.sessions_ended").count();
    assert_eq!(ended, 1);
}

async fn a_handle_opens_nothing(w: &World) {
    open(w, b"one", w.owner_id, Around::default()).await;
    let shown = list(&w.nexus, w.owner_id, b"one").await.fine().sessions.remove(0);
    let raw = hex(&shown.handle);
    assert_eq!(sessions::load(&w.nexus, &raw).await.fine(), None);
    assert_eq!(sessions::load(&w.nexus, shown.handle.as_bytes()).await.fine(), None);
    for (place, bytes) in w.dump().await {
        assert_ne!(bytes, raw, "{place}: it is no name in the database either");
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).expect("hex")).collect()
}

async fn a_sign_in_from_a_device_that_was_not_seen_is_told(w: &World) {
    open(w, b"1", w.owner_id, from("192.0.2.1", FIREFOX)).await;
    assert!(subjects(w, OWNER).await.is_empty(), "the first one made the account");
    open(w, b"2", w.owner_id, from("192.0.99.1", FIREFOX)).await;
    assert!(subjects(w, OWNER).await.is_empty(), "the same browser in the same network");
    open(w, b"3", w.owner_id, from("192.0.2.1", SAFARI)).await;
    assert_eq!(subjects(w, OWNER).await, ["A new sign-in to your account"]);
    open(w, b"4", w.owner_id, from("203.0.113.1", FIREFOX)).await;
    open(w, b"5", w.owner_id, from("203.0.113.1", FIREFOX)).await;
    assert_eq!(subjects(w, OWNER).await.len(), 2, "once");
    w.pass(500 * 24 * HOUR);
    sessions::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM known_devices").await, 0);
}
