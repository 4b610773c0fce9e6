//! The body of one page, read as a stream on a thread that may wait for it.

use super::super::decode::{BodyDecoder, BodyFacts, DecodeSummary, UnreadCause, ValueSpot};
use super::super::door::FetchError;
use super::super::file::CountingReader;
use super::super::json::DecodedItem;
use super::super::page::PageSink;
use serde_json::{Value as Json, json};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// The pages under way, shared with the thread that parses.
pub(super) type SharedPages = Arc<Mutex<PageSink>>;

/// What the thread that parses needs.
pub(super) struct PageParsing {
    pub(super) decoder: BodyDecoder,
    pub(super) spots: Vec<ValueSpot>,
    pub(super) url: String,
    pub(super) charset: Option<String>,
    pub(super) request: Option<Json>,
    /// Whether it is a web page, where none is expected.
    pub(super) is_page: bool,
    /// Whether nothing says where its body ends.
    pub(super) is_open_ended: bool,
    /// Whether other pages may follow.
    pub(super) is_of_many: bool,
    pub(super) limit: u64,
    pub(super) pages: SharedPages,
}

impl PageParsing {
    pub(super) fn parse(self, body: impl Read) -> Result<(DecodeSummary, i64, i64), FetchError> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.begin_page();
        let origin = Arc::new(json!({ "url": self.url }));
        let (mut items, mut bytes, mut stopped) = (0, 0, false);
        let mut put = |item: DecodedItem| {
            items += 1;
            stopped = pages
                .put(with_request(item, self.request.as_ref()), &origin)
                .is_err();
            !stopped
        };
        let mut counting = CountingReader {
            inner: body,
            bytes: &mut bytes,
            left: self.limit,
            is_over: false,
        };
        let found = self.decoder.decode(
            &mut counting,
            &BodyFacts {
                url: Some(&self.url),
                charset: self.charset.as_deref(),
                is_open_ended: self.is_open_ended,
                is_of_many: self.is_of_many,
            },
            &self.spots,
            &mut put,
        );
        let found = found.and_then(|found| pages.own_table(found, items));
        match found {
            _ if stopped => Err(FetchError::Lasting("the read was stopped".to_owned())),
            Ok(found) => {
                found.notes.iter().for_each(|note| pages.note(note.clone()));
                Ok((found, items, bytes))
            }
            Err(_) if counting.is_over => Err(too_large(self.limit)),
            Err(_) if self.is_page => Err(FetchError::Blocked(format!(
                "the source responds with a web page instead of {}",
                self.decoder.explain()
            ))),
            Err(unread) => Err(unread
                .told(|why| format!("the body is not complete {}: {why}", self.decoder.explain()))
                .into()),
        }
    }
}

/// What is beyond a limit is so the next time, too.
impl From<UnreadCause> for FetchError {
    fn from(unread: UnreadCause) -> FetchError {
        match unread {
            UnreadCause::Broken(why) => FetchError::Passing { why, wait: None },
            UnreadCause::Beyond(why) => FetchError::Lasting(why),
        }
    }
}

/// A body that is too large is so the next time, too.
pub(super) fn too_large(limit: u64) -> FetchError {
    FetchError::Lasting(format!(
        "the body is larger than the limit of {limit} bytes set by `limits: {{ page_bytes }}`"
    ))
}

/// The record with the values of the request that are kept, as its last member.
fn with_request(item: DecodedItem, request: Option<&Json>) -> DecodedItem {
    match (item, request) {
        (DecodedItem::Record(text), Some(request)) if text.ends_with('}') => {
            let open = &text[..text.len() - 1];
            let comma = if open.trim_end().ends_with('{') {
                ""
            } else {
                ","
            };
            DecodedItem::Record(format!("{open}{comma}\"request\":{request}}}").into())
        }
        (item, _) => item,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_request_become_the_last_member() {
        let record =
            |text: &str| with_request(DecodedItem::Record(text.into()), Some(&json!({ "a": "b" })));
        assert_eq!(
            record(r#"{"x":{"y":1}}"#),
            DecodedItem::Record(r#"{"x":{"y":1},"request":{"a":"b"}}"#.into())
        );
        assert_eq!(
            record("{}"),
            DecodedItem::Record(r#"{"request":{"a":"b"}}"#.into())
        );
    }
}
