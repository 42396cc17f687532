//! GitHub, which speaks OAuth 2.0 but not OpenID Connect: there is no ID token, so the person is asked for at
//! its API. A server of one's own (GitHub Enterprise) has the API below itself.

use super::claims::Identity;
use super::discovery::Endpoints;
use crate::egress::{Egress, Problem};
use nexus_domain::member::check_email;
use serde::Deserialize;

const PUBLIC: &str = "https://github.com";

pub(super) fn endpoints(issuer: &str) -> Endpoints {
    let issuer = issuer.trim_end_matches('/');
    Endpoints {
        issuer: issuer.to_owned(),
        authorization_endpoint: format!("{issuer}/login/oauth/authorize"),
        token_endpoint: format!("{issuer}/login/oauth/access_token"),
        userinfo_endpoint: None,
        jwks_uri: String::new(),
        token_endpoint_auth_methods_supported: vec!["client_secret_post".to_owned()],
        authorization_response_iss_parameter_supported: false,
    }
}

fn api(issuer: &str) -> String {
    match issuer.trim_end_matches('/') {
        PUBLIC => "https://api.github.com".to_owned(),
        own => format!("{own}/api/v3"),
    }
}

#[derive(Deserialize)]
struct User {
    /// Permanent; the login can be given to somebody else.
    id: u64,
    login: String,
}

#[derive(Deserialize)]
struct Email {
    email: String,
    primary: bool,
    verified: bool,
}

/// Who the token belongs to.
pub(super) async fn person(egress: &Egress, issuer: &str, token: &str) -> Result<Identity, Problem> {
    let api = api(issuer);
    let user = egress.get(&format!("{api}/user"), Some(token)).await?;
    let user: User = serde_json::from_slice(&user).map_err(|_| Problem::Unreachable)?;
    let emails = egress.get(&format!("{api}/user/emails"), Some(token)).await?;
    let emails: Vec<Email> = serde_json::from_slice(&emails).map_err(|_| Problem::Unreachable)?;
    let primary = emails.into_iter().find(|email| email.primary);
    let email = primary.as_ref().and_then(|email| check_email(&email.email).ok());
    Ok(Identity {
        subject: user.id.to_string(),
        email_verified: email.is_some() && primary.is_some_and(|email| email.verified),
        email,
        shown: user.login.chars().filter(|c| !c.is_control()).take(200).collect(),
        auth_time: None,
        second_factor: false,
    })
}
