//! The exits of the process: stdout, stderr and files for people. All output passes through here:
//! secrets are masked, and characters that would control a terminal are escaped.
//!
//! Lints forbid the macros of the standard library elsewhere. To print data use [`put!`] and
//! [`say!`], to report use [`tell!`] or [`note!`], to write a page or drawing use [`write_file`].

use crate::report::ink;
use crate::untrusted::{SecretStore, escape, escape_unless};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Prints to stdout; a reader that has gone away is not a failure.
macro_rules! put {
    ($($words:tt)*) => { $crate::cli::out::print(&format!($($words)*)) };
}

/// Prints a line to stdout; a reader that has gone away is not a failure.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::out::print(&format!("{}\n", format_args!($($words)*))) };
}

/// Reports a line on stderr.
macro_rules! tell {
    ($($words:tt)*) => { $crate::cli::out::report(&format!($($words)*)) };
}

/// Reports a note on stderr: good to know, and nothing to act upon. With `--quiet` it is not shown.
macro_rules! note {
    ($($words:tt)*) => { $crate::cli::out::note(&format!("note: {}", format_args!($($words)*))) };
}

/// Whether notes are left out.
static WITHOUT_NOTES: AtomicBool = AtomicBool::new(false);

/// Leaves out notes from here on.
pub(super) fn leave_out_notes() {
    WITHOUT_NOTES.store(true, Ordering::Relaxed);
}

/// Reports a note, unless notes are left out.
pub(super) fn note(text: &str) {
    if !WITHOUT_NOTES.load(Ordering::Relaxed) {
        report(text);
    }
}

/// How many writes to whoever reads the output are under way.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Held while the process waits for a person or for the reader of its output.
pub(super) struct EdgeWait;

impl EdgeWait {
    pub(super) fn begin() -> EdgeWait {
        WAITING.fetch_add(1, Ordering::SeqCst);
        EdgeWait
    }
}

impl Drop for EdgeWait {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether the process waits for a person or for the reader of its output, and so for no server.
pub(super) fn is_waiting() -> bool {
    WAITING.load(Ordering::SeqCst) > 0
}

/// The secrets of this process. A global, for a message may be printed from anywhere.
static SECRETS: LazyLock<SecretStore> = LazyLock::new(SecretStore::default);

/// The secrets of this process; whatever it learns of is masked from then on.
pub(super) fn secrets() -> SecretStore {
    SECRETS.clone()
}

/// The text without secrets.
fn hide(text: &str) -> String {
    SECRETS.mask().hide(text).into_owned()
}

/// The text as a terminal may have it: without secrets, harmless, and in the colours of `ink`.
fn shown(text: &str) -> String {
    ink::coloured(&escape_unless(&hide(text), ink::is_mark))
}

/// Prints to stdout.
///
/// # Errors
/// The reader has gone away.
pub(super) fn try_print(text: &str) -> io::Result<()> {
    let (_waits, mut out) = (EdgeWait::begin(), stdout());
    out.write_all(shown(text).as_bytes())
        .and_then(|()| out.flush())
}

/// Prints to stdout, whether anybody reads it or not.
pub(super) fn print(text: &str) {
    let _waits = EdgeWait::begin();
    let _ = stdout().write_all(shown(text).as_bytes());
}

/// Reports a line on stderr.
pub(super) fn report(text: &str) {
    let _waits = EdgeWait::begin();
    let _ = writeln!(stderr(), "{}", shown(text));
}

/// Prints diagnostics; their renderer adds colours and escapes quoted text itself.
pub(super) fn report_rendered(text: &str) {
    let _waits = EdgeWait::begin();
    let _ = writeln!(
        stderr(),
        "{}",
        escape_unless(&hide(text), |character| character == '\u{1b}')
    );
}

#[allow(clippy::disallowed_methods, reason = "the way out")]
fn stdout() -> io::StdoutLock<'static> {
    io::stdout().lock()
}

#[allow(clippy::disallowed_methods, reason = "the way out")]
fn stderr() -> io::StderrLock<'static> {
    io::stderr().lock()
}

/// Whether people look at stdout.
#[allow(clippy::disallowed_methods, reason = "the way out")]
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Stdout for long texts, escaped line by line.
pub(super) fn lines() -> BufWriter<EscapedLines<RawStdout>> {
    BufWriter::new(EscapedLines {
        out: raw(),
        rest: Vec::new(),
    })
}

/// Stdout for data in a format that does its own escaping (CSV, Parquet).
#[allow(clippy::disallowed_methods, reason = "the way out")]
pub(super) fn raw() -> RawStdout {
    RawStdout(io::stdout())
}

/// Stdout, whose reader may let it wait.
pub(super) struct RawStdout(io::Stdout);

impl Write for RawStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _waits = EdgeWait::begin();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let _waits = EdgeWait::begin();
        self.0.flush()
    }
}

/// Writes lines as [`print`] does. A line is held until its end has come.
pub(super) struct EscapedLines<W: Write> {
    out: W,
    rest: Vec<u8>,
}

impl<W: Write> Write for EscapedLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
            let whole: Vec<u8> = self.rest.drain(..=end).collect();
            self.out
                .write_all(shown(&String::from_utf8_lossy(&whole)).as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.rest);
        self.out
            .write_all(shown(&String::from_utf8_lossy(&rest)).as_bytes())?;
        self.out.flush()
    }
}

/// Writes a page, a drawing or a report to a file: without secrets, harmless.
pub(super) fn write_file(file: &Path, text: &str) -> io::Result<()> {
    std::fs::write(file, escape(&hide(text)).as_bytes())
}
