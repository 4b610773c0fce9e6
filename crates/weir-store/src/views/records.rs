//! What a run did, record by record, read from what it wrote: the versions of jobs, the newly
//! rejected or held ads, and the holds that it opened. `before` is a connection outside the run's
//! transaction, which still sees the tables as they were: a record is news because it is not there,
//! never because someone remembered to say so. Rows are streamed, so memory stays flat.

use crate::columns::job_members;
use crate::presence::listed;
use crate::{Result, StoreError};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;
use weir_model::{
    Clock, HoldKind, Outcome, ReadId, RecordFilter, RecordKind, RunId, RunRecord, SourceKey,
};

/// Whether a version `h` touches one of the fields `$5`, or of the custom fields `$6`; all do if
/// there are none.
macro_rules! touches {
    () => {
        "(cardinality($5::text[]) = 0 OR h.changed_fields && $5 OR (h.changed_fields @> '{extra}' AND EXISTS (
            SELECT 1 FROM unnest($6::text[]) AS k WHERE CASE WHEN h.changes IS NULL THEN h.extra ? k
              ELSE (h.changes #> ARRAY['extra', 'old', k]) IS DISTINCT FROM (h.changes #> ARRAY['extra', 'new', k]) END)))"
    };
}

/// Which run.
#[derive(Debug, Clone, Copy)]
pub struct RunOfSource<'s> {
    /// Institution and source.
    pub stream: &'s SourceKey,
    /// The run.
    pub run: RunId,
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

/// How many versions of each type that touch a wanted field a run made.
///
/// # Errors
/// The database failed.
pub async fn count(
    connection: &mut PgConnection,
    of: RunOfSource<'_>,
    wanted: &RecordFilter,
) -> Result<BTreeMap<String, i64>> {
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

/// The versions of one type that a run made, ordered by id.
pub fn versions<'c>(
    connection: &'c mut PgConnection,
    of: RunOfSource<'_>,
    what: RecordKind,
    wanted: &RecordFilter,
) -> BoxStream<'c, Result<RunRecord>> {
    let source = of.stream.source.clone();
    let rows = sqlx::query_as::<_, VersionRow>(concat!(
        "SELECT h.original_id, h.id, h.version, h.title, h.change_reason, encode(h.content_hash, 'hex') AS document, h.changes,
           CASE WHEN h.change_type = 'create' THEN jsonb_strip_nulls(jsonb_build_object(",
        job_members!("h."),
        ", 'company_id', h.company_id, 'division_id', h.division_id)) END AS fields,
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
    let record = move |row: VersionRow| RunRecord {
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
struct OpenFailure {
    external_id: String,
    #[sqlx(try_from = "String")]
    outcome: Outcome,
    job_id: Option<Uuid>,
    title: Option<String>,
    document: String,
    reasons: Json,
}

impl OpenFailure {
    /// Whether the next one in the same order of ids has news that this one has not. A title is a
    /// name, not a reason.
    fn is_news(&self, now: &OpenFailure) -> bool {
        self.external_id != now.external_id
            || self.outcome != now.outcome
            || self.job_id != now.job_id
            || self.document != now.document
            || self.reasons != now.reasons
    }
}

fn standings<'c>(
    connection: &'c mut PgConnection,
    stream: &SourceKey,
) -> BoxStream<'c, std::result::Result<OpenFailure, sqlx::Error>> {
    sqlx::query_as::<_, OpenFailure>(
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

/// The ads that are refused, held or failed now, and were not before, or for other reasons, or with
/// other content; in the order of their ids.
pub fn refusals<'c>(
    before: &'c mut PgConnection,
    now: &'c mut PgConnection,
    stream: &'c SourceKey,
) -> BoxStream<'c, Result<RunRecord>> {
    let (old, new) = (standings(before, stream).fuse(), standings(now, stream));
    let news = futures::stream::try_unfold(
        (old, new, None::<OpenFailure>),
        move |(mut old, mut new, mut last)| async move {
            while let Some(one) = new.try_next().await? {
                while last
                    .as_ref()
                    .is_none_or(|last| last.external_id < one.external_id)
                {
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
        },
    );
    Box::pin(news)
}

fn refusal(source: &str, one: OpenFailure) -> RunRecord {
    let messages = one
        .reasons
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|reason| reason.get("message")?.as_str());
    RunRecord {
        source: source.to_owned(),
        what: RecordKind::of_outcome(one.outcome),
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
struct HeldQuestion {
    #[sqlx(try_from = "String")]
    kind: HoldKind,
    subject: String,
    reason: String,
    details: Option<Json>,
}

/// The new questions to an operator, or those with new reasons; excluding single ads, which are
/// records themselves.
///
/// # Errors
/// The database failed.
pub async fn questions(
    before: &mut PgConnection,
    now: &mut PgConnection,
    stream: &SourceKey,
) -> Result<Vec<RunRecord>> {
    let old: HashSet<(HoldKind, String, String)> = open(before, stream)
        .await?
        .into_iter()
        .map(|one| (one.kind, one.subject, one.reason))
        .collect();
    let new = open(now, stream).await?.into_iter();
    let news =
        new.filter(|one| !old.contains(&(one.kind, one.subject.clone(), one.reason.clone())));
    let record = |one: HeldQuestion| RunRecord {
        source: stream.source.clone(),
        what: RecordKind::Question,
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

async fn open(connection: &mut PgConnection, stream: &SourceKey) -> Result<Vec<HeldQuestion>> {
    let rows = sqlx::query_as(
        "SELECT kind, subject, reason, details FROM holds
         WHERE institution_id = $1 AND source_id = $2 AND status = 'open' AND kind <> 'job' ORDER BY kind, subject COLLATE \"C\"",
    );
    Ok(rows
        .bind(stream.institution)
        .bind(&stream.source)
        .fetch_all(connection)
        .await?)
}

/// How the ads stand that a read has listed: their number by outcome, or under `refused` where they
/// cannot be taken for ads.
///
/// # Errors
/// The database failed.
pub async fn listed(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(concat!(
        "SELECT CASE WHEN refused IS NULL THEN outcome ELSE 'refused' END, count(*) FROM ad_states
         WHERE institution_id = $1 AND source_id = $2 AND ",
        listed!("$3"),
        " GROUP BY 1"
    ))
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(read)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}
