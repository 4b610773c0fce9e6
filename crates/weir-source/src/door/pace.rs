//! Rate limiting: one request at a time for each host, and a pause between the starts of two. All
//! institutions share these turns, so two that read the same board do not double its load; and a
//! host that demands a break gets it from all of them. A turn ends when its response has arrived,
//! not when it is parsed: a reader that requests details while a long listing is still open must
//! not wait for itself.

use futures::future::BoxFuture;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::Instant;
use url::Url;

/// The default pause.
const DEFAULT: Duration = Duration::from_secs(1);
/// The longest pause that is kept.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// Above this number of hosts, those not requested recently are forgotten.
const MOST_HOSTS: usize = 4096;

/// When the last request to a host started.
type LastStart = Option<Instant>;

/// One host.
#[derive(Default)]
struct PacedHost {
    lane: Arc<AsyncMutex<LastStart>>,
    /// Until when the host demands a break.
    closed_until: Mutex<Option<Instant>>,
}

/// The turns that processes keep together: each host has one pace, whoever asks it.
pub trait SharedPace: Send + Sync {
    /// Takes the next turn at a host, and gives how long it is until then; nothing if the others
    /// cannot be asked.
    fn next_turn<'a>(&'a self, host: &'a str, pace: Duration) -> BoxFuture<'a, Option<Duration>>;

    /// Lets nobody ask a host for so long.
    fn leave_alone<'a>(&'a self, host: &'a str, wait: Duration) -> BoxFuture<'a, ()>;
}

/// The turns at all hosts.
#[derive(Default)]
pub(super) struct HostPacer {
    hosts: Mutex<HashMap<String, Arc<PacedHost>>>,
    shared: Option<Arc<dyn SharedPace>>,
}

/// The right to send a request to a host; others wait until it is dropped.
pub(super) struct HostTurn {
    _held: OwnedMutexGuard<LastStart>,
}

impl HostPacer {
    /// Turns that are kept together with other processes.
    pub(super) fn shared(with: Arc<dyn SharedPace>) -> HostPacer {
        HostPacer {
            shared: Some(with),
            ..HostPacer::default()
        }
    }

    /// Waits for a turn at the host of an address.
    pub(super) async fn turn(&self, url: &Url, pace: Duration) -> HostTurn {
        let host = self.host(url);
        let mut started = Arc::clone(&host.lane).lock_owned().await;
        if let Some(last) = *started {
            tokio::time::sleep_until(last + jittered(pace, random())).await;
        }
        while let Some(until) = host.closed_until().filter(|until| *until > Instant::now()) {
            tokio::time::sleep_until(until).await;
        }
        if let Some(shared) = &self.shared
            && let Some(wait) = shared.next_turn(&key(url), pace).await
        {
            tokio::time::sleep(wait.min(LONGEST)).await;
        }
        *started = Some(Instant::now());
        HostTurn { _held: started }
    }

    /// The same for all processes.
    pub(super) async fn leave_alone_together(&self, url: &Url, wait: Duration) {
        self.leave_alone(url, wait);
        if let Some(shared) = &self.shared {
            shared.leave_alone(&key(url), wait.min(LONGEST)).await;
        }
    }

    /// Stops requests to the host of an address for as long as it demands.
    fn leave_alone(&self, url: &Url, wait: Duration) {
        let until = Instant::now() + wait.min(LONGEST);
        let host = self.host(url);
        let mut closed = host
            .closed_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *closed = closed.max(Some(until));
    }

    fn host(&self, url: &Url) -> Arc<PacedHost> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS {
            hosts.retain(|_, host| host.is_wanted());
        }
        Arc::clone(hosts.entry(key(url)).or_default())
    }
}

impl PacedHost {
    fn closed_until(&self) -> Option<Instant> {
        *self
            .closed_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a turn is held or awaited, was held within the last minute, or is currently not
    /// allowed.
    fn is_wanted(&self) -> bool {
        let is_recent = |started: LastStart| {
            started.is_some_and(|last| last.elapsed() < Duration::from_secs(60))
        };
        self.lane
            .try_lock()
            .map_or(true, |started| is_recent(*started))
            || self
                .closed_until()
                .is_some_and(|until| until > Instant::now())
    }
}

/// What turns are counted by: a host, whatever its scheme and port; for an IP address or this
/// machine each port, because there every port is a separate server.
fn key(url: &Url) -> String {
    match url.host() {
        Some(url::Host::Domain(name)) if !is_loopback(url) => name.trim_end_matches('.').to_owned(),
        _ => format!(
            "{}:{}",
            url.host_str().unwrap_or_default(),
            url.port_or_known_default().unwrap_or_default()
        ),
    }
}

/// The pause between requests to a host: the author's or the default, and never less than
/// robots.txt demands.
pub(super) fn pace_of(
    url: &Url,
    declared: Option<Duration>,
    crawl_delay: Option<Duration>,
) -> Duration {
    let default = if is_loopback(url) {
        Duration::ZERO
    } else {
        DEFAULT
    };
    declared
        .unwrap_or(default)
        .max(crawl_delay.unwrap_or_default())
        .min(LONGEST)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The pause and up to a quarter more, so that many readers do not beat in time. `random` is from 0
/// to 255.
fn jittered(pace: Duration, random: u8) -> Duration {
    pace.saturating_add(pace.mul_f64(f64::from(random) / 255.0 / 4.0))
}

/// Good enough to spread requests: the standard library seeds every such hasher differently.
fn random() -> u8 {
    RandomState::new().build_hasher().finish().to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn starts_are_apart() {
        let (pacer, begin) = (HostPacer::default(), Instant::now());
        for number in 0..3 {
            drop(
                pacer
                    .turn(&url("https://a.example/x"), Duration::from_secs(4))
                    .await,
            );
            let passed = begin.elapsed().as_secs_f64();
            assert!(
                (4.0 * f64::from(number)..=5.1 * f64::from(number)).contains(&passed),
                "{passed}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn other_hosts_do_not_wait() {
        let (pacer, begin) = (HostPacer::default(), Instant::now());
        let mut held = Vec::new();
        for text in [
            "https://a.example/",
            "https://b.example/",
            "http://127.0.0.1:1/",
            "http://127.0.0.1:2/",
            "http://localhost:1/",
            "http://localhost:2/",
        ] {
            held.push(pacer.turn(&url(text), Duration::from_secs(9)).await);
        }
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_is_one_whatever_its_scheme_and_port() {
        let (pacer, begin) = (HostPacer::default(), Instant::now());
        for (number, text) in (0_u32..).zip([
            "https://a.example/",
            "http://a.example/",
            "https://a.example:8443/",
            "https://a.example./",
        ]) {
            drop(pacer.turn(&url(text), Duration::from_secs(4)).await);
            assert!(
                begin.elapsed() >= 4 * number * Duration::from_secs(1),
                "{text}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asks_to_be_left_alone_is_by_all() {
        let (pacer, begin) = (HostPacer::default(), Instant::now());
        pacer.leave_alone(&url("https://a.example/x"), Duration::from_secs(30));
        // A shorter wish does not shorten a longer one.
        pacer.leave_alone(&url("https://a.example/z"), Duration::from_secs(5));
        drop(pacer.turn(&url("https://b.example/"), Duration::ZERO).await);
        assert_eq!(begin.elapsed(), Duration::ZERO);
        drop(pacer.turn(&url("http://a.example/y"), Duration::ZERO).await);
        assert!(begin.elapsed() >= Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time() {
        let pacer = Arc::new(HostPacer::default());
        let first = pacer.turn(&url("https://a.example/"), Duration::ZERO).await;
        let waiting = Arc::clone(&pacer);
        let second = tokio::spawn(async move {
            drop(
                waiting
                    .turn(&url("https://a.example/other"), Duration::ZERO)
                    .await,
            );
            Instant::now()
        });
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!second.is_finished());
        let freed = Instant::now();
        drop(first);
        assert!(second.await.unwrap() >= freed);
    }

    #[test]
    fn the_slowest_wish_counts() {
        let (second, ten) = (Duration::from_secs(1), Some(Duration::from_secs(10)));
        assert_eq!(pace_of(&url("https://a.example/"), None, None), second);
        assert_eq!(
            pace_of(&url("https://a.example/"), Some(Duration::ZERO), None),
            Duration::ZERO
        );
        assert_eq!(
            pace_of(&url("https://a.example/"), Some(second), ten),
            Duration::from_secs(10)
        );
        assert_eq!(
            pace_of(&url("https://a.example/"), Some(Duration::MAX), None),
            LONGEST
        );
        for text in [
            "http://localhost:80/",
            "http://127.0.0.1:9/",
            "http://[::1]/",
        ] {
            assert_eq!(pace_of(&url(text), None, None), Duration::ZERO);
        }
    }

    #[test]
    fn jitter_adds_a_quarter_at_most() {
        assert_eq!(jittered(Duration::from_secs(4), 0), Duration::from_secs(4));
        assert_eq!(
            jittered(Duration::from_secs(4), 255),
            Duration::from_secs(5)
        );
        assert_eq!(jittered(Duration::MAX, 0), Duration::MAX);
    }
}
