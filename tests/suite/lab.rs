//! A project folder and a database of its own: writes YAML and feeds, runs the real plan, reads
//! what came of it.

use crate::bench::{Bench, dump};
use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use weir::config::Project;
use weir::engine::{
    Engine, RunError, RunEvent, RunMode, RunOutcome, RunRequest, RunSummary, RunWatcher,
};
use weir::model::Clock;
use weir::model::{RecordFilter, RunRecord};
use weir::orchestration::{PlanSet, Worker};
use weir::plan::{CheckedProject, Plan};
use weir::source::SourceAccess;
use weir::store::Store;

/// The pipeline of every test.
pub const DAILY: &str =
    "pipeline: daily\nstages: [fetch, extract, resolve, validate, promote, archive, report]\n";

/// One run to do.
#[derive(Clone)]
pub struct Step {
    pub at: String,
    pub variables: HashMap<String, String>,
}

impl Step {
    pub fn new(at: &str, variables: &[(&str, &str)]) -> Step {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Step {
            at: at.to_owned(),
            variables: variables.collect(),
        }
    }

    pub fn clock(&self) -> Clock {
        let text = if self.at.contains('T') {
            self.at.clone()
        } else {
            format!("{}T00:00:00Z", self.at)
        };
        Clock(text.parse().unwrap())
    }
}

/// The words of a command, so that it does the same on whatever day the tests run: their dates
/// stand still, the machine's clock does not.
pub fn on_any_day<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let acts = match words {
        [
            "apply" | "graph" | "plan" | "preview" | "rehearse" | "retire" | "rollback" | "run",
            ..,
        ] => true,
        ["holds", word, ..] => !matches!(*word, "list" | "causes"),
        ["failures", word, ..] => *word == "discard",
        _ => false,
    };
    words
        .iter()
        .copied()
        .chain(acts.then_some("--allow-future"))
        .collect()
}

/// A machine's clock after all dates of the tests.
const FAR: chrono::DateTime<chrono::Utc> =
    chrono::DateTime::from_timestamp(4_000_000_000, 0).unwrap();

/// A folder and a database.
pub struct Lab {
    pub folder: PathBuf,
    pub bench: Bench,
    _temp: Arc<tempfile::TempDir>,
}

/// How a run is watched in tests.
pub fn everything() -> RunWatcher {
    Arc::new(|_| ControlFlow::Continue(()))
}

/// Whether a stop at an event is one of its own: between nodes nothing is under way, so a stop
/// there is as one at the event before.
pub fn is_stop(event: &RunEvent) -> bool {
    !matches!(
        event,
        RunEvent::NodeStarted(_) | RunEvent::NodeFinished { .. }
    )
}

/// Stops the run at its n-th event that is a stop of its own, from 0.
pub fn stop_at(n: usize) -> RunWatcher {
    let seen = AtomicUsize::new(0);
    Arc::new(move |event| {
        let stops = is_stop(event) && seen.fetch_add(1, Ordering::SeqCst) >= n;
        if stops {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}

fn active(checked: &CheckedProject) -> impl Iterator<Item = &Plan> {
    checked
        .institutions
        .iter()
        .filter_map(|institution| institution.plan())
        .map(AsRef::as_ref)
        .filter(|plan: &&Plan| plan.institution.active)
}

impl Lab {
    /// An empty project with the daily pipeline.
    pub async fn new() -> Lab {
        Lab::on(Bench::new().await)
    }

    /// An empty project with the daily pipeline, on this database.
    pub fn on(bench: Bench) -> Lab {
        let temp = tempfile::tempdir().unwrap();
        let lab = Lab {
            folder: temp.path().to_owned(),
            bench,
            _temp: Arc::new(temp),
        };
        lab.write("pipelines/daily.yaml", DAILY);
        lab
    }

    /// The same folder with a copy of the database.
    pub async fn copy(&self) -> Lab {
        Lab {
            folder: self.folder.clone(),
            bench: self.bench.copy().await,
            _temp: Arc::clone(&self._temp),
        }
    }

    /// Writes a file of the project.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Copies the files of a folder over the project.
    pub fn lay_over(&self, from: &Path) {
        copy_into(from, &self.folder);
    }

    /// The project, which must be without errors.
    pub fn checked(&self) -> CheckedProject {
        let checked = weir::plan::check::check(Project::load(&self.folder));
        assert!(
            !checked.diagnostics.has_errors(),
            "{}",
            weir::diagnostic::render(&checked.diagnostics, &checked.texts, false)
        );
        checked
    }

    /// Runs all institutions; they must end well.
    pub async fn run(&self, step: &Step) -> Vec<RunSummary> {
        self.run_as(step, false, everything())
            .await
            .into_iter()
            .map(|result| result.unwrap_or_else(|error| panic!("{error}")))
            .collect()
    }

    /// Runs all institutions, watched.
    pub async fn run_as(
        &self,
        step: &Step,
        dry_run: bool,
        watcher: RunWatcher,
    ) -> Vec<Result<RunSummary, RunError>> {
        self.run_with(&self.bench.url(), step, dry_run, watcher)
            .await
    }

    /// Runs all institutions on another database.
    pub async fn run_on(
        &self,
        url: &str,
        step: &Step,
        watcher: RunWatcher,
    ) -> Vec<Result<RunSummary, RunError>> {
        self.run_with(url, step, false, watcher).await
    }

    async fn run_with(
        &self,
        url: &str,
        step: &Step,
        dry_run: bool,
        watcher: RunWatcher,
    ) -> Vec<Result<RunSummary, RunError>> {
        let (checked, engine) = self.engine(url, step, watcher).await;
        let (request, wanted) = (self.request(step), RecordFilter::default());
        let mode = if dry_run {
            RunMode::DryRun {
                wanted: &wanted,
                saves: false,
            }
        } else {
            RunMode::Live
        };
        let mut results = Vec::new();
        for plan in active(&checked) {
            results.push(
                engine
                    .run(plan, &request, mode)
                    .await
                    .map(RunOutcome::into_summary),
            );
        }
        engine.store.close().await;
        results
    }

    /// Carries out a unit of due work, whoever may have done so before.
    pub async fn run_unit(&self, step: &Step, unit: i64) -> Vec<Result<RunSummary, RunError>> {
        let (checked, engine) = self.engine(&self.bench.url(), step, everything()).await;
        let mut request = self.request(step);
        request.occasion.unit = Some(unit);
        let mut results = Vec::new();
        for plan in active(&checked) {
            let outcome = engine.run(plan, &request, RunMode::Live).await;
            results.push(outcome.map(RunOutcome::into_summary));
        }
        engine.store.close().await;
        results
    }

    /// A worker of this project, with what it needs of others.
    pub fn worker(
        &self,
        store: Store,
        plans: watch::Receiver<Arc<PlanSet>>,
        now: fn() -> DateTime<Utc>,
    ) -> Worker {
        Worker {
            store,
            access: self.access(HashMap::new()),
            name: "process 1 on a".to_owned(),
            hands: 2,
            plans,
            now,
            host: "bench".to_owned(),
            spool: self.folder.join(".weir").join(&self.bench.name),
            watcher: everything(),
            told: Arc::new(|_| {}),
            given_back: Mutex::default(),
        }
    }

    fn access(&self, variables: HashMap<String, String>) -> SourceAccess {
        SourceAccess {
            folder: self.folder.clone(),
            door: weir::source::door::HttpClient::new().unwrap(),
            tokens: weir::source::http::TokenCache::default(),
            variables: Arc::new(variables),
            secrets: weir::untrusted::SecretStore::default(),
        }
    }

    /// Runs all institutions side by side, of which so many work at the same time; their names in
    /// the order in which they end.
    pub async fn run_side_by_side(&self, step: &Step, turns: usize) -> Vec<String> {
        use futures::StreamExt;
        let (checked, engine) = self.engine(&self.bench.url(), step, everything()).await;
        let engine = Engine {
            turns: weir::engine::turn::WorkTurns::new(turns),
            ..engine
        };
        let request = self.request(step);
        let (engine, request) = (&engine, &request);
        let running = active(&checked).map(|plan| async move {
            engine
                .run(plan, request, RunMode::Live)
                .await
                .map(|_| plan.institution.slug.clone())
                .unwrap()
        });
        let ended = running
            .collect::<futures::stream::FuturesUnordered<_>>()
            .collect()
            .await;
        engine.store.close().await;
        ended
    }

    /// The project, and what runs it.
    async fn engine(
        &self,
        url: &str,
        step: &Step,
        watcher: RunWatcher,
    ) -> (CheckedProject, Engine) {
        let checked = self.checked();
        let engine = Engine {
            store: Store::connect(url, 12, "bench").await.unwrap(),
            access: self.access(step.variables.clone()),
            sandbox: Arc::clone(&checked.sandbox),
            watcher,
            stop: CancellationToken::new(),
            turns: weir::engine::turn::WorkTurns::new(4),
        };
        (checked, engine)
    }

    #[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
    fn request(&self, step: &Step) -> RunRequest {
        // Labs that share a folder do not share a spool.
        let spool = self.folder.join(".weir").join(&self.bench.name);
        RunRequest {
            at: step.clock(),
            allow_future: true,
            wait: false,
            now: chrono::Utc::now,
            host: "bench".to_owned(),
            spool,
            occasion: weir::engine::RunPurpose::default(),
        }
    }

    /// The plan of jobs of every institution, saved into a file.
    pub async fn foresee(&self, step: &Step, file: &Path) -> Vec<(RunSummary, Vec<RunRecord>)> {
        let (checked, engine) = self.engine(&self.bench.url(), step, everything()).await;
        let request = self.request(step);
        let (mut plans, mut saved) = (Vec::new(), Vec::new());
        for plan in active(&checked) {
            let mode = RunMode::DryRun {
                wanted: &RecordFilter::default(),
                saves: true,
            };
            let outcome = engine
                .run(plan, &request, mode)
                .await
                .unwrap_or_else(|error| panic!("{error}"));
            let foreseen = outcome.into_dry_run().unwrap();
            let records = foreseen
                .records
                .read()
                .unwrap()
                .map(Result::unwrap)
                .collect();
            plans.push((foreseen.summary, records));
            saved.extend(foreseen.saved);
        }
        weir::engine::saved::write(file, &saved.iter().collect::<Vec<_>>(), step.clock().0)
            .unwrap();
        engine.store.close().await;
        plans
    }

    /// Applies a saved plan.
    pub async fn apply(&self, step: &Step, file: &Path) -> Vec<Result<RunSummary, RunError>> {
        // What a source would say now does not count: it is not asked.
        let nothing = Step {
            variables: HashMap::new(),
            ..step.clone()
        };
        let (checked, engine) = self.engine(&self.bench.url(), &nothing, everything()).await;
        let request = self.request(step);
        let mut results = Vec::new();
        for saved in weir::engine::saved::read(file, &request.spool).unwrap() {
            let plan = active(&checked)
                .find(|plan| plan.institution.slug == saved.head.institution)
                .unwrap();
            let request = RunRequest {
                at: saved.at(),
                ..request.clone()
            };
            let outcome = engine.run(plan, &request, RunMode::Apply(&saved)).await;
            results.push(outcome.map(RunOutcome::into_summary));
        }
        engine.store.close().await;
        results
    }

    /// The program on this project and database, for the first day of its samples: its exit code,
    /// and what it says on stdout and then on stderr.
    pub fn weir(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_weir"))
            .arg("--project")
            .arg(&self.folder)
            .args(words)
            .env("DATABASE_URL", self.bench.url())
            .env("USER", "ada")
            .env("DAY", "1")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    /// What the program says when it must succeed.
    pub fn good(&self, words: &[&str]) -> String {
        let (code, said) = self.weir(words);
        assert_eq!(code, Some(0), "{words:?}: {said}");
        said
    }

    /// The canonical dump of the database.
    pub async fn dump(&self) -> String {
        dump(&self.bench.url()).await
    }

    /// Rows of one column.
    pub async fn texts(&self, sql: &'static str) -> Vec<String> {
        let mut connection = PgConnection::connect(&self.bench.url()).await.unwrap();
        let rows = sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        rows
    }

    /// What an audit finds, on whatever day the tests run: their runs may be dated after it.
    pub async fn audit(&self) -> Vec<String> {
        let mut connection = PgConnection::connect(&self.bench.url()).await.unwrap();
        let found = weir::store::views::audit::findings(&mut connection, None, i64::MAX, FAR)
            .await
            .unwrap();
        connection.close().await.unwrap();
        found
            .iter()
            .filter(|finding| finding.kind != "future")
            .map(|finding| format!("{finding:?}"))
            .collect()
    }

    /// What a person would want to know of the database, a line each.
    pub async fn story(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (title, sql) in STORY {
            lines.extend(
                self.texts(sql)
                    .await
                    .into_iter()
                    .map(|row| format!("{title} {row}")),
            );
        }
        lines
    }
}

/// Copies the files of a folder into another.
fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_into(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The database as a story: what is published, how it came to be, what waits and why.
const STORY: [(&str, &str); 12] = [
    (
        "job",
        "SELECT format('%s %s v%s %s%s | %s | %s | %s .. %s | %s', source_id, original_id, version, status,
           COALESCE(' as ' || archived_as, '') || CASE WHEN held_since IS NULL THEN '' ELSE ', held' END, title, COALESCE(array_to_string(locations, ' + '), '-'),
           COALESCE(open_date::text, ''), COALESCE(close_date::text, ''), COALESCE(remuneration, '-')) FROM jobs ORDER BY source_id, original_id, generation",
    ),
    (
        "history",
        "SELECT format('%s %s v%s %s [%s] %s%s', source_id, original_id, version, change_type, array_to_string(changed_fields, ', '), change_reason,
           CASE WHEN changes IS NULL OR change_type = 'archive' THEN '' ELSE ' ' || left(changes::text, 300) END) FROM jobs_history ORDER BY source_id, original_id, version, 1",
    ),
    (
        "waiting",
        "SELECT format('%s %s %s', j.external_id, j.validation_status, string_agg(f.validation_type || COALESCE(' ' || f.field_name, '') || ': ' || f.error_message, '; ' ORDER BY f.id))
         FROM staging_jobs j JOIN staging_validation_failures f ON f.institution_id = j.institution_id AND f.staging_job_id = j.id
         GROUP BY j.external_id, j.validation_status ORDER BY 1",
    ),
    (
        "dead letter",
        "SELECT format('%s %s: %s', d.source_id, f.error_type, f.error_details) FROM staging_failed_documents f
         JOIN staging_documents d ON d.institution_id = f.institution_id AND d.id = f.document_id ORDER BY 1",
    ),
    (
        "resolved",
        "SELECT format('%s %s:%s %s%s (%s)', to_char(resolved_at AT TIME ZONE 'UTC', 'MM-DD'), source_id, original_id, COALESCE(rule, error_type), COALESCE(' ' || field_name, ''), why)
         FROM resolved_failures ORDER BY 1",
    ),
    (
        "role",
        "SELECT format('%s %s: %s %s %s', j.external_id, r.framework, r.level, COALESCE(r.role_id, '-'), r.method)
         FROM job_roles r JOIN jobs j ON j.institution_id = r.institution_id AND j.id = r.job_id ORDER BY 1",
    ),
    (
        "capability",
        "SELECT format('%s %s: %s %s %s', j.external_id, c.framework, c.capability_id, COALESCE(c.level, '-'), c.kind)
         FROM job_capabilities c JOIN jobs j ON j.institution_id = c.institution_id AND j.id = c.job_id ORDER BY 1",
    ),
    ("hold", "SELECT format('%s %s %s %s: %s', kind, source_id, subject, status, reason) FROM holds ORDER BY 1"),
    (
        "lost",
        "SELECT format('%s %s in run %s: %s of %s, %s of ad %s %s%s', l.source_id, field_name, rank, lost, present, example, external_id, expected,
           COALESCE('; ' || remedy, ''))
         FROM lost_values l JOIN (SELECT id, to_char(at AT TIME ZONE 'UTC', 'MM-DD') AS rank FROM runs) r ON r.id = l.run_id GROUP BY 1 ORDER BY 1",
    ),
    ("alert", "SELECT format('%s %s %s', to_char(raised_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), kind, message) FROM alerts ORDER BY 1"),
    (
        "opening",
        "SELECT format('%s %s: %s | %s%s', o.status, array_to_string(o.ads, ' + '), o.title, array_to_string(o.locations, ' + '),
           COALESCE(' | follows ' || j.external_id || ' after ' || o.reposted_days || ' days', ''))
         FROM current_openings o LEFT JOIN jobs j ON j.institution_id = o.institution_id AND j.id = o.reposted_from ORDER BY o.survivor",
    ),
    (
        "member",
        "SELECT format('%s by %s %s', j.external_id, m.method, m.evidence ->> 'points') FROM opening_members m
         JOIN jobs j ON j.institution_id = m.institution_id AND j.id = m.job_id WHERE m.method <> 'first' ORDER BY j.external_id",
    ),
];
