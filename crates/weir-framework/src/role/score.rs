//! How near a title is to each role.

use super::bridge::BridgeScratch;
use super::index::FrameworkIndex;
use super::postings::TouchedSums;
use super::related::{LEAST_LETTERS, shortened};
use super::tuning::ScoreTuning;
use crate::title::CleanTitle;
use crate::words::title_stems;
use std::cell::RefCell;

/// The stems of a title, with what each counts.
#[derive(Debug, Default)]
pub(super) struct StemQuery {
    /// Number and factor, by number.
    pub(super) stems: Vec<(u32, f32)>,
    /// How many stems the title has, known or not.
    pub(super) words: usize,
    /// How many of them no framework knows.
    pub(super) unknown: usize,
}

/// Roles by how probable they are.
#[derive(Debug, Default)]
pub(super) struct RoleRanking {
    posterior: Vec<f32>,
    /// The best overlap with a label of each role.
    overlaps: Vec<f32>,
    /// The label with it.
    best_labels: Vec<u32>,
    pub(super) query: StemQuery,
}

impl RoleRanking {
    /// The probability of each role.
    pub(super) fn posterior(&self) -> &[f32] {
        &self.posterior
    }

    pub(super) fn overlap(&self, role: usize) -> f32 {
        self.overlaps.get(role).copied().unwrap_or(0.0)
    }

    pub(super) fn best_label(&self, role: usize) -> Option<u32> {
        self.best_labels.get(role).copied().filter(|label| *label != u32::MAX)
    }

    /// The most probable roles, the best first; of equals the first of the framework.
    pub(super) fn top(&self, count: usize) -> Vec<(usize, f32)> {
        let mut best: Vec<(usize, f32)> = Vec::with_capacity(count + 1);
        for (role, p) in self.posterior.iter().enumerate() {
            if best.len() == count && best.last().is_some_and(|(_, least)| *least >= *p) {
                continue;
            }
            let at = best.partition_point(|(_, known)| *known >= *p);
            best.insert(at, (role, *p));
            best.truncate(count);
        }
        best
    }
}

/// Room to work in, one for each thread.
#[derive(Default)]
struct ScoreScratch {
    sums: TouchedSums,
    bridge: BridgeScratch,
    weighed: Vec<(u32, f32)>,
}

thread_local! {
    static SCRATCH: RefCell<ScoreScratch> = RefCell::default();
}

impl FrameworkIndex {
    /// Ranks the roles for a title as an ad writes it.
    pub(super) fn rank(&self, title: &str) -> RoleRanking {
        self.rank_clean(&self.cleaner.clean(title, &[]))
    }

    /// Ranks the roles for a cleaned title.
    pub(super) fn rank_clean(&self, title: &CleanTitle) -> RoleRanking {
        let query = self.query(title);
        SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut scratch) => self.rank_query(query, &mut scratch),
            Err(_) => self.rank_query(query, &mut ScoreScratch::default()),
        })
    }

    /// The stems of a title; those of qualifiers count less.
    fn query(&self, title: &CleanTitle) -> StemQuery {
        let mut query = StemQuery::default();
        self.add_stems(&title.full, 1.0, &mut query);
        for qualifier in &title.qualifiers {
            self.add_stems(qualifier, self.tuning.qualifier, &mut query);
        }
        query.stems.sort_by(|left, right| left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)));
        query.stems.dedup_by_key(|(stem, _)| *stem);
        query
    }

    fn add_stems(&self, text: &str, factor: f32, query: &mut StemQuery) {
        for stem in title_stems(text) {
            query.words += 1;
            let known = self.stems.number(&stem).map(|number| (number, factor));
            let near = || Some((self.near_stem(&stem)?, factor * self.tuning.near_word));
            match known.or_else(near) {
                Some(stem) => query.stems.push(stem),
                None => query.unknown += 1,
            }
        }
    }

    /// The stem that differs from an unknown one by a letter.
    fn near_stem(&self, stem: &str) -> Option<u32> {
        if stem.chars().count() < LEAST_LETTERS || self.tuning.near_word == 0.0 {
            return None;
        }
        let same = self.near_stems.get(stem).copied();
        same.or_else(|| shortened(stem).find_map(|form| self.near_stems.get(&form).copied()))
    }

    fn rank_query(&self, query: StemQuery, scratch: &mut ScoreScratch) -> RoleRanking {
        let roles = self.role_count();
        let mut ranking = RoleRanking {
            posterior: vec![0.0; roles],
            overlaps: vec![0.0; roles],
            best_labels: vec![u32::MAX; roles],
            query,
        };
        self.add_overlaps(&mut ranking, scratch);
        self.add_words(&mut ranking);
        self.add_neighbours(&mut ranking, scratch);
        if let Some(bridge) = &self.bridge {
            let scores = &mut ranking.posterior;
            bridge.add(&ranking.query.stems, &self.tuning, &mut scratch.bridge, scores);
        }
        for (score, prior) in ranking.posterior.iter_mut().zip(&self.log_prior) {
            *score += prior;
        }
        softmax(&mut ranking.posterior);
        ranking
    }

    fn weigh(&self, query: &StemQuery, weighed: &mut Vec<(u32, f32)>) -> f32 {
        weighed.clear();
        let weight = |stem: u32| self.weights.get(stem as usize).copied().unwrap_or(0.0);
        weighed.extend(query.stems.iter().map(|(stem, factor)| (*stem, factor * weight(*stem))));
        weighed.iter().map(|(_, weight)| weight).sum()
    }

    /// Adds the families of stems, each stem for what it is alike.
    fn add_related(&self, query: &StemQuery, weighed: &mut Vec<(u32, f32)>) {
        if self.tuning.related == 0.0 {
            return;
        }
        let asked = |stem: u32| query.stems.binary_search_by_key(&stem, |(asked, _)| *asked);
        for (stem, factor) in &query.stems {
            let others = self.related.row(*stem).iter().filter(|(other, _)| asked(*other).is_err());
            weighed.extend(others.map(|(other, alike)| {
                let weight = self.weights.get(*other as usize).copied().unwrap_or(0.0);
                (*other, self.tuning.related * factor * alike * weight)
            }));
        }
    }

    /// The best overlap with a label of each role: shared words over shared words, words of the
    /// title alone and words of the label alone.
    fn add_overlaps(&self, ranking: &mut RoleRanking, scratch: &mut ScoreScratch) {
        let query = self.weigh(&ranking.query, &mut scratch.weighed);
        self.add_related(&ranking.query, &mut scratch.weighed);
        let count = self.labels.len();
        scratch.sums.gather(&self.labels.postings, count, count, &scratch.weighed);
        let ScoreTuning { title_only, label_only, name_bonus, .. } = self.tuning;
        scratch.sums.drain(|label, shared| {
            let at = label as usize;
            let missing = (self.label_sums[at] - shared).max(0.0);
            let extra = (query - shared).max(0.0);
            let bonus = if self.label_is_name[at] { 1.0 + name_bonus } else { 1.0 };
            let overlap = bonus * shared / (shared + title_only * extra + label_only * missing);
            let role = self.labels.owners[at] as usize;
            let best = ranking.overlaps[role];
            if overlap > best || (overlap == best && label < ranking.best_labels[role]) {
                ranking.overlaps[role] = overlap;
                ranking.best_labels[role] = label;
            }
        });
        for (score, overlap) in ranking.posterior.iter_mut().zip(&ranking.overlaps) {
            *score += self.tuning.overlap * overlap;
        }
    }

    /// Words of the title in any label of a role, and in its description and groups.
    fn add_words(&self, ranking: &mut RoleRanking) {
        let weight = |stem: u32| self.weights.get(stem as usize).copied().unwrap_or(0.0);
        let stems = &ranking.query.stems;
        let all: f32 = stems.iter().map(|(stem, factor)| factor * weight(*stem)).sum();
        let lists = [(&self.breadth, self.tuning.breadth), (&self.context, self.tuning.context)];
        for (list, counts) in lists.into_iter().filter(|(_, counts)| *counts != 0.0 && all > 0.0) {
            for (stem, factor) in stems {
                let part = counts * factor * weight(*stem) / all;
                for role in list.row(*stem) {
                    ranking.posterior[*role as usize] += part;
                }
            }
        }
    }

    /// Accepted titles vote for their roles, the nearer the more.
    fn add_neighbours(&self, ranking: &mut RoleRanking, scratch: &mut ScoreScratch) {
        if self.neighbours.len() == 0 || self.tuning.neighbours == 0.0 {
            return;
        }
        let query = self.weigh(&ranking.query, &mut scratch.weighed);
        let count = self.neighbours.len();
        scratch.sums.gather(&self.neighbours.postings, count, count, &scratch.weighed);
        let mut near: Vec<(u32, f32)> = Vec::new();
        scratch.sums.drain(|title, shared| {
            let other = self.neighbour_sums[title as usize];
            let overlap = shared / (query + other - shared).max(f32::MIN_POSITIVE);
            near.push((title, overlap));
        });
        near.sort_unstable_by(|l, r| r.1.total_cmp(&l.1).then(l.0.cmp(&r.0)));
        near.truncate(NEIGHBOURS);
        let strength = |overlap: f32| overlap.powi(2);
        let all: f32 = near.iter().map(|(_, overlap)| strength(*overlap)).sum();
        for (title, overlap) in near {
            let role = self.neighbours.owners[title as usize] as usize;
            ranking.posterior[role] +=
                self.tuning.neighbours * strength(overlap) / (all + NEIGHBOUR_DOUBT);
        }
    }
}

/// How many accepted titles vote.
const NEIGHBOURS: usize = 20;

/// What neighbours must outweigh together to count in full.
const NEIGHBOUR_DOUBT: f32 = 0.3;

/// Scores to probabilities.
fn softmax(scores: &mut [f32]) {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - top).exp());
    let all: f32 = scores.iter().sum();
    if all > 0.0 {
        scores.iter_mut().for_each(|score| *score /= all);
    }
}
