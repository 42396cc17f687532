//! `Authorization: Bearer …`: from a credential to an actor. Cookies mean nothing here.

use super::cors::Shared;
use super::error::ApiError;
use super::queries;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use nexus_app::server::ClientIp;
use nexus_backend::credentials::{Credential, at_endpoint};
use nexus_backend::gate::{Actor, Token, Who};
use nexus_backend::request_log::Visit;
use nexus_backend::{Nexus, limits};
use nexus_domain::service::ServiceKind;
use nexus_domain::{Code, Refusal};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// A credential that was found out about already, on a request that is handed on.
#[derive(Clone)]
struct Known(Credential);

async fn credential(parts: &Parts, nexus: &Nexus) -> Result<Credential, ApiError> {
    let credential = match parts.extensions.get() {
        Some(Known(credential)) => credential.clone(),
        None => presented(parts, nexus).await?,
    };
    queries::expect_known(parts)?;
    Ok(credential)
}

async fn presented(parts: &Parts, nexus: &Nexus) -> Result<Credential, ApiError> {
    let missing = || Refusal::new(Code::Unauthorized, "Missing or invalid API key");
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(missing().into()) };
    let text = value.to_str().map_err(|_| missing())?;
    let (scheme, key) = text.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing().into());
    }
    let ip = parts.extensions.get::<ClientIp>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ip| ip.0);
    let visit = parts.extensions.get::<Arc<Visit>>().map(AsRef::as_ref);
    let found = limits::present(nexus, key.trim(), ip, visit).await?;
    keep_from_pages(parts.extensions.get::<Shared>(), &found.actor);
    Ok(found)
}

/// Only now is it known what kind of key it is: pages of other origins read no answer to a secret one.
pub(super) fn keep_from_pages(shared: Option<&Shared>, actor: &Actor) {
    if let Some(shared) = shared.filter(|_| !is_public(actor)) {
        shared.withdraw();
    }
}

fn is_public(actor: &Actor) -> bool {
    matches!(
        actor.who,
        Who::EnvironmentKey { publishable: true, .. } | Who::ServiceKey { kind: ServiceKind::Frontend, .. }
    )
}

/// A credential of the management API: a key of type secret of one environment, or an app that acts
/// for a person.
pub struct ManagementKey(pub Actor);

impl FromRequestParts<Nexus> for ManagementKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, nexus: &Nexus) -> Result<Self, ApiError> {
        let actor = credential(parts, nexus).await?.actor;
        match actor.who {
            Who::EnvironmentKey { token: Some(Token { service: Some(_) }), .. } => {
                Err(Refusal::new(Code::Forbidden, "This token is for one service and manages nothing").into())
            }
            Who::EnvironmentKey { publishable: false, .. } | Who::OauthGrant { .. } => Ok(Self(actor)),
            _ => Err(Refusal::new(
                Code::Forbidden,
                "The management API takes a secret key of an environment (nx_…) or an app's access token (oat_…)",
            )
            .into()),
        }
    }
}

impl ManagementKey {
    /// Finds the key before the handler does, which then finds it without looking (and counting) again.
    pub(super) async fn ahead(parts: &mut Parts, nexus: &Nexus) -> Result<Self, ApiError> {
        let credential = presented(parts, nexus).await?;
        parts.extensions.insert(Known(credential));
        Self::from_request_parts(parts, nexus).await
    }

    /// The environment that a path is looked up in: the key's own, or with `admin:all` the one named.
    pub fn environment(&self, named: Option<&str>) -> Result<String, ApiError> {
        self.choose(named).map_err(|()| Refusal::not_found().into())
    }

    /// The same for an environment that the body names: there the answer is 403.
    pub fn environment_in_body(&self, named: Option<&str>) -> Result<String, ApiError> {
        let refused = |()| Refusal::new(Code::Forbidden, "This key belongs to another environment");
        Ok(self.choose(named).map_err(refused)?)
    }

    fn choose(&self, named: Option<&str>) -> Result<String, ()> {
        let own = self.0.own_environment().ok_or(())?;
        match (named, self.0.confined_to()) {
            (None, _) => Ok(own.to_owned()),
            (Some(named), Some(only)) if named != only => Err(()),
            (Some(named), _) => Ok(named.to_owned()),
        }
    }
}

/// Whoever reads one service as a program: a key of it, or a key of its environment at its endpoint.
pub struct Program(pub Actor);

impl Program {
    /// `named` is the endpoint in the address, where there is one.
    pub async fn at(parts: &Parts, nexus: &Nexus, named: Option<&str>) -> Result<Self, ApiError> {
        let credential = credential(parts, nexus).await?;
        Ok(Self(at_endpoint(nexus, credential, named).await?.actor))
    }
}

/// Who may ask what a token says: a service that is given tokens. A public key may not, or whoever reads
/// a client's code could try tokens out.
pub struct Introspector(pub Credential);

impl FromRequestParts<Nexus> for Introspector {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, nexus: &Nexus) -> Result<Self, ApiError> {
        let credential = credential(parts, nexus).await?;
        if is_public(&credential.actor) {
            return Err(Refusal::new(Code::PublicKeyRestricted, "A public key asks about no tokens").into());
        }
        if matches!(credential.actor.who, Who::OauthGrant { .. }) {
            return Err(Refusal::new(Code::Forbidden, "An app asks with its client id and secret").into());
        }
        Ok(Self(credential))
    }
}
