//! What is no longer kept goes, and whoever asks for it is told so: history, the job of an instant,
//! audit, rollback, export; what comes back is stored anew.

use crate::lab::{Lab, Step};

const INSTITUTION: &str = "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: ads.ndjson } }\n    id: $.id\n    job: { title: $.title }\nmissing: { after: 1, at_most: 100% }\n";
const RETENTION: &str = "retention:\n  documents: 30d\n  versions: { older_than: 30d, keep: 3 }\n  runs: 30d\n  alerts: 30d\n";
/// Days of the board.
const DAYS: usize = 14;
/// The day from which on the second ad is not listed.
const GONE: usize = 13;
/// Runs of the years before, so that there are more than always stay.
const EARLIER: &str = "INSERT INTO runs (institution_id, id, at, status, plan_fingerprint, host, pid, started_at)
    SELECT id, -number, '2019-12-31'::timestamptz - number * INTERVAL '1 day', 'done', '', '', 0, '2019-12-31' FROM institutions, generate_series(1, 90) AS number RETURNING id::text";

/// The ads of a day: the title of the first changes on each of the first days.
fn ads(day: usize) -> String {
    let lock = format!(
        "{{\"id\": 1, \"title\": \"Lock Keeper, grade {}\"}}\n",
        day.min(12)
    );
    let boat = "{\"id\": 2, \"title\": \"Boat Builder\"}\n";
    if day < GONE { lock + boat } else { lock }
}

fn date(day: usize) -> String {
    let first = chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    (first + chrono::Days::new(u64::try_from(day).unwrap() - 1)).to_string()
}

fn weir(lab: &Lab, words: &str) -> (Option<i32>, String) {
    lab.weir(&words.split(' ').collect::<Vec<_>>())
}

/// A board that was read for many days, the first time by the program, which claims it.
async fn old_board() -> Lab {
    let lab = Lab::new().await;
    lab.write("pipelines/daily.yaml", crate::lab::DAILY);
    lab.write("institutions/acme.yaml", INSTITUTION);
    lab.write("ads.ndjson", &ads(1));
    let (code, said) = weir(&lab, "run --at 2020-01-01");
    assert_eq!(code, Some(0), "{said}");
    for day in 2..=DAYS {
        lab.write("ads.ndjson", &ads(day));
        lab.run(&Step::new(&date(day), &[])).await;
    }
    assert_eq!(lab.texts(EARLIER).await.len(), 90);
    let project = std::fs::read_to_string(lab.folder.join("weir.yaml")).unwrap();
    lab.write("weir.yaml", &(project + RETENTION));
    lab
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_stays_known() {
    let lab = old_board().await;
    let before = lab.dump().await;
    let (code, foreseen) = weir(&lab, "db tidy --dry-run");
    assert!(code == Some(0) && lab.dump().await == before, "{foreseen}");
    let (code, done) = weir(&lab, "db tidy");
    assert_eq!(code, Some(0), "{done}");
    // A dry run tells what is then done: 8 of 12 versions, a document, the runs
    // but 100.
    let table = |said: &str| {
        said.lines()
            .filter(|line| line.trim_start().starts_with("acme"))
            .map(|line| {
                line.split_whitespace()
                    .take(4)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(table(&foreseen), table(&done));
    let kinds = |what: &str| table(&done).iter().any(|line| line.starts_with(what));
    assert!(
        kinds("acme documents ") && kinds("acme versions ") && kinds("acme runs "),
        "{done}"
    );
    let counts = lab
        .texts("SELECT kind || ' ' || row_count || ' ' || removed_by FROM removals ORDER BY kind")
        .await;
    assert_eq!(counts, ["documents 1 ada", "runs 4 ada", "versions 8 ada"]);
    let (_, again) = weir(&lab, "db tidy");
    assert!(again.contains("nothing is older"), "{again}");
    assert_eq!(
        lab.texts(
            "SELECT version::text FROM jobs_history WHERE original_id = '1' ORDER BY version"
        )
        .await,
        ["1", "10", "11", "12"]
    );
    assert_eq!(lab.audit().await, Vec::<String>::new());

    let (code, said) = weir(&lab, "history board:1");
    assert!(
        code == Some(0) && said.contains("versions 2 to 9 were removed by retention on "),
        "{said}"
    );
    let (code, said) = weir(&lab, "history board:1 --at 2020-01-05");
    assert!(
        code == Some(2) && said.contains("versions 2 to 9 were removed"),
        "{said}"
    );
    for (at, title) in [
        ("2020-01-01T12:00:00Z", "grade 1"),
        ("2020-01-10T12:00:00Z", "grade 10"),
    ] {
        let (code, said) = weir(&lab, &format!("history board:1 --at {at}"));
        assert!(code == Some(0) && said.contains(title), "{said}");
    }
    let (code, said) = weir(&lab, "export jobs --at 2020-01-05T12:00:00Z");
    assert!(
        code == Some(0)
            && said.contains("warning: 1 job left out: their versions")
            && said.contains("Boat Builder")
            && !said.contains("Lock Keeper"),
        "{said}"
    );
    let (code, said) = weir(&lab, "why board:2");
    assert!(
        code == Some(0) && said.contains("its raw documents were removed by retention on "),
        "{said}"
    );
    let (code, said) = weir(&lab, "rollback 9999 --dry-run");
    assert!(
        code == Some(2) && said.contains("retention last removed old runs on "),
        "{said}"
    );
    // Of the tenth day's run the version before is gone; of the one that archived the other ad, the
    // document that it would be derived from.
    for run in [10, GONE] {
        let (_, said) = weir(&lab, &format!("rollback {run} --dry-run --at 2020-01-20"));
        assert!(
            said.contains("retention has removed what it was before this run"),
            "{said}"
        );
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ad_whose_document_was_removed_keeps_its_values_and_may_come_back() {
    let lab = old_board().await;
    let (code, said) = weir(&lab, "db tidy");
    assert_eq!(code, Some(0), "{said}");
    // An edited mapping derives what is listed, and leaves what is gone as it was.
    lab.write(
        "institutions/acme.yaml",
        &INSTITUTION.replace(
            "$.title }",
            "{ from: $.title, as: text }, department: { constant: Works } }",
        ),
    );
    let edited = Step::new(&date(DAYS + 1), &[]);
    lab.run(&edited).await;
    let jobs = "SELECT original_id || ' ' || status || ' ' || COALESCE(department, '-') || ' ' || (raw_json IS NOT NULL) FROM jobs ORDER BY original_id";
    assert_eq!(
        lab.texts(jobs).await,
        ["1 open Works true", "2 archived - false"]
    );
    // The same text as ever.
    lab.write("ads.ndjson", &ads(1));
    lab.run(&Step::new(&date(DAYS + 2), &[])).await;
    assert_eq!(
        lab.texts(jobs).await,
        ["1 open Works true", "2 open Works true"]
    );
    let summaries = lab.run(&Step::new(&date(DAYS + 3), &[])).await;
    assert_eq!(summaries[0].total.updated + summaries[0].total.created, 0);
    assert_eq!(lab.audit().await, Vec::<String>::new());
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_that_was_not_asked_for() {
    let lab = old_board().await;
    let with = |text: &str| {
        let project = std::fs::read_to_string(lab.folder.join("weir.yaml")).unwrap();
        let own = project.split("retention:").next().unwrap().to_owned();
        lab.write("weir.yaml", &(own + text));
    };
    let versions = "SELECT count(*)::text FROM jobs_history";
    let before = lab.texts(versions).await;
    with("");
    let (code, said) = weir(&lab, "db tidy");
    assert!(
        code == Some(0) && said.contains("everything is kept"),
        "{said}"
    );
    // A file that cannot be read removes nothing, rather than too much.
    with("retention: { versions: { older_than: 1d, keep: 1 } }\n");
    let (code, said) = weir(&lab, "db tidy");
    assert!(
        code == Some(2) && said.contains("`weir.yaml` has errors"),
        "{said}"
    );
    // The institutions of other projects are theirs.
    lab.write("weir.yaml", &format!("project: other\n{RETENTION}"));
    let (code, said) = weir(&lab, "db tidy");
    assert!(
        code == Some(0) && said.contains("nothing is older"),
        "{said}"
    );
    assert_eq!(lab.texts(versions).await, before);
    lab.bench.drop().await;
}
