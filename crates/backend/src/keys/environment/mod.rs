//! Keys of an environment: made by owners of the tenant, or by keys that hold what they give. The
//! environment is for ever; a rotation changes the value and nothing else.

mod change;
mod make;

pub(crate) use change::signing_place;
pub use change::{revoke, rotate, sign};
pub use make::{create, make_by_operator};

use crate::credentials::networks;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result, environments};
use nexus_domain::action::Action;
use nexus_domain::credential::{environment_prefix, shown};
use nexus_domain::environment_key::{EnvironmentKey, KeyType};
use nexus_domain::page::{Asked, Page};
use nexus_domain::role::Scopes;
use nexus_domain::{EnvironmentId, KeyId, Timestamp};
use sqlx::FromRow;
use uuid::Uuid;

/// A key as it is stored.
#[derive(FromRow)]
struct Row {
    id: KeyId,
    environment_id: EnvironmentId,
    environment: String,
    name: String,
    #[sqlx(try_from = "String", rename = "type")]
    kind: KeyType,
    scopes: String,
    allowed_cidrs: String,
    key_id: String,
    expires_at: Option<Timestamp>,
    old_key_id: Option<String>,
    old_expires_at: Option<Timestamp>,
    signing_made_at: Option<Timestamp>,
    created_at: Timestamp,
    created_by: String,
    last_used_at: Option<Timestamp>,
    last_used_ip: Option<String>,
}

impl Row {
    fn scopes(&self) -> Scopes {
        serde_json::from_str(&self.scopes).unwrap_or_default()
    }

    fn target(&self) -> Target<'_> {
        Target { environment: Some(&self.environment), ..Target::named(&self.name) }
    }

    fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    fn into_wire(self) -> EnvironmentKey {
        let prefix = environment_prefix(&self.environment);
        let scopes = self.scopes().0;
        let old = self.old_key_id.zip(self.old_expires_at);
        EnvironmentKey {
            id: self.id,
            prefix: shown(&prefix, &self.key_id),
            old_key_prefix: old.as_ref().map(|(old, _)| shown(&prefix, old)),
            old_key_expires_at: old.map(|(_, end)| end),
            name: self.name,
            environment: self.environment,
            kind: self.kind,
            scopes,
            allowed_cidrs: networks(&self.allowed_cidrs).texts(),
            expires_at: self.expires_at,
            created_at: self.created_at,
            created_by: self.created_by,
            last_used_at: self.last_used_at,
            last_used_ip: self.last_used_ip,
            signing_secret_made_at: self.signing_made_at,
        }
    }
}

/// Keys that are not revoked: of one environment, or of all shared ones; newest first, which their ids
/// tell too.
async fn rows(
    w: &mut Work,
    environment: Option<EnvironmentId>,
    one: Option<KeyId>,
    asked: &Asked,
) -> Result<Vec<Row>> {
    let nobody = Uuid::nil();
    let all = environment.is_none() && one.is_none();
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT k.id, k.environment_id, e.slug AS environment, k.name, k.type, k.scopes, k.allowed_cidrs, k.key_id,
                k.expires_at, k.signing_made_at, k.created_at, k.created_by, k.last_used_at, k.last_used_ip,
                (SELECT o.key_id FROM environment_key_old_values o
                 WHERE o.tenant_id = $1 AND o.environment_key_id = k.id AND o.expires_at > $5
                 ORDER BY o.expires_at DESC, o.key_id LIMIT 1) AS old_key_id,
                (SELECT MAX(o.expires_at) FROM environment_key_old_values o
                 WHERE o.tenant_id = $1 AND o.environment_key_id = k.id AND o.expires_at > $5) AS old_expires_at
         FROM environment_keys k JOIN environments e ON e.id = k.environment_id
         WHERE k.tenant_id = $1 AND k.revoked_at IS NULL AND (k.environment_id = $2 OR k.id = $3 OR $4)
               AND k.id < $6
         ORDER BY k.id DESC LIMIT $7"
    ))
    .bind(w.actor.tenant)
    .bind(environment.map_or(nobody, |id| id.0))
    .bind(one.map_or(nobody, |id| id.0))
    .bind(all)
    .bind(w.now)
    .bind(asked.after::<Uuid>()?.unwrap_or(Uuid::max()))
    .bind(asked.rows())
    .fetch_all(c)
    .await
    })?)
}

/// The keys of one environment, or of all that the actor may see.
pub async fn list(nexus: &Nexus, actor: &Actor, environment: Option<&str>) -> Result<Vec<EnvironmentKey>> {
    Ok(page(nexus, actor, environment, Asked::everything()).await?.data)
}

/// The same in pages.
pub async fn page(
    nexus: &Nexus,
    actor: &Actor,
    environment: Option<&str>,
    asked: Asked,
) -> Result<Page<EnvironmentKey>> {
    let environment = environment.map(str::to_owned);
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let one = match &environment {
                    Some(slug) => Some(environments::resolve(w, slug, Action::EnvironmentKeyList).await?.id),
                    None => None,
                };
                w.authorise(Action::EnvironmentKeyList)?;
                let rows = rows(w, one, None, &asked).await?;
                let Page { data: mut rows, next_cursor } = asked.page(rows, |row| row.id.to_string());
                rows.retain(|row| w.actor.reaches(row.environment_id));
                Ok(Page { data: rows.into_iter().map(|row| row.into_wire()).collect(), next_cursor })
            })
        })
        .await
}

/// One key.
pub async fn get(nexus: &Nexus, actor: &Actor, id: KeyId) -> Result<EnvironmentKey> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move { Ok(find(w, id, Action::EnvironmentKeyList).await?.into_wire()) })
        })
        .await
}

/// Finds a key and asks the gate for the act on it; one of another environment is not there for a key
/// that lives in its own.
async fn find(w: &mut Work, id: KeyId, action: Action) -> Result<Row> {
    w.authorise(action)?;
    let row = rows(w, None, Some(id), &Asked::everything()).await?.into_iter().next();
    row.filter(|row| w.actor.reaches(row.environment_id)).ok_or_else(Error::not_found)
}
