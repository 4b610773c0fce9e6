//! One source, from its first page to its settling. Pages are stored while the source is still being read, and their
//! fresh ads derived at once; what an edited rule or a run that died left over is found by query afterwards.

use super::event::Event;
use super::segment;
use super::spool::Feed;
use super::{Run, RunError, detail, identity, quality};
use crate::model::{Alert, Document, ReadOutcome, ReadState, SourceKey, Validators};
use crate::plan::Flow;
use crate::source::{Approach, Page, Pages};
use crate::stage::{ReadEnd, Role, Setting};
use crate::store::documents::{self, ArrivedPage, PageContext};
use crate::store::reads::{self, BegunRead, KnownRead};
use crate::store::{StoreError, figures, records, revisions, runs, states, tables};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// The number of a read that did not take place: no ad was seen by it.
const NO_READ: i64 = 0;

/// Streams one source to its end.
pub(super) async fn stream(run: &Run<'_>, setting: Arc<Setting>, flow: Flow, feed: Feed) -> Result<(), RunError> {
    let working = run.turn.take().await;
    remember(run, &setting).await?;
    forget_deleted(run, &setting).await?;
    if let Some(why) = flow.fetch.waits(setting.at, setting.zone) {
        return pass_by(run, &setting, &flow, why).await;
    }
    // While it is waited for, its pages take their turn as they come.
    let working = Some(working).filter(|_| !feed.is_awaited(&flow));
    let (read, end) = read_to_end(run, &setting, &flow, feed).await?;
    let _working = match working {
        Some(working) => working,
        None => run.turn.take().await,
    };
    if quality::weigh(run, &setting, &flow, end).await? {
        // Nothing of this read is acted upon, its gaps included; closing dates pass all the same.
        return settle(run, &setting, &flow, None, Counted { read, archived: 0, is_held: true }).await;
    }
    let sorted = identity::sort_out(run, &setting, &flow, end).await?;
    segment::derive_rest(run, &setting, &flow, &sorted.left_out).await?;
    settle(run, &setting, &flow, Some(end), Counted { read, archived: sorted.archived, is_held: false }).await?;
    quality::keep(run, &setting, &flow, end).await
}

/// A source that is to be read at other hours: what is stored of it is derived and settled as ever, but no read begins. So nothing is concluded
/// from its silence, the read before stays the newest, and a crawl that died can still go on.
async fn pass_by(run: &Run<'_>, setting: &Arc<Setting>, flow: &Flow, why: String) -> Result<(), RunError> {
    let source = setting.stream.source.clone();
    run.tally().waits.insert(source.clone(), why.clone());
    run.emit(&Event::SourceWaits { institution: setting.slug.clone(), source, why })?;
    let end = ReadEnd { read: NO_READ, state: ReadState::Unreachable };
    let sorted = identity::sort_out(run, setting, flow, end).await?;
    segment::derive_rest(run, setting, flow, &sorted.left_out).await?;
    settle(run, setting, flow, None, Counted { read: NO_READ, archived: sorted.archived, is_held: false }).await
}

/// Reads a source, and ends the read with its proof. Gives its number, and what is to be concluded from it.
async fn read_to_end(run: &Run<'_>, setting: &Arc<Setting>, flow: &Flow, feed: Feed) -> Result<(i64, ReadEnd), RunError> {
    let (begun, known) = begin(run, setting, flow).await?;
    let (read, goes_on) = (begun.id, begun.bookmark.is_some());
    let validators = known.as_ref().map(|known| known.validators.clone());
    let approach = Approach { bookmark: begun.bookmark, known: validators, empty_is_honest: flow.empty_is_honest() };
    let reading = async {
        let proof = read_and_derive(run, setting, flow, feed, (read, approach)).await?;
        let proof = if goes_on { recounted(run, setting, read, proof).await? } else { proof };
        let (proof, same_as) = unchanged(proof, known);
        end_read(run, setting, flow, read, &proof, same_as).await?;
        // A source that has not changed is the read before once more: what was missing there is missing again.
        Ok((read, ReadEnd { read: same_as.unwrap_or(read), state: proof.state }))
    };
    match reading.await {
        Ok(ended) => Ok(ended),
        Err(error) => Err(broken_off(run, setting, read, error).await),
    }
}

/// Records that a read broke off, and why, as far as the database still takes it: the next run marks what it did not.
async fn broken_off(run: &Run<'_>, setting: &Setting, read: i64, error: RunError) -> RunError {
    // Whoever has the lock now has the institution.
    if !super::is_lost(&error)
        && let Ok(mut held) = run.lane.hold().await
    {
        let said = error.to_string();
        let why = said.lines().next().unwrap_or_default();
        let _ = reads::break_off(&mut held, &setting.stream, read, (run.request.now)(), why).await;
    }
    error
}

/// The proof of a read that went on where another process died: which ads were read before, this one did not know, and may have counted some of
/// them twice towards what the source states.
async fn recounted(run: &Run<'_>, setting: &Setting, read: i64, proof: ReadOutcome) -> Result<ReadOutcome, RunError> {
    let Some(stated) = proof.stated.filter(|_| proof.state == ReadState::Complete) else { return Ok(proof) };
    let found = reads::distinct(&mut *run.lane.hold().await?, &setting.stream, read).await?;
    if found >= stated {
        return Ok(proof);
    }
    let note = format!("the source states {stated} ads, but the two parts of the read have {found}");
    Ok(ReadOutcome { state: ReadState::Partial, validators: None, ..proof.and_note(Some(note)) })
}

/// The proof of the read before, if nothing has changed since, and its number.
fn unchanged(proof: ReadOutcome, known: Option<KnownRead>) -> (ReadOutcome, Option<i64>) {
    match known {
        Some(known) if proof.not_modified => {
            let validators = proof.validators.filter(|new| *new != Validators::default()).or(Some(known.validators));
            let why = Some("not modified since the previous read".to_owned());
            (ReadOutcome { validators, why, not_modified: true, bytes: 0, ..known.proof }, Some(known.read))
        }
        _ => (proof, None),
    }
}

/// Which mapping and rules are in force from now on.
async fn remember(run: &Run<'_>, setting: &Setting) -> Result<(), RunError> {
    let mut held = run.lane.hold().await?;
    let SourceKey { institution, source } = &setting.stream;
    Ok(runs::remember_fingerprint(&mut held, *institution, source, setting.fingerprint, &setting.parts, setting.at).await?)
}

/// Jobs that somebody deleted past Weir come back, as far as they are listed: before the read, whose pages bring new content of their ads.
async fn forget_deleted(run: &Run<'_>, setting: &Setting) -> Result<(), RunError> {
    let mut held = run.lane.hold().await?;
    let mut tx = held.begin_batch().await?;
    let deleted = states::forget_deleted(&mut tx, &setting.stream).await?;
    if deleted > 0 {
        let source = setting.stream.source.clone();
        let message = format!("jobs of source `{source}` were deleted from the table `jobs` ({deleted}): ads that are still listed become new jobs");
        run.raise(&mut tx, Alert { source, kind: "jobs_deleted", severity: "warn", message }).await?;
    }
    Ok(tx.commit().await.map_err(StoreError::from)?)
}

async fn begin(run: &Run<'_>, setting: &Setting, flow: &Flow) -> Result<(BegunRead, Option<KnownRead>), RunError> {
    let mut held = run.lane.hold().await?;
    let way = reads::ReadMethod { hash: flow.way_with(&run.engine.access.variables), holds: flow.fetch.holds_its_place() };
    let known = reads::known(&mut held, &setting.stream, way.hash).await?;
    let begun = reads::begin(&mut held, &setting.stream, run.id, setting.at, (run.request.now)(), way).await?;
    Ok((begun, known))
}

/// Reads, stores and derives at the same time; each waits for the one behind it, so memory stays flat.
async fn read_and_derive(
    run: &Run<'_>,
    setting: &Arc<Setting>,
    flow: &Flow,
    feed: Feed,
    (read, approach): (i64, Approach),
) -> Result<ReadOutcome, RunError> {
    let (pages, listed) = Pages::channel(&flow.ident);
    let (detailed, receiver) = mpsc::channel(1);
    let (fresh, documents) = mpsc::channel(1);
    // Ads that must wait for the end of the read are found by query then.
    let waits = identity::waits(run, setting, flow).await? || quality::waits(run, setting, flow).await?;
    let fresh = (!waits).then_some(fresh);
    let started = Instant::now();
    let needs_details = matches!(feed, Feed::Live);
    let reading = feed.read(run.engine, flow, &approach, pages);
    let detailing = detail::pass_on(run.engine, flow, &setting.stream, setting.at, needs_details, listed, detailed);
    let storing = store_pages(run, setting, flow, read, receiver, fresh);
    let deriving = segment::derive_fresh(run, setting, flow, documents);
    let (proof, detailed, stored, derived) = tokio::join!(reading, detailing, storing, deriving);
    derived?;
    stored?;
    let proof = detailed?.complete(proof);
    let items = usize::try_from(proof.items).unwrap_or_default();
    run.tally().stage("fetch", &setting.stream.source, items, items, 0, started.elapsed());
    Ok(proof)
}

/// Fresh ads after which the planner's statistics are renewed for the first time; then at four times as many, and so on.
const FIRST_ANALYZE: usize = 1000;

async fn store_pages(
    run: &Run<'_>,
    setting: &Setting,
    flow: &Flow,
    read: i64,
    mut pages: mpsc::Receiver<Page>,
    fresh: Option<mpsc::Sender<Vec<Document>>>,
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
            waiting.extend(store_page(run, setting, read, page).await?);
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
            tables::analyze(&mut *run.lane.hold().await?, stored).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// T1.
async fn store_page(run: &Run<'_>, setting: &Setting, read: i64, page: Page) -> Result<Vec<Document>, RunError> {
    let mut held = run.lane.hold().await?;
    let mut tx = held.begin_batch().await?;
    let documents = page.len();
    run.tally().samples.arrive(&setting.stream.source, &page);
    let reading = PageContext { stream: &setting.stream, read, at: setting.at };
    let Page { received, detailed, undetailed, refused, bookmark } = page;
    let stored = documents::store_page(&mut tx, reading, ArrivedPage { received, detailed, undetailed, refused }).await?;
    reads::progress(
        &mut tx,
        &setting.stream,
        read,
        documents,
        stored.fresh.len() + stored.refused,
        bookmark.as_ref().map(|bookmark| (bookmark, (run.request.now)())),
    )
    .await?;
    run.emit(&Event::PageStored {
        institution: setting.slug.clone(),
        source: setting.stream.source.clone(),
        documents,
        fresh: stored.fresh.len() + stored.refused,
    })?;
    tx.commit().await.map_err(crate::store::StoreError::from)?;
    Ok(stored.fresh)
}

async fn end_read(run: &Run<'_>, setting: &Setting, flow: &Flow, read: i64, proof: &ReadOutcome, same_as: Option<i64>) -> Result<(), RunError> {
    let mut held = run.lane.hold().await?;
    reads::finish(&mut held, &setting.stream, read, (run.request.now)(), proof, same_as).await?;
    run.tally().reads.insert(setting.stream.source.clone(), proof.clone());
    run.emit(&Event::ReadFinished { institution: setting.slug.clone(), source: setting.stream.source.clone(), proof: proof.clone() })?;
    for alert in alerts_of(&setting.stream.source, proof, flow.empty_is_honest()) {
        run.raise(&mut held, alert).await?;
    }
    Ok(())
}

/// What someone must know of a read: that it is not complete, or of what is complete all the same.
fn alerts_of(source: &str, proof: &ReadOutcome, empty_is_honest: bool) -> Vec<Alert> {
    let alert = |kind, severity, message| Alert { source: source.to_owned(), kind, severity, message };
    let doubtful = proof.warning.iter().map(|why| alert("source_doubtful", "warn", format!("source `{source}`: {why}")));
    let why = proof.why.as_deref().unwrap_or("it had no ads");
    let (kind, severity, what) = match proof.state {
        ReadState::Complete => return doubtful.collect(),
        ReadState::Empty => ("source_empty", "warn", "is empty"),
        ReadState::Partial => ("source_partial", "warn", "was read partially"),
        ReadState::Blocked => ("source_blocked", "error", "refuses us"),
        ReadState::Unreachable => ("source_unreachable", "error", "could not be reached"),
    };
    let consequence = match proof.state {
        ReadState::Empty if empty_is_honest => "all its ads count as missing, because of `empty: honest`",
        _ => "no job was retired as missing",
    };
    let incomplete = alert(kind, severity, format!("source `{source}` {what}: {why}; {consequence}"));
    doubtful.chain([incomplete]).collect()
}

/// What the counts of a source are made of.
struct Counted {
    read: i64,
    archived: usize,
    is_held: bool,
}

/// T3.
async fn settle(run: &Run<'_>, setting: &Setting, flow: &Flow, end: Option<ReadEnd>, counted: Counted) -> Result<(), RunError> {
    let Counted { read, mut archived, is_held } = counted;
    let mut held = run.lane.hold().await?;
    for (_, stage) in flow.of_role(Role::Settle) {
        let started = Instant::now();
        let mut tx = held.begin_batch().await?;
        let settled = stage.settle(&mut tx, setting, end).await?;
        for alert in settled.alerts {
            run.raise(&mut tx, alert).await?;
        }
        run.emit(&Event::SourceSettled {
            institution: setting.slug.clone(),
            source: setting.stream.source.clone(),
            archived: settled.archived.len(),
        })?;
        tx.commit().await.map_err(crate::store::StoreError::from)?;
        archived += settled.archived.len();
        run.tally().samples.retire(stage.kind().name(), &setting.stream.source, &settled.archived);
        run.tally().noted(&setting.stream.source, |noted| {
            noted.missed += i64::try_from(settled.missed).unwrap_or(i64::MAX);
            noted.withdrawn += i64::try_from(settled.withdrawn).unwrap_or(i64::MAX);
        });
        run.tally().stage(stage.kind().name(), &setting.stream.source, settled.archived.len(), settled.archived.len(), 0, started.elapsed());
    }
    let mut counts = figures::count(&mut held, &setting.stream, run.id, read, is_held.then_some((setting.fingerprint, setting.at))).await?;
    counts.archived = i64::try_from(archived).unwrap_or(i64::MAX);
    let seen = records::seen(&mut held, &setting.stream, read).await?;
    run.tally().noted(&setting.stream.source, |noted| noted.seen = seen);
    run.tally().counts.insert(setting.stream.source.clone(), counts);
    revisions::remember(&mut held, setting.stream.institution, Some(&setting.stream.source), setting.at).await?;
    Ok(())
}
