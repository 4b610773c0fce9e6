//! Chooses the drawing for a terminal: boxes from left to right, boxes from top to bottom, or
//! rails.
//!
//! The first that fits the width without cutting the name of a stage wins. Only `detail` lines are
//! shortened to fit. The result must read well without colour; escape sequences appear only when
//! asked for.
//!
//! To add a drawing, add it to the choices in `boxes` or after them.

use super::boxes::BoxDrawing;
use super::canvas::CellInk;
use super::graph::LayoutGraph;
use super::layout::GraphArrangement;
use super::sheet::FlowDirection;
use super::{Picture, lettering, rails};

/// Longest texts to try, from generous to tight.
const ACROSS: [usize; 4] = [30, 26, 22, 18];
const DOWN: [usize; 15] = [44, 42, 40, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18, 16];
/// More ranks than this from top to bottom are easier to follow on rails.
const TALLEST: usize = 24;

/// The picture as Unicode text of at most `width` columns where possible, each line ended by a line
/// feed.
pub fn text(picture: &Picture, width: usize, colour: bool) -> String {
    let graph = LayoutGraph::new(picture);
    let title = lettering::shorten(&lettering::clean(&picture.title), width, lettering::columns);
    let title = match (title.is_empty(), colour) {
        (true, _) => String::new(),
        (false, true) => format!(
            "{}{title}{}\n\n",
            CellInk::Strong.code(),
            CellInk::Plain.code()
        ),
        (false, false) => format!("{title}\n\n"),
    };
    if picture.nodes.is_empty() {
        return format!("{title}(no stages)\n");
    }
    let drawn = boxes(picture, &graph, width).map(|boxes| boxes.print(colour));
    title
        + drawn
            .unwrap_or_else(|| rails::rails(picture, &graph, width, colour))
            .as_str()
}

/// The first drawing with boxes that fits.
fn boxes<'a>(picture: &'a Picture, graph: &'a LayoutGraph, width: usize) -> Option<BoxDrawing<'a>> {
    let longest = picture
        .nodes
        .iter()
        .map(|node| lettering::width(&node.name()))
        .max()?;
    let ranks = graph.rank.iter().max().map_or(0, |last| last + 1);
    let lanes = (0..ranks)
        .map(|rank| graph.rank.iter().filter(|of| **of == rank).count())
        .max()?;
    // Boxes cannot be narrower than this: it spares laying out what will not fit.
    let ways = [
        (FlowDirection::Right, &ACROSS[..], 8 * ranks <= width),
        (
            FlowDirection::Down,
            &DOWN[..],
            lanes * (longest + 6) <= width + 2,
        ),
    ];
    let possible = ways
        .into_iter()
        .filter(|(way, _, fits)| *fits && (*way == FlowDirection::Right || ranks <= TALLEST));
    let arrangement = GraphArrangement::new(graph);
    let roomiest = |(way, caps, _): (FlowDirection, &[usize], bool)| {
        let new = |cap: &usize| BoxDrawing::new(picture, &arrangement, way, *cap);
        let cap =
            caps.get(caps.partition_point(|cap| *cap >= longest && new(cap).width() > width))?;
        Some(new(cap)).filter(|boxes| *cap >= longest && boxes.width() <= width)
    };
    possible.filter_map(roomiest).next()
}
