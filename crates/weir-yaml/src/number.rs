//! Numbers as texts. JSON libraries write one number in many ways (`7`, `7.0`, `1e3`), and read
//! long ones into floats that no longer tell them apart. Wherever a number becomes a text (an id, a
//! place, a cursor, a hash) it is written here, so that it is always the same text.
//!
//! It must never change a text: `"7.0"` in quotes stays as it is. And it must never round what is
//! whole.

use serde::de::DeserializeOwned;
use serde_json::{Number, Value as Json};
use std::borrow::Cow;

/// Digits of the longest number that is written without an exponent.
const MOST_DIGITS: usize = 400;

/// The one way to write a number: no exponent, no zeros before or behind, no point behind a whole
/// number. `None` if the text is no JSON number, or a number of too many digits.
pub fn plain(text: &str) -> Option<String> {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |digits| ("-", digits));
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = !whole.is_empty()
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|digit| digit.is_ascii_digit());
    if !is_number {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let (whole, fraction) = split_at_point(&all, point)?;
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    let whole = if whole.is_empty() { "0" } else { whole };
    match fraction {
        "" if whole == "0" => Some("0".to_owned()),
        "" => Some(format!("{sign}{whole}")),
        _ => Some(format!("{sign}{whole}.{fraction}")),
    }
}

/// The digits before and behind the point, which may stand outside of them.
fn split_at_point(digits: &str, point: i64) -> Option<(String, String)> {
    if digits.bytes().all(|digit| digit == b'0') {
        return Some((String::new(), String::new()));
    }
    match usize::try_from(point) {
        Ok(point) if point > MOST_DIGITS.max(digits.len()) => None,
        Ok(point) if point >= digits.len() => Some((format!("{digits:0<point$}"), String::new())),
        Ok(point) => Some((digits[..point].to_owned(), digits[point..].to_owned())),
        Err(_) => {
            let zeros = usize::try_from(point.unsigned_abs())
                .ok()
                .filter(|zeros| *zeros <= MOST_DIGITS)?;
            Some((String::new(), format!("{}{digits}", "0".repeat(zeros))))
        }
    }
}

/// A number as text: `7` for 7.0.
pub fn text_of(number: &Number) -> String {
    let written = number.to_string();
    if number.is_f64() {
        plain(&written).unwrap_or(written)
    } else {
        written
    }
}

/// A number in its one form: the integer that a float is, where an integer can hold it.
pub fn canonical(number: &Number) -> Number {
    let is_fraction = || number.as_f64().is_some_and(|float| float.fract() != 0.0);
    if number.is_f64() && !is_fraction() {
        plain(&number.to_string())
            .and_then(|text| integer(&text))
            .unwrap_or_else(|| number.clone())
    } else {
        number.clone()
    }
}

/// The number that stands in a text, if it can be kept without rounding what is whole.
pub fn parse(text: &str) -> Option<Number> {
    let plain = plain(text.strip_prefix('+').unwrap_or(text))?;
    if let Some(integer) = integer(&plain) {
        return Some(integer);
    }
    let float = Number::from_f64(plain.parse().ok()?)?;
    let is_kept = plain.contains('.') || text_of(&float) == plain;
    is_kept.then_some(float)
}

fn integer(plain: &str) -> Option<Number> {
    plain
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| plain.parse::<u64>().map(Number::from))
        .ok()
}

/// Writes every number of a value in its one form.
pub fn canonize(value: &mut Json) {
    match value {
        Json::Number(number) => *number = canonical(number),
        Json::Array(items) => items.iter_mut().for_each(canonize),
        Json::Object(map) => map.values_mut().for_each(canonize),
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}

/// Whether [`canonize`] would change anything.
pub fn is_canonical(value: &Json) -> bool {
    match value {
        Json::Number(number) => canonical(number) == *number,
        Json::Array(items) => items.iter().all(is_canonical),
        Json::Object(map) => map.values().all(is_canonical),
        Json::Null | Json::Bool(_) | Json::String(_) => true,
    }
}

/// Reads JSON so that no number loses digits: whole numbers that are too long for the machine's
/// come as texts, as they are written.
///
/// # Errors
/// The text is no JSON, or not of that type.
pub fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(&unrounded(text))
}

/// The JSON text with other words for the numbers that would be rounded, or could not be held.
fn unrounded(text: &str) -> Cow<'_, str> {
    let mut kept: Option<String> = None;
    let mut done = 0;
    for (start, end) in NumberScanner::of(text) {
        let token = &text[start..end];
        if let Some(instead) = instead(token) {
            let kept = kept.get_or_insert_with(|| String::with_capacity(text.len() + 16));
            kept.push_str(&text[done..start]);
            kept.push_str(&instead);
            done = end;
        }
    }
    match kept {
        Some(mut kept) => {
            kept.push_str(&text[done..]);
            Cow::Owned(kept)
        }
        None => Cow::Borrowed(text),
    }
}

/// The digits that a float keeps, whatever they are.
const SAFE_DIGITS: usize = 15;

/// What to write for a number that would be read as another: its digits, in quotes where no
/// machine's number has as many.
fn instead(token: &str) -> Option<String> {
    let is_float = token.contains(['.', 'e', 'E']);
    let is_safe = token.len() <= SAFE_DIGITS && !token.contains(['e', 'E']);
    if is_safe || serde_json::from_str::<&serde_json::value::RawValue>(token).is_err() {
        return None;
    }
    let Some(plain) = plain(token) else {
        return Some(format!("\"{token}\""));
    };
    match integer(&plain) {
        Some(_) => (is_float && plain.len() > SAFE_DIGITS).then_some(plain),
        None => parse(&plain).is_none().then(|| format!("\"{plain}\"")),
    }
}

/// Where numbers stand in a JSON text, outside of its strings.
struct NumberScanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl NumberScanner<'_> {
    fn of(text: &str) -> NumberScanner<'_> {
        NumberScanner {
            bytes: text.as_bytes(),
            at: 0,
        }
    }

    /// Passes a string, whose opening quote has been passed.
    fn pass_string(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                return;
            }
        }
    }
}

impl Iterator for NumberScanner<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            let start = self.at;
            self.at += 1;
            if byte == b'"' {
                self.pass_string();
            } else if byte == b'-' || byte.is_ascii_digit() {
                let is_part = |byte: &u8| {
                    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
                };
                let more = self.bytes[self.at..]
                    .iter()
                    .take_while(|byte| is_part(byte))
                    .count();
                self.at += more;
                return Some((start, self.at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_number_is_written_in_one_way() {
        let ways: [(&str, &[&str]); 12] = [
            ("7", &["7", "7.0", "7.000", "70e-1", "0.7e1", "0.7E+1"]),
            (
                "1000",
                &["1000", "1e3", "1E3", "1.0e+3", "10000e-1", "1000.0"],
            ),
            ("0", &["0", "-0", "0.0", "-0.0", "0e99", "0e-9999"]),
            ("-7", &["-7", "-7.0", "-70e-1"]),
            ("1.5", &["1.5", "1.50", "15e-1", "0.15e1"]),
            ("0.001", &["1e-3", "0.0010"]),
            (
                "9007199254740993",
                &[
                    "9007199254740993",
                    "9007199254740993.0",
                    "9.007199254740993e15",
                ],
            ),
            (
                "18446744073709551616",
                &["18446744073709551616", "18446744073709551616.00"],
            ),
            (
                "12345678901234567890123",
                &["12345678901234567890123", "1.2345678901234567890123e22"],
            ),
            ("100000000000000000000", &["1e20", "100000000000000000000"]),
            ("-12.25", &["-12.25", "-1225e-2"]),
            ("10", &["10", "1e1", "10.0"]),
        ];
        for (wanted, written) in ways {
            for text in written {
                assert_eq!(plain(text).as_deref(), Some(wanted), "{text}");
            }
        }
        for text in [
            "",
            "-",
            "x",
            "1x",
            "1e",
            "e3",
            "1e99999999999",
            "1e401",
            "1e-500",
            "--1",
            "1.2.3",
            ".5",
            "+1",
            " 1",
            "0x1f",
            "inf",
            "NaN",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn json_is_read_without_rounding_what_is_whole() {
        let text = r#"{"a":12345678901234567890123,"b":[1e3,-0,7.0,1e400,18446744073709551615],"c":"12345678901234567890123","\"1e400":0.1}"#;
        let read: Json = read(text).unwrap();
        let wanted = json!({
            "a": "12345678901234567890123", "b": [1000.0, -0.0, 7.0, "1e400", u64::MAX], "c": "12345678901234567890123", "\"1e400": 0.1,
        });
        assert_eq!(read, wanted);
        assert_eq!(
            super::read::<Json>("-98765432109876543210").unwrap(),
            json!("-98765432109876543210")
        );
        // Fractions may lose digits that nobody counts.
        assert_eq!(
            super::read::<Json>("3.14159265358979323846264338327950288").unwrap(),
            json!(std::f64::consts::PI)
        );
        for bad in [
            "01",
            "1.",
            "--1",
            "1e",
            "123456789012345678901234567890.",
            "0123456789012345678901234567890",
            "[1 2]",
            "1e400e1",
            "\"",
            "\"\\",
        ] {
            assert!(super::read::<Json>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn floats_that_are_whole_are_integers() {
        let mut value = json!({"a": [7.0, 1e3, -0.0, 1.5, 1e300], "b": {"c": 1e16, "d": "7.0"}});
        assert!(!is_canonical(&value));
        canonize(&mut value);
        assert_eq!(
            value.to_string(),
            r#"{"a":[7,1000,0,1.5,1e+300],"b":{"c":10000000000000000,"d":"7.0"}}"#
        );
        assert!(is_canonical(&value));
    }

    #[test]
    fn texts_that_hold_numbers_are_kept_or_nothing() {
        let parsed = |text: &str| parse(text).map(|number| number.to_string());
        assert_eq!(parsed("+12.50").as_deref(), Some("12.5"));
        assert_eq!(parsed("7.0").as_deref(), Some("7"));
        assert_eq!(parse("1e30"), Number::from_f64(1e30));
        assert_eq!(parsed("12345678901234567890123"), None);
        assert_eq!(parsed("1,000"), None);
    }

    proptest! {
        #[test]
        fn every_way_to_write_a_number_gives_one_text(whole in 0u64..=u64::MAX, shift in 0usize..19, zeros in 0usize..4) {
            let digits = whole.to_string();
            let (left, right) = digits.split_at(shift.min(digits.len() - 1).max(1).min(digits.len()));
            let exponent = right.len();
            let scientific = format!("{left}.{right}{}e{exponent}", "0".repeat(zeros.max(usize::from(right.is_empty()))));
            prop_assert_eq!(plain(&scientific), Some(digits.clone()));
            prop_assert_eq!(plain(&format!("{digits}.0{}", "0".repeat(zeros))), Some(digits.clone()));
            prop_assert_eq!(read::<Json>(&scientific).ok().map(|value| if let Json::Number(number) = value { text_of(&number) } else { String::new() }), Some(digits));
        }

        #[test]
        fn what_is_json_stays_json(text in r#"[\[\]{}":,0-9eE.+\-\\ a]{0,40}"#) {
            plain(&text);
            let (exact, usual) = (read::<Json>(&text), serde_json::from_str::<Json>(&text));
            prop_assert!(usual.is_err() || exact.is_ok());
            let is_range = usual.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            prop_assert!(exact.is_err() || usual.is_ok() || is_range);
        }
    }
}
