//! Typed identifiers: UUIDv7 (RFC 9562), one type per noun, so that a project can never be looked
//! up by the id of a service.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "sql", derive(sqlx::Type), sqlx(transparent))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A tenant: the billing boundary and the top of the hierarchy.
    TenantId,
    /// A person, in however many tenants.
    UserId,
    /// A project of a tenant.
    ProjectId,
    /// A deployment stage: shared by the tenant, or a developer's own.
    EnvironmentId,
    /// A service or an umbrella service.
    ServiceId,
    /// A secret, config or flag.
    EntryId,
    /// A service key or an environment key.
    KeyId,
    /// An invitation to a tenant.
    InvitationId,
    /// A provider of sign-in.
    ProviderId,
    /// A mail on its way.
    MailId,
    /// A passkey of a person.
    PasskeyId,
    /// A provider of workload identity: whoever vouches for programs.
    IdentityProviderId,
    /// A rule of a service: which programs a provider's word lets in.
    IdentityId,
    /// What a program was given for its platform's word.
    WorkloadSessionId,
    /// An app that people let act for them.
    OauthAppId,
    /// What one person lets one app do in one tenant.
    OauthGrantId,
}
