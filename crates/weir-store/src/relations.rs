//! Companies and divisions: looked up and written a batch at a time. Which spellings are one name
//! is for the caller to say; this knows only keys.
//!
//! A row keeps its id for ever. A new column is one line in each statement here.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;
use weir_model::{Clock, NewRelation, RelationTable};

/// A statement for each of the two tables.
macro_rules! of_both {
    ($table:expr, $before:literal, $after:expr) => {
        match $table {
            RelationTable::Companies => concat!($before, "companies", $after),
            RelationTable::Divisions => concat!($before, "divisions", $after),
        }
    };
}

/// Whether `$one` reads better than `$other`, as `CompanyName::reads_better` has it. The collation
/// `C` knows only the letters A to Z, in every database alike.
macro_rules! reads_better {
    ($one:literal, $other:literal) => {
        concat!(
            "(",
            shouted!($one),
            ", ",
            blanks!($one),
            ", -char_length(",
            $one,
            "), ",
            $other,
            " COLLATE \"C\") < (",
            shouted!($other),
            ", ",
            blanks!($other),
            ", -char_length(",
            $other,
            "), ",
            $one,
            " COLLATE \"C\")"
        )
    };
}

macro_rules! shouted {
    ($name:literal) => {
        concat!(
            $name,
            " IN (upper(",
            $name,
            " COLLATE \"C\"), lower(",
            $name,
            " COLLATE \"C\"))"
        )
    };
}

macro_rules! blanks {
    ($name:literal) => {
        concat!(
            "char_length(",
            $name,
            ") - char_length(replace(",
            $name,
            ", ' ', ''))"
        )
    };
}

/// The id that a name has in an institution.
pub fn id(table: RelationTable, institution: Uuid, key: &str) -> Uuid {
    Uuid::new_v5(&institution, format!("{}:{key}", table.one()).as_bytes())
}

/// What is to be looked up.
#[derive(Debug, Clone, Default)]
pub struct WantedRelations {
    names: BTreeSet<String>,
    folds: BTreeSet<String>,
    registered: BTreeSet<String>,
}

impl WantedRelations {
    /// A name, as it is compared exactly and as it is folded.
    pub fn add(&mut self, name: String, fold: String) {
        self.names.insert(name);
        self.folds.insert(fold);
    }

    /// An id of a registry.
    pub fn add_registered(&mut self, id: String) {
        self.registered.insert(id);
    }

    /// Whether it is nothing.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// A company or division in its table.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredRelation {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    name_key: String,
    /// What makes two spellings one name.
    #[sqlx(default)]
    fold_key: Option<String>,
    registry_id: Option<String>,
    parent_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    /// Whether its name is a spelling of the ads: neither a person nor a registry gave it.
    pub is_named_by_ads: bool,
}

/// A name that a person accepted for a company.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AcceptedAlias {
    /// What makes two spellings of it one.
    pub fold_key: String,
    /// The company.
    pub id: Uuid,
    /// The name of the company.
    pub of: String,
    /// Who accepted it.
    pub decided_by: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

/// What the tables know of some names.
#[derive(Debug, Clone, Default)]
pub struct KnownRelations {
    rows: HashMap<Uuid, StoredRelation>,
    by_name: HashMap<String, Uuid>,
    by_fold: HashMap<String, Uuid>,
    by_registry_id: HashMap<String, Uuid>,
    aliases: HashMap<String, AcceptedAlias>,
}

impl KnownRelations {
    fn of(mut rows: Vec<StoredRelation>, aliases: Vec<AcceptedAlias>) -> KnownRelations {
        let mut known = KnownRelations::default();
        // Of several rows from before keys folded more, the one that is the fold counts, else the
        // oldest.
        rows.sort_by_cached_key(|row| {
            let is_fold = row.fold_key.as_ref() == Some(&row.name_key);
            (!is_fold, row.created_at, row.id)
        });
        for row in rows {
            if let Some(fold) = &row.fold_key {
                known.by_fold.entry(fold.clone()).or_insert(row.id);
            }
            if let Some(id) = &row.registry_id {
                known.by_registry_id.entry(id.clone()).or_insert(row.id);
            }
            known.by_name.insert(row.name_key.clone(), row.id);
            known.rows.insert(row.id, row);
        }
        let aliases = aliases.into_iter();
        known.aliases = aliases
            .map(|alias| (alias.fold_key.clone(), alias))
            .collect();
        known
    }

    /// What a person accepted for a name.
    pub fn alias(&self, fold: &str) -> Option<&AcceptedAlias> {
        self.aliases.get(fold)
    }

    /// The row of a name: as it is, else in any spelling.
    pub fn named(&self, name: &str, fold: &str) -> Option<&StoredRelation> {
        let by_name = self.by_name.get(name);
        let by_fold = || self.by_name.get(fold).or_else(|| self.by_fold.get(fold));
        self.rows.get(by_name.or_else(by_fold)?)
    }

    /// The row of a company of a registry: the one with its id, else the one of its name.
    pub fn registered(&self, id: &str, name: &str, fold: &str) -> Option<&StoredRelation> {
        let by_id = self.by_registry_id.get(id);
        let by_id = by_id.and_then(|id| self.rows.get(id));
        by_id.or_else(|| self.named(name, fold))
    }

    /// Whether a row is there as it would be written. A row that is another company of a registry
    /// stays that.
    pub fn has(&self, row: &NewRelation) -> bool {
        self.rows.get(&row.id).is_some_and(|stored| {
            let is_others = stored.registry_id.is_some() && stored.registry_id != row.registry_id;
            let same = (&stored.name, &stored.registry_id, stored.parent_id);
            is_others || same == (&row.name, &row.registry_id, row.parent)
        })
    }
}

/// What the table knows of names; `fold` makes the key of rows from before there was one.
///
/// # Errors
/// The database failed.
pub async fn known(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    wanted: &WantedRelations,
    fold: impl Fn(&str) -> String,
) -> Result<KnownRelations> {
    let sql = of_both!(
        table,
        "SELECT id, name, name_key, fold_key, registry_id, parent_id, created_at, created_by = 'run' AND registry_id IS NULL AS is_named_by_ads FROM ",
        " WHERE institution_id = $1 AND (name_key = ANY ($2) OR fold_key = ANY ($3) OR registry_id = ANY ($4) OR fold_key IS NULL)"
    );
    let texts = |texts: &BTreeSet<String>| texts.iter().cloned().collect::<Vec<_>>();
    let both: Vec<String> = wanted.names.union(&wanted.folds).cloned().collect();
    let mut rows: Vec<StoredRelation> = sqlx::query_as(sql)
        .bind(institution)
        .bind(both)
        .bind(texts(&wanted.folds))
        .bind(texts(&wanted.registered))
        .fetch_all(&mut *connection)
        .await?;
    for row in &mut rows {
        row.fold_key.get_or_insert_with(|| fold(&row.name));
    }
    let aliases = match table {
        RelationTable::Companies => aliases_of(connection, institution, &wanted.folds).await?,
        RelationTable::Divisions => Vec::new(),
    };
    Ok(KnownRelations::of(rows, aliases))
}

async fn aliases_of(
    connection: &mut PgConnection,
    institution: Uuid,
    folds: &BTreeSet<String>,
) -> Result<Vec<AcceptedAlias>> {
    let sql =
        "SELECT a.fold_key, c.id, c.name AS of, a.decided_by, a.decided_at FROM company_aliases a
         JOIN companies c ON c.institution_id = a.institution_id AND c.id = a.company_id
         WHERE a.institution_id = $1 AND a.fold_key = ANY ($2) AND a.undone_at IS NULL";
    let folds: Vec<&str> = folds.iter().map(String::as_str).collect();
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(folds)
        .fetch_all(connection)
        .await?)
}

/// Fills in the keys of rows from before there was one: once, in the first run of an institution
/// after the upgrade.
///
/// # Errors
/// The database failed.
pub async fn fold_older(
    connection: &mut PgConnection,
    institution: Uuid,
    fold: impl Fn(&str) -> String,
) -> Result<()> {
    for table in [RelationTable::Companies, RelationTable::Divisions] {
        let older = of_both!(
            table,
            "SELECT id, name FROM ",
            " WHERE institution_id = $1 AND fold_key IS NULL"
        );
        let rows: Vec<(Uuid, String)> = sqlx::query_as(older)
            .bind(institution)
            .fetch_all(&mut *connection)
            .await?;
        if rows.is_empty() {
            continue;
        }
        let (ids, folds): (Vec<Uuid>, Vec<String>) =
            rows.into_iter().map(|(id, name)| (id, fold(&name))).unzip();
        let fill = of_both!(
            table,
            "UPDATE ",
            " AS t SET fold_key = v.fold FROM unnest($2::uuid[], $3::text[]) AS v (id, fold) WHERE t.institution_id = $1 AND t.id = v.id"
        );
        sqlx::query(fill)
            .bind(institution)
            .bind(ids)
            .bind(folds)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The names of those ids.
///
/// # Errors
/// The database failed.
pub async fn names(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = of_both!(
        table,
        "SELECT id, name FROM ",
        " WHERE institution_id = $1 AND id = ANY ($2)"
    );
    let rows: Vec<(Uuid, String)> = sqlx::query_as(sql)
        .bind(institution)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The names in the table of an institution, for people: proposals are made of them.
///
/// # Errors
/// The database failed.
pub async fn all_names(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
) -> Result<Vec<String>> {
    let sql = of_both!(
        table,
        "SELECT name FROM ",
        " WHERE institution_id = $1 ORDER BY name COLLATE \"C\""
    );
    Ok(sqlx::query_scalar(sql)
        .bind(institution)
        .fetch_all(connection)
        .await?)
}

/// Writes rows: those that are not there yet, what a registry says of those that are, and a
/// spelling that reads better. In a fixed order, so that two batches cannot wait for each other in
/// a ring; of several spellings the best counts, whichever comes first.
///
/// # Errors
/// The database failed.
pub async fn write(
    connection: &mut PgConnection,
    institution: Uuid,
    rows: &[&NewRelation],
    at: Clock,
    by: &str,
    reads_better: impl Fn(&str, &str) -> bool,
) -> Result<()> {
    for table in [RelationTable::Companies, RelationTable::Divisions] {
        let own = rows.iter().copied().filter(|row| row.table == table);
        let rows = distinct(own, &reads_better);
        if !rows.is_empty() {
            write_table(connection, table, institution, &rows, at, by).await?;
        }
    }
    Ok(())
}

/// A row for each id: what a registry says, else the best spelling.
fn distinct<'r>(
    rows: impl Iterator<Item = &'r NewRelation>,
    reads_better: &impl Fn(&str, &str) -> bool,
) -> Vec<&'r NewRelation> {
    let mut by_id: BTreeMap<Uuid, &NewRelation> = BTreeMap::new();
    for row in rows {
        let held = by_id.entry(row.id).or_insert(row);
        let wins = match (&row.registry_id, &held.registry_id) {
            (Some(own), Some(other)) => own < other,
            (own, other) => own > other || (own == other && reads_better(&row.name, &held.name)),
        };
        if wins {
            *held = row;
        }
    }
    by_id.into_values().collect()
}

/// Writes the rows of one table. Whichever unique key a row of another batch holds, this one waits
/// for it and takes it as it then is: `ON CONFLICT` with a target would fail on the other keys.
async fn write_table(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    rows: &[&NewRelation],
    at: Clock,
    by: &str,
) -> Result<()> {
    let sql = of_both!(
        table,
        "INSERT INTO ",
        " (institution_id, id, name, name_key, fold_key, registry_id, parent_id, created_at, created_by)
          SELECT $1, v.id, v.name, v.key, v.key, v.registry_id, v.parent_id, $7, $8
          FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[]) AS v (id, name, key, registry_id, parent_id)
          ON CONFLICT DO NOTHING RETURNING 1"
    );
    let insert = with_rows(sqlx::query(sql), institution, rows);
    // Citus counts rows that were there, too, but does not return them.
    let new = insert
        .bind(at.0)
        .bind(by)
        .fetch_all(&mut *connection)
        .await?;
    if new.len() < rows.len() {
        mend_table(connection, table, institution, rows, by).await?;
    }
    Ok(())
}

/// Tells rows that are there what a registry says of them, and spellings that read better.
async fn mend_table(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    rows: &[&NewRelation],
    by: &str,
) -> Result<()> {
    let lock = of_both!(
        table,
        "SELECT 1 FROM ",
        " WHERE institution_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE"
    );
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    sqlx::query(lock)
        .bind(institution)
        .bind(ids)
        .execute(&mut *connection)
        .await?;
    let sql = of_both!(
        table,
        "UPDATE ",
        concat!(
            " AS t SET name = v.name, fold_key = v.key, registry_id = v.registry_id, parent_id = v.parent_id
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[]) AS v (id, name, key, registry_id, parent_id)
             WHERE t.institution_id = $1 AND t.id = v.id
               AND (t.name, t.fold_key, t.registry_id, t.parent_id) IS DISTINCT FROM (v.name, v.key, v.registry_id, v.parent_id)
               AND ((v.registry_id IS NOT NULL AND COALESCE(t.registry_id, v.registry_id) = v.registry_id)
                 OR (v.registry_id IS NULL AND t.registry_id IS NULL AND t.created_by = 'run' AND $7 = 'run' AND ",
            reads_better!("v.name", "t.name"),
            "))"
        )
    );
    let mend = with_rows(sqlx::query(sql), institution, rows);
    mend.bind(by).execute(connection).await?;
    Ok(())
}

type RelationQuery<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// A query with the institution and the columns of rows as its first six arguments.
fn with_rows<'q>(
    query: RelationQuery<'q>,
    institution: Uuid,
    rows: &[&NewRelation],
) -> RelationQuery<'q> {
    let texts = |text: fn(&NewRelation) -> &str| -> Vec<String> {
        rows.iter().map(|row| text(row).to_owned()).collect()
    };
    let registry_ids = rows.iter().map(|row| row.registry_id.clone());
    query
        .bind(institution)
        .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
        .bind(texts(|row| &row.name))
        .bind(texts(|row| &row.key))
        .bind(registry_ids.collect::<Vec<Option<String>>>())
        .bind(rows.iter().map(|row| row.parent).collect::<Vec<_>>())
}

/// Asks for those ads to be derived again that wait for names, whichever source they are of: those
/// of which `is_named` says so. Gives how many they are.
///
/// # Errors
/// The database failed.
pub async fn derive_named_again(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    is_named: impl Fn(&str) -> bool,
) -> Result<u64> {
    let waiting: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT DISTINCT w.source_id, w.original_id, f.raw_data ->> 'found' FROM staging_validation_failures f
         JOIN staging_jobs w ON w.institution_id = f.institution_id AND w.id = f.staging_job_id
         WHERE f.institution_id = $1 AND f.validation_type = 'invalid_relationship' AND f.field_name = $2 || '_id' AND f.raw_data ->> 'found' IS NOT NULL",
    )
    .bind(institution)
    .bind(table.one())
    .fetch_all(&mut *connection)
    .await?;
    let named = waiting.into_iter().filter(|(.., name)| is_named(name));
    let (sources, ads): (Vec<String>, Vec<String>) =
        named.map(|(source, ad, _)| (source, ad)).unzip();
    let asked = sqlx::query(
        "UPDATE ad_states s SET derived_fingerprint = NULL FROM unnest($2::text[], $3::text[]) AS v (source_id, external_id)
         WHERE s.institution_id = $1 AND s.source_id = v.source_id AND s.external_id = v.external_id
           AND s.outcome IN ('held', 'rejected') AND s.refused IS NULL",
    );
    let asked = asked.bind(institution).bind(sources).bind(ads);
    Ok(asked.execute(connection).await?.rows_affected())
}
