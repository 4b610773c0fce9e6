//! The commands, one file each: flags, one call, one report. Only this module and `main` print,
//! read the clock and the environment; both are handed down.

#[macro_use]
mod out;

mod alerts;
mod apply;
mod audit;
mod check;
mod companies;
mod crew;
mod database;
mod db;
mod decision;
mod distribute;
mod duplicates;
mod evaluate;
mod evaluate_decisions;
mod evaluate_duplicates;
mod export;
mod failure;
mod failures;
mod first_test;
mod flow;
mod forget;
mod graph;
mod history;
mod hold_causes;
mod holds;
mod identity;
mod init;
mod install;
mod last_good;
mod log;
mod manual;
mod metrics;
mod named;
mod new;
mod new_rule;
mod password;
mod pause;
mod plan;
mod preview;
mod project_files;
mod records;
mod rehearse;
mod report;
mod retire;
mod roles;
mod rollback;
mod rules;
mod run;
mod schedule;
mod schema;
mod serve;
mod snapshots;
mod status;
mod test;
mod tidy;
mod tokens;
mod users;
mod warned;
mod why;

use self::failure::CommandFailure;
use crate::actions::ruling::OperatorRuling;
use crate::diagnostic::{Diagnostics, did_you_mean, one_of};
use crate::engine::person::DecisionScope;
use crate::model::Clock;
use crate::plan::{self as planning, CheckedProject, Plan, SourcePlan};
use crate::source::door::HttpClient;
use crate::source::http::TokenCache;
use crate::source::{SourceAccess, Variables, secrets};
use crate::span::Span;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use uuid::Uuid;

/// Done; rejected and held ads included.
const DONE: u8 = 0;
/// Something is wrong that the run before did not have, or the command failed.
const FAILED: u8 = 1;
/// Nothing was attempted: bad YAML in everything requested, or bad arguments.
const NOTHING: u8 = 2;
/// There are changes, with `--detailed-exitcode`.
const CHANGES: u8 = 3;
/// Something is wrong, all of it as in the run before.
const KNOWN: u8 = 4;
/// Of several sources none could be read.
const ALL_DOWN: u8 = 5;
/// Interrupted.
const INTERRUPTED: u8 = 130;

/// Weir turns job ads from any number of sources into one clean, versioned set of jobs per
/// institution in PostgreSQL. Each institution is a YAML file.
#[derive(Parser)]
#[command(
    name = "weir",
    version,
    after_help = "Exit codes: 0 done, 1 something is wrong that was not before, 2 nothing \
                  attempted (bad YAML or arguments, no database), 3 changes (only with \
                  --detailed-exitcode), 4 something is wrong, all of it as in the run before, 5 \
                  none of several sources could be read, 130 interrupted.\nPostgreSQL: \
                  DATABASE_URL if set, else a private server in .weir/ of the project folder."
)]
struct Cli {
    /// The project folder: institutions/, pipelines/, rules/
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    project: PathBuf,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value = "auto")]
    color: ColourChoice,
    #[command(flatten)]
    log: log::LogArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColourChoice {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Report everything wrong in the YAML; no database, no network
    Check(check::CheckArgs),
    /// Show what a run would do and why: stages, ads to derive; with --jobs every job that it would
    /// change
    Plan(plan::PlanArgs),
    /// Make a project folder: a pipeline, rules, alerts, frameworks, schemas for editors
    Init(init::InitArgs),
    /// Draft an institution from a sample of its source, or a rule
    New(new::NewArgs),
    /// Run the tests in the YAML, and show what they do not cover
    Test(test::TestArgs),
    /// Show what edited rules and mappings would do to the stored ads, without writing anything
    Rehearse(rehearse::RehearseArgs),
    /// Draw the DAG of an institution
    Graph(graph::GraphArgs),
    /// Fetch a few ads of a source: raw, mapped and validated, side by side
    Preview(preview::PreviewArgs),
    /// Run institutions now: read, derive, validate, publish, archive
    Run(run::RunArgs),
    /// Apply a saved plan of jobs exactly, or not at all
    Apply(apply::ApplyArgs),
    /// Show the daily report: counts, error rates, speed, reasons, sizes
    Report(report::ReportArgs),
    /// Show ads that did not become jobs, with every reason
    Failures(failures::FailuresArgs),
    /// Show and decide what is held for an operator
    Holds(holds::HoldsArgs),
    /// Show titles without a role; accept titles, learn from stored ones
    Roles(roles::RolesArgs),
    /// Show companies and names that wait for one; accept names for companies
    Companies(companies::CompaniesArgs),
    /// Show which ads advertise one opening, and decide about pairs
    Duplicates(duplicates::DuplicatesArgs),
    /// Show versions of rules and mappings that have run: log, text, differences
    Rules(rules::RulesArgs),
    /// Deliberately archive the open jobs of an institution or source
    Retire(retire::RetireArgs),
    /// Remove what is personal on request: an ad with its jobs, or a text wherever it stands
    Forget(forget::ForgetArgs),
    /// Show when institutions are due
    Schedule(schedule::ScheduleArgs),
    /// Show what runs where, what is due, late, paused and failing
    Status(status::StatusArgs),
    /// Hold back the schedule of institutions
    Pause(pause::PauseArgs),
    /// Let the schedule of institutions go on
    Resume(pause::ResumeArgs),
    /// Run every institution when it is due, and answer over HTTP
    Serve(serve::ServeArgs),
    /// Run what is due, beside a `weir serve` on the same database
    Worker(serve::WorkerArgs),
    /// Say who may see the pages of `weir serve`, and decide there
    Users(users::UsersArgs),
    /// Create and end tokens of programs
    Tokens(tokens::TokensArgs),
    /// Show what fires, acknowledge and silence it, try channels and the tests of alerts
    Alerts(alerts::AlertsArgs),
    /// Print the figures of all runs for machines, in the format of Prometheus
    Metrics(metrics::MetricsArgs),
    /// Write the JSON Schema of the YAML, for editors
    Schema(schema::SchemaArgs),
    /// Show the versions of a job: what changed, when, and why
    History(history::HistoryArgs),
    /// Show everything known about an ad, in chronological order
    Why(why::WhyArgs),
    /// Find jobs that were changed outside Weir
    Audit(audit::AuditArgs),
    /// Undo what one run did to jobs, as new versions
    Rollback(rollback::RollbackArgs),
    /// Score decisions against labelled files: roles, companies, capabilities, duplicates
    Evaluate(evaluate::EvaluateArgs),
    /// Export jobs, their history or their changes as NDJSON, CSV or Parquet
    Export(export::ExportArgs),
    /// Manage the private PostgreSQL of this folder
    Db(db::DbArgs),
    /// Print completions for a shell
    Completions(manual::CompletionsArgs),
    /// Write the man pages, one for each command
    Man(manual::ManArgs),
}

/// The instant at which a command acts.
#[derive(Args)]
struct ClockArgs {
    /// The clock of the run, for replays: 2026-09-01, or 2026-09-01T06:00:00+10:00
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Clock>,
    #[command(flatten)]
    ahead: FutureClockArgs,
}

/// Confirms a clock that is probably a mistake.
#[derive(Args, Clone, Copy)]
struct FutureClockArgs {
    /// Accept a clock more than a day ahead of this machine's, or more than 400 days after the last
    /// run. Dangerous: all closing dates until then pass, and earlier runs are refused until `weir
    /// rollback` undoes that run
    #[arg(long)]
    allow_future: bool,
}

impl ClockArgs {
    /// The instant, unless it can only be a mistake. Every command that acts at an instant gets it
    /// from here.
    fn clock(&self, edge: &CommandContext) -> Result<Clock, CommandFailure> {
        let at = self.at.unwrap_or_else(|| Clock((edge.now)()));
        self.ahead.check(at, edge).map(|()| at)
    }
}

impl FutureClockArgs {
    fn check(self, at: Clock, edge: &CommandContext) -> Result<(), CommandFailure> {
        let now = (edge.now)();
        if self.allow_future || !at.is_ahead_of(now) {
            return Ok(());
        }
        Err(CommandFailure::nothing(format!(
            "the clock {} is in the future: this machine's is {}",
            at.0.format(INSTANT),
            now.format(INSTANT)
        ))
        .help(
            "correct `--at`; if it is meant, `--allow-future` accepts it: all closing dates until \
             then pass, and earlier runs are refused",
        ))
    }
}

/// How messages print an instant.
const INSTANT: &str = "%Y-%m-%d %H:%M:%SZ";

/// The arguments of a decision.
#[derive(Args)]
struct DecisionArgs {
    /// The reason, for the record
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
    #[command(flatten)]
    author: AuthorArgs,
}

/// A decision as it goes on record.
struct SignedDecision<'d> {
    at: Clock,
    by: String,
    reason: &'d str,
}

impl DecisionArgs {
    /// Who decides, when and why.
    fn signed(&self, edge: &CommandContext) -> Result<SignedDecision<'_>, CommandFailure> {
        Ok(SignedDecision {
            at: self.author.at.clock(edge)?,
            by: self.author.person(edge)?,
            reason: &self.reason,
        })
    }
}

impl SignedDecision<'_> {
    /// As actions take it.
    fn ruling(&self) -> OperatorRuling<'_> {
        OperatorRuling {
            at: self.at,
            by: &self.by,
            reason: self.reason,
        }
    }
}

/// Who decides, and when.
#[derive(Args)]
struct AuthorArgs {
    /// Who decides, for the record; by default the user of this session
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    by: Option<String>,
    /// Wait for a run of the institution to finish
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    at: ClockArgs,
}

impl AuthorArgs {
    /// Who decides.
    fn person(&self, edge: &CommandContext) -> Result<String, CommandFailure> {
        edge.person(self.by.as_deref())
    }

    /// Whose jobs the decision is about.
    fn on<'a>(
        &self,
        edge: &CommandContext,
        institution: Uuid,
        slug: &'a str,
    ) -> Result<DecisionScope<'a>, CommandFailure> {
        let at = Some(self.at.clock(edge)?);
        Ok(DecisionScope {
            institution,
            slug,
            at,
            allow_future: self.at.ahead.allow_future,
            wait: self.wait,
        })
    }
}

fn parse_span(text: &str) -> Result<Span, String> {
    text.parse()
}

fn parse_time(text: &str) -> Result<Clock, String> {
    text.parse().map_err(str::to_owned)
}

/// The process environment, captured once at start-up.
#[derive(Clone)]
struct CommandContext {
    project: PathBuf,
    colour: bool,
    terminal: bool,
    interactive: bool,
    environment: HashMap<OsString, OsString>,
    now: fn() -> chrono::DateTime<chrono::Utc>,
    width: usize,
}

impl CommandContext {
    fn text(&self, name: &str) -> Option<String> {
        self.environment
            .get(&OsString::from(name))
            .and_then(|value| value.to_str())
            .map(str::to_owned)
            .filter(|value| !value.is_empty())
    }

    /// Colours, if the output may have them.
    fn ink(&self) -> crate::report::ink::TerminalInk {
        crate::report::ink::TerminalInk {
            colour: self.colour,
        }
    }

    /// The same process, in another project folder.
    fn in_folder(&self, project: PathBuf) -> CommandContext {
        CommandContext {
            project,
            ..self.clone()
        }
    }

    fn home(&self) -> PathBuf {
        self.project.join(".weir")
    }

    /// Who decides, for the record.
    fn person(&self, by: Option<&str>) -> Result<String, CommandFailure> {
        let known = by.map(str::to_owned).or_else(|| self.text("USER"));
        known.or_else(|| self.text("LOGNAME")).ok_or_else(|| {
            CommandFailure::nothing("the record needs a name, and `USER` is not set")
                .help("say who decides with `--by NAME`")
        })
    }

    fn host(&self) -> String {
        nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok())
            .unwrap_or_else(|| "this machine".to_owned())
    }

    /// How this process is shown to others while it holds an institution.
    fn process(&self) -> String {
        format!("process {} on {}", std::process::id(), self.host())
    }

    fn checked(&self) -> CheckedProject {
        let mut checked = planning::check::check(crate::config::Project::load(&self.project));
        checked.warn_of_ended_exceptions(Clock((self.now)()));
        let plans = checked
            .institutions
            .iter()
            .filter_map(|institution| institution.plan());
        self.learn_secrets(plans.map(|plan| &**plan));
        let variables = self.variables();
        let channels = checked.channels.iter();
        out::secrets().learn(channels.flat_map(|channel| channel.secrets(&variables)));
        checked
    }

    /// The environment variables.
    fn variables(&self) -> Variables {
        let text = |(name, value): (&OsString, &OsString)| {
            Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()))
        };
        self.environment.iter().filter_map(text).collect()
    }

    /// What a read has access to.
    fn access(&self, door: HttpClient) -> SourceAccess {
        SourceAccess {
            folder: self.project.clone(),
            door,
            variables: Arc::new(self.variables()),
            tokens: TokenCache::default(),
            secrets: out::secrets(),
        }
    }

    /// Masks the secrets of a plan in everything that leaves the process.
    fn learn_secrets<'p>(&self, plans: impl IntoIterator<Item = &'p Plan>) {
        let variables = self.variables();
        let flows = plans.into_iter().flat_map(|plan| &plan.flows);
        out::secrets()
            .learn(flows.flat_map(|flow: &SourcePlan| secrets::of_source(&flow.fetch, &variables)));
    }
}

/// Refuses names of institutions that the project does not have.
fn are_institutions(wanted: &[String], checked: &CheckedProject) -> Result<(), CommandFailure> {
    let slugs = || checked.institutions.iter().map(|one| one.slug.as_str());
    let Some(unknown) = wanted
        .iter()
        .find(|wanted| !slugs().any(|slug| slug == *wanted))
    else {
        return Ok(());
    };
    Err(unknown_name("institution", unknown, slugs(), || {
        format!("known institutions: {}", one_of(slugs()))
    }))
}

/// Refuses an unknown name, suggesting a similar one or else other help.
fn unknown_name<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    otherwise: impl FnOnce() -> String,
) -> CommandFailure {
    let help =
        did_you_mean(name, known).map_or_else(otherwise, |near| format!("did you mean `{near}`?"));
    CommandFailure::nothing(format!("unknown {what} `{name}`")).help(help.to_string())
}

/// Runs the command line and returns the exit code.
pub fn main() -> u8 {
    let cli = Cli::parse();
    let edge = edge(&cli);
    if let Err(failure) = cli.log.begin() {
        failure.tell();
        return failure.code;
    }
    let result = match cli.command {
        Command::Check(command) => command.run(&edge),
        Command::Plan(command) => command.run(&edge),
        Command::Test(command) => command.run(&edge),
        Command::Rehearse(command) => command.run(&edge),
        Command::Graph(command) => command.run(&edge),
        Command::Init(command) => command.run(&edge),
        Command::New(command) => command.run(&edge),
        Command::Preview(command) => command.run(&edge),
        Command::Run(command) => command.run(&edge),
        Command::Apply(command) => command.run(&edge),
        Command::Report(command) => command.run(&edge),
        Command::Failures(command) => command.run(&edge),
        Command::Holds(command) => command.run(&edge),
        Command::Roles(command) => command.run(&edge),
        Command::Companies(command) => command.run(&edge),
        Command::Duplicates(command) => command.run(&edge),
        Command::Rules(command) => command.run(&edge),
        Command::Retire(command) => command.run(&edge),
        Command::Forget(command) => command.run(&edge),
        Command::Schedule(command) => command.run(&edge),
        Command::Status(command) => command.run(&edge),
        Command::Pause(command) => command.run(&edge),
        Command::Resume(command) => command.run(&edge),
        Command::Serve(command) => command.run(&edge),
        Command::Worker(command) => command.run(&edge),
        Command::Users(command) => command.run(&edge),
        Command::Tokens(command) => command.run(&edge),
        Command::Alerts(command) => command.run(&edge),
        Command::Metrics(command) => command.run(&edge),
        Command::Schema(command) => command.run(&edge),
        Command::History(command) => command.run(&edge),
        Command::Why(command) => command.run(&edge),
        Command::Audit(command) => command.run(&edge),
        Command::Rollback(command) => command.run(&edge),
        Command::Evaluate(command) => command.run(&edge),
        Command::Export(command) => command.run(&edge),
        Command::Db(command) => command.run(&edge),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(&edge),
    };
    result.unwrap_or_else(|failure| {
        failure.tell();
        failure.code
    })
}

#[allow(
    clippy::disallowed_methods,
    reason = "the edge: here, and only here, the clock and the environment are read"
)]
fn edge(cli: &Cli) -> CommandContext {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = match cli.color {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto => std::io::stderr().is_terminal() && out::is_terminal() && !no_colour,
    };
    if let Ok(address) = std::env::var("DATABASE_URL") {
        out::secrets().learn(secrets::of_address("DATABASE_URL", &address));
    }
    let width = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .or_else(terminal_width)
        .unwrap_or(100);
    CommandContext {
        project: std::path::absolute(&cli.project).unwrap_or_else(|_| cli.project.clone()),
        colour,
        terminal: std::io::stderr().is_terminal(),
        interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        environment: std::env::vars_os().collect(),
        now: chrono::Utc::now,
        width,
    }
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Shows diagnostics on stderr: for the files of these institutions, or for all files if none is
/// given.
fn show(checked: &CheckedProject, edge: &CommandContext, institutions: &[String]) {
    let told = checked
        .diagnostics
        .only(|place| checked.belongs(place, institutions));
    if !told.is_empty() {
        out::report_rendered(&crate::diagnostic::render(
            &told,
            &checked.texts,
            edge.colour,
        ));
    }
}

/// A line of counts: `3 errors, 1 warning`.
fn verdict(found: &Diagnostics) -> String {
    let all = found.sorted();
    let errors = all
        .iter()
        .filter(|diagnostic| diagnostic.severity == crate::diagnostic::Severity::Error)
        .count();
    let count = |number: usize, word: &str| {
        format!("{number} {word}{}", if number == 1 { "" } else { "s" })
    };
    format!(
        "{}, {}",
        count(errors, "error"),
        count(all.len() - errors, "warning")
    )
}
