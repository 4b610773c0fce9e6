//! Random numbers that depend on nothing but what they are drawn for.

/// A stream of numbers for one purpose (SplitMix64).
#[derive(Clone)]
pub struct Draw(u64);

impl Draw {
    /// The stream for a purpose and the numbers that name it.
    pub fn of(purpose: &str, numbers: &[u64]) -> Draw {
        let bytes = purpose.bytes().map(u64::from);
        let mix =
            |state: u64, next: u64| scramble(state ^ next.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Draw(bytes.chain(numbers.iter().copied()).fold(0x5bd1_e995, mix))
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.0)
    }

    /// A number below `bound`, which is above zero.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or_default()
    }

    /// Whether something that has this share happens.
    #[allow(clippy::cast_precision_loss, reason = "53 bits are enough for a share")]
    pub fn happens(&mut self, share: f64) -> bool {
        ((self.next() >> 11) as f64 / (1_u64 << 53) as f64) < share
    }

    /// One of these.
    pub fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// A rank below `bound` as words have them in a language: low ones are by far the most common.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks are small"
    )]
    pub fn rank(&mut self, bound: usize) -> usize {
        let share = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        // Inverse of a harmonic distribution: rank r comes about once in r draws.
        let rank = ((bound as f64 + 1.0).powf(share) - 1.0) as usize;
        rank.min(bound.saturating_sub(1))
    }
}

fn scramble(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_its_purpose_and_numbers_alone() {
        let first = |purpose: &str, numbers: &[u64]| Draw::of(purpose, numbers).next();
        assert_eq!(first("title", &[1, 2]), first("title", &[1, 2]));
        assert_ne!(first("title", &[1, 2]), first("title", &[2, 1]));
        assert_ne!(first("title", &[1]), first("place", &[1]));
    }

    #[test]
    fn shares_and_ranks_come_as_often_as_they_should() {
        let mut draw = Draw::of("test", &[]);
        let hits = (0..100_000).filter(|_| draw.happens(0.02)).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        let low = (0..10_000).filter(|_| draw.rank(1_000) < 10).count();
        assert!((2_500..4_500).contains(&low), "{low}");
    }
}
