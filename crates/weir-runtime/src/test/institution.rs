//! An institution over several days: real runs of its real plan, each with the clock and the
//! responses of its day, in a database that is created for the test and removed after it. There is
//! no network access.

use super::expected::value_like;
use crate::engine::turn::WorkTurns;
use crate::engine::{Engine, RunMode, RunOutcome, RunPurpose, RunRequest, RunSummary};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use serde_json::{Value as Json, json};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use weir_model::SourceKey;
use weir_model::untrusted::SecretStore;
use weir_project::plan::institution_tests::{ExpectedJob, InstitutionTest, TestDay};
use weir_project::plan::trial::compare_field;
use weir_project::plan::tried::{TestKind, TestPoint};
use weir_project::plan::{CheckedProject, Plan, TriedTest};
use weir_source::SourceAccess;
use weir_source::door::HttpClient;
use weir_source::http::TokenCache;
use weir_store::scratch::TestDatabases;
use weir_store::views::newest;
use weir_store::{Store, StoreError};
use weir_yaml::diagnostic::{Diagnostic, Place};

/// Tests that are tried at the same time.
const AT_ONCE: usize = 4;

/// Where the runs take place.
pub struct TestGround<'y> {
    /// The folder of the project.
    pub folder: PathBuf,
    /// Where the databases of the tests are made.
    pub yard: &'y TestDatabases,
    /// The machine's name.
    pub host: String,
    /// Where runs keep what they read for a while.
    pub spool: PathBuf,
    /// The wall clock, for durations and leases.
    pub now: fn() -> DateTime<Utc>,
}

/// Runs tests, each in its own database.
///
/// # Errors
/// There is no database to run them in.
pub fn try_all<'f>(
    ground: &'f TestGround<'f>,
    checked: &'f CheckedProject,
    tests: &'f [(&'f InstitutionTest, TriedTest)],
) -> LocalBoxFuture<'f, Result<Vec<TriedTest>, StoreError>> {
    Box::pin(async move {
        let all = tests
            .iter()
            .enumerate()
            .map(|(number, (test, tried))| try_one(ground, checked, test, tried.clone(), number));
        let tried: Vec<Result<TriedTest, StoreError>> =
            futures::stream::iter(all).buffered(AT_ONCE).collect().await;
        tried.into_iter().collect()
    })
}

/// A test that has not run.
pub fn untried(test: &InstitutionTest) -> TriedTest {
    TriedTest {
        about: test.about.clone(),
        ..TriedTest::new(
            TestKind::Institution,
            test.institution.as_str(),
            &test.place,
        )
    }
}

/// A test that could not be tried, and why.
pub fn not_tried(
    test: &InstitutionTest,
    mut tried: TriedTest,
    why: &str,
    help: Option<&str>,
) -> TriedTest {
    let help = help.unwrap_or("`weir db status` shows which PostgreSQL is used");
    let mut told = Diagnostic::error("institution-test", why).at(&test.place);
    told.help(help);
    tried.fail(told, "a database to run in", "none");
    tried
}

async fn try_one(
    ground: &TestGround<'_>,
    checked: &CheckedProject,
    test: &InstitutionTest,
    mut tried: TriedTest,
    number: usize,
) -> Result<TriedTest, StoreError> {
    let found = checked
        .institutions
        .iter()
        .find(|one| one.slug == test.institution);
    let Some(plan) = found.and_then(|one| one.plan()) else {
        fail(
            &mut tried,
            &test.place,
            "an institution without errors",
            format!("`{}` is broken; `weir check` shows why", test.institution),
        );
        return Ok(tried);
    };
    let scratch = ground
        .yard
        .make(number, &format!("weir test on {}", ground.host))
        .await?;
    let outcome = try_days(ground, checked, plan, &scratch.store, test, &mut tried).await;
    scratch.remove().await?;
    outcome.map(|()| tried)
}

/// Runs the days in order; after a failed run the others are skipped.
async fn try_days(
    ground: &TestGround<'_>,
    checked: &CheckedProject,
    plan: &Plan,
    store: &Store,
    test: &InstitutionTest,
    tried: &mut TriedTest,
) -> Result<(), StoreError> {
    for day in &test.days {
        match run(ground, checked, plan, store, day).await {
            Ok(summary) => compare_counts(day, &summary, tried),
            Err((why, place)) => {
                fail(tried, place, "a run", why);
                return Ok(());
            }
        }
        for expected in &day.jobs {
            compare_job(plan, store, expected, tried).await?;
        }
    }
    Ok(())
}

async fn run<'d>(
    ground: &TestGround<'_>,
    checked: &CheckedProject,
    plan: &Plan,
    store: &Store,
    day: &'d TestDay,
) -> Result<RunSummary, (String, &'d Place)> {
    let door = match &day.recorded {
        Some(folder) => HttpClient::replaying(ground.folder.join(folder.as_str()))
            .map_err(|error| (error.to_string(), &folder.place))?,
        None => HttpClient::shut(),
    };
    let engine = Engine {
        store: store.clone(),
        access: SourceAccess {
            folder: ground.folder.clone(),
            door,
            variables: Arc::new(day.variables.clone()),
            tokens: TokenCache::default(),
            secrets: SecretStore::default(),
        },
        sandbox: Arc::clone(&checked.sandbox),
        watcher: Arc::new(|_| ControlFlow::Continue(())),
        stop: CancellationToken::new(),
        turns: WorkTurns::new(1),
    };
    let spool = ground.spool.clone();
    let request = RunRequest {
        at: day.at,
        allow_future: true,
        wait: true,
        now: ground.now,
        host: ground.host.clone(),
        spool,
        occasion: RunPurpose::default(),
    };
    let ran = engine.run(plan, &request, RunMode::Live).await;
    ran.map(RunOutcome::into_summary)
        .map_err(|error| (error.to_string(), &day.place))
}

fn compare_counts(day: &TestDay, summary: &RunSummary, tried: &mut TriedTest) {
    for (source, expected) in &day.counts {
        let Some(about) = summary.sources.get(source) else {
            continue;
        };
        if let (Some(wanted), Some(read)) = (&expected.read, &about.read)
            && wanted.value != read.state
        {
            let why = read
                .why
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}"));
            fail_at(
                tried,
                &wanted.place,
                format!("{source} read"),
                wanted.value.name(),
                format!("{}{why}", read.state.name()),
            );
        }
        if let (Some(wanted), Some(why)) = (&expected.read, &about.waits) {
            fail_at(
                tried,
                &wanted.place,
                format!("{source} read"),
                wanted.value.name(),
                format!("not read now: {why}"),
            );
        }
        if let Some(why) = summary.problems.get(source) {
            fail(
                tried,
                &day.place,
                format!("a run of `{source}`"),
                why.clone(),
            );
        }
        let counts = about
            .counts
            .named()
            .into_iter()
            .chain([("ads", about.counts.documents)]);
        let counts: Vec<(&str, i64)> = counts.collect();
        for (name, wanted) in expected.named() {
            if let Some((_, found)) = counts
                .iter()
                .find(|(known, count)| *known == name && *count != wanted.value)
            {
                fail_at(
                    tried,
                    &wanted.place,
                    format!("{source} {name}"),
                    wanted.value.to_string(),
                    found.to_string(),
                );
            }
        }
    }
}

async fn compare_job(
    plan: &Plan,
    store: &Store,
    expected: &ExpectedJob,
    tried: &mut TriedTest,
) -> Result<(), StoreError> {
    let stream = SourceKey {
        institution: plan.institution.id,
        source: expected.source.clone(),
    };
    let standing = newest::of_ad(&mut *store.connection().await?, &stream, &expected.id).await?;
    let name = format!("{}:{}", expected.source, expected.id);
    match (standing, &expected.values) {
        (Some(found), Some(values)) => {
            for (field, wanted, place) in values {
                let got = match field.as_str() {
                    "status" => Json::from(found.status.as_str()),
                    "version" => json!(found.version),
                    "id" => Json::from(expected.id.as_str()),
                    field => value_like(&found.job, field, wanted),
                };
                tried.touched.insert(TestPoint::Field(
                    format!("{}/{}", plan.institution.slug, expected.source),
                    field.clone(),
                ));
                compare_field(
                    tried,
                    "institution-test",
                    place,
                    &format!("{name} {field}"),
                    wanted,
                    &got,
                );
            }
        }
        (Some(found), None) => fail_at(
            tried,
            &expected.place,
            name,
            "no job",
            format!("a job, {}, version {}", found.status, found.version),
        ),
        (None, Some(_)) => fail_at(tried, &expected.place, name, "a job", "none"),
        (None, None) => {}
    }
    Ok(())
}

fn fail(tried: &mut TriedTest, place: &Place, expected: impl Into<String>, why: String) {
    let mut told = Diagnostic::error("institution-test", why.clone()).at(place);
    told.help("fix the test, or the YAML of the institution");
    tried.fail(told, expected, why);
}

fn fail_at(
    tried: &mut TriedTest,
    place: &Place,
    what: String,
    expected: impl Into<String>,
    found: impl Into<String>,
) {
    let (expected, found) = (expected.into(), found.into());
    let mut told = Diagnostic::error(
        "institution-test",
        format!("{what} is {found}, but this test expects {expected}"),
    )
    .at(place);
    told.help("fix the YAML of the institution, or the expectation");
    tried.fail(told, expected, found).field = Some(what);
}
