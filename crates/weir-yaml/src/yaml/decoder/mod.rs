//! A node seen as a serde deserializer.
//!
//! Serde says what it wants, the node says what it is, and where the two differ the author is told
//! in words of YAML. Text is taken as written: `1.10` where text is wanted stays `1.10`. A decoder
//! must never give serde a value of another type than it asked for and hope for serde's message.

mod absent;
mod access;
mod kinds;

use serde::Deserializer;
use serde::de::Visitor;

use crate::diagnostic::{Place, one_of};
use crate::yaml::fault::{DecodeFault, DecodeResult};
use crate::yaml::located::{LOCATED, NODE, TEXT, hand_over};
use crate::yaml::node::{Node, NodeContent};
use crate::yaml::pass::DecodePass;
use crate::yaml::scalar::{ScalarMeaning, shortened};
use crate::yaml::shapes::{ONE_OR_MANY, TEXT_OR};
use crate::yaml::wanted;
use access::{ListItems, MapPairs, StructFields};
use kinds::ChosenKind;

#[derive(Clone, Copy)]
pub(super) struct NodeDecoder<'a> {
    pub(super) node: &'a Node,
    pub(super) pass: &'a DecodePass,
    /// The key whose value this is.
    named: Option<&'a Place>,
}

impl<'a> NodeDecoder<'a> {
    pub(super) fn root(node: &'a Node, pass: &'a DecodePass) -> Self {
        Self {
            node,
            pass,
            named: None,
        }
    }

    /// The same pass over another node.
    pub(super) fn to(self, node: &'a Node, key: Option<&'a Node>) -> Self {
        Self {
            node,
            pass: self.pass,
            named: key.map(Node::place),
        }
    }

    /// Gives an error its place, this node, unless it has one.
    pub(super) fn settled<T>(&self, result: DecodeResult<T>) -> DecodeResult<T> {
        result.map_err(|fault| fault.settle(self.node, self.named))
    }

    fn wrong<T>(&self, expected: &str) -> DecodeResult<T> {
        Err(DecodeFault::wrong_type(expected, self.node))
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        match &*self.node.content {
            NodeContent::List(items) => visitor.visit_seq(ListItems::new(self, items)),
            NodeContent::Scalar(scalar) if self.node.text().is_some() => {
                let help = format!("put it in brackets: `[{}]`", shortened(&scalar.text));
                Err(DecodeFault::wrong_type("a list", self.node).with_help(help))
            }
            _ => Err(DecodeFault::wrong_type("a list", self.node)
                .with_help("start each item of the list with `- `")),
        }
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        match &*self.node.content {
            NodeContent::List(_) => self.list(visitor),
            NodeContent::Mapping(entries) => visitor.visit_map(MapPairs::new(self, entries)),
            NodeContent::Broken => Err(DecodeFault::silent()),
            NodeContent::Scalar(scalar) => match scalar.meaning() {
                ScalarMeaning::Nothing => visitor.visit_unit(),
                ScalarMeaning::Boolean(value) => visitor.visit_bool(value),
                ScalarMeaning::Whole(value) => whole(value, visitor),
                ScalarMeaning::Real(value) => visitor.visit_f64(value),
                ScalarMeaning::Text => visitor.visit_str(&scalar.text),
            },
        }
    }

    fn mapping<'de, V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        match &*self.node.content {
            NodeContent::Mapping(entries) => visitor.visit_map(MapPairs::new(self, entries)),
            _ => Err(DecodeFault::wrong_type("a mapping", self.node)
                .with_help("write it as `name: value` lines")),
        }
    }

    /// Nothing at all counts as a mapping without entries: `extract:` is `extract: {}`.
    pub(super) fn fields<'de, V: Visitor<'de>>(
        self,
        known: &'static [&'static str],
        visitor: V,
    ) -> DecodeResult<V::Value> {
        let is_mapping = matches!(*self.node.content, NodeContent::Mapping(_));
        if !is_mapping && !self.node.is_nothing() {
            let help = match known {
                [] => "leave it empty; it has no settings".to_owned(),
                _ => format!(
                    "write it as `name: value` lines; the names are {}",
                    one_of(known.iter().copied())
                ),
            };
            return self.settled(Err(
                DecodeFault::wrong_type("a mapping", self.node).with_help(help)
            ));
        }
        self.settled(
            visitor
                .visit_map(StructFields::new(self, known))
                .map_err(|fault| fault.unless_misspelt(self.node, known)),
        )
    }

    /// The shapes that serde does not have, asked for by name.
    fn shape<'de, V: Visitor<'de>>(self, name: &str, visitor: V) -> DecodeResult<V::Value> {
        match name {
            LOCATED => {
                hand_over(self.node);
                visitor.visit_newtype_struct(self)
            }
            NODE => {
                hand_over(self.node);
                visitor.visit_unit()
            }
            TEXT => {
                wanted::text(self.node)?;
                hand_over(self.node);
                visitor.visit_unit()
            }
            ONE_OR_MANY => match &*self.node.content {
                NodeContent::List(_) => self.list(visitor),
                _ => visitor.visit_seq(ListItems::new(self, std::slice::from_ref(self.node))),
            },
            TEXT_OR if self.node.text().is_some() => visitor.visit_some(self),
            TEXT_OR if matches!(*self.node.content, NodeContent::List(_)) => {
                Err(DecodeFault::wrong_type("text or a mapping", self.node)
                    .with_help("write plain text, or `{ name: value }`"))
            }
            // `Required`, the full form of `TextOr`, and newtypes of the caller's own.
            _ => visitor.visit_newtype_struct(self),
        }
    }
}

fn whole<'de, V: Visitor<'de>>(value: i128, visitor: V) -> DecodeResult<V::Value> {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(small), _) => visitor.visit_i64(small),
        (_, Ok(large)) => visitor.visit_u64(large),
        _ => visitor.visit_i128(value),
    }
}

/// Whole numbers differ only in their type.
macro_rules! whole_numbers {
    ($($deserialize:ident $visit:ident $number:ty;)*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
            self.settled(wanted::whole(self.node, <$number>::MIN, <$number>::MAX).and_then(|value| visitor.$visit(value)))
        })*
    };
}

impl<'de> Deserializer<'de> for NodeDecoder<'_> {
    type Error = DecodeFault;

    whole_numbers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.settled(self.any(visitor))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.settled(wanted::boolean(self.node).and_then(|value| visitor.visit_bool(value)))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.settled(wanted::real(self.node).and_then(|value| visitor.visit_f64(value)))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.settled(wanted::text(self.node).and_then(|text| visitor.visit_str(text)))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.settled(wanted::text(self.node).and_then(|text| visitor.visit_bytes(text.as_bytes())))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.settled(if self.node.is_nothing() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        let is_empty = self.node.is_nothing()
            || matches!(&*self.node.content, NodeContent::Mapping(entries) if entries.is_empty());
        self.settled(if is_empty {
            visitor.visit_unit()
        } else {
            self.wrong("nothing")
        })
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
        self.settled(self.shape(name, visitor))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.settled(self.list(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> DecodeResult<V::Value> {
        if self.node.items().len() == length {
            return self.deserialize_seq(visitor);
        }
        self.settled(self.wrong(&format!("a list of {length}")))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> DecodeResult<V::Value> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        self.settled(self.mapping(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> DecodeResult<V::Value> {
        self.fields(known, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> DecodeResult<V::Value> {
        self.settled(
            ChosenKind::choose(self, name, known).and_then(|kind| visitor.visit_enum(kind)),
        )
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> DecodeResult<V::Value> {
        visitor.visit_unit()
    }
}
