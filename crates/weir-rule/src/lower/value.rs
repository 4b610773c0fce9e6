//! Values of a lowered script, borrowed from the ad, and the operators on them, with exactly Rhai's
//! results. For an error, or anything out of the ordinary, the result is [`Stuck`], and the
//! interpreter evaluates it instead.

use super::super::library::{Date, Span, shift};
use super::super::list::List;
use std::borrow::Cow;
use std::cmp::Ordering;
use weir_model as model;

/// Cannot be evaluated here; the interpreter does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck;

/// Bytes of a text, or of a list, that are looked at here. The sandbox has a limit, too, which is far above this one: what meets it is never seen here.
const LONGEST: usize = 64 * 1024;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Unit,
    /// true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A date.
    Date(Date),
    /// A span of time.
    Span(Span),
    /// Texts.
    Texts(&'a [String]),
    /// A named list.
    List(&'a List),
}

/// Operators that compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// Operators that calculate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
}

impl<'a> Value<'a> {
    /// The value of a field.
    pub fn of(value: &'a model::Value) -> Result<Value<'a>, Stuck> {
        Ok(match value {
            model::Value::Absent | model::Value::Invalid(_) => Value::Unit,
            model::Value::Text(text) => return Value::borrowed(text),
            model::Value::Date(date) => Value::Date(Date(*date)),
            model::Value::Number(number) => match number.as_i64() {
                Some(whole) => Value::Int(whole),
                None => Value::Float(number.as_f64().unwrap_or_default()),
            },
            model::Value::Bool(truth) => Value::Bool(*truth),
            model::Value::List(items) if items.iter().map(|item| item.len() + 1).sum::<usize>() > LONGEST => return Err(Stuck),
            model::Value::List(items) => Value::Texts(items),
            model::Value::Json(_) => return Err(Stuck),
        })
    }

    /// A text that is held elsewhere.
    pub(super) fn borrowed(text: &'a str) -> Result<Value<'a>, Stuck> {
        if text.len() > LONGEST { Err(Stuck) } else { Ok(Value::Text(Cow::Borrowed(text))) }
    }

    /// A new text.
    pub(super) fn made(text: String) -> Result<Value<'a>, Stuck> {
        if text.len() > LONGEST { Err(Stuck) } else { Ok(Value::Text(Cow::Owned(text))) }
    }

    /// The truth value.
    pub fn truth(&self) -> Result<bool, Stuck> {
        if let Value::Bool(truth) = self { Ok(*truth) } else { Err(Stuck) }
    }

    /// The text.
    pub fn text(&self) -> Result<&str, Stuck> {
        if let Value::Text(text) = self { Ok(text) } else { Err(Stuck) }
    }

    /// The date.
    pub fn date(&self) -> Result<Date, Stuck> {
        if let Value::Date(date) = self { Ok(*date) } else { Err(Stuck) }
    }

    /// The whole number.
    pub fn whole(&self) -> Result<i64, Stuck> {
        if let Value::Int(number) = self { Ok(*number) } else { Err(Stuck) }
    }

    /// Whether Rhai compares it across types without a function of ours.
    fn is_plain(&self) -> bool {
        matches!(self, Value::Unit | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_))
    }
}

impl Comparison {
    /// The operator of a token.
    pub fn named(name: &str) -> Option<Comparison> {
        Some(match name {
            "==" => Comparison::Equal,
            "!=" => Comparison::Unequal,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::Greater,
            ">=" => Comparison::AtLeast,
            _ => return None,
        })
    }

    /// Compares.
    pub fn apply(self, one: &Value<'_>, other: &Value<'_>) -> Result<bool, Stuck> {
        match (one, other) {
            (Value::Int(one), Value::Int(other)) => Ok(self.holds(one.cmp(other))),
            (Value::Text(one), Value::Text(other)) => Ok(self.holds(one.as_ref().cmp(other.as_ref()))),
            (Value::Date(one), Value::Date(other)) => Ok(self.holds(one.cmp(other))),
            (Value::Float(one), Value::Float(other)) => Ok(self.near(*one, *other)),
            (Value::Int(one), Value::Float(other)) => Ok(self.near(float(*one), *other)),
            (Value::Float(one), Value::Int(other)) => Ok(self.near(*one, float(*other))),
            (Value::Bool(one), Value::Bool(other)) if self.is_equality() => Ok(self.holds(one.cmp(other))),
            (Value::Unit, Value::Unit) if self.is_equality() => Ok(self.holds(Ordering::Equal)),
            // Different types: never equal, and unordered.
            (one, other) if one.is_plain() && other.is_plain() && std::mem::discriminant(one) != std::mem::discriminant(other) => {
                Ok(self == Comparison::Unequal)
            }
            // A date, a list and `()`: likewise.
            (Value::Date(_) | Value::Texts(_), Value::Unit) | (Value::Unit, Value::Date(_) | Value::Texts(_)) => Ok(self == Comparison::Unequal),
            _ => Err(Stuck),
        }
    }

    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::Unequal => "!=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }

    /// The comparison that holds for two ordered values exactly if this one does not.
    #[must_use]
    pub fn opposite(self) -> Comparison {
        match self {
            Comparison::Equal => Comparison::Unequal,
            Comparison::Unequal => Comparison::Equal,
            Comparison::Less => Comparison::AtLeast,
            Comparison::AtMost => Comparison::Greater,
            Comparison::Greater => Comparison::AtMost,
            Comparison::AtLeast => Comparison::Less,
        }
    }

    /// The same comparison with its sides exchanged.
    #[must_use]
    pub fn turned(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::AtMost => Comparison::AtLeast,
            Comparison::Greater => Comparison::Less,
            Comparison::AtLeast => Comparison::AtMost,
            equality => equality,
        }
    }

    /// Whether it only tests equality.
    pub fn is_equality(self) -> bool {
        matches!(self, Comparison::Equal | Comparison::Unequal)
    }

    /// Whether it holds for values in this order.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
        }
    }

    /// Numbers with fractions are equal if they are nearly so: Rhai's own measure.
    fn near(self, one: f64, other: f64) -> bool {
        #[allow(clippy::float_cmp, reason = "as Rhai does it")]
        let most = if one * other == 0.0 { 1.0 } else { one.abs().max(other.abs()) };
        let (apart, signed) = ((one - other).abs() / most, (one - other) / most);
        match self {
            Comparison::Equal => apart <= f64::EPSILON,
            Comparison::Unequal => apart > f64::EPSILON,
            Comparison::Greater => signed > f64::EPSILON,
            Comparison::AtLeast => signed > -f64::EPSILON,
            Comparison::Less => -signed > f64::EPSILON,
            Comparison::AtMost => -signed > -f64::EPSILON,
        }
    }
}

impl Sum {
    /// The operator of a token.
    pub fn named(name: &str) -> Option<Sum> {
        Some(match name {
            "+" => Sum::Plus,
            "-" => Sum::Minus,
            "*" => Sum::Times,
            _ => return None,
        })
    }

    /// Calculates.
    pub fn apply<'a>(self, one: &Value<'a>, other: &Value<'a>) -> Result<Value<'a>, Stuck> {
        match (self, one, other) {
            (_, Value::Int(one), Value::Int(other)) => self.whole(*one, *other).map(Value::Int).ok_or(Stuck),
            (_, Value::Float(one), Value::Float(other)) => Ok(Value::Float(self.float(*one, *other))),
            (_, Value::Int(one), Value::Float(other)) => Ok(Value::Float(self.float(float(*one), *other))),
            (_, Value::Float(one), Value::Int(other)) => Ok(Value::Float(self.float(*one, float(*other)))),
            (Sum::Plus, Value::Date(date), Value::Span(span)) => shift(*date, *span).map(Value::Date).map_err(|_| Stuck),
            (Sum::Minus, Value::Date(date), Value::Span(span)) => shift(*date, span.negated()).map(Value::Date).map_err(|_| Stuck),
            (Sum::Minus, Value::Date(one), Value::Date(other)) => Ok(Value::Int((one.0 - other.0).num_days())),
            (Sum::Plus, Value::Text(one), Value::Text(other)) => Value::made(format!("{one}{other}")),
            _ => Err(Stuck),
        }
    }

    fn whole(self, one: i64, other: i64) -> Option<i64> {
        match self {
            Sum::Plus => one.checked_add(other),
            Sum::Minus => one.checked_sub(other),
            Sum::Times => one.checked_mul(other),
        }
    }

    fn float(self, one: f64, other: f64) -> f64 {
        match self {
            Sum::Plus => one + other,
            Sum::Minus => one - other,
            Sum::Times => one * other,
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "as Rhai does it")]
fn float(number: i64) -> f64 {
    number as f64
}
