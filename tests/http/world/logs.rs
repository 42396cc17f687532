//! Everything that the program says to its log, down to the finest level, of every library.

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, fmt, reload};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Kept;

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Handle = reload::Handle<LevelFilter, Registry>;

/// The one subscriber of this process; silent until somebody records.
fn handle() -> &'static Handle {
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let (filter, handle) = reload::Layer::new(LevelFilter::OFF);
        let layer = fmt::layer().json().with_span_events(fmt::format::FmtSpan::FULL).with_writer(|| Kept);
        let subscriber = Registry::default().with(filter).with(layer);
        tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
        handle
    })
}

/// Records from now on. Tests that run at the same time are recorded too; that does no harm.
pub fn record() {
    handle().modify(|level| *level = LevelFilter::TRACE).expect("the level");
}

/// What was said since.
pub fn recorded() -> Vec<u8> {
    handle().modify(|level| *level = LevelFilter::OFF).expect("the level");
    LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
