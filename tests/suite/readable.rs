//! Pages can be read: on a phone and on a large screen, in light and in dark, full, empty and
//! hostile. Nothing runs over the side, every text has contrast and size enough, and everything
//! that can be used has a name.

use crate::browser::Browser;
use crate::lab::{Lab, on_any_day};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The findings of one look at a page.
const AUDIT: &str = include_str!("readable.js");

/// A board whose ads pass, are refused, and try to break a page.
async fn lab() -> Lab {
    let lab = Lab::new().await;
    lab.write(
        "institutions/board.yaml",
        "institution: board\ntimezone: Australia/Sydney\n\
         sources:\n  \
           calm: { fetch: { file: { path: 'calm-${DAY:-1}.json' } }, id: $.id, job: { title: $.title, description: $.text, department: $.department } }\n  \
           wild: { fetch: { file: { path: wild.json } }, id: $.id, job: { title: $.title, department: $.department } }\n\
         require:\n  title: { type: string, minLength: 3 }\nrules: [own]\n",
    );
    rules(&lab, "none");
    let calm = |text: &str| {
        format!(
            r#"[{{"id":"1","title":"Ranger","text":"{text}","department":"Parks"}},{{"id":"2","title":"Guide","text":"Guide.","department":"Parks"}}]"#
        )
    };
    lab.write(
        "calm-1.json",
        &calm("Look after three reserves, plan weed and fire work."),
    );
    lab.write(
        "calm-2.json",
        &calm("Look after four reserves, plan weed and fire work, train volunteers."),
    );
    let wild = serde_json::json!([
        { "id": "W".repeat(900), "title": "Long".repeat(1000), "department": "Parks" },
        { "id": "\u{202e}rtl", "title": format!("نسر {}", "\u{301}".repeat(300)), "department": "none" },
        { "id": "<b>", "title": "<script>document.title='bad'</script>", "department": "none" },
    ]);
    lab.write("wild.json", &wild.to_string());
    lab
}

fn rules(lab: &Lab, refused: &str) {
    let rule = format!(
        "{{ id: named, type: unnamed, field: department, assert: 'job.department != \"{refused}\"', message: \"no department\" }}"
    );
    lab.write("rules/own.yaml", &format!("rules:\n  - {rule}\n"));
}

fn weir(lab: &Lab, words: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words))
        .env("DATABASE_URL", lab.bench.url())
        .env("DAY", "2");
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// All pages, empty and full.
fn pages(lab: &Lab) -> Vec<PathBuf> {
    let file = |name: &str| lab.folder.join(name);
    let write =
        |words: &[&str], file: &Path| weir(lab, &[words, &[file.to_str().unwrap()]].concat());
    let (empty, full, against, plan, rehearsal) = (
        file("empty.html"),
        file("full.html"),
        file("against.html"),
        file("plan.html"),
        file("rehearsal.html"),
    );
    write(&["graph", "board", "--format", "html", "--out"], &empty);
    let mut first = Command::new(env!("CARGO_BIN_EXE_weir"));
    first
        .arg("--project")
        .arg(&lab.folder)
        .args(["run", "--allow-future", "--at", "2026-09-01"])
        .env("DATABASE_URL", lab.bench.url());
    assert!(first.status().unwrap().success());
    write(&["plan", "--jobs", "--at", "2026-09-02", "--html"], &plan);
    weir(lab, &["run", "--at", "2026-09-02"]);
    write(&["graph", "board", "--format", "html", "--out"], &full);
    rules(lab, "Parks");
    write(
        &[
            "graph",
            "board",
            "--against",
            "last",
            "--format",
            "html",
            "--out",
        ],
        &against,
    );
    write(&["rehearse", "--at", "2026-09-02", "--html"], &rehearsal);
    vec![empty, full, against, plan, rehearsal]
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_can_be_read_by_everyone() {
    let lab = lab().await;
    let pages = pages(&lab);
    if let Some(browser) = Browser::open() {
        for page in &pages {
            browser.show(page);
            for (width, scheme) in [360, 1280, 1920]
                .into_iter()
                .flat_map(|width| [(width, "light"), (width, "dark")])
            {
                browser.look(width, scheme);
                let found = browser.script(AUDIT);
                assert_eq!(
                    found,
                    serde_json::json!([]),
                    "{} at {width} in {scheme}",
                    page.display()
                );
            }
            assert!(
                std::fs::metadata(page).unwrap().len() < 150_000,
                "{} is large",
                page.display()
            );
        }
    }
    lab.bench.drop().await;
}
