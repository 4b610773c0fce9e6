//! What a single written value means.
//!
//! The rules are the core schema of YAML 1.2: only `true` and `false` are booleans (`no` and `on`
//! are text), only unquoted text can be anything but text, and the text as written is always kept.

/// How a value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenStyle {
    Plain,
    Single,
    Double,
    Block,
}

/// One written value.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) style: WrittenStyle,
    /// Tagged `!!str`: text, even when it looks like something else.
    pub(super) is_text: bool,
    /// The characters in the file, quotes and indentation included, and where they begin.
    pub(super) raw: Box<str>,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What the text stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ScalarMeaning {
    Nothing,
    Boolean(bool),
    Whole(i128),
    Real(f64),
    Text,
}

impl Scalar {
    pub(super) fn meaning(&self) -> ScalarMeaning {
        if self.is_text || self.style != WrittenStyle::Plain {
            ScalarMeaning::Text
        } else {
            plain(&self.text)
        }
    }

    pub(super) fn described(&self) -> String {
        let short = shortened(&self.text);
        match self.meaning() {
            ScalarMeaning::Nothing => "nothing".to_string(),
            ScalarMeaning::Boolean(value) => format!("`{value}`"),
            ScalarMeaning::Whole(_) | ScalarMeaning::Real(_) => format!("the number `{short}`"),
            ScalarMeaning::Text => format!("the text `{short}`"),
        }
    }
}

/// The first line of a text, at most about a dozen words.
pub(super) fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(40).collect();
    if short.len() == text.trim_end().len() {
        short
    } else {
        format!("{}...", short.trim_end())
    }
}

fn plain(text: &str) -> ScalarMeaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarMeaning::Nothing,
        "true" | "True" | "TRUE" => ScalarMeaning::Boolean(true),
        "false" | "False" | "FALSE" => ScalarMeaning::Boolean(false),
        _ => number(text).unwrap_or(ScalarMeaning::Text),
    }
}

fn number(text: &str) -> Option<ScalarMeaning> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return in_base(hexadecimal, 16);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return in_base(octal, 8);
    }
    match digits {
        ".inf" | ".Inf" | ".INF" => Some(ScalarMeaning::Real(if text.starts_with('-') {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        })),
        ".nan" | ".NaN" | ".NAN" => Some(ScalarMeaning::Real(f64::NAN)),
        _ if digits.bytes().all(|byte| byte.is_ascii_digit()) && text.len() < 38 => {
            text.parse().map(ScalarMeaning::Whole).ok()
        }
        _ if is_real(digits) => text.parse().map(ScalarMeaning::Real).ok(),
        _ => None,
    }
}

fn in_base(digits: &str, base: u32) -> Option<ScalarMeaning> {
    let is_number = digits.chars().all(|one| one.is_digit(base));
    i128::from_str_radix(digits, base)
        .ok()
        .filter(|_| is_number)
        .map(ScalarMeaning::Whole)
}

/// Digits with a point or an exponent; not `1.2.3`, `e5`, `1_000`, `inf`.
fn is_real(digits: &str) -> bool {
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.contains(|one: char| one.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_means_what_yaml_1_2_says() {
        assert_eq!(plain("no"), ScalarMeaning::Text);
        assert_eq!(plain("on"), ScalarMeaning::Text);
        assert_eq!(plain("True"), ScalarMeaning::Boolean(true));
        assert_eq!(plain("~"), ScalarMeaning::Nothing);
        assert_eq!(plain("-12"), ScalarMeaning::Whole(-12));
        assert_eq!(plain("+7"), ScalarMeaning::Whole(7));
        assert_eq!(plain("0x1f"), ScalarMeaning::Whole(31));
        assert_eq!(plain("0o17"), ScalarMeaning::Whole(15));
        assert_eq!(plain("1.10"), ScalarMeaning::Real(1.1));
        assert_eq!(plain("1e3"), ScalarMeaning::Real(1000.0));
        assert_eq!(plain("-.inf"), ScalarMeaning::Real(f64::NEG_INFINITY));
        for text in [
            "1.2.3",
            "2026-01-10",
            "1_000",
            "12h",
            "20%",
            "e5",
            "inf",
            "nan",
            "-",
            "+",
            ".",
            "-0x1",
            "0x-1",
            "12:30",
        ] {
            assert_eq!(plain(text), ScalarMeaning::Text, "{text}");
        }
    }

    #[test]
    fn long_text_is_shortened_for_messages() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened("first\nsecond"), "first...");
        assert_eq!(shortened(&"x".repeat(50)), format!("{}...", "x".repeat(40)));
    }
}
