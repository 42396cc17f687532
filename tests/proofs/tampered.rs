//! Somebody who can write the database, but has no key: flipped bits, ciphertexts copied to other
//! secrets, versions, services and tenants, rows moved and relabelled. Reading any of it is a refusal
//! (500 `internal`), in a snapshot it stands among the errors, and never is it another value.

use crate::books::SERVICE;
use crate::client::{Answer, Client, Request};
use crate::database::{Database, Engine, Raw};
use crate::instance::{Instance, Server, report};
use crate::random::Random;
use crate::share;
use nexus_backend::crypto::{RootKey, SystemRandom};
use nexus_backend::store::{Db, Location};
use nexus_backend::tenants::{Founding, found_another};
use nexus_backend::{Nexus, Parts, Settings, SystemClock, credentials};
use nexus_domain::environment::LIVE;
use nexus_domain::role::Scopes;
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;

const SEED: u64 = 0x6e65_7875_7303;
/// What every value here begins with; it may stand in no refusal.
const MARK: &str = "canary-";
const OTHER_SERVICE: &str = "billing";

#[test]
fn what_was_tampered_with_never_opens_on_sqlite() {
    prove(Engine::Sqlite);
}

#[test]
fn what_was_tampered_with_never_opens_on_postgres() {
    prove(Engine::Postgres);
}

fn prove(engine: Engine) {
    let Some(instance) = Instance::new(engine, "tampered") else { return };
    let mut scene = Scene::new(&instance);
    let flipped = flip_bits(&mut scene);
    let cut = cut_short(&mut scene);
    let copied = copy_ciphertexts(&mut scene);
    let moved = move_rows(&mut scene);
    let swapped = swap_tenant_keys(&mut scene);
    scene.is_healthy();
    instance.is_sound(&scene.server);
    assert!(!instance.log().contains(MARK), "a value is in the log");
    report(
        &format!("tampered on {engine:?}"),
        &format!(
            "{flipped} flipped bits, {cut} cut columns, {copied} copied ciphertexts, {moved} moved rows, \
             {swapped} swapped keys: none opened"
        ),
    );
}

/// A secret, and whose keys read it.
#[derive(Clone)]
struct Place {
    admin: String,
    /// The service in the management API.
    path: String,
    service_key: String,
    key: &'static str,
}

impl Place {
    /// The secret as if it stood at another key, or with another service.
    fn named(&self, key: &'static str) -> Self {
        Self { key, ..self.clone() }
    }

    fn write(&self, client: &mut Client, value: &str) {
        let path = format!("/v1/secrets/{}", self.key);
        client.ask(&Request::put(&path, &self.service_key, &json!({ "value": value }))).good();
    }

    /// Every way to read the ACTIVE version, whose number is given. A write beside it keeps the
    /// snapshot from coming out of memory.
    fn reads(&self, client: &mut Client, number: i64) -> Vec<Request> {
        self.named("BYSTANDER").write(client, "beside it");
        let secret = format!("{}/secrets/{}", self.path, self.key);
        vec![
            Request::get(&format!("/v1/secrets/{}", self.key), &self.service_key),
            Request::get(&secret, &self.admin),
            Request::get(&format!("{secret}/versions/{number}"), &self.admin),
            Request::get(&format!("{secret}/diff?from={number}&to={number}"), &self.admin),
            Request::get("/v1/sync", &self.service_key),
        ]
    }
}

/// Two tenants with secrets, a server on them, and a connection that writes past it.
struct Scene<'a> {
    instance: &'a Instance,
    server: Server,
    client: Client,
    raw: Raw,
    /// `ALPHA` has two versions.
    alpha: Place,
    beta: Place,
    gamma: Place,
    delta: Place,
}

impl<'a> Scene<'a> {
    fn new(instance: &'a Instance) -> Self {
        let rival = another_tenant(instance);
        let server = instance.start();
        let mut client = Client::new(server.address);
        let place = |client: &mut Client, admin: &str, service: &str, key| Place {
            service_key: instance.service(client, admin, service),
            admin: admin.to_owned(),
            path: instance.path(service),
            key,
        };
        instance.make_project(&mut client, &instance.admin);
        instance.make_project(&mut client, &rival);
        let alpha = place(&mut client, &instance.admin, SERVICE, "ALPHA");
        let beta = alpha.named("BETA");
        let gamma = place(&mut client, &instance.admin, OTHER_SERVICE, "GAMMA");
        let delta = place(&mut client, &rival, SERVICE, "DELTA");
        alpha.write(&mut client, &value("ALPHA", 1));
        for place in [&alpha, &beta, &gamma, &delta] {
            place.write(&mut client, &value(place.key, if place.key == "ALPHA" { 2 } else { 1 }));
        }
        let mut raw = instance.database.open();
        raw.ignore_foreign_keys();
        raw.execute("CREATE TEMPORARY TABLE kept_entries AS SELECT * FROM entries");
        raw.execute("CREATE TEMPORARY TABLE kept_versions AS SELECT * FROM entry_versions");
        let mut scene = Self { instance, server, client, raw, alpha, beta, gamma, delta };
        scene.is_healthy();
        scene
    }

    fn database(&self) -> &'a Database {
        &self.instance.database
    }

    /// Tampers, reads in every way, and puts everything back.
    fn refused(&mut self, what: &str, sql: &str, place: &Place, number: i64) {
        let changed = self.raw.execute(sql);
        assert!(changed > 0, "{what}: nothing was changed");
        self.does_not_open(what, place, number);
        self.put_back();
    }

    fn does_not_open(&mut self, what: &str, place: &Place, number: i64) {
        for read in place.reads(&mut self.client, number) {
            refuses(&self.client.ask(&read), &read, place.key, what);
        }
    }

    fn put_back(&mut self) {
        self.raw.execute(
            "DELETE FROM entry_versions; DELETE FROM entries;
             INSERT INTO entries SELECT * FROM kept_entries;
             INSERT INTO entry_versions SELECT * FROM kept_versions",
        );
    }

    /// What was not tampered with opens in every way.
    fn is_healthy(&mut self) {
        for (place, number) in [(&self.alpha, 2), (&self.beta, 1), (&self.gamma, 1), (&self.delta, 1)] {
            for read in place.reads(&mut self.client, number) {
                let answer = self.client.ask(&read);
                let shown = answer.text.contains(&value(place.key, number));
                // A comparison of a version with itself shows nothing.
                assert!(answer.status == 200 && (shown || read.is_comparison()), "{read:?}: {answer:?}");
            }
        }
        self.put_back();
    }
}

/// That no value came out where one was tampered with: a refusal, or a snapshot that says so of this one secret and has
/// none but their own values for the others.
fn refuses(answer: &Answer, read: &Request, key: &str, what: &str) {
    let said = answer.json();
    if answer.status == 500 {
        assert!(!answer.text.contains(MARK), "{what}: a value came out of {read:?}");
        assert_eq!(said["code"], "internal", "{what}: {read:?}");
        return;
    }
    assert!(answer.status == 200 && read.is_snapshot(), "{what}: {read:?}: {}", answer.status);
    assert!(said["secrets"].get(key).is_none(), "{what}: {key} came out of {read:?}");
    let error = json!({ "key": key, "kind": "secret", "code": "unreadable" });
    assert!(said["errors"].as_array().is_some_and(|all| all.contains(&error)), "{what}: {}", said["errors"]);
    for (other, secret) in said["secrets"].as_object().expect("secrets") {
        let value = secret["value"].as_str().unwrap_or_default();
        assert!(!value.starts_with(MARK) || value.contains(other), "{what}: another value for {other}");
    }
}

fn value(key: &str, number: i64) -> String {
    format!("{MARK}{key}-{number}")
}

/// The versions of a key, as the table of a statement.
fn of(key: &str, number: i64) -> String {
    format!("WHERE number = {number} AND entry_id = (SELECT id FROM entries WHERE key = '{key}')")
}

/// Made past the command line, which makes only the first.
fn another_tenant(instance: &Instance) -> String {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let location = Location { url: instance.database.url.clone(), managed: false };
        let parts = Parts {
            db: Db::open(&location).await.expect("the database"),
            root: RootKey::read(&instance.folder().join("master.key")).expect("the master key"),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            settings: Settings::self_hosted("http://nexus.test").expect("settings"),
        };
        let nexus = Nexus::open(parts).await.expect("the instance");
        let founding = Founding {
            slug: "rival".into(),
            name: "Rival".into(),
            email: "rita@rival.test".into(),
            password_hash: None,
        };
        let founded = found_another(&nexus, founding, None).await.expect("a tenant");
        let made =
            credentials::make_environment_key(&nexus, &founded.actor, LIVE, "proof", Scopes::admin()).await;
        nexus.db.close().await;
        made.expect("a key").text
    })
}

/// The parts of a sealed message (`crypto::envelope`), by their bytes.
fn parts(length: usize) -> [Range<usize>; 8] {
    [0..3, 3..4, 4..5, 5..25, 25..37, 37..69, 69..length - 16, length - 16..length]
}

/// One bit in every byte, or at a share of the length in some bytes of every part.
fn flip_bits(scene: &mut Scene<'_>) -> usize {
    let (mut random, mut flipped) = (Random::new(SEED), 0);
    let alpha = scene.alpha.clone();
    for column in ["payload", "wrapped_key"] {
        let whole = scene.raw.bytes(&format!("SELECT {column} FROM entry_versions {}", of("ALPHA", 2)));
        for part in parts(whole.len()) {
            let all = part.len();
            for n in 0..share(all) {
                let at = part.start + n * all / share(all);
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << random.below(8);
                let blob = scene.database().blob(&bytes);
                let sql = format!("UPDATE entry_versions SET {column} = {blob} {}", of("ALPHA", 2));
                scene.refused(&format!("byte {at} of {column}"), &sql, &alpha, 2);
                flipped += 1;
            }
        }
    }
    flipped
}

fn cut_short(scene: &mut Scene<'_>) -> usize {
    let alpha = scene.alpha.clone();
    let mut cut = 0;
    for column in ["payload", "wrapped_key"] {
        let whole = scene.raw.bytes(&format!("SELECT {column} FROM entry_versions {}", of("ALPHA", 2)));
        let lengths = [0, 4, 24, 68, 69, 84, 85, whole.len() - 1];
        let shorter = lengths.into_iter().filter(|length| *length < whole.len());
        let mut values: Vec<String> = shorter.map(|length| scene.database().blob(&whole[..length])).collect();
        values.push(scene.database().blob(&[&whole[..], &[0]].concat()));
        values.push("NULL".into());
        for value in values {
            let sql = format!("UPDATE entry_versions SET {column} = {value} {}", of("ALPHA", 2));
            scene.refused(&format!("{column} as {value}"), &sql, &alpha, 2);
            cut += 1;
        }
    }
    cut
}

/// From another version, secret, service and tenant; the ciphertext, its key, and both.
fn copy_ciphertexts(scene: &mut Scene<'_>) -> usize {
    let (alpha, delta) = (scene.alpha.clone(), scene.delta.clone());
    let pairs = [
        (("ALPHA", 1), (&alpha, 2)),
        (("BETA", 1), (&alpha, 2)),
        (("GAMMA", 1), (&alpha, 2)),
        (("DELTA", 1), (&alpha, 2)),
        (("ALPHA", 2), (&delta, 1)),
        (("BETA", 1), (&delta, 1)),
    ];
    let mut copied = 0;
    for ((source, of_source), (place, number)) in pairs {
        for columns in [&["payload", "wrapped_key"][..], &["payload"], &["wrapped_key"]] {
            let from = of(source, of_source);
            let set: Vec<String> = columns
                .iter()
                .map(|column| format!("{column} = (SELECT {column} FROM entry_versions {from})"))
                .collect();
            let sql = format!("UPDATE entry_versions SET {} {}", set.join(", "), of(place.key, number));
            scene.refused(
                &format!("{columns:?} of {source} {of_source} at {}", place.key),
                &sql,
                place,
                number,
            );
            copied += 1;
        }
    }
    copied
}

/// Whole rows under another name, number, type, secret, service and tenant.
fn move_rows(scene: &mut Scene<'_>) -> usize {
    let (alpha, gamma, delta) = (scene.alpha.clone(), scene.gamma.clone(), scene.delta.clone());
    let id = |key: &str| format!("(SELECT id FROM entries WHERE key = '{key}')");
    let column = |column: &str, key: &str| format!("(SELECT {column} FROM entries WHERE key = '{key}')");
    let to_service =
        format!("UPDATE entries SET service_id = {} WHERE key = 'BETA'", column("service_id", "GAMMA"));
    let to_tenant = format!(
        "UPDATE entry_versions SET tenant_id = {tenant} WHERE entry_id = {id};
         UPDATE entries SET tenant_id = {tenant}, service_id = {service} WHERE key = 'BETA'",
        tenant = column("tenant_id", "DELTA"),
        id = id("BETA"),
        service = column("service_id", "DELTA"),
    );
    let number = format!(
        "UPDATE entry_versions SET number = 3 {};
         UPDATE entries SET active_version = 3, last_version = 3 WHERE key = 'ALPHA'",
        of("ALPHA", 2)
    );
    let under = format!(
        "UPDATE entry_versions SET entry_id = {}, number = 3 {};
         UPDATE entries SET active_version = 3, last_version = 3 WHERE key = 'ALPHA'",
        id("ALPHA"),
        of("BETA", 1)
    );
    let exchanged = format!(
        "UPDATE entry_versions SET number = 9 {one};
         UPDATE entry_versions SET number = 1 {two};
         UPDATE entry_versions SET number = 2 {nine}",
        one = of("ALPHA", 1),
        two = of("ALPHA", 2),
        nine = of("ALPHA", 9)
    );
    let kind = format!("UPDATE entry_versions SET type = 'file' {}", of("ALPHA", 2));
    let moves = [
        ("in another service", to_service, gamma.named("BETA"), 1),
        ("in another tenant", to_tenant, delta.named("BETA"), 1),
        ("with another number", number, alpha.clone(), 3),
        ("under another secret", under, alpha.clone(), 3),
        ("with the numbers exchanged", exchanged, alpha.clone(), 2),
        ("as a file", kind, alpha, 2),
    ];
    let moved = moves.len();
    for (what, sql, place, number) in moves {
        scene.refused(what, &sql, &place, number);
    }
    moved
}

/// The wrapped key of one tenant in the row of another. Keys are kept in memory, so it takes a
/// server that has not seen them yet.
fn swap_tenant_keys(scene: &mut Scene<'_>) -> usize {
    let (alpha, delta) = (scene.alpha.clone(), scene.delta.clone());
    exchange_tenant_keys(scene);
    restart(scene);
    for (place, number) in [(alpha, 2), (delta, 1)] {
        let path = format!("{}/secrets/{}/versions/{number}", place.path, place.key);
        for read in [Request::get("/v1/sync", &place.service_key), Request::get(&path, &place.admin)] {
            refuses(&scene.client.ask(&read), &read, place.key, "under the key of another tenant");
        }
        let new = Request::put("/v1/secrets/NEW", &place.service_key, &json!({ "value": value("NEW", 1) }));
        assert_eq!(scene.client.ask(&new).status, 500, "nothing is sealed under a key that does not open");
    }
    exchange_tenant_keys(scene);
    restart(scene);
    2
}

fn exchange_tenant_keys(scene: &mut Scene<'_>) {
    let tenant = |key: &str| format!("WHERE tenant_id = (SELECT tenant_id FROM entries WHERE key = '{key}')");
    let (acme, rival) = (tenant("ALPHA"), tenant("DELTA"));
    let [of_acme, of_rival] = [&acme, &rival].map(|tenant| {
        let wrapped = scene.raw.bytes(&format!("SELECT wrapped FROM tenant_keys {tenant}"));
        scene.database().blob(&wrapped)
    });
    scene.raw.execute(&format!(
        "UPDATE tenant_keys SET wrapped = {of_rival} {acme}; UPDATE tenant_keys SET wrapped = {of_acme} {rival}"
    ));
}

fn restart(scene: &mut Scene<'_>) {
    scene.server = scene.instance.start();
    scene.client = Client::new(scene.server.address);
}
