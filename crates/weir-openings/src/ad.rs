//! What this crate knows of an ad. The fields are those of a job, read once; nothing here knows
//! where they are stored.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which ad: a source and the id that the source gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AdKey {
    /// The source, as the YAML names it.
    pub source: String,
    /// The id of the ad on that source.
    pub id: String,
}

impl AdKey {
    /// The key of an ad.
    pub fn new(source: &str, id: &str) -> AdKey {
        AdKey { source: source.to_owned(), id: id.to_owned() }
    }
}

impl fmt::Display for AdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.id)
    }
}

/// Pay as it was understood; open ends are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PayRange {
    /// Least pay.
    pub min: Option<f64>,
    /// Most pay.
    pub max: Option<f64>,
    /// Currency, such as `AUD`.
    pub currency: Option<String>,
    /// Period, such as `year` or `hour`.
    pub period: Option<String>,
}

/// The fields of an ad that tell openings apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdFacts {
    /// Title as the source prints it.
    pub title: String,
    /// Employer as the source prints it.
    pub employer: Option<String>,
    /// The employer once it is resolved: an id that is equal for equal employers.
    pub employer_id: Option<String>,
    /// Places as the source prints them; one text may hold several.
    pub places: Vec<String>,
    /// Whether the source marks the ad as remote.
    pub remote: bool,
    /// First day of the ad.
    pub opens_on: Option<NaiveDate>,
    /// Closing date.
    pub closes_on: Option<NaiveDate>,
    /// Day on which the source stopped listing the ad.
    pub withdrawn_on: Option<NaiveDate>,
    /// Pay.
    pub pay: Option<PayRange>,
    /// Grade or classification.
    pub grade: Option<String>,
    /// Description, as text or HTML.
    pub description: Option<String>,
    /// Address of the ad.
    pub url: Option<String>,
    /// Address at which one applies.
    pub apply_url: Option<String>,
    /// The employer's own number of the requisition.
    pub requisition: Option<String>,
}
