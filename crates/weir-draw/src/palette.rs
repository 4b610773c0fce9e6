//! The colours of kinds of stages in a terminal, in Mermaid and in DOT, and those of marks
//! everywhere.
//!
//! A kind has the same hue in all three, so that eyes learn it once; in SVG it has a symbol instead
//! (`symbols`). Colour must never be the only carrier of meaning: every drawing reads the same
//! without it.
//!
//! To add a kind: one line in `KINDS`. Fills are faint, strokes strong enough to stand on them (3:1
//! or better).

use super::PictureMark;

/// How one kind of stage is coloured.
#[derive(Debug, Clone, Copy)]
pub(super) struct StageColours {
    /// The kind; empty for the neutral colour.
    pub kind: &'static str,
    /// Faint surface and strong line on a light page.
    pub light: (&'static str, &'static str),
    /// The ANSI colour (a "select graphic rendition" number).
    pub ansi: u8,
}

const fn colours(
    kind: &'static str,
    light: (&'static str, &'static str),
    ansi: u8,
) -> StageColours {
    StageColours { kind, light, ansi }
}

/// Every kind with a colour of its own.
pub(super) const KINDS: [StageColours; 9] = [
    colours("fetch", ("#eff6ff", "#2f74e0"), 94),
    colours("extract", ("#e9fafc", "#0b86a3"), 36),
    colours("resolve", ("#f5f3ff", "#7c4fe8"), 95),
    colours("classify", ("#fdf4ff", "#b42cc6"), 35),
    colours("validate", ("#fff9e8", "#b86e04"), 33),
    colours("dedupe", ("#fff1f3", "#d92650"), 91),
    colours("promote", ("#effcf3", "#178a43"), 32),
    colours("archive", ("#f6f4f2", "#7a6f66"), 37),
    colours("report", ("#fff4ee", "#cf5314"), 31),
];

/// The ANSI colour of what left the way.
pub(super) const LOSS: u8 = 33;

/// How a mark is coloured: surface and line.
pub(super) struct MarkColours {
    pub mark: PictureMark,
    pub light: (&'static str, &'static str),
    pub dark: (&'static str, &'static str),
}

/// Every mark with a colour of its own.
pub(super) const MARKS: [MarkColours; 3] = [
    MarkColours {
        mark: PictureMark::Added,
        light: ("#effaf3", "#146c36"),
        dark: ("#12291c", "#6be39b"),
    },
    MarkColours {
        mark: PictureMark::Changed,
        light: ("#fff8e8", "#8f5200"),
        dark: ("#2e2512", "#f5bd55"),
    },
    MarkColours {
        mark: PictureMark::Removed,
        light: ("#fff2f3", "#a81c28"),
        dark: ("#35171b", "#ff9a9f"),
    },
];

/// The ANSI colour of a mark, if it has one.
pub(super) fn marked(mark: PictureMark) -> Option<u8> {
    match mark {
        PictureMark::Same => None,
        PictureMark::Added => Some(32),
        PictureMark::Changed => Some(33),
        PictureMark::Removed => Some(31),
    }
}

/// The colour of kinds that are not in the table.
pub(super) const NEUTRAL: StageColours = colours("", ("#f7f9fb", "#5f6f84"), 39);

/// The colours of a kind.
pub(super) fn of(kind: &str) -> StageColours {
    KINDS
        .into_iter()
        .find(|colours| colours.kind == kind)
        .unwrap_or(NEUTRAL)
}
