//! The developer environment that comes with becoming a developer.

use super::all;
use crate::Result;
use crate::environments;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use nexus_domain::action::Action;
use nexus_domain::environment::EnvironmentKind;
use nexus_domain::{ProjectId, UserId};
use serde_json::json;

/// Makes the developer environment of a member of the project, unless there is one.
pub(crate) async fn make_for(
    w: &mut Work,
    project: ProjectId,
    project_slug: &str,
    user: UserId,
) -> Result<()> {
    if all(w, project).await?.iter().any(|row| row.owner_id == Some(user)) {
        return Ok(());
    }
    let (handle,): (String,) = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT handle FROM memberships WHERE tenant_id = $1 AND user_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(user)
    .fetch_one(c)
    .await)?;
    let slug = format!("dev_{handle}");
    let (tenant, now, owner) = (w.actor.tenant, w.now, Some((project, user)));
    environments::insert(&mut w.tx, tenant, &slug, &slug, EnvironmentKind::Developer, owner, now).await?;
    let target = Target { environment: Some(&slug), ..Target::in_project(project_slug, &slug) };
    w.record(Action::DevEnvironmentCreate, &target, json!({})).await
}
