//! Two plans compared: which stages an edit adds, takes away and changes, and what of them. Pure;
//! it compares outlines, so that one of the plans may come from another folder, a file, or the run
//! before.

use super::outline::{OutlineStage, PlanOutline};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use weir_draw::PictureMark;

/// What differs between two plans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanDifference {
    /// All stages of both, each after those that it waits for.
    pub stages: Vec<(OutlineStage, StageDifference)>,
    /// Connections of both, by the names of their ends.
    pub edges: Vec<(String, String, PictureMark)>,
    /// What differs beside the stages.
    pub beside: Vec<String>,
}

/// How one stage differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageDifference {
    /// Whether it does.
    pub mark: PictureMark,
    /// In what: `mapping of title changed`.
    pub what: Vec<String>,
}

/// A stage that differs, for machines.
#[derive(Debug, Serialize)]
pub struct DifferentStage<'d> {
    stage: &'d str,
    change: &'static str,
    what: &'d [String],
}

impl PlanDifference {
    /// Compares two plans.
    pub fn new(old: &PlanOutline, new: &PlanOutline) -> PlanDifference {
        let stages = merged(old, new)
            .into_iter()
            .map(|step| turned(step, old, new))
            .collect();
        PlanDifference {
            stages,
            edges: edges(old, new),
            beside: beside(old, new),
        }
    }

    /// The stages that differ.
    pub fn turns(&self) -> impl Iterator<Item = (&OutlineStage, &StageDifference)> {
        self.stages
            .iter()
            .filter(|(_, turn)| turn.mark != PictureMark::Same)
            .map(|(step, turn)| (step, turn))
    }

    /// How a stage differs.
    pub fn of(&self, stage: &str) -> Option<&StageDifference> {
        self.stages
            .iter()
            .find(|(step, _)| step.stage == stage)
            .map(|(_, turn)| turn)
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.turns().next().is_none() && self.beside.is_empty()
    }

    /// The stages that differ, for machines.
    pub fn told(&self) -> Vec<DifferentStage<'_>> {
        self.turns()
            .map(|(step, turn)| DifferentStage {
                stage: &step.stage,
                change: turn.mark.name(),
                what: &turn.what,
            })
            .collect()
    }
}

/// The stages of the new plan, and those of the old one that are gone, each behind the one that it
/// stood behind.
fn merged<'o>(old: &'o PlanOutline, new: &'o PlanOutline) -> Vec<&'o OutlineStage> {
    let mut all: Vec<&OutlineStage> = new.stages.iter().collect();
    for (index, step) in old
        .stages
        .iter()
        .enumerate()
        .filter(|(_, step)| new.position(&step.stage).is_none())
    {
        let before = index.checked_sub(1).map(|before| &old.stages[before].stage);
        let at = before
            .and_then(|before| all.iter().position(|other| other.stage == *before))
            .map_or(0, |before| before + 1);
        all.insert(at, step);
    }
    all
}

fn turned(
    step: &OutlineStage,
    old: &PlanOutline,
    new: &PlanOutline,
) -> (OutlineStage, StageDifference) {
    let find = |outline: &PlanOutline| {
        outline
            .position(&step.stage)
            .map(|at| outline.stages[at].clone())
    };
    let turn = match (find(old), find(new)) {
        (Some(_), None) => StageDifference {
            mark: PictureMark::Removed,
            what: Vec::new(),
        },
        (None, _) => StageDifference {
            mark: PictureMark::Added,
            what: Vec::new(),
        },
        (Some(before), Some(now)) => {
            let both =
                |name: &&String| old.position(name).is_some() && new.position(name).is_some();
            let what = changes(&before, &now, &both);
            StageDifference {
                mark: if what.is_empty() {
                    PictureMark::Same
                } else {
                    PictureMark::Changed
                },
                what,
            }
        }
    };
    (step.clone(), turn)
}

/// What of a stage is another.
fn changes(
    old: &OutlineStage,
    new: &OutlineStage,
    in_both: &dyn Fn(&&String) -> bool,
) -> Vec<String> {
    let mut what = changed_parts(old, new);
    if what.is_empty() && old.fingerprint != new.fingerprint {
        what.push(format!(
            "fingerprint {} is now {}",
            short(&old.fingerprint),
            short(&new.fingerprint)
        ));
    }
    // That stages come and go is told at these.
    let after = |step: &OutlineStage| {
        step.after
            .iter()
            .filter(in_both)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (waited, waits) = (after(old), after(new));
    if waited != waits {
        what.push(format!(
            "waited for {}, waits for {}",
            or_nothing(&waited),
            or_nothing(&waits)
        ));
    }
    // What a stage says of itself covers what no fingerprint does: when jobs retire, where a source
    // stands.
    if what.is_empty() && old.explain != new.explain {
        let gone = old
            .explain
            .iter()
            .filter(|line| !new.explain.contains(line))
            .map(|line| format!("no longer: {line}"));
        let come = new
            .explain
            .iter()
            .filter(|line| !old.explain.contains(line))
            .map(|line| format!("now: {line}"));
        what.extend(gone.chain(come));
    }
    what
}

fn or_nothing(names: &str) -> &str {
    if names.is_empty() { "nothing" } else { names }
}

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..12).unwrap_or(fingerprint)
}

/// The parts that were added, taken away or changed, with the sources where that is not so for all
/// of them.
fn changed_parts(old: &OutlineStage, new: &OutlineStage) -> Vec<String> {
    let empty = BTreeMap::new();
    let sources: BTreeSet<&String> = old.parts.keys().chain(new.parts.keys()).collect();
    let both: BTreeSet<&String> = sources
        .iter()
        .filter(|source| old.parts.contains_key(**source) && new.parts.contains_key(**source))
        .copied()
        .collect();
    let mut what: Vec<String> = Vec::new();
    if !old.parts.is_empty() && !new.parts.is_empty() {
        what.extend(
            sources
                .iter()
                .filter(|source| !old.parts.contains_key(**source))
                .map(|source| format!("source {source} added")),
        );
        what.extend(
            sources
                .iter()
                .filter(|source| !new.parts.contains_key(**source))
                .map(|source| format!("source {source} removed")),
        );
    }
    let mut turns: BTreeMap<(&String, &str), BTreeSet<&String>> = BTreeMap::new();
    for source in &both {
        let (before, now) = (
            old.parts.get(*source).unwrap_or(&empty),
            new.parts.get(*source).unwrap_or(&empty),
        );
        for name in before.keys().chain(now.keys()) {
            let turn = match (before.get(name), now.get(name)) {
                (Some(before), Some(now)) if before == now => continue,
                (Some(_), Some(_)) => "changed",
                (None, _) => "added",
                (_, None) => "removed",
            };
            turns.entry((name, turn)).or_default().insert(*source);
        }
    }
    what.extend(turns.into_iter().map(|((name, turn), of)| {
        let of_all = of == both;
        let of: Vec<&str> = of.into_iter().map(String::as_str).collect();
        if of_all {
            format!("{name} {turn}")
        } else {
            format!("{name} {turn} ({})", of.join(", "))
        }
    }));
    what
}

fn edges(old: &PlanOutline, new: &PlanOutline) -> Vec<(String, String, PictureMark)> {
    let all = |outline: &PlanOutline| -> BTreeSet<(String, String)> {
        outline
            .stages
            .iter()
            .flat_map(|step| {
                step.after
                    .iter()
                    .map(|before| (before.clone(), step.stage.clone()))
            })
            .collect()
    };
    let (before, now) = (all(old), all(new));
    let mark = |edge: &(String, String)| match (before.contains(edge), now.contains(edge)) {
        (true, true) => PictureMark::Same,
        (false, _) => PictureMark::Added,
        (_, false) => PictureMark::Removed,
    };
    before
        .union(&now)
        .map(|edge| (edge.0.clone(), edge.1.clone(), mark(edge)))
        .collect()
}

fn beside(old: &PlanOutline, new: &PlanOutline) -> Vec<String> {
    let mut what = Vec::new();
    let none = || "not scheduled".to_owned();
    if old.pipeline != new.pipeline {
        what.push(format!("pipeline {} is now {}", old.pipeline, new.pipeline));
    }
    if old.schedule != new.schedule {
        what.push(format!(
            "schedule {} is now {}",
            old.schedule.clone().unwrap_or_else(none),
            new.schedule.clone().unwrap_or_else(none)
        ));
    }
    what
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(stage: &str, after: &[&str], parts: &[(&str, &str, &str)]) -> OutlineStage {
        let mut step = OutlineStage {
            stage: stage.to_owned(),
            kind: stage.split(':').next().unwrap().to_owned(),
            after: after.iter().map(|one| (*one).to_owned()).collect(),
            fingerprint: format!("{parts:?}"),
            ..OutlineStage::default()
        };
        for (source, name, hash) in parts {
            step.parts
                .entry((*source).to_owned())
                .or_default()
                .insert((*name).to_owned(), (*hash).to_owned());
        }
        step
    }

    fn outline(stages: Vec<OutlineStage>) -> PlanOutline {
        PlanOutline {
            pipeline: "daily".to_owned(),
            stages,
            ..PlanOutline::default()
        }
    }

    fn turns(old: &PlanOutline, new: &PlanOutline) -> Vec<String> {
        PlanDifference::new(old, new)
            .turns()
            .map(|(step, turn)| {
                format!(
                    "{} {} {}",
                    turn.mark.sign(),
                    step.stage,
                    turn.what.join("; ")
                )
            })
            .collect()
    }

    #[test]
    fn a_plan_does_not_differ_from_itself() {
        let plan = outline(vec![
            step("fetch:a", &[], &[("a", "x", "1")]),
            step("report", &["fetch:a"], &[]),
        ]);
        assert!(PlanDifference::new(&plan, &plan).is_empty());
    }

    #[test]
    fn stages_are_added_removed_and_changed_by_their_parts() {
        let old = outline(vec![
            step("fetch:a", &[], &[]),
            step("fetch:b", &[], &[]),
            step(
                "validate",
                &["fetch:a", "fetch:b"],
                &[("a", "rule x", "1"), ("b", "rule x", "1")],
            ),
        ]);
        let new = outline(vec![
            step("fetch:a", &[], &[]),
            step("fetch:c", &[], &[]),
            step(
                "validate",
                &["fetch:a", "fetch:c"],
                &[
                    ("a", "rule x", "2"),
                    ("a", "rule y", "1"),
                    ("c", "rule x", "1"),
                ],
            ),
        ]);
        assert_eq!(
            turns(&old, &new),
            [
                "- fetch:b ",
                "+ fetch:c ",
                "~ validate source c added; source b removed; rule x changed; rule y added"
            ]
        );
    }

    #[test]
    fn a_part_that_changed_for_some_sources_names_them() {
        let plan = |b: &str| {
            outline(vec![step(
                "validate",
                &[],
                &[("a", "rule x", "1"), ("b", "rule x", b)],
            )])
        };
        assert_eq!(
            turns(&plan("1"), &plan("2")),
            ["~ validate rule x changed (b)"]
        );
    }

    #[test]
    fn a_plan_that_was_kept_without_parts_is_compared_by_its_fingerprints() {
        let bare = |fingerprint: &str| {
            outline(vec![OutlineStage {
                stage: "promote".into(),
                fingerprint: fingerprint.into(),
                ..OutlineStage::default()
            }])
        };
        assert_eq!(
            turns(&bare("aaaaaaaaaaaaaaaa"), &bare("bb")),
            ["~ promote fingerprint aaaaaaaaaaaa is now bb"]
        );
    }

    #[test]
    fn the_schedule_counts_too() {
        let with = |schedule: &str| PlanOutline {
            schedule: Some(schedule.to_owned()),
            ..outline(Vec::new())
        };
        assert_eq!(
            PlanDifference::new(&with("0 4 * * *"), &with("0 5 * * *")).beside,
            ["schedule 0 4 * * * is now 0 5 * * *"]
        );
    }
}
