//! The tree, how a script becomes one, and how it is evaluated.

use super::super::library::{Date, Span};
use super::super::{Given, Parameter, Script};
use super::View;
use super::call::{self, Function};
use super::value::{Comparison, Stuck, Sum, Value};
use crate::scope::RELATIONS;
use rhai::{Expr, FnCallExpr, Position, Stmt, StmtBlock};
use std::borrow::Cow;
use std::sync::Arc;
use weir_model::{self, Field, Job};

/// A lowered expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// A value that is the same for every ad.
    Constant(Constant),
    /// Something of the ad, or known of it.
    Read(Read),
    /// A comparison, and its position.
    Compare(Comparison, Box<[Tree; 2]>, Position),
    /// A calculation.
    Sum(Sum, Box<[Tree; 2]>),
    /// All must hold.
    All(Vec<Tree>),
    /// At least one must hold.
    Any(Vec<Tree>),
    /// Must not hold.
    Not(Box<Tree>),
    /// The first that is something.
    First(Vec<Tree>),
    /// The second if the first holds, else the third.
    Choose(Box<[Tree; 3]>),
    /// A function.
    Call(Function, Vec<Tree>),
}

/// A value that is the same for every ad.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// Nothing.
    Unit,
    /// true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A text.
    Text(String),
    /// A date.
    Date(Date),
    /// A span of time.
    Span(Span),
    /// Texts.
    Texts(Vec<String>),
    /// A named list.
    List(Arc<super::super::List>),
}

/// Something of the ad, or known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// A field of the ad; of the version before if `true`.
    Canonical(Field, bool),
    /// A custom field; of the version before if `true`.
    Extra(String, bool),
    /// The source.
    Source,
    /// The institution.
    Institution,
    /// The date of the run.
    Today,
    /// The name of the company.
    CompanyName,
    /// Whether the company is known.
    CompanyKnown,
    /// The name of the division.
    DivisionName,
    /// Whether the division is known.
    DivisionKnown,
}

/// A script as a tree, if all of it is recognised.
pub(super) fn of_script(script: &Script) -> Option<Tree> {
    match script.statements() {
        [only] => of_statement(only, &script.given),
        _ => None,
    }
}

fn of_statement(statement: &Stmt, given: &Given) -> Option<Tree> {
    match statement {
        Stmt::Expr(expression) => of(expression, given),
        Stmt::FnCall(call, at) => of_call(call, *at, given),
        Stmt::If(parts, _) if !parts.branch.is_empty() => {
            Some(Tree::Choose(Box::new([of(&parts.expr, given)?, of_block(&parts.body, given)?, of_block(&parts.branch, given)?])))
        }
        Stmt::Block(block) => of_block(block, given),
        _ => None,
    }
}

fn of_block(block: &StmtBlock, given: &Given) -> Option<Tree> {
    match block.statements() {
        [only] => of_statement(only, given),
        _ => None,
    }
}

/// An expression as a tree.
pub(super) fn of(expression: &Expr, given: &Given) -> Option<Tree> {
    let all = |parts: &[Expr]| parts.iter().map(|part| of(part, given)).collect::<Option<Vec<Tree>>>();
    match expression {
        Expr::And(parts, _) => all(parts).map(Tree::All),
        Expr::Or(parts, _) => all(parts).map(Tree::Any),
        Expr::Coalesce(parts, _) => all(parts).map(Tree::First),
        Expr::FnCall(call, at) => of_call(call, *at, given),
        Expr::Dot(parts, flags, _) if flags.is_empty() => chain(&parts.lhs, &parts.rhs, given),
        Expr::Variable(variable, ..) => of_variable(&variable.1, given),
        Expr::Stmt(block) => of_block(block, given),
        other => constant(other).map(Tree::Constant),
    }
}

fn constant(expression: &Expr) -> Option<Constant> {
    Some(match expression {
        Expr::Unit(_) => Constant::Unit,
        Expr::BoolConstant(truth, _) => Constant::Bool(*truth),
        Expr::IntegerConstant(number, _) => Constant::Int(*number),
        Expr::FloatConstant(number, _) => Constant::Float(**number),
        Expr::StringConstant(text, _) => Constant::Text(text.to_string()),
        Expr::DynamicConstant(value, _) => Constant::Texts(call::texts(value)?),
        Expr::Array(items, _) => {
            let text = |item: &Expr| if let Expr::StringConstant(text, _) = item { Some(text.to_string()) } else { None };
            Constant::Texts(items.iter().map(text).collect::<Option<Vec<String>>>()?)
        }
        _ => return None,
    })
}

fn of_variable(name: &str, given: &Given) -> Option<Tree> {
    Some(match name {
        "source" => Tree::Read(Read::Source),
        "institution" => Tree::Read(Read::Institution),
        "today" => Tree::Read(Read::Today),
        parameter => Tree::Constant(match given.parameters.get(parameter)? {
            Parameter::Number(number) => number.as_i64().map_or_else(|| Constant::Float(number.as_f64().unwrap_or_default()), Constant::Int),
            Parameter::Boolean(truth) => Constant::Bool(*truth),
            Parameter::Date(date) => Constant::Date(*date),
            Parameter::Span(span) => Constant::Span(*span),
            Parameter::List(items) => Constant::Texts(items.clone()),
            Parameter::Text(text) => Constant::Text(text.clone()),
        }),
    })
}

/// `job.title.len()`: a variable, a member, then calls on its value.
fn chain(left: &Expr, right: &Expr, given: &Given) -> Option<Tree> {
    let (first, rest) = match right {
        Expr::Dot(parts, flags, _) if flags.is_empty() => (&parts.lhs, Some(&parts.rhs)),
        other => (other, None),
    };
    let found = match (left, first) {
        (Expr::Variable(variable, ..), Expr::Property(member, _)) => of_member(&variable.1, &member.2, given)?,
        (_, Expr::MethodCall(call, _)) => method(of(left, given)?, call, given)?,
        _ => return None,
    };
    calls(found, rest, given)
}

fn calls(found: Tree, rest: Option<&Expr>, given: &Given) -> Option<Tree> {
    match rest {
        None => Some(found),
        Some(Expr::MethodCall(call, _)) => method(found, call, given),
        Some(Expr::Dot(parts, flags, _)) if flags.is_empty() => calls(calls(found, Some(&parts.lhs), given)?, Some(&parts.rhs), given),
        Some(_) => None,
    }
}

fn of_member(variable: &str, member: &str, given: &Given) -> Option<Tree> {
    Some(match (variable, member) {
        ("job", _) => Tree::Read(Read::field(member, false)?),
        ("before", _) => Tree::Read(Read::field(member, true)?),
        ("company", "name") => Tree::Read(Read::CompanyName),
        ("company", "known") => Tree::Read(Read::CompanyKnown),
        ("division", "name") => Tree::Read(Read::DivisionName),
        ("division", "known") => Tree::Read(Read::DivisionKnown),
        ("lists", list) => Tree::Constant(Constant::List(Arc::clone(given.lists.get(list)?))),
        _ => return None,
    })
}

fn of_call(call: &FnCallExpr, at: Position, given: &Given) -> Option<Tree> {
    if call.capture_parent_scope {
        return None;
    }
    if let Some((between, number)) = call::range(&call.name, &call.args) {
        return Some(Tree::Call(between, vec![of(number, given)?]));
    }
    let mut values = call.args.iter().map(|value| of(value, given)).collect::<Option<Vec<Tree>>>()?;
    match (call.name.as_str(), values.len()) {
        ("!", 1) => Some(Tree::Not(Box::new(values.remove(0)))),
        (name, 2) if Comparison::named(name).is_some() => {
            let other = values.pop()?;
            Some(Tree::Compare(Comparison::named(name)?, Box::new([values.pop()?, other]), at))
        }
        (name, 2) if Sum::named(name).is_some() => {
            let other = values.pop()?;
            Some(Tree::Sum(Sum::named(name)?, Box::new([values.pop()?, other])))
        }
        (name, _) => call::call(name, values),
    }
}

fn method(receiver: Tree, call: &FnCallExpr, given: &Given) -> Option<Tree> {
    let values = call.args.iter().map(|value| of(value, given));
    let values = std::iter::once(Some(receiver)).chain(values).collect::<Option<Vec<Tree>>>()?;
    call::call(&call.name, values)
}

impl Tree {
    /// The value for one ad.
    ///
    /// # Errors
    /// The interpreter must evaluate it.
    pub fn evaluate<'a>(&'a self, view: View<'a>) -> Result<Value<'a>, Stuck> {
        match self {
            Tree::Constant(constant) => Ok(constant.as_value()),
            Tree::Read(read) => read.value(view),
            Tree::Compare(comparison, sides, _) => comparison.apply(&sides[0].evaluate(view)?, &sides[1].evaluate(view)?).map(Value::Bool),
            Tree::Sum(sum, sides) => sum.apply(&sides[0].evaluate(view)?, &sides[1].evaluate(view)?),
            Tree::All(parts) => until(parts, view, false),
            Tree::Any(parts) => until(parts, view, true),
            Tree::Not(part) => part.evaluate(view)?.truth().map(|truth| Value::Bool(!truth)),
            Tree::First(parts) => {
                let (last, others) = parts.split_last().ok_or(Stuck)?;
                for part in others {
                    let value = part.evaluate(view)?;
                    if value != Value::Unit {
                        return Ok(value);
                    }
                }
                last.evaluate(view)
            }
            Tree::Choose(parts) => if parts[0].evaluate(view)?.truth()? { &parts[1] } else { &parts[2] }.evaluate(view),
            Tree::Call(function, values) => function.apply(values, view),
        }
    }
}

/// Evaluates parts until one is `end`; each must be true or false.
fn until<'a>(parts: &'a [Tree], view: View<'a>, end: bool) -> Result<Value<'a>, Stuck> {
    for part in parts {
        if part.evaluate(view)?.truth()? == end {
            return Ok(Value::Bool(end));
        }
    }
    Ok(Value::Bool(!end))
}

impl Constant {
    pub(super) fn as_value(&self) -> Value<'_> {
        match self {
            Constant::Unit => Value::Unit,
            Constant::Bool(truth) => Value::Bool(*truth),
            Constant::Int(number) => Value::Int(*number),
            Constant::Float(number) => Value::Float(*number),
            Constant::Text(text) => Value::Text(Cow::Borrowed(text)),
            Constant::Date(date) => Value::Date(*date),
            Constant::Span(span) => Value::Span(*span),
            Constant::Texts(items) => Value::Texts(items),
            Constant::List(list) => Value::List(list),
        }
    }
}

impl Read {
    /// A field of the ad, or of the version before; ids of relations are not fields.
    pub(crate) fn field(member: &str, before: bool) -> Option<Read> {
        match Field::named(member) {
            Some(field) => Some(Read::Canonical(field, before)),
            None if RELATIONS.contains(&member) => None,
            None => Some(Read::Extra(member.to_owned(), before)),
        }
    }

    /// The ad's value, if it is a field.
    pub(crate) fn held<'a>(&self, view: View<'a>) -> Option<&'a weir_model::Value> {
        let job = |before: bool| if before { view.facts.before.as_deref() } else { Some(view.job) };
        Some(match self {
            Read::Canonical(field, before) => job(*before).map_or(&weir_model::Value::Absent, |job| job.get(*field)),
            Read::Extra(extra, before) => job(*before).and_then(|job| job.extra_named(extra)).unwrap_or(&weir_model::Value::Absent),
            _ => return None,
        })
    }

    fn value<'a>(&self, view: View<'a>) -> Result<Value<'a>, Stuck> {
        let facts = view.facts;
        let name = |name: &'a Option<String>| name.as_deref().map_or(Ok(Value::Unit), Value::borrowed);
        match self {
            Read::Canonical(field, before) => Value::of(job_of(view, *before)?.get(*field)),
            Read::Extra(extra, before) => job_of(view, *before)?.extra_named(extra).map_or(Ok(Value::Unit), Value::of),
            Read::Source => Value::borrowed(&facts.source),
            Read::Institution => Value::borrowed(&facts.institution),
            Read::Today => Ok(Value::Date(Date(facts.today))),
            Read::CompanyName => name(&facts.company.name),
            Read::CompanyKnown => Ok(Value::Bool(facts.company.known)),
            Read::DivisionName => name(&facts.division.name),
            Read::DivisionKnown => Ok(Value::Bool(facts.division.known)),
        }
    }
}

/// The ad, or the version before; a new job has none, which the interpreter reports.
fn job_of(view: View<'_>, before: bool) -> Result<&Job, Stuck> {
    if before { view.facts.before.as_deref().ok_or(Stuck) } else { Ok(view.job) }
}
