//! Checks `tests/institutions/*.yaml` against the project: whether the institution, its sources and
//! the fields in a test exist, and whether its days are in order. A mistake here stops no
//! institution; `weir test` does the runs.

use super::mapping_tests::{fields_of, find_institution, known};
use crate::config::institution_tests::{CountsSpec, DaySpec, InstitutionTestSpec};
use crate::config::{InstitutionSpec, ParsedFile, SourceSpec};
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::collections::HashMap;
use weir_model::Clock;
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::{Located, Node};

/// What a test may expect of a job besides its fields.
pub const STANDING: [&str; 2] = ["status", "version"];

/// An institution over several days.
#[derive(Debug, Clone)]
pub struct InstitutionTest {
    /// The institution.
    pub institution: String,
    /// The place of the test.
    pub place: Place,
    /// What it shows.
    pub about: Option<String>,
    /// Its days.
    pub days: Vec<TestDay>,
}

/// One day.
#[derive(Debug, Clone)]
pub struct TestDay {
    /// Its place.
    pub place: Place,
    /// Its clock.
    pub at: Clock,
    /// The variables of the YAML.
    pub variables: HashMap<String, String>,
    /// The folder with the recorded responses.
    pub recorded: Option<Located<String>>,
    /// The expected counts of each source.
    pub counts: Vec<(String, CountsSpec)>,
    /// The expected jobs after it.
    pub jobs: Vec<ExpectedJob>,
}

/// An expected job.
#[derive(Debug, Clone)]
pub struct ExpectedJob {
    /// Its source.
    pub source: String,
    /// The source's id.
    pub id: String,
    /// Where the test names it.
    pub place: Place,
    /// Values and their places; `None` if the job must not exist.
    pub values: Option<Vec<(String, Json, Place)>>,
}

type SourceSpecs = IndexMap<Located<String>, SourceSpec>;

/// Checks all files; problems go to `out`.
pub fn compile(
    files: &[ParsedFile<InstitutionTestSpec>],
    institutions: &[ParsedFile<InstitutionSpec>],
    out: &mut Diagnostics,
) -> Vec<InstitutionTest> {
    files
        .iter()
        .filter_map(|file| compile_file(file, institutions, out))
        .collect()
}

fn compile_file(
    file: &ParsedFile<InstitutionTestSpec>,
    institutions: &[ParsedFile<InstitutionSpec>],
    out: &mut Diagnostics,
) -> Option<InstitutionTest> {
    let spec = file.spec.as_ref()?;
    let named = spec.institution.get()?;
    let sources = find_institution(named, institutions, out)?
        .spec
        .as_ref()?
        .sources
        .get()?;
    let mut days: Vec<TestDay> = Vec::new();
    for day in spec.days.get()? {
        let Some(day) = compile_day(day, sources, out) else {
            continue;
        };
        if let Some(before) = days.last().filter(|before| before.at >= day.at) {
            out.error(
                &day.place,
                "bad-test",
                "this day is not later than the previous one",
            )
            .related(&before.place, "the previous day")
            .help("sort the days by their `at`");
        }
        days.push(day);
    }
    if days.is_empty() && !out.has_errors_in(&file.file) {
        out.error(&named.place, "bad-test", "this test has no days")
            .help("add `days:`, each with its clock `at` and its expectations");
    }
    Some(InstitutionTest {
        institution: named.value.clone(),
        place: file.start(),
        about: spec.about.clone(),
        days,
    })
}

fn compile_day(
    day: &Located<DaySpec>,
    sources: &SourceSpecs,
    out: &mut Diagnostics,
) -> Option<TestDay> {
    let counts = day
        .expect
        .iter()
        .filter_map(|(name, counts)| Some((source_of(name, sources, out)?, counts.clone())))
        .collect();
    let jobs = day
        .jobs
        .iter()
        .filter_map(|(id, wanted)| expected_job(id, wanted, sources, out))
        .collect();
    if day.expect.is_empty() && day.jobs.is_empty() && !out.has_errors_within(&day.place) {
        out.error(&day.place, "bad-test", "this day expects nothing")
            .help("add counts of a source under `expect`, or jobs under `jobs`");
    }
    let variables = day
        .variables
        .iter()
        .map(|(name, value)| (name.value.clone(), value.as_str().to_owned()))
        .collect();
    Some(TestDay {
        place: day.place.clone(),
        at: day.at.get()?.value.0,
        variables,
        recorded: day.recorded.clone(),
        counts,
        jobs,
    })
}

fn source_of(
    name: &Located<String>,
    sources: &SourceSpecs,
    out: &mut Diagnostics,
) -> Option<String> {
    if sources.contains_key(name.as_str()) {
        return Some(name.value.clone());
    }
    let names = || sources.keys().map(|name| name.value.as_str());
    let told = out.error(
        &name.place,
        "unknown-source",
        format!("unknown source `{name}`"),
    );
    match did_you_mean(name, names()) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("the institution has {}", one_of(names()))),
    };
    None
}

fn expected_job(
    id: &Located<String>,
    wanted: &Node,
    sources: &SourceSpecs,
    out: &mut Diagnostics,
) -> Option<ExpectedJob> {
    let (name, source, own) = split(id, sources, out)?;
    let place = id.place.clone();
    if wanted.is_nothing() {
        return Some(ExpectedJob {
            source: name,
            id: own,
            place,
            values: None,
        });
    }
    let names: Option<Vec<&str>> = source
        .job
        .get()
        .map(|job| known(job).chain(STANDING).collect());
    let values = fields_of(wanted, names.as_deref(), out)?;
    Some(ExpectedJob {
        source: name,
        id: own,
        place,
        values: Some(values),
    })
}

/// The source and the id in `nswgov:601204`; the source is optional if there is only one.
fn split<'s>(
    id: &Located<String>,
    sources: &'s SourceSpecs,
    out: &mut Diagnostics,
) -> Option<(String, &'s SourceSpec, String)> {
    let of = |(name, source): (&Located<String>, &'s SourceSpec), own: &str| {
        (name.value.clone(), source, own.to_owned())
    };
    let named = id.split_once(':').and_then(|(name, own)| {
        Some(of(
            sources.iter().find(|(known, _)| known.value == name)?,
            own,
        ))
    });
    let found = named.or_else(|| {
        sources
            .first()
            .filter(|_| sources.len() == 1)
            .map(|only| of(only, id))
    });
    if found.is_none() {
        let names = sources.keys().map(|name| format!("{name}:{id}"));
        let names: Vec<String> = names.collect();
        out.error(
            &id.place,
            "unknown-source",
            format!("`{id}` needs its source"),
        )
        .help(format!(
            "write {}",
            one_of(names.iter().map(String::as_str))
        ));
    }
    found
}
