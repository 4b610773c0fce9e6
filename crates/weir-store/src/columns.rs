//! The columns of jobs and of their versions, spelled once for every statement that names them.
//!
//! The macros are literals for `concat!`; each takes an alias with its dot, or nothing. They must
//! never hold a column that only one statement needs. To add a field of jobs: `model::field`, a
//! migration, and the macros of this file; the suite compares them with `information_schema`, and a
//! test here with the fields.

/// The fields that are derived from an ad, each written by `$form`, which is given an alias with
/// its dot, the column, and how a text becomes what the column takes.
macro_rules! each_column {
    ($form:ident, $of:literal) => {
        concat!(
            $crate::columns::$form!($of, "title", ""),
            ", ",
            $crate::columns::$form!($of, "description", ""),
            ", ",
            $crate::columns::$form!($of, "open_date", ""),
            ", ",
            $crate::columns::$form!($of, "close_date", ""),
            ", ",
            $crate::columns::$form!($of, "department", ""),
            ", ",
            $crate::columns::$form!($of, "department_id", ""),
            ", ",
            $crate::columns::$form!($of, "job_type", ""),
            ", ",
            $crate::columns::$form!($of, "source_url", ""),
            ", ",
            $crate::columns::$form!($of, "remuneration", ""),
            ", ",
            $crate::columns::$form!($of, "recruiter", "::jsonb"),
            ", ",
            $crate::columns::$form!($of, "locations", "::text[]"),
            ", ",
            $crate::columns::$form!($of, "extra", "::jsonb"),
            ", ",
            $crate::columns::$form!($of, "roles", "::jsonb"),
            ", ",
            $crate::columns::$form!($of, "capabilities", "::jsonb")
        )
    };
}
pub(crate) use each_column;

macro_rules! plain_column {
    ($of:literal, $name:literal, $cast:literal) => {
        concat!($of, $name)
    };
}
pub(crate) use plain_column;

macro_rules! sent_column {
    ($of:literal, $name:literal, $cast:literal) => {
        concat!($of, $name, $cast)
    };
}
pub(crate) use sent_column;

macro_rules! column_member {
    ($of:literal, $name:literal, $cast:literal) => {
        concat!("'", $name, "', ", $of, $name)
    };
}
pub(crate) use column_member;

/// The fields that are derived from an ad.
macro_rules! job_columns {
    () => {
        $crate::columns::job_columns!("")
    };
    ($of:literal) => {
        $crate::columns::each_column!(plain_column, $of)
    };
}
pub(crate) use job_columns;

/// The same fields of versions that are sent as texts, each as its column takes it.
macro_rules! sent_columns {
    ($of:literal) => {
        $crate::columns::each_column!(sent_column, $of)
    };
}
pub(crate) use sent_columns;

/// The same fields as arguments of `jsonb_build_object`.
macro_rules! job_members {
    ($of:literal) => {
        $crate::columns::each_column!(column_member, $of)
    };
}
pub(crate) use job_members;

/// The same fields, and companies and divisions, of two rows as rows of `VALUES`: place, name, one
/// value, the other. Locations are compared as sets.
macro_rules! compared_columns {
    ($a:literal, $b:literal) => {
        concat!(
            "(3, 'title', to_jsonb(",
            $a,
            "title), to_jsonb(",
            $b,
            "title)), ",
            "(4, 'description', to_jsonb(",
            $a,
            "description), to_jsonb(",
            $b,
            "description)), ",
            "(5, 'open_date', to_jsonb(",
            $a,
            "open_date), to_jsonb(",
            $b,
            "open_date)), ",
            "(6, 'close_date', to_jsonb(",
            $a,
            "close_date), to_jsonb(",
            $b,
            "close_date)), ",
            "(7, 'department', to_jsonb(",
            $a,
            "department), to_jsonb(",
            $b,
            "department)), ",
            "(8, 'department_id', to_jsonb(",
            $a,
            "department_id), to_jsonb(",
            $b,
            "department_id)), ",
            "(9, 'job_type', to_jsonb(",
            $a,
            "job_type), to_jsonb(",
            $b,
            "job_type)), ",
            "(10, 'source_url', to_jsonb(",
            $a,
            "source_url), to_jsonb(",
            $b,
            "source_url)), ",
            "(11, 'remuneration', to_jsonb(",
            $a,
            "remuneration), to_jsonb(",
            $b,
            "remuneration)), ",
            "(12, 'recruiter', ",
            $a,
            "recruiter, ",
            $b,
            "recruiter), ",
            "(13, 'locations', (SELECT jsonb_agg(DISTINCT p ORDER BY p) FROM unnest(",
            $a,
            "locations) AS p), ",
            "(SELECT jsonb_agg(DISTINCT p ORDER BY p) FROM unnest(",
            $b,
            "locations) AS p)), ",
            "(14, 'company_id', to_jsonb(",
            $a,
            "company_id), to_jsonb(",
            $b,
            "company_id)), ",
            "(15, 'division_id', to_jsonb(",
            $a,
            "division_id), to_jsonb(",
            $b,
            "division_id)), ",
            "(16, 'extra', ",
            $a,
            "extra, ",
            $b,
            "extra), ",
            "(17, 'roles', ",
            $a,
            "roles, ",
            $b,
            "roles), ",
            "(18, 'capabilities', ",
            $a,
            "capabilities, ",
            $b,
            "capabilities)"
        )
    };
}
pub(crate) use compared_columns;

/// What a version holds beside the fields, in both tables: whose it is, how the job stands, and
/// what changed, when and why.
macro_rules! stamp_columns {
    () => {
        "institution_id, id, version, company_id, division_id, source_id, original_id, document_id, content_hash, status,
         archived_at, archived_as, archived_for, reopened_at, changed_fields, changes, change_type, change_reason, cause,
         run_id, fingerprint, created_at, created_by, takes_back, restores, change_id, txid, recorded_at, digests"
    };
}
pub(crate) use stamp_columns;

/// A step of a statement that keeps the newest versions of jobs before the statement writes newer
/// ones: it moves those of `published_jobs` for which the condition holds, of which `j` is an
/// alias.
macro_rules! supersede {
    ($which:literal) => {
        concat!(
            "moved AS (
               INSERT INTO superseded_versions (",
            $crate::columns::job_columns!(),
            ", ",
            $crate::columns::stamp_columns!(),
            ")
               SELECT ",
            $crate::columns::job_columns!(),
            ", ",
            $crate::columns::stamp_columns!(),
            " FROM published_jobs j WHERE ",
            $which,
            ")"
        )
    };
}
pub(crate) use supersede;

/// What a statement sets of a job that gets a newer version, whatever that is; `$change_id` is the
/// number of the change, which a step before has drawn: Citus evaluates no sequence in an `UPDATE`.
macro_rules! newer_version {
    ($change_id:literal) => {
        concat!(
            "version = j.version + 1, change_id = ",
            $change_id,
            ", txid = pg_current_xact_id(), recorded_at = statement_timestamp()"
        )
    };
}
pub(crate) use newer_version;

/// What a version keeps of its job, for those who compare it with the views.
pub const VERSION: &str = concat!(
    "institution_id, id, version, company_id, division_id, source_id, original_id, external_id, ",
    job_columns!(),
    ", raw_json, content_hash, status, archived_at, archived_as, archived_for, reopened_at"
);

/// What else a version says: what changed, when and why.
pub const CHANGE: &str = "changed_fields, changes, change_type, change_reason, run_id, fingerprint, created_at, created_by, takes_back, restores";

#[cfg(test)]
mod tests {
    use weir_model::field::FIELDS;

    #[test]
    fn every_field_of_a_job_is_in_each_list() {
        let names: Vec<&str> = FIELDS
            .iter()
            .map(|field| field.name())
            .chain(["extra", "roles", "capabilities"])
            .collect();
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_unstable();
            names
        };
        let cast = |one: &'static str| one.split("::").next().unwrap_or(one);
        assert_eq!(
            sorted(job_columns!().split(", ").collect()),
            sorted(names.clone())
        );
        assert_eq!(
            sent_columns!("").split(", ").map(cast).collect::<Vec<_>>(),
            job_columns!().split(", ").collect::<Vec<_>>()
        );
        let members: Vec<&str> = job_members!("")
            .split(", ")
            .step_by(2)
            .map(|name| name.trim_matches('\''))
            .collect();
        assert_eq!(members, job_columns!().split(", ").collect::<Vec<_>>());
        for name in names {
            assert!(
                compared_columns!("a.", "b.").contains(&format!("'{name}', ")),
                "{name}"
            );
        }
    }
}
