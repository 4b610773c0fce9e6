//! Splits the graph into ranks of items, so that every connection runs between neighbouring ranks
//! only.
//!
//! A link that passes ranks gets a bend in each; a label gets a rank of its own between two ranks
//! of nodes, and with it its own place: labels cannot lie on each other, on a node or on a foreign
//! line. Items of one link (and one side of a frame's border) form a block, which keeps one
//! position over all its ranks: long links stay straight.
//!
//! It must never place an item of a foreign link inside a frame's block: that is what keeps lines
//! out of frames.
//!
//! To give something a place of its own on a link, add a [`LayerContent`] and its rank in `spread`.

use super::graph::LayoutGraph;

/// What stands at one place of one rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerContent {
    /// A node, as a position in the picture.
    Node(usize),
    /// A link on its way through.
    Bend,
    /// The label of a link, as a position in the graph's links.
    Label(usize),
}

/// One thing in one rank.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerItem {
    pub rank: usize,
    pub block: usize,
    pub what: LayerContent,
}

/// Items that keep one position: a node, or the part of one link inside or outside one frame.
#[derive(Debug, Clone)]
pub(super) struct ItemBlock {
    pub items: Vec<usize>,
    pub frame: Option<usize>,
}

/// All items, blocks and connections. Item and block `n` are node `n` for as many nodes as there
/// are.
#[derive(Debug)]
pub(super) struct GraphLayers {
    pub items: Vec<LayerItem>,
    pub blocks: Vec<ItemBlock>,
    /// For each link its items from the source node to the target node.
    pub routes: Vec<Vec<usize>>,
    /// Neighbours of each item in the rank before and after.
    pub before: Vec<Vec<usize>>,
    pub after: Vec<Vec<usize>>,
    /// First and last rank of each frame.
    pub spans: Vec<(usize, usize)>,
    pub ranks: usize,
}

impl GraphLayers {
    /// Cuts a graph into ranks.
    pub fn new(graph: &LayoutGraph) -> GraphLayers {
        let labels = label_gaps(graph);
        let rank = spread(graph, &labels);
        let nodes = rank.len();
        let mut layers = GraphLayers {
            items: (0..nodes)
                .map(|n| LayerItem {
                    rank: rank[n],
                    block: n,
                    what: LayerContent::Node(n),
                })
                .collect(),
            blocks: (0..nodes)
                .map(|n| ItemBlock {
                    items: vec![n],
                    frame: graph.frame[n],
                })
                .collect(),
            routes: Vec::new(),
            before: vec![Vec::new(); nodes],
            after: vec![Vec::new(); nodes],
            spans: spans(graph, &rank),
            ranks: rank.iter().max().map_or(0, |last| last + 1),
        };
        for (number, gap) in labels.iter().enumerate() {
            layers.route(graph, number, *gap);
        }
        layers
    }

    /// Adds the bends and the label of one link.
    fn route(&mut self, graph: &LayoutGraph, number: usize, gap: Option<LabelGap>) {
        let link = &graph.links[number];
        let (first, last) = (self.items[link.from].rank, self.items[link.to].rank);
        let label = gap.map(|gap| {
            if gap == LabelGap::First {
                first + 1
            } else {
                last - 1
            }
        });
        let mut route = vec![link.from];
        for rank in first + 1..last {
            let frame = self.frame_at(graph, (link.from, link.to), rank);
            let what = if label == Some(rank) {
                LayerContent::Label(number)
            } else {
                LayerContent::Bend
            };
            let item = self.add(
                rank,
                what,
                frame,
                route.last().copied().filter(|_| route.len() > 1),
            );
            route.push(item);
        }
        route.push(link.to);
        for pair in route.windows(2) {
            self.after[pair[0]].push(pair[1]);
            self.before[pair[1]].push(pair[0]);
        }
        self.routes.push(route);
    }

    /// The frame that a link passes through in a rank: that of its source, then that of its target.
    fn frame_at(
        &self,
        graph: &LayoutGraph,
        (from, to): (usize, usize),
        rank: usize,
    ) -> Option<usize> {
        let covers = |frame: &usize| (self.spans[*frame].0..=self.spans[*frame].1).contains(&rank);
        graph.frame[from]
            .filter(covers)
            .or(graph.frame[to].filter(covers))
    }

    /// Adds an item to the block of the item before it, or to a new block where the frame changes.
    fn add(
        &mut self,
        rank: usize,
        what: LayerContent,
        frame: Option<usize>,
        previous: Option<usize>,
    ) -> usize {
        let item = self.items.len();
        let joined = previous
            .map(|item| self.items[item].block)
            .filter(|block| self.blocks[*block].frame == frame);
        let block = joined.unwrap_or(self.blocks.len());
        if joined.is_none() {
            self.blocks.push(ItemBlock {
                items: Vec::new(),
                frame,
            });
        }
        self.blocks[block].items.push(item);
        self.items.push(LayerItem { rank, block, what });
        self.before.push(Vec::new());
        self.after.push(Vec::new());
        item
    }
}

/// Where on its way a link carries its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LabelGap {
    First,
    Last,
}

/// Labels stand where their link is alone: after the source, unless only the target end is free of
/// others.
fn label_gaps(graph: &LayoutGraph) -> Vec<Option<LabelGap>> {
    let (out, into) = graph.degrees();
    let gap = |link: &super::graph::GraphLink| {
        let alone_at_target = out[link.from] > 1 && into[link.to] == 1;
        link.label.as_ref().map(|_| {
            if alone_at_target {
                LabelGap::Last
            } else {
                LabelGap::First
            }
        })
    };
    graph.links.iter().map(gap).collect()
}

/// Ranks of the nodes after a rank was added wherever a label stands.
fn spread(graph: &LayoutGraph, labels: &[Option<LabelGap>]) -> Vec<usize> {
    let last = graph.rank.iter().max().map_or(0, |last| last + 1);
    let mut labelled = vec![false; last];
    for (link, gap) in graph.links.iter().zip(labels) {
        match gap {
            Some(LabelGap::First) => labelled[graph.rank[link.from]] = true,
            Some(LabelGap::Last) => labelled[graph.rank[link.to] - 1] = true,
            None => {}
        }
    }
    let mut place = Vec::with_capacity(last);
    let mut next = 0;
    for with_label in labelled {
        place.push(next);
        next += 1 + usize::from(with_label);
    }
    graph.rank.iter().map(|rank| place[*rank]).collect()
}

/// The ranks that each frame reaches over.
fn spans(graph: &LayoutGraph, rank: &[usize]) -> Vec<(usize, usize)> {
    let mut spans = vec![(usize::MAX, 0); graph.frames.len()];
    for (frame, rank) in graph.frame.iter().zip(rank) {
        if let Some(frame) = frame {
            let span = &mut spans[*frame];
            *span = (span.0.min(*rank), span.1.max(*rank));
        }
    }
    spans
}
