//! How the company or division of an ad was found, for people and machines.

use super::near_name::{NearName, two_digits};
use super::registry_set::KnownRegistry;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use weir_framework::company::{CompanyDecision, CompanyMethod, CompanyName};
use weir_framework::words::nearest_names;
use weir_model::RelationTable;
use weir_store::relations::AcceptedAlias;

/// What became of the name in an ad.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRelation {
    /// Company or division.
    pub table: RelationTable,
    /// The name in the ad.
    pub text: String,
    /// The name of the company; `None` if none was found.
    pub name: Option<String>,
    /// How it was found.
    pub way: RelationWay,
    /// Who advertises for it.
    pub agency: Option<String>,
    /// Known names that are near, where none was found.
    pub near: Vec<NearName>,
}

/// How the company or division of an ad was found.
#[derive(Debug, Clone, PartialEq)]
pub enum RelationWay {
    /// A person accepted the name.
    Accepted(AcceptedAlias),
    /// By a number in a register.
    Number,
    /// By its name.
    Name,
    /// By another name of it in the registry.
    Alias,
    /// By its name in the registry, without legal form, marks and places.
    Cleaned,
    /// By the name behind `trading as`.
    TradingName,
    /// By the client that an agency names.
    Client,
    /// By the employer in `... at EMPLOYER`.
    Employer,
    /// By another spelling: case, marks, legal form.
    Spelling,
    /// It is new.
    New,
    /// The text names nobody: `Confidential`.
    Nameless,
    /// Not at all.
    NotFound,
}

impl RelationWay {
    /// The way that a registry found a company by.
    pub(super) fn of(decision: &CompanyDecision, is_own_name: bool) -> RelationWay {
        match decision.method {
            CompanyMethod::Number => RelationWay::Number,
            CompanyMethod::Name if is_own_name => RelationWay::Name,
            CompanyMethod::Name => RelationWay::Alias,
            CompanyMethod::Cleaned => RelationWay::Cleaned,
            CompanyMethod::TradingName => RelationWay::TradingName,
            CompanyMethod::Client => RelationWay::Client,
            CompanyMethod::Employer => RelationWay::Employer,
            CompanyMethod::None => RelationWay::NotFound,
        }
    }

    /// Its name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            RelationWay::Accepted(_) => "accepted",
            RelationWay::Number => "number",
            RelationWay::Name => "name",
            RelationWay::Alias => "alias",
            RelationWay::Cleaned => "suffix",
            RelationWay::TradingName => "trading-name",
            RelationWay::Client => "client",
            RelationWay::Employer => "employer",
            RelationWay::Spelling => "spelling",
            RelationWay::New => "new",
            RelationWay::Nameless => "nameless",
            RelationWay::NotFound => "none",
        }
    }

    fn words(&self) -> String {
        match self {
            RelationWay::Accepted(alias) => format!(
                "as {} accepted on {}",
                alias.decided_by,
                alias.decided_at.format("%Y-%m-%d")
            ),
            RelationWay::Number => "by its number in a register".to_owned(),
            RelationWay::Name => "by the name in the ad".to_owned(),
            RelationWay::Alias => "by another name of it".to_owned(),
            RelationWay::Cleaned => "by the name without legal form and place".to_owned(),
            RelationWay::TradingName => "by the trading name".to_owned(),
            RelationWay::Client => "as the client of an agency".to_owned(),
            RelationWay::Employer => "as the employer in `... at`".to_owned(),
            RelationWay::Spelling => "by another spelling".to_owned(),
            RelationWay::New => "by a name that is new".to_owned(),
            RelationWay::Nameless | RelationWay::NotFound => "not found".to_owned(),
        }
    }
}

impl FoundRelation {
    /// How sure it is: only equal names are decided; what is near waits for a person.
    pub fn confidence(&self) -> f64 {
        match (&self.name, self.near.first()) {
            (Some(_), _) => 1.0,
            (None, Some(near)) => near.confidence,
            (None, None) => 0.0,
        }
    }

    /// How it was found, in words.
    pub fn words(&self) -> String {
        let agency = self.agency.as_ref();
        let agency = agency.map(|agency| format!(", advertised by {agency}"));
        format!(
            "found {}: {}{}, confidence {:.2}",
            self.way.words(),
            self.text,
            agency.unwrap_or_default(),
            self.confidence()
        )
    }

    fn to_json(&self) -> Json {
        let by = match &self.way {
            RelationWay::Accepted(alias) => Some(&alias.decided_by),
            _ => None,
        };
        json!({ "of": self.table.one(), "text": self.text, "name": self.name, "method": self.way.name(), "confidence": self.confidence(),
            "accepted_by": by, "agency": self.agency, "near": self.near })
    }
}

impl Serialize for FoundRelation {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(out)
    }
}

/// The known names that are nearest to a text, the best first: of registries, and of the table.
pub fn nearest(text: &str, registries: &[Arc<KnownRegistry>], stored: &[String]) -> Vec<NearName> {
    let of_registry = |registry: &Arc<KnownRegistry>| registry.near(text);
    let mut near: Vec<NearName> = registries.iter().flat_map(of_registry).collect();
    let keys: Vec<String> = stored
        .iter()
        .map(|name| CompanyName::read(name).key)
        .collect();
    let named = keys.iter().enumerate().map(|(at, key)| (at, key.as_str()));
    let of_table = nearest_names(&CompanyName::read(text).key, named, MOST_NEAR);
    let of_table = of_table.into_iter().map(|(at, nearness)| NearName {
        id: None,
        name: stored[at].clone(),
        confidence: two_digits(nearness),
    });
    for one in of_table {
        // A company of a registry is in the table by its name there.
        if near.iter().all(|known| known.name != one.name) {
            near.push(one);
        }
    }
    near.sort_by(|one, other| {
        let nearer = other.confidence.total_cmp(&one.confidence);
        nearer.then_with(|| one.name.cmp(&other.name))
    });
    near.truncate(MOST_NEAR);
    near
}

/// Most names that are proposed.
const MOST_NEAR: usize = 3;
