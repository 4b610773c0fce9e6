//! What is wrong with institutions now, since when, and whether it is new: the errors of the newest
//! run beside those of the runs before. It decides the exit code of a run and the order of the
//! overview, so it must never call an error known that the run before did not have.
//!
//! An error is one source and one kind of alert; its words may differ from day to day.

use super::columns::{columns, line};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use uuid::Uuid;
use weir_model::Clock;
use weir_store::PgConnection;
use weir_store::Result;
use weir_store::figures::{self, RunErrorRow};

/// Runs that are looked at: an error that is older has lasted since the oldest of them.
const RUNS: i64 = 90;

/// An institution, by its newest run.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct InstitutionHealth {
    /// Its name.
    pub institution: String,
    /// The clock of its newest run, if it has run.
    pub at: Option<DateTime<Utc>>,
    /// running, done, failed, interrupted.
    pub status: String,
    /// What is wrong.
    pub errors: Vec<LastingError>,
    /// What is odd but handled.
    pub warnings: Vec<String>,
    /// What was wrong in the run before and is no longer, if nothing else is wrong.
    pub mended: Option<String>,
}

/// An error of the newest run.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct LastingError {
    /// The source; empty for the institution.
    pub source: String,
    /// What kind, as in `alerts.kind`.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// The clock of the first run in a row that had it.
    pub since: DateTime<Utc>,
    /// Whether the run before did not have it.
    pub is_new: bool,
}

impl LastingError {
    /// Since when, in words: `new` or `since 2026-09-01`.
    pub fn age(&self) -> String {
        if self.is_new {
            "new".to_owned()
        } else {
            format!("since {}", self.since.format("%Y-%m-%d"))
        }
    }
}

/// The health of institutions, each with its name, in their order.
///
/// # Errors
/// The database failed.
pub fn collect<'f>(
    connection: &'f mut PgConnection,
    institutions: &'f [(Uuid, String)],
) -> BoxFuture<'f, Result<Vec<InstitutionHealth>>> {
    Box::pin(async move {
        let ids: Vec<Uuid> = institutions.iter().map(|(id, _)| *id).collect();
        let mut rows: BTreeMap<Uuid, Vec<RunErrorRow>> = BTreeMap::new();
        for row in figures::run_errors(connection, &ids, RUNS).await? {
            rows.entry(row.institution_id).or_default().push(row);
        }
        let of = |(id, name): &(Uuid, String)| InstitutionHealth {
            institution: name.clone(),
            ..health(rows.get(id).map(Vec::as_slice).unwrap_or_default())
        };
        Ok(institutions.iter().map(of).collect())
    })
}

/// What rows of one institution say, the newest run first.
fn health(rows: &[RunErrorRow]) -> InstitutionHealth {
    let Some(newest) = rows.first() else {
        return InstitutionHealth::default();
    };
    let mut runs: Vec<(&RunErrorRow, BTreeSet<(&str, &str)>)> = Vec::new();
    for row in rows {
        if runs.last().is_none_or(|(run, _)| run.run != row.run) {
            runs.push((row, BTreeSet::new()));
        }
        if let Some((_, errors)) = runs.last_mut() {
            errors.extend(keys(row));
        }
    }
    let mut seen = BTreeSet::new();
    let newest_rows = rows.iter().take_while(|row| row.run == newest.run);
    let newest_keys = newest_rows.flat_map(|row| keys(row).map(move |key| (row, key)));
    let errors = newest_keys
        .filter(|(_, key)| seen.insert(*key))
        .map(|(row, key)| {
            let lasting = runs.iter().take_while(|(_, errors)| errors.contains(&key));
            let since = lasting.clone().last().map_or(row.at, |(run, _)| run.at);
            let of_run = row.error.as_ref().filter(|_| key == RUN_FAILED);
            let message = of_run.or(row.message.as_ref()).cloned().unwrap_or_default();
            let (source, kind) = (key.0.to_owned(), key.1.to_owned());
            LastingError {
                source,
                kind,
                message,
                since,
                is_new: lasting.count() < 2,
            }
        });
    let errors: Vec<LastingError> = errors.collect();
    let before = runs
        .get(1)
        .filter(|_| errors.is_empty() && newest.status == "done");
    let mended = before.and_then(|(run, _)| {
        let of_it = rows.iter().filter(|row| row.run == run.run);
        of_it
            .filter(|row| keys(row).next().is_some())
            .find_map(|row| row.message.clone().or(row.error.clone()))
    });
    let is_warning = |row: &&RunErrorRow| row.severity.as_deref() == Some("warn");
    let warnings = rows
        .iter()
        .take_while(|row| row.run == newest.run)
        .filter(is_warning);
    let warnings = warnings.filter_map(|row| row.message.clone()).collect();
    InstitutionHealth {
        at: Some(newest.at),
        status: newest.status.clone(),
        errors,
        warnings,
        mended,
        ..Default::default()
    }
}

/// What an error is known by that is no alert: the run failed.
const RUN_FAILED: (&str, &str) = ("", "run_failed");

/// What the errors of a row are known by.
fn keys(row: &RunErrorRow) -> impl Iterator<Item = (&str, &str)> {
    let alert = row
        .source_id
        .as_deref()
        .zip(row.kind.as_deref())
        .filter(|_| row.severity.as_deref() == Some("error"));
    alert
        .into_iter()
        .chain((row.status == "failed").then_some(RUN_FAILED))
}

/// The command that shows more about an error, and what it shows.
fn step(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "all_refused" | "rule_broken" => ("failures list", "shows the ads with their reasons"),
        "mass_retirement" | "mass_closing" | "recycled" | "renumbered" | "quality" => {
            ("holds list", "shows what waits for a decision")
        }
        "last_good" => ("check", "shows the mistakes in the YAML"),
        "run_failed" | "source_failed" => ("report", "shows the run"),
        _ => ("preview", "reads the board again and shows what comes"),
    }
}

/// What an operator does next about an error: a command, and what it shows.
pub fn next_step(institution: &str, kind: &str) -> String {
    let (command, shows) = step(kind);
    format!("`weir {command} {institution}` {shows}")
}

/// Institutions, the worst first.
pub fn worst_first(all: &[InstitutionHealth]) -> Vec<&InstitutionHealth> {
    let mut sorted: Vec<&InstitutionHealth> = all.iter().collect();
    let rank = |one: &InstitutionHealth| {
        let new = one.errors.iter().filter(|error| error.is_new).count();
        (
            std::cmp::Reverse(new),
            std::cmp::Reverse(one.errors.len()),
            one.at.is_some(),
            one.warnings.is_empty(),
            one.mended.is_none(),
        )
    };
    sorted.sort_by_key(|one| rank(one));
    sorted
}

/// One line for each institution, the worst first: what is new before what is known, and errors
/// before warnings.
pub fn overview(all: &[InstitutionHealth], at: Clock) -> String {
    let sorted = worst_first(all);
    let failing = all.iter().filter(|one| !one.errors.is_empty()).count();
    let new = all
        .iter()
        .filter(|one| one.errors.iter().any(|error| error.is_new))
        .count();
    let mut out = String::new();
    let failing = if failing == 0 {
        "none failing".to_owned()
    } else {
        format!("{failing} failing, {new} of them newly")
    };
    let warned = all
        .iter()
        .filter(|one| one.errors.is_empty() && !one.warnings.is_empty())
        .count();
    let warned = if warned == 0 {
        String::new()
    } else {
        format!(", {warned} with warnings")
    };
    let _ = writeln!(out, "{} institutions, {failing}{warned}", all.len());
    let rows: Vec<Vec<String>> = sorted.into_iter().map(|one| row(one, at)).collect();
    out.push_str(&columns(&rows, 5));
    out
}

/// Where an institution stands, in a word or three.
pub fn standing(one: &InstitutionHealth) -> String {
    if one.at.is_none() && one.status.is_empty() {
        return "has never run".to_owned();
    }
    let oldest = one.errors.iter().min_by_key(|error| error.since);
    match oldest {
        None if one.status == "done" && one.warnings.is_empty() => if one.mended.is_some() {
            "ok again"
        } else {
            "ok"
        }
        .to_owned(),
        None if one.status == "done" => "warn".to_owned(),
        None => one.status.clone(),
        Some(oldest) if oldest.is_new => "NEW".to_owned(),
        Some(oldest) => format!("failing {}", oldest.age()),
    }
}

/// What is wrong with an institution, in words.
pub fn words(one: &InstitutionHealth) -> String {
    let errors = one.errors.iter().map(|error| &error.message);
    let mended = one.mended.iter().map(|message| format!("was: {message}"));
    let words = errors
        .chain(&one.warnings)
        .cloned()
        .chain(mended)
        .map(|message| line(&message, 140));
    words.collect::<Vec<_>>().join("; ")
}

fn row(one: &InstitutionHealth, at: Clock) -> Vec<String> {
    let Some(last) = one.at else {
        return ["", &one.institution, "has never run", "", ""]
            .map(str::to_owned)
            .to_vec();
    };
    let ran = match (at.0 - last).num_hours() {
        ..36 => last.format("%Y-%m-%d %H:%MZ").to_string(),
        hours => format!(
            "{} ({} days ago)",
            last.format("%Y-%m-%d %H:%MZ"),
            hours / 24
        ),
    };
    let standing = standing(one);
    let command = |kind: &str| format!("weir {} {}", step(kind).0, one.institution);
    // The newest error has not been looked at yet.
    let next = one
        .errors
        .iter()
        .max_by_key(|error| error.since)
        .map(|error| command(&error.kind));
    let warned = one.warnings.first().map(|_| command(""));
    let words = words(one);
    vec![
        standing,
        one.institution.clone(),
        ran,
        next.or(warned).unwrap_or_default(),
        words,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::RunId;

    fn rows(runs: &[(i64, &[(&str, &str)])]) -> Vec<RunErrorRow> {
        let mut all = Vec::new();
        for (run, errors) in runs {
            let row = RunErrorRow {
                institution_id: Uuid::nil(),
                run: RunId(*run),
                at: DateTime::from_timestamp(run * 86_400, 0).unwrap(),
                status: "done".to_owned(),
                error: None,
                source_id: None,
                kind: None,
                severity: None,
                message: None,
            };
            all.extend(errors.is_empty().then(|| row.clone()));
            all.extend(errors.iter().map(|(source, kind)| RunErrorRow {
                source_id: Some((*source).to_owned()),
                kind: Some((*kind).to_owned()),
                severity: Some(if *kind == "quality" { "warn" } else { "error" }.to_owned()),
                message: Some(format!("{source} {kind} {run}")),
                ..row.clone()
            }));
        }
        all
    }

    #[test]
    fn an_error_lasts_since_the_first_run_in_a_row_that_had_it() {
        let dead: &[(&str, &str)] = &[("board", "source_unreachable")];
        let both: &[(&str, &str)] = &[("board", "source_unreachable"), ("b2", "source_partial")];
        let found = health(&rows(&[
            (5, both),
            (4, dead),
            (3, dead),
            (2, &[]),
            (1, both),
        ]));
        let said = |error: &LastingError| format!("{} {}", error.source, error.age());
        let said: Vec<String> = found.errors.iter().map(said).collect();
        assert_eq!(said, ["board since 1970-01-04", "b2 new"]);
        assert_eq!(health(&rows(&[(2, &[]), (1, dead)])).errors.len(), 0);
        let warned = health(&rows(&[(2, &[("board", "quality")])]));
        assert_eq!(
            (warned.errors.len(), warned.warnings),
            (0, vec!["board quality 2".to_owned()])
        );
        assert_eq!(
            health(&rows(&[(2, &[]), (1, dead)])).mended.as_deref(),
            Some("board source_unreachable 1")
        );
        assert_eq!(health(&rows(&[(3, &[]), (2, &[]), (1, dead)])).mended, None);
        assert_eq!(health(&[]).at, None);
    }

    #[test]
    fn the_worst_comes_first() {
        let one = |name: &str, errors: Vec<LastingError>| InstitutionHealth {
            institution: name.to_owned(),
            at: DateTime::from_timestamp(86_400, 0),
            status: "done".to_owned(),
            errors,
            warnings: Vec::new(),
            mended: None,
        };
        let error = |is_new| LastingError {
            source: "board".to_owned(),
            kind: "source_partial".to_owned(),
            message: "it broke off".to_owned(),
            since: DateTime::from_timestamp(0, 0).unwrap(),
            is_new,
        };
        let never = InstitutionHealth {
            institution: "never".to_owned(),
            ..Default::default()
        };
        let odd = InstitutionHealth {
            warnings: vec!["fewer ads".to_owned()],
            ..one("odd", Vec::new())
        };
        let all = [
            one("fine", Vec::new()),
            odd,
            one("old", vec![error(false)]),
            never,
            one("fresh", vec![error(true)]),
        ];
        let text = overview(&all, Clock(DateTime::from_timestamp(90_000, 0).unwrap()));
        let names: Vec<usize> = ["fresh", "old", "never", "odd", "fine"]
            .iter()
            .map(|name| text.find(name).unwrap())
            .collect();
        assert!(
            names.is_sorted()
                && text.starts_with("5 institutions, 2 failing, 1 of them newly, 1 with warnings"),
            "{text}"
        );
        assert!(
            text.contains("NEW")
                && text.contains("failing since 1970-01-01")
                && text.contains("weir preview fresh"),
            "{text}"
        );
    }
}
