//! Normalises a JSON-LD object into a form that mappings can rely on: members have bare names,
//! references are replaced by their objects, and three members gather what is written in many ways:
//!
//! - `places`: the names of all places in `jobLocation`, in order: the locality of each address,
//!   else the region, the country, the street; the name of a place without one; text as it is;
//! - `pay`: `{ min, max, currency, period }` of `baseSalary`, and `text` if the pay is text;
//! - `sections`: `{ heading, text }` of each other part of the ad that its description does not
//!   contain.
//!
//! It adds and renames members; it never drops any.

use super::posting_sections::sections;
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;

/// The objects of a page that are known by a name.
#[derive(Debug, Default)]
pub(super) struct KnownNodes(HashMap<String, Map<String, Json>>);

/// Most references that are followed for one object, and how deep.
const MOST_REFERENCES: usize = 64;
const DEEPEST_REFERENCE: usize = 4;

impl KnownNodes {
    /// Those in values.
    pub(super) fn of(values: &[Json]) -> KnownNodes {
        let mut nodes = KnownNodes::default();
        values.iter().for_each(|value| nodes.add(value));
        nodes
    }

    fn add(&mut self, value: &Json) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| self.add(item)),
            Json::Object(object) => {
                if let Some(id) = id_of(object).filter(|_| says_something(object)) {
                    self.0
                        .entry(id.to_owned())
                        .or_insert_with(|| object.clone());
                }
                object.values().for_each(|inner| self.add(inner));
            }
            _ => {}
        }
    }

    /// Whether an object only names another one that is known.
    pub(super) fn is_reference(&self, object: &Map<String, Json>) -> bool {
        !says_something(object) && id_of(object).is_some_and(|id| self.0.contains_key(id))
    }
}

fn id_of(object: &Map<String, Json>) -> Option<&str> {
    object.get("@id").and_then(Json::as_str)
}

/// Whether an object has more than a name and a type.
fn says_something(object: &Map<String, Json>) -> bool {
    object.keys().any(|name| !name.starts_with('@'))
}

/// An object in order.
pub(super) fn in_order(object: Map<String, Json>, nodes: &KnownNodes) -> Map<String, Json> {
    let mut left = MOST_REFERENCES;
    let mut object = renamed(object, nodes, 0, &mut left);
    if let Some(url) = object.remove("url").as_ref().and_then(address_in) {
        object.insert("url".to_owned(), Json::from(url));
    }
    let mut places = Vec::new();
    object
        .get("jobLocation")
        .into_iter()
        .for_each(|location| add_places(location, &mut places));
    if !places.is_empty() {
        object.entry("places").or_insert_with(|| json!(places));
    }
    if let Some(pay) = pay_of(&object) {
        object.entry("pay").or_insert(pay);
    }
    let sections = sections(&object);
    if !sections.is_null() {
        object.entry("sections").or_insert(sections);
    }
    object
}

/// An address: a text, or an object that is named by it.
fn address_in(value: &Json) -> Option<&str> {
    let first = listed(value).first()?;
    let address = first.as_str().or_else(|| {
        first
            .get("@id")
            .or_else(|| first.get("url"))
            .and_then(Json::as_str)
    });
    address.map(str::trim).filter(|address| !address.is_empty())
}

/// Names without the vocabulary, values without their wrapping, references followed.
fn plain(value: Json, nodes: &KnownNodes, depth: usize, left: &mut usize) -> Json {
    match value {
        Json::Array(items) => Json::Array(
            items
                .into_iter()
                .map(|item| plain(item, nodes, depth, left))
                .collect(),
        ),
        Json::Object(mut object) => {
            let wrapped = ["@value", "@list", "@set"]
                .into_iter()
                .find_map(|name| object.remove(name));
            if let Some(inner) = wrapped {
                return plain(inner, nodes, depth, left);
            }
            let named = id_of(&object)
                .filter(|_| !says_something(&object))
                .and_then(|id| nodes.0.get(id));
            match named {
                Some(named) if depth < DEEPEST_REFERENCE && *left > 0 => {
                    *left -= 1;
                    Json::Object(renamed(named.clone(), nodes, depth + 1, left))
                }
                _ => Json::Object(renamed(object, nodes, depth, left)),
            }
        }
        scalar => scalar,
    }
}

fn renamed(
    object: Map<String, Json>,
    nodes: &KnownNodes,
    depth: usize,
    left: &mut usize,
) -> Map<String, Json> {
    let mut out = Map::new();
    for (name, value) in object {
        let value = plain(value, nodes, depth, left);
        let bare = bare_name(&name).to_owned();
        if bare == name || !out.contains_key(&bare) {
            out.insert(bare, value);
        }
    }
    out
}

/// `title` of `schema:title` and `http://schema.org/title`.
fn bare_name(name: &str) -> &str {
    let address = name
        .strip_prefix("https://")
        .or_else(|| name.strip_prefix("http://"));
    let of_vocabulary = address
        .map(|address| address.strip_prefix("www.").unwrap_or(address))
        .and_then(|address| address.strip_prefix("schema.org/"));
    let bare = of_vocabulary
        .or_else(|| name.strip_prefix("schema:"))
        .unwrap_or(name);
    if bare.is_empty() { name } else { bare }
}

/// Adds the names of places.
fn add_places(location: &Json, places: &mut Vec<String>) {
    match location {
        Json::Array(items) => items.iter().for_each(|item| add_places(item, places)),
        Json::String(name) => add_place(name, places),
        Json::Object(place) => {
            let before = places.len();
            let address = place.get("address").unwrap_or(location);
            add_addresses(address, places);
            if places.len() == before {
                names(place.get("name"), places);
            }
        }
        _ => {}
    }
}

/// What of an address names a place, the best first.
const PARTS: [&str; 4] = [
    "addressLocality",
    "addressRegion",
    "addressCountry",
    "streetAddress",
];

fn add_addresses(address: &Json, places: &mut Vec<String>) {
    match address {
        Json::Array(items) => items.iter().for_each(|item| add_addresses(item, places)),
        Json::String(text) => add_place(text, places),
        Json::Object(address) => {
            for part in PARTS {
                let mut found = Vec::new();
                names(address.get(part), &mut found);
                if !found.is_empty() {
                    found.iter().for_each(|name| add_place(name, places));
                    return;
                }
            }
            names(address.get("name"), places);
        }
        _ => {}
    }
}

/// A name, a list of names, or what has one.
fn names(value: Option<&Json>, places: &mut Vec<String>) {
    match value {
        Some(Json::String(name)) => add_place(name, places),
        Some(Json::Array(items)) => items.iter().for_each(|item| names(Some(item), places)),
        Some(Json::Object(named)) => names(named.get("name"), places),
        _ => {}
    }
}

fn add_place(name: &str, places: &mut Vec<String>) {
    let name = name.trim().trim_matches(',').trim();
    if !name.is_empty() && !places.iter().any(|known| known == name) {
        places.push(name.to_owned());
    }
}

/// The pay of a posting: the first of several that contains an amount.
fn pay_of(posting: &Map<String, Json>) -> Option<Json> {
    let salary = posting.get("baseSalary")?;
    let currency = || text_in(posting, "salaryCurrency");
    let mut all = listed(salary).iter().filter_map(pay_in);
    let mut pay = all.next()?;
    if let Some(currency) = currency().filter(|_| !pay.contains_key("currency")) {
        pay.insert("currency".to_owned(), Json::from(currency));
    }
    Some(Json::Object(pay))
}

fn pay_in(salary: &Json) -> Option<Map<String, Json>> {
    let mut pay = Map::new();
    let Json::Object(amount) = salary else {
        add_amount(salary, &mut pay);
        return (!pay.is_empty()).then_some(pay);
    };
    // A monetary amount contains a quantity; either can have the numbers and the unit.
    let quantity = amount
        .get("value")
        .and_then(|value| listed(value).first())
        .and_then(Json::as_object);
    for part in [quantity, Some(amount)].into_iter().flatten() {
        for (name, member) in [("minValue", "min"), ("maxValue", "max")] {
            if let Some(value) = part.get(name).filter(|value| is_amount(value)) {
                pay.entry(member).or_insert_with(|| value.clone());
            }
        }
    }
    let single = quantity.map_or(amount.get("value"), |quantity| quantity.get("value"));
    if !pay.contains_key("min") && !pay.contains_key("max") {
        single
            .into_iter()
            .flat_map(listed)
            .take(1)
            .for_each(|value| add_amount(value, &mut pay));
    }
    if pay.is_empty() {
        return None;
    }
    let parts = || [quantity, Some(amount)].into_iter().flatten();
    if let Some(currency) = parts().find_map(|part| text_in(part, "currency")) {
        pay.insert("currency".to_owned(), Json::from(currency));
    }
    if let Some(period) =
        parts().find_map(|part| text_in(part, "unitText").or_else(|| text_in(part, "unitCode")))
    {
        pay.insert("period".to_owned(), Json::from(period_of(period)));
    }
    Some(pay)
}

/// A single amount, a range of two, or text.
fn add_amount(value: &Json, pay: &mut Map<String, Json>) {
    let Json::String(text) = value else {
        if value.is_number() {
            pay.insert("min".to_owned(), value.clone());
            pay.insert("max".to_owned(), value.clone());
        }
        return;
    };
    let is_number = |text: &str| {
        text.contains(|digit: char| digit.is_ascii_digit())
            && text
                .chars()
                .all(|sign| sign.is_ascii_digit() || ",. ".contains(sign))
    };
    let (min, max) = text.split_once(['-', '–', '—']).unwrap_or((text, text));
    if is_number(min) && is_number(max) {
        pay.insert("min".to_owned(), Json::from(min.trim()));
        pay.insert("max".to_owned(), Json::from(max.trim()));
    } else if !text.trim().is_empty() {
        pay.insert("text".to_owned(), Json::from(text.trim()));
    }
}

fn is_amount(value: &Json) -> bool {
    value.is_number()
        || value
            .as_str()
            .is_some_and(|text| text.contains(|digit: char| digit.is_ascii_digit()))
}

/// The names of the vocabulary's codes for units of time.
fn period_of(unit: &str) -> &str {
    match unit.to_ascii_uppercase().as_str() {
        "HUR" => "hour",
        "WEE" => "week",
        "MON" => "month",
        "ANN" => "year",
        _ => unit,
    }
}

fn listed(value: &Json) -> &[Json] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn text_in<'o>(object: &'o Map<String, Json>, name: &str) -> Option<&'o str> {
    listed(object.get(name)?)
        .first()?
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(object: &Json, page: &[Json]) -> Map<String, Json> {
        in_order(object.as_object().unwrap().clone(), &KnownNodes::of(page))
    }

    #[test]
    fn all_places_that_are_stated_are_there() {
        let place =
            |locality: &str| json!({"@type": "Place", "address": {"addressLocality": locality}});
        for (location, places) in [
            (
                json!([place("Detroit"), place("Lansing"), place("Detroit")]),
                json!(["Detroit", "Lansing"]),
            ),
            (
                json!({"address": "1 High St, Orange NSW"}),
                json!(["1 High St, Orange NSW"]),
            ),
            (json!("Wagga Wagga"), json!(["Wagga Wagga"])),
            (json!(["Bega", place("Eden")]), json!(["Bega", "Eden"])),
            (
                json!({"address": [{"addressLocality": "Bega"}, {"addressLocality": "Eden"}]}),
                json!(["Bega", "Eden"]),
            ),
            (
                json!({"address": {"addressLocality": ["Bega", "Eden"]}}),
                json!(["Bega", "Eden"]),
            ),
            (
                json!([place("Perth"), {"address": {"addressRegion": "Queensland"}}]),
                json!(["Perth", "Queensland"]),
            ),
            (
                json!({"address": {"addressLocality": " ", "addressCountry": {"@type": "Country", "name": "Finland"}}}),
                json!(["Finland"]),
            ),
            (
                json!({"@type": "PostalAddress", "addressLocality": "Joensuu"}),
                json!(["Joensuu"]),
            ),
            (
                json!({"@type": "Place", "name": "Depot 4", "address": {}}),
                json!(["Depot 4"]),
            ),
            (
                json!({"@type": "Place", "geo": {"latitude": 1}}),
                Json::Null,
            ),
        ] {
            let found = ordered(&json!({ "jobLocation": location }), &[]);
            assert_eq!(
                found.get("places").unwrap_or(&Json::Null),
                &places,
                "{location}"
            );
        }
    }

    #[test]
    fn pay_is_gathered() {
        let year = json!({"min": 80000, "max": 95000, "currency": "AUD", "period": "YEAR"});
        let quantity = json!({"@type": "QuantitativeValue", "minValue": 80000, "maxValue": 95000, "unitText": "YEAR"});
        for (salary, pay) in [
            (
                json!({"@type": "MonetaryAmount", "currency": "AUD", "value": quantity}),
                year.clone(),
            ),
            (
                json!([{"currency": "AUD", "value": [quantity]}]),
                year.clone(),
            ),
            (
                json!({"currency": "AUD", "minValue": 80000, "maxValue": 95000, "unitText": "YEAR"}),
                year,
            ),
            (
                json!({"value": {"value": "45.50", "unitCode": "HUR"}}),
                json!({"min": "45.50", "max": "45.50", "period": "hour"}),
            ),
            (
                json!({"currency": "EUR", "value": 3000}),
                json!({"min": 3000, "max": 3000, "currency": "EUR"}),
            ),
            (
                json!("80,000 - 90,000"),
                json!({"min": "80,000", "max": "90,000"}),
            ),
            (
                json!("Band 5, by agreement"),
                json!({"text": "Band 5, by agreement"}),
            ),
            (json!({"value": {"minValue": 20}}), json!({"min": 20})),
            (
                json!({"currency": "AUD", "value": {"unitText": "YEAR"}}),
                Json::Null,
            ),
        ] {
            let found = ordered(&json!({ "baseSalary": salary }), &[]);
            assert_eq!(found.get("pay").unwrap_or(&Json::Null), &pay, "{salary}");
        }
        assert_eq!(
            ordered(&json!({"baseSalary": 5, "salaryCurrency": "NZD"}), &[])["pay"],
            json!({"min": 5, "max": 5, "currency": "NZD"})
        );
    }

    #[test]
    fn names_are_bare_and_references_followed() {
        let page = json!([{"@id": "#o", "name": "Acme", "parent": {"@id": "#o"}}, {"@id": "#p", "address": {"addressLocality": "Orange"}}]);
        let posting = json!({"schema:title": "a", "http://schema.org/description": [{"@value": "b"}], "jobLocation": {"@id": "#p"},
            "hiringOrganization": {"@id": "#o"}, "industry": {"@list": ["x"]}, "sameAs": {"@id": "https://elsewhere"}});
        let found = Json::Object(ordered(&posting, &[page]));
        assert_eq!(
            (&found["title"], &found["description"], &found["industry"]),
            (&json!("a"), &json!(["b"]), &json!(["x"]))
        );
        assert_eq!(
            (&found["places"], &found["hiringOrganization"]["name"]),
            (&json!(["Orange"]), &json!("Acme"))
        );
        assert_eq!(found["sameAs"], json!({"@id": "https://elsewhere"}));
        for url in [
            json!("https://x/1"),
            json!(["https://x/1", "/1"]),
            json!({"@id": "https://x/1"}),
            json!({"@type": "URL", "@value": "https://x/1"}),
        ] {
            assert_eq!(
                ordered(&json!({ "url": url }), &[])["url"],
                json!("https://x/1"),
                "{url}"
            );
        }
        assert!(!ordered(&json!({"url": " "}), &[]).contains_key("url"));
    }
}
