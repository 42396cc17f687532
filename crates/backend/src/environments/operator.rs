//! What whoever runs the instance decides about a tenant's environments: how many it may have, and
//! whether it has the legacy sandbox `test`.

use super::{insert, shared};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::environment::EnvironmentKind;
use serde_json::json;

/// The slug of the legacy sandbox, which nobody else may take.
const TEST: &str = "test";
/// More environments than this are a mistake.
const MAX_CAP: i64 = 1_000;

fn expect_operator(w: &Work, action: Action) -> Result<()> {
    match w.actor.who {
        Who::Operator => Ok(()),
        _ => Err(Error::Denied(Denial::on_tenant(action.event(), &w.actor.tenant_slug))),
    }
}

/// Makes the environment `test`, which does not count against the others. `false` where it is there.
pub async fn enable_test(nexus: &Nexus, operator: &Actor) -> Result<bool> {
    nexus
        .change(operator, |w| {
            Box::pin(async move {
                expect_operator(w, Action::EnvironmentCreate)?;
                if shared(w).await?.iter().any(|row| row.slug == TEST) {
                    w.nothing_to_do();
                    return Ok(false);
                }
                let (tenant, now, kind) = (w.actor.tenant, w.now, EnvironmentKind::LegacyTest);
                insert(&mut w.tx, tenant, TEST, "Test", kind, None, now).await?;
                let target = Target { environment: Some(TEST), ..Target::named(TEST) };
                w.record(Action::EnvironmentCreate, &target, json!({ "kind": kind })).await?;
                Ok(true)
            })
        })
        .await
}

/// Says how many environments besides live the tenant may have. Those that it has stay.
pub async fn set_cap(nexus: &Nexus, operator: &Actor, cap: i64) -> Result<()> {
    nexus
        .change(operator, move |w| {
            Box::pin(async move {
                expect_operator(w, Action::TenantUpdate)?;
                if !(0..=MAX_CAP).contains(&cap) {
                    return Err(Error::invalid("environment_cap", format!("0 to {MAX_CAP}")));
                }
                let before = super::cap(w).await?;
                if before == cap {
                    w.nothing_to_do();
                    return Ok(());
                }
                on!(w.tx, |c| sqlx::query(sql!("UPDATE tenants SET environment_cap = $2 WHERE id = $1"))
                    .bind(w.actor.tenant)
                    .bind(cap)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                let slug = w.actor.tenant_slug.clone();
                let details = json!({ "environment_cap": { "from": before, "to": cap } });
                w.record(Action::TenantUpdate, &Target::named(&slug), details).await
            })
        })
        .await
}
