//! One hash for everything that is stored or compared across runs. It must never change without a
//! new signature version: stored keys would silently stop meeting new ones.

use std::hash::Hasher;

/// A 64-bit hash of some parts; a part never runs into its neighbour.
pub fn hash_of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        let part = part.as_ref();
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut head = [0; 8];
    hasher.finalize_xof().fill(&mut head);
    u64::from_le_bytes(head)
}

/// A hash of words in any order; 0 for none.
pub fn bag_hash(mut words: Vec<String>) -> u64 {
    words.sort_unstable();
    if words.is_empty() { 0 } else { hash_of(words) }
}

/// A fast mix for values that are hashed in their millions (splitmix64).
pub fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A fast hash of a word (FNV-1a, then mixed).
pub fn word_hash(word: &str) -> u64 {
    let fnv = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed(fnv)
}

/// Hasher of maps by gram: a gram is a hash already, only its bits must be spread.
#[derive(Debug, Clone, Copy, Default)]
pub struct GramHasher(u64);

impl Hasher for GramHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| mixed(hash ^ u64::from(*byte)));
    }

    fn write_u32(&mut self, gram: u32) {
        self.0 = u64::from(gram).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
