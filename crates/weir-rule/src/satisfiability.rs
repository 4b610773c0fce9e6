//! Finds rules whose verdict is certain before any ad is read: `job.grade != "A" || job.grade !=
//! "B"` can never fail, `job.positions < 1 && job.positions > 500` never holds. A script is read as
//! a formula, which is impossible if every way to satisfy it contains a contradiction.
//!
//! Must never report a script as impossible unless that is certain: anything not understood may
//! hold or not. The negation of a comparison is only used if both values are present and of one
//! ordered type: `()` is neither before a date nor after it.

use super::expr::{ExprKind, ScriptExpr};
use super::library::date;
use super::script::CompiledScript;
use super::typecheck::types_of;
use super::types::{FunctionTypes, TypeEnv, TypeSet};
use super::value::{ComparisonOp, ConstantValue};
use chrono::NaiveDate;
use std::cmp::Ordering;

/// Ways to satisfy a formula that are looked at; a formula with more is left alone.
const MOST: usize = 64;

/// What is known of the values that scripts read.
#[derive(Clone, Copy)]
pub struct FormulaContext<'a> {
    /// The types of the variables.
    pub types: &'a TypeEnv,
    /// The types of the functions.
    pub functions: &'a FunctionTypes,
    /// Whether some may be absent when the scripts are evaluated.
    pub absence: bool,
}

/// Whether no ad can make all of these scripts true, or false where so marked.
pub fn is_impossible(scripts: &[(&CompiledScript, bool)], context: FormulaContext) -> bool {
    let all = scripts
        .iter()
        .map(|(script, holds)| context.formula(script.tree(), *holds));
    ways(&ScriptFormula::All(all.collect()))
        .is_some_and(|ways| ways.iter().all(|way| is_contradiction(way)))
}

/// What must be so.
#[derive(Debug, Clone, PartialEq)]
enum ScriptFormula {
    /// It is so, or never is.
    Sure(bool),
    /// Unknown: it may hold or not.
    Open,
    /// A question with this answer.
    Answer(String, bool),
    /// A value compares with a literal.
    Compare(String, ComparisonOp, OrderedLiteral),
    All(Vec<ScriptFormula>),
    Any(Vec<ScriptFormula>),
}

#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum OrderedLiteral {
    Number(f64),
    Text(String),
    Date(NaiveDate),
}

impl FormulaContext<'_> {
    fn formula(self, expr: &ScriptExpr, holds: bool) -> ScriptFormula {
        let each = |parts: &[ScriptExpr]| parts.iter().map(|it| self.formula(it, holds)).collect();
        match &expr.kind {
            ExprKind::Constant(ConstantValue::Bool(truth)) => ScriptFormula::Sure(*truth == holds),
            ExprKind::All(parts) if holds => ScriptFormula::All(each(parts)),
            ExprKind::All(parts) => ScriptFormula::Any(each(parts)),
            ExprKind::Any(parts) if holds => ScriptFormula::Any(each(parts)),
            ExprKind::Any(parts) => ScriptFormula::All(each(parts)),
            ExprKind::Not(part) => self.formula(part, !holds),
            ExprKind::Compare(op, sides) => self.compare(*op, sides, holds),
            ExprKind::Choose(parts) => self.choose(parts, holds),
            ExprKind::Block(statements) => match statements.as_slice() {
                [only] => self.formula(only, holds),
                _ => ScriptFormula::Open,
            },
            ExprKind::Call(call) if self.is_tautology(call) => ScriptFormula::Sure(holds),
            _ => {
                let text = expr.canonical();
                text.map_or(ScriptFormula::Open, |text| {
                    ScriptFormula::Answer(text, holds)
                })
            }
        }
    }

    fn choose(self, parts: &[ScriptExpr; 3], holds: bool) -> ScriptFormula {
        let [condition, then, otherwise] = parts;
        let branch = |truth: bool, branch: &ScriptExpr| {
            ScriptFormula::All(vec![
                self.formula(condition, truth),
                self.formula(branch, holds),
            ])
        };
        ScriptFormula::Any(vec![branch(true, then), branch(false, otherwise)])
    }

    fn compare(self, op: ComparisonOp, sides: &[ScriptExpr; 2], holds: bool) -> ScriptFormula {
        let [one, other] = sides;
        let (Some(left), Some(right)) = (one.canonical(), other.canonical()) else {
            return ScriptFormula::Open;
        };
        let is_order = self.is_order(one, other);
        if let Some(answer) = self.of_moved(op, one, other).filter(|_| is_order) {
            return ScriptFormula::Sure(answer == holds);
        }
        if !holds && !op.is_equality() && !is_order {
            return ScriptFormula::Answer(format!("{left} {} {right}", op.sign()), false);
        }
        let op = if holds { op } else { op.opposite() };
        match (literal(one), literal(other)) {
            (None, Some(literal)) => bounded(one, left, op, literal),
            (Some(literal), None) => bounded(other, right, op.turned(), literal),
            _ if is_order || op.is_equality() => question(left, op, right),
            _ => ScriptFormula::Answer(format!("{left} {} {right}", op.sign()), true),
        }
    }

    /// The types of an expression.
    pub(super) fn types_of(self, expr: &ScriptExpr) -> TypeSet {
        types_of(expr, self.types, self.functions)
    }

    /// Whether both are present and of one ordered type.
    fn is_order(self, one: &ScriptExpr, other: &ScriptExpr) -> bool {
        let both = self.types_of(one) | self.types_of(other);
        let both = if self.absence { both } else { both.present() };
        [TypeSet::DATE, TypeSet::NUMBER, TypeSet::TEXT]
            .iter()
            .any(|types| both.is_within(*types))
    }
}

/// A comparison of two values as a question that has one form.
fn question(left: String, comparison: ComparisonOp, right: String) -> ScriptFormula {
    let is_before =
        |left: &str, right: &str, holds| ScriptFormula::Answer(format!("{left} < {right}"), holds);
    let (first, last) = if left <= right {
        (&left, &right)
    } else {
        (&right, &left)
    };
    match comparison {
        ComparisonOp::Equal => ScriptFormula::Answer(format!("{first} == {last}"), true),
        ComparisonOp::Unequal => ScriptFormula::Answer(format!("{first} == {last}"), false),
        ComparisonOp::Less => is_before(&left, &right, true),
        ComparisonOp::AtLeast => is_before(&left, &right, false),
        ComparisonOp::Greater => is_before(&right, &left, true),
        ComparisonOp::AtMost => is_before(&right, &left, false),
    }
}

/// A comparison with a literal, and the bounds that the value has of itself.
fn bounded(
    value: &ScriptExpr,
    text: String,
    op: ComparisonOp,
    literal: OrderedLiteral,
) -> ScriptFormula {
    let bounds = match called(value) {
        Some("len" | "word_count" | "count") => Some((0.0, f64::INFINITY)),
        Some("month") => Some((1.0, 12.0)),
        Some("weekday") => Some((1.0, 7.0)),
        Some("day") => Some((1.0, 31.0)),
        _ => None,
    };
    let formula = ScriptFormula::Compare(text.clone(), op, literal);
    let Some((least, most)) = bounds else {
        return formula;
    };
    let bound =
        |op, number| ScriptFormula::Compare(text.clone(), op, OrderedLiteral::Number(number));
    let bounds = [
        bound(ComparisonOp::AtLeast, least),
        bound(ComparisonOp::AtMost, most),
    ];
    ScriptFormula::All(bounds.into_iter().chain([formula]).collect())
}

/// The function that returns a value.
fn called(value: &ScriptExpr) -> Option<&str> {
    match &value.kind {
        ExprKind::Call(call) => Some(&call.name),
        _ => None,
    }
}

#[allow(clippy::cast_precision_loss, reason = "as Rhai compares them")]
fn literal(expr: &ScriptExpr) -> Option<OrderedLiteral> {
    Some(match &expr.kind {
        ExprKind::Constant(ConstantValue::Int(number)) => OrderedLiteral::Number(*number as f64),
        ExprKind::Constant(ConstantValue::Float(number)) => OrderedLiteral::Number(*number),
        ExprKind::Constant(ConstantValue::Text(text)) => OrderedLiteral::Text(text.clone()),
        ExprKind::Call(call) if call.name == "date" => match call.values.as_slice() {
            [text] => OrderedLiteral::Date(date(text.text()?)?.0),
            _ => return None,
        },
        _ => return None,
    })
}

/// The ways to satisfy a formula, each as simple claims that must all hold; `None` if there are too
/// many.
fn ways(claim: &ScriptFormula) -> Option<Vec<Vec<&ScriptFormula>>> {
    match claim {
        ScriptFormula::Any(parts) => {
            let each = parts.iter().map(ways).collect::<Option<Vec<_>>>()?;
            Some(each.into_iter().flatten().collect::<Vec<_>>()).filter(|all| all.len() <= MOST)
        }
        ScriptFormula::All(parts) => parts.iter().try_fold(vec![Vec::new()], |so_far, part| {
            let more = ways(part)?;
            if so_far.len() * more.len() > MOST {
                return None;
            }
            Some(
                so_far
                    .iter()
                    .flat_map(|one| {
                        more.iter()
                            .map(|other| [one.as_slice(), other.as_slice()].concat())
                    })
                    .collect(),
            )
        }),
        simple => Some(vec![vec![simple]]),
    }
}

fn is_contradiction(way: &[&ScriptFormula]) -> bool {
    way.iter()
        .any(|claim| **claim == ScriptFormula::Sure(false))
        || way.iter().enumerate().any(|(index, one)| {
            way[index + 1..]
                .iter()
                .any(|other| exclude(one, other) || exclude(other, one))
        })
}

fn exclude(one: &ScriptFormula, other: &ScriptFormula) -> bool {
    match (one, other) {
        (ScriptFormula::Answer(one, holds), ScriptFormula::Answer(other, hold)) => {
            one == other && holds != hold
        }
        (
            ScriptFormula::Compare(one, first, literal),
            ScriptFormula::Compare(other, second, bound),
        ) => one == other && !can_both(*first, literal, *second, bound),
        // What is equal to something, or before it, is there.
        (ScriptFormula::Compare(value, comparison, _), ScriptFormula::Answer(question, true)) => {
            *comparison != ComparisonOp::Unequal
                && (*question == format!("() == {value}") || *question == format!("{value} == ()"))
        }
        _ => false,
    }
}

/// Whether some value satisfies both: below the literals, at them, between them, above.
fn can_both(
    first: ComparisonOp,
    literal: &OrderedLiteral,
    second: ComparisonOp,
    bound: &OrderedLiteral,
) -> bool {
    let (low, high) = match literal.partial_cmp(bound) {
        _ if std::mem::discriminant(literal) != std::mem::discriminant(bound) => {
            return first == ComparisonOp::Unequal || second == ComparisonOp::Unequal;
        }
        Some(Ordering::Less) => (1, 3),
        Some(Ordering::Equal) => (1, 1),
        Some(Ordering::Greater) => (3, 1),
        None => return true,
    };
    (0..=4).any(|place: i32| first.holds(place.cmp(&low)) && second.holds(place.cmp(&high)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScriptSandbox;
    use crate::ad_input::VARIABLES;
    use weir_model::FieldKind;

    fn is_never(when: &str, assert: &str) -> bool {
        let sandbox = ScriptSandbox::new();
        let kinds = [
            ("close_date", FieldKind::Date),
            ("open_date", FieldKind::Date),
            ("title", FieldKind::Text),
            ("positions", FieldKind::Number),
        ];
        let members = kinds.map(|(name, kind)| (name.to_owned(), TypeSet::of_field(kind)));
        let shapes = TypeEnv {
            members: [("job", members.into())].into(),
            ..TypeEnv::default()
        };
        let compile = |text: &str| CompiledScript::compile(&sandbox, text, &VARIABLES).unwrap();
        let scripts = [compile(when), compile(assert)];
        let absence = scripts.iter().any(|script| script.reads.absence);
        let known = FormulaContext {
            types: &shapes,
            functions: sandbox.functions(),
            absence,
        };
        is_impossible(&[(&scripts[0], true), (&scripts[1], false)], known)
    }

    #[test]
    fn what_can_never_fail() {
        for assert in [
            "true",
            "job.title == \"a\" || !(job.title == \"a\")",
            "job.title != \"a\" || job.title != \"b\"",
            "job.positions >= 1 || job.positions <= 500",
            "job.close_date >= job.open_date || job.open_date > job.close_date",
            "job.title.len() >= 0",
            "weekday(job.open_date) <= 7",
            "if is_url(job.title) { true } else { !is_url(job.title) }",
            "job.open_date < date(\"2026-06-01\") || job.open_date > date(\"2026-01-01\")",
            "is_url(job.title) || job.positions > 3 || !is_url(job.title)",
            "!(job.title == \"a\" && job.title == \"b\")",
            "job.close_date <= job.close_date + months(6)",
            "job.close_date - days(1) < job.close_date",
            "job.close_date + months(-6) != job.close_date",
            "\"\" in job.title",
            "job.title.starts_with(\"\")",
            "matches(job.title, \".*\")",
            "matches(job.title, \"[a-z]*\") || job.positions > 3",
        ] {
            assert!(is_never("1 < 2", assert), "{assert}");
        }
    }

    #[test]
    fn what_never_applies_or_is_asked_already() {
        for (when, assert) in [
            (
                "job.positions < 1 && job.positions > 500",
                "job.title == \"a\"",
            ),
            ("source == \"a\" && source == \"b\"", "job.title == \"a\""),
            ("job.title == () && job.title == \"a\"", "is_url(job.title)"),
            ("job.positions > 5", "job.positions > 3"),
            ("source == \"a\" && job.title != ()", "job.title != ()"),
        ] {
            assert!(is_never(when, assert), "{when} -> {assert}");
        }
    }

    #[test]
    fn what_may_fail_is_left_alone() {
        for assert in [
            "false",
            "job.title == \"a\" || job.title == \"b\"",
            "job.positions >= 1 && job.positions <= 500",
            "job.close_date == () || job.close_date >= today",
            // Both are false without a date.
            "job.close_date < today || job.close_date >= today || job.title == ()",
            "job.title.len() > 0",
            "job.close_date <= job.open_date + months(6)",
            "job.close_date + days(0) < job.close_date",
            "matches(job.title, \"^$\")",
            "matches(job.title, \"a\")",
            "\"\" in job.positions.to_string() && job.positions > 3",
            "job.recruiter?.age < 3 || job.recruiter?.age >= 3",
            "let x = job.title; x == \"a\" || x != \"a\"",
            "job.close_date >= job.open_date || today >= job.close_date && job.title == \"x\"",
        ] {
            assert!(!is_never("source != \"x\"", assert), "{assert}");
        }
    }
}
