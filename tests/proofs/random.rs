//! A seeded stream of numbers (SplitMix64, Steele et al. 2014), so that a proof that failed fails
//! again.

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("fits")
    }

    /// A value like programs keep: mostly short, now and then some pages long.
    pub fn value(&mut self) -> String {
        let words = if self.below(8) == 0 { 64 + self.below(512) } else { 2 };
        (0..words).map(|_| format!("{:016x}", self.next())).collect()
    }
}
