//! Codes of an authenticator app.

use super::{App, PASSWORD, STEP, code, ip, mails, opened, second_step, with_password, with_second};
use crate::world::{OWNER, Outcome, World};
use futures::future::join_all;
use nexus_backend::people::factors::{self, totp};
use nexus_backend::people::{self, Entered, Means, Proof};
use nexus_domain::Code;
use nexus_domain::factor::RECOVERY_CODES;
use nexus_domain::timestamp::{HOUR, MINUTE, SECOND};
use std::process::Command;

both![
    an_app_counts_after_the_first_right_code,
    a_wrong_first_code_leaves_everything_as_it_was,
    a_clock_that_is_off_is_told_so_while_the_app_is_set_up,
    another_app_takes_the_place_of_the_first_one_with_its_first_code,
    a_qr_code_that_nobody_used_is_over_after_half_an_hour,
    a_code_opens_the_session_once,
    of_fifty_uses_of_one_code_at_once_one_succeeds,
    a_code_of_an_earlier_step_is_not_taken_after_a_later_one,
    a_code_is_taken_however_it_was_typed,
    ten_wrong_codes_a_minute_close_the_account,
    the_secret_is_sealed_for_its_person,
    oathtool_makes_the_same_codes,
];

async fn an_app_counts_after_the_first_right_code(w: &World) {
    with_password(w).await;
    let new = totp::begin(&w.nexus, opened(w), ip()).await.fine();
    assert!(new.link.contains(&new.secret) && new.link.contains("ana%40acme.test"), "{}", new.link);
    assert!(!factors::has_second_factor(&w.nexus, w.owner_id).await.fine(), "nobody gave a code yet");
    assert!(matches!(super::enters(w).await, Entered::In(_)));
    let codes = totp::activate(&w.nexus, opened(w), &App::of(&new.secret).code(w), ip()).await.fine();
    assert_eq!(codes.0.len(), RECOVERY_CODES);
    let factors = factors::of(&w.nexus, w.owner_id).await.fine();
    assert_eq!((factors.totp_since, factors.recovery_codes_left), (Some(w.now()), 10));
    assert!(factors.has_second_factor() && factors.has_password);
    assert!(matches!(super::enters(w).await, Entered::SecondStep(_)));
    assert_eq!(w.events_after(2).await, ["user.totp_added"]);
    assert_eq!(mails(w).await, [format!("second_factor to {OWNER}")]);
}

async fn a_wrong_first_code_leaves_everything_as_it_was(w: &World) {
    let new = totp::begin(&w.nexus, opened(w), ip()).await.fine();
    let wrong = App::of(&new.secret).code_at(0);
    for typed in [wrong.as_str(), "", "12345", "k3f9q0-7mx2d1"] {
        let refusal = totp::activate(&w.nexus, opened(w), typed, ip()).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field("code").is_some(), "{typed}");
    }
    assert!(!factors::has_second_factor(&w.nexus, w.owner_id).await.fine());
    totp::activate(&w.nexus, opened(w), &App::of(&new.secret).code(w), ip()).await.fine();
}

async fn a_clock_that_is_off_is_told_so_while_the_app_is_set_up(w: &World) {
    let new = totp::begin(&w.nexus, opened(w), ip()).await.fine();
    let late = App::of(&new.secret).code_at((w.now().0 - HOUR) / SECOND);
    let refusal = totp::activate(&w.nexus, opened(w), &late, ip()).await.refused_as(Code::InvalidRequest);
    let words = refusal.field("code").expect("at the field");
    assert!(words.contains("clock") && words.contains("60 minutes behind"), "{words}");
}

async fn another_app_takes_the_place_of_the_first_one_with_its_first_code(w: &World) {
    with_password(w).await;
    let (old, _) = App::set_up(w).await;
    let new = App::of(&totp::begin(&w.nexus, with_second(w), ip()).await.fine().secret);
    let token = second_step(w).await;
    people::second_step(&w.nexus, &token, code(&new.code(w)), ip()).await.refused_as(Code::InvalidRequest);
    people::second_step(&w.nexus, &token, code(&old.code(w)), ip()).await.fine();
    let codes = totp::activate(&w.nexus, with_second(w), &new.code(w), ip()).await.fine();
    assert!(codes.0.is_empty(), "the recovery codes stay");
    w.pass(STEP);
    let token = second_step(w).await;
    people::second_step(&w.nexus, &token, code(&old.code(w)), ip()).await.refused_as(Code::InvalidRequest);
    people::second_step(&w.nexus, &token, code(&new.code(w)), ip()).await.fine();
}

async fn a_qr_code_that_nobody_used_is_over_after_half_an_hour(w: &World) {
    let app = App::of(&totp::begin(&w.nexus, opened(w), ip()).await.fine().secret);
    w.pass(30 * MINUTE + 1);
    totp::activate(&w.nexus, opened(w), &app.code(w), ip()).await.refused_as(Code::Conflict);
    people::sessions::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM totp_secrets").await, 0);
}

async fn a_code_opens_the_session_once(w: &World) {
    with_password(w).await;
    let (app, _) = App::set_up(w).await;
    let typed = app.code(w);
    let signed_in = people::second_step(&w.nexus, &second_step(w).await, code(&typed), ip()).await.fine();
    assert_eq!(signed_in.proof, Proof { means: Means::Password, second_factor: true });
    assert_eq!((signed_in.user, signed_in.signed_in_at), (w.owner_id, w.now()));
    let again = second_step(w).await;
    let refusal = people::second_step(&w.nexus, &again, code(&typed), ip()).await.refused();
    assert!(refusal.field("code").is_some_and(|words| words.contains("used already")), "{refusal:?}");
    w.pass(STEP);
    people::second_step(&w.nexus, &again, code(&app.code(w)), ip()).await.fine();
    let events = w.events_after(2).await;
    assert_eq!(events, ["user.signed_in", "user.second_step_failed denied", "user.signed_in"]);
}

async fn of_fifty_uses_of_one_code_at_once_one_succeeds(w: &World) {
    with_password(w).await;
    let (app, _) = App::set_up(w).await;
    let typed = app.code(w);
    let mut tokens = Vec::new();
    for _ in 0..50 {
        let entered = people::enter(&w.nexus, w.owner_id, Proof::PASSWORD, ip()).await.fine();
        let Entered::SecondStep(token) = entered else { panic!("in") };
        tokens.push(token);
    }
    let uses = tokens.iter().enumerate();
    let uses = uses.map(|(n, token)| people::second_step(&w.nexus, token, code(&typed), super::other_ip(n)));
    let outcomes = join_all(uses).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let left = w.number("SELECT COUNT(*) FROM second_steps").await;
    assert_eq!(left, 49, "only the step that was taken is used up");
}

async fn a_code_of_an_earlier_step_is_not_taken_after_a_later_one(w: &World) {
    with_password(w).await;
    let (app, _) = App::set_up(w).await;
    w.pass(4 * STEP);
    let seconds = w.now().0 / SECOND;
    let (earlier, later) = (app.code_at(seconds - 30), app.code_at(seconds + 30));
    people::second_step(&w.nexus, &second_step(w).await, code(&later), ip()).await.fine();
    people::second_step(&w.nexus, &second_step(w).await, code(&earlier), ip()).await.refused();
}

async fn a_code_is_taken_however_it_was_typed(w: &World) {
    with_password(w).await;
    let (app, _) = App::set_up(w).await;
    for spelled in [
        |digits: &str| format!(" {} {}\n", &digits[..3], &digits[3..]),
        |digits: &str| digits.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect(),
    ] {
        let typed: String = spelled(&app.code(w));
        people::second_step(&w.nexus, &second_step(w).await, code(&typed), ip()).await.fine();
        w.pass(STEP);
    }
}

async fn ten_wrong_codes_a_minute_close_the_account(w: &World) {
    with_password(w).await;
    let (app, _) = App::set_up(w).await;
    w.pass(MINUTE);
    let token = second_step(w).await;
    for n in 0..10 {
        let refusal =
            people::second_step(&w.nexus, &token, code("000000"), super::other_ip(n)).await.refused();
        assert_eq!(refusal.code, Code::InvalidRequest, "{n}");
    }
    people::second_step(&w.nexus, &token, code(&app.code(w)), ip()).await.refused_as(Code::RateLimited);
    let password = people::sign_in(&w.nexus, OWNER, PASSWORD.into(), ip()).await.map(drop);
    password.refused_as(Code::RateLimited);
    let failed = w.events().await.into_iter().filter(|e| e == "user.second_step_failed denied").count();
    assert_eq!(failed, 10);
    w.pass(MINUTE);
    people::second_step(&w.nexus, &token, code(&app.code(w)), ip()).await.fine();
}

async fn the_secret_is_sealed_for_its_person(w: &World) {
    with_password(w).await;
    let (app, codes) = App::set_up(w).await;
    for (place, bytes) in w.dump().await {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains(app.secret()), "{place}");
        assert!(
            !codes.0.iter().any(|code| text.contains(code) || text.contains(&code.replace('-', ""))),
            "{place}"
        );
    }
    let other = w.person("bo@acme.test", nexus_domain::role::TenantRole::Member).await;
    let other = other.user().expect("a person");
    let (id, owner) = (w.database.id(other.0), w.database.id(w.owner_id.0));
    w.execute(&format!("UPDATE totp_secrets SET user_id = {id} WHERE user_id = {owner}")).await;
    let entered = people::enter(&w.nexus, other, Proof::PASSWORD, ip()).await.fine();
    let Entered::SecondStep(token) = entered else { panic!("in") };
    let outcome = people::second_step(&w.nexus, &token, code(&app.code(w)), ip()).await;
    assert_eq!(outcome.expect_err("does not open").refusal().code, Code::Internal);
}

/// A program of somebody else's makes the codes, from the secret that a person types into an app.
async fn oathtool_makes_the_same_codes(w: &World) {
    with_password(w).await;
    let new = totp::begin(&w.nexus, opened(w), ip()).await.fine();
    let oathtool = |seconds: i64| {
        let made = Command::new("oathtool")
            .args(["--totp", "--base32", "--now", &format!("@{seconds}"), &new.secret])
            .output()
            .expect("oathtool, which `cargo xtask test` installs");
        String::from_utf8(made.stdout).expect("digits").trim().to_owned()
    };
    let now = w.now().0 / SECOND;
    totp::activate(&w.nexus, opened(w), &oathtool(now), ip()).await.fine();
    for away in [30, 60, 90] {
        w.pass(STEP);
        let typed = oathtool(now + away);
        people::second_step(&w.nexus, &second_step(w).await, code(&typed), ip()).await.fine();
    }
}
