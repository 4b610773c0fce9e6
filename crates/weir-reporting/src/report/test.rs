//! What came of tests, for people, programs and build servers. Values come from ads: they are cut
//! in text and escaped in XML.

use super::columns::{line, took};
use super::ink::TerminalInk;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_project::plan::TriedTest;
use weir_project::plan::tried::{TestFailure, TestPoint};
use weir_runtime::test::TestCoverage;
use weir_runtime::test::coverage::KINDS;
use weir_source::escape_xml as escape;
use weir_yaml::diagnostic::Place;

/// Characters of a value that are shown.
const SHOWN: usize = 200;

/// What came of all tests.
pub struct TestPage {
    /// The tests.
    pub tried: Vec<TriedTest>,
    /// What they touch.
    pub coverage: TestCoverage,
    /// Whether some tests were skipped, so that missing coverage means nothing.
    pub is_part: bool,
    /// How long it took, in milliseconds.
    pub millis: i64,
}

impl TestPage {
    fn failed(&self) -> impl Iterator<Item = &TriedTest> {
        self.tried.iter().filter(|test| !test.passed())
    }
}

/// The outcome as text: what failed, then a summary; `details` lists what no test touches.
pub fn text(page: &TestPage, details: bool, ink: TerminalInk) -> String {
    let mut out = String::new();
    page.failed().for_each(|test| failed(&mut out, test, ink));
    if details && !page.is_part {
        missed(&mut out, &page.coverage);
    }
    let bad = page.failed().count();
    let passed = page.tried.len() - bad;
    let word = if bad > 0 {
        ink.red(format!("{bad} failed"))
    } else {
        ink.green("all passed")
    };
    let _ = writeln!(
        out,
        "{} · {passed} passed · {word} · {}",
        tests(page.tried.len()),
        took(page.millis)
    );
    if !page.is_part {
        let _ = writeln!(out, "{}", coverage_line(&page.coverage));
    }
    out
}

fn tests(count: usize) -> String {
    format!("{count} test{}", if count == 1 { "" } else { "s" })
}

/// One failed test: its name, and each difference at its place.
fn failed(out: &mut String, test: &TriedTest, ink: TerminalInk) {
    let _ = writeln!(
        out,
        "{} {}",
        ink.red("FAIL"),
        ink.bold(line(&test.name(), SHOWN))
    );
    for TestFailure {
        told,
        field,
        expected,
        found,
    } in &test.failures
    {
        let place = told.place.as_ref().unwrap_or(&test.place);
        let what = field
            .as_ref()
            .map_or_else(|| line(&told.message, 2 * SHOWN), Clone::clone);
        let _ = writeln!(out, "  {place}: {what}");
        let (expected, found) = difference(expected, found);
        let _ = writeln!(out, "    expected  {}", ink.green(&expected));
        let _ = writeln!(out, "    found     {}", ink.red(&found));
        if let Some(help) = told.help.as_ref().filter(|_| field.is_none()) {
            let _ = writeln!(out, "    help: {help}");
        }
    }
    out.push('\n');
}

/// Two values, each on a line; for long ones the part from shortly before they start to differ.
fn difference(expected: &str, found: &str) -> (String, String) {
    let same = expected
        .chars()
        .zip(found.chars())
        .take_while(|(one, other)| one == other)
        .count();
    let skip = if same > SHOWN / 2 {
        same - SHOWN / 4
    } else {
        0
    };
    let cut = |text: &str| {
        let rest: String = text.chars().skip(skip).collect();
        format!("{}{}", if skip > 0 { "…" } else { "" }, line(&rest, SHOWN))
    };
    (cut(expected), cut(found))
}

/// What is touched, in one line.
fn coverage_line(coverage: &TestCoverage) -> String {
    let kinds = KINDS
        .iter()
        .filter_map(|kind| Some((kind, coverage.kinds.get(kind)?)));
    let parts: Vec<String> = kinds
        .map(|(kind, (hit, all))| format!("{kind} {hit} of {all}"))
        .collect();
    let more = if coverage.missed.is_empty() {
        ""
    } else {
        " · `weir test --coverage` lists what is not covered"
    };
    format!(
        "coverage {} % · {}{more}",
        coverage.percent(),
        parts.join(" · ")
    )
}

/// What no test covers, grouped by owner.
fn missed(out: &mut String, coverage: &TestCoverage) {
    if coverage.missed.is_empty() {
        return;
    }
    let mut all: BTreeMap<(&str, &Place), Vec<String>> = BTreeMap::new();
    for (point, place) in &coverage.missed {
        let (of, what) = in_words(point);
        let at = match point {
            // The fields of a source are one line, at the first of them.
            TestPoint::Field(..) => all
                .keys()
                .find(|(other, at)| *other == of && at.file == place.file)
                .map_or(place, |(_, at)| at),
            _ => place,
        };
        all.entry((of, at)).or_default().push(what);
    }
    let mut rows: Vec<(&Place, &str, String)> = all
        .into_iter()
        .map(|((of, place), what)| (place, of, what.join(", ")))
        .collect();
    rows.sort();
    let _ = writeln!(out, "not covered by any test");
    for (place, of, what) in rows {
        let _ = writeln!(out, "  {}:{} {of}: {what}", place.file, place.line);
    }
    out.push('\n');
}

fn in_words(point: &TestPoint) -> (&str, String) {
    match point {
        TestPoint::Verdict(rule, true) => (rule, "an ad that passes".to_owned()),
        TestPoint::Verdict(rule, false) => (rule, "an ad that fails".to_owned()),
        TestPoint::Branch(rule, truth) => (rule, format!("`when` {truth}")),
        TestPoint::Field(of, field) => (of, field.clone()),
        TestPoint::ErrorType(of, kind) => (of, kind.clone()),
    }
}

/// The outcome for programs.
pub fn json(page: &TestPage) -> Json {
    let tests: Vec<Json> = page.tried.iter().map(test_json).collect();
    let kinds: BTreeMap<&str, Json> = page
        .coverage
        .kinds
        .iter()
        .map(|(kind, (hit, all))| (*kind, json!({ "touched": hit, "all": all })))
        .collect();
    let missed = page.coverage.missed.iter().map(|(point, place)| {
        let (of, what) = in_words(point);
        json!({ "of": of, "what": what, "file": *place.file, "line": place.line })
    });
    let failed = page.failed().count();
    json!({
        "format": 1,
        "passed": page.tried.len() - failed,
        "failed": failed,
        "millis": page.millis,
        "tests": tests,
        "coverage": { "percent": page.coverage.percent(), "kinds": kinds, "missed": missed.collect::<Vec<_>>() },
    })
}

fn test_json(test: &TriedTest) -> Json {
    let failures = test.failures.iter().map(|failure| {
        let place = failure.told.place.as_ref().unwrap_or(&test.place);
        json!({
            "message": failure.told.message,
            "file": *place.file,
            "line": place.line,
            "column": place.column,
            "field": failure.field,
            "expected": failure.expected,
            "found": failure.found,
            "help": failure.told.help,
        })
    });
    json!({
        "kind": test.kind.name(),
        "of": test.of,
        "about": test.about,
        "file": *test.place.file,
        "line": test.place.line,
        "passed": test.passed(),
        "failures": failures.collect::<Vec<_>>(),
    })
}

/// The outcome as JUnit XML: a suite for each thing that is tested.
pub fn junit(page: &TestPage) -> String {
    let mut suites: BTreeMap<(&str, &str), Vec<&TriedTest>> = BTreeMap::new();
    page.tried.iter().for_each(|test| {
        suites
            .entry((test.kind.name(), &test.of))
            .or_default()
            .push(test);
    });
    let failed = |tests: &[&TriedTest]| tests.iter().filter(|test| !test.passed()).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"weir\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
        page.tried.len(),
        page.failed().count()
    );
    for ((kind, of), tests) in suites {
        let name = attribute(&format!("{kind} {of}"));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
            tests.len(),
            failed(&tests)
        );
        tests
            .into_iter()
            .for_each(|test| case(&mut out, &name, test));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, suite: &str, test: &TriedTest) {
    let about = test
        .about
        .as_ref()
        .map_or_else(String::new, |about| format!(": {about}"));
    let name = attribute(&format!("{}:{}{about}", test.place.file, test.place.line));
    let _ = write!(
        out,
        "    <testcase classname=\"{suite}\" name=\"{name}\" file=\"{}\" line=\"{}\"",
        attribute(&test.place.file),
        test.place.line
    );
    if test.passed() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    let message = attribute(
        &test
            .failures
            .first()
            .map_or_else(String::new, |failure| failure.told.message.clone()),
    );
    let _ = writeln!(out, "      <failure message=\"{message}\">");
    for TestFailure {
        told,
        expected,
        found,
        ..
    } in &test.failures
    {
        let place = told.place.as_ref().unwrap_or(&test.place);
        let words = format!(
            "{place}: {}\n  expected  {expected}\n  found     {found}",
            told.message
        );
        let _ = writeln!(out, "{}", escape(clean(&words)));
    }
    out.push_str("      </failure>\n    </testcase>\n");
}

/// An attribute of one line.
fn attribute(text: &str) -> String {
    escape(line(text, 1000)).into_owned()
}

/// Without characters that XML does not allow.
fn clean(text: &str) -> String {
    weir_model::untrusted::escape(text).into_owned()
}
