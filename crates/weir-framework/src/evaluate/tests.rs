//! The labelled sets of the repository: what is owed holds.

use super::*;
use crate::capability::CapabilityIndex;
use crate::company::{CompanyMatcher, CompanyName, CompanyRegistry, CompanyRegistryHead};
use crate::framework::{Framework, FrameworkHead};
use crate::role::{
    AcceptedTitles, ClassificationMatcher, FrameworkIndex, IndexParts, RoleMatcher, RoleThresholds,
    ScoreTuning,
};
use std::collections::BTreeMap;
use std::sync::Arc;

macro_rules! quality {
    ($file:literal) => {
        include_str!(concat!("../../../../tests/quality/", $file))
    };
}

fn framework(yaml: &str) -> Arc<Framework> {
    let head: FrameworkHead = serde_saphyr::from_str(yaml).unwrap();
    let none = |_: &str| Err("no table".to_owned());
    Arc::new(Framework::build(&head, &none).unwrap())
}

fn capabilities() -> CapabilityIndex {
    let yaml = include_str!("../../../../frameworks/nsw-core-capabilities.yaml");
    CapabilityIndex::build(vec![framework(yaml)]).unwrap()
}

fn private_roles() -> RoleMatcher {
    let parts = IndexParts {
        framework: framework(include_str!("../../../../frameworks/private-sector-roles.yaml")),
        bridge: None,
        learnt: None,
        accepted: &AcceptedTitles::default(),
        places: Vec::new(),
        tuning: ScoreTuning::default(),
    };
    RoleMatcher::new(Arc::new(FrameworkIndex::build(parts)), RoleThresholds::default())
}

#[test]
fn roles_of_titles() {
    let titles = read_titles(quality!("role-titles.csv").as_bytes()).unwrap();
    let score = RoleScore::of_titles(&private_roles(), &titles).unwrap();
    assert!(score.decisions.precision() >= 0.90, "{score}{:#?}", score.mistakes);
    assert!(score.decisions.recall() >= 0.60, "{score}");
}

#[test]
fn roles_of_classifications() {
    let framework = framework(include_str!("../../../../frameworks/nsw-role-types.yaml"));
    let matcher = ClassificationMatcher::new(framework.clone(), &AcceptedTitles::default());
    let texts = read_titles(quality!("classifications.csv").as_bytes()).unwrap();
    let score = RoleScore::of_classifications(&matcher, &framework, &texts).unwrap();
    assert!(score.decisions.precision() >= 1.0, "{score}{:#?}", score.mistakes);
    assert!(score.decisions.recall() >= 0.95, "{score}");
}

#[test]
fn companies_of_names() {
    let head: CompanyRegistryHead = serde_saphyr::from_str(quality!("companies.yaml")).unwrap();
    let matcher = CompanyMatcher::new(Arc::new(CompanyRegistry::build(&head).unwrap()));
    let names = read_names(quality!("companies.csv").as_bytes()).unwrap();
    let score = CompanyScore::of_names(&matcher, &names).unwrap();
    assert!(score.decisions.precision() >= 0.98, "{score}{:#?}", score.mistakes);
    assert!(score.decisions.recall() >= 0.90, "{score}{:#?}", score.mistakes);
}

/// Without a list, too, two companies never become one.
#[test]
fn folded_names_of_two_companies_never_meet() {
    let names = read_names(quality!("companies.csv").as_bytes()).unwrap();
    let mut labels: BTreeMap<String, &LabelledName> = BTreeMap::new();
    for one in names.iter().filter(|one| one.company.is_some()) {
        let key = CompanyName::read(&one.name).key;
        let first = labels.entry(key).or_insert(one);
        assert_eq!(first.company, one.company, "{} and {}", first.name, one.name);
    }
    let labelled = names.iter().filter(|one| one.company.is_some()).count();
    assert!(labels.len() * 4 < labelled * 3, "{} of {labelled} are apart", labels.len());
}

#[test]
fn capabilities_of_role_descriptions() {
    let LabelledTexts { texts, .. } =
        serde_saphyr::from_str(quality!("role-descriptions.yaml")).unwrap();
    let score = CapabilityScore::of_texts(&capabilities(), &texts).unwrap();
    assert!(score.decisions.f1() >= 0.90, "{score}{:#?}", score.mistakes);
}

#[test]
fn capabilities_of_ads() {
    let LabelledTexts { texts, .. } = serde_saphyr::from_str(quality!("ads.yaml")).unwrap();
    let score = CapabilityScore::of_texts(&capabilities(), &texts).unwrap();
    assert!(score.capabilities.precision() >= 0.85, "{score}{:#?}", score.mistakes);
    assert!(score.capabilities.recall() >= 0.60, "{score}{:#?}", score.mistakes);
}

#[test]
fn wrong_labels_are_refused() {
    let titles = read_titles(b"title,role_id\nNurse,no-such-role\n").unwrap();
    let fault = RoleScore::of_titles(&private_roles(), &titles).unwrap_err();
    assert_eq!(fault, LabelFault::UnknownId("no-such-role".into()));
    assert_eq!(read_titles(b"title,role_id\n"), Err(LabelFault::Empty));
    assert!(matches!(read_titles(b"titel\nNurse\n"), Err(LabelFault::Row(_))));
    let texts = read_texts(b"text,capability_id,level,kind\nA,finance,adept,odd\n").unwrap();
    let fault = CapabilityScore::of_texts(&capabilities(), &texts).unwrap_err();
    assert_eq!(fault, LabelFault::UnknownKind("odd".into()));
}
