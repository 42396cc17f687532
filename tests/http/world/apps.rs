//! Apps that people have let act for them: a confidential and a public one of the tenant, and the command line.

use super::{World, encoded};
use nexus_backend::Nexus;
use nexus_backend::gate::Actor;
use nexus_backend::oauth::{Basic, Form, apps, authorize, device, tokens};
use nexus_backend::people::Opened;
use nexus_domain::UserId;
use nexus_domain::oauth::{AppType, CLI_CLIENT_ID, MadeOauthApp, NewOauthApp, TokenAnswer, write_scopes};
use nexus_domain::role::{Scope, Scopes};
use std::net::{IpAddr, Ipv4Addr};

/// The pair of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CALLBACK: &str = "https://deployer.test/callback";
const IP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// What the seeded database holds of it.
pub struct Apps {
    /// The id and the secret of the confidential app.
    pub app: String,
    pub app_secret: String,
    /// The id of the public app, and a refresh token that it was given for the owner.
    pub public_app: String,
    pub refresh: String,
    /// An access token for the owner, with every scope but `admin:all`.
    pub oauth: String,
    /// One for the owner with `read:payments` and nothing else.
    pub oauth_none: String,
    /// One of the command line for the developer, with everything that it may ask for.
    pub oauth_cli: String,
}

fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

/// The query of an app that asks for these scopes.
pub fn asking(client_id: &str, redirect_uri: &str, scope: &str) -> String {
    form(&[
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("scope", scope),
        ("state", "xyz"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ])
}

/// The code in an address that somebody is sent back to.
pub fn code_in(address: &str) -> String {
    let (_, rest) = address.split_once("code=").unwrap_or_else(|| panic!("no code: {address}"));
    rest.split('&').next().expect("a code").to_owned()
}

async fn made(nexus: &Nexus, owner: &Actor, name: &str, kind: AppType) -> MadeOauthApp {
    let new = NewOauthApp {
        name: name.into(),
        kind,
        redirect_uris: vec![CALLBACK.into()],
        scopes: Scopes::all_but_admin().0,
        homepage: None,
        logo_base64: None,
        device_flow: false,
    };
    apps::create(nexus, owner, new).await.expect("an app")
}

fn opened(nexus: &Nexus, person: &Actor) -> Opened {
    Opened::by_password(person.user().expect("a person"), nexus.now())
}

async fn allowed(nexus: &Nexus, owner: &Actor, app: &MadeOauthApp, scopes: &Scopes) -> TokenAnswer {
    let (id, secret) = (&app.about.client_id, app.client_secret.clone());
    given(nexus, opened(nexus, owner), (id, secret), scopes).await
}

/// An access token of the confidential app for the owner, with these scopes.
pub async fn token(w: &World, scopes: Vec<Scope>) -> String {
    let owner = w.texts("SELECT lower(hex(id)) FROM users WHERE email = 'ana@acme.test'").await[0].clone();
    let opened = Opened::by_password(UserId(owner.parse().expect("an id")), w.nexus.now());
    let (id, secret) = (&w.keys.apps.app, Some(w.keys.apps.app_secret.clone()));
    given(&w.nexus, opened, (id, secret), &Scopes(scopes)).await.access_token
}

async fn given(
    nexus: &Nexus,
    opened: Opened,
    app: (&String, Option<String>),
    scopes: &Scopes,
) -> TokenAnswer {
    let (id, secret) = app;
    let raw = asking(id, CALLBACK, &write_scopes(scopes));
    let back = authorize::decide(nexus, opened, &raw, true, None).await.expect("allowed");
    let code = code_in(&back);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", id),
    ];
    let basic = secret.map(|secret| Basic { id: id.clone(), secret });
    // From another address each time, because requests of one are counted.
    let ip = IpAddr::V4(Ipv4Addr::from_bits(uuid::Uuid::new_v4().as_fields().0));
    tokens::exchange(nexus, &Form::read(&form(&pairs)), basic.as_ref(), ip).await.expect("tokens")
}

async fn command_line(nexus: &Nexus, person: &Actor) -> TokenAnswer {
    let scope = write_scopes(&Scopes(nexus_domain::oauth::CLI_SCOPES.to_vec()));
    let asks = form(&[("client_id", CLI_CLIENT_ID), ("scope", &scope)]);
    let begun = device::begin(nexus, &Form::read(&asks), None, IP).await.expect("a device");
    device::decide(nexus, opened(nexus, person), &begun.user_code, "acme", true, IP).await.expect("let in");
    let kind = "urn:ietf:params:oauth:grant-type:device_code";
    let asks =
        form(&[("grant_type", kind), ("device_code", &begun.device_code), ("client_id", CLI_CLIENT_ID)]);
    tokens::exchange(nexus, &Form::read(&asks), None, IP).await.expect("tokens")
}

pub async fn seeded(nexus: &Nexus, owner: &Actor, developer: &Actor) -> Apps {
    let app = made(nexus, owner, "Deployer", AppType::Confidential).await;
    let public = made(nexus, owner, "Pocket", AppType::Public).await;
    let nothing = Scopes(vec![Scope::ReadPayments]);
    Apps {
        oauth: allowed(nexus, owner, &app, &Scopes::all_but_admin()).await.access_token,
        oauth_none: allowed(nexus, owner, &app, &nothing).await.access_token,
        refresh: allowed(nexus, owner, &public, &nothing).await.refresh_token,
        oauth_cli: command_line(nexus, developer).await.access_token,
        app: app.about.client_id,
        app_secret: app.client_secret.expect("a secret"),
        public_app: public.about.client_id,
    }
}
