//! Which members show a second factor when they sign in, for the list of members.

use crate::Result;
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::UserId;
use std::collections::HashSet;

/// Those of these people who have a second factor. One statement for all members of the tenant, because a
/// page shows many of them.
pub(super) async fn with_second_factor(w: &mut Work, users: &[UserId]) -> Result<HashSet<UserId>> {
    let rows: Vec<(UserId,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT m.user_id FROM memberships m WHERE m.tenant_id = $1
           AND (EXISTS (SELECT 1 FROM totp_secrets t WHERE t.user_id = m.user_id AND t.active)
             OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = m.user_id))"
    ))
    .bind(w.actor.tenant)
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(|(user,)| user).filter(|user| users.contains(user)).collect())
}
