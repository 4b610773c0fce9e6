//! Masks a text wherever the database has it: in documents, jobs, versions, and whatever was
//! written about them.
//!
//! The columns are those that the database has, less those of [`KEPT_TABLES`] and [`KEPT_COLUMNS`],
//! so that a new table is searched without being listed here. What is found is decided by
//! [`TextMasks`] alone; SQL only leaves out rows that cannot hold it. A document that is masked has
//! another hash, which goes wherever the old one stood, so that no read takes it for changed.

use super::columns::job_columns;
use super::views::newest;
use super::{Result, erasure, jobs};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use uuid::Uuid;
use weir_model::document;
use weir_model::forgotten::{TextMasks, folded};

/// Tables whose texts are not from ads: the files of the project, who may do what, what runs where.
/// Companies and divisions are employers: their names stay, and are told.
pub const KEPT_TABLES: [&str; 23] = [
    "_sqlx_migrations",
    "api_tokens",
    "companies",
    "company_aliases",
    "divisions",
    "fingerprints",
    "forgotten",
    "forgotten_jobs",
    "frameworks",
    "host_turns",
    "institutions",
    "leases",
    "logins",
    "notice_channels",
    "plan_outlines",
    "plan_texts",
    "project_claims",
    "project_snapshots",
    "removals",
    "robots_rules",
    "schedule_marks",
    "users",
    "versions",
];

/// Columns that name things by which rows are found, and those who decided.
const KEPT_COLUMNS: [&str; 11] = [
    "ad_id",
    "alert",
    "channel",
    "external_id",
    "group_name",
    "institution",
    "kind",
    "notice_key",
    "original_id",
    "slug",
    "source_id",
];

/// Tables that hold texts about many ads, which are masked when one of these ads is forgotten.
pub const SHARED_TABLES: [&str; 15] = [
    "alert_causes",
    "alerts",
    "audit_trail",
    "daily_reports",
    "hold_revisions",
    "holds",
    "lost_values",
    "notices",
    "opening_log",
    "opening_members",
    "run_log",
    "run_stages",
    "runs",
    "source_reads",
    "work_units",
];

/// Tables whose `id` is that of a job.
const TABLES_OF_JOBS: [&str; 2] = ["published_jobs", "superseded_versions"];

/// Where a text is masked.
#[derive(Debug, Clone, Copy)]
pub struct MaskScope<'s> {
    /// The institution.
    pub institution: Uuid,
    /// Its slug.
    pub slug: &'s str,
    /// Only in these tables; all if none is named.
    pub tables: &'s [&'static str],
}

/// A table, and those of its columns that hold texts: their names and types.
struct TextTable {
    name: String,
    columns: Vec<(String, String)>,
    /// Which rows are of the institution; `$1` is its id, `$2` its slug.
    scope: &'static str,
}

#[derive(sqlx::FromRow)]
struct TextColumn {
    table_name: String,
    column_name: String,
    data_type: String,
    of_institution: bool,
    names_institution: bool,
}

async fn tables(connection: &mut PgConnection, wanted: &[&str]) -> Result<Vec<TextTable>> {
    let columns: Vec<TextColumn> = sqlx::query_as(
        "SELECT c.table_name::text, c.column_name::text, c.data_type::text,
           EXISTS (SELECT 1 FROM information_schema.columns o WHERE o.table_schema = c.table_schema AND o.table_name = c.table_name AND o.column_name = 'institution_id') AS of_institution,
           EXISTS (SELECT 1 FROM information_schema.columns o WHERE o.table_schema = c.table_schema AND o.table_name = c.table_name AND o.column_name = 'institution') AS names_institution
         FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
         WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
           AND (c.data_type IN ('text', 'jsonb') OR (c.data_type = 'ARRAY' AND c.udt_name = '_text'))
           AND c.table_name <> ALL ($1) AND c.column_name <> ALL ($2) AND c.column_name NOT LIKE '%\\_by'
           AND (c.table_name, c.column_name) <> ('raw_documents', 'content')
           AND (cardinality($3::text[]) = 0 OR c.table_name = ANY ($3))
         ORDER BY 1, 2",
    )
    .bind(KEPT_TABLES.as_slice())
    .bind(KEPT_COLUMNS.as_slice())
    .bind(wanted)
    .fetch_all(connection)
    .await?;
    let mut tables: Vec<TextTable> = Vec::new();
    for column in columns {
        let scope = match (column.of_institution, column.names_institution) {
            (true, _) => "t.institution_id = $1 AND $2::text IS NOT NULL",
            (false, true) => "t.institution IN ('', $2) AND $1::uuid IS NOT NULL",
            (false, false) => "$1::uuid IS NOT NULL AND $2::text IS NOT NULL",
        };
        if tables
            .last()
            .is_none_or(|last| last.name != column.table_name)
        {
            tables.push(TextTable {
                name: column.table_name,
                columns: Vec::new(),
                scope,
            });
        }
        if let Some(table) = tables.last_mut() {
            table.columns.push((column.column_name, column.data_type));
        }
    }
    Ok(tables)
}

/// A row with masked texts: where it is, and all its texts.
#[derive(sqlx::FromRow)]
struct MaskedRow {
    at: String,
    texts: Vec<Option<String>>,
    /// The job that it is of, in tables of jobs and versions.
    job: Option<Uuid>,
}

/// What was masked.
#[derive(Debug, Default)]
pub struct MaskedRows {
    /// How many rows of which tables.
    pub tables: BTreeMap<String, u64>,
    /// Jobs with a masked field or version.
    pub jobs: BTreeSet<Uuid>,
}

impl MaskedRows {
    fn count(&mut self, table: &str, rows: usize) {
        if rows > 0 {
            let rows = u64::try_from(rows).unwrap_or(u64::MAX);
            *self.tables.entry(table.to_owned()).or_default() += rows;
        }
    }
}

/// Rows that cannot hold a text lack one of its words; words that databases may fold otherwise are
/// not asked for.
fn patterns(text: &str) -> Vec<String> {
    let words = folded(text).into_iter();
    let plain = words.filter(|word| word.is_ascii());
    plain.map(|word| format!("%{word}%")).collect()
}

/// Masks one text everywhere but in documents.
///
/// # Errors
/// The database failed.
pub async fn mask(
    connection: &mut PgConnection,
    scope: MaskScope<'_>,
    text: &str,
    masks: &TextMasks,
) -> Result<MaskedRows> {
    let (mut found, patterns) = (MaskedRows::default(), patterns(text));
    for table in tables(connection, scope.tables).await? {
        let rows = table.masked(connection, scope, &patterns, masks).await?;
        found.count(&table.name, rows.len());
        table.write(connection, scope, &rows).await?;
        found.jobs.extend(rows.iter().filter_map(|row| row.job));
    }
    Ok(found)
}

impl TextTable {
    /// Its rows that hold something to mask, with what they hold afterwards.
    async fn masked(
        &self,
        connection: &mut PgConnection,
        scope: MaskScope<'_>,
        patterns: &[String],
        masks: &TextMasks,
    ) -> Result<Vec<MaskedRow>> {
        let texts: Vec<String> = self.columns.iter().map(as_text).collect();
        let texts = texts.join(", ");
        let job = if TABLES_OF_JOBS.contains(&self.name.as_str()) {
            "t.id"
        } else {
            "NULL::uuid"
        };
        let sql = format!(
            "SELECT t.ctid::text AS at, ARRAY[{texts}] AS texts, {job} AS job FROM \"{}\" t
             WHERE {} AND concat_ws(' ', {texts}) ILIKE ALL ($3) FOR UPDATE",
            self.name, self.scope
        );
        let rows: Vec<MaskedRow> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(scope.institution)
            .bind(scope.slug)
            .bind(patterns)
            .fetch_all(connection)
            .await?;
        let masked = rows.into_iter().filter_map(|mut row| {
            let mut is_masked = false;
            for text in row.texts.iter_mut().flatten() {
                if let Some(masked) = masks.written(text) {
                    *text = masked;
                    is_masked = true;
                }
            }
            is_masked.then_some(row)
        });
        Ok(masked.collect())
    }

    /// Writes the texts of rows.
    async fn write(
        &self,
        connection: &mut PgConnection,
        scope: MaskScope<'_>,
        rows: &[MaskedRow],
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let (mut arrays, mut names, mut sets) = (String::new(), String::new(), Vec::new());
        for (place, column) in self.columns.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(arrays, ", ${}::text[]", place + 4);
            let _ = write!(names, ", c{place}");
            sets.push(format!(
                "\"{}\" = {}",
                column.0,
                from_text(place, &column.1)
            ));
        }
        let sql = format!(
            "UPDATE \"{}\" t SET {} FROM unnest($3::text[]{arrays}) AS m (at{names}) WHERE {} AND t.ctid = m.at::tid",
            self.name,
            sets.join(", "),
            self.scope
        );
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(scope.institution)
            .bind(scope.slug)
            .bind(rows.iter().map(|row| row.at.as_str()).collect::<Vec<_>>());
        for place in 0..self.columns.len() {
            query = query.bind(
                rows.iter()
                    .map(|row| row.texts[place].as_deref())
                    .collect::<Vec<_>>(),
            );
        }
        query.execute(connection).await?;
        Ok(())
    }
}

fn as_text((name, kind): &(String, String)) -> String {
    match kind.as_str() {
        "ARRAY" => format!("to_jsonb(t.\"{name}\")::text"),
        _ => format!("t.\"{name}\"::text"),
    }
}

fn from_text(place: usize, kind: &str) -> String {
    match kind {
        "ARRAY" => format!(
            "CASE WHEN m.c{place} IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(m.c{place}::jsonb)) END"
        ),
        "jsonb" => format!("m.c{place}::jsonb"),
        _ => format!("m.c{place}"),
    }
}

/// Which hash of a document became which.
const REHASHED: &str = "CREATE TEMPORARY TABLE masked_documents ON COMMIT DROP AS
     SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::text[]) AS m (document_id, old_hash, new_hash, content)";

/// Wherever the hash of a document stands; `$1` institution.
const REPOINTED: [&str; 5] = [
    "UPDATE published_jobs t SET content_hash = m.new_hash FROM masked_documents m
     WHERE t.institution_id = $1 AND t.document_id = m.document_id AND t.content_hash = m.old_hash",
    "UPDATE superseded_versions t SET content_hash = m.new_hash FROM masked_documents m
     WHERE t.institution_id = $1 AND t.document_id = m.document_id AND t.content_hash = m.old_hash",
    "UPDATE replaced_documents t SET content_hash = m.new_hash FROM masked_documents m
     WHERE t.institution_id = $1 AND t.document_id = m.document_id AND t.content_hash = m.old_hash",
    "UPDATE ad_states t SET content_hash = COALESCE((SELECT m.new_hash FROM masked_documents m WHERE m.document_id = t.document_id AND m.old_hash = t.content_hash), t.content_hash),
       derived_hash = COALESCE((SELECT m.new_hash FROM masked_documents m WHERE m.document_id = t.document_id AND m.old_hash = t.derived_hash), t.derived_hash),
       released_hash = COALESCE((SELECT m.new_hash FROM masked_documents m WHERE m.document_id = t.document_id AND m.old_hash = t.released_hash), t.released_hash),
       discarded_hash = COALESCE((SELECT m.new_hash FROM masked_documents m WHERE m.document_id = t.document_id AND m.old_hash = t.discarded_hash), t.discarded_hash),
       kept_hash = COALESCE((SELECT m.new_hash FROM masked_documents m WHERE m.document_id = t.document_id AND m.old_hash = t.kept_hash), t.kept_hash),
       rolled_back_hash = COALESCE((SELECT m.new_hash FROM masked_documents m WHERE m.document_id = t.document_id AND m.old_hash = t.rolled_back_hash), t.rolled_back_hash)
     WHERE t.institution_id = $1 AND t.document_id IN (SELECT document_id FROM masked_documents)",
    // Two contents that differed in nothing else are one from now on.
    "WITH gone AS (
       DELETE FROM raw_documents d USING masked_documents m
       WHERE d.institution_id = $1 AND d.document_id = m.document_id AND d.content_hash = m.old_hash
       RETURNING d.document_id, m.new_hash, m.content, d.scraped_at, d.metadata)
     INSERT INTO raw_documents (institution_id, document_id, content_hash, content, scraped_at, metadata)
     SELECT DISTINCT ON (document_id, new_hash) $1, document_id, new_hash, content::jsonb, scraped_at, metadata FROM gone
     ORDER BY document_id, new_hash, scraped_at DESC
     ON CONFLICT (institution_id, document_id, content_hash) DO NOTHING",
];

/// Masks one text in all documents; gives how many hold it, and the jobs that were made of them.
///
/// # Errors
/// The database failed.
pub async fn mask_documents(
    connection: &mut PgConnection,
    institution: Uuid,
    text: &str,
    masks: &TextMasks,
    found: &mut MaskedRows,
) -> Result<()> {
    let rows: Vec<(i64, Vec<u8>, String)> = sqlx::query_as(
        "SELECT document_id, content_hash, content::text FROM raw_documents WHERE institution_id = $1 AND content::text ILIKE ALL ($2)",
    )
    .bind(institution)
    .bind(patterns(text))
    .fetch_all(&mut *connection)
    .await?;
    let (mut documents, mut old, mut new, mut contents) = (vec![], vec![], vec![], vec![]);
    for (document, hash, content) in rows {
        let masked = masks.written(&content);
        let rehashed = masked.and_then(|text| Some((document::stored_hash(&text)?, text)));
        if let Some((rehashed, masked)) = rehashed {
            documents.push(document);
            old.push(hash);
            new.push(rehashed.to_vec());
            contents.push(masked);
        }
    }
    if documents.is_empty() {
        return Ok(());
    }
    found.count("raw_documents", documents.len());
    sqlx::query(REHASHED)
        .bind(&documents)
        .bind(old)
        .bind(new)
        .bind(contents)
        .execute(&mut *connection)
        .await?;
    sqlx::raw_sql("CREATE INDEX ON masked_documents (document_id)")
        .execute(&mut *connection)
        .await?;
    for sql in REPOINTED {
        sqlx::query(sql)
            .bind(institution)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::raw_sql("DROP TABLE masked_documents")
        .execute(&mut *connection)
        .await?;
    let jobs: Vec<Uuid> = sqlx::query_scalar(
        "SELECT job_id FROM ad_states WHERE institution_id = $1 AND document_id = ANY ($2) AND job_id IS NOT NULL",
    )
    .bind(institution)
    .bind(documents)
    .fetch_all(connection)
    .await?;
    found.jobs.extend(jobs);
    Ok(())
}

/// Makes masked jobs whole: their digests are of what they hold now, whoever follows along is told,
/// and their ads are derived again from what is stored, which changes nothing.
///
/// # Errors
/// The database failed.
pub async fn settle(
    connection: &mut PgConnection,
    institution: Uuid,
    at: chrono::DateTime<chrono::Utc>,
    jobs: &BTreeSet<Uuid>,
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let jobs: Vec<Uuid> = jobs.iter().copied().collect();
    for table in ["published_jobs", "superseded_versions"] {
        digest(connection, table, institution, &jobs).await?;
    }
    sqlx::query(
        "WITH v AS (SELECT id, nextval('change_ids') AS change_id FROM unnest($2::uuid[]) AS v (id))
         UPDATE published_jobs j SET refreshed_at = $3, refresh_id = v.change_id, refresh_txid = pg_current_xact_id()
         FROM v WHERE j.institution_id = $1 AND j.id = v.id",
    )
    .bind(institution)
    .bind(&jobs)
    .bind(at)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE ad_states SET derived_fingerprint = NULL, fields_hash = NULL, refresh_hash = NULL
         WHERE institution_id = $1 AND job_id = ANY ($2) AND outcome = 'published'",
    )
    .bind(institution)
    .bind(&jobs)
    .execute(&mut *connection)
    .await?;
    jobs::announce(connection, institution).await
}

async fn digest(
    connection: &mut PgConnection,
    table: &str,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<()> {
    let sql = format!(
        "SELECT id, version, company_id, division_id, {} FROM {table} WHERE institution_id = $1 AND id = ANY ($2) AND digests IS NOT NULL",
        job_columns!()
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(institution)
        .bind(jobs)
        .fetch_all(&mut *connection)
        .await?;
    let (mut ids, mut versions, mut digests) = (vec![], vec![], vec![]);
    for row in &rows {
        ids.push(row.try_get::<Uuid, _>("id")?);
        versions.push(row.try_get::<i32, _>("version")?);
        digests.push(newest::job(row)?.digests());
    }
    let sql = format!(
        "UPDATE {table} t SET digests = m.digests FROM unnest($2::uuid[], $3::int[], $4::bytea[]) AS m (id, version, digests)
         WHERE t.institution_id = $1 AND t.id = m.id AND t.version = m.version"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(institution)
        .bind(ids)
        .bind(versions)
        .bind(digests)
        .execute(connection)
        .await?;
    Ok(())
}

/// What a person should know before a text is masked.
#[derive(Debug, Default)]
pub struct MaskHints {
    /// What else the contacts say that hold the text.
    pub beside: Vec<String>,
    /// Names of companies and divisions that hold it.
    pub employers: Vec<String>,
}

/// Hints that are shown.
const HINTS: usize = 10;

/// Looks at contacts and employers that hold a text.
///
/// # Errors
/// The database failed.
pub async fn hints(
    connection: &mut PgConnection,
    institution: Uuid,
    text: &str,
    masks: &TextMasks,
) -> Result<MaskHints> {
    let contacts: Vec<serde_json::Value> = sqlx::query_scalar(
        "SELECT recruiter FROM published_jobs WHERE institution_id = $1 AND recruiter::text ILIKE ALL ($2)
         UNION SELECT recruiter FROM superseded_versions WHERE institution_id = $1 AND recruiter::text ILIKE ALL ($2)",
    )
    .bind(institution)
    .bind(patterns(text))
    .fetch_all(&mut *connection)
    .await?;
    let mut beside = BTreeSet::new();
    for mut contact in contacts {
        if masks.json(&mut contact) {
            erasure::leaves(&contact, &mut beside);
        }
    }
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM companies WHERE institution_id = $1 AND name ILIKE ALL ($2)
         UNION SELECT name FROM divisions WHERE institution_id = $1 AND name ILIKE ALL ($2) ORDER BY 1",
    )
    .bind(institution)
    .bind(patterns(text))
    .fetch_all(connection)
    .await?;
    let is_new = |text: &String| !text.contains(weir_model::forgotten::REMOVED);
    Ok(MaskHints {
        beside: beside.into_iter().filter(is_new).take(HINTS).collect(),
        employers: names
            .into_iter()
            .filter(|name| masks.text(name).is_some())
            .take(HINTS)
            .collect(),
    })
}
