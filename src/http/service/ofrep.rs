//! The OpenFeature Remote Evaluation Protocol, version 0.3: any OpenFeature SDK reads flags with it.
//!
//! Its errors have fields of their own (`errorCode`, `errorDetails`, `key`); they stand beside those
//! that every error of this API has.

use super::{ApiError, Caller, IfNoneMatch, Named, tagged};
use crate::http::body::{Json, NO_OBJECT};
use crate::http::docs::Refusals;
use crate::http::error::refused_with;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use nexus_backend::flags::{self, Bulk};
use nexus_backend::{Error, Nexus};
use nexus_domain::Refusal;
use nexus_domain::flag::{BulkEvaluation, Context, ErrorCode, FlagEvaluation};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(one)).routes(routes!(all))
}

/// Whom to evaluate for. Fields that later versions of the protocol may add are let be.
#[derive(Deserialize, ToSchema)]
struct EvaluationRequest {
    /// Attributes; `targetingKey` is who it is.
    #[serde(default, deserialize_with = "nexus_domain::json::unique")]
    #[schema(value_type = Object, required = true)]
    context: Value,
}

/// A refusal with what the protocol wants to know.
struct Refused {
    refusal: Refusal,
    code: ErrorCode,
    key: Option<String>,
}

impl Refused {
    fn about(mut self, key: &str) -> Self {
        self.key = Some(key.chars().take(256).collect());
        self
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { refusal: error.into(), code: ErrorCode::General, key: None }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut beside = Map::new();
        beside.insert("errorCode".into(), json!(self.code));
        beside.insert("errorDetails".into(), self.refusal.message.clone().into());
        if let Some(key) = self.key {
            beside.insert("key".into(), key.into());
        }
        refused_with(self.refusal, beside)
    }
}

fn context(body: Result<Json<EvaluationRequest>, ApiError>) -> Result<Context, Refused> {
    let invalid = |refusal| Refused { refusal, code: ErrorCode::InvalidContext, key: None };
    let Json(request) = body.map_err(|ApiError(refusal)| match refusal.field("body") {
        // It was understood, and holds no context.
        Some(NO_OBJECT) => invalid(refusal),
        _ => Refused { refusal, code: ErrorCode::ParseError, key: None },
    })?;
    match request.context {
        Value::Object(attributes) => Context::from_flat(attributes).map_err(invalid),
        _ => Err(invalid(Refusal::invalid("context", "An object is needed"))),
    }
}

/// One flag with its typed value (OFREP).
#[utoipa::path(post, path = "/ofrep/v1/evaluate/flags/{key}", tag = "OpenFeature",
    params(("key" = String, Path)), request_body = EvaluationRequest,
    responses((status = 200, body = FlagEvaluation), Refusals))]
async fn one(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    Path(Named { key }): Path<Named>,
    body: Result<Json<EvaluationRequest>, ApiError>,
) -> Response {
    match evaluate_one(&nexus, &actor, &key, body).await {
        Ok(evaluation) => axum::Json(evaluation).into_response(),
        Err(refused) => refused.about(&key).into_response(),
    }
}

async fn evaluate_one(
    nexus: &Nexus,
    actor: &nexus_backend::gate::Actor,
    key: &str,
    body: Result<Json<EvaluationRequest>, ApiError>,
) -> Result<FlagEvaluation, Refused> {
    let context = context(body)?;
    flags::one(nexus, actor, key, &context).await?.ok_or_else(|| Refused {
        refusal: Refusal::not_found(),
        code: ErrorCode::FlagNotFound,
        key: None,
    })
}

/// All flags with their typed values, and where to hear of changes (OFREP). With `If-None-Match` it
/// costs nothing while nothing changed for this context.
#[utoipa::path(post, path = "/ofrep/v1/evaluate/flags", tag = "OpenFeature",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of the answer one has")),
    request_body = EvaluationRequest,
    responses((status = 200, body = BulkEvaluation, headers(("ETag" = String))), (status = 304), Refusals))]
async fn all(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    known: IfNoneMatch,
    body: Result<Json<EvaluationRequest>, ApiError>,
) -> Response {
    match evaluate_all(&nexus, &actor, known.text(), body).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn evaluate_all(
    nexus: &Nexus,
    actor: &nexus_backend::gate::Actor,
    known: Option<&str>,
    body: Result<Json<EvaluationRequest>, ApiError>,
) -> Result<Response, Refused> {
    let context = context(body)?;
    let general = |ApiError(refusal)| Refused { refusal, code: ErrorCode::General, key: None };
    Ok(match flags::bulk(nexus, actor, &context, known).await? {
        Bulk::NotModified { etag } => {
            (StatusCode::NOT_MODIFIED, tagged(etag).map_err(general)?).into_response()
        }
        Bulk::Fresh { etag, body } => (tagged(etag).map_err(general)?, axum::Json(body)).into_response(),
    })
}
