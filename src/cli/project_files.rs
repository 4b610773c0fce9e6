//! When the files of a project were changed last: for commands that look again after an edit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Folders of a project on whose files plans and tests depend.
const FOLDERS: [&str; 10] = [
    "institutions",
    "connectors",
    "pipelines",
    "rules",
    "lists",
    "frameworks",
    "alerts",
    "tests",
    "samples",
    "recorded",
];
/// The file of the project itself.
const PROJECT: &str = "weir.yaml";

/// When each file was changed last.
pub(super) type ChangeTimes = BTreeMap<PathBuf, Option<SystemTime>>;

/// The change times of all files of a project.
pub(super) fn change_times(project: &Path) -> ChangeTimes {
    let own = project.join(PROJECT);
    let at = std::fs::metadata(&own)
        .and_then(|data| data.modified())
        .ok();
    let mut files = BTreeMap::from([(own, at)]);
    let mut folders = FOLDERS.map(|name| project.join(name)).to_vec();
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
