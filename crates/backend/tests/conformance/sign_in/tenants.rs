//! A tenant's own providers, and requiring one.

use super::provider::{CLIENT, SECRET};
use super::{Scene, events, ip, opened_by, refusal};
use crate::world::{Outcome, TENANT, World};
use nexus_backend::gate::Actor;
use nexus_backend::people::{self, Opened};
use nexus_backend::sign_in::{self, NewProvider, ProviderPatch};
use nexus_domain::role::{Scope, TenantRole};
use nexus_domain::sign_in::{Provider, ProviderKind};
use nexus_domain::timestamp::MINUTE;
use nexus_domain::{Code, ProviderId};

both![
    only_owners_manage_providers,
    a_provider_is_checked_and_its_secret_is_sealed,
    a_provider_of_another_tenant_is_not_there,
    a_disabled_or_removed_provider_lets_nobody_in,
    requiring_needs_a_session_of_the_own_provider,
    a_required_provider_shuts_out_other_sessions_at_once,
    the_last_provider_stays_while_it_is_required,
    the_sign_in_page_offers_the_instances_and_the_tenants,
    a_test_says_what_is_wrong,
];

fn new(issuer: &str) -> NewProvider {
    NewProvider {
        name: "Work".into(),
        kind: ProviderKind::Oidc,
        issuer: issuer.into(),
        client_id: CLIENT.into(),
        client_secret: SECRET.into(),
    }
}

/// The owner adds the scene's provider to the tenant, and connects it.
pub(super) async fn own_provider(w: &World, scene: &Scene) -> Provider {
    let owner = w.signed_in_again(&w.owner).await;
    let provider = sign_in::add_provider(&scene.nexus, &owner, new(&scene.provider.issuer())).await.fine();
    scene.connect(w, provider.id, w.owner_id, "42").await;
    provider
}

/// The owner in a session that this provider opened.
async fn by_own(w: &World, scene: &Scene, provider: ProviderId) -> (Opened, Actor) {
    let opened = opened_by(w, w.owner_id, provider);
    (opened, people::person(&scene.nexus, opened, TENANT, None).await.fine())
}

async fn only_owners_manage_providers(w: &World) {
    let scene = Scene::new(w).await;
    let (_, key) = w.environment_key("live", &[Scope::ReadProjects]).await;
    for actor in [
        w.person("m@acme.test", TenantRole::Member).await,
        w.person("f@acme.test", TenantRole::Finance).await,
        key,
    ] {
        sign_in::add_provider(&scene.nexus, &actor, new(&scene.provider.issuer()))
            .await
            .refused_as(Code::Forbidden);
        sign_in::providers(&scene.nexus, &actor).await.refused_as(Code::Forbidden);
        sign_in::test_provider(&scene.nexus, &actor, &scene.provider.issuer(), ip())
            .await
            .refused_as(Code::Forbidden);
        sign_in::rules(&scene.nexus, &actor).await.refused_as(Code::Forbidden);
    }
    let stale = w.owner.clone();
    w.pass(6 * MINUTE);
    sign_in::add_provider(&scene.nexus, &stale, new(&scene.provider.issuer()))
        .await
        .refused_as(Code::StepUpRequired);
    assert!(scene.provider.script().asked.is_empty(), "nobody else made it ask");
}

async fn a_provider_is_checked_and_its_secret_is_sealed(w: &World) {
    let scene = Scene::new(w).await;
    let issuer = scene.provider.issuer();
    for (bad, field) in [
        (NewProvider { name: " ".into(), ..new(&issuer) }, "name"),
        (NewProvider { issuer: "http://127.0.0.1:1".into(), ..new(&issuer) }, "issuer"),
        (NewProvider { issuer: "nowhere".into(), ..new(&issuer) }, "issuer"),
        (NewProvider { client_id: String::new(), ..new(&issuer) }, "client_id"),
        (NewProvider { client_secret: " ".into(), ..new(&issuer) }, "client_secret"),
    ] {
        let refused = refusal(sign_in::add_provider(&scene.nexus, &w.owner, bad).await);
        assert!(refused.field(field).is_some(), "{field}: {refused}");
    }
    let made = sign_in::add_provider(&scene.nexus, &w.owner, new(&issuer)).await.fine();
    let again = refusal(sign_in::add_provider(&scene.nexus, &w.owner, new(&issuer)).await);
    assert_eq!((again.code, again.field("name").is_some()), (Code::Conflict, true));
    let patch = ProviderPatch { client_secret: Some("another secret".into()), ..ProviderPatch::default() };
    sign_in::change_provider(&scene.nexus, &w.owner, made.id, patch).await.fine();
    for (place, bytes) in w.dump().await {
        for secret in [SECRET, "another secret"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{place}");
        }
    }
    assert_eq!(events(w).await[1..], ["provider.created", "provider.updated"]);
}

async fn a_provider_of_another_tenant_is_not_there(w: &World) {
    let scene = Scene::new(w).await;
    let made = own_provider(w, &scene).await;
    let rival = w.rival().await.owner;
    assert!(sign_in::providers(&scene.nexus, &rival).await.fine().is_empty());
    let patch = ProviderPatch { enabled: Some(false), ..ProviderPatch::default() };
    sign_in::change_provider(&scene.nexus, &rival, made.id, patch).await.refused_as(Code::NotFound);
    sign_in::remove_provider(&scene.nexus, &rival, made.id).await.refused_as(Code::NotFound);
}

async fn a_disabled_or_removed_provider_lets_nobody_in(w: &World) {
    let scene = Scene::new(w).await;
    let made = own_provider(w, &scene).await;
    assert_eq!(scene.sign_in(made.id).await.fine().user, w.owner_id);
    let enable = |enabled| {
        let patch = ProviderPatch { enabled: Some(enabled), ..ProviderPatch::default() };
        sign_in::change_provider(&scene.nexus, &w.owner, made.id, patch)
    };
    let opened = opened_by(w, w.owner_id, made.id);
    people::person(&scene.nexus, opened, TENANT, None).await.fine();
    enable(false).await.fine();
    scene.sign_in(made.id).await.refused_as(Code::NotFound);
    people::person(&scene.nexus, opened, TENANT, None).await.refused_as(Code::NotFound);
    enable(true).await.fine();
    people::person(&scene.nexus, opened, TENANT, None).await.fine();
    sign_in::remove_provider(&scene.nexus, &w.owner, made.id).await.fine();
    people::person(&scene.nexus, opened, TENANT, None).await.refused_as(Code::NotFound);
    assert_eq!(w.number("SELECT COUNT(*) FROM identities").await, 0);
}

async fn requiring_needs_a_session_of_the_own_provider(w: &World) {
    let scene = Scene::new(w).await;
    let made = own_provider(w, &scene).await;
    let by_password = Opened::by_password(w.owner_id, w.now());
    sign_in::require_provider(&scene.nexus, &w.owner, by_password, true).await.refused_as(Code::Conflict);
    let by_instances = opened_by(w, w.owner_id, scene.id);
    sign_in::require_provider(&scene.nexus, &w.owner, by_instances, true).await.refused_as(Code::Conflict);
    let (opened, owner) = by_own(w, &scene, made.id).await;
    sign_in::require_provider(&scene.nexus, &owner, opened, true).await.fine();
    assert!(sign_in::rules(&scene.nexus, &owner).await.fine().provider);
    sign_in::require_provider(&scene.nexus, &owner, opened, false).await.fine();
    let required = events(w).await.into_iter().filter(|event| event == "sign_in.required").count();
    assert_eq!(required, 2);
}

async fn a_required_provider_shuts_out_other_sessions_at_once(w: &World) {
    let scene = Scene::new(w).await;
    let made = own_provider(w, &scene).await;
    let (opened, owner) = by_own(w, &scene, made.id).await;
    let (key, _) = w.environment_key("live", &[Scope::AdminAll]).await;
    sign_in::require_provider(&scene.nexus, &owner, opened, true).await.fine();
    for other in [Opened::by_password(w.owner_id, w.now()), opened_by(w, w.owner_id, scene.id)] {
        let refused =
            people::person(&scene.nexus, other, TENANT, None).await.refused_as(Code::ProviderRequired);
        assert_eq!(refused.field("sign_in"), Some("/sign-in?tenant=acme"));
    }
    people::person(&scene.nexus, opened, TENANT, None).await.fine();
    // Whoever runs the program can always lift it.
    sign_in::lift_provider(&scene.nexus, &w.operator).await.fine();
    people::person(&scene.nexus, Opened::by_password(w.owner_id, w.now()), TENANT, None).await.fine();
    sign_in::require_provider(&scene.nexus, &owner, opened, true).await.fine();
    // Programs have nothing to do with it, and other tenants neither.
    w.present(&key).await.fine();
    let rival = w.rival().await.owner;
    let session = Opened::by_password(rival.user().expect("a person"), w.now());
    people::person(&scene.nexus, session, "rival", None).await.fine();
    // Somebody who is not in the tenant learns nothing of it.
    people::person(&scene.nexus, session, TENANT, None).await.refused_as(Code::NotFound);
}

async fn the_last_provider_stays_while_it_is_required(w: &World) {
    let scene = Scene::new(w).await;
    let made = own_provider(w, &scene).await;
    let (opened, owner) = by_own(w, &scene, made.id).await;
    sign_in::require_provider(&scene.nexus, &owner, opened, true).await.fine();
    sign_in::remove_provider(&scene.nexus, &owner, made.id).await.refused_as(Code::InUse);
    let off = || ProviderPatch { enabled: Some(false), ..ProviderPatch::default() };
    sign_in::change_provider(&scene.nexus, &owner, made.id, off()).await.refused_as(Code::InUse);
    let second = NewProvider { name: "Second".into(), ..new(&scene.provider.issuer()) };
    let second = sign_in::add_provider(&scene.nexus, &owner, second).await.fine();
    sign_in::remove_provider(&scene.nexus, &owner, second.id).await.fine();
}

async fn the_sign_in_page_offers_the_instances_and_the_tenants(w: &World) {
    let scene = Scene::new(w).await;
    let made = own_provider(w, &scene).await;
    let ids = async |tenant: Option<&str>| -> Vec<ProviderId> {
        let offered = sign_in::offered(&scene.nexus, tenant).await.fine();
        offered.into_iter().map(|provider| provider.id).collect()
    };
    assert_eq!(ids(None).await, [scene.id]);
    assert_eq!(ids(Some(TENANT)).await, [scene.id, made.id]);
    assert_eq!(ids(Some("nobodys")).await, [scene.id]);
    let targets = sign_in::form_targets(&scene.nexus, Some(TENANT), None).await.fine();
    assert_eq!(targets, [scene.provider.issuer()]);
}

async fn a_test_says_what_is_wrong(w: &World) {
    let scene = Scene::new(w).await;
    let issuer = scene.provider.issuer();
    let test = |issuer: String| {
        let nexus = scene.nexus.clone();
        let owner = w.owner.clone();
        async move { sign_in::test_provider(&nexus, &owner, &issuer, ip()).await }
    };
    assert_eq!(test(issuer.clone()).await.fine().keys, 1);
    assert!(
        refusal(test(format!("{issuer}/")).await).field("issuer").expect("at the field").contains("slash")
    );
    scene.provider.script().down = vec!["/jwks"];
    assert!(refusal(test(issuer).await).field("issuer").is_some());
}
