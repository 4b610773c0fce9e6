//! `weir worker --from-database`: the files of the project come from the database, where the
//! scheduler stores them, and are followed there.
//!
//! They are unpacked into a folder of their own below `.weir/`, which lasts as long as they are
//! compiled. Files that are damaged are said to be so and are not worked with; the next version is
//! tried again.

use super::crew::{self, Crew};
use super::database::Database;
use super::{CommandContext, CommandFailure, show};
use crate::diagnostic::one_of;
use crate::model::Hash;
use crate::orchestration::snapshot::{self, SnapshotError};
use crate::orchestration::{PlanSet, ProjectOrigin};
use crate::plan::CheckedProject;
use crate::span::Span;
use crate::store::projects::ActingProject;
use crate::store::snapshots::{self, SnapshotRow, SnapshotStamp};
use crate::store::{DatabaseDemand, Store, StoreError};
use tempfile::TempDir;

/// The files of a project in the database, as they were read last.
pub(super) struct SnapshotWatch {
    project: String,
    stamp: Option<SnapshotStamp>,
}

/// Files that were unpacked: they last as long as this.
struct UnpackedProject {
    _folder: TempDir,
    edge: CommandContext,
    checked: CheckedProject,
    version: Hash,
}

impl SnapshotWatch {
    /// Waits for the database, and reads the newest files of the project; nothing if a signal came
    /// before the database did.
    pub(super) async fn begin(
        edge: &CommandContext,
        demand: DatabaseDemand,
        drain: &Span,
        named: Option<&str>,
    ) -> Result<Option<(Crew, SnapshotWatch)>, CommandFailure> {
        if edge.text("DATABASE_URL").is_none() {
            return Err(CommandFailure::nothing(
                "`--from-database` needs the database of a `weir serve`",
            )
            .help("set DATABASE_URL as it is set there"));
        }
        let Some((database, stop)) = crew::reached(edge, demand).await? else {
            return Ok(None);
        };
        let project = match chosen(&database, named).await {
            Ok(project) => project,
            Err(failure) => {
                database.close().await?;
                return Err(failure);
            }
        };
        let database = database.of_project(ActingProject {
            project: project.as_str().into(),
            claims: true,
        });
        let mut watch = SnapshotWatch {
            project,
            stamp: None,
        };
        let today = watch.read(edge, &database.store).await?;
        Ok(Some((Crew::of(database, stop, today, drain), watch)))
    }

    /// Reads the files again whenever the scheduler has stored others. Never ends by itself.
    pub(super) async fn follow(mut self, crew: &Crew, edge: &CommandContext) {
        let store = &crew.database.store;
        loop {
            crew::next_look().await;
            // While the database is away, the worker says so.
            if matches!(self.is_current(store).await, Ok(true) | Err(_)) {
                continue;
            }
            match self.read(edge, store).await {
                Ok(today) => crew.go_on_with(today),
                Err(failure) => failure.tell(),
            }
        }
    }

    async fn is_current(&self, store: &Store) -> Result<bool, StoreError> {
        let mut connection = store.connection().await?;
        let newest = snapshots::newest_stamp(&mut connection, &self.project).await?;
        Ok(newest == self.stamp)
    }

    /// The plans of the newest files; none, with the reason, if they cannot be used.
    async fn read(
        &mut self,
        edge: &CommandContext,
        store: &Store,
    ) -> Result<PlanSet, CommandFailure> {
        let mut connection = store.connection().await?;
        // Before the files: if others come in between, they are read again.
        let stamp = snapshots::newest_stamp(&mut connection, &self.project).await?;
        let newest = snapshots::newest(&mut connection, &self.project).await?;
        drop(connection);
        let unpacked = newest
            .ok_or_else(|| SnapshotError::Damaged("they are gone".to_owned()))
            .and_then(|row| unpack(edge, &row));
        let today = match unpacked {
            Ok(project) => project.plans(store).await?,
            Err(error) => {
                tell!(
                    "error: {error}\nhelp: restart `weir serve` in the project folder: it stores them again"
                );
                PlanSet::unusable(error.to_string())
            }
        };
        self.stamp = stamp;
        Ok(today)
    }
}

impl UnpackedProject {
    async fn plans(&self, store: &Store) -> Result<PlanSet, CommandFailure> {
        show(&self.checked, &self.edge, &[]);
        let plans = crew::plans(&self.edge, store, &self.checked, ProjectOrigin::Snapshot).await?;
        // What was stored is the project without its tests.
        let version = self.version;
        Ok(PlanSet { version, ..plans })
    }
}

/// Unpacks and compiles the files of a project.
fn unpack(edge: &CommandContext, row: &SnapshotRow) -> Result<UnpackedProject, SnapshotError> {
    let all = edge.home().join("snapshots");
    std::fs::create_dir_all(&all)?;
    let folder = tempfile::tempdir_in(all)?;
    let version = snapshot::unpack(row, folder.path())?;
    let edge = edge.in_folder(folder.path().to_owned());
    Ok(UnpackedProject {
        checked: edge.checked(),
        _folder: folder,
        edge,
        version,
    })
}

/// The project that was named, or the only one there is.
async fn chosen(database: &Database, named: Option<&str>) -> Result<String, CommandFailure> {
    let mut connection = database.store.connection().await?;
    let all = snapshots::projects(&mut connection).await?;
    let names = || one_of(all.iter().map(String::as_str));
    match (named, all.as_slice()) {
        (_, []) => Err(
            CommandFailure::nothing("the database has no files of a project").help(
                "start `weir serve` in the project folder: it stores them when it carries out the schedule",
            ),
        ),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(CommandFailure::nothing("the database has several projects")
            .help(format!("name one with `--of`: {}", names()))),
        (Some(named), _) if all.iter().any(|one| one == named) => Ok(named.to_owned()),
        (Some(named), _) => Err(CommandFailure::nothing(format!(
            "the database has no files of the project `{named}`"
        ))
        .help(format!("it has those of {}", names()))),
    }
}
