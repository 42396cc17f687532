//! What somebody is after accepting, and what proves an address.

use super::{
    PASSWORD, accept_as, by_provider, grant, invite_all, invited, ip, new, roles, sign_up, sign_up_at, state,
    token, verified, vouched,
};
use crate::world::{OWNER, Outcome, Postman, TENANT, World};
use nexus_backend::invitations::Acceptor;
use nexus_backend::people::Opened;
use nexus_backend::{invitations, mail, people, projects};
use nexus_domain::invitation::{Grants, InvitationState, Invited, MailState, NewInvitation};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::timestamp::HOUR;
use nexus_domain::{Code, TenantId, UserId};
use uuid::Uuid;

both![
    a_new_person_signs_up_by_the_link,
    a_known_person_accepts_under_the_same_address_only,
    somebody_whom_a_provider_vouches_for_needs_no_password,
    accepting_never_takes_away,
    a_member_is_invited_to_what_they_lack,
    people_with_like_addresses_get_handles_of_their_own,
    a_developer_finds_an_environment_of_their_own,
    only_a_mailbox_proves_an_address,
    a_project_that_is_gone_is_left_out,
];

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
    let theirs = format!("SELECT COUNT(*) FROM identities WHERE subject = '{}'", accepted.email);
    assert_eq!(w.number(&theirs).await, 1, "and signs in with it from then on");
    let proved = "SELECT COUNT(*) FROM users WHERE email = 'bo@acme.test' AND password_hash IS NULL
                  AND email_verified_at IS NOT NULL";
    assert_eq!(w.number(proved).await, 1);
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
