//! Where an ad places its work, as a set of (city, region, country). Two sets can be equal, one can
//! contain the other, they can say nothing of each other, or exclude each other; only the last is a
//! reason against a pair. Coordinates are left out on purpose: a neighbouring city is another
//! place, and "near" costs precision.

use crate::fold::{folded, words};
use crate::hash::bag_hash;
use crate::place_parts::{PlacePart, part_of};
use crate::place_tables::{NAMESAKES, REMOTE};
use serde::{Deserialize, Serialize};

/// One place; what is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedPlace {
    /// Folded words of the city.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    /// Code of the region.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Code of the country.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub country: String,
}

/// The places of an ad, sorted. Empty and not remote means unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlaceSet {
    /// The places.
    pub places: Vec<NamedPlace>,
    /// Whether remote work is offered.
    pub remote: bool,
    /// Hash of all words as printed, in any order.
    pub text: u64,
}

impl PlaceSet {
    /// Reads places as boards print them; one text may hold several.
    pub fn of<T: AsRef<str>>(texts: &[T], remote: bool) -> PlaceSet {
        let mut set = PlaceSet { places: Vec::new(), remote, text: 0 };
        for text in texts {
            let text = folded(text.as_ref());
            set.remote |= says_remote(&text);
            let segments = text.split([';', '|', '•', '·', '\n', '/']);
            segments.for_each(|segment| set.take(segment));
        }
        set.settle();
        let words = texts.iter().flat_map(|text| words(&folded(text.as_ref())));
        set.text = bag_hash(words.collect());
        set
    }

    fn take(&mut self, segment: &str) {
        let mut reader = PlaceReader::default();
        for part in parts(segment) {
            reader.take(part_of(&part));
        }
        self.places.extend(reader.finish());
    }

    /// A place without a city says nothing where another of its region has one.
    fn settle(&mut self) {
        self.places.sort();
        self.places.dedup();
        let all = self.places.clone();
        self.places.retain(|place| !all.iter().any(|other| other.refines(place)));
    }

    /// Cities, each once.
    pub fn cities(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| place.city.as_str()).filter(|city| !city.is_empty())
    }

    /// Words of all places, as they may appear in a title.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.cities().flat_map(|city| city.split(' '))
    }
}

impl NamedPlace {
    fn refines(&self, other: &NamedPlace) -> bool {
        self != other
            && other.city.is_empty()
            && !(other.region.is_empty() && other.country.is_empty())
            && (other.region.is_empty() || self.region == other.region)
            && (other.country.is_empty() || self.country == other.country)
            && (!self.city.is_empty() || other.region.is_empty())
    }
}

fn says_remote(text: &str) -> bool {
    let text = format!(" {} ", words(text).join(" "));
    REMOTE.iter().any(|phrase| text.contains(&format!(" {phrase} ")))
}

/// The parts of a segment: by commas, and by dashes or blanks where a country leads.
fn parts(segment: &str) -> Vec<String> {
    let by = |part: &str| {
        let dashed: Vec<&str> = part.split('-').map(str::trim).collect();
        let coded = dashed.len() > 1 && matches!(part_of(dashed[0]), PlacePart::Country(_));
        let pieces: Vec<&str> = if coded { dashed } else { part.split(" - ").collect() };
        pieces.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let split = segment.split([',', '(', ')', ':']).flat_map(by).enumerate();
    split.flat_map(|(at, part)| crate::place_parts::led(&part, at > 0)).collect()
}

/// Puts parts together to places: a new place begins where a city follows a region or country.
#[derive(Default)]
struct PlaceReader {
    done: Vec<NamedPlace>,
    now: NamedPlace,
    /// The country or region came before the city.
    reversed: bool,
}

impl PlaceReader {
    fn take(&mut self, part: PlacePart) {
        match part {
            PlacePart::Nothing => {}
            PlacePart::City(city) => self.city(city),
            PlacePart::Region(region, country) => self.region(region, country),
            PlacePart::CityOrRegion(city, region, country) => {
                if self.now.city.is_empty() || !self.now.region.is_empty() {
                    self.city(city.to_owned());
                } else {
                    self.region(region, country);
                }
            }
            PlacePart::Country(country) => self.country(country),
            PlacePart::Either { region, of, country } => {
                let taken = !self.now.region.is_empty() || self.now.country == country;
                let known = city_country(&self.now.city);
                if taken || known.is_some_and(|known| known == country) {
                    self.country(country);
                } else {
                    self.region(region, of);
                }
            }
        }
    }

    fn city(&mut self, city: String) {
        let complete = !self.now.city.is_empty();
        if complete && self.now.region.is_empty() && self.now.country.is_empty() {
            // "Dublin 2, Dublin": a suburb of the city that follows, or two cities: both are kept.
            self.next();
        } else if complete {
            self.next();
        } else {
            self.reversed = !self.now.region.is_empty() || !self.now.country.is_empty();
        }
        self.now.city = city;
    }

    fn region(&mut self, region: &str, country: &str) {
        if region == "la" && self.after_city_of_elsewhere() {
            return self.city("los angeles".to_owned());
        }
        if let Some((other, of)) = namesake(region, country, &self.now) {
            return self.region(other, of);
        }
        let other = !self.now.region.is_empty() && self.now.region != region;
        let abroad = !self.now.country.is_empty() && self.now.country != country;
        if abroad && !other {
            // "Perth, Western Australia, AU": the code of a region is read for its country only.
            return;
        }
        if other || self.reversed && !self.now.region.is_empty() {
            // New York, New York: the city once more.
            self.next();
        }
        self.now.region = region.to_owned();
        self.now.country = country.to_owned();
    }

    /// `LA` on its own, or in a list of cities such as `SF, LA, NYC`, is no Louisiana.
    fn after_city_of_elsewhere(&self) -> bool {
        let known = ["", "san francisco", "new york", "seattle", "austin", "chicago", "boston"];
        known.contains(&self.now.city.as_str()) && self.now.region.is_empty()
    }

    fn country(&mut self, country: &str) {
        if self.reversed && !self.now.city.is_empty() && self.now.country != country {
            self.next();
        }
        if self.now.country != country {
            let known = NamedPlace { country: country.to_owned(), ..NamedPlace::default() };
            let region = namesake(&self.now.region, &self.now.country, &known);
            self.now.region = region.map_or(String::new(), |(region, _)| region.to_owned());
        }
        self.now.country = country.to_owned();
    }

    fn next(&mut self) {
        let place = std::mem::take(&mut self.now);
        self.reversed = false;
        if place != NamedPlace::default() {
            self.done.push(place);
        }
    }

    fn finish(mut self) -> Vec<NamedPlace> {
        self.next();
        // The country at the end is that of all before it.
        let last = self.done.last().map(|place| place.country.clone()).unwrap_or_default();
        for place in &mut self.done {
            if place.country.is_empty() {
                place.country = city_country(&place.city).map_or(last.clone(), str::to_owned);
            }
        }
        self.done
    }
}

/// The region that a code means where the city or country is known: `WA` is Washington, and
/// Western Australia after Perth.
fn namesake(region: &str, country: &str, now: &NamedPlace) -> Option<(&'static str, &'static str)> {
    let known =
        if now.country.is_empty() { city_country(&now.city)? } else { now.country.as_str() };
    let mut names = NAMESAKES.iter().filter(|(code, of, _, _)| *code == region && *of == country);
    let found = names.find(|(_, _, _, of)| *of == known)?;
    Some((found.2, found.3))
}

fn city_country(city: &str) -> Option<&'static str> {
    let known = crate::place_tables::CITY_COUNTRIES.iter().find(|(name, _)| *name == city);
    known.map(|(_, country)| *country)
}

#[cfg(test)]
mod tests {
    use super::PlaceSet;

    fn read(text: &str) -> String {
        let set = PlaceSet::of(&[text], false);
        let places = set.places.iter().map(|p| format!("{}/{}/{}", p.city, p.region, p.country));
        let places: Vec<String> = places.collect();
        format!("{}{}", places.join(" "), if set.remote { " remote" } else { "" })
    }

    #[test]
    fn places_are_read_as_boards_print_them() {
        let cases = [
            ("Sydney, NSW, AU", "sydney/nsw/au"),
            ("Sydney NSW", "sydney/nsw/au"),
            ("Greater Sydney Area", "sydney//au"),
            ("Australia, New South Wales, Sydney", "sydney/nsw/au"),
            ("US-CA-Santa Clara", "santa clara/ca/us"),
            ("US CA Los Angeles", "los angeles/ca/us"),
            ("United States-Texas-San Antonio", "san antonio/tx/us"),
            ("Perth, WA", "perth/wau/au"),
            ("Perth, WA, Australia", "perth/wau/au"),
            ("Australia, Western Australia, Perth", "perth/wau/au"),
            ("Seattle, WA", "seattle/wa/us"),
            ("In Office", ""),
            ("SF, LA, NYC", "los angeles// new york// san francisco//"),
            ("LA", "los angeles//"),
            ("Baton Rouge, LA", "baton rouge/la/us"),
            ("IN KA BANGALORE Office", "bengaluru/ka/in"),
            ("New York, NY San Francisco, CA", "new york/ny/us san francisco/ca/us"),
            ("Bangalore, IN", "bengaluru//in"),
            ("Pune, MH, IN", "pune/mh/in"),
            ("Gary, IN", "gary/in/us"),
            ("Georgina, ON, CA", "georgina/on/ca"),
            ("New York, NY, USA", "new york/ny/us"),
            ("New York, New York, United States", "new york/ny/us"),
            ("NYC", "new york//"),
            ("Washington, DC", "washington/dc/us"),
            ("Austin, TX · Hillsboro, OR", "austin/tx/us hillsboro/or/us"),
            ("Chicago, IL, Boston, MA", "boston/ma/us chicago/il/us"),
            ("Remote - US", "//us remote"),
            ("Remote", " remote"),
            ("3 Locations", ""),
            ("Warsaw Poland", "warsaw//pl"),
            ("Dallas, TX Headquarters", "dallas/tx/us"),
            ("Werk van thuis", " remote"),
            ("", ""),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text), wanted, "{text}");
        }
    }
}
