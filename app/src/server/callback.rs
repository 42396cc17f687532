//! Back from a provider of sign-in. The one GET that changes something: the protocol sends people back by
//! redirect. What it changes is bound to this browser's session, and works once.

use super::person::{self, Here};
use super::{BROWSER, ClientIp, FLASH, JOINING};
use crate::done::{Done, Flash, RefusedForm, local_path};
use crate::pages::auth::with_provider::StartWithProvider;
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::Uri;
use leptos::server_fn::ServerFn;
use nexus_backend::Nexus;
use nexus_backend::sign_in::{self, Arrived, Failed, Identity, Returned};
use nexus_domain::{Code, ProviderId, Refusal, TenantId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use tower_sessions::Session;

/// Where somebody goes who comes back to nothing.
const LOST: &str = "/sign-in?lost=true";

/// What a provider puts into the address (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Somebody who accepts an invitation by a provider, until they did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Joining {
    pub provider: ProviderId,
    /// The tenant of the provider, where it is one's own.
    pub tenant: Option<TenantId>,
    pub identity: Identity,
}

/// As whom a provider knows somebody who accepts an invitation, for the page that asks once more.
pub async fn joining_as(here: &Here) -> Option<String> {
    here.session.get::<Joining>(JOINING).await.ok().flatten().map(|joining| joining.identity.shown)
}

/// Who came back from a provider to accept an invitation, if anybody did. Taking it uses it up.
pub async fn joining(here: &Here) -> Option<Joining> {
    here.session.remove::<Joining>(JOINING).await.ok().flatten()
}

pub(super) async fn back_from_provider(
    State(nexus): State<Nexus>,
    session: Session,
    ip: Option<Extension<ClientIp>>,
    sent: Result<Query<Sent>, QueryRejection>,
) -> Response {
    let ip = ip.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Extension(ip)| ip.0);
    let here = Here { nexus, session, ip, visit: None };
    let to = match arrive(here.clone(), sent.ok().map(|Query(sent)| sent)).await {
        Ok(to) => to,
        Err(Failed { error, back: Some(back) }) => {
            refuse(&here, error.into()).await;
            back
        }
        // Nothing was begun here, so nothing is stored either: anybody can make a browser ask for this address.
        Err(Failed { error, back: None }) => {
            tracing::debug!(%error, "somebody came back from a provider whom nobody sent there");
            LOST.to_owned()
        }
    };
    super::redirects::see_other(local_path(&to).unwrap_or("/"))
}

async fn arrive(here: Here, sent: Option<Sent>) -> Result<String, Failed> {
    let lost = |refusal: Refusal| Failed { error: refusal.into(), back: None };
    let unreadable =
        || lost(Refusal::new(Code::InvalidRequest, "This is not how a provider sends somebody back"));
    let Sent { state, code, error, iss } = sent.ok_or_else(unreadable)?;
    let browser = here
        .session
        .get::<String>(BROWSER)
        .await
        .map_err(|failed| lost(super::person::unavailable(failed).0))?;
    let opened = here.user().await.map_err(|refused| lost(refused.0))?;
    let browser = browser.map(Into::into);
    let returned = Returned { state, code, error, iss, browser, opened, ip: here.ip };
    let arrived = sign_in::finish(&here.nexus, returned).await?;
    settle(&here, arrived).await.map_err(|refused| lost(refused.0))
}

/// Puts what came of it into the session; answers with where to go.
async fn settle(here: &Here, arrived: Arrived) -> Result<String, crate::refused::Refused> {
    Ok(match arrived {
        Arrived::Entered { entered, next } => {
            crate::pages::auth::entered(here, entered, &next).await?.to.unwrap_or_default()
        }
        Arrived::SteppedUp { at, next } => {
            person::fresh(here, at).await?;
            next
        }
        Arrived::Linked { name, next } => {
            let done = Done::new(format!("You can sign in with {name} now"));
            keep(here, Flash { done: Some(done), refused: None }).await;
            next
        }
        Arrived::Joining { provider, tenant, identity, next } => {
            let joining = Joining { provider, tenant, identity };
            here.session.insert(JOINING, joining).await.map_err(person::unavailable)?;
            next
        }
    })
}

/// The page with the button says why.
async fn refuse(here: &Here, refusal: Refusal) {
    let refused = RefusedForm { action: StartWithProvider::PATH.to_owned(), refusal, typed: Vec::new() };
    keep(here, Flash { done: None, refused: Some(refused) }).await;
}

async fn keep(here: &Here, flash: Flash) {
    // Without the flash the page still shows the state as it is; the store logs why.
    let _lost = here.session.insert(FLASH, flash).await;
}

/// The other servers where a form of a page may end up.
#[derive(Debug, Clone, Default)]
pub struct FormTargets(Vec<String>);

impl FormTargets {
    pub(super) fn to(target: String) -> Self {
        Self(vec![target])
    }
}

impl fmt::Display for FormTargets {
    /// As it stands in the policy, behind `'self'`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|target| write!(f, " {target}"))
    }
}

/// Whether the page at an address has buttons of providers.
pub(super) fn leads_to_providers(path: &str) -> bool {
    matches!(path.trim_end_matches('/'), "/sign-in" | "/step-up" | "/account/connections")
        || path.starts_with("/invitation/")
}

/// Where its forms may end up. A browser checks the whole way of a form, redirects too.
pub(super) async fn form_targets(nexus: &Nexus, session: &Session, address: &Uri) -> FormTargets {
    let opened = person::opened(session).await.ok().flatten();
    let tenant = asked_tenant(address);
    match sign_in::form_targets(nexus, tenant.as_deref(), opened).await {
        Ok(targets) => FormTargets(targets),
        Err(error) => {
            tracing::error!(%error, "the providers of a page cannot be read");
            FormTargets::default()
        }
    }
}

/// The tenant whose own providers a sign-in page shows.
pub(super) fn asked_tenant(address: &Uri) -> Option<String> {
    let query = form_urlencoded::parse(address.query().unwrap_or_default().as_bytes());
    query.into_owned().find(|(name, value)| name == "tenant" && !value.is_empty()).map(|(_, value)| value)
}
