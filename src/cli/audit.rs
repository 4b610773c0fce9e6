//! `weir audit`.

use super::database::with_connection;
use super::{CommandContext, CommandFailure, DONE, FAILED, named};
use crate::plan::picture::thousands;
use crate::report::columns::{columns, counted, line};
use crate::report::history::value;
use crate::store::views::audit::{self, AuditExtent, AuditFinding};
use crate::store::views::decisions::{self, DecisionLine};
use crate::store::{PgConnection, runs};
use serde_json::{Value as Json, json};

/// Jobs that were changed outside Weir, and what people decided.
#[derive(clap::Args)]
#[command(
    after_help = "Compares every job with the digests of what was written, field by field, every \
                  document with its hash, and every version with the previous one; finds missing \
                  versions, ads whose job is missing or belongs to another ad, openings without \
                  jobs, and traces of a wrong clock: runs and decisions dated in the future, runs long after the \
                  previous one, and jobs archived for a closing date that has not passed (`weir \
                  rollback RUN` undoes the newest run and its clock). With --decisions, what people decided \
                  instead, the newest first: who, when and why. Exit codes: 0 everything \
                  matches the history, 1 there are findings."
)]
pub struct AuditArgs {
    /// The institution; by default all
    institution: Option<String>,
    /// Show what people decided, the newest first
    #[arg(long)]
    decisions: bool,
    /// Maximum number of findings or decisions, 0 for all
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: i64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl AuditArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let slug = self.institution.as_deref();
        with_connection(edge, async |connection| {
            named::refuse_unknown(edge, connection, self.institution.as_slice()).await?;
            if self.decisions {
                return self.tell_decisions(connection).await;
            }
            let extent = audit::extent(connection, slug).await?;
            let findings = audit::findings(connection, slug, self.most(), (edge.now)()).await?;
            self.tell(&extent, &findings)
        })
    }

    fn most(&self) -> i64 {
        if self.limit > 0 { self.limit } else { i64::MAX }
    }

    async fn tell_decisions(&self, connection: &mut PgConnection) -> Result<u8, CommandFailure> {
        let institution = match &self.institution {
            Some(slug) => runs::institution(connection, slug).await?,
            None => None,
        };
        let done = decisions::page(connection, institution, None, self.most()).await?;
        if self.json {
            say!("{:#}", json!({ "format": 1, "decisions": done }));
        } else if done.is_empty() {
            say!("nobody has decided anything");
        } else {
            put!(
                "{}",
                columns(&done.iter().map(decided).collect::<Vec<_>>(), 5)
            );
        }
        Ok(DONE)
    }

    fn tell(&self, extent: &AuditExtent, findings: &[AuditFinding]) -> Result<u8, CommandFailure> {
        if self.json {
            say!(
                "{:#}",
                json!({ "format": 1, "compared": extent, "findings": findings })
            );
        } else {
            put!(
                "{}",
                columns(&findings.iter().map(row).collect::<Vec<_>>(), 4)
            );
            let found = match findings.len() {
                0 => "everything matches the history".to_owned(),
                count if i64::try_from(count) == Ok(self.limit) => format!(
                    "{} or more; `--limit 0` shows all",
                    counted(count, "finding")
                ),
                count => counted(count, "finding"),
            };
            say!(
                "{} jobs and {} versions compared: {found}",
                thousands(extent.jobs),
                thousands(extent.versions)
            );
        }
        Ok(if findings.is_empty() { DONE } else { FAILED })
    }
}

fn decided(one: &DecisionLine) -> Vec<String> {
    vec![
        one.at.format("%Y-%m-%d %H:%MZ").to_string(),
        line(&one.done_by, 40),
        line(&one.institution, 40),
        format!("{} {}", one.what, one.kind),
        line(&one.subject, 80),
        line(one.reason.as_deref().unwrap_or_default(), 120),
    ]
}

fn row(finding: &AuditFinding) -> Vec<String> {
    let shown = |held: &Option<Json>| line(&value(held.as_ref().unwrap_or(&Json::Null)), 60);
    let what = match finding.kind.as_str() {
        "no_document" => "has lost the document that it was made of".to_owned(),
        "no_job" => "has versions but no job".to_owned(),
        "gap" => format!("versions are missing: {}", shown(&finding.in_history)),
        "earlier" => format!(
            "version {} is dated before its predecessor",
            shown(&finding.in_history)
        ),
        "unsaid" => {
            let of = |name: &str| {
                shown(
                    &finding
                        .in_history
                        .as_ref()
                        .and_then(|step| step.get(name))
                        .cloned(),
                )
            };
            format!(
                "version {} is a `{}`, but its status is `{}`",
                of("version"),
                of("change"),
                of("status")
            )
        }
        "future" => format!(
            "is dated later than it ran ({}): its clock was wrong; `weir rollback` undoes it",
            shown(&finding.in_history)
        ),
        "leap" => format!(
            "is dated more than 400 days after the previous run ({})",
            shown(&finding.in_history)
        ),
        "future_word" => format!(
            "version {} is dated in the future",
            shown(&finding.in_history)
        ),
        "closed_early" => format!(
            "is archived for the closing date {}, which has not passed",
            shown(&finding.in_jobs)
        ),
        "other_ad" => format!("is also the job of the ad {}", shown(&finding.in_jobs)),
        "ad_without_job" => format!(
            "the ad is {}, but has neither a job nor a version",
            shown(&finding.in_jobs)
        ),
        "no_opening" => "was compared, but is in no opening".to_owned(),
        "empty_opening" => "has no jobs: they were deleted outside Weir".to_owned(),
        "lost_alias" => {
            format!(
                "is the former id of the opening {}, which is gone",
                shown(&finding.in_jobs)
            )
        }
        _ if finding.field.as_deref() == Some("raw_json") => {
            "is not the document that was stored".to_owned()
        }
        _ if finding.in_history.is_none() => format!(
            "is {}, which is not what was written",
            shown(&finding.in_jobs)
        ),
        _ => format!(
            "is {}, but {} in the history",
            shown(&finding.in_jobs),
            shown(&finding.in_history)
        ),
    };
    let name = match finding.kind.as_str() {
        "empty_opening" | "lost_alias" => {
            format!("{}: opening {}", finding.institution, finding.original_id)
        }
        "future" | "leap" => format!("{}: run {}", finding.institution, finding.original_id),
        _ => format!(
            "{}/{}:{}",
            finding.institution,
            finding.source_id,
            line(&finding.original_id, 40)
        ),
    };
    let job = finding
        .job_id
        .map_or_else(|| "-".to_owned(), |job| job.to_string());
    vec![
        name,
        job,
        finding.field.clone().unwrap_or_else(|| "-".to_owned()),
        what,
    ]
}
