//! The position of a crawl and what it has read so far: stored along with the documents of each
//! page, so an interrupted crawl can be resumed.

use super::super::page::PageAdditions;
use super::paging::CrawlPosition;
use crate::markup::PageFrame;
use serde::{Deserialize, Serialize};

/// The position of a crawl, and what it has read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct CrawlBookmark {
    pub(super) crawl: usize,
    pub(super) position: Option<CrawlPosition>,
    pub(super) waiting: Vec<String>,
    pub(super) tally: CrawlTally,
}

/// What was read so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct CrawlTally {
    pub(super) pages: i64,
    pub(super) items: i64,
    /// Of them: ads that a page before had held.
    pub(super) repeated: i64,
    pub(super) bytes: i64,
    /// Reasons for a partial read, whichever process finishes it.
    #[serde(default)]
    pub(super) unreadable: i64,
    #[serde(default)]
    pub(super) nameless: i64,
    /// What the crawls that have ended stated.
    pub(super) stated: Option<i64>,
    /// Counts of the current crawl.
    pub(super) crawl_pages: u64,
    pub(super) crawl_items: i64,
    pub(super) crawl_stated: Option<i64>,
    /// What surrounds the ads of its first page.
    #[serde(default)]
    pub(super) crawl_frame: Option<PageFrame>,
    /// Why the declared count is missing.
    #[serde(default)]
    pub(super) crawl_uncounted: Option<String>,
    pub(super) problems: Vec<String>,
    /// A warning although nothing is missing.
    #[serde(default)]
    pub(super) warning: Option<String>,
}

impl CrawlBookmark {
    /// What comes from the source itself.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.position
            .iter()
            .filter_map(CrawlPosition::text)
            .chain(self.waiting.iter().map(String::as_str))
    }

    /// The same with other texts.
    pub(super) fn with_texts(&self, other: impl Fn(&str) -> String) -> CrawlBookmark {
        let position = self
            .position
            .as_ref()
            .map(|position| position.with_text(&other));
        CrawlBookmark {
            position,
            waiting: self.waiting.iter().map(|text| other(text)).collect(),
            ..self.clone()
        }
    }

    /// The bookmark of what follows: a position of this crawl, or the next crawl.
    pub(super) fn going_on_at(&self, position: Option<CrawlPosition>) -> CrawlBookmark {
        let Some(position) = position else {
            return CrawlBookmark {
                crawl: self.crawl + 1,
                tally: self.tally.next_crawl(),
                ..CrawlBookmark::default()
            };
        };
        let waiting = self
            .waiting
            .iter()
            .filter(|address| position != CrawlPosition::Address((*address).clone()))
            .cloned()
            .collect();
        CrawlBookmark {
            position: Some(position),
            waiting,
            ..self.clone()
        }
    }
}

impl CrawlTally {
    /// Counts the records of a page.
    pub(super) fn read(&mut self, items: i64) {
        self.items += items;
        self.crawl_items += items;
    }

    /// Counts the ads that a page added: ads of earlier pages are not counted twice.
    pub(super) fn add(&mut self, added: PageAdditions) {
        let repeated = i64::try_from(added.repeated).unwrap_or_default();
        self.repeated += repeated;
        self.crawl_items -= repeated;
        (self.unreadable, self.nameless) = (added.unreadable, added.nameless);
    }

    /// Whether a page without ads is the end of the list that was crawled: it looks like its first
    /// page, but for the ads.
    pub(super) fn is_of_this_list(&self, frame: Option<&PageFrame>) -> bool {
        self.crawl_frame
            .as_ref()
            .zip(frame)
            .is_some_and(|(first, frame)| first.is_like(frame))
    }

    /// The tally for the next crawl.
    pub(super) fn next_crawl(&self) -> CrawlTally {
        let stated = match (self.stated, self.crawl_stated) {
            (Some(before), Some(now)) => Some(before + now),
            (before, now) => before.or(now),
        };
        let mut problems = self.problems.clone();
        problems.extend(
            self.crawl_uncounted
                .clone()
                .filter(|why| !self.problems.contains(why)),
        );
        CrawlTally {
            stated,
            crawl_pages: 0,
            crawl_items: 0,
            crawl_stated: None,
            crawl_frame: None,
            crawl_uncounted: None,
            problems,
            ..self.clone()
        }
    }
}
