//! What the planner knows: of an institution that is new in a database of others, and of a view.

use super::lab::{Lab, Step};
use serde_json::{Value as Json, json};

async fn load(lab: &Lab, slug: &str, ads: usize, day: u32) {
    let yaml = format!(
        "institution: {slug}\ntimezone: UTC\nsources:\n  board:\n    fetch: {{ file: {{ path: {slug}.json }} }}\n    id: $.id\n    job: {{ title: $.title }}\n"
    );
    lab.write(&format!("institutions/{slug}.yaml"), &yaml);
    let ads: Vec<Json> = (0..ads)
        .map(|n| json!({ "id": format!("A{n}"), "title": format!("Ranger {n}") }))
        .collect();
    lab.write(&format!("{slug}.json"), &Json::from(ads).to_string());
    lab.run(&Step::new(&format!("2026-09-0{day}"), &[])).await;
}

/// Too few ads to move the server to look at the table by itself, and enough to be joined one by
/// one with each other for long.
#[tokio::test(flavor = "multi_thread")]
async fn the_planner_knows_an_institution_that_is_new_among_others() {
    let lab = Lab::new().await;
    load(&lab, "acme", 4000, 1).await;
    load(&lab, "bravo", 300, 2).await;
    let known = "SELECT i.slug FROM pg_stats s JOIN institutions i ON i.id::text = ANY (s.most_common_vals::text::text[])
        WHERE s.tablename = 'ad_states' AND s.attname = 'institution_id' ORDER BY 1";
    assert_eq!(lab.texts(known).await, ["acme", "bravo"]);
    lab.bench.drop().await;
}

/// A condition on the institution that stays outside of the window costs a pass over all members.
#[tokio::test(flavor = "multi_thread")]
async fn an_opening_is_found_without_a_look_at_the_others() {
    let lab = Lab::new().await;
    let plan = lab
        .texts("EXPLAIN SELECT * FROM current_openings WHERE institution_id = '00000000-0000-0000-0000-000000000001' AND id = '00000000-0000-0000-0000-000000000002'")
        .await;
    let plan = plan.join("\n");
    let (above, below) = plan.split_once("WindowAgg").unwrap();
    assert!(
        !above.contains("Filter: (p.institution_id") && below.contains("institution_id = '"),
        "{plan}"
    );
    lab.bench.drop().await;
}
