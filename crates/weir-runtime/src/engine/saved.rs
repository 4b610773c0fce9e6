//! A saved plan: one gzip file of JSON lines with all that is needed to do later exactly what a dry
//! run showed: the plan in outline, the clock, a digest of what the institution looked like, the
//! documents as they were read with the proof of each read, and every record. A file holds
//! documents, so only its owner may read it. What is read back is believed only when its last line
//! is there and the counts agree.
//!
//! The first line names the format; a change that an older Weir would misread raises [`FORMAT`].

use super::records_file::RecordsFile;
use super::spool::{DocumentFeed, SpoolFile, of_our_own};
use super::{RunRequest, RunSummary};
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;
use weir_model::{CacheValidators, Clock, ReadOutcome};
use weir_project::plan::Plan;
use weir_project::plan::outline::PlanOutline;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// What is known of one institution's plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanHead {
    /// The institution.
    pub institution: String,
    /// Its plan, so that a refusal can name what was edited.
    pub plan: PlanOutline,
    /// The clock of the run.
    pub at: DateTime<Utc>,
    /// What the institution looked like.
    pub digest: String,
    /// Its sources.
    pub sources: Vec<SourceHead>,
}

/// What is known of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceHead {
    /// The source.
    pub source: String,
    /// How it was read.
    pub proof: ReadOutcome,
    /// What it said of its state.
    pub validators: Option<CacheValidators>,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlanLine {
    WeirPlan {
        format: u32,
        weir: String,
        made_at: DateTime<Utc>,
    },
    Institution(Box<PlanHead>),
    Page {
        source: String,
        page: Box<RawValue>,
    },
    Record(Box<RawValue>),
    Done {
        institution: String,
        records: usize,
        outcome: Json,
    },
    End {
        institutions: usize,
    },
}

/// Why a saved plan cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It cannot be written or read at all.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is something else, or damaged.
    #[error("it is not a saved plan, or not a complete one: {0}")]
    Damaged(String),
    /// A newer Weir has written it.
    #[error("it was written by a newer Weir (format {0}, this one reads {FORMAT})")]
    Newer(u32),
}

impl SavedError {
    /// What the operator does about it.
    pub fn help(&self) -> Option<String> {
        match self {
            SavedError::Io(_) => None,
            SavedError::Damaged(_) => {
                Some("make a new one with `weir run --dry-run --out FILE`".to_owned())
            }
            SavedError::Newer(_) => Some("use that Weir, or make a new plan".to_owned()),
        }
    }
}

/// One institution's plan, to be written or as read back.
pub struct SavedPlan {
    /// What is known of it.
    pub head: PlanHead,
    /// The documents of each source, in the order of the sources.
    documents: Vec<Arc<SpoolFile>>,
    /// All records.
    records: Option<Arc<RecordsFile>>,
    /// The counts.
    outcome: Json,
}

impl SavedPlan {
    /// The plan of an institution before it is known what it does.
    pub(super) fn begin(
        plan: &Plan,
        request: &RunRequest,
        digest: String,
        feeds: &[DocumentFeed],
    ) -> SavedPlan {
        let spooled = plan
            .flows
            .iter()
            .zip(feeds)
            .filter_map(|(flow, feed)| match feed {
                DocumentFeed::Spooled(file, proof) => Some((flow, Arc::clone(file), proof)),
                DocumentFeed::Live => None,
            });
        let (mut sources, mut documents) = (Vec::new(), Vec::new());
        for (flow, file, proof) in spooled {
            sources.push(SourceHead {
                source: flow.source.clone(),
                proof: proof.clone(),
                validators: proof.validators.clone(),
            });
            documents.push(file);
        }
        let head = PlanHead {
            institution: plan.institution.slug.clone(),
            plan: PlanOutline::of(plan),
            at: request.at.0,
            digest,
            sources,
        };
        SavedPlan {
            head,
            documents,
            records: None,
            outcome: Json::Null,
        }
    }

    pub(super) fn conclude(&mut self, summary: &RunSummary, records: Arc<RecordsFile>) {
        (self.outcome, self.records) = (outcome(summary), Some(records));
    }

    /// The clock of the run.
    pub fn at(&self) -> Clock {
        Clock(self.head.at)
    }

    /// The documents of each source, to be read instead of the source.
    pub(super) fn feeds(&self) -> Vec<DocumentFeed> {
        let proof = |source: &SourceHead| ReadOutcome {
            validators: source.validators.clone(),
            ..source.proof.clone()
        };
        self.head
            .sources
            .iter()
            .zip(&self.documents)
            .map(|(source, file)| DocumentFeed::Spooled(Arc::clone(file), proof(source)))
            .collect()
    }

    /// The counts and the records; nothing if they are not known.
    pub(super) fn expected(&self) -> Option<(&Json, &RecordsFile)> {
        Some((&self.outcome, self.records.as_deref()?))
    }
}

/// The counts of a run that a plan promises.
pub(super) fn outcome(summary: &RunSummary) -> Json {
    let sources = summary.sources.iter().map(|(source, about)| {
        (
            source.clone(),
            serde_json::json!([about.counts, about.bookkeeping]),
        )
    });
    Json::Object(sources.collect())
}

/// Writes plans into a file; it appears under its name when it is whole.
///
/// # Errors
/// The disk.
pub fn write(path: &Path, plans: &[&SavedPlan], made_at: DateTime<Utc>) -> Result<(), SavedError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let file = of_our_own(&partial)?;
    let written =
        write_all(file, plans, made_at).and_then(|()| Ok(std::fs::rename(&partial, path)?));
    if written.is_err() {
        // What is left over is in nobody's way.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn write_all(file: File, plans: &[&SavedPlan], made_at: DateTime<Utc>) -> Result<(), SavedError> {
    let mut out = GzEncoder::new(BufWriter::new(file), Compression::fast());
    put(
        &mut out,
        &PlanLine::WeirPlan {
            format: FORMAT,
            weir: env!("CARGO_PKG_VERSION").to_owned(),
            made_at,
        },
    )?;
    for plan in plans {
        put(
            &mut out,
            &PlanLine::Institution(Box::new(plan.head.clone())),
        )?;
        for (source, documents) in plan.head.sources.iter().zip(&plan.documents) {
            for line in documents.lines()? {
                put(
                    &mut out,
                    &PlanLine::Page {
                        source: source.source.clone(),
                        page: raw(line?)?,
                    },
                )?;
            }
        }
        let mut records = 0;
        for line in plan
            .records
            .iter()
            .map(|records| records.lines())
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
        {
            put(&mut out, &PlanLine::Record(raw(line?)?))?;
            records += 1;
        }
        put(
            &mut out,
            &PlanLine::Done {
                institution: plan.head.institution.clone(),
                records,
                outcome: plan.outcome.clone(),
            },
        )?;
    }
    put(
        &mut out,
        &PlanLine::End {
            institutions: plans.len(),
        },
    )?;
    out.finish()?
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?
        .sync_all()?;
    Ok(())
}

fn raw(line: String) -> std::io::Result<Box<RawValue>> {
    Ok(RawValue::from_string(line)?)
}

fn put(out: &mut impl Write, line: &PlanLine) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Reads a file of plans to its end, documents and records into files of the spool. Nothing of it
/// is believed if its end is missing.
///
/// # Errors
/// It is no saved plan, damaged, or of a newer Weir.
pub fn read(path: &Path, spool: &Path) -> Result<Vec<SavedPlan>, SavedError> {
    let mut lines = lines(BufReader::new(MultiGzDecoder::new(File::open(path)?)));
    match lines.next().map(parse).transpose()? {
        Some(PlanLine::WeirPlan { format, .. }) if format > FORMAT => {
            return Err(SavedError::Newer(format));
        }
        Some(PlanLine::WeirPlan { .. }) => {}
        _ => return Err(SavedError::Damaged("it does not start like one".to_owned())),
    }
    let (mut plans, mut open) = (Vec::new(), None::<PlanUnpacking>);
    while let Some(line) = lines.next() {
        match (parse(line)?, &mut open) {
            (PlanLine::Institution(head), None) => open = Some(PlanUnpacking::begin(*head, spool)?),
            (PlanLine::Page { source, page }, Some(open)) => open.page(&source, &page)?,
            (PlanLine::Record(record), Some(open)) => open.record(&record)?,
            (
                PlanLine::Done {
                    records, outcome, ..
                },
                Some(_),
            ) => plans.extend(
                open.take()
                    .map(|open| open.end(records, outcome))
                    .transpose()?,
            ),
            // Nothing may follow; to ask for it checks the sum at the end of the file.
            (PlanLine::End { institutions }, None) if institutions == plans.len() => {
                return lines.next().map_or(Ok(plans), |line| Err(beyond(line)));
            }
            _ => return Err(SavedError::Damaged("its lines are out of order".to_owned())),
        }
    }
    Err(SavedError::Damaged("its end is missing".to_owned()))
}

/// Bytes of the longest line; a page of documents is far below that.
const LONGEST_LINE: u64 = 512 * 1024 * 1024;

/// The lines of a file, none of which fills the memory.
fn lines(mut reader: impl BufRead) -> impl Iterator<Item = std::io::Result<String>> {
    std::iter::from_fn(move || {
        let mut line = String::new();
        match Read::take(&mut reader, LONGEST_LINE).read_line(&mut line) {
            Ok(0) => None,
            Ok(_) if line.len() as u64 == LONGEST_LINE && !line.ends_with('\n') => {
                Some(Err(std::io::Error::other("a line is too long")))
            }
            Ok(_) => Some(Ok(line)),
            Err(error) => Some(Err(error)),
        }
    })
}

fn beyond(line: std::io::Result<String>) -> SavedError {
    SavedError::Damaged(line.map_or_else(
        |error| error.to_string(),
        |_| "it continues after its end".to_owned(),
    ))
}

fn parse(line: std::io::Result<String>) -> Result<PlanLine, SavedError> {
    let line = line.map_err(|error| SavedError::Damaged(error.to_string()))?;
    serde_json::from_str(&line).map_err(|error| SavedError::Damaged(error.to_string()))
}

/// One institution of a file, being read.
struct PlanUnpacking {
    head: PlanHead,
    documents: Vec<(Arc<SpoolFile>, BufWriter<File>)>,
    records: (SpoolFile, BufWriter<File>),
    count: usize,
}

impl PlanUnpacking {
    fn begin(head: PlanHead, spool: &Path) -> Result<PlanUnpacking, SavedError> {
        let file =
            |name: &str| SpoolFile::create(spool, &format!("apply.{}.{name}", head.institution));
        if !is_plain(&head.institution)
            || !head.sources.iter().all(|source| is_plain(&source.source))
        {
            return Err(SavedError::Damaged(
                "it contains an invalid name".to_owned(),
            ));
        }
        let documents = head.sources.iter().map(|source| {
            file(&format!("of.{}", source.source))
                .map(|(file, out)| (Arc::new(file), BufWriter::new(out)))
        });
        let documents = documents.collect::<std::io::Result<Vec<_>>>()?;
        let (records, out) = file("records")?;
        Ok(PlanUnpacking {
            head,
            documents,
            records: (records, BufWriter::new(out)),
            count: 0,
        })
    }

    fn page(&mut self, source: &str, page: &RawValue) -> Result<(), SavedError> {
        let place = self
            .head
            .sources
            .iter()
            .position(|one| one.source == source);
        let Some((_, out)) = place.and_then(|place| self.documents.get_mut(place)) else {
            return Err(SavedError::Damaged(format!(
                "it has documents of `{source}` but does not list that source"
            )));
        };
        writeln!(out, "{page}")?;
        Ok(())
    }

    fn record(&mut self, record: &RawValue) -> Result<(), SavedError> {
        self.count += 1;
        writeln!(self.records.1, "{record}")?;
        Ok(())
    }

    fn end(self, records: usize, outcome: Json) -> Result<SavedPlan, SavedError> {
        if records != self.count {
            return Err(SavedError::Damaged(format!(
                "it has {} of {records} records",
                self.count
            )));
        }
        let mut documents = Vec::new();
        for (file, mut out) in self.documents {
            out.flush()?;
            documents.push(file);
        }
        let (file, mut out) = self.records;
        out.flush()?;
        Ok(SavedPlan {
            head: self.head,
            documents,
            records: Some(Arc::new(RecordsFile::of(file))),
            outcome,
        })
    }
}

/// Whether a name can be one of an institution or source, and so part of a file's name.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
