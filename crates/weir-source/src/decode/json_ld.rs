//! JSON-LD in a page: the objects of a type, anywhere in it and in any spelling. Real pages seldom
//! contain strict JSON; `loose.rs` reads it, and `posting.rs` normalises objects into a form that
//! mappings can rely on.
//!
//! A page without JSON-LD is searched for microdata: the same objects, written as attributes.
//!
//! A block that names the type but cannot be read is passed on as unreadable, so the read is not
//! complete. To support other shapes, see [`collect`] and [`is_of`].

use super::super::json::{DecodeSummary, DecodedItem};
use super::posting::{KnownNodes, in_order};
use super::{BodyFacts, UnreadCause, loose, record};
use crate::markup::{CssPath, HtmlPage};
use serde_json::{Map, Value as Json};
use url::Url;

/// The scripts that contain JSON-LD: like browsers and search engines, ignores case and parameters
/// of the type.
pub const BLOCKS: &str = "script[type*='ld+json' i]@html";

/// Reads the objects of a type.
pub(super) fn read(
    text: &str,
    kind: &str,
    body: &BodyFacts,
    put: &mut dyn FnMut(DecodedItem) -> bool,
) -> Result<DecodeSummary, UnreadCause> {
    let kind = bare_type(kind);
    let blocks = CssPath::parse(BLOCKS).map_err(|error| error.message)?;
    let (mut values, mut broken) = (Vec::new(), Vec::new());
    let page = HtmlPage::whole(text)?;
    for block in blocks.select(&page, None) {
        let is_of_interest = block
            .to_ascii_lowercase()
            .contains(&kind.to_ascii_lowercase());
        for value in loose::values(&block) {
            match value {
                Ok(value) => values.push(value),
                Err((text, why)) if is_of_interest => broken.push((text, why)),
                Err(_) => {}
            }
        }
    }
    let mut found = DecodeSummary {
        frame: body.is_of_many.then(|| page.frame(&[])),
        ..DecodeSummary::default()
    };
    let mut objects = Vec::new();
    let mut nodes = KnownNodes::of(&values);
    values
        .into_iter()
        .for_each(|value| collect(value, kind, &mut objects, &mut found.place_found));
    if objects.is_empty() && broken.is_empty() {
        let described = page.microdata(body.url.and_then(|url| Url::parse(url).ok()).as_ref());
        nodes = KnownNodes::of(&described);
        described
            .into_iter()
            .for_each(|value| collect(value, kind, &mut objects, &mut found.place_found));
    }
    // A mere reference to an object elsewhere on the page.
    objects.retain(|object| !nodes.is_reference(object));
    found.place_found |= !objects.is_empty() || !broken.is_empty();
    let objects: Vec<Map<String, Json>> = objects
        .into_iter()
        .map(|object| in_order(object, &nodes))
        .collect();
    // The page is the address of one object; of several each has its own name.
    let is_shared = objects
        .iter()
        .filter(|object| !object.contains_key("url"))
        .count()
        > 1;
    let records = objects
        .into_iter()
        .map(|object| record(&with_url(object, body, is_shared)));
    let unreadable = broken
        .into_iter()
        .map(|(text, why)| DecodedItem::Unreadable(text.into_bytes(), why));
    let mut items = records.chain(unreadable);
    while items.next().is_some_and(&mut *put) {}
    drop(items);
    Ok(found)
}

fn with_url(mut object: Map<String, Json>, body: &BodyFacts, is_shared: bool) -> Json {
    let own = object
        .get("@id")
        .and_then(Json::as_str)
        .filter(|id| is_shared && id.starts_with("http"))
        .map(str::to_owned);
    if let Some(url) = own.or_else(|| body.url.map(str::to_owned)) {
        object.entry("url").or_insert_with(|| Json::from(url));
    }
    Json::Object(object)
}

/// The objects of the type within a value, under any member; objects nested in such an object
/// belong to it. An empty list of items still marks the place. The JSON reader bounds the depth.
fn collect(value: Json, kind: &str, objects: &mut Vec<Map<String, Json>>, place_found: &mut bool) {
    match value {
        Json::Array(items) => items
            .into_iter()
            .for_each(|item| collect(item, kind, objects, place_found)),
        Json::Object(object) if is_of(&object, kind) => objects.push(object),
        Json::Object(object) => {
            let is_empty = |items: &Json| items.as_array().is_some_and(Vec::is_empty);
            *place_found |=
                is_of(&object, "ItemList") && object.get("itemListElement").is_some_and(is_empty);
            object
                .into_iter()
                .for_each(|(_, inner)| collect(inner, kind, objects, place_found));
        }
        _ => {}
    }
}

/// Whether an object is of a type: by its bare name, with a prefix, or as an address. Without the
/// `@` it is the alias of schema.org.
fn is_of(object: &Map<String, Json>, kind: &str) -> bool {
    let named = |value: &Json| {
        value
            .as_str()
            .is_some_and(|name| bare_type(name).eq_ignore_ascii_case(kind))
    };
    let types = object
        .iter()
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("@type"))
        .map(|(_, types)| types);
    match types.or_else(|| object.get("type")) {
        Some(Json::Array(kinds)) => kinds.iter().any(named),
        Some(one) => named(one),
        None => false,
    }
}

fn bare_type(name: &str) -> &str {
    let name = name.trim().trim_end_matches(['/', '#']);
    name.rsplit(['/', ':', '#']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_page(page: &str) -> (Vec<Json>, DecodeSummary) {
        let mut items: Vec<Json> = Vec::new();
        let found = read(
            page,
            "JobPosting",
            &BodyFacts {
                url: Some("https://x/1"),
                ..BodyFacts::default()
            },
            &mut |item| {
                items.push(match item {
                    DecodedItem::Record(text) => serde_json::from_str(&text).unwrap(),
                    DecodedItem::Unreadable(_, why) => json!(why),
                });
                true
            },
        );
        (items, found.unwrap())
    }

    fn objects(blocks: &[&str]) -> (Vec<Json>, DecodeSummary) {
        read_page(
            &blocks
                .iter()
                .map(|block| format!("<script type=\"application/ld+json\">{block}</script>"))
                .collect::<String>(),
        )
    }

    fn titles(blocks: &[&str]) -> String {
        objects(blocks)
            .0
            .iter()
            .filter_map(|item| item["title"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn objects_are_found_wherever_they_stand() {
        let (items, _) = objects(&[
            r#"{"@type":"JobPosting","title":"a"}"#,
            r#"{"@graph":[{"@type":"Organization"},{"@type":["Thing","JobPosting"],"title":"b"}]}"#,
            r#"{"@type":"ItemList","itemListElement":[{"item":{"@type":"http://schema.org/JobPosting","title":"c","url":"https://x/c"}}]}"#,
        ]);
        let titles: Vec<&Json> = items.iter().map(|item| &item["title"]).collect();
        assert_eq!(titles, [&json!("a"), &json!("b"), &json!("c")]);
        assert_eq!(
            (&items[0]["url"], &items[2]["url"]),
            (&json!("https://x/1"), &json!("https://x/c"))
        );
    }

    #[test]
    fn members_of_any_name_lead_to_objects() {
        for name in [
            "hasPart",
            "about",
            "mainEntity",
            "dataFeedElement",
            "jobs",
            "@reverse",
            "http://schema.org/hasPart",
        ] {
            let nested = format!(
                r#"{{"@type":"WebPage","{name}":[{{"x":{{"@type":"JobPosting","title":"a"}}}}]}}"#
            );
            assert_eq!(titles(&[&nested]), "a", "{name}");
        }
    }

    #[test]
    fn types_are_spelt_in_many_ways() {
        for kind in [
            "\"@type\":\"JobPosting\"",
            "\"@type\":\" jobposting \"",
            "\"@type\":\"https://schema.org/JobPosting\"",
            "\"@type\":\"http://www.schema.org/JobPosting/\"",
            "\"@type\":\"schema:JobPosting\"",
            "\"@type\":[\"Intangible\",\"schema:JobPosting\"]",
            "\"type\":\"JobPosting\"",
            "\"@Type\":\"JobPosting\"",
        ] {
            assert_eq!(
                titles(&[&format!("{{{kind},\"title\":\"a\"}}")]),
                "a",
                "{kind}"
            );
        }
        assert_eq!(titles(&[r#"{"@type":"NotJobPosting","title":"a"}"#]), "");
    }

    #[test]
    fn scripts_are_spelt_in_many_ways() {
        for tag in [
            "type=application/ld+json",
            "TYPE='APPLICATION/LD+JSON'",
            "type=\"application/ld+json; charset=utf-8\"",
            "type=' application/ld+json '",
            "id=x data-y type=\"application/ld+json;profile=z\"",
        ] {
            let page =
                format!("<SCRIPT {tag}>{{\"@type\":\"JobPosting\",\"title\":\"a\"}}</SCRIPT>");
            assert_eq!(read_page(&page).0.len(), 1, "{tag}");
        }
        let page =
            "<script type='application/json'>{\"@type\":\"JobPosting\",\"title\":\"a\"}</script>";
        assert!(read_page(page).0.is_empty());
    }

    #[test]
    fn several_objects_of_a_page_have_addresses_of_their_own() {
        let one = r#"{"@type":"JobPosting","@id":"https://x/a","title":"a"}"#;
        assert_eq!(objects(&[one]).0[0]["url"], json!("https://x/1"));
        let (items, _) = objects(&[one, &one.replace("/a", "/b")]);
        assert_eq!(
            (&items[0]["url"], &items[1]["url"]),
            (&json!("https://x/a"), &json!("https://x/b"))
        );
    }

    #[test]
    fn microdata_is_read_where_there_is_no_block() {
        let item =
            "<div itemscope itemtype='https://schema.org/JobPosting'><b itemprop=title>m</b></div>";
        let (items, found) = read_page(item);
        assert_eq!((&items[0]["title"], found.place_found), (&json!("m"), true));
        let block = "<script type='application/ld+json'>{\"@type\":\"JobPosting\",\"title\":\"a\"}</script>";
        assert_eq!(read_page(&format!("{item}{block}")).0.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_never_left_out_in_silence() {
        let (items, found) = objects(&[r#"{"@type":"JobPosting", title: x}"#]);
        assert!(items[0].is_string() && found.place_found);
        let (items, _) = objects(&[
            r#"{"@type":"JobPosting","title":"a"}"#,
            r#"{"@type":"jobposting","title":"cut"#,
        ]);
        assert!(items[0].is_object() && items[1].is_string(), "{items:?}");
        assert!(
            objects(&["{\"@type\":\"Organization\", broken"])
                .0
                .is_empty()
        );
    }

    #[test]
    fn a_page_without_an_object_is_no_empty_list_unless_it_shows_one() {
        assert!(!objects(&[r#"{"@type":"Organization"}"#]).1.place_found);
        assert!(
            objects(&[r#"{"@type":"ItemList","itemListElement":[]}"#])
                .1
                .place_found
        );
        assert!(
            !objects(&[
                r#"{"@type":"ItemList","itemListElement":[{"@type":"ListItem","url":"/a"}]}"#
            ])
            .1
            .place_found
        );
    }
}
