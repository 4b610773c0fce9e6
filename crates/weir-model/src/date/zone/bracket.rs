//! What stands in brackets within a date: the time, `(5pm)`; the zone of the time, `(AWST)`,
//! `(Australia/Perth)`, `(Perth time)`; or a comment, as mail allows.
//!
//! Must never pass over what may be another date, `(extended to 30 September)`, nor over a zone
//! that is not understood: a bracket with digits is a time or a zone, or the text is no date. To
//! add words around a time: [`AROUND`].

use super::ZoneNames;
use super::time::{self, TimeForm};
use crate::date::scan::DateScanner;
use crate::date::{StatedMoment, zone};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

/// Words that may stand in front of a time.
const AROUND: [&str; 10] = [
    "at ", "by ", "before ", "until ", "till ", "from ", "closes ", "closing ", "close ", "due ",
];

/// A text without its (nested) brackets, and what is in those; `None` if one does not end.
pub(in crate::date) fn parted(text: &str) -> Option<(String, Vec<String>)> {
    let (mut bare, mut inside, mut depth) = (String::with_capacity(text.len()), Vec::new(), 0_u32);
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        match (letter, inside.last_mut()) {
            ('(', _) if depth == 1 => inside.push(String::new()),
            (')', _) if depth == 0 => {}
            (_, Some(last)) if depth > 0 => last.push(letter),
            _ => bare.push(letter),
        }
    }
    (depth == 0).then_some((bare, inside))
}

/// A moment with what a bracket says about it; `None` if that may be another date, or a zone that
/// is not known. An instant is sufficient by itself, and a day has no zone.
pub(in crate::date) fn heard(
    moment: StatedMoment,
    inside: &str,
    zone: Tz,
    names: ZoneNames,
) -> Option<StatedMoment> {
    let inside = inside.trim();
    let local = match moment {
        StatedMoment::Day(day) => day.and_time(NaiveTime::MIN),
        StatedMoment::Local(local) => local,
        StatedMoment::Instant(instant) => instant.naive_utc(),
    };
    let is_local = matches!(moment, StatedMoment::Local(_));
    if let Some(there) = zoned(inside, local, zone, names) {
        return Some(if is_local { there } else { moment });
    }
    if let Some(timed) = timed(local.date(), inside, zone, names) {
        let is_day = matches!(moment, StatedMoment::Day(_));
        return Some(if is_day { timed } else { moment });
    }
    let is_unknown = inside.contains(char::is_numeric) || (is_local && zone::may_be_name(inside));
    (!is_unknown).then_some(moment)
}

/// A day at a time such as `5pm`, `at 11:59 pm awst`, `5pm perth time`.
fn timed(day: NaiveDate, text: &str, zone: Tz, names: ZoneNames) -> Option<StatedMoment> {
    let mut text = text;
    while let Some(rest) = AROUND.iter().find_map(|word| text.strip_prefix(word)) {
        text = rest;
    }
    // `(2027)` is rather a year.
    if text.bytes().all(|letter| letter.is_ascii_digit()) {
        return None;
    }
    let at = |time: &str| {
        let form = TimeForm {
            hour_alone: false,
            names,
        };
        time::moment(&mut DateScanner::new(time), day, zone, form)
    };
    let at_place = |(end, _): (usize, &str)| match at(&text[..end])? {
        StatedMoment::Local(local) => zone::at_place(&text[end + 1..], local),
        _ => None,
    };
    at(text).or_else(|| text.match_indices(' ').find_map(at_place))
}

/// What local clocks show where the text names a zone.
fn zoned(name: &str, local: NaiveDateTime, zone: Tz, names: ZoneNames) -> Option<StatedMoment> {
    // A letter is a comment; as a zone of the military it would mean nothing, either.
    if name.len() == 1 && name != "z" {
        return None;
    }
    let mut rest = DateScanner::new(name);
    let instant = zone::instant(&mut rest, local, zone, names).filter(|_| rest.is_done());
    instant
        .map(StatedMoment::Instant)
        .or_else(|| zone::at_place(name, local))
}
