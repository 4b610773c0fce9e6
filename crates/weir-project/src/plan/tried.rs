//! What came of the tests that authors write in the YAML, and what those tests touch. The tests of
//! rules and connectors are tried while a project is checked, for a change of a rule must be a
//! change on purpose; `weir test` tries these and all others, and counts.

use std::collections::BTreeSet;
use weir_yaml::diagnostic::{Diagnostic, Diagnostics, Place};

/// What a test is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestKind {
    /// One rule on one ad.
    Rule,
    /// The pages that a connector carries.
    Connector,
    /// One ad through the stages of a source.
    Mapping,
    /// An institution over several days.
    Institution,
    /// An alert on some figures.
    Alert,
}

impl TestKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            TestKind::Rule => "rule",
            TestKind::Connector => "connector",
            TestKind::Mapping => "mapping",
            TestKind::Institution => "institution",
            TestKind::Alert => "alert",
        }
    }
}

/// One test, tried.
#[derive(Debug, Clone)]
pub struct TriedTest {
    /// What it is about.
    pub kind: TestKind,
    /// What it tests: `common/close-after-open`, `nsw-gov/nswgov`, the name of a connector or
    /// folder.
    pub of: String,
    /// What it shows, if its author says so.
    pub about: Option<String>,
    /// Its place.
    pub place: Place,
    /// Where it did not come as expected; none if it passed.
    pub failures: Vec<TestFailure>,
    /// What it touches.
    pub touched: BTreeSet<TestPoint>,
}

/// One thing that did not come as expected.
#[derive(Debug, Clone)]
pub struct TestFailure {
    /// What is wrong, where, and what to do.
    pub told: Diagnostic,
    /// The field, where it is about one.
    pub field: Option<String>,
    /// What the test expects.
    pub expected: String,
    /// What came.
    pub found: String,
}

/// Something that tests should touch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestPoint {
    /// A rule (`set/id`) seen to pass, or to fail.
    Verdict(String, bool),
    /// The `when` of a rule that is seen true, or false.
    Branch(String, bool),
    /// A field that a source or connector fills.
    Field(String, String),
    /// An error type that the mandatory fields or relations of an institution can report.
    ErrorType(String, String),
}

impl TriedTest {
    /// A test that has not run yet.
    pub fn new(kind: TestKind, of: impl Into<String>, place: &Place) -> TriedTest {
        TriedTest {
            kind,
            of: of.into(),
            about: None,
            place: place.clone(),
            failures: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Whether everything came as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// The name by which people find it.
    pub fn name(&self) -> String {
        let about = self
            .about
            .as_ref()
            .map_or_else(|| format!("line {}", self.place.line), ToString::to_string);
        format!("{} {} · {about}", self.kind.name(), self.of)
    }

    /// Records an unexpected result; returns the diagnostic, to add help.
    pub fn fail(
        &mut self,
        told: Diagnostic,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> &mut TestFailure {
        self.failures.push_mut(TestFailure {
            told,
            field: None,
            expected: expected.into(),
            found: found.into(),
        })
    }

    /// What failed, as problems of the YAML.
    pub fn tell(&self, out: &mut Diagnostics) {
        self.failures.iter().for_each(|failure| {
            out.push(failure.told.clone());
        });
    }
}
