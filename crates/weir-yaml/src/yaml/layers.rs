//! Layers: a mapping laid over another, each part keeping the place where it was written.
//!
//! A connector is laid under the source that uses it. How deep mappings are put together, and what
//! replaces what, the caller says: a list or a value of the upper layer stands for the whole of the
//! lower one, and `null` takes the lower one away. Ids of nodes are unique in a tree, and the two
//! layers come from two trees, so the lower one gets new ids.

use std::sync::Arc;

use super::node::{MappingEntry, Node, NodeContent};
use super::scalar::{Scalar, WrittenStyle};

/// What becomes of two values at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeRule {
    /// The upper one counts.
    Replace,
    /// Two mappings become one, key by key.
    Together,
    /// Two lists become one, the lower first.
    Append,
}

impl Node {
    /// This mapping over another. `lay` says for the keys that lead to a place what becomes of two
    /// values there; ids of the lower layer begin above `above`, and above those of this one.
    ///
    /// Entries of the upper layer come first; those that are nothing at all remove the lower ones
    /// and stay out themselves.
    pub fn over(&self, lower: &Node, above: u32, lay: &dyn Fn(&[&str]) -> MergeRule) -> Node {
        let lower = lower.shifted(self.highest_id().max(above));
        put_together(self, &lower, lay, &mut Vec::new())
    }

    /// The node with other ids: all of them above `by`.
    pub fn shifted(&self, by: u32) -> Node {
        self.rebuilt(&|scalar| scalar.clone(), by)
    }

    /// The node with every text in it changed, where `change` gives another one.
    pub fn with_texts(&self, change: &dyn Fn(&str) -> Option<String>) -> Node {
        let changed = |scalar: &Scalar| match change(&scalar.text) {
            // Its text is no longer what stands in the file: places within it are those of its
            // beginning.
            Some(text) => Scalar {
                raw: text.as_str().into(),
                text,
                style: WrittenStyle::Double,
                is_text: true,
                ..*scalar
            },
            None => scalar.clone(),
        };
        self.rebuilt(&changed, 0)
    }

    /// The mapping with one entry in place of that of the same key.
    pub fn with_entry(&self, key: &str, value: Node) -> Node {
        let replaced = self.entries().iter().map(|entry| match entry.key.text() {
            Some(name) if name == key => MappingEntry {
                key: entry.key.clone(),
                value: value.clone(),
            },
            _ => entry.clone(),
        });
        self.mapping(replaced.collect())
    }

    /// The mapping without some of its entries.
    pub fn without(&self, keys: &[&str]) -> Node {
        self.mapping(
            self.entries()
                .iter()
                .filter(|entry| !entry.key.text().is_some_and(|key| keys.contains(&key)))
                .cloned()
                .collect(),
        )
    }

    /// The mapping with only some of its entries.
    pub fn only(&self, keys: &[&str]) -> Node {
        self.mapping(
            self.entries()
                .iter()
                .filter(|entry| entry.key.text().is_some_and(|key| keys.contains(&key)))
                .cloned()
                .collect(),
        )
    }

    /// The highest id in it.
    pub fn highest_id(&self) -> u32 {
        let inner = match &*self.content {
            NodeContent::List(items) => items.iter().map(Node::highest_id).max(),
            NodeContent::Mapping(entries) => entries
                .iter()
                .map(|entry| entry.key.highest_id().max(entry.value.highest_id()))
                .max(),
            NodeContent::Scalar(_) | NodeContent::Broken => None,
        };
        inner.unwrap_or_default().max(self.id)
    }

    /// The same node with other entries.
    fn mapping(&self, entries: Vec<MappingEntry>) -> Node {
        let parts = || entries.iter().flat_map(|entry| [&entry.key, &entry.value]);
        let weight = 1 + parts().map(|part| part.weight).sum::<usize>();
        let height = 1 + parts().map(|part| part.height).max().unwrap_or_default();
        Node {
            id: self.id,
            place: self.place.clone(),
            content: Arc::new(NodeContent::Mapping(entries)),
            weight,
            height,
        }
    }

    /// The same node with other items.
    fn list(&self, items: Vec<Node>) -> Node {
        let weight = 1 + items.iter().map(|item| item.weight).sum::<usize>();
        let height = 1 + items
            .iter()
            .map(|item| item.height)
            .max()
            .unwrap_or_default();
        Node {
            id: self.id,
            place: self.place.clone(),
            content: Arc::new(NodeContent::List(items)),
            weight,
            height,
        }
    }

    fn rebuilt(&self, scalar: &dyn Fn(&Scalar) -> Scalar, by: u32) -> Node {
        let content = match &*self.content {
            NodeContent::Scalar(one) => NodeContent::Scalar(scalar(one)),
            NodeContent::List(items) => {
                NodeContent::List(items.iter().map(|item| item.rebuilt(scalar, by)).collect())
            }
            NodeContent::Mapping(entries) => {
                let entry = |entry: &MappingEntry| MappingEntry {
                    key: entry.key.shifted(by),
                    value: entry.value.rebuilt(scalar, by),
                };
                NodeContent::Mapping(entries.iter().map(entry).collect())
            }
            NodeContent::Broken => NodeContent::Broken,
        };
        Node {
            id: self.id.saturating_add(by),
            place: self.place.clone(),
            content: Arc::new(content),
            ..*self
        }
    }
}

fn put_together<'n>(
    upper: &'n Node,
    lower: &'n Node,
    lay: &dyn Fn(&[&str]) -> MergeRule,
    path: &mut Vec<&'n str>,
) -> Node {
    let mut entries: Vec<MappingEntry> = Vec::new();
    for entry in upper.entries() {
        let Some(name) = entry.key.text() else {
            continue;
        };
        let Some(below) = lower.entry(name) else {
            entries.push(entry.clone());
            continue;
        };
        path.push(name);
        match (&*entry.value.content, &*below.value.content, lay(path)) {
            (NodeContent::Mapping(_), NodeContent::Mapping(_), MergeRule::Together) => {
                entries.push(MappingEntry {
                    key: entry.key.clone(),
                    value: put_together(&entry.value, &below.value, lay, path),
                });
            }
            (NodeContent::List(upper), NodeContent::List(lower), MergeRule::Append) => {
                let items: Vec<Node> = lower.iter().chain(upper).cloned().collect();
                entries.push(MappingEntry {
                    key: entry.key.clone(),
                    value: entry.value.list(items),
                });
            }
            _ if entry.value.is_nothing() => {}
            _ => entries.push(entry.clone()),
        }
        path.pop();
    }
    let is_above = |entry: &MappingEntry| {
        entry
            .key
            .text()
            .is_some_and(|name| upper.entry(name).is_some())
    };
    entries.extend(
        lower
            .entries()
            .iter()
            .filter(|entry| !is_above(entry))
            .cloned(),
    );
    upper.mapping(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::yaml::parse;
    use serde_json::json;

    fn node(file: &str, text: &str) -> Node {
        parse(file, text, &mut Diagnostics::new()).unwrap()
    }

    #[test]
    fn the_upper_layer_counts_and_nothing_removes() {
        let lower = node(
            "low.yaml",
            "id: $.id\njob: { title: $.a, department: { from: $.d, as: html } }\nmissing: { after: 1 }",
        );
        let upper = node(
            "up.yaml",
            "job: { title: null, department: { from: $.e } }\nmissing: { apart: 2h }",
        );
        let both = upper.over(&lower, 0, &|path| {
            if path == ["job"] {
                MergeRule::Together
            } else {
                MergeRule::Replace
            }
        });
        assert_eq!(
            both.to_json(),
            json!({ "id": "$.id", "job": { "department": { "from": "$.e" } }, "missing": { "apart": "2h" } })
        );
        assert_eq!(both.get("id").unwrap().place().file.to_string(), "low.yaml");
        assert_eq!(
            both.get("job")
                .unwrap()
                .get("department")
                .unwrap()
                .place()
                .line,
            1
        );
    }

    #[test]
    fn ids_stay_apart() {
        let (lower, upper) = (
            node("low.yaml", "a: 1\nb: [1, 2]"),
            node("up.yaml", "c: 1\nd: { e: 1 }"),
        );
        let both = upper.over(&lower, 100, &|_| MergeRule::Together);
        let mut ids = Vec::new();
        collect(&both, &mut ids);
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    fn collect(node: &Node, ids: &mut Vec<u32>) {
        ids.push(node.id);
        node.items().iter().for_each(|item| collect(item, ids));
        node.entries().iter().for_each(|entry| {
            [&entry.key, &entry.value]
                .into_iter()
                .for_each(|part| collect(part, ids));
        });
    }

    #[test]
    fn texts_change_and_keep_their_places() {
        let changed = node("a.yaml", "url: https://x/{board}\nn: 1").with_texts(&|text| {
            text.contains("{board}")
                .then(|| text.replace("{board}", "acme"))
        });
        assert_eq!(
            changed.to_json(),
            json!({ "url": "https://x/acme", "n": 1 })
        );
        assert_eq!(changed.get("url").unwrap().place_at(1, 30).line, 1);
    }
}
