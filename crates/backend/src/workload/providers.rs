//! The providers of a tenant: whose word is taken. Its owners manage them.

use super::Trusted;
use crate::gate::Actor;
use crate::jwt::{holds_private, read_keys};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::json::JsonText;
use nexus_domain::workload::{
    DEFAULT_LIFETIME, IdentityProvider, IdentityProviderKind, IdentityProviderPatch, KeySource, KeysFrom,
    NewIdentityProvider, TokenAlgorithm, check_algorithms, check_audience, check_lifetime, check_name,
    default_audience,
};
use nexus_domain::{Code, IdentityProviderId, Refusal, TenantId, Timestamp};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

/// A tenant has at most this many.
const MAX_PROVIDERS: usize = 50;

/// A provider as it is stored.
#[derive(FromRow)]
pub(super) struct Row {
    pub id: IdentityProviderId,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub kind: IdentityProviderKind,
    issuer: String,
    #[sqlx(try_from = "String")]
    keys_from: KeysFrom,
    jwks_url: Option<String>,
    jwks: Option<String>,
    audience: String,
    max_lifetime: i64,
    algorithms: String,
    created_at: Timestamp,
    created_by: String,
    trusted_since: i64,
    identities: i64,
}

impl Row {
    fn uploaded(&self) -> Option<JsonText> {
        serde_json::from_str(self.jwks.as_deref()?).ok()
    }

    /// Algorithms that cannot be read are none.
    fn algorithms(&self) -> Vec<TokenAlgorithm> {
        serde_json::from_str(&self.algorithms).unwrap_or_default()
    }

    /// What it is checked against. What cannot be read leads nowhere.
    pub fn trusted(self, tenant: TenantId) -> Result<Trusted> {
        let keys = KeySource::read(self.keys_from, self.jwks_url.as_deref(), self.uploaded())
            .map_err(|_| Error::Impossible("a provider without its keys"))?;
        Ok(Trusted {
            algorithms: self.algorithms(),
            id: self.id,
            tenant,
            name: self.name,
            kind: self.kind,
            issuer: self.issuer,
            keys,
            audience: self.audience,
            max_lifetime: self.max_lifetime,
            since: self.trusted_since,
        })
    }

    pub fn into_wire(self) -> IdentityProvider {
        let keys = self.jwks.as_ref().and_then(|jwks| read_keys(jwks.as_bytes()).ok());
        let key_ids = keys.into_iter().flat_map(|set| set.keys).filter_map(|key| key.common.key_id).collect();
        IdentityProvider {
            algorithms: self.algorithms(),
            id: self.id,
            name: self.name,
            kind: self.kind,
            issuer: self.issuer,
            keys: self.keys_from,
            jwks_url: self.jwks_url,
            key_ids,
            audience: self.audience,
            max_lifetime: self.max_lifetime,
            identities: self.identities,
            created_at: self.created_at,
            created_by: self.created_by,
        }
    }
}

/// All of the tenant's, by name.
pub(super) async fn rows(w: &mut Work) -> Result<Vec<Row>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT p.id, p.name, p.kind, p.issuer, p.keys_from, p.jwks_url, p.jwks, p.audience, p.max_lifetime,
                p.algorithms, p.created_at, p.created_by, p.trusted_since,
                (SELECT COUNT(*) FROM workload_identities i
                 WHERE i.tenant_id = p.tenant_id AND i.provider_id = p.id) AS identities
         FROM identity_providers p WHERE p.tenant_id = $1 ORDER BY p.name"
    ))
    .bind(w.actor.tenant)
    .fetch_all(c)
    .await)?)
}

pub(super) async fn one(w: &mut Work, id: IdentityProviderId) -> Result<Row> {
    rows(w).await?.into_iter().find(|row| row.id == id).ok_or_else(Error::not_found)
}

/// The tenant's providers, by name.
pub async fn providers(nexus: &Nexus, actor: &Actor) -> Result<Vec<IdentityProvider>> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::IdentityProviderList)?;
                Ok(rows(w).await?.into_iter().map(Row::into_wire).collect())
            })
        })
        .await
}

/// One provider.
pub async fn provider(nexus: &Nexus, actor: &Actor, id: IdentityProviderId) -> Result<IdentityProvider> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::IdentityProviderList)?;
                Ok(one(w, id).await?.into_wire())
            })
        })
        .await
}

/// What a form says, checked.
struct Draft {
    name: String,
    keys: KeySource,
    audience: String,
    max_lifetime: i64,
    algorithms: Vec<TokenAlgorithm>,
}

impl Draft {
    fn parts(&self) -> (KeysFrom, Option<&str>, Option<&str>) {
        match &self.keys {
            KeySource::Discovery => (KeysFrom::Discovery, None, None),
            KeySource::JwksUrl(url) => (KeysFrom::JwksUrl, Some(url), None),
            KeySource::Uploaded(jwks) => (KeysFrom::Uploaded, None, Some(jwks.as_str())),
        }
    }

    /// Refuses addresses that are not ours to ask, and keys that nobody could sign with.
    fn check_keys(&self, nexus: &Nexus, kind: IdentityProviderKind, issuer: &str) -> Result<()> {
        match &self.keys {
            _ if !kind.has_tokens() => match self.keys {
                KeySource::Discovery => Ok(()),
                _ => Err(Error::invalid("keys", "AWS checks the signature itself")),
            },
            KeySource::Discovery => nexus
                .egress
                .check(issuer)
                .map(|_| ())
                .map_err(|problem| Error::invalid("issuer", problem.to_string())),
            KeySource::JwksUrl(url) => nexus
                .egress
                .check(url)
                .map(|_| ())
                .map_err(|problem| Error::invalid("jwks_url", problem.to_string())),
            KeySource::Uploaded(jwks) if holds_private(jwks.as_str().as_bytes()) => {
                let rule = "There is a private key in it: take it out of use, and upload the public ones";
                Err(Error::invalid("jwks", rule))
            }
            KeySource::Uploaded(jwks) => match read_keys(jwks.as_str().as_bytes()) {
                Ok(set) if !set.keys.is_empty() => Ok(()),
                _ => Err(Error::invalid("jwks", "A JSON Web Key Set with public keys (RSA, EC or Ed25519)")),
            },
        }
    }

    /// What an audit row says of it.
    fn details(&self) -> serde_json::Map<String, serde_json::Value> {
        let (keys, jwks_url, _) = self.parts();
        let details = json!({
            "keys": keys, "jwks_url": jwks_url, "audience": self.audience, "max_lifetime": self.max_lifetime,
            "algorithms": self.algorithms,
        });
        details.as_object().cloned().unwrap_or_default()
    }
}

/// Adds a provider to the tenant. Its addresses are checked; whether somebody answers there shows when a token is
/// tried out.
pub async fn add_provider(
    nexus: &Nexus,
    actor: &Actor,
    new: NewIdentityProvider,
) -> Result<IdentityProvider> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::IdentityProviderCreate)?;
                let id = IdentityProviderId(Uuid::now_v7());
                let issuer = new.kind.check_issuer(new.issuer.as_deref().unwrap_or_default())?;
                let draft = Draft {
                    name: check_name(&new.name)?,
                    keys: KeySource::read(
                        new.keys.unwrap_or(KeysFrom::Discovery),
                        new.jwks_url.as_deref(),
                        new.jwks,
                    )?,
                    audience: match new.audience.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                        Some(audience) => check_audience(new.kind, audience)?,
                        None => default_audience(&w.nexus.settings.public_url, id),
                    },
                    max_lifetime: check_lifetime(new.max_lifetime.unwrap_or(DEFAULT_LIFETIME))?,
                    algorithms: check_algorithms(new.kind, new.algorithms.as_deref())?,
                };
                draft.check_keys(&w.nexus, new.kind, &issuer)?;
                refuse_taken(w, &draft.name, None).await?;
                insert(w, id, new.kind, &issuer, &draft).await?;
                let mut details = draft.details();
                details.insert("kind".into(), json!(new.kind));
                details.insert("issuer".into(), json!(issuer));
                w.record(Action::IdentityProviderCreate, &Target::named(&draft.name), details.into()).await?;
                Ok(one(w, id).await?.into_wire())
            })
        })
        .await
}

async fn insert(
    w: &mut Work,
    id: IdentityProviderId,
    kind: IdentityProviderKind,
    issuer: &str,
    draft: &Draft,
) -> Result<()> {
    let (keys_from, jwks_url, jwks) = draft.parts();
    let seq = w.seq()?;
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO identity_providers (tenant_id, id, name, kind, issuer, keys_from, jwks_url, jwks, audience,
             max_lifetime, algorithms, created_at, created_by, trusted_since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(draft.name.as_str())
    .bind(kind.as_str())
    .bind(issuer)
    .bind(keys_from.as_str())
    .bind(jwks_url)
    .bind(jwks)
    .bind(draft.audience.as_str())
    .bind(draft.max_lifetime)
    .bind(json!(draft.algorithms).to_string())
    .bind(w.now)
    .bind(w.actor.label())
    .bind(seq)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

async fn refuse_taken(w: &mut Work, name: &str, but: Option<IdentityProviderId>) -> Result<()> {
    let rows = rows(w).await?;
    if but.is_none() && rows.len() >= MAX_PROVIDERS {
        return Err(
            Refusal::new(Code::Conflict, format!("A tenant has at most {MAX_PROVIDERS} providers")).into()
        );
    }
    match rows.iter().any(|row| row.name == name && Some(row.id) != but) {
        true => Err(Refusal::taken("name", "Another provider of this tenant has this name").into()),
        false => Ok(()),
    }
}

/// Changes a provider. Where it trusts something else from now on, the sessions that it opened end.
pub async fn change_provider(
    nexus: &Nexus,
    actor: &Actor,
    id: IdentityProviderId,
    patch: IdentityProviderPatch,
) -> Result<IdentityProvider> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::IdentityProviderUpdate)?;
                let row = one(w, id).await?;
                let (kind, issuer, old_name) = (row.kind, row.issuer.clone(), row.name.clone());
                let before = row.trusted(w.actor.tenant)?;
                let draft = patched(&before, patch)?;
                draft.check_keys(&w.nexus, kind, &issuer)?;
                refuse_taken(w, &draft.name, Some(id)).await?;
                let same = draft.keys == before.keys
                    && draft.audience == before.audience
                    && draft.algorithms == before.algorithms;
                let since = if same { before.since } else { w.seq()? };
                store(w, id, &draft, since).await?;
                let ended = if same { 0 } else { end_sessions(w, id).await? };
                let mut details = draft.details();
                details.insert("name".into(), json!(draft.name));
                details.insert("sessions_ended".into(), json!(ended));
                w.record(Action::IdentityProviderUpdate, &Target::named(&old_name), details.into()).await?;
                Ok(one(w, id).await?.into_wire())
            })
        })
        .await
}

/// A provider with what is to change; where keys come from changes as a whole.
fn patched(before: &Trusted, patch: IdentityProviderPatch) -> Result<Draft> {
    let keys = match (patch.keys, patch.jwks_url, patch.jwks) {
        (None, None, None) => before.keys.clone(),
        (keys, url, jwks) => {
            let own = match &before.keys {
                KeySource::Discovery => KeysFrom::Discovery,
                KeySource::JwksUrl(_) => KeysFrom::JwksUrl,
                KeySource::Uploaded(_) => KeysFrom::Uploaded,
            };
            KeySource::read(keys.unwrap_or(own), url.as_deref(), jwks)?
        }
    };
    let kind = before.kind;
    Ok(Draft {
        name: patch.name.as_deref().map_or_else(|| Ok(before.name.clone()), check_name)?,
        keys,
        audience: patch
            .audience
            .as_deref()
            .map_or_else(|| Ok(before.audience.clone()), |audience| check_audience(kind, audience))?,
        max_lifetime: patch.max_lifetime.map_or(Ok(before.max_lifetime), check_lifetime)?,
        algorithms: match &patch.algorithms {
            None => before.algorithms.clone(),
            some => check_algorithms(kind, some.as_deref())?,
        },
    })
}

async fn store(w: &mut Work, id: IdentityProviderId, draft: &Draft, since: i64) -> Result<()> {
    let (keys_from, jwks_url, jwks) = draft.parts();
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE identity_providers SET name = $3, keys_from = $4, jwks_url = $5, jwks = $6, audience = $7,
             max_lifetime = $8, algorithms = $9, trusted_since = $10
         WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(draft.name.as_str())
    .bind(keys_from.as_str())
    .bind(jwks_url)
    .bind(jwks)
    .bind(draft.audience.as_str())
    .bind(draft.max_lifetime)
    .bind(json!(draft.algorithms).to_string())
    .bind(since)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn end_sessions(w: &mut Work, id: IdentityProviderId) -> Result<u64> {
    Ok(on!(w.tx, |c| sqlx::query(sql!(
        "DELETE FROM workload_sessions WHERE tenant_id = $1 AND identity_id IN
             (SELECT id FROM workload_identities WHERE tenant_id = $1 AND provider_id = $2)"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?)
}

/// Takes a provider away with the rules that take its word and the sessions that it opened.
pub async fn remove_provider(nexus: &Nexus, actor: &Actor, id: IdentityProviderId) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::IdentityProviderDelete)?;
                let row = one(w, id).await?;
                let ended = end_sessions(w, id).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM identity_providers WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({
                    "kind": row.kind, "issuer": row.issuer, "identities": row.identities, "sessions_ended": ended,
                });
                w.record(Action::IdentityProviderDelete, &Target::named(&row.name), details).await
            })
        })
        .await
}
