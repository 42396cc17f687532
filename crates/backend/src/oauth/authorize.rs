//! The question that a person is asked: may this app act for you? The same raw query is read when the page is
//! shown and when it is answered, so that nothing in between is believed. Where the app or the redirect URI
//! is not known for sure, the person is told and nobody is sent anywhere (RFC 9700, section 4.11).

use super::client::{self, Client};
use super::{Form, to_store};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::people::{Opened, person};
use crate::store::{on, single, sql};
use crate::work::{Target, Work};
use crate::{Error, Result, crypto};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nexus_domain::action::Action;
use nexus_domain::oauth::problem::{Problem, ProblemCode};
use nexus_domain::oauth::{CODE_LIFE, ConsentRequest, read_scopes, redirect, words};
use nexus_domain::role::Scopes;
use nexus_domain::{Code, OauthAppId, Refusal, TenantId};
use serde_json::json;
use std::net::IpAddr;

/// The longest query.
const MAX_QUERY: usize = 16 * 1024;
/// The longest `state`.
const MAX_STATE: usize = 1024;
/// SHA-256 in base64url without padding.
const CHALLENGE_LENGTH: usize = 43;

/// What the page does.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// Tell the person, and send nobody anywhere.
    Refused(Refusal),
    /// Send the person back to the app with this.
    Redirect(String),
    /// The person signs in first, and comes back.
    SignIn { tenant: String },
    /// Ask.
    Consent(Box<ConsentRequest>),
}

/// A request that an app may make.
struct Asked {
    client: Client,
    tenant: TenantId,
    app: OauthAppId,
    tenant_slug: String,
    tenant_name: String,
    redirect_uri: String,
    state: Option<String>,
    challenge: String,
    scopes: Scopes,
}

enum Reading {
    Refused(Refusal),
    /// Where the app is told what it did wrong, and the slug of its tenant.
    Redirect(String, String),
    Asked(Box<Asked>),
}

impl Reading {
    fn tenant_slug(&self) -> Option<&str> {
        match self {
            Self::Refused(_) => None,
            Self::Redirect(_, tenant) => Some(tenant),
            Self::Asked(asked) => Some(&asked.tenant_slug),
        }
    }
}

/// What to show for the query of an address `/oauth/authorize?…`.
pub async fn look(nexus: &Nexus, opened: Option<Opened>, raw: &str, ip: Option<IpAddr>) -> Result<Look> {
    let reading = read(nexus, raw).await?;
    let tenant = reading.tenant_slug().unwrap_or_default().to_owned();
    // Nobody is sent anywhere before it is known who they are: an address of this instance is no way to
    // another server for strangers.
    let actor = match (&reading, opened) {
        (Reading::Refused(refusal), _) => return Ok(Look::Refused(refusal.clone())),
        (_, None) => return Ok(Look::SignIn { tenant }),
        (_, Some(opened)) => member(nexus, opened, &tenant, ip).await,
    };
    match (actor, reading) {
        (Ok(_), Reading::Redirect(to, _)) => Ok(Look::Redirect(to)),
        (Ok(actor), Reading::Asked(asked)) => Ok(Look::Consent(Box::new(asked.shown_to(&actor)))),
        (Ok(_), Reading::Refused(refusal)) | (Err(Error::Refused(refusal)), _) => Ok(Look::Refused(refusal)),
        (Err(error), _) => Err(error),
    }
}

/// Carries out what the person said; answers with the address to send the person to. Allowing takes a fresh
/// sign-in, like making a key.
pub async fn decide(
    nexus: &Nexus,
    opened: Opened,
    raw: &str,
    allow: bool,
    ip: Option<IpAddr>,
) -> Result<String> {
    let asked = match read(nexus, raw).await? {
        Reading::Refused(refusal) => return Err(refusal.into()),
        Reading::Redirect(to, tenant) => {
            member(nexus, opened, &tenant, ip).await?;
            return Ok(to);
        }
        Reading::Asked(asked) => asked,
    };
    let actor = member(nexus, opened, &asked.tenant_slug, ip).await?;
    if !allow {
        let refused = Problem::new(ProblemCode::AccessDenied, "The person said no");
        return Ok(error_address(nexus, &asked.redirect_uri, asked.state.as_deref(), &refused));
    }
    let bytes: [u8; 32] = crypto::random(nexus.keyring.random())?;
    let code = URL_SAFE_NO_PAD.encode(bytes);
    let hash = nexus.keyring.mac("oauth-code", code.as_bytes())?;
    let (redirect_uri, state) = (asked.redirect_uri.clone(), asked.state.clone());
    nexus.change(&actor, move |w| Box::pin(async move { keep(w, &asked, &hash).await })).await?;
    let mut back = vec![("code", code.as_str())];
    back.extend(state.as_deref().map(|state| ("state", state)));
    Ok(address(nexus, &redirect_uri, &back))
}

/// The person in the app's tenant.
async fn member(nexus: &Nexus, opened: Opened, tenant_slug: &str, ip: Option<IpAddr>) -> Result<Actor> {
    person(nexus, opened, tenant_slug, ip).await.map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::NotFound => {
            let message =
                "This app is of a tenant that you are no member of, or that this session does not open";
            Refusal::new(Code::Forbidden, message).into()
        }
        other => other,
    })
}

/// Remembers what was allowed, for the app to fetch its tokens.
async fn keep(w: &mut Work, asked: &Asked, hash: &[u8]) -> Result<()> {
    w.authorise(Action::OauthGrantGive)?;
    let row: Option<(bool,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT enabled FROM oauth_apps WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(asked.tenant)
    .bind(asked.app)
    .fetch_optional(c)
    .await)?;
    if row != Some((true,)) {
        return Err(unknown_app().into());
    }
    let user = w.actor.user().ok_or_else(Error::not_found)?;
    let scopes = to_store(&asked.scopes)?;
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO oauth_codes (tenant_id, code_hash, app_id, user_id, redirect_uri, challenge, scopes, created_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    ))
    .bind(asked.tenant)
    .bind(hash)
    .bind(asked.app)
    .bind(user)
    .bind(asked.redirect_uri.as_str())
    .bind(asked.challenge.as_str())
    .bind(scopes)
    .bind(w.now)
    .bind(w.now.plus(CODE_LIFE))
    .execute(c)
    .await
    .map(|_| ())
    })?;
    let details = json!({ "app": asked.app, "scopes": asked.scopes });
    w.record(Action::OauthGrantGive, &Target::named(asked.client.name()), details).await
}

impl Asked {
    fn shown_to(self, actor: &Actor) -> ConsentRequest {
        let (redirect_to, form_action) = redirect::target(&self.redirect_uri);
        ConsentRequest {
            app: self.client.shown,
            person: actor.label().to_owned(),
            tenant: self.tenant_slug,
            tenant_name: self.tenant_name,
            scopes: words::in_words(&self.scopes),
            redirect_to,
            form_action,
        }
    }
}

fn unknown_app() -> Refusal {
    Refusal::new(Code::InvalidRequest, "The app that sent you here is not known, or is switched off")
        .with("client_id", "This app is not known")
}

fn bad_redirect() -> Refusal {
    let message = "The app that sent you here named an address to come back to that is not registered for it";
    Refusal::new(Code::InvalidRequest, message).with("redirect_uri", "This address is not registered")
}

/// Reads a request: first who asks and where the answer may go, and only then what is asked.
async fn read(nexus: &Nexus, raw: &str) -> Result<Reading> {
    if raw.len() > MAX_QUERY {
        return Ok(Reading::Refused(unknown_app()));
    }
    let form = Form::read(raw);
    let refused = |refusal| Ok(Reading::Refused(refusal));
    if form.is_repeated("client_id") {
        return refused(unknown_app());
    }
    if form.is_repeated("redirect_uri") {
        return refused(bad_redirect());
    }
    let Some(client) = client::find(nexus, form.get("client_id").unwrap_or_default()).await? else {
        return refused(unknown_app());
    };
    // The command-line app is let in on a page of its own.
    let Some((tenant, app)) = client.app else { return refused(unknown_app()) };
    let asked_uri = form.get("redirect_uri").unwrap_or_default();
    if !client.redirect_uris.iter().any(|registered| redirect::fits(registered, asked_uri, client.kind)) {
        return refused(bad_redirect());
    }
    let state = form.get("state").filter(|_| !form.is_repeated("state")).map(str::to_owned);
    match check(&form, &client) {
        Err(problem) => {
            let state = state.filter(|state| state.len() <= MAX_STATE);
            let (tenant_slug, _) = tenant_of(nexus, tenant).await?;
            let to = error_address(nexus, asked_uri, state.as_deref(), &problem);
            Ok(Reading::Redirect(to, tenant_slug))
        }
        Ok((challenge, scopes)) => {
            let (tenant_slug, tenant_name) = tenant_of(nexus, tenant).await?;
            let redirect_uri = asked_uri.to_owned();
            let asked = Asked {
                tenant,
                app,
                tenant_slug,
                tenant_name,
                redirect_uri,
                state,
                challenge,
                scopes,
                client,
            };
            Ok(Reading::Asked(Box::new(asked)))
        }
    }
}

async fn tenant_of(nexus: &Nexus, tenant: TenantId) -> Result<(String, String)> {
    let row: Option<(String, String)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT slug, name FROM tenants WHERE id = $1"))
            .bind(tenant)
            .fetch_optional(pool)
            .await)?;
    row.ok_or_else(Error::not_found)
}

/// What is asked: the challenge, and the scopes.
fn check(form: &Form, client: &Client) -> std::result::Result<(String, Scopes), Problem> {
    form.refuse_repeated()?;
    if form.get("request").is_some() {
        return Err(Problem::new(ProblemCode::RequestNotSupported, "Requests are not taken as objects"));
    }
    if form.get("request_uri").is_some() {
        return Err(Problem::new(ProblemCode::RequestUriNotSupported, "Requests are not fetched"));
    }
    if form.need("response_type", "response_type is missing")? != "code" {
        return Err(Problem::new(ProblemCode::UnsupportedResponseType, "Only response_type=code"));
    }
    if form.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(Problem::invalid_request("Only response_mode=query"));
    }
    if form.get("state").is_some_and(|state| state.len() > MAX_STATE) {
        return Err(Problem::invalid_request("state is too long"));
    }
    let challenge = form.need("code_challenge", "code_challenge is missing: PKCE is needed")?;
    if form.get("code_challenge_method") != Some("S256") {
        return Err(Problem::invalid_request("Only code_challenge_method=S256"));
    }
    let is_hash = challenge.len() == CHALLENGE_LENGTH
        && URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|bytes| bytes.len() == 32);
    if !is_hash {
        return Err(Problem::invalid_request("code_challenge is a SHA-256 in base64url"));
    }
    let scopes = form.get("scope").and_then(|scope| read_scopes(scope, &client.scopes));
    let scopes = scopes.ok_or(Problem::new(
        ProblemCode::InvalidScope,
        "scope names one or more of the scopes that are registered for this app",
    ))?;
    Ok((challenge.to_owned(), scopes))
}

fn error_address(nexus: &Nexus, redirect_uri: &str, state: Option<&str>, problem: &Problem) -> String {
    let mut back = vec![("error", problem.code.as_str()), ("error_description", problem.description)];
    back.extend(state.map(|state| ("state", state)));
    address(nexus, redirect_uri, &back)
}

/// Adds the answer to an address, with who gives it (RFC 9207).
fn address(nexus: &Nexus, redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters).append_pair("iss", &nexus.settings.public_url);
    let joint = match redirect_uri.split_once('?') {
        None => "?",
        Some((_, rest)) if rest.is_empty() || rest.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{redirect_uri}{joint}{}", query.finish())
}
