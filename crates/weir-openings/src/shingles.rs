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

/// What a light gram weighs; any other weighs 1.
const LIGHT: f64 = 0.05;

/// Which grams of a text are light: its employer prints them everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LightGrams {
    /// For each gram of the text; none of an empty list is light.
    flags: Vec<bool>,
    count: usize,
}

impl LightGrams {
    /// Asks for each gram of a text.
    pub fn of(text: &TextShingles, is_light: impl Fn(u32) -> bool) -> LightGrams {
        let flags: Vec<bool> = text.grams.iter().map(|gram| is_light(*gram)).collect();
        let count = flags.iter().filter(|light| **light).count();
        LightGrams { flags, count }
    }

    fn at(&self, gram: usize) -> bool {
        self.flags.get(gram).copied().unwrap_or_default()
    }
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
    /// Grams that are hashed already.
    pub fn of_grams(grams: impl IntoIterator<Item = u32>) -> TextShingles {
        let mut grams: Vec<u32> = grams.into_iter().collect();
        grams.sort_unstable();
        grams.dedup();
        TextShingles { grams }
    }

    /// The grams of a text or HTML; a text shorter than a gram is one gram.
    pub fn of(text: &str) -> TextShingles {
        let hashes: Vec<u64> = words_of(text).iter().take(LONGEST).map(|w| word_hash(w)).collect();
        let gram = |window: &[u64]| {
            let hash = window.iter().fold(0, |hash: u64, word| mixed(hash ^ word));
            u32::try_from(hash >> 32).unwrap_or_default()
        };
        match hashes.len() {
            0 => TextShingles::default(),
            1..GRAM => TextShingles { grams: vec![gram(&hashes)] },
            _ => TextShingles::of_grams(hashes.windows(GRAM).map(gram)),
        }
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
        let gram = |row: &[u8]| u32::from_le_bytes([row[0], row[1], row[2], row[3]]);
        TextShingles::of_grams(bytes.chunks_exact(4).map(gram))
    }

    /// Whether a gram is in both.
    pub fn meets(&self, other: &TextShingles) -> bool {
        shared_positions(&self.grams, &other.grams).next().is_some()
    }

    /// The exact overlap with another text; `None` if one of the two is missing. A gram is light by
    /// the text that it is in, and where both have it by either, as two employers often are one.
    pub fn overlap(&self, other: &TextShingles, light: [&LightGrams; 2]) -> Option<TextOverlap> {
        if self.is_empty() || other.is_empty() {
            return None;
        }
        let (mut shared, mut in_either, mut in_one, mut in_other) = (0, 0, 0, 0);
        for (at, there) in shared_positions(&self.grams, &other.grams) {
            let (one, two) = (light[0].at(at), light[1].at(there));
            shared += 1;
            in_either += usize::from(one || two);
            in_one += usize::from(one);
            in_other += usize::from(two);
        }
        if shared == 0 {
            return Some(TextOverlap::NONE);
        }
        let both = weight(shared, in_either);
        let one = weight(self.grams.len(), light[0].count + in_either - in_one);
        let two = weight(other.grams.len(), light[1].count + in_either - in_other);
        let lighter = one.min(two).max(f64::MIN_POSITIVE);
        let all = (one + two - both).max(f64::MIN_POSITIVE);
        Some(TextOverlap { jaccard: both / all, contained: both / lighter, lighter })
    }
}

/// The weight of so many grams, of which some are light.
#[allow(clippy::cast_precision_loss, reason = "a text has far fewer grams than 2^52")]
fn weight(grams: usize, light: usize) -> f64 {
    (grams - light) as f64 + LIGHT * light as f64
}

/// Where two sorted lists have what they share.
fn shared_positions(one: &[u32], other: &[u32]) -> impl Iterator<Item = (usize, usize)> {
    let (mut at, mut there) = (0, 0);
    std::iter::from_fn(move || {
        while let (Some(a), Some(b)) = (one.get(at), other.get(there)) {
            let equal = (a == b).then_some((at, there));
            at += usize::from(a <= b);
            there += usize::from(b <= a);
            if equal.is_some() {
                return equal;
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::{LightGrams, TextOverlap, TextShingles};

    const TEXT: &str = "You sort and label incoming samples, keep the records of the cold room, \
        and call the ward when a result cannot wait until the morning round.";

    #[test]
    fn overlap_forgives_markup_and_sees_a_text_cut_short() {
        let html = format!("<div><p>{}</p></div>", TEXT.replace(", ", ",<br/> "));
        let (one, cut) = (TextShingles::of(TEXT), TextShingles::of(&TEXT[..90]));
        let none = LightGrams::default();
        let none = [&none; 2];
        let whole = one.overlap(&TextShingles::of(&html), none).unwrap();
        assert!((whole.jaccard - 1.0).abs() < 1e-9);
        let part = one.overlap(&cut, none).unwrap();
        assert!(part.contained > 0.85 && part.jaccard < 0.7, "{part:?}");
        assert!(one.overlap(&TextShingles::of(" \n"), none).is_none());
        let other = TextShingles::of("Another text of another ad, with none of those words in it.");
        assert_eq!(one.overlap(&other, none), Some(TextOverlap::NONE));
    }

    #[test]
    fn a_gram_weighs_by_who_prints_it() {
        let (one, other) = (TextShingles::of(TEXT), TextShingles::of(&TEXT[..90]));
        let all = LightGrams::of(&one, |_| true);
        let none = LightGrams::default();
        let light = |light| one.overlap(&other, light).unwrap();
        let plain = light([&none; 2]);
        assert!(light([&all, &none]).lighter < 1.0, "what both print is light by either");
        let alone = LightGrams::of(&one, |gram| !other.grams().contains(&gram));
        let cut = light([&alone, &none]);
        assert!(cut.jaccard > plain.jaccard, "what only one prints everywhere tells little");
    }

    #[test]
    fn stored_bytes_are_read_back_even_when_they_are_broken() {
        let one = TextShingles::of(TEXT);
        assert_eq!(TextShingles::from_bytes(&one.to_bytes()), one);
        assert_eq!(TextShingles::from_bytes(&[1, 2, 3]), TextShingles::default());
    }
}
