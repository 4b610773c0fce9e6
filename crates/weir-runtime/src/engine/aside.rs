//! Why a source gives more or fewer ads than its first stage derives: most of a read is what it was
//! the day before, and is not derived again; what an edit or a decision asks for is derived without
//! being read.
//!
//! It counts, it never decides: nothing that a run does may depend on it.

use std::collections::BTreeMap;
use weir_model::Outcome;
use weir_project::plan::picture::SetAside;
use weir_stage::AdDraft;
use weir_stage::promote::PromoteStage;

/// How many ads of a source a run has derived, by whether the newest read lists them and by what
/// became of them.
#[derive(Debug, Clone, Default)]
pub struct DerivedAds(BTreeMap<(bool, &'static str), i64>);

impl DerivedAds {
    /// The ads of a batch.
    pub(super) fn of(promote: &PromoteStage, drafts: &[AdDraft]) -> DerivedAds {
        let mut derived = DerivedAds::default();
        for draft in drafts {
            *derived
                .0
                .entry((draft.ad.is_listed, promote.outcome(draft).name()))
                .or_default() += 1;
        }
        derived
    }

    /// Adds those of another batch.
    pub(super) fn add(&mut self, other: &DerivedAds) {
        other
            .0
            .iter()
            .for_each(|(of, count)| *self.0.entry(*of).or_default() += count);
    }

    /// Why other ads were derived than a read gave, which `lists` ads or has brought none: `items`
    /// records came, and `listed` says how the ads that it listed stand now.
    pub(super) fn set_aside(
        &self,
        lists: bool,
        items: i64,
        listed: &BTreeMap<String, i64>,
    ) -> Vec<SetAside> {
        let of = |outcome: &str| listed.get(outcome).copied().unwrap_or_default();
        let left = |outcome: Outcome, why: &str| {
            let derived = self
                .0
                .iter()
                .find(|((listed, name), _)| lists && *listed && *name == outcome.name());
            stayed(
                of(outcome.name()) - derived.map_or(0, |(_, count)| *count),
                why,
            )
        };
        let before = self
            .0
            .iter()
            .filter(|((listed, _), _)| !(lists && *listed))
            .map(|(_, count)| *count)
            .sum();
        [
            stayed(items - listed.values().sum::<i64>(), "repeated"),
            stayed(of(REFUSED), "refused on arrival"),
            left(Outcome::Published, "unchanged"),
            left(Outcome::Held, "held as before"),
            left(Outcome::Rejected, "rejected as before"),
            left(Outcome::Withdrawn, "rejected as before"),
            left(Outcome::Failed, "to be tried later"),
            left(Outcome::Discarded, "ignored, as decided"),
            left(Outcome::Pending, "not derived yet"),
            SetAside {
                joined: true,
                ..stayed(before, "stored before")
            },
        ]
        .into_iter()
        .filter(|one| one.ads > 0)
        .collect()
    }
}

/// The name under which documents that cannot be taken for ads are counted.
const REFUSED: &str = "refused";

fn stayed(ads: i64, why: &str) -> SetAside {
    SetAside {
        why: why.to_owned(),
        ads,
        joined: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_and_what_was_derived_add_up() {
        let derived = DerivedAds(BTreeMap::from([
            ((true, "published"), 4),
            ((true, "held"), 1),
            ((false, "published"), 2),
        ]));
        let listed = [("published", 6), ("held", 3), ("refused", 1)]
            .map(|(name, count)| (name.to_owned(), count));
        let said: Vec<String> = derived
            .set_aside(true, 11, &BTreeMap::from(listed))
            .iter()
            .map(SetAside::line)
            .collect();
        assert_eq!(
            said,
            [
                "−1 repeated",
                "−1 refused on arrival",
                "−2 unchanged",
                "−2 held as before",
                "+2 stored before"
            ]
        );
        // 11 records came, and 5 of them and 2 others were derived.
        assert_eq!(11 - 1 - 1 - 2 - 2 + 2, 7);
    }
}
