//! Judges every alert over what it looks at, and what runs raised themselves by the same way:
//! states move, causes begin and end, notices are recorded. One transaction, one process at a time.
//!
//! Only what changed is written: a quiet day costs the figures and nothing else.

use super::message;
use super::subject::{FigureQuery, subjects};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_model::{AlertChange, AlertPatience, AlertState, AlertStatus, ProblemSeverity};
use weir_project::config::alerts::AlertScope;
use weir_project::plan::alerts::{AlertEscalation, AlertRule, AlertSubject};
use weir_project::plan::channels::Channel;
use weir_project::plan::{CheckedProject, Plan};
use weir_source::door::ReadWindow;
use weir_store::alert_figures::{self, RaisedAlert};
use weir_store::alerts::{self, AlertKey, StoredState};
use weir_store::notices::{self, NewNotice, NoticeKind};
use weir_store::{Connection, PgConnection, Result, StoreError};

/// What is judged.
pub struct AlertJudging<'a> {
    /// The project: its alerts and channels.
    pub checked: &'a CheckedProject,
    /// The plans of its institutions, those that stand in for broken files included.
    pub plans: &'a [Arc<Plan>],
    /// These institutions, and what belongs to none.
    pub institutions: &'a [String],
    /// What time it is.
    pub now: DateTime<Utc>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JudgingOutcome {
    /// Alerts that began to fire.
    pub fired: usize,
    /// Alerts that were resolved.
    pub resolved: usize,
}

/// What is seen of one alert on one subject.
struct AlertSighting<'a> {
    key: AlertKey,
    holds: Option<bool>,
    message: String,
    patience: AlertPatience,
    severity: ProblemSeverity,
    group: &'a str,
    to: &'a [String],
    escalation: Option<&'a AlertEscalation>,
    quiet: Option<ReadWindow>,
}

/// The group of what runs raise themselves.
const RUNS: &str = "runs";

/// Judges everything.
///
/// # Errors
/// The database failed.
pub fn judge<'f>(
    connection: &'f mut PgConnection,
    judging: &'f AlertJudging<'f>,
) -> BoxFuture<'f, Result<JudgingOutcome>> {
    Box::pin(async move {
        let mut tx = connection.begin().await.map_err(StoreError::from)?;
        alerts::lock(&mut tx).await?;
        let states = alerts::states(&mut tx).await?.into_iter();
        let mut states: BTreeMap<AlertKey, StoredState> =
            states.map(|state| (state.key.clone(), state)).collect();
        let mut judged = JudgingOutcome::default();
        let mut seen = sightings(&mut tx, judging).await?;
        seen.extend(raised(&mut tx, judging, states.keys()).await?);
        for sighting in &seen {
            let state = states.remove(&sighting.key);
            take(&mut tx, judging, sighting, state.as_ref(), &mut judged).await?;
        }
        let are_whole = judging.checked.alerts_are_whole();
        let is_gone = |state: &&StoredState| are_whole && judging.is_gone(state);
        for state in states.values().filter(is_gone) {
            let sighting = AlertSighting::gone(&state.key);
            take(&mut tx, judging, &sighting, Some(state), &mut judged).await?;
        }
        notices::apply_silences(&mut tx, judging.now).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(judged)
    })
}

impl AlertJudging<'_> {
    /// Whether what was not seen is over, where all files of alerts could be read: its alert or its
    /// subject is no longer there.
    fn is_gone(&self, state: &StoredState) -> bool {
        let key = &state.key;
        if key.alert.starts_with("run/") {
            // Runs say themselves what is over.
            return false;
        }
        key.institution.is_empty() || self.institutions.contains(&key.institution)
    }

    fn zone(&self, institution: &str) -> Tz {
        let mut plans = self.plans.iter();
        let plan = plans.find(|plan| plan.institution.slug == institution);
        plan.map_or(Tz::UTC, |plan| plan.zone)
    }

    /// The channels that are told.
    fn channels<'s>(
        &'s self,
        to: &'s [String],
        severity: ProblemSeverity,
    ) -> impl Iterator<Item = &'s Channel> {
        let is_named = |channel: &&Channel| channel.is_meant(to);
        let wants = move |channel: &&Channel| channel.wants(severity);
        self.checked.channels.iter().filter(is_named).filter(wants)
    }
}

impl AlertSighting<'_> {
    fn gone(key: &AlertKey) -> AlertSighting<'static> {
        AlertSighting {
            key: key.clone(),
            holds: Some(false),
            message: String::new(),
            patience: AlertPatience::default(),
            severity: ProblemSeverity::Warn,
            group: "",
            to: &[],
            escalation: None,
            quiet: None,
        }
    }
}

/// What is seen by the alerts of the project.
async fn sightings<'a>(
    tx: &mut PgConnection,
    judging: &AlertJudging<'a>,
) -> Result<Vec<AlertSighting<'a>>> {
    let query = FigureQuery {
        institutions: Some(judging.institutions),
        plans: judging.plans,
        now: judging.now,
    };
    let mut by_scope: BTreeMap<&str, (AlertScope, Vec<&'a AlertRule>)> = BTreeMap::new();
    for alert in &judging.checked.alerts {
        let entry = by_scope.entry(alert.over.name());
        entry.or_insert((alert.over, Vec::new())).1.push(alert);
    }
    let mut all = Vec::new();
    for (over, rules) in by_scope.into_values() {
        for (subject, figures) in subjects(tx, over, query).await? {
            for rule in &rules {
                let verdict = rule.judge(&judging.checked.sandbox, &subject, &figures);
                all.push(AlertSighting {
                    key: key(&rule.name, &subject),
                    holds: verdict.holds,
                    message: verdict.message,
                    patience: AlertPatience {
                        hold: rule.hold,
                        keep: rule.keep,
                    },
                    severity: rule.severity,
                    group: &rule.group,
                    to: &rule.to,
                    escalation: rule.escalation.as_ref(),
                    quiet: rule.quiet,
                });
            }
        }
    }
    Ok(all)
}

fn key(alert: &str, subject: &AlertSubject) -> AlertKey {
    AlertKey {
        alert: alert.to_owned(),
        institution: subject.institution.clone(),
        source_id: subject.source.clone(),
    }
}

/// What the newest runs raised themselves, and what they no longer raise.
async fn raised(
    tx: &mut PgConnection,
    judging: &AlertJudging<'_>,
    known: impl Iterator<Item = &AlertKey>,
) -> Result<Vec<AlertSighting<'static>>> {
    let rows = alert_figures::raised(tx, Some(judging.institutions)).await?;
    let mut all: BTreeMap<AlertKey, AlertSighting> = BTreeMap::new();
    let mut concluded = BTreeSet::new();
    for row in &rows {
        if row.is_concluded {
            concluded.insert(row.institution.as_str());
        }
        for sighting in of_row(row) {
            all.entry(sighting.key.clone()).or_insert(sighting);
        }
    }
    for key in known {
        let is_over = key.alert.starts_with("run/")
            && concluded.contains(key.institution.as_str())
            && !all.contains_key(key);
        if is_over {
            all.insert(key.clone(), AlertSighting::gone(key));
        }
    }
    Ok(all.into_values().collect())
}

fn of_row(row: &RaisedAlert) -> Vec<AlertSighting<'static>> {
    let sighting = |kind: &str, source: &str, severity, message: &str| AlertSighting {
        key: AlertKey {
            alert: format!("run/{kind}"),
            institution: row.institution.clone(),
            source_id: source.to_owned(),
        },
        holds: Some(true),
        message: message.to_owned(),
        severity,
        group: RUNS,
        ..AlertSighting::gone(&AlertKey {
            alert: String::new(),
            institution: String::new(),
            source_id: String::new(),
        })
    };
    let own = row.kind.as_deref().map(|kind| {
        let severity = match row.severity.as_deref() {
            Some("error") => ProblemSeverity::Error,
            _ => ProblemSeverity::Warn,
        };
        let source = row.source_id.as_deref().unwrap_or_default();
        sighting(
            kind,
            source,
            severity,
            row.message.as_deref().unwrap_or_default(),
        )
    });
    let failed = (row.status == "failed").then(|| {
        let why = row.error.as_deref().unwrap_or("the run failed");
        sighting("run_failed", "", ProblemSeverity::Error, why)
    });
    own.into_iter().chain(failed).collect()
}

/// Moves an alert to its next state, and records what is to be told.
async fn take(
    tx: &mut PgConnection,
    judging: &AlertJudging<'_>,
    sighting: &AlertSighting<'_>,
    stored: Option<&StoredState>,
    judged: &mut JudgingOutcome,
) -> Result<()> {
    let state = stored.map(|stored| AlertState {
        status: stored.state,
        since: stored.since,
    });
    let now = judging.now;
    let (next, change) =
        weir_model::alert_state::step(state, sighting.holds, sighting.patience, now);
    let mut cause = stored.and_then(|stored| stored.cause_id);
    match change {
        Some(AlertChange::Fired) => {
            cause = Some(fire(tx, judging, sighting).await?);
            judged.fired += 1;
        }
        Some(AlertChange::Resolved) => {
            if let Some(cause) = cause.take() {
                resolve(tx, judging, &sighting.key, cause).await?;
            }
            judged.resolved += 1;
        }
        None => {
            if let Some(cause) =
                cause.filter(|_| next.status == AlertStatus::Firing && sighting.holds == Some(true))
            {
                alerts::update_cause(tx, cause, &sighting.message).await?;
                escalate(tx, judging, sighting, cause).await?;
            }
        }
    }
    let is_same = match state {
        Some(state) => state == next,
        None => next.status == AlertStatus::Normal,
    };
    if !is_same || change.is_some() {
        alerts::set_state(tx, &sighting.key, next, cause).await?;
    }
    Ok(())
}

async fn fire(
    tx: &mut PgConnection,
    judging: &AlertJudging<'_>,
    sighting: &AlertSighting<'_>,
) -> Result<i64> {
    let (key, now) = (&sighting.key, judging.now);
    let (severity, message) = (sighting.severity, sighting.message.as_str());
    let cause = alerts::begin_cause(tx, key, severity, sighting.group, message, now).await?;
    let word = if severity == ProblemSeverity::Error {
        "error"
    } else {
        "warn"
    };
    let (subject, body) = message::fired(key, cause, word, message);
    let content = json!({
        "what": "firing", "cause": cause, "alert": key.alert, "institution": key.institution, "source": key.source_id,
        "severity": word, "message": message, "since": now,
    });
    let telling = CauseTelling {
        cause,
        key: format!("cause {cause} firing"),
        subject: &subject,
        body: &body,
        content: &content,
    };
    telling.add(tx, judging, sighting, sighting.to).await?;
    Ok(cause)
}

/// Tells more channels of a cause that has lasted for long enough, once, unless somebody looks
/// after it.
async fn escalate(
    tx: &mut PgConnection,
    judging: &AlertJudging<'_>,
    sighting: &AlertSighting<'_>,
    cause: i64,
) -> Result<()> {
    let Some(escalation) = sighting.escalation else {
        return Ok(());
    };
    let now = judging.now;
    let lasting = alerts::cause(tx, cause, now).await?.filter(|cause| {
        cause.acknowledged_at.is_none() && now - cause.fired_at >= escalation.after
    });
    let Some(lasting) = lasting else {
        return Ok(());
    };
    let (subject, body) = message::escalated(&lasting, now);
    let key = &sighting.key;
    let content = json!({
        "what": "firing", "cause": cause, "alert": key.alert, "institution": key.institution, "source": key.source_id,
        "severity": lasting.severity, "message": lasting.message, "since": lasting.fired_at, "escalated": true,
    });
    let telling = CauseTelling {
        cause,
        key: notices::escalation_key(cause),
        subject: &subject,
        body: &body,
        content: &content,
    };
    telling.add(tx, judging, sighting, &escalation.to).await
}

/// What is told of a cause that fires.
struct CauseTelling<'t> {
    cause: i64,
    key: String,
    subject: &'t str,
    body: &'t str,
    content: &'t Json,
}

impl CauseTelling<'_> {
    /// Records it for these channels, to be sent once the quiet hours of the alert are over.
    async fn add(
        &self,
        tx: &mut PgConnection,
        judging: &AlertJudging<'_>,
        sighting: &AlertSighting<'_>,
        to: &[String],
    ) -> Result<()> {
        let (now, zone) = (judging.now, judging.zone(&sighting.key.institution));
        let quiet = sighting.quiet;
        let due_at = quiet.map_or(now, |quiet| after_quiet(quiet, zone, now));
        for channel in judging.channels(to, sighting.severity) {
            let notice = NewNotice {
                channel: &channel.name,
                key: self.key.clone(),
                what: NoticeKind::Firing,
                cause: Some(self.cause),
                group: sighting.group,
                subject: self.subject,
                body: self.body,
                html: None,
                content: self.content,
                made_at: now,
                due_at,
            };
            notices::add(tx, &notice).await?;
        }
        Ok(())
    }
}

async fn resolve(
    tx: &mut PgConnection,
    judging: &AlertJudging<'_>,
    key: &AlertKey,
    cause: i64,
) -> Result<()> {
    let now = judging.now;
    alerts::end_cause(tx, cause, now).await?;
    let Some(was) = alerts::cause(tx, cause, now).await? else {
        return Ok(());
    };
    let (subject, body) = message::resolved(key, cause, &was.message, was.fired_at);
    let content = json!({
        "what": "resolved", "cause": cause, "alert": key.alert, "institution": key.institution, "source": key.source_id,
        "severity": was.severity, "message": was.message, "since": was.fired_at, "until": now,
    });
    for channel in notices::told_of(tx, cause).await? {
        let notice = NewNotice {
            channel: &channel,
            key: format!("cause {cause} resolved"),
            what: NoticeKind::Resolved,
            cause: Some(cause),
            group: &was.group_name,
            subject: &subject,
            body: &body,
            html: None,
            content: &content,
            made_at: now,
            due_at: now,
        };
        notices::add(tx, &notice).await?;
    }
    Ok(())
}

/// When quiet hours end; now if there are none.
fn after_quiet(quiet: ReadWindow, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    // Minute by minute: whatever the clocks do in that night, it ends where they say that it does.
    let mut at = now;
    for _ in 0..=24 * 60 {
        if !quiet.contains(at.with_timezone(&zone).time()) {
            return at;
        }
        at += TimeDelta::minutes(1) - TimeDelta::seconds(i64::from(chrono::Timelike::second(&at)));
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fires_in_quiet_hours_waits_for_their_end() {
        let quiet: ReadWindow = "22:00-06:00".parse().unwrap();
        let due = |at: &str| {
            let at: DateTime<Utc> = at.parse().unwrap();
            let due = after_quiet(quiet, chrono_tz::Australia::Sydney, at);
            due.with_timezone(&chrono_tz::Australia::Sydney)
                .format("%d %H:%M:%S")
                .to_string()
        };
        // 10:00 UTC is 20:00 in Sydney; on 4 October 2026 its clocks go forward.
        assert_eq!(due("2026-09-01T10:00:00Z"), "01 20:00:00");
        assert_eq!(due("2026-09-01T12:30:30Z"), "02 06:00:00");
        assert_eq!(due("2026-10-03T15:59:00Z"), "04 06:00:00");
    }
}
