//! Functions that are evaluated natively: those of the library by the very same code, and the few
//! of Rhai's own that rules use most. To add one: a line in [`NATIVE_FUNCTIONS`], and its place in
//! the property test.

use super::budget;
use super::library::{self, ScriptSpan};
use super::pattern::TextPattern;
use super::value::{ConstantValue, EvaluationBail, NativeValue};
use chrono::Datelike;
use std::borrow::Cow;
use std::sync::Arc;

/// A function and its prepared arguments.
#[derive(Debug, Clone)]
pub enum PreparedCall {
    /// Of the values alone.
    Plain(NativeFunction),
    /// Whether the text contains one of the lowercase words.
    ContainsAny(Vec<String>),
    /// Whether the pattern is found in the text. Shared: a copy would lose what matching cached.
    Matches(Arc<TextPattern>),
    /// Whether a whole number is in the range from the first to the second.
    Between(i64, i64),
    /// All its values are the same for every ad, and so is its result.
    Folded(ConstantValue),
}

impl PreparedCall {
    /// Prepares a call with these values; constants are given. `None` if it is not native.
    pub(super) fn of(name: &str, values: &[Option<&ConstantValue>]) -> Option<PreparedCall> {
        match (name, values) {
            ("contains", [Some(ConstantValue::Range(from, to, _)), _]) => {
                return Some(PreparedCall::Between(*from, *to));
            }
            ("contains_any", [_, Some(ConstantValue::Texts(words))]) => {
                let words = words.iter().map(|word| word.to_lowercase()).collect();
                return Some(PreparedCall::ContainsAny(words));
            }
            ("matches", [_, Some(ConstantValue::Text(pattern))]) => {
                let pattern = TextPattern::new(pattern).ok()?;
                return Some(PreparedCall::Matches(Arc::new(pattern)));
            }
            _ => {}
        }
        let is_it = |known: &&(&str, usize, _)| known.0 == name && known.1 == values.len();
        let (_, _, function) = NATIVE_FUNCTIONS.iter().find(is_it)?;
        Some(folded(*function, values).unwrap_or(PreparedCall::Plain(*function)))
    }

    /// The result for its only value that is not prepared.
    #[inline]
    pub(super) fn of_one<'a>(
        &self,
        value: &NativeValue<'a>,
    ) -> Result<NativeValue<'a>, EvaluationBail> {
        match self {
            PreparedCall::ContainsAny(words) => {
                let text = value.text()?;
                budget::look_for(text, words).map_err(|_| EvaluationBail)?;
                Ok(NativeValue::Bool(library::contains_any(text, words.iter())))
            }
            PreparedCall::Matches(pattern) => {
                let found = pattern.is_found(value.text()?);
                found.map(NativeValue::Bool).map_err(|_| EvaluationBail)
            }
            PreparedCall::Between(from, to) => value
                .whole()
                .map(|number| NativeValue::Bool((*from..=*to).contains(&number))),
            PreparedCall::Plain(_) | PreparedCall::Folded(_) => Err(EvaluationBail),
        }
    }
}

/// A date or a span that is made of constants.
fn folded(function: NativeFunction, values: &[Option<&ConstantValue>]) -> Option<PreparedCall> {
    let mut all = [NativeValue::Unit, NativeValue::Unit];
    for (place, value) in all.iter_mut().zip(values) {
        *place = (*value)?.as_value().ok()?;
    }
    match function(&all).ok()? {
        NativeValue::Date(date) => Some(PreparedCall::Folded(ConstantValue::Date(date))),
        NativeValue::Span(span) => Some(PreparedCall::Folded(ConstantValue::Span(span))),
        _ => None,
    }
}

/// The implementation of a function; values that it does not have are `()`.
pub type NativeFunction =
    for<'a> fn(&[NativeValue<'a>; 2]) -> Result<NativeValue<'a>, EvaluationBail>;

/// Names, number of arguments, and implementations.
pub(super) const NATIVE_FUNCTIONS: [(&str, usize, NativeFunction); 32] = [
    ("len", 1, |v| len(&v[0])),
    ("is_empty", 1, |v| match &v[0] {
        NativeValue::Text(text) => Ok(NativeValue::Bool(text.is_empty())),
        NativeValue::Texts(items) => Ok(NativeValue::Bool(items.is_empty())),
        _ => Err(EvaluationBail),
    }),
    ("contains", 2, |v| contains(&v[0], &v[1])),
    ("starts_with", 2, |v| {
        Ok(NativeValue::Bool(v[0].text()?.starts_with(v[1].text()?)))
    }),
    ("ends_with", 2, |v| {
        Ok(NativeValue::Bool(v[0].text()?.ends_with(v[1].text()?)))
    }),
    ("to_lower", 1, |v| {
        NativeValue::made(v[0].text()?.to_lowercase())
    }),
    ("to_upper", 1, |v| {
        NativeValue::made(v[0].text()?.to_uppercase())
    }),
    ("date", 1, |v| {
        library::date(v[0].text()?)
            .map(NativeValue::Date)
            .ok_or(EvaluationBail)
    }),
    ("days", 1, |v| {
        v[0].whole()
            .map(|days| NativeValue::Span(ScriptSpan::days(days)))
    }),
    ("months", 1, |v| {
        v[0].whole()
            .map(|months| NativeValue::Span(ScriptSpan::months(months)))
    }),
    ("years", 1, |v| {
        v[0].whole()
            .map(|years| NativeValue::Span(ScriptSpan::years(years)))
    }),
    ("year", 1, |v| {
        v[0].date()
            .map(|date| NativeValue::Int(i64::from(date.0.year())))
    }),
    ("month", 1, |v| {
        v[0].date()
            .map(|date| NativeValue::Int(i64::from(date.0.month())))
    }),
    ("day", 1, |v| {
        v[0].date()
            .map(|date| NativeValue::Int(i64::from(date.0.day())))
    }),
    ("weekday", 1, |v| {
        v[0].date()
            .map(|date| NativeValue::Int(library::weekday(date)))
    }),
    ("domain_of", 1, |v| {
        v[0].text().map(|text| {
            NativeValue::Text(Cow::Owned(
                library::host(text).unwrap_or_default().into_owned(),
            ))
        })
    }),
    ("is_url", 1, |v| {
        v[0].text()
            .map(|text| NativeValue::Bool(library::host(text).is_some()))
    }),
    ("on_domain", 2, |v| {
        Ok(NativeValue::Bool(library::on_domain(
            v[0].text()?,
            v[1].text()?,
        )))
    }),
    ("is_blank", 1, |v| {
        v[0].text()
            .map(|text| NativeValue::Bool(text.trim().is_empty()))
    }),
    ("word_count", 1, |v| {
        v[0].text()
            .map(|text| NativeValue::Int(library::word_count(text)))
    }),
    ("count", 2, |v| {
        Ok(NativeValue::Int(library::count(v[0].text()?, v[1].text()?)))
    }),
    ("is_upper", 1, |v| {
        v[0].text()
            .map(|text| NativeValue::Bool(library::is_upper(text)))
    }),
    ("has_digits", 1, |v| {
        v[0].text()
            .map(|text| NativeValue::Bool(library::has_digits(text)))
    }),
    ("contains_all", 2, |v| match &v[1] {
        NativeValue::Texts(words) => library::contains_all(v[0].text()?, words)
            .map(NativeValue::Bool)
            .map_err(|_| EvaluationBail),
        _ => Err(EvaluationBail),
    }),
    ("one_of", 2, |v| match (&v[0], &v[1]) {
        (NativeValue::Text(name), NativeValue::Texts(items)) => library::one_of(name, items)
            .map(NativeValue::Bool)
            .map_err(|_| EvaluationBail),
        (NativeValue::Text(name), NativeValue::List(list)) => Ok(NativeValue::Bool(list.has(name))),
        _ => Err(EvaluationBail),
    }),
    ("mentions", 2, |v| match &v[1] {
        NativeValue::List(list) => list
            .is_mentioned(v[0].text()?)
            .map(NativeValue::Bool)
            .map_err(|_| EvaluationBail),
        _ => Err(EvaluationBail),
    }),
    ("look_up", 2, |v| match &v[0] {
        NativeValue::List(list) => Ok(list.find(v[1].text()?).map_or(NativeValue::Unit, |found| {
            NativeValue::Text(Cow::Owned(found))
        })),
        _ => Err(EvaluationBail),
    }),
    ("amount", 1, |v| {
        v[0].text()
            .map(|text| library::amount(text).map_or(NativeValue::Unit, NativeValue::Float))
    }),
    ("min", 2, |v| {
        Ok(NativeValue::Int(v[0].whole()?.min(v[1].whole()?)))
    }),
    ("max", 2, |v| {
        Ok(NativeValue::Int(v[0].whole()?.max(v[1].whole()?)))
    }),
    ("abs", 1, |v| {
        v[0].whole()?
            .checked_abs()
            .map(NativeValue::Int)
            .ok_or(EvaluationBail)
    }),
    ("to_string", 1, |v| match &v[0] {
        NativeValue::Date(date) => Ok(NativeValue::Text(Cow::Owned(date.0.to_string()))),
        _ => Err(EvaluationBail),
    }),
];

fn len<'a>(value: &NativeValue<'a>) -> Result<NativeValue<'a>, EvaluationBail> {
    let length = match value {
        NativeValue::Text(text) => text.chars().count(),
        NativeValue::Texts(items) => items.len(),
        NativeValue::List(list) => list.len(),
        _ => return Err(EvaluationBail),
    };
    i64::try_from(length)
        .map(NativeValue::Int)
        .map_err(|_| EvaluationBail)
}

/// `x in y` is `contains(y, x)`.
fn contains<'a>(
    whole: &NativeValue<'a>,
    part: &NativeValue<'a>,
) -> Result<NativeValue<'a>, EvaluationBail> {
    Ok(NativeValue::Bool(match (whole, part) {
        (NativeValue::Text(text), NativeValue::Text(part)) => text.contains(part.as_ref()),
        (NativeValue::Texts(items), NativeValue::Text(part)) => {
            items.iter().any(|item| item == part.as_ref())
        }
        (NativeValue::List(list), NativeValue::Text(part)) => list.has(part),
        _ => return Err(EvaluationBail),
    }))
}
