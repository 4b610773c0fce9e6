//! A second framework's titles as a bridge: a title and a role are near where both are near the
//! same entries of the other framework.

use super::postings::{RowList, TitleList, TouchedSums};
use super::tuning::ScoreTuning;
use rayon::prelude::*;

/// How many entries of the second framework a role or title is described by.
const MOST: usize = 50;

/// The second framework, inverted.
#[derive(Debug)]
pub(super) struct BridgeIndex {
    titles: TitleList,
    /// Weight of each stem.
    weights: Vec<f32>,
    /// Length of each title.
    norms: Vec<f32>,
    entries: usize,
    /// What more titles have than this is a common word.
    common: usize,
    /// Roles by entry of the second framework, with how near they are.
    roles: RowList<(u32, f32)>,
}

impl BridgeIndex {
    /// Builds the bridge between roles (owner and stems of their labels) and a second framework.
    pub(super) fn new(
        titles: TitleList,
        weights: Vec<f32>,
        entries: usize,
        labels: &TitleList,
        roles: usize,
        tuning: &ScoreTuning,
    ) -> BridgeIndex {
        let length = |stems: &Vec<u32>| {
            stems.iter().map(|stem| weights[*stem as usize].powi(2)).sum::<f32>().sqrt()
        };
        let norms = titles.stems.iter().map(length).collect();
        let common = part(titles.len(), tuning.common);
        let roles_by_entry = RowList::default();
        let mut bridge =
            BridgeIndex { titles, weights, norms, entries, common, roles: roles_by_entry };
        bridge.roles = bridge.roles_by_entry(labels, roles, tuning);
        bridge
    }

    fn roles_by_entry(
        &self,
        labels: &TitleList,
        roles: usize,
        tuning: &ScoreTuning,
    ) -> RowList<(u32, f32)> {
        let near: Vec<Vec<(u32, f32)>> = labels
            .stems
            .par_iter()
            .map_init(BridgeScratch::default, |scratch, stems| {
                let query: Vec<(u32, f32)> = stems.iter().map(|stem| (*stem, 1.0)).collect();
                self.near(&query, tuning, scratch);
                std::mem::take(&mut scratch.near)
            })
            .collect();
        let mut by_role: Vec<Vec<(u32, f32)>> = vec![Vec::new(); roles];
        for (owner, entries) in labels.owners.iter().zip(near) {
            by_role[*owner as usize].extend(entries);
        }
        let mut rows: Vec<Vec<(u32, f32)>> = vec![Vec::new(); self.entries];
        for (role, entries) in by_role.into_iter().enumerate() {
            let role = u32::try_from(role).unwrap_or(u32::MAX);
            for (entry, nearness) in normalised(strongest(summed(entries))) {
                rows[entry as usize].push((role, nearness));
            }
        }
        RowList::new(&rows)
    }

    /// The entries near to weighed stems: the best cosine to a title of each, sharpened.
    fn near(&self, query: &[(u32, f32)], tuning: &ScoreTuning, scratch: &mut BridgeScratch) {
        let weight = |stem: u32| self.weights.get(stem as usize).copied().unwrap_or(0.0);
        scratch.query.clear();
        scratch
            .query
            .extend(query.iter().map(|(stem, factor)| (*stem, factor * weight(*stem).powi(2))));
        let length = |(stem, factor): &(u32, f32)| (factor * weight(*stem)).powi(2);
        let norm = query.iter().map(length).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let count = self.titles.len();
        scratch.sums.gather(&self.titles.postings, count, self.common, &scratch.query);
        scratch.best.resize(self.entries, 0.0);
        let (best, found) = (&mut scratch.best, &mut scratch.found);
        scratch.sums.drain(|title, shared| {
            let entry = self.titles.owners[title as usize];
            let cosine = shared / (norm * self.norms[title as usize]);
            let known = &mut best[entry as usize];
            if *known == 0.0 {
                found.push(entry);
            }
            *known = known.max(cosine);
        });
        let sharp = |entry: u32| {
            let cosine = std::mem::take(&mut best[entry as usize]);
            (entry, (tuning.sharpness * cosine).exp() - 1.0)
        };
        let all: Vec<(u32, f32)> = found.drain(..).map(sharp).collect();
        scratch.near = strongest(normalised(all));
    }

    /// Adds to each role how far it agrees with weighed stems.
    pub(super) fn add(
        &self,
        query: &[(u32, f32)],
        tuning: &ScoreTuning,
        scratch: &mut BridgeScratch,
        scores: &mut [f32],
    ) {
        self.near(query, tuning, scratch);
        for (entry, nearness) in &scratch.near {
            for (role, agreement) in self.roles.row(*entry) {
                scores[*role as usize] += tuning.bridge * nearness * agreement;
            }
        }
    }

    pub(super) fn title_count(&self) -> usize {
        self.titles.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let floats = self.weights.len() + self.norms.len();
        self.titles.bytes() + self.roles.bytes() + floats * 4
    }
}

/// A part of a number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part is not more")]
fn part(all: usize, part: f32) -> usize {
    (super::weights::float(all) * part.clamp(0.0, 1.0)) as usize
}

/// Room to work in.
#[derive(Debug, Default)]
pub(super) struct BridgeScratch {
    sums: TouchedSums,
    query: Vec<(u32, f32)>,
    best: Vec<f32>,
    found: Vec<u32>,
    near: Vec<(u32, f32)>,
}

/// One sum for each entry, in the order of entries.
fn summed(mut entries: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    entries.sort_by_key(|(entry, _)| *entry);
    let mut sums: Vec<(u32, f32)> = Vec::new();
    for (entry, nearness) in entries {
        match sums.last_mut() {
            Some((last, sum)) if *last == entry => *sum += nearness,
            _ => sums.push((entry, nearness)),
        }
    }
    sums
}

/// The strongest entries; of equals the first.
fn strongest(mut entries: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    let order = |left: &(u32, f32), right: &(u32, f32)| {
        right.1.total_cmp(&left.1).then(left.0.cmp(&right.0))
    };
    if entries.len() > MOST {
        entries.select_nth_unstable_by(MOST, order);
        entries.truncate(MOST);
    }
    entries.sort_unstable_by(order);
    entries
}

/// The entries at length 1.
fn normalised(mut entries: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    let norm = entries.iter().map(|(_, nearness)| nearness * nearness).sum::<f32>().sqrt();
    if norm > 0.0 {
        entries.iter_mut().for_each(|(_, nearness)| *nearness /= norm);
    }
    entries
}
