//! What a script gets to see. Only the members that a script reads are converted: handing over a whole 3 KB ad for
//! every rule would cost far more than the rules.

use super::library::Date;
use super::script::{Reads, Script, ScriptError};
use crate::model::{Job, Value};
use chrono::NaiveDate;
use rhai::{Dynamic, Map, Scope};
use serde_json::Value as Json;
use std::sync::Arc;

/// The variables that a rule may read.
pub const VARIABLES: [&str; 8] = ["job", "before", "source", "institution", "company", "division", "today", "lists"];

/// Members of `job` beside its fields.
pub const RELATIONS: [&str; 2] = ["company_id", "division_id"];

/// What is known about an ad beside its fields.
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
    /// The newest published version of the job; nothing if it is new, or if no rule asks.
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

/// Fills a scope for a rule.
pub fn for_rule(script: &Script, job: &Job, facts: &Facts) -> Scope<'static> {
    let Script { reads, given, .. } = script;
    let mut scope = Scope::new();
    let mut give = |variable: &'static str, value: &dyn Fn() -> Dynamic| {
        if reads.touches(variable) {
            scope.push_dynamic(variable, value());
        }
    };
    give("job", &|| members(reads, "job", |name| field(job, name)));
    give("source", &|| facts.source.clone().into());
    give("institution", &|| facts.institution.clone().into());
    give("company", &|| relation(&facts.company));
    give("division", &|| relation(&facts.division));
    give("today", &|| Dynamic::from(Date(facts.today)));
    give("before", &|| facts.before.as_deref().map_or(Dynamic::UNIT, |before| members(reads, "before", |name| field(before, name))));
    give("lists", &|| given.lists.iter().map(|(name, list)| (name.as_str().into(), Dynamic::from(Arc::clone(list)))).collect::<Map>().into());
    for (name, parameter) in &given.parameters {
        scope.push_dynamic(name.as_str(), parameter.to_dynamic());
    }
    scope
}

/// Fills a scope for a mapping script, which sees the raw document as `doc`.
pub fn for_mapping(reads: &Reads, document: &Json) -> Scope<'static> {
    let mut scope = Scope::new();
    let whole = reads.of("doc").any(|member| member == "*");
    let doc = if whole { json(document) } else { members(reads, "doc", |name| document.get(name).map_or(Dynamic::UNIT, json)) };
    scope.push_dynamic("doc", doc);
    scope
}

fn members(reads: &Reads, variable: &str, value: impl Fn(&str) -> Dynamic) -> Dynamic {
    let map: Map = reads.of(variable).map(|name| (name.into(), value(name))).collect();
    Dynamic::from_map(map)
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
        Value::Text(text) => text.clone().into(),
        Value::Date(date) => Dynamic::from(Date(*date)),
        Value::Number(number) => json(&Json::Number(number.clone())),
        Value::Bool(truth) => (*truth).into(),
        Value::List(items) => items.iter().map(|item| Dynamic::from(item.clone())).collect::<Vec<_>>().into(),
        Value::Json(inner) => json(inner),
    }
}

fn relation(relation: &Relation) -> Dynamic {
    let mut map = Map::new();
    map.insert("name".into(), relation.name.clone().map_or(Dynamic::UNIT, Into::into));
    map.insert("known".into(), relation.known.into());
    Dynamic::from_map(map)
}

/// JSON as scripts see it; null is `()`.
pub fn json(value: &Json) -> Dynamic {
    match value {
        Json::Null => Dynamic::UNIT,
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => number.as_i64().map_or_else(|| number.as_f64().unwrap_or_default().into(), Into::into),
        Json::String(text) => text.clone().into(),
        Json::Array(items) => items.iter().map(json).collect::<Vec<_>>().into(),
        Json::Object(map) => Dynamic::from_map(map.iter().map(|(key, item)| (key.as_str().into(), json(item))).collect()),
    }
}

/// A script's value as JSON; dates as `YYYY-MM-DD`.
///
/// # Errors
/// The value is nothing that JSON can hold.
pub fn to_json(value: Dynamic) -> Result<Json, ScriptError> {
    if let Some(date) = value.clone().try_cast::<Date>() {
        return Ok(Json::String(date.0.to_string()));
    }
    rhai::serde::from_dynamic(&value).map_err(|error| ScriptError {
        message: format!("gives no value that a field can hold: {error}"),
        line: 1,
        column: 1,
    })
}
