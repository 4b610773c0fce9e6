//! `weir rules`: which versions of rules and mappings have run, since when, and what differs between them.

use super::database::with_connection;
use super::{DONE, Edge, Failure};
use crate::report::columns::{columns, line};
use crate::report::history::{Edited, edited, short};
use crate::store::PgConnection;
use crate::store::versions::{self, PartUse, PartVersion};
use clap::Subcommand;
use serde_json::{Value as Json, json};
use similar::{ChangeTag, TextDiff};

/// Versions of rules and mappings that have run.
#[derive(clap::Args)]
pub struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What changed, and when: rules, mappings, mandatory fields
    Log {
        /// A rule (`open-six-months`), or a field (`title`) for its mapping; all if none is named
        name: Option<String>,
        /// Of one institution
        #[arg(long)]
        institution: Option<String>,
        /// As JSON, for machines
        #[arg(long)]
        json: bool,
    },
    /// A rule or mapping as it ran
    Show {
        /// A rule (`open-six-months`), or a field (`title`) for its mapping
        name: String,
        /// The version, as reasons name it; the newest if none is named
        version: Option<String>,
        /// Of one institution
        #[arg(long)]
        institution: Option<String>,
    },
    /// What differs between two versions
    Diff {
        /// A rule (`open-six-months`), or a field (`title`) for its mapping
        name: String,
        /// The older version; the one before the newest if none is named
        old: Option<String>,
        /// The newer version; the newest if none is named
        new: Option<String>,
        /// Of one institution
        #[arg(long)]
        institution: Option<String>,
    },
}

impl Rules {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        with_connection(edge, async |connection| self.act(connection).await.map(|()| DONE))
    }

    async fn act(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        match &self.command {
            Command::Log { name, institution, json } => {
                let used = versions::used(connection, institution.as_deref()).await?;
                let changes = changes(&used).into_iter().filter(|change| name.as_ref().is_none_or(|name| change.is_of(name)));
                let changes: Vec<Change> = changes.collect();
                if let (Some(name), true) = (name, changes.is_empty()) {
                    return Err(unknown(name));
                }
                log(&changes, *json);
            }
            Command::Show { name, version, institution } => {
                let all = known(connection, institution.as_deref(), name).await?;
                say!("{}", shown(pick(&all, version.as_deref(), 0)?));
            }
            Command::Diff { name, old, new, institution } => {
                let all = known(connection, institution.as_deref(), name).await?;
                say!("{}", difference(pick(&all, old.as_deref(), 1)?, pick(&all, new.as_deref(), 0)?));
            }
        }
        Ok(())
    }
}

/// One part that a source began to be derived by.
struct Change<'u> {
    used: &'u PartUse,
    edit: Edited,
}

impl Change<'_> {
    fn is_of(&self, name: &str) -> bool {
        let part = self.edit.part.as_str();
        let bare = part.strip_prefix("rule ").or_else(|| part.strip_prefix("mapping of "));
        part == name || bare.is_some_and(|bare| bare == name || bare.rsplit('/').next() == Some(name))
    }
}

/// What changed from each use of a source to its next.
fn changes(used: &[PartUse]) -> Vec<Change<'_>> {
    let mut all = Vec::new();
    for (index, now) in used.iter().enumerate() {
        let before = index
            .checked_sub(1)
            .and_then(|before| used.get(before))
            .filter(|before| (&before.institution, &before.source_id) == (&now.institution, &now.source_id));
        let edits = edited(before.map_or(&Json::Null, |before| &before.parts), &now.parts);
        all.extend(edits.into_iter().filter(|edit| !edit.part.starts_with("code of ")).map(|edit| Change { used: now, edit }));
    }
    all.sort_by(|one, other| {
        (one.used.first_used_at, &one.used.institution, &one.edit.part).cmp(&(other.used.first_used_at, &other.used.institution, &other.edit.part))
    });
    all
}

fn log(changes: &[Change<'_>], json: bool) {
    if json {
        let rows = changes.iter().map(|change| {
            json!({ "at": change.used.first_used_at, "institution": change.used.institution, "source": change.used.source_id, "part": change.edit.part, "old": change.edit.old, "new": change.edit.new })
        });
        say!("{:#}", json!({ "format": 1, "changes": rows.collect::<Vec<_>>() }));
        return;
    }
    if changes.is_empty() {
        say!("no runs yet");
        return;
    }
    let row = |change: &Change| {
        let what = match (&change.edit.old, &change.edit.new) {
            (None, Some(new)) => format!("new {new}"),
            (Some(old), None) => format!("{old} gone"),
            (old, new) => format!("{} -> {}", old.as_deref().unwrap_or("-"), new.as_deref().unwrap_or("-")),
        };
        vec![
            change.used.first_used_at.format("%Y-%m-%d %H:%MZ").to_string(),
            change.used.institution.clone(),
            change.used.source_id.clone(),
            line(&change.edit.part, 60),
            what,
        ]
    };
    put!("{}", columns(&changes.iter().map(row).collect::<Vec<_>>(), 5));
}

async fn known(connection: &mut PgConnection, institution: Option<&str>, name: &str) -> Result<Vec<PartVersion>, Failure> {
    let all = versions::of(connection, institution, name).await?;
    if all.is_empty() {
        return Err(unknown(name));
    }
    Ok(all)
}

fn unknown(name: &str) -> Failure {
    Failure::nothing(format!("no rule or mapping `{name}` has run\nhelp: `weir rules log` lists those that have"))
}

/// A version by the beginning of its hash, or the newest but `back`.
fn pick<'v>(all: &'v [PartVersion], wanted: Option<&str>, back: usize) -> Result<&'v PartVersion, Failure> {
    let mut distinct: Vec<&PartVersion> = Vec::new();
    for version in all {
        distinct.retain(|other| other.version != version.version);
        distinct.push(version);
    }
    if let ([only], None, 1) = (distinct.as_slice(), wanted, back) {
        return Err(Failure::nothing(format!("{} has only one version, {}\nhelp: `weir rules show` prints it", only.part, short(&only.version))));
    }
    let found = match wanted {
        Some(wanted) => all.iter().find(|version| version.version.starts_with(wanted)),
        None => distinct.len().checked_sub(1 + back).and_then(|at| distinct.get(at).copied()),
    };
    let versions: Vec<&str> = distinct.iter().map(|version| version.version.get(..8).unwrap_or_default()).collect();
    found.ok_or_else(|| Failure::nothing(format!("there is no such version\nhelp: versions that have run: {}", versions.join(", "))))
}

fn title(version: &PartVersion) -> String {
    let since = version.first_used_at.format("%Y-%m-%d %H:%MZ");
    format!("{} {} · {} · since {since}", version.part, short(&version.version), version.institution)
}

fn shown(version: &PartVersion) -> String {
    format!("{}\n{}", title(version), version.text.trim_end())
}

fn difference(old: &PartVersion, new: &PartVersion) -> String {
    let diff = TextDiff::from_lines(&old.text, &new.text);
    let lines = diff.iter_all_changes().map(|change| {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        format!("{sign} {}", change.value().trim_end())
    });
    format!("- {}\n+ {}\n{}", title(old), title(new), lines.collect::<Vec<_>>().join("\n"))
}
