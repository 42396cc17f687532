//! Ending all sessions at once: of a service, or of the tenant. One row of the audit log says how many.

use super::rules::open_service;
use crate::Result;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use nexus_domain::action::Action;
use nexus_domain::service::ServicePath;
use nexus_domain::{ServiceId, Timestamp};
use serde_json::json;

/// Ends every session of the tenant now; says how many were open.
pub async fn end_sessions(nexus: &Nexus, actor: &Actor) -> Result<i64> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::WorkloadSessionEnd)?;
                end(w, None, &Target::default()).await
            })
        })
        .await
}

/// Ends every session of a service now; says how many were open.
pub async fn end_sessions_of(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<i64> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::WorkloadSessionEnd).await?;
                end(w, Some(service.id), &service.target()).await
            })
        })
        .await
}

async fn end(w: &mut Work, service: Option<ServiceId>, target: &Target<'_>) -> Result<i64> {
    let rows: Vec<(Timestamp,)> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "DELETE FROM workload_sessions WHERE tenant_id = $1 AND ($2 OR service_id = $3) RETURNING expires_at"
    ))
    .bind(w.actor.tenant)
    .bind(service.is_none())
    .bind(service.map_or(uuid::Uuid::nil(), |id| id.0))
    .fetch_all(c)
    .await
    })?;
    let open = rows.iter().filter(|(expires_at,)| *expires_at > w.now).count();
    if rows.is_empty() {
        w.nothing_to_do();
    } else {
        w.record(Action::WorkloadSessionEnd, target, json!({ "sessions_ended": open })).await?;
    }
    Ok(i64::try_from(open).unwrap_or(i64::MAX))
}
