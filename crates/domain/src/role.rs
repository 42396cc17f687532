//! The words of rights: roles, permissions and scopes, and which scope a key needs for a permission.
//! Which role may do what is the table in `rights`.

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
        /// Rules of workload identity: which programs get in without a key.
        IdentityManage = "identity.manage",
        /// Whose word is taken for programs, in every environment of the tenant.
        IdentityProviderManage = "identity_provider.manage",
        /// Apps that people may let act for them.
        OauthAppManage = "oauth_app.manage",
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
            Self::TenantManage | Self::SignInManage | Self::IdentityProviderManage => Scope::AdminAll,
            Self::MemberRead => Scope::ReadUsers,
            Self::MemberInvite | Self::MemberManage => Scope::WriteUsers,
            Self::ProjectCreate | Self::ProjectManage => Scope::WriteProjects,
            Self::ProjectRead => Scope::ReadProjects,
            Self::EnvironmentRead => return None,
            Self::EnvironmentManage => Scope::WriteEnvironments,
            Self::ServiceRead => Scope::ReadServices,
            Self::ServiceWrite | Self::DevEnvironment => Scope::WriteServices,
            Self::KeyRead => Scope::ReadKeys,
            Self::KeyWrite | Self::IdentityManage | Self::OauthAppManage => Scope::WriteKeys,
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

    /// What a secret key gets that was made without scopes.
    pub fn all_but_admin() -> Self {
        Self(Scope::ALL.iter().copied().filter(|scope| *scope != Scope::AdminAll).collect())
    }

    /// Whether everything that the other ones allow is allowed by these: granting needs holding.
    pub fn cover(&self, others: &Self) -> bool {
        self.has(Scope::AdminAll) || others.0.iter().all(|scope| self.has(*scope))
    }

    /// These, cut down to what stands in a list of words. Words that are no scope grant nothing.
    #[must_use]
    pub fn narrowed<T: AsRef<str>>(&self, words: &[T]) -> Self {
        let named = words.iter().filter_map(|word| Scope::parse(word.as_ref()));
        let held = named.filter(|scope| self.has(Scope::AdminAll) || self.has(*scope));
        let held: std::collections::BTreeSet<Scope> = held.collect();
        Self(held.into_iter().collect())
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

    #[test]
    fn scopes_are_narrowed_and_never_widened() {
        let held = Scopes(vec![Scope::ReadServices, Scope::ReadFlags]);
        assert_eq!(held.narrowed(&["read:flags", "write:flags", "admin:all", "fly"]).0, [Scope::ReadFlags]);
        assert_eq!(Scopes::admin().narrowed(&["read:flags"]).0, [Scope::ReadFlags]);
        assert_eq!(Scopes::admin().narrowed(&["admin:all"]), Scopes::admin());
        assert!(held.narrowed::<&str>(&[]).0.is_empty());
        assert!(Scopes::admin().cover(&held) && held.cover(&held) && held.cover(&Scopes::default()));
        assert!(!held.cover(&Scopes::admin()) && !Scopes::all_but_admin().cover(&Scopes::admin()));
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
