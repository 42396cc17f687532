//! How long to wait before asking again. The pause is random below a ceiling that doubles (full jitter:
//! Brooker, "Exponential Backoff And Jitter", 2015), so that a thousand clients that lost the server
//! together do not come back together.

use crate::Error;
use nexus_domain::Timestamp;
use std::time::Duration;

/// The first ceiling.
const FIRST: Duration = Duration::from_millis(500);
/// No ceiling is higher: after an outage everybody is back within this time.
const HIGHEST: Duration = Duration::from_secs(20);
/// Everybody loses the stream at the same moment when a server restarts; so they come back over at
/// least this time.
const LOST: Duration = Duration::from_secs(8);
/// Nobody can help before somebody has done something.
const UNPAID: Duration = Duration::from_secs(300);
const REFUSED: Duration = Duration::from_secs(60);

/// Counts what failed in a row.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    failures: u32,
}

impl Pauses {
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// The pause after a stream that had been open. The server may ask for more time, within reason.
    pub fn after_a_stream(&self, told: Option<Duration>, random: f64) -> Duration {
        told.unwrap_or(LOST).clamp(LOST, HIGHEST).mul_f64(random)
    }

    /// The pause after a failure. `random` is a number between 0 and 1, `now` the time.
    pub fn after(&mut self, error: &Error, random: f64, now: Timestamp) -> Duration {
        match error {
            Error::Quarantined { expires_at, .. } => {
                let end = Timestamp::parse(expires_at).unwrap_or(now);
                let left = Duration::from_micros(u64::try_from(end.0.saturating_sub(now.0)).unwrap_or(0));
                left.saturating_add(HIGHEST.mul_f64(random)).max(FIRST)
            }
            Error::PaymentRequired => UNPAID.mul_f64(1.0 + random / 2.0),
            Error::Refused(refusal) if refusal.code.status() == 429 => {
                let told =
                    refusal.details.get("retry_after").and_then(serde_json::Value::as_u64).unwrap_or(1);
                let told = Duration::from_secs(told.min(3600));
                told.saturating_add(told.clamp(FIRST, HIGHEST).mul_f64(random))
            }
            // A platform that gives no proof now is like a server that is away.
            error if error.passes() || matches!(error, Error::NoIdentity { .. }) => {
                let ceiling =
                    FIRST.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(HIGHEST);
                self.failures = self.failures.saturating_add(1).min(16);
                ceiling.mul_f64(random)
            }
            _ => REFUSED.mul_f64(1.0 + random / 2.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn away() -> Error {
        Error::Unreachable("away".into())
    }

    proptest! {
        #[test]
        fn a_pause_after_an_outage_is_never_longer_than_twenty_seconds(failures in 0_usize..100, random in 0.0..1.0) {
            let mut pauses = Pauses::default();
            for _ in 0..failures {
                prop_assert!(pauses.after(&away(), random, Timestamp(0)) <= HIGHEST);
            }
        }

        #[test]
        fn a_quarantine_is_waited_out_whatever_the_server_says_of_its_end(end in ".{0,30}", random in 0.0..1.0) {
            let error = Error::Quarantined { reason: String::new(), expires_at: end };
            prop_assert!(Pauses::default().after(&error, random, Timestamp(0)) >= FIRST);
        }
    }

    #[test]
    fn pauses_grow_and_begin_again_after_a_success() {
        let mut pauses = Pauses::default();
        let grown: Vec<u128> = (0..8).map(|_| pauses.after(&away(), 1.0, Timestamp(0)).as_millis()).collect();
        assert_eq!(grown, [500, 1000, 2000, 4000, 8000, 16000, 20000, 20000]);
        pauses.succeeded();
        assert_eq!(pauses.after(&away(), 1.0, Timestamp(0)), FIRST);
    }

    #[test]
    fn a_crowd_that_lost_the_stream_together_comes_back_spread_out() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut arrivals = [0; 8];
        for _ in 0..1_000 {
            let pause = Pauses::default().after_a_stream(Some(Duration::from_secs(1)), random.f64());
            arrivals[usize::try_from(pause.as_secs()).expect("small")] += 1;
        }
        assert!(arrivals.iter().all(|count| (90..160).contains(count)), "{arrivals:?}");
    }

    #[test]
    fn a_quarantine_ends_when_the_server_says() {
        let end = Timestamp(90 * nexus_domain::timestamp::SECOND);
        let error = Error::Quarantined { reason: "abuse".into(), expires_at: end.rfc3339() };
        assert_eq!(Pauses::default().after(&error, 0.0, Timestamp(0)), Duration::from_secs(90));
    }
}
