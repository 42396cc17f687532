//! The counters of processes that share a PostgreSQL: one row per subject and minute, changed by one
//! atomic statement. The order in which rows are locked is always the same, so that nobody waits for
//! somebody who waits for them.

use super::window::Mark;
use crate::nexus::Nexus;
use crate::store::{Db, as_here, carry_out, on, single, sql};
use crate::{Error, Result};

/// Counts one, and answers with the number.
pub(super) async fn add(db: &Db, minute: i64, mark: Mark) -> Result<u32> {
    // A statement by itself: a dropped request leaves no transaction behind.
    let (count,): (i64,) = single!(*db, |pool| sqlx::query_as(sql!(
        "INSERT INTO limit_counts (minute, subject, count) VALUES ($1, $2, 1)
         ON CONFLICT (minute, subject) DO UPDATE SET count = limit_counts.count + 1 RETURNING count"
    ))
    .bind(minute)
    .bind(mark.number())
    .fetch_one(pool)
    .await)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Counts one for both, unless one of them has reached the limit: then none, and that one is the answer.
pub(super) async fn attempt(db: &Db, minute: i64, marks: [Mark; 2], limit: u32) -> Result<Option<Mark>> {
    let db = db.clone();
    let task = tokio::spawn(as_here(async move {
        let [first, second] = in_order(marks);
        let mut tx = db.begin_write().await?;
        let counted: Vec<(i64,)> = on!(tx, |c| sqlx::query_as(sql!(
            "INSERT INTO limit_counts (minute, subject, count) VALUES ($1, $2, 1), ($1, $3, 1)
             ON CONFLICT (minute, subject) DO UPDATE SET count = limit_counts.count + 1
             WHERE limit_counts.count < $4 RETURNING subject"
        ))
        .bind(minute)
        .bind(first.number())
        .bind(second.number())
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
        let full = marks.into_iter().find(|mark| !counted.contains(&(mark.number(),)));
        match full {
            None => tx.commit().await?,
            Some(_) => tx.rollback().await?,
        }
        Ok(full)
    }));
    task.await.unwrap_or(Err(Error::Impossible("counting panicked")))
}

/// Which of them has reached the limit.
pub(super) async fn full(db: &Db, minute: i64, marks: [Mark; 2], limit: u32) -> Result<Option<Mark>> {
    let [first, second] = in_order(marks);
    let reached: Vec<(i64,)> = single!(*db, |pool| sqlx::query_as(sql!(
        "SELECT subject FROM limit_counts WHERE minute = $1 AND subject IN ($2, $3) AND count >= $4"
    ))
    .bind(minute)
    .bind(first.number())
    .bind(second.number())
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await)?;
    Ok(marks.into_iter().find(|mark| reached.contains(&(mark.number(),))))
}

/// Takes back one from both.
pub(super) async fn take_back(db: &Db, minute: i64, marks: [Mark; 2]) -> Result<()> {
    let [first, second] = in_order(marks);
    single!(*db, |pool| sqlx::query(sql!(
        "INSERT INTO limit_counts (minute, subject, count) VALUES ($1, $2, 0), ($1, $3, 0)
         ON CONFLICT (minute, subject) DO UPDATE SET count = limit_counts.count - 1
         WHERE limit_counts.count > 0"
    ))
    .bind(minute)
    .bind(first.number())
    .bind(second.number())
    .execute(pool)
    .await
    .map(|_| ()))?;
    Ok(())
}

fn in_order(marks: [Mark; 2]) -> [Mark; 2] {
    let [a, b] = marks;
    if a.number() <= b.number() { [a, b] } else { [b, a] }
}

/// Forgets the counters of minutes that are over everywhere.
pub async fn forget_old(nexus: &Nexus) -> Result<()> {
    let before = nexus.now().minute() - 2;
    carry_out!(nexus, sql!("DELETE FROM limit_counts WHERE minute < $1"), before)
}
