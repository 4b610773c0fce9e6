//! `weir plan`: what a run would do stage by stage, without reading a source; with `--jobs` the
//! plan of jobs, which is a dry run.

use super::database::{Database, block_on};
use super::last_good::{self, BrokenInstitution};
use super::records::{self, RecordsArgs};
use super::run::RunArgs;
use super::{
    ClockArgs, CommandContext, CommandFailure, DONE, FAILED, NOTHING, are_institutions, show,
};
use crate::model::{Clock, FingerprintParts, SourceKey};
use crate::plan::outline::PlanOutline;
use crate::plan::picture::thousands;
use crate::plan::{Plan, SourcePlan};
use crate::stage::StageScope;
use crate::store::work::{self, PendingAds};
use crate::store::{DatabaseDemand, PgConnection, Store, runs};
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::path::PathBuf;

/// Show what a run would do and why.
#[derive(clap::Args)]
#[command(after_help = records::HELP)]
pub struct PlanArgs {
    /// The institutions; by default all
    institutions: Vec<String>,
    /// Read the sources, and show every job that a run would create, update, archive or hold;
    /// everything is rolled back
    #[arg(long)]
    jobs: bool,
    #[command(flatten)]
    at: ClockArgs,
    /// Print JSON; with --jobs one record per line
    #[arg(long)]
    json: bool,
    /// With --jobs: replay pages recorded with `weir preview --save`; no network access
    #[arg(long, value_name = "DIR", requires = "jobs")]
    recorded: Option<PathBuf>,
    /// With --jobs: wait for a run of the same institution to finish
    #[arg(long, requires = "jobs")]
    wait: bool,
    /// With --jobs: exit with 3 if jobs would change
    #[arg(long, requires = "jobs")]
    detailed_exitcode: bool,
    #[command(flatten)]
    view: RecordsArgs,
}

/// What must be derived again for one source, and why.
pub(super) struct SourceWork {
    source: String,
    ads: i64,
    pub(super) why: Vec<String>,
}

impl PlanArgs {
    pub(super) fn run(self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        if self.jobs {
            let PlanArgs {
                institutions,
                at,
                json,
                recorded,
                wait,
                detailed_exitcode,
                view,
                ..
            } = self;
            return RunArgs::planning(
                institutions,
                at,
                json,
                recorded,
                wait,
                detailed_exitcode,
                view,
            )
            .run(edge);
        }
        self.view.only_with("--jobs", &[])?;
        let checked = edge.checked();
        show(&checked, edge, &self.institutions);
        are_institutions(&self.institutions, &checked)?;
        let chosen: Vec<_> = checked.chosen(&self.institutions).collect();
        let mut plans: Vec<_> = chosen
            .iter()
            .filter_map(|one| one.plan())
            .cloned()
            .collect();
        if plans.is_empty() && !last_good::may_be_known(edge) {
            return Ok(NOTHING);
        }
        block_on(async {
            let database = Database::open(edge, DatabaseDemand::READ).await?;
            let (standing_in, left_out) = last_good::stand_in(
                edge,
                &database.store,
                BrokenInstitution::of(chosen.iter().copied()),
            )
            .await?;
            let is_bad = left_out > 0 || !standing_in.is_empty();
            plans.extend(standing_in);
            let mut pages = Vec::new();
            for plan in &plans {
                let work = self.work(edge, &database.store, plan).await?;
                if self.json {
                    pages.push(page(plan, &work));
                } else {
                    say!("{}", text(plan, &work));
                }
            }
            if self.json {
                say!("{:#}", json!({ "format": 1, "plans": pages }));
            }
            database.close().await?;
            Ok(match (plans.is_empty(), is_bad) {
                (true, _) => NOTHING,
                (false, true) => FAILED,
                (false, false) => DONE,
            })
        })?
    }

    async fn work(
        &self,
        edge: &CommandContext,
        store: &Store,
        plan: &Plan,
    ) -> Result<Vec<SourceWork>, CommandFailure> {
        let at = self.at.clock(edge)?;
        let mut connection = store.connection().await?;
        let mut all = Vec::new();
        for flow in &plan.flows {
            all.push(SourceWork::of(at, &mut connection, plan, flow).await?);
        }
        Ok(all)
    }
}

impl SourceWork {
    /// What must be derived again for one source.
    pub(super) async fn of(
        at: Clock,
        connection: &mut PgConnection,
        plan: &Plan,
        flow: &SourcePlan,
    ) -> Result<SourceWork, CommandFailure> {
        let parts = flow.parts_at(at);
        let stream = SourceKey {
            institution: plan.institution.id,
            source: flow.source.clone(),
        };
        let pending = work::pending(connection, &stream, parts.fingerprint(), at).await?;
        let older: Vec<_> = pending
            .iter()
            .filter_map(|pending| pending.derived_by)
            .collect();
        let known = runs::fingerprint_parts(connection, plan.institution.id, &older).await?;
        let why = pending
            .iter()
            .map(|pending| {
                reason(
                    pending,
                    &parts,
                    pending.derived_by.and_then(|old| known.get(&old)),
                    parts.fingerprint(),
                )
            })
            .collect();
        Ok(SourceWork {
            source: flow.source.clone(),
            ads: pending.iter().map(|pending| pending.ads).sum(),
            why,
        })
    }
}

fn reason(
    pending: &PendingAds,
    parts: &FingerprintParts,
    old: Option<&Json>,
    today: crate::model::Fingerprint,
) -> String {
    let ads = format!("{} ads", thousands(pending.ads));
    match (pending.derived_by, old) {
        (None, _) => format!("{ads} were never derived, or are to be retried"),
        (Some(by), _) if by == today => format!("{ads} have new content or are due for a retry"),
        (Some(_), Some(old)) if !FingerprintParts::is_comparable(old) => {
            format!("{ads} to derive again, once: another version of Weir derived them")
        }
        (Some(_), Some(old)) => format!(
            "{} changed: {ads} to derive again",
            parts.changed_since(old).join(", ")
        ),
        (Some(_), None) => format!("{ads} were derived by an unknown plan"),
    }
}

fn text(plan: &Plan, work: &[SourceWork]) -> String {
    let mut out = String::new();
    let schedule = plan
        .schedule
        .as_ref()
        .map_or_else(String::new, |schedule| format!(", scheduled {schedule}"));
    let _ = writeln!(
        out,
        "{} · pipeline {}{schedule} · plan {}",
        plan.institution.slug,
        plan.pipeline,
        &plan.fingerprint().to_string()[..12]
    );
    if let Some(stands_in) = &plan.stands_in {
        let _ = writeln!(out, "  error: {}", stands_in.words(&plan.institution.slug));
    }
    for node in plan.ordered() {
        let about = &plan.graph[node];
        let frame = if about.kind.scope() == StageScope::Record {
            "┊"
        } else {
            " "
        };
        let waits = plan.waits_for(node);
        let after = if waits.is_empty() {
            String::new()
        } else {
            format!("  after {}", waits.join(", "))
        };
        let _ = writeln!(
            out,
            "  {frame} {:24} {}{after}",
            about.name,
            &about.fingerprint.to_string()[..12]
        );
        for line in about.explain.iter().take(3) {
            let _ = writeln!(
                out,
                "  {frame}     {}",
                crate::report::columns::line(line, 110)
            );
        }
    }
    let _ = writeln!(
        out,
        "  ┊ one segment: each batch passes through these stages and commits once"
    );
    for work in work {
        let _ = writeln!(
            out,
            "  {}: {}",
            work.source,
            if work.ads == 0 {
                "no stored ads need deriving; new and changed ads will".to_owned()
            } else {
                work.why.join("; ")
            }
        );
    }
    out
}

fn page(plan: &Plan, work: &[SourceWork]) -> Json {
    let work = work
        .iter()
        .map(|work| json!({ "source": work.source, "ads": work.ads, "why": work.why }));
    json!({
        "institution": plan.institution.slug, "pipeline": plan.pipeline, "schedule": plan.schedule.as_ref().map(ToString::to_string), "fingerprint": plan.fingerprint().to_string(), "stands_in": plan.stands_in,
        "stages": PlanOutline::of(plan).stages, "work": work.collect::<Vec<_>>(),
    })
}
