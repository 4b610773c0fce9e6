//! Names of pay periods, on their own (`HOUR`, `per-year-salary`, `P1Y`) and in text (`per hour`,
//! `p.a.`, `(yearly)`). An unsupported period (twice a month, a quarter, once) is recognised as
//! such: it must never become the one whose name it contains.

use super::lexeme::{Lexeme, Token, tokens};
use super::period_words::{strong, weak};

/// The periods, as they are stored.
pub const PERIODS: [&str; 6] = ["hour", "day", "week", "fortnight", "month", "year"];

/// The period that a text states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatedPeriod {
    /// Nothing.
    #[default]
    Unsaid,
    /// One of [`PERIODS`].
    Known(&'static str),
    /// An unsupported one.
    Other,
}

impl StatedPeriod {
    /// The period, if it is one of ours.
    pub fn known(self) -> Option<&'static str> {
        if let StatedPeriod::Known(period) = self {
            Some(period)
        } else {
            None
        }
    }

    /// This one, or the other if this one is unstated.
    pub(super) fn or(self, other: impl FnOnce() -> StatedPeriod) -> StatedPeriod {
        if self == StatedPeriod::Unsaid {
            other()
        } else {
            self
        }
    }
}

/// Unsupported periods.
const OTHERS: [&str; 22] = [
    "quarterly",
    "semimonthly",
    "bimonthly",
    "semiannual",
    "semiannually",
    "biannual",
    "biannually",
    "biennial",
    "triweekly",
    "once",
    "onetime",
    "oneoff",
    "twice",
    "thrice",
    "piecework",
    "quarter",
    "shift",
    "semester",
    "trimester",
    "term",
    "decade",
    "minute",
];
/// Words before a period that make another one of it: `semi-monthly`, `every other week`.
const ALTERING: [&str; 13] = [
    "semi",
    "half",
    "bi",
    "tri",
    "twice",
    "quarter",
    "other",
    "alternate",
    "second",
    "third",
    "two",
    "three",
    "four",
];
/// Words that only say how often a period occurs.
const LEADING: [&str; 14] = [
    "per", "p", "a", "an", "each", "every", "the", "pro", "je", "par", "por", "im", "al", "one",
];
/// Adjectives of a period that is the same with them.
const PLAIN: [&str; 4] = ["calendar", "working", "full", "single"];
/// Words next to a period on its own.
const BESIDE: [&str; 31] = [
    "salary",
    "salaries",
    "wage",
    "wages",
    "rate",
    "rates",
    "pay",
    "paid",
    "payment",
    "gross",
    "net",
    "brutto",
    "netto",
    "base",
    "basis",
    "remuneration",
    "compensation",
    "amount",
    "earnings",
    "income",
    "fixed",
    "unit",
    "period",
    "frequency",
    "interval",
    "type",
    "in",
    "of",
    "on",
    "paid",
    "plus",
];

/// The period that a text by itself names.
pub fn period(text: &str) -> StatedPeriod {
    let text = text.trim().to_lowercase();
    if let Some(period) = iso_duration(&text) {
        return period;
    }
    let tokens = tokens(&text.replace('_', " "));
    let (mut found, mut at) = (StatedPeriod::Unsaid, 0);
    while at < tokens.len() {
        let before = found;
        if let Some((next, period)) = expression(&tokens, at).or_else(|| bare(&tokens, at)) {
            (found, at) = (
                if before == StatedPeriod::Unsaid || before == period {
                    period
                } else {
                    StatedPeriod::Other
                },
                next,
            );
        } else if is_beside(&tokens[at]) {
            at += 1;
        } else {
            return StatedPeriod::Other;
        }
    }
    found
}

fn is_beside(token: &Token) -> bool {
    match &token.what {
        Lexeme::Word(word) => {
            BESIDE.contains(&word.as_str())
                || LEADING.contains(&word.as_str())
                || PLAIN.contains(&word.as_str())
        }
        Lexeme::Sign(_) | Lexeme::Break | Lexeme::Money(_) => true,
        Lexeme::Number(_) => false,
    }
}

/// `1 year`, `2 weeks`, `YEAR`.
fn bare(tokens: &[Token], at: usize) -> Option<(usize, StatedPeriod)> {
    if let Lexeme::Number(_) = tokens.get(at)?.what {
        return Some((at + 2, counted(tokens, at)));
    }
    let word = tokens
        .get(at)?
        .word()
        .filter(|word| !matches!(*word, "an" | "y" | "mes"))?;
    Some((at + 1, StatedPeriod::Known(weak(word)?)))
}

/// `P1Y`, `PT1H`, `P2W`.
fn iso_duration(text: &str) -> Option<StatedPeriod> {
    let rest = text.strip_prefix('p').filter(|rest| {
        rest.contains(|letter: char| letter.is_ascii_digit()) && !rest.contains(' ')
    })?;
    Some(match rest {
        "t1h" | "t60m" => StatedPeriod::Known("hour"),
        "1d" | "t24h" => StatedPeriod::Known("day"),
        "1w" | "7d" => StatedPeriod::Known("week"),
        "2w" | "14d" => StatedPeriod::Known("fortnight"),
        "1m" => StatedPeriod::Known("month"),
        "1y" | "12m" => StatedPeriod::Known("year"),
        _ => StatedPeriod::Other,
    })
}

/// `2 weeks`.
fn counted(tokens: &[Token], at: usize) -> StatedPeriod {
    let Some(Token {
        what: Lexeme::Number(number),
        ..
    }) = tokens.get(at)
    else {
        return StatedPeriod::Other;
    };
    let unit = tokens.get(at + 1).and_then(Token::word).and_then(weak);
    match (number.amount, unit) {
        (Some(1.0), Some(unit)) => StatedPeriod::Known(unit),
        (Some(2.0), Some("week")) => StatedPeriod::Known("fortnight"),
        (Some(12.0), Some("month")) => StatedPeriod::Known("year"),
        _ => StatedPeriod::Other,
    }
}

/// The period that a text names at a place, and where it ends: `per hour`, `/yr`, `p.a.`,
/// `semi-monthly`.
pub(super) fn expression(tokens: &[Token], at: usize) -> Option<(usize, StatedPeriod)> {
    let word = |at: usize| tokens.get(at).and_then(Token::word);
    let first = tokens.get(at)?;
    if first.is('/')
        || matches!(
            first.word(),
            Some("per" | "pro" | "je" | "par" | "every" | "each")
        )
    {
        return led(tokens, at + 1, first.word() == Some("per"));
    }
    let first = first.word()?;
    if first == "p" && tokens.get(at + 1).is_some_and(|token| token.is('/')) {
        let short = word(at + 2).and_then(|word| strong(&format!("p{word}")));
        return short
            .map(|period| (at + 3, StatedPeriod::Known(period)))
            .or_else(|| led(tokens, at + 2, false));
    }
    if first == "de"
        && word(at + 1) == Some("l")
        && tokens.get(at + 2).is_some_and(|token| token.is('\''))
    {
        return Some((at + 4, StatedPeriod::Known(weak(word(at + 3)?)?)));
    }
    if matches!(word(at + 1), Some("rate" | "rates"))
        && let Some(period) = weak(first)
    {
        return Some((at + 2, StatedPeriod::Known(period)));
    }
    if let Some(found) = altered(tokens, at) {
        return Some(found);
    }
    if matches!(first, "one" | "once")
        && matches!(word(skip_dash(tokens, at + 1)), Some("off" | "time"))
    {
        return Some((skip_dash(tokens, at + 1) + 1, StatedPeriod::Other));
    }
    if OTHERS.contains(&first) {
        return Some((at + 1, StatedPeriod::Other));
    }
    if let Some(period) = strong(first) {
        return is_period_there(tokens, at, first).then_some((at + 1, StatedPeriod::Known(period)));
    }
    let is_led = matches!(first, "a" | "an" | "p" | "im" | "al" | "por");
    let named = word(at + 1).filter(|_| is_led).and_then(weak)?;
    Some((at + 2, StatedPeriod::Known(named)))
}

/// What follows `per` or `/`: a supported period, or another. `per` is always followed by a period.
fn led(tokens: &[Token], at: usize, is_per: bool) -> Option<(usize, StatedPeriod)> {
    let other = |next: usize| is_per.then_some((next, StatedPeriod::Other));
    if matches!(tokens.get(at)?.what, Lexeme::Number(_)) {
        let period = counted(tokens, at);
        return if period == StatedPeriod::Other {
            other(at + 2)
        } else {
            Some((at + 2, period))
        };
    }
    if let Some(found) = altered(tokens, at) {
        return Some(found);
    }
    let word = tokens.get(at)?.word()?;
    let is_plain = PLAIN.contains(&word) || matches!(word, "a" | "an" | "the");
    match weak(word).or_else(|| strong(word)) {
        Some(period) => Some((at + 1, StatedPeriod::Known(period))),
        None if is_plain && tokens.get(at + 1).and_then(Token::word).is_some() => {
            led(tokens, at + 1, is_per)
        }
        None if OTHERS.contains(&word) => Some((at + 1, StatedPeriod::Other)),
        None if matches!(word, "cent" | "annual") => None,
        None => other(at + 1),
    }
}

/// `semi-monthly`, `bi-weekly`, `two weeks`, `half day`, `twice a month`.
fn altered(tokens: &[Token], at: usize) -> Option<(usize, StatedPeriod)> {
    let first = tokens.get(at)?.word()?;
    if !ALTERING.contains(&first) {
        return None;
    }
    let mut next = skip_dash(tokens, at + 1);
    if first == "twice"
        && matches!(
            tokens.get(next).and_then(Token::word),
            Some("a" | "per" | "each" | "every")
        )
    {
        next += 1;
    }
    let unit = tokens
        .get(next)
        .and_then(Token::word)
        .and_then(|word| weak(word).or_else(|| strong(word)))?;
    let is_fortnight =
        unit == "week" && matches!(first, "bi" | "two" | "second" | "other" | "alternate");
    Some((
        next + 1,
        if is_fortnight {
            StatedPeriod::Known("fortnight")
        } else {
            StatedPeriod::Other
        },
    ))
}

fn skip_dash(tokens: &[Token], at: usize) -> usize {
    at + usize::from(tokens.get(at).is_some_and(|token| token.is('-')))
}

/// Whether `annual`, `weekly` and the like are the period, rather than part of something else:
/// `annual leave`.
fn is_period_there(tokens: &[Token], at: usize, word: &str) -> bool {
    if matches!(
        word,
        "pa" | "ph" | "phr" | "pd" | "pw" | "pf" | "pcm" | "annum" | "annually" | "pm"
    ) {
        return word != "pm" || !follows_time(tokens, at);
    }
    tokens
        .get(at + 1)
        .and_then(Token::word)
        .is_none_or(|next| BESIDE.contains(&next) || super::labels::is_beside_pay(next))
}

/// `5 pm` is a time of the day.
fn follows_time(tokens: &[Token], at: usize) -> bool {
    let before = at
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .map(|token| &token.what);
    matches!(before, Some(Lexeme::Number(number)) if number.amount.is_some_and(|hour| hour <= 12.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_many_names() {
        for (text, meant) in [
            ("HOUR", "hour"),
            ("hourly rate", "hour"),
            ("per-hour-wage", "hour"),
            ("PT1H", "hour"),
            ("DAY", "day"),
            ("Daily", "day"),
            ("WEEK", "week"),
            ("Fortnightly", "fortnight"),
            ("biweekly", "fortnight"),
            ("bi-weekly", "fortnight"),
            ("every two weeks", "fortnight"),
            ("2 weeks", "fortnight"),
            ("per_month", "month"),
            ("per calendar month", "month"),
            ("p.a.", "year"),
            ("P.A.", "year"),
            ("per-year-salary", "year"),
            ("YEARLY", "year"),
            ("1 YEAR", "year"),
            ("12 months", "year"),
            ("P1Y", "year"),
            ("per annum", "year"),
            ("Per Annum", "year"),
            ("annual salary", "year"),
        ] {
            assert_eq!(period(text), StatedPeriod::Known(meant), "{text}");
        }
        assert_eq!(period(""), StatedPeriod::Unsaid);
        for text in [
            "semi-monthly",
            "SEMI_MONTHLY",
            "bi-monthly",
            "twice a month",
            "half-yearly",
            "half day",
            "every 4 weeks",
            "every other month",
            "quarterly",
            "quarter",
            "ONE_TIME",
            "once",
            "one-off",
            "per shift",
            "3 days per week",
            "weekly or monthly",
            "P3M",
            "school year",
            "soon",
        ] {
            assert_eq!(period(text), StatedPeriod::Other, "{text}");
        }
    }
}
