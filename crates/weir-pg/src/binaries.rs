//! Finds the server programs installed on the machine.
//!
//! Weir ships no database: it uses `initdb` and `pg_ctl` of an installed PostgreSQL. Distributions
//! keep them off PATH, so the usual places are tried too, and last what Weir has installed itself
//! (`installed`). This file only looks; it must never install or download. To add a place, add a line
//! to [`USUAL`]; `*` matches a version, and the newest is tried first.

use std::cmp::Reverse;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Folders where distributions and installers put the server programs.
const USUAL: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib64/postgresql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/opt/homebrew/bin",
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
    "/usr/bin",
];

/// Where to look for the server programs; filled in by the caller, who alone reads the environment.
#[derive(Debug, Clone, Default)]
pub struct ProgramSearch {
    /// The value of `PATH`.
    pub path: OsString,
    /// The one folder to look in instead of `PATH` and the usual places.
    pub only: Option<PathBuf>,
    /// Where Weir installs releases, a folder each: the last place to look in.
    pub installed: Option<PathBuf>,
}

/// Why no fitting server programs were found.
#[derive(Debug, thiserror::Error)]
pub enum BinariesError {
    /// The machine has none.
    #[error("no server programs of PostgreSQL were found on this machine")]
    Missing,
    /// The machine has some, of another major version than the data.
    #[error(
        "the data in `{data}` was written by PostgreSQL {wanted}, but this machine has {found}: \
         install version {wanted}, or move that folder away to start over"
    )]
    OtherMajor {
        /// The data folder.
        data: PathBuf,
        /// The major version that wrote it.
        wanted: String,
        /// The major versions found, for reading.
        found: String,
    },
}

impl BinariesError {
    /// What the operator does about it, where the message does not say so itself.
    pub fn help(&self) -> Option<String> {
        matches!(self, BinariesError::Missing).then(|| {
            "`weir db install` downloads them for this user; or install them for everybody \
             (`apt-get install postgresql`, `dnf install postgresql-server`, \
             `brew install postgresql`), or set DATABASE_URL"
                .to_owned()
        })
    }
}

/// A folder with the programs of one PostgreSQL version.
#[derive(Debug, Clone)]
pub struct ServerBinaries {
    folder: PathBuf,
    major: String,
    version: String,
}

impl ServerBinaries {
    /// The first suitable programs: of the major version that wrote `data`, or any if there is no
    /// data yet.
    pub fn find(search: &ProgramSearch, data: &Path) -> Result<Self, BinariesError> {
        let wanted = major_of(data);
        let mut others = Vec::new();
        for found in folders(search).filter_map(|folder| Self::in_folder(&folder)) {
            if wanted.as_ref().is_none_or(|major| *major == found.major) {
                return Ok(found);
            }
            others.push(found.major);
        }
        match wanted {
            Some(wanted) if !others.is_empty() => {
                others.dedup();
                Err(BinariesError::OtherMajor {
                    data: data.to_owned(),
                    wanted,
                    found: others.join(", "),
                })
            }
            _ => Err(BinariesError::Missing),
        }
    }

    /// The full path of one program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder they are in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Their version: `17.10`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The programs reachable from `folder`, following a link on PATH to where its neighbours
    /// really are.
    pub(crate) fn in_folder(folder: &Path) -> Option<Self> {
        let initdb = folder.join("initdb").canonicalize().ok()?;
        let folder = initdb.parent()?.to_owned();
        let pg_ctl = folder.join("pg_ctl");
        let complete = pg_ctl.is_file() && folder.join("postgres").is_file();
        let version = complete.then(|| version_of(&pg_ctl)).flatten()?;
        let major = version.chars().take_while(char::is_ascii_digit).collect();
        Some(Self {
            folder,
            major,
            version,
        })
    }
}

/// The major version that wrote a data folder; `None` if it is not one.
pub fn major_of(data: &Path) -> Option<String> {
    let text = std::fs::read_to_string(data.join("PG_VERSION")).ok()?;
    Some(text.trim().to_owned())
}

fn version_of(pg_ctl: &Path) -> Option<String> {
    let output = Command::new(pg_ctl)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

fn folders(search: &ProgramSearch) -> impl Iterator<Item = PathBuf> {
    let machine = match &search.only {
        Some(only) => vec![only.clone()],
        None => {
            let path = std::env::split_paths(&search.path).filter(|folder| folder.is_absolute());
            let usual = USUAL.iter().flat_map(|pattern| expand(pattern));
            path.chain(usual).collect()
        }
    };
    let installed = search.installed.as_ref().and_then(|folder| folder.to_str());
    let installed = installed.map(|folder| expand(&format!("{folder}/*/bin")));
    machine.into_iter().chain(installed.into_iter().flatten())
}

/// The folders a pattern of [`USUAL`] names, newest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut versions: Vec<String> = entries(parent)
        .filter_map(|name| name.strip_prefix(prefix).map(str::to_owned))
        .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    versions.sort_by_key(|version| Reverse(numbers(version)));
    versions
        .iter()
        .map(|version| PathBuf::from(format!("{before}{version}{after}")))
        .collect()
}

fn entries(folder: &str) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}
