//! Pages of documents on their way from a source to the database. The channel is short, so a slow database slows
//! the reading and memory stays flat in the size of the feed.

use crate::model::Document;
use tokio::sync::mpsc;

/// Documents that are stored together.
#[derive(Debug, Default)]
pub struct Page {
    /// The documents.
    pub documents: Vec<Document>,
    bytes: usize,
}

/// Documents in a page.
const PAGE_DOCUMENTS: usize = 1000;
/// Bytes of content in a page, roughly.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The reading was asked to stop; nobody wants more pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reading was stopped")]
pub struct Stopped;

/// Where a source puts its documents.
pub struct Pages {
    sender: mpsc::Sender<Page>,
    open: Page,
    items: i64,
}

impl Pages {
    /// A channel of pages.
    pub fn channel() -> (Pages, mpsc::Receiver<Page>) {
        let (sender, receiver) = mpsc::channel(2);
        (Pages { sender, open: Page::default(), items: 0 }, receiver)
    }

    /// Puts one document of about `bytes` bytes; sends the page when it is full. Blocks the thread while the channel is full.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn put(&mut self, document: Document, bytes: usize) -> Result<(), Stopped> {
        self.open.documents.push(document);
        self.open.bytes += bytes;
        self.items += 1;
        if self.open.documents.len() >= PAGE_DOCUMENTS || self.open.bytes >= PAGE_BYTES { self.flush() } else { Ok(()) }
    }

    /// Sends what is left.
    ///
    /// # Errors
    /// Nobody wants more.
    pub fn flush(&mut self) -> Result<(), Stopped> {
        if self.open.documents.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(std::mem::take(&mut self.open)).map_err(|_| Stopped)
    }

    /// How many documents were put.
    pub fn items(&self) -> i64 {
        self.items
    }
}
