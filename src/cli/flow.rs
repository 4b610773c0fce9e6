//! What the newest dry run of an institution has left in `.weir/flow/` for `weir graph`: counts,
//! times, a few ads. A run leaves that in the database; a dry run leaves nothing there. It is
//! optional: a failure to write or read it is never an error. It contains scraped text, so only its
//! owner may read it.

use super::CommandContext;
use crate::engine::RunSummary;
use crate::engine::trail::RunTrail;
use crate::model::{OutcomeCounts, RunId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a dry run has left.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct KeptDryRun {
    /// Its number; `None` if nothing was kept.
    pub(super) run: Option<RunId>,
    /// Its clock.
    pub(super) at: Option<DateTime<Utc>>,
    /// Wall clock when it was kept.
    pub(super) kept_at: Option<DateTime<Utc>>,
    /// Wall-clock milliseconds.
    pub(super) millis: i64,
    /// What came of the ads.
    pub(super) total: OutcomeCounts,
    /// What passed, and the plan that ran.
    pub(super) trail: RunTrail,
}

fn file(edge: &CommandContext, slug: &str) -> PathBuf {
    edge.home().join("flow").join(format!("{slug}.json"))
}

/// Keeps the trace of a dry run.
pub(super) fn keep(edge: &CommandContext, summary: &RunSummary) {
    if !summary.dry_run {
        return;
    }
    let file = file(edge, &summary.institution);
    let kept = KeptDryRun {
        run: Some(summary.run),
        at: Some(summary.at),
        kept_at: Some((edge.now)()),
        millis: summary.millis,
        total: summary.total.clone(),
        trail: summary.trail.clone(),
    };
    let text = serde_json::to_vec(&kept).unwrap_or_default();
    let _ = write(&file, &text);
}

/// Writes to a temporary file and renames it: concurrent readers find the old or the new one.
fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let fresh = file.with_extension("new");
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let _ = std::fs::remove_file(&fresh);
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?
        .write_all(text)?;
    std::fs::rename(&fresh, file)
}

/// The trace of the newest dry run, if any.
pub(super) fn read(edge: &CommandContext, slug: &str) -> KeptDryRun {
    let bytes = std::fs::read(file(edge, slug)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Removes the trace of the newest dry run: it may hold what was forgotten.
pub(super) fn forget(edge: &CommandContext, slug: &str) {
    let _ = std::fs::remove_file(file(edge, slug));
}
