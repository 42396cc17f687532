//! What takes a sign-in within the last five minutes.

use super::signed_in;
use crate::table::functions;
use crate::world::{As, PASSWORD, Person, World};
use nexus_domain::timestamp::MINUTE;

/// The server functions that ask for it: revealing, making a key, exporting, changing members or how one signs
/// in, and what cannot be undone.
const ASKING: &[&str] = &[
    "activate_totp",
    "add_mail_domain",
    "add_passkey",
    "add_project_member",
    "add_provider",
    "ask_new_passkey",
    "begin_totp",
    "change_address",
    "change_identity",
    "change_identity_provider",
    "change_member",
    "change_project_member",
    "change_provider",
    "compare_grid_secrets",
    "compare_secret_versions",
    "copy_invitation",
    "create_api_key",
    "create_identity",
    "create_identity_provider",
    "create_oauth_app",
    "decide_consent",
    "delete_dev_environment",
    "delete_environment",
    "delete_identity",
    "delete_identity_provider",
    "delete_oauth_app",
    "delete_project",
    "delete_service",
    "delete_tenant",
    "destroy_config_version",
    "destroy_flag_version",
    "destroy_secret_version",
    "enable_provider",
    "export_secrets",
    "invite_members",
    "leave_tenant",
    "make_signing_secret",
    "new_recovery_codes",
    "open_mail",
    "promote_entries",
    "remove_connection",
    "remove_mail_domain",
    "remove_member",
    "remove_passkey",
    "remove_project_member",
    "remove_provider",
    "remove_totp",
    "require_provider",
    "require_second_factor",
    "resend_invitation",
    "reveal_secret",
    "rotate_api_key",
    "rotate_key",
    "rotate_oauth_secret",
    "set_domain_rule",
    "set_networks",
    "switch_oauth_app",
    "update_oauth_app",
];

const REVEAL: [(&str, &str); 5] =
    [("tenant", "acme"), ("project", "shop"), ("environment", "live"), ("service", "api"), ("key", "TOKEN")];

#[tokio::test]
async fn five_minutes_after_the_sign_in_exactly_these_functions_ask_for_a_new_one() {
    let w = World::new().await;
    w.clock.pass(5 * MINUTE + 1);
    let mut asking = Vec::new();
    for call in functions::calls() {
        // The developer is free in the own environment, so that nobody else's role gets in between.
        let own = call.note.contains("own environment") || call.route.ends_with("delete_dev_environment");
        let person = if own { Person::Developer } else { Person::Owner };
        let reply = call.ask(&w).with(person).await;
        if reply.status == 403 && reply.json()["code"] == "step_up_required" {
            asking.push(call.route.trim_start_matches("POST /_fn/").to_owned());
        }
        w.nexus.settled().await;
        w.put_back().await;
    }
    asking.sort();
    asking.dedup();
    assert_eq!(asking, ASKING);
}

#[tokio::test]
async fn five_minutes_to_the_microsecond_are_fresh() {
    let w = World::new().await;
    w.clock.pass(5 * MINUTE);
    w.call("reveal_secret", &REVEAL).with(Person::Owner).await.is(200);
    w.clock.pass(1);
    w.call("reveal_secret", &REVEAL).with(Person::Owner).await.refused(403, "step_up_required");
}

#[tokio::test]
async fn the_password_makes_it_fresh_again_under_a_new_id() {
    let w = World::new().await;
    let old = signed_in(&w, Person::Owner).await;
    w.clock.pass(6 * MINUTE);
    let reply = w.call("step_up", &[("password", PASSWORD)]).with(old.clone()).await.is(200);
    let new = reply.session().expect("a new session");
    w.call("reveal_secret", &REVEAL).with(new).await.is(200);
    w.call("reveal_secret", &REVEAL).with(old).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_wrong_password_makes_nothing_fresh() {
    let w = World::new().await;
    w.clock.pass(6 * MINUTE);
    w.call("step_up", &[("password", "wrong horse battery")]).with(Person::Owner).await.invalid("password");
    w.call("reveal_secret", &REVEAL).with(Person::Owner).await.refused(403, "step_up_required");
}

#[tokio::test]
async fn nobody_steps_up_without_a_session() {
    let w = World::new().await;
    w.call("step_up", &[("password", PASSWORD)]).await.refused(401, "unauthorized");
    w.call("step_up", &[("password", PASSWORD)]).with(Person::Ended).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn who_may_not_act_learns_that_and_is_not_asked_for_the_password() {
    let w = World::new().await;
    w.clock.pass(6 * MINUTE);
    w.call("reveal_secret", &REVEAL).with(Person::Viewer).await.refused(403, "forbidden");
    w.call("reveal_secret", &REVEAL).with(Person::Member).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_stale_export_of_the_audit_log_leads_to_the_question_and_back() {
    let w = World::new().await;
    w.clock.pass(6 * MINUTE);
    let form = [("format", "jsonl"), ("back", "/t/acme/audit?event=key.")];
    let export = w.ask("POST", "/t/acme/audit/export").fields(&form).with(Person::Owner);
    export.await.redirects("/step-up?next=%2Ft%2Facme%2Faudit%3Fevent%3Dkey.");
}

#[tokio::test]
async fn without_javascript_a_stale_act_leads_to_the_question_and_back() {
    let w = World::new().await;
    w.clock.pass(6 * MINUTE);
    let page = "/t/acme/projects/shop/settings";
    let fields = [("tenant", "acme"), ("project", "shop"), ("typed", "shop")];
    let delete = w.submit("delete_project", page, &fields).with(Person::Owner);
    delete.await.redirects("/step-up?next=%2Ft%2Facme%2Fprojects%2Fshop%2Fsettings");
}

#[tokio::test]
async fn a_key_is_never_asked_for_a_sign_in() {
    let w = World::new().await;
    w.clock.pass(60 * MINUTE);
    w.get("/api/v1/projects/shop/services/api/secrets/TOKEN").with(As::from(&w.keys.admin)).await.is(200);
}
