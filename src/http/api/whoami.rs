//! Who is asking.

use super::Api;
use crate::http::authorization::ManagementKey;
use crate::http::docs::Refusals;
use axum::Json;
use nexus_backend::Nexus;
use nexus_backend::gate::Who;
use nexus_domain::member::WhoAmI;
use nexus_domain::{Refusal, credential};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(whoami))
}

/// What the presented credential is.
#[utoipa::path(get, path = "/whoami", tag = "Who am I", responses((status = 200, body = WhoAmI), Refusals))]
async fn whoami(ManagementKey(actor): ManagementKey) -> Api<Json<WhoAmI>> {
    let kind = actor.kind().to_owned();
    match actor.who {
        Who::EnvironmentKey { prefix, environment_slug, scopes, .. } => Ok(Json(WhoAmI {
            tenant: actor.tenant_slug,
            kind,
            prefix,
            environment: environment_slug,
            scopes: scopes.0,
            label: None,
        })),
        Who::OauthGrant { label, value, environment_slug, scopes, .. } => Ok(Json(WhoAmI {
            tenant: actor.tenant_slug,
            kind,
            prefix: credential::shown(credential::OAUTH_ACCESS, &value),
            environment: environment_slug,
            scopes: scopes.0,
            label: Some(label),
        })),
        _ => Err(Refusal::not_found().into()),
    }
}
