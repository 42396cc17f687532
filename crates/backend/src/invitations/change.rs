//! Sending an invitation again, making its link known to the inviter, and taking it back. Each new link ends the one
//! before, and so does what still waits in the queue with it.

use super::grants::{authorise, on_whole_tenant};
use super::invite::{record, send_again};
use super::list::{one, wire_one};
use super::members::project_role_of;
use super::{Grant, Link, Row};
use crate::gate::Actor;
use crate::mail;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::invitation::{Grants, Invitation, InvitationLink, InvitationState};
use nexus_domain::role::Place;
use nexus_domain::{Code, InvitationId, MailId, Refusal};

const SHARED: Place = Place::Shared { develop: false };

/// Sends an invitation again: with a new link for another 72 hours, and under the name of whoever does that.
pub async fn resend(nexus: &Nexus, actor: &Actor, id: InvitationId) -> Result<Invitation> {
    if let Some(ip) = actor.ip {
        nexus.limits.request(ip, nexus.now()).await?;
    }
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let (row, grants) = open(w, id, Action::InvitationResend).await?;
                withdraw(w, &row).await?;
                let (link, mail) = send_again(w, &row.email, &grants).await?;
                renew(w, id, &link, Some(mail)).await?;
                record(w, Action::InvitationResend, &row.email, &grants).await?;
                wire_one(w, id).await
            })
        })
        .await
}

/// Makes a new link and shows it, to be handed on by other means than mail. Links are not stored, so this is the only
/// way to see one; and because the inviter has it, it proves nobody's mailbox.
pub async fn copy_link(nexus: &Nexus, actor: &Actor, id: InvitationId) -> Result<InvitationLink> {
    if let Some(ip) = actor.ip {
        nexus.limits.request(ip, nexus.now()).await?;
    }
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let (row, grants) = open(w, id, Action::InvitationCopy).await?;
                withdraw(w, &row).await?;
                let link = Link::new(&w.nexus, w.now)?;
                renew(w, id, &link, None).await?;
                record(w, Action::InvitationCopy, &row.email, &grants).await?;
                Ok(InvitationLink { email: row.email, link: link.url(&w.nexus), expires_at: link.expires_at })
            })
        })
        .await
}

/// Takes an invitation back: its link is dead at once.
pub async fn revoke(nexus: &Nexus, actor: &Actor, id: InvitationId) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let (row, grants) = open(w, id, Action::InvitationRevoke).await?;
                end(w, &row).await?;
                record(w, Action::InvitationRevoke, &row.email, &grants).await
            })
        })
        .await
}

/// Finds an invitation that is neither accepted nor revoked, and that the actor could have given.
async fn open(w: &mut Work, id: InvitationId, action: Action) -> Result<(Row, Grants)> {
    let whole = on_whole_tenant(w, action)?;
    let (row, projects) = one(w, id).await?;
    if !whole && !sees(w, &projects).await? {
        let denial = Denial::on_tenant(action.event(), &w.actor.tenant_slug);
        return Err(Error::Denied(Denial { hidden: true, ..denial }));
    }
    let grants = row.grants(&projects);
    authorise(w, action, &grants).await?;
    match row.state(w.now) {
        InvitationState::Accepted => Err(Refusal::new(Code::Conflict, "It is accepted already").into()),
        InvitationState::Revoked => {
            Err(Refusal::new(Code::Conflict, "It is revoked; invite the address again").into())
        }
        InvitationState::Pending | InvitationState::Expired => Ok((row, grants)),
    }
}

/// Whether one of the projects is one that the actor may invite to.
async fn sees(w: &mut Work, projects: &[Grant]) -> Result<bool> {
    let Some(user) = w.actor.user() else { return Ok(true) };
    for grant in projects {
        let member = project_role_of(w, grant.project_id, user).await?;
        let role = w.actor.project_role(member.map(|role| role.as_str()));
        if role.is_some_and(|role| role.allows(Action::MemberInvite.permission(), SHARED)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes an invitation worthless, with the mail that still waits.
pub(super) async fn end(w: &mut Work, row: &Row) -> Result<()> {
    withdraw(w, row).await?;
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE invitations SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(row.id)
    .bind(w.now)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn withdraw(w: &mut Work, row: &Row) -> Result<()> {
    match row.mail_id {
        Some(mail) => mail::withdraw(w, mail).await,
        None => Ok(()),
    }
}

/// Puts a new link in the place of the one before.
async fn renew(w: &mut Work, id: InvitationId, link: &Link, mail: Option<MailId>) -> Result<()> {
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "UPDATE invitations SET token_mac = $3, mail_id = $4, sent_at = $5, expires_at = $6, invited_by = $7, inviter_id = $8,
             inviter_key = $9
         WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(link.mac.as_slice())
    .bind(mail)
    .bind(w.now)
    .bind(link.expires_at)
    .bind(w.actor.label())
    .bind(w.actor.user())
    .bind(w.actor.environment_key())
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}
