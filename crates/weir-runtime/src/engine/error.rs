//! Why a run did not end well, each with what the operator does next.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use weir_model::RunId;
use weir_store::StoreError;

/// Why a run did not end well: for the operator.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another run has the institution.
    #[error("`{slug}` is being run by {who}")]
    Busy {
        /// The institution.
        slug: String,
        /// The machine, process and start of the other run.
        who: String,
    },
    /// Another project has the institution.
    #[error(
        "`{slug}` belongs to project `{owner}` since {since} ({by}), and this folder is project `{own}`"
    )]
    OtherProject {
        /// The institution.
        slug: String,
        /// The project that it belongs to.
        owner: String,
        /// Since when.
        since: String,
        /// The run or the person that claimed it.
        by: String,
        /// The project of this folder.
        own: String,
    },
    /// A decision contradicts others.
    #[error("these decisions contradict each other; nothing was done:{0}")]
    Contradiction(String),
    /// A decision is about jobs that were never compared.
    #[error("the two ads of `{0}` have not been compared")]
    NotCompared(String),
    /// A rollback names a job that the run did not change.
    #[error("run {run} did not change job {job}: nothing was rolled back")]
    Untouched {
        /// The run.
        run: RunId,
        /// The job.
        job: Uuid,
    },
    /// The clock runs backwards.
    #[error("`{slug}` has already run at {last}, later than {at}")]
    Earlier {
        /// The institution.
        slug: String,
        /// Its newest run.
        run: RunId,
        /// Clock of its newest run.
        last: DateTime<Utc>,
        /// Clock asked for.
        at: DateTime<Utc>,
    },
    /// The due work that it was to carry out was carried out by another run.
    #[error("`{slug}`: run {run} has carried out this work")]
    CarriedOut {
        /// The institution.
        slug: String,
        /// The run that did it.
        run: RunId,
    },
    /// The clock is far ahead of the newest run.
    #[error("`{slug}` last ran at {last}, more than 400 days before {at}")]
    Leap {
        /// The institution.
        slug: String,
        /// Clock of its newest run.
        last: DateTime<Utc>,
        /// Clock asked for.
        at: DateTime<Utc>,
    },
    /// Someone stopped it.
    #[error("interrupted: committed work is kept, the current batch was rolled back")]
    Interrupted,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spool of a dry run failed.
    #[error("the spool of the dry run: {0}")]
    Spool(#[from] std::io::Error),
    /// A saved plan is not what would happen now.
    #[error("the plan of `{slug}` was not applied: {why}")]
    Moved {
        /// The institution.
        slug: String,
        /// What has moved on.
        why: String,
    },
    /// A worker thread broke: a bug.
    #[error("a worker panicked: {0}")]
    Worker(String),
}

impl RunError {
    /// What the operator does about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            RunError::Busy { .. } => "wait until it has finished, or use `--wait`".to_owned(),
            RunError::OtherProject { slug, .. } => format!(
                "for a clone of that project, copy its `weir.yaml` here; to move the institution to \
                 this project, run `weir db adopt {slug}`"
            ),
            RunError::Earlier { run, .. } => format!(
                "history cannot be written backwards: use a later `--at`; if the clock of run {run} \
                 was wrong, `weir rollback {run} --reason ...` undoes what it did and resets the clock"
            ),
            RunError::Leap { .. } => {
                "correct the clock of this machine, or `--at`; if this is intended, \
                 `--allow-future` accepts it: all closing dates until then pass, and earlier runs are \
                 refused"
                    .to_owned()
            }
            RunError::Contradiction(_) => {
                "`weir duplicates undo A B` takes one of them back".to_owned()
            }
            RunError::NotCompared(_) => {
                "run the institution; it must declare `openings:`".to_owned()
            }
            RunError::Untouched { job, .. } => {
                format!("`weir history {job}` lists the runs that did")
            }
            RunError::CarriedOut { .. } => "nothing is left to do".to_owned(),
            RunError::Interrupted => "run the same command again to continue".to_owned(),
            RunError::Store(error) => return error.help(),
            RunError::Spool(_) => {
                "check that `.weir/` is writable and the disk is not full".to_owned()
            }
            RunError::Moved { slug, .. } => {
                format!("make a new plan with `weir run {slug} --dry-run --out FILE`")
            }
            RunError::Worker(_) => {
                "this is a bug in Weir; run again, and report it with the document that caused it"
                    .to_owned()
            }
        })
    }

    /// The error with the name of the institution, once.
    pub fn of(&self, slug: &str) -> String {
        match self {
            RunError::Busy { .. } | RunError::OtherProject { .. } | RunError::Moved { .. } => {
                self.to_string()
            }
            RunError::Earlier { .. }
            | RunError::Leap { .. }
            | RunError::CarriedOut { .. }
            | RunError::Store(StoreError::LockLost(_)) => self.to_string(),
            other => format!("`{slug}`: {other}"),
        }
    }
}

/// Whether the run has lost its lock: whoever has it now has the institution.
pub(super) fn is_lost(error: &RunError) -> bool {
    matches!(error, RunError::Store(StoreError::LockLost(_)))
}
