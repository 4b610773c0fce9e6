//! `channels:`, `report:` and `runs:` of `weir.yaml`, compiled. `${NAME}` stays a name here: what
//! it stands for is filled in when something is sent, and masked wherever it is shown.

use crate::config::alerts::{
    ChannelSpec, CommandSpec, MailEncryption, MailSpec, ReportSpec, RunNoticeSpec, RunOccasion,
    WebhookSpec,
};
use chrono::NaiveTime;
use chrono_tz::Tz;
use indexmap::IndexMap;
use std::time::Duration;
use weir_model::ProblemSeverity;
use weir_model::untrusted::SecretValue;
use weir_source::Variables;
use weir_source::secrets;
use weir_source::template::Template;
use weir_yaml::diagnostic::{Diagnostics, did_you_mean, one_of};
use weir_yaml::yaml::{Located, Parsed, Required, Text};

/// How long an attempt takes at most, unless a channel says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A channel, compiled.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Whether it is sent errors alone.
    pub errors_only: bool,
    /// Whether `runs:` names it: alerts and reports without `to` are not sent to it.
    pub is_of_runs: bool,
    /// How long an attempt takes at most.
    pub timeout: Duration,
    /// How it is sent to.
    pub way: ChannelWay,
}

/// How a channel is sent to.
#[derive(Debug, Clone)]
pub enum ChannelWay {
    /// JSON to an address.
    Webhook(WebhookForm, Template, Vec<(String, Template)>),
    /// Mail.
    Mail(Box<MailWay>),
    /// A program and its arguments.
    Command(Vec<Template>),
    /// The log.
    Log,
}

/// What a webhook understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookForm {
    /// Everything, as JSON.
    Generic,
    /// `{"text": ...}`
    Slack,
    /// An adaptive card.
    Teams,
}

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct MailWay {
    /// The server.
    pub host: Template,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub encryption: MailEncryption,
    /// The user and the password.
    pub login: Option<(Template, Template)>,
    /// The sender.
    pub from: Template,
    /// The receivers.
    pub to: Vec<Template>,
}

/// When the daily report is sent.
#[derive(Debug, Clone)]
pub struct ReportTime {
    /// The time of day.
    pub at: NaiveTime,
    /// Its zone.
    pub zone: Tz,
    /// The channels; all if none is named.
    pub to: Vec<String>,
}

/// Who is told that a run has ended.
#[derive(Debug, Clone)]
pub struct RunNotice {
    /// The channels.
    pub to: Vec<String>,
    /// Of which runs.
    pub when: RunOccasion,
}

impl Channel {
    /// Whether something is sent to it that names these channels, or none.
    pub fn is_meant(&self, to: &[String]) -> bool {
        to.contains(&self.name) || (to.is_empty() && !self.is_of_runs)
    }

    /// Whether alerts of this severity are sent to it.
    pub fn wants(&self, severity: ProblemSeverity) -> bool {
        !self.errors_only || severity == ProblemSeverity::Error
    }

    fn templates(&self) -> Vec<&Template> {
        match &self.way {
            ChannelWay::Webhook(_, url, headers) => headers
                .iter()
                .map(|(_, value)| value)
                .chain([url])
                .collect(),
            ChannelWay::Mail(mail) => {
                let login = mail
                    .login
                    .iter()
                    .flat_map(|(user, password)| [user, password]);
                login
                    .chain([&mail.host, &mail.from])
                    .chain(&mail.to)
                    .collect()
            }
            ChannelWay::Command(words) => words.iter().collect(),
            ChannelWay::Log => Vec::new(),
        }
    }

    /// What must be masked: the address of a webhook is a secret itself, as are headers, users and
    /// passwords; of a command, what is called one.
    pub fn secrets(&self, variables: &Variables) -> Vec<SecretValue> {
        let whole = |template: &&Template| {
            let is_open = match &self.way {
                ChannelWay::Mail(mail) => {
                    let login = mail.login.as_ref().map(|(_, password)| password);
                    !login.is_some_and(|password| std::ptr::eq(password, *template))
                }
                ChannelWay::Command(_) | ChannelWay::Log => true,
                ChannelWay::Webhook(..) => false,
            };
            !is_open
        };
        let templates = self.templates();
        let hidden = templates.iter().copied().filter(|one| whole(one));
        let filled = hidden.filter_map(|template| {
            Some(SecretValue {
                name: format!("channel {}", self.name),
                value: template.fill(variables).ok()?,
            })
        });
        let mut all: Vec<SecretValue> = filled.collect();
        for template in &templates {
            let of = secrets::of_template(template, variables).into_iter();
            let is_hidden =
                |one: &SecretValue| whole(template) || secrets::is_secret_name(&one.name);
            all.extend(of.filter(is_hidden));
        }
        all
    }
}

/// Compiles the channels; problems go to `out`.
pub fn compile(
    specs: &IndexMap<Located<String>, ChannelSpec>,
    out: &mut Diagnostics,
) -> Vec<Channel> {
    let one = |(name, spec): (&Located<String>, &ChannelSpec)| {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if name.is_empty() || !name.chars().all(is_plain) {
            out.error(
                &name.place,
                "bad-name",
                format!("`{name}` is not a name for a channel"),
            )
            .help("use letters, digits, `-` and `_`");
            return None;
        }
        let (way, severity, timeout) = match spec {
            ChannelSpec::Webhook(spec) => of_webhook(WebhookForm::Generic, spec, out)?,
            ChannelSpec::Slack(spec) => of_webhook(WebhookForm::Slack, spec, out)?,
            ChannelSpec::Teams(spec) => of_webhook(WebhookForm::Teams, spec, out)?,
            ChannelSpec::Mail(spec) => of_mail(spec, out)?,
            ChannelSpec::Command(spec) => of_command(spec, out)?,
            ChannelSpec::Log(spec) => (ChannelWay::Log, spec.severity, None),
        };
        let timeout = timeout.and_then(|span| span.to_std().ok());
        Some(Channel {
            name: name.value.clone(),
            errors_only: severity == Some(ProblemSeverity::Error),
            is_of_runs: false,
            timeout: timeout.unwrap_or(TIMEOUT),
            way,
        })
    };
    specs.iter().filter_map(one).collect()
}

type ChannelParts = (
    ChannelWay,
    Option<ProblemSeverity>,
    Option<chrono::TimeDelta>,
);

fn span(written: &Option<Parsed<weir_model::span::Span>>) -> Option<chrono::TimeDelta> {
    written.as_ref().map(|span| span.0.0)
}

fn of_webhook(
    form: WebhookForm,
    spec: &WebhookSpec,
    out: &mut Diagnostics,
) -> Option<ChannelParts> {
    let url = template(&spec.url, out);
    let mut headers = Vec::new();
    for (name, value) in &spec.headers {
        headers.push((name.value.clone(), Template::compile(value, out)?));
    }
    let way = ChannelWay::Webhook(form, url?, headers);
    Some((way, spec.severity, span(&spec.timeout)))
}

fn of_mail(spec: &MailSpec, out: &mut Diagnostics) -> Option<ChannelParts> {
    let (host, from) = (template(&spec.host, out), template(&spec.from, out));
    let to = spec.to.get()?.0.iter();
    let to: Vec<Option<Template>> = to.map(|text| Template::compile(text, out)).collect();
    let login = match (&spec.user, &spec.password) {
        (Some(user), Some(password)) => Some((
            Template::compile(user, out)?,
            Template::compile(password, out)?,
        )),
        (Some(text), None) | (None, Some(text)) => {
            out.error(
                text.place(),
                "missing-field",
                "`user` and `password` belong together",
            )
            .help("give both, or neither");
            return None;
        }
        (None, None) => None,
    };
    let mail = MailWay {
        host: host?,
        port: spec.port.unwrap_or(match spec.encryption {
            MailEncryption::Starttls => 587,
            MailEncryption::Tls => 465,
            MailEncryption::None => 25,
        }),
        encryption: spec.encryption,
        login,
        from: from?,
        to: to.into_iter().collect::<Option<_>>()?,
    };
    Some((
        ChannelWay::Mail(Box::new(mail)),
        spec.severity,
        span(&spec.timeout),
    ))
}

fn of_command(spec: &CommandSpec, out: &mut Diagnostics) -> Option<ChannelParts> {
    let words = spec.run.get()?.0.iter();
    let words: Vec<Option<Template>> = words.map(|text| Template::compile(text, out)).collect();
    let words = words.into_iter().collect::<Option<Vec<_>>>()?;
    Some((
        ChannelWay::Command(words),
        spec.severity,
        span(&spec.timeout),
    ))
}

fn template(text: &Required<Text>, out: &mut Diagnostics) -> Option<Template> {
    Template::compile(text.get()?, out)
}

/// Refuses a name that is no channel's.
pub fn check_name(name: &Located<String>, channels: &[&str], out: &mut Diagnostics) {
    if channels.contains(&name.as_str()) {
        return;
    }
    let near = did_you_mean(name, channels.iter().copied());
    let known = || match channels {
        [] => "add it under `channels:` of `weir.yaml`".to_owned(),
        _ => format!("known channels: {}", one_of(channels.iter().copied())),
    };
    out.error(
        &name.place,
        "unknown-channel",
        format!("no channel is called `{name}`"),
    )
    .help(near.map_or_else(known, |near| format!("did you mean `{near}`?")));
}

/// Compiles who is told that a run has ended, and marks those channels; problems go to `out`.
pub fn compile_run_notices(
    specs: &[RunNoticeSpec],
    channels: &mut [Channel],
    out: &mut Diagnostics,
) -> Vec<RunNotice> {
    let names: Vec<String> = channels.iter().map(|one| one.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let compiled = specs.iter().filter_map(|spec| {
        let to = &spec.to.get()?.0;
        to.iter().for_each(|name| check_name(name, &names, out));
        Some(RunNotice {
            to: to.iter().map(|name| name.value.clone()).collect(),
            when: spec.when,
        })
    });
    let notices: Vec<RunNotice> = compiled.collect();
    for channel in channels {
        channel.is_of_runs = notices
            .iter()
            .any(|notice| notice.to.contains(&channel.name));
    }
    notices
}

/// Compiles when the daily report is sent; problems go to `out`.
pub fn compile_report(
    spec: &ReportSpec,
    channels: &[&str],
    out: &mut Diagnostics,
) -> Option<ReportTime> {
    let to = spec.to.iter().flat_map(|to| &to.0);
    to.clone().for_each(|name| check_name(name, channels, out));
    let at = spec.at.get()?;
    let Ok(time) = NaiveTime::parse_from_str(at, "%H:%M") else {
        out.error(
            at.place(),
            "invalid-value",
            format!("`{}` is not a time of day", at.as_str()),
        )
        .help("write it like `07:00`");
        return None;
    };
    Some(ReportTime {
        at: time,
        zone: spec.timezone.as_ref().map_or(Tz::UTC, |zone| zone.0.0),
        to: to.map(|name| name.value.clone()).collect(),
    })
}
