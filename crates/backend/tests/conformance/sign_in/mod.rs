//! Signing in with providers: who gets in, by what, and how far; and everything that a provider can do wrong.

mod accounts;
mod confined;
mod domains;
mod hostile;
mod provider;
mod tenants;

use crate::world::{Outcome, ROOT_KEY, World};
use futures::future::BoxFuture;
use nexus_backend::crypto::{RootKey, SystemRandom};
use nexus_backend::egress::{Names, Rules, SystemNames};
use nexus_backend::gate::Actor;
use nexus_backend::people::{Means, Opened, Proof, SignedIn};
use nexus_backend::sign_in::{self, Arrived, InstanceProvider, Records, Returned, Start};
use nexus_backend::store::Db;
use nexus_backend::{DnsRecords, Error, Nexus, Parts, Settings};
use nexus_domain::sign_in::{ProviderKind, Purpose};
use nexus_domain::{ProviderId, Refusal, UserId, timestamp};
use provider::{CLIENT, Provider, SECRET};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

fn ip() -> IpAddr {
    "192.0.2.7".parse().expect("an address")
}

/// What DNS publishes.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<HashMap<String, Vec<String>>>>);

impl Published {
    fn publish(&self, name: &str, text: &str) {
        self.0.lock().expect("free").entry(name.to_owned()).or_default().push(text.to_owned());
    }
}

impl Records for Published {
    fn texts(&self, name: String) -> BoxFuture<'static, io::Result<Vec<String>>> {
        let found = self.0.lock().expect("free").get(&name).cloned().unwrap_or_default();
        Box::pin(async move { Ok(found) })
    }
}

/// An instance that signs people in with one provider, and the provider.
pub struct Scene {
    nexus: Nexus,
    provider: Provider,
    id: ProviderId,
    records: Published,
}

/// The address at which a provider of the tests may be reached, and no other of the machine.
const REACHABLE: &str = "127.0.0.2";

fn of_instance(kind: ProviderKind, issuer: String) -> InstanceProvider {
    InstanceProvider {
        key: kind.as_str().to_owned(),
        kind,
        name: "The Provider".to_owned(),
        issuer,
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.into(),
    }
}

impl Scene {
    /// An instance on the world's database, whose provider everybody may use.
    async fn new(w: &World) -> Self {
        Self::with(w, ProviderKind::Oidc).await
    }

    async fn with(w: &World, kind: ProviderKind) -> Self {
        let provider = Provider::start(REACHABLE, w.now().0 / timestamp::SECOND).await;
        provider.person(json!({ "sub": "42", "email": "eve@corp.test", "email_verified": true }));
        let own = of_instance(kind, provider.issuer());
        let id = own.id();
        let records = Published::default();
        let nexus = instance(w, vec![own], records.clone()).await;
        Self { nexus, provider, id, records }
    }

    /// The whole way: begin, agree, come back, all in one browser.
    async fn go(&self, id: ProviderId, purpose: Purpose, opened: Option<Opened>) -> Result<Arrived, Error> {
        let address = self.begin(id, purpose, opened, "browser-1").await?;
        let sent = self.provider.agree(&address);
        self.come_back(&sent.state, &sent.code, opened, "browser-1").await
    }

    async fn begin(
        &self,
        id: ProviderId,
        purpose: Purpose,
        opened: Option<Opened>,
        browser: &str,
    ) -> Result<String, Error> {
        let start = Start {
            provider: id,
            purpose,
            next: "/next".into(),
            back: "/back".into(),
            opened,
            browser: browser.into(),
            ip: ip(),
        };
        sign_in::start(&self.nexus, start).await
    }

    async fn come_back(
        &self,
        state: &str,
        code: &str,
        opened: Option<Opened>,
        browser: &str,
    ) -> Result<Arrived, Error> {
        let returned = Returned {
            state: state.into(),
            code: Some(code.into()),
            error: None,
            iss: None,
            browser: Some(browser.into()),
            opened,
            ip: ip(),
        };
        sign_in::finish(&self.nexus, returned).await.map_err(|failed| failed.error)
    }

    async fn sign_in(&self, id: ProviderId) -> Result<SignedIn, Error> {
        match self.go(id, Purpose::SignIn, None).await? {
            Arrived::Entered { entered, next } => {
                assert_eq!(next, "/next");
                Ok(entered.signed_in().expect("nobody here has a second factor"))
            }
            other => panic!("a sign-in and not {other:?}"),
        }
    }

    /// A person of the world connects what the provider calls them.
    async fn connect(&self, w: &World, id: ProviderId, user: UserId, subject: &str) {
        self.provider.person(json!({ "sub": subject, "email": "eve@corp.test", "email_verified": true }));
        let arrived = self.go(id, Purpose::Link, Some(Opened::by_password(user, w.now()))).await.fine();
        assert!(matches!(arrived, Arrived::Linked { .. }), "{arrived:?}");
    }
}

/// For the tests of the way out: one provider, and instances that know nothing of it yet.
pub async fn provider_on(w: &World) -> Provider {
    Provider::start(REACHABLE, w.now().0 / timestamp::SECOND).await
}

impl Scene {
    pub async fn of(w: &World, provider: &Provider, names: Arc<dyn Names>) -> Self {
        provider.behaves();
        let own = of_instance(ProviderKind::Oidc, provider.issuer());
        let (id, records) = (own.id(), Published::default());
        let nexus = instance_by(w, vec![own], records.clone(), names).await;
        Self { nexus, provider: provider.clone(), id, records }
    }

    pub fn describes(&self, field: &str, value: &str) {
        self.provider.script().description.insert(field.to_owned(), json!(value));
    }

    pub fn leads(&self, path: &'static str, to: &str) {
        self.provider.script().leads.insert(path, to.to_owned());
    }

    /// An owner tries an address as issuer, in every way there is.
    pub async fn try_issuer(&self, owner: &Actor, issuer: &str) {
        sign_in::test_provider(&self.nexus, owner, issuer, ip()).await.refused();
        let new = sign_in::NewProvider {
            name: "Tried".into(),
            kind: ProviderKind::Oidc,
            issuer: issuer.into(),
            client_id: CLIENT.into(),
            client_secret: SECRET.into(),
        };
        if let Ok(made) = sign_in::add_provider(&self.nexus, owner, new).await {
            assert!(self.begin(made.id, Purpose::SignIn, None, "b").await.is_err(), "{issuer}");
            sign_in::remove_provider(&self.nexus, owner, made.id).await.fine();
        }
    }

    /// Nobody comes of it, at whichever step it ends.
    pub async fn whole_way_fails(&self, purpose: Purpose) {
        self.provider.person(json!({ "sub": "42" }));
        assert!(self.go(self.id, purpose, None).await.is_err());
    }
}

async fn instance(w: &World, providers: Vec<InstanceProvider>, records: Published) -> Nexus {
    instance_by(w, providers, records, Arc::new(SystemNames)).await
}

async fn instance_by(
    w: &World,
    providers: Vec<InstanceProvider>,
    records: Published,
    names: Arc<dyn Names>,
) -> Nexus {
    let allowed = vec![format!("{REACHABLE}/32").parse().expect("a network")];
    let settings = Settings {
        egress: Rules { allowed, plain_http: true, names, ..Rules::default() },
        records: DnsRecords(Arc::new(records)),
        providers,
        ..Settings::self_hosted("https://nexus.test").fine()
    };
    Nexus::open(Parts {
        db: Db::open(&w.database.location()).await.fine(),
        root: RootKey::parse(ROOT_KEY).fine(),
        clock: w.clock.clone(),
        random: Arc::new(SystemRandom),
        settings,
    })
    .await
    .fine()
}

/// A session that this provider opened.
fn opened_by(w: &World, user: UserId, provider: ProviderId) -> Opened {
    let proof = Proof { means: Means::Provider(provider), second_factor: false };
    Opened { user, signed_in_at: w.now(), proof }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    outcome.expect_err("refused").refusal()
}

/// The words of the events of the tenant's log, oldest first.
async fn events(w: &World) -> Vec<String> {
    w.texts("SELECT event FROM audit_log ORDER BY seq").await
}

/// Claims of somebody, with some in place of the right ones.
fn somebody(more: Value) -> Value {
    let mut claims = json!({ "sub": "42", "email": "eve@corp.test", "email_verified": true });
    for (name, value) in more.as_object().expect("claims") {
        claims[name] = value.clone();
    }
    claims
}
