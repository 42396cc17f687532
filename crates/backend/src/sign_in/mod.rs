//! Signing in with providers (Google, GitHub, any that speaks OpenID Connect), of the whole instance and of
//! one tenant, and the mail domains whose people join a tenant by themselves.
//!
//! Somebody is who a provider says by provider and subject, never by address: an address can be given to
//! somebody else, and whoever runs a tenant's provider could claim anybody's. So an identity that nobody has
//! yet is linked in a signed-in session only, and what a tenant's own provider opens is that tenant.

mod callback;
mod claims;
mod discovery;
mod domains;
mod exchange;
mod flow;
mod github;
mod identities;
mod join;
mod providers;
mod records;
mod require;

pub use callback::{Arrived, Failed, Returned, finish};
pub use claims::Identity;
pub use discovery::Discoveries;
pub use domains::{DomainRule, add_domain, domains, prove_domain, remove_domain, set_domain_rule};
pub use flow::{Start, browser_secret, form_targets, start};
pub(crate) use identities::link;
pub(crate) use identities::sweep;
pub use identities::{StepUpMeans, connections, disconnect, new_person, step_up_means};
pub use providers::{
    NewProvider, ProviderPatch, add_provider, change_provider, offered, providers, remove_provider,
    test_provider,
};
pub use records::{Records, SystemRecords};
pub use require::{Rules, lift_provider, require_provider, rules};

use crate::crypto::{Aad, Sealed};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::{Error, Result};
use nexus_domain::sign_in::{OfferedProvider, ProviderKind};
use nexus_domain::{ProviderId, Refusal, TenantId};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A provider of the whole instance, from the settings.
#[derive(Debug, Clone)]
pub struct InstanceProvider {
    /// What it is called in the settings: identities hang on it, so it never changes.
    pub key: String,
    pub kind: ProviderKind,
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
}

impl InstanceProvider {
    /// Made from its key, because it has no row.
    pub fn id(&self) -> ProviderId {
        let digest = Sha256::digest(format!("nexus/instance-provider/{}", self.key).as_bytes());
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(digest) {
            *byte = from;
        }
        ProviderId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    fn offered(&self) -> OfferedProvider {
        OfferedProvider { id: self.id(), name: self.name.clone(), kind: self.kind }
    }
}

/// A provider that may be used, wherever it stands.
#[derive(Debug, Clone)]
struct Known {
    id: ProviderId,
    /// The tenant that it opens; none for one of the instance.
    tenant: Option<TenantId>,
    kind: ProviderKind,
    name: String,
    issuer: String,
    client_id: String,
    client_secret: SecretString,
}

/// The place of a provider's client secret.
fn place(tenant: TenantId, provider: ProviderId) -> Aad {
    Aad::new("nexus/sign-in-provider/v1").id(tenant.0).id(provider.0)
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    tenant_id: TenantId,
    name: String,
    kind: String,
    issuer: String,
    client_id: String,
    sealed: Vec<u8>,
    wrapped_key: Vec<u8>,
}

/// A provider that is there and enabled, with its secret.
async fn known(nexus: &Nexus, id: ProviderId) -> Result<Known> {
    if let Some(own) = nexus.settings.providers.iter().find(|provider| provider.id() == id) {
        let InstanceProvider { kind, name, issuer, client_id, client_secret, .. } = own.clone();
        return Ok(Known { id, tenant: None, kind, name, issuer, client_id, client_secret });
    }
    let mut tx = nexus.db.begin_read().await?;
    let row: Option<KnownRow> = on!(tx, |c| sqlx::query_as(sql!(
        "SELECT tenant_id, name, kind, issuer, client_id, sealed, wrapped_key FROM sign_in_providers
         WHERE id = $1 AND enabled"
    ))
    .bind(id)
    .fetch_optional(c)
    .await)?;
    let row = row.ok_or_else(Error::not_found)?;
    let sealed = Sealed { payload: row.sealed, wrapped_key: row.wrapped_key };
    let secret = nexus.keyring.open_for(&mut tx, row.tenant_id, &place(row.tenant_id, id), &sealed).await?;
    tx.rollback().await?;
    let secret = std::str::from_utf8(&secret).map_err(|_| Error::Impossible("a client secret is text"))?;
    Ok(Known {
        id,
        tenant: Some(row.tenant_id),
        kind: kind_of(&row.kind)?,
        name: row.name,
        issuer: row.issuer,
        client_id: row.client_id,
        client_secret: secret.into(),
    })
}

fn kind_of(word: &str) -> Result<ProviderKind> {
    ProviderKind::parse(word).ok_or(Error::Impossible("an unknown kind of provider"))
}

/// Where providers send people back to.
pub fn redirect_uri(nexus: &Nexus) -> String {
    format!("{}/sign-in/callback", nexus.settings.public_url)
}

/// What went wrong between this program and a provider, at the field of a form that names it.
fn at_issuer(problem: impl std::fmt::Display) -> Error {
    Refusal::invalid("issuer", problem.to_string()).into()
}

/// An id that somebody sent.
pub fn parse_id(text: &str) -> Result<ProviderId> {
    Uuid::parse_str(text).map(ProviderId).map_err(|_| Error::not_found())
}
