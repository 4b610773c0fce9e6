//! Values that remember where they were written.
//!
//! Serde has no room for places, so a `NodeDecoder` asked for a newtype of
//! one of the names below hands the node over beside serde, through [`hand_over`], and the type
//! takes it at once. Nothing may happen between the two. Other formats than our YAML cannot fill
//! these types and say so.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::node::Node;
use crate::diagnostic::Place;

pub(super) const LOCATED: &str = "$weir::yaml::Located";
pub(super) const NODE: &str = "$weir::yaml::Node";
pub(super) const TEXT: &str = "$weir::yaml::Text";

thread_local! {
    static HANDED: RefCell<Option<Node>> = const { RefCell::new(None) };
}

/// Leaves a node for the type that is about to be visited.
pub(super) fn hand_over(node: &Node) {
    HANDED.set(Some(node.clone()));
}

fn handed<E: Error>() -> Result<Node, E> {
    HANDED
        .take()
        .ok_or_else(|| E::custom("this type can only be read by `yaml::decode`"))
}

/// A value and its place. Equality, order and hash look at the value only, so it serves as a key.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

impl<T> Located<T> {
    /// A value at a place.
    pub fn new(value: T, place: &Place) -> Self {
        Self {
            value,
            place: place.clone(),
        }
    }

    /// Another value at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located {
            value: change(self.value),
            place: self.place,
        }
    }
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for Located<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Located<T> {}

impl<T: PartialOrd> PartialOrd for Located<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Located<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: Hash> Hash for Located<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

/// So that a map with located keys can be asked by plain text.
impl Borrow<str> for Located<String> {
    fn borrow(&self) -> &str {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(LOCATED, LocatedVisitor(PhantomData))
    }
}

struct LocatedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for LocatedVisitor<T> {
    type Value = Located<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        let place = handed::<D::Error>()?.place;
        Ok(Located {
            value: T::deserialize(deserializer)?,
            place,
        })
    }
}

/// A text that knows where each of its characters was written, for scripts and templates whose
/// errors have their own positions.
#[derive(Debug, Clone)]
pub struct Text(Node);

impl Text {
    /// A value of a tree as text; `None` for lists, mappings and nothing at all.
    pub fn of(node: &Node) -> Option<Text> {
        node.text().map(|_| Text(node.clone()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.text().unwrap_or_default()
    }

    /// Where the text begins.
    pub fn place(&self) -> &Place {
        self.0.place()
    }

    /// The place in the file of a line and column (from 1) within the text.
    pub fn place_at(&self, line: usize, column: usize) -> Place {
        self.0.place_at(line, column)
    }

    /// The place of the whole name that begins at a line and column.
    pub fn name_at(&self, line: usize, column: usize) -> Place {
        let rest = self
            .as_str()
            .split('\n')
            .nth(line.saturating_sub(1))
            .into_iter()
            .flat_map(str::chars)
            .skip(column.saturating_sub(1));
        let name = rest
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .count();
        Place {
            length: name.max(1),
            ..self.place_at(line, column)
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_newtype_struct(TEXT, NodeVisitor)
            .map(Text)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NODE, NodeVisitor)
    }
}

struct NodeVisitor;

impl Visitor<'_> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        handed()
    }
}
