//! Guesses what the author meant.
//!
//! Must never guess wildly: a wrong guess costs more trust than none, so a candidate must share
//! most of its characters.

/// The candidate that the author probably meant, if one is similar enough.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let word = plain(word);
    candidates
        .into_iter()
        .map(|candidate| (likeness(&word, &plain(candidate)), candidate))
        .filter(|(likeness, _)| *likeness > 0.0)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate.to_string())
}

/// Whether a word differs from another by a single typo: one character wrong, missing, extra, or
/// swapped with its neighbour.
pub fn is_slip(word: &str, meant: &str) -> bool {
    strsim::damerau_levenshtein(&plain(word), &plain(meant)) <= 1
}

/// Names in backticks with commas, sorted as given: "`a`, `b`".
pub fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Ignores case and the choice between `-`, `_` and space.
fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace(['-', ' '], "_")
}

/// Zero if too different; about a third of the characters may differ, or one in a very short word.
fn likeness(word: &str, candidate: &str) -> f64 {
    let longest = word.chars().count().max(candidate.chars().count());
    let edits = strsim::damerau_levenshtein(word, candidate);
    let begins = word.len() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
    if longest > 64 || (edits > (longest / 3).max(1) && !begins) || edits == longest {
        return 0.0;
    }
    1.0 - edits as f64 / (longest + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_words_are_not() {
        let meant = |word| did_you_mean(word, ["title", "timezone", "sources", "open_date", "id"]);
        assert_eq!(meant("titel").as_deref(), Some("title"));
        assert_eq!(meant("Timezone").as_deref(), Some("timezone"));
        assert_eq!(meant("open-date").as_deref(), Some("open_date"));
        assert_eq!(meant("source").as_deref(), Some("sources"));
        assert_eq!(meant("ids").as_deref(), Some("id"));
        assert_eq!(meant("banana"), None);
        assert_eq!(meant("xx"), None);
        assert_eq!(meant(""), None);
    }

    #[test]
    fn one_letter_is_a_slip() {
        assert!(
            is_slip("titel", "title")
                && is_slip("Close-dates", "close_date")
                && is_slip("id", "id")
        );
        assert!(!is_slip("positions", "locations"));
    }

    #[test]
    fn equally_near_words_are_decided_by_the_alphabet() {
        assert_eq!(did_you_mean("cat", ["rat", "bat"]).as_deref(), Some("bat"));
    }
}
