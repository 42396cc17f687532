//! The flags of one service, ready to be evaluated: made once per revision, for snapshots and for
//! evaluations alike.

use super::definition_of;
use crate::Result;
use crate::entries::{EffectiveRow, Kind, all_effective};
use crate::work::Work;
use nexus_domain::flag::{Compiled, Context, Engine, Explanation, Targeting, explain};
use nexus_domain::snapshot::SnapshotFlag;
use nexus_domain::{EntryId, ServiceId, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicI64;

/// A flag of a service.
pub(crate) struct ServedFlag {
    pub entry: EntryId,
    pub compiled: Compiled,
    pub inherited: bool,
    /// Evaluations that are not written down yet.
    pub evaluations: AtomicI64,
}

/// All flags of a service, own and inherited.
#[derive(Default)]
pub(crate) struct Served {
    pub flags: BTreeMap<String, ServedFlag>,
    /// What evaluates them: the pin of their environment decides it.
    pub engine: Engine,
    /// Keys whose stored definition this program cannot read; they take nothing from the others.
    pub unreadable: Vec<String>,
}

impl Served {
    pub async fn load(
        w: &mut Work,
        service: ServiceId,
        umbrella: Option<ServiceId>,
        engine: Engine,
    ) -> Result<Self> {
        let mut served = Self { engine, ..Self::default() };
        for row in all_effective(w, service, umbrella, Kind::Flag).await? {
            match compile(&row) {
                Some(compiled) => {
                    let flag = ServedFlag {
                        entry: row.id,
                        compiled,
                        inherited: row.service_id != service,
                        evaluations: AtomicI64::new(0),
                    };
                    served.flags.insert(row.key, flag);
                }
                None => served.unreadable.push(row.key),
            }
        }
        served.unreadable.sort();
        Ok(served)
    }

    /// Evaluates one of them and tells why, and which engine it was. There is one engine so far.
    pub fn explain(
        &self,
        flag: &ServedFlag,
        context: &Context,
        now: Timestamp,
        targeting: Targeting,
    ) -> Explanation {
        let engine_version = self.engine.version().to_owned();
        Explanation { engine_version, ..explain(&flag.compiled, context, now, targeting) }
    }

    /// What a plain read gets: state and schedule.
    pub fn plain(&self, now: Timestamp) -> BTreeMap<String, SnapshotFlag> {
        let plain = |flag: &ServedFlag| SnapshotFlag {
            key: None,
            enabled: flag.compiled.is_enabled(now),
            inherited: flag.inherited,
        };
        self.flags.iter().map(|(key, flag)| (key.clone(), plain(flag))).collect()
    }

    /// How many moments of schedules have passed: this changes an ETag where the revision stays.
    pub fn moments_passed(&self, now: Timestamp) -> u64 {
        self.flags.values().map(|flag| u64::from(flag.compiled.moments_passed(now))).sum()
    }

    /// The next moment at which a schedule changes something.
    pub fn next_moment(&self, now: Timestamp) -> Option<Timestamp> {
        self.flags.values().filter_map(|flag| flag.compiled.next_moment(now)).min()
    }

    /// When so many moments had passed, for whoever was told of that many.
    pub fn moment(&self, passed: u64) -> Timestamp {
        let mut moments: Vec<Timestamp> =
            self.flags.values().flat_map(|flag| flag.compiled.moments()).collect();
        moments.sort();
        let last = usize::try_from(passed).ok().and_then(|passed| passed.checked_sub(1));
        last.and_then(|at| moments.get(at)).copied().unwrap_or(Timestamp(i64::MIN))
    }

    /// What an answer at this moment is made from.
    pub fn state(&self, revision: i64, now: Timestamp) -> String {
        State { revision, moments: self.moments_passed(now) }.to_string()
    }
}

/// What programs read of a service at a moment: `42`, or `42.1` once a moment of a schedule has passed.
/// Tags and the ids of streams are made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub revision: i64,
    pub moments: u64,
}

impl State {
    pub fn parse(text: &str) -> Option<Self> {
        let (revision, moments) = text.split_once('.').unwrap_or((text, "0"));
        Some(Self { revision: revision.parse().ok()?, moments: moments.parse().ok()? })
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.moments {
            0 => write!(f, "{}", self.revision),
            moments => write!(f, "{}.{moments}", self.revision),
        }
    }
}

fn compile(row: &EffectiveRow) -> Option<Compiled> {
    let definition = definition_of(row.payload.as_deref()?).ok()?;
    Compiled::new(&row.key, &definition).ok()
}
