//! RSS, Atom and JSON Feed: the items with all their elements, and beside them, under `feed`, what the formats have in common.

use super::super::json::{self, Found, Item};
use super::xml::{Seen, Shape, walk};
use super::{Spot, Unread, record};
use crate::jsonpath::Path;
use crate::number;
use serde_json::{Map, Value as Json};
use std::io::BufRead;

/// Reads a feed, whichever it is.
pub(super) fn read(text: &mut dyn BufRead, spots: &[Spot], put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
    let head = text.fill_buf()?;
    if head.trim_ascii_start().starts_with(b"{") { json_feed(text, spots, put) } else { xml_feed(text, put) }
}

fn json_feed(text: &mut dyn BufRead, spots: &[Spot], put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
    let shape = json::Shape { records: Path::parse("$.items[*]").ok(), count: None };
    let paths: Vec<&Path> = spots.iter().filter_map(|spot| if let Spot::Path(path) = spot { Some(path) } else { None }).collect();
    json::records(text, &shape, &paths, &mut |item| {
        put(match item {
            Item::Record(text) => number::read(&text).map_or(Item::Record(text), |value| common(value, &JSON_NAMES)),
            other => other,
        })
    })
}

fn xml_feed(text: &mut dyn BufRead, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
    let mut found = Found::default();
    let mut watch = |event: Seen| match event {
        Seen::Open(path) => {
            let local = |name: &String| name.rsplit(':').next().unwrap_or_default().to_lowercase();
            found.place_found |= path.len() == 1 && matches!(local(&path[0]).as_str(), "rss" | "feed" | "rdf" | "channel");
            path.last().is_some_and(|name| matches!(local(name).as_str(), "item" | "entry"))
        }
        Seen::Text(..) => false,
        Seen::Record(Item::Record(text)) => put(number::read(&text).map_or(Item::Record(text), |value| common(value, &XML_NAMES))),
        Seen::Record(other) => put(other),
    };
    walk(text, &Shape::default(), &mut watch)?;
    Ok(found)
}

/// What the formats have in common, and the names that they have for it; the first that is there counts.
type Names = [(&'static str, &'static [&'static str]); 9];

const XML_NAMES: Names = [
    ("id", &["guid", "id", "@rdf:about", "dc:identifier", "link"]),
    ("url", &["link", "guid", "@rdf:about"]),
    ("title", &["title"]),
    ("published", &["pubDate", "published", "issued", "dc:date", "updated"]),
    ("updated", &["updated", "atom:updated", "modified", "lastBuildDate"]),
    ("summary", &["description", "summary"]),
    ("content", &["content:encoded", "content", "description"]),
    ("author", &["author", "dc:creator"]),
    ("categories", &["category", "dc:subject"]),
];

const JSON_NAMES: Names = [
    ("id", &["id", "url"]),
    ("url", &["url", "external_url"]),
    ("title", &["title"]),
    ("published", &["date_published"]),
    ("updated", &["date_modified"]),
    ("summary", &["summary"]),
    ("content", &["content_html", "content_text"]),
    ("author", &["authors", "author"]),
    ("categories", &["tags"]),
];

fn common(mut item: Json, names: &Names) -> Item {
    let Json::Object(members) = &mut item else { return record(&item) };
    let mut shared = Map::new();
    for (name, places) in names {
        let texts = places.iter().map(|place| texts(members.get(*place))).find(|texts| !texts.is_empty()).unwrap_or_default();
        if *name == "categories" && !texts.is_empty() {
            shared.insert((*name).to_owned(), texts.into());
        } else if let Some(first) = texts.into_iter().next() {
            shared.insert((*name).to_owned(), first.into());
        }
    }
    members.insert("feed".to_owned(), Json::Object(shared));
    record(&item)
}

/// The texts of an element, however it is written: as text, with attributes, several times.
fn texts(value: Option<&Json>) -> Vec<String> {
    match value {
        Some(Json::String(text)) if !text.trim().is_empty() => vec![text.trim().to_owned()],
        Some(Json::Number(number)) => vec![number::text_of(number)],
        Some(Json::Array(items)) => {
            let alternate = |item: &&Json| item.get("@rel").is_none_or(|rel| rel == "alternate");
            items.iter().filter(alternate).flat_map(|item| texts(Some(item))).collect()
        }
        Some(Json::Object(members)) => {
            let inner = ["#text", "@href", "@term", "name"].iter().find_map(|key| members.get(*key)?.as_str());
            inner.map(|text| vec![text.trim().to_owned()]).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn items(text: &str) -> (Vec<Json>, Found) {
        let mut items: Vec<Json> = Vec::new();
        let found = read(&mut text.as_bytes(), &[], &mut |item| {
            if let Item::Record(text) = item {
                items.push(serde_json::from_str(&text).unwrap());
            }
            true
        });
        (items, found.unwrap())
    }

    #[test]
    fn three_formats_say_the_same() {
        let rss = r#"<rss xmlns:j="urn:j"><channel><item><title>A</title><link>https://x/1</link><guid isPermaLink="false">g1</guid>
          <pubDate>Fri, 12 Apr 2013 00:00:00 GMT</pubDate><category>c</category><category>d</category><j:jobId>9</j:jobId></item></channel></rss>"#;
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>g1</id><title>A</title><link rel="self" href="https://x/s"/>
          <link rel="alternate" href="https://x/1"/><updated>2013-04-12T00:00:00Z</updated></entry></feed>"#;
        let json_feed = r#"{"version":"https://jsonfeed.org/version/1","items":[{"id":"g1","url":"https://x/1","title":"A"}]}"#;
        for text in [rss, atom, json_feed] {
            let (items, found) = items(text);
            let feed = &items[0]["feed"];
            assert_eq!((&feed["id"], &feed["url"], &feed["title"]), (&json!("g1"), &json!("https://x/1"), &json!("A")), "{text}");
            assert!(found.place_found);
        }
        let (items, _) = items(rss);
        assert_eq!((&items[0]["j:jobId"], &items[0]["feed"]["categories"]), (&json!("9"), &json!(["c", "d"])));
    }

    #[test]
    fn an_empty_feed_is_a_feed_and_a_page_is_none() {
        assert!(items("<rss><channel/></rss>").1.place_found);
        assert!(!items("<html><body/></html>").1.place_found);
    }
}
