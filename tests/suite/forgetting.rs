//! What was forgotten on request is nowhere in the database afterwards, does not come back with the
//! next run, and whoever asks for it is told: history, why, audit, rollback, export, followers.

use crate::bench::environment;
use crate::lab::{Lab, Step};
use crate::served::Served;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use weir::engine::RunSummary;
use weir::store::server::ServerBinaries;

const INSTITUTION: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { file: { path: ads.ndjson } }
    id: $.id
    job:
      title: $.title
      description: $.text
      recruiter: { script: '#{ name: `${doc.first} ${doc.last}`, email: doc.mail }' }
      source_url: $.url
rules: [board]
missing: { after: 1, at_most: 100% }
openings: { sources: [board] }
";
const RULES: &str = "rules:
  - id: no-secret
    type: invalid_text
    field: title
    assert: \"!job.title.contains(`Secret`)\"
    message: \"{job.title} of {job.recruiter} is secret\"
    tests:
      - { job: { title: Secret Agent, recruiter: { name: x } }, expect: fail }
      - { job: { title: Baker, recruiter: { name: x } }, expect: pass }
";

/// What is of the ad that is forgotten alone.
const OWN: [&str; 5] = [
    "Zanzibar Lamplighter",
    "wick trimming",
    "Quentin",
    "quentin@lamps.example",
    "ad-7700",
];

fn ad(id: &str, title: &str, text: &str, (first, last, mail): (&str, &str, &str)) -> String {
    format!(
        "{{\"id\": \"{id}\", \"title\": \"{title}\", \"text\": \"{text}\", \"first\": \"{first}\", \"last\": \"{last}\", \"mail\": \"{mail}\", \"url\": \"https://board.example/{id}\"}}\n"
    )
}

const JANE: (&str, &str, &str) = ("Jane", "Fairweather", "jane@boats.example");
const QUENTIN: (&str, &str, &str) = ("Quentin", "Wick", "quentin@lamps.example");

/// The ads of a day; their texts change from one to the next.
fn ads(day: usize) -> String {
    let call = "Call <b>Jane</b> FAIRWEATHER now";
    [
        ad("ad-1", "Boat Builder", &format!("{call}, day {day}"), JANE),
        ad(
            "ad-2",
            "Boat Painter",
            "Ask jane.fairweather@boats.example",
            JANE,
        ),
        ad("ad-3", "Secret Boat", "By Jane Fairweather", JANE),
        ad(
            "ad-7700",
            "Zanzibar Lamplighter",
            &format!("wick trimming {day}"),
            QUENTIN,
        ),
        ad(
            "ad-9",
            "Harbour Master",
            "Keeps the harbour",
            ("Ann", "Other", "ann@port.example"),
        ),
    ]
    .concat()
}

/// What is said of ads in texts that are about many.
const TOLD: [&str; 3] = [
    "INSERT INTO run_log (institution_id, run_id, ordinal, logged_at, severity, node, message)
     SELECT institution_id, id, 900, started_at, 'warn', '', 'board:ad-7700 (Zanzibar Lamplighter) and an ad of Jane Fairweather' FROM runs WHERE id = 1 RETURNING message",
    "INSERT INTO daily_reports (day, institution, made_at, title, text, html, content)
     VALUES ('2020-01-03', '', '2020-01-03', 'Report', 'New: Zanzibar Lamplighter, by JANE FAIRWEATHER', '<p>Zanzibar <b>Lamplighter</b>',
       '{\"titles\": [\"Zanzibar Lamplighter\"], \"Jane Fairweather\": 1}') RETURNING title",
    "INSERT INTO alert_causes (alert, institution, source_id, severity, group_name, message, fired_at)
     VALUES ('run/told', 'acme', 'board', 'warn', 'g', 'Zanzibar Lamplighter: ask quentin@lamps.example or jane@boats.example', '2020-01-03') RETURNING message",
];

/// A board of three days, the first read by the program, which claims it.
async fn board() -> Lab {
    let lab = Lab::new().await;
    lab.write("pipelines/daily.yaml", crate::lab::DAILY);
    lab.write("rules/board.yaml", RULES);
    lab.write("institutions/acme.yaml", INSTITUTION);
    lab.write("ads.ndjson", &ads(1));
    let (code, said) = weir(&lab, "run --at 2020-01-01");
    assert!(code == Some(0) || code == Some(1), "{said}");
    for day in 2..=3 {
        run(&lab, day, day).await;
    }
    for sql in TOLD {
        lab.texts(sql).await;
    }
    lab
}

/// A run on a date, with the ads of a day.
async fn run(lab: &Lab, date: usize, day: usize) -> RunSummary {
    lab.write("ads.ndjson", &ads(day));
    let step = Step::new(&format!("2020-01-{date:02}"), &[]);
    lab.run(&step).await.remove(0)
}

fn weir(lab: &Lab, words: &str) -> (Option<i32>, String) {
    lab.weir(&words.split(' ').collect::<Vec<_>>())
}

/// The whole database as the server's own program writes it, in lower case.
fn whole(lab: &Lab) -> String {
    let nothing = Path::new("no data");
    let programs = ServerBinaries::find(&environment().search, nothing).unwrap();
    let output = Command::new(programs.program("pg_dump"))
        .args(["--inserts", "--dbname", &lab.bench.url()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap().to_lowercase();
    // What every command leaves, whatever it does.
    let passing = [
        "\\restrict",
        "\\unrestrict",
        "insert into public.leases",
        "select pg_catalog.setval",
    ];
    let stays = |line: &&str| !passing.iter().any(|words| line.starts_with(words));
    text.lines().filter(stays).collect::<Vec<_>>().join("\n")
}

/// Refuses a dump that has one of these texts, and shows where.
fn has_none(dump: &str, texts: &[&str]) {
    for text in texts {
        let text = text.to_lowercase();
        let line = dump.lines().find(|line| line.contains(&text));
        assert_eq!(line, None, "{text}");
    }
}

/// The jobs that followers are told to remove, once they are told of any: with Citus a change is
/// shown when every node is known to have it.
fn removals(lab: &Lab) -> Vec<serde_json::Value> {
    let began = Instant::now();
    loop {
        let (code, said) = weir(lab, "export --since start");
        assert_eq!(code, Some(0), "{said}");
        let rows = said
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let gone = rows.filter(|row: &serde_json::Value| row["change_type"] == "forget");
        let jobs: Vec<serde_json::Value> = gone.map(|row| row["job"].clone()).collect();
        if !jobs.is_empty() {
            return jobs;
        }
        assert!(began.elapsed() < Duration::from_secs(90), "{said}");
    }
}

const FORGET_AD: [&str; 9] = [
    "forget",
    "acme",
    "board:ad-7700",
    "--reason",
    "asked for",
    "--yes",
    "--at",
    "2020-01-04",
    "--json",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_ad_is_nowhere_and_stays_out() {
    let lab = board().await;
    let before = lab.dump().await;
    let (code, said) = weir(&lab, "forget acme board:ad-7700 --dry-run --at 2020-01-04");
    assert!(
        code == Some(0) && said.contains("published_jobs") && lab.dump().await == before,
        "{said}"
    );
    let (code, said) = weir(
        &lab,
        "forget acme board:ad-7700 --reason asked --at 2020-01-04",
    );
    assert!(
        code == Some(2) && said.contains("add `--yes`") && lab.dump().await == before,
        "{said}"
    );
    let dump = whole(&lab);
    OWN.iter()
        .for_each(|text| assert!(dump.contains(&text.to_lowercase()), "{text}"));
    let job = lab
        .texts("SELECT id::text FROM jobs WHERE original_id = 'ad-7700'")
        .await
        .remove(0);

    lab.good(&FORGET_AD);
    has_none(&whole(&lab), &OWN);
    assert_eq!(lab.audit().await, Vec::<String>::new());
    // Once more changes nothing.
    let forgotten = whole(&lab);
    let said = lab.good(&FORGET_AD);
    assert!(
        said.contains("removed on request on 2020-01-04 by ada: asked for"),
        "{said}"
    );
    assert_eq!(whole(&lab), forgotten);

    // It is still listed, and does not come back.
    let day = run(&lab, 5, 5).await;
    assert_eq!(
        (day.total.created, day.sources["board"].counts.failed),
        (0, 0)
    );
    has_none(&whole(&lab), &OWN);
    assert_eq!(lab.audit().await, Vec::<String>::new());

    for words in [
        "history board:ad-7700".to_owned(),
        "history board:ad-7700 --at 2020-01-02".to_owned(),
        format!("history {job}"),
        "why acme/board:ad-7700".to_owned(),
    ] {
        let (code, said) = weir(&lab, &words);
        assert!(
            code == Some(2)
                && said.contains("was removed on request on 2020-01-04 by ada: asked for"),
            "{said}"
        );
    }
    let (code, said) = weir(&lab, "export jobs --at 2020-01-02T12:00:00Z");
    assert!(
        code == Some(0)
            && said.contains("warning: 1 job left out: removed on request")
            && said.contains("Boat Builder"),
        "{said}"
    );
    let (_, said) = weir(&lab, "rollback 2 --dry-run --at 2020-01-06");
    assert!(said.contains("removed on request: 1 job"), "{said}");
    // Whoever has a copy is told to remove it.
    let told = removals(&lab);
    assert!(told.len() == 1 && told[0] == job.as_str(), "{told:?}");
    let said = lab.good(&["forget", "list"]);
    assert!(
        said.contains("an ad of board") && said.contains("in force") && said.contains("asked for"),
        "{said}"
    );

    let served = Served::start(&lab);
    for path in [
        format!("/api/v1/jobs/{job}"),
        format!("/api/v1/jobs/{job}/history"),
        format!("/jobs/{job}"),
    ] {
        let answer = served.get(&path);
        let is_told = answer
            .body
            .contains("removed on request on 2020-01-04 by ada");
        assert!(answer.status == 410 && is_told, "{path}: {}", answer.body);
    }
    drop(served);

    // Until somebody lifts that.
    let number = lab.texts("SELECT id::text FROM forgotten").await.remove(0);
    let said = lab.good(&[
        "forget",
        "undo",
        &number,
        "--reason",
        "a mistake",
        "--at",
        "2020-01-06",
    ]);
    assert!(said.contains("the next read of `acme`"), "{said}");
    assert_eq!(run(&lab, 7, 7).await.total.created, 1);
    let (code, said) = weir(&lab, "history board:ad-7700");
    assert!(
        code == Some(0) && said.contains("Zanzibar Lamplighter"),
        "{said}"
    );
    assert_eq!(lab.audit().await, Vec::<String>::new());
    lab.bench.drop().await;
}

const FORGET_JANE: [&str; 13] = [
    "forget",
    "acme",
    "--recruiter",
    "jane fairweather",
    "--recruiter",
    "Jane@boats.example",
    "--reason",
    "asked for",
    "--by",
    "bob",
    "--yes",
    "--at",
    "2020-01-04",
];
const JANES: [&str; 4] = [
    "jane fairweather",
    "<b>jane</b> fairweather",
    "jane.fairweather",
    "jane@boats",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_text_is_masked_everywhere_and_in_all_that_comes() {
    let lab = board().await;
    let dump = whole(&lab);
    JANES
        .iter()
        .for_each(|text| assert!(dump.contains(text), "{text}"));
    let (code, said) = weir(&lab, "forget acme --recruiter Jo --reason asked --yes");
    assert!(code == Some(2) && said.contains("too short"), "{said}");
    let (code, said) = weir(
        &lab,
        "forget acme --recruiter jane@boats.example --dry-run --at 2020-01-04",
    );
    assert!(
        code == Some(0) && said.contains("these contacts also say: Jane Fairweather"),
        "{said}"
    );

    let said = lab.good(&FORGET_JANE);
    assert!(
        said.contains("raw_documents") && said.contains("superseded_versions"),
        "{said}"
    );
    has_none(&whole(&lab), &JANES);
    assert_eq!(lab.audit().await, Vec::<String>::new());
    let masked = whole(&lab);
    lab.good(&FORGET_JANE);
    assert_eq!(whole(&lab), masked);
    let (_, said) = weir(&lab, "history board:ad-2");
    assert!(!said.to_lowercase().contains("fairweather"), "{said}");

    // The same ads bring no version, and those that differ bring one without the text.
    let versions = "SELECT original_id || ' ' || version FROM jobs ORDER BY 1";
    let stood = lab.texts(versions).await;
    let same = run(&lab, 5, 3).await;
    assert_eq!(
        (same.total.updated, same.total.created),
        (0, 0),
        "{:?}",
        same.total
    );
    assert_eq!(lab.texts(versions).await, stood);
    for day in 6..=7 {
        let summary = run(&lab, day, day).await;
        assert_eq!((summary.total.updated, summary.total.created), (2, 0));
        has_none(&whole(&lab), &JANES);
        assert_eq!(lab.audit().await, Vec::<String>::new());
    }
    assert_eq!(
        lab.texts("SELECT description || ' ' || (recruiter ->> 'name') FROM jobs WHERE original_id = 'ad-1'").await,
        ["Call <b>[removed on request] now, day 7 [removed on request]"]
    );
    // Others are as they were.
    assert_eq!(
        lab.texts("SELECT recruiter ->> 'name' FROM jobs WHERE original_id = 'ad-9'")
            .await,
        ["Ann Other"]
    );

    for number in lab.texts("SELECT id::text FROM forgotten").await {
        lab.good(&[
            "forget",
            "undo",
            &number,
            "--reason",
            "a mistake",
            "--at",
            "2020-01-08",
        ]);
    }
    run(&lab, 9, 7).await;
    assert_eq!(
        lab.texts("SELECT recruiter ->> 'email' FROM jobs WHERE original_id = 'ad-2'")
            .await,
        ["jane@boats.example"]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_not_searched_are_there() {
    let lab = Lab::new().await;
    let tables = lab
        .texts("SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'")
        .await;
    let named = weir::store::masking::KEPT_TABLES
        .iter()
        .chain(&weir::store::masking::SHARED_TABLES);
    for table in named {
        assert!(tables.iter().any(|one| one == table), "{table}");
    }
    lab.bench.drop().await;
}
