//! The environment grid and promotion as they travel: the keys of one service down, its
//! counterparts in the tenant's shared environments across, and what goes from one to the next.
//! Nothing here holds the value of a secret.

use crate::environment::{DEVELOP, EnvironmentKind, STAGING};
use crate::key;
use crate::role::words;
use crate::service::ServiceKind;
use crate::template::Reference;
use crate::{Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which of the three an entry is: the word that a reference begins with, too.
pub use crate::template::ReferenceKind as EntryKind;

/// So many entries are promoted at once.
pub const MAX_PROMOTED: usize = 500;
/// So many keys are compared at once.
pub const MAX_COMPARED: usize = 200;

words! {
    /// Which rows of the grid to list.
    GridFilter {
        All = "all",
        /// Missing in an environment, or without a value there.
        Gaps = "gaps",
        /// Not the same everywhere. Of secrets nobody knows before they are compared.
        Different = "different",
    }
}

words! {
    /// How an environment stands to a key.
    CellState {
        Own = "own",
        Inherited = "inherited",
        /// An entry of its own that nobody has given a value yet.
        NeedsValue = "needs_value",
        Missing = "missing",
        /// The reader's role does not show what is there.
        Hidden = "hidden",
    }
}

impl CellState {
    pub const fn is_gap(self) -> bool {
        matches!(self, Self::Missing | Self::NeedsValue)
    }

    pub const fn has_value(self) -> bool {
        matches!(self, Self::Own | Self::Inherited)
    }
}

/// Where an environment stands on the way to live: `develop` first, `staging` next, the others by
/// slug, live last. Sort by this.
pub fn stage(kind: EnvironmentKind, slug: &str) -> (u8, &str) {
    let place = match kind {
        EnvironmentKind::Developer => 0,
        EnvironmentKind::Environment | EnvironmentKind::LegacyTest => match slug {
            DEVELOP => 1,
            STAGING => 2,
            _ => 3,
        },
        EnvironmentKind::Live => 4,
    };
    (place, slug)
}

/// Services of one project and kind with the same slug, in any shared environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterparts {
    pub slug: String,
    pub kind: ServiceKind,
    pub umbrella: bool,
    /// The environments that have one, in the order of promotion.
    pub environments: Vec<String>,
}

/// A service in one environment: a column of the grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridColumn {
    pub environment: String,
    pub name: String,
    pub live: bool,
    pub umbrella: bool,
    pub linked_umbrella: Option<String>,
    /// How many services inherit from it (umbrellas only).
    pub linked_services: i64,
    /// Whether the reader sees what is there.
    pub visible: bool,
    pub may_write: bool,
    /// Of secrets: whether the reader may reveal them there.
    pub may_reveal: bool,
}

/// What a flag is in one environment, without its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagCell {
    pub state: crate::flag::FlagState,
    /// On right now, by state and schedule.
    pub enabled: bool,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub rules: i64,
    /// The percentage of the rollout, or `split` where it serves several variants.
    pub rollout: Option<String>,
}

/// A key in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridCell {
    pub state: CellState,
    /// The type of its value; empty where there is nothing to see.
    #[serde(rename = "type")]
    pub kind: String,
    pub version: i64,
    /// Of configs: the stored text, a string without quotes.
    pub text: Option<String>,
    pub flag: Option<FlagCell>,
    pub updated_at: Option<Timestamp>,
    /// Empty for those who see keys and types only.
    pub updated_by: String,
}

impl GridCell {
    /// A cell without anything in it.
    pub const fn empty(state: CellState) -> Self {
        Self {
            state,
            kind: String::new(),
            version: 0,
            text: None,
            flag: None,
            updated_at: None,
            updated_by: String::new(),
        }
    }
}

/// One key in every environment; a cell for each column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridRow {
    pub key: String,
    pub cells: Vec<GridCell>,
    /// An environment that the reader sees into lacks it, or lacks its value.
    pub gap: bool,
    /// Two environments have something else. Never said of secrets.
    pub differs: bool,
}

/// A page of the grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    pub kind: EntryKind,
    pub service: String,
    pub service_kind: ServiceKind,
    /// In the order of promotion.
    pub columns: Vec<GridColumn>,
    /// Names of the environments that have no such service.
    pub absent: Vec<String>,
    pub rows: Vec<GridRow>,
    pub next_cursor: Option<String>,
}

/// Environments that hold the same value of a secret. The label tells groups of one key apart and
/// means nothing beyond that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EqualGroup {
    pub label: String,
    pub environments: Vec<String>,
}

/// A secret compared across environments: those without a value stand in no group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EqualValues {
    pub key: String,
    pub groups: Vec<EqualGroup>,
}

/// What to promote, and where to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PromoteRequest {
    /// The environment whose counterpart gets them.
    pub to: String,
    /// `config:KEY`, `secret:KEY`, `flag:KEY`; a key alone is every kind that has it.
    pub keys: Vec<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// Description of every version that it writes.
    #[serde(default)]
    pub description: Option<String>,
    /// By `kind:KEY`, the ACTIVE version that the target had when somebody looked, 0 for none. Refused
    /// with 409 when it is another one by now.
    #[serde(default)]
    pub expected_versions: BTreeMap<String, i64>,
}

/// A key as a promotion names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chosen {
    /// Of this kind.
    One(Reference),
    /// Of every kind that has it.
    Any(String),
}

impl Chosen {
    /// Reads `config:KEY` or `KEY`. What stands before the first colon is the kind where it is the
    /// word of one; a key may hold colons of its own.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if let Ok(reference) = Reference::try_from(text.to_owned()) {
            return Ok(Self::One(reference));
        }
        match key::broken_rule(text) {
            None => Ok(Self::Any(text.to_owned())),
            Some(_) => {
                Err(Refusal::invalid("keys", "Each is config:KEY, secret:KEY, flag:KEY, or a key alone"))
            }
        }
    }
}

words! {
    /// What a promotion does with one entry.
    PromoteState {
        New = "new",
        Changed = "changed",
        Unchanged = "unchanged",
        /// A secret that both have: a look from outside does not tell whether they are equal.
        NotCompared = "not_compared",
        Invalid = "invalid",
    }
}

/// One entry of a promotion. Never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromoteItem {
    pub kind: EntryKind,
    pub key: String,
    pub state: PromoteState,
    /// Why it is invalid, or what to watch out for.
    pub reason: Option<String>,
    /// The version that is promoted; 0 where there is none.
    pub version: i64,
    /// The ACTIVE version that the target had before; 0 for none.
    pub target_version: i64,
}

/// What a promotion did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromoteReport {
    pub dry_run: bool,
    pub from: String,
    pub to: String,
    pub items: Vec<PromoteItem>,
    pub new: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub invalid: i64,
}

impl PromoteReport {
    /// Counts the items.
    pub fn of(from: &str, to: &str, dry_run: bool, items: Vec<PromoteItem>) -> Self {
        let count = |state| {
            let found = items.iter().filter(|item| item.state == state).count();
            i64::try_from(found).unwrap_or(i64::MAX)
        };
        Self {
            dry_run,
            from: from.to_owned(),
            to: to.to_owned(),
            new: count(PromoteState::New),
            changed: count(PromoteState::Changed),
            unchanged: count(PromoteState::Unchanged),
            invalid: count(PromoteState::Invalid),
            items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_is_the_last_stage_and_develop_the_first_shared_one() {
        let mut environments = [
            (EnvironmentKind::Live, "live"),
            (EnvironmentKind::Environment, "uat"),
            (EnvironmentKind::Environment, "staging"),
            (EnvironmentKind::LegacyTest, "test"),
            (EnvironmentKind::Environment, "canary"),
            (EnvironmentKind::Environment, "develop"),
        ];
        environments.sort_by_key(|(kind, slug)| stage(*kind, slug));
        let slugs = environments.map(|(_, slug)| slug);
        assert_eq!(slugs, ["develop", "staging", "canary", "test", "uat", "live"]);
    }

    #[test]
    fn a_chosen_key_names_its_kind_or_none() {
        let one = |kind, key: &str| Chosen::One(Reference { kind, key: key.to_owned() });
        assert_eq!(Chosen::parse("config:PORT").expect("a key"), one(EntryKind::Config, "PORT"));
        assert_eq!(Chosen::parse("secret:a:b").expect("a key"), one(EntryKind::Secret, "a:b"));
        assert_eq!(Chosen::parse("flags:beta").expect("a key"), Chosen::Any("flags:beta".into()));
        for bad in ["", "config:", "a b", "config:-", ":", "é"] {
            assert!(Chosen::parse(bad).expect_err("refused").field("keys").is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_report_counts_what_it_holds() {
        let item = |state| PromoteItem {
            kind: EntryKind::Config,
            key: "A".into(),
            state,
            reason: None,
            version: 1,
            target_version: 0,
        };
        let items = vec![item(PromoteState::New), item(PromoteState::New), item(PromoteState::NotCompared)];
        let report = PromoteReport::of("develop", "staging", true, items);
        assert_eq!((report.new, report.changed, report.unchanged, report.invalid), (2, 0, 0, 0));
    }
}
