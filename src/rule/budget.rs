//! What one evaluation of a script may look at. Rhai counts steps, and a step may be a call that compares a text of megabytes with a hundred thousand words: what
//! such calls look at is counted here, in letters, before they begin. The same ad gets the same verdict on every machine.
//!
//! A clock stands behind the count, for what neither sees. Ordinary rules come near neither. A new function of the library whose work is more than
//! its text is long says so with [`spend`].

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Letters that one evaluation may look at: some tenths of a second at worst, and fifty words in a description of 100 kB sixty times over.
const MOST: u64 = 300_000_000;
/// The longest that one evaluation may take, whatever it does.
const LONGEST: Duration = Duration::from_secs(5);

thread_local! {
    /// What the evaluation under way on this thread has looked at.
    static LOOKED: Cell<u64> = const { Cell::new(0) };
    /// When the clock was first looked at in it.
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// An evaluation begins.
pub(super) fn begin() {
    LOOKED.set(0);
    BEGUN.set(None);
}

/// Whether an evaluation has had its time. The clock runs from the first time that it is asked: what ends before that needs none.
pub(super) fn is_over() -> bool {
    let begun = BEGUN.get().unwrap_or_else(Instant::now);
    BEGUN.set(Some(begun));
    begun.elapsed() > LONGEST
}

/// Takes so many letters.
///
/// # Errors
/// The evaluation would have looked at too many.
pub(super) fn spend(letters: u64) -> Result<(), String> {
    let looked = LOOKED.get().saturating_add(letters);
    if looked > MOST {
        return Err("this takes too long: the texts are too long for so much that is looked for in them".to_owned());
    }
    LOOKED.set(looked);
    Ok(())
}

/// Takes what it costs to look for each of these in a text.
///
/// # Errors
/// As [`spend`].
pub(super) fn look_for(text: &str, words: &[impl AsRef<str>]) -> Result<(), String> {
    spend(words.iter().map(|word| (text.len() + word.as_ref().len()) as u64).fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_and_fifty_words_are_nothing() {
        let (text, words) = ("Look after the river. ".repeat(5_000), ["graduate"; 50]);
        begin();
        assert_eq!((0..40).map(|_| look_for(&text, &words)).find(Result::is_err), None);
    }

    #[test]
    fn what_is_too_much_is_refused_until_the_next_evaluation() {
        let (text, words) = ("x".repeat(400_000), vec!["xxxxy"; 90_000]);
        begin();
        assert!(look_for(&text, &words).is_err() && spend(MOST).is_ok() && spend(1).is_err());
        begin();
        assert!(spend(MOST).is_ok() && spend(u64::MAX).is_err());
    }
}
