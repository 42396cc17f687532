//! The warm path of `GET /v1/sync`: no SQL while nothing has changed.

use super::build;
use crate::crypto::{Aad, Key, KeyId, Keyring, open, seal};
use crate::flags::WholeReads;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::Target;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::service::ServiceKind;
use nexus_domain::{ServiceId, TenantId, Timestamp};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use uuid::Uuid;

/// Sealed snapshots of this process, and the reads that were not written down yet.
pub struct Snapshots {
    /// Made at start and never stored: a dump of the memory shows snapshots no longer than needed.
    key: Key,
    sealed: RwLock<HashMap<View, Arc<Sealed>>>,
    reads: Mutex<HashMap<Read, Count>>,
}

/// A service, and whether its secrets are shown: readers who may not read them see another snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct View {
    service: ServiceId,
    secrets: bool,
}

struct Sealed {
    revision: i64,
    /// The tenant's change number up to which this snapshot is known to be the present one.
    seq: i64,
    /// The next moment of a schedule: from then on it is another snapshot of the same revision.
    until: Option<Timestamp>,
    etag: String,
    body: Vec<u8>,
    about: build::ServiceRow,
    /// A snapshot holds all flags.
    whole: Arc<WholeReads>,
}

impl Sealed {
    fn holds_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// One reader's reads of one snapshot in one hour.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Read {
    tenant: TenantId,
    /// The key's id.
    reader: Uuid,
    service: ServiceId,
    revision: i64,
    hour: i64,
}

#[derive(Clone)]
struct Count {
    reads: i64,
    last: Timestamp,
    /// What is shown of the reader.
    label: String,
}

/// More than this many bytes of sealed snapshots are forgotten together.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The answer to a sync.
pub enum Answer {
    NotModified { etag: String },
    Fresh { etag: String, body: Vec<u8> },
}

impl Snapshots {
    pub(crate) fn new(keyring: &Keyring) -> Result<Self> {
        Ok(Self { key: Key::random(keyring.random())?, sealed: RwLock::default(), reads: Mutex::default() })
    }

    fn recall(&self, nexus: &Nexus, tenant: TenantId, view: View) -> (Option<Arc<Sealed>>, bool) {
        let sealed = self.sealed.read().unwrap_or_else(PoisonError::into_inner).get(&view).cloned();
        let fresh = sealed
            .as_ref()
            .is_some_and(|sealed| sealed.seq == nexus.seq_of(tenant) && sealed.holds_at(nexus.now()));
        (sealed, fresh)
    }

    fn remember(&self, view: View, sealed: &Arc<Sealed>) {
        let mut all = self.sealed.write().unwrap_or_else(PoisonError::into_inner);
        if all.values().map(|sealed| sealed.body.len()).sum::<usize>() > MAX_BYTES {
            all.clear();
        }
        all.insert(view, Arc::clone(sealed));
    }

    fn aad(view: View, revision: i64) -> Aad {
        Aad::new("nexus/warm-snapshot/v2").id(view.service.0).number(i64::from(view.secrets)).number(revision)
    }
}

/// The snapshot of the service that the key reads, or the word that the caller has it already. It takes
/// the right to configs and flags; secrets are in it for those who may read them.
pub async fn sync(nexus: &Nexus, actor: &Actor, if_none_match: Option<&str>) -> Result<Answer> {
    let reader = actor.reader()?;
    reader.expect(reader.configs, Action::ConfigRead)?;
    reader.expect(reader.flags, Action::FlagRead)?;
    let with_secrets = reader.kind == ServiceKind::Backend && reader.secrets;
    let view = View { service: reader.service, secrets: with_secrets };
    let (known, fresh) = nexus.snapshots.recall(nexus, actor.tenant, view);
    let sealed = match known {
        Some(sealed) if fresh => sealed,
        // In a box, like `note_first_read`: the future of a warm read stays small, and is what is
        // moved and allocated for every request.
        known => Box::pin(refresh(nexus, actor, view, known)).await?,
    };
    sealed.whole.note(nexus.now());
    let etag = sealed.etag.clone();
    if if_none_match.is_some_and(|given| matches_etag(given, &etag)) {
        return Ok(Answer::NotModified { etag });
    }
    if with_secrets {
        note_read(nexus, actor, view.service, &sealed).await?;
    }
    let aad = Snapshots::aad(view, sealed.revision);
    let mut body = open(&nexus.snapshots.key, KeyId::UNNAMED, &aad, &sealed.body)?;
    // Not a copy: it leaves as it is.
    Ok(Answer::Fresh { etag, body: std::mem::take(&mut *body) })
}

/// A thing, or the word that the caller has it already.
pub enum Unless<T> {
    Known { etag: String },
    Changed(T),
}

/// Whether `If-None-Match` (a list, `*`, weak or strong) names this tag.
pub fn matches_etag(given: &str, etag: &str) -> bool {
    given.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Looks whether the snapshot is still the present one, and builds it anew where it is not.
async fn refresh(
    nexus: &Nexus,
    actor: &Actor,
    view: View,
    known: Option<Arc<Sealed>>,
) -> Result<Arc<Sealed>> {
    let service = view.service;
    let sealed = nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let about = build::service(w, service).await?;
                let now = w.now;
                let same = |known: &Arc<Sealed>| known.revision == about.revision && known.holds_at(now);
                if let Some(known) = known.filter(same) {
                    let seq = about.seq;
                    return Ok(Arc::new(Sealed {
                        seq,
                        etag: known.etag.clone(),
                        body: known.body.clone(),
                        whole: Arc::clone(&known.whole),
                        about,
                        ..*known
                    }));
                }
                let (snapshot, served) = build::build(w, service, &about, view.secrets).await?;
                let plain = zeroize::Zeroizing::new(
                    serde_json::to_vec(&snapshot).map_err(|_| Error::Impossible("a snapshot is JSON"))?,
                );
                let aad = Snapshots::aad(view, about.revision);
                let body =
                    seal(&w.nexus.snapshots.key, KeyId::UNNAMED, &aad, &plain, w.nexus.keyring.random())?;
                let (revision, seq, until) = (about.revision, about.seq, served.next_moment(now));
                let letter = if about.kind == ServiceKind::Backend && !view.secrets { "p" } else { "r" };
                let etag = format!("\"{letter}{}\"", served.state(revision, now));
                let whole = w.nexus.flags.whole_reads(w.actor.tenant, service);
                Ok(Arc::new(Sealed { revision, seq, until, etag, body, about, whole }))
            })
        })
        .await?;
    nexus.saw_seq(actor.tenant, sealed.seq);
    nexus.snapshots.remember(view, &sealed);
    Ok(sealed)
}

/// Counts a read. The first one of a snapshot by this key in this hour is in the audit log before
/// the answer.
async fn note_read(nexus: &Nexus, actor: &Actor, service: ServiceId, sealed: &Sealed) -> Result<()> {
    let now = nexus.now();
    // By id, because the few digits that are shown of a key may be those of another one too.
    let reader = actor.id().unwrap_or_default();
    let read = Read { tenant: actor.tenant, reader, service, revision: sealed.revision, hour: now.hour() };
    {
        let mut reads = nexus.snapshots.reads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = reads.get_mut(&read) {
            count.reads += 1;
            count.last = now;
            return Ok(());
        }
    }
    Box::pin(note_first_read(nexus, actor, sealed, read, now)).await
}

async fn note_first_read(
    nexus: &Nexus,
    actor: &Actor,
    sealed: &Sealed,
    read: Read,
    now: Timestamp,
) -> Result<()> {
    let (about, revision) = (sealed.about.clone(), sealed.revision);
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let target = Target {
                    project: Some(&about.project),
                    environment: Some(&about.environment),
                    service: Some(&about.slug),
                    name: None,
                };
                w.record_event("secret.sync", &target, json!({ "revision": revision })).await
            })
        })
        .await
        .map_err(|error| match error {
            Error::StorageFull | Error::Unavailable => error,
            _ => Error::AuditUnavailable,
        })?;
    let mut reads = nexus.snapshots.reads.lock().unwrap_or_else(PoisonError::into_inner);
    reads.entry(read).and_modify(|count| count.reads += 1).or_insert_with(|| {
        let label = actor.label().to_owned();
        Count { reads: 1, last: now, label }
    });
    Ok(())
}

/// Writes the counted reads to their table (outside of the chain) and when each service was read
/// last. Counters of past hours are forgotten.
pub async fn flush(nexus: &Nexus) -> Result<()> {
    let hour = nexus.now().hour();
    let counted: Vec<(Read, Count)> = {
        let mut reads = nexus.snapshots.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = reads
            .iter_mut()
            .filter(|(_, count)| count.reads > 0)
            .map(|(read, count)| {
                let counted = (read.clone(), count.clone());
                count.reads = 0;
                counted
            })
            .collect();
        reads.retain(|read, _| read.hour == hour);
        counted
    };
    if counted.is_empty() {
        return Ok(());
    }
    let rows = counted.clone();
    let written = nexus
        .write(move |tx| {
            Box::pin(async move {
                for (read, count) in rows {
                    on!(*tx, |c| sqlx::query(sql!(
                        "INSERT INTO read_counts (tenant_id, reader, service_id, revision, hour, reads)
                         SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT 1 FROM tenants WHERE id = $1)
                         ON CONFLICT (tenant_id, reader, service_id, revision, hour)
                         DO UPDATE SET reads = read_counts.reads + excluded.reads"
                    ))
                    .bind(read.tenant)
                    .bind(read.reader.to_string())
                    .bind(read.service)
                    .bind(read.revision)
                    .bind(read.hour)
                    .bind(count.reads)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                    on!(*tx, |c| sqlx::query(sql!(
                        "UPDATE services SET synced_at = $3, synced_by = $4 WHERE tenant_id = $1 AND id = $2"
                    ))
                    .bind(read.tenant)
                    .bind(read.service)
                    .bind(count.last)
                    .bind(count.label.as_str())
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                }
                Ok(())
            })
        })
        .await;
    if written.is_err() {
        // They are counted with the next ones.
        let mut all = nexus.snapshots.reads.lock().unwrap_or_else(PoisonError::into_inner);
        for (read, lost) in counted {
            all.entry(read).and_modify(|count| count.reads += lost.reads).or_insert(lost);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::matches_etag;

    #[test]
    fn if_none_match_is_read_as_http_says() {
        for given in ["\"r4\"", "W/\"r4\"", "*", "\"r1\", \"r4\""] {
            assert!(matches_etag(given, "\"r4\""), "{given}");
        }
        for given in ["\"r5\"", "r4", ""] {
            assert!(!matches_etag(given, "\"r4\""), "{given}");
        }
    }
}
