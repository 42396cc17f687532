//! In front of the consent page: who is not signed in goes there first, and a request that an app made wrong goes
//! back to it, before any page is made.

use super::callback::FormTargets;
use super::opened;
use super::redirects::see_other;
use axum::response::Response;
use http::Uri;
use nexus_backend::Nexus;
use nexus_backend::oauth::authorize::{Look, look};
use std::net::IpAddr;
use tower_sessions::Session;

/// Where apps send people to.
pub(super) const CONSENT_PAGE: &str = "/oauth/authorize";

/// Where the form of the page may end up, or where the browser goes instead.
pub(super) async fn before(
    nexus: &Nexus,
    session: &Session,
    address: &Uri,
    ip: Option<IpAddr>,
) -> Result<FormTargets, Response> {
    let opened = opened(session).await.ok().flatten();
    let query = address.query().unwrap_or_default();
    match look(nexus, opened, query, ip).await {
        Ok(Look::Redirect(to)) => Err(see_other(&to)),
        Ok(Look::SignIn { tenant }) => {
            let next = format!("{CONSENT_PAGE}?{query}");
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("tenant", tenant.as_str()), ("next", &next)])
                .finish();
            Err(see_other(&format!("/sign-in?{query}")))
        }
        Ok(Look::Consent(asked)) => Ok(FormTargets::to(asked.form_action)),
        // The page says what is wrong.
        Ok(Look::Refused(_)) | Err(_) => Ok(FormTargets::default()),
    }
}
