//! Which acts a call of the management API is: from them come the scopes that a key needs for it. A
//! test finds a call that is missing here, and asks every call with and without the scopes.

use nexus_domain::action::Action::{self, *};
use nexus_domain::role::Scope;

/// By method and path, what the gate is asked. No act is asked about where every valid key may.
const CALLS: &[(&str, &[Action])] = &[
    ("GET /whoami", &[]),
    ("GET /projects", &[ProjectRead]),
    ("POST /projects", &[ProjectCreate]),
    ("GET /projects/{project}", &[ProjectRead]),
    ("PATCH /projects/{project}", &[ProjectUpdate]),
    ("DELETE /projects/{project}", &[ProjectDelete]),
    ("GET /tiers", &[TenantRead]),
    ("GET /projects/{project}/usage", &[UsageRead]),
    ("PUT /projects/{project}/addons/{addon}", &[AddonAdd]),
    ("DELETE /projects/{project}/addons/{addon}", &[AddonRemove]),
    ("GET /members", &[MemberList]),
    ("GET /members/{id}", &[MemberList]),
    ("PATCH /members/{id}", &[MemberUpdate]),
    ("DELETE /members/{id}", &[MemberRemove]),
    ("GET /projects/{project}/members", &[MemberList]),
    ("POST /projects/{project}/members", &[MemberAdd]),
    ("GET /projects/{project}/members/{id}", &[MemberList]),
    ("PATCH /projects/{project}/members/{id}", &[MemberUpdate]),
    ("DELETE /projects/{project}/members/{id}", &[MemberRemove]),
    ("GET /invitations", &[InvitationList]),
    ("POST /invitations", &[MemberInvite]),
    ("GET /invitations/{id}", &[InvitationList]),
    ("DELETE /invitations/{id}", &[InvitationRevoke]),
    ("POST /invitations/{id}/resend", &[InvitationResend]),
    ("GET /environments", &[EnvironmentList]),
    ("POST /environments", &[EnvironmentCreate]),
    ("GET /environments/{slug}", &[EnvironmentList]),
    ("PATCH /environments/{slug}", &[EnvironmentUpdate]),
    ("DELETE /environments/{slug}", &[EnvironmentDelete]),
    ("GET /projects/{project}/services", &[ServiceRead]),
    ("POST /projects/{project}/services", &[ServiceCreate]),
    ("GET {service}", &[ServiceRead]),
    ("PATCH {service}", &[ServiceUpdate]),
    ("DELETE {service}", &[ServiceDelete]),
    ("PUT {service}/umbrella", &[UmbrellaLink]),
    ("DELETE {service}/umbrella", &[UmbrellaUnlink]),
    // Those of the kinds that the body names.
    (
        "POST {service}/promote",
        &[SecretPromote, SecretUpdate, ConfigRead, ConfigUpdate, FlagRead, FlagUpdate],
    ),
    ("GET {service}/keys", &[KeyList]),
    ("POST {service}/keys/{slot}/rotate", &[KeyRotate]),
    ("DELETE {service}/keys/{slot}", &[KeyRevoke]),
    ("GET {service}/secrets", &[SecretList]),
    ("POST {service}/secrets", &[SecretCreate]),
    ("GET {service}/secrets/{key}", &[SecretReveal]),
    ("PATCH {service}/secrets/{key}", &[SecretUpdate]),
    ("DELETE {service}/secrets/{key}", &[SecretDelete]),
    ("POST {service}/secrets/{key}/undelete", &[SecretUndelete]),
    ("GET {service}/secrets/{key}/versions", &[SecretHistory]),
    ("POST {service}/secrets/{key}/versions", &[SecretUpdate]),
    ("GET {service}/secrets/{key}/versions/{n}", &[SecretReveal]),
    ("DELETE {service}/secrets/{key}/versions/{n}", &[SecretDestroy]),
    ("POST {service}/secrets/{key}/versions/{n}/restore", &[SecretUpdate]),
    ("GET {service}/secrets/{key}/diff", &[SecretReveal]),
    // It says which values are unchanged, so it opens them.
    ("POST {service}/secrets:import", &[SecretPreview, SecretCreate, SecretUpdate]),
    ("POST {service}/secrets:export", &[SecretExport]),
    ("GET {service}/configs", &[ConfigRead]),
    ("POST {service}/configs", &[ConfigCreate]),
    ("GET {service}/configs/{key}", &[ConfigRead]),
    ("PUT {service}/configs/{key}", &[ConfigUpdate]),
    ("PATCH {service}/configs/{key}", &[ConfigUpdate]),
    ("DELETE {service}/configs/{key}", &[ConfigDelete]),
    ("POST {service}/configs/{key}/undelete", &[ConfigUndelete]),
    ("GET {service}/configs/{key}/versions", &[ConfigRead]),
    ("POST {service}/configs/{key}/versions", &[ConfigUpdate]),
    ("GET {service}/configs/{key}/versions/{n}", &[ConfigRead]),
    ("DELETE {service}/configs/{key}/versions/{n}", &[ConfigDestroy]),
    ("POST {service}/configs/{key}/versions/{n}/restore", &[ConfigUpdate]),
    ("GET {service}/configs/{key}/diff", &[ConfigRead]),
    ("POST {service}/configs:import", &[ConfigCreate, ConfigUpdate]),
    ("GET {service}/configs:export", &[ConfigRead]),
    ("GET {service}/flags", &[FlagRead]),
    ("POST {service}/flags", &[FlagCreate]),
    ("GET {service}/flags/{key}", &[FlagRead]),
    ("PUT {service}/flags/{key}", &[FlagUpdate]),
    ("PATCH {service}/flags/{key}", &[FlagUpdate]),
    ("DELETE {service}/flags/{key}", &[FlagDelete]),
    ("POST {service}/flags/{key}/undelete", &[FlagUndelete]),
    ("POST {service}/flags/{key}/toggle", &[FlagToggle]),
    ("GET {service}/flags/{key}/versions", &[FlagRead]),
    ("POST {service}/flags/{key}/versions", &[FlagUpdate]),
    ("GET {service}/flags/{key}/versions/{n}", &[FlagRead]),
    ("DELETE {service}/flags/{key}/versions/{n}", &[FlagDestroy]),
    ("POST {service}/flags/{key}/versions/{n}/restore", &[FlagUpdate]),
    ("GET {service}/flags/{key}/diff", &[FlagRead]),
    ("GET /projects/{project}/dev-environment", &[DevEnvironmentRead]),
    ("PUT /projects/{project}/dev-environment", &[DevEnvironmentCreate]),
    ("DELETE /projects/{project}/dev-environment", &[DevEnvironmentDelete]),
    ("POST /projects/{project}/dev-environment/import", &[DevEnvironmentImport]),
    ("GET /keys", &[EnvironmentKeyList]),
    ("POST /keys", &[EnvironmentKeyCreate]),
    ("GET /keys/{id}", &[EnvironmentKeyList]),
    ("DELETE /keys/{id}", &[EnvironmentKeyRevoke]),
    ("POST /keys/{id}/rotate", &[EnvironmentKeyRotate]),
    ("POST /keys/{id}/signing-secret", &[EnvironmentKeySign]),
    ("GET /oauth/apps", &[OauthAppList]),
    ("POST /oauth/apps", &[OauthAppCreate]),
    ("GET /oauth/apps/{id}", &[OauthAppList]),
    ("PATCH /oauth/apps/{id}", &[OauthAppUpdate]),
    ("DELETE /oauth/apps/{id}", &[OauthAppDelete]),
    ("POST /oauth/apps/{id}/rotate-secret", &[OauthAppRotate]),
    ("GET /identity-providers", &[IdentityProviderList]),
    ("POST /identity-providers", &[IdentityProviderCreate]),
    ("GET /identity-providers/{id}", &[IdentityProviderList]),
    ("PATCH /identity-providers/{id}", &[IdentityProviderUpdate]),
    ("DELETE /identity-providers/{id}", &[IdentityProviderDelete]),
    ("POST /identity-providers/{id}/test", &[IdentityTest]),
    ("GET {service}/identities", &[IdentityList]),
    ("POST {service}/identities", &[IdentityCreate]),
    ("GET {service}/identities/{id}", &[IdentityList]),
    ("PATCH {service}/identities/{id}", &[IdentityUpdate]),
    ("DELETE {service}/identities/{id}", &[IdentityDelete]),
    ("POST {service}/identities/{id}/test", &[IdentityTest]),
    ("GET /sessions", &[WorkloadSessionList]),
    ("DELETE /sessions", &[WorkloadSessionEnd]),
    ("GET /logs", &[RequestLogRead]),
    ("GET /audit", &[TenantAuditRead]),
    ("GET /audit/export", &[TenantAuditExport]),
    ("GET /audit/verify", &[TenantAuditRead]),
    ("GET /v1/users", &[MemberList]),
    ("GET /s/{endpoint_slug}/v1/users", &[MemberList]),
];

const SERVICE: &str = "/projects/{project}/services/{service}";

/// The acts of a call; none where it is not in the list.
pub(super) fn of(method: &str, path: &str) -> Option<&'static [Action]> {
    let short = path.strip_prefix("/api/v1").unwrap_or(path).replace(SERVICE, "{service}");
    // What has a service in its path and stands there alone.
    let name = format!("{} {short}", method.to_uppercase());
    CALLS.iter().find(|(call, _)| *call == name).map(|(_, actions)| *actions)
}

/// The scopes that the acts take, each once.
pub(super) fn scopes(actions: &[Action]) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = actions.iter().filter_map(|action| action.permission().scope()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}
