//! The database: SQLite by default, PostgreSQL when one machine is not enough.
//!
//! Every statement is one SQL text that means the same on both engines (`$1` works on both), written
//! beside the use case that needs it as `sql!("…")`, and run through `on!` (in a transaction) or
//! `single!` (one read by itself). A test finds every `sql!` and prepares it on both engines.

mod asked;
mod postgres;
mod sqlite;

pub use asked::Asked;
pub(crate) use asked::{afterwards, as_here};

use crate::{Error, Result};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Marks a statement, so that the test that prepares every statement on both engines finds it.
macro_rules! sql {
    ($text:literal) => {
        $text
    };
}

/// Runs one statement in a transaction, whichever engine it is on.
macro_rules! on {
    ($tx:expr, |$connection:ident| $body:expr) => {
        match &mut $tx {
            $crate::store::Tx::Sqlite(tx, asked) => {
                asked.count();
                let $connection = &mut **tx;
                $body
            }
            $crate::store::Tx::Postgres(tx, asked) => {
                asked.count();
                let $connection = &mut **tx;
                $body
            }
        }
    };
}

/// Runs one read by itself, outside of any transaction.
macro_rules! single {
    ($db:expr, |$pool:ident| $body:expr) => {
        match &$db {
            $crate::store::Db::Sqlite { read, asked, .. } => {
                asked.count();
                let $pool = read;
                $body
            }
            $crate::store::Db::Postgres { read, asked, .. } => {
                asked.count();
                let $pool = read;
                $body
            }
        }
    };
}
/// Carries out one `sql!(…)` in a transaction of its own: what follows it is bound in its order.
macro_rules! carry_out {
    ($nexus:expr, $statement:expr $(, $bound:expr)* $(,)?) => {
        $nexus
            .write(move |tx| {
                Box::pin(async move {
                    $crate::store::on!(*tx, |c| sqlx::query($statement)
                        $(.bind($bound))*
                        .execute(c)
                        .await
                        .map(|_| ()))?;
                    Ok(())
                })
            })
            .await
    };
}
pub(crate) use {carry_out, on, single, sql};

/// A database that is open, migrated and checked.
#[derive(Debug, Clone)]
pub enum Db {
    /// One writer, because SQLite has one; readers see the last committed state.
    Sqlite { read: SqlitePool, write: SqlitePool, asked: Asked },
    /// `read` never begins a transaction; every `begin` comes from the other pool, whose connections
    /// are rolled back when they return (a cancelled `begin` would leave one inside a transaction).
    Postgres { read: PgPool, begin: PgPool, asked: Asked },
}

/// A transaction on either engine.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>, Asked),
    Postgres(Transaction<'static, Postgres>, Asked),
}

/// Where the database is and how strictly its durability is checked.
#[derive(Debug, Clone)]
pub struct Location {
    /// `sqlite:<path>` or `postgres://…`.
    pub url: String,
    /// The provider vouches for durability (`NEXUS_DATABASE_DURABLE=managed`), so that PostgreSQL's
    /// settings are not asserted.
    pub managed: bool,
}

impl Db {
    /// Opens the database; its schema stays as it is.
    pub async fn open(location: &Location) -> Result<Self> {
        if location.url.starts_with("postgres://") || location.url.starts_with("postgresql://") {
            postgres::open(location).await
        } else {
            sqlite::open(&location.url).await
        }
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<()> {
        match self {
            Self::Sqlite { write, .. } => sqlite::MIGRATIONS.run(write).await?,
            Self::Postgres { begin, .. } => postgres::MIGRATIONS.run(begin).await?,
        }
        Ok(())
    }

    /// Begins a transaction that will write. On SQLite it takes the one writer at once (`BEGIN
    /// IMMEDIATE`), so that it cannot fail half-way because another came first.
    ///
    /// Only for tasks that a dropped request cannot cancel: use cases go through `Nexus::change`.
    pub(crate) async fn begin_write(&self) -> Result<Tx> {
        self.asked().count();
        let asked = self.asked().clone();
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?, asked),
            Self::Postgres { begin, .. } => Tx::Postgres(begin.begin().await?, asked),
        })
    }

    /// Begins a transaction that only reads and sees one state of the database throughout.
    pub(crate) async fn begin_read(&self) -> Result<Tx> {
        self.asked().count();
        let asked = self.asked().clone();
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?, asked),
            Self::Postgres { begin, .. } => {
                let begin = begin.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                Tx::Postgres(begin.await?, asked)
            }
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        single!(self, |pool| sqlx::query(sql!("SELECT 1")).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Closes every connection; SQLite's write-ahead log is folded into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres { read, begin, .. } => {
                read.close().await;
                begin.close().await;
            }
        }
    }

    /// How much was asked while an answer waited.
    pub const fn asked(&self) -> &Asked {
        match self {
            Self::Sqlite { asked, .. } | Self::Postgres { asked, .. } => asked,
        }
    }

    /// Whether this is the embedded database.
    pub const fn is_embedded(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }
}

impl Tx {
    /// Tells other processes something when this transaction commits. The embedded database has no
    /// other processes.
    pub(crate) async fn announce(&mut self, channel: &str, payload: &str) -> Result<()> {
        match self {
            Self::Sqlite(..) => Ok(()),
            Self::Postgres(tx, _) => postgres::announce(tx, channel, payload).await,
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx, _) => tx.commit().await?,
            Self::Postgres(tx, _) => tx.commit().await?,
        }
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(tx, _) => tx.rollback().await?,
            Self::Postgres(tx, _) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// A text that both engines can look for. PostgreSQL's text holds no NUL, so nothing is called like
/// that; the character in its place stands in no name either.
pub(crate) fn findable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let Some(database) = error.as_database_error() {
            // SQLITE_FULL is 13, PostgreSQL's disk_full 53100.
            return match database.code().as_deref() {
                Some("13" | "53100") => Self::StorageFull,
                // SQLite is busy or locked; PostgreSQL starts, stops, is full, or gave up waiting.
                Some(
                    "5" | "6" | "261" | "517" | "57014" | "57P01" | "57P02" | "57P03" | "53300" | "55P03",
                ) => Self::Unavailable,
                // PostgreSQL's text holds no NUL, so that nothing is named like this.
                Some("22021") => Self::not_found(),
                Some("40001" | "40P01") => Self::Collision,
                _ if database.is_unique_violation() => Self::Collision,
                _ => Self::Database(error),
            };
        }
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => Self::Unavailable,
            other => Self::Database(other),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Startup(format!("the database's schema could not be brought up to date: {error}"))
    }
}
