//! The counters of one minute in memory. A subject is 64 bits of a MAC, so that a counter takes twelve
//! bytes and nobody can choose two subjects that meet. They are spread over shards that grow one at a
//! time, so that growing never takes twice the memory of all of them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

const SHARDS: usize = 256;

/// What fits into one shard's table before it would double. All together: three and a half million
/// subjects in some 53 MiB. What comes on top in one minute is counted together, so that memory stays bounded.
const PER_SHARD: usize = 14_000;

/// A subject of counting. Two halves, because the alignment of 64 bits would cost four bytes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    high: u32,
    low: u32,
}

impl Mark {
    /// From the beginning of a MAC.
    pub fn of(mac: &[u8; 32]) -> Self {
        let half = |at: usize| mac.iter().skip(at).take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        Self { high: half(0), low: half(4) }
    }

    const fn bits(self) -> u64 {
        (self.high as u64) << 32 | self.low as u64
    }

    /// As the databases keep it.
    pub const fn number(self) -> i64 {
        self.bits().cast_signed()
    }

    const fn shard(self) -> usize {
        // Other bits than those by which a table finds its places.
        (self.high >> 8) as usize % SHARDS
    }
}

impl Hash for Mark {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.bits());
    }
}

/// A MAC is as random as any hash of it.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }
}

#[derive(Default)]
struct Shard {
    counts: HashMap<Mark, u32, BuildHasherDefault<AsItIs>>,
    /// Those that found no room, together.
    others: u32,
}

impl Shard {
    fn get(&self, mark: Mark) -> u32 {
        let others = if self.counts.len() >= PER_SHARD { self.others } else { 0 };
        self.counts.get(&mark).copied().unwrap_or(others)
    }

    fn place(&mut self, mark: Mark) -> &mut u32 {
        if self.counts.len() >= PER_SHARD && !self.counts.contains_key(&mark) {
            &mut self.others
        } else {
            self.counts.entry(mark).or_default()
        }
    }
}

/// Counters of the current minute.
#[derive(Default)]
pub(super) struct Window {
    minute: i64,
    shards: Vec<Shard>,
}

impl Window {
    /// Forgets what was counted in another minute.
    pub fn turn(&mut self, minute: i64) {
        if self.minute != minute || self.shards.is_empty() {
            self.minute = minute;
            self.shards = (0..SHARDS).map(|_| Shard::default()).collect();
        }
    }

    pub fn get(&self, mark: Mark) -> u32 {
        self.shards.get(mark.shard()).map_or(0, |shard| shard.get(mark))
    }

    pub fn add(&mut self, mark: Mark) -> u32 {
        let Some(shard) = self.shards.get_mut(mark.shard()) else { return 0 };
        let count = shard.place(mark);
        *count = count.saturating_add(1);
        *count
    }

    pub fn take_back(&mut self, mark: Mark) {
        if let Some(shard) = self.shards.get_mut(mark.shard()) {
            let count = shard.place(mark);
            *count = count.saturating_sub(1);
        }
    }

    /// Remembers what is known of a subject from elsewhere.
    pub fn set(&mut self, mark: Mark, known: u32) {
        if let Some(shard) = self.shards.get_mut(mark.shard()) {
            *shard.place(mark) = known;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Window {
        fn subjects(&self) -> usize {
            self.shards.iter().map(|shard| shard.counts.len()).sum()
        }

        /// What the tables take: a place for each power of two that seven eighths of are usable, and a byte
        /// beside each.
        fn bytes(&self) -> usize {
            let of = |shard: &Shard| {
                let places = (shard.counts.capacity() * 8 / 7).next_power_of_two();
                places * (size_of::<(Mark, u32)>() + 1) + 16 + size_of::<Shard>()
            };
            self.shards.iter().map(of).sum()
        }
    }

    /// The nth subject of a flood; an odd factor meets no two of them.
    fn nth(n: u64) -> Mark {
        let bits = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let halves = [bits >> 32, bits & 0xffff_ffff].map(|half| u32::try_from(half).expect("32 bits"));
        Mark { high: halves[0], low: halves[1] }
    }

    #[test]
    fn a_million_addresses_with_everything_that_is_counted_of_them_take_less_than_64_mib_and_none_is_lost() {
        let mut window = Window::default();
        window.turn(1);
        // Requests, failures from the address, failures of an account.
        for n in 0..3_000_000 {
            assert_eq!(window.add(nth(n)), 1, "{n}");
        }
        assert_eq!(window.subjects(), 3_000_000);
        assert!(window.bytes() < 64 * 1024 * 1024, "{} bytes", window.bytes());
        for n in (0..3_000_000).step_by(1009) {
            assert_eq!(window.add(nth(n)), 2, "{n}");
        }
        window.turn(2);
        assert_eq!(window.subjects(), 0);
    }

    #[test]
    fn what_is_too_much_is_counted_together_and_memory_stays_bounded() {
        let mut window = Window::default();
        window.turn(1);
        // All in one shard.
        let in_one = |low: u32| Mark { high: 0, low };
        let full = u32::try_from(PER_SHARD).expect("fits");
        for low in 0..full {
            assert_eq!(window.add(in_one(low)), 1);
        }
        assert_eq!((window.add(in_one(full)), window.add(in_one(full + 1))), (1, 2));
        assert_eq!(window.add(in_one(7)), 2);
        assert_eq!(window.subjects(), PER_SHARD);
    }

    #[test]
    fn a_mark_is_the_beginning_of_a_mac() {
        let mut mac = [0; 32];
        mac[..9].copy_from_slice(&[0xff, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(Mark::of(&mac).bits(), 0xff02_0304_0506_0708);
        assert!(Mark::of(&mac).number() < 0);
    }
}
