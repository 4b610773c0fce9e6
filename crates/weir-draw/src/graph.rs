//! The picture reduced to what can be laid out: links without duplicates or cycles, a rank for
//! every node, frames.
//!
//! Pictures may hold anything; a [`LayoutGraph`] holds only links between two different existing
//! nodes, all pointing to a higher rank, in one canonical order. It must never recurse: a long
//! chain must not exhaust the stack.
//!
//! To change which column a node stands in, change [`ranks`].

use std::collections::BTreeMap;

use super::{Picture, PictureMark, lettering};

/// A connection that points from a lower rank to a higher one.
#[derive(Debug, Clone)]
pub(super) struct GraphLink {
    pub from: usize,
    pub to: usize,
    /// What stands on it: what flows, what stayed behind, what was lost.
    pub label: Option<String>,
    /// The three parts of the label; empty for none.
    pub flow: String,
    pub aside: Vec<String>,
    pub loss: String,
    /// Nothing flows: the one stage only waits for the other.
    pub waits: bool,
    pub mark: PictureMark,
    /// An arrow head at `to`.
    pub forth: bool,
    /// An arrow head at `from`: the edge was turned round to break a cycle.
    pub back: bool,
}

impl GraphLink {
    /// The parts of the label that say something, with their class in a drawing; what was lost has
    /// a sign.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let flow = (!self.flow.is_empty()).then(|| ("flow", self.flow.clone()));
        let aside = self.aside.iter().map(|why| ("aside", why.clone()));
        let loss = (!self.loss.is_empty()).then(|| ("loss", format!("◆ {}", self.loss)));
        flow.into_iter().chain(aside).chain(loss).collect()
    }
}

/// A picture that can be laid out.
#[derive(Debug)]
pub(super) struct LayoutGraph {
    pub links: Vec<GraphLink>,
    /// The column of each node.
    pub rank: Vec<usize>,
    /// The frame of each node, as a position in `frames`.
    pub frame: Vec<Option<usize>>,
    /// Captions of the frames that have nodes.
    pub frames: Vec<String>,
}

impl LayoutGraph {
    /// Reads a picture, ignoring what cannot be drawn.
    pub fn new(picture: &Picture) -> LayoutGraph {
        let nodes = picture.nodes.len();
        let links = links(picture);
        let rank = ranks(nodes, &links);
        let (frame, frames) = frames(picture);
        LayoutGraph {
            links,
            rank,
            frame,
            frames,
        }
    }

    /// Links that leave and links that reach each node.
    pub fn degrees(&self) -> (Vec<usize>, Vec<usize>) {
        let mut out = vec![0; self.rank.len()];
        let mut into = vec![0; self.rank.len()];
        for link in &self.links {
            out[link.from] += 1;
            into[link.to] += 1;
        }
        (out, into)
    }
}

/// Positions of the targets of each node.
pub(super) fn targets(
    nodes: usize,
    links: impl Iterator<Item = (usize, usize)>,
) -> Vec<Vec<usize>> {
    let mut targets = vec![Vec::new(); nodes];
    for (from, to) in links {
        targets[from].push(to);
    }
    targets
}

/// An edge that can be drawn, with clean texts (empty for none).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DrawableEdge {
    pub from: usize,
    pub to: usize,
    pub label: String,
    pub aside: Vec<String>,
    pub loss: String,
    pub waits: bool,
    pub mark: PictureMark,
}

impl DrawableEdge {
    /// All parts of the label on one line.
    pub fn text(&self) -> String {
        joined(said(&self.label, &self.aside, &self.loss))
    }
}

/// The parts of a label, in order.
fn said<'t>(flow: &'t str, aside: &'t [String], loss: &'t str) -> impl Iterator<Item = &'t str> {
    std::iter::once(flow)
        .chain(aside.iter().map(String::as_str))
        .chain([loss])
}

/// Texts that say something, on one line.
fn joined<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    texts
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// The edges that can be drawn, in one order.
pub(super) fn edges(picture: &Picture) -> Vec<DrawableEdge> {
    let nodes = picture.nodes.len();
    let drawable = picture
        .edges
        .iter()
        .filter(|edge| edge.from != edge.to && edge.from < nodes && edge.to < nodes);
    let clean = |label: &Option<String>| label.as_deref().map(lettering::clean).unwrap_or_default();
    let edge = |edge: &super::PictureEdge| DrawableEdge {
        from: edge.from,
        to: edge.to,
        label: clean(&edge.label),
        aside: edge
            .aside
            .iter()
            .map(|why| lettering::clean(why))
            .filter(|why| !why.is_empty())
            .collect(),
        loss: clean(&edge.loss),
        waits: edge.waits,
        mark: edge.mark,
    };
    let mut edges: Vec<DrawableEdge> = drawable.map(edge).collect();
    edges.sort();
    edges
}

/// One link for every connected pair, labels joined, cycles broken.
fn links(picture: &Picture) -> Vec<GraphLink> {
    let nodes = picture.nodes.len();
    let edges = edges(picture);
    let finished = finish_times(&targets(
        nodes,
        edges.iter().map(|edge| (edge.from, edge.to)),
    ));
    let mut links: BTreeMap<(usize, usize), Vec<&DrawableEdge>> = BTreeMap::new();
    for edge in &edges {
        let forth = finished[edge.from] > finished[edge.to];
        links
            .entry(if forth {
                (edge.from, edge.to)
            } else {
                (edge.to, edge.from)
            })
            .or_default()
            .push(edge);
    }
    links
        .into_iter()
        .map(|((from, to), edges)| link(from, to, &edges))
        .collect()
}

/// One link for all edges between two nodes.
fn link(from: usize, to: usize, edges: &[&DrawableEdge]) -> GraphLink {
    let flow = joined(edges.iter().map(|edge| edge.label.as_str()));
    let aside: Vec<String> = edges
        .iter()
        .flat_map(|edge| edge.aside.iter().cloned())
        .collect();
    let loss = joined(edges.iter().map(|edge| edge.loss.as_str()));
    let label = joined(said(&flow, &aside, &loss));
    GraphLink {
        from,
        to,
        label: Some(label).filter(|label| !label.is_empty()),
        flow,
        aside,
        loss,
        waits: edges.iter().all(|edge| edge.waits),
        mark: edges.iter().map(|edge| edge.mark).max().unwrap_or_default(),
        forth: edges.iter().any(|edge| edge.from == from),
        back: edges.iter().any(|edge| edge.from == to),
    }
}

/// When a depth-first walk leaves each node: an edge towards a later finish closes a cycle.
fn finish_times(targets: &[Vec<usize>]) -> Vec<usize> {
    let mut finished = vec![0; targets.len()];
    let mut seen = vec![false; targets.len()];
    let mut time = 0;
    for root in 0..targets.len() {
        let mut walk = if seen[root] { vec![] } else { vec![(root, 0)] };
        seen[root] = true;
        while let Some((node, next)) = walk.pop() {
            if let Some(&target) = targets[node].get(next) {
                walk.push((node, next + 1));
                if !seen[target] {
                    seen[target] = true;
                    walk.push((target, 0));
                }
            } else {
                time += 1;
                finished[node] = time;
            }
        }
    }
    finished
}

/// The length of the longest path that ends in each node.
fn ranks(nodes: usize, links: &[GraphLink]) -> Vec<usize> {
    let targets = targets(nodes, links.iter().map(|link| (link.from, link.to)));
    let mut waiting = vec![0; nodes];
    for link in links {
        waiting[link.to] += 1;
    }
    let mut rank = vec![0; nodes];
    let mut ready: Vec<usize> = (0..nodes).filter(|node| waiting[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for &target in &targets[node] {
            rank[target] = rank[target].max(rank[node] + 1);
            waiting[target] -= 1;
            if waiting[target] == 0 {
                ready.push(target);
            }
        }
    }
    rank
}

/// The frame of each node and the captions of the frames that are left.
fn frames(picture: &Picture) -> (Vec<Option<usize>>, Vec<String>) {
    let mut owner = vec![None; picture.nodes.len()];
    let mut captions = Vec::new();
    for frame in &picture.frames {
        let mut used = false;
        for &node in &frame.nodes {
            if let Some(slot) = owner.get_mut(node).filter(|slot| slot.is_none()) {
                *slot = Some(captions.len());
                used = true;
            }
        }
        if used {
            captions.push(lettering::clean(&frame.label));
        }
    }
    (owner, captions)
}
