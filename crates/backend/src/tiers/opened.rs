//! What becomes of flags where a project loses A/B testing: their rules and rollouts count no more, so
//! that those that are on are on for everybody. Asked before somebody changes the tier or the add-on.

use super::usage::find;
use crate::Result;
use crate::flags::definition_of;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::ProjectId;
use nexus_domain::flag::FlagState;
use nexus_domain::role::TenantRole;
use nexus_domain::tier::OpenedFlags;

/// So many are named; the others are counted.
const NAMED: usize = 5;

/// The flags of the project's shared environments that would be on for everybody. Finance learns how many.
pub async fn opened_flags(nexus: &Nexus, actor: &Actor, project: &str) -> Result<OpenedFlags> {
    let slug = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (project, _) = find(w, &slug).await?;
                let mut opened = targeted(w, project).await?;
                let flags = i64::try_from(opened.len()).unwrap_or(i64::MAX);
                let shown = if w.actor.tenant_role() == Some(TenantRole::Finance) { 0 } else { NAMED };
                opened.truncate(shown);
                Ok(OpenedFlags { flags, named: opened })
            })
        })
        .await
}

/// Where they are: `live/checkout-api/new-checkout`.
async fn targeted(w: &mut Work, project: ProjectId) -> Result<Vec<String>> {
    let rows: Vec<(String, String, String, Option<Vec<u8>>)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT e.slug, s.slug, n.key, v.payload
         FROM services s JOIN environments e ON e.id = s.environment_id
         JOIN entries n ON n.service_id = s.id
         JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE s.tenant_id = $1 AND s.project_id = $2 AND n.kind = 'flag' AND n.deleted_at IS NULL
           AND e.kind <> 'developer'
         ORDER BY CASE WHEN e.slug = 'live' THEN 0 ELSE 1 END, e.slug, s.slug, n.key"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .fetch_all(c)
    .await)?;
    let opens = |payload: Option<Vec<u8>>| {
        let definition = payload.and_then(|payload| definition_of(&payload).ok());
        definition.is_some_and(|flag| flag.has_targeting() && flag.state != FlagState::Off)
    };
    let mut opened = Vec::new();
    for (environment, service, key, payload) in rows {
        if opens(payload) {
            opened.push(format!("{environment}/{service}/{key}"));
        }
    }
    Ok(opened)
}
