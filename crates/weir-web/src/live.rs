//! Streams that tell a page when it is out of date. A stream sends a stamp whenever that differs;
//! what has changed is the page's, which the browser asks for again, so that nothing is shown in
//! two ways. Without a script a page is as it was when it was opened.
//!
//! A stream must never keep a connection to the database between two looks, nor the process when it
//! is to end; it ends by itself now and then, so that whoever is no longer let in is told nothing.

use super::Site;
use super::access::Visitor;
use super::catalog::Catalog;
use super::refusal::PageError;
use axum::Router;
use axum::extract::Path;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{MethodRouter, get};
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, stream};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use uuid::Uuid;
use weir_model::RunId;
use weir_store::dry_runs;
use weir_store::views::live;

/// How often a stream looks.
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// How long a stream lasts; the browser opens the next one.
const LASTS: Duration = Duration::from_secs(10 * 60);

/// The address of a stream, and what sends it.
type LiveRoute = (&'static str, fn() -> MethodRouter<Arc<Site>>);

/// All streams.
pub(super) const STREAMS: [LiveRoute; 3] = [
    ("/live/today", || get(today)),
    ("/live/runs/{institution}/{run}", || get(run)),
    ("/live/dry-runs/{number}", || get(dry_run)),
];

/// The routes of streams.
pub(super) fn router() -> Router<Arc<Site>> {
    let all = STREAMS.into_iter();
    all.fold(Router::new(), |router, (path, stream)| {
        router.route(path, stream())
    })
}

/// The stream of the first page.
async fn today(site: Visitor) -> Result<StampEvents, PageError> {
    told(site, |site| {
        async move {
            let mut connection = site.connection().await.ok()?;
            live::of_institutions(&mut connection).await.ok()
        }
        .boxed()
    })
}

/// The stream of a run.
async fn run(
    site: Visitor,
    Path((slug, number)): Path<(String, RunId)>,
) -> Result<StampEvents, PageError> {
    let id: Option<Uuid> = {
        let mut connection = site.connection().await?;
        let catalog = Catalog::load(&mut connection, &site).await?;
        let id = catalog.named(&slug)?.id;
        let known = match id {
            Some(id) => live::run(&mut connection, id, number).await?,
            None => None,
        };
        id.filter(|_| known.is_some())
    };
    let id = id.ok_or_else(|| {
        PageError::unknown("There is no such run", "Runs lists those that there are.")
    })?;
    told(site, move |site| {
        async move {
            let mut connection = site.connection().await.ok()?;
            let run = live::run(&mut connection, id, number).await.ok()??;
            Some(run.stamp())
        }
        .boxed()
    })
}

/// The stream of a dry run.
async fn dry_run(site: Visitor, Path(number): Path<i64>) -> Result<StampEvents, PageError> {
    let known = dry_runs::one(&mut *site.connection().await?, number).await?;
    known.ok_or_else(unknown_dry_run)?;
    told(site, move |site| {
        async move {
            let mut connection = site.connection().await.ok()?;
            let known = dry_runs::one(&mut connection, number).await.ok()??;
            Some(known.stamp())
        }
        .boxed()
    })
}

/// There is no such dry run, or there is none any more.
pub(super) fn unknown_dry_run() -> PageError {
    PageError::unknown(
        "There is no such dry run",
        "They are kept for a week, or until an ad of their institution is forgotten. Ask for a new one in `/runs`.",
    )
}

/// A stream of stamps.
type StampEvents = Sse<axum::response::sse::KeepAliveStream<StampStream>>;
type StampStream = std::pin::Pin<Box<dyn Stream<Item = Result<Event, Infallible>> + Send>>;

/// A look at what a page shows; none if the database does not answer.
type StampReader = Box<dyn Fn(Visitor) -> BoxFuture<'static, Option<String>> + Send>;

/// What a stream knows.
struct StampWatch {
    site: Visitor,
    look: StampReader,
    last: Option<String>,
    ends_at: Instant,
    _room: OwnedSemaphorePermit,
}

fn told(
    site: Visitor,
    look: impl Fn(Visitor) -> BoxFuture<'static, Option<String>> + Send + 'static,
) -> Result<StampEvents, PageError> {
    let room = Arc::clone(&site.streams).try_acquire_owned();
    let watch = StampWatch {
        _room: room.map_err(|_| PageError::too_slow())?,
        site,
        look: Box::new(look),
        last: None,
        ends_at: Instant::now() + LASTS,
    };
    let stamps: StampStream = Box::pin(stream::unfold(watch, StampWatch::next));
    Ok(Sse::new(stamps).keep_alive(KeepAlive::default()))
}

impl StampWatch {
    /// Waits for a stamp that differs from the last one.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, StampWatch)> {
        loop {
            let stamp = (self.look)(self.site.clone()).await;
            if stamp.is_some() && stamp != self.last {
                let event = Event::default().data(stamp.clone().unwrap_or_default());
                self.last = stamp;
                return Some((Ok(event), self));
            }
            tokio::select! {
                () = self.site.stop.cancelled() => return None,
                () = tokio::time::sleep_until(self.ends_at) => return None,
                () = tokio::time::sleep(LOOKS_EVERY) => {}
            }
        }
    }
}
