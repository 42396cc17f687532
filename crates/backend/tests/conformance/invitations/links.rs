//! The link: once, for 72 hours, and only the newest.

use super::{PASSWORD, from, grant, invited, ip, state, token, vouched};
use crate::world::{Outcome, World};
use futures::future::join_all;
use nexus_backend::invitations::Acceptor;
use nexus_backend::{Nexus, invitations};
use nexus_domain::invitation::InvitationState;
use nexus_domain::role::ProjectRole;
use nexus_domain::timestamp::{DAY_MICROS, HOUR, MINUTE};
use nexus_domain::{Code, InvitationId};
use uuid::Uuid;

both![
    of_fifty_acceptances_at_once_one_succeeds,
    of_fifty_acceptances_of_one_person_at_once_one_succeeds,
    a_link_ends_after_72_hours,
    links_that_lead_nowhere_are_refused_alike_and_counted,
    a_new_link_ends_the_one_before,
    an_invitation_that_is_taken_back_is_dead,
    what_ended_long_ago_is_forgotten,
];

async fn of_fifty_acceptances_at_once_one_succeeds(w: &World) {
    invited(w, "bo@acme.test", &[]).await;
    let token = token(w, "bo@acme.test").await;
    let before = w.nexus.passwords.hashes();
    let uses =
        (0..50).map(|n| invitations::accept(&w.nexus, &token, Acceptor::Password(PASSWORD.into()), from(n)));
    let outcomes = join_all(uses).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(|outcome| outcome.is_err()) {
        outcome.refused_as(Code::NotFound);
    }
    assert_eq!(w.nexus.passwords.hashes() - before, 1, "the others wait and hash nothing");
    assert_eq!(w.number("SELECT COUNT(*) FROM memberships").await, 2);
}

async fn of_fifty_acceptances_of_one_person_at_once_one_succeeds(w: &World) {
    let rival = w.rival().await;
    invited(w, "rita@rival.test", &[]).await;
    let (token, user) = (token(w, "rita@rival.test").await, rival.owner.user().expect("a person"));
    let other = w.another_process().await;
    let uses = (0..50).map(|n| {
        let nexus: &Nexus = if n % 2 == 0 { &w.nexus } else { &other };
        invitations::accept(nexus, &token, Acceptor::SignedIn(user), from(n))
    });
    let outcomes = join_all(uses).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(|outcome| outcome.is_err()) {
        outcome.refused_as(Code::NotFound);
    }
    assert_eq!(w.events().await.iter().filter(|event| *event == "member.joined").count(), 1);
}

async fn a_link_ends_after_72_hours(w: &World) {
    let made = invited(w, "bo@acme.test", &[]).await;
    let token = token(w, "bo@acme.test").await;
    w.pass(72 * HOUR - 1);
    invitations::offer(&w.nexus, &token, ip()).await.fine();
    w.pass(1);
    invitations::offer(&w.nexus, &token, ip()).await.refused_as(Code::NotFound);
    vouched(w, &token, "bo@acme.test").await.refused_as(Code::NotFound);
    assert_eq!(state(w, made.id).await, InvitationState::Expired);
    let owner = w.signed_in_again(&w.owner).await;
    let again = invitations::resend(&w.nexus, &owner, made.id).await.fine();
    assert_eq!((again.state, again.expires_at), (InvitationState::Pending, w.now().plus(72 * HOUR)));
}

async fn links_that_lead_nowhere_are_refused_alike_and_counted(w: &World) {
    invited(w, "bo@acme.test", &[]).await;
    let good = token(w, "bo@acme.test").await;
    let tampered: String = good.chars().rev().collect();
    let mut refusals = Vec::new();
    for wrong in [tampered.as_str(), "", "a\0b", &"f".repeat(64), &"x".repeat(100_000)] {
        refusals.push(vouched(w, wrong, "bo@acme.test").await.refused_as(Code::NotFound));
    }
    assert!(refusals.windows(2).all(|two| two[0] == two[1]));
    for _ in 0..5 {
        vouched(w, "wrong", "bo@acme.test").await.refused_as(Code::NotFound);
    }
    vouched(w, "wrong", "bo@acme.test").await.refused_as(Code::RateLimited);
    invitations::offer(&w.nexus, "wrong", ip()).await.refused_as(Code::NotFound);
    vouched(w, &good, "bo@acme.test").await.fine();
    w.pass(MINUTE);
    for _ in 0..100 {
        invitations::offer(&w.nexus, &good, ip()).await.refused_as(Code::NotFound);
    }
    invitations::offer(&w.nexus, &good, ip()).await.refused_as(Code::RateLimited);
}

async fn a_new_link_ends_the_one_before(w: &World) {
    let made = invited(w, "bo@acme.test", &[]).await;
    let first = token(w, "bo@acme.test").await;
    invitations::resend(&w.nexus, &w.owner, made.id).await.fine();
    let second = token(w, "bo@acme.test").await;
    assert_eq!(w.number("SELECT COUNT(*) FROM mails").await, 1, "the one before does not go out any more");
    let link = invitations::copy_link(&w.nexus, &w.owner, made.id).await.fine();
    let third =
        link.link.strip_prefix("https://nexus.test/invitation/").expect("from the public URL").to_owned();
    assert_eq!(w.number("SELECT COUNT(*) FROM mails").await, 0);
    for dead in [first, second] {
        invitations::offer(&w.nexus, &dead, ip()).await.refused_as(Code::NotFound);
    }
    invitations::offer(&w.nexus, &third, ip()).await.fine();
    let events = w.events_after(1).await;
    assert_eq!(events, ["member.invited", "invitation.resent", "invitation.link_copied"]);
}

async fn an_invitation_that_is_taken_back_is_dead(w: &World) {
    let made = invited(w, "bo@acme.test", &[]).await;
    let token = token(w, "bo@acme.test").await;
    invitations::revoke(&w.nexus, &w.owner, made.id).await.fine();
    invitations::offer(&w.nexus, &token, ip()).await.refused_as(Code::NotFound);
    vouched(w, &token, "bo@acme.test").await.refused_as(Code::NotFound);
    assert_eq!(state(w, made.id).await, InvitationState::Revoked);
    invitations::revoke(&w.nexus, &w.owner, made.id).await.refused_as(Code::Conflict);
    invitations::resend(&w.nexus, &w.owner, made.id).await.refused_as(Code::Conflict);
    invitations::copy_link(&w.nexus, &w.owner, made.id).await.refused_as(Code::Conflict);
    let missing = InvitationId(Uuid::now_v7());
    invitations::revoke(&w.nexus, &w.owner, missing).await.refused_as(Code::NotFound);
}

async fn what_ended_long_ago_is_forgotten(w: &World) {
    w.project("shop").await;
    invited(w, "bo@acme.test", &[grant("shop", ProjectRole::Viewer)]).await;
    w.pass(72 * HOUR + 90 * DAY_MICROS);
    invitations::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM invitations").await, 1);
    w.pass(1);
    invitations::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM invitations").await, 0);
    assert_eq!(w.number("SELECT COUNT(*) FROM invitation_projects").await, 0);
}
