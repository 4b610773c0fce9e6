//! Whoever works on an institution has its lock, belongs to its project, and does not write history
//! backwards. Every command that writes goes through here, a run as well as a decision.

use super::RunError;
use futures::future::BoxFuture;
use uuid::Uuid;
use weir_model::{Clock, RunId};
use weir_store::runs::{self, InstitutionLock};
use weir_store::{Store, projects};

/// Whose lock, and whether to wait for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LockRequest<'l> {
    pub institution: Uuid,
    pub slug: &'l str,
    pub wait: bool,
}

/// Works under the lock of an institution.
pub(super) async fn with_institution_lock<T, E: From<RunError>>(
    store: &Store,
    wanted: LockRequest<'_>,
    work: impl AsyncFnOnce(&InstitutionLock) -> Result<T, E>,
) -> Result<T, E> {
    let lock = take_lock(store, wanted.institution, wanted.slug, wanted.wait).await?;
    let done = work(&lock).await;
    lock.release().await;
    done
}

/// History is not written backwards, and not far ahead by mistake: whether a clock may follow that
/// of the newest run of an institution. Whether it is ahead of the machine's, the command line has
/// seen to, which alone knows that.
pub(super) fn check_clock(
    slug: &str,
    last: Option<(RunId, Clock)>,
    at: Clock,
    allow_future: bool,
) -> Result<(), RunError> {
    let slug = || slug.to_owned();
    match last {
        Some((run, last)) if last > at => Err(RunError::Earlier {
            slug: slug(),
            run,
            last: last.0,
            at: at.0,
        }),
        Some((_, last)) if at.leaps_from(last) && !allow_future => Err(RunError::Leap {
            slug: slug(),
            last: last.0,
            at: at.0,
        }),
        _ => Ok(()),
    }
}

/// Takes the lock of an institution, or says who has it.
fn take_lock<'f>(
    store: &'f Store,
    institution: Uuid,
    slug: &'f str,
    wait: bool,
) -> BoxFuture<'f, Result<InstitutionLock, RunError>> {
    Box::pin(async move {
        check_project(store, institution, slug).await?;
        if wait {
            return Ok(InstitutionLock::wait(store, institution).await?);
        }
        if let Some(lock) = InstitutionLock::try_take(store, institution).await? {
            return Ok(lock);
        }
        let holder = runs::holder(&mut *store.connection().await?, institution).await?;
        let who = holder.map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
        Err(RunError::Busy {
            slug: slug.to_owned(),
            who,
        })
    })
}

/// Refuses an institution that belongs to another project.
async fn check_project(store: &Store, institution: Uuid, slug: &str) -> Result<(), RunError> {
    let Some(own) = store.identity() else {
        return Ok(());
    };
    match projects::owner(&mut *store.connection().await?, institution, slug).await? {
        Some(claim) if claim.project != *own.project => Err(RunError::OtherProject {
            slug: slug.to_owned(),
            owner: claim.project,
            since: claim.claimed_at.format("%Y-%m-%d").to_string(),
            by: claim.claimed_by,
            own: own.project.to_string(),
        }),
        _ => Ok(()),
    }
}
