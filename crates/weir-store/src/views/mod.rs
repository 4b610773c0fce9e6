//! What is read of jobs, their versions and their documents: the one room for it. Each file answers
//! one kind of question from the views `jobs`, `jobs_history`, `changes` and `ads`.
//!
//! Nothing here writes; `jobs`, `identity` and `rollback` do. The tables below the views are named
//! here only where a view hides what is asked for, such as the digests that the audit compares. To
//! add a question, add a file; to add a field of jobs, see [`crate::columns`].

pub mod audit;
mod audit_rows;
pub mod biography;
pub mod company_list;
pub mod database_state;
pub mod decided;
pub mod decisions;
pub mod digest;
pub mod export;
pub mod feed;
pub mod hold_list;
pub mod job_list;
pub mod live;
pub mod newest;
pub mod records;
pub mod run_list;
pub mod source_list;

/// Which row of `raw_documents`, as `d`, holds the newest document of an ad, or the one that a
/// version was made of; the row of the ad or version is given as an alias with its dot.
macro_rules! has_document {
    ($of:literal) => {
        concat!(
            "d.institution_id = ",
            $of,
            "institution_id AND d.document_id = ",
            $of,
            "document_id AND d.content_hash = ",
            $of,
            "content_hash"
        )
    };
}
pub(crate) use has_document;
