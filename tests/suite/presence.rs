//! Who is listed as before is not written; who is missing is, once.

use super::lab::{Lab, Step};
use serde_json::{Value as Json, json};

const BOARD: &str = "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: ads.json } }\n    id: $.id\n    job: { title: $.title }\n    missing: { after: 3, at_most: 100% }\n";

/// Where each row lies: an update puts it elsewhere.
const PLACES: &str = "SELECT 'ad ' || external_id || ' ' || ctid::text || ' ' || xmin::text FROM ad_states
    UNION ALL SELECT 'job ' || original_id || ' ' || ctid::text || ' ' || xmin::text FROM published_jobs
    UNION ALL SELECT 'document ' || document_id || ' ' || ctid::text || ' ' || xmin::text FROM raw_documents ORDER BY 1";

const SEEN: &str = "SELECT to_char(last_seen_at, 'DD') || ' ' || count(*) || ' ' || sum(misses) FROM ads GROUP BY last_seen_at ORDER BY 1";

async fn on(lab: &Lab, day: u32, left_out: Option<usize>) -> Vec<String> {
    let ads: Vec<Json> = (0..40)
        .filter(|n| Some(*n) != left_out)
        .map(|n| json!({ "id": format!("A{n}"), "title": format!("Ranger {n}") }))
        .collect();
    lab.write("ads.json", &Json::from(ads).to_string());
    lab.run(&Step::new(&format!("2026-09-0{day}"), &[])).await;
    lab.texts(PLACES).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_day_writes_no_row_of_an_ad() {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", BOARD);
    let first = on(&lab, 1, None).await;
    assert_eq!(on(&lab, 2, None).await, first);
    assert_eq!(lab.texts(SEEN).await, ["02 40 0"]);

    let third = on(&lab, 3, Some(7)).await;
    let moved: Vec<&String> = third
        .iter()
        .filter(|place| !first.contains(place))
        .collect();
    assert!(
        moved.len() == 1 && moved[0].starts_with("ad A7 "),
        "{moved:?}"
    );
    assert_eq!(lab.texts(SEEN).await, ["02 1 1", "03 39 0"]);

    on(&lab, 4, None).await;
    assert_eq!(lab.texts(SEEN).await, ["04 40 0"]);
    lab.bench.drop().await;
}
