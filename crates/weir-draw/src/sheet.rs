//! Draws single things in terminal cells: stages, lines, labels, frames.
//!
//! Everything is said along and across; the [`Way`] decides what that is on the page. It must never
//! write foreign text that was not cleaned, and never more of it than there is room for.
//!
//! To draw a new thing, add a method to [`Sheet`] and call it from `boxes`.

use super::canvas::{Canvas, EAST, Ink, NORTH, SOUTH, WEST};
use super::layout::{Hop, Place, Stop};
use super::tracks::{self, Tracks};
use super::{Node, lettering, palette};

/// Which way the data flows on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From left to right.
    Right,
    /// From top to bottom.
    Down,
}

impl Way {
    /// Page coordinates of a point.
    pub fn turn(self, along: i64, across: i64) -> (i64, i64) {
        match self {
            Way::Right => (along, across),
            Way::Down => (across, along),
        }
    }

    /// Page sides of arms that were meant for a drawing from left to right.
    fn arms(self, arms: u8) -> u8 {
        match self {
            Way::Right => arms,
            Way::Down => [(NORTH, WEST), (EAST, SOUTH), (SOUTH, EAST), (WEST, NORTH)]
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
pub(super) struct Sheet {
    pub canvas: Canvas,
    pub way: Way,
}

impl Sheet {
    fn line(&mut self, along: i64, across: i64, arms: u8, net: usize) {
        let (x, y) = self.way.turn(along, across);
        self.canvas.line(x, y, self.way.arms(arms), net, Ink::Plain);
    }

    /// A straight line.
    pub fn straight(&mut self, from: i64, to: i64, across: i64, net: usize) {
        for along in from..to {
            self.line(along, across, EAST | WEST, net);
        }
    }

    /// The lines of one gap.
    pub fn hops(&mut self, hops: &[Hop], (from, to): (i64, i64)) {
        let Tracks { of, nets, .. } = tracks::tracks(hops);
        for ((hop, track), net) in hops.iter().zip(of).zip(nets) {
            let (start, end) = hop.across;
            let turn = from + cells(track) + i64::from(self.way == Way::Right);
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
    pub fn node(&mut self, node: &Node, place: &Place) {
        let colour = palette::marked(node.mark).unwrap_or(palette::of(&node.kind).ansi);
        let (x, y) = self.way.turn(place.along, place.across);
        let (wide, tall) = self.way.turn(place.size.along, place.size.across);
        for row in y..y + tall {
            for column in x..x + wide {
                self.canvas.put(column, row, ' ', Ink::Plain);
            }
        }
        self.canvas
            .outline((x, y), (wide, tall), usize::MAX, Ink::Colour(colour));
        let room = usize::try_from(wide - 4).unwrap_or(0);
        let label = lettering::shorten(&node.name(), room, lettering::columns);
        self.canvas
            .write(x + 2, y + 1, &label, Ink::StrongColour(colour));
        for (row, line) in (y + 2..).zip(node.lines()) {
            let line = lettering::shorten(&line, room, lettering::columns);
            self.canvas.write(x + 2, row, &line, Ink::Faint);
        }
        if let Some(numbers) = node.numbers() {
            self.canvas.write(
                x + 2,
                y + tall - 2,
                &lettering::shorten(&numbers, room, lettering::columns),
                Ink::Plain,
            );
        }
    }

    /// Joins a line to the border that it leaves.
    pub fn port(&mut self, first: &Stop, middle: i64) {
        self.line(first.from - 1, middle, EAST, usize::MAX);
    }

    /// An arrow head.
    pub fn head(&mut self, along: i64, across: i64, back: bool) {
        let (x, y) = self.way.turn(along, across);
        let glyph = match (self.way, back) {
            (Way::Right, false) => '▶',
            (Way::Right, true) => '◀',
            (Way::Down, false) => '▼',
            (Way::Down, true) => '▲',
        };
        self.canvas.put(x, y, glyph, Ink::Plain);
    }

    /// The label of a link, on its line; the loss at its end is coloured.
    pub fn label(&mut self, (label, loss): (&str, &str), place: &Place) {
        let (x, y) = self.way.turn(place.along, place.across);
        let (wide, _) = self.way.turn(place.size.along, place.size.across);
        let pad = i64::from(self.way == Way::Right);
        let room = usize::try_from(wide - 2 * pad).unwrap_or(0);
        let short = lettering::shorten(label, room, lettering::columns);
        for column in x..x + wide {
            self.canvas.put(column, y, ' ', Ink::Plain);
        }
        self.canvas.write(x + pad, y, &short, Ink::Strong);
        if let Some(before) = label
            .strip_suffix(loss)
            .filter(|_| short == label && !loss.is_empty())
        {
            self.canvas.write(
                x + pad + cells(lettering::width(before)),
                y,
                loss,
                Ink::Colour(palette::LOSS),
            );
        }
    }

    /// The border of a frame, broken so that it cannot be taken for a line.
    pub fn frame(&mut self, place: &Place) {
        let (x, y) = self.way.turn(place.along, place.across);
        let (wide, tall) = self.way.turn(place.size.along, place.size.across);
        let (right, bottom) = (x + wide - 1, y + tall - 1);
        for column in x..=right {
            self.canvas.put(column, y, '╌', Ink::Faint);
            self.canvas.put(column, bottom, '╌', Ink::Faint);
        }
        for row in y..=bottom {
            self.canvas.put(x, row, '┊', Ink::Faint);
            self.canvas.put(right, row, '┊', Ink::Faint);
        }
        for (column, row, corner) in [
            (x, y, '╭'),
            (right, y, '╮'),
            (x, bottom, '╰'),
            (right, bottom, '╯'),
        ] {
            self.canvas.put(column, row, corner, Ink::Faint);
        }
    }

    /// Writes a caption into the border, in front of the first line that crosses it.
    pub fn caption(&mut self, caption: &str, place: &Place) {
        let (x, y) = self.way.turn(place.along, place.across);
        let (wide, _) = self.way.turn(place.size.along, place.size.across);
        let free = (x + 2..x + wide - 2)
            .take_while(|column| self.canvas.is_border(*column, y))
            .count();
        let room = free.saturating_sub(3);
        if room > 1 && !caption.is_empty() {
            let caption = lettering::shorten(caption, room, lettering::columns);
            self.canvas
                .write(x + 2, y, &format!(" {caption} "), Ink::Faint);
        }
    }
}
