//! The colours of kinds of stages, in one table for every output.
//!
//! A kind has the same hue in the terminal, in SVG and in Mermaid, so that eyes learn it once. Colour must never be
//! the only carrier of meaning: every drawing reads the same without it.
//!
//! To add a kind: one line in `KINDS`. Fills are faint, strokes strong enough to stand on them (3:1 or better).

use super::Mark;

/// How one kind of stage is coloured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours {
    /// The kind; empty for the neutral colour.
    pub kind: &'static str,
    /// Faint surface and strong line on a light page.
    pub light: (&'static str, &'static str),
    /// Faint surface and strong line on a dark page.
    pub dark: (&'static str, &'static str),
    /// The ANSI colour (a "select graphic rendition" number).
    pub ansi: u8,
}

const fn colours(kind: &'static str, light: (&'static str, &'static str), dark: (&'static str, &'static str), ansi: u8) -> Colours {
    Colours { kind, light, dark, ansi }
}

/// Every kind with a colour of its own.
pub(super) const KINDS: [Colours; 9] = [
    colours("fetch", ("#eff6ff", "#2f74e0"), ("#13233f", "#6aa9fb"), 94),
    colours("extract", ("#e9fafc", "#0b86a3"), ("#0c2a33", "#34cbe2"), 36),
    colours("resolve", ("#f5f3ff", "#7c4fe8"), ("#231b40", "#a98ffa"), 95),
    colours("classify", ("#fdf4ff", "#b42cc6"), ("#331639", "#e28af2"), 35),
    colours("validate", ("#fff9e8", "#b86e04"), ("#33260e", "#f5bd3d"), 33),
    colours("dedupe", ("#fff1f3", "#d92650"), ("#3a1520", "#fb8095"), 91),
    colours("promote", ("#effcf3", "#178a43"), ("#0f2b1b", "#52d584"), 32),
    colours("archive", ("#f6f4f2", "#7a6f66"), ("#2a2624", "#b8aca2"), 37),
    colours("report", ("#fff4ee", "#cf5314"), ("#371d10", "#fb9a62"), 31),
];

/// The ANSI colour of what left the way.
pub(super) const LOSS: u8 = 33;

/// Surface and line of each mark, on a light and on a dark page.
pub(super) const MARKS: [(Mark, (&str, &str), (&str, &str)); 3] = [
    (Mark::Added, ("#effcf3", "#146c36"), ("#0f2b1b", "#6be39b")),
    (Mark::Changed, ("#fff9e8", "#96580a"), ("#33260e", "#f9c74f")),
    (Mark::Removed, ("#fff1f3", "#b3202a"), ("#3a1520", "#ff9a9f")),
];

/// The ANSI colour of a mark, if it has one.
pub(super) fn marked(mark: Mark) -> Option<u8> {
    match mark {
        Mark::Same => None,
        Mark::Added => Some(32),
        Mark::Changed => Some(33),
        Mark::Removed => Some(31),
    }
}

/// The colour of kinds that are not in the table.
pub(super) const NEUTRAL: Colours = colours("", ("#f7f9fb", "#5f6f84"), ("#1d2633", "#98a8bd"), 39);

/// The colours of a kind.
pub(super) fn of(kind: &str) -> Colours {
    KINDS.into_iter().find(|colours| colours.kind == kind).unwrap_or(NEUTRAL)
}
