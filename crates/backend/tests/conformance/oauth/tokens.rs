//! Codes, tokens and refresh tokens: each once, to the app that they were made for, and never more.

use super::{
    CALLBACK, Given, VERIFIER, app, ask, asking, basic, by_code, code, ip, opened, query, refreshed,
    tokens_of, works,
};
use crate::world::{Outcome, World};
use futures::future::join_all;
use nexus_backend::credentials::authenticate;
use nexus_backend::oauth::{Asker, Basic, Failure, Form, apps, authorize, introspect, tokens};
use nexus_domain::Code;
use nexus_domain::oauth::problem::ProblemCode;
use nexus_domain::oauth::{AppType, MadeOauthApp, NewOauthApp, OauthAppPatch, TokenAnswer};
use nexus_domain::role::Scope;
use nexus_domain::timestamp::{DAY_MICROS, HOUR, MINUTE, SECOND};

both![
    a_code_gives_tokens_once_and_a_second_use_ends_them,
    a_code_is_for_one_app_one_address_one_verifier_and_one_minute,
    of_fifty_uses_of_a_code_one_gives_tokens,
    a_refresh_token_gives_the_next_and_the_old_one_ends_everything,
    a_replay_is_known_after_a_restart,
    of_fifty_uses_of_a_refresh_token_one_gives_tokens,
    scopes_are_narrowed_and_never_widened,
    an_app_proves_who_it_is,
    tokens_end_by_themselves,
    what_an_app_takes_back_is_gone,
    a_token_tells_its_app_and_its_tenant_and_nobody_else,
    guesses_are_counted,
    what_is_missing_or_unknown_is_named,
    tokens_are_stored_as_macs,
];

async fn a_code_gives_tokens_once_and_a_second_use_ends_them(w: &World) {
    for kind in [AppType::Confidential, AppType::Public] {
        let made = match kind {
            AppType::Confidential => app(w, kind).await,
            AppType::Public => another(w, kind).await,
        };
        let code = code(w, &made, &w.owner, &[]).await;
        let answer = by_code(&w.nexus, &made, &code).await.given();
        assert!(answer.access_token.starts_with("oat_") && answer.refresh_token.starts_with("ort_"));
        assert_eq!((answer.token_type.as_str(), answer.expires_in), ("Bearer", 3600));
        assert_eq!(answer.scope, "read:services read:configs");
        assert!(works(&w.nexus, &answer.access_token).await && !works(&w.nexus, &answer.refresh_token).await);
        assert_eq!(by_code(&w.nexus, &made, &code).await.problem(), ProblemCode::InvalidGrant);
        assert!(!works(&w.nexus, &answer.access_token).await);
        assert_eq!(
            refreshed(&w.nexus, &made, &answer.refresh_token).await.problem(),
            ProblemCode::InvalidGrant
        );
        assert_eq!(
            w.events().await[w.events().await.len() - 2..],
            ["oauth_grant.begun", "oauth_grant.ended"]
        );
    }
}

/// A second app of the tenant.
async fn another(w: &World, kind: AppType) -> MadeOauthApp {
    let new = NewOauthApp { name: "Another".into(), ..super::new_app(kind, super::SCOPES) };
    apps::create(&w.nexus, &w.signed_in_again(&w.owner).await, new).await.fine()
}

async fn a_code_is_for_one_app_one_address_one_verifier_and_one_minute(w: &World) {
    let (made, other) = (app(w, AppType::Confidential).await, another(w, AppType::Public).await);
    let code_of = async || code(w, &made, &w.owner, &[]).await;
    let first = code_of().await;
    assert_eq!(by_code(&w.nexus, &other, &first).await.problem(), ProblemCode::InvalidGrant);
    let usual = |code: &str| {
        vec![
            ("grant_type".to_owned(), "authorization_code".to_owned()),
            ("code".into(), code.into()),
            ("redirect_uri".into(), CALLBACK.into()),
            ("code_verifier".into(), VERIFIER.into()),
        ]
    };
    let long = "a".repeat(129);
    for (name, value) in [
        ("redirect_uri", "https://deployer.test/callback/"),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"),
        ("code_verifier", super::CHALLENGE),
        ("code_verifier", "short"),
        ("code_verifier", &long),
        ("code", "x"),
    ] {
        let pairs: Vec<(String, String)> = usual(&first)
            .into_iter()
            .map(|(it, old)| if it == name { (it, value.to_owned()) } else { (it, old) })
            .collect();
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(ask(&w.nexus, &made, &pairs).await.problem(), ProblemCode::InvalidGrant, "{name}");
    }
    w.pass(60 * SECOND - 1);
    by_code(&w.nexus, &made, &first).await.given();
    let second = code_of().await;
    w.pass(60 * SECOND);
    assert_eq!(by_code(&w.nexus, &made, &second).await.problem(), ProblemCode::InvalidGrant);
}

/// How many were given something; the others were refused, or counted as guesses.
fn given(answers: Vec<nexus_backend::oauth::Answer<TokenAnswer>>) -> usize {
    let refused = |failure: &Failure| match failure {
        Failure::Problem(problem) => problem.code == ProblemCode::InvalidGrant,
        Failure::Error(error) => error.refusal().code == Code::RateLimited,
    };
    assert!(answers.iter().filter_map(|it| it.as_ref().err()).all(refused));
    answers.iter().filter(|it| it.is_ok()).count()
}

async fn of_fifty_uses_of_a_code_one_gives_tokens(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let code = code(w, &made, &w.owner, &[]).await;
    assert_eq!(given(join_all((0..50).map(|_| by_code(&w.nexus, &made, &code))).await), 1);
}

async fn a_refresh_token_gives_the_next_and_the_old_one_ends_everything(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let first = tokens_of(w, &made, &w.owner).await;
    let second = refreshed(&w.nexus, &made, &first.refresh_token).await.given();
    assert!(second.refresh_token != first.refresh_token && second.access_token != first.access_token);
    assert!(works(&w.nexus, &first.access_token).await && works(&w.nexus, &second.access_token).await);
    let third = refreshed(&w.nexus, &made, &second.refresh_token).await.given();
    let before = w.events().await.len();
    assert_eq!(refreshed(&w.nexus, &made, &first.refresh_token).await.problem(), ProblemCode::InvalidGrant);
    assert_eq!(w.events_after(before).await, ["oauth_grant.ended"]);
    for token in [&first, &second, &third] {
        assert!(!works(&w.nexus, &token.access_token).await);
        assert_eq!(
            refreshed(&w.nexus, &made, &token.refresh_token).await.problem(),
            ProblemCode::InvalidGrant
        );
    }
    assert_eq!(w.events_after(before).await.len(), 1, "what has ended ends once");
}

async fn a_replay_is_known_after_a_restart(w: &World) {
    let made = app(w, AppType::Public).await;
    let first = tokens_of(w, &made, &w.owner).await;
    let second = refreshed(&w.nexus, &made, &first.refresh_token).await.given();
    let again = w.another_process().await;
    assert!(works(&again, &second.access_token).await);
    assert_eq!(refreshed(&again, &made, &first.refresh_token).await.problem(), ProblemCode::InvalidGrant);
    assert!(!works(&again, &second.access_token).await);
    w.nexus.follow().await.fine();
    assert!(!works(&w.nexus, &second.access_token).await);
    again.db.close().await;
}

async fn of_fifty_uses_of_a_refresh_token_one_gives_tokens(w: &World) {
    let made = app(w, AppType::Public).await;
    let first = tokens_of(w, &made, &w.owner).await;
    assert_eq!(given(join_all((0..50).map(|_| refreshed(&w.nexus, &made, &first.refresh_token))).await), 1);
}

async fn scopes_are_narrowed_and_never_widened(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let code = code(w, &made, &w.owner, &[("scope", "read:configs read:services")]).await;
    let mut token = by_code(&w.nexus, &made, &code).await.given().refresh_token;
    let with = async |token: &str, scope: &str| {
        ask(&w.nexus, &made, &[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)])
            .await
    };
    for scope in
        ["write:configs", "read:configs write:configs", "admin:all", "read:secrets", "x", "read:configs "]
    {
        assert_eq!(with(&token, scope).await.problem(), ProblemCode::InvalidScope, "{scope}");
    }
    let narrow = with(&token, "read:configs").await.given();
    assert_eq!(narrow.scope, "read:configs");
    token = narrow.refresh_token;
    let wide = refreshed(&w.nexus, &made, &token).await.given();
    assert_eq!(wide.scope, "read:services read:configs", "the grant is what it was");
    let patch = OauthAppPatch { scopes: Some(vec![Scope::ReadConfigs]), ..OauthAppPatch::default() };
    apps::update(&w.nexus, &w.owner, made.about.id, patch).await.fine();
    assert_eq!(with(&wide.refresh_token, "read:services").await.problem(), ProblemCode::InvalidScope);
    assert_eq!(refreshed(&w.nexus, &made, &wide.refresh_token).await.given().scope, "read:configs");
}

/// A name and a value, as they are sent.
type Pair<'a> = (&'a str, &'a str);

async fn an_app_proves_who_it_is(w: &World) {
    let (made, public) = (app(w, AppType::Confidential).await, another(w, AppType::Public).await);
    let (id, secret) = (made.about.client_id.as_str(), made.client_secret.clone().expect("a secret"));
    let token = tokens_of(w, &made, &w.owner).await.refresh_token;
    let send = async |basic: Option<(&str, &str)>, more: &[(&str, &str)]| {
        let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        pairs.extend(more);
        let basic = basic.map(|(id, secret)| Basic { id: id.to_owned(), secret: secret.to_owned() });
        tokens::exchange(&w.nexus, &Form::read(&query(&pairs)), basic.as_ref(), ip()).await.problem()
    };
    let (most, last) = secret.split_at(secret.len() - 1);
    let wrong = format!("{most}{}", if last == "0" { "1" } else { "0" });
    let others: [(Option<Pair<'_>>, &[Pair<'_>]); 9] = [
        (None, &[]),
        (None, &[("client_id", id)]),
        (None, &[("client_id", id), ("client_secret", &wrong)]),
        (None, &[("client_id", "nobody"), ("client_secret", &secret)]),
        (None, &[("client_id", &public.about.client_id), ("client_secret", &secret)]),
        (Some((id, "")), &[]),
        (Some((id, &wrong)), &[]),
        (Some((id, id)), &[]),
        (Some(("nobody", &secret)), &[]),
    ];
    for (basic, more) in others {
        assert_eq!(send(basic, more).await, ProblemCode::InvalidClient, "{more:?}");
    }
    assert_eq!(send(Some((id, &secret)), &[("client_secret", &secret)]).await, ProblemCode::InvalidRequest);
    assert_eq!(send(Some((id, &secret)), &[("client_id", "other")]).await, ProblemCode::InvalidRequest);
    // Somebody else's token, and then its own, with the secret in the form.
    assert_eq!(send(None, &[("client_id", &public.about.client_id)]).await, ProblemCode::InvalidGrant);
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("client_id", id),
        ("client_secret", &secret),
    ];
    tokens::exchange(&w.nexus, &Form::read(&query(&pairs)), None, ip()).await.given();
}

async fn tokens_end_by_themselves(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let first = tokens_of(w, &made, &w.owner).await;
    w.pass(HOUR - 1);
    assert!(works(&w.nexus, &first.access_token).await);
    w.pass(1);
    assert!(!works(&w.nexus, &first.access_token).await);
    w.pass(30 * DAY_MICROS - HOUR - 1);
    let second = refreshed(&w.nexus, &made, &first.refresh_token).await.given();
    nexus_backend::oauth::sweep(&w.nexus).await.fine();
    w.pass(30 * DAY_MICROS);
    assert_eq!(refreshed(&w.nexus, &made, &second.refresh_token).await.problem(), ProblemCode::InvalidGrant);
    nexus_backend::oauth::sweep(&w.nexus).await.fine();
    for table in ["oauth_grants", "oauth_tokens", "oauth_codes", "oauth_devices"] {
        assert_eq!(w.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

async fn what_an_app_takes_back_is_gone(w: &World) {
    let (made, other) = (app(w, AppType::Confidential).await, another(w, AppType::Public).await);
    let revoke = async |app: &MadeOauthApp, token: &str| {
        let form = Form::read(&query(&[("token", token), ("client_id", &app.about.client_id)]));
        tokens::revoke(&w.nexus, &form, basic(app).as_ref(), ip()).await.given();
    };
    let one = tokens_of(w, &made, &w.owner).await;
    for token in [one.access_token.as_str(), "nonsense", &one.refresh_token] {
        revoke(&other, token).await;
    }
    assert!(works(&w.nexus, &one.access_token).await, "another app takes nothing back");
    revoke(&made, &one.access_token).await;
    assert!(!works(&w.nexus, &one.access_token).await);
    let two = refreshed(&w.nexus, &made, &one.refresh_token).await.given();
    revoke(&made, &two.refresh_token).await;
    assert!(!works(&w.nexus, &two.access_token).await);
    assert_eq!(refreshed(&w.nexus, &made, &two.refresh_token).await.problem(), ProblemCode::InvalidGrant);
    revoke(&made, &two.refresh_token).await;
}

async fn a_token_tells_its_app_and_its_tenant_and_nobody_else(w: &World) {
    let (made, other) = (app(w, AppType::Confidential).await, another(w, AppType::Confidential).await);
    let token = tokens_of(w, &made, &w.owner).await;
    let of_app = async |app: &MadeOauthApp, text: &str| {
        let basic = basic(app);
        let asker = Asker::App { basic: basic.as_ref(), ip: ip() };
        introspect(&w.nexus, asker, &Form::read(&query(&[("token", text)]))).await.given().0
    };
    let told = of_app(&made, &token.access_token).await;
    assert!(told.active && told.username.as_deref() == Some("ana@acme.test"));
    assert_eq!(told.client_id.as_deref(), Some(made.about.client_id.as_str()));
    assert_eq!(
        (told.token_type.as_deref(), told.exp.zip(told.iat).map(|(exp, iat)| exp - iat)),
        (Some("Bearer"), Some(3600))
    );
    assert!(of_app(&made, &token.refresh_token).await.active);
    assert!(!of_app(&other, &token.access_token).await.active);
    assert!(!of_app(&made, "nonsense").await.active);
    w.shop().await;
    let (text, _) = w.environment_key("live", &[Scope::ReadPayments]).await;
    let of_key = async |text: &str| {
        let caller = authenticate(&w.nexus, text, None).await.fine();
        introspect(&w.nexus, Asker::Key(&caller), &Form::read(&query(&[("token", &token.access_token)])))
            .await
            .given()
            .0
    };
    assert!(of_key(&text).await.active);
    let rival = w.rival().await.operator;
    let scopes = nexus_domain::role::Scopes::admin();
    let key =
        nexus_backend::credentials::make_environment_key(&w.nexus, &rival, "live", "ci", scopes).await.fine();
    assert!(!of_key(&key.text).await.active);
    let spent = refreshed(&w.nexus, &made, &token.refresh_token).await.given();
    assert!(!of_app(&made, &token.refresh_token).await.active, "a used one is none");
    assert!(of_app(&made, &spent.refresh_token).await.active);
}

async fn guesses_are_counted(w: &World) {
    let made = app(w, AppType::Confidential).await;
    let from = ip();
    let guess = async |from| {
        let pairs =
            [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", &made.about.client_id)];
        let form = Form::read(&query(&pairs));
        tokens::exchange(&w.nexus, &form, basic(&made).as_ref(), from).await
    };
    for _ in 0..10 {
        assert_eq!(guess(from).await.problem(), ProblemCode::InvalidGrant);
    }
    let Err(Failure::Error(error)) = guess(from).await else { panic!("limited") };
    assert_eq!(error.refusal().code, Code::RateLimited);
    assert_eq!(guess(ip()).await.problem(), ProblemCode::InvalidGrant, "others go on");
    w.pass(MINUTE);
    assert_eq!(guess(from).await.problem(), ProblemCode::InvalidGrant);
}

async fn what_is_missing_or_unknown_is_named(w: &World) {
    let made = app(w, AppType::Public).await;
    let problem = async |pairs: &[(&str, &str)]| ask(&w.nexus, &made, pairs).await.problem();
    assert_eq!(problem(&[]).await, ProblemCode::InvalidRequest);
    assert_eq!(problem(&[("grant_type", "password")]).await, ProblemCode::UnsupportedGrantType);
    assert_eq!(problem(&[("grant_type", "client_credentials")]).await, ProblemCode::UnsupportedGrantType);
    assert_eq!(problem(&[("grant_type", "authorization_code")]).await, ProblemCode::InvalidRequest);
    assert_eq!(problem(&[("grant_type", "refresh_token")]).await, ProblemCode::InvalidRequest);
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let problem_of_device = problem(&[("grant_type", device), ("device_code", "x")]).await;
    assert_eq!(problem_of_device, ProblemCode::UnauthorizedClient);
    let code = code(w, &made, &w.owner, &[]).await;
    let without = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    assert_eq!(problem(&without).await, ProblemCode::InvalidRequest, "no verifier");
    let twice = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code", &code)];
    assert_eq!(problem(&twice).await, ProblemCode::InvalidRequest);
    by_code(&w.nexus, &made, &code).await.given();
}

async fn tokens_are_stored_as_macs(w: &World) {
    let made = app(w, AppType::Public).await;
    let back = authorize::decide(&w.nexus, opened(w, &w.owner), &asking(&made, &[]), true, None).await.fine();
    let code = super::sent(&back, "code").expect("a code");
    let answer = by_code(&w.nexus, &made, &code).await.given();
    let dump = w.dump().await;
    for text in [&code, &answer.access_token, &answer.refresh_token] {
        let secret = text.get(20..text.len().min(60)).expect("long enough").as_bytes();
        assert!(!dump.iter().any(|(_, bytes)| bytes.windows(secret.len()).any(|window| window == secret)));
    }
    assert!(!format!("{answer:?}").contains(&answer.access_token[20..]));
}
