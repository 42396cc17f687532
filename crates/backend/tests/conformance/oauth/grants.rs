//! What a grant is worth, and everything that ends it.

use super::{Given, app, by_code, code, ip, new_app, opened, refreshed, tokens_of, works};
use crate::world::{Outcome, World, new_config, new_secret};
use futures::StreamExt as _;
use nexus_backend::gate::Actor;
use nexus_backend::oauth::{apps, grants};
use nexus_backend::people::{self, Means, Opened, Proof};
use nexus_backend::{configs, credentials, dev_environments, keys, members, secrets, services, streams};
use nexus_domain::environment::OnConflict;
use nexus_domain::member::{MemberPatch, ProjectMemberPatch};
use nexus_domain::oauth::problem::ProblemCode;
use nexus_domain::oauth::{AppType, MAX_GRANTS, OauthAppPatch, TokenAnswer};
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::{Code, OauthGrantId};
use std::time::Duration;

both![
    an_app_may_what_the_person_may_and_was_asked_for,
    a_role_that_changes_holds_at_once,
    a_person_sees_and_ends_what_is_connected,
    whoever_leaves_takes_the_grants_along,
    a_new_password_ends_every_grant,
    an_app_that_is_disabled_or_deleted_ends_every_grant,
    a_scope_that_an_app_loses_is_gone_from_its_tokens,
    a_tenant_that_begins_to_require_more_asks_anew,
    the_oldest_of_too_many_ends,
    an_app_reads_a_live_service_with_the_persons_rights,
    a_stream_ends_with_the_grant_and_with_the_role,
    an_app_makes_no_keys_that_it_does_not_hold,
    an_app_fills_the_persons_own_developer_environment_and_reads_nothing_in_it,
];

async fn present(w: &World, token: &TokenAnswer) -> Actor {
    w.present(&token.access_token).await.fine()
}

async fn an_app_may_what_the_person_may_and_was_asked_for(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let made = app(w, AppType::Confidential).await;
    let owner = present(w, &tokens_of(w, &made, &w.owner).await).await;
    assert_eq!((owner.kind(), owner.label()), ("oauth_grant", "ana@acme.test via Deployer"));
    assert_eq!(secrets::reveal(&w.nexus, &owner, &api, "A", None).await.fine().value.as_deref(), Some("1"));
    configs::create(&w.nexus, &owner, &api, new_config("PORT", "1")).await.fine();
    secrets::create(&w.nexus, &owner, &api, new_secret("B", "2")).await.refused_as(Code::Forbidden);
    apps::list(&w.nexus, &owner).await.refused_as(Code::Forbidden);
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    let viewer = present(w, &tokens_of(w, &made, &viewer).await).await;
    configs::list(&w.nexus, &viewer, &api, crate::world::everything()).await.fine();
    configs::create(&w.nexus, &viewer, &api, new_config("X", "1")).await.refused_as(Code::Forbidden);
    secrets::reveal(&w.nexus, &viewer, &api, "A", None).await.refused_as(Code::Forbidden);
    let outsider = w.person("max@acme.test", TenantRole::Member).await;
    let outsider = present(w, &tokens_of(w, &made, &outsider).await).await;
    services::get(&w.nexus, &outsider, &api).await.refused_as(Code::NotFound);
    let develop = w.service("shop", "develop", "api").await;
    services::get(&w.nexus, &owner, &develop).await.refused_as(Code::NotFound);
}

async fn a_role_that_changes_holds_at_once(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let made = app(w, AppType::Confidential).await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let id = manager.user().expect("a person");
    let token = tokens_of(w, &made, &manager).await;
    secrets::reveal(&w.nexus, &present(w, &token).await, &api, "A", None).await.fine();
    let patch = ProjectMemberPatch { role: Some(ProjectRole::Viewer) };
    members::change_in_project(&w.nexus, &w.owner, "shop", id, patch).await.fine();
    secrets::reveal(&w.nexus, &present(w, &token).await, &api, "A", None).await.refused_as(Code::Forbidden);
    members::change(&w.nexus, &w.owner, id, MemberPatch { role: Some(TenantRole::Owner) }).await.fine();
    secrets::reveal(&w.nexus, &present(w, &token).await, &api, "A", None).await.fine();
    members::change(&w.nexus, &w.owner, id, MemberPatch { role: Some(TenantRole::Finance) }).await.fine();
    configs::list(&w.nexus, &present(w, &token).await, &api, crate::world::everything())
        .await
        .map(|_| ())
        .refused_as(Code::NotFound);
}

async fn a_person_sees_and_ends_what_is_connected(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let other = w.person("max@acme.test", TenantRole::Member).await;
    let (mine, theirs) = (tokens_of(w, &made, &w.owner).await, tokens_of(w, &made, &other).await);
    let listed = grants::list_own(&w.nexus, opened(w, &w.owner)).await.fine();
    let [one] = listed.as_slice() else { panic!("one: {listed:?}") };
    assert_eq!((one.app.name.as_str(), one.tenant.as_str(), one.since), ("Deployer", "acme", w.now()));
    assert_eq!(one.scopes.len(), 4);
    assert_eq!(apps::list(&w.nexus, &w.owner).await.fine()[0].grants, 2);
    let foreign = grants::end_own(&w.nexus, opened(w, &other), one.id, ip()).await;
    foreign.refused_as(Code::NotFound);
    let unknown = OauthGrantId(uuid::Uuid::now_v7());
    grants::end_own(&w.nexus, opened(w, &w.owner), unknown, ip()).await.refused_as(Code::NotFound);
    grants::end_own(&w.nexus, opened(w, &w.owner), one.id, ip()).await.fine();
    assert!(!works(&w.nexus, &mine.access_token).await && works(&w.nexus, &theirs.access_token).await);
    assert!(grants::list_own(&w.nexus, opened(w, &w.owner)).await.fine().is_empty());
    assert_eq!(w.events().await.last().map(String::as_str), Some("oauth_grant.ended"));
    let gone = refreshed(&w.nexus, &made, &mine.refresh_token).await;
    assert_eq!(gone.problem(), ProblemCode::InvalidGrant);
}

async fn whoever_leaves_takes_the_grants_along(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let other = w.person("max@acme.test", TenantRole::Member).await;
    let token = tokens_of(w, &made, &other).await;
    let early = code(w, &made, &other, &[]).await;
    members::remove(&w.nexus, &w.owner, other.user().expect("a person")).await.fine();
    assert!(!works(&w.nexus, &token.access_token).await);
    assert_eq!(refreshed(&w.nexus, &made, &token.refresh_token).await.problem(), ProblemCode::InvalidGrant);
    assert_eq!(by_code(&w.nexus, &made, &early).await.problem(), ProblemCode::InvalidGrant);
}

async fn a_new_password_ends_every_grant(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let token = tokens_of(w, &made, &w.owner).await;
    let early = code(w, &made, &w.owner, &[]).await;
    let cli = super::devices::logged_in(w, &w.owner).await;
    people::change_password(&w.nexus, opened(w, &w.owner), "".into(), "tr4verse-Olive".into(), ip())
        .await
        .fine();
    for token in [&token, &cli] {
        assert!(!works(&w.nexus, &token.access_token).await);
    }
    assert_eq!(by_code(&w.nexus, &made, &early).await.problem(), ProblemCode::InvalidGrant);
    assert_eq!(refreshed(&w.nexus, &made, &token.refresh_token).await.problem(), ProblemCode::InvalidGrant);
}

async fn an_app_that_is_disabled_or_deleted_ends_every_grant(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let token = tokens_of(w, &made, &w.owner).await;
    for enabled in [false, true] {
        let patch = OauthAppPatch { enabled: Some(enabled), ..OauthAppPatch::default() };
        apps::update(&w.nexus, &w.owner, made.about.id, patch).await.fine();
        assert!(!works(&w.nexus, &token.access_token).await);
    }
    assert_eq!(refreshed(&w.nexus, &made, &token.refresh_token).await.problem(), ProblemCode::InvalidGrant);
    let token = tokens_of(w, &made, &w.owner).await;
    apps::delete(&w.nexus, &w.owner, made.about.id).await.fine();
    assert!(!works(&w.nexus, &token.access_token).await);
    assert_eq!(refreshed(&w.nexus, &made, &token.refresh_token).await.problem(), ProblemCode::InvalidClient);
}

async fn a_scope_that_an_app_loses_is_gone_from_its_tokens(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let made = app(w, AppType::Confidential).await;
    let token = tokens_of(w, &made, &w.owner).await;
    let scopes = Some(vec![Scope::ReadServices, Scope::WriteFlags]);
    let patch = OauthAppPatch { scopes, ..OauthAppPatch::default() };
    apps::update(&w.nexus, &w.owner, made.about.id, patch).await.fine();
    let actor = present(w, &token).await;
    services::get(&w.nexus, &actor, &api).await.fine();
    secrets::reveal(&w.nexus, &actor, &api, "A", None).await.refused_as(Code::Forbidden);
    let listed = grants::list_own(&w.nexus, opened(w, &w.owner)).await.fine();
    assert_eq!(listed[0].scopes.iter().map(|it| it.scope).collect::<Vec<_>>(), [Scope::ReadServices]);
}

async fn a_tenant_that_begins_to_require_more_asks_anew(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let token = tokens_of(w, &made, &w.owner).await;
    let user = w.owner.user().expect("a person");
    w.execute(&format!(
        "INSERT INTO passkeys (id, user_id, name, credential_id, credential, created_at)
         VALUES ({}, {}, 'x', {}, '{{}}', 0)",
        w.database.id(uuid::Uuid::now_v7()),
        w.database.id(user.0),
        w.database.blob(b"x"),
    ))
    .await;
    let proof = Proof { means: Means::Passkey, second_factor: true };
    let strong = Opened { user, signed_in_at: w.now(), proof };
    people::factors::require(&w.nexus, &w.owner, strong, true).await.fine();
    assert!(!works(&w.nexus, &token.access_token).await);
    let weak = opened(w, &w.owner);
    let raw = super::asking(&made, &[]);
    let told = nexus_backend::oauth::authorize::decide(&w.nexus, weak, &raw, true, None).await;
    told.refused_as(Code::SecondFactorRequired);
    nexus_backend::oauth::authorize::decide(&w.nexus, strong, &raw, true, None).await.fine();
}

async fn the_oldest_of_too_many_ends(w: &World) {
    let made = app(w, AppType::Public).await;
    let mut all = Vec::new();
    for _ in 0..=MAX_GRANTS {
        all.push(tokens_of(w, &made, &w.owner).await);
        w.pass(1);
    }
    assert!(!works(&w.nexus, &all[0].access_token).await && works(&w.nexus, &all[1].access_token).await);
    let listed = grants::list_own(&w.nexus, opened(w, &w.owner)).await.fine();
    assert_eq!(i64::try_from(listed.len()).expect("few"), MAX_GRANTS);
}

const READS: &[Scope] = &[Scope::ReadConfigs, Scope::ReadFlags, Scope::ReadSecrets];

/// The person of a token at the endpoint of a service.
async fn at(w: &World, token: &TokenAnswer, slug: &str) -> nexus_backend::Result<Actor> {
    let found = credentials::authenticate(&w.nexus, &token.access_token, None).await?;
    credentials::at_endpoint(&w.nexus, found, Some(slug)).await.map(|found| found.actor)
}

async fn an_app_reads_a_live_service_with_the_persons_rights(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let slug = services::get(&w.nexus, &w.owner, &api).await.fine().endpoint_slug.expect("an endpoint");
    let made = apps::create(&w.nexus, &w.owner, super::new_app(AppType::Public, READS)).await.fine();
    let reads = async |person: &Actor| {
        let code = code(w, &made, person, &[("scope", "read:configs read:flags read:secrets")]).await;
        by_code(&w.nexus, &made, &code).await.given()
    };
    let owner = reads(&w.owner).await;
    let of_owner = crate::programs::snapshot(w, &at(w, &owner, &slug).await.fine()).await;
    assert_eq!(of_owner["secrets"]["A"]["value"], "1");
    let viewer = reads(&w.member("shop", ProjectRole::Viewer).await).await;
    let of_viewer = crate::programs::snapshot(w, &at(w, &viewer, &slug).await.fine()).await;
    assert!(of_viewer.get("secrets").is_none() && of_viewer["configs"].is_object());
    let outsider = reads(&w.person("max@acme.test", TenantRole::Member).await).await;
    at(w, &outsider, &slug).await.map(|_| ()).refused_as(Code::NotFound);
    let develop = w.service("shop", "develop", "api").await;
    let develop =
        services::get(&w.nexus, &w.owner, &develop).await.fine().endpoint_slug.expect("an endpoint");
    at(w, &owner, &develop).await.map(|_| ()).refused_as(Code::NotFound);
}

/// Whether the stream ends soon.
async fn ends(mut stream: streams::Subscription) -> bool {
    let wait = tokio::time::timeout(Duration::from_secs(5), async { while stream.next().await.is_some() {} });
    wait.await.is_ok()
}

async fn a_stream_ends_with_the_grant_and_with_the_role(w: &World) {
    let api = w.shop().await;
    let slug = services::get(&w.nexus, &w.owner, &api).await.fine().endpoint_slug.expect("an endpoint");
    let made = app(w, AppType::Confidential).await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let token = tokens_of(w, &made, &manager).await;
    let mut stream = streams::subscribe(&w.nexus, &at(w, &token, &slug).await.fine(), None).await.fine();
    w.write(&api, "A", "1").await;
    assert_eq!(stream.next().await.expect("an event").name, "secret.created");
    let patch = ProjectMemberPatch { role: Some(ProjectRole::Viewer) };
    let id = manager.user().expect("a person");
    members::change_in_project(&w.nexus, &w.owner, "shop", id, patch).await.fine();
    assert!(ends(stream).await, "with the role");
    let stream = streams::subscribe(&w.nexus, &at(w, &token, &slug).await.fine(), None).await.fine();
    let grant = grants::list_own(&w.nexus, opened(w, &manager)).await.fine()[0].id;
    grants::end_own(&w.nexus, opened(w, &manager), grant, ip()).await.fine();
    assert!(ends(stream).await, "with the grant");
}

async fn an_app_makes_no_keys_that_it_does_not_hold(w: &World) {
    let mut new =
        super::new_app(AppType::Confidential, &[Scope::ReadKeys, Scope::WriteKeys, Scope::ReadFlags]);
    new.name = "Keys".into();
    let made = apps::create(&w.nexus, &w.owner, new).await.fine();
    let code = code(w, &made, &w.owner, &[("scope", "read:keys write:keys read:flags")]).await;
    let actor = present(w, &by_code(&w.nexus, &made, &code).await.given()).await;
    let key = |scopes: &[Scope], until| nexus_domain::environment_key::NewEnvironmentKey {
        name: "ci".into(),
        environment: Some("live".into()),
        kind: nexus_domain::environment_key::KeyType::Secret,
        scopes: Some(scopes.to_vec()),
        allowed_cidrs: None,
        expires_at: until,
    };
    let later = Some(w.now().plus(1_000_000));
    for scopes in [&[Scope::ReadSecrets][..], &[Scope::AdminAll]] {
        keys::environment::create(&w.nexus, &actor, key(scopes, later))
            .await
            .map(|_| ())
            .refused_as(Code::Forbidden);
    }
}

async fn an_app_fills_the_persons_own_developer_environment_and_reads_nothing_in_it(w: &World) {
    w.project("shop").await;
    let source = w.service("shop", "develop", "api").await;
    w.write(&source, "A", "from develop").await;
    w.set(&source, "PORT", "80").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let scopes = [Scope::ReadServices, Scope::WriteServices, Scope::ReadSecrets];
    let owner = w.signed_in_again(&w.owner).await;
    let made = apps::create(&w.nexus, &owner, new_app(AppType::Confidential, &scopes)).await.fine();
    let with = async |scope: &str| {
        let person = w.signed_in_again(&manager).await;
        let code = code(w, &made, &person, &[("scope", scope)]).await;
        present(w, &by_code(&w.nexus, &made, &code).await.given()).await
    };
    let n = &w.nexus;
    let reads = with("read:services").await;
    dev_environments::create(n, &reads, "shop").await.refused_as(Code::Forbidden);
    let writes = with("write:services").await;
    assert_eq!(dev_environments::get(n, &writes, "shop").await.fine(), None);
    let own = dev_environments::create(n, &writes, "shop").await.fine();
    let came = dev_environments::import(n, &writes, "shop", OnConflict::Skip).await.fine();
    assert_eq!((came.secrets_created, came.needs_value, came.configs_copied), (1, 1, 1));
    assert!(!w.events().await.contains(&"secret.reveal".to_owned()));
    // With the scope, what the person may reveal comes along.
    let opens = with("write:services read:secrets").await;
    let came = dev_environments::import(n, &opens, "shop", OnConflict::Skip).await.fine();
    assert_eq!((came.secrets_updated, came.needs_value), (1, 0));
    let copy = crate::world::path("shop", &own.environment.slug, "api");
    let revealed = secrets::reveal(n, &w.signed_in_again(&manager).await, &copy, "A", None).await.fine();
    assert_eq!(revealed.value.as_deref(), Some("from develop"));
    for app in [&reads, &opens] {
        services::get(n, app, &copy).await.refused_as(Code::NotFound);
        secrets::reveal(n, app, &copy, "A", None).await.refused_as(Code::NotFound);
    }
    dev_environments::delete(n, &reads, "shop").await.refused_as(Code::Forbidden);
    dev_environments::delete(n, &opens, "shop").await.fine();
    assert_eq!(dev_environments::get(n, &opens, "shop").await.fine(), None);
}
