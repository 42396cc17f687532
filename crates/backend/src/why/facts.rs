//! What an explanation is made from, read in one state of the database: the entries under a key and
//! under every key that a config leads to, without the value of any secret.

use crate::entries::{self, Kind};
use crate::flags::{Served, definition_of};
use crate::services::Resolved;
use crate::snapshot::{framed, load_configs};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result, configs};
use nexus_domain::config::ConfigValue;
use nexus_domain::flag::Schedule;
use nexus_domain::resolve::Values;
use nexus_domain::scope::Scope;
use nexus_domain::secret::{MAX_TEXT_BYTES, SecretType};
use nexus_domain::snapshot::INLINE_FILE_BYTES;
use nexus_domain::template::{Reference, ReferenceKind, Unresolved};
use nexus_domain::{ServiceId, Timestamp};
use sqlx::FromRow;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// An entry that is not deleted, own or the umbrella's.
#[derive(FromRow)]
pub(super) struct Found {
    pub service_id: ServiceId,
    kind: String,
    pub key: String,
    pub value_type: String,
    pub active_version: i64,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// Bytes of the ACTIVE version.
    size: Option<i64>,
}

impl Found {
    pub const fn has_value(&self) -> bool {
        self.active_version > 0
    }
}

#[derive(Default)]
pub(super) struct Facts {
    /// The service's own entry first.
    found: HashMap<Reference, Vec<Found>>,
    /// Configs in force, as they are stored.
    pub values: BTreeMap<String, ConfigValue>,
    /// Flags in force; nothing where the definition cannot be read.
    pub flags: HashMap<String, Option<Schedule>>,
    /// What configs name.
    pub scope: Scope,
    /// Configs that programs do not get, and why.
    pub left_out: HashMap<String, Unresolved>,
}

impl Facts {
    /// All that matters for one key: very little, unless it is a config that names others.
    pub async fn about(w: &mut Work, service: &Resolved, wanted: &Reference) -> Result<Self> {
        let mut facts = Self::default();
        facts.put(one(w, service, wanted).await?, service.id);
        let effective = facts.found(wanted).iter().find(|found| found.has_value());
        let Some(from) = effective.map(|found| found.service_id) else { return Ok(facts) };
        if wanted.kind == ReferenceKind::Secret {
            return Ok(facts);
        }
        let kind = if wanted.kind == ReferenceKind::Flag { Kind::Flag } else { Kind::Config };
        let Some(entry) = entries::find(w, from, kind, &wanted.key).await? else { return Ok(facts) };
        let version = entries::version(w, entry.id, entry.active_version).await?;
        if kind == Kind::Flag {
            let definition = definition_of(version.payload.as_deref().unwrap_or_default()).ok();
            facts.flags.insert(entry.key, definition.map(|definition| definition.schedule()));
            return Ok(facts);
        }
        let value = match configs::open_version(&version) {
            Err(Error::Unreadable(_)) => {
                facts.left_out.insert(entry.key, Unresolved::Unreadable);
                return Ok(facts);
            }
            opened => opened?,
        };
        if !value.references()?.is_empty() {
            return Self::all(w, service).await;
        }
        facts.values.insert(entry.key, value);
        Ok(facts)
    }

    /// Everything that a config may lead to.
    async fn all(w: &mut Work, service: &Resolved) -> Result<Self> {
        let mut facts = Self::default();
        facts.put(every(w, service).await?, service.id);
        let served = Served::load(w, service.id, service.umbrella_id, service.engine).await?;
        let given = load_configs(w, service.id, service.umbrella_id, &served.plain(w.now)).await?;
        let schedule = |flag: &crate::flags::ServedFlag| Some(flag.compiled.schedule());
        facts.flags = served.flags.iter().map(|(key, flag)| (key.clone(), schedule(flag))).collect();
        facts.flags.extend(served.unreadable.iter().map(|key| (key.clone(), None)));
        let sizes = Sizes { facts: &facts, own: service.id, now: w.now, filler: "x".repeat(MAX_TEXT_BYTES) };
        let outcome = given.outcome(&sizes, sizes.secret_bytes());
        let left_out = outcome.into_iter().filter_map(|(key, it)| Some((key.to_owned(), it.err()?)));
        facts.left_out = left_out.collect();
        facts.values = given.values;
        facts.scope = given.scope;
        Ok(facts)
    }

    fn put(&mut self, rows: Vec<Found>, own: ServiceId) {
        for row in rows {
            let Some(kind) = ReferenceKind::parse(&row.kind) else { continue };
            let under = self.found.entry(Reference { kind, key: row.key.clone() }).or_default();
            let at = if row.service_id == own { 0 } else { under.len() };
            under.insert(at, row);
        }
    }

    pub fn found(&self, reference: &Reference) -> &[Found] {
        self.found.get(reference).map_or(&[], Vec::as_slice)
    }

    /// Whether the service's list shows the key: what its umbrella has without a value, it has not.
    pub fn is_listed(&self, reference: &Reference, own: ServiceId) -> bool {
        self.found(reference).iter().any(|found| found.has_value() || found.service_id == own)
    }
}

/// Stands in for secrets where only their length matters, and opens none. In JSON a secret may take a
/// little more than its length.
struct Sizes<'a> {
    facts: &'a Facts,
    own: ServiceId,
    now: Timestamp,
    filler: String,
}

impl Sizes<'_> {
    fn secret_bytes(&self) -> usize {
        let secrets = self.facts.found.iter().filter(|(it, _)| it.kind == ReferenceKind::Secret);
        let in_force = secrets.filter_map(|(_, found)| found.iter().find(|found| found.has_value()));
        let taken = |found: &Found| {
            let size = found.size.unwrap_or(0);
            let size = match SecretType::parse(&found.value_type) {
                Some(SecretType::File) if size > INLINE_FILE_BYTES => 0,
                Some(SecretType::File) => (size + 2) / 3 * 4,
                _ => size,
            };
            framed(&found.key, usize::try_from(size).unwrap_or(0))
        };
        in_force.map(taken).sum()
    }
}

impl Values for Sizes<'_> {
    fn secret(&self, key: &str) -> Result<&str, Unresolved> {
        let reference = Reference { kind: ReferenceKind::Secret, key: key.to_owned() };
        let found = self.facts.found(&reference);
        match found.iter().find(|found| found.has_value()) {
            Some(found) if found.value_type == SecretType::File.as_str() => Err(Unresolved::NotText),
            Some(found) => {
                let size = usize::try_from(found.size.unwrap_or(0)).unwrap_or(0);
                Ok(self.filler.get(..size).unwrap_or(&self.filler))
            }
            None if found.iter().any(|found| found.service_id == self.own) => Err(Unresolved::NeedsValue),
            None => Err(Unresolved::Missing),
        }
    }

    fn flag(&self, key: &str) -> Result<bool, Unresolved> {
        let schedule = self.facts.flags.get(key).copied().flatten();
        schedule.map(|schedule| schedule.is_enabled(self.now)).ok_or(Unresolved::Missing)
    }
}

/// What service and umbrella have under one key.
async fn one(w: &mut Work, service: &Resolved, wanted: &Reference) -> Result<Vec<Found>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT n.service_id, n.kind, n.key, n.type AS value_type, n.active_version, n.updated_at, n.updated_by,
                v.size
         FROM entries n LEFT JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id IN ($2, $3) AND n.kind = $4 AND n.key = $5
           AND n.deleted_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(service.umbrella_id.unwrap_or(ServiceId(Uuid::nil())))
    .bind(wanted.kind.as_str())
    .bind(wanted.key.as_str())
    .fetch_all(c)
    .await
    })?)
}

/// What service and umbrella have under every key.
async fn every(w: &mut Work, service: &Resolved) -> Result<Vec<Found>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT n.service_id, n.kind, n.key, n.type AS value_type, n.active_version, n.updated_at, n.updated_by,
                v.size
         FROM entries n LEFT JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.deleted_at IS NULL
         UNION ALL
         SELECT n.service_id, n.kind, n.key, n.type AS value_type, n.active_version, n.updated_at, n.updated_by,
                v.size
         FROM entries n LEFT JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.deleted_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(service.umbrella_id.unwrap_or(ServiceId(Uuid::nil())))
    .fetch_all(c)
    .await
    })?)
}
