//! Text as it is compared: markup removed, entities decoded, case and accents folded, split into
//! words. Every comparison of this crate goes through here, so that two boards that print one
//! text in two ways still agree. It must never depend on a locale or on anything but its input.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Entities that boards leave in titles and texts; numeric ones are decoded by number.
const ENTITIES: [(&str, &str); 14] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ndash", "-"),
    ("mdash", "-"),
    ("rsquo", "'"),
    ("lsquo", "'"),
    ("rdquo", "\""),
    ("ldquo", "\""),
    ("bull", " "),
    ("hellip", " "),
];

/// Longest entity that is looked for, in bytes.
const ENTITY: usize = 10;

/// The text without tags and with entities decoded. A `<` that opens no tag stays.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (replacement, taken) = markup(rest).unwrap_or((rest[..1].to_owned(), 1));
        plain.push_str(&replacement);
        rest = &rest[taken..];
    }
    plain.push_str(rest);
    plain
}

/// What replaces the tag or entity at the start of the text, and its length in bytes.
fn markup(text: &str) -> Option<(String, usize)> {
    if let Some(inner) = text.strip_prefix('<') {
        let tag = inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        return text.find('>').filter(|_| tag).map(|end| (" ".to_owned(), end + 1));
    }
    let end = text.bytes().take(ENTITY + 2).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let named = ENTITIES.iter().find(|(entity, _)| *entity == name);
    let decoded = match named {
        Some((_, decoded)) => (*decoded).to_owned(),
        None => numbered(name)?.to_string(),
    };
    Some((decoded, end + 1))
}

fn numbered(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code)
}

/// Lower case without accents; ligatures and full-width forms become plain letters.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let letters = text.nfkd().filter(|letter| !is_combining_mark(*letter));
    let mut folded = String::with_capacity(text.len());
    for letter in letters.flat_map(char::to_lowercase) {
        match letter {
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'đ' => folded.push('d'),
            '’' | '‘' => folded.push('\''),
            other => folded.push(other),
        }
    }
    folded
}

/// The words of a folded text. `c++`, `c#` and `.net` keep what makes them words of their own;
/// an apostrophe joins (`mcdonald's` is `mcdonalds`).
pub fn words(folded: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in folded.chars() {
        let tail = matches!(letter, '+' | '#') && word.chars().all(char::is_alphabetic);
        if letter.is_alphanumeric() || tail && !word.is_empty() {
            word.push(letter);
        } else if letter != '\'' && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The words of raw text.
pub fn words_of(text: &str) -> Vec<String> {
    words(&folded(&plain(text)))
}

#[cfg(test)]
mod tests {
    use super::{plain, words_of};

    #[test]
    fn one_text_printed_in_two_ways_has_the_same_words() {
        let cases = [
            ("<p>R&amp;D <b>Lead</b></p>", "R&D Lead"),
            ("Caf&#233; &#x26; Bar", "Café & Bar"),
            ("Ｓｅｎｉｏｒ　Nurse", "senior nurse"),
            ("Élève ingénieur", "eleve ingenieur"),
            ("Straße", "STRASSE"),
            ("McDonald’s", "mcdonald's"),
            ("C++/C# Developer", "c++ c# developer"),
        ];
        for (one, other) in cases {
            assert_eq!(words_of(one), words_of(other), "{one} / {other}");
        }
    }

    #[test]
    fn what_only_looks_like_markup_stays() {
        for text in ["a < b", "x & y", "&nosuch;", "&#xFFFFFFFF;", "1 <", "&", "<", "&;", "a &amp"]
        {
            assert_eq!(plain(text), text, "{text}");
        }
    }
}
