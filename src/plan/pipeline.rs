//! The order of stages: names resolved, cycles and impossible orders named stage by stage.

use crate::config::{Parsed, PipelineSpec, StageSpec};
use crate::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use crate::stage::{KINDS, Kind};
use crate::yaml::Located;
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graphmap::DiGraphMap;

/// A pipeline whose stages are in order.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// When it runs, as cron.
    pub schedule: Option<Located<String>>,
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
    if let Some(schedule) = &spec.schedule {
        check_cron(schedule, out);
    }
    let (name, stages) = (spec.pipeline.get()?, spec.stages.get()?);
    check_unique(stages, out)?;
    check_present(stages, &name.place, out)?;
    let edges = edges(stages, out)?;
    let order = in_order(stages, &edges, out)?;
    check_roles(stages, &edges, out)?;
    let batch = stages.iter().find_map(|stage| if let StageSpec::Extract(extract) = &stage.value { extract.batch.clone() } else { None });
    let batch = match batch {
        Some(batch) if batch.value == 0 => {
            out.error(&batch.place, "invalid-value", "a batch has at least 1 ad").help("leave `batch` out for the default of 500");
            return None;
        }
        Some(batch) => batch.value,
        None => BATCH,
    };
    Some(Pipeline { name: name.value.clone(), schedule: spec.schedule.clone(), stages: order, edges, batch: usize::from(batch) })
}

/// Checks a cron expression.
pub fn check_cron(schedule: &Located<String>, out: &mut Diagnostics) {
    if let Err(error) = schedule.value.parse::<croner::Cron>() {
        out.error(
            &schedule.place,
            "bad-cron",
            format!("`{schedule}` is not a cron schedule: {}", error.to_string().trim_end_matches('.').to_lowercase()),
        )
        .help("five fields: minute, hour, day of month, month, day of week; `0 5 * * *` is five in the morning");
    }
}

fn check_unique(stages: &[Located<StageSpec>], out: &mut Diagnostics) -> Option<()> {
    let mut good = Some(());
    for (index, stage) in stages.iter().enumerate() {
        if let Some(first) = stages[..index].iter().find(|first| first.kind() == stage.kind()) {
            out.error(&stage.place, "duplicate-stage", format!("the stage `{}` stands twice", stage.kind().name()))
                .related(&first.place, "first here")
                .help("take one of them out");
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

fn edges(stages: &[Located<StageSpec>], out: &mut Diagnostics) -> Option<Vec<(Kind, Kind)>> {
    let mut edges = Vec::new();
    let mut good = Some(());
    for (index, stage) in stages.iter().enumerate() {
        match stage.after() {
            None => edges.extend(index.checked_sub(1).map(|before| (stages[before].kind(), stage.kind()))),
            Some(names) => {
                for name in names {
                    match stages.iter().find(|other| other.kind().name() == name.value) {
                        Some(before) => edges.push((before.kind(), stage.kind())),
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
        None => told.help(format!("the stages of this pipeline are {}", one_of(names))),
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
    told.help("take one of their `after` away");
    for kind in &way[1..way.len().saturating_sub(1)] {
        if let Some(other) = stages.iter().find(|stage| stage.kind() == *kind) {
            told.related(&other.place, format!("`{}` stands here", kind.name()));
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
                .help(format!("the order is {}", KINDS.map(Kind::name).join(", ")));
            good = None;
        }
    }
    good
}
