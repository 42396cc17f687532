//! Finding entries by a part of their key, in all services that somebody may see into.

use super::{Kind, like_pattern};
use crate::Result;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services;
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::UserId;
use nexus_domain::action::Action;
use nexus_domain::service::ServicePath;
use std::collections::HashMap;
use uuid::Uuid;

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    pub path: ServicePath,
    pub key: String,
}

/// More matches than this are not looked at.
const LOOKED_AT: i64 = 500;

/// Keys that hold the text, in order, at most `limit` of them. Names only, so that it leaves no
/// audit row, like the number beside a filter.
pub(crate) async fn find_keys(
    nexus: &Nexus,
    actor: &Actor,
    (kind, listing): (Kind, Action),
    q: &str,
    limit: usize,
) -> Result<Vec<FoundKey>> {
    let pattern = like_pattern(q);
    if pattern.is_empty() {
        return Ok(Vec::new());
    }
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let mut seen = HashMap::new();
                let mut found = Vec::new();
                for (project, environment, service, key) in matches(w, kind, &pattern).await? {
                    let path = ServicePath { project, environment, service };
                    if !seen.contains_key(&path) {
                        let may = services::resolve(w, &path, listing).await.is_ok();
                        seen.insert(path.clone(), may);
                    }
                    if seen.get(&path) == Some(&true) {
                        found.push(FoundKey { path, key });
                    }
                    if found.len() >= limit {
                        break;
                    }
                }
                Ok(found)
            })
        })
        .await
}

/// What somebody is no member of is left out here already, so that it takes no room; the gate has
/// the last word about the rest.
async fn matches(w: &mut Work, kind: Kind, pattern: &str) -> Result<Vec<(String, String, String, String)>> {
    let user = w.actor.user().unwrap_or(UserId(Uuid::nil()));
    let everywhere = w.actor.project_role(None).is_some();
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        r"SELECT p.slug, e.slug, s.slug, n.key FROM entries n
          JOIN services s ON s.id = n.service_id
          JOIN projects p ON p.id = s.project_id
          JOIN environments e ON e.id = s.environment_id
          WHERE n.tenant_id = $1 AND n.kind = $2 AND n.deleted_at IS NULL
            AND LOWER(n.key) LIKE $3 ESCAPE '\'
            AND (e.owner_id IS NULL OR e.owner_id = $4)
            AND ($5 OR EXISTS (SELECT 1 FROM project_members m WHERE m.project_id = p.id AND m.user_id = $4))
          ORDER BY n.key, p.slug, e.slug, s.slug LIMIT $6"
    ))
    .bind(w.actor.tenant)
    .bind(kind.as_str())
    .bind(pattern)
    .bind(user)
    .bind(everywhere)
    .bind(LOOKED_AT)
    .fetch_all(c)
    .await)?)
}
