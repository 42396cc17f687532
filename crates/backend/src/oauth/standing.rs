//! Whom a grant stands for, as an actor.

use crate::gate::{Actor, Who};
use nexus_domain::environment::LIVE;
use nexus_domain::oauth::CLI_NAME;
use nexus_domain::role::{Scopes, TenantRole};
use nexus_domain::{EnvironmentId, OauthGrantId, TenantId, Timestamp, UserId};
use std::net::IpAddr;
use std::sync::Arc;

/// The person of a grant, and what is needed to name the two in the audit log.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Holder {
    pub tenant_id: TenantId,
    pub tenant_slug: String,
    pub user_id: UserId,
    pub email: String,
    #[sqlx(try_from = "String")]
    pub role: TenantRole,
    pub handle: String,
    /// None for the built-in command-line app.
    pub app_name: Option<String>,
}

/// One access token of a grant, and what it reaches.
#[derive(Default)]
pub(crate) struct Shown {
    pub environments: Vec<EnvironmentId>,
    pub value: String,
    pub until: Option<Timestamp>,
}

impl Holder {
    pub fn actor(self, id: OauthGrantId, scopes: Scopes, shown: Shown, ip: Option<IpAddr>) -> Actor {
        let environment_slug = match &self.app_name {
            Some(_) => LIVE.to_owned(),
            None => format!("dev_{}", self.handle),
        };
        let app = self.app_name.as_deref().unwrap_or(CLI_NAME);
        Actor {
            tenant: self.tenant_id,
            tenant_slug: self.tenant_slug,
            ip,
            who: Who::OauthGrant {
                id,
                label: format!("{} via {app}", self.email),
                user: self.user_id,
                role: self.role,
                scopes,
                environments: Arc::from(shown.environments),
                environment_slug,
                value: shown.value,
                until: shown.until,
                at: None,
            },
        }
    }
}
