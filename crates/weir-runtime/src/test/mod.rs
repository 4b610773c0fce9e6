//! Runs the tests that authors write in the YAML: those of rules and connectors while the project
//! is checked, mappings on single ads, institutions over several days. It returns the results and
//! what no test covers; it must never print, and never touch the database of the project.
//!
//! A test follows the path of an ad: the stages of the real plan. To add a type: a file here, a
//! variant in [`TestKind`](weir_project::plan::tried::TestKind).

pub mod coverage;
mod expected;
pub mod first;
pub mod institution;
pub mod mapping;

pub use coverage::TestCoverage;

use std::path::Path;
use weir_project::plan::institution_tests::InstitutionTest;
use weir_project::plan::{CheckedProject, TriedTest};

/// Which tests are tried.
#[derive(Debug, Clone, Default)]
pub struct TestFilter {
    /// Of these institutions; of all if none is named.
    pub institutions: Vec<String>,
    /// Only tests whose names contain this text.
    pub filter: Option<String>,
}

impl TestFilter {
    /// Whether a test is wanted by its name.
    pub fn is_named(&self, test: &TriedTest) -> bool {
        let holds = |text: &String| {
            test.name().to_lowercase().contains(&text.to_lowercase())
                || test.place.to_string().contains(text.as_str())
        };
        self.filter.as_ref().is_none_or(holds)
    }

    /// Whether an institution is wanted.
    pub fn has(&self, institution: &str) -> bool {
        self.institutions.is_empty() || self.institutions.iter().any(|wanted| wanted == institution)
    }
}

/// Tries everything that needs no database, in the order of the files.
pub fn try_alone(folder: &Path, checked: &CheckedProject, wanted: &TestFilter) -> Vec<TriedTest> {
    let is_wanted = |test: &&TriedTest| {
        checked.belongs(&test.place, &wanted.institutions) && wanted.is_named(test)
    };
    let mut tried: Vec<TriedTest> = checked.tried.iter().filter(is_wanted).cloned().collect();
    tried.extend(mapping::try_all(folder, checked, wanted));
    tried
}

/// The tests of institutions that are wanted: runs in a database, which [`institution::try_all`]
/// does.
pub fn runs<'c>(
    checked: &'c CheckedProject,
    wanted: &TestFilter,
) -> Vec<(&'c InstitutionTest, TriedTest)> {
    let tests = checked
        .institution_tests
        .iter()
        .filter(|test| wanted.has(&test.institution));
    tests
        .map(|test| (test, institution::untried(test)))
        .filter(|(_, tried)| wanted.is_named(tried))
        .collect()
}
