//! The providers of a tenant, managed by its owners, and what a sign-in page offers.

use super::{InstanceProvider, at_issuer, discovery, kind_of, place};
use crate::gate::Actor;
use crate::jwt::fetch_keys;
use crate::nexus::Nexus;
use crate::store::{on, single, sql};
use crate::work::{Target, Work};
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::sign_in::{
    Discovered, OfferedProvider, Provider, ProviderKind, check_client_id, check_issuer, check_provider_name,
};
use nexus_domain::{Code, ProviderId, Refusal, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::net::IpAddr;
use uuid::Uuid;

/// A tenant has at most this many.
const MAX_PROVIDERS: i64 = 20;

/// The form for a provider.
#[derive(Debug)]
pub struct NewProvider {
    pub name: String,
    pub kind: ProviderKind,
    /// Where it is; for Google and GitHub known.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
}

/// What may be changed. The issuer may not: the identities hang on it.
#[derive(Debug, Default)]
pub struct ProviderPatch {
    pub name: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub enabled: Option<bool>,
}

/// What a sign-in page offers: the providers of the instance, and those of the tenant that is asked for.
pub async fn offered(nexus: &Nexus, tenant: Option<&str>) -> Result<Vec<OfferedProvider>> {
    let mut found: Vec<_> = nexus.settings.providers.iter().map(InstanceProvider::offered).collect();
    let Some(tenant) = tenant else { return Ok(found) };
    let rows: Vec<(ProviderId, String, String)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT p.id, p.name, p.kind FROM sign_in_providers p JOIN tenants t ON t.id = p.tenant_id
         WHERE t.slug = $1 AND p.enabled ORDER BY p.name"
    ))
    .bind(tenant)
    .fetch_all(pool)
    .await)?;
    for (id, name, kind) in rows {
        found.push(OfferedProvider { id, name, kind: kind_of(&kind)? });
    }
    Ok(found)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ProviderId,
    name: String,
    kind: String,
    issuer: String,
    client_id: String,
    enabled: bool,
    people: i64,
    created_at: Timestamp,
}

impl Row {
    fn into_wire(self) -> Result<Provider> {
        Ok(Provider {
            id: self.id,
            name: self.name,
            kind: kind_of(&self.kind)?,
            issuer: self.issuer,
            client_id: self.client_id,
            enabled: self.enabled,
            people: self.people,
            created_at: self.created_at,
        })
    }
}

/// The tenant's providers, by name.
pub async fn providers(nexus: &Nexus, actor: &Actor) -> Result<Vec<Provider>> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::SignInRead)?;
                all(w).await
            })
        })
        .await
}

pub(super) async fn all(w: &mut Work) -> Result<Vec<Provider>> {
    let rows: Vec<Row> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT p.id, p.name, p.kind, p.issuer, p.client_id, p.enabled, p.created_at,
             (SELECT COUNT(*) FROM identities i WHERE i.tenant_id = p.tenant_id AND i.provider_id = p.id) AS people
         FROM sign_in_providers p WHERE p.tenant_id = $1 ORDER BY p.name"
    ))
    .bind(w.actor.tenant)
    .fetch_all(c)
    .await
    })?;
    rows.into_iter().map(Row::into_wire).collect()
}

async fn one(w: &mut Work, id: ProviderId) -> Result<Provider> {
    all(w).await?.into_iter().find(|provider| provider.id == id).ok_or_else(Error::not_found)
}

fn check_secret(secret: &SecretString) -> Result<()> {
    let length = secret.expose_secret().trim().len();
    if (1..=2048).contains(&length) {
        Ok(())
    } else {
        Err(Error::invalid("client_secret", "What the provider shows as client secret"))
    }
}

/// Adds a provider to the tenant. Its address is checked; whether somebody answers there is asked by
/// [`test_provider`].
pub async fn add_provider(nexus: &Nexus, actor: &Actor, new: NewProvider) -> Result<Provider> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::ProviderCreate)?;
                let name = check_provider_name(&new.name)?;
                let issuer = check_issuer(new.kind, &new.issuer)?;
                w.nexus.egress.check(&issuer).map_err(at_issuer)?;
                let client_id = check_client_id(&new.client_id)?;
                check_secret(&new.client_secret)?;
                refuse_too_many(w).await?;
                refuse_taken(w, &name, None).await?;
                let id = ProviderId(Uuid::now_v7());
                insert(w, id, &name, &NewProvider { issuer: issuer.clone(), client_id, ..new }).await?;
                let details = json!({ "kind": new.kind, "issuer": issuer });
                w.record(Action::ProviderCreate, &Target::named(&name), details).await?;
                one(w, id).await
            })
        })
        .await
}

async fn insert(w: &mut Work, id: ProviderId, name: &str, new: &NewProvider) -> Result<()> {
    let (tenant, nexus) = (w.actor.tenant, w.nexus.clone());
    let secret = new.client_secret.expose_secret().trim().as_bytes();
    let sealed = nexus.keyring.seal_for(&mut w.tx, tenant, &place(tenant, id), secret).await?;
    on!(w.tx, |c| sqlx::query(sql!(
        "INSERT INTO sign_in_providers
             (tenant_id, id, name, kind, issuer, client_id, sealed, wrapped_key, enabled, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    ))
    .bind(tenant)
    .bind(id)
    .bind(name)
    .bind(new.kind.as_str())
    .bind(new.issuer.as_str())
    .bind(new.client_id.as_str())
    .bind(sealed.payload)
    .bind(sealed.wrapped_key)
    .bind(true)
    .bind(w.now)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn refuse_too_many(w: &mut Work) -> Result<()> {
    let (count,): (i64,) =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT COUNT(*) FROM sign_in_providers WHERE tenant_id = $1"))
            .bind(w.actor.tenant)
            .fetch_one(c)
            .await)?;
    if count < MAX_PROVIDERS {
        return Ok(());
    }
    Err(Refusal::new(Code::Conflict, format!("A tenant has at most {MAX_PROVIDERS} providers")).into())
}

async fn refuse_taken(w: &mut Work, name: &str, but: Option<ProviderId>) -> Result<()> {
    let row: Option<(ProviderId,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id FROM sign_in_providers WHERE tenant_id = $1 AND name = $2"
    ))
    .bind(w.actor.tenant)
    .bind(name)
    .fetch_optional(c)
    .await)?;
    match row {
        Some((id,)) if Some(id) != but => {
            Err(Refusal::taken("name", "Another provider of this tenant has this name").into())
        }
        _ => Ok(()),
    }
}

/// Changes a provider. Sessions that it opened end when it is disabled: they open nothing any more.
pub async fn change_provider(
    nexus: &Nexus,
    actor: &Actor,
    id: ProviderId,
    patch: ProviderPatch,
) -> Result<Provider> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::ProviderUpdate)?;
                let before = one(w, id).await?;
                let name =
                    patch.name.as_deref().map_or_else(|| Ok(before.name.clone()), check_provider_name)?;
                let client_id = patch
                    .client_id
                    .as_deref()
                    .map_or_else(|| Ok(before.client_id.clone()), check_client_id)?;
                let enabled = patch.enabled.unwrap_or(before.enabled);
                refuse_taken(w, &name, Some(id)).await?;
                if before.enabled && !enabled {
                    refuse_needed(w, id).await?;
                }
                if let Some(secret) = &patch.client_secret {
                    replace_secret(w, id, secret).await?;
                }
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE sign_in_providers SET name = $3, client_id = $4, enabled = $5
                     WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .bind(name.as_str())
                .bind(client_id.as_str())
                .bind(enabled)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({
                    "name": name, "client_id": client_id, "enabled": enabled,
                    "secret_replaced": patch.client_secret.is_some(),
                });
                w.record(Action::ProviderUpdate, &Target::named(&before.name), details).await?;
                one(w, id).await
            })
        })
        .await
}

async fn replace_secret(w: &mut Work, id: ProviderId, secret: &SecretString) -> Result<()> {
    check_secret(secret)?;
    let (tenant, nexus) = (w.actor.tenant, w.nexus.clone());
    let text = secret.expose_secret().trim().as_bytes();
    let sealed = nexus.keyring.seal_for(&mut w.tx, tenant, &place(tenant, id), text).await?;
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE sign_in_providers SET sealed = $3, wrapped_key = $4 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(tenant)
    .bind(id)
    .bind(sealed.payload)
    .bind(sealed.wrapped_key)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// The last provider of a tenant that requires one stays.
async fn refuse_needed(w: &mut Work, id: ProviderId) -> Result<()> {
    let others = all(w).await?.iter().any(|provider| provider.enabled && provider.id != id);
    if others || !super::require::is_required(w).await? {
        return Ok(());
    }
    let why = "This tenant requires its own provider, and this is the last one; lift the requirement first";
    Err(Refusal::new(Code::InUse, why).into())
}

/// Takes a provider away with the identities that hang on it: nobody signs in with it any more.
pub async fn remove_provider(nexus: &Nexus, actor: &Actor, id: ProviderId) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::ProviderDelete)?;
                let provider = one(w, id).await?;
                refuse_needed(w, id).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM sign_in_providers WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({ "issuer": provider.issuer, "people": provider.people });
                w.record(Action::ProviderDelete, &Target::named(&provider.name), details).await
            })
        })
        .await
}

/// Asks a provider of OpenID Connect what it is, before somebody relies on it.
pub async fn test_provider(nexus: &Nexus, actor: &Actor, issuer: &str, ip: IpAddr) -> Result<Discovered> {
    nexus.read(actor, |w| Box::pin(async move { w.authorise(Action::SignInRead) })).await?;
    nexus.limits.request(ip, nexus.now()).await?;
    let issuer = check_issuer(ProviderKind::Oidc, issuer)?;
    let found = discovery::discover(&nexus.egress, &issuer).await.map_err(at_issuer)?;
    let keys = fetch_keys(&nexus.egress, &found.jwks_uri).await.map_err(at_issuer)?;
    Ok(Discovered {
        authorization_endpoint: found.authorization_endpoint,
        token_endpoint: found.token_endpoint,
        keys: keys.keys.len(),
    })
}
