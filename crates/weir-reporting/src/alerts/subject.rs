//! What alerts look at, with its figures: runs, sources, institutions, the queue and the database.

use crate::report::metrics::late_by;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use std::sync::Arc;
use weir_project::config::alerts::AlertScope;
use weir_project::plan::Plan;
use weir_project::plan::alerts::AlertSubject;
use weir_project::plan::due::DueTimes;
use weir_project::plan::figures::FigureValues;
use weir_store::alert_figures::{self, InstitutionFigures, NewestRunFigures, SourceFigures};
use weir_store::metrics::QueueFigures;
use weir_store::{PgConnection, Result, metrics};

/// Something with figures.
pub type FigureSubject = (AlertSubject, FigureValues);

/// Which figures, at what time.
#[derive(Clone, Copy)]
pub struct FigureQuery<'a> {
    /// Of these institutions; of all if `None`.
    pub institutions: Option<&'a [String]>,
    /// The plans, for their schedules.
    pub plans: &'a [Arc<Plan>],
    /// What time it is.
    pub now: DateTime<Utc>,
}

/// Everything of a kind that alerts look at.
///
/// # Errors
/// The database failed.
pub fn subjects<'f>(
    connection: &'f mut PgConnection,
    over: AlertScope,
    query: FigureQuery<'f>,
) -> BoxFuture<'f, Result<Vec<FigureSubject>>> {
    Box::pin(async move {
        let of = |institution: &str, source: &str| AlertSubject {
            institution: institution.to_owned(),
            source: source.to_owned(),
        };
        Ok(match over {
            AlertScope::Run => alert_figures::runs(connection, query.institutions)
                .await?
                .iter()
                .map(|run| (of(&run.institution, ""), of_run(run)))
                .collect(),
            AlertScope::Source => alert_figures::sources(connection, query.institutions)
                .await?
                .iter()
                .map(|one| {
                    (
                        of(&one.institution, &one.source_id),
                        of_source(one, query.now),
                    )
                })
                .collect(),
            AlertScope::Institution => alert_figures::institutions(connection, query.institutions)
                .await?
                .iter()
                .map(|one| (of(&one.institution, ""), of_institution(one, query)))
                .collect(),
            AlertScope::Database => vec![(of("", ""), of_database(connection).await?)],
            AlertScope::Queue => {
                let queue = metrics::queue(connection).await?;
                vec![(of("", ""), of_queue(queue, query.now))]
            }
        })
    })
}

#[allow(
    clippy::cast_precision_loss,
    reason = "ratios and hours are shown with three digits"
)]
fn ratio(part: Option<i64>, whole: Option<i64>) -> Option<f64> {
    let whole = whole.filter(|whole| *whole > 0)?;
    Some(part? as f64 / whole as f64)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "ratios and hours are shown with three digits"
)]
fn hours(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<f64> {
    Some((now - since?).num_minutes().max(0) as f64 / 60.0)
}

fn of_run(run: &NewestRunFigures) -> FigureValues {
    let mut values = FigureValues::default();
    values.word("status", Some(&run.status));
    values.measure("seconds", run.seconds);
    values.measure("usual_seconds", run.usual_seconds);
    values.measure("usual_documents", run.usual_documents);
    values.measure("usual_archived", run.usual_archived);
    values.measure("error_ratio", ratio(run.refused, run.documents));
    values.measure("usual_error_ratio", run.usual_error_ratio);
    let counts = [
        ("failed_runs", Some(run.failed_runs)),
        ("documents", run.documents),
        ("created", run.created),
        ("updated", run.updated),
        ("reopened", run.reopened),
        ("archived", run.archived),
        ("refused", run.refused),
    ];
    counts
        .into_iter()
        .for_each(|(name, count)| values.count(name, count));
    values
}

fn of_source(source: &SourceFigures, now: DateTime<Utc>) -> FigureValues {
    let mut values = FigureValues::default();
    values.word("last_read_state", source.last_read_state.as_deref());
    values.word("quality", source.quality.as_deref());
    values.measure("hours_since_read", hours(source.last_read_at, now));
    values.measure("hours_since_complete", hours(source.complete_since, now));
    values.measure("usual_items", source.usual_items);
    values.measure("completeness", ratio(source.items, source.stated));
    values.measure("error_ratio", ratio(source.refused, source.documents));
    values.measure("usual_error_ratio", source.usual_error_ratio);
    values.measure("seconds", source.seconds);
    values.measure("usual_seconds", source.usual_seconds);
    let counts = [
        ("failed_reads", Some(source.failed_reads)),
        ("items", source.items),
        ("open_jobs", Some(source.open_jobs)),
        ("documents", source.documents),
        ("refused", source.refused),
    ];
    counts
        .into_iter()
        .for_each(|(name, count)| values.count(name, count));
    values
}

fn of_institution(one: &InstitutionFigures, query: FigureQuery) -> FigureValues {
    let mut values = FigureValues::default();
    let mut plans = query.plans.iter();
    let due = plans
        .find(|plan| plan.institution.slug == one.institution)
        .and_then(|plan| DueTimes::of(plan));
    let late = due.zip(one.last_run_at);
    let late = late.map(|(due, last)| query.now - late_by(&due, last, query.now));
    values.measure("hours_late", hours(late, query.now));
    values.measure("hours_since_run", hours(one.last_run_at, query.now));
    values.count("open_holds", Some(one.open_holds));
    values.count("mass_holds", Some(one.mass_holds));
    let waited = hours(one.oldest_hold_at, query.now).unwrap_or_default();
    values.measure("oldest_hold_days", Some(waited / 24.0));
    values
}

fn of_queue(queue: QueueFigures, now: DateTime<Utc>) -> FigureValues {
    let mut values = FigureValues::default();
    values.count("waiting", Some(queue.waiting));
    values.count("working", Some(queue.working));
    let waited = hours(queue.oldest_ready_at, now).unwrap_or_default();
    values.measure("oldest_minutes", Some(waited * 60.0));
    values
}

async fn of_database(connection: &mut PgConnection) -> Result<FigureValues> {
    let server = metrics::server(connection).await?;
    let growth = alert_figures::growth(connection).await?;
    let mut values = FigureValues::default();
    values.count("bytes", Some(server.bytes));
    values.count("growth", growth.first().and_then(|(_, growth)| *growth));
    let mut before: Vec<i64> = growth
        .iter()
        .skip(1)
        .filter_map(|(_, growth)| *growth)
        .collect();
    before.sort_unstable();
    let usual = before.get(before.len() / 2).filter(|_| before.len() >= 5);
    values.count("usual_growth", usual.copied());
    values.count("connections", Some(server.connections));
    let used = ratio(Some(server.connections), Some(server.connections_max));
    values.measure("connections_ratio", used);
    values.count("dead_rows", Some(server.dead_rows));
    let rows = server.dead_rows + server.live_rows;
    values.measure(
        "dead_ratio",
        Some(ratio(Some(server.dead_rows), Some(rows)).unwrap_or_default()),
    );
    values.count("oldest_xmin_age", Some(server.oldest_xmin_age));
    let open = server.longest_transaction_seconds / 60.0;
    values.measure("longest_transaction_minutes", Some(open));
    Ok(values)
}
