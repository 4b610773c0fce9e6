//! How alike two names are, from 0 (nothing in common) to 1 (the same), whatever their case,
//! punctuation and order of words. Pure, and cheap enough for every ad of a read.

use std::collections::HashMap;
use std::hash::Hash;

/// The better of two views: words in common, and pairs of neighbouring letters in common, which
/// forgives an ending or a typing error.
pub fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (words(one), words(other));
    let by_letters = strsim::sorensen_dice(&one.join(" "), &other.join(" "));
    by_letters.max(in_common(&one, &other))
}

/// The share of words that two short texts have in common, such as names of places: an ending that
/// is the same says nothing there.
pub fn common_words(one: &str, other: &str) -> f64 {
    in_common(&words(one), &words(other))
}

/// Words of a phrase.
const PHRASE: usize = 3;

/// The share of phrases that two long texts have in common. All texts of a language share its
/// words; what is described in the same phrases is the same, or of one template.
pub fn shared_phrases(one: &str, other: &str) -> f64 {
    let (one, other) = (words(one), words(other));
    if one.len() < PHRASE || other.len() < PHRASE {
        return in_common(&one, &other);
    }
    dice(one.windows(PHRASE), other.windows(PHRASE))
}

fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn in_common(one: &[String], other: &[String]) -> f64 {
    dice(one.iter(), other.iter())
}

/// The Dice coefficient of two bags.
fn dice<T: Eq + Hash>(
    one: impl ExactSizeIterator<Item = T>,
    other: impl ExactSizeIterator<Item = T>,
) -> f64 {
    let all = one.len() + other.len();
    let mut bag: HashMap<T, usize> = HashMap::new();
    one.for_each(|item| *bag.entry(item).or_default() += 1);
    let take = |item: &T| {
        bag.get_mut(item)
            .filter(|left| **left > 0)
            .map(|left| *left -= 1)
            .is_some()
    };
    let shared = other.filter(take).count();
    #[allow(
        clippy::cast_precision_loss,
        reason = "texts have far fewer words than 2^52"
    )]
    let share = 2.0 * shared as f64 / all.max(1) as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::{common_words, likeness, shared_phrases};

    #[test]
    fn a_title_that_was_edited_stays_alike_and_another_job_does_not() {
        let alike = [
            ("Senior Data Engineer", "Data Engineer, Senior"),
            ("Registered Nurse", "Registered Nurses (several)"),
            ("Team Leader - Policy", "Policy team leader"),
            ("Reciptionist", "Receptionist"),
        ];
        let unlike = [
            ("Registered Nurse", "Park Ranger"),
            ("Data Engineer", "Customer Support"),
            ("Accountant", "Chef de Partie"),
        ];
        for (one, other) in alike {
            assert!(
                likeness(one, other) >= 0.4,
                "{one} / {other}: {}",
                likeness(one, other)
            );
        }
        for (one, other) in unlike {
            assert!(
                likeness(one, other) < 0.4,
                "{one} / {other}: {}",
                likeness(one, other)
            );
        }
    }

    #[test]
    fn it_is_the_same_both_ways_and_between_nothing_and_everything() {
        for (one, other) in [
            ("", ""),
            ("a", ""),
            ("Nurse", "nurse!"),
            ("a b a", "a a"),
            ("Ärztin", "ärztin"),
        ] {
            let there = likeness(one, other);
            assert!(
                (0.0..=1.0).contains(&there) && (there - likeness(other, one)).abs() < 1e-9,
                "{one} / {other}: {there}"
            );
        }
        assert!((likeness("Nurse", "nurse!") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn places_and_descriptions_are_alike_by_what_they_say_and_not_by_their_language() {
        for (one, other, alike) in [
            ("Lisbon", "Bristol", 0.0),
            ("Sydney Region", "Sydney", 0.66),
            ("Athens", "athens", 1.0),
            ("", "Porto", 0.0),
        ] {
            assert!(
                (common_words(one, other) - alike).abs() < 0.01,
                "{one} / {other}"
            );
        }
        let text = "You answer customers by telephone and mail, in shifts, in a team of ten.";
        let edited =
            "You answer customers by telephone and mail, in shifts, in a team of twelve people.";
        let other =
            "In a team of ten you draw banners and mail them to customers by the end of the day.";
        assert!(
            shared_phrases(text, edited) > 0.8 && shared_phrases(text, other) < 0.3,
            "{}",
            shared_phrases(text, other)
        );
        assert!((shared_phrases("a b", "b a") - 1.0).abs() < 1e-9 && shared_phrases("", "") < 1e-9);
    }
}
