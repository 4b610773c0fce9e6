//! Prints the figures of `docs/quality-duplicates.md`: `measure ADS PAIRS [GROUP]` reads ads as
//! JSON lines and labelled pairs as CSV; with a group, its mistakes are printed as well.

use std::error::Error;
use weir_openings::ad_rows::ads_of_json;
use weir_openings::evaluation::{ClassFigures, LabelledPair, PairOracle, evaluate};
use weir_openings::policy::OpeningPolicy;

#[allow(clippy::disallowed_macros, reason = "an example prints")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (ads, pairs) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let wanted = args.next().unwrap_or("-".to_owned());
    let ads = ads_of_json(&std::fs::read_to_string(ads)?)?;
    let shown: std::collections::BTreeMap<String, String> = ads
        .iter()
        .map(|ad| {
            let f = ad.clone().into_facts();
            let text = f.description.as_deref().map_or(0, str::len);
            let line = format!(
                "{:?} | {:?} | {:?} | text {text} | {:?} {:?}",
                f.title, f.employer, f.places, f.opens_on, f.closes_on
            );
            (format!("{}/{}", ad.institution, ad.key()), line)
        })
        .collect();
    let pairs: Vec<LabelledPair> =
        csv::Reader::from_path(pairs)?.deserialize().collect::<Result<_, _>>()?;
    let policy = OpeningPolicy::default();
    let oracle = PairOracle::of(ads, &policy);
    let report = evaluate(&oracle, &pairs)?;
    for mistake in &report.mistakes {
        let pair = &mistake.pair;
        if pair.group.starts_with(&wanted) || wanted == "all" {
            println!(
                "{} taken for {} [{}] {}",
                pair.label, mistake.answer, pair.group, mistake.reason
            );
            for key in [&pair.a, &pair.b] {
                println!("    {}", shown.get(key).map_or("", String::as_str));
            }
        }
    }
    for (label, figures) in &report.classes {
        print_line(&label.to_string(), figures);
    }
    print_line("openings", &report.openings);
    for (group, figures) in &report.groups {
        println!(
            "  {group:60} {} of {}, {} taken for same",
            figures.right, figures.labelled, figures.answered
        );
    }
    println!("proposed {:?}, review {}, capped {}", report.proposed, report.review, report.capped);
    for point in report.curve.iter().step_by(2) {
        println!("  {:5.1}  P {:.3}  R {:.3}", point.threshold, point.precision, point.recall);
    }
    Ok(())
}

#[allow(clippy::disallowed_macros, reason = "an example prints")]
fn print_line(name: &str, figures: &ClassFigures) {
    let (precision, recall, f1) = (figures.precision(), figures.recall(), figures.f1());
    println!("{name:10} P {precision:.3} R {recall:.3} F1 {f1:.3} ({figures:?})");
}
