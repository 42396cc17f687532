//! OAuth 2.0 for apps: where tokens are given out, taken back and asked about, and what the instance says of
//! itself. The page that asks the person is the console's. Cookies mean nothing here.

mod discovery;
mod read;
mod tokens;

use nexus_backend::Nexus;
use utoipa_axum::router::OpenApiRouter;

pub(super) use read::Refused;

/// Every route of it.
pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().merge(tokens::router()).merge(discovery::router())
}
