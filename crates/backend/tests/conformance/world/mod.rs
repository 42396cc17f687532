//! The world of a scenario: a fresh database, a founded tenant, a clock to set, and actors.

mod actors;
mod authenticator;
mod database;
mod outcome;
mod postman;
mod things;

pub use authenticator::Authenticator;
pub use database::{Database, execute, numbers, prepare, texts};
pub use outcome::Outcome;
pub use postman::Postman;
pub use things::{
    everything, flag, json as json_text, new_config, new_flag, new_secret, new_service, new_value,
    new_version, path,
};

use nexus_backend::crypto::{RootKey, SystemRandom};
use nexus_backend::gate::Actor;
use nexus_backend::store::Db;
use nexus_backend::tenants::{self, Founding};
use nexus_backend::{Clock, Nexus, Parts, Settings, people};
use nexus_domain::{TenantId, Timestamp, UserId, timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// 21 November 2026, 08:00 UTC: the start of an hour and of a minute.
const START: i64 = 1_795_248_000 * timestamp::SECOND;

/// The first tenant.
pub const TENANT: &str = "acme";
pub const OWNER: &str = "ana@acme.test";

/// A clock that only moves when it is told to.
pub struct SetClock(AtomicI64);

impl SetClock {
    pub fn new() -> Self {
        Self(AtomicI64::new(START))
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub nexus: Nexus,
    pub clock: Arc<SetClock>,
    pub tenant: TenantId,
    pub owner: Actor,
    pub owner_id: UserId,
    pub operator: Actor,
    pub database: Database,
}

impl World {
    async fn new(database: Database) -> Self {
        let clock = Arc::new(SetClock::new());
        let nexus = open(&database, clock.clone(), ROOT_KEY).await.expect("an instance");
        let founding =
            Founding { slug: TENANT.into(), name: "Acme".into(), email: OWNER.into(), password_hash: None };
        let founded = tenants::found(&nexus, founding, None).await.expect("founded");
        let owner =
            people::person(&nexus, people::Opened::by_password(founded.owner, clock.now()), TENANT, None)
                .await
                .expect("an owner");
        Self {
            nexus,
            clock,
            tenant: founded.tenant,
            owner,
            owner_id: founded.owner,
            operator: founded.actor,
            database,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass, in microseconds.
    pub fn pass(&self, micros: i64) {
        self.clock.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Another process on the same database: nothing is shared but what is stored.
    pub async fn another_process(&self) -> Nexus {
        open(&self.database, self.clock.clone(), ROOT_KEY).await.expect("a second instance")
    }

    /// Another process on the same database, which hands its mail to this server.
    pub async fn process_with_mail(&self, postman: &Postman) -> Nexus {
        let mut settings = settings();
        settings.mail = Some(postman.server());
        open_as(&self.database, self.clock.clone(), settings).await
    }

    async fn end(self) {
        self.nexus.settled().await;
        self.database.leave(&self.nexus.db).await;
    }
}

pub const ROOT_KEY: &str = "abababababababababababababababababababababababababababababababab";

/// Opens an instance on a database with the root key given.
pub async fn open(database: &Database, clock: Arc<SetClock>, root: &str) -> nexus_backend::Result<Nexus> {
    with_settings(database, clock, root, settings()).await
}

fn settings() -> Settings {
    Settings::self_hosted("https://nexus.test").expect("settings")
}

/// The same instance for an operator who decided otherwise.
pub async fn open_as(database: &Database, clock: Arc<SetClock>, settings: Settings) -> Nexus {
    with_settings(database, clock, ROOT_KEY, settings).await.expect("an instance")
}

async fn with_settings(
    database: &Database,
    clock: Arc<SetClock>,
    root: &str,
    settings: Settings,
) -> nexus_backend::Result<Nexus> {
    let db = Db::open(&database.location()).await?;
    let (root, random) = (RootKey::parse(root)?, Arc::new(SystemRandom));
    Nexus::open(Parts { db, root, clock, random, settings }).await
}

pub fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(work);
}

/// A scenario in a world on this database, which is left empty for the next one.
pub async fn on(database: Database, scenario: impl AsyncFnOnce(&World)) {
    let world = World::new(database).await;
    scenario(&world).await;
    world.end().await;
}

pub fn on_sqlite(scenario: impl AsyncFnOnce(&World)) {
    run(on(Database::sqlite(), scenario));
}

pub fn on_postgres(scenario: impl AsyncFnOnce(&World)) {
    run(async {
        if let Some(database) = Database::postgres().await {
            on(database, scenario).await;
        }
    });
}
