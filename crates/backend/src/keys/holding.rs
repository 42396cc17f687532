//! Granting needs holding: a key gives no scope that it lacks, to nobody for longer than itself, and from
//! nowhere that it is not taken from. The same holds where it would learn another key's new value, and for
//! what else lets somebody in: rules of workload identity, apps, and the keys of a service.

use crate::credentials::networks;
use crate::gate::{Actor, Who};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::environment_key::KeyType;
use nexus_domain::keys::Access;
use nexus_domain::network::Networks;
use nexus_domain::role::{Scope, Scopes};
use nexus_domain::service::ServiceKind;
use nexus_domain::{KeyId, Timestamp};

/// What a key gives to whoever has its value.
pub(crate) struct Grant {
    pub kind: KeyType,
    pub scopes: Scopes,
    pub networks: Networks,
    pub expires_at: Option<Timestamp>,
}

impl Grant {
    /// What lasts until somebody takes it away, from wherever the tenant allows.
    pub fn lasting(scopes: Scopes) -> Self {
        Self { kind: KeyType::Secret, scopes, networks: Networks::default(), expires_at: None }
    }

    /// The scopes of it; what a publishable key reads takes these two of others.
    fn scopes(&self) -> Scopes {
        match self.kind {
            KeyType::Secret => self.scopes.clone(),
            KeyType::Publishable => Scopes(vec![Scope::ReadConfigs, Scope::ReadFlags]),
        }
    }
}

/// Refuses who gives more than they hold. Owners hold everything.
pub(crate) async fn expect(w: &mut Work, grant: &Grant, action: Action) -> Result<()> {
    let Who::EnvironmentKey { id, scopes, until, .. } = &w.actor.who else {
        return refuse_app(&w.actor, action);
    };
    let (key, until) = (*id, *until);
    let holds_scopes = scopes.cover(&grant.scopes());
    let no_longer = until.is_none_or(|until| grant.expires_at.is_some_and(|end| end <= until));
    let no_wider = is_no_wider(w, key, grant).await?;
    if holds_scopes && no_longer && no_wider {
        return Ok(());
    }
    Err(Error::Denied(Denial::on_tenant(action.event(), &w.actor.tenant_slug)))
}

/// What a credential of a service is worth, in scopes.
pub(crate) fn of_service(kind: ServiceKind, access: Access) -> Scopes {
    let mut scopes = vec![Scope::ReadConfigs, Scope::ReadFlags];
    if kind == ServiceKind::Backend {
        scopes.push(Scope::ReadSecrets);
    }
    if access == Access::ReadWrite {
        scopes.push(Scope::WriteSecrets);
    }
    Scopes(scopes)
}

/// An app gives nothing to anybody: it would last longer than what a person lets it do.
fn refuse_app(actor: &Actor, action: Action) -> Result<()> {
    match actor.who {
        Who::OauthGrant { .. } => Err(Error::Denied(Denial::on_tenant(action.event(), &actor.tenant_slug))),
        _ => Ok(()),
    }
}

/// Whether the key that gives is taken from wherever the other one would be.
async fn is_no_wider(w: &mut Work, key: KeyId, grant: &Grant) -> Result<bool> {
    let row: Option<(String,)> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT allowed_cidrs FROM environment_keys WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(key)
    .fetch_optional(c)
    .await
    })?;
    // Whose key was revoked a moment ago gives nothing any more.
    Ok(row.is_some_and(|(own,)| networks(&own).cover(&grant.networks)))
}
