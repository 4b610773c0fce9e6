//! Turns a picture of stages and their connections into text for a terminal, SVG (alone or for a
//! page), Mermaid and DOT.
//!
//! Why: people trust a dataflow that they can see. Who has a graph describes it as a [`Picture`];
//! this module knows nothing about plans, runs or institutions, so the same drawing serves a plan,
//! a dry run with counts, and a page.
//!
//! It must never read a clock, a file or the environment, never panic or loop on odd input (cycles,
//! self edges, edges that point nowhere, hostile text), and never let two equal pictures look
//! different.
//!
//! To add an output: one file beside `svg.rs` that reads `Layout` (when it places things itself)
//! and `palette` (colours). To add a kind of stage: one line in `palette.rs` and one in
//! `symbols.rs`.

mod across;
mod align;
mod boxes;
mod canvas;
mod column;
mod dot;
mod graph;
mod layers;
mod layout;
mod layout_input;
mod lettering;
mod mermaid;
mod order;
mod palette;
mod plot;
mod rails;
mod shapes;
mod sheet;
mod svg;
mod svg_sizes;
mod symbols;
mod text;
mod theme;
mod tracks;
mod wrap;

#[cfg(test)]
mod tests;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::{PHONE, SCREEN, svg, within};
pub use symbols::symbol;
pub use text::text;

/// A directed graph of stages as a person should see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    /// Stands above the drawing; may be empty.
    pub title: String,
    /// The stages. Their order decides which of two equal lanes stands first.
    pub nodes: Vec<PictureNode>,
    /// What flows where. Edges that point outside `nodes`, or from a node to itself, are not drawn.
    pub edges: Vec<PictureEdge>,
    /// Stages that commit together. A node listed twice belongs to the first frame that names it.
    pub frames: Vec<PictureFrame>,
}

/// One stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PictureNode {
    /// Identity, e.g. `fetch:nswgov`; becomes the `id` of its group in SVG.
    pub id: String,
    /// The name written in the box.
    pub label: String,
    /// Up to three lines under the label; long ones are shortened in drawings and kept whole in
    /// tooltips.
    pub detail: Vec<String>,
    /// A last line of numbers, e.g. `9 in · 8 out · 5 ms`; may be empty.
    pub figures: String,
    /// What the stage does (`fetch`, `extract`, ...); decides the colour.
    pub kind: String,
    /// How it differs from the other picture, where two are compared.
    pub mark: PictureMark,
    /// Whether it is at work now.
    pub works: bool,
}

/// How a part of a picture differs from another picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PictureMark {
    /// Not at all, or nothing is compared.
    #[default]
    Same,
    /// It was not there.
    Added,
    /// It was there, and is another.
    Changed,
    /// It is no longer there.
    Removed,
}

impl PictureMark {
    /// The sign before a name.
    pub fn sign(self) -> &'static str {
        match self {
            PictureMark::Same => "",
            PictureMark::Added => "+",
            PictureMark::Changed => "~",
            PictureMark::Removed => "-",
        }
    }

    /// The word for it; a class name in SVG.
    pub fn name(self) -> &'static str {
        match self {
            PictureMark::Same => "same",
            PictureMark::Added => "added",
            PictureMark::Changed => "changed",
            PictureMark::Removed => "removed",
        }
    }
}

impl PictureNode {
    /// The label behind the sign of its mark, fit to be drawn.
    fn name(&self) -> String {
        lettering::clean(&format!("{} {}", self.mark.sign(), self.label))
    }

    /// The lines under the label, fit to be drawn: the first three that say something.
    fn lines(&self) -> Vec<String> {
        self.detail
            .iter()
            .map(|line| lettering::clean(line))
            .filter(|line| !line.is_empty())
            .take(3)
            .collect()
    }

    /// The numbers, fit to be drawn, if there are any.
    fn numbers(&self) -> Option<String> {
        Some(lettering::clean(&self.figures)).filter(|line| !line.is_empty())
    }

    /// The label and every line of detail, whole.
    fn whole(&self) -> Vec<String> {
        std::iter::once(self.name())
            .chain(self.detail.iter().map(|line| lettering::clean(line)))
            .chain(self.numbers())
            .collect()
    }
}

/// A flow from one stage to another, as positions in [`Picture::nodes`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PictureEdge {
    /// The stage that gives.
    pub from: usize,
    /// The stage that takes.
    pub to: usize,
    /// Written on the line, e.g. `4,812`.
    pub label: Option<String>,
    /// Why another number arrives than left, e.g. `−3 unchanged`; stands behind the label.
    pub aside: Vec<String>,
    /// What left the stage another way, e.g. `12 refused`; stands at the end in a warm colour.
    pub loss: Option<String>,
    /// Nothing flows here: the second stage only waits for the first.
    pub waits: bool,
    /// How it differs from the other picture, where two are compared.
    pub mark: PictureMark,
}

/// A segment: stages whose results commit together, drawn inside one soft border.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PictureFrame {
    /// The caption of the border.
    pub label: String,
    /// Positions in [`Picture::nodes`].
    pub nodes: Vec<usize>,
}
