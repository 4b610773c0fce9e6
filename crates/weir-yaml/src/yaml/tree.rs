//! The parser's events to a tree of nodes.
//!
//! The events come from the parser below `serde-saphyr`, because its typed interface stops at the
//! first duplicate key and does not keep how a value was written. Here are decided: aliases, tags,
//! depth, the one document of a file; keys are left to [`keys`], single values to [`leaf`]. What
//! can be reported without stopping is; only broken syntax ends the tree.

use std::collections::HashMap;
use std::sync::Arc;

use serde_saphyr::granit_parser::{Event, Marker, Options, Parser, Span, StructureStyle, Tag};

use super::node::{Node, NodeContent};
use super::page::YamlText;
use super::pass::{MOST_PROBLEMS, too_many};
use super::{keys, leaf, syntax};
use crate::diagnostic::{Diagnostics, Place};

/// How deeply values may nest, aliases followed.
const DEEPEST: usize = 64;
/// How many nodes aliases may add to a file.
const MOST_ALIASED: usize = 100_000;

/// Builds the tree of a file whose root is a mapping; `None` after saying why there is none.
pub(super) fn build(file: &str, text: &str, out: &mut Diagnostics) -> Option<Node> {
    let mut builder = TreeBuilder::new(file, text, out);
    for event in Parser::new_from_str_with_options(text, options()) {
        match event {
            Ok((Event::DocumentStart(..), span)) if builder.root.is_some() => {
                let place = builder.page.place(span.start, span.end);
                builder
                    .out
                    .error(
                        &place,
                        "several-documents",
                        "the file contains more than one document",
                    )
                    .help("put each document in its own file");
                return None;
            }
            Ok((event, span)) => {
                builder.seen = span.end.byte_offset().unwrap_or(builder.seen);
                builder.take(event, span)?;
                builder.stop_at_too_many()?;
            }
            Err(error) => {
                let open = builder
                    .open
                    .last()
                    .filter(|open| open.is_flow)
                    .map(|open| open.place.clone());
                syntax::report(&error, &builder.page, builder.seen, open, builder.out);
                return None;
            }
        }
    }
    builder.finish()
}

fn options() -> Options {
    let mut options = Options::default();
    options.emit_unresolved_aliases = true;
    options.disallow_directives = true;
    options.flow_nesting_limit = DEEPEST;
    options.block_nesting_limit = DEEPEST;
    options.set_emit_comments(false);
    options
}

/// A list or mapping whose end has not come yet.
struct OpenNode {
    is_mapping: bool,
    is_flow: bool,
    anchor: usize,
    place: Place,
    /// For a mapping, keys and values in turn.
    parts: Vec<Node>,
}

struct TreeBuilder<'a> {
    page: YamlText<'a>,
    out: &'a mut Diagnostics,
    told_before: usize,
    open: Vec<OpenNode>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    next_id: u32,
    aliased: usize,
    /// The byte after the last event.
    seen: usize,
}

impl<'a> TreeBuilder<'a> {
    fn new(file: &str, text: &'a str, out: &'a mut Diagnostics) -> Self {
        Self {
            page: YamlText::new(file, text),
            told_before: out.len(),
            out,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            next_id: 0,
            aliased: 0,
            seen: 0,
        }
    }

    fn stop_at_too_many(&mut self) -> Option<()> {
        if self.out.len() - self.told_before < MOST_PROBLEMS {
            return Some(());
        }
        self.out
            .push(too_many(&Place::start_of(self.page.file.clone())));
        None
    }

    fn node(&mut self, place: Place, content: NodeContent) -> Node {
        let (weight, height) = match &content {
            NodeContent::List(items) => measure(items.iter()),
            NodeContent::Mapping(entries) => {
                measure(entries.iter().flat_map(|entry| [&entry.key, &entry.value]))
            }
            NodeContent::Scalar(_) | NodeContent::Broken => (1, 1),
        };
        self.next_id += 1;
        Node {
            id: self.next_id,
            place,
            content: Arc::new(content),
            weight,
            height,
        }
    }

    fn take(&mut self, event: Event, span: Span) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = leaf::is_text(&self.page, tag.as_deref(), span, self.out);
                let scalar = |is_text| {
                    NodeContent::Scalar(leaf::scalar(&self.page, &text, style, is_text, span))
                };
                let content = is_text.map_or(NodeContent::Broken, scalar);
                let node = self.node(self.page.place(span.start, span.end), content);
                self.attach(node, anchor)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.begin(false, style, anchor, tag.as_deref(), span)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.begin(true, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                let place = self.page.place(span.start, span.end);
                let help = format!("define it before this line: `&{name} ...`");
                self.out
                    .error(&place, "unknown-anchor", format!("unknown anchor `{name}`"))
                    .help(help);
                let node = self.node(place, NodeContent::Broken);
                self.attach(node, 0)
            }
            _ => Some(()),
        }
    }

    fn begin(
        &mut self,
        is_mapping: bool,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Option<()> {
        leaf::is_text(&self.page, tag, span, self.out);
        let is_flow = style == StructureStyle::Flow;
        let end = if is_flow {
            span.end
        } else {
            Marker::new(0, 0, 0)
        };
        let place = self.page.place(span.start, end);
        self.open.push(OpenNode {
            is_mapping,
            is_flow,
            anchor,
            place,
            parts: Vec::new(),
        });
        Some(())
    }

    fn end(&mut self, span: Span) -> Option<()> {
        let open = self.open.pop()?;
        let place = if open.is_flow {
            let length = if open.place.line == span.end.line() {
                (span.end.col() + 1).saturating_sub(open.place.column)
            } else {
                1
            };
            Place {
                length: length.max(1),
                ..open.place
            }
        } else {
            open.place
        };
        let content = if open.is_mapping {
            NodeContent::Mapping(keys::entries(open.parts, self.out))
        } else {
            NodeContent::List(open.parts)
        };
        let node = self.node(place, content);
        if node.height > DEEPEST {
            syntax::too_deep(node.place(), self.out);
            return None;
        }
        self.attach(node, open.anchor)
    }

    /// Puts a finished node where it belongs.
    fn attach(&mut self, node: Node, anchor: usize) -> Option<()> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.parts.push(node),
            None => self.root = Some(node),
        }
        Some(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Option<()> {
        let place = self.page.place(span.start, span.end);
        let Some(target) = self.anchors.get(&anchor).cloned() else {
            self.out
                .error(
                    &place,
                    "endless-alias",
                    "the alias is inside the value that it repeats",
                )
                .help("write out the value");
            let node = self.node(place, NodeContent::Broken);
            return self.attach(node, 0);
        };
        self.aliased = self.aliased.saturating_add(target.weight);
        if self.aliased > MOST_ALIASED {
            let message = format!("aliases expand to more than {MOST_ALIASED} values");
            self.out
                .error(&place, "too-many-aliases", message)
                .help("write out the values, or use fewer aliases");
            return None;
        }
        self.next_id += 1;
        self.attach(
            Node {
                id: self.next_id,
                place,
                ..target
            },
            0,
        )
    }

    fn finish(self) -> Option<Node> {
        let Some(root) = self.root.filter(|root| !root.is_nothing()) else {
            super::input::empty(&Place::start_of(self.page.file), self.out);
            return None;
        };
        if !matches!(*root.content, NodeContent::Mapping(_)) {
            let message = format!("expected a mapping, found {}", root.described());
            self.out
                .error(&root.place, "not-a-mapping", message)
                .help("write the file as `name: value` lines");
            return None;
        }
        Some(root)
    }
}

fn measure<'n>(parts: impl Iterator<Item = &'n Node>) -> (usize, usize) {
    parts.fold((1, 1), |(weight, height), part| {
        (
            part.weight.saturating_add(weight),
            height.max(part.height + 1),
        )
    })
}
