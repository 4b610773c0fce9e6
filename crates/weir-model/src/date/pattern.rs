//! Dates in a strftime format given by the author. The library's own parser is too lenient: it
//! accepts `26` for a four-digit year, one digit for two, and continues with a time in the middle
//! of a year. So its parser reads the format, and this one the text.

use super::named::{month, pass_ordinal, weekday};
use super::scan::{DateScanner, tidy};
use super::zone::{self, ZoneNames, time};
use super::{StatedMoment, iso, named};
use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use std::fmt;

/// A format, compiled.
#[derive(Clone)]
pub struct DatePattern {
    format: String,
    items: Vec<Item<'static>>,
    /// Whether it ends in a literal `Z` or `UTC`, which is a time zone.
    is_utc: bool,
}

impl fmt::Debug for DatePattern {
    /// The format is sufficient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.format)
    }
}

impl PartialEq for DatePattern {
    fn eq(&self, other: &DatePattern) -> bool {
        self.format == other.format
    }
}

/// What has been read of a text.
#[derive(Default)]
struct PatternReading {
    parsed: Parsed,
    offset: Option<i32>,
    /// A name of a zone, to be understood once the time is known.
    zone: Option<String>,
}

impl DatePattern {
    /// Compiles a format; `None` if it is invalid, or lacks day, month or year.
    pub fn compile(format: &str) -> Option<DatePattern> {
        let items: Vec<Item> = StrftimeItems::new(format)
            .parse_to_owned()
            .ok()?
            .into_iter()
            .map(tidied)
            .collect::<Option<_>>()?;
        let is_utc = ends_in_utc(&items);
        let pattern = DatePattern {
            format: format.to_owned(),
            items,
            is_utc,
        };
        let day = DateTime::from_timestamp(1_798_718_400, 0)?;
        pattern
            .read(&written(&pattern.items, day)?, Tz::UTC)?
            .day_in(Tz::UTC)
            .filter(|read| *read == day.date_naive())?;
        Some(pattern)
    }

    /// The format as given.
    pub fn format(&self) -> &str {
        &self.format
    }

    /// Reads a text.
    pub fn read(&self, text: &str, zone: Tz) -> Option<StatedMoment> {
        let tidy = tidy(text)?;
        if let [Item::Fixed(whole @ (Fixed::RFC2822 | Fixed::RFC3339))] = self.items.as_slice() {
            return if *whole == Fixed::RFC3339 {
                iso::read(&tidy, zone)
            } else {
                named::read(&tidy, zone, named::YearForm::Any)
            };
        }
        let (mut rest, mut reading) = (DateScanner::new(&tidy), PatternReading::default());
        for (at, item) in self.items.iter().enumerate() {
            reading.take(item, &mut rest, self.is_beside_number(at), at > 0)?;
        }
        rest.is_done()
            .then(|| reading.moment(zone, self.is_utc))
            .flatten()
    }

    /// Whether a number directly follows another: each then has all its digits.
    fn is_beside_number(&self, at: usize) -> bool {
        let is_number = |at: usize| matches!(self.items.get(at), Some(Item::Numeric(..)));
        is_number(at) && (is_number(at + 1) || at > 0 && is_number(at - 1))
    }
}

/// A day as the library writes it. An offset without minutes it can read, and not write.
fn written(items: &[Item<'static>], day: DateTime<Utc>) -> Option<String> {
    use fmt::Write;
    let mut written = String::new();
    let items = items.iter().map(|item| {
        if *item == permissive_offset() {
            &Item::Fixed(Fixed::TimezoneOffset)
        } else {
            item
        }
    });
    write!(written, "{}", day.format_with_items(items)).ok()?;
    Some(written)
}

/// Normalises the author's text like the texts to read: lowercase, with plain hyphens.
fn tidied(item: Item<'static>) -> Option<Item<'static>> {
    match item {
        Item::Literal(text) => tidy(text).map(|text| Item::OwnedLiteral(text.into())),
        Item::OwnedLiteral(text) => tidy(&text).map(|text| Item::OwnedLiteral(text.into())),
        other => Some(other),
    }
}

fn permissive_offset() -> Item<'static> {
    StrftimeItems::new("%#z").next().unwrap_or(Item::Error)
}

/// Whether the format contains a time and ends in a literal `Z`, `UTC` or `GMT`.
fn ends_in_utc(items: &[Item<'static>]) -> bool {
    let has_hour = items
        .iter()
        .any(|item| matches!(item, Item::Numeric(Numeric::Hour | Numeric::Hour12, _)));
    let last = items.iter().rev().find_map(|item| match item {
        Item::Space(_) | Item::OwnedSpace(_) => None,
        Item::Literal(text) => Some(text.to_string()),
        Item::OwnedLiteral(text) => Some(text.to_string()),
        _ => Some(String::new()),
    });
    has_hour && last.is_some_and(|last| matches!(last.as_str(), "z" | "utc" | "gmt"))
}

impl PatternReading {
    fn take(
        &mut self,
        item: &Item,
        rest: &mut DateScanner,
        is_glued: bool,
        is_behind: bool,
    ) -> Option<()> {
        match item {
            Item::Literal(text) => rest.eat(text).then_some(()),
            Item::OwnedLiteral(text) => rest.eat(text).then_some(()),
            Item::Space(_) | Item::OwnedSpace(_) => blank(rest, is_behind),
            Item::Numeric(number, _) => self.take_number(number, rest, is_glued),
            Item::Fixed(fixed) => self.take_fixed(fixed, rest),
            Item::Error => None,
        }
    }

    fn take_number(
        &mut self,
        kind: &Numeric,
        rest: &mut DateScanner,
        is_glued: bool,
    ) -> Option<()> {
        rest.pass_blanks();
        let (least, most) = match kind {
            Numeric::Year | Numeric::IsoYear => (4, 4),
            Numeric::YearMod100
            | Numeric::YearDiv100
            | Numeric::IsoYearMod100
            | Numeric::IsoYearDiv100 => (2, 2),
            Numeric::Quarter | Numeric::NumDaysFromSun | Numeric::WeekdayFromMon => (1, 1),
            Numeric::Ordinal => (if is_glued { 3 } else { 1 }, 3),
            Numeric::Nanosecond => (1, 9),
            Numeric::Timestamp => return self.take_timestamp(rest),
            _ => (if is_glued { 2 } else { 1 }, 2),
        };
        let number = if is_glued {
            rest.number(least, most)?
        } else {
            rest.whole_number(least, most)?
        };
        if *kind == Numeric::Day {
            pass_ordinal(rest);
        }
        self.set(kind, i64::from(number))
    }

    fn take_timestamp(&mut self, rest: &mut DateScanner) -> Option<()> {
        let sign = if rest.eat("-") { -1 } else { 1 };
        let seconds: i64 = rest
            .take_while(|letter| letter.is_ascii_digit())
            .parse()
            .ok()?;
        self.offset = Some(0);
        self.parsed.set_timestamp(sign * seconds).ok()
    }

    fn set(&mut self, kind: &Numeric, number: i64) -> Option<()> {
        let parsed = &mut self.parsed;
        let done = match kind {
            Numeric::Year => parsed.set_year(number),
            Numeric::YearDiv100 => parsed.set_year_div_100(number),
            Numeric::YearMod100 => parsed.set_year_mod_100(number),
            Numeric::IsoYear => parsed.set_isoyear(number),
            Numeric::IsoYearDiv100 => parsed.set_isoyear_div_100(number),
            Numeric::IsoYearMod100 => parsed.set_isoyear_mod_100(number),
            Numeric::Quarter => parsed.set_quarter(number),
            Numeric::Month => parsed.set_month(number),
            Numeric::Day => parsed.set_day(number),
            Numeric::WeekFromSun => parsed.set_week_from_sun(number),
            Numeric::WeekFromMon => parsed.set_week_from_mon(number),
            Numeric::IsoWeek => parsed.set_isoweek(number),
            Numeric::NumDaysFromSun => parsed.set_weekday(weekday_from((number + 6) % 7)?),
            Numeric::WeekdayFromMon => parsed.set_weekday(weekday_from(number - 1)?),
            Numeric::Ordinal => parsed.set_ordinal(number),
            Numeric::Hour => parsed.set_hour(number),
            Numeric::Hour12 => parsed.set_hour12(number),
            Numeric::Minute => parsed.set_minute(number),
            Numeric::Second => parsed.set_second(number),
            Numeric::Nanosecond => parsed.set_nanosecond(number),
            _ => return None,
        };
        done.ok()
    }

    fn take_fixed(&mut self, kind: &Fixed, rest: &mut DateScanner) -> Option<()> {
        match kind {
            Fixed::ShortMonthName | Fixed::LongMonthName => {
                let number = month(rest.word())?;
                self.parsed.set_month(i64::from(number)).ok()
            }
            Fixed::ShortWeekdayName | Fixed::LongWeekdayName => {
                let number = weekday(rest.word())?;
                self.parsed
                    .set_weekday(weekday_from(i64::from(number))?)
                    .ok()
            }
            Fixed::LowerAmPm | Fixed::UpperAmPm => {
                time::half_of_day(rest).and_then(|is_second| self.parsed.set_ampm(is_second).ok())
            }
            Fixed::Nanosecond | Fixed::Nanosecond3 | Fixed::Nanosecond6 | Fixed::Nanosecond9 => {
                rest.pass_fraction();
                Some(())
            }
            Fixed::TimezoneName => self.take_zone(rest),
            Fixed::Internal(_) if Item::Fixed(kind.clone()) != permissive_offset() => {
                rest.number(1, 9).map(drop)
            }
            Fixed::RFC2822 | Fixed::RFC3339 => None,
            _ => self.take_offset(rest),
        }
    }

    fn take_offset(&mut self, rest: &mut DateScanner) -> Option<()> {
        rest.pass_blanks();
        let is_utc = rest.rest().starts_with('z') && rest.eat("z");
        self.offset = Some(if is_utc { 0 } else { zone::offset(rest)? });
        Some(())
    }

    fn take_zone(&mut self, rest: &mut DateScanner) -> Option<()> {
        rest.pass_blanks();
        let name = rest.take_while(|letter| !letter.is_whitespace());
        self.zone = Some(name.to_owned());
        (!name.is_empty()).then_some(())
    }

    /// With a zone: an instant. With a time: local. Else a day.
    fn moment(self, zone: Tz, is_utc: bool) -> Option<StatedMoment> {
        let offset = self.offset.or(is_utc.then_some(0));
        if let Some(seconds) = self.parsed.timestamp() {
            return DateTime::from_timestamp(seconds, 0).map(StatedMoment::Instant);
        }
        let day = self.parsed.to_naive_date().ok()?;
        let Ok(time) = self.parsed.to_naive_time() else {
            return has_no_time(&self.parsed).then_some(StatedMoment::Day(day));
        };
        let local: NaiveDateTime = day.and_time(time);
        match (offset, self.zone) {
            (Some(offset), _) => local
                .checked_sub_signed(TimeDelta::seconds(i64::from(offset)))
                .map(|utc| StatedMoment::Instant(utc.and_utc())),
            (None, Some(name)) => {
                let mut name = DateScanner::new(&name);
                let instant = zone::instant(&mut name, local, zone, ZoneNames::Clear)?;
                name.is_done().then_some(StatedMoment::Instant(instant))
            }
            (None, None) => Some(StatedMoment::Local(local)),
        }
    }
}

/// The library does not treat an hour alone as a time, and it does not affect the day; an
/// impossible one makes the whole impossible.
fn has_no_time(parsed: &Parsed) -> bool {
    parsed.minute().is_none()
}

fn weekday_from(monday_is_0: i64) -> Option<Weekday> {
    u8::try_from(monday_is_0)
        .ok()
        .and_then(|number| Weekday::try_from(number).ok())
}

/// A space of the format may be missing, except between digits, where it ends a number.
fn blank(rest: &mut DateScanner, is_behind: bool) -> Option<()> {
    let is_blank = rest.rest().starts_with(' ');
    rest.pass_blanks();
    (is_blank || !is_behind || rest.digits() == 0).then_some(())
}
