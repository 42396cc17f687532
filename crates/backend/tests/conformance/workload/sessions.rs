//! Sessions: what they may, and everything that ends them.

use super::issuer::RSA;
use super::{Scene, good, pins, refused};
use crate::world::{Outcome, World, new_secret};
use nexus_backend::limits::AUTH_FAILURES;
use nexus_backend::workload::ListSessions;
use nexus_backend::{services, snapshot, streams, tenants, tiers, workload};
use nexus_domain::keys::Access;
use nexus_domain::project::{ProjectPatch, Tier};
use nexus_domain::secret::NewSecretVersion;
use nexus_domain::tier::Addon;
use nexus_domain::workload::{IdentityPatch, IdentityProviderPatch};
use nexus_domain::{Code, timestamp};

both![
    a_session_reads_its_service_as_a_key_does,
    a_session_ends_in_time_and_before_when_somebody_ends_it,
    what_a_session_hangs_on_ends_it,
    a_stream_ends_with_its_session,
    exchanges_are_limited_and_noted,
    the_tier_decides_and_networks_do,
    sessions_are_listed_in_pages_and_forgotten,
];

/// Whether a token still is one.
async fn is_open(scene: &Scene<'_>, token: &str) -> bool {
    nexus_backend::credentials::authenticate(&scene.nexus, token, None).await.is_ok()
}

async fn a_session_reads_its_service_as_a_key_does(w: &World) {
    let scene = Scene::new(w, &[]).await;
    w.write(&scene.path, "TOKEN", "hunter2").await;
    let (provider, rule) = scene.usual().await;
    let actor = w.present(&scene.session(&provider).await).await.fine();
    assert_eq!((actor.kind(), actor.id()), ("workload_session", Some(rule.id.0)));
    assert_eq!(
        snapshot::get(&w.nexus, &actor, "TOKEN").await.fine().secret.value.as_deref(),
        Some("hunter2")
    );
    let new = || NewSecretVersion { value: Some("hunter3".into()), ..NewSecretVersion::default() };
    snapshot::put(&w.nexus, &actor, "TOKEN", new()).await.refused_as(Code::Forbidden);
    let patch = IdentityPatch { access: Some(Access::ReadWrite), ..IdentityPatch::default() };
    workload::change_rule(&scene.nexus, &scene.owner().await, &scene.path, rule.id, patch).await.fine();
    let actor = w.present(&scene.session(&provider).await).await.fine();
    snapshot::put(&w.nexus, &actor, "TOKEN", new()).await.fine();
    let log =
        w.texts("SELECT actor_kind FROM audit_log WHERE event = 'secret.updated' AND outcome = 'done'").await;
    assert_eq!(log, ["workload_session"]);
    let used = workload::rule(&scene.nexus, &scene.owner, &scene.path, rule.id).await.fine();
    assert_eq!((used.last_used_at, used.sessions), (Some(w.now()), 2));
    // It manages nothing.
    nexus_backend::secrets::create(&w.nexus, &actor, &scene.path, new_secret("OTHER", "x")).await.refused();
    workload::providers(&w.nexus, &actor).await.refused();
}

async fn a_session_ends_in_time_and_before_when_somebody_ends_it(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, rule) = scene.usual().await;
    let patch = IdentityPatch { max_lifetime: Some(Some(900)), ..IdentityPatch::default() };
    workload::change_rule(&scene.nexus, &scene.owner().await, &scene.path, rule.id, patch).await.fine();
    let token = good(&RSA, &scene.claims(&provider));
    let made = scene.exchange("oidc", &token).await.fine();
    assert_eq!((made.expires_in, made.token_type.as_str()), (900, "Bearer"));
    w.pass(899 * timestamp::SECOND);
    assert!(is_open(&scene, &made.access_token).await);
    w.pass(timestamp::SECOND);
    assert!(!is_open(&scene, &made.access_token).await);
    let session = scene.session(&provider).await;
    assert!(is_open(&scene, &session).await);
    let owner = scene.owner().await;
    let listed = workload::sessions_of(&scene.nexus, &owner, &scene.path, None, 50).await.fine().data;
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].subject.as_str(), listed[0].service.as_str()), ("build-7", "api"));
    assert!(session.starts_with(&listed[0].prefix) && listed[0].prefix.len() == 7);
    let rival = w.rival().await;
    workload::end_session(&scene.nexus, &rival.owner, listed[0].id).await.refused_as(Code::NotFound);
    workload::end_session(&scene.nexus, &owner, listed[0].id).await.fine();
    assert!(!is_open(&scene, &session).await, "on the next request");
    workload::end_session(&scene.nexus, &owner, listed[0].id).await.refused_as(Code::NotFound);
}

async fn what_a_session_hangs_on_ends_it(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, rule) = scene.usual().await;
    let owner = scene.owner().await;
    // A name changes nothing.
    let first = scene.session(&provider).await;
    let name = IdentityProviderPatch { name: Some("Renamed".into()), ..IdentityProviderPatch::default() };
    workload::change_provider(&scene.nexus, &owner, provider.id, name).await.fine();
    let name = IdentityPatch { name: Some("renamed".into()), ..IdentityPatch::default() };
    workload::change_rule(&scene.nexus, &owner, &scene.path, rule.id, name).await.fine();
    assert!(is_open(&scene, &first).await);
    // What is trusted does.
    let audience = Some("https://nexus.test/another".to_owned());
    let patch = IdentityProviderPatch { audience, ..IdentityProviderPatch::default() };
    let changed = workload::change_provider(&scene.nexus, &owner, provider.id, patch).await.fine();
    assert!(!is_open(&scene, &first).await, "another audience");
    refused(scene.exchange("oidc", &good(&RSA, &scene.claims(&provider))).await, "for the audience before");
    let second = scene.session(&changed).await;
    let claims = Some(pins(&[("sub", "build-8")]));
    let patch = IdentityPatch { claims, ..IdentityPatch::default() };
    workload::change_rule(&scene.nexus, &owner, &scene.path, rule.id, patch).await.fine();
    assert!(!is_open(&scene, &second).await, "other claims");
    let back = IdentityPatch { claims: Some(pins(&[("sub", "build-7")])), ..IdentityPatch::default() };
    workload::change_rule(&scene.nexus, &owner, &scene.path, rule.id, back).await.fine();
    let third = scene.session(&changed).await;
    workload::remove_rule(&scene.nexus, &owner, &scene.path, rule.id).await.fine();
    assert!(!is_open(&scene, &third).await, "no rule");
    refused(scene.exchange("oidc", &good(&RSA, &scene.claims(&changed))).await, "no rule");
    scene.rule(&changed, pins(&[("sub", "build-7")])).await;
    let fourth = scene.session(&changed).await;
    workload::remove_provider(&scene.nexus, &owner, changed.id).await.fine();
    assert!(!is_open(&scene, &fourth).await, "no provider");
    let (again, _) = scene.usual().await;
    let fifth = scene.session(&again).await;
    services::delete(&scene.nexus, &owner, &scene.path).await.fine();
    assert!(!is_open(&scene, &fifth).await, "no service");
    assert_eq!(scene.sessions().await, 0);
}

async fn a_stream_ends_with_its_session(w: &World) {
    use futures::StreamExt as _;
    let scene = Scene::new(w, &[]).await;
    let (provider, rule) = scene.usual().await;
    let actor = w.present(&scene.session(&provider).await).await.fine();
    let mut stream = streams::subscribe(&w.nexus, &actor, None).await.fine();
    w.write(&scene.path, "TOKEN", "hunter2").await;
    let heard = stream.next().await.expect("a signal");
    assert_eq!(heard.name, "secret.created");
    workload::remove_rule(&w.nexus, &scene.owner().await, &scene.path, rule.id).await.fine();
    assert!(stream.next().await.is_none());
}

async fn exchanges_are_limited_and_noted(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    let (id, claims) = (provider.id.to_string(), scene.claims(&provider));
    let wrong = good(&RSA, &super::with(&claims, serde_json::json!({ "aud": "https://other.test" })));
    let other = super::with(&claims, serde_json::json!({ "sub": "build-8" }));
    refused(scene.exchange(&id, &good(&RSA, &other)).await, "another workload");
    let ip = scene.ip();
    let from_there = |token: String| {
        let (nexus, endpoint, asked) = (&scene.nexus, &scene.endpoint, super::by_token(&id, &token));
        async move { workload::exchange(nexus, endpoint, asked, ip).await }
    };
    for _ in 0..AUTH_FAILURES {
        refused(from_there(wrong.clone()).await, "for somebody else");
    }
    let outcome = from_there(good(&RSA, &claims)).await;
    assert_eq!(outcome.expect_err("too many").refusal().code, Code::RateLimited, "from this address");
    // Garbage that says it is this workload keeps it out nowhere else, wherever it comes from.
    for _ in 0..2 * AUTH_FAILURES {
        refused(scene.exchange(&id, &wrong).await, "for somebody else");
    }
    scene.exchange(&id, &good(&RSA, &claims)).await.fine();
    scene.nexus.settled().await;
    let log = "SELECT event || ' ' || outcome || ' ' || actor_kind FROM audit_log WHERE event LIKE 'identity.%' ORDER BY event";
    // Refusals are written down beside the answers, in whatever order.
    let events = w.texts(log).await;
    let noted: Vec<&str> =
        events.iter().map(String::as_str).filter(|it| !it.starts_with("identity.created")).collect();
    assert_eq!(
        noted,
        [
            "identity.exchange_refused denied workload",
            "identity.exchange_refused denied workload",
            "identity.session_started done workload_session",
        ],
        "one row for each reason and minute"
    );
    let ip = scene.ip();
    for _ in 0..100 {
        let asked = super::by_token(&uuid::Uuid::now_v7().to_string(), "x");
        let _ = workload::exchange(&scene.nexus, "nowhere", asked, ip).await;
    }
    let asked = super::by_token(&id, &good(&RSA, &claims));
    let outcome = workload::exchange(&scene.nexus, &scene.endpoint, asked, ip).await;
    assert_eq!(outcome.expect_err("too many requests").refusal().code, Code::RateLimited);
}

async fn the_tier_decides_and_networks_do(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, rule) = scene.usual().await;
    let owner = scene.owner().await;
    let token = good(&RSA, &scene.claims(&provider));
    let tier = async |tier: Tier| {
        let patch = ProjectPatch { tier: Some(tier), ..ProjectPatch::default() };
        nexus_backend::projects::update(&scene.nexus, &owner, "shop", patch).await.fine();
    };
    tier(Tier::M).await;
    let outcome = scene.exchange("oidc", &token).await;
    assert_eq!(outcome.expect_err("no add-on").refusal().code, Code::WifNotAvailable);
    refused(scene.exchange("oidc", "x.y.z").await, "only who shows who they are learns that");
    let new = nexus_domain::workload::NewIdentity {
        name: "another".into(),
        provider: provider.id,
        claims: pins(&[("sub", "build-9")]),
        access: None,
        max_lifetime: None,
    };
    let refusal =
        workload::add_rule(&scene.nexus, &owner, &scene.path, new).await.refused_as(Code::WifNotAvailable);
    assert_eq!(refusal.details["addon"], "security");
    tiers::add(&scene.nexus, &owner, "shop", Addon::Security).await.fine();
    scene.exchange("oidc", &token).await.fine();
    tiers::remove(&scene.nexus, &owner, "shop", Addon::Security).await.fine();
    // What is there can always be taken away.
    workload::rules(&scene.nexus, &owner, &scene.path).await.fine();
    tier(Tier::L).await;
    let session = scene.exchange("oidc", &token).await.fine().access_token;
    tenants::set_networks(&scene.nexus, &owner, vec!["10.0.0.0/8".into()]).await.fine();
    let outcome = scene.exchange("oidc", &token).await;
    assert_eq!(outcome.expect_err("from elsewhere").refusal().code, Code::IpNotAllowed);
    assert!(!is_open(&scene, &session).await, "sessions are taken from there, too");
    workload::remove_rule(&scene.nexus, &owner, &scene.path, rule.id).await.fine();
}

async fn sessions_are_listed_in_pages_and_forgotten(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    for _ in 0..5 {
        scene.session(&provider).await;
        w.pass(timestamp::SECOND);
    }
    let owner = scene.owner().await;
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let asked = ListSessions { environment: Some("live".into()), cursor, limit: 2 };
        let page = workload::sessions(&scene.nexus, &owner, asked).await.fine();
        seen.extend(page.data.into_iter().map(|session| session.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a.0 > b.0), "newest first");
    let elsewhere = ListSessions { environment: Some("develop".into()), cursor: None, limit: 50 };
    assert!(workload::sessions(&scene.nexus, &owner, elsewhere).await.fine().data.is_empty());
    let odd = ListSessions { environment: None, cursor: Some("x".into()), limit: 50 };
    workload::sessions(&scene.nexus, &owner, odd).await.refused_as(Code::InvalidRequest);
    w.pass(2 * timestamp::HOUR);
    workload::sweep(&scene.nexus).await.fine();
    assert_eq!(scene.sessions().await, 0);
}
