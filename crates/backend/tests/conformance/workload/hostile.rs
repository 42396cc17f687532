//! Endpoints, providers and bodies that nobody should send, and the same answer to all of them.

use super::issuer::RSA;
use super::{Scene, by_token, good, refused};
use crate::world::{Outcome, World};
use nexus_backend::workload;
use nexus_domain::Code;
use nexus_domain::workload::{SignedRequest, TokenExchange};
use std::collections::BTreeMap;

both![nobody_learns_what_is_there, a_token_of_one_service_is_none_of_another];

async fn nobody_learns_what_is_there(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    let token = good(&RSA, &scene.claims(&provider));
    let id = provider.id.to_string();
    let upper = id.to_uppercase();
    let mut answers = std::collections::BTreeSet::new();
    for (endpoint, named) in [
        ("nowhere-aaaaaaaa", id.as_str()),
        ("", &id),
        ("a\0b", &id),
        (&scene.endpoint, "github"),
        (&scene.endpoint, "nobody"),
        (&scene.endpoint, ""),
        (&scene.endpoint, "019aa4c2-7b1e-7c3d-9f10-2a6b8c0d4e5f"),
        (&scene.endpoint, "' OR 1=1 --"),
    ] {
        let outcome = workload::exchange(&scene.nexus, endpoint, by_token(named, &token), scene.ip()).await;
        let refusal = outcome.expect_err("nobody").refusal();
        assert_eq!(refusal.code, Code::Unauthorized, "{endpoint} {named}");
        answers.insert(refusal.to_string());
    }
    refused(scene.exchange(&id, "x").await, "a wrong token");
    answers.insert(scene.exchange(&id, "x").await.expect_err("wrong").refusal().to_string());
    assert_eq!(answers.len(), 1, "{answers:?}");
    scene.exchange(&upper, &token).await.fine();
    let request = || {
        Some(SignedRequest {
            url: String::new(),
            method: None,
            headers: BTreeMap::new(),
            body: String::new(),
        })
    };
    for (token, request) in [(None, None), (Some(token.clone()), request())] {
        let asked = TokenExchange { provider: id.clone(), token, request, service: None };
        assert_eq!(
            scene.exchange_with(asked).await.expect_err("neither").refusal().code,
            Code::InvalidRequest
        );
    }
    let asked = TokenExchange { provider: id, token: None, request: request(), service: None };
    refused(scene.exchange_with(asked).await, "a request where a token is meant");
}

async fn a_token_of_one_service_is_none_of_another(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    let token = good(&RSA, &scene.claims(&provider));
    let other = w.service("shop", "live", "worker").await;
    let worker = nexus_backend::services::get(&w.nexus, &scene.owner, &other).await.fine();
    let endpoint = worker.endpoint_slug.expect("an endpoint");
    let asked = || by_token(&provider.id.to_string(), &token);
    refused(
        workload::exchange(&scene.nexus, &endpoint, asked(), scene.ip()).await,
        "no rule of that service",
    );
    let session = scene.exchange("oidc", &token).await.fine().access_token;
    let credential = nexus_backend::credentials::authenticate(&w.nexus, &session, None).await.fine();
    let elsewhere =
        nexus_backend::credentials::at_endpoint(&w.nexus, credential.clone(), Some(&endpoint)).await;
    assert_eq!(elsewhere.expect_err("of another service").refusal().code, Code::NotFound);
    nexus_backend::credentials::at_endpoint(&w.nexus, credential, Some(&scene.endpoint)).await.fine();
}
