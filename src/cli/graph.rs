//! `weir graph`.

use super::database::{Database, block_on};
use super::flow::{self, Kept};
use super::plan::Work;
use super::{At, DONE, Edge, FAILED, Failure, out, show};
use crate::config::Project;
use crate::diagnostic::one_of;
use crate::draw;
use crate::model::Clock;
use crate::plan::against::Difference;
use crate::plan::check::Institution;
use crate::plan::outline::Outline;
use crate::plan::picture::{Passage, Traffic, compared, picture};
use crate::plan::written::written;
use crate::plan::{Checked, Plan, check};
use crate::report::columns::line;
use crate::report::graph::{Page, Ran};
use crate::store::{Demand, figures};
use clap::ValueEnum;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Draw the DAG of an institution.
#[derive(clap::Args)]
#[command(after_help = "After a run or a dry run the drawing shows its counts: what left each stage, and what was rejected there.\n\
    An interactive page: `weir graph nsw-gov --format html --out graph.html`\n\
    The effect of an edit: `weir graph nsw-gov --against last`, or `--against ../main` for another project folder;\n\
    `weir graph nsw-gov --format json > before.json` saves a plan, `--against before.json` compares with it.")]
pub struct Graph {
    /// The institution; by default the first
    institution: Option<String>,
    /// The format of the drawing; by default it follows from the extension of --out (.html, .svg,
    /// .dot, .mmd, .json), else text
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write to a file instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Mark differences from another plan: `last` (the plan of the newest run), a project folder,
    /// or a plan saved as JSON
    #[arg(long, value_name = "last|DIR|FILE")]
    against: Option<String>,
    /// Omit the counts of the newest run or dry run, and do not connect to a database
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For Markdown and wikis
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// A page: the picture, and the details of each stage
    Html,
    /// The plan itself, for machines and for `--against`
    Json,
}

/// What the database knows of a plan.
#[derive(Default)]
struct Known {
    /// Why sources have work.
    work: BTreeMap<String, Vec<String>>,
    /// The newest run, where this folder has kept none.
    run: Option<(Ran, Traffic)>,
}

impl Graph {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        self.at.clock(edge)?;
        let checked = edge.checked();
        show(&checked, edge, self.institution.as_slice());
        let wanted = self.wanted(&checked)?;
        let Some(plan) = wanted.plan() else {
            return Err(Failure::nothing(format!("cannot draw `{}` while its files have errors", wanted.slug)));
        };
        let outline = Outline::of(plan);
        let kept = flow::read(edge, &wanted.slug);
        let difference = match &self.against {
            Some(against) => Some((Difference::new(&other(edge, against, &wanted.slug, &kept)?, &outline), named(against))),
            None => None,
        };
        let kept = if self.plain || difference.is_some() { Kept::default() } else { kept };
        let against = difference.as_ref().map(|(difference, name)| (difference, name.as_str()));
        let drawn = match self.form() {
            Format::Html => self.page(edge, &checked, (wanted, plan), &outline, &kept, against)?,
            Format::Json => format!("{:#}\n", as_json(&outline, &kept, against)),
            _ => self.drawing(edge, &outline, &kept, against),
        };
        self.give(&drawn)
    }

    fn form(&self) -> Format {
        let ending = self.out.as_deref().and_then(Path::extension).unwrap_or_default().to_string_lossy().to_lowercase();
        self.format.unwrap_or(match ending.as_str() {
            "html" | "htm" => Format::Html,
            "svg" => Format::Svg,
            "dot" | "gv" => Format::Dot,
            "mmd" | "mermaid" => Format::Mermaid,
            "json" => Format::Json,
            _ => Format::Text,
        })
    }

    fn wanted<'c>(&self, checked: &'c Checked) -> Result<&'c Institution, Failure> {
        let wanted = checked.institutions.iter().find(|one| self.institution.as_ref().is_none_or(|wanted| *wanted == one.slug));
        wanted.ok_or_else(|| {
            let names = checked.institutions.iter().map(|one| one.slug.as_str());
            let wanted = line(self.institution.as_deref().unwrap_or_default(), 80);
            Failure::nothing(format!("unknown institution `{wanted}`\nhelp: known institutions: {}", one_of(names)))
        })
    }

    fn drawing(&self, edge: &Edge, outline: &Outline, kept: &Kept, against: Option<(&Difference, &str)>) -> String {
        let picture = match against {
            Some((difference, name)) => compared(outline, difference, name),
            None => picture(outline, &kept.trail.traffic),
        };
        match self.form() {
            Format::Mermaid => draw::mermaid(&picture),
            Format::Dot => draw::dot(&picture),
            Format::Svg => draw::svg(&picture),
            _ => {
                let listed = against.map_or_else(String::new, |(difference, _)| list(difference));
                draw::text(&picture, edge.width, edge.colour && self.out.is_none()) + listed.as_str()
            }
        }
    }

    fn page(
        &self,
        edge: &Edge,
        checked: &Checked,
        (wanted, plan): (&Institution, &Plan),
        outline: &Outline,
        kept: &Kept,
        against: Option<(&Difference, &str)>,
    ) -> Result<String, Failure> {
        let known = if self.plain { None } else { ask(edge, plan, self.at.clock(edge)?)? };
        let run = kept.run.zip(kept.at).map(|(run, at)| Ran { run, at, dry_run: kept.dry_run, millis: kept.millis, total: kept.total.clone() });
        let stored = known.as_ref().and_then(|known| known.run.clone()).filter(|_| run.is_none() && against.is_none());
        let (run, traffic) = match stored {
            Some((ran, traffic)) => (Some(ran), traffic),
            None => (run, kept.trail.traffic.clone()),
        };
        let page = Page {
            plan: outline,
            run,
            traffic: &traffic,
            samples: &kept.trail.samples,
            written: &written(plan, &wanted.file, &checked.texts),
            work: known.as_ref().map(|known| &known.work),
            against,
        };
        Ok(page.html())
    }

    fn give(&self, drawn: &str) -> Result<u8, Failure> {
        match &self.out {
            None => put!("{drawn}"),
            Some(file) => {
                out::write_file(file, drawn)
                    .map_err(|error| Failure { message: format!("cannot write `{}`: {error}", file.display()), code: FAILED })?;
                tell!("written to {}", file.display());
            }
        }
        Ok(DONE)
    }
}

/// The name of the compared plan.
fn named(against: &str) -> String {
    if against == "last" { "the newest run".to_owned() } else { against.to_owned() }
}

/// The plan to compare with.
fn other(edge: &Edge, against: &str, slug: &str, kept: &Kept) -> Result<Outline, Failure> {
    let path = Path::new(against);
    if against == "last" {
        let help = "`weir run` saves it; without a run, compare with a folder or a file";
        return kept.ran.clone().ok_or_else(|| Failure::nothing(format!("no run of `{slug}` has saved its plan\nhelp: {help}")));
    }
    if path.is_dir() {
        let checked = check::check(Project::load(path));
        let found = checked.institutions.iter().find(|one| one.slug == slug);
        let Some(found) = found else { return Err(Failure::nothing(format!("`{against}` has no institution `{slug}`"))) };
        let Some(plan) = found.plan() else {
            show(&checked, edge, &[slug.to_owned()]);
            return Err(Failure::nothing(format!("`{slug}` in `{against}` has errors")));
        };
        return Ok(Outline::of(plan));
    }
    let help = "give a project folder, a file written by `weir graph --format json`, or `last`";
    let bytes = std::fs::read(path).map_err(|error| Failure::nothing(format!("cannot read `{against}`: {error}\nhelp: {help}")))?;
    in_page(&bytes, slug).ok_or_else(|| Failure::nothing(format!("`{against}` contains no plan of `{slug}`\nhelp: {help}")))
}

/// The plan of an institution in what `weir graph --format json` or `weir plan --json` wrote.
fn in_page(bytes: &[u8], slug: &str) -> Option<Outline> {
    let page: Json = serde_json::from_slice(bytes).ok()?;
    let plans = page["plans"].as_array().cloned().unwrap_or_else(|| vec![page["plan"].clone()]);
    let outlines = plans.into_iter().filter_map(|plan| serde_json::from_value::<Outline>(plan).ok());
    outlines.into_iter().find(|outline| outline.institution == slug)
}

/// What the database knows, if there is one: drawing never creates one.
fn ask(edge: &Edge, plan: &Plan, at: Clock) -> Result<Option<Known>, Failure> {
    if edge.text("DATABASE_URL").is_none() && !edge.home().join("postgres").is_dir() {
        return Ok(None);
    }
    let known = block_on(async {
        let database = Database::open(edge, Demand::READ).await?;
        let known = known(&database, plan, at).await;
        database.close().await?;
        known
    })?;
    Ok(known.inspect_err(|failure| tell!("note: drawn without the database: {}", failure.message)).ok())
}

async fn known(database: &Database, plan: &Plan, at: Clock) -> Result<Known, Failure> {
    let mut connection = database.store.connection().await?;
    let mut known = Known::default();
    for flow in &plan.flows {
        known.work.insert(flow.source.clone(), Work::of(at, &mut connection, plan, flow).await?.why);
    }
    let Some(run) = figures::runs(&mut connection, plan.institution.id, 1).await?.into_iter().next() else { return Ok(known) };
    let rows = figures::stages(&mut connection, plan.institution.id, run.id).await?;
    let mut traffic = Traffic::new();
    for node in plan.graph.node_weights() {
        for row in rows.iter().filter(|row| row.stage == node.kind.name() && node.source.as_ref().is_none_or(|source| *source == row.source_id)) {
            let passed: &mut Passage = traffic.entry(node.name.clone()).or_default();
            passed.rows_in += row.rows_in;
            passed.rows_out += row.rows_out;
            passed.refused += row.refused;
            passed.micros += row.micros;
        }
    }
    let total = run.summary.as_ref().and_then(|summary| serde_json::from_value(summary["total"].clone()).ok()).unwrap_or_default();
    let millis = run.finished_at.map_or(0, |end| (end - run.started_at).num_milliseconds());
    known.run = Some((Ran { run: run.id, at: run.at, dry_run: false, millis, total }, traffic));
    Ok(known)
}

fn as_json(outline: &Outline, kept: &Kept, against: Option<(&Difference, &str)>) -> Json {
    let run = kept.run.map(|run| json!({ "run": run, "at": kept.at, "dry_run": kept.dry_run, "millis": kept.millis, "total": kept.total, "traffic": kept.trail.traffic }));
    let difference = against.map(|(difference, name)| json!({ "against": name, "beside": difference.beside, "stages": difference.told() }));
    json!({ "format": 1, "plan": outline, "run": run, "difference": difference })
}

/// What differs, a line each.
fn list(difference: &Difference) -> String {
    let mut out = String::from("\n");
    if difference.is_empty() {
        out.push_str("no differences\n");
    }
    for what in &difference.beside {
        let _ = writeln!(out, "~ {}", line(what, 200));
    }
    for (step, turn) in difference.turns() {
        let what = if turn.what.is_empty() { turn.mark.name().to_owned() } else { turn.what.join("; ") };
        let _ = writeln!(out, "{} {}: {}", turn.mark.sign(), step.stage, line(&what, 400));
    }
    out
}
