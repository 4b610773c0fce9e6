//! What one row says of another and should not: a statement for each kind of finding. Each stands
//! alone, and all its tables are joined by institution, so that every node of a distributed
//! database answers for its own rows.
//!
//! To add a kind: a statement here, and its name at `AuditFinding::kind`.

use super::has_document;

/// Whether a row is of the institution `$1`, or of any if there is none.
macro_rules! audited {
    ($row:literal) => {
        concat!("($1::uuid IS NULL OR ", $row, ".institution_id = $1)")
    };
}

/// A kind of finding: its source, ad, job, field, value in `jobs` and value in the history, of rows
/// `f`, which have the institution that they are of. `$2` is the machine's clock, `$3` how many are
/// wanted.
macro_rules! finding {
    ($kind:literal, [$source:literal, $ad:literal, $job:literal, $field:literal, $now:literal, $then:literal], $($rows:expr),+ $(,)?) => {
        concat!(
            "SELECT '", $kind, "' AS kind, i.slug AS institution, ", $source, " AS source_id, ", $ad, " AS original_id, ", $job, " AS job_id, ",
            $field, " AS field, ", $now, " AS in_jobs, ", $then, " AS in_history
             FROM (", $($rows),+, ") AS f JOIN institutions i ON i.id = f.institution_id WHERE $2::timestamptz IS NOT NULL LIMIT $3"
        )
    };
}

/// The versions `h` of a job, each with what the one before it says.
macro_rules! steps {
    ($which:literal) => {
        concat!(
            "SELECT * FROM (
               SELECT h.institution_id, h.source_id, h.original_id, h.id, h.version, h.change_type, h.created_at, h.status, h.run_id,
                 CASE WHEN lag(h.version) OVER own = h.version - 1 THEN lag(h.status) OVER own END AS old_status
               FROM jobs_history h WHERE ",
            audited!("h"),
            " WINDOW own AS (PARTITION BY h.institution_id, h.id ORDER BY h.version)) AS h WHERE ",
            $which
        )
    };
}

/// The runs `r` of an institution, each with the clock of the one before it.
macro_rules! clocks {
    ($which:literal) => {
        concat!(
            "SELECT * FROM (
               SELECT r.institution_id, r.id, r.at, r.started_at, lag(r.at) OVER own AS before, r.at > LEAST(r.started_at, $2) + INTERVAL '1 day' AS is_ahead
               FROM runs r WHERE ",
            audited!("r"),
            " AND r.clock_taken_back_at IS NULL WINDOW own AS (PARTITION BY r.institution_id ORDER BY r.id)) AS r WHERE ",
            $which
        )
    };
}

/// Every kind.
pub(super) const ALL: [&str; 14] = [
    finding!(
        "no_document",
        ["f.source_id", "f.original_id", "f.id", "'raw_json'", "to_jsonb(encode(f.content_hash, 'hex'))", "NULL::jsonb"],
        "SELECT j.institution_id, j.source_id, j.original_id, j.id, j.content_hash FROM published_jobs j WHERE ",
        audited!("j"),
        " AND NOT EXISTS (SELECT 1 FROM raw_documents d WHERE ",
        has_document!("j."),
        ") AND NOT EXISTS (SELECT 1 FROM ad_states a
             WHERE a.institution_id = j.institution_id AND a.document_id = j.document_id AND a.document_removed_at IS NOT NULL)",
    ),
    finding!(
        "no_job",
        ["f.source_id", "f.original_id", "f.id", "NULL::text", "NULL::jsonb", "to_jsonb(f.version)"],
        "SELECT DISTINCT ON (h.institution_id, h.id) h.institution_id, h.source_id, h.original_id, h.id, h.version FROM superseded_versions h WHERE ",
        audited!("h"),
        " AND NOT EXISTS (SELECT 1 FROM published_jobs j WHERE j.institution_id = h.institution_id AND j.id = h.id)
         ORDER BY h.institution_id, h.id, h.version DESC",
    ),
    finding!(
        "gap",
        ["f.source_id", "f.original_id", "f.id", "NULL::text", "NULL::jsonb", "(SELECT jsonb_agg(number) FROM generate_series(1, f.version - 1) AS number
           WHERE number <> ALL (f.superseded) AND (f.first_version IS NULL OR number NOT BETWEEN f.first_version AND f.last_version))"],
        "SELECT j.institution_id, j.source_id, j.original_id, j.id, j.version, r.first_version, r.last_version,
           ARRAY(SELECT v.version FROM superseded_versions v WHERE v.institution_id = j.institution_id AND v.id = j.id) AS superseded
         FROM published_jobs j LEFT JOIN removed_versions r ON r.institution_id = j.institution_id AND r.job_id = j.id WHERE ",
        audited!("j"),
        " AND j.version - 1 - COALESCE(r.last_version - r.first_version + 1, 0)
             <> (SELECT count(*) FROM superseded_versions v WHERE v.institution_id = j.institution_id AND v.id = j.id)",
    ),
    // A clock that was taken back may be later than what came after it.
    finding!(
        "earlier",
        ["f.source_id", "f.original_id", "f.id", "'created_at'", "NULL::jsonb", "to_jsonb(f.version)"],
        "SELECT * FROM (
           SELECT h.institution_id, h.source_id, h.original_id, h.id, h.version, h.created_at, lag(h.created_at) OVER own AS old_created_at
           FROM jobs_history h LEFT JOIN runs r ON r.institution_id = h.institution_id AND r.id = h.run_id WHERE ",
        audited!("h"),
        " AND h.takes_back IS NULL AND r.clock_taken_back_at IS NULL
           WINDOW own AS (PARTITION BY h.institution_id, h.id ORDER BY h.version)) AS h WHERE h.created_at < h.old_created_at",
    ),
    finding!(
        "unsaid",
        ["f.source_id", "f.original_id", "f.id", "'status'", "NULL::jsonb", "jsonb_build_object('version', f.version, 'change', f.change_type, 'status', f.status)"],
        steps!(
            "h.status <> CASE h.change_type WHEN 'archive' THEN 'archived' WHEN 'update' THEN h.old_status ELSE 'open' END"
        ),
    ),
    finding!(
        "future_word",
        ["f.source_id", "f.original_id", "f.id", "'created_at'", "NULL::jsonb", "to_jsonb(f.version)"],
        "SELECT h.institution_id, h.source_id, h.original_id, h.id, h.version FROM jobs_history h WHERE ",
        audited!("h"),
        " AND h.run_id IS NULL AND h.created_at > $2 + INTERVAL '1 day'",
    ),
    finding!(
        "future",
        ["''", "f.id::text", "NULL::uuid", "'at'", "to_jsonb(f.at)", "to_jsonb(f.started_at)"],
        clocks!("r.is_ahead"),
    ),
    finding!(
        "leap",
        ["''", "f.id::text", "NULL::uuid", "'at'", "to_jsonb(f.at)", "to_jsonb(f.before)"],
        clocks!(
            "NOT r.is_ahead AND r.at > r.before + INTERVAL '400 days' AND r.started_at > r.at + INTERVAL '1 day'"
        ),
    ),
    finding!(
        "closed_early",
        ["f.source_id", "f.original_id", "f.id", "'archived_for'", "to_jsonb(f.archived_for)", "NULL::jsonb"],
        "SELECT j.institution_id, j.source_id, j.original_id, j.id, j.archived_for FROM published_jobs j WHERE ",
        audited!("j"),
        " AND j.status = 'archived' AND j.archived_as = 'closed' AND j.archived_for > ($2 AT TIME ZONE 'UTC')::date + 1",
    ),
    finding!(
        "other_ad",
        ["f.source_id", "f.original_id", "f.id", "NULL::text", "to_jsonb(f.ad)", "NULL::jsonb"],
        "SELECT s.institution_id, j.source_id, j.original_id, j.id, s.source_id || ':' || s.external_id AS ad
         FROM ad_states s JOIN published_jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id WHERE ",
        audited!("s"),
        " AND (s.source_id, s.external_id) <> (j.source_id, j.original_id)",
    ),
    finding!(
        "ad_without_job",
        ["f.source_id", "f.external_id", "f.job_id", "NULL::text", "to_jsonb(f.outcome)", "NULL::jsonb"],
        "SELECT s.institution_id, s.source_id, s.external_id, s.job_id, s.outcome FROM ad_states s WHERE ",
        audited!("s"),
        " AND (s.job_id IS NOT NULL OR s.outcome = 'published')
           AND NOT EXISTS (SELECT 1 FROM published_jobs j WHERE j.institution_id = s.institution_id AND j.id = s.job_id)
           AND NOT EXISTS (SELECT 1 FROM superseded_versions h WHERE h.institution_id = s.institution_id AND h.id = s.job_id)",
    ),
    finding!(
        "no_opening",
        ["f.source_id", "f.original_id", "f.id", "NULL::text", "NULL::jsonb", "NULL::jsonb"],
        "SELECT j.institution_id, j.source_id, j.original_id, j.id
         FROM job_signatures s JOIN published_jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id WHERE ",
        audited!("s"),
        " AND NOT EXISTS (SELECT 1 FROM opening_members m JOIN openings o ON o.institution_id = m.institution_id AND o.id = m.opening_id
             WHERE m.institution_id = s.institution_id AND m.job_id = s.job_id)",
    ),
    finding!(
        "empty_opening",
        ["''", "f.id::text", "NULL::uuid", "NULL::text", "NULL::jsonb", "NULL::jsonb"],
        "SELECT o.institution_id, o.id FROM openings o WHERE ",
        audited!("o"),
        " AND NOT EXISTS (SELECT 1 FROM opening_members m WHERE m.institution_id = o.institution_id AND m.opening_id = o.id)",
    ),
    finding!(
        "lost_alias",
        ["''", "f.id::text", "NULL::uuid", "NULL::text", "to_jsonb(f.opening_id)", "NULL::jsonb"],
        "SELECT a.institution_id, a.id, a.opening_id FROM opening_aliases a WHERE ",
        audited!("a"),
        " AND NOT EXISTS (SELECT 1 FROM openings o WHERE o.institution_id = a.institution_id AND o.id = a.opening_id)",
    ),
];
