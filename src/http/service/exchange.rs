//! `POST /v1/auth/token-exchange`: a program shows its platform's word and gets a session of a service.

use crate::http::ApiError;
use crate::http::body::Json;
use crate::http::docs::Refusals;
use crate::http::queries::KnownNames;
use axum::Extension;
use axum::extract::{RawPathParams, State};
use nexus_app::server::ClientIp;
use nexus_backend::{Nexus, workload};
use nexus_domain::Refusal;
use nexus_domain::workload::{AccessToken, TokenExchange};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(exchange))
}

/// Get a session for a token of the platform, or of `aws_iam` for a signed request. `provider` is the id of a
/// provider, or a kind. At the origin, `service` names the service's endpoint and has to be there.
#[utoipa::path(post, path = "/v1/auth/token-exchange", tag = "Workload identity", security(()),
    request_body = TokenExchange, responses((status = 200, body = AccessToken), Refusals))]
async fn exchange(
    State(nexus): State<Nexus>,
    Extension(ClientIp(ip)): Extension<ClientIp>,
    _: KnownNames,
    in_path: RawPathParams,
    Json(asked): Json<TokenExchange>,
) -> Result<axum::Json<AccessToken>, ApiError> {
    let named = in_path.iter().find(|(name, _)| *name == "endpoint_slug").map(|(_, slug)| slug.to_owned());
    let endpoint = match (named, asked.service.clone()) {
        (Some(named), Some(other)) if named != other => {
            return Err(Refusal::not_found().into());
        }
        (Some(slug), _) | (None, Some(slug)) => slug,
        (None, None) => return Err(Refusal::invalid("service", "The endpoint of the service").into()),
    };
    Ok(axum::Json(workload::exchange(&nexus, &endpoint, asked, ip).await?))
}
