//! What a tenant requires of a sign-in: its own provider. Looked at on every request, so that it holds at once.

use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::people::{Means, Opened};
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Result, oauth};
use nexus_domain::action::Action;
use nexus_domain::{Code, Refusal};
use serde_json::json;

/// What a tenant requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub provider: bool,
}

/// What the tenant requires now.
pub async fn rules(nexus: &Nexus, actor: &Actor) -> Result<Rules> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::SignInRead)?;
                Ok(Rules { provider: is_required(w).await? })
            })
        })
        .await
}

pub(super) async fn is_required(w: &mut Work) -> Result<bool> {
    let (required,): (bool,) =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT requires_provider FROM tenants WHERE id = $1"))
            .bind(w.actor.tenant)
            .fetch_one(c)
            .await)?;
    Ok(required)
}

/// Requires the tenant's own provider, or lifts that. Only who came in by such a provider may require it, so that
/// nobody locks themself out.
pub async fn require_provider(nexus: &Nexus, actor: &Actor, opened: Opened, required: bool) -> Result<()> {
    set(nexus, actor, Some(opened), required).await
}

/// Lifts the requirement, for whoever runs the program: the provider may be gone for good.
pub async fn lift_provider(nexus: &Nexus, operator: &Actor) -> Result<()> {
    set(nexus, operator, None, false).await
}

async fn set(nexus: &Nexus, actor: &Actor, opened: Option<Opened>, required: bool) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::SignInRequire)?;
                if is_required(w).await? == required {
                    w.nothing_to_do();
                    return Ok(());
                }
                if required {
                    refuse_outsider(w, opened).await?;
                    let tenant = w.actor.tenant;
                    oauth::grants::end_all_in(&mut w.tx, tenant).await?;
                }
                on!(w.tx, |c| sqlx::query(sql!("UPDATE tenants SET requires_provider = $2 WHERE id = $1"))
                    .bind(w.actor.tenant)
                    .bind(required)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                let slug = w.actor.tenant_slug.clone();
                w.record(Action::SignInRequire, &Target::named(&slug), json!({ "provider": required })).await
            })
        })
        .await
}

async fn refuse_outsider(w: &mut Work, opened: Option<Opened>) -> Result<()> {
    let own = super::providers::all(w).await?;
    let mine = opened.filter(|opened| w.actor.user() == Some(opened.user));
    let came_by = |means| own.iter().any(|own| own.enabled && means == Means::Provider(own.id));
    if mine.is_some_and(|opened| came_by(opened.proof.means)) {
        return Ok(());
    }
    let why =
        "Sign in with the provider of this tenant first: whoever requires it has to be able to come back in";
    Err(Refusal::new(Code::Conflict, why).into())
}
