//! A decision is about what was shown: each kind of hold, and each failure, is shown with a
//! revision; what is about other content than that revision is not done, and the difference is
//! told.

use crate::lab::{Lab, Step};
use serde_json::Value as Json;
use std::process::{Command, Output};

const INSTITUTION: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { file: { path: feed.ndjson } }
    id: $.id
    identity: { recycled: {} }
    job: { title: $.title, description: $.text, department: $.team, locations: $.city, remuneration: $.pay }
require: { title: { type: string }, description: { type: string, minLength: 10 } }
division: { from: department, known: [Care], unknown: hold }
missing: { after: 1, apart: 0h }
";

/// An ad of the feed: id, title, description, team.
type Ad = (&'static str, &'static str, &'static str, &'static str);

const USUAL: [Ad; 6] = [
    ("1", "Nurse", "Cares for the people of a ward.", "Care"),
    ("2", "Ranger", "Walks through the park, and back.", "Care"),
    ("3", "Chef", "Cooks for a hundred guests at noon.", "Care"),
    (
        "4",
        "Clerk",
        "Writes what others have said in court.",
        "Care",
    ),
    ("5", "Welder", "Joins the steel plates of ships.", "Care"),
    ("6", "Pilot", "Flies a helicopter over the reef.", "Care"),
];

/// Ads of the feed on a day; those of the usual ones that are not named stay as they are, a title
/// of nothing takes one away.
fn feed(lab: &Lab, ads: &[Ad]) {
    let mut all: Vec<Ad> = USUAL
        .iter()
        .map(|usual| *ads.iter().find(|ad| ad.0 == usual.0).unwrap_or(usual))
        .collect();
    all.extend(
        ads.iter()
            .filter(|ad| USUAL.iter().all(|usual| usual.0 != ad.0)),
    );
    let line = |(id, title, text, team): &Ad| {
        format!(
            "{}\n",
            serde_json::json!({ "id": id, "title": title, "text": text, "team": team, "city": "Perth" })
        )
    };
    lab.write(
        "feed.ndjson",
        &all.iter()
            .filter(|ad| !ad.1.is_empty())
            .map(line)
            .collect::<String>(),
    );
}

async fn run(lab: &Lab, ads: &[Ad], at: &str) {
    feed(lab, ads);
    lab.run(&Step::new(at, &[])).await;
}

fn weir(lab: &Lab, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir"))
        .arg("--project")
        .arg(&lab.folder)
        .args(words)
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
        + String::from_utf8_lossy(&output.stderr).as_ref()
}

/// The one open hold: its number and its revision.
fn hold(lab: &Lab) -> (String, String) {
    let page: Json = serde_json::from_str(
        &String::from_utf8(weir(lab, &["holds", "list", "--json"]).stdout).unwrap(),
    )
    .unwrap();
    let holds = page["holds"].as_array().unwrap();
    assert_eq!(holds.len(), 1, "{page}");
    (
        holds[0]["id"].to_string(),
        holds[0]["revision"].as_str().unwrap().to_owned(),
    )
}

/// What opens a hold, and what changes what it is about.
struct Case {
    kind: &'static str,
    opens: &'static [Ad],
    moves: &'static [Ad],
    /// What the difference names.
    differs: &'static [&'static str],
    /// What `show` names.
    shows: &'static [&'static str],
}

const GONE: &str = "";

const CASES: [Case; 4] = [
    Case {
        kind: "job",
        opens: &[("1", "Nurse, senior", "Cares.", "Care")],
        moves: &[("1", "Buy nurse pills", "Spam.", "Care")],
        differs: &["Nurse, senior → Buy nurse pills", "Cares. → Spam."],
        shows: &[
            "Nurse → Nurse, senior",
            "publishes this content as version 2",
            "version 1 stays",
        ],
    },
    Case {
        kind: "division",
        opens: &[("7", "Gardener", "Waters the flowers of the city.", "Parks")],
        moves: &[
            (
                "7",
                "Buy pills",
                "They are cheap, and they are blue.",
                "Parks",
            ),
            ("8", "Digger", "Digs for what is below.", "Parks"),
        ],
        differs: &["~ 7           Buy pills", "+ 8           Digger"],
        shows: &[
            "7           Gardener",
            "`Parks` becomes a known division; the next run derives 1 ad again",
        ],
    },
    Case {
        kind: "retirement",
        opens: &[
            ("1", GONE, "", ""),
            ("2", GONE, "", ""),
            ("3", GONE, "", ""),
            ("4", GONE, "", ""),
            ("5", GONE, "", ""),
        ],
        moves: &[
            ("1", GONE, "", ""),
            ("2", GONE, "", ""),
            ("3", GONE, "", ""),
            ("4", GONE, "", ""),
            ("5", GONE, "", ""),
            ("6", GONE, "", ""),
            ("9", "Tailor", "Sews coats for the winter.", "Care"),
        ],
        differs: &["+ 6           Pilot"],
        shows: &["5 jobs are archived at once", "1           Nurse"],
    },
    Case {
        kind: "identity",
        opens: &[
            (
                "1",
                "Quarry Foreman",
                "Blasts stone out of the hill.",
                "Care",
            ),
            (
                "2",
                "Violinist",
                "Plays the second desk in the opera.",
                "Care",
            ),
            ("3", "Botanist", "Counts ferns on the slopes.", "Care"),
            ("4", "Diver", "Looks for wrecks in the bay.", "Care"),
            ("5", "Milliner", "Makes hats out of felt.", "Care"),
        ],
        moves: &[
            (
                "1",
                "Buy pills",
                "They are cheap, and they are blue.",
                "Care",
            ),
            (
                "2",
                "Violinist",
                "Plays the second desk in the opera.",
                "Care",
            ),
            ("3", "Botanist", "Counts ferns on the slopes.", "Care"),
            ("4", "Diver", "Looks for wrecks in the bay.", "Care"),
            ("5", "Milliner", "Makes hats out of felt.", "Care"),
        ],
        differs: &["~ 1", "now  Buy pills"],
        shows: &[
            "was  Nurse · Care · Perth",
            "now  Quarry Foreman · Care · Perth",
            "archives 5 jobs",
        ],
    },
];

async fn board() -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", INSTITUTION);
    run(&lab, &[], "2026-09-01").await;
    lab
}

fn names_all(text: &str, words: &[&str]) {
    words
        .iter()
        .for_each(|word| assert!(text.contains(word), "`{word}` is missing:\n{text}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_decided_as_it_was_shown_or_not_at_all() {
    for case in CASES {
        let lab = board().await;
        run(&lab, case.opens, "2026-09-02").await;
        let (id, first) = hold(&lab);
        let shown = weir(&lab, &["holds", "show", &id]);
        names_all(&told(&shown), case.shows);
        // Repeating the same read changes nothing about it.
        run(&lab, case.opens, "2026-09-03").await;
        assert_eq!(hold(&lab), (id.clone(), first.clone()), "{}", case.kind);
        run(&lab, case.moves, "2026-09-04").await;
        let (same, second) = hold(&lab);
        assert_eq!(same, id, "{}: it stays open under its number", case.kind);
        assert_ne!(second, first, "{}", case.kind);
        let before = lab.dump().await;
        for (named, code, words) in [
            (id.clone(), 2, vec!["must name its revision", "release "]),
            (
                format!("{id}@{first}"),
                1,
                [case.differs, &["nothing was done"]].concat(),
            ),
            (format!("{id}@later"), 2, vec!["3@9f2c1a"]),
        ] {
            for word in ["release", "discard"] {
                let output = weir(
                    &lab,
                    &["holds", word, &named, "--reason", "r", "--at", "2026-09-05"],
                );
                assert_eq!(
                    output.status.code(),
                    Some(code),
                    "{} {named}: {}",
                    case.kind,
                    told(&output)
                );
                names_all(
                    &told(&output),
                    &words
                        .iter()
                        .filter(|text| word == "release" || **text != "release ")
                        .copied()
                        .collect::<Vec<_>>(),
                );
            }
        }
        assert_eq!(lab.dump().await, before, "{}: nothing was done", case.kind);
        names_all(
            &told(&weir(&lab, &["holds", "show", &format!("{id}@{first}")])),
            case.differs,
        );
        let other = lab.copy().await;
        for (lab, word, status) in [
            (&lab, "release", "released"),
            (&other, "discard", "discarded"),
        ] {
            let output = weir(
                lab,
                &[
                    "holds",
                    word,
                    &format!("{id}@{second}"),
                    "--reason",
                    "r",
                    "--at",
                    "2026-09-05",
                ],
            );
            assert!(
                output.status.success(),
                "{} {word}: {}",
                case.kind,
                told(&output)
            );
            assert_eq!(
                lab.texts("SELECT kind || ' ' || status || ' ' || revision FROM holds")
                    .await,
                [format!("{} {status} {second}", case.kind)]
            );
            assert!(
                lab.texts("SELECT revision FROM hold_revisions")
                    .await
                    .is_empty(),
                "what is closed needs no difference"
            );
        }
        lab.bench.drop().await;
        other.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_holds_are_looked_at_before_any_is_decided() {
    let lab = board().await;
    let two = [
        ("1", "Nurse, senior", "Cares.", "Care"),
        ("2", "Ranger, senior", "Walks.", "Care"),
    ];
    run(&lab, &two, "2026-09-02").await;
    let page: Json = serde_json::from_str(
        &String::from_utf8(weir(&lab, &["holds", "list", "--json"]).stdout).unwrap(),
    )
    .unwrap();
    let name = |n: usize| {
        format!(
            "{}@{}",
            page["holds"][n]["id"],
            page["holds"][n]["revision"].as_str().unwrap()
        )
    };
    let stale = format!("{}@000000", page["holds"][1]["id"]);
    let output = weir(
        &lab,
        &["holds", "release", &name(0), &stale, "--reason", "r"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(
        lab.texts("SELECT DISTINCT status FROM holds").await,
        ["open"]
    );
    let output = weir(
        &lab,
        &[
            "holds",
            "release",
            &name(0),
            &name(1),
            &name(0),
            "--reason",
            "r",
        ],
    );
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(
        lab.texts("SELECT DISTINCT status FROM holds").await,
        ["released"]
    );
    lab.bench.drop().await;
}

/// A read that died has brought an ad back since the hold was opened.
#[tokio::test(flavor = "multi_thread")]
async fn a_retirement_is_of_the_jobs_that_are_shown_and_of_no_other() {
    let lab = board().await;
    run(&lab, CASES[2].opens, "2026-09-02").await;
    let (id, first) = hold(&lab);
    lab.texts("UPDATE ad_states SET misses = 0 WHERE external_id = '1'")
        .await;
    let (_, second) = hold(&lab);
    let output = weir(
        &lab,
        &[
            "holds",
            "release",
            &format!("{id}@{first}"),
            "--reason",
            "r",
            "--at",
            "2026-09-03",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    names_all(&told(&output), &["- 1           Nurse"]);
    lab.texts("UPDATE ad_states SET misses = 1 WHERE external_id = '6'")
        .await;
    lab.texts("UPDATE holds SET details = details || '{\"after\": 2}'")
        .await;
    lab.texts("UPDATE ad_states SET misses = 2 WHERE misses = 1 AND external_id <> '6'")
        .await;
    assert_eq!(
        hold(&lab),
        (id.clone(), second.clone()),
        "an ad that was missed once is no part of it"
    );
    let output = weir(
        &lab,
        &[
            "holds",
            "discard",
            &format!("{id}@{second}"),
            "--reason",
            "r",
            "--at",
            "2026-09-03",
        ],
    );
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(
        lab.texts("SELECT external_id FROM ad_states WHERE misses > 0")
            .await,
        ["6"],
        "only the misses that were shown are forgotten"
    );
    lab.bench.drop().await;
}

/// The document of the failure of an ad, and its revision.
fn failure(lab: &Lab, ad: &str) -> (String, String) {
    let page: Json = serde_json::from_str(
        &String::from_utf8(weir(lab, &["failures", "list", "--json"]).stdout).unwrap(),
    )
    .unwrap();
    let letter = page["failures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|letter| letter["external_id"] == ad)
        .unwrap()
        .clone();
    (
        letter["document_id"].to_string(),
        letter["revision"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_discarded_as_it_was_shown_or_not_at_all() {
    let lab = board().await;
    run(&lab, &[("7", "Baker", "Bakes.", "Care")], "2026-09-02").await;
    let (document, first) = failure(&lab, "7");
    run(
        &lab,
        &[("7", "Baker, senior", "Bakes.", "Care")],
        "2026-09-03",
    )
    .await;
    let (_, second) = failure(&lab, "7");
    let before = lab.dump().await;
    for (named, code, words) in [
        (document.clone(), 2, "must name its revision"),
        (format!("{document}@{first}"), 1, "nothing was done"),
    ] {
        let output = weir(
            &lab,
            &[
                "failures",
                "discard",
                &named,
                "--reason",
                "r",
                "--at",
                "2026-09-04",
            ],
        );
        assert_eq!(output.status.code(), Some(code), "{}", told(&output));
        names_all(&told(&output), &[words, &second]);
    }
    assert_eq!(
        weir(&lab, &["failures", "retry", &format!("{document}@{first}")])
            .status
            .code(),
        Some(1)
    );
    assert_eq!(lab.dump().await, before);
    let output = weir(
        &lab,
        &[
            "failures",
            "discard",
            &format!("{document}@{second}"),
            "--reason",
            "r",
            "--at",
            "2026-09-04",
        ],
    );
    assert!(output.status.success(), "{}", told(&output));
    lab.bench.drop().await;
}

/// Ads whose ids are in doubt say so themselves: with a reason of its own type, since when, and
/// what their ids stood for.
#[tokio::test(flavor = "multi_thread")]
async fn ids_in_doubt_are_shown_with_what_they_stood_for() {
    let lab = board().await;
    for at in ["2026-09-02", "2026-09-03"] {
        run(&lab, CASES[3].opens, at).await;
    }
    let list = told(&weir(&lab, &["failures", "list"]));
    names_all(
        &list,
        &[
            "recycled_id",
            "`Nurse` (Care, Perth)",
            "`Quarry Foreman` (Care, Perth)",
            "since 2026-09-02",
        ],
    );
    assert!(
        !list.contains("system_error") && !list.contains("2026-09-01"),
        "{list}"
    );
    let dry = told(&weir(
        &lab.copy().await,
        &["run", "--dry-run", "--at", "2026-09-04"],
    ));
    assert!(dry.contains("5 of 6 open jobs"), "{dry}");
    // One of them is ignored as it is: its job stays, and it is in doubt no longer.
    let (document, revision) = failure(&lab, "1");
    let output = weir(
        &lab,
        &[
            "failures",
            "discard",
            &format!("{document}@{revision}"),
            "--reason",
            "spam",
            "--at",
            "2026-09-03T06:00:00Z",
        ],
    );
    assert!(output.status.success(), "{}", told(&output));
    run(&lab, CASES[3].opens, "2026-09-04").await;
    let told = lab
        .texts("SELECT title || ' v' || version || ' ' || status FROM jobs WHERE original_id = '1'")
        .await;
    assert_eq!(told, ["Nurse v1 open"]);
    lab.bench.drop().await;
}
