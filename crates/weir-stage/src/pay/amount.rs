//! The numbers of a text, each with its currency, multiplier and period, and its role. A number
//! that is only part of something else (`VPSG5`, `9:30`, a phone number, `38 hours`, `Level 3`)
//! must never leave this module as money.

use super::labels::{is_beside_pay, is_counted, is_name, is_reference, leads_to_pay};
use super::lexeme::{Lexeme, Token};
use super::number::Numeral;
use super::periods::{StatedPeriod, expression};
use super::words::{agree, is_small};
use std::ops::Range;

/// A number from here on is not pay.
pub const TOO_MUCH: f64 = 1e9;

/// The role of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberRole {
    /// It has a currency or a multiplier.
    Money,
    /// Only a number.
    Bare,
    /// Not money: part of a word, a count, a grade, a percentage.
    Stray,
}

/// A number and its context.
#[derive(Debug, Clone)]
pub(super) struct PayAmount {
    /// Its role.
    pub(super) kind: NumberRole,
    /// Its value; `None` if its form is not understood.
    pub(super) value: Option<f64>,
    /// What it is multiplied by, where that is written: `k`, `lakh`.
    pub(super) factor: Option<f64>,
    /// Its tokens, with the currency and the multiplier.
    pub(super) span: Range<usize>,
    /// Where the period after it ends; the end of the number, if there is none.
    pub(super) end: usize,
    /// Whether it has a currency, and which, if that is stated.
    pub(super) mark: Option<Option<&'static str>>,
    /// The period after it.
    pub(super) period: StatedPeriod,
    /// Four digits that may be a year.
    pub(super) is_year: bool,
    /// It is paid once, or for something else.
    pub(super) is_other: bool,
    /// It is in millions: hardly pay.
    pub(super) is_huge: bool,
    /// How it is written.
    pub(super) numeral: Numeral,
}

/// All numbers of a text.
pub(super) fn amounts(tokens: &[Token]) -> Vec<PayAmount> {
    let mut found: Vec<PayAmount> = tokens
        .iter()
        .enumerate()
        .filter_map(|(at, token)| {
            if let Lexeme::Number(numeral) = &token.what {
                Some(
                    AmountReader {
                        tokens,
                        at,
                        numeral: *numeral,
                    }
                    .amount(),
                )
            } else {
                None
            }
        })
        .collect();
    spread(tokens, &mut found);
    found
}

impl PayAmount {
    /// Whether it is a number of millions without a currency, which may be people.
    pub(super) fn is_millions(&self) -> bool {
        self.kind == NumberRole::Stray
            && self.mark.is_none()
            && self.factor.is_some_and(|factor| factor >= 1e6)
    }
}

/// A number that is linked to a count, grade or percentage is one, too: `5 - 8 years`, `Level 3/4`;
/// and millions that are linked to money are money: `$1 - 1.2m`.
fn spread(tokens: &[Token], found: &mut [PayAmount]) {
    let is_linked = |one: &PayAmount, other: &PayAmount| {
        let between = tokens.get(one.end..other.span.start).unwrap_or_default();
        matches!(between, [token] if token.is('-') || token.is('&') || matches!(token.word(), Some("to" | "and" | "or" | "bis")))
    };
    let is_small = |amount: &PayAmount| {
        amount.kind == NumberRole::Bare && amount.value.is_some_and(|value| value < 1000.0)
    };
    for at in 1..found.len() {
        let (before, rest) = found.split_at_mut(at);
        let (Some(one), Some(other)) = (before.last_mut(), rest.first_mut()) else {
            continue;
        };
        if !is_linked(one, other) {
            continue;
        }
        if one.kind == NumberRole::Money && other.is_millions() {
            other.kind = NumberRole::Money;
        } else if one.kind == NumberRole::Stray && is_small(other) {
            other.kind = NumberRole::Stray;
        } else if other.kind == NumberRole::Stray && is_small(one) {
            one.kind = NumberRole::Stray;
        }
    }
}

/// A number being looked at.
struct AmountReader<'t> {
    tokens: &'t [Token],
    at: usize,
    numeral: Numeral,
}

/// The factor of a number, and what else it implies.
struct AmountMultiplier {
    factor: f64,
    currency: Option<&'static str>,
    period: StatedPeriod,
    length: usize,
}

impl AmountReader<'_> {
    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    fn before(&self, back: usize) -> Option<&Token> {
        self.at.checked_sub(back).and_then(|at| self.tokens.get(at))
    }

    fn amount(&self) -> PayAmount {
        let (start, before) = self.mark_before();
        let multiplier = self.multiplier(before.flatten());
        let behind = self.at
            + 1
            + multiplier
                .as_ref()
                .map_or(0, |multiplier| multiplier.length);
        let (end, after) = self.mark_after(behind);
        let mark = before.or(after);
        let said = multiplier
            .as_ref()
            .and_then(|multiplier| multiplier.currency);
        let currency = before.flatten().or(after.flatten()).or(said);
        let is_split = before
            .flatten()
            .zip(after.flatten())
            .is_some_and(|(one, other)| one != other);
        let factor = multiplier.as_ref().map(|multiplier| multiplier.factor);
        let (period_end, period) = self.period(
            end,
            multiplier.map_or(StatedPeriod::Unsaid, |multiplier| multiplier.period),
        );
        let is_stray = self.is_stray(mark.is_some(), factor, currency, start..end, period);
        let value = self
            .value(factor, mark.is_some(), currency, start, end)
            .filter(|_| !is_split);
        PayAmount {
            kind: match (is_stray, mark.is_some() || factor.is_some()) {
                (true, _) => NumberRole::Stray,
                (false, true) => NumberRole::Money,
                (false, false) => NumberRole::Bare,
            },
            value,
            factor,
            end: period_end,
            mark: currency.map_or(mark, |currency| Some(Some(currency))),
            period,
            is_year: self.is_year(mark.is_some() || factor.is_some()),
            is_other: self.is_other(end..period_end),
            is_huge: is_huge(factor, currency),
            numeral: self.numeral,
            span: start..end,
        }
    }

    /// The currency in front of it: where it starts, and which one, if stated.
    fn mark_before(&self) -> (usize, Option<Option<&'static str>>) {
        let money = |back: usize| {
            self.before(back).and_then(|token| {
                if let Lexeme::Money(money) = token.what {
                    Some((money, token.is_symbol))
                } else {
                    None
                }
            })
        };
        match (money(1), money(2)) {
            (Some((sign, true)), Some((Some(code), false))) if agree(code, sign) => {
                (self.at - 2, Some(Some(code)))
            }
            (Some((Some(code), false)), Some((sign, true))) if agree(code, sign) => {
                (self.at - 2, Some(Some(code)))
            }
            (Some((money, _)), _) => (self.at - 1, Some(money)),
            (None, _) => (self.at, None),
        }
    }

    /// The currency after it, unless it belongs to the next number.
    fn mark_after(&self, from: usize) -> (usize, Option<Option<&'static str>>) {
        let (mut at, mut mark) = (from, None::<Option<&'static str>>);
        while let Some(Token {
            what: Lexeme::Money(money),
            ..
        }) = self.token(at)
            && at < from + 2
        {
            mark = Some(mark.flatten().or(*money));
            at += 1;
        }
        let is_of_next = matches!(
            self.token(at),
            Some(Token {
                what: Lexeme::Number(_),
                ..
            })
        );
        if is_of_next { (from, None) } else { (at, mark) }
    }

    fn multiplier(&self, currency: Option<&str>) -> Option<AmountMultiplier> {
        let token = self.token(self.at + 1)?;
        let word = token.word()?;
        let plain = |factor: f64| {
            Some(AmountMultiplier {
                factor,
                currency: None,
                period: StatedPeriod::Unsaid,
                length: 1,
            })
        };
        match word {
            "k" | "thousand" | "tsd" | "tys" => plain(1e3),
            "万" | "萬" | "만" => plain(1e4),
            "lakh" | "lakhs" | "lac" | "lacs" => {
                let is_yearly = matches!(self.token(self.at + 2).and_then(Token::word), Some("pa"));
                let period = if is_yearly {
                    StatedPeriod::Known("year")
                } else {
                    StatedPeriod::Unsaid
                };
                Some(AmountMultiplier {
                    factor: 1e5,
                    currency: Some("INR"),
                    period,
                    length: 1,
                })
            }
            "lpa" => Some(AmountMultiplier {
                factor: 1e5,
                currency: Some("INR"),
                period: StatedPeriod::Known("year"),
                length: 1,
            }),
            "l" if currency.map_or_else(|| self.is_indian(), |code| code == "INR") => plain(1e5),
            "hundred" => plain(1e2),
            // A thousand to some and a million to others.
            "mil" | "grand" | "l" | "lp" => plain(f64::NAN),
            "cr" | "crore" | "crores" => Some(AmountMultiplier {
                factor: 1e7,
                currency: Some("INR"),
                period: StatedPeriod::Unsaid,
                length: 1,
            }),
            "m" | "mm" if token.is_glued => plain(1e6),
            "mn" | "mio" | "million" | "millions" | "juta" => plain(1e6),
            "億" | "亿" | "억" => plain(1e8),
            "b" if token.is_glued => plain(1e9),
            "bn" | "billion" | "billions" => plain(1e9),
            _ => None,
        }
    }

    /// Whether the text is about rupees: `₹15-20L`.
    fn is_indian(&self) -> bool {
        self.tokens
            .iter()
            .any(|token| token.what == Lexeme::Money(Some("INR")))
    }

    fn period(&self, end: usize, said: StatedPeriod) -> (usize, StatedPeriod) {
        match expression(self.tokens, end) {
            Some((next, period)) => (next, period),
            None => (end, said),
        }
    }

    /// Its value; `None` if in doubt.
    fn value(
        &self,
        factor: Option<f64>,
        is_marked: bool,
        currency: Option<&str>,
        start: usize,
        end: usize,
    ) -> Option<f64> {
        let has_point = matches!(
            currency,
            None | Some("AUD" | "NZD" | "USD" | "CAD" | "GBP" | "SGD" | "HKD" | "INR")
        );
        let is_doubtful = self.numeral.is_dotted && (factor.is_some() || (is_marked && has_point));
        let is_split = self.goes_on(end)
            || self.is_beside_number(start, end)
            || self.is_word(end)
            || self.is_torn(start, end);
        let is_padded =
            (self.numeral.is_padded && is_marked) || (self.numeral.is_spaced && self.is_named());
        let value = self
            .numeral
            .amount
            .filter(|_| !is_doubtful && !is_split && !is_padded)?
            * factor.unwrap_or(1.0);
        // `1.2` times a lakh is not an integer in floating point.
        let value = if factor.is_some() {
            (value * 100.0).round() / 100.0
        } else {
            value
        };
        (value < TOO_MUCH).then_some(value)
    }

    /// `$45/50`: the number and the next one form something that is not understood.
    fn goes_on(&self, end: usize) -> bool {
        let is_number = |at: usize| {
            self.token(at)
                .is_some_and(|token| token.is_glued && matches!(token.what, Lexeme::Number(_)))
        };
        let is_sign = |sign: char| {
            self.token(end)
                .is_some_and(|token| token.is_glued && token.is(sign))
        };
        let is_plus_minus = self.token(end).is_some_and(|token| token.is('±'))
            || (self.token(end).is_some_and(|token| token.is('+'))
                && self
                    .token(end + 1)
                    .is_some_and(|token| token.is('/') || token.is('-')));
        let is_glued = self
            .token(end)
            .is_some_and(|token| token.is_glued && matches!(token.what, Lexeme::Sign(_)));
        let may_follow = ['-', '+', '(', ')', '&'].into_iter().any(is_sign);
        is_plus_minus || (is_glued && !may_follow && is_number(end + 1))
    }

    /// Whether another number, which counts nothing, is next to it with only whitespace in between.
    fn is_beside_number(&self, start: usize, end: usize) -> bool {
        let is_number = |token: Option<&Token>| {
            token.is_some_and(|token| matches!(token.what, Lexeme::Number(_)))
        };
        let follows = start == self.at && is_number(self.before(1));
        follows
            || (end == self.at + 1
                && is_number(self.token(end))
                && !self.counts(end + 1)
                && !self.is_share(end + 1))
    }

    /// `$45. 50 per hour`, `$90, 500`: a blank among its digits, on either side of them.
    fn is_torn(&self, start: usize, end: usize) -> bool {
        let follows = || {
            let before = self.before(3).and_then(Token::word);
            start == self.at
                && self.at >= 2
                && before.is_none_or(|word| !is_name(word))
                && self.is_torn_behind(self.at - 2)
        };
        (end == self.at + 1 && self.is_torn_behind(self.at)) || follows()
    }

    /// Whether a number ends at a separator with a blank, and two or three digits that nothing else
    /// claims.
    fn is_torn_behind(&self, at: usize) -> bool {
        let number = |at: usize| match self.token(at).map(|token| &token.what) {
            Some(Lexeme::Number(numeral)) => Some(*numeral),
            _ => None,
        };
        let is_separated = self
            .token(at + 1)
            .is_some_and(|token| token.is(',') || token.what == Lexeme::Break);
        let is_part = |next: Numeral| next.is_plain && matches!(next.digits, 2 | 3);
        is_separated
            && number(at).is_some_and(|numeral| numeral.digits != 4 || numeral.is_grouped)
            && number(at + 2).is_some_and(is_part)
            && !self.is_share(at + 3)
            && self.ends_amount(at + 3)
    }

    /// Whether a number may end here: nothing shows that it counts something.
    fn ends_amount(&self, at: usize) -> bool {
        let Some(token) = self.token(at) else {
            return true;
        };
        match &token.what {
            Lexeme::Break | Lexeme::Money(_) | Lexeme::Sign(')' | '+') => true,
            Lexeme::Word(word) => {
                expression(self.tokens, at).is_some() || (is_beside_pay(word) && !token.is_glued)
            }
            Lexeme::Number(_) | Lexeme::Sign(_) => expression(self.tokens, at).is_some(),
        }
    }

    /// Whether it is joined to letters that do not mean money: `$12x`.
    fn is_word(&self, end: usize) -> bool {
        self.token(end)
            .is_some_and(|next| next.is_glued && next.word().is_some())
            && expression(self.tokens, end).is_none()
    }

    fn is_stray(
        &self,
        is_marked: bool,
        factor: Option<f64>,
        currency: Option<&str>,
        span: Range<usize>,
        period: StatedPeriod,
    ) -> bool {
        if self.is_share(span.end) || self.is_inside(span.start) {
            return true;
        }
        if is_marked {
            let is_symbol = self.tokens[span.clone()]
                .iter()
                .any(|token| token.is_symbol);
            let is_tiny = self.numeral.is_plain && self.numeral.digits == 1 && factor.is_none();
            return is_tiny && !is_symbol && period == StatedPeriod::Unsaid && currency.is_some();
        }
        if let Some(factor) = factor {
            // Retirement plans of the United States are called by their paragraphs.
            let is_paragraph = factor == 1e3
                && matches!(self.numeral.amount, Some(amount) if amount == 401.0 || amount == 403.0);
            return is_paragraph || (factor >= 1e6 && currency.is_none());
        }
        self.is_code()
            || self.is_bracketed_code(&span)
            || self.is_word(span.end)
            || self.goes_on(span.end)
            || (self.is_named() && !self.numeral.is_spaced)
            || self.is_reference(period)
            || self.counts(span.end)
    }

    fn is_share(&self, end: usize) -> bool {
        let next = self.token(end);
        next.is_some_and(|next| next.is('%') || next.is('‰'))
            || matches!(
                next.and_then(Token::word),
                Some("percent" | "pct" | "prozent")
            )
            || (next.and_then(Token::word) == Some("per")
                && self.token(end + 1).and_then(Token::word) == Some("cent"))
    }

    /// A part of a date, a time, a reference or a phone number.
    fn is_inside(&self, start: usize) -> bool {
        if !self.token(start).is_some_and(|token| token.is_glued) {
            return false;
        }
        let before = start.checked_sub(1).and_then(|at| self.tokens.get(at));
        let number_before = start
            .checked_sub(2)
            .and_then(|at| self.tokens.get(at))
            .is_some_and(|token| matches!(token.what, Lexeme::Number(_)));
        let is_led = self.at == start
            && before.is_some_and(|token| token.is('#') || token.is('_') || token.is('@'));
        let is_behind = self.at == start
            && number_before
            && before.is_some_and(|token| {
                token.is_glued && (token.is('/') || token.is(':') || token.is('.') || token.is(','))
            });
        let is_phone =
            self.at == start && before.is_some_and(|token| token.is('+') && !token.is_glued);
        is_led || is_behind || is_phone
    }

    fn is_code(&self) -> bool {
        (self.numeral.is_plain && self.numeral.digits >= 8) || self.numeral.is_padded
    }

    /// `(02) 9876 5432`
    fn is_bracketed_code(&self, span: &Range<usize>) -> bool {
        let is_number = |token: Option<&Token>| {
            token.is_some_and(|token| matches!(token.what, Lexeme::Number(_)))
        };
        let is_bracket =
            |token: Option<&Token>| token.is_some_and(|token| token.is('(') || token.is(')'));
        let back = |count: usize| {
            span.start
                .checked_sub(count)
                .and_then(|at| self.tokens.get(at))
        };
        (is_bracket(self.token(span.end)) && is_number(self.token(span.end + 1)))
            || (is_bracket(back(1)) && is_number(back(2)))
    }

    /// `Level 3`, `Grade: 5`, `No. 7`.
    fn is_named(&self) -> bool {
        let back = if self
            .before(1)
            .is_some_and(|token| token.is(':') || token.is('.') || token.is('#'))
        {
            2
        } else {
            1
        };
        self.before(back).and_then(Token::word).is_some_and(is_name)
    }

    /// `Job 12345`, `VN/12345`, `JOB-12345`; not `Job 60000 - 70000`.
    fn is_reference(&self, period: StatedPeriod) -> bool {
        let twin = match self.token(self.at + 2).map(|token| &token.what) {
            Some(Lexeme::Number(next)) => {
                next.is_plain && next.digits == self.numeral.digits && next.digits > 2
            }
            _ => false,
        };
        if !self.numeral.is_plain || twin || period != StatedPeriod::Unsaid {
            return false;
        }
        let word = |back: usize| self.before(back).and_then(Token::word);
        let is_sign = |sign: char| self.before(1).is_some_and(|token| token.is(sign));
        let is_glued = |back: usize| self.before(back).is_some_and(|token| token.is_glued);
        let joins = (is_sign('/') || is_sign('-')) && is_glued(0) && is_glued(1);
        let back = if is_sign(':') || is_sign('.') || is_sign('#') {
            2
        } else {
            1
        };
        word(back).is_some_and(is_reference)
            || (joins && word(2).is_some_and(|word| !leads_to_pay(word)))
    }

    /// `38 hours`, `12-month`, `5+ years`.
    fn counts(&self, end: usize) -> bool {
        let skipped = usize::from(
            self.token(end)
                .is_some_and(|token| token.is_glued && (token.is('-') || token.is('+'))),
        );
        self.token(end + skipped)
            .and_then(Token::word)
            .is_some_and(is_counted)
    }

    fn is_year(&self, is_marked: bool) -> bool {
        let is_four = self.numeral.is_plain && self.numeral.digits == 4;
        is_four
            && !is_marked
            && self
                .numeral
                .amount
                .is_some_and(|amount| (1900.0..=2100.0).contains(&amount))
    }

    /// One-off payments and referral fees are not pay.
    fn is_other(&self, period: Range<usize>) -> bool {
        self.tokens
            .get(period)
            .unwrap_or_default()
            .iter()
            .filter_map(Token::word)
            .any(|word| {
                matches!(word, "once" | "one" | "onetime" | "oneoff")
                    || super::labels::label(word) == Some(super::labels::MoneyLabel::Other)
            })
    }
}

/// Millions are hardly pay, but a budget; crores may be, and so may millions of small money.
fn is_huge(factor: Option<f64>, currency: Option<&str>) -> bool {
    factor.is_some_and(|factor| factor >= 1e6 && factor != 1e7) && !is_small(currency)
}
