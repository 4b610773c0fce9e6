//! How politely a source is read, and how much of it: `manners:` and `limits:` of the YAML. Only
//! the settings; the other files of this folder and the sources apply them.

use chrono::{NaiveDateTime, NaiveTime};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use weir_model::span::Span;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, Parsed, PositiveNumber, Text, from_text};

/// How politely a source is read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MannersSpec {
    /// Minimum time between the starts of two requests to a host: `1s`.
    pace: Option<Located<Parsed<Span>>>,
    /// `obey`, or `{ ignore: reason }` if the publisher has agreed.
    robots: RobotsSpec,
    /// The time window for reading: `22:00-06:00`.
    window: Option<ReadWindow>,
    /// How the publisher can reach us; sent in the User-Agent.
    contact: Option<Text>,
}

/// What to do with robots.txt.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "robots.txt policy", rename_all = "snake_case")]
enum RobotsSpec {
    /// Follow it.
    #[default]
    Obey,
    /// Do not read it; the text says why.
    Ignore(Text),
}

/// How politely a source is read, compiled.
#[derive(Debug, Clone)]
pub struct Manners {
    /// Minimum time between the starts of two requests to a host.
    pub pace: Option<Duration>,
    /// Whether robots.txt applies.
    pub robots: RobotsPolicy,
    /// How the publisher can reach us.
    pub contact: Option<String>,
    /// Whether addresses of private networks may be reached.
    pub allow_private: bool,
    /// Maximum redirects of one request.
    pub redirects: usize,
    /// Maximum time for one request and its response.
    pub page_time: Duration,
    /// The time window for reading, which the caller checks.
    pub window: Option<ReadWindow>,
}

/// Whether robots.txt applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RobotsPolicy {
    /// It applies.
    Obey,
    /// The author has a reason to ignore it.
    Ignore,
}

impl MannersSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(
        spec: Option<&MannersSpec>,
        limits: &ReadLimits,
        allow_private: bool,
        out: &mut Diagnostics,
    ) -> Option<Manners> {
        let spec = spec.cloned().unwrap_or_default();
        let robots = spec.robots.compile(out);
        let pace = spec.pace.map(|pace| slow_enough(&pace, out));
        let contact = spec.contact.map(|text| contact(&text, out));
        Some(Manners {
            pace: pace.map_or(Some(None), |pace| pace.map(Some))?,
            robots: robots?,
            contact: contact.map_or(Some(None), |contact| contact.map(Some))?,
            allow_private,
            redirects: limits.redirects,
            page_time: limits.page_time,
            window: spec.window,
        })
    }
}

impl RobotsSpec {
    fn compile(&self, out: &mut Diagnostics) -> Option<RobotsPolicy> {
        let RobotsSpec::Ignore(reason) = self else {
            return Some(RobotsPolicy::Obey);
        };
        if reason.trim().is_empty() {
            out.error(
                reason.place(),
                "invalid-value",
                "ignoring robots.txt needs a reason",
            )
            .help("say who agreed to it: `robots: { ignore: \"...\" }`");
            return None;
        }
        Some(RobotsPolicy::Ignore)
    }
}

/// Nobody waits longer than an hour for the next page.
fn slow_enough(pace: &Located<Parsed<Span>>, out: &mut Diagnostics) -> Option<Duration> {
    let length = length(***pace);
    if length > LONGEST_PACE {
        out.error(
            &pace.place,
            "invalid-value",
            "the pace is longer than an hour",
        )
        .help("write a duration such as `1s`; to restrict the hours, use `window`");
        return None;
    }
    Some(length)
}

/// It must fit into a header, in parentheses.
fn contact(text: &Text, out: &mut Diagnostics) -> Option<String> {
    let fits = !text.is_empty()
        && text
            .chars()
            .all(|letter| (letter == ' ' || letter.is_ascii_graphic()) && !"()\\".contains(letter));
    if !fits {
        out.error(
            text.place(),
            "invalid-value",
            "the contact cannot be sent in a header",
        )
        .help("write an address such as `mailto:jobs@example.com`");
    }
    fits.then(|| text.to_string())
}

fn length(span: Span) -> Duration {
    span.0.to_std().unwrap_or_default()
}

/// Limits of a read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSpec {
    /// Maximum pages of one read.
    pages: Option<PositiveNumber<u64>>,
    /// Maximum bytes of one page, decompressed.
    page_bytes: Option<ByteSize>,
    /// Maximum bytes of one read, decompressed.
    read_bytes: Option<ByteSize>,
    /// Maximum time for one page.
    page_time: Option<Located<Parsed<Span>>>,
    /// Maximum time for one read.
    time: Option<Located<Parsed<Span>>>,
    /// Maximum redirects of one request.
    redirects: Option<u8>,
}

/// Limits of a read, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLimits {
    /// Maximum pages of one read.
    pub pages: u64,
    /// Maximum bytes of one page, decompressed.
    pub page_bytes: u64,
    /// Maximum bytes of one read, decompressed.
    pub read_bytes: u64,
    /// Maximum time for one page.
    pub page_time: Duration,
    /// Maximum time for one read.
    pub time: Duration,
    /// Maximum redirects of one request.
    pub redirects: usize,
}

impl Default for ReadLimits {
    fn default() -> ReadLimits {
        let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
        ReadLimits {
            pages: 1000,
            page_bytes: 256 * MEGABYTE,
            read_bytes: 8000 * MEGABYTE,
            page_time: 5 * minute,
            time: 4 * hour,
            redirects: 5,
        }
    }
}

impl LimitsSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(spec: Option<&LimitsSpec>, out: &mut Diagnostics) -> Option<ReadLimits> {
        let (spec, default) = (spec.cloned().unwrap_or_default(), ReadLimits::default());
        let page_time = time_limit(spec.page_time.as_ref(), default.page_time, out);
        let time = time_limit(spec.time.as_ref(), default.time, out);
        Some(ReadLimits {
            pages: spec.pages.map_or(default.pages, |pages| pages.0),
            page_bytes: spec.page_bytes.map_or(default.page_bytes, |size| size.0),
            read_bytes: spec.read_bytes.map_or(default.read_bytes, |size| size.0),
            page_time: page_time?,
            time: time?,
            redirects: spec.redirects.map_or(default.redirects, usize::from),
        })
    }
}

fn time_limit(
    span: Option<&Located<Parsed<Span>>>,
    default: Duration,
    out: &mut Diagnostics,
) -> Option<Duration> {
    let Some(span) = span else {
        return Some(default);
    };
    let limit = length(***span);
    if limit.is_zero() {
        out.error(
            &span.place,
            "invalid-value",
            "the limit leaves no time to read",
        )
        .help("write a duration such as `5m`");
        return None;
    }
    if limit > LONGEST_TIME {
        out.error(
            &span.place,
            "invalid-value",
            "the limit is longer than 30 days",
        )
        .help("write a duration such as `4h`");
        return None;
    }
    Some(limit)
}

/// Bytes in a megabyte.
const MEGABYTE: u64 = 1_000_000;
/// Maximum pace.
const LONGEST_PACE: Duration = Duration::from_secs(60 * 60);
/// Maximum time limit.
const LONGEST_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A number of bytes: `256MB`, `8GB`, `64 KiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<ByteSize, String> {
        let bad = || format!("`{text}` is not a size\nwrite it like `256MB`, `8GB` or `64KiB`");
        let digits = text
            .trim()
            .find(|letter: char| !letter.is_ascii_digit())
            .ok_or_else(bad)?;
        let (number, unit) = text.trim().split_at(digits);
        let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "b" => 1,
            "kb" => 1000,
            "mb" => MEGABYTE,
            "gb" => 1000 * MEGABYTE,
            "tb" => 1_000_000 * MEGABYTE,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => return Err(bad()),
        };
        let bytes = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .ok_or_else(bad)?;
        if bytes == 0 {
            Err(bad())
        } else {
            Ok(ByteSize(bytes))
        }
    }
}

weir_yaml::written_as!(
    ByteSize,
    "Size",
    "a number of bytes",
    ["64KB", "256MB", "8GB"]
);

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ByteSize, D::Error> {
        from_text(deserializer)
    }
}

/// The time window for reading, `22:00-06:00`: start inclusive, end exclusive, over midnight if the
/// end is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadWindow {
    from: NaiveTime,
    to: NaiveTime,
}

impl ReadWindow {
    /// Whether a time of day is within it.
    pub fn contains(&self, local: NaiveTime) -> bool {
        let (begun, over) = (local >= self.from, local >= self.to);
        if self.from < self.to {
            begun && !over
        } else {
            begun || !over
        }
    }

    /// Why to wait, if it is closed at that time: the window, and when it next opens.
    pub fn waits(&self, local: NaiveDateTime) -> Option<String> {
        if self.contains(local.time()) {
            return None;
        }
        let today = local.date();
        let day = if local.time() < self.from {
            today
        } else {
            today.succ_opt().unwrap_or(today)
        };
        Some(format!(
            "{} is outside the window {self}, which next opens at {day} {}",
            local.format("%H:%M"),
            self.from.format("%H:%M")
        ))
    }
}

impl fmt::Display for ReadWindow {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{}-{}",
            self.from.format("%H:%M"),
            self.to.format("%H:%M")
        )
    }
}

impl FromStr for ReadWindow {
    type Err = String;

    fn from_str(text: &str) -> Result<ReadWindow, String> {
        let bad = || format!("`{text}` is not a time window\nwrite it like `22:00-06:00`");
        let time = |text: &str| {
            NaiveTime::parse_from_str(if text == "24:00" { "00:00" } else { text }, "%H:%M")
                .map_err(|_| bad())
        };
        let (from, to) = text.split_once('-').ok_or_else(bad)?;
        let window = ReadWindow {
            from: time(from.trim())?,
            to: time(to.trim())?,
        };
        if window.from == window.to {
            Err(format!(
                "the window `{text}` is empty\nomit it to read at any time"
            ))
        } else {
            Ok(window)
        }
    }
}

weir_yaml::written_as!(ReadWindow, "Window", "a time window", ["22:00-06:00"]);

impl<'de> Deserialize<'de> for ReadWindow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ReadWindow, D::Error> {
        from_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_yaml::yaml;

    #[derive(Deserialize)]
    struct MannersAndLimits {
        manners: Option<MannersSpec>,
        limits: Option<LimitsSpec>,
    }

    fn compiled(text: &str) -> (Option<(Manners, ReadLimits)>, Diagnostics) {
        let mut out = Diagnostics::new();
        let both: Option<MannersAndLimits> = yaml::read("a.yaml", text, &mut out);
        let both = both.and_then(|both| {
            let limits = LimitsSpec::compile(both.limits.as_ref(), &mut out)?;
            Some((
                MannersSpec::compile(both.manners.as_ref(), &limits, false, &mut out)?,
                limits,
            ))
        });
        (both.filter(|_| !out.has_errors()), out)
    }

    #[test]
    fn all_of_it_reads() {
        let text = "manners: { pace: 2s, robots: { ignore: they agreed }, window: \"22:00-06:00\", contact: \"mailto:a@b.example\" }\n\
            limits: { pages: 7, page_bytes: 1MB, read_bytes: 2GiB, page_time: 1m, time: 1h, redirects: 0 }\n";
        let (manners, limits) = compiled(text).0.unwrap();
        assert_eq!(
            (manners.pace, manners.robots, manners.redirects),
            (Some(Duration::from_secs(2)), RobotsPolicy::Ignore, 0)
        );
        assert_eq!(manners.contact.as_deref(), Some("mailto:a@b.example"));
        assert_eq!(
            (limits.pages, limits.page_bytes, limits.read_bytes),
            (7, 1_000_000, 2 << 30)
        );
        assert_eq!(
            (manners.page_time, limits.time),
            (Duration::from_secs(60), Duration::from_secs(3600))
        );
    }

    #[test]
    fn defaults_hold() {
        let (manners, limits) = compiled("manners: { robots: obey }").0.unwrap();
        assert_eq!(
            (manners.pace, manners.robots, limits),
            (None, RobotsPolicy::Obey, ReadLimits::default())
        );
    }

    #[test]
    fn mistakes_are_found() {
        let bad = [
            "manners: { robots: { ignore: \"\" } }",
            "manners: { robots: ignore }",
            "manners: { contact: \"a\\nb\" }",
            "manners: { pace: soon }",
        ];
        let more = [
            "limits: { page_bytes: 12 }",
            "limits: { page_bytes: 0MB }",
            "limits: { page_time: 0s }",
            "limits: { pages: 0 }",
            "manners: { window: 22 }",
        ];
        let endless = [
            "manners: { pace: 2h }",
            "manners: { pace: 200000000y }",
            "limits: { time: 200000000y }",
        ];
        for text in bad.into_iter().chain(more).chain(endless) {
            assert!(compiled(text).1.has_errors(), "{text} passes");
        }
    }

    #[test]
    fn sizes_do_not_overflow() {
        assert_eq!("64 KiB".parse(), Ok(ByteSize(65536)));
        for bad in [
            "99999999999999TB",
            "18446744073709551616B",
            "MB",
            "-1MB",
            "",
            "1.5GB",
        ] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
    }

    #[test]
    fn windows_wrap_over_midnight() {
        let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        let night: ReadWindow = "22:00-06:00".parse().unwrap();
        assert!(
            night.contains(at(22, 0))
                && night.contains(at(3, 0))
                && !night.contains(at(6, 0))
                && !night.contains(at(12, 0))
        );
        let evening: ReadWindow = "18:00-24:00".parse().unwrap();
        assert!(
            evening.contains(at(23, 59))
                && !evening.contains(at(0, 0))
                && !evening.contains(at(17, 59))
        );
        let waits = |window: ReadWindow, hour| {
            window.waits(
                chrono::NaiveDate::from_ymd_opt(2026, 9, 30)
                    .unwrap()
                    .and_time(at(hour, 5)),
            )
        };
        assert_eq!(waits(night, 23), None);
        assert_eq!(
            waits(night, 12).unwrap(),
            "12:05 is outside the window 22:00-06:00, which next opens at 2026-09-30 22:00"
        );
        let morning: ReadWindow = "06:00-09:00".parse().unwrap();
        assert_eq!(
            waits(morning, 12).unwrap(),
            "12:05 is outside the window 06:00-09:00, which next opens at 2026-10-01 06:00"
        );
        for bad in ["22:00", "25:00-01:00", "08:00-08:00", "a-b"] {
            assert!(bad.parse::<ReadWindow>().is_err(), "{bad}");
        }
    }
}
