//! How alike two names are, from 0 (nothing in common) to 1 (the same), whatever their case, punctuation and order of words. Pure, and cheap enough
//! for every ad of a read.

use std::collections::HashMap;

/// The better of two views: words in common, and pairs of neighbouring letters in common, which forgives an ending or a typing error.
pub fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (words(one), words(other));
    let by_letters = strsim::sorensen_dice(&one.join(" "), &other.join(" "));
    by_letters.max(in_common(&one, &other))
}

fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The Dice coefficient of two bags of words.
fn in_common(one: &[String], other: &[String]) -> f64 {
    let mut bag: HashMap<&str, usize> = HashMap::new();
    one.iter().for_each(|word| *bag.entry(word).or_default() += 1);
    let take = |word: &&String| bag.get_mut(word.as_str()).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
    let shared = other.iter().filter(take).count();
    let all = one.len() + other.len();
    #[allow(clippy::cast_precision_loss, reason = "titles have a few words")]
    let share = 2.0 * shared as f64 / all.max(1) as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::likeness;

    #[test]
    fn a_title_that_was_edited_stays_alike_and_another_job_does_not() {
        let alike = [
            ("Senior Data Engineer", "Data Engineer, Senior"),
            ("Registered Nurse", "Registered Nurses (several)"),
            ("Team Leader - Policy", "Policy team leader"),
            ("Reciptionist", "Receptionist"),
        ];
        let unlike = [("Registered Nurse", "Park Ranger"), ("Data Engineer", "Customer Support"), ("Accountant", "Chef de Partie")];
        for (one, other) in alike {
            assert!(likeness(one, other) >= 0.4, "{one} / {other}: {}", likeness(one, other));
        }
        for (one, other) in unlike {
            assert!(likeness(one, other) < 0.4, "{one} / {other}: {}", likeness(one, other));
        }
    }

    #[test]
    fn it_is_the_same_both_ways_and_between_nothing_and_everything() {
        for (one, other) in [("", ""), ("a", ""), ("Nurse", "nurse!"), ("a b a", "a a"), ("Ärztin", "ärztin")] {
            let there = likeness(one, other);
            assert!((0.0..=1.0).contains(&there) && (there - likeness(other, one)).abs() < 1e-9, "{one} / {other}: {there}");
        }
        assert!((likeness("Nurse", "nurse!") - 1.0).abs() < 1e-9);
    }
}
