//! Inviting: many addresses at once, each with an answer of its own.

use super::grants::{authorise, check, still_held, tenant_role_of};
use super::list::{grants_of, of_address, wire_one};
use super::members::project_role_of;
use super::{Grant, Link, letter};
use crate::gate::Actor;
use crate::mail;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::invitation::{
    Grants, Invitation, InvitationState, Invited, MAX_ADDRESSES, NewInvitation, ProjectGrant,
};
use nexus_domain::member::check_email;
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::{Code, InvitationId, MailId, Refusal, UserId};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// How many invitations of one tenant may wait to be accepted.
const MOST_PENDING: i64 = 10_000;

/// Addresses that are all offered the same.
#[derive(Debug, Clone)]
pub struct NewInvitations {
    pub emails: Vec<String>,
    pub grants: Grants,
}

/// Invites each address, and says what came of it. Addresses that are none, members who have all of it, and those who were
/// offered exactly this before are told apart; the others are invited all the same. Whether an address has an account
/// makes no difference.
pub async fn invite(nexus: &Nexus, actor: &Actor, new: NewInvitations) -> Result<Vec<(String, Invited)>> {
    if let Some(ip) = actor.ip {
        nexus.limits.request(ip, nexus.now()).await?;
    }
    let NewInvitations { emails, mut grants } = new;
    if emails.len() > MAX_ADDRESSES {
        return Err(Error::invalid("emails", format!("At most {MAX_ADDRESSES} addresses at once")));
    }
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                check(&mut grants)?;
                let found = authorise(w, Action::MemberInvite, &grants).await;
                let found = found.map_err(|error| error.named_by("projects"))?;
                let mut round = Round { grants, found, tenant: tenant_name(w).await?, left: room(w).await? };
                let mut outcomes = Vec::new();
                let (mut seen, mut none_yet) = (HashSet::new(), true);
                for email in emails {
                    if !seen.insert(email.trim().to_lowercase()) {
                        continue;
                    }
                    let outcome = round.one(w, &email).await?;
                    none_yet &= !matches!(outcome, Invited::Now(_));
                    outcomes.push((email, outcome));
                }
                if none_yet {
                    w.nothing_to_do();
                }
                Ok(outcomes)
            })
        })
        .await
}

/// Invites one address, for a program: what is no invitation is a refusal.
pub async fn invite_one(nexus: &Nexus, actor: &Actor, new: NewInvitation) -> Result<Invitation> {
    let NewInvitation { email, tenant_role, projects } = new;
    let new = NewInvitations { emails: vec![email], grants: Grants { tenant_role, projects } };
    match invite(nexus, actor, new).await?.pop() {
        Some((_, Invited::Now(invitation))) => Ok(*invitation),
        Some((_, Invited::Already(invitation))) => {
            let message = "This address is invited to exactly this already; send that invitation again";
            Err(Refusal::taken("email", message).with("id", invitation.id.to_string()).into())
        }
        Some((_, Invited::Member)) => {
            Err(Refusal::taken("email", "This address belongs to a member who has all of this").into())
        }
        Some((_, Invited::Invalid(rule))) => Err(Error::invalid("email", rule)),
        None => Err(Error::Impossible("one address and no outcome")),
    }
}

async fn tenant_name(w: &mut Work) -> Result<String> {
    let (name,): (String,) = on!(w.tx, |c| sqlx::query_as(sql!("SELECT name FROM tenants WHERE id = $1"))
        .bind(w.actor.tenant)
        .fetch_one(c)
        .await)?;
    Ok(name)
}

/// How many more may wait.
async fn room(w: &mut Work) -> Result<i64> {
    let (pending,): (i64,) = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT COUNT(*) FROM invitations WHERE tenant_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL
             AND expires_at > $2"
    ))
    .bind(w.actor.tenant)
    .bind(w.now)
    .fetch_one(c)
    .await)?;
    Ok(MOST_PENDING.saturating_sub(pending))
}

/// What is the same for all addresses of one call.
struct Round {
    grants: Grants,
    found: Vec<Grant>,
    tenant: String,
    left: i64,
}

impl Round {
    async fn one(&mut self, w: &mut Work, email: &str) -> Result<Invited> {
        let email = match check_email(email) {
            Ok(email) if mail::is_address(&email) => email,
            Ok(_) => return Ok(Invited::Invalid("No mail can be sent to this address".into())),
            Err(refusal) => {
                let rule = refusal.field("email").unwrap_or("An address like ana@example.com");
                return Ok(Invited::Invalid(rule.to_owned()));
            }
        };
        if self.has_all(w, &email).await? {
            return Ok(Invited::Member);
        }
        if let Some(invitation) = self.same(w, &email).await? {
            return Ok(Invited::Already(Box::new(invitation)));
        }
        if self.left <= 0 {
            let message =
                format!("{MOST_PENDING} invitations wait to be accepted; revoke some of them first");
            return Err(Refusal::new(Code::Conflict, message).into());
        }
        self.left -= 1;
        let id = self.insert(w, &email).await?;
        Ok(Invited::Now(Box::new(wire_one(w, id).await?)))
    }

    /// Whether somebody with this address is a member whom accepting would give nothing.
    async fn has_all(&self, w: &mut Work, email: &str) -> Result<bool> {
        let row: Option<(UserId,)> = on!(w.tx, |c| {
            sqlx::query_as(sql!(
            "SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1 AND u.email = $2"
        ))
        .bind(w.actor.tenant)
        .bind(email)
        .fetch_optional(c)
        .await
        })?;
        let Some((user,)) = row else { return Ok(false) };
        let role = tenant_role_of(w, user).await?;
        if TenantRole::raised(role, self.grants.tenant_role).is_some() {
            return Ok(false);
        }
        if role == Some(TenantRole::Owner) {
            // Owner of every project.
            return Ok(true);
        }
        for grant in &self.found {
            let current = project_role_of(w, grant.project_id, user).await?;
            if ProjectRole::raised(current, grant.role).is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// An invitation that waits, works, and offers exactly this.
    async fn same(&self, w: &mut Work, email: &str) -> Result<Option<Invitation>> {
        for row in of_address(w, email).await? {
            if row.state(w.now) != InvitationState::Pending {
                continue;
            }
            let projects = grants_of(w, row.id, row.id).await?.remove(&row.id).unwrap_or_default();
            // A link that rests on rights which its giver has lost is as good as none.
            let works = still_held(w, row.inviter(), &self.grants, &projects).await?;
            if row.grants(&projects) == self.grants && works {
                return Ok(Some(row.into_wire(&projects, w.now)));
            }
        }
        Ok(None)
    }

    async fn insert(&self, w: &mut Work, email: &str) -> Result<InvitationId> {
        let id = InvitationId(Uuid::now_v7());
        let (link, mail_id) = send(w, &self.tenant, email, &self.grants).await?;
        on!(w.tx, |c| {
            sqlx::query(sql!(
            "INSERT INTO invitations (tenant_id, id, email, tenant_role, token_mac, mail_id, invited_by, inviter_id,
                 inviter_key, created_at, sent_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)"
        ))
        .bind(w.actor.tenant)
        .bind(id)
        .bind(email)
        .bind(self.grants.tenant_role.as_str())
        .bind(link.mac.as_slice())
        .bind(mail_id)
        .bind(w.actor.label())
        .bind(w.actor.user())
        .bind(w.actor.environment_key())
        .bind(w.now)
        .bind(link.expires_at)
        .execute(c)
        .await
        .map(|_| ())
        })?;
        for grant in &self.found {
            on!(w.tx, |c| {
                sqlx::query(sql!(
                "INSERT INTO invitation_projects (tenant_id, invitation_id, project_id, role) VALUES ($1, $2, $3, $4)"
            ))
            .bind(w.actor.tenant)
            .bind(id)
            .bind(grant.project_id)
            .bind(grant.role.as_str())
            .execute(c)
            .await
            .map(|_| ())
            })?;
        }
        record(w, Action::MemberInvite, email, &self.grants).await?;
        Ok(id)
    }
}

/// Makes a link and puts the mail with it into the queue.
pub(super) async fn send(w: &mut Work, tenant: &str, email: &str, grants: &Grants) -> Result<(Link, MailId)> {
    let (nexus, now) = (w.nexus.clone(), w.now);
    let link = Link::new(&nexus, now)?;
    let letter = letter::mail(w, tenant, email, grants, &link);
    let mail = mail::queue(&nexus, &mut w.tx, &letter, now).await?;
    Ok((link, mail))
}

/// Sends the invitation again: the same mail with another link.
pub(super) async fn send_again(w: &mut Work, email: &str, grants: &Grants) -> Result<(Link, MailId)> {
    let tenant = tenant_name(w).await?;
    send(w, &tenant, email, grants).await
}

/// A row about an invitation; in the log of the project where it is about one.
pub(super) async fn record(w: &mut Work, action: Action, email: &str, grants: &Grants) -> Result<()> {
    let target = match grants.projects.as_slice() {
        [ProjectGrant { project, .. }] => Target::in_project(project, email),
        _ => Target::named(email),
    };
    let details = json!({ "tenant_role": grants.tenant_role, "projects": grants.projects });
    w.record(action, &target, details).await
}
