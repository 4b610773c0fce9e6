//! The name of an employer in an ad: where it is, and what it is.
//!
//! Nothing here knows which companies there are.

use serde_json::Value as Json;
use weir_framework::company::{CompanyDecision, CompanyName};
use weir_model::{Field, Job};
use weir_source::jsonpath::JsonPath;

/// Maximum characters of a name. Longer text is a sentence mapped to the wrong field, and too long
/// for a PostgreSQL index.
pub(super) const LONGEST_NAME: usize = 500;

/// Where an ad has a text.
#[derive(Debug, Clone)]
pub(super) enum NameOrigin {
    Field(Field),
    Path(JsonPath),
}

/// The name in an ad.
#[derive(Debug, Clone)]
pub(super) struct AdName {
    pub text: String,
    pub name: CompanyName,
    /// What the registry says to it, if there is one.
    pub decided: Option<CompanyDecision>,
}

impl NameOrigin {
    pub fn name(&self) -> String {
        match self {
            NameOrigin::Field(field) => field.name().to_owned(),
            NameOrigin::Path(path) => path.to_string(),
        }
    }

    pub fn path(&self) -> Option<&JsonPath> {
        match self {
            NameOrigin::Path(path) => Some(path),
            NameOrigin::Field(_) => None,
        }
    }

    pub fn text_in(&self, job: &Job, document: &Json) -> Option<String> {
        let text = match self {
            NameOrigin::Field(field) => job.get(*field).as_text().map(str::to_owned),
            NameOrigin::Path(path) => path
                .first(document)
                .and_then(Json::as_str)
                .map(str::to_owned),
        };
        text.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty())
    }

    /// A number of a register, as text or as a number.
    pub fn number_in(&self, job: &Job, document: &Json) -> Option<String> {
        let number = match self {
            NameOrigin::Path(path) => path.first(document).and_then(Json::as_number),
            NameOrigin::Field(_) => None,
        };
        number
            .map(ToString::to_string)
            .or_else(|| self.text_in(job, document))
    }
}
