//! Tells the channels of `runs:` that a run has ended, so that what comes after it can start, or a
//! watchdog elsewhere knows that all is well. Each run is told once, whoever looks and however
//! often.

use super::message;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use weir_project::config::alerts::RunOccasion;
use weir_project::plan::CheckedProject;
use weir_store::notices::{self, EndedRun, NewNotice, NoticeKind};
use weir_store::{Connection, PgConnection, Result, StoreError};

/// Records a notice for each run of these institutions that has ended within the hour.
///
/// # Errors
/// The database failed: nothing was recorded, and the next look finds the runs again.
pub fn tell_ended_runs<'f>(
    connection: &'f mut PgConnection,
    checked: &'f CheckedProject,
    institutions: &'f [String],
    now: DateTime<Utc>,
) -> BoxFuture<'f, Result<()>> {
    Box::pin(async move {
        if checked.run_notices.is_empty() {
            return Ok(());
        }
        let mut tx = connection.begin().await.map_err(StoreError::from)?;
        for run in notices::ended_runs(&mut tx, institutions).await? {
            for channel in told_of(checked, &run) {
                let (subject, body, content) = message::run_ended(&run);
                let notice = NewNotice {
                    channel,
                    key: format!("run {}", run.id),
                    what: NoticeKind::Run,
                    cause: None,
                    // A message of its own: a receiver counts them.
                    group: &format!("run {}", run.id),
                    subject: &subject,
                    body: &body,
                    html: None,
                    content: &content,
                    made_at: now,
                    due_at: now,
                };
                notices::add(&mut tx, &notice).await?;
            }
        }
        tx.commit().await.map_err(StoreError::from)
    })
}

/// The channels that are told of a run.
fn told_of<'c>(checked: &'c CheckedProject, run: &EndedRun) -> impl Iterator<Item = &'c str> {
    let is_good = run.is_good;
    let is_meant = move |when: RunOccasion| match when {
        RunOccasion::Ended => true,
        RunOccasion::Good => is_good,
        RunOccasion::Failed => !is_good,
    };
    let notices = checked.run_notices.iter();
    notices
        .filter(move |notice| is_meant(notice.when))
        .flat_map(|notice| notice.to.iter().map(String::as_str))
}
