//! Functions that lowered scripts may call: those of the library by the very same code, and the few of Rhai's own that rules use most. To lower a
//! further one: a line in [`call`], and its place in the property test.

use super::super::budget;
use super::super::library::{self, Span};
use super::super::pattern::Pattern;
use super::View;
use super::tree::{Constant, Tree};
use super::value::{Stuck, Value};
use chrono::Datelike;
use rhai::{Dynamic, Expr};
use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};

/// A function and its prepared arguments.
#[derive(Debug, Clone)]
pub enum Function {
    /// Of the values alone.
    Plain(Plain),
    /// Whether the text contains one of the lowercase words.
    ContainsAny(Vec<String>),
    /// Whether the pattern is found in the text.
    Matches(Pattern),
    /// Whether a whole number is in the range from the first to the second.
    Between(i64, i64),
}

/// A function of the values alone, by its name: functions cannot be compared.
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    name: &'static str,
    work: for<'a> fn(&[Value<'a>; 3]) -> Result<Value<'a>, Stuck>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        match (self, other) {
            (Function::Plain(one), Function::Plain(other)) => one.name == other.name,
            (Function::ContainsAny(one), Function::ContainsAny(other)) => one == other,
            (Function::Matches(one), Function::Matches(other)) => one.as_str() == other.as_str(),
            (Function::Between(one, two), Function::Between(three, four)) => (one, two) == (three, four),
            _ => false,
        }
    }
}

/// A call as a tree, if the function is known here.
pub(super) fn call(name: &str, values: Vec<Tree>) -> Option<Tree> {
    if let Some(tree) = prepared(name, &values) {
        return Some(tree);
    }
    let (known, _, work) = FUNCTIONS.iter().find(|(known, count, _)| *known == name && *count == values.len())?;
    let plain = Plain { name: known, work: *work };
    Some(folded(Tree::Call(Function::Plain(plain), values)))
}

/// Prepares calls whose second argument is the same for every ad.
fn prepared(name: &str, values: &[Tree]) -> Option<Tree> {
    let with = |function: Function| Some(Tree::Call(function, vec![values.first()?.clone()]));
    match (name, values) {
        ("contains_any", [_, Tree::Constant(Constant::Texts(words))]) => {
            with(Function::ContainsAny(words.iter().map(|word| word.to_lowercase()).collect()))
        }
        ("matches", [_, Tree::Constant(Constant::Text(pattern))]) => with(Function::Matches(Pattern::new(pattern).ok()?)),
        _ => None,
    }
}

/// A call of constants is a constant.
fn folded(tree: Tree) -> Tree {
    let Tree::Call(Function::Plain(plain), values) = &tree else { return tree };
    let constants: Option<Vec<Value>> =
        values.iter().map(|value| if let Tree::Constant(constant) = value { Some(constant.as_value()) } else { None }).collect();
    let result = constants.and_then(|constants| (plain.work)(&three(constants.into_iter())).ok());
    match result {
        Some(Value::Date(date)) => Tree::Constant(Constant::Date(date)),
        Some(Value::Span(span)) => Tree::Constant(Constant::Span(span)),
        _ => tree,
    }
}

fn three<'a>(mut values: impl Iterator<Item = Value<'a>>) -> [Value<'a>; 3] {
    std::array::from_fn(|_| values.next().unwrap_or(Value::Unit))
}

/// `number in 1..=500`: the bounds, both included, and the number.
pub(super) fn range<'a>(name: &str, values: &'a [Expr]) -> Option<(Function, &'a Expr)> {
    let ("contains", [Expr::DynamicConstant(range, _), number]) = (name, values) else { return None };
    let whole = range.clone().try_cast::<RangeInclusive<i64>>().map(|range| (*range.start(), *range.end()));
    let (from, to) = whole.or_else(|| range.clone().try_cast::<Range<i64>>().and_then(|range| Some((range.start, range.end.checked_sub(1)?))))?;
    Some((Function::Between(from, to), number))
}

/// The texts of a constant list, if all are texts.
pub(super) fn texts(value: &Dynamic) -> Option<Vec<String>> {
    let items = value.read_lock::<rhai::Array>()?;
    items.iter().map(|item| item.clone().into_string().ok()).collect()
}

impl Function {
    /// The result.
    pub(super) fn apply<'a>(&'a self, values: &'a [Tree], view: View<'a>) -> Result<Value<'a>, Stuck> {
        let first = || values.first().ok_or(Stuck)?.evaluate(view);
        match self {
            Function::Plain(plain) => {
                let mut all = [Value::Unit, Value::Unit, Value::Unit];
                for (place, value) in all.iter_mut().zip(values) {
                    *place = value.evaluate(view)?;
                }
                (plain.work)(&all)
            }
            Function::ContainsAny(words) => {
                let value = first()?;
                let text = value.text()?;
                budget::look_for(text, words).map_err(|_| Stuck)?;
                Ok(Value::Bool(library::contains_any(text, words.iter())))
            }
            Function::Matches(pattern) => pattern.is_found(first()?.text()?).map(Value::Bool).map_err(|_| Stuck),
            Function::Between(from, to) => first()?.whole().map(|number| Value::Bool((*from..=*to).contains(&number))),
        }
    }
}

type Work = for<'a> fn(&[Value<'a>; 3]) -> Result<Value<'a>, Stuck>;

/// Names, number of arguments, and implementations.
pub(super) const FUNCTIONS: [(&str, usize, Work); 32] = [
    ("len", 1, |v| len(&v[0])),
    ("is_empty", 1, |v| match &v[0] {
        Value::Text(text) => Ok(Value::Bool(text.is_empty())),
        Value::Texts(items) => Ok(Value::Bool(items.is_empty())),
        _ => Err(Stuck),
    }),
    ("contains", 2, |v| contains(&v[0], &v[1])),
    ("starts_with", 2, |v| Ok(Value::Bool(v[0].text()?.starts_with(v[1].text()?)))),
    ("ends_with", 2, |v| Ok(Value::Bool(v[0].text()?.ends_with(v[1].text()?)))),
    ("to_lower", 1, |v| Value::made(v[0].text()?.to_lowercase())),
    ("to_upper", 1, |v| Value::made(v[0].text()?.to_uppercase())),
    ("date", 1, |v| library::date(v[0].text()?).map(Value::Date).ok_or(Stuck)),
    ("days", 1, |v| v[0].whole().map(|days| Value::Span(Span::days(days)))),
    ("months", 1, |v| v[0].whole().map(|months| Value::Span(Span::months(months)))),
    ("years", 1, |v| v[0].whole().map(|years| Value::Span(Span::years(years)))),
    ("year", 1, |v| v[0].date().map(|date| Value::Int(i64::from(date.0.year())))),
    ("month", 1, |v| v[0].date().map(|date| Value::Int(i64::from(date.0.month())))),
    ("day", 1, |v| v[0].date().map(|date| Value::Int(i64::from(date.0.day())))),
    ("weekday", 1, |v| v[0].date().map(|date| Value::Int(library::weekday(date)))),
    ("domain_of", 1, |v| v[0].text().map(|text| Value::Text(Cow::Owned(library::host(text).unwrap_or_default().into_owned())))),
    ("is_url", 1, |v| v[0].text().map(|text| Value::Bool(library::host(text).is_some()))),
    ("on_domain", 2, |v| Ok(Value::Bool(library::on_domain(v[0].text()?, v[1].text()?)))),
    ("is_blank", 1, |v| v[0].text().map(|text| Value::Bool(text.trim().is_empty()))),
    ("word_count", 1, |v| v[0].text().map(|text| Value::Int(library::word_count(text)))),
    ("count", 2, |v| Ok(Value::Int(library::count(v[0].text()?, v[1].text()?)))),
    ("is_upper", 1, |v| v[0].text().map(|text| Value::Bool(library::is_upper(text)))),
    ("has_digits", 1, |v| v[0].text().map(|text| Value::Bool(library::has_digits(text)))),
    ("contains_all", 2, |v| match &v[1] {
        Value::Texts(words) => library::contains_all(v[0].text()?, words).map(Value::Bool).map_err(|_| Stuck),
        _ => Err(Stuck),
    }),
    ("one_of", 2, |v| match (&v[0], &v[1]) {
        (Value::Text(name), Value::Texts(items)) => library::one_of(name, items).map(Value::Bool).map_err(|_| Stuck),
        (Value::Text(name), Value::List(list)) => Ok(Value::Bool(list.has(name))),
        _ => Err(Stuck),
    }),
    ("mentions", 2, |v| match &v[1] {
        Value::List(list) => list.is_mentioned(v[0].text()?).map(Value::Bool).map_err(|_| Stuck),
        _ => Err(Stuck),
    }),
    ("look_up", 2, |v| match &v[0] {
        Value::List(list) => Ok(list.find(v[1].text()?).map_or(Value::Unit, |found| Value::Text(Cow::Owned(found)))),
        _ => Err(Stuck),
    }),
    ("amount", 1, |v| v[0].text().map(|text| library::amount(text).map_or(Value::Unit, Value::Float))),
    ("min", 2, |v| Ok(Value::Int(v[0].whole()?.min(v[1].whole()?)))),
    ("max", 2, |v| Ok(Value::Int(v[0].whole()?.max(v[1].whole()?)))),
    ("abs", 1, |v| v[0].whole()?.checked_abs().map(Value::Int).ok_or(Stuck)),
    ("to_string", 1, |v| match &v[0] {
        Value::Date(date) => Ok(Value::Text(Cow::Owned(date.0.to_string()))),
        _ => Err(Stuck),
    }),
];

fn len<'a>(value: &Value<'a>) -> Result<Value<'a>, Stuck> {
    let length = match value {
        Value::Text(text) => text.chars().count(),
        Value::Texts(items) => items.len(),
        Value::List(list) => list.len(),
        _ => return Err(Stuck),
    };
    i64::try_from(length).map(Value::Int).map_err(|_| Stuck)
}

/// `x in y` is `contains(y, x)`.
fn contains<'a>(whole: &Value<'a>, part: &Value<'a>) -> Result<Value<'a>, Stuck> {
    Ok(Value::Bool(match (whole, part) {
        (Value::Text(text), Value::Text(part)) => text.contains(part.as_ref()),
        (Value::Texts(items), Value::Text(part)) => items.iter().any(|item| item == part.as_ref()),
        (Value::List(list), Value::Text(part)) => list.has(part),
        _ => return Err(Stuck),
    }))
}
