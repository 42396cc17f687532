//! The gate: who is asking, and whether they may.
//!
//! Every use case resolves what it acts on through [`Work`](crate::work::Work), and resolving *is*
//! asking the gate: there is no way to read a row without an actor. What an actor may not know of
//! answers exactly like what does not exist.

use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::keys::Access;
use nexus_domain::role::{Permission, Place, ProjectRole, Scope, Scopes, TenantRole};
use nexus_domain::service::ServiceKind;
use nexus_domain::{
    Code, EnvironmentId, IdentityId, KeyId, OauthGrantId, Refusal, ServiceId, TenantId, Timestamp, UserId,
    WorkloadSessionId, timestamp,
};
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// A sign-in is fresh for five minutes.
pub const FRESH: i64 = 5 * timestamp::MINUTE;

/// Who acts, in which tenant, and from where.
#[derive(Debug, Clone)]
pub struct Actor {
    pub tenant: TenantId,
    pub tenant_slug: String,
    pub who: Who,
    pub ip: Option<IpAddr>,
}

#[derive(Debug, Clone)]
pub enum Who {
    /// A person in a browser session.
    Person { user: UserId, email: String, role: TenantRole, signed_in_at: Timestamp },
    /// A key of one environment: the tenant owner's rights, cut down to its scopes.
    EnvironmentKey {
        id: KeyId,
        prefix: String,
        environment: EnvironmentId,
        environment_slug: String,
        scopes: Scopes,
        publishable: bool,
        /// Which of its values was presented: a rotation ends one and not the other.
        value: String,
        /// When it ends by itself.
        until: Option<Timestamp>,
        /// What a signed token says, where one stands for the key.
        token: Option<Token>,
        /// The service that it reads as a program, where one is named.
        at: Option<At>,
    },
    /// A key of one service: it reads that service and nothing else.
    ServiceKey { id: KeyId, prefix: String, service: ServiceId, kind: ServiceKind, access: Access },
    /// A program that its platform vouches for, at the one backend service whose rule lets it in.
    WorkloadSession {
        session: WorkloadSessionId,
        /// The rule; what a program did is found by it, because sessions come and go.
        identity: IdentityId,
        /// The shown prefix and the rule's name.
        label: String,
        service: ServiceId,
        access: Access,
        until: Timestamp,
    },
    /// An app that acts for a person: the person's rights, cut down to what they let it do.
    OauthGrant {
        id: OauthGrantId,
        /// The person's address and the app's name.
        label: String,
        user: UserId,
        role: TenantRole,
        scopes: Scopes,
        /// The environments that it sees: live, or the person's own developer environments, which have
        /// one slug in all projects.
        environments: Arc<[EnvironmentId]>,
        environment_slug: String,
        /// Which of its access tokens was presented.
        value: String,
        until: Option<Timestamp>,
        /// The service that it reads as a program, where one is named, and what the person is there.
        at: Option<(At, ProjectRole, Place)>,
    },
    /// Whoever runs the program on the machine itself.
    Operator,
}

/// A token that a key's signing secret has signed.
#[derive(Debug, Clone)]
pub struct Token {
    /// The one service that it is for, by its endpoint or its slug.
    pub service: Option<String>,
}

/// A service at its endpoint.
#[derive(Debug, Clone)]
pub struct At {
    pub service: ServiceId,
    pub kind: ServiceKind,
    /// `project/environment/service`
    pub path: Arc<str>,
}

/// What an actor is as a program that reads one service: what of it, and whether it may stand in a
/// client. Rules, rollouts and descriptions never go to a public one, nor does a secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub service: ServiceId,
    pub kind: ServiceKind,
    pub public: bool,
    pub secrets: bool,
    pub writes_secrets: bool,
    pub configs: bool,
    pub flags: bool,
    path: &'a str,
}

impl Reader<'_> {
    /// Refuses an act that takes a part that is not this reader's.
    pub fn expect(&self, part: bool, action: Action) -> Result<()> {
        if part { Ok(()) } else { Err(Error::Denied(Denial::in_project(action.event(), self.path))) }
    }

    /// Refuses any look at a secret by who is public, and on a service that has none.
    pub fn expect_secrets(&self) -> Result<()> {
        let (code, message) = match (self.public, self.kind) {
            (true, _) => (Code::PublicKeyRestricted, "A public key never reads a secret"),
            (false, ServiceKind::Frontend) => {
                (Code::ServiceKindMismatch, "A frontend service has no secrets")
            }
            (false, ServiceKind::Backend) => return Ok(()),
        };
        Err(Refusal::new(code, message).into())
    }
}

impl Actor {
    /// What it reads as a program; who is at no service reads none.
    pub(crate) fn reader(&self) -> Result<Reader<'_>> {
        match &self.who {
            Who::ServiceKey { service, kind, access, .. } => {
                let public = *kind == ServiceKind::Frontend;
                Ok(Reader {
                    service: *service,
                    kind: *kind,
                    public,
                    secrets: !public,
                    writes_secrets: !public && *access == Access::ReadWrite,
                    configs: true,
                    flags: true,
                    path: "",
                })
            }
            Who::EnvironmentKey { at: Some(at), scopes, publishable, .. } => {
                let may = |permission| !publishable && scopes.allow(permission);
                Ok(Reader {
                    service: at.service,
                    kind: at.kind,
                    public: *publishable,
                    secrets: may(Permission::SecretReveal),
                    writes_secrets: may(Permission::SecretWrite),
                    configs: *publishable || may(Permission::ConfigRead),
                    flags: *publishable || may(Permission::FlagRead),
                    path: &at.path,
                })
            }
            Who::WorkloadSession { service, access, .. } => Ok(Reader {
                service: *service,
                kind: ServiceKind::Backend,
                public: false,
                secrets: true,
                writes_secrets: *access == Access::ReadWrite,
                configs: true,
                flags: true,
                path: "",
            }),
            Who::OauthGrant { at: Some((at, role, place)), scopes, .. } => {
                let may = |permission| scopes.allow(permission) && role.allows(permission, *place);
                Ok(Reader {
                    service: at.service,
                    kind: at.kind,
                    public: false,
                    secrets: may(Permission::SecretReveal),
                    writes_secrets: may(Permission::SecretWrite),
                    configs: may(Permission::ConfigRead),
                    flags: may(Permission::FlagRead),
                    path: &at.path,
                })
            }
            _ => Err(Error::not_found()),
        }
    }

    pub const fn operator(tenant: TenantId, tenant_slug: String) -> Self {
        Self { tenant, tenant_slug, who: Who::Operator, ip: None }
    }

    /// What stands in the audit log and beside versions: an address or a shown prefix.
    pub fn label(&self) -> &str {
        match &self.who {
            Who::Person { email, .. } => email,
            Who::EnvironmentKey { prefix, .. } | Who::ServiceKey { prefix, .. } => prefix,
            Who::WorkloadSession { label, .. } | Who::OauthGrant { label, .. } => label,
            Who::Operator => "operator",
        }
    }

    pub const fn kind(&self) -> &'static str {
        match self.who {
            Who::Person { .. } => "person",
            Who::EnvironmentKey { .. } => "environment_key",
            Who::ServiceKey { .. } => "service_key",
            Who::WorkloadSession { .. } => "workload_session",
            Who::OauthGrant { .. } => "oauth_grant",
            Who::Operator => "operator",
        }
    }

    pub const fn id(&self) -> Option<Uuid> {
        match self.who {
            Who::Person { user, .. } => Some(user.0),
            Who::EnvironmentKey { id, .. } | Who::ServiceKey { id, .. } => Some(id.0),
            Who::WorkloadSession { identity, .. } => Some(identity.0),
            Who::OauthGrant { id, .. } => Some(id.0),
            Who::Operator => None,
        }
    }

    /// The person who acts, or for whom an app does.
    pub const fn user(&self) -> Option<UserId> {
        match self.who {
            Who::Person { user, .. } | Who::OauthGrant { user, .. } => Some(user),
            _ => None,
        }
    }

    /// The key of an environment that acts, by itself or by a token that it has signed.
    pub const fn environment_key(&self) -> Option<KeyId> {
        match self.who {
            Who::EnvironmentKey { id, .. } => Some(id),
            _ => None,
        }
    }

    /// What a person is in the tenant.
    pub const fn tenant_role(&self) -> Option<TenantRole> {
        match self.who {
            Who::Person { role, .. } | Who::OauthGrant { role, .. } => Some(role),
            _ => None,
        }
    }

    /// The project role that the tenant role or the kind of credential gives by itself.
    pub(crate) const fn inherent_role(&self) -> Option<ProjectRole> {
        match &self.who {
            Who::Person { role: TenantRole::Owner, .. }
            | Who::OauthGrant { role: TenantRole::Owner, .. }
            | Who::Operator => Some(ProjectRole::Owner),
            Who::EnvironmentKey { publishable: false, .. } => Some(ProjectRole::Owner),
            _ => None,
        }
    }

    /// What the actor is in a project where `member` is the role that it was given. Finance has
    /// nothing to do inside projects, whatever it was given.
    pub(crate) fn project_role(&self, member: Option<&str>) -> Option<ProjectRole> {
        match &self.who {
            Who::Person { role, .. } | Who::OauthGrant { role, .. } => role_in_project(*role, member),
            _ => self.inherent_role().or_else(|| ProjectRole::parse(member?)),
        }
    }

    /// The slug of the environment that a credential is of, where it is of one.
    pub fn own_environment(&self) -> Option<&str> {
        match &self.who {
            Who::EnvironmentKey { environment_slug, .. } | Who::OauthGrant { environment_slug, .. } => {
                Some(environment_slug)
            }
            _ => None,
        }
    }

    /// That environment, where it sees no other.
    pub fn confined_to(&self) -> Option<&str> {
        let everywhere =
            matches!(&self.who, Who::EnvironmentKey { scopes, .. } if scopes.has(Scope::AdminAll));
        self.own_environment().filter(|_| !everywhere)
    }

    /// Whether this is a credential that lives in one environment and sees no other.
    pub(crate) fn is_confined(&self) -> bool {
        self.confined_to().is_some()
    }

    /// Whether this actor may see the environment at all: a key without `admin:all` sees its own only.
    pub(crate) fn reaches(&self, environment: EnvironmentId) -> bool {
        match &self.who {
            Who::EnvironmentKey { environment: own, scopes, .. } => {
                *own == environment || scopes.has(Scope::AdminAll)
            }
            Who::OauthGrant { environments, .. } => environments.contains(&environment),
            _ => true,
        }
    }

    /// Whether what the actor presented leaves it the permission, where its role gives it.
    pub(crate) fn scopes_allow(&self, permission: Permission) -> bool {
        match &self.who {
            Who::EnvironmentKey { scopes, .. } | Who::OauthGrant { scopes, .. } => scopes.allow(permission),
            Who::ServiceKey { .. } | Who::WorkloadSession { .. } => false,
            Who::Person { .. } | Who::Operator => true,
        }
    }

    /// Asks for an act on the tenant itself.
    pub(crate) fn may(&self, action: Action, now: Timestamp) -> Result<()> {
        let permission = action.permission();
        let allowed = match &self.who {
            Who::Person { role, .. } => role.allows(permission),
            Who::EnvironmentKey { scopes, publishable, .. } => !publishable && scopes.allow(permission),
            Who::OauthGrant { role, scopes, .. } => role.allows(permission) && scopes.allow(permission),
            Who::ServiceKey { .. } | Who::WorkloadSession { .. } => false,
            Who::Operator => true,
        };
        self.decide(allowed, Denial::on_tenant(action.event(), &self.tenant_slug), action, now)
    }

    /// Asks for an act inside a project. Without a role there, the project does not exist.
    pub(crate) fn may_in(
        &self,
        role: Option<ProjectRole>,
        place: Place,
        action: Action,
        target: &str,
        now: Timestamp,
    ) -> Result<()> {
        let permission = action.permission();
        let hidden = role.is_none() || (place == Place::Foreign && role != Some(ProjectRole::Owner));
        let allowed =
            self.scopes_allow(permission) && role.is_some_and(|role| role.allows(permission, place));
        let denial = Denial { hidden, ..Denial::in_project(action.event(), target) };
        self.decide(allowed, denial, action, now)
    }

    fn decide(&self, allowed: bool, denial: Denial, action: Action, now: Timestamp) -> Result<()> {
        if !allowed {
            return Err(Error::Denied(denial));
        }
        match self.who {
            Who::Person { signed_in_at, .. } if action.needs_fresh_sign_in() => {
                require_fresh(signed_in_at, now)
            }
            _ => Ok(()),
        }
    }
}

/// What a person is in a project: of the tenant role, and of the one that was given there.
pub(crate) fn role_in_project(role: TenantRole, member: Option<&str>) -> Option<ProjectRole> {
    match role {
        TenantRole::Owner => Some(ProjectRole::Owner),
        TenantRole::Finance => None,
        TenantRole::Member => ProjectRole::parse(member?),
    }
}

/// Asks for a recent sign-in, where a person acts on what is their own and no gate is asked.
pub(crate) fn require_fresh(signed_in_at: Timestamp, now: Timestamp) -> Result<()> {
    if is_fresh(signed_in_at, now) {
        return Ok(());
    }
    Err(Refusal::new(Code::StepUpRequired, "Confirm that it is you: sign in again").into())
}

/// Whether a sign-in at that time still counts as recent.
pub const fn is_fresh(signed_in_at: Timestamp, now: Timestamp) -> bool {
    now.0.saturating_sub(signed_in_at.0) <= FRESH
}
