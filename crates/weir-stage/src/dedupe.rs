//! `dedupe`: which jobs of an institution advertise one opening. Here are its YAML, what that is
//! compiled to, and what it reads of a job; the comparison itself is the crate `weir-openings`, the
//! work on the database `engine::dedupe`. It changes no job and hides none.
//!
//! The key of the institution is `openings`, not `duplicates`: that word belongs to a source, where
//! it says what becomes of ads that share an id on one page.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use weir_model::Canonical;
use weir_openings::ad::{AdFacts, AdKey, PayRange};
use weir_openings::policy::{FieldWeights, OpeningPolicy, ParallelPolicy, VetoPolicy, WEIGHTED};
use weir_openings::signature::{AddressPolicy, SIGNATURE_VERSION};
use weir_store::signatures::WrittenJob;
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::{Located, PositiveNumber};

/// `openings:` of an institution: when jobs of its sources advertise one opening.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OpeningsSpec {
    /// The sources from the most to the least trusted: the fields of the first lead. Sources that
    /// are not listed follow by name.
    sources: Vec<Located<String>>,
    /// What names the employer of an ad: `company`, `department` or `institution`. By default the
    /// company where `company:` is declared, else the department where a source maps it, else the
    /// institution.
    employer: Option<Located<EmployerField>>,
    /// Keys that are exact: two ads that share one are one opening unless something contradicts it.
    keys: KeysSpec,
    /// Contradictions that keep two ads apart whatever else agrees; each is on by default.
    vetoes: VetoesSpec,
    /// Factors for the points of a field (default 1): `title`, `level`, `number`, `year`, `season`,
    /// `employer`, `place`, `text`, `exact key`.
    weights: IndexMap<Located<String>, f64>,
    /// The scores of the bands, in log odds.
    bands: BandsSpec,
    /// What becomes of like ads of one source that are listed at the same time: `separate` (the
    /// default) or `merge`.
    parallel: Option<ParallelSpec>,
    /// How many ads of a bucket are compared (default 200); the rest is reported.
    bucket: Option<PositiveNumber<u16>>,
}

/// `keys:` of `openings:`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct KeysSpec {
    /// Parameters of page addresses that name the ad, by source; by default the widely used ones,
    /// such as `jobid`.
    parameters: IndexMap<Located<String>, Vec<String>>,
    /// The custom field with the address at which one applies.
    apply_url: Option<Located<String>>,
    /// The custom field with the employer's own number of the vacancy.
    requisition: Option<Located<String>>,
}

/// `vetoes:` of `openings:`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct VetoesSpec {
    /// Different requisition numbers on one source.
    requisition: Option<bool>,
    /// Pay that does not overlap.
    pay: Option<bool>,
    /// Different grades.
    grade: Option<bool>,
    /// Different levels, numbers or degrees in the titles.
    level: Option<bool>,
    /// Places that exclude each other.
    place: Option<bool>,
    /// Closing dates far apart.
    closing: Option<bool>,
    /// How many days closing dates may be apart (default 45).
    closing_days: Option<Located<u32>>,
}

/// `bands:` of `openings:`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct BandsSpec {
    /// From this score on two ads are one opening (default -2.5).
    same: Option<Located<f64>>,
    /// From this score on an operator is asked (default -5).
    review: Option<Located<f64>>,
}

/// What names the employer of an ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmployerField {
    /// The resolved company.
    Company,
    /// The department, as the source prints it.
    Department,
    /// The institution: all ads are of one employer.
    Institution,
}

/// `parallel:` of `openings:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ParallelSpec {
    /// Each is an opening.
    Separate,
    /// They are one opening if their places are equal and nothing contradicts it.
    Merge,
}

/// All that decides about openings: what the YAML says, compiled. It is kept in the database, so
/// that a decision of an operator is applied by the settings of the newest run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpeningSettings {
    /// How pairs are judged.
    pub policy: OpeningPolicy,
    /// What names the employer.
    pub employer: EmployerField,
    /// The name of the institution.
    pub institution: String,
    /// Its zone.
    pub zone: String,
    /// Significant parameters by source.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// The custom field with the address at which one applies.
    pub apply_url: Option<String>,
    /// The custom field with the requisition number.
    pub requisition: Option<String>,
    /// Version of the signatures.
    pub signatures: u16,
}

/// The stage of an institution, compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct DedupeStage {
    /// What decides.
    pub settings: OpeningSettings,
}

/// What the spec is compiled against.
#[derive(Debug, Clone, Default)]
pub struct OpeningSurroundings {
    /// The name of the institution.
    pub institution: String,
    /// Its zone.
    pub zone: String,
    /// Its sources.
    pub sources: Vec<String>,
    /// The custom fields that its sources declare.
    pub extras: Vec<String>,
    /// Whether a company is resolved.
    pub has_company: bool,
    /// Whether a source maps the department.
    pub has_department: bool,
    /// Whether all of its file could be read.
    pub is_whole: bool,
}

impl OpeningsSpec {
    /// Compiles the settings; problems go to `out`.
    pub fn compile(&self, around: &OpeningSurroundings, out: &mut Diagnostics) -> DedupeStage {
        self.check_sources(around, out);
        for field in [&self.keys.apply_url, &self.keys.requisition]
            .into_iter()
            .flatten()
        {
            check_extra(field, around, out);
        }
        let mut policy = OpeningPolicy {
            sources: self
                .sources
                .iter()
                .map(|source| source.value.clone())
                .collect(),
            vetoes: self.vetoes.compile(out),
            weights: self.weights(out),
            bands: self.bands.compile(out),
            parallel: match self.parallel {
                Some(ParallelSpec::Merge) => ParallelPolicy::Merge,
                _ => ParallelPolicy::Separate,
            },
            ..OpeningPolicy::default()
        };
        if let Some(bucket) = &self.bucket {
            policy.bucket_cap = usize::from(bucket.0).max(2);
        }
        let named = |field: &Option<Located<String>>| field.as_ref().map(|f| f.value.clone());
        DedupeStage {
            settings: OpeningSettings {
                policy,
                employer: self.employer(around, out),
                institution: around.institution.clone(),
                zone: around.zone.clone(),
                parameters: self
                    .keys
                    .parameters
                    .iter()
                    .map(|(source, names)| (source.value.clone(), names.clone()))
                    .collect(),
                apply_url: named(&self.keys.apply_url),
                requisition: named(&self.keys.requisition),
                signatures: SIGNATURE_VERSION,
            },
        }
    }

    fn employer(&self, around: &OpeningSurroundings, out: &mut Diagnostics) -> EmployerField {
        let usual = match (around.has_company, around.has_department) {
            (true, _) => EmployerField::Company,
            (_, true) => EmployerField::Department,
            _ => EmployerField::Institution,
        };
        let Some(chosen) = &self.employer else {
            return usual;
        };
        let lacks = |place: &Place, what: &str, help: &str, out: &mut Diagnostics| {
            let message = format!("no ad has an employer: {what}");
            out.error(place, "never-filled", message).help(help);
        };
        match chosen.value {
            EmployerField::Company if !around.has_company && around.is_whole => lacks(
                &chosen.place,
                "no company is resolved",
                "declare `company:`, or write `employer: department`",
                out,
            ),
            EmployerField::Department if !around.has_department && around.is_whole => lacks(
                &chosen.place,
                "no source maps `department`",
                "add `department` under `job:` of a source, or write `employer: institution`",
                out,
            ),
            _ => {}
        }
        chosen.value
    }

    fn check_sources(&self, around: &OpeningSurroundings, out: &mut Diagnostics) {
        for (at, source) in self.sources.iter().enumerate() {
            let first = self.sources[..at]
                .iter()
                .find(|first| first.value == source.value);
            if let Some(first) = first {
                let message = format!("the source `{source}` is listed twice");
                out.error(&source.place, "duplicate-source", message)
                    .related(&first.place, "first listed here")
                    .help("remove one of them");
            }
        }
        for source in self.sources.iter().chain(self.keys.parameters.keys()) {
            if around.sources.contains(&source.value) {
                continue;
            }
            let all = || around.sources.iter().map(String::as_str);
            let message = format!("unknown source `{source}`");
            let told = out.error(&source.place, "unknown-source", message);
            match did_you_mean(source, all()) {
                Some(near) => told.help(format!("did you mean `{near}`?")),
                None => told.help(format!("sources of the institution: {}", one_of(all()))),
            };
        }
    }

    fn weights(&self, out: &mut Diagnostics) -> FieldWeights {
        for (field, weight) in &self.weights {
            if !WEIGHTED.contains(&field.value.as_str()) {
                let message = format!("`{field}` brings no points");
                let told = out.error(&field.place, "unknown-weight", message);
                match did_you_mean(field, WEIGHTED) {
                    Some(near) => told.help(format!("did you mean `{near}`?")),
                    None => told.help(format!("these do: {}", one_of(WEIGHTED))),
                };
            } else if !(0.0..=10.0).contains(weight) {
                let message = format!("the weight of `{field}` is not between 0 and 10");
                out.error(&field.place, "invalid-value", message)
                    .help("1 is the usual weight; 0 leaves the field out");
            }
        }
        let all = self
            .weights
            .iter()
            .map(|(field, weight)| (field.value.clone(), *weight));
        FieldWeights(
            all.filter(|(_, weight)| (*weight - 1.0).abs() > f64::EPSILON)
                .collect(),
        )
    }
}

fn check_extra(field: &Located<String>, around: &OpeningSurroundings, out: &mut Diagnostics) {
    let known = || around.extras.iter().map(String::as_str);
    if around.extras.contains(&field.value) {
        return;
    }
    let near = did_you_mean(field, known());
    if near.is_none() && !around.is_whole {
        return;
    }
    let message = format!("no source declares the custom field `{field}`");
    let told = out.error(&field.place, "unknown-field-reference", message);
    match near {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help("declare it under `job: extra:` of a source"),
    };
}

impl VetoesSpec {
    fn compile(&self, out: &mut Diagnostics) -> VetoPolicy {
        let usual = VetoPolicy::default();
        let is_on = self.closing != Some(false);
        if let Some(days) = self.closing_days.as_ref().filter(|_| !is_on) {
            let message = "`closing_days` has no effect: `closing` is switched off";
            out.error(&days.place, "no-effect", message)
                .help("remove one of them");
        }
        let days = self
            .closing_days
            .as_ref()
            .map(|days| days.value)
            .or(usual.closing_days);
        VetoPolicy {
            requisition: self.requisition.unwrap_or(usual.requisition),
            pay: self.pay.unwrap_or(usual.pay),
            grade: self.grade.unwrap_or(usual.grade),
            level: self.level.unwrap_or(usual.level),
            place: self.place.unwrap_or(usual.place),
            closing_days: days.filter(|_| is_on),
        }
    }
}

impl BandsSpec {
    fn compile(&self, out: &mut Diagnostics) -> weir_openings::policy::BandThresholds {
        let mut bands = weir_openings::policy::BandThresholds::default();
        for (found, band) in [
            (&self.same, &mut bands.same),
            (&self.review, &mut bands.review),
        ] {
            let Some(found) = found else { continue };
            if found.value.is_finite() {
                *band = found.value;
            } else {
                out.error(&found.place, "invalid-value", "a score is a finite number")
                    .help("write a number such as `-2.5`");
            }
        }
        if bands.review > bands.same
            && let Some(place) = self
                .review
                .as_ref()
                .or(self.same.as_ref())
                .map(|at| &at.place)
        {
            let message = format!(
                "`review` ({}) is above `same` ({}): no pair could be merged without a review, nor reviewed",
                bands.review, bands.same
            );
            out.error(place, "nonsensical-bands", message)
                .help("the bands are `different`, `review`, `same`, from low to high scores");
        }
        bands
    }
}

impl Canonical for DedupeStage {
    fn canonical(&self) -> String {
        self.settings.text()
    }
}

impl DedupeStage {
    /// What it does, in short lines.
    pub fn explain(&self) -> Vec<String> {
        let policy = &self.settings.policy;
        let by = match self.settings.employer {
            EmployerField::Company => "company",
            EmployerField::Department => "department",
            EmployerField::Institution => "institution",
        };
        let mut lines = vec![format!("one opening of many ads, employer by {by}")];
        if !policy.sources.is_empty() {
            lines.push(format!("{} lead", policy.sources.join(", then ")));
        }
        if policy.parallel == ParallelPolicy::Merge {
            lines.push("parallel ads are merged".to_owned());
        }
        lines
    }
}

/// Separates the id of an ad from its generation: no id of a source contains it.
const GENERATION: char = '\u{1f}';

/// The key of a job among those that are compared.
pub fn ad_key(source: &str, original_id: &str, generation: i32) -> AdKey {
    match generation {
        0 => AdKey::new(source, original_id),
        _ => AdKey::new(source, &format!("{original_id}{GENERATION}{generation}")),
    }
}

/// How operators read the key: `seek:17`, or `seek:17 (2nd job of this id)`.
pub fn shown(key: &AdKey) -> String {
    match key.id.split_once(GENERATION) {
        Some((id, generation)) => format!("{}:{id} (generation {generation})", key.source),
        None => key.to_string(),
    }
}

impl OpeningSettings {
    /// As text: equal settings are equal texts.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Settings as they are stored; `None` if another version of Weir wrote them.
    pub fn stored(text: &str) -> Option<OpeningSettings> {
        serde_json::from_str(text).ok()
    }

    /// The addresses of a source.
    pub fn addresses(&self, source: &str) -> AddressPolicy {
        AddressPolicy {
            significant: self.parameters.get(source).cloned().unwrap_or_default(),
        }
    }

    /// What is compared of a job.
    pub fn facts(&self, job: &WrittenJob) -> AdFacts {
        let extra = |name: &str| job.extra.as_ref().and_then(|extra| extra.get(name));
        let declared = |name: &Option<String>| name.as_deref().and_then(extra).and_then(text);
        let (employer, employer_id) = match self.employer {
            EmployerField::Company => {
                (job.company.clone(), job.company_id.map(|id| id.to_string()))
            }
            EmployerField::Department => (job.department.clone(), None),
            EmployerField::Institution => (Some(self.institution.clone()), None),
        };
        AdFacts {
            title: job.title.clone(),
            employer,
            employer_id,
            places: job.locations.clone().unwrap_or_default(),
            remote: extra("remote").and_then(Json::as_bool).unwrap_or_default(),
            opens_on: job.open_date,
            closes_on: job.close_date,
            withdrawn_on: job.withdrawn_on,
            pay: pay(&extra),
            grade: extra("grade").and_then(text),
            description: job.description.clone(),
            url: job.source_url.clone(),
            apply_url: declared(&self.apply_url),
            requisition: declared(&self.requisition),
        }
    }
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn pay<'j>(extra: &impl Fn(&str) -> Option<&'j Json>) -> Option<PayRange> {
    let pay = PayRange {
        min: extra("pay_min").and_then(Json::as_f64),
        max: extra("pay_max").and_then(Json::as_f64),
        currency: extra("pay_currency").and_then(text),
        period: extra("pay_period").and_then(text),
    };
    (pay.min.is_some() || pay.max.is_some()).then_some(pay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_back_as_they_were_written() {
        let around = OpeningSurroundings {
            institution: "acme".to_owned(),
            ..OpeningSurroundings::default()
        };
        let dedupe = OpeningsSpec::default().compile(&around, &mut Diagnostics::new());
        let settings = dedupe.settings;
        assert_eq!(settings.employer, EmployerField::Institution);
        assert_eq!(OpeningSettings::stored(&settings.text()), Some(settings));
    }

    #[test]
    fn a_recycled_id_is_another_ad() {
        assert_ne!(ad_key("a", "1", 0), ad_key("a", "1", 1));
        assert_eq!(shown(&ad_key("a", "1", 0)), "a:1");
        assert_eq!(shown(&ad_key("a", "1", 2)), "a:1 (generation 2)");
    }
}
