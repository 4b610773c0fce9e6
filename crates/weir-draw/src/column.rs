//! Places stages one below the other beside rails, as version-control logs draw history: what a
//! phone can show.
//!
//! Any plan fits, as wide as one stage and its rails. The rails are those of the terminal
//! (`rails`): one is named by the stage that it leads to. What flows out of a stage stands below
//! its box.
//!
//! It must never make a box wider than the page, however many rails there are: then they move
//! together.
//!
//! To show more between stages, give [`ColumnDrawing::below`] another line.

use super::graph::LayoutGraph;
use super::layout::BoxPlace;
use super::layout_input::BoxSize;
use super::plot::{FramePart, PagePlot};
use super::rails::{self, RailRow};
use super::svg_sizes::{CAPTION, line_size, node_height};
use super::{Picture, canvas};

/// Between rails, before the first of them, and from the last of them to the boxes.
const RAILS: i64 = 16;
const BEFORE: i64 = 8;
const AFTER: i64 = 16;
/// The narrowest box.
const NARROWEST: i64 = 180;
/// Between a box and what is below it; the height of a row in which rails part and join.
const GAP: i64 = 10;
const JUNCTION: i64 = 18;
/// A frame around boxes.
const BORDER: i64 = 8;

/// The picture in one column of `width` pixels.
pub(super) fn column(picture: &Picture, graph: &LayoutGraph, width: i64) -> PagePlot {
    let rows = rails::rows(graph);
    let rails = rows
        .iter()
        .map(|row| i64::try_from(row.rails()).unwrap_or(1))
        .max()
        .unwrap_or(1);
    let room = (width - NARROWEST - BEFORE - AFTER - BORDER).max(RAILS);
    let step = RAILS.min(room / rails.max(1)).max(2);
    let left = BEFORE + step * (rails - 1) + AFTER;
    let nodes = vec![BoxPlace::default(); picture.nodes.len()];
    let labels = vec![None; graph.links.len()];
    let plot = PagePlot {
        nodes,
        labels,
        width: width.max(left + NARROWEST + BORDER),
        ..PagePlot::default()
    };
    let mut column = ColumnDrawing {
        picture,
        graph,
        plot,
        step,
        left,
        y: 0,
    };
    for (number, row) in rows.iter().enumerate() {
        match row {
            RailRow::Rails { arms } => column.junction(arms),
            RailRow::Stage { node, rail, open } => {
                let next = rows[number + 1..].iter().find_map(RailRow::stage);
                let before = rows[..number].iter().rev().find_map(RailRow::stage);
                column.stage(
                    *node,
                    (*rail, open),
                    (before, next),
                    matches!(rows.get(number + 1), Some(RailRow::Stage { .. })),
                );
            }
        }
    }
    column.plot.height = column.y;
    column.plot
}

struct ColumnDrawing<'a> {
    picture: &'a Picture,
    graph: &'a LayoutGraph,
    plot: PagePlot,
    step: i64,
    left: i64,
    y: i64,
}

impl ColumnDrawing<'_> {
    fn x(&self, rail: usize) -> i64 {
        BEFORE + self.step * i64::try_from(rail).unwrap_or(0)
    }

    fn frame(&self, node: Option<usize>) -> Option<usize> {
        node.and_then(|node| self.graph.frame[node])
    }

    /// A stage, its dot on its rail, and what flows out of it.
    fn stage(
        &mut self,
        node: usize,
        (rail, open): (usize, &[bool]),
        (before, next): (Option<usize>, Option<usize>),
        is_last_row: bool,
    ) {
        let (top, frame) = (self.y, self.graph.frame[node]);
        if frame.is_some() && self.frame(before) != frame {
            self.y += CAPTION;
        }
        let height = node_height(&self.picture.nodes[node]);
        let place = BoxPlace {
            along: self.left,
            across: self.y,
            size: BoxSize {
                along: self.plot.width - self.left - BORDER,
                across: height,
            },
        };
        self.plot.nodes[node] = place;
        let middle = self.y + height / 2;
        self.y += height;
        self.below(node);
        self.y += if is_last_row || next.is_none() {
            0
        } else {
            GAP / 2
        };
        if let Some(frame) = frame {
            self.frame_part(frame, (before, next), &place);
        }
        if frame.is_some() && self.frame(next) != frame {
            self.y += BORDER + GAP / 2;
        }
        self.y += if next.is_some() { GAP / 2 } else { 0 };
        self.rails((top, middle), (node, rail), open);
        self.plot
            .rails
            .push(format!("M{} {middle}H{}", self.x(rail), place.along));
        self.plot.dots.push((self.x(rail), middle));
    }

    /// The rails beside a stage: its own begins or ends at its dot where nothing comes or goes.
    fn rails(&mut self, (top, middle): (i64, i64), (node, rail): (usize, usize), open: &[bool]) {
        let comes = self.graph.links.iter().any(|link| link.to == node);
        let goes = self.graph.links.iter().any(|link| link.from == node);
        for other in (0..open.len()).filter(|other| open[*other]) {
            let from = if other == rail && !comes { middle } else { top };
            let to = if other == rail && !goes {
                middle
            } else {
                self.y
            };
            self.plot
                .rails
                .push(format!("M{} {from}V{to}", self.x(other)));
        }
    }

    /// What flows out of a stage: labels that say the same are written once.
    fn below(&mut self, node: usize) {
        let mut said: Vec<&Option<String>> = Vec::new();
        for (number, link) in self
            .graph
            .links
            .iter()
            .enumerate()
            .filter(|(_, link)| link.from == node)
        {
            if link.label.is_none() || said.contains(&&link.label) {
                continue;
            }
            let size = line_size(link, self.plot.width - self.left - BORDER);
            self.plot.labels[number] = Some(BoxPlace {
                along: self.left + 2,
                across: self.y + 4,
                size,
            });
            self.y += size.across + 4;
            said.push(&link.label);
        }
    }

    /// The frame around neighbouring stages of it: begun by the first of them, stretched by the
    /// others.
    fn frame_part(
        &mut self,
        frame: usize,
        (before, _): (Option<usize>, Option<usize>),
        place: &BoxPlace,
    ) {
        let is_next = before.is_some_and(|before| self.graph.frame[before] == Some(frame));
        let bottom = self.y + BORDER / 2;
        match self
            .plot
            .frames
            .last_mut()
            .filter(|part| is_next && part.frame == frame)
        {
            Some(part) => part.place.size.across = bottom - part.place.across,
            None => {
                let across = place.across - CAPTION + 2;
                let size = BoxSize {
                    along: place.size.along + 2 * BORDER - 2,
                    across: bottom - across,
                };
                let continues = self.plot.frames.iter().any(|part| part.frame == frame);
                self.plot.frames.push(FramePart {
                    frame,
                    place: BoxPlace {
                        along: place.along - BORDER + 1,
                        across,
                        size,
                    },
                    continues,
                });
            }
        }
    }

    /// Rails that part, join or run by.
    fn junction(&mut self, arms: &[u8]) {
        let (top, bottom) = (self.y, self.y + JUNCTION);
        let middle = (top + bottom) / 2;
        for (cell, arms) in arms.iter().enumerate().filter(|(_, arms)| **arms != 0) {
            let x = BEFORE + self.step * i64::try_from(cell).unwrap_or(0) / 2;
            let half = self.step / 4 + 1;
            let ends = [
                (canvas::NORTH, (x, top)),
                (canvas::SOUTH, (x, bottom)),
                (canvas::EAST, (x + half, middle)),
                (canvas::WEST, (x - half, middle)),
            ];
            let ends: Vec<(i64, i64)> = ends
                .into_iter()
                .filter(|(arm, _)| arms & arm != 0)
                .map(|(_, end)| end)
                .collect();
            match ends[..] {
                [from, to] if from.0 != to.0 && from.1 != to.1 => {
                    self.plot.rails.push(format!(
                        "M{} {}Q{x} {middle} {} {}",
                        from.0, from.1, to.0, to.1
                    ));
                }
                _ => self.plot.rails.extend(
                    ends.iter()
                        .map(|end| format!("M{x} {middle}L{} {}", end.0, end.1)),
                ),
            }
        }
        self.y = bottom;
    }
}
