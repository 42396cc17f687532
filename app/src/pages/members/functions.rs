//! The server functions of the members of a tenant.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::member::{Member, MemberLosses};
use nexus_domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MembersData {
    pub members: Vec<Member>,
    pub next_cursor: Option<String>,
    /// The one who looks.
    pub me: UserId,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_members")]
pub async fn read_members(
    tenant: String,
    #[server(default)] q: String,
    #[server(default)] cursor: String,
) -> Result<MembersData, Refused> {
    use nexus_backend::members::{self, ListMembers};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
    let wanted = ListMembers { q, cursor, limit: nexus_domain::page::DEFAULT_LIMIT };
    let page = members::list(&nexus, &actor, wanted).await?;
    let me = actor.user().ok_or_else(nexus_domain::Refusal::not_found)?;
    Ok(MembersData { members: page.data, next_cursor: page.next_cursor, me, now: nexus.now() })
}

#[server(prefix = "/_fn", endpoint = "read_member")]
pub async fn read_member(tenant: String, member: String) -> Result<Member, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::members::get(&nexus, &actor, user(&member)?).await?)
}

/// What is no id is nobody's.
#[cfg(feature = "ssr")]
pub fn user(text: &str) -> Result<UserId, Refused> {
    text.parse().map(UserId).map_err(|_| nexus_domain::Refusal::not_found().into())
}

#[server(prefix = "/_fn", endpoint = "change_member")]
pub async fn change_member(tenant: String, member: String, role: String) -> Result<Done, Refused> {
    use nexus_domain::Refusal;
    use nexus_domain::member::MemberPatch;
    use nexus_domain::role::TenantRole;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let role = TenantRole::parse(&role).ok_or_else(|| Refusal::invalid("role", "One of the list"))?;
    let patch = MemberPatch { role: Some(role) };
    let member = nexus_backend::members::change(&nexus, &actor, user(&member)?, patch).await?;
    Ok(Done::new(format!("{} is {} now", member.email, member.role)).and_frame())
}

#[server(prefix = "/_fn", endpoint = "read_member_losses")]
pub async fn read_member_losses(tenant: String, member: String) -> Result<MemberLosses, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::members::losses(&nexus, &actor, user(&member)?).await?)
}

/// Takes the address, typed, because what goes with a member does not come back.
#[server(prefix = "/_fn", endpoint = "remove_member")]
pub async fn remove_member(tenant: String, member: String, typed: String) -> Result<Done, Refused> {
    use nexus_backend::members;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let user = user(&member)?;
    let email = members::losses(&nexus, &actor, user).await?.email;
    crate::pages::losses::confirmed(&typed, &email)?;
    members::remove(&nexus, &actor, user).await?;
    Ok(Done::new(format!("{email} is removed")))
}
