//! What a person is told before they act: which rules go with a provider, and whether a service may have rules.

use super::providers;
use super::rules::open_service;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::{Error, Result, tiers};
use nexus_domain::action::Action;
use nexus_domain::service::ServicePath;
use nexus_domain::{Code, IdentityProviderId};

/// The name of each rule that takes a provider's word, with its service.
pub async fn uses(
    nexus: &Nexus,
    actor: &Actor,
    id: IdentityProviderId,
) -> Result<Vec<(String, ServicePath)>> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::IdentityProviderList)?;
                providers::one(w, id).await?;
                let rows: Vec<(String, String, String, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT i.name, p.slug AS project, e.slug AS environment, s.slug AS service
                     FROM workload_identities i
                     JOIN services s ON s.id = i.service_id
                     JOIN projects p ON p.id = s.project_id
                     JOIN environments e ON e.id = s.environment_id
                     WHERE i.tenant_id = $1 AND i.provider_id = $2
                     ORDER BY p.slug, e.slug, s.slug, i.name"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .fetch_all(c)
                .await)?;
                let named = |(name, project, environment, service)| {
                    (name, ServicePath { project, environment, service })
                };
                Ok(rows.into_iter().map(named).collect())
            })
        })
        .await
}

/// Why a service can have no rules, if its project lacks workload identity: in words, with how to get it.
pub async fn unavailable(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Option<String>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::IdentityList).await?;
                match tiers::require_workload_identity(w, service.project_id).await {
                    Ok(()) => Ok(None),
                    Err(Error::Refused(why)) if why.code == Code::WifNotAvailable => Ok(Some(why.message)),
                    Err(other) => Err(other),
                }
            })
        })
        .await
}
