//! Reads JSON as pages contain it: several values in a row, comments and CDATA marks around them,
//! control characters and quotes in strings, extra or missing commas, HTML escapes. Valid JSON is
//! read unchanged.
//!
//! Must never guess a value; if repairs are not enough, the text is returned with the reason.

use super::json_text;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use weir_yaml::number;

/// Text that is not JSON, and why.
pub(super) type NoJson = (String, String);

/// The values in a text.
pub(super) fn values(text: &str) -> Vec<Result<Json, NoJson>> {
    let found = read_all(text);
    let is_escaped = ["&quot;", "&#34;", "&#x22;"]
        .iter()
        .any(|quote| text.contains(quote));
    if is_escaped && !found.iter().any(Result::is_ok) {
        // The script was escaped as if it were text of the page.
        let undone = read_all(&without_quotes_escaped(text));
        if undone.iter().any(Result::is_ok) {
            return undone;
        }
    }
    found
}

/// Unescapes the quotes of escaped JSON; escapes within its strings are kept.
fn without_quotes_escaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#x22;", "\"")
        .replace("&amp;", "&")
}

fn read_all(text: &str) -> Vec<Result<Json, NoJson>> {
    let (mut all, mut rest) = (Vec::new(), text);
    while let Some(begin) = begin_of_value(rest) {
        rest = &rest[begin..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        if let Some(Ok(raw)) = values.next()
            && let Ok(value) = number::read(raw.get())
        {
            rest = &rest[values.byte_offset()..];
            all.push(Ok(value));
            continue;
        }
        let (mended, end) = mended(rest);
        let read = number::read(&mended).or_else(|error| {
            // What is wrong may be a number or an escape, which data has, too.
            let (repaired, _) = json_text::mended(mended.as_bytes());
            let repaired = String::from_utf8(repaired).unwrap_or_default();
            number::read(&repaired).map_err(|_| error)
        });
        all.push(read.map_err(|error| (rest[..end].to_owned(), error.to_string())));
        rest = &rest[end..];
    }
    all
}

/// Marks around JSON that contain characters which could start a value.
const MARKS: [&str; 2] = ["<![CDATA[", "]]>"];

/// Where the next value starts.
fn begin_of_value(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        if matches!(letter, '{' | '[') {
            return Some(at);
        }
        let mark = MARKS
            .iter()
            .find(|mark| rest.starts_with(**mark))
            .map(|mark| mark.len());
        at += match (mark, comment(rest)) {
            (Some(length), _) | (None, Some(length)) => length,
            (None, None) => letter.len_utf8(),
        };
    }
    None
}

fn is_comment(text: &str) -> bool {
    text.starts_with("//") || text.starts_with("/*")
}

/// The length of a script comment that starts here. A line comment ends before a value.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("/*") {
        return Some(text.find("*/").map_or(text.len(), |end| end + 2));
    }
    text.starts_with("//")
        .then(|| text.find(['\n', '\r', '<', '{', '[']).unwrap_or(text.len()))
}

/// A value with common errors repaired, and where it ends.
fn mended(text: &str) -> (String, usize) {
    let mut mending = LooseMending {
        out: String::with_capacity(text.len()),
        solid: 0,
        depth: 0,
        in_text: false,
    };
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        at += if mending.in_text {
            mending.in_text(rest, letter)
        } else {
            mending.between(rest, letter)
        };
        if mending.depth == 0 {
            break;
        }
    }
    (mending.out, at)
}

struct LooseMending {
    out: String,
    /// The length up to the last character that is not whitespace.
    solid: usize,
    depth: usize,
    in_text: bool,
}

impl LooseMending {
    /// Handles a character outside a string; returns how far to advance.
    fn between(&mut self, rest: &str, letter: char) -> usize {
        let last = self.out[..self.solid].chars().next_back();
        match letter {
            '/' if is_comment(rest) => return comment(rest).unwrap_or(1),
            ',' if last == Some(',') => return 1,
            '}' | ']' => {
                self.out
                    .truncate(self.solid - usize::from(last == Some(',')));
                self.depth -= 1;
            }
            '{' | '[' => {
                self.out.push_str(if matches!(last, Some('}' | ']')) {
                    ","
                } else {
                    ""
                });
                self.depth += 1;
            }
            '"' => self.in_text = true,
            _ => {}
        }
        if letter.is_whitespace() || letter == '\u{feff}' {
            self.out.push(' ');
        } else {
            self.out.push(letter);
            self.solid = self.out.len();
        }
        letter.len_utf8()
    }

    /// Handles a character in a string; returns how far to advance.
    fn in_text(&mut self, rest: &str, letter: char) -> usize {
        match letter {
            '\\' => return self.escape(rest),
            '"' if ends_text(&rest[1..]) => {
                self.in_text = false;
                self.out.push('"');
                self.solid = self.out.len();
            }
            '"' => self.out.push_str("\\\""),
            '\n' => self.out.push_str("\\n"),
            letter if letter.is_control() => self.out.push(' '),
            letter => self.out.push(letter),
        }
        letter.len_utf8()
    }

    /// Handles an escape; an invalid one becomes the character after the backslash.
    fn escape(&mut self, rest: &str) -> usize {
        let Some(next) = rest[1..].chars().next() else {
            return 1;
        };
        let is_code = next == 'u'
            && rest
                .get(2..6)
                .is_some_and(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match next {
            '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => self.out.extend(['\\', next]),
            'u' if is_code => self.out.push_str("\\u"),
            'u' | 'x' => self.out.extend(['\\', '\\', next]),
            '\n' => self.out.push_str("\\n"),
            next if next.is_control() => self.out.push(' '),
            next => self.out.push(next),
        }
        1 + next.len_utf8()
    }
}

/// Whether a quote before this text ends a string: a comma, colon, bracket, comment or the end
/// follows.
fn ends_text(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with([',', ':', '}', ']']) || is_comment(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str) -> Vec<Json> {
        values(text)
            .into_iter()
            .map(|value| value.unwrap_or_else(|(_, why)| panic!("{text}: {why}")))
            .collect()
    }

    #[test]
    fn what_stands_around_values_is_passed_over() {
        let value = r#"{"a":"]]> // <!-- /* ["}"#;
        for text in [
            format!("<!--\n{value}\n-->"),
            format!("//<![CDATA[\n{value}\n//]]>"),
            format!("/*<![CDATA[*/{value}/*]]>*/"),
            format!("<![CDATA[{value}]]>"),
            format!("// vacancy\n/* [1] {{ */ {value};"),
            format!("\u{feff} var x = {value};;"),
        ] {
            assert_eq!(read(&text), [json!({"a": "]]> // <!-- /* ["})], "{text}");
        }
        assert_eq!(
            read("{\"a\":1}\n{\"b\":2}, [3]"),
            [json!({"a": 1}), json!({"b": 2}), json!([3])]
        );
        assert!(read(" ; // nothing").is_empty());
    }

    #[test]
    fn what_is_nearly_json_is_mended() {
        for (text, value) in [
            (
                "{\"a\":\"two\nlines\t\",\"b\":[1,],}",
                json!({"a": "two\nlines ", "b": [1]}),
            ),
            ("{\"a\":1,,\"b\":2}", json!({"a": 1, "b": 2})),
            ("[{\"a\":1} {\"a\":2},]", json!([{"a": 1}, {"a": 2}])),
            (
                "{\"a\":\"the \"best\" job\",\"b\":1,}",
                json!({"a": "the \"best\" job", "b": 1}),
            ),
            (
                "{\"a\":\"it\\'s C:\\x \\u00e9 \\u12\"}",
                json!({"a": "it's C:\\x é \\u12"}),
            ),
            ("{/* c */\"a\": 1, // d\n\"b\": 2}", json!({"a": 1, "b": 2})),
            ("{&quot;a&quot;:&quot;R&amp;D&quot;}", json!({"a": "R&D"})),
            ("{\"a\":\"&quot;x&quot;\"}", json!({"a": "&quot;x&quot;"})),
        ] {
            assert_eq!(read(text), [value], "{text}");
        }
    }

    #[test]
    fn what_cannot_be_mended_is_handed_back() {
        let all = values("{\"a\":1}{\"b\":x}{\"c\":3}[\"cut");
        assert_eq!(
            all.iter().map(Result::is_ok).collect::<Vec<_>>(),
            [true, false, true, false]
        );
        assert_eq!(all[1].as_ref().unwrap_err().0, "{\"b\":x}");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_json_is_read_as_it_is(text in "[\\[\\]{}\",:/*<!a1é\\\\ \n-]{0,60}", word in ".{0,20}") {
            values(&text);
            let value = json!({"a": [word, {"b": text}]});
            prop_assert_eq!(read(&format!("<!-- {value} -->")), [value]);
        }
    }
}
