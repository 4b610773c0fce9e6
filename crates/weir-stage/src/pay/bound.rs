//! Whether a single amount is only the least or only the most: `from`, `up to`, `or more`, `(max)`,
//! `≤`. It must not guess: `plus` before an amount adds it. To teach it a word: the tables below,
//! and a line in `cases`.

use super::lexeme::{Lexeme, Token};

/// Which end a single amount is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AmountBound {
    /// The least.
    Least,
    /// The most.
    Most,
}

/// Words for the least, in front of it or after it.
const LEAST: &[&str] = &[
    "min",
    "minimum",
    "minimal",
    "minimaal",
    "mind",
    "mindestens",
    "minstens",
    "minst",
    "mindst",
    "mín",
    "mínimo",
    "minimo",
    "almeno",
    "minimalnie",
];
/// Words for the most, in front of it or after it.
const MOST: &[&str] = &[
    "max",
    "maximum",
    "maximal",
    "maximaal",
    "höchstens",
    "hoogstens",
    "högst",
    "højst",
    "høyst",
    "máx",
    "máximo",
    "massimo",
    "maximálně",
    "maksymalnie",
];
/// Words in front of the least.
const FROM: &[&str] = &[
    "from",
    "over",
    "above",
    "exceeding",
    "exceeds",
    "beyond",
    "starting",
    "ab",
    "über",
    "dès",
    "desde",
    "vanaf",
    "upwards",
    "north",
    "between",
    "zwischen",
    "entre",
    "tussen",
    "oltre",
    "da",
    "od",
    "från",
    "fra",
    "superior",
    "beginning",
];
/// Words in front of the most.
const UP_TO: &[&str] = &[
    "under", "below", "bis", "zu", "upto", "tot", "hasta", "capped", "ceiling", "unter", "fino",
    "até", "jusque", "inferior", "opptil",
];
/// Than, in the languages of pay.
const THAN: &[&str] = &["than", "als", "dan", "de", "di", "que", "än", "end", "enn"];
/// More, in those.
const MORE: &[&str] = &[
    "more", "greater", "higher", "mehr", "meer", "plus", "más", "mas", "mais", "più", "piu", "mer",
    "mere", "över", "better",
];
/// Less, in those.
const LESS: &[&str] = &[
    "less", "fewer", "lower", "weniger", "minder", "moins", "menos", "meno", "mindre", "mniej",
    "smaller",
];
/// Words between an amount and what may go beyond it.
const JOINING: &[&str] = &[
    "and", "or", "&", "und", "oder", "et", "ou", "y", "o", "e", "en", "of", "och",
];
/// Words for what goes beyond an amount.
const BEYOND: &[&str] = &[
    "above", "up", "over", "more", "upwards", "higher", "greater", "beyond", "mehr", "höher",
    "más", "mas", "mais", "più", "meer", "superior", "better",
];
/// Words for what stays below an amount.
const BELOW: &[&str] = &[
    "less", "below", "under", "lower", "weniger", "moins", "menos", "meno", "minder", "inferior",
];

/// `not more than` is the most.
fn turned(bound: AmountBound, no: Option<&str>) -> AmountBound {
    let is_turned = matches!(
        no,
        Some("no" | "not" | "never" | "nicht" | "niet" | "pas" | "non" | "não" | "inte" | "ikke")
    );
    match (bound, is_turned) {
        (bound, false) => bound,
        (AmountBound::Least, true) => AmountBound::Most,
        (AmountBound::Most, true) => AmountBound::Least,
    }
}

/// `< $60,000`, `≥ $60,000`; `-> $60,000` is an arrow.
pub(super) fn bound_by_sign(tokens: &[Token], start: usize) -> Option<AmountBound> {
    let ahead = tokens.get(..start).unwrap_or_default();
    let ahead = match ahead {
        [before @ .., token] if token.is('=') => before,
        [
            before @ ..,
            Token {
                what: Lexeme::Money(_),
                ..
            },
        ] => before,
        all => all,
    };
    let (sign, before) = ahead.split_last()?;
    let is_arrow = sign.is_glued
        && before
            .last()
            .is_some_and(|token| token.is('-') || token.is('='));
    match sign.what {
        Lexeme::Sign('<' | '≤' | '⩽' | '≦') => Some(AmountBound::Most),
        Lexeme::Sign('>' | '≥' | '⩾' | '≧') if !is_arrow => Some(AmountBound::Least),
        _ => None,
    }
}

/// `$90,000 or more`, `$90,000 (max)`, `$90,000 - $`.
pub(super) fn bound_behind(tokens: &[Token], end: usize) -> Option<AmountBound> {
    let at = end + usize::from(tokens.get(end).is_some_and(|token| token.is('(')));
    let word = |at: usize| tokens.get(at).and_then(Token::word);
    let is_of_next = tokens.get(at + 1).is_some_and(|token| {
        token.is(':') || matches!(token.what, Lexeme::Money(_) | Lexeme::Number(_))
    });
    match (word(at).filter(|_| !is_of_next), word(at + 1)) {
        (Some(word), Some(next)) if JOINING.contains(&word) && BEYOND.contains(&next) => {
            return Some(AmountBound::Least);
        }
        (Some(word), Some(next)) if JOINING.contains(&word) && BELOW.contains(&next) => {
            return Some(AmountBound::Most);
        }
        (Some("at"), Some("least")) => return Some(AmountBound::Least),
        (Some("at"), Some("most")) => return Some(AmountBound::Most),
        (Some("upwards" | "onwards" | "aufwärts"), _) => return Some(AmountBound::Least),
        (Some(word), _) if LEAST.contains(&word) => return Some(AmountBound::Least),
        (Some(word), _) if MOST.contains(&word) => return Some(AmountBound::Most),
        (Some("plus"), None) if at == end && tokens.len() == at + 1 => {
            return Some(AmountBound::Least);
        }
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
    (is_link && is_cut).then_some(AmountBound::Least)
}

/// What the preceding words say, nearest first.
pub(super) fn bound_before(words: &[&str]) -> Option<AmountBound> {
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
        (Some(than), Some(word), no) if THAN.contains(&than) && MORE.contains(&word) => {
            Some(turned(AmountBound::Least, no))
        }
        (Some(than), Some(word), no) if THAN.contains(&than) && LESS.contains(&word) => {
            Some(turned(AmountBound::Most, no))
        }
        (Some("moins" | "menos"), Some("au" | "al" | "pelo" | "lo"), _) => Some(AmountBound::Least),
        (Some("most"), Some("at"), _)
        | (Some("at"), Some("capped"), _)
        | (Some("exceed" | "exceeding"), Some("not"), _)
        | (Some("till"), Some("upp"), _)
        | (Some("til"), Some("op" | "opp"), _) => Some(AmountBound::Most),
        (Some("least"), Some("at"), _)
        | (
            Some("at"),
            Some("starting" | "starts" | "start" | "commencing" | "begins" | "beginning" | "from"),
            _,
        ) => Some(AmountBound::Least),
        (Some("partir" | "partire"), ..)
        | (Some("de" | "von" | "da"), Some("partir" | "ab" | "partire"), _)
        | (Some("excess"), Some("in"), _) => Some(AmountBound::Least),
        (Some("à"), Some("supérieur" | "supérieure"), _) => Some(AmountBound::Least),
        (Some("à"), Some("inférieur" | "inférieure"), _) => Some(AmountBound::Most),
        (Some(word), ..) if LEAST.contains(&word) || FROM.contains(&word) => {
            Some(AmountBound::Least)
        }
        (Some(word), ..) if MOST.contains(&word) || UP_TO.contains(&word) => {
            Some(AmountBound::Most)
        }
        (Some("à"), Some("jusqu"), _) => Some(AmountBound::Most),
        (Some("up"), ..) if leading_to => Some(AmountBound::Most),
        _ if leading_to => Some(AmountBound::Most),
        _ => None,
    }
}
