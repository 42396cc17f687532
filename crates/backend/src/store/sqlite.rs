//! SQLite: write-ahead log, every commit synced, foreign keys on, one writer, readers that cannot
//! write. NORMAL synchronisation would lose acknowledged writes on power loss.

use super::{Asked, Db};
use crate::{Error, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::str::FromStr;
use std::time::Duration;

pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Older ones have a bug in checkpointing the write-ahead log that can corrupt a database.
const OLDEST: (u32, u32, u32) = (3, 51, 3);
const READERS: u32 = 4;

pub(super) async fn open(url: &str) -> Result<Db> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| Error::Startup("the database URL is not understood (sqlite:<path>)".into()))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF");
    let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()").fetch_one(&write).await?;
    if parts(&version) < OLDEST {
        return Err(Error::Startup(format!("SQLite {version} is too old; 3.51.3 is needed")));
    }
    let read = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(options.create_if_missing(false).read_only(true))
        .await?;
    Ok(Db::Sqlite { read, write, asked: Asked::default() })
}

fn parts(version: &str) -> (u32, u32, u32) {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}
