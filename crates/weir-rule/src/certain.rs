//! Finds rules whose verdict is certain before any ad is read: `job.grade != "A" || job.grade != "B"` can never fail, `job.positions < 1 && job.positions > 500` never holds. A script is read as
//! a formula, which is impossible if every way to satisfy it contains a contradiction.
//!
//! Must never report a script as impossible unless that is certain: anything not understood may
//! hold or not. The negation of a comparison is only used if both values are present and of one
//! ordered type: `()` is neither before a date nor after it.

use super::kinds::{Kinds, Shapes};
use super::library::date;
use super::lower::value::Comparison;
use super::sense::kinds_of;
use super::{Sandbox, Script};
use chrono::NaiveDate;
use rhai::{Expr, FnCallExpr, Stmt, StmtBlock};
use std::cmp::Ordering;

/// Ways to satisfy a claim that are looked at; a claim with more is left alone.
const MOST: usize = 64;

/// What is known of the values that scripts read.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The types of the variables.
    pub shapes: &'a Shapes,
    /// The functions.
    pub sandbox: &'a Sandbox,
    /// Whether some may be absent when the scripts are evaluated.
    pub absence: bool,
}

/// Whether no ad can make all of these scripts true, or false where so marked.
pub fn is_impossible(scripts: &[(&Script, bool)], known: Known) -> bool {
    let claims = scripts.iter().map(|(script, holds)| known.of_script(script, *holds)).collect();
    ways(&Claim::All(claims)).is_some_and(|ways| ways.iter().all(|way| is_contradiction(way)))
}

/// What must be so.
#[derive(Debug, Clone, PartialEq)]
enum Claim {
    /// It is so, or never is.
    Sure(bool),
    /// Unknown: it may hold or not.
    Open,
    /// A question with this answer.
    Answer(String, bool),
    /// A value compares with a literal.
    Compare(String, Comparison, Literal),
    All(Vec<Claim>),
    Any(Vec<Claim>),
}

#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Literal {
    Number(f64),
    Text(String),
    Date(NaiveDate),
}

impl Known<'_> {
    fn of_script(self, script: &Script, holds: bool) -> Claim {
        match script.statements() {
            [only] => self.of_statement(only, holds),
            _ => Claim::Open,
        }
    }

    fn of_statement(self, statement: &Stmt, holds: bool) -> Claim {
        match statement {
            Stmt::Expr(expression) => self.of(expression, holds),
            Stmt::FnCall(call, _) => self.of_call(call, holds),
            Stmt::Block(block) => self.of_block(block, holds),
            Stmt::If(parts, _) => {
                let then = Claim::All(vec![self.of(&parts.expr, true), self.of_block(&parts.body, holds)]);
                Claim::Any(vec![then, Claim::All(vec![self.of(&parts.expr, false), self.of_block(&parts.branch, holds)])])
            }
            _ => Claim::Open,
        }
    }

    fn of_block(self, block: &StmtBlock, holds: bool) -> Claim {
        match block.statements() {
            [only] => self.of_statement(only, holds),
            _ => Claim::Open,
        }
    }

    fn of(self, expression: &Expr, holds: bool) -> Claim {
        let each = |parts: &[Expr]| parts.iter().map(|part| self.of(part, holds)).collect();
        match expression {
            Expr::BoolConstant(truth, _) => Claim::Sure(*truth == holds),
            Expr::And(parts, _) if holds => Claim::All(each(parts)),
            Expr::And(parts, _) => Claim::Any(each(parts)),
            Expr::Or(parts, _) if holds => Claim::Any(each(parts)),
            Expr::Or(parts, _) => Claim::All(each(parts)),
            Expr::FnCall(call, _) => self.of_call(call, holds),
            Expr::Stmt(block) => self.of_block(block, holds),
            Expr::Dot(parts, ..) if self.is_truism_of(&parts.lhs, &parts.rhs) => Claim::Sure(holds),
            other => key(other).map_or(Claim::Open, |key| Claim::Answer(key, holds)),
        }
    }

    fn of_call(self, call: &FnCallExpr, holds: bool) -> Claim {
        match (call.name.as_str(), call.args.as_slice()) {
            ("!", [inner]) => self.of(inner, !holds),
            _ if self.is_truism(call) => Claim::Sure(holds),
            (name, [one, other]) => match Comparison::named(name) {
                Some(comparison) => self.compare(comparison, one, other, holds),
                None => answer(call, holds),
            },
            _ => answer(call, holds),
        }
    }

    fn compare(self, comparison: Comparison, one: &Expr, other: &Expr, holds: bool) -> Claim {
        let (Some(left), Some(right)) = (key(one), key(other)) else { return Claim::Open };
        let is_order = self.is_order(one, other);
        if let Some(answer) = self.of_moved(comparison, one, other).filter(|_| is_order) {
            return Claim::Sure(answer == holds);
        }
        if !holds && !comparison.is_equality() && !is_order {
            return Claim::Answer(format!("{left} {} {right}", comparison.sign()), false);
        }
        let comparison = if holds { comparison } else { comparison.opposite() };
        match (literal(one), literal(other)) {
            (None, Some(literal)) => bounded(one, left, comparison, literal),
            (Some(literal), None) => bounded(other, right, comparison.turned(), literal),
            _ if is_order || comparison.is_equality() => question(left, comparison, right),
            _ => Claim::Answer(format!("{left} {} {right}", comparison.sign()), true),
        }
    }

    /// The type of an expression.
    pub(super) fn kinds_of(self, expression: &Expr) -> Kinds {
        kinds_of(expression, self.shapes, self.sandbox)
    }

    /// Whether both are present and of one ordered type.
    fn is_order(self, one: &Expr, other: &Expr) -> bool {
        let both = self.kinds_of(one) | self.kinds_of(other);
        let both = if self.absence { both } else { both.present() };
        [Kinds::DATE, Kinds::NUMBER, Kinds::TEXT].iter().any(|kind| both.is_within(*kind))
    }
}

/// A comparison of two values as a question that has one form.
fn question(left: String, comparison: Comparison, right: String) -> Claim {
    let is_before = |left: &str, right: &str, holds| Claim::Answer(format!("{left} < {right}"), holds);
    let (first, last) = if left <= right { (&left, &right) } else { (&right, &left) };
    match comparison {
        Comparison::Equal => Claim::Answer(format!("{first} == {last}"), true),
        Comparison::Unequal => Claim::Answer(format!("{first} == {last}"), false),
        Comparison::Less => is_before(&left, &right, true),
        Comparison::AtLeast => is_before(&left, &right, false),
        Comparison::Greater => is_before(&right, &left, true),
        Comparison::AtMost => is_before(&right, &left, false),
    }
}

/// A comparison with a literal, and the bounds that the value has of itself.
fn bounded(value: &Expr, key: String, comparison: Comparison, literal: Literal) -> Claim {
    let bounds = match called(value) {
        Some("len" | "word_count" | "count") => Some((0.0, f64::INFINITY)),
        Some("month") => Some((1.0, 12.0)),
        Some("weekday") => Some((1.0, 7.0)),
        Some("day") => Some((1.0, 31.0)),
        _ => None,
    };
    let claim = Claim::Compare(key.clone(), comparison, literal);
    let Some((least, most)) = bounds else { return claim };
    let bound = |comparison, number| Claim::Compare(key.clone(), comparison, Literal::Number(number));
    Claim::All(vec![bound(Comparison::AtLeast, least), bound(Comparison::AtMost, most), claim])
}

/// The function that returns a value.
fn called(value: &Expr) -> Option<&str> {
    match value {
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => Some(&call.name),
        Expr::Dot(parts, ..) => called(&parts.rhs),
        _ => None,
    }
}

fn answer(call: &FnCallExpr, holds: bool) -> Claim {
    key_of_call(call, None).map_or(Claim::Open, |key| Claim::Answer(key, holds))
}

#[allow(clippy::cast_precision_loss, reason = "as Rhai compares them")]
fn literal(expression: &Expr) -> Option<Literal> {
    match expression {
        Expr::IntegerConstant(number, _) => Some(Literal::Number(*number as f64)),
        Expr::FloatConstant(number, _) => Some(Literal::Number(**number)),
        Expr::StringConstant(text, _) => Some(Literal::Text(text.to_string())),
        Expr::FnCall(call, _) if call.name == "date" => match call.args.as_slice() {
            [Expr::StringConstant(text, _)] => date(text).map(|date| Literal::Date(date.0)),
            _ => None,
        },
        _ => None,
    }
}

/// The canonical text of an expression: equal text means equal value. `None` for anything not
/// understood.
pub(super) fn key(expression: &Expr) -> Option<String> {
    Some(match expression {
        Expr::Unit(_) => "()".to_owned(),
        Expr::BoolConstant(truth, _) => truth.to_string(),
        Expr::IntegerConstant(number, _) => number.to_string(),
        Expr::FloatConstant(number, _) => number.to_string(),
        Expr::StringConstant(text, _) => format!("{text:?}"),
        Expr::DynamicConstant(value, _) => value.to_string(),
        Expr::Variable(variable, ..) => variable.1.to_string(),
        Expr::Property(member, _) => member.2.to_string(),
        Expr::FnCall(call, _) => key_of_call(call, None)?,
        Expr::Dot(parts, ..) => key_of_chain(key(&parts.lhs)?, &parts.rhs)?,
        Expr::Array(items, _) => format!("[{}]", items.iter().map(key).collect::<Option<Vec<_>>>()?.join(", ")),
        _ => return None,
    })
}

fn key_of_chain(owner: String, right: &Expr) -> Option<String> {
    match right {
        Expr::MethodCall(call, _) => key_of_call(call, Some(owner)),
        Expr::Property(member, _) => Some(format!("{owner}.{}", member.2)),
        Expr::Dot(parts, ..) => key_of_chain(key_of_chain(owner, &parts.lhs)?, &parts.rhs),
        _ => None,
    }
}

fn key_of_call(call: &FnCallExpr, owner: Option<String>) -> Option<String> {
    let values = call.args.iter().map(key).collect::<Option<Vec<_>>>()?;
    let values: Vec<String> = owner.into_iter().chain(values).collect();
    match (call.op_token.is_some(), values.as_slice()) {
        (true, [one]) => Some(format!("{}{one}", call.name)),
        (true, [one, other]) => Some(format!("({one} {} {other})", call.name)),
        _ => Some(format!("{}({})", call.name, values.join(", "))),
    }
}

/// The ways to satisfy a formula, each as simple claims that must all hold; `None` if there are too
/// many.
fn ways(claim: &Claim) -> Option<Vec<Vec<&Claim>>> {
    match claim {
        Claim::Any(parts) => {
            let each = parts.iter().map(ways).collect::<Option<Vec<_>>>()?;
            Some(each.into_iter().flatten().collect::<Vec<_>>()).filter(|all| all.len() <= MOST)
        }
        Claim::All(parts) => parts.iter().try_fold(vec![Vec::new()], |so_far, part| {
            let more = ways(part)?;
            if so_far.len() * more.len() > MOST {
                return None;
            }
            Some(so_far.iter().flat_map(|one| more.iter().map(|other| [one.as_slice(), other.as_slice()].concat())).collect())
        }),
        simple => Some(vec![vec![simple]]),
    }
}

fn is_contradiction(way: &[&Claim]) -> bool {
    way.iter().any(|claim| **claim == Claim::Sure(false))
        || way.iter().enumerate().any(|(index, one)| way[index + 1..].iter().any(|other| exclude(one, other) || exclude(other, one)))
}

fn exclude(one: &Claim, other: &Claim) -> bool {
    match (one, other) {
        (Claim::Answer(one, holds), Claim::Answer(other, hold)) => one == other && holds != hold,
        (Claim::Compare(one, first, literal), Claim::Compare(other, second, bound)) => one == other && !can_both(*first, literal, *second, bound),
        // What is equal to something, or before it, is there.
        (Claim::Compare(value, comparison, _), Claim::Answer(question, true)) => {
            *comparison != Comparison::Unequal && (*question == format!("() == {value}") || *question == format!("{value} == ()"))
        }
        _ => false,
    }
}

/// Whether some value satisfies both: below the literals, at them, between them, above.
fn can_both(first: Comparison, literal: &Literal, second: Comparison, bound: &Literal) -> bool {
    let (low, high) = match literal.partial_cmp(bound) {
        _ if std::mem::discriminant(literal) != std::mem::discriminant(bound) => {
            return first == Comparison::Unequal || second == Comparison::Unequal;
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
    use crate::scope::VARIABLES;
    use weir_model::FieldKind;

    fn is_never(when: &str, assert: &str) -> bool {
        let sandbox = Sandbox::new();
        let kinds = [("close_date", FieldKind::Date), ("open_date", FieldKind::Date), ("title", FieldKind::Text), ("positions", FieldKind::Number)];
        let members = kinds.map(|(name, kind)| (name.to_owned(), Kinds::of_field(kind)));
        let shapes = Shapes { members: [("job", members.into())].into(), ..Shapes::default() };
        let compile = |text: &str| Script::compile(&sandbox, text, &VARIABLES).unwrap();
        let scripts = [compile(when), compile(assert)];
        let absence = scripts.iter().any(|script| script.reads.absence);
        let known = Known { shapes: &shapes, sandbox: &sandbox, absence };
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
            ("job.positions < 1 && job.positions > 500", "job.title == \"a\""),
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
            "job.close_date >= job.open_date || job.open_date >= job.close_date && job.title == \"x\"",
        ] {
            assert!(!is_never("source != \"x\"", assert), "{assert}");
        }
    }
}
