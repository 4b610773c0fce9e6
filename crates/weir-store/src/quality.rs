//! What each run measured of each source, and the counting itself: one query over the narrow
//! states, and one over the versions of the run.

use super::Result;
use super::presence::listed;
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use std::collections::HashMap;
use weir_model::quality::{AdMarks, Measure, MeasureKind, MeasuredDay};
use weir_model::{Clock, Fingerprint, Hash, ReadId, RunId, SourceKey};

/// Days back that are compared with.
const DAYS: i64 = 57;
/// Versions back among which a value that comes again has flipped.
const VERSIONS: i32 = 5;

/// Ads of a read with the same marks.
#[derive(Debug, Clone)]
pub struct MarkGroup {
    /// Their marks; `None` if they were not derived, or by other rules and mappings.
    pub marks: Option<AdMarks>,
    /// How many.
    pub ads: i64,
    /// How many of them are jobs.
    pub jobs: i64,
}

/// The ads of a read by their marks; with `settled_only` without those that need deriving.
///
/// # Errors
/// The database failed.
pub async fn groups(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    fingerprint: Fingerprint,
    at: Clock,
    settled_only: bool,
) -> Result<Vec<MarkGroup>> {
    let rows: Vec<(Option<Vec<u8>>, Option<Vec<u8>>, i64, i64)> = sqlx::query_as(
        concat!("SELECT CASE WHEN derived_fingerprint = $4 THEN filled END, CASE WHEN derived_fingerprint = $4 THEN failed END, count(*), count(job_id) FROM ad_states
         WHERE institution_id = $1 AND source_id = $2 AND ", listed!("$3"), "
           AND (NOT $6 OR refused IS NOT NULL OR retired
             OR NOT (derived_hash IS DISTINCT FROM content_hash OR derived_fingerprint IS DISTINCT FROM $4 OR COALESCE(retry_at <= $5, FALSE)))
         GROUP BY 1, 2"),
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(read)
    .bind(fingerprint.to_vec())
    .bind(at.0)
    .bind(settled_only)
    .fetch_all(connection)
    .await?;
    let group = |(filled, failed, ads, jobs): (Option<Vec<u8>>, Option<Vec<u8>>, i64, i64)| {
        let marks = filled.map(|filled| AdMarks {
            filled,
            failed: failed.unwrap_or_default(),
        });
        MarkGroup { marks, ads, jobs }
    };
    Ok(rows.into_iter().map(group).collect())
}

/// Jobs of a read that have a new version at an instant, and the fields that went back in them to a
/// value that they had a few versions ago, by jobs.
///
/// # Errors
/// The database failed.
pub async fn changes(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    at: Clock,
) -> Result<(i64, Vec<(String, i64)>)> {
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(concat!(
        "WITH fresh AS MATERIALIZED (
           SELECT id, version, changes FROM jobs_history
           WHERE institution_id = $1 AND source_id = $2 AND created_at = $3 AND change_type IN ('update', 'reopen') AND created_by = 'etl_pipeline'
             AND id IN (SELECT job_id FROM ad_states WHERE institution_id = $1 AND source_id = $2 AND ",
        listed!("$5"),
        ")),
         changed AS (
           SELECT fresh.id, fresh.version, field.key AS field, field.value -> 'new' AS value
           FROM fresh CROSS JOIN LATERAL jsonb_each(fresh.changes) AS field WHERE field.key NOT IN ('status', 'original_id'))
         SELECT NULL, count(DISTINCT id) FROM fresh
         UNION ALL
         SELECT field, count(DISTINCT id) FROM changed
         WHERE EXISTS (SELECT 1 FROM jobs_history h WHERE h.institution_id = $1 AND h.id = changed.id
             AND h.version BETWEEN changed.version - $4 AND changed.version - 1 AND h.changes -> changed.field -> 'old' = changed.value)
         GROUP BY field"
    ))
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(at.0)
    .bind(VERSIONS)
    .bind(read)
    .fetch_all(connection)
    .await?;
    let updated = rows
        .iter()
        .find(|(field, _)| field.is_none())
        .map_or(0, |(_, count)| *count);
    Ok((
        updated,
        rows.into_iter()
            .filter_map(|(field, count)| Some((field?, count)))
            .collect(),
    ))
}

/// The fingerprint of the newest measured run before an instant, if any.
///
/// # Errors
/// The database failed.
pub async fn before(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
) -> Result<Option<Fingerprint>> {
    let found: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT fingerprint FROM source_quality WHERE institution_id = $1 AND source_id = $2 AND at < $3 ORDER BY at DESC LIMIT 1",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(at.0)
    .fetch_optional(connection)
    .await?;
    Ok(Hash::from_column(found))
}

/// What a run is compared with.
#[derive(Debug, Clone, Default)]
pub struct PastReads {
    /// The newest run of each day before, newest first.
    pub days: Vec<MeasuredDay>,
    /// What an operator has accepted.
    pub accepted: Vec<MeasuredDay>,
}

#[derive(sqlx::FromRow)]
struct PastRow {
    at: DateTime<Utc>,
    is_whole: bool,
    is_accepted: bool,
    ads: i64,
    kind: Option<String>,
    subject: Option<String>,
    part: Option<i64>,
    whole: Option<i64>,
}

/// What a run at an instant is compared with.
///
/// # Errors
/// The database failed.
pub async fn past(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    zone: Tz,
) -> Result<PastReads> {
    let rows: Vec<PastRow> = sqlx::query_as(
        "WITH known AS (
           SELECT at, standing, state, ads, (at AT TIME ZONE $5)::date AS day FROM source_quality
           WHERE institution_id = $1 AND source_id = $2 AND at <= $3 AND at > $4),
         chosen AS (
           (SELECT DISTINCT ON (day) at, standing, state, ads FROM known
            WHERE standing <> 'held' AND state IN ('complete', 'partial') AND day < ($3 AT TIME ZONE $5)::date ORDER BY day DESC, at DESC)
           UNION SELECT at, standing, state, ads FROM known WHERE standing = 'released')
         SELECT c.at, c.state = 'complete' AS is_whole, c.standing = 'released' AS is_accepted, c.ads, m.kind, m.subject, m.part, m.whole
         FROM chosen c LEFT JOIN quality_measures m ON m.institution_id = $1 AND m.source_id = $2 AND m.at = c.at ORDER BY c.at DESC",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(at.0)
    .bind(at.0 - Duration::days(DAYS))
    .bind(zone.name())
    .fetch_all(connection)
    .await?;
    let mut past = PastReads::default();
    for run in rows.chunk_by(|one, other| one.at == other.at) {
        let Some(first) = run.first() else { continue };
        let day = MeasuredDay {
            date: Clock(first.at).today(zone),
            ads: first.is_whole.then_some(first.ads),
            measures: measures_of(run),
        };
        if first.is_accepted {
            past.accepted.push(day.clone());
        }
        let is_newest = past.days.last().is_none_or(|newer| newer.date > day.date);
        if day.date < at.today(zone) && is_newest {
            past.days.push(day);
        }
    }
    Ok(past)
}

fn measures_of(rows: &[PastRow]) -> HashMap<(MeasureKind, String), (i64, i64)> {
    let one = |row: &PastRow| {
        Some((
            (
                MeasureKind::named(row.kind.as_deref()?)?,
                row.subject.clone()?,
            ),
            (row.part?, row.whole?),
        ))
    };
    rows.iter().filter_map(one).collect()
}

/// What a run measured of a source.
#[derive(Debug, Clone)]
pub struct MeasuredRead<'m> {
    /// The run.
    pub run: RunId,
    /// Its clock.
    pub at: Clock,
    /// How the read ended.
    pub state: &'static str,
    /// Ads in the read.
    pub ads: i64,
    /// Its segment's fingerprint.
    pub fingerprint: Fingerprint,
    /// `usual`, `unusual` or `held`.
    pub standing: &'static str,
    /// The rates.
    pub measures: &'m [Measure],
}

/// Stores the measures of a run; earlier measures at the same instant are replaced, except for an
/// operator's decision.
///
/// # Errors
/// The database failed.
pub async fn keep(
    connection: &mut PgConnection,
    stream: &SourceKey,
    kept: &MeasuredRead<'_>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO source_quality AS q (institution_id, source_id, at, run_id, state, ads, fingerprint, standing) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (institution_id, source_id, at) DO UPDATE SET run_id = EXCLUDED.run_id, state = EXCLUDED.state, ads = EXCLUDED.ads,
           fingerprint = EXCLUDED.fingerprint, standing = CASE WHEN q.standing = 'released' THEN q.standing ELSE EXCLUDED.standing END",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(kept.at.0)
    .bind(kept.run)
    .bind(kept.state)
    .bind(kept.ads)
    .bind(kept.fingerprint.to_vec())
    .bind(kept.standing)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM quality_measures WHERE institution_id = $1 AND source_id = $2 AND at = $3",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(kept.at.0)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO quality_measures (institution_id, source_id, at, kind, subject, part, whole)
         SELECT $1, $2, $3, v.* FROM unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[]) AS v",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(kept.at.0)
    .bind(kept.measures.iter().map(|one| one.kind.name()).collect::<Vec<_>>())
    .bind(kept.measures.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>())
    .bind(kept.measures.iter().map(|one| one.part).collect::<Vec<_>>())
    .bind(kept.measures.iter().map(|one| one.whole).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// A hash of everything that a read contained.
///
/// # Errors
/// The database failed.
pub async fn content(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
) -> Result<String> {
    let hash = sqlx::query_scalar(concat!(
        "SELECT md5(COALESCE(string_agg(external_id || ' ' || encode(content_hash, 'hex'), E'\\n' ORDER BY external_id COLLATE \"C\"), ''))
         FROM ad_states WHERE institution_id = $1 AND source_id = $2 AND ",
        listed!("$3")
    ));
    Ok(hash
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(read)
        .fetch_one(connection)
        .await?)
}

/// Whether an operator has discarded this content.
///
/// # Errors
/// The database failed.
pub async fn is_discarded(
    connection: &mut PgConnection,
    stream: &SourceKey,
    content: &str,
) -> Result<bool> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM holds WHERE institution_id = $1 AND source_id = $2 AND kind = 'quality' AND status = 'discarded' AND details ->> 'content' = $3)",
    );
    Ok(found
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(content)
        .fetch_one(connection)
        .await?)
}

/// An operator accepted the measures at an instant: that read, and similar ones, are published.
///
/// # Errors
/// The database failed.
pub async fn accept(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE source_quality SET standing = 'released' WHERE institution_id = $1 AND source_id = $2 AND at = $3")
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest measures of a source, and when.
#[derive(Debug, Clone)]
pub struct NewestRead {
    /// The clock of the run.
    pub at: Clock,
    /// The source.
    pub source: String,
    /// Ads in the read, if it was whole.
    pub ads: Option<i64>,
    /// usual, unusual, held, released.
    pub standing: String,
    /// The rates.
    pub measures: Vec<Measure>,
}

/// The newest measures of each source of an institution.
///
/// # Errors
/// The database failed.
pub async fn newest(
    connection: &mut PgConnection,
    institution: uuid::Uuid,
) -> Result<Vec<NewestRead>> {
    type QualityRow = (
        String,
        DateTime<Utc>,
        String,
        String,
        i64,
        Option<String>,
        Option<String>,
        Option<i64>,
        Option<i64>,
    );
    let rows: Vec<QualityRow> = sqlx::query_as(
        "SELECT q.source_id, q.at, q.state, q.standing, q.ads, m.kind, m.subject, m.part, m.whole
         FROM source_quality q LEFT JOIN quality_measures m ON m.institution_id = q.institution_id AND m.source_id = q.source_id AND m.at = q.at
         WHERE (q.institution_id, q.source_id, q.at) IN (SELECT institution_id, source_id, max(at) FROM source_quality WHERE institution_id = $1 GROUP BY 1, 2)
         ORDER BY q.source_id, m.kind, m.subject",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?;
    let mut all: Vec<NewestRead> = Vec::new();
    for (source, at, state, standing, ads, kind, subject, part, whole) in rows {
        if all.last().is_none_or(|newest| newest.source != source) {
            all.push(NewestRead {
                at: Clock(at),
                source,
                ads: (state == "complete").then_some(ads),
                standing,
                measures: Vec::new(),
            });
        }
        let measure = || {
            Some(Measure {
                kind: MeasureKind::named(kind.as_deref()?)?,
                subject: subject.clone()?,
                part: part?,
                whole: whole?,
            })
        };
        if let (Some(newest), Some(measure)) = (all.last_mut(), measure()) {
            newest.measures.push(measure);
        }
    }
    Ok(all)
}
