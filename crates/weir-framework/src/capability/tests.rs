//! Capabilities of texts.

use super::*;
use crate::framework::{Framework, FrameworkHead};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

static INDEX: LazyLock<CapabilityIndex> = LazyLock::new(|| {
    let yaml = include_str!("../../../../frameworks/nsw-core-capabilities.yaml");
    let head: FrameworkHead = serde_saphyr::from_str(yaml).unwrap();
    let none = |_: &str| Err("no table".to_owned());
    CapabilityIndex::build(vec![Arc::new(Framework::build(&head, &none).unwrap())]).unwrap()
});

fn shown(text: &str) -> String {
    let framework = &INDEX.frameworks()[0];
    let row = |row: &CapabilityRow| {
        let level = row.level.map_or("-", |level| framework.levels[level].id.as_str());
        let id = &framework.entries[row.capability].id;
        format!("{id} {level} {}", row.kind.name())
    };
    INDEX.decide(text).iter().map(row).collect::<Vec<_>>().join("; ")
}

#[test]
fn names_with_levels() {
    let cases = [
        (
            "Communicate Effectively - Intermediate",
            "communicate-effectively intermediate mentioned",
        ),
        ("- Act with lntegrity: Adeot", "act-with-integrity adept mentioned"),
        ("Adept: Manage Self, Finance", "manage-self adept mentioned; finance adept mentioned"),
        (
            "Focus capabilities\nRelationships  Work Collaboratively Collaborate with others  Advanced",
            "work-collaboratively advanced focus",
        ),
        (
            "Complementary capabilities\nFinance\nUnderstand financial processes\nHighly Advanced",
            "finance highly-advanced complementary",
        ),
        ("Finance  Finance Operations and Systems  Level 2\nAdept", ""),
        (
            "| Capability | Foundational | Intermediate | Adept |\n|---|---|---|---|\n| Technology |  | X |  |",
            "technology intermediate mentioned",
        ),
        (
            "Capabilities:\nManage Self\nDeliver Results\n",
            "manage-self - mentioned; deliver-results - mentioned",
        ),
        ("Commit to Customer  Service  Adept", "commit-to-customer-service adept mentioned"),
        ("", ""),
    ];
    for (text, rows) in cases {
        assert_eq!(shown(text), rows, "{text}");
    }
}

#[test]
fn phrases_point_to_capabilities() {
    let cases = [
        ("You are a team player.", "work-collaboratively - mentioned"),
        ("No project management experience.", ""),
        ("Customer service skills not required.", ""),
        ("What we offer: project management courses. Nice people.", ""),
        ("You report to the Head of Project Management.", ""),
        ("Steam players", ""),
    ];
    for (text, rows) in cases {
        assert_eq!(shown(text), rows, "{text}");
    }
}

#[test]
fn evidence_is_a_place_in_the_text() {
    let text = "Über uns – a café.\nAct with Integrity – Adept";
    let rows = INDEX.decide(text);
    assert_eq!(&text[rows[0].evidence.clone()], "Act with Integrity – Adept");
}

#[test]
fn roles_bring_capabilities() {
    let mut rows = INDEX.decide("Manage Self - Adept");
    let brought = [
        crate::framework::RoleCapability { capability: "manage-self".into(), level: None },
        crate::framework::RoleCapability {
            capability: "finance".into(),
            level: Some("advanced".into()),
        },
        crate::framework::RoleCapability { capability: "unknown".into(), level: None },
    ];
    INDEX.add_by_role(&brought, 0.7, &mut rows);
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[1].kind, rows[1].level), (CapabilityKind::ByRole, Some(3)));
}

/// Nothing here grows with the square of a text: these would take minutes.
#[test]
fn long_texts_are_read() {
    let pieces =
        ["team player ", "Finance  Adept  ", "no project plans, ", "Act with Integrity ", "x | "];
    for piece in pieces {
        let _ = INDEX.decide(&piece.repeat(400_000 / piece.len()));
    }
}

proptest! {
    /// Any text is read without panic; evidence is a part of it; no capability appears twice.
    #[test]
    fn any_text_is_read(pieces in prop::collection::vec(prop_oneof![
        "\\PC{0,10}", Just("Act with Integrity".to_owned()), Just("Adept".to_owned()),
        Just("  ".to_owned()), Just("\n".to_owned()), Just("|".to_owned()),
        Just("ﬁnance É".to_owned()), Just("Level 2".to_owned()), Just("team player".to_owned()),
    ], 0..30)) {
        let text = pieces.concat();
        let rows = INDEX.decide(&text);
        for row in &rows {
            prop_assert!(text.get(row.evidence.clone()).is_some());
        }
        let mut seen: Vec<usize> = rows.iter().map(|row| row.capability).collect();
        seen.dedup();
        prop_assert_eq!(seen.len(), rows.len());
    }
}
