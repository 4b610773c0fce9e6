//! `weir test` as its user sees it: what it prints, its exit codes, and the forms for programs.

use crate::bench::Bench;
use crate::lab::on_any_day;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The golden project, whose rules have tests, and a test of a mapping.
fn project() -> tempfile::TempDir {
    let folder = crate::mistakes::golden();
    write(
        folder.path(),
        "tests/mapping/beta.yaml",
        &TESTS
            .replace("Nurs,", "Nurse,")
            .replace("10-02 }", "10-01 }")
            .replace("missing_field description", ""),
    );
    folder
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn weir(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir"))
        .arg("--project")
        .arg(folder)
        .args(on_any_day(arguments))
        .env_remove("DATABASE_URL")
        .output()
        .unwrap()
}

/// Exit code and what stands on stdout, without how long it took.
fn test(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = weir(folder, &[&["test"], arguments].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let timeless: Vec<&str> = text
        .lines()
        .map(|line| {
            line.rsplit_once(" · ")
                .filter(|(_, end)| end.ends_with(" ms") || end.ends_with(" s"))
                .map_or(line, |(line, _)| line)
        })
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
  tests/mapping/beta.yaml:6:15: expected the problem `missing_field description`, found nothing
    expected  missing_field description
    found     nothing
    help: fix the rule, or the expectation

1 test · 0 passed · 1 failed";
    assert_eq!(
        (code, text.split("\ncoverage").next().unwrap()),
        (1, expected)
    );
}

#[test]
fn a_rule_test_that_fails_is_a_failure_and_stops_no_other_test() {
    let folder = project();
    let rules = std::fs::read_to_string(folder.path().join("rules/base.yaml")).unwrap();
    write(
        folder.path(),
        "rules/base.yaml",
        &rules.replacen("expect: pass", "expect: fail", 1),
    );
    let (code, text) = test(folder.path(), &[]);
    assert_eq!(code, 1);
    assert!(
        text.contains("FAIL rule base/")
            && text.contains("expected  fail")
            && text.contains(" · 1 failed"),
        "{text}"
    );
    assert_eq!(
        weir(folder.path(), &["check"]).status.code(),
        Some(2),
        "to `check` it is a mistake"
    );
}

#[test]
fn all_ways_to_end() {
    let folder = project();
    assert_eq!(test(folder.path(), &[]).0, 0);
    assert_eq!(test(folder.path(), &["--min-coverage", "100"]).0, 1);
    assert_eq!(test(folder.path(), &["--min-coverage", "1"]).0, 0);
    assert_eq!(
        test(folder.path(), &["--filter", "nothing is called so"]).0,
        2
    );
    assert_eq!(test(folder.path(), &["gamma"]).0, 2);
    write(
        folder.path(),
        "tests/mapping/more.yaml",
        "institution: beta\n",
    );
    assert_eq!(test(folder.path(), &[]).0, 2);
}

#[test]
fn what_no_test_touches_is_listed() {
    let folder = project();
    let (_, before) = test(folder.path(), &["beta", "--coverage"]);
    assert!(!before.contains("beta/feed"), "{before}");
    write(
        folder.path(),
        "tests/mapping/beta.yaml",
        "institution: beta\ntests: [{ document: { id: 1, title: Nurse }, expect: { title: Nurse } }]\n",
    );
    let (_, after) = test(folder.path(), &["beta", "--coverage"]);
    assert!(
        after.contains("institutions/beta.yaml:") && after.contains("beta/feed: close_date\n"),
        "{after}"
    );
    let (_, others) = test(folder.path(), &["acme", "--coverage"]);
    assert!(
        others.contains("acme/board: ")
            && others.contains("acme: ")
            && !others.contains("beta/feed"),
        "{others}"
    );
}

#[test]
fn programs_and_build_servers_read_the_same() {
    let folder = project();
    write(
        folder.path(),
        "tests/mapping/beta.yaml",
        &TESTS
            .replace("usual", "<usual> & \\\"odd\\\"")
            .replace("about: a", "about: \"a")
            .replace("ad\n    doc", "ad\"\n    doc"),
    );
    // Told before the tests are tried, not after.
    let nowhere = weir(folder.path(), &["test", "--junit", "nowhere/out.xml"]);
    assert!(
        nowhere.status.code() == Some(1) && nowhere.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&nowhere.stdout)
    );
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("cannot write `nowhere/out.xml`"));
    let output = weir(folder.path(), &["test", "--json", "--junit", "out.xml"]);
    let page: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &page["format"], &page["failed"]),
        (Some(1), &1.into(), &1.into())
    );
    let failed = page["tests"]
        .as_array()
        .unwrap()
        .iter()
        .find(|test| test["passed"] == false)
        .unwrap();
    assert_eq!(
        (
            &failed["kind"],
            &failed["of"],
            &failed["failures"][0]["field"]
        ),
        (&"mapping".into(), &"beta/feed".into(), &"title".into())
    );
    assert_eq!(
        (
            &failed["failures"][0]["line"],
            &failed["failures"][0]["expected"]
        ),
        (&5.into(), &"\"Nurs\"".into())
    );
    let xml = std::fs::read_to_string(folder.path().join("out.xml")).unwrap();
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut cases, mut failures) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Empty(tag) if tag.name().as_ref() == "testcase" => cases += 1,
            quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "testcase" => cases += 1,
            quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "failure" => {
                failures += 1;
            }
            _ => {}
        }
    }
    assert_eq!(
        (cases, failures),
        (page["tests"].as_array().unwrap().len(), 1)
    );
}

/// The tests that come with Weir: all pass, and every rule, branch, field and error type of the
/// three boards is touched.
#[test]
fn the_tests_of_this_project_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, text) = test(
        folder,
        &[
            "nsw-gov",
            "private-sector",
            "vic-gov",
            "qld-gov",
            "--min-coverage",
            "95",
        ],
    );
    assert_eq!(code, 0, "{text}");
}

/// The sample project, with a database server that all tests share.
fn samples() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in [
        "institutions",
        "pipelines",
        "rules",
        "lists",
        "frameworks",
        "samples",
        "tests/institutions",
        "tests/mapping",
    ] {
        for file in glob::glob(&format!("{}/{part}/**/*", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
            .flatten()
            .filter(|path| path.is_file())
        {
            let target = folder
                .path()
                .join(file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(file, target).unwrap();
        }
    }
    folder
}

async fn weir_on(bench: &Bench, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(folder)
        .args(on_any_day(arguments))
        .env("DATABASE_URL", bench.url())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_an_institution_are_real_runs_that_leave_nothing_behind() {
    let (bench, folder) = (Bench::new().await, samples());
    let before = crate::bench::dump(&bench.url()).await;
    let good = weir_on(
        &bench,
        folder.path(),
        &["test", "--filter", "institution nsw-gov"],
    )
    .await;
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    let file = folder.path().join("tests/institutions/nsw-gov.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let wrong = [
        ("created: 6", "created: 7"),
        ("Park Ranger", "Ranger"),
        ("601251: null", "601251: { status: open }"),
        ("read: complete, reopened", "read: partial, reopened"),
        ("601259: { status: archived }", "601259: null"),
    ];
    let text = wrong.iter().fold(text, |text, (right, wrong)| {
        assert!(text.contains(right), "{right}");
        text.replace(right, wrong)
    });
    std::fs::write(&file, text).unwrap();
    let bad = weir_on(
        &bench,
        folder.path(),
        &["test", "--json", "--filter", "institution nsw-gov"],
    )
    .await;
    let page: serde_json::Value = serde_json::from_slice(&bad.stdout).unwrap();
    let told = |failure: &serde_json::Value| {
        let text = |key: &str| failure[key].as_str().unwrap_or_default().to_owned();
        format!(
            "{}: {} is not {}",
            text("field"),
            text("found"),
            text("expected")
        )
    };
    let told: Vec<String> = page["tests"][0]["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(told)
        .collect();
    let expected = [
        "nswgov created: 6 is not 7",
        "nswgov:601204 title: \"Park Ranger\" is not \"Ranger\"",
        "nswgov:601251: none is not a job",
        "nswgov read: complete is not partial",
        "nswgov:601259: a job, archived, version 2 is not no job",
    ];
    assert_eq!(
        (bad.status.code(), told),
        (Some(1), expected.map(str::to_owned).to_vec())
    );
    assert_eq!(
        crate::bench::difference(&before, &crate::bench::dump(&bench.url()).await),
        None,
        "the database of the project is not touched"
    );
    bench.drop().await;
}

const BOARD: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { http: { url: 'SERVER/jobs', allow_private: true, records: '$.jobs[*]', count: $.total } }
    id: $.id
    job: { title: $.title }
missing: { after: 1, apart: 0h, at_most: 100% }
";

const DAYS: &str = "institution: acme
about: two days
days:
  - at: 2026-09-01
    recorded: recorded/day-1
    expect: { board: { read: complete, created: 2 } }
  - at: 2026-09-02
    recorded: recorded/day-2
    expect: { board: { read: complete, archived: 1 } }
    jobs: { 1: { status: archived }, board:2: { title: Welder } }
";

/// What `preview --save` records is what a day of a test answers with; nothing else is answered,
/// and nothing is asked over the network.
#[tokio::test(flavor = "multi_thread")]
async fn recorded_pages_are_the_days_of_a_test() {
    let (bench, folder) = (Bench::new().await, tempfile::tempdir().unwrap());
    let server = wiremock::MockServer::start().await;
    write(folder.path(), "pipelines/daily.yaml", crate::lab::DAILY);
    write(
        folder.path(),
        "institutions/acme.yaml",
        &BOARD.replace("SERVER", &server.uri()),
    );
    write(folder.path(), "tests/institutions/acme.yaml", DAYS);
    for (day, ads) in [
        ("day-1", &[(1, "Nurse"), (2, "Welder")][..]),
        ("day-2", &[(2, "Welder")]),
    ] {
        let jobs: Vec<serde_json::Value> = ads
            .iter()
            .map(|(id, title)| serde_json::json!({ "id": id, "title": title }))
            .collect();
        let page = serde_json::json!({ "total": jobs.len(), "jobs": jobs });
        server.reset().await;
        wiremock::Mock::given(wiremock::matchers::path("/jobs"))
            .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(page))
            .mount(&server)
            .await;
        let saved = weir_on(
            &bench,
            folder.path(),
            &["preview", "acme", "--save", "--limit", "100"],
        )
        .await;
        assert!(saved.status.success(), "{}", said(&saved));
        std::fs::rename(
            folder.path().join("recorded/acme"),
            folder.path().join("recorded").join(day),
        )
        .unwrap();
    }
    drop(server);
    let good = weir_on(&bench, folder.path(), &["test"]).await;
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    write(
        folder.path(),
        "tests/institutions/acme.yaml",
        &DAYS.replace("    recorded: recorded/day-2\n", ""),
    );
    let bad = weir_on(&bench, folder.path(), &["test"]).await;
    assert!(
        bad.status.code() == Some(1) && said(&bad).contains("not recorded: GET"),
        "{}",
        said(&bad)
    );
    bench.drop().await;
}

#[test]
fn roles_and_capabilities_are_expected_like_fields() {
    let folder = samples();
    let file = folder.path().join("tests/mapping/nsw-gov.yaml");
    let mut text = std::fs::read_to_string(&file).unwrap();
    for (right, wrong) in [
        ("role: clerk-9-10\n", "role: clerk-7-8\n"),
        ("manage-self: adept", "manage-self: advanced"),
        ("plan-and-prioritise, think", "finance, think"),
        ("level: review", "level: role"),
    ] {
        assert!(text.contains(right), "{right}");
        text = text.replacen(right, wrong, 1);
    }
    std::fs::write(&file, text).unwrap();
    let (code, told) = test(folder.path(), &["nsw-gov", "--filter", "mapping"]);
    assert_eq!(code, 1, "{told}");
    for words in [
        "expected  \"clerk-7-8\"\n    found     \"clerk-9-10\"",
        "\"manage-self\":\"adept\"",
        "\"plan-and-prioritise\"",
        "\"level\":\"review\"",
        "3 failed",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn without_a_database_the_other_tests_are_tried_all_the_same() {
    let folder = samples();
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command
        .arg("--project")
        .arg(folder.path())
        .args(["test", "nsw-gov"])
        .env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/x")
        .output();
    let output = output.unwrap();
    let text = said(&output);
    assert!(
        output.status.code() == Some(1)
            && text.contains("a database to run in")
            && text.contains(" · 1 failed"),
        "{text}"
    );
}

#[test]
fn a_draft_of_an_institution_brings_its_first_test_which_passes() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "pipelines/daily.yaml", crate::lab::DAILY);
    let samples = [
        (
            "a.json",
            r#"{"total":2,"jobs":[{"id":"7","title":"A: \"odd\" # one","postedDate":"28/08/2026","location":{"name":"Perth"},"pay":"$1"},{"id":"8","title":"B"}]}"#,
        ),
        (
            "b.csv",
            "Job ID,Title,Description\n01,no,\"two\nlines\"\n2,B,b\n",
        ),
        (
            "c.xml",
            "<?xml version='1.0'?><source><job><id>1</id><title>A &amp; B</title></job><job><id>2</id><title>B</title></job></source>",
        ),
        (
            "d.ndjson",
            "{\"id\":1,\"title\":\"\u{2028}Ärztin 😀\",\"dateposted\":\"soon\"}\n{\"id\":2,\"title\":\"B\"}\n",
        ),
        (
            "e.html",
            "<!doctype html><html><script type='application/ld+json'>{\"@type\":\"JobPosting\",\"url\":\"https://example.org/1\",\"title\":\"A\",\"datePosted\":\"2026-09-01\"}</script></html>",
        ),
    ];
    for (file, sample) in samples {
        write(folder.path(), file, sample);
        let slug = file.split('.').next().unwrap();
        let output = weir(folder.path(), &["new", slug, "--from", file]);
        assert!(
            output.status.success() && said(&output).contains("with its first test"),
            "{file}: {}",
            said(&output)
        );
        let draft =
            std::fs::read_to_string(folder.path().join(format!("institutions/{slug}.yaml")))
                .unwrap();
        assert!(
            draft.starts_with("# yaml-language-server: $schema=../schema/institution.json\n"),
            "{draft}"
        );
        let (code, text) = test(folder.path(), &[slug]);
        assert!(
            code == 0 && text.starts_with("1 test · 1 passed"),
            "{file}: {text}"
        );
    }
    let first = std::fs::read_to_string(folder.path().join("tests/mapping/a.yaml")).unwrap();
    assert!(first.contains("file: a.json\n    ad: \"7\"\n    expect:\n      id: \"7\"\n      title: \"A: \\\"odd\\\" # one\"\n"), "{first}");
    assert!(
        first.contains("open_date: 2026-08-28") && first.contains("locations: [\"Perth\"]"),
        "{first}"
    );
    // A mapping that gives something else is caught by it.
    let draft = folder.path().join("institutions/a.yaml");
    std::fs::write(
        &draft,
        std::fs::read_to_string(&draft)
            .unwrap()
            .replace("title: $.title", "title: $.id"),
    )
    .unwrap();
    assert_eq!(test(folder.path(), &["a"]).0, 1);
}

/// A test reads a page as a run does: from the address of its source, and from none where that is
/// not said.
#[test]
fn links_of_a_test_lead_from_where_the_source_is_read() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "p.html",
        "<!doctype html><html><script type='application/ld+json'>{\"@type\":\"JobPosting\",\"title\":\"Ranger\"}</script></html>",
    );
    let output = weir(folder.path(), &["new", "acme", "--from", "p.html"]);
    assert!(
        output.status.success() && said(&output).contains("no test was written: no id at `$.url`"),
        "{}",
        said(&output)
    );
    let draft = folder.path().join("institutions/acme.yaml");
    let text = std::fs::read_to_string(&draft).unwrap();
    std::fs::write(
        &draft,
        text.replace("# url: https:// ", "url: https://jobs.example/list # "),
    )
    .unwrap();
    write(
        folder.path(),
        "tests/mapping/acme.yaml",
        "institution: acme\ntests: [{ file: p.html, expect: { id: \"https://jobs.example/list\", title: Ranger } }]\n",
    );
    assert_eq!(
        test(folder.path(), &["acme"]).0,
        0,
        "{}",
        test(folder.path(), &["acme"]).1
    );
}

/// The draft reads its own sample: what a run would refuse is told at once.
#[test]
fn a_draft_says_what_a_run_would_refuse_of_its_sample() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a.json",
        r#"[{"id":1,"title":"Park Ranger"},{"id":1,"title":"Dam Keeper"},{"title":"Pool Cook"}]"#,
    );
    let text = said(&weir(folder.path(), &["new", "acme", "--from", "a.json"]));
    let told = "warning: the draft finds 3 ads in the sample, 1 with a duplicate id, such as `1`, and 1 that cannot be read as an ad: no id at `$.id`";
    assert!(text.contains(told), "{text}");
}

/// A connector reads the board of an address that it knows: nothing is asked, and nothing guessed.
#[test]
fn the_board_of_a_known_address_is_drafted_with_its_connector() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "connectors/town.yaml",
        "connector: town\nabout: boards of towns\naddress: 'https?://(?<town>\\w+)\\.towns\\.example'\nparameters: { town: { about: its name, example: orange } }
fetch: { http: { url: \"https://{town}.towns.example/jobs\" } }\nid: $.id\njob: { title: $.title }\n",
    );
    for (slug, address, told, with) in [
        (
            "acme",
            "https://job-boards.greenhouse.io/null/jobs/1",
            "the connector `greenhouse`, board `null`",
            "connector: greenhouse\n      with: { board: \"null\" }",
        ),
        (
            "town",
            "https://dubbo.towns.example/work?x=1",
            "the connector `town`, town `dubbo`",
            "connector: town\n      with: { town: dubbo }",
        ),
        (
            "aps",
            "https://www.apsjobs.gov.au/",
            "the connector `apsjobs`\n",
            "connector: apsjobs\nrequire:",
        ),
    ] {
        let output = weir(folder.path(), &["new", slug, "--from", address]);
        assert!(
            output.status.success() && said(&output).contains(told),
            "{address}: {}",
            said(&output)
        );
        let draft =
            std::fs::read_to_string(folder.path().join(format!("institutions/{slug}.yaml")))
                .unwrap();
        assert!(
            draft.contains(with) && draft.lines().all(|line| line.len() < 160),
            "{draft}"
        );
    }
    let checked = weir(folder.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
}

/// What `check` would refuse is refused before anything is written; what a draft needs is there
/// after it.
#[test]
fn a_draft_of_an_institution_stands_in_an_empty_folder_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    write(
        &project,
        "a.json",
        r#"[{"id":1,"title":"A"},{"id":2,"title":"B"}]"#,
    );
    for (arguments, why) in [
        (
            &["../evil"][..],
            "`../evil` is not a valid name for an institution\nhelp: ",
        ),
        (
            &["Bad_Name"],
            "`Bad_Name` is not a valid name for an institution",
        ),
        (
            &["acme", "--timezone", "Mars/X"],
            "unknown time zone `Mars/X`\nhelp: ",
        ),
    ] {
        let output = weir(
            &project,
            &[&["new", "--from", "a.json"], arguments].concat(),
        );
        assert!(
            output.status.code() == Some(2) && said(&output).contains(why),
            "{arguments:?}: {}",
            said(&output)
        );
    }
    assert!(!project.join("institutions").exists() && !folder.path().join("evil.yaml").exists());
    let output = weir(&project, &["new", "acme", "--from", "a.json"]);
    assert!(
        said(&output).contains("wrote pipelines/daily.yaml")
            && said(&output).contains("with its first test"),
        "{}",
        said(&output)
    );
    assert_eq!(weir(&project, &["check"]).status.code(), Some(0));
    assert!(
        !said(&weir(&project, &["new", "beta", "--from", "a.json"])).contains("pipelines"),
        "there is one already"
    );
}

/// The ad at an address stands in the test itself, so that the test needs no network.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_test_of_an_address_holds_the_ad() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "pipelines/daily.yaml", crate::lab::DAILY);
    let server = wiremock::MockServer::start().await;
    let page = serde_json::json!([{ "id": 1, "title": "Nurse" }, { "id": 2, "title": "Welder" }]);
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    let output = weir(
        folder.path(),
        &[
            "new",
            "acme",
            "--from",
            &format!("{}/jobs", server.uri()),
            "--allow-private",
        ],
    );
    assert!(output.status.success(), "{}", said(&output));
    drop(server);
    let (code, text) = test(folder.path(), &[]);
    assert!(code == 0 && text.starts_with("1 test · 1 passed"), "{text}");
    let first = std::fs::read_to_string(folder.path().join("tests/mapping/acme.yaml")).unwrap();
    assert!(
        first.contains("document:\n      {\n        \"id\": 1,"),
        "{first}"
    );
}

#[test]
fn a_drafted_rule_warns_and_its_test_passes_wherever_it_is_put() {
    let folder = samples();
    let rules = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    let extra = "{ remote: { from: $.remote, as: boolean }, seats: { from: $.seats, as: number }, starts: { from: $.starts, as: date } }";
    let text = format!(
        "institution: small\ntimezone: Australia/Sydney\nsources: {{ board: {{ fetch: {{ file: {{ path: a.json }} }}, id: $.id, job: {{ title: $.title, extra: {extra} }} }} }}\n"
    );
    write(folder.path(), "institutions/small.yaml", &text);
    let before = test(folder.path(), &["--filter", "rule "]).1;
    let fields = [
        "title",
        "close_date",
        "locations",
        "recruiter",
        "source_url",
        "occupation",
        "remote",
        "seats",
        "starts",
    ];
    for (number, field) in fields.into_iter().enumerate() {
        for set in ["common", "fresh"] {
            let output = weir(
                folder.path(),
                &[
                    "new",
                    "rule",
                    &format!("{set}/drafted-{number}"),
                    "--field",
                    field,
                ],
            );
            assert!(output.status.success(), "{}", said(&output));
        }
    }
    let (code, after) = test(folder.path(), &["--filter", "rule "]);
    let count = |text: &str| {
        text.lines()
            .last()
            .and_then(|line| line.split(' ').next())
            .and_then(|count| count.parse::<usize>().ok())
            .unwrap()
    };
    assert_eq!((code, count(&after)), (0, count(&before) + 36), "{after}");
    assert!(
        rules("rules/fresh.yaml")
            .starts_with("# yaml-language-server: $schema=../schema/rules.json\n")
    );
    assert_eq!(
        rules("rules/fresh.yaml").matches("severity: warn").count(),
        9
    );
    let asserted = [
        "job.remote == true",
        "job.seats >= 1 && job.seats <= 1000000",
        "job.starts >= date(",
    ];
    assert!(
        asserted
            .iter()
            .all(|assert| rules("rules/fresh.yaml").contains(assert)),
        "{}",
        rules("rules/fresh.yaml")
    );
    let next = said(&weir(folder.path(), &["new", "rule", "fresh/more"]));
    assert!(
        next.contains("add `fresh` to `rules:`")
            && next.contains("weir test --filter fresh/more")
            && next.contains("weir rehearse"),
        "{next}"
    );
    // Between the rules and what follows them.
    write(
        folder.path(),
        "rules/odd.yaml",
        "rules:\n    - id: a\n      type: x\n      assert: job.title != ''\n      message: m\n\n# what institutions change\nparameters:\n  n: 3\n",
    );
    write(
        folder.path(),
        "rules/odd.yaml",
        &rules("rules/odd.yaml").replace("''", "\"\""),
    );
    let output = weir(folder.path(), &["new", "rule", "odd/b"]);
    assert!(output.status.success(), "{}", said(&output));
    let odd = rules("rules/odd.yaml");
    assert!(
        odd.contains("      message: m\n\n    - id: b\n")
            && odd.ends_with("expect: fail }\n\n# what institutions change\nparameters:\n  n: 3\n"),
        "{odd}"
    );
}

#[test]
fn a_rule_that_cannot_be_is_not_written() {
    let folder = samples();
    let text = std::fs::read_to_string(folder.path().join("rules/common.yaml")).unwrap();
    for (arguments, why) in [
        (&["common/close-after-open"][..], "is defined twice"),
        (&["common/new", "--field", "titel"], "did you mean `title`?"),
        (&["Common/new"], "is not a rule name"),
        (&["new"], "is not a rule name"),
        (&["common/new", "--field", "a b"], "is not a valid name"),
        (&["fresh/new", "--field", "titel"], "did you mean `title`?"),
    ] {
        let output = weir(folder.path(), &[&["new", "rule"], arguments].concat());
        assert!(
            output.status.code() == Some(2) && said(&output).contains(why),
            "{arguments:?}: {}",
            said(&output)
        );
    }
    assert_eq!(
        std::fs::read_to_string(folder.path().join("rules/common.yaml")).unwrap(),
        text
    );
    assert!(!folder.path().join("rules/fresh.yaml").exists());
    assert_eq!(weir(folder.path(), &["new"]).status.code(), Some(2));
}

#[test]
fn watching_tries_again_when_a_file_changes() {
    let folder = project();
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let command = command
        .arg("--project")
        .arg(folder.path())
        .args(["test", "beta", "--watch", "--filter", "usual"]);
    let mut watching = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut summaries = BufReader::new(watching.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .filter(|line| line.starts_with("1 test"));
    assert!(summaries.next().unwrap().contains("all passed"));
    write(folder.path(), "tests/mapping/beta.yaml", TESTS);
    assert!(summaries.next().unwrap().contains("1 failed"));
    watching.kill().unwrap();
    watching.wait().unwrap();
}
