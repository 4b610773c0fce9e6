//! Which amounts of a text are the two ends of a range: what is between them, and whether they fit.
//! Two amounts with something unknown between them stay separate.

use super::amount::{Amount, Kind};
use super::labels::{Label, label};
use super::lexeme::{Lexeme, Token};
use super::periods::Period;
use super::words::agree;

/// The ends of a range lie no farther apart, where one of them has no currency.
const FARTHEST: f64 = 10.0;

/// One amount, or two that are the ends of a range.
#[derive(Debug, Clone)]
pub(super) struct Joined {
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) currency: Option<&'static str>,
    pub(super) period: Period,
    /// Its first token.
    pub(super) start: usize,
    /// Where its last amount ends.
    pub(super) span_end: usize,
    /// Where the period after it ends.
    pub(super) end: usize,
    /// The first tokens of its amounts.
    pub(super) members: Vec<usize>,
    /// Whether it has two ends.
    pub(super) is_range: bool,
    /// Whether it is not understood.
    pub(super) is_broken: bool,
    /// Whether it is other money by itself.
    pub(super) is_other: bool,
}

/// Whether two marks can mean one currency: `$` and `AUD`, but not `$` and `€`.
fn is_one_money(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one == other,
        (Some(code), None) | (None, Some(code)) => agree(code, None),
    }
}

impl Joined {
    fn one(amount: &Amount) -> Joined {
        Joined {
            low: amount.value,
            high: amount.value,
            currency: amount.mark.flatten(),
            period: amount.period,
            start: amount.span.start,
            span_end: amount.span.end,
            end: amount.end,
            members: vec![amount.span.start],
            is_range: false,
            is_broken: amount.value.is_none(),
            is_other: amount.is_other,
        }
    }

    fn two(first: &Amount, second: &Amount) -> Joined {
        let (low, high) = scaled(first, second);
        let is_turned = low.zip(high).is_some_and(|(low, high)| low > high);
        let (low, high) = if is_turned { (high, low) } else { (low, high) };
        let is_of_two_moneys = first
            .mark
            .zip(second.mark)
            .is_some_and(|(one, other)| !is_one_money(one, other));
        let is_of_two_periods = first
            .period
            .known()
            .zip(second.period.known())
            .is_some_and(|(one, other)| one != other);
        Joined {
            low,
            high,
            currency: second.mark.flatten().or(first.mark.flatten()),
            period: second.period.or(|| first.period),
            start: first.span.start,
            span_end: second.span.end,
            end: second.end,
            members: vec![first.span.start, second.span.start],
            is_range: true,
            is_broken: low.is_none() || is_of_two_moneys || is_of_two_periods,
            is_other: first.is_other || second.is_other,
        }
    }

    /// Whether there is no upper end: `$90,000+`.
    pub(super) fn is_open(&self, tokens: &[Token]) -> bool {
        let is_plus = |at: usize| {
            let Some(token) = tokens.get(at).filter(|token| token.is('+')) else {
                return false;
            };
            let next = tokens.get(at + 1);
            let ends = next.is_none_or(|next| {
                next.what == Lexeme::Break || next.is(')') || next.is(',') || next.is('+')
            });
            let is_apart = token.is_glued
                && next.is_some_and(|next| {
                    !next.is_glued && !matches!(next.what, Lexeme::Money(_) | Lexeme::Number(_))
                });
            let is_timed = token.is_glued && super::periods::expression(tokens, at + 1).is_some();
            ends || is_apart || is_timed
        };
        is_plus(self.span_end) || is_plus(self.end)
    }
}

/// The amounts of a text, with the ends of ranges joined. Numbers that are not money are dropped;
/// so are plain ones, if there is money.
pub(super) fn joined(tokens: &[Token], amounts: &[Amount]) -> Vec<Joined> {
    let has_money = amounts.iter().any(|amount| amount.kind == Kind::Money);
    let mut found: Vec<Joined> = Vec::new();
    let mut at = 0;
    while let Some(first) = amounts.get(at) {
        let second = amounts
            .get(at + 1)
            .filter(|second| is_range(tokens, first, second));
        let can_begin = first.kind == Kind::Money
            || (first.kind == Kind::Bare
                && (!has_money || second.is_some_and(|second| second.kind == Kind::Money)));
        if !can_begin {
            at += 1;
            continue;
        }
        let Some(second) = second else {
            found.push(Joined::one(first));
            at += 1;
            continue;
        };
        let mut whole = Joined::two(first, second);
        at += 2;
        // Three in a row are not a range.
        while let Some(next) = amounts.get(at)
            && link(tokens, &amounts[at - 1], next) == Some(Link::Range)
            && is_range(tokens, &amounts[at - 1], next)
        {
            (whole.is_broken, whole.end) = (true, next.end);
            whole.members.push(next.span.start);
            at += 1;
        }
        found.push(whole);
    }
    found
}

/// Both values, sharing a multiplier of one of them if that is needed for a range: `110 - 130k`,
/// `$800 - $1k`.
fn scaled(first: &Amount, second: &Amount) -> (Option<f64>, Option<f64>) {
    let (one, other) = (first.value, second.value);
    let pick = |plain: Option<f64>, factor: f64, is_likely: &dyn Fn(f64) -> bool| {
        let plain = plain?;
        match (is_likely(plain), is_likely(plain * factor)) {
            (true, false) => Some(plain),
            (false, true) => Some(plain * factor),
            _ => None,
        }
    };
    match (first.factor, second.factor, one, other) {
        (None, Some(factor), _, Some(high)) => (
            pick(one, factor, &|low| {
                low <= high && high / low.max(0.01) <= FARTHEST
            }),
            other,
        ),
        (Some(factor), None, Some(low), _) => (
            one,
            pick(other, factor, &|high| {
                high >= low && high / low.max(0.01) <= FARTHEST
            }),
        ),
        _ => (one, other),
    }
}

/// What links two amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// `-`, `to`.
    Range,
    /// `and`, `/`.
    Both,
}

fn is_range(tokens: &[Token], first: &Amount, second: &Amount) -> bool {
    let Some(link) = link(tokens, first, second) else {
        return false;
    };
    let (low, high) = scaled(first, second);
    let is_near = || {
        low.zip(high)
            .is_none_or(|(low, high)| low <= high && high / low.max(0.01) <= FARTHEST)
    };
    let is_turned = low.zip(high).is_some_and(|(low, high)| low > high);
    match (first.kind, second.kind) {
        (Kind::Stray, _) | (_, Kind::Stray) => false,
        (Kind::Money, Kind::Money) if link == Link::Both || is_turned => {
            !is_named_other(tokens, second)
                && low
                    .zip(high)
                    .is_none_or(|(low, high)| low.max(high) / low.min(high).max(0.01) <= FARTHEST)
        }
        (Kind::Money, Kind::Money) => true,
        // `45 - 38`: a plain number after a higher one is not its lower end.
        (Kind::Bare, Kind::Bare) => {
            !is_turned || first.period != Period::Unsaid || second.period != Period::Unsaid
        }
        (_, Kind::Bare) => !second.is_year && is_near(),
        (Kind::Bare, _) => !first.is_year && is_near(),
    }
}

/// Whether the words after an amount classify it as other money.
fn is_named_other(tokens: &[Token], amount: &Amount) -> bool {
    let behind = tokens
        .get(amount.end..)
        .unwrap_or_default()
        .iter()
        .take(3)
        .map_while(Token::word);
    amount.is_other
        || behind
            .take_while(|word| {
                !matches!(
                    *word,
                    "plus" | "and" | "with" | "inc" | "incl" | "including"
                )
            })
            .any(|word| label(word) == Some(Label::Other))
}

fn link(tokens: &[Token], first: &Amount, second: &Amount) -> Option<Link> {
    let between = tokens.get(first.end..second.span.start).unwrap_or_default();
    if between.len() > 8 {
        return None;
    }
    let words: Vec<String> = between.iter().filter_map(linking).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_led = |leads: &[&str]| {
        tokens
            .get(..first.span.start)
            .unwrap_or_default()
            .iter()
            .rev()
            .take(3)
            .filter_map(Token::word)
            .any(|word| leads.contains(&word))
    };
    match words[..] {
        ["-"]
        | ["-", "-"]
        | ["-", "to"]
        | [";", "-"]
        | ["-", ";"]
        | [";", "-", ";"]
        | ["to"]
        | [";", "to"]
        | ["to", ";"] => Some(Link::Range),
        ["bis"]
        | ["bis", "zu"]
        | ["until"]
        | ["till"]
        | ["à"]
        | ["tot"]
        | ["hasta"]
        | ["thru"]
        | ["through"]
        | ["upto"]
        | ["jusqu", "'", "à"] => Some(Link::Range),
        [verb, "to"] | [",", verb, "to"] | [verb, "up", "to"] if is_rising(verb) => {
            Some(Link::Range)
        }
        [",", "and", "up", "to"] | ["and", "up", "to"] => Some(Link::Range),
        ["a" | "al"] if is_led(&["de", "desde", "del", "entre"]) => Some(Link::Range),
        ["and" | "und" | "et" | "en" | "y" | "&"]
            if is_led(&["between", "zwischen", "entre", "tussen"]) =>
        {
            Some(Link::Range)
        }
        ["and" | "und" | "et" | "en" | "y" | "&" | "or" | "oder" | "ou" | "/" | "a"] => {
            Some(Link::Both)
        }
        _ => None,
    }
}

fn is_rising(verb: &str) -> bool {
    matches!(
        verb,
        "up" | "rising"
            | "rises"
            | "increasing"
            | "increases"
            | "progressing"
            | "progresses"
            | "going"
            | "moving"
            | "climbing"
            | "growing"
            | "through"
    )
}

/// What a token between two amounts says about them; brackets and words such as `min` and `gross`
/// are neutral.
fn linking(token: &Token) -> Option<String> {
    match &token.what {
        Lexeme::Word(word) => {
            let says_nothing = matches!(
                word.as_str(),
                "min"
                    | "minimum"
                    | "max"
                    | "maximum"
                    | "gross"
                    | "brutto"
                    | "net"
                    | "netto"
                    | "base"
                    | "p"
            );
            (!says_nothing).then(|| word.clone())
        }
        Lexeme::Sign('(' | ')') | Lexeme::Money(_) => None,
        Lexeme::Sign(sign) => Some(sign.to_string()),
        Lexeme::Break => Some(";".to_owned()),
        Lexeme::Number(_) => Some("0".to_owned()),
    }
}
