//! Recovery codes.

use super::{App, STEP, add_passkey, code, ip, mails, opened, second_step, with_password, with_second};
use crate::world::{Outcome, World};
use futures::future::join_all;
use nexus_backend::people::factors;
use nexus_backend::people::{self, Entered, Proof};
use nexus_domain::{Code, factor};

both![
    a_recovery_code_stands_in_for_the_app_once,
    of_fifty_uses_of_one_recovery_code_at_once_one_succeeds,
    a_new_set_takes_the_place_of_the_old_one,
    without_a_second_factor_there_are_no_recovery_codes,
    the_second_factor_that_comes_second_leaves_the_codes_alone,
    a_recovery_code_of_somebody_else_is_none,
];

async fn a_recovery_code_stands_in_for_the_app_once(w: &World) {
    with_password(w).await;
    let (_, codes) = App::set_up(w).await;
    let typed = codes.0[3].to_uppercase();
    let signed_in = people::second_step(&w.nexus, &second_step(w).await, code(&typed), ip()).await.fine();
    assert!(signed_in.proof.second_factor);
    let refusal = people::second_step(&w.nexus, &second_step(w).await, code(&typed), ip()).await.refused();
    assert!(refusal.field("code").is_some());
    assert_eq!(factors::of(&w.nexus, w.owner_id).await.fine().recovery_codes_left, 9);
    let events = w.events_after(2).await;
    assert_eq!(events, ["user.recovery_code_used", "user.signed_in", "user.second_step_failed denied"]);
    assert_eq!(mails(w).await.len(), 2, "one about the app, one about the code");
}

async fn of_fifty_uses_of_one_recovery_code_at_once_one_succeeds(w: &World) {
    with_password(w).await;
    let (_, codes) = App::set_up(w).await;
    let mut tokens = Vec::new();
    for _ in 0..50 {
        let entered = people::enter(&w.nexus, w.owner_id, Proof::PASSWORD, ip()).await.fine();
        let Entered::SecondStep(token) = entered else { panic!("in") };
        tokens.push(token);
    }
    let uses = tokens
        .iter()
        .enumerate()
        .map(|(n, token)| people::second_step(&w.nexus, token, code(&codes.0[0]), super::other_ip(n)));
    let outcomes = join_all(uses).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(w.number("SELECT COUNT(*) FROM recovery_codes").await, 9);
    assert_eq!(mails(w).await.len(), 2);
}

async fn a_new_set_takes_the_place_of_the_old_one(w: &World) {
    with_password(w).await;
    let (_, old) = App::set_up(w).await;
    let new = factors::new_recovery_codes(&w.nexus, with_second(w), ip()).await.fine();
    assert_eq!(new.0.len(), factor::RECOVERY_CODES);
    assert!(new.0.iter().all(|code| !old.0.contains(code)));
    let token = second_step(w).await;
    people::second_step(&w.nexus, &token, code(&old.0[0]), ip()).await.refused_as(Code::InvalidRequest);
    people::second_step(&w.nexus, &token, code(&new.0[0]), ip()).await.fine();
    assert!(w.events().await.contains(&"user.recovery_codes_made".to_owned()));
}

async fn without_a_second_factor_there_are_no_recovery_codes(w: &World) {
    factors::new_recovery_codes(&w.nexus, opened(w), ip()).await.refused_as(Code::Conflict);
    with_password(w).await;
    App::set_up(w).await;
    factors::totp::remove(&w.nexus, with_second(w), ip()).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM recovery_codes").await, 0, "they go with the last factor");
}

async fn the_second_factor_that_comes_second_leaves_the_codes_alone(w: &World) {
    with_password(w).await;
    let (_, first) = App::set_up(w).await;
    let (_, more) = add_passkey(w, with_second(w), "Laptop").await;
    assert!(more.0.is_empty());
    w.pass(STEP);
    people::second_step(&w.nexus, &second_step(w).await, code(&first.0[9]), ip()).await.fine();
}

async fn a_recovery_code_of_somebody_else_is_none(w: &World) {
    with_password(w).await;
    let (_, codes) = App::set_up(w).await;
    let other = w.person("bo@acme.test", nexus_domain::role::TenantRole::Member).await;
    let other = people::Opened::by_password(other.user().expect("a person"), w.now());
    add_passkey(w, other, "Phone").await;
    let Entered::SecondStep(token) = people::enter(&w.nexus, other.user, Proof::PASSWORD, ip()).await.fine()
    else {
        panic!("in")
    };
    people::second_step(&w.nexus, &token, code(&codes.0[0]), ip()).await.refused_as(Code::InvalidRequest);
    assert_eq!(w.number("SELECT COUNT(*) FROM recovery_codes").await, 20);
}
