//! Who may do what: roles, permissions, scopes, and the two tables that tie them together.
//!
//! The gate asks `project_role_allows` for people and `Scopes::allow` for keys; the user
//! interface's hints, the docs and the tests read the same tables.

use serde::{Deserialize, Serialize};

// The words are taken as tokens, because utoipa does not see what a macro took as a literal.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:tt,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $text,)+ } }
            pub fn parse(text: &str) -> Option<Self> { Self::ALL.iter().copied().find(|w| w.as_str() == text) }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::role::UnknownWord;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or($crate::role::UnknownWord)
            }
        }
    };
}
pub(crate) use words;

/// A stored word that is none of the known ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an unknown word")]
pub struct UnknownWord;

words! {
    /// A person's role in a tenant. An owner is owner of every project of it.
    TenantRole { Owner = "owner", Finance = "finance", Member = "member", }
}

words! {
    /// A person's role in a project.
    ProjectRole {
        Owner = "owner", Manager = "manager", Developer = "developer", Tester = "tester", Viewer = "viewer",
    }
}

words! {
    /// One thing that can be allowed, on a tenant, a project or a service.
    Permission {
        TenantManage = "tenant.manage",
        /// Providers, domains, and what members have to prove when they sign in.
        SignInManage = "sign_in.manage",
        /// Who is there, and in which role.
        MemberRead = "member.read",
        MemberInvite = "member.invite",
        /// Change roles, remove.
        MemberManage = "member.manage",
        ProjectCreate = "project.create",
        ProjectRead = "project.read",
        ProjectManage = "project.manage",
        EnvironmentRead = "environment.read",
        EnvironmentManage = "environment.manage",
        ServiceRead = "service.read",
        ServiceWrite = "service.write",
        KeyRead = "key.read",
        KeyWrite = "key.write",
        /// Keys and types.
        SecretList = "secret.list",
        /// Note, tags, authors, history and uses.
        SecretMetadata = "secret.metadata",
        SecretReveal = "secret.reveal",
        SecretWrite = "secret.write",
        ConfigRead = "config.read",
        ConfigWrite = "config.write",
        FlagRead = "flag.read",
        FlagWrite = "flag.write",
        DevEnvironment = "dev_environment.own",
        /// How much of the quotas is used up.
        UsageRead = "usage.read",
        AuditRead = "audit.read",
        TenantAuditRead = "audit.read_tenant",
    }
}

/// Where a service lives, as far as rights go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A shared environment; `develop` is the one whose secret keys developers may list.
    Shared { develop: bool },
    /// The actor's own developer environment.
    Own,
    /// Somebody else's developer environment.
    Foreign,
}

impl ProjectRole {
    /// Whether a person in this role may do this there (product: the table of roles).
    pub const fn allows(self, permission: Permission, place: Place) -> bool {
        use Permission as P;
        use ProjectRole::{Developer, Manager, Owner, Tester, Viewer};
        match place {
            Place::Foreign => matches!((self, permission), (Owner, P::EnvironmentRead)),
            Place::Own => {
                matches!(self, Owner | Manager | Developer)
                    && !matches!(
                        permission,
                        P::ProjectManage
                            | P::TenantManage
                            | P::SignInManage
                            | P::MemberInvite
                            | P::MemberManage
                            | P::EnvironmentManage
                    )
            }
            Place::Shared { develop } => match permission {
                P::ProjectRead
                | P::EnvironmentRead
                | P::ServiceRead
                | P::ConfigRead
                | P::FlagRead
                | P::MemberRead
                | P::UsageRead => true,
                P::ProjectManage | P::MemberManage => matches!(self, Owner),
                P::MemberInvite
                | P::ServiceWrite
                | P::KeyRead
                | P::KeyWrite
                | P::SecretMetadata
                | P::SecretReveal
                | P::SecretWrite
                | P::ConfigWrite
                | P::FlagWrite => matches!(self, Owner | Manager),
                P::SecretList => match self {
                    Owner | Manager => true,
                    Developer => develop,
                    Tester | Viewer => false,
                },
                P::DevEnvironment => matches!(self, Owner | Manager | Developer),
                P::AuditRead => matches!(self, Owner | Manager | Tester),
                P::TenantManage
                | P::SignInManage
                | P::ProjectCreate
                | P::EnvironmentManage
                | P::TenantAuditRead => false,
            },
        }
    }

    /// Testers read the audit log without the events about secrets.
    pub const fn sees_secret_events(self) -> bool {
        matches!(self, Self::Owner | Self::Manager)
    }
}

impl TenantRole {
    /// What the tenant role allows by itself, without a project.
    pub const fn allows(self, permission: Permission) -> bool {
        match self {
            Self::Owner => true,
            Self::Finance => matches!(permission, Permission::EnvironmentRead | Permission::UsageRead),
            Self::Member => matches!(permission, Permission::EnvironmentRead),
        }
    }
}

words! {
    /// What a key may be cut down to.
    Scope {
        ReadUsers = "read:users", WriteUsers = "write:users",
        ReadPayments = "read:payments", WritePayments = "write:payments",
        ReadMessages = "read:messages", WriteMessages = "write:messages",
        ReadProjects = "read:projects", WriteProjects = "write:projects",
        ReadServices = "read:services", WriteServices = "write:services",
        WriteEnvironments = "write:environments",
        ReadKeys = "read:keys", WriteKeys = "write:keys",
        ReadConfigs = "read:configs", WriteConfigs = "write:configs",
        ReadFlags = "read:flags", WriteFlags = "write:flags",
        ReadSecrets = "read:secrets", WriteSecrets = "write:secrets",
        ReadRuns = "read:runs", WriteRuns = "write:runs",
        ReadUsage = "read:usage",
        ReadWebhooks = "read:webhooks", WriteWebhooks = "write:webhooks",
        ReadAudit = "read:audit",
        /// Everything, in any environment of the tenant; never for third-party apps.
        AdminAll = "admin:all",
    }
}

impl Permission {
    /// The scope that a key needs for this; `None` is what every valid key may do.
    pub const fn scope(self) -> Option<Scope> {
        Some(match self {
            Self::TenantManage | Self::SignInManage => Scope::AdminAll,
            Self::MemberRead => Scope::ReadUsers,
            Self::MemberInvite | Self::MemberManage => Scope::WriteUsers,
            Self::ProjectCreate | Self::ProjectManage => Scope::WriteProjects,
            Self::ProjectRead => Scope::ReadProjects,
            Self::EnvironmentRead => return None,
            Self::EnvironmentManage => Scope::WriteEnvironments,
            Self::ServiceRead => Scope::ReadServices,
            Self::ServiceWrite | Self::DevEnvironment => Scope::WriteServices,
            Self::KeyRead => Scope::ReadKeys,
            Self::KeyWrite => Scope::WriteKeys,
            Self::SecretList | Self::SecretMetadata | Self::SecretReveal => Scope::ReadSecrets,
            Self::SecretWrite => Scope::WriteSecrets,
            Self::ConfigRead => Scope::ReadConfigs,
            Self::ConfigWrite => Scope::WriteConfigs,
            Self::FlagRead => Scope::ReadFlags,
            Self::FlagWrite => Scope::WriteFlags,
            Self::UsageRead => Scope::ReadUsage,
            Self::AuditRead | Self::TenantAuditRead => Scope::ReadAudit,
        })
    }
}

/// The scopes of one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(pub Vec<Scope>);

impl Scopes {
    pub fn admin() -> Self {
        Self(vec![Scope::AdminAll])
    }

    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn allow(&self, permission: Permission) -> bool {
        self.has(Scope::AdminAll) || permission.scope().is_none_or(|needed| self.has(needed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Place = Place::Shared { develop: false };
    const DEVELOP: Place = Place::Shared { develop: true };

    /// The rows of the product's table of roles that concern a shared environment.
    #[test]
    fn the_table_of_roles_holds_in_shared_environments() {
        use Permission as P;
        use ProjectRole as R;
        let table: [(P, [bool; 5]); 13] = [
            (P::ProjectManage, [true, false, false, false, false]),
            (P::ServiceWrite, [true, true, false, false, false]),
            (P::KeyWrite, [true, true, false, false, false]),
            (P::SecretList, [true, true, false, false, false]),
            (P::SecretMetadata, [true, true, false, false, false]),
            (P::SecretReveal, [true, true, false, false, false]),
            (P::SecretWrite, [true, true, false, false, false]),
            (P::ConfigRead, [true, true, true, true, true]),
            (P::ConfigWrite, [true, true, false, false, false]),
            (P::FlagRead, [true, true, true, true, true]),
            (P::FlagWrite, [true, true, false, false, false]),
            (P::AuditRead, [true, true, false, true, false]),
            (P::ServiceRead, [true, true, true, true, true]),
        ];
        for (permission, row) in table {
            for (role, expected) in R::ALL.iter().zip(row) {
                assert_eq!(role.allows(permission, LIVE), expected, "{role} {permission}");
            }
        }
        assert!(R::Developer.allows(P::SecretList, DEVELOP));
        assert!(!R::Developer.allows(P::SecretMetadata, DEVELOP));
        assert!(!R::Developer.allows(P::SecretReveal, DEVELOP));
        assert!(!R::Viewer.allows(P::SecretList, DEVELOP));
    }

    #[test]
    fn a_developer_is_free_in_the_own_environment_and_blind_in_others() {
        for permission in [
            Permission::SecretReveal,
            Permission::SecretWrite,
            Permission::ServiceWrite,
            Permission::KeyWrite,
        ] {
            assert!(ProjectRole::Developer.allows(permission, Place::Own));
            assert!(!ProjectRole::Tester.allows(permission, Place::Own));
            for role in ProjectRole::ALL {
                assert!(!role.allows(permission, Place::Foreign), "{role} {permission}");
            }
        }
        assert!(ProjectRole::Owner.allows(Permission::EnvironmentRead, Place::Foreign));
    }

    #[test]
    fn a_key_without_the_scope_is_refused_and_admin_may_all() {
        let narrow = Scopes(vec![Scope::ReadServices]);
        for permission in Permission::ALL {
            assert!(Scopes::admin().allow(*permission));
            let expected = permission.scope().is_none_or(|s| s == Scope::ReadServices);
            assert_eq!(narrow.allow(*permission), expected, "{permission}");
        }
    }
}
