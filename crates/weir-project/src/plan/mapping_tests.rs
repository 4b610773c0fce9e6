//! Checks `tests/mapping/*.yaml` against the project: whose ads they are, and whether everything
//! they name exists. A mistake here stops no institution. `weir test` runs the tests, and may read
//! files.

use super::compile::DECIDED;
use crate::config::mapping_tests::{MappingTest, MappingTestsSpec};
use crate::config::{InstitutionSpec, ParsedFile, SourceSpec};
use chrono::NaiveDate;
use serde_json::Value as Json;
use weir_model::field::FIELDS;
use weir_stage::extract::JobSpec;
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::{Located, Node};

/// The tests of one source.
#[derive(Debug, Clone)]
pub struct MappingTests {
    /// The institution.
    pub institution: String,
    /// The source.
    pub source: String,
    /// The tests.
    pub tests: Vec<CompiledMappingTest>,
}

/// One test.
#[derive(Debug, Clone)]
pub struct CompiledMappingTest {
    /// Its place.
    pub place: Place,
    /// What it shows.
    pub about: Option<String>,
    /// The date of the run.
    pub at: Option<NaiveDate>,
    /// The ad.
    pub given: GivenAd,
    /// Fields, with values and places.
    pub expect: Vec<(String, Json, Place)>,
    /// All expected problems, if the test lists them.
    pub reasons: Option<Vec<Located<String>>>,
}

/// Where the ad of a test comes from.
#[derive(Debug, Clone)]
pub enum GivenAd {
    /// It is in the test.
    Document(Json),
    /// It is in a file that the source could have read.
    File {
        /// The file.
        file: Located<String>,
        /// Its id.
        ad: Option<Located<String>>,
        /// The file with its own page.
        detail: Option<Located<String>>,
    },
}

/// Checks all files; problems go to `out`.
pub fn compile(
    files: &[ParsedFile<MappingTestsSpec>],
    institutions: &[ParsedFile<InstitutionSpec>],
    out: &mut Diagnostics,
) -> Vec<MappingTests> {
    files
        .iter()
        .filter_map(|file| compile_file(file.spec.as_ref()?, institutions, out))
        .collect()
}

fn compile_file(
    spec: &MappingTestsSpec,
    institutions: &[ParsedFile<InstitutionSpec>],
    out: &mut Diagnostics,
) -> Option<MappingTests> {
    let named = spec.institution.get()?;
    let (name, source) = find_source(named, spec.source.as_ref(), institutions, out)?;
    let fields: Option<Vec<&str>> = source.job.get().map(|job| known(job).collect());
    let tests = spec
        .tests
        .get()?
        .iter()
        .filter_map(|test| compile_test(test, spec, fields.as_deref(), out));
    Some(MappingTests {
        institution: named.value.clone(),
        source: name,
        tests: tests.collect(),
    })
}

/// What a test may name of an ad.
pub(super) fn known(job: &JobSpec) -> impl Iterator<Item = &str> {
    ["id"]
        .into_iter()
        .chain(FIELDS.iter().map(|field| field.name()))
        .chain(job.extras())
        .chain(DECIDED)
}

/// The file of an institution; an unknown one is reported.
pub(super) fn find_institution<'i>(
    institution: &Located<String>,
    institutions: &'i [ParsedFile<InstitutionSpec>],
    out: &mut Diagnostics,
) -> Option<&'i ParsedFile<InstitutionSpec>> {
    let slug = |file: &'i ParsedFile<InstitutionSpec>| {
        Some(file.spec.as_ref()?.institution.get()?.value.as_str())
    };
    let found = institutions
        .iter()
        .find(|file| slug(file) == Some(institution.as_str()));
    let slugs: Vec<&str> = institutions.iter().filter_map(slug).collect();
    // Its file may be the one that cannot be read.
    if found.is_none() && slugs.len() == institutions.len() {
        let told = out.error(
            &institution.place,
            "unknown-institution",
            format!("unknown institution `{institution}`"),
        );
        match did_you_mean(institution, slugs.iter().copied()) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help(format!("known institutions: {}", one_of(slugs))),
        };
    }
    found
}

fn find_source<'i>(
    institution: &Located<String>,
    source: Option<&Located<String>>,
    institutions: &'i [ParsedFile<InstitutionSpec>],
    out: &mut Diagnostics,
) -> Option<(String, &'i SourceSpec)> {
    let file = find_institution(institution, institutions, out)?;
    let is_whole = !out.has_errors_in(&file.file);
    let sources = file.spec.as_ref()?.sources.get()?;
    let names = || sources.keys().map(|name| name.value.as_str());
    match source {
        Some(wanted) => {
            let found = sources.get(wanted.as_str());
            if found.is_none() && is_whole {
                let told = out.error(
                    &wanted.place,
                    "unknown-source",
                    format!("`{institution}` has no source `{wanted}`"),
                );
                match did_you_mean(wanted, names()) {
                    Some(near) => told.help(format!("did you mean `{near}`?")),
                    None => told.help(format!("it has {}", one_of(names()))),
                };
            }
            Some((wanted.value.clone(), found?))
        }
        None if sources.len() == 1 => sources
            .first()
            .map(|(name, source)| (name.value.clone(), source)),
        None => {
            if is_whole {
                out.error(
                    &institution.place,
                    "unknown-source",
                    format!("`{institution}` has {} sources", sources.len()),
                )
                .help(format!("choose one with `source:`: {}", one_of(names())));
            }
            None
        }
    }
}

fn compile_test(
    test: &Located<MappingTest>,
    spec: &MappingTestsSpec,
    fields: Option<&[&str]>,
    out: &mut Diagnostics,
) -> Option<CompiledMappingTest> {
    let given = given(test, out);
    let expect = match &test.expect {
        Some(node) => fields_of(node, fields, out)?,
        None => Vec::new(),
    };
    if test
        .expect
        .as_ref()
        .is_none_or(|node| node.entries().is_empty())
        && test.reasons.is_none()
        && !out.has_errors_within(&test.place)
    {
        out.error(&test.place, "bad-test", "this test expects nothing")
            .help("add fields under `expect`, or problems of the ad under `reasons`");
    }
    let at = test.at.or(spec.at).map(|day| day.0);
    Some(CompiledMappingTest {
        place: test.place.clone(),
        about: test.about.clone(),
        at,
        given: given?,
        expect,
        reasons: test.reasons.clone(),
    })
}

/// Fields with values and places; unknown fields are reported.
pub(super) fn fields_of(
    node: &Node,
    known: Option<&[&str]>,
    out: &mut Diagnostics,
) -> Option<Vec<(String, Json, Place)>> {
    if node.to_json().is_array() || node.text().is_some() {
        out.error(
            node.place(),
            "wrong-type",
            format!("expected the fields of a job, found {}", node.described()),
        )
        .help("write for example `{ title: Nurse, close_date: 2026-12-31 }`");
        return None;
    }
    let mut fields = Vec::new();
    for entry in node.entries() {
        let name = entry.key_text();
        match known.filter(|known| !known.contains(&name.as_str())) {
            Some(known) => unknown_field(&name, entry.key.place(), known, out),
            None => fields.push((name, entry.value.to_json(), entry.value.place().clone())),
        }
    }
    Some(fields)
}

fn unknown_field(name: &str, place: &Place, fields: &[&str], out: &mut Diagnostics) {
    let told = out.error(
        place,
        "unknown-field-reference",
        format!("unknown field `{name}`"),
    );
    match did_you_mean(name, fields.iter().copied()) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!(
            "a job of this source has {}",
            one_of(fields.iter().copied())
        )),
    };
}

fn given(test: &Located<MappingTest>, out: &mut Diagnostics) -> Option<GivenAd> {
    let (message, help) = match (&test.document, &test.file) {
        (Some(document), None) if test.ad.is_none() && test.detail.is_none() => {
            return Some(GivenAd::Document(document.to_json()));
        }
        (None, Some(file)) => {
            return Some(GivenAd::File {
                file: file.clone(),
                ad: test.ad.clone(),
                detail: test.detail.clone(),
            });
        }
        (Some(_), None) => (
            "`ad` and `detail` belong to a `file`",
            "remove them if the test contains the document",
        ),
        (Some(_), Some(_)) => (
            "this test has two ads",
            "give either a `document` or a `file`",
        ),
        (None, None) => (
            "this test has no ad",
            "add the ad under `document` as the source provides it, or a `file` and the id of its `ad`",
        ),
    };
    if !out.has_errors_within(&test.place) {
        out.error(&test.place, "bad-test", message).help(help);
    }
    None
}
