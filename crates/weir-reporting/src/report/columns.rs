//! Aligned columns of text, and formatting of sizes, durations and ratios. Control characters of
//! scraped text never reach a terminal.

use chrono::TimeDelta;
use std::fmt::Write;
use weir_model::untrusted::Untrusted;
use weir_project::plan::picture::thousands;

/// Rows in aligned columns: the first `left` columns to the left, the others to the right.
pub fn columns(rows: &[Vec<String>], left: usize) -> String {
    let widths = widths(rows);
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().enumerate().map(|(index, cell)| {
            let gap = " ".repeat(widths[index].saturating_sub(cell.chars().count()));
            if index < left {
                format!("{cell}{gap}")
            } else {
                format!("{gap}{cell}")
            }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "  {}", line.trim_end());
    }
    out
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    (0..count)
        .map(|index| {
            rows.iter()
                .filter_map(|row| row.get(index))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect()
}

/// Bytes: `1.4 MB`.
pub fn size(bytes: i64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
    let mut size = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size.abs() < 1000.0 {
            return if unit == "B" {
                format!("{bytes} B")
            } else {
                format!("{size:.1} {unit}")
            };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// A span in its two largest units: `3 h 20 min`.
pub fn span_words(span: TimeDelta) -> String {
    let minutes = span.num_minutes();
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// Milliseconds: `12 ms`, `3.4 s`, `2 min 10 s`.
pub fn took(millis: i64) -> String {
    match millis {
        ..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// A number of things: `1 job`, `2,345 jobs`.
pub fn counted(number: usize, thing: &str) -> String {
    format!(
        "{} {thing}{}",
        thousands(i64::try_from(number).unwrap_or(i64::MAX)),
        if number == 1 { "" } else { "s" }
    )
}

/// A ratio: `3.1 %`.
pub fn share(part: i64, whole: i64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    #[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
    let percent = part as f64 * 100.0 / whole as f64;
    format!("{percent:.1} %")
}

/// One line of scraped text: unsafe characters escaped, cut to `width`.
pub fn line(text: &str, width: usize) -> String {
    let clean = Untrusted(text).to_string();
    if clean.chars().count() <= width {
        clean
    } else {
        clean
            .chars()
            .take(width.saturating_sub(1))
            .chain(['…'])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_two_units() {
        let told = |minutes| span_words(TimeDelta::minutes(minutes));
        assert_eq!(
            [5, 60, 200, 1440, 1440 + 125, 9 * 1440 + 59].map(told),
            ["5 min", "1 h", "3 h 20 min", "1 d", "1 d 2 h", "9 d"]
        );
    }

    #[test]
    fn words_for_sizes_times_and_shares() {
        assert_eq!(
            [size(12), size(1_400_000), size(-2000)],
            ["12 B", "1.4 MB", "-2.0 kB"]
        );
        assert_eq!(
            [took(12), took(3456), took(130_000)],
            ["12 ms", "3.4 s", "2 min 10 s"]
        );
        assert_eq!(
            [counted(0, "job"), counted(1, "job"), counted(2345, "job")],
            ["0 jobs", "1 job", "2,345 jobs"]
        );
        assert_eq!([share(1, 0), share(31, 1000)], ["-", "3.1 %"]);
        assert_eq!(line("a\u{1b}[31mb", 9), "a\\u001b[…");
        assert_eq!(line("a\u{202e}b\nc", 12), "a\\u202eb c");
    }
}
