//! Values of natively evaluated scripts, borrowed from the ad, and the operators on them, with
//! exactly Rhai's results. For an error, or anything out of the ordinary, the result is
//! [`EvaluationBail`], and the interpreter evaluates the script instead.

use super::library::{ScriptDate, ScriptSpan, shift};
use super::list::NamedList;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;
use weir_model::FieldValue;

/// Cannot be evaluated natively; the interpreter does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvaluationBail;

/// Bytes of a text, or of a list, that are inspected here. The sandbox has a limit, too, which is
/// far above this one: what meets it is never seen here.
const LONGEST: usize = 64 * 1024;

/// A value that is the same for every ad.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstantValue {
    /// `()`
    Unit,
    /// true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A character.
    Char(char),
    /// A text.
    Text(String),
    /// A date.
    Date(ScriptDate),
    /// A span of time.
    Span(ScriptSpan),
    /// A list of texts.
    Texts(Vec<String>),
    /// Another list.
    Items(Vec<ConstantValue>),
    /// Whole numbers from the first to the second, both included, as it is written.
    Range(i64, i64, String),
    /// A named list.
    List(Arc<NamedList>),
    /// Anything else, as it is written.
    Other(String),
}

/// A value for one ad.
#[derive(Debug, Clone, PartialEq)]
pub enum NativeValue<'a> {
    /// `()`
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
    Date(ScriptDate),
    /// A span of time.
    Span(ScriptSpan),
    /// A list of texts.
    Texts(&'a [String]),
    /// A named list.
    List(&'a NamedList),
}

impl ConstantValue {
    /// The value, if there are native ones of its type.
    #[inline]
    pub(super) fn as_value(&self) -> Result<NativeValue<'_>, EvaluationBail> {
        Ok(match self {
            ConstantValue::Unit => NativeValue::Unit,
            ConstantValue::Bool(truth) => NativeValue::Bool(*truth),
            ConstantValue::Int(number) => NativeValue::Int(*number),
            ConstantValue::Float(number) => NativeValue::Float(*number),
            ConstantValue::Text(text) => NativeValue::Text(Cow::Borrowed(text)),
            ConstantValue::Date(date) => NativeValue::Date(*date),
            ConstantValue::Span(span) => NativeValue::Span(*span),
            ConstantValue::Texts(items) => NativeValue::Texts(items),
            ConstantValue::List(list) => NativeValue::List(list),
            ConstantValue::Char(_)
            | ConstantValue::Items(_)
            | ConstantValue::Range(..)
            | ConstantValue::Other(_) => return Err(EvaluationBail),
        })
    }
}

/// Operators that compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonOp {
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
pub enum ArithmeticOp {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
    /// `%`
    Modulo,
}

impl<'a> NativeValue<'a> {
    /// The value of a field.
    #[inline]
    pub fn of(value: &'a FieldValue) -> Result<NativeValue<'a>, EvaluationBail> {
        Ok(match value {
            FieldValue::Absent | FieldValue::Invalid(_) => NativeValue::Unit,
            FieldValue::Text(text) => return NativeValue::borrowed(text),
            FieldValue::Date(date) => NativeValue::Date(ScriptDate(*date)),
            FieldValue::Number(number) => match number.as_i64() {
                Some(whole) => NativeValue::Int(whole),
                None => NativeValue::Float(number.as_f64().unwrap_or_default()),
            },
            FieldValue::Bool(truth) => NativeValue::Bool(*truth),
            FieldValue::List(items)
                if items.iter().map(|item| item.len() + 1).sum::<usize>() > LONGEST =>
            {
                return Err(EvaluationBail);
            }
            FieldValue::List(items) => NativeValue::Texts(items),
            FieldValue::Json(_) => return Err(EvaluationBail),
        })
    }

    /// A text that is held elsewhere.
    #[inline]
    pub(super) fn borrowed(text: &'a str) -> Result<NativeValue<'a>, EvaluationBail> {
        if text.len() > LONGEST {
            Err(EvaluationBail)
        } else {
            Ok(NativeValue::Text(Cow::Borrowed(text)))
        }
    }

    /// A new text.
    pub(super) fn made(text: String) -> Result<NativeValue<'a>, EvaluationBail> {
        if text.len() > LONGEST {
            Err(EvaluationBail)
        } else {
            Ok(NativeValue::Text(Cow::Owned(text)))
        }
    }

    /// The truth value.
    #[inline]
    pub fn truth(&self) -> Result<bool, EvaluationBail> {
        if let NativeValue::Bool(truth) = self {
            Ok(*truth)
        } else {
            Err(EvaluationBail)
        }
    }

    /// The text.
    #[inline]
    pub fn text(&self) -> Result<&str, EvaluationBail> {
        if let NativeValue::Text(text) = self {
            Ok(text)
        } else {
            Err(EvaluationBail)
        }
    }

    /// The date.
    #[inline]
    pub fn date(&self) -> Result<ScriptDate, EvaluationBail> {
        if let NativeValue::Date(date) = self {
            Ok(*date)
        } else {
            Err(EvaluationBail)
        }
    }

    /// The whole number.
    #[inline]
    pub fn whole(&self) -> Result<i64, EvaluationBail> {
        if let NativeValue::Int(number) = self {
            Ok(*number)
        } else {
            Err(EvaluationBail)
        }
    }

    /// Whether Rhai compares it across types without a function of ours.
    #[inline]
    fn is_plain(&self) -> bool {
        matches!(
            self,
            NativeValue::Unit
                | NativeValue::Bool(_)
                | NativeValue::Int(_)
                | NativeValue::Float(_)
                | NativeValue::Text(_)
        )
    }
}

impl ComparisonOp {
    /// The operator of a token.
    pub fn named(name: &str) -> Option<ComparisonOp> {
        Some(match name {
            "==" => ComparisonOp::Equal,
            "!=" => ComparisonOp::Unequal,
            "<" => ComparisonOp::Less,
            "<=" => ComparisonOp::AtMost,
            ">" => ComparisonOp::Greater,
            ">=" => ComparisonOp::AtLeast,
            _ => return None,
        })
    }

    /// Compares.
    #[inline]
    pub fn apply(
        self,
        one: &NativeValue<'_>,
        other: &NativeValue<'_>,
    ) -> Result<bool, EvaluationBail> {
        match (one, other) {
            (NativeValue::Int(one), NativeValue::Int(other)) => Ok(self.holds(one.cmp(other))),
            (NativeValue::Text(one), NativeValue::Text(other)) => {
                Ok(self.holds(one.as_ref().cmp(other.as_ref())))
            }
            (NativeValue::Date(one), NativeValue::Date(other)) => Ok(self.holds(one.cmp(other))),
            (NativeValue::Float(one), NativeValue::Float(other)) => Ok(self.near(*one, *other)),
            (NativeValue::Int(one), NativeValue::Float(other)) => {
                Ok(self.near(float(*one), *other))
            }
            (NativeValue::Float(one), NativeValue::Int(other)) => {
                Ok(self.near(*one, float(*other)))
            }
            (NativeValue::Bool(one), NativeValue::Bool(other)) if self.is_equality() => {
                Ok(self.holds(one.cmp(other)))
            }
            (NativeValue::Unit, NativeValue::Unit) if self.is_equality() => {
                Ok(self.holds(Ordering::Equal))
            }
            // Different types: never equal, and unordered.
            (one, other)
                if one.is_plain()
                    && other.is_plain()
                    && std::mem::discriminant(one) != std::mem::discriminant(other) =>
            {
                Ok(self == ComparisonOp::Unequal)
            }
            // A date, a list and `()`: likewise.
            (NativeValue::Date(_) | NativeValue::Texts(_), NativeValue::Unit)
            | (NativeValue::Unit, NativeValue::Date(_) | NativeValue::Texts(_)) => {
                Ok(self == ComparisonOp::Unequal)
            }
            _ => Err(EvaluationBail),
        }
    }

    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            ComparisonOp::Equal => "==",
            ComparisonOp::Unequal => "!=",
            ComparisonOp::Less => "<",
            ComparisonOp::AtMost => "<=",
            ComparisonOp::Greater => ">",
            ComparisonOp::AtLeast => ">=",
        }
    }

    /// The comparison that holds for two ordered values exactly if this one does not.
    #[must_use]
    pub fn opposite(self) -> ComparisonOp {
        match self {
            ComparisonOp::Equal => ComparisonOp::Unequal,
            ComparisonOp::Unequal => ComparisonOp::Equal,
            ComparisonOp::Less => ComparisonOp::AtLeast,
            ComparisonOp::AtMost => ComparisonOp::Greater,
            ComparisonOp::Greater => ComparisonOp::AtMost,
            ComparisonOp::AtLeast => ComparisonOp::Less,
        }
    }

    /// The same comparison with its sides exchanged.
    #[must_use]
    pub fn turned(self) -> ComparisonOp {
        match self {
            ComparisonOp::Less => ComparisonOp::Greater,
            ComparisonOp::AtMost => ComparisonOp::AtLeast,
            ComparisonOp::Greater => ComparisonOp::Less,
            ComparisonOp::AtLeast => ComparisonOp::AtMost,
            equality => equality,
        }
    }

    /// Whether it only tests equality.
    #[inline]
    pub fn is_equality(self) -> bool {
        matches!(self, ComparisonOp::Equal | ComparisonOp::Unequal)
    }

    /// Whether it holds for values in this order.
    #[inline]
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            ComparisonOp::Equal => order.is_eq(),
            ComparisonOp::Unequal => order.is_ne(),
            ComparisonOp::Less => order.is_lt(),
            ComparisonOp::AtMost => order.is_le(),
            ComparisonOp::Greater => order.is_gt(),
            ComparisonOp::AtLeast => order.is_ge(),
        }
    }

    /// Numbers with fractions are equal if they are nearly so: Rhai's own measure.
    fn near(self, one: f64, other: f64) -> bool {
        #[allow(clippy::float_cmp, reason = "as Rhai does it")]
        let most = if one * other == 0.0 {
            1.0
        } else {
            one.abs().max(other.abs())
        };
        let (apart, signed) = ((one - other).abs() / most, (one - other) / most);
        match self {
            ComparisonOp::Equal => apart <= f64::EPSILON,
            ComparisonOp::Unequal => apart > f64::EPSILON,
            ComparisonOp::Greater => signed > f64::EPSILON,
            ComparisonOp::AtLeast => signed > -f64::EPSILON,
            ComparisonOp::Less => -signed > f64::EPSILON,
            ComparisonOp::AtMost => -signed > -f64::EPSILON,
        }
    }
}

impl ArithmeticOp {
    /// The operator of a token.
    pub fn named(name: &str) -> Option<ArithmeticOp> {
        Some(match name {
            "+" => ArithmeticOp::Plus,
            "-" => ArithmeticOp::Minus,
            "*" => ArithmeticOp::Times,
            "/" => ArithmeticOp::Over,
            "%" => ArithmeticOp::Modulo,
            _ => return None,
        })
    }

    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            ArithmeticOp::Plus => "+",
            ArithmeticOp::Minus => "-",
            ArithmeticOp::Times => "*",
            ArithmeticOp::Over => "/",
            ArithmeticOp::Modulo => "%",
        }
    }

    /// Whether it is evaluated natively.
    pub(super) fn is_native(self) -> bool {
        matches!(
            self,
            ArithmeticOp::Plus | ArithmeticOp::Minus | ArithmeticOp::Times
        )
    }

    /// Calculates.
    pub fn apply<'a>(
        self,
        one: &NativeValue<'a>,
        other: &NativeValue<'a>,
    ) -> Result<NativeValue<'a>, EvaluationBail> {
        use NativeValue as Of;
        match (self, one, other) {
            (_, Of::Int(one), Of::Int(other)) => self.whole(*one, *other).map(Of::Int),
            (_, Of::Float(one), Of::Float(other)) => self.float(*one, *other).map(Of::Float),
            (_, Of::Int(one), Of::Float(other)) => self.float(float(*one), *other).map(Of::Float),
            (_, Of::Float(one), Of::Int(other)) => self.float(*one, float(*other)).map(Of::Float),
            (ArithmeticOp::Plus, Of::Date(date), Of::Span(span)) => {
                shift(*date, *span).ok().map(Of::Date)
            }
            (ArithmeticOp::Minus, Of::Date(date), Of::Span(span)) => {
                shift(*date, span.negated()).ok().map(Of::Date)
            }
            (ArithmeticOp::Minus, Of::Date(one), Of::Date(other)) => {
                Some(Of::Int((one.0 - other.0).num_days()))
            }
            (ArithmeticOp::Plus, Of::Text(one), Of::Text(other)) => {
                return NativeValue::made(format!("{one}{other}"));
            }
            _ => None,
        }
        .ok_or(EvaluationBail)
    }

    fn whole(self, one: i64, other: i64) -> Option<i64> {
        match self {
            ArithmeticOp::Plus => one.checked_add(other),
            ArithmeticOp::Minus => one.checked_sub(other),
            ArithmeticOp::Times => one.checked_mul(other),
            ArithmeticOp::Over | ArithmeticOp::Modulo => None,
        }
    }

    fn float(self, one: f64, other: f64) -> Option<f64> {
        match self {
            ArithmeticOp::Plus => Some(one + other),
            ArithmeticOp::Minus => Some(one - other),
            ArithmeticOp::Times => Some(one * other),
            ArithmeticOp::Over | ArithmeticOp::Modulo => None,
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "as Rhai does it")]
fn float(number: i64) -> f64 {
    number as f64
}
