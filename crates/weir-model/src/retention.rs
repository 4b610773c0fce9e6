//! What a project no longer keeps, and after how long. Nothing is removed unless it says so.
//!
//! Pure: the store carries it out. To add a kind: a field of [`RetentionPolicy`], a variant of
//! [`RemovalKind`] with its name, and its statement in the store's `retention`.

use crate::span::Span;
use crate::text_enum::text_enum;

/// What is removed, and after how long; what has no span is kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetentionPolicy {
    /// Raw documents of ads that are gone, since their jobs were archived.
    pub documents: Option<Span>,
    /// Superseded versions of jobs.
    pub versions: Option<VersionRetention>,
    /// Runs with their reads, counts, samples and logs.
    pub runs: Option<Span>,
    /// Alerts that runs have raised.
    pub alerts: Option<Span>,
}

/// Which superseded versions go: the first and the newest ones never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRetention {
    /// Since they were written.
    pub older_than: Span,
    /// How many of the newest versions of each job stay, whatever their age.
    pub keep: u32,
}

text_enum!(
    /// A kind of what is removed.
    RemovalKind, "kind of removal", {
        /// Raw documents.
        Documents = "documents",
        /// Superseded versions.
        Versions = "versions",
        /// Runs.
        Runs = "runs",
        /// Alerts.
        Alerts = "alerts",
    }
);

impl RetentionPolicy {
    /// Each kind that is removed, with its age.
    pub fn ages(&self) -> impl Iterator<Item = (RemovalKind, Span)> {
        [
            (RemovalKind::Documents, self.documents),
            (
                RemovalKind::Versions,
                self.versions.map(|one| one.older_than),
            ),
            (RemovalKind::Runs, self.runs),
            (RemovalKind::Alerts, self.alerts),
        ]
        .into_iter()
        .filter_map(|(kind, age)| Some((kind, age?)))
    }
}
