//! Sitemaps: the pages of a site with the day they changed, or an index of further sitemaps, or one address a line.

use super::super::json::{Found, Item};
use super::ration::Ration;
use super::spec::SitemapSpec;
use super::xml::{Seen, Shape, walk};
use super::{Unread, record};
use crate::diagnostic::Diagnostics;
use crate::source::steps::pattern;
use regex::Regex;
use serde_json::{Value as Json, json};
use std::io::BufRead;

/// Longest line.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Sitemaps as they are read.
#[derive(Debug, Clone, Default)]
pub(super) struct Sitemap {
    /// Which of the addresses are taken.
    only: Option<Regex>,
}

impl Sitemap {
    /// Compiles it; problems go to `out`.
    pub(super) fn compile(spec: &SitemapSpec, out: &mut Diagnostics) -> Option<Sitemap> {
        match &spec.only {
            None => Some(Sitemap::default()),
            Some(only) => pattern(only, out).map(|only| Sitemap { only: Some(only) }),
        }
    }

    /// Reads a sitemap, whichever it is.
    pub(super) fn read(&self, text: &mut dyn BufRead, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
        let head = text.fill_buf()?;
        if head.trim_ascii_start().starts_with(b"http") { self.lines(text, put) } else { self.pages(text, put) }
    }

    fn lines(&self, text: &mut dyn BufRead, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
        let ration = Ration::new(LONGEST_LINE);
        for line in ration.over(text, "a line").lines() {
            let line = line?;
            ration.renew();
            if self.takes(line.trim()) && !put(record(&json!({ "loc": line.trim() }))) {
                break;
            }
        }
        Ok(Found { place_found: true, ..Found::default() })
    }

    fn pages(&self, text: &mut dyn BufRead, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
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
            Seen::Record(item) if is_index => {
                found.pages.extend(loc(&item));
                true
            }
            Seen::Record(item) if self.only.is_some() && loc(&item).is_some_and(|loc| !self.takes(&loc)) => true,
            Seen::Record(item) => put(item),
        };
        walk(text, &Shape::default(), &mut watch)?;
        Ok(found)
    }

    fn takes(&self, address: &str) -> bool {
        !address.is_empty() && self.only.as_ref().is_none_or(|only| only.is_match(address))
    }
}

/// The address of an entry.
fn loc(item: &Item) -> Option<String> {
    let Item::Record(text) = item else { return None };
    let entry: Json = serde_json::from_str(text).ok()?;
    entry.get("loc").and_then(Json::as_str).map(|loc| loc.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (usize, Found) {
        let mut items = 0;
        let found = Sitemap::default().read(&mut text.as_bytes(), &mut |_| {
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

    #[test]
    fn only_addresses_that_match_are_taken() {
        let sitemap = Sitemap { only: Regex::new("/jobs/[0-9]").ok() };
        let taken = |text: &str| {
            let mut taken = Vec::new();
            let found = sitemap.read(&mut text.as_bytes(), &mut |item| {
                taken.extend(loc(&item));
                true
            });
            (taken, found.unwrap())
        };
        let urls = "<urlset><url><loc> https://x/jobs/1 </loc></url><url><loc>https://x/about</loc></url><url><lastmod>2026</lastmod></url></urlset>";
        let (pages, found) = taken(urls);
        assert_eq!((pages, found.place_found), (vec!["https://x/jobs/1".to_owned()], true));
        assert_eq!(taken("https://x/jobs/1\nhttps://x/jobs\n").0, ["https://x/jobs/1"]);
        let (_, found) = taken("<sitemapindex><sitemap><loc>https://x/a.xml</loc></sitemap></sitemapindex>");
        assert_eq!(found.pages, ["https://x/a.xml"]);
    }
}
