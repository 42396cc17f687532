//! The catalogue: what each tier allows and what it costs, as one TOML text. It is data, so that an
//! operator can replace it; it is read and checked once, at start.

use crate::{Error, Result};
use nexus_domain::environment::LIVE;
use nexus_domain::project::Tier;
use nexus_domain::slug;
use nexus_domain::tier::{Addon, AddonInfo, BillingMode, Inclusion, Quota, TierInfo, Tiers};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The sandbox of older tenants.
const LEGACY_TEST: &str = "test";
const EMBEDDED: &str = include_str!("catalogue.toml");

/// The tiers of this instance, checked: every one is there, lowest first.
#[derive(Debug, Clone)]
pub struct Catalogue {
    billing_mode: BillingMode,
    tiers: Vec<TierInfo>,
    addons: Vec<AddonInfo>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tiers: BTreeMap<String, TierEntry>,
    addons: BTreeMap<String, AddonEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierEntry {
    environments: Environments,
    services: Option<i64>,
    secrets: Option<i64>,
    configs: Option<i64>,
    flags: Option<i64>,
    audit_days: i64,
    old_versions_days: i64,
    workload_identity: Inclusion,
    ab_testing: Inclusion,
    usd: i64,
}

/// Text or list, told apart here, so that a mistake is named in words.
#[derive(Deserialize)]
#[serde(untagged)]
enum Environments {
    Word(String),
    Slugs(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddonEntry {
    usd: i64,
}

impl Catalogue {
    /// The tiers that come with the program.
    pub fn embedded(billing_mode: BillingMode) -> Result<Self> {
        Self::parse(EMBEDDED, billing_mode)
    }

    /// Reads a catalogue and says precisely what is wrong with it.
    pub fn parse(text: &str, billing_mode: BillingMode) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end()))?;
        refuse_unknown("tiers", &file.tiers, |name| Tier::parse(name).is_some())?;
        refuse_unknown("addons", &file.addons, |name| Addon::parse(name).is_some())?;
        let mut tiers = Vec::new();
        for tier in Tier::ALL {
            let entry =
                file.tiers.get(tier.as_str()).ok_or_else(|| wrong(&format!("tiers.{tier} is missing")))?;
            tiers.push(tier_of(*tier, entry, billing_mode)?);
        }
        let mut addons = Vec::new();
        for addon in Addon::ALL {
            let name = format!("addons.{addon}");
            let entry =
                file.addons.get(addon.as_str()).ok_or_else(|| wrong(&format!("{name} is missing")))?;
            at_least(&format!("{name}.usd"), entry.usd, 0)?;
            addons.push(AddonInfo { addon: *addon, price_usd: billed(billing_mode, entry.usd) });
        }
        Ok(Self { billing_mode, tiers, addons })
    }

    /// What a tier has.
    pub fn tier(&self, tier: Tier) -> Result<&TierInfo> {
        let found = self.tiers.iter().find(|info| info.tier == tier);
        found.ok_or(Error::Impossible("a tier that the catalogue lacks"))
    }

    pub fn price_of(&self, addon: Addon) -> i64 {
        self.addons.iter().find(|info| info.addon == addon).map_or(0, |info| info.price_usd)
    }

    /// The tier of a project that names none.
    pub const fn default_tier(&self) -> Tier {
        match self.billing_mode {
            BillingMode::SelfHosted => Tier::Xl,
            BillingMode::Hosted => Tier::Free,
        }
    }

    /// The lowest tier that allows so many.
    pub(crate) fn lifting(&self, quota: Quota, needed: i64) -> Option<Tier> {
        self.lowest(|info| info.limit(quota).is_none_or(|limit| limit >= needed))
    }

    /// The lowest tier that has this environment.
    pub(crate) fn with_environment(&self, slug: &str) -> Option<Tier> {
        self.lowest(|info| info.has_environment(slug))
    }

    /// The lowest tier in which the add-on's feature can be had at all.
    pub(crate) fn offering(&self, addon: Addon) -> Option<Tier> {
        self.lowest(|info| info.inclusion(addon) != Inclusion::No)
    }

    fn lowest(&self, fits: impl Fn(&TierInfo) -> bool) -> Option<Tier> {
        self.tiers.iter().find(|info| fits(info)).map(|info| info.tier)
    }

    /// As it travels.
    pub(crate) fn wire(&self) -> Tiers {
        Tiers {
            billing_mode: self.billing_mode,
            data: self.tiers.clone(),
            addons: self.addons.clone(),
            next_cursor: None,
        }
    }
}

fn wrong(what: &str) -> Error {
    Error::Startup(format!("the catalogue of tiers: {what}"))
}

fn refuse_unknown<T>(table: &str, found: &BTreeMap<String, T>, is_known: fn(&str) -> bool) -> Result<()> {
    match found.keys().find(|name| !is_known(name)) {
        Some(name) => Err(wrong(&format!("{table}.{name} is unknown"))),
        None => Ok(()),
    }
}

fn at_least(field: &str, value: i64, least: i64) -> Result<()> {
    if value < least {
        return Err(wrong(&format!("{field} is {value}, and has to be {least} or more")));
    }
    Ok(())
}

/// Nobody is billed for an instance of their own.
const fn billed(billing_mode: BillingMode, usd: i64) -> i64 {
    match billing_mode {
        BillingMode::SelfHosted => 0,
        BillingMode::Hosted => usd,
    }
}

fn tier_of(tier: Tier, entry: &TierEntry, billing_mode: BillingMode) -> Result<TierInfo> {
    let field = |name: &str| format!("tiers.{tier}.{name}");
    for (name, value, least) in [
        ("services", entry.services, 0),
        ("secrets", entry.secrets, 0),
        ("configs", entry.configs, 0),
        ("flags", entry.flags, 0),
        ("audit_days", Some(entry.audit_days), 1),
        ("old_versions_days", Some(entry.old_versions_days), 1),
        ("usd", Some(entry.usd), 0),
    ] {
        at_least(&field(name), value.unwrap_or(least), least)?;
    }
    Ok(TierInfo {
        tier,
        environments: environments_of(&field("environments"), &entry.environments)?,
        services: entry.services,
        secrets: entry.secrets,
        configs: entry.configs,
        flags: entry.flags,
        audit_days: entry.audit_days,
        old_versions_days: match billing_mode {
            BillingMode::SelfHosted => None,
            BillingMode::Hosted => Some(entry.old_versions_days),
        },
        workload_identity: entry.workload_identity,
        ab_testing: entry.ab_testing,
        price_usd: billed(billing_mode, entry.usd),
    })
}

fn environments_of(field: &str, found: &Environments) -> Result<Option<Vec<String>>> {
    match found {
        Environments::Word(word) if word == "all" => Ok(None),
        Environments::Word(word) => {
            Err(wrong(&format!("{field} is \"{word}\", and has to be \"all\" or a list of slugs")))
        }
        Environments::Slugs(slugs) => match slugs.iter().find(|slug| !is_environment(slug)) {
            Some(bad) => Err(wrong(&format!("{field}: \"{bad}\" is no slug of a shared environment"))),
            None => Ok(Some(slugs.clone())),
        },
    }
}

fn is_environment(slug: &str) -> bool {
    [LIVE, LEGACY_TEST].contains(&slug) || slug::check_environment(slug).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Catalogue> {
        Catalogue::parse(text, BillingMode::Hosted)
    }

    fn complaint(from: &str, to: &str) -> String {
        assert!(EMBEDDED.contains(from), "{from}");
        parse(&EMBEDDED.replacen(from, to, 1)).expect_err("refused").to_string()
    }

    #[test]
    fn the_embedded_catalogue_is_the_table_of_the_product() {
        let catalogue = parse(EMBEDDED).expect("a catalogue");
        let row = |tier| {
            let info = catalogue.tier(tier).expect("a tier");
            let limits = Quota::COUNTED.map(|quota| info.limit(quota).unwrap_or(-1));
            (limits, info.audit_days, info.old_versions_days, info.price_usd)
        };
        assert_eq!(row(Tier::Free), ([3, 20, 50, 10], 7, Some(30), 0));
        assert_eq!(row(Tier::Xs), ([10, 100, 250, 50], 30, Some(90), 9));
        assert_eq!(row(Tier::S), ([25, 500, 1000, 200], 90, Some(180), 29));
        assert_eq!(row(Tier::M), ([100, 2000, 5000, 1000], 180, Some(365), 99));
        assert_eq!(row(Tier::L), ([500, 10_000, 20_000, 5000], 365, Some(730), 299));
        assert_eq!(row(Tier::Xl), ([-1, -1, -1, -1], 2555, Some(2555), 999));
        assert_eq!((catalogue.price_of(Addon::Security), catalogue.price_of(Addon::AbTesting)), (5, 10));
    }

    #[test]
    fn the_lowest_tier_that_helps_is_found() {
        let catalogue = parse(EMBEDDED).expect("a catalogue");
        assert_eq!(catalogue.lifting(Quota::Secrets, 21), Some(Tier::Xs));
        assert_eq!(catalogue.lifting(Quota::Secrets, 10_001), Some(Tier::Xl));
        assert_eq!(catalogue.with_environment("develop"), Some(Tier::Free));
        assert_eq!(catalogue.with_environment("live"), Some(Tier::Xs));
        assert_eq!(catalogue.with_environment("staging"), Some(Tier::S));
        assert_eq!(catalogue.with_environment("qa"), Some(Tier::M));
        assert_eq!(catalogue.offering(Addon::AbTesting), Some(Tier::S));
        assert_eq!(catalogue.offering(Addon::Security), Some(Tier::Free));
    }

    #[test]
    fn self_hosted_shows_no_prices_keeps_old_versions_and_starts_at_the_top() {
        let catalogue = Catalogue::embedded(BillingMode::SelfHosted).expect("a catalogue");
        let tiers = catalogue.wire();
        assert!(tiers.data.iter().all(|info| info.price_usd == 0 && info.old_versions_days.is_none()));
        assert!(tiers.addons.iter().all(|info| info.price_usd == 0));
        assert_eq!(catalogue.default_tier(), Tier::Xl);
        assert_eq!(parse(EMBEDDED).expect("a catalogue").default_tier(), Tier::Free);
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let cases = [
            ("[tiers.xs]", "[tiers.xxs]", "tiers.xxs is unknown"),
            ("[addons.security]", "[addons.safety]", "addons.safety is unknown"),
            ("secrets = 20", "secrets = -1", "tiers.free.secrets is -1, and has to be 0 or more"),
            ("audit_days = 7", "audit_days = 0", "tiers.free.audit_days is 0, and has to be 1 or more"),
            ("usd = 10", "usd = -10", "addons.ab_testing.usd is -10"),
            (
                "[\"develop\"]",
                "\"some\"",
                "tiers.free.environments is \"some\", and has to be \"all\" or a list",
            ),
            ("[\"develop\"]", "[\"Develop\"]", "\"Develop\" is no slug of a shared environment"),
            ("[\"develop\"]", "[\"dev_ana\"]", "\"dev_ana\" is no slug of a shared environment"),
            ("services = 3", "servers = 3", "unknown field `servers`"),
            ("audit_days = 7\n", "", "missing field `audit_days`"),
            ("ab_testing = \"no\"", "ab_testing = \"never\"", "unknown variant `never`"),
            ("services = 3", "services = \"3\"", "invalid type"),
        ];
        for (from, to, expected) in cases {
            let complaint = complaint(from, to);
            assert!(complaint.starts_with("the catalogue of tiers: "), "{complaint}");
            assert!(complaint.contains(expected), "{complaint}");
        }
    }

    #[test]
    fn every_tier_and_every_add_on_has_to_be_there() {
        let start = EMBEDDED.find("[tiers.xl]").expect("xl");
        let end = EMBEDDED.find("[addons.security]").expect("security");
        let without_xl = format!("{}{}", &EMBEDDED[..start], &EMBEDDED[end..]);
        assert!(parse(&without_xl).expect_err("refused").to_string().contains("tiers.xl is missing"));
        let without_addons = format!("{}[addons]\n", &EMBEDDED[..end]);
        let complaint = parse(&without_addons).expect_err("refused").to_string();
        assert!(complaint.contains("addons.security is missing"));
        assert!(parse("").is_err());
    }
}
