//! The plan of jobs as `weir run --dry-run` and `weir plan --jobs` show it: which records, in which
//! form, into which file.

use super::{CommandContext, CommandFailure, out, unknown_name};
use crate::diagnostic::one_of;
use crate::engine::DryRun;
use crate::engine::saved::{self, SavedPlan};
use crate::model::{
    CUSTOM_PREFIX, Field, OutcomeCounts, RECORD_KINDS, RecordFilter, RecordKind, field::FIELDS,
};
use crate::plan::Plan;
use crate::report::records::html;
use crate::report::records::text::{self, RecordsLayout};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the signs mean, for `--help`.
pub(super) const HELP: &str = "The plan of jobs: + create, ~ update, ^ reopen, - archive, ! held, x rejected or failed, ? a \
     question for an operator, = unchanged.\n\nA dry run is the real run rolled back, so the plan \
     is what a run does now. `--out FILE` saves it, and `weir apply FILE` does exactly that, or \
     nothing if the tables or the YAML have changed since. docs/reference/plan.md has the details \
     and the JSON format.";

/// Default number of records shown per type and source.
const SHOWN: usize = 10;
/// The same of a page, which is put together in memory.
const ON_A_PAGE: usize = 2_000;

/// Which records, and how.
#[derive(clap::Args, Default)]
#[command(next_help_heading = "The plan of jobs")]
pub(super) struct RecordsArgs {
    /// Show only records of this type; can be repeated
    #[arg(long, value_name = "KIND", value_parser = kind())]
    only: Vec<RecordKind>,
    /// Show only records of this source, and let `weir run` read no other; can be repeated
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Show only records that touch this field, such as `close_date` or a custom field; can be
    /// repeated
    #[arg(long, value_name = "FIELD")]
    field: Vec<String>,
    /// How many records of each type and source to show, 0 for all (default 10; with --json all)
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Also write a page for the browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Save the plan and the documents that were read, for `weir apply`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What may change in a job besides its mapped fields; `extra` is all custom fields.
const MORE_FIELDS: [&str; 5] = [
    "company_id",
    "division_id",
    "extra",
    "original_id",
    "status",
];

/// Whether a field is one of the institution's own, which a job keeps in `extra`.
fn is_custom(field: &str) -> bool {
    !MORE_FIELDS.contains(&field) && Field::named(field).is_none()
}

fn unknown(what: &str, name: &str, known: &[&str]) -> CommandFailure {
    unknown_name(what, name, known.iter().copied(), || {
        format!("known: {}", one_of(known.iter().copied()))
    })
}

fn kind() -> impl TypedValueParser<Value = RecordKind> {
    let named = |name: String| {
        RECORD_KINDS
            .into_iter()
            .find(|what| what.name() == name)
            .unwrap_or(RecordKind::Update)
    };
    PossibleValuesParser::new(RECORD_KINDS.map(RecordKind::name)).map(named)
}

impl RecordsArgs {
    /// Refuses what only a plan of jobs has.
    pub(super) fn only_with(&self, flag: &str, besides: &[&str]) -> Result<(), CommandFailure> {
        let given = [
            ("--only", !self.only.is_empty()),
            ("--source", !self.source.is_empty()),
            ("--field", !self.field.is_empty()),
            ("--limit", self.limit.is_some()),
            ("--html", self.html.is_some()),
            ("--out", self.out.is_some()),
        ];
        let refused = |(name, given): &(&str, bool)| *given && !besides.contains(name);
        match given.into_iter().find(refused) {
            Some((name, _)) => Err(
                CommandFailure::nothing(format!("`{name}` requires `{flag}`"))
                    .help(format!("add `{flag}`")),
            ),
            None => Ok(()),
        }
    }

    /// The sources that were asked for.
    pub(super) fn sources(&self) -> &[String] {
        &self.source
    }

    /// Refuses unknown names, and unwritable paths, before anything is read.
    pub(super) fn check(&self, plans: &[Arc<Plan>]) -> Result<(), CommandFailure> {
        let known: Vec<&str> = plans
            .iter()
            .flat_map(|plan| plan.flows.iter().map(|flow| flow.source.as_str()))
            .collect();
        if let Some(source) = self
            .source
            .iter()
            .find(|source| !known.contains(&source.as_str()))
        {
            return Err(unknown("source", source, &known));
        }
        let mapped = plans
            .iter()
            .flat_map(|plan| &plan.flows)
            .flat_map(|flow| flow.gauge.fields())
            .map(String::as_str);
        let custom: BTreeSet<&str> = mapped.filter(|field| is_custom(field)).collect();
        let fields: Vec<&str> = FIELDS
            .iter()
            .map(|field| field.name())
            .chain(MORE_FIELDS)
            .chain(custom)
            .collect();
        if let Some(field) = self
            .field
            .iter()
            .find(|field| !fields.contains(&field.strip_prefix(CUSTOM_PREFIX).unwrap_or(field)))
        {
            return Err(unknown("field", field, &fields));
        }
        let folder = |file: &&PathBuf| {
            file.parent()
                .is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
        };
        match self.html.iter().chain(&self.out).find(folder) {
            Some(file) => Err(CommandFailure::nothing(format!(
                "cannot write `{}`: the folder does not exist",
                file.display()
            ))
            .help("create it, or choose another")),
            None => Ok(()),
        }
    }

    pub(super) fn wanted(&self, json: bool) -> RecordFilter {
        let limit = match self.limit {
            Some(limit) => limit,
            None if json => 0,
            None => {
                if self.html.is_some() {
                    ON_A_PAGE
                } else {
                    SHOWN
                }
            }
        };
        RecordFilter {
            only: self.only.clone(),
            sources: self.source.clone(),
            fields: self.fields(),
            limit: (limit > 0).then_some(limit),
        }
    }

    /// The wanted fields, custom ones as `extra.NAME`.
    fn fields(&self) -> Vec<String> {
        self.field
            .iter()
            .map(|field| {
                if is_custom(field) && !field.starts_with(CUSTOM_PREFIX) {
                    format!("{CUSTOM_PREFIX}{field}")
                } else {
                    field.clone()
                }
            })
            .collect()
    }

    pub(super) fn saves(&self) -> bool {
        self.out.is_some()
    }

    fn look<'f>(&self, edge: &CommandContext, fields: &'f [String]) -> RecordsLayout<'f> {
        RecordsLayout {
            ink: edge.ink(),
            width: edge.width,
            fields,
            limit: self.limit.unwrap_or(SHOWN),
            is_whole: self.only.is_empty() && self.source.is_empty() && fields.is_empty(),
        }
    }

    /// A line an institution and source.
    pub(super) fn overview(&self, edge: &CommandContext, plans: &[&DryRun]) {
        put!("{}", text::overview(plans, self.look(edge, &self.fields())));
    }

    /// Record by record.
    pub(super) fn text(&self, edge: &CommandContext, plan: &DryRun) -> Result<(), CommandFailure> {
        gone_is_fine(text::write(
            &mut out::lines(),
            plan,
            self.look(edge, &self.fields()),
        ))
    }

    /// A line a plan with its counts, and a line a record.
    pub(super) fn json_lines(&self, plans: &[&DryRun]) -> Result<(), CommandFailure> {
        let write = || -> std::io::Result<()> {
            let mut out = out::lines();
            for plan in plans {
                let summary = &plan.summary;
                let (slug, sources) = (&summary.institution, &summary.sources);
                let found = &plan.records.found;
                writeln!(
                    out,
                    "{}",
                    json!({ "event": "plan", "format": 1, "institution": slug, "at": summary.at, "total": summary.total, "sources": sources, "records": found, "openings": summary.openings })
                )?;
                for line in plan.records.lines()? {
                    let mut record: Json = serde_json::from_str(&line?)?;
                    record["event"] = json!("record");
                    record["institution"] = json!(slug);
                    writeln!(out, "{record}")?;
                }
                for news in &plan.openings {
                    let mut one = json!(news);
                    one["event"] = json!("opening");
                    one["institution"] = json!(slug);
                    writeln!(out, "{one}")?;
                }
            }
            out.flush()
        };
        gone_is_fine(write())
    }

    /// The page, and the saved plan.
    pub(super) fn files(
        &self,
        edge: &CommandContext,
        plans: &[&DryRun],
    ) -> Result<(), CommandFailure> {
        let failed = |file: &Path, why: &dyn std::fmt::Display| {
            CommandFailure::failed(format!("cannot write `{}`: {why}", file.display()))
        };
        if let Some(file) = &self.html {
            let written = html(plans, &self.fields()).and_then(|page| out::write_file(file, &page));
            written.map_err(|error| failed(file, &error))?;
            tell!("written to {}", file.display());
        }
        if let Some(file) = &self.out {
            let saved: Vec<&SavedPlan> = plans
                .iter()
                .filter_map(|plan| plan.saved.as_ref())
                .collect();
            if saved.is_empty() {
                return Err(failed(file, &"no institution could be planned"));
            }
            saved::write(file, &saved, (edge.now)()).map_err(|error| failed(file, &error))?;
            let total = plans
                .iter()
                .fold(OutcomeCounts::default(), |mut total, plan| {
                    total.add(&plan.summary.total);
                    total
                });
            tell!(
                "saved the complete plan ({1}) to {0}; `weir apply {0}` applies exactly that",
                file.display(),
                text::in_words(&total)
            );
        }
        Ok(())
    }
}

/// A reader that has gone away is not a failure.
fn gone_is_fine(written: std::io::Result<()>) -> Result<(), CommandFailure> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
