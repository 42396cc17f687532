//! A fresh database for a proof, and raw SQL on it for what no use case does or tells.

use crate::{shout, variable};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use std::path::Path;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::runtime::Runtime;

const POSTGRES_URL: &str = "NEXUS_TEST_POSTGRES_URL";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Where a proof's data is; on PostgreSQL it goes when the proof ends.
pub struct Database {
    pub engine: Engine,
    pub url: String,
    admin: Option<String>,
}

impl Database {
    /// `None`, said loudly, where there is no PostgreSQL to test on.
    pub fn fresh(engine: Engine, folder: &Path, proof: &str) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if engine == Engine::Sqlite {
            let url = format!("sqlite:{}", folder.join("nexus.db").display());
            return Some(Self { engine, url, admin: None });
        }
        let Some(admin) = variable(POSTGRES_URL) else {
            shout(&format!("SKIPPED on PostgreSQL: {proof}, because {POSTGRES_URL} is not set"));
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("nexus_proof_{}_{number}", std::process::id());
        let (server, options) = match admin.split_once('?') {
            Some((server, options)) => (server.to_owned(), format!("?{options}")),
            None => (admin.clone(), String::new()),
        };
        let (server, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{server}/{name}{options}");
        Raw::postgres(&admin).execute(&format!("CREATE DATABASE {name}"));
        Some(Self { engine, url, admin: Some(admin) })
    }

    pub fn open(&self) -> Raw {
        match self.engine {
            Engine::Sqlite => Raw::sqlite(&self.url),
            Engine::Postgres => Raw::postgres(&self.url),
        }
    }

    /// Bytes as this engine reads them in a statement.
    pub fn blob(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self.engine {
            Engine::Sqlite => format!("x'{hex}'"),
            Engine::Postgres => format!("'\\x{hex}'::bytea"),
        }
    }

    /// The number `version` in the details of an audit row.
    pub fn version_in_details(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "json_extract(details, '$.version')",
            Engine::Postgres => "(details::json ->> 'version')::bigint",
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(admin) = &self.admin {
            let name = self.url.rsplit('/').next().and_then(|name| name.split('?').next());
            Raw::postgres(admin).execute(&format!("DROP DATABASE {} WITH (FORCE)", name.expect("a name")));
        }
    }
}

/// A connection of the proof's own. On SQLite it may not be open when the program is killed: the
/// program alone has to find its way back.
pub struct Raw {
    runtime: Runtime,
    connection: Connection,
}

enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs one expression on either connection and waits for it.
macro_rules! run {
    ($raw:expr, |$connection:ident| $body:expr) => {{
        let Raw { runtime, connection } = $raw;
        runtime.block_on(async {
            match connection {
                Connection::Sqlite($connection) => $body,
                Connection::Postgres($connection) => $body,
            }
        })
    }};
}

impl Raw {
    fn sqlite(url: &str) -> Self {
        let runtime = runtime();
        let connection = runtime.block_on(SqliteConnection::connect(url)).expect("the file opens");
        Self { runtime, connection: Connection::Sqlite(connection) }
    }

    fn postgres(url: &str) -> Self {
        let runtime = runtime();
        let options = PgConnectOptions::from_str(url).expect("a URL").application_name("proof");
        let connection = runtime.block_on(PgConnection::connect_with(&options)).expect("PostgreSQL answers");
        Self { runtime, connection: Connection::Postgres(connection) }
    }

    pub fn execute(&mut self, sql: &str) -> u64 {
        let done = run!(self, |c| {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(c).await.map(|done| done.rows_affected())
        });
        done.unwrap_or_else(|error| panic!("{error} in: {sql}"))
    }

    pub fn number(&mut self, sql: &str) -> i64 {
        let row = run!(self, |c| sqlx::query(AssertSqlSafe(sql)).fetch_one(c).await.map(|row| row.get(0)));
        row.unwrap_or_else(|error| panic!("{error} in: {sql}"))
    }

    pub fn bytes(&mut self, sql: &str) -> Vec<u8> {
        let row = run!(self, |c| sqlx::query(AssertSqlSafe(sql)).fetch_one(c).await.map(|row| row.get(0)));
        row.unwrap_or_else(|error| panic!("{error} in: {sql}"))
    }

    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        let rows = run!(self, |c| {
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(c).await;
            rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
        });
        rows.unwrap_or_else(|error| panic!("{error} in: {sql}"))
    }

    /// From now on this connection may write what points nowhere.
    pub fn ignore_foreign_keys(&mut self) {
        match self.connection {
            Connection::Sqlite(_) => self.execute("PRAGMA foreign_keys = OFF"),
            Connection::Postgres(_) => self.execute("SET session_replication_role = replica"),
        };
    }

    pub fn close(self) {
        let Self { runtime, connection } = self;
        runtime.block_on(async {
            match connection {
                Connection::Sqlite(connection) => connection.close().await.expect("closed"),
                Connection::Postgres(connection) => connection.close().await.expect("closed"),
            }
        });
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
