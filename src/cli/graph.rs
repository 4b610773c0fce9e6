//! `weir graph`.

use super::database::{Database, block_on};
use super::flow::{self, KeptDryRun};
use super::plan::SourceWork;
use super::{ClockArgs, CommandContext, CommandFailure, DONE, out, show};
use crate::config::Project;
use crate::diagnostic::one_of;
use crate::draw;
use crate::model::Clock;
use crate::plan::against::PlanDifference;
use crate::plan::check::CheckedInstitution;
use crate::plan::outline::PlanOutline;
use crate::plan::picture::{compared, picture};
use crate::plan::written::written;
use crate::plan::{CheckedProject, Plan, check};
use crate::report::columns::line;
use crate::report::graph::stored::{self, ShownRun, StoredRun};
use crate::report::graph::{GraphPage, GraphRun};
use crate::store::DatabaseDemand;
use clap::ValueEnum;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Draw the DAG of an institution.
#[derive(clap::Args)]
#[command(
    after_help = "After a run or a dry run the drawing shows its counts: what left each stage, and what was rejected there.\n\
    An interactive page: `weir graph nsw-gov --format html --out graph.html`\n\
    The effect of an edit: `weir graph nsw-gov --against last`, or `--against ../main` for another project folder;\n\
    `weir graph nsw-gov --format json > before.json` saves a plan, `--against before.json` compares with it."
)]
pub struct GraphArgs {
    /// The institution; by default the first
    institution: Option<String>,
    /// The format of the drawing; by default it follows from the extension of --out (.html, .svg,
    /// .dot, .mmd, .json), else text
    #[arg(long, value_enum)]
    format: Option<GraphFormat>,
    /// Write to a file instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Width of an SVG in pixels; below 640 its stages are one below the other, as on a phone
    #[arg(long, value_name = "PIXELS", default_value_t = draw::SCREEN)]
    width: u32,
    /// Mark differences from another plan: `last` (the plan of the newest run), a project folder,
    /// or a plan saved as JSON
    #[arg(long, value_name = "last|DIR|FILE")]
    against: Option<String>,
    /// Omit the counts of the newest run or dry run, and do not connect to a database
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    at: ClockArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
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
struct StoredPlan {
    /// Why sources have work.
    work: BTreeMap<String, Vec<String>>,
    /// The newest run.
    run: Option<StoredRun>,
}

impl GraphArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let at = self.at.clock(edge)?;
        let checked = edge.checked();
        show(&checked, edge, self.institution.as_slice());
        let wanted = self.wanted(&checked)?;
        let Some(plan) = wanted.plan() else {
            return Err(CommandFailure::nothing(format!(
                "cannot draw `{}` while its files have errors",
                wanted.slug
            )));
        };
        let outline = PlanOutline::of(plan);
        let known = if self.plain && self.against.as_deref() != Some("last") {
            None
        } else {
            ask(edge, plan, at)?
        };
        let ran = known
            .as_ref()
            .and_then(|known| Some(&known.run.as_ref()?.outline));
        let difference = match &self.against {
            Some(against) => Some((
                PlanDifference::new(&other(edge, against, &wanted.slug, ran)?, &outline),
                named(against),
            )),
            None => None,
        };
        let against = difference
            .as_ref()
            .map(|(difference, name)| (difference, name.as_str()));
        let work = known.as_ref().map(|known| known.work.clone());
        let shown = if self.plain || against.is_some() {
            ShownRun::default()
        } else {
            newest(
                flow::read(edge, &wanted.slug),
                known.and_then(|known| known.run),
            )
        };
        let drawn = match self.form() {
            GraphFormat::Html => page(
                &checked,
                (wanted, plan),
                &outline,
                &shown,
                work.as_ref(),
                against,
            ),
            GraphFormat::Json => format!("{:#}\n", as_json(&outline, &shown, against)),
            _ => self.drawing(edge, &outline, &shown, against),
        };
        self.give(&drawn)
    }

    fn form(&self) -> GraphFormat {
        let ending = self
            .out
            .as_deref()
            .and_then(Path::extension)
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        self.format.unwrap_or(match ending.as_str() {
            "html" | "htm" => GraphFormat::Html,
            "svg" => GraphFormat::Svg,
            "dot" | "gv" => GraphFormat::Dot,
            "mmd" | "mermaid" => GraphFormat::Mermaid,
            "json" => GraphFormat::Json,
            _ => GraphFormat::Text,
        })
    }

    fn wanted<'c>(
        &self,
        checked: &'c CheckedProject,
    ) -> Result<&'c CheckedInstitution, CommandFailure> {
        let wanted = checked.institutions.iter().find(|one| {
            self.institution
                .as_ref()
                .is_none_or(|wanted| *wanted == one.slug)
        });
        wanted.ok_or_else(|| {
            let names = checked.institutions.iter().map(|one| one.slug.as_str());
            let wanted = line(self.institution.as_deref().unwrap_or_default(), 80);
            CommandFailure::nothing(format!("unknown institution `{wanted}`"))
                .help(format!("known institutions: {}", one_of(names)))
        })
    }

    fn drawing(
        &self,
        edge: &CommandContext,
        outline: &PlanOutline,
        shown: &ShownRun,
        against: Option<(&PlanDifference, &str)>,
    ) -> String {
        let picture = match against {
            Some((difference, name)) => compared(outline, difference, name),
            None => picture(outline, &shown.traffic, &shown.asides),
        };
        match self.form() {
            GraphFormat::Mermaid => draw::mermaid(&picture),
            GraphFormat::Dot => draw::dot(&picture),
            GraphFormat::Svg => draw::svg(&picture, self.width),
            _ => {
                let listed = against.map_or_else(String::new, |(difference, _)| list(difference));
                draw::text(&picture, edge.width, edge.colour && self.out.is_none())
                    + listed.as_str()
            }
        }
    }

    fn give(&self, drawn: &str) -> Result<u8, CommandFailure> {
        match &self.out {
            None => put!("{drawn}"),
            Some(file) => {
                out::write_file(file, drawn).map_err(|error| {
                    CommandFailure::failed(format!("cannot write `{}`: {error}", file.display()))
                })?;
                tell!("written to {}", file.display());
            }
        }
        Ok(DONE)
    }
}

/// The newest of the dry run that this folder has kept and the run that is stored.
fn newest(kept: KeptDryRun, stored: Option<StoredRun>) -> ShownRun {
    let is_newer = |stored: &StoredRun| {
        kept.kept_at
            .is_none_or(|kept| stored.finished_at.is_none_or(|end| end > kept))
    };
    match stored.filter(is_newer) {
        Some(stored) => stored.shown,
        None => {
            let ran = kept.run.zip(kept.at);
            let ran = ran.map(|(run, at)| GraphRun {
                run,
                at,
                dry_run: true,
                millis: kept.millis,
                total: kept.total,
            });
            ShownRun {
                ran,
                traffic: kept.trail.traffic,
                asides: kept.trail.asides,
                samples: kept.trail.samples,
            }
        }
    }
}

fn page(
    checked: &CheckedProject,
    (wanted, plan): (&CheckedInstitution, &Plan),
    outline: &PlanOutline,
    shown: &ShownRun,
    work: Option<&BTreeMap<String, Vec<String>>>,
    against: Option<(&PlanDifference, &str)>,
) -> String {
    let page = GraphPage {
        plan: outline,
        run: shown.ran.clone(),
        traffic: &shown.traffic,
        asides: &shown.asides,
        samples: &shown.samples,
        written: &written(plan, &wanted.file, &checked.texts),
        work,
        at_work: None,
        against,
        fold: None,
    };
    page.html()
}

/// What a plan is compared with, in words.
fn named(against: &str) -> String {
    if against == "last" {
        "the newest run".to_owned()
    } else {
        against.to_owned()
    }
}

/// The plan to compare with.
fn other(
    edge: &CommandContext,
    against: &str,
    slug: &str,
    ran: Option<&PlanOutline>,
) -> Result<PlanOutline, CommandFailure> {
    let path = Path::new(against);
    if against == "last" {
        let help = "`weir run` keeps its plan in the database; without a run, compare with a folder or a file";
        return ran.cloned().ok_or_else(|| {
            CommandFailure::nothing(format!("no run of `{slug}` has saved its plan"))
                .help(help.to_string())
        });
    }
    if path.is_dir() {
        let checked = check::check(Project::load(path));
        let found = checked.institutions.iter().find(|one| one.slug == slug);
        let Some(found) = found else {
            return Err(CommandFailure::nothing(format!(
                "`{against}` has no institution `{slug}`"
            )));
        };
        let Some(plan) = found.plan() else {
            show(&checked, edge, &[slug.to_owned()]);
            return Err(CommandFailure::nothing(format!(
                "`{slug}` in `{against}` has errors"
            )));
        };
        return Ok(PlanOutline::of(plan));
    }
    let help = "give a project folder, a file written by `weir graph --format json`, or `last`";
    let bytes = std::fs::read(path).map_err(|error| {
        CommandFailure::nothing(format!("cannot read `{against}`: {error}")).help(help.to_string())
    })?;
    in_page(&bytes, slug).ok_or_else(|| {
        CommandFailure::nothing(format!("`{against}` contains no plan of `{slug}`"))
            .help(help.to_string())
    })
}

/// The plan of an institution in what `weir graph --format json` or `weir plan --json` wrote.
fn in_page(bytes: &[u8], slug: &str) -> Option<PlanOutline> {
    let page: Json = serde_json::from_slice(bytes).ok()?;
    let plans = page["plans"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![page["plan"].clone()]);
    let outlines = plans
        .into_iter()
        .filter_map(|plan| serde_json::from_value::<PlanOutline>(plan).ok());
    outlines
        .into_iter()
        .find(|outline| outline.institution == slug)
}

/// What the database knows, if there is one: drawing never creates one.
fn ask(
    edge: &CommandContext,
    plan: &Plan,
    at: Clock,
) -> Result<Option<StoredPlan>, CommandFailure> {
    if edge.text("DATABASE_URL").is_none() && !edge.home().join("postgres").is_dir() {
        return Ok(None);
    }
    let known = block_on(async {
        let database = Database::open(edge, DatabaseDemand::READ).await?;
        let known = known(&database, plan, at).await;
        database.close().await?;
        known
    })?;
    Ok(known
        .inspect_err(|failure| note!("drawn without the database: {}", failure.message))
        .ok())
}

async fn known(database: &Database, plan: &Plan, at: Clock) -> Result<StoredPlan, CommandFailure> {
    let mut connection = database.store.connection().await?;
    let mut known = StoredPlan::default();
    for flow in &plan.flows {
        known.work.insert(
            flow.source.clone(),
            SourceWork::of(at, &mut connection, plan, flow).await?.why,
        );
    }
    known.run = stored::newest(&mut connection, plan.institution.id).await?;
    Ok(known)
}

fn as_json(
    outline: &PlanOutline,
    shown: &ShownRun,
    against: Option<(&PlanDifference, &str)>,
) -> Json {
    let of = |ran: &GraphRun| json!({ "run": ran.run, "at": ran.at, "dry_run": ran.dry_run, "millis": ran.millis, "total": ran.total, "traffic": shown.traffic, "asides": shown.asides });
    let run = shown.ran.as_ref().map(of);
    let difference = against.map(|(difference, name)| json!({ "against": name, "beside": difference.beside, "stages": difference.told() }));
    json!({ "format": 1, "plan": outline, "run": run, "difference": difference })
}

/// What differs, a line each.
fn list(difference: &PlanDifference) -> String {
    let mut out = String::from("\n");
    if difference.is_empty() {
        out.push_str("no differences\n");
    }
    for what in &difference.beside {
        let _ = writeln!(out, "~ {}", line(what, 200));
    }
    for (step, turn) in difference.turns() {
        let what = if turn.what.is_empty() {
            turn.mark.name().to_owned()
        } else {
            turn.what.join("; ")
        };
        let _ = writeln!(
            out,
            "{} {}: {}",
            turn.mark.sign(),
            step.stage,
            line(&what, 400)
        );
    }
    out
}
