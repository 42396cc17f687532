//! PostgreSQL: two pools, so that a cancelled `begin` can never leave the connection of a single
//! read inside a transaction, and time limits, so that nothing holds a lock for ever.

use super::{Asked, Db, Location};
use crate::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/postgres");

const CONNECTIONS: u32 = 8;
const WAIT: Duration = Duration::from_secs(5);

pub(super) async fn open(location: &Location) -> Result<Db> {
    let options = PgConnectOptions::from_str(&location.url)
        .map_err(|_| Error::Startup("the database URL is not understood (postgres://…)".into()))?
        .application_name("nexus")
        // A rollback outside of a transaction is what `after_release` does all the time.
        .options([
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("client_min_messages", "error"),
        ]);
    let read = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT)
        .connect_with(options.clone())
        .await?;
    let begin = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT)
        .after_release(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql("ROLLBACK").execute(connection).await?;
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    if !location.managed {
        let mut connection = read.acquire().await?;
        assert_durable(&mut connection).await?;
    }
    Ok(Db::Postgres { read, begin, asked: Asked::default() })
}

/// An acknowledged write has to survive a power cut.
async fn assert_durable(connection: &mut PgConnection) -> Result<()> {
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let (value,): (String,) =
            sqlx::query_as("SELECT current_setting($1)").bind(setting).fetch_one(&mut *connection).await?;
        if value == "off" {
            return Err(Error::Startup(format!(
                "PostgreSQL has {setting} off, so it may lose acknowledged writes; turn it on, or set \
                 NEXUS_DATABASE_DURABLE=managed if the provider vouches for durability"
            )));
        }
    }
    Ok(())
}

/// Notifies a channel at commit (`LISTEN` and `NOTIFY` are PostgreSQL's own).
pub(super) async fn announce(connection: &mut PgConnection, channel: &str, payload: &str) -> Result<()> {
    sqlx::query("SELECT pg_notify($1, $2)").bind(channel).bind(payload).execute(connection).await?;
    Ok(())
}
