//! Devices without a browser: `nexus login` of the built-in app, and apps of a tenant.

use super::{Given, app, ip, opened, query};
use crate::world::{Outcome, World, new_secret, path};
use futures::future::join_all;
use nexus_backend::gate::{Actor, Who};
use nexus_backend::oauth::{Answer, Form, apps, device, grants, tokens};
use nexus_backend::{dev_environments, secrets, services};
use nexus_domain::Code;
use nexus_domain::oauth::problem::ProblemCode;
use nexus_domain::oauth::{
    AppType, CLI_CLIENT_ID, DeviceAuthorization, MadeOauthApp, OauthAppPatch, TokenAnswer,
};
use nexus_domain::role::ProjectRole;
use nexus_domain::service::ServiceKind;
use nexus_domain::timestamp::{MINUTE, SECOND};

both![
    a_device_is_let_in_by_who_types_its_code,
    a_device_that_asks_too_often_waits_longer,
    a_refused_device_and_one_whose_time_is_over_are_told,
    of_fifty_questions_one_gives_tokens,
    codes_are_not_to_be_guessed,
    the_command_line_reaches_the_own_developer_environments_and_nothing_else,
    an_app_of_a_tenant_is_let_into_that_tenant_only,
    the_command_line_asks_for_no_more_than_it_may,
];

async fn begin(w: &World, client: &str, scope: &str) -> Answer<DeviceAuthorization> {
    let form = Form::read(&query(&[("client_id", client), ("scope", scope)]));
    device::begin(&w.nexus, &form, None, ip()).await
}

async fn poll(w: &World, client: &str, code: &str) -> Answer<TokenAnswer> {
    let kind = "urn:ietf:params:oauth:grant-type:device_code";
    let pairs = [("grant_type", kind), ("device_code", code), ("client_id", client)];
    tokens::exchange(&w.nexus, &Form::read(&query(&pairs)), None, ip()).await
}

async fn allow(w: &World, person: &Actor, user_code: &str, allow: bool) -> nexus_backend::Result<()> {
    device::decide(&w.nexus, opened(w, person), user_code, "acme", allow, ip()).await
}

/// Tokens of the command line for a person.
pub async fn logged_in(w: &World, person: &Actor) -> TokenAnswer {
    let begun = begin(w, CLI_CLIENT_ID, "").await.given();
    allow(w, person, &begun.user_code, true).await.fine();
    poll(w, CLI_CLIENT_ID, &begun.device_code).await.given()
}

async fn a_device_is_let_in_by_who_types_its_code(w: &World) {
    let begun = begin(w, CLI_CLIENT_ID, "").await.given();
    assert_eq!((begun.expires_in, begun.interval), (600, 5));
    assert_eq!(begun.verification_uri, "https://nexus.test/device");
    assert!(begun.verification_uri_complete.ends_with(&format!("?user_code={}", begun.user_code)));
    assert_eq!(poll(w, CLI_CLIENT_ID, &begun.device_code).await.problem(), ProblemCode::AuthorizationPending);
    let typed = begun.user_code.to_lowercase().replace('-', " ");
    let asked = device::look(&w.nexus, opened(w, &w.owner), &typed, ip()).await.fine();
    assert_eq!((asked.user_code.as_str(), asked.app.built_in), (begun.user_code.as_str(), true));
    assert_eq!((asked.tenants.len(), asked.tenants[0].slug.as_str()), (1, "acme"));
    assert!(asked.asked_from.is_some() && asked.scopes.len() == 5);
    let before = opened(w, &w.owner);
    w.pass(6 * MINUTE);
    let stale = device::decide(&w.nexus, before, &typed, "acme", true, ip()).await;
    stale.refused_as(Code::StepUpRequired);
    allow(w, &w.owner, &typed, true).await.fine();
    allow(w, &w.owner, &typed, true).await.refused_as(Code::InvalidRequest);
    let answer = poll(w, CLI_CLIENT_ID, &begun.device_code).await.given();
    assert_eq!(answer.scope, "read:projects read:services read:configs read:flags read:secrets");
    assert_eq!(poll(w, CLI_CLIENT_ID, &begun.device_code).await.problem(), ProblemCode::InvalidGrant);
    assert_eq!(grants::list_own(&w.nexus, opened(w, &w.owner)).await.fine().len(), 1);
    assert_eq!(w.events().await.last().map(String::as_str), Some("oauth_grant.begun"));
}

async fn a_device_that_asks_too_often_waits_longer(w: &World) {
    let begun = begin(w, CLI_CLIENT_ID, "").await.given();
    let told = async |after: i64| {
        w.pass(after * SECOND);
        poll(w, CLI_CLIENT_ID, &begun.device_code).await.problem()
    };
    assert_eq!(told(0).await, ProblemCode::AuthorizationPending);
    assert_eq!(told(4).await, ProblemCode::SlowDown);
    assert_eq!(told(9).await, ProblemCode::SlowDown);
    assert_eq!(told(15).await, ProblemCode::AuthorizationPending);
}

async fn a_refused_device_and_one_whose_time_is_over_are_told(w: &World) {
    let begun = begin(w, CLI_CLIENT_ID, "").await.given();
    let before = opened(w, &w.owner);
    w.pass(6 * MINUTE);
    device::decide(&w.nexus, before, &begun.user_code, "acme", false, ip()).await.fine();
    assert_eq!(w.events().await.last().map(String::as_str), Some("oauth_grant.refused"));
    assert_eq!(poll(w, CLI_CLIENT_ID, &begun.device_code).await.problem(), ProblemCode::AccessDenied);
    let begun = begin(w, CLI_CLIENT_ID, "").await.given();
    w.pass(10 * MINUTE);
    allow(w, &w.owner, &begun.user_code, true).await.refused_as(Code::InvalidRequest);
    assert_eq!(poll(w, CLI_CLIENT_ID, &begun.device_code).await.problem(), ProblemCode::ExpiredToken);
    let made = app(w, AppType::Public).await;
    let begun = begin(w, CLI_CLIENT_ID, "").await.given();
    assert_eq!(
        poll(w, &made.about.client_id, &begun.device_code).await.problem(),
        ProblemCode::UnauthorizedClient
    );
}

async fn of_fifty_questions_one_gives_tokens(w: &World) {
    let begun = begin(w, CLI_CLIENT_ID, "").await.given();
    allow(w, &w.owner, &begun.user_code, true).await.fine();
    let answers = join_all((0..50).map(|_| poll(w, CLI_CLIENT_ID, &begun.device_code))).await;
    assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1);
    assert_eq!(grants::list_own(&w.nexus, opened(w, &w.owner)).await.fine().len(), 1);
}

async fn codes_are_not_to_be_guessed(w: &World) {
    let begun = begin(w, CLI_CLIENT_ID, "").await.given();
    for _ in 0..10 {
        let wrong = device::look(&w.nexus, opened(w, &w.owner), "BBBB-BBBB", ip()).await;
        assert!(wrong.refused_as(Code::InvalidRequest).field("user_code").is_some());
    }
    // By the person, wherever they come from.
    let limited = device::look(&w.nexus, opened(w, &w.owner), &begun.user_code, ip()).await;
    limited.refused_as(Code::RateLimited);
    w.pass(MINUTE);
    device::look(&w.nexus, opened(w, &w.owner), &begun.user_code, ip()).await.fine();
}

async fn the_command_line_reaches_the_own_developer_environments_and_nothing_else(w: &World) {
    let api = w.shop().await;
    let dev = w.member("shop", ProjectRole::Developer).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    let own = path("shop", "dev_developer", "api");
    let service = crate::world::new_service("api", "dev_developer", ServiceKind::Backend, false);
    let made = services::create(&w.nexus, &dev, "shop", service).await.fine();
    secrets::create(&w.nexus, &dev, &own, new_secret("A", "mine")).await.fine();
    let token = logged_in(w, &dev).await.access_token;
    let actor = w.present(&token).await.fine();
    assert!(
        matches!(&actor.who, Who::OauthGrant { environment_slug, .. } if environment_slug == "dev_developer")
    );
    assert_eq!(actor.label(), "developer@acme.test via Nexus command line");
    let value = secrets::reveal(&w.nexus, &actor, &own, "A", None).await.fine().value;
    assert_eq!(value.as_deref(), Some("mine"));
    secrets::create(&w.nexus, &actor, &own, new_secret("B", "x")).await.refused_as(Code::Forbidden);
    services::get(&w.nexus, &actor, &api).await.refused_as(Code::NotFound);
    let at = |slug: Option<String>| async move {
        let found = nexus_backend::credentials::authenticate(&w.nexus, &token, None).await.fine();
        nexus_backend::credentials::at_endpoint(&w.nexus, found, slug.as_deref()).await
    };
    let live = services::get(&w.nexus, &w.owner, &api).await.fine().endpoint_slug;
    let own = at.clone()(made.endpoint_slug).await.fine();
    let snapshot = crate::programs::snapshot(w, &own.actor).await;
    assert_eq!(snapshot["secrets"]["A"]["value"], "mine");
    at.clone()(live).await.map(|_| ()).refused_as(Code::NotFound);
    at(None).await.map(|_| ()).refused_as(Code::NotFound);
}

async fn an_app_of_a_tenant_is_let_into_that_tenant_only(w: &World) {
    let made: MadeOauthApp = app(w, AppType::Public).await;
    let id = made.about.client_id.as_str();
    assert_eq!(begin(w, id, "read:configs").await.problem(), ProblemCode::UnauthorizedClient);
    let patch = OauthAppPatch { device_flow: Some(true), ..OauthAppPatch::default() };
    apps::update(&w.nexus, &w.owner, made.about.id, patch).await.fine();
    assert_eq!(begin(w, id, "").await.problem(), ProblemCode::InvalidScope);
    let begun = begin(w, id, "read:configs").await.given();
    let rival = w.rival().await.owner;
    device::look(&w.nexus, opened(w, &rival), &begun.user_code, ip()).await.refused_as(Code::InvalidRequest);
    let into = device::decide(&w.nexus, opened(w, &rival), &begun.user_code, "rival", true, ip()).await;
    into.refused_as(Code::InvalidRequest);
    allow(w, &w.owner, &begun.user_code, true).await.fine();
    assert_eq!(poll(w, id, &begun.device_code).await.given().scope, "read:configs");
}

async fn the_command_line_asks_for_no_more_than_it_may(w: &World) {
    for scope in ["admin:all", "read:audit", "write:users", "read:keys", "x"] {
        assert_eq!(begin(w, CLI_CLIENT_ID, scope).await.problem(), ProblemCode::InvalidScope, "{scope}");
    }
    assert_eq!(begin(w, "nobody", "read:configs").await.problem(), ProblemCode::InvalidClient);
    let all = "read:projects read:services write:services read:configs write:configs read:flags write:flags \
               read:secrets write:secrets";
    begin(w, CLI_CLIENT_ID, all).await.given();
}
