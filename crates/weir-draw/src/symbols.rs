//! A small symbol for each kind of stage: it says at a glance what a box does, where colour says
//! only how it went.
//!
//! Symbols are strokes on a grid of 16, in the colour of their surroundings. They must never be the
//! only thing that says what a stage is: the name stands beside them.
//!
//! To add one: a line in [`SYMBOLS`].

/// Kinds and their strokes, as SVG path data.
const SYMBOLS: [(&str, &str); 13] = [
    ("fetch", "M8 2v8M4.5 6.7 8 10.2l3.5-3.5M2.5 13.5h11"),
    ("details", "M4 1.8h5.5L12.5 5v9.2H4zM6.3 8h4M6.3 11h4"),
    ("extract", "M2.5 4h11M2.5 8h7M2.5 12h9"),
    (
        "resolve",
        "M6.6 9.4l2.8-2.8M7.2 4.6l1.3-1.3a2.9 2.9 0 0 1 4.2 4.2l-1.3 1.3M8.8 11.4l-1.3 1.3a2.9 2.9 0 0 1-4.2-4.2l1.3-1.3",
    ),
    ("classify", "M2.5 2.5h5.2l6 6-5.2 5.2-6-6zM5.4 5.4h.01"),
    ("quality", "M2.3 11.8a5.8 5.8 0 1 1 11.4 0M8 11.2l2.6-4"),
    (
        "identity",
        "M8 2.2a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2M2.8 13.8c.5-3 2.5-4.4 5.2-4.4s4.7 1.4 5.2 4.4",
    ),
    ("validate", "M2.8 8.6l3.4 3.4L13.2 4.4"),
    ("dedupe", "M2.5 2.5h7.8v7.8H2.5zM5.7 13.5h7.8V5.7"),
    ("promote", "M8 13.8V5.6M4.5 9 8 5.5 11.5 9M2.5 2.5h11"),
    ("archive", "M2 3h12v3H2zM3.2 6v7.5h9.6V6M6.4 9h3.2"),
    ("report", "M2.5 13.5h11M4.6 11V8.4M8 11V3.6M11.4 11V6.4"),
    ("", "M8 5a3 3 0 1 1-.01 0z"),
];

/// Other names of kinds that have a symbol.
const ALIKE: [(&str, &str); 8] = [
    ("detail", "details"),
    ("weigh", "quality"),
    ("measure", "quality"),
    ("match_ids", "identity"),
    ("match", "identity"),
    ("guard", "identity"),
    ("retire", "archive"),
    ("settle", "archive"),
];

/// The strokes of a kind; a ring for kinds without a symbol.
pub fn symbol(kind: &str) -> &'static str {
    let kind = ALIKE
        .into_iter()
        .find(|(name, _)| *name == kind)
        .map_or(kind, |(_, alike)| alike);
    let of = |wanted: &str| SYMBOLS.into_iter().find(|(name, _)| *name == wanted);
    of(kind)
        .or_else(|| of(""))
        .map_or("", |(_, strokes)| strokes)
}
