//! Requests cut off half-way, between writes that are waited for. A dropped request may not leave a
//! connection inside a transaction: the next writes on it would be acknowledged and then vanish.

use crate::books::{Access, Book, every_version_is_there, rows_match, settle};
use crate::client::{Client, Cut, Request};
use crate::database::{Database, Engine};
use crate::instance::{Instance, report};
use crate::random::Random;
use crate::share;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const CUTS: usize = 1_000;
const CLIENTS: usize = 8;
/// Keys of a client that only cut requests write.
const KEYS: usize = 6;
const SEED: u64 = 0x6e65_7875_7302;
const PREFIX: &str = "CUT_";

#[test]
fn requests_cut_off_lose_nothing_on_postgres() {
    prove(Engine::Postgres);
}

#[test]
fn requests_cut_off_lose_nothing_on_sqlite() {
    prove(Engine::Sqlite);
}

fn prove(engine: Engine) {
    let started = Instant::now();
    let Some(instance) = Instance::new(engine, "cut off") else { return };
    let server = instance.start();
    let access = Access::new(&instance, server.address);
    let cuts = share(CUTS).div_ceil(CLIENTS);
    let mut books: Vec<Book> = (0..CLIENTS).map(|owner| Book::new(owner, SEED)).collect();
    let sent: Vec<Sent> = scope(|threads| {
        let clients: Vec<_> = books
            .iter_mut()
            .enumerate()
            .map(|(owner, book)| {
                let (access, address) = (&access, server.address);
                threads.spawn(move || cut_and_write(owner, cuts, address, access, book))
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("a client that went on")).collect()
    });
    comes_to_rest(&instance.database);

    let mut client = Client::new(server.address);
    settle(&mut client, &access, &mut books, |key| key.starts_with(PREFIX));
    every_version_is_there(server.address, &access, &books);
    rows_match(&instance.database);
    let (carried_out, written) = only_what_was_sent(&mut client, &access, &sent);
    the_pools_are_whole(server.address, &access);
    instance.is_sound(&server);
    let acknowledged: usize = books.iter().map(Book::acknowledged).sum();
    report(
        &format!("cut off on {engine:?}"),
        &format!(
            "{} requests cut off ({carried_out} of their {written} writes were carried out, each as a whole), \
             {acknowledged} acknowledged versions between them, none lost; all in {:.0?}",
            cuts * CLIENTS,
            started.elapsed()
        ),
    );
}

/// The values that cut requests tried to write, by key.
type Sent = BTreeMap<String, BTreeSet<String>>;

fn cut_and_write(owner: usize, cuts: usize, address: SocketAddr, access: &Access, book: &mut Book) -> Sent {
    let mut random = Random::new(SEED ^ (owner as u64) << 40);
    let (mut client, mut sent) = (Client::new(address), Sent::new());
    for _ in 0..cuts {
        let request = any_request(&mut random, owner, access, &mut sent);
        let cut = match random.below(6) {
            0 => Cut::Headers,
            1 => Cut::HalfBody,
            // Long enough to be anywhere between the first statement and the answer.
            _ => Cut::Sent(Duration::from_micros(random.below(6_000) as u64)),
        };
        client.send_cut(&request, cut);
        book.write(&mut client, access).expect("the server answers whoever waits");
    }
    sent
}

fn any_request(random: &mut Random, owner: usize, access: &Access, sent: &mut Sent) -> Request {
    let key = format!("{PREFIX}{owner}_{}", random.below(KEYS));
    let mut note = |key: &str, value: &str| {
        sent.entry(key.to_owned()).or_default().insert(value.to_owned());
    };
    match random.below(8) {
        0 => access.sync(),
        1 => Request::get(&format!("{}/secrets", access.path), &access.admin),
        2 => Request::get(&format!("{}/secrets/{key}", access.path), &access.admin),
        3 => Request::get("/api/v1/audit/verify", &access.admin),
        4 => {
            let value = random.value();
            let changes: Vec<_> =
                (0..KEYS).map(|n| (format!("{PREFIX}{owner}_{n}"), value.clone())).collect();
            changes.iter().for_each(|(key, value)| note(key, value));
            access.import(&changes)
        }
        5 => {
            let value = random.value();
            note(&key, &value);
            access.create(random, &key, &value)
        }
        _ => {
            let value = random.value();
            note(&key, &value);
            access.update(random, &key, &value)
        }
    }
}

/// What was begun for those who went away ends by itself, and soon: no connection stays in a
/// transaction until the database's own time limit.
fn comes_to_rest(database: &Database) {
    if database.engine == Engine::Sqlite {
        return;
    }
    let mut raw = database.open();
    let busy = "SELECT state || ': ' || query FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'nexus' AND state <> 'idle'";
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let left = raw.texts(busy);
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "still in a transaction: {left:?}");
        sleep(Duration::from_millis(20));
    }
    let sessions = raw.number(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'nexus'",
    );
    assert!(sessions > 0, "the program's sessions are not seen here, so nothing was proved");
    raw.close();
}

/// Whatever cut requests wrote is a value that one of them sent, and none was written twice.
fn only_what_was_sent(client: &mut Client, access: &Access, sent: &[Sent]) -> (usize, usize) {
    let snapshot = client.ask(&access.sync()).good();
    let present: &Map<String, Value> = snapshot["secrets"].as_object().expect("secrets");
    let (mut carried_out, mut written) = (0, 0);
    for (key, values) in sent.iter().flatten() {
        written += values.len();
        let versions = present.get(key).and_then(|it| it["version"].as_u64()).unwrap_or(0);
        let mut seen = BTreeSet::new();
        for number in 1..=usize::try_from(versions).expect("fits") {
            let answer = client.ask(&access.version(key, number)).good();
            let value = answer["value"].as_str().expect("a value").to_owned();
            assert!(values.contains(&value), "{key} version {number} is what nobody sent");
            assert!(seen.insert(value), "{key} version {number} was written twice");
        }
        carried_out += seen.len();
    }
    (carried_out, written)
}

/// More readers and writers at once than the pools have connections: none was lost to a cut request.
fn the_pools_are_whole(address: SocketAddr, access: &Access) {
    scope(|threads| {
        for n in 0..24 {
            threads.spawn(move || {
                let mut client = Client::new(address);
                let key = format!("{PREFIX}AFTER_{n}");
                client.ask(&access.create(&mut Random::new(n), &key, "after")).good();
                assert_eq!(client.ask(&access.version(&key, 1)).good()["value"], "after");
            });
        }
    });
}
