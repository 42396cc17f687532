//! Every act that the gate knows: the permission that it takes, whether it is written to the audit
//! log, and whether a person must have signed in within the last five minutes.
//!
//! One row per act, so that a reader can check the whole policy on one screen.

use crate::role::Permission;

macro_rules! actions {
    ($($name:ident: $permission:ident, $event:literal, $audited:ident, $fresh:ident;)+) => {
        /// An act of an actor on a thing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($name,)+ }

        impl Action {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
            /// The permission that it takes.
            pub const fn permission(self) -> Permission { match self { $(Self::$name => Permission::$permission,)+ } }
            /// Its name in the audit log (and in a row about its denial).
            pub const fn event(self) -> &'static str { match self { $(Self::$name => $event,)+ } }
            /// Whether doing it leaves a row in the audit log.
            pub const fn is_audited(self) -> bool { match self { $(Self::$name => actions!(@ $audited),)+ } }
            /// Whether a person needs a sign-in within the last five minutes for it.
            pub const fn needs_fresh_sign_in(self) -> bool { match self { $(Self::$name => actions!(@ $fresh),)+ } }
        }
    };
    (@ audited) => { true }; (@ silent) => { false };
    (@ fresh) => { true }; (@ any) => { false };
}

actions! {
    TenantRead:         EnvironmentRead,   "tenant.read",            silent,  any;
    TenantUpdate:       TenantManage,      "tenant.updated",         audited, any;
    TenantDelete:       TenantManage,      "tenant.deleted",         audited, fresh;

    // Who belongs to the tenant or the project, and what they may do there.
    MemberList:         MemberRead,        "member.list",            silent,  any;
    MemberInvite:       MemberInvite,      "member.invited",         audited, fresh;
    // Somebody of the tenant, to a project: inviting without a mail.
    MemberAdd:          MemberInvite,      "member.added",           audited, fresh;
    MemberUpdate:       MemberManage,      "member.updated",         audited, fresh;
    MemberRemove:       MemberManage,      "member.removed",         audited, fresh;
    MemberLosses:       MemberManage,      "member.losses",          silent,  any;
    // One's own membership.
    MemberLeave:        EnvironmentRead,   "member.left",            audited, fresh;
    InvitationList:     MemberRead,        "invitation.list",        silent,  any;
    InvitationResend:   MemberInvite,      "invitation.resent",      audited, fresh;
    // A link that is shown to the inviter: whoever has it can accept.
    InvitationCopy:     MemberInvite,      "invitation.link_copied", audited, fresh;
    InvitationRevoke:   MemberInvite,      "invitation.revoked",     audited, any;
    OutboxList:         TenantManage,      "outbox.list",            silent,  any;
    OutboxResend:       TenantManage,      "outbox.resent",          audited, any;
    // Mail holds links that let somebody in.
    OutboxRead:         TenantManage,      "outbox.read",            audited, fresh;

    // How the members of a tenant sign in.
    SignInRead:         SignInManage,      "sign_in.read",           silent,  any;
    SignInRequire:      SignInManage,      "sign_in.required",       audited, fresh;
    ProviderCreate:     SignInManage,      "provider.created",       audited, fresh;
    ProviderUpdate:     SignInManage,      "provider.updated",       audited, fresh;
    ProviderDelete:     SignInManage,      "provider.deleted",       audited, fresh;
    DomainAdd:          SignInManage,      "domain.added",           audited, fresh;
    DomainProve:        SignInManage,      "domain.proved",          audited, any;
    DomainRemove:       SignInManage,      "domain.removed",         audited, fresh;

    EnvironmentList:    EnvironmentRead,   "environment.list",       silent,  any;
    EnvironmentCreate:  EnvironmentManage, "environment.created",    audited, any;
    EnvironmentUpdate:  EnvironmentManage, "environment.updated",    audited, any;
    EnvironmentDelete:  EnvironmentManage, "environment.deleted",    audited, fresh;

    ProjectRead:        ProjectRead,       "project.read",           silent,  any;
    ProjectCreate:      ProjectCreate,     "project.created",        audited, any;
    ProjectUpdate:      ProjectManage,     "project.updated",        audited, any;
    ProjectDelete:      ProjectManage,     "project.deleted",        audited, fresh;

    UsageRead:          UsageRead,         "usage.read",             silent,  any;
    AddonAdd:           ProjectManage,     "project.addon_added",    audited, any;
    AddonRemove:        ProjectManage,     "project.addon_removed",  audited, any;

    DevEnvironmentRead:   DevEnvironment,  "dev_environment.read",     silent,  any;
    DevEnvironmentCreate: DevEnvironment,  "dev_environment.created",  audited, any;
    DevEnvironmentImport: DevEnvironment,  "dev_environment.imported", audited, any;
    DevEnvironmentDelete: DevEnvironment,  "dev_environment.deleted",  audited, fresh;

    ServiceRead:        ServiceRead,       "service.read",           silent,  any;
    ServiceCreate:      ServiceWrite,      "service.created",        audited, any;
    ServiceUpdate:      ServiceWrite,      "service.updated",        audited, any;
    ServiceDelete:      ServiceWrite,      "service.deleted",        audited, fresh;
    UmbrellaLink:       ServiceWrite,      "umbrella.linked",        audited, any;
    UmbrellaUnlink:     ServiceWrite,      "umbrella.unlinked",      audited, any;

    KeyList:            KeyRead,           "key.list",               silent,  any;
    KeyRotate:          KeyWrite,          "key.rotated",            audited, fresh;
    KeyRevoke:          KeyWrite,          "key.revoked",            audited, any;

    // Keys of an environment, by owners of the tenant.
    EnvironmentKeyList:   KeyRead,         "key.list",               silent,  any;
    EnvironmentKeyCreate: KeyWrite,        "key.created",            audited, fresh;
    EnvironmentKeyRotate: KeyWrite,        "key.rotated",            audited, fresh;
    EnvironmentKeyRevoke: KeyWrite,        "key.revoked",            audited, any;
    // What is shown then signs tokens for the key.
    EnvironmentKeySign:   KeyWrite,        "key.signing_secret",     audited, fresh;
    // Who vouches for programs, by owners of the tenant; which programs a service believes.
    IdentityProviderList:   KeyRead,       "identity_provider.list", silent,  any;
    IdentityProviderCreate: IdentityProviderManage, "identity_provider.created", audited, fresh;
    IdentityProviderUpdate: IdentityProviderManage, "identity_provider.updated", audited, fresh;
    IdentityProviderDelete: IdentityProviderManage, "identity_provider.deleted", audited, fresh;
    IdentityList:       KeyRead,           "identity.list",          silent,  any;
    IdentityCreate:     IdentityManage,    "identity.created",       audited, fresh;
    IdentityUpdate:     IdentityManage,    "identity.updated",       audited, fresh;
    IdentityDelete:     IdentityManage,    "identity.deleted",       audited, fresh;
    // What would become of a token, check by check; it lets nobody in.
    IdentityTest:       IdentityManage,    "identity.tested",        silent,  any;
    WorkloadSessionList: KeyRead,          "workload_session.list",  silent,  any;
    WorkloadSessionEnd: KeyWrite,          "workload_session.ended", audited, any;

    // Apps, by owners of the tenant; what a person lets an app do.
    OauthAppList:       KeyRead,           "oauth_app.list",         silent,  any;
    OauthAppCreate:     OauthAppManage,    "oauth_app.created",      audited, fresh;
    OauthAppUpdate:     OauthAppManage,    "oauth_app.updated",      audited, fresh;
    OauthAppRotate:     OauthAppManage,    "oauth_app.secret_rotated", audited, fresh;
    OauthAppDelete:     OauthAppManage,    "oauth_app.deleted",      audited, fresh;
    OauthGrantGive:     EnvironmentRead,   "oauth_grant.given",      audited, fresh;
    OauthGrantEnd:      EnvironmentRead,   "oauth_grant.ended",      audited, any;

    // From where the tenant's credentials are taken.
    NetworksUpdate:     TenantManage,      "tenant.networks_changed", audited, fresh;

    SecretList:         SecretList,        "secret.list",            audited, any;
    SecretHistory:      SecretMetadata,    "secret.history",         silent,  any;
    SecretReveal:       SecretReveal,      "secret.reveal",          audited, fresh;
    SecretExport:       SecretReveal,      "secret.exported",        audited, fresh;
    SecretPreview:      SecretReveal,      "secret.previewed",       audited, any;
    // Telling whether two are equal opens both, so it is a reveal; one row for each that was opened.
    SecretCompare:      SecretReveal,      "secret.compared",        audited, fresh;
    // Its value goes to another environment: the row of where it came from.
    SecretPromote:      SecretReveal,      "secret.promoted",        audited, fresh;
    SecretCreate:       SecretWrite,       "secret.created",         audited, any;
    SecretUpdate:       SecretWrite,       "secret.updated",         audited, any;
    SecretDelete:       SecretWrite,       "secret.deleted",         audited, any;
    SecretUndelete:     SecretWrite,       "secret.restored",        audited, any;
    SecretDestroy:      SecretWrite,       "secret.destroyed",       audited, fresh;

    // Writing a config that leads to a secret; not a reveal, but it takes the right to one.
    SecretRefer:        SecretReveal,      "secret.referred",        audited, any;

    ConfigRead:         ConfigRead,        "config.read",            silent,  any;
    ConfigCreate:       ConfigWrite,       "config.created",         audited, any;
    ConfigUpdate:       ConfigWrite,       "config.updated",         audited, any;
    ConfigDelete:       ConfigWrite,       "config.deleted",         audited, any;
    ConfigUndelete:     ConfigWrite,       "config.restored",        audited, any;
    ConfigDestroy:      ConfigWrite,       "config.destroyed",       audited, fresh;

    FlagRead:           FlagRead,          "flag.read",              silent,  any;
    FlagCreate:         FlagWrite,         "flag.created",           audited, any;
    FlagUpdate:         FlagWrite,         "flag.updated",           audited, any;
    // Its own event, because it is what programs are told of and people look for.
    FlagToggle:         FlagWrite,         "flag.toggled",           audited, any;
    FlagDelete:         FlagWrite,         "flag.deleted",           audited, any;
    FlagUndelete:       FlagWrite,         "flag.restored",          audited, any;
    FlagDestroy:        FlagWrite,         "flag.destroyed",         audited, fresh;

    AuditRead:          AuditRead,         "audit.read",             silent,  any;
    TenantAuditRead:    TenantAuditRead,   "audit.read",             silent,  any;
    // Which requests keys and sessions made, and what is in quarantine.
    RequestLogRead:     TenantAuditRead,   "request_log.read",       silent,  any;
    AuditExport:        AuditRead,         "audit.exported",         audited, fresh;
    TenantAuditExport:  TenantAuditRead,   "audit.exported",         audited, fresh;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_or_shows_a_secret_is_always_audited() {
        for action in Action::ALL {
            let writes = matches!(
                action.permission(),
                Permission::SecretWrite
                    | Permission::SecretReveal
                    | Permission::ConfigWrite
                    | Permission::FlagWrite
                    | Permission::KeyWrite
                    | Permission::ServiceWrite
            );
            assert!(!writes || action.is_audited(), "{action:?}");
        }
    }

    #[test]
    fn only_audited_acts_ask_for_a_fresh_sign_in() {
        for action in Action::ALL {
            assert!(!action.needs_fresh_sign_in() || action.is_audited(), "{action:?}");
        }
        assert!(Action::SecretReveal.needs_fresh_sign_in());
        assert!(Action::KeyRotate.needs_fresh_sign_in());
    }
}
