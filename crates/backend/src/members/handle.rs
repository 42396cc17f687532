//! Handles: what somebody's developer environments are called after, unique in the tenant.

use crate::store::{Tx, on, sql};
use crate::{Error, Result};
use nexus_domain::{TenantId, slug};

/// A handle made from the address that nobody in the tenant has: `ana`, `ana2`, `ana3`, … One look at all
/// handles, because many people may have addresses alike.
pub(crate) async fn free_handle(tx: &mut Tx, tenant: TenantId, email: &str) -> Result<String> {
    let taken: Vec<(String,)> =
        on!(*tx, |c| sqlx::query_as(sql!("SELECT handle FROM memberships WHERE tenant_id = $1"))
            .bind(tenant)
            .fetch_all(c)
            .await)?;
    let wanted = slug::handle_from_email(email);
    let numbered = (2..=taken.len().saturating_add(2)).map(|n| {
        let number = n.to_string();
        let keep = slug::MAX_HANDLE.saturating_sub(number.len());
        wanted.chars().take(keep).collect::<String>() + &number
    });
    std::iter::once(wanted.clone())
        .chain(numbered)
        .find(|handle| !taken.iter().any(|(taken,)| taken == handle))
        .ok_or(Error::Impossible("every handle is taken"))
}
