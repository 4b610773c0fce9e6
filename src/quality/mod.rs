//! What is usual for a source, and what is not: how often its fields are filled, its rules fail, its jobs change, and how many ads it gives. A run
//! outside the band of the days before is told to people, and may be declared to hold the source.
//!
//! Pure: the engine measures and asks, the store keeps, this decides. It must never call a day unusual for which there is too little to compare with.
//! To measure something further: a [`Kind`], where it is counted, and the words for it in [`Compared::words`].

pub mod band;
pub mod gauge;
pub mod loss;

pub use band::{Compared, Day, Today, compare, lost, unusual};
pub use gauge::{Gauge, Marks, Rule};
pub use loss::{FieldLoss, LossExample};

use crate::span::Share;
use crate::yaml::{Located, Parsed};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// How many ads there are.
    Volume,
    /// A field has a value.
    Filled,
    /// A mandatory or related field speaks against the ad.
    Refused,
    /// An optional field has a value that could not be read, and was left out.
    Unread,
    /// A rule refuses the ad.
    Fails,
    /// A rule would refuse the ad if it did not only warn.
    Warns,
    /// A job got a new version.
    Updated,
    /// A field went back to a value that it had a few versions ago.
    Flips,
}

impl Kind {
    /// The text in the column.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Volume => "volume",
            Kind::Filled => "filled",
            Kind::Refused => "refused",
            Kind::Unread => "unread",
            Kind::Fails => "fails",
            Kind::Warns => "warns",
            Kind::Updated => "updated",
            Kind::Flips => "flips",
        }
    }

    /// The kind of a column's text.
    pub fn named(name: &str) -> Option<Kind> {
        use Kind::{Fails, Filled, Flips, Refused, Unread, Updated, Volume, Warns};
        [Volume, Filled, Refused, Unread, Fails, Warns, Updated, Flips].into_iter().find(|kind| kind.name() == name)
    }

    /// Whether only more of it is bad.
    fn only_rises(self) -> bool {
        !matches!(self, Kind::Volume | Kind::Filled)
    }

    /// Whether it is only kept where it was found: nothing kept is none.
    fn is_sparse(self) -> bool {
        matches!(self, Kind::Refused | Kind::Unread | Kind::Flips)
    }

    /// Whether boards have a week in it: little happens on a Sunday.
    fn has_weeks(self) -> bool {
        matches!(self, Kind::Volume | Kind::Updated | Kind::Flips)
    }

    /// The least difference that is told, as a multiple of `within`.
    fn least(self) -> f64 {
        match self {
            Kind::Volume => 3.0,
            Kind::Updated => 2.0,
            Kind::Filled => 1.0,
            Kind::Refused | Kind::Unread | Kind::Fails | Kind::Warns | Kind::Flips => 0.5,
        }
    }
}

/// One thing measured: so many ads of so many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// What.
    pub kind: Kind,
    /// The field or rule; empty where there is none.
    pub subject: String,
    /// Ads of which it is true.
    pub part: i64,
    /// Ads that were looked at.
    pub whole: i64,
}

/// `quality:` of an institution or source.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QualitySpec {
    /// Whether an unusual read waits for a person, instead of being published and told (false).
    hold: Option<bool>,
    /// Differences of a fill rate below this are never told (10%); half of it counts for failures, twice for changes, three times for the number of ads.
    within: Option<Parsed<Share>>,
    /// The least share of ads in which a field must be filled, whatever is usual.
    fields: IndexMap<Located<String>, Parsed<Share>>,
}

/// What is asked of a source, compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Whether an unusual read waits for a person.
    pub hold: bool,
    /// The least difference of a fill rate that is told.
    pub within: Share,
    /// The least share of ads in which these fields must be filled.
    pub minima: Vec<(String, Share)>,
}

impl Default for Bar {
    fn default() -> Bar {
        Bar { hold: false, within: Share(0.1), minima: Vec::new() }
    }
}

impl Bar {
    /// Compiles what is asked of a source: its own words before the institution's.
    pub fn compile(specs: [Option<&QualitySpec>; 2]) -> Bar {
        let specs = || specs.into_iter().flatten();
        let mut minima: IndexMap<String, Share> = IndexMap::new();
        for (field, share) in specs().flat_map(|spec| &spec.fields) {
            minima.entry(field.value.clone()).or_insert(share.0);
        }
        Bar {
            hold: specs().find_map(|spec| spec.hold).unwrap_or_default(),
            within: specs().find_map(|spec| spec.within.as_ref()).map_or(Share(0.1), |share| share.0),
            minima: minima.into_iter().collect(),
        }
    }

    /// What it asks, in a few words; nothing where nothing is declared.
    pub fn explain(&self) -> Option<String> {
        let minima: Vec<String> = self.minima.iter().map(|(field, share)| format!("{field} in {share}")).collect();
        match (self.hold, minima.is_empty()) {
            (false, true) => None,
            (true, true) => Some("an unusual read waits for a person".to_owned()),
            (true, false) => Some(format!("an unusual read waits for a person; at least {}", minima.join(", "))),
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
