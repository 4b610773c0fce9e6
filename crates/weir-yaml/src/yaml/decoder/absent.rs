//! The value of a mandatory field that is not there.
//!
//! Optional and `Required` fields become empty. For others, while
//! problems are still being looked for, it makes up a hollow value (an empty text, a zero), so that
//! the problems of the rest are found; afterwards it refuses, silently, because the absence has
//! been reported, and the struct is left out. What cannot be made up (a text with a form of its
//! own) is refused at once; declare such a field `Required` when the fields after it matter.

use serde::Deserializer;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{IntoDeserializer, Visitor};

use super::NodeDecoder;
use crate::yaml::fault::{DecodeFault, DecodeResult};
use crate::yaml::located::{NODE, TEXT, hand_over};
use crate::yaml::shapes::{ONE_OR_MANY, REQUIRED, TEXT_OR};

/// How deeply hollow values may nest: types can be endless.
const DEEPEST: usize = 8;

#[derive(Clone, Copy)]
pub(super) struct AbsentDecoder<'a> {
    mapping: NodeDecoder<'a>,
    depth: usize,
}

impl<'a> AbsentDecoder<'a> {
    /// `mapping` is where the field should have been.
    pub(super) fn new(mapping: NodeDecoder<'a>) -> Self {
        Self { mapping, depth: 0 }
    }

    /// Allows a hollow value, or refuses.
    fn hollow(self) -> DecodeResult<Self> {
        let pass = self.mapping.pass;
        pass.has_hollow.set(true);
        let inner = Self {
            depth: self.depth + 1,
            ..self
        };
        if pass.hollow && self.depth < DEEPEST {
            Ok(inner)
        } else {
            Err(DecodeFault::silent())
        }
    }
}

/// Numbers, text and the like: a hollow value of the type asked for.
macro_rules! hollow {
    ($($deserialize:ident $visit:ident($($value:expr)?);)*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
            self.hollow()?;
            visitor.$visit($($value)?)
        })*
    };
}

impl<'de> Deserializer<'de> for AbsentDecoder<'_> {
    type Error = DecodeFault;

    hollow! {
        deserialize_any visit_unit();
        deserialize_bool visit_bool(false);
        deserialize_i8 visit_i8(0);
        deserialize_i16 visit_i16(0);
        deserialize_i32 visit_i32(0);
        deserialize_i64 visit_i64(0);
        deserialize_u8 visit_u8(0);
        deserialize_u16 visit_u16(0);
        deserialize_u32 visit_u32(0);
        deserialize_u64 visit_u64(0);
        deserialize_f32 visit_f32(0.0);
        deserialize_f64 visit_f64(0.0);
        deserialize_char visit_char(' ');
        deserialize_str visit_str("");
        deserialize_string visit_str("");
        deserialize_identifier visit_str("");
        deserialize_bytes visit_bytes(b"");
        deserialize_byte_buf visit_bytes(b"");
        deserialize_unit visit_unit();
        deserialize_ignored_any visit_unit();
        deserialize_seq visit_seq(SeqDeserializer::new(std::iter::empty::<()>()));
        deserialize_map visit_map(MapDeserializer::new(std::iter::empty::<((), ())>()));
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        visitor.visit_none()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> DecodeResult<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> DecodeResult<V::Value> {
        if name == REQUIRED {
            return visitor.visit_none();
        }
        let inner = self.hollow()?;
        hand_over(self.mapping.node);
        match name {
            NODE | TEXT => visitor.visit_unit(),
            ONE_OR_MANY => inner.deserialize_seq(visitor),
            TEXT_OR => visitor.visit_some(inner),
            _ => visitor.visit_newtype_struct(inner),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> DecodeResult<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> DecodeResult<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> DecodeResult<V::Value> {
        let inner = self.hollow()?;
        visitor.visit_map(MapDeserializer::new(
            known.iter().map(|field| (*field, inner)),
        ))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> DecodeResult<V::Value> {
        let inner = self.hollow()?;
        let first = known.first().ok_or_else(DecodeFault::silent)?;
        let only = MapDeserializer::new(std::iter::once((*first, inner)));
        visitor.visit_enum(MapAccessDeserializer::new(only))
    }
}

impl<'de> IntoDeserializer<'de, DecodeFault> for AbsentDecoder<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
