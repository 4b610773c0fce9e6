//! Decisions on small frameworks.

use super::*;
use crate::framework::{Framework, FrameworkHead};
use std::sync::Arc;

fn framework(yaml: &str) -> Arc<Framework> {
    let head: FrameworkHead = serde_saphyr::from_str(yaml).unwrap();
    let none = |_: &str| Err("no table".to_owned());
    Arc::new(Framework::build(&head, &none).unwrap())
}

const ROLES: &str = "
framework: small
kind: roles
version: '1'
groups: [{ id: it, name: Technology }, { id: care, name: Care }]
entries:
  - { id: dev, name: Software Engineer, parent: it, aliases: [Java Developer, Programmer] }
  - { id: web, name: Web Developer, parent: it, aliases: [Front End Developer] }
  - { id: nurse, name: Registered Nurse, parent: care, aliases: [RN, Clinical Nurse] }
  - { id: aide, name: Care Worker, parent: care, aliases: [Support Worker] }
";

fn matcher(accepted: &AcceptedTitles) -> RoleMatcher {
    let parts = IndexParts {
        framework: framework(ROLES),
        bridge: None,
        learnt: None,
        accepted,
        places: vec!["Dubbo"],
        tuning: ScoreTuning::default(),
    };
    RoleMatcher::new(Arc::new(FrameworkIndex::build(parts)), RoleThresholds::default())
}

fn shown(matcher: &RoleMatcher, title: &str) -> String {
    let decision = matcher.decide(&RoleAd { title, locations: &[] });
    let id = |entry: usize| matcher.index().framework().entries[entry].id.clone();
    let outcome = match decision.outcome {
        RoleOutcome::Role(entry) => format!("role {}", id(entry)),
        RoleOutcome::Group(entry) => format!("group {}", id(entry)),
        RoleOutcome::Review => "review".to_owned(),
        RoleOutcome::Open => "open".to_owned(),
    };
    format!("{outcome} by {}", decision.method.name())
}

#[test]
fn names_aliases_and_several() {
    let matcher = matcher(&AcceptedTitles::default());
    let cases = [
        ("Software Engineer", "role dev by name"),
        ("SENIOR JAVA DEVELOPER - Dubbo | $140k", "role dev by alias"),
        ("RN (Part Time)", "role nurse by alias"),
        ("Java Developer / Front End Developer", "group it by several"),
        ("Programmer and Java Developer", "role dev by several"),
        ("Technology", "group it by name"),
        ("Beekeeper", "open by none"),
        ("", "open by none"),
    ];
    for (title, expected) in cases {
        assert_eq!(shown(&matcher, title), expected, "{title}");
    }
}

#[test]
fn accepted_titles_come_first() {
    let title = AcceptedTitle { title: "Java Developer".into(), role: "web".into() };
    let matcher = matcher(&AcceptedTitles { accepted: vec![title] });
    assert_eq!(shown(&matcher, "java developer"), "role web by accepted");
}

#[test]
fn decisions_say_why() {
    let matcher = matcher(&AcceptedTitles::default());
    let title = "Clinical Care Nurse - Oncology";
    let decision = matcher.decide(&RoleAd { title, locations: &[] });
    assert_eq!(decision.words, ["clinical", "nurse"]);
    let best = decision.candidates[0].entry;
    assert_eq!(matcher.index().framework().entries[best].id, "nurse");
    assert_eq!(decision.title.qualifiers, ["Oncology"]);
}

#[test]
fn classifications_are_looked_up_and_typos_proposed() {
    let yaml = include_str!("../../../../frameworks/nsw-role-types.yaml");
    let framework = framework(yaml);
    let matcher = ClassificationMatcher::new(framework.clone(), &AcceptedTitles::default());
    let cases = [
        ("CLERK grade 5 - 6", Some("clerk-5-6")),
        ("Legal Officer Grade iv", Some("legal-officer-4")),
        ("SEB1", Some("psse-band-1")),
        ("Clrek Grade 5/6", None),
        ("Clerk Grade 6", None),
        ("", None),
    ];
    for (text, id) in cases {
        let decision = matcher.decide(text);
        let entry = decision.outcome.entry().map(|at| framework.entries[at].id.as_str());
        assert_eq!(entry, id, "{text}");
    }
    for text in ["", "HR", "SO"] {
        assert_ne!(matcher.decide(text).outcome, RoleOutcome::Review, "{text}");
    }
    let typo = matcher.decide("Clrek Grade 5/6");
    assert_eq!(typo.outcome, RoleOutcome::Review);
    assert_eq!(framework.entries[typo.candidates[0].entry].id, "clerk-5-6");
}

#[test]
fn an_accepted_classification_is_decided() {
    let framework = framework(include_str!("../../../../frameworks/nsw-role-types.yaml"));
    let one = AcceptedTitle { title: "Clrek Grade 5/6".into(), role: "clerk-5-6".into() };
    let matcher =
        ClassificationMatcher::new(framework.clone(), &AcceptedTitles { accepted: vec![one] });
    let decision = matcher.decide("CLREK Gr. 5-6");
    assert_eq!(decision.method, DecisionMethod::Accepted);
    let entry = decision.outcome.entry().unwrap();
    assert_eq!(framework.entries[entry].id, "clerk-5-6");
    assert_eq!(matcher.decide("Clrek Grade 7/8").outcome, RoleOutcome::Review);
}

#[test]
fn learnt_words_and_roles_are_a_file() {
    let matcher = matcher(&AcceptedTitles::default());
    let titles = ["Clinical Nurse", "Night Nurse", "Java Programmer"];
    let learnt = LearntTitles::words("small", "1", &titles).with_roles(matcher.index(), &titles);
    assert_eq!(learnt.stems.get("nurs"), Some(&2));
    assert!(learnt.roles["nurse"] > learnt.roles["web"]);
    let text = serde_json::to_string(&learnt).unwrap();
    let again: LearntTitles = serde_json::from_str(&text).unwrap();
    assert_eq!(again.titles, 3);
    assert_eq!(again.stems, learnt.stems);
}
