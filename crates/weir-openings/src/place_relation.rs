//! How the places of two ads relate. Order of the variants is order of agreement: later ones agree
//! less, and the last three exclude each other.

use crate::place::{NamedPlace, PlaceSet};
use serde::{Deserialize, Serialize};

/// How two sets of places relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceRelation {
    /// Every place of each is a place of the other.
    Equal,
    /// Both are remote, and nothing contradicts it.
    Remote,
    /// The places of one are among those of the other.
    Subset,
    /// Some places are shared, or one names only the region or country of the other.
    Partial,
    /// One of the two says nothing.
    Unknown,
    /// Other cities.
    OtherCity,
    /// Other regions.
    OtherRegion,
    /// Other countries.
    OtherCountry,
}

impl PlaceRelation {
    /// Relates two sets of places.
    pub fn of(one: &PlaceSet, other: &PlaceSet) -> PlaceRelation {
        let remote = one.remote && other.remote;
        if one.places.is_empty() || other.places.is_empty() {
            return if remote { PlaceRelation::Remote } else { PlaceRelation::Unknown };
        }
        let relation = named_relation(&one.places, &other.places);
        match (remote, relation) {
            (true, PlaceRelation::Partial | PlaceRelation::Subset) => PlaceRelation::Remote,
            (false, _) if one.remote != other.remote => softened(relation),
            _ => relation,
        }
    }

    /// Whether the places exclude each other.
    pub fn excludes(self) -> bool {
        self >= PlaceRelation::OtherCity
    }
}

/// One ad is remote, the other is not: an equal place is one of the places of the other.
fn softened(relation: PlaceRelation) -> PlaceRelation {
    match relation {
        PlaceRelation::Equal => PlaceRelation::Subset,
        other => other,
    }
}

fn named_relation(one: &[NamedPlace], other: &[NamedPlace]) -> PlaceRelation {
    let hits = |from: &[NamedPlace], into: &[NamedPlace]| {
        from.iter().filter(|a| into.iter().any(|b| a.relation(b) == PlaceRelation::Equal)).count()
    };
    let (there, back) = (hits(one, other), hits(other, one));
    if there == one.len() && back == other.len() {
        PlaceRelation::Equal
    } else if there == one.len() || back == other.len() {
        PlaceRelation::Subset
    } else if there > 0 {
        PlaceRelation::Partial
    } else {
        let all = one.iter().flat_map(|a| other.iter().map(|b| a.relation(b)));
        all.min().unwrap_or(PlaceRelation::Unknown)
    }
}

impl NamedPlace {
    fn relation(&self, other: &NamedPlace) -> PlaceRelation {
        if conflict(&self.country, &other.country) {
            PlaceRelation::OtherCountry
        } else if conflict(&self.region, &other.region) {
            PlaceRelation::OtherRegion
        } else if self.city.is_empty() != other.city.is_empty() {
            PlaceRelation::Partial
        } else if same_city(&self.city, &other.city) {
            PlaceRelation::Equal
        } else {
            PlaceRelation::OtherCity
        }
    }
}

fn conflict(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && one != other
}

/// Equal, or the one is a run of words within the other.
fn same_city(one: &str, other: &str) -> bool {
    one == other || is_run(one, other) || is_run(other, one)
}

/// Whether some words stand in a text in a row. It is asked for each pair that is compared.
fn is_run(words: &str, text: &str) -> bool {
    let ends = |at: usize| {
        let (before, after) = (&text[..at], &text[at + words.len()..]);
        (before.is_empty() || before.ends_with(' ')) && (after.is_empty() || after.starts_with(' '))
    };
    let begins = std::iter::once(0).chain(text.match_indices(' ').map(|(at, _)| at + 1));
    let mut begins = begins.filter(|at| text[*at..].starts_with(words));
    begins.any(ends)
}

#[cfg(test)]
mod tests {
    use super::PlaceRelation::{self, Equal, OtherCity, OtherCountry, OtherRegion, Partial};
    use super::PlaceRelation::{Remote, Subset, Unknown};
    use crate::place::PlaceSet;

    #[test]
    fn places_agree_contain_or_exclude_each_other() {
        let cases = [
            ("Sydney, NSW", "Sydney, New South Wales, Australia", Equal),
            ("Dallas, TX", "Dallas, TX Headquarters", Equal),
            ("USA AZ Tucson E Hermans Rd BLDG", "Tucson, AZ", Equal),
            ("New York, NY; Boston, MA", "Boston, Massachusetts", Subset),
            ("New South Wales", "Sydney NSW", Partial),
            ("Remote - US", "Remote, United States", Equal),
            ("Remote", "Remote - Canada", Remote),
            ("Remote", "Toronto, ON", Unknown),
            ("4 Locations", "Toronto, ON", Unknown),
            ("Sydney NSW", "Newcastle NSW", OtherCity),
            ("Portland, OR", "Portland, ME", OtherRegion),
            ("Paris, France", "Paris, TX, USA", OtherCountry),
        ];
        for (one, other, wanted) in cases {
            let (a, b) = (PlaceSet::of(&[one], false), PlaceSet::of(&[other], false));
            assert_eq!(PlaceRelation::of(&a, &b), wanted, "{one} / {other}");
            assert_eq!(PlaceRelation::of(&b, &a), wanted, "{other} / {one}");
        }
    }
}
