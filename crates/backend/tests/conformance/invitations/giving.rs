//! Who may invite whom, many at once, and who sees it.

use super::{grant, invite_all, invited, ip, member, new, roles, state, token, vouched};
use crate::world::{OWNER, Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::{Result, invitations};
use nexus_domain::Code;
use nexus_domain::invitation::{Grants, Invitation, InvitationState, Invited, NewInvitation, ProjectGrant};
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::timestamp::MINUTE;

both![
    the_address_of_an_account_is_told_to_nobody_who_invites,
    each_address_has_an_answer_of_its_own,
    a_thousand_addresses_at_once,
    granting_needs_holding,
    keys_invite_by_their_scopes,
    an_invitation_rests_on_the_rights_of_who_gave_it,
    an_invitation_of_a_key_ends_with_the_key,
    whoever_is_removed_comes_back_by_no_older_link,
    whoever_is_demoted_rises_by_no_older_link,
    inviting_takes_a_fresh_sign_in,
    who_may_invite_to_a_project_sees_its_invitations,
    another_tenants_invitations_are_not_there,
    a_list_comes_in_pages,
];

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
        let refusal = invite_all(w, actor, &["a@new.test"], elsewhere).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field("projects").is_some());
    }
    for actor in [&finance, &plain] {
        invite_all(w, actor, &["a@new.test"], member()).await.refused_as(Code::Forbidden);
        let grants = of(TenantRole::Member, &[grant("shop", ProjectRole::Viewer)]);
        invite_all(w, actor, &["a@new.test"], grants).await.refused_as(Code::InvalidRequest);
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
    let (_, admin) = w.environment_key("live", &[Scope::AdminAll]).await;
    let more = || new("bo@acme.test", &[grant("shop", ProjectRole::Owner)]);
    invitations::invite_one(&w.nexus, &writer, more()).await.refused_as(Code::Forbidden);
    invitations::invite_one(&w.nexus, &writer, new("mia@acme.test", &[])).await.fine();
    let made = invitations::invite_one(&w.nexus, &admin, more()).await.fine();
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
    let token = super::token(w, "bo@acme.test").await;
    vouched(w, &token, "bo@acme.test").await.fine();
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

async fn an_invitation_of_a_key_ends_with_the_key(w: &World) {
    let (_, key) = w.environment_key("live", &[Scope::AdminAll]).await;
    let owner = || NewInvitation { tenant_role: TenantRole::Owner, ..new("mal@acme.test", &[]) };
    invitations::invite_one(&w.nexus, &key, owner()).await.fine();
    let link = token(w, "mal@acme.test").await;
    invitations::offer(&w.nexus, &link, ip()).await.fine();
    let id = key.environment_key().expect("a key");
    nexus_backend::keys::environment::revoke(&w.nexus, &w.owner, id).await.fine();
    invitations::offer(&w.nexus, &link, ip()).await.refused_as(Code::NotFound);
    vouched(w, &link, "mal@acme.test").await.refused_as(Code::NotFound);
    // Sent again by somebody who may, it rests on them.
    let waiting = invitations::list(&w.nexus, &w.owner, None, None, 50).await.fine().data;
    invitations::resend(&w.nexus, &w.owner, waiting[0].invitation.id).await.fine();
    vouched(w, &token(w, "mal@acme.test").await, "mal@acme.test").await.fine();
}

async fn whoever_is_removed_comes_back_by_no_older_link(w: &World) {
    w.project("shop").await;
    w.project("attic").await;
    invited(w, "bo@acme.test", &[grant("attic", ProjectRole::Manager)]).await;
    let older = token(w, "bo@acme.test").await;
    invited(w, "bo@acme.test", &[grant("shop", ProjectRole::Viewer)]).await;
    let joined = vouched(w, &token(w, "bo@acme.test").await, "bo@acme.test").await.fine();
    nexus_backend::members::remove(&w.nexus, &w.owner, joined.user).await.fine();
    invitations::offer(&w.nexus, &older, ip()).await.refused_as(Code::NotFound);
    vouched(w, &older, "bo@acme.test").await.refused_as(Code::NotFound);
    assert!(w.events().await.contains(&"invitation.revoked".to_owned()));
}

async fn whoever_is_demoted_rises_by_no_older_link(w: &World) {
    w.project("shop").await;
    w.project("attic").await;
    let both = [grant("attic", ProjectRole::Viewer), grant("shop", ProjectRole::Manager)];
    invited(w, "bo@acme.test", &both).await;
    let older = token(w, "bo@acme.test").await;
    invited(w, "bo@acme.test", &[grant("shop", ProjectRole::Tester)]).await;
    let joined = vouched(w, &token(w, "bo@acme.test").await, "bo@acme.test").await.fine();
    let patch = nexus_domain::member::ProjectMemberPatch { role: Some(ProjectRole::Viewer) };
    nexus_backend::members::change_in_project(&w.nexus, &w.owner, "shop", joined.user, patch).await.fine();
    let acceptor = nexus_backend::invitations::Acceptor::SignedIn(joined.user);
    invitations::accept(&w.nexus, &older, acceptor, ip()).await.fine();
    assert_eq!(roles(w, "bo@acme.test").await, ["attic:viewer", "member", "shop:viewer"]);
}
