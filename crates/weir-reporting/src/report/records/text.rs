//! The plan of jobs as text.

use super::openings::plans;
use super::{UNCHANGED, changed, changes, gist, noted, reasons, sign, sources, totals, why};
use crate::report::columns::{columns, line};
use crate::report::difference::ValueDifference;
use crate::report::ink::TerminalInk;
use crate::report::summary::notes;
use std::io::{Result, Write};
use weir_model::{OutcomeCounts, ReadState, RecordKind, RunRecord};
use weir_project::plan::picture::thousands;
use weir_runtime::engine::DryRun;

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub struct RecordsLayout<'l> {
    /// Colours.
    pub ink: TerminalInk,
    /// Characters in a line.
    pub width: usize,
    /// Fields to which differences are limited.
    pub fields: &'l [String],
    /// How many records of each type and source are shown; 0 for all.
    pub limit: usize,
    /// Whether records of all types are wanted.
    pub is_whole: bool,
}

impl RecordsLayout<'_> {
    fn paint(&self, what: Option<RecordKind>, text: String) -> String {
        match what {
            Some(RecordKind::Create) => self.ink.green(text),
            Some(RecordKind::Update) => self.ink.yellow(text),
            Some(RecordKind::Reopen) => self.ink.blue(text),
            Some(RecordKind::Archive | RecordKind::Rejected | RecordKind::Failed) => {
                self.ink.red(text)
            }
            Some(RecordKind::Held | RecordKind::Question) => self.ink.violet(text),
            None => self.ink.soft(text),
        }
    }
}

/// One line per institution and source: the effect of a run in numbers, then warnings.
pub fn overview(plans: &[&DryRun], look: RecordsLayout<'_>) -> String {
    let mut rows = Vec::new();
    for plan in plans {
        for (source, about) in &plan.summary.sources {
            let questions = plan.records.count(source, RecordKind::Question);
            let failed = plan
                .summary
                .problems
                .contains_key(source)
                .then_some("failed");
            let state = about
                .read
                .as_ref()
                .map(|read| read.state)
                .filter(|state| *state != ReadState::Complete);
            let waits = about.waits.is_some().then_some("waits");
            let hindered = failed.or(waits).or(state.map(ReadState::name));
            rows.push(vec![
                plan.summary.institution.clone(),
                source.clone(),
                counted(&about.counts, questions, hindered, look),
            ]);
        }
        let openings = plan.summary.openings.map(|counts| counts.words());
        if let Some(words) = openings.filter(|words| !words.is_empty()) {
            let slug = plan.summary.institution.clone();
            rows.push(vec![slug, "openings".to_owned(), words]);
        }
    }
    let notes: String = plans.iter().map(|plan| notes(&plan.summary)).collect();
    columns(&rows, 3) + notes.as_str()
}

/// The counts, with their signs.
fn counted(
    counts: &OutcomeCounts,
    questions: usize,
    hindered: Option<&str>,
    look: RecordsLayout<'_>,
) -> String {
    let word = |(what, number): (Option<RecordKind>, i64)| {
        let (sign, word) = what.map_or(UNCHANGED, sign);
        look.paint(what, format!("{sign} {} {word}", thousands(number)))
    };
    let all: Vec<String> = totals(counts, questions).into_iter().map(word).collect();
    let done = if changes(counts) {
        None
    } else {
        Some(look.ink.soft("nothing to do"))
    };
    // If a source was not read properly, it is unknown what there is to do.
    let end = hindered.map(|how| look.ink.red(how)).or(done);
    all.into_iter().chain(end).collect::<Vec<_>>().join("  ")
}

/// The effect of a run on jobs, without colours.
pub fn in_words(counts: &OutcomeCounts) -> String {
    let all = totals(counts, 0)
        .into_iter()
        .filter_map(|(what, number)| Some(format!("{} {}", thousands(number), sign(what?).1)));
    let all: Vec<String> = all.collect();
    if all.is_empty() {
        "nothing to do".to_owned()
    } else {
        all.join(", ")
    }
}

/// Record by record.
///
/// # Errors
/// The records cannot be read, or the reader has gone away.
pub fn write(out: &mut dyn Write, plan: &DryRun, look: RecordsLayout<'_>) -> Result<()> {
    let mut shown = ShownCount {
        source: String::new(),
        what: None,
        count: 0,
    };
    for record in plan.records.read()? {
        let record = record?;
        if shown.source != record.source || shown.what != Some(record.what) {
            shown.rest(out, plan, look)?;
            if shown.source != record.source {
                writeln!(
                    out,
                    "\n  {}",
                    look.ink
                        .bold(format!("{} · {}", plan.summary.institution, record.source))
                )?;
            }
            shown = ShownCount {
                source: record.source.clone(),
                what: Some(record.what),
                count: 0,
            };
        }
        if look.limit == 0 || shown.count < look.limit {
            shown.count += 1;
            put(out, &record, look)?;
        }
    }
    shown.rest(out, plan, look)?;
    write_openings(out, plan, look)?;
    let is_quiet = sources(plan).is_empty();
    if is_quiet && changes(&plan.summary.total) {
        return writeln!(out, "\n  {}: no records to show", plan.summary.institution);
    }
    if !is_quiet {
        writeln!(out)?;
    }
    for (source, about) in &plan.summary.sources {
        if let Some(noted) = noted(&about.bookkeeping).filter(|_| !is_quiet) {
            writeln!(
                out,
                "  {}",
                look.ink.soft(format!(
                    "recorded for {source}, without changes to jobs: {noted}"
                ))
            )?;
        }
        if let Some(before) = as_before(plan, source, &about.counts).filter(|_| look.is_whole) {
            writeln!(
                out,
                "  {}",
                look.ink
                    .soft(format!("not shown, unchanged in {source}: {before}"))
            )?;
        }
    }
    Ok(())
}

/// Which ads would join and leave openings.
fn write_openings(out: &mut dyn Write, plan: &DryRun, look: RecordsLayout<'_>) -> Result<()> {
    let openings = plans(&plan.openings);
    if openings.is_empty() {
        return Ok(());
    }
    let head = format!("{} · openings", plan.summary.institution);
    writeln!(out, "\n  {}", look.ink.bold(head))?;
    for opening in &openings {
        let (title, ads) = (line(opening.title, 80), line(&opening.ads, 200));
        writeln!(out, "    {}  {}", look.ink.bold(title), look.ink.soft(ads))?;
        for (sign, ad, reason) in &opening.moves {
            let (ad, reason) = (line(ad, 60), line(reason, 100));
            writeln!(out, "        {sign} {ad}  · {reason}")?;
        }
    }
    Ok(())
}

/// Ads that are still rejected or held; `None` if there are none.
fn as_before(plan: &DryRun, source: &str, counts: &OutcomeCounts) -> Option<String> {
    let all = [
        (RecordKind::Held, counts.held),
        (RecordKind::Rejected, counts.rejected),
        (RecordKind::Failed, counts.failed),
    ];
    let before = all.map(|(what, number)| {
        (
            what,
            number - i64::try_from(plan.records.count(source, what)).unwrap_or(i64::MAX),
        )
    });
    let words = before
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(what, number)| format!("{} {}", thousands(number), sign(what).1));
    Some(words.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
}

/// What was shown of a source and type.
struct ShownCount {
    source: String,
    what: Option<RecordKind>,
    count: usize,
}

impl ShownCount {
    /// Says how many were left out.
    fn rest(&self, out: &mut dyn Write, plan: &DryRun, look: RecordsLayout<'_>) -> Result<()> {
        let Some(what) = self.what else { return Ok(()) };
        let more = plan
            .records
            .count(&self.source, what)
            .saturating_sub(self.count);
        if more == 0 {
            return Ok(());
        }
        let words = format!(
            "and {} more {}; `--limit 0` shows all",
            thousands(i64::try_from(more).unwrap_or(i64::MAX)),
            sign(what).1
        );
        writeln!(out, "      {}", look.ink.soft(words))
    }
}

fn put(out: &mut dyn Write, record: &RunRecord, look: RecordsLayout<'_>) -> Result<()> {
    let (sign, _) = sign(record.what);
    let title = line(record.title.as_deref().unwrap_or_default(), 80);
    let id = line(&short(&record.id), 44);
    let why = why(record);
    let why = if why.is_empty() {
        String::new()
    } else {
        look.ink.soft(format!("  · {}", line(why, 300)))
    };
    let head = look.paint(Some(record.what), format!("{sign} {id:<10}"));
    writeln!(out, "    {head}  {}{why}", look.ink.bold(title))?;
    for body in body(record, look) {
        writeln!(out, "        {body}")?;
    }
    Ok(())
}

/// The hash of an ad without an id is cut.
fn short(id: &str) -> String {
    if id.starts_with("sha256:") {
        id.chars().take(15).chain(['…']).collect()
    } else {
        id.to_owned()
    }
}

fn body(record: &RunRecord, look: RecordsLayout<'_>) -> Vec<String> {
    let room = look.width.saturating_sub(8).max(40);
    let gist = gist(record).join(" · ");
    let mut lines: Vec<String> = if gist.is_empty() {
        Vec::new()
    } else {
        vec![look.ink.soft(line(&gist, room))]
    };
    let changed = changed(record, look.fields);
    let name = changed
        .iter()
        .map(|(field, ..)| field.chars().count())
        .max()
        .unwrap_or_default()
        .min(24);
    for (field, old, new) in &changed {
        let difference =
            ValueDifference::of(old, new).lines(look.ink, room.saturating_sub(name + 2));
        for (index, text) in difference.into_iter().enumerate() {
            lines.push(format!(
                "{:<name$}  {text}",
                if index == 0 {
                    line(field, 24)
                } else {
                    String::new()
                }
            ));
        }
    }
    let reasons: Vec<Vec<String>> = reasons(record)
        .into_iter()
        .map(|row| row.into_iter().map(|cell| line(&cell, 160)).collect())
        .collect();
    lines.extend(
        columns(&reasons, 3)
            .lines()
            .map(|row| row.trim_start().to_owned()),
    );
    lines
}
