//! Companies in the product: spellings of one name are one company whatever comes first, databases
//! of before keep their ids, and what people accept for a name applies to the ads that wait for it,
//! is undone, and can be committed.

use crate::lab::{Lab, Step};
use serde_json::{Value as Json, json};
use sqlx::Connection;
use std::path::Path;
use weir::store::views::decisions;

const PLAIN: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { file: { path: feed.ndjson } }
    id: $.id
    job: { title: $.title }
company: { from: $.employer, unknown: create }
missing: { after: 9 }
";

const COMPANIES: &str = "SELECT id || ' ' || name FROM companies ORDER BY 1";

/// Writes a feed of these employers, the first ad first.
fn feed(lab: &Lab, employers: &[&str]) {
    let line = |employer: &&str| json!({ "id": employer, "title": "Nurse", "employer": employer });
    let lines: Vec<String> = employers.iter().map(|one| line(one).to_string()).collect();
    lab.write("feed.ndjson", &(lines.join("\n") + "\n"));
}

async fn plain(employers: &[&str]) -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", PLAIN);
    feed(&lab, employers);
    lab.run(&Step::new("2026-09-01", &[])).await;
    lab
}

async fn execute(lab: &Lab, sql: &'static str) {
    let mut connection = sqlx::PgConnection::connect(&lab.bench.url()).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_arrival_decides_nothing() {
    let all = [
        "ACME PTY. LIMITED",
        "Holder Pty Ltd trading as Acme",
        "Acme Pty Ltd",
        "SOCIETE LUMIERE",
        "Société Lumière",
        "O’Rourke & Daly",
        "ORourke and Daly Ltd",
    ];
    let lab = plain(&all).await;
    let expected = lab.texts(COMPANIES).await;
    assert_eq!(expected.len(), 3, "{expected:?}");
    for name in [" Acme", " Société Lumière", " O’Rourke & Daly"] {
        assert!(
            expected.iter().any(|one| one.ends_with(name)),
            "{name}: {expected:?}"
        );
    }
    let backwards: Vec<&str> = all.into_iter().rev().collect();
    let other = plain(&backwards).await;
    assert_eq!(other.texts(COMPANIES).await, expected);
    let late = plain(&backwards[..3]).await;
    feed(&late, &all);
    late.run(&Step::new("2026-09-02", &[])).await;
    assert_eq!(late.texts(COMPANIES).await, expected);
    for lab in [lab, other, late] {
        lab.bench.drop().await;
    }
}

/// Two spellings were two companies, and rows had no key that folds.
const AS_BEFORE: &str = "UPDATE companies SET fold_key = NULL, name_key = 'acme pty ltd', name = 'Acme Pty Ltd';
INSERT INTO companies (institution_id, id, name, name_key, created_at, created_by)
  SELECT institution_id, '00000000-0000-4000-8000-000000000000', 'ACME PTY. LIMITED', 'acme pty. limited', created_at + INTERVAL '1 hour', 'run' FROM companies;
UPDATE published_jobs SET company_id = '00000000-0000-4000-8000-000000000000' WHERE original_id = 'ACME PTY. LIMITED';
UPDATE ad_states SET derived_fingerprint = NULL;";

#[tokio::test(flavor = "multi_thread")]
async fn companies_of_before_keep_their_ids_and_their_ads() {
    const OF_ADS: &str =
        "SELECT original_id || ' ' || version || ' ' || company_id FROM published_jobs ORDER BY 1";
    let lab = plain(&["Acme Pty Ltd", "ACME PTY. LIMITED"]).await;
    execute(&lab, AS_BEFORE).await;
    let (ads, companies) = (lab.texts(OF_ADS).await, lab.texts(COMPANIES).await);
    assert_eq!(companies.len(), 2);
    lab.run(&Step::new("2026-09-02", &[])).await;
    assert_eq!(
        (lab.texts(OF_ADS).await, lab.texts(COMPANIES).await),
        (ads, companies)
    );
    let folds = lab.texts("SELECT DISTINCT fold_key FROM companies").await;
    assert_eq!(folds, ["acme"]);
    feed(&lab, &["Acme Pty Ltd", "ACME PTY. LIMITED", "Acme, Inc."]);
    lab.run(&Step::new("2026-09-03", &[])).await;
    let oldest = "SELECT (company_id = (SELECT id FROM companies ORDER BY created_at LIMIT 1))::text FROM published_jobs WHERE original_id = 'Acme, Inc.'";
    assert_eq!(lab.texts(oldest).await, ["true"]);
    lab.bench.drop().await;
}

async fn case() -> Lab {
    let lab = Lab::new().await;
    lab.lay_over(Path::new("tests/cases/companies/project"));
    run(&lab, "01");
    lab
}

fn run(lab: &Lab, day: &str) {
    let at = format!("2026-09-{day}T02:00:00Z");
    lab.good(&["run", "--at", &at, "--allow-future"]);
}

fn decide(lab: &Lab, words: &[&str], day: &str) -> (Option<i32>, String) {
    let at = format!("2026-09-{day}T03:00:00Z");
    let reason = [
        "--reason",
        "their letterhead",
        "--at",
        &at,
        "--allow-future",
    ];
    lab.weir(&[["companies"].as_slice(), words, &reason].concat())
}

const STANDING: &str =
    "SELECT s.outcome || ' ' || COALESCE(c.name, '-') FROM ad_states s LEFT JOIN published_jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id
     LEFT JOIN companies c ON c.institution_id = j.institution_id AND c.id = j.company_id WHERE s.external_id = 'B8'";

const WAITING: &str = "SELECT count(*)::text FROM ad_states WHERE derived_fingerprint IS NULL";

#[tokio::test(flavor = "multi_thread")]
async fn a_typo_waits_is_accepted_undone_and_committed() {
    let lab = case().await;
    assert_eq!(lab.texts(STANDING).await, ["held -"]);
    let unmatched = lab.good(&["companies", "unmatched"]);
    assert!(
        unmatched.contains("Kestrel Rail (kestrel-rail) 0.91"),
        "{unmatched}"
    );
    let holds = lab.good(&["holds", "list"]);
    assert!(
        holds.contains("unknown company `Kestral Rail`, near: Kestrel Rail"),
        "{holds}"
    );
    let (code, said) = decide(&lab, &["accept", "KESTRAL RAIL Ltd", "kestrel-rail"], "01");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("means `Kestrel Rail` from now on, which closes hold"),
        "{said}"
    );
    assert_eq!(lab.texts(WAITING).await, ["1"], "only the ad that waits");
    run(&lab, "02");
    assert_eq!(lab.texts(STANDING).await, ["published Kestrel Rail"]);
    let why = lab.good(&["why", "board:B8"]);
    assert!(
        why.contains("found as ada accepted on 2026-09-01: Kestral Rail"),
        "{why}"
    );
    let exported = lab.good(&["companies", "export"]);
    let line = r#"- { name: "KESTRAL RAIL Ltd", company: "kestrel-rail" }"#;
    assert!(exported.contains(line), "{exported}");
    let (code, said) = decide(&lab, &["undo", "kestral rail"], "02");
    assert_eq!(code, Some(0), "{said}");
    run(&lab, "03");
    assert_eq!(lab.texts(STANDING).await, ["held Kestrel Rail"]);
    lab.write("companies/accepted/employers.yaml", &exported);
    run(&lab, "04");
    assert_eq!(lab.texts(STANDING).await, ["published Kestrel Rail"]);
    assert!(lab.good(&["audit"]).contains("everything matches"));
    let mut connection = sqlx::PgConnection::connect(&lab.bench.url()).await.unwrap();
    let done = decisions::page(&mut connection, None, None, 9)
        .await
        .unwrap();
    let done: Vec<String> = done
        .iter()
        .map(|one| format!("{} {} {}", one.done_by, one.what, one.subject))
        .collect();
    let about = |what: &str| format!("ada {what} KESTRAL RAIL Ltd as Kestrel Rail");
    for one in [
        about("accepted"),
        about("undone"),
        "ada released Kestral Rail".to_owned(),
    ] {
        assert!(done.contains(&one), "{one}: {done:?}");
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_about_the_hold_that_was_shown() {
    let lab = case().await;
    let holds: Json = serde_json::from_str(&lab.good(&["holds", "list", "--json"])).unwrap();
    let holds = holds["holds"].as_array().unwrap();
    let hold = holds
        .iter()
        .find(|hold| hold["subject"] == "Kestral Rail")
        .unwrap();
    let (id, revision) = (&hold["id"], hold["revision"].as_str().unwrap());
    assert_eq!(hold["details"]["near"][0]["id"], "kestrel-rail", "{hold}");
    let moved = decide(
        &lab,
        &["accept", &format!("{id}@000000"), "kestrel-rail"],
        "01",
    );
    assert!(
        moved.0 == Some(1) && moved.1.contains("has changed since"),
        "{moved:?}"
    );
    assert_eq!(lab.texts(WAITING).await, ["0"]);
    let done = decide(
        &lab,
        &["accept", &format!("{id}@{revision}"), "Kestrel Rail"],
        "01",
    );
    assert_eq!(done.0, Some(0), "{}", done.1);
    let closed = "SELECT status || ' ' || closed_by || ' ' || note FROM holds WHERE subject = 'Kestral Rail'";
    assert_eq!(lab.texts(closed).await, ["released ada their letterhead"]);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_company_of_its_own_can_mean_another() {
    let lab = plain(&["Acme", "Acmee Widgets", "Beta"]).await;
    let own = "SELECT c.name FROM published_jobs j JOIN companies c ON c.institution_id = j.institution_id AND c.id = j.company_id ORDER BY j.original_id";
    let (code, said) = decide(&lab, &["accept", "Acmee Widgets", "acme"], "01");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(lab.texts(WAITING).await, ["1"]);
    run(&lab, "02");
    assert_eq!(lab.texts(own).await, ["Acme", "Acme", "Beta"]);
    let history = lab.good(&["history", "board:Acmee Widgets"]);
    assert!(history.contains("company resolved"), "{history}");
    let listed = lab.good(&["companies", "list"]);
    assert!(listed.contains("accepted: Acmee Widgets"), "{listed}");
    let exported = lab.good(&["companies", "export"]);
    let line = r#"- { id: "acme", name: "Acme", aliases: ["Acmee Widgets"] }"#;
    assert!(exported.contains(line), "{exported}");
    assert_eq!(decide(&lab, &["undo", "Acmee Widgets"], "02").0, Some(0));
    run(&lab, "03");
    assert_eq!(lab.texts(own).await, ["Acme", "Acmee Widgets", "Beta"]);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_explained_and_mistakes_are_told_with_a_remedy() {
    let lab = case().await;
    let explain = |name: &str| lab.good(&["companies", "explain", name]);
    for (name, told) in [
        (
            "KESTREL RAIL PTY LTD",
            "means Kestrel Rail: found by the name without legal form and place",
        ),
        ("Kestrel Rail Operations", "found by another name of it"),
        (
            "Kestrel Rail via Apex Staffing",
            "found as the client of an agency",
        ),
        ("nobody knows inc", "found by another spelling"),
        (
            "Kestral Rail",
            "board, gate: `Kestral Rail` means no company that is known; near: Kestrel Rail (kestrel-rail) 0.91",
        ),
        (
            "Kestral Rail",
            "portal: `Kestral Rail` would be a new company",
        ),
        (
            "Confidential",
            "board, gate: `Confidential` means no company that is known\n",
        ),
    ] {
        assert!(explain(name).contains(told), "{}", explain(name));
    }
    for (words, told) in [
        (
            &["accept", "Kestral Rail", "kestrel-rial"][..],
            "near: Kestrel Rail (kestrel-rail)",
        ),
        (&["accept", " ", "kestrel-rail"], "the name is empty"),
        (
            &["accept", "Kestrel Rail Ltd", "kestrel-rail"],
            "is the name of `Kestrel Rail` itself",
        ),
        (&["undo", "Never Seen"], "is not an accepted name"),
    ] {
        let (code, said) = decide(&lab, words, "01");
        assert!(code == Some(2) && said.contains(told), "{words:?}: {said}");
    }
    lab.bench.drop().await;
}

/// A registry decides before there is a database, and an edit of it is rehearsed.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_registry_is_rehearsed() {
    let lab = case().await;
    lab.lay_over(Path::new("tests/cases/companies/edited"));
    let rehearsed = lab.good(&["rehearse", "acme"]);
    assert!(rehearsed.contains("registry employers"), "{rehearsed}");
    assert!(rehearsed.contains("held -> published"), "{rehearsed}");
    lab.bench.drop().await;
}

/// Two sources of one institution meet an employer for the first time, at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn two_batches_may_create_one_company() {
    use sqlx::Connection;
    use weir::model::{Clock, NewRelation, RelationTable};
    use weir::store::relations;
    let lab = plain(&["Acme"]).await;
    let connect = || async { sqlx::PgConnection::connect(&lab.bench.url()).await.unwrap() };
    let (mut one, mut other, mut watch) = (connect().await, connect().await, connect().await);
    let institution: uuid::Uuid = sqlx::query_scalar("SELECT id FROM institutions")
        .fetch_one(&mut watch)
        .await
        .unwrap();
    let row = |name: &str| NewRelation {
        table: RelationTable::Companies,
        id: relations::id(RelationTable::Companies, institution, "initech"),
        key: "initech".to_owned(),
        name: name.to_owned(),
        registry_id: None,
        parent: None,
    };
    let at = Clock("2026-09-01T00:00:00Z".parse().unwrap());
    let (worse, better) = (row("initech"), row("Initech"));
    let longer = |one: &str, other: &str| one < other;
    let mut first = one.begin().await.unwrap();
    relations::write(&mut first, institution, &[&worse], at, "run", longer)
        .await
        .unwrap();
    let second = tokio::spawn(async move {
        relations::write(&mut other, institution, &[&better], at, "run", longer).await
    });
    let waits = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE NOT l.granted AND a.datname = current_database()";
    while sqlx::query_scalar::<_, i64>(waits)
        .fetch_one(&mut watch)
        .await
        .unwrap()
        == 0
    {
        assert!(!second.is_finished(), "{:?}", second.await);
    }
    first.commit().await.unwrap();
    second.await.unwrap().unwrap();
    let names = lab.texts("SELECT name FROM companies ORDER BY 1").await;
    assert_eq!(names, ["Acme", "Initech"]);
    lab.bench.drop().await;
}
