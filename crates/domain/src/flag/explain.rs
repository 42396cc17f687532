//! Why a flag has its value: the trail of an evaluation, for the tester page and for
//! `?explain=true`.
//!
//! It shows rules and what the context holds, so it is for those who may read the flag, and never
//! for a credential that lives in a browser.

use super::compiled::{Compiled, CompiledRule, Served};
use super::condition::{Comparison, List, Node, Scalar, Test};
use super::context::Context;
use super::evaluate::{Draw, Passed, Reason, Targeting, decide};
use super::{Bucket, ENGINE_VERSION, FlagState, Percentage, Schedule};
use crate::Timestamp;
use crate::role::words;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A longer text, or more values, are cut where they are shown.
const SHOWN_CHARS: usize = 120;
const SHOWN_VALUES: usize = 5;

words! {
    /// What one comparison or group came to.
    Outcome {
        Matched = "matched",
        NotMatched = "not_matched",
        /// The context has no such attribute.
        Missing = "missing",
        /// The attribute has a type that this operator does not compare with the value.
        OtherType = "other_type",
        /// A regular expression in a preview in the browser, which has no engine for them.
        NotEvaluated = "not_evaluated",
    }
}

impl Outcome {
    pub(super) const fn of(matched: bool) -> Self {
        if matched { Self::Matched } else { Self::NotMatched }
    }
}

words! {
    /// What a step of an evaluation is about.
    StepKind {
        State = "state",
        /// Rules and rollout that do not count, because A/B testing is not active.
        AddOn = "add_on",
        Rule = "rule",
        /// A percentage or a split: the rollout's, or that of the rule before it.
        Share = "share",
        /// What is left when nothing else decided.
        Otherwise = "otherwise",
    }
}

/// An evaluation with its trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    pub key: String,
    pub engine_version: String,
    pub evaluated_at: Timestamp,
    pub value: Value,
    pub variant: String,
    pub enabled: bool,
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u32>,
    /// In order; the last one decided. Rules after it were not looked at.
    pub steps: Vec<Step>,
}

/// One step of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Step {
    pub step: StepKind,
    /// A sentence for people.
    pub text: String,
    /// For `state` whether the flag is on, for `rule` whether it matched, for `share` whether the
    /// targeting key is inside.
    pub passed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// A rule's conditions, each with its outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionTrail>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareTrail>,
}

/// A condition with what it came to; all parts of a group are told, needed or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConditionTrail {
    /// `all of`, `any of`, or the comparison: `plan in "pro", "team"`.
    pub text: String,
    pub outcome: Outcome,
    /// What the context has; long ones are cut.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub actual: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub parts: Vec<ConditionTrail>,
}

/// Where somebody fell; no buckets without a targeting key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShareTrail {
    /// 0 to 99,999.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u32>,
    /// Inside is who has a bucket below this: the percentage times 1,000.
    pub threshold: u32,
    /// Decides between the parts of a weighted split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_bucket: Option<u32>,
}

/// Evaluates a flag and tells why it came out so.
pub fn explain(flag: &Compiled, context: &Context, now: Timestamp, targeting: Targeting) -> Explanation {
    let mut steps = Vec::new();
    let answer = decide(flag, context, now, targeting, &mut |passed| steps.push(flag.step(passed, context)));
    Explanation {
        key: flag.key().to_owned(),
        engine_version: ENGINE_VERSION.to_owned(),
        evaluated_at: now,
        value: answer.value.clone(),
        variant: answer.variant.to_owned(),
        enabled: answer.enabled,
        reason: answer.reason,
        rule_id: answer.rule_id.map(str::to_owned),
        bucket: answer.bucket,
        steps,
    }
}

impl Step {
    const fn new(step: StepKind, passed: bool, text: String) -> Self {
        Self { step, text, passed, rule_id: None, when: None, share: None }
    }
}

impl Compiled {
    fn step(&self, passed: Passed<'_>, context: &Context) -> Step {
        match passed {
            Passed::State { enabled } => {
                let mut text = state_text(self.schedule, enabled);
                if !enabled {
                    text.push_str(&format!(" It serves its off variant {}.", self.off.name));
                }
                Step::new(StepKind::State, enabled, text)
            }
            Passed::Plain { ignored: true } => {
                let text = format!(
                    "Without A/B testing for this project rules and rollout do not count. It serves {}.",
                    self.on.name
                );
                Step::new(StepKind::AddOn, true, text)
            }
            Passed::Plain { ignored: false } => {
                let text = format!("It has neither rules nor a rollout and serves {}.", self.on.name);
                Step::new(StepKind::Otherwise, true, text)
            }
            Passed::Rule { rule, matched } => rule_step(rule, matched, context),
            Passed::Served { rule, served, draw } => self.share_step(rule, served, draw),
            Passed::Nothing => {
                let text =
                    format!("No rule matches and there is no rollout: the off variant {}.", self.off.name);
                Step::new(StepKind::Otherwise, false, text)
            }
        }
    }

    fn share_step(&self, rule: Option<&CompiledRule>, served: &Served, draw: Draw) -> Step {
        let percentage = served.percentage.unwrap_or(Percentage::ALL);
        let threshold = percentage.thousandths();
        let whose = rule.map_or_else(|| "The rollout".to_owned(), |rule| format!("Rule {}", rule.id));
        let off = &self.off.name;
        let text = match draw {
            Draw::NotNeeded => format!("{whose} serves {} to all.", served.choice.variant(0).name),
            Draw::NoTargetingKey => {
                format!("{whose} needs a targeting key and the context has none: the off variant {off}.")
            }
            Draw::Inside(Bucket { rollout, split }) => {
                let variant = &served.choice.variant(split).name;
                format!(
                    "{whose} has {percentage} %: bucket {} is below {}. It serves {variant}.",
                    grouped(rollout),
                    grouped(threshold)
                )
            }
            Draw::Outside(Bucket { rollout, .. }) => format!(
                "{whose} has {percentage} %: bucket {} is not below {}. The off variant {off}.",
                grouped(rollout),
                grouped(threshold)
            ),
        };
        let share = (!matches!(draw, Draw::NotNeeded)).then(|| ShareTrail {
            bucket: draw.bucket().map(|bucket| bucket.rollout),
            threshold,
            split_bucket: draw.bucket().map(|bucket| bucket.split),
        });
        let rule_id = rule.map(|rule| rule.id.to_string());
        Step { rule_id, share, ..Step::new(StepKind::Share, draw.is_inside(), text) }
    }
}

/// A schedule and what it comes to, as a sentence.
pub(super) fn state_text(schedule: Schedule, enabled: bool) -> String {
    let when = match (schedule.starts_at, schedule.ends_at) {
        (Some(start), Some(end)) => format!("from {} until {}", start.exact(), end.exact()),
        (Some(start), None) => format!("from {}", start.exact()),
        (None, Some(end)) => format!("until {}", end.exact()),
        (None, None) => String::new(),
    };
    match (schedule.state, enabled) {
        (FlagState::Off, _) => "The flag is off.".to_owned(),
        (FlagState::On, _) => "The flag is on.".to_owned(),
        (FlagState::Scheduled, true) => format!("The flag is scheduled {when}, and on now."),
        (FlagState::Scheduled, false) => format!("The flag is scheduled {when}, and off now."),
    }
}

fn rule_step(rule: &CompiledRule, matched: bool, context: &Context) -> Step {
    let verb = match (&rule.when, matched) {
        (None, _) => "is for everybody",
        (Some(_), true) => "matches",
        (Some(_), false) => "does not match",
    };
    let described =
        if rule.description.is_empty() { String::new() } else { format!(" ({})", rule.description) };
    let text = format!("Rule {}{described} {verb}.", rule.id);
    let when = rule.when.as_ref().map(|when| when.trail(context));
    Step { rule_id: Some(rule.id.to_string()), when, ..Step::new(StepKind::Rule, matched, text) }
}

impl Node {
    /// Unlike `matches` it looks at every part.
    fn trail(&self, context: &Context) -> ConditionTrail {
        let (text, all, parts) = match self {
            Self::All(parts) => ("all of", true, parts),
            Self::Any(parts) => ("any of", false, parts),
            Self::Comparison(comparison) => return comparison.trail(context),
        };
        let parts: Vec<ConditionTrail> = parts.iter().map(|part| part.trail(context)).collect();
        let mut outcomes = parts.iter().map(|part| part.outcome == Outcome::Matched);
        let matched = if all { outcomes.all(|matched| matched) } else { outcomes.any(|matched| matched) };
        ConditionTrail { text: text.to_owned(), outcome: Outcome::of(matched), actual: Value::Null, parts }
    }
}

impl Comparison {
    fn trail(&self, context: &Context) -> ConditionTrail {
        let actual = context.get(&self.attribute);
        ConditionTrail {
            text: format!("{} {}{}", self.attribute.name(), self.operator, self.test.value_text()),
            outcome: self.test.outcome(actual),
            actual: actual.map_or(Value::Null, shown),
            parts: Vec::new(),
        }
    }
}

impl Test {
    fn value_text(&self) -> String {
        match self {
            Self::Equal { to, .. } | Self::Order { to, .. } | Self::Contains(to) => format!(" {}", to.text()),
            Self::OneOf { values, .. } => format!(" {}", values.text()),
            Self::StartsWith(text) | Self::EndsWith(text) => format!(" {}", quoted(text)),
            Self::Matches(pattern) => format!(" {}", pattern.source()),
            Self::Exists(wanted) => format!(" {wanted}"),
        }
    }
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Number(number) => number.to_string(),
            Self::Boolean(boolean) => boolean.to_string(),
        }
    }
}

impl List {
    fn text(&self) -> String {
        let (count, shown): (usize, Vec<String>) = match self {
            Self::Texts(texts) => {
                (texts.len(), texts.iter().take(SHOWN_VALUES).map(|text| quoted(text)).collect())
            }
            Self::Numbers(numbers) => {
                (numbers.len(), numbers.iter().take(SHOWN_VALUES).map(f64::to_string).collect())
            }
            Self::Booleans(booleans) => {
                (booleans.len(), booleans.iter().take(SHOWN_VALUES).map(bool::to_string).collect())
            }
        };
        let more = if count > SHOWN_VALUES { format!(", … ({count} values)") } else { String::new() };
        format!("{}{more}", shown.join(", "))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A bucket with a separator, as it is read most easily: `7,431`.
fn grouped(bucket: u32) -> String {
    match bucket / 1000 {
        0 => bucket.to_string(),
        thousands => format!("{thousands},{:03}", bucket % 1000),
    }
}

/// A value of the context as far as it is shown.
fn shown(actual: &Value) -> Value {
    match actual {
        Value::String(text) => Value::String(cut(text)),
        Value::Array(elements) => Value::String(format!("a list of {} values", elements.len())),
        Value::Object(fields) => Value::String(format!("an object of {} fields", fields.len())),
        simple => simple.clone(),
    }
}
