//! How long the log is kept: thirty days, or as long as there is room. Credentials that nobody knows
//! have a small room of their own, so that whoever makes them up cannot push out what a leak left
//! behind. Old rows go a few hundred at a time, so that others write in between.

use super::writer::{KNOWN, UNKNOWN, first_of, grow};
use crate::Result;
use crate::nexus::Nexus;
use crate::store::{Tx, on, sql};
use nexus_domain::{Timestamp, timestamp};
use uuid::Uuid;

pub const DAYS_KEPT: i64 = 30;
const AT_ONCE: i64 = 500;

/// How many bytes the parts of the log may take.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub known: i64,
    pub unknown: i64,
}

impl Room {
    /// A gigabyte together.
    pub const ALL: Self = Self { known: 900_000_000, unknown: 100_000_000 };
}

/// Takes out what is too old or too much.
pub async fn prune(nexus: &Nexus) -> Result<()> {
    prune_to(nexus, Room::ALL).await
}

/// The same with other room.
pub async fn prune_to(nexus: &Nexus, room: Room) -> Result<()> {
    for (part, most) in [(UNKNOWN, room.unknown), (KNOWN, room.known)] {
        while take_out_some(nexus, part, most).await? {}
    }
    Ok(())
}

/// Takes out one batch of a part; says whether there may be more to do.
async fn take_out_some(nexus: &Nexus, part: &'static str, most: i64) -> Result<bool> {
    let end = first_of(kept_since(nexus.now()).minute());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                let row: Option<(i64,)> = on!(*tx, |c| sqlx::query_as(sql!(
                    "SELECT bytes FROM request_log_sizes WHERE part = $1"
                ))
                .bind(part)
                .fetch_optional(c)
                .await)?;
                // Where there is too much, any row is old enough.
                let too_much = row.is_some_and(|(bytes,)| bytes > most);
                let gone = delete_oldest(tx, part, if too_much { Uuid::max() } else { end }).await?;
                let bytes: i64 = gone.iter().map(|(size,)| *size).sum();
                grow(tx, part, -bytes, 0).await?;
                Ok(!gone.is_empty())
            })
        })
        .await
}

async fn delete_oldest(tx: &mut Tx, part: &str, before: Uuid) -> Result<Vec<(i64,)>> {
    Ok(match part {
        UNKNOWN => on!(*tx, |c| sqlx::query_as(sql!(
            "DELETE FROM request_log WHERE id IN (
                 SELECT id FROM request_log WHERE kind = 'unknown' AND id < $1 ORDER BY id LIMIT $2)
             RETURNING size"
        ))
        .bind(before)
        .bind(AT_ONCE)
        .fetch_all(c)
        .await)?,
        _ => on!(*tx, |c| sqlx::query_as(sql!(
            "DELETE FROM request_log WHERE id IN (
                 SELECT id FROM request_log WHERE kind <> 'unknown' AND id < $1 ORDER BY id LIMIT $2)
             RETURNING size"
        ))
        .bind(before)
        .bind(AT_ONCE)
        .fetch_all(c)
        .await)?,
    })
}

/// Measures the log anew: what went with a deleted tenant was not subtracted.
pub async fn recount(nexus: &Nexus) -> Result<()> {
    // Both numbers are of one state, so that the difference is right whatever is written meanwhile.
    let mut tx = nexus.db.begin_read().await?;
    let measured: Vec<(String, i64)> = on!(tx, |c| sqlx::query_as(sql!(
        "SELECT s.part, (SELECT CAST(COALESCE(SUM(l.size), 0) AS BIGINT) FROM request_log l
             WHERE (l.kind = 'unknown') = (s.part = 'unknown')) - s.bytes FROM request_log_sizes s"
    ))
    .fetch_all(c)
    .await)?;
    tx.rollback().await?;
    let off: Vec<_> = measured.into_iter().filter(|(_, by)| *by != 0).collect();
    if off.is_empty() {
        return Ok(());
    }
    nexus
        .write(move |tx| {
            Box::pin(async move {
                for (part, by) in off {
                    grow(tx, &part, by, 0).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The first moment that is still kept.
const fn kept_since(now: Timestamp) -> Timestamp {
    now.plus(-DAYS_KEPT * timestamp::DAY_MICROS)
}
