//! The pages, and the addresses that are neither pages nor calls of an API.

use super::call::{Call, rest};

pub fn calls() -> Vec<Call> {
    let service = "GET /t/{tenant}/projects/{project}/{environment}/{service}";
    let tab = |name: &str| rest(&format!("{service}/{name}"));
    let export = || rest("POST /t/{tenant}/audit/export").form().at("format", "jsonl");
    vec![
        rest("GET /healthz"),
        rest("GET /readyz"),
        rest("GET /api/openapi.json"),
        rest("GET /api/docs"),
        rest("GET /assets/{name}").at("name", "missing.js").note("that is not there"),
        rest("GET /"),
        rest("GET /sign-in"),
        rest("GET /sign-in/second"),
        rest("GET /account/security"),
        rest("GET /t/{tenant}/sign-in"),
        rest("GET /setup"),
        rest("GET /sign-in/callback").query("state=nobodys&code=c").note("that nobody waits for"),
        rest("GET /step-up"),
        rest("GET /oauth/authorize").query("client_id=nobodys").note("for an app that nobody knows"),
        rest("GET /device"),
        rest("GET /account/apps"),
        rest("GET /account/connections"),
        rest("GET /reset/{token}").at("token", "{reset}"),
        rest("GET /forgot"),
        rest("GET /verify/{token}").at("token", "{address}"),
        rest("GET /invitation/{token}").at("token", "{invitation_token}"),
        rest("GET /invitation/{token}").at("token", "0123").note("that leads nowhere"),
        rest("GET /account"),
        rest("GET /account/sessions"),
        rest("GET /account/tenants"),
        rest("GET /t/{tenant}/members"),
        rest("GET /t/{tenant}/members/invitations"),
        rest("GET /t/{tenant}/members/invitations").query("project=shop&new=").note("of a project"),
        rest("GET /t/{tenant}/members/outbox"),
        rest("GET /t/{tenant}/projects/{project}/members"),
        rest("GET /t/{tenant}"),
        rest("GET /t/{tenant}/projects"),
        rest("GET /t/{tenant}/projects").at("tenant", "nobodys").note("of a tenant that is not there"),
        rest("GET /t/{tenant}/audit"),
        rest("GET /t/{tenant}/api-log"),
        export(),
        export().at("project", "").note("of the tenant"),
        rest("GET /t/{tenant}/settings"),
        rest("GET /t/{tenant}/environments"),
        rest("GET /t/{tenant}/api-keys"),
        rest("GET /t/{tenant}/api-keys").query("environment=all").note("of all environments"),
        rest("GET /t/{tenant}/identity-providers"),
        rest("GET /t/{tenant}/oauth-apps"),
        rest("GET /api-keys").query("environment=develop"),
        rest("GET /runs"),
        rest("GET /metrics"),
        rest("GET /usage"),
        rest("GET /webhooks"),
        rest("GET /t/{tenant}/projects/{project}/members")
            .at("project", "attic")
            .note("that nobody was added to"),
        rest("GET /t/{tenant}/projects/{project}"),
        rest("GET /t/{tenant}/projects/{project}").at("project", "attic").note("that nobody was added to"),
        rest("GET /t/{tenant}/projects/{project}/grid"),
        rest("GET /t/{tenant}/projects/{project}/grid").query("service=api&kind=secret").note("of secrets"),
        rest("GET /t/{tenant}/projects/{project}/grid")
            .at("project", "attic")
            .note("that nobody was added to"),
        rest("GET /t/{tenant}/projects/{project}/audit"),
        rest("GET /t/{tenant}/projects/{project}/settings"),
        rest(service),
        tab("secrets"),
        tab("secrets").at("environment", "develop").note("in develop"),
        tab("secrets").at("environment", "dev_dan").note("in dev's own environment"),
        tab("secrets").at("service", "web").note("of a frontend service"),
        tab("configs"),
        tab("configs").at("environment", "develop").note("in develop"),
        tab("configs").at("environment", "dev_dan").note("in dev's own environment"),
        tab("configs").at("service", "web").note("of a frontend service"),
        tab("configs/export"),
        tab("configs/export").at("environment", "develop").note("in develop"),
        tab("configs/export").at("environment", "dev_dan").note("in dev's own environment"),
        tab("flags"),
        tab("flags").at("environment", "develop").note("in develop"),
        tab("flags").at("environment", "dev_dan").note("in dev's own environment"),
        tab("flags").at("service", "web").note("of a frontend service"),
        rest("GET /t/{tenant}/projects/{project}/tester"),
        rest("GET /t/{tenant}/projects/{project}/tester")
            .at("project", "attic")
            .note("that nobody was added to"),
        tab("keys"),
        tab("identities"),
        tab("identities").at("service", "web").note("of a frontend service"),
        tab("settings"),
    ]
}

/// What the console's router lists, and the few addresses beside it.
pub fn routes() -> Vec<String> {
    const OTHERS: [&str; 16] = [
        "GET /healthz",
        "GET /readyz",
        "GET /api/openapi.json",
        "GET /api/docs",
        "GET /assets/{name}",
        "GET /",
        "GET /api-keys",
        "GET /runs",
        "GET /metrics",
        "GET /usage",
        "GET /webhooks",
        "GET /sign-in/callback",
        "GET /t/{tenant}",
        "POST /t/{tenant}/audit/export",
        "GET /t/{tenant}/projects/{project}/{environment}/{service}",
        "GET /t/{tenant}/projects/{project}/{environment}/{service}/configs/export",
    ];
    let pages = nexus_app::server::pages()
        .iter()
        .filter(|page| !page.path().starts_with("/_fn/"))
        .map(|page| format!("GET {}", page.path()));
    pages.chain(OTHERS.map(str::to_owned)).collect()
}
