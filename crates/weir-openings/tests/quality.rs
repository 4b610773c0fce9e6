//! Holds the scorer to its figures on the repository's own labelled pairs.

use std::error::Error;
use std::fs::read_to_string;
use std::path::PathBuf;
use weir_openings::ad_rows::ads_of_json;
use weir_openings::evaluation::{EvaluationReport, LabelledPair, PairOracle, evaluate};
use weir_openings::pair_label::PairLabel;
use weir_openings::policy::OpeningPolicy;

fn measured() -> Result<EvaluationReport, Box<dyn Error>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/quality/duplicates");
    let ads = ads_of_json(&read_to_string(folder.join("ads.ndjson"))?)?;
    let mut rows = csv::Reader::from_path(folder.join("pairs.csv"))?;
    let pairs: Vec<LabelledPair> = rows.deserialize().collect::<Result<_, _>>()?;
    Ok(evaluate(&PairOracle::of(ads, &OpeningPolicy::default()), &pairs)?)
}

#[test]
fn the_labelled_pairs_are_told_apart() {
    let report = measured().unwrap();
    let shown: Vec<String> = report.mistakes.iter().map(|m| format!("{m:?}")).collect();
    for (label, labelled, precision, recall) in [
        (PairLabel::Same, 150, 0.98, 0.92),
        (PairLabel::Different, 200, 0.95, 0.95),
        (PairLabel::Repost, 50, 0.98, 0.92),
        (PairLabel::Parallel, 50, 0.95, 0.95),
    ] {
        let figures = report.classes[&label];
        assert!(figures.labelled >= labelled, "{label}: {figures:?}");
        assert!(figures.precision() >= precision, "{label}: {figures:?}\n{}", shown.join("\n"));
        assert!(figures.recall() >= recall, "{label}: {figures:?}\n{}", shown.join("\n"));
    }
    assert!(report.openings.precision() >= 0.98, "{:?}", report.openings);
    assert!(report.openings.recall() >= 0.92, "{:?}", report.openings);
    assert_eq!(report.proposed.0, report.proposed.1, "pairs that blocking lost");
}
