//! The page of a single ad, asked for by what its listing says, and put into one document with it.
//! Asked for only where the listing is new or changed; who decides that knows the database, and
//! stands above.

use super::super::SourceAccess;
use super::super::decode::{BodyDecoder, BodyFacts, DecodeSpec, UnreadCause};
use super::super::door::{CookieJar, FetchError, ResponseDoubt, ResponseTerms};
use super::super::file::CountingReader;
use super::super::json::DecodedItem;
use super::super::template::{TemplateNames, TemplateValues};
use super::HttpSource;
use super::parsing::too_large;
use super::request::{BodySpec, MethodSpec, RequestParts, RequestTemplate};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use tokio_util::io::SyncIoBridge;
use weir_model::span::Span;
use weir_model::{ReceivedRecord, RefusalCause};
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::number;
use weir_yaml::yaml::{Located, OneOrMany, Text, from_text};

/// A request for the page of a single ad.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailSpec {
    /// The address; `{id}` is the id of the ad, `{$.path}` a value from its listing.
    url: Text,
    /// `get` or `post`.
    method: Option<MethodSpec>,
    /// The query parameters.
    #[serde(default)]
    query: IndexMap<String, OneOrMany<Text>>,
    /// The headers.
    #[serde(default)]
    headers: IndexMap<Located<String>, Text>,
    /// The body.
    body: Option<BodySpec>,
    /// The format of the response; its first record is used.
    #[serde(default)]
    decode: DecodeSpec,
    /// Where the record is in the response.
    records: Option<Text>,
    /// The member of the document that it is stored in.
    #[serde(default = "detail")]
    into: String,
    /// How long until it is requested again although the listing is unchanged.
    again: Option<AgainSpan>,
}

/// A duration, as written.
#[derive(Debug, Clone, Copy)]
struct AgainSpan(Span);

weir_yaml::written_as!(AgainSpan, "Span", "a duration", ["7d", "12h"]);

impl<'de> Deserialize<'de> for AgainSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AgainSpan, D::Error> {
        from_text(deserializer).map(AgainSpan)
    }
}

fn detail() -> String {
    "detail".to_owned()
}

/// A detail request, compiled.
#[derive(Debug, Clone)]
pub struct DetailRequest {
    /// The request.
    pub request: RequestTemplate,
    decoder: BodyDecoder,
    into: String,
    /// How long until it is requested again.
    pub again: Option<chrono::Duration>,
}

/// Why there is no detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoDetail {
    /// The ad no longer exists; the text says how the source responds.
    Gone(String),
    /// It could not be read this time.
    Failed(String),
}

impl From<NoDetail> for RefusalCause {
    fn from(why: NoDetail) -> RefusalCause {
        match why {
            NoDetail::Gone(why) => RefusalCause::DetailGone(why),
            NoDetail::Failed(why) => RefusalCause::NoDetail(why),
        }
    }
}

impl DetailSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(&self, out: &mut Diagnostics) -> Option<DetailRequest> {
        let written = RequestParts {
            url: &self.url,
            method: self.method,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_ref(),
        };
        let known = ["id".to_owned()];
        let request = written.compile(
            TemplateNames {
                known: Some(&known),
                listing: true,
            },
            out,
        );
        let decoder = DecodeSpec::compile(
            &self.decode,
            self.url.place(),
            self.records.as_ref(),
            None,
            out,
        );
        Some(DetailRequest {
            request: request?,
            decoder: decoder?,
            into: self.into.clone(),
            again: self.again.map(|again| again.0.0),
        })
    }
}

impl DetailRequest {
    /// Requests the page of an ad and merges both into one document. The document keeps the hash of
    /// the listing, which decides whether to request the page again.
    ///
    /// # Errors
    /// The ad is gone, or its page could not be read.
    pub async fn complete(
        &self,
        http: &HttpSource,
        access: &SourceAccess,
        listing: &ReceivedRecord,
        jar: &Arc<CookieJar>,
    ) -> Result<ReceivedRecord, NoDetail> {
        let mut document: Json =
            number::read(&listing.text).map_err(|error| NoDetail::Failed(error.to_string()))?;
        let values = BTreeMap::from([("id".to_owned(), listing.external_id.clone())]);
        let filling = TemplateValues {
            listing: Some(&document),
            ..TemplateValues::of(&access.variables, &values)
        };
        let mut ready = self.request.fill(filling).map_err(NoDetail::Failed)?;
        ready.led_from = self
            .request
            .home(&access.variables)
            .or_else(|| http.request.home(&access.variables));
        let found = http
            .retried(|| async { self.read(http, access, ready.clone(), jar).await })
            .await
            .map_err(|trouble| match trouble {
                FetchError::Gone(why) => NoDetail::Gone(why),
                FetchError::Passing { why, .. }
                | FetchError::Blocked(why)
                | FetchError::Lasting(why)
                | FetchError::Ignored(why)
                | FetchError::Stop(why) => NoDetail::Failed(why),
            })?;
        if let Json::Object(members) = &mut document {
            members.insert(self.into.clone(), found);
        }
        access.secrets.mask().hide_json(&mut document);
        Ok(ReceivedRecord {
            text: document.to_string().into(),
            ..listing.clone()
        })
    }

    /// Puts a given page into the document of its listing, for previews.
    ///
    /// # Errors
    /// It is not what it should be.
    pub fn put_into(&self, id: &str, listing: &mut Json, mut page: &[u8]) -> Result<(), String> {
        let url = self.request.example(
            &BTreeMap::from([("id".to_owned(), id.to_owned())]),
            Some(listing),
        );
        let found = first_record(&self.decoder, &mut page, &url, None)?.ok_or(HOLDS_NOTHING)?;
        if let Json::Object(members) = listing {
            members.insert(self.into.clone(), found);
        }
        Ok(())
    }

    async fn read(
        &self,
        http: &HttpSource,
        access: &SourceAccess,
        ready: super::request::ReadyRequest,
        jar: &Arc<CookieJar>,
    ) -> Result<Json, FetchError> {
        let answer = http
            .ask(access, ready, jar, None, ResponseTerms::default())
            .await?;
        if let Some(ResponseDoubt::Part(why)) = answer.doubt {
            return Err(FetchError::Lasting(why));
        }
        let (url, charset) = (http.redacted(answer.url.as_str(), access), answer.charset());
        let (decoder, left) = (self.decoder.clone(), http.limits.page_bytes);
        let inner = SyncIoBridge::new(Box::pin(answer.into_reader()));
        let reading = tokio::task::spawn_blocking(move || {
            let mut bytes = 0;
            let mut counting = CountingReader {
                inner,
                bytes: &mut bytes,
                left,
                is_over: false,
            };
            let found = first_record(&decoder, &mut counting, &url, charset.as_deref());
            found.map_err(|unread| {
                if counting.is_over {
                    too_large(left)
                } else {
                    unread.into()
                }
            })
        });
        let found = reading
            .await
            .map_err(|error| FetchError::Lasting(error.to_string()))??;
        // It came whole: asked again at once, it would be the same.
        found.ok_or_else(|| FetchError::Lasting(HOLDS_NOTHING.to_owned()))
    }
}

/// What is said of a page that can be read, but is not that of an ad.
const HOLDS_NOTHING: &str = "its detail page does not contain a record";

fn unreadable(unread: UnreadCause) -> UnreadCause {
    unread.told(|why| format!("its detail page is not readable: {why}"))
}

fn first_record(
    decoder: &BodyDecoder,
    reader: &mut dyn Read,
    url: &str,
    charset: Option<&str>,
) -> Result<Option<Json>, UnreadCause> {
    let mut first = None;
    let mut put = |item: DecodedItem| {
        first.get_or_insert(item);
        true
    };
    let found = decoder.decode(
        reader,
        &BodyFacts {
            url: Some(url),
            charset,
            ..BodyFacts::default()
        },
        &[],
        &mut put,
    );
    match (first, found) {
        (Some(DecodedItem::Record(text)), _) => number::read(&text)
            .map(Some)
            .map_err(|error| UnreadCause::Broken(error.to_string())),
        (Some(DecodedItem::Unreadable(_, why)), _) => Err(unreadable(UnreadCause::Broken(why))),
        (None, Err(unread)) => Err(unreadable(unread)),
        (None, Ok(_)) => Ok(None),
    }
}
