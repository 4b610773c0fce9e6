//! Writes the picture as a Mermaid flowchart, for Markdown files and wikis that draw it themselves.
//!
//! Names of stages are numbered (`n0`, `n1`, ...): no foreign text ever stands where Mermaid
//! expects syntax.
//!
//! To say more about a stage, add it to its label in `nodes`; every foreign text goes through
//! `quoted`.

use std::fmt::Write as _;

use super::graph::{self, LayoutGraph};
use super::{Picture, lettering, palette};

/// The picture as a Mermaid flowchart from left to right, with a subgraph for each frame.
pub fn mermaid(picture: &Picture) -> String {
    let graph = LayoutGraph::new(picture);
    let mut out = String::new();
    let title = lettering::clean(&picture.title);
    if !title.is_empty() {
        let _ = writeln!(out, "---\ntitle: \"{}\"\n---", titled(&title));
    }
    out.push_str("flowchart LR\n");
    for (number, caption) in graph.frames.iter().enumerate() {
        let _ = writeln!(out, "  subgraph f{number}[\"{}\"]", quoted(caption));
        nodes(picture, &graph, Some(number), "    ", &mut out);
        out.push_str("  end\n");
    }
    nodes(picture, &graph, None, "  ", &mut out);
    edges(picture, &mut out);
    styles(picture, graph.frames.len(), &mut out);
    out
}

fn nodes(
    picture: &Picture,
    graph: &LayoutGraph,
    frame: Option<usize>,
    indent: &str,
    out: &mut String,
) {
    for (number, node) in picture
        .nodes
        .iter()
        .enumerate()
        .filter(|(number, _)| graph.frame[*number] == frame)
    {
        let label = quoted(&node.name());
        let line = |line: &String| quoted(&lettering::shorten(line, 40, lettering::columns));
        let details: String = node
            .lines()
            .iter()
            .chain(&node.numbers())
            .map(|text| format!("<br><small>{}</small>", line(text)))
            .collect();
        let _ = writeln!(
            out,
            "{indent}n{number}(\"<b>{label}</b>{details}\"):::{}",
            class(&node.kind)
        );
    }
}

fn edges(picture: &Picture, out: &mut String) {
    for edge in graph::edges(picture) {
        let label = edge.text();
        let label = if label.is_empty() {
            label
        } else {
            format!("|\"{}\"|", quoted(&label))
        };
        let _ = writeln!(out, "  n{} -->{label} n{}", edge.from, edge.to);
    }
}

fn styles(picture: &Picture, frames: usize, out: &mut String) {
    let used = |kind: &str| {
        picture
            .nodes
            .iter()
            .any(|node| palette::of(&node.kind).kind == kind)
    };
    for colours in palette::KINDS
        .iter()
        .chain([&palette::NEUTRAL])
        .filter(|colours| used(colours.kind))
    {
        let (fill, stroke) = colours.light;
        let _ = writeln!(
            out,
            "  classDef {} fill:{fill},stroke:{stroke},color:#111827",
            class(colours.kind)
        );
    }
    for number in 0..frames {
        let _ = writeln!(
            out,
            "  style f{number} fill:#64748b14,stroke:#94a3b8,stroke-dasharray:4 3"
        );
    }
}

/// A title: Mermaid reads no entities there, so what it could misread is replaced by what looks
/// alike.
fn titled(text: &str) -> String {
    let alike = |c| match c {
        '<' => '‹',
        '>' => '›',
        '&' => '+',
        '"' => '”',
        '\\' => '/',
        _ => c,
    };
    text.chars().map(alike).collect()
}

/// A class name that is no word of Mermaid's own.
fn class(kind: &str) -> String {
    let kind = palette::of(kind).kind;
    format!("kind_{}", if kind.is_empty() { "other" } else { kind })
}

/// Text within double quotes: every character that Mermaid, Markdown or HTML could read becomes its
/// number.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '"' | '<'
                | '>'
                | '&'
                | '#'
                | ';'
                | '\\'
                | '`'
                | '%'
                | '{'
                | '}'
                | '*'
                | '_'
                | '['
                | ']'
                | '|'
        ) {
            let _ = write!(out, "#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
