//! Names in a query that a call does not have are refused, so that a filter that was misspelt does not
//! answer with everything. Known are those that the document tells of the call, in one place for all
//! calls. Asked once the caller is known, so that nobody else learns what there is; and only of a request
//! that has a query, because every warm sync passes here.

use super::error::ApiError;
use axum::extract::{FromRequestParts, MatchedPath, Query};
use axum::http::request::Parts;
use nexus_domain::Refusal;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

type Names = BTreeSet<String>;

/// The names of each call, by its path and method.
#[derive(Clone, Default)]
pub(super) struct Queries(Arc<HashMap<String, HashMap<String, Names>>>);

impl Queries {
    /// What the document says. Two protocols of others overlook what they do not know: an authorization server
    /// has to (RFC 6749, section 3.1), and providers of OpenFeature send names of their own.
    pub fn new(document: &Value) -> Self {
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        let foreign = |path: &str| ["/oauth/", "/.well-known/", "/ofrep/"].iter().any(|it| path.contains(it));
        let ours = paths.filter(|(path, _)| !foreign(path) || path.starts_with("/api/"));
        let calls = ours.map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            (path.clone(), methods.map(|(method, call)| (method.clone(), names(call))).collect())
        });
        Self(Arc::new(calls.collect()))
    }

    fn of(&self, parts: &Parts) -> Option<&Names> {
        let route = parts.extensions.get::<MatchedPath>()?;
        let method = match parts.method.as_str() {
            "HEAD" => "get".to_owned(),
            other => other.to_lowercase(),
        };
        self.0.get(route.as_str())?.get(&method)
    }
}

fn names(call: &Value) -> Names {
    let parameters = call.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let in_query = parameters.filter(|it| it.get("in").and_then(Value::as_str) == Some("query"));
    in_query.filter_map(|it| it.get("name")?.as_str().map(str::to_owned)).collect()
}

/// Refuses a name that the call does not have, for a request that the frame has given the names to.
pub(super) fn expect_known(parts: &Parts) -> Result<(), ApiError> {
    let Some(known) = parts.extensions.get::<Queries>().and_then(|queries| queries.of(parts)) else {
        return Ok(());
    };
    let unreadable = |_| Refusal::invalid("query", "This is no query");
    let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(unreadable)?;
    match given.into_iter().find(|(name, _)| !known.contains(name)) {
        None => Ok(()),
        // A name that a caller made up may be anything, a secret too: it is not said again.
        Some(_) => {
            let all: Vec<&str> = known.iter().map(String::as_str).collect();
            let rule = match all.as_slice() {
                [] => "This call takes no parameters here".to_owned(),
                some => format!("There is a name that this call does not have; it takes {}", some.join(", ")),
            };
            Err(Refusal::invalid("query", rule).into())
        }
    }
}

/// For a call without a credential.
pub(super) struct KnownNames;

impl<S: Sync> FromRequestParts<S> for KnownNames {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        expect_known(parts).map(|()| Self)
    }
}
