//! The name of a company that no list knows: which spellings of it are one name, and which of them
//! is shown.
//!
//! More careful than the matcher, which looks for names that are known: two companies must never
//! become one because their names are near. Case, accents, marks, numbers of registers and legal
//! forms that say nothing else fall; places, `Group` and `Services` stay. Pure, and the same for
//! whatever order names come in.

use super::forms::{SURE_FORMS, SURE_TRADING_AS};
use super::matcher::without_numbers;
use crate::words::fold;

/// The name of a company or division in an ad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyName {
    /// The same for all spellings of one name; never empty unless the text is.
    pub key: String,
    /// The part of the text that names it, as written: without numbers, and behind `trading as`.
    pub shown: String,
}

impl CompanyName {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &str) -> CompanyName {
        let text = one_blank(text);
        let (plain, _) = without_numbers(&text);
        let candidates = [trading_name(&plain), plain.as_str(), text.as_str()].map(one_blank);
        let named = candidates.into_iter().find(|part| !words_of(part).is_empty());
        let shown = named.unwrap_or(text);
        CompanyName { key: key_of(&shown), shown }
    }

    /// Whether a spelling is shown rather than another of the same name: mixed case before all
    /// capitals, few words before many, which leaves legal forms out, then the longer one, which
    /// keeps marks. No two spellings are equally good, so that the order of arrival decides
    /// nothing.
    #[must_use]
    pub fn reads_better(one: &str, other: &str) -> bool {
        let rank = |name: &str| {
            let shouted = name == name.to_ascii_uppercase() || name == name.to_ascii_lowercase();
            let (blanks, letters) = (name.matches(' ').count(), name.chars().count());
            (shouted, blanks, std::cmp::Reverse(letters))
        };
        (rank(one), std::cmp::Reverse(one)) < (rank(other), std::cmp::Reverse(other))
    }
}

fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands behind the last `trading as`; the whole if nothing does.
fn trading_name(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let end = |words: &&str| lower.rfind(*words).map(|at| at + words.len());
    let behind = SURE_TRADING_AS.iter().filter_map(end).max();
    behind.map_or(text, |at| &text[at..])
}

fn key_of(text: &str) -> String {
    let words = words_of(text);
    match (words.is_empty(), fold(text)) {
        (false, _) => without_forms(&words).join(" "),
        (true, folded) if folded.is_empty() => text.to_owned(),
        (true, folded) => folded,
    }
}

/// The words of a name: folded, `&` and `+` as `and`, initials joined.
fn words_of(text: &str) -> Vec<String> {
    let marked: String = text.chars().filter(|sign| !matches!(sign, '™' | '®' | '©')).collect();
    let folded = fold(&marked).replace(['\'', '`'], "").replace(['&', '+'], " and ");
    let mut joined: Vec<String> = Vec::new();
    let mut after_initial = false;
    for word in folded.split(|letter: char| !letter.is_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        let is_initial = word.chars().count() == 1;
        match joined.last_mut() {
            Some(last) if is_initial && after_initial => last.push_str(word),
            _ => joined.push(word.to_owned()),
        }
        after_initial = is_initial;
    }
    joined
}

/// The words without legal forms at their end; never without any.
fn without_forms(words: &[String]) -> &[String] {
    let mut kept = words;
    while let Some(form) = SURE_FORMS.iter().find(|form| ends_with(kept, form)) {
        kept = &kept[..kept.len() - form.len()];
    }
    kept
}

/// Whether words end with a form and have more.
fn ends_with(words: &[String], form: &[&str]) -> bool {
    words.len() > form.len() && words.iter().rev().zip(form.iter().rev()).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> String {
        CompanyName::read(text).key
    }

    #[test]
    fn spellings_of_one_name_meet() {
        let all: [&[&str]; 8] = [
            &[
                "Acme Pty Ltd",
                "ACME PTY. LIMITED",
                "acme",
                "Acme P/L",
                "Acme, Inc.",
                "Acme Pty Ltd (ABN 51 824 753 556)",
                "Holder Pty Ltd trading as Acme",
                "Holder T/A Acme Ltd",
                "Acme®",
                "Acme Private Limited",
            ],
            &["Société Lumière", "SOCIETE LUMIERE"],
            &["O'Rourke & Daly", "O’Rourke and Daly", "ORourke + Daly Ltd"],
            &["Müller GmbH & Co. KG", "Muller GmbH"],
            &["A.C.E. Security", "ACE Security", "A C E Security"],
            &["Wool-Grove", "Wool Grove"],
            &["Pty Ltd", "PTY LTD"],
            &["!!!", " !!! "],
        ];
        for names in all {
            let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
            assert!(keys.iter().all(|other| *other == keys[0]), "{names:?}: {keys:?}");
            assert!(!keys[0].is_empty());
        }
    }

    #[test]
    fn other_names_stay_apart() {
        let all = [
            "Acme",
            "Acme Group",
            "Acme Services",
            "Acme Australia",
            "Acme Co",
            "Day Spa",
            "TAFE SA",
            "TAFE",
            "Acmes",
            "Ac Me",
        ];
        let keys: std::collections::BTreeSet<String> = all.iter().map(|name| key(name)).collect();
        assert_eq!(keys.len(), all.len(), "{keys:?}");
    }

    #[test]
    fn one_spelling_is_shown() {
        let shown = |text: &str| CompanyName::read(text).shown;
        assert_eq!(shown(" Holder Pty Ltd  t/as Kestrel  Rail "), "Kestrel Rail");
        assert_eq!(shown("Kestrel Rail Ltd ABN 51 824 753 556"), "Kestrel Rail Ltd");
        assert_eq!((shown("trading as"), shown("")), ("trading as".to_owned(), String::new()));
        let best = ["Société", "Acme", "St. Aldate's", "A.C.E.", "eBay"];
        let worse = ["Societe", "Acme Pty Ltd", "St Aldates", "A C E", "EBAY"];
        for (best, worse) in best.into_iter().zip(worse) {
            assert!(CompanyName::reads_better(best, worse), "{best} {worse}");
            assert!(!CompanyName::reads_better(worse, best), "{best} {worse}");
        }
    }

    proptest! {
        /// The key of a key is the key, and neither case nor a legal form changes it.
        #[test]
        fn keys_are_steady(name in "[ A-Za-zÀ-ſ0-9'&+./()-]{1,30}") {
            let key = key(&name);
            prop_assert_eq!(CompanyName::read(&key).key, key.clone());
            if !words_of(&name).is_empty() {
                prop_assert_eq!(CompanyName::read(&format!("{} Pty Ltd", CompanyName::read(&name).shown)).key, key);
            }
        }

        /// Any text is read without panic.
        #[test]
        fn any_text_is_read(name in "\\PC{0,40}") {
            let read = CompanyName::read(&name);
            prop_assert_eq!(read.key.is_empty(), name.trim().is_empty());
            prop_assert!(!CompanyName::reads_better(&read.shown, &read.shown));
        }
    }
}
