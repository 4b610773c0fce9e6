//! Figures for machines: small tables that each run adds to when it ends, and what a scrape reads
//! of them. `metric_*` views give the same by day.
//!
//! A scrape must never read jobs or ads, and costs what the project is large: a row for each
//! source, node and table, the open holds by their index, and three rows of statistics. To add a
//! figure: a column of a tally here, or a query of [`scrape`] that says what it costs.

use super::{Result, figures};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::{RunId, SourceKey};

/// Upper bounds of the buckets of `stage_durations`, in microseconds; the last bucket has none.
pub const DURATION_BOUNDS: [i64; 9] = [
    10_000,
    50_000,
    250_000,
    1_000_000,
    5_000_000,
    30_000_000,
    120_000_000,
    600_000_000,
    3_600_000_000,
];

/// Adds a run that has ended to the tallies. Once for each run, in the transaction that ends it.
///
/// # Errors
/// The database failed.
pub async fn tally(connection: &mut PgConnection, institution: Uuid, run: RunId) -> Result<()> {
    for sql in [TALLY_SOURCES, TALLY_STAGES, TALLY_RUN] {
        sqlx::query(sql)
            .bind(institution)
            .bind(run)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(
        "INSERT INTO stage_durations AS t (institution_id, source_id, stage, bucket, runs)
         SELECT institution_id, source_id, stage, width_bucket(micros, $3::bigint[]), 1
         FROM run_stages WHERE institution_id = $1 AND run_id = $2
         ON CONFLICT (institution_id, source_id, stage, bucket) DO UPDATE SET runs = t.runs + 1",
    )
    .bind(institution)
    .bind(run)
    .bind(&DURATION_BOUNDS[..])
    .execute(&mut *connection)
    .await?;
    // In one order, so that runs that end together do not wait for each other in a circle; and only
    // what differs, as all runs of a day share these rows.
    sqlx::query(
        "INSERT INTO database_sizes (day, table_name, bytes)
         SELECT n.day, n.table_name, n.bytes
         FROM (SELECT (r.at AT TIME ZONE 'UTC')::date AS day, t.key AS table_name, t.value::bigint AS bytes
               FROM runs r CROSS JOIN LATERAL jsonb_each_text(CASE WHEN jsonb_typeof(r.summary -> 'tables') = 'object' THEN r.summary -> 'tables' ELSE '{}'::jsonb END) AS t
               WHERE r.institution_id = $1 AND r.id = $2) AS n
         LEFT JOIN database_sizes s ON s.day = n.day AND s.table_name = n.table_name
         WHERE s.bytes IS DISTINCT FROM n.bytes ORDER BY n.table_name
         ON CONFLICT (day, table_name) DO UPDATE SET bytes = EXCLUDED.bytes",
    )
    .bind(institution)
    .bind(run)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a source its row in the tallies as its first read begins: lists of sources start from
/// there, and a first run that takes long, or dies, is in them.
///
/// # Errors
/// The database failed.
pub(super) async fn open_tally(connection: &mut PgConnection, stream: &SourceKey) -> Result<()> {
    let sql = "INSERT INTO source_tallies (institution_id, source_id, runs, documents, created, updated, reopened, archived, unchanged, rejected, held, failed, open_jobs,
                 reads_complete, reads_empty, reads_partial, reads_blocked, reads_unreachable, bytes_read)
               VALUES ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING";
    sqlx::query(sql)
        .bind(stream.institution)
        .bind(&stream.source)
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest read of a source is found by its index; that of another run is not this run's.
const TALLY_SOURCES: &str = "INSERT INTO source_tallies AS t (institution_id, source_id, runs, documents, created, updated, reopened, archived, unchanged, rejected, held, failed, open_jobs,
    reads_complete, reads_empty, reads_partial, reads_blocked, reads_unreachable, bytes_read, last_read_state, last_read_at, last_complete_at, last_items, last_stated)
  SELECT o.institution_id, o.source_id, 1, o.documents, o.created, o.updated, o.reopened, o.archived, o.unchanged, o.rejected, o.held, o.failed,
    (SELECT count(*) FROM published_jobs j WHERE j.institution_id = $1 AND j.source_id = o.source_id AND j.status = 'open'),
    (r.state = 'complete')::int, (r.state = 'empty')::int, (r.state = 'partial')::int, (r.state = 'blocked')::int, (r.state = 'unreachable')::int, r.bytes,
    NULLIF(r.state, ''), r.at, CASE WHEN r.state = 'complete' THEN r.at END, r.items, r.stated_count
  FROM metric_run_outcomes o
  LEFT JOIN LATERAL (
    SELECT * FROM source_reads n WHERE n.institution_id = $1 AND n.source_id = o.source_id ORDER BY n.id DESC LIMIT 1) AS n ON n.run_id = o.run_id
  CROSS JOIN LATERAL (SELECT COALESCE(n.state, '') AS state, COALESCE(n.bytes, 0) AS bytes, n.at, n.items, n.stated_count) AS r
  WHERE o.institution_id = $1 AND o.run_id = $2
  ON CONFLICT (institution_id, source_id) DO UPDATE SET runs = t.runs + 1, documents = t.documents + EXCLUDED.documents, created = t.created + EXCLUDED.created,
    updated = t.updated + EXCLUDED.updated, reopened = t.reopened + EXCLUDED.reopened, archived = t.archived + EXCLUDED.archived,
    unchanged = t.unchanged + EXCLUDED.unchanged, rejected = t.rejected + EXCLUDED.rejected, held = t.held + EXCLUDED.held, failed = t.failed + EXCLUDED.failed,
    open_jobs = EXCLUDED.open_jobs, reads_complete = t.reads_complete + EXCLUDED.reads_complete, reads_empty = t.reads_empty + EXCLUDED.reads_empty,
    reads_partial = t.reads_partial + EXCLUDED.reads_partial, reads_blocked = t.reads_blocked + EXCLUDED.reads_blocked,
    reads_unreachable = t.reads_unreachable + EXCLUDED.reads_unreachable, bytes_read = t.bytes_read + EXCLUDED.bytes_read,
    last_read_state = COALESCE(EXCLUDED.last_read_state, t.last_read_state), last_read_at = COALESCE(EXCLUDED.last_read_at, t.last_read_at),
    last_complete_at = COALESCE(EXCLUDED.last_complete_at, t.last_complete_at), last_items = COALESCE(EXCLUDED.last_items, t.last_items),
    last_stated = CASE WHEN EXCLUDED.last_read_at IS NULL THEN t.last_stated ELSE EXCLUDED.last_stated END";

const TALLY_STAGES: &str = "INSERT INTO stage_tallies AS t (institution_id, source_id, stage, runs, rows_in, rows_out, refused, failures, micros)
  SELECT institution_id, source_id, stage, 1, rows_in, rows_out, refused, (error IS NOT NULL)::int, micros FROM run_stages WHERE institution_id = $1 AND run_id = $2
  ON CONFLICT (institution_id, source_id, stage) DO UPDATE SET runs = t.runs + 1, rows_in = t.rows_in + EXCLUDED.rows_in, rows_out = t.rows_out + EXCLUDED.rows_out,
    refused = t.refused + EXCLUDED.refused, failures = t.failures + EXCLUDED.failures, micros = t.micros + EXCLUDED.micros";

const TALLY_RUN: &str = "INSERT INTO run_tallies AS t (institution_id, status, runs, millis, last_at)
  SELECT institution_id, status, 1, COALESCE((extract(epoch FROM finished_at - started_at) * 1000)::bigint, 0), at FROM runs WHERE institution_id = $1 AND id = $2
  ON CONFLICT (institution_id, status) DO UPDATE SET runs = t.runs + 1, millis = t.millis + EXCLUDED.millis, last_at = GREATEST(t.last_at, EXCLUDED.last_at)";

/// Counts runs whose process went away.
///
/// # Errors
/// The database failed.
pub(super) async fn tally_died(
    connection: &mut PgConnection,
    institution: Uuid,
    runs: u64,
    at: DateTime<Utc>,
) -> Result<()> {
    if runs == 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO run_tallies AS t (institution_id, status, runs, millis, last_at) VALUES ($1, 'died', $2, 0, $3)
         ON CONFLICT (institution_id, status) DO UPDATE SET runs = t.runs + EXCLUDED.runs, last_at = GREATEST(t.last_at, EXCLUDED.last_at)",
    )
    .bind(institution)
    .bind(i64::try_from(runs).unwrap_or(i64::MAX))
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// What all runs did to a source.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct SourceTally {
    /// The institution.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// Ads looked at.
    pub documents: i64,
    /// Jobs created.
    pub created: i64,
    /// Jobs updated.
    pub updated: i64,
    /// Jobs opened again.
    pub reopened: i64,
    /// Jobs archived.
    pub archived: i64,
    /// Ads that changed nothing.
    pub unchanged: i64,
    /// Ads refused.
    pub rejected: i64,
    /// Ads held.
    pub held: i64,
    /// Ads that could not be read or derived.
    pub failed: i64,
    /// Open jobs at the end of the newest run.
    pub open_jobs: i64,
    /// Reads by how they ended: complete, empty, partial, blocked, unreachable.
    #[sqlx(flatten)]
    pub reads: ReadTally,
    /// Bytes read.
    pub bytes_read: i64,
    /// How the newest read ended.
    pub last_read_state: Option<String>,
    /// When.
    pub last_read_at: Option<DateTime<Utc>>,
    /// The newest complete read.
    pub last_complete_at: Option<DateTime<Utc>>,
    /// Ads in the newest read.
    pub last_items: Option<i64>,
    /// Ads that the source said it had.
    pub last_stated: Option<i64>,
}

/// How many reads of a source ended in which way.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub struct ReadTally {
    reads_complete: i64,
    reads_empty: i64,
    reads_partial: i64,
    reads_blocked: i64,
    reads_unreachable: i64,
}

impl ReadTally {
    /// The counts, each with its name.
    pub fn named(self) -> [(&'static str, i64); 5] {
        [
            ("complete", self.reads_complete),
            ("empty", self.reads_empty),
            ("partial", self.reads_partial),
            ("blocked", self.reads_blocked),
            ("unreachable", self.reads_unreachable),
        ]
    }
}

/// What all runs did at a node of a plan.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StageTally {
    /// The institution.
    pub institution: String,
    /// The source; empty for a stage of the institution.
    pub source_id: String,
    /// The stage.
    pub stage: String,
    /// Runs.
    pub runs: i64,
    /// Ads that reached it.
    pub rows_in: i64,
    /// Ads that it found reasons against.
    pub refused: i64,
    /// Runs in which it failed.
    pub failures: i64,
    /// Microseconds spent in it.
    pub micros: i64,
    /// The buckets of its durations that are not empty.
    pub buckets: Vec<i32>,
    /// The runs in each of them.
    pub bucket_runs: Vec<i64>,
}

/// Runs of an institution that ended in one way.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RunTally {
    /// The institution.
    pub institution: String,
    /// done, failed, interrupted, died.
    pub status: String,
    /// Runs.
    pub runs: i64,
    /// Milliseconds that they took.
    pub millis: i64,
    /// Clock of the newest.
    pub last_at: DateTime<Utc>,
}

/// A count by institution, source and kind.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct KindCount {
    /// The institution.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// What is counted: a kind of hold, a rule, a severity.
    pub kind: String,
    /// How many.
    pub number: i64,
}

/// How the server does.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct ServerFigures {
    /// Bytes of the database.
    pub bytes: i64,
    /// Sessions of the database.
    pub connections: i64,
    /// Sessions that the server allows.
    pub connections_max: i64,
    /// Dead rows in its tables.
    pub dead_rows: i64,
    /// Live rows in its tables.
    pub live_rows: i64,
    /// Transactions since the oldest that is still seen: what vacuum cannot remove.
    pub oldest_xmin_age: i64,
    /// Seconds that the longest transaction has been open.
    pub longest_transaction_seconds: f64,
}

/// The queue of work: one function for whoever wants to know how it does.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub struct QueueFigures {
    /// Units that wait.
    pub waiting: i64,
    /// Units that a worker has.
    pub working: i64,
    /// Since when the oldest could have been claimed.
    pub oldest_ready_at: Option<DateTime<Utc>>,
    /// Leases that are held.
    pub leases: i64,
}

/// How the queue does: its units that are not over, by their partial indexes, and the leases.
///
/// # Errors
/// The database failed.
pub async fn queue(connection: &mut PgConnection) -> Result<QueueFigures> {
    Ok(sqlx::query_as(
        "SELECT (SELECT count(*) FROM work_units WHERE state = 'waiting') AS waiting, (SELECT count(*) FROM work_units WHERE state = 'leased') AS working,
           (SELECT min(ready_at) FROM work_units WHERE state = 'waiting') AS oldest_ready_at, (SELECT count(*) FROM leases WHERE expires_at > now()) AS leases",
    )
    .fetch_one(connection)
    .await?)
}

/// All that a scrape reads.
#[derive(Debug, Clone, Default)]
pub struct MetricsScrape {
    /// Each source.
    pub sources: Vec<SourceTally>,
    /// Each node.
    pub stages: Vec<StageTally>,
    /// Runs by institution and end.
    pub runs: Vec<RunTally>,
    /// Open holds by kind.
    pub holds: Vec<KindCount>,
    /// Ads that each rule refuses or warns of, in the newest run.
    pub rules: Vec<KindCount>,
    /// Alerts that fire, by severity.
    pub alerts: Vec<KindCount>,
    /// Bytes of each table.
    pub tables: BTreeMap<String, i64>,
    /// How the server does.
    pub server: ServerFigures,
    /// How the queue does.
    pub queue: QueueFigures,
}

/// Reads the figures: tallies by their keys, open holds by their partial index, of rules the newest
/// measures of each source, and the statistics of the server.
///
/// # Errors
/// The database failed.
pub async fn scrape(connection: &mut PgConnection) -> Result<MetricsScrape> {
    Ok(MetricsScrape {
        sources: sources(connection).await?,
        stages: stages(connection).await?,
        runs: runs(connection).await?,
        holds: sqlx::query_as(
            "SELECT i.slug AS institution, h.source_id, h.kind, count(*) AS number FROM holds h JOIN institutions i ON i.id = h.institution_id
             WHERE h.status = 'open' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        )
        .fetch_all(&mut *connection)
        .await?,
        rules: rules(connection).await?,
        alerts: sqlx::query_as(
            "SELECT institution, source_id, severity AS kind, count(*) AS number FROM alert_causes WHERE resolved_at IS NULL
             GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        )
        .fetch_all(&mut *connection)
        .await?,
        tables: figures::table_bytes(connection).await?,
        server: server(connection).await?,
        queue: queue(connection).await?,
    })
}

/// What all runs did to each source.
///
/// # Errors
/// The database failed.
pub async fn sources(connection: &mut PgConnection) -> Result<Vec<SourceTally>> {
    Ok(sqlx::query_as(
        "SELECT i.slug AS institution, t.* FROM source_tallies t JOIN institutions i ON i.id = t.institution_id ORDER BY 1, t.source_id",
    )
    .fetch_all(connection)
    .await?)
}

async fn stages(connection: &mut PgConnection) -> Result<Vec<StageTally>> {
    Ok(sqlx::query_as(
        "SELECT i.slug AS institution, t.*, d.buckets, d.bucket_runs FROM stage_tallies t JOIN institutions i ON i.id = t.institution_id
         CROSS JOIN LATERAL (
           SELECT COALESCE(array_agg(d.bucket ORDER BY d.bucket), '{}') AS buckets, COALESCE(array_agg(d.runs ORDER BY d.bucket), '{}') AS bucket_runs
           FROM stage_durations d WHERE d.institution_id = t.institution_id AND d.source_id = t.source_id AND d.stage = t.stage) AS d
         ORDER BY 1, t.source_id, t.stage",
    )
    .fetch_all(connection)
    .await?)
}

/// Runs by institution and end.
///
/// # Errors
/// The database failed.
pub async fn runs(connection: &mut PgConnection) -> Result<Vec<RunTally>> {
    Ok(sqlx::query_as(
        "SELECT i.slug AS institution, t.status, t.runs, t.millis, t.last_at FROM run_tallies t JOIN institutions i ON i.id = t.institution_id ORDER BY 1, 2",
    )
    .fetch_all(connection)
    .await?)
}

async fn rules(connection: &mut PgConnection) -> Result<Vec<KindCount>> {
    Ok(sqlx::query_as(
        "SELECT i.slug AS institution, t.source_id, m.subject AS kind, sum(m.part)::bigint AS number
         FROM source_tallies t JOIN institutions i ON i.id = t.institution_id
         CROSS JOIN LATERAL (
           SELECT max(q.at) AS at FROM source_quality q WHERE q.institution_id = t.institution_id AND q.source_id = t.source_id) AS q
         JOIN quality_measures m ON m.institution_id = t.institution_id AND m.source_id = t.source_id AND m.at = q.at
         WHERE m.kind IN ('fails', 'warns') AND m.part > 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    .fetch_all(connection)
    .await?)
}

/// How the server does.
///
/// # Errors
/// The database failed.
pub async fn server(connection: &mut PgConnection) -> Result<ServerFigures> {
    Ok(sqlx::query_as(
        "SELECT pg_database_size(current_database()) AS bytes, a.connections, current_setting('max_connections')::bigint AS connections_max,
           t.dead_rows, t.live_rows, a.oldest_xmin_age, a.longest_transaction_seconds
         FROM (SELECT count(*) AS connections, COALESCE(max(age(backend_xmin)), 0)::bigint AS oldest_xmin_age,
                 COALESCE(max(extract(epoch FROM now() - xact_start)), 0)::float8 AS longest_transaction_seconds
               FROM pg_stat_activity WHERE datname = current_database()) AS a,
              (SELECT COALESCE(sum(n_dead_tup), 0)::bigint AS dead_rows, COALESCE(sum(n_live_tup), 0)::bigint AS live_rows
               FROM pg_stat_user_tables WHERE schemaname = current_schema()) AS t",
    )
    .fetch_one(connection)
    .await?)
}
