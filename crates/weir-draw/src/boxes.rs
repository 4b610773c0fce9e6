//! Draws the layout with boxes and lines in terminal cells, from left to right or from top to
//! bottom.
//!
//! One drawing serves both ways: everything is computed along and across, and [`DirectedCanvas`]
//! turns it. Lines are drawn before boxes and their ends after them, so that a line can never run
//! over a stage.
//!
//! To draw a new thing, write it in `sheet` and call it from `BoxDrawing::print` in the right
//! order.

use super::canvas::Canvas;
use super::graph::{GraphLink, LayoutGraph};
use super::layout::{GraphArrangement, Layout, RankHop};
use super::layout_input::{BoxSize, BoxSizes, LayoutSpacing};
use super::sheet::{DirectedCanvas, FlowDirection, cells};
use super::{Picture, PictureNode, lettering, tracks};

/// A drawing that is laid out but not yet written.
pub(super) struct BoxDrawing<'a> {
    picture: &'a Picture,
    graph: &'a LayoutGraph,
    layout: Layout,
    way: FlowDirection,
}

impl<'a> BoxDrawing<'a> {
    /// Lays out a picture with texts of at most `cap` columns.
    pub fn new(
        picture: &'a Picture,
        arrangement: &GraphArrangement<'a>,
        way: FlowDirection,
        cap: usize,
    ) -> BoxDrawing<'a> {
        let graph = arrangement.graph;
        let turn = |(wide, tall): (usize, usize)| {
            let (wide, tall) = (cells(wide), cells(tall));
            match way {
                FlowDirection::Right => BoxSize {
                    along: wide,
                    across: tall,
                },
                FlowDirection::Down => BoxSize {
                    along: tall,
                    across: wide,
                },
            }
        };
        let label = |link: &GraphLink| {
            let wide = link.label.as_deref().map_or(0, lettering::width).min(cap);
            turn((
                if way == FlowDirection::Right {
                    wide + 2
                } else {
                    wide | 1
                },
                1,
            ))
        };
        let sizes = BoxSizes {
            nodes: node_sizes(picture, way, cap)
                .into_iter()
                .map(turn)
                .collect(),
            labels: graph.links.iter().map(label).collect(),
        };
        let layout = arrangement.layout(&sizes, &spacing(graph, way), |hops| room(hops, way));
        BoxDrawing {
            picture,
            graph,
            layout,
            way,
        }
    }

    /// Columns that the drawing takes.
    pub fn width(&self) -> usize {
        let size = self.layout.size;
        usize::try_from(if self.way == FlowDirection::Right {
            size.along
        } else {
            size.across
        })
        .unwrap_or(usize::MAX)
    }

    /// Writes the drawing.
    pub fn print(&self, colour: bool) -> String {
        let size = self.layout.size;
        let (wide, tall) = self.way.turn(size.along, size.across);
        let canvas = Canvas::new(
            usize::try_from(wide).unwrap_or(0),
            usize::try_from(tall).unwrap_or(0),
        );
        let mut sheet = DirectedCanvas {
            canvas,
            way: self.way,
        };
        let captions = self.graph.frames.iter().zip(&self.layout.frames);
        captions.clone().for_each(|(_, place)| sheet.frame(place));
        for gap in &self.layout.gaps {
            sheet.hops(&gap.hops, (gap.from, gap.to));
        }
        self.routes(&mut sheet);
        for (node, place) in self.picture.nodes.iter().zip(&self.layout.nodes) {
            sheet.node(node, place);
        }
        self.ports(&mut sheet);
        captions.for_each(|(caption, place)| sheet.caption(caption, place));
        sheet.canvas.print(colour)
    }

    /// The straight parts of links, their labels and arrow heads.
    fn routes(&self, sheet: &mut DirectedCanvas) {
        for (link, route) in self.graph.links.iter().zip(&self.layout.routes) {
            for stop in &route.stops {
                sheet.straight(stop.from, stop.to, stop.across, net_of_item(stop.item));
            }
            if let (Some(label), Some(place)) = (&link.label, route.label) {
                sheet.label((label, &link.loss), &place);
            }
        }
    }

    /// Where lines leave and reach boxes: drawn last, on the borders.
    fn ports(&self, sheet: &mut DirectedCanvas) {
        for (link, route) in self.graph.links.iter().zip(&self.layout.routes) {
            let (Some(first), Some(last)) = (route.stops.first(), route.stops.last()) else {
                continue;
            };
            if link.back {
                sheet.head(first.from, first.across, true);
            } else {
                sheet.port(first, self.layout.nodes[link.from].middle());
            }
            if link.forth {
                sheet.head(last.to - 1, last.across, false);
            }
        }
    }
}

/// Nets of lines within ranks, apart from those within gaps.
fn net_of_item(item: usize) -> usize {
    usize::MAX / 2 + item
}

/// Columns and lines of each box: all equally wide from top to bottom, so that lanes look alike.
fn node_sizes(picture: &Picture, way: FlowDirection, cap: usize) -> Vec<(usize, usize)> {
    let wide = |node: &PictureNode| {
        let texts = std::iter::once(node.name())
            .chain(node.lines())
            .chain(node.numbers());
        texts
            .map(|text| lettering::width(&text))
            .max()
            .unwrap_or(0)
            .clamp(1, cap.max(1))
            + 4
    };
    let widest = picture.nodes.iter().map(wide).max().unwrap_or(0) | 1;
    let size = |node: &PictureNode| {
        (
            if way == FlowDirection::Down {
                widest
            } else {
                wide(node)
            },
            3 + node.lines().len() + usize::from(node.numbers().is_some()),
        )
    };
    picture.nodes.iter().map(size).collect()
}

fn spacing(graph: &LayoutGraph, way: FlowDirection) -> LayoutSpacing {
    let caption = |caption: &String| cells(lettering::width(caption).min(32));
    match way {
        FlowDirection::Right => LayoutSpacing {
            nodes: 1,
            lines: 0,
            frames: 0,
            border: (2, 2, 1, 1),
            frame_least: graph.frames.iter().map(|_| 3).collect(),
        },
        FlowDirection::Down => LayoutSpacing {
            nodes: 2,
            lines: 1,
            frames: 1,
            border: (2, 1, 2, 2),
            frame_least: graph
                .frames
                .iter()
                .map(|frame| 2 * caption(frame) + 11)
                .collect(),
        },
    }
}

/// Cells between two ranks: a start, the tracks, and an arrow head.
fn room(hops: &[RankHop], way: FlowDirection) -> i64 {
    let tracks = cells(tracks::tracks(hops).count);
    let head = i64::from(hops.iter().any(|hop| hop.arrives));
    match way {
        FlowDirection::Right => 1 + tracks + 2 * head,
        FlowDirection::Down => (tracks + head).max(1),
    }
}
