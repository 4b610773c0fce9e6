//! Shapes that YAML authors expect and serde does not have.
//!
//! Each is asked for by a newtype name that `NodeDecoder` knows. To add a
//! shape: a name, a type with a visitor here, and an arm in the decoder's
//! `deserialize_newtype_struct`.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

pub(super) const REQUIRED: &str = "$weir::yaml::Required";
pub(super) const ONE_OR_MANY: &str = "$weir::yaml::OneOrMany";
pub(super) const TEXT_OR: &str = "$weir::yaml::TextOr";

/// A mandatory field whose struct is worth compiling even when the field is missing or broken.
///
/// When it is empty, the reason has been reported: the caller only stops, and says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required<T>(Option<T>);

impl<T> Required<T> {
    /// The value, or `None` when its absence is reported already.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// The value to complete, or `None` when its absence is reported already.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_mut()
    }

    /// The value itself, or `None` when its absence is reported already.
    pub fn into_inner(self) -> Option<T> {
        self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Required<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(REQUIRED, RequiredVisitor(PhantomData))
    }
}

struct RequiredVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for RequiredVisitor<T> {
    type Value = Required<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        T::deserialize(deserializer).map(|value| Required(Some(value)))
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Required(None))
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for OneOrMany<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(ONE_OR_MANY, OneOrManyVisitor(PhantomData))
    }
}

struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value or a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(OneOrMany(all))
    }
}

/// A plain text as the short form of something larger: `$.title` for `{ from: $.title }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextOr<S, T> {
    /// The short form; `S` is usually a text type.
    Short(S),
    /// The full form.
    Full(T),
}

impl<'de, S: Deserialize<'de>, T: Deserialize<'de>> Deserialize<'de> for TextOr<S, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TEXT_OR, TextOrVisitor(PhantomData))
    }
}

struct TextOrVisitor<S, T>(PhantomData<(S, T)>);

impl<'de, S: Deserialize<'de>, T: Deserialize<'de>> Visitor<'de> for TextOrVisitor<S, T> {
    type Value = TextOr<S, T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("text or a mapping")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        S::deserialize(deserializer).map(TextOr::Short)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        T::deserialize(deserializer).map(TextOr::Full)
    }
}

/// A foreign type that is written as text, such as a time zone. Own types implement `Deserialize`
/// with [`from_text`] instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T>(pub T);

impl<T> Deref for Parsed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer).map(Parsed)
    }
}

/// A whole number from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositiveNumber<T>(pub T);

impl<T: fmt::Display> fmt::Display for PositiveNumber<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, T: Deserialize<'de> + Copy + Into<u64>> Deserialize<'de> for PositiveNumber<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = T::deserialize(deserializer)?;
        let is_zero = number.into() == 0;
        if is_zero {
            Err(D::Error::custom(
                "the number `0` is out of range\nwrite an integer from 1 upwards",
            ))
        } else {
            Ok(Self(number))
        }
    }
}

/// The body of `Deserialize` for a type that is written as text.
///
/// The error's text is the message; what follows its first line end is the help.
pub fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    deserializer: D,
) -> Result<T, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}
