//! Two processes on one PostgreSQL, changes made on both, and one of them killed again and again:
//! whoever listens, comes back to the other process and says what was heard last, misses no change.

use crate::client::{Client, Request};
use crate::database::Engine;
use crate::instance::{Instance, Server, report};
use crate::share;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const KILLS: usize = 30;
const LISTENERS: usize = 6;
/// Changes between two kills.
const CHANGES: usize = 10;
const SERVICE: &str = "checkout-api";
/// Long past what any of it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where both processes are at this moment.
type Addresses = Mutex<[SocketAddr; 2]>;

#[test]
fn nobody_misses_a_change_when_one_of_two_processes_is_killed() {
    let Some(instance) = Instance::new(Engine::Postgres, "streams") else { return };
    let started = Instant::now();
    let mut servers = [instance.start(), instance.start()];
    let mut client = Client::new(servers[0].address);
    instance.make_project(&mut client, &instance.admin);
    let key = instance.service(&mut client, &instance.admin, SERVICE);
    let addresses = Mutex::new([servers[0].address, servers[1].address]);
    let (done, heard) = (AtomicBool::new(false), Heard::default());
    let kills = share(KILLS);
    scope(|threads| {
        for listener in 0..LISTENERS {
            let (addresses, done, heard, key) = (&addresses, &done, &heard, key.as_str());
            threads.spawn(move || listen(listener, key, addresses, done, heard));
        }
        // Whatever happens, the listeners end.
        let _ending = Ending(&done);
        heard.wait("every stream is open", |keys| keys.len() == LISTENERS);
        let mut written = Vec::new();
        for kill in 0..kills {
            write(&instance, &servers, kill, &mut written);
            let victim = kill % 2;
            let fresh = instance.start();
            addresses.lock().expect("no panic")[victim] = fresh.address;
            std::mem::replace(&mut servers[victim], fresh).kill();
        }
        write(&instance, &servers, kills, &mut written);
        let all = |keys: &BTreeSet<String>| written.iter().all(|key| keys.contains(key));
        heard.wait("every change was heard", |keys| keys.len() == LISTENERS && keys.iter().all(&all));
        report(
            "streams",
            &format!(
                "{kills} kills, {} changes, each heard by {LISTENERS} listeners, in {:.0?}",
                written.len(),
                started.elapsed()
            ),
        );
    });
    instance.is_sound(&servers[0]);
}

/// Makes configs on both processes in turns.
fn write(instance: &Instance, servers: &[Server; 2], round: usize, written: &mut Vec<String>) {
    let path = format!("{}/configs", instance.path(SERVICE));
    for change in 0..CHANGES {
        let key = format!("K-{round}-{change}");
        let mut client = Client::new(servers[change % 2].address);
        client.ask(&Request::post(&path, &instance.admin, &json!({ "key": key, "value": change }))).good();
        written.push(key);
    }
}

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The keys that each listener heard of.
#[derive(Default)]
struct Heard {
    keys: Mutex<Vec<(usize, BTreeSet<String>)>>,
    more: Condvar,
}

impl Heard {
    fn add(&self, listener: usize, keys: impl IntoIterator<Item = String>) {
        let mut all = self.keys.lock().expect("no panic");
        match all.iter_mut().find(|(one, _)| *one == listener) {
            Some((_, known)) => known.extend(keys),
            None => all.push((listener, keys.into_iter().collect())),
        }
        self.more.notify_all();
    }

    #[track_caller]
    fn wait(&self, what: &str, enough: impl Fn(&[BTreeSet<String>]) -> bool) {
        let keys = self.keys.lock().expect("no panic");
        let not_yet = |all: &mut Vec<(usize, BTreeSet<String>)>| {
            !enough(&all.iter().map(|(_, keys)| keys.clone()).collect::<Vec<_>>())
        };
        let (keys, waited) = self.more.wait_timeout_while(keys, PATIENCE, not_yet).expect("no panic");
        let counts: Vec<usize> = keys.iter().map(|(_, keys)| keys.len()).collect();
        assert!(!waited.timed_out(), "not in time: {what}; heard {counts:?}");
    }
}

/// Listens to one process until it goes, then to the other one, from what was heard last.
fn listen(listener: usize, key: &str, addresses: &Addresses, done: &AtomicBool, heard: &Heard) {
    let mut last = None;
    let mut side = listener;
    while !done.load(Ordering::Relaxed) {
        side += 1;
        let address = addresses.lock().expect("no panic")[side % 2];
        // It may be going or not be up yet; then the other one is asked.
        if follow(listener, address, key, &mut last, done, heard).is_err() {
            sleep(Duration::from_millis(20));
        }
    }
}

fn follow(
    listener: usize,
    address: SocketAddr,
    key: &str,
    last: &mut Option<String>,
    done: &AtomicBool,
    heard: &Heard,
) -> std::io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "to the program that the test started")]
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let resume = last.as_ref().map_or_else(String::new, |id| format!("last-event-id: {id}\r\n"));
    let head =
        format!("GET /v1/stream HTTP/1.1\r\nhost: nexus.test\r\nauthorization: Bearer {key}\r\n{resume}\r\n");
    stream.write_all(head.as_bytes())?;
    let mut lines = BufReader::new(Patient { stream, done });
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(id) = line.strip_prefix("id: ") {
            *last = Some(id.trim().to_owned());
            heard.add(listener, []);
        } else if line.starts_with("event: snapshot.updated") {
            // More than one change: what a program does then is to read all of it.
            heard.add(listener, synced(address, key)?);
        } else if let Some(data) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(data).expect("an event is JSON");
            heard.add(listener, data["key"].as_str().map(str::to_owned));
        }
    }
}

fn synced(address: SocketAddr, key: &str) -> std::io::Result<Vec<String>> {
    let answer = Client::new(address).send(&Request::get("/v1/sync", key))?;
    let body = answer.good();
    Ok(body["configs"].as_object().map(|configs| configs.keys().cloned().collect()).unwrap_or_default())
}

/// A stream that is read until there is nothing more to wait for. The lengths of chunks stand on
/// lines of their own, and each event is one chunk, so that lines stay whole.
struct Patient<'a> {
    stream: TcpStream,
    done: &'a AtomicBool,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if self.done.load(Ordering::Relaxed) {
                        return Ok(0);
                    }
                }
                outcome => return outcome,
            }
        }
    }
}
