//! The server's log: its last lines, and its rotation.
//!
//! PostgreSQL writes the file itself; it is read here to explain a failure. Only the server's user
//! writes it, so nothing here does. The log is rotated only while no server runs.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A log longer than this is put aside at the next start; the one before it goes.
const TURN_OVER_AT: u64 = 8 << 20;
/// How much of the end is read, and how many lines of it are shown.
const TAIL_BYTES: u64 = 16 << 10;
const TAIL_LINES: usize = 12;

/// Moves a long log aside and returns the current length.
pub fn turn_over(log: &Path) -> u64 {
    let length = length(log);
    if length > TURN_OVER_AT && fs::rename(log, log.with_extension("log.old")).is_ok() {
        return 0;
    }
    length
}

/// The last lines after the first `seen` bytes, indented for a message.
pub fn tail(log: &Path, seen: u64) -> String {
    let from = seen.max(length(log).saturating_sub(TAIL_BYTES));
    let text = read_from(log, from).unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    if last.is_empty() {
        "  (nothing)".to_owned()
    } else {
        format!("  {}", last.join("\n  "))
    }
}

fn length(log: &Path) -> u64 {
    fs::metadata(log).map_or(0, |there| there.len())
}

fn read_from(log: &Path, from: u64) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
