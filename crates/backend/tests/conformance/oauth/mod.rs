//! Apps that act for people: consent, tokens, devices, and how all of it ends.

mod apps;
mod consent;
mod devices;
mod grants;
mod tokens;

use crate::world::{Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::oauth::{Answer, Basic, Failure, Form, apps as registered, authorize, tokens as given};
use nexus_backend::people::Opened;
use nexus_backend::{Nexus, Result};
use nexus_domain::oauth::problem::ProblemCode;
use nexus_domain::oauth::{AppType, MadeOauthApp, NewOauthApp, TokenAnswer};
use nexus_domain::role::Scope;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};

/// The pair of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CALLBACK: &str = "https://deployer.test/callback";

/// Another address each time, so that nothing is limited but what a test wants to be.
pub fn ip() -> IpAddr {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + NEXT.fetch_add(1, Ordering::Relaxed)))
}

pub fn new_app(kind: AppType, scopes: &[Scope]) -> NewOauthApp {
    NewOauthApp {
        name: "Deployer".into(),
        kind,
        redirect_uris: vec![CALLBACK.into()],
        scopes: scopes.to_vec(),
        homepage: None,
        logo_base64: None,
        device_flow: false,
    }
}

pub const SCOPES: &[Scope] =
    &[Scope::ReadServices, Scope::ReadConfigs, Scope::WriteConfigs, Scope::ReadSecrets];

pub async fn app(w: &World, kind: AppType) -> MadeOauthApp {
    let owner = w.signed_in_again(&w.owner).await;
    registered::create(&w.nexus, &owner, new_app(kind, SCOPES)).await.fine()
}

pub fn opened(w: &World, actor: &Actor) -> Opened {
    Opened::by_password(actor.user().expect("a person"), w.now())
}

/// A query or a form.
pub fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What an app asks, with these parameters in place of its own; an empty value leaves one out.
pub fn asking(app: &MadeOauthApp, other: &[(&str, &str)]) -> String {
    let usual = [
        ("response_type", "code"),
        ("client_id", app.about.client_id.as_str()),
        ("redirect_uri", CALLBACK),
        ("scope", "read:configs read:services"),
        ("state", "s t&a=t%e"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = usual.iter().filter(|(name, _)| !other.iter().any(|(it, _)| it == name));
    let pairs: Vec<(&str, &str)> =
        kept.chain(other).filter(|(_, value)| !value.is_empty()).copied().collect();
    query(&pairs)
}

/// A parameter of the address that somebody is sent back to.
pub fn sent(address: &str, name: &str) -> Option<String> {
    let address = url::Url::parse(address).expect("an address");
    address.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned())
}

/// A code for the app, allowed by this person.
pub async fn code(w: &World, app: &MadeOauthApp, person: &Actor, other: &[(&str, &str)]) -> String {
    let back = authorize::decide(&w.nexus, opened(w, person), &asking(app, other), true, None).await.fine();
    sent(&back, "code").unwrap_or_else(|| panic!("no code: {back}"))
}

pub fn basic(app: &MadeOauthApp) -> Option<Basic> {
    let secret = app.client_secret.clone()?;
    Some(Basic { id: app.about.client_id.clone(), secret })
}

/// Asks for tokens, as the app.
pub async fn ask(nexus: &Nexus, app: &MadeOauthApp, pairs: &[(&str, &str)]) -> Answer<TokenAnswer> {
    let mut all = pairs.to_vec();
    all.push(("client_id", &app.about.client_id));
    given::exchange(nexus, &Form::read(&query(&all)), basic(app).as_ref(), ip()).await
}

pub async fn by_code(nexus: &Nexus, app: &MadeOauthApp, code: &str) -> Answer<TokenAnswer> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    ask(nexus, app, &pairs).await
}

pub async fn refreshed(nexus: &Nexus, app: &MadeOauthApp, token: &str) -> Answer<TokenAnswer> {
    ask(nexus, app, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

/// Tokens for an app that this person has allowed all of its usual scopes.
pub async fn tokens_of(w: &World, app: &MadeOauthApp, person: &Actor) -> TokenAnswer {
    let scope = [("scope", "read:services read:configs write:configs read:secrets")];
    let code = code(w, app, person, &scope).await;
    by_code(&w.nexus, app, &code).await.given()
}

pub trait Given<T> {
    fn given(self) -> T;
    fn problem(self) -> ProblemCode;
}

impl<T> Given<T> for Answer<T> {
    #[track_caller]
    fn given(self) -> T {
        match self {
            Ok(answer) => answer,
            Err(failure) => panic!("this should have been given: {failure:?}"),
        }
    }

    #[track_caller]
    fn problem(self) -> ProblemCode {
        match self {
            Ok(_) => panic!("this should not have been given"),
            Err(Failure::Problem(problem)) => problem.code,
            Err(Failure::Error(error)) => panic!("an error and no problem: {error:?}"),
        }
    }
}

/// Whether a credential is taken.
pub async fn works(nexus: &Nexus, text: &str) -> bool {
    let found: Result<_> = nexus_backend::credentials::authenticate(nexus, text, None).await;
    found.is_ok()
}
