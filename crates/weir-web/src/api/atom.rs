//! Changes as an Atom feed (RFC 4287, paged as in RFC 5005): the newest first, the way to older ones
//! as `next`. An entry keeps its id for ever, so a reader shows each change once.
//!
//! Must never let a text of a source be markup, nor a character that XML forbids into the document.

use crate::links;
use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io::Result;
use uuid::Uuid;
use weir_model::Hash;
use weir_reporting::report::columns::line;
use weir_store::views::export::ExportCell;

/// A writer of XML.
type AtomWriter<'w> = Writer<&'w mut Vec<u8>>;

/// The media type of the pages that entries are about.
const PAGE: &str = "text/html";

/// The feed at an address: its rows are those of [`super::feed::entry_columns`].
pub(super) fn write(own: &str, next: Option<&str>, rows: &[Vec<ExportCell>]) -> Result<Vec<u8>> {
    let entries: Vec<AtomEntry> = rows.iter().filter_map(|row| AtomEntry::of(row)).collect();
    let newest = entries.iter().map(|entry| entry.at).max();
    let mut out = Vec::new();
    let mut xml = Writer::new_with_indent(&mut out, b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let feed = xml.create_element("feed");
    let feed = feed.with_attribute(("xmlns", "http://www.w3.org/2005/Atom"));
    feed.write_inner_content(|xml| {
        text(xml, "id", &name(own.split('?').next().unwrap_or(own)))?;
        text(xml, "title", "Changes of jobs")?;
        text(xml, "updated", &instant(newest.unwrap_or_default()))?;
        xml.create_element("author")
            .write_inner_content(|xml| text(xml, "name", "Weir"))?;
        link(xml, "self", own, None)?;
        if let Some(next) = next {
            link(xml, "next", next, None)?;
        }
        entries.iter().try_for_each(|entry| entry.write(xml))
    })?;
    out.push(b'\n');
    Ok(out)
}

/// A change.
struct AtomEntry<'r> {
    cursor: &'r str,
    institution: &'r str,
    job: &'r str,
    change: &'r str,
    at: DateTime<Utc>,
    title: &'r str,
    why: &'r str,
}

impl<'r> AtomEntry<'r> {
    fn of(row: &'r [ExportCell]) -> Option<AtomEntry<'r>> {
        let text = |place: usize| match row.get(place) {
            Some(ExportCell::Text(text)) => text.as_str(),
            _ => "",
        };
        let Some(ExportCell::Instant(at)) = row.get(4) else {
            return None;
        };
        Some(AtomEntry {
            cursor: text(0),
            institution: text(1),
            job: text(2),
            change: text(3),
            at: *at,
            title: text(5),
            why: text(6),
        })
    }

    fn write(&self, xml: &mut AtomWriter<'_>) -> Result<()> {
        let title = format!("{}: {}", word(self.change), self.title);
        let summary = format!("{}: {}", self.institution, self.why);
        let entry = xml.create_element("entry");
        entry.write_inner_content(|xml| {
            text(xml, "id", &name(self.cursor))?;
            text(xml, "title", title.trim_end_matches(": "))?;
            text(xml, "updated", &instant(self.at))?;
            link(xml, "alternate", &links::job(self.job), Some(PAGE))?;
            let category = xml.create_element("category");
            category
                .with_attribute(("term", self.change))
                .write_empty()?;
            text(xml, "summary", summary.trim_end_matches(": "))
        })?;
        Ok(())
    }
}

/// A change in a word.
fn word(change: &str) -> &str {
    match change {
        "create" => "new",
        "update" => "changed",
        "reopen" => "reopened",
        "archive" => "closed",
        "refresh" => "refreshed",
        _ => "removed on request",
    }
}

fn text(xml: &mut AtomWriter<'_>, element: &str, said: &str) -> Result<()> {
    let said = lawful(&line(said, 400));
    xml.create_element(element)
        .write_text_content(BytesText::new(&said))?;
    Ok(())
}

fn link(xml: &mut AtomWriter<'_>, rel: &str, to: &str, kind: Option<&str>) -> Result<()> {
    let link = xml.create_element("link").with_attribute(("rel", rel));
    let link = link.with_attribute(("href", lawful(to).as_str()));
    match kind {
        Some(kind) => link.with_attribute(("type", kind)).write_empty()?,
        None => link.write_empty()?,
    };
    Ok(())
}

/// A text without the characters that XML forbids.
fn lawful(text: &str) -> String {
    let is_lawful = |letter: char| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let plain = |letter: char| {
        if is_lawful(letter) {
            letter
        } else {
            '\u{fffd}'
        }
    };
    text.chars().map(plain).collect()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A name that nothing else has, and that stays.
fn name(of: &str) -> String {
    let bytes = Hash::of(of.as_bytes()).to_vec();
    let first = bytes.first_chunk::<16>().copied().unwrap_or_default();
    let name = uuid::Builder::from_custom_bytes(first).into_uuid();
    format!("urn:uuid:{}", Uuid::hyphenated(name))
}

#[cfg(test)]
mod tests {
    use super::{ExportCell, write};

    #[test]
    fn a_hostile_text_stays_text() {
        let text = |text: &str| ExportCell::Text(text.to_owned());
        let row = vec![
            text("0a1b2c3d-812-99"),
            text("acme"),
            text("0b8e"),
            text("update"),
            ExportCell::Instant(chrono::DateTime::UNIX_EPOCH),
            text("</title><script>alert(1)</script>]]>&nbsp;\u{1}\u{ffff}"),
            ExportCell::Empty,
        ];
        let feed = write("/f?institution=a&limit=1", None, &[row]).unwrap();
        let feed = String::from_utf8(feed).unwrap();
        assert!(
            feed.contains("changed: &lt;/title&gt;&lt;script&gt;"),
            "{feed}"
        );
        assert!(feed.contains("institution=a&amp;limit=1"), "{feed}");
        assert!(!feed.contains(['\u{1}', '\u{ffff}']), "{feed}");
        assert!(feed.contains("<summary>acme</summary>"), "{feed}");
    }
}
