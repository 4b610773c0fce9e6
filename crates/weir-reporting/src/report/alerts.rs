//! What fires, what is about to, what is silenced, and how the channels do.

use super::columns::{columns, counted, line};
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use std::fmt::Write;
use weir_model::AlertStatus;
use weir_store::alerts::{self, AlertCause, AlertKey, AlertSilence, StoredState};
use weir_store::notices::{self, ChannelState};
use weir_store::{PgConnection, Result};

/// Everything about alerts at an instant.
#[derive(Debug)]
pub struct AlertPage {
    /// The causes that last, the worst first.
    pub causes: Vec<AlertCause>,
    /// Alerts that neither fire nor are normal.
    pub states: Vec<StoredState>,
    /// The silences that last, with their numbers.
    pub silences: Vec<(i64, AlertSilence)>,
    /// How delivery goes.
    pub channels: Vec<ChannelState>,
}

/// Collects it.
///
/// # Errors
/// The database failed.
pub async fn collect(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<AlertPage> {
    let states = alerts::states(connection).await?.into_iter();
    Ok(AlertPage {
        causes: alerts::open_causes(connection, now).await?,
        states: states.filter(|state| !state.state.is_on()).collect(),
        silences: alerts::silences(connection, now).await?,
        channels: notices::channels(connection).await?,
    })
}

/// What was shown of a cause, for decisions about it: who looks after it, since when.
pub fn revision(cause: &AlertCause) -> String {
    let since = cause.acknowledged_at.map_or(0, |at| at.timestamp_micros());
    format!("{since:x}")
}

/// What an alert is about, in words.
pub fn about(key: &AlertKey) -> String {
    let parts = [key.institution.as_str(), key.source_id.as_str()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        "weir".to_owned()
    } else {
        parts.join("/")
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%MZ").to_string()
}

/// The page as text; its first line is its answer.
pub fn text(page: &AlertPage, now: DateTime<Utc>) -> String {
    let open = page.causes.iter();
    let unseen =
        open.filter(|cause| cause.acknowledged_at.is_none() && cause.silenced_until.is_none());
    let mut out = match page.causes.len() {
        0 => "no alert fires\n".to_owned(),
        all => format!(
            "{} firing, {} unattended\n",
            counted(all, "alert"),
            unseen.count()
        ),
    };
    section(
        &mut out,
        "",
        &page.causes.iter().map(cause).collect::<Vec<_>>(),
    );
    let of = |status: AlertStatus| -> Vec<Vec<String>> {
        let states = page.states.iter().filter(|state| state.state == status);
        states
            .map(|state| {
                vec![
                    about(&state.key),
                    state.key.alert.clone(),
                    format!("since {}", instant(state.since)),
                ]
            })
            .collect()
    };
    section(
        &mut out,
        "pending: true, but not for long enough",
        &of(AlertStatus::Pending),
    );
    section(
        &mut out,
        "no data: a figure is not known",
        &of(AlertStatus::NoData),
    );
    let silences: Vec<Vec<String>> = page.silences.iter().map(silence).collect();
    section(&mut out, "silences", &silences);
    let channels: Vec<Vec<String>> = page.channels.iter().map(|one| channel(one, now)).collect();
    section(&mut out, "channels", &channels);
    out
}

fn section(out: &mut String, title: &str, rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    if !title.is_empty() {
        let _ = write!(out, "\n{title}\n");
    }
    out.push_str(&columns(rows, 9));
}

fn cause(cause: &AlertCause) -> Vec<String> {
    let attended = match (&cause.acknowledged_by, cause.silenced_until) {
        (Some(by), _) => format!("{} looks after it", line(by, 30)),
        (None, Some(until)) => format!("silenced until {}", instant(until)),
        (None, None) => String::new(),
    };
    vec![
        cause.severity.clone(),
        cause.id.to_string(),
        about(&cause.key),
        cause.key.alert.clone(),
        format!("since {}", instant(cause.fired_at)),
        attended,
        line(&cause.message, 140),
    ]
}

fn silence((number, silence): &(i64, AlertSilence)) -> Vec<String> {
    let parts = [&silence.alert, &silence.institution, &silence.source_id];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let of = if parts.is_empty() {
        "everything".to_owned()
    } else {
        parts.join(" ")
    };
    vec![
        number.to_string(),
        line(&of, 80),
        format!("until {}", instant(silence.ends_at)),
        line(&silence.created_by, 30),
        line(&silence.reason, 80),
    ]
}

fn channel(state: &ChannelState, now: DateTime<Utc>) -> Vec<String> {
    let waits = state.next_at.filter(|next| *next > now);
    let standing = match (&state.error, waits) {
        (Some(error), Some(next)) => {
            format!("tried again at {}: {}", instant(next), line(error, 100))
        }
        (Some(error), None) => line(error, 100),
        (None, _) => String::new(),
    };
    let last = state
        .delivered_at
        .map_or_else(|| "never".to_owned(), instant);
    vec![
        state.channel.clone(),
        format!("last taken {last}"),
        format!("{} waiting", state.waiting),
        standing,
    ]
}

/// What has fired, as text.
pub fn history(causes: &[AlertCause]) -> String {
    if causes.is_empty() {
        return "nothing has fired yet\n".to_owned();
    }
    let row = |cause: &AlertCause| {
        vec![
            cause.id.to_string(),
            cause.severity.clone(),
            instant(cause.fired_at),
            cause
                .resolved_at
                .map_or_else(|| "lasts".to_owned(), instant),
            about(&cause.key),
            cause.key.alert.clone(),
            line(&cause.message, 120),
        ]
    };
    let head = [
        "cause", "severity", "from", "until", "about", "alert", "message",
    ];
    let head = head.map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head)
        .chain(causes.iter().map(row))
        .collect();
    columns(&rows, 9)
}

/// The page as JSON.
pub fn json(page: &AlertPage) -> Json {
    let states: Vec<Json> = page
        .states
        .iter()
        .map(|state| json!({ "alert": state.key.alert, "institution": state.key.institution, "source": state.key.source_id, "state": state.state, "since": state.since }))
        .collect();
    let silences: Vec<Json> = page
        .silences
        .iter()
        .map(|(number, silence)| {
            let mut json = serde_json::to_value(silence).unwrap_or_default();
            json["id"] = (*number).into();
            json
        })
        .collect();
    json!({ "format": 1, "firing": page.causes, "states": states, "silences": silences, "channels": page.channels })
}
