//! Pages of documents on their way from a source to the database. The channel is short, so a slow
//! database slows the reading and memory stays flat in the size of the feed. Ids are found on all
//! cores, a page at a time.

use super::decode::UnreadCause;
use super::ident::{IdExtractor, NamedRecord};
use super::json::{DecodeSummary, DecodedItem};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::mpsc;
use weir_model::untrusted::SecretStore;
use weir_model::{Document, Hash, ReceivedRecord, RefusalCause};

/// Documents that are stored together.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct DocumentPage {
    /// Records with an id, in the order of the source.
    pub received: Vec<ReceivedRecord>,
    /// Records without an id, and what is no JSON.
    pub refused: Vec<Document>,
    /// Listings that were put together with the page of their ad just now.
    pub detailed: Vec<ReceivedRecord>,
    /// Listings whose ad's own page could not be read or is gone, and why.
    pub undetailed: Vec<(ReceivedRecord, RefusalCause)>,
    /// Where the crawl stands after this page, if it can go on from there.
    pub bookmark: Option<Json>,
}

/// Records in a page.
const PAGE_RECORDS: usize = 1000;
/// Bytes of a page or file of the source in which records that share an id are put together.
const GATHERED_BYTES: usize = 64 * 1024 * 1024;
/// Most notes of what was odd.
const MOST_NOTES: usize = 3;
/// Bytes in a page. Several pages are under way at once, each as texts, as trees and as parameters
/// of statements, which together take about ten times as much.
const PAGE_BYTES: usize = 1280 * 1024;

/// The reading was asked to stop; nobody wants more pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the read was stopped")]
pub struct ReadStopped;

/// Where a source puts what it reads.
pub struct PageSink {
    sender: mpsc::Sender<DocumentPage>,
    ident: Arc<IdExtractor>,
    open: Vec<(DecodedItem, Arc<Json>)>,
    /// Records whose ids are found, on their way out.
    named: DocumentPage,
    bytes: usize,
    /// How many records were put so far.
    pub items: i64,
    /// How many of them were no JSON.
    pub unreadable: i64,
    /// How many of them had no id.
    pub nameless: i64,
    /// Hashes of the ids of this crawl, and of its page under way: a page that holds no new one is
    /// a loop. Two ads that share one by chance only make a loop be found a page later.
    crawled: HashSet<u64>,
    paged: HashSet<u64>,
    /// Of the page under way: what an attempt that failed has sent, and the one under way has not
    /// come by again.
    owed: HashSet<u64>,
    /// The counts when the page under way was begun.
    before: ItemCounts,
    crawls: bool,
    secrets: SecretStore,
    /// What was odd in what was read, though all of it could be.
    notes: Vec<String>,
    /// Which lists of records that share an id were there to be put together.
    merged: Vec<bool>,
}

/// What was counted up to a place.
#[derive(Debug, Clone, Copy, Default)]
struct ItemCounts {
    items: i64,
    unreadable: i64,
    nameless: i64,
}

/// What a page of a source added to its crawl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageAdditions {
    /// Ids that no page before it held.
    pub fresh: u64,
    /// Ids that a page before it held, or that it held before.
    pub repeated: u64,
    /// How many records of the read were no JSON, up to its end.
    pub unreadable: i64,
    /// How many had no id.
    pub nameless: i64,
}

impl DocumentPage {
    /// How many documents.
    pub fn len(&self) -> usize {
        self.received.len() + self.detailed.len() + self.undetailed.len() + self.refused.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl PageSink {
    /// A channel of pages whose ads are told apart by `ident`.
    pub fn channel(ident: &Arc<IdExtractor>) -> (PageSink, mpsc::Receiver<DocumentPage>) {
        let (sender, receiver) = mpsc::channel(1);
        (
            PageSink {
                sender,
                ident: Arc::clone(ident),
                open: Vec::new(),
                named: DocumentPage::default(),
                bytes: 0,
                items: 0,
                unreadable: 0,
                nameless: 0,
                crawled: HashSet::new(),
                paged: HashSet::new(),
                owed: HashSet::new(),
                before: ItemCounts::default(),
                crawls: false,
                secrets: SecretStore::default(),
                notes: Vec::new(),
                merged: vec![false; ident.twins.names().len()],
            },
            receiver,
        )
    }

    /// These pages, without the values of these secrets.
    #[must_use]
    pub fn masked(self, secrets: SecretStore) -> PageSink {
        PageSink { secrets, ..self }
    }

    /// Puts one record that came from `origin`; sends the page when it is full. Blocks the thread
    /// while the channel is full.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn put(&mut self, item: DecodedItem, origin: &Arc<Json>) -> Result<(), ReadStopped> {
        self.bytes += match &item {
            DecodedItem::Record(text) => text.len(),
            DecodedItem::Unreadable(raw, _) => raw.len(),
        };
        self.open.push((item, Arc::clone(origin)));
        self.items += 1;
        let full = match self.ident.twins.gathers() {
            true => self.bytes >= GATHERED_BYTES,
            false => self.open.len() >= PAGE_RECORDS || self.bytes >= PAGE_BYTES,
        };
        if full { self.flush() } else { Ok(()) }
    }

    /// Notes what was odd, though all of it could be read; of the same only once, and not of every
    /// page.
    pub fn note(&mut self, what: String) {
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&what) {
            self.notes.push(what);
        }
    }

    /// What was odd in what was read.
    pub fn notes(&self) -> Option<String> {
        let absent = self
            .ident
            .twins
            .names()
            .into_iter()
            .zip(&self.merged)
            .filter(|(_, is_there)| self.items > 0 && !**is_there);
        let absent = absent.map(|(name, _)| {
            format!("no ad has a member `{name}` for `duplicates: {{ merge }}` to merge")
        });
        let all: Vec<String> = self.notes.iter().cloned().chain(absent).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Sends what is left.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn flush(&mut self) -> Result<(), ReadStopped> {
        self.name_open();
        if self.named.is_empty() {
            Ok(())
        } else {
            self.send_named()
        }
    }

    /// What was found in a text of `items` records, unless it is a table without rows whose first
    /// line lacks what the id is made of: a notice, or an error that is no table at all, looks like
    /// that.
    ///
    /// # Errors
    /// It is such a table.
    pub fn own_table(
        &self,
        found: DecodeSummary,
        items: i64,
    ) -> Result<DecodeSummary, UnreadCause> {
        let columns = &found.columns;
        if items > 0 || columns.is_empty() || self.ident.can_read(columns) {
            return Ok(found);
        }
        let header = columns.join(", ");
        // Half a secret would not be found any more.
        let header = self.secrets.mask().hide(&header).into_owned();
        let header: String = header.chars().take(80).collect();
        Err(UnreadCause::Broken(format!(
            "it has no rows, and its first line is no header with what `id` reads: {header}"
        )))
    }

    /// Whether records of a page or file of the source are gathered.
    pub fn gathers(&self) -> bool {
        self.ident.twins.gathers()
    }

    /// A crawl begins: other ones may have read the same ads before.
    pub fn begin_crawl(&mut self) {
        self.crawls = true;
        self.crawled.clear();
        self.paged.clear();
        self.owed.clear();
    }

    /// The read goes on in which another process counted these.
    pub fn go_on(&mut self, unreadable: i64, nameless: i64) {
        (self.unreadable, self.nameless) = (unreadable, nameless);
        self.before = ItemCounts {
            items: self.items,
            unreadable,
            nameless,
        };
    }

    /// A page of the source is read from its start, perhaps once more: nothing of an attempt that
    /// failed counts twice. What is still here of it is dropped, and what was sent is passed over
    /// when it comes again, though it may read differently by then.
    pub fn begin_page(&mut self) {
        self.open.clear();
        self.bytes = 0;
        let ItemCounts {
            items,
            unreadable,
            nameless,
        } = self.before;
        (self.items, self.unreadable, self.nameless) = (items, unreadable, nameless);
        self.owed.clone_from(&self.paged);
    }

    /// A page of the source broke off for good: what came of it is sent all the same. Gives how
    /// many records that were, and what they added.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn break_off(&mut self) -> Result<(i64, PageAdditions), ReadStopped> {
        self.flush()?;
        // More may have been sent by an attempt before.
        let items = (self.items - self.before.items)
            .max(i64::try_from(self.paged.len()).unwrap_or(i64::MAX));
        Ok((items, self.next_page()))
    }

    /// All records of a page of the source were put. What it added decides where the crawl goes on,
    /// which [`PageSink::end_page`] is told.
    pub fn close_page(&mut self) -> PageAdditions {
        self.name_open();
        self.next_page()
    }

    /// What follows is another page of the source.
    fn next_page(&mut self) -> PageAdditions {
        let refused =
            (self.unreadable - self.before.unreadable) + (self.nameless - self.before.nameless);
        let named = usize::try_from(self.items - self.before.items - refused).unwrap_or_default();
        // An ad that a page lists twice is one, unless its rows are parts of one ad anyway.
        let listed = if self.gathers() { 0 } else { named };
        let (ids, before) = (self.paged.len().max(listed), self.crawled.len());
        self.crawled.extend(self.paged.drain());
        self.owed.clear();
        self.before = ItemCounts {
            items: self.items,
            unreadable: self.unreadable,
            nameless: self.nameless,
        };
        let fresh = self.crawled.len() - before;
        PageAdditions {
            fresh: fresh as u64,
            repeated: (ids - fresh) as u64,
            unreadable: self.unreadable,
            nameless: self.nameless,
        }
    }

    /// Sends the page that was closed, and with it where the crawl goes on, if it can.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn end_page(&mut self, bookmark: Option<Json>) -> Result<(), ReadStopped> {
        self.named.bookmark = bookmark;
        self.send_named()
    }

    /// Finds the ids of what was put.
    fn name_open(&mut self) {
        self.bytes = 0;
        let (ident, mask) = (&self.ident, self.secrets.mask());
        let name =
            |(item, origin): (DecodedItem, Arc<Json>)| name(ident, item.without(&mask), &origin);
        let named: Vec<NamedRecord> = self.open.par_drain(..).with_min_len(64).map(name).collect();
        for one in named {
            match one {
                NamedRecord::Ad(received) => self.named.received.push(received),
                NamedRecord::Refused(document) => {
                    let is_unreadable =
                        matches!(document.refused, Some(RefusalCause::Unreadable(_)));
                    self.unreadable += i64::from(is_unreadable);
                    self.nameless += i64::from(!is_unreadable);
                    self.named.refused.push(document);
                }
            }
        }
        if self.crawls {
            self.paged.extend(
                self.named
                    .received
                    .iter()
                    .map(|received| Hash::of(received.external_id.as_bytes()).leading()),
            );
        }
        let mut received = self
            .ident
            .twins
            .unite(std::mem::take(&mut self.named.received), &mut self.merged);
        if !self.owed.is_empty() {
            received.retain(|received| {
                !self
                    .owed
                    .remove(&Hash::of(received.external_id.as_bytes()).leading())
            });
        }
        self.named.received = received;
    }

    fn send_named(&mut self) -> Result<(), ReadStopped> {
        let page = std::mem::take(&mut self.named);
        self.send(page)
    }

    /// Sends a page that is ready.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn send(&self, page: DocumentPage) -> Result<(), ReadStopped> {
        self.sender.blocking_send(page).map_err(|_| ReadStopped)
    }
}

fn name(ident: &IdExtractor, item: DecodedItem, origin: &Json) -> NamedRecord {
    match item {
        DecodedItem::Record(text) => ident.name(text, origin.clone()),
        DecodedItem::Unreadable(raw, why) => {
            NamedRecord::Refused(Document::unreadable(&raw, origin.clone(), why))
        }
    }
}
