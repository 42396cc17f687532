//! Who manages providers and rules, and what may stand in them.

use super::{Scene, pins};
use crate::world::{Outcome, World};
use nexus_backend::workload;
use nexus_domain::role::ProjectRole;
use nexus_domain::workload::{
    IdentityPatch, IdentityProviderKind, IdentityProviderPatch, KeysFrom, NewIdentity, NewIdentityProvider,
    TokenAlgorithm,
};
use nexus_domain::{Code, timestamp};

both![
    owners_manage_providers_and_managers_rules,
    a_provider_is_what_its_kind_allows,
    a_rule_that_pins_too_little_is_refused_and_told_what_to_pin,
    rules_are_for_backend_services,
];

fn usual() -> NewIdentityProvider {
    NewIdentityProvider::usual("GitHub", IdentityProviderKind::Github)
}

async fn owners_manage_providers_and_managers_rules(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let provider = scene.provider(usual()).await;
    assert_eq!(provider.audience, format!("https://nexus.test/wif/{}", provider.id));
    assert_eq!(
        (provider.max_lifetime, provider.algorithms.as_slice()),
        (900, [TokenAlgorithm::Rs256].as_slice())
    );
    let claims = || pins(&[("repository_id", "1"), ("repository_owner_id", "2")]);
    let new = || NewIdentity {
        name: "deploy".into(),
        provider: provider.id,
        claims: claims(),
        access: None,
        max_lifetime: None,
    };
    for role in [ProjectRole::Developer, ProjectRole::Tester, ProjectRole::Viewer] {
        let member = w.member("shop", role).await;
        workload::providers(&w.nexus, &member).await.refused_as(Code::Forbidden);
        workload::add_provider(&w.nexus, &member, usual()).await.refused_as(Code::Forbidden);
        workload::rules(&w.nexus, &member, &scene.path).await.refused_as(Code::Forbidden);
        workload::add_rule(&w.nexus, &member, &scene.path, new()).await.refused_as(Code::Forbidden);
        workload::sessions_of(&w.nexus, &member, &scene.path, None, 5).await.refused_as(Code::Forbidden);
    }
    let manager = w.member("shop", ProjectRole::Manager).await;
    workload::add_provider(&w.nexus, &manager, usual()).await.refused_as(Code::Forbidden);
    workload::remove_provider(&w.nexus, &manager, provider.id).await.refused_as(Code::Forbidden);
    assert_eq!(workload::providers_for(&w.nexus, &manager, &scene.path).await.fine().len(), 1);
    let rule = workload::add_rule(&w.nexus, &manager, &scene.path, new()).await.fine();
    assert_eq!((rule.kind, rule.advice[0].claim.as_str()), (IdentityProviderKind::Github, "ref"));
    workload::add_rule(&w.nexus, &manager, &scene.path, new()).await.refused_as(Code::Conflict);
    let rival = w.rival().await;
    workload::provider(&w.nexus, &rival.owner, provider.id).await.refused_as(Code::NotFound);
    workload::remove_provider(&w.nexus, &rival.owner, provider.id).await.refused_as(Code::NotFound);
    workload::rules(&w.nexus, &rival.owner, &scene.path).await.refused_as(Code::NotFound);
    // Without a fresh sign-in none of it.
    w.pass(6 * timestamp::MINUTE);
    let patch = IdentityProviderPatch { max_lifetime: Some(900), ..IdentityProviderPatch::default() };
    workload::change_provider(&w.nexus, &scene.owner, provider.id, patch)
        .await
        .refused_as(Code::StepUpRequired);
    workload::remove_rule(&w.nexus, &manager, &scene.path, rule.id).await.refused_as(Code::StepUpRequired);
    let manager = w.signed_in_again(&manager).await;
    workload::remove_rule(&w.nexus, &manager, &scene.path, rule.id).await.fine();
    workload::remove_provider(&w.nexus, &scene.owner().await, provider.id).await.fine();
    assert!(workload::providers(&w.nexus, &scene.owner().await).await.fine().is_empty());
}

async fn a_provider_is_what_its_kind_allows(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let owner = scene.owner().await;
    let oidc = |issuer: &str| NewIdentityProvider {
        issuer: Some(issuer.to_owned()),
        ..NewIdentityProvider::usual("Own", IdentityProviderKind::Oidc)
    };
    let secret = serde_json::from_str(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#).ok();
    for (field, new) in [
        ("name", NewIdentityProvider { name: String::new(), ..usual() }),
        ("issuer", NewIdentityProvider { issuer: Some("https://evil.test".into()), ..usual() }),
        ("issuer", oidc("")),
        ("issuer", oidc("https://169.254.169.254")),
        ("issuer", oidc("https://[::ffff:127.0.0.1]")),
        ("issuer", oidc("https://10.0.0.1/issuer")),
        ("jwks_url", NewIdentityProvider { keys: Some(KeysFrom::JwksUrl), ..usual() }),
        (
            "jwks_url",
            NewIdentityProvider {
                keys: Some(KeysFrom::JwksUrl),
                jwks_url: Some("http://127.0.0.1/keys".into()),
                ..usual()
            },
        ),
        ("jwks", NewIdentityProvider { keys: Some(KeysFrom::Uploaded), ..usual() }),
        ("jwks", NewIdentityProvider { keys: Some(KeysFrom::Uploaded), jwks: secret, ..usual() }),
        ("audience", NewIdentityProvider { audience: Some("sts.amazonaws.com".into()), ..usual() }),
        ("max_lifetime", NewIdentityProvider { max_lifetime: Some(3601), ..usual() }),
        ("max_lifetime", NewIdentityProvider { max_lifetime: Some(0), ..usual() }),
        ("algorithms", NewIdentityProvider { algorithms: Some(vec![]), ..usual() }),
        (
            "algorithms",
            NewIdentityProvider {
                algorithms: Some(vec![TokenAlgorithm::Rs256]),
                ..NewIdentityProvider::usual("AWS", IdentityProviderKind::AwsIam)
            },
        ),
    ] {
        let refusal = workload::add_provider(&w.nexus, &owner, new).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field(field).is_some(), "{field}: {refusal}");
    }
    let made = scene.provider(usual()).await;
    workload::add_provider(&w.nexus, &owner, usual()).await.refused_as(Code::Conflict);
    let patch = IdentityProviderPatch { keys: Some(KeysFrom::JwksUrl), ..IdentityProviderPatch::default() };
    let refusal = workload::change_provider(&w.nexus, &owner, made.id, patch).await.refused();
    assert!(refusal.field("jwks_url").is_some());
    let patch = IdentityProviderPatch {
        keys: Some(KeysFrom::JwksUrl),
        jwks_url: Some("https://login.test/keys".into()),
        max_lifetime: Some(600),
        ..IdentityProviderPatch::default()
    };
    let changed = workload::change_provider(&w.nexus, &owner, made.id, patch).await.fine();
    assert_eq!((changed.jwks_url.as_deref(), changed.max_lifetime), (Some("https://login.test/keys"), 600));
}

async fn a_rule_that_pins_too_little_is_refused_and_told_what_to_pin(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let provider = scene.provider(usual()).await;
    let owner = scene.owner().await;
    let new = |claims: &[(&str, &str)]| NewIdentity {
        name: "deploy".into(),
        provider: provider.id,
        claims: pins(claims),
        access: None,
        max_lifetime: None,
    };
    let named = new(&[("repository", "acme/shop"), ("repository_owner", "acme")]);
    let refusal =
        workload::add_rule(&w.nexus, &owner, &scene.path, named).await.refused_as(Code::InvalidRequest);
    assert!(refusal.field("claims").is_some_and(|words| words.contains("repository_owner_id")), "{refusal}");
    assert_eq!(refusal.details["missing"].as_array().map(Vec::len), Some(2));
    let enough = [("repository_id", "1"), ("repository_owner_id", "2")];
    let rule = workload::add_rule(&w.nexus, &owner, &scene.path, new(&enough)).await.fine();
    let patch = IdentityPatch { claims: Some(pins(&enough[..1])), ..IdentityPatch::default() };
    workload::change_rule(&w.nexus, &owner, &scene.path, rule.id, patch)
        .await
        .refused_as(Code::InvalidRequest);
    let elsewhere =
        NewIdentity { provider: nexus_domain::IdentityProviderId(uuid::Uuid::now_v7()), ..new(&enough) };
    let refusal = workload::add_rule(&w.nexus, &owner, &scene.path, elsewhere).await.refused();
    assert!(refusal.field("provider").is_some());
}

async fn rules_are_for_backend_services(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let provider = scene.provider(usual()).await;
    let owner = scene.owner().await;
    let new = || NewIdentity {
        name: "deploy".into(),
        provider: provider.id,
        claims: pins(&[("repository_id", "1"), ("repository_owner_id", "2")]),
        access: None,
        max_lifetime: None,
    };
    let web = w.frontend("shop", "live", "web").await;
    workload::add_rule(&w.nexus, &owner, &web, new()).await.refused_as(Code::ServiceKindMismatch);
    workload::rules(&w.nexus, &owner, &web).await.refused_as(Code::ServiceKindMismatch);
    let shared = w.umbrella("shop", "live", "shared").await;
    workload::add_rule(&w.nexus, &owner, &shared, new()).await.refused_as(Code::Conflict);
}
