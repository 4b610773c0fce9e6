//! The daily report of an institution: what its newest run did, by source and stage, at what speed,
//! what it rejected and why, the size and growth of the tables, and open holds.

use super::columns::{columns, counted, line, share, size, took};
use super::quality::{self, SourceQuality};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_model::quality::loss;
use weir_model::{OutcomeCounts, RunId};
use weir_project::plan::Plan;
use weir_project::plan::picture::thousands;
use weir_runtime::engine::opening_counts::OpeningCounts;
use weir_store::figures::{self, AlertRow, ReadRow, ReasonRow, RunRow, StageRow};
use weir_store::holds::{self, Hold};
use weir_store::losses::{self, SourceLosses};
use weir_store::opening_views::{self, OpeningFigures};
use weir_store::views::decided::{self, RoleCoverage, UnmatchedTitle};
use weir_store::waiting::WaitingHolds;
use weir_store::{PgConnection, Result, waiting};

/// The content of the report.
#[derive(Debug, Serialize)]
pub struct DailyReport {
    /// The institution.
    pub institution: String,
    /// Its newest run.
    pub run: Option<RunRow>,
    /// Runs before it, newest first.
    pub earlier: Vec<RunRow>,
    /// How its sources were read.
    pub reads: Vec<ReadRow>,
    /// What its stages did.
    pub stages: Vec<StageRow>,
    /// Open and archived jobs by source.
    pub jobs: Vec<(String, i64, i64)>,
    /// Their quality, compared with what is usual.
    pub quality: Vec<SourceQuality>,
    /// Values that were there and could not be read.
    pub lost: Vec<SourceLosses>,
    /// How many of its open jobs have a role.
    pub roles: Vec<RoleCoverage>,
    /// The most frequent titles without a role.
    pub unmatched: Vec<UnmatchedTitle>,
    /// The most frequent reasons against ads.
    pub reasons: Vec<ReasonRow>,
    /// What someone must look at.
    pub alerts: Vec<AlertRow>,
    /// The open holds.
    pub holds: Vec<Hold>,
    /// How long they have waited, and what they block.
    pub waiting: Vec<WaitingHolds>,
    /// How many openings there are, where they are looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openings: Option<OpeningFigures>,
    /// Bytes of each table now.
    pub tables: BTreeMap<String, i64>,
}

/// Collects the report.
///
/// # Errors
/// The database failed.
pub fn collect<'f>(
    connection: &'f mut PgConnection,
    plan: &'f Plan,
) -> BoxFuture<'f, Result<DailyReport>> {
    Box::pin(async move {
        let institution = &plan.institution;
        let mut runs = figures::runs(connection, institution.id, 8).await?;
        let run = (!runs.is_empty()).then(|| runs.remove(0));
        let id = run.as_ref().map_or(RunId(-1), |run| run.id);
        Ok(DailyReport {
            institution: institution.slug.clone(),
            reads: figures::reads(connection, institution.id, id).await?,
            stages: figures::stages(connection, institution.id, id).await?,
            jobs: figures::jobs_by_source(connection, institution.id).await?,
            quality: quality::collect(connection, plan).await?,
            lost: losses::newest(connection, Some(&institution.slug)).await?,
            roles: decided::coverage(connection, Some(&institution.slug)).await?,
            unmatched: decided::unmatched(connection, Some(&institution.slug), None, 5).await?,
            reasons: figures::top_reasons(connection, institution.id, 10).await?,
            alerts: figures::alerts(connection, institution.id, id).await?,
            holds: holds::list(connection, Some(&institution.slug), false)
                .await?
                .into_iter()
                .map(|hold| Hold {
                    content: None,
                    ..hold
                })
                .collect(),
            waiting: waiting::waiting(connection, institution.id).await?,
            openings: opening_views::figures(connection, institution.id).await?,
            tables: figures::table_bytes(connection).await?,
            run,
            earlier: runs,
        })
    })
}

/// The report as text.
pub fn text(daily: &DailyReport) -> String {
    let Some(run) = &daily.run else {
        return format!("{} has never run\n", daily.institution);
    };
    let mut out = String::new();
    let millis = run
        .finished_at
        .map(|end| (end - run.started_at).num_milliseconds());
    let duration = millis.map_or_else(String::new, |millis| format!(" · {}", took(millis)));
    let _ = writeln!(
        out,
        "{} · run {} at {} · {}{duration}",
        daily.institution,
        run.id,
        run.at.format("%Y-%m-%d %H:%MZ"),
        run.status
    );
    if let Some(error) = &run.error {
        let _ = writeln!(out, "  error: {}", line(error, 300));
    }
    section(&mut out, "alerts", &alerts(daily), 2);
    section(&mut out, "sources", &sources(daily), 2);
    section(&mut out, "incomplete reads", &incomplete(daily), 3);
    section(&mut out, "stages", &stages(daily), 2);
    section(&mut out, "openings", &openings(daily), 2);
    section(&mut out, "quality", &quality::rows(&daily.quality), 2);
    section(
        &mut out,
        "rules that only warn",
        &quality::warnings(&daily.quality),
        3,
    );
    section(&mut out, "dropped values", &lost(&daily.lost), 2);
    section(&mut out, "roles", &roles(daily), 1);
    section(&mut out, "titles without a role", &unmatched(daily), 2);
    section(&mut out, "reasons", &reasons(daily), 3);
    section(&mut out, "held for an operator", &held(daily), 5);
    out
}

fn section(out: &mut String, title: &str, rows: &[Vec<String>], left: usize) {
    if !rows.is_empty() {
        let _ = write!(out, "\n{title}\n{}", columns(rows, left));
    }
}

fn texts<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// How many openings there are, and what the newest run did to them.
fn openings(daily: &DailyReport) -> Vec<Vec<String>> {
    let Some(figures) = &daily.openings else {
        return Vec::new();
    };
    let mut rows = vec![vec![super::duplicates::figures(figures)]];
    let summary = daily.run.as_ref().and_then(|run| run.summary.as_ref());
    let counts = summary.and_then(|summary| summary.get("openings").cloned());
    let counts: Option<OpeningCounts> =
        counts.and_then(|counts| serde_json::from_value(counts).ok());
    let words = counts
        .map(|counts| counts.words())
        .filter(|words| !words.is_empty());
    rows.extend(words.map(|words| vec![format!("this run: {words}")]));
    rows
}

fn alerts(daily: &DailyReport) -> Vec<Vec<String>> {
    daily
        .alerts
        .iter()
        .map(|alert| vec![alert.severity.clone(), line(&alert.message, 300)])
        .collect()
}

fn sources(daily: &DailyReport) -> Vec<Vec<String>> {
    let mut rows = vec![texts([
        "source",
        "read",
        "ads",
        "created",
        "updated",
        "reopened",
        "archived",
        "unchanged",
        "rejected",
        "held",
        "failed",
        "error rate",
        "open jobs",
    ])];
    for read in &daily.reads {
        let counts = counts_of(daily.run.as_ref(), &read.source_id);
        let open = daily
            .jobs
            .iter()
            .find(|(source, ..)| *source == read.source_id)
            .map_or(0, |(_, open, _)| *open);
        let mut row = vec![
            read.source_id.clone(),
            read.state.to_string(),
            thousands(counts.documents),
        ];
        row.extend(counts.named().map(|(_, count)| thousands(count)));
        row.push(share(
            counts.rejected + counts.held + counts.failed,
            counts.documents,
        ));
        row.push(thousands(open));
        rows.push(row);
    }
    rows
}

fn incomplete(daily: &DailyReport) -> Vec<Vec<String>> {
    // What has not been modified since has its reason, and is complete.
    let is_whole = |read: &&ReadRow| read.state.is_whole();
    let with_reason = daily
        .reads
        .iter()
        .filter(|read| !is_whole(read))
        .filter_map(|read| Some((read, read.why.as_ref()?)));
    with_reason
        .map(|(read, why)| {
            vec![
                read.source_id.clone(),
                read.state.to_string(),
                line(why, 200),
            ]
        })
        .collect()
}

fn counts_of(run: Option<&RunRow>, source: &str) -> OutcomeCounts {
    let summary = run.and_then(|run| run.summary.as_ref());
    let counts = summary
        .and_then(|summary| summary.get("sources")?.get(source))
        .cloned();
    counts
        .and_then(|counts| serde_json::from_value(counts).ok())
        .unwrap_or_default()
}

fn stages(daily: &DailyReport) -> Vec<Vec<String>> {
    let mut rows = vec![texts([
        "source",
        "stage",
        "in",
        "out",
        "rejected",
        "error rate",
        "time",
        "ms per job",
    ])];
    for stage in &daily.stages {
        #[allow(clippy::cast_precision_loss, reason = "shown with three digits")]
        let per_job = stage.micros as f64 / 1000.0 / stage.rows_in as f64;
        // Time without a job is no time per job.
        let per_job = if stage.rows_in > 0 {
            format!("{per_job:.3}")
        } else {
            "-".to_owned()
        };
        rows.push(vec![
            stage.source_id.clone(),
            stage.stage.clone(),
            thousands(stage.rows_in),
            thousands(stage.rows_out),
            thousands(stage.refused),
            share(stage.refused, stage.rows_in),
            took(stage.micros / 1000),
            per_job,
        ]);
    }
    if rows.len() == 1 { Vec::new() } else { rows }
}

/// Values that were there and could not be read, a line for each field.
pub fn lost(all: &[SourceLosses]) -> Vec<Vec<String>> {
    let rows = all.iter().flat_map(|one| {
        loss::lines(&one.fields)
            .into_iter()
            .map(move |words| vec![one.source.clone(), words])
    });
    rows.collect()
}

/// What is decided of the open jobs, by framework.
fn roles(daily: &DailyReport) -> Vec<Vec<String>> {
    let row = |one: &RoleCoverage| {
        let percent = share(one.roles + one.groups, one.jobs);
        vec![
            one.framework.clone(),
            format!("{percent} decided"),
            counted(usize::try_from(one.roles).unwrap_or(usize::MAX), "role"),
            format!("{} groups", one.groups),
            format!("{} to review", one.review),
            format!("{} open", one.jobs - one.roles - one.groups - one.review),
        ]
    };
    daily.roles.iter().map(row).collect()
}

fn unmatched(daily: &DailyReport) -> Vec<Vec<String>> {
    let row = |one: &UnmatchedTitle| {
        vec![
            line(&one.title, 60),
            one.framework.clone(),
            thousands(one.jobs),
        ]
    };
    daily.unmatched.iter().map(row).collect()
}

fn reasons(daily: &DailyReport) -> Vec<Vec<String>> {
    let row = |reason: &ReasonRow| {
        vec![
            reason.source_id.clone(),
            reason.kind.clone(),
            line(&reason.message, 110),
            counted(usize::try_from(reason.ads).unwrap_or_default(), "ad"),
            format!("e.g. {}", line(&reason.example, 30)),
        ]
    };
    daily.reasons.iter().map(row).collect()
}

fn held(daily: &DailyReport) -> Vec<Vec<String>> {
    let at = daily
        .run
        .as_ref()
        .map_or_else(Default::default, |run| run.at);
    let row = |hold: &Hold| {
        let age = WaitingHolds::days(at - hold.opened_at);
        vec![
            format!("hold {}", super::holds::name(hold)),
            hold.kind.to_string(),
            hold.source_id.clone(),
            age,
            line(&hold.reason, 120),
        ]
    };
    let mut rows: Vec<Vec<String>> = daily.holds.iter().take(10).map(row).collect();
    if daily.holds.len() > 10 {
        rows.push(vec![format!("and {} more", daily.holds.len() - 10)]);
    }
    let behind = |one: &WaitingHolds| {
        Some(vec![
            "behind".to_owned(),
            one.kind.to_string(),
            one.source.clone(),
            String::new(),
            one.behind()?,
        ])
    };
    rows.extend(daily.waiting.iter().filter_map(behind));
    rows
}

/// The tables once for all institutions, for they share them, and how they have grown since the
/// run before, of the institution that ran first.
///
/// # Errors
/// The database failed.
pub fn tables<'f>(
    connection: &'f mut PgConnection,
    all: &'f [DailyReport],
) -> BoxFuture<'f, Result<String>> {
    Box::pin(async move {
        let bytes = figures::table_bytes(connection).await?;
        let of =
            |run: &'_ RunRow| Some((run.started_at, run.summary.as_ref()?.get("tables")?.clone()));
        let measured = all
            .iter()
            .filter_map(|daily| daily.earlier.iter().find_map(of));
        let before = measured.min_by_key(|(started, _)| *started);
        let since = before.as_ref();
        let since = since.map(|(at, _)| format!(", growth since {}", at.format("%Y-%m-%d %H:%MZ")));
        let mut out = String::new();
        let title = format!("tables of all institutions{}", since.unwrap_or_default());
        section(
            &mut out,
            &title,
            &table_rows(&bytes, before.as_ref().map(|(_, tables)| tables)),
            1,
        );
        Ok(out)
    })
}

fn table_rows(bytes: &BTreeMap<String, i64>, before: Option<&Json>) -> Vec<Vec<String>> {
    let grown = |table: &str, now: i64| {
        before
            .and_then(|tables| tables.get(table))
            .and_then(Json::as_i64)
            .map_or(0, |before| now - before)
    };
    let row = |table: &str, bytes: i64, growth: i64| {
        vec![
            table.to_owned(),
            size(bytes),
            if growth == 0 {
                String::new()
            } else {
                format!("{}{}", if growth > 0 { "+" } else { "" }, size(growth))
            },
        ]
    };
    let mut rows: Vec<Vec<String>> = bytes
        .iter()
        .map(|(table, bytes)| row(table, *bytes, grown(table, *bytes)))
        .collect();
    let (all, growth) = (
        bytes.values().sum(),
        bytes
            .iter()
            .map(|(table, bytes)| grown(table, *bytes))
            .sum(),
    );
    rows.push(row("all", all, growth));
    rows
}
