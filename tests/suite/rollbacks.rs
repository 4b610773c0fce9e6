//! Taking back a run: in random histories of feeds and edited mappings, each run is taken back and
//! the jobs are compared with those before it; the same content then changes nothing, other content
//! or YAML flows again, and runs taken back one after the other lead back to the beginning.

use crate::lab::{Lab, Step};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use sqlx::{Connection, PgConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use weir::engine::RunError;
use weir::engine::rollback::{RollbackRequest, take_back};
use weir::model::Clock;
use weir::store::Store;
use weir::store::rollback::{RollbackOrder, TakenBackJob, find};

/// What a person sees of the jobs; those that are gone by a roll-back are not there.
const JOBS: &str = "SELECT id::text || '=' || (to_jsonb(j) - '{id,version,last_updated_at,held_since}'::text[])::text FROM jobs j
    WHERE archived_as IS DISTINCT FROM 'rolled_back' ORDER BY 1";
const HISTORY: &str = "SELECT count(*)::text FROM jobs_history";
const RUN: &str = "SELECT max(id)::text FROM runs";

/// An ad of the feed.
#[derive(Debug, Clone)]
struct Ad {
    title: u8,
    closes: u8,
    pay: Option<u8>,
}

/// A day: what becomes of each ad, and how pay and rules are written.
#[derive(Debug, Clone)]
struct Day {
    ads: BTreeMap<u8, Ad>,
    mapping: bool,
    strict: bool,
}

fn days() -> impl Strategy<Value = Vec<Day>> {
    let ad = (0..3_u8, 1..8_u8, prop::option::of(0..2_u8)).prop_map(|(title, closes, pay)| Ad {
        title,
        closes,
        pay,
    });
    let day = (
        prop::collection::btree_map(0..6_u8, ad, 0..6),
        any::<bool>(),
        any::<bool>(),
    );
    prop::collection::vec(
        day.prop_map(|(ads, mapping, strict)| Day {
            ads,
            mapping,
            strict,
        }),
        2..5,
    )
}

fn feed(ads: &BTreeMap<u8, Ad>) -> Json {
    let record = |(id, ad): (&u8, &Ad)| {
        let pay = ad.pay.map(|pay| format!("{pay}0"));
        json!({ "id": format!("A{id}"), "title": format!("Ranger {}", "abc".repeat(usize::from(ad.title))), "closes": format!("2026-09-0{}", ad.closes), "pay": pay })
    };
    Json::Array(ads.iter().map(record).collect())
}

/// A rule reads the clock, so that fingerprints differ from day to day.
fn write(lab: &Lab, day: &Day) {
    let pay = if day.mapping {
        "$.pay"
    } else {
        "{ script: 'if doc.pay == () { () } else { doc.pay + \" a day\" }' }"
    };
    lab.write(
        "institutions/acme.yaml",
        &format!(
            "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: {{ file: {{ path: feed.json }} }}\n    id: $.id\n    job: {{ title: $.title, close_date: $.closes, remuneration: {pay} }}\nrules: [own]\nmissing: {{ after: 2, apart: 12h, at_most: 100% }}\n"
        ),
    );
    let longest = if day.strict { 13 } else { 99 };
    lab.write(
        "rules/own.yaml",
        &format!("rules:\n  - {{ id: own, type: own, field: title, assert: 'job.title.len() < {longest}', message: too long }}\n  - {{ id: clock, type: own, field: close_date, assert: 'today.year() > 2000', message: never }}\n"),
    );
    lab.write("feed.json", &feed(&day.ads).to_string());
}

fn at(day: usize, hour: usize) -> Step {
    Step::new(&format!("2026-09-{:02}T{hour:02}:00:00Z", day + 1), &[])
}

async fn undo(
    lab: &Lab,
    run: &str,
    at: Clock,
    dry_run: bool,
) -> Result<Vec<TakenBackJob>, RunError> {
    let store = Store::connect(&lab.bench.url(), 4, "bench").await.unwrap();
    let run = find(&mut store.connection().await.unwrap(), run.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let order = RollbackOrder {
        at,
        by: "ada".to_owned(),
        reason: Some("a test".to_owned()),
        now: at.0,
        jobs: Vec::new(),
    };
    let taken = take_back(
        &store,
        &run,
        &RollbackRequest {
            order,
            dry_run,
            seen: None,
            wait: false,
            allow_future: true,
        },
    )
    .await;
    store.close().await;
    taken.map(|taken| taken.jobs)
}

/// What a roll-back of the newest run must do, on a copy of the database; `before` are the jobs as
/// they had been before it.
async fn check(lab: &Lab, day: &Day, number: usize, before: &[String]) {
    let other = lab.copy().await;
    let run = other.texts(RUN).await.remove(0);
    let (clock, whole) = (at(number, 3).clock(), other.dump().await);
    let foreseen = undo(&other, &run, clock, true).await.unwrap();
    assert_eq!(other.dump().await, whole, "a dry run writes nothing");
    let taken = undo(&other, &run, clock, false).await.unwrap();
    assert_eq!(
        serde_json::to_value(&foreseen).unwrap(),
        serde_json::to_value(&taken).unwrap()
    );
    assert!(
        taken.iter().all(|one| one.left_alone.is_none()),
        "{taken:?}"
    );
    assert_eq!(
        other.texts(JOBS).await,
        before,
        "the jobs are as before run {run} of day {number}: {taken:?}"
    );
    assert_eq!(
        other.audit().await,
        [""; 0],
        "what was taken back is in order"
    );
    // Again: nothing is left to do.
    let history = other.texts(HISTORY).await;
    assert!(
        undo(&other, &run, clock, false)
            .await
            .unwrap()
            .iter()
            .all(|one| one.already)
    );
    // The same content under the same YAML, on the same day and on the next.
    for step in [at(number, 4), at(number + 1, 1)] {
        let summary = other.run(&step).await.remove(0);
        let counts = summary
            .total
            .named()
            .iter()
            .filter(|(name, _)| *name != "archived")
            .map(|(_, count)| count)
            .sum::<i64>();
        assert_eq!(summary.total.documents, counts, "{summary:?}");
        assert_eq!(
            (
                summary.total.created,
                summary.total.updated,
                summary.total.reopened
            ),
            (0, 0, 0),
            "{taken:?}"
        );
        if step.clock() == at(number, 4).clock() {
            assert_eq!(
                other.texts(JOBS).await,
                before,
                "the same content changes nothing"
            );
            assert_eq!(other.texts(HISTORY).await, history);
        }
    }
    flows_again(&other, day, number, &taken).await;
    other.bench.drop().await;
}

/// An edited mapping lets go everything that waited.
async fn flows_again(other: &Lab, day: &Day, number: usize, taken: &[TakenBackJob]) {
    write(
        other,
        &Day {
            mapping: !day.mapping,
            strict: false,
            ads: day.ads.clone(),
        },
    );
    let summary = other.run(&at(number + 1, 6)).await.remove(0);
    assert_eq!(
        (summary.total.held, summary.total.failed),
        (0, 0),
        "{taken:?}"
    );
    let waiting = other
        .texts("SELECT external_id FROM ad_states WHERE outcome = 'held' AND NOT retired UNION ALL SELECT subject FROM holds WHERE status = 'open'")
        .await;
    assert!(waiting.is_empty(), "{waiting:?}");
    let created = other
        .texts("SELECT original_id FROM jobs j WHERE archived_as = 'rolled_back' AND NOT EXISTS (SELECT 1 FROM ad_states s WHERE s.institution_id = j.institution_id AND s.job_id = j.id AND s.retired)")
        .await;
    assert!(
        created.is_empty(),
        "what the run had created is let go, unless it is not listed any more: {created:?}"
    );
    write(other, day);
}

async fn history(days: Vec<Day>) -> Vec<TakenBackJob> {
    let lab = Lab::new().await;
    let mut states = vec![lab.texts(JOBS).await];
    let mut runs = Vec::new();
    for (number, day) in days.iter().enumerate() {
        write(&lab, day);
        lab.run(&at(number, 2)).await;
        check(&lab, day, number, states.last().unwrap()).await;
        states.push(lab.texts(JOBS).await);
        runs.extend(lab.texts(RUN).await);
    }
    // An earlier run is left alone where a later one changed the job again; from the newest on, all
    // go.
    let clock = at(days.len() + 1, 0).clock();
    states.pop();
    let mut all = Vec::new();
    while let (Some(run), Some(before)) = (runs.pop(), states.pop()) {
        let taken = undo(&lab, &run, clock, false).await.unwrap();
        assert!(
            taken.iter().all(|one| one.left_alone.is_none()),
            "{taken:?}"
        );
        assert_eq!(lab.texts(JOBS).await, before, "run {run}");
        all.extend(taken);
    }
    lab.bench.drop().await;
    all
}

#[test]
fn each_run_of_a_random_history_can_be_taken_back() {
    let config = ProptestConfig {
        cases: 4,
        max_shrink_iters: 10,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let kinds = Mutex::new(BTreeSet::new());
    proptest!(config, |(days in days())| {
        let taken = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(history(days));
        kinds.lock().unwrap().extend(taken.into_iter().filter_map(|one| one.change_type));
    });
    assert!(
        kinds.into_inner().unwrap().len() > 1,
        "the histories hardly do anything"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_since_is_left_alone_and_what_waits_can_be_released() {
    let lab = Lab::new().await;
    let day = |title: u8| Day {
        ads: (0..3)
            .map(|id| {
                (
                    id,
                    Ad {
                        title: if id == 0 { title } else { 1 },
                        closes: 9,
                        pay: None,
                    },
                )
            })
            .collect(),
        mapping: true,
        strict: false,
    };
    for (number, title) in [0, 1, 2].into_iter().enumerate() {
        write(&lab, &day(title));
        lab.run(&at(number, 2)).await;
    }
    let runs = lab.texts("SELECT id::text FROM runs ORDER BY id").await;
    let taken = undo(&lab, &runs[1], at(3, 0).clock(), false).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(
        taken[0].left_alone.as_deref(),
        Some(format!("changed again since: version 3 by run {}", runs[2]).as_str())
    );
    let early = undo(&lab, &runs[2], at(1, 0).clock(), false).await;
    assert!(matches!(early, Err(RunError::Earlier { .. })));
    undo(&lab, &runs[2], at(3, 0).clock(), false).await.unwrap();
    let title = "SELECT format('%s v%s %s', title, version, held_since IS NOT NULL) FROM jobs WHERE original_id = 'A0'";
    assert_eq!(lab.texts(title).await, ["Ranger abc v4 t"]);
    let hold = "SELECT id::text || ' ' || reason FROM holds WHERE status = 'open'";
    let asked = lab.texts(hold).await;
    assert!(
        asked.len() == 1 && asked[0].ends_with("was rolled back by ada: a test; the ad is held until its content or the YAML changes"),
        "{asked:?}"
    );
    // A person may publish it anyway.
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let open = weir::store::holds::list(&mut connection, None, false)
        .await
        .unwrap();
    weir::store::holds::mark_ad(&mut connection, &open[0], true)
        .await
        .unwrap();
    weir::store::holds::decide(
        &mut connection,
        &open[0],
        weir::model::HoldStatus::Released,
        at(3, 1).clock(),
        "ada",
        "it was right",
    )
    .await
    .unwrap();
    connection.close().await.unwrap();
    assert_eq!(lab.run(&at(3, 2)).await[0].total.updated, 1);
    assert_eq!(lab.texts(title).await, ["Ranger abcabc v5 f"]);
    let reason = "SELECT change_reason || ' ' || COALESCE(takes_back::text, '-') FROM jobs_history WHERE original_id = 'A0' AND version > 3 ORDER BY version";
    assert_eq!(
        lab.texts(reason).await,
        [
            format!(
                "rolled back run {} to version 2: a test {}",
                runs[2], runs[2]
            ),
            "released by a person -".to_owned()
        ]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_whose_ids_changed_hands_are_left_alone_and_each_says_how() {
    let lab = crate::promises::lab(std::path::Path::new("tests/cases/ids")).await;
    for n in 1..3 {
        lab.run(&Step::new(
            &format!("2026-09-0{n}T02:00:00Z"),
            &[("DAY", &n.to_string())],
        ))
        .await;
    }
    let run = lab.texts(RUN).await.remove(0);
    let taken = undo(&lab, &run, at(2, 0).clock(), true).await.unwrap();
    let left = taken.iter().filter_map(|one| {
        Some(format!(
            "{} {}: {}",
            one.original_id,
            one.title,
            one.left_alone.as_ref()?.split_once(": ")?.0
        ))
    });
    let expected = [
        "1 Park Ranger: this run gave it another id",
        "1 Registered Nurse: this run gave its id to another job",
        "2 Chef de Partie: this run gave it another id",
        "3 Payroll Officer: this run gave it another id",
        "4 Boilermaker: this run gave it another id",
        "5 Mathematics Teacher: this run gave it another id",
        "6 Helicopter Pilot: its id had stood for another job before",
    ];
    let mut left: Vec<String> = left.collect();
    left.sort();
    assert_eq!(left, expected);
    lab.bench.drop().await;
}
