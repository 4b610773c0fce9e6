//! The possible types of a value, as far as known before any ad is read: a set of types. An unknown
//! type is [`TypeSet::ANY`] and is never an error.

use super::bindings::RuleParameter;
use super::value::ConstantValue;
use std::collections::BTreeMap;
use std::ops::BitOr;
use weir_model::FieldKind;

/// A set of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeSet(u16);

impl TypeSet {
    /// None at all: what cannot be.
    pub const NONE: TypeSet = TypeSet(0);
    /// `()`.
    pub const NOTHING: TypeSet = TypeSet(1);
    /// true or false.
    pub const TRUTH: TypeSet = TypeSet(1 << 1);
    /// A whole number.
    pub const WHOLE: TypeSet = TypeSet(1 << 2);
    /// A number with a fraction.
    pub const FRACTION: TypeSet = TypeSet(1 << 3);
    /// Any number.
    pub const NUMBER: TypeSet = TypeSet(1 << 2 | 1 << 3);
    /// A text.
    pub const TEXT: TypeSet = TypeSet(1 << 4);
    /// A date.
    pub const DATE: TypeSet = TypeSet(1 << 5);
    /// A span of time.
    pub const SPAN: TypeSet = TypeSet(1 << 6);
    /// A list.
    pub const LIST: TypeSet = TypeSet(1 << 7);
    /// A named list of the project.
    pub const NAMES: TypeSet = TypeSet(1 << 8);
    /// A mapping.
    pub const MAPPING: TypeSet = TypeSet(1 << 9);
    /// Something else of Rhai.
    pub const OTHER: TypeSet = TypeSet(1 << 10);
    /// Any type.
    pub const ANY: TypeSet = TypeSet((1 << 11) - 1);

    /// The name of each type.
    const WORDS: [(TypeSet, &'static str); 11] = [
        (TypeSet::TRUTH, "true or false"),
        (TypeSet::NUMBER, "a number"),
        (TypeSet::WHOLE, "an integer"),
        (TypeSet::FRACTION, "a number"),
        (TypeSet::TEXT, "text"),
        (TypeSet::DATE, "a date"),
        (TypeSet::SPAN, "a duration"),
        (TypeSet::LIST, "a list"),
        (TypeSet::NAMES, "a named list"),
        (TypeSet::MAPPING, "a mapping"),
        (TypeSet::NOTHING, "nothing"),
    ];

    /// The types of a field; every field may be absent.
    pub fn of_field(kind: FieldKind) -> TypeSet {
        let present = match kind {
            FieldKind::Text => TypeSet::TEXT,
            FieldKind::Date => TypeSet::DATE,
            FieldKind::Number => TypeSet::NUMBER,
            FieldKind::Boolean => TypeSet::TRUTH,
            FieldKind::List => TypeSet::LIST,
            FieldKind::Json => return TypeSet::ANY,
        };
        present | TypeSet::NOTHING
    }

    /// The type of a parameter.
    pub fn of_parameter(parameter: &RuleParameter) -> TypeSet {
        match parameter {
            RuleParameter::Number(_) => TypeSet::NUMBER,
            RuleParameter::Boolean(_) => TypeSet::TRUTH,
            RuleParameter::Date(_) => TypeSet::DATE,
            RuleParameter::Span(_) => TypeSet::SPAN,
            RuleParameter::List(_) => TypeSet::LIST,
            RuleParameter::Text(_) => TypeSet::TEXT,
        }
    }

    /// The types of a literal. Text of one character can be compared with a character.
    pub(super) fn of_constant(constant: &ConstantValue) -> TypeSet {
        match constant {
            ConstantValue::Unit => TypeSet::NOTHING,
            ConstantValue::Bool(_) => TypeSet::TRUTH,
            ConstantValue::Int(_) => TypeSet::WHOLE,
            ConstantValue::Float(_) => TypeSet::FRACTION,
            ConstantValue::Char(_) => TypeSet::TEXT | TypeSet::OTHER,
            ConstantValue::Text(_) => TypeSet::TEXT,
            ConstantValue::Date(_) => TypeSet::DATE,
            ConstantValue::Span(_) => TypeSet::SPAN,
            ConstantValue::Texts(_) | ConstantValue::Items(_) => TypeSet::LIST,
            ConstantValue::List(_) => TypeSet::NAMES,
            ConstantValue::Range(..) | ConstantValue::Other(_) => TypeSet::OTHER,
        }
    }

    /// Whether it may be one of these.
    pub fn meets(self, other: TypeSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it can only be one of these.
    pub fn is_within(self, other: TypeSet) -> bool {
        self.0 & !other.0 == 0
    }

    /// Without `()`, where it may be something else.
    #[must_use]
    pub fn present(self) -> TypeSet {
        if self == TypeSet::NOTHING {
            self
        } else {
            TypeSet(self.0 & !TypeSet::NOTHING.0)
        }
    }

    /// Numbers compare with numbers.
    #[must_use]
    pub fn comparable(self) -> TypeSet {
        if self.meets(TypeSet::NUMBER) {
            self | TypeSet::NUMBER
        } else {
            self
        }
    }
}

impl BitOr for TypeSet {
    type Output = TypeSet;

    fn bitor(self, other: TypeSet) -> TypeSet {
        TypeSet(self.0 | other.0)
    }
}

impl std::fmt::Display for TypeSet {
    /// As text; `()` only if it is nothing else.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut left, mut words) = (self.present(), Vec::new());
        for (kinds, word) in TypeSet::WORDS {
            if kinds.is_within(left) && left.meets(kinds) {
                words.push(word);
                left = TypeSet(left.0 & !kinds.0);
            }
        }
        f.write_str(&words.join(" or "))
    }
}

/// The types of a rule's variables.
#[derive(Debug, Clone, Default)]
pub struct TypeEnv {
    /// Whole variables, parameters among them.
    pub variables: BTreeMap<String, TypeSet>,
    /// Members of variables, such as the fields of `job`.
    pub members: BTreeMap<&'static str, BTreeMap<String, TypeSet>>,
}

impl TypeEnv {
    /// The type of a member.
    pub fn member(&self, variable: &str, member: &str) -> TypeSet {
        let members = self.members.get(variable);
        members
            .and_then(|members| members.get(member))
            .copied()
            .unwrap_or(TypeSet::ANY)
    }

    /// Says what a member holds.
    pub fn insert(&mut self, variable: &'static str, member: &str, kinds: TypeSet) {
        self.members
            .entry(variable)
            .or_default()
            .insert(member.to_owned(), kinds);
    }

    /// The type of a variable.
    pub fn variable(&self, name: &str) -> TypeSet {
        self.variables.get(name).copied().unwrap_or(TypeSet::ANY)
    }
}

/// All functions, each with the argument types of its overloads.
#[derive(Debug, Default)]
pub struct FunctionTypes(pub(super) BTreeMap<String, Vec<Vec<TypeSet>>>);

impl FunctionTypes {
    /// The argument types of a function's overloads.
    pub(super) fn overloads(&self, name: &str) -> Option<&[Vec<TypeSet>]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Names of functions as they are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let is_called = |name: &&str| {
            name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.contains('$')
        };
        self.0.keys().map(String::as_str).filter(is_called)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_in_words() {
        assert_eq!((TypeSet::DATE | TypeSet::NOTHING).to_string(), "a date");
        assert_eq!(
            (TypeSet::NUMBER | TypeSet::TEXT).to_string(),
            "a number or text"
        );
        assert_eq!(
            (TypeSet::WHOLE.to_string(), TypeSet::NOTHING.to_string()),
            ("an integer".to_owned(), "nothing".to_owned())
        );
        assert!(
            TypeSet::WHOLE.comparable().meets(TypeSet::FRACTION)
                && !TypeSet::DATE.meets(TypeSet::NUMBER)
        );
    }
}
