//! The functions that rule and mapping authors may call beyond Rhai's own: dates with arithmetic, texts, URLs.
//! Each must be total (no panic on any argument), pure and cheap. Add one here with a line in
//! `docs/reference/rules.md`.

use chrono::{Datelike, Days, Months, NaiveDate};
use rhai::{Engine, EvalAltResult};

/// A date as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub NaiveDate);

/// A span of time, as made by `months(6)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    months: i64,
    days: i64,
}

impl Span {
    /// A span as people write it: `6 months`, `30 days`, `2 weeks`, `1 year`.
    pub fn parse(text: &str) -> Option<Span> {
        let unit = text.find(|letter: char| !letter.is_ascii_digit())?;
        let number: i64 = text[..unit].parse().ok()?;
        let months = |each: i64| Some(Span { months: number.checked_mul(each)?, days: 0 });
        match text[unit..].trim() {
            "day" | "days" => Some(Span { months: 0, days: number }),
            "week" | "weeks" => Some(Span { months: 0, days: number.checked_mul(7)? }),
            "month" | "months" => months(1),
            "year" | "years" => months(12),
            _ => None,
        }
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
        match (self.months, self.days) {
            (months, 0) if months != 0 && months % 12 == 0 => f.write_str(&of(months / 12, "year")),
            (months, 0) if months != 0 => f.write_str(&of(months, "month")),
            (_, days) => f.write_str(&of(days, "day")),
        }
    }
}

/// Names of the functions registered here, for `did you mean`.
pub const FUNCTIONS: [&str; 12] =
    ["date", "months", "days", "years", "year", "month", "day", "domain_of", "on_domain", "is_url", "is_blank", "contains_any"];

/// Registers everything.
pub fn register(engine: &mut Engine) {
    register_dates(engine);
    register_spans(engine);
    register_texts(engine);
}

fn register_dates(engine: &mut Engine) {
    engine.register_type_with_name::<Date>("date");
    engine.register_fn("==", |a: Date, b: Date| a == b).register_fn("!=", |a: Date, b: Date| a != b);
    engine.register_fn("<", |a: Date, b: Date| a < b).register_fn("<=", |a: Date, b: Date| a <= b);
    engine.register_fn(">", |a: Date, b: Date| a > b).register_fn(">=", |a: Date, b: Date| a >= b);
    engine.register_fn("-", |a: Date, b: Date| (a.0 - b.0).num_days());
    engine.register_fn("to_string", |a: Date| a.0.to_string());
    engine.register_fn("year", |a: Date| i64::from(a.0.year())).register_fn("month", |a: Date| i64::from(a.0.month()));
    engine.register_fn("day", |a: Date| i64::from(a.0.day()));
    engine.register_fn("date", |text: &str| -> Result<Date, Box<EvalAltResult>> {
        text.parse().map(Date).map_err(|_| format!("`{text}` is not a date like 2026-12-31").into())
    });
}

fn register_spans(engine: &mut Engine) {
    engine.register_type_with_name::<Span>("span");
    engine.register_fn("months", |months: i64| Span { months, days: 0 });
    engine.register_fn("years", |years: i64| Span { months: years.saturating_mul(12), days: 0 });
    engine.register_fn("days", |days: i64| Span { months: 0, days });
    engine.register_fn("+", |date: Date, span: Span| shift(date, span.months, span.days));
    engine.register_fn("-", |date: Date, span: Span| shift(date, span.months.saturating_neg(), span.days.saturating_neg()));
}

/// Adds months as PostgreSQL does (31 August + 6 months = 28 February), then days.
fn shift(date: Date, months: i64, days: i64) -> Result<Date, Box<EvalAltResult>> {
    let size = |n: i64| u32::try_from(n.unsigned_abs()).ok().map(Months::new);
    let by_months = size(months).and_then(|n| if months < 0 { date.0.checked_sub_months(n) } else { date.0.checked_add_months(n) });
    let by_days = by_months.and_then(|d| {
        let n = Days::new(days.unsigned_abs());
        if days < 0 { d.checked_sub_days(n) } else { d.checked_add_days(n) }
    });
    by_days.map(Date).ok_or_else(|| "the date is out of range".into())
}

fn register_texts(engine: &mut Engine) {
    engine.register_fn("domain_of", |url: &str| host(url).unwrap_or_default());
    engine.register_fn("is_url", |url: &str| host(url).is_some());
    engine.register_fn("on_domain", on_domain);
    engine.register_fn("is_blank", |text: &str| text.trim().is_empty());
    engine.register_fn("contains_any", |text: &str, words: rhai::Array| {
        let text = text.to_lowercase();
        words.iter().filter_map(|word| word.clone().into_string().ok()).any(|word| text.contains(&word.to_lowercase()))
    });
}

fn host(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.host_str().map(str::to_lowercase)).flatten()
}

/// Whether a URL is on a domain or a sub-domain of it; `evilseek.com.au` is not on `seek.com.au`.
fn on_domain(url: &str, domain: &str) -> bool {
    let domain = domain.to_lowercase();
    host(url).is_some_and(|host| host == domain || host.strip_suffix(&domain).is_some_and(|front| front.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_added_as_postgresql_adds_them() {
        let date = |text: &str| Date(text.parse().unwrap());
        assert_eq!(shift(date("2026-08-31"), 6, 0).unwrap(), date("2027-02-28"));
        assert_eq!(shift(date("2026-03-31"), -1, 0).unwrap(), date("2026-02-28"));
        assert_eq!(shift(date("2026-02-28"), 0, 1).unwrap(), date("2026-03-01"));
        assert!(shift(date("2026-02-28"), i64::MAX, 0).is_err());
        assert!(shift(date("2026-02-28"), 0, i64::MIN).is_err());
    }

    #[test]
    fn a_domain_is_not_a_suffix_of_letters() {
        assert!(on_domain("https://www.seek.com.au/job/1", "seek.com.au"));
        assert!(!on_domain("https://evilseek.com.au/job/1", "seek.com.au"));
        assert!(!on_domain("seek.com.au/job/1", "seek.com.au"));
    }
}
