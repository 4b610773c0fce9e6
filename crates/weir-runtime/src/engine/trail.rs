//! What a run leaves for the picture of its plan: what passed each stage, and a few ads that left
//! it or were refused there. Bounded whatever the size of the feed, and cut: this is to look at,
//! never to work with.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_model::{Field, FieldValue, Job, ProblemSeverity, RunSample, field::FIELDS};
use weir_project::plan::outline::PlanOutline;
use weir_project::plan::picture::{StageAsides, StageTraffic};
use weir_source::DocumentPage;
use weir_stage::AdDraft;

/// Ads that are kept of each stage and source: so many that passed, and so many that did not.
const SAMPLES: usize = 5;
/// Characters that are kept of an id, a title and the rest.
const ID: usize = 80;
const TITLE: usize = 120;
const WHAT: usize = 300;

/// What a run leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunTrail {
    /// The plan that ran.
    pub plan: PlanOutline,
    /// What passed, by stage.
    pub traffic: StageTraffic,
    /// Why more or fewer ads reached a stage than left the one before it.
    pub asides: StageAsides,
    /// A few ads, by stage.
    pub samples: BTreeMap<String, Vec<RunSample>>,
}

/// The samples while a run goes on, by stage and source.
#[derive(Debug, Default)]
pub(super) struct StageSamples(BTreeMap<(&'static str, String), [Vec<RunSample>; 2]>);

impl StageSamples {
    /// Looks at a batch after a stage; `refused_before` says of which ads something was said
    /// before.
    pub(super) fn add(
        &mut self,
        stage: &'static str,
        source: &str,
        drafts: &[AdDraft],
        refused_before: &[bool],
    ) {
        for (draft, before) in drafts.iter().zip(refused_before) {
            match (draft.fails(), before) {
                (true, true) => {}
                (refused, _) => self.one(stage, source, refused, || RunSample {
                    source: source.to_owned(),
                    ad: cut(&draft.ad.external_id, ID),
                    title: draft
                        .job
                        .get(Field::Title)
                        .as_text()
                        .map(|title| cut(title, TITLE))
                        .unwrap_or_default(),
                    refused,
                    what: if refused {
                        against(draft)
                    } else {
                        fields(&draft.job)
                    },
                }),
            }
        }
    }

    /// Looks at a page as it comes from the source.
    pub(super) fn arrive(&mut self, source: &str, page: &DocumentPage) {
        let raw = |ad: &str, refused: bool, what: String| RunSample {
            source: source.to_owned(),
            ad: cut(ad, ID),
            title: String::new(),
            refused,
            what,
        };
        for one in page.received.iter().chain(&page.detailed).take(SAMPLES) {
            self.one("fetch", source, false, || {
                raw(&one.external_id, false, in_words(&one.text))
            });
        }
        for one in page.refused.iter().take(SAMPLES) {
            let why = || {
                one.refused
                    .as_ref()
                    .map(weir_model::RefusalCause::message)
                    .unwrap_or_default()
            };
            self.one("fetch", source, true, || {
                raw(&one.external_id, true, cut(&why(), WHAT))
            });
        }
    }

    /// Ads that were retired.
    pub(super) fn retire(&mut self, stage: &'static str, source: &str, ads: &[String]) {
        for ad in ads.iter().take(SAMPLES) {
            let sample = || RunSample {
                source: source.to_owned(),
                ad: cut(ad, ID),
                title: String::new(),
                refused: false,
                what: "archived".to_owned(),
            };
            self.one(stage, source, false, sample);
        }
    }

    fn one(
        &mut self,
        stage: &'static str,
        source: &str,
        refused: bool,
        sample: impl FnOnce() -> RunSample,
    ) {
        let kept = &mut self.0.entry((stage, source.to_owned())).or_default()[usize::from(refused)];
        if kept.len() < SAMPLES {
            kept.push(sample());
        }
    }

    /// A few of a stage, of one source or of all: those of each source in turn, the refused ones
    /// first.
    pub(super) fn of(&self, stage: &str, source: Option<&str>) -> Vec<RunSample> {
        let of_stage = || {
            self.0.iter().filter(|((of, from), _)| {
                *of == stage && source.is_none_or(|source| source == from.as_str())
            })
        };
        let in_turn = |refused: bool| {
            let turns = (0..SAMPLES).flat_map(move |turn| {
                of_stage().filter_map(move |(_, kept)| kept[usize::from(refused)].get(turn))
            });
            turns.take(SAMPLES).cloned()
        };
        in_turn(true).chain(in_turn(false)).collect()
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        text.to_owned()
    } else {
        text.chars().take(most - 1).chain(['…']).collect()
    }
}

/// A record as it came, its members in words.
fn in_words(text: &str) -> String {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) else {
        return cut(text, WHAT);
    };
    let said = members
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{name}: {}", cut(&plain(value), 60)));
    cut(&said.collect::<Vec<_>>().join(" · "), WHAT)
}

fn against(draft: &AdDraft) -> String {
    let errors = draft
        .problems
        .iter()
        .filter(|problem| problem.severity == ProblemSeverity::Error);
    cut(
        &errors
            .map(|problem| problem.message.as_str())
            .collect::<Vec<_>>()
            .join("; "),
        WHAT,
    )
}

/// The short fields of a job beside its title.
fn fields(job: &Job) -> String {
    let canonical = FIELDS
        .iter()
        .filter(|field| !matches!(field, Field::Title | Field::Description))
        .map(|field| (field.name(), job.get(*field)));
    let own = job.extra.iter().map(|(name, value)| (name.as_str(), value));
    let shown = canonical
        .chain(own)
        .filter(|(_, value)| !value.is_absent())
        .map(|(name, value)| format!("{name}: {}", cut(&shown(value), 60)));
    cut(&shown.collect::<Vec<_>>().join(" · "), WHAT)
}

fn shown(value: &FieldValue) -> String {
    plain(&value.to_json())
}

/// A value without the signs of JSON: texts as they are, lists with commas, members with their
/// names; what is nested deeper only counted.
fn plain(value: &serde_json::Value) -> String {
    let shallow = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => format!("{} values", items.len()),
        serde_json::Value::Object(members) => format!("{} members", members.len()),
        other => other.to_string(),
    };
    match value {
        serde_json::Value::Array(items) => items.iter().map(shallow).collect::<Vec<_>>().join(", "),
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{name} {}", shallow(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => shallow(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(samples: &StageSamples, stage: &str, source: Option<&str>) -> Vec<String> {
        samples
            .of(stage, source)
            .into_iter()
            .map(|sample| format!("{} {} {}", sample.source, sample.ad, sample.refused))
            .collect()
    }

    #[test]
    fn few_are_kept_however_many_pass_and_of_each_source_some() {
        let mut samples = StageSamples::default();
        let ads: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        samples.retire("archive", "a", &ads);
        samples.retire("archive", "b", &ads);
        samples.retire("archive", "a", &ads);
        assert_eq!(
            kept(&samples, "archive", None),
            [
                "a 0 false",
                "b 0 false",
                "a 1 false",
                "b 1 false",
                "a 2 false"
            ]
        );
        assert_eq!(kept(&samples, "archive", Some("b")).len(), SAMPLES);
        assert!(kept(&samples, "promote", None).is_empty());
    }

    #[test]
    fn records_are_shown_in_words() {
        let text = r#"{"end":null,"name":"Nurse","pay":{"min":1,"steps":[1,2]},"places":["Perth",{"state":"WA"}]}"#;
        assert_eq!(
            in_words(text),
            "name: Nurse · pay: min 1, steps 2 values · places: Perth, 1 members"
        );
        assert_eq!(in_words("[]not"), "[]not");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("größer", 4), "grö…");
        assert_eq!(cut("größer", 6), "größer");
    }
}
