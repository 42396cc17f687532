//! Canaries in what programs show without a key: tokens of platforms, signed requests, and the codes, secrets and
//! tokens of OAuth 2.0.

use super::Answers;
use super::bird::Flock;
use crate::world::apps::{CALLBACK, VERIFIER, asking, code_in};
use crate::world::{IDENTITY, IDENTITY_PROVIDER, Person, World};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

/// A token as platforms sign them. That nothing of it is kept but what a rule pins is told by a claim, by its
/// signature, and by the whole of it.
fn token_of_a_platform(flock: &mut Flock, what: &str) -> String {
    let claims = json!({
        "iss": "https://token.actions.githubusercontent.com", "sub": "repo:acme/shop:ref:refs/heads/main",
        "repository_id": "1", "repository_owner_id": "2", "exp": 4_000_000_000_u64,
        "jti": flock.canary(&format!("a claim of {what}")),
    });
    let header = json!({ "alg": "RS256", "kid": flock.canary(&format!("the key id of {what}")) });
    let signature = flock.canary(&format!("the signature of {what}"));
    let parts = [header.to_string(), claims.to_string(), signature].map(|part| URL_SAFE_NO_PAD.encode(part));
    let token = parts.join(".");
    flock.add(what, &token);
    flock.add(&format!("the written signature of {what}"), &parts[2]);
    token
}

/// What a platform vouches with: exchanged, tried by people, and malformed.
pub async fn in_workload_identity(w: &World, flock: &mut Flock, answers: &mut Answers) {
    let exchange = format!("/s/{}/v1/auth/token-exchange", w.keys.endpoint);
    for provider in ["github", IDENTITY_PROVIDER, "gcp"] {
        let token = token_of_a_platform(flock, &format!("a token for {provider}"));
        let body = json!({ "provider": provider, "token": token });
        answers.keep("an exchange", &w.post(&exchange, body).await);
    }
    let no_token = json!({ "provider": "github", "token": flock.canary("what is no token") });
    answers.keep("an exchange of no token", &w.post(&exchange, no_token).await.is(401));
    let signed = json!({
        "url": format!("https://sts.amazonaws.com/?Action=GetCallerIdentity&X={}", flock.in_path("a signed address")),
        "headers": { "Authorization": flock.canary("a signed header"), "X-Amz-Security-Token": flock.canary("an AWS token") },
        "body": flock.canary("a signed body"),
    });
    let signed = json!({ "provider": "aws_iam", "request": signed });
    answers.keep("a signed request", &w.post(&exchange, signed).await);
    for path in [
        format!("/api/v1/identity-providers/{IDENTITY_PROVIDER}/test"),
        format!("/api/v1/projects/shop/services/api/identities/{IDENTITY}/test"),
    ] {
        let token = token_of_a_platform(flock, "a token to be tried");
        let tried = w.post(&path, json!({ "token": token })).with(&w.keys.admin).await.is(200);
        answers.keep("a trial", &tried);
    }
    for form in [false, true] {
        let token = token_of_a_platform(flock, "a token to be tried in the console");
        let fields = [("tenant", "acme"), ("provider", IDENTITY_PROVIDER), ("token", token.as_str())];
        let page = "/t/acme/identity-providers";
        let function = "test_identity_provider";
        let ask = if form { w.submit(function, page, &fields) } else { w.call(function, &fields) };
        answers.keep("a trial in the console", &ask.with(Person::Owner).await);
        answers.keep("the page after a trial", &w.get(page).with(Person::Owner).await);
    }
    flock.add("the token of a session", &w.keys.session);
    answers.keep("a session's refusal", &w.get("/v1/secrets/NOTHING").with(&w.keys.session).await);
}

/// Everything that the authorization server takes, where it belongs and where it does not.
pub async fn in_oauth(w: &World, flock: &mut Flock, answers: &mut Answers) {
    let apps = &w.keys.apps;
    for (what, text) in [
        ("the secret of an app", &apps.app_secret),
        ("a refresh token", &apps.refresh),
        ("an access token", &apps.oauth),
        ("the access token of the command line", &apps.oauth_cli),
    ] {
        flock.add(what, text);
    }
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/device_authorization"] {
        for grant in ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"] {
            let mut fields = vec![("grant_type", grant.to_owned()), ("client_id", apps.app.clone())];
            for name in [
                "client_secret",
                "code",
                "code_verifier",
                "refresh_token",
                "device_code",
                "token",
                "password",
            ] {
                fields.push((name, flock.canary(&format!("{name} at {path}, {grant}"))));
            }
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            answers.keep(path, &w.ask("POST", path).fields(&fields).await);
        }
        let wrong = STANDARD.encode(format!("{}:{}", apps.app, flock.in_path("a wrong secret of an app")));
        let ask = w.ask("POST", path).fields(&[("grant_type", "refresh_token"), ("token", "x")]);
        answers.keep(path, &ask.header("authorization", &format!("Basic {wrong}")).await);
    }
    for shown in [&apps.oauth, &apps.oauth_cli] {
        answers.keep("whoami", &w.get("/api/v1/whoami").with(shown).await);
        answers.keep("a refusal", &w.get("/api/v1/projects/shop/services/nothing").with(shown).await.is(404));
    }
    tokens_are_given(w, flock, answers).await;
}

/// A code becomes tokens, they are looked at, renewed and revoked. What hands them out is not searched.
async fn tokens_are_given(w: &World, flock: &mut Flock, answers: &mut Answers) {
    let apps = &w.keys.apps;
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", apps.app, apps.app_secret)));
    flock.add("what an app proves itself with", &basic);
    let query = asking(&apps.app, CALLBACK, "read:configs");
    let allowed = w.call("decide_consent", &[("query", query.as_str()), ("answer", "allow")]);
    let allowed = allowed.with(Person::Owner).await.is(200).json();
    let code = code_in(allowed["leave"].as_str().expect("an address"));
    flock.add("a code", &code);
    flock.add("what proves a code", VERIFIER);
    let ask = |path: &str, fields: &[(&str, &str)]| {
        w.ask("POST", path).fields(fields).header("authorization", &basic)
    };
    let of_code = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let first = ask("/oauth/token", &of_code).await.is(200).json();
    let refresh = first["refresh_token"].as_str().expect("a token");
    let renewal = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let second = ask("/oauth/token", &renewal).await.is(200).json();
    for (answer, which) in [(&first, "first"), (&second, "renewed")] {
        for field in ["access_token", "refresh_token"] {
            flock.add(&format!("the {which} {field}"), answer[field].as_str().expect("a token"));
        }
    }
    let token = second["access_token"].as_str().expect("a token");
    answers.keep("an introspection", &ask("/oauth/introspect", &[("token", token)]).await.is(200));
    answers.keep("a code again", &ask("/oauth/token", &of_code).await.is(400));
    answers.keep("a refresh token again", &ask("/oauth/token", &renewal).await.is(400));
    answers.keep("a revocation", &ask("/oauth/revoke", &[("token", token)]).await.is(200));
    for page in ["/t/acme/oauth-apps", "/account/apps"] {
        answers.keep(page, &w.get(page).with(Person::Owner).await.is(200));
    }
}
