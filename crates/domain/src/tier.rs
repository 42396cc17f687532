//! Tiers, quotas and add-ons as they travel: what a project may use, how much of it is used up, and
//! what would lift a limit. The numbers themselves are the catalogue's, which an operator may replace.

use crate::project::Tier;
use crate::role::words;
use crate::{Code, Refusal};
use serde::{Deserialize, Serialize};

words! {
    /// What a tier limits. `environments` are the shared ones that a project may use.
    Quota {
        Environments = "environments",
        Services = "services",
        Secrets = "secrets",
        Configs = "configs",
        Flags = "flags",
    }
}

impl Quota {
    /// Those that are counted against a number.
    pub const COUNTED: [Self; 4] = [Self::Services, Self::Secrets, Self::Configs, Self::Flags];
}

words! {
    /// What a project can have beside its tier.
    Addon {
        /// Unlocks workload identity.
        Security = "security",
        /// Unlocks targeting and percentages of flags.
        AbTesting = "ab_testing",
    }
}

words! {
    /// Whether a tier has something: never, for an add-on, or by itself.
    Inclusion { No = "no", Addon = "addon", Included = "included", }
}

words! {
    /// Who runs this instance: its own people, or a provider who sends invoices.
    BillingMode { SelfHosted = "self_hosted", Hosted = "hosted", }
}

/// What a tier has. A limit that is null is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TierInfo {
    pub tier: Tier,
    /// The shared environments that a project may use; null for all.
    pub environments: Option<Vec<String>>,
    pub services: Option<i64>,
    pub secrets: Option<i64>,
    pub configs: Option<i64>,
    pub flags: Option<i64>,
    /// How long audit rows are kept.
    pub audit_days: i64,
    /// How long old versions are kept; null where they are kept without limit.
    pub old_versions_days: Option<i64>,
    pub workload_identity: Inclusion,
    pub ab_testing: Inclusion,
    /// US dollars per project and month; 0 where nobody is billed.
    pub price_usd: i64,
}

impl TierInfo {
    /// How many of these a project may have; none where there is no limit.
    pub fn limit(&self, quota: Quota) -> Option<i64> {
        match quota {
            Quota::Environments => {
                self.environments.as_ref().map(|slugs| i64::try_from(slugs.len()).unwrap_or(i64::MAX))
            }
            Quota::Services => self.services,
            Quota::Secrets => self.secrets,
            Quota::Configs => self.configs,
            Quota::Flags => self.flags,
        }
    }

    /// Whether a project may use this shared environment.
    pub fn has_environment(&self, slug: &str) -> bool {
        self.environments.as_ref().is_none_or(|slugs| slugs.iter().any(|named| named == slug))
    }

    /// Whether the tier has what the add-on unlocks.
    pub const fn inclusion(&self, addon: Addon) -> Inclusion {
        match addon {
            Addon::Security => self.workload_identity,
            Addon::AbTesting => self.ab_testing,
        }
    }
}

/// What an add-on costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddonInfo {
    pub addon: Addon,
    /// US dollars per project and month; 0 where nobody is billed.
    pub price_usd: i64,
}

/// Every tier, lowest first, and every add-on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tiers {
    pub billing_mode: BillingMode,
    pub data: Vec<TierInfo>,
    pub addons: Vec<AddonInfo>,
    pub next_cursor: Option<String>,
}

/// An add-on of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectAddon {
    pub addon: Addon,
    /// The project has it as an add-on.
    pub added: bool,
    /// What it unlocks can be used: as an add-on, or because the tier includes it.
    pub active: bool,
    /// What the project's tier says about it.
    pub inclusion: Inclusion,
    /// US dollars per month; 0 where nobody is billed.
    pub price_usd: i64,
}

/// How much of a quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuotaUse {
    pub quota: Quota,
    pub used: i64,
    /// Null where there is no limit.
    pub limit: Option<i64>,
    /// How many are over the limit and therefore read-only.
    pub over: i64,
}

impl QuotaUse {
    pub fn of(quota: Quota, used: i64, limit: Option<i64>) -> Self {
        Self { quota, used, limit, over: limit.map_or(0, |limit| (used - limit).max(0)) }
    }

    /// Whether another one would be refused.
    pub fn is_used_up(&self) -> bool {
        self.limit.is_some_and(|limit| self.used >= limit)
    }
}

/// A shared environment that the project has services in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvironmentUse {
    pub environment: String,
    pub services: i64,
    /// Whether the tier has it; what lives in one that it lacks is read-only.
    pub allowed: bool,
}

/// A developer environment, which has the caps of the tier for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeveloperUse {
    pub environment: String,
    pub quotas: Vec<QuotaUse>,
}

/// What a project uses of its quotas, in its shared environments; developer environments apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectUsage {
    /// The project's tier, or the one that was asked about.
    pub tier: Tier,
    pub quotas: Vec<QuotaUse>,
    pub environments: Vec<EnvironmentUse>,
    /// The caller's own.
    pub developer_environments: Vec<DeveloperUse>,
    pub addons: Vec<ProjectAddon>,
}

impl ProjectUsage {
    pub fn quota(&self, quota: Quota) -> Option<QuotaUse> {
        self.quotas.iter().copied().find(|used| used.quota == quota)
    }

    /// Whether anything is read-only.
    pub fn is_over(&self) -> bool {
        let over = |quotas: &[QuotaUse]| quotas.iter().any(|quota| quota.over > 0);
        over(&self.quotas) || self.developer_environments.iter().any(|dev| over(&dev.quotas))
    }
}

/// Flags that are on for some, and would be on for everybody without A/B testing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedFlags {
    pub flags: i64,
    /// The first of them: environment, service and key.
    pub named: Vec<String>,
}

/// Whether one more fits in somewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Of a service: the environment that it would be in.
    pub environment: Option<String>,
    /// Why one more would be refused, if it would.
    pub obstacle: Option<String>,
    /// The lowest tier that lifts it, if one does.
    pub lifted_by: Option<Tier>,
}

/// A limit that a project is at or over, and what would lift it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barrier {
    pub quota: Quota,
    pub limit: i64,
    /// The project's tier.
    pub tier: Tier,
    /// The lowest tier that lifts it, if one does.
    pub lifted_by: Option<Tier>,
    /// The environment that the tier lacks.
    pub environment: Option<String>,
}

impl Barrier {
    fn remedy(&self) -> String {
        let name = self.quota;
        match (self.lifted_by, &self.environment) {
            (Some(tier), Some(_)) => format!("tier {tier} has it"),
            (Some(tier), None) => format!("tier {tier} allows more"),
            (None, Some(_)) => "no tier has it".to_owned(),
            (None, None) => format!("no tier allows more {name}"),
        }
    }

    /// Why something new is refused, and what would help.
    pub fn when_making(&self) -> String {
        let Self { quota, limit, tier, .. } = self;
        let remedy = self.remedy();
        match &self.environment {
            Some(slug) => format!("Tier {tier} does not have the environment {slug}; {remedy}"),
            None => format!("Tier {tier} allows {limit} {quota} and they are used up; {remedy}"),
        }
    }

    /// Why something that exists is read-only, and what would help.
    pub fn when_changing(&self) -> String {
        let Self { quota, limit, tier, .. } = self;
        let remedy = self.remedy();
        match &self.environment {
            Some(slug) => format!("Read-only: tier {tier} does not have the environment {slug}; {remedy}"),
            None if self.quota == Quota::Services => {
                format!("Read-only: tier {tier} allows {limit} services, and this one is newer; {remedy}")
            }
            None => format!("Read-only: tier {tier} allows {limit} {quota}, and this one is newer; {remedy}"),
        }
    }

    /// 409, with the sentence given.
    pub fn refusal(&self, message: impl Into<String>) -> Refusal {
        let refusal = Refusal::new(Code::QuotaExceeded, message)
            .with("quota", self.quota.as_str())
            .with("limit", self.limit);
        match self.lifted_by {
            Some(tier) => refusal.with("tier", tier.as_str()),
            None => refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn barrier(quota: Quota, lifted_by: Option<Tier>, environment: Option<&str>) -> Barrier {
        Barrier { quota, limit: 3, tier: Tier::Free, lifted_by, environment: environment.map(str::to_owned) }
    }

    #[test]
    fn at_the_limit_a_quota_is_used_up_and_above_it_the_rest_is_over() {
        let at = |used, limit| {
            let quota = QuotaUse::of(Quota::Flags, used, limit);
            (quota.is_used_up(), quota.over)
        };
        assert_eq!(at(2, Some(3)), (false, 0));
        assert_eq!(at(3, Some(3)), (true, 0));
        assert_eq!(at(5, Some(3)), (true, 2));
        assert_eq!(at(i64::MAX, None), (false, 0));
        assert_eq!(at(0, Some(0)), (true, 0));
    }

    #[test]
    fn a_refusal_names_the_quota_its_limit_and_the_tier_that_lifts_it() {
        let barrier = barrier(Quota::Secrets, Some(Tier::Xs), None);
        let refusal = barrier.refusal(barrier.when_making());
        assert_eq!(refusal.code, Code::QuotaExceeded);
        assert_eq!(refusal.message, "Tier free allows 3 secrets and they are used up; tier xs allows more");
        assert_eq!(
            serde_json::Value::Object(refusal.details),
            serde_json::json!({ "quota": "secrets", "limit": 3, "tier": "xs" })
        );
    }

    #[test]
    fn where_no_tier_helps_none_is_named() {
        let barrier = barrier(Quota::Environments, None, Some("qa"));
        let refusal = barrier.refusal(barrier.when_changing());
        assert_eq!(refusal.message, "Read-only: tier free does not have the environment qa; no tier has it");
        assert!(!refusal.details.contains_key("tier"));
    }
}
