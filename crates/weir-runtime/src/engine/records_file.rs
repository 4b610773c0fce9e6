//! What a dry run would write, as a file of records.
//!
//! The file is read line by line: it may be larger than memory.

use super::spool::SpoolFile;
use std::collections::BTreeMap;
use weir_model::{RecordKind, RunRecord};

/// Records in a file, by source and kind.
pub struct RecordsFile {
    pub(super) file: SpoolFile,
    /// How many there are of each source and kind, those that were left out included.
    pub found: BTreeMap<String, BTreeMap<RecordKind, usize>>,
}

impl RecordsFile {
    /// Those of a file; how many they are is not known.
    pub(super) fn of(file: SpoolFile) -> RecordsFile {
        RecordsFile {
            file,
            found: BTreeMap::new(),
        }
    }

    /// One after the other.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> std::io::Result<impl Iterator<Item = std::io::Result<RunRecord>>> {
        Ok(self
            .file
            .lines()?
            .map(|line| Ok(serde_json::from_str(&line?)?)))
    }

    /// As they are written.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lines(&self) -> std::io::Result<impl Iterator<Item = std::io::Result<String>>> {
        self.file.lines()
    }

    /// How many there are of a source and kind.
    pub fn count(&self, source: &str, what: RecordKind) -> usize {
        self.found
            .get(source)
            .and_then(|found| found.get(&what))
            .copied()
            .unwrap_or_default()
    }
}
