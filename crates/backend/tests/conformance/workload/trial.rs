//! Trying a token out: the same checks, in words, and nobody gets in.

use super::issuer::RSA;
use super::{Scene, good, pins, with};
use crate::world::{Outcome, World};
use nexus_backend::workload;
use nexus_domain::role::ProjectRole;
use nexus_domain::workload::{CheckKind, CheckOutcome, TokenReport, TokenTest};
use nexus_domain::{Code, workload as shapes};
use serde_json::json;

both![a_report_says_which_check_passes_and_which_fails];

fn failed(report: &TokenReport) -> Vec<CheckKind> {
    let failed = report.checks.iter().filter(|check| check.outcome == CheckOutcome::Failed);
    failed.map(|check| check.check).collect()
}

async fn a_report_says_which_check_passes_and_which_fails(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, rule) = scene.usual().await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let claims = scene.claims(&provider);
    let test = |token: &str| TokenTest { token: Some(token.to_owned()), request: None };
    let ask = async |token: &str| {
        let report =
            workload::test_rule(&scene.nexus, &manager, &scene.path, rule.id, test(token), scene.ip()).await;
        report.fine()
    };
    let report = ask(&good(&RSA, &claims)).await;
    assert!(report.passed && failed(&report).is_empty(), "{report:?}");
    assert_eq!(report.suggested_claims, pins(&[("sub", "build-7")]));
    assert!(report.checks.iter().any(|check| check.claim.as_deref() == Some("sub")));
    for (more, expected) in [
        (json!({ "aud": "https://other.test" }), vec![CheckKind::Audience]),
        (json!({ "iss": "https://other.test" }), vec![CheckKind::Issuer]),
        (json!({ "sub": "build-8" }), vec![CheckKind::Claim]),
        (json!({ "exp": 1, "iat": 0 }), vec![CheckKind::Time]),
        (json!({ "aud": null, "sub": null }), vec![CheckKind::Audience, CheckKind::Claim]),
    ] {
        let report = ask(&good(&RSA, &with(&claims, more.clone()))).await;
        assert_eq!((report.passed, failed(&report)), (false, expected), "{more}");
    }
    let wrong = good(&RSA, &claims);
    let report = ask(&format!("{}AAAA", &wrong[..wrong.len() - 4])).await;
    assert_eq!(failed(&report), [CheckKind::Signature]);
    assert!(report.suggested_claims.is_empty());
    let report = ask("no token").await;
    assert_eq!(failed(&report)[0], CheckKind::Format);
    scene.issuer.script().status = Some(500);
    w.pass(2 * nexus_domain::timestamp::HOUR);
    let manager = w.signed_in_again(&manager).await;
    let token = good(&RSA, &scene.claims(&provider));
    let report = workload::test_rule(&scene.nexus, &manager, &scene.path, rule.id, test(&token), scene.ip())
        .await
        .fine();
    assert_eq!((report.passed, failed(&report)), (false, vec![CheckKind::Key]));
    // A manager tries rules out and not the providers of the tenant; who tries nothing is told so.
    let outcome =
        workload::test_provider(&scene.nexus, &manager, provider.id, test(&token), scene.ip()).await;
    outcome.refused_as(Code::Forbidden);
    let owner = scene.owner().await;
    let nothing = shapes::TokenTest::default();
    let outcome = workload::test_provider(&scene.nexus, &owner, provider.id, nothing, scene.ip()).await;
    outcome.refused_as(Code::InvalidRequest);
    assert_eq!(scene.sessions().await, 0);
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    let outcome =
        workload::test_rule(&scene.nexus, &viewer, &scene.path, rule.id, test(&token), scene.ip()).await;
    outcome.refused_as(Code::Forbidden);
}
