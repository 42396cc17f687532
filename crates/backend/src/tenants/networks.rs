//! From where the credentials of a tenant are taken: a list of networks that holds for every key and
//! token of it, and for nobody in a browser.

use crate::Result;
use crate::credentials::networks as read;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use nexus_domain::action::Action;
use nexus_domain::network::Networks;
use serde_json::json;

/// The name of the list, in the audit log and in refusals.
const LIST: &str = "allowed_cidrs";

async fn stored(w: &mut Work) -> Result<Networks> {
    let (texts,): (String,) =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT allowed_cidrs FROM tenants WHERE id = $1"))
            .bind(w.actor.tenant)
            .fetch_one(c)
            .await)?;
    Ok(read(&texts))
}

/// The tenant's allowed networks; none means from everywhere.
pub async fn networks(nexus: &Nexus, actor: &Actor) -> Result<Vec<String>> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::EnvironmentKeyList)?;
                Ok(stored(w).await?.texts())
            })
        })
        .await
}

/// Replaces the list. Whoever is not on it gets no answer from the next request on.
pub async fn set_networks(nexus: &Nexus, actor: &Actor, lines: Vec<String>) -> Result<Vec<String>> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::NetworksUpdate)?;
                let (before, after) = (stored(w).await?, Networks::read(LIST, &lines)?);
                if before == after {
                    w.nothing_to_do();
                    return Ok(after.texts());
                }
                let texts = json!(after.texts()).to_string();
                on!(w.tx, |c| sqlx::query(sql!("UPDATE tenants SET allowed_cidrs = $2 WHERE id = $1"))
                    .bind(w.actor.tenant)
                    .bind(texts.as_str())
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                let details = json!({ "from": before.texts(), "to": after.texts() });
                w.record(Action::NetworksUpdate, &Target::named(LIST), details).await?;
                Ok(after.texts())
            })
        })
        .await
}
