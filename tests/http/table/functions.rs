//! The calls of the console's server functions.

use super::call::{Call, function};
use super::{apps, identities, keys};
use crate::world::PASSWORD;

pub fn calls() -> Vec<Call> {
    [
        entrance(),
        account(),
        of_a_person(),
        with_providers(),
        sign_in_rules(),
        tenant(),
        keys::functions(),
        identities::functions(),
        apps::functions(),
        apps::of_a_person(),
        members(),
        invited(),
        invitations(),
        project(),
        service(),
        secrets(),
        configs(),
        flags(),
        grid(),
        places(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The routes of those that are about no tenant.
pub fn of_no_tenant() -> Vec<String> {
    [entrance(), invited(), account(), of_a_person(), with_providers(), apps::of_a_person()]
        .into_iter()
        .flatten()
        .map(|call| call.route)
        .collect()
}

/// Every server function of the program.
pub fn routes() -> Vec<String> {
    server_fn::axum::server_fn_paths().map(|(path, method)| format!("{method} {path}")).collect()
}

fn entrance() -> Vec<Call> {
    let set_up = function("set_up").at("token", "0123").at("tenant_name", "New").at("email", "new@new.test");
    vec![
        set_up.at("password", PASSWORD).note("when it is set up"),
        function("sign_in").at("email", "ana@acme.test").at("password", PASSWORD),
        function("sign_out"),
        function("step_up").at("password", PASSWORD),
        function("reset_link").at("token", "{reset}"),
        function("reset_password").at("token", "{reset}").at("password", "another horse battery"),
        function("set_theme").at("theme", "dark"),
        function("forgot_password").at("email", "{anybody}"),
        function("address_link").at("token", "{address}"),
        function("confirm_address").at("token", "{address}"),
    ]
}

/// What belongs to a person and to no tenant.
fn account() -> Vec<Call> {
    vec![
        function("read_account"),
        function("read_profile"),
        function("change_password").at("current", PASSWORD).at("password", "another horse battery"),
        function("change_address").at("email", "another@acme.test"),
        function("withdraw_address"),
        function("send_verification"),
        function("read_sessions"),
        function("end_session").at("handle", "0123").note("that is not there"),
        function("end_other_sessions"),
        function("read_tenants"),
        function("create_tenant").at("name", "New"),
    ]
}

/// What belongs to a person and to no tenant. Nobody in the seeded world has a second factor: what takes
/// one is refused alike.
pub fn of_a_person() -> Vec<Call> {
    let answered = |name: &str| function(name).at("token", "0123").at("answer", "{}");
    vec![
        function("read_second_step"),
        function("second_step").at("code", "123456"),
        function("ask_second_step_passkey"),
        answered("second_step_with_passkey"),
        function("ask_passkey"),
        answered("sign_in_with_passkey"),
        function("ask_own_passkey"),
        answered("step_up_with_passkey"),
        function("read_security"),
        function("begin_totp"),
        function("activate_totp").at("code", "123456"),
        function("remove_totp"),
        function("new_recovery_codes"),
        function("ask_new_passkey"),
        answered("add_passkey").at("name", "Laptop"),
        function("remove_passkey").at("passkey", "0197a5f0-0000-7000-8000-000000000000"),
        function("show_second_factor").at("code", "123456"),
    ]
}

/// By the providers of the instance, and what a person signs in with.
fn with_providers() -> Vec<Call> {
    let nobodys = "00000000-0000-7000-8000-000000000000";
    let start = |purpose| function("start_with_provider").at("provider", nobodys).at("purpose", purpose);
    vec![
        function("read_offered_providers"),
        start("sign_in").note("to sign in, by a provider that is not there"),
        start("link").note("to connect it, by a provider that is not there"),
        function("read_step_up_means"),
        function("read_connections"),
        function("remove_connection").at("provider", nobodys).note("that is not there"),
    ]
}

fn sign_in_rules() -> Vec<Call> {
    let nobodys = "00000000-0000-7000-8000-000000000000";
    let on_nobodys = |name: &str| function(name).at("provider", nobodys).note("that is not there");
    let on_domain = |name: &str| function(name).at("domain", "acme.test").note("that is not there");
    let new = function("add_provider").at("kind", "github").at("name", "GitHub").at("client_id", "c");
    vec![
        function("read_sign_in_rules"),
        new.at("client_secret", "s"),
        on_nobodys("change_provider").at("name", "N").at("client_id", "c"),
        on_nobodys("enable_provider").at("enabled", "false"),
        on_nobodys("remove_provider"),
        function("test_provider").at("issuer", "https://127.0.0.1").note("at an address that is not public"),
        function("require_provider").at("required", "true"),
        function("add_mail_domain").at("domain", "acme.test"),
        on_domain("prove_mail_domain"),
        on_domain("set_domain_rule"),
        on_domain("remove_mail_domain"),
    ]
}

fn tenant() -> Vec<Call> {
    vec![
        function("read_frame"),
        function("palette"),
        function("read_projects"),
        function("create_project").at("name", "New"),
        function("read_audit").at("filter[project]", ""),
        function("verify_audit"),
        function("read_api_log").at("filter[key]", ""),
        function("read_settings"),
        function("rename_tenant").at("name", "Renamed"),
        function("read_environments"),
        function("create_environment").at("slug", "qa"),
        function("rename_environment").at("environment", "staging").at("name", "Renamed"),
        function("read_environment_losses").at("environment", "staging"),
        function("delete_environment").at("environment", "staging").at("typed", "staging"),
        function("find_entries").at("q", "TOKEN"),
        function("read_second_factor_rule"),
        function("require_second_factor").at("required", "true"),
        function("read_tenant_losses"),
        function("delete_tenant").at("typed", "acme"),
    ]
}

/// The members of the tenant and of a project, and the tenants of a person.
fn members() -> Vec<Call> {
    let viewer = |name: &str| function(name).at("member", "{viewer}");
    let add = || function("add_project_member").at("email", "max@acme.test");
    vec![
        function("read_members"),
        viewer("read_member"),
        viewer("change_member").at("role", "finance"),
        viewer("read_member_losses"),
        viewer("remove_member").at("typed", "vic@acme.test"),
        function("read_project_members"),
        function("read_project_members").at("project", "attic").note("of a project that nobody was added to"),
        add().at("role", "viewer"),
        add().at("role", "owner").note("as owner"),
        viewer("change_project_member").at("role", "tester"),
        viewer("read_project_member_losses"),
        viewer("remove_project_member"),
        function("read_leaving"),
        function("leave_tenant").at("typed", "acme"),
    ]
}

/// By the link of an invitation.
fn invited() -> Vec<Call> {
    let by_link = |name: &str| function(name).at("token", "{invitation_token}");
    vec![
        by_link("read_invitation"),
        by_link("join_by_invitation").at("password", PASSWORD),
        by_link("join_with_provider").note("without having been there"),
        by_link("accept_invitation"),
    ]
}

fn invitations() -> Vec<Call> {
    let on = |name: &str| function(name).at("id", "{invitation}");
    let invite = || function("invite_members").at("emails", "bo@new.test");
    vec![
        function("read_invitations"),
        function("read_invitations").at("project", "attic").note("to a project that nobody was added to"),
        invite(),
        invite().at("roles[shop]", "viewer").note("as a viewer of a project"),
        invite().at("roles[shop]", "owner").note("as an owner of a project"),
        invite().at("tenant_role", "owner").note("as an owner"),
        on("resend_invitation"),
        on("copy_invitation"),
        on("revoke_invitation"),
        function("read_outbox"),
        function("open_mail").at("id", "{mail}"),
        function("resend_mail").at("id", "{mail}"),
    ]
}

fn project() -> Vec<Call> {
    vec![
        function("read_project"),
        function("read_project").at("project", "attic").note("that nobody was added to"),
        function("read_audit").at("filter[project]", "shop").note("of a project"),
        function("read_audit").at("filter[project]", "attic").note("of a project that nobody was added to"),
        function("update_project").at("name", "Renamed").at("undelete_days", "30"),
        function("read_tiers"),
        function("read_tiers").at("under", "free").note("as under another tier"),
        function("change_tier").at("tier", "l"),
        function("add_addon").at("addon", "security"),
        function("remove_addon").at("addon", "ab_testing"),
        function("read_project_losses"),
        function("delete_project").at("typed", "shop"),
        function("read_services").at("dev_envs", "true"),
        function("create_service").at("name", "Other").at("kind", "backend"),
        function("create_dev_environment"),
        function("import_develop").at("on_conflict", "skip"),
        function("read_dev_losses"),
        function("delete_dev_environment"),
    ]
}

fn service() -> Vec<Call> {
    vec![
        function("read_service"),
        function("read_service_settings"),
        function("read_room").at("kind", "secret"),
        function("rename_service").at("name", "Renamed"),
        function("link_umbrella").at("umbrella", "shared"),
        function("unlink_umbrella").at("service", "worker"),
        function("read_service_losses"),
        function("delete_service").at("typed", "api"),
        function("read_keys"),
        function("rotate_key").at("access", "read").at("grace_hours", "24"),
        function("revoke_key"),
    ]
}

fn secrets() -> Vec<Call> {
    let edit = function("edit_secret").at("secret", "TOKEN").at("expected_version", "2").at("note", "A note");
    let destroy = function("destroy_secret_version").at("version", "1").at("typed", "v1");
    vec![
        function("read_secrets"),
        function("read_secrets").at("deleted", "true").note("the deleted ones"),
        function("read_secrets").at("open", "TOKEN").note("with one open"),
        function("read_secrets").at("service", "web").note("of a frontend service"),
        function("create_secret").at("key", "NEW").at("value", "new-value"),
        function("create_secret")
            .at("key", "NEW")
            .at("value", "x")
            .at("service", "web")
            .note("in a frontend service"),
        function("add_secret_version").at("expected_version", "2").at("value", "third-token"),
        edit,
        function("reveal_secret"),
        function("reveal_secret").at("service", "worker").at("key", "DB_URL").note("inherited"),
        function("compare_secret_versions").at("from", "1").at("to", "2"),
        function("restore_secret_version").at("version", "1").at("expected_version", "2"),
        destroy,
        function("delete_secret").at("expected_version", "2"),
        function("delete_secrets").at("keys", "TOKEN CERT"),
        function("undelete_secrets").at("keys", "GONE"),
        function("preview_import").at("text", "A=1"),
        function("import_secrets").at("text", "A=1"),
        function("export_secrets").at("format", "yaml"),
    ]
}

fn configs() -> Vec<Call> {
    let on_port = |name: &str| function(name).at("key", "PORT");
    let edit = on_port("edit_config").at("config", "PORT").at("expected_version", "2").at("note", "A note");
    let new = || function("create_config").at("key", "NEW").at("kind", "number").at("value", "1");
    vec![
        function("read_configs"),
        function("read_configs").at("deleted", "true").note("the deleted ones"),
        function("read_configs")
            .at("open", "PORT")
            .at("compare", "1-2")
            .note("with one open, and two versions of it"),
        function("read_configs").at("service", "web").note("of a frontend service"),
        function("read_configs").at("environment", "develop").note("in develop"),
        function("read_configs").at("environment", "dev_dan").note("in dev's own environment"),
        new(),
        new().at("service", "web").note("in a frontend service"),
        new().at("environment", "dev_dan").note("in dev's own environment"),
        on_port("add_config_version").at("kind", "number").at("expected_version", "2").at("value", "8082"),
        edit,
        on_port("restore_config_version").at("version", "1").at("expected_version", "2"),
        on_port("destroy_config_version").at("version", "1").at("typed", "v1"),
        on_port("delete_config").at("expected_version", "2"),
        function("undelete_config").at("key", "GONE"),
        function("preview_config_import").at("text", "A=1"),
        function("import_configs").at("text", "A=1"),
        function("complete_reference").at("typed", "{{").at("named", "config:PORT config:NO"),
        on_port("read_why").at("kind", "config"),
        function("read_why").at("kind", "secret").at("key", "TOKEN").note("of a secret"),
        function("read_why").at("kind", "flag").at("key", "beta").note("of a flag"),
    ]
}

fn flags() -> Vec<Call> {
    let on_beta = |name: &str| function(name).at("key", "beta");
    let new = || function("create_flag").at("key", "new").at("state", "on");
    let edit = on_beta("edit_flag").at("flag", "beta").at("expected_version", "2").at("note", "A note");
    let save = on_beta("save_flag").at("expected_version", "2").at("state", "on");
    let json = on_beta("save_flag_json").at("expected_version", "2").at("definition", r#"{"state":"on"}"#);
    vec![
        function("read_flags"),
        function("read_flags").at("deleted", "true").note("the deleted ones"),
        function("read_flags")
            .at("open", "beta")
            .at("compare", "1-2")
            .at("user", "u1")
            .note("with one open, two versions of it, and an explanation"),
        function("read_flags").at("service", "web").note("of a frontend service"),
        function("read_flags").at("environment", "develop").note("in develop"),
        function("read_flags").at("environment", "dev_dan").note("in dev's own environment"),
        new(),
        new().at("service", "web").note("in a frontend service"),
        new().at("environment", "dev_dan").note("in dev's own environment"),
        on_beta("toggle_flag").at("enabled", "true").at("expected_version", "2"),
        save.at("rollout[what]", "nothing"),
        json,
        edit,
        function("check_flag").at("definition", "{}"),
        on_beta("preview_flag").at("state", "on").at("rollout[percentage]", "50"),
        on_beta("restore_flag_version").at("version", "1").at("expected_version", "2"),
        on_beta("destroy_flag_version").at("version", "1").at("typed", "v1"),
        on_beta("delete_flag").at("expected_version", "2"),
        function("undelete_flag").at("key", "GONE"),
        function("read_tester"),
        function("read_tester").at("at", "live/api").at("user", "u1").note("with a context"),
    ]
}

fn grid() -> Vec<Call> {
    let promotion = |name: &str| {
        function(name).at("kind", "config").at("from", "live").at("to", "develop").at("keys", "PORT")
    };
    vec![
        function("read_grid"),
        function("read_grid").at("kind", "secret").note("of secrets"),
        function("read_grid").at("project", "attic").note("of a project that nobody was added to"),
        function("compare_grid_secrets").at("keys", "TOKEN"),
        promotion("read_promotion"),
        promotion("read_promotion").at("kind", "secret").at("keys", "TOKEN").note("of a secret"),
        promotion("promote_entries"),
        promotion("promote_entries").at("kind", "secret").at("keys", "TOKEN").note("of a secret"),
        function("switch_grid_flag").at("key", "beta").at("enabled", "false").at("expected_version", "2"),
    ]
}

/// The same acts in `develop`, and in the developer `dev`'s own environment.
fn places() -> Vec<Call> {
    let mut calls = Vec::new();
    for (environment, note) in [("develop", "in develop"), ("dev_dan", "in dev's own environment")] {
        let there = |name: &str| function(name).at("environment", environment).note(note);
        calls.extend([
            there("read_service"),
            there("rename_service").at("name", "Renamed"),
            there("delete_service").at("typed", "api"),
            there("create_service").at("name", "Other").at("kind", "backend"),
            there("read_keys"),
            there("rotate_key").at("access", "read").at("grace_hours", "24"),
            there("read_secrets"),
            there("read_secrets").at("open", "TOKEN").note(match environment {
                "develop" => "in develop, with one open",
                _ => "in dev's own environment, with one open",
            }),
            there("create_secret").at("key", "NEW").at("value", "new-value"),
            there("reveal_secret"),
            there("delete_secret").at("expected_version", "1"),
            there("export_secrets"),
        ]);
    }
    calls
}
