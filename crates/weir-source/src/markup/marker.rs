//! Markers of list items: bullets, and numbers as browsers count them (`start`, `reversed`,
//! `value`, `type`).

use scraper::ElementRef;
use scraper::node::Element;

/// A list that is being written.
#[derive(Debug)]
pub(super) struct ListMarkers {
    is_ordered: bool,
    style: Option<String>,
    next: i64,
    step: i64,
}

impl ListMarkers {
    /// The markers of a list element.
    pub(super) fn of(list: ElementRef<'_>, is_ordered: bool) -> ListMarkers {
        let is_reversed = is_ordered && list.attr("reversed").is_some();
        let items = || {
            list.child_elements()
                .filter(|child| child.value().name() == "li")
                .count()
        };
        let first = if is_reversed {
            i64::try_from(items()).unwrap_or(1)
        } else {
            1
        };
        ListMarkers {
            is_ordered,
            style: list.attr("type").map(|style| style.trim().to_owned()),
            next: number(list.value(), "start").unwrap_or(first),
            step: if is_reversed { -1 } else { 1 },
        }
    }

    /// The marker of the next item, with the space after it.
    pub(super) fn next(&mut self, item: &Element) -> String {
        if !self.is_ordered {
            return BULLET.to_owned();
        }
        let number = number(item, "value").unwrap_or(self.next);
        self.next = number.saturating_add(self.step);
        let marker = match self.style.as_deref() {
            Some("a") => letters(number),
            Some("A") => letters(number).map(|text| text.to_uppercase()),
            Some("i") => roman(number),
            Some("I") => roman(number).map(|text| text.to_uppercase()),
            _ => None,
        };
        format!("{}. ", marker.unwrap_or_else(|| number.to_string()))
    }
}

/// The marker of an unnumbered item.
pub(super) const BULLET: &str = "* ";

/// The whole number at the beginning of an attribute.
fn number(element: &Element, name: &str) -> Option<i64> {
    let value = element.attr(name)?.trim_start();
    let digits = value.trim_start_matches(['-', '+']);
    let sign = value.len() - digits.len();
    let end = digits
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(digits.len());
    value[..sign + end].parse().ok()
}

/// 1 as `a`, 27 as `aa`.
fn letters(number: i64) -> Option<String> {
    let mut rest = u64::try_from(number).ok().filter(|number| *number > 0)?;
    let mut letters = Vec::new();
    while rest > 0 {
        rest -= 1;
        letters.push(b'a' + u8::try_from(rest % 26).unwrap_or_default());
        rest /= 26;
    }
    letters.reverse();
    String::from_utf8(letters).ok()
}

/// 4 as `iv`.
fn roman(number: i64) -> Option<String> {
    const SIGNS: [(i64, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    let mut rest = Some(number).filter(|number| (1..4000).contains(number))?;
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while rest >= value {
            text.push_str(sign);
            rest -= value;
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_browsers_do() {
        let letter = |number| letters(number).unwrap_or_default();
        assert_eq!(
            [letter(1), letter(26), letter(27), letter(703), letter(0)],
            ["a", "z", "aa", "aaa", ""]
        );
        let numeral = |number| roman(number).unwrap_or_default();
        assert_eq!(
            [numeral(4), numeral(1994), numeral(0), numeral(4000)],
            ["iv", "mcmxciv", "", ""]
        );
    }
}
