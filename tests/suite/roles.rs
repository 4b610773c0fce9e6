//! `weir roles`, and what other commands say of roles and capabilities, on the project of the case
//! `classes`.

use crate::lab::Lab;
use serde_json::Value as Json;
use sqlx::{Connection, PgConnection};
use std::path::Path;

async fn project() -> Lab {
    let lab = Lab::new().await;
    lab.lay_over(Path::new("tests/cases/classes/project"));
    lab.good(&["run", "--at", "2026-09-01T02:00:00Z", "--allow-future"]);
    lab
}

fn run(lab: &Lab, day: &str) {
    let at = format!("2026-09-{day}T02:00:00Z");
    lab.good(&["run", "--at", &at, "--allow-future"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_are_accepted_and_taken_back() {
    let lab = project().await;
    let unmatched = lab.good(&["roles", "unmatched"]);
    assert!(unmatched.contains("Ward Wizard"), "{unmatched}");
    let accepted = lab.good(&["roles", "accept", "Ward Wizard", "nurse"]);
    assert!(
        accepted.contains("frameworks/accepted/jobs.yaml"),
        "{accepted}"
    );
    let rehearsed = lab.good(&["rehearse", "acme"]);
    assert!(
        rehearsed.contains("roles would change in 1 ad"),
        "{rehearsed}"
    );
    assert!(rehearsed.contains("none → Registered Nurse"), "{rehearsed}");
    run(&lab, "02");
    let why = lab.good(&["why", "board:B3"]);
    assert!(
        why.contains("Registered Nurse (nurse), by accepted"),
        "{why}"
    );
    let history = lab.good(&["history", "board:B3"]);
    let reason = "role: none → Registered Nurse (framework jobs edited)";
    assert!(history.contains(reason), "{history}");
    let undone = lab.good(&["roles", "undo", "ward wizard"]);
    assert!(undone.contains("no longer accepted"), "{undone}");
    assert_eq!(lab.weir(&["roles", "undo", "ward wizard"]).0, Some(2));
    run(&lab, "03");
    assert!(lab.good(&["roles", "unmatched"]).contains("Ward Wizard"));
}

/// No foreign key takes them away: whoever deletes a job does, or the next run.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_goes_with_its_job() {
    const DECIDED: &str = "SELECT format('%s %s', j.original_id, r.framework) FROM job_roles r LEFT JOIN jobs j ON j.id = r.job_id
         UNION ALL SELECT format('%s %s', j.original_id, c.capability_id) FROM job_capabilities c LEFT JOIN jobs j ON j.id = c.job_id ORDER BY 1";
    let lab = project().await;
    if !lab.bench.changes_views().await {
        return lab.bench.drop().await;
    }
    let before = lab.texts(DECIDED).await;
    assert!(
        before.iter().any(|line| line.starts_with("G1 ")),
        "{before:?}"
    );
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    for delete in [
        "DELETE FROM jobs WHERE original_id = 'G1'",
        "DELETE FROM published_jobs WHERE original_id = 'B3'",
    ] {
        sqlx::raw_sql(delete)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let after = lab.texts(DECIDED).await;
    let of = |job: &str| {
        let begin = format!("{job} ");
        after.iter().filter(|line| line.starts_with(&begin)).count()
    };
    assert_eq!(of("G1"), 0, "{after:?}");
    assert!(
        of("") > 0,
        "what nobody was told of is left for the next run"
    );
    run(&lab, "02");
    assert_eq!(lab.texts(DECIDED).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_explained() {
    let lab = project().await;
    let explained = lab.good(&["roles", "explain", "gov:G1"]);
    assert!(
        explained.contains("role in grades: Clerk Grade 3/4 (clerk-3), by name"),
        "{explained}"
    );
    let words = [
        "Communicate Effectively",
        "high",
        "focus",
        "description, character",
    ];
    let is_said = |line: &str| words.iter().all(|word| line.contains(word));
    assert!(explained.lines().any(is_said), "{explained}");
    let json: Json =
        serde_json::from_str(&lab.good(&["roles", "explain", "gov:G1", "--json"])).unwrap();
    assert_eq!(json["roles"][0]["id"], "clerk-3");
    let report = lab.good(&["report", "acme"]);
    assert!(report.contains("titles without a role"), "{report}");
    let unmatched: Json =
        serde_json::from_str(&lab.good(&["roles", "unmatched", "--json"])).unwrap();
    assert!(
        unmatched["unmatched"].as_array().unwrap().len() > 1,
        "{unmatched}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_titles_teach_is_a_file() {
    let lab = project().await;
    let learnt = lab.good(&["roles", "learn", "--framework", "jobs"]);
    assert!(learnt.contains("learnt from 4 titles for jobs"), "{learnt}");
    assert!(lab.folder.join("frameworks/learnt/jobs.yaml").is_file());
    lab.good(&["check"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_with_a_remedy() {
    let lab = project().await;
    for (words, told) in [
        (
            &["roles", "accept", "Ward Wizard", "nurce"][..],
            "did you mean `nurse`?",
        ),
        (&["roles", "accept", " ", "nurse"], "the title is empty"),
        (
            &["roles", "accept", "x", "nurse", "--framework", "job"],
            "did you mean `jobs`?",
        ),
        (&["roles", "undo", "Never Seen"], "is not an accepted title"),
        (
            &["roles", "learn", "--framework", "skills"],
            "no source decides titles",
        ),
    ] {
        let (code, said) = lab.weir(words);
        assert!(code == Some(2) && said.contains(told), "{words:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_of_accepted_titles_is_not_replaced() {
    let lab = project().await;
    let file = "frameworks/accepted/jobs.yaml";
    let broken = "accepted:\n  - { title: Staff Nurse, role: [\n";
    lab.write(file, broken);
    for words in [
        vec![
            "roles",
            "accept",
            "Ward Wizard",
            "nurse",
            "--framework",
            "jobs",
        ],
        vec!["roles", "undo", "Staff Nurse", "--framework", "jobs"],
    ] {
        let (code, said) = lab.weir(&words);
        assert_eq!(code, Some(2), "{said}");
    }
    let kept = std::fs::read_to_string(lab.folder.join(file)).unwrap();
    assert_eq!(kept, broken);
    lab.bench.drop().await;
}
