//! From a code to a person: the code is exchanged for tokens (OAuth 2.0 with PKCE), and who they are about is
//! read from the signed ID token.

use super::claims::{Claims, Expected, Identity, Mismatch, Person, is_subject};
use super::discovery::{self, Endpoints};
use super::{Known, github, redirect_uri};
use crate::Nexus;
use crate::egress::{Egress, Problem};
use crate::jwt::{Distrust, Unusable, verify};
use futures::future::BoxFuture;
use nexus_domain::sign_in::ProviderKind;
use nexus_domain::timestamp;
use oauth2::basic::{BasicErrorResponse, BasicTokenType};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, EndpointNotSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, StandardRevocableToken,
    StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why nobody came of a code. For the log; people are told one sentence.
#[derive(Debug, thiserror::Error)]
pub enum NoIdentity {
    #[error("the provider's description: {0}")]
    Unusable(#[from] Unusable),
    #[error("a request to the provider: {0}")]
    Problem(#[from] Problem),
    #[error("the provider does not take the code")]
    Code,
    #[error("the provider sent no ID token")]
    NoToken,
    #[error("the ID token: {0}")]
    Distrust(#[from] Distrust),
    #[error("the ID token: {0}")]
    Mismatch(#[from] Mismatch),
    #[error("the provider tells of somebody else")]
    SomebodyElse,
}

/// What stands beside the access token.
#[derive(Deserialize, Serialize)]
pub(super) struct Beside {
    id_token: Option<String>,
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl ExtraTokenFields for Beside {}

type Answer = StandardTokenResponse<Beside, BasicTokenType>;
pub(super) type OAuth<A = EndpointNotSet, T = EndpointNotSet> = Client<
    BasicErrorResponse,
    Answer,
    oauth2::basic::BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    oauth2::basic::BasicRevocationErrorResponse,
    A,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    T,
>;

impl<'c> AsyncHttpClient<'c> for Egress {
    type Error = Problem;
    type Future = BoxFuture<'c, Result<HttpResponse, Problem>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// What only the one who began the sign-in knows.
pub(super) struct Asked {
    pub verifier: SecretString,
    pub nonce: String,
}

/// The client that a provider knows.
pub(super) fn client(nexus: &Nexus, provider: &Known) -> Result<OAuth, Problem> {
    let back = RedirectUrl::new(redirect_uri(nexus)).map_err(|_| Problem::NoAddress)?;
    Ok(OAuth::new(ClientId::new(provider.client_id.clone())).set_redirect_uri(back))
}

/// Who the code is about.
pub(super) async fn identity(
    nexus: &Nexus,
    provider: &Known,
    asked: &Asked,
    code: String,
) -> Result<Identity, NoIdentity> {
    let endpoints = discovery::endpoints(nexus, provider).await?;
    let answer = tokens(nexus, provider, &endpoints, asked, code).await?;
    let access = answer.access_token().secret();
    if provider.kind == ProviderKind::Github {
        return Ok(github::person(&nexus.egress, &provider.issuer, access).await?);
    }
    let id_token = answer.extra_fields().id_token.as_deref().ok_or(NoIdentity::NoToken)?;
    let claims = claims(nexus, &endpoints, id_token).await?;
    let now = nexus.now().0 / timestamp::SECOND;
    let expected =
        Expected { issuer: &provider.issuer, client_id: &provider.client_id, nonce: &asked.nonce, now };
    claims.check(&expected)?;
    let person = match (&claims.person.email, &endpoints.userinfo_endpoint) {
        (None, Some(address)) => ask(nexus, address, access, &claims.sub).await?,
        _ => claims.person.clone(),
    };
    Ok(Identity {
        email: person.address(),
        email_verified: person.email_verified && person.address().is_some(),
        shown: person.shown(&claims.sub),
        auth_time: claims.auth_time,
        second_factor: claims.amr.iter().any(|method| method == "mfa"),
        subject: claims.sub,
    })
}

async fn tokens(
    nexus: &Nexus,
    provider: &Known,
    endpoints: &Endpoints,
    asked: &Asked,
    code: String,
) -> Result<Answer, NoIdentity> {
    let token_url = TokenUrl::new(endpoints.token_endpoint.clone()).map_err(|_| Problem::NoAddress)?;
    let methods = &endpoints.token_endpoint_auth_methods_supported;
    let named = |method: &str| methods.iter().any(|named| named == method);
    // Basic is what holds where a provider says nothing (OpenID Connect Discovery, section 3).
    let in_body = named("client_secret_post") && !named("client_secret_basic");
    let client = client(nexus, provider)?
        .set_client_secret(ClientSecret::new(provider.client_secret.expose_secret().to_owned()))
        .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
        .set_token_uri(token_url);
    let answer = client
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(PkceCodeVerifier::new(asked.verifier.expose_secret().to_owned()))
        .request_async(&nexus.egress)
        .await;
    // What a provider says to a code may quote the code.
    answer.map_err(|error| match error {
        oauth2::RequestTokenError::Request(problem) => NoIdentity::Problem(problem),
        _ => NoIdentity::Code,
    })
}

/// The claims of an ID token. Where it is signed with a key that is not known yet, the keys are read again.
async fn claims(nexus: &Nexus, endpoints: &Endpoints, id_token: &str) -> Result<Claims, NoIdentity> {
    let keys = discovery::keys(nexus, &endpoints.jwks_uri, false).await?;
    match verify(id_token, &keys) {
        Err(Distrust::UnknownKey) => {
            let keys = discovery::keys(nexus, &endpoints.jwks_uri, true).await?;
            Ok(verify(id_token, &keys)?)
        }
        checked => Ok(checked?),
    }
}

/// Asks what the ID token did not tell.
async fn ask(nexus: &Nexus, address: &str, access: &str, subject: &str) -> Result<Person, NoIdentity> {
    #[derive(Deserialize)]
    struct Told {
        sub: String,
        #[serde(flatten)]
        person: Person,
    }
    let answer = nexus.egress.get(address, Some(access)).await?;
    let told: Told = serde_json::from_slice(&answer).map_err(|_| Problem::Unreachable)?;
    // OpenID Connect Core, section 5.3.2.
    if told.sub == subject && is_subject(&told.sub) { Ok(told.person) } else { Err(NoIdentity::SomebodyElse) }
}
