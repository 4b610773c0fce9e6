//! Records of one page or file that share an id: boards write an ad once for each place, or show it
//! promoted and again as it is. What becomes of them the source declares; it is decided before
//! anything is hashed, so that the same records give the same ad every day.
//!
//! It must never look beyond what it is given: twins on different pages are told apart where
//! documents are stored, the first counting.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeSet, HashMap, HashSet};
use weir_model::{Hash, ReceivedRecord};
use weir_yaml::number;
use weir_yaml::yaml::{Located, OneOrMany};

/// How records that share an id are handled.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    rename = "duplicate handling",
    rename_all = "snake_case",
    deny_unknown_fields
)]
pub enum DuplicatesSpec {
    /// Use the first; others are rejected if they differ in a member that the mapping reads.
    First,
    /// Use the last.
    Last,
    /// Use the first, with the items of these lists from all of them: fields such as `locations`,
    /// or members of the records.
    Merge(OneOrMany<Located<String>>),
}

/// How records that share an id are handled, compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DuplicatePolicy {
    /// Not declared: they are told apart where documents are stored, and the first counts.
    #[default]
    Apart,
    /// The first counts; those that differ only in members that no mapping reads are dropped.
    /// Without the names of those that are read, every member counts.
    First(Option<BTreeSet<String>>),
    /// The last counts.
    Last,
    /// The first counts, with the items of these lists from all of them.
    Merge(Vec<MergedList>),
}

/// A list that is put together from all records that share an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedList {
    /// As it is written: a field, or a member of the records.
    name: String,
    /// Where it stands in a record: names from its root.
    places: Vec<Vec<String>>,
}

impl DuplicatesSpec {
    /// What it means; `places_of` says where in a record the values of a field stand.
    pub fn compile(&self, places_of: impl Fn(&str) -> Vec<Vec<String>>) -> DuplicatePolicy {
        match self {
            DuplicatesSpec::First => DuplicatePolicy::First(None),
            DuplicatesSpec::Last => DuplicatePolicy::Last,
            DuplicatesSpec::Merge(names) => DuplicatePolicy::Merge(
                names
                    .iter()
                    .map(|name| MergedList::new(name, places_of(name)))
                    .collect(),
            ),
        }
    }
}

impl MergedList {
    fn new(name: &str, of_field: Vec<Vec<String>>) -> MergedList {
        let mut places: Vec<Vec<String>> = Vec::new();
        for place in of_field.into_iter().chain([vec![name.to_owned()]]) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        MergedList {
            name: name.to_owned(),
            places,
        }
    }

    fn is_in(&self, record: &Json) -> bool {
        self.places.iter().any(|place| at(record, place).is_some())
    }

    /// Puts the items of all records into the first.
    fn unite(&self, records: &[Json], first: &mut Json) {
        for place in &self.places {
            let mut items: Vec<Json> = Vec::new();
            for item in records
                .iter()
                .filter_map(|record| at(record, place))
                .flat_map(listed)
            {
                if !items.contains(item) {
                    items.push(item.clone());
                }
            }
            if records.iter().any(|record| at(record, place).is_some()) {
                put(first, place, Json::Array(items));
            }
        }
    }
}

fn at<'r>(record: &'r Json, place: &[String]) -> Option<&'r Json> {
    place.iter().try_fold(record, |value, name| value.get(name))
}

/// Puts a value at a place; what is no object on the way is left alone.
fn put(record: &mut Json, place: &[String], value: Json) {
    let Some((last, way)) = place.split_last() else {
        return;
    };
    let mut here = record;
    for name in way {
        let Json::Object(members) = here else { return };
        here = members
            .entry(name.clone())
            .or_insert_with(|| Json::Object(Map::new()));
        if here.is_null() {
            *here = Json::Object(Map::new());
        }
    }
    if let Json::Object(members) = here {
        members.insert(last.clone(), value);
    }
}

impl DuplicatePolicy {
    /// Whether records must be gathered before they can go on.
    pub fn gathers(&self) -> bool {
        !matches!(self, DuplicatePolicy::Apart | DuplicatePolicy::First(None))
    }

    /// The same, where a mapping reads only these members of a record.
    #[must_use]
    pub fn reading(self, members: Option<BTreeSet<String>>) -> DuplicatePolicy {
        if matches!(self, DuplicatePolicy::First(_)) {
            DuplicatePolicy::First(members)
        } else {
            self
        }
    }

    /// The lists that are put together, as they are written.
    pub fn names(&self) -> Vec<&str> {
        match self {
            DuplicatePolicy::Merge(lists) => lists.iter().map(|list| list.name.as_str()).collect(),
            DuplicatePolicy::Apart | DuplicatePolicy::First(_) | DuplicatePolicy::Last => {
                Vec::new()
            }
        }
    }

    /// Puts records that share an id together; they stand where the first of them stood. `seen`
    /// says for each list whether any record had it, now or before.
    pub fn unite(&self, received: Vec<ReceivedRecord>, seen: &mut [bool]) -> Vec<ReceivedRecord> {
        if !self.gathers() {
            return received;
        }
        self.look_for_lists(&received, seen);
        let mut places: HashMap<String, usize> = HashMap::with_capacity(received.len());
        let mut groups: Vec<Vec<ReceivedRecord>> = Vec::with_capacity(received.len());
        for one in received {
            match places.get(&one.external_id) {
                Some(place) => groups[*place].push(one),
                None => {
                    places.insert(one.external_id.clone(), groups.len());
                    groups.push(vec![one]);
                }
            }
        }
        groups
            .into_iter()
            .flat_map(|group| self.one_of(group))
            .collect()
    }

    /// Looks into records until each list has been seen.
    fn look_for_lists(&self, received: &[ReceivedRecord], seen: &mut [bool]) {
        let DuplicatePolicy::Merge(lists) = self else {
            return;
        };
        for one in received {
            if seen.iter().all(|seen| *seen) {
                return;
            }
            let record: Json = serde_json::from_str(&one.text).unwrap_or_default();
            lists
                .iter()
                .zip(seen.iter_mut())
                .for_each(|(list, seen)| *seen |= list.is_in(&record));
        }
    }

    fn one_of(&self, mut group: Vec<ReceivedRecord>) -> Vec<ReceivedRecord> {
        match self {
            DuplicatePolicy::First(Some(members)) if group.len() > 1 => told_apart(group, members),
            DuplicatePolicy::Apart | DuplicatePolicy::First(_) => group,
            DuplicatePolicy::Last => group.pop().into_iter().collect(),
            DuplicatePolicy::Merge(lists) if group.len() > 1 => match merged(&group, lists) {
                Some(one) => vec![one],
                // One of them is no object: each is told for itself.
                None => group,
            },
            DuplicatePolicy::Merge(_) => group,
        }
    }
}

/// The first of each content, as far as it is read.
fn told_apart(group: Vec<ReceivedRecord>, members: &BTreeSet<String>) -> Vec<ReceivedRecord> {
    let mut seen: HashSet<Hash> = HashSet::new();
    let mut is_new = |one: &ReceivedRecord| {
        let Ok(Json::Object(record)) = number::read(&one.text) else {
            return true;
        };
        let read: Vec<Option<&Json>> = members.iter().map(|name| record.get(name)).collect();
        seen.insert(Hash::of(json!(read).to_string().as_bytes()))
    };
    group.into_iter().filter(|one| is_new(one)).collect()
}

fn merged(group: &[ReceivedRecord], lists: &[MergedList]) -> Option<ReceivedRecord> {
    let records: Vec<Json> = group
        .iter()
        .map(|one| number::read(&one.text).ok())
        .collect::<Option<_>>()?;
    if !records.iter().all(Json::is_object) {
        return None;
    }
    let mut first = records.first()?.clone();
    lists
        .iter()
        .for_each(|list| list.unite(&records, &mut first));
    let one = group.first()?;
    Some(ReceivedRecord::new(
        one.external_id.clone(),
        first.to_string().into(),
        one.metadata.clone(),
    ))
}

fn listed(value: &Json) -> &[Json] {
    match value {
        Json::Array(items) => items,
        Json::Null => &[],
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unite(twins: &DuplicatePolicy, records: &[Json]) -> Vec<Json> {
        let received = records
            .iter()
            .map(|record| {
                ReceivedRecord::new(
                    record["id"].to_string(),
                    record.to_string().into(),
                    json!({}),
                )
            })
            .collect();
        twins
            .unite(received, &mut vec![false; twins.names().len()])
            .iter()
            .map(|one| serde_json::from_str(&one.text).unwrap())
            .collect()
    }

    #[test]
    fn twins_become_one_as_declared() {
        let records = [
            json!({ "id": 1, "city": "Ulm", "places": ["Ulm"] }),
            json!({ "id": 2 }),
            json!({ "id": 1, "city": "Bonn", "places": ["Bonn", "Ulm"] }),
        ];
        let lists = ["places", "city"].map(|name| MergedList::new(name, Vec::new()));
        let united = unite(&DuplicatePolicy::Merge(lists.to_vec()), &records);
        assert_eq!(
            united,
            [
                json!({ "id": 1, "city": ["Ulm", "Bonn"], "places": ["Ulm", "Bonn"] }),
                json!({ "id": 2 })
            ]
        );
        assert_eq!(
            unite(&DuplicatePolicy::Last, &records),
            [records[2].clone(), records[1].clone()]
        );
        assert_eq!(unite(&DuplicatePolicy::First(None), &records), records);
        assert_eq!(unite(&DuplicatePolicy::Apart, &records), records);
    }

    #[test]
    fn records_that_differ_in_what_nothing_reads_are_one() {
        let record =
            |id: u8, title: &str, at: u8| json!({ "id": id, "title": title, "scraped_at": at });
        let records = [
            record(1, "Nurse", 1),
            record(1, "Nurse", 2),
            record(2, "Chef", 3),
            record(1, "Ranger", 4),
            record(1, "Nurse", 5),
            record(1, "Ranger", 6),
        ];
        let twins = DuplicatePolicy::First(None).reading(Some(["title".to_owned()].into()));
        assert_eq!(
            unite(&twins, &records),
            [records[0].clone(), records[3].clone(), records[2].clone()]
        );
        let all = DuplicatePolicy::First(None).reading(None);
        assert!(!all.gathers() && unite(&all, &records) == records);
        assert_eq!(
            DuplicatePolicy::Apart.reading(Some(BTreeSet::new())),
            DuplicatePolicy::Apart
        );
    }

    #[test]
    fn a_field_is_put_together_where_its_values_stand() {
        let of_field = vec![
            vec!["work".to_owned(), "label".to_owned()],
            vec!["all".to_owned()],
        ];
        let lists = vec![
            MergedList::new("locations", of_field),
            MergedList::new("tags", Vec::new()),
        ];
        let twins = DuplicatePolicy::Merge(lists);
        let records = [
            json!({ "id": 1, "work": { "label": "New Jersey", "x": 1 } }),
            json!({ "id": 1, "work": { "label": "New York" } }),
            json!({ "id": 2, "work": null }),
            json!({ "id": 2, "work": { "label": "Ulm" } }),
            json!({ "id": 3, "work": "at home" }),
            json!({ "id": 3, "work": { "label": "Ulm" } }),
        ];
        let united = unite(&twins, &records);
        assert_eq!(
            united[0],
            json!({ "id": 1, "work": { "label": ["New Jersey", "New York"], "x": 1 } })
        );
        assert_eq!(united[1], json!({ "id": 2, "work": { "label": ["Ulm"] } }));
        assert_eq!(united[2], json!({ "id": 3, "work": "at home" }));
        let mut seen = vec![false; 2];
        let received = records
            .iter()
            .map(|record| {
                ReceivedRecord::new(
                    record["id"].to_string(),
                    record.to_string().into(),
                    json!({}),
                )
            })
            .collect();
        twins.unite(received, &mut seen);
        assert_eq!(seen, [true, false]);
    }
}
