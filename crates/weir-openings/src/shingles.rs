//! The description as a set of word 5-grams. Overlap is exact, never estimated from a sketch:
//! sketches only propose candidates. Grams that an employer prints under many titles are its
//! boilerplate and weigh little (`boilerplate.rs`).

use crate::fold::words_of;
use crate::hash::{mixed, word_hash};

/// Words of a gram.
const GRAM: usize = 5;
/// Longest text that is read, in words: a page behind an ad is no ad.
const LONGEST: usize = 4000;

/// The grams of a description as hashes, sorted, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextShingles {
    grams: Vec<u32>,
}

/// How much two texts have in common, boilerplate discounted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextOverlap {
    /// Weight of the shared grams over that of all.
    pub jaccard: f64,
    /// Weight of the shared grams over that of the lighter text.
    pub contained: f64,
    /// Weight of the lighter text, in grams; 0 if nothing is shared.
    pub lighter: f64,
}

impl TextOverlap {
    /// Nothing is shared, as by most pairs that are compared: nothing has to be weighed.
    const NONE: TextOverlap = TextOverlap { jaccard: 0.0, contained: 0.0, lighter: 0.0 };
}

impl TextShingles {
    /// The grams of a text or HTML; a text shorter than a gram is one gram.
    pub fn of(text: &str) -> TextShingles {
        let hashes: Vec<u64> = words_of(text).iter().take(LONGEST).map(|w| word_hash(w)).collect();
        let gram = |window: &[u64]| {
            let hash = window.iter().fold(0, |hash: u64, word| mixed(hash ^ word));
            u32::try_from(hash >> 32).unwrap_or_default()
        };
        let mut grams: Vec<u32> = match hashes.len() {
            0 => Vec::new(),
            1..GRAM => vec![gram(&hashes)],
            _ => hashes.windows(GRAM).map(gram).collect(),
        };
        grams.sort_unstable();
        grams.dedup();
        TextShingles { grams }
    }

    /// The hashes, sorted.
    pub fn grams(&self) -> &[u32] {
        &self.grams
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.grams.is_empty()
    }

    /// The hashes as bytes, as they are stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.grams.iter().flat_map(|gram| gram.to_le_bytes()).collect()
    }

    /// Reads stored bytes; what is no whole hash is left out.
    pub fn from_bytes(bytes: &[u8]) -> TextShingles {
        let chunks = bytes.chunks_exact(4);
        let mut grams: Vec<u32> = chunks
            .map(|chunk| u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]))
            .collect();
        grams.sort_unstable();
        grams.dedup();
        TextShingles { grams }
    }

    /// The exact overlap with another text, each gram by its weight; `None` if one of the two is
    /// missing.
    pub fn overlap(
        &self,
        other: &TextShingles,
        weight_of: impl Fn(u32) -> f64,
    ) -> Option<TextOverlap> {
        if self.is_empty() || other.is_empty() {
            return None;
        }
        let mut shared = shared(&self.grams, &other.grams).peekable();
        if shared.peek().is_none() {
            return Some(TextOverlap::NONE);
        }
        let shared: f64 = shared.map(&weight_of).sum();
        let weight = |grams: &[u32]| grams.iter().map(|gram| weight_of(*gram)).sum::<f64>();
        let (one, two) = (weight(&self.grams), weight(&other.grams));
        let lighter = one.min(two).max(f64::MIN_POSITIVE);
        let all = (one + two - shared).max(f64::MIN_POSITIVE);
        Some(TextOverlap { jaccard: shared / all, contained: shared / lighter, lighter })
    }
}

/// What two sorted lists share.
fn shared<'a>(one: &'a [u32], other: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let mut rest = other;
    one.iter().copied().filter(move |gram| {
        let skip = rest.iter().position(|there| there >= gram).unwrap_or(rest.len());
        rest = &rest[skip..];
        rest.first() == Some(gram)
    })
}

#[cfg(test)]
mod tests {
    use super::{TextOverlap, TextShingles};

    const TEXT: &str = "You sort and label incoming samples, keep the records of the cold room, \
        and call the ward when a result cannot wait until the morning round.";

    #[test]
    fn overlap_forgives_markup_and_sees_a_text_cut_short() {
        let html = format!("<div><p>{}</p></div>", TEXT.replace(", ", ",<br/> "));
        let (one, cut) = (TextShingles::of(TEXT), TextShingles::of(&TEXT[..90]));
        let whole = one.overlap(&TextShingles::of(&html), |_| 1.0).unwrap();
        assert!((whole.jaccard - 1.0).abs() < 1e-9);
        let part = one.overlap(&cut, |_| 1.0).unwrap();
        assert!(part.contained > 0.85 && part.jaccard < 0.7, "{part:?}");
        assert!(one.overlap(&TextShingles::of(" \n"), |_| 1.0).is_none());
        let other = TextShingles::of("Another text of another ad, with none of those words in it.");
        assert_eq!(one.overlap(&other, |_| 1.0), Some(TextOverlap::NONE));
    }

    #[test]
    fn stored_bytes_are_read_back_even_when_they_are_broken() {
        let one = TextShingles::of(TEXT);
        assert_eq!(TextShingles::from_bytes(&one.to_bytes()), one);
        assert_eq!(TextShingles::from_bytes(&[1, 2, 3]), TextShingles::default());
    }
}
