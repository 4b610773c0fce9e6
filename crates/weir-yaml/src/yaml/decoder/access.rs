//! Lists, maps and structs, element by element.
//!
//! Here broken parts are left out: each element that fails names itself as what the next pass can
//! do without, and elements that failed before are not shown to serde at all. Unknown fields of
//! structs are told here, and passed over.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::NodeDecoder;
use super::absent::AbsentDecoder;
use crate::diagnostic::{Diagnostic, did_you_mean, one_of};
use crate::yaml::fault::DecodeFault;
use crate::yaml::node::{MappingEntry, Node};

/// Decodes a node that can be left out.
fn decoded<'de, S: DeserializeSeed<'de>>(
    seed: S,
    decoder: NodeDecoder,
) -> Result<S::Value, DecodeFault> {
    let result = decoder.settled(seed.deserialize(decoder));
    result.map_err(|fault| fault.leave_out(decoder.node))
}

/// The elements of a list.
pub(super) struct ListItems<'a> {
    decoder: NodeDecoder<'a>,
    rest: std::slice::Iter<'a, Node>,
}

impl<'a> ListItems<'a> {
    pub(super) fn new(decoder: NodeDecoder<'a>, items: &'a [Node]) -> Self {
        Self {
            decoder,
            rest: items.iter(),
        }
    }
}

impl<'de> SeqAccess<'de> for ListItems<'_> {
    type Error = DecodeFault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeFault> {
        let pass = self.decoder.pass;
        let next = self.rest.find(|item| !pass.skips(item));
        next.map(|item| decoded(seed, self.decoder.to(item, None)))
            .transpose()
    }
}

/// The entries of a map.
pub(super) struct MapPairs<'a> {
    decoder: NodeDecoder<'a>,
    rest: std::slice::Iter<'a, MappingEntry>,
    current: Option<&'a MappingEntry>,
}

impl<'a> MapPairs<'a> {
    pub(super) fn new(decoder: NodeDecoder<'a>, entries: &'a [MappingEntry]) -> Self {
        Self {
            decoder,
            rest: entries.iter(),
            current: None,
        }
    }
}

impl<'de> MapAccess<'de> for MapPairs<'_> {
    type Error = DecodeFault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeFault> {
        let pass = self.decoder.pass;
        self.current = self
            .rest
            .find(|entry| !pass.skips(&entry.key) && !pass.skips(&entry.value));
        self.current
            .map(|entry| decoded(seed, self.decoder.to(&entry.key, None)))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeFault> {
        let entry = self.current.take().ok_or_else(DecodeFault::silent)?;
        decoded(seed, self.decoder.to(&entry.value, Some(&entry.key)))
    }
}

/// The fields of a struct: those that are written, then those that are known to be missing.
pub(super) struct StructFields<'a> {
    decoder: NodeDecoder<'a>,
    known: &'static [&'static str],
    rest: std::slice::Iter<'a, MappingEntry>,
    absent: std::vec::IntoIter<&'static str>,
    current: Option<&'a MappingEntry>,
}

impl<'a> StructFields<'a> {
    pub(super) fn new(decoder: NodeDecoder<'a>, known: &'static [&'static str]) -> Self {
        let absent: Vec<_> = decoder.pass.absent(decoder.node).collect();
        Self {
            decoder,
            known,
            rest: decoder.node.entries().iter(),
            absent: absent.into_iter(),
            current: None,
        }
    }

    /// The next field that the struct has and that is not broken.
    fn next(&mut self) -> Option<&'a MappingEntry> {
        let (pass, known) = (self.decoder.pass, self.known);
        self.rest.find(|entry| {
            let is_known = entry.key.text().is_some_and(|key| known.contains(&key));
            if !is_known {
                pass.tell(&entry.key, || unknown(&entry.key, known));
            }
            is_known && !pass.skips(&entry.value)
        })
    }
}

fn unknown(key: &Node, known: &[&str]) -> Diagnostic {
    let name = key
        .scalar()
        .map(|scalar| scalar.text.as_str())
        .unwrap_or_default();
    let mut diagnostic =
        Diagnostic::error("unknown-field", format!("unknown field `{name}`")).at(key.place());
    diagnostic.help(match did_you_mean(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => "no fields are allowed here".to_string(),
        None => format!("allowed here: {}", one_of(known.iter().copied())),
    });
    diagnostic
}

impl<'de> MapAccess<'de> for StructFields<'_> {
    type Error = DecodeFault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeFault> {
        self.current = self.next();
        let key = self
            .current
            .and_then(|entry| entry.key.text())
            .or_else(|| self.absent.next());
        let Some(key) = key else { return Ok(None) };
        let key: StrDeserializer<DecodeFault> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeFault> {
        match self.current.take() {
            Some(entry) => decoded(seed, self.decoder.to(&entry.value, Some(&entry.key))),
            None => seed
                .deserialize(AbsentDecoder::new(self.decoder))
                .map_err(|_| DecodeFault::silent()),
        }
    }
}
