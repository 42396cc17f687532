//! Invitations: who may give what, the link that works once, and what somebody is after accepting.

use crate::world::{OWNER, Outcome, Postman, TENANT, World};
use futures::future::join_all;
use nexus_backend::gate::Actor;
use nexus_backend::invitations::{self, Accepted, Acceptor, NewInvitations, Vouched};
use nexus_backend::people::{self, Opened};
use nexus_backend::sign_in::Identity;
use nexus_backend::{Nexus, Result, mail, projects};
use nexus_domain::invitation::{
    Grants, Invitation, InvitationState, Invited, MailState, NewInvitation, ProjectGrant,
};
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::timestamp::{DAY_MICROS, HOUR, MINUTE};
use nexus_domain::{Code, InvitationId, ProviderId, TenantId, UserId};
use std::net::IpAddr;
use uuid::Uuid;

both![
    a_new_person_signs_up_by_the_link,
    a_known_person_accepts_under_the_same_address_only,
    the_address_of_an_account_is_told_to_nobody_who_invites,
    somebody_whom_a_provider_vouches_for_needs_no_password,
    of_fifty_acceptances_at_once_one_succeeds,
    of_fifty_acceptances_of_one_person_at_once_one_succeeds,
    a_link_ends_after_72_hours,
    links_that_lead_nowhere_are_refused_alike_and_counted,
    a_new_link_ends_the_one_before,
    an_invitation_that_is_taken_back_is_dead,
    each_address_has_an_answer_of_its_own,
    a_thousand_addresses_at_once,
    granting_needs_holding,
    keys_invite_by_their_scopes,
    an_invitation_rests_on_the_rights_of_who_gave_it,
    accepting_never_takes_away,
    a_member_is_invited_to_what_they_lack,
    people_with_like_addresses_get_handles_of_their_own,
    a_developer_finds_an_environment_of_their_own,
    only_a_mailbox_proves_an_address,
    who_may_invite_to_a_project_sees_its_invitations,
    another_tenants_invitations_are_not_there,
    a_project_that_is_gone_is_left_out,
    inviting_takes_a_fresh_sign_in,
    a_list_comes_in_pages,
    what_ended_long_ago_is_forgotten,
];

const PASSWORD: &str = "tr4verse-Olive";

fn ip() -> IpAddr {
    "192.0.2.1".parse().expect("an address")
}

fn from(n: usize) -> IpAddr {
    format!("198.51.100.{n}").parse().expect("an address")
}

fn grant(project: &str, role: ProjectRole) -> ProjectGrant {
    ProjectGrant { project: project.into(), role }
}

fn new(email: &str, projects: &[ProjectGrant]) -> NewInvitation {
    NewInvitation { email: email.into(), tenant_role: TenantRole::Member, projects: projects.to_vec() }
}

async fn invited(w: &World, email: &str, projects: &[ProjectGrant]) -> Invitation {
    invitations::invite_one(&w.nexus, &w.owner, new(email, projects)).await.fine()
}

/// The token in the newest mail to an address.
async fn token(w: &World, email: &str) -> String {
    let mails = mail::by_operator(&w.nexus, 100).await.fine();
    let newest = mails.into_iter().find(|mail| mail.recipient == email).expect("a mail");
    let text = mail::text_for_operator(&w.nexus, newest.id).await.fine().expect("a text").text;
    let (_, rest) = text.split_once("https://nexus.test/invitation/").expect("a link");
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

async fn sign_up(w: &World, token: &str) -> Result<Accepted> {
    invitations::accept(&w.nexus, token, Acceptor::Password(PASSWORD.into()), ip()).await
}

/// The same without a hash, which takes its time.
async fn vouched(w: &World, token: &str, email: &str) -> Result<Accepted> {
    let acceptor = Acceptor::Vouched(by_provider(email));
    invitations::accept(&w.nexus, token, acceptor, ip()).await
}

/// Somebody as a provider of the instance knows them.
fn by_provider(email: &str) -> Vouched {
    let identity = Identity {
        subject: email.to_lowercase(),
        email: Some(email.into()),
        email_verified: true,
        shown: email.into(),
        auth_time: None,
        second_factor: false,
    };
    Vouched { provider: ProviderId(Uuid::nil()), tenant: None, identity }
}

async fn accept_as(w: &World, token: &str, actor: &Actor) -> Result<Accepted> {
    let user = actor.user().expect("a person");
    invitations::accept(&w.nexus, token, Acceptor::SignedIn(user), ip()).await
}

async fn roles(w: &World, email: &str) -> Vec<String> {
    w.texts(&format!(
        "SELECT m.role FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = '{email}'
         UNION ALL SELECT p.slug || ':' || g.role FROM project_members g JOIN projects p ON p.id = g.project_id
         JOIN users u ON u.id = g.user_id WHERE u.email = '{email}' ORDER BY 1"
    ))
    .await
}

async fn state(w: &World, id: InvitationId) -> InvitationState {
    invitations::get(&w.nexus, &w.owner, id).await.fine().state
}

async fn a_new_person_signs_up_by_the_link(w: &World) {
    w.project("shop").await;
    let before = w.events().await.len();
    let made = invited(w, " Bo@Acme.test ", &[grant("shop", ProjectRole::Viewer)]).await;
    assert_eq!(
        (made.email.as_str(), made.state, made.mail),
        ("bo@acme.test", InvitationState::Pending, Some(MailState::Kept))
    );
    assert_eq!(made.expires_at, w.now().plus(72 * HOUR));
    let token = token(w, "bo@acme.test").await;
    for _ in 0..2 {
        let offer = invitations::offer(&w.nexus, &token, ip()).await.fine();
        assert_eq!((offer.tenant.as_str(), offer.invited_by.as_str()), ("Acme", OWNER));
        assert_eq!(offer.projects, [("shop".to_owned(), ProjectRole::Viewer)]);
    }
    let short = Acceptor::Password("short".into());
    let refusal = invitations::accept(&w.nexus, &token, short, ip()).await.refused_as(Code::InvalidRequest);
    assert!(refusal.field("password").is_some());
    let accepted = sign_up(w, &token).await.fine();
    assert_eq!((accepted.email.as_str(), accepted.tenant.as_str()), ("bo@acme.test", TENANT));
    assert_eq!(roles(w, "bo@acme.test").await, ["member", "shop:viewer"]);
    assert_eq!(state(w, made.id).await, InvitationState::Accepted);
    assert_eq!(w.events_after(before).await, ["member.invited", "member.joined"]);
    let signed_in = people::sign_in(&w.nexus, "bo@acme.test", PASSWORD.into(), ip()).await.fine();
    let signed_in = signed_in.signed_in().expect("a new person has no second factor");
    assert_eq!(signed_in.last_tenant.as_deref(), Some(TENANT));
    assert_eq!(
        w.number("SELECT COUNT(*) FROM mails WHERE sealed IS NOT NULL").await,
        0,
        "a used link is kept nowhere"
    );
    sign_up(w, &token).await.refused_as(Code::NotFound);
}

async fn a_known_person_accepts_under_the_same_address_only(w: &World) {
    let rival = w.rival().await;
    invited(w, "rita@rival.test", &[]).await;
    let token = token(w, "rita@rival.test").await;
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    let refusal = accept_as(w, &token, &bo).await.refused_as(Code::Forbidden);
    assert!(refusal.message.contains("rita@rival.test") && refusal.message.contains("bo@acme.test"));
    sign_up(w, &token).await.refused_as(Code::Conflict);
    vouched(w, &token, "rita@rival.test").await.refused_as(Code::Conflict);
    accept_as(w, &token, &rival.owner).await.fine();
    let rita = Opened::by_password(rival.owner.user().expect("a person"), w.now());
    let me = people::me(&w.nexus, rita.user, w.now()).await.fine().expect("rita");
    assert_eq!(me.tenants.len(), 2);
    assert_eq!(
        people::person(&w.nexus, rita, TENANT, None).await.fine().tenant_role(),
        Some(TenantRole::Member)
    );
    let nobody = Acceptor::SignedIn(UserId(Uuid::now_v7()));
    invitations::accept(&w.nexus, &token, nobody, ip()).await.refused_as(Code::NotFound);
}

async fn the_address_of_an_account_is_told_to_nobody_who_invites(w: &World) {
    w.rival().await;
    let known = invited(w, "rita@rival.test", &[]).await;
    let unknown = invited(w, "rosa@rival.test", &[]).await;
    let same = Invitation { id: known.id, email: known.email.clone(), ..unknown };
    assert_eq!(known, same, "but for the address");
    for email in ["rita@rival.test", "rosa@rival.test"] {
        let offer = invitations::offer(&w.nexus, &token(w, email).await, ip()).await.fine();
        assert_eq!(offer.email, email);
    }
}

async fn somebody_whom_a_provider_vouches_for_needs_no_password(w: &World) {
    invited(w, "bo@acme.test", &[]).await;
    let token = token(w, "bo@acme.test").await;
    vouched(w, &token, "eve@evil.test").await.refused_as(Code::Forbidden);
    let mut unverified = by_provider("bo@acme.test");
    unverified.identity.email_verified = false;
    let mut of_another_tenant = by_provider("bo@acme.test");
    of_another_tenant.tenant = Some(TenantId(Uuid::now_v7()));
    for wrong in [unverified, of_another_tenant] {
        let refused = invitations::accept(&w.nexus, &token, Acceptor::Vouched(wrong), ip()).await;
        refused.refused_as(Code::Forbidden);
    }
    let accepted = vouched(w, &token, "Bo@Acme.test").await.fine();
    let theirs = w.number(&format!("SELECT COUNT(*) FROM identities WHERE subject = '{}'", accepted.email)).await;
    assert_eq!(theirs, 1, "and signs in with it from then on");
    let proved = "SELECT COUNT(*) FROM users WHERE email = 'bo@acme.test' AND password_hash IS NULL
                  AND email_verified_at IS NOT NULL";
    assert_eq!(w.number(proved).await, 1);
}

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

async fn invite_all(w: &World, actor: &Actor, emails: &[&str], grants: Grants) -> Result<Vec<Invited>> {
    let emails = emails.iter().map(|email| (*email).to_owned()).collect();
    let outcomes = invitations::invite(&w.nexus, actor, NewInvitations { emails, grants }).await?;
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

fn member() -> Grants {
    Grants { tenant_role: TenantRole::Member, projects: vec![] }
}

async fn each_address_has_an_answer_of_its_own(w: &World) {
    w.person("max@acme.test", TenantRole::Member).await;
    let emails =
        ["Bo@Acme.test", "bo+two@acme.test", "bo@acme.test", "nobody", "MAX@acme.test", "a@b..c", OWNER];
    let outcomes = invite_all(w, &w.owner, &emails, member()).await.fine();
    assert_eq!(outcomes.len(), 6, "the same address once: {outcomes:?}");
    assert!(matches!(&outcomes[0], Invited::Now(it) if it.email == "bo@acme.test"));
    assert!(matches!(&outcomes[1], Invited::Now(it) if it.email == "bo+two@acme.test"));
    assert!(matches!(&outcomes[2], Invited::Invalid(_)), "{outcomes:?}");
    assert!(matches!(&outcomes[3], Invited::Member), "{outcomes:?}");
    assert!(matches!(&outcomes[4], Invited::Invalid(_)), "{outcomes:?}");
    assert!(matches!(&outcomes[5], Invited::Member), "{outcomes:?}");
    let again = invite_all(w, &w.owner, &["bo@acme.test"], member()).await.fine();
    assert!(matches!(&again[0], Invited::Already(_)), "and no second mail: {again:?}");
    assert_eq!(w.number("SELECT COUNT(*) FROM mails").await, 2);
    invitations::invite_one(&w.nexus, &w.owner, new("bo@acme.test", &[])).await.refused_as(Code::Conflict);
    invitations::invite_one(&w.nexus, &w.owner, new("max@acme.test", &[])).await.refused_as(Code::Conflict);
    let refusal = invitations::invite_one(&w.nexus, &w.owner, new("nobody", &[])).await.refused();
    assert!(refusal.field("email").is_some());
}

async fn a_thousand_addresses_at_once(w: &World) {
    let emails: Vec<String> = (0..1_001).map(|n| format!("p{n}@acme.test")).collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let refusal = invite_all(w, &w.owner, &emails, member()).await.refused_as(Code::InvalidRequest);
    assert!(refusal.field("emails").is_some());
    let outcomes = invite_all(w, &w.owner, &emails[1..], member()).await.fine();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Invited::Now(_))));
    assert_eq!(w.number("SELECT COUNT(*) FROM mails").await, 1_000);
}

async fn granting_needs_holding(w: &World) {
    w.project("shop").await;
    w.project("attic").await;
    let finance = w.person("fay@acme.test", TenantRole::Finance).await;
    let plain = w.person("max@acme.test", TenantRole::Member).await;
    let mut people = vec![];
    for role in ProjectRole::ALL {
        people.push((*role, w.member("shop", *role).await));
    }
    let of = |tenant_role, projects: &[ProjectGrant]| Grants { tenant_role, projects: projects.to_vec() };
    for (role, actor) in &people {
        for offered in ProjectRole::ALL {
            let email = format!("{role}-{offered}@new.test");
            let grants = of(TenantRole::Member, &[grant("shop", *offered)]);
            let outcome = invite_all(w, actor, &[&email], grants).await;
            let may = matches!((role, offered), (ProjectRole::Owner, _))
                || matches!((role, offered), (ProjectRole::Manager, it) if *it != ProjectRole::Owner);
            assert_eq!(outcome.is_ok(), may, "{role} invites a {offered}");
            if !may {
                outcome.refused_as(Code::Forbidden);
            }
        }
    }
    let lead = &people[0].1;
    for (actor, who) in [(lead, "lead"), (&people[1].1, "manager")] {
        invite_all(w, actor, &["a@new.test"], member()).await.refused_as(Code::Forbidden);
        for tenant_role in [TenantRole::Owner, TenantRole::Finance] {
            let outcome = invite_all(w, actor, &["a@new.test"], of(tenant_role, &[])).await;
            assert_eq!(outcome.refused().code, Code::Forbidden, "{who} {tenant_role}");
        }
        let elsewhere = of(
            TenantRole::Member,
            &[grant("shop", ProjectRole::Viewer), grant("attic", ProjectRole::Viewer)],
        );
        invite_all(w, actor, &["a@new.test"], elsewhere).await.refused_as(Code::NotFound);
    }
    for actor in [&finance, &plain] {
        invite_all(w, actor, &["a@new.test"], member()).await.refused_as(Code::Forbidden);
        let grants = of(TenantRole::Member, &[grant("shop", ProjectRole::Viewer)]);
        invite_all(w, actor, &["a@new.test"], grants).await.refused_as(Code::NotFound);
    }
    let bad = of(TenantRole::Finance, &[grant("shop", ProjectRole::Viewer)]);
    assert!(invite_all(w, &w.owner, &["a@new.test"], bad).await.refused().field("projects").is_some());
    let twice =
        of(TenantRole::Member, &[grant("shop", ProjectRole::Viewer), grant("shop", ProjectRole::Tester)]);
    assert!(invite_all(w, &w.owner, &["a@new.test"], twice).await.refused().field("projects").is_some());
    invite_all(w, &w.owner, &["a@new.test"], of(TenantRole::Owner, &[])).await.fine();
}

async fn keys_invite_by_their_scopes(w: &World) {
    w.project("shop").await;
    let (_, writer) = w.environment_key("live", &[Scope::WriteUsers, Scope::ReadUsers]).await;
    let (_, reader) = w.environment_key("live", &[Scope::ReadUsers]).await;
    let made =
        invitations::invite_one(&w.nexus, &writer, new("bo@acme.test", &[grant("shop", ProjectRole::Owner)]))
            .await
            .fine();
    assert!(made.invited_by.starts_with("nx_live_"));
    invitations::get(&w.nexus, &reader, made.id).await.fine();
    invitations::invite_one(&w.nexus, &reader, new("eva@acme.test", &[])).await.refused_as(Code::Forbidden);
    invitations::resend(&w.nexus, &reader, made.id).await.refused_as(Code::Forbidden);
    invitations::revoke(&w.nexus, &reader, made.id).await.refused_as(Code::Forbidden);
    vouched(w, &token(w, "bo@acme.test").await, "bo@acme.test").await.fine();
    assert_eq!(roles(w, "bo@acme.test").await, ["member", "shop:owner"]);
}

async fn an_invitation_rests_on_the_rights_of_who_gave_it(w: &World) {
    w.project("shop").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let made = invitations::invite_one(
        &w.nexus,
        &manager,
        new("bo@acme.test", &[grant("shop", ProjectRole::Manager)]),
    )
    .await
    .fine();
    let token = token(w, "bo@acme.test").await;
    w.give_role(&manager, "shop", ProjectRole::Developer).await;
    invitations::offer(&w.nexus, &token, ip()).await.refused_as(Code::NotFound);
    vouched(w, &token, "bo@acme.test").await.refused_as(Code::NotFound);
    let again = invite_all(
        w,
        &w.owner,
        &["bo@acme.test"],
        Grants { tenant_role: TenantRole::Member, projects: vec![grant("shop", ProjectRole::Manager)] },
    );
    assert!(matches!(&again.await.fine()[0], Invited::Now(_)), "an owner's own, because that one is dead");
    w.execute("DELETE FROM memberships WHERE handle = 'manager'").await;
    vouched(w, &token, "bo@acme.test").await.refused_as(Code::NotFound);
    invitations::resend(&w.nexus, &w.owner, made.id).await.fine();
    let token = self::token(w, "bo@acme.test").await;
    vouched(w, &token, "bo@acme.test").await.fine();
}

async fn accepting_never_takes_away(w: &World) {
    w.project("shop").await;
    w.project("attic").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    invited(
        w,
        "manager@acme.test",
        &[grant("shop", ProjectRole::Viewer), grant("attic", ProjectRole::Tester)],
    )
    .await;
    accept_as(w, &token(w, "manager@acme.test").await, &manager).await.fine();
    assert_eq!(roles(w, "manager@acme.test").await, ["attic:tester", "member", "shop:manager"]);
    let owner = new("manager@acme.test", &[]);
    let owner = NewInvitation { tenant_role: TenantRole::Owner, ..owner };
    invitations::invite_one(&w.nexus, &w.owner, owner).await.fine();
    accept_as(w, &token(w, "manager@acme.test").await, &manager).await.fine();
    assert_eq!(roles(w, "manager@acme.test").await, ["attic:tester", "owner", "shop:manager"]);
    assert_eq!(w.texts("SELECT handle FROM memberships ORDER BY handle").await, ["ana", "manager"]);
}

async fn a_member_is_invited_to_what_they_lack(w: &World) {
    w.project("shop").await;
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    let outcomes = |role| async move {
        let grants = Grants { tenant_role: TenantRole::Member, projects: vec![grant("shop", role)] };
        invite_all(w, &w.owner, &["viewer@acme.test"], grants).await.fine().remove(0)
    };
    assert!(matches!(outcomes(ProjectRole::Viewer).await, Invited::Member));
    assert!(matches!(outcomes(ProjectRole::Developer).await, Invited::Now(_)));
    assert!(matches!(outcomes(ProjectRole::Developer).await, Invited::Already(_)));
    accept_as(w, &token(w, "viewer@acme.test").await, &viewer).await.fine();
    assert_eq!(roles(w, "viewer@acme.test").await, ["member", "shop:developer"]);
    assert!(matches!(outcomes(ProjectRole::Tester).await, Invited::Member));
}

async fn people_with_like_addresses_get_handles_of_their_own(w: &World) {
    for email in ["ana@other.test", "an.a@third.test", "abcdefghijklmno@x.test", "abcdefghijklmnop@x.test"] {
        invited(w, email, &[]).await;
        vouched(w, &token(w, email).await, email).await.fine();
    }
    let handles = w.texts("SELECT handle FROM memberships ORDER BY handle").await;
    assert_eq!(handles, ["abcdefghijk2", "abcdefghijkl", "ana", "ana2", "ana3"]);
}

async fn a_developer_finds_an_environment_of_their_own(w: &World) {
    w.project("shop").await;
    w.project("attic").await;
    invited(
        w,
        "bo@acme.test",
        &[grant("shop", ProjectRole::Developer), grant("attic", ProjectRole::Manager)],
    )
    .await;
    vouched(w, &token(w, "bo@acme.test").await, "bo@acme.test").await.fine();
    let slugs = w.texts("SELECT slug FROM environments WHERE kind = 'developer'").await;
    assert_eq!(slugs, ["dev_bo"], "of the project whose developer they are");
    assert!(w.events().await.contains(&"dev_environment.created".to_owned()));
}

async fn verified(w: &World, email: &str) -> bool {
    let sql = format!("SELECT COUNT(*) FROM users WHERE email = '{email}' AND email_verified_at IS NOT NULL");
    w.number(&sql).await == 1
}

/// Signs up without the work of a hash: the row is what counts.
async fn sign_up_at(w: &World, nexus: &Nexus, token: &str) {
    invitations::accept(nexus, token, Acceptor::Password(PASSWORD.into()), ip()).await.fine();
    w.nexus.settled().await;
}

async fn only_a_mailbox_proves_an_address(w: &World) {
    let postman = Postman::start().await;
    let nexus = w.process_with_mail(&postman).await;
    invitations::invite_one(&nexus, &w.owner, new("mailed@acme.test", &[])).await.fine();
    mail::deliver(&nexus).await.fine();
    sign_up_at(w, &nexus, &postman.received()[0].token()).await;
    assert!(verified(w, "mailed@acme.test").await, "the link went to the mailbox alone");

    let copied = invited(w, "copied@acme.test", &[]).await;
    let link = invitations::copy_link(&w.nexus, &w.owner, copied.id).await.fine().link;
    sign_up_at(w, &w.nexus, link.rsplit('/').next().expect("a token")).await;
    assert!(!verified(w, "copied@acme.test").await, "the inviter had the link");

    invited(w, "kept@acme.test", &[]).await;
    let row = mail::list(&w.nexus, &w.owner, None, 1).await.fine().data.remove(0);
    mail::open(&w.nexus, &w.owner, row.id).await.fine();
    mail::resend(&nexus, &w.owner, row.id).await.fine();
    mail::deliver(&nexus).await.fine();
    sign_up_at(w, &nexus, &postman.received()[1].token()).await;
    assert!(!verified(w, "kept@acme.test").await, "an owner read it before it went out");
}

async fn who_may_invite_to_a_project_sees_its_invitations(w: &World) {
    w.project("shop").await;
    w.project("attic").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    let both = [grant("attic", ProjectRole::Tester), grant("shop", ProjectRole::Tester)];
    let own = invited(w, "one@acme.test", &[grant("shop", ProjectRole::Viewer)]).await;
    let shared = invited(w, "two@acme.test", &both).await;
    let lead = invited(w, "three@acme.test", &[grant("shop", ProjectRole::Owner)]).await;
    let hidden = invited(w, "four@acme.test", &[]).await;
    let listed = async |actor: &Actor, project: Option<&str>| {
        let page = invitations::list(&w.nexus, actor, project.map(str::to_owned), None, 50).await?;
        Ok(page
            .data
            .into_iter()
            .map(|it| (it.invitation.email, it.invitation.projects.len(), it.may_change))
            .collect())
    };
    let seen: Result<Vec<(String, usize, bool)>> = listed(&manager, Some("shop")).await;
    let expected = [("three@acme.test", 1, false), ("two@acme.test", 1, false), ("one@acme.test", 1, true)];
    assert_eq!(
        seen.fine(),
        expected.map(|(email, n, may)| (email.to_owned(), n, may)),
        "and nothing of the attic"
    );
    let seen: Result<Vec<(String, usize, bool)>> = listed(&w.owner, None).await;
    assert_eq!(seen.fine().len(), 4);
    let seen: Result<Vec<(String, usize, bool)>> = listed(&w.owner, Some("attic")).await;
    assert_eq!(seen.fine(), [("two@acme.test".to_owned(), 2, true)]);
    for (actor, project, code) in [
        (&manager, None, Code::Forbidden),
        (&manager, Some("attic"), Code::NotFound),
        (&viewer, Some("shop"), Code::Forbidden),
    ] {
        let refused: Result<Vec<(String, usize, bool)>> = listed(actor, project).await;
        refused.refused_as(code);
    }
    invitations::resend(&w.nexus, &manager, own.id).await.fine();
    invitations::revoke(&w.nexus, &manager, own.id).await.fine();
    invitations::revoke(&w.nexus, &manager, shared.id).await.refused_as(Code::NotFound);
    invitations::copy_link(&w.nexus, &manager, lead.id).await.refused_as(Code::Forbidden);
    invitations::revoke(&w.nexus, &manager, hidden.id).await.refused_as(Code::NotFound);
    invitations::revoke(&w.nexus, &viewer, own.id).await.refused_as(Code::NotFound);
    let inviting = invitations::inviting(&w.nexus, &manager).await.fine();
    assert!(!inviting.tenant && inviting.projects.len() == 1);
    assert_eq!(invitations::inviting(&w.nexus, &viewer).await.fine().projects.len(), 0);
}

async fn another_tenants_invitations_are_not_there(w: &World) {
    let rival = w.rival().await;
    let made = invited(w, "bo@acme.test", &[]).await;
    invitations::get(&w.nexus, &rival.owner, made.id).await.refused_as(Code::NotFound);
    invitations::resend(&w.nexus, &rival.owner, made.id).await.refused_as(Code::NotFound);
    invitations::copy_link(&w.nexus, &rival.owner, made.id).await.refused_as(Code::NotFound);
    invitations::revoke(&w.nexus, &rival.owner, made.id).await.refused_as(Code::NotFound);
    assert!(invitations::list(&w.nexus, &rival.owner, None, None, 50).await.fine().data.is_empty());
    assert_eq!(state(w, made.id).await, InvitationState::Pending);
}

async fn a_project_that_is_gone_is_left_out(w: &World) {
    w.project("shop").await;
    w.project("attic").await;
    let grants = [grant("attic", ProjectRole::Tester), grant("shop", ProjectRole::Tester)];
    let made = invited(w, "bo@acme.test", &grants).await;
    projects::delete(&w.nexus, &w.owner, "attic").await.fine();
    let left = invitations::get(&w.nexus, &w.owner, made.id).await.fine();
    assert_eq!(left.projects, [grant("shop", ProjectRole::Tester)]);
    vouched(w, &token(w, "bo@acme.test").await, "bo@acme.test").await.fine();
    assert_eq!(roles(w, "bo@acme.test").await, ["member", "shop:tester"]);
}

async fn inviting_takes_a_fresh_sign_in(w: &World) {
    let made = invited(w, "bo@acme.test", &[]).await;
    w.pass(5 * MINUTE + 1);
    invitations::invite_one(&w.nexus, &w.owner, new("eva@acme.test", &[]))
        .await
        .refused_as(Code::StepUpRequired);
    invitations::resend(&w.nexus, &w.owner, made.id).await.refused_as(Code::StepUpRequired);
    invitations::copy_link(&w.nexus, &w.owner, made.id).await.refused_as(Code::StepUpRequired);
    invitations::list(&w.nexus, &w.owner, None, None, 50).await.fine();
    invitations::revoke(&w.nexus, &w.owner, made.id).await.fine();
}

async fn a_list_comes_in_pages(w: &World) {
    let emails: Vec<String> = (0..5).map(|n| format!("p{n}@acme.test")).collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    invite_all(w, &w.owner, &emails, member()).await.fine();
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = invitations::list(&w.nexus, &w.owner, None, cursor, 2).await.fine();
        assert!(page.data.len() <= 2);
        seen.extend(page.data.into_iter().map(|it| it.invitation.email));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["p4@acme.test", "p3@acme.test", "p2@acme.test", "p1@acme.test", "p0@acme.test"]);
    let refusal = invitations::list(&w.nexus, &w.owner, None, Some("x".into()), 2).await.refused();
    assert!(refusal.field("cursor").is_some());
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
