//! Pages of documents on their way from a source to the database. The channel is short, so a slow database slows
//! the reading and memory stays flat in the size of the feed. Ids are found on all cores, a page at a time.

use super::ident::{Ident, Named};
use super::json::Item;
use crate::model::{Document, Received, Refused};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Documents that are stored together.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Page {
    /// Records with an id, in the order of the source.
    pub received: Vec<Received>,
    /// Records without an id, and what is no JSON.
    pub refused: Vec<Document>,
}

/// Records in a page.
const PAGE_RECORDS: usize = 1000;
/// Bytes in a page.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// The reading was asked to stop; nobody wants more pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reading was stopped")]
pub struct Stopped;

/// Where a source puts what it reads.
pub struct Pages {
    sender: mpsc::Sender<Page>,
    ident: Arc<Ident>,
    open: Vec<(Item, Arc<Json>)>,
    bytes: usize,
    /// How many records were put so far.
    pub items: i64,
    /// Of the pages sent so far: how many records were no JSON.
    pub unreadable: i64,
    /// Of the pages sent so far: how many had no id.
    pub nameless: i64,
}

impl Page {
    /// How many documents.
    pub fn len(&self) -> usize {
        self.received.len() + self.refused.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Pages {
    /// A channel of pages whose ads are told apart by `ident`.
    pub fn channel(ident: &Arc<Ident>) -> (Pages, mpsc::Receiver<Page>) {
        let (sender, receiver) = mpsc::channel(1);
        (Pages { sender, ident: Arc::clone(ident), open: Vec::new(), bytes: 0, items: 0, unreadable: 0, nameless: 0 }, receiver)
    }

    /// Puts one record that came from `origin`; sends the page when it is full. Blocks the thread while the channel is full.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn put(&mut self, item: Item, origin: &Arc<Json>) -> Result<(), Stopped> {
        self.bytes += match &item {
            Item::Record(text) => text.len(),
            Item::Unreadable(raw, _) => raw.len(),
        };
        self.open.push((item, Arc::clone(origin)));
        self.items += 1;
        if self.open.len() >= PAGE_RECORDS || self.bytes >= PAGE_BYTES { self.flush() } else { Ok(()) }
    }

    /// Sends what is left.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn flush(&mut self) -> Result<(), Stopped> {
        self.bytes = 0;
        if self.open.is_empty() {
            return Ok(());
        }
        let ident = &self.ident;
        let named: Vec<Named> = self.open.par_drain(..).with_min_len(64).map(|(item, origin)| name(ident, item, &origin)).collect();
        let mut page = Page::default();
        for one in named {
            match one {
                Named::Ad(received) => page.received.push(received),
                Named::Refused(document) => {
                    let is_unreadable = matches!(document.refused, Some(Refused::Unreadable(_)));
                    self.unreadable += i64::from(is_unreadable);
                    self.nameless += i64::from(!is_unreadable);
                    page.refused.push(document);
                }
            }
        }
        self.send(page)
    }

    /// Sends a page that is ready.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn send(&self, page: Page) -> Result<(), Stopped> {
        self.sender.blocking_send(page).map_err(|_| Stopped)
    }
}

fn name(ident: &Ident, item: Item, origin: &Json) -> Named {
    match item {
        Item::Record(text) => ident.name(text, origin.clone()),
        Item::Unreadable(raw, why) => Named::Refused(Document::unreadable(&raw, origin.clone(), why)),
    }
}
