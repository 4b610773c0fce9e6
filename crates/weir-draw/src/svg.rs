//! Draws the layout as one self-contained SVG, alone or within a page: no scripts, no fonts, nothing from the network.
//!
//! Colours follow the reader's light or dark scheme. Each stage is a group with its id and the classes `stage` and
//! `kind-…`; within a page it is a link to a place on it, so that a click or Enter needs no script. Every text is
//! cleaned and escaped; whole texts stand in tooltips.
//!
//! It must never put anything into a style or attribute that did not pass `lettering::xml` or `lettering::slug`.
//!
//! To change sizes and distances, change the constants and `spacing`; shapes are in `shapes`, colours in `theme`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::graph::{Graph, Link};
use super::layout::{Arrangement, Hop, Layout, Size, Sizes, Spacing};
use super::shapes::{self, DETAIL_SIZE, LABEL_SIZE, NAME_SIZE, TITLE_SIZE, pixels};
use super::{Node, Picture, lettering, theme};

const MARGIN: i64 = 28;
const TITLE: i64 = 36;
/// The widest a box becomes before its texts are shortened.
const WIDEST: i64 = 264;

/// The picture as an SVG document.
pub fn svg(picture: &Picture) -> String {
    drawing(picture, &[])
}

/// The picture as a part of a page, each stage a link to the place on it that `places` names for it.
pub fn within(picture: &Picture, places: &[String]) -> String {
    drawing(picture, places)
}

fn drawing(picture: &Picture, places: &[String]) -> String {
    let graph = Graph::new(picture);
    let layout = Arrangement::new(&graph).layout(&sizes(picture, &graph), &spacing(&graph), room);
    let title = lettering::clean(&picture.title);
    let top = MARGIN + if title.is_empty() { 0 } else { TITLE };
    let least = pixels(&title, TITLE_SIZE).min(1600);
    let wide = layout.size.along.max(least).max(120) + 2 * MARGIN;
    let tall = layout.size.across.max(8) + top + MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"weir-picture\" role=\"{}\" viewBox=\"0 0 {wide} {tall}\" \
         width=\"{wide}\" height=\"{tall}\">\n",
        if places.is_empty() { "img" } else { "group" },
    );
    let named = lettering::xml(if title.is_empty() { "stages" } else { &title });
    let _ = if places.is_empty() { writeln!(out, "<title>{named}</title>") } else { writeln!(out, "<desc>{named}</desc>") };
    theme::style(&mut out);
    let _ = writeln!(out, "<rect class=\"page\" width=\"{wide}\" height=\"{tall}\" rx=\"12\"/>");
    if !title.is_empty() {
        let _ = writeln!(out, "<text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{}</text>", MARGIN + 12, lettering::xml(&title));
    }
    let _ = writeln!(out, "<g transform=\"translate({MARGIN} {top})\">");
    content(picture, &graph, &layout, places, &mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

fn content(picture: &Picture, graph: &Graph, layout: &Layout, places: &[String], out: &mut String) {
    for (caption, place) in graph.frames.iter().zip(&layout.frames) {
        shapes::frame(caption, place, out);
    }
    for (link, route) in graph.links.iter().zip(&layout.routes) {
        shapes::line(link, route, picture, out);
    }
    shapes::heads(graph, layout, out);
    for (link, route) in graph.links.iter().zip(&layout.routes) {
        if let (Some(label), Some(place)) = (&link.label, route.label) {
            shapes::edge_label(label, &link.loss, &place, out);
        }
    }
    let mut ids = BTreeSet::new();
    for (number, (node, place)) in picture.nodes.iter().zip(&layout.nodes).enumerate() {
        shapes::stage(node, place, (number, places.get(number)), &mut ids, out);
    }
}

fn sizes(picture: &Picture, graph: &Graph) -> Sizes {
    let node = |node: &Node| {
        let details = node.lines();
        let numbers = node.numbers();
        let widest = details.iter().map(|line| pixels(line, DETAIL_SIZE)).max().unwrap_or(0);
        let figures = numbers.as_deref().map_or(0, |line| pixels(line, DETAIL_SIZE));
        let wide = widest.max(figures).max(pixels(&node.name(), NAME_SIZE)) + 34;
        let tall = 38 + 17 * i64::try_from(details.len()).unwrap_or(0) + i64::from(!details.is_empty()) * 3 + i64::from(numbers.is_some()) * 24;
        Size { along: wide.clamp(96, WIDEST), across: tall }
    };
    let label = |link: &Link| {
        let wide = link.label.as_deref().map_or(0, |label| pixels(label, LABEL_SIZE)).min(WIDEST);
        Size { along: wide + 14, across: 19 }
    };
    Sizes { nodes: picture.nodes.iter().map(node).collect(), labels: graph.links.iter().map(label).collect() }
}

fn spacing(graph: &Graph) -> Spacing {
    Spacing { nodes: 22, lines: 16, frames: 20, border: (18, 18, 34, 18), frame_least: graph.frames.iter().map(|_| 60).collect() }
}

/// The length of a gap: steep curves need more of it.
fn room(hops: &[Hop]) -> i64 {
    let steepest = hops.iter().map(|hop| (hop.across.0 - hop.across.1).abs()).max().unwrap_or(0);
    let flat = if hops.iter().any(|hop| hop.arrives) { 38 } else { 20 };
    flat + (steepest / 4).min(140)
}
