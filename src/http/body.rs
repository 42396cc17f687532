//! JSON bodies and queries on their way in: strict, bounded, and refused with the name of the field
//! and never with what stood in it.

use super::error::ApiError;
use axum::RequestExt as _;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{Method, header};
use http_body_util::BodyExt as _;
use nexus_domain::{Code, Refusal};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// A JSON body.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        // A PATCH is a merge of JSON, whichever of its two names it comes under (RFC 7396).
        let is_merge =
            request.method() == Method::PATCH && kind.eq_ignore_ascii_case("application/merge-patch+json");
        if !is_merge && !kind.eq_ignore_ascii_case("application/json") {
            let message = "Send JSON: Content-Type: application/json";
            return Err(Refusal::new(Code::UnsupportedMediaType, message).into());
        }
        let collected = request.with_limited_body().into_body().collect().await;
        let bytes =
            collected.map_err(|_| Refusal::new(Code::TooLarge, "The body is too large, or ended early"))?;
        read(&bytes.to_bytes()).map(Self).map_err(ApiError)
    }
}

/// A body that may be missing.
pub struct OptionalJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let empty = request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
            && !request.headers().contains_key(header::TRANSFER_ENCODING);
        if empty {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, state).await.map(|Json(value)| Self(value))
    }
}

/// What is said of a body that is JSON and no object.
pub(super) const NO_OBJECT: &str = "An object is needed";

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // A list would be taken for the fields in their order, which nobody promised.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::invalid("body", NO_OBJECT));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        explain(path.trim_matches('.'), error.inner())
    })?;
    json.end().map_err(|error| explain("", &error))?;
    Ok(value)
}

/// What is wrong, without the text that is wrong: it may be a secret. Only names of fields are
/// taken from the library's message.
fn explain(path: &str, error: &serde_json::Error) -> Refusal {
    if error.classify() != Category::Data {
        let place = format!("This is not JSON (line {}, column {})", error.line(), error.column());
        return Refusal::new(Code::InvalidRequest, place.clone()).with("body", place);
    }
    let message = error.to_string();
    let named = |prefix: &str| message.strip_prefix(prefix)?.split('`').next().map(str::to_owned);
    let (field, rule) = if let Some(field) = named("unknown field `") {
        (field, "There is no such field")
    } else if let Some(field) = named("missing field `") {
        (field, "This field is needed")
    } else if let Some(field) = named("duplicate field `") {
        (field, "This field stands there twice")
    } else if let Some(field) = named("field without null `") {
        (field, "This is never empty, so that null takes nothing away")
    } else {
        (path.to_owned(), "This has the wrong type or is none of the possible values")
    };
    // A name that a caller made up may be anything: it is shown as far as a name may go.
    let shown: String = field.chars().filter(|c| !c.is_control()).take(64).collect();
    Refusal::invalid(if shown.is_empty() { "body" } else { &shown }, rule)
}

/// A query without unknown names.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(_) => {
                let rule = "The query has a name that is not known here, or a value of the wrong type";
                Err(Refusal::invalid("query", rule).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::secret::NewSecret;

    fn refused(body: &str) -> Refusal {
        read::<NewSecret>(body.as_bytes()).expect_err("refused")
    }

    #[test]
    fn the_field_is_named_and_its_content_is_not() {
        assert!(refused(r#"{"key":"A","value":"hunter2","valeu":"x"}"#).field("valeu").is_some());
        assert!(refused(r#"{"value":"hunter2"}"#).field("key").is_some());
        for body in [
            r#"{"key":"A","value":["hunter2"]}"#,
            r#"{"key":"A","type":"hunter2"}"#,
            r#"{"key":"A","value":"hunter2""#,
        ] {
            let refusal = refused(body);
            assert!(!serde_json::to_string(&refusal).expect("json").contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn a_list_is_not_taken_for_the_fields_in_their_order() {
        for body in [r#"["A"]"#, r#" ["A","hunter2",null,null,null,null,null]"#, "[]"] {
            assert!(refused(body).field("body").is_some());
        }
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        assert!(refused(r#"{"key":"A","value":"x"} {}"#).field("body").is_some());
        assert!(refused("").field("body").is_some());
        assert!(
            refused(&"[".repeat(100_000)).details.contains_key("body")
                || !refused(&"[".repeat(100_000)).details.is_empty()
        );
    }
}
