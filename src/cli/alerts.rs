//! `weir alerts`, and what a run does about alerts when it ends.

use super::database::with_store;
use super::{
    ClockArgs, CommandContext, CommandFailure, DONE, FAILED, NOTHING, are_institutions, out,
    parse_span, unknown_name,
};
use crate::actions::alerts::{self as actions, SilenceScope};
use crate::actions::ruling::OperatorRuling;
use crate::alerts::{self, AlertJudging, DeliveryOutcome, NoticeSender, test_message};
use crate::config::ProjectIdentity;
use crate::diagnostic::one_of;
use crate::model::Clock;
use crate::model::span::Span;
use crate::plan::tried::TestKind;
use crate::plan::{CheckedProject, Plan};
use crate::report::{alerts as page, test as tests};
use crate::source::webhook::WebhookClient;
use crate::store::{DatabaseDemand, PgConnection, Store, alerts as stored};
use crate::test::TestCoverage;
use crate::web::Site;
use clap::Subcommand;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What someone must know: conditions over figures, and what runs raise themselves.
#[derive(clap::Args)]
#[command(
    after_help = "Alerts are declared in alerts/*.yaml, channels in weir.yaml: docs/alerts.md. Each \
                  run judges them when it ends and sends what is due; `weir serve` does so all the \
                  time; `weir alerts judge` does it once, from a timer."
)]
pub struct AlertsArgs {
    #[command(subcommand)]
    command: AlertsCommand,
}

#[derive(Subcommand)]
enum AlertsCommand {
    /// List what fires, what is about to, and how the channels do
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: ClockArgs,
    },
    /// List what has fired, the newest first
    History {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: ClockArgs,
    },
    /// Say that you look after a cause
    Ack {
        /// The number of the cause
        #[arg(value_name = "CAUSE")]
        cause: i64,
        /// What you say about it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        who: ActorArgs,
    },
    /// Send nothing for a while; what still fires at the end is sent then
    Silence(SilenceArgs),
    /// Judge all alerts now, and send what is due
    Judge {
        /// Only these institutions, and what belongs to none; by default all
        institutions: Vec<String>,
        #[command(flatten)]
        at: ClockArgs,
    },
    /// Try the tests in alerts/*.yaml; no database, no channel
    Test {
        /// Only tests whose name contains this text
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
    },
    /// Send one message to a channel, to see that it works
    Try {
        /// The channel
        channel: String,
    },
}

/// Who acts, and when.
#[derive(clap::Args)]
struct ActorArgs {
    /// Who, for the record; by default the user of this session
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    at: ClockArgs,
}

#[derive(clap::Args)]
struct SilenceArgs {
    /// For how long: 2h, 3d
    #[arg(long = "for", value_name = "SPAN", value_parser = parse_span, required_unless_present = "end")]
    span: Option<Span>,
    /// Only this alert: `operations/source-stale`, `run/source_unreachable`
    #[arg(long)]
    alert: Option<String>,
    /// Only this institution
    #[arg(long)]
    institution: Option<String>,
    /// Only this source
    #[arg(long)]
    source: Option<String>,
    /// The reason, for the record
    #[arg(long, required_unless_present = "end")]
    reason: Option<String>,
    /// End the silence of this number instead
    #[arg(long, value_name = "N", conflicts_with_all = ["span", "alert", "institution", "source"])]
    end: Option<i64>,
    #[command(flatten)]
    who: ActorArgs,
}

impl AlertsArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match &self.command {
            AlertsCommand::List { json, at } => list(edge, *json, at),
            AlertsCommand::History { limit, json, at } => history(edge, *limit, *json, at),
            AlertsCommand::Ack { cause, note, who } => {
                acknowledge(edge, *cause, note.as_deref(), who)
            }
            AlertsCommand::Silence(silence) => silence.run(edge),
            AlertsCommand::Judge { institutions, at } => judge_now(edge, institutions, at),
            AlertsCommand::Test { filter } => test(edge, filter.as_deref()),
            AlertsCommand::Try { channel } => try_channel(edge, channel),
        }
    }
}

fn list(edge: &CommandContext, json: bool, at: &ClockArgs) -> Result<u8, CommandFailure> {
    let now = at.clock(edge)?.0;
    let page = with_store(edge, DatabaseDemand::READ, async |store| {
        let mut connection = store.connection().await?;
        Ok(page::collect(&mut connection, now).await?)
    })?;
    if json {
        say!("{:#}", page::json(&page));
    } else {
        put!("{}", page::text(&page, now));
    }
    Ok(DONE)
}

fn history(
    edge: &CommandContext,
    limit: i64,
    json: bool,
    at: &ClockArgs,
) -> Result<u8, CommandFailure> {
    let now = at.clock(edge)?.0;
    let causes = with_store(edge, DatabaseDemand::READ, async |store| {
        let mut connection = store.connection().await?;
        Ok(stored::newest_causes(&mut connection, now, limit).await?)
    })?;
    if json {
        say!("{:#}", json!({ "format": 1, "causes": causes }));
    } else {
        put!("{}", page::history(&causes));
    }
    Ok(DONE)
}

/// The work of a decision: one connection that may write.
fn deciding<T>(
    edge: &CommandContext,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, CommandFailure>,
) -> Result<T, CommandFailure> {
    with_store(edge, DatabaseDemand::writing(2), async |store| {
        work(&mut *store.connection().await?).await
    })
}

fn acknowledge(
    edge: &CommandContext,
    cause: i64,
    note: Option<&str>,
    who: &ActorArgs,
) -> Result<u8, CommandFailure> {
    let (by, now) = (edge.person(who.by.as_deref())?, who.at.clock(edge)?.0);
    let done = deciding(edge, async |connection| {
        Ok(actions::acknowledge(connection, &[cause], &by, note, now).await?)
    })?;
    if done == 0 {
        return Err(CommandFailure::nothing(format!("no cause {cause} lasts"))
            .help("`weir alerts list` shows those that do"));
    }
    say!("cause {cause}: {by} looks after it");
    Ok(DONE)
}

impl SilenceArgs {
    fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let (by, now) = (
            edge.person(self.who.by.as_deref())?,
            self.who.at.clock(edge)?.0,
        );
        if let Some(number) = self.end {
            let ruling = OperatorRuling {
                at: Clock(now),
                by: &by,
                reason: self.reason.as_deref().unwrap_or("ended early"),
            };
            return end_silence(edge, number, ruling);
        }
        let Some((span, reason)) = self.span.zip(self.reason.clone()) else {
            return Ok(NOTHING);
        };
        let scope = SilenceScope {
            alert: self.alert.clone(),
            institution: self.institution.clone(),
            source: self.source.clone(),
        };
        let ruling = OperatorRuling {
            at: Clock(now),
            by: &by,
            reason: &reason,
        };
        let silenced = deciding(edge, async |connection| {
            Ok(actions::silence(connection, scope, span.0, ruling).await?)
        })?;
        let Some((number, ends_at)) = silenced else {
            return Err(CommandFailure::nothing(format!("`{span}` is too long")));
        };
        say!(
            "silence {number} until {}",
            ends_at.format("%Y-%m-%d %H:%MZ")
        );
        Ok(DONE)
    }
}

fn end_silence(
    edge: &CommandContext,
    number: i64,
    ruling: OperatorRuling<'_>,
) -> Result<u8, CommandFailure> {
    let done = deciding(edge, async |connection| {
        Ok(actions::end_silence(connection, number, ruling).await?)
    })?;
    if !done {
        return Err(
            CommandFailure::nothing(format!("no silence {number} lasts"))
                .help("`weir alerts list` shows those that do"),
        );
    }
    say!("silence {number} has ended");
    Ok(DONE)
}

fn judge_now(
    edge: &CommandContext,
    institutions: &[String],
    at: &ClockArgs,
) -> Result<u8, CommandFailure> {
    let now = at.clock(edge)?;
    let checked = edge.checked();
    are_institutions(institutions, &checked)?;
    super::show(&checked, edge, institutions);
    let plans = all_plans(&checked);
    let own = own_institutions(&checked);
    let judging = AlertJudging {
        checked: &checked,
        plans: &plans,
        institutions: if institutions.is_empty() {
            &own
        } else {
            institutions
        },
        now: now.0,
    };
    let (judged, delivered) = with_store(edge, DatabaseDemand::writing(4), async |store| {
        judge_and_deliver(edge, store, &judging).await
    })?;
    tell_failures(&delivered);
    say!(
        "{} began to fire, {} resolved, {} sent",
        judged.fired,
        judged.resolved,
        delivered.sent
    );
    Ok(if delivered.failures.is_empty() {
        DONE
    } else {
        FAILED
    })
}

/// The plans of all institutions that are not broken.
fn all_plans(checked: &CheckedProject) -> Vec<Arc<Plan>> {
    let institutions = checked.institutions.iter();
    institutions.filter_map(|one| one.plan().cloned()).collect()
}

/// The institutions of a project: others of the database are no business of its alerts.
fn own_institutions(checked: &CheckedProject) -> Vec<String> {
    let institutions = checked.institutions.iter();
    institutions.map(|one| one.slug.clone()).collect()
}

/// How often a server judges and sends.
const TELLS_EVERY: Duration = Duration::from_secs(20);

/// Judges all alerts, makes the daily report and sends what is due, until it is stopped. What fails
/// is logged, and tried again by the next round. Any number of processes may do so.
pub(super) async fn keep_telling(
    store: Store,
    site: Arc<Site>,
    mut sender: NoticeSender,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let checked = site.project();
        let channels = checked.channels.iter();
        out::secrets().learn(channels.flat_map(|channel| channel.secrets(&sender.variables)));
        sender.project = project(&checked);
        let (plans, own) = (all_plans(&checked), own_institutions(&checked));
        let judging = AlertJudging {
            checked: &checked,
            plans: &plans,
            institutions: &own,
            now: (site.now)(),
        };
        match tell_now(&store, &sender, &judging).await {
            Ok((_, delivered)) => delivered.failures.iter().for_each(|(channel, why)| {
                tracing::warn!(channel, why, "a channel did not take its notices");
            }),
            Err(error) => tracing::warn!(%error, "alerts were not judged"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(TELLS_EVERY) => {}
        }
    }
}

async fn judge_and_deliver(
    edge: &CommandContext,
    store: &Store,
    judging: &AlertJudging<'_>,
) -> Result<(alerts::JudgingOutcome, DeliveryOutcome), CommandFailure> {
    let sender = sender(edge, judging.checked)?;
    Ok(tell_now(store, &sender, judging).await?)
}

async fn tell_now(
    store: &Store,
    sender: &NoticeSender,
    judging: &AlertJudging<'_>,
) -> crate::store::Result<(alerts::JudgingOutcome, DeliveryOutcome)> {
    let mut connection = store.connection().await?;
    let judged = alerts::judge(&mut connection, judging).await?;
    let plans = all_plans(judging.checked);
    alerts::report_if_due(&mut connection, judging.checked, &plans, judging.now).await?;
    let (checked, own) = (judging.checked, judging.institutions);
    alerts::tell_ended_runs(&mut connection, checked, own, judging.now).await?;
    drop(connection);
    let channels = &judging.checked.channels;
    let delivered = alerts::deliver_due(store, channels, sender, judging.now).await?;
    Ok((judged, delivered))
}

fn project(checked: &CheckedProject) -> String {
    match &checked.identity {
        ProjectIdentity::Known(project) => project.clone(),
        ProjectIdentity::Unknown | ProjectIdentity::Broken => "unknown".to_owned(),
    }
}

/// What sends to the channels of a project.
pub(super) fn sender(
    edge: &CommandContext,
    checked: &CheckedProject,
) -> Result<NoticeSender, CommandFailure> {
    Ok(NoticeSender {
        variables: edge.variables(),
        secrets: out::secrets(),
        project: project(checked),
        client: WebhookClient::new()?,
    })
}

/// Judges the alerts of institutions that have run, and sends what is due. What fails is reported,
/// and changes nothing about the run.
pub(super) async fn after_runs(
    edge: &CommandContext,
    checked: &CheckedProject,
    store: &Store,
    plans: &[Arc<Plan>],
    now: chrono::DateTime<chrono::Utc>,
) {
    let ran: Vec<String> = plans
        .iter()
        .map(|plan| plan.institution.slug.clone())
        .collect();
    let judging = AlertJudging {
        checked,
        plans,
        institutions: &ran,
        now,
    };
    match judge_and_deliver(edge, store, &judging).await {
        Ok((_, delivered)) => tell_failures(&delivered),
        Err(failure) => tell!("warn: alerts were not judged: {}", failure.message),
    }
}

fn tell_failures(delivered: &DeliveryOutcome) {
    for (channel, why) in &delivered.failures {
        tell!("warn: channel `{channel}`: {why}; it is tried again later");
    }
}

fn test(edge: &CommandContext, filter: Option<&str>) -> Result<u8, CommandFailure> {
    let begun = (edge.now)();
    let checked = crate::plan::check::check_for_tests(crate::config::Project::load(&edge.project));
    let is_wanted = |test: &&crate::plan::TriedTest| {
        test.kind == TestKind::Alert && filter.is_none_or(|text| test.name().contains(text))
    };
    let tried: Vec<_> = checked.tried.iter().filter(is_wanted).cloned().collect();
    if checked.diagnostics.has_errors() {
        super::show(&checked, edge, &[]);
    }
    if tried.is_empty() {
        return Err(CommandFailure::nothing("there are no tests of alerts")
            .help("add some under `tests:` of an alert; see docs/alerts.md"));
    }
    let failed = tried.iter().filter(|test| !test.passed()).count();
    let page = tests::TestPage {
        coverage: TestCoverage::of(&std::collections::BTreeMap::new(), tried.iter()),
        is_part: true,
        millis: ((edge.now)() - begun).num_milliseconds(),
        tried,
    };
    put!("{}", tests::text(&page, false, edge.ink()));
    Ok(if checked.diagnostics.has_errors() {
        NOTHING
    } else if failed > 0 {
        FAILED
    } else {
        DONE
    })
}

fn try_channel(edge: &CommandContext, name: &str) -> Result<u8, CommandFailure> {
    let checked = edge.checked();
    let names = || checked.channels.iter().map(|channel| channel.name.as_str());
    let Some(channel) = checked.channels.iter().find(|channel| channel.name == name) else {
        super::show(&checked, edge, &[]);
        return Err(unknown_name("channel", name, names(), || {
            match names().next() {
                Some(_) => format!("known channels: {}", one_of(names())),
                None => "declare it under `channels:` of weir.yaml".to_owned(),
            }
        }));
    };
    let message = test_message(name, (edge.now)());
    let sender = sender(edge, &checked)?;
    let sent = super::database::block_on(sender.send(channel, &message))?;
    sent.map_err(|error| CommandFailure::failed(format!("channel `{name}`: {error}")))?;
    say!("channel `{name}` took the message");
    Ok(DONE)
}
