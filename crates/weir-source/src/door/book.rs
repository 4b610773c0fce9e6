//! A cache of robots.txt files: each is read once a day, or again after ten minutes if it could not
//! be read, and by one reader at a time. The caller decides how it is read. Processes may keep together
//! what they have read; what could not be read, each tries for itself.

use super::robots::RobotsRules;
use super::trouble::FetchError;
use futures::future::BoxFuture;
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

/// The rules of publishers that processes keep together, written as a robots.txt of ASCII.
pub trait SharedRobots: Send + Sync {
    /// What was read of a publisher, and how long ago; nothing if nobody has, or the others cannot be
    /// asked.
    fn recall<'a>(&'a self, origin: &'a str) -> BoxFuture<'a, Option<(String, Duration)>>;

    /// Tells the others what was read just now.
    fn remember<'a>(&'a self, origin: &'a str, rules: &'a str) -> BoxFuture<'a, ()>;
}

/// The rules of all publishers.
#[derive(Default)]
pub(super) struct RobotsBook {
    shared: Option<Arc<dyn SharedRobots>>,
    pages: Mutex<HashMap<RobotsOrigin, Arc<AsyncMutex<Option<(Instant, RobotsResult)>>>>>,
}

impl RobotsBook {
    /// A cache that is kept together with other processes.
    pub(super) fn shared(with: Arc<dyn SharedRobots>) -> RobotsBook {
        RobotsBook {
            shared: Some(with),
            ..RobotsBook::default()
        }
    }

    /// The rules of a publisher: from the cache, or from `read`.
    pub(super) async fn consult(
        &self,
        origin: RobotsOrigin,
        read: impl Future<Output = Result<RobotsRules, FetchError>>,
    ) -> RobotsResult {
        let name = name_of(&origin);
        let page = self.page(origin);
        let mut page = page.lock().await;
        if let Some((until, said)) = &*page
            && Instant::now() < *until
        {
            return said.clone();
        }
        let (kept, said) = match self.recall(&name).await {
            Some((rules, left)) => (left, Ok(Arc::new(rules))),
            None => self.read(&name, read).await,
        };
        *page = Some((Instant::now() + kept, said.clone()));
        said
    }

    /// What another process has read, and for how long it still counts.
    async fn recall(&self, name: &str) -> Option<(RobotsRules, Duration)> {
        let (rules, age) = self.shared.as_ref()?.recall(name).await?;
        let left = KEPT.checked_sub(age)?;
        Some((RobotsRules::parse(rules.as_bytes()), left))
    }

    async fn read(
        &self,
        name: &str,
        read: impl Future<Output = Result<RobotsRules, FetchError>>,
    ) -> (Duration, RobotsResult) {
        let said = read.await.map(Arc::new);
        if let (Some(shared), Ok(rules)) = (&self.shared, &said) {
            shared.remember(name, &rules.written()).await;
        }
        (if said.is_ok() { KEPT } else { FAILURE_KEPT }, said)
    }

    fn page(&self, origin: RobotsOrigin) -> Arc<AsyncMutex<Option<(Instant, RobotsResult)>>> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= MOST_PAGES && !pages.contains_key(&origin) {
            pages.clear();
        }
        Arc::clone(pages.entry(origin).or_default())
    }
}

/// What a publisher is called among processes.
fn name_of((origin, allow_private): &RobotsOrigin) -> String {
    let reach = if *allow_private { " (private)" } else { "" };
    format!("{origin}{reach}")
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

    /// What processes keep together, with how old it is.
    #[derive(Default)]
    struct KnownRobots(Mutex<HashMap<String, (String, Duration)>>);

    impl SharedRobots for KnownRobots {
        fn recall<'a>(&'a self, origin: &'a str) -> BoxFuture<'a, Option<(String, Duration)>> {
            let known = self.0.lock().unwrap().get(origin).cloned();
            Box::pin(async { known })
        }

        fn remember<'a>(&'a self, origin: &'a str, rules: &'a str) -> BoxFuture<'a, ()> {
            let known = (rules.to_owned(), Duration::ZERO);
            self.0.lock().unwrap().insert(origin.to_owned(), known);
            Box::pin(async {})
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_process_has_read_the_others_know_for_the_rest_of_the_day() {
        let (known, count) = (Arc::new(KnownRobots::default()), AtomicUsize::new(0));
        let process = || RobotsBook::shared(known.clone());
        let (first, second) = (process(), process());
        assert!(!asked(&first, &count, Err(FetchError::passing("503"))).await);
        assert!(asked(&second, &count, Ok(RobotsRules::default())).await);
        assert_eq!(
            count.load(Ordering::SeqCst),
            2,
            "a failure is nobody else's"
        );
        tokio::time::advance(FAILURE_KEPT).await;
        assert!(asked(&first, &count, Err(FetchError::passing("503"))).await);
        assert_eq!(count.load(Ordering::SeqCst), 2);
        let hour = Duration::from_secs(60 * 60);
        for (rules, age) in known.0.lock().unwrap().values_mut() {
            (*rules, *age) = ("user-agent: weir\ndisallow: /x\n".to_owned(), KEPT - hour);
        }
        let third = process();
        assert!(asked(&third, &count, Err(FetchError::passing("503"))).await);
        tokio::time::advance(hour).await;
        known.0.lock().unwrap().clear();
        assert!(!asked(&third, &count, Err(FetchError::passing("503"))).await);
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }
}
