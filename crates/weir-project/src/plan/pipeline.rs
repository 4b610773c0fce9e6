//! The order of stages: names resolved, stages placed that nobody named, cycles and impossible
//! orders named stage by stage.
//!
//! Which orders are possible follows from what stages read and write ([`StageKind::needs`]) and
//! from their scopes, never from a list of orders here.

use super::schedule::Schedule;
use crate::config::{ParsedFile, PipelineSpec, StageSpec};
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graphmap::DiGraphMap;
use std::collections::BTreeSet;
use weir_stage::{KINDS, StageKind, StageScope};
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::Located;

/// A pipeline whose stages are in order.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// When it runs.
    pub schedule: Option<Schedule>,
    /// Its stages, each after those that it waits for; those that a plan has without being asked
    /// are among them.
    pub stages: Vec<StageKind>,
    /// What waits for what, directly or not: (before, after).
    pub waits: BTreeSet<(StageKind, StageKind)>,
    /// Ads that commit together.
    pub batch: usize,
}

/// Ads in a batch, unless the pipeline says otherwise.
const BATCH: u16 = 500;

/// Compiles one pipeline; problems go to `out`.
pub fn compile(file: &ParsedFile<PipelineSpec>, out: &mut Diagnostics) -> Option<Pipeline> {
    let spec = file.spec.as_ref()?;
    let is_whole = !out.has_errors_in(&file.file);
    let schedule = spec
        .schedule
        .as_ref()
        .and_then(|schedule| Schedule::compile(schedule, out));
    let (name, stages) = (spec.pipeline.get()?, spec.stages.get()?);
    check_unique(stages, out)?;
    if is_whole {
        check_present(stages, &name.place, out)?;
    }
    let mut edges = edges(stages, is_whole, out)?;
    in_order(stages, &edges, out)?;
    if is_whole {
        check_data(stages, &closure(&edges), out)?;
        check_scopes(stages, &closure(&edges), out)?;
    }
    let written: Vec<StageKind> = stages.iter().map(|stage| stage.kind()).collect();
    let all = place(&written, &mut edges);
    let waits = closure(&edges);
    let batch = stages.iter().find_map(|stage| match &stage.value {
        StageSpec::Extract(extract) => extract.batch,
        _ => None,
    });
    let batch = usize::from(batch.map_or(BATCH, |batch| batch.0));
    let stages = sorted(all, &waits);
    Some(Pipeline {
        name: name.value.clone(),
        schedule,
        stages,
        waits,
        batch,
    })
}

impl Pipeline {
    /// The stages that a stage waits for directly where only some kinds are there.
    pub fn before(&self, stage: StageKind, there: impl Fn(StageKind) -> bool) -> Vec<StageKind> {
        let waits = |before: StageKind, after: StageKind| self.waits.contains(&(before, after));
        let earlier: Vec<StageKind> = self
            .stages
            .iter()
            .copied()
            .filter(|kind| there(*kind) && waits(*kind, stage))
            .collect();
        let is_direct = |kind: &StageKind| !earlier.iter().any(|between| waits(*kind, *between));
        earlier.iter().copied().filter(is_direct).collect()
    }
}

/// Places what a plan has without being asked: after everything that it reads, before everything
/// that reads of it.
fn place(written: &[StageKind], edges: &mut Vec<(StageKind, StageKind)>) -> Vec<StageKind> {
    let mut all = written.to_vec();
    for kind in KINDS
        .into_iter()
        .filter(|kind| kind.is_placed() && !written.contains(kind))
    {
        let earlier = all.iter().filter(|other| kind.needs(**other).is_some());
        let later = all.iter().filter(|other| other.needs(kind).is_some());
        let found: Vec<(StageKind, StageKind)> = earlier
            .map(|other| (*other, kind))
            .chain(later.map(|other| (kind, *other)))
            .collect();
        edges.extend(found);
        all.push(kind);
    }
    all
}

/// Who waits for whom, directly or not.
fn closure(edges: &[(StageKind, StageKind)]) -> BTreeSet<(StageKind, StageKind)> {
    let mut waits: BTreeSet<(StageKind, StageKind)> = edges.iter().copied().collect();
    loop {
        let next = |(one, middle): (StageKind, StageKind)| {
            let further = waits.iter().filter(move |(from, _)| *from == middle);
            further.map(move |(_, other)| (one, *other))
        };
        let longer: Vec<(StageKind, StageKind)> = waits.iter().copied().flat_map(next).collect();
        let before = waits.len();
        waits.extend(longer);
        if waits.len() == before {
            return waits;
        }
    }
}

/// Each after those that it waits for, and otherwise as a full pipeline has them.
fn sorted(mut all: Vec<StageKind>, waits: &BTreeSet<(StageKind, StageKind)>) -> Vec<StageKind> {
    all.sort();
    let mut order = Vec::with_capacity(all.len());
    while !all.is_empty() {
        let is_free = |kind: &StageKind| !all.iter().any(|other| waits.contains(&(*other, *kind)));
        let at = all.iter().position(is_free).unwrap_or_default();
        order.push(all.remove(at));
    }
    order
}

fn check_unique(stages: &[Located<StageSpec>], out: &mut Diagnostics) -> Option<()> {
    let mut good = Some(());
    for (index, stage) in stages.iter().enumerate() {
        if let Some(first) = stages[..index]
            .iter()
            .find(|first| first.kind() == stage.kind())
        {
            out.error(
                &stage.place,
                "duplicate-stage",
                format!("the stage `{}` is listed twice", stage.kind().name()),
            )
            .related(&first.place, "first listed here")
            .help("remove one of them");
            good = None;
        }
    }
    good
}

fn check_present(
    stages: &[Located<StageSpec>],
    place: &Place,
    out: &mut Diagnostics,
) -> Option<()> {
    let needed = [StageKind::Fetch, StageKind::Extract, StageKind::Promote];
    let absent: Vec<&str> = needed
        .into_iter()
        .filter(|kind| stages.iter().all(|stage| stage.kind() != *kind))
        .map(StageKind::name)
        .collect();
    if absent.is_empty() {
        return Some(());
    }
    out.error(
        place,
        "missing-stage",
        format!("the pipeline has no {}", one_of(absent)),
    )
    .help(format!(
        "a full pipeline is {}",
        one_of(
            KINDS
                .into_iter()
                .filter(|kind| !kind.is_placed())
                .map(StageKind::name)
        )
    ));
    None
}

fn edges(
    stages: &[Located<StageSpec>],
    is_whole: bool,
    out: &mut Diagnostics,
) -> Option<Vec<(StageKind, StageKind)>> {
    let mut edges = Vec::new();
    let mut good = Some(());
    for (index, stage) in stages.iter().enumerate() {
        match stage.after() {
            None => edges.extend(
                index
                    .checked_sub(1)
                    .map(|before| (stages[before].kind(), stage.kind())),
            ),
            Some(names) => {
                for name in names {
                    match stages
                        .iter()
                        .find(|other| other.kind().name() == name.value)
                    {
                        Some(before) => edges.push((before.kind(), stage.kind())),
                        None if !is_whole && KINDS.iter().any(|kind| kind.name() == name.value) => {
                        }
                        None => good = unknown_stage(name, stages, out),
                    }
                }
            }
        }
    }
    good.map(|()| edges)
}

fn unknown_stage(
    name: &Located<String>,
    stages: &[Located<StageSpec>],
    out: &mut Diagnostics,
) -> Option<()> {
    let names: Vec<&str> = stages.iter().map(|stage| stage.kind().name()).collect();
    let told = out.error(
        &name.place,
        "unknown-stage",
        format!("unknown stage `{name}`"),
    );
    match did_you_mean(name, names.iter().copied()) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("stages of this pipeline: {}", one_of(names))),
    };
    None
}

fn in_order(
    stages: &[Located<StageSpec>],
    edges: &[(StageKind, StageKind)],
    out: &mut Diagnostics,
) -> Option<Vec<StageKind>> {
    let mut graph: DiGraphMap<StageKind, ()> = DiGraphMap::new();
    stages.iter().for_each(|stage| {
        graph.add_node(stage.kind());
    });
    edges.iter().for_each(|(before, after)| {
        graph.add_edge(*before, *after, ());
    });
    if let Ok(order) = toposort(&graph, None) {
        return Some(order);
    }
    for ring in tarjan_scc(&graph)
        .into_iter()
        .filter(|ring| ring.len() > 1 || ring.iter().any(|kind| graph.contains_edge(*kind, *kind)))
    {
        report_ring(ring, stages, &graph, out);
    }
    None
}

/// Names a ring stage by stage, beginning with the first of the file.
fn report_ring(
    mut ring: Vec<StageKind>,
    stages: &[Located<StageSpec>],
    graph: &DiGraphMap<StageKind, ()>,
    out: &mut Diagnostics,
) {
    ring.sort();
    let mut way = vec![ring[0]];
    while let Some(next) = way.last().and_then(|last| {
        graph
            .neighbors(*last)
            .find(|next| ring.contains(next) && (!way.contains(next) || *next == way[0]))
    }) {
        way.push(next);
        if next == way[0] {
            break;
        }
    }
    let names: Vec<String> = way
        .iter()
        .map(|kind| format!("`{}`", kind.name()))
        .collect();
    let Some(stage) = stages.iter().find(|stage| stage.kind() == ring[0]) else {
        return;
    };
    let told = out.error(
        &stage.place,
        "cycle",
        format!("these stages wait for each other: {}", names.join(" -> ")),
    );
    told.help("remove one of their `after`");
    for kind in &way[1..way.len().saturating_sub(1)] {
        if let Some(other) = stages.iter().find(|stage| stage.kind() == *kind) {
            told.related(&other.place, format!("`{}` is here", kind.name()));
        }
    }
}

/// Whoever reads something waits for everyone who writes it: before them, or side by side with
/// them, it would work on what is not there yet. Of each stage the last of those is named; to wait
/// for it is mostly to wait for the others.
fn check_data(
    stages: &[Located<StageSpec>],
    waits: &BTreeSet<(StageKind, StageKind)>,
    out: &mut Diagnostics,
) -> Option<()> {
    let mut good = Some(());
    for stage in stages {
        let kind = stage.kind();
        let needed = stages
            .iter()
            .filter_map(|other| Some((other.kind(), kind.needs(other.kind())?)));
        let missing = needed.filter(|(before, _)| !waits.contains(&(*before, kind)));
        let Some((before, datum)) = missing.max_by_key(|(before, _)| *before) else {
            continue;
        };
        let (name, other, what) = (kind.name(), before.name(), datum.name());
        if waits.contains(&(kind, before)) {
            let message = format!(
                "`{name}` cannot come before `{other}`, which writes what it reads: {what}"
            );
            out.error(&stage.place, "impossible-order", message)
                .help(format!("move `{name}` behind `{other}`"));
        } else if good.is_some() {
            let message =
                format!("`{name}` does not wait for `{other}`, which writes what it reads: {what}");
            out.error(&stage.place, "impossible-order", message)
                .help(format!("write `{name}: {{ after: {other} }}`"));
        }
        good = None;
    }
    good
}

/// What works on one source cannot wait for what waits for all sources; and nothing comes between
/// the stages through which ads stream one by one.
fn check_scopes(
    stages: &[Located<StageSpec>],
    waits: &BTreeSet<(StageKind, StageKind)>,
    out: &mut Diagnostics,
) -> Option<()> {
    let mut good = Some(());
    for stage in stages {
        let kind = stage.kind();
        let blocking = |other: &&Located<StageSpec>| {
            other.kind().scope() == StageScope::Institution && waits.contains(&(other.kind(), kind))
        };
        if kind.scope() != StageScope::Institution
            && let Some(other) = stages.iter().find(blocking)
        {
            let (name, other) = (kind.name(), other.kind().name());
            let message = format!(
                "`{name}` works on one source and cannot wait for `{other}`, which waits for all of them"
            );
            out.error(&stage.place, "impossible-order", message)
                .help(format!("move `{other}` to the end"));
            good = None;
        }
        if kind.scope() == StageScope::Source && splits_segment(kind, stages, waits) {
            let name = kind.name();
            let message = format!(
                "`{name}` looks at a whole source and cannot stand between stages through which ads stream one by one"
            );
            out.error(&stage.place, "impossible-order", message)
                .help(format!(
                    "move `{name}` before or behind all of them: {}",
                    segment(stages)
                ));
            good = None;
        }
    }
    good
}

fn splits_segment(
    kind: StageKind,
    stages: &[Located<StageSpec>],
    waits: &BTreeSet<(StageKind, StageKind)>,
) -> bool {
    let records = || {
        stages
            .iter()
            .map(|stage| stage.kind())
            .filter(|kind| kind.scope() == StageScope::Record)
    };
    records().any(|other| waits.contains(&(other, kind)))
        && records().any(|other| waits.contains(&(kind, other)))
}

fn segment(stages: &[Located<StageSpec>]) -> String {
    let records = stages
        .iter()
        .map(|stage| stage.kind())
        .filter(|kind| kind.scope() == StageScope::Record);
    one_of(records.map(StageKind::name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(stages: &str) -> Pipeline {
        let mut out = Diagnostics::new();
        let spec =
            weir_yaml::yaml::read("p.yaml", format!("pipeline: p\nstages: {stages}"), &mut out);
        let file = ParsedFile {
            file: "p.yaml".to_owned(),
            stem: "p".to_owned(),
            spec,
            made_of: Vec::new(),
        };
        let pipeline = compile(&file, &mut out);
        assert!(out.is_empty(), "{out:?}");
        pipeline.unwrap()
    }

    fn names(kinds: &[StageKind]) -> Vec<&'static str> {
        kinds.iter().map(|kind| kind.name()).collect()
    }

    #[test]
    fn what_nobody_names_is_placed_where_its_data_come_from_and_go() {
        let pipeline = compiled("[fetch, extract, resolve, validate, promote, archive, report]");
        let all_but_classify = KINDS
            .into_iter()
            .filter(|kind| *kind != StageKind::Classify);
        assert_eq!(pipeline.stages, all_but_classify.collect::<Vec<_>>());
        let before = |kind: StageKind| names(&pipeline.before(kind, |_| true));
        assert_eq!(before(StageKind::Extract), ["identity"]);
        assert_eq!(before(StageKind::Quality), ["details"]);
        assert_eq!(before(StageKind::Measure), ["promote"]);
        assert_eq!(before(StageKind::Report), ["measure", "dedupe"]);
    }

    #[test]
    fn what_a_source_does_not_need_leaves_no_gap() {
        let pipeline = compiled("[fetch, extract, resolve, validate, promote, archive, report]");
        let is_there = |kind: StageKind| {
            !matches!(
                kind,
                StageKind::Details | StageKind::Quality | StageKind::Identity
            )
        };
        assert_eq!(
            names(&pipeline.before(StageKind::Extract, is_there)),
            ["fetch"]
        );
    }

    #[test]
    fn an_author_orders_what_the_data_leave_open() {
        let stages = "[fetch, extract, resolve, validate, promote, { measure: { after: promote } }, { archive: { after: measure } }, report]";
        let pipeline = compiled(stages);
        assert_eq!(
            names(&pipeline.stages[8..]),
            ["measure", "archive", "dedupe", "report"]
        );
        assert_eq!(
            names(&pipeline.before(StageKind::Archive, |_| true)),
            ["measure"]
        );
        let both = compiled(
            "[fetch, extract, resolve, validate, promote, archive, { measure: { after: promote } }, { report: { after: [archive, measure] } }]",
        );
        assert_eq!(
            names(&both.before(StageKind::Measure, |_| true)),
            ["promote"]
        );
    }

    #[test]
    fn a_short_pipeline_stays_short() {
        let pipeline = compiled("[fetch, extract, promote]");
        assert_eq!(
            names(&pipeline.stages),
            [
                "fetch", "details", "quality", "identity", "extract", "promote", "measure",
                "dedupe"
            ]
        );
    }
}
