//! A database of its own for each scenario, and raw SQL on it for what no use case does.

use nexus_backend::store::{Db, Location};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Column, Connection, Executor, Row, SqlSafeStr, TypeInfo, ValueRef};
use std::io::Write as _;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;
use uuid::Uuid;

pub const POSTGRES_URL: &str = "NEXUS_TEST_POSTGRES_URL";

pub enum Database {
    Sqlite { folder: tempfile::TempDir },
    Postgres { admin: String, name: String },
}

impl Database {
    pub fn sqlite() -> Self {
        Self::Sqlite { folder: tempfile::tempdir().expect("a folder") }
    }

    /// `None` where there is no server; said once, past the test harness's capture. A database that
    /// a scenario left behind empty is taken before a new one is made, which takes far longer.
    pub async fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let admin = admin_url()?;
        if let Some(name) = EMPTIED.lock().expect("no panic").pop() {
            return Some(Self::Postgres { admin, name });
        }
        let template = TEMPLATE.get_or_init(|| make_template(&admin)).await;
        let name = format!("{template}_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        command(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await.expect("a database");
        Some(Self::Postgres { admin, name })
    }

    pub fn location(&self) -> Location {
        let url = match self {
            Self::Sqlite { folder } => format!("sqlite:{}", folder.path().join("nexus.db").display()),
            Self::Postgres { admin, name } => database_url(admin, name),
        };
        Location { url, managed: false }
    }

    /// Where to hear of other processes; `None` on SQLite.
    pub fn listen_url(&self) -> Option<String> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { admin, name } => Some(database_url(admin, name)),
        }
    }

    /// The folder of the SQLite file; `None` on PostgreSQL.
    pub fn folder(&self) -> Option<&std::path::Path> {
        match self {
            Self::Sqlite { folder } => Some(folder.path()),
            Self::Postgres { .. } => None,
        }
    }

    /// An id as both engines read it in a statement.
    pub fn id(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite { .. } => format!("x'{}'", id.simple()),
            Self::Postgres { .. } => format!("'{id}'::uuid"),
        }
    }

    /// Bytes as both engines read them in a statement.
    pub fn blob(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sqlite { .. } => format!("x'{hex}'"),
            Self::Postgres { .. } => format!("'\\x{hex}'::bytea"),
        }
    }

    /// Leaves a PostgreSQL database as empty as a new one, for the next scenario. Not called where a
    /// scenario failed; what it left goes with the throw-away server.
    pub async fn leave(self, db: &Db) {
        if let Self::Postgres { name, .. } = self {
            // Tenants first: almost everything goes with them. (TRUNCATE takes half a second.)
            let statements = "SELECT 'DELETE FROM ' || tablename FROM pg_tables
                WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'
                ORDER BY tablename <> 'tenants'";
            let statements = texts(db, statements).await.join("; ");
            execute(db, &statements).await.expect("emptied");
            db.close().await;
            EMPTIED.lock().expect("no panic").push(name);
        }
    }
}

fn admin_url() -> Option<String> {
    static SAID: std::sync::Once = std::sync::Once::new();
    #[expect(clippy::disallowed_methods, reason = "how the test command says where PostgreSQL is")]
    let url = std::env::var(POSTGRES_URL).ok();
    if url.is_none() {
        SAID.call_once(|| {
            let words =
                format!("\nSKIPPED: the PostgreSQL half of the suite, because {POSTGRES_URL} is not set\n\n");
            let _ = std::io::stderr().write_all(words.as_bytes());
        });
    }
    url
}

static EMPTIED: Mutex<Vec<String>> = Mutex::new(Vec::new());

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// A database with the schema in it, copied for each scenario. Its default collation is that of a
/// language, so that whatever relies on it shows.
async fn make_template(admin: &str) -> String {
    let name = format!("nexus_conformance_{}", std::process::id());
    let icu = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'";
    if command(admin, &format!("CREATE DATABASE {name} {icu}")).await.is_err() {
        command(admin, &format!("CREATE DATABASE {name}")).await.expect("a database");
    }
    let db = Db::open(&Location { url: database_url(admin, &name), managed: false }).await.expect("open");
    db.migrate().await.expect("migrated");
    db.close().await;
    name
}

fn database_url(admin: &str, name: &str) -> String {
    let (server, _) = admin.rsplit_once('/').expect("postgres://…/database");
    format!("{server}/{name}")
}

async fn command(admin: &str, sql: &str) -> Result<(), sqlx::Error> {
    let options = PgConnectOptions::from_str(admin)?;
    let mut connection = PgConnection::connect_with(&options).await?;
    let outcome = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    connection.close().await?;
    outcome.map(|_| ())
}

/// Runs a statement of the test's own; answers the number of rows that it touched.
pub async fn execute(db: &Db, sql: &str) -> Result<u64, sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { write, .. } => sqlx::raw_sql(sql).execute(write).await.map(|done| done.rows_affected()),
        Db::Postgres { read, .. } => sqlx::raw_sql(sql).execute(read).await.map(|done| done.rows_affected()),
    }
}

/// The first column of each row, as a number.
pub async fn numbers(db: &Db, sql: &str) -> Vec<i64> {
    let sql = AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_all(read).await.expect("numbers"),
        Db::Postgres { read, .. } => sqlx::query_scalar(sql).fetch_all(read).await.expect("numbers"),
    }
}

/// The first column of each row, as text.
pub async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_all(read).await.expect("texts"),
        Db::Postgres { read, .. } => sqlx::query_scalar(sql).fetch_all(read).await.expect("texts"),
    }
}

/// Every value of every column of every table, as the bytes that the engine gives.
pub async fn dump(db: &Db) -> Vec<(String, Vec<u8>)> {
    let tables = match db {
        Db::Sqlite { .. } => texts(db, "SELECT name FROM sqlite_master WHERE type = 'table'").await,
        Db::Postgres { .. } => {
            texts(db, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").await
        }
    };
    let mut values = Vec::new();
    for table in tables {
        let sql = AssertSqlSafe(format!("SELECT * FROM {table}"));
        match db {
            Db::Sqlite { read, .. } => {
                for row in sqlx::query(sql).fetch_all(read).await.expect("rows") {
                    for column in row.columns() {
                        let bytes: Option<Vec<u8>> = row.get_unchecked(column.ordinal());
                        values.extend(bytes.map(|bytes| (format!("{table}.{}", column.name()), bytes)));
                    }
                }
            }
            Db::Postgres { read, .. } => {
                for row in sqlx::query(sql).fetch_all(read).await.expect("rows") {
                    for column in row.columns() {
                        let value = row.try_get_raw(column.ordinal()).expect("a value");
                        if !value.is_null() {
                            let bytes = value.as_bytes().expect("bytes").to_vec();
                            let place = format!("{table}.{} {}", column.name(), column.type_info().name());
                            values.push((place, bytes));
                        }
                    }
                }
            }
        }
    }
    values
}

/// Has the engine read and plan a statement.
pub async fn prepare(db: &Db, sql: &str) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    match db {
        Db::Sqlite { write, .. } => write.acquire().await?.prepare(sql).await.map(|_| ()),
        Db::Postgres { read, .. } => read.acquire().await?.prepare(sql).await.map(|_| ()),
    }
}
