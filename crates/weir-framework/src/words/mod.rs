//! Words as matching sees them: folded, cut, spelled one way and stemmed.
//!
//! Titles and names of boards differ in case, accents, abbreviations and endings. Everything that
//! compares texts does so through this module, so that an alias and a title meet in one form. It
//! never drops a word for what it means; that is the business of `title` and `company`.
//!
//! A new abbreviation or spelling is one line in `spelling.rs`.

mod edit;
mod fold;
mod scan;
mod spelling;
mod stem;

pub use edit::{edit_distance, nearest_names};
pub use fold::{FoldedText, fold};
pub use scan::scan_words;
pub use stem::stem;

/// The key under which equal names meet: folded words with one blank between them.
#[must_use]
pub fn name_key(text: &str) -> String {
    scan_words(&fold(text)).join(" ")
}

/// The set of stems of a title, sorted: abbreviations written out, British spelling.
#[must_use]
pub fn title_stems(text: &str) -> Vec<String> {
    let mut stems: Vec<String> = ordered_stems(text);
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// The stems of a title in its order.
#[must_use]
pub fn ordered_stems(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words = scan_words(&folded);
    let written_out = words.iter().flat_map(|word| spelling::written_out(word).split(' '));
    written_out.map(|word| stem(spelling::british(word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_of_titles() {
        let cases = [
            ("Snr Software Dev (m/f/d) - REQ20391", "develop seni softwar"),
            ("C++ / C# / .NET Developers", ".net c# c++ develop"),
            ("R&D Engineer, $120,000", "develop engine research"),
            ("Chef's Assistant #hiring", "assist chef"),
            ("Optimization Analyst", "analys optimis"),
            ("", ""),
        ];
        for (title, stems) in cases {
            assert_eq!(title_stems(title).join(" "), stems, "{title}");
        }
    }

    #[test]
    fn keys_ignore_case_accents_and_punctuation() {
        assert_eq!(name_key("  Café  Manager, (Night)"), "cafe manager night");
        assert_eq!(name_key("Clerk Grade 5/6"), name_key("CLERK grade 5-6"));
    }
}
