//! Members: who belongs to a tenant and to its projects, in which role, and what goes with them.
//!
//! Rights are read anew with every request, so that a change of role holds on the next one. Granting
//! needs holding: nobody gives a role that reaches further than their own, and a key of one environment
//! gives none at all. A tenant always has an owner.

mod handle;
mod list;
mod project;
mod second_factor;
mod seen;
mod tenant;

pub(crate) use handle::free_handle;
pub use list::{ListMembers, get, list};
pub use project::{
    add, change as change_in_project, get as get_in_project, list as list_in_project,
    losses as losses_in_project, remove as remove_from_project,
};
pub use seen::{Seen, flush};
pub use tenant::{change, leave, leaving, losses, remove};

use crate::dev_environments;
use crate::gate::Who;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::member::MemberLosses;
use nexus_domain::role::TenantRole;
use nexus_domain::{ProjectId, UserId};
use sqlx::FromRow;

/// A person in the actor's tenant.
#[derive(Debug, Clone, FromRow)]
struct Standing {
    id: UserId,
    email: String,
    #[sqlx(try_from = "String")]
    role: TenantRole,
}

impl Standing {
    /// What goes with them: of all projects, or of one.
    async fn losses(&self, w: &mut Work, project: Option<ProjectId>) -> Result<MemberLosses> {
        let environments = dev_environments::losses_of(w, self.id, project).await?;
        Ok(MemberLosses { email: self.email.clone(), environments, account: None })
    }
}

async fn find(w: &mut Work, user: UserId) -> Result<Standing> {
    let row: Option<Standing> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT u.id, u.email, m.role FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.tenant_id = $1 AND m.user_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(user)
    .fetch_optional(c)
    .await)?;
    row.ok_or_else(Error::not_found)
}

/// Reads anew, inside of the change, what the actor is in the tenant: of two owners who demote each
/// other at the same moment, the second one is none any more.
async fn stand(w: &mut Work) -> Result<()> {
    let Some(user) = w.actor.user() else { return Ok(()) };
    let now = find(w, user).await?.role;
    if let Who::Person { role, .. } | Who::OauthGrant { role, .. } = &mut w.actor.who {
        *role = now;
    }
    Ok(())
}
