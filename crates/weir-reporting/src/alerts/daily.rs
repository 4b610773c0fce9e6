//! The daily report, made once a day when its time has come, kept, and handed to the channels.

use crate::report::morning;
use chrono::{DateTime, NaiveDate, Utc};
use futures::future::BoxFuture;
use std::sync::Arc;
use weir_project::plan::channels::ReportTime;
use weir_project::plan::{CheckedProject, Plan};
use weir_store::notices::{self, NewNotice, NoticeKind};
use weir_store::{Connection, PgConnection, Result, StoreError, daily_reports};

/// Makes the report of the day if its time has come and it is not there yet; whether it did. Where
/// no time is declared, there is none.
///
/// # Errors
/// The database failed.
pub fn report_if_due<'f>(
    connection: &'f mut PgConnection,
    checked: &'f CheckedProject,
    plans: &'f [Arc<Plan>],
    now: DateTime<Utc>,
) -> BoxFuture<'f, Result<bool>> {
    Box::pin(async move {
        let Some((time, day)) = checked
            .report
            .as_ref()
            .and_then(|time| Some((time, day_due(time, now)?)))
        else {
            return Ok(false);
        };
        if daily_reports::is_kept(connection, day).await? {
            return Ok(false);
        }
        let report = morning::collect(connection, plans, day, now)
            .await?
            .kept(now);
        let mut tx = connection.begin().await.map_err(StoreError::from)?;
        if !daily_reports::keep(&mut tx, &report).await? {
            // Another process was quicker.
            return Ok(false);
        }
        let channels = checked.channels.iter();
        for channel in channels.filter(|channel| channel.is_meant(&time.to)) {
            let notice = NewNotice {
                channel: &channel.name,
                key: format!("report {day}"),
                what: NoticeKind::Report,
                cause: None,
                group: "report",
                subject: &report.title,
                body: &report.text,
                html: Some(&report.html),
                content: &serde_json::json!({ "what": "report", "report": report.content }),
                made_at: now,
                due_at: now,
            };
            notices::add(&mut tx, &notice).await?;
        }
        tx.commit().await.map_err(StoreError::from)?;
        Ok(true)
    })
}

/// The day whose report is due, if its time has come today.
fn day_due(time: &ReportTime, now: DateTime<Utc>) -> Option<NaiveDate> {
    let local = now.with_timezone(&time.zone);
    (local.time() >= time.at).then(|| local.date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_due_from_its_time_on_in_its_zone() {
        let time = ReportTime {
            at: chrono::NaiveTime::from_hms_opt(7, 0, 0).unwrap(),
            zone: chrono_tz::Australia::Sydney,
            to: Vec::new(),
        };
        let due = |at: &str| day_due(&time, at.parse().unwrap()).map(|day| day.to_string());
        assert_eq!(due("2026-09-01T20:59:59Z"), None);
        assert_eq!(due("2026-09-01T21:00:00Z").as_deref(), Some("2026-09-02"));
        assert_eq!(due("2026-09-02T13:59:59Z").as_deref(), Some("2026-09-02"));
        assert_eq!(due("2026-09-02T14:00:00Z"), None);
    }
}
