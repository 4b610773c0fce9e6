//! Writes single things in SVG: stages, frames, lines with their heads, labels.
//!
//! Every text comes out of `lettering::clean` and goes through `lettering::xml`; nothing else may
//! stand between quotes or tags. Lines end where heads begin and heads end at the border of a box.
//!
//! To draw a new thing, add a function here, its colours in `theme` and its call in `svg`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::graph::GraphLink;
use super::layout::BoxPlace;
use super::plot::{ArrowHeading, FramePart, LineTrack};
use super::{Picture, PictureNode, lettering, symbols};

/// Length of an arrow head.
pub(super) const HEAD: i64 = 8;
/// Sizes of texts when they are measured: bold ones count as larger than they are set.
pub(super) const TITLE_SIZE: usize = 19;
pub(super) const NAME_SIZE: usize = 15;
pub(super) const DETAIL_SIZE: usize = 12;
pub(super) const LABEL_SIZE: usize = 12;
const CAPTION_SIZE: usize = 13;
/// From one line of a label to the next.
pub(super) const LABEL_LINE: i64 = 16;

/// Width of a text, rounded up.
pub(super) fn pixels(text: &str, size: usize) -> i64 {
    let hundredths: usize = text.chars().map(lettering::pixels).sum();
    i64::try_from((hundredths * size).div_ceil(100)).unwrap_or(i64::MAX / 1024)
}

/// A text that takes at most `room` pixels.
pub(super) fn fitted(text: &str, size: usize, room: i64) -> String {
    let hundredths = usize::try_from(room.max(0)).unwrap_or(0) * 100 / size;
    lettering::shorten(text, hundredths, lettering::pixels)
}

/// The part of a frame in a row, and its caption.
pub(super) fn frame(caption: &str, part: &FramePart, out: &mut String) {
    let BoxPlace {
        along,
        across,
        size,
    } = part.place;
    let caption = if part.continues {
        format!("{caption} · continued")
    } else {
        caption.to_owned()
    };
    let _ = write!(
        out,
        "<g class=\"frame\"><title>{}</title><rect x=\"{along}\" y=\"{across}\" width=\"{}\" height=\"{}\" rx=\"12\"/>",
        lettering::xml(&caption),
        size.along,
        size.across,
    );
    let short = fitted(&caption, CAPTION_SIZE, size.along - 28);
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\">{}</text></g>",
        along + 14,
        across + 19,
        lettering::xml(&short)
    );
}

/// The way of a link.
pub(super) fn line(link: &GraphLink, track: &LineTrack, picture: &Picture, out: &mut String) {
    if track.path.is_empty() {
        return;
    }
    let name = |node: usize| lettering::xml(&picture.nodes[node].name());
    let label = link.label.as_deref().map_or(String::new(), |label| {
        format!(": {}", lettering::xml(label))
    });
    let _ = writeln!(
        out,
        "<path class=\"line{} mark-{}\" data-from=\"{}\" data-to=\"{}\" d=\"{}\"><title>{} → {}{label}</title></path>",
        if link.waits { " waits" } else { "" },
        link.mark.name(),
        link.from,
        link.to,
        track.path,
        name(link.from),
        name(link.to),
    );
}

/// A rail that stages share.
pub(super) fn rail(path: &str, out: &mut String) {
    let _ = writeln!(out, "<path class=\"line rail\" d=\"{path}\"/>");
}

/// The dot of a stage on its rail.
pub(super) fn dot((x, y): (i64, i64), out: &mut String) {
    let _ = writeln!(out, "<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>");
}

/// One head for each place where arrows end, however many end there.
pub(super) fn heads(heads: &BTreeSet<(i64, i64, ArrowHeading)>, out: &mut String) {
    for (tip, y, heading) in heads {
        let base = if *heading == ArrowHeading::Right {
            tip - HEAD
        } else {
            tip + HEAD
        };
        let _ = writeln!(
            out,
            "<path class=\"head\" d=\"M{tip} {y}L{base} {}V{}Z\"/>",
            y - 4,
            y + 4
        );
    }
}

/// The label of a link in a box that hides the line: what flows, why that is another number, and
/// what was lost; on one line where the box is as low as that.
pub(super) fn edge_label(link: &GraphLink, place: &BoxPlace, out: &mut String) {
    let BoxPlace {
        along,
        across,
        size,
    } = *place;
    let _ = write!(
        out,
        "<g class=\"label\"><title>{}</title><rect x=\"{along}\" y=\"{across}\" width=\"{}\" height=\"{}\" rx=\"9\"/>",
        lettering::xml(link.label.as_deref().unwrap_or_default()),
        size.along,
        size.across,
    );
    let parts = link.parts();
    if size.across < 2 * LABEL_LINE && parts.len() > 1 {
        let spans = parts.iter().map(|(class, text)| {
            format!("<tspan class=\"{class}\">{}</tspan>", lettering::xml(text))
        });
        let text = spans.collect::<Vec<_>>().join(" · ");
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\">{text}</text>",
            along + size.along / 2,
            across + 15
        );
    } else {
        for (y, (class, text)) in (0..).map(|row| across + 15 + LABEL_LINE * row).zip(&parts) {
            let short = lettering::xml(&fitted(text, LABEL_SIZE, size.along - 12));
            let _ = write!(
                out,
                "<text x=\"{}\" y=\"{y}\"><tspan class=\"{class}\">{short}</tspan></text>",
                along + size.along / 2
            );
        }
    }
    out.push_str("</g>\n");
}

/// A stage as a group that a page can address, or as a link to a place on the page.
pub(super) fn stage(
    (node, loses): (&PictureNode, bool),
    place: &BoxPlace,
    (id, number, target): (&str, usize, Option<&String>),
    out: &mut String,
) {
    let BoxPlace {
        along,
        across,
        size,
    } = *place;
    let tag = if target.is_some() { "a" } else { "g" };
    let _ = writeln!(
        out,
        "<{tag} id=\"{}\" class=\"stage kind-{} mark-{}{}{}\"{}><title>{}</title>\
         <rect class=\"box\" x=\"{along}\" y=\"{across}\" width=\"{}\" height=\"{}\" rx=\"8\"/>\
         <rect class=\"tile\" x=\"{}\" y=\"{}\" width=\"22\" height=\"22\" rx=\"6\"/>\
         <path class=\"symbol\" transform=\"translate({} {})\" d=\"{}\"/>",
        lettering::xml(id),
        lettering::slug(&node.kind),
        node.mark.name(),
        if loses { " loses" } else { "" },
        if node.works { " at-work" } else { "" },
        target.map_or(String::new(), |target| link_attributes(number, target)),
        lettering::xml(&node.whole().join("\n")),
        size.along,
        size.across,
        along + 10,
        across + 9,
        along + 13,
        across + 12,
        symbols::symbol(&node.kind),
    );
    texts(node, place, out);
    let _ = writeln!(out, "</{tag}>");
}

/// What makes a stage a link; its name is what it says, as it is read.
fn link_attributes(number: usize, target: &str) -> String {
    let target = lettering::xml(target);
    format!(" href=\"{target}\" data-node=\"{number}\"")
}

/// Name, lines and numbers of a stage.
fn texts(node: &PictureNode, place: &BoxPlace, out: &mut String) {
    let BoxPlace {
        along,
        across,
        size,
    } = *place;
    let mut text = |class: &str, (x, y): (i64, i64), text: &str, points: usize| {
        let text = lettering::xml(&fitted(text, points, along + size.along - 12 - x));
        let _ = write!(
            out,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"
        );
    };
    text("name", (along + 40, across + 25), &node.name(), NAME_SIZE);
    for (y, line) in (0..).map(|row| across + 47 + 17 * row).zip(&node.lines()) {
        text("detail", (along + 14, y), line, DETAIL_SIZE);
    }
    if let Some(numbers) = node.numbers() {
        let y = across + size.across - 11;
        text("figures", (along + 14, y), &numbers, DETAIL_SIZE);
        let _ = write!(
            out,
            "<path class=\"rule\" d=\"M{} {}H{}\"/>",
            along + 1,
            y - 18,
            along + size.along - 1
        );
    }
}

/// The id of a stage without white space, numbered when another stage has the same.
pub(super) fn unique(id: &str, ids: &mut BTreeSet<String>) -> String {
    let id = lettering::clean(id).replace(' ', "-");
    let id = if id.is_empty() {
        "stage".to_owned()
    } else {
        id
    };
    let mut numbered = (2..).map(|number| format!("{id}-{number}"));
    let mut free = id.clone();
    while ids.contains(&free) {
        free = numbered.next().unwrap_or_default();
    }
    ids.insert(free.clone());
    free
}
