//! The possible types of a value, as far as known before any ad is read: a set of types. An unknown
//! type is [`Kinds::ANY`] and is never an error.

use super::Parameter;
use super::library::{Date, Span};
use super::list::Held;
use rhai::{Array, Dynamic, ImmutableString, Map};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::ops::BitOr;
use weir_model::FieldKind;

/// A set of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// None at all: what cannot be.
    pub const NONE: Kinds = Kinds(0);
    /// `()`.
    pub const NOTHING: Kinds = Kinds(1);
    /// true or false.
    pub const TRUTH: Kinds = Kinds(1 << 1);
    /// A whole number.
    pub const WHOLE: Kinds = Kinds(1 << 2);
    /// A number with a fraction.
    pub const FRACTION: Kinds = Kinds(1 << 3);
    /// Any number.
    pub const NUMBER: Kinds = Kinds(1 << 2 | 1 << 3);
    /// A text.
    pub const TEXT: Kinds = Kinds(1 << 4);
    /// A date.
    pub const DATE: Kinds = Kinds(1 << 5);
    /// A span of time.
    pub const SPAN: Kinds = Kinds(1 << 6);
    /// A list.
    pub const LIST: Kinds = Kinds(1 << 7);
    /// A named list of the project.
    pub const NAMES: Kinds = Kinds(1 << 8);
    /// A mapping.
    pub const MAPPING: Kinds = Kinds(1 << 9);
    /// Something else of Rhai.
    pub const OTHER: Kinds = Kinds(1 << 10);
    /// Any type.
    pub const ANY: Kinds = Kinds((1 << 11) - 1);

    /// The name of each type.
    const WORDS: [(Kinds, &'static str); 11] = [
        (Kinds::TRUTH, "true or false"),
        (Kinds::NUMBER, "a number"),
        (Kinds::WHOLE, "an integer"),
        (Kinds::FRACTION, "a number"),
        (Kinds::TEXT, "text"),
        (Kinds::DATE, "a date"),
        (Kinds::SPAN, "a duration"),
        (Kinds::LIST, "a list"),
        (Kinds::NAMES, "a named list"),
        (Kinds::MAPPING, "a mapping"),
        (Kinds::NOTHING, "nothing"),
    ];

    /// The types of a field; every field may be absent.
    pub fn of_field(kind: FieldKind) -> Kinds {
        let present = match kind {
            FieldKind::Text => Kinds::TEXT,
            FieldKind::Date => Kinds::DATE,
            FieldKind::Number => Kinds::NUMBER,
            FieldKind::Boolean => Kinds::TRUTH,
            FieldKind::List => Kinds::LIST,
            FieldKind::Json => return Kinds::ANY,
        };
        present | Kinds::NOTHING
    }

    /// The type of a parameter.
    pub fn of_parameter(parameter: &Parameter) -> Kinds {
        match parameter {
            Parameter::Number(_) => Kinds::NUMBER,
            Parameter::Boolean(_) => Kinds::TRUTH,
            Parameter::Date(_) => Kinds::DATE,
            Parameter::Span(_) => Kinds::SPAN,
            Parameter::List(_) => Kinds::LIST,
            Parameter::Text(_) => Kinds::TEXT,
        }
    }

    /// The type of a registered function's argument.
    pub(super) fn of_type(id: TypeId) -> Kinds {
        let known = [
            (TypeId::of::<()>(), Kinds::NOTHING),
            (TypeId::of::<bool>(), Kinds::TRUTH),
            (TypeId::of::<i64>(), Kinds::WHOLE),
            (TypeId::of::<f64>(), Kinds::FRACTION),
            (TypeId::of::<ImmutableString>(), Kinds::TEXT),
            (TypeId::of::<Date>(), Kinds::DATE),
            (TypeId::of::<Span>(), Kinds::SPAN),
            (TypeId::of::<Array>(), Kinds::LIST),
            (TypeId::of::<Held>(), Kinds::NAMES),
            (TypeId::of::<Map>(), Kinds::MAPPING),
            (TypeId::of::<Dynamic>(), Kinds::ANY),
        ];
        known.iter().find(|(known, _)| *known == id).map_or(Kinds::OTHER, |(_, kinds)| *kinds)
    }

    /// Whether it may be one of these.
    pub fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it can only be one of these.
    pub fn is_within(self, other: Kinds) -> bool {
        self.0 & !other.0 == 0
    }

    /// Without `()`, where it may be something else.
    #[must_use]
    pub fn present(self) -> Kinds {
        if self == Kinds::NOTHING { self } else { Kinds(self.0 & !Kinds::NOTHING.0) }
    }

    /// Numbers compare with numbers.
    #[must_use]
    pub fn comparable(self) -> Kinds {
        if self.meets(Kinds::NUMBER) { self | Kinds::NUMBER } else { self }
    }
}

impl BitOr for Kinds {
    type Output = Kinds;

    fn bitor(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }
}

impl std::fmt::Display for Kinds {
    /// As text; `()` only if it is nothing else.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut left, mut words) = (self.present(), Vec::new());
        for (kinds, word) in Kinds::WORDS {
            if kinds.is_within(left) && left.meets(kinds) {
                words.push(word);
                left = Kinds(left.0 & !kinds.0);
            }
        }
        f.write_str(&words.join(" or "))
    }
}

/// The types of a rule's variables.
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    /// Whole variables, parameters among them.
    pub variables: BTreeMap<String, Kinds>,
    /// Members of variables, such as the fields of `job`.
    pub members: BTreeMap<&'static str, BTreeMap<String, Kinds>>,
}

impl Shapes {
    /// The type of a member.
    pub fn member(&self, variable: &str, member: &str) -> Kinds {
        let members = self.members.get(variable);
        members.and_then(|members| members.get(member)).copied().unwrap_or(Kinds::ANY)
    }

    /// Says what a member holds.
    pub fn insert(&mut self, variable: &'static str, member: &str, kinds: Kinds) {
        self.members.entry(variable).or_default().insert(member.to_owned(), kinds);
    }

    /// The type of a variable.
    pub fn variable(&self, name: &str) -> Kinds {
        self.variables.get(name).copied().unwrap_or(Kinds::ANY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_in_words() {
        assert_eq!((Kinds::DATE | Kinds::NOTHING).to_string(), "a date");
        assert_eq!((Kinds::NUMBER | Kinds::TEXT).to_string(), "a number or text");
        assert_eq!((Kinds::WHOLE.to_string(), Kinds::NOTHING.to_string()), ("an integer".to_owned(), "nothing".to_owned()));
        assert!(Kinds::WHOLE.comparable().meets(Kinds::FRACTION) && !Kinds::DATE.meets(Kinds::NUMBER));
    }
}
