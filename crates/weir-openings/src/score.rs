//! Points for and against a pair, in log odds: what was measured on labelled pairs, rounded. The
//! sum falls into one of three bands. Every point is a line that an operator can read.

use crate::employer::EmployerRelation;
use crate::features::{MarkRelation, PairFeatures, TitleRelation};
use crate::place_relation::PlaceRelation;
use crate::policy::{BandThresholds, FieldWeights, OpeningPolicy};
use crate::veto::{VetoReason, exact, veto};
use serde::{Deserialize, Serialize};

/// What a pair is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairBand {
    /// One opening.
    Same,
    /// An operator decides.
    Review,
    /// Two openings.
    Different,
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreLine {
    /// The field that was compared.
    pub field: String,
    /// What was found.
    pub found: String,
    /// Points for it; negative ones speak against the pair.
    pub points: f64,
}

/// What came of a pair by its two signatures alone.
#[derive(Debug, Clone, PartialEq)]
pub struct PairScore {
    /// Sum of the points.
    pub points: f64,
    /// The contradiction, if there is one.
    pub veto: Option<VetoReason>,
    /// An exact key is shared.
    pub exact: bool,
    /// How well one fits the other as its copy: decides between rivals on one source.
    pub fit: f64,
}

impl PairScore {
    /// Scores a pair.
    pub fn of(pair: &PairFeatures, policy: &OpeningPolicy) -> PairScore {
        PairScore {
            points: weighted(pair, &policy.weights).map(|(_, _, points)| points).sum(),
            veto: veto(pair, &policy.vetoes),
            exact: exact(pair),
            fit: fit(pair),
        }
    }

    /// The band, before rivals are looked at.
    pub fn band(&self, bands: &BandThresholds) -> PairBand {
        match self.veto {
            Some(_) => PairBand::Different,
            None => band_of(self.points, bands),
        }
    }
}

/// The band of a sum of points.
pub fn band_of(points: f64, bands: &BandThresholds) -> PairBand {
    if points >= bands.same {
        PairBand::Same
    } else if points >= bands.review {
        PairBand::Review
    } else {
        PairBand::Different
    }
}

/// The points of a pair, line by line; facts without points are left out.
pub fn lines(pair: &PairFeatures, weights: &FieldWeights) -> Vec<ScoreLine> {
    let told = weighted(pair, weights).filter(|(_, _, points)| points.abs() > f64::EPSILON);
    told.map(|(field, found, points)| ScoreLine { field: field.to_owned(), found, points })
        .collect()
}

/// Every field with its points, by its weight.
fn weighted(pair: &PairFeatures, weights: &FieldWeights) -> impl Iterator<Item = ScorePoints> {
    POINTS.iter().map(move |points| {
        let (field, found, points) = points(pair);
        (field, found, points * weights.of(field))
    })
}

type ScorePoints = (&'static str, String, f64);

/// Every field that brings points.
const POINTS: [fn(&PairFeatures) -> ScorePoints; 9] =
    [title, level, number, year, season, employer, place, text, exact_key];

/// The name of a variant as an operator reads it.
fn name_of(relation: impl Serialize) -> String {
    let name = serde_json::to_value(relation).ok();
    name.and_then(|name| name.as_str().map(|name| name.replace('_', " "))).unwrap_or_default()
}

fn title(pair: &PairFeatures) -> ScorePoints {
    let points = match pair.title {
        TitleRelation::Equal => 0.5,
        TitleRelation::Merged => 0.25,
        TitleRelation::Hard => 0.25,
        TitleRelation::OneMore => -1.5,
        TitleRelation::Contained => -3.0,
        TitleRelation::Alike | TitleRelation::Other => -3.5,
    };
    ("title", name_of(pair.title), points)
}

fn level(pair: &PairFeatures) -> ScorePoints {
    let points = match pair.level {
        MarkRelation::Neither => 1.0,
        MarkRelation::Equal => 0.0,
        MarkRelation::Overlap => -0.5,
        MarkRelation::OneSided | MarkRelation::Conflict => -2.0,
    };
    ("level", name_of(pair.level), points)
}

fn number(pair: &PairFeatures) -> ScorePoints {
    let points = if pair.number == MarkRelation::Equal { 1.0 } else { 0.0 };
    ("number", name_of(pair.number), points)
}

fn marked(relation: MarkRelation) -> f64 {
    match relation {
        MarkRelation::Equal => 1.0,
        MarkRelation::Conflict => -1.5,
        _ => 0.0,
    }
}

fn year(pair: &PairFeatures) -> ScorePoints {
    ("year", name_of(pair.year), marked(pair.year))
}

fn season(pair: &PairFeatures) -> ScorePoints {
    ("season", name_of(pair.season), marked(pair.season))
}

fn employer(pair: &PairFeatures) -> ScorePoints {
    let points = if pair.employer == EmployerRelation::Related { -0.5 } else { 0.0 };
    ("employer", name_of(pair.employer), points)
}

fn place(pair: &PairFeatures) -> ScorePoints {
    let points = match pair.place {
        PlaceRelation::Remote => 3.0,
        PlaceRelation::Subset => -1.0,
        PlaceRelation::Partial => -0.5,
        _ => 0.0,
    };
    ("place", name_of(pair.place), points)
}

fn text(pair: &PairFeatures) -> ScorePoints {
    let Some(text) = pair.text else {
        return ("text", "missing".to_owned(), 0.0);
    };
    let points = match text.jaccard {
        _ if text.is_one_text() => 3.0,
        overlap if overlap >= 0.5 => -1.0,
        _ => -1.5,
    };
    let share = if text.jaccard > 0.0 { text.jaccard * 100.0 } else { 0.0 };
    ("text", format!("{share:.0} % shared"), points)
}

fn exact_key(pair: &PairFeatures) -> ScorePoints {
    let found = if pair.address { "address" } else { "requisition" };
    ("exact key", found.to_owned(), if exact(pair) { 6.0 } else { 0.0 })
}

/// How well one ad fits as the copy of another.
fn fit(pair: &PairFeatures) -> f64 {
    let title = match pair.title {
        TitleRelation::Equal => 4.0,
        TitleRelation::Merged => 3.0,
        TitleRelation::Hard => 2.0,
        TitleRelation::OneMore => 2.0,
        TitleRelation::Contained => 1.0,
        _ => 0.0,
    };
    let place = match pair.place {
        PlaceRelation::Equal => 4.0,
        PlaceRelation::Remote => 3.0,
        PlaceRelation::Subset => 2.0,
        PlaceRelation::Partial => 1.5,
        PlaceRelation::Unknown => 0.0,
        PlaceRelation::OtherCity => -2.0,
        PlaceRelation::OtherRegion => -5.0,
        PlaceRelation::OtherCountry => -6.0,
    };
    let number = marks(pair.number, 0.5, -2.0, -6.0);
    let level = marks(pair.level, 0.0, -0.5, -5.0);
    let year = marks(pair.year, 1.0, 0.0, -2.0) + marks(pair.season, 0.5, 0.0, -1.0);
    let key = if exact(pair) { 6.0 } else { 0.0 };
    let printed = if pair.one_place { 0.5 } else { 0.0 };
    title + place + number + level + year + key + printed
}

fn marks(relation: MarkRelation, equal: f64, one_sided: f64, conflict: f64) -> f64 {
    match relation {
        MarkRelation::Equal => equal,
        MarkRelation::OneSided => one_sided,
        MarkRelation::Conflict => conflict,
        MarkRelation::Neither | MarkRelation::Overlap => 0.0,
    }
}
