//! The long proofs: the real program, killed, cut off and tampered with, and then asked for
//! everything that it ever acknowledged.
//!
//! They run at a tenth of their length with the other tests, and at full length with `cargo xtask
//! soak`: the same code and the same seeds, only more of it (`NEXUS_SOAK`, 1.0 is everything). The
//! PostgreSQL half needs `NEXUS_TEST_POSTGRES_URL`; without it, it says loudly that it was skipped.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a proof that cannot go on has failed, and says how far it got"
)]

mod asked_again;
mod books;
mod client;
mod contract;
mod cut_off;
mod database;
mod door;
mod identity;
mod instance;
mod killed;
mod left_behind;
mod login;
mod random;
mod run;
mod sdk;
mod set_up;
mod streams;
mod tampered;

use std::io::Write as _;

/// How many of `all` to run.
fn share(all: usize) -> usize {
    let scale =
        variable("NEXUS_SOAK").map_or(0.1, |text| text.parse::<f64>().expect("NEXUS_SOAK is a number"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
    let share = (all as f64 * scale).round() as usize;
    share.max(1)
}

#[expect(clippy::disallowed_methods, reason = "how the test command hands things over")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Says something past the test harness, which keeps what passing tests print.
fn shout(words: &str) {
    let _ = writeln!(std::io::stderr(), "\n{words}\n");
}
