//! `weir schema`: JSON Schema of the YAML, for editors. No database, no network, no project needed.

use super::{CommandContext, CommandFailure, DONE};
use crate::config::schema::{FILE_KINDS, FileKind};
use crate::report::keys;
use std::path::{Path, PathBuf};

/// JSON Schema of the YAML, for editors.
#[derive(clap::Args)]
#[command(
    after_help = "Editors with a YAML language server complete and explain a file that starts \
                  with\n# yaml-language-server: $schema=../schema/institution.json\nor map whole \
                  folders: institutions/*.yaml to schema/institution.json, and so on."
)]
pub struct SchemaArgs {
    /// project, institution, connector, rules, pipeline, list, mapping-tests or institution-test:
    /// to stdout; by default all of them, as files
    #[arg(value_parser = kind)]
    kind: Option<FileKind>,
    /// The folder for the files
    #[arg(long, value_name = "DIR", default_value = "schema")]
    out: PathBuf,
    /// As pages for people instead (Markdown), to stdout
    #[arg(long)]
    markdown: bool,
}

fn kind(name: &str) -> Result<FileKind, String> {
    let names: Vec<&str> = FILE_KINDS.iter().map(|kind| kind.name()).collect();
    FileKind::named(name).ok_or_else(|| format!("file types: {}", names.join(", ")))
}

impl SchemaArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match self.kind {
            _ if self.markdown => put!("{}", keys::page(self.kind.as_slice())),
            Some(kind) => say!("{:#}", kind.schema()),
            None => {
                let folder = edge.project.join(&self.out);
                write_all(&folder)?;
                let name = folder.file_name().unwrap_or_default().display();
                for kind in FILE_KINDS {
                    tell!("{name}/{}.json for {}", kind.name(), kind.pattern());
                }
            }
        }
        Ok(DONE)
    }
}

/// Writes the schema of every type of file to a folder.
pub(super) fn write_all(folder: &Path) -> Result<(), CommandFailure> {
    let failed = |error: std::io::Error| {
        let folder = folder.display();
        CommandFailure::failed(format!("cannot write the schemas to `{folder}`: {error}"))
            .help("give a writable folder with `--out`")
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for kind in FILE_KINDS {
        let file = folder.join(format!("{}.json", kind.name()));
        std::fs::write(&file, format!("{:#}\n", kind.schema())).map_err(failed)?;
    }
    Ok(())
}
