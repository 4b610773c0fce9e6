//! The time zone after a time: an offset, a name of RFC 822, an IANA name, an abbreviation.
//!
//! An abbreviation has the meaning that is used where the source is, if there is one: `IST` is
//! Kolkata, Dublin or Jerusalem. Ambiguous abbreviations are not read.

pub(super) mod bracket;
pub(super) mod time;

use super::StatedMoment;
use super::scan::DateScanner;
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{OffsetName, TZ_VARIANTS, Tz};

/// Which names of zones are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneNames {
    /// Those with a clear meaning.
    Clear,
    /// Those of RFC 822, whatever they mean elsewhere; according to RFC 2822 the letters of its
    /// military zones mean nothing, so they are UTC.
    Mail,
}

/// Names of RFC 822 and their hours from UTC. In Australia the same letters mean its own standard
/// time.
const AMERICAN: [(&str, i32); 8] = [
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// Names that mean one zone the world over, and their minutes from UTC.
const KNOWN: [(&str, i32); 20] = [
    ("akst", -540),
    ("akdt", -480),
    ("hst", -600),
    ("wet", 0),
    ("west", 60),
    ("cet", 60),
    ("cest", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("sast", 120),
    ("jst", 540),
    ("kst", 540),
    ("awst", 480),
    ("acst", 570),
    ("acdt", 630),
    ("aest", 600),
    ("aedt", 660),
    ("nzst", 720),
    ("nzdt", 780),
];

/// Zones in words, and their minutes from UTC.
const IN_WORDS: [(&str, i32); 9] = [
    ("australian western standard", 480),
    ("australian central standard", 570),
    ("australian central daylight", 630),
    ("australian eastern standard", 600),
    ("australian eastern daylight", 660),
    ("new zealand standard", 720),
    ("new zealand daylight", 780),
    ("greenwich mean", 0),
    ("coordinated universal", 0),
];

/// Names that mean several zones.
const AMBIGUOUS: [&str; 14] = [
    "ist", "bst", "ast", "adt", "cat", "eat", "wat", "gst", "sst", "wst", "sgt", "hkt", "pkt",
    "wib",
];

/// Parts of the world after which IANA names its cities.
const PARTS: [&str; 9] = [
    "africa/",
    "america/",
    "antarctica/",
    "asia/",
    "atlantic/",
    "australia/",
    "europe/",
    "indian/",
    "pacific/",
];

/// Whether a text could name a zone that is not known.
pub fn may_be_name(text: &str) -> bool {
    let is_other = matches!(text, "closing time" | "end time" | "finish time");
    let is_short = |(name, _): &(&str, i32)| *name == text;
    AMBIGUOUS.contains(&text)
        || AMERICAN.iter().any(is_short)
        || (text.ends_with(" time") && !is_other)
}

/// What local clocks show at a place: `perth`, `perth time`, `australian western standard time`,
/// `local time`.
pub fn at_place(text: &str, local: NaiveDateTime) -> Option<StatedMoment> {
    let place = text.strip_suffix(" time").unwrap_or(text);
    if text == "local time" {
        return Some(StatedMoment::Local(local));
    }
    let known = IN_WORDS.iter().find(|(words, _)| *words == place);
    if let Some((_, minutes)) = known.filter(|_| place != text) {
        return ago(local, minutes * 60).map(StatedMoment::Instant);
    }
    let city = format!("/{}", place.replace(' ', "_"));
    let is_there = |zone: &Tz| {
        let name = zone.name().to_ascii_lowercase();
        PARTS.iter().any(|part| name.starts_with(part)) && name.ends_with(&city)
    };
    let zone = TZ_VARIANTS.into_iter().find(is_there)?;
    in_zone(local, zone).map(StatedMoment::Instant)
}

/// The instant that local clocks show, in the zone that comes next in the text; a second name of
/// the zone may follow.
pub fn instant(
    text: &mut DateScanner,
    local: NaiveDateTime,
    zone: Tz,
    names: ZoneNames,
) -> Option<DateTime<Utc>> {
    let instant = if text.rest().starts_with(['+', '-']) {
        ago(local, offset(text)?)?
    } else {
        named(text, local, zone, names)?
    };
    text.pass_blanks();
    pass_second_name(text, local, zone, names);
    Some(instant)
}

/// An offset: `+10`, `+1000`, `+10:00`, `+10:00:00`; in seconds.
pub fn offset(text: &mut DateScanner) -> Option<i32> {
    let is_west = text.eat("-");
    if !is_west && !text.eat("+") {
        return None;
    }
    let hours = if text.digits() == 4 {
        text.number(2, 2)?
    } else {
        text.whole_number(1, 2)?
    };
    let minutes = if text.digits() == 2 || text.eat(":") {
        text.whole_number(2, 2)?
    } else {
        0
    };
    let seconds = if text.eat(":") {
        text.whole_number(2, 2)?
    } else {
        0
    };
    let is_on_earth = hours * 60 + minutes <= 14 * 60 && minutes < 60 && seconds < 60;
    let all = i32::try_from(hours * 3600 + minutes * 60 + seconds)
        .ok()
        .filter(|_| is_on_earth)?;
    Some(if is_west { -all } else { all })
}

fn named(
    text: &mut DateScanner,
    local: NaiveDateTime,
    zone: Tz,
    names: ZoneNames,
) -> Option<DateTime<Utc>> {
    let is_bracketed = text.eat("[");
    let name = name_of_zone(text);
    if is_bracketed && !text.eat("]") {
        return None;
    }
    if matches!(name, "utc" | "gmt" | "ut" | "z") {
        let is_offset = name != "z" && text.rest().starts_with(['+', '-']);
        return ago(local, if is_offset { offset(text)? } else { 0 });
    }
    if name.contains('/') {
        return in_zone(
            local,
            TZ_VARIANTS
                .into_iter()
                .find(|zone| zone.name().eq_ignore_ascii_case(name))?,
        );
    }
    abbreviated(name, local, zone, names)
}

/// Letters; with a `/` among them an IANA name, which may contain digits, `+` and `-`.
fn name_of_zone<'t>(text: &mut DateScanner<'t>) -> &'t str {
    let mut ahead = *text;
    let long = ahead.take_while(|letter| {
        letter.is_ascii_alphanumeric() || matches!(letter, '/' | '_' | '+' | '-')
    });
    if long.contains('/') {
        *text = ahead;
        return long;
    }
    text.take_while(|letter| letter.is_ascii_alphabetic())
}

fn abbreviated(
    name: &str,
    local: NaiveDateTime,
    zone: Tz,
    names: ZoneNames,
) -> Option<DateTime<Utc>> {
    let is_its = |instant: &DateTime<Tz>| {
        instant
            .offset()
            .abbreviation()
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    let both = zone.from_local_datetime(&local);
    if let Some(own) = [both.earliest(), both.latest()]
        .into_iter()
        .flatten()
        .find(is_its)
    {
        return Some(own.to_utc());
    }
    let is_clear = names == ZoneNames::Mail || !zone.name().starts_with("Australia/");
    let american = AMERICAN
        .into_iter()
        .filter(|_| is_clear)
        .map(|(american, hours)| (american, hours * 60));
    let (_, minutes) = american
        .chain(KNOWN)
        .find(|(known, _)| *known == name)
        .or(military(name, names))?;
    ago(local, minutes * 60)
}

fn military(name: &str, names: ZoneNames) -> Option<(&str, i32)> {
    let is_one = name.len() == 1 && name != "j" && names == ZoneNames::Mail;
    is_one.then_some((name, 0))
}

/// `+1000 (AEST)`, `+10:00[Australia/Sydney]`, `+1000 AEST`: the offset is sufficient.
fn pass_second_name(text: &mut DateScanner, local: NaiveDateTime, zone: Tz, names: ZoneNames) {
    let mut ahead = *text;
    if ahead.eat("(") {
        let inside = ahead.take_while(|letter| letter != ')' && letter != '(');
        let says_no_date = || {
            bracket::heard(StatedMoment::Instant(local.and_utc()), inside, zone, names).is_some()
        };
        if ahead.eat(")") && says_no_date() {
            *text = ahead;
        }
    } else if named(&mut ahead, local, zone, names).is_some() {
        *text = ahead;
    }
}

fn ago(local: NaiveDateTime, seconds: i32) -> Option<DateTime<Utc>> {
    local
        .checked_sub_signed(TimeDelta::seconds(i64::from(seconds)))
        .map(|utc| utc.and_utc())
}

/// What a zone leaves out is counted on from before.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let later = || {
        zone.from_local_datetime(&local.checked_add_signed(TimeDelta::hours(1))?)
            .earliest()
    };
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(later)
        .map(|instant| instant.to_utc())
}
