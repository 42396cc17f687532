//! Feature flags: their definition, and the engine that evaluates them.
//!
//! A `FlagDefinition` is what a version of a flag stores. `Compiled::new` checks it and makes it
//! ready; `evaluate` answers for one context and moment, `explain` tells why. The order of the
//! steps, the operators and the buckets are documented in `docs/flags.md`, and other
//! implementations check themselves against `tests/vectors`. Nothing here reads a clock.

mod bucket;
mod compiled;
mod condition;
mod context;
mod definition;
#[cfg(feature = "openapi")]
mod document;
mod engine;
mod evaluate;
mod explain;
mod limits;
mod ofrep;
mod pattern;
mod percentage;
mod preview;
mod schedule;
mod validate;
mod wire;

pub use bucket::{BUCKETS, Bucket};
pub use compiled::Compiled;
pub use context::Context;
pub use definition::{Condition, FlagDefinition, FlagType, Operator, Rule, Serve, Variant, Weighted};
pub use engine::{ENGINE_VERSIONS, Engine, check_engine_pin, engine_for, engine_pins};
pub use evaluate::{Evaluation, Reason, Targeting, evaluate};
pub use explain::{ConditionTrail, Explanation, Outcome, ShareTrail, Step, StepKind, explain};
pub use limits::*;
pub use ofrep::{BulkEvaluation, ErrorCode, EventStream, FlagEvaluation, RefetchEvaluation};
pub use percentage::Percentage;
pub use preview::{SampleShare, numbered_users, share_of_sample};
pub use schedule::{FlagState, Schedule};
pub use wire::{
    DeletedFlag, EvaluateRequest, Evaluated, FlagPatch, FlagRow, FlagVersion, FlagVersionDefinition,
    MAX_EVALUATED_KEYS, NewFlag, NewFlagVersion, Stale, Toggle,
};

/// The version of the rules by which flags are evaluated. Changes that give anybody another
/// variant raise it.
pub const ENGINE_VERSION: &str = "1.0";
