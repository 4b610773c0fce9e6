//! A cache of robots.txt files: each is read once a day, or again after ten minutes if it could not
//! be read, and by one reader at a time. The caller decides how it is read.

use super::robots::RobotsRules;
use super::trouble::FetchError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
const FAILURE_KEPT: Duration = Duration::from_secs(10 * 60);
/// With more publishers than these the book is begun anew.
const MOST_PAGES: usize = 1024;

/// The rules of a publisher, or why they are unknown.
type RobotsResult = Result<Arc<RobotsRules>, FetchError>;

/// Whose file it is: scheme, host and port, and whether private addresses may be reached.
pub(super) type RobotsOrigin = (String, bool);

/// The rules of all publishers.
#[derive(Default)]
pub(super) struct RobotsBook {
    pages: Mutex<HashMap<RobotsOrigin, Arc<AsyncMutex<Option<(Instant, RobotsResult)>>>>>,
}

impl RobotsBook {
    /// The rules of a publisher: from the cache, or from `read`.
    pub(super) async fn consult(
        &self,
        origin: RobotsOrigin,
        read: impl Future<Output = Result<RobotsRules, FetchError>>,
    ) -> RobotsResult {
        let page = self.page(origin);
        let mut page = page.lock().await;
        if let Some((until, said)) = &*page
            && Instant::now() < *until
        {
            return said.clone();
        }
        let said = read.await.map(Arc::new);
        let until = Instant::now() + if said.is_ok() { KEPT } else { FAILURE_KEPT };
        *page = Some((until, said.clone()));
        said
    }

    fn page(&self, origin: RobotsOrigin) -> Arc<AsyncMutex<Option<(Instant, RobotsResult)>>> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= MOST_PAGES && !pages.contains_key(&origin) {
            pages.clear();
        }
        Arc::clone(pages.entry(origin).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    async fn asked(
        book: &RobotsBook,
        count: &AtomicUsize,
        answer: Result<RobotsRules, FetchError>,
    ) -> bool {
        let read = async {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            answer
        };
        book.consult(("https://a.example".to_owned(), false), read)
            .await
            .is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn answers_hold_a_day_and_failures_ten_minutes() {
        let (book, count) = (RobotsBook::default(), AtomicUsize::new(0));
        let failure = || Err(FetchError::passing("503"));
        assert!(
            !asked(&book, &count, failure()).await
                && !asked(&book, &count, Ok(RobotsRules::default())).await
        );
        tokio::time::advance(FAILURE_KEPT).await;
        assert!(
            asked(&book, &count, Ok(RobotsRules::default())).await
                && asked(&book, &count, failure()).await
        );
        assert_eq!(count.load(Ordering::SeqCst), 2);
        tokio::time::advance(KEPT).await;
        assert!(!asked(&book, &count, failure()).await);
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_read_once() {
        let (book, count) = (RobotsBook::default(), AtomicUsize::new(0));
        let all = futures::future::join_all(
            (0..9).map(|_| asked(&book, &count, Ok(RobotsRules::default()))),
        )
        .await;
        assert!(all.into_iter().all(|ok| ok));
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}
