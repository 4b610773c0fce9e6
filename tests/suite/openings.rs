//! Openings in the product: what operators decide holds, is undone without a trace, and is refused
//! where it contradicts itself; a run that is rolled back leaves nothing; no order of arrival
//! matters; and every page that speaks of openings does.

use crate::lab::{Lab, Step};
use serde_json::Value as Json;
use std::path::Path;
use std::process::{Command, Output};

/// Who advertises what with whom.
const OPENINGS: &str = "SELECT array_to_string(ads, ' + ') FROM current_openings ORDER BY survivor";

/// Everything that is stored of openings, but for the log and when somebody joined.
const STORED: [&str; 6] = [
    "SELECT to_jsonb(t)::text FROM job_signatures t ORDER BY 1",
    "SELECT to_jsonb(t)::text FROM job_blocks t ORDER BY 1",
    "SELECT to_jsonb(t)::text FROM jobs_to_judge t ORDER BY 1",
    "SELECT to_jsonb(t)::text FROM openings t ORDER BY 1",
    "SELECT (to_jsonb(t) - '{joined_at,joined_by,run_id}'::text[])::text FROM opening_members t ORDER BY 1",
    "SELECT to_jsonb(t)::text FROM opening_aliases t ORDER BY 1",
];

async fn lab() -> Lab {
    let lab = Lab::new().await;
    lab.lay_over(Path::new("tests/cases/openings/project"));
    lab
}

async fn run(lab: &Lab, at: &str, day: &str) {
    lab.run(&Step::new(at, &[("DAY", day)])).await;
}

async fn stored(lab: &Lab) -> Vec<String> {
    let mut all = Vec::new();
    for sql in STORED {
        all.extend(lab.texts(sql).await);
    }
    all
}

fn weir(lab: &Lab, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir"))
        .arg("--project")
        .arg(&lab.folder)
        .args(words)
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .env("DAY", "1")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
        + String::from_utf8_lossy(&output.stderr).as_ref()
}

/// What a command says that must succeed.
fn said(lab: &Lab, words: &[&str]) -> String {
    let output = weir(lab, words);
    assert!(output.status.success(), "{words:?}: {}", told(&output));
    told(&output)
}

fn decide(lab: &Lab, verdict: &str, pair: [&str; 2]) -> Output {
    let [a, b] = pair;
    let at = ["--reason", "looked at both", "--at", "2026-09-04"];
    weir(
        lab,
        &[["duplicates", verdict, a, b].as_slice(), &at].concat(),
    )
}

#[tokio::test]
async fn a_decision_outlives_scores_and_edited_settings() {
    let lab = lab().await;
    run(&lab, "2026-09-03", "1").await;
    let before = lab.texts(OPENINGS).await;
    let pair = ["careers:C3", "seek:S3"];
    let merged = decide(&lab, "same", pair);
    assert!(
        told(&merged).contains("1 opening merged"),
        "{}",
        told(&merged)
    );
    assert!(
        lab.texts(OPENINGS)
            .await
            .contains(&"careers:C3 + seek:S3".to_owned())
    );
    lab.lay_over(Path::new("tests/cases/openings/wary"));
    run(&lab, "2026-09-04", "1").await;
    assert!(
        lab.texts(OPENINGS)
            .await
            .contains(&"careers:C3 + seek:S3".to_owned())
    );
    lab.lay_over(Path::new("tests/cases/openings/project"));
    run(&lab, "2026-09-04", "1").await;
    let undone = decide(&lab, "undo", pair);
    assert!(undone.status.success(), "{}", told(&undone));
    assert_eq!(lab.texts(OPENINGS).await, before);
    assert!(said(&lab, &["audit"]).contains("everything matches"));
    lab.bench.drop().await;
}

#[tokio::test]
async fn undoing_a_merge_gives_back_every_table() {
    let lab = lab().await;
    run(&lab, "2026-09-03", "1").await;
    let before = stored(&lab).await;
    let pair = ["careers:C3", "seek:S3"];
    assert!(decide(&lab, "same", pair).status.success());
    assert_ne!(stored(&lab).await, before);
    assert!(decide(&lab, "undo", pair).status.success());
    assert_eq!(stored(&lab).await, before);
    let nothing = decide(&lab, "undo", pair);
    assert_eq!(nothing.status.code(), Some(2), "{}", told(&nothing));
    lab.bench.drop().await;
}

#[tokio::test]
async fn decisions_that_contradict_each_other_are_refused() {
    let lab = lab().await;
    run(&lab, "2026-09-03", "1").await;
    assert!(
        decide(&lab, "different", ["careers:C2", "seek:S2"])
            .status
            .success()
    );
    let openings = lab.texts(OPENINGS).await;
    assert!(openings.contains(&"careers:C2".to_owned()), "{openings:?}");
    let refused = decide(&lab, "same", ["seek:S2", "careers:C2"]);
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
    assert!(
        told(&refused).contains("contradict each other"),
        "{}",
        told(&refused)
    );
    assert_eq!(lab.texts(OPENINGS).await, openings);
    for (pair, why) in [
        (["careers:C2", "careers:C2"], "are one ad"),
        (["careers:C2", "careers:C99"], "no ad or job"),
    ] {
        assert!(told(&decide(&lab, "same", pair)).contains(why));
    }
    lab.bench.drop().await;
}

#[tokio::test]
async fn a_run_that_is_rolled_back_leaves_no_opening() {
    let lab = lab().await;
    run(&lab, "2026-09-03", "1").await;
    let before = stored(&lab).await;
    run(&lab, "2026-09-10", "2").await;
    assert_ne!(stored(&lab).await, before);
    let newest = lab.texts("SELECT max(id)::text FROM runs").await.remove(0);
    let shown = said(
        &lab,
        &[
            "rollback",
            &newest,
            "--dry-run",
            "--json",
            "--at",
            "2026-09-10",
        ],
    );
    let shown: Json = serde_json::from_str(&shown).unwrap();
    let name = format!(
        "{newest}@{}",
        shown["rollback"]["revision"].as_str().unwrap()
    );
    said(
        &lab,
        &[
            "rollback",
            &name,
            "--reason",
            "wrong feed",
            "--at",
            "2026-09-10",
        ],
    );
    assert_eq!(stored(&lab).await, before);
    lab.bench.drop().await;
}

#[tokio::test]
async fn no_order_of_arrival_matters() {
    let at_once = lab().await;
    run(&at_once, "2026-09-03", "1").await;
    let expected = at_once.texts(OPENINGS).await;
    at_once.bench.drop().await;
    for order in [["gather", "seek", "careers"], ["careers", "gather", "seek"]] {
        let lab = lab().await;
        let feeds = order.map(|source| {
            let file = format!("{source}-1.json");
            let text = std::fs::read_to_string(lab.folder.join(&file)).unwrap();
            lab.write(&file, "[]");
            (file, text)
        });
        for (day, (file, text)) in feeds.iter().enumerate() {
            lab.write(file, text);
            run(&lab, &format!("2026-09-0{}", day + 1), "1").await;
        }
        assert_eq!(lab.texts(OPENINGS).await, expected, "{order:?}");
        lab.bench.drop().await;
    }
}

#[tokio::test]
async fn a_dry_run_lists_the_openings_that_ads_would_join() {
    let lab = lab().await;
    let at = ["--at", "2026-09-03", "--allow-future"];
    let shown = said(&lab, &[["run", "--dry-run"].as_slice(), &at].concat());
    for words in [
        "hill · openings",
        "careers:C1 + seek:S1 + gather:G1",
        "+ seek:S1  · an exact key is shared with careers:C1",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let lines = said(
        &lab,
        &[["plan", "--jobs", "--json"].as_slice(), &at].concat(),
    );
    let joins = |line: &str| {
        let one: Json = serde_json::from_str(line).unwrap();
        one["event"] == "opening" && one["ad"] == "seek:S1" && one["what"] == "joined"
    };
    assert_eq!(
        lines.lines().filter(|line| joins(line)).count(),
        1,
        "{lines}"
    );
    let page = lab.folder.join("plan.html");
    let words = ["plan", "--jobs", "--html", page.to_str().unwrap()];
    said(&lab, &[words.as_slice(), &at].concat());
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("careers:C1 + seek:S1 + gather:G1"), "{page}");
    let some = said(
        &lab,
        &[["plan", "--jobs", "--source", "seek"].as_slice(), &at].concat(),
    );
    assert!(!some.contains("· openings"), "{some}");
    assert!(said(&lab, &["duplicates", "list"]).contains("no ads share an opening"));
    lab.bench.drop().await;
}

#[tokio::test]
async fn every_page_speaks_of_openings() {
    let lab = lab().await;
    run(&lab, "2026-09-03", "1").await;
    let listed = said(&lab, &["duplicates", "list", "hill"]);
    assert!(
        listed.contains("careers:C1 + seek:S1 + gather:G1"),
        "{listed}"
    );
    assert!(
        listed.contains("5 openings of 9 jobs, 3 of several ads"),
        "{listed}"
    );
    let shown = said(&lab, &["duplicates", "show", "seek:S1"]);
    for word in [
        "an exact key is shared with careers:C1",
        "members",
        "fields",
        "history",
    ] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let vetoed = said(&lab, &["duplicates", "explain", "careers:C2", "seek:S3"]);
    assert!(
        vetoed.contains("two openings") && vetoed.contains("other level"),
        "{vetoed}"
    );
    let same = said(&lab, &["duplicates", "explain", "careers:C2", "seek:S2"]);
    assert!(
        same.contains("one opening") && same.contains("100 % shared"),
        "{same}"
    );
    assert!(same.contains("an operator is asked from -5 on"), "{same}");
    decide(&lab, "same", ["careers:C3", "seek:S3"]);
    let decided = said(&lab, &["duplicates", "show", "seek:S3"]);
    assert!(decided.contains("looked at both"), "{decided}");
    decide(&lab, "undo", ["careers:C3", "seek:S3"]);
    assert!(said(&lab, &["why", "seek:S2"]).contains("advertises opening"));
    assert!(said(&lab, &["report", "hill"]).contains("5 openings of 9 jobs"));
    assert!(said(&lab, &["export", "openings"]).contains("\"survivor\":\"careers:C1\""));
    assert!(said(&lab, &["graph", "hill", "--format", "mermaid"]).contains("dedupe"));
    lab.lay_over(Path::new("tests/cases/openings/wary"));
    let rehearsed = said(&lab, &["rehearse", "hill", "--at", "2026-09-04"]);
    assert!(rehearsed.contains("openings split off"), "{rehearsed}");
    let openings = lab.texts(OPENINGS).await;
    assert_eq!(
        openings.len(),
        5,
        "a rehearsal writes nothing: {openings:?}"
    );
    run(&lab, "2026-09-04", "1").await;
    let holds: Json = serde_json::from_str(&said(&lab, &["holds", "list", "--json"])).unwrap();
    let hold = &holds["holds"][0];
    assert_eq!(hold["kind"], "duplicate", "{holds}");
    let name = format!("{}@{}", hold["id"], hold["revision"].as_str().unwrap());
    let words = [
        "holds",
        "release",
        &name,
        "--reason",
        "the same",
        "--at",
        "2026-09-04",
    ];
    assert!(said(&lab, &words).contains("one opening"));
    assert!(lab.texts(OPENINGS).await.len() < 9);
    lab.bench.drop().await;
}

/// What every ad of the zoo says.
const ABOUT: &str =
    "We are a zoo by the sea that has been run by its town since the harbour was dug.";
/// What half of them say.
const NIGHTS: &str = "You take your turn at night when the animals that sleep by day are fed.";

/// Ads of forty titles of one employer on one board; some say less than the others do.
fn zoo(board: &str, without: [Option<usize>; 2]) -> String {
    let one = |number: usize| {
        let animal = ANIMALS[number];
        let own = format!(
            "The {animal} is fed, weighed and looked at by you each day, and you tell the {animal} doctor what you saw."
        );
        let says = |sentence: &'static str, without| {
            if Some(number) == without {
                ""
            } else {
                sentence
            }
        };
        let nights = if number.is_multiple_of(2) {
            says(NIGHTS, without[1])
        } else {
            ""
        };
        let body = format!("{} {own} {nights}", says(ABOUT, without[0]));
        serde_json::json!({
            "id": format!("{board}{number}"), "title": format!("{animal} keeper"), "body": body, "org": "Harbour Zoo",
            "places": [{ "city": "Orange NSW" }], "opens": "2026-09-01", "closes": "2026-10-15",
            "url": format!("https://{board}.test/jobs/{number}"),
        })
    };
    Json::from((0..ANIMALS.len()).map(one).collect::<Vec<_>>()).to_string()
}

const ANIMALS: [&str; 40] = [
    "otter", "eagle", "badger", "camel", "donkey", "falcon", "gazelle", "hyena", "iguana",
    "jackal", "kestrel", "lemur", "marmot", "newt", "ocelot", "panda", "quail", "rhino", "seal",
    "tapir", "urchin", "vulture", "walrus", "yak", "zebra", "bison", "cobra", "dingo", "ermine",
    "ferret", "gibbon", "heron", "ibis", "jaguar", "koala", "lynx", "moose", "narwhal", "osprey",
    "puffin",
];

/// The zoo as it is listed on a day, taken by a run; gives how many jobs were judged.
async fn run_zoo(lab: &Lab, at: &str, without: [Option<usize>; 2]) -> String {
    lab.write("careers-1.json", &zoo("careers", without));
    lab.write("seek-1.json", &zoo("seek", without));
    lab.write("gather-1.json", "[]");
    run(lab, at, "1").await;
    let judged =
        "SELECT rows_out::text FROM run_stages WHERE stage = 'dedupe' ORDER BY run_id DESC LIMIT 1";
    lab.texts(judged).await.remove(0)
}

#[tokio::test]
async fn where_one_ad_of_a_large_employer_changes_only_what_that_can_change_is_judged() {
    let lab = lab().await;
    let profiles = "SELECT to_jsonb(t)::text FROM employer_profiles t ORDER BY 1";
    assert_eq!(run_zoo(&lab, "2026-09-03", [None, None]).await, "80");
    let learnt = lab.texts(profiles).await;
    assert_eq!(lab.texts(OPENINGS).await.len(), 40);
    // One title less of forty says what all say: that is still what all say.
    assert_eq!(run_zoo(&lab, "2026-09-04", [Some(7), None]).await, "2");
    assert_eq!(lab.texts(profiles).await, learnt);
    // Less than half say the other sentence now: it weighs more in the twenty titles that have it.
    assert_eq!(run_zoo(&lab, "2026-09-05", [Some(7), Some(8)]).await, "40");
    assert_ne!(lab.texts(profiles).await, learnt);
    let marks = "SELECT job_id::text FROM jobs_to_judge UNION ALL SELECT employer::text FROM employers_to_learn";
    assert_eq!(lab.texts(marks).await, Vec::<String>::new());
    let fresh = self::lab().await;
    assert_eq!(
        run_zoo(&fresh, "2026-09-05", [Some(7), Some(8)]).await,
        "80"
    );
    assert_eq!(fresh.texts(OPENINGS).await, lab.texts(OPENINGS).await);
    assert_eq!(fresh.texts(profiles).await, lab.texts(profiles).await);
    fresh.bench.drop().await;
    lab.bench.drop().await;
}
