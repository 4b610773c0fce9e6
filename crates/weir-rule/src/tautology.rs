//! Finds tautologies: `"" in job.title` holds for every text, `job.close_date <= job.close_date +
//! months(6)` for every date.
//!
//! Must never report a tautology unless it is certain: anything that may be absent, or is not
//! understood, is not one.

use super::expr::{CallExpr, ExprKind, ScriptExpr};
use super::pattern::TextPattern;
use super::satisfiability::FormulaContext;
use super::types::TypeSet;
use super::value::{ArithmeticOp, ComparisonOp, ConstantValue};
use std::ops::RangeInclusive;

/// Beyond this, a date plus a span may be no date any more.
const MOST_SPAN: i64 = 10_000;
/// Characters with which a pattern may refer to its surroundings.
const ASSERTIONS: [&str; 9] = ["^", "$", "\\b", "\\B", "\\A", "\\z", "\\<", "\\>", "(?"];

impl FormulaContext<'_> {
    /// Whether a call returns `true` for every text: `"" in text`, `matches(text, ".*")`.
    pub(super) fn is_tautology(self, call: &CallExpr) -> bool {
        match call.values.as_slice() {
            [text, part] => self.is_text(text) && is_in_every_text(&call.name, part),
            _ => false,
        }
    }

    fn is_text(self, expr: &ScriptExpr) -> bool {
        let types = self.types_of(expr);
        (if self.absence { types } else { types.present() }).is_within(TypeSet::TEXT)
    }

    /// The result of comparing a date with itself moved by a duration.
    pub(super) fn of_moved(
        self,
        op: ComparisonOp,
        one: &ScriptExpr,
        other: &ScriptExpr,
    ) -> Option<bool> {
        let ((date, first), (same, second)) = (self.moved(one)?, self.moved(other)?);
        let places = |places: RangeInclusive<i64>| places.collect::<Vec<_>>();
        let (first, second) = (places(first), places(second));
        let is_known = date == same && (first == [0] || second == [0]);
        let all = first
            .iter()
            .flat_map(|one| second.iter().map(|other| one.cmp(other)));
        let mut answers = all.map(|order| op.holds(order));
        let answer = answers.next().filter(|_| is_known)?;
        answers.all(|other| other == answer).then_some(answer)
    }

    /// A date, and whether it is moved back (-1), not at all (0) or ahead (1).
    fn moved(self, expr: &ScriptExpr) -> Option<(String, RangeInclusive<i64>)> {
        let ExprKind::Arithmetic(op, sides) = &expr.kind else {
            return Some((self.date(expr)?, 0..=0));
        };
        let [date, span] = &**sides;
        let ahead = self.direction(span)?;
        match op {
            ArithmeticOp::Plus => Some((self.date(date)?, ahead)),
            ArithmeticOp::Minus => Some((self.date(date)?, -ahead.end()..=-ahead.start())),
            _ => None,
        }
    }

    fn date(self, expr: &ScriptExpr) -> Option<String> {
        let is_date = |_: &String| self.types_of(expr).present() == TypeSet::DATE;
        expr.canonical().filter(is_date)
    }

    /// Where a span leads: known of one that is written out; a parameter leads ahead, or nowhere.
    fn direction(self, span: &ScriptExpr) -> Option<RangeInclusive<i64>> {
        match &span.kind {
            ExprKind::Call(call) if matches!(call.name.as_str(), "days" | "months" | "years") => {
                let [
                    ScriptExpr {
                        kind: ExprKind::Constant(ConstantValue::Int(number)),
                        ..
                    },
                ] = call.values.as_slice()
                else {
                    return None;
                };
                (number.abs() <= MOST_SPAN).then(|| number.signum()..=number.signum())
            }
            ExprKind::Variable(name, _) if self.types.variable(name) == TypeSet::SPAN => {
                Some(0..=1)
            }
            _ => None,
        }
    }
}

fn is_in_every_text(function: &str, part: &ScriptExpr) -> bool {
    let Some(part) = part.text() else {
        return false;
    };
    match function {
        "contains" | "starts_with" | "ends_with" => part.is_empty(),
        // A pattern that matches empty text, and does not refer to its surroundings, matches before
        // the first character.
        "matches" => {
            let asks_for_more = ASSERTIONS.iter().any(|sign| part.contains(sign));
            let finds_nothing = |pattern: TextPattern| pattern.is_found("").unwrap_or(false);
            !asks_for_more && TextPattern::new(part).is_ok_and(finds_nothing)
        }
        _ => false,
    }
}
