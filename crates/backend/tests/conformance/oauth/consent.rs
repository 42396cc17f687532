//! The question: what is shown, to whom, what is refused and where nobody is sent.

use super::{CALLBACK, CHALLENGE, app, asking, by_code, code, opened, query, sent};
use crate::oauth::Given;
use crate::world::{Outcome, World};
use nexus_backend::oauth::apps;
use nexus_backend::oauth::authorize::{Look, decide, look};
use nexus_domain::Code;
use nexus_domain::oauth::problem::ProblemCode;
use nexus_domain::oauth::{AppType, MadeOauthApp, OauthAppPatch};
use nexus_domain::role::{Scope, TenantRole};
use nexus_domain::timestamp::MINUTE;

both![
    what_is_asked_is_shown_in_words,
    an_unknown_app_or_address_sends_nobody_anywhere,
    every_other_fault_goes_back_to_the_app,
    what_stands_there_twice_is_never_allowed,
    only_members_of_the_apps_tenant_are_asked,
    allowing_takes_a_fresh_sign_in_and_saying_no_does_not,
    an_app_that_is_disabled_meanwhile_gets_nothing,
    the_answer_keeps_what_the_address_has,
];

async fn shown(w: &World, raw: &str) -> Look {
    look(&w.nexus, Some(opened(w, &w.owner)), raw, None).await.fine()
}

async fn what_is_asked_is_shown_in_words(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let raw = asking(&made, &[]);
    assert_eq!(look(&w.nexus, None, &raw, None).await.fine(), Look::SignIn { tenant: "acme".into() });
    let Look::Consent(asked) = shown(w, &raw).await else { panic!("a question") };
    assert_eq!((asked.app.name.as_str(), asked.app.owner.as_deref()), ("Deployer", Some("ana@acme.test")));
    assert_eq!((asked.person.as_str(), asked.tenant.as_str()), ("ana@acme.test", "acme"));
    assert_eq!(
        (asked.redirect_to.as_str(), asked.form_action.as_str()),
        ("https://deployer.test", "https://deployer.test")
    );
    let scopes: Vec<Scope> = asked.scopes.iter().map(|it| it.scope).collect();
    assert_eq!(scopes, [Scope::ReadServices, Scope::ReadConfigs]);
    assert!(asked.scopes.iter().all(|it| !it.words.is_empty() && !it.is_grave));
}

async fn an_unknown_app_or_address_sends_nobody_anywhere(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let upper = made.about.client_id.to_uppercase();
    let simple = made.about.id.0.simple().to_string();
    let long = "x".repeat(20_000);
    let others: [&[(&str, &str)]; 14] = [
        &[("client_id", "")],
        &[("client_id", "nobody")],
        &[("client_id", "nexus-cli")],
        &[("client_id", "019aa4c2-7b1e-7c3d-9f10-2a6b8c0d4e5f")],
        &[("client_id", &upper)],
        &[("client_id", &simple)],
        &[("redirect_uri", "")],
        &[("redirect_uri", "https://evil.test/")],
        &[("redirect_uri", "https://deployer.test/callback/")],
        &[("redirect_uri", "https://deployer.test/callback?x")],
        &[("redirect_uri", "https://deployer.test@evil.test/callback")],
        &[("redirect_uri", "HTTPS://deployer.test/callback")],
        &[("redirect_uri", "https://deployer.test:443/callback")],
        &[("state", &long)],
    ];
    for other in others {
        let raw = asking(&made, other);
        assert!(matches!(shown(w, &raw).await, Look::Refused(_)), "{other:?}");
        decide(&w.nexus, opened(w, &w.owner), &raw, true, None).await.refused_as(Code::InvalidRequest);
    }
    for twice in ["client_id", "redirect_uri"] {
        let value = if twice == "client_id" { made.about.client_id.as_str() } else { CALLBACK };
        let raw = format!("{}&{}", asking(&made, &[]), query(&[(twice, value)]));
        assert!(matches!(shown(w, &raw).await, Look::Refused(_)), "{twice}");
    }
}

/// Where somebody is sent with an error.
async fn error(w: &World, raw: &str) -> (String, Option<String>) {
    let Look::Redirect(to) = shown(w, raw).await else { panic!("sent back: {raw}") };
    assert!(to.starts_with(CALLBACK) && sent(&to, "code").is_none(), "{to}");
    assert_eq!(sent(&to, "iss").as_deref(), Some("https://nexus.test"));
    assert_eq!(decide(&w.nexus, opened(w, &w.owner), raw, true, None).await.fine(), to);
    (sent(&to, "error").expect("an error"), sent(&to, "state"))
}

async fn every_other_fault_goes_back_to_the_app(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let padded = format!("{CHALLENGE}=");
    let long = "x".repeat(2_000);
    let faults: [(&[(&str, &str)], ProblemCode); 21] = [
        (&[("response_type", "")], ProblemCode::InvalidRequest),
        (&[("response_type", "token")], ProblemCode::UnsupportedResponseType),
        (&[("response_type", "code token")], ProblemCode::UnsupportedResponseType),
        (&[("response_mode", "fragment")], ProblemCode::InvalidRequest),
        (&[("response_mode", "form_post")], ProblemCode::InvalidRequest),
        (&[("code_challenge", "")], ProblemCode::InvalidRequest),
        (&[("code_challenge_method", "")], ProblemCode::InvalidRequest),
        (&[("code_challenge_method", "plain")], ProblemCode::InvalidRequest),
        (&[("code_challenge_method", "s256")], ProblemCode::InvalidRequest),
        (&[("code_challenge", "short")], ProblemCode::InvalidRequest),
        (&[("code_challenge", &padded)], ProblemCode::InvalidRequest),
        (&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")], ProblemCode::InvalidRequest),
        (&[("scope", "")], ProblemCode::InvalidScope),
        (&[("scope", "admin:all")], ProblemCode::InvalidScope),
        (&[("scope", "read:configs admin:all")], ProblemCode::InvalidScope),
        (&[("scope", "read:audit")], ProblemCode::InvalidScope),
        (&[("scope", "openid")], ProblemCode::InvalidScope),
        (&[("request", "e30.e30.")], ProblemCode::RequestNotSupported),
        (&[("request_uri", "https://evil.test/")], ProblemCode::RequestUriNotSupported),
        (&[("scope", "read:configs,read:services")], ProblemCode::InvalidScope),
        (&[("response_type", "none")], ProblemCode::UnsupportedResponseType),
    ];
    for (other, expected) in faults {
        let (error, state) = error(w, &asking(&made, other)).await;
        assert_eq!(error, expected.as_str(), "{other:?}");
        assert_eq!(state.as_deref(), Some("s t&a=t%e"), "{other:?}");
    }
    let (told, state) = error(w, &asking(&made, &[("state", &long)])).await;
    assert_eq!((told.as_str(), state), ("invalid_request", None));
    assert_eq!(w.number("SELECT COUNT(*) FROM oauth_codes").await, 0);
}

async fn what_stands_there_twice_is_never_allowed(w: &World) {
    let made = app(w, AppType::Confidential).await;
    for (twice, value) in [
        ("response_type", "code"),
        ("scope", "read:configs"),
        ("state", "x"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("unknown", "x"),
    ] {
        let raw = format!("{}&{}&{}", asking(&made, &[("unknown", "y")]), query(&[(twice, value)]), "z=1");
        let (told, state) = error(w, &raw).await;
        assert_eq!(told, "invalid_request", "{twice}");
        assert_eq!(state.is_none(), twice == "state");
    }
}

async fn only_members_of_the_apps_tenant_are_asked(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let rival = w.rival().await.owner;
    let raw = asking(&made, &[]);
    let Look::Refused(refusal) = look(&w.nexus, Some(opened(w, &rival)), &raw, None).await.fine() else {
        panic!("refused")
    };
    assert_eq!(refusal.code, Code::Forbidden);
    decide(&w.nexus, opened(w, &rival), &raw, true, None).await.refused_as(Code::Forbidden);
    let finance = w.person("fay@acme.test", TenantRole::Finance).await;
    assert!(matches!(look(&w.nexus, Some(opened(w, &finance)), &raw, None).await.fine(), Look::Consent(_)));
}

async fn allowing_takes_a_fresh_sign_in_and_saying_no_does_not(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let raw = asking(&made, &[]);
    let before = opened(w, &w.owner);
    w.pass(6 * MINUTE);
    decide(&w.nexus, before, &raw, true, None).await.refused_as(Code::StepUpRequired);
    let back = decide(&w.nexus, before, &raw, false, None).await.fine();
    assert_eq!(sent(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(sent(&back, "state").as_deref(), Some("s t&a=t%e"));
    assert_eq!(w.number("SELECT COUNT(*) FROM oauth_codes").await, 0);
    let back = decide(&w.nexus, opened(w, &w.owner), &raw, true, None).await.fine();
    assert_eq!(sent(&back, "iss").as_deref(), Some("https://nexus.test"));
    assert!(sent(&back, "code").is_some_and(|code| code.len() == 43));
    assert_eq!(w.events().await.last().map(String::as_str), Some("oauth_grant.given"));
}

async fn disable(w: &World, app: &MadeOauthApp, enabled: bool) {
    let patch = OauthAppPatch { enabled: Some(enabled), ..OauthAppPatch::default() };
    apps::update(&w.nexus, &w.owner, app.about.id, patch).await.fine();
}

async fn an_app_that_is_disabled_meanwhile_gets_nothing(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let raw = asking(&made, &[]);
    assert!(matches!(shown(w, &raw).await, Look::Consent(_)));
    let early = code(w, &made, &w.owner, &[]).await;
    disable(w, &made, false).await;
    assert!(matches!(shown(w, &raw).await, Look::Refused(_)));
    decide(&w.nexus, opened(w, &w.owner), &raw, true, None).await.refused_as(Code::InvalidRequest);
    assert_eq!(by_code(&w.nexus, &made, &early).await.problem(), ProblemCode::InvalidClient);
    disable(w, &made, true).await;
    assert_eq!(by_code(&w.nexus, &made, &early).await.problem(), ProblemCode::InvalidGrant);
}

async fn the_answer_keeps_what_the_address_has(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let with_query = "https://deployer.test/callback?app=1";
    let uris = Some(vec![CALLBACK.into(), with_query.into()]);
    let patch = OauthAppPatch { redirect_uris: uris, ..OauthAppPatch::default() };
    apps::update(&w.nexus, &w.owner, made.about.id, patch).await.fine();
    let raw = asking(&made, &[("redirect_uri", with_query)]);
    let back = decide(&w.nexus, opened(w, &w.owner), &raw, true, None).await.fine();
    assert!(back.starts_with("https://deployer.test/callback?app=1&code="), "{back}");
}
