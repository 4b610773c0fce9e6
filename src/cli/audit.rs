//! `weir audit`.

use super::database::with_connection;
use super::{DONE, Edge, FAILED, Failure, named};
use crate::plan::picture::thousands;
use crate::report::columns::{columns, counted, line};
use crate::report::history::value;
use crate::store::audit::{self, Extent, Finding};
use serde_json::{Value as Json, json};

/// Jobs that were changed past the pipeline.
#[derive(clap::Args)]
#[command(after_help = "Compares every job with its newest version, field by field, and every version with the one before; looks for versions that \
    are not there, for ads whose job is another's or gone, and for what a wrong clock leaves: runs and decisions dated in the future, runs long after the one \
    before, and jobs archived for a closing date that has not come (`weir rollback RUN` takes back the newest run and its clock). `source_url` and `recruiter` refresh without a version and are not compared. Exit codes: 0 all is as history says, 1 something is not.")]
pub struct Audit {
    /// The institution; all if none is named
    institution: Option<String>,
    /// At most so many findings, 0 for all
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: i64,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let slug = self.institution.as_deref();
        with_connection(edge, async |connection| {
            named::refuse_unknown(connection, self.institution.as_slice()).await?;
            let extent = audit::extent(connection, slug).await?;
            let findings = audit::findings(connection, slug, if self.limit > 0 { self.limit } else { i64::MAX }, (edge.now)()).await?;
            self.tell(&extent, &findings)
        })
    }

    fn tell(&self, extent: &Extent, findings: &[Finding]) -> Result<u8, Failure> {
        if self.json {
            say!("{:#}", json!({ "format": 1, "compared": extent, "findings": findings }));
        } else {
            put!("{}", columns(&findings.iter().map(row).collect::<Vec<_>>(), 4));
            let found = match findings.len() {
                0 => "all is as history says".to_owned(),
                count if i64::try_from(count) == Ok(self.limit) => format!("{} or more; `--limit 0` shows all", counted(count, "finding")),
                count => counted(count, "finding"),
            };
            say!("{} jobs and {} versions compared: {found}", thousands(extent.jobs), thousands(extent.versions));
        }
        Ok(if findings.is_empty() { DONE } else { FAILED })
    }
}

fn row(finding: &Finding) -> Vec<String> {
    let shown = |held: &Option<Json>| line(&value(held.as_ref().unwrap_or(&Json::Null)), 60);
    let what = match finding.kind.as_str() {
        "no_history" => "has no version".to_owned(),
        "no_job" => "has versions and no job".to_owned(),
        "gap" => format!("versions are missing: {}", shown(&finding.in_history)),
        "earlier" => format!("version {} is dated before the one before it", shown(&finding.in_history)),
        "unsaid" => {
            let of = |name: &str| shown(&finding.in_history.as_ref().and_then(|step| step.get(name)).cloned());
            format!("version {} is of the kind {}, and says {}", of("version"), of("change"), of("status"))
        }
        "future" => format!("is dated after it ran ({}): its clock was wrong, and `weir rollback` takes it back", shown(&finding.in_history)),
        "leap" => format!("is dated more than 400 days after the run before ({})", shown(&finding.in_history)),
        "future_word" => format!("version {} is dated in the future", shown(&finding.in_history)),
        "closed_early" => format!("is archived for the closing date {}, which has not come", shown(&finding.in_jobs)),
        "other_ad" => format!("is also taken for the job of the ad {}", shown(&finding.in_jobs)),
        "ad_without_job" => format!("the ad is {}, and there is neither its job nor a version", shown(&finding.in_jobs)),
        _ => format!("is {}, and {} in history", shown(&finding.in_jobs), shown(&finding.in_history)),
    };
    let name = match finding.kind.as_str() {
        "future" | "leap" => format!("{}: run {}", finding.institution, finding.original_id),
        _ => format!("{}/{}:{}", finding.institution, finding.source_id, line(&finding.original_id, 40)),
    };
    let job = finding.job_id.map_or_else(|| "-".to_owned(), |job| job.to_string());
    vec![name, job, finding.field.clone().unwrap_or_else(|| "-".to_owned()), what]
}
