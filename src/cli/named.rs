//! Which job a person means, for the commands about one job: by its uuid, by the id of its ad with or without source and institution, or by how
//! one of these begins.

use super::Failure;
use crate::report::columns::line;
use crate::store::biography::{self, Found, Name};
use sqlx::PgConnection;

/// The one ad or job of a name.
pub(super) async fn find(connection: &mut PgConnection, name: &str) -> Result<Found, Failure> {
    let mut found = biography::find(connection, &Name::read(name)).await?;
    match (found.pop(), found.len()) {
        (None, _) => Err(Failure::nothing(format!(
            "nothing is known of `{}`\nhelp: name a job by its uuid, or by the id of its ad: `601245`, `nswgov:601245`, `nsw-gov/nswgov:601245`",
            line(name, 80)
        ))),
        (Some(one), 0) => Ok(one),
        (Some(last), _) => {
            found.push(last);
            let names: Vec<String> = found.iter().take(5).map(whole).collect();
            let more = if found.len() > 5 { ", ..." } else { "" };
            Err(Failure::nothing(format!("`{}` may be several\nhelp: name one of {}{more}", line(name, 80), names.join(", "))))
        }
    }
}

/// The whole name; a job whose id stands for another one now has only its uuid.
fn whole(found: &Found) -> String {
    let id = format!("{}/{}:{}", found.institution, found.source_id, line(&found.original_id, 60));
    found.job_id.map_or(id.clone(), |job| format!("{id} ({job})"))
}
