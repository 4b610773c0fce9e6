//! Where the documents of a run come from: live from the source, or from the spool of a dry run,
//! which reads everything before its transaction begins, so that no transaction ever waits for the
//! network.

use super::{BOARDS_AT_ONCE, Engine, FILES_AT_ONCE, RunError, RunRequest, detail};
use futures::stream::{StreamExt, TryStreamExt};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Lines, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;
use weir_model::{ReadOutcome, SourceKey};
use weir_project::plan::{Plan, SourcePlan};
use weir_source::{PageSink, ReadApproach, proof};
use weir_store::reads;

/// Where the documents of a source come from.
pub enum DocumentFeed {
    /// From the source itself.
    Live,
    /// Read before, into this file.
    Spooled(Arc<SpoolFile>, ReadOutcome),
}

/// A file of a dry run, removed when no longer needed.
pub struct SpoolFile(PathBuf);

impl SpoolFile {
    /// The file of that name in the spool, and nothing in it; only its owner can read it.
    pub fn create(folder: &Path, name: &str) -> std::io::Result<(SpoolFile, File)> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{name}.{}.ndjson", std::process::id()));
        let file = of_our_own(&path)?;
        Ok((SpoolFile(path), file))
    }

    /// Its lines, one after the other.
    pub fn lines(&self) -> std::io::Result<Lines<BufReader<File>>> {
        Ok(BufReader::new(File::open(&self.0)?).lines())
    }
}

/// A new file that only its owner can read. What stands in its place, be it a link that somebody
/// else has put there, is not written into.
pub(super) fn of_our_own(path: &Path) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path),
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        // A file that stays behind is overwritten by the next dry run.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl DocumentFeed {
    /// Whether most of the time goes into waiting for answers.
    pub(super) fn is_awaited(&self, flow: &SourcePlan) -> bool {
        matches!(self, DocumentFeed::Live) && flow.fetch.is_remote()
    }

    /// Puts all documents into `pages`.
    pub async fn read(
        self,
        engine: &Engine,
        flow: &SourcePlan,
        approach: &ReadApproach,
        pages: PageSink,
    ) -> ReadOutcome {
        match self {
            DocumentFeed::Live => flow.fetch.read(&engine.access, approach, pages).await,
            DocumentFeed::Spooled(file, proof) => {
                let replay = tokio::task::spawn_blocking(move || replay(&file, pages)).await;
                match replay {
                    Ok(Ok(())) => proof,
                    _ => ReadOutcome {
                        state: weir_model::ReadState::Partial,
                        why: Some("the spool could not be read".to_owned()),
                        ..proof
                    },
                }
            }
        }
    }
}

/// Reads all sources of a plan into the spool, as many side by side as a run reads.
pub async fn read_all(
    engine: &Engine,
    plan: &Plan,
    request: &RunRequest,
) -> Result<Vec<DocumentFeed>, RunError> {
    let reading = plan
        .flows
        .iter()
        .map(|flow| read_one(engine, plan, flow, request));
    let is_awaited = plan.flows.iter().any(|flow| flow.fetch.is_remote());
    let at_once = if is_awaited {
        BOARDS_AT_ONCE
    } else {
        FILES_AT_ONCE
    };
    futures::stream::iter(reading)
        .buffered(at_once)
        .try_collect()
        .await
}

async fn read_one(
    engine: &Engine,
    plan: &Plan,
    flow: &SourcePlan,
    request: &RunRequest,
) -> Result<DocumentFeed, RunError> {
    let (spooled, file) = SpoolFile::create(
        &request.spool,
        &format!("{}.{}", plan.institution.slug, flow.source),
    )?;
    if let Some(why) = request.waits(flow) {
        return Ok(DocumentFeed::Spooled(
            Arc::new(spooled),
            proof::unreachable(why),
        ));
    }
    let stream = SourceKey {
        institution: plan.institution.id,
        source: flow.source.clone(),
    };
    let known = reads::known(
        &mut *engine.store.connection().await?,
        &stream,
        flow.way_with(&engine.access.variables),
    )
    .await?;
    let known = known.map(|known| known.validators);
    let approach = ReadApproach {
        bookmark: None,
        known,
        empty_is_honest: flow.empty_is_honest(),
    };
    let (pages, listed) = PageSink::channel(&flow.ident);
    let (sender, mut receiver) = mpsc::channel(1);
    let reading = flow.fetch.read(&engine.access, &approach, pages);
    let detailing = detail::pass_on(engine, flow, &stream, request.at, true, listed, sender);
    let writing = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        let mut out = BufWriter::new(file);
        while let Some(page) = receiver.blocking_recv() {
            serde_json::to_writer(&mut out, &page)?;
            out.write_all(b"\n")?;
        }
        out.flush()
    });
    let (proof, detailed, written) = tokio::join!(reading, detailing, writing);
    written.map_err(|error| RunError::Worker(error.to_string()))??;
    Ok(DocumentFeed::Spooled(
        Arc::new(spooled),
        detailed?.complete(proof),
    ))
}

fn replay(file: &SpoolFile, pages: PageSink) -> std::io::Result<()> {
    for line in file.lines()? {
        pages
            .send(serde_json::from_str(&line?)?)
            .map_err(std::io::Error::other)?;
    }
    Ok(())
}
