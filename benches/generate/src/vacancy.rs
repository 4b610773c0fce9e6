//! What happens to a vacancy from day to day: put up, edited, taken down, re-posted; listed once,
//! under several ids, or by several sources. Pure: the same vacancy on the same day is the same.

use crate::draw::Draw;
use crate::options::Options;

/// Numbers of vacancies of a day begin here times the day, far above those of day 0.
const DAY_STEP: u64 = 1_000_000_000;

/// One vacancy, named by where it was first put up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vacancy {
    pub institution: u64,
    /// The source that is its home.
    pub source: u64,
    pub number: u64,
}

/// How a vacancy appears on one day in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// How often it has been re-posted under a new id.
    pub generation: u64,
    /// The day of its last edit, or zero.
    pub revision: u64,
    /// The day of its first listing.
    pub since: u64,
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of ads are small"
)]
fn part(of: u64, share: f64) -> u64 {
    (of as f64 * share).round() as u64
}

/// The vacancies that a source is home to, as far as they have been put up by a day.
pub fn put_up(
    options: &Options,
    institution: u64,
    source: u64,
    day: u64,
) -> impl Iterator<Item = Vacancy> + use<> {
    let (ads, new) = (options.ads, part(options.ads, options.new));
    let later = (1..=day).flat_map(move |day| (0..new).map(move |n| day * DAY_STEP + n));
    (0..ads).chain(later).map(move |number| Vacancy {
        institution,
        source,
        number,
    })
}

impl Vacancy {
    /// A stream of numbers of this vacancy for one purpose.
    pub fn draw(&self, options: &Options, purpose: &str) -> Draw {
        Draw::of(
            purpose,
            &[options.seed, self.institution, self.source, self.number],
        )
    }

    /// The day on which it is put up.
    pub fn born(&self) -> u64 {
        self.number / DAY_STEP
    }

    /// How it is listed in its home on a day, if it is.
    pub fn at_home(&self, options: &Options, day: u64) -> Option<Listing> {
        if day < self.born() {
            return None;
        }
        let mut life = self.draw(options, "life");
        let mut now = Some(Listing {
            generation: 0,
            revision: 0,
            since: self.born(),
        });
        let mut comes_back = None;
        for today in self.born() + 1..=day {
            let (gone, back) = (life.happens(options.gone), life.happens(options.reposts));
            let changed = life.happens(options.changed);
            now = match now {
                Some(listing) if gone => {
                    comes_back = back.then_some(listing.generation + 1);
                    None
                }
                Some(listing) if changed => Some(Listing {
                    revision: today,
                    ..listing
                }),
                Some(listing) => Some(listing),
                None => comes_back.take().map(|generation| Listing {
                    generation,
                    revision: 0,
                    since: today,
                }),
            };
        }
        now
    }

    /// How another source lists it on a day: half of them show it a day later, and for good.
    pub fn elsewhere(&self, options: &Options, source: u64, day: u64) -> Option<Listing> {
        let mut copies = self.copies(options, source);
        if !copies.happens(options.across) {
            return None;
        }
        let delay = u64::from(copies.happens(0.5) && self.born() > 0);
        self.at_home(options, day.checked_sub(delay)?)
    }

    /// The stream for its copy in another source.
    pub fn copies(&self, options: &Options, source: u64) -> Draw {
        let at = [
            options.seed,
            self.institution,
            self.source,
            self.number,
            source,
        ];
        Draw::of("copy", &at)
    }

    /// Under how many ids its home lists it, each for another place.
    pub fn places(&self, options: &Options) -> u64 {
        let mut draw = self.draw(options, "places");
        if draw.happens(options.parallel) {
            2 + draw.below(3) as u64
        } else {
            1
        }
    }

    /// What is wrong with it, if anything: one of four faults.
    pub fn fault(&self, options: &Options) -> Option<usize> {
        let mut draw = self.draw(options, "fault");
        draw.happens(options.invalid).then(|| draw.below(4))
    }

    /// Its name in the truth.
    pub fn opening(&self) -> String {
        format!("{}/{}/{}", self.institution, self.source, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Options {
        let line = format!("--out x {line}");
        Options::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
        .unwrap()
    }

    fn listed(options: &Options, day: u64) -> Vec<(u64, Listing)> {
        let all = put_up(options, 0, 0, day);
        all.filter_map(|one| Some((one.number, one.at_home(options, day)?)))
            .collect()
    }

    #[test]
    fn a_board_changes_by_its_shares() {
        let options = options("--ads 10000 --changed 0.02 --gone 0.01 --new 0.01 --reposts 0.5");
        let (before, after) = (listed(&options, 0), listed(&options, 1));
        assert_eq!(before.len(), 10_000);
        let kept = after
            .iter()
            .filter(|(number, _)| *number < DAY_STEP)
            .count();
        let changed = after
            .iter()
            .filter(|(_, listing)| listing.revision == 1)
            .count();
        assert!((9_860..9_940).contains(&kept), "{kept}");
        assert!((150..250).contains(&changed), "{changed}");
        assert_eq!(after.len() - kept, 100);
        let back = listed(&options, 2)
            .iter()
            .filter(|(_, one)| one.generation == 1)
            .count();
        assert!((25..75).contains(&back), "{back}");
    }

    #[test]
    fn copies_elsewhere_follow_the_home() {
        let options = options("--ads 2000 --across 0.3 --gone 0.1 --reposts 0");
        let all: Vec<Vacancy> = put_up(&options, 0, 0, 3).collect();
        let copies = all
            .iter()
            .filter(|one| one.elsewhere(&options, 1, 0).is_some())
            .count();
        assert!((500..700).contains(&copies), "{copies}");
        let is_stale = |one: &&Vacancy| {
            let (copy, before) = (one.elsewhere(&options, 1, 3), one.at_home(&options, 2));
            one.born() < 3 && copy.is_some() && before.is_none()
        };
        assert_eq!(all.iter().filter(is_stale).count(), 0);
    }
}
