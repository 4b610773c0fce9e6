//! How much room things take in an SVG drawing, in pixels: stages, labels, and what belongs to
//! frames.
//!
//! It must never say where anything is placed.

use super::PictureNode;
use super::graph::GraphLink;
use super::layout_input::BoxSize;
use super::shapes::{LABEL_LINE, LABEL_SIZE, pixels};

/// Room for the caption of a frame above its stages, and for its border elsewhere.
pub(super) const FRAME_ABOVE: i64 = 32;

pub(super) const FRAME_BELOW: i64 = 16;

pub(super) const CAPTION: i64 = 26;

/// The height of a box: its name, its lines, its numbers.
pub(super) fn node_height(node: &PictureNode) -> i64 {
    let lines = i64::try_from(node.lines().len()).unwrap_or(0);
    40 + 17 * lines + i64::from(lines > 0) * 2 + i64::from(node.numbers().is_some()) * 25
}

/// The size of a label whose parts stand below each other.
pub(super) fn label_size(link: &GraphLink, widest: i64) -> BoxSize {
    let parts = link.parts();
    let wide = parts
        .iter()
        .map(|(_, text)| pixels(text, LABEL_SIZE))
        .max()
        .unwrap_or(0)
        + 16;
    BoxSize {
        along: wide.min(widest),
        across: LABEL_LINE * i64::try_from(parts.len().max(1)).unwrap_or(1) + 5,
    }
}

/// The size of a label on one line, if it fits on one.
pub(super) fn line_size(link: &GraphLink, widest: i64) -> BoxSize {
    let parts = link.parts();
    let wide = parts
        .iter()
        .map(|(_, text)| pixels(text, LABEL_SIZE) + 16)
        .sum::<i64>()
        + 4;
    if wide <= widest {
        BoxSize {
            along: wide,
            across: LABEL_LINE + 5,
        }
    } else {
        label_size(link, widest)
    }
}
