//! Writes the picture in DOT, for Graphviz and everything that reads its language.
//!
//! Stages are numbered (`n0`, `n1`, ...) and every text is a quoted string: no foreign text can
//! become syntax.
//!
//! To say more about a stage, add an attribute in `nodes`.

use std::fmt::Write as _;

use super::graph::{self, LayoutGraph};
use super::{Picture, lettering, palette};

/// The picture as a DOT digraph from left to right, with a cluster for each frame.
pub fn dot(picture: &Picture) -> String {
    let graph = LayoutGraph::new(picture);
    let mut out = String::from(
        "digraph weir {\n  rankdir=LR; nodesep=0.35; ranksep=0.7; fontname=\"Helvetica\";\n",
    );
    out.push_str("  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=12, margin=\"0.2,0.1\"];\n");
    out.push_str(
        "  edge [color=\"#7a8699\", fontname=\"Helvetica\", fontsize=10, arrowsize=0.7];\n",
    );
    let title = lettering::clean(&picture.title);
    if !title.is_empty() {
        let _ = writeln!(out, "  labelloc=t; label=\"{}\";", quoted(&title));
    }
    for (number, caption) in graph.frames.iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{number} {{");
        let _ = writeln!(
            out,
            "    label=\"{}\"; style=\"rounded,dashed\"; color=\"#9aa6b8\"; fontsize=10;",
            quoted(caption)
        );
        nodes(picture, &graph, Some(number), "    ", &mut out);
        out.push_str("  }\n");
    }
    nodes(picture, &graph, None, "  ", &mut out);
    edges(picture, &mut out);
    out.push_str("}\n");
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
        let (fill, stroke) = palette::of(&node.kind).light;
        let short = node
            .lines()
            .into_iter()
            .chain(node.numbers())
            .map(|line| lettering::shorten(&line, 40, lettering::columns));
        let lines: Vec<String> = std::iter::once(node.name())
            .chain(short)
            .map(|line| quoted(&line))
            .collect();
        let whole: Vec<String> = node.whole().iter().map(|line| quoted(line)).collect();
        let _ = writeln!(
            out,
            "{indent}n{number} [id=\"{}\", label=\"{}\", tooltip=\"{}\", fillcolor=\"{fill}\", color=\"{stroke}\"];",
            quoted(&lettering::clean(&node.id)),
            lines.join("\\n"),
            whole.join("\\n"),
        );
    }
}

fn edges(picture: &Picture, out: &mut String) {
    for edge in graph::edges(picture) {
        let label = edge.text();
        let label = if label.is_empty() {
            label
        } else {
            format!(" [label=\"{}\"]", quoted(&label))
        };
        let _ = writeln!(out, "  n{} -> n{}{label};", edge.from, edge.to);
    }
}

/// Text within double quotes; backslashes would start escapes such as `\N`.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
