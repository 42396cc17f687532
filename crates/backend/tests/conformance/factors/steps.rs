//! The second step: what waits for it, how long, and what ends it.

use super::{App, PASSWORD, STEP, code, ip, second_step, with_password};
use crate::world::{OWNER, Outcome, World};
use nexus_backend::people::factors;
use nexus_backend::people::{self, Entered, Means, Opened, Proof};
use nexus_domain::timestamp::{HOUR, MINUTE};
use nexus_domain::{Code, ProviderId, UserId};

both![
    every_proof_without_a_second_factor_leads_to_the_second_step,
    a_link_leads_to_the_second_step,
    the_second_step_is_over_after_five_minutes,
    a_second_step_is_taken_once,
    a_new_password_ends_what_waits,
    who_has_no_second_factor_is_in_at_once,
    guessing_a_password_costs_the_same_with_and_without_a_second_factor,
    a_session_without_the_second_factor_shows_it_later,
    whoever_runs_the_program_takes_lost_factors_away,
];

async fn every_proof_without_a_second_factor_leads_to_the_second_step(w: &World) {
    App::set_up(w).await;
    let provider = Means::Provider(ProviderId(uuid::Uuid::now_v7()));
    for means in [Means::Password, Means::Link, provider] {
        let proof = Proof { means, second_factor: false };
        let entered = people::enter(&w.nexus, w.owner_id, proof, ip()).await.fine();
        assert!(entered.signed_in().is_none(), "{means:?}");
        let proof = Proof { means, second_factor: true };
        let entered = people::enter(&w.nexus, w.owner_id, proof, ip()).await.fine();
        assert_eq!(entered.signed_in().expect("in").proof, proof);
    }
    let nobody = UserId(uuid::Uuid::now_v7());
    people::enter(&w.nexus, nobody, Proof::PASSWORD, ip()).await.map(drop).refused_as(Code::Unauthorized);
}

async fn a_link_leads_to_the_second_step(w: &World) {
    let (app, _) = App::set_up(w).await;
    let link = people::password_link(&w.nexus, OWNER).await.fine().expect("a link");
    let token = link.rsplit('/').next().expect("a token");
    let entered = people::reset_password(&w.nexus, token, PASSWORD.into(), ip()).await.fine();
    let Entered::SecondStep(token) = entered else { panic!("in") };
    let signed_in = people::second_step(&w.nexus, &token, code(&app.code(w)), ip()).await.fine();
    assert_eq!(signed_in.proof, Proof { means: Means::Link, second_factor: true });
}

async fn the_second_step_is_over_after_five_minutes(w: &World) {
    with_password(w).await;
    let (app, _) = App::set_up(w).await;
    let token = second_step(w).await;
    w.pass(5 * MINUTE - 1);
    assert!(people::second_step_ways(&w.nexus, &token).await.fine().is_some());
    w.pass(1);
    assert!(people::second_step_ways(&w.nexus, &token).await.fine().is_none());
    people::second_step(&w.nexus, &token, code(&app.code(w)), ip()).await.refused_as(Code::Unauthorized);
    people::sessions::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM second_steps").await, 0);
}

async fn a_second_step_is_taken_once(w: &World) {
    with_password(w).await;
    let (app, _) = App::set_up(w).await;
    let token = second_step(w).await;
    people::second_step(&w.nexus, &token, code(&app.code(w)), ip()).await.fine();
    w.pass(STEP);
    people::second_step(&w.nexus, &token, code(&app.code(w)), ip()).await.refused_as(Code::Unauthorized);
    assert!(!w.dump().await.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(&token)));
}

async fn a_new_password_ends_what_waits(w: &World) {
    with_password(w).await;
    let (app, _) = App::set_up(w).await;
    let token = second_step(w).await;
    let link = people::password_link(&w.nexus, OWNER).await.fine().expect("a link");
    let reset = link.rsplit('/').next().expect("a token");
    let _second = people::reset_password(&w.nexus, reset, "another-Olive".into(), ip()).await.fine();
    people::second_step(&w.nexus, &token, code(&app.code(w)), ip()).await.refused_as(Code::Unauthorized);
}

async fn who_has_no_second_factor_is_in_at_once(w: &World) {
    with_password(w).await;
    let Entered::In(signed_in) = super::enters(w).await else { panic!("a second step") };
    assert_eq!(signed_in.proof, Proof::PASSWORD);
    assert_eq!(w.events_after(1).await, ["user.signed_in"]);
}

async fn guessing_a_password_costs_the_same_with_and_without_a_second_factor(w: &World) {
    with_password(w).await;
    let mut refusals = Vec::new();
    let mut guess = async |email: &str| {
        let before = w.nexus.passwords.hashes();
        let refused = people::sign_in(&w.nexus, email, "wrong-password".into(), ip()).await.map(drop);
        refusals.push(refused.refused_as(Code::Unauthorized));
        assert_eq!(w.nexus.passwords.hashes() - before, 1, "{email}");
    };
    guess(OWNER).await;
    App::set_up(w).await;
    guess(OWNER).await;
    guess("nobody@acme.test").await;
    assert!(refusals.windows(2).all(|two| two[0] == two[1]));
    assert_eq!(w.number("SELECT COUNT(*) FROM second_steps").await, 0);
}

async fn a_session_without_the_second_factor_shows_it_later(w: &World) {
    let (app, _) = App::set_up(w).await;
    let session = Opened::by_password(w.owner_id, w.now());
    people::show_second_factor(&w.nexus, session, code("000000"), ip())
        .await
        .refused_as(Code::InvalidRequest);
    let proof = people::show_second_factor(&w.nexus, session, code(&app.code(w)), ip()).await.fine();
    assert_eq!(proof, Proof { means: Means::Password, second_factor: true });
    let again = people::show_second_factor(&w.nexus, session, code(&app.code(w)), ip()).await;
    again.refused_as(Code::InvalidRequest);
}

async fn whoever_runs_the_program_takes_lost_factors_away(w: &World) {
    with_password(w).await;
    App::set_up(w).await;
    super::add_passkey(w, super::with_second(w), "Laptop").await;
    assert!(!factors::remove_all(&w.nexus, "nobody@acme.test").await.fine());
    assert!(factors::remove_all(&w.nexus, " ANA@acme.test").await.fine());
    assert!(!factors::has_second_factor(&w.nexus, w.owner_id).await.fine());
    assert_eq!(w.number("SELECT COUNT(*) FROM recovery_codes").await, 0);
    assert!(matches!(super::enters(w).await, Entered::In(_)));
    assert!(w.events().await.contains(&"user.second_factors_removed".to_owned()));
    w.pass(HOUR);
}
