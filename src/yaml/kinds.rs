//! Enums: a name alone (`unknown: hold`), or one key whose value are the settings (`fetch: { http: {...} }`).
//!
//! A name alone also stands for a kind all of whose settings may be left out, so `- fetch` is `- fetch: {}`.

use std::sync::Arc;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor};

use super::decoder::Decoder;
use super::fault::Fault;
use super::node::{Content, Entry, Node};
use super::scalar::{Scalar, Style};
use crate::diagnostic::{Diagnostic, did_you_mean, one_of};

/// The chosen kind.
pub(super) struct Kind<'a> {
    decoder: Decoder<'a>,
    name: &'a Node,
    settings: Option<&'a Node>,
}

impl<'a> Kind<'a> {
    pub(super) fn choose(decoder: Decoder<'a>, known: &'static [&'static str]) -> Result<Self, Fault> {
        let node = decoder.node;
        let (name, settings, code, what) = match &*node.content {
            Content::Mapping(entries) => {
                let entry = only(entries, known, node)?;
                (&entry.key, Some(&entry.value), "unknown-kind", "kind")
            }
            Content::Scalar(_) if node.text().is_some() => (node, None, "unknown-value", "value"),
            _ => return Err(Fault::wrong_type(&expected(known), node)),
        };
        let text = name.text().unwrap_or_default();
        if known.contains(&text) {
            return Ok(Self { decoder, name, settings });
        }
        let help = did_you_mean(text, known.iter().copied()).map(|meant| format!("did you mean `{meant}`?"));
        let fault = Fault::new(code, format!("unknown {what} `{text}`")).with_help(help.unwrap_or_else(|| format!("expected {}", expected(known))));
        Err(fault.settle(name, None))
    }
}

/// What could have been written.
fn expected(known: &[&str]) -> String {
    match known {
        [only] => format!("`{only}`"),
        _ => format!("one of {}", one_of(known.iter().copied())),
    }
}

/// The only entry; two kinds at once are one too many.
fn only<'a>(entries: &'a [Entry], known: &[&str], node: &Node) -> Result<&'a Entry, Fault> {
    match entries {
        [] => Err(Fault::wrong_type(&expected(known), node)),
        [entry] => Ok(entry),
        [first, second, ..] => {
            let names = one_of(entries.iter().filter_map(|entry| entry.key.text()));
            let mut diagnostic = Diagnostic::error("several-kinds", format!("more than one kind: {names}"));
            diagnostic.help(format!("choose {}", expected(known))).related(first.key.place(), "first given here");
            Err(Fault::Loose(Box::new(diagnostic.at(second.key.place()))))
        }
    }
}

impl<'a, 'de> EnumAccess<'de> for Kind<'a> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        let name: StrDeserializer<Fault> = self.name.text().unwrap_or_default().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl Kind<'_> {
    /// Runs with the settings, or with nothing at the place of the name.
    fn with_settings<T>(&self, run: impl FnOnce(Decoder) -> Result<T, Fault>) -> Result<T, Fault> {
        match self.settings {
            Some(settings) => run(self.decoder.to(settings, Some(self.name))),
            None => run(self.decoder.to(&nothing(self.name), None)),
        }
    }
}

/// Nothing, where a name stands alone.
fn nothing(name: &Node) -> Node {
    let scalar = Scalar { text: String::new(), style: Style::Plain, is_text: false, raw: "".into(), line: 1, column: 1 };
    Node { content: Arc::new(Content::Scalar(scalar)), ..name.clone() }
}

impl<'de> VariantAccess<'de> for Kind<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.settings {
            Some(settings) if !settings.is_nothing() && !matches!(&*settings.content, Content::Mapping(all) if all.is_empty()) => {
                let name = self.name.text().unwrap_or_default();
                let fault = Fault::new("wrong-type", format!("`{name}` takes no settings"));
                Err(fault.with_help(format!("write `{name}` alone")).settle(settings, None))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        self.with_settings(|decoder| decoder.settled(seed.deserialize(decoder)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.with_settings(|decoder| decoder.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, known: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.with_settings(|decoder| decoder.fields(known, visitor))
    }
}
