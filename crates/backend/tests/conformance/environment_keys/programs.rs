//! Programs that read a service with a key of its environment.

use super::{make, new_key, opened, publishable};
use crate::programs::snapshot;
use crate::world::{Outcome, World, new_flag, new_version};
use futures::StreamExt as _;
use nexus_backend::credentials::{at_endpoint, authenticate};
use nexus_backend::gate::Actor;
use nexus_backend::keys::environment;
use nexus_backend::{flags, services, snapshot as programs, streams};
use nexus_domain::Code;
use nexus_domain::environment_key::RotateEnvironmentKey;
use nexus_domain::flag::{Context, EvaluateRequest};
use nexus_domain::role::Scope;
use nexus_domain::secret::NewSecretVersion;
use nexus_domain::service::ServicePath;
use serde_json::json;
use std::time::Duration;

both![
    a_publishable_key_reads_frontends_of_its_environment_and_nothing_else,
    a_secret_key_reads_what_its_scopes_say,
    without_the_right_to_secrets_a_snapshot_has_none_and_no_trace_of_them,
    a_secret_key_writes_secrets_with_the_scope_for_it,
    streams_of_a_key_end_with_it_and_with_the_value_that_opened_them,
    the_address_of_a_stream_stands_for_the_key_at_one_service,
];

/// The actor that a key is at the endpoint of a service.
async fn at(w: &World, key: &str, service: &ServicePath) -> nexus_backend::Result<Actor> {
    let slug = services::get(&w.nexus, &w.owner, service).await.fine().endpoint_slug;
    let credential = authenticate(&w.nexus, key, None).await?;
    at_endpoint(&w.nexus, credential, slug.as_deref()).await.map(|found| found.actor)
}

async fn a_publishable_key_reads_frontends_of_its_environment_and_nothing_else(w: &World) {
    let api = w.shop().await;
    let web = w.frontend("shop", "live", "web").await;
    let elsewhere = w.frontend("shop", "develop", "web").await;
    w.set(&web, "TITLE", "\"Shop\"").await;
    new_flag(w, &web, "banner", json!({ "enabled": true, "description": "hush" })).await;
    let key = make(w, publishable("live")).await.key;
    let reader = at(w, &key, &web).await.fine();
    let answer = snapshot(w, &reader).await;
    assert_eq!(answer["configs"]["TITLE"]["value"], "Shop");
    assert!(answer.get("secrets").is_none() && !answer.to_string().contains("hush"));
    flags::flag(&w.nexus, &reader, "banner").await.fine();
    flags::bulk(&w.nexus, &reader, &Context::default(), None).await.fine();
    let explained =
        EvaluateRequest { keys: vec!["banner".into()], explain: true, ..EvaluateRequest::default() };
    flags::evaluate(&w.nexus, &reader, explained).await.refused_as(Code::PublicKeyRestricted);
    programs::get(&w.nexus, &reader, "TOKEN").await.refused_as(Code::PublicKeyRestricted);
    let new = NewSecretVersion::default;
    programs::put(&w.nexus, &reader, "TOKEN", new()).await.refused_as(Code::PublicKeyRestricted);
    at(w, &key, &api).await.refused_as(Code::PublicKeyRestricted);
    at(w, &key, &elsewhere).await.refused_as(Code::NotFound);
    let alone = authenticate(&w.nexus, &key, None).await.map(|found| found.actor).fine();
    programs::sync(&w.nexus, &alone, None).await.map(|_| ()).refused_as(Code::NotFound);
    let credential = authenticate(&w.nexus, &key, None).await.expect("valid");
    let nowhere = at_endpoint(&w.nexus, credential, None).await.map(|found| found.actor);
    nowhere.refused_as(Code::NotFound);
    let rival = w.rival().await;
    let theirs = nexus_backend::credentials::make_environment_key(
        &w.nexus,
        &rival.operator,
        "live",
        "x",
        nexus_domain::role::Scopes::admin(),
    );
    at(w, &theirs.await.fine().text, &api).await.refused_as(Code::NotFound);
    // A service that is gone is not read from memory.
    services::delete(&w.nexus, &w.signed_in_again(&w.owner).await, &web).await.fine();
    programs::sync(&w.nexus, &reader, None).await.map(|_| ()).refused_as(Code::NotFound);
}

async fn a_secret_key_reads_what_its_scopes_say(w: &World) {
    let api = w.shop().await;
    let web = w.frontend("shop", "live", "web").await;
    w.write(&api, "TOKEN", "hush").await;
    w.set(&api, "PORT", "80").await;
    new_flag(w, &api, "beta", json!({ "enabled": true })).await;
    for scope in [Scope::ReadSecrets, Scope::ReadConfigs, Scope::ReadFlags, Scope::ReadServices] {
        let key = make(w, new_key("live", Some(&[scope]))).await.key;
        let reader = at(w, &key, &api).await.fine();
        let n = &w.nexus;
        let allowed = [
            programs::get(n, &reader, "TOKEN").await.is_ok(),
            programs::config(n, &reader, "PORT").await.is_ok(),
            flags::flag(n, &reader, "beta").await.is_ok(),
        ];
        let expected =
            [Scope::ReadSecrets, Scope::ReadConfigs, Scope::ReadFlags].map(|needed| needed == scope);
        assert_eq!(allowed, expected, "{scope}");
        programs::sync(n, &reader, None).await.map(|_| ()).refused_as(Code::Forbidden);
        let listens = streams::subscribe(n, &reader, None).await.is_ok();
        assert_eq!(listens, scope != Scope::ReadServices, "{scope}");
    }
    let all = make(w, new_key("live", None)).await.key;
    let reader = at(w, &all, &api).await.fine();
    assert_eq!(snapshot(w, &reader).await["secrets"]["TOKEN"]["value"], "hush");
    assert!(w.events().await.contains(&"secret.sync".to_owned()));
    let at_web = at(w, &all, &web).await.fine();
    programs::get(&w.nexus, &at_web, "TOKEN").await.refused_as(Code::ServiceKindMismatch);
    assert!(snapshot(w, &at_web).await.get("secrets").is_none());
}

async fn without_the_right_to_secrets_a_snapshot_has_none_and_no_trace_of_them(w: &World) {
    let api = w.shop().await;
    w.write(&api, "TOKEN", "hush").await;
    w.set(&api, "PORT", "80").await;
    w.set(&api, "URL", "\"https://x/{{secret:TOKEN}}\"").await;
    w.set(&api, "OUTER", "\"{{config:URL}}!\"").await;
    w.without_value(&api, "EMPTY").await;
    let plain = make(w, new_key("live", Some(&[Scope::ReadConfigs, Scope::ReadFlags]))).await.key;
    let reader = at(w, &plain, &api).await.fine();
    let before = w.events().await.len();
    let answer = snapshot(w, &reader).await;
    assert!(answer.get("secrets").is_none());
    assert_eq!(answer["configs"].as_object().expect("configs").len(), 1, "{answer}");
    assert_eq!(answer["errors"], json!([]));
    assert!(!answer.to_string().contains("hush"));
    for key in ["URL", "OUTER"] {
        programs::config(&w.nexus, &reader, key).await.map(|_| ()).refused_as(Code::Forbidden);
    }
    assert!(!w.events_after(before).await.contains(&"secret.sync".to_owned()));
    // The other way round, the two views are not taken for one another.
    let all = at(w, &make(w, new_key("live", None)).await.key, &api).await.fine();
    assert_eq!(snapshot(w, &all).await["configs"]["URL"]["value"], "https://x/hush");
    assert!(snapshot(w, &reader).await.get("secrets").is_none());
    let tag = |answer| match answer {
        programs::Answer::NotModified { etag } | programs::Answer::Fresh { etag, .. } => etag,
    };
    let full = tag(programs::sync(&w.nexus, &all, None).await.fine());
    let other = programs::sync(&w.nexus, &reader, Some(&full)).await.fine();
    assert!(matches!(other, programs::Answer::Fresh { .. }));
}

async fn a_secret_key_writes_secrets_with_the_scope_for_it(w: &World) {
    let api = w.shop().await;
    let reader = make(w, new_key("live", Some(&[Scope::ReadSecrets]))).await.key;
    let writer = make(w, new_key("live", Some(&[Scope::WriteSecrets]))).await.key;
    let (reader, writer) = (at(w, &reader, &api).await.fine(), at(w, &writer, &api).await.fine());
    programs::put(&w.nexus, &reader, "A", new_version("x")).await.refused_as(Code::Forbidden);
    assert_eq!(programs::put(&w.nexus, &writer, "A", new_version("x")).await.fine(), (true, 1));
    programs::get(&w.nexus, &writer, "A").await.map(|_| ()).refused_as(Code::Forbidden);
    programs::delete(&w.nexus, &reader, "A", None).await.refused_as(Code::Forbidden);
    programs::delete(&w.nexus, &writer, "A", None).await.fine();
}

/// Far more than any of this takes; what never comes shows as a failed test.
const DEADLINE: Duration = Duration::from_secs(20);

async fn ends(stream: &mut streams::Subscription) {
    let rest = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(DEADLINE, rest).await.expect("the end, in time");
}

async fn streams_of_a_key_end_with_it_and_with_the_value_that_opened_them(w: &World) {
    let web = {
        w.shop().await;
        w.frontend("shop", "live", "web").await
    };
    let (made, _) = opened(w, publishable("live")).await;
    let id = made.about.id;
    let listen = async |key: &str| {
        let reader = at(w, key, &web).await.fine();
        streams::subscribe(&w.nexus, &reader, None).await.fine()
    };
    let mut of_old = listen(&made.key).await;
    let owner = w.signed_in_again(&w.owner).await;
    let rotate = async |hours| {
        let request = RotateEnvironmentKey { grace_hours: Some(hours) };
        environment::rotate(&w.nexus, &owner, id, request).await.fine().key
    };
    let second = rotate(24).await;
    let mut of_second = listen(&second).await;
    w.set(&web, "TITLE", "\"A\"").await;
    for stream in [&mut of_old, &mut of_second] {
        let event = tokio::time::timeout(DEADLINE, stream.next()).await.expect("in time").expect("an event");
        assert_eq!(event.key.as_deref(), Some("TITLE"));
    }
    // Rotating again keeps them; rotating without grace ends all of them.
    let mut of_third = listen(&rotate(24).await).await;
    let mut of_fourth = listen(&rotate(0).await).await;
    for stream in [&mut of_old, &mut of_second, &mut of_third] {
        ends(stream).await;
    }
    environment::revoke(&w.nexus, &w.owner, id).await.fine();
    ends(&mut of_fourth).await;
}

async fn the_address_of_a_stream_stands_for_the_key_at_one_service(w: &World) {
    w.project("shop").await;
    let web = w.frontend("shop", "live", "web").await;
    let (made, _) = opened(w, publishable("live")).await;
    let reader = at(w, &made.key, &web).await.fine();
    let address = streams::address(&w.nexus, &reader).fine().expect("an address");
    let credential = address.split_once("credential=").expect("a credential").1.to_owned();
    let found = streams::authenticate(&w.nexus, &credential, None).await.expect("valid").actor;
    streams::subscribe(&w.nexus, &found, None).await.fine();
    let other = w.frontend("shop", "live", "other").await;
    let other = services::get(&w.nexus, &w.owner, &other).await.fine().id.0.simple().to_string();
    let mut parts: Vec<&str> = credential.split('.').collect();
    parts[1] = &other;
    let forged = streams::authenticate(&w.nexus, &parts.join("."), None).await.map(|found| found.actor);
    forged.refused_as(Code::Unauthorized);
    environment::revoke(&w.nexus, &w.owner, made.about.id).await.fine();
    let gone = streams::authenticate(&w.nexus, &credential, None).await.map(|found| found.actor);
    gone.refused_as(Code::Unauthorized);
}
