//! Who may change factors, and when.

use super::{App, add_passkey, ip, mails, opened, with_password, with_second};
use crate::world::{Outcome, World};
use nexus_backend::people::Opened;
use nexus_backend::people::factors::{self, passkeys, totp};
use nexus_domain::timestamp::MINUTE;
use nexus_domain::{Code, Refusal};

both![
    every_change_needs_a_fresh_sign_in,
    every_change_needs_the_second_factor_where_there_is_one,
    every_change_is_in_every_log_and_in_the_mail,
];

/// What each change says to this session.
async fn refusals(w: &World, session: Opened) -> Vec<Refusal> {
    let (n, ip) = (&w.nexus, ip());
    let passkey = factors::of(n, w.owner_id).await.fine().passkeys[0].id;
    vec![
        totp::begin(n, session, ip).await.map(drop).refused(),
        totp::activate(n, session, "123456", ip).await.map(drop).refused(),
        totp::remove(n, session, ip).await.refused(),
        passkeys::begin(n, session, ip).await.map(drop).refused(),
        passkeys::add(n, session, "token", "{}", "Name", ip).await.map(drop).refused(),
        passkeys::remove(n, session, passkey, ip).await.map(drop).refused(),
        factors::new_recovery_codes(n, session, ip).await.map(drop).refused(),
    ]
}

async fn every_change_needs_a_fresh_sign_in(w: &World) {
    with_password(w).await;
    add_passkey(w, opened(w), "Laptop").await;
    let session = with_second(w);
    w.pass(5 * MINUTE + 1);
    for refusal in refusals(w, session).await {
        assert_eq!(refusal.code, Code::StepUpRequired, "{refusal:?}");
    }
}

async fn every_change_needs_the_second_factor_where_there_is_one(w: &World) {
    with_password(w).await;
    add_passkey(w, opened(w), "Laptop").await;
    for refusal in refusals(w, opened(w)).await {
        assert_eq!(refusal.code, Code::SecondFactorRequired, "{refusal:?}");
    }
}

async fn every_change_is_in_every_log_and_in_the_mail(w: &World) {
    with_password(w).await;
    let rival = w.rival().await;
    let (tenant, user) = (w.database.id(rival.owner.tenant.0), w.database.id(w.owner_id.0));
    w.execute(&format!(
        "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at) VALUES ({tenant}, {user}, 'member', 'ana', 0)"
    ))
    .await;
    App::set_up(w).await;
    add_passkey(w, with_second(w), "Laptop").await;
    factors::new_recovery_codes(&w.nexus, with_second(w), ip()).await.fine();
    totp::remove(&w.nexus, with_second(w), ip()).await.fine();
    let id = factors::of(&w.nexus, w.owner_id).await.fine().passkeys[0].id;
    passkeys::remove(&w.nexus, with_second(w), id, ip()).await.fine();
    let events = ["totp_added", "passkey_added", "recovery_codes_made", "totp_removed", "passkey_removed"];
    for event in events {
        let rows = w.number(&format!("SELECT COUNT(*) FROM audit_log WHERE event = 'user.{event}'")).await;
        assert_eq!(rows, 2, "{event}");
    }
    let about = w.texts("SELECT DISTINCT target FROM audit_log WHERE event LIKE 'user.passkey_%'").await;
    assert_eq!(about, ["Laptop"], "which one it was");
    assert_eq!(mails(w).await.len(), events.len());
}
