//! `weir evaluate duplicates`: how often two ads are rightly taken for one opening. Reads ads and
//! labelled pairs from files; no database, no network, no institution needed.

use super::{CommandContext, CommandFailure, DONE, out};
use crate::diagnostic::{Diagnostics, FileTexts, render};
use crate::yaml;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use weir_openings::ad_rows::{AdRow, ads_of_csv, ads_of_json, ads_of_values};
use weir_openings::evaluation::{
    ClassFigures, EvaluationReport, LabelledPair, PairOracle, evaluate,
};
use weir_openings::policy::OpeningPolicy;

const HELP: &str = "\
PAIRS is CSV with a header: a,b,label[,group]; an ad is `institution/source:id` or `source:id`; labels are
same, different, repost, parallel. ADS is CSV, JSON, JSON lines or YAML (`ads:`), with source, id and
any of institution, title, employer, places, remote, opens_on, closes_on, withdrawn_on, pay, grade,
description, url, apply_url, requisition.

Example:
  weir evaluate duplicates tests/quality/duplicates/pairs.csv --ads tests/quality/duplicates/ads.ndjson

Exit codes: 0 measured; 2 a file cannot be read, or a pair names an ad that is not in ADS.";

/// Measure on labelled pairs of ads which are one opening.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub struct EvaluateDuplicates {
    /// The labelled pairs
    pairs: PathBuf,
    /// The ads
    #[arg(long, value_name = "FILE")]
    ads: PathBuf,
    /// How many mistakes are listed
    #[arg(long, value_name = "N", default_value = "20")]
    mistakes: usize,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
}

/// Ads in YAML.
#[derive(Deserialize)]
struct AdFile {
    ads: Vec<serde_json::Value>,
}

impl EvaluateDuplicates {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let ads = ads_of(&self.ads, edge)?;
        let mut rows =
            csv::Reader::from_path(&self.pairs).map_err(|error| failed(&self.pairs, &error))?;
        let pairs: Result<Vec<LabelledPair>, csv::Error> = rows.deserialize().collect();
        let pairs = pairs.map_err(|error| failed(&self.pairs, &error))?;
        let oracle = PairOracle::of(ads, &OpeningPolicy::default());
        let report = evaluate(&oracle, &pairs).map_err(|error| failed(&self.pairs, &error))?;
        if self.json {
            say!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            self.show(&report);
        }
        Ok(DONE)
    }

    fn show(&self, report: &EvaluationReport) {
        say!("label        pairs  precision  recall     F1");
        for (label, figures) in &report.classes {
            say!("{}", line(&label.to_string(), figures));
        }
        say!("{}", line("one opening", &report.openings));
        let (proposed, all) = report.proposed;
        say!(
            "\n{proposed} of {all} pairs `same` share a bucket; {} pairs need a review; {} buckets are capped",
            report.review,
            report.capped
        );
        say!("\nthreshold  precision  recall");
        for point in report.curve.iter().step_by(2) {
            say!(
                "{:9.1}  {:9.3}  {:6.3}",
                point.threshold,
                point.precision,
                point.recall
            );
        }
        if !report.mistakes.is_empty() {
            say!("\n{} mistakes", report.mistakes.len());
        }
        for mistake in report.mistakes.iter().take(self.mistakes) {
            let pair = &mistake.pair;
            say!(
                "  {} taken for {}: {} and {}\n    {}",
                pair.label,
                mistake.answer,
                pair.a,
                pair.b,
                mistake.reason
            );
        }
    }
}

fn line(name: &str, figures: &ClassFigures) -> String {
    let (precision, recall, f1) = (figures.precision(), figures.recall(), figures.f1());
    format!(
        "{name:11}  {:5}  {precision:9.3}  {recall:6.3}  {f1:5.3}",
        figures.labelled
    )
}

fn ads_of(file: &Path, edge: &CommandContext) -> Result<Vec<AdRow>, CommandFailure> {
    let text = std::fs::read_to_string(file).map_err(|error| failed(file, &error))?;
    let ads = match file.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => ads_of_csv(&text),
        Some("yaml" | "yml") => ads_of_values(yaml_ads(file, &text, edge)?),
        _ => ads_of_json(&text),
    };
    ads.map_err(|error| failed(file, &error))
}

fn yaml_ads(
    file: &Path,
    text: &str,
    edge: &CommandContext,
) -> Result<Vec<serde_json::Value>, CommandFailure> {
    let name = file.display().to_string();
    let (mut problems, mut texts) = (Diagnostics::new(), FileTexts::new());
    texts.insert(name.as_str(), text);
    let read: Option<AdFile> = yaml::read(&name, text, &mut problems);
    if !problems.is_empty() {
        out::report_rendered(&render(&problems, &texts, edge.colour));
    }
    match read.filter(|_| !problems.has_errors()) {
        Some(read) => Ok(read.ads),
        None => Err(CommandFailure::nothing(format!(
            "`{name}` cannot be used as it is"
        ))),
    }
}

fn failed(file: &Path, error: &dyn std::fmt::Display) -> CommandFailure {
    CommandFailure::nothing(format!("`{}`: {error}", file.display()))
}
