//! Makes foreign text fit to be drawn: cleaned, measured, shortened, escaped.
//!
//! Labels may carry scraped text, so everything that any drawing writes passes through [`clean`]
//! first. It must never let a control or direction-changing character through: they could repaint a
//! terminal or hide markup.
//!
//! To draw a new script better, extend [`columns`] (terminal cells) or [`pixels`] (SVG estimate).

use weir_model::untrusted::is_unsafe;

/// One line without control, format or unprintable characters; runs of white space become one
/// space.
pub(super) fn clean(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_hidden(*c))
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that draw nothing, or change how others are drawn: unsafe ones, those that vary the
/// one before them, and those whose look every font decides for itself.
fn is_hidden(c: char) -> bool {
    is_unsafe(c) || matches!(u32::from(c), 0xFE00..=0xFE0F | 0xE000..=0xF8FF | 0xE_0000..=0x10_FFFF)
}

/// Terminal cells that one character takes.
pub(super) fn columns(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36F
        | 0x483..=0x489
        | 0x591..=0x5BD
        | 0x64B..=0x65F
        | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF
        | 0x20D0..=0x20FF
        | 0xFE20..=0xFE2F => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Terminal cells that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The text, or its beginning and `…` where it would take more than `room` by the measure `of`.
pub(super) fn shorten(text: &str, room: usize, of: fn(char) -> usize) -> String {
    if text.chars().map(of).sum::<usize>() <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(of('…'));
    let mut short = String::new();
    for c in text.chars() {
        let wide = of(c);
        if wide > left {
            break;
        }
        left -= wide;
        short.push(c);
    }
    let kept = short.trim_end().len();
    short.truncate(kept);
    if room >= of('…') {
        short.push('…');
    }
    short
}

/// Width of a character in hundredths of the font size, as in the widest of the usual sans-serif
/// fonts (DejaVu Sans): what fits by this measure fits everywhere.
pub(super) fn pixels(c: char) -> usize {
    match c {
        'i' | 'j' | 'l' | '\'' => 29,
        '.' | ',' | ':' | ';' | '|' | '/' | '\\' | 'I' | ' ' | '·' => 35,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '!' => 41,
        '"' | '_' | '*' | '`' => 51,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | '?' => 60,
        'M' | 'w' | '<' | '>' | '+' | '=' | '~' | '^' | '#' | '→' => 86,
        'm' | 'W' | '@' | '%' | '…' => 100,
        'A'..='Z' | '&' | '{' | '}' | '$' => 76,
        _ if c.is_ascii() => 64,
        _ if columns(c) == 2 => 110,
        _ => 72 * columns(c),
    }
}

/// Text for XML content and attributes in double or single quotes.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// A word made of `a-z`, `0-9` and `-` only: safe as a class name in any output.
pub(super) fn slug(text: &str) -> String {
    let word: String = text
        .chars()
        .take(40)
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    if word.is_empty() {
        "other".to_owned()
    } else {
        word
    }
}
