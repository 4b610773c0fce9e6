//! Dropped values: one row per field and read that dropped some, with one ad as the example.

use super::Result;
use super::presence::listed;
use serde_json::Value as Json;
use sqlx::PgConnection;
use weir_model::quality::{FieldLoss, LossExample};
use weir_model::{Fingerprint, ReadId, RunId, SourceKey};

/// For each bit of the marks, the first ad of a read that has it.
///
/// # Errors
/// The database failed.
pub async fn examples(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    fingerprint: Fingerprint,
    bits: &[i32],
) -> Result<Vec<(i32, String)>> {
    let found = sqlx::query_as(concat!(
        "SELECT b.bit, s.external_id FROM unnest($5::int[]) AS b(bit) CROSS JOIN LATERAL (
           SELECT external_id FROM ad_states
           WHERE institution_id = $1 AND source_id = $2 AND ",
        listed!("$3"),
        " AND derived_fingerprint = $4 AND refused IS NULL AND NOT retired
             AND CASE WHEN octet_length(failed) * 8 > b.bit THEN get_bit(failed, b.bit) = 1 ELSE FALSE END
           ORDER BY external_id LIMIT 1) AS s"
    ));
    let found = found
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(read)
        .bind(fingerprint.to_vec())
        .bind(bits);
    Ok(found.fetch_all(connection).await?)
}

/// Stores what a run dropped of a source.
///
/// # Errors
/// The database failed.
pub async fn keep(
    connection: &mut PgConnection,
    stream: &SourceKey,
    run: RunId,
    losses: &[FieldLoss],
) -> Result<()> {
    let example = |loss: &FieldLoss| loss.example.clone();
    sqlx::query(
        "INSERT INTO lost_values (institution_id, source_id, run_id, field_name, lost, present, external_id, example, expected, remedy)
         SELECT $1, $2, $3, v.* FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::jsonb[], $9::text[], $10::text[]) AS v",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(run)
    .bind(losses.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>())
    .bind(losses.iter().map(|loss| loss.lost).collect::<Vec<_>>())
    .bind(losses.iter().map(|loss| loss.present).collect::<Vec<_>>())
    .bind(losses.iter().map(|loss| example(loss).map(|example| example.id)).collect::<Vec<_>>())
    .bind(losses.iter().map(|loss| example(loss).map(|example| example.found)).collect::<Vec<_>>())
    .bind(losses.iter().map(|loss| example(loss).map(|example| example.expected)).collect::<Vec<_>>())
    .bind(losses.iter().map(|loss| example(loss).and_then(|example| example.remedy)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// What a source dropped in its newest measured run.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SourceLosses {
    /// The institution.
    pub institution: String,
    /// The source.
    pub source: String,
    /// The run.
    pub run: RunId,
    /// Each field.
    pub fields: Vec<FieldLoss>,
}

#[derive(sqlx::FromRow)]
struct LossRow {
    institution: String,
    source_id: String,
    run_id: RunId,
    field_name: String,
    lost: i64,
    present: i64,
    external_id: Option<String>,
    example: Option<Json>,
    expected: Option<String>,
    remedy: Option<String>,
}

/// What the newest measured run of each source lost; of the institution of a slug, or of all.
///
/// # Errors
/// The database failed.
pub async fn newest(
    connection: &mut PgConnection,
    institution: Option<&str>,
) -> Result<Vec<SourceLosses>> {
    let rows: Vec<LossRow> = sqlx::query_as(
        "SELECT i.slug AS institution, l.source_id, l.run_id, l.field_name, l.lost, l.present, l.external_id, l.example, l.expected, l.remedy
         FROM (SELECT DISTINCT ON (institution_id, source_id) institution_id, source_id, run_id FROM source_quality
               WHERE $1::text IS NULL OR institution_id = (SELECT id FROM institutions WHERE slug = $1)
               ORDER BY institution_id, source_id, at DESC) AS q
         JOIN lost_values l ON l.institution_id = q.institution_id AND l.source_id = q.source_id AND l.run_id = q.run_id
         JOIN institutions i ON i.id = l.institution_id
         ORDER BY i.slug, l.source_id, l.field_name",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?;
    let mut all: Vec<SourceLosses> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|last| {
            (&last.institution, &last.source) != (&row.institution, &row.source_id)
        }) {
            all.push(SourceLosses {
                institution: row.institution.clone(),
                source: row.source_id.clone(),
                run: row.run_id,
                fields: Vec::new(),
            });
        }
        if let Some(last) = all.last_mut() {
            last.fields.push(row.loss());
        }
    }
    Ok(all)
}

impl LossRow {
    fn loss(self) -> FieldLoss {
        let example = self
            .external_id
            .zip(self.example)
            .map(|(id, found)| LossExample {
                id,
                found,
                expected: self.expected.unwrap_or_default(),
                remedy: self.remedy,
            });
        FieldLoss {
            field: self.field_name,
            lost: self.lost,
            present: self.present,
            example,
        }
    }
}
