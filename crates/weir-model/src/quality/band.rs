//! The usual band of a measure, from the days before, and whether today is outside it. Median and
//! median absolute deviation, so that one bad day does not widen it; the same weekday where there
//! are enough of them; the number of ads relative to the days just before, so that growth is usual.

use super::{Measure, MeasureKind, QualityBar};
use crate::span::Share;
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Days that make something usual.
const DAYS: usize = 28;
/// The least number of days that say what is usual: one whole week.
const LEAST_DAYS: usize = 7;
/// The least number of days of one weekday that stand for themselves.
const LEAST_WEEKDAYS: usize = 4;
/// The least number of ads of which a share says something.
const LEAST_ADS: i64 = 10;
/// Median absolute deviations (scaled to standard deviations) that are still usual.
const SPREAD: f64 = 4.0 * 1.4826;
/// Standard deviations of chance that are still usual.
const CHANCE: f64 = 3.0;

/// One day of a source: its newest run.
#[derive(Debug, Clone)]
pub struct MeasuredDay {
    /// The date, in the zone of the source.
    pub date: NaiveDate,
    /// How many ads it gave, if it was read whole.
    pub ads: Option<i64>,
    /// So many ads of so many, by what was measured.
    pub measures: HashMap<(MeasureKind, String), (i64, i64)>,
}

/// What is to be compared.
#[derive(Debug, Clone)]
pub struct MeasuredToday {
    /// The date, in the zone of the source.
    pub date: NaiveDate,
    /// How many ads it gave, if it was read whole.
    pub ads: Option<i64>,
    /// Everything else.
    pub measures: Vec<Measure>,
}

/// One measure beside what is usual.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedMeasure {
    /// What was measured.
    #[serde(flatten)]
    pub measure: Measure,
    /// The share of today; of the volume the number of ads.
    pub today: f64,
    /// What is usual, where there are enough days to tell.
    pub usual: Option<f64>,
    /// The share that the YAML asks for, if today is below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// Whether it is outside its band.
    pub is_unusual: bool,
    /// How far outside, in bands.
    #[serde(skip)]
    off: f64,
}

/// Compares a day with the days before, newest first. `accepted` are days of which a person has
/// said that they are right.
pub fn compare(
    bar: &QualityBar,
    today: &MeasuredToday,
    days: &[MeasuredDay],
    accepted: &[MeasuredDay],
) -> Vec<ComparedMeasure> {
    let scene = ComparisonScene {
        bar,
        today,
        days,
        accepted,
    };
    let volume = today.ads.map(|ads| scene.volume(ads));
    volume
        .into_iter()
        .chain(today.measures.iter().map(|measure| scene.share(measure)))
        .collect()
}

/// What is outside its band, the farthest first.
pub fn unusual(compared: Vec<ComparedMeasure>) -> Vec<ComparedMeasure> {
    let mut found: Vec<ComparedMeasure> =
        compared.into_iter().filter(|one| one.is_unusual).collect();
    found.sort_by(|one, other| other.off.total_cmp(&one.off));
    found
}

/// Fields that were filled on days before and are not measured any more: not filled at all.
pub fn lost(measures: &[Measure], days: &[MeasuredDay]) -> Vec<Measure> {
    let Some(whole) = measures
        .iter()
        .find(|measure| measure.kind == MeasureKind::Filled)
        .map(|measure| measure.whole)
    else {
        return Vec::new();
    };
    let is_measured = |field: &str| {
        measures
            .iter()
            .any(|measure| measure.kind == MeasureKind::Filled && measure.subject == field)
    };
    let before = days.iter().take(DAYS).flat_map(|day| &day.measures);
    let fields = before
        .filter(|((kind, field), (part, _))| {
            *kind == MeasureKind::Filled && *part > 0 && !is_measured(field)
        })
        .map(|((_, field), _)| field);
    let fields: BTreeMap<&String, ()> = fields.map(|field| (field, ())).collect();
    fields
        .into_keys()
        .map(|field| Measure {
            kind: MeasureKind::Filled,
            subject: field.clone(),
            part: 0,
            whole,
        })
        .collect()
}

struct ComparisonScene<'a> {
    bar: &'a QualityBar,
    today: &'a MeasuredToday,
    days: &'a [MeasuredDay],
    accepted: &'a [MeasuredDay],
}

impl ComparisonScene<'_> {
    fn share(&self, measure: &Measure) -> ComparedMeasure {
        let (kind, today) = (measure.kind, share(measure.part, measure.whole));
        let floor = self.bar.within.0 * kind.least();
        let samples: Vec<(NaiveDate, f64)> = self
            .days
            .iter()
            .filter_map(|day| Some((day.date, share_of(day, measure, LEAST_ADS)?)))
            .collect();
        let accepted = self
            .accepted
            .iter()
            .filter_map(|day| share_of(day, measure, Share::BINDS_FROM))
            .any(|one| is_near(one, today, floor));
        let band = self.band(kind, &samples);
        let usual = band.as_ref().map(|band| band.middle);
        let least = self
            .bar
            .minima
            .iter()
            .find(|(field, _)| kind == MeasureKind::Filled && *field == measure.subject)
            .map(|(_, least)| least.0);
        let least =
            least.filter(|least| measure.whole >= Share::BINDS_FROM && today < *least && !accepted);
        let mut compared = ComparedMeasure {
            measure: measure.clone(),
            today,
            usual,
            least,
            is_unusual: least.is_some(),
            off: 1.0,
        };
        let Some(band) = band.filter(|_| measure.whole >= LEAST_ADS && !accepted) else {
            return compared;
        };
        let chance = CHANCE * (band.middle * (1.0 - band.middle) / float(measure.whole)).sqrt();
        let (off, width) = (
            today - band.middle,
            floor.max(SPREAD * band.spread).max(chance),
        );
        let is_new_usual = samples.len() > LEAST_DAYS
            && samples
                .iter()
                .take(LEAST_DAYS)
                .all(|(_, one)| is_near(*one, today, floor));
        let is_outside = off.abs() > width
            && off.abs() * float(measure.whole) >= float(Share::BINDS_FROM)
            && (off > 0.0 || !kind.only_rises());
        if is_outside && !is_new_usual && !self.is_like_a_weekday(kind, &samples, today, floor) {
            compared.is_unusual = true;
            compared.off = off.abs() / width;
        }
        compared
    }

    /// The number of ads, relative to the days just before it.
    fn volume(&self, ads: i64) -> ComparedMeasure {
        let floor = self.bar.within.0 * MeasureKind::Volume.least();
        let counts: Vec<(NaiveDate, f64)> = self
            .days
            .iter()
            .filter_map(|day| Some((day.date, float(day.ads?))))
            .collect();
        let relative =
            |at: usize, count: f64| trailing(counts.get(at..)?).map(|before| count / before);
        let samples: Vec<(NaiveDate, f64)> = counts
            .iter()
            .enumerate()
            .filter_map(|(at, (date, count))| Some((*date, relative(at + 1, *count)?)))
            .collect();
        let measure = Measure {
            kind: MeasureKind::Volume,
            subject: String::new(),
            part: ads,
            whole: ads,
        };
        let mut compared = ComparedMeasure {
            measure,
            today: float(ads),
            usual: None,
            least: None,
            is_unusual: false,
            off: 0.0,
        };
        let accepted = self
            .accepted
            .iter()
            .filter_map(|day| day.ads)
            .any(|count| is_near(1.0, float(ads) / float(count.max(1)), floor));
        let (Some(band), Some(before)) =
            (self.band(MeasureKind::Volume, &samples), trailing(&counts))
        else {
            // Too few days say what is usual, but half of a board does not go in a day.
            let last = counts.first().map(|(_, count)| *count);
            if let Some(last) = last.filter(|last| !accepted && is_halved(*last, float(ads))) {
                (compared.usual, compared.is_unusual, compared.off) = (Some(last), true, 1.0);
            }
            return compared;
        };
        let usual = band.middle * before;
        // Of what is expected, a person is shown a number that was there.
        compared.usual = nearest(&counts, usual);
        let (today, width) = (float(ads) / before, floor.max(SPREAD * band.spread));
        let is_outside = (today - band.middle).abs() > width
            && (float(ads) - usual).abs() >= float(Share::BINDS_FROM);
        if is_outside
            && !accepted
            && !self.is_like_a_weekday(MeasureKind::Volume, &samples, today, floor)
        {
            compared.is_unusual = true;
            compared.off = (today - band.middle).abs() / width;
        }
        compared
    }

    /// The band of samples, newest first: of the same weekday, if there are enough; nothing if
    /// there are too few at all.
    fn band(&self, kind: MeasureKind, samples: &[(NaiveDate, f64)]) -> Option<SampleBand> {
        if samples.len() < LEAST_DAYS {
            return None;
        }
        let weekday: Vec<f64> = self.of_weekday(samples).collect();
        if kind.has_weeks() && weekday.len() >= LEAST_WEEKDAYS {
            return Some(SampleBand::of(weekday));
        }
        Some(SampleBand::of(
            samples.iter().take(DAYS).map(|(_, one)| *one).collect(),
        ))
    }

    /// Where there are too few days of this weekday to stand for themselves, one that was like
    /// today is enough.
    fn is_like_a_weekday(
        &self,
        kind: MeasureKind,
        samples: &[(NaiveDate, f64)],
        today: f64,
        floor: f64,
    ) -> bool {
        let mut weekday = self.of_weekday(samples);
        kind.has_weeks()
            && self.of_weekday(samples).count() < LEAST_WEEKDAYS
            && weekday.any(|one| is_near(one, today, floor))
    }

    fn of_weekday(&self, samples: &[(NaiveDate, f64)]) -> impl Iterator<Item = f64> {
        samples
            .iter()
            .filter(|(date, _)| date.weekday() == self.today.date.weekday())
            .map(|(_, one)| *one)
    }
}

/// Where samples lie, and how far apart.
struct SampleBand {
    middle: f64,
    spread: f64,
}

impl SampleBand {
    fn of(samples: Vec<f64>) -> SampleBand {
        let middle = median(samples.clone());
        SampleBand {
            middle,
            spread: median(
                samples
                    .into_iter()
                    .map(|one| (one - middle).abs())
                    .collect(),
            ),
        }
    }
}

/// Whether half of the ads of a read or more are gone in the next, of so many that it says
/// something.
fn is_halved(before: f64, now: f64) -> bool {
    before >= float(LEAST_ADS) && now * 2.0 <= before
}

/// The count of a day before that is nearest to a number.
fn nearest(counts: &[(NaiveDate, f64)], number: f64) -> Option<f64> {
    let counts = counts.iter().take(DAYS).map(|(_, count)| *count);
    counts.min_by(|one, other| (one - number).abs().total_cmp(&(other - number).abs()))
}

/// The median of a week before, if there are at least three days.
fn trailing(counts: &[(NaiveDate, f64)]) -> Option<f64> {
    let week: Vec<f64> = counts.iter().take(7).map(|(_, count)| *count).collect();
    (week.len() >= 3)
        .then(|| median(week))
        .filter(|median| *median > 0.0)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    let at = |index: usize| samples.get(index).copied().unwrap_or_default();
    let half = samples.len() / 2;
    if samples.len() % 2 == 1 {
        at(half)
    } else {
        f64::midpoint(at(half.saturating_sub(1)), at(half))
    }
}

/// The share of a measure on a day before; nothing where fewer than `least` ads were looked at.
/// What a person has accepted counts from as few ads as a declared share does, else its release
/// would be none.
fn share_of(day: &MeasuredDay, measure: &Measure, least: i64) -> Option<f64> {
    let found = day
        .measures
        .get(&(measure.kind, measure.subject.clone()))
        .copied();
    let none = || (measure.kind.is_sparse() && !day.measures.is_empty()).then_some((0, LEAST_ADS));
    found
        .or_else(none)
        .filter(|(_, whole)| *whole >= least)
        .map(|(part, whole)| share(part, whole))
}

fn is_near(one: f64, other: f64, floor: f64) -> bool {
    (one - other).abs() <= floor
}

fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole)
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of ads are far below 2^52"
)]
fn float(count: i64) -> f64 {
    count as f64
}

/// A share in words: `96 %`, `0.4 %`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

impl ComparedMeasure {
    /// What was measured, in words: `remuneration filled`.
    pub fn name(&self) -> String {
        let subject = &self.measure.subject;
        match self.measure.kind {
            MeasureKind::Volume => "ads".to_owned(),
            MeasureKind::Filled => format!("{subject} filled"),
            MeasureKind::Refused => format!("{subject} rejected"),
            MeasureKind::Unread => format!("{subject} unreadable"),
            MeasureKind::Fails => format!("rule {subject} rejects"),
            MeasureKind::Warns => format!("rule {subject} warns about"),
            MeasureKind::Updated => "jobs updated".to_owned(),
            MeasureKind::Flips => format!("{subject} flips back"),
        }
    }

    /// A value of it in words.
    pub fn shown(&self, value: f64) -> String {
        if self.measure.kind == MeasureKind::Volume {
            format!("{value:.0}")
        } else {
            percent(value)
        }
    }

    /// All of it in words: `remuneration filled 3 % today, usually 96 %`.
    pub fn words(&self) -> String {
        let name = self.name();
        let today = self.shown(self.today);
        match (self.least, self.usual) {
            (Some(least), None) => {
                format!("{name} {today} today, at least {} required", percent(least))
            }
            (_, Some(usual)) => format!("{name} {today} today, usually {}", self.shown(usual)),
            (None, None) => format!("{name} {today} today"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: i64) -> NaiveDate {
        // A Monday.
        NaiveDate::from_ymd_opt(2026, 6, 1).unwrap() + chrono::Duration::days(day)
    }

    fn day(day: i64, ads: i64, kind: MeasureKind, part: i64, whole: i64) -> MeasuredDay {
        MeasuredDay {
            date: date(day),
            ads: Some(ads),
            measures: HashMap::from([((kind, "x".to_owned()), (part, whole))]),
        }
    }

    /// What is said on day `days`, after days that `of` makes.
    fn said(
        days: i64,
        of: impl Fn(i64) -> (i64, i64),
        kind: MeasureKind,
        today: (i64, i64),
    ) -> Vec<String> {
        let before: Vec<MeasuredDay> = (0..days)
            .rev()
            .map(|n| day(n, 100, kind, of(n).0, of(n).1))
            .collect();
        let measures = vec![Measure {
            kind,
            subject: "x".to_owned(),
            part: today.0,
            whole: today.1,
        }];
        let compared = compare(
            &QualityBar::default(),
            &MeasuredToday {
                date: date(days),
                ads: Some(100),
                measures,
            },
            &before,
            &[],
        );
        unusual(compared)
            .iter()
            .map(ComparedMeasure::words)
            .collect()
    }

    /// What is said of a number of ads, after days that `of` makes.
    fn counted(days: i64, of: impl Fn(i64) -> i64, today: i64) -> Vec<String> {
        let before: Vec<MeasuredDay> = (0..days)
            .rev()
            .map(|n| day(n, of(n), MeasureKind::Filled, 0, 0))
            .collect();
        let compared = compare(
            &QualityBar::default(),
            &MeasuredToday {
                date: date(days),
                ads: Some(today),
                measures: Vec::new(),
            },
            &before,
            &[],
        );
        unusual(compared)
            .iter()
            .map(ComparedMeasure::words)
            .collect()
    }

    #[test]
    fn a_field_that_is_suddenly_empty_is_told_and_a_wobble_is_not() {
        let usual = |n: i64| (326 + n % 3, 340);
        assert_eq!(
            said(14, usual, MeasureKind::Filled, (10, 340)),
            ["x filled 3 % today, usually 96 %"]
        );
        assert_eq!(
            said(14, usual, MeasureKind::Filled, (310, 340)),
            Vec::<String>::new()
        );
        // Too few days, too few ads.
        assert_eq!(
            said(6, usual, MeasureKind::Filled, (10, 340)),
            Vec::<String>::new()
        );
        assert_eq!(
            said(14, |_| (9, 9), MeasureKind::Filled, (0, 9)),
            Vec::<String>::new()
        );
        // A source that is never the same has a wide band.
        assert_eq!(
            said(
                14,
                |n| (100 + 90 * (n % 3), 340),
                MeasureKind::Filled,
                (60, 340)
            ),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_has_lasted_a_week_is_usual() {
        let broken_since = |day: i64| move |n: i64| if n < day { (330, 340) } else { (10, 340) };
        assert_eq!(
            said(20, broken_since(14), MeasureKind::Filled, (10, 340)).len(),
            1
        );
        assert_eq!(
            said(21, broken_since(14), MeasureKind::Filled, (10, 340)),
            Vec::<String>::new()
        );
    }

    #[test]
    fn failures_are_told_when_they_rise_only() {
        assert_eq!(
            said(10, |_| (3, 300), MeasureKind::Fails, (40, 300)),
            ["rule x rejects 13 % today, usually 1 %"]
        );
        assert_eq!(
            said(10, |_| (100, 300), MeasureKind::Fails, (0, 300)),
            Vec::<String>::new()
        );
        // Not kept where there was none.
        assert_eq!(
            said(10, |_| (0, 300), MeasureKind::Flips, (30, 300)),
            ["x flips back 10 % today, usually 0 %"]
        );
    }

    #[test]
    fn weekends_and_growth_are_usual_and_half_a_board_is_not() {
        let week = |n: i64| {
            if date(n).weekday().number_from_monday() >= 6 {
                40
            } else {
                200 + n
            }
        };
        for days in [12, 13, 19, 20, 33, 34, 40, 41, 47] {
            assert_eq!(
                counted(days, week, week(days)),
                Vec::<String>::new(),
                "day {days}"
            );
        }
        let growing = |n: i64| 100 + n * n;
        assert_eq!(counted(40, growing, growing(40)), Vec::<String>::new());
        assert_eq!(counted(40, |_| 340, 120), ["ads 120 today, usually 340"]);
        // Half of a board is reported at once, and once; the usual number was really there.
        assert_eq!(counted(2, |_| 30, 15), ["ads 15 today, usually 30"]);
        assert_eq!(
            counted(3, |n| if n < 2 { 30 } else { 15 }, 15),
            Vec::<String>::new()
        );
        assert_eq!(counted(2, |_| 8, 2), Vec::<String>::new());
        assert_eq!(
            counted(14, |n| 30 + 10 * (n % 2), 12),
            ["ads 12 today, usually 40"]
        );
        // Monday like a Sunday.
        assert_eq!(counted(42, week, 40).len(), 1);
    }

    #[test]
    fn what_a_person_has_accepted_is_usual() {
        let days: Vec<MeasuredDay> = (0..10)
            .rev()
            .map(|n| day(n, 100, MeasureKind::Filled, 90, 100))
            .collect();
        let today = |part: i64| MeasuredToday {
            date: date(10),
            ads: Some(100),
            measures: vec![Measure {
                kind: MeasureKind::Filled,
                subject: "x".to_owned(),
                part,
                whole: 100,
            }],
        };
        let accepted = [day(9, 100, MeasureKind::Filled, 5, 100)];
        let found = |part: i64, accepted: &[MeasuredDay]| {
            unusual(compare(
                &QualityBar::default(),
                &today(part),
                &days,
                accepted,
            ))
            .len()
        };
        assert_eq!(
            [found(3, &[]), found(3, &accepted), found(40, &accepted)],
            [1, 0, 1]
        );
    }

    #[test]
    fn a_declared_share_needs_no_history_and_a_lost_field_is_empty() {
        let bar = QualityBar {
            minima: vec![("x".to_owned(), Share(0.8))],
            ..QualityBar::default()
        };
        let measures = vec![Measure {
            kind: MeasureKind::Filled,
            subject: "x".to_owned(),
            part: 2,
            whole: 6,
        }];
        let compared = unusual(compare(
            &bar,
            &MeasuredToday {
                date: date(0),
                ads: None,
                measures: measures.clone(),
            },
            &[],
            &[],
        ));
        assert_eq!(
            compared[0].words(),
            "x filled 33 % today, at least 80 % required"
        );
        // A person may accept what was asked about, however few the ads.
        let accepted = [day(0, 6, MeasureKind::Filled, 2, 6)];
        assert_eq!(
            unusual(compare(
                &bar,
                &MeasuredToday {
                    date: date(0),
                    ads: None,
                    measures: measures.clone()
                },
                &[],
                &accepted
            ))
            .len(),
            0
        );
        let before = MeasuredDay {
            measures: HashMap::from([((MeasureKind::Filled, "y".to_owned()), (9, 10))]),
            ..day(0, 10, MeasureKind::Filled, 1, 1)
        };
        assert_eq!(
            lost(&measures, &[before]),
            [Measure {
                kind: MeasureKind::Filled,
                subject: "y".to_owned(),
                part: 0,
                whole: 6
            }]
        );
    }
}
