//! Draws single things in terminal cells: stages, lines, labels, frames.
//!
//! Everything is said along and across; the [`FlowDirection`] decides what that is on the page. It
//! must never write foreign text that was not cleaned, and never more of it than there is room for.
//!
//! To draw a new thing, add a method to [`DirectedCanvas`] and call it from `boxes`.

use super::canvas::{Canvas, CellInk, EAST, NORTH, SOUTH, WEST};
use super::layout::{BoxPlace, RankHop, RouteStop};
use super::tracks::{self, HopTracks};
use super::{PictureNode, lettering, palette};

/// Which way the data flows on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlowDirection {
    /// From left to right.
    Right,
    /// From top to bottom.
    Down,
}

impl FlowDirection {
    /// Page coordinates of a point.
    pub fn turn(self, along: i64, across: i64) -> (i64, i64) {
        match self {
            FlowDirection::Right => (along, across),
            FlowDirection::Down => (across, along),
        }
    }

    /// Page sides of arms that were meant for a drawing from left to right.
    fn arms(self, arms: u8) -> u8 {
        match self {
            FlowDirection::Right => arms,
            FlowDirection::Down => [(NORTH, WEST), (EAST, SOUTH), (SOUTH, EAST), (WEST, NORTH)]
                .into_iter()
                .filter(|(plain, _)| arms & plain != 0)
                .fold(0, |turned, (_, side)| turned | side),
        }
    }
}

/// A count as a coordinate.
pub(super) fn cells(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / 1024)
}

/// A canvas that is written along and across.
pub(super) struct DirectedCanvas {
    pub canvas: Canvas,
    pub way: FlowDirection,
}

impl DirectedCanvas {
    fn line(&mut self, along: i64, across: i64, arms: u8, net: usize) {
        let (x, y) = self.way.turn(along, across);
        self.canvas
            .line(x, y, self.way.arms(arms), net, CellInk::Plain);
    }

    /// A straight line.
    pub fn straight(&mut self, from: i64, to: i64, across: i64, net: usize) {
        for along in from..to {
            self.line(along, across, EAST | WEST, net);
        }
    }

    /// The lines of one gap.
    pub fn hops(&mut self, hops: &[RankHop], (from, to): (i64, i64)) {
        let HopTracks { of, nets, .. } = tracks::tracks(hops);
        for ((hop, track), net) in hops.iter().zip(of).zip(nets) {
            let (start, end) = hop.across;
            let turn = from + cells(track) + i64::from(self.way == FlowDirection::Right);
            if start == end {
                self.straight(from, to, start, net);
                continue;
            }
            let (leave, arrive) = if start < end {
                (SOUTH, NORTH)
            } else {
                (NORTH, SOUTH)
            };
            self.straight(from, turn, start, net);
            self.line(turn, start, WEST | leave, net);
            for across in start.min(end) + 1..start.max(end) {
                self.line(turn, across, NORTH | SOUTH, net);
            }
            self.line(turn, end, EAST | arrive, net);
            self.straight(turn + 1, to, end, net);
        }
    }

    /// A stage: its box, name and details.
    pub fn node(&mut self, node: &PictureNode, place: &BoxPlace) {
        let colour = palette::marked(node.mark).unwrap_or(palette::of(&node.kind).ansi);
        let (x, y) = self.way.turn(place.along, place.across);
        let (wide, tall) = self.way.turn(place.size.along, place.size.across);
        for row in y..y + tall {
            for column in x..x + wide {
                self.canvas.put(column, row, ' ', CellInk::Plain);
            }
        }
        self.canvas
            .outline((x, y), (wide, tall), usize::MAX, CellInk::Colour(colour));
        let room = usize::try_from(wide - 4).unwrap_or(0);
        let label = lettering::shorten(&node.name(), room, lettering::columns);
        self.canvas
            .write(x + 2, y + 1, &label, CellInk::StrongColour(colour));
        for (row, line) in (y + 2..).zip(node.lines()) {
            let line = lettering::shorten(&line, room, lettering::columns);
            self.canvas.write(x + 2, row, &line, CellInk::Faint);
        }
        if let Some(numbers) = node.numbers() {
            self.canvas.write(
                x + 2,
                y + tall - 2,
                &lettering::shorten(&numbers, room, lettering::columns),
                CellInk::Plain,
            );
        }
    }

    /// Joins a line to the border that it leaves.
    pub fn port(&mut self, first: &RouteStop, middle: i64) {
        self.line(first.from - 1, middle, EAST, usize::MAX);
    }

    /// An arrow head.
    pub fn head(&mut self, along: i64, across: i64, back: bool) {
        let (x, y) = self.way.turn(along, across);
        let glyph = match (self.way, back) {
            (FlowDirection::Right, false) => '▶',
            (FlowDirection::Right, true) => '◀',
            (FlowDirection::Down, false) => '▼',
            (FlowDirection::Down, true) => '▲',
        };
        self.canvas.put(x, y, glyph, CellInk::Plain);
    }

    /// The label of a link, on its line; the loss at its end is coloured.
    pub fn label(&mut self, (label, loss): (&str, &str), place: &BoxPlace) {
        let (x, y) = self.way.turn(place.along, place.across);
        let (wide, _) = self.way.turn(place.size.along, place.size.across);
        let pad = i64::from(self.way == FlowDirection::Right);
        let room = usize::try_from(wide - 2 * pad).unwrap_or(0);
        let short = lettering::shorten(label, room, lettering::columns);
        for column in x..x + wide {
            self.canvas.put(column, y, ' ', CellInk::Plain);
        }
        self.canvas.write(x + pad, y, &short, CellInk::Strong);
        if let Some(before) = label
            .strip_suffix(loss)
            .filter(|_| short == label && !loss.is_empty())
        {
            self.canvas.write(
                x + pad + cells(lettering::width(before)),
                y,
                loss,
                CellInk::Colour(palette::LOSS),
            );
        }
    }

    /// The border of a frame, broken so that it cannot be taken for a line.
    pub fn frame(&mut self, place: &BoxPlace) {
        let (x, y) = self.way.turn(place.along, place.across);
        let (wide, tall) = self.way.turn(place.size.along, place.size.across);
        let (right, bottom) = (x + wide - 1, y + tall - 1);
        for column in x..=right {
            self.canvas.put(column, y, '╌', CellInk::Faint);
            self.canvas.put(column, bottom, '╌', CellInk::Faint);
        }
        for row in y..=bottom {
            self.canvas.put(x, row, '┊', CellInk::Faint);
            self.canvas.put(right, row, '┊', CellInk::Faint);
        }
        for (column, row, corner) in [
            (x, y, '╭'),
            (right, y, '╮'),
            (x, bottom, '╰'),
            (right, bottom, '╯'),
        ] {
            self.canvas.put(column, row, corner, CellInk::Faint);
        }
    }

    /// Writes a caption into the border, in front of the first line that crosses it.
    pub fn caption(&mut self, caption: &str, place: &BoxPlace) {
        let (x, y) = self.way.turn(place.along, place.across);
        let (wide, _) = self.way.turn(place.size.along, place.size.across);
        let free = (x + 2..x + wide - 2)
            .take_while(|column| self.canvas.is_border(*column, y))
            .count();
        let room = free.saturating_sub(3);
        if room > 1 && !caption.is_empty() {
            let caption = lettering::shorten(caption, room, lettering::columns);
            self.canvas
                .write(x + 2, y, &format!(" {caption} "), CellInk::Faint);
        }
    }
}
