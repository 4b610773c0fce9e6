//! The plan of jobs, for people: totals first, then record by record with a sign, old and new of
//! each field, and every reason. As text in [`text`] and as a page in [`page`]. Records are read
//! from their file one after the other; scraped text is cut, cleaned and escaped.

mod openings;
pub mod page;
pub mod text;

pub use page::html;

use super::classes::brief;
use super::difference::plain;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use weir_model::{Bookkeeping, CUSTOM_PREFIX, OutcomeCounts, RECORD_KINDS, RecordKind, RunRecord};
use weir_runtime::engine::DryRun;

/// The sign and the label of a type of record.
pub fn sign(what: RecordKind) -> (char, &'static str) {
    match what {
        RecordKind::Create => ('+', "to create"),
        RecordKind::Update => ('~', "to update"),
        RecordKind::Reopen => ('^', "to reopen"),
        RecordKind::Archive => ('-', "to archive"),
        RecordKind::Held => ('!', "held"),
        RecordKind::Rejected => ('x', "rejected"),
        RecordKind::Failed => ('x', "failed"),
        RecordKind::Question => ('?', "to decide"),
    }
}

/// The sign and the label of unchanged jobs.
const UNCHANGED: (char, &str) = ('=', "unchanged");

/// The totals of a source in a plan: the number of each type, omitting zeros. All rejected or held
/// ads count; the records show whether they are new.
fn totals(counts: &OutcomeCounts, questions: usize) -> Vec<(Option<RecordKind>, i64)> {
    let number = |what: RecordKind| match what {
        RecordKind::Create => counts.created,
        RecordKind::Update => counts.updated,
        RecordKind::Reopen => counts.reopened,
        RecordKind::Archive => counts.archived,
        RecordKind::Held => counts.held,
        RecordKind::Rejected => counts.rejected,
        RecordKind::Failed => counts.failed,
        RecordKind::Question => i64::try_from(questions).unwrap_or(i64::MAX),
    };
    let all = RECORD_KINDS
        .into_iter()
        .map(|what| (Some(what), number(what)))
        .chain([(None, counts.unchanged)]);
    all.filter(|(_, number)| *number > 0).collect()
}

/// Whether a run would change a job.
pub fn changes(counts: &OutcomeCounts) -> bool {
    counts.created + counts.updated + counts.reopened + counts.archived > 0
}

/// The reason, without what the sign already says.
fn why(record: &RunRecord) -> &str {
    let why = record
        .why
        .strip_prefix("archived: ")
        .or_else(|| record.why.strip_prefix("reopened: "))
        .unwrap_or(&record.why);
    match record.what {
        RecordKind::Create if why == "initial job creation" => "",
        RecordKind::Create => why.strip_prefix("initial job creation; ").unwrap_or(why),
        RecordKind::Rejected | RecordKind::Failed => "",
        RecordKind::Held if record.job.is_some() => "the job is unchanged",
        RecordKind::Held => "",
        _ => why,
    }
}

/// The changes of a record by field: the status is the sign, ids of companies and divisions appear
/// as names, custom fields one by one.
fn changed(record: &RunRecord, only: &[String]) -> Vec<(String, Json, Json)> {
    let named = |value: Option<&Json>| {
        let name = value
            .and_then(Json::as_str)
            .and_then(|id| record.names.get(id));
        name.or(value).cloned().unwrap_or_default()
    };
    let fields = record
        .changes
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, _)| *field != "status");
    let each = fields.flat_map(|(field, change)| match field.as_str() {
        "extra" => custom(change),
        "roles" | "capabilities" => {
            let side = |side| {
                change
                    .get(side)
                    .map(|value| brief(field, value).into_owned())
            };
            let [old, new] = ["old", "new"].map(|name| side(name).unwrap_or_default());
            vec![(field.clone(), old, new)]
        }
        _ => vec![(
            field.clone(),
            named(change.get("old")),
            named(change.get("new")),
        )],
    });
    let is_wanted = |field: &String| {
        only.is_empty()
            || only.contains(field)
            || (field.starts_with(CUSTOM_PREFIX) && only.iter().any(|wanted| wanted == "extra"))
    };
    let shown = |field: String| {
        field
            .strip_suffix("_id")
            .filter(|_| is_name(&field))
            .map(str::to_owned)
            .unwrap_or(field)
    };
    each.filter(|(field, ..)| is_wanted(field))
        .map(|(field, old, new)| (shown(field), old, new))
        .collect()
}

/// The custom fields that changed.
fn custom(change: &Json) -> Vec<(String, Json, Json)> {
    let side = |side: &str, name: &str| {
        change
            .get(side)
            .and_then(|all| all.get(name))
            .cloned()
            .unwrap_or_default()
    };
    let names = ["old", "new"]
        .into_iter()
        .filter_map(|side| change.get(side)?.as_object())
        .flat_map(|all| all.keys());
    let names: BTreeSet<&String> = names.collect();
    let each = names.into_iter().map(|name| {
        (
            format!("{CUSTOM_PREFIX}{name}"),
            side("old", name),
            side("new", name),
        )
    });
    each.filter(|(_, old, new)| old != new).collect()
}

fn is_name(field: &str) -> bool {
    matches!(field, "company_id" | "division_id")
}

/// A short description of a new job: dates, places, employer, pay.
fn gist(record: &RunRecord) -> Vec<String> {
    let text = |field: &str| record.fields.get(field).map(plain);
    let named = |field: &str| {
        record
            .fields
            .get(field)
            .and_then(Json::as_str)
            .and_then(|id| record.names.get(id))
            .map(plain)
    };
    let dates = match (text("open_date"), text("close_date")) {
        (Some(open), Some(close)) => Some(format!("{open} to {close}")),
        (Some(open), None) => Some(format!("from {open}")),
        (None, Some(close)) => Some(format!("to {close}")),
        (None, None) => None,
    };
    let whose = named("company_id")
        .or_else(|| named("division_id"))
        .or_else(|| text("department"));
    [
        dates,
        text("locations"),
        whose,
        text("job_type"),
        text("remuneration"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Reasons as rows: type, field, message.
fn reasons(record: &RunRecord) -> Vec<[String; 3]> {
    let text = |reason: &Json, key: &str| {
        reason
            .get(key)
            .filter(|value| !value.is_null())
            .map(plain)
            .unwrap_or_default()
    };
    let all = record.reasons.as_array().into_iter().flatten();
    all.map(|reason| {
        [
            text(reason, "type"),
            text(reason, "field"),
            text(reason, "message"),
        ]
    })
    .collect()
}

/// What was recorded without changing a job; `None` if nothing was.
fn noted(noted: &Bookkeeping) -> Option<String> {
    let of = |number: i64, what: &str| {
        (number > 0).then(|| format!("{} {what}", weir_project::plan::picture::thousands(number)))
    };
    let all = [
        of(noted.seen, "seen"),
        of(noted.missed, "missed"),
        of(noted.refreshed, "refreshed without a version"),
        of(noted.withdrawn, "withdrawn before publication"),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The sources of a plan that its records speak of.
fn sources(foreseen: &DryRun) -> Vec<&String> {
    foreseen
        .summary
        .sources
        .keys()
        .filter(|source| foreseen.records.found.contains_key(*source))
        .collect()
}
