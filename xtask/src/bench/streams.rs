//! Many open streams: how long after a change the event is at each client, and what a stream costs in
//! memory.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::{
    instance::{Instance, Server},
    load::percentile,
    page::{Figure, Value},
};

const STREAMS: usize = 5_000;
const CHANGES: usize = 20;
const LIMIT: f64 = 250.0;
/// How long an event may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Every event has one of these lines.
const EVENT: &[u8] = b"\ndata: ";

/// # Errors
/// When streams cannot be opened, or events do not come.
pub fn measure(instance: &Instance, server: &Server, key: &str, service: &str) -> Result<Vec<Figure>> {
    let before = server.memory()?;
    let mut listeners = Listeners::open(server.address, key)?;
    let opened = server.memory()?;
    let mut waits = Vec::with_capacity(STREAMS * CHANGES);
    for change in 0..CHANGES {
        let began = Instant::now();
        listeners.expect_events();
        instance.toggle(server, service, &super::flags::key(change))?;
        waits.extend(listeners.arrivals(began)?);
    }
    listeners.close();
    let p99 = percentile(&mut waits, 99);
    let median = percentile(&mut waits, 50);
    let what = format!("a change at 99 of 100 of {STREAMS} open streams (median {median:.1} ms)");
    let cost = (opened - before) / STREAMS as f64;
    Ok(vec![
        Figure::at_most(&what, Value::Milliseconds(p99), Value::Milliseconds(LIMIT)),
        Figure::of("memory (RSS) of an open stream", cost.max(0.0)),
    ])
}

/// All streams, read by one thread.
struct Listeners {
    stop: Arc<AtomicBool>,
    events: mpsc::Receiver<Instant>,
    thread: Option<thread::JoinHandle<Result<()>>>,
}

impl Listeners {
    fn open(address: SocketAddr, key: &str) -> Result<Self> {
        let request =
            format!("GET /v1/stream HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n");
        let poll = Poll::new()?;
        let mut streams = Vec::with_capacity(STREAMS);
        for n in 0..STREAMS {
            // Connected one by one, so that no queue of the system overflows.
            let mut stream = std::net::TcpStream::connect(address)?;
            stream.write_all(request.as_bytes())?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(n), Interest::READABLE)?;
            streams.push(Stream { stream, tail: VecDeque::with_capacity(EVENT.len()), greeted: false });
        }
        let (sender, events) = mpsc::channel();
        let (ready, all_open) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || read(poll, streams, &sender, &ready, &stopped));
        all_open.recv_timeout(PATIENCE).context("not every stream was opened")?;
        Ok(Self { stop, events, thread: Some(thread) })
    }

    /// Forgets what came late.
    fn expect_events(&self) {
        while self.events.try_recv().is_ok() {}
    }

    /// When each stream had its event, in milliseconds since the change was asked for.
    fn arrivals(&self, began: Instant) -> Result<Vec<f64>> {
        (0..STREAMS)
            .map(|_| {
                let at = self.events.recv_timeout(PATIENCE).context("an event did not come")?;
                Ok(at.duration_since(began).as_secs_f64() * 1000.0)
            })
            .collect()
    }

    fn close(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Whatever it ended with, the measurement is over.
            let _ = thread.join();
        }
    }
}

struct Stream {
    stream: TcpStream,
    /// The last bytes, because an event may come in pieces.
    tail: VecDeque<u8>,
    greeted: bool,
}

fn read(
    mut poll: Poll,
    mut streams: Vec<Stream>,
    sender: &mpsc::Sender<Instant>,
    ready: &mpsc::Sender<()>,
    stopped: &AtomicBool,
) -> Result<()> {
    let mut events = Events::with_capacity(1024);
    let mut piece = [0; 4096];
    let mut greeted = 0;
    while !stopped.load(Ordering::Relaxed) {
        poll.poll(&mut events, Some(Duration::from_millis(100)))?;
        for event in &events {
            let stream = streams.get_mut(event.token().0).context("an unknown stream")?;
            loop {
                match stream.stream.read(&mut piece) {
                    Ok(0) => anyhow::bail!("a stream was closed"),
                    Ok(length) => {
                        let now = Instant::now();
                        let bytes = piece.get(..length).unwrap_or_default();
                        if !stream.greeted {
                            ensure!(bytes.starts_with(b"HTTP/1.1 200"), "a stream was refused");
                            stream.greeted = true;
                            greeted += 1;
                            if greeted == STREAMS {
                                ready.send(())?;
                            }
                        }
                        for _ in 0..stream.found(bytes) {
                            sender.send(now)?;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    Ok(())
}

impl Stream {
    /// How many events these bytes complete.
    fn found(&mut self, bytes: &[u8]) -> usize {
        let mut found = 0;
        for byte in bytes {
            if self.tail.len() == EVENT.len() {
                self.tail.pop_front();
            }
            self.tail.push_back(*byte);
            found += usize::from(self.tail.iter().eq(EVENT));
        }
        found
    }
}
