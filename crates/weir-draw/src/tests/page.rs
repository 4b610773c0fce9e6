//! The drawing within a page, after a run and after an edit: every stage a link, every text in its box, nothing small.

use super::super::shapes::pixels;
use super::*;

/// The numbers of attributes of a tag.
fn numbers<const N: usize>(tag: &str, names: [&str; N]) -> [i64; N] {
    names.map(|name| tag.split_once(&format!(" {name}=\"")).unwrap().1.split('"').next().unwrap().parse().unwrap())
}

/// Every tag that begins so, in order.
fn tags<'d>(drawing: &'d str, begin: &str) -> Vec<&'d str> {
    drawing.split(begin).skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

#[test]
fn on_a_page_every_stage_is_a_link_with_its_own_place_and_its_texts_fit() {
    for picture in all_pictures() {
        let drawing = within(&picture, &places(&picture));
        well_formed(&drawing);
        let [wide, tall] = numbers(tags(&drawing, "<svg").first().unwrap(), ["width", "height"]);
        let mut boxes = Vec::new();
        for (number, node) in picture.nodes.iter().enumerate() {
            let begin = format!("<a id=\"{}\" class=\"stage kind-", node.id);
            let stage = drawing.split_once(&begin).unwrap().1.split_once("</a>").unwrap().0;
            assert!(stage.contains(&format!(" href=\"#stage-{number}\"")) && stage.contains(" aria-label=\""), "{stage}");
            let [x, y, width, height] = numbers(tags(stage, "<rect class=\"box\"").first().unwrap(), ["x", "y", "width", "height"]);
            assert!(x >= 0 && y >= 0 && x + width <= wide && y + height <= tall, "{stage}");
            for text in stage.split("<text ").skip(1) {
                let (tag, words) = text.split_once('>').unwrap();
                let [left, base] = numbers(&format!(" {tag}"), ["x", "y"]);
                let words = words.split('<').next().unwrap();
                assert!(base > y && base < y + height && left + pixels(words, 12) <= x + width, "{stage}");
            }
            boxes.push(Place { along: x, across: y, size: Size { along: width, across: height } });
        }
        let labels = drawing.split("<g class=\"label\">").skip(1).map(|label| {
            let [along, across, width, height] = numbers(tags(label, "<rect").first().unwrap(), ["x", "y", "width", "height"]);
            Place { along, across, size: Size { along: width, across: height } }
        });
        boxes.extend(labels);
        for (number, place) in boxes.iter().enumerate() {
            assert!(boxes[number + 1..].iter().all(|other| !overlap(place, other)), "{picture:#?}");
        }
    }
}

#[test]
fn no_text_of_a_drawing_is_small() {
    let drawing = svg(&large());
    let sizes: Vec<&str> = drawing.split("font-size:").skip(1).map(|rest| rest.split("px").next().unwrap()).collect();
    assert!(sizes.len() >= 6 && sizes.iter().all(|size| size.parse::<u32>().unwrap() >= 11), "{sizes:?}");
}

#[test]
fn losses_stand_on_the_line_and_stand_out() {
    let picture = after_a_run(pipeline(1, &["fetch"], &["report"]));
    let plain = text(&picture, 120, false);
    assert!(plain.contains("119,007 · 1,474 refused") && plain.contains("120,481 in · 119,007 out"), "{plain}");
    assert!(text(&picture, 120, true).contains("\u{1b}[0;33m1,474 refused"));
    assert!(svg(&picture).contains("119,007 · <tspan class=\"loss\">1,474 refused</tspan>"));
    assert!(mermaid(&picture).contains("|\"119,007 · 1,474 refused\"|") && dot(&picture).contains("label=\"119,007 · 1,474 refused\""));
}

#[test]
fn marks_are_signs_in_text_and_classes_in_svg() {
    let picture = after_an_edit(three_sources());
    for width in [60, 100, 240] {
        let drawing = text(&picture, width, false);
        for name in ["+ fetch s0", "~ extract s0", "- fetch s1"] {
            assert!(drawing.contains(name), "{drawing}");
        }
    }
    let drawing = svg(&picture);
    for class in ["mark-added\"", "mark-changed\"", "mark-removed\"", "line mark-added\""] {
        assert!(drawing.contains(class), "{class}");
    }
    assert!(drawing.contains(">+ fetch s0<") && mermaid(&picture).contains("~ extract s0"));
}
