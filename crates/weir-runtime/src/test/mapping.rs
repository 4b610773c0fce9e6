//! Document in, fields out: one ad through the record stages of its source, as in a run. Only
//! companies and divisions declared in the YAML are known; nothing else is looked up.

use super::TestFilter;
use super::expected::value_like;
use crate::engine::preview::setting;
use rayon::prelude::*;
use serde_json::{Value as Json, json};
use std::path::Path;
use weir_model::{Ad, Clock, Document, Problem};
use weir_project::plan::mapping_tests::{CompiledMappingTest, GivenAd, MappingTests};
use weir_project::plan::trial::{SamplePage, ads_of_page, clock_of, compare_field};
use weir_project::plan::tried::{TestKind, TestPoint};
use weir_project::plan::{CheckedProject, Plan, SourcePlan, TriedTest};
use weir_source::ident::NamedRecord;
use weir_stage::{AdDraft, SourceContext, Stage};
use weir_yaml::diagnostic::Diagnostic;
use weir_yaml::yaml::Located;

/// Most bytes of a file.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Tries the mapping tests of all institutions that can run.
pub fn try_all(folder: &Path, checked: &CheckedProject, wanted: &TestFilter) -> Vec<TriedTest> {
    let suites = checked
        .mapping_tests
        .iter()
        .filter(|suite| wanted.has(&suite.institution));
    suites
        .filter_map(|suite| Some((suite, source(checked, suite)?)))
        .flat_map(|(suite, bench)| bench.try_suite(folder, suite, wanted))
        .collect()
}

/// The source of tests; `None` if its institution cannot run.
fn source<'c>(checked: &'c CheckedProject, suite: &MappingTests) -> Option<MappingBench<'c>> {
    let plan = checked
        .institutions
        .iter()
        .find(|one| one.slug == suite.institution)?
        .plan()?;
    let flow = plan.flows.iter().find(|flow| flow.source == suite.source)?;
    Some(MappingBench {
        checked,
        plan,
        flow,
    })
}

/// The ad after the record stages of its source.
pub fn derived(
    checked: &CheckedProject,
    plan: &Plan,
    flow: &SourcePlan,
    ad: Ad,
    at: Clock,
) -> AdDraft {
    let setting: SourceContext = setting(&checked.sandbox, plan, flow, at);
    let mut draft = AdDraft::new(ad);
    for stage in flow.record_stages() {
        match stage {
            Stage::Resolve(resolve) => resolve.relate_alone(&setting, &mut draft),
            stage => stage.record(&setting, &mut draft),
        }
    }
    draft
}

/// A source on which tests are tried.
struct MappingBench<'c> {
    checked: &'c CheckedProject,
    plan: &'c Plan,
    flow: &'c SourcePlan,
}

/// The subject of a test: an ad with its fields, or a document that is not an ad, and why.
enum TestSubject {
    Ad(Box<AdDraft>),
    Refused(Problem),
}

impl MappingBench<'_> {
    fn try_suite(
        &self,
        folder: &Path,
        suite: &MappingTests,
        wanted: &TestFilter,
    ) -> Vec<TriedTest> {
        let named = |test: &CompiledMappingTest| {
            let of = format!("{}/{}", suite.institution, suite.source);
            TriedTest {
                about: test.about.clone(),
                ..TriedTest::new(TestKind::Mapping, of, &test.place)
            }
        };
        let mut tests: Vec<(&CompiledMappingTest, TriedTest)> =
            suite.tests.iter().map(|test| (test, named(test))).collect();
        tests.retain(|(_, tried)| wanted.is_named(tried));
        tests
            .par_iter_mut()
            .for_each(|(test, tried)| self.try_one(folder, test, tried));
        tests.into_iter().map(|(_, tried)| tried).collect()
    }

    fn try_one(&self, folder: &Path, test: &CompiledMappingTest, tried: &mut TriedTest) {
        let at = clock_of(test.at, self.flow.zone);
        let came = match self.came(folder, &test.given, at) {
            Ok(came) => came,
            Err((why, place)) => {
                let mut told =
                    Diagnostic::error("mapping-test", why.clone()).at(place.unwrap_or(&test.place));
                told.help("fix the test, or how the source is read");
                tried.fail(told, "an ad", why);
                return;
            }
        };
        let empty = AdDraft::new(Ad::fresh(
            String::new(),
            Json::Null,
            weir_model::Hash::of(b""),
            at,
        ));
        let (draft, problems) = match &came {
            TestSubject::Ad(draft) => (&**draft, draft.problems.as_slice()),
            TestSubject::Refused(problem) => (&empty, std::slice::from_ref(problem)),
        };
        if let (TestSubject::Refused(problem), None) = (&came, &test.reasons) {
            let mut told = Diagnostic::error(
                "mapping-test",
                format!("this is not read as an ad: {}", problem.message),
            )
            .at(&test.place);
            told.help(format!(
                "fix the document, or expect it: `reasons: [{}]`",
                problem.kind
            ));
            tried.fail(told, "an ad", problem.message.clone());
            return;
        }
        for (field, wanted, place) in &test.expect {
            tried
                .touched
                .insert(TestPoint::Field(tried.of.clone(), field.clone()));
            let got = match field.as_str() {
                "id" => Json::from(draft.ad.external_id.clone()),
                field => value_like(&draft.job, field, wanted),
            };
            compare_field(tried, "mapping-test", place, field, wanted, &got);
        }
        if let Some(reasons) = &test.reasons {
            self.compare_reasons(reasons, problems, tried);
        }
    }

    /// Processes the ad of a test.
    fn came<'t>(
        &self,
        folder: &Path,
        given: &'t GivenAd,
        at: Clock,
    ) -> Result<TestSubject, (String, Option<&'t weir_yaml::diagnostic::Place>)> {
        let document = match given {
            GivenAd::Document(document) => match self
                .flow
                .ident
                .name(document.to_string().into_boxed_str(), json!({}))
            {
                NamedRecord::Ad(received) => received.read(),
                NamedRecord::Refused(document) => document,
            },
            GivenAd::File { file, ad, detail } => {
                let body = read(folder, file).map_err(|why| (why, Some(&file.place)))?;
                let own = detail
                    .as_ref()
                    .map(|detail| read(folder, detail).map_err(|why| (why, Some(&detail.place))))
                    .transpose()?;
                let page = SamplePage {
                    body: &body,
                    name: Some(file.as_str()),
                    detail: own.as_deref(),
                };
                let unreadable = |why| (format!("cannot read `{file}`: {why}"), Some(&file.place));
                let found = ads_of_page(&self.flow.fetch, &self.flow.ident, page, at)
                    .map_err(unreadable)?;
                match pick(found, ad.as_ref(), file)? {
                    Ok(ad) => {
                        return Ok(TestSubject::Ad(Box::new(derived(
                            self.checked,
                            self.plan,
                            self.flow,
                            ad,
                            at,
                        ))));
                    }
                    Err(document) => document,
                }
            }
        };
        Ok(match &document.refused {
            Some(refused) => TestSubject::Refused(Problem {
                field: None,
                ..Problem::error(refused.error_type(), "", refused.message())
            }),
            None => TestSubject::Ad(Box::new(derived(
                self.checked,
                self.plan,
                self.flow,
                Ad::fresh(document.external_id, document.content, document.hash, at)
                    .from_page(&json!({ "url": self.flow.fetch.page() })),
                at,
            ))),
        })
    }

    /// Every problem must be expected, and every expected problem must occur.
    fn compare_reasons(
        &self,
        reasons: &[Located<String>],
        problems: &[Problem],
        tried: &mut TriedTest,
    ) {
        let mut said: Vec<(String, &Problem)> = problems
            .iter()
            .map(|problem| (in_short(problem), problem))
            .collect();
        for reason in reasons {
            let words = reason.split_whitespace().collect::<Vec<_>>().join(" ");
            match said
                .iter()
                .position(|(short, problem)| *short == words || problem.kind == words)
            {
                Some(index) => {
                    let (_, problem) = said.swap_remove(index);
                    self.touch(problem, tried);
                }
                None => {
                    let all: Vec<String> = problems.iter().map(in_short).collect();
                    let found = if all.is_empty() {
                        "nothing".to_owned()
                    } else {
                        all.join(", ")
                    };
                    let message = format!("expected the problem `{words}`, found {found}");
                    let mut told = Diagnostic::error("mapping-test", message).at(&reason.place);
                    told.help("fix the rule, or the expectation");
                    tried.fail(told, words, found);
                }
            }
        }
        for (short, problem) in said {
            let message = format!("unexpected problem `{short}`: {}", problem.message);
            let mut told = Diagnostic::error("mapping-test", message).at(&tried.place);
            told.help(format!("fix the rule, or add it to `reasons`: `{short}`"));
            tried
                .fail(
                    told,
                    "nothing more",
                    format!("{short}: {}", problem.message),
                )
                .field = problem.field.clone();
        }
    }

    fn touch(&self, problem: &Problem, tried: &mut TriedTest) {
        match &problem.rule {
            Some(id) => tried.touched.extend(
                self.rule_set(id)
                    .map(|set| TestPoint::Verdict(format!("{set}/{id}"), false)),
            ),
            None => {
                tried.touched.insert(TestPoint::ErrorType(
                    self.plan.institution.slug.clone(),
                    problem.kind.clone(),
                ));
            }
        }
    }

    fn rule_set(&self, id: &str) -> Option<&str> {
        let rules = self.flow.stages.iter().filter_map(|(_, stage)| {
            if let Stage::Validate(validate) = stage {
                Some(&validate.rules)
            } else {
                None
            }
        });
        rules
            .flatten()
            .find(|(_, rule)| rule.id == id)
            .map(|(set, _)| set.as_str())
    }
}

/// A reason as tests name it: `invalid_length title`.
fn in_short(problem: &Problem) -> String {
    problem.field.as_ref().map_or_else(
        || problem.kind.clone(),
        |field| format!("{} {field}", problem.kind),
    )
}

fn read(folder: &Path, file: &Located<String>) -> Result<Vec<u8>, String> {
    let path = folder.join(&file.value);
    let told = |error: std::io::Error| format!("cannot read `{file}`: {error}");
    if std::fs::metadata(&path).map_err(told)?.len() > MOST_BYTES {
        return Err(format!(
            "`{file}` is larger than {} MB",
            MOST_BYTES / 1024 / 1024
        ));
    }
    std::fs::read(&path).map_err(told)
}

/// The selected ad, or the document that cannot be read as one.
fn pick<'t>(
    (mut ads, mut refused): (Vec<Ad>, Vec<Document>),
    wanted: Option<&'t Located<String>>,
    file: &'t Located<String>,
) -> Result<Result<Ad, Document>, (String, Option<&'t weir_yaml::diagnostic::Place>)> {
    let ids: Vec<&str> = ads
        .iter()
        .map(|ad| ad.external_id.as_str())
        .take(8)
        .collect();
    match wanted {
        Some(wanted) => match ads.iter().position(|ad| ad.external_id == wanted.value) {
            Some(index) => Ok(Ok(ads.swap_remove(index))),
            None if refused.len() == 1 && refused[0].external_id == wanted.value => {
                Ok(Err(refused.remove(0)))
            }
            None => Err((
                format!(
                    "`{file}` has no ad `{wanted}`; its ads are {}",
                    weir_yaml::diagnostic::one_of(ids)
                ),
                Some(&wanted.place),
            )),
        },
        None if ads.len() == 1 && refused.is_empty() => Ok(Ok(ads.remove(0))),
        None if ads.is_empty() && refused.len() == 1 => Ok(Err(refused.remove(0))),
        None => {
            let several = format!(
                "`{file}` has {} ads: choose one, such as `ad: {}`",
                ads.len(),
                ids.first().copied().unwrap_or("7")
            );
            Err((several, Some(&file.place)))
        }
    }
}
