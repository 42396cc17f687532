//! From facts to the tree that a reader gets: every key once, to a bounded depth and number, and what
//! the reader may not know left out.

use super::Sees;
use super::facts::{Facts, Found};
use crate::services::Resolved;
use nexus_domain::Timestamp;
use nexus_domain::flag::Schedule;
use nexus_domain::template::{MAX_DEPTH, Reference, ReferenceKind};
use nexus_domain::why::{
    ExplanationEnd, FlagStanding, MAX_EXPLAINED, MAX_EXPLAINED_BYTES, SourceState, ValueExplanation,
    ValueOutcome, ValueSource, way_to_secret,
};
use std::collections::HashSet;

pub(super) struct Tree<'a> {
    service: &'a Resolved,
    facts: &'a Facts,
    sees: Sees,
    now: Timestamp,
    /// Keys that were told of.
    told: HashSet<Reference>,
}

impl<'a> Tree<'a> {
    pub fn new(service: &'a Resolved, facts: &'a Facts, sees: Sees, now: Timestamp) -> Self {
        Self { service, facts, sees, now, told: HashSet::new() }
    }

    pub fn explain(mut self, wanted: &Reference) -> ValueExplanation {
        let mut left = MAX_EXPLAINED;
        self.node(wanted, &mut Vec::new(), &mut left)
    }

    /// One key and what it names. `way` is what led here; nothing leads on for longer than
    /// `MAX_DEPTH`, so that this calls itself no deeper.
    fn node(&mut self, at: &Reference, way: &mut Vec<Reference>, left: &mut usize) -> ValueExplanation {
        *left = left.saturating_sub(1);
        let mut told = self.alone(at);
        let named = if at.kind == ReferenceKind::Config { self.facts.scope.references(&at.key) } else { &[] };
        if named.is_empty() || !self.sees.kind(at.kind) {
            return told;
        }
        told.tainted_by = way_to_secret(&self.facts.scope, &at.key);
        told.end = if way.contains(at) {
            Some(ExplanationEnd::Circle)
        } else if self.told.contains(at) {
            Some(ExplanationEnd::ToldBefore)
        } else if way.len() > MAX_DEPTH || *left == 0 {
            Some(ExplanationEnd::TooMany)
        } else {
            None
        };
        if told.end.is_some() {
            return told;
        }
        self.told.insert(at.clone());
        way.push(at.clone());
        for reference in named {
            if *left == 0 {
                told.end = Some(ExplanationEnd::TooMany);
                break;
            }
            told.references.push(self.node(reference, way, left));
        }
        way.pop();
        told
    }

    /// One key without what it names.
    fn alone(&self, at: &Reference) -> ValueExplanation {
        let mut told = ValueExplanation::of(at.kind, at.key.clone(), self.outcome(at));
        if !self.sees.kind(at.kind) {
            told.hidden = true;
            return told;
        }
        told.sources = self.sources(at);
        match at.kind {
            ReferenceKind::Secret => {}
            ReferenceKind::Config => {
                let value = self.facts.values.get(&at.key);
                let shown = value.filter(|it| it.text().len() <= MAX_EXPLAINED_BYTES);
                told.value = shown.map(|it| it.text().to_owned());
            }
            ReferenceKind::Flag => {
                let schedule = self.facts.flags.get(&at.key).copied().flatten();
                told.flag = schedule.map(|schedule| self.standing(schedule));
            }
        }
        told
    }

    fn standing(&self, schedule: Schedule) -> FlagStanding {
        FlagStanding {
            state: schedule.state,
            enabled: schedule.is_enabled(self.now),
            text: schedule.text(self.now),
            next_moment: schedule.next_moment(self.now),
        }
    }

    /// What programs get under a key: as a snapshot says it.
    fn outcome(&self, at: &Reference) -> ValueOutcome {
        let found = self.facts.found(at);
        if !found.iter().any(Found::has_value) {
            let own = found.iter().any(|found| found.service_id == self.service.id);
            return if own { ValueOutcome::NeedsValue } else { ValueOutcome::Missing };
        }
        match at.kind {
            ReferenceKind::Secret => ValueOutcome::Resolved,
            ReferenceKind::Flag => match self.facts.flags.get(&at.key) {
                Some(Some(_)) => ValueOutcome::Resolved,
                _ => ValueOutcome::Unreadable,
            },
            ReferenceKind::Config => match self.facts.left_out.get(&at.key) {
                Some(code) => (*code).into(),
                None => ValueOutcome::Resolved,
            },
        }
    }

    fn sources(&self, at: &Reference) -> Vec<ValueSource> {
        let mut used = false;
        let mut source = |found: &Found| {
            let state = match (found.has_value(), used) {
                (false, _) => SourceState::NeedsValue,
                (true, false) => SourceState::Used,
                (true, true) => SourceState::Overridden,
            };
            used |= found.has_value();
            let inherited = found.service_id != self.service.id;
            let umbrella = self.service.umbrella_slug.as_ref().filter(|_| inherited);
            let knows_author = at.kind != ReferenceKind::Secret || self.sees.secret_authors;
            ValueSource {
                service: umbrella.unwrap_or(&self.service.path.service).clone(),
                inherited,
                state,
                kind: found.value_type.clone(),
                version: found.active_version,
                updated_at: found.updated_at,
                updated_by: knows_author.then(|| found.updated_by.clone()),
            }
        };
        self.facts.found(at).iter().map(&mut source).collect()
    }
}
