//! The order of stages: names resolved, cycles and impossible orders named stage by stage.

use crate::config::{Parsed, PipelineSpec, StageSpec};
use crate::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use crate::stage::{KINDS, Kind};
use crate::yaml::{Located, Text};
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graphmap::DiGraphMap;

/// A pipeline whose stages are in order.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// When it runs, as cron.
    pub schedule: Option<Text>,
    /// Its stages, each after those that it waits for.
    pub stages: Vec<Kind>,
    /// What waits for what: (before, after).
    pub edges: Vec<(Kind, Kind)>,
    /// Ads that commit together.
    pub batch: usize,
}

/// Ads in a batch, unless the pipeline says otherwise.
const BATCH: u16 = 500;

/// Compiles one pipeline; problems go to `out`.
pub fn compile(file: &Parsed<PipelineSpec>, out: &mut Diagnostics) -> Option<Pipeline> {
    let spec = file.spec.as_ref()?;
    let is_whole = !out.has_errors_in(&file.file);
    if let Some(schedule) = &spec.schedule {
        check_cron(schedule, out);
    }
    let (name, stages) = (spec.pipeline.get()?, spec.stages.get()?);
    check_unique(stages, out)?;
    if is_whole {
        check_present(stages, &name.place, out)?;
    }
    let edges = edges(stages, is_whole, out)?;
    let order = in_order(stages, &edges, out)?;
    check_roles(stages, &edges, out)?;
    if is_whole {
        check_waits(stages, &edges, out)?;
    }
    let batch = stages.iter().find_map(|stage| if let StageSpec::Extract(extract) = &stage.value { extract.batch } else { None });
    let batch = batch.map_or(BATCH, |batch| batch.0);
    Some(Pipeline { name: name.value.clone(), schedule: spec.schedule.clone(), stages: order, edges, batch: usize::from(batch) })
}

/// The fields of a cron schedule, and what may stand there.
const CRON: [(&str, &str); 5] = [
    ("a minute", "a minute is `0` to `59`, `*/15` or `0,30`"),
    ("an hour", "an hour is `0` to `23`, `*/6` or `6-18`"),
    ("a day of the month", "a day of the month is `1` to `31`, or `L` for the last"),
    ("a month", "a month is `1` to `12` or `JAN` to `DEC`"),
    ("a day of the week", "a day of the week is `0` to `6` from Sunday, or `SUN` to `SAT`"),
];

/// Checks a cron schedule, field by field.
pub fn check_cron(schedule: &Text, out: &mut Diagnostics) {
    let help = "write five fields: minute, hour, day of month, month, day of week; `0 5 * * *` runs every day at 05:00";
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != CRON.len() {
        let message = format!("a cron schedule has 5 fields, but `{schedule}` has {}", fields.len());
        out.error(schedule.place(), "bad-cron", message).help(help);
        return;
    }
    let is_cron = |text: &str| text.parse::<croner::Cron>().is_ok();
    let alone = |at: usize| (0..CRON.len()).map(|field| if field == at { fields[at] } else { "*" }).collect::<Vec<_>>().join(" ");
    let bad: Vec<usize> = (0..CRON.len()).filter(|at| !is_cron(&alone(*at))).collect();
    for at in &bad {
        let (what, help) = CRON[*at];
        let start = fields[*at].as_ptr().addr() - schedule.as_ptr().addr();
        let column = schedule[..start].chars().count() + 1;
        let place = Place { length: fields[*at].chars().count(), ..schedule.place_at(1, column) };
        out.error(&place, "bad-cron", format!("`{}` is not {what}", fields[*at])).help(help);
    }
    match schedule.parse::<croner::Cron>() {
        _ if !bad.is_empty() => {}
        Err(_) => {
            out.error(schedule.place(), "bad-cron", format!("`{schedule}` is not a cron schedule")).help(help);
        }
        Ok(cron) if !fires(&cron) => {
            out.error(schedule.place(), "bad-cron", format!("the schedule `{schedule}` never fires"))
                .help("none of its months has that day: April, June, September and November have 30 days, February 28 or 29");
        }
        Ok(_) => {}
    }
}

/// Whether a schedule ever fires; counted from a fixed day, as a plan has no clock.
fn fires(cron: &croner::Cron) -> bool {
    let start = chrono::DateTime::<chrono::Utc>::UNIX_EPOCH;
    cron.find_next_occurrence(&start, true).is_ok()
}

fn check_unique(stages: &[Located<StageSpec>], out: &mut Diagnostics) -> Option<()> {
    let mut good = Some(());
    for (index, stage) in stages.iter().enumerate() {
        if let Some(first) = stages[..index].iter().find(|first| first.kind() == stage.kind()) {
            out.error(&stage.place, "duplicate-stage", format!("the stage `{}` is listed twice", stage.kind().name()))
                .related(&first.place, "first listed here")
                .help("remove one of them");
            good = None;
        }
    }
    good
}

fn check_present(stages: &[Located<StageSpec>], place: &Place, out: &mut Diagnostics) -> Option<()> {
    let needed = [Kind::Fetch, Kind::Extract, Kind::Promote];
    let absent: Vec<&str> = needed.into_iter().filter(|kind| stages.iter().all(|stage| stage.kind() != *kind)).map(Kind::name).collect();
    if absent.is_empty() {
        return Some(());
    }
    out.error(place, "missing-stage", format!("the pipeline has no {}", one_of(absent)))
        .help(format!("a full pipeline is {}", one_of(KINDS.map(Kind::name))));
    None
}

fn edges(stages: &[Located<StageSpec>], is_whole: bool, out: &mut Diagnostics) -> Option<Vec<(Kind, Kind)>> {
    let mut edges = Vec::new();
    let mut good = Some(());
    for (index, stage) in stages.iter().enumerate() {
        match stage.after() {
            None => edges.extend(index.checked_sub(1).map(|before| (stages[before].kind(), stage.kind()))),
            Some(names) => {
                for name in names {
                    match stages.iter().find(|other| other.kind().name() == name.value) {
                        Some(before) => edges.push((before.kind(), stage.kind())),
                        None if !is_whole && KINDS.iter().any(|kind| kind.name() == name.value) => {}
                        None => good = unknown_stage(name, stages, out),
                    }
                }
            }
        }
    }
    good.map(|()| edges)
}

fn unknown_stage(name: &Located<String>, stages: &[Located<StageSpec>], out: &mut Diagnostics) -> Option<()> {
    let names: Vec<&str> = stages.iter().map(|stage| stage.kind().name()).collect();
    let told = out.error(&name.place, "unknown-stage", format!("unknown stage `{name}`"));
    match did_you_mean(name, names.iter().copied()) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("stages of this pipeline: {}", one_of(names))),
    };
    None
}

fn in_order(stages: &[Located<StageSpec>], edges: &[(Kind, Kind)], out: &mut Diagnostics) -> Option<Vec<Kind>> {
    let mut graph: DiGraphMap<Kind, ()> = DiGraphMap::new();
    stages.iter().for_each(|stage| {
        graph.add_node(stage.kind());
    });
    edges.iter().for_each(|(before, after)| {
        graph.add_edge(*before, *after, ());
    });
    if let Ok(order) = toposort(&graph, None) {
        return Some(order);
    }
    for ring in tarjan_scc(&graph).into_iter().filter(|ring| ring.len() > 1 || ring.iter().any(|kind| graph.contains_edge(*kind, *kind))) {
        report_ring(ring, stages, &graph, out);
    }
    None
}

/// Names a ring stage by stage, beginning with the first of the file.
fn report_ring(mut ring: Vec<Kind>, stages: &[Located<StageSpec>], graph: &DiGraphMap<Kind, ()>, out: &mut Diagnostics) {
    ring.sort();
    let mut way = vec![ring[0]];
    while let Some(next) =
        way.last().and_then(|last| graph.neighbors(*last).find(|next| ring.contains(next) && (!way.contains(next) || *next == way[0])))
    {
        way.push(next);
        if next == way[0] {
            break;
        }
    }
    let names: Vec<String> = way.iter().map(|kind| format!("`{}`", kind.name())).collect();
    let Some(stage) = stages.iter().find(|stage| stage.kind() == ring[0]) else { return };
    let told = out.error(&stage.place, "cycle", format!("these stages wait for each other: {}", names.join(" -> ")));
    told.help("remove one of their `after`");
    for kind in &way[1..way.len().saturating_sub(1)] {
        if let Some(other) = stages.iter().find(|stage| stage.kind() == *kind) {
            told.related(&other.place, format!("`{}` is here", kind.name()));
        }
    }
}

fn check_roles(stages: &[Located<StageSpec>], edges: &[(Kind, Kind)], out: &mut Diagnostics) -> Option<()> {
    let mut good = Some(());
    for (before, after) in edges {
        if before > after
            && let Some(stage) = stages.iter().find(|stage| stage.kind() == *after)
        {
            out.error(&stage.place, "impossible-order", format!("`{}` cannot wait for `{}`", after.name(), before.name()))
                .help(format!("stages run in the order {}", KINDS.map(Kind::name).join(", ")));
            good = None;
        }
    }
    good
}

/// Each stage waits for the one before it in [`KINDS`], directly or not: side by side, one would work on what the other
/// has not done yet.
fn check_waits(stages: &[Located<StageSpec>], edges: &[(Kind, Kind)], out: &mut Diagnostics) -> Option<()> {
    let mut good = Some(());
    for stage in stages {
        let Some(needed) = stages.iter().map(|other| other.kind()).filter(|kind| *kind < stage.kind()).max() else { continue };
        if !before(stage.kind(), edges).contains(&needed) {
            out.error(&stage.place, "impossible-order", format!("`{}` does not wait for `{}`", stage.kind().name(), needed.name())).help(format!(
                "write `{}: {{ after: {} }}`",
                stage.kind().name(),
                needed.name()
            ));
            good = None;
        }
    }
    good
}

/// All that a stage waits for, directly or not.
fn before(kind: Kind, edges: &[(Kind, Kind)]) -> Vec<Kind> {
    let mut found: Vec<Kind> = Vec::new();
    let mut open = vec![kind];
    while let Some(next) = open.pop() {
        for (earlier, _) in edges.iter().filter(|(earlier, later)| *later == next && !found.contains(earlier)).collect::<Vec<_>>() {
            found.push(*earlier);
            open.push(*earlier);
        }
    }
    found
}
