//! What a script gets to see. Only the members that a script reads are converted: handing over a whole 3 KB ad for
//! every rule would cost far more than the rules.

use super::library::Date;
use super::lower::View;
use super::script::{Reads, ScriptError};
use super::{Given, flat};
use chrono::NaiveDate;
use rhai::{Dynamic, Map, Scope};
use serde_json::{Number, Value as Json};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_model::{Job, Value};

/// The variables that a rule may read.
pub const VARIABLES: [&str; 8] = ["job", "before", "source", "institution", "company", "division", "today", "lists"];

/// Members of `job` besides its fields.
pub const RELATIONS: [&str; 2] = ["company_id", "division_id"];

/// What is known about an ad besides its fields.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The source.
    pub source: String,
    /// The institution's slug.
    pub institution: String,
    /// The company named in the ad, and whether it is known.
    pub company: Relation,
    /// The division named in the ad, and whether it is known.
    pub division: Relation,
    /// The newest published version of the job; `None` if it is new, or if no rule reads it.
    pub before: Option<Arc<Job>>,
    /// The date of the run in the institution's zone.
    pub today: NaiveDate,
}

/// One relation of an ad.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relation {
    /// The name in the ad.
    pub name: Option<String>,
    /// Whether it is in its table (or is about to be).
    pub known: bool,
}

/// The member of a variable that is used whole.
pub(super) const WHOLE: &str = "*";

/// The values of a script's variables, for one ad or document.
pub trait Values {
    /// A member of a variable, or all of it for `*`; `None` if the variable itself is `()`.
    fn value(&self, variable: &str, member: &str) -> Option<Dynamic>;
}

impl Values for View<'_> {
    fn value(&self, variable: &str, member: &str) -> Option<Dynamic> {
        let View { job, facts } = self;
        Some(match variable {
            "job" => field(job, member),
            "before" => field(facts.before.as_deref()?, member),
            "source" => facts.source.as_str().into(),
            "institution" => facts.institution.as_str().into(),
            "today" => Dynamic::from(Date(facts.today)),
            "company" => facts.company.member(member),
            "division" => facts.division.member(member),
            _ => return None,
        })
    }
}

/// A raw document, which mapping scripts see as `doc`.
pub struct Document<'a>(pub &'a Json);

impl Values for Document<'_> {
    fn value(&self, _: &str, member: &str) -> Option<Dynamic> {
        Some(if member == WHOLE { json(self.0) } else { self.0.get(member).map_or(Dynamic::UNIT, json) })
    }
}

/// A variable of a script.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    name: String,
    holds: Holds,
}

#[derive(Debug, Clone)]
enum Holds {
    /// A member by itself.
    Member(String, String),
    /// A map of members.
    Members(String, Vec<String>),
    /// What is the same for every ad.
    Fixed(Dynamic),
}

/// The variables that a script reads; each member by itself where it is flat.
pub(super) fn variables(reads: &Reads, given: &Given, is_flat: bool) -> Vec<Variable> {
    let owners: BTreeSet<&str> = reads.members.iter().map(|(owner, _)| owner.as_str()).collect();
    owners
        .into_iter()
        .flat_map(|owner| if is_flat && flat::OWNERS.contains(&owner) { by_themselves(owner, reads, given) } else { together(owner, reads, given) })
        .collect()
}

fn by_themselves(owner: &str, reads: &Reads, given: &Given) -> Vec<Variable> {
    let holds = |member: &str| if owner == "lists" { Holds::Fixed(list(member, given)) } else { Holds::Member(owner.to_owned(), member.to_owned()) };
    reads.of(owner).map(|member| Variable { name: flat::name(owner, member), holds: holds(member) }).collect()
}

fn together(owner: &str, reads: &Reads, given: &Given) -> Vec<Variable> {
    let is_whole = reads.of(owner).any(|member| member == WHOLE);
    let holds = match (owner, given.parameters.get(owner)) {
        (_, Some(parameter)) => Holds::Fixed(parameter.to_dynamic()),
        ("lists", _) => Holds::Fixed(reads.of(owner).map(|name| (name.into(), list(name, given))).collect::<Map>().into()),
        ("source" | "institution" | "today", _) => Holds::Member(owner.to_owned(), WHOLE.to_owned()),
        ("doc", _) if is_whole => Holds::Member(owner.to_owned(), WHOLE.to_owned()),
        _ if VARIABLES.contains(&owner) || owner == "doc" => Holds::Members(owner.to_owned(), reads.of(owner).map(str::to_owned).collect()),
        _ => return Vec::new(),
    };
    vec![Variable { name: owner.into(), holds }]
}

fn list(name: &str, given: &Given) -> Dynamic {
    given.lists.get(name).map_or(Dynamic::UNIT, |list| Dynamic::from(Arc::clone(list)))
}

/// Fills a scope with variables.
pub(super) fn fill(scope: &mut Scope, variables: &[Variable], values: &dyn Values) {
    for Variable { name, holds } in variables {
        let value = match holds {
            Holds::Member(owner, member) => values.value(owner, member),
            Holds::Members(owner, members) => members
                .iter()
                .map(|member| Some((member.as_str().into(), values.value(owner, member)?)))
                .collect::<Option<Map>>()
                .map(Dynamic::from_map),
            Holds::Fixed(value) => Some(value.clone()),
        };
        scope.push_dynamic(name.as_str(), value.unwrap_or_default());
    }
}

fn field(job: &Job, name: &str) -> Dynamic {
    let id = |id: Option<uuid::Uuid>| id.map_or(Dynamic::UNIT, |id| id.to_string().into());
    match name {
        "company_id" => id(job.company_id),
        "division_id" => id(job.division_id),
        _ => job.named(name).map_or(Dynamic::UNIT, value),
    }
}

fn value(value: &Value) -> Dynamic {
    match value {
        Value::Absent | Value::Invalid(_) => Dynamic::UNIT,
        Value::Text(text) => text.as_str().into(),
        Value::Date(date) => Dynamic::from(Date(*date)),
        Value::Number(number) => self::number(number),
        Value::Bool(truth) => (*truth).into(),
        Value::List(items) => items.iter().map(|item| item.as_str().into()).collect::<rhai::Array>().into(),
        Value::Json(inner) => json(inner),
    }
}

impl Relation {
    fn member(&self, member: &str) -> Dynamic {
        match member {
            "name" => self.name.as_deref().map_or(Dynamic::UNIT, Into::into),
            "known" => self.known.into(),
            _ => Dynamic::UNIT,
        }
    }
}

fn number(number: &Number) -> Dynamic {
    number.as_i64().map_or_else(|| number.as_f64().unwrap_or_default().into(), Into::into)
}

/// JSON as scripts see it; null is `()`. A whole number that is longer than those of scripts is a text.
pub fn json(value: &Json) -> Dynamic {
    match value {
        Json::Null => Dynamic::UNIT,
        Json::Bool(truth) => (*truth).into(),
        // A float would lose its digits.
        Json::Number(long) if long.is_u64() && !long.is_i64() => long.to_string().into(),
        Json::Number(number) => self::number(number),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(json).collect::<Vec<_>>().into(),
        Json::Object(map) => Dynamic::from_map(map.iter().map(|(key, item)| (key.as_str().into(), json(item))).collect()),
    }
}

/// A script's value as JSON; dates as `YYYY-MM-DD`.
///
/// # Errors
/// The value cannot be expressed in JSON.
pub fn to_json(value: Dynamic) -> Result<Json, ScriptError> {
    if let Some(date) = value.clone().try_cast::<Date>() {
        return Ok(Json::String(date.0.to_string()));
    }
    rhai::serde::from_dynamic(&value).map_err(|error| ScriptError {
        message: format!("returns a value that a field cannot hold: {error}"),
        line: 1,
        column: 1,
    })
}
