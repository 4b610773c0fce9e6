//! The canonical fields of a job, in one list. Mapping, validation, comparison and SQL all read
//! this list. Custom fields are not part of it: they are in `extra`, declared by the YAML.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A canonical field of a job.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename = "field", rename_all = "snake_case")]
pub enum Field {
    /// The title; always mandatory, because the table requires it.
    Title,
    /// The description, as readable text.
    Description,
    /// The first day.
    OpenDate,
    /// The last day.
    CloseDate,
    /// The department, as given by the source.
    Department,
    /// The source's own id of the department.
    DepartmentId,
    /// The employment type, as given by the source.
    JobType,
    /// The address of the ad.
    SourceUrl,
    /// The pay, as text.
    Remuneration,
    /// The contact (JSON).
    Recruiter,
    /// The locations.
    Locations,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Text, trimmed.
    Text,
    /// A calendar date.
    Date,
    /// A number.
    Number,
    /// true or false.
    Boolean,
    /// A list of text values.
    List,
    /// Any JSON.
    Json,
}

/// All canonical fields, in the order of the columns.
pub const FIELDS: [Field; 11] = [
    Field::Title,
    Field::Description,
    Field::OpenDate,
    Field::CloseDate,
    Field::Department,
    Field::DepartmentId,
    Field::JobType,
    Field::SourceUrl,
    Field::Remuneration,
    Field::Recruiter,
    Field::Locations,
];

impl Field {
    /// The column and YAML name.
    pub fn name(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::Description => "description",
            Field::OpenDate => "open_date",
            Field::CloseDate => "close_date",
            Field::Department => "department",
            Field::DepartmentId => "department_id",
            Field::JobType => "job_type",
            Field::SourceUrl => "source_url",
            Field::Remuneration => "remuneration",
            Field::Recruiter => "recruiter",
            Field::Locations => "locations",
        }
    }

    /// The field with that name.
    pub fn named(name: &str) -> Option<Field> {
        FIELDS.into_iter().find(|field| field.name() == name)
    }

    /// The type of its value.
    pub fn kind(self) -> FieldKind {
        match self {
            Field::OpenDate | Field::CloseDate => FieldKind::Date,
            Field::Recruiter => FieldKind::Json,
            Field::Locations => FieldKind::List,
            _ => FieldKind::Text,
        }
    }

    /// Whether a change updates the job without creating a version, unless the YAML's `compare`
    /// lists it.
    pub fn refreshes(self) -> bool {
        matches!(self, Field::SourceUrl | Field::Recruiter)
    }
}
