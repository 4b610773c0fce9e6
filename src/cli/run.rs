//! `weir run`.

use super::database::{Database, block_on};
use super::last_good::{self, BrokenInstitution};
use super::records::{self, RecordsArgs};
use super::{
    ALL_DOWN, CHANGES, ClockArgs, CommandContext, CommandFailure, DONE, FAILED, INTERRUPTED, KNOWN,
    NOTHING, are_institutions, flow, out, parse_span, show,
};
use crate::engine::turn::WorkTurns;
use crate::engine::{
    DryRun, Engine, RunError, RunMode, RunOutcome, RunPurpose, RunRequest, RunSummary, RunWatcher,
};
use crate::model::{Clock, Hash, OutcomeCounts, ReadState};
use crate::plan::{CheckedProject, InstitutionStatus, Plan};
use crate::report::health::{self, InstitutionHealth, LastingError};
use crate::report::records::changes;
use crate::report::{progress, summary};
use crate::source::door::HttpClient;
use crate::span::Span;
use crate::store::waiting::WaitingHolds;
use crate::store::{DatabaseDemand, Store, TableUse};
use futures::StreamExt;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Institutions that work at the same time.
const AT_ONCE: u8 = 4;
/// Maximum institutions in progress at the same time: most of them wait for their sources.
const UNDER_WAY: usize = 40;

/// Connections that do the work of a run, besides those that its institutions hold.
const WORKING: u32 = 12;

/// Run institutions now.
#[derive(clap::Args)]
#[command(after_help = records::HELP)]
pub struct RunArgs {
    /// Institutions to run; by default all active ones
    institutions: Vec<String>,
    /// Do everything, show every job that it would create, update, archive or hold, and roll it
    /// back
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    at: ClockArgs,
    /// Events as JSON lines, with a summary at the end
    #[arg(long)]
    json: bool,
    /// Answer from pages that `weir preview --save` recorded, without a network
    #[arg(long, value_name = "DIR")]
    recorded: Option<PathBuf>,
    /// Wait for a run of the same institution instead of giving up
    #[arg(long)]
    wait: bool,
    /// Institutions that work at the same time; those that only wait for their sources do not count
    #[arg(long, value_name = "N", default_value_t = AT_ONCE, value_parser = clap::value_parser!(u8).range(1..=32))]
    parallel: u8,
    /// Exit with 3 when jobs were created, updated, reopened or archived
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exit with 1 when values could not be read and were left out; the tables are the same
    #[arg(long)]
    strict: bool,
    /// Exit with 1 if a hold has waited at least this long for a decision, such as 7d
    #[arg(long, value_name = "AGE", value_parser = parse_span)]
    fail_on_holds: Option<Span>,
    /// Print nothing but warnings and errors, on stderr: for cron
    #[arg(long, short, conflicts_with_all = ["json", "dry_run"])]
    quiet: bool,
    #[command(flatten)]
    view: RecordsArgs,
    /// The plan of jobs alone: `weir plan --jobs`
    #[arg(skip)]
    plan_only: bool,
}

/// The institutions of a run: what runs, and what does not.
struct ChosenInstitutions {
    plans: Vec<Arc<Plan>>,
    broken: Vec<BrokenInstitution>,
}

type RunResults = Vec<(String, Result<RunOutcome, RunError>)>;

impl RunArgs {
    /// The dry run of `weir plan --jobs`.
    pub(super) fn planning(
        institutions: Vec<String>,
        at: ClockArgs,
        json: bool,
        recorded: Option<PathBuf>,
        wait: bool,
        detailed_exitcode: bool,
        view: RecordsArgs,
    ) -> RunArgs {
        RunArgs {
            institutions,
            dry_run: true,
            at,
            json,
            recorded,
            wait,
            parallel: AT_ONCE,
            detailed_exitcode,
            strict: false,
            fail_on_holds: None,
            quiet: false,
            view,
            plan_only: true,
        }
    }

    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        if !self.dry_run {
            self.view.only_with("--dry-run", &["--source"])?;
        }
        if self.quiet {
            out::leave_out_notes();
        }
        let checked = edge.checked();
        show(&checked, edge, &self.institutions);
        let chosen = self.choose(&checked)?;
        self.view.check(&chosen.plans)?;
        if chosen.plans.is_empty() && chosen.broken.is_empty() {
            return Err(CommandFailure::nothing("no institution is active")
                .help("set `active: true`, or name an institution"));
        }
        if chosen.plans.is_empty() && !last_good::may_be_known(edge) {
            chosen.broken.iter().for_each(BrokenInstitution::tell);
            return Ok(NOTHING);
        }
        block_on(self.run_all(edge, &checked, chosen))?
    }

    fn choose(&self, checked: &CheckedProject) -> Result<ChosenInstitutions, CommandFailure> {
        let mut chosen = ChosenInstitutions {
            plans: Vec::new(),
            broken: Vec::new(),
        };
        are_institutions(&self.institutions, checked)?;
        for institution in checked.chosen(&self.institutions) {
            match &institution.standing {
                InstitutionStatus::Ready(plan) => chosen.plans.push(Arc::clone(plan)),
                InstitutionStatus::Inactive(_) => {
                    tell!("not run: `{}` is not active", institution.slug);
                }
                InstitutionStatus::Broken(_) => {
                    chosen.broken.extend(BrokenInstitution::of([institution]));
                }
            }
        }
        Ok(chosen)
    }

    /// The sources that are read, if not all: what is stored of the others is derived and settled.
    /// A plan of jobs reads all, and shows some.
    fn sources_read(&self) -> Vec<String> {
        if self.plan_only {
            Vec::new()
        } else {
            self.view.sources().to_vec()
        }
    }

    async fn run_all(
        &self,
        edge: &CommandContext,
        checked: &CheckedProject,
        chosen: ChosenInstitutions,
    ) -> Result<u8, CommandFailure> {
        let request = self.request(edge, checked.version())?;
        let institutions = chosen.plans.len() + chosen.broken.len();
        let database = Database::open(edge, self.demand(institutions)).await?;
        let (standing_in, left_out) =
            last_good::stand_in(edge, &database.store, chosen.broken).await?;
        let plans: Vec<Arc<Plan>> = chosen.plans.into_iter().chain(standing_in).collect();
        if plans.is_empty() {
            database.close().await?;
            return Ok(NOTHING);
        }
        let ids: Vec<_> = plans.iter().map(|plan| plan.institution.id).collect();
        let database = database.on_behalf(edge, &ids, !self.dry_run).await?;
        let watcher = match (self.json, self.plan_only) {
            (true, false) => progress::json_lines(out::try_print),
            (false, _) if edge.terminal && !self.quiet => progress::bars(),
            _ => progress::quiet(),
        };
        let turns = WorkTurns::new(usize::from(self.parallel));
        let engine = Engine {
            turns,
            ..engine(edge, checked, &database, self.recorded.as_deref(), watcher)?
        };
        let running = plans.iter().map(|plan| async {
            (
                plan.institution.slug.clone(),
                self.run_one(&engine, plan, &request).await,
            )
        });
        let mut results: RunResults = futures::stream::iter(running)
            .buffer_unordered(self.under_way(&database.store))
            .collect()
            .await;
        results.sort_by(|a, b| a.0.cmp(&b.0));
        let health = if self.dry_run {
            Vec::new()
        } else {
            let names = plans.iter().map(|plan| &plan.institution);
            let names: Vec<_> = names.map(|one| (one.id, one.slug.clone())).collect();
            health::collect(&mut *database.store.connection().await?, &names).await?
        };
        let code = self.tell(edge, &results, &health, left_out > 0);
        if !self.dry_run {
            super::alerts::after_runs(edge, checked, &database.store, &plans, request.at.0).await;
        }
        database.close().await?;
        code
    }

    /// The connections that each institution holds while it runs: for its lock, and in a dry run
    /// for its transaction.
    fn held(&self) -> u32 {
        if self.dry_run { 2 } else { 1 }
    }

    fn demand(&self, institutions: usize) -> DatabaseDemand {
        let under_way = u32::try_from(institutions.clamp(1, UNDER_WAY)).unwrap_or(1);
        DatabaseDemand {
            need: TableUse::Write,
            least: self.held() + 1,
            most: under_way * self.held() + WORKING,
            is_private: false,
        }
    }

    /// How many institutions run at once: all share the remaining connections.
    fn under_way(&self, store: &Store) -> usize {
        let fit = store.connections().saturating_sub(1) / self.held();
        usize::try_from(fit).unwrap_or(1).clamp(1, UNDER_WAY)
    }

    async fn run_one(
        &self,
        engine: &Engine,
        plan: &Plan,
        request: &RunRequest,
    ) -> Result<RunOutcome, RunError> {
        let wanted = self.view.wanted(self.json);
        let mode = if self.dry_run {
            RunMode::DryRun {
                wanted: &wanted,
                saves: self.view.saves(),
            }
        } else {
            RunMode::Live
        };
        engine.run(plan, request, mode).await
    }

    fn request(&self, edge: &CommandContext, version: Hash) -> Result<RunRequest, CommandFailure> {
        Ok(RunRequest {
            at: self.at.clock(edge)?,
            allow_future: self.at.ahead.allow_future,
            wait: self.wait,
            now: edge.now,
            host: edge.host(),
            spool: edge.home().join("spool"),
            occasion: RunPurpose {
                only: self.sources_read(),
                unit: None,
                project_version: Some(version),
            },
        })
    }

    fn tell(
        &self,
        edge: &CommandContext,
        results: &RunResults,
        health: &[InstitutionHealth],
        left_out: bool,
    ) -> Result<u8, CommandFailure> {
        let mut total = OutcomeCounts::default();
        let mut found = RunFindings {
            is_new: left_out,
            ..RunFindings::default()
        };
        for (slug, result) in results {
            match result {
                Ok(ran) => {
                    let summary = ran.summary();
                    total.add(&summary.total);
                    flow::keep(edge, summary);
                    found.count_reads(summary);
                    let errors = health.iter().filter(|one| one.institution == *slug);
                    let errors: Vec<&LastingError> = errors.flat_map(|one| &one.errors).collect();
                    found.is_new |= errors.iter().any(|error| error.is_new);
                    found.is_known |= errors.iter().any(|error| !error.is_new);
                    // A dry run has no run before it to compare with.
                    found.is_new |= self.dry_run && summary.has_problems();
                    found.is_new |= self.strict && summary.has_losses();
                    found.is_new |= self.has_waited_too_long(slug, summary);
                }
                Err(RunError::Interrupted) => found.is_interrupted = true,
                Err(_) => {
                    found.is_new = true;
                    found.unread += 1;
                }
            }
            if let Err(error) = result {
                super::failure::tell_run_error(error, slug);
            }
        }
        let done: Vec<&RunOutcome> = results
            .iter()
            .filter_map(|(_, result)| result.as_ref().ok())
            .collect();
        self.print(edge, &done, health, &total)?;
        Ok(found.code(self.detailed_exitcode && changes(&total)))
    }

    /// Reports on stderr what someone must know of a run, with its institution and source, and
    /// since when it is so: stdout may go nowhere.
    fn report(&self, summary: &RunSummary, health: &[InstitutionHealth]) {
        let of_it = health
            .iter()
            .filter(|one| one.institution == summary.institution);
        if let Some(was) = of_it.clone().find_map(|one| one.mended.as_ref()) {
            tell!("recovered: {}: was: {was}", summary.institution);
        }
        let errors: Vec<&LastingError> = of_it.flat_map(|one| &one.errors).collect();
        for note in summary::run_notes(summary) {
            if self.quiet && note.severity == "note" {
                continue;
            }
            let slash = if note.source.is_empty() { "" } else { "/" };
            let is_it = |error: &&&LastingError| {
                error.source == note.source && error.kind == note.kind && note.severity == "error"
            };
            let error = errors.iter().find(is_it);
            let age = error
                .map(|error| format!(" ({})", error.age()))
                .unwrap_or_default();
            // Some say it themselves.
            let is_open = |error: &&&LastingError| error.is_new && !note.words.contains("`weir ");
            let next = error
                .filter(is_open)
                .map(|error| health::next_step(&summary.institution, &error.kind));
            let help = next
                .map(|next| format!("\nhelp: {next}"))
                .unwrap_or_default();
            tell!(
                "{}: {}{slash}{}: {}{age}{help}",
                note.severity,
                summary.institution,
                note.source,
                note.words
            );
        }
    }

    /// Reports holds that have waited longer than requested.
    fn has_waited_too_long(&self, slug: &str, summary: &RunSummary) -> bool {
        let at = Clock(summary.at);
        let is_old =
            |one: &&WaitingHolds| self.fail_on_holds.is_some_and(|most| one.age(at) >= most.0);
        let old: Vec<&WaitingHolds> = summary.waiting.iter().filter(is_old).collect();
        old.iter().for_each(|one| {
            tell!(
                "error: `{slug}`: {}\nhelp: see `weir holds list`",
                one.words(at)
            );
        });
        !old.is_empty()
    }

    fn print(
        &self,
        edge: &CommandContext,
        done: &[&RunOutcome],
        health: &[InstitutionHealth],
        total: &OutcomeCounts,
    ) -> Result<(), CommandFailure> {
        let foreseen: Vec<&DryRun> = done
            .iter()
            .filter_map(|ran| {
                if let RunOutcome::RolledBack(foreseen) = ran {
                    Some(&**foreseen)
                } else {
                    None
                }
            })
            .collect();
        if self.json {
            self.view.json_lines(&foreseen)?;
            let summaries: Vec<&RunSummary> = done.iter().map(|ran| ran.summary()).collect();
            say!(
                "{}",
                json!({ "event": "summary", "format": 1, "total": total, "institutions": summaries })
            );
        } else {
            if self.plan_only {
                self.view.overview(edge, &foreseen);
            }
            for ran in done {
                match ran {
                    RunOutcome::RolledBack(foreseen) if self.plan_only => {
                        self.view.text(edge, foreseen)?;
                    }
                    RunOutcome::RolledBack(foreseen) => {
                        put!("{}", summary::text(&foreseen.summary));
                        self.view.text(edge, foreseen)?;
                        say!("");
                    }
                    RunOutcome::Committed(summary) => {
                        if !self.quiet {
                            say!("{}", summary::table(summary));
                        }
                        self.report(summary, health);
                    }
                }
            }
        }
        self.view.files(edge, &foreseen)
    }
}

/// What came of a run, for its exit code.
#[derive(Debug, Default)]
struct RunFindings {
    is_interrupted: bool,
    /// Something is wrong that the run before did not have.
    is_new: bool,
    /// Something is wrong as it was in the run before.
    is_known: bool,
    /// Sources that were read, if only partially.
    read: usize,
    /// Sources of which nothing came, and institutions that did not run.
    unread: usize,
}

impl RunFindings {
    fn count_reads(&mut self, summary: &RunSummary) {
        let states = summary
            .sources
            .values()
            .filter_map(|source| source.read.as_ref());
        for read in states {
            match read.state {
                ReadState::Blocked | ReadState::Unreachable => self.unread += 1,
                ReadState::Complete | ReadState::Empty | ReadState::Partial => self.read += 1,
            }
        }
        self.unread += summary.problems.len();
    }

    /// The gravest first.
    fn code(&self, is_changed: bool) -> u8 {
        match self {
            RunFindings {
                is_interrupted: true,
                ..
            } => INTERRUPTED,
            RunFindings {
                read: 0,
                unread: 2..,
                ..
            } => ALL_DOWN,
            RunFindings { is_new: true, .. } => FAILED,
            RunFindings { is_known: true, .. } => KNOWN,
            _ if is_changed => CHANGES,
            _ => DONE,
        }
    }
}

/// What runs plans; a signal stops it.
pub(super) fn engine(
    edge: &CommandContext,
    checked: &CheckedProject,
    database: &Database,
    recorded: Option<&Path>,
    watcher: RunWatcher,
) -> Result<Engine, CommandFailure> {
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let turns = WorkTurns::new(usize::from(AT_ONCE));
    let access = edge.access(door(edge, recorded)?);
    Ok(Engine {
        store: database.store.clone(),
        access,
        sandbox: Arc::clone(&checked.sandbox),
        watcher,
        stop,
        turns,
    })
}

/// The door to the network, or to a recording.
pub(super) fn door(
    edge: &CommandContext,
    recorded: Option<&Path>,
) -> Result<HttpClient, CommandFailure> {
    Ok(match recorded {
        Some(folder) => HttpClient::replaying(edge.project.join(folder))?,
        None => HttpClient::new()?,
    })
}

/// The first signal stops at the next batch; the second stops at once.
async fn stop_on_signal(stop: CancellationToken) {
    signal().await;
    tell!("stopping after the current batch; press Ctrl-C again to stop now");
    stop.cancel();
    signal().await;
    std::process::exit(i32::from(INTERRUPTED));
}

pub(super) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
