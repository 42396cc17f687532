//! Changing what somebody is in the tenant, removing them, and leaving.

use super::list::one;
use super::{Standing, find, stand};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result, dev_environments, invitations};
use nexus_domain::action::Action;
use nexus_domain::member::{Member, MemberLosses, MemberPatch};
use nexus_domain::role::TenantRole;
use nexus_domain::{Code, Refusal, UserId};
use serde_json::json;

fn denied(w: &Work, action: Action) -> Error {
    Error::Denied(Denial::on_tenant(action.event(), &w.actor.tenant_slug))
}

/// Gives somebody another tenant role. Roles in projects stay as they are, and hold or rest with it.
pub async fn change(nexus: &Nexus, actor: &Actor, user: UserId, patch: MemberPatch) -> Result<Member> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                stand(w).await?;
                w.authorise(Action::MemberUpdate)?;
                let before = find(w, user).await?;
                let Some(role) = patch.role.filter(|role| *role != before.role) else {
                    w.nothing_to_do();
                    return one(w, user).await;
                };
                // Whoever was an owner only loses by it; everybody else may gain.
                if w.actor.is_confined() && before.role != TenantRole::Owner {
                    return Err(denied(w, Action::MemberUpdate));
                }
                keep_an_owner(w, &before).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE memberships SET role = $3 WHERE tenant_id = $1 AND user_id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(user)
                .bind(role.as_str())
                .execute(c)
                .await
                .map(|_| ()))?;
                let closed = dev_environments::close(w, user).await?;
                // A key of one environment closes nothing that lives in others.
                if w.actor.is_confined() && !closed.is_none() {
                    return Err(denied(w, Action::MemberUpdate));
                }
                invitations::supersede(w, &before.email, None).await?;
                let mut details = json!({ "role": { "from": before.role, "to": role } });
                closed.note(&mut details);
                w.record(Action::MemberUpdate, &Target::named(&before.email), details).await?;
                one(w, user).await
            })
        })
        .await
}

/// Whoever is the last owner stays it: somebody has to be able to do what only owners may.
async fn keep_an_owner(w: &mut Work, leaving: &Standing) -> Result<()> {
    if leaving.role != TenantRole::Owner {
        return Ok(());
    }
    let (others,): (i64,) = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT COUNT(*) FROM memberships WHERE tenant_id = $1 AND role = 'owner' AND user_id <> $2"
    ))
    .bind(w.actor.tenant)
    .bind(leaving.id)
    .fetch_one(c)
    .await)?;
    if others > 0 {
        return Ok(());
    }
    let message =
        format!("{} is the last owner of the tenant; make somebody else an owner first", leaving.email);
    Err(Refusal::new(Code::Conflict, message).into())
}

/// What would go with somebody who is removed from the tenant.
pub async fn losses(nexus: &Nexus, actor: &Actor, user: UserId) -> Result<MemberLosses> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::MemberLosses)?;
                find(w, user).await?.losses(w, None).await
            })
        })
        .await
}

/// Removes somebody from the tenant, with their developer environments. What they do in other tenants
/// goes on; an account that belongs to none any more goes too.
pub async fn remove(nexus: &Nexus, actor: &Actor, user: UserId) -> Result<MemberLosses> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                stand(w).await?;
                w.authorise(Action::MemberRemove)?;
                let member = find(w, user).await?;
                let losses = member.losses(w, None).await?;
                // A key of one environment takes nothing along that lives in others.
                if w.actor.is_confined() && !losses.environments.is_empty() {
                    return Err(denied(w, Action::MemberRemove));
                }
                take_out(w, &member, Action::MemberRemove, &losses).await?;
                Ok(losses)
            })
        })
        .await
}

/// What would go with the actor.
pub async fn leaving(nexus: &Nexus, actor: &Actor) -> Result<MemberLosses> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::TenantRead)?;
                let user = w.actor.user().ok_or_else(|| denied(w, Action::MemberLeave))?;
                let losses = find(w, user).await?.losses(w, None).await?;
                let (others,): (i64,) = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT COUNT(*) FROM memberships WHERE user_id = $2 AND tenant_id <> $1"
                ))
                .bind(w.actor.tenant)
                .bind(user)
                .fetch_one(c)
                .await)?;
                Ok(MemberLosses { account: Some(others == 0), ..losses })
            })
        })
        .await
}

/// Takes the actor out of the tenant.
pub async fn leave(nexus: &Nexus, actor: &Actor) -> Result<MemberLosses> {
    nexus
        .change(actor, |w| {
            Box::pin(async move {
                stand(w).await?;
                w.authorise(Action::MemberLeave)?;
                let user = w.actor.user().ok_or_else(|| denied(w, Action::MemberLeave))?;
                let member = find(w, user).await?;
                let losses = member.losses(w, None).await?;
                take_out(w, &member, Action::MemberLeave, &losses).await?;
                Ok(losses)
            })
        })
        .await
}

async fn take_out(w: &mut Work, member: &Standing, action: Action, losses: &MemberLosses) -> Result<()> {
    keep_an_owner(w, member).await?;
    let details = json!({ "role": member.role, "lost": losses.environments });
    w.record(action, &Target::named(&member.email), details).await?;
    invitations::supersede(w, &member.email, None).await?;
    dev_environments::delete_of(w, member.id, None).await?;
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM memberships WHERE tenant_id = $1 AND user_id = $2"))
        .bind(w.actor.tenant)
        .bind(member.id)
        .execute(c)
        .await
        .map(|_| ()))?;
    let slug = w.actor.tenant_slug.clone();
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE users SET last_tenant = NULL WHERE id = $1 AND last_tenant = $2"
    ))
    .bind(member.id)
    .bind(slug)
    .execute(c)
    .await
    .map(|_| ()))?;
    on!(w.tx, |c| sqlx::query(sql!(
        "DELETE FROM users WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM memberships WHERE user_id = $1)"
    ))
    .bind(member.id)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}
