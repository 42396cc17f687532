//! Why a flag has its value for a context: each step with its conditions, and the answer.

use crate::components::Badge;
use crate::components::badge::Tone;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// An evaluation, ready to be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub key: String,
    /// JSON.
    pub value: String,
    pub variant: String,
    pub enabled: bool,
    pub reason: String,
    pub steps: Vec<ToldStep>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToldStep {
    pub text: String,
    pub passed: bool,
    pub conditions: Vec<ToldCondition>,
}

/// A condition, and how deep it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToldCondition {
    pub depth: u8,
    pub text: String,
    pub matched: bool,
    pub outcome: String,
}

#[cfg(feature = "ssr")]
mod told {
    use super::{Told, ToldCondition, ToldStep};
    use nexus_domain::flag::{ConditionTrail, Explanation, Outcome, Step};

    impl Told {
        pub fn of(explanation: Explanation) -> Self {
            Self {
                key: explanation.key,
                value: explanation.value.to_string(),
                variant: explanation.variant,
                enabled: explanation.enabled,
                reason: explanation.reason.as_str().to_owned(),
                steps: explanation.steps.into_iter().map(step).collect(),
            }
        }
    }

    fn step(step: Step) -> ToldStep {
        let mut conditions = Vec::new();
        if let Some(when) = &step.when {
            add(when, 0, &mut conditions);
        }
        ToldStep { text: step.text, passed: step.passed, conditions }
    }

    fn add(trail: &ConditionTrail, depth: u8, all: &mut Vec<ToldCondition>) {
        let outcome = match trail.outcome {
            Outcome::Matched if trail.parts.is_empty() => format!("matches: it is {}", trail.actual),
            Outcome::Matched => "matches".to_owned(),
            Outcome::NotMatched if trail.parts.is_empty() && !trail.actual.is_null() => {
                format!("does not match: it is {}", trail.actual)
            }
            Outcome::NotMatched => "does not match".to_owned(),
            Outcome::Missing => "the context has no such attribute".to_owned(),
            Outcome::OtherType => format!("has another type: it is {}", trail.actual),
            Outcome::NotEvaluated => "not evaluated here".to_owned(),
        };
        let matched = trail.outcome == Outcome::Matched;
        all.push(ToldCondition { depth, text: trail.text.clone(), matched, outcome });
        trail.parts.iter().for_each(|part| add(part, depth.saturating_add(1), all));
    }
}

/// The answer, and how it came about.
#[component]
pub fn Explained(told: Told) -> impl IntoView {
    view! {
        <p class="answer">
            <code class="strong">{told.value}</code>
            <span>"variant "<b>{told.variant}</b></span>
            <Badge text=told.reason tone=if told.enabled { Tone::Green } else { Tone::Plain }/>
        </p>
        <Steps steps=told.steps/>
    }
    .into_any()
}

#[component]
pub fn Steps(steps: Vec<ToldStep>) -> impl IntoView {
    let steps = steps.into_iter().map(step).collect_view();
    view! { <ol class="steps">{steps}</ol> }.into_any()
}

fn step(step: ToldStep) -> AnyView {
    let conditions = (!step.conditions.is_empty()).then(|| {
        let lines = step.conditions.into_iter().map(condition).collect_view();
        view! { <ul class="trail">{lines}</ul> }
    });
    view! { <li class=if step.passed { "step step-passed" } else { "step" }>{step.text}{conditions}</li> }
        .into_any()
}

fn condition(condition: ToldCondition) -> AnyView {
    let sign = if condition.matched { "✓" } else { "✗" };
    view! {
        <li data-depth=condition.depth.min(4)>
            <span class="trail-sign" aria-hidden="true">{sign}</span><code>{condition.text}</code>" "
            <small class="muted">{condition.outcome}</small>
        </li>
    }
    .into_any()
}
