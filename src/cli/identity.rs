//! The identity of the project, for commands that write: `weir.yaml`, which the first run creates.
//!
//! The file is written before any institution is claimed in its name, completely or not at all, and
//! never over an existing one.

use super::{CommandContext, CommandFailure};
use crate::config::ProjectIdentity;
use crate::config::identity::{FILE, of};
use crate::store::Store;
use crate::store::projects::{self, ActingProject};
use std::io::{ErrorKind, Write};
use std::path::Path;
use uuid::Uuid;

/// The identity that the project has, if it has one.
pub(super) fn known(edge: &CommandContext) -> Result<Option<ActingProject>, CommandFailure> {
    match of(&edge.project) {
        ProjectIdentity::Known(project) => Ok(Some(ActingProject {
            project: project.into(),
            claims: true,
        })),
        ProjectIdentity::Unknown => Ok(None),
        ProjectIdentity::Broken => Err(CommandFailure::nothing(format!(
            "`{FILE}` does not identify this project"
        ))
        .help("`weir check` shows what is wrong; restore the file that the first run created")),
    }
}

/// The database on behalf of this project. Its first run makes the identity, where an institution
/// is free to be claimed; a dry run makes one up for itself, so that it is refused where the run
/// would be.
pub(super) async fn on_behalf(
    edge: &CommandContext,
    store: Store,
    institutions: &[Uuid],
    writes: bool,
) -> Result<Store, CommandFailure> {
    if store.identity().is_some() {
        return Ok(store);
    }
    let is_free = !projects::unclaimed(&mut *store.connection().await?, institutions)
        .await?
        .is_empty();
    let identity = if writes && is_free {
        make(&edge.project)?
    } else {
        unwritten()
    };
    Ok(store.of_project(Some(identity)))
}

/// The identity of this project, made if it has none.
pub(super) fn made(edge: &CommandContext) -> Result<ActingProject, CommandFailure> {
    known(edge)?.map_or_else(|| make(&edge.project), Ok)
}

/// Makes the identity of a folder that has none.
pub(super) fn ensure(folder: &Path) -> Result<(), CommandFailure> {
    match write(folder, &unwritten().project) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(CommandFailure::failed(
            format!("cannot write `{FILE}`: {error}"),
        )
        .help("give a folder that you may write to")),
        _ => Ok(()),
    }
}

fn unwritten() -> ActingProject {
    ActingProject {
        project: Uuid::now_v7().to_string().into(),
        claims: false,
    }
}

/// Creates the file. Without write access there is none, and runs claim nothing.
fn make(folder: &Path) -> Result<ActingProject, CommandFailure> {
    let identity = unwritten();
    match write(folder, &identity.project) {
        Ok(()) => {
            note!(
                "created `{FILE}`, which identifies this project: commit it, so every clone \
                 shares it"
            );
            Ok(ActingProject {
                claims: true,
                ..identity
            })
        }
        // Another process was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match of(folder) {
            ProjectIdentity::Known(project) => Ok(ActingProject {
                project: project.into(),
                claims: true,
            }),
            _ => Err(
                CommandFailure::nothing(format!("`{FILE}` does not identify this project"))
                    .help("`weir check` shows what is wrong"),
            ),
        },
        Err(error) => {
            note!(
                "cannot write `{FILE}` ({error}): this project claims no institutions, so \
                 another project may run the same ones; to prevent that, create the file with \
                 `project: {}`",
                identity.project
            );
            Ok(identity)
        }
    }
}

/// Writes the file completely, or not at all if it exists.
fn write(folder: &Path, project: &str) -> std::io::Result<()> {
    let text = format!(
        "# Identifies this project. The database remembers which project an institution belongs \
         to, so that another folder with\n# the same institution does not archive its jobs. \
         Commit this file: every clone shares it.\nproject: {project}\n"
    );
    let (target, draft) = (folder.join(FILE), folder.join(format!(".{FILE}.{project}")));
    let mut file = std::fs::File::create_new(&draft)?;
    let linked = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::hard_link(&draft, &target));
    let written = match linked {
        // A file system without links.
        Err(error) if error.kind() != ErrorKind::AlreadyExists && !target.exists() => {
            std::fs::rename(&draft, &target)
        }
        linked => linked,
    };
    let _ = std::fs::remove_file(&draft);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_writer_decides_and_a_closed_folder_claims_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let Ok(first) = make(folder.path()) else {
            panic!("not made")
        };
        assert!(
            first.claims && of(folder.path()) == ProjectIdentity::Known(first.project.to_string())
        );
        assert_eq!(make(folder.path()).ok(), Some(first));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(make(&folder.path().join("missing")).is_ok_and(|identity| !identity.claims));
    }
}
