//! A source read to its end: page by page its documents are stored (T1) while it is still being
//! read, and their fresh ads stream through the segment at once, unless a stage must see the whole
//! read first. Each part waits for the one behind it, so memory stays flat however large the feed
//! is.

use super::detail::{self, DetailPages};
use super::event::RunEvent;
use super::run::{NO_READ, RunningPlan};
use super::source_walk::{SourceProgress, SourceWalk};
use super::spool::DocumentFeed;
use super::{RunError, error, segment};
use petgraph::stable_graph::NodeIndex;
use std::collections::BTreeSet;
use std::time::Instant;
use tokio::sync::mpsc;
use weir_model::{Alert, CacheValidators, Document, ReadId, ReadOutcome, ReadState};
use weir_project::plan::SourcePlan;
use weir_project::plan::picture::StagePassage;
use weir_source::{DocumentPage, PageSink, ReadApproach};
use weir_stage::{ReadEnd, SourceContext, StageKind};
use weir_store::documents::{self, ArrivedPage, PageContext};
use weir_store::presence::{self, SeenAds};
use weir_store::reads::{self, BegunRead, KnownRead};
use weir_store::{PgConnection, StoreError, statistics};

impl SourceWalk<'_> {
    /// Reads the source, and ends the read with what proves that it was read whole, or why not.
    pub(super) async fn read(&self, feed: DocumentFeed) -> Result<SourceProgress, RunError> {
        let (begun, known) = self.begin_read().await?;
        let (read, goes_on) = (begun.id, begun.bookmark.is_some());
        let validators = known.as_ref().map(|known| known.validators.clone());
        let approach = ReadApproach {
            bookmark: begun.bookmark,
            known: validators,
            empty_is_honest: self.flow.empty_is_honest(),
        };
        let reading = async {
            let (proof, seen, begun) = self.read_and_derive(feed, read, goes_on, approach).await?;
            let ended = EndedRead {
                read,
                goes_on,
                proof,
                seen,
                known,
            };
            let ended = ended.store(self.run, &self.setting, &self.flow).await?;
            Ok(SourceProgress {
                begun,
                ..SourceProgress::of(ended.lists, Some(ended.end))
            })
        };
        match reading.await {
            Ok(progress) => Ok(progress),
            Err(error) => Err(broken_off(self.run, &self.setting, read, error).await),
        }
    }

    async fn begin_read(&self) -> Result<(BegunRead, Option<KnownRead>), RunError> {
        let (run, stream, flow) = (self.run, &self.setting.stream, &self.flow);
        let mut held = run.lane.hold().await?;
        let way = reads::ReadMethod {
            hash: flow.way_with(&run.engine.access.variables),
            holds: flow.fetch.holds_its_place(),
        };
        let known = reads::known(&mut held, stream, way.hash).await?;
        let begun = reads::begin(
            &mut held,
            stream,
            run.id,
            self.setting.at,
            (run.request.now)(),
            way,
        )
        .await?;
        Ok((begun, known))
    }

    /// Reads, stores and derives at the same time. Gives how the read ended, and the nodes that
    /// have begun.
    async fn read_and_derive(
        &self,
        feed: DocumentFeed,
        read: ReadId,
        goes_on: bool,
        approach: ReadApproach,
    ) -> Result<(ReadOutcome, SeenAds, BTreeSet<NodeIndex>), RunError> {
        let (run, setting, flow) = (self.run, &self.setting, &self.flow);
        let mut seen = SeenAds::default();
        if goes_on {
            seen = SeenAds::of(&mut *run.lane.hold().await?, &setting.stream, read).await?;
        }
        // Ads that must wait for the end of the read are found by query then.
        let (begun, is_streaming) = self.open_segment().await?;
        let (pages, listed) = PageSink::channel(&flow.ident);
        let (detailed, receiver) = mpsc::channel(1);
        let (fresh, documents) = mpsc::channel(1);
        let fresh = is_streaming.then_some(fresh);
        let started = Instant::now();
        let needs_details = matches!(feed, DocumentFeed::Live);
        let reading = feed.read(run.engine, flow, &approach, pages);
        let detailing = detail::pass_on(
            run.engine,
            flow,
            &setting.stream,
            setting.at,
            needs_details,
            listed,
            detailed,
        );
        let storing = store_pages(run, setting, flow, read, receiver, fresh, &mut seen);
        let deriving = segment::derive_fresh(run, setting, flow, documents);
        let (proof, detailed, stored, derived) =
            tokio::join!(reading, detailing, storing, deriving);
        derived?;
        stored?;
        let detailed = detailed?;
        let proof = detailed.complete(proof);
        self.finish_reading(&proof, &detailed, started)?;
        Ok((proof, seen, begun))
    }

    fn finish_reading(
        &self,
        proof: &ReadOutcome,
        detailed: &DetailPages,
        started: Instant,
    ) -> Result<(), RunError> {
        for (node, kind) in self.reading_nodes() {
            let took = started.elapsed();
            let passage = if kind == StageKind::Details {
                detailed.passed.within(took)
            } else {
                StagePassage::through(proof.items, took)
            };
            self.finish(node, passage)?;
        }
        Ok(())
    }
}

/// Records that a read broke off, and why, as far as the database still takes it: the next run
/// marks what it did not.
async fn broken_off(
    run: &RunningPlan<'_>,
    setting: &SourceContext,
    read: ReadId,
    why: RunError,
) -> RunError {
    // Whoever has the lock now has the institution.
    if !error::is_lost(&why)
        && let Ok(mut held) = run.lane.hold().await
    {
        let said = why.to_string();
        let said = said.lines().next().unwrap_or_default();
        let _ = reads::break_off(&mut held, &setting.stream, read, (run.request.now)(), said).await;
    }
    why
}

/// The proof of a read that went on where another process died: which ads were read before, this
/// one did not know, and may have counted some of them twice towards what the source states.
async fn recounted(
    connection: &mut PgConnection,
    setting: &SourceContext,
    read: ReadId,
    proof: ReadOutcome,
) -> Result<ReadOutcome, RunError> {
    let Some(stated) = proof.stated.filter(|_| proof.state == ReadState::Complete) else {
        return Ok(proof);
    };
    let found = reads::distinct(connection, &setting.stream, read).await?;
    if found >= stated {
        return Ok(proof);
    }
    let note =
        format!("the source states {stated} ads, but the two parts of the read have {found}");
    Ok(ReadOutcome {
        state: ReadState::Partial,
        validators: None,
        ..proof.and_note(Some(note))
    })
}

/// The proof of the read before, if nothing has changed since, and its number.
fn unchanged(proof: ReadOutcome, known: Option<KnownRead>) -> (ReadOutcome, Option<ReadId>) {
    match known {
        Some(known) if proof.not_modified => {
            let validators = proof
                .validators
                .filter(|new| *new != CacheValidators::default())
                .or(Some(known.validators));
            let why = Some("not modified since the previous read".to_owned());
            (
                ReadOutcome {
                    validators,
                    why,
                    not_modified: true,
                    bytes: 0,
                    ..known.proof
                },
                Some(known.read),
            )
        }
        _ => (proof, None),
    }
}

/// Fresh ads of a source after which the planner's statistics are looked at for the first time;
/// then at four times as many, and so on.
const FIRST_ANALYZE: usize = 250;

async fn store_pages(
    run: &RunningPlan<'_>,
    setting: &SourceContext,
    flow: &SourcePlan,
    read: ReadId,
    mut pages: mpsc::Receiver<DocumentPage>,
    fresh: Option<mpsc::Sender<Vec<Document>>>,
    seen: &mut SeenAds,
) -> Result<(), RunError> {
    let (mut waiting, mut stored, mut analyze_at) = (Vec::new(), 0, FIRST_ANALYZE);
    loop {
        let page = tokio::select! {
            () = run.engine.stop.cancelled() => return Err(RunError::Interrupted),
            page = pages.recv() => page,
        };
        let is_last = page.is_none();
        if let Some(page) = page {
            let _working = run.turn.take().await;
            waiting.extend(store_page(run, setting, read, page, seen).await?);
        }
        while waiting.len() >= flow.batch || (is_last && !waiting.is_empty()) {
            let batch: Vec<Document> = waiting.drain(..flow.batch.min(waiting.len())).collect();
            stored += batch.len();
            if let Some(fresh) = &fresh
                && fresh.send(batch).await.is_err()
            {
                // The deriving side has failed and tells why itself.
                return Ok(());
            }
        }
        if stored >= analyze_at {
            analyze_at *= 4;
            let mut held = run.lane.hold().await?;
            statistics::renew_ads(&mut held, setting.stream.institution, stored).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// T1.
async fn store_page(
    run: &RunningPlan<'_>,
    setting: &SourceContext,
    read: ReadId,
    page: DocumentPage,
    seen: &mut SeenAds,
) -> Result<Vec<Document>, RunError> {
    let mut held = run.lane.hold().await?;
    let mut tx = held.begin_batch().await?;
    let documents = page.len();
    run.samples().arrive(&setting.stream.source, &page);
    let reading = PageContext {
        stream: &setting.stream,
        at: setting.at,
    };
    let DocumentPage {
        received,
        detailed,
        undetailed,
        refused,
        bookmark,
    } = page;
    let stored = documents::store_page(
        &mut tx,
        reading,
        ArrivedPage {
            received,
            detailed,
            undetailed,
            refused,
        },
        seen,
    )
    .await?;
    seen.end_page(&mut tx, &setting.stream, read, bookmark.is_some())
        .await?;
    reads::progress(
        &mut tx,
        &setting.stream,
        read,
        documents,
        stored.fresh.len() + stored.refused,
        bookmark
            .as_ref()
            .map(|bookmark| (bookmark, (run.request.now)())),
    )
    .await?;
    run.emit(RunEvent::PageStored {
        institution: setting.slug.clone(),
        source: setting.stream.source.clone(),
        documents,
        fresh: stored.fresh.len() + stored.refused,
    })?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(stored.fresh)
}

/// A read whose last page is stored.
struct EndedRead {
    read: ReadId,
    /// Whether it went on where another process died.
    goes_on: bool,
    proof: ReadOutcome,
    seen: SeenAds,
    known: Option<KnownRead>,
}

/// What counts of an ended read.
struct CountedRead {
    /// Its number, if it has listed ads itself.
    lists: ReadId,
    /// Its proof, and the read whose ads count.
    end: ReadEnd,
}

impl EndedRead {
    /// Settles who is missing from it, and ends it with its proof, in one transaction: a read that
    /// has been ended never goes on.
    async fn store(
        self,
        run: &RunningPlan<'_>,
        setting: &SourceContext,
        flow: &SourcePlan,
    ) -> Result<CountedRead, RunError> {
        let is_listing = self.is_listing(flow);
        let EndedRead {
            read,
            goes_on,
            proof,
            seen,
            known,
        } = self;
        let mut held = run.lane.hold().await?;
        let mut tx = held.begin_batch().await?;
        if is_listing {
            presence::settle(&mut tx, &setting.stream, read, &seen).await?;
        }
        let proof = if goes_on {
            recounted(&mut tx, setting, read, proof).await?
        } else {
            proof
        };
        let (proof, same_as) = unchanged(proof, known);
        reads::finish(
            &mut tx,
            &setting.stream,
            read,
            (run.request.now)(),
            &proof,
            same_as,
        )
        .await?;
        run.emit(RunEvent::ReadFinished {
            institution: setting.slug.clone(),
            source: setting.stream.source.clone(),
            proof: proof.clone(),
        })?;
        for alert in alerts_of(&setting.stream.source, &proof, flow.empty_is_honest()) {
            run.raise(&mut tx, alert).await?;
        }
        tx.commit().await.map_err(StoreError::from)?;
        let lists = if is_listing { read } else { NO_READ };
        // A source that has not changed is the read before once more: what was missing there is
        // missing again.
        Ok(CountedRead {
            lists,
            end: ReadEnd {
                read: same_as.unwrap_or(lists),
                state: proof.state,
            },
        })
    }

    /// Whether it says which ads are listed: it brought some, or has proven that there is none.
    fn is_listing(&self, flow: &SourcePlan) -> bool {
        let is_proven = match self.proof.state {
            ReadState::Complete => true,
            ReadState::Empty => flow.empty_is_honest(),
            ReadState::Partial | ReadState::Blocked | ReadState::Unreachable => false,
        };
        !self.proof.not_modified && (is_proven || !self.seen.is_empty())
    }
}

/// What someone must know of a read: that it is not complete, or of what is complete all the same.
fn alerts_of(source: &str, proof: &ReadOutcome, empty_is_honest: bool) -> Vec<Alert> {
    let alert = |kind, severity, message| Alert {
        source: source.to_owned(),
        kind,
        severity,
        message,
    };
    let doubtful = proof.warning.iter().map(|why| {
        alert(
            "source_doubtful",
            "warn",
            format!("source `{source}`: {why}"),
        )
    });
    let why = proof.why.as_deref().unwrap_or("it had no ads");
    let (kind, severity, what) = match proof.state {
        ReadState::Complete => return doubtful.collect(),
        ReadState::Empty => ("source_empty", "warn", "is empty"),
        ReadState::Partial => ("source_partial", "error", "was read partially"),
        ReadState::Blocked => ("source_blocked", "error", "refuses us"),
        ReadState::Unreachable => ("source_unreachable", "error", "could not be reached"),
    };
    let consequence = match proof.state {
        ReadState::Empty if empty_is_honest => {
            "all its ads count as missing, because of `empty: honest`"
        }
        _ => "no job was retired as missing",
    };
    let incomplete = alert(
        kind,
        severity,
        format!("source `{source}` {what}: {why}; {consequence}"),
    );
    doubtful.chain([incomplete]).collect()
}
