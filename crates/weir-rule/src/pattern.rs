//! Patterns that rules look for, and how much they may look. A pattern is compiled within bounds
//! and never goes back, so looking costs at most its size times the length of the text; both come
//! from outside, so the sum of that is bounded for each evaluation of a script. The bound is
//! counted and not timed: the same ad gets the same verdict on every machine.

use super::budget;
use regex::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Size limits of a compiled pattern, in bytes.
const SIZES: std::ops::RangeInclusive<u32> = 10..=18;
/// Approximate bytes per state of a pattern.
const STATE: u64 = 64;
/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct TextPattern {
    regex: Regex,
    /// Its states, about.
    states: u64,
}

impl TextPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// It is invalid, or too large.
    pub(super) fn new(text: &str) -> Result<TextPattern, String> {
        let build = |size: u32| {
            RegexBuilder::new(text)
                .size_limit(1 << size)
                .build()
                .map(|regex| TextPattern {
                    regex,
                    states: (1 << size) / STATE,
                })
        };
        let found = SIZES.map(build).try_fold(None, |_, built| match built {
            Ok(pattern) => Err(Ok(pattern)),
            // Only a pattern that is too large is retried with a larger limit.
            Err(error @ regex::Error::CompiledTooBig(_)) => Ok(Some(error)),
            Err(error) => Err(Err(error)),
        });
        let built = match found {
            Err(built) => built,
            Ok(Some(error)) => Err(error),
            Ok(None) => Err(regex::Error::CompiledTooBig(0)),
        };
        built.map_err(|error| {
            format!(
                "invalid pattern `{text}`: {}",
                error
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
            )
        })
    }

    /// Whether it is found in a text.
    ///
    /// # Errors
    /// The evaluation would have looked too much.
    pub(super) fn is_found(&self, text: &str) -> Result<bool, String> {
        let letters = self.states.saturating_mul(text.len() as u64);
        budget::spend(letters).map_err(|_| {
            format!(
                "pattern matching takes too long: the pattern is too large for {} bytes of text",
                text.len()
            )
        })?;
        Ok(self.regex.is_match(text))
    }

    /// The first part of the text that it matches.
    pub(super) fn first<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = self.is_found(text).ok()?;
        found
            .then(|| self.regex.find(text))
            .flatten()
            .map(|part| part.as_str())
    }
}

/// Patterns that were compiled before; a rule has few.
#[derive(Default)]
pub(super) struct PatternCache(Mutex<HashMap<String, Arc<TextPattern>>>);

impl PatternCache {
    /// Patterns that are kept; scripts could make up more.
    const MOST: usize = 256;

    /// The pattern for a text. It is shared: a copy would lose what matching has cached.
    pub(super) fn of(&self, text: &str) -> Result<Arc<TextPattern>, String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pattern) = known.get(text) {
            return Ok(Arc::clone(pattern));
        }
        let compiled = Arc::new(TextPattern::new(text)?);
        if known.len() >= PatternCache::MOST {
            known.clear();
        }
        known.insert(text.to_owned(), Arc::clone(&compiled));
        Ok(compiled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pattern_or_too_large_is_told() {
        assert!(
            TextPattern::new("(a")
                .unwrap_err()
                .contains("unclosed group")
        );
        assert!(TextPattern::new("a{1000}{1000}{1000}").is_err());
    }

    #[test]
    fn ordinary_patterns_look_at_long_texts_and_large_ones_only_so_long() {
        let text = "Look after the river. ".repeat(5_000);
        budget::begin();
        for _ in 0..10 {
            assert_eq!(
                TextPattern::new("river (gauge|keeper)$")
                    .unwrap()
                    .is_found(&text),
                Ok(false)
            );
        }
        let large = TextPattern::new("x[xy]{3000}z").unwrap();
        budget::begin();
        assert_eq!(large.is_found("xyz"), Ok(false));
        let found = (0..1000)
            .map(|_| large.is_found(&"xy".repeat(2_000)))
            .take_while(Result::is_ok)
            .count();
        assert!((1..100).contains(&found), "{found}");
    }
}
