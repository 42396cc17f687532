//! The configs of a snapshot: every effective one, resolved over the service's own and inherited keys
//! in the same state of the database.

use super::build::{Secrets, left_out};
use crate::Result;
use crate::configs::value_of;
use crate::entries::{Kind, all_effective, without_value};
use crate::work::Work;
use nexus_domain::ServiceId;
use nexus_domain::config::ConfigValue;
use nexus_domain::resolve::{Outcome, Values, resolve};
use nexus_domain::scope::Scope;
use nexus_domain::secret::SecretType;
use nexus_domain::snapshot::{
    MAX_SNAPSHOT_BYTES, SnapshotConfig, SnapshotError, SnapshotFlag, SnapshotSecret,
};
use nexus_domain::template::Unresolved;
use std::collections::{BTreeMap, BTreeSet};

/// What the configs of a service are made from.
pub(crate) struct Given {
    pub values: BTreeMap<String, ConfigValue>,
    inherited: BTreeSet<String>,
    /// Own ones without a value; an inherited one may stand in for it. And those that are stored in a
    /// way that this program cannot read.
    absent: BTreeMap<String, Unresolved>,
    flags: BTreeMap<String, SnapshotFlag>,
    pub scope: Scope,
}

/// A config that could be resolved.
pub(super) struct Made {
    pub element: SnapshotConfig,
    pub tainted: bool,
}

/// What an entry takes besides its value; the same that the quota counts.
const FRAME_BYTES: usize = 64;

/// How many bytes of a snapshot an entry takes.
pub(crate) const fn framed(key: &str, value: usize) -> usize {
    key.len() + FRAME_BYTES + value
}

pub(crate) async fn load(
    w: &mut Work,
    id: ServiceId,
    umbrella: Option<ServiceId>,
    flags: &BTreeMap<String, SnapshotFlag>,
) -> Result<Given> {
    let (mut values, mut inherited, mut scope) = (BTreeMap::new(), BTreeSet::new(), Scope::default());
    let mut absent = BTreeMap::new();
    for key in without_value(w, id, Kind::Config).await? {
        scope.put_config_without_value(key.as_str());
        absent.insert(key, Unresolved::NeedsValue);
    }
    for row in all_effective(w, id, umbrella, Kind::Config).await? {
        let read = value_of(&row.kind, row.payload.unwrap_or_default());
        let Ok((value, references)) = read.and_then(|value| Ok((value.clone(), value.references()?))) else {
            tracing::error!(config = %row.id, "a config is left out: its row cannot be read");
            scope.put_unreadable_config(row.key.as_str());
            absent.insert(row.key, Unresolved::Unreadable);
            continue;
        };
        scope.put_config(row.key.as_str(), references);
        if row.service_id != id {
            inherited.insert(row.key.clone());
        }
        values.insert(row.key, value);
    }
    Ok(Given { values, inherited, absent, flags: flags.clone(), scope })
}

/// What references to anything but configs are replaced by.
struct Known<'a> {
    secrets: &'a Secrets,
    flags: &'a BTreeMap<String, SnapshotFlag>,
}

impl Values for Known<'_> {
    fn secret(&self, key: &str) -> Result<&str, Unresolved> {
        match self.secrets.open.get(key) {
            Some(secret) if secret.kind == SecretType::Text => {
                secret.value.as_deref().ok_or(Unresolved::NotText)
            }
            Some(_) => Err(Unresolved::NotText),
            None => Err(self.secrets.absent.get(key).copied().unwrap_or(Unresolved::Missing)),
        }
    }

    fn flag(&self, key: &str) -> Result<bool, Unresolved> {
        self.flags.get(key).map(|flag| flag.enabled).ok_or(Unresolved::Missing)
    }
}

impl Given {
    /// Whether the value of a config is made of secrets, directly or through other configs.
    pub(super) fn reaches_secrets(&self, key: &str) -> bool {
        !self.scope.secrets_reached([key]).is_empty()
    }

    /// The configs that are made of no secret, for a reader who may read none: the others are left out,
    /// and nothing is said of them.
    pub(super) fn resolve_untainted(&self) -> (BTreeMap<String, Made>, Vec<SnapshotError>) {
        let (mut made, mut errors) = self.resolve(&Secrets::default());
        let tainted = self.scope.tainted();
        made.retain(|key, _| !tainted.contains(key.as_str()));
        errors.retain(|error| !tainted.contains(error.key.as_str()));
        (made, errors)
    }

    /// The configs that can be resolved, and why the others cannot. One that cannot takes nothing
    /// from its neighbours.
    pub(super) fn resolve(&self, secrets: &Secrets) -> (BTreeMap<String, Made>, Vec<SnapshotError>) {
        let known = Known { secrets, flags: &self.flags };
        let of_secret = |secret: &SnapshotSecret| {
            [&secret.value, &secret.value_base64].into_iter().flatten().map(String::len).sum::<usize>()
        };
        let taken = secrets.open.iter().map(|(key, secret)| framed(key, of_secret(secret))).sum();
        self.sort(self.outcome(&known, taken))
    }

    /// What becomes of each config, in a snapshot of which secrets take so many bytes.
    pub fn outcome<'a>(&'a self, values: &'a dyn Values, secrets: usize) -> Outcome<'a> {
        resolve(&self.scope, &self.values, values, self.budget(secrets))
    }

    /// What is left of a snapshot's size for values with references.
    fn budget(&self, secrets: usize) -> usize {
        let configs = self.values.iter().map(|(key, value)| {
            let plain = self.scope.references(key).is_empty();
            framed(key, if plain { value.text().len() } else { 0 })
        });
        let all = usize::try_from(MAX_SNAPSHOT_BYTES).unwrap_or(usize::MAX);
        all.saturating_sub(secrets).saturating_sub(configs.sum())
    }

    fn sort(&self, outcome: Outcome<'_>) -> (BTreeMap<String, Made>, Vec<SnapshotError>) {
        let (mut made, mut codes) = (BTreeMap::new(), BTreeMap::new());
        codes.extend(self.absent.iter().map(|(key, code)| (key.clone(), *code)));
        for (key, outcome) in outcome {
            match outcome {
                Err(code) => {
                    codes.insert(key.to_owned(), code);
                }
                Ok(resolved) => {
                    let (kind, value) = (resolved.value.kind, resolved.value.json());
                    let element =
                        SnapshotConfig { key: None, kind, value, inherited: self.inherited.contains(key) };
                    made.insert(key.to_owned(), Made { element, tainted: resolved.tainted });
                }
            }
        }
        let errors = codes.into_iter().map(|(key, code)| left_out(key, Kind::Config, code.as_str()));
        (made, errors.collect())
    }
}
