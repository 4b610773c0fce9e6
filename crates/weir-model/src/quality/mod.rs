//! What is usual for a source, and what is not: how often its fields are filled, its rules fail,
//! its jobs change, and how many ads it gives. A run outside the band of the days before is told to
//! people, and may be declared to hold the source.
//!
//! Pure: the engine measures and asks, the store keeps, this decides. It must never call a day
//! unusual for which there is too little to compare with. To measure something further: a
//! [`MeasureKind`], where it is counted, and the words for it in [`ComparedMeasure::words`].

pub mod band;
pub mod gauge;
pub mod loss;

pub use band::{ComparedMeasure, MeasuredDay, MeasuredToday, compare, lost, unusual};
pub use gauge::{AdMarks, GaugedRule, QualityGauge};
pub use loss::{FieldLoss, LossExample};

use crate::Canonical;
use crate::canonical::canonical_members;
use crate::span::Share;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use weir_yaml::yaml::{Located, Parsed};

/// What a measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MeasureKind {
    /// Ads read.
    Volume,
    /// Ads with a value in a field.
    Filled,
    /// Ads rejected because of a mandatory field or a relation.
    Refused,
    /// Ads with an unreadable value in an optional field, which was dropped.
    Unread,
    /// Ads rejected by a rule.
    Fails,
    /// Ads that a warn-only rule would reject.
    Warns,
    /// Jobs with a new version.
    Updated,
    /// Fields that went back to a value they had a few versions ago.
    Flips,
}

impl MeasureKind {
    /// The value stored in the column.
    pub fn name(self) -> &'static str {
        match self {
            MeasureKind::Volume => "volume",
            MeasureKind::Filled => "filled",
            MeasureKind::Refused => "refused",
            MeasureKind::Unread => "unread",
            MeasureKind::Fails => "fails",
            MeasureKind::Warns => "warns",
            MeasureKind::Updated => "updated",
            MeasureKind::Flips => "flips",
        }
    }

    /// The measure with that column value.
    pub fn named(name: &str) -> Option<MeasureKind> {
        use MeasureKind::{Fails, Filled, Flips, Refused, Unread, Updated, Volume, Warns};
        [
            Volume, Filled, Refused, Unread, Fails, Warns, Updated, Flips,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }

    /// Whether only an increase is bad.
    fn only_rises(self) -> bool {
        !matches!(self, MeasureKind::Volume | MeasureKind::Filled)
    }

    /// Whether it is stored only where it occurred: no row means zero.
    fn is_sparse(self) -> bool {
        matches!(
            self,
            MeasureKind::Refused | MeasureKind::Unread | MeasureKind::Flips
        )
    }

    /// Whether it follows a weekly pattern: little happens on a Sunday.
    fn has_weeks(self) -> bool {
        matches!(
            self,
            MeasureKind::Volume | MeasureKind::Updated | MeasureKind::Flips
        )
    }

    /// The smallest difference that is reported, as a multiple of `within`.
    fn least(self) -> f64 {
        match self {
            MeasureKind::Volume => 3.0,
            MeasureKind::Updated => 2.0,
            MeasureKind::Filled => 1.0,
            MeasureKind::Refused
            | MeasureKind::Unread
            | MeasureKind::Fails
            | MeasureKind::Warns
            | MeasureKind::Flips => 0.5,
        }
    }
}

/// One measurement: `part` of `whole` ads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// What.
    pub kind: MeasureKind,
    /// The field or rule; empty if there is none.
    pub subject: String,
    /// Ads for which it is true.
    pub part: i64,
    /// Ads that were checked.
    pub whole: i64,
}

/// `quality:` of an institution or source.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QualitySpec {
    /// Whether an unusual read is held for an operator instead of being published with an alert
    /// (default `false`).
    hold: Option<bool>,
    /// The smallest change of a fill rate that is reported (default 10%). For failure rates half
    /// this value applies, for change rates twice, for ad counts three times.
    within: Option<Parsed<Share>>,
    /// The minimum ratio of ads that must have a value in a field, whatever is usual.
    fields: IndexMap<Located<String>, Parsed<Share>>,
}

/// The thresholds of a source, compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityBar {
    /// Whether an unusual read is held for an operator.
    pub hold: bool,
    /// The smallest difference of a fill rate that is reported.
    pub within: Share,
    /// The minimum fill rate of each of these fields.
    pub minima: Vec<(String, Share)>,
}

impl Default for QualityBar {
    fn default() -> QualityBar {
        QualityBar {
            hold: false,
            within: Share(0.1),
            minima: Vec::new(),
        }
    }
}

impl Canonical for QualityBar {
    fn canonical(&self) -> String {
        let minima = self
            .minima
            .iter()
            .map(|(field, ratio)| json!([field, ratio.to_string()]));
        canonical_members([
            ("hold", json!(self.hold)),
            ("within", json!(self.within.to_string())),
            ("minima", minima.collect()),
        ])
    }
}

impl QualityBar {
    /// Compiles the thresholds of a source; its own settings override the institution's.
    pub fn compile(specs: [Option<&QualitySpec>; 2]) -> QualityBar {
        let specs = || specs.into_iter().flatten();
        let mut minima: IndexMap<String, Share> = IndexMap::new();
        for (field, share) in specs().flat_map(|spec| &spec.fields) {
            minima.entry(field.value.clone()).or_insert(share.0);
        }
        QualityBar {
            hold: specs().find_map(|spec| spec.hold).unwrap_or_default(),
            within: specs()
                .find_map(|spec| spec.within.as_ref())
                .map_or(Share(0.1), |share| share.0),
            minima: minima.into_iter().collect(),
        }
    }

    /// A short description; `None` if nothing is declared.
    pub fn explain(&self) -> Option<String> {
        let minima: Vec<String> = self
            .minima
            .iter()
            .map(|(field, share)| format!("{field} in {share}"))
            .collect();
        match (self.hold, minima.is_empty()) {
            (false, true) => None,
            (true, true) => Some("an unusual read is held".to_owned()),
            (true, false) => Some(format!(
                "an unusual read is held; at least {}",
                minima.join(", ")
            )),
            (false, false) => Some(format!("at least {}", minima.join(", "))),
        }
    }
}

impl QualitySpec {
    /// The fields that it names.
    pub fn fields(&self) -> impl Iterator<Item = &Located<String>> {
        self.fields.keys()
    }
}
