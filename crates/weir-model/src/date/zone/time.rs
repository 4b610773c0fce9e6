//! The time after a day: `17:00`, `5:00 pm`, `170000`, and the time zone after it.
//!
//! The end of a day, 24:00, is its last moment here: a job that closes at 24:00 on the thirtieth
//! closes on the thirtieth.

use super::ZoneNames;
use crate::date::scan::DateScanner;
use crate::date::{StatedMoment, zone};
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

/// Which forms of a time are allowed.
#[derive(Debug, Clone, Copy)]
pub struct TimeForm {
    /// Whether an hour is enough: after a `T`.
    pub hour_alone: bool,
    /// Which names of zones are known.
    pub names: ZoneNames,
}

/// The moment of a day at the time and in the zone that make up the rest of the text.
pub fn moment(
    text: &mut DateScanner,
    day: NaiveDate,
    zone: Tz,
    form: TimeForm,
) -> Option<StatedMoment> {
    let local = day.and_time(time(text, form.hour_alone)?);
    text.pass_blanks();
    if text.is_done() {
        return Some(StatedMoment::Local(local));
    }
    let instant = zone::instant(text, local, zone, form.names)?;
    text.is_done().then_some(StatedMoment::Instant(instant))
}

/// A time: minutes have two digits, and so have seconds; hours one or two.
fn time(text: &mut DateScanner, hour_alone: bool) -> Option<NaiveTime> {
    let digits = text.digits();
    let is_basic = matches!(digits, 4 | 6);
    let hour = if is_basic {
        text.number(2, 2)?
    } else {
        text.whole_number(1, 2)?
    };
    let is_alone = !is_basic && !text.rest().starts_with(':');
    let (mut minute, mut second) = (0, 0);
    if is_basic {
        (minute, second) = (text.number(2, 2)?, text.number(2, 2).unwrap_or(0));
        text.pass_fraction();
    } else if text.eat(":") {
        minute = text.whole_number(2, 2)?;
        if text.eat(":") {
            second = text.whole_number(2, 2)?;
            text.pass_fraction();
        }
    } else if let Some(dotted) = dotted_minute(text) {
        minute = dotted;
    }
    let half = half_of_day(text);
    if is_alone && half.is_none() && !(hour_alone && digits == 2) {
        return None;
    }
    of_day(hour, half, minute, second)
}

/// `5.30pm`: a dot precedes minutes only if am or pm follows.
fn dotted_minute(text: &mut DateScanner) -> Option<u32> {
    let mut ahead = *text;
    let minute = Some(ahead.eat("."))
        .filter(|is_dot| *is_dot)
        .and_then(|_| ahead.whole_number(2, 2))?;
    half_of_day(&mut ahead.clone())?;
    *text = ahead;
    Some(minute)
}

/// Takes `am`, `p.m.` and the like; whether it is the second half.
pub fn half_of_day(text: &mut DateScanner) -> Option<bool> {
    let mut ahead = *text;
    ahead.pass_blanks();
    let forms = [
        ("a.m.", false),
        ("p.m.", true),
        ("a.m", false),
        ("p.m", true),
        ("am", false),
        ("pm", true),
    ];
    let (_, is_second) = forms.into_iter().find(|(form, _)| ahead.eat(form))?;
    if ahead.is_at_letter() {
        return None;
    }
    *text = ahead;
    Some(is_second)
}

fn of_day(hour: u32, half: Option<bool>, minute: u32, second: u32) -> Option<NaiveTime> {
    let hour = match (half, hour) {
        (None, hour) => hour,
        (Some(false), 12) => 0,
        (Some(false), 0..12) | (Some(true), 12..24) => hour,
        (Some(true), 1..12) => hour + 12,
        _ => return None,
    };
    if (hour, minute, second) == (24, 0, 0) {
        return NaiveTime::from_hms_nano_opt(23, 59, 59, 999_999_999);
    }
    // A leap second ends the minute that it is in.
    NaiveTime::from_hms_opt(hour, minute, if second == 60 { 59 } else { second })
}
