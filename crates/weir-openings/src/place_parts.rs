//! What one part of a printed place is: a city, a region, a country, either of the last two, or
//! nothing that names a place.

use crate::fold::words;
use crate::place_tables::{CITIES, COUNTRIES, FILLER, REGIONS, REMOTE};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacePart {
    /// No name of a place: `3 locations`, `remote`.
    Nothing,
    /// A city, folded and with its usual name.
    City(String),
    /// A region and its country.
    Region(&'static str, &'static str),
    /// A city that gives its name to a region: the city, unless one came before.
    CityOrRegion(&'static str, &'static str, &'static str),
    /// A country.
    Country(&'static str),
    /// A code that is a region of one country and the code of another.
    Either {
        /// The region.
        region: &'static str,
        /// The country of the region.
        of: &'static str,
        /// The country.
        country: &'static str,
    },
}

static COUNTRY_NAMES: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| COUNTRIES.iter().copied().collect());
static REGION_NAMES: LazyLock<HashMap<&str, (&str, &str)>> =
    LazyLock::new(|| REGIONS.iter().map(|(name, code, of)| (*name, (*code, *of))).collect());
static CITY_NAMES: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| CITIES.iter().copied().collect());

/// Names of a region and of a city, with the code of the region and its country.
const CITY_FIRST: [(&str, &str, &str); 3] =
    [("new york", "ny", "us"), ("washington", "wa", "us"), ("delhi", "dl", "in")];

fn city_first(name: &str) -> Option<PlacePart> {
    let known = CITY_FIRST.iter().find(|(city, _, _)| *city == name);
    known.map(|(city, region, of)| PlacePart::CityOrRegion(city, region, of))
}

/// Reads one part.
pub fn part_of(part: &str) -> PlacePart {
    let words = words(part);
    let name = words.join(" ");
    if let Some(known) = named(&name) {
        return known;
    }
    if REMOTE.contains(&name.as_str()) {
        return PlacePart::Nothing;
    }
    let kept: Vec<&str> = words.iter().map(String::as_str).filter(|w| is_name(w)).collect();
    let city = kept.join(" ");
    if city.is_empty() || kept.len() < words.len() && city.len() < 3 {
        return PlacePart::Nothing;
    }
    match CITY_NAMES.get(city.as_str()) {
        Some(usual) => PlacePart::City((*usual).to_owned()),
        None => named(&city).unwrap_or(PlacePart::City(city)),
    }
}

fn is_name(word: &str) -> bool {
    !FILLER.contains(&word) && !word.bytes().any(|byte| byte.is_ascii_digit())
}

fn named(name: &str) -> Option<PlacePart> {
    if let Some(either) = city_first(name) {
        return Some(either);
    }
    if let Some(usual) = CITY_NAMES.get(name).filter(|_| name != "la") {
        return Some(PlacePart::City((*usual).to_owned()));
    }
    let country = COUNTRY_NAMES.get(name).copied();
    let region = REGION_NAMES.get(name).copied();
    match (region, country) {
        (Some((region, of)), Some(country)) => Some(PlacePart::Either { region, of, country }),
        (Some((region, of)), None) => Some(PlacePart::Region(region, of)),
        (None, Some(country)) => Some(PlacePart::Country(country)),
        (None, None) => None,
    }
}

/// A part that is led by a country and a region, or ended by one, in its pieces:
/// `us ca los angeles`, `sydney nsw`, `warsaw poland`; after another part also by a region, where
/// a comma is missing: `ny san francisco`.
pub fn led(part: &str, follows: bool) -> Vec<String> {
    let words = words(part);
    let name = words.join(" ");
    if words.len() < 2 || city_first(&name).is_some() || named(&name).is_some() {
        return vec![name];
    }
    if let Some(country) = country_of_codes(&words) {
        return [vec![country.to_owned()], region_led(&words[1..].join(" "))].concat();
    }
    let code = words[0].len() == 2 && REGION_NAMES.contains_key(words[0].as_str());
    if follows && code {
        return [vec![words[0].clone()], led(&words[1..].join(" "), true)].concat();
    }
    for length in (1..=3.min(words.len() - 1)).rev() {
        let head = words[..length].join(" ");
        if matches!(named(&head), Some(PlacePart::Country(_)))
            && COUNTRY_NAMES.contains_key(head.as_str())
        {
            let rest = words[length..].join(" ");
            return [vec![head], region_led(&rest)].concat();
        }
        let tail = words[words.len() - length..].join(" ");
        if is_tail(&tail, length) {
            return [led(&words[..words.len() - length].join(" "), false), vec![tail]].concat();
        }
    }
    vec![name]
}

/// The full name of a country whose code leads one of its regions: `in ka bangalore`.
fn country_of_codes(words: &[String]) -> Option<&'static str> {
    let code = *COUNTRY_NAMES.get(words[0].as_str())?;
    let (_, of) = *REGION_NAMES.get(words.get(1)?.as_str())?;
    let full = COUNTRIES.iter().find(|(name, of)| *of == code && name.len() > 3);
    full.filter(|_| of == code && words.len() > 2).map(|(name, _)| *name)
}

fn region_led(rest: &str) -> Vec<String> {
    match rest.split_once(' ') {
        Some((head, city)) if REGION_NAMES.contains_key(head) && city_first(rest).is_none() => {
            vec![head.to_owned(), city.to_owned()]
        }
        _ => vec![rest.to_owned()],
    }
}

/// Whether the last words name a region or country; short codes only where they mean nothing else.
fn is_tail(tail: &str, length: usize) -> bool {
    let known = named(tail).is_some_and(|part| !matches!(part, PlacePart::City(_)));
    let vague =
        length == 1 && tail.len() < 3 && !matches!(tail, "us" | "uk" | "nj" | "ny" | "tx" | "ca");
    known && !vague && city_first(tail).is_none()
}
