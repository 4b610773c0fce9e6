//! Places a graph on a plane: every drawing that needs places takes them from here.
//!
//! The plane has no direction: *along* is the way of the data, *across* is the other one. A drawing
//! gives sizes and distances in its own unit (terminal cells, pixels) and turns the result as it
//! likes. Ranks follow each other along; inside a rank the order comes from `order`, the positions
//! from `align`.
//!
//! It must never know what is drawn. What a drawing needs it
//! to know becomes a field of [`LayoutSpacing`].

use super::across::{self, CrossPositions};
use super::graph::LayoutGraph;
use super::layers::{GraphLayers, LayerContent, LayerItem};
use super::layout_input::{BoxSize, BoxSizes, LayoutInput, LayoutSpacing};
use super::order::{self, RankOrder};

/// A box: start (inclusive) and size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct BoxPlace {
    pub along: i64,
    pub across: i64,
    pub size: BoxSize,
}

impl BoxPlace {
    /// The line on which connections meet the box.
    pub fn middle(&self) -> i64 {
        self.across + (self.size.across - 1) / 2
    }
}

/// A straight part of a link: through a rank, at one position across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RouteStop {
    pub item: usize,
    pub across: i64,
    /// From where to where along (exclusive) the way is straight and free.
    pub from: i64,
    pub to: i64,
}

/// The way of one link from the end of its source to the start of its target.
#[derive(Debug, Clone, Default)]
pub(super) struct LinkRoute {
    pub stops: Vec<RouteStop>,
    /// Where the label stands.
    pub label: Option<BoxPlace>,
}

/// A connection between two neighbouring ranks.
#[derive(Debug, Clone, Copy)]
pub(super) struct RankHop {
    /// The items at both ends: equal items share a line's end.
    pub items: (usize, usize),
    pub across: (i64, i64),
    /// Whether the hop ends in a node: an arrow head needs room.
    pub arrives: bool,
}

/// The room between two ranks and the connections that change their position in it.
#[derive(Debug, Clone, Default)]
pub(super) struct RankGap {
    pub from: i64,
    pub to: i64,
    pub hops: Vec<RankHop>,
}

/// Everything in its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub nodes: Vec<BoxPlace>,
    pub routes: Vec<LinkRoute>,
    pub frames: Vec<BoxPlace>,
    pub gaps: Vec<RankGap>,
    pub size: BoxSize,
}

/// A graph cut into ranks and put in order: what is the same in every size.
pub(super) struct GraphArrangement<'a> {
    pub graph: &'a LayoutGraph,
    layers: GraphLayers,
    order: RankOrder,
}

impl<'a> GraphArrangement<'a> {
    /// Arranges a graph.
    pub fn new(graph: &'a LayoutGraph) -> GraphArrangement<'a> {
        let layers = GraphLayers::new(graph);
        let order = order::order(&layers);
        GraphArrangement {
            graph,
            layers,
            order,
        }
    }

    /// Lays it out. `room` says how long the gap between two ranks must be.
    pub fn layout(
        &self,
        sizes: &BoxSizes,
        spacing: &LayoutSpacing,
        room: impl Fn(&[RankHop]) -> i64,
    ) -> Layout {
        let drawing = LayoutInput {
            layers: &self.layers,
            order: &self.order,
            sizes,
            spacing,
        };
        let across = CrossPositions::new(&drawing);
        let columns = drawing.columns(&across, room);
        drawing.assemble(self.graph, &across, columns)
    }
}

/// One rank: its free zone, and within it the part between the borders of frames.
#[derive(Debug, Clone, Default)]
struct RankColumn {
    zone: (i64, i64),
    body: (i64, i64),
    gap: RankGap,
}

impl LayoutInput<'_> {
    /// Where each rank stands along.
    fn columns(
        &self,
        across: &CrossPositions,
        room: impl Fn(&[RankHop]) -> i64,
    ) -> Vec<RankColumn> {
        let mut columns = vec![RankColumn::default(); self.layers.ranks];
        let mut at = 0;
        for (rank, column) in columns.iter_mut().enumerate() {
            let (before, after, ..) = self.spacing.border;
            let starts = self.layers.spans.iter().any(|span| span.0 == rank);
            let ends = self.layers.spans.iter().any(|span| span.1 == rank);
            let items =
                (0..self.layers.items.len()).filter(|item| self.layers.items[*item].rank == rank);
            let length = items
                .clone()
                .map(|item| self.size(item).along)
                .max()
                .unwrap_or(0);
            let body = at + if starts { before } else { 0 };
            let end = body + length + if ends { after } else { 0 };
            let hops = self.hops(items, across);
            let gap = if hops.is_empty() { 0 } else { room(&hops) };
            *column = RankColumn {
                zone: (at, end),
                body: (body, body + length),
                gap: RankGap {
                    from: end,
                    to: end + gap,
                    hops,
                },
            };
            at = end + gap;
        }
        columns
    }

    fn hops(&self, items: impl Iterator<Item = usize>, across: &CrossPositions) -> Vec<RankHop> {
        let node = |item: usize| matches!(self.layers.items[item].what, LayerContent::Node(_));
        let hop = |from: usize, to: &usize| RankHop {
            items: (from, *to),
            across: (across.middle(from), across.middle(*to)),
            arrives: node(*to),
        };
        items
            .flat_map(|item| {
                self.layers.after[item]
                    .iter()
                    .map(move |next| hop(item, next))
            })
            .collect()
    }

    fn assemble(
        &self,
        graph: &LayoutGraph,
        across: &CrossPositions,
        columns: Vec<RankColumn>,
    ) -> Layout {
        let nodes: Vec<BoxPlace> = (0..graph.rank.len())
            .map(|node| self.place(node, across, &columns))
            .collect();
        let frames: Vec<BoxPlace> = (0..graph.frames.len())
            .map(|frame| self.frame(frame, across, &columns))
            .collect();
        let routes: Vec<LinkRoute> = self
            .layers
            .routes
            .iter()
            .map(|route| self.route(route, across, &columns))
            .collect();
        let labels = routes.iter().filter_map(|route| route.label);
        let boxes = nodes
            .iter()
            .copied()
            .chain(frames.iter().copied())
            .chain(labels);
        let size = BoxSize {
            along: columns.last().map_or(0, |column| column.zone.1),
            across: boxes
                .map(|place| place.across + place.size.across)
                .max()
                .unwrap_or(0)
                .max(across.last() + 1),
        };
        Layout {
            nodes,
            routes,
            frames,
            gaps: columns.into_iter().map(|column| column.gap).collect(),
            size,
        }
    }

    /// A node or label, as long as its whole rank when it is a node.
    fn place(&self, item: usize, across: &CrossPositions, columns: &[RankColumn]) -> BoxPlace {
        let LayerItem { rank, what, .. } = self.layers.items[item];
        let (body, own) = (columns[rank].body, self.size(item));
        let along = if matches!(what, LayerContent::Node(_)) {
            body.1 - body.0
        } else {
            own.along
        };
        BoxPlace {
            along: body.0 + (body.1 - body.0 - along) / 2,
            across: across.middle(item) - across::reach(own.across).0,
            size: BoxSize {
                along,
                across: own.across,
            },
        }
    }

    fn frame(&self, frame: usize, across: &CrossPositions, columns: &[RankColumn]) -> BoxPlace {
        let ((first, last), (start, end)) = (self.layers.spans[frame], across.borders(frame));
        let (before, after, ..) = self.spacing.border;
        let along = columns[first].body.0 - before;
        BoxPlace {
            along,
            across: start,
            size: BoxSize {
                along: columns[last].body.1 + after - along,
                across: end - start + 1,
            },
        }
    }

    fn route(&self, route: &[usize], across: &CrossPositions, columns: &[RankColumn]) -> LinkRoute {
        let last = route.len().saturating_sub(1);
        let mut stops = Vec::with_capacity(route.len());
        let mut label = None;
        for (number, &item) in route.iter().enumerate() {
            let column = &columns[self.layers.items[item].rank];
            let from = if number == 0 {
                column.body.1
            } else {
                column.zone.0
            };
            let to = if number == last {
                column.body.0
            } else {
                column.zone.1
            };
            stops.push(RouteStop {
                item,
                across: across.middle(item),
                from,
                to,
            });
            if matches!(self.layers.items[item].what, LayerContent::Label(_)) {
                label = Some(self.place(item, across, columns));
            }
        }
        LinkRoute { stops, label }
    }
}
