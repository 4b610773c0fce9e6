//! Which jobs go on under another id, and which have lost theirs: one to one, the same whatever the
//! order in which ads came.

use super::{IdentityGuards, JobSketch};
use crate::Hash;
use crate::span::Share;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use uuid::Uuid;

/// An ad whose content is new, beside the job that its id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedAd {
    /// The source's id.
    pub ad: String,
    /// What it is recognised by.
    pub key: Option<Hash>,
    /// Hash of its description.
    pub text: Option<Hash>,
    /// What a person recognises it by.
    pub sketch: JobSketch,
    /// Hash of that and of its description: what a decision about it is bound to.
    pub mark: Hash,
    /// The job that its id stands for.
    pub own: Option<OwnJob>,
}

/// The job that the id of an ad stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnJob {
    /// The job.
    pub job: Uuid,
    /// Whether it is open.
    pub is_open: bool,
    /// Whether the ad is still recognised as it.
    pub is_same: bool,
    /// Why the ad cannot be it, if it cannot.
    pub unlike: Option<String>,
    /// Whether the ad describes it in the same words.
    pub is_described_alike: bool,
    /// What a person recognises the job by.
    pub sketch: JobSketch,
}

/// An open job that its own id may no longer stand for: not listed any more, or listed with other
/// content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmatchedJob {
    /// The job.
    pub job: Uuid,
    /// The id that stood for it.
    pub ad: String,
    /// Whether it was missing from the read before already: the last one to be looked for.
    pub was_missing: bool,
    /// What it is recognised by.
    pub key: Hash,
    /// Hash of its description.
    pub text: Option<Hash>,
}

/// A job that goes on under another id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobMove {
    /// The new id.
    pub to: String,
    /// The job.
    pub job: Uuid,
    /// The id before.
    pub from: String,
}

/// A job whose id was given to another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DisplacedJob {
    /// The id.
    pub ad: String,
    /// The job that it stood for.
    pub job: Uuid,
    /// Whether that was open.
    pub is_open: bool,
    /// Why the id stands for another job now.
    pub why: String,
    /// Hash of the content that it came with.
    pub mark: Hash,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityDecision {
    /// Jobs that go on under another id.
    pub moves: Vec<JobMove>,
    /// Jobs that have lost their id.
    pub displaced: Vec<DisplacedJob>,
}

impl IdentityDecision {
    /// The ads that it is about.
    pub fn ads(&self) -> BTreeSet<&str> {
        self.moves
            .iter()
            .map(|one| one.to.as_str())
            .chain(self.displaced.iter().map(|one| one.ad.as_str()))
            .collect()
    }

    /// How many open jobs would be archived.
    pub fn archives(&self) -> i64 {
        self.archives_beyond(&BTreeSet::new())
    }

    /// How many of them are of ads that none of these names with the content that they have now.
    pub fn archives_beyond(&self, named: &BTreeSet<(&str, &str)>) -> i64 {
        let is_named =
            |one: &DisplacedJob| named.contains(&(one.ad.as_str(), one.mark.to_string().as_str()));
        let others = self
            .displaced
            .iter()
            .filter(|one| one.is_open && !is_named(one));
        i64::try_from(others.count()).unwrap_or(i64::MAX)
    }

    /// Every ad that it is about, and those that came with other content and are taken for their
    /// jobs, each with what becomes of it; in the order of ids.
    pub fn sorts<'d>(
        &'d self,
        arrivals: &'d [ArrivedAd],
    ) -> Vec<(&'d ArrivedAd, IdentityFate<'d>)> {
        let moves: BTreeMap<&str, &JobMove> = self
            .moves
            .iter()
            .map(|one| (one.to.as_str(), one))
            .collect();
        let displaced: BTreeMap<&str, &DisplacedJob> = self
            .displaced
            .iter()
            .map(|one| (one.ad.as_str(), one))
            .collect();
        let sort = |ad: &'d ArrivedAd| {
            let is_in_doubt = ad.own.as_ref().is_some_and(|own| !own.is_same);
            match (displaced.get(ad.ad.as_str()), moves.get(ad.ad.as_str())) {
                (Some(displaced), _) => Some(IdentityFate::Archive(displaced)),
                (None, Some(moved)) => Some(IdentityFate::Move(moved)),
                (None, None) => is_in_doubt.then_some(IdentityFate::Update),
            }
        };
        let mut all: Vec<(&ArrivedAd, IdentityFate)> = arrivals
            .iter()
            .filter_map(|ad| Some((ad, sort(ad)?)))
            .collect();
        all.sort_by(|(one, _), (other, _)| one.ad.cmp(&other.ad));
        all
    }
}

/// What becomes of an ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityFate<'d> {
    /// Its job is archived, and it is a job of its own.
    Archive(&'d DisplacedJob),
    /// It is a job that had another id.
    Move(&'d JobMove),
    /// It is an update of its job.
    Update,
}

/// Decides; `open` jobs were in the complete read before.
pub fn decide(
    guards: &IdentityGuards,
    arrivals: &[ArrivedAd],
    adrift: &[UnmatchedJob],
    open: i64,
) -> IdentityDecision {
    let mut moves = pairs(arrivals, adrift);
    moves.sort();
    if !guards
        .renumbered
        .is_some_and(|share| reaches(share, moves.len(), open))
    {
        moves.clear();
    }
    let mut decision = IdentityDecision {
        displaced: displaced(arrivals, &moves),
        moves,
    };
    if guards.follows_the_many() && guards.at_most.exceeded_by(decision.archives(), open) {
        follow_the_many(arrivals, &mut decision);
    }
    decision.displaced.sort();
    decision
}

/// A board that has given most of its ids to other jobs has not edited the rest of them in the same
/// night: they are alike by chance, or by template. Only where a person is asked anyway.
fn follow_the_many(arrivals: &[ArrivedAd], decision: &mut IdentityDecision) {
    let sorted: BTreeSet<String> = decision.ads().into_iter().map(str::to_owned).collect();
    let goes_on: BTreeSet<Uuid> = decision.moves.iter().map(|one| one.job).collect();
    let is_left =
        |own: &&OwnJob| !own.is_same && !own.is_described_alike && !goes_on.contains(&own.job);
    let left: Vec<(&ArrivedAd, &OwnJob)> = arrivals
        .iter()
        .filter(|ad| !sorted.contains(&ad.ad))
        .filter_map(|ad| Some((ad, ad.own.as_ref().filter(is_left)?)))
        .collect();
    let (many, all) = (
        decision.displaced.len(),
        decision.displaced.len() + left.len(),
    );
    if many * 2 > all {
        let why = format!("like {many} of the {all} ids whose content changed");
        decision
            .displaced
            .extend(left.into_iter().map(|(ad, own)| lost(ad, own, why.clone())));
    }
}

fn lost(ad: &ArrivedAd, own: &OwnJob, why: String) -> DisplacedJob {
    DisplacedJob {
        ad: ad.ad.clone(),
        job: own.job,
        is_open: own.is_open,
        why,
        mark: ad.mark,
    }
}

fn reaches(share: Share, found: usize, open: i64) -> bool {
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts of ads are far below 2^52"
    )]
    let enough = found as f64 >= share.0 * open as f64;
    found >= Share::BINDS_FROM && enough
}

/// Ads and jobs that are recognised as the same, one to one: those of the same description first,
/// then in the order of their ids; jobs that were listed until now before those that had been
/// missing.
fn pairs(arrivals: &[ArrivedAd], adrift: &[UnmatchedJob]) -> Vec<JobMove> {
    let mut groups: BTreeMap<Hash, (Vec<&ArrivedAd>, Vec<&UnmatchedJob>)> = BTreeMap::new();
    for job in adrift {
        groups.entry(job.key).or_default().1.push(job);
    }
    for ad in arrivals
        .iter()
        .filter(|ad| ad.own.as_ref().is_none_or(|own| !own.is_same))
    {
        if let Some(group) = ad.key.and_then(|key| groups.get_mut(&key)) {
            group.0.push(ad);
        }
    }
    groups
        .into_values()
        .flat_map(|(ads, jobs)| pair(ads, jobs))
        .collect()
}

fn pair(mut ads: Vec<&ArrivedAd>, mut jobs: Vec<&UnmatchedJob>) -> Vec<JobMove> {
    ads.sort_by(|one, other| one.ad.cmp(&other.ad));
    jobs.sort_by(|one, other| (one.was_missing, &one.ad).cmp(&(other.was_missing, &other.ad)));
    // A board may give thousands of ads one title: each is looked up, and not compared with all.
    let mut by_text: BTreeMap<Option<Hash>, VecDeque<&UnmatchedJob>> = BTreeMap::new();
    for job in &jobs {
        by_text.entry(job.text).or_default().push_back(job);
    }
    let mut moves = Vec::new();
    ads.retain(|ad| {
        match ad
            .text
            .and_then(|text| by_text.get_mut(&Some(text))?.pop_front())
        {
            Some(job) => {
                moves.push(moved(ad, job));
                false
            }
            None => true,
        }
    });
    let left: BTreeSet<Uuid> = by_text.into_values().flatten().map(|job| job.job).collect();
    moves.extend(
        ads.into_iter()
            .zip(jobs.into_iter().filter(|job| left.contains(&job.job)))
            .map(|(ad, job)| moved(ad, job)),
    );
    moves
}

fn moved(ad: &ArrivedAd, job: &UnmatchedJob) -> JobMove {
    JobMove {
        to: ad.ad.clone(),
        job: job.job,
        from: job.ad.clone(),
    }
}

/// The jobs of ads that are other jobs now, unless these go on elsewhere.
fn displaced(arrivals: &[ArrivedAd], moves: &[JobMove]) -> Vec<DisplacedJob> {
    let taken: BTreeSet<&str> = moves.iter().map(|one| one.to.as_str()).collect();
    let goes_on: BTreeSet<Uuid> = moves.iter().map(|one| one.job).collect();
    let all = arrivals.iter().filter_map(|ad| {
        let own = ad.own.as_ref().filter(|own| !goes_on.contains(&own.job))?;
        let why = if taken.contains(ad.ad.as_str()) {
            Some("a job known by another id".to_owned())
        } else {
            own.unlike.clone()
        };
        Some(lost(ad, own, why?))
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::IdentitySpec;
    use weir_yaml::diagnostic::Diagnostics;

    fn guards(yaml: &str) -> IdentityGuards {
        let mut out = Diagnostics::new();
        let spec: IdentitySpec = weir_yaml::yaml::read("x", yaml.as_bytes(), &mut out).unwrap();
        spec.compile(Share(0.2), &mut out)
    }

    fn job(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn hash(text: &str) -> Hash {
        Hash::of(text.as_bytes())
    }

    fn new(ad: &str, key: &str) -> ArrivedAd {
        ArrivedAd {
            ad: ad.into(),
            key: Some(hash(key)),
            text: None,
            sketch: JobSketch::default(),
            mark: hash(key),
            own: None,
        }
    }

    fn was(ad: &str, key: &str, own: u128, unlike: bool) -> ArrivedAd {
        let own = OwnJob {
            job: job(own),
            is_open: true,
            is_same: false,
            unlike: unlike.then(|| "title 3% alike".into()),
            is_described_alike: false,
            sketch: JobSketch::default(),
        };
        ArrivedAd {
            own: Some(own),
            ..new(ad, key)
        }
    }

    fn adrift(n: u128, ad: &str, key: &str) -> UnmatchedJob {
        UnmatchedJob {
            job: job(n),
            ad: ad.into(),
            was_missing: false,
            key: hash(key),
            text: None,
        }
    }

    fn told(decision: &IdentityDecision) -> (Vec<String>, Vec<String>) {
        let moves = decision
            .moves
            .iter()
            .map(|one| format!("{} {}->{}", one.job.as_u128(), one.from, one.to));
        (
            moves.collect(),
            decision
                .displaced
                .iter()
                .map(|one| format!("{} {}", one.job.as_u128(), one.ad))
                .collect(),
        )
    }

    const ANY: &str = "renumbered: { share: 0% }";

    #[test]
    fn a_list_whose_ids_are_places_moves_up_and_loses_nothing() {
        // Job 1 left; all others moved up by one place, and a new one came last.
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let arrivals: Vec<ArrivedAd> = (1..7)
            .map(|n| was(&n.to_string(), names[n as usize], n, true))
            .collect();
        let jobs: Vec<UnmatchedJob> = (1..7)
            .map(|n| adrift(n, &n.to_string(), names[n as usize - 1]))
            .collect();
        let (moves, displaced) = told(&decide(&guards(ANY), &arrivals, &jobs, 6));
        assert_eq!(moves, ["2 2->1", "3 3->2", "4 4->3", "5 5->4", "6 6->5"]);
        assert_eq!(
            displaced,
            ["1 1"],
            "the job that left has lost its id; the last place is a new job, its own goes on elsewhere"
        );
    }

    #[test]
    fn too_few_are_no_new_numbering() {
        let arrivals: Vec<ArrivedAd> = (0..6)
            .map(|n| new(&format!("n{n}"), &n.to_string()))
            .collect();
        let jobs: Vec<UnmatchedJob> = (0..6)
            .map(|n| adrift(n, &format!("o{n}"), &n.to_string()))
            .collect();
        let moved = |open: i64| {
            decide(
                &guards("renumbered: { share: 50% }"),
                &arrivals,
                &jobs,
                open,
            )
            .moves
            .len()
        };
        assert_eq!((moved(12), moved(13)), (6, 0));
        assert!(
            decide(&guards(ANY), &arrivals[..4], &jobs[..4], 4)
                .moves
                .is_empty(),
            "four of four may be chance"
        );
        assert!(
            decide(&guards("recycled: {}"), &arrivals, &jobs, 6)
                .moves
                .is_empty()
        );
    }

    #[test]
    fn of_two_that_look_the_same_the_description_decides_and_then_the_order() {
        let mut arrivals: Vec<ArrivedAd> = ["x1", "x2", "x3", "x4", "x5"]
            .map(|ad| new(ad, "same"))
            .to_vec();
        let mut jobs: Vec<UnmatchedJob> = (1..6)
            .map(|n| adrift(n, &format!("o{n}"), "same"))
            .collect();
        arrivals[0].text = Some(hash("t"));
        jobs[3].text = Some(hash("t"));
        let decision = decide(&guards(ANY), &arrivals, &jobs, 5);
        assert_eq!(
            told(&decision).0,
            ["4 o4->x1", "1 o1->x2", "2 o2->x3", "3 o3->x4", "5 o5->x5"]
        );
        arrivals.reverse();
        jobs.rotate_left(2);
        assert_eq!(decide(&guards(ANY), &arrivals, &jobs, 5), decision);
    }

    #[test]
    fn a_job_that_had_been_missing_already_yields_to_one_of_the_same_words() {
        let arrivals: Vec<ArrivedAd> = (1..6)
            .map(|n| new(&format!("x{n}"), &n.to_string()))
            .collect();
        let mut jobs: Vec<UnmatchedJob> = (1..6)
            .map(|n| adrift(n, &format!("o{n}"), &n.to_string()))
            .collect();
        jobs.push(UnmatchedJob {
            was_missing: true,
            ..adrift(9, "a", "3")
        });
        assert_eq!(
            told(&decide(&guards(ANY), &arrivals, &jobs, 5)).0[2],
            "3 o3->x3"
        );
        jobs.remove(2);
        assert_eq!(
            told(&decide(&guards(ANY), &arrivals, &jobs, 5)).0[2],
            "9 a->x3",
            "it is found again if it is alone"
        );
    }

    #[test]
    fn an_id_of_another_job_displaces_the_first_without_any_new_numbering() {
        let arrivals = [
            was("1", "x", 1, true),
            was("2", "y", 2, false),
            new("3", "z"),
        ];
        assert_eq!(
            told(&decide(&guards("recycled: {}"), &arrivals, &[], 2)).1,
            ["1 1"]
        );
    }

    #[test]
    fn where_most_ids_stand_for_other_jobs_the_rest_are_no_edits() {
        let board = |others: u128| -> Vec<ArrivedAd> {
            (0..10)
                .map(|n| was(&n.to_string(), "x", n, n < others))
                .collect()
        };
        let archived = |others: u128, open: i64| {
            decide(&guards("recycled: {}"), &board(others), &[], open)
                .displaced
                .len()
        };
        assert_eq!(
            [archived(6, 10), archived(5, 10), archived(6, 100)],
            [10, 5, 6]
        );
        let mut arrivals = board(6);
        arrivals[9].own.as_mut().unwrap().is_described_alike = true;
        let decision = decide(&guards("recycled: {}"), &arrivals, &[], 10);
        assert_eq!(
            decision.displaced.len(),
            9,
            "one that is described in the same words is the same"
        );
        let sorts: Vec<bool> = decision
            .sorts(&arrivals)
            .iter()
            .map(|(_, sort)| *sort == IdentityFate::Update)
            .collect();
        assert_eq!(
            sorts,
            [[false; 9].as_slice(), &[true]].concat(),
            "every id with other content is shown, whatever becomes of it"
        );
        assert_eq!(
            decide(&guards("recycled: { title: 40% }"), &board(6), &[], 10)
                .displaced
                .len(),
            6,
            "a share that is written decides alone"
        );
    }

    #[test]
    fn a_word_on_an_ad_is_none_on_what_it_says_later() {
        let decision = decide(
            &guards("recycled: {}"),
            &[was("1", "x", 1, true), was("2", "y", 2, true)],
            &[],
            2,
        );
        let beyond =
            |key: &str| decision.archives_beyond(&[("1", hash(key).to_string().as_str())].into());
        assert_eq!(["x", "y"].map(beyond), [1, 2]);
    }
}
