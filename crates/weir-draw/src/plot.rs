//! Where everything of a drawing ends up on the page: the one form in which a layout reaches the
//! SVG shapes.
//!
//! Whoever places things (`wrap` in rows from left to right, `column` one below the other) gives a
//! [`PagePlot`] in page pixels; `shapes` writes it. It must never hold text that was not cleaned.
//!
//! To place stages another way, add a file that gives a [`PagePlot`], and choose it in `svg`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::layout::BoxPlace;

/// Radius of the corners of a line.
const CORNER: i64 = 9;

/// A drawing in page pixels: `along` is x, `across` is y.
#[derive(Debug, Clone, Default)]
pub(super) struct PagePlot {
    /// The box of each stage.
    pub nodes: Vec<BoxPlace>,
    /// The label of each link, where it has one.
    pub labels: Vec<Option<BoxPlace>>,
    /// The parts of each frame.
    pub frames: Vec<FramePart>,
    /// The way of each link.
    pub lines: Vec<LineTrack>,
    /// Rails that belong to no single link, and the dots of stages on them.
    pub rails: Vec<String>,
    pub dots: Vec<(i64, i64)>,
    /// Tips of arrow heads, and which way they point.
    pub heads: BTreeSet<(i64, i64, ArrowHeading)>,
    pub width: i64,
    pub height: i64,
    /// How many rows it took, and how many of them end where a label is parted from its stage.
    pub rows: (usize, usize),
}

/// The part of a frame that stands in one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct FramePart {
    /// The frame, as a position in the graph's frames.
    pub frame: usize,
    pub place: BoxPlace,
    /// Whether an earlier row holds its beginning.
    pub continues: bool,
}

/// Where an arrow head points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ArrowHeading {
    Left,
    Right,
}

/// A line as SVG path data, built stroke by stroke.
#[derive(Debug, Clone, Default)]
pub(super) struct LineTrack {
    pub path: String,
    at: (i64, i64),
}

impl LineTrack {
    pub fn begin(x: i64, y: i64) -> LineTrack {
        LineTrack {
            path: format!("M{x} {y}"),
            at: (x, y),
        }
    }

    /// A straight stroke to the right or left.
    pub fn to(&mut self, x: i64) {
        if x != self.at.0 {
            let _ = write!(self.path, "H{x}");
            self.at.0 = x;
        }
    }

    /// A smooth change of height.
    pub fn curve(&mut self, (x, y): (i64, i64)) {
        if y == self.at.1 {
            return self.to(x);
        }
        let middle = (self.at.0 + x) / 2;
        let _ = write!(self.path, "C{middle} {} {middle} {y} {x} {y}", self.at.1);
        self.at = (x, y);
    }

    /// Straight strokes with round corners at all points but the last.
    pub fn corners(&mut self, points: &[(i64, i64)]) {
        for (number, &(x, y)) in points.iter().enumerate() {
            let next = points.get(number + 1);
            let reach = |to: (i64, i64), from: (i64, i64)| {
                ((to.0 - from.0).abs() + (to.1 - from.1).abs()) / 2
            };
            let radius = next.map_or(0, |next| {
                CORNER.min(reach((x, y), self.at)).min(reach(*next, (x, y)))
            });
            let towards = |to: (i64, i64)| {
                (
                    x + radius * (to.0 - x).signum(),
                    y + radius * (to.1 - y).signum(),
                )
            };
            let before = towards(self.at);
            let _ = write!(self.path, "L{} {}", before.0, before.1);
            self.at = (x, y);
            if let Some(next) = next.filter(|_| radius > 0) {
                self.at = towards(*next);
                let _ = write!(self.path, "Q{x} {y} {} {}", self.at.0, self.at.1);
            }
        }
    }
}
