//! A YAML file as a tree in which every key and value has a place.
//!
//! Values are shared, not copied, where an alias or a merge key uses them again, so a tree is never
//! larger than its file. A node knows what was written, not what it means: `1.10` is the text
//! `1.10` until somebody asks for a number.

use std::sync::Arc;

use super::position;
use crate::number;
use serde_json::{Number, Value};

use super::scalar::{Scalar, ScalarMeaning, WrittenStyle};
use crate::diagnostic::Place;

/// A value, or a key, and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    pub(super) id: u32,
    pub(super) place: Place,
    pub(super) content: Arc<NodeContent>,
    /// How many nodes it stands for once aliases are followed.
    pub(super) weight: usize,
    /// How deeply it nests once aliases are followed.
    pub(super) height: usize,
}

/// A key and its value in a mapping.
#[derive(Debug, Clone)]
pub struct MappingEntry {
    /// The key, always text.
    pub key: Node,
    /// The value.
    pub value: Node,
}

#[derive(Debug)]
pub(super) enum NodeContent {
    Scalar(Scalar),
    List(Vec<Node>),
    Mapping(Vec<MappingEntry>),
    /// Already reported; nobody should look at it.
    Broken,
}

impl Node {
    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The text as written, whatever it looks like; `None` for lists, mappings and nothing at all.
    pub fn text(&self) -> Option<&str> {
        self.scalar()
            .filter(|scalar| scalar.meaning() != ScalarMeaning::Nothing)
            .map(|scalar| scalar.text.as_str())
    }

    /// Whether it is text that is written without quotes.
    pub fn is_plain_text(&self) -> bool {
        self.scalar().is_some_and(|scalar| {
            scalar.style == WrittenStyle::Plain && scalar.meaning() == ScalarMeaning::Text
        })
    }

    /// Whether nothing was written, or `null` or `~`.
    pub fn is_nothing(&self) -> bool {
        self.scalar()
            .is_some_and(|scalar| scalar.meaning() == ScalarMeaning::Nothing)
    }

    /// The elements of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &*self.content {
            NodeContent::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping in their order; none for anything else.
    pub fn entries(&self) -> &[MappingEntry] {
        match &*self.content {
            NodeContent::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The entry of a mapping with this key.
    pub fn entry(&self, key: &str) -> Option<&MappingEntry> {
        self.entries()
            .iter()
            .find(|entry| entry.key.text() == Some(key))
    }

    /// The value of a mapping at this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The node at a JSON pointer such as `/properties/title/minLength`, as JSON Schema reports
    /// them.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            node.get(&step)
                .or_else(|| node.items().get(step.parse::<usize>().ok()?))
        })
    }

    /// The place in the file of a line and column (from 1) within this text: a script's own
    /// positions, made the file's.
    pub fn place_at(&self, line: usize, column: usize) -> Place {
        let Some(scalar) = self.scalar() else {
            return self.place.clone();
        };
        let (line, column) = position::in_file(scalar, line, column);
        Place::new(self.place.file.clone(), line, column, 1)
    }

    /// The same value as JSON. Numbers and booleans are what unquoted YAML says they are.
    pub fn to_json(&self) -> Value {
        match &*self.content {
            NodeContent::Scalar(scalar) => json_scalar(scalar),
            NodeContent::List(items) => items.iter().map(Node::to_json).collect(),
            NodeContent::Mapping(entries) => entries
                .iter()
                .map(|entry| (entry.key_text(), entry.value.to_json()))
                .collect(),
            NodeContent::Broken => Value::Null,
        }
    }

    /// What an author would call it: "the number `5`", "a list".
    pub fn described(&self) -> String {
        match &*self.content {
            NodeContent::Scalar(scalar) => scalar.described(),
            NodeContent::List(_) => "a list".to_string(),
            NodeContent::Mapping(_) => "a mapping".to_string(),
            NodeContent::Broken => "a broken value".to_string(),
        }
    }

    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &*self.content {
            NodeContent::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

impl MappingEntry {
    /// The key's text; keys without text never get into a tree.
    pub fn key_text(&self) -> String {
        self.key
            .scalar()
            .map(|scalar| scalar.text.clone())
            .unwrap_or_default()
    }
}

/// Whether it is a whole number that would lose digits.
fn is_long(text: &str) -> bool {
    number::plain(text).is_some_and(|plain| !plain.contains('.') && number::parse(&plain).is_none())
}

fn json_scalar(scalar: &Scalar) -> Value {
    match scalar.meaning() {
        ScalarMeaning::Nothing => Value::Null,
        ScalarMeaning::Boolean(value) => Value::Bool(value),
        ScalarMeaning::Whole(value) => {
            Number::from_i128(value).map_or_else(|| scalar.text.clone().into(), Value::Number)
        }
        ScalarMeaning::Real(_) if is_long(&scalar.text) => scalar.text.clone().into(),
        ScalarMeaning::Real(value) => {
            Number::from_f64(value).map_or_else(|| scalar.text.clone().into(), Value::Number)
        }
        ScalarMeaning::Text => scalar.text.clone().into(),
    }
}
