//! Extracts pay from text as people write it: "$86,439 - $95,000 pa", "A$45.50 per hour", "5-8
//! LPA", "Up to $90,000". A small grammar: numbers become amounts ([`super::amount`]), linked
//! amounts become ranges, each range gets a role (the pay, the pay with everything on top, other
//! money), and what is left must be one pay. Text that is not understood has no pay: never a
//! smaller or different number, and never one end of a range as both.
//!
//! Money has a currency or a multiplier; plain numbers only count if the text contains nothing
//! else. To teach it a word: `labels`, `periods` or `words`, and a line in `cases`.

use super::amount::{NumberRole, PayAmount, amounts};
use super::bound::{AmountBound, bound_before, bound_behind, bound_by_sign};
use super::labels::{MoneyLabel, is_beside_pay, is_beside_plain, is_grade, is_undertaking, label};
use super::lexeme::{Lexeme, Token, tokens};
use super::link::{JoinedAmounts, joined};
use super::offer::{PayOffer, merged};
use super::pay_end::PayEnd;
use super::period_words::weak;
use super::periods::{StatedPeriod, expression};

/// The pay that a text states.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StatedPay {
    /// The least.
    pub min: Option<f64>,
    /// The most.
    pub max: Option<f64>,
    /// ISO 4217 code.
    pub currency: Option<&'static str>,
    /// The period.
    pub period: StatedPeriod,
}

/// What came of reading a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PayReading {
    /// It states the pay.
    Pay(StatedPay),
    /// It does not mention pay.
    Nothing,
    /// It may mention pay in a way that is not understood.
    Unclear,
}

/// A plain number below this is not pay.
const LEAST_PLAIN: f64 = 10.0;
/// Undertakings below this may be pay.
const LEAST_UNDERTAKING: f64 = 500_000.0;
/// A text with more numbers than this is not about pay.
const MOST_NUMBERS: usize = 200;
/// How many words are considered on either side.
const NEAR: usize = 12;
/// A plain number that a word or two part from an amount may be its other end, if it is no farther.
const FARTHEST_RIVAL: f64 = 10.0;

/// Reads the pay in a text.
pub fn read(text: &str) -> PayReading {
    if !text.contains(char::is_numeric) {
        return PayReading::Nothing;
    }
    let tokens = tokens(text);
    let amounts = amounts(&tokens);
    if amounts.len() > MOST_NUMBERS {
        return PayReading::Unclear;
    }
    let scene = PayTokens {
        tokens: &tokens,
        amounts: &amounts,
    };
    if amounts
        .iter()
        .any(|amount| amount.kind == NumberRole::Money)
    {
        scene.marked()
    } else {
        scene.plain()
    }
}

/// The one number of a text that is known to be an amount, with what the text says about it.
pub(super) fn amount(text: &str) -> Option<PayEnd> {
    let tokens = tokens(text);
    let is_negative = tokens
        .iter()
        .position(|token| matches!(token.what, Lexeme::Number(_)))
        .is_some_and(|at| {
            let sign = at
                .checked_sub(1)
                .and_then(|at| tokens.get(at))
                .is_some_and(|token| token.is('-'));
            sign && tokens[at].is_glued
        });
    let amounts = amounts(&tokens);
    let [one] = &amounts[..] else {
        return None;
    };
    let scene = PayTokens {
        tokens: &tokens,
        amounts: &amounts,
    };
    let is_amount = one.kind != NumberRole::Stray || one.is_millions() || tokens.len() == 1;
    scene.end(one).filter(|_| is_amount && !is_negative)
}

struct PayTokens<'t> {
    tokens: &'t [Token],
    amounts: &'t [PayAmount],
}

impl PayTokens<'_> {
    /// The pay of a text that contains money.
    fn marked(&self) -> PayReading {
        let joined = joined(self.tokens, self.amounts);
        let mut offers: Vec<PayOffer> = Vec::new();
        for (at, one) in joined.iter().enumerate() {
            let has_pay = offers
                .iter()
                .any(|offer| offer.label != Some(MoneyLabel::Other));
            let before = at
                .checked_sub(1)
                .and_then(|at| Some((joined.get(at)?, offers.get(at)?.label)));
            let label = if before.is_some_and(|(before, label)| {
                label == Some(MoneyLabel::Other) && self.goes_with(before, one)
            }) {
                Some(MoneyLabel::Other)
            } else {
                self.label_of(one, has_pay)
            };
            // `minimum wage + $200`: what it is added to is unknown.
            let is_broken =
                one.is_broken || (at == 0 && label.is_none() && self.is_added(one.start));
            let offer = self.offer(one, label);
            offers.push(PayOffer {
                is_broken: is_broken || offer.is_broken,
                ..offer
            });
        }
        let has_rival = joined
            .iter()
            .zip(&offers)
            .any(|(one, offer)| offer.label != Some(MoneyLabel::Other) && self.has_rival(one));
        let is_timed = |offer: &PayOffer| offer.period.known().is_some();
        let says_nothing = offers
            .iter()
            .all(|offer| offer.label == Some(MoneyLabel::Other) && !is_timed(offer))
            && !joined.iter().any(|one| self.is_unnamed(one));
        offers.retain(|offer| offer.label != Some(MoneyLabel::Other));
        if offers
            .iter()
            .any(|offer| offer.label != Some(MoneyLabel::Total))
        {
            offers.retain(|offer| offer.label != Some(MoneyLabel::Total));
        }
        match merged(&offers).filter(|_| !has_rival) {
            Some(offer) => self.told(&offer),
            None if says_nothing => PayReading::Nothing,
            None => PayReading::Unclear,
        }
    }

    /// Whether it is taken for other money, though no word says what it is: `$1.5 million`,
    /// `$90,000 tax free`.
    fn is_unnamed(&self, one: &JoinedAmounts) -> bool {
        let is_of_sentence = |token: &&Token| token.what != Lexeme::Break;
        let before = self.tokens.get(..one.start).unwrap_or_default();
        let behind = self.tokens.get(one.span_end..).unwrap_or_default();
        let mut words = before
            .iter()
            .rev()
            .take_while(is_of_sentence)
            .chain(behind.iter().take_while(is_of_sentence))
            .filter_map(Token::word);
        let is_untaxed = self.label_behind(one) == Some(MoneyLabel::Other)
            && behind
                .iter()
                .take(NEAR)
                .any(|token| token.word() == Some("tax"));
        (one.is_huge || is_untaxed)
            && !words.any(|word| is_undertaking(word) || label(word) == Some(MoneyLabel::Other))
    }

    /// One amount as an end of the pay.
    fn end(&self, one: &PayAmount) -> Option<PayEnd> {
        let whole = JoinedAmounts {
            is_huge: false,
            ..JoinedAmounts::one(one)
        };
        let offer = self.offer(&whole, None);
        let is_other = self.label_of(&whole, false) == Some(MoneyLabel::Other);
        let named = offer.currency.or_else(|| self.currency_apart());
        Some(PayEnd {
            value: one.value.filter(|_| !is_other && !offer.is_broken)?,
            mark: named.map_or(one.mark, |currency| Some(Some(currency))),
            factor: one.factor,
            period: offer.period,
        })
    }

    fn told(&self, offer: &PayOffer) -> PayReading {
        let positive = |amount: &f64| *amount > 0.0;
        let (min, max) = (offer.low.filter(positive), offer.high.filter(positive));
        if offer.is_broken || (min.is_none() && max.is_none()) {
            return if offer.low == Some(0.0) && offer.high == Some(0.0) {
                PayReading::Nothing
            } else {
                PayReading::Unclear
            };
        }
        PayReading::Pay(StatedPay {
            min,
            max,
            currency: offer.currency.or_else(|| self.currency_apart()),
            period: offer.period,
        })
    }

    fn offer(&self, one: &JoinedAmounts, label: Option<MoneyLabel>) -> PayOffer {
        let (mut low, mut high) = (one.low, one.high);
        if one.is_open(self.tokens) {
            high = None;
        } else if !one.is_range {
            match self.bound(one) {
                Some(AmountBound::Least) => high = None,
                Some(AmountBound::Most) => low = None,
                None => {}
            }
        }
        let period = one
            .period
            .or(|| self.period_behind(one.end))
            .or(|| self.period_before(one.start));
        let is_graded = self.is_graded(one);
        let beside = self.currency_beside(one);
        let is_contradicted = one
            .currency
            .zip(beside)
            .is_some_and(|(one, other)| one != other);
        PayOffer {
            low,
            high,
            currency: one.currency.or(beside),
            period,
            label,
            is_graded,
            is_broken: one.is_broken || is_contradicted,
        }
    }

    /// The currency named right beside an amount: `$90,000 (CAD)`, `CAD: $90,000`, `in CAD`.
    fn currency_beside(&self, one: &JoinedAmounts) -> Option<&'static str> {
        self.currency_behind(one.span_end)
            .or_else(|| self.currency_behind(one.end))
            .or_else(|| self.currency_before(one.start))
    }

    fn currency_behind(&self, end: usize) -> Option<&'static str> {
        let passes = |token: &Token| {
            ['(', ',', ':', '/', '-']
                .into_iter()
                .any(|sign| token.is(sign))
                || matches!(token.word(), Some("in" | "all" | "currency" | "paid"))
        };
        let rest = self.tokens.get(end..).unwrap_or_default();
        let at = rest
            .iter()
            .take(4)
            .take_while(|token| passes(token))
            .count();
        let code = code_of(rest.get(at)?)?;
        let ends = rest.get(at + 1).is_none_or(|next| match &next.what {
            Lexeme::Break | Lexeme::Sign(')' | ',' | '+' | '.') => true,
            Lexeme::Word(word) => {
                is_beside_pay(word) || expression(self.tokens, end + at + 1).is_some()
            }
            Lexeme::Sign('/') => expression(self.tokens, end + at + 1).is_some(),
            Lexeme::Sign(_) | Lexeme::Number(_) | Lexeme::Money(_) => false,
        });
        ends.then_some(code)
    }

    fn currency_before(&self, start: usize) -> Option<&'static str> {
        let tokens = self.tokens.get(..start).unwrap_or_default();
        let passes = |token: &&Token| [':', '(', ')', '='].into_iter().any(|sign| token.is(sign));
        let passed = tokens.iter().rev().take(3).take_while(passes).count();
        if passed == 0 {
            return None;
        }
        code_of(tokens.get(start.checked_sub(passed + 1)?)?)
    }

    /// The tokens before a place, back to the number or the sentence before.
    fn ahead(&self, start: usize) -> impl Iterator<Item = &Token> {
        let tokens = self.tokens.get(..start).unwrap_or_default();
        tokens
            .iter()
            .rev()
            .take(2 * NEAR)
            .take_while(|token| !matches!(token.what, Lexeme::Number(_) | Lexeme::Break))
    }

    fn label_of(&self, one: &JoinedAmounts, has_pay: bool) -> Option<MoneyLabel> {
        if one.is_other || one.is_huge || (has_pay && self.is_added(one.start)) {
            return Some(MoneyLabel::Other);
        }
        let before = self.label_before(one.start);
        if before == Some(MoneyLabel::Other) {
            return before;
        }
        self.label_behind(one).or(before)
    }

    /// How the preceding words classify it. Other money is only what they name directly.
    fn label_before(&self, start: usize) -> Option<MoneyLabel> {
        let mut is_direct = true;
        let sentence = self
            .tokens
            .get(..start)
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(|token| token.what != Lexeme::Break);
        let follows_amount = sentence
            .take(2 * NEAR)
            .any(|token| matches!(token.what, Lexeme::Number(_)));
        let mut words = self.ahead(start).take(NEAR + NEAR / 2).peekable();
        while let Some(token) = words.next() {
            let Some(word) = token.word() else {
                // `$5,000 bonus, $45 an hour`: the name is that of the amount before.
                let parts = [',', '&', '/', '*'].into_iter().any(|sign| token.is(sign))
                    || (token.is('-') && !token.is_glued);
                is_direct &= !(token.is('+') || (parts && follows_amount));
                continue;
            };
            let previous = words.peek().and_then(|token| token.word());
            let is_beside = !follows_amount
                && (matches!(
                    previous,
                    Some(
                        "inc"
                            | "incl"
                            | "including"
                            | "plus"
                            | "with"
                            | "excl"
                            | "excluding"
                            | "ex"
                            | "no"
                    )
                ) || words.peek().is_some_and(|token| token.is('+')));
            match label(word) {
                Some(MoneyLabel::Other) if is_direct && !is_beside => {
                    return Some(MoneyLabel::Other);
                }
                Some(MoneyLabel::Pay) if previous == Some("total") => {
                    return Some(MoneyLabel::Total);
                }
                Some(found @ (MoneyLabel::Pay | MoneyLabel::Total)) => return Some(found),
                _ => is_direct &= is_connecting(word),
            }
        }
        None
    }

    /// How the words right after it classify it: `$5,000 sign-on bonus`.
    fn label_behind(&self, one: &JoinedAmounts) -> Option<MoneyLabel> {
        let rest = self.tokens.get(one.end..).unwrap_or_default();
        let mut has_word = false;
        for (at, token) in rest.iter().take(6).enumerate() {
            let Some(word) = token.word() else {
                if token.is('-') {
                    continue;
                }
                return None;
            };
            let next = rest.get(at + 1).and_then(Token::word);
            match label(word) {
                None if word == "tax"
                    && rest
                        .iter()
                        .skip(at + 1)
                        .take(2)
                        .any(|token| token.word() == Some("free")) =>
                {
                    return Some(MoneyLabel::Other);
                }
                Some(MoneyLabel::Pay)
                    if matches!(next, Some("packaging" | "sacrifice" | "sacrificing")) =>
                {
                    return Some(MoneyLabel::Other);
                }
                // `casual loading included` describes the pay.
                Some(MoneyLabel::Other) if next.is_some_and(is_said_of_pay) => return None,
                Some(found) if word != "total" => return Some(found),
                _ if is_undertaking(word)
                    && one
                        .high
                        .or(one.low)
                        .is_some_and(|most| most >= LEAST_UNDERTAKING) =>
                {
                    return Some(MoneyLabel::Other);
                }
                _ if is_ending(word) && !(word == "and" && has_word) => return None,
                _ => has_word = true,
            }
        }
        None
    }

    /// Whether it is named together with the amount before: `packaging up to $15,950 + $2,650`.
    fn goes_with(&self, before: &JoinedAmounts, one: &JoinedAmounts) -> bool {
        let between = self.tokens.get(before.end..one.start).unwrap_or_default();
        let links = |token: &Token| {
            token.is('+')
                || token.is('&')
                || matches!(
                    token.word(),
                    Some("and" | "plus" | "or" | "up" | "to" | "a" | "an")
                )
        };
        !between.is_empty()
            && between.iter().all(links)
            && !matches!(
                self.label_behind(one),
                Some(MoneyLabel::Pay | MoneyLabel::Total)
            )
    }

    /// Whether it is added to something mentioned before: `+ $5,000`, `plus up to $5,000`.
    fn is_added(&self, start: usize) -> bool {
        let mut ahead = self.ahead(start).skip_while(|token| {
            matches!(
                token.word(),
                Some("up" | "to" | "a" | "an" | "of" | "another" | "further")
            )
        });
        ahead
            .next()
            .is_some_and(|token| token.is('+') || token.word() == Some("plus"))
    }

    /// Whether a plain number next to it may be its other end.
    fn has_rival(&self, one: &JoinedAmounts) -> bool {
        let Some(value) = one.high.or(one.low) else {
            return false;
        };
        let is_one = |amount: &&PayAmount| {
            let (first, last) = (one.end.min(amount.end), one.start.max(amount.span.start));
            let gap = self.tokens.get(first..last).unwrap_or_default();
            let farthest = match gap {
                [one] if one.word().is_some() => FARTHEST_RIVAL,
                [one, other] if one.word().is_some() && other.word().is_some() => FARTHEST_RIVAL,
                _ => 2.0,
            };
            let is_near = amount
                .value
                .is_some_and(|other| other >= value / farthest && other <= value * farthest);
            amount.kind == NumberRole::Bare
                && !amount.is_year
                && is_near
                && !one.members.contains(&amount.span.start)
                && gap.len() <= NEAR
                && !gap.iter().any(|token| token.what == Lexeme::Break)
        };
        self.amounts.iter().filter(is_one).count() > 0
    }

    /// Whether a pay grade is in front of it or after it.
    fn is_graded(&self, one: &JoinedAmounts) -> bool {
        let behind = self
            .tokens
            .get(one.end..)
            .unwrap_or_default()
            .iter()
            .take(3)
            .filter_map(Token::word)
            .any(is_grade);
        let tokens = self.tokens.get(..one.start).unwrap_or_default();
        behind
            || tokens
                .iter()
                .rev()
                .take(5)
                .take_while(|token| token.what != Lexeme::Break)
                .filter_map(Token::word)
                .any(is_grade)
    }

    /// The period some words after an amount: `plus super per annum`.
    fn period_behind(&self, end: usize) -> StatedPeriod {
        if let Some(period) = self.unit_behind(end) {
            return period;
        }
        for at in end..self.tokens.len().min(end + NEAR) {
            if let Some((_, period)) = expression(self.tokens, at) {
                return period;
            }
            let token = &self.tokens[at];
            let may_pass = match &token.what {
                Lexeme::Word(word) => is_beside_pay(word),
                Lexeme::Sign(sign) => matches!(sign, '(' | ')' | '+' | '&'),
                Lexeme::Money(_) => true,
                Lexeme::Number(_) | Lexeme::Break => false,
            };
            let is_before_period =
                (token.is(',') || token.is('-')) && expression(self.tokens, at + 1).is_some();
            if !may_pass && !is_before_period {
                return StatedPeriod::Unsaid;
            }
        }
        StatedPeriod::Unsaid
    }

    /// `$45 (hour)`, `$2,360 fortnight`: a period that only stands there.
    fn unit_behind(&self, end: usize) -> Option<StatedPeriod> {
        let at = end + usize::from(self.tokens.get(end).is_some_and(|token| token.is('(')));
        let word = self.tokens.get(at)?.word()?;
        let unit = weak(word).filter(|_| word == "hr" || word.len() > 2)?;
        let ends = self.tokens.get(at + 1).is_none_or(|next| match &next.what {
            Lexeme::Break | Lexeme::Sign(')' | ',' | '+') => true,
            Lexeme::Word(word) => is_beside_pay(word),
            Lexeme::Sign(_) | Lexeme::Number(_) | Lexeme::Money(_) => false,
        });
        ends.then_some(StatedPeriod::Known(unit))
    }

    /// The period in front of an amount: `Hourly rate: $45`.
    fn period_before(&self, start: usize) -> StatedPeriod {
        let count = self
            .ahead(start)
            .take(NEAR)
            .take_while(|token| !token.is(','))
            .count();
        let from = start - count;
        for at in from..start {
            let Some((next, period)) =
                expression(self.tokens, at).filter(|(next, _)| *next <= start)
            else {
                continue;
            };
            let counts_time = at
                .checked_sub(1)
                .and_then(|at| self.tokens.get(at))
                .and_then(Token::word)
                .is_some_and(super::labels::is_counted);
            let passes = |token: &Token| {
                token
                    .word()
                    .is_none_or(|word| is_beside_pay(word) || label(word) == Some(MoneyLabel::Pay))
            };
            if !counts_time
                && self
                    .tokens
                    .get(next..start)
                    .unwrap_or_default()
                    .iter()
                    .all(passes)
            {
                return period;
            }
        }
        StatedPeriod::Unsaid
    }

    /// A currency apart from the amounts: `Salary (AUD): 90,000`. Not `CAD`, which is a drafter's
    /// word.
    fn currency_apart(&self) -> Option<&'static str> {
        let apart = [
            "AUD", "NZD", "USD", "GBP", "EUR", "SGD", "HKD", "INR", "CHF",
        ];
        let mut named = self
            .tokens
            .iter()
            .filter(|token| !token.is_symbol)
            .filter_map(|token| match token.what {
                Lexeme::Money(Some(code)) if apart.contains(&code) => Some(code),
                _ => None,
            });
        let first = named.next()?;
        named.all(|other| other == first).then_some(first)
    }

    /// Whether a single amount is only the least or only the most.
    fn bound(&self, one: &JoinedAmounts) -> Option<AmountBound> {
        bound_by_sign(self.tokens, one.start)
            .or_else(|| bound_behind(self.tokens, one.span_end))
            .or_else(|| bound_behind(self.tokens, one.end))
            .or_else(|| {
                let words: Vec<&str> = self
                    .ahead(one.start)
                    .take(NEAR)
                    .take_while(|token| !token.is(','))
                    .filter_map(Token::word)
                    .collect();
                bound_before(&words)
            })
    }

    /// The pay of a text with plain numbers: they are pay only if a period follows directly, or
    /// nothing else is mentioned.
    fn plain(&self) -> PayReading {
        let bare: Vec<&PayAmount> = self
            .amounts
            .iter()
            .filter(|amount| amount.kind == NumberRole::Bare)
            .collect();
        let Some(first) = bare.first() else {
            let is_timed = |amount: &PayAmount| amount.period.known().is_some();
            return if self.amounts.iter().any(is_timed) {
                PayReading::Unclear
            } else {
                PayReading::Nothing
            };
        };
        if bare.iter().all(|amount| amount.value == Some(0.0)) {
            return PayReading::Nothing;
        }
        let joined = joined(self.tokens, self.amounts);
        let [one] = &joined[..] else {
            return PayReading::Unclear;
        };
        let is_timed = one.period != StatedPeriod::Unsaid;
        let is_year = bare.iter().all(|amount| amount.is_year);
        if is_year && !is_timed {
            return PayReading::Nothing;
        }
        let is_enough = first.value.is_some_and(|value| value >= LEAST_PLAIN);
        let is_alone = || {
            let is_inside = |at: usize| (one.start..one.end).contains(&at);
            self.tokens
                .iter()
                .enumerate()
                .filter(|(at, _)| !is_inside(*at))
                .all(|(at, token)| self.is_beside(at, token))
        };
        if !is_enough
            || !(is_timed || is_alone())
            || self.label_of(one, false) == Some(MoneyLabel::Other)
        {
            return PayReading::Unclear;
        }
        self.told(&self.offer(one, None))
    }

    fn is_beside(&self, at: usize, token: &Token) -> bool {
        match &token.what {
            Lexeme::Word(word) => {
                is_beside_plain(word)
                    || label(word) == Some(MoneyLabel::Pay)
                    || (at.saturating_sub(2)..=at).any(|at| self.is_in_period(at))
            }
            Lexeme::Sign(_) | Lexeme::Money(_) | Lexeme::Break => true,
            Lexeme::Number(_) => false,
        }
    }

    fn is_in_period(&self, at: usize) -> bool {
        expression(self.tokens, at).is_some()
    }
}

/// The currency of a code, which is no sign: `CAD`.
fn code_of(token: &Token) -> Option<&'static str> {
    match token.what {
        Lexeme::Money(Some(code)) if !token.is_symbol => Some(code),
        _ => None,
    }
}

/// Words that may appear between the name of other money and its amount.
fn is_connecting(word: &str) -> bool {
    const CONNECTING: [&str; 37] = [
        "up",
        "upto",
        "tax",
        "to",
        "of",
        "a",
        "an",
        "the",
        "is",
        "are",
        "at",
        "from",
        "between",
        "about",
        "approx",
        "approximately",
        "max",
        "maximum",
        "min",
        "minimum",
        "assistance",
        "benefit",
        "benefits",
        "payment",
        "payments",
        "scheme",
        "available",
        "on",
        "off",
        "limit",
        "capped",
        "as",
        "be",
        "annual",
        "additional",
        "extra",
        "over",
    ];
    CONNECTING.contains(&word)
}

/// Words with which the name of an amount has ended.
fn is_ending(word: &str) -> bool {
    matches!(
        word,
        "plus"
            | "with"
            | "inc"
            | "incl"
            | "including"
            | "includes"
            | "excl"
            | "excluding"
            | "for"
            | "in"
            | "if"
            | "when"
            | "depending"
            | "or"
            | "to"
            | "from"
            | "and"
            | "then"
            | "based"
            | "dependent"
            | "commensurate"
            | "you"
            | "we"
    )
}

/// Words after other money which show that the pay includes it.
fn is_said_of_pay(word: &str) -> bool {
    matches!(
        word,
        "included"
            | "inclusive"
            | "incl"
            | "applies"
            | "apply"
            | "applicable"
            | "available"
            | "paid"
            | "provided"
            | "offered"
            | "extra"
            | "additional"
    )
}
