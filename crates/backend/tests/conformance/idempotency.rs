//! Requests with an `Idempotency-Key`: done once, answered as often as they are asked, whatever happens
//! in between.

use crate::world::{Outcome, World};
use futures::future::join_all;
use nexus_backend::gate::Actor;
use nexus_backend::idempotency::{self, Answer, Asked, Claim, Claimed, HELD, KEPT, Shape};
use nexus_backend::{Result, projects};
use nexus_domain::project::{NewProject, Project};
use nexus_domain::role::Scope;
use nexus_domain::{Code, credential};
use std::any::Any;
use std::sync::Arc;

both![
    what_was_done_is_answered_again,
    a_process_that_ends_between_the_commit_and_the_answer_leaves_the_answer,
    a_process_that_ends_before_the_commit_leaves_the_request_to_be_done,
    whoever_lost_a_claim_commits_nothing,
    of_many_at_once_one_is_carried_out,
    a_key_stands_for_one_request_of_one_credential,
    a_refusal_is_not_kept,
    an_answer_is_kept_for_a_day,
    what_is_too_large_is_not_kept_and_not_done_again,
    the_answer_is_sealed_and_holds_no_credential,
];

fn body(result: &dyn Any) -> Option<String> {
    serde_json::to_string(result.downcast_ref::<Project>()?).ok()
}

const SHAPE: Shape = Shape { status: 201, body };

fn asked(key: &str) -> Asked<'_> {
    Asked { key, method: "POST", address: "/api/v1/projects", body: b"{\"name\":\"Shop\"}" }
}

async fn claim(w: &World, actor: &Actor, asked: &Asked<'_>) -> Result<Claimed> {
    idempotency::claim(&w.nexus, actor, asked, SHAPE).await
}

async fn to_do(w: &World, key: &str) -> Arc<Claim> {
    match claim(w, &w.owner, &asked(key)).await.fine() {
        Claimed::ToDo(claim) => claim,
        Claimed::Done(answer) => panic!("it was done: {answer:?}"),
    }
}

async fn done(w: &World, key: &str) -> Answer {
    match claim(w, &w.owner, &asked(key)).await.fine() {
        Claimed::Done(answer) => answer,
        Claimed::ToDo(_) => panic!("it is to be done"),
    }
}

async fn make(w: &World, claim: &Arc<Claim>) -> Result<Project> {
    let new = NewProject { name: "Shop".into(), ..NewProject::default() };
    claim.holding(projects::create(&w.nexus, &w.owner, new)).await
}

fn answer(body: &str) -> Answer {
    Answer { status: 201, location: Some("/api/v1/projects/shop".into()), body: body.into() }
}

async fn how_many(w: &World) -> usize {
    projects::list(&w.nexus, &w.owner, "").await.fine().len()
}

async fn what_was_done_is_answered_again(w: &World) {
    let claim = to_do(w, "k").await;
    make(w, &claim).await.fine();
    claim.keep(&w.nexus, &answer("{}")).await.fine();
    for _ in 0..3 {
        assert_eq!(done(w, "k").await, answer("{}"));
    }
    assert_eq!(how_many(w).await, 1);
}

async fn a_process_that_ends_between_the_commit_and_the_answer_leaves_the_answer(w: &World) {
    let project = make(w, &to_do(w, "k").await).await.fine();
    // Nobody kept an answer; another process is asked.
    let other = w.another_process().await;
    let again = idempotency::claim(&other, &w.owner, &asked("k"), SHAPE).await.fine();
    let Claimed::Done(answer) = again else { panic!("it would be done twice") };
    assert_eq!(answer.status, 201);
    let answered: Project = serde_json::from_str(&answer.body).expect("a project");
    assert_eq!(answered, project);
    other.db.close().await;
}

async fn a_process_that_ends_before_the_commit_leaves_the_request_to_be_done(w: &World) {
    drop(to_do(w, "k").await);
    let refused = claim(w, &w.owner, &asked("k")).await.refused_as(Code::Conflict);
    assert!(refused.field("idempotency_key").is_some());
    w.pass(HELD);
    make(w, &to_do(w, "k").await).await.fine();

    // The only server of an embedded database need not wait.
    drop(to_do(w, "other").await);
    idempotency::forget_interrupted(&w.nexus).await.fine();
    let again = claim(w, &w.owner, &asked("other")).await;
    assert_eq!(again.is_ok(), w.nexus.db.is_embedded());
    // What was carried out stays known.
    assert_eq!(done(w, "k").await.status, 201);
}

async fn whoever_lost_a_claim_commits_nothing(w: &World) {
    let slow = to_do(w, "k").await;
    w.pass(HELD);
    let quick = to_do(w, "k").await;
    make(w, &slow).await.refused_as(Code::Conflict);
    assert_eq!(how_many(w).await, 0);
    slow.let_go(&w.nexus).await.fine();
    make(w, &quick).await.fine();
    assert_eq!(how_many(w).await, 1);
    slow.keep(&w.nexus, &answer("a lie")).await.fine();
    assert_ne!(done(w, "k").await.body, "a lie");
}

async fn of_many_at_once_one_is_carried_out(w: &World) {
    let attempts = (0..50).map(async |_| match claim(w, &w.owner, &asked("k")).await {
        Ok(Claimed::ToDo(claim)) => {
            make(w, &claim).await.fine();
            true
        }
        Ok(Claimed::Done(_)) => false,
        refused => {
            drop(refused.refused_as(Code::Conflict));
            false
        }
    });
    let carried_out = join_all(attempts).await.into_iter().filter(|done| *done).count();
    assert_eq!((carried_out, how_many(w).await), (1, 1));
}

async fn a_key_stands_for_one_request_of_one_credential(w: &World) {
    make(w, &to_do(w, "k").await).await.fine();
    for other in [
        Asked { body: b"{\"name\":\"Other\"}", ..asked("k") },
        Asked { address: "/api/v1/environments", ..asked("k") },
        Asked { address: "/api/v1/projects?x=1", ..asked("k") },
    ] {
        claim(w, &w.owner, &other).await.refused_as(Code::Conflict);
    }
    let (_, key) = w.environment_key("live", &[Scope::AdminAll]).await;
    assert!(matches!(claim(w, &key, &asked("k")).await.fine(), Claimed::ToDo(_)));
}

async fn a_refusal_is_not_kept(w: &World) {
    let claim = to_do(w, "k").await;
    let new = NewProject { name: String::new(), ..NewProject::default() };
    claim.holding(projects::create(&w.nexus, &w.owner, new)).await.refused_as(Code::InvalidRequest);
    claim.let_go(&w.nexus).await.fine();
    make(w, &to_do(w, "k").await).await.fine();
}

async fn an_answer_is_kept_for_a_day(w: &World) {
    make(w, &to_do(w, "k").await).await.fine();
    w.pass(KEPT - 1);
    idempotency::sweep(&w.nexus).await.fine();
    assert_eq!(done(w, "k").await.status, 201);
    w.pass(1);
    drop(to_do(w, "k").await);
    w.pass(KEPT);
    idempotency::sweep(&w.nexus).await.fine();
    let left = w.texts("SELECT CAST(COUNT(*) AS TEXT) FROM idempotency_keys").await;
    assert_eq!(left, ["0"]);
}

async fn what_is_too_large_is_not_kept_and_not_done_again(w: &World) {
    let claim_of = to_do(w, "k").await;
    make(w, &claim_of).await.fine();
    claim_of.keep(&w.nexus, &answer(&"x".repeat(300 * 1024))).await.fine();
    let refused = claim(w, &w.owner, &asked("k")).await.refused_as(Code::Conflict);
    assert_eq!(refused.details["carried_out"], true);
    assert_eq!(how_many(w).await, 1);
}

async fn the_answer_is_sealed_and_holds_no_credential(w: &World) {
    let key = credential::compose("sk_live_", [1; 8], [2; 20]);
    let body = serde_json::json!({ "slot": "primary", "key": key, "prefix": "sk_live_0000" });
    let kept: serde_json::Value =
        serde_json::from_str(&idempotency::without_credentials(body.to_string())).expect("JSON");
    assert_eq!(kept, serde_json::json!({ "slot": "primary", "prefix": "sk_live_0000", "replayed": true }));
    let plain = r#"{ "version": 1, "key": "DB_URL" }"#;
    assert_eq!(idempotency::without_credentials(plain.into()), plain);

    let claim = to_do(w, "k").await;
    make(w, &claim).await.fine();
    claim.keep(&w.nexus, &answer("a canary")).await.fine();
    let sealed = w.bytes("idempotency_keys", "sealed").await;
    assert!(!sealed.windows(8).any(|piece| piece == b"a canary"));
}
