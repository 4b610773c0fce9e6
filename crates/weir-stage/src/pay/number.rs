//! One number as written: western and Indian groups, spaces and apostrophes between them, a decimal
//! comma. A number whose form is not understood has no value: it must never become a smaller one,
//! such as 5 for `5,00,00` or 90 for `90, 000`.

/// A number in a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Numeral {
    /// The value; `None` if the form is not understood.
    pub(super) amount: Option<f64>,
    /// How many digits there are.
    pub(super) digits: usize,
    /// Whether it consists of digits only.
    pub(super) is_plain: bool,
    /// Whether it starts with an insignificant zero: `0400`.
    pub(super) is_padded: bool,
    /// One point before three digits: `3.500` is thousands to some and three decimals to others.
    pub(super) is_dotted: bool,
    /// Whether its groups are separated by spaces.
    pub(super) is_spaced: bool,
    /// Whether its thousands are separated.
    pub(super) is_grouped: bool,
}

/// How the numbers of a text are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberStyle {
    /// Whether a comma may precede two decimals, because none separates thousands.
    decimal_comma: bool,
}

impl NumberStyle {
    /// The style of a text.
    pub(super) fn of(letters: &[char]) -> NumberStyle {
        let is_group = |part: &[char]| {
            part[0].is_ascii_digit() && part[1] == ',' && part[2..].iter().all(char::is_ascii_digit)
        };
        NumberStyle {
            decimal_comma: !letters.windows(5).any(is_group),
        }
    }
}

/// The number that starts at a digit, and where it ends.
pub(super) fn numeral(letters: &[char], start: usize, style: NumberStyle) -> (usize, Numeral) {
    let parts = DigitGroups::at(letters, start);
    let is_plain = parts.rest.is_empty();
    let first = &letters[start..start + parts.first];
    let is_spaced = parts.rest.iter().any(|(sign, _)| *sign == ' ');
    let numeral = Numeral {
        amount: parts
            .amount(letters, start, style)
            .filter(|_| !is_torn(letters, parts.end)),
        digits: parts.first + parts.rest.iter().map(|(_, count)| count).sum::<usize>(),
        is_plain,
        is_padded: first.len() > 1 && first[0] == '0',
        is_dotted: matches!(parts.rest[..], [('.', 3)]),
        is_spaced,
        is_grouped: parts.split(style).is_some_and(|(groups, _)| groups > 0),
    };
    (parts.end, numeral)
}

/// Digits, and the separators between them.
struct DigitGroups {
    first: usize,
    rest: Vec<(char, usize)>,
    end: usize,
}

impl DigitGroups {
    fn at(letters: &[char], start: usize) -> DigitGroups {
        let digits = |from: usize| {
            letters
                .iter()
                .skip(from)
                .take_while(|letter| letter.is_ascii_digit())
                .count()
        };
        let first = digits(start);
        let mut parts = DigitGroups {
            first,
            rest: Vec::new(),
            end: start + first,
        };
        while let Some(sign) = letters
            .get(parts.end)
            .copied()
            .filter(|sign| matches!(sign, ',' | '.' | '\'' | ' '))
        {
            let count = digits(parts.end + 1);
            let goes_on = if sign == ' ' {
                parts.has_blank_groups() && count == 3
            } else {
                count > 0
            };
            if !goes_on {
                break;
            }
            parts.rest.push((sign, count));
            parts.end += 1 + count;
        }
        parts
    }

    /// Whether a space may precede three more digits.
    fn has_blank_groups(&self) -> bool {
        self.first <= 3
            && self
                .rest
                .iter()
                .all(|(sign, count)| *sign == ' ' && *count == 3)
    }

    fn amount(&self, letters: &[char], start: usize, style: NumberStyle) -> Option<f64> {
        let (groups, decimals) = self.split(style)?;
        let mut text = String::new();
        let mut at = start;
        let counts = std::iter::once(self.first).chain(self.rest.iter().map(|(_, count)| *count));
        for (index, count) in counts.enumerate() {
            if index > groups {
                text.push('.');
            }
            text.extend(&letters[at..at + count]);
            at += count + 1;
        }
        (groups + decimals == self.rest.len())
            .then(|| text.parse().ok())
            .flatten()
    }

    /// How many of the parts are groups of thousands, and whether the last one is decimals.
    fn split(&self, style: NumberStyle) -> Option<(usize, usize)> {
        let Some(((last, count), groups)) = self.rest.split_last() else {
            return Some((0, 0));
        };
        if self.is_grouped(&self.rest) {
            return Some((self.rest.len(), 0));
        }
        let is_decimal = match last {
            '.' => !groups.iter().any(|(sign, _)| *sign == '.'),
            // `$65,7` was cut off; it is not 65.7.
            ',' => {
                *count == 2
                    && (style.decimal_comma || !groups.is_empty())
                    && !groups.iter().any(|(sign, _)| *sign == ',')
            }
            _ => false,
        };
        (is_decimal && (groups.is_empty() || self.is_grouped(groups))).then_some((groups.len(), 1))
    }

    /// `1,234,567` or, in India, `12,34,567`.
    fn is_grouped(&self, groups: &[(char, usize)]) -> bool {
        let Some(((sign, last), inner)) = groups.split_last() else {
            return false;
        };
        let is_one_sign = inner.iter().all(|(other, _)| other == sign);
        let is_western = self.first <= 3 && inner.iter().all(|(_, count)| *count == 3);
        let is_indian = *sign == ','
            && self.first <= 2
            && !inner.is_empty()
            && inner.iter().all(|(_, count)| *count == 2);
        is_one_sign && *last == 3 && (is_western || is_indian)
    }
}

/// Whether the number continues after a space that belongs to no style: `90, 000`, `90 ,000`.
fn is_torn(letters: &[char], end: usize) -> bool {
    let rest = letters.get(end..).unwrap_or_default();
    let gap = rest
        .iter()
        .take_while(|sign| matches!(sign, ' ' | ',' | '.' | '\''))
        .count();
    let has_sign = rest[..gap].iter().any(|sign| *sign != ' ');
    let digits = rest[gap..]
        .iter()
        .take_while(|letter| letter.is_ascii_digit())
        .count();
    has_sign && gap > 1 && rest[gap..].starts_with(&['0', '0', '0']) && digits == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<f64> {
        let letters: Vec<char> = text.chars().collect();
        numeral(&letters, 0, NumberStyle::of(&letters)).1.amount
    }

    #[test]
    fn numbers_are_read_whole_or_not_at_all() {
        for (text, meant) in [
            ("0", 0.0),
            ("45", 45.0),
            ("45.5", 45.5),
            ("35.4217", 35.4217),
            ("0.85", 0.85),
            ("86,439", 86_439.0),
            ("86,439.50", 86_439.5),
            ("1,234,567", 1_234_567.0),
            ("5,00,000", 500_000.0),
            ("12,34,567.50", 1_234_567.5),
            ("1,00,00,000", 10_000_000.0),
            ("3.500", 3500.0),
            ("1.234.567,89", 1_234_567.89),
            ("3.500,50", 3500.5),
            ("19,50", 19.5),
            ("3 500", 3500.0),
            ("1 234 567,89", 1_234_567.89),
            ("100'000.50", 100_000.5),
            ("95,000.", 95_000.0),
        ] {
            assert_eq!(read(text), Some(meant), "{text}");
        }
        for text in [
            "5,00,00",
            "65,7",
            "86,4390",
            "1,23,45",
            "1,23.456,7",
            "1.2.3",
            "12,345,67",
            "90, 000",
            "90 ,000",
            "1'00",
            "86,439,1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
