//! Between a source that lists ads and the database: the pages of those ads whose listing is new or changed. They are stored a few at a time,
//! so that a crawl that died asks for none of them twice; an ad whose page is gone is left out as if it were not listed.

use super::{Engine, RunError};
use crate::model::{Clock, Received};
use crate::plan::Flow;
use crate::source::Page;
use crate::source::http::{Detail, Http, NoDetail};
use crate::store::reads::Proof;
use crate::store::{Stream, documents};
use tokio::sync::mpsc;

/// Ads whose pages are stored together.
const TOGETHER: usize = 20;

/// What came of the pages of single ads.
#[derive(Debug, Default)]
pub(super) struct Detailed {
    gone: usize,
    failed: usize,
}

impl Detailed {
    /// The proof with what came of the pages. While some are to be asked for again, the list must come again, too: what it says of its state is forgotten.
    pub(super) fn complete(&self, proof: Proof) -> Proof {
        let validators = proof.validators.clone().filter(|_| self.failed == 0);
        Proof { validators, ..proof.and_note(self.note()) }
    }

    /// In words; nothing if all went well.
    fn note(&self) -> Option<String> {
        let of = |count: usize, what: &str| (count > 0).then(|| format!("{count} {}{what}", if count == 1 { "ad" } else { "ads" }));
        let gone = of(self.gone, " listed, but gone by the own page");
        let failed = of(self.failed, " without a readable page of the own, asked for again by the next run");
        let notes: Vec<String> = gone.into_iter().chain(failed).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

/// Passes pages on, with the pages of their ads where they are needed.
pub(super) async fn pass_on(
    engine: &Engine,
    flow: &Flow,
    stream: &Stream,
    at: Clock,
    needed: bool,
    mut pages: mpsc::Receiver<Page>,
    sender: mpsc::Sender<Page>,
) -> Result<Detailed, RunError> {
    let mut all = Detailed::default();
    while let Some(mut page) = pages.recv().await {
        if let Some((http, detail)) = flow.fetch.detail().filter(|_| needed) {
            let bookmark = page.bookmark.take();
            let wanted = take_wanted(engine, stream, at, detail, &mut page).await?;
            if sender.send(page).await.is_err() {
                return Ok(all);
            }
            for listings in wanted.chunks(TOGETHER) {
                if engine.stop.is_cancelled() {
                    return Err(RunError::Interrupted);
                }
                let page = complete(engine, http, detail, listings, &mut all).await;
                if sender.send(page).await.is_err() {
                    return Ok(all);
                }
            }
            page = Page { bookmark, ..Page::default() };
            if page.bookmark.is_some() && sender.send(page).await.is_err() {
                return Ok(all);
            }
        } else if sender.send(page).await.is_err() {
            return Ok(all);
        }
    }
    Ok(all)
}

/// Takes the listings out of a page whose ads' pages are asked for.
async fn take_wanted(engine: &Engine, stream: &Stream, at: Clock, detail: &Detail, page: &mut Page) -> Result<Vec<Received>, RunError> {
    let mut connection = engine.store.connection().await?;
    let read_before = detail.again.map(|again| at.0 - again);
    let wanted = documents::to_detail(&mut connection, stream, &page.received, read_before).await?;
    let (taken, rest) = std::mem::take(&mut page.received).into_iter().partition(|listing| wanted.contains(&listing.external_id));
    page.received = rest;
    Ok(taken)
}

async fn complete(engine: &Engine, http: &Http, detail: &Detail, listings: &[Received], all: &mut Detailed) -> Page {
    let mut page = Page::default();
    for listing in listings {
        match detail.complete(http, &engine.access, listing).await {
            Ok(document) => page.detailed.push(document),
            Err(NoDetail::Gone) => all.gone += 1,
            Err(NoDetail::Failed(why)) => {
                all.failed += 1;
                page.undetailed.push((listing.clone(), why));
            }
        }
    }
    page
}
