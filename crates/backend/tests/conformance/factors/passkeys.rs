//! Passkeys: registered, asked, removed.

use super::{add_passkey, answer_of, code, ip, opened, second_step, with_password, with_second};
use crate::world::{Authenticator, Outcome, World};
use futures::future::join_all;
use nexus_backend::people::factors::{self, Answer, passkeys};
use nexus_backend::people::{self, Entered, Means, Opened, Proof};
use nexus_domain::timestamp::MINUTE;
use nexus_domain::{Code, role::TenantRole};

both![
    a_passkey_signs_in_without_a_password,
    a_passkey_takes_the_second_step,
    a_passkey_makes_the_sign_in_fresh,
    of_fifty_answers_to_one_question_one_counts,
    an_answer_to_another_question_is_none,
    a_question_is_over_after_five_minutes,
    a_passkey_of_another_site_or_without_a_pin_is_refused,
    a_copy_that_counts_from_the_beginning_is_refused,
    a_removed_passkey_opens_nothing,
    the_last_way_to_sign_in_is_not_removed,
    nonsense_is_refused,
    passkeys_need_a_host_name,
];

const ORIGIN: &str = "https://nexus.test";

async fn signs_in(w: &World, passkey: &mut Authenticator) -> nexus_backend::Result<Entered> {
    let question = passkeys::ask_who(&w.nexus, ip()).await.fine();
    passkeys::sign_in(&w.nexus, &question.token, &passkey.prove(&question.options), ip()).await
}

async fn a_passkey_signs_in_without_a_password(w: &World) {
    let (mut passkey, codes) = add_passkey(w, opened(w), " Laptop ").await;
    assert_eq!(codes.0.len(), 10);
    let Entered::In(signed_in) = signs_in(w, &mut passkey).await.fine() else { panic!("a second step") };
    assert_eq!(signed_in.user, w.owner_id);
    assert_eq!(signed_in.proof, Proof { means: Means::Passkey, second_factor: true });
    let [row] = &factors::of(&w.nexus, w.owner_id).await.fine().passkeys[..] else { panic!("one passkey") };
    assert_eq!((row.name.as_str(), row.last_used_at), ("Laptop", Some(w.now())));
    assert_eq!(w.events_after(1).await, ["user.passkey_added", "user.signed_in"]);
}

async fn a_passkey_takes_the_second_step(w: &World) {
    with_password(w).await;
    let (mut passkey, _) = add_passkey(w, opened(w), "Laptop").await;
    let token = second_step(w).await;
    let ways = people::second_step_ways(&w.nexus, &token).await.fine().expect("waiting");
    assert!(ways.passkey && ways.recovery_code && !ways.totp);
    let question = passkeys::ask_for_second_step(&w.nexus, &token, ip()).await.fine();
    let answer = Answer::Passkey { token: question.token, answer: passkey.prove(&question.options) };
    let signed_in = people::second_step(&w.nexus, &token, answer, ip()).await.fine();
    assert_eq!(signed_in.proof, Proof { means: Means::Password, second_factor: true });
    passkeys::ask_for_second_step(&w.nexus, &token, ip()).await.refused_as(Code::Unauthorized);
}

async fn a_passkey_makes_the_sign_in_fresh(w: &World) {
    let (mut passkey, _) = add_passkey(w, opened(w), "Laptop").await;
    w.pass(MINUTE);
    let Answer::Passkey { token, answer } = answer_of(w, w.owner_id, &mut passkey).await else { panic!() };
    let at = passkeys::step_up(&w.nexus, w.owner_id, &token, &answer, ip()).await.fine();
    assert_eq!(at, w.now());
    passkeys::step_up(&w.nexus, w.owner_id, &token, &answer, ip()).await.refused_as(Code::Conflict);
    assert!(w.events().await.contains(&"user.stepped_up".to_owned()));
}

async fn of_fifty_answers_to_one_question_one_counts(w: &World) {
    let (mut passkey, _) = add_passkey(w, opened(w), "Laptop").await;
    let question = passkeys::ask_who(&w.nexus, ip()).await.fine();
    let answer = passkey.prove(&question.options);
    let uses = (0..50).map(|n| passkeys::sign_in(&w.nexus, &question.token, &answer, super::other_ip(n)));
    let outcomes = join_all(uses).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

async fn an_answer_to_another_question_is_none(w: &World) {
    with_password(w).await;
    let (mut passkey, _) = add_passkey(w, opened(w), "Laptop").await;
    let other = w.person("bo@acme.test", TenantRole::Member).await.user().expect("a person");
    let (mut others, _) = add_passkey(w, Opened::by_password(other, w.now()), "Phone").await;
    let (first, second) =
        (passkeys::ask_who(&w.nexus, ip()).await.fine(), passkeys::ask_who(&w.nexus, ip()).await.fine());
    let crossed = passkeys::sign_in(&w.nexus, &second.token, &passkey.prove(&first.options), ip()).await;
    crossed.map(drop).refused_as(Code::Unauthorized);
    // A question for signing in is none for the second step, and neither is one to somebody else.
    let token = second_step(w).await;
    let answer = Answer::Passkey { token: first.token, answer: passkey.prove(&first.options) };
    people::second_step(&w.nexus, &token, answer, ip()).await.refused_as(Code::Conflict);
    let answer = answer_of(w, other, &mut others).await;
    people::second_step(&w.nexus, &token, answer, ip()).await.refused_as(Code::Conflict);
    // Somebody else's passkey does not answer a question to the owner.
    let question = passkeys::ask_of(&w.nexus, w.owner_id, ip()).await.fine();
    let answer = Answer::Passkey { token: question.token, answer: others.prove(&question.options) };
    people::second_step(&w.nexus, &token, answer, ip()).await.refused_as(Code::InvalidRequest);
}

async fn a_question_is_over_after_five_minutes(w: &World) {
    let (mut passkey, _) = add_passkey(w, opened(w), "Laptop").await;
    let question = passkeys::ask_who(&w.nexus, ip()).await.fine();
    w.pass(5 * MINUTE);
    let answer = passkey.prove(&question.options);
    let late = passkeys::sign_in(&w.nexus, &question.token, &answer, ip()).await;
    late.map(drop).refused_as(Code::Conflict);
    people::sessions::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM passkey_challenges").await, 0);
}

async fn a_passkey_of_another_site_or_without_a_pin_is_refused(w: &World) {
    let question = passkeys::begin(&w.nexus, opened(w), ip()).await.fine();
    let (_, answer) = Authenticator::register(&question.options, "https://evil.test");
    let refusal = passkeys::add(&w.nexus, opened(w), &question.token, &answer, "Evil", ip()).await.refused();
    assert!(refusal.field("passkey").is_some());
    let (mut passkey, _) = add_passkey(w, opened(w), "Laptop").await;
    passkey.verifies = false;
    signs_in(w, &mut passkey).await.map(drop).refused_as(Code::Unauthorized);
    passkey.verifies = true;
    passkey.origin = "https://evil.test".into();
    signs_in(w, &mut passkey).await.map(drop).refused_as(Code::Unauthorized);
    passkey.origin = ORIGIN.into();
    assert!(signs_in(w, &mut passkey).await.is_ok());
}

async fn a_copy_that_counts_from_the_beginning_is_refused(w: &World) {
    let (mut passkey, _) = add_passkey(w, opened(w), "Laptop").await;
    for _ in 0..2 {
        assert!(signs_in(w, &mut passkey).await.is_ok());
    }
    passkey.forget_counting();
    signs_in(w, &mut passkey).await.map(drop).refused_as(Code::Unauthorized);
}

async fn a_removed_passkey_opens_nothing(w: &World) {
    with_password(w).await;
    let (mut passkey, _) = add_passkey(w, opened(w), "Laptop").await;
    let asked = answer_of(w, w.owner_id, &mut passkey).await;
    let token = second_step(w).await;
    let id = factors::of(&w.nexus, w.owner_id).await.fine().passkeys[0].id;
    let stranger = w.person("bo@acme.test", TenantRole::Member).await.user().expect("a person");
    let stranger = Opened { user: stranger, ..with_second(w) };
    passkeys::remove(&w.nexus, stranger, id, ip()).await.refused_as(Code::NotFound);
    assert_eq!(passkeys::remove(&w.nexus, with_second(w), id, ip()).await.fine(), "Laptop");
    people::second_step(&w.nexus, &token, asked, ip()).await.refused_as(Code::InvalidRequest);
    signs_in(w, &mut passkey).await.map(drop).refused_as(Code::Unauthorized);
    assert!(matches!(super::enters(w).await, Entered::In(_)), "nothing is asked for any more");
    passkeys::ask_of(&w.nexus, w.owner_id, ip()).await.refused_as(Code::Conflict);
}

async fn the_last_way_to_sign_in_is_not_removed(w: &World) {
    add_passkey(w, opened(w), "Laptop").await;
    add_passkey(w, with_second(w), "Phone").await;
    let ids: Vec<_> =
        factors::of(&w.nexus, w.owner_id).await.fine().passkeys.iter().map(|row| row.id).collect();
    passkeys::remove(&w.nexus, with_second(w), ids[0], ip()).await.fine();
    let refusal = passkeys::remove(&w.nexus, with_second(w), ids[1], ip()).await.refused_as(Code::Conflict);
    assert!(refusal.message.contains("last way to sign in"), "{}", refusal.message);
    assert_eq!(w.number("SELECT COUNT(*) FROM passkeys").await, 1);
    with_password(w).await;
    passkeys::remove(&w.nexus, with_second(w), ids[1], ip()).await.fine();
}

async fn nonsense_is_refused(w: &World) {
    with_password(w).await;
    let (_, _) = add_passkey(w, opened(w), "Laptop").await;
    for answer in ["", "{}", "null", "[1]", "a\0b", &"x".repeat(100_000)] {
        let question = passkeys::ask_who(&w.nexus, ip()).await.fine();
        let outcome = passkeys::sign_in(&w.nexus, &question.token, answer, ip()).await;
        outcome.map(drop).refused_as(Code::Unauthorized);
        w.pass(MINUTE);
        let question = passkeys::begin(&w.nexus, with_second(w), ip()).await.fine();
        let outcome = passkeys::add(&w.nexus, with_second(w), &question.token, answer, "x", ip()).await;
        outcome.refused_as(Code::InvalidRequest);
    }
    for token in ["", "x", "a\0b"] {
        let outcome = passkeys::sign_in(&w.nexus, token, "{}", ip()).await;
        outcome.map(drop).refused_as(Code::Conflict);
        people::second_step(&w.nexus, token, code("123456"), ip()).await.refused_as(Code::Unauthorized);
    }
}

async fn passkeys_need_a_host_name(w: &World) {
    let mut settings = w.nexus.settings.clone();
    settings.public_url = "http://127.0.0.1:3000".into();
    let nexus = crate::world::open_as(&w.database, w.clock.clone(), settings).await;
    let factors = factors::of(&nexus, w.owner_id).await.fine();
    assert!(factors.no_passkeys.is_some_and(|words| words.contains("host name")));
    passkeys::ask_who(&nexus, ip()).await.refused_as(Code::Conflict);
    passkeys::begin(&nexus, opened(w), ip()).await.refused_as(Code::Conflict);
    nexus.db.close().await;
}
