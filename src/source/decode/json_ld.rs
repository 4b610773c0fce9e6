//! JSON-LD in a page: the objects of a type, wherever they stand. In the wild it is seldom quite JSON: control letters in texts, commas before
//! a closing bracket, comments around it are passed over.

use super::super::json::{Found, Item};
use super::{Body, Unread, record};
use crate::markup::{Css, Page};
use crate::number;
use serde_json::{Map, Value as Json};

/// How deeply objects are looked for.
const DEEPEST: usize = 16;

/// Reads the objects of a type.
pub(super) fn read(text: &str, kind: &str, body: &Body, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
    let blocks = Css::parse("script[type='application/ld+json' i]@html").map_err(|error| error.message)?;
    let mut found = Found::default();
    let mut broken = Vec::new();
    let page = Page::whole(text)?;
    for block in blocks.select(&page, None) {
        match parse(&block) {
            Ok(value) => {
                let mut objects = Vec::new();
                collect(value, kind, &mut objects, &mut found.place_found, 0);
                found.place_found |= !objects.is_empty();
                if !objects.into_iter().all(|object| put(record(&with_url(object, body)))) {
                    return Ok(found);
                }
            }
            Err(why) => broken.push((block, why)),
        }
    }
    for (block, why) in broken.into_iter().filter(|(block, _)| block.contains(kind)) {
        found.place_found = true;
        if !put(Item::Unreadable(block.into_bytes(), why)) {
            break;
        }
    }
    Ok(found)
}

fn with_url(mut object: Map<String, Json>, body: &Body) -> Json {
    if let Some(url) = body.url {
        object.entry("url").or_insert_with(|| Json::from(url));
    }
    Json::Object(object)
}

/// The objects of the type in a value; a list of items is a place for them even when it is empty.
fn collect(value: Json, kind: &str, objects: &mut Vec<Map<String, Json>>, place_found: &mut bool, depth: usize) {
    match value {
        _ if depth > DEEPEST => {}
        Json::Array(items) => items.into_iter().for_each(|item| collect(item, kind, objects, place_found, depth + 1)),
        Json::Object(object) if is_of(&object, kind) => objects.push(object),
        Json::Object(mut object) => {
            *place_found |= is_of(&object, "ItemList");
            for name in ["@graph", "itemListElement", "item", "mainEntity", "mainEntityOfPage"] {
                if let Some(inner) = object.remove(name) {
                    collect(inner, kind, objects, place_found, depth + 1);
                }
            }
        }
        _ => {}
    }
}

fn is_of(object: &Map<String, Json>, kind: &str) -> bool {
    let named = |value: &Json| value.as_str().is_some_and(|name| name.rsplit(['/', ':', '#']).next() == Some(kind));
    match object.get("@type") {
        Some(Json::Array(kinds)) => kinds.iter().any(named),
        Some(one) => named(one),
        None => false,
    }
}

fn parse(block: &str) -> Result<Json, String> {
    let bare = block.trim().trim_start_matches("<!--").trim_start_matches("//<![CDATA[").trim_start_matches("<![CDATA[");
    let bare = bare.trim_end_matches("-->").trim_end_matches("]]>").trim_end_matches("//").trim().trim_end_matches(';');
    number::read(bare).or_else(|_| number::read(&mended(bare))).map_err(|error| error.to_string())
}

/// The text without control letters in its texts and without commas before closing brackets.
fn mended(text: &str) -> String {
    let (mut out, mut in_text, mut escaped) = (String::with_capacity(text.len()), false, false);
    for letter in text.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            '}' | ']' if !in_text => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
            }
            _ => {}
        }
        match letter {
            '\n' if in_text => out.push_str("\\n"),
            letter if in_text && letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn objects(blocks: &[&str]) -> (Vec<Json>, Found) {
        let page: String = blocks.iter().map(|block| format!("<script type=\"application/ld+json\">{block}</script>")).collect();
        let mut items: Vec<Json> = Vec::new();
        let found = read(&page, "JobPosting", &Body { url: Some("https://x/1"), charset: None }, &mut |item| {
            items.push(match item {
                Item::Record(text) => serde_json::from_str(&text).unwrap(),
                Item::Unreadable(_, why) => json!(why),
            });
            true
        });
        (items, found.unwrap())
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
        assert_eq!((&items[0]["url"], &items[2]["url"]), (&json!("https://x/1"), &json!("https://x/c")));
    }

    #[test]
    fn what_is_nearly_json_is_read() {
        let (items, _) = objects(&["<!--\n{\"@type\":\"JobPosting\",\"title\":\"two\nlines\t\",\"a\":[1,],}\n-->"]);
        assert_eq!(items[0]["title"], json!("two\nlines "));
        let (items, found) = objects(&[r#"{"@type":"JobPosting", title: x}"#]);
        assert!(items[0].is_string() && found.place_found);
        assert!(!objects(&[r#"{"@type":"Organization"}"#]).1.place_found);
    }
}
