//! What a layout is made from: the ranks and their order, the sizes of things, and the distances
//! that a drawing wants.
//!
//! It must never say where anything is placed. New needs of a drawing become a field of
//! [`LayoutSpacing`].

use super::layers::{GraphLayers, LayerContent};
use super::order::RankOrder;

/// A length along and a length across.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct BoxSize {
    pub along: i64,
    pub across: i64,
}

/// How large things are.
pub(super) struct BoxSizes {
    pub nodes: Vec<BoxSize>,
    /// For each link; not read for links without a label.
    pub labels: Vec<BoxSize>,
}

/// How far apart things stand, and how much room frames need.
pub(super) struct LayoutSpacing {
    pub nodes: i64,
    /// Between a line and its neighbour.
    pub lines: i64,
    /// Between a frame and its neighbour.
    pub frames: i64,
    /// From a frame's border to its content: along before and after, across before and after.
    pub border: (i64, i64, i64, i64),
    /// The least length of each frame across.
    pub frame_least: Vec<i64>,
}

/// All that decides where things stand.
pub(super) struct LayoutInput<'a> {
    pub layers: &'a GraphLayers,
    pub order: &'a RankOrder,
    pub sizes: &'a BoxSizes,
    pub spacing: &'a LayoutSpacing,
}

impl LayoutInput<'_> {
    /// The size of an item.
    pub fn size(&self, item: usize) -> BoxSize {
        match self.layers.items[item].what {
            LayerContent::Node(node) => self.sizes.nodes[node],
            LayerContent::Label(link) => self.sizes.labels[link],
            LayerContent::Bend => BoxSize {
                along: 0,
                across: 1,
            },
        }
    }
}
