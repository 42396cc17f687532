//! The list of a service's entries, own and inherited, in pages by key.

use super::Kind;
use crate::services;
use crate::store::{findable, on, sql};
use crate::tiers;
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::entry::{EntryCounts, SourceFilter};
use nexus_domain::page;
use nexus_domain::{EntryId, ServiceId, Timestamp};
use sqlx::FromRow;
use uuid::Uuid;

/// What to list, as a request says it.
#[derive(Debug, Clone)]
pub struct ListEntries {
    pub source: SourceFilter,
    pub q: String,
    pub cursor: Option<String>,
    pub limit: i64,
}

/// What to list, after the use case has read the request.
pub(crate) struct ListQuery<'a> {
    pub source: SourceFilter,
    /// Narrows by key, note and tags.
    pub q: &'a str,
    pub keys: Keys<'a>,
    pub limit: i64,
}

/// Which keys to look at.
#[derive(Clone, Copy)]
pub(crate) enum Keys<'a> {
    All,
    /// Those behind the last key of the page before.
    After(&'a str),
    /// This one.
    Only(&'a str),
}

impl Keys<'_> {
    /// The first and the last key in question. `!` sorts before and `{` behind every character that
    /// a key may have, so that `A!` is the least text behind the key `A`.
    fn range(self) -> (String, String) {
        match self {
            Self::All => (String::new(), "{".into()),
            Self::After(key) => (findable(&format!("{key}!")), "{".into()),
            Self::Only(key) => (key.into(), key.into()),
        }
    }
}

/// A row of the list.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ListedRow {
    pub id: EntryId,
    pub service_id: ServiceId,
    pub key: String,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub active_version: i64,
    pub note: String,
    pub tags: String,
    pub description: Option<String>,
    pub size: Option<i64>,
    /// Of configs and flags: what is stored.
    pub payload: Option<Vec<u8>>,
    /// The umbrella has a value under the same key.
    pub in_umbrella: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// Why it is read-only, if it is; filled in after the list is read.
    #[sqlx(skip)]
    pub read_only: Option<String>,
}

fn umbrella_or_nil(service: &services::Resolved) -> ServiceId {
    service.umbrella_id.unwrap_or(ServiceId(Uuid::nil()))
}

pub(crate) async fn list(
    w: &mut Work,
    service: &services::Resolved,
    kind: Kind,
    query: &ListQuery<'_>,
) -> Result<Vec<ListedRow>> {
    let pattern = like_pattern(query.q);
    let (from, to) = query.keys.range();
    // Two halves, each in the order of the index and cut to a page, so that a page costs a page and
    // not the service. What is overridden is looked up by a scalar subquery, because PostgreSQL would
    // turn NOT EXISTS into a join and, before it has statistics, compare every key with every other.
    let mut rows: Vec<ListedRow> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        r"SELECT * FROM (
             SELECT n.id, n.service_id, n.key, n.type, n.active_version, n.note, n.tags, v.description, v.size,
                    CASE WHEN $4 <> 'secret' THEN v.payload END AS payload,
                    EXISTS (SELECT 1 FROM entries u WHERE u.service_id = $3 AND u.kind = $4 AND u.key = n.key
                        AND u.deleted_at IS NULL AND u.active_version > 0) AS in_umbrella,
                    n.created_at, n.updated_at, n.updated_by
             FROM entries n LEFT JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
             WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = $4 AND n.deleted_at IS NULL
               AND n.key >= $5 AND n.key <= $6
               AND ($7 = '' OR LOWER(n.key) LIKE $7 ESCAPE '\' OR LOWER(n.note) LIKE $7 ESCAPE '\'
                   OR LOWER(n.tags) LIKE $7 ESCAPE '\')
               AND ($8 = 'all' OR $8 = 'own' OR ($8 = 'needs_value' AND n.active_version = 0)
                   OR ($8 = 'overridden' AND n.active_version > 0
                       AND EXISTS (SELECT 1 FROM entries u WHERE u.service_id = $3 AND u.kind = $4
                           AND u.key = n.key AND u.deleted_at IS NULL AND u.active_version > 0)))
             ORDER BY n.key LIMIT $9
         ) AS own
         UNION ALL
         SELECT * FROM (
             SELECT n.id, n.service_id, n.key, n.type, n.active_version, n.note, n.tags, v.description, v.size,
                    CASE WHEN $4 <> 'secret' THEN v.payload END AS payload,
                    TRUE AS in_umbrella, n.created_at, n.updated_at, n.updated_by
             FROM entries n LEFT JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
             WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.kind = $4 AND n.deleted_at IS NULL
               AND n.key >= $5 AND n.key <= $6 AND n.active_version > 0 AND $8 IN ('all', 'inherited')
               AND (SELECT o.id FROM entries o WHERE o.service_id = $2 AND o.kind = $4 AND o.key = n.key
                   AND o.deleted_at IS NULL) IS NULL
               AND ($7 = '' OR LOWER(n.key) LIKE $7 ESCAPE '\' OR LOWER(n.note) LIKE $7 ESCAPE '\'
                   OR LOWER(n.tags) LIKE $7 ESCAPE '\')
             ORDER BY n.key LIMIT $9
         ) AS inherited
         ORDER BY key LIMIT $9"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(umbrella_or_nil(service))
    .bind(kind.as_str())
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(pattern.as_str())
    .bind(query.source.as_str())
    .bind(query.limit)
    .fetch_all(c)
    .await
    })?;
    tiers::mark(w, service.id, kind, &mut rows).await?;
    Ok(rows)
}

/// The keys of all entries, own and inherited.
pub(crate) async fn every_key(w: &mut Work, service: &services::Resolved, kind: Kind) -> Result<Vec<String>> {
    let keys: Vec<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT key FROM entries
         WHERE tenant_id = $1 AND service_id = $2 AND kind = $4 AND deleted_at IS NULL
         UNION
         SELECT key FROM entries
         WHERE tenant_id = $1 AND service_id = $3 AND kind = $4 AND deleted_at IS NULL AND active_version > 0
         ORDER BY key"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(umbrella_or_nil(service))
    .bind(kind.as_str())
    .fetch_all(c)
    .await)?;
    Ok(keys.into_iter().map(|(key,)| key).collect())
}

/// A page by key, and the cursor of the next one.
pub(crate) async fn page(
    w: &mut Work,
    service: &services::Resolved,
    kind: Kind,
    asked: &ListEntries,
) -> Result<(Vec<ListedRow>, Option<String>)> {
    let after =
        asked.cursor.as_deref().map(|text| page::place(text).ok_or_else(page::no_cursor)).transpose()?;
    let keys = after.as_deref().map_or(Keys::All, Keys::After);
    let limit = asked.limit.max(0);
    let query = ListQuery { source: asked.source, q: &asked.q, keys, limit: limit.saturating_add(1) };
    let mut rows = list(w, service, kind, &query).await?;
    let more = i64::try_from(rows.len()).unwrap_or(0) > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    let next_cursor = rows.last().filter(|_| more).map(|row| page::cursor(&row.key));
    Ok((rows, next_cursor))
}

/// The row of one key, as the list would show it.
pub(crate) async fn one(
    w: &mut Work,
    service: &services::Resolved,
    kind: Kind,
    key: &str,
) -> Result<ListedRow> {
    let query = ListQuery { source: SourceFilter::All, q: "", keys: Keys::Only(key), limit: 1 };
    list(w, service, kind, &query).await?.into_iter().next().ok_or_else(Error::not_found)
}

/// How many entries there are, by source.
pub(crate) async fn counts(w: &mut Work, service: &services::Resolved, kind: Kind) -> Result<EntryCounts> {
    let (own, inherited, overridden, needs_value): (i64, i64, i64, i64) =
        on!(w.tx, |c| sqlx::query_as(sql!(
            "SELECT COUNT(*) FILTER (WHERE own), COUNT(*) FILTER (WHERE NOT own),
                COUNT(*) FILTER (WHERE own AND has_value AND twin), COUNT(*) FILTER (WHERE NOT has_value)
         FROM (
             SELECT TRUE AS own, n.active_version > 0 AS has_value,
                    EXISTS (SELECT 1 FROM entries u WHERE u.service_id = $3 AND u.kind = $4 AND u.key = n.key
                        AND u.deleted_at IS NULL AND u.active_version > 0) AS twin
             FROM entries n
             WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = $4 AND n.deleted_at IS NULL
             UNION ALL
             SELECT FALSE, TRUE, FALSE FROM entries n
             WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.kind = $4 AND n.deleted_at IS NULL
               AND n.active_version > 0 AND (SELECT o.id FROM entries o WHERE o.service_id = $2
                   AND o.kind = $4 AND o.key = n.key AND o.deleted_at IS NULL) IS NULL
         ) AS listed"
        ))
        .bind(w.actor.tenant)
        .bind(service.id)
        .bind(umbrella_or_nil(service))
        .bind(kind.as_str())
        .fetch_one(c)
        .await)?;
    Ok(EntryCounts { all: own + inherited, own, inherited, overridden, needs_value })
}

/// Longer searches are cut: no key is longer, and engines refuse very long patterns.
const MAX_QUERY_CHARS: usize = 256;

/// `q` as a LIKE pattern that finds it anywhere; empty for no filter. Both engines fold the case of
/// ASCII letters and of no others here.
pub(crate) fn like_pattern(q: &str) -> String {
    let q = findable(q.trim()).chars().take(MAX_QUERY_CHARS).collect::<String>().to_ascii_lowercase();
    if q.is_empty() {
        return q;
    }
    let escaped = q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::{Keys, like_pattern};

    #[test]
    fn a_range_leaves_out_the_key_itself_and_nothing_else() {
        let (from, to) = Keys::After("A").range();
        for key in ["A-", "A.b", "A0", "AB", "A_", "Aa", "B", "z", "zz:z"] {
            assert!(key >= from.as_str() && key <= to.as_str(), "{key}");
        }
        assert!("A" < from.as_str());
    }

    #[test]
    fn wildcards_in_a_search_mean_themselves() {
        assert_eq!(like_pattern(" API_Key% "), r"%api\_key\%%");
        assert_eq!(like_pattern("  "), "");
    }
}
