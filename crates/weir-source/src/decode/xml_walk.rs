//! XML as a stream: only the element of a record is held in memory. A record that is not
//! well-formed costs only that record, or nothing if the meaning is clear; a text that breaks off
//! is an error. Nothing that a document type refers to is ever fetched.
//!
//! An element with only text becomes that text; any other becomes an object of its children by
//! name, its attributes as `@name` and its own text as `#text`. A repeated name, or one declared as
//! a list, becomes a list. If the children are markup, all of it is `#markup` in order, for the
//! outermost such element only. A record within an `xml:base` has the address that its links are
//! resolved against as `@xml:base`.

use super::super::json::DecodedItem;
use super::entity::XmlEntities;
use super::ration::ByteRation;
use super::xml_element::{InnerMarkup, OpenElement};
use super::{BodyFacts, UnreadCause, XmlSpec, record};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value as Json};
use std::io::BufRead;
use url::Url;

/// How deeply elements may nest.
const DEEPEST: usize = 128;
/// Largest record.
const MOST_OF_A_RECORD: usize = 16 * 1024 * 1024;
/// Longest address that links may lead from: each record carries it.
const LONGEST_BASE: usize = 2048;
/// Most text kept of an element outside of the records.
const MOST_BESIDE: usize = 64 * 1024;

/// How elements become JSON.
#[derive(Debug, Clone, Default)]
pub(super) struct XmlShape {
    lists: Vec<String>,
    /// Our own prefix of a namespace.
    namespaces: Vec<(String, String)>,
}

impl XmlShape {
    pub(super) fn new(spec: &XmlSpec) -> XmlShape {
        let namespaces = spec
            .namespaces
            .iter()
            .map(|(prefix, uri)| (uri.clone(), prefix.clone()));
        XmlShape {
            lists: spec.lists.clone(),
            namespaces: namespaces.collect(),
        }
    }
}

/// What a walk encounters.
pub(super) enum WalkEvent<'s> {
    /// An element opens at these names from the root; returns whether it is a record.
    Open(&'s [String]),
    /// The text of an element outside of the records.
    Text(&'s [String], &'s str),
    /// A record; returns whether to continue.
    Record(DecodedItem),
}

/// The current record: how many elements were open before it, what it collects, and why it cannot
/// be read.
struct OpenRecord {
    depth: usize,
    bytes: usize,
    broken: Option<String>,
    markup: InnerMarkup,
}

struct XmlWalk<'w> {
    shape: &'w XmlShape,
    watch: &'w mut dyn FnMut(WalkEvent) -> bool,
    page: Option<Url>,
    entities: XmlEntities,
    open: Vec<OpenElement>,
    path: Vec<String>,
    under: Option<OpenRecord>,
    stopped: bool,
    /// What was not well-formed first, and how often something was.
    odd: Option<String>,
    odds: usize,
}

/// Walks through a text. Returns the errors in it that could be tolerated.
///
/// # Errors
/// It is not XML, or breaks off.
pub(super) fn walk(
    text: &mut dyn BufRead,
    shape: &XmlShape,
    body: &BodyFacts,
    watch: &mut dyn FnMut(WalkEvent) -> bool,
) -> Result<Option<String>, UnreadCause> {
    let ration = ByteRation::new(MOST_OF_A_RECORD as u64);
    let mut reader = Reader::from_reader(ration.over(text, "a tag, or the text between two tags,"));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    config.expand_empty_elements = true;
    let mut walk = XmlWalk::new(shape, body, watch);
    let (mut buffer, mut seen) = (Vec::new(), false);
    loop {
        buffer.clear();
        ration.renew();
        let before = reader.buffer_position();
        let event = reader.read_event_into(&mut buffer);
        let at = reader.buffer_position();
        match event {
            // The reader has passed it.
            Err(quick_xml::Error::IllFormed(error)) if at > before => {
                walk.note(&error.to_string(), at);
            }
            Err(error) => return Err(walk.broken(error, at)),
            Ok(Event::Eof) => return walk.end_of_text(seen, at),
            Ok(event) => {
                seen |= matches!(event, Event::Start(_));
                walk.take(event, at)?;
            }
        }
        if walk.stopped {
            return Ok(None);
        }
    }
}

impl<'w> XmlWalk<'w> {
    fn new(
        shape: &'w XmlShape,
        body: &BodyFacts,
        watch: &'w mut dyn FnMut(WalkEvent) -> bool,
    ) -> XmlWalk<'w> {
        XmlWalk {
            shape,
            watch,
            page: body.url.and_then(|url| Url::parse(url).ok()),
            entities: XmlEntities::default(),
            open: Vec::new(),
            path: Vec::new(),
            under: None,
            stopped: false,
            odd: None,
            odds: 0,
        }
    }

    fn take(&mut self, event: Event, at: u64) -> Result<(), UnreadCause> {
        match event {
            Event::Start(start) => self.start(&start, at),
            Event::End(end) => {
                self.end(end.name().as_ref(), at);
                Ok(())
            }
            Event::Text(text) => {
                if text.contains('&') {
                    self.note("an unescaped `&`", at);
                }
                self.text(&text, false, at)
            }
            Event::CData(text) => self.text(&text, true, at),
            Event::GeneralRef(name) => self.reference(&name, at),
            Event::DocType(doctype) => {
                self.entities.declare(&doctype);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn reference(&mut self, name: &str, at: u64) -> Result<(), UnreadCause> {
        match self.entities.text_of(name, at)? {
            Some(text) => self.text(&text, true, at),
            None => {
                self.note(&format!("`&{};` is not declared", short(name)), at);
                self.text(&format!("&{name};"), false, at)
            }
        }
    }

    fn start(&mut self, start: &BytesStart, at: u64) -> Result<(), UnreadCause> {
        if self.open.len() >= DEEPEST {
            return Err(UnreadCause::Beyond(format!(
                "elements nest deeper than {DEEPEST} at byte {at}"
            )));
        }
        let mut open = OpenElement::new(start.name().as_ref());
        let attributes = self.attributes(start, &mut open, at)?;
        let raw = open.name.clone();
        self.open.push(open);
        let name = self.resolved(&raw);
        if let Some(under) = &mut self.under {
            let parent = self
                .open
                .len()
                .checked_sub(2)
                .and_then(|index| self.open.get_mut(index));
            parent
                .into_iter()
                .for_each(|parent| parent.has_child(&name));
            under.markup.open(&name, &attributes);
        }
        self.path.push(name);
        if self.under.is_none() && (self.watch)(WalkEvent::Open(&self.path)) {
            let markup = InnerMarkup::default();
            self.under = Some(OpenRecord {
                depth: self.open.len(),
                bytes: 0,
                broken: None,
                markup,
            });
        }
        if self.under.is_some() {
            self.keep(attributes, at)
        } else {
            Ok(())
        }
    }

    /// The attributes of an element, but for the namespaces that it declares.
    fn attributes(
        &mut self,
        start: &BytesStart,
        open: &mut OpenElement,
        at: u64,
    ) -> Result<Vec<(String, String)>, UnreadCause> {
        let mut attributes = Vec::new();
        for attribute in start.html_attributes().with_checks(false) {
            let Ok(attribute) = attribute else {
                self.note(
                    &format!("an unreadable attribute of `<{}>`", short(&open.name)),
                    at,
                );
                continue;
            };
            let key = attribute.key.as_ref().to_owned();
            let value = self.entities.resolved(&attribute.value, at)?;
            match key.strip_prefix("xmlns") {
                Some(prefix) if prefix.is_empty() || prefix.starts_with(':') => {
                    open.declares
                        .push((prefix.trim_start_matches(':').to_owned(), value));
                }
                _ if key == "xml:base" => {
                    open.base = Some(value).filter(|base| base.len() <= LONGEST_BASE);
                }
                _ => attributes.push((key, value)),
            }
        }
        Ok(attributes)
    }

    fn keep(&mut self, attributes: Vec<(String, String)>, at: u64) -> Result<(), UnreadCause> {
        for (key, value) in attributes {
            self.grow(key.len() + value.len(), at)?;
            let key = format!("@{}", self.resolved(&key));
            if let Some(open) = self.open.last_mut() {
                open.members.insert(key, Json::from(value));
            }
        }
        let base = self.base();
        let is_record = self
            .under
            .as_ref()
            .is_some_and(|under| under.depth == self.open.len());
        let start = self.under.as_ref().map_or(0, |under| under.markup.len());
        if let Some(open) = self.open.last_mut() {
            open.start = start;
            if let Some(base) = base.filter(|_| is_record || open.base.is_some()) {
                open.members
                    .insert("@xml:base".to_owned(), Json::from(base.as_str()));
            }
        }
        Ok(())
    }

    /// The address that links are resolved against here, if an element declares one.
    fn base(&self) -> Option<Url> {
        let mut said = self
            .open
            .iter()
            .filter_map(|open| open.base.as_deref())
            .peekable();
        said.peek()?;
        said.fold(self.page.clone(), |base, said| match &base {
            Some(base) => base.join(said).ok(),
            None => Url::parse(said).ok(),
        })
    }

    /// The name with our own prefix for its namespace, if there is one.
    fn resolved(&self, raw: &str) -> String {
        if self.shape.namespaces.is_empty() {
            return raw.to_owned();
        }
        let (prefix, local) = raw.split_once(':').unwrap_or(("", raw));
        let mut declared = self.open.iter().rev().flat_map(|open| &open.declares);
        let uri = declared
            .find(|(declared, _)| declared == prefix)
            .map(|(_, uri)| uri);
        let ours = uri.and_then(|uri| self.shape.namespaces.iter().find(|(known, _)| known == uri));
        ours.map_or_else(|| raw.to_owned(), |(_, ours)| format!("{ours}:{local}"))
    }

    fn grow(&mut self, bytes: usize, at: u64) -> Result<(), UnreadCause> {
        let Some(under) = &mut self.under else {
            return Ok(());
        };
        under.bytes += bytes + 16;
        if under.bytes > MOST_OF_A_RECORD {
            return Err(UnreadCause::Beyond(format!(
                "a record is larger than 16 MiB at byte {at}"
            )));
        }
        Ok(())
    }

    /// Text; `may_be_markup` where tags in it may be meant as such.
    fn text(&mut self, text: &str, may_be_markup: bool, at: u64) -> Result<(), UnreadCause> {
        self.grow(text.len(), at)?;
        if text.contains(|letter: char| letter < ' ' && !matches!(letter, '\t' | '\n' | '\r')) {
            self.note("control characters in text", at);
        }
        if let Some(under) = &mut self.under {
            under.markup.text(text, may_be_markup);
        }
        let limit = if self.under.is_some() {
            usize::MAX
        } else {
            MOST_BESIDE
        };
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
            let matching = self
                .open
                .iter()
                .rposition(|open| open.name.eq_ignore_ascii_case(name));
            let matching = matching.filter(|index| *index >= lowest);
            match &mut self.under {
                Some(under) => drop(under.broken.get_or_insert(message)),
                None => self.note(
                    &format!(
                        "`<{}>` is closed by `</{}>`",
                        short(&top.name.clone()),
                        short(name)
                    ),
                    at,
                ),
            }
            // Closed by the name of an element further out: those within it end as well. By no name
            // at all: it is passed over.
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
        let Some(under) = &mut self.under else {
            (self.watch)(WalkEvent::Text(&self.path, &open.text));
            self.path.pop();
            return;
        };
        let name = self.path.pop().unwrap_or_default();
        if under.depth != self.open.len() + 1 {
            let value = open.value(&under.markup);
            under.markup.close(&name);
            if let Some(parent) = self.open.last_mut() {
                parent.add(name, value, &self.shape.lists);
            }
            return;
        }
        let value = open.record();
        let item = match self.under.take().and_then(|under| under.broken) {
            None if value.is_object() => record(&value),
            None => record(&Json::Object(Map::from_iter([("#text".to_owned(), value)]))),
            Some(why) => DecodedItem::Unreadable(value.to_string().into_bytes(), why),
        };
        self.stopped = !(self.watch)(WalkEvent::Record(item));
    }

    /// Records an error whose meaning is clear.
    fn note(&mut self, what: &str, at: u64) {
        self.odds += 1;
        self.odd
            .get_or_insert_with(|| format!("the XML is not well-formed: {what} (byte {at})"));
    }

    fn broken(&mut self, error: quick_xml::Error, at: u64) -> UnreadCause {
        let why = match error {
            quick_xml::Error::Encoding(_) => UnreadCause::Broken(
                "some bytes are not valid in the character set; set `charset`".to_owned(),
            ),
            quick_xml::Error::Io(error) => UnreadCause::of(&error),
            other => UnreadCause::Broken(other.to_string()),
        };
        self.give_up(&why.to_string(), at);
        why.told(|why| format!("{why} (byte {at})"))
    }

    fn end_of_text(&mut self, seen: bool, at: u64) -> Result<Option<String>, UnreadCause> {
        match self.open.last() {
            _ if !seen => Err(UnreadCause::Broken("it contains no element".to_owned())),
            Some(open) => Err(UnreadCause::Broken(format!(
                "it breaks off at byte {at}: `<{}>` is not closed",
                open.name
            ))),
            None => {
                let more = self.odds.saturating_sub(1);
                let more = if more == 0 {
                    String::new()
                } else {
                    format!(" and {more} more problems")
                };
                Ok(self.odd.take().map(|odd| format!("{odd}{more}")))
            }
        }
    }

    /// The part of a record that was read before the text became unreadable.
    fn give_up(&mut self, why: &str, at: u64) {
        while let Some(under) = &mut self.under {
            under
                .broken
                .get_or_insert_with(|| format!("{why} (byte {at})"));
            self.close();
        }
    }
}

/// A name as shown: shortened so that the sentence around it stays readable.
fn short(name: &str) -> String {
    name.chars().take(40).collect()
}
