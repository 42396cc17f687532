//! Making a key of an environment.

use crate::credentials::{Made, make};
use crate::gate::{Actor, Who};
use crate::keys::holding::{self, Grant};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result, environments};
use nexus_domain::action::Action;
use nexus_domain::credential::environment_prefix;
use nexus_domain::environment_key::{
    EnvironmentKey, KeyType, MAX_KEYS, MadeEnvironmentKey, NewEnvironmentKey,
};
use nexus_domain::network::Networks;
use nexus_domain::role::Scopes;
use nexus_domain::{Code, EnvironmentId, KeyId, Refusal, Timestamp, slug};
use serde_json::json;
use uuid::Uuid;

/// Makes a key; the only answer that shows its value.
pub async fn create(nexus: &Nexus, actor: &Actor, new: NewEnvironmentKey) -> Result<MadeEnvironmentKey> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let action = Action::EnvironmentKeyCreate;
                let slug = environment_of(w, new.environment.as_deref())?;
                let found = environments::resolve(w, &slug, action).await;
                let environment = found.map_err(|error| error.named_by("environment"))?;
                let name = slug::check_name(&new.name)?;
                let grant = Grant {
                    kind: new.kind,
                    scopes: new.granted()?,
                    networks: new.networks()?,
                    expires_at: new.expires_at,
                };
                if grant.expires_at.is_some_and(|end| end <= w.now) {
                    return Err(Error::invalid("expires_at", "A moment that is still to come"));
                }
                holding::expect(w, &grant, action).await?;
                expect_room(w, environment.id).await?;
                let made = make(&w.nexus, &environment_prefix(&slug))?;
                let id = insert(w, environment.id, &name, &grant, &made).await?;
                record(w, &slug, &name, &grant, &made).await?;
                let about = EnvironmentKey {
                    id,
                    name,
                    environment: slug,
                    kind: grant.kind,
                    prefix: made.shown,
                    scopes: grant.scopes.0,
                    allowed_cidrs: grant.networks.texts(),
                    expires_at: grant.expires_at,
                    created_at: w.now,
                    created_by: w.actor.label().to_owned(),
                    last_used_at: None,
                    last_used_ip: None,
                    old_key_prefix: None,
                    old_key_expires_at: None,
                    signing_secret_made_at: None,
                };
                Ok(MadeEnvironmentKey { about, key: made.text })
            })
        })
        .await
}

/// The environment that is named, or a key's own. A key of one environment is refused every other name, so that it learns
/// nothing about which exist.
fn environment_of(w: &Work, named: Option<&str>) -> Result<String> {
    if w.actor.is_confined() && named.is_some_and(|named| w.actor.own_environment() != Some(named)) {
        let event = Action::EnvironmentKeyCreate.event();
        return Err(Error::Denied(Denial::on_tenant(event, &w.actor.tenant_slug)));
    }
    let environment = named.or_else(|| w.actor.own_environment()).map(str::to_owned);
    environment.ok_or_else(|| Error::invalid("environment", "Which environment is the key for?"))
}

async fn expect_room(w: &mut Work, environment: EnvironmentId) -> Result<()> {
    let (keys,): (i64,) = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT COUNT(*) FROM environment_keys WHERE tenant_id = $1 AND environment_id = $2 AND revoked_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(environment)
    .fetch_one(c)
    .await
    })?;
    if keys < MAX_KEYS {
        return Ok(());
    }
    let message = format!("An environment has at most {MAX_KEYS} keys: revoke those that nobody uses");
    Err(Refusal::new(Code::QuotaExceeded, message).with("quota", "keys").with("limit", MAX_KEYS).into())
}

/// Makes a secret key with the scopes given; for the operator's command line alone.
pub async fn make_by_operator(
    nexus: &Nexus,
    operator: &Actor,
    environment: &str,
    name: &str,
    scopes: Scopes,
) -> Result<Made> {
    let (environment, name) = (environment.to_owned(), name.to_owned());
    nexus
        .change(operator, move |w| {
            Box::pin(async move {
                let action = Action::EnvironmentKeyCreate;
                if !matches!(w.actor.who, Who::Operator) {
                    return Err(Error::Denied(Denial::on_tenant(action.event(), &w.actor.tenant_slug)));
                }
                let row = environments::resolve(w, &environment, action).await?;
                let made = make(&w.nexus, &environment_prefix(&environment))?;
                let networks = Networks::default();
                let grant = Grant { kind: KeyType::Secret, scopes, networks, expires_at: None };
                insert(w, row.id, &name, &grant, &made).await?;
                record(w, &environment, &name, &grant, &made).await?;
                Ok(made)
            })
        })
        .await
}

async fn record(w: &mut Work, environment: &str, name: &str, grant: &Grant, made: &Made) -> Result<()> {
    let target = Target { environment: Some(environment), ..Target::named(name) };
    let mut details = json!({ "prefix": made.shown, "scopes": grant.scopes, "type": grant.kind });
    if let Some(details) = details.as_object_mut() {
        if !grant.networks.is_everywhere() {
            details.insert("allowed_cidrs".into(), json!(grant.networks.texts()));
        }
        if let Some(end) = grant.expires_at {
            details.insert("expires_at".into(), json!(end));
        }
    }
    w.record(Action::EnvironmentKeyCreate, &target, details).await
}

/// A list as it is stored.
pub(super) fn stored<T: serde::Serialize>(list: &T) -> Result<String> {
    serde_json::to_string(list).map_err(|_| Error::Impossible("a list of words is JSON"))
}

async fn insert(
    w: &mut Work,
    environment: EnvironmentId,
    name: &str,
    grant: &Grant,
    made: &Made,
) -> Result<KeyId> {
    let (scopes, networks) = (stored(&grant.scopes)?, stored(&grant.networks.texts())?);
    let (id, now): (KeyId, Timestamp) = (KeyId(Uuid::now_v7()), w.now);
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO environment_keys (tenant_id, id, environment_id, name, type, scopes, allowed_cidrs, expires_at,
             key_id, mac, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(environment)
    .bind(name)
    .bind(grant.kind.as_str())
    .bind(scopes.as_str())
    .bind(networks.as_str())
    .bind(grant.expires_at)
    .bind(made.key_id.as_str())
    .bind(made.mac.as_slice())
    .bind(now)
    .bind(w.actor.label())
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(id)
}
