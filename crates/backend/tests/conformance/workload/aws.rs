//! Signed requests: sent on to STS as they were signed, and used once.

use super::{Scene, by_request, pins, refused};
use crate::world::{Outcome, World};
use futures::future::join_all;
use nexus_backend::workload;
use nexus_domain::Code;
use nexus_domain::timestamp::MINUTE;
use nexus_domain::workload::{IdentityProviderKind, NewIdentityProvider, SignedRequest};

both![
    a_role_gets_in_once_for_each_request,
    what_aws_does_not_confirm_lets_nobody_in,
    only_so_many_wait_for_aws,
];

const HOST: &str = "sts.eu-central-1.amazonaws.com";

fn answer(arn: &str, account: &str, id: &str) -> (u16, String) {
    let text = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>{arn}</Arn><UserId>{id}</UserId><Account>{account}</Account></GetCallerIdentityResult>\
         </GetCallerIdentityResponse>"
    );
    (200, text)
}

fn usual_answer() -> (u16, String) {
    answer("arn:aws:sts::123456789012:assumed-role/deploy/i-0abc", "123456789012", "AROAEXAMPLEID:i-0abc")
}

/// A request as an SDK signs it; `number` makes another signature.
fn request(scene: &Scene<'_>, number: u8) -> SignedRequest {
    let at: String = scene.w.now().rfc3339().chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLEKEY123456/{}/eu-central-1/sts/aws4_request, \
         SignedHeaders=host;x-amz-date;x-nexus-server-id, Signature={number:064x}",
        &at[..8]
    );
    let headers = [
        ("host", HOST),
        ("x-amz-date", &format!("{at}Z")),
        ("x-nexus-server-id", "nexus.test"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", &authorization),
    ];
    SignedRequest {
        url: format!("https://{HOST}/"),
        method: None,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: "Action=GetCallerIdentity&Version=2011-06-15".into(),
    }
}

async fn scene(w: &World) -> Scene<'_> {
    let scene = Scene::new(w, &[HOST, "sts.amazonaws.com"]).await;
    let provider = scene.provider(NewIdentityProvider::usual("AWS", IdentityProviderKind::AwsIam)).await;
    let claims = [("account", "123456789012"), ("arn", "arn:aws:iam::123456789012:role/team/deploy")];
    scene.rule(&provider, pins(&claims)).await;
    scene.issuer.script().sts = Some(usual_answer());
    scene
}

async fn a_role_gets_in_once_for_each_request(w: &World) {
    let scene = scene(w).await;
    let first = request(&scene, 1);
    scene.exchange_with(by_request("aws_iam", first.clone())).await.fine();
    let sent = scene.issuer.script().signed.clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1.as_ref(), b"Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(sent[0].0["x-nexus-server-id"], "nexus.test");
    refused(scene.exchange_with(by_request("aws_iam", first)).await, "the same once more");
    let again = request(&scene, 2);
    let all = join_all((0..50).map(|_| scene.exchange_with(by_request("aws_iam", again.clone())))).await;
    let let_in = all.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(let_in, 1, "of fifty at once");
    assert_eq!(scene.sessions().await, 2);
    w.pass(MINUTE);
    scene.exchange_with(by_request("aws_iam", request(&scene, 3))).await.fine();
}

async fn what_aws_does_not_confirm_lets_nobody_in(w: &World) {
    let scene = scene(w).await;
    let role = "arn:aws:sts::123456789012:assumed-role/deploy/i-0abc";
    let mut number = 0;
    for (what, says) in [
        ("a wrong signature", (403, "<ErrorResponse/>".to_owned())),
        ("a redirect", (302, String::new())),
        ("nothing", (200, String::new())),
        (
            "another role",
            answer("arn:aws:sts::123456789012:assumed-role/other/i", "123456789012", "AROAOTHER:i"),
        ),
        (
            "another account",
            answer("arn:aws:sts::210987654321:assumed-role/deploy/i", "210987654321", "AROAX:i"),
        ),
        ("two accounts", answer(role, "210987654321", "AROAEXAMPLEID:i-0abc")),
        ("a user", answer("arn:aws:iam::123456789012:user/deploy", "123456789012", "AIDAEXAMPLEID")),
        ("the root", answer("arn:aws:iam::123456789012:root", "123456789012", "123456789012")),
    ] {
        number += 1;
        scene.issuer.script().sts = Some(says);
        refused(scene.exchange_with(by_request("aws_iam", request(&scene, number))).await, what);
    }
    w.pass(MINUTE);
    let ip = scene.ip();
    for status in [429, 500, 503, 429, 500, 503, 429, 500, 503, 429, 500, 503] {
        scene.issuer.script().sts = Some((status, String::new()));
        let asked = by_request("aws_iam", request(&scene, 20));
        let outcome = workload::exchange(&scene.nexus, &scene.endpoint, asked, ip).await;
        // Nor is it counted: the limit is ten failures.
        assert_eq!(outcome.expect_err("nobody knows").refusal().code, Code::Unavailable, "{status}");
    }
    scene.issuer.script().sts = Some(usual_answer());
    let asked = scene.issuer.script().signed.len();
    let mut other = request(&scene, 21);
    other.headers.insert("x-nexus-server-id".into(), "other.test".into());
    refused(scene.exchange_with(by_request("aws_iam", other)).await, "for another server");
    let mut elsewhere = request(&scene, 22);
    elsewhere.url = "https://sts.amazonaws.com/".into();
    elsewhere.headers.insert("host".into(), "sts.amazonaws.com".into());
    refused(scene.exchange_with(by_request("aws_iam", elsewhere)).await, "for another region");
    let mut action = request(&scene, 23);
    action.body = "Action=AssumeRole&Version=2011-06-15".into();
    refused(scene.exchange_with(by_request("aws_iam", action)).await, "another action");
    let late = request(&scene, 24);
    w.pass(16 * MINUTE);
    refused(scene.exchange_with(by_request("aws_iam", late)).await, "too late");
    assert_eq!(scene.issuer.script().signed.len(), asked, "none of them was sent on");
    assert_eq!(scene.sessions().await, 0);
}

async fn only_so_many_wait_for_aws(w: &World) {
    let scene = scene(w).await;
    scene.issuer.hang(true);
    let waiting: Vec<_> = (0..40)
        .map(|number| {
            let (nexus, endpoint, ip) = (scene.nexus.clone(), scene.endpoint.clone(), scene.ip());
            let asked = by_request("aws_iam", request(&scene, number));
            tokio::spawn(async move { workload::exchange(&nexus, &endpoint, asked, ip).await })
        })
        .collect();
    scene.issuer.asked("/", 32).await;
    // Those for whom there was no room are told so while the others wait.
    while waiting.iter().filter(|task| task.is_finished()).count() < 8 {
        tokio::task::yield_now().await;
    }
    scene.issuer.hang(false);
    let (mut let_in, mut sent_away) = (0, 0);
    for task in waiting {
        match task.await.expect("no panic") {
            Ok(_) => let_in += 1,
            Err(error) => {
                assert_eq!(error.refusal().code, Code::Unavailable);
                sent_away += 1;
            }
        }
    }
    assert_eq!((let_in, sent_away), (32, 8));
}
