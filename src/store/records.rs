//! What a run did, record by record, read from what it wrote: the versions of jobs, the ads that are refused or held now and were not before, the
//! holds that it opened. `before` is a connection outside the run's transaction, which still sees the tables as they were: a record
//! is news because it is not there, and never because someone remembered to say so. Rows are streamed, so memory stays flat.

use super::{Result, StoreError, Stream};
use crate::model::Clock;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// What a run does to a job or an ad, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A new job.
    Create,
    /// A new version of a job.
    Update,
    /// An archived job opens again.
    Reopen,
    /// A job is archived.
    Archive,
    /// An ad waits for a person, or for better content or YAML.
    Held,
    /// An ad is refused.
    Rejected,
    /// An ad could not be read or derived.
    Failed,
    /// Something is put before a person: an unknown name, too many changes at once.
    Question,
}

/// All that a run does.
pub const WHATS: [What; 8] = [What::Create, What::Update, What::Reopen, What::Archive, What::Held, What::Rejected, What::Failed, What::Question];

impl What {
    /// Its name in JSON and filters; of versions, also the `change_type` of `jobs_history`.
    pub fn name(self) -> &'static str {
        match self {
            What::Create => "create",
            What::Update => "update",
            What::Reopen => "reopen",
            What::Archive => "archive",
            What::Held => "held",
            What::Rejected => "rejected",
            What::Failed => "failed",
            What::Question => "question",
        }
    }

    fn of_outcome(outcome: &str) -> What {
        match outcome {
            "held" => What::Held,
            "rejected" => What::Rejected,
            _ => What::Failed,
        }
    }
}

/// One thing that a run does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The source.
    pub source: String,
    /// What is done.
    pub what: What,
    /// The source's own id of the ad; of a question its subject.
    pub id: String,
    /// The job, of versions and of held ads that are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Uuid>,
    /// The number of the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Why, in words.
    pub why: String,
    /// Hash of the document that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Of a create: the fields. Of a question: its details.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub fields: Json,
    /// Of other versions: `{field: {"old": value, "new": value}}`.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub changes: Json,
    /// Of ads that are refused or held: every reason.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub reasons: Json,
    /// Names of the companies and divisions whose ids stand above.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub names: Json,
}

/// Which records are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only these; all if there is none.
    pub only: Vec<What>,
    /// Only of these sources; all if there is none.
    pub sources: Vec<String>,
    /// Only what touches one of these fields, custom ones as `extra.NAME`; all if there is none.
    pub fields: Vec<String>,
    /// At most so many of a kind and source.
    pub limit: Option<usize>,
}

impl Wanted {
    /// Whether records of this kind are wanted.
    pub fn wants(&self, what: What) -> bool {
        self.only.is_empty() || self.only.contains(&what)
    }

    /// Whether records of this source are wanted.
    pub fn wants_source(&self, source: &str) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|wanted| wanted == source)
    }

    /// Whether reasons speak of a wanted field.
    fn wants_reasons(&self, reasons: &Json) -> bool {
        let fields = || reasons.as_array().into_iter().flatten().filter_map(|reason| reason.get("field")?.as_str());
        let named = |wanted: &String, field: &str| wanted.strip_prefix(CUSTOM).unwrap_or(wanted) == field;
        self.fields.is_empty() || fields().any(|field| self.fields.iter().any(|wanted| named(wanted, field)))
    }

    /// The wanted custom fields.
    fn custom(&self) -> Vec<&str> {
        self.fields.iter().filter_map(|field| field.strip_prefix(CUSTOM)).collect()
    }

    fn at_most(&self) -> Option<i64> {
        self.limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX))
    }
}

/// What stands before the name of a custom field.
pub const CUSTOM: &str = "extra.";

/// Whether a version `h` touches one of the fields `$5`, or of the custom ones `$6`; all do if there is none.
macro_rules! touches {
    () => {
        "(cardinality($5::text[]) = 0 OR h.changed_fields && $5 OR (h.changed_fields @> '{extra}' AND EXISTS (
            SELECT FROM unnest($6::text[]) AS k WHERE CASE WHEN h.changes IS NULL THEN h.extra ? k
              ELSE (h.changes #> ARRAY['extra', 'old', k]) IS DISTINCT FROM (h.changes #> ARRAY['extra', 'new', k]) END)))"
    };
}

/// Which run.
#[derive(Debug, Clone, Copy)]
pub struct Of<'s> {
    /// Institution and source.
    pub stream: &'s Stream,
    /// The run.
    pub run: i64,
    /// Its clock.
    pub at: Clock,
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    original_id: String,
    id: Uuid,
    version: i32,
    title: String,
    change_reason: String,
    document: String,
    fields: Option<Json>,
    changes: Option<Json>,
    names: Option<Json>,
}

/// How many versions of each kind a run made that touch a wanted field.
///
/// # Errors
/// The database failed.
pub async fn count(connection: &mut PgConnection, of: Of<'_>, wanted: &Wanted) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(concat!(
        "SELECT h.change_type, count(*) FROM jobs_history h
         WHERE h.institution_id = $1 AND h.created_at = $2 AND h.run_id = $3 AND h.source_id = $4 AND ",
        touches!(),
        " GROUP BY 1"
    ))
    .bind(of.stream.institution)
    .bind(of.at.0)
    .bind(of.run)
    .bind(&of.stream.source)
    .bind(&wanted.fields)
    .bind(wanted.custom())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// The versions of one kind that a run made, in the order of their ids.
pub fn versions<'c>(connection: &'c mut PgConnection, of: Of<'_>, what: What, wanted: &Wanted) -> BoxStream<'c, Result<Record>> {
    let source = of.stream.source.clone();
    let rows = sqlx::query_as::<_, VersionRow>(concat!(
        "SELECT h.original_id, h.id, h.version, h.title, h.change_reason, encode(h.content_hash, 'hex') AS document, h.changes,
           CASE WHEN h.change_type = 'create' THEN jsonb_strip_nulls(jsonb_build_object('title', h.title, 'description', h.description, 'open_date', h.open_date,
             'close_date', h.close_date, 'department', h.department, 'department_id', h.department_id, 'job_type', h.job_type, 'source_url', h.source_url,
             'remuneration', h.remuneration, 'recruiter', h.recruiter, 'locations', to_jsonb(h.locations), 'company_id', h.company_id, 'division_id', h.division_id,
             'extra', h.extra)) END AS fields,
           (SELECT jsonb_object_agg(n.id, n.name) FROM (
              SELECT c.id::text, c.name FROM companies c
              WHERE c.institution_id = $1 AND c.id IN (h.company_id, (h.changes #>> '{company_id,old}')::uuid)
              UNION SELECT d.id::text, d.name FROM divisions d
              WHERE d.institution_id = $1 AND d.id IN (h.division_id, (h.changes #>> '{division_id,old}')::uuid)) n) AS names
         FROM jobs_history h
         WHERE h.institution_id = $1 AND h.created_at = $2 AND h.run_id = $3 AND h.source_id = $4 AND h.change_type = $7 AND ",
        touches!(),
        " ORDER BY h.original_id COLLATE \"C\", h.version, h.id LIMIT $8"
    ))
    .bind(of.stream.institution)
    .bind(of.at.0)
    .bind(of.run)
    .bind(source.clone())
    .bind(wanted.fields.clone())
    .bind(wanted.custom().into_iter().map(str::to_owned).collect::<Vec<_>>())
    .bind(what.name())
    .bind(wanted.at_most())
    .fetch(connection);
    let record = move |row: VersionRow| Record {
        source: source.clone(),
        what,
        id: row.original_id,
        job: Some(row.id),
        version: Some(row.version),
        title: Some(row.title),
        why: row.change_reason,
        document: Some(row.document),
        fields: row.fields.unwrap_or_default(),
        changes: row.changes.unwrap_or_default(),
        reasons: Json::Null,
        names: row.names.unwrap_or_default(),
    };
    Box::pin(rows.map_ok(record).map_err(StoreError::from))
}

/// An ad that is refused, held or failed.
#[derive(Debug, sqlx::FromRow)]
struct Standing {
    external_id: String,
    outcome: String,
    job_id: Option<Uuid>,
    title: Option<String>,
    document: String,
    reasons: Json,
}

impl Standing {
    /// Whether the next one of the same order of ids says something that this one does not. A title is how it is called, and no reason.
    fn is_news(&self, now: &Standing) -> bool {
        self.external_id != now.external_id
            || self.outcome != now.outcome
            || self.job_id != now.job_id
            || self.document != now.document
            || self.reasons != now.reasons
    }
}

fn standings<'c>(connection: &'c mut PgConnection, stream: &Stream) -> BoxStream<'c, std::result::Result<Standing, sqlx::Error>> {
    sqlx::query_as::<_, Standing>(
        "SELECT s.external_id, s.outcome, s.job_id, j.raw_data ->> 'title' AS title, encode(s.content_hash, 'hex') AS document,
           COALESCE(j.validation_errors, CASE WHEN f.id IS NULL THEN '[]'
             ELSE jsonb_build_array(jsonb_build_object('type', f.error_type, 'message', COALESCE(f.error_details, ''))) END) AS reasons
         FROM ad_states s
         LEFT JOIN staging_jobs j ON j.institution_id = s.institution_id AND j.external_id = s.source_id || ':' || s.external_id
         LEFT JOIN staging_failed_documents f ON f.institution_id = s.institution_id AND f.document_id = s.document_id
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.outcome IN ('rejected', 'held', 'failed')
         ORDER BY s.external_id COLLATE \"C\"",
    )
    .bind(stream.institution)
    .bind(stream.source.clone())
    .fetch(connection)
}

/// The ads that are refused, held or failed now, and were not before, or for other reasons, or with other content; in the order of their ids.
pub fn refusals<'c>(before: &'c mut PgConnection, now: &'c mut PgConnection, stream: &'c Stream) -> BoxStream<'c, Result<Record>> {
    let (old, new) = (standings(before, stream).fuse(), standings(now, stream));
    let news = futures::stream::try_unfold((old, new, None::<Standing>), move |(mut old, mut new, mut last)| async move {
        while let Some(one) = new.try_next().await? {
            while last.as_ref().is_none_or(|last| last.external_id < one.external_id) {
                last = old.try_next().await?;
                if last.is_none() {
                    break;
                }
            }
            if last.as_ref().is_none_or(|last| last.is_news(&one)) {
                return Ok(Some((refusal(&stream.source, one), (old, new, last))));
            }
        }
        Ok::<_, StoreError>(None)
    });
    Box::pin(news)
}

fn refusal(source: &str, one: Standing) -> Record {
    let messages = one.reasons.as_array().into_iter().flatten().filter_map(|reason| reason.get("message")?.as_str());
    Record {
        source: source.to_owned(),
        what: What::of_outcome(&one.outcome),
        id: one.external_id,
        job: one.job_id,
        version: None,
        title: one.title,
        why: messages.collect::<Vec<_>>().join("; "),
        document: Some(one.document),
        fields: Json::Null,
        changes: Json::Null,
        reasons: one.reasons,
        names: Json::Null,
    }
}

#[derive(sqlx::FromRow)]
struct Question {
    kind: String,
    subject: String,
    reason: String,
    details: Option<Json>,
}

/// What is put before a person now and was not before, or for other reasons; not single ads, which are records themselves.
///
/// # Errors
/// The database failed.
pub async fn questions(before: &mut PgConnection, now: &mut PgConnection, stream: &Stream) -> Result<Vec<Record>> {
    let old: HashSet<(String, String, String)> = open(before, stream).await?.into_iter().map(|one| (one.kind, one.subject, one.reason)).collect();
    let new = open(now, stream).await?.into_iter();
    let news = new.filter(|one| !old.contains(&(one.kind.clone(), one.subject.clone(), one.reason.clone())));
    let record = |one: Question| Record {
        source: stream.source.clone(),
        what: What::Question,
        id: one.subject,
        job: None,
        version: None,
        title: None,
        why: one.reason,
        document: None,
        fields: serde_json::json!({ "kind": one.kind, "details": one.details }),
        changes: Json::Null,
        reasons: Json::Null,
        names: Json::Null,
    };
    Ok(news.map(record).collect())
}

async fn open(connection: &mut PgConnection, stream: &Stream) -> Result<Vec<Question>> {
    let rows = sqlx::query_as(
        "SELECT kind, subject, reason, details FROM holds
         WHERE institution_id = $1 AND source_id = $2 AND status = 'open' AND kind <> 'job' ORDER BY kind, subject COLLATE \"C\"",
    );
    Ok(rows.bind(stream.institution).bind(&stream.source).fetch_all(connection).await?)
}

/// What a run notes without changing a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookkeeping {
    /// Ads whose presence was noted.
    pub seen: i64,
    /// Ads whose absence was counted.
    pub missed: i64,
    /// Jobs whose fields that make no version were brought up to date: the address of the page, the contact.
    pub refreshed: i64,
    /// Ads that were never published, and are gone.
    pub withdrawn: i64,
}

/// How many ads a read has seen.
///
/// # Errors
/// The database failed.
pub async fn seen(connection: &mut PgConnection, stream: &Stream, read: i64) -> Result<i64> {
    let count = sqlx::query_scalar("SELECT count(*) FROM ad_states WHERE institution_id = $1 AND source_id = $2 AND last_read = $3");
    Ok(count.bind(stream.institution).bind(&stream.source).bind(read).fetch_one(connection).await?)
}

impl Record {
    /// Whether it is of a wanted kind, and its reasons speak of a wanted field.
    pub fn is_wanted(&self, wanted: &Wanted) -> bool {
        wanted.wants(self.what) && wanted.wants_reasons(&self.reasons)
    }
}
