//! Whether a single amount is only the least or only the most: `from`, `up to`, `or more`, `(max)`.

use super::lexeme::{Lexeme, Token};

/// Which end a single amount is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The least.
    Least,
    /// The most.
    Most,
}

/// `$90,000 or more`, `$90,000 (max)`, `$90,000 - $`.
pub(super) fn bound_behind(tokens: &[Token], end: usize) -> Option<Bound> {
    let at = end + usize::from(tokens.get(end).is_some_and(|token| token.is('(')));
    let word = |at: usize| tokens.get(at).and_then(Token::word);
    let is_of_next = tokens.get(at + 1).is_some_and(|token| {
        token.is(':') || matches!(token.what, Lexeme::Money(_) | Lexeme::Number(_))
    });
    match (word(at).filter(|_| !is_of_next), word(at + 1)) {
        (
            Some("and" | "or" | "&"),
            Some("above" | "up" | "over" | "more" | "upwards" | "higher" | "greater" | "beyond"),
        )
        | (Some("upwards" | "minimum" | "min" | "onwards"), _) => return Some(Bound::Least),
        (Some("or" | "and"), Some("less" | "below" | "under")) | (Some("maximum" | "max"), _) => {
            return Some(Bound::Most);
        }
        (Some("plus"), None) if at == end && tokens.len() == at + 1 => return Some(Bound::Least),
        _ => {}
    }
    let is_link = tokens
        .get(end)
        .is_some_and(|token| token.is('-') || matches!(token.word(), Some("to" | "bis")));
    let next = tokens.get(end + 1).map(|token| &token.what);
    let is_cut = match next {
        None | Some(Lexeme::Break) => true,
        Some(Lexeme::Money(_)) => !matches!(
            tokens.get(end + 2).map(|token| &token.what),
            Some(Lexeme::Number(_))
        ),
        Some(_) => false,
    };
    (is_link && is_cut).then_some(Bound::Least)
}

/// What the preceding words say, nearest first.
pub(super) fn bound_before(words: &[&str]) -> Option<Bound> {
    let passed = |word: &&&str| {
        !matches!(
            **word,
            "of" | "a"
                | "an"
                | "the"
                | "salary"
                | "pay"
                | "approx"
                | "approximately"
                | "around"
                | "about"
                | "to"
        )
    };
    let leading_to = words.first() == Some(&"to");
    let mut back = words.iter().filter(passed).copied();
    let (first, second, third) = (back.next(), back.next(), back.next());
    match (first, second, third) {
        (Some("than"), Some("more" | "greater"), Some("no" | "not")) => Some(Bound::Most),
        (Some("than"), Some("less"), Some("no" | "not"))
        | (Some("than"), Some("more" | "greater"), _) => Some(Bound::Least),
        (Some("than"), Some("less" | "fewer"), _) | (Some("at"), Some("capped"), _) => {
            Some(Bound::Most)
        }
        (Some("least"), Some("at"), _)
        | (
            Some("at"),
            Some("starting" | "starts" | "start" | "commencing" | "begins" | "beginning" | "from"),
            _,
        ) => Some(Bound::Least),
        (Some("partir"), ..)
        | (Some("de" | "von"), Some("partir" | "ab"), _)
        | (Some("excess"), Some("in"), _) => Some(Bound::Least),
        (
            Some(
                "from" | "min" | "minimum" | "over" | "above" | "starting" | "ab" | "dès" | "desde"
                | "vanaf" | "upwards" | "north" | "between" | "zwischen" | "entre" | "tussen",
            ),
            ..,
        ) => Some(Bound::Least),
        (
            Some(
                "max" | "maximum" | "under" | "below" | "bis" | "zu" | "upto" | "tot" | "hasta"
                | "capped" | "ceiling",
            ),
            ..,
        )
        | (Some("à"), Some("jusqu"), _) => Some(Bound::Most),
        (Some("up"), ..) if leading_to => Some(Bound::Most),
        _ if leading_to => Some(Bound::Most),
        _ => None,
    }
}
