//! When a flag is on: its state and, for a scheduled one, from when until when.

use crate::Timestamp;
use crate::role::words;
use serde::{Deserialize, Serialize};

words! {
    /// A flag's switch.
    FlagState {
        Off = "off",
        On = "on",
        /// On from `starts_at` until just before `ends_at`.
        Scheduled = "scheduled",
    }
}

/// A flag's state with its moments. This alone decides plain reads (`enabled` in a snapshot).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    pub state: FlagState,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
}

impl Schedule {
    pub fn is_enabled(self, now: Timestamp) -> bool {
        match self.state {
            FlagState::Off => false,
            FlagState::On => true,
            FlagState::Scheduled => {
                self.starts_at.is_none_or(|start| start <= now) && self.ends_at.is_none_or(|end| now < end)
            }
        }
    }

    /// State and moments as a sentence.
    pub fn text(self, now: Timestamp) -> String {
        super::explain::state_text(self, self.is_enabled(now))
    }

    /// The next moment after `now` at which the schedule changes something: until then an answer
    /// may be kept.
    pub fn next_moment(self, now: Timestamp) -> Option<Timestamp> {
        self.moments().filter(|moment| now < *moment).min()
    }

    /// How many of its moments have passed: this makes the ETag of a snapshot change with them.
    pub fn moments_passed(self, now: Timestamp) -> u32 {
        self.moments().map(|moment| u32::from(moment <= now)).sum()
    }

    /// Moments count only while the flag is scheduled.
    pub fn moments(self) -> impl Iterator<Item = Timestamp> {
        let scheduled = self.state == FlagState::Scheduled;
        [self.starts_at, self.ends_at].into_iter().flatten().filter(move |_| scheduled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scheduled(starts_at: Option<i64>, ends_at: Option<i64>) -> Schedule {
        Schedule {
            state: FlagState::Scheduled,
            starts_at: starts_at.map(Timestamp),
            ends_at: ends_at.map(Timestamp),
        }
    }

    #[test]
    fn a_scheduled_flag_is_on_from_its_start_until_just_before_its_end() {
        let schedule = scheduled(Some(10), Some(20));
        let on: Vec<i64> = (8..22).filter(|now| schedule.is_enabled(Timestamp(*now))).collect();
        assert_eq!(on, (10..20).collect::<Vec<_>>());
    }

    #[test]
    fn a_missing_end_means_for_ever() {
        assert!(scheduled(Some(10), None).is_enabled(Timestamp(i64::MAX)));
        assert!(scheduled(None, Some(10)).is_enabled(Timestamp(i64::MIN)));
    }

    #[test]
    fn a_kill_switch_keeps_the_moments_and_ignores_them() {
        let off = Schedule { state: FlagState::Off, ..scheduled(Some(10), Some(20)) };
        assert!(!off.is_enabled(Timestamp(15)));
        assert_eq!((off.next_moment(Timestamp(0)), off.moments_passed(Timestamp(50))), (None, 0));
    }

    proptest! {
        #[test]
        fn nothing_changes_before_the_next_moment(
            start in proptest::option::of(0_i64..100),
            end in proptest::option::of(0_i64..100),
            now in 0_i64..100,
            later in 0_i64..100,
        ) {
            let schedule = scheduled(start, end);
            let (now, later) = (Timestamp(now), Timestamp(now + later));
            if schedule.next_moment(now).is_none_or(|moment| later < moment) {
                prop_assert_eq!(schedule.is_enabled(now), schedule.is_enabled(later));
                prop_assert_eq!(schedule.moments_passed(now), schedule.moments_passed(later));
            } else {
                prop_assert!(schedule.moments_passed(now) < schedule.moments_passed(later));
            }
        }
    }
}
