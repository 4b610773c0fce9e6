//! Titles of boards and what is left of them.

use super::*;
use proptest::prelude::*;

fn shown(title: &CleanTitle) -> String {
    let notes: Vec<String> =
        title.notes.iter().map(|note| format!("{}={}", note.kind.name(), note.value)).collect();
    let mut shown = title.role.clone();
    for qualifier in &title.qualifiers {
        shown += &format!(" + {qualifier}");
    }
    if notes.is_empty() { shown } else { format!("{shown} [{}]", notes.join(", ")) }
}

#[test]
fn titles_are_cleaned() {
    let cases = [
        (
            "Senior Java Developer - Sydney CBD",
            "Java Developer [seniority=senior, location=Sydney CBD]",
        ),
        ("SOFTWARE ENGINEER - $140,000 + super", "SOFTWARE ENGINEER [pay=$140,000]"),
        ("Nurse (Part Time) - 0.6 FTE", "Nurse [employment=part-time, employment=0.6 fte]"),
        ("Business Analyst - 12 month contract", "Business Analyst [contract=12 month]"),
        ("Contract Manager", "Contract Manager"),
        ("Lead Engineer - Payments Platform", "Engineer + Payments Platform [seniority=lead]"),
        ("Team Lead", "Team Lead"),
        ("Jr. Software Engineer (m/f/d)", "Software Engineer [seniority=junior, gender=m/f/d]"),
        ("SRE REQ-20391", "SRE [requisition=req-20391]"),
        ("Sales Manager NSW/ACT", "Sales Manager [location=NSW/ACT]"),
        ("ICT Business Analyst x 3", "ICT Business Analyst [appeal=3]"),
        ("Cleaners Needed URGENT", "Cleaners [appeal=wanted]"),
        ("C++ / C# Developer | Remote", "C++ C# Developer [arrangement=remote]"),
        ("Casual", "Casual [employment=casual]"),
        ("Labourer, Broken Hill", "Labourer + Broken Hill"),
        ("", ""),
        (" - | ()", "- | ()"),
    ];
    let cleaner = TitleCleaner::new([]);
    for (title, expected) in cases {
        assert_eq!(shown(&cleaner.clean(title, &[])), expected, "{title}");
    }
}

#[test]
fn places_of_the_ad_and_of_the_project() {
    let cleaner = TitleCleaner::new(["Wagga Wagga"]);
    let own = cleaner.clean("Labourer, Broken Hill", &["Broken Hill"]);
    assert_eq!(own.value(NoteKind::Location), Some("Broken Hill"));
    let declared = cleaner.clean("Ranger - Wagga Wagga", &[]);
    assert_eq!((declared.role.as_str(), declared.notes.len()), ("Ranger", 1));
}

#[test]
fn long_titles_are_cut_and_kept() {
    let title = format!("Nurse - {}", "senior casual $50 Sydney / ".repeat(20_000));
    let clean = TitleCleaner::new([]).clean(&title, &[]);
    assert_eq!(clean.role, "Nurse");
    assert!(clean.qualifiers.last().is_some_and(|rest| rest.len() > 500_000));
}

proptest! {
    /// Nothing is lost: every letter of a title is in the role, a qualifier or a note.
    #[test]
    fn every_word_has_a_place(title in "[A-Za-z0-9$/(),|&.#+ -]{0,60}") {
        let clean = TitleCleaner::new([]).clean(&title, &[]);
        let mut pieces = vec![clean.full.as_str(), clean.role.as_str()];
        pieces.extend(clean.qualifiers.iter().map(String::as_str));
        pieces.extend(clean.notes.iter().map(|note| note.text.as_str()));
        for word in title.split(|letter: char| !letter.is_alphanumeric()) {
            prop_assert!(pieces.iter().any(|piece| piece.contains(word)), "{} {:?}", word, clean);
        }
    }

    /// Any text is cleaned without panic, and a title with letters keeps a role.
    #[test]
    fn roles_are_never_empty(title in "\\PC{0,40}") {
        let clean = TitleCleaner::new([]).clean(&title, &[]);
        prop_assert_eq!(clean.role.is_empty(), title.trim().is_empty());
    }
}
