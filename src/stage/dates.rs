//! `dates:` of an institution or source: which dates are plausible. A date that is none is mostly a mistake of the board, of a format, or a
//! machine's word for "never"; it is told and left out, as it would archive a job at once or keep it for ever.

use crate::date::{DateSetting, DateWindow};
use crate::span::Day;
use crate::yaml::Positive;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which dates are plausible.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatesSpec {
    /// The first plausible date (1990-01-01).
    earliest: Option<Day>,
    /// Years from the day of the fetch to the last plausible date (10).
    years_ahead: Option<Positive<u16>>,
}

/// What holds for the dates of a source: its own words before the institution's.
pub fn setting(specs: [Option<&DatesSpec>; 2], zone: Tz) -> DateSetting {
    let specs = || specs.into_iter().flatten();
    let usual = DateWindow::default();
    let window = DateWindow {
        earliest: specs().find_map(|spec| spec.earliest).map_or(usual.earliest, |day| day.0),
        years_ahead: specs().find_map(|spec| spec.years_ahead).map_or(usual.years_ahead, |years| years.0),
    };
    DateSetting { zone, window }
}
