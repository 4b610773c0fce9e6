//! RSS, Atom and JSON Feed: each item with all its elements, and, under `feed`, the members common
//! to these formats.

use super::super::json::{self, DecodeSummary, DecodedItem};
use super::xml_element::MARKUP;
use super::xml_walk::{WalkEvent, XmlShape, walk};
use super::{BodyFacts, UnreadCause, ValueSpot, record};
use crate::jsonpath::JsonPath;
use crate::markup::HtmlPage;
use crate::steps::address_from;
use serde_json::{Map, Value as Json};
use std::io::BufRead;
use url::Url;
use weir_yaml::number;

/// Reads a feed, whichever it is.
pub(super) fn read(
    text: &mut dyn BufRead,
    body: &BodyFacts,
    spots: &[ValueSpot],
    put: &mut dyn FnMut(DecodedItem) -> bool,
) -> Result<DecodeSummary, UnreadCause> {
    let head = text.fill_buf()?;
    if head.trim_ascii_start().starts_with(b"{") {
        json_feed(text, body, spots, put)
    } else {
        xml_feed(text, body, put)
    }
}

fn json_feed(
    text: &mut dyn BufRead,
    body: &BodyFacts,
    spots: &[ValueSpot],
    put: &mut dyn FnMut(DecodedItem) -> bool,
) -> Result<DecodeSummary, UnreadCause> {
    let page = body.url.and_then(|url| Url::parse(url).ok());
    let shape = json::JsonShape {
        records: JsonPath::parse("$.items[*]").ok(),
        count: None,
    };
    let paths: Vec<&JsonPath> = spots
        .iter()
        .filter_map(|spot| {
            if let ValueSpot::Path(path) = spot {
                Some(path)
            } else {
                None
            }
        })
        .collect();
    json::records(text, &shape, &paths, &mut |item| {
        put(match item {
            DecodedItem::Record(text) => number::read(&text)
                .map_or(DecodedItem::Record(text), |value| {
                    common(value, &JSON_NAMES, page.as_ref())
                }),
            other => other,
        })
    })
}

fn xml_feed(
    text: &mut dyn BufRead,
    body: &BodyFacts,
    put: &mut dyn FnMut(DecodedItem) -> bool,
) -> Result<DecodeSummary, UnreadCause> {
    let page = body.url.and_then(|url| Url::parse(url).ok());
    let mut found = DecodeSummary::default();
    let mut watch = |event: WalkEvent| match event {
        WalkEvent::Open(path) => {
            let local = |name: &String| name.rsplit(':').next().unwrap_or_default().to_lowercase();
            found.place_found |= path.len() == 1
                && matches!(local(&path[0]).as_str(), "rss" | "feed" | "rdf" | "channel");
            path.last()
                .is_some_and(|name| matches!(local(name).as_str(), "item" | "entry"))
        }
        WalkEvent::Text(..) => false,
        WalkEvent::Record(DecodedItem::Record(text)) => put(number::read(&text)
            .map_or(DecodedItem::Record(text), |value| {
                common(value, &XML_NAMES, page.as_ref())
            })),
        WalkEvent::Record(other) => put(other),
    };
    let odd = walk(text, &XmlShape::default(), body, &mut watch)?;
    found.notes.extend(odd);
    Ok(found)
}

/// The common members, and their name in each format; the first one present is used.
type MemberNames = [(&'static str, &'static [&'static str]); 9];

const XML_NAMES: MemberNames = [
    ("id", &["guid", "id", "@rdf:about", "dc:identifier", "link"]),
    ("url", &["link", "guid", "@rdf:about"]),
    ("title", &["title"]),
    (
        "published",
        &["pubDate", "published", "issued", "dc:date", "updated"],
    ),
    (
        "updated",
        &["updated", "atom:updated", "modified", "lastBuildDate"],
    ),
    ("summary", &["description", "summary"]),
    ("content", &["content:encoded", "content", "description"]),
    ("author", &["author", "dc:creator"]),
    ("categories", &["category", "dc:subject"]),
];

const JSON_NAMES: MemberNames = [
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

fn common(mut item: Json, names: &MemberNames, page: Option<&Url>) -> DecodedItem {
    let Json::Object(members) = &mut item else {
        return record(&item);
    };
    let base = base_of(members, page);
    let mut shared = Map::new();
    for (name, places) in names {
        let texts = places
            .iter()
            .map(|place| texts(members.get(*place), name))
            .find(|texts| !texts.is_empty())
            .unwrap_or_default();
        if *name == "categories" && !texts.is_empty() {
            shared.insert((*name).to_owned(), texts.into());
        } else if let Some(first) = texts.into_iter().next() {
            let text = if *name == "url" {
                absolute(first, members, base.as_ref())
            } else {
                first
            };
            shared.insert((*name).to_owned(), text.into());
        }
    }
    members.insert("feed".to_owned(), Json::Object(shared));
    record(&item)
}

/// The address that the links of an item or of an element in it lead from.
fn base_of(members: &Map<String, Json>, page: Option<&Url>) -> Option<Url> {
    let said = members
        .get("@xml:base")
        .and_then(Json::as_str)
        .and_then(|base| Url::parse(base).ok());
    said.or_else(|| page.cloned())
}

/// Makes a link absolute. A guid that is not a link is kept.
fn absolute(text: String, members: &Map<String, Json>, base: Option<&Url>) -> String {
    let link = link_of(members.get("link"));
    if link.is_some_and(|link| link.get("@href").is_some()) {
        // An element may lead from elsewhere than its item.
        let own = link.and_then(|link| base_of(link, base));
        return own
            .and_then(|base| base.join(&text).ok())
            .map_or(text, String::from);
    }
    let is_link = members
        .get("link")
        .is_some_and(|link| texts(Some(link), "url").contains(&text))
        || members.get("url").is_some();
    base.filter(|_| is_link)
        .and_then(|base| address_from(base, &text))
        .map_or(text, String::from)
}

/// The link to use, if it is an element of its own.
fn link_of(link: Option<&Json>) -> Option<&Map<String, Json>> {
    match link? {
        Json::Array(items) => items.iter().find(|item| is_alternate(item))?.as_object(),
        one => one.as_object(),
    }
}

fn is_alternate(item: &Json) -> bool {
    item.get("@rel").is_none_or(|rel| rel == "alternate")
}

/// The texts of an element, however it is written: as text, as markup, with attributes, several
/// times.
fn texts(value: Option<&Json>, name: &str) -> Vec<String> {
    match value {
        Some(Json::String(text)) if !text.trim().is_empty() => vec![text.trim().to_owned()],
        Some(Json::Number(number)) => vec![number::text_of(number)],
        Some(Json::Array(items)) => items
            .iter()
            .filter(|item| is_alternate(item))
            .flat_map(|item| texts(Some(item), name))
            .collect(),
        Some(Json::Object(members)) => {
            let inner = [MARKUP, "#text", "@href", "@term", "name"]
                .iter()
                .find_map(|key| members.get(*key)?.as_str());
            let is_markup = members.contains_key(MARKUP)
                || members
                    .get("@type")
                    .is_some_and(|kind| kind == "html" || kind == "text/html");
            // A title is a line that people read, and never markup.
            let read = |text: &str| {
                if is_markup && name == "title" {
                    HtmlPage::parse(text).text()
                } else {
                    text.trim().to_owned()
                }
            };
            inner
                .map(read)
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn items(text: &str) -> (Vec<Json>, DecodeSummary) {
        let mut items: Vec<Json> = Vec::new();
        let found = read(
            &mut text.as_bytes(),
            &BodyFacts::default(),
            &[],
            &mut |item| {
                if let DecodedItem::Record(text) = item {
                    items.push(serde_json::from_str(&text).unwrap());
                }
                true
            },
        );
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
            assert_eq!(
                (&feed["id"], &feed["url"], &feed["title"]),
                (&json!("g1"), &json!("https://x/1"), &json!("A")),
                "{text}"
            );
            assert!(found.place_found);
        }
        let (items, _) = items(rss);
        assert_eq!(
            (&items[0]["j:jobId"], &items[0]["feed"]["categories"]),
            (&json!("9"), &json!(["c", "d"]))
        );
    }

    #[test]
    fn links_and_texts_are_those_of_the_page() {
        let read_at = |text: &str, page: &str| {
            let mut feeds: Vec<Json> = Vec::new();
            read(
                &mut text.as_bytes(),
                &BodyFacts {
                    url: Some(page),
                    ..BodyFacts::default()
                },
                &[],
                &mut |item| {
                    let DecodedItem::Record(text) = item else {
                        panic!()
                    };
                    feeds.push(serde_json::from_str::<Json>(&text).unwrap()["feed"].take());
                    true
                },
            )
            .unwrap();
            feeds
        };
        let page = "https://b.example/feeds/all.atom";
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom" BASE><entry><id>1</id><title type="html">Ad &amp;amp; &lt;b&gt;one&lt;/b&gt;</title>
          <link rel="enclosure" href="x.mp3"/><link href="jobs/1"/><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Hello <b>World</b></div></content></entry>
          <entry><id>2</id><title type="text">A &lt;b&gt; c</title><link href="//c.example/2" xml:base="https://d.example/"/></entry>
          <entry><id>3</id><title>x</title><link xml:base="/own/" href="3"/></entry></feed>"#;
        let feeds = read_at(&atom.replace("BASE", ""), page);
        assert_eq!(
            (&feeds[0]["url"], &feeds[0]["title"]),
            (&json!("https://b.example/feeds/jobs/1"), &json!("Ad & one"))
        );
        assert_eq!(feeds[0]["content"], json!("<div>Hello <b>World</b></div>"));
        assert_eq!(
            (&feeds[1]["url"], &feeds[1]["title"]),
            (&json!("https://c.example/2"), &json!("A <b> c"))
        );
        assert_eq!(feeds[2]["url"], json!("https://b.example/own/3"));
        assert_eq!(
            read_at(
                &atom.replace("BASE", r#"xml:base="https://e.example/""#),
                page
            )[0]["url"],
            json!("https://e.example/jobs/1")
        );
        let rss = "<rss><channel><item><link>/1</link></item><item><guid>g-1</guid></item><item><link>www.b.example</link></item></channel></rss>";
        let urls: Vec<Json> = read_at(rss, page)
            .iter()
            .map(|feed| feed["url"].clone())
            .collect();
        assert_eq!(
            urls,
            [
                json!("https://b.example/1"),
                json!("g-1"),
                json!("www.b.example")
            ]
        );
        assert_eq!(
            read_at(r#"{"items":[{"id":1,"url":"/1"}]}"#, page)[0]["url"],
            json!("https://b.example/1")
        );
    }

    #[test]
    fn an_empty_feed_is_a_feed_and_a_page_is_none() {
        assert!(items("<rss><channel/></rss>").1.place_found);
        assert!(!items("<html><body/></html>").1.place_found);
    }
}
