//! What each client of a proof wrote and was told, and whether the instance still says the same:
//! every acknowledged version with its value, one audit row for each change, nothing half-written.

use crate::client::{Answer, Client, Request};
use crate::database::{Database, Engine};
use crate::instance::Instance;
use crate::random::Random;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread::scope;

pub const SERVICE: &str = "checkout-api";
/// Keys of a client, so that some are made and more get versions.
const KEYS: usize = 12;
/// Keys that one import writes: all of them or none.
const BATCH: usize = 5;

/// How to reach the one service that everything is written to.
#[derive(Clone)]
pub struct Access {
    /// The service in the management API.
    pub path: String,
    pub admin: String,
    pub service_key: String,
}

impl Access {
    /// Makes the project and the service.
    pub fn new(instance: &Instance, address: SocketAddr) -> Self {
        let mut client = Client::new(address);
        instance.make_project(&mut client, &instance.admin);
        let service_key = instance.service(&mut client, &instance.admin, SERVICE);
        Self { path: instance.path(SERVICE), admin: instance.admin.clone(), service_key }
    }

    /// A new secret: by the service's key or by the management API.
    pub fn create(&self, random: &mut Random, key: &str, value: &str) -> Request {
        match random.below(2) {
            0 => self.put(key, value),
            _ => {
                let new = json!({ "key": key, "value": value, "type": "text" });
                Request::post(&format!("{}/secrets", self.path), &self.admin, &new)
            }
        }
    }

    /// A new version of a secret, either way.
    pub fn update(&self, random: &mut Random, key: &str, value: &str) -> Request {
        match random.below(2) {
            0 => self.put(key, value),
            _ => {
                let path = format!("{}/secrets/{key}/versions", self.path);
                Request::post(&path, &self.admin, &json!({ "value": value }))
            }
        }
    }

    fn put(&self, key: &str, value: &str) -> Request {
        Request::put(&format!("/v1/secrets/{key}"), &self.service_key, &json!({ "value": value }))
    }

    pub fn import(&self, changes: &[(String, String)]) -> Request {
        let pairs: Map<_, _> = changes.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let body = json!({ "format": "json", "text": Value::Object(pairs).to_string() });
        Request::post(&format!("{}/secrets:import", self.path), &self.admin, &body)
    }

    pub fn sync(&self) -> Request {
        Request::get("/v1/sync", &self.service_key)
    }

    pub fn version(&self, key: &str, number: usize) -> Request {
        Request::get(&format!("{}/secrets/{key}/versions/{number}", self.path), &self.admin)
    }
}

/// One client's account of its own keys. Nobody else writes them.
pub struct Book {
    owner: usize,
    random: Random,
    /// The acknowledged values of every key, oldest first.
    keys: BTreeMap<String, Vec<String>>,
    /// What was sent last and not answered: it may have been carried out, or not.
    doubt: Vec<(String, String)>,
}

impl Book {
    pub fn new(owner: usize, seed: u64) -> Self {
        let random = Random::new(seed ^ (owner as u64) << 32);
        Self { owner, random, keys: BTreeMap::new(), doubt: Vec::new() }
    }

    pub fn acknowledged(&self) -> usize {
        self.keys.values().map(Vec::len).sum()
    }

    /// Writes something; an error means that nobody answered, and what was written is in doubt.
    pub fn write(&mut self, client: &mut Client, access: &Access) -> std::io::Result<()> {
        assert!(self.doubt.is_empty(), "a doubt has to be settled first");
        let (request, changes) = self.next(access);
        self.doubt = changes;
        let answer = client.send(&request)?;
        self.check_numbers(&answer);
        for (key, value) in std::mem::take(&mut self.doubt) {
            self.keys.entry(key).or_default().push(value);
        }
        Ok(())
    }

    fn next(&mut self, access: &Access) -> (Request, Vec<(String, String)>) {
        let value = self.random.value();
        if self.random.below(6) == 0 {
            let owner = self.owner;
            let changes: Vec<_> = (0..BATCH).map(|n| (format!("BATCH_{owner}_{n}"), value.clone())).collect();
            return (access.import(&changes), changes);
        }
        let key = format!("KEY_{}_{}", self.owner, self.random.below(KEYS));
        let request = match self.keys.contains_key(&key) {
            true => access.update(&mut self.random, &key, &value),
            false => access.create(&mut self.random, &key, &value),
        };
        (request, vec![(key, value)])
    }

    /// The answer names the version that this write should have made.
    fn check_numbers(&self, answer: &Answer) {
        let body = answer.good();
        if let [(key, _)] = self.doubt.as_slice() {
            let next = self.keys.get(key).map_or(0, Vec::len) + 1;
            assert_eq!(body["version"], next, "{key}: {body}");
        }
    }

    /// Compares the book with what is there now. What was in doubt is there as a whole or not at all.
    fn settle(&mut self, present: &Map<String, Value>) {
        let doubt = std::mem::take(&mut self.doubt);
        let carried_out = |(key, value): &(String, String)| {
            let next = self.keys.get(key).map_or(0, Vec::len) + 1;
            present.get(key).is_some_and(|it| it["version"] == next && it["value"] == value.as_str())
        };
        let arrived = doubt.iter().filter(|change| carried_out(change)).count();
        assert!(arrived == 0 || arrived == doubt.len(), "an import was carried out by half: {doubt:?}");
        if arrived > 0 {
            for (key, value) in doubt {
                self.keys.entry(key).or_default().push(value);
            }
        }
        for (key, values) in &self.keys {
            let element = present.get(key).unwrap_or_else(|| panic!("{key} is lost"));
            assert_eq!(
                element["version"],
                values.len(),
                "{key} lost an acknowledged version, or has one more"
            );
            assert_eq!(
                element["value"].as_str(),
                values.last().map(String::as_str),
                "{key} has another value"
            );
        }
    }
}

/// Reads the service anew and settles every book with it. Secrets that nobody wrote are an error,
/// but for those that `foreign` knows.
pub fn settle(client: &mut Client, access: &Access, books: &mut [Book], foreign: impl Fn(&str) -> bool) {
    let snapshot = client.ask(&access.sync()).good();
    let present = snapshot["secrets"].as_object().expect("secrets");
    for book in books.iter_mut() {
        book.settle(present);
    }
    let known = |key: &String| foreign(key) || books.iter().any(|book| book.keys.contains_key(key));
    let unknown: Vec<_> = present.keys().filter(|key| !known(key)).collect();
    assert!(unknown.is_empty(), "nobody wrote {unknown:?}");
}

/// Reveals every version that was ever acknowledged.
pub fn every_version_is_there(address: SocketAddr, access: &Access, books: &[Book]) {
    scope(|threads| {
        for book in books {
            threads.spawn(move || {
                let mut client = Client::new(address);
                for (key, values) in &book.keys {
                    for (n, value) in values.iter().enumerate() {
                        let answer = client.ask(&access.version(key, n + 1)).good();
                        assert_eq!(answer["value"], value.as_str(), "{key} version {}", n + 1);
                    }
                }
            });
        }
    });
}

/// Every version has the audit row of its change, every such row has its version, and no table holds
/// a piece of something that is not there as a whole.
pub fn rows_match(database: &Database) {
    let mut raw = database.open();
    let versions = "SELECT n.key, v.number FROM entry_versions v JOIN entries n ON n.id = v.entry_id";
    let rows = format!(
        "SELECT target, {} FROM audit_log
         WHERE event IN ('secret.created', 'secret.updated') AND outcome = 'done'",
        database.version_in_details()
    );
    let first = format!("{rows} AND event = 'secret.created'");
    let mut count = |sql: &str| raw.number(&format!("SELECT COUNT(*) FROM ({sql}) AS counted"));
    assert_eq!(count(&format!("{versions} EXCEPT {rows}")), 0, "versions without their audit row");
    assert_eq!(count(&format!("{rows} EXCEPT {versions}")), 0, "audit rows of versions that are not there");
    assert_eq!(count(&rows), count(versions), "audit rows and versions");
    assert_eq!(count(&first), count("SELECT 1 FROM entries"), "secrets, and rows that say that one was made");
    let half = "SELECT n.id FROM entries n LEFT JOIN entry_versions v ON v.entry_id = n.id
         GROUP BY n.id, n.active_version, n.last_version
         HAVING COUNT(v.payload) <> n.last_version OR COUNT(v.wrapped_key) <> n.last_version
             OR MAX(v.number) <> n.last_version OR n.active_version <> n.last_version";
    assert_eq!(count(half), 0, "secrets whose versions are not whole");
    let ahead =
        "SELECT s.id FROM services s JOIN tenants t ON t.id = s.tenant_id WHERE s.changed_seq > t.seq";
    assert_eq!(count(ahead), 0, "services ahead of their tenant");
    if database.engine == Engine::Sqlite {
        assert_eq!(raw.texts("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(raw.texts("PRAGMA foreign_key_check"), [""; 0]);
    }
    raw.close();
}
