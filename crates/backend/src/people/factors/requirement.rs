//! A tenant that requires a second factor: its members get in only with a session that was opened with
//! one. Asked where a person becomes an actor of the tenant, so that it holds on every surface.

use super::has_second_factor;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::people::{Means, Opened};
use crate::store::{Tx, on, single, sql};
use crate::work::Target;
use crate::{Error, Result, oauth};
use nexus_domain::action::Action;
use nexus_domain::factor::Requirement;
use nexus_domain::{Code, Refusal, UserId};
use serde_json::json;

/// Whether a session is enough for a tenant that requires a second factor. A provider answers for the
/// factors that it asked for; otherwise the person has to have one here, still.
pub(in crate::people) async fn satisfies(nexus: &Nexus, opened: Opened, tenant_name: &str) -> Result<()> {
    if !opened.proof.second_factor {
        let text = if has_second_factor(nexus, opened.user).await? {
            format!("{tenant_name} requires a second factor; show yours once in this session")
        } else {
            format!("{tenant_name} requires a second factor; set one up")
        };
        return Err(Refusal::new(Code::SecondFactorRequired, text).into());
    }
    let by_provider = matches!(opened.proof.means, Means::Provider(_));
    if by_provider || has_second_factor(nexus, opened.user).await? {
        return Ok(());
    }
    let text = format!("{tenant_name} requires a second factor, and you removed yours; set one up");
    Err(Refusal::new(Code::SecondFactorRequired, text).into())
}

/// Whether the tenant requires one, and how many of its members have none.
pub async fn required(nexus: &Nexus, actor: &Actor) -> Result<Requirement> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::SignInRead)?;
                let tenant = w.actor.tenant;
                let (required,): (bool,) = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT requires_second_factor FROM tenants WHERE id = $1"
                ))
                .bind(tenant)
                .fetch_one(c)
                .await)?;
                let (without,): (i64,) = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT COUNT(*) FROM memberships m WHERE m.tenant_id = $1
                     AND NOT EXISTS (SELECT 1 FROM totp_secrets t WHERE t.user_id = m.user_id AND t.active)
                     AND NOT EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = m.user_id)"
                ))
                .bind(tenant)
                .fetch_one(c)
                .await)?;
                Ok(Requirement { required, members_without: u32::try_from(without).unwrap_or(u32::MAX) })
            })
        })
        .await
}

/// Requires a second factor of every member of the tenant, or no more. Whoever requires it has one and
/// has shown it in this session, so that nobody locks the door behind themselves.
pub async fn require(nexus: &Nexus, actor: &Actor, opened: Opened, on: bool) -> Result<()> {
    let may_require = !on || (opened.proof.second_factor && has_second_factor(nexus, opened.user).await?);
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::SignInRequire)?;
                if !may_require {
                    let text = "First set up a second factor of your own, and show it in this session";
                    return Err(Refusal::new(Code::SecondFactorRequired, text).into());
                }
                let tenant = w.actor.tenant;
                let rows = on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE tenants SET requires_second_factor = $2 WHERE id = $1 AND requires_second_factor <> $2"
                ))
                .bind(tenant)
                .bind(on)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if rows == 0 {
                    w.nothing_to_do();
                    return Ok(());
                }
                if on {
                    oauth::grants::end_all_in(&mut w.tx, tenant).await?;
                }
                let slug = w.actor.tenant_slug.clone();
                w.record(Action::SignInRequire, &Target::named(&slug), json!({ "second_factor": on })).await
            })
        })
        .await
}

/// The tenants of a person that require one, by name.
pub async fn required_by(nexus: &Nexus, user: UserId) -> Result<Vec<String>> {
    let names: Vec<(String,)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT t.name FROM tenants t JOIN memberships m ON m.tenant_id = t.id
         WHERE m.user_id = $1 AND t.requires_second_factor ORDER BY t.slug"
    ))
    .bind(user)
    .fetch_all(pool)
    .await)?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

/// Refuses while a tenant of the person requires what was just taken away.
pub(super) async fn refuse_last(tx: &mut Tx, user: UserId) -> Result<()> {
    let names: Vec<(String,)> = on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT t.name FROM tenants t JOIN memberships m ON m.tenant_id = t.id
         WHERE m.user_id = $1 AND t.requires_second_factor ORDER BY t.slug"
    ))
    .bind(user)
    .fetch_all(c)
    .await)?;
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = names.into_iter().map(|(name,)| name).collect();
    let text =
        format!("This is your last second factor, and {} requires one; add another first", names.join(", "));
    Err(Error::from(Refusal::new(Code::Conflict, text)))
}
