//! How far a session reaches. What a tenant's own provider opened is that tenant and nothing else: whoever
//! runs the provider can open such a session for anybody who signs in with it.

use super::{Means, Opened, me};
use crate::nexus::Nexus;
use crate::store::{single, sql};
use crate::{Error, Result};
use nexus_domain::member::Me;
use nexus_domain::{Code, ProviderId, Refusal, TenantId};

/// What a session opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every tenant of the person, and the account.
    Everything,
    /// One tenant.
    Only(TenantId),
    /// Its provider is gone, or disabled.
    Nothing,
}

impl Reach {
    /// By whom the session was opened, and the tenant whose enabled provider that is, if it is one's.
    pub(super) fn of(nexus: &Nexus, means: Means, tenant_of_provider: Option<TenantId>) -> Self {
        match (means, tenant_of_provider) {
            (Means::Provider(id), _) if nexus.settings.providers.iter().any(|own| own.id() == id) => {
                Self::Everything
            }
            (Means::Provider(_), Some(tenant)) => Self::Only(tenant),
            (Means::Provider(_), None) => Self::Nothing,
            (Means::Password | Means::Passkey | Means::Link, _) => Self::Everything,
        }
    }

    pub fn opens(self, tenant: TenantId) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(only) => only == tenant,
            Self::Nothing => false,
        }
    }
}

/// The provider that opened a session.
pub(super) const fn provider_of(means: Means) -> Option<ProviderId> {
    match means {
        Means::Provider(id) => Some(id),
        Means::Password | Means::Passkey | Means::Link => None,
    }
}

/// What a session opens, by what is true now.
pub async fn reach(nexus: &Nexus, opened: Opened) -> Result<Reach> {
    let row: Option<(TenantId,)> = match provider_of(opened.proof.means) {
        None => None,
        Some(id) => single!(nexus.db, |pool| sqlx::query_as(sql!(
            "SELECT tenant_id FROM sign_in_providers WHERE id = $1 AND enabled"
        ))
        .bind(id)
        .fetch_optional(pool)
        .await)?,
    };
    Ok(Reach::of(nexus, opened.proof.means, row.map(|(tenant,)| tenant)))
}

/// Refuses what belongs to the account and not to one tenant (how the person signs in) to a session that a
/// tenant's provider opened.
pub async fn refuse_confined(nexus: &Nexus, opened: Opened) -> Result<()> {
    if reach(nexus, opened).await? == Reach::Everything {
        return Ok(());
    }
    let why = "You are signed in by a tenant's own provider, which opens that tenant only. For your account, sign in \
               with your password, a passkey, or another provider";
    Err(Refusal::new(Code::Forbidden, why).into())
}

/// The signed-in person with the tenants that this session opens; `None` when the account is gone.
pub async fn seen_by(nexus: &Nexus, opened: Opened) -> Result<Option<Me>> {
    let Some(mut found) = me(nexus, opened.user, opened.signed_in_at).await? else { return Ok(None) };
    match reach(nexus, opened).await? {
        Reach::Everything => {}
        Reach::Nothing => found.tenants.clear(),
        Reach::Only(tenant) => {
            let slug = slug_of(nexus, tenant).await?;
            found.tenants.retain(|membership| membership.slug == slug);
        }
    }
    Ok(Some(found))
}

/// The slug of a tenant.
pub(crate) async fn slug_of(nexus: &Nexus, tenant: TenantId) -> Result<String> {
    let row: Option<(String,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT slug FROM tenants WHERE id = $1"))
            .bind(tenant)
            .fetch_optional(pool)
            .await)?;
    row.map(|(slug,)| slug).ok_or_else(Error::not_found)
}
