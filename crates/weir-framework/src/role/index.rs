//! What is built once for a framework of roles.

use super::accepted::AcceptedTitles;
use super::bridge::BridgeIndex;
use super::calibrate::RoleCalibration;
use super::learnt::LearntTitles;
use super::names::NameTable;
use super::postings::{RowList, StemTable, TitleList};
use super::related::{near_stems, related};
use super::sets;
use super::tuning::ScoreTuning;
use super::weights::{bridge_weights, weights};
use crate::framework::{EntryIndex, Framework};
use crate::title::TitleCleaner;
use std::collections::HashMap;
use std::sync::Arc;

/// What an index is built from.
pub struct IndexParts<'a> {
    /// The framework that decides.
    pub framework: Arc<Framework>,
    /// A second framework of titles, for the bridge.
    pub bridge: Option<&'a Framework>,
    /// What was learnt from titles; by default the titles of the frameworks themselves.
    pub learnt: Option<&'a LearntTitles>,
    /// Titles that people accepted.
    pub accepted: &'a AcceptedTitles,
    /// Places of the project, for cleaning titles.
    pub places: Vec<&'a str>,
    /// The parameters of similarity.
    pub tuning: ScoreTuning,
}

/// A framework of roles, inverted. Built once for a plan, then only read.
pub struct FrameworkIndex {
    pub(super) framework: Arc<Framework>,
    pub(super) names: NameTable,
    /// Accepted titles by their keys.
    pub(super) accepted: HashMap<String, EntryIndex>,
    pub(super) stems: StemTable,
    /// Near misses of stems: a stem without one of its letters, and the stem.
    pub(super) near_stems: HashMap<String, u32>,
    /// Stems that begin alike.
    pub(super) related: RowList<(u32, f32)>,
    /// Entries that are roles.
    pub(super) roles: Vec<EntryIndex>,
    pub(super) labels: TitleList,
    /// The weight of each stem.
    pub(super) weights: Vec<f32>,
    /// The sum of weights of each label.
    pub(super) label_sums: Vec<f32>,
    /// Whether a label is the name of its role.
    pub(super) label_is_name: Vec<bool>,
    /// Roles by the stems of their descriptions and groups.
    pub(super) context: RowList<u32>,
    /// Roles by the stems of all their labels.
    pub(super) breadth: RowList<u32>,
    pub(super) bridge: Option<BridgeIndex>,
    /// Accepted titles as neighbours.
    pub(super) neighbours: TitleList,
    pub(super) neighbour_sums: Vec<f32>,
    pub(super) log_prior: Vec<f32>,
    pub(super) cleaner: TitleCleaner,
    pub(super) calibration: RoleCalibration,
    pub(super) tuning: ScoreTuning,
}

/// How large an index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexSize {
    /// Roles.
    pub roles: usize,
    /// Names and alternative titles.
    pub labels: usize,
    /// Titles of the second framework.
    pub bridge_titles: usize,
    /// Bytes of memory, about.
    pub bytes: usize,
}

impl FrameworkIndex {
    /// Builds an index.
    #[must_use]
    pub fn build(parts: IndexParts<'_>) -> FrameworkIndex {
        let IndexParts { framework, bridge, learnt, accepted, places, tuning } = parts;
        let mut stems = StemTable::default();
        let roles = sets::roles(&framework);
        let labels = sets::label_sets(&framework, &roles, &mut stems);
        let label_is_name = labels.iter().map(|(_, _, name)| *name).collect();
        let second = bridge;
        let bridge_sets =
            bridge.map(|other| sets::label_sets(other, &sets::roles(other), &mut stems));
        let contexts = sets::contexts(&framework, &roles, &mut stems);
        let own: HashMap<String, EntryIndex> = sets::accepted_keys(accepted, &framework);
        let neighbours = sets::neighbour_sets(accepted, &framework, &roles, &mut stems);
        let count = stems.len();
        let labels = TitleList::new(sets::without_flag(labels), count);
        let bridge_titles = bridge_sets.map(|sets| TitleList::new(sets::without_flag(sets), count));
        let weights = weights(&stems, &labels, bridge_titles.as_ref(), learnt, tuning.label_rarity);
        let bridge = bridge_titles.map(|titles| {
            let weights = bridge_weights(&stems, &labels, &titles, learnt);
            let entries = titles.owners.iter().max().map_or(0, |last| *last as usize + 1);
            BridgeIndex::new(titles, weights, entries, &labels, roles.len(), &tuning)
        });
        let sum = |stems: &Vec<u32>| stems.iter().map(|stem| weights[*stem as usize]).sum();
        let label_sums: Vec<f32> = labels.stems.iter().map(sum).collect();
        let neighbours = TitleList::new(neighbours, count);
        let neighbour_sums = neighbours.stems.iter().map(sum).collect();
        let mut index = FrameworkIndex {
            names: NameTable::new(&framework),
            accepted: own,
            near_stems: near_stems(&stems, &labels),
            related: related(&stems, &labels),
            stems,
            label_sums,
            label_is_name,
            breadth: RowList::new(&sets::inverted(&sets::unions(&labels, roles.len()), count)),
            context: RowList::new(&sets::inverted(&contexts, count)),
            neighbours,
            neighbour_sums,
            log_prior: vec![0.0; roles.len()],
            cleaner: TitleCleaner::new(places),
            calibration: learnt.and_then(|learnt| learnt.calibration.clone()).unwrap_or_default(),
            framework,
            roles,
            labels,
            weights,
            bridge,
            tuning,
        };
        index.set_prior(learnt, second);
        index
    }

    /// The framework.
    #[must_use]
    pub fn framework(&self) -> &Framework {
        &self.framework
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> IndexSize {
        let bridge = self.bridge.as_ref();
        let near: usize = self.near_stems.keys().map(|key| key.len() + 40).sum();
        let floats = self.weights.len() + self.label_sums.len() + self.log_prior.len();
        IndexSize {
            roles: self.roles.len(),
            labels: self.labels.len(),
            bridge_titles: bridge.map_or(0, BridgeIndex::title_count),
            bytes: self.labels.bytes()
                + self.neighbours.bytes()
                + self.context.bytes()
                + self.breadth.bytes()
                + self.names.bytes()
                + near
                + self.related.bytes()
                + floats * 4
                + bridge.map_or(0, BridgeIndex::bytes),
        }
    }

    /// How many roles there are.
    pub(super) fn role_count(&self) -> usize {
        self.roles.len()
    }

    /// The id of a role by its number.
    pub(super) fn role_id(&self, role: usize) -> Option<&str> {
        let entry = self.framework.entries.get(*self.roles.get(role)?)?;
        Some(entry.id.as_str())
    }
}
