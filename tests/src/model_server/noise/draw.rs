//! Chance that can be repeated: SplitMix64, begun from a text.

/// A row of numbers.
pub(super) struct Draw(u64);

impl Draw {
    /// The row of a text.
    pub(super) fn new(text: &str) -> Self {
        let mut seed = [0; 8];
        seed.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
        Self(u64::from_le_bytes(seed))
    }

    /// True in this share of cases.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        // As many bits as a float has of its own.
        ((self.next() >> 11) as f64) / ((1_u64 << 53) as f64) < share
    }

    /// A number below this one, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
