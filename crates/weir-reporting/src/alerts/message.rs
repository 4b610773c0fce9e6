//! What is said: one message for all notices of a group, for people as text, for machines as JSON.
//! Values come from scraped ads and from servers: they are one line each, and never markup.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use weir_model::span::Span;
use weir_model::untrusted::Untrusted;
use weir_store::alerts::{AlertCause, AlertKey};
use weir_store::notices::{DueNotice, EndedRun};

/// A message, as channels are given it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertMessage {
    /// It, once: a receiver that has had it may pass it over.
    pub id: String,
    /// One line.
    pub subject: String,
    /// All of it.
    pub body: String,
    /// The same as a page, of reports.
    pub html: Option<String>,
    /// The same for machines.
    pub content: Json,
}

impl AlertMessage {
    /// One message for notices that go out together.
    pub fn of(project: &str, notices: &[&DueNotice]) -> AlertMessage {
        let ids: Vec<String> = notices.iter().map(|notice| notice.id.to_string()).collect();
        let id = format!("weir-{project}-{}", ids.join("-"));
        if let [one] = notices {
            return AlertMessage {
                id,
                subject: one.subject.clone(),
                body: one.body.clone(),
                html: one.html.clone(),
                content: json!({ "format": 1, "notices": [one.content] }),
            };
        }
        let count = |what: &str| notices.iter().filter(|notice| notice.what == what).count();
        let (firing, resolved) = (count("firing"), count("resolved"));
        let counts = [(firing, "firing"), (resolved, "resolved")];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let group = notices
            .first()
            .map_or("", |notice| notice.group_name.as_str());
        let bodies: Vec<String> = notices
            .iter()
            .map(|notice| format!("{}\n{}", notice.subject, notice.body))
            .collect();
        let contents: Vec<&Json> = notices.iter().map(|notice| &notice.content).collect();
        AlertMessage {
            id,
            subject: format!("{group}: {}", counts.join(", ")),
            body: bodies.join("\n\n"),
            html: None,
            content: json!({ "format": 1, "notices": contents }),
        }
    }
}

/// One line of text from elsewhere.
fn line(text: &str, most: usize) -> String {
    let clean = Untrusted(text).to_string();
    match clean.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// What an alert is about, as text: `acme/board`.
fn about(key: &AlertKey) -> String {
    match (key.institution.as_str(), key.source_id.as_str()) {
        ("", _) => "weir".to_owned(),
        (institution, "") => institution.to_owned(),
        (institution, source) => format!("{institution}/{source}"),
    }
}

/// The subject and body of an alert that fires.
pub(super) fn fired(key: &AlertKey, cause: i64, severity: &str, message: &str) -> (String, String) {
    let subject = format!("{severity}: {}: {}", about(key), line(message, 120));
    let body = format!(
        "{}\nalert {}, cause {cause}; `weir alerts ack {cause}` says that you look after it",
        line(message, 2_000),
        key.alert
    );
    (subject, body)
}

/// The subject and body of an alert that nobody looks after.
pub(super) fn escalated(cause: &AlertCause, now: DateTime<Utc>) -> (String, String) {
    let (subject, body) = fired(&cause.key, cause.id, &cause.severity, &cause.message);
    let lasted = Span(now - cause.fired_at);
    (
        format!("nobody looks after it: {subject}"),
        format!("it has fired for {lasted}, and nobody looks after it\n{body}"),
    )
}

/// The subject and body of an alert that is resolved.
pub(super) fn resolved(
    key: &AlertKey,
    cause: i64,
    was: &str,
    since: DateTime<Utc>,
) -> (String, String) {
    let subject = format!("resolved: {}: {}", about(key), line(was, 120));
    let body = format!(
        "resolved; it had lasted since {}\nit was: {}\nalert {}, cause {cause}",
        since.format("%Y-%m-%d %H:%MZ"),
        line(was, 2_000),
        key.alert
    );
    (subject, body)
}

/// What tries a channel.
pub fn test_message(channel: &str, now: DateTime<Utc>) -> AlertMessage {
    let subject = format!("test of the channel `{channel}`");
    AlertMessage {
        id: format!("weir-test-{channel}-{}", now.timestamp_millis()),
        body: format!(
            "sent by `weir alerts try {channel}` at {}",
            now.format("%Y-%m-%d %H:%M:%SZ")
        ),
        content: json!({ "format": 1, "notices": [{ "what": "test", "channel": channel, "at": now }] }),
        subject,
        html: None,
    }
}

/// What is said when a run has ended, for whatever comes after it: subject, body, and the same for
/// machines.
pub(super) fn run_ended(run: &EndedRun) -> (String, String, Json) {
    let total = run.total.as_ref().and_then(Json::as_object);
    let counts: Vec<String> = total
        .into_iter()
        .flatten()
        .filter_map(|(name, count)| Some((name, count.as_i64().filter(|count| *count > 0)?)))
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let how = if run.is_good { "" } else { ", with errors" };
    let subject = format!("{}: run {} has ended{how}", run.institution, run.id);
    let content = json!({
        "what": "run", "institution": run.institution, "run": run.id, "at": run.at, "good": run.is_good, "total": run.total,
    });
    (subject, counts.join(", "), content)
}
