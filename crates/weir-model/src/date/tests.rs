//! The table of forms, and what holds for all texts.

use super::*;
use chrono::{Days, NaiveTime, TimeDelta, Timelike};
use proptest::prelude::*;

/// Noon of the first of September 2026 in Sydney.
fn fetched() -> DateTime<Utc> {
    "2026-09-01T02:00:00Z".parse().unwrap()
}

fn reader(formats: &str, zone: Tz) -> DateReader {
    let names = formats
        .split("; ")
        .filter(|format| !formats.is_empty() && *format != "default");
    let formats =
        names.map(|format| DateFormat::compile(format).unwrap_or_else(|| panic!("{format}")));
    DateReader {
        formats: formats.collect(),
        setting: DateSetting::of(zone),
    }
}

fn told(reader: &DateReader, text: &str) -> String {
    match reader.read(text, fetched()) {
        Ok(FoundDate::Day(day)) => day.to_string(),
        Ok(FoundDate::Earlier) => "earlier".to_owned(),
        Err(NoDate::Unreadable) => "-".to_owned(),
        Err(NoDate::Implausible(..)) => "!".to_owned(),
    }
}

#[test]
fn every_form_is_the_day_that_it_means() {
    let (mut wrong, mut count, mut formats) = (Vec::new(), 0, "");
    for line in include_str!("forms.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(names) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            formats = names;
            continue;
        }
        let [text, zone, day] = line
            .rsplitn(3, " | ")
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        let got = told(&reader(formats, zone.parse().unwrap()), text);
        if got != day {
            wrong.push(format!(
                "[{formats}] {text:?} in {zone} is {got}, not {day}"
            ));
        }
        count += 1;
    }
    assert!(
        wrong.is_empty() && count > 900,
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_usual_forms_need_no_format() {
    assert_eq!(
        instant("Wed, 21 Oct 2026 07:28:00 GMT"),
        Some("2026-10-21T07:28:00Z".parse().unwrap())
    );
    assert_eq!(
        instant("Sunday, 06-Nov-94 08:49:37 GMT"),
        Some("1994-11-06T08:49:37Z".parse().unwrap())
    );
    assert_eq!(
        instant("2026-10-21T07:28:00+1000"),
        Some("2026-10-20T21:28:00Z".parse().unwrap())
    );
    assert_eq!(
        [
            instant("2026-10-21T07:28:00"),
            instant("2026-10-21"),
            instant("7"),
            instant("")
        ],
        [None; 4]
    );
    assert_eq!(
        plain_day("2026-12-31"),
        NaiveDate::from_ymd_opt(2026, 12, 31)
    );
    for text in [
        "26-12-31",
        "2026-1-31",
        "2026-12-31 ",
        "+026-12-31",
        "0000-12-31",
        "2026-02-30",
        "２０２６-1-1",
        "2026-12-3１",
    ] {
        assert_eq!(plain_day(text), None, "{text}");
    }
}

#[test]
fn a_format_says_where_day_month_and_year_stand() {
    for format in [
        "%d/%m/%Y",
        "%d %B %y",
        "%s",
        "%+",
        "%c",
        "%F",
        "%D",
        "%G-W%V-%u",
        "%Y-%j",
        "epoch",
        "relative",
        "%d/%m/%Y %I%p",
        "%e %b %Y – %k:%M",
    ] {
        assert!(DateFormat::compile(format).is_some(), "{format}");
        assert_eq!(DateFormat::compile(format).unwrap().to_string(), format);
    }
    for format in [
        "",
        "%d/%m",
        "%m/%Y",
        "%B %Y",
        "DD/MM/YYYY",
        "%Q",
        "%",
        "%d/%m/%",
        "iso",
        "%H:%M",
        "%d %d %d",
    ] {
        assert!(DateFormat::compile(format).is_none(), "{format}");
    }
}

#[test]
fn what_is_plausible_depends_on_the_fetch() {
    let reader = reader("default", Tz::UTC);
    let told = |text: &str, fetched: &str| reader.read(text, fetched.parse().unwrap()).is_ok();
    assert!(
        told("2036-02-28", "2026-02-28T00:00:00Z") && !told("2036-03-01", "2026-02-28T00:00:00Z")
    );
    assert!(
        told("2038-02-28", "2028-02-29T00:00:00Z") && !told("2038-03-01", "2028-02-29T00:00:00Z")
    );
    // An example that does not say when it was fetched has no bounds, and what the author wrote has
    // none either.
    assert!(told("9999-12-31", "1970-01-01T00:00:00Z"));
    assert!(
        reader.read_fixed("9999-12-31", fetched()).is_ok()
            && reader.read_fixed("10000-01-01", fetched()).is_err()
    );
    let window = DateWindow {
        earliest: plain_day("1950-01-01").unwrap(),
        years_ahead: 40,
    };
    let wide = DateReader {
        formats: Vec::new(),
        setting: DateSetting {
            zone: Tz::UTC,
            window,
        },
    };
    assert!(
        wide.read("1950-01-01", fetched()).is_ok()
            && wide.read("2066-09-01", fetched()).is_ok()
            && wide.read("2066-09-02", fetched()).is_err()
    );
    let far = DateWindow {
        years_ahead: u16::MAX,
        ..window
    };
    assert!(
        DateReader {
            setting: DateSetting {
                window: far,
                ..wide.setting
            },
            ..wide
        }
        .read("9999-12-31", fetched())
        .is_ok()
    );
}

#[test]
fn a_format_is_suggested_if_it_is_sure() {
    let sure = [
        ("28/08/2026", "%d/%m/%Y"),
        ("08/28/2026", "%m/%d/%Y"),
        ("28/08/2026 17:00", "%d/%m/%Y %H:%M"),
        ("8/28/2026 5:00 PM", "%m/%d/%Y %I:%M %p"),
        ("28.08.2026", "%d.%m.%Y"),
        ("28-Aug-2026", "%d-%b-%Y"),
        ("Friday, 28 August 2026", "%A, %d %b %Y"),
        ("2026-08-28T17:00:00+0000", "iso8601"),
        ("20260828", "iso8601"),
        ("1788220800", "epoch"),
        ("1788220800000", "epoch_ms"),
        ("3 days ago", "relative"),
        ("09/09/2026", "%d/%m/%Y"),
        ("Wed, 02 Sep 26 10:00:00 GMT", "rfc2822"),
    ];
    for (text, format) in sure {
        assert_eq!(suggest_format(text).as_deref(), Some(format), "{text}");
    }
    for text in [
        "01/02/2026",
        "01/02/03",
        "soon",
        "",
        "31/31/2026",
        "31.02.2026",
        "12345",
    ] {
        assert_eq!(suggest_format(text), None, "{text}");
    }
    assert_eq!(suggest_formats(&["01/02/2026"]), ["%d/%m/%Y", "%m/%d/%Y"]);
    assert_eq!(suggest_formats(&["01/02/2026", "28/08/2026"]), ["%d/%m/%Y"]);
    assert!(suggest_formats(&["28/08/2026", "soon"]).is_empty() && suggest_formats(&[]).is_empty());
}

/// How the library writes an instant; what reads it; whether its offset and its time are written.
const WRITTEN: [(&str, &str); 24] = [
    ("%Y-%m-%dT%H:%M:%S%:z", "default"),
    ("%Y-%m-%dT%H:%M:%S%z", "default"),
    ("%Y-%m-%dT%H:%M%:z", "iso8601"),
    ("%Y-%m-%d %H:%M:%S %z", "default"),
    ("%Y%m%dT%H%M%S%z", "default"),
    ("%Y%m%dT%H%M%:z", "default"),
    ("%G-W%V-%uT%H:%M:%S%:z", "default"),
    ("%GW%V%uT%H%M%z", "default"),
    ("%Y-%jT%H:%M:%S%z", "default"),
    ("%Y/%m/%d %H:%M:%S%z", "default"),
    ("%Y.%m.%d %-H:%M %:z", "default"),
    ("%Y-%m-%d %I:%M %p %z", "default"),
    ("%a, %d %b %Y %H:%M:%S %z", "default"),
    ("%a, %-d %b %y %-H:%M %z", "rfc2822"),
    ("%A, %d-%b-%y %H:%M:%S %z", "rfc2822"),
    ("%d %B %Y %H:%M %:z (comment)", "rfc2822"),
    ("%a %b %e %H:%M:%S %z %Y", "default"),
    ("%a %b %d %Y %H:%M:%S GMT%z (A Zone)", "default"),
    ("%B %d, %Y, %I:%M:%S %p %z", "default"),
    ("%s", "epoch"),
    ("%s000", "epoch_ms"),
    ("/Date(%s000)/", "default"),
    ("%Y-%m-%dT%H:%M:%S%.3f%:z", "default"),
    ("%d/%m/%Y %H:%M:%S %z", "%d/%m/%Y %H:%M:%S %z"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_instant_is_read_back_from_every_form(minutes in 0i64..24_000_000, offset in -56i32..=56, zone in prop::sample::select(chrono_tz::TZ_VARIANTS.as_slice()), capitals in any::<bool>()) {
        // Whole minutes from 1991 on, as some forms write no seconds; offsets of whole quarters.
        let instant = "1991-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes);
        let there = instant.with_timezone(&chrono::FixedOffset::east_opt(offset * 900).unwrap());
        for (form, formats) in WRITTEN {
            let text = there.format(form).to_string();
            let text = if capitals { text.to_uppercase() } else { text };
            let day = instant.with_timezone(&zone).date_naive().to_string();
            prop_assert_eq!(told(&reader(formats, zone), &text), day, "{} in {}", text, zone);
            if formats == "default" {
                prop_assert_eq!(super::instant(&text), Some(instant), "{}", text);
            }
        }
    }

    #[test]
    fn a_day_is_read_back_from_every_format_that_is_suggested(days in 0u64..13_000, hour in 0u32..24) {
        let day = NaiveDate::from_ymd_opt(1991, 1, 1).unwrap() + Days::new(days);
        let local = day.and_time(NaiveTime::MIN.with_hour(hour).unwrap());
        for form in ["%d/%m/%Y", "%-d/%-m/%Y %H:%M", "%m/%d/%y", "%A, %d %B %Y", "%d.%m.%Y", "%b %-d, %Y %I:%M %p", "%Y-%m-%d"] {
            let text = local.format(form).to_string();
            let formats = suggest_formats(&[&text]);
            prop_assert!(formats.iter().any(|format| told(&reader(format, Tz::UTC), &text) == day.to_string()), "{} by {:?}", text, formats);
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,60}", like in r"[0-9TtZz:+ ,./()\-wWaApPmM]{0,30}( (Jan|sept|MAY)[ -][0-9]{1,5})?( ?[A-Z]{1,4}[+-]?[0-9:]{0,9})?(\[[A-Za-z/]{0,20}\])?", zone in prop::sample::select(chrono_tz::TZ_VARIANTS.as_slice())) {
        for text in [&text, &like] {
            for (form, formats) in WRITTEN {
                told(&reader(formats, zone), text);
                if let Some(format) = DateFormat::compile(form) {
                    told(&DateReader { formats: vec![format], setting: DateSetting::of(zone) }, text);
                }
            }
            told(&reader("relative", zone), text);
            instant(text);
            plain_day(text);
            DateFormat::compile(text);
        }
    }

    #[test]
    fn no_suggestion_panics(text in r"[0-9TtZz:+ ,./\-wWaApPmM]{0,30}") {
        suggest_formats(&[&text]);
    }
}
