//! Draws the picture as one self-contained SVG, alone or within a page: no scripts, no fonts,
//! nothing from the network.
//!
//! It fits the width that it is given: from left to right in as many rows as it takes, or one below
//! the other where there is no room for two stages. Colours follow the reader's light or dark
//! scheme. Each stage is a group with its id and the classes `stage` and `kind-…`; within a page it
//! is a link to a place on it, so that a click or Enter needs no script. Every text is cleaned and
//! escaped; whole texts stand in tooltips.
//!
//! It must never put anything into a style or attribute that did not pass `lettering::xml` or
//! `lettering::slug`.
//!
//! To change sizes and distances, change the constants and `spacing`; shapes are in `shapes`,
//! colours in `theme`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::column::column;
use super::graph::{GraphLink, LayoutGraph};
use super::layout::{GraphArrangement, RankHop};
use super::layout_input::{BoxSize, BoxSizes, LayoutSpacing};
use super::plot::PagePlot;
use super::shapes::{DETAIL_SIZE, NAME_SIZE, TITLE_SIZE, pixels};
use super::svg_sizes::{FRAME_ABOVE, FRAME_BELOW, label_size, node_height};
use super::wrap::wrap;
use super::{Picture, PictureNode, lettering, shapes, theme};

/// The width of a drawing that a screen of 1280 pixels shows without scrolling, and of one for a
/// phone.
pub const SCREEN: u32 = 1200;
/// The width of a drawing for a phone.
pub const PHONE: u32 = 332;
/// Below this stages stand one below the other.
const COLUMN: i64 = 640;
const MARGIN: i64 = 24;
const TITLE: i64 = 34;
/// The widest that boxes become before their texts are shortened: the first with which rows are
/// fewest.
const WIDEST: [i64; 3] = [256, 220, 184];

/// The picture as an SVG document of about `width` pixels.
pub fn svg(picture: &Picture, width: u32) -> String {
    drawing(picture, &[], width)
}

/// The picture as a part of a page, each stage a link to the address that `places` has for it.
pub fn within(picture: &Picture, places: &[String], width: u32) -> String {
    drawing(picture, places, width)
}

fn drawing(picture: &Picture, places: &[String], width: u32) -> String {
    let graph = LayoutGraph::new(picture);
    let is_column = i64::from(width) < COLUMN;
    let margin = if is_column { 4 } else { MARGIN };
    let room = i64::from(width) - 2 * margin;
    let plot = if is_column {
        column(picture, &graph, room)
    } else {
        rows(picture, &graph, room)
    };
    let title = lettering::clean(&picture.title);
    let top = margin + if title.is_empty() { 0 } else { TITLE };
    let wide = plot
        .width
        .max(pixels(&title, TITLE_SIZE).min(room))
        .max(120)
        + 2 * margin;
    let tall = plot.height.max(8) + top + margin;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"weir-picture\" role=\"{}\" viewBox=\"0 0 {wide} {tall}\" \
         width=\"{wide}\" height=\"{tall}\">\n",
        if places.is_empty() { "img" } else { "group" },
    );
    let named = lettering::xml(if title.is_empty() { "stages" } else { &title });
    let _ = if places.is_empty() {
        writeln!(out, "<title>{named}</title>")
    } else {
        writeln!(out, "<desc>{named}</desc>")
    };
    theme::style(&mut out);
    let _ = writeln!(
        out,
        "<rect class=\"page\" width=\"{wide}\" height=\"{tall}\" rx=\"12\"/>"
    );
    if !title.is_empty() {
        let short = shapes::fitted(&title, TITLE_SIZE, room);
        let _ = writeln!(
            out,
            "<text class=\"title\" x=\"{margin}\" y=\"{}\">{}</text>",
            margin + 12,
            lettering::xml(&short)
        );
    }
    let _ = writeln!(out, "<g transform=\"translate({margin} {top})\">");
    // A page may hold both drawings: ids are its own to give once.
    let prefix = if is_column && !places.is_empty() {
        "narrow-"
    } else {
        ""
    };
    content(picture, &graph, &plot, (places, prefix), &mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

/// The stages in rows from left to right, in as few of them as their texts allow.
fn rows(picture: &Picture, graph: &LayoutGraph, room: i64) -> PagePlot {
    let arrangement = GraphArrangement::new(graph);
    let plot = |widest: i64| {
        wrap(
            graph,
            &arrangement.layout(&sizes(picture, graph, widest), &spacing(graph), gap),
            room,
        )
    };
    let mut best = plot(WIDEST[0]);
    if best.rows > (1, 0) {
        for other in WIDEST[1..].iter().map(|widest| plot(*widest)) {
            best = if other.rows < best.rows { other } else { best };
        }
    }
    best
}

fn content(
    picture: &Picture,
    graph: &LayoutGraph,
    plot: &PagePlot,
    (places, prefix): (&[String], &str),
    out: &mut String,
) {
    for part in &plot.frames {
        shapes::frame(&graph.frames[part.frame], part, out);
    }
    plot.rails.iter().for_each(|rail| shapes::rail(rail, out));
    for (link, track) in graph.links.iter().zip(&plot.lines) {
        shapes::line(link, track, picture, out);
    }
    shapes::heads(&plot.heads, out);
    plot.dots.iter().for_each(|dot| shapes::dot(*dot, out));
    for (link, place) in graph.links.iter().zip(&plot.labels) {
        if let Some(place) = place {
            shapes::edge_label(link, place, out);
        }
    }
    let mut ids = BTreeSet::new();
    for (number, (node, place)) in picture.nodes.iter().zip(&plot.nodes).enumerate() {
        let loses = graph
            .links
            .iter()
            .any(|link| link.from == number && !link.loss.is_empty());
        let id = shapes::unique(&format!("{prefix}{}", node.id), &mut ids);
        shapes::stage((node, loses), place, (&id, number, places.get(number)), out);
    }
}

fn sizes(picture: &Picture, graph: &LayoutGraph, widest: i64) -> BoxSizes {
    let node = |node: &PictureNode| {
        let lines = node.lines().into_iter().chain(node.numbers());
        let lines = lines
            .map(|line| pixels(&line, DETAIL_SIZE) + 28)
            .max()
            .unwrap_or(0);
        let wide = lines.max(pixels(&node.name(), NAME_SIZE) + 52);
        BoxSize {
            along: wide.clamp(112, widest),
            across: node_height(node),
        }
    };
    let label = |link: &GraphLink| label_size(link, widest);
    BoxSizes {
        nodes: picture.nodes.iter().map(node).collect(),
        labels: graph.links.iter().map(label).collect(),
    }
}

fn spacing(graph: &LayoutGraph) -> LayoutSpacing {
    LayoutSpacing {
        nodes: 20,
        lines: 16,
        frames: 20,
        border: (16, 16, FRAME_ABOVE, FRAME_BELOW),
        frame_least: graph.frames.iter().map(|_| 60).collect(),
    }
}

/// The length of a gap: steep curves need more of it.
fn gap(hops: &[RankHop]) -> i64 {
    let steepest = hops
        .iter()
        .map(|hop| (hop.across.0 - hop.across.1).abs())
        .max()
        .unwrap_or(0);
    let flat = if hops.iter().any(|hop| hop.arrives) {
        26
    } else {
        14
    };
    flat + (steepest / 4).min(140)
}
