//! A sheet of terminal cells: characters, lines that join by themselves, and ink.
//!
//! Lines are kept as arms (towards which sides a cell is connected), so that corners and junctions
//! come out right in whatever order things are drawn. Two lines that merely cross must never look
//! joined: the upright one stays whole.
//!
//! To add a look, add an [`CellInk`]; to add a style of line, extend `CanvasCell::shown`.

use super::lettering;

/// Arms of a line within its cell.
pub(super) const NORTH: u8 = 1;
pub(super) const EAST: u8 = 2;
pub(super) const SOUTH: u8 = 4;
pub(super) const WEST: u8 = 8;

/// How a cell is coloured: an ANSI colour, and whether bright or faint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum CellInk {
    #[default]
    Plain,
    Faint,
    Strong,
    Colour(u8),
    StrongColour(u8),
}

#[derive(Debug, Clone, Copy, Default)]
struct CanvasCell {
    /// The character, `None` for a blank; the second cell of a wide character holds `'\0'`.
    glyph: Option<char>,
    arms: u8,
    net: usize,
    ink: CellInk,
}

/// The sheet.
#[derive(Debug)]
pub(super) struct Canvas {
    wide: usize,
    cells: Vec<CanvasCell>,
}

impl Canvas {
    /// A blank sheet.
    pub fn new(wide: usize, tall: usize) -> Canvas {
        Canvas {
            wide,
            cells: vec![CanvasCell::default(); wide * tall],
        }
    }

    fn cell(&mut self, x: i64, y: i64) -> Option<&mut CanvasCell> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        if x < self.wide {
            self.cells.get_mut(y * self.wide + x)
        } else {
            None
        }
    }

    /// Writes one character over whatever is there.
    pub fn put(&mut self, x: i64, y: i64, glyph: char, ink: CellInk) {
        if let Some(cell) = self.cell(x, y) {
            *cell = CanvasCell {
                glyph: Some(glyph),
                ink,
                ..CanvasCell::default()
            };
        }
    }

    /// Writes text to the right.
    pub fn write(&mut self, x: i64, y: i64, text: &str, ink: CellInk) {
        let mut at = x;
        for c in text.chars() {
            let wide = lettering::columns(c);
            if wide > 0 {
                self.put(at, y, c, ink);
            }
            if wide == 2 {
                self.put(at + 1, y, '\0', ink);
            }
            at += i64::try_from(wide).unwrap_or(1);
        }
    }

    /// Adds a piece of the line of a net; where it only crosses another one, the upright stays.
    pub fn line(&mut self, x: i64, y: i64, arms: u8, net: usize, ink: CellInk) {
        let Some(cell) = self.cell(x, y) else { return };
        let crosses = cell.arms != 0 && cell.net != net;
        match (cell.arms, arms) {
            (old, new) if crosses && old == NORTH | SOUTH && new == EAST | WEST => {}
            (old, new) if crosses && old == EAST | WEST && new == NORTH | SOUTH => {
                *cell = CanvasCell {
                    glyph: None,
                    arms,
                    net,
                    ink,
                };
            }
            (old, _) => {
                *cell = CanvasCell {
                    glyph: None,
                    arms: old | arms,
                    net,
                    ink: if old == 0 { ink } else { cell.ink },
                }
            }
        }
    }

    /// The outline of a box.
    pub fn outline(
        &mut self,
        (x, y): (i64, i64),
        (wide, tall): (i64, i64),
        net: usize,
        ink: CellInk,
    ) {
        let (right, bottom) = (x + wide - 1, y + tall - 1);
        for at in x + 1..right {
            self.line(at, y, EAST | WEST, net, ink);
            self.line(at, bottom, EAST | WEST, net, ink);
        }
        for at in y + 1..bottom {
            self.line(x, at, NORTH | SOUTH, net, ink);
            self.line(right, at, NORTH | SOUTH, net, ink);
        }
        for (x, y, arms) in [
            (x, y, SOUTH | EAST),
            (right, y, SOUTH | WEST),
            (x, bottom, NORTH | EAST),
            (right, bottom, NORTH | WEST),
        ] {
            self.line(x, y, arms, net, ink);
        }
    }

    /// Whether a cell shows the border of a frame and no line crosses it.
    pub fn is_border(&mut self, x: i64, y: i64) -> bool {
        self.cell(x, y).is_some_and(|cell| cell.glyph == Some('╌'))
    }

    /// The sheet as lines, with escape sequences only if `colour`.
    pub fn print(&self, colour: bool) -> String {
        let mut out = String::new();
        for row in self.cells.chunks(self.wide.max(1)) {
            let used = row
                .iter()
                .rposition(|cell| !matches!(cell.shown(), ' '))
                .map_or(0, |last| last + 1);
            let mut ink = CellInk::Plain;
            for cell in row[..used].iter().filter(|cell| cell.shown() != '\0') {
                if colour && cell.ink != ink && cell.shown() != ' ' {
                    ink = cell.ink;
                    out.push_str(&ink.code());
                }
                out.push(cell.shown());
            }
            if ink != CellInk::Plain {
                out.push_str(&CellInk::Plain.code());
            }
            out.push('\n');
        }
        out
    }
}

impl CanvasCell {
    fn shown(&self) -> char {
        const LINES: [char; 16] = [
            ' ', '╵', '╶', '╰', '╷', '│', '╭', '├', '╴', '╯', '─', '┴', '╮', '┤', '┬', '┼',
        ];
        self.glyph.unwrap_or(LINES[usize::from(self.arms & 15)])
    }
}

impl CellInk {
    /// The escape sequence that switches to this ink.
    pub fn code(self) -> String {
        match self {
            CellInk::Plain => "\u{1b}[0m".to_owned(),
            CellInk::Faint => "\u{1b}[0;2m".to_owned(),
            CellInk::Strong => "\u{1b}[0;1m".to_owned(),
            CellInk::Colour(colour) => format!("\u{1b}[0;{colour}m"),
            CellInk::StrongColour(colour) => format!("\u{1b}[0;1;{colour}m"),
        }
    }
}
