//! Rotating and revoking a key, and what signs tokens for it.

use super::{Row, find};
use crate::Result;
use crate::credentials::{make, networks};
use crate::crypto::{self, Aad};
use crate::gate::Actor;
use crate::keys::holding::{self, Grant};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::action::Action;
use nexus_domain::credential::environment_prefix;
use nexus_domain::environment_key::{KeyType, MadeEnvironmentKey, RotateEnvironmentKey, SigningSecret};
use nexus_domain::{Code, KeyId, Refusal, TenantId, Timestamp, timestamp};
use serde_json::json;
use zeroize::Zeroizing;

/// Finds a key whose new value, or signing secret, the actor is about to learn.
async fn find_to_learn(w: &mut Work, id: KeyId, action: Action) -> Result<Row> {
    let row = find(w, id, action).await?;
    let grant = Grant {
        kind: row.kind,
        scopes: row.scopes(),
        networks: networks(&row.allowed_cidrs),
        expires_at: row.expires_at,
    };
    holding::expect(w, &grant, action).await?;
    if row.has_ended(w.now) {
        return Err(Refusal::new(Code::Conflict, "This key has expired: make another one").into());
    }
    Ok(row)
}

/// Gives a key another value; the only answer that shows it. The old one stays valid for the grace time, and so do those
/// before it until theirs has passed; or, without grace, all of them end now.
pub async fn rotate(
    nexus: &Nexus,
    actor: &Actor,
    id: KeyId,
    request: RotateEnvironmentKey,
) -> Result<MadeEnvironmentKey> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let mut row = find_to_learn(w, id, Action::EnvironmentKeyRotate).await?;
                let grace = crate::keys::grace_hours(request.grace_hours)?;
                let made = make(&w.nexus, &environment_prefix(&row.environment))?;
                let until = (grace > 0).then(|| w.now.plus(grace * timestamp::HOUR));
                let until = until.map(|until| row.expires_at.map_or(until, |end| end.min(until)));
                replace_value(w, id, &made, until).await?;
                let details = json!({ "prefix": made.shown, "grace_hours": grace });
                w.record(Action::EnvironmentKeyRotate, &row.target(), details).await?;
                let old = std::mem::replace(&mut row.key_id, made.key_id);
                row.old_key_id = until.map(|_| old);
                row.old_expires_at = until;
                Ok(MadeEnvironmentKey { about: row.into_wire(), key: made.text })
            })
        })
        .await
}

async fn replace_value(
    w: &mut Work,
    id: KeyId,
    made: &crate::credentials::Made,
    until: Option<Timestamp>,
) -> Result<()> {
    match until {
        None => forget_old_values(w, id, None).await?,
        Some(until) => {
            forget_old_values(w, id, Some(w.now)).await?;
            on!(w.tx, |c| {
                sqlx::query(sql!(
                "INSERT INTO environment_key_old_values (tenant_id, environment_key_id, key_id, mac, expires_at)
                 SELECT tenant_id, id, key_id, mac, $3 FROM environment_keys
                 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"
            ))
            .bind(w.actor.tenant)
            .bind(id)
            .bind(until)
            .execute(c)
            .await
            .map(|_| ())
            })?;
        }
    }
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE environment_keys SET key_id = $3, mac = $4
         WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(made.key_id.as_str())
    .bind(made.mac.as_slice())
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Ends the values that a key had before: all of them, or those whose time is over.
async fn forget_old_values(w: &mut Work, id: KeyId, over_at: Option<Timestamp>) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!(
        "DELETE FROM environment_key_old_values
         WHERE tenant_id = $1 AND environment_key_id = $2 AND ($3 OR expires_at <= $4)"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(over_at.is_none())
    .bind(over_at.unwrap_or_default())
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Ends a key, with everything that stands for it, now and for good.
pub async fn revoke(nexus: &Nexus, actor: &Actor, id: KeyId) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let row = find(w, id, Action::EnvironmentKeyRevoke).await?;
                forget_old_values(w, id, None).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE environment_keys
                     SET revoked_at = $3, signing_sealed = NULL, signing_wrapped_key = NULL, signing_made_at = NULL
                     WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .bind(w.now)
                .execute(c)
                .await
                .map(|_| ()))?;
                let prefix = super::shown(&environment_prefix(&row.environment), &row.key_id);
                w.record(Action::EnvironmentKeyRevoke, &row.target(), json!({ "prefix": prefix })).await
            })
        })
        .await
}

/// Where a signing secret belongs, so that one that is copied elsewhere does not open.
pub(crate) fn signing_place(tenant: TenantId, key: KeyId) -> Aad {
    Aad::new("nexus/signing-secret/v1").id(tenant.0).id(key.0)
}

/// Gives a secret key something to sign tokens with; the only answer that shows it. What an earlier one
/// has signed is worth nothing from then on.
pub async fn sign(nexus: &Nexus, actor: &Actor, id: KeyId) -> Result<SigningSecret> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let row = find_to_learn(w, id, Action::EnvironmentKeySign).await?;
                if row.kind == KeyType::Publishable {
                    return Err(Refusal::new(Code::Conflict, "A publishable key signs no tokens").into());
                }
                let (nexus, tenant) = (w.nexus.clone(), w.actor.tenant);
                let bytes = Zeroizing::new(crypto::random::<32>(nexus.keyring.random())?);
                let secret = Zeroizing::new(hex::encode(*bytes));
                let place = signing_place(tenant, id);
                let sealed = nexus.keyring.seal_for(&mut w.tx, tenant, &place, secret.as_bytes()).await?;
                // Two in the same microsecond would be taken for one another.
                let made_at = row.signing_made_at.map_or(w.now, |before| w.now.max(before.plus(1)));
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE environment_keys SET signing_sealed = $3, signing_wrapped_key = $4, signing_made_at = $5
                     WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"
                ))
                .bind(tenant)
                .bind(id)
                .bind(sealed.payload)
                .bind(sealed.wrapped_key)
                .bind(made_at)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({ "replaced": row.signing_made_at.is_some() });
                w.record(Action::EnvironmentKeySign, &row.target(), details).await?;
                Ok(SigningSecret {
                    id,
                    signing_secret: secret.to_string(),
                    audience: w.nexus.settings.public_url.clone(),
                    created_at: made_at,
                })
            })
        })
        .await
}
