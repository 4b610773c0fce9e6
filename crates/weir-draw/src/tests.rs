//! What every drawing promises, checked on pictures people draw and on thousands nobody would.
//!
//! To add a case, add a picture to `all_pictures`: every promise is then checked on it.

mod page;

use std::collections::BTreeSet;

use super::align::{self, PositionWishes};
use super::graph::LayoutGraph;
use super::layout::{BoxPlace, GraphArrangement, Layout, RankHop, RouteStop};
use super::layout_input::{BoxSize, BoxSizes, LayoutSpacing};
use super::{
    PHONE, Picture, PictureEdge, PictureFrame, PictureMark, PictureNode, SCREEN, dot, lettering,
    mermaid, svg, text, within,
};

/// The widths in which pictures are drawn: rows, few rows, a column.
const WIDTHS: [u32; 3] = [SCREEN, 700, PHONE];

fn node(id: &str, kind: &str, detail: &[&str]) -> PictureNode {
    let detail = detail.iter().map(|line| (*line).to_owned()).collect();
    PictureNode {
        id: id.to_owned(),
        label: id.replace(':', " "),
        detail,
        kind: kind.to_owned(),
        ..PictureNode::default()
    }
}

fn edge(from: usize, to: usize, label: &str) -> PictureEdge {
    PictureEdge {
        from,
        to,
        label: Some(label.to_owned()).filter(|label| !label.is_empty()),
        ..PictureEdge::default()
    }
}

/// A chain of stages for each source, then a chain that all share.
fn pipeline(sources: usize, own: &[&str], shared: &[&str]) -> Picture {
    let mut picture = Picture {
        title: format!("{sources} sources"),
        ..Picture::default()
    };
    let join = sources * own.len();
    for source in 0..sources {
        for (step, kind) in own.iter().enumerate() {
            let at = source * own.len() + step;
            picture.nodes.push(node(
                &format!("{kind}:s{source}"),
                kind,
                &["https://example.org/api/v2/jobs", "12 fields"],
            ));
            let next = if step + 1 < own.len() { at + 1 } else { join };
            picture
                .edges
                .push(edge(at, next, if step == 0 { "4,812 in" } else { "" }));
        }
        if own.len() > 3 {
            let nodes = (1..own.len() - 1)
                .map(|step| source * own.len() + step)
                .collect();
            picture.frames.push(PictureFrame {
                label: format!("segment s{source}"),
                nodes,
            });
        }
    }
    for (step, kind) in shared.iter().enumerate() {
        picture.nodes.push(node(kind, kind, &["daily"]));
        if step > 0 {
            picture.edges.push(edge(join + step - 1, join + step, ""));
        }
    }
    picture
}

fn three_sources() -> Picture {
    let mut picture = pipeline(
        3,
        &["fetch", "extract"],
        &["resolve", "validate", "promote", "archive", "report"],
    );
    picture.frames.push(PictureFrame {
        label: "derive".to_owned(),
        nodes: vec![6, 7, 8],
    });
    picture
}

/// Fifty stages and twenty sources, after a run.
fn large() -> Picture {
    let shared = [
        "classify", "resolve", "validate", "dedupe", "promote", "archive", "alert", "export",
        "index", "report",
    ];
    let mut picture = pipeline(20, &["fetch", "extract"], &shared);
    let extracts = (0..20).map(|source| 2 * source + 1);
    picture.frames.push(PictureFrame {
        label: "segment: commits as one".to_owned(),
        nodes: extracts.chain(40..45).collect(),
    });
    after_a_run(picture)
}

/// Counts on every stage and edge.
fn after_a_run(mut picture: Picture) -> Picture {
    picture
        .nodes
        .iter_mut()
        .for_each(|node| node.figures = "120,481 in · 119,007 out · 1 min 12 s".to_owned());
    picture.edges.iter_mut().for_each(|edge| {
        (edge.label, edge.loss) = (Some("119,007".to_owned()), Some("1,474 refused".to_owned()));
    });
    picture
}

/// One stage of each mark.
fn after_an_edit(mut picture: Picture) -> Picture {
    for (at, mark) in [
        (0, PictureMark::Added),
        (1, PictureMark::Changed),
        (2, PictureMark::Removed),
    ] {
        picture.nodes[at].mark = mark;
    }
    picture.edges[0].mark = PictureMark::Added;
    picture
}

fn chains(sources: usize) -> Picture {
    pipeline(
        sources,
        &[
            "fetch", "extract", "resolve", "validate", "promote", "archive",
        ],
        &["report"],
    )
}

/// Pictures with shortcuts, several frames, cycles and loose stages, the same for the same seed.
fn odd(seed: u64) -> Picture {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit
    };
    let count = 2 + below(14);
    let mut picture = Picture::default();
    for number in 0..count {
        let lines = ["a", "some longer line of detail", "c"];
        picture.nodes.push(node(
            &format!("stage:{number}"),
            "fetch",
            &lines[..below(4)],
        ));
    }
    for _ in 0..count + below(count) {
        let (from, to) = (below(count), below(count));
        let (from, to) = if below(12) == 0 {
            (from, to)
        } else {
            (from.min(to), from.max(to))
        };
        picture
            .edges
            .push(edge(from, to, ["", "", "17 in"][below(3)]));
    }
    for frame in 0..below(4) {
        let nodes = (0..1 + below(4)).map(|_| below(count)).collect();
        picture.frames.push(PictureFrame {
            label: format!("frame {frame}"),
            nodes,
        });
    }
    picture
}

fn all_pictures() -> Vec<Picture> {
    let mut pictures = vec![
        Picture::default(),
        pipeline(
            1,
            &["fetch", "extract"],
            &["resolve", "validate", "promote", "archive", "report"],
        ),
        three_sources(),
        chains(3),
        chains(8),
        pipeline(
            20,
            &["fetch", "extract"],
            &["resolve", "validate", "promote", "archive", "report"],
        ),
        large(),
        after_a_run(three_sources()),
        after_an_edit(three_sources()),
    ];
    pictures.extend((0..150).map(odd));
    pictures
}

/// A layout with sizes that differ from node to node.
fn laid_out(picture: &Picture) -> (LayoutGraph, Layout) {
    let graph = LayoutGraph::new(picture);
    let size = |(number, node): (usize, &PictureNode)| BoxSize {
        along: 90 + 7 * i64::try_from(number % 5).unwrap(),
        across: 30 + 16 * i64::try_from(node.detail.len()).unwrap(),
    };
    let sizes = BoxSizes {
        nodes: picture.nodes.iter().enumerate().map(size).collect(),
        labels: graph
            .links
            .iter()
            .map(|_| BoxSize {
                along: 50,
                across: 18,
            })
            .collect(),
    };
    let spacing = LayoutSpacing {
        nodes: 12,
        lines: 8,
        frames: 10,
        border: (10, 10, 20, 10),
        frame_least: vec![40; graph.frames.len()],
    };
    let layout = GraphArrangement::new(&graph).layout(&sizes, &spacing, |_| 40);
    (graph, layout)
}

fn overlap(a: &BoxPlace, b: &BoxPlace) -> bool {
    let apart = |a: i64, a_size: i64, b: i64, b_size: i64| a + a_size <= b || b + b_size <= a;
    !apart(a.along, a.size.along, b.along, b.size.along)
        && !apart(a.across, a.size.across, b.across, b.size.across)
}

/// The straight parts of a link as thin boxes.
fn straights(layout: &Layout, link: usize) -> Vec<BoxPlace> {
    let thin = |stop: &RouteStop| BoxPlace {
        along: stop.from,
        across: stop.across,
        size: BoxSize {
            along: stop.to - stop.from,
            across: 1,
        },
    };
    layout.routes[link].stops.iter().map(thin).collect()
}

fn crossings(layout: &Layout) -> usize {
    let crosses = |a: &RankHop, b: &RankHop| {
        let shared = a.items.0 == b.items.0 || a.items.1 == b.items.1;
        !shared && (a.across.0 < b.across.0) != (a.across.1 < b.across.1)
    };
    let pairs = |hops: &[RankHop]| -> usize {
        (0..hops.len())
            .map(|first| {
                hops[first + 1..]
                    .iter()
                    .filter(|hop| crosses(&hops[first], hop))
                    .count()
            })
            .sum()
    };
    layout.gaps.iter().map(|gap| pairs(&gap.hops)).sum()
}

#[test]
fn the_same_picture_is_always_the_same_drawing() {
    for picture in all_pictures() {
        let mut shuffled = picture.clone();
        shuffled.edges.reverse();
        let all = |picture: &Picture| {
            (
                text(picture, 100, true),
                WIDTHS.map(|width| svg(picture, width)),
                within(picture, &places(picture), SCREEN),
                mermaid(picture),
                dot(picture),
            )
        };
        assert_eq!(all(&picture), all(&shuffled));
    }
}

#[test]
fn nodes_labels_and_foreign_frames_never_overlap() {
    for picture in all_pictures() {
        let (graph, layout) = laid_out(&picture);
        let labels: Vec<BoxPlace> = layout
            .routes
            .iter()
            .filter_map(|route| route.label)
            .collect();
        let boxes: Vec<BoxPlace> = layout.nodes.iter().copied().chain(labels).collect();
        for (number, place) in boxes.iter().enumerate() {
            assert!(
                boxes[number + 1..]
                    .iter()
                    .all(|other| !overlap(place, other)),
                "{picture:#?}"
            );
        }
        for (number, frame) in layout.frames.iter().enumerate() {
            assert!(
                layout.frames[number + 1..]
                    .iter()
                    .all(|other| !overlap(frame, other)),
                "{picture:#?}"
            );
            for (node, place) in layout.nodes.iter().enumerate() {
                assert_eq!(
                    overlap(frame, place),
                    graph.frame[node] == Some(number),
                    "{picture:#?}"
                );
            }
        }
    }
}

#[test]
fn lines_never_pass_through_boxes_labels_or_foreign_frames() {
    for picture in all_pictures() {
        let (graph, layout) = laid_out(&picture);
        for (number, link) in graph.links.iter().enumerate() {
            for part in straights(&layout, number) {
                assert!(
                    layout.nodes.iter().all(|place| !overlap(place, &part)),
                    "{picture:#?}"
                );
                let others = layout
                    .routes
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != number);
                assert!(
                    others
                        .filter_map(|(_, route)| route.label)
                        .all(|label| !overlap(&label, &part))
                );
                for (frame, place) in layout.frames.iter().enumerate() {
                    let own = [link.from, link.to]
                        .iter()
                        .any(|node| graph.frame[*node] == Some(frame));
                    assert!(own || !overlap(place, &part), "{picture:#?}");
                }
            }
        }
    }
}

#[test]
fn where_lines_bend_there_are_no_boxes() {
    for picture in all_pictures() {
        let (_, layout) = laid_out(&picture);
        for gap in &layout.gaps {
            let taken = |place: &BoxPlace| {
                place.along < gap.to && gap.from < place.along + place.size.along
            };
            assert!(!layout.nodes.iter().any(taken), "{picture:#?}");
        }
    }
}

#[test]
fn links_run_from_their_source_to_their_target_without_a_break() {
    for picture in all_pictures() {
        let (graph, layout) = laid_out(&picture);
        for (link, route) in graph.links.iter().zip(&layout.routes) {
            let (first, last) = (route.stops.first().unwrap(), route.stops.last().unwrap());
            let (source, target) = (&layout.nodes[link.from], &layout.nodes[link.to]);
            assert_eq!(
                (first.from, first.across),
                (source.along + source.size.along, source.middle())
            );
            assert_eq!((last.to, last.across), (target.along, target.middle()));
            assert!(
                route
                    .stops
                    .windows(2)
                    .all(|pair| pair[0].to <= pair[1].from)
            );
        }
    }
}

#[test]
fn pipelines_have_no_crossing_and_straight_lanes() {
    for picture in [three_sources(), chains(3), chains(8)] {
        let (_, layout) = laid_out(&picture);
        assert_eq!(crossings(&layout), 0);
    }
    let (_, layout) = laid_out(&chains(3));
    for lane in layout.nodes[..18].chunks(6) {
        assert!(lane.iter().all(|place| place.middle() == lane[0].middle()));
    }
    assert_eq!(
        layout.nodes[18].middle(),
        layout.nodes[6].middle(),
        "the report stands level with the middle lane"
    );
}

#[test]
fn crossings_that_order_can_avoid_are_avoided() {
    let mut picture = Picture::default();
    picture
        .nodes
        .extend((0..8).map(|number| node(&format!("n{number}"), "", &[])));
    picture
        .edges
        .extend((0..4).map(|number| edge(number, 7 - number, "")));
    assert_eq!(crossings(&laid_out(&picture).1), 0);
    picture.edges = vec![
        edge(0, 4, ""),
        edge(1, 5, ""),
        edge(2, 4, ""),
        edge(3, 5, ""),
    ];
    assert_eq!(crossings(&laid_out(&picture).1), 0);
}

#[test]
fn a_stage_stands_in_the_middle_of_its_two_sources() {
    let picture = pipeline(2, &["fetch"], &["report"]);
    let (_, layout) = laid_out(&picture);
    assert_eq!(
        2 * layout.nodes[2].middle(),
        layout.nodes[0].middle() + layout.nodes[1].middle()
    );
}

#[test]
fn positions_keep_distances_and_are_level_where_they_can_be() {
    let wishes = PositionWishes {
        things: 4,
        apart: vec![(0, 1, 10), (1, 2, 10)],
        level: vec![(0, 3, 1), (1, 3, 1), (2, 3, 1)],
    };
    let at = align::positions(&wishes);
    assert_eq!((at[1] - at[0], at[2] - at[1], at[3] - at[1]), (10, 10, 0));
}

#[test]
fn text_fits_its_width_and_names_every_stage() {
    for picture in all_pictures() {
        for width in [60, 80, 100, 160, 240] {
            let drawing = text(&picture, width, false);
            assert!(
                drawing.lines().all(|line| lettering::width(line) <= width),
                "{drawing}"
            );
            assert!(
                picture
                    .nodes
                    .iter()
                    .all(|node| drawing.contains(&node.label)),
                "{drawing}"
            );
        }
    }
}

#[test]
fn colour_adds_escapes_and_nothing_else() {
    for picture in [three_sources(), chains(8)] {
        let plain = text(&picture, 100, false);
        assert!(!plain.contains('\u{1b}'));
        let coloured = text(&picture, 100, true);
        assert!(coloured.contains("\u{1b}[0;1;94m"));
        let bare: String = coloured
            .split('\u{1b}')
            .enumerate()
            .map(|(part, text)| {
                if part == 0 {
                    text
                } else {
                    text.split_once('m').unwrap().1
                }
            })
            .collect();
        assert_eq!(bare, plain);
    }
}

#[test]
fn one_source_from_top_to_bottom() {
    let mut picture = pipeline(1, &["fetch"], &["report"]);
    picture.frames.push(PictureFrame {
        label: "last".to_owned(),
        nodes: vec![1],
    });
    picture.title.clear();
    let expected = r"
  ╭───────────────────────╮
  │ fetch s0              │
  │ https://example.org/… │
  │ 12 fields             │
  ╰───────────┬───────────╯
              │
          4,812 in
              │
╭╌ last ╌╌╌╌╌╌│╌╌╌╌╌╌╌╌╌╌╌╌╌╮
┊             ▼             ┊
┊ ╭───────────────────────╮ ┊
┊ │ report                │ ┊
┊ │ daily                 │ ┊
┊ ╰───────────────────────╯ ┊
╰╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╯
";
    assert_eq!(format!("\n{}", text(&picture, 30, false)), expected);
}

#[test]
fn two_sources_from_left_to_right() {
    let mut picture = pipeline(2, &["fetch"], &["report"]);
    picture
        .nodes
        .iter_mut()
        .for_each(|node| node.detail.clear());
    picture.title.clear();
    let expected = r"
╭──────────╮
│ fetch s0 ├─ 4,812 in ─╮
╰──────────╯            │  ╭────────╮
                        ├─▶│ report │
╭──────────╮            │  ╰────────╯
│ fetch s1 ├─ 4,812 in ─╯
╰──────────╯
";
    assert_eq!(format!("\n{}", text(&picture, 80, false)), expected);
}

#[test]
fn many_sources_on_rails() {
    let mut picture = pipeline(3, &["fetch", "extract"], &["report"]);
    picture
        .nodes
        .iter_mut()
        .for_each(|node| node.detail.clear());
    picture.title.clear();
    picture.frames.push(PictureFrame {
        label: "derive".to_owned(),
        nodes: vec![1],
    });
    let expected = r"
  ●    fetch s0    → 4,812 in
╶ ●    extract s0  [derive]
  │
  │ ●  fetch s1    → 4,812 in
  │ ●  extract s1
  ├─╯
  │ ●  fetch s2    → 4,812 in
  │ ●  extract s2
  ├─╯
  ●    report
";
    assert_eq!(format!("\n{}", text(&picture, 30, false)), expected);
}

#[test]
fn mermaid_and_dot_know_frames_kinds_and_labels() {
    let picture = three_sources();
    let (mermaid, dot) = (mermaid(&picture), dot(&picture));
    assert!(mermaid.starts_with(
        "---\ntitle: \"3 sources\"\n---\nflowchart LR\n  subgraph f0[\"derive\"]\n    n6("
    ));
    assert!(
        mermaid.contains("  n0 -->|\"4,812 in\"| n1\n")
            && mermaid.contains("  classDef kind_fetch fill:")
    );
    assert!(
        dot.contains("subgraph cluster_0 {\n    label=\"derive\";")
            && dot.contains("n0 -> n1 [label=\"4,812 in\"];")
    );
}

/// The address of a place on a page for each stage.
fn places(picture: &Picture) -> Vec<String> {
    (0..picture.nodes.len())
        .map(|number| format!("#stage-{number}"))
        .collect()
}

/// Walks through the tags of an XML text; panics where they do not match. Returns the texts between
/// tags.
fn well_formed(xml: &str) -> String {
    let mut open: Vec<&str> = Vec::new();
    let mut between = String::new();
    let mut parts = xml.split('<');
    between.push_str(parts.next().unwrap());
    for part in parts {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        if open.last() != Some(&"style") {
            assert!(!text.contains('>') && !text.contains('"'), "{text}");
        }
        between.push_str(text);
    }
    assert!(open.is_empty());
    between
}

#[test]
fn svg_is_well_formed_complete_and_alone() {
    for picture in all_pictures() {
        for drawing in WIDTHS.map(|width| svg(&picture, width)) {
            well_formed(&drawing);
            for node in &picture.nodes {
                assert!(drawing.contains(&format!("<g id=\"{}\" class=\"stage kind-", node.id)));
            }
            let bare = drawing.replace("http://www.w3.org/2000/svg", "");
            assert!(!bare.contains("<script") && !bare.contains("href") && !bare.contains("url("));
        }
    }
}

fn hostile() -> Picture {
    let evil = "</title><script>alert('1')</script>\"]; a --> b\u{1b}[31m\u{202e}\u{0}\r\n%% \\\" & #quot; ]]> end";
    let mut picture = pipeline(2, &["fetch"], &["report"]);
    picture.title = evil.to_owned();
    for node in &mut picture.nodes {
        *node = PictureNode {
            id: evil.to_owned(),
            label: evil.to_owned(),
            detail: vec![evil.to_owned()],
            figures: evil.to_owned(),
            kind: evil.to_owned(),
            mark: PictureMark::Same,
            works: false,
        };
    }
    picture.edges.iter_mut().for_each(|edge| {
        (edge.label, edge.aside, edge.loss) = (
            Some(evil.to_owned()),
            vec![evil.to_owned()],
            Some(evil.to_owned()),
        );
    });
    picture.frames.push(PictureFrame {
        label: evil.to_owned(),
        nodes: vec![0],
    });
    picture
}

#[test]
fn hostile_text_stays_text() {
    let picture = hostile();
    let (svg, phone, mermaid, dot) = (
        svg(&picture, SCREEN),
        svg(&picture, PHONE),
        mermaid(&picture),
        dot(&picture),
    );
    for svg in [&svg, &phone] {
        well_formed(svg);
        assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"));
    }
    for drawing in [
        &text(&picture, 100, false),
        &text(&picture, 300, false),
        &svg,
        &phone,
        &mermaid,
        &dot,
    ] {
        assert!(
            drawing
                .chars()
                .all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'),
            "{drawing}"
        );
    }
    for line in mermaid.lines().filter(|line| !line.starts_with("title")) {
        assert!(
            !line.contains("<script") && !line.contains("%%") && line.matches('"').count() % 2 == 0,
            "{line}"
        );
    }
    for line in dot.lines() {
        let plain = line.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(plain.matches('"').count() % 2, 0, "{line}");
    }
    let ids: BTreeSet<&str> = svg
        .split("<g id=\"")
        .skip(1)
        .filter_map(|part| part.split('"').next())
        .collect();
    assert_eq!(ids.len(), 3, "equal ids are numbered");
}

#[test]
fn what_cannot_be_drawn_is_left_out() {
    let picture = Picture {
        title: String::new(),
        nodes: vec![
            node("a", "fetch", &[]),
            node("b", "", &[]),
            node("c", "no such kind", &[]),
        ],
        edges: vec![
            edge(0, 0, "self"),
            edge(0, 9, "away"),
            edge(9, 0, ""),
            edge(0, 1, "x"),
            edge(1, 0, "y"),
            edge(1, 2, ""),
            edge(2, 0, ""),
        ],
        frames: vec![
            PictureFrame {
                label: "one".to_owned(),
                nodes: vec![0, 0, 7],
            },
            PictureFrame {
                label: "two".to_owned(),
                nodes: vec![0],
            },
            PictureFrame::default(),
        ],
    };
    let (graph, layout) = laid_out(&picture);
    assert_eq!(
        (graph.links.len(), graph.frames.len(), layout.frames.len()),
        (3, 1, 1)
    );
    assert!(
        graph
            .links
            .iter()
            .all(|link| graph.rank[link.from] < graph.rank[link.to])
    );
    assert!(
        graph.links[0].forth && graph.links[0].back,
        "both ways on one line"
    );
    for drawing in [
        text(&picture, 80, false),
        svg(&picture, SCREEN),
        svg(&picture, PHONE),
        mermaid(&picture),
        dot(&picture),
    ] {
        assert!(
            !drawing.contains("self") && !drawing.contains("away"),
            "{drawing}"
        );
    }
    assert_eq!(text(&Picture::default(), 80, false), "(no stages)\n");
}

#[test]
fn long_chains_and_narrow_widths_do_no_harm() {
    let mut picture = Picture::default();
    picture
        .nodes
        .extend((0..600).map(|number| node(&format!("n{number}"), "fetch", &["detail"])));
    picture
        .edges
        .extend((1..600).map(|number| edge(number - 1, number, "")));
    for width in [0, 1, 7, 100] {
        assert!(text(&picture, width, true).lines().count() >= 600);
    }
    assert!(
        WIDTHS
            .iter()
            .all(|width| svg(&picture, *width).contains("n599"))
    );
}

#[test]
fn wide_characters_keep_boxes_in_line() {
    let mut picture = pipeline(1, &["fetch"], &["report"]);
    picture.nodes[0].label = "取得 求人".to_owned();
    let drawing = text(&picture, 40, false);
    let boxes: BTreeSet<usize> = drawing
        .lines()
        .filter(|line| line.starts_with(['╭', '│', '╰']))
        .map(lettering::width)
        .collect();
    assert!(
        boxes.len() == 1 && drawing.contains("取得 求人"),
        "{drawing}"
    );
}
