//! What a script gets to see when it is interpreted. Only the members that it reads are converted.

use crate::ad_input::{AdView, DecidedRole, NamedRelation, VARIABLES};
use crate::bindings::{RuleParameter, ScriptBindings};
use crate::flatten;
use crate::library::ScriptDate;
use crate::reads::{ScriptReads, WHOLE};
use rhai::{Array, Dynamic, Map, Scope};
use serde_json::{Number, Value as Json};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_model::{FieldValue, Job};

/// The values of a script's variables, for one ad or document.
pub trait VariableValues {
    /// A member of a variable, or all of it for `*`; `None` if the variable itself is `()`.
    fn value(&self, variable: &str, member: &str) -> Option<VariableValue>;
}

/// A value of a variable, as scripts see it.
pub struct VariableValue(Dynamic);

impl VariableValues for AdView<'_> {
    fn value(&self, variable: &str, member: &str) -> Option<VariableValue> {
        let AdView { job, facts } = self;
        Some(VariableValue(match variable {
            "job" => field(job, member),
            "before" => field(facts.before.as_deref()?, member),
            "source" => facts.source.as_str().into(),
            "institution" => facts.institution.as_str().into(),
            "today" => Dynamic::from(ScriptDate(facts.today)),
            "company" => relation(&facts.company, member),
            "division" => relation(&facts.division, member),
            "role" => role(facts.role.as_ref(), member),
            "capabilities" => value(&facts.capabilities),
            _ => return None,
        }))
    }
}

/// A raw document, which mapping scripts see as `doc`.
pub struct DocumentValues<'a>(pub &'a Json);

impl VariableValues for DocumentValues<'_> {
    fn value(&self, _: &str, member: &str) -> Option<VariableValue> {
        let member = if member == WHOLE {
            Some(self.0)
        } else {
            self.0.get(member)
        };
        Some(VariableValue(member.map_or(Dynamic::UNIT, json)))
    }
}

/// A variable of a script.
#[derive(Debug, Clone)]
pub(crate) struct ScopeVariable {
    name: String,
    content: VariableContent,
}

#[derive(Debug, Clone)]
enum VariableContent {
    /// A member by itself.
    Member(String, String),
    /// A map of members.
    Members(String, Vec<String>),
    /// What is the same for every ad.
    Fixed(Dynamic),
}

/// The variables that a script reads; each member by itself where it is flat.
pub(crate) fn variables(
    reads: &ScriptReads,
    bindings: &ScriptBindings,
    is_flat: bool,
) -> Vec<ScopeVariable> {
    let owners: BTreeSet<&str> = reads
        .members
        .iter()
        .map(|(owner, _)| owner.as_str())
        .collect();
    let of = |owner: &str| match is_flat && flatten::OWNERS.contains(&owner) {
        true => by_themselves(owner, reads, bindings),
        false => together(owner, reads, bindings),
    };
    owners.into_iter().flat_map(of).collect()
}

fn by_themselves(
    owner: &str,
    reads: &ScriptReads,
    bindings: &ScriptBindings,
) -> Vec<ScopeVariable> {
    let content = |member: &str| match owner {
        "lists" => VariableContent::Fixed(list(member, bindings)),
        _ => VariableContent::Member(owner.to_owned(), member.to_owned()),
    };
    let variable = |member: &str| ScopeVariable {
        name: flatten::name(owner, member),
        content: content(member),
    };
    reads.of(owner).map(variable).collect()
}

fn together(owner: &str, reads: &ScriptReads, bindings: &ScriptBindings) -> Vec<ScopeVariable> {
    let is_whole = reads.of(owner).any(|member| member == WHOLE);
    let whole = || VariableContent::Member(owner.to_owned(), WHOLE.to_owned());
    let content = match (owner, bindings.parameters.get(owner)) {
        (_, Some(parameter)) => VariableContent::Fixed(of_parameter(parameter)),
        ("lists", _) => {
            let lists = reads
                .of(owner)
                .map(|name| (name.into(), list(name, bindings)));
            VariableContent::Fixed(lists.collect::<Map>().into())
        }
        ("source" | "institution" | "today" | "capabilities", _) => whole(),
        ("doc", _) if is_whole => whole(),
        _ if VARIABLES.contains(&owner) || owner == "doc" => {
            let members = reads.of(owner).map(str::to_owned).collect();
            VariableContent::Members(owner.to_owned(), members)
        }
        _ => return Vec::new(),
    };
    vec![ScopeVariable {
        name: owner.into(),
        content,
    }]
}

fn list(name: &str, bindings: &ScriptBindings) -> Dynamic {
    bindings
        .lists
        .get(name)
        .map_or(Dynamic::UNIT, |list| Dynamic::from(Arc::clone(list)))
}

fn of_parameter(parameter: &RuleParameter) -> Dynamic {
    match parameter {
        RuleParameter::Number(number) => json(&Json::Number(number.clone())),
        RuleParameter::Boolean(truth) => (*truth).into(),
        RuleParameter::Date(date) => Dynamic::from(*date),
        RuleParameter::Span(span) => Dynamic::from(*span),
        RuleParameter::List(items) => items
            .iter()
            .map(|item| Dynamic::from(item.clone()))
            .collect::<Vec<_>>()
            .into(),
        RuleParameter::Text(text) => text.clone().into(),
    }
}

/// Fills a scope with variables.
pub(super) fn fill(scope: &mut Scope, variables: &[ScopeVariable], values: &dyn VariableValues) {
    let member = |owner: &str, member: &str| values.value(owner, member).map(|value| value.0);
    for ScopeVariable { name, content } in variables {
        let value = match content {
            VariableContent::Member(owner, name) => member(owner, name),
            VariableContent::Members(owner, names) => names
                .iter()
                .map(|name| Some((name.as_str().into(), member(owner, name)?)))
                .collect::<Option<Map>>()
                .map(Dynamic::from_map),
            VariableContent::Fixed(value) => Some(value.clone()),
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

fn value(value: &FieldValue) -> Dynamic {
    match value {
        FieldValue::Absent | FieldValue::Invalid(_) => Dynamic::UNIT,
        FieldValue::Text(text) => text.as_str().into(),
        FieldValue::Date(date) => Dynamic::from(ScriptDate(*date)),
        FieldValue::Number(number) => self::number(number),
        FieldValue::Bool(truth) => (*truth).into(),
        FieldValue::List(items) => items
            .iter()
            .map(|item| item.as_str().into())
            .collect::<Array>()
            .into(),
        FieldValue::Json(inner) => json(inner),
    }
}

fn relation(relation: &NamedRelation, member: &str) -> Dynamic {
    match member {
        "name" => relation.name.as_deref().map_or(Dynamic::UNIT, Into::into),
        "known" => relation.known.into(),
        _ => Dynamic::UNIT,
    }
}

fn role(role: Option<&DecidedRole>, member: &str) -> Dynamic {
    match (role, member) {
        (Some(role), "confidence") => role.confidence.into(),
        (Some(role), _) => role.text(member).map_or(Dynamic::UNIT, Into::into),
        (None, _) => Dynamic::UNIT,
    }
}

fn number(number: &Number) -> Dynamic {
    number
        .as_i64()
        .map_or_else(|| number.as_f64().unwrap_or_default().into(), Into::into)
}

/// JSON as scripts see it; null is `()`. A whole number that is longer than those of scripts is a
/// text.
fn json(value: &Json) -> Dynamic {
    match value {
        Json::Null => Dynamic::UNIT,
        Json::Bool(truth) => (*truth).into(),
        // A float would lose its digits.
        Json::Number(long) if long.is_u64() && !long.is_i64() => long.to_string().into(),
        Json::Number(number) => self::number(number),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(json).collect::<Vec<_>>().into(),
        Json::Object(map) => Dynamic::from_map(
            map.iter()
                .map(|(key, item)| (key.as_str().into(), json(item)))
                .collect(),
        ),
    }
}
