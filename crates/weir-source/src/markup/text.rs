//! A tree of elements as text. The law: each word that a browser shows stands there once, no word
//! is glued to its neighbour, and none that is hidden stands there. `law.rs` holds it against
//! random pages, `texts.txt` by example.
//!
//! It never reads style sheets or scripts. What an element does is said in `role.rs`, how blanks
//! fall in `writer.rs`.
//!
//! Decided where a browser gives no words: an image is its alternative text; struck text stands
//! between `~~`, for without the mark it would say the opposite; values in form fields are not text
//! of the page, labels of buttons are; what a reader can unfold (`<details>`) is there.

use super::marker::{BULLET, ListMarkers};
use super::role::{ElementRole, InlineStyle, TextSpacing, role_of, strikes};
use super::writer::{TextForm, TextWriter, WordGap};
use scraper::node::Element;
use scraper::{ElementRef, Node};

/// The text of an element; of the element itself it does not matter whether it is shown: whoever
/// asks for it means it.
pub(super) fn written(root: ElementRef<'_>, form: TextForm) -> String {
    let mut walk = TreeWalk {
        writer: TextWriter::new(form),
        frames: Vec::new(),
        lists: Vec::new(),
    };
    let mut skipped = None;
    for edge in root.traverse() {
        match edge {
            ego_tree::iter::Edge::Open(_) if skipped.is_some() => {}
            ego_tree::iter::Edge::Open(node) => match node.value() {
                Node::Text(text) => walk.text(text),
                Node::Element(_) => {
                    if let Some(element) = ElementRef::wrap(node)
                        && !walk.open(element, node.id() == root.id())
                    {
                        skipped = Some(node.id());
                    }
                }
                _ => {}
            },
            ego_tree::iter::Edge::Close(node) => match skipped {
                Some(id) if id == node.id() => skipped = None,
                None if node.value().is_element() => walk.close(),
                _ => {}
            },
        }
    }
    walk.writer.finish()
}

/// The walk through a tree, with what holds for the elements that are open.
struct TreeWalk {
    writer: TextWriter,
    frames: Vec<ElementFrame>,
    lists: Vec<ListMarkers>,
}

/// An open element.
#[derive(Clone, Copy)]
struct ElementFrame {
    role: ElementRole,
    is_visible: bool,
    spacing: TextSpacing,
    indent: usize,
    is_struck: bool,
    /// Whether each child is a box of its own, whatever it would be elsewhere.
    parts_children: bool,
}

impl ElementFrame {
    const PAGE: ElementFrame = ElementFrame {
        role: ElementRole::Line,
        is_visible: true,
        spacing: TextSpacing::Collapsed,
        indent: 0,
        is_struck: false,
        parts_children: false,
    };
}

impl TreeWalk {
    fn frame(&self) -> ElementFrame {
        self.frames.last().copied().unwrap_or(ElementFrame::PAGE)
    }

    fn text(&mut self, text: &str) {
        let frame = self.frame();
        if frame.is_visible {
            self.writer.text(text, frame.spacing);
        } else if !text.trim().is_empty() {
            // Its place is kept free.
            self.writer.part(WordGap::Blank);
        }
    }

    /// Opens an element; `false` if nothing of it is shown.
    fn open(&mut self, element: ElementRef<'_>, is_root: bool) -> bool {
        let (name, style) = (element.value().name(), InlineStyle::of(element.value()));
        let mut role = role_of(element.value(), &style);
        if role == ElementRole::Hidden {
            if !is_root || matches!(name, "script" | "style" | "template" | "noscript") {
                return false;
            }
            role = ElementRole::Line;
        }
        let above = self.frame();
        let is_item = above.parts_children && !style.is_contents();
        if is_item && matches!(role, ElementRole::Inline | ElementRole::Apart) {
            role = ElementRole::Line;
        }
        let frame = ElementFrame {
            role,
            is_visible: is_root || name == "body" || style.is_visible.unwrap_or(above.is_visible),
            spacing: style
                .spacing
                .or(TextSpacing::of_name(name))
                .unwrap_or(above.spacing),
            indent: self.writer.indent(),
            is_struck: style.is_struck || strikes(name),
            parts_children: style.parts_children() || (style.is_contents() && above.parts_children),
        };
        self.begin(element, frame.role);
        self.frames.push(frame);
        if frame.is_struck {
            self.writer.strike();
        }
        if let Some(label) = label(element.value()) {
            self.text(label);
        }
        true
    }

    /// What comes before the content of an element.
    fn begin(&mut self, element: ElementRef<'_>, role: ElementRole) {
        match role {
            ElementRole::Hidden | ElementRole::Inline => {}
            ElementRole::Apart => self.writer.part(WordGap::Blank),
            ElementRole::Break => self.writer.end_line(),
            ElementRole::Line => self.writer.part(WordGap::Line),
            ElementRole::Paragraph => self.writer.part(WordGap::Paragraph),
            ElementRole::List { ordered } => {
                self.writer.part(self.gap_of_list());
                if element
                    .parent()
                    .and_then(ElementRef::wrap)
                    .is_some_and(|parent| is_list(parent.value().name()))
                {
                    self.writer.indent_by(BULLET.len());
                }
                self.lists.push(ListMarkers::of(element, ordered));
            }
            ElementRole::Item => {
                let marker = self
                    .lists
                    .last_mut()
                    .map_or_else(|| BULLET.to_owned(), |list| list.next(element.value()));
                self.writer.begin_item(&marker);
            }
            ElementRole::Detail => {
                self.writer.part(WordGap::Line);
                self.writer.indent_by(BULLET.len());
            }
            ElementRole::Row => self.writer.begin_row(),
            ElementRole::Cell => self.writer.begin_cell(),
        }
    }

    /// Closes the element that was opened last.
    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        if frame.is_struck {
            self.writer.end_strike();
        }
        match frame.role {
            ElementRole::Hidden | ElementRole::Inline | ElementRole::Break => {}
            ElementRole::Apart => self.writer.part(WordGap::Blank),
            ElementRole::Line => self.writer.part(WordGap::Line),
            ElementRole::Paragraph => self.writer.part(WordGap::Paragraph),
            ElementRole::List { .. } => {
                self.lists.pop();
                self.writer.part(self.gap_of_list());
            }
            ElementRole::Item | ElementRole::Detail => self.writer.end_item(),
            ElementRole::Row => self.writer.end_row(),
            ElementRole::Cell => self.writer.end_cell(),
        }
        self.writer.set_indent(frame.indent);
    }

    /// A list within a list stands closer.
    fn gap_of_list(&self) -> WordGap {
        if self.lists.is_empty() {
            WordGap::Paragraph
        } else {
            WordGap::Line
        }
    }
}

fn is_list(name: &str) -> bool {
    matches!(name, "ul" | "ol" | "menu" | "dir")
}

/// The text that an element shows without having content.
fn label(element: &Element) -> Option<&str> {
    match element.name() {
        "img" => element.attr("alt"),
        "input" => {
            let kind = element
                .attr("type")
                .unwrap_or_default()
                .to_ascii_lowercase();
            matches!(kind.as_str(), "submit" | "button" | "reset")
                .then(|| element.attr("value"))
                .flatten()
        }
        _ => None,
    }
}
