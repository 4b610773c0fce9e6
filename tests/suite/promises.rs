//! The promises about data, on every case of `tests/cases`: a case is a folder with a project,
//! dated feeds and `steps`; what came of each step is in `expected`. On each case ride the laws: a
//! run repeated writes nothing, a run that fails anywhere and is run again ends as an unbroken one,
//! a dry run leaves the database as it was, an audit finds nothing.

use crate::bench::difference;
use crate::lab::{Lab, Step, everything, is_stop, stop_at};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use weir::engine::RunSummary;
use weir::stage::StageKind;

/// A line of `steps`.
pub enum Act {
    /// `run 2026-09-01 DAY=1`
    Run(Step),
    /// `edit v2`: lays the folder `v2` of the case over the project.
    Edit(String),
}

pub fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = std::fs::read_dir("tests/cases")
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

/// Cases that are tried side by side: each takes up to a dozen of the hundred connections that the
/// server of all tests has.
const AT_ONCE: usize = 5;

/// Does something with every case, several side by side.
fn on_every_case<W: Future<Output = ()>>(work: impl Fn(PathBuf) -> W + Sync) {
    // The cases of two laws at once are more than the server has connections for.
    static ONE_LAW: Mutex<()> = Mutex::new(());
    let _one = ONE_LAW
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let waiting = Mutex::new(cases().into_iter());
    let next = || {
        let mut waiting = waiting.lock().unwrap();
        waiting.next()
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = next() {
                    tokio::runtime::Runtime::new().unwrap().block_on(work(case));
                }
            });
        }
    });
}

/// Does something with each run of every case, which the law takes itself; edits are laid over as
/// they come.
fn on_every_run(law: impl AsyncFn(&Lab, &Step, &str) + Sync) {
    let law = &law;
    on_every_case(|case| async move {
        let lab = lab(&case).await;
        for (line, act) in acts(&case) {
            match act {
                Act::Edit(folder) => lab.lay_over(&case.join(folder)),
                Act::Run(step) => law(&lab, &step, &format!("{}: `{line}`", case.display())).await,
            }
        }
        lab.bench.drop().await;
    });
}

pub fn acts(case: &Path) -> Vec<(String, Act)> {
    let text = std::fs::read_to_string(case.join("steps")).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|line| (line.to_owned(), act(line))).collect()
}

fn act(line: &str) -> Act {
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some("run"), Some(at)) => {
            let variables: Vec<(&str, &str)> =
                words.map(|word| word.split_once('=').unwrap()).collect();
            Act::Run(Step::new(at, &variables))
        }
        (Some("edit"), Some(folder)) => Act::Edit(folder.to_owned()),
        _ => panic!("cannot read the step `{line}`"),
    }
}

pub async fn lab(case: &Path) -> Lab {
    let lab = Lab::new().await;
    lab.lay_over(&case.join("project"));
    lab
}

fn counts(summary: &RunSummary) -> String {
    let mut out = String::new();
    for (source, about) in &summary.sources {
        let read = about.read.as_ref().map_or("-", |read| read.state.name());
        let named = about
            .counts
            .named()
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name} {count}"));
        let why = about
            .read
            .as_ref()
            .and_then(|read| read.why.clone())
            .map_or_else(String::new, |why| format!(" ({why})"));
        let _ = writeln!(
            out,
            "  {source}: {read}{why}, {} documents: {}",
            about.counts.documents,
            named.collect::<Vec<_>>().join(", ")
        );
        let parts = about.counts.documents
            - about
                .counts
                .named()
                .iter()
                .filter(|(name, _)| *name != "archived")
                .map(|(_, count)| count)
                .sum::<i64>();
        assert_eq!(
            parts, 0,
            "the documents of a run are the sum of what became of them"
        );
    }
    out
}

/// What came and went between two stories.
fn news(old: &[String], new: &[String]) -> String {
    let gone = old
        .iter()
        .filter(|line| !new.contains(line))
        .map(|line| format!("    - {line}\n"));
    let come = new
        .iter()
        .filter(|line| !old.contains(line))
        .map(|line| format!("    + {line}\n"));
    gone.chain(come).collect()
}

pub fn expect(file: &Path, found: &str) {
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    #[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
    if std::env::var_os("WEIR_BLESS").is_some() {
        std::fs::write(file, found).unwrap();
        return;
    }
    assert_eq!(
        expected,
        found,
        "{}: WEIR_BLESS=1 rewrites it",
        file.display()
    );
}

/// What the narrow tables say of roles and capabilities and jobs do not, and the other way round.
const UNREPEATED: &str = "WITH said AS (
       SELECT j.id AS job, r.framework, r.level, r.id, r.name, r.confidence, r.method AS kind, CASE WHEN r.level IN ('review', 'open') THEN NULLIF(r.text, '') END AS unmatched
       FROM jobs j CROSS JOIN LATERAL jsonb_to_recordset(j.roles) AS r (framework text, level text, id text, name text, confidence real, method text, text text)
       UNION ALL
       SELECT j.id, c.framework, c.level, c.id, c.name, c.confidence, c.kind, NULL
       FROM jobs j CROSS JOIN LATERAL jsonb_to_recordset(j.capabilities) AS c (framework text, level text, id text, name text, confidence real, kind text)),
     repeated AS (
       SELECT job_id, framework, level, role_id, role_name, confidence, method, unmatched FROM job_roles
       UNION ALL
       SELECT job_id, framework, level, capability_id, capability_name, confidence, kind, NULL FROM job_capabilities)
     (SELECT 'missing ' || s::text FROM (SELECT * FROM said EXCEPT SELECT * FROM repeated) AS s)
     UNION ALL
     (SELECT 'extra ' || s::text FROM (SELECT * FROM repeated EXCEPT SELECT * FROM said) AS s) ORDER BY 1";

#[test]
fn every_case_ends_as_expected_and_repeating_a_run_writes_nothing() {
    on_every_case(|case| async move {
        let lab = lab(&case).await;
        let (mut story, mut last) = (String::new(), Vec::new());
        for (line, act) in acts(&case) {
            let _ = writeln!(story, "{line}");
            match act {
                Act::Edit(folder) => lab.lay_over(&case.join(folder)),
                Act::Run(step) => {
                    for summary in lab.run(&step).await {
                        story.push_str(&counts(&summary));
                    }
                    let now = lab.story().await;
                    story.push_str(&news(&last, &now));
                    last = now;
                    let once = lab.dump().await;
                    assert_eq!(
                        lab.audit().await,
                        [""; 0],
                        "{}: an audit after `{line}`",
                        case.display()
                    );
                    assert_eq!(
                        lab.texts(UNREPEATED).await,
                        [""; 0],
                        "{}: the tables for joins after `{line}`",
                        case.display()
                    );
                    lab.run(&step).await;
                    if let Some(difference) = difference(&once, &lab.dump().await) {
                        panic!(
                            "{}: `{line}` again changed something:\n{difference}",
                            case.display()
                        );
                    }
                }
            }
        }
        expect(&case.join("expected"), &story);
        lab.bench.drop().await;
    });
}

#[test]
fn a_dry_run_leaves_the_database_as_it_was_and_says_what_the_run_then_does() {
    on_every_run(async |lab, step, run| {
        let before = lab.dump().await;
        let dry = lab.run_as(step, true, everything()).await;
        if let Some(difference) = difference(&before, &lab.dump().await) {
            panic!("{run}: the dry run left something:\n{difference}");
        }
        let real = lab.run(step).await;
        for (dry, real) in dry.into_iter().zip(real) {
            let dry = dry.unwrap_or_else(|error| panic!("{run}: {error}"));
            assert_eq!(counts(&dry), counts(&real), "{run}");
        }
    });
}

/// What the picture shows is what runs: each node once, none before what it waits for, and a row of
/// `run_stages` for each.
#[test]
fn the_run_walks_the_plan_node_by_node_and_edge_by_edge() {
    on_every_run(async |lab, step, run| {
        let walk = Arc::new(Mutex::new(Vec::new()));
        let watched = Arc::clone(&walk);
        let watch = Arc::new(move |event: &weir::engine::RunEvent| {
            watched.lock().unwrap().extend(moment(event));
            std::ops::ControlFlow::Continue(())
        });
        let outcomes = lab.run_as(step, false, watch).await;
        assert!(outcomes.iter().all(Result::is_ok), "{run}");
        let walk = std::mem::take(&mut *walk.lock().unwrap());
        let mut nodes: Vec<String> = Vec::new();
        for plan in lab
            .checked()
            .institutions
            .iter()
            .filter_map(|one| one.plan())
            .filter(|plan| plan.institution.active)
        {
            compare(plan, &walk);
            let slug = &plan.institution.slug;
            nodes.extend(
                plan.graph
                    .node_weights()
                    .map(|node| format!("{slug} {}", node.name)),
            );
        }
        nodes.sort();
        assert_eq!(walk.len(), 2 * nodes.len(), "{run}: nodes that no plan has");
        let mut rows = lab.texts(NEWEST_NODES).await;
        rows.sort();
        assert_eq!(rows, nodes, "{run}");
    });
}

/// The nodes of the newest run of each institution, as `run_stages` has them.
const NEWEST_NODES: &str = "SELECT i.slug || ' ' || s.stage || CASE WHEN s.source_id = '' THEN '' ELSE ':' || s.source_id END AS node
    FROM run_stages s JOIN institutions i ON i.id = s.institution_id
    WHERE s.run_id = (SELECT max(id) FROM runs r WHERE r.institution_id = s.institution_id)";

/// An institution, a node, and whether it began or ended.
type Moment = (String, String, bool);

fn moment(event: &weir::engine::RunEvent) -> Option<Moment> {
    match event {
        weir::engine::RunEvent::NodeStarted(node) => {
            Some((node.institution.clone(), node.node.clone(), true))
        }
        weir::engine::RunEvent::NodeFinished { node, .. } => {
            Some((node.institution.clone(), node.node.clone(), false))
        }
        _ => None,
    }
}

fn compare(plan: &weir::plan::Plan, walk: &[Moment]) {
    let at = |node: &weir::plan::PlanNode, begins: bool| {
        let is_it = |moment: &&Moment| {
            moment.0 == plan.institution.slug && moment.1 == node.name && moment.2 == begins
        };
        assert_eq!(
            walk.iter().filter(is_it).count(),
            1,
            "{} {} begins: {begins}",
            plan.institution.slug,
            node.name
        );
        walk.iter().position(|moment| is_it(&moment)).unwrap()
    };
    for edge in plan.graph.edge_indices() {
        let (from, to) = plan.graph.edge_endpoints(edge).unwrap();
        let (from, to) = (&plan.graph[from], &plan.graph[to]);
        // What begins while the source is read: the read itself, what may bar the segment, the
        // segment.
        let streams = to.kind < StageKind::Archive;
        let edge = format!("{} -> {}", from.name, to.name);
        assert!(
            at(from, true) < at(to, true) && at(from, false) < at(to, false),
            "{edge}"
        );
        assert!(streams || at(from, false) < at(to, true), "{edge}");
    }
}

/// Stops each run at each of its events in turn, inside and outside transactions, and runs again.
/// Runs with more stops than this are stopped at so many of them.
const MOST_STOPS: usize = 12;

/// Where a run is stopped: anywhere, if it has few stops. A run of several sources passes the same
/// stops once for each, so that every second or third is enough; which ones differs from run to
/// run.
fn stops(all: usize, run: &str) -> impl Iterator<Item = usize> {
    let every = all.div_ceil(MOST_STOPS).max(1);
    let first = run.bytes().map(usize::from).sum::<usize>() % every;
    (first..all).step_by(every)
}

#[test]
fn a_run_that_fails_anywhere_and_is_run_again_ends_as_an_unbroken_one() {
    on_every_run(async |lab, step, run| {
        let unbroken = lab.copy().await;
        let seen = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&seen);
        let watch = Arc::new(move |event: &weir::engine::RunEvent| {
            counter.fetch_add(usize::from(is_stop(event)), Ordering::SeqCst);
            std::ops::ControlFlow::Continue(())
        });
        unbroken.run_as(step, false, watch).await;
        let expected = unbroken.dump().await;
        for event in stops(seen.load(Ordering::SeqCst), run) {
            let broken = lab.copy().await;
            let results = broken.run_as(step, false, stop_at(event)).await;
            assert!(
                results.iter().any(Result::is_err),
                "{run}: nothing stopped at event {event}"
            );
            broken.run(step).await;
            if let Some(difference) = difference(&expected, &broken.dump().await) {
                panic!("{run} stopped at event {event} and run again:\n{difference}");
            }
            broken.bench.drop().await;
        }
        unbroken.bench.drop().await;
        lab.run(step).await;
    });
}
