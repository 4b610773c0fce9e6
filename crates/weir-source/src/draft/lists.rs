//! Where the ads are in JSON, and in XML read as JSON: the list whose objects look most like ads.
//!
//! Lists inside the items of a list count as one list, `$.groups[*].jobs[*]`, if their objects look
//! more like ads than the items around them do. What is inside an ad must never be taken for the
//! ads: its attachments have titles and addresses, too.

use super::members::step;
use super::words::bare;
use indexmap::IndexMap;
use serde_json::Value as Json;

/// A list of objects.
pub(super) struct AdList<'v> {
    /// The path of its items, with `[*]`.
    pub(super) path: String,
    pub(super) items: Vec<&'v Json>,
}

/// How many levels are searched.
const MOST_LEVELS: usize = 7;
/// What an object must have that is an ad by itself; with less, the list in it may be the ads of a
/// company.
const LIKE_AN_AD: usize = 3;
/// Names of members that may state how many ads there are.
const COUNTS: [&str; 3] = ["count", "numfound", "resultcount"];
/// Beginnings of such names, if they do not count pages.
const TOTAL: &str = "total";

impl AdList<'_> {
    fn likeness(&self) -> usize {
        self.items.first().map_or(0, |first| likeness(first))
    }

    /// Whether its items look like ads rather than like filters.
    pub(super) fn is_like_ads(&self) -> bool {
        let likeness = self.likeness();
        likeness > 2 || likeness == 2 && self.items.first().is_some_and(|first| has_address(first))
    }

    fn rank(&self) -> (bool, usize) {
        (self.is_like_ads(), self.items.len())
    }
}

/// The list that looks most like the ads, if there is a list of objects at all.
pub(super) fn best(value: &Json) -> Option<AdList<'_>> {
    best_of(&[value], "$", 0)
}

/// The best list in the values of one path.
fn best_of<'v>(values: &[&'v Json], path: &str, level: usize) -> Option<AdList<'v>> {
    if level > MOST_LEVELS {
        return None;
    }
    let items: Vec<&Json> = values
        .iter()
        .filter_map(|value| value.as_array())
        .flatten()
        .collect();
    if items.is_empty() {
        return best_of_members(values, path, level);
    }
    let path = format!("{path}[*]");
    let inner = best_of_members(&items, &path, level);
    let own = items
        .iter()
        .all(|item| item.is_object())
        .then_some(AdList { path, items });
    match (own, inner) {
        (Some(own), Some(inner)) if inner.is_like_ads() && inner.likeness() > own.likeness() => {
            Some(inner)
        }
        (own, inner) => own.or(inner),
    }
}

fn best_of_members<'v>(values: &[&'v Json], path: &str, level: usize) -> Option<AdList<'v>> {
    let mut members: IndexMap<&str, Vec<&Json>> = IndexMap::new();
    for (name, value) in values
        .iter()
        .filter_map(|value| value.as_object())
        .flatten()
    {
        members.entry(name).or_default().push(value);
    }
    let lists = members
        .iter()
        .filter_map(|(name, values)| best_of(values, &step(path, name), level + 1));
    lists.reduce(|best, list| {
        if list.rank() > best.rank() {
            list
        } else {
            best
        }
    })
}

/// Ads by their ids, `{ "7": { ... }, "8": { ... } }`: the members of the first object whose
/// members all look like ads.
pub(super) fn keyed<'v>(value: &'v Json, path: &str, level: usize) -> Option<AdList<'v>> {
    let members = value.as_object().filter(|_| level < MOST_LEVELS)?;
    let own = AdList {
        path: format!("{path}[*]"),
        items: members.values().collect(),
    };
    if own.items.len() > 1 && own.items.iter().all(|item| likeness(item) > LIKE_AN_AD) {
        return Some(own);
    }
    members
        .iter()
        .find_map(|(name, value)| keyed(value, &step(path, name), level + 1))
}

/// The object that is an ad by itself: the whole, or the only one in it that looks like one.
pub(super) fn single<'v>(value: &'v Json, path: &str, level: usize) -> Option<(String, &'v Json)> {
    if likeness(value) > LIKE_AN_AD {
        return Some((path.to_owned(), value));
    }
    let members = value.as_object().filter(|_| level < MOST_LEVELS)?;
    members
        .iter()
        .find_map(|(name, value)| single(value, &step(path, name), level + 1))
}

/// Whether a whole looks more like an ad than the items of its list do.
pub(super) fn is_single(value: &Json, list: Option<&AdList>) -> bool {
    likeness(value) > list.map_or(0, AdList::likeness).max(LIKE_AN_AD)
}

/// How many typical members of ads an object has; a title counts twice.
fn likeness(value: &Json) -> usize {
    let Json::Object(members) = value else {
        return 0;
    };
    let names: Vec<String> = members.keys().map(|name| bare(name)).collect();
    let has = |fits: &dyn Fn(&str) -> bool| usize::from(names.iter().any(|name| fits(name)));
    2 * has(&is_title)
        + has(&|name| matches!(name, "name" | "text" | "headline" | "heading"))
        + has(&is_address)
        + has(&|name| {
            name.contains("date") || name.contains("description") || name.contains("clos")
        })
        + has(&|name| name.contains("location") || matches!(name, "city" | "town"))
        + has(&|name| name.ends_with("id"))
}

fn is_title(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "jobtitle"
            | "positiontitle"
            | "jobname"
            | "position"
            | "vacancytitle"
            | "roletitle"
    )
}

fn is_address(name: &str) -> bool {
    ["url", "link", "href", "permalink"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn has_address(value: &Json) -> bool {
    value
        .as_object()
        .is_some_and(|members| members.keys().any(|name| is_address(&bare(name))))
}

/// A number outside the ads that is at least as large as their number may be their count.
pub(super) fn count(value: &Json, path: &str, ads: usize, level: usize) -> Option<String> {
    let members = value.as_object().filter(|_| level < 4)?;
    let is_count = |name: &str, value: &Json| {
        counts(&bare(name)) && value.as_u64().is_some_and(|number| number >= ads as u64)
    };
    let own = members
        .iter()
        .find(|(name, value)| is_count(name, value))
        .map(|(name, _)| step(path, name));
    own.or_else(|| {
        members
            .iter()
            .find_map(|(name, value)| count_within(value, &step(path, name), ads, level + 1))
    })
}

/// A list of one item is often the response of one search.
fn count_within(value: &Json, path: &str, ads: usize, level: usize) -> Option<String> {
    match value.as_array().map(Vec::as_slice) {
        Some([only]) => count(only, &format!("{path}[0]"), ads, level),
        _ => count(value, path, ads, level),
    }
}

fn counts(name: &str) -> bool {
    COUNTS.contains(&name)
        || name
            .strip_prefix(TOTAL)
            .is_some_and(|of| !of.contains("page"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(value: &Json) -> String {
        best(value).map(|list| list.path).unwrap_or_default()
    }

    fn ad(id: u32) -> Json {
        json!({ "id": id, "title": "A", "url": "/a", "attachments": [{ "title": "PDF", "url": "/p" }, { "title": "Map", "url": "/m" }] })
    }

    #[test]
    fn lists_within_groups_are_one_list_and_what_is_within_an_ad_is_not() {
        assert_eq!(
            path(
                &json!({ "groups": [{ "name": "x", "jobs": [ad(1)] }, { "name": "y", "jobs": [] }] })
            ),
            "$.groups[*].jobs[*]"
        );
        assert_eq!(path(&json!([[ad(1)], [ad(2), ad(3)]])), "");
        assert_eq!(path(&json!({ "jobs": [ad(1), ad(2)] })), "$.jobs[*]");
        assert_eq!(
            path(&json!([{ "title": "Parks", "id": 7, "jobs": [ad(1)] }])),
            "$[*].jobs[*]"
        );
    }

    #[test]
    fn ads_by_their_ids_are_members_of_one_object() {
        let ad = |id: u32| json!({ "id": id, "title": "A", "url": "/a" });
        let value = json!({ "ok": true, "jobs": { "7": ad(7), "8": ad(8) } });
        assert_eq!(
            keyed(&value, "$", 0).map(|list| list.path).as_deref(),
            Some("$.jobs[*]")
        );
        assert!(keyed(&json!({ "job": ad(7), "page": { "title": "x" } }), "$", 0).is_none());
    }

    #[test]
    fn counts_are_outside_the_ads_and_are_not_pages() {
        let found = |value: Json| count(&value, "$", 2, 0);
        assert_eq!(
            found(json!({ "totalPages": 9, "paging": { "totalJobs": 9 } })).as_deref(),
            Some("$.paging.totalJobs")
        );
        assert_eq!(
            found(json!({ "items": [{ "TotalJobsCount": 57 }], "count": 1 })).as_deref(),
            Some("$.items[0].TotalJobsCount")
        );
        assert_eq!(found(json!({ "total": 1 })), None);
    }
}
