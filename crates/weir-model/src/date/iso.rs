//! ISO 8601 in practice: year first, with hyphens, dots, slashes or nothing in between; weeks and
//! days of the year; times of any precision; and `/Date(1788220800000)/`, which one vendor's
//! libraries write for an instant.
//!
//! Must never read an incomplete date (`2026-09`, `2026-W36`), nor numbers of other lengths than
//! eight, twelve and fourteen digits.

use super::scan::DateScanner;
use super::zone::time::{self, TimeForm};
use super::zone::{self, ZoneNames};
use super::{StatedMoment, is_of_the_calendar};
use chrono::{DateTime, NaiveDate, Weekday};
use chrono_tz::Tz;

const TIME: TimeForm = TimeForm {
    hour_alone: false,
    names: ZoneNames::Clear,
};
const TIME_BEHIND_T: TimeForm = TimeForm {
    hour_alone: true,
    names: ZoneNames::Clear,
};

/// Reads a tidy text.
pub fn read(text: &str, zone: Tz) -> Option<StatedMoment> {
    if let Some(instant) = text.strip_prefix("/date(") {
        return scripted(instant);
    }
    let mut rest = DateScanner::new(text);
    let is_basic = rest.digits() >= 8;
    let day = if is_basic {
        basic_day(&mut rest)?
    } else {
        day(&mut rest)?
    };
    if rest.is_done() {
        return Some(StatedMoment::Day(day));
    }
    if is_zone_of_a_day(rest) {
        return Some(StatedMoment::Day(day));
    }
    let is_glued = is_basic && rest.digits() > 0;
    let has_t = rest.eat("t");
    if !has_t && !is_glued && !rest.eat(", ") && !rest.eat(" ") {
        return None;
    }
    rest.pass_blanks();
    time::moment(
        &mut rest,
        day,
        zone,
        if has_t { TIME_BEHIND_T } else { TIME },
    )
}

/// `2026-09-30`, `2026/9/30`, `2026.09.30`, `2026-W40-3`, `2026W403`, `2026-273`.
fn day(rest: &mut DateScanner) -> Option<NaiveDate> {
    let year = rest.whole_number(4, 4)?;
    if rest.eat("w") || rest.eat("-w") {
        return week_day(rest, year);
    }
    let between = ["-", "/", "."]
        .into_iter()
        .find(|between| rest.eat(between))?;
    if between == "-" && rest.digits() == 3 {
        let ordinal = rest.number(3, 3)?;
        return known(NaiveDate::from_yo_opt(i32::try_from(year).ok()?, ordinal));
    }
    let month = rest.whole_number(1, 2)?;
    let day = rest
        .eat(between)
        .then(|| rest.whole_number(1, 2))
        .flatten()?;
    of_parts(year, month, day)
}

fn week_day(rest: &mut DateScanner, year: u32) -> Option<NaiveDate> {
    let week = rest.number(2, 2)?;
    rest.eat("-");
    let number = rest.whole_number(1, 1)?;
    let weekday = Weekday::try_from(u8::try_from(number.checked_sub(1)?).ok()?).ok()?;
    known(NaiveDate::from_isoywd_opt(
        i32::try_from(year).ok()?,
        week,
        weekday,
    ))
}

/// `20260930`, optionally followed by a time of four or six digits.
fn basic_day(rest: &mut DateScanner) -> Option<NaiveDate> {
    if !matches!(rest.digits(), 8 | 12 | 14) {
        return None;
    }
    of_parts(rest.number(4, 4)?, rest.number(2, 2)?, rest.number(2, 2)?)
}

/// A day of these parts, if the calendar has it.
pub fn of_parts(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    known(NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        month,
        day,
    ))
}

fn known(day: Option<NaiveDate>) -> Option<NaiveDate> {
    day.filter(|day| is_of_the_calendar(*day))
}

/// `2026-09-30Z`, `2026-09-30+10:00`: XML writes the zone of a day, which stays the day.
fn is_zone_of_a_day(rest: DateScanner) -> bool {
    let mut ahead = rest;
    let is_offset = || {
        let (mut ahead, length) = (rest, rest.rest().len());
        (5..=6).contains(&length) && zone::offset(&mut ahead).is_some() && ahead.is_done()
    };
    ahead.eat("z") && ahead.is_done() || is_offset()
}

/// Milliseconds since 1970; an offset after them says where they were written.
fn scripted(text: &str) -> Option<StatedMoment> {
    let text = text.strip_suffix(")/")?;
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text), |digits| (-1, digits));
    let mut rest = DateScanner::new(digits);
    let digits = rest.take_while(|letter| letter.is_ascii_digit());
    let is_good = rest.is_done() || zone::offset(&mut rest).is_some() && rest.is_done();
    let millis: i64 = digits.parse().ok().filter(|_| is_good)?;
    DateTime::from_timestamp_millis(sign * millis).map(StatedMoment::Instant)
}
