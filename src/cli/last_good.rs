//! Institutions with `on_broken: last_good` whose files are broken now: their plan is compiled from
//! the texts that ran last, which the database keeps, and this is reported everywhere.

use super::CommandContext;
use super::CommandFailure;
use crate::config::Project;
use crate::config::frameworks::FOLDER as FRAMEWORKS;
use crate::diagnostic::one_of;
use crate::plan::InstitutionStatus;
use crate::plan::check::check;
use crate::plan::{CheckedInstitution, CheckedProject, Plan, StandsIn};
use crate::store::Store;
use crate::store::texts::{self, LastGood};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A broken institution: its name, its file, and the files that are to blame.
pub(super) struct BrokenInstitution {
    slug: String,
    file: String,
    to_blame: Vec<String>,
}

impl BrokenInstitution {
    /// Tells that it is left out.
    pub(super) fn tell(&self) {
        tell!(
            "skipped: `{}`, because of errors in {}",
            self.slug,
            one_of(self.to_blame.iter().map(String::as_str))
        );
    }

    /// The broken ones of these institutions.
    pub(super) fn of<'a>(
        institutions: impl IntoIterator<Item = &'a CheckedInstitution>,
    ) -> Vec<BrokenInstitution> {
        let broken = |one: &CheckedInstitution| match &one.standing {
            InstitutionStatus::Broken(files) => Some(BrokenInstitution {
                slug: one.slug.clone(),
                file: one.file.clone(),
                to_blame: files.clone(),
            }),
            _ => None,
        };
        institutions.into_iter().filter_map(broken).collect()
    }
}

/// Whether there is a database that may know what ran before; none is created for the question.
pub(super) fn may_be_known(edge: &CommandContext) -> bool {
    edge.text("DATABASE_URL").is_some() || edge.home().is_dir()
}

/// The plans that stand in for broken ones, and how many have none; each is reported on stderr.
pub(super) async fn stand_in(
    edge: &CommandContext,
    store: &Store,
    broken: Vec<BrokenInstitution>,
) -> Result<(Vec<Arc<Plan>>, usize), CommandFailure> {
    let (mut plans, mut left_out) = (Vec::new(), 0);
    for one in broken {
        let good = texts::last_good(&mut *store.connection().await?, &one.slug, &one.file).await?;
        match good
            .map(|good| restored(edge, &one, &good))
            .transpose()?
            .flatten()
        {
            Some(plan) => {
                tell!(
                    "error: {}",
                    plan.stands_in
                        .as_ref()
                        .map(|stands_in| stands_in.words(&plan.institution.slug))
                        .unwrap_or_default()
                );
                plans.push(Arc::new(plan));
            }
            None => {
                left_out += 1;
                one.tell();
            }
        }
    }
    Ok((plans, left_out))
}

/// The plan that these texts compile to today; `None` if this Weir no longer accepts them, or the
/// institution is not active.
fn restored(
    edge: &CommandContext,
    broken: &BrokenInstitution,
    good: &LastGood,
) -> Result<Option<Plan>, CommandFailure> {
    let name: String = good
        .fingerprint
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let folder = edge.home().join("last-good").join(name);
    for (file, text) in &good.texts.0 {
        write(&folder, Path::new(file), text)?;
    }
    bring_tables(edge, &folder);
    let CheckedProject { institutions, .. } = check(Project {
        is_part: true,
        ..Project::load(&folder)
    });
    let standing = institutions
        .into_iter()
        .find(|one| one.file == good.file)
        .map(|one| one.standing);
    let Some(InstitutionStatus::Ready(plan)) = standing else {
        return Ok(None);
    };
    edge.learn_secrets([&*plan]);
    let stands_in = StandsIn {
        broken: broken.to_blame.clone(),
        since: good.first_used_at,
    };
    Ok(Some(Plan {
        stands_in: Some(stands_in),
        ..Arc::unwrap_or_clone(plan)
    }))
}

/// Tables of frameworks are too large to be kept with the texts: those of today stand in.
fn bring_tables(edge: &CommandContext, folder: &Path) {
    let (from, to) = (edge.project.join(FRAMEWORKS), folder.join(FRAMEWORKS));
    let Ok(tables) = std::fs::read_dir(from) else {
        return;
    };
    let is_table = |path: &Path| {
        path.is_file()
            && !path
                .extension()
                .is_some_and(|end| end == "yaml" || end == "yml")
    };
    for path in tables.flatten().map(|entry| entry.path()) {
        if is_table(&path) && to.is_dir() {
            // What is missing is reported when the framework is read.
            let name = path.file_name().unwrap_or_default();
            let _ = std::fs::copy(&path, to.join(name));
        }
    }
}

fn write(folder: &Path, file: &Path, text: &str) -> Result<(), CommandFailure> {
    // Never follow paths stored in the database out of the folder.
    let file: PathBuf = file
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect();
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
    Ok(std::fs::write(path, text)?)
}
