//! Work that would hold the pages up: on a thread of its own, and what reads stored ads on all
//! cores one at a time, with an end.

use super::access::Visitor;
use super::refusal::PageError;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// How long a page works on stored ads: an answer begins within 30 s.
pub(super) const WORKS_FOR: Duration = Duration::from_secs(20);

/// Work that blocks, on a thread for that.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PageError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| PageError::bug())
}

/// Work on stored ads, if nobody else's is under way; it is handed the instant at which it should
/// end.
pub(super) async fn in_turn<T, W>(
    site: &Visitor,
    work: impl FnOnce(Instant) -> W + Send + 'static,
) -> Result<T, PageError>
where
    T: Send + 'static,
    W: Future<Output = T>,
{
    let Ok(_turn) = site.rehearsing.try_acquire() else {
        return Err(PageError::moved(
            "Another rehearsal is under way",
            "Go back and try again when it has ended.",
        ));
    };
    let (runtime, ends) = (Handle::current(), Instant::now() + WORKS_FOR);
    aside(move || runtime.block_on(work(ends))).await
}
