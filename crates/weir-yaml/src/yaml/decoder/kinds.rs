//! Enums: a name alone (`unknown: hold`), or one key whose value are the settings (`fetch: { http:
//! {...} }`).
//!
//! A name alone also stands for a kind all of whose settings may be left out, so `- fetch` is `-
//! fetch: {}`.

use std::sync::Arc;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};

use super::NodeDecoder;
use crate::diagnostic::{Diagnostic, did_you_mean, one_of};
use crate::yaml::fault::DecodeFault;
use crate::yaml::node::{MappingEntry, Node, NodeContent};
use crate::yaml::scalar::{Scalar, WrittenStyle};

/// The chosen kind.
pub(super) struct ChosenKind<'a> {
    decoder: NodeDecoder<'a>,
    name: &'a Node,
    settings: Option<&'a Node>,
}

impl<'a> ChosenKind<'a> {
    /// `noun` is what a value is called: the enum's name, where it was renamed to lower-case words.
    pub(super) fn choose(
        decoder: NodeDecoder<'a>,
        noun: &str,
        known: &'static [&'static str],
    ) -> Result<Self, DecodeFault> {
        let node = decoder.node;
        let (name, settings) = match &*node.content {
            NodeContent::Mapping(entries) => {
                let entry = only(entries, known, node)?;
                (&entry.key, Some(&entry.value))
            }
            NodeContent::Scalar(_) if node.text().is_some() => (node, None),
            _ => return Err(wrong(known, node)),
        };
        let text = name.text().unwrap_or_default();
        if known.contains(&text) {
            return Ok(Self {
                decoder,
                name,
                settings,
            });
        }
        let named = noun
            .starts_with(|first: char| first.is_ascii_lowercase())
            .then_some(noun);
        let fault = match settings {
            Some(_) => DecodeFault::new(
                "unknown-kind",
                format!("unknown {} `{text}`", named.unwrap_or("type")),
            ),
            None => DecodeFault::new(
                "unknown-value",
                format!("unknown {} `{text}`", named.unwrap_or("value")),
            ),
        };
        let help = did_you_mean(text, known.iter().copied())
            .map(|meant| format!("did you mean `{meant}`?"));
        Err(fault
            .with_help(help.unwrap_or_else(|| format!("expected {}", expected(known))))
            .settle(name, None))
    }
}

/// Neither a name nor a name with settings.
fn wrong(known: &[&str], node: &Node) -> DecodeFault {
    DecodeFault::wrong_type(&expected(known), node)
        .with_help("write just the name, or `name: { ... }` with its settings")
}

/// What could have been written.
fn expected(known: &[&str]) -> String {
    match known {
        [only] => format!("`{only}`"),
        _ => format!("one of {}", one_of(known.iter().copied())),
    }
}

/// The only entry; two kinds at once are one too many.
fn only<'a>(
    entries: &'a [MappingEntry],
    known: &[&str],
    node: &Node,
) -> Result<&'a MappingEntry, DecodeFault> {
    match entries {
        [] => Err(wrong(known, node)),
        [entry] => Ok(entry),
        [kind, setting, ..]
            if kind.value.is_nothing()
                && !setting.key.text().is_some_and(|key| known.contains(&key)) =>
        {
            let (kind, setting) = (&kind.key, &setting.key);
            let (outer, inner) = (
                kind.text().unwrap_or_default(),
                setting.text().unwrap_or_default(),
            );
            let mut diagnostic = Diagnostic::error(
                "several-kinds",
                format!("`{inner}` is on the same level as `{outer}`"),
            );
            diagnostic
                .help(format!(
                    "if it is a setting of `{outer}`, indent it further"
                ))
                .related(kind.place(), format!("`{outer}` is here"));
            Err(DecodeFault::Loose(Box::new(diagnostic.at(setting.place()))))
        }
        [first, second, ..] => {
            let names = one_of(entries.iter().filter_map(|entry| entry.key.text()));
            let mut diagnostic = Diagnostic::error(
                "several-kinds",
                format!("only one of these is allowed: {names}"),
            );
            diagnostic
                .help(format!("choose {}", expected(known)))
                .related(first.key.place(), "first given here");
            Err(DecodeFault::Loose(Box::new(
                diagnostic.at(second.key.place()),
            )))
        }
    }
}

impl<'a, 'de> EnumAccess<'de> for ChosenKind<'a> {
    type Error = DecodeFault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), DecodeFault> {
        let name: StrDeserializer<DecodeFault> =
            self.name.text().unwrap_or_default().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl ChosenKind<'_> {
    /// Runs with the settings, or with nothing at the place of the name.
    fn with_settings<T>(
        &self,
        run: impl FnOnce(NodeDecoder) -> Result<T, DecodeFault>,
    ) -> Result<T, DecodeFault> {
        match self.settings {
            Some(settings) => run(self.decoder.to(settings, Some(self.name))),
            None => run(self.decoder.to(&nothing(self.name), None)),
        }
    }
}

/// Nothing, where a name stands alone.
fn nothing(name: &Node) -> Node {
    let scalar = Scalar {
        text: String::new(),
        style: WrittenStyle::Plain,
        is_text: false,
        raw: "".into(),
        line: 1,
        column: 1,
    };
    Node {
        content: Arc::new(NodeContent::Scalar(scalar)),
        ..name.clone()
    }
}

impl<'de> VariantAccess<'de> for ChosenKind<'_> {
    type Error = DecodeFault;

    fn unit_variant(self) -> Result<(), DecodeFault> {
        match self.settings {
            Some(settings)
                if !settings.is_nothing()
                    && !matches!(&*settings.content, NodeContent::Mapping(all) if all.is_empty()) =>
            {
                let name = self.name.text().unwrap_or_default();
                let fault = DecodeFault::new("wrong-type", format!("`{name}` takes no settings"));
                Err(fault
                    .with_help(format!("write just `{name}`"))
                    .settle(settings, None))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, DecodeFault> {
        self.with_settings(|decoder| decoder.settled(seed.deserialize(decoder)))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeFault> {
        self.with_settings(|decoder| decoder.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeFault> {
        self.with_settings(|decoder| decoder.fields(known, visitor))
    }
}
