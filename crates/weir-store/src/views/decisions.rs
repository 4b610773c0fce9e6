//! What people decided, whatever it was about: who, when and why. Most decisions are on record with
//! what they are about, and all others in the audit trail; here they are one list.
//!
//! To add a decision with a table of its own: a variant of [`DecidedTable`], and its rows in
//! [`DECISIONS`].

use crate::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// A table in which decisions about an institution are on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedTable {
    /// Answers to holds.
    Holds,
    /// Pairs of jobs.
    OpeningDecisions,
    /// Names of companies.
    CompanyAliases,
    /// What was not kept any longer.
    Removals,
    /// What was forgotten on request.
    Forgotten,
    /// To which project it belongs.
    ProjectClaims,
}

impl DecidedTable {
    /// All of them.
    pub const ALL: [DecidedTable; 6] = [
        DecidedTable::Holds,
        DecidedTable::OpeningDecisions,
        DecidedTable::CompanyAliases,
        DecidedTable::Removals,
        DecidedTable::Forgotten,
        DecidedTable::ProjectClaims,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            DecidedTable::Holds => "holds",
            DecidedTable::OpeningDecisions => "opening_decisions",
            DecidedTable::CompanyAliases => "company_aliases",
            DecidedTable::Removals => "removals",
            DecidedTable::Forgotten => "forgotten",
            DecidedTable::ProjectClaims => "project_claims",
        }
    }
}

const DECISIONS: &str = "SELECT * FROM (
           SELECT h.closed_at AS at, h.closed_by AS done_by, i.slug AS institution, h.status AS what, h.kind, h.subject, h.note AS reason, h.id AS hold,
             NULL::uuid[] AS pair, 'hold ' || h.id AS key
           FROM holds h JOIN institutions i ON i.id = h.institution_id
           WHERE h.status IN ('released', 'discarded') AND h.closed_by <> 'run' AND ($1::uuid IS NULL OR i.id = $1)
           UNION ALL
           SELECT d.decided_at, d.decided_by, i.slug, d.verdict, 'pair', concat_ws(' and ', a.source_id || ':' || a.original_id, b.source_id || ':' || b.original_id),
             d.reason, NULL, CASE WHEN d.undone_at IS NULL THEN ARRAY[d.job_id, d.other_job_id] END, 'pair ' || d.id
           FROM opening_decisions d JOIN institutions i ON i.id = d.institution_id
           LEFT JOIN published_jobs a ON a.institution_id = d.institution_id AND a.id = d.job_id
           LEFT JOIN published_jobs b ON b.institution_id = d.institution_id AND b.id = d.other_job_id
           WHERE $1::uuid IS NULL OR i.id = $1
           UNION ALL
           SELECT d.undone_at, d.undone_by, i.slug, 'undone', 'pair', concat_ws(' and ', a.source_id || ':' || a.original_id, b.source_id || ':' || b.original_id),
             d.undone_reason, NULL, NULL, 'undo ' || d.id
           FROM opening_decisions d JOIN institutions i ON i.id = d.institution_id
           LEFT JOIN published_jobs a ON a.institution_id = d.institution_id AND a.id = d.job_id
           LEFT JOIN published_jobs b ON b.institution_id = d.institution_id AND b.id = d.other_job_id
           WHERE d.undone_at IS NOT NULL AND ($1::uuid IS NULL OR i.id = $1)
           UNION ALL
           SELECT p.paused_at, p.paused_by, p.slug, 'paused', 'schedule', 'schedule', p.reason, NULL, NULL, 'pause ' || p.id
           FROM pauses p WHERE $1::uuid IS NULL OR p.institution_id = $1
           UNION ALL
           SELECT p.resumed_at, p.resumed_by, p.slug, 'resumed', 'schedule', 'schedule', p.resumed_reason, NULL, NULL, 'resume ' || p.id
           FROM pauses p WHERE p.resumed_at IS NOT NULL AND ($1::uuid IS NULL OR p.institution_id = $1)
           UNION ALL
           SELECT s.starts_at, s.created_by, COALESCE(s.institution, ''), 'silenced', 'alert', COALESCE(NULLIF(concat_ws(' ', s.alert, s.source_id), ''), 'everything'),
             s.reason, NULL, NULL, 'silence ' || s.id
           FROM alert_silences s WHERE $1::uuid IS NULL OR s.institution = (SELECT slug FROM institutions WHERE id = $1)
           UNION ALL
           SELECT c.acknowledged_at, c.acknowledged_by, c.institution, 'acknowledged', 'alert', concat_ws(' ', c.alert, NULLIF(c.source_id, '')),
             c.note, NULL, NULL, 'alert ' || c.id
           FROM alert_causes c WHERE c.acknowledged_at IS NOT NULL AND ($1::uuid IS NULL OR c.institution = (SELECT slug FROM institutions WHERE id = $1))
           UNION ALL
           SELECT a.decided_at, a.decided_by, i.slug, 'accepted', 'company', a.name || ' as ' || c.name, a.reason, NULL, NULL, 'alias ' || a.id
           FROM company_aliases a JOIN institutions i ON i.id = a.institution_id
           JOIN companies c ON c.institution_id = a.institution_id AND c.id = a.company_id
           WHERE $1::uuid IS NULL OR i.id = $1
           UNION ALL
           SELECT a.undone_at, a.undone_by, i.slug, 'undone', 'company', a.name || ' as ' || c.name, a.undone_reason, NULL, NULL, 'unalias ' || a.id
           FROM company_aliases a JOIN institutions i ON i.id = a.institution_id
           JOIN companies c ON c.institution_id = a.institution_id AND c.id = a.company_id
           WHERE a.undone_at IS NOT NULL AND ($1::uuid IS NULL OR i.id = $1)
           UNION ALL
           SELECT r.removed_at, r.removed_by, i.slug, 'tidied', r.kind, r.row_count || ' rows older than ' || r.older_than::date, 'retention', NULL, NULL, 'removal ' || r.id
           FROM removals r JOIN institutions i ON i.id = r.institution_id WHERE $1::uuid IS NULL OR i.id = $1
           UNION ALL
           SELECT f.forgotten_at, f.forgotten_by, i.slug, 'forgotten', f.kind, concat_ws(' ', 'number', f.id, NULLIF('of ' || f.source_id, 'of ')), f.reason, NULL, NULL, 'forgotten ' || f.id
           FROM forgotten f JOIN institutions i ON i.id = f.institution_id WHERE $1::uuid IS NULL OR i.id = $1
           UNION ALL
           SELECT f.lifted_at, f.lifted_by, i.slug, 'undone', f.kind, concat_ws(' ', 'number', f.id, NULLIF('of ' || f.source_id, 'of ')), f.lifted_reason, NULL, NULL, 'lifted ' || f.id
           FROM forgotten f JOIN institutions i ON i.id = f.institution_id WHERE f.lifted_at IS NOT NULL AND ($1::uuid IS NULL OR i.id = $1)
           UNION ALL
           SELECT c.claimed_at, c.claimed_by, i.slug, 'adopted', 'project', c.project, NULL, NULL, NULL, 'claim ' || c.id
           FROM project_claims c JOIN institutions i ON i.id = c.institution_id WHERE c.claimed_by NOT LIKE 'run %' AND ($1::uuid IS NULL OR i.id = $1)
           UNION ALL
           SELECT t.at, t.done_by, COALESCE(i.slug, ''), t.what, t.kind, t.subject, COALESCE(t.reason, t.about), NULL, NULL, 'right ' || t.id
           FROM audit_trail t LEFT JOIN institutions i ON i.id = t.institution_id WHERE $1::uuid IS NULL OR t.institution_id = $1) AS done
         WHERE $2::timestamptz IS NULL OR (at, key) < ($2, $3)
         ORDER BY at DESC, key DESC LIMIT $4";

/// Something that a person did.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct DecisionLine {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub done_by: String,
    /// The institution's slug.
    pub institution: String,
    /// released, discarded, same, different, accepted, undone, paused, resumed, silenced,
    /// acknowledged, tidied, forgotten, adopted, and what the audit trail has.
    pub what: String,
    /// Of what: a kind of hold, `pair`, `schedule`, `alert`, `company` for a name that was
    /// accepted, ...
    pub kind: String,
    /// Of which.
    pub subject: String,
    /// Why.
    pub reason: Option<String>,
    /// The hold, where it was one.
    pub hold: Option<i64>,
    /// The pair of jobs, while the decision about it applies.
    pub pair: Option<Vec<Uuid>>,
    /// What tells it from others of the same instant.
    pub key: String,
}

/// What people did, the newest first, after a row.
///
/// # Errors
/// The database failed.
pub async fn page(
    connection: &mut PgConnection,
    institution: Option<Uuid>,
    after: Option<(DateTime<Utc>, &str)>,
    most: i64,
) -> Result<Vec<DecisionLine>> {
    let rows = sqlx::query_as(DECISIONS);
    Ok(rows
        .bind(institution)
        .bind(after.map(|(at, _)| at))
        .bind(after.map(|(_, key)| key))
        .bind(most)
        .fetch_all(connection)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::{DECISIONS, DecidedTable};

    #[test]
    fn every_table_of_decisions_is_read() {
        for table in DecidedTable::ALL {
            let read = format!("FROM {} ", table.name());
            assert!(DECISIONS.contains(&read), "{read}");
        }
    }
}
