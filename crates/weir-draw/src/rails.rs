//! The compact drawing: one stage a line, connected by rails at the left, as version-control logs
//! draw history.
//!
//! It fits any number of stages into any width. Rails are named by the stage that they lead to, so
//! that many sources of one stage share a rail. It must never take more than one line for a stage,
//! and one for a junction.
//!
//! To show more of a stage, extend `RailPage::remark`; to draw a new line, add a [`RailRow`].

use super::canvas::{Canvas, CellInk, EAST, NORTH, SOUTH, WEST};
use super::graph::{self, LayoutGraph};
use super::sheet::cells;
use super::{Picture, PictureNode, lettering, palette};

/// One line of the drawing.
pub(super) enum RailRow {
    /// A stage at a rail; the other rails run by.
    Stage {
        node: usize,
        rail: usize,
        open: Vec<bool>,
    },
    /// Rails that join, part or only run by, as arms of every column.
    Rails { arms: Vec<u8> },
}

/// The picture as lines of at most `width` columns.
pub(super) fn rails(picture: &Picture, graph: &LayoutGraph, width: usize, colour: bool) -> String {
    let rows = rows(graph);
    let rails = rows.iter().map(RailRow::rails).max().unwrap_or(1);
    let gutter = if graph.frames.is_empty() { 0 } else { 2 };
    let start = gutter + 2 * rails + 1;
    let names = picture
        .nodes
        .iter()
        .map(|node| lettering::width(&node.name()))
        .max()
        .unwrap_or(0);
    let page = RailPage {
        picture,
        graph,
        gutter: cells(gutter),
        start: cells(start),
        details: cells(start + names.min(32) + 2),
        width: cells(width.max(start + 8)),
    };
    let mut canvas = Canvas::new(width.max(start + 8), rows.len());
    for y in 0..rows.len() {
        page.row(&rows, y, &mut canvas);
    }
    page.frames(&rows, &mut canvas);
    canvas.print(colour)
}

impl RailRow {
    /// The stage of the line, if it has one.
    pub fn stage(&self) -> Option<usize> {
        match self {
            RailRow::Stage { node, .. } => Some(*node),
            RailRow::Rails { .. } => None,
        }
    }

    /// How many rails the line has.
    pub fn rails(&self) -> usize {
        match self {
            RailRow::Stage { open, rail, .. } => open.len().max(rail + 1),
            RailRow::Rails { arms } => arms.len().div_ceil(2),
        }
    }
}

/// Stages in the order of the drawing: a chain is followed to its end before the next one begins.
fn sequence(graph: &LayoutGraph, targets: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting = graph.degrees().1;
    let mut ready: Vec<usize> = (0..targets.len())
        .rev()
        .filter(|node| waiting[*node] == 0)
        .collect();
    let mut sequence = Vec::with_capacity(targets.len());
    while let Some(node) = ready.pop() {
        sequence.push(node);
        for &target in targets[node].iter().rev() {
            waiting[target] -= 1;
            if waiting[target] == 0 {
                ready.push(target);
            }
        }
    }
    sequence
}

/// The lines of a graph, from its first stage to its last.
pub(super) fn rows(graph: &LayoutGraph) -> Vec<RailRow> {
    let targets = graph::targets(
        graph.rank.len(),
        graph.links.iter().map(|link| (link.from, link.to)),
    );
    let mut yard = RailYard {
        rails: Vec::new(),
        rows: Vec::new(),
    };
    for node in sequence(graph, &targets) {
        yard.stage(node, &targets[node]);
    }
    yard.rows
}

/// The rails that are open, each with the stage that it leads to.
struct RailYard {
    rails: Vec<Option<usize>>,
    rows: Vec<RailRow>,
}

impl RailYard {
    /// Draws a stage: it ends its rail and opens or joins the rails of its targets.
    fn stage(&mut self, node: usize, targets: &[usize]) {
        let found = self.rails.iter().position(|rail| *rail == Some(node));
        if found.is_none() && matches!(self.rows.last(), Some(RailRow::Stage { .. })) {
            self.pause();
        }
        let rail = found.unwrap_or_else(|| self.free());
        self.rails[rail] = Some(node);
        let open = self.rails.iter().map(Option::is_some).collect();
        self.rows.push(RailRow::Stage { node, rail, open });
        self.leave(rail, targets);
        while self.rails.last().is_some_and(Option::is_none) {
            self.rails.pop();
        }
    }

    /// A line without a stage, before a rail begins.
    fn pause(&mut self) {
        let arms = self
            .rails
            .iter()
            .flat_map(|rail| [u8::from(rail.is_some()) * (NORTH | SOUTH), 0])
            .collect();
        self.rows.push(RailRow::Rails { arms });
    }

    /// The first unused rail.
    fn free(&mut self) -> usize {
        if let Some(rail) = self.rails.iter().position(Option::is_none) {
            return rail;
        }
        self.rails.push(None);
        self.rails.len() - 1
    }

    /// Leads the rail of a stage to its targets; draws a junction when more than one rail takes
    /// part.
    fn leave(&mut self, rail: usize, targets: &[usize]) {
        let mut arms: Vec<u8> = Vec::new();
        let before = self.rails.clone();
        self.rails[rail] = None;
        let mut ends = Vec::new();
        for &target in targets {
            let known = self.rails.iter().position(|open| *open == Some(target));
            let end = known.unwrap_or(if self.rails[rail].is_none() {
                rail
            } else {
                usize::MAX
            });
            let end = if end == usize::MAX { self.free() } else { end };
            self.rails[end] = Some(target);
            ends.push(end);
        }
        if ends.iter().all(|end| *end == rail) {
            return;
        }
        let (low, high) = ends.iter().fold((rail, rail), |(low, high), end| {
            (low.min(*end), high.max(*end))
        });
        arms.resize(2 * before.len().max(self.rails.len()), 0);
        for at in 0..before.len().max(self.rails.len()) {
            let above = before.get(at).is_some_and(Option::is_some);
            let below = self.rails.get(at).is_some_and(Option::is_some);
            arms[2 * at] = (u8::from(above) * NORTH) | (u8::from(below) * SOUTH);
            let joined = at == rail || ends.contains(&at);
            if (low..=high).contains(&at) && (joined || arms[2 * at] == 0) {
                arms[2 * at] |= (u8::from(at > low) * WEST) | (u8::from(at < high) * EAST);
            }
            if (low..high).contains(&at) {
                arms[2 * at + 1] = EAST | WEST;
            }
        }
        self.rows.push(RailRow::Rails { arms });
    }
}

/// Where things stand on the page.
struct RailPage<'a> {
    picture: &'a Picture,
    graph: &'a LayoutGraph,
    gutter: i64,
    start: i64,
    details: i64,
    width: i64,
}

impl RailPage<'_> {
    fn row(&self, rows: &[RailRow], number: usize, canvas: &mut Canvas) {
        let y = cells(number);
        match &rows[number] {
            RailRow::Rails { arms } => {
                for (x, arms) in (self.gutter..).zip(arms).filter(|(_, arms)| **arms != 0) {
                    canvas.line(x, y, *arms, 0, CellInk::Plain);
                }
            }
            RailRow::Stage { node, rail, open } => {
                for (rail, _) in open.iter().enumerate().filter(|(_, open)| **open) {
                    canvas.line(
                        self.gutter + 2 * cells(rail),
                        y,
                        NORTH | SOUTH,
                        0,
                        CellInk::Plain,
                    );
                }
                self.stage(
                    *node,
                    (self.gutter + 2 * cells(*rail), y),
                    self.caption(number, rows),
                    canvas,
                );
            }
        }
    }

    fn stage(&self, number: usize, (x, y): (i64, i64), caption: Option<&str>, canvas: &mut Canvas) {
        let node: &PictureNode = &self.picture.nodes[number];
        let colour = palette::marked(node.mark).unwrap_or(palette::of(&node.kind).ansi);
        let room = |from: i64, to: i64| usize::try_from(to - from).unwrap_or(0);
        canvas.put(x, y, '●', CellInk::Colour(colour));
        let name = room(self.start, self.width.min(self.details - 2));
        let name = lettering::shorten(&node.name(), name, lettering::columns);
        canvas.write(self.start, y, &name, CellInk::StrongColour(colour));
        let rest = room(self.details, self.width);
        if rest >= 6 {
            let rest = lettering::shorten(&self.remark(number, caption), rest, lettering::columns);
            canvas.write(self.details, y, &rest, CellInk::Faint);
        }
    }

    /// The frame that begins, what flows out of a stage, then its details.
    fn remark(&self, number: usize, caption: Option<&str>) -> String {
        let caption = caption.map(|caption| format!("[{caption}]")).into_iter();
        let flows = self
            .graph
            .links
            .iter()
            .filter(|link| link.from == number)
            .filter_map(|link| link.label.as_ref());
        let flows = flows.map(|label| format!("→ {label}"));
        let node = &self.picture.nodes[number];
        caption
            .chain(flows)
            .chain(node.numbers())
            .chain(node.lines())
            .collect::<Vec<_>>()
            .join(" · ")
    }

    /// Brackets in the gutter around neighbouring stages of one frame; the first names it.
    fn frames(&self, rows: &[RailRow], canvas: &mut Canvas) {
        let stages: Vec<(usize, usize)> = rows
            .iter()
            .enumerate()
            .filter_map(|(y, row)| row.stage().map(|node| (y, node)))
            .collect();
        for run in stages.chunk_by(|(_, a), (_, b)| self.graph.frame[*a] == self.graph.frame[*b]) {
            let (Some((first, node)), Some((last, _))) = (run.first(), run.last()) else {
                continue;
            };
            if self.graph.frame[*node].is_none() {
                continue;
            }
            for y in *first..=*last {
                let north = if y > *first { NORTH } else { EAST };
                let south = if y < *last { SOUTH } else { EAST };
                canvas.line(0, cells(y), north | south, usize::MAX, CellInk::Faint);
            }
        }
    }

    /// The caption of a stage's frame where the stage is the first of its bracket.
    fn caption(&self, row: usize, rows: &[RailRow]) -> Option<&str> {
        let frame = rows[row].stage().and_then(|node| self.graph.frame[node])?;
        let before = rows[..row].iter().rev().find_map(RailRow::stage);
        let begins = before.is_none_or(|node| self.graph.frame[node] != Some(frame));
        Some(self.graph.frames[frame].as_str()).filter(|caption| begins && !caption.is_empty())
    }
}
