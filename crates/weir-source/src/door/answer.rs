//! A response: its head, the beginning of its body, which has been read ahead, and the rest, which
//! is still to come. Bodies are streamed; only the beginning is ever held in memory.

use super::trouble::{FetchError, host_of};
use super::unpacked::UnpackedBody;
use crate::unpack::{MOST_LAYERS, Packing, PackingLayer};
use futures::{TryStreamExt, stream};
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use std::borrow::Cow;
use std::io::{self, Cursor};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;
use url::Url;

/// How much of a body is looked at before it is handed on.
pub(super) const PREFIX: usize = 64 * 1024;

/// The rest of a body, still to come.
pub(super) type BodyRest = Box<dyn AsyncRead + Send + Unpin>;

/// A response.
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The address, after redirects.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// Nothing has changed since the state that the request named.
    pub not_modified: bool,
    /// Why it is not exactly what was requested.
    pub doubt: Option<ResponseDoubt>,
    /// Whether the conditional headers were lost in a redirect to another host.
    pub(super) lost_condition: bool,
    pub(super) is_open_ended: bool,
    pub(super) prefix: Vec<u8>,
    pub(super) rest: BodyRest,
}

/// Why a response is not exactly what was requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseDoubt {
    /// It is a part of that.
    Part(String),
    /// Somebody between the source and us has changed it.
    Changed(String),
}

impl HttpResponse {
    /// The response to a request whose head has arrived; waits for the decompressed beginning of
    /// the body.
    pub(super) async fn begin(
        mut response: reqwest::Response,
        url: Url,
    ) -> Result<HttpResponse, FetchError> {
        let host = host_of(&url);
        let is_old = response.version() <= reqwest::Version::HTTP_11;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let packings = packings(&headers, &host)?;
        // Chunks, lengths and packed bodies say where they end.
        let is_open_ended = is_old
            && packings.is_empty()
            && !headers.contains_key(CONTENT_LENGTH)
            && !headers.contains_key(TRANSFER_ENCODING);
        let coming = response
            .bytes_stream()
            .map_err(move |error| io::Error::other(FetchError::of_request(error, &host)));
        let (mut body, mut prefix) = (UnpackedBody::new(Box::pin(coming), &packings), Vec::new());
        let most = u64::try_from(PREFIX).unwrap_or(u64::MAX);
        let rest: BodyRest = match (&mut body).take(most).read_to_end(&mut prefix).await {
            Ok(_) => Box::new(body),
            // For a refusal the status is enough.
            Err(_) if !status.is_success() => Box::new(tokio::io::empty()),
            Err(error) if prefix.is_empty() => return Err(error.into()),
            // What arrived before is read, including its ads; then the reader gets the error.
            Err(error) => Box::new(StreamReader::new(stream::iter([Err::<&[u8], _>(error)]))),
        };
        Ok(HttpResponse {
            is_open_ended,
            ..HttpResponse::new(status.as_u16(), url, headers, prefix, rest)
        })
    }

    pub(super) fn new(
        status: u16,
        url: Url,
        headers: HeaderMap,
        prefix: Vec<u8>,
        rest: BodyRest,
    ) -> HttpResponse {
        HttpResponse {
            status,
            url,
            headers,
            not_modified: false,
            doubt: None,
            lost_condition: false,
            is_open_ended: false,
            prefix,
            rest,
        }
    }

    /// The text of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers of a name, as one.
    pub fn all_of_header(&self, name: &str) -> Option<String> {
        let all = self.headers.get_all(name).iter();
        let texts: Vec<&str> = all.filter_map(|value| value.to_str().ok()).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    }

    /// Whether nothing but the end of the connection says where the body ends: then a body that was
    /// cut looks like a whole one.
    pub fn is_open_ended(&self) -> bool {
        self.is_open_ended
    }

    /// The beginning of the body, decompressed even if only its bytes reveal the compression.
    pub(super) fn beginning(&self) -> Cow<'_, [u8]> {
        if Packing::of_bytes(&self.prefix).is_none() {
            return Cow::Borrowed(&self.prefix);
        }
        let (mut bytes, most) = (Vec::new(), u64::try_from(PREFIX).unwrap_or(u64::MAX));
        // The rest of it is still to come.
        let _ = io::Read::read_to_end(
            &mut io::Read::take(PackingLayer::new(&self.prefix[..], None), most),
            &mut bytes,
        );
        Cow::Owned(bytes)
    }

    /// Whether it is a web page: it is labelled as one, like much else, and starts like one.
    pub fn is_page(&self) -> bool {
        let begin = self.beginning();
        let begin = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&begin);
        self.header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
            && begin.trim_ascii_start().starts_with(b"<")
    }

    /// The charset that `Content-Type` names, in lower case.
    pub fn charset(&self) -> Option<String> {
        let parameters = self
            .header("content-type")?
            .split(';')
            .skip(1)
            .filter_map(|parameter| parameter.split_once('='));
        let named = parameters
            .into_iter()
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value);
        named
            .map(|value| value.trim().trim_matches(['"', '\'']).to_ascii_lowercase())
            .filter(|name| !name.is_empty())
    }

    /// The body. Its errors are troubles: `FetchError::from(error)` recovers them.
    pub fn into_reader(self) -> impl AsyncRead + Send + Unpin {
        Cursor::new(self.prefix).chain(self.rest)
    }

    /// The whole body, at most `limit` bytes of it.
    ///
    /// # Errors
    /// It is larger, or it broke off.
    pub async fn bytes(self, limit: usize) -> Result<Vec<u8>, FetchError> {
        let (mut bytes, host) = (Vec::new(), host_of(&self.url));
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        self.into_reader()
            .take(most)
            .read_to_end(&mut bytes)
            .await?;
        if bytes.len() > limit {
            return Err(FetchError::Lasting(format!(
                "the response from {host} is larger than {limit} bytes; raise `limits: {{ page_bytes: ... }}`"
            )));
        }
        Ok(bytes)
    }
}

/// The declared encodings of a body, in order. Unknown ones are ignored.
fn packings(headers: &HeaderMap, host: &str) -> Result<Vec<Packing>, FetchError> {
    let named = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let all: Vec<Packing> = named
        .flat_map(|value| value.split(','))
        .filter_map(Packing::of_name)
        .collect();
    if all.len() > MOST_LAYERS {
        return Err(FetchError::Lasting(format!(
            "the response from {host} is compressed {} times over",
            all.len()
        )));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: &str, prefix: &[u8], rest: &'static [u8]) -> HttpResponse {
        let headers =
            HeaderMap::from_iter([("content-type".parse().unwrap(), kind.parse().unwrap())]);
        HttpResponse::new(
            200,
            Url::parse("https://a.example/").unwrap(),
            headers,
            prefix.to_vec(),
            Box::new(rest),
        )
    }

    #[test]
    fn charsets_are_found() {
        for kind in [
            "text/html; charset=ISO-8859-1",
            "text/html;x=y; Charset=\"iso-8859-1\"",
            "text/html; charset='ISO-8859-1' ",
        ] {
            assert_eq!(
                answer(kind, b"", b"").charset().as_deref(),
                Some("iso-8859-1"),
                "{kind}"
            );
        }
        assert_eq!(answer("text/html; charset=", b"", b"").charset(), None);
        assert_eq!(answer("application/json", b"", b"").charset(), None);
    }

    #[test]
    fn a_page_says_so_and_looks_like_one() {
        assert!(
            answer(
                "text/html; charset=utf-8",
                b"\xef\xbb\xbf \n<!doctype html>",
                b""
            )
            .is_page()
        );
        assert!(
            !answer("text/html", b"[{\"id\": 1}, ", b"").is_page()
                && !answer("text/xml", b"<html>", b"").is_page()
        );
    }

    #[tokio::test]
    async fn a_body_begins_with_what_was_looked_at() {
        assert_eq!(
            answer("a/b", b"abc", b"def").bytes(6).await,
            Ok(b"abcdef".to_vec())
        );
        assert!(
            matches!(answer("a/b", b"abc", b"def").bytes(5).await, Err(FetchError::Lasting(why)) if why.contains("5 bytes"))
        );
    }
}
