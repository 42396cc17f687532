//! Invitations: who may give what, the link that works once, and what somebody is after accepting.

mod accepting;
mod giving;
mod links;

use crate::world::{Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::invitations::{Accepted, Acceptor, NewInvitations, Vouched};
use nexus_backend::sign_in::Identity;
use nexus_backend::{Nexus, Result, invitations, mail};
use nexus_domain::invitation::{Grants, Invitation, InvitationState, Invited, NewInvitation, ProjectGrant};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::{InvitationId, ProviderId};
use std::net::IpAddr;
use uuid::Uuid;

pub(super) const PASSWORD: &str = "tr4verse-Olive";

pub(super) fn ip() -> IpAddr {
    "192.0.2.1".parse().expect("an address")
}

pub(super) fn from(n: usize) -> IpAddr {
    format!("198.51.100.{n}").parse().expect("an address")
}

pub(super) fn grant(project: &str, role: ProjectRole) -> ProjectGrant {
    ProjectGrant { project: project.into(), role }
}

pub(super) fn new(email: &str, projects: &[ProjectGrant]) -> NewInvitation {
    NewInvitation { email: email.into(), tenant_role: TenantRole::Member, projects: projects.to_vec() }
}

pub(super) async fn invited(w: &World, email: &str, projects: &[ProjectGrant]) -> Invitation {
    invitations::invite_one(&w.nexus, &w.owner, new(email, projects)).await.fine()
}

/// The token in the newest mail to an address.
pub(super) async fn token(w: &World, email: &str) -> String {
    let mails = mail::by_operator(&w.nexus, 100).await.fine();
    let newest = mails.into_iter().find(|mail| mail.recipient == email).expect("a mail");
    let text = mail::text_for_operator(&w.nexus, newest.id).await.fine().expect("a text").text;
    let (_, rest) = text.split_once("https://nexus.test/invitation/").expect("a link");
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

pub(super) async fn sign_up(w: &World, token: &str) -> Result<Accepted> {
    invitations::accept(&w.nexus, token, Acceptor::Password(PASSWORD.into()), ip()).await
}

/// The same without a hash, which takes its time.
pub(super) async fn vouched(w: &World, token: &str, email: &str) -> Result<Accepted> {
    invitations::accept(&w.nexus, token, Acceptor::Vouched(by_provider(email)), ip()).await
}

/// Somebody as a provider of the instance knows them.
pub(super) fn by_provider(email: &str) -> Vouched {
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

pub(super) async fn accept_as(w: &World, token: &str, actor: &Actor) -> Result<Accepted> {
    let user = actor.user().expect("a person");
    invitations::accept(&w.nexus, token, Acceptor::SignedIn(user), ip()).await
}

pub(super) async fn roles(w: &World, email: &str) -> Vec<String> {
    w.texts(&format!(
        "SELECT m.role FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = '{email}'
         UNION ALL SELECT p.slug || ':' || g.role FROM project_members g JOIN projects p ON p.id = g.project_id
         JOIN users u ON u.id = g.user_id WHERE u.email = '{email}' ORDER BY 1"
    ))
    .await
}

pub(super) async fn state(w: &World, id: InvitationId) -> InvitationState {
    invitations::get(&w.nexus, &w.owner, id).await.fine().state
}

pub(super) async fn invite_all(
    w: &World,
    actor: &Actor,
    emails: &[&str],
    grants: Grants,
) -> Result<Vec<Invited>> {
    let emails = emails.iter().map(|email| (*email).to_owned()).collect();
    let outcomes = invitations::invite(&w.nexus, actor, NewInvitations { emails, grants }).await?;
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

pub(super) fn member() -> Grants {
    Grants { tenant_role: TenantRole::Member, projects: vec![] }
}

pub(super) async fn verified(w: &World, email: &str) -> bool {
    let sql = format!("SELECT COUNT(*) FROM users WHERE email = '{email}' AND email_verified_at IS NOT NULL");
    w.number(&sql).await == 1
}

/// Signs up at this process.
pub(super) async fn sign_up_at(w: &World, nexus: &Nexus, token: &str) {
    invitations::accept(nexus, token, Acceptor::Password(PASSWORD.into()), ip()).await.fine();
    w.nexus.settled().await;
}
