//! How often passwords may be tried: after a few that were wrong, whoever tries from one address,
//! or for one name, waits. In memory, bounded, and of this process alone: each process allows its
//! own few.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong passwords that are free, of one address and for one name.
const FREE: [u32; 2] = [10, 20];

/// How long wrong passwords are remembered.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// Addresses and names that are remembered; beyond that the oldest are forgotten.
const MOST: usize = 10_000;

/// Wrong passwords of late.
#[derive(Debug, Default)]
pub(crate) struct LoginPace(Mutex<HashMap<String, (u32, Instant)>>);

fn keys(address: &str, name: &str) -> [String; 2] {
    [format!("address {address}"), format!("name {name}")]
}

impl LoginPace {
    /// How long an address must wait before it may try a name; none if it may.
    pub(super) fn wait(&self, address: &str, name: &str, now: Instant) -> Option<Duration> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = keys(address, name).into_iter().zip(FREE);
        let waits = waits.filter_map(|(key, free)| {
            let (wrong, since) = all.get(&key)?;
            let left = REMEMBERED.checked_sub(now.saturating_duration_since(*since))?;
            (*wrong >= free).then_some(left)
        });
        waits.max()
    }

    /// A password was wrong.
    pub(super) fn failed(&self, address: &str, name: &str, now: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, (_, since)| now.saturating_duration_since(*since) < REMEMBERED);
        }
        if all.len() >= MOST {
            all.clear();
        }
        for key in keys(address, name) {
            let (wrong, since) = all.entry(key).or_insert((0, now));
            if now.saturating_duration_since(*since) >= REMEMBERED {
                (*wrong, *since) = (0, now);
            }
            *wrong += 1;
        }
    }

    /// A password was right.
    pub(super) fn succeeded(&self, address: &str, name: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys(address, name).iter().for_each(|key| {
            all.remove(key);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{FREE, LoginPace, REMEMBERED};
    use std::time::{Duration, Instant};

    #[test]
    fn who_tries_too_often_waits_and_others_do_not() {
        let (pace, begin) = (LoginPace::default(), Instant::now());
        for number in 0..FREE[0] {
            assert_eq!(pace.wait("a", &number.to_string(), begin), None);
            pace.failed("a", &number.to_string(), begin);
        }
        assert_eq!(pace.wait("a", "ada", begin), Some(REMEMBERED));
        assert_eq!(pace.wait("b", "ada", begin), None);
        assert_eq!(
            pace.wait("a", "ada", begin + REMEMBERED + Duration::from_secs(1)),
            None
        );
        // One name from many addresses.
        for number in 0..FREE[1] {
            pace.failed(&format!("far {number}"), "grace", begin);
        }
        assert!(pace.wait("elsewhere", "grace", begin).is_some());
        pace.succeeded("elsewhere", "grace");
        assert_eq!(pace.wait("elsewhere", "grace", begin), None);
    }
}
