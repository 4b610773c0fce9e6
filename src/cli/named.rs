//! Finds the job that a user means, for commands about one job: by its uuid, by the id of its ad
//! with or without source and institution, or by a prefix of one of these.

use super::Failure;
use crate::report::columns::line;
use crate::store::biography::{self, FoundJob, JobName};
use crate::store::{PgConnection, runs};

/// Refuses names of institutions without stored data.
pub(super) async fn refuse_unknown(connection: &mut PgConnection, slugs: &[String]) -> Result<(), Failure> {
    let Some(slug) = runs::unknown(connection, slugs).await?.into_iter().next() else { return Ok(()) };
    let help = format!("use the name in its YAML file; `weir run {slug}` reads its sources");
    Err(Failure::nothing(format!("no data is stored for an institution `{}`\nhelp: {help}", line(&slug, 80))))
}

/// The one ad or job of a name.
pub(super) async fn find(connection: &mut PgConnection, name: &str) -> Result<FoundJob, Failure> {
    // As shown elsewhere: padded with spaces, or shortened.
    let name = name.trim().trim_end_matches('…');
    if name.is_empty() {
        return Err(Failure::nothing("no job given\nhelp: give its uuid, or the id of its ad: `601245`, `nswgov:601245`"));
    }
    let mut found = biography::find(connection, &JobName::read(name)).await?;
    match (found.pop(), found.len()) {
        (None, _) => Err(Failure::nothing(format!(
            "no ad or job `{}`\nhelp: give the uuid of a job, or the id of its ad: `601245`, `nswgov:601245`, `nsw-gov/nswgov:601245`",
            line(name, 80)
        ))),
        (Some(one), 0) => Ok(one),
        (Some(last), _) => {
            found.push(last);
            let names: Vec<String> = found.iter().take(5).map(whole).collect();
            let more = if found.len() > 5 { "\n  ..." } else { "" };
            Err(Failure::nothing(format!("`{}` is ambiguous\nhelp: choose one of:\n  {}{more}", line(name, 80), names.join("\n  "))))
        }
    }
}

/// The full name; a job whose id now belongs to another has only its uuid.
fn whole(found: &FoundJob) -> String {
    let id = format!("{}/{}:{}", found.institution, found.source_id, line(&found.original_id, 60));
    found.job_id.map_or(id.clone(), |job| format!("{id} ({job})"))
}
