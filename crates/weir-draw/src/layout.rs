//! Places a graph on a plane: every drawing that needs places takes them from here.
//!
//! The plane has no direction: *along* is the way of the data, *across* is the other one. A drawing
//! gives sizes and distances in its own unit (terminal cells, pixels) and turns the result as it
//! likes. Ranks follow each other along; inside a rank the order comes from `order`, the positions
//! from `align`.
//!
//! It must never know what is drawn. New needs of a drawing become a field of [`Spacing`].

use super::across::{self, Across};
use super::graph::Graph;
use super::layers::{Item, Layers, What};
use super::order::{self, Order};

/// A length along and a length across.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub along: i64,
    pub across: i64,
}

/// How large things are.
pub(super) struct Sizes {
    pub nodes: Vec<Size>,
    /// For each link; not read for links without a label.
    pub labels: Vec<Size>,
}

/// How far apart things stand, and how much room frames need.
pub(super) struct Spacing {
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

/// A box: start (inclusive) and size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub along: i64,
    pub across: i64,
    pub size: Size,
}

impl Place {
    /// The line on which connections meet the box.
    pub fn middle(&self) -> i64 {
        self.across + (self.size.across - 1) / 2
    }
}

/// A straight part of a link: through a rank, at one position across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    pub item: usize,
    pub across: i64,
    /// From where to where along (exclusive) the way is straight and free.
    pub from: i64,
    pub to: i64,
}

/// The way of one link from the end of its source to the start of its target.
#[derive(Debug, Clone, Default)]
pub(super) struct Route {
    pub stops: Vec<Stop>,
    /// Where the label stands.
    pub label: Option<Place>,
}

/// A connection between two neighbouring ranks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    /// The items at both ends: equal items share a line's end.
    pub items: (usize, usize),
    pub across: (i64, i64),
    /// Whether the hop ends in a node: an arrow head needs room.
    pub arrives: bool,
}

/// The room between two ranks and the connections that change their position in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Gap {
    pub from: i64,
    pub to: i64,
    pub hops: Vec<Hop>,
}

/// Everything in its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub nodes: Vec<Place>,
    pub routes: Vec<Route>,
    pub frames: Vec<Place>,
    pub gaps: Vec<Gap>,
    pub size: Size,
}

/// A graph cut into ranks and put in order: what is the same in every size.
pub(super) struct Arrangement<'a> {
    pub graph: &'a Graph,
    layers: Layers,
    order: Order,
}

impl<'a> Arrangement<'a> {
    /// Arranges a graph.
    pub fn new(graph: &'a Graph) -> Arrangement<'a> {
        let layers = Layers::new(graph);
        let order = order::order(&layers);
        Arrangement {
            graph,
            layers,
            order,
        }
    }

    /// Lays it out. `room` says how long the gap between two ranks must be.
    pub fn layout(&self, sizes: &Sizes, spacing: &Spacing, room: impl Fn(&[Hop]) -> i64) -> Layout {
        let drawing = Drawing {
            layers: &self.layers,
            order: &self.order,
            sizes,
            spacing,
        };
        let across = Across::new(&drawing);
        let columns = drawing.columns(&across, room);
        drawing.assemble(self.graph, &across, columns)
    }
}

/// All that decides where things stand.
pub(super) struct Drawing<'a> {
    pub layers: &'a Layers,
    pub order: &'a Order,
    pub sizes: &'a Sizes,
    pub spacing: &'a Spacing,
}

/// One rank: its free zone, and within it the part between the borders of frames.
#[derive(Debug, Clone, Default)]
struct Column {
    zone: (i64, i64),
    body: (i64, i64),
    gap: Gap,
}

impl Drawing<'_> {
    /// The size of an item.
    pub fn size(&self, item: usize) -> Size {
        match self.layers.items[item].what {
            What::Node(node) => self.sizes.nodes[node],
            What::Label(link) => self.sizes.labels[link],
            What::Bend => Size {
                along: 0,
                across: 1,
            },
        }
    }

    /// Where each rank stands along.
    fn columns(&self, across: &Across, room: impl Fn(&[Hop]) -> i64) -> Vec<Column> {
        let mut columns = vec![Column::default(); self.layers.ranks];
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
            *column = Column {
                zone: (at, end),
                body: (body, body + length),
                gap: Gap {
                    from: end,
                    to: end + gap,
                    hops,
                },
            };
            at = end + gap;
        }
        columns
    }

    fn hops(&self, items: impl Iterator<Item = usize>, across: &Across) -> Vec<Hop> {
        let node = |item: usize| matches!(self.layers.items[item].what, What::Node(_));
        let hop = |from: usize, to: &usize| Hop {
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

    fn assemble(&self, graph: &Graph, across: &Across, columns: Vec<Column>) -> Layout {
        let nodes: Vec<Place> = (0..graph.rank.len())
            .map(|node| self.place(node, across, &columns))
            .collect();
        let frames: Vec<Place> = (0..graph.frames.len())
            .map(|frame| self.frame(frame, across, &columns))
            .collect();
        let routes: Vec<Route> = self
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
        let size = Size {
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
    fn place(&self, item: usize, across: &Across, columns: &[Column]) -> Place {
        let Item { rank, what, .. } = self.layers.items[item];
        let (body, own) = (columns[rank].body, self.size(item));
        let along = if matches!(what, What::Node(_)) {
            body.1 - body.0
        } else {
            own.along
        };
        Place {
            along: body.0 + (body.1 - body.0 - along) / 2,
            across: across.middle(item) - across::reach(own.across).0,
            size: Size {
                along,
                across: own.across,
            },
        }
    }

    fn frame(&self, frame: usize, across: &Across, columns: &[Column]) -> Place {
        let ((first, last), (start, end)) = (self.layers.spans[frame], across.borders(frame));
        let (before, after, ..) = self.spacing.border;
        let along = columns[first].body.0 - before;
        Place {
            along,
            across: start,
            size: Size {
                along: columns[last].body.1 + after - along,
                across: end - start + 1,
            },
        }
    }

    fn route(&self, route: &[usize], across: &Across, columns: &[Column]) -> Route {
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
            stops.push(Stop {
                item,
                across: across.middle(item),
                from,
                to,
            });
            if matches!(self.layers.items[item].what, What::Label(_)) {
                label = Some(self.place(item, across, columns));
            }
        }
        Route { stops, label }
    }
}
