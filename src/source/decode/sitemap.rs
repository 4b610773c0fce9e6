//! Sitemaps: the pages of a site with the day they changed, or an index of further sitemaps, or one address a line.

use super::super::json::{Found, Item};
use super::ration::Ration;
use super::xml::{Seen, Shape, walk};
use super::{Unread, record};
use serde_json::{Value as Json, json};
use std::io::BufRead;

/// Longest line.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Reads a sitemap, whichever it is.
pub(super) fn read(text: &mut dyn BufRead, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
    let head = text.fill_buf()?;
    if head.trim_ascii_start().starts_with(b"http") { lines(text, put) } else { pages(text, put) }
}

fn lines(text: &mut dyn BufRead, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
    let ration = Ration::new(LONGEST_LINE);
    for line in ration.over(text, "a line").lines() {
        let line = line?;
        ration.renew();
        if !line.trim().is_empty() && !put(record(&json!({ "loc": line.trim() }))) {
            break;
        }
    }
    Ok(Found { place_found: true, ..Found::default() })
}

fn pages(text: &mut dyn BufRead, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
    let mut found = Found::default();
    let mut is_index = false;
    let mut watch = |event: Seen| match event {
        Seen::Open(path) => {
            let local: Vec<&str> = path.iter().map(|name| name.rsplit(':').next().unwrap_or_default()).collect();
            found.place_found |= matches!(local.as_slice(), ["urlset" | "sitemapindex"]);
            is_index |= local.first() == Some(&"sitemapindex");
            matches!(local.as_slice(), ["urlset", "url"] | ["sitemapindex", "sitemap"])
        }
        Seen::Text(..) => false,
        Seen::Record(Item::Record(text)) if is_index => {
            let value: Json = serde_json::from_str(&text).unwrap_or_default();
            found.pages.extend(value.get("loc").and_then(Json::as_str).map(str::to_owned));
            true
        }
        Seen::Record(item) => put(item),
    };
    walk(text, &Shape::default(), &mut watch)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (usize, Found) {
        let mut items = 0;
        let found = read(&mut text.as_bytes(), &mut |_| {
            items += 1;
            true
        });
        (items, found.unwrap())
    }

    #[test]
    fn pages_lines_and_indexes() {
        let urls =
            "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://x/1</loc><lastmod>2026-01-01</lastmod></url></urlset>";
        assert_eq!(read_all(urls).0, 1);
        assert_eq!(read_all("https://x/1\nhttps://x/2\n").0, 2);
        let (items, found) = read_all("<sitemapindex><sitemap><loc>https://x/a.xml</loc></sitemap></sitemapindex>");
        assert_eq!((items, found.pages, found.place_found), (0, vec!["https://x/a.xml".to_owned()], true));
        assert!(!read_all("<html/>").1.place_found);
    }
}
