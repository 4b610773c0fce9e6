//! `alerts/*.yaml`: what someone is told of, and `channels:`, `report:` and `runs:` of
//! `weir.yaml`: where it is sent. This module only reads them; `plan::alerts` and `plan::channels`
//! compile them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use weir_model::ProblemSeverity;
use weir_model::span::{Span, Zone};
use weir_source::door::ReadWindow;
use weir_yaml::yaml::{Located, Node, OneOrMany, Parsed, Required, Text};

/// The alerts of one file; their full names are those of the file and of each.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertFileSpec {
    /// The alerts, in order.
    pub alerts: Required<Vec<AlertSpec>>,
}

/// One alert.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertSpec {
    /// Its name, unique within the file.
    pub id: Required<Located<String>>,
    /// What it looks at; each run, source or institution has a state of its own.
    pub over: Required<AlertScope>,
    /// The condition, in Rhai, over the figures of what it looks at: `hours_since_complete > 72`.
    pub when: Required<Text>,
    /// How long the condition must hold before the alert fires; at once if omitted.
    #[serde(rename = "for")]
    pub hold: Option<Parsed<Span>>,
    /// How long the condition must be over before the alert is resolved; at once if omitted.
    pub keep: Option<Parsed<Span>>,
    /// `error` or `warn`.
    #[serde(default)]
    pub severity: ProblemSeverity,
    /// Notices of one group that are due together are one message; the name of the file if omitted.
    pub group: Option<Located<String>>,
    /// The channels that are notified; all if omitted.
    pub to: Option<OneOrMany<Located<String>>>,
    /// Who is told, too, while it fires and nobody looks after it.
    pub escalate: Option<EscalationSpec>,
    /// Hours in which nothing is sent, in the institution's time: `22:00-06:00`.
    pub quiet: Option<Parsed<ReadWindow>>,
    /// The message: `{institution}`, `{source}` and every figure can be inserted.
    pub text: Required<Text>,
    /// Examples that must fire or stay quiet; `weir check` tries them.
    #[serde(default)]
    pub tests: Vec<Located<AlertTest>>,
}

/// Who is told, too, while an alert fires and nobody looks after it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationSpec {
    /// How long it has fired then: `2h`.
    pub after: Required<Parsed<Span>>,
    /// The channels that are notified then, once; `to` names those that are notified at once.
    pub to: Required<OneOrMany<Located<String>>>,
}

/// What an alert looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "alert scope", rename_all = "lowercase")]
pub enum AlertScope {
    /// The newest run of each institution.
    Run,
    /// Each source.
    Source,
    /// Each institution: its schedule and its holds.
    Institution,
    /// The queue of work.
    Queue,
    /// The database.
    Database,
}

/// An example for an alert.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertTest {
    /// The figures that the condition reads: `{ hours_since_complete: 80 }`.
    pub figures: IndexMap<Located<String>, Node>,
    /// How long it has fired by then, while nobody looked after it: `3h`.
    pub lasts: Option<Parsed<Span>>,
    /// `fire`, `escalate`, `quiet`, or `no_data` where a figure is missing.
    pub expect: AlertExpectation,
    /// What the message contains.
    pub says: Option<Text>,
}

/// What an example comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "alert expectation", rename_all = "snake_case")]
pub enum AlertExpectation {
    /// The condition holds.
    Fire,
    /// It has held for so long that more are told.
    Escalate,
    /// It does not.
    Quiet,
    /// It cannot be said.
    NoData,
}

/// A channel: where notices go. `${NAME}` inserts an environment variable.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "channel", rename_all = "lowercase", deny_unknown_fields)]
pub enum ChannelSpec {
    /// Posts JSON to an address.
    Webhook(WebhookSpec),
    /// Posts to an incoming webhook of Slack, or of what understands the same.
    Slack(WebhookSpec),
    /// Posts to an incoming webhook of Microsoft Teams.
    Teams(WebhookSpec),
    /// Sends mail.
    Mail(MailSpec),
    /// Starts a program, which gets the message as JSON on its standard input.
    Command(CommandSpec),
    /// Writes to the log.
    Log(LogSpec),
}

/// An address that is posted to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSpec {
    /// The address.
    pub url: Required<Text>,
    /// Headers, such as `Authorization: Bearer ${ALERT_TOKEN}`.
    #[serde(default)]
    pub headers: IndexMap<Located<String>, Text>,
    /// Only alerts of this severity: `error`; all if omitted.
    pub severity: Option<ProblemSeverity>,
    /// How long an attempt may take (default 10s).
    pub timeout: Option<Parsed<Span>>,
}

/// Mail over SMTP.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailSpec {
    /// The mail server.
    pub host: Required<Text>,
    /// Its port (default 587).
    pub port: Option<u16>,
    /// `starttls` (default), `tls`, or `none` for a server on this machine.
    #[serde(default)]
    pub encryption: MailEncryption,
    /// The user, if the server wants one.
    pub user: Option<Text>,
    /// The password: `${SMTP_PASSWORD}`.
    pub password: Option<Text>,
    /// The sender.
    pub from: Required<Text>,
    /// The receivers.
    pub to: Required<OneOrMany<Text>>,
    /// Only alerts of this severity: `error`; all if omitted.
    pub severity: Option<ProblemSeverity>,
    /// How long an attempt may take (default 10s).
    pub timeout: Option<Parsed<Span>>,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "encryption", rename_all = "lowercase")]
pub enum MailEncryption {
    /// TLS from the second command on; without it nothing is sent.
    #[default]
    Starttls,
    /// TLS from the start.
    Tls,
    /// None: passwords and messages can be read on the way.
    None,
}

/// A program.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandSpec {
    /// The program and its arguments, each by itself: no shell reads them.
    pub run: Required<OneOrMany<Text>>,
    /// Only alerts of this severity: `error`; all if omitted.
    pub severity: Option<ProblemSeverity>,
    /// How long it may take (default 10s).
    pub timeout: Option<Parsed<Span>>,
}

/// The log.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogSpec {
    /// Only alerts of this severity: `error`; all if omitted.
    pub severity: Option<ProblemSeverity>,
}

/// `report:` of `weir.yaml`: when the daily report is sent, and where.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportSpec {
    /// The time of day: `07:00`.
    pub at: Required<Text>,
    /// The zone of that time (default UTC).
    pub timezone: Option<Parsed<Zone>>,
    /// The channels that it is sent to; all if omitted.
    pub to: Option<OneOrMany<Located<String>>>,
}

/// One of `runs:` of `weir.yaml`: who is told that a run has ended, so that what comes after it can
/// start.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunNoticeSpec {
    /// The channels that are told. They are sent alerts and reports only where these name them.
    pub to: Required<OneOrMany<Located<String>>>,
    /// Of which runs: `ended` (all, the default), `good` or `failed`.
    #[serde(default)]
    pub when: RunOccasion,
}

/// Of which runs somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename = "run occasion", rename_all = "lowercase")]
pub enum RunOccasion {
    /// All that came to an end.
    #[default]
    Ended,
    /// Those without an error.
    Good,
    /// Those with an error.
    Failed,
}
