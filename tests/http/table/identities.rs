//! The calls about workload identity in the console: providers of the tenant, rules of a service, sessions.

use super::call::{Call, function};

const NOBODYS: &str = "00000000-0000-7000-8000-000000000000";

pub fn functions() -> Vec<Call> {
    [providers(), identities(), sessions()].into_iter().flatten().collect()
}

fn providers() -> Vec<Call> {
    let new = || function("create_identity_provider").at("name", "CI").at("algorithms[0]", "RS256");
    let on_nobodys = |name: &str| function(name).at("provider", NOBODYS).note("that is not there");
    vec![
        function("read_identity_providers"),
        new().at("kind", "github"),
        new().at("kind", "aws_oidc").note("without its issuer"),
        on_nobodys("change_identity_provider").at("name", "N"),
        on_nobodys("read_provider_uses"),
        on_nobodys("test_identity_provider").at("token", "e30.e30."),
        on_nobodys("delete_identity_provider"),
    ]
}

fn identities() -> Vec<Call> {
    let new =
        || function("create_identity").at("name", "deploy").at("access", "read").at("provider", NOBODYS);
    let on_nobodys = |name: &str| function(name).at("identity", NOBODYS).note("that is not there");
    vec![
        function("read_identities"),
        function("read_identities").at("service", "web").note("of a frontend service"),
        function("read_identities").at("service", "shared").note("of an umbrella"),
        function("read_identities").at("environment", "dev_dan").note("in dev's own environment"),
        new().note("by a provider that is not there"),
        new().at("service", "web").note("in a frontend service"),
        on_nobodys("change_identity").at("name", "N").at("access", "read"),
        on_nobodys("test_identity").at("token", "e30.e30."),
        on_nobodys("delete_identity"),
    ]
}

fn sessions() -> Vec<Call> {
    let on_nobodys = |name: &str| function(name).at("session", NOBODYS).note("that is not there");
    vec![
        on_nobodys("end_tenant_workload_session"),
        function("end_tenant_workload_sessions"),
        on_nobodys("end_workload_session"),
        function("end_workload_sessions"),
    ]
}
