//! Which amounts of a text are the two ends of a range: what is between them, and whether they fit.
//! Two amounts with something unknown between them stay separate.

use super::amount::{NumberRole, PayAmount};
use super::labels::{MoneyLabel, is_beside_pay, label, leads_to_pay};
use super::lexeme::{Lexeme, Token};
use super::offer::agrees;
use super::periods::{StatedPeriod, expression};
use super::words::agree;

/// The ends of a range lie no farther apart, where one of them has no currency.
const FARTHEST: f64 = 10.0;
/// Farther apart, one of them lacks something: `£28-32,000`.
const UNHEARD_OF: f64 = 100.0;
/// The ends of a range lie no farther apart, where one of them lacks its thousands.
const CLOSE: f64 = 3.0;
/// A plain number farther from an amount than this is not written like it by chance.
const ALIKE: f64 = 2.0;

/// One amount, or two that are the ends of a range.
#[derive(Debug, Clone)]
pub(super) struct JoinedAmounts {
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) currency: Option<&'static str>,
    pub(super) period: StatedPeriod,
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
    /// Whether it is in millions: hardly pay.
    pub(super) is_huge: bool,
}

/// Whether two marks can mean one currency: `$` and `AUD`, but not `$` and `€`.
pub(super) fn is_one_money(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one == other,
        (Some(code), None) | (None, Some(code)) => agree(code, None),
    }
}

impl JoinedAmounts {
    pub(super) fn one(amount: &PayAmount) -> JoinedAmounts {
        JoinedAmounts {
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
            is_huge: amount.is_huge,
        }
    }

    fn two(first: &PayAmount, second: &PayAmount) -> JoinedAmounts {
        let (low, high) = scaled(first, second);
        let is_turned = low.zip(high).is_some_and(|(low, high)| low > high);
        let (low, high) = if is_turned { (high, low) } else { (low, high) };
        let is_of_two_moneys = first
            .mark
            .zip(second.mark)
            .is_some_and(|(one, other)| !is_one_money(one, other));
        let is_of_two_periods = !agrees(first.period, second.period);
        JoinedAmounts {
            low,
            high,
            currency: second.mark.flatten().or(first.mark.flatten()),
            period: second.period.or(|| first.period),
            start: first.span.start,
            span_end: second.span.end,
            end: second.end,
            members: vec![first.span.start, second.span.start],
            is_range: true,
            is_broken: low.is_none() || high.is_none() || is_of_two_moneys || is_of_two_periods,
            is_other: first.is_other || second.is_other,
            is_huge: first.is_huge || second.is_huge,
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
pub(super) fn joined(tokens: &[Token], amounts: &[PayAmount]) -> Vec<JoinedAmounts> {
    let has_money = amounts
        .iter()
        .any(|amount| amount.kind == NumberRole::Money);
    let mut found: Vec<JoinedAmounts> = Vec::new();
    let mut at = 0;
    while let Some(first) = amounts.get(at) {
        let second = amounts
            .get(at + 1)
            .filter(|second| is_range(tokens, first, second));
        let can_begin = first.kind == NumberRole::Money
            || (first.kind == NumberRole::Bare
                && (!has_money || second.is_some_and(|second| second.kind == NumberRole::Money)));
        if !can_begin {
            at += 1;
            continue;
        }
        let Some(second) = second else {
            found.push(JoinedAmounts::one(first));
            at += 1;
            continue;
        };
        let mut whole = JoinedAmounts::two(first, second);
        whole.is_broken |= is_doubtful(tokens, first, second);
        at += 2;
        // Three in a row are not a range.
        while let Some(next) = amounts.get(at)
            && link(tokens, &amounts[at - 1], next) == Some(AmountLink::Range)
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

/// Both values, sharing a multiplier or thousands of one of them if that is needed for a range:
/// `110 - 130k`, `$800 - $1k`, `£28-32,000`.
fn scaled(first: &PayAmount, second: &PayAmount) -> (Option<f64>, Option<f64>) {
    let values = (first.value, second.value);
    match (first.factor, second.factor, values) {
        (None, None, (Some(low), Some(high))) => in_thousands(first, low, second, high),
        _ => shared((first.factor, second.factor), values),
    }
}

/// Both values, sharing a multiplier that only one of them has.
pub(super) fn shared(
    factors: (Option<f64>, Option<f64>),
    values: (Option<f64>, Option<f64>),
) -> (Option<f64>, Option<f64>) {
    let pick = |plain: Option<f64>, factor: f64, is_likely: &dyn Fn(f64) -> bool| {
        let plain = plain?;
        match (is_likely(plain), is_likely(plain * factor)) {
            (true, false) => Some(plain),
            (false, true) => Some(plain * factor),
            _ => None,
        }
    };
    match (factors, values) {
        ((None, Some(factor)), (one, Some(high))) => (
            pick(one, factor, &|low| {
                low <= high && high / low.max(0.01) <= FARTHEST
            }),
            Some(high),
        ),
        ((Some(factor), None), (Some(low), other)) => (
            Some(low),
            pick(other, factor, &|high| {
                high >= low && high / low.max(0.01) <= FARTHEST
            }),
        ),
        _ => values,
    }
}

/// Both values, where one may lack its thousands, as the British write: `£28-32,000`. Two values
/// that are too far apart have none, but zero, which says nothing.
fn in_thousands(
    first: &PayAmount,
    low: f64,
    second: &PayAmount,
    high: f64,
) -> (Option<f64>, Option<f64>) {
    let is_far = low.max(high) > UNHEARD_OF * low.min(high) && low.min(high) > 0.0;
    if !is_far {
        return (Some(low), Some(high));
    }
    let is_short = |short: &PayAmount, long: &PayAmount| {
        let is_of_hours = [short.period, long.period]
            .iter()
            .any(|period| matches!(period.known(), Some("hour" | "day")));
        short.numeral.is_plain && long.numeral.is_grouped && !is_of_hours
    };
    let fits = |low: f64, high: f64| low <= high && high <= low * CLOSE;
    if is_short(first, second) && fits(low * 1000.0, high) {
        (Some(low * 1000.0), Some(high))
    } else if is_short(second, first) && fits(low, high * 1000.0) {
        (Some(low), Some(high * 1000.0))
    } else {
        (None, None)
    }
}

/// What links two amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AmountLink {
    /// `-`, `to`.
    Range,
    /// `and`, `/`.
    Both,
}

fn is_range(tokens: &[Token], first: &PayAmount, second: &PayAmount) -> bool {
    let Some(link) = link(tokens, first, second) else {
        return false;
    };
    let (low, high) = scaled(first, second);
    let written = first.value.zip(second.value);
    let is_unread = written.is_none()
        || (link == AmountLink::Both && first.factor.is_some() != second.factor.is_some());
    let is_near = || {
        low.zip(high).map_or(is_unread, |(low, high)| {
            low <= high && high / low.max(0.01) <= FARTHEST
        })
    };
    let is_turned = low
        .zip(high)
        .or(written)
        .is_some_and(|(low, high)| low > high);
    let lends = first.factor.is_none() && second.factor.is_none();
    let is_lent = lends && (low != first.value || high != second.value);
    if is_lent && is_apart(tokens, first, second) {
        return false;
    }
    // What has no value belongs to a range that is not understood, rather than to nothing.
    let is_near = || is_near() || (link == AmountLink::Range && !is_apart(tokens, first, second));
    match (first.kind, second.kind) {
        (NumberRole::Stray, _) | (_, NumberRole::Stray) => false,
        (NumberRole::Money, NumberRole::Money) if link == AmountLink::Both || is_turned => {
            !is_named_other(tokens, second)
                && low
                    .zip(high)
                    .or(written)
                    .is_none_or(|(low, high)| low.max(high) / low.min(high).max(0.01) <= FARTHEST)
        }
        (NumberRole::Money, NumberRole::Money) => true,
        // `45 - 38`: a plain number after a higher one is not its lower end.
        (NumberRole::Bare, NumberRole::Bare) => {
            !is_turned
                || first.period != StatedPeriod::Unsaid
                || second.period != StatedPeriod::Unsaid
        }
        (_, NumberRole::Bare) => !second.is_year && is_near(),
        (NumberRole::Bare, _) => !first.is_year && is_near(),
    }
}

/// Whether a plain number that is linked to an amount has nothing to do with it: `Nurse 2 -
/// $61,000`, `$60,000 - 25 High Street`.
fn is_apart(tokens: &[Token], first: &PayAmount, second: &PayAmount) -> bool {
    if first.kind == NumberRole::Bare {
        let has_sign = tokens
            .get(second.span.start)
            .is_some_and(|token| matches!(token.what, Lexeme::Money(_)));
        return is_titled(tokens, first) && has_sign;
    }
    let behind = tokens.get(second.end);
    let goes_on = behind
        .and_then(Token::word)
        .is_some_and(|word| !is_beside_pay(word) && expression(tokens, second.end).is_none());
    goes_on && second.period == StatedPeriod::Unsaid
}

/// Whether a word in front names the number, or it is part of something.
fn is_titled(tokens: &[Token], amount: &PayAmount) -> bool {
    let start = amount.span.start;
    let mut ahead = tokens.get(..start).unwrap_or_default().iter().rev();
    let is_joined = tokens.get(start).is_some_and(|token| token.is_glued);
    let named = ahead.find(|token| !matches!(token.what, Lexeme::Sign(':' | '.' | '#' | '(')));
    named.is_some_and(|token| match &token.what {
        Lexeme::Word(word) => !leads_to_pay(word),
        Lexeme::Sign('-' | '/') => is_joined && token.is_glued,
        _ => false,
    })
}

/// Whether a plain number before an amount may be something else, such as a reference: `Clerk 12345
/// - $60,000`.
fn is_doubtful(tokens: &[Token], first: &PayAmount, second: &PayAmount) -> bool {
    if first.kind != NumberRole::Bare || second.kind != NumberRole::Money || !first.numeral.is_plain
    {
        return false;
    }
    let is_far = first
        .value
        .zip(second.value)
        .is_some_and(|(low, high)| high > low * ALIKE);
    let is_long = first.numeral.digits > 3 && second.factor.is_none();
    let is_uneven = is_long && second.numeral.is_grouped;
    (is_uneven && is_far) || (is_long && is_titled(tokens, first) && (is_far || is_uneven))
}

/// Whether the words after an amount classify it as other money.
fn is_named_other(tokens: &[Token], amount: &PayAmount) -> bool {
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
            .any(|word| label(word) == Some(MoneyLabel::Other))
}

fn link(tokens: &[Token], first: &PayAmount, second: &PayAmount) -> Option<AmountLink> {
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
        | ["to", ";"] => Some(AmountLink::Range),
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
        | ["jusqu", "'", "à"]
        | ["til"]
        | ["fino", "a"]
        | ["até"] => Some(AmountLink::Range),
        [verb, "to"] | [",", verb, "to"] | [verb, "up", "to"] if is_rising(verb) => {
            Some(AmountLink::Range)
        }
        [",", "and", "up", "to"] | ["and", "up", "to"] => Some(AmountLink::Range),
        ["a" | "al"] if is_led(&["de", "desde", "del", "entre", "da", "dal"]) => {
            Some(AmountLink::Range)
        }
        ["do"] if is_led(&["od"]) => Some(AmountLink::Range),
        ["and" | "und" | "et" | "en" | "y" | "&"]
            if is_led(&["between", "zwischen", "entre", "tussen"]) =>
        {
            Some(AmountLink::Range)
        }
        ["and" | "und" | "et" | "en" | "y" | "&" | "or" | "oder" | "ou" | "/" | "a"] => {
            Some(AmountLink::Both)
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
