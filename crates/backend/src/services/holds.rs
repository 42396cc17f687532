//! How much the services of a project hold, counted as their tabs count: what is their own, and what they inherit and
//! have nothing of their own in front of.

use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::{Result, projects};
use nexus_domain::ServiceId;
use nexus_domain::action::Action;
use std::collections::HashMap;

/// What a service holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holds {
    pub secrets: i64,
    pub configs: i64,
    pub flags: i64,
}

/// Of every service of the project that holds something.
pub async fn holds(nexus: &Nexus, actor: &Actor, project: &str) -> Result<HashMap<ServiceId, Holds>> {
    let project = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let project = projects::resolve(w, &project, Action::ServiceRead).await?;
                let rows: Vec<(ServiceId, String, i64)> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT s.id, n.kind, COUNT(*) FROM services s
                     JOIN entries n ON n.service_id IN (s.id, s.umbrella_id)
                     WHERE s.tenant_id = $1 AND s.id IN (SELECT id FROM services WHERE project_id = $2)
                       AND n.deleted_at IS NULL
                       AND (n.service_id = s.id OR (n.active_version > 0
                           AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.service_id = s.id AND o.kind = n.kind
                               AND o.key = n.key AND o.deleted_at IS NULL)))
                     GROUP BY s.id, n.kind"
                ))
                .bind(w.actor.tenant)
                .bind(project.id)
                .fetch_all(c)
                .await)?;
                let mut all: HashMap<ServiceId, Holds> = HashMap::new();
                for (service, kind, amount) in rows {
                    let holds = all.entry(service).or_default();
                    match kind.as_str() {
                        "secret" => holds.secrets = amount,
                        "config" => holds.configs = amount,
                        _ => holds.flags = amount,
                    }
                }
                Ok(all)
            })
        })
        .await
}
