//! The drawing within a page, after a run and after an edit: every stage a link, every text in its
//! box, nothing small.

use super::super::shapes::pixels;
use super::*;

/// The numbers of attributes of a tag.
fn numbers<const N: usize>(tag: &str, names: [&str; N]) -> [i64; N] {
    names.map(|name| {
        tag.split_once(&format!(" {name}=\""))
            .unwrap()
            .1
            .split('"')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    })
}

/// Every tag that begins so, in order.
fn tags<'d>(drawing: &'d str, begin: &str) -> Vec<&'d str> {
    drawing
        .split(begin)
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
        .collect()
}

#[test]
fn on_a_page_every_stage_is_a_link_with_its_own_place_and_its_texts_fit() {
    for picture in all_pictures() {
        for width in WIDTHS {
            let prefix = if width == PHONE { "narrow-" } else { "" };
            fits_its_page(
                &picture,
                &within(&picture, &places(&picture), width),
                prefix,
            );
        }
    }
}

/// Boxes are on the page and texts in their boxes, and nothing lies on anything.
fn fits_its_page(picture: &Picture, drawing: &str, prefix: &str) {
    well_formed(drawing);
    let [wide, tall] = numbers(tags(drawing, "<svg").first().unwrap(), ["width", "height"]);
    let mut boxes = Vec::new();
    for (number, node) in picture.nodes.iter().enumerate() {
        let begin = format!("<a id=\"{prefix}{}\" class=\"stage kind-", node.id);
        let stage = drawing
            .split_once(&begin)
            .unwrap()
            .1
            .split_once("</a>")
            .unwrap()
            .0;
        assert!(
            stage.contains(&format!(" href=\"#stage-{number}\"")) && stage.contains("<title>"),
            "{stage}"
        );
        let [x, y, width, height] = numbers(
            tags(stage, "<rect class=\"box\"").first().unwrap(),
            ["x", "y", "width", "height"],
        );
        assert!(
            x >= 0 && y >= 0 && x + width <= wide && y + height <= tall,
            "{stage}"
        );
        for text in stage.split("<text ").skip(1) {
            let (tag, words) = text.split_once('>').unwrap();
            let [left, base] = numbers(&format!(" {tag}"), ["x", "y"]);
            let words = words.split('<').next().unwrap();
            assert!(
                base > y && base < y + height && left + pixels(words, 12) <= x + width,
                "{stage}"
            );
        }
        boxes.push(BoxPlace {
            along: x,
            across: y,
            size: BoxSize {
                along: width,
                across: height,
            },
        });
    }
    let labels = drawing.split("<g class=\"label\">").skip(1).map(|label| {
        let [along, across, width, height] = numbers(
            tags(label, "<rect").first().unwrap(),
            ["x", "y", "width", "height"],
        );
        BoxPlace {
            along,
            across,
            size: BoxSize {
                along: width,
                across: height,
            },
        }
    });
    boxes.extend(labels);
    for (number, place) in boxes.iter().enumerate() {
        assert!(
            boxes[number + 1..]
                .iter()
                .all(|other| !overlap(place, other)),
            "{drawing}"
        );
    }
}

/// A plan with as many kinds of stages as there are, after a run.
fn twelve_stages(sources: usize) -> Picture {
    let shared = [
        "resolve", "classify", "validate", "promote", "dedupe", "archive", "report",
    ];
    let mut picture = pipeline(
        sources,
        &["fetch", "details", "quality", "identity", "extract"],
        &shared,
    );
    picture.frames = vec![PictureFrame {
        label: "segment: commits as one".to_owned(),
        nodes: (5 * sources - 1..5 * sources + 4).collect(),
    }];
    after_a_run(picture)
}

#[test]
fn plans_fit_a_screen_and_a_phone() {
    for sources in 1..4 {
        let picture = twelve_stages(sources);
        for width in WIDTHS {
            let [wide] = numbers(
                tags(&svg(&picture, width), "<svg").first().unwrap(),
                ["width"],
            );
            assert!(
                wide <= i64::from(width),
                "{sources} sources take {wide} pixels of {width}"
            );
        }
    }
    let [tall] = numbers(
        tags(&svg(&twelve_stages(1), SCREEN), "<svg")
            .first()
            .unwrap(),
        ["height"],
    );
    assert!(tall <= 700, "twelve stages are {tall} pixels tall");
}

/// The straight strokes of a path as thin boxes.
fn strokes(path: &str) -> Vec<BoxPlace> {
    let mut strokes = Vec::new();
    let mut at = (0_i64, 0_i64);
    let mut commands: Vec<(char, Vec<i64>)> = Vec::new();
    for c in path.chars() {
        match c {
            'A'..='Z' => commands.push((c, vec![0])),
            ' ' => commands.last_mut().unwrap().1.push(0),
            _ => {
                let number = commands.last_mut().unwrap().1.last_mut().unwrap();
                *number = 10 * *number + i64::from(c.to_digit(10).unwrap());
            }
        }
    }
    for (command, numbers) in commands {
        let to = match command {
            'H' => (numbers[0], at.1),
            'V' => (at.0, numbers[0]),
            _ => (numbers[numbers.len() - 2], numbers[numbers.len() - 1]),
        };
        if matches!(command, 'H' | 'V' | 'L') {
            let (x, y) = (at.0.min(to.0), at.1.min(to.1));
            strokes.push(BoxPlace {
                along: x,
                across: y,
                size: BoxSize {
                    along: (to.0 - at.0).abs().max(1),
                    across: (to.1 - at.1).abs().max(1),
                },
            });
        }
        at = to;
    }
    strokes
}

#[test]
fn lines_between_rows_run_beside_stages() {
    for picture in all_pictures().into_iter().chain((1..4).map(twelve_stages)) {
        let drawing = svg(&picture, 700);
        let boxes: Vec<BoxPlace> = tags(&drawing, "<rect class=\"box\"")
            .into_iter()
            .map(|tag| numbers(tag, ["x", "y", "width", "height"]))
            .map(|[along, across, width, height]| BoxPlace {
                along,
                across,
                size: BoxSize {
                    along: width,
                    across: height,
                },
            })
            .collect();
        for tag in tags(&drawing, "<path class=\"line") {
            let path = tag.split_once(" d=\"").unwrap().1.trim_end_matches('"');
            for stroke in strokes(path) {
                assert!(
                    boxes.iter().all(|place| !overlap(place, &stroke)),
                    "{path}\n{drawing}"
                );
            }
        }
    }
}

#[test]
fn no_text_of_a_drawing_is_small() {
    let drawing = svg(&large(), SCREEN);
    let sizes: Vec<&str> = drawing
        .split("font-size:")
        .skip(1)
        .map(|rest| rest.split("px").next().unwrap())
        .collect();
    assert!(
        sizes.len() >= 6 && sizes.iter().all(|size| size.parse::<u32>().unwrap() >= 12),
        "{sizes:?}"
    );
}

#[test]
fn losses_stand_on_the_line_and_stand_out() {
    let picture = after_a_run(pipeline(1, &["fetch"], &["report"]));
    let plain = text(&picture, 120, false);
    assert!(
        plain.contains("119,007 · 1,474 refused") && plain.contains("120,481 in · 119,007 out"),
        "{plain}"
    );
    assert!(text(&picture, 120, true).contains("\u{1b}[0;33m1,474 refused"));
    assert!(svg(&picture, SCREEN).contains("<tspan class=\"loss\">◆ 1,474 refused</tspan>"));
    assert!(svg(&picture, PHONE).contains(
        "<tspan class=\"flow\">119,007</tspan> · <tspan class=\"loss\">◆ 1,474 refused</tspan>"
    ));
    assert!(
        mermaid(&picture).contains("|\"119,007 · 1,474 refused\"|")
            && dot(&picture).contains("label=\"119,007 · 1,474 refused\"")
    );
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
    let drawing = svg(&picture, SCREEN);
    for class in [
        "mark-added\"",
        "mark-changed\"",
        "mark-removed\"",
        "line mark-added\"",
    ] {
        assert!(drawing.contains(class), "{class}");
    }
    assert!(drawing.contains(">+ fetch s0<") && mermaid(&picture).contains("~ extract s0"));
}
