//! Folded text to words.
//!
//! What is no word of a title goes: requisition numbers, pay, `m/f/d`, hashtags and the `'s` of a
//! possessive. `c++`, `c#`, `.net` and short pairs such as `r&d` stay whole.

/// The words of a folded text.
#[must_use]
pub fn scan_words(folded: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = folded;
    while let Some(begin) = rest.find(|character: char| is_word_start(character)) {
        rest = take_word(&rest[begin..], begin > 0, &mut words);
    }
    words
}

fn is_word_start(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '#' | '.' | '$' | '£' | '€')
}

/// Takes what a text begins with and gives the rest.
fn take_word<'a>(text: &'a str, inside: bool, words: &mut Vec<&'a str>) -> &'a str {
    let (run, rest) = split_run(text);
    if run.is_empty() {
        return take_sign(text, words);
    }
    if is_requisition(run) {
        return rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '-');
    }
    if let Some(after) = after_gender(run, rest, inside) {
        return after;
    }
    if matches!(run, "rm" | "usd" | "aud" | "sgd")
        && rest.trim_start().starts_with(|c: char| c.is_ascii_digit())
    {
        return after_amount(rest.trim_start());
    }
    let end = run.len() + joined(run, rest);
    words.push(&text[..end]);
    after_possessive(&text[end..])
}

/// What begins with a sign: a hashtag and an amount go, `.net` stays.
fn take_sign<'a>(text: &'a str, words: &mut Vec<&'a str>) -> &'a str {
    if text.starts_with(".net") && split_run(&text[1..]).0 == "net" {
        words.push(&text[..4]);
        return &text[4..];
    }
    let sign = text.chars().next().map_or(0, char::len_utf8);
    let rest = &text[sign..];
    match text.as_bytes().first() {
        Some(b'#') => split_run(rest).1,
        Some(b'.') => rest,
        _ => after_amount(rest),
    }
}

fn split_run(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    text.split_at(end)
}

/// Letters and then at least three digits in a row: `req20391`, `2026`.
fn is_requisition(run: &str) -> bool {
    let digits = run.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.bytes().take_while(u8::is_ascii_digit).count() >= 3
}

/// How many more bytes belong to a word: `c++`, `c#`, `r&d`.
fn joined(run: &str, rest: &str) -> usize {
    if run == "c" && rest.starts_with("++") {
        return 2;
    }
    if matches!(run, "c" | "f") && rest.starts_with('#') {
        return 1;
    }
    let other = rest.strip_prefix('&').map_or("", |after| split_run(after).0);
    if run.len() <= 2 && (1..=2).contains(&other.len()) { 1 + other.len() } else { 0 }
}

/// The rest after `m/f`, `m/w/d` and the like, if the text is one.
fn after_gender<'a>(run: &str, rest: &'a str, inside: bool) -> Option<&'a str> {
    if !inside || !matches!(run, "m" | "f" | "w") {
        return None;
    }
    let mut after = rest;
    let mut letters = 0;
    while let Some(next) = after.trim_start().strip_prefix('/') {
        let (letter, behind) = split_run(next.trim_start());
        if !matches!(letter, "m" | "f" | "w" | "d" | "x" | "v" | "i") {
            break;
        }
        letters += 1;
        after = behind;
    }
    (letters > 0).then_some(after)
}

fn after_amount(text: &str) -> &str {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    if digits.len() == text.len() { text } else { digits.strip_prefix('k').unwrap_or(digits) }
}

fn after_possessive(text: &str) -> &str {
    match text.strip_prefix("'s") {
        Some(after) if !after.starts_with(char::is_alphanumeric) => after,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scans() {
        let cases = [
            ("java/c++ developer", "java c++ developer"),
            ("engineer (m/f/d)", "engineer"),
            ("engineer (w / m)", "engineer"),
            ("m&e engineer", "m&e engineer"),
            ("sales&marketing", "sales marketing"),
            ("driver $35.50 ph rm 3000", "driver ph"),
            ("asp.net dev #job", "asp .net dev"),
            ("ref-12345a-b nurse", "ref nurse"),
            ("women's wear", "women wear"),
            ("m/f", "m f"),
            ("node.js", "node js"),
            ("$$$ . # '", ""),
        ];
        for (text, words) in cases {
            assert_eq!(scan_words(text).join(" "), words, "{text}");
        }
    }

    proptest! {
        /// Any text is scanned to its end, and every word is a part of it.
        #[test]
        fn words_are_parts(text in "\\PC{0,60}") {
            for word in scan_words(&text) {
                prop_assert!(!word.is_empty() && text.contains(word));
            }
        }
    }
}
