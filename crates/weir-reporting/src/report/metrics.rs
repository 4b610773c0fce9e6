//! The figures of a scrape as OpenMetrics text, which Prometheus and node_exporter read. Names
//! begin with `weir_`, units are base units, and labels are bounded by the project: institutions,
//! sources, stages, rules, never a title or an error.
//!
//! To add a metric: a line in [`FAMILIES`], which the documentation, the dashboard and the rules
//! for Prometheus are checked against, and its samples in [`samples`].

use chrono::{DateTime, Utc};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use weir_project::plan::Plan;
use weir_project::plan::due::DueTimes;
use weir_store::metrics::{DURATION_BOUNDS, MetricsScrape, SourceTally, StageTally};

/// What `/metrics` is served as.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Samples of one name.
pub struct MetricFamily {
    /// Its name; samples of a counter end with `_total`.
    pub name: &'static str,
    /// counter, gauge or histogram.
    pub kind: MetricType,
    /// What it says.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> MetricFamily {
    MetricFamily {
        name,
        kind: MetricType::Counter,
        help,
        labels,
    }
}

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> MetricFamily {
    MetricFamily {
        kind: MetricType::Gauge,
        ..counter(name, labels, help)
    }
}

const SOURCE: &[&str] = &["institution", "source"];
const NODE: &[&str] = &["institution", "source", "stage"];
const KIND: &[&str] = &["institution", "source", "kind"];

/// Every metric, in the order in which they are written.
#[rustfmt::skip]
pub const FAMILIES: [MetricFamily; 32] = [
    gauge("weir_build_info", &["version"], "Always 1, with the version of Weir"),
    counter("weir_documents_processed", SOURCE, "Ads that runs have looked at"),
    counter("weir_jobs_processed", &["institution", "source", "outcome"], "Ads by what became of them: created, updated, reopened, archived, unchanged, rejected, held, failed"),
    gauge("weir_jobs_open", SOURCE, "Open jobs at the end of the newest run"),
    counter("weir_reads", &["institution", "source", "state"], "Reads by how they ended: complete, empty, partial, blocked, unreachable"),
    counter("weir_read_bytes", SOURCE, "Bytes read from the source, after decompression"),
    gauge("weir_source_last_read_timestamp_seconds", SOURCE, "When the source was last read"),
    gauge("weir_source_last_complete_timestamp_seconds", SOURCE, "When the source was last read completely"),
    gauge("weir_source_read_completeness_ratio", SOURCE, "Ads of the newest read, of those that the source said it had; only where it says so"),
    counter("weir_stage_jobs", NODE, "Ads that reached the stage"),
    counter("weir_stage_refused", NODE, "Ads that the stage found reasons against, or held"),
    counter("weir_stage_failures", NODE, "Runs in which the stage itself failed"),
    MetricFamily { kind: MetricType::Histogram, ..counter("weir_stage_duration_seconds", NODE, "Seconds that the stage took in each run; divided by weir_stage_jobs, the time per job") },
    counter("weir_runs", &["institution", "status"], "Runs by how they ended: done, failed, interrupted, died"),
    counter("weir_run_seconds", &["institution", "status"], "Seconds that these runs took"),
    gauge("weir_institution_last_run_timestamp_seconds", &["institution", "status"], "Clock of the newest run that ended so"),
    gauge("weir_institution_next_due_timestamp_seconds", &["institution"], "When its schedule is due next"),
    gauge("weir_institution_late_seconds", &["institution"], "Time since its schedule was due and no run has begun; 0 if none is missing"),
    gauge("weir_holds_open", KIND, "Holds that wait for an operator"),
    gauge("weir_rule_failures", &["institution", "source", "rule"], "Ads of the newest run that the rule refuses or warns of"),
    gauge("weir_alerts_firing", &["institution", "source", "severity"], "Alerts that fire"),
    gauge("weir_table_bytes", &["table"], "Bytes of the table with its indexes"),
    gauge("weir_database_bytes", &[], "Bytes of the database"),
    gauge("weir_database_connections", &[], "Sessions of the database"),
    gauge("weir_database_connections_max", &[], "Sessions that the server allows"),
    gauge("weir_database_dead_rows", &[], "Dead rows that vacuum has not removed"),
    gauge("weir_database_live_rows", &[], "Live rows"),
    gauge("weir_database_oldest_xmin_age", &[], "Transactions since the oldest one that is still open"),
    gauge("weir_database_longest_transaction_seconds", &[], "How long the longest transaction has been open"),
    gauge("weir_queue_units", &["state"], "Units of work that wait, or that a worker has: waiting, leased"),
    gauge("weir_queue_oldest_seconds", &[], "How long the oldest unit that waits could have been claimed; 0 if none is late"),
    gauge("weir_leases", &[], "Leases that are held: institutions that run, and the schedule"),
];

/// The labels of a sample, in the order of its family.
type LabelValues = Vec<String>;

#[derive(Debug)]
enum SampleValue {
    Number(f64),
    /// The sum, and the observations of each bucket.
    Histogram(f64, Vec<(f64, u64)>),
}

/// Samples by the name of their family.
#[derive(Debug, Default)]
struct SampleSet(BTreeMap<&'static str, Vec<(LabelValues, SampleValue)>>);

impl SampleSet {
    fn add(&mut self, name: &'static str, labels: &[&str], value: impl Into<f64>) {
        self.push(name, labels, SampleValue::Number(value.into()));
    }

    fn push(&mut self, name: &'static str, labels: &[&str], value: SampleValue) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.0.entry(name).or_default().push((labels, value));
    }
}

impl Collector for SampleSet {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for family in &FAMILIES {
            let Some(samples) = self.0.get(family.name) else {
                continue;
            };
            let mut metric =
                encoder.encode_descriptor(family.name, family.help, None, family.kind)?;
            for (values, value) in samples {
                let names = family.labels.iter().copied();
                let labels: Vec<(&str, &str)> =
                    names.zip(values.iter().map(String::as_str)).collect();
                if labels.is_empty() {
                    write_sample(family, value, metric)?;
                    break;
                }
                write_sample(family, value, metric.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn write_sample(
    family: &MetricFamily,
    value: &SampleValue,
    mut encoder: MetricEncoder,
) -> fmt::Result {
    match value {
        SampleValue::Number(number) if matches!(family.kind, MetricType::Counter) => {
            ConstCounter::new(*number).encode(encoder)
        }
        SampleValue::Number(number) => ConstGauge::new(*number).encode(encoder),
        SampleValue::Histogram(sum, buckets) => {
            let count = buckets.iter().map(|(_, runs)| runs).sum();
            encoder.encode_histogram::<NoLabelSet>(*sum, count, buckets, None)
        }
    }
}

/// The text of a scrape at an instant.
pub fn text(scrape: &MetricsScrape, plans: &[Arc<Plan>], now: DateTime<Utc>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(samples(scrape, plans, now)));
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = encode(&mut out, &registry);
    out
}

fn samples(scrape: &MetricsScrape, plans: &[Arc<Plan>], now: DateTime<Utc>) -> SampleSet {
    let mut set = SampleSet::default();
    set.add("weir_build_info", &[env!("CARGO_PKG_VERSION")], 1.0);
    for source in &scrape.sources {
        of_source(&mut set, source);
    }
    for stage in &scrape.stages {
        of_stage(&mut set, stage);
    }
    of_runs(&mut set, scrape);
    for plan in plans {
        of_schedule(&mut set, scrape, plan, now);
    }
    let counts = [
        ("weir_holds_open", &scrape.holds),
        ("weir_rule_failures", &scrape.rules),
        ("weir_alerts_firing", &scrape.alerts),
    ];
    for (name, counts) in counts {
        for one in counts {
            let labels = [&one.institution, &one.source_id, &one.kind].map(String::as_str);
            set.add(name, &labels, wide(one.number));
        }
    }
    of_database(&mut set, scrape);
    let queue = scrape.queue;
    set.add("weir_queue_units", &["waiting"], wide(queue.waiting));
    set.add("weir_queue_units", &["leased"], wide(queue.working));
    let oldest = queue
        .oldest_ready_at
        .map_or(0, |ready| (now - ready).num_seconds().max(0));
    set.add("weir_queue_oldest_seconds", &[], wide(oldest));
    set.add("weir_leases", &[], wide(queue.leases));
    set
}

#[allow(
    clippy::cast_precision_loss,
    reason = "machines read floats; counts below 2^53 are exact"
)]
fn wide(number: i64) -> f64 {
    number as f64
}

fn of_source(set: &mut SampleSet, tally: &SourceTally) {
    let names = [tally.institution.as_str(), tally.source_id.as_str()];
    let [institution, source] = names;
    set.add("weir_documents_processed", &names, wide(tally.documents));
    let outcomes = [
        ("created", tally.created),
        ("updated", tally.updated),
        ("reopened", tally.reopened),
        ("archived", tally.archived),
        ("unchanged", tally.unchanged),
        ("rejected", tally.rejected),
        ("held", tally.held),
        ("failed", tally.failed),
    ];
    for (outcome, count) in outcomes {
        let labels = [institution, source, outcome];
        set.add("weir_jobs_processed", &labels, wide(count));
    }
    set.add("weir_jobs_open", &names, wide(tally.open_jobs));
    for (state, count) in tally.reads.named() {
        set.add("weir_reads", &[institution, source, state], wide(count));
    }
    set.add("weir_read_bytes", &names, wide(tally.bytes_read));
    let instants = [
        (
            "weir_source_last_read_timestamp_seconds",
            tally.last_read_at,
        ),
        (
            "weir_source_last_complete_timestamp_seconds",
            tally.last_complete_at,
        ),
    ];
    for (name, at) in instants {
        if let Some(at) = at {
            set.add(name, &names, wide(at.timestamp()));
        }
    }
    if let Some((items, stated)) = tally
        .last_items
        .zip(tally.last_stated)
        .filter(|(_, of)| *of > 0)
    {
        let ratio = wide(items) / wide(stated);
        set.add("weir_source_read_completeness_ratio", &names, ratio);
    }
}

fn of_stage(set: &mut SampleSet, tally: &StageTally) {
    let names = [&tally.institution, &tally.source_id, &tally.stage].map(String::as_str);
    set.add("weir_stage_jobs", &names, wide(tally.rows_in));
    set.add("weir_stage_refused", &names, wide(tally.refused));
    set.add("weir_stage_failures", &names, wide(tally.failures));
    let runs_of = |bucket: usize| {
        let held = tally.buckets.iter().zip(&tally.bucket_runs);
        let runs = held
            .filter(|(held, _)| usize::try_from(**held) == Ok(bucket))
            .map(|(_, runs)| *runs)
            .sum::<i64>();
        u64::try_from(runs).unwrap_or_default()
    };
    let bounds = DURATION_BOUNDS.iter().map(|micros| wide(*micros) / 1e6);
    let buckets = bounds.chain([f64::INFINITY]).enumerate();
    let buckets = buckets.map(|(bucket, bound)| (bound, runs_of(bucket)));
    let value = SampleValue::Histogram(wide(tally.micros) / 1e6, buckets.collect());
    set.push("weir_stage_duration_seconds", &names, value);
}

fn of_runs(set: &mut SampleSet, scrape: &MetricsScrape) {
    for run in &scrape.runs {
        let names = [run.institution.as_str(), run.status.as_str()];
        set.add("weir_runs", &names, wide(run.runs));
        set.add("weir_run_seconds", &names, wide(run.millis) / 1000.0);
        let last = "weir_institution_last_run_timestamp_seconds";
        set.add(last, &names, wide(run.last_at.timestamp()));
    }
}

fn of_schedule(set: &mut SampleSet, scrape: &MetricsScrape, plan: &Plan, now: DateTime<Utc>) {
    let Some(due) = DueTimes::of(plan) else {
        return;
    };
    let names = [plan.institution.slug.as_str()];
    if let Some(next) = due.next(now) {
        let name = "weir_institution_next_due_timestamp_seconds";
        set.add(name, &names, wide(next.timestamp()));
    }
    let of_it = scrape.runs.iter().filter(|run| run.institution == names[0]);
    if let Some(last) = of_it.map(|run| run.last_at).max() {
        let late = late_by(&due, last, now).num_seconds();
        set.add("weir_institution_late_seconds", &names, wide(late));
    }
}

/// How long ago the first run after the newest one was due; zero if none is missing.
pub fn late_by(due: &DueTimes, last: DateTime<Utc>, now: DateTime<Utc>) -> chrono::TimeDelta {
    let missed = due.next(last).map(|due| due.to_utc());
    missed
        .filter(|missed| *missed < now)
        .map_or(chrono::TimeDelta::zero(), |missed| now - missed)
}

fn of_database(set: &mut SampleSet, scrape: &MetricsScrape) {
    for (table, bytes) in &scrape.tables {
        set.add("weir_table_bytes", &[table], wide(*bytes));
    }
    let server = &scrape.server;
    let figures = [
        ("weir_database_bytes", wide(server.bytes)),
        ("weir_database_connections", wide(server.connections)),
        (
            "weir_database_connections_max",
            wide(server.connections_max),
        ),
        ("weir_database_dead_rows", wide(server.dead_rows)),
        ("weir_database_live_rows", wide(server.live_rows)),
        (
            "weir_database_oldest_xmin_age",
            wide(server.oldest_xmin_age),
        ),
        (
            "weir_database_longest_transaction_seconds",
            server.longest_transaction_seconds,
        ),
    ];
    for (name, value) in figures {
        set.add(name, &[], value);
    }
}

/// The table of all metrics, as Markdown.
pub fn reference() -> String {
    let mut out = String::from("| metric | type | labels | meaning |\n|---|---|---|---|\n");
    for family in &FAMILIES {
        let (kind, total) = match family.kind {
            MetricType::Counter => ("counter", "_total"),
            MetricType::Histogram => ("histogram", ""),
            _ => ("gauge", ""),
        };
        let labels = family.labels.join(", ");
        out += &format!(
            "| `{}{total}` | {kind} | {labels} | {} |\n",
            family.name, family.help
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_is_counted_from_the_first_run_that_is_missing() {
        let due = DueTimes::new("0 5 * * *", chrono_tz::UTC).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let late = |last, now| late_by(&due, at(last), at(now)).num_hours();
        assert_eq!(late("2026-09-01T05:00:00Z", "2026-09-02T04:59:00Z"), 0);
        assert_eq!(late("2026-09-01T05:00:00Z", "2026-09-02T07:00:00Z"), 2);
        assert_eq!(late("2026-09-01T05:00:00Z", "2026-09-04T05:00:00Z"), 48);
    }

    #[test]
    fn every_metric_has_a_name_of_its_own_and_bounded_labels() {
        let mut names: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
        assert!(names.iter().all(|name| name.starts_with("weir_")));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAMILIES.len());
        let free = ["title", "message", "error", "url", "id"];
        let mut labels = FAMILIES.iter().flat_map(|family| family.labels);
        assert!(labels.all(|label| !free.contains(label)));
    }
}
