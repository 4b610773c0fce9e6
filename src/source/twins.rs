//! Records of one page or file that share an id: boards write an ad once for each place, or show it promoted and again as it is. What becomes
//! of them the source declares; it is decided before anything is hashed, so that the same records give the same ad every day.
//!
//! It must never look beyond what it is given: twins on different pages are told apart where documents are stored, the first counting.

use crate::model::Received;
use crate::number;
use crate::yaml::{Located, OneOrMany};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// What becomes of records that share an id, as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "choice of duplicates", rename_all = "snake_case", deny_unknown_fields)]
pub enum DuplicatesSpec {
    /// The first counts; others of other content are dead letters.
    First,
    /// The last counts.
    Last,
    /// The first counts, with the items of these lists from all of them.
    Merge(OneOrMany<Located<String>>),
}

/// What becomes of records that share an id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Twins {
    /// The first counts.
    #[default]
    First,
    /// The last counts.
    Last,
    /// The first counts, with the items of these members from all of them.
    Merge(Vec<String>),
}

impl DuplicatesSpec {
    /// What it means.
    pub fn compile(&self) -> Twins {
        match self {
            DuplicatesSpec::First => Twins::First,
            DuplicatesSpec::Last => Twins::Last,
            DuplicatesSpec::Merge(names) => Twins::Merge(names.iter().map(|name| name.value.clone()).collect()),
        }
    }
}

impl Twins {
    /// Whether records must be gathered before they can go on.
    pub fn gathers(&self) -> bool {
        *self != Twins::First
    }

    /// Puts records that share an id together; they stand where the first of them stood.
    pub fn unite(&self, received: Vec<Received>) -> Vec<Received> {
        if !self.gathers() {
            return received;
        }
        let mut places: HashMap<String, usize> = HashMap::with_capacity(received.len());
        let mut groups: Vec<Vec<Received>> = Vec::with_capacity(received.len());
        for one in received {
            match places.get(&one.external_id) {
                Some(place) => groups[*place].push(one),
                None => {
                    places.insert(one.external_id.clone(), groups.len());
                    groups.push(vec![one]);
                }
            }
        }
        groups.into_iter().flat_map(|group| self.one_of(group)).collect()
    }

    fn one_of(&self, mut group: Vec<Received>) -> Vec<Received> {
        match self {
            Twins::First => group,
            Twins::Last => group.pop().into_iter().collect(),
            Twins::Merge(names) if group.len() > 1 => match merged(&group, names) {
                Some(one) => vec![one],
                // One of them is no object: each is told for itself.
                None => group,
            },
            Twins::Merge(_) => group,
        }
    }
}

fn merged(group: &[Received], names: &[String]) -> Option<Received> {
    let objects: Vec<Map<String, Json>> = group.iter().map(|one| number::read(&one.text).ok()).collect::<Option<_>>()?;
    let mut first = objects.first()?.clone();
    for name in names {
        let mut items: Vec<Json> = Vec::new();
        for item in objects.iter().filter_map(|object| object.get(name)).flat_map(listed) {
            if !items.contains(item) {
                items.push(item.clone());
            }
        }
        first.insert(name.clone(), Json::Array(items));
    }
    let one = group.first()?;
    Some(Received::new(one.external_id.clone(), Json::Object(first).to_string().into(), one.metadata.clone()))
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
    use serde_json::json;

    fn unite(twins: &Twins, records: &[Json]) -> Vec<Json> {
        let received = records.iter().map(|record| Received::new(record["id"].to_string(), record.to_string().into(), json!({}))).collect();
        twins.unite(received).iter().map(|one| serde_json::from_str(&one.text).unwrap()).collect()
    }

    #[test]
    fn twins_become_one_as_declared() {
        let records =
            [json!({ "id": 1, "city": "Ulm", "places": ["Ulm"] }), json!({ "id": 2 }), json!({ "id": 1, "city": "Bonn", "places": ["Bonn", "Ulm"] })];
        let united = unite(&Twins::Merge(vec!["places".into(), "city".into()]), &records);
        assert_eq!(united, [json!({ "id": 1, "city": ["Ulm", "Bonn"], "places": ["Ulm", "Bonn"] }), json!({ "id": 2 })]);
        assert_eq!(unite(&Twins::Last, &records), [records[2].clone(), records[1].clone()]);
        assert_eq!(unite(&Twins::First, &records), records);
    }
}
