//! People: the first owner, signing in, confirming, and getting back in.

use crate::world::{OWNER, Outcome, TENANT, World};
use futures::future::join_all;
use nexus_backend::gate::is_fresh;
use nexus_backend::people::sessions::{self, Around, Stored};
use nexus_backend::people::{self, SetUp, SignedIn};
use nexus_backend::{Nexus, Result};
use nexus_domain::Code;
use nexus_domain::role::TenantRole;
use nexus_domain::timestamp::{HOUR, MINUTE};
use secrecy::SecretString;
use std::net::IpAddr;
use tokio::sync::OnceCell;

both![
    the_set_up_token_makes_the_first_owner,
    of_fifty_set_ups_at_once_one_succeeds,
    a_wrong_set_up_token_is_counted_and_refused,
    a_set_up_form_is_checked_before_the_token_is_used_up,
    the_right_password_signs_in,
    everything_wrong_is_refused_alike_and_costs_one_hash,
    ten_failures_a_minute_close_an_account_for_that_minute,
    many_guesses_at_the_same_moment_are_not_more_than_one_after_the_other,
    a_hundred_requests_a_minute_and_address,
    success_does_not_count_as_failure,
    a_step_up_needs_the_password,
    a_password_link_works_once,
    of_fifty_uses_of_a_link_at_once_one_succeeds,
    a_password_link_ends_after_a_day,
    a_new_password_ends_every_session_and_every_other_link,
    sign_ins_are_in_the_log_of_every_tenant_of_the_person,
    the_person_is_read_anew_for_every_request,
    me_lists_the_tenants,
];

pub const PASSWORD: &str = "tr4verse-Olive";

pub fn ip() -> IpAddr {
    "192.0.2.1".parse().expect("an address")
}

pub fn other_ip(n: u8) -> IpAddr {
    format!("198.51.100.{n}").parse().expect("an address")
}

/// One hash for the whole run: each takes 64 MiB and its time.
pub async fn hashed(nexus: &Nexus) -> &'static str {
    static HASH: OnceCell<String> = OnceCell::const_new();
    HASH.get_or_init(async || nexus.passwords.hash(PASSWORD.into()).await.expect("hashed")).await
}

pub async fn with_password(w: &World) {
    let hash = hashed(&w.nexus).await;
    w.execute(&format!("UPDATE users SET password_hash = '{hash}' WHERE email = '{OWNER}'")).await;
}

pub async fn sign_in(w: &World, email: &str, password: &str) -> Result<SignedIn> {
    let entered = people::sign_in(&w.nexus, email, password.into(), ip()).await?;
    Ok(entered.signed_in().expect("nobody here has a second factor"))
}

/// Back to an instance that nobody has set up.
async fn unfounded(w: &World) -> String {
    w.execute("DELETE FROM tenants").await;
    w.execute("DELETE FROM users").await;
    assert!(people::needs_set_up(&w.nexus).await.fine());
    people::open_set_up(&w.nexus).fine()
}

fn form(token: &str) -> SetUp {
    SetUp {
        token: token.into(),
        tenant_name: "Bäckerei Müller".into(),
        email: " Eva@Example.Test ".into(),
        password: PASSWORD.into(),
    }
}

async fn the_set_up_token_makes_the_first_owner(w: &World) {
    people::set_up(&w.nexus, form("anything"), ip()).await.refused_as(Code::Conflict);
    let token = unfounded(w).await;
    let signed_in = people::set_up(&w.nexus, form(&token), ip()).await.fine();
    assert_eq!(signed_in.email, "eva@example.test");
    assert_eq!(signed_in.last_tenant.as_deref(), Some("b-ckerei-m-ller"));
    assert_eq!(signed_in.signed_in_at, w.now());
    assert!(!people::needs_set_up(&w.nexus).await.fine());
    people::set_up(&w.nexus, form(&token), ip()).await.refused_as(Code::Conflict);
    sign_in(w, "EVA@example.test", PASSWORD).await.fine();
}

async fn of_fifty_set_ups_at_once_one_succeeds(w: &World) {
    let token = unfounded(w).await;
    let before = w.nexus.passwords.hashes();
    let outcomes = join_all((0..50).map(|_| people::set_up(&w.nexus, form(&token), ip()))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(w.number("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(w.nexus.passwords.hashes() - before, 1, "the others wait and hash nothing");
}

async fn a_wrong_set_up_token_is_counted_and_refused(w: &World) {
    let token = unfounded(w).await;
    for _ in 0..10 {
        let refusal = people::set_up(&w.nexus, form("wrong"), ip()).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field("token").is_some());
    }
    people::set_up(&w.nexus, form("wrong"), ip()).await.refused_as(Code::RateLimited);
    w.pass(MINUTE);
    people::set_up(&w.nexus, form(&format!(" {token}\n")), ip()).await.fine();
}

async fn a_set_up_form_is_checked_before_the_token_is_used_up(w: &World) {
    let token = unfounded(w).await;
    let bad = [
        (SetUp { tenant_name: " ".into(), ..form(&token) }, "tenant_name"),
        (SetUp { email: "nobody".into(), ..form(&token) }, "email"),
        (SetUp { password: "password1".into(), ..form(&token) }, "password"),
    ];
    for (form, field) in bad {
        assert!(people::set_up(&w.nexus, form, ip()).await.refused().field(field).is_some(), "{field}");
    }
    let unspellable = SetUp { tenant_name: "ключ".into(), ..form(&token) };
    let signed_in = people::set_up(&w.nexus, unspellable, ip()).await.fine();
    assert_eq!(signed_in.last_tenant.as_deref(), Some("tenant"), "a name without a letter that fits");
}

async fn the_right_password_signs_in(w: &World) {
    with_password(w).await;
    let signed_in = sign_in(w, " ANA@acme.test ", PASSWORD).await.fine();
    assert_eq!((signed_in.user, signed_in.email.as_str()), (w.owner_id, OWNER));
    assert_eq!((signed_in.signed_in_at, signed_in.last_tenant.as_deref()), (w.now(), Some(TENANT)));
    assert_eq!(w.events().await.last().map(String::as_str), Some("user.signed_in"));
}

async fn everything_wrong_is_refused_alike_and_costs_one_hash(w: &World) {
    with_password(w).await;
    w.person("without@acme.test", TenantRole::Member).await;
    let mut refusals = Vec::new();
    for (email, password) in [
        (OWNER, "wrong-password"),
        ("nobody@acme.test", PASSWORD),
        ("without@acme.test", PASSWORD),
        ("a\0b", PASSWORD),
        ("", ""),
    ] {
        let before = w.nexus.passwords.hashes();
        refusals.push(sign_in(w, email, password).await.refused_as(Code::Unauthorized));
        assert_eq!(w.nexus.passwords.hashes() - before, 1, "{email}");
    }
    let long = "x".repeat(129);
    for email in [OWNER, "nobody@acme.test"] {
        let before = w.nexus.passwords.hashes();
        refusals.push(sign_in(w, email, &long).await.refused_as(Code::Unauthorized));
        assert_eq!(w.nexus.passwords.hashes(), before, "too long for anybody, so no work at all");
    }
    assert!(refusals.windows(2).all(|two| two[0] == two[1]));
    let failed = w.events().await.into_iter().filter(|e| e.starts_with("user.sign_in_failed")).count();
    assert_eq!(failed, 3, "for the accounts that exist");
}

/// Nobody has an account here, so that the longest password costs nothing.
fn too_long() -> SecretString {
    "x".repeat(129).into()
}

async fn fail(w: &World, email: &str, ip: IpAddr) -> Code {
    people::sign_in(&w.nexus, email, too_long(), ip).await.refused().code
}

async fn ten_failures_a_minute_close_an_account_for_that_minute(w: &World) {
    with_password(w).await;
    for n in 0..10 {
        assert_eq!(fail(w, OWNER, other_ip(n)).await, Code::Unauthorized, "{n}");
    }
    assert_eq!(fail(w, OWNER, other_ip(10)).await, Code::RateLimited);
    let refusal = sign_in(w, OWNER, PASSWORD).await.refused_as(Code::RateLimited);
    assert_eq!(refusal.details.get("retry_after"), Some(&60.into()));
    for _ in 0..10 {
        fail(w, "nobody@acme.test", other_ip(99)).await;
    }
    assert_eq!(
        fail(w, "another@acme.test", other_ip(99)).await,
        Code::RateLimited,
        "the address is closed too"
    );
    w.pass(MINUTE - 1);
    sign_in(w, OWNER, PASSWORD).await.refused_as(Code::RateLimited);
    w.pass(1);
    sign_in(w, OWNER, PASSWORD).await.fine();
}

async fn many_guesses_at_the_same_moment_are_not_more_than_one_after_the_other(w: &World) {
    with_password(w).await;
    let guesses = (0..30).map(|n| people::sign_in(&w.nexus, OWNER, too_long(), other_ip(n)));
    let codes: Vec<_> = join_all(guesses).await.into_iter().map(|outcome| outcome.refused().code).collect();
    assert_eq!(codes.iter().filter(|code| **code == Code::Unauthorized).count(), 10);
    assert_eq!(codes.iter().filter(|code| **code == Code::RateLimited).count(), 20);
}

async fn a_hundred_requests_a_minute_and_address(w: &World) {
    for n in 0..100 {
        let code = people::reset_password(&w.nexus, "x", "short".into(), ip()).await.refused().code;
        assert_eq!(code, Code::InvalidRequest, "{n}");
    }
    people::reset_password(&w.nexus, "x", "short".into(), ip()).await.refused_as(Code::RateLimited);
    people::reset_password(&w.nexus, "x", "short".into(), other_ip(1)).await.refused_as(Code::InvalidRequest);
    w.pass(MINUTE);
    people::reset_password(&w.nexus, "x", "short".into(), ip()).await.refused_as(Code::InvalidRequest);
}

async fn success_does_not_count_as_failure(w: &World) {
    with_password(w).await;
    for _ in 0..9 {
        assert_eq!(fail(w, OWNER, ip()).await, Code::Unauthorized);
    }
    sign_in(w, OWNER, PASSWORD).await.fine();
    assert_eq!(fail(w, OWNER, ip()).await, Code::Unauthorized, "only the tenth failure");
    assert_eq!(fail(w, OWNER, ip()).await, Code::RateLimited);
}

async fn a_step_up_needs_the_password(w: &World) {
    with_password(w).await;
    let signed_in_at = w.now();
    w.pass(5 * MINUTE);
    assert!(is_fresh(signed_in_at, w.now()));
    w.pass(1);
    assert!(!is_fresh(signed_in_at, w.now()));
    for wrong in ["wrong-password".into(), "x".repeat(100_000)] {
        let refusal = people::step_up(&w.nexus, w.owner_id, wrong.into(), ip()).await.refused();
        assert!(refusal.field("password").is_some());
    }
    assert_eq!(people::step_up(&w.nexus, w.owner_id, PASSWORD.into(), ip()).await.fine(), w.now());
    let nobody = nexus_domain::UserId(uuid::Uuid::now_v7());
    people::step_up(&w.nexus, nobody, PASSWORD.into(), ip()).await.refused_as(Code::Unauthorized);
    let events = w.events_after(1).await;
    assert_eq!(events, ["user.step_up_failed denied", "user.step_up_failed denied", "user.stepped_up"]);
}

async fn link(w: &World) -> String {
    let link = people::password_link(&w.nexus, OWNER).await.fine().expect("a link");
    link.strip_prefix("https://nexus.test/reset/").expect("built from the public URL").to_owned()
}

async fn a_password_link_works_once(w: &World) {
    assert_eq!(people::password_link(&w.nexus, "nobody@acme.test").await.fine(), None);
    let token = link(w).await;
    for _ in 0..2 {
        assert!(people::reset_info(&w.nexus, &token).await.fine(), "looking does not consume it");
    }
    people::reset_password(&w.nexus, &token, "short".into(), ip()).await.refused_as(Code::InvalidRequest);
    let entered = people::reset_password(&w.nexus, &token, PASSWORD.into(), ip()).await.fine();
    let signed_in = entered.signed_in().expect("in");
    assert_eq!((signed_in.user, signed_in.last_tenant.as_deref()), (w.owner_id, Some(TENANT)));
    assert!(!people::reset_info(&w.nexus, &token).await.fine());
    people::reset_password(&w.nexus, &token, "another-Passw0rd".into(), ip())
        .await
        .refused_as(Code::NotFound);
    sign_in(w, OWNER, PASSWORD).await.fine();
    let events = w.events_after(1).await;
    assert_eq!(events, ["user.password_link", "user.password_reset", "user.signed_in", "user.signed_in"]);
}

async fn of_fifty_uses_of_a_link_at_once_one_succeeds(w: &World) {
    let token = link(w).await;
    let before = w.nexus.passwords.hashes();
    let uses = (0..50).map(|n| people::reset_password(&w.nexus, &token, PASSWORD.into(), other_ip(n)));
    let outcomes = join_all(uses).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(w.events_after(1).await, ["user.password_link", "user.password_reset", "user.signed_in"]);
    assert_eq!(w.nexus.passwords.hashes() - before, 1, "the others wait and hash nothing");
    for outcome in outcomes.into_iter().filter(|outcome| outcome.is_err()) {
        outcome.refused_as(Code::NotFound);
    }
    sign_in(w, OWNER, PASSWORD).await.fine();
}

async fn a_password_link_ends_after_a_day(w: &World) {
    let token = link(w).await;
    w.pass(24 * HOUR - 1);
    assert!(people::reset_info(&w.nexus, &token).await.fine());
    w.pass(1);
    assert!(!people::reset_info(&w.nexus, &token).await.fine());
    people::reset_password(&w.nexus, &token, PASSWORD.into(), ip()).await.refused_as(Code::NotFound);
    sessions::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM one_time_links").await, 0);
}

async fn a_new_password_ends_every_session_and_every_other_link(w: &World) {
    let (first, second) = (link(w).await, link(w).await);
    let session = |user| Stored { user, data: "{}".into(), expires_at: w.now().plus(HOUR) };
    sessions::create(&w.nexus, b"mine", session(Some(w.owner_id)), Around::default()).await.fine();
    sessions::create(&w.nexus, b"nobody's", session(None), Around::default()).await.fine();
    people::reset_password(&w.nexus, &second, PASSWORD.into(), ip()).await.map(drop).fine();
    assert_eq!(sessions::load(&w.nexus, b"mine").await.fine(), None);
    assert!(sessions::load(&w.nexus, b"nobody's").await.fine().is_some());
    assert!(!people::reset_info(&w.nexus, &first).await.fine());
}

async fn sign_ins_are_in_the_log_of_every_tenant_of_the_person(w: &World) {
    with_password(w).await;
    let rival = w.rival().await;
    let (tenant, user) = (w.database.id(rival.owner.tenant.0), w.database.id(w.owner_id.0));
    w.execute(&format!(
        "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at) VALUES ({tenant}, {user}, 'member', 'ana', 0)"
    ))
    .await;
    sign_in(w, OWNER, PASSWORD).await.fine();
    people::signed_out(&w.nexus, w.owner_id, ip()).await.fine();
    for event in ["user.signed_in", "user.signed_out"] {
        assert_eq!(w.number(&format!("SELECT COUNT(*) FROM audit_log WHERE event = '{event}'")).await, 2);
    }
}

async fn the_person_is_read_anew_for_every_request(w: &World) {
    let member = w.person("bo@acme.test", TenantRole::Owner).await;
    let user = member.user().expect("a person");
    w.execute("UPDATE memberships SET role = 'member' WHERE handle = 'bo'").await;
    let again =
        people::person(&w.nexus, people::Opened::by_password(user, w.now()), TENANT, None).await.fine();
    nexus_backend::tenants::update(&w.nexus, &again, nexus_domain::project::TenantPatch::default())
        .await
        .refused_as(Code::Forbidden);
    people::person(&w.nexus, people::Opened::by_password(user, w.now()), "a\0b", None)
        .await
        .map(|_| ())
        .refused_as(Code::NotFound);
    w.execute("DELETE FROM memberships WHERE handle = 'bo'").await;
    people::person(&w.nexus, people::Opened::by_password(user, w.now()), TENANT, None)
        .await
        .map(|_| ())
        .refused_as(Code::NotFound);
}

async fn me_lists_the_tenants(w: &World) {
    let me = people::me(&w.nexus, w.owner_id, w.now()).await.fine().expect("there");
    assert_eq!((me.email.as_str(), me.tenants.len()), (OWNER, 1));
    assert_eq!((me.tenants[0].slug.as_str(), me.tenants[0].role), (TENANT, TenantRole::Owner));
    people::used_tenant(&w.nexus, w.owner_id, "elsewhere").await.fine();
    assert_eq!(w.texts("SELECT last_tenant FROM users").await, ["elsewhere"]);
    let nobody = nexus_domain::UserId(uuid::Uuid::now_v7());
    assert_eq!(people::me(&w.nexus, nobody, w.now()).await.fine(), None);
}
