//! What is left of wrong files: all that is right, and every problem at once.

use super::*;

fn wrong(content: &str) -> (Option<Institution>, Vec<String>) {
    let mut out = Diagnostics::new();
    let value = read("a.yaml", content, &mut out);
    (value, written(&out))
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_and_in_order() {
    let (value, told) = wrong(include_str!("many.yaml"));
    assert_eq!(told.join("\n") + "\n", include_str!("many.txt"));
    let value = value.expect("enough is right");
    assert_eq!(value.name.get(), None);
    assert!(value.active, "a broken value counts as left out");
    assert_eq!(
        value
            .sources
            .keys()
            .map(|key| key.as_str())
            .collect::<Vec<_>>(),
        ["whole"],
        "only whole sources are left"
    );
    assert_eq!(
        value
            .rules
            .iter()
            .map(|rule| rule.as_str())
            .collect::<Vec<_>>(),
        ["first", "last"]
    );
    assert_eq!(value.checks.len(), 1);
    assert_eq!(value.stages.len(), 2);
    assert_eq!(
        value.missing.map(|missing| (missing.after, missing.share)),
        Some((None, Some(0.5)))
    );
}

#[test]
fn the_order_does_not_depend_on_chance() {
    let first = wrong(include_str!("many.yaml")).1;
    for _ in 0..20 {
        assert_eq!(wrong(include_str!("many.yaml")).1, first);
    }
}

#[test]
fn nothing_hollow_gets_out() {
    let text = "institution: a\nname: A\nchecks:\n  - {}\n  - { id: whole, assert: a }\nsources: { s: {} }\n";
    let (value, told) = wrong(text);
    let value = value.expect("the rest is right");
    assert_eq!(
        value
            .checks
            .iter()
            .map(|check| check.id.as_str())
            .collect::<Vec<_>>(),
        ["whole"]
    );
    assert!(value.sources.is_empty());
    assert_eq!(told.len(), 4, "each missing field is told: {told:#?}");
}

#[test]
fn a_struct_without_a_plain_mandatory_field_is_left_out() {
    #[derive(Debug, Deserialize)]
    struct Plain {
        #[expect(dead_code, reason = "only its absence matters")]
        name: String,
    }
    let mut out = Diagnostics::new();
    assert!(read::<Plain>("a.yaml", "nam: x\n", &mut out).is_none());
    assert_eq!(
        written(&out),
        ["1:1+3 unknown-field: unknown field `nam` | did you mean `name`?"],
        "what is misspelt is not missing"
    );
}

#[test]
fn a_flood_of_problems_ends() {
    let broken = "  - []\n".repeat(5000);
    let unknown: String = (0..5000).map(|number| format!("x{number}: 1\n")).collect();
    let twice = "rules: []\n".repeat(5000);
    for flood in [format!("rules:\n{broken}"), unknown, twice] {
        let told = problems(format!("institution: a\nname: A\n{flood}"));
        assert_eq!(told.len(), 201);
        let ends = told
            .iter()
            .filter(|problem| problem.contains("too-many-problems"));
        assert_eq!(ends.count(), 1);
    }
}
