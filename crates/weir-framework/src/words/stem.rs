//! A strong stem: one form for `manager`, `managing` and `management`.
//!
//! Stronger than a dictionary would allow, because titles are short and what counts is that an
//! advertiser's form meets the framework's.

/// Endings and what takes their place, the longest first.
const SUFFIXES: [(&str, &str); 27] = [
    ("isation", "is"),
    ("ization", "is"),
    ("eering", "e"),
    ("ysis", "ys"),
    ("ytics", "ys"),
    ("ytic", "ys"),
    ("yst", "ys"),
    ("ising", "is"),
    ("izing", "is"),
    ("ation", "at"),
    ("ating", "at"),
    ("ement", "e"),
    ("ment", ""),
    ("tion", "t"),
    ("ing", ""),
    ("ist", ""),
    ("ance", ""),
    ("ence", ""),
    ("ant", ""),
    ("ative", "at"),
    ("ator", "at"),
    ("or", ""),
    ("er", ""),
    ("ed", ""),
    ("al", ""),
    ("y", ""),
    ("e", ""),
];

/// The stem of a folded word. It loses one ending: to strip all of them was measured and is worse.
#[must_use]
pub fn stem(word: &str) -> String {
    let singular = singular(word);
    without_suffix(&singular).unwrap_or(singular)
}

/// A word without its ending, if enough is left.
fn without_suffix(word: &str) -> Option<String> {
    SUFFIXES.iter().find_map(|(suffix, instead)| {
        let begin = word.strip_suffix(suffix)?;
        (begin.chars().count() >= 4).then(|| format!("{begin}{instead}"))
    })
}

fn singular(word: &str) -> String {
    let long = word.chars().count();
    if long > 4
        && let Some(begin) = word.strip_suffix("ies")
    {
        return format!("{begin}y");
    }
    let plural = ["sses", "xes", "ches", "shes"].iter().any(|ending| word.ends_with(ending));
    if long > 4 && plural {
        return word[..word.len() - 2].to_owned();
    }
    let kept = ["ss", "us", "is"].iter().any(|ending| word.ends_with(ending));
    if long > 3 && word.ends_with('s') && !kept {
        return word[..word.len() - 1].to_owned();
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_meet() {
        let families: [&[&str]; 5] = [
            &["manager", "managers", "managing"],
            &["engineer", "engineering", "engineers"],
            &["organisation", "organisations", "organising"],
            &["secretary", "secretaries"],
            &["analyst", "analysis", "analyse"],
        ];
        for family in families {
            let stems: Vec<String> = family.iter().map(|word| stem(word)).collect();
            assert!(stems.windows(2).all(|pair| pair[0] == pair[1]), "{stems:?}");
        }
        assert_eq!(stem("bus"), "bus");
        assert_eq!(stem("nurse"), "nurs");
    }
}
