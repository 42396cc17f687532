//! The exchange behind every platform: sessions that are refused, replaced and renewed.

use super::{EXCHANGE, SYNC, audience, both, connect, identity};
use crate::script::{Answer, Asked, Script, good, says, snapshot, token_for};
use crate::{Error, Options};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn a_session_that_is_refused_is_replaced_once_and_a_refused_proof_is_not_repeated() {
    let (exchanged, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
    let (count, end) = (Arc::clone(&exchanged), Arc::clone(&ended));
    let script = Script::new(move |asked| match asked.what.as_str() {
        EXCHANGE => {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            Some(good(&json!({ "access_token": format!("ws_{number}"), "expires_in": 900 })))
        }
        SYNC => {
            let session = asked.header("authorization").trim_start_matches("Bearer ws_").parse::<usize>();
            let holds = session.is_ok_and(|session| session > end.load(Ordering::SeqCst));
            Some(if holds {
                good(&snapshot())
            } else {
                says(401, r#"{"code":"unauthorized","message":"m"}"#)
            })
        }
        _ => None,
    })
    .await;
    let token = token_for(&json!(audience(&script)));
    connect(&script, identity(&[("NEXUS_ID_TOKEN", &token)])).await.expect("the second one is good");
    assert_eq!((exchanged.load(Ordering::SeqCst), script.count(SYNC)), (2, 2));
    ended.store(usize::MAX, Ordering::SeqCst);
    let error = connect(&script, identity(&[("NEXUS_ID_TOKEN", &token)])).await.err();
    assert!(matches!(error, Some(Error::Unauthorized(_))), "{error:?}");
    assert_eq!((exchanged.load(Ordering::SeqCst), script.count(SYNC)), (4, 4));

    let refusing = Script::new(|_| Some(says(401, r#"{"code":"unauthorized","message":"m"}"#))).await;
    let token = token_for(&json!(audience(&refusing)));
    let error = connect(&refusing, identity(&[("NEXUS_ID_TOKEN", &token)])).await.err().expect("refused");
    assert!(matches!(&error, Error::IdentityRefused { .. }), "{error}");
    assert_eq!(refusing.asked().len(), 1);
    for (status, body) in [
        (403, r#"{"code":"wif_not_available","message":"This needs the Security add-on"}"#),
        (404, r#"{"code":"not_found","message":"m"}"#),
        (400, r#"{"code":"invalid_request","message":"m"}"#),
    ] {
        let refusing = Script::new(move |_| Some(says(status, body))).await;
        let token = token_for(&json!(audience(&refusing)));
        let error = connect(&refusing, identity(&[("NEXUS_ID_TOKEN", &token)])).await.err().expect("refused");
        assert!(matches!(&error, Error::IdentityRefused { .. }), "{status}: {error}");
    }
}

#[tokio::test]
async fn a_broken_exchange_passes_and_gives_no_session() {
    for body in [
        "",
        "{}",
        "null",
        r#"{"access_token":"ws_1","expires_in":0}"#,
        r#"{"access_token":7,"expires_in":9}"#,
    ] {
        let script = Script::new(move |_| Some(says(200, body))).await;
        let token = token_for(&json!(audience(&script)));
        let error = connect(&script, identity(&[("NEXUS_ID_TOKEN", &token)])).await.err().expect(body);
        assert!(matches!(error, Error::Unreachable(_)), "{body}: {error}");
    }
    for status in [500, 502, 503, 429, 402] {
        let script = Script::new(move |_| Some(says(status, "<html>"))).await;
        let token = token_for(&json!(audience(&script)));
        let error = connect(&script, identity(&[("NEXUS_ID_TOKEN", &token)])).await.err().expect("refused");
        assert!(error.passes(), "{status}: {error}");
    }
}

#[tokio::test]
async fn workload_identity_needs_an_endpoint_and_copies_need_something_to_seal_them_with() {
    let token = token_for(&json!("a"));
    for endpoint in [
        "https://nexus.example",
        "https://nexus.example/s/",
        "https://nexus.example/s/a/b",
        "https://nexus.example/a",
    ] {
        let options = Options::workload_identity(endpoint, identity(&[("NEXUS_ID_TOKEN", &token)]));
        assert!(matches!(options.connect().await.err(), Some(Error::Invalid(_))), "{endpoint}");
    }
    // Not in the clear, to no other machine.
    for endpoint in ["http://nexus.example/s/api-k3mzq5ta", "http://10.0.0.1/s/api-k3mzq5ta"] {
        let options = Options::workload_identity(endpoint, identity(&[("NEXUS_ID_TOKEN", &token)]));
        let error = options.connect().await.err().expect(endpoint);
        assert!(matches!(&error, Error::Invalid(words) if words.contains("https")), "{error}");
    }
    let script = both(|_| None).await;
    let token = token_for(&json!(audience(&script)));
    let folder = tempfile::tempdir().expect("a folder");
    let options = || {
        let endpoint = format!("{}/s/api-k3mzq5ta", script.address);
        let options = Options::workload_identity(endpoint, identity(&[("NEXUS_ID_TOKEN", &token)]));
        options.keep_copies_in(folder.path()).follow(false)
    };
    assert!(matches!(options().connect().await.err(), Some(Error::Invalid(_))));
    assert!(matches!(options().seal_copies_with("short").connect().await.err(), Some(Error::Invalid(_))));
    let seal = "0123456789abcdef0123456789abcdef";
    options().seal_copies_with(seal).connect().await.expect("sealed");
    let copy = options().seal_copies_with(seal).offline(true).connect().await.expect("a copy");
    assert_eq!(copy.get_secret("token").expect("it is there").expose_secret(), "hunter2");
}

#[tokio::test]
async fn a_stream_is_opened_anew_with_the_next_session_before_the_one_before_ends() {
    let exchanged = AtomicUsize::new(0);
    let script = Script::new(move |asked| {
        if asked.what == EXCHANGE {
            let number = exchanged.fetch_add(1, Ordering::SeqCst) + 1;
            // Only the first one is short.
            let lives = if number == 1 { 1 } else { 900 };
            return Some(good(&json!({ "access_token": format!("ws_{number}"), "expires_in": lives })));
        }
        Some(if asked.what == SYNC { good(&snapshot()) } else { Answer::open("id: 7\ndata: {}\n\n") })
    })
    .await;
    let token = token_for(&json!(audience(&script)));
    let endpoint = format!("{}/s/api-k3mzq5ta", script.address);
    let options = Options::workload_identity(endpoint, identity(&[("NEXUS_ID_TOKEN", &token)]));
    let client = options.connect().await.expect("let in");
    let stream = "GET /s/api-k3mzq5ta/v1/stream";
    while script.count(stream) < 2 {
        tokio::task::yield_now().await;
    }
    let streams: Vec<Asked> = script.asked().into_iter().filter(|it| it.what == stream).collect();
    assert_eq!(streams[0].header("authorization"), "Bearer ws_1");
    assert_eq!(
        (streams[1].header("authorization"), streams[1].header("last-event-id")),
        ("Bearer ws_2", "7")
    );
    assert!(client.trouble().is_none());
}
