//! Contradictions. One is enough to decide against a pair, whatever else agrees: a wrong merge
//! hides an opening, and nobody notices. Each veto names the fact that it saw.

use crate::employer::EmployerRelation;
use crate::features::{MarkRelation, PairFeatures, TitleRelation};
use crate::place_relation::PlaceRelation;
use crate::policy::VetoPolicy;
use serde::{Deserialize, Serialize};

/// Why two ads cannot be one opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VetoReason {
    /// Different requisition numbers on one source.
    Requisition,
    /// Pay that does not overlap.
    Pay,
    /// Different grades.
    Grade,
    /// Different levels, or a level such as senior on one side.
    Level,
    /// Different degrees.
    Degree,
    /// Different numbers in the titles.
    Number,
    /// Different requisition-like codes in the titles.
    Code,
    /// Closing dates far apart.
    Closing,
    /// Places that exclude each other.
    Place,
    /// Employers without anything in common.
    Employer,
    /// Titles of other roles.
    Title,
    /// Texts of other jobs.
    Text,
    /// Another ad on the source of one fits the other better.
    Rival,
}

impl VetoReason {
    /// The reason as an operator reads it.
    pub fn name(self) -> &'static str {
        match self {
            VetoReason::Requisition => "other requisition number",
            VetoReason::Pay => "pay does not overlap",
            VetoReason::Grade => "other grade",
            VetoReason::Level => "other level",
            VetoReason::Degree => "other degree",
            VetoReason::Number => "other number in the title",
            VetoReason::Code => "other code in the title",
            VetoReason::Closing => "closing dates far apart",
            VetoReason::Place => "places exclude each other",
            VetoReason::Employer => "unrelated employers",
            VetoReason::Title => "other role",
            VetoReason::Text => "other text",
            VetoReason::Rival => "another ad of that source fits better",
        }
    }
}

/// Text overlap from which other doubts are set aside.
const ONE_TEXT: f64 = 0.8;
/// Text overlap from which an agency may have copied the ad of its client.
const AGENCY_TEXT: f64 = 0.6;
/// Text overlap below which two texts are of other jobs.
const OTHER_TEXT: f64 = 0.2;

/// The first contradiction between two ads, if there is any.
pub fn veto(pair: &PairFeatures, policy: &VetoPolicy) -> Option<VetoReason> {
    stated(pair, policy).or_else(|| unlike(pair))
}

/// Contradictions between stated facts.
fn stated(pair: &PairFeatures, policy: &VetoPolicy) -> Option<VetoReason> {
    let far = |days| pair.closing_days.is_some_and(|apart| apart > u64::from(days));
    let number = pair.number == MarkRelation::Conflict
        || pair.number == MarkRelation::OneSided && !pair.one_text() && !exact(pair);
    let level = pair.level == MarkRelation::Conflict || pair.high_level_missing;
    let requisition = pair.one_source && pair.requisition == MarkRelation::Conflict;
    let found = [
        (policy.requisition && requisition, VetoReason::Requisition),
        (policy.pay && pair.pay == Some(false), VetoReason::Pay),
        (policy.grade && pair.grade == Some(false), VetoReason::Grade),
        (policy.level && level, VetoReason::Level),
        (policy.level && pair.degree == MarkRelation::Conflict, VetoReason::Degree),
        (policy.level && number, VetoReason::Number),
        (policy.requisition && pair.code == MarkRelation::Conflict, VetoReason::Code),
        (policy.closing_days.is_some_and(far), VetoReason::Closing),
        (policy.place && pair.place.excludes(), VetoReason::Place),
    ];
    found.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

/// An exact key: an address, or a requisition number of one employer.
pub fn exact(pair: &PairFeatures) -> bool {
    let employer = pair.employer <= EmployerRelation::Related;
    pair.address || employer && pair.requisition == MarkRelation::Equal
}

/// Too little in common; an exact key sets this aside but for the title.
fn unlike(pair: &PairFeatures) -> Option<VetoReason> {
    if exact(pair) {
        return None;
    }
    let at_least = |least: f64| pair.jaccard().is_some_and(|overlap| overlap >= least);
    let stranger = pair.employer >= EmployerRelation::Unknown;
    let agency = pair.title <= TitleRelation::Hard && pair.place <= PlaceRelation::Remote;
    if stranger && !at_least(if agency { AGENCY_TEXT } else { ONE_TEXT }) {
        return Some(VetoReason::Employer);
    }
    if pair.title == TitleRelation::Other && !at_least(0.9) {
        return Some(VetoReason::Title);
    }
    if pair.entry_missing && pair.text.is_some() && !at_least(0.9) {
        return Some(VetoReason::Level);
    }
    let text = pair.jaccard();
    let cut = pair.one_text();
    (text.is_some_and(|overlap| overlap < OTHER_TEXT) && !cut).then_some(VetoReason::Text)
}
