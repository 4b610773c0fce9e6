//! `weir test` as its user sees it: what it prints, its exit codes, and the forms for programs.

use std::path::Path;
use std::process::{Command, Output};

/// The golden project, whose rules have tests, and a test of a mapping.
fn project() -> tempfile::TempDir {
    let folder = crate::mistakes::golden();
    write(
        folder.path(),
        "tests/mapping/beta.yaml",
        &TESTS.replace("Nurs,", "Nurse,").replace("10-02 }", "10-01 }").replace("missing_field description", ""),
    );
    folder
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn weir(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir")).arg("--project").arg(folder).args(arguments).env_remove("DATABASE_URL").output().unwrap()
}

/// Exit code and what stands on stdout, without how long it took.
fn test(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = weir(folder, &[&["test"], arguments].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let timeless: Vec<&str> = text
        .lines()
        .map(|line| line.rsplit_once(" · ").filter(|(_, end)| end.ends_with(" ms") || end.ends_with(" s")).map_or(line, |(line, _)| line))
        .collect();
    (output.status.code().unwrap(), timeless.join("\n"))
}

const TESTS: &str = "institution: beta
tests:
  - about: a usual ad
    document: { id: 7, title: Nurse, closing: 2026-10-01 }
    expect: { title: Nurs, close_date: 2026-10-02 }
    reasons: [missing_field description]
";

#[test]
fn differences_are_told_field_by_field_at_their_place() {
    let folder = project();
    write(folder.path(), "tests/mapping/beta.yaml", TESTS);
    let (code, text) = test(folder.path(), &["beta", "--filter", "usual"]);
    let expected = "FAIL mapping beta/feed · a usual ad
  tests/mapping/beta.yaml:5:22: title
    expected  \"Nurs\"
    found     \"Nurse\"
  tests/mapping/beta.yaml:5:40: close_date
    expected  \"2026-10-02\"
    found     \"2026-10-01\"
  tests/mapping/beta.yaml:6:15: `missing_field description` is not said of this ad: nothing is
    expected  missing_field description
    found     nothing
    help: correct the rule, or what the test expects

1 test · 0 passed · 1 failed";
    assert_eq!((code, text.split("\ncoverage").next().unwrap()), (1, expected));
}

#[test]
fn a_rule_test_that_fails_is_a_failure_and_stops_no_other_test() {
    let folder = project();
    let rules = std::fs::read_to_string(folder.path().join("rules/base.yaml")).unwrap();
    write(folder.path(), "rules/base.yaml", &rules.replacen("expect: pass", "expect: fail", 1));
    let (code, text) = test(folder.path(), &[]);
    assert_eq!(code, 1);
    assert!(text.contains("FAIL rule base/") && text.contains("expected  fail") && text.contains(" · 1 failed"), "{text}");
    assert_eq!(weir(folder.path(), &["check"]).status.code(), Some(2), "to `check` it is a mistake");
}

#[test]
fn all_ways_to_end() {
    let folder = project();
    assert_eq!(test(folder.path(), &[]).0, 0);
    assert_eq!(test(folder.path(), &["--min-coverage", "100"]).0, 1);
    assert_eq!(test(folder.path(), &["--min-coverage", "1"]).0, 0);
    assert_eq!(test(folder.path(), &["--filter", "nothing is called so"]).0, 2);
    assert_eq!(test(folder.path(), &["gamma"]).0, 2);
    write(folder.path(), "tests/mapping/more.yaml", "institution: beta\n");
    assert_eq!(test(folder.path(), &[]).0, 2);
}

#[test]
fn what_no_test_touches_is_listed() {
    let folder = project();
    let (_, before) = test(folder.path(), &["beta", "--coverage"]);
    assert!(!before.contains("beta/feed"), "{before}");
    write(folder.path(), "tests/mapping/beta.yaml", "institution: beta\ntests: [{ document: { id: 1, title: Nurse }, expect: { title: Nurse } }]\n");
    let (_, after) = test(folder.path(), &["beta", "--coverage"]);
    assert!(after.contains("institutions/beta.yaml:") && after.contains("beta/feed: close_date\n"), "{after}");
    let (_, others) = test(folder.path(), &["acme", "--coverage"]);
    assert!(others.contains("acme/board: ") && others.contains("acme: ") && !others.contains("beta/feed"), "{others}");
}

#[test]
fn programs_and_build_servers_read_the_same() {
    let folder = project();
    write(
        folder.path(),
        "tests/mapping/beta.yaml",
        &TESTS.replace("usual", "<usual> & \\\"odd\\\"").replace("about: a", "about: \"a").replace("ad\n    doc", "ad\"\n    doc"),
    );
    let output = weir(folder.path(), &["test", "--json", "--junit", "out.xml"]);
    let page: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &page["format"], &page["failed"]), (Some(1), &1.into(), &1.into()));
    let failed = page["tests"].as_array().unwrap().iter().find(|test| test["passed"] == false).unwrap();
    assert_eq!((&failed["kind"], &failed["of"], &failed["failures"][0]["field"]), (&"mapping".into(), &"beta/feed".into(), &"title".into()));
    assert_eq!((&failed["failures"][0]["line"], &failed["failures"][0]["expected"]), (&5.into(), &"\"Nurs\"".into()));
    let xml = std::fs::read_to_string(folder.path().join("out.xml")).unwrap();
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut cases, mut failures) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Empty(tag) if tag.name().as_ref() == "testcase" => cases += 1,
            quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "testcase" => cases += 1,
            quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "failure" => failures += 1,
            _ => {}
        }
    }
    assert_eq!((cases, failures), (page["tests"].as_array().unwrap().len(), 1));
}

/// The tests that come with Weir: all pass, and every rule, branch, field and error type of the three boards is touched.
#[test]
fn the_tests_of_this_project_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, text) = test(folder, &["nsw-gov", "private-sector", "vic-gov", "qld-gov", "--min-coverage", "95"]);
    assert_eq!(code, 0, "{text}");
}
