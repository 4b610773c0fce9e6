//! The page of `weir graph`: what it holds, that hostile text stays text on it, that two plans are
//! told apart, and that clicks and keys do in a browser what they promise.

use crate::browser::{Browser, ENTER, ESCAPE, RIGHT, TAB};
use crate::lab::{Lab, on_any_day};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Two sources; the second has an ad with a hostile title, and one that is refused.
async fn lab() -> Lab {
    let lab = Lab::new().await;
    lab.write(
        "institutions/board.yaml",
        "institution: board\ntimezone: Australia/Sydney\n\
         sources:\n  \
           calm:\n    fetch: { file: { path: calm.json } }\n    id: $.id\n    job:\n      title: $.title\n      department: $.department\n  \
           wild:\n    fetch: { file: { path: wild.json } }\n    id: $.id\n    job: { title: $.title, department: $.department }\n\
         require:\n  title: { type: string, minLength: 3 }\n\
         rules: [own]\n",
    );
    lab.write(
        "rules/own.yaml",
        "rules:\n  - { id: named, type: unnamed, field: department, assert: 'job.department != \"none\"', message: \"no <b>department</b>\" }\n",
    );
    lab.write("calm.json", r#"[{"id":"1","title":"Ranger","department":"Parks"},{"id":"2","title":"Guide","department":"Parks"}]"#);
    lab.write("wild.json", r#"[{"id":"<i>9</i>","title":"</script><script>document.title='bad'</script>","department":"Parks"},{"id":"8","title":"Diver","department":"none"}]"#);
    lab
}

fn call(lab: &Lab, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words))
        .env("DATABASE_URL", lab.bench.url())
        .output()
        .unwrap()
}

fn weir(lab: &Lab, words: &[&str]) -> String {
    let output = call(lab, words);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{words:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

const RUN: [&str; 4] = ["run", "board", "--at", "2026-09-01"];
const DRY_RUN: [&str; 5] = ["run", "board", "--dry-run", "--at", "2026-09-01"];
const PAGE: [&str; 4] = ["graph", "board", "--format", "html"];

/// The panel of a stage: from its beginning to the next one.
fn panel<'p>(page: &'p str, stage: &str) -> &'p str {
    let begin = format!("aria-label=\"stage {stage}\"");
    page.split("<section class=\"panel\"")
        .find(|part| part.contains(&begin))
        .unwrap_or_else(|| panic!("no panel of {stage}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_a_run_did_and_why_there_is_work() {
    let lab = lab().await;
    let before = weir(&lab, &PAGE);
    assert!(
        before.contains("No run yet")
            && panel(&before, "validate:calm").contains("othing stored needs deriving")
    );
    weir(&lab, &DRY_RUN);
    let page = weir(&lab, &PAGE);
    assert!(
        page.contains("Dry run of <time")
            && page.contains(">2026-09-01 00:00Z</time>")
            && page.contains("rolled back"),
        "{page}"
    );
    assert!(
        page.contains("<tspan class=\"loss\">◆ 1 refused</tspan>"),
        "{page}"
    );
    weir(&lab, &RUN);
    let page = weir(&lab, &PAGE);
    let validate = format!(
        "{}{}",
        panel(&page, "validate:calm"),
        panel(&page, "validate:wild")
    );
    assert!(
        page.contains("Run 2 of <time") || page.contains("Run 3 of <time"),
        "{page}"
    );
    assert!(
        page.contains("<h1>1 of 4 ads did not pass: 1 rejected</h1>"),
        "{page}"
    );
    for words in [
        "Refused here",
        "no &lt;b&gt;department&lt;/b&gt;",
        "Diver",
        "Went on",
        "Ranger",
        "institutions/board.yaml:",
        "rules/own.yaml:1",
        "pipelines/daily.yaml:",
    ] {
        assert!(validate.contains(words), "{words}: {validate}");
    }
    let extract = panel(&page, "extract:calm");
    assert!(
        extract.contains("title: $.title")
            && extract.contains("institutions/board.yaml:7")
            && !extract.contains("wild.json"),
        "{extract}"
    );
    assert!(panel(&page, "fetch:wild").contains("wild.json"));
    // An edit gives work, and the page says why.
    let yaml = std::fs::read_to_string(lab.folder.join("institutions/board.yaml")).unwrap();
    lab.write(
        "institutions/board.yaml",
        &yaml.replacen("department: $.department\n", "department: $.title\n", 1),
    );
    let page = weir(&lab, &PAGE);
    assert!(
        panel(&page, "extract:calm")
            .contains("mapping of department changed: 2 ads to derive again"),
        "{}",
        panel(&page, "extract:calm")
    );
    assert!(!panel(&page, "extract:wild").contains("mapping of department"));
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_nothing_and_hostile_text_stays_text() {
    let lab = lab().await;
    weir(&lab, &RUN);
    let page = weir(&lab, &PAGE);
    assert!(
        page.contains("&lt;/script&gt;&lt;script&gt;document.title='bad'")
            && page.contains("&lt;i&gt;9&lt;/i&gt;")
    );
    assert_eq!(
        (
            page.matches("<script").count(),
            page.matches("</script>").count()
        ),
        (1, 1)
    );
    let bare = page.replace("http://www.w3.org/2000/svg", "");
    for reference in [
        "<link",
        "<img",
        "<iframe",
        "@import",
        "url(",
        "src=\"",
        "href=\"http",
        "href=\"//",
        "action=",
    ] {
        assert!(!bare.contains(reference), "{reference}");
    }
    assert!(page.contains("default-src 'none'") && page.contains("script-src 'sha256-"));
    // Each stage is a link in both drawings, and each link leads to a panel.
    assert_eq!(
        (
            page.matches("<a id=\"").count(),
            page.matches("<section class=\"panel\"").count()
        ),
        (30, 15)
    );
    for number in 0..15 {
        let place = format!("stage-{number}");
        assert!(
            page.contains(&format!("href=\"#{place}\" data-node=\"{number}\""))
                && page.contains(&format!("id=\"{place}\"")),
            "{place}"
        );
    }
    // What a dry run leaves in the folder is its owner's alone.
    weir(&lab, &DRY_RUN);
    use std::os::unix::fs::PermissionsExt;
    let kept = std::fs::metadata(lab.folder.join(".weir/flow/board.json")).unwrap();
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_says_why_fewer_ads_are_derived_than_were_read() {
    let lab = lab().await;
    weir(&lab, &RUN);
    lab.write("calm.json", r#"[{"id":"1","title":"Ranger","department":"Parks"},{"id":"2","title":"Senior Guide","department":"Parks"}]"#);
    weir(&lab, &["run", "board", "--at", "2026-09-02"]);
    let text = weir(&lab, &["graph", "board"]);
    assert!(
        text.contains("2 · −1 unchanged") && text.contains("−1 unchanged · −1 rejected as before"),
        "{text}"
    );
    let page = weir(&lab, &PAGE);
    let said =
        "2 records came from the source; not derived again: 1 unchanged. So 1 reached this stage.";
    assert!(
        panel(&page, "extract:calm").contains(said),
        "{}",
        panel(&page, "extract:calm")
    );
    assert!(
        page.contains("<tspan class=\"aside\">−1 rejected as before</tspan>"),
        "{page}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_and_without_a_run_the_page_is_there() {
    let lab = lab().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command
        .arg("--project")
        .arg(&lab.folder)
        .args(PAGE)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success()
            && page.contains("no database was asked")
            && page.contains("class=\"weir-picture\""),
        "{page}"
    );
    assert!(
        !lab.folder.join(".weir/postgres").exists(),
        "a picture is no reason to make a database"
    );
    lab.bench.drop().await;
}

/// The lines that begin with a sign after the drawing.
fn signs(said: &str) -> Vec<&str> {
    said.lines()
        .filter(|line| ["+ ", "~ ", "- "].iter().any(|sign| line.starts_with(sign)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_edit_changes_in_the_plan_is_marked_and_listed() {
    let lab = lab().await;
    let refused = call(&lab, &["graph", "board", "--against", "last"]);
    assert_eq!(refused.status.code(), Some(2), "no runs yet");
    weir(&lab, &RUN);
    let kept = lab.folder.join("before.json");
    weir(
        &lab,
        &[
            "graph",
            "board",
            "--format",
            "json",
            "--out",
            kept.to_str().unwrap(),
        ],
    );
    let plans = lab.folder.join("plans.json");
    std::fs::write(&plans, weir(&lab, &["plan", "board", "--json"])).unwrap();
    assert!(weir(&lab, &["graph", "board", "--against", "last"]).ends_with("no differences\n"));
    let other = lab.folder.join("other");
    for folder in ["institutions", "rules", "pipelines"] {
        std::fs::create_dir_all(other.join(folder)).unwrap();
        for entry in std::fs::read_dir(lab.folder.join(folder))
            .unwrap()
            .flatten()
        {
            std::fs::copy(entry.path(), other.join(folder).join(entry.file_name())).unwrap();
        }
    }
    let yaml = std::fs::read_to_string(lab.folder.join("institutions/board.yaml")).unwrap();
    let (head, wild) = yaml.split_once("  wild:").unwrap();
    let edited = format!(
        "{}  wilder:{wild}missing: {{ after: 3 }}\n",
        head.replace("department: $.department", "department: $.title")
    );
    lab.write("institutions/board.yaml", &edited);
    // A dry run of the edit does not count as a run.
    weir(&lab, &["run", "board", "--dry-run", "--at", "2026-09-02"]);
    for against in [
        "last",
        kept.to_str().unwrap(),
        plans.to_str().unwrap(),
        other.to_str().unwrap(),
    ] {
        let said = weir(&lab, &["graph", "board", "--against", against]);
        let told = signs(&said);
        assert!(
            told.contains(&"+ fetch:wilder: added") && told.contains(&"- fetch:wild: removed"),
            "{said}"
        );
        assert!(
            told.contains(&"+ extract:wilder: added") && told.contains(&"- extract:wild: removed"),
            "{said}"
        );
        assert!(
            told.contains(&"~ extract:calm: mapping of department changed"),
            "{said}"
        );
        assert!(
            told.contains(&"+ validate:wilder: added")
                && told.contains(&"- validate:wild: removed"),
            "{said}"
        );
        assert!(
            told.contains(&"~ report: source wilder added; source wild removed"),
            "{said}"
        );
        assert!(
            said.contains("+ fetch wilder")
                && said.contains("- fetch wild")
                && said.contains("~ extract calm"),
            "{said}"
        );
        let svg = weir(
            &lab,
            &["graph", "board", "--format", "svg", "--against", against],
        );
        assert!(
            svg.contains("mark-added")
                && svg.contains("mark-removed")
                && svg.contains(">~ extract calm<")
        );
        let page = weir(
            &lab,
            &["graph", "board", "--format", "html", "--against", against],
        );
        assert!(
            page.contains("What the edit changed")
                && panel(&page, "extract:calm").contains("mapping of department changed")
        );
        assert!(panel(&page, "fetch:wild").contains("removed"));
    }
    lab.bench.drop().await;
}

/// The selectors of a stage and of its panel.
fn selectors(file: &Path, stage: &str) -> (String, String) {
    let page = std::fs::read_to_string(file).unwrap();
    let link = page.split_once(&format!("<a id=\"{stage}\"")).unwrap().1;
    let place = link
        .split_once("href=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap();
    (format!("a[id='{stage}']"), place.to_owned())
}

fn page(lab: &Lab) -> PathBuf {
    let file = lab.folder.join("graph.html");
    let mut words = PAGE.to_vec();
    words.extend(["--out", file.to_str().unwrap()]);
    weir(lab, &words);
    file
}

/// Which stage has the focus.
const FOCUS: &str =
    "return document.activeElement.getAttribute('href') || document.activeElement.id";

#[tokio::test(flavor = "multi_thread")]
async fn a_click_on_a_stage_shows_what_stands_behind_it() {
    let lab = lab().await;
    weir(&lab, &RUN);
    let file = page(&lab);
    let Some(browser) = Browser::open() else {
        return lab.bench.drop().await;
    };
    browser.show(&file);
    let (fetch, of_fetch) = selectors(&file, "fetch:calm");
    let (extract, of_extract) = selectors(&file, "extract:calm");
    assert!(!browser.sees(&of_fetch) && !browser.sees(&of_extract));
    browser.click(&extract);
    assert!(browser.sees(&of_extract) && !browser.sees(&of_fetch));
    let said = browser.script(&format!(
        "return document.querySelector('{of_extract}').innerText"
    ));
    assert!(said.as_str().unwrap().contains("Ranger"), "{said}");
    browser.click(&fetch);
    assert!(browser.sees(&of_fetch) && !browser.sees(&of_extract));
    browser.press(ESCAPE);
    assert!(!browser.sees(&of_fetch));
    // The same with the keyboard alone: Tab to a stage, an arrow to the next, Enter, Escape.
    browser.show(&file);
    browser.press(TAB);
    // A busy machine moves the focus a moment after the key.
    let focuses =
        |on: &str| browser.wait_for(&format!("return (() => {{ {FOCUS} }})() === '{on}'"));
    focuses(&of_fetch);
    browser.press(RIGHT);
    focuses(&of_extract);
    browser.press(ENTER);
    assert!(browser.sees(&of_extract));
    assert_eq!(
        browser.script(FOCUS),
        &of_extract[1..],
        "the panel takes the focus"
    );
    browser.press(ESCAPE);
    assert!(!browser.sees(&of_extract));
    assert_eq!(
        browser.script(FOCUS),
        of_extract.as_str(),
        "and gives it back"
    );
    assert_eq!(
        browser.script("return document.title"),
        "board · graph",
        "no title of an ad has run"
    );
    drop(browser);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_sources_can_be_read() {
    let lab = Lab::new().await;
    let sources: String = (0..22)
        .map(|number| {
            format!("  source-{number}:\n    fetch: {{ file: {{ path: 'a-{number}.json' }} }}\n    id: $.id\n    job: {{ title: $.title }}\n")
        })
        .collect();
    lab.write(
        "institutions/board.yaml",
        &format!("institution: board\ntimezone: Australia/Sydney\nsources:\n{sources}"),
    );
    (0..22).for_each(|number| {
        lab.write(
            &format!("a-{number}.json"),
            r#"[{"id":"1","title":"Ranger"}]"#,
        );
    });
    weir(&lab, &RUN);
    let file = page(&lab);
    let Some(browser) = Browser::open() else {
        return lab.bench.drop().await;
    };
    browser.show(&file);
    let stages = browser.script("return document.querySelectorAll('.sheet a.stage').length");
    let least = browser.script("const drawn = document.querySelector('.sheet .weir-picture'); const scale = drawn.getBoundingClientRect().width / drawn.viewBox.baseVal.width; return Math.min(...[...drawn.querySelectorAll('text')].map(text => parseFloat(getComputedStyle(text).fontSize) * scale))");
    // Seven stages a source, and the report.
    assert_eq!(stages, 22 * 7 + 1);
    assert!(
        least.as_f64().unwrap() >= 8.5,
        "the smallest text has {least} pixels"
    );
    let (last, panel) = selectors(&file, "extract:source-21");
    browser.click(&last);
    assert!(browser.sees(&panel));
    drop(browser);
    lab.bench.drop().await;
}
