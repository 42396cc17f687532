//! One database, seeded once per run of the suite; every test begins with a copy of it.

use super::ORIGIN;
use super::clock::SetClock;
use super::seed::{self, Keys};
use nexus_backend::crypto::{RootKey, SystemRandom};
use nexus_backend::store::{Db, Location};
use nexus_backend::{Nexus, Parts, Settings};
use nexus_domain::{Timestamp, timestamp};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// 21 November 2026, 08:00 UTC: the start of an hour and of a minute.
const START: Timestamp = Timestamp(1_795_248_000 * timestamp::SECOND);

const ROOT_KEY: &str = "abababababababababababababababababababababababababababababababab";

pub struct Template {
    pub database: Vec<u8>,
    pub keys: Keys,
    /// When it was made.
    pub now: Timestamp,
}

/// The seeded database. Made in a thread of its own, because a test is inside a runtime already.
pub fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let made = std::thread::spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(make())
        });
        made.join().expect("the seeded database")
    })
}

async fn make() -> Template {
    let folder = tempfile::tempdir().expect("a folder");
    let nexus = open(folder.path(), Arc::new(SetClock::starting(START)), ORIGIN).await;
    let keys = seed::fill(&nexus).await;
    nexus.settled().await;
    nexus.db.close().await;
    assert!(!folder.path().join("nexus.db-wal").exists(), "everything is in the one file");
    let database = std::fs::read(folder.path().join("nexus.db")).expect("the database");
    Template { database, keys, now: START }
}

/// Opens an instance on the database in the folder.
async fn open(folder: &Path, clock: Arc<SetClock>, public_url: &str) -> Nexus {
    open_with(folder, clock, Settings::self_hosted(public_url).expect("settings")).await
}

/// The same with other settings.
pub async fn open_with(folder: &Path, clock: Arc<SetClock>, settings: Settings) -> Nexus {
    let url = format!("sqlite:{}", folder.join("nexus.db").display());
    Nexus::open(Parts {
        db: Db::open(&Location { url, managed: false }).await.expect("a database"),
        root: RootKey::parse(ROOT_KEY).expect("a root key"),
        clock,
        random: Arc::new(SystemRandom),
        settings,
    })
    .await
    .expect("an instance")
}
