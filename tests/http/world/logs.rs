//! Everything that the program would say to its log, when an operator asks for all of it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use tracing_subscriber::Registry;
use tracing_subscriber::prelude::*;

static RECORDING: AtomicBool = AtomicBool::new(false);
static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Kept;

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if RECORDING.load(Ordering::SeqCst) {
            LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records from now on. Tests that run at the same time are recorded too; that does no harm.
pub fn record() {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        Registry::default().with(nexus::log::layer("trace", || Kept).expect("a layer")).init();
    });
    RECORDING.store(true, Ordering::SeqCst);
}

/// What was said since.
pub fn recorded() -> Vec<u8> {
    RECORDING.store(false, Ordering::SeqCst);
    LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
