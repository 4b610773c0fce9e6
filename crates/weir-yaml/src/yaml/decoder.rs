//! A node seen as a serde deserializer.
//!
//! Serde says what it wants, the node says what it is, and where the two differ the author is told
//! in words of YAML. Text is taken as written: `1.10` where text is wanted stays `1.10`. A decoder
//! must never give serde a value of another type than it asked for and hope for serde's message.

use serde::Deserializer;
use serde::de::Visitor;

use super::access::{Fields, Items, Pairs};
use super::decode::Pass;
use super::fault::Fault;
use super::kinds::Kind;
use super::located::{LOCATED, NODE, TEXT, hand_over};
use super::node::{Content, Node};
use super::scalar::{Meaning, shortened};
use super::shapes::{ONE_OR_MANY, TEXT_OR};
use super::wanted;
use crate::diagnostic::{Place, one_of};

pub(super) type Decoded<T> = Result<T, Fault>;

#[derive(Clone, Copy)]
pub(super) struct Decoder<'a> {
    pub(super) node: &'a Node,
    pub(super) pass: &'a Pass,
    /// The key whose value this is.
    named: Option<&'a Place>,
}

impl<'a> Decoder<'a> {
    pub(super) fn root(node: &'a Node, pass: &'a Pass) -> Self {
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
    pub(super) fn settled<T>(&self, result: Decoded<T>) -> Decoded<T> {
        result.map_err(|fault| fault.settle(self.node, self.named))
    }

    fn wrong<T>(&self, expected: &str) -> Decoded<T> {
        Err(Fault::wrong_type(expected, self.node))
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &*self.node.content {
            Content::List(items) => visitor.visit_seq(Items::new(self, items)),
            Content::Scalar(scalar) if self.node.text().is_some() => {
                let help = format!("put it in brackets: `[{}]`", shortened(&scalar.text));
                Err(Fault::wrong_type("a list", self.node).with_help(help))
            }
            _ => Err(Fault::wrong_type("a list", self.node)
                .with_help("start each item of the list with `- `")),
        }
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &*self.node.content {
            Content::List(_) => self.list(visitor),
            Content::Mapping(entries) => visitor.visit_map(Pairs::new(self, entries)),
            Content::Broken => Err(Fault::silent()),
            Content::Scalar(scalar) => match scalar.meaning() {
                Meaning::Nothing => visitor.visit_unit(),
                Meaning::Boolean(value) => visitor.visit_bool(value),
                Meaning::Whole(value) => whole(value, visitor),
                Meaning::Real(value) => visitor.visit_f64(value),
                Meaning::Text => visitor.visit_str(&scalar.text),
            },
        }
    }

    fn mapping<'de, V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &*self.node.content {
            Content::Mapping(entries) => visitor.visit_map(Pairs::new(self, entries)),
            _ => Err(Fault::wrong_type("a mapping", self.node)
                .with_help("write it as `name: value` lines")),
        }
    }

    /// Nothing at all counts as a mapping without entries: `extract:` is `extract: {}`.
    pub(super) fn fields<'de, V: Visitor<'de>>(
        self,
        known: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        let is_mapping = matches!(*self.node.content, Content::Mapping(_));
        if !is_mapping && !self.node.is_nothing() {
            let help = match known {
                [] => "leave it empty; it has no settings".to_owned(),
                _ => format!(
                    "write it as `name: value` lines; the names are {}",
                    one_of(known.iter().copied())
                ),
            };
            return self.settled(Err(
                Fault::wrong_type("a mapping", self.node).with_help(help)
            ));
        }
        self.settled(
            visitor
                .visit_map(Fields::new(self, known))
                .map_err(|fault| fault.unless_misspelt(self.node, known)),
        )
    }

    /// The shapes that serde does not have, asked for by name.
    fn shape<'de, V: Visitor<'de>>(self, name: &str, visitor: V) -> Decoded<V::Value> {
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
                Content::List(_) => self.list(visitor),
                _ => visitor.visit_seq(Items::new(self, std::slice::from_ref(self.node))),
            },
            TEXT_OR if self.node.text().is_some() => visitor.visit_some(self),
            TEXT_OR if matches!(*self.node.content, Content::List(_)) => {
                Err(Fault::wrong_type("text or a mapping", self.node)
                    .with_help("write plain text, or `{ name: value }`"))
            }
            // `Required`, the full form of `TextOr`, and newtypes of the caller's own.
            _ => visitor.visit_newtype_struct(self),
        }
    }
}

fn whole<'de, V: Visitor<'de>>(value: i128, visitor: V) -> Decoded<V::Value> {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(small), _) => visitor.visit_i64(small),
        (_, Ok(large)) => visitor.visit_u64(large),
        _ => visitor.visit_i128(value),
    }
}

/// Whole numbers differ only in their type.
macro_rules! whole_numbers {
    ($($deserialize:ident $visit:ident $number:ty;)*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
            self.settled(wanted::whole(self.node, <$number>::MIN, <$number>::MAX).and_then(|value| visitor.$visit(value)))
        })*
    };
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = Fault;

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

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.settled(self.any(visitor))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.settled(wanted::boolean(self.node).and_then(|value| visitor.visit_bool(value)))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.settled(wanted::real(self.node).and_then(|value| visitor.visit_f64(value)))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.settled(wanted::text(self.node).and_then(|text| visitor.visit_str(text)))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.settled(wanted::text(self.node).and_then(|text| visitor.visit_bytes(text.as_bytes())))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.settled(if self.node.is_nothing() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let is_empty = self.node.is_nothing()
            || matches!(&*self.node.content, Content::Mapping(entries) if entries.is_empty());
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
    ) -> Decoded<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Decoded<V::Value> {
        self.settled(self.shape(name, visitor))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.settled(self.list(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Decoded<V::Value> {
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
    ) -> Decoded<V::Value> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.settled(self.mapping(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        self.fields(known, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        self.settled(Kind::choose(self, name, known).and_then(|kind| visitor.visit_enum(kind)))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        visitor.visit_unit()
    }
}
