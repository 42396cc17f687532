//! The world of a test: a running instance with two tenants, people in every role, keys of every
//! kind, and clients for all of them.

pub mod apps;
mod client;
mod clock;
mod database;
pub mod logs;
mod person;
mod seed;
mod template;
mod token;

pub use client::{As, Ask, Reply, encoded};
pub use clock::SetClock;
pub use person::Person;
pub use seed::{IDENTITY, IDENTITY_PROVIDER, Keys, PASSWORD};
pub use template::{open_with, template};
pub use token::signed;

use axum::Router;
use ipnet::IpNet;
use nexus::http::{Surface, router};
use nexus_backend::sign_in::InstanceProvider;
use nexus_backend::{Nexus, Settings};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use tempfile::TempDir;

/// Where the instance is reached.
pub const ORIGIN: &str = "https://nexus.test";

pub struct World {
    pub nexus: Nexus,
    pub clock: Arc<SetClock>,
    pub keys: &'static Keys,
    pub folder: TempDir,
    router: Router,
    /// Each request comes from an address of its own unless a test says otherwise.
    addresses: AtomicU32,
}

impl World {
    /// The seeded instance.
    pub async fn new() -> Self {
        Self::started(Start::default()).await
    }

    /// An instance that has no owner yet.
    pub async fn empty() -> Self {
        Self::started(Start { seeded: false, ..Start::default() }).await
    }

    pub async fn started(start: Start) -> Self {
        let template = template();
        let folder = tempfile::tempdir().expect("a folder");
        if start.seeded {
            std::fs::write(folder.path().join("nexus.db"), &template.database).expect("a copy");
        }
        let clock = Arc::new(SetClock::starting(template.now));
        let nexus = open_with(folder.path(), clock.clone(), start.settings()).await;
        let trusted_proxies: Vec<IpNet> =
            start.trusted.iter().map(|text| text.parse().expect("a network")).collect();
        let surface =
            Surface { nexus: nexus.clone(), public_url: start.public_url.to_owned(), trusted_proxies };
        let router = router(surface);
        Self { nexus, clock, keys: &template.keys, folder, router, addresses: AtomicU32::new(1) }
    }
}

impl World {
    /// Answers at a socket too, for programs of others.
    pub fn serve(&self, listener: tokio::net::TcpListener) {
        let service = self.router.clone().into_make_service_with_connect_info::<std::net::SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
    }
}

/// How an instance is started.
pub struct Start {
    pub seeded: bool,
    pub public_url: &'static str,
    pub trusted: &'static [&'static str],
    /// With whom everybody may sign in; they may be on this machine.
    pub providers: Vec<InstanceProvider>,
}

impl Start {
    fn settings(&self) -> Settings {
        let mut settings = Settings::self_hosted(self.public_url).expect("settings");
        settings.providers.clone_from(&self.providers);
        if !self.providers.is_empty() {
            settings.egress.allowed = vec!["127.0.0.1/32".parse().expect("a network")];
            settings.egress.plain_http = true;
        }
        settings
    }
}

impl Default for Start {
    fn default() -> Self {
        Self { seeded: true, public_url: ORIGIN, trusted: &[], providers: Vec::new() }
    }
}
