//! What a promotion would do: for each entry its state, and what to write where it is new or changed.
//! The same plan stands behind the preview and behind the promotion, so that neither says what the
//! other does not do.

use super::{stored, to_create, to_list, to_update};
use crate::configs::{self, open_version as open_config};
use crate::entries::{self, Entry};
use crate::flags::{self, open_version as open_flag};
use crate::secrets::{self, Value};
use crate::services::{self, Resolved};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::config::ConfigValue;
use nexus_domain::flag::FlagDefinition;
use nexus_domain::grid::{Chosen, EntryKind, PromoteItem, PromoteState};
use nexus_domain::scope::Standing;
use nexus_domain::secret::SecretType;
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::template::Reference;
use nexus_domain::{Code, Refusal};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use subtle::ConstantTimeEq;

/// How deep a promotion looks into secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrets {
    /// Not at all: that both have one is all that is said.
    Closed,
    /// They are opened to see whether they are equal.
    Compare,
    /// They are opened to be written.
    Promote,
}

/// A promotion on its way: from a service to its counterpart.
pub(super) struct Promotion {
    pub from: Resolved,
    pub to: Resolved,
    pub secrets: Secrets,
    /// The ACTIVE versions that the target had when somebody looked.
    pub expected: BTreeMap<String, i64>,
}

/// What is written.
pub(super) enum Write {
    Secret(Value),
    /// A secret that is not opened; it will be a new version of this type and of so many bytes.
    Unopened {
        kind: SecretType,
        size: i64,
    },
    Config(ConfigValue),
    Flag(FlagDefinition),
}

/// An entry of the plan.
pub(super) struct Planned {
    pub item: PromoteItem,
    /// What is promoted, where there is something.
    pub source: Option<Entry>,
    /// What the target has under the key.
    pub target: Option<Entry>,
    pub write: Option<Write>,
}

impl Promotion {
    /// Finds both services. The actor has to see the source and to know the target; what it may do
    /// there is asked for each kind.
    pub async fn open(
        w: &mut Work,
        from: &ServicePath,
        to: &str,
        secrets: Secrets,
        expected: BTreeMap<String, i64>,
    ) -> Result<Self> {
        let source = services::resolve(w, from, Action::ServiceRead).await?;
        if from.environment == to {
            return Err(Error::invalid("to", "This is the environment that they come from"));
        }
        let path = ServicePath { environment: to.to_owned(), ..from.clone() };
        let target = match services::resolve(w, &path, Action::ServiceRead).await {
            Ok(target) => Some(target),
            // Like the one that is missing, so that nobody learns of an environment of others.
            Err(error) if error.refusal().code == Code::NotFound => None,
            Err(error) => return Err(error),
        };
        if target.is_none() && services::environment_of(w, source.project_id, to).await?.is_none() {
            return Err(Error::invalid("to", "There is no such environment"));
        }
        let Some(target) = target.filter(|target| target.kind == source.kind) else {
            let message =
                format!("This service has no counterpart there: no {} {}", source.kind, from.service);
            return Err(Refusal::new(Code::NotFound, message).into());
        };
        Ok(Self { from: source, to: target, secrets, expected })
    }

    /// Asks the gate for everything that a promotion of this kind takes, in both places.
    async fn ask_for(&self, w: &mut Work, kind: EntryKind) -> Result<()> {
        let at_source = match (kind, self.secrets) {
            (EntryKind::Secret, Secrets::Closed) => Action::SecretPreview,
            (EntryKind::Secret, Secrets::Compare) => Action::SecretCompare,
            (EntryKind::Secret, Secrets::Promote) => Action::SecretPromote,
            _ => to_list(kind),
        };
        services::resolve(w, &self.from.path, at_source).await?;
        for action in [to_create(kind), to_update(kind)] {
            services::resolve(w, &self.to.path, action).await?;
        }
        if kind == EntryKind::Secret {
            self.from.refuse_frontend()?;
            // Saying whether the target has the same value is a look into it.
            let at_target =
                if self.secrets == Secrets::Closed { Action::SecretPreview } else { Action::SecretCompare };
            services::resolve(w, &self.to.path, at_target).await?;
        }
        Ok(())
    }

    /// The plan, by kind and key: secrets and flags before the configs that may name them.
    pub async fn plan(&self, w: &mut Work, chosen: &BTreeSet<Chosen>) -> Result<Vec<Planned>> {
        let references = self.named(w, chosen).await?;
        let kinds: BTreeSet<EntryKind> = references.iter().map(|reference| reference.kind).collect();
        for kind in kinds {
            self.ask_for(w, kind).await?;
        }
        let mut planned = Vec::with_capacity(references.len());
        for reference in references {
            planned.push(self.plan_one(w, reference).await?);
        }
        self.judge(w, &mut planned).await?;
        Ok(planned)
    }

    /// Every entry that is meant. A key alone takes the rights for every kind, so that a refusal does
    /// not tell which of them has it.
    async fn named(&self, w: &mut Work, chosen: &BTreeSet<Chosen>) -> Result<BTreeSet<Reference>> {
        let mut references = BTreeSet::new();
        let mut bare = BTreeSet::new();
        for key in chosen {
            match key {
                Chosen::One(reference) => _ = references.insert(reference.clone()),
                Chosen::Any(key) => _ = bare.insert(key),
            }
        }
        if bare.is_empty() {
            return Ok(references);
        }
        let backend = self.from.kind == ServiceKind::Backend;
        let kinds = EntryKind::ALL.iter().filter(|kind| backend || **kind != EntryKind::Secret);
        let kinds: Vec<EntryKind> = kinds.copied().collect();
        for kind in &kinds {
            self.ask_for(w, *kind).await?;
        }
        for key in bare {
            let before = references.len();
            let mut named = false;
            for kind in &kinds {
                if entries::effective(w, &self.from, stored(*kind), key).await?.is_some() {
                    named = true;
                    references.insert(Reference { kind: *kind, key: key.clone() });
                }
            }
            if !named && references.len() == before {
                let rule = format!("{} has nothing under the key {key}", self.from.path.environment);
                return Err(Error::invalid("keys", rule));
            }
        }
        Ok(references)
    }

    async fn plan_one(&self, w: &mut Work, reference: Reference) -> Result<Planned> {
        let Reference { kind, key } = reference;
        let target = entries::find(w, self.to.id, stored(kind), &key).await?;
        let target_version = target.as_ref().map_or(0, |entry| entry.active_version);
        self.expect(&format!("{kind}:{key}"), target.as_ref())?;
        let found = entries::effective(w, &self.from, stored(kind), &key).await?;
        let mut item =
            PromoteItem { kind, key, state: PromoteState::Invalid, reason: None, version: 0, target_version };
        let source = match found {
            Some((entry, false)) if entry.active_version > 0 => entry,
            other => {
                item.reason = Some(self.why_not(&item, other.is_some_and(|(_, inherited)| inherited)));
                return Ok(Planned { item, source: None, target, write: None });
            }
        };
        item.version = source.active_version;
        let planned = Planned { item, source: None, target, write: None };
        self.weigh(w, planned, source).await
    }

    /// Refuses a promotion that was looked at before somebody else changed the target.
    fn expect(&self, name: &str, target: Option<&Entry>) -> Result<()> {
        let Some(expected) = self.expected.get(name).copied() else { return Ok(()) };
        match target {
            Some(entry) => {
                entry.expect(Some(expected)).map_err(|error| Error::from(error.refusal().with("key", name)))
            }
            None if expected == 0 => Ok(()),
            None => {
                let environment = &self.to.path.environment;
                let message = format!("{name} was deleted in {environment} in the meantime");
                Err(Refusal::new(Code::Conflict, message).with("key", name).into())
            }
        }
    }

    fn why_not(&self, item: &PromoteItem, inherited: bool) -> String {
        let environment = &self.from.path.environment;
        match (&self.from.umbrella_slug, inherited) {
            (Some(umbrella), true) => format!("Inherited from {umbrella} in {environment}: promote it there"),
            _ => match item.kind {
                EntryKind::Secret => format!("{environment} has no value of this secret"),
                kind => format!("There is no such {kind} in {environment}"),
            },
        }
    }

    /// Compares what is promoted with what the target has.
    async fn weigh(&self, w: &mut Work, planned: Planned, source: Entry) -> Result<Planned> {
        let active = planned.target.clone().filter(|entry| entry.active_version > 0);
        let (state, write, reason) = match planned.item.kind {
            EntryKind::Secret => self.weigh_secret(w, &source, active.as_ref()).await?,
            EntryKind::Config => {
                let target = planned.target.as_ref();
                let (state, write, reason) = self.weigh_config(w, &source, target, active.as_ref()).await?;
                if state != PromoteState::Invalid {
                    let write = write.filter(|_| state != PromoteState::Unchanged);
                    let item = PromoteItem { state, reason, ..planned.item };
                    return Ok(Planned { item, source: Some(source), write, ..planned });
                }
                (state, write, reason)
            }
            EntryKind::Flag => self.weigh_flag(w, &source, active.as_ref()).await?,
        };
        let write = write.filter(|_| state != PromoteState::Unchanged && reason.is_none());
        let item = PromoteItem { state, reason, ..planned.item };
        Ok(Planned { item, source: Some(source), write, ..planned })
    }

    /// What the target has as its schema stays, and the value has to fit it; a new entry takes the
    /// source's along.
    async fn weigh_config(
        &self,
        w: &mut Work,
        source: &Entry,
        target: Option<&Entry>,
        active: Option<&Entry>,
    ) -> Result<(PromoteState, Option<Write>, Option<String>)> {
        let value = open_config(&entries::version(w, source.id, source.active_version).await?)?;
        let same = match active {
            Some(entry) => open_config(&entries::version(w, entry.id, entry.active_version).await?)? == value,
            None => false,
        };
        let environment = &self.to.path.environment;
        let remark = match target {
            Some(target) if !configs::schema::is_same(w, source, target).await? => {
                Some(format!("The JSON Schema differs; {environment} keeps its own"))
            }
            _ => None,
        };
        if let (Some(target), false) = (target, same) {
            match configs::schema::refuse_unfit(w, target.id, &value).await {
                Err(Error::Refused(refusal)) => {
                    let reason = format!("In {environment}: {}", entries::rule_of(&refusal));
                    return Ok((PromoteState::Invalid, None, Some(reason)));
                }
                fits => fits?,
            }
        }
        Ok((compared(active, same), Some(Write::Config(value)), remark))
    }

    async fn weigh_flag(
        &self,
        w: &mut Work,
        source: &Entry,
        active: Option<&Entry>,
    ) -> Result<(PromoteState, Option<Write>, Option<String>)> {
        let definition = open_flag(&entries::version(w, source.id, source.active_version).await?)?;
        let present = match active {
            Some(entry) => Some(open_flag(&entries::version(w, entry.id, entry.active_version).await?)?),
            None => None,
        };
        if present.as_ref() == Some(&definition) {
            return Ok((PromoteState::Unchanged, None, None));
        }
        // Like any write: targeting takes A/B testing, unless the target has the same already.
        match flags::admit(w, &self.to, &source.key, &definition, present.as_ref()).await {
            Ok(()) => Ok((compared(active, false), Some(Write::Flag(definition)), None)),
            Err(Error::Refused(refusal)) => {
                Ok((PromoteState::Invalid, None, Some(entries::rule_of(&refusal))))
            }
            Err(error) => Err(error),
        }
    }

    async fn weigh_secret(
        &self,
        w: &mut Work,
        source: &Entry,
        active: Option<&Entry>,
    ) -> Result<(PromoteState, Option<Write>, Option<String>)> {
        let kind: SecretType = entries::word(&source.kind)?;
        if self.secrets == Secrets::Closed || (self.secrets == Secrets::Compare && active.is_none()) {
            let state = if active.is_some() { PromoteState::NotCompared } else { PromoteState::New };
            let size = entries::version(w, source.id, source.active_version).await?.size;
            return Ok((state, Some(Write::Unopened { kind, size }), None));
        }
        let version = entries::version(w, source.id, source.active_version).await?;
        let (kind, bytes) = secrets::open_version(w, self.from.id, source.id, version).await?;
        let same = match active {
            Some(entry) => {
                let version = entries::version(w, entry.id, entry.active_version).await?;
                let (present_kind, present) = secrets::open_version(w, self.to.id, entry.id, version).await?;
                let details = json!({ "how": "promotion", "from": self.from.path.environment,
                    "version": entry.active_version });
                w.record(Action::SecretCompare, &self.to.target().with_name(&entry.key), details).await?;
                present_kind == kind && bool::from(present.ct_eq(&bytes))
            }
            None => false,
        };
        let promotes = self.secrets == Secrets::Promote && !same;
        let action = if promotes { Action::SecretPromote } else { Action::SecretCompare };
        let details =
            json!({ "how": "promotion", "to": self.to.path.environment, "version": source.active_version });
        w.record(action, &self.from.target().with_name(&source.key), details).await?;
        Ok((compared(active, same), Some(Write::Secret(Value { kind, bytes })), None))
    }

    /// Judges what the configs name at the target, as if all of it were written.
    async fn judge(&self, w: &mut Work, planned: &mut [Planned]) -> Result<()> {
        let mut intended = configs::Intended::default();
        for Planned { item, write, .. } in planned.iter() {
            let key = item.key.clone();
            match write {
                Some(Write::Secret(value)) => intended.secrets.push((key, standing(value.kind))),
                Some(Write::Unopened { kind, .. }) => intended.secrets.push((key, standing(*kind))),
                Some(Write::Flag(_)) => intended.flags.push(key),
                Some(Write::Config(value)) => _ = intended.configs.insert(key, value.references()?),
                None => {}
            }
        }
        let refused = configs::foresee(w, &self.to, intended).await?;
        for Planned { item, write, .. } in planned.iter_mut() {
            if matches!(write, Some(Write::Config(_)))
                && let Some(refusal) = refused.get(&item.key)
            {
                item.state = PromoteState::Invalid;
                item.reason = Some(format!("In {}: {}", self.to.path.environment, entries::rule_of(refusal)));
                *write = None;
            }
        }
        Ok(())
    }
}

const fn compared(active: Option<&Entry>, same: bool) -> PromoteState {
    match (active, same) {
        (None, _) => PromoteState::New,
        (Some(_), true) => PromoteState::Unchanged,
        (Some(_), false) => PromoteState::Changed,
    }
}

const fn standing(kind: SecretType) -> Standing {
    match kind {
        SecretType::Text => Standing::Text,
        SecretType::File => Standing::File,
    }
}
