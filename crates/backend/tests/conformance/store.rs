//! The database as it is opened: durable, with limits, and with connections that come back clean.

use crate::world::{Database, World, numbers, run, texts};
use nexus_backend::store::{Db, Location};
use nexus_backend::{Error, Nexus};

both![
    the_database_answers_and_says_what_it_is,
    every_setting_is_in_force,
    an_open_transaction_does_not_come_back
];

async fn the_database_answers_and_says_what_it_is(w: &World) {
    w.nexus.db.ping().await.expect("an answer");
    assert_eq!(w.nexus.db.is_embedded(), w.database.folder().is_some());
}

async fn every_setting_is_in_force(w: &World) {
    match &w.nexus.db {
        Db::Sqlite { read, write, .. } => {
            for pool in [read, write] {
                let ask = async |pragma: &'static str| -> i64 {
                    sqlx::query_scalar(pragma).fetch_one(pool).await.expect("a pragma")
                };
                let mode: String =
                    sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.expect("a mode");
                assert_eq!(mode, "wal");
                assert_eq!(ask("PRAGMA synchronous").await, 2, "FULL");
                assert_eq!(ask("PRAGMA foreign_keys").await, 1);
                assert_eq!(ask("PRAGMA secure_delete").await, 1);
                assert_eq!(ask("PRAGMA trusted_schema").await, 0);
            }
            let refused = sqlx::query("DELETE FROM tenants").execute(read).await.expect_err("a reader");
            assert!(refused.to_string().contains("readonly"), "{refused}");
            let loose = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlx%'
                         AND sql NOT LIKE '%STRICT'";
            assert_eq!(numbers(&w.nexus.db, loose).await, [0], "every table is STRICT");
        }
        Db::Postgres { read, begin, .. } => {
            for pool in [read, begin] {
                for (setting, value) in [
                    ("statement_timeout", "30s"),
                    ("idle_in_transaction_session_timeout", "30s"),
                    ("application_name", "nexus"),
                ] {
                    let found: String = sqlx::query_scalar("SELECT current_setting($1)")
                        .bind(setting)
                        .fetch_one(pool)
                        .await
                        .expect("a setting");
                    assert_eq!(found, value, "{setting}");
                }
            }
        }
    }
}

/// What a cancelled request leaves behind: a connection that began and never ended.
async fn an_open_transaction_does_not_come_back(w: &World) {
    let Db::Postgres { begin, .. } = &w.nexus.db else { return };
    for _ in 0..10 {
        let mut connection = begin.acquire().await.expect("a connection");
        sqlx::raw_sql("BEGIN; UPDATE tenants SET name = 'lost'")
            .execute(&mut *connection)
            .await
            .expect("begun");
        drop(connection);
        let stuck = "SELECT COUNT(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        // The pool rolls it back before anybody gets it again.
        let mut again = begin.acquire().await.expect("a connection");
        let open: bool = sqlx::query_scalar("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            .fetch_one(&mut *again)
            .await
            .expect("an answer");
        assert!(!open);
        drop(again);
        while begin.num_idle() < usize::try_from(begin.size()).expect("few") {
            tokio::task::yield_now().await;
        }
        assert_eq!(texts(&w.nexus.db, "SELECT name FROM tenants").await, ["Acme"]);
        assert_eq!(numbers(&w.nexus.db, stuck).await, [0]);
    }
}

#[test]
fn a_postgres_that_may_lose_commits_is_refused_unless_vouched_for() {
    run(async {
        let Some(database) = Database::postgres().await else { return };
        let db = Db::open(&database.location()).await.expect("durable");
        let name = &texts(&db, "SELECT current_database()::text").await[0];
        crate::world::execute(&db, &format!("ALTER DATABASE {name} SET synchronous_commit = off"))
            .await
            .expect("set");
        let refused = Db::open(&database.location()).await.expect_err("refused");
        assert!(
            matches!(&refused, Error::Startup(said) if said.contains("synchronous_commit")),
            "{refused:?}"
        );
        let managed = Location { managed: true, ..database.location() };
        Db::open(&managed).await.expect("vouched for").close().await;
        crate::world::execute(&db, &format!("ALTER DATABASE {name} RESET synchronous_commit"))
            .await
            .expect("reset");
        database.leave(&db).await;
    });
}

#[test]
fn an_url_that_is_none_is_said_in_words() {
    run(async {
        for url in ["mysql://x", "postgres://[", "sqlite:/nowhere/at/all.db", ""] {
            let location = Location { url: url.into(), managed: false };
            let outcome = Db::open(&location).await;
            assert!(outcome.is_err() || url.is_empty(), "{url}");
        }
    });
}

/// A handle is cheap to clone and is all that a task needs.
#[test]
fn a_handle_goes_anywhere() {
    fn anywhere<T: Clone + Send + Sync + 'static>() {}
    anywhere::<Nexus>();
}
