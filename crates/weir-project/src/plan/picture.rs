//! The DAG as a picture to draw: stages as nodes, the segment that commits together as a frame
//! around its stages, and on it what flowed in a run, why more or fewer ads arrived than left, or
//! what differs from another plan.

use super::against::{PlanDifference, StageDifference};
use super::outline::{OutlineStage, PlanOutline};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_draw::{Picture, PictureEdge, PictureFrame, PictureMark, PictureNode};
use weir_stage::{StageKind, StageScope};

/// What passed a stage in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagePassage {
    /// Ads that reached it.
    pub rows_in: i64,
    /// Ads that left it for the next.
    pub rows_out: i64,
    /// Ads that it found reasons against.
    pub refused: i64,
    /// Microseconds in it.
    pub micros: i64,
}

impl StagePassage {
    /// So many ads went through, in this time.
    pub fn through(rows: i64, took: Duration) -> StagePassage {
        StagePassage {
            rows_in: rows,
            rows_out: rows,
            ..StagePassage::default()
        }
        .within(took)
    }

    /// The same in this time.
    #[must_use]
    pub fn within(self, took: Duration) -> StagePassage {
        StagePassage {
            micros: i64::try_from(took.as_micros()).unwrap_or(i64::MAX),
            ..self
        }
    }
}

/// What passed, by the name of the stage.
pub type StageTraffic = BTreeMap<String, StagePassage>;

/// Ads by which what reaches a stage differs from what the stage before it gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Why, as in `3 unchanged`.
    pub why: String,
    /// How many.
    pub ads: i64,
    /// Whether they came from elsewhere, such as from what was stored before; else they stayed
    /// behind.
    pub joined: bool,
}

impl SetAside {
    /// On one line: `−3 unchanged`, `+2 stored before`.
    pub fn line(&self) -> String {
        format!(
            "{}{} {}",
            if self.joined { '+' } else { '−' },
            thousands(self.ads),
            self.why
        )
    }
}

/// What was set aside before a stage, by the name of the stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageAsides(pub BTreeMap<String, Vec<SetAside>>);

impl StageAsides {
    /// What was set aside of each source, before the first of its stages that derive.
    pub fn of(plan: &PlanOutline, sources: BTreeMap<&str, Vec<SetAside>>) -> StageAsides {
        let first = |source: &str| {
            plan.stages
                .iter()
                .find(|step| step.in_segment() && step.source.as_deref() == Some(source))
        };
        let sources = sources
            .into_iter()
            .filter(|(_, set_aside)| !set_aside.is_empty());
        StageAsides(
            sources
                .filter_map(|(source, set_aside)| Some((first(source)?.stage.clone(), set_aside)))
                .collect(),
        )
    }
}

/// The picture of a plan, with counts on its edges where `traffic` has them, and why they differ
/// where `asides` say.
pub fn picture(plan: &PlanOutline, traffic: &StageTraffic, asides: &StageAsides) -> Picture {
    let nodes = plan
        .stages
        .iter()
        .map(|step| draw_node(step, traffic.get(&step.stage), &StageDifference::default()));
    let mut edges: Vec<PictureEdge> = Vec::new();
    for (to, step) in plan.stages.iter().enumerate() {
        let mut aside = asides
            .0
            .get(&step.stage)
            .map(Vec::as_slice)
            .unwrap_or_default();
        for from in step.after.iter().filter_map(|name| plan.position(name)) {
            if !takes_ads(step) {
                edges.push(PictureEdge {
                    from,
                    to,
                    waits: true,
                    ..PictureEdge::default()
                });
                continue;
            }
            let gives = takes_ads(&plan.stages[from]);
            let passed = traffic.get(&plan.stages[from].stage);
            let is_first = edges.iter().all(|edge| edge.from != from);
            let loss = passed
                .filter(|passed| is_first && passed.refused > 0)
                .map(|passed| format!("{} refused", thousands(passed.refused)));
            let arrived = traffic.get(&step.stage).map(|arrived| arrived.rows_in);
            let label = if gives {
                passed.map(|passed| passed.rows_out)
            } else {
                arrived
            }
            .map(thousands);
            let aside = std::mem::take(&mut aside)
                .iter()
                .map(SetAside::line)
                .collect();
            edges.push(PictureEdge {
                from,
                to,
                label,
                aside,
                loss,
                ..PictureEdge::default()
            });
        }
    }
    Picture {
        title: title(plan),
        nodes: nodes.collect(),
        edges,
        frames: frames(plan.stages.iter()),
    }
}

/// Whether ads flow through a stage; others look at the read as a whole, and only begin after what
/// they wait for.
fn takes_ads(step: &OutlineStage) -> bool {
    step.scope() == Some(StageScope::Record)
        || matches!(
            StageKind::named(&step.kind),
            Some(StageKind::Fetch | StageKind::Details)
        )
}

/// The picture of two plans at once: what was added, changed and removed is marked.
pub fn compared(plan: &PlanOutline, difference: &PlanDifference, against: &str) -> Picture {
    let position = |name: &String| {
        difference
            .stages
            .iter()
            .position(|(step, _)| step.stage == *name)
    };
    let nodes = difference
        .stages
        .iter()
        .map(|(step, turn)| draw_node(step, None, turn));
    let edge = |(from, to, mark): &(String, String, PictureMark)| {
        Some(PictureEdge {
            from: position(from)?,
            to: position(to)?,
            mark: *mark,
            ..PictureEdge::default()
        })
    };
    Picture {
        title: format!("{} · against {against}", title(plan)),
        nodes: nodes.collect(),
        edges: difference.edges.iter().filter_map(edge).collect(),
        frames: frames(difference.stages.iter().map(|(step, _)| step)),
    }
}

/// The first line of a picture.
pub fn title(plan: &PlanOutline) -> String {
    format!(
        "{} · pipeline {} · {}",
        plan.institution,
        plan.pipeline,
        sources(plan)
    )
}

/// How many sources a plan has, in words.
pub fn sources(plan: &PlanOutline) -> String {
    let count = plan
        .stages
        .iter()
        .filter_map(|step| step.source.as_ref())
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    if count == 1 {
        "1 source".to_owned()
    } else {
        format!("{count} sources")
    }
}

/// A frame around the segment of each source.
fn frames<'s>(stages: impl Iterator<Item = &'s OutlineStage>) -> Vec<PictureFrame> {
    let mut segments: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, step) in stages.enumerate().filter(|(_, step)| step.in_segment()) {
        segments.entry(step.source.as_deref()).or_default().push(at);
    }
    let frame = |nodes| PictureFrame {
        label: "segment: commits as one".to_owned(),
        nodes,
    };
    segments.into_values().map(frame).collect()
}

fn draw_node(
    step: &OutlineStage,
    passed: Option<&StagePassage>,
    turn: &StageDifference,
) -> PictureNode {
    let label = match &step.source {
        Some(source) => format!("{} {source}", step.kind),
        None => step.kind.clone(),
    };
    let lines = if turn.what.is_empty() {
        &step.explain
    } else {
        &turn.what
    };
    PictureNode {
        id: step.stage.clone(),
        label,
        detail: lines.iter().take(3).cloned().collect(),
        figures: passed.map(figures).unwrap_or_default(),
        kind: step.kind.clone(),
        mark: turn.mark,
        works: false,
    }
}

/// What passed a stage, on one line: `9 in · 8 out · 5 ms`; nothing where nothing passed.
fn figures(passed: &StagePassage) -> String {
    if *passed == StagePassage::default() {
        return String::new();
    }
    let (entered, left) = (thousands(passed.rows_in), thousands(passed.rows_out));
    let rows = if passed.rows_in == passed.rows_out {
        entered
    } else {
        format!("{entered} in · {left} out")
    };
    format!("{rows} · {}", spent(passed.micros))
}

/// Microseconds in words: `420 µs`, `1.2 ms`, `12 ms`, `3.4 s`, `2 min 10 s`.
pub fn spent(micros: i64) -> String {
    match micros {
        ..1000 => format!("{micros} µs"),
        1000..10_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1000),
        1_000_000..60_000_000 => {
            format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000)
        }
        _ => format!(
            "{} min {} s",
            micros / 60_000_000,
            micros % 60_000_000 / 1_000_000
        ),
    }
}

/// `4812` as `4,812`.
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> PlanOutline {
        let step = |stage: &str, kind: &str, source: Option<&str>, after: &[&str]| OutlineStage {
            stage: stage.to_owned(),
            kind: kind.to_owned(),
            source: source.map(str::to_owned),
            after: after.iter().map(|name| (*name).to_owned()).collect(),
            explain: vec!["what it does".to_owned()],
            ..OutlineStage::default()
        };
        let stages = vec![
            step("fetch:a", "fetch", Some("a"), &[]),
            step("extract:a", "extract", Some("a"), &["fetch:a"]),
            step("validate:a", "validate", Some("a"), &["extract:a"]),
            step("promote:a", "promote", Some("a"), &["validate:a"]),
        ];
        PlanOutline {
            institution: "one".to_owned(),
            pipeline: "daily".to_owned(),
            stages,
            ..PlanOutline::default()
        }
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!(
            [0, 999, 1000, 1_234_567, -4812].map(thousands),
            ["0", "999", "1,000", "1,234,567", "-4,812"]
        );
    }

    #[test]
    fn times_are_short() {
        assert_eq!(
            [420, 12_345, 3_456_789, 130_000_000].map(spent),
            ["420 µs", "12 ms", "3.4 s", "2 min 10 s"]
        );
    }

    #[test]
    fn counts_stand_on_edges_and_what_was_refused_beside_them() {
        let passed = StagePassage {
            rows_in: 1813,
            rows_out: 1800,
            refused: 13,
            micros: 4000,
        };
        let traffic = StageTraffic::from([("validate:a".to_owned(), passed)]);
        let aside = |ads, why: &str, joined| SetAside {
            why: why.to_owned(),
            ads,
            joined,
        };
        let asides = StageAsides(BTreeMap::from([(
            "promote:a".to_owned(),
            vec![
                aside(1200, "unchanged", false),
                aside(2, "stored before", true),
            ],
        )]));
        let picture = picture(&plan(), &traffic, &asides);
        let edge = picture.edges.iter().find(|edge| edge.from == 2).unwrap();
        assert_eq!(
            (edge.label.as_deref(), edge.loss.as_deref()),
            (Some("1,800"), Some("13 refused"))
        );
        assert_eq!(edge.aside, ["−1,200 unchanged", "+2 stored before"]);
        assert_eq!(picture.nodes[2].figures, "1,813 in · 1,800 out · 4.0 ms");
        assert_eq!(
            (picture.nodes[0].figures.as_str(), &picture.edges[0].label),
            ("", &None)
        );
        assert_eq!(picture.frames[0].nodes, [1, 2, 3]);
        assert_eq!(picture.title, "one · pipeline daily · 1 source");
    }

    #[test]
    fn both_plans_are_in_the_picture_of_their_difference() {
        let (old, mut new) = (plan(), plan());
        new.stages.remove(2);
        new.stages[2].after = vec!["extract:a".to_owned()];
        new.stages[1].fingerprint = "other".to_owned();
        let picture = compared(&new, &PlanDifference::new(&old, &new), "last");
        let marks: Vec<(&str, PictureMark)> = picture
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node.mark))
            .collect();
        use PictureMark::{Added, Changed, Removed, Same};
        assert_eq!(
            marks,
            [
                ("fetch:a", Same),
                ("extract:a", Changed),
                ("validate:a", Removed),
                ("promote:a", Changed)
            ]
        );
        let edges: Vec<PictureMark> = picture.edges.iter().map(|edge| edge.mark).collect();
        assert_eq!(
            edges,
            [Added, Removed, Same, Removed],
            "extract to promote, extract to validate, fetch to extract, validate to promote"
        );
    }
}
