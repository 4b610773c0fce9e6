//! Sitemaps: the pages of a site with the day they changed, or an index of further sitemaps, or one
//! address a line.

use super::super::json::{DecodeSummary, DecodedItem};
use super::ration::ByteRation;
use super::xml_walk::{WalkEvent, XmlShape, walk};
use super::{BodyFacts, UNENDED, UnreadCause, record};
use crate::proof::counted;
use crate::steps::pattern;
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::io::BufRead;
use url::Url;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::Text;

/// The message for something that is not a sitemap.
pub(super) const ABSENCE: &str =
    "it is not a sitemap: it is neither a `urlset` nor a `sitemapindex` nor a list of addresses";

/// Longest line.
const LONGEST_LINE: u64 = 1024 * 1024;

/// A sitemap.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SitemapSpec {
    /// Which addresses are ads: a regular expression such as `/jobs/[0-9]+`; by default all are.
    /// Sitemap indexes are always followed.
    pub(super) only: Option<Text>,
}

/// Sitemaps as they are read.
#[derive(Debug, Clone, Default)]
pub(super) struct Sitemap {
    /// Which addresses are used.
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
    pub(super) fn read(
        &self,
        text: &mut dyn BufRead,
        body: &BodyFacts,
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        let base = body.url.and_then(|url| Url::parse(url).ok());
        let head = text.fill_buf()?.trim_ascii_start();
        let is_list = head
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"http"));
        if is_list {
            self.lines(text, body, put)
        } else {
            self.pages(text, body, base.as_ref(), put)
        }
    }

    fn lines(
        &self,
        text: &mut dyn BufRead,
        body: &BodyFacts,
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        let ration = ByteRation::new(LONGEST_LINE);
        let mut lines = ration.over(text, "a line");
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if lines.read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            ration.renew();
            if body.is_open_ended && !bytes.ends_with(b"\n") {
                return Err(UnreadCause::Broken(UNENDED.to_owned()));
            }
            let line = String::from_utf8(std::mem::take(&mut bytes))
                .map_err(|error| UnreadCause::Broken(error.to_string()))?;
            if self.takes(line.trim()) && !put(record(&json!({ "loc": line.trim() }))) {
                break;
            }
        }
        Ok(DecodeSummary {
            place_found: true,
            ..DecodeSummary::default()
        })
    }

    fn pages(
        &self,
        text: &mut dyn BufRead,
        body: &BodyFacts,
        base: Option<&Url>,
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        let mut found = DecodeSummary::default();
        let (mut is_index, mut strays) = (false, 0);
        let mut watch = |event: WalkEvent| match event {
            WalkEvent::Open(path) => {
                let local: Vec<&str> = path
                    .iter()
                    .map(|name| name.rsplit(':').next().unwrap_or_default())
                    .collect();
                found.place_found |= matches!(local.as_slice(), ["urlset" | "sitemapindex"]);
                is_index |= local.first() == Some(&"sitemapindex");
                let is_stray = matches!(
                    local.as_slice(),
                    ["urlset", "sitemap"] | ["sitemapindex", "url"]
                );
                strays += i64::from(is_stray);
                matches!(
                    local.as_slice(),
                    ["urlset", "url"] | ["sitemapindex", "sitemap"]
                )
            }
            WalkEvent::Text(..) => false,
            WalkEvent::Record(item) => {
                let (item, loc) = located(item, base);
                if is_index {
                    let loc = loc.filter(|loc| !loc.is_empty());
                    strays += i64::from(loc.is_none());
                    found.pages.extend(loc);
                    return true;
                }
                loc.is_some_and(|loc| !self.takes(&loc)) || put(item)
            }
        };
        let walked = walk(text, &XmlShape::default(), body, &mut watch);
        if !found.place_found {
            walked.map_err(|unread| unread.told(|why| format!("{ABSENCE} ({why})")))?;
            return Ok(found);
        }
        found.notes.extend(walked?);
        found.doubts.extend((strays > 0).then(|| {
            let more = " of it cannot be followed, so its ads are unknown";
            counted(strays, "entry", more)
        }));
        Ok(found)
    }

    fn takes(&self, address: &str) -> bool {
        !address.is_empty() && self.only.as_ref().is_none_or(|only| only.is_match(address))
    }
}

/// An entry with its address made absolute. The first of several is used.
fn located(item: DecodedItem, base: Option<&Url>) -> (DecodedItem, Option<String>) {
    let DecodedItem::Record(text) = &item else {
        return (item, None);
    };
    let Ok(Json::Object(mut entry)) = serde_json::from_str(text) else {
        return (item, None);
    };
    let written = entry
        .iter()
        .find(|(name, _)| name.rsplit(':').next() == Some("loc"))
        .map(|(_, loc)| loc.clone());
    let Some(Json::String(written)) = first(written) else {
        return (item, None);
    };
    let written = written.trim();
    let address = base
        .and_then(|base| base.join(written).ok())
        .map_or_else(|| written.to_owned(), String::from);
    // Absolute addresses stay as written, because ids are derived from them.
    let loc = if Url::parse(written).is_ok() {
        written.to_owned()
    } else {
        address
    };
    entry.insert("loc".to_owned(), Json::from(loc.clone()));
    (record(&Json::Object(entry)), Some(loc))
}

fn first(value: Option<Json>) -> Option<Json> {
    match value {
        Some(Json::Array(all)) => all.into_iter().next(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (usize, DecodeSummary) {
        let mut items = 0;
        let found =
            Sitemap::default().read(&mut text.as_bytes(), &BodyFacts::default(), &mut |_| {
                items += 1;
                true
            });
        (items, found.unwrap())
    }

    #[test]
    fn pages_lines_and_indexes() {
        let urls = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://x/1</loc><lastmod>2026-01-01</lastmod></url></urlset>";
        assert_eq!(read_all(urls).0, 1);
        assert_eq!(read_all("https://x/1\nhttps://x/2\n").0, 2);
        let (items, found) =
            read_all("<sitemapindex><sitemap><loc>https://x/a.xml</loc></sitemap></sitemapindex>");
        assert_eq!(
            (items, found.pages, found.place_found),
            (0, vec!["https://x/a.xml".to_owned()], true)
        );
        assert!(!read_all("<html/>").1.place_found);
    }

    #[test]
    fn addresses_are_those_of_pages_and_lead_from_the_sitemap() {
        let text = "<urlset xmlns:image='i'><url><image:image><image:loc>/logo.png</image:loc></image:image><loc>/jobs/1</loc></url>\
            <url><loc><![CDATA[\n https://y/2?a=1&b=2 \n]]></loc></url><url><image:image><image:loc>/x.png</image:loc></image:image></url>\
            <url><loc>3</loc></url></urlset>";
        let (mut taken, body) = (
            Vec::new(),
            BodyFacts {
                url: Some("https://x/a/sitemap.xml"),
                ..BodyFacts::default()
            },
        );
        let put = &mut |item: DecodedItem| {
            let DecodedItem::Record(text) = item else {
                panic!()
            };
            taken.push(
                serde_json::from_str::<Json>(&text).unwrap()["loc"]
                    .as_str()
                    .map(str::to_owned),
            );
            true
        };
        assert!(
            Sitemap::default()
                .read(&mut text.as_bytes(), &body, put)
                .unwrap()
                .place_found
        );
        let some = |loc: &str| Some(loc.to_owned());
        assert_eq!(
            taken,
            [
                some("https://x/jobs/1"),
                some("https://y/2?a=1&b=2"),
                None,
                some("https://x/a/3")
            ]
        );
    }

    #[test]
    fn entries_that_lead_nowhere_are_a_doubt() {
        let doubts = |text: &str| read_all(text).1.doubts;
        for wrong in [
            "<sitemapindex><sitemap><loc>https://x/a.xml</loc></sitemap><sitemap><lastmod>2026</lastmod></sitemap></sitemapindex>",
            "<sitemapindex><sitemap><loc> </loc></sitemap></sitemapindex>",
            "<urlset><url><loc>https://x/1</loc></url><sitemap><loc>https://x/a.xml</loc></sitemap></urlset>",
        ] {
            assert_eq!(
                doubts(wrong),
                ["1 entry of it cannot be followed, so its ads are unknown"]
            );
        }
        assert!(
            doubts("<sitemapindex><sitemap><loc>a.xml</loc></sitemap></sitemapindex>").is_empty()
        );
    }

    #[test]
    fn only_addresses_that_match_are_taken() {
        let sitemap = Sitemap {
            only: Regex::new("/jobs/[0-9]").ok(),
        };
        let taken = |text: &str| {
            let mut taken = Vec::new();
            let found = sitemap.read(&mut text.as_bytes(), &BodyFacts::default(), &mut |item| {
                taken.extend(located(item, None).1);
                true
            });
            (taken, found.unwrap())
        };
        let urls = "<urlset><url><loc> https://x/jobs/1 </loc></url><url><loc>https://x/about</loc></url><url><lastmod>2026</lastmod></url></urlset>";
        let (pages, found) = taken(urls);
        assert_eq!(
            (pages, found.place_found),
            (vec!["https://x/jobs/1".to_owned()], true)
        );
        assert_eq!(
            taken("https://x/jobs/1\nhttps://x/jobs\n").0,
            ["https://x/jobs/1"]
        );
        let (_, found) =
            taken("<sitemapindex><sitemap><loc>https://x/a.xml</loc></sitemap></sitemapindex>");
        assert_eq!(found.pages, ["https://x/a.xml"]);
    }
}
