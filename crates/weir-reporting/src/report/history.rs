//! The versions of one job: what changed, when, why, by whom, from which document, and by which
//! mappings and rules. Scraped text is shortened; of long text, the words that differ are shown.

use super::classes::brief;
use super::columns::line;
use super::difference::ValueDifference;
use super::ink::TerminalInk;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fmt::Write;
use uuid::Uuid;
use weir_model::FingerprintParts;
use weir_store::retention::{self, RemovedParts};
use weir_store::views::biography::{self, FoundJob, JobVersion};
use weir_store::{PgConnection, Result};

/// A version, and which mappings and rules differ from the version before.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryEntry {
    /// The version.
    #[serde(flatten)]
    pub version: JobVersion,
    /// What derived it otherwise than the version before.
    pub edited: Vec<EditedPart>,
}

/// A mapping or rule that was another one before.
#[derive(Debug, Clone, Serialize)]
pub struct EditedPart {
    /// `mapping of FIELD`, `rule SET/ID`, ...
    pub part: String,
    /// Its version before, if it was there.
    pub old: Option<String>,
    /// Its version since, if it is there.
    pub new: Option<String>,
}

/// The history of a job.
#[derive(Debug, Serialize)]
pub struct JobHistory {
    /// Whose.
    #[serde(flatten)]
    pub of: FoundJob,
    /// Its versions, oldest first.
    pub versions: Vec<HistoryEntry>,
    /// What retention has removed of it.
    pub removed: Option<RemovedParts>,
}

/// Collects the history of a job.
///
/// # Errors
/// The database failed.
pub async fn collect(
    connection: &mut PgConnection,
    found: &FoundJob,
    job: Uuid,
) -> Result<JobHistory> {
    let mut entries: Vec<HistoryEntry> = Vec::new();
    let mut before: Option<Json> = None;
    for version in biography::versions(connection, found.institution_id, job).await? {
        let edited = version
            .parts
            .as_ref()
            .and_then(|now| Some(edited(before.as_ref()?, now)))
            .unwrap_or_default();
        before = version.parts.clone().or(before);
        entries.push(HistoryEntry { version, edited });
    }
    Ok(JobHistory {
        of: found.clone(),
        versions: entries,
        removed: retention::of_job(connection, found.institution_id, job).await?,
    })
}

/// The differences between the parts of two fingerprints, the older of which may be missing; the
/// date of the run is not an edit.
pub fn edited(old: &Json, new: &Json) -> Vec<EditedPart> {
    let of = |parts: &Json, name: &str| parts.get(name).and_then(Json::as_str).map(short);
    let names: BTreeSet<&String> = [old, new]
        .into_iter()
        .filter_map(Json::as_object)
        .flat_map(serde_json::Map::keys)
        .collect();
    let parts = names
        .into_iter()
        .filter(|name| *name != FingerprintParts::DATE);
    parts
        .map(|name| EditedPart {
            part: name.clone(),
            old: of(old, name),
            new: of(new, name),
        })
        .filter(|part| part.old != part.new)
        .collect()
}

/// The first eight digits of a hash, as people and reasons name it.
pub fn short(hash: &str) -> String {
    hash.chars().take(8).collect()
}

impl JobHistory {
    /// The version that a job had at an instant, unless that was removed.
    pub fn at(&self, instant: DateTime<Utc>) -> Option<&JobVersion> {
        self.versions
            .iter()
            .map(|entry| &entry.version)
            .rfind(|version| version.created_at <= instant)
            .filter(|version| !self.is_removed(version, instant))
    }

    /// Whether the job was there at an instant.
    pub fn existed(&self, instant: DateTime<Utc>) -> bool {
        let first = self.versions.first();
        first.is_some_and(|first| first.version.created_at <= instant)
    }

    /// Whether the version after this one was written by an instant, and removed since.
    fn is_removed(&self, version: &JobVersion, instant: DateTime<Utc>) -> bool {
        self.removed.is_some_and(|removed| {
            removed.first_version == Some(version.version + 1)
                && removed
                    .first_created_at
                    .is_some_and(|first| first <= instant)
        })
    }

    /// What was removed of its versions, in words.
    pub fn removed_words(&self) -> Option<String> {
        let removed = self.removed?;
        let (first, last, at) = (
            removed.first_version?,
            removed.last_version?,
            removed.versions_at?,
        );
        let which = if first == last {
            format!("version {first} was")
        } else {
            format!("versions {first} to {last} were")
        };
        Some(format!(
            "{which} removed by retention on {}",
            at.format("%Y-%m-%d")
        ))
    }

    /// Who it is about, on one line.
    pub fn title(&self) -> String {
        let newest = self.versions.last().map(|entry| &entry.version.job);
        let text = |field: &str| {
            newest
                .and_then(|job| job.get(field)?.as_str())
                .unwrap_or_default()
        };
        let status = match text("archived_as") {
            "" => text("status").to_owned(),
            how => format!("{} as {how}", text("status")),
        };
        let job = self.of.job_id.map(|id| id.to_string()).unwrap_or_default();
        let FoundJob {
            institution,
            source_id,
            original_id,
            ..
        } = &self.of;
        format!(
            "{} · {institution}/{source_id}:{} · {status}\njob {job}",
            line(text("title"), 80),
            line(original_id, 60)
        )
    }
}

/// The history as text.
pub fn text(history: &JobHistory) -> String {
    let mut out = format!("{}\n", history.title());
    for entry in &history.versions {
        let follows_gap = history.removed.is_some_and(|removed| {
            removed
                .last_version
                .is_some_and(|last| last + 1 == entry.version.version)
        });
        if let Some(removed) = history.removed_words().filter(|_| follows_gap) {
            let _ = writeln!(out, "\n     {removed}");
        }
        let _ = writeln!(out, "\n{}", head(&entry.version));
        changes(&entry.version).into_iter().for_each(|change| {
            let _ = writeln!(out, "     {change}");
        });
        let _ = writeln!(out, "     {}", origin(&entry.version));
        entry.edited.iter().for_each(|part| {
            let _ = writeln!(
                out,
                "     {} {} → {}",
                line(&part.part, 60),
                part.old.as_deref().unwrap_or("-"),
                part.new.as_deref().unwrap_or("-")
            );
        });
    }
    out
}

/// `v2  2026-09-01 20:00Z  update: description updated`
pub fn head(version: &JobVersion) -> String {
    let at = version.created_at.format("%Y-%m-%d %H:%MZ");
    format!(
        "v{}  {at}  {}: {}",
        version.version,
        version.change_type,
        line(&version.change_reason, 200)
    )
}

/// What changed, a line a field.
pub fn changes(version: &JobVersion) -> Vec<String> {
    let changes = version.changes.as_ref().and_then(Json::as_object);
    let of = |field: &String| changes.and_then(|changes| changes.get(field));
    let line = |field: &String| {
        let (old, new) = of(field).map(|change| {
            (
                change.get("old").unwrap_or(&Json::Null),
                change.get("new").unwrap_or(&Json::Null),
            )
        })?;
        Some(format!(
            "~ {field}  {}",
            ValueDifference::of(&brief(field, old), &brief(field, new))
                .text(TerminalInk::default())
        ))
    };
    version.changed_fields.iter().filter_map(line).collect()
}

fn origin(version: &JobVersion) -> String {
    let by = match version.run_id {
        Some(run) => format!("run {run}"),
        None => line(&version.created_by, 40),
    };
    let derived = version
        .fingerprint
        .as_ref()
        .map(|hash| format!(" · derived by {}", short(hash)))
        .unwrap_or_default();
    format!("by {by} · document {}{derived}", short(&version.document))
}

/// A value as text.
pub fn value(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => line(text, 120),
        Json::Array(items) if items.iter().all(Json::is_string) => line(
            &items
                .iter()
                .filter_map(Json::as_str)
                .collect::<Vec<_>>()
                .join(", "),
            120,
        ),
        other => line(&other.to_string(), 120),
    }
}

/// The job as one version shows it, a line a field.
pub fn job(version: &JobVersion) -> String {
    let mut out = format!("{}\n", head(version));
    for (field, held) in version
        .job
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
    {
        let _ = writeln!(
            out,
            "     {field}: {}",
            if held.as_str().is_some_and(|text| text.chars().count() > 120) {
                long(held)
            } else {
                value(held)
            }
        );
    }
    out
}

/// A long text, in full, because it was asked for.
fn long(held: &Json) -> String {
    held.as_str()
        .map(|text| line(text, usize::MAX))
        .unwrap_or_default()
}
