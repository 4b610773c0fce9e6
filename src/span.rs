//! Spans of time, shares and zones as people write them: `12h`, `1d`, `20%`, `Australia/Sydney`.

use crate::diagnostic::did_you_mean;
use crate::yaml::from_text;
use chrono::Duration;
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;

/// A span of time: `30m`, `12h`, `1d`, `2 weeks`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        let parsed =
            humantime::parse_duration(text).map_err(|_| format!("`{text}` is not a span of time\nwrite it like `30m`, `12h`, `1d` or `2weeks`"))?;
        Duration::from_std(parsed).map(Span).map_err(|_| format!("`{text}` is too long"))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_duration(self.0.to_std().unwrap_or_default()))
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0.num_seconds())
    }
}

/// A share: `20%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let share = number.filter(|number| (0.0..=100.0).contains(number));
        share.map(|number| Share(number / 100.0)).ok_or_else(|| format!("`{text}` is not a share\nwrite it like `20%`, from `0%` to `100%`"))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

impl Share {
    /// From how many upwards a share binds: three of seven ads is no catastrophe.
    pub const BINDS_FROM: i64 = 5;

    /// Whether `part` of `whole` is more than the share, and enough for it to bind.
    pub fn exceeded_by(self, part: i64, whole: i64) -> bool {
        #[allow(clippy::cast_precision_loss, reason = "counts of ads are far below 2^52")]
        let limit = self.0 * whole as f64;
        #[allow(clippy::cast_precision_loss, reason = "counts of ads are far below 2^52")]
        let part_as_float = part as f64;
        part >= Share::BINDS_FROM && part_as_float > limit
    }
}

/// A time zone of the IANA list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Zone, String> {
        text.parse().map(Zone).map_err(|_| format!("unknown time zone `{text}`\n{}", zone_meant(text)))
    }
}

/// A zone of nearly the same name, or of that city.
fn zone_meant(text: &str) -> String {
    let city = |zone: &Tz| zone.name().rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&text.replace(' ', "_")));
    let of_city = TZ_VARIANTS.iter().filter(|zone| zone.name().contains('/')).find(|zone| city(zone)).map(|zone| zone.name().to_owned());
    match of_city.or_else(|| did_you_mean(text, TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|name| name.contains('/')))) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write its IANA name, such as `Australia/Sydney`; abbreviations are ambiguous".to_owned(),
    }
}

crate::written_as!(Span, "Span", "a span of time", ["30m", "12h", "1d", "2 weeks"]);
crate::written_as!(Share, "Share", "a share", ["20%"]);
crate::written_as!(Zone, "Zone", "an IANA time zone", ["Australia/Sydney", "UTC"]);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        from_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_shares_read_as_people_write_them() {
        assert_eq!("12h".parse::<Span>().unwrap().0, Duration::hours(12));
        assert_eq!("1d".parse::<Span>().unwrap().0, Duration::days(1));
        assert!("soon".parse::<Span>().is_err());
        assert!("120%".parse::<Share>().is_err());
        assert!("0.2".parse::<Share>().is_err());
    }

    #[test]
    fn a_share_binds_from_five_upwards() {
        let fifth: Share = "20%".parse().unwrap();
        assert!(!fifth.exceeded_by(4, 4));
        assert!(fifth.exceeded_by(5, 24));
        assert!(!fifth.exceeded_by(5, 25));
    }
}
