//! What a script can read of an ad, and what else is known about the ad.

use super::library::ScriptDate;
use super::value::{EvaluationBail, NativeValue};
use chrono::NaiveDate;
use std::sync::Arc;
use weir_model::{Field, FieldValue, Job};

/// The variables that a rule may read.
pub const VARIABLES: [&str; 10] = [
    "job",
    "before",
    "source",
    "institution",
    "company",
    "division",
    "role",
    "capabilities",
    "today",
    "lists",
];

/// Members of `role`.
pub const ROLE_MEMBERS: [&str; 4] = ["id", "name", "level", "confidence"];

/// Members of `job` besides its fields.
pub const RELATIONS: [&str; 2] = ["company_id", "division_id"];

/// What is known about an ad besides its fields.
#[derive(Debug, Clone, Default)]
pub struct RuleFacts {
    /// The source.
    pub source: String,
    /// The institution's slug.
    pub institution: String,
    /// The company named in the ad, and whether it is known.
    pub company: NamedRelation,
    /// The division named in the ad, and whether it is known.
    pub division: NamedRelation,
    /// The role that was decided; `None` if none was.
    pub role: Option<DecidedRole>,
    /// The ids of the capabilities that the ad asks for.
    pub capabilities: FieldValue,
    /// The newest published version of the job; `None` if it is new, or if no rule reads it.
    pub before: Option<Arc<Job>>,
    /// The date of the run in the institution's zone.
    pub today: NaiveDate,
}

/// One relation of an ad.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedRelation {
    /// The name in the ad.
    pub name: Option<String>,
    /// Whether it is in its table (or is about to be).
    pub known: bool,
}

/// The role of an ad, or the group of roles that is sure.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedRole {
    /// Its id in the framework.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `role` or `group`.
    pub level: String,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
}

impl DecidedRole {
    /// A member that is text.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        match member {
            "id" => Some(&self.id),
            "name" => Some(&self.name),
            "level" => Some(&self.level),
            _ => None,
        }
    }
}

/// An ad as rules see it.
#[derive(Clone, Copy)]
pub struct AdView<'a> {
    /// The ad.
    pub job: &'a Job,
    /// What is known besides its fields.
    pub facts: &'a RuleFacts,
}

/// Something of the ad, or known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdInput {
    /// A field of the ad; of the version before if `true`.
    Canonical(Field, bool),
    /// A custom field; of the version before if `true`.
    Extra(String, bool),
    /// The source.
    Source,
    /// The institution.
    Institution,
    /// The date of the run.
    Today,
    /// The name of the company.
    CompanyName,
    /// Whether the company is known.
    CompanyKnown,
    /// The name of the division.
    DivisionName,
    /// Whether the division is known.
    DivisionKnown,
    /// A text of the role.
    RoleText(&'static str),
    /// How sure the role is.
    RoleConfidence,
    /// The ids of the capabilities.
    Capabilities,
}

impl AdInput {
    /// What a variable holds.
    pub(super) fn of_variable(name: &str) -> Option<AdInput> {
        Some(match name {
            "source" => AdInput::Source,
            "institution" => AdInput::Institution,
            "today" => AdInput::Today,
            "capabilities" => AdInput::Capabilities,
            _ => return None,
        })
    }

    /// What a member of a variable holds.
    pub(super) fn of_member(variable: &str, member: &str) -> Option<AdInput> {
        Some(match (variable, member) {
            ("job", _) => return AdInput::field(member, false),
            ("before", _) => return AdInput::field(member, true),
            ("company", "name") => AdInput::CompanyName,
            ("company", "known") => AdInput::CompanyKnown,
            ("division", "name") => AdInput::DivisionName,
            ("division", "known") => AdInput::DivisionKnown,
            ("role", "confidence") => AdInput::RoleConfidence,
            ("role", _) => {
                let known = ROLE_MEMBERS.into_iter().find(|known| *known == member);
                AdInput::RoleText(known?)
            }
            _ => return None,
        })
    }

    /// A field of the ad, or of the version before; ids of relations are not fields.
    pub(super) fn field(member: &str, before: bool) -> Option<AdInput> {
        match Field::named(member) {
            Some(field) => Some(AdInput::Canonical(field, before)),
            None if RELATIONS.contains(&member) => None,
            None => Some(AdInput::Extra(member.to_owned(), before)),
        }
    }

    /// The ad's value, if it is a field.
    #[inline]
    pub(super) fn field_value<'a>(&self, view: AdView<'a>) -> Option<&'a FieldValue> {
        let job = |before: bool| {
            if before {
                view.facts.before.as_deref()
            } else {
                Some(view.job)
            }
        };
        Some(match self {
            AdInput::Canonical(field, before) => {
                job(*before).map_or(&FieldValue::Absent, |job| job.get(*field))
            }
            AdInput::Extra(extra, before) => job(*before)
                .and_then(|job| job.extra_named(extra))
                .unwrap_or(&FieldValue::Absent),
            _ => return None,
        })
    }

    /// Its value for one ad.
    #[inline]
    pub(super) fn value<'a>(&self, view: AdView<'a>) -> Result<NativeValue<'a>, EvaluationBail> {
        let facts = view.facts;
        let name = |name: &'a Option<String>| {
            name.as_deref()
                .map_or(Ok(NativeValue::Unit), NativeValue::borrowed)
        };
        match self {
            AdInput::Canonical(field, before) => {
                NativeValue::of(job_of(view, *before)?.get(*field))
            }
            AdInput::Extra(extra, before) => {
                let value = job_of(view, *before)?.extra_named(extra);
                value.map_or(Ok(NativeValue::Unit), NativeValue::of)
            }
            AdInput::Source => NativeValue::borrowed(&facts.source),
            AdInput::Institution => NativeValue::borrowed(&facts.institution),
            AdInput::Today => Ok(NativeValue::Date(ScriptDate(facts.today))),
            AdInput::CompanyName => name(&facts.company.name),
            AdInput::CompanyKnown => Ok(NativeValue::Bool(facts.company.known)),
            AdInput::DivisionName => name(&facts.division.name),
            AdInput::DivisionKnown => Ok(NativeValue::Bool(facts.division.known)),
            AdInput::RoleText(member) => {
                let text = facts.role.as_ref().and_then(|role| role.text(member));
                text.map_or(Ok(NativeValue::Unit), NativeValue::borrowed)
            }
            AdInput::RoleConfidence => {
                let role = facts.role.as_ref();
                Ok(role.map_or(NativeValue::Unit, |role| {
                    NativeValue::Float(role.confidence)
                }))
            }
            AdInput::Capabilities => NativeValue::of(&facts.capabilities),
        }
    }
}

/// The ad, or the version before; a new job has none, which the interpreter reports.
#[inline]
fn job_of(view: AdView<'_>, before: bool) -> Result<&Job, EvaluationBail> {
    if before {
        view.facts.before.as_deref().ok_or(EvaluationBail)
    } else {
        Ok(view.job)
    }
}
