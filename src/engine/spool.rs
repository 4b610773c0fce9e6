//! Where the documents of a run come from: live from the source, or from the spool of a dry run, which reads
//! everything before its transaction begins, so that no transaction ever waits for the network.

use super::{Engine, Request, RunError};
use crate::plan::{Flow, Plan};
use crate::source::Pages;
use crate::store::reads::Proof;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where the documents of a source come from.
pub enum Feed {
    /// From the source itself.
    Live,
    /// Read before, into this file.
    Spooled(SpoolFile, Proof),
}

/// A file of documents, removed when no longer needed.
pub struct SpoolFile(PathBuf);

impl Drop for SpoolFile {
    fn drop(&mut self) {
        // A file that stays behind is overwritten by the next dry run.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Feed {
    /// Puts all documents into `pages`.
    pub async fn read(self, engine: &Engine, flow: &Flow, pages: Pages) -> Proof {
        match self {
            Feed::Live => flow.fetch.read(&engine.access, pages).await,
            Feed::Spooled(file, proof) => {
                let replay = tokio::task::spawn_blocking(move || replay(&file.0, pages)).await;
                match replay {
                    Ok(Ok(())) => proof,
                    _ => Proof { state: crate::store::reads::ReadState::Partial, why: Some("the spool could not be read back".to_owned()), ..proof },
                }
            }
        }
    }
}

/// Reads all sources of a plan into the spool, side by side.
pub async fn read_all(engine: &Engine, plan: &Plan, request: &Request) -> Result<Vec<Feed>, RunError> {
    std::fs::create_dir_all(&request.spool)?;
    futures::future::try_join_all(plan.flows.iter().map(|flow| read_one(engine, plan, flow, request))).await
}

async fn read_one(engine: &Engine, plan: &Plan, flow: &Flow, request: &Request) -> Result<Feed, RunError> {
    let path = request.spool.join(format!("{}.{}.{}.ndjson", plan.tenant.slug, flow.source, std::process::id()));
    let file = SpoolFile(path.clone());
    let (pages, mut receiver) = Pages::channel(&flow.ident);
    let reading = flow.fetch.read(&engine.access, pages);
    let writing = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        while let Some(page) = receiver.blocking_recv() {
            serde_json::to_writer(&mut out, &page)?;
            out.write_all(b"\n")?;
        }
        out.flush()
    });
    let (proof, written) = tokio::join!(reading, writing);
    written.map_err(|error| RunError::Worker(error.to_string()))??;
    Ok(Feed::Spooled(file, proof))
}

fn replay(path: &Path, pages: Pages) -> std::io::Result<()> {
    for line in BufReader::new(File::open(path)?).lines() {
        pages.send(serde_json::from_str(&line?)?).map_err(std::io::Error::other)?;
    }
    Ok(())
}
