//! Which open jobs a date closes: one condition, for the run that archives them, for the person who
//! keeps them open, and for the hold that asks. The three must agree, or a hold would speak of
//! other jobs than its release closes.

/// Which open jobs `j` a date closes, once for each closing date: the institution, the source, the
/// date, and a further condition on the ads `s` of which a run was taken back. Not those whose run
/// was taken back while their content is the same, nor those that an operator keeps open.
macro_rules! closed_by_date {
    ($institution:literal, $source:literal, $until:literal, $taken_back:literal) => {
        concat!(
            "j.institution_id = ",
            $institution,
            " AND j.source_id = ",
            $source,
            " AND j.status = 'open' AND j.close_date <= ",
            $until,
            " AND j.archived_for IS DISTINCT FROM j.close_date
               AND NOT EXISTS (
                 SELECT 1 FROM ad_states s WHERE s.institution_id = ",
            $institution,
            " AND s.source_id = ",
            $source,
            " AND s.external_id = j.original_id AND s.job_id = j.id
                   AND (s.kept_open_for = j.close_date
                     OR (s.rolled_back_hash = s.content_hash AND s.released_hash IS DISTINCT FROM s.content_hash",
            $taken_back,
            ")))"
        )
    };
}
pub(super) use closed_by_date;
