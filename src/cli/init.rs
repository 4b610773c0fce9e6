//! `weir init`: makes a folder into a project, from files that come with the program.
//!
//! It never overwrites a file: what is there stays and is named, so it can be run again after an
//! upgrade. To ship another file: a line in [`STARTER_FILES`].

use super::{CommandContext, CommandFailure, DONE, identity, new, schema};
use crate::config::identity::FILE;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Make a project folder: a pipeline, rules for every institution, alerts, frameworks and the
/// schemas for editors. Existing files are kept, except for the schemas, which are those of this
/// version
#[derive(clap::Args)]
pub struct InitArgs {
    /// The folder, made if it is not there; by default the project folder
    folder: Option<PathBuf>,
}

/// What a new project begins with, and where.
const STARTER_FILES: [(&str, &str); 8] = [
    (".gitignore", "/.weir\n"),
    ("pipelines/daily.yaml", new::DAILY),
    ("rules/common.yaml", include_str!("../../rules/common.yaml")),
    ("lists/pools.yaml", include_str!("../../lists/pools.yaml")),
    (
        "alerts/operations.yaml",
        include_str!("../../alerts/operations.yaml"),
    ),
    (
        "frameworks/nsw-core-capabilities.yaml",
        include_str!("../../frameworks/nsw-core-capabilities.yaml"),
    ),
    (
        "frameworks/nsw-role-types.yaml",
        include_str!("../../frameworks/nsw-role-types.yaml"),
    ),
    (
        "frameworks/private-sector-roles.yaml",
        include_str!("../../frameworks/private-sector-roles.yaml"),
    ),
];

impl InitArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let folder = match &self.folder {
            Some(folder) => edge.project.join(folder),
            None => edge.project.clone(),
        };
        for (file, text) in STARTER_FILES {
            let made = create(&folder.join(file), text).map_err(|error| {
                CommandFailure::nothing(format!("cannot write `{file}`: {error}"))
                    .help("give a folder that you may write to")
            })?;
            say!("{} {file}", if made { "wrote" } else { "kept " });
        }
        schema::write_all(&folder.join("schema"))?;
        say!("wrote schema/, which editors complete and explain the YAML with");
        let is_new = !folder.join(FILE).exists();
        identity::ensure(&folder)?;
        if is_new {
            say!("wrote {FILE}, which identifies this project");
        }
        self.say_next();
        Ok(DONE)
    }

    fn say_next(&self) {
        let into = self.folder.as_ref().map_or_else(String::new, |folder| {
            format!("`cd {}`, then ", folder.display())
        });
        say!("next: {into}`weir new NAME --from URL|FILE` drafts an institution");
    }
}

/// Writes a file and its folder, unless the file exists; whether it did.
fn create(path: &Path, text: &str) -> std::io::Result<bool> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::File::create_new(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
