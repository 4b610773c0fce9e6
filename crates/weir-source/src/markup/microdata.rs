//! Microdata: what a page says about itself in attributes of its elements (`itemscope`,
//! `itemprop`), as the same objects that JSON-LD would yield. A description is taken as markup,
//! everything else as text.
//!
//! It never decides what an object is. Its depth is bounded by that of pages.

use super::text_of;
use scraper::{ElementRef, Html};
use serde_json::{Map, Value as Json};
use url::Url;

/// The objects of a page that are not part of another; `base` makes links absolute.
pub(super) fn objects(page: &Html, base: Option<&Url>) -> Vec<Json> {
    let is_object = |element: &ElementRef| {
        element.attr("itemscope").is_some() && element.attr("itemprop").is_none()
    };
    let elements = page.root_element().descendent_elements().filter(is_object);
    elements
        .map(|element| Json::Object(object(element, base)))
        .collect()
}

fn object(element: ElementRef<'_>, base: Option<&Url>) -> Map<String, Json> {
    let mut members = Map::new();
    if let Some(id) = element.attr("itemid") {
        members.insert("@id".to_owned(), Json::from(id.trim()));
    }
    let types: Vec<Json> = element
        .attr("itemtype")
        .unwrap_or_default()
        .split_whitespace()
        .map(Json::from)
        .collect();
    members.insert("@type".to_owned(), Json::Array(types));
    add_members(element, base, &mut members);
    members
}

fn add_members(element: ElementRef<'_>, base: Option<&Url>, members: &mut Map<String, Json>) {
    for child in element.child_elements() {
        let is_object = child.attr("itemscope").is_some();
        for name in child
            .attr("itemprop")
            .unwrap_or_default()
            .split_whitespace()
        {
            let value = if is_object {
                Json::Object(object(child, base))
            } else {
                Json::from(value(child, name, base))
            };
            add(members, name, value);
        }
        if !is_object {
            add_members(child, base, members);
        }
    }
}

/// Adds a value; several of one name are a list.
fn add(members: &mut Map<String, Json>, name: &str, value: Json) {
    match members.get_mut(name) {
        Some(Json::Array(values)) => values.push(value),
        Some(first) => *first = Json::Array(vec![first.take(), value]),
        None => {
            members.insert(name.to_owned(), value);
        }
    }
}

fn value(element: ElementRef<'_>, name: &str, base: Option<&Url>) -> String {
    let link = |attribute: &str| {
        let link = element.attr(attribute)?.trim();
        Some(
            base.and_then(|base| base.join(link).ok())
                .map_or_else(|| link.to_owned(), String::from),
        )
    };
    let attribute = |attribute: &str| element.attr(attribute).map(|value| value.trim().to_owned());
    let said = match element.value().name() {
        "a" | "area" | "link" => link("href"),
        "img" | "audio" | "video" | "embed" | "iframe" | "source" | "track" => link("src"),
        "object" => link("data"),
        "data" | "meter" => attribute("value"),
        "time" => attribute("datetime"),
        _ => None,
    };
    let text = || {
        if name == "description" {
            element.inner_html()
        } else {
            text_of(element)
        }
    };
    attribute("content").or(said).unwrap_or_else(text)
}

#[cfg(test)]
mod tests {
    use super::super::HtmlPage;
    use serde_json::json;
    use url::Url;

    #[test]
    fn attributes_make_objects() {
        let page = HtmlPage::parse(
            "<div itemscope itemtype='http://schema.org/JobPosting'><h1 itemprop=title>Bell <b>Founder</b></h1><meta itemprop=datePosted content=2026-09-01>
            <a itemprop='url sameAs' href=/j/1>x</a><time itemprop=validThrough datetime=2026-10-01>soon</time><div itemprop=description><p>Cast.</p></div>
            <p><span itemprop=jobLocation itemscope itemtype=http://schema.org/Place><span itemprop=name>Orange</span></span></p>
            <span itemprop=skills>a</span><span itemprop=skills>b</span></div><p itemscope>other</p>",
        );
        let found = page.microdata(Url::parse("https://x.example/list").ok().as_ref());
        assert_eq!(
            found,
            [
                json!({"@type": ["http://schema.org/JobPosting"], "title": "Bell Founder", "datePosted": "2026-09-01", "url": "https://x.example/j/1",
                    "sameAs": "https://x.example/j/1", "validThrough": "2026-10-01", "description": "<p>Cast.</p>",
                    "jobLocation": {"@type": ["http://schema.org/Place"], "name": "Orange"}, "skills": ["a", "b"]}),
                json!({"@type": []}),
            ]
        );
    }
}
