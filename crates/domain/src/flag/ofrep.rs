//! The answers of the OpenFeature Remote Evaluation Protocol, version 0.3
//! (<https://github.com/open-feature/protocol>), as far as they speak of flags.

use super::{Evaluation, Reason};
use serde::Serialize;
use serde_json::Value;

/// A flag, evaluated for one context.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlagEvaluation {
    pub key: String,
    /// Of the flag's type.
    pub value: Value,
    pub variant: String,
    pub reason: Reason,
}

impl FlagEvaluation {
    pub fn of(key: &str, evaluation: &Evaluation<'_>) -> Self {
        Self {
            key: key.to_owned(),
            value: evaluation.value.clone(),
            variant: evaluation.variant.to_owned(),
            reason: evaluation.reason,
        }
    }
}

/// All flags of a service, evaluated for one context.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkEvaluation {
    pub flags: Vec<FlagEvaluation>,
    /// Where to hear that it is time to ask again.
    #[serde(rename = "eventStreams")]
    pub event_streams: Vec<EventStream>,
}

/// A stream of server-sent events. Its address holds a short-lived credential of its own, because
/// browsers cannot send headers along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventStream {
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "sse"))]
    pub kind: &'static str,
    pub url: String,
    /// After so many seconds in the background a client may close it, and opens it again later.
    #[serde(rename = "inactivityDelaySec")]
    pub inactivity_delay_sec: u32,
}

impl EventStream {
    pub const fn sse(url: String) -> Self {
        Self { kind: "sse", url, inactivity_delay_sec: 120 }
    }
}

/// What an event of such a stream says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefetchEvaluation {
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The state of the flags that it is about.
    pub etag: String,
}

impl RefetchEvaluation {
    pub fn new(state: &str) -> Self {
        Self { kind: "refetchEvaluation", etag: format!("\"{state}\"") }
    }
}

/// Why there is no evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    ParseError,
    InvalidContext,
    FlagNotFound,
    General,
}
