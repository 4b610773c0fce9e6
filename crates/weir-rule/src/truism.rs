//! Finds tautologies: `"" in job.title` holds for every text, `job.close_date <= job.close_date + months(6)` for every date.
//!
//! Must never report a tautology unless it is certain: anything that may be absent, or is not
//! understood, is not one.

use super::certain::{Known, key};
use super::kinds::Kinds;
use super::lower::value::Comparison;
use super::pattern::Pattern;
use rhai::{Expr, FnCallExpr};
use std::ops::RangeInclusive;

/// Beyond this, a date plus a span may be no date any more.
const MOST_SPAN: i64 = 10_000;
/// Characters with which a pattern may refer to its surroundings.
const ASSERTIONS: [&str; 9] = ["^", "$", "\\b", "\\B", "\\A", "\\z", "\\<", "\\>", "(?"];

impl Known<'_> {
    /// Whether a call returns `true` for every text: `"" in text`, `matches(text, ".*")`.
    pub(super) fn is_truism(self, call: &FnCallExpr) -> bool {
        matches!(call.args.as_slice(), [text, part] if self.is_text(self.kinds_of(text)) && is_in_every_text(&call.name, part))
    }

    /// The same of `job.title.contains("")`.
    pub(super) fn is_truism_of(self, owner: &Expr, steps: &Expr) -> bool {
        let (Expr::Variable(variable, ..), Expr::Dot(steps, ..)) = (owner, steps) else { return false };
        let (Expr::Property(member, _), Expr::MethodCall(call, _)) = (&steps.lhs, &steps.rhs) else { return false };
        let kinds = self.shapes.member(&variable.1, &member.2);
        matches!(call.args.as_slice(), [part] if self.is_text(kinds) && is_in_every_text(&call.name, part))
    }

    fn is_text(self, kinds: Kinds) -> bool {
        (if self.absence { kinds } else { kinds.present() }).is_within(Kinds::TEXT)
    }

    /// The result of comparing a date with itself moved by a duration.
    pub(super) fn of_moved(self, comparison: Comparison, one: &Expr, other: &Expr) -> Option<bool> {
        let ((date, first), (same, second)) = (self.moved(one)?, self.moved(other)?);
        let places = |places: RangeInclusive<i64>| places.collect::<Vec<_>>();
        let (first, second) = (places(first), places(second));
        let is_known = date == same && (first == [0] || second == [0]);
        let mut answers = first.iter().flat_map(|one| second.iter().map(|other| comparison.holds(one.cmp(other))));
        let answer = answers.next().filter(|_| is_known)?;
        answers.all(|other| other == answer).then_some(answer)
    }

    /// A date, and whether it is moved back (-1), not at all (0) or ahead (1).
    fn moved(self, expression: &Expr) -> Option<(String, RangeInclusive<i64>)> {
        match expression {
            Expr::FnCall(call, _) if call.op_token.is_some() => match (call.name.as_str(), call.args.as_slice()) {
                ("+", [date, span]) => Some((self.date(date)?, self.direction(span)?)),
                ("-", [date, span]) => {
                    let ahead = self.direction(span)?;
                    Some((self.date(date)?, -ahead.end()..=-ahead.start()))
                }
                _ => None,
            },
            date => Some((self.date(date)?, 0..=0)),
        }
    }

    fn date(self, expression: &Expr) -> Option<String> {
        key(expression).filter(|_| self.kinds_of(expression).present() == Kinds::DATE)
    }

    /// Where a span leads: known of one that is written out; a parameter leads ahead, or nowhere.
    fn direction(self, span: &Expr) -> Option<RangeInclusive<i64>> {
        match span {
            Expr::FnCall(call, _) if matches!(call.name.as_str(), "days" | "months" | "years") => match call.args.as_slice() {
                [Expr::IntegerConstant(number, _)] if number.abs() <= MOST_SPAN => Some(number.signum()..=number.signum()),
                _ => None,
            },
            Expr::Variable(variable, ..) if self.shapes.variable(&variable.1) == Kinds::SPAN => Some(0..=1),
            _ => None,
        }
    }
}

fn is_in_every_text(function: &str, part: &Expr) -> bool {
    match (function, part) {
        ("contains" | "starts_with" | "ends_with", Expr::StringConstant(part, _)) => part.is_empty(),
        // A pattern that matches empty text, and does not refer to its surroundings, matches before
        // the first character.
        ("matches", Expr::StringConstant(pattern, _)) => {
            let asks_for_more = ASSERTIONS.iter().any(|sign| pattern.contains(sign));
            !asks_for_more && Pattern::new(pattern).is_ok_and(|pattern| pattern.is_found("").unwrap_or(false))
        }
        _ => false,
    }
}
