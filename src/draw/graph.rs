//! The picture reduced to what can be laid out: links without duplicates or cycles, a rank for every node, frames.
//!
//! Pictures may hold anything; a [`Graph`] holds only links between two different existing nodes, all pointing to a
//! higher rank, in one canonical order. It must never recurse: a long chain must not exhaust the stack.
//!
//! To change which column a node stands in, change [`ranks`].

use std::collections::BTreeMap;

use super::{Picture, lettering};

/// A connection that points from a lower rank to a higher one.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub from: usize,
    pub to: usize,
    pub label: Option<String>,
    /// An arrow head at `to`.
    pub forth: bool,
    /// An arrow head at `from`: the edge was turned round to break a cycle.
    pub back: bool,
}

/// A picture that can be laid out.
#[derive(Debug)]
pub(super) struct Graph {
    pub links: Vec<Link>,
    /// The column of each node.
    pub rank: Vec<usize>,
    /// The frame of each node, as a position in `frames`.
    pub frame: Vec<Option<usize>>,
    /// Captions of the frames that have nodes.
    pub frames: Vec<String>,
}

impl Graph {
    /// Reads a picture, ignoring what cannot be drawn.
    pub fn new(picture: &Picture) -> Graph {
        let nodes = picture.nodes.len();
        let links = links(picture);
        let rank = ranks(nodes, &links);
        let (frame, frames) = frames(picture);
        Graph { links, rank, frame, frames }
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
pub(super) fn targets(nodes: usize, links: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<usize>> {
    let mut targets = vec![Vec::new(); nodes];
    for (from, to) in links {
        targets[from].push(to);
    }
    targets
}

/// The edges that can be drawn, in one order, with clean labels (empty for none).
pub(super) fn edges(picture: &Picture) -> Vec<(usize, usize, String)> {
    let nodes = picture.nodes.len();
    let drawable = picture.edges.iter().filter(|edge| edge.from != edge.to && edge.from < nodes && edge.to < nodes);
    let clean = |label: &Option<String>| label.as_deref().map(lettering::clean).unwrap_or_default();
    let mut edges: Vec<_> = drawable.map(|edge| (edge.from, edge.to, clean(&edge.label))).collect();
    edges.sort();
    edges
}

/// One link for every connected pair, labels joined, cycles broken.
fn links(picture: &Picture) -> Vec<Link> {
    let nodes = picture.nodes.len();
    let mut pairs: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    for (from, to, label) in edges(picture) {
        pairs.entry((from, to)).or_default().extend(Some(label).filter(|label| !label.is_empty()));
    }
    let finished = finish_times(&targets(nodes, pairs.keys().copied()));
    let mut links: BTreeMap<(usize, usize), (Vec<String>, bool, bool)> = BTreeMap::new();
    for ((from, to), labels) in pairs {
        let forth = finished[from] > finished[to];
        let entry = links.entry(if forth { (from, to) } else { (to, from) }).or_default();
        entry.0.extend(labels);
        entry.1 |= forth;
        entry.2 |= !forth;
    }
    let link = |((from, to), (labels, forth, back)): (_, (Vec<String>, _, _))| {
        let label = (!labels.is_empty()).then(|| labels.join(" · "));
        Link { from, to, label, forth, back }
    };
    links.into_iter().map(link).collect()
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
fn ranks(nodes: usize, links: &[Link]) -> Vec<usize> {
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
