//! A clock that only moves when it is told to.

use nexus_backend::Clock;
use nexus_domain::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

pub struct SetClock(AtomicI64);

impl SetClock {
    pub fn starting(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.0))
    }

    /// Lets time pass, in microseconds.
    pub fn pass(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
