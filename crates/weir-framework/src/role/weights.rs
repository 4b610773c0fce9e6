//! How much words weigh: rare ones more.

use super::learnt::LearntTitles;
use super::postings::{StemTable, TitleList};
use std::collections::BTreeMap;

/// Rare words weigh more. What was learnt from titles counts; else the frameworks' own titles do.
pub(super) fn weights(
    stems: &StemTable,
    labels: &TitleList,
    bridge: Option<&TitleList>,
    learnt: Option<&LearntTitles>,
    label_rarity: f32,
) -> Vec<f32> {
    let mut weights = vec![0.0; stems.len()];
    let learnt = learnt.filter(|learnt| learnt.titles > 0);
    let part = if bridge.is_some() { label_rarity } else { 1.0 };
    let labelled = |count: usize| part * float(count);
    let own = labelled(labels.len()) + float(bridge.map_or(0, TitleList::len));
    for (stem, at) in stems.iter() {
        let (all, with) = match learnt {
            Some(learnt) => (float(learnt.titles as usize), float(in_learnt(&learnt.stems, stem))),
            None => {
                let bridge = bridge.map_or(0, |bridge| bridge.frequency(at));
                (own, labelled(labels.frequency(at)) + float(bridge))
            }
        };
        weights[at as usize] = rarity(all, with);
    }
    weights
}

/// Weights of the bridge: titles of ads count twice, labels of both frameworks once.
pub(super) fn bridge_weights(
    stems: &StemTable,
    labels: &TitleList,
    titles: &TitleList,
    learnt: Option<&LearntTitles>,
) -> Vec<f32> {
    let mut weights = vec![0.0; stems.len()];
    let learnt_titles = learnt.map_or(0, |learnt| learnt.titles as usize);
    let all = 2 * learnt_titles + labels.len() + titles.len();
    for (stem, at) in stems.iter() {
        let ads = learnt.map_or(0, |learnt| in_learnt(&learnt.stems, stem));
        let with = 2 * ads + labels.frequency(at) + titles.frequency(at);
        weights[at as usize] = rarity(float(all), float(with));
    }
    weights
}

fn in_learnt(stems: &BTreeMap<String, u32>, stem: &str) -> usize {
    stems.get(stem).map_or(0, |count| *count as usize)
}

fn rarity(all: f32, with: f32) -> f32 {
    ((all + 1.0) / (with + 1.0)).ln() + 1.0
}

/// A count as a number to reckon with.
pub(super) fn float(count: usize) -> f32 {
    u16::try_from(count).map_or_else(
        |_| u32::try_from(count).map_or(f32::MAX, |count| f64_to_f32(f64::from(count))),
        f32::from,
    )
}

#[allow(clippy::cast_possible_truncation, reason = "counts lose nothing that matters")]
fn f64_to_f32(value: f64) -> f32 {
    value as f32
}
