//! Finds the job that a user means, for commands about one job: by its uuid, by the id of its ad
//! with or without source and institution, or by a prefix of one of these.

use super::{CommandContext, CommandFailure, unknown_name};
use crate::diagnostic::one_of;
use crate::report::columns::line;
use crate::store::views::biography::{self, FoundJob, JobName};
use crate::store::{PgConnection, figures, forgotten, runs};
use std::collections::BTreeSet;

/// Refuses names of institutions without stored data, suggesting a similar one of the project or of
/// the database.
pub(super) async fn refuse_unknown(
    edge: &CommandContext,
    connection: &mut PgConnection,
    slugs: &[String],
) -> Result<(), CommandFailure> {
    let Some(slug) = runs::unknown(connection, slugs).await?.into_iter().next() else {
        return Ok(());
    };
    let mut known = figures::institutions(connection).await?;
    let checked = edge.checked();
    let of_project = checked.institutions.iter().map(|one| one.slug.clone());
    if of_project.clone().any(|one| one == slug) {
        return Err(CommandFailure::nothing(format!(
            "no data is stored for the institution `{slug}`"
        ))
        .help(format!("`weir run {slug}` reads its sources")));
    }
    known.extend(of_project);
    let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    let name = line(&slug, 80);
    Err(unknown_name(
        "institution",
        &name,
        known.iter().copied(),
        || format!("known institutions: {}", one_of(known.iter().copied())),
    ))
}

/// The one ad or job of a name.
pub(super) async fn find(
    connection: &mut PgConnection,
    name: &str,
) -> Result<FoundJob, CommandFailure> {
    // As shown elsewhere: padded with spaces, or shortened.
    let name = name.trim().trim_end_matches('…');
    if name.is_empty() {
        return Err(CommandFailure::nothing("no job given")
            .help("give its uuid, or the id of its ad: `601245`, `nswgov:601245`"));
    }
    let read = JobName::read(name);
    let mut found = biography::find(connection, &read).await?;
    if found.is_empty()
        && let Some(gone) = forgotten::named(connection, &read).await?
    {
        return Err(CommandFailure::nothing(format!(
            "`{}` was {}",
            line(name, 80),
            line(&gone.words(), 200)
        ))
        .help("nothing of it is kept; `weir forget list` shows what was forgotten"));
    }
    match (found.pop(), found.len()) {
        (None, _) => Err(
            CommandFailure::nothing(format!("no ad or job `{}`", line(name, 80))).help(
                "give the uuid of a job, or the id of its ad: `601245`, `nswgov:601245`, \
                 `nsw-gov/nswgov:601245`",
            ),
        ),
        (Some(one), 0) => Ok(one),
        (Some(last), _) => {
            found.push(last);
            let names: Vec<String> = found.iter().take(5).map(whole).collect();
            let more = if found.len() > 5 { "\n  ..." } else { "" };
            Err(
                CommandFailure::nothing(format!("`{}` is ambiguous", line(name, 80)))
                    .help(format!("choose one of:\n  {}{more}", names.join("\n  "))),
            )
        }
    }
}

/// The full name; a job whose id now belongs to another has only its uuid.
fn whole(found: &FoundJob) -> String {
    let id = format!(
        "{}/{}:{}",
        found.institution,
        found.source_id,
        line(&found.original_id, 60)
    );
    found
        .job_id
        .map_or(id.clone(), |job| format!("{id} ({job})"))
}
