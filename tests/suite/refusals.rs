//! What PostgreSQL refuses though every check of ours let it pass: it costs the one ad that it is
//! in, and no other.

use crate::lab::{Lab, Step, everything};
use serde_json::json;

/// A table that refuses some titles, as a column refuses what it cannot hold: these come to
/// nobody's mind beforehand.
const REFUSES: [&str; 2] = [
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NEW.title LIKE 'Pill%' THEN RAISE EXCEPTION USING ERRCODE = '22008', MESSAGE = 'date out of range'; END IF;
       IF NEW.title LIKE 'Broken%' THEN RAISE EXCEPTION USING ERRCODE = '57P01', MESSAGE = 'the server goes down'; END IF;
       RETURN NEW; END $$",
    "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON published_jobs FOR EACH ROW EXECUTE FUNCTION refuse()",
];

const FAILED: &str = "SELECT format('%s %s: %s (%s)', d.external_id, f.error_type, f.error_details, f.retry_count) FROM staging_failed_documents f
    JOIN staging_documents d ON d.institution_id = f.institution_id AND d.id = f.document_id ORDER BY 1";

async fn lab() -> Lab {
    let lab = Lab::new().await;
    let text = "institution: acme\ntimezone: Australia/Sydney\nsources: { board: { fetch: { file: { path: jobs.json } }, id: $.id, job: { title: $.title, locations: $.places } } }\n";
    lab.write("institutions/acme.yaml", text);
    for sql in REFUSES {
        lab.texts(sql).await;
    }
    lab
}

/// A feed of 20 ads, some with other titles.
fn feed(lab: &Lab, titles: &[(usize, &str)]) {
    let title = |id: usize| {
        titles
            .iter()
            .find(|(other, _)| *other == id)
            .map_or_else(|| format!("Ranger {id}"), |(_, title)| (*title).to_owned())
    };
    let ads: Vec<_> = (0..20)
        .map(|id| json!({ "id": format!("A{id:02}"), "title": title(id), "places": ["Orange"] }))
        .collect();
    lab.write("jobs.json", &json!(ads).to_string());
}

fn on(day: &str) -> Step {
    Step::new(day, &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ad_that_the_database_refuses_is_on_record_and_keeps_no_other_from_being_written() {
    let lab = lab().await;
    feed(&lab, &[(3, "Pill"), (4, "Pill"), (17, "Pill")]);
    let dry = lab
        .run_as(&on("2026-09-01"), true, everything())
        .await
        .remove(0)
        .unwrap();
    let real = lab.run(&on("2026-09-01")).await.remove(0);
    for summary in [dry, real] {
        assert_eq!(
            (
                summary.total.created,
                summary.total.failed,
                summary.has_problems()
            ),
            (17, 3, false)
        );
    }
    let reason = "system_error: the database rejects the result of this ad: date out of range (1)";
    assert_eq!(
        lab.texts(FAILED).await,
        ["A03", "A04", "A17"].map(|id| format!("{id} {reason}"))
    );
    // A published ad stays as it is; one that has left the feed stops nothing; one that is mended
    // is published.
    feed(&lab, &[(3, "Pill"), (5, "Pill")]);
    let summary = lab.run(&on("2026-09-02")).await.remove(0);
    assert_eq!(
        (
            summary.total.created,
            summary.total.unchanged,
            summary.total.failed
        ),
        (2, 16, 2)
    );
    let five =
        "SELECT format('%s v%s %s', title, version, status) FROM jobs WHERE original_id = 'A05'";
    assert_eq!(lab.texts(five).await, ["Ranger 5 v1 open"]);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_outside_the_ads_fails_the_run() {
    let lab = lab().await;
    feed(&lab, &[(3, "Broken")]);
    let summary = lab.run(&on("2026-09-01")).await.remove(0);
    assert!(
        summary.problems["board"].contains("the server goes down"),
        "{:?}",
        summary.problems
    );
    assert!(lab.texts(FAILED).await.is_empty());
    lab.bench.drop().await;
}
