//! Known names that are near to one that is not, and how near.
//!
//! Nothing here decides: what is only near waits for an operator.

use serde::Serialize;
use weir_framework::company::{CompanyCandidate, CompanyRegistry};

/// A known name that is near to one that is not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearName {
    /// Its id in the registry, if it is of one.
    pub id: Option<String>,
    /// The name.
    pub name: String,
    /// The share of letters that agree.
    pub confidence: f64,
}

pub(super) fn two_digits(ratio: f32) -> f64 {
    (f64::from(ratio) * 100.0).round() / 100.0
}

/// Candidates of a registry as near names.
pub(super) fn near_names(
    registry: &CompanyRegistry,
    candidates: &[CompanyCandidate],
) -> Vec<NearName> {
    let near = |candidate: &CompanyCandidate| {
        let company = registry.companies.get(candidate.company)?;
        Some(NearName {
            id: Some(company.id.clone()),
            name: company.name.clone(),
            confidence: two_digits(candidate.nearness),
        })
    };
    candidates.iter().filter_map(near).collect()
}
