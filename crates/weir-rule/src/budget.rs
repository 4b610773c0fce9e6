//! Limits what one evaluation of a script may inspect. Rhai counts steps, but a single step may be
//! a call that compares megabytes of text with a hundred thousand words: the characters inspected
//! by such calls are counted here before they start. The same ad gets the same verdict on every
//! machine.
//!
//! A clock backs up the count for work that neither counter sees. Ordinary rules come close to
//! neither limit. A new library function whose work exceeds the length of its text must report it
//! with [`spend`].

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Characters that one evaluation may inspect: some tenths of a second at worst, and sixty times
/// the cost of fifty words in a description of 100 kB.
const MOST: u64 = 300_000_000;
/// Maximum time of one evaluation, whatever it does.
const LONGEST: Duration = Duration::from_secs(5);

thread_local! {
    /// What the current evaluation on this thread has inspected.
    static LOOKED: Cell<u64> = const { Cell::new(0) };
    /// When the clock was first looked at in it.
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Starts an evaluation.
pub(super) fn begin() {
    LOOKED.set(0);
    BEGUN.set(None);
}

/// Whether an evaluation has exceeded its time. The clock starts with the first check: evaluations
/// that end before need none.
pub(super) fn is_over() -> bool {
    let begun = BEGUN.get().unwrap_or_else(Instant::now);
    BEGUN.set(Some(begun));
    begun.elapsed() > LONGEST
}

/// Spends this many characters.
///
/// # Errors
/// The evaluation would exceed its limit.
pub(super) fn spend(letters: u64) -> Result<(), String> {
    let looked = LOOKED.get().saturating_add(letters);
    if looked > MOST {
        return Err("it takes too long: too many searches in long text".to_owned());
    }
    LOOKED.set(looked);
    Ok(())
}

/// Spends the cost of searching a text for each of these.
///
/// # Errors
/// As [`spend`].
pub(super) fn look_for(text: &str, words: &[impl AsRef<str>]) -> Result<(), String> {
    spend(
        words
            .iter()
            .map(|word| (text.len() + word.as_ref().len()) as u64)
            .fold(0, u64::saturating_add),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_and_fifty_words_are_nothing() {
        let (text, words) = ("Look after the river. ".repeat(5_000), ["graduate"; 50]);
        begin();
        assert_eq!(
            (0..40)
                .map(|_| look_for(&text, &words))
                .find(Result::is_err),
            None
        );
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
