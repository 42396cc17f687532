//! A flood of sign-ins: how much memory the hashing of passwords takes at most, and what the programs
//! that read their snapshots notice of it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use anyhow::{Context, Result, anyhow, ensure};

use super::{
    instance::Server,
    load::percentile,
    page::{Figure, Value},
    web::Web,
};

const SIGN_INS: usize = 500;
const MIB: f64 = 1024.0 * 1024.0;
/// What hashing one password takes.
const HASH: f64 = 64.0 * MIB;
/// What everything else may take for so many requests at once.
const REST: f64 = 16.0 * MIB;
/// Enough for one request of [`Web`].
const STACK: usize = 512 * 1024;

/// Measures on a server that was just started and has rested: what it took at most is since its start.
///
/// # Errors
/// When the service API refuses a program meanwhile, or sign-ins are answered as they should not be.
pub fn measure(server: &Server, key: &str) -> Result<Vec<Figure>> {
    let idle = server.memory()?;
    let over = Arc::new(AtomicBool::new(false));
    let program = program(server.address, key, Arc::clone(&over))?;
    let statuses = flood(server.address)?;
    over.store(true, Ordering::Relaxed);
    let mut times = program.join().map_err(|_| anyhow!("the program that reads panicked"))??;
    let refused = statuses.iter().filter(|status| **status == 503).count();
    let hashed = statuses.iter().filter(|status| **status == 401).count();
    ensure!(hashed > 0 && hashed + refused == SIGN_INS, "the flood was answered with {statuses:?}");
    let cores = thread::available_parallelism()?.get() as f64;
    let what = format!(
        "memory (RSS) at most, {SIGN_INS} sign-ins at once ({hashed} hashed, the others told to wait)"
    );
    let reads = format!("GET /v1/sync meanwhile, 99 of 100 of {} (none refused)", times.len());
    Ok(vec![
        Figure::at_most(&what, server.peak_memory()?, idle + cores * HASH + REST),
        Figure::of(&reads, Value::Milliseconds(percentile(&mut times, 99))),
    ])
}

/// Many people at once, each from an address of their own, with a password that is wrong.
fn flood(address: SocketAddr) -> Result<Vec<u16>> {
    let ready = Arc::new(Barrier::new(SIGN_INS));
    let people: Vec<JoinHandle<Result<u16>>> = (0..SIGN_INS)
        .map(|n| {
            let ready = Arc::clone(&ready);
            let person = move || {
                let web = Web::connect(address);
                ready.wait();
                sign_in(web?, address, n)
            };
            thread::Builder::new().stack_size(STACK).spawn(person)
        })
        .collect::<Result<_, _>>()?;
    people.into_iter().map(|person| person.join().map_err(|_| anyhow!("a sign-in panicked"))?).collect()
}

fn sign_in(web: Web, address: SocketAddr, n: usize) -> Result<u16> {
    let mut web = web
        .with("origin", &format!("http://{address}"))
        .with("sec-fetch-site", "same-origin")
        .with("accept", "application/json")
        .with("x-forwarded-for", &format!("198.51.{}.{}", n / 256, n % 256));
    let form = format!("email=nobody{n}%40acme.test&password=wrong+horse+battery");
    Ok(web.post("/_fn/sign_in", "application/x-www-form-urlencoded", &form)?.status)
}

/// A program that reads its snapshot again and again until the flood is over; hands back how long each
/// read took, in milliseconds.
fn program(address: SocketAddr, key: &str, over: Arc<AtomicBool>) -> Result<JoinHandle<Result<Vec<f64>>>> {
    let mut web = Web::connect(address)?.with("authorization", &format!("Bearer {key}"));
    web.get("/v1/sync")?.json().context("the first snapshot")?;
    Ok(thread::spawn(move || {
        let mut times = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let began = Instant::now();
            let answer = web.get("/v1/sync")?;
            ensure!(answer.status == 200, "a snapshot was answered with {}", answer.status);
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(times)
    }))
}
