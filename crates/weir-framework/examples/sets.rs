//! Scores the labelled sets of the repository with the shipped frameworks: `cargo run -p
//! weir-framework --example sets` in the root of the repository.
#![allow(clippy::disallowed_macros, reason = "a program for people")]
#![allow(clippy::unwrap_used, reason = "a program for people")]

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use weir_framework::capability::CapabilityIndex;
use weir_framework::company::{CompanyMatcher, CompanyRegistry, CompanyRegistryHead};
use weir_framework::evaluate::{
    CapabilityScore, CompanyScore, DecisionMistake, LabelledTexts, LabelledTitle, RoleScore,
    read_names, read_titles,
};
use weir_framework::framework::{Framework, FrameworkHead};
use weir_framework::role::{
    AcceptedTitles, ClassificationMatcher, FrameworkIndex, IndexParts, RoleMatcher, RoleThresholds,
    ScoreTuning,
};

fn main() {
    let matcher = roles();
    let titles =
        read_titles(&std::fs::read(QUALITY.to_owned() + "role-titles.csv").unwrap()).unwrap();
    let score = RoleScore::of_titles(&matcher, &titles).unwrap();
    show("titles", &score, &score.mistakes);
    folds(&matcher, &titles);

    let grades = framework("nsw-role-types");
    let texts =
        read_titles(&std::fs::read(QUALITY.to_owned() + "classifications.csv").unwrap()).unwrap();
    let matcher = ClassificationMatcher::new(grades.clone(), &AcceptedTitles::default());
    let score = RoleScore::of_classifications(&matcher, &grades, &texts).unwrap();
    show("classifications", &score, &score.mistakes);

    let head: CompanyRegistryHead = yaml("tests/quality/companies.yaml");
    let matcher = CompanyMatcher::new(Arc::new(CompanyRegistry::build(&head).unwrap()));
    let names = read_names(&std::fs::read(QUALITY.to_owned() + "companies.csv").unwrap()).unwrap();
    let score = CompanyScore::of_names(&matcher, &names).unwrap();
    show("companies", &score, &score.mistakes);

    let index = CapabilityIndex::build(vec![framework("nsw-core-capabilities")]).unwrap();
    for file in ["role-descriptions", "ads"] {
        let LabelledTexts { texts, .. } = yaml(format!("{QUALITY}{file}.yaml"));
        let began = cpu_time();
        texts.iter().for_each(|text| drop(index.decide(&text.text)));
        let spent = (cpu_time() - began) / u32::try_from(texts.len()).unwrap();
        println!("{file}: {spent:.1?} a text on one core");
        let score = CapabilityScore::of_texts(&index, &texts).unwrap();
        show(file, &score, &score.mistakes);
    }
}

const QUALITY: &str = "tests/quality/";

fn yaml<T: for<'a> serde::Deserialize<'a>>(file: impl AsRef<Path>) -> T {
    serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn framework(name: &str) -> Arc<Framework> {
    let head: FrameworkHead = yaml(format!("frameworks/{name}.yaml"));
    let none = |_: &str| Err("no table".to_owned());
    Arc::new(Framework::build(&head, &none).unwrap())
}

fn roles() -> RoleMatcher {
    let parts = IndexParts {
        framework: framework("private-sector-roles"),
        bridge: None,
        learnt: None,
        accepted: &AcceptedTitles::default(),
        places: Vec::new(),
        tuning: ScoreTuning::default(),
    };
    RoleMatcher::new(Arc::new(FrameworkIndex::build(parts)), RoleThresholds::default())
}

/// What the calibration is worth on titles that it has not seen: five parts, each decided by what
/// the other four taught.
fn folds(matcher: &RoleMatcher, titles: &[LabelledTitle]) {
    let framework = matcher.index().framework();
    let label = |title: &LabelledTitle| framework.position(title.role.as_deref().unwrap_or(""));
    let (mut right, mut decided, mut labels, mut off) = (0, 0, 0, 0.0);
    for fold in 0..5 {
        let part = |at: &(usize, &LabelledTitle), own: bool| (at.0 % 5 == fold) == own;
        let taught: Vec<(&str, Option<usize>)> = titles
            .iter()
            .enumerate()
            .filter(|at| part(at, false))
            .map(|(_, title)| (title.title.as_str(), label(title)))
            .collect();
        let held: Vec<LabelledTitle> =
            titles.iter().enumerate().filter(|at| part(at, true)).map(|(_, t)| t.clone()).collect();
        let calibration = matcher.learn_calibration(&taught);
        let score = RoleScore::of_titles(&matcher.clone().calibrated(calibration), &held).unwrap();
        right += score.decisions.right;
        decided += score.decisions.decided;
        labels += score.decisions.labels;
        off += score.calibration_error() / 5.0;
    }
    println!("five folds: {right} of {decided} right, {labels} labels, calibration {off:.3} off");
    let all: Vec<(&str, Option<usize>)> =
        titles.iter().map(|title| (title.title.as_str(), label(title))).collect();
    println!("calibration of all: {:#.3?}", matcher.learn_calibration(&all));
}

/// The time that this thread had of a core, where the system says so.
fn cpu_time() -> Duration {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = line.split(' ').next().and_then(|spent| spent.parse().ok());
    Duration::from_nanos(spent.unwrap_or_default())
}

fn show(name: &str, score: &impl Display, mistakes: &[DecisionMistake]) {
    println!("== {name}\n{score}");
    mistakes.iter().for_each(|mistake| println!("   {mistake}"));
}
