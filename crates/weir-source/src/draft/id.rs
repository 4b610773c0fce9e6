//! Guesses which member is the id of an ad: by its name, by its values, and by what repeats.
//!
//! Must never take for an id what is none for long: a date, a place, or the position of an ad in
//! the list.

use super::dates;
use super::members::AdMember;
use super::words::{FIELDS, IDS, ends_as_id};
use crate::jsonpath::JsonPath;
use serde_json::Value as Json;

/// The lines of a draft that say which ad is which.
pub(super) struct IdLines {
    /// The right side of `id`.
    pub(super) id: String,
    /// The line for rows that share an id, if the sample has them.
    pub(super) duplicates: Option<String>,
}

/// The least number of ads whose ids can be seen to count them.
const LEAST_COUNTED: usize = 3;

/// The id of these ads; `documents` are the ads themselves, unless they are cards of a page.
pub(super) fn of(members: &[AdMember], ads: usize, documents: &[Json]) -> IdLines {
    let lines = |id: String| IdLines {
        id,
        duplicates: None,
    };
    let unique = |member: &&AdMember| member.is_unique(ads);
    let named = named(members);
    if let Some(member) = named
        .iter()
        .find(|member| member.is_unique(ads) && !counts(member))
    {
        let counter = named
            .iter()
            .find(|other| counts(other))
            .filter(|_| !IDS[..1].contains(&&*member.key));
        return lines(noted(member, counter.map(|counter| instead_of(counter))));
    }
    if let Some(lines) = named
        .iter()
        .filter(|member| !unique(member))
        .find_map(|member| shared(member, members, documents))
    {
        return lines;
    }
    let link = || {
        FIELDS[8].1.iter().find_map(|word| {
            members
                .iter()
                .filter(unique)
                .find(|member| member.is_called(word) && is_path(member))
        })
    };
    let counter = named.iter().find(|member| counts(member));
    match (
        counter,
        named.first(),
        members.iter().filter(unique).find(|member| is_name(member)),
    ) {
        (Some(counter), ..) => match link() {
            Some(link) => lines(noted(link, Some(instead_of(counter)))),
            None => lines(noted(
                counter,
                Some(
                    "it counts the ads: if it is the position in the list, use `hash` instead"
                        .to_owned(),
                ),
            )),
        },
        (None, Some(member), _) if !unique(member) => lines(noted(
            member,
            Some("not unique in the sample: see `duplicates` in docs/reference/yaml.md".to_owned()),
        )),
        (None, _, name) => lines(
            link()
                .or(name)
                .map_or_else(|| hash(members), |member| member.take.with("")),
        ),
    }
}

/// Members that are called as ids are, the likeliest first.
fn named(members: &[AdMember]) -> Vec<&AdMember> {
    let place = |member: &AdMember| IDS.iter().position(|word| member.key == *word);
    let mut all: Vec<&AdMember> = members
        .iter()
        .filter(|member| place(member).is_some() || ends_as_id(&member.key))
        .collect();
    // An ad's own members before nested ones: its department has an id, too.
    all.sort_by_key(|member| {
        (
            member.take.depth(),
            place(member).unwrap_or(IDS.len()),
            !member.key.ends_with("id"),
        )
    });
    all
}

fn noted(member: &AdMember, note: Option<String>) -> String {
    note.map_or_else(
        || member.take.with(""),
        |note| format!("{}      # {note}", member.take.with("")),
    )
}

fn instead_of(counter: &AdMember) -> String {
    format!(
        "not {}, which counts the ads: it may be their position in the list",
        counter.take.with("")
    )
}

/// Whether values are 0, 1, 2 or 1, 2, 3 in the order of the ads.
fn counts(member: &AdMember) -> bool {
    let numbers: Option<Vec<u64>> = member
        .values
        .iter()
        .map(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()))
        .collect();
    let is_row =
        |numbers: &[u64]| numbers[0] < 2 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    numbers.is_some_and(|numbers| numbers.len() >= LEAST_COUNTED && is_row(&numbers))
}

/// Whether values could name an ad: words that are no date and no place.
fn is_name(member: &AdMember) -> bool {
    let is_word = member.values.iter().all(|value| {
        value
            .as_str()
            .is_none_or(|text| !text.contains(char::is_whitespace))
    });
    let describes = FIELDS[..8]
        .iter()
        .flat_map(|(_, words)| words.iter())
        .any(|word| member.is_called(word));
    is_word
        && !describes
        && !counts(member)
        && !dates::are_dates(member)
        && member.values.iter().all(|value| !value.is_boolean())
}

fn is_path(member: &AdMember) -> bool {
    member.take.depth() > 0
}

/// A hash of what people tell ads by: the title, the place and the organisation.
fn hash(members: &[AdMember]) -> String {
    let by_name = ["title", "locations", "department"]
        .iter()
        .filter_map(|field| {
            let (_, words) = FIELDS.iter().find(|(name, _)| name == field)?;
            words.iter().find_map(|word| {
                members
                    .iter()
                    .find(|member| member.is_called(word) && is_path(member))
            })
        });
    let mut chosen: Vec<&AdMember> = by_name.collect();
    if chosen.is_empty() {
        chosen = members
            .iter()
            .filter(|member| is_path(member))
            .take(3)
            .collect();
    }
    let paths: Vec<String> = chosen.iter().map(|member| member.take.with("")).collect();
    format!(
        "{{ hash: [{}] }}      # no member is unique: list those that identify an ad",
        paths.join(", ")
    )
}

/// The lines for rows that share an id and are the same but for their places.
fn shared(id: &AdMember, members: &[AdMember], documents: &[Json]) -> Option<IdLines> {
    let differing = differing(id, members, documents)?;
    let places = FIELDS[5].1;
    let is_place = |member: &&&AdMember| places.iter().any(|word| member.is_called(word));
    differing.iter().find(is_place)?;
    let others: Vec<String> = differing
        .iter()
        .filter(|member| !is_place(member))
        .map(|member| member.take.with(""))
        .collect();
    let note = if others.is_empty() {
        String::new()
    } else {
        format!("      # of {}, the first row counts", others.join(", "))
    };
    Some(IdLines {
        id: id.take.with(""),
        duplicates: Some(format!("duplicates: {{ merge: [locations] }}{note}")),
    })
}

/// The members that differ between documents with the same id; `None` if no two share one.
fn differing<'m>(
    id: &AdMember,
    members: &'m [AdMember],
    documents: &[Json],
) -> Option<Vec<&'m AdMember>> {
    let values = |member: &AdMember| -> Option<Vec<Option<&Json>>> {
        let super::members::MemberSelector::Path(path) = &member.take else {
            return None;
        };
        let path = JsonPath::parse(path).ok()?;
        Some(
            documents
                .iter()
                .map(|document| path.first(document))
                .collect(),
        )
    };
    let ids = values(id)?;
    let mut first: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let pairs: Vec<(usize, usize)> = ids
        .iter()
        .enumerate()
        .filter_map(|(row, id)| {
            let earlier = *first.entry(id.as_ref()?.to_string()).or_insert(row);
            (earlier != row).then_some((earlier, row))
        })
        .collect();
    let differs = |member: &&AdMember| {
        values(member).is_some_and(|values| {
            pairs
                .iter()
                .any(|(one, other)| values[*one] != values[*other])
        })
    };
    (!pairs.is_empty()).then(|| members.iter().filter(differs).collect())
}

#[cfg(test)]
mod tests {
    use super::super::members::members;
    use super::*;
    use serde_json::json;

    fn id(ads: &[Json]) -> String {
        let IdLines { id, duplicates } = of(&members(ads), ads.len(), ads);
        format!(
            "{id}{}",
            duplicates
                .map(|line| format!(" / {line}"))
                .unwrap_or_default()
        )
    }

    #[test]
    fn a_counter_a_date_or_a_place_is_no_id() {
        let rows = |more: &dyn Fn(u32) -> Json| (1..4).map(more).collect::<Vec<_>>();
        assert!(
            id(&rows(&|n| json!({ "id": n, "adNumber": n * 7 })))
                .starts_with("$.adNumber      # not $.id, which counts")
        );
        assert!(
            id(&rows(&|n| json!({ "id": n, "url": format!("/{}", n * 7) })))
                .starts_with("$.url      # not $.id")
        );
        assert!(
            id(&rows(&|n| json!({ "row": n, "day": format!("2026-09-0{n}"), "city": n.to_string(), "title": "A" })))
                .starts_with("{ hash: [$.title, $.city] }")
        );
        assert!(
            id(&rows(&|n| json!({ "id": n, "title": "A" })))
                .starts_with("$.id      # it counts the ads")
        );
        assert_eq!(
            id(&rows(&|n| json!({ "id": n * 9, "departmentId": n * 7 }))),
            "$.id"
        );
        assert_eq!(
            id(&rows(
                &|n| json!({ "reqId": n * 9, "team": { "id": n * 7 } })
            )),
            "$.reqId"
        );
    }

    #[test]
    fn rows_that_differ_in_their_place_are_one_ad() {
        let row = |id: u32, city: &str, zip: u32| json!({ "no": id, "title": "A", "city": city, "zip": zip });
        assert_eq!(
            id(&[row(7, "Orange", 1), row(7, "Bega", 1)]),
            "$.no / duplicates: { merge: [locations] }"
        );
        assert_eq!(
            id(&[row(7, "Orange", 1), row(7, "Bega", 2)]),
            "$.no / duplicates: { merge: [locations] }      # of $.zip, the first row counts"
        );
    }
}
