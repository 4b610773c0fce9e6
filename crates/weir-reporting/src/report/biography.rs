//! `weir why`: everything known about one ad, in chronological order, and then its state: the
//! mapping behind each field, and the verdict of each rule. It reads what others have written and
//! decides nothing.

use super::classes;
use super::columns::{columns, line};
use super::history::{self, HistoryEntry, JobHistory, short, value};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use uuid::Uuid;
use weir_model::{RelationTable, RunId};
use weir_runtime::engine::verdicts::JudgedAd;
use weir_stage::resolve::FoundRelation;
use weir_store::opening_views::{self, OpeningMemberLine};
use weir_store::resolved::{self, ResolvedFailure};
use weir_store::retention::RemovedParts;
use weir_store::versions::{self, PartVersion};
use weir_store::views::biography::{
    self, AdState, FoundJob, PastAlert, PastHold, ReplacedDocument,
};
use weir_store::{PgConnection, Result};

/// The biography of an ad.
#[derive(Debug, Serialize)]
pub struct AdBiography {
    /// Whose.
    #[serde(flatten)]
    pub of: FoundJob,
    /// What happened, in order of time.
    pub events: Vec<BiographyEvent>,
    /// The state of the ad; `None` if its id now belongs to another job.
    pub ad: Option<AdState>,
    /// The fields of the newest version, and what made them.
    pub fields: Vec<FieldOrigin>,
    /// The current verdict of each mandatory field and rule; `None` if unavailable.
    pub verdicts: Option<JudgedAd>,
    /// The versions.
    pub versions: Vec<HistoryEntry>,
    /// What retention has removed of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<RemovedParts>,
    /// The opening that it advertises, with the other ads of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<AdOpening>,
}

/// The opening that an ad advertises.
#[derive(Debug, Serialize)]
pub struct AdOpening {
    /// Its id.
    pub id: Uuid,
    /// Its members, the one that leads first.
    pub members: Vec<OpeningMemberLine>,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub struct BiographyEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// document, create, update, archive, reopen, resolved, removed, hold, decision, alert, seen,
    /// missed.
    pub kind: String,
    /// What happened.
    pub what: String,
    /// More of it, a line each.
    pub more: Vec<String>,
}

/// A field, and what made it.
#[derive(Debug, Serialize)]
pub struct FieldOrigin {
    /// The field.
    pub field: String,
    /// Its value.
    pub value: Json,
    /// Of a company or division: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version that it is of.
    pub since: i32,
    /// The version of the mapping that made it.
    pub mapping: Option<String>,
    /// That mapping, as text.
    pub text: Option<String>,
}

/// Collects the biography. `names` are the company and division that the ad names.
///
/// # Errors
/// The database failed.
pub fn collect<'f>(
    connection: &'f mut PgConnection,
    found: &'f FoundJob,
    ad: Option<AdState>,
    verdicts: Option<JudgedAd>,
) -> BoxFuture<'f, Result<AdBiography>> {
    Box::pin(async move {
        let history = match found.job_id {
            Some(job) => Some(history::collect(connection, found, job).await?),
            None => None,
        };
        let (removed, removed_at) = history.as_ref().map_or_else(Default::default, |history| {
            (history.removed, removed_events(history))
        });
        let versions = history.map(|history| history.versions).unwrap_or_default();
        let names: Vec<String> = verdicts
            .iter()
            .flat_map(|judged| [judged.company.clone(), judged.division.clone()])
            .flatten()
            .collect();
        let ids = ids(found, &versions);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let holds = biography::holds(connection, found, &ids, &names).await?;
        let replaced = biography::replaced(connection, found, &ids).await?;
        let resolved =
            resolved::of_ad(connection, found.institution_id, &found.source_id, &ids).await?;
        let since = versions
            .first()
            .map(|entry| entry.version.created_at)
            .into_iter()
            .chain(ad.as_ref().map(|ad| ad.first_seen_at))
            .min();
        let runs: Vec<RunId> = versions
            .iter()
            .filter_map(|entry| entry.version.run_id)
            .collect();
        let alerts = match since {
            Some(since) => biography::alerts(connection, found, since, &runs).await?,
            None => Vec::new(),
        };
        let fields = made(connection, found, &versions, verdicts.as_ref()).await?;
        let mut events: Vec<BiographyEvent> = documents(&replaced, &versions, ad.as_ref());
        events.extend(resolved.iter().map(gone));
        events.extend(removed_at);
        events.extend(versions.iter().map(changed));
        events.extend(holds.iter().flat_map(held));
        events.extend(alerts.iter().map(raised));
        events.extend(ad.as_ref().into_iter().flat_map(presence));
        events.sort_by_key(|event| event.at);
        Ok(AdBiography {
            of: found.clone(),
            events,
            ad,
            fields,
            verdicts,
            versions,
            removed,
            opening: opening(connection, found).await?,
        })
    })
}

async fn opening(connection: &mut PgConnection, found: &FoundJob) -> Result<Option<AdOpening>> {
    let Some(job) = found.job_id else {
        return Ok(None);
    };
    let id = opening_views::of_job(connection, found.institution_id, job).await?;
    let Some(id) = id else { return Ok(None) };
    let members = opening_views::members(connection, found.institution_id, id).await?;
    Ok(Some(AdOpening { id, members }))
}

/// The ids that the ad has had.
fn ids(found: &FoundJob, versions: &[HistoryEntry]) -> BTreeSet<String> {
    let earlier = versions.iter().filter_map(|entry| {
        entry
            .version
            .job
            .get("original_id")?
            .as_str()
            .map(str::to_owned)
    });
    earlier.chain([found.original_id.clone()]).collect()
}

/// Each document, and where it came from; for those replaced before traces were kept, what the
/// versions know.
fn documents(
    replaced: &[ReplacedDocument],
    versions: &[HistoryEntry],
    ad: Option<&AdState>,
) -> Vec<BiographyEvent> {
    let event = |at, hash: &str, from: String, more: Vec<String>| BiographyEvent {
        at,
        kind: "document".to_owned(),
        what: format!("document {}{from}", short(hash)),
        more,
    };
    let from = |metadata: Option<&Json>| format!(", from {}", place(metadata));
    let traces = replaced.iter().map(|one| {
        event(
            one.scraped_at,
            &one.document,
            from(one.metadata.as_ref()),
            Vec::new(),
        )
    });
    let stored = ad.map(|ad| {
        event(
            ad.scraped_at,
            &ad.document,
            from(ad.metadata.as_ref()),
            ad.refused.iter().map(|why| line(why, 200)).collect(),
        )
    });
    let mut known: BTreeSet<&str> = replaced
        .iter()
        .map(|one| one.document.as_str())
        .chain(ad.map(|ad| ad.document.as_str()))
        .collect();
    let with_content = versions
        .iter()
        .map(|entry| &entry.version)
        .filter(|version| version.takes_back.is_none());
    let others = with_content
        .filter(|version| known.insert(&version.document))
        .map(|version| {
            let run = version
                .run_id
                .map(|run| format!(", by run {run}"))
                .unwrap_or_default();
            event(version.created_at, &version.document, run, Vec::new())
        });
    let others: Vec<BiographyEvent> = others.collect();
    traces.chain(stored).chain(others).collect()
}

/// What retention has removed.
fn removed_events(history: &JobHistory) -> Vec<BiographyEvent> {
    let event = |at, what| BiographyEvent {
        at,
        kind: "removed".to_owned(),
        what,
        more: Vec::new(),
    };
    let documents = history.removed.and_then(|removed| removed.documents_at);
    let documents =
        documents.map(|at| event(at, "its raw documents were removed by retention".to_owned()));
    let versions = history.removed.and_then(|removed| removed.versions_at);
    let versions = versions
        .zip(history.removed_words())
        .map(|(at, words)| event(at, words));
    documents.into_iter().chain(versions).collect()
}

/// A reason that is gone.
fn gone(reason: &ResolvedFailure) -> BiographyEvent {
    let rule = reason
        .rule
        .as_ref()
        .map(|rule| format!(" (rule {rule})"))
        .unwrap_or_default();
    let said = line(reason.error_message.as_deref().unwrap_or_default(), 160);
    let what = format!(
        "{}{rule}, since {}, no longer: {}",
        reason.error_type,
        reason.since.format("%Y-%m-%d"),
        line(&reason.why, 120)
    );
    BiographyEvent {
        at: reason.resolved_at,
        kind: "resolved".to_owned(),
        what,
        more: if said.is_empty() {
            Vec::new()
        } else {
            vec![said]
        },
    }
}

/// Where a document came from.
fn place(metadata: Option<&Json>) -> String {
    let part = |name: &str| {
        metadata
            .and_then(|metadata| metadata.get(name))
            .filter(|part| !part.is_null())
    };
    let address = part("url")
        .or_else(|| part("file"))
        .and_then(Json::as_str)
        .map_or_else(|| "its source".to_owned(), |address| line(address, 160));
    match part("line") {
        Some(number) => format!("{address} line {number}"),
        None => address,
    }
}

fn changed(entry: &HistoryEntry) -> BiographyEvent {
    let version = &entry.version;
    let by = version
        .run_id
        .map_or_else(|| line(&version.created_by, 40), |run| format!("run {run}"));
    let what = format!(
        "version {} by {by}: {}",
        version.version,
        line(&version.change_reason, 200)
    );
    let edits = entry.edited.iter().map(|part| {
        format!(
            "{} {} → {}",
            line(&part.part, 60),
            dash(part.old.as_ref()),
            dash(part.new.as_ref())
        )
    });
    BiographyEvent {
        at: version.created_at,
        kind: version.change_type.to_string(),
        what,
        more: history::changes(version).into_iter().chain(edits).collect(),
    }
}

fn dash(text: Option<&String>) -> &str {
    text.map_or("-", String::as_str)
}

fn held(hold: &PastHold) -> Vec<BiographyEvent> {
    let opened = format!(
        "hold {} ({}): {}",
        hold.id,
        hold.kind,
        line(&hold.reason, 200)
    );
    let mut events = vec![BiographyEvent {
        at: hold.opened_at,
        kind: "hold".to_owned(),
        what: opened,
        more: Vec::new(),
    }];
    if let Some(at) = hold.closed_at {
        let (by, note) = (
            line(hold.closed_by.as_deref().unwrap_or("-"), 40),
            line(hold.note.as_deref().unwrap_or("-"), 160),
        );
        events.push(BiographyEvent {
            at,
            kind: "decision".to_owned(),
            what: format!("hold {} {} by {by}: {note}", hold.id, hold.status),
            more: Vec::new(),
        });
    }
    events
}

fn raised(alert: &PastAlert) -> BiographyEvent {
    BiographyEvent {
        at: alert.raised_at,
        kind: "alert".to_owned(),
        what: format!("{}: {}", alert.severity, line(&alert.message, 300)),
        more: Vec::new(),
    }
}

fn presence(ad: &AdState) -> Vec<BiographyEvent> {
    let mut events = vec![BiographyEvent {
        at: ad.last_seen_at,
        kind: "seen".to_owned(),
        what: "last seen in its source".to_owned(),
        more: Vec::new(),
    }];
    if let Some(at) = ad.last_miss_at.filter(|_| ad.misses > 0) {
        let what = format!(
            "missing since it was last seen: {} complete read{} counted",
            ad.misses,
            if ad.misses == 1 { "" } else { "s" }
        );
        events.push(BiographyEvent {
            at,
            kind: "missed".to_owned(),
            what,
            more: Vec::new(),
        });
    }
    events
}

/// Which mapping made each field of the newest version: the mapping of the version that last
/// changed it.
async fn made(
    connection: &mut PgConnection,
    found: &FoundJob,
    versions: &[HistoryEntry],
    judged: Option<&JudgedAd>,
) -> Result<Vec<FieldOrigin>> {
    let Some(newest) = versions.last() else {
        return Ok(Vec::new());
    };
    let mut fields = Vec::new();
    let skipped = [
        "institution_id",
        "id",
        "version",
        "source_id",
        "original_id",
        "external_id",
        "status",
        "archived_at",
        "archived_as",
        "archived_for",
        "reopened_at",
    ];
    let values = newest
        .version
        .job
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !value.is_null() && !skipped.contains(&name.as_str()));
    let texts = texts(connection, found, versions).await?;
    let names = biography::names(connection, found).await?;
    for (field, value) in flattened(values) {
        let column = match field.split_once('.') {
            Some((column, _)) => column,
            None => field.as_str(),
        };
        let made = made_by(versions, column).unwrap_or(newest);
        let part = format!("mapping of {}", field.trim_start_matches("extra."));
        let hash = made
            .version
            .parts
            .as_ref()
            .and_then(|parts| parts.get(&part)?.as_str().map(str::to_owned));
        let text = hash
            .as_ref()
            .and_then(|hash| texts.get(hash).cloned())
            .or_else(|| named_in_ad(&field, judged));
        let name = value.as_str().and_then(|id| names.get(id).cloned());
        fields.push(FieldOrigin {
            field,
            value,
            name,
            since: made.version.version,
            mapping: hash.map(|hash| short(&hash)),
            text,
        });
    }
    Ok(fields)
}

/// How its company or division is found by the name in the ad.
fn named_in_ad(field: &str, judged: Option<&JudgedAd>) -> Option<String> {
    let table = match field {
        "company_id" => RelationTable::Companies,
        "division_id" => RelationTable::Divisions,
        _ => return None,
    };
    let mut found = judged?.found.iter();
    found
        .find(|found| found.table == table)
        .map(FoundRelation::words)
}

/// The version that gave a field its value; for a rollback, the one that it restored.
fn made_by<'v>(versions: &'v [HistoryEntry], column: &str) -> Option<&'v HistoryEntry> {
    let restored = versions
        .last()?
        .version
        .restores
        .filter(|version| *version > 0);
    let changed = |entry: &&HistoryEntry| {
        entry
            .version
            .changed_fields
            .iter()
            .any(|changed| changed == column)
    };
    versions
        .iter()
        .filter(|entry| restored.is_none_or(|last| entry.version.version <= last))
        .rfind(changed)
}

/// Decisions one by one, each in words.
fn worded(column: &str, all: Vec<(String, String)>) -> Vec<(String, Json)> {
    all.into_iter()
        .map(|(name, words)| (format!("{column}.{name}"), words.into()))
        .collect()
}

/// Custom fields and decisions one by one.
fn flattened<'v>(values: impl Iterator<Item = (&'v String, &'v Json)>) -> Vec<(String, Json)> {
    let each = |(name, value): (&String, &Json)| match value {
        Json::Object(extra) if name == "extra" => extra
            .iter()
            .map(|(name, value)| (format!("extra.{name}"), value.clone()))
            .collect(),
        _ if name == "roles" => worded("roles", classes::roles(value)),
        _ if name == "capabilities" => worded("capabilities", classes::capabilities(value)),
        _ => vec![(name.clone(), value.clone())],
    };
    values.flat_map(each).collect()
}

/// The texts of all mappings that the versions were derived by, by hash.
async fn texts(
    connection: &mut PgConnection,
    found: &FoundJob,
    versions: &[HistoryEntry],
) -> Result<BTreeMap<String, String>> {
    let parts = versions
        .iter()
        .filter_map(|entry| entry.version.parts.as_ref()?.as_object())
        .flatten();
    let wanted: BTreeSet<String> = parts
        .filter(|(name, _)| name.starts_with("mapping of "))
        .filter_map(|(_, hash)| hash.as_str().map(str::to_owned))
        .collect();
    let texts: Vec<PartVersion> = versions::texts(
        connection,
        found.institution_id,
        &wanted.into_iter().collect::<Vec<_>>(),
    )
    .await?;
    Ok(texts
        .into_iter()
        .map(|version| (version.version, version.text))
        .collect())
}

/// The biography as text.
pub fn text(biography: &AdBiography) -> String {
    let mut out = title(biography);
    let _ = writeln!(out, "\nwhat happened");
    for event in &biography.events {
        let _ = writeln!(
            out,
            "  {}  {:8}  {}",
            event.at.format("%Y-%m-%d %H:%MZ"),
            event.kind,
            event.what
        );
        event.more.iter().for_each(|more| {
            let _ = writeln!(out, "                               {more}");
        });
    }
    standing(&mut out, biography);
    if let Some(opening) = &biography.opening {
        advertised(&mut out, biography, opening);
    }
    section(
        &mut out,
        "its fields and their origin",
        biography.fields.iter().map(field).collect(),
    );
    if let Some(judged) = &biography.verdicts {
        let row = |verdict: &weir_runtime::engine::verdicts::AdVerdict| {
            vec![
                verdict.verdict.to_owned(),
                line(&verdict.by, 60),
                line(&verdict.message, 160),
            ]
        };
        section(
            &mut out,
            "checks on the stored document",
            judged.verdicts.iter().map(row).collect(),
        );
    }
    out
}

/// Which opening the ad advertises, why, and who else does.
fn advertised(out: &mut String, biography: &AdBiography, opening: &AdOpening) {
    let _ = writeln!(out, "\nadvertises opening {}", opening.id);
    let row = |(place, member): (usize, &OpeningMemberLine)| {
        let is_this = Some(member.job_id) == biography.of.job_id;
        let name = if is_this {
            "this ad".to_owned()
        } else {
            line(&member.ad, 60)
        };
        let why = super::duplicates::membership(place, member);
        vec![name, member.status.clone(), why]
    };
    out.push_str(&columns(
        &opening
            .members
            .iter()
            .enumerate()
            .map(row)
            .collect::<Vec<_>>(),
        3,
    ));
}

fn title(biography: &AdBiography) -> String {
    if biography.versions.is_empty() {
        let FoundJob {
            institution,
            source_id,
            original_id,
            ..
        } = &biography.of;
        return format!(
            "{institution}/{source_id}:{} · never became a job\n",
            line(original_id, 80)
        );
    }
    let history = JobHistory {
        of: biography.of.clone(),
        versions: biography.versions.clone(),
        removed: biography.removed,
    };
    format!("{}\n", history.title())
}

fn standing(out: &mut String, biography: &AdBiography) {
    if let Some(at) = biography.removed.and_then(|removed| removed.documents_at) {
        let _ = writeln!(
            out,
            "\nnow\n  gone from its source; its raw documents were removed by retention on {}, so it \
             is not derived again",
            at.format("%Y-%m-%d")
        );
        return;
    }
    let Some(ad) = &biography.ad else {
        let _ = writeln!(
            out,
            "\nnow\n  the id of the ad belongs to another job, or the ad is no longer known"
        );
        return;
    };
    let gone = if ad.retired {
        ", gone from its source"
    } else {
        ""
    };
    let newest = biography
        .versions
        .iter()
        .max_by_key(|entry| entry.version.version);
    let archived = newest
        .and_then(|entry| entry.version.job.get("archived_as")?.as_str())
        .map(|why| format!("; its job is archived ({why})"));
    let _ = writeln!(
        out,
        "\nnow\n  the ad is {}{gone}{}",
        ad.outcome,
        archived.unwrap_or_default()
    );
    if let Some(at) = ad.retry_at {
        let _ = writeln!(
            out,
            "  the next retry is after {}",
            at.format("%Y-%m-%d %H:%MZ")
        );
    }
    for reason in ad.reasons.iter().filter_map(Json::as_array).flatten() {
        let part = |name: &str| reason.get(name).and_then(Json::as_str).unwrap_or_default();
        let rule = if part("rule").is_empty() {
            String::new()
        } else {
            format!(" (rule {} {})", part("rule"), part("version"))
        };
        let _ = writeln!(
            out,
            "  {}: {}{rule}",
            part("type"),
            line(part("message"), 200)
        );
    }
}

fn field(made: &FieldOrigin) -> Vec<String> {
    let mapping = made
        .mapping
        .as_ref()
        .map(|hash| format!("mapping {hash}"))
        .unwrap_or_default();
    // Where the value comes from; the rest is in `weir rules show`.
    let text = made
        .text
        .as_ref()
        .map(|text| line(&text.replace('\n', ", "), 120));
    let shown = made.name.clone().unwrap_or_else(|| value(&made.value));
    vec![
        made.field.clone(),
        line(&shown, 48),
        format!("v{}", made.since),
        mapping,
        text.unwrap_or_default(),
    ]
}

fn section(out: &mut String, title: &str, rows: Vec<Vec<String>>) {
    if !rows.is_empty() {
        let _ = write!(out, "\n{title}\n{}", columns(&rows, 5));
    }
}
