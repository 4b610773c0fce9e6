//! Resolves `&name;` in XML: XML's own names, those that the document declares, HTML's, and
//! characters by number.
//!
//! Never guesses: an unknown name is kept as written. Nothing is fetched, and the expansion of a
//! document's declarations is bounded, however they refer to each other.

use super::UnreadCause;
use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What the entities of a document may expand to at first, in bytes.
const ALLOWED: u64 = 1024 * 1024;
/// How many bytes more they may expand to for each that was read.
const MOST_RATIO: u64 = 5;
/// How deeply entities may call each other.
const DEEPEST: usize = 16;
/// Longest name of an entity that is looked for.
const LONGEST: usize = 64;

/// The entities of one document.
#[derive(Debug, Default)]
pub(super) struct XmlEntities {
    declared: HashMap<String, String>,
    /// What their expansion came to so far.
    spent: u64,
}

/// Internal entities of a document type declaration; comments are matched first, because they
/// declare nothing.
static DECLARATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?s)<!--.*?-->|<!ENTITY\s+([^\s%"'<>&;]+)\s+(?:"([^"]*)"|'([^']*)')"#).ok()
});

impl XmlEntities {
    /// Reads the declarations in a document type; the first of a name counts. External ones are
    /// passed over.
    pub(super) fn declare(&mut self, doctype: &str) {
        for found in DECLARATION
            .iter()
            .flat_map(|pattern| pattern.captures_iter(doctype))
        {
            if let (Some(name), Some(value)) = (found.get(1), found.get(2).or(found.get(3))) {
                self.declared
                    .entry(name.as_str().to_owned())
                    .or_insert_with(|| value.as_str().to_owned());
            }
        }
    }

    /// The text of a name, if known; `at` is the current position in the document.
    ///
    /// # Errors
    /// The entities expand beyond the limit.
    pub(super) fn text_of(&mut self, name: &str, at: u64) -> Result<Option<String>, UnreadCause> {
        self.expanded(name, at, 0)
    }

    /// A text with its names resolved; a bare `&` stays.
    ///
    /// # Errors
    /// The entities expand to more than is ever read.
    pub(super) fn resolved(&mut self, text: &str, at: u64) -> Result<String, UnreadCause> {
        self.resolve(text, at, 0)
    }

    fn expanded(
        &mut self,
        name: &str,
        at: u64,
        depth: usize,
    ) -> Result<Option<String>, UnreadCause> {
        if let Some(own) = predefined(name) {
            return Ok(Some(own.to_owned()));
        }
        let Some(value) = self.declared.get(name).filter(|_| depth < DEEPEST).cloned() else {
            return Ok(name.strip_prefix('#').map_or_else(|| html(name), numbered));
        };
        self.spent += value.len() as u64 + 8;
        if self.spent > ALLOWED + at * MOST_RATIO {
            return Err(UnreadCause::Beyond(format!(
                "its entity declarations expand beyond the size limit, at byte {at}"
            )));
        }
        self.resolve(&value, at, depth + 1).map(Some)
    }

    fn resolve(&mut self, text: &str, at: u64, depth: usize) -> Result<String, UnreadCause> {
        let (mut out, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((before, after)) = rest.split_once('&') {
            out.push_str(before);
            let end = after.bytes().take(LONGEST).position(|byte| byte == b';');
            let known = match end {
                Some(end) => self
                    .expanded(&after[..end], at, depth)?
                    .map(|text| (text, end)),
                None => None,
            };
            match known {
                Some((text, end)) => {
                    out.push_str(&text);
                    rest = &after[end + 1..];
                }
                None => {
                    out.push('&');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The five names that XML itself knows.
fn predefined(name: &str) -> Option<&'static str> {
    match name {
        "amp" => Some("&"),
        "lt" => Some("<"),
        "gt" => Some(">"),
        "quot" => Some("\""),
        "apos" => Some("'"),
        _ => None,
    }
}

/// The one or two characters that HTML defines for a name.
fn html(name: &str) -> Option<String> {
    let (first, second) = NAMED_ENTITIES.get(format!("{name};").as_str())?;
    let letters: String = [*first, *second]
        .into_iter()
        .filter(|code| *code != 0)
        .filter_map(char::from_u32)
        .collect();
    (!letters.is_empty()).then_some(letters)
}

/// The character with a number; numbers of Unicode control characters get the Windows character, as
/// in browsers.
fn numbered(number: &str) -> Option<String> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let windows = code.checked_sub(0x80).and_then(|index| {
        C1_REPLACEMENTS
            .get(usize::try_from(index).ok()?)
            .copied()
            .flatten()
    });
    windows
        .or_else(|| char::from_u32(code).filter(|letter| *letter != '\0'))
        .map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(doctype: &str, text: &str) -> Result<String, UnreadCause> {
        let mut entities = XmlEntities::default();
        entities.declare(doctype);
        entities.resolved(text, 0)
    }

    /// Every name resolves to the same text as in a browser's parser.
    #[test]
    fn every_name_of_html_is_its_letter() {
        let mut names = 0;
        for name in NAMED_ENTITIES
            .keys()
            .filter_map(|name| name.strip_suffix(';'))
        {
            let page = scraper::Html::parse_fragment(&format!("<p>&{name};</p>"));
            let browser: String = page.root_element().text().collect();
            assert_eq!(resolved("", &format!("&{name};")), Ok(browser), "{name}");
            names += 1;
        }
        assert_eq!(names, 2125);
    }

    #[test]
    fn names_numbers_and_what_is_neither() {
        for (text, right) in [
            (
                "man&oelig;uvre &alpha;-x &Scaron; &Zcaron;",
                "manœuvre α-x Š Ž",
            ),
            ("R&D; AT&T & co &amp;amp; &", "R&D; AT&T & co &amp; &"),
            (
                "&#233; &#xE9; &#XE9; &#x1F600; &#150; &#x80;",
                "é é é 😀 – €",
            ),
            (
                "&#0; &#xD800; &#x110000; &#99999999999; &#; &#x;",
                "&#0; &#xD800; &#x110000; &#99999999999; &#; &#x;",
            ),
            ("&unknown; &nbsp &;&&;", "&unknown; &nbsp &;&&;"),
        ] {
            assert_eq!(resolved("", text).as_deref(), Ok(right), "{text}");
        }
    }

    #[test]
    fn declared_names_are_resolved_and_external_ones_are_not() {
        let doctype = r#"jobs [<!-- <!ENTITY no "x"> --><!ENTITY co "Acme &#38; Sons"><!ENTITY co "Other"><!ENTITY long '&co; of &town;'>
            <!ENTITY town "Ulm"><!ENTITY % p "q"><!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY lt "oops"><!ENTITY me "a&me;">]"#;
        assert_eq!(
            resolved(doctype, "&co;, &long; &no; &p; &file; &lt;").as_deref(),
            Ok("Acme & Sons, Acme & Sons of Ulm &no; &p; &file; <")
        );
        assert_eq!(
            resolved(doctype, "&me;").as_deref(),
            Ok("aaaaaaaaaaaaaaaa&me;")
        );
    }

    #[test]
    fn entities_that_multiply_are_refused() {
        let mut doctype = "l [<!ENTITY l0 \"lol\">".to_owned();
        let mut empty = "l [<!ENTITY l0 \"\">".to_owned();
        for level in 1..12 {
            let calls = format!("&l{};", level - 1).repeat(10);
            doctype += &format!("<!ENTITY l{level} \"{calls}\">");
            empty += &format!("<!ENTITY l{level} \"{calls}\">");
        }
        for bomb in [doctype, empty] {
            assert!(matches!(
                resolved(&bomb, "&l11;"),
                Err(UnreadCause::Beyond(_))
            ));
        }
        let plain = format!("l [<!ENTITY a \"{}\">", "x".repeat(60_000));
        assert!(resolved(&plain, &"&a;".repeat(10)).is_ok());
        assert!(resolved(&plain, &"&a;".repeat(100)).is_err());
    }
}
