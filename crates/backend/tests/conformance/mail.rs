//! Mail: kept where there is no server, and handed to one that takes it, refuses it, or is not there.

use crate::world::{Outcome, Postman, World};
use futures::future::join_all;
use nexus_backend::invitations::{self, NewInvitations};
use nexus_backend::{Nexus, mail};
use nexus_domain::Code;
use nexus_domain::invitation::{Grants, MailState, OutboxMail};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::timestamp::{DAY_MICROS, HOUR, MINUTE};

both![
    without_a_server_mail_is_kept_and_read_once_one_proved_who_one_is,
    a_mail_is_handed_over_and_its_text_is_wiped,
    what_is_refused_for_good_bounces,
    what_is_not_taken_now_is_tried_again_after_growing_pauses,
    a_wrong_password_of_ours_is_nobodys_bounce,
    after_six_attempts_a_mail_is_given_up,
    two_processes_send_each_mail_once,
    a_server_that_is_not_there_costs_one_attempt_and_is_left_alone,
    a_kept_mail_goes_out_by_hand_once_there_is_a_server,
    a_mail_that_waits_can_be_sent_now,
    mail_is_kept_when_the_server_is_taken_away_and_forgotten_after_a_month,
    only_owners_see_the_outbox_and_only_of_their_tenant,
    the_operator_sees_all_of_it,
];

async fn invite(w: &World, nexus: &Nexus, emails: &[&str]) {
    let grants = Grants { tenant_role: TenantRole::Member, projects: vec![] };
    let emails = emails.iter().map(|email| (*email).to_owned()).collect();
    let owner = w.signed_in_again(&w.owner).await;
    invitations::invite(nexus, &owner, NewInvitations { emails, grants }).await.fine();
}

async fn outbox(w: &World) -> Vec<OutboxMail> {
    mail::list(&w.nexus, &w.owner, None, 50).await.fine().data
}

async fn only(w: &World) -> OutboxMail {
    let mut rows = outbox(w).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

async fn texts_stored(w: &World) -> i64 {
    w.number("SELECT COUNT(*) FROM mails WHERE sealed IS NOT NULL").await
}

async fn without_a_server_mail_is_kept_and_read_once_one_proved_who_one_is(w: &World) {
    invite(w, &w.nexus, &["bo@acme.test"]).await;
    let row = only(w).await;
    assert_eq!(
        (row.state, row.recipient.as_str(), row.kind.as_str()),
        (MailState::Kept, "bo@acme.test", "invitation")
    );
    mail::deliver(&w.nexus).await.fine();
    assert_eq!(only(w).await.attempts, 0);
    w.pass(6 * MINUTE);
    mail::list(&w.nexus, &w.owner, None, 50).await.fine();
    mail::open(&w.nexus, &w.owner, row.id).await.refused_as(Code::StepUpRequired);
    let owner = w.signed_in_again(&w.owner).await;
    let opened = mail::open(&w.nexus, &owner, row.id).await.fine();
    assert!(opened.subject.contains("ana@acme.test invites you to Acme"), "{opened:?}");
    assert!(opened.text.contains("https://nexus.test/invitation/"), "{opened:?}");
    assert_eq!(only(w).await.opened_at, Some(w.now()));
    assert_eq!(w.events().await.last().map(String::as_str), Some("outbox.read"));
    mail::resend(&w.nexus, &owner, row.id).await.refused_as(Code::Conflict);
}

async fn a_mail_is_handed_over_and_its_text_is_wiped(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    invite(w, &nexus, &["Bo+shop@Acme.test", "eva@acme.test"]).await;
    assert_eq!(texts_stored(w).await, 2);
    mail::deliver(&nexus).await.fine();
    let mut received = postman.received();
    received.sort_by(|a, b| a.to.cmp(&b.to));
    let to: Vec<_> = received.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["bo+shop@acme.test", "eva@acme.test"]);
    for part in ["From: Nexus <nexus@acme.test>", "Auto-Submitted: auto-generated", "text/plain", "text/html"]
    {
        assert!(received[0].text.contains(part), "{part}\n{}", received[0].text);
    }
    assert_eq!(received[0].token().len(), 64);
    assert!(outbox(w).await.iter().all(|row| row.state == MailState::Sent && row.attempts == 1));
    assert_eq!(texts_stored(w).await, 0);
    mail::deliver(&nexus).await.fine();
    assert_eq!(postman.received().len(), 2, "once");
}

async fn what_is_refused_for_good_bounces(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    postman.will_say(&["550 5.1.1 No such person here"]);
    invite(w, &nexus, &["bo@acme.test"]).await;
    mail::deliver(&nexus).await.fine();
    let row = only(w).await;
    assert_eq!(row.state, MailState::Bounced);
    assert_eq!(row.problem.as_deref(), Some("550 5.1.1 No such person here"));
    assert_eq!(texts_stored(w).await, 0);
    let invitation = &invitations::list(&w.nexus, &w.owner, None, None, 50).await.fine().data[0].invitation;
    assert_eq!(invitation.mail, Some(MailState::Bounced), "the one who invited sees it");
    assert!(invitation.problem.as_deref().is_some_and(|problem| problem.contains("No such person")));
    let owner = w.signed_in_again(&w.owner).await;
    mail::resend(&nexus, &owner, row.id).await.refused_as(Code::Conflict);
}

async fn what_is_not_taken_now_is_tried_again_after_growing_pauses(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    postman.will_say(&["451 4.7.1 Come back later", "451 4.7.1 Come back later"]);
    invite(w, &nexus, &["bo@acme.test"]).await;
    for pause in [MINUTE, 5 * MINUTE] {
        mail::deliver(&nexus).await.fine();
        let row = only(w).await;
        assert_eq!((row.state, row.next_attempt_at), (MailState::Queued, Some(w.now().plus(pause))));
        assert_eq!(row.problem.as_deref(), Some("451 4.7.1 Come back later"));
        w.pass(pause - 1);
        mail::deliver(&nexus).await.fine();
        assert_eq!(only(w).await.attempts, row.attempts, "not before its time");
        w.pass(1);
    }
    mail::deliver(&nexus).await.fine();
    let row = only(w).await;
    assert_eq!((row.state, row.attempts, row.problem), (MailState::Sent, 3, None));
    assert_eq!(postman.received().len(), 1);
}

async fn a_wrong_password_of_ours_is_nobodys_bounce(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    postman.will_say(&["530 5.7.0 Authentication required"]);
    invite(w, &nexus, &["bo@acme.test"]).await;
    mail::deliver(&nexus).await.fine();
    assert_eq!(only(w).await.state, MailState::Queued);
}

async fn after_six_attempts_a_mail_is_given_up(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    postman.will_say(&["421 busy"; 6]);
    invite(w, &nexus, &["bo@acme.test"]).await;
    for _ in 0..6 {
        assert_eq!(only(w).await.state, MailState::Queued);
        mail::deliver(&nexus).await.fine();
        w.pass(12 * HOUR);
    }
    let row = only(w).await;
    assert_eq!((row.state, row.attempts, row.next_attempt_at), (MailState::Failed, 6, None));
    assert_eq!(texts_stored(w).await, 0);
}

async fn two_processes_send_each_mail_once(w: &World) {
    let postman = Postman::start().await;
    let processes = [w.process_with_mail(&postman).await, w.process_with_mail(&postman).await];
    let emails: Vec<String> = (0..20).map(|n| format!("p{n}@acme.test")).collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    invite(w, &processes[0], &emails).await;
    while postman.received().len() < emails.len() {
        for outcome in join_all(processes.iter().map(mail::deliver)).await {
            outcome.fine();
        }
    }
    let mut to: Vec<String> = postman.received().into_iter().map(|mail| mail.to).collect();
    to.sort();
    to.dedup();
    assert_eq!((to.len(), postman.received().len()), (20, 20));
}

async fn a_server_that_is_not_there_costs_one_attempt_and_is_left_alone(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    postman.leave().await;
    let emails: Vec<String> = (0..20).map(|n| format!("p{n}@acme.test")).collect();
    invite(w, &nexus, &emails.iter().map(String::as_str).collect::<Vec<_>>()).await;
    mail::deliver(&nexus).await.fine();
    let rows = outbox(w).await;
    let tried = rows.iter().filter(|row| row.attempts > 0).count();
    assert!((1..=4).contains(&tried), "{tried}: each hand tries once");
    let problem = rows.iter().find_map(|row| row.problem.clone());
    assert_eq!(problem.as_deref(), Some("No connection to the mail server"), "and no address of ours");
}

async fn a_kept_mail_goes_out_by_hand_once_there_is_a_server(w: &World) {
    invite(w, &w.nexus, &["bo@acme.test"]).await;
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    mail::deliver(&nexus).await.fine();
    assert!(postman.received().is_empty(), "not by itself: its link may be dead by now");
    mail::resend(&nexus, &w.owner, only(w).await.id).await.fine();
    mail::deliver(&nexus).await.fine();
    assert_eq!(only(w).await.state, MailState::Sent);
    assert_eq!(postman.received().len(), 1);
    assert_eq!(w.events().await.last().map(String::as_str), Some("outbox.resent"));
}

async fn a_mail_that_waits_can_be_sent_now(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    postman.will_say(&["451 later"]);
    invite(w, &nexus, &["bo@acme.test"]).await;
    mail::resend(&nexus, &w.owner, only(w).await.id).await.refused_as(Code::Conflict);
    mail::deliver(&nexus).await.fine();
    mail::resend(&nexus, &w.owner, only(w).await.id).await.fine();
    mail::deliver(&nexus).await.fine();
    assert_eq!(only(w).await.state, MailState::Sent);
}

async fn mail_is_kept_when_the_server_is_taken_away_and_forgotten_after_a_month(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    invite(w, &nexus, &["bo@acme.test"]).await;
    mail::sweep(&nexus).await.fine();
    assert_eq!(only(w).await.state, MailState::Queued);
    mail::sweep(&w.nexus).await.fine();
    assert_eq!(only(w).await.state, MailState::Kept);
    w.pass(30 * DAY_MICROS);
    mail::sweep(&w.nexus).await.fine();
    assert_eq!(outbox(w).await.len(), 1);
    w.pass(1);
    mail::sweep(&w.nexus).await.fine();
    assert!(outbox(w).await.is_empty());
}

async fn only_owners_see_the_outbox_and_only_of_their_tenant(w: &World) {
    w.project("shop").await;
    invite(w, &w.nexus, &["bo@acme.test"]).await;
    let row = only(w).await;
    for actor in
        [w.member("shop", ProjectRole::Owner).await, w.person("fay@acme.test", TenantRole::Finance).await]
    {
        mail::list(&w.nexus, &actor, None, 50).await.refused_as(Code::Forbidden);
        mail::open(&w.nexus, &actor, row.id).await.refused_as(Code::Forbidden);
        mail::resend(&w.nexus, &actor, row.id).await.refused_as(Code::Forbidden);
    }
    let rival = w.rival().await;
    assert!(mail::list(&w.nexus, &rival.owner, None, 50).await.fine().data.is_empty());
    mail::open(&w.nexus, &rival.owner, row.id).await.refused_as(Code::NotFound);
}

async fn the_operator_sees_all_of_it(w: &World) {
    invite(w, &w.nexus, &["bo@acme.test"]).await;
    let mails = mail::by_operator(&w.nexus, 10).await.fine();
    assert_eq!(mails.len(), 1);
    let text = mail::text_for_operator(&w.nexus, mails[0].id).await.fine().expect("a text").text;
    assert!(text.contains("/invitation/"));
    w.execute("UPDATE mails SET tenant_id = NULL").await;
    assert!(outbox(w).await.is_empty(), "what is about a person alone is in nobody's outbox");
    assert_eq!(mail::by_operator(&w.nexus, 10).await.fine().len(), 1);
}
