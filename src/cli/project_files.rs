//! When the files of a project were changed last: for commands that look again after an edit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Folders whose files say what a project does.
pub(super) const OF_PLANS: &[&str] = &[
    "institutions",
    "connectors",
    "pipelines",
    "rules",
    "lists",
    "frameworks",
    "companies",
    "alerts",
    "tests",
];
/// Folders of feeds that tests read.
pub(super) const OF_FEEDS: &[&str] = &["samples", "recorded"];
/// The file of the project itself.
const PROJECT: &str = "weir.yaml";

/// When each file was changed last.
pub(super) type ChangeTimes = BTreeMap<PathBuf, Option<SystemTime>>;

/// The change times of the files of a project in these folders, and of its own.
pub(super) fn change_times(project: &Path, folders: &[&[&str]]) -> ChangeTimes {
    let own = project.join(PROJECT);
    let at = std::fs::metadata(&own)
        .and_then(|data| data.modified())
        .ok();
    let mut files = BTreeMap::from([(own, at)]);
    let folders = folders.iter().copied().flatten();
    let mut folders: Vec<PathBuf> = folders.map(|name| project.join(name)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => {
                    let at = entry.metadata().and_then(|data| data.modified()).ok();
                    files.insert(entry.path(), at);
                }
            }
        }
    }
    files
}
