//! Draws single things in SVG: stages, frames, lines with their heads, labels.
//!
//! Every text comes out of `lettering::clean` and goes through `lettering::xml`; nothing else may stand between quotes
//! or tags. Lines end where heads begin and heads end at the border of a box.
//!
//! To draw a new thing, add a function here, its colours in `theme` and its call in `svg`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::graph::{Graph, Link};
use super::layout::{Layout, Place, Route};
use super::{Node, Picture, lettering};

/// Length of an arrow head.
const HEAD: i64 = 8;
/// Sizes of texts when they are measured: bold ones count as larger than they are set.
pub(super) const TITLE_SIZE: usize = 20;
pub(super) const NAME_SIZE: usize = 16;
pub(super) const DETAIL_SIZE: usize = 12;
pub(super) const LABEL_SIZE: usize = 11;
const CAPTION_SIZE: usize = 13;

/// Width of a text, rounded up.
pub(super) fn pixels(text: &str, size: usize) -> i64 {
    let hundredths: usize = text.chars().map(lettering::pixels).sum();
    i64::try_from((hundredths * size).div_ceil(100)).unwrap_or(i64::MAX / 1024)
}

/// A text that takes at most `room` pixels.
fn fitted(text: &str, size: usize, room: i64) -> String {
    let hundredths = usize::try_from(room.max(0)).unwrap_or(0) * 100 / size;
    lettering::shorten(text, hundredths, lettering::pixels)
}

/// A frame and its caption.
pub(super) fn frame(caption: &str, place: &Place, out: &mut String) {
    let Place { along, across, size } = *place;
    let _ = write!(
        out,
        "<g class=\"frame\"><title>{}</title><rect x=\"{along}\" y=\"{across}\" width=\"{}\" height=\"{}\" rx=\"14\"/>",
        lettering::xml(caption),
        size.along,
        size.across,
    );
    let short = fitted(caption, CAPTION_SIZE, size.along - 32);
    let _ = writeln!(out, "<text x=\"{}\" y=\"{}\">{}</text></g>", along + 16, across + 20, lettering::xml(&short));
}

/// A smooth curve through the stops of a route.
pub(super) fn line(link: &Link, route: &Route, picture: &Picture, out: &mut String) {
    let (Some(first), Some(last)) = (route.stops.first(), route.stops.last()) else {
        return;
    };
    let start = first.from + if link.back { HEAD } else { 0 };
    let end = last.to - if link.forth { HEAD } else { 0 };
    let mut path = format!("M{start} {}", first.across);
    for pair in route.stops.windows(2) {
        let (leave, reach) = (pair[0].to.max(start), pair[1].from.min(end));
        if pair[0].across == pair[1].across {
            let _ = write!(path, "H{reach}");
        } else {
            let middle = (leave + reach) / 2;
            let _ = write!(path, "H{leave}C{middle} {} {middle} {} {reach} {}", pair[0].across, pair[1].across, pair[1].across);
        }
    }
    let _ = write!(path, "H{end}");
    let name = |node: usize| lettering::xml(&picture.nodes[node].name());
    let label = link.label.as_deref().map_or(String::new(), |label| format!(": {}", lettering::xml(label)));
    let _ = writeln!(
        out,
        "<path class=\"line mark-{}\" data-from=\"{}\" data-to=\"{}\" d=\"{path}\"><title>{} → {}{label}</title></path>",
        link.mark.name(),
        link.from,
        link.to,
        name(link.from),
        name(link.to),
    );
}

/// One head for each place where arrows end, however many end there.
pub(super) fn heads(graph: &Graph, layout: &Layout, out: &mut String) {
    let mut ends = BTreeSet::new();
    for (link, route) in graph.links.iter().zip(&layout.routes) {
        if let Some(last) = route.stops.last().filter(|_| link.forth) {
            ends.insert((last.to, last.across, -HEAD));
        }
        if let Some(first) = route.stops.first().filter(|_| link.back) {
            ends.insert((first.from, first.across, HEAD));
        }
    }
    for (tip, across, back) in ends {
        let (tip, base) = (tip - back.signum(), tip + back);
        let _ = writeln!(out, "<path class=\"head\" d=\"M{tip} {across}L{base} {}V{}Z\"/>", across - 4, across + 4);
    }
}

/// The label of a link in a box that hides the line; the loss at its end stands out.
pub(super) fn edge_label(label: &str, loss: &str, place: &Place, out: &mut String) {
    let short = fitted(label, LABEL_SIZE, place.size.along - 12);
    let (before, loss) = match label.strip_suffix(loss).filter(|_| short == label) {
        Some(before) => (before, loss),
        None => (short.as_str(), ""),
    };
    let loss = if loss.is_empty() { String::new() } else { format!("<tspan class=\"loss\">{}</tspan>", lettering::xml(loss)) };
    let Place { along, across, size } = *place;
    let _ = writeln!(
        out,
        "<g class=\"label\"><title>{}</title><rect x=\"{along}\" y=\"{across}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>\
         <text x=\"{}\" y=\"{}\" xml:space=\"preserve\">{}{loss}</text></g>",
        lettering::xml(label),
        size.along,
        size.across,
        size.across / 2,
        along + size.along / 2,
        across + 13,
        lettering::xml(before),
    );
}

/// A stage as a group that a page can address, or as a link to a place on the page.
pub(super) fn stage(node: &Node, place: &Place, (number, target): (usize, Option<&String>), ids: &mut BTreeSet<String>, out: &mut String) {
    let Place { along, across, size } = *place;
    let (tag, link) = match target {
        Some(target) => {
            let told = lettering::xml(&std::iter::once(node.name()).chain(node.numbers()).collect::<Vec<_>>().join(": "));
            ("a", format!(" href=\"#{}\" data-node=\"{number}\" aria-label=\"{told}\"", lettering::xml(target)))
        }
        None => ("g", String::new()),
    };
    let _ = writeln!(
        out,
        "<{tag} id=\"{}\" class=\"stage kind-{} mark-{}\"{link}><title>{}</title>\
         <rect class=\"box\" x=\"{along}\" y=\"{across}\" width=\"{}\" height=\"{}\" rx=\"9\"/>\
         <rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"4\" height=\"{}\" rx=\"2\"/>",
        lettering::xml(&unique(&node.id, ids)),
        lettering::slug(&node.kind),
        node.mark.name(),
        lettering::xml(&node.whole().join("\n")),
        size.along,
        size.across,
        along + 8,
        across + 10,
        size.across - 20,
    );
    let text = |class: &str, y: i64, text: &str, points: usize| {
        let text = lettering::xml(&fitted(text, points, size.along - 32));
        format!("<text class=\"{class}\" x=\"{}\" y=\"{y}\">{text}</text>", along + 20)
    };
    out.push_str(&text("name", across + 24, &node.name(), NAME_SIZE));
    for (y, line) in (0..).map(|row| across + 43 + 17 * row).zip(&node.lines()) {
        out.push_str(&text("detail", y, line, DETAIL_SIZE));
    }
    if let Some(numbers) = node.numbers() {
        let y = across + size.across - 25;
        let _ = write!(out, "<path class=\"rule\" d=\"M{} {y}H{}\"/>", along + 20, along + size.along - 12);
        out.push_str(&text("figures", across + size.across - 9, &numbers, DETAIL_SIZE));
    }
    let _ = writeln!(out, "</{tag}>");
}

/// The id of a stage without white space, numbered when another stage has the same.
fn unique(id: &str, ids: &mut BTreeSet<String>) -> String {
    let id = lettering::clean(id).replace(' ', "-");
    let id = if id.is_empty() { "stage".to_owned() } else { id };
    let mut numbered = (2..).map(|number| format!("{id}-{number}"));
    let mut free = id.clone();
    while ids.contains(&free) {
        free = numbered.next().unwrap_or_default();
    }
    ids.insert(free.clone());
    free
}
