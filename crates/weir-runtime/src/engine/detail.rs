//! Between a source that lists ads and the database: the pages of those ads whose listing is new or
//! changed. They are stored a few at a time, so that a crawl that died asks for none of them twice.
//! An ad without its page is on record and counts as listed: a board that moves its pages has not
//! taken down its ads.

use super::forgotten::ForgottenDoor;
use super::{Engine, RunError};
use std::sync::Arc;
use tokio::sync::mpsc;
use weir_model::{Clock, ReadOutcome, ReadState, ReceivedRecord, RefusalCause, SourceKey};
use weir_project::plan::SourcePlan;
use weir_project::plan::picture::StagePassage;
use weir_source::DocumentPage;
use weir_source::door::CookieJar;
use weir_source::http::{DetailRequest, HttpSource};
use weir_store::documents;

/// Ads whose pages are stored together.
const TOGETHER: usize = 20;
/// From so many ads on it counts whether the pages of most of them are gone.
const FEWEST: usize = 5;

/// What came of the pages of single ads.
#[derive(Debug, Default)]
pub(super) struct DetailPages {
    asked: usize,
    gone: usize,
    /// Of the ads whose page is gone: those of which something was stored before, so that they say
    /// nothing new.
    gone_before: usize,
    failed: usize,
    /// The same as a node of the plan counts it; a dry run, which asked before, counts what it
    /// asked then.
    pub(super) passed: StagePassage,
}

impl DetailPages {
    /// Counts what came of some ads; nothing of it is stored yet.
    async fn count(
        &mut self,
        engine: &Engine,
        stream: &SourceKey,
        page: &DocumentPage,
    ) -> Result<(), RunError> {
        let is_gone =
            |one: &&(ReceivedRecord, RefusalCause)| matches!(one.1, RefusalCause::DetailGone(_));
        let gone: Vec<(ReceivedRecord, RefusalCause)> =
            page.undetailed.iter().filter(is_gone).cloned().collect();
        self.asked += page.len();
        self.gone += gone.len();
        self.failed += page.undetailed.len() - gone.len();
        if !gone.is_empty() {
            self.gone_before +=
                documents::stored_before(&mut *engine.store.connection().await?, stream, &gone)
                    .await?;
        }
        Ok(())
    }

    /// Counts what passes.
    fn pass(&mut self, page: &DocumentPage) {
        let count = |ads: usize| i64::try_from(ads).unwrap_or(i64::MAX);
        self.passed.rows_in += count(page.detailed.len() + page.undetailed.len());
        self.passed.rows_out += count(page.detailed.len());
        self.passed.refused += count(page.undetailed.len());
    }

    /// The proof with what came of the pages. While some are to be asked for again, the list must
    /// come again, too: what it says of its state is forgotten. Where most pages are gone, the read
    /// is one in part.
    pub(super) fn complete(&self, proof: ReadOutcome) -> ReadOutcome {
        let (validators, moved) = (
            proof
                .validators
                .clone()
                .filter(|_| self.failed == 0 && self.gone == 0),
            self.have_moved(proof.items),
        );
        let state = if (moved || self.fail_mostly()) && proof.state == ReadState::Complete {
            ReadState::Partial
        } else {
            proof.state
        };
        ReadOutcome {
            state,
            validators,
            ..proof.and_note(self.note(moved))
        }
    }

    /// Whether more than half of the ads that are new, or of all that are listed, have no page any
    /// more: then it is the pages that have moved.
    fn have_moved(&self, listed: i64) -> bool {
        let is_most = |gone: usize, all: usize| all >= FEWEST && gone * 2 > all;
        let new = self.asked - self.gone_before;
        is_most(self.gone - self.gone_before, new)
            || is_most(self.gone, usize::try_from(listed).unwrap_or_default())
    }

    /// Whether more than half of the pages that were asked for hold no ad that can be read: then it
    /// is the pages that have changed.
    fn fail_mostly(&self) -> bool {
        self.asked >= FEWEST && self.failed * 2 > self.asked
    }

    /// In words; nothing if all went well.
    fn note(&self, moved: bool) -> Option<String> {
        let of = |count: usize, what: &str| {
            (count > 0).then(|| format!("{count} {}{what}", if count == 1 { "ad" } else { "ads" }))
        };
        let have_moved = if moved {
            ", more than half: is the address in `detail` still correct?"
        } else {
            ""
        };
        let gone = of(
            self.gone,
            &format!(" still listed although the detail page is gone{have_moved}"),
        );
        let have_changed = if self.fail_mostly() {
            ", more than half: does `detail` still match the pages?"
        } else {
            ""
        };
        let failed = of(
            self.failed,
            &format!(
                " with an unreadable detail page, to be retried by the next run{have_changed}"
            ),
        );
        let notes: Vec<String> = gone.into_iter().chain(failed).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

/// Passes pages on, with the pages of their ads where they are needed.
pub(super) async fn pass_on(
    engine: &Engine,
    flow: &SourcePlan,
    stream: &SourceKey,
    at: Clock,
    needed: bool,
    mut pages: mpsc::Receiver<DocumentPage>,
    sender: mpsc::Sender<DocumentPage>,
) -> Result<DetailPages, RunError> {
    let (mut all, cookies) = (DetailPages::default(), Arc::default());
    let door = ForgottenDoor::of(&engine.store, stream).await?;
    while let Some(page) = pages.recv().await {
        let mut page = door.without_ads(page);
        if let Some((http, detail)) = flow.fetch.detail().filter(|_| needed) {
            let bookmark = page.bookmark.take();
            let wanted = take_wanted(engine, stream, at, detail, &mut page).await?;
            if sender.send(door.masked(page)).await.is_err() {
                return Ok(all);
            }
            for listings in wanted.chunks(TOGETHER) {
                if engine.stop.is_cancelled() {
                    return Err(RunError::Interrupted);
                }
                let page = complete(engine, http, detail, listings, &cookies).await;
                all.count(engine, stream, &page).await?;
                all.pass(&page);
                if sender.send(door.masked(page)).await.is_err() {
                    return Ok(all);
                }
            }
            page = DocumentPage {
                bookmark,
                ..DocumentPage::default()
            };
            if page.bookmark.is_some() && sender.send(page).await.is_err() {
                return Ok(all);
            }
        } else {
            all.pass(&page);
            if sender.send(door.masked(page)).await.is_err() {
                return Ok(all);
            }
        }
    }
    Ok(all)
}

/// Takes the listings out of a page whose ads' pages are asked for.
async fn take_wanted(
    engine: &Engine,
    stream: &SourceKey,
    at: Clock,
    detail: &DetailRequest,
    page: &mut DocumentPage,
) -> Result<Vec<ReceivedRecord>, RunError> {
    let mut connection = engine.store.connection().await?;
    let read_before = detail.again.map(|again| at.0 - again);
    let wanted = documents::to_detail(&mut connection, stream, &page.received, read_before).await?;
    let (taken, rest) = std::mem::take(&mut page.received)
        .into_iter()
        .partition(|listing| wanted.contains(&listing.external_id));
    page.received = rest;
    Ok(taken)
}

async fn complete(
    engine: &Engine,
    http: &HttpSource,
    detail: &DetailRequest,
    listings: &[ReceivedRecord],
    cookies: &Arc<CookieJar>,
) -> DocumentPage {
    let mut page = DocumentPage::default();
    for listing in listings {
        match detail
            .complete(http, &engine.access, listing, cookies)
            .await
        {
            Ok(document) => page.detailed.push(document),
            Err(why) => page.undetailed.push((listing.clone(), why.into())),
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_moved_when_most_of_the_new_or_of_the_listed_ads_have_none() {
        let moved = |asked, gone, gone_before, listed| {
            DetailPages {
                asked,
                gone,
                gone_before,
                failed: 0,
                ..DetailPages::default()
            }
            .have_moved(listed)
        };
        assert!(moved(5, 3, 0, 100) && moved(9, 9, 9, 9));
        assert!(!moved(4, 4, 0, 100), "too few to tell");
        assert!(!moved(6, 3, 0, 100), "a half is not most");
        assert!(!moved(9, 9, 9, 100), "ads of which it is known for long");
    }

    #[test]
    fn pages_have_changed_when_most_of_them_cannot_be_read() {
        let proof = |asked, failed| {
            let complete = weir_source::proof::judge(1, 100, None, 0, Vec::new());
            DetailPages {
                asked,
                gone: 0,
                gone_before: 0,
                failed,
                ..DetailPages::default()
            }
            .complete(complete)
        };
        assert_eq!(
            [proof(9, 4).state, proof(4, 4).state, proof(9, 5).state],
            [ReadState::Complete, ReadState::Complete, ReadState::Partial]
        );
        assert!(
            proof(9, 5)
                .why
                .unwrap()
                .contains("more than half: does `detail`")
        );
    }
}
