//! `dates:` of an institution or source: which dates are plausible. An implausible date is usually
//! an error of the board or of a format, or a machine's way of saying "never"; it is reported and
//! dropped, because it would archive a job at once or keep it forever.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;
use weir_model::date::{DateSetting, DateWindow};
use weir_model::span::WrittenDay;
use weir_yaml::yaml::PositiveNumber;

/// Which dates are plausible.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatesSpec {
    /// The first plausible date (default 1990-01-01).
    earliest: Option<WrittenDay>,
    /// Years from the day of the fetch to the last plausible date (default 10).
    years_ahead: Option<PositiveNumber<u16>>,
}

/// The date settings of a source; its own override the institution's.
pub fn setting(specs: [Option<&DatesSpec>; 2], zone: Tz) -> DateSetting {
    let specs = || specs.into_iter().flatten();
    let usual = DateWindow::default();
    let window = DateWindow {
        earliest: specs()
            .find_map(|spec| spec.earliest)
            .map_or(usual.earliest, |day| day.0),
        years_ahead: specs()
            .find_map(|spec| spec.years_ahead)
            .map_or(usual.years_ahead, |years| years.0),
    };
    DateSetting { zone, window }
}
