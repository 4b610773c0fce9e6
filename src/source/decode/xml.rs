//! XML as a stream: only the element of a record is held. What is not well-formed within a record costs that record and no other; a text that
//! breaks off is an error. Declarations of types are passed over: nothing in them is expanded or fetched.
//!
//! An element with only text is that text; another is an object of its children by their names, its attributes as `@name`, its own text as
//! `#text`. A name that comes again, or is said to, becomes a list.

use super::super::json::{Found, Item, uncounted};
use super::ration::Ration;
use super::{Spot, Unread, XmlSpec, names_of, record};
use crate::diagnostic::{Diagnostics, Place};
use crate::yaml::Text;
use quick_xml::Reader;
use quick_xml::escape::{resolve_html5_entity, resolve_predefined_entity};
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::{Map, Value as Json};
use std::io::BufRead;

/// How deeply elements may nest.
const DEEPEST: usize = 128;
/// Largest record.
const MOST_OF_A_RECORD: usize = 16 * 1024 * 1024;
/// Most text kept of an element outside of the records.
const MOST_BESIDE: usize = 64 * 1024;

/// Where records stand, and how they are read.
#[derive(Debug, Clone)]
pub(super) struct Xml {
    records: Records,
    count: Option<Vec<String>>,
    shape: Shape,
}

/// Where records stand.
#[derive(Debug, Clone)]
enum Records {
    /// At these names from the root.
    At(Vec<String>),
    /// Wherever an element has this name.
    Anywhere(String),
}

/// How elements become JSON.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    lists: Vec<String>,
    /// Our own prefix of a namespace.
    namespaces: Vec<(String, String)>,
}

impl Xml {
    /// Compiles it; problems go to `out`.
    pub(super) fn compile(spec: &XmlSpec, place: &Place, records: Option<&Text>, count: Option<&Text>, out: &mut Diagnostics) -> Option<Xml> {
        let Some(records) = records else {
            out.error(place, "bad-decode", "`records` is missing: XML does not say which element is an ad")
                .help("name it from the root: `records: $.source.job[*]`, or `$..job`");
            return None;
        };
        let anywhere =
            records.strip_prefix("$..").map(|name| name.trim_end_matches("[*]")).filter(|name| !name.is_empty() && !name.contains(['.', '[', '*']));
        let records = match anywhere {
            Some(name) => Records::Anywhere(name.to_owned()),
            None => Records::At(names_of(records, out)?),
        };
        let count = match count {
            Some(count) => Some(names_of(count, out)?),
            None => None,
        };
        Some(Xml { records, count, shape: Shape::new(spec) })
    }

    #[cfg(test)]
    pub(super) fn of(spec: &XmlSpec, anywhere: &[&str]) -> Xml {
        Xml { records: Records::Anywhere(anywhere.concat()), count: None, shape: Shape::new(spec) }
    }

    pub(super) fn read(&self, text: &mut dyn BufRead, spots: &[Spot], put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
        let wanted: Vec<Vec<String>> = spots.iter().map(names_of_spot).collect();
        let mut found = Found { taken: vec![None; spots.len()], ..Found::default() };
        let (mut seen_root, mut odd_count) = (None, None);
        let mut watch = |event: Seen| match event {
            Seen::Open(path) => {
                seen_root.get_or_insert_with(|| path[0].clone());
                match &self.records {
                    Records::At(names) => found.place_found |= names.split_last().is_some_and(|(_, parents)| parents == path),
                    Records::Anywhere(_) => {}
                }
                self.is_record(path)
            }
            Seen::Text(path, text) => {
                if self.count.as_deref() == Some(path) {
                    found.stated = super::first_number(text);
                    odd_count = Some(text.to_owned());
                }
                for (value, _) in found.taken.iter_mut().zip(&wanted).filter(|(_, names)| names.as_slice() == path) {
                    *value = Some(Json::from(text.trim()));
                }
                false
            }
            Seen::Record(item) => {
                found.place_found = true;
                put(item)
            }
        };
        walk(text, &self.shape, &mut watch)?;
        if let (Some(names), None) = (&self.count, found.stated) {
            found.uncounted = Some(uncounted(&format!("$.{}", names.join(".")), odd_count.as_deref()));
        }
        // An error page is no empty board.
        let is_page = seen_root.is_none_or(|root| root.eq_ignore_ascii_case("html"));
        found.place_found |= matches!(self.records, Records::Anywhere(_)) && !is_page;
        found.place_found |= matches!(&self.records, Records::At(names) if names.len() == 1 && found.place_found);
        Ok(found)
    }

    fn is_record(&self, path: &[String]) -> bool {
        match &self.records {
            Records::At(names) => names == path,
            Records::Anywhere(name) => path.last() == Some(name),
        }
    }
}

fn names_of_spot(spot: &Spot) -> Vec<String> {
    let Spot::Path(path) = spot else { return Vec::new() };
    let name = |step: &crate::jsonpath::Step| if let crate::jsonpath::Step::Name(name) = step { Some(name.clone()) } else { None };
    path.steps().unwrap_or_default().iter().filter_map(name).collect()
}

impl Shape {
    fn new(spec: &XmlSpec) -> Shape {
        let namespaces = spec.namespaces.iter().map(|(prefix, uri)| (uri.clone(), prefix.clone())).collect();
        Shape { lists: spec.lists.clone(), namespaces }
    }
}

/// What a walk comes by.
pub(super) enum Seen<'s> {
    /// An element opens at these names from the root; the answer says whether it is a record.
    Open(&'s [String]),
    /// The text of an element outside of the records.
    Text(&'s [String], &'s str),
    /// A record; the answer says whether to go on.
    Record(Item),
}

/// An element under way.
struct Open {
    name: String,
    members: Map<String, Json>,
    text: String,
    /// Namespaces that it declares: prefix and URI.
    declares: Vec<(String, String)>,
}

/// A record under way: how many elements were open before it, what it takes, and why it cannot be read.
struct Under {
    depth: usize,
    bytes: usize,
    broken: Option<String>,
}

struct Walk<'w> {
    shape: &'w Shape,
    watch: &'w mut dyn FnMut(Seen) -> bool,
    open: Vec<Open>,
    path: Vec<String>,
    under: Option<Under>,
    stopped: bool,
}

/// Walks through a text.
///
/// # Errors
/// It is no XML, or breaks off.
pub(super) fn walk(text: &mut dyn BufRead, shape: &Shape, watch: &mut dyn FnMut(Seen) -> bool) -> Result<(), Unread> {
    let ration = Ration::new(MOST_OF_A_RECORD as u64);
    let mut reader = Reader::from_reader(ration.over(text, "what stands between two tags, or in one,"));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.expand_empty_elements = true;
    let mut walk = Walk { shape, watch, open: Vec::new(), path: Vec::new(), under: None, stopped: false };
    let (mut buffer, mut seen) = (Vec::new(), false);
    loop {
        buffer.clear();
        ration.renew();
        let event = reader.read_event_into(&mut buffer);
        let at = reader.buffer_position();
        match event {
            Err(error) => {
                let why = match error {
                    quick_xml::Error::Encoding(_) => {
                        Unread::Broken("there are bytes that are not in the character set; give it as `charset`".to_owned())
                    }
                    quick_xml::Error::Io(error) => Unread::of(&error),
                    other => Unread::Broken(other.to_string()),
                };
                walk.give_up(&why.to_string(), at);
                return Err(why.told(|why| format!("{why} (byte {at})")));
            }
            Ok(Event::Eof) if walk.open.is_empty() && seen => return Ok(()),
            Ok(Event::Eof) if !seen => return Err(Unread::Broken("there is no element in it".to_owned())),
            Ok(Event::Eof) => {
                let name = walk.open.last().map(|open| open.name.clone()).unwrap_or_default();
                return Err(Unread::Broken(format!("it breaks off at byte {at}: `<{name}>` is not closed")));
            }
            Ok(event) => {
                seen |= matches!(event, Event::Start(_));
                walk.take(event, at)?;
            }
        }
        if walk.stopped {
            return Ok(());
        }
    }
}

impl Walk<'_> {
    fn take(&mut self, event: Event, at: u64) -> Result<(), Unread> {
        match event {
            Event::Start(start) => self.start(&start, at)?,
            Event::End(end) => self.end(end.name().as_ref(), at),
            Event::Text(text) => self.text(&text, at)?,
            Event::CData(text) => self.text(&text, at)?,
            Event::GeneralRef(reference) => {
                self.text(&entity(&reference), at)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart, at: u64) -> Result<(), Unread> {
        if self.open.len() >= DEEPEST {
            return Err(Unread::Beyond(format!("elements nest deeper than {DEEPEST} at byte {at}")));
        }
        let raw = start.name().as_ref().to_owned();
        let mut open = Open { name: raw.clone(), members: Map::new(), text: String::new(), declares: Vec::new() };
        let mut attributes = Vec::new();
        for attribute in start.attributes().with_checks(false).flatten() {
            let key = attribute.key.as_ref().to_owned();
            let value = unescaped(&attribute.value);
            match key.strip_prefix("xmlns") {
                Some(prefix) if prefix.is_empty() || prefix.starts_with(':') => {
                    open.declares.push((prefix.trim_start_matches(':').to_owned(), value));
                }
                _ => attributes.push((key, value)),
            }
        }
        self.open.push(open);
        let name = self.resolved(&raw);
        self.path.push(name);
        if self.under.is_none() && (self.watch)(Seen::Open(&self.path)) {
            self.under = Some(Under { depth: self.open.len(), bytes: 0, broken: None });
        }
        if self.under.is_some() {
            for (key, value) in attributes {
                self.grow(key.len() + value.len(), at)?;
                let key = format!("@{}", self.resolved(&key));
                if let Some(open) = self.open.last_mut() {
                    open.members.insert(key, Json::from(value));
                }
            }
        }
        Ok(())
    }

    /// The name with our own prefix for its namespace, if there is one.
    fn resolved(&self, raw: &str) -> String {
        if self.shape.namespaces.is_empty() {
            return raw.to_owned();
        }
        let (prefix, local) = raw.split_once(':').unwrap_or(("", raw));
        let uri = self.open.iter().rev().flat_map(|open| &open.declares).find(|(declared, _)| declared == prefix).map(|(_, uri)| uri);
        let ours = uri.and_then(|uri| self.shape.namespaces.iter().find(|(known, _)| known == uri));
        ours.map_or_else(|| raw.to_owned(), |(_, ours)| format!("{ours}:{local}"))
    }

    fn grow(&mut self, bytes: usize, at: u64) -> Result<(), Unread> {
        let Some(under) = &mut self.under else { return Ok(()) };
        under.bytes += bytes + 16;
        if under.bytes > MOST_OF_A_RECORD {
            return Err(Unread::Beyond(format!("a record is larger than 16 MiB at byte {at}")));
        }
        Ok(())
    }

    fn text(&mut self, text: &str, at: u64) -> Result<(), Unread> {
        self.grow(text.len(), at)?;
        let limit = if self.under.is_some() { usize::MAX } else { MOST_BESIDE };
        if let Some(open) = self.open.last_mut().filter(|open| open.text.len() < limit) {
            open.text.push_str(text);
        }
        Ok(())
    }

    fn end(&mut self, name: &str, at: u64) {
        let Some(top) = self.open.last() else { return };
        if !top.name.eq_ignore_ascii_case(name) {
            let message = format!("`<{}>` is closed by `</{name}>` at byte {at}", top.name);
            let lowest = self.under.as_ref().map_or(0, |under| under.depth - 1);
            let matching = self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name)).filter(|index| *index >= lowest);
            if let Some(under) = &mut self.under {
                under.broken.get_or_insert(message);
            }
            // Closed by the name of an element further out: those within it end as well. By no name at all: it is passed over.
            let Some(matching) = matching else { return };
            while self.open.len() > matching + 1 {
                self.close();
            }
        }
        self.close();
    }

    /// The innermost element ends.
    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let is_record = self.under.as_ref().is_some_and(|under| under.depth == self.open.len() + 1);
        if self.under.is_none() {
            (self.watch)(Seen::Text(&self.path, &open.text));
            self.path.pop();
            return;
        }
        let name = self.path.pop().unwrap_or_default();
        let value = open.value();
        if is_record {
            let broken = self.under.take().and_then(|under| under.broken);
            let item = match broken {
                None => record(&if value.is_object() { value } else { Json::Object(Map::from_iter([("#text".to_owned(), value)])) }),
                Some(why) => Item::Unreadable(value.to_string().into_bytes(), why),
            };
            self.stopped = !(self.watch)(Seen::Record(item));
        } else if let Some(parent) = self.open.last_mut() {
            parent.add(name, value, &self.shape.lists);
        }
    }

    /// What there is of a record when the text cannot be read further.
    fn give_up(&mut self, why: &str, at: u64) {
        while let Some(under) = &mut self.under {
            under.broken.get_or_insert_with(|| format!("{why} (byte {at})"));
            self.close();
        }
    }
}

impl Open {
    fn add(&mut self, name: String, value: Json, lists: &[String]) {
        let local = name.rsplit(':').next().unwrap_or_default();
        let is_list = lists.iter().any(|list| *list == name || list == local);
        match self.members.get_mut(&name) {
            None if is_list => {
                self.members.insert(name, Json::Array(vec![value]));
            }
            None => {
                self.members.insert(name, value);
            }
            Some(Json::Array(items)) => items.push(value),
            Some(first) => *first = Json::Array(vec![first.take(), value]),
        }
    }

    fn value(self) -> Json {
        let text = self.text.trim();
        if self.members.is_empty() {
            return Json::from(text);
        }
        let mut members = self.members;
        if !text.is_empty() {
            members.insert("#text".to_owned(), Json::from(text));
        }
        Json::Object(members)
    }
}

/// The text of `&name;`: XML's own, HTML's, a letter by its number; what is none of these stays as it is.
fn entity(reference: &BytesRef) -> String {
    let name: &str = reference;
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return letter.to_string();
    }
    let known = resolve_predefined_entity(name).or_else(|| resolve_html5_entity(name));
    known.map_or_else(|| format!("&{name};"), str::to_owned)
}

/// The value of an attribute; what cannot be read stays as it is.
fn unescaped(value: &str) -> String {
    quick_xml::escape::unescape_with(value, |name| resolve_predefined_entity(name).or_else(|| resolve_html5_entity(name)))
        .map_or_else(|_| value.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonpath::Path;
    use serde_json::json;

    fn read(xml: &Xml, text: &str) -> (Vec<Json>, Result<Found, Unread>) {
        let mut items = Vec::new();
        let spots = [Spot::Path(Path::parse("$.source.next").unwrap())];
        let found = xml.read(&mut text.as_bytes(), &spots, &mut |item| {
            items.push(match item {
                Item::Record(text) => serde_json::from_str(&text).unwrap(),
                Item::Unreadable(_, why) => json!(why),
            });
            true
        });
        (items, found)
    }

    fn at(names: &[&str], spec: &XmlSpec) -> Xml {
        let count = Some(vec!["source".to_owned(), "total".to_owned()]);
        Xml { records: Records::At(names.iter().map(ToString::to_string).collect()), count, shape: Shape::new(spec) }
    }

    const FEED: &str = r#"<?xml version="1.0"?><!DOCTYPE source><source xmlns:j="urn:jobs"><total>1,002</total>
      <job id="7"><title><![CDATA[ A & B ]]></title><city>Bonn</city><city>K&ouml;ln</city><pay unit="h">5 &lt; 6</pay><j:ref>x</j:ref><empty/></job>
      <next>p2</next></source>"#;

    #[test]
    fn elements_become_json() {
        let spec = XmlSpec { lists: vec!["title".into()], namespaces: indexmap::IndexMap::from([("own".to_owned(), "urn:jobs".to_owned())]) };
        let (items, found) = read(&at(&["source", "job"], &spec), FEED);
        assert_eq!(
            items,
            [
                json!({ "@id": "7", "title": ["A & B"], "city": ["Bonn", "Köln"], "pay": { "@unit": "h", "#text": "5 < 6" }, "own:ref": "x", "empty": "" })
            ]
        );
        let found = found.unwrap();
        assert_eq!((found.stated, found.taken, found.place_found), (Some(1002), vec![Some(json!("p2"))], true));
        assert_eq!(found.uncounted, None);
        let uncounted =
            |total: &str| read(&at(&["source", "job"], &spec), &FEED.replace("<total>1,002</total>", total)).1.unwrap().uncounted.unwrap();
        assert_eq!(uncounted("<total>many</total>"), "the count at `$.source.total` is `many`, no whole number");
        assert_eq!(uncounted(""), "no count stands at `$.source.total`");
    }

    #[test]
    fn what_is_not_well_formed_costs_its_record_only() {
        let text = "<source><job><a>1</a></job><job><a>2</b></job><job><Visa>3</visa></job><job><a><b>4</a></job></source>";
        let (items, found) = read(&at(&["source", "job"], &XmlSpec::default()), text);
        assert_eq!(items[0], json!({ "a": "1" }));
        assert!(items[1].as_str().unwrap().contains("`<a>` is closed by `</b>`"), "{items:?}");
        assert_eq!(items[2], json!({ "Visa": "3" }));
        assert!(items[3].as_str().unwrap().contains("`<b>` is closed by `</a>`"));
        assert_eq!((items.len(), found.is_ok()), (4, true));
    }

    #[test]
    fn a_text_that_breaks_off_is_an_error_and_an_error_page_no_empty_board() {
        let xml = at(&["source", "job"], &XmlSpec::default());
        assert!(read(&xml, &FEED[..FEED.len() - 9]).1.unwrap_err().to_string().contains("breaks off"));
        assert!(read(&xml, "<source></source>").1.unwrap().place_found);
        assert!(!read(&xml, "<html><body>Down</body></html>").1.unwrap().place_found);
        assert!(read(&xml, "").1.is_err());
        assert!(read(&xml, &"<a>".repeat(1000)).1.is_err());
        let anywhere = Xml::of(&XmlSpec::default(), &["job"]);
        assert!(read(&anywhere, "<source/>").1.unwrap().place_found);
        assert!(!read(&anywhere, "<html></html>").1.unwrap().place_found);
    }
}
