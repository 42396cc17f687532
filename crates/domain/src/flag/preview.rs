//! What a definition would do, before it is saved: its share of a sample of contexts. Builds for
//! WASM, so the form of a rollout shows it while one types.

use super::{Compiled, Context, Targeting, evaluate};
use crate::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use std::borrow::Borrow;
use std::collections::BTreeMap;

/// How a sample came out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleShare {
    pub total: u64,
    pub enabled: u64,
    /// How many got each variant; those that nobody got are absent.
    pub variants: BTreeMap<String, u64>,
}

impl SampleShare {
    /// How many of a hundred got this variant.
    pub fn percent(&self, variant: &str) -> f64 {
        let count = self.variants.get(variant).copied().unwrap_or_default();
        if self.total == 0 { 0.0 } else { count as f64 * 100.0 / self.total as f64 }
    }
}

/// Evaluates a flag for each context of a sample and counts.
pub fn share_of_sample<C: Borrow<Context>>(
    flag: &Compiled,
    sample: impl IntoIterator<Item = C>,
    now: Timestamp,
    targeting: Targeting,
) -> SampleShare {
    let mut share = SampleShare::default();
    for context in sample {
        let answer = evaluate(flag, context.borrow(), now, targeting);
        share.total += 1;
        share.enabled += u64::from(answer.enabled);
        match share.variants.get_mut(answer.variant) {
            Some(count) => *count += 1,
            None => drop(share.variants.insert(answer.variant.to_owned(), 1)),
        }
    }
    share
}

/// Made-up users without attributes, `user-1`, `user-2`, …: a sample where there is no real one.
pub fn numbered_users(count: u32) -> impl Iterator<Item = Context> {
    (1..=count).filter_map(|number| Context::new(Some(format!("user-{number}")), Map::new()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flag::{FlagDefinition, FlagState, Percentage, Serve};

    #[test]
    fn a_quarter_of_a_rollout_shows_as_about_a_quarter() {
        let mut definition = FlagDefinition::boolean(FlagState::On);
        definition.rollout = Percentage::parse("25").map(Serve::percentage);
        let flag = Compiled::new("preview", &definition).expect("valid");
        let share = share_of_sample(&flag, numbered_users(10_000), Timestamp(0), Targeting::Active);
        assert!((24.0..26.0).contains(&share.percent("on")), "{share:?}");
        assert_eq!(share.variants.get("on"), Some(&share.enabled));
        assert_eq!(share.percent("on") + share.percent("off"), 100.0);
    }

    #[test]
    fn an_empty_sample_has_no_share() {
        let flag = Compiled::new("preview", &FlagDefinition::default()).expect("valid");
        let nobody: [Context; 0] = [];
        let share = share_of_sample(&flag, nobody, Timestamp(0), Targeting::Active);
        assert_eq!((share.total, share.percent("off")), (0, 0.0));
    }
}
