//! Evaluation: state and schedule, then the first rule that matches, then the rollout, then the
//! off variant. It never fails, allocates nothing and gives the same answer on every machine.

use super::compiled::{CompiledRule, Served};
use super::{Bucket, Compiled, Context, Variant};
use crate::Timestamp;
use crate::role::words;
use serde::{Deserialize, Serialize};
use serde_json::Value;

words! {
    /// Why a flag has its value, in OpenFeature's words.
    Reason {
        /// On, and nothing to decide.
        Static = "STATIC",
        /// A rule matched.
        TargetingMatch = "TARGETING_MATCH",
        /// A percentage or a split decided, inside or outside.
        Split = "SPLIT",
        /// No rule matched, and there is no rollout.
        Default = "DEFAULT",
        /// Off, or out of its schedule.
        Disabled = "DISABLED",
        /// A percentage needs a targeting key and the context has none.
        TargetingKeyMissing = "TARGETING_KEY_MISSING",
        /// Never from this engine: for adapters, where a flag is unknown or cannot be read.
        Failed = "ERROR",
    }
}

/// Whether rules and rollouts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targeting {
    Active,
    /// The project has no A/B testing any more: stored rules and rollouts are as if they were
    /// absent, so that a change of billing breaks no program.
    Ignored,
}

/// The answer for one context.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Evaluation<'f> {
    pub value: &'f Value,
    pub variant: &'f str,
    /// The answer as a boolean: a boolean flag's value; for others, whether it is not the off
    /// variant.
    pub enabled: bool,
    pub reason: Reason,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<&'f str>,
    /// Where a percentage or a split decided: the rollout's bucket, 0 to 99,999.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u32>,
}

/// Evaluates a flag.
pub fn evaluate<'f>(
    flag: &'f Compiled,
    context: &Context,
    now: Timestamp,
    targeting: Targeting,
) -> Evaluation<'f> {
    decide(flag, context, now, targeting, &mut |_| {})
}

/// What an evaluation went past, in order; the last one decided.
pub(super) enum Passed<'f> {
    State {
        enabled: bool,
    },
    /// On, without rules or rollout that count; `ignored` where there are some.
    Plain {
        ignored: bool,
    },
    Rule {
        rule: &'f CompiledRule,
        matched: bool,
    },
    /// By a rule that matched, or by the rollout.
    Served {
        rule: Option<&'f CompiledRule>,
        served: &'f Served,
        draw: Draw,
    },
    /// No rule, no rollout.
    Nothing,
}

/// What a percentage or a split gave somebody.
#[derive(Clone, Copy)]
pub(super) enum Draw {
    NotNeeded,
    NoTargetingKey,
    Inside(Bucket),
    Outside(Bucket),
}

impl Draw {
    pub const fn bucket(self) -> Option<Bucket> {
        match self {
            Self::Inside(bucket) | Self::Outside(bucket) => Some(bucket),
            Self::NotNeeded | Self::NoTargetingKey => None,
        }
    }

    pub const fn is_inside(self) -> bool {
        matches!(self, Self::NotNeeded | Self::Inside(_))
    }
}

/// The one place that decides; `passed` only watches, so an explanation cannot disagree.
pub(super) fn decide<'f>(
    flag: &'f Compiled,
    context: &Context,
    now: Timestamp,
    targeting: Targeting,
    passed: &mut impl FnMut(Passed<'f>),
) -> Evaluation<'f> {
    let enabled = flag.is_enabled(now);
    passed(Passed::State { enabled });
    if !enabled {
        return flag.answer(&flag.off, Reason::Disabled);
    }
    if targeting == Targeting::Ignored || !flag.has_targeting() {
        passed(Passed::Plain { ignored: flag.has_targeting() });
        return flag.answer(&flag.on, Reason::Static);
    }
    for rule in &flag.rules {
        let matched = rule.when.as_ref().is_none_or(|when| when.matches(context));
        passed(Passed::Rule { rule, matched });
        if matched {
            return flag.serve(Some(rule), &rule.serve, context, passed);
        }
    }
    match &flag.rollout {
        Some(rollout) => flag.serve(None, rollout, context, passed),
        None => {
            passed(Passed::Nothing);
            flag.answer(&flag.off, Reason::Default)
        }
    }
}

impl Compiled {
    fn serve<'f>(
        &'f self,
        rule: Option<&'f CompiledRule>,
        served: &'f Served,
        context: &Context,
        passed: &mut impl FnMut(Passed<'f>),
    ) -> Evaluation<'f> {
        let draw = self.draw(served, context);
        passed(Passed::Served { rule, served, draw });
        let answer = match draw {
            Draw::NotNeeded => self.answer(served.choice.variant(0), Reason::TargetingMatch),
            Draw::NoTargetingKey => self.answer(&self.off, Reason::TargetingKeyMissing),
            Draw::Inside(bucket) => self.drawn(served.choice.variant(bucket.split), bucket),
            Draw::Outside(bucket) => self.drawn(&self.off, bucket),
        };
        Evaluation { rule_id: rule.map(|rule| &*rule.id), ..answer }
    }

    fn draw(&self, served: &Served, context: &Context) -> Draw {
        if !served.needs_targeting_key() {
            return Draw::NotNeeded;
        }
        let Some(targeting_key) = context.targeting_key() else {
            return Draw::NoTargetingKey;
        };
        let bucket = self.seed.bucket(targeting_key);
        if served.percentage.is_none_or(|percentage| percentage.holds(bucket.rollout)) {
            Draw::Inside(bucket)
        } else {
            Draw::Outside(bucket)
        }
    }

    fn drawn<'f>(&self, variant: &'f Variant, bucket: Bucket) -> Evaluation<'f> {
        Evaluation { bucket: Some(bucket.rollout), ..self.answer(variant, Reason::Split) }
    }

    fn answer<'f>(&self, variant: &'f Variant, reason: Reason) -> Evaluation<'f> {
        Evaluation {
            value: &variant.value,
            variant: &variant.name,
            enabled: self.counts_as_on(variant),
            reason,
            rule_id: None,
            bucket: None,
        }
    }
}
