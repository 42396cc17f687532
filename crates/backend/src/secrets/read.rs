//! Listing secrets without their values, and revealing one.

use super::{ListSecrets, into_row, open_service, open_version, row_of};
use crate::entries::{self, Kind};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::services::Resolved;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_domain::action::Action;
use nexus_domain::page::Page;
use nexus_domain::secret::{
    DeletedSecret, ReferringConfig, SecretCounts, SecretRow, SecretType, SecretUse, SecretValue,
    SecretVersionValue,
};
use nexus_domain::service::ServicePath;
use nexus_domain::{ServiceId, Timestamp};
use serde_json::{Value, json};

/// A page of the service's secrets, own and inherited, by key. A list by a key is audited every
/// time; a person's views of one service count once an hour.
pub async fn list(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    query: ListSecrets,
) -> Result<Page<SecretRow>> {
    if seen_this_hour(nexus, actor, path).await? {
        let path = path.clone();
        return nexus
            .read(actor, move |w| {
                Box::pin(async move {
                    let service = open_service(w, &path, Action::SecretList).await?;
                    select(w, &service, &query).await
                })
            })
            .await;
    }
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretList).await?;
                let page = select(w, &service, &query).await?;
                let details = json!({ "source": query.source, "rows": page.data.len() });
                note_list(w, &service, details).await?;
                Ok(page)
            })
        })
        .await
}

async fn select(w: &mut Work, service: &Resolved, query: &ListSecrets) -> Result<Page<SecretRow>> {
    let (rows, next_cursor) = entries::page(w, service, Kind::Secret, query).await?;
    let data = rows.into_iter().map(|row| into_row(service, row)).collect::<Result<_>>()?;
    Ok(Page { data, next_cursor })
}

/// Whether this person's view of this service is in the audit log for the present hour already.
async fn seen_this_hour(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<bool> {
    if !matches!(actor.who, Who::Person { .. }) {
        return Ok(false);
    }
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretList).await?;
                is_noted(w, service.id).await
            })
        })
        .await
}

/// Whether a list of this service's secrets needs no row in the audit log any more.
pub(crate) async fn is_noted(w: &mut Work, service: ServiceId) -> Result<bool> {
    let Some(user) = w.actor.user() else { return Ok(false) };
    let reader = user.0.to_string();
    let row: Option<(i64,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT reads FROM read_counts
         WHERE tenant_id = $1 AND reader = $2 AND service_id = $3 AND revision = 0 AND hour = $4"
    ))
    .bind(w.actor.tenant)
    .bind(reader.as_str())
    .bind(service)
    .bind(w.now.hour())
    .fetch_optional(c)
    .await)?;
    Ok(row.is_some())
}

/// Writes to the audit log that the service's secrets were listed.
pub(crate) async fn note_list(w: &mut Work, service: &Resolved, details: Value) -> Result<()> {
    // A list by API is in the log each time.
    if let Who::Person { user, .. } = w.actor.who {
        remember_view(w, &user.0.to_string(), service.id).await?;
    }
    w.record(Action::SecretList, &service.target(), details).await
}

async fn remember_view(w: &mut Work, reader: &str, service: ServiceId) -> Result<()> {
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO read_counts (tenant_id, reader, service_id, revision, hour, reads) VALUES ($1, $2, $3, 0, $4, 1)
         ON CONFLICT DO NOTHING"
    ))
    .bind(w.actor.tenant)
    .bind(reader)
    .bind(service)
    .bind(w.now.hour())
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// The numbers beside the filters.
pub async fn counts(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<SecretCounts> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretList).await?;
                entries::counts(w, &service, Kind::Secret).await
            })
        })
        .await
}

/// One row of the list.
pub async fn row(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str) -> Result<SecretRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretList).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}

/// Secrets that were deleted and can still be restored.
pub async fn deleted(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<DeletedSecret>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretHistory).await?;
                let rows = entries::deleted(w, service.id, Kind::Secret).await?;
                rows.into_iter().map(entries::DeletedRow::into_wire).collect()
            })
        })
        .await
}

/// The value of the ACTIVE version, or of the one asked for. Answers only after its audit row is
/// committed.
pub async fn reveal(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    version: Option<i64>,
) -> Result<SecretValue> {
    let (entry, opened) = open_one(nexus, actor, path, key, version).await?;
    Ok(SecretValue {
        tags: entry.tags(),
        key: entry.key,
        kind: opened.kind,
        version: opened.version,
        value: opened.value,
        value_base64: opened.value_base64,
        size: opened.size,
        inherited_from: opened.inherited_from,
        description: opened.description,
        note: entry.note,
        updated_at: entry.updated_at,
        updated_by: entry.updated_by,
    })
}

/// One version with its value, and who made it when.
pub async fn version(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    number: i64,
) -> Result<SecretVersionValue> {
    Ok(open_one(nexus, actor, path, key, Some(number)).await?.1)
}

async fn open_one(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    version: Option<i64>,
) -> Result<(entries::Entry, SecretVersionValue)> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretReveal).await?;
                let found = entries::effective(w, &service, Kind::Secret, &key).await?;
                let (entry, inherited) = found.ok_or_else(Error::not_found)?;
                let number = version.unwrap_or(entry.active_version);
                let row = entries::version(w, entry.id, number).await?;
                let (description, size) = (row.description.clone(), row.size);
                let (created_at, created_by) = (row.created_at, row.created_by.clone());
                let (kind, bytes) = open_version(w, entry.service_id, entry.id, row).await?;
                let inherited_from = service.umbrella_slug.clone().filter(|_| inherited);
                let details = json!({ "version": number, "inherited_from": inherited_from });
                w.record(Action::SecretReveal, &service.target().with_name(&key), details).await?;
                let (value, value_base64) = encode(kind, &bytes)?;
                let opened = SecretVersionValue {
                    key: entry.key.clone(),
                    version: number,
                    kind,
                    value,
                    value_base64,
                    size,
                    active: number == entry.active_version,
                    inherited_from,
                    description,
                    created_at,
                    created_by,
                };
                Ok((entry, opened))
            })
        })
        .await
}

/// A value in the form that its type travels in: `(value, value_base64)`.
pub(crate) fn encode(kind: SecretType, bytes: &[u8]) -> Result<(Option<String>, Option<String>)> {
    Ok(match kind {
        SecretType::Text => {
            let text =
                std::str::from_utf8(bytes).map_err(|_| Error::Impossible("a text that is not UTF-8"))?;
            (Some(text.to_owned()), None)
        }
        SecretType::File => (None, Some(STANDARD.encode(bytes))),
    })
}

/// What reads a secret or depends on it.
pub async fn uses(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str) -> Result<SecretUse> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretHistory).await?;
                let heirs: Vec<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT s.slug FROM services s WHERE s.tenant_id = $1 AND s.umbrella_id = $2
                       AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.service_id = s.id AND o.kind = 'secret'
                           AND o.key = $3 AND o.deleted_at IS NULL AND o.active_version > 0)
                     ORDER BY s.slug"
                ))
                .bind(w.actor.tenant)
                .bind(service.id)
                .bind(key.as_str())
                .fetch_all(c)
                .await)?;
                let last: Option<(Option<String>, Option<Timestamp>)> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT synced_by, synced_at FROM services
                     WHERE tenant_id = $1 AND synced_at IS NOT NULL AND id IN (SELECT id FROM services
                         WHERE id = $2 UNION ALL SELECT id FROM services WHERE umbrella_id = $2)
                     ORDER BY synced_at DESC LIMIT 1"
                ))
                .bind(w.actor.tenant)
                .bind(service.id)
                .fetch_optional(c)
                .await)?;
                let (last_read_by, last_read_at) = last.unwrap_or_default();
                let inherited_by = heirs.into_iter().map(|(slug,)| slug).collect();
                let referrers = entries::referrers(w, &service, Kind::Secret, &key).await?;
                let referred_by =
                    referrers.into_iter().map(|(service, key)| ReferringConfig { service, key }).collect();
                Ok(SecretUse { inherited_by, referred_by, last_read_by, last_read_at })
            })
        })
        .await
}
