//! What is known of the best role and of the groups above it.

use super::calibrate::SureFeatures;
use super::index::FrameworkIndex;
use super::score::RoleRanking;
use super::weights::float;
use crate::framework::EntryIndex;
use crate::title::CleanTitle;
use crate::words::{fold, scan_words, title_stems};

impl FrameworkIndex {
    /// What is known of the best role.
    pub(super) fn features(&self, ranking: &RoleRanking, top: &[(usize, f32)]) -> SureFeatures {
        let (best, probability) = top.first().copied().unwrap_or_default();
        let next = top.get(1).map_or(0.0, |(_, p)| *p);
        self.features_of(ranking, best, probability, probability - next)
    }

    fn features_of(
        &self,
        ranking: &RoleRanking,
        role: usize,
        probability: f32,
        margin: f32,
    ) -> SureFeatures {
        let (title_covered, label_covered) = self.covered(ranking, role);
        let words = float(ranking.query.words.max(1));
        SureFeatures {
            overlap: ranking.overlap(role).min(1.0),
            title_covered,
            label_covered,
            probability,
            margin,
            length: words.ln(),
            unknown: float(ranking.query.unknown) / words,
        }
    }

    /// Which part of the title the best label of a role covers, and the other way round.
    fn covered(&self, ranking: &RoleRanking, role: usize) -> (f32, f32) {
        let Some(label) = ranking.best_label(role) else { return (0.0, 0.0) };
        let stems = &self.labels.stems[label as usize];
        let weight = |(stem, factor): &(u32, f32)| factor * self.weights[*stem as usize];
        let query = &ranking.query.stems;
        let all: f32 = query.iter().map(weight).sum();
        let in_label = |(stem, _): &&(u32, f32)| stems.binary_search(stem).is_ok();
        let shared: f32 = query.iter().filter(in_label).map(weight).sum();
        let label = self.label_sums[label as usize];
        (shared / all.max(f32::MIN_POSITIVE), (shared / label.max(f32::MIN_POSITIVE)).min(1.0))
    }

    /// The groups above a role, from the finest up, with what is known of each.
    pub(super) fn groups(
        &self,
        ranking: &RoleRanking,
        best: usize,
    ) -> Vec<(EntryIndex, SureFeatures)> {
        let lineage: Vec<EntryIndex> = self.framework.lineage(self.roles[best]).skip(1).collect();
        let mut sums = vec![0.0_f32; lineage.len()];
        for (role, p) in ranking.posterior().iter().enumerate().filter(|(_, p)| **p > 1e-6) {
            for above in self.framework.lineage(self.roles[role]).skip(1) {
                if let Some(at) = lineage.iter().position(|group| *group == above) {
                    sums[at] += p;
                }
            }
        }
        let known = |(group, sum): (&EntryIndex, f32)| {
            (*group, self.features_of(ranking, best, sum.min(1.0), 2.0 * sum.min(1.0) - 1.0))
        };
        lineage.iter().zip(sums).map(known).collect()
    }

    /// The words of a title that the best label of a role has.
    pub(super) fn matched_words(
        &self,
        title: &CleanTitle,
        ranking: &RoleRanking,
        role: usize,
    ) -> Vec<String> {
        let Some(label) = ranking.best_label(role) else { return Vec::new() };
        let stems = &self.labels.stems[label as usize];
        let text = fold(&format!("{} {}", title.full, title.qualifiers.join(" ")));
        let matches = |word: &&str| {
            let known = title_stems(word).into_iter().filter_map(|stem| self.stems.number(&stem));
            known.into_iter().any(|stem| stems.binary_search(&stem).is_ok())
        };
        scan_words(&text).into_iter().filter(matches).map(str::to_owned).collect()
    }
}
