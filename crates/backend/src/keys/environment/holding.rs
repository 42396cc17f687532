//! Granting needs holding: a key gives no scope that it lacks, to nobody for longer than itself, and from
//! nowhere that it is not taken from. The same holds where it would learn another key's new value.

use crate::credentials::networks;
use crate::gate::Who;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::environment_key::KeyType;
use nexus_domain::network::Networks;
use nexus_domain::role::{Scope, Scopes};
use nexus_domain::{KeyId, Timestamp};

/// What a key gives to whoever has its value.
pub(super) struct Grant {
    pub kind: KeyType,
    pub scopes: Scopes,
    pub networks: Networks,
    pub expires_at: Option<Timestamp>,
}

impl Grant {
    /// The scopes of it; what a publishable key reads takes these two of others.
    fn scopes(&self) -> Scopes {
        match self.kind {
            KeyType::Secret => self.scopes.clone(),
            KeyType::Publishable => Scopes(vec![Scope::ReadConfigs, Scope::ReadFlags]),
        }
    }
}

/// Refuses who gives more than they hold. Owners hold everything.
pub(super) async fn expect(w: &mut Work, grant: &Grant, action: Action) -> Result<()> {
    let (key, scopes, until) = match &w.actor.who {
        Who::EnvironmentKey { id, scopes, until, .. } => (Some(*id), scopes, *until),
        Who::OauthGrant { scopes, until, .. } => (None, scopes, *until),
        _ => return Ok(()),
    };
    let holds_scopes = scopes.cover(&grant.scopes());
    let no_longer = until.is_none_or(|until| grant.expires_at.is_some_and(|end| end <= until));
    let no_wider = match key {
        Some(key) => is_no_wider(w, key, grant).await?,
        None => true,
    };
    if holds_scopes && no_longer && no_wider {
        return Ok(());
    }
    Err(Error::Denied(Denial::on_tenant(action.event(), &w.actor.tenant_slug)))
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
