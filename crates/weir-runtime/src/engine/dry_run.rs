//! The plan of jobs: a dry run, and what it did record by record, read from the tables inside its
//! transaction before that is rolled back. Nothing is predicted: the records are what the same run
//! does. They go to a file in the spool, so memory stays flat; the counts are exact whatever is
//! left out of the file.

use super::records_file::RecordsFile;
use super::run::RunningPlan;
use super::saved::SavedPlan;
use super::spool::SpoolFile;
use super::{RunError, RunSummary};
use futures::TryStreamExt;
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use weir_model::{RecordFilter, RecordKind, RunRecord, SourceKey};
use weir_store::opening_views::{self, OpeningNews};
use weir_store::tables;
use weir_store::views::records::{self, RunOfSource};

/// What a run would do, record by record.
pub struct DryRun {
    /// The counts.
    pub summary: RunSummary,
    /// The records.
    pub records: Arc<RecordsFile>,
    /// Who would join and leave openings; at most as many as records were asked for, or
    /// [`MOST_NEWS`].
    pub openings: Vec<OpeningNews>,
    /// What a saved plan is made of, if one was asked for.
    pub saved: Option<SavedPlan>,
}

/// Most lines about openings that are kept in memory.
const MOST_NEWS: usize = 10_000;

/// Records what a run has done, and rolls it back. `saved` is a plan that was begun before the run,
/// to be concluded.
pub(super) async fn finish(
    run: RunningPlan<'_>,
    summary: RunSummary,
    wanted: &RecordFilter,
    mut saved: Option<SavedPlan>,
) -> Result<DryRun, RunError> {
    let records = Arc::new(run.records(wanted, "records").await?);
    if let Some(saved) = &mut saved {
        let all = if *wanted == RecordFilter::default() {
            Arc::clone(&records)
        } else {
            Arc::new(run.records(&RecordFilter::default(), "all").await?)
        };
        saved.conclude(&summary, all);
    }
    let openings = run.opening_news(wanted).await?;
    let RunningPlan { lane, engine, .. } = run;
    lane.roll_back().await?;
    tables::tidy(
        &mut *engine.store.connection().await?,
        summary.total.documents,
    )
    .await?;
    Ok(DryRun {
        summary,
        records,
        openings,
        saved,
    })
}

impl RunningPlan<'_> {
    /// What this run did, in a file.
    pub(super) async fn records(
        &self,
        wanted: &RecordFilter,
        name: &str,
    ) -> Result<RecordsFile, RunError> {
        let (file, out) = SpoolFile::create(
            &self.request.spool,
            &format!("{}.{name}", self.plan.institution.slug),
        )?;
        let mut writing = RecordsWriter {
            out: BufWriter::new(out),
            found: BTreeMap::new(),
            wanted,
        };
        for flow in self
            .plan
            .flows
            .iter()
            .filter(|flow| wanted.wants_source(&flow.source))
        {
            let stream = SourceKey {
                institution: self.plan.institution.id,
                source: flow.source.clone(),
            };
            self.versions(&stream, &mut writing).await?;
            self.refusals(&stream, &mut writing).await?;
        }
        writing.out.flush()?;
        Ok(RecordsFile {
            file,
            found: writing.found,
        })
    }

    /// What this run did to openings, unless only some records are wanted.
    async fn opening_news(&self, wanted: &RecordFilter) -> Result<Vec<OpeningNews>, RunError> {
        if self.plan.openings.is_none() || !wanted.is_whole() {
            return Ok(Vec::new());
        }
        let most = wanted.limit.unwrap_or(MOST_NEWS).min(MOST_NEWS);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut held = self.lane.hold().await?;
        let institution = self.plan.institution.id;
        Ok(opening_views::news_of_run(&mut held, institution, self.id, most).await?)
    }

    async fn versions(
        &self,
        stream: &SourceKey,
        writing: &mut RecordsWriter<'_>,
    ) -> Result<(), RunError> {
        let of = RunOfSource {
            stream,
            run: self.id,
            at: self.request.at,
        };
        let mut held = self.lane.hold().await?;
        let counts = records::count(&mut held, of, writing.wanted).await?;
        for what in [
            RecordKind::Create,
            RecordKind::Update,
            RecordKind::Reopen,
            RecordKind::Archive,
        ] {
            let count = counts.get(what.name()).copied().unwrap_or_default();
            if count == 0 || !writing.wanted.wants(what) {
                continue;
            }
            *writing.count(&stream.source, what) = usize::try_from(count).unwrap_or_default();
            let mut rows = records::versions(&mut held, of, what, writing.wanted);
            while let Some(record) = rows.try_next().await? {
                writing.put(&record)?;
            }
        }
        Ok(())
    }

    /// The ads that do not become jobs, and what is put before a person: compared with how it
    /// stood, as others still see it.
    async fn refusals(
        &self,
        stream: &SourceKey,
        writing: &mut RecordsWriter<'_>,
    ) -> Result<(), RunError> {
        let mut before = self.engine.store.connection().await?;
        let mut held = self.lane.hold().await?;
        let mut rows = records::refusals(&mut before, &mut held, stream);
        while let Some(record) = rows.try_next().await? {
            writing.add(&record)?;
        }
        drop(rows);
        for record in records::questions(&mut before, &mut held, stream).await? {
            writing.add(&record)?;
        }
        Ok(())
    }
}

/// A file of records being written.
struct RecordsWriter<'w> {
    out: BufWriter<std::fs::File>,
    found: BTreeMap<String, BTreeMap<RecordKind, usize>>,
    wanted: &'w RecordFilter,
}

impl RecordsWriter<'_> {
    fn count(&mut self, source: &str, what: RecordKind) -> &mut usize {
        self.found
            .entry(source.to_owned())
            .or_default()
            .entry(what)
            .or_default()
    }

    /// Counts a record, and writes it while there is room.
    fn add(&mut self, record: &RunRecord) -> Result<(), RunError> {
        if !record.is_wanted(self.wanted) {
            return Ok(());
        }
        let limit = self.wanted.limit.unwrap_or(usize::MAX);
        let count = self.count(&record.source, record.what);
        *count += 1;
        if *count > limit {
            Ok(())
        } else {
            self.put(record)
        }
    }

    fn put(&mut self, record: &RunRecord) -> Result<(), RunError> {
        serde_json::to_writer(&mut self.out, record).map_err(std::io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }
}
