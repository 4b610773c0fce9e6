//! Texts without case and accents, and the way back to the text as it was.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text in lower case, without accents; quotes and dashes in their plain forms.
#[must_use]
pub fn fold(text: &str) -> String {
    FoldedText::new(text).text
}

/// Appends one character as [`fold`] writes it.
fn fold_into(character: char, out: &mut String) {
    if character.is_ascii() {
        out.push(character.to_ascii_lowercase());
        return;
    }
    match character {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{b4}' => out.push('\''),
        '\u{201c}' | '\u{201d}' => out.push('"'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => out.push(' '),
        'ß' => out.push_str("ss"),
        'æ' | 'Æ' => out.push_str("ae"),
        'œ' | 'Œ' => out.push_str("oe"),
        'ø' | 'Ø' => out.push('o'),
        'ł' | 'Ł' => out.push('l'),
        'đ' | 'Đ' => out.push('d'),
        _ => {
            let plain = std::iter::once(character).nfkd().filter(|part| !is_combining_mark(*part));
            out.extend(plain.flat_map(char::to_lowercase));
        }
    }
}

/// How many bytes a text begins with that are letters, digits and signs of ASCII.
fn ascii_length(text: &str) -> usize {
    const STEP: usize = 32;
    let steps = text.as_bytes().chunks(STEP).take_while(|step| step.is_ascii());
    let whole = (steps.count() * STEP).min(text.len());
    whole + text.as_bytes()[whole..].iter().take_while(|byte| byte.is_ascii()).count()
}

/// A folded text that knows where each of its bytes was.
pub struct FoldedText {
    /// The text as [`fold`] writes it.
    pub text: String,
    /// Where the folded bytes differ in place from the original: folded offset, original offset.
    steps: Vec<(usize, usize)>,
}

impl FoldedText {
    /// Folds a text.
    #[must_use]
    pub fn new(original: &str) -> FoldedText {
        let mut folded =
            FoldedText { text: String::with_capacity(original.len()), steps: Vec::new() };
        let mut offset = 0;
        loop {
            let plain = ascii_length(&original[offset..]);
            folded.push_ascii(&original[offset..offset + plain]);
            offset += plain;
            let Some(character) = original[offset..].chars().next() else { break };
            fold_into(character, &mut folded.text);
            offset += character.len_utf8();
            folded.steps.push((folded.text.len(), offset));
        }
        folded
    }

    fn push_ascii(&mut self, plain: &str) {
        let begin = self.text.len();
        self.text.push_str(plain);
        self.text[begin..].make_ascii_lowercase();
    }

    /// The place in the original of a place in the folded text that begins or ends a word.
    #[must_use]
    pub fn original(&self, offset: usize) -> usize {
        let step = self.steps.partition_point(|(folded, _)| *folded <= offset);
        let (folded, original) = step.checked_sub(1).map_or((0, 0), |at| self.steps[at]);
        let inside = offset - folded;
        let limit = self.steps.get(step).map_or(usize::MAX, |(_, original)| *original);
        (original + inside).min(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds() {
        let cases = [
            ("Müller & Söhne", "muller & sohne"),
            ("Straße – “A”", "strasse - \"a\""),
            ("O’Rourke", "o'rourke"),
            ("ﬁ", "fi"),
        ];
        for (text, folded) in cases {
            assert_eq!(fold(text), folded);
        }
    }

    proptest! {
        /// Folding twice is folding once, and every ASCII word is found again where it was.
        #[test]
        fn places_lead_back(before in "\\PC{0,12}", after in "\\PC{0,12}") {
            let original = format!("{before} needle {after}");
            let folded = FoldedText::new(&original);
            prop_assert_eq!(&folded.text, &fold(&original));
            let at = folded.text.rfind("needle").unwrap_or(0);
            let begin = folded.original(at);
            let end = folded.original(at + "needle".len());
            prop_assert!(original.get(begin..end).is_some());
            if !after.to_lowercase().contains("needle") {
                prop_assert_eq!(&original[begin..end], "needle");
            }
        }
    }
}
