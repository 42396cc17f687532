//! JSON bodies and queries on their way in: strict, bounded, and refused with the name of the field
//! and never with what stood in it.

use super::error::ApiError;
use axum::RequestExt as _;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{Method, header};
use http_body_util::BodyExt as _;
use nexus_domain::json::KEY_TWICE;
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

/// What is wrong, without the text that is wrong: it may be a secret.
fn explain(path: &str, error: &serde_json::Error) -> Refusal {
    let message = error.to_string();
    if message.starts_with("recursion limit exceeded") {
        // The whole way there is as long as it is deep: its beginning says where to look.
        let top = path.split('.').next().unwrap_or_default();
        return refused(top, "JSON is nested too deep here");
    }
    if error.classify() != Category::Data {
        let place = format!("This is not JSON (line {}, column {})", error.line(), error.column());
        return Refusal::new(Code::InvalidRequest, place.clone()).with("body", place);
    }
    let (field, rule) = wrong(path, &message);
    refused(&field, rule)
}

/// Which field is wrong, by its path, and what is wrong with it. Only names of fields are taken from the
/// library's message.
fn wrong(path: &str, message: &str) -> (String, &'static str) {
    let named = |prefix: &str| message.strip_prefix(prefix)?.split('`').next();
    let inside = |field: &str| match path {
        "" => field.to_owned(),
        // Some errors are found in the field itself, others in the object around it.
        _ if path == field || path.ends_with(&format!(".{field}")) => path.to_owned(),
        _ => format!("{path}.{field}"),
    };
    if let Some(field) = named("unknown field `") {
        (inside(field), "There is no such field")
    } else if let Some(field) = named("missing field `") {
        (inside(field), "This field is needed")
    } else if let Some(field) = named("duplicate field `") {
        (inside(field), "This field stands there twice")
    } else if let Some(field) = named("invalid field `") {
        (inside(field), "This goes with no other field that says the same")
    } else if message.starts_with(KEY_TWICE) {
        (path.to_owned(), KEY_TWICE)
    } else {
        (path.to_owned(), "This has the wrong type or is none of the possible values")
    }
}

/// A name that a caller made up may be anything: it is shown as far as a name may go.
fn refused(field: &str, rule: &str) -> Refusal {
    let shown: String = field.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
    Refusal::invalid(if shown.is_empty() { "body" } else { &shown }, rule)
}

/// So much of the way to a field is shown.
const MAX_SHOWN: usize = 128;

/// A query without unknown names.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(explain_query(&rejection).into()),
        }
    }
}

/// Which parameter is wrong.
fn explain_query(rejection: &QueryRejection) -> Refusal {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(rejection);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<serde_path_to_error::Error<serde::de::value::Error>>() {
            let path = found.path().to_string();
            let (field, rule) = wrong(path.trim_matches('.'), &found.inner().to_string());
            return refused(if field.is_empty() { "query" } else { &field }, rule);
        }
        cause = error.source();
    }
    Refusal::invalid("query", "The query cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::secret::NewSecret;

    fn refused(body: &str) -> Refusal {
        read::<NewSecret>(body.as_bytes()).expect_err("refused")
    }

    #[test]
    fn a_field_of_a_flag_is_named_by_the_way_to_it() {
        use nexus_domain::flag::{FlagPatch, NewFlag};
        let deep = format!(
            r#"{{"key":"a","rules":[{{"id":"r","when":{}{},"serve":{{}}}}]}}"#,
            r#"{"all":["#.repeat(10_000),
            "]}".repeat(10_000)
        );
        for (body, field) in [
            (r#"{"key":"a","rollout":{"percentage":101}}"#, "rollout.percentage"),
            (r#"{"key":"a","rollout":{"percentage":"50"}}"#, "rollout.percentage"),
            (
                r#"{"key":"a","rules":[{"id":"r","when":{"attribute":"a","op":"like"},"serve":{}}]}"#,
                "rules[0].when.op",
            ),
            (r#"{"key":"a","starts_at":"tomorrow"}"#, "starts_at"),
            (r#"{"key":"w1","state":"zz"}"#, "state"),
            (r#"{"key":5}"#, "key"),
            (r#"{"key":"a","tags":"x"}"#, "tags"),
            (r#"{"key":"a","rules":[{"serve":{}}]}"#, "rules[0].id"),
            (r#"{"key":"a","variants":[{"name":"x"}]}"#, "variants[0].value"),
            (r#"{"key":"a","variants":[{"name":"x","value":1,"odd":1}]}"#, "variants[0].odd"),
            (r#"{"key":"a","variants":[{"name":"x","value":{"a":1,"a":2}}]}"#, "variants[0].value"),
            (r#"{"key":"a","state":"on","enabled":true}"#, "enabled"),
            (r#"{"key":"a","stat":"on"}"#, "stat"),
            (r#"{"state":"on"}"#, "key"),
            (deep.as_str(), "rules[0]"),
        ] {
            let refusal = read::<NewFlag>(body.as_bytes()).map(|_| ()).expect_err(field);
            assert!(refusal.details.keys().any(|name| name.starts_with(field)), "{field}: {refusal:?}");
            assert!(!refusal.details.contains_key("body"), "{refusal:?}");
        }
        let refusal = read::<FlagPatch>(br#"{"state":"zz"}"#).map(|_| ()).expect_err("refused");
        assert!(refusal.field("state").is_some(), "{refusal:?}");
    }

    #[test]
    fn a_parameter_is_named() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Search {
            #[serde(default)]
            #[expect(dead_code, reason = "only read")]
            limit: Option<i64>,
            #[expect(dead_code, reason = "only read")]
            from: i64,
        }
        for (query, field) in [("limit=x&from=1", "limit"), ("limit=1", "from"), ("from=1&odd=1", "odd")] {
            let uri = format!("http://x.test/?{query}").parse().expect("an address");
            let rejection = Query::<Search>::try_from_uri(&uri).expect_err(query);
            let refusal = explain_query(&rejection);
            assert!(refusal.field(field).is_some(), "{query}: {refusal:?}");
        }
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
