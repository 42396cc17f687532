//! `kill -9` while several clients write, again and again on one database. What was acknowledged is
//! there afterwards, and what was not is there as a whole or not at all.

use crate::books::{Access, Book, every_version_is_there, rows_match, settle};
use crate::client::Client;
use crate::database::Engine;
use crate::instance::{Instance, report, verify_by_http};
use crate::random::Random;
use crate::share;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep, yield_now};
use std::time::{Duration, Instant};

const KILLS: usize = 500;
const CLIENTS: usize = 4;
const SEED: u64 = 0x6e65_7875_7301;

#[test]
fn nothing_acknowledged_is_lost_when_the_program_is_killed() {
    let started = Instant::now();
    let instance = Instance::new(Engine::Sqlite, "killed").expect("SQLite is always there");
    let mut server = instance.start();
    let access = Access::new(&instance, server.address);
    let mut random = Random::new(SEED);
    let mut books: Vec<Book> = (0..CLIENTS).map(|owner| Book::new(owner, SEED)).collect();
    let (mut slowest, kills) = (Duration::ZERO, share(KILLS));
    for kill in 1..=kills {
        let moment = Moment { acknowledged: 1 + random.below(30), later: random.below(3_000) };
        write_until(server, moment, &access, &mut books);
        // Now and then the next start dies too, somewhere on its way back.
        if random.below(5) == 0 {
            instance.start_and_kill(Duration::from_micros(random.below(60_000) as u64));
        }
        server = instance.start();
        slowest = slowest.max(server.ready_after);
        let mut client = Client::new(server.address);
        settle(&mut client, &access, &mut books, |_| false);
        verify_by_http(&mut client, &instance.admin);
        rows_match(&instance.database);
        if kill % 10 == 0 {
            instance.is_sound(&server);
        }
    }
    every_version_is_there(server.address, &access, &books);
    instance.is_sound(&server);
    let acknowledged: usize = books.iter().map(Book::acknowledged).sum();
    report(
        "killed",
        &format!(
            "{kills} kills, {acknowledged} acknowledged versions, none lost; slowest start {slowest:.0?}, all in {:.0?}",
            started.elapsed()
        ),
    );
}

/// When to kill: so many answers, and so many microseconds, after the start.
struct Moment {
    acknowledged: usize,
    later: usize,
}

/// Lets every client write until the program dies under them.
fn write_until(server: crate::instance::Server, moment: Moment, access: &Access, books: &mut [Book]) {
    let (address, acknowledged) = (server.address, AtomicUsize::new(0));
    scope(|threads| {
        for book in books {
            let acknowledged = &acknowledged;
            threads.spawn(move || {
                // The kill comes in any case, even where a client fails.
                let _counted = Counted(acknowledged);
                let mut client = Client::new(address);
                while book.write(&mut client, access).is_ok() {
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while acknowledged.load(Ordering::Relaxed) < moment.acknowledged {
            sleep(Duration::from_micros(100));
        }
        let at = Instant::now() + Duration::from_micros(moment.later as u64);
        while Instant::now() < at {
            yield_now();
        }
        server.kill();
    });
}

/// Ends the wait for answers when its client ends.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(usize::MAX / 8, Ordering::Relaxed);
    }
}
