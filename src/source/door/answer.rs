//! An answer: its head, the beginning of its body, which has been looked at, and the rest, which is still to come. Bodies are read as
//! streams; nothing here holds more than the beginning.

use super::trouble::{Trouble, host_of};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::header::HeaderMap;
use std::io::{self, Cursor};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;
use url::Url;

/// How much of a body is looked at before it is handed on.
pub(super) const PREFIX: usize = 64 * 1024;

/// What is still to come of a body.
pub(super) type Rest = Box<dyn AsyncRead + Send + Unpin>;

/// An answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The address, after redirects.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// Nothing has changed since the state that the request named.
    pub not_modified: bool,
    pub(super) prefix: Vec<u8>,
    pub(super) rest: Rest,
}

impl Answer {
    /// The answer to a request whose head has come; waits for the beginning of the body.
    pub(super) async fn begin(mut response: reqwest::Response, url: Url) -> Result<Answer, Trouble> {
        let host = host_of(&url);
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let (mut prefix, mut broken) = (Vec::new(), None);
        while prefix.len() < PREFIX {
            match response.chunk().await {
                Ok(Some(chunk)) => prefix.extend_from_slice(&chunk),
                Ok(None) => break,
                // Of a refusal the status says enough.
                Err(_) if !status.is_success() => break,
                Err(error) if prefix.is_empty() => return Err(Trouble::of_request(error, &host)),
                // What came before is read, ads among it; then whoever reads is told.
                Err(error) => {
                    broken = Some(Err(io::Error::other(Trouble::of_request(error, &host))));
                    break;
                }
            }
        }
        let coming = response.bytes_stream().map_err(move |error| io::Error::other(Trouble::of_request(error, &host)));
        let rest = stream::iter(broken).chain(coming);
        Ok(Answer::new(status.as_u16(), url, headers, prefix, Box::new(StreamReader::new(Box::pin(rest)))))
    }

    pub(super) fn new(status: u16, url: Url, headers: HeaderMap, prefix: Vec<u8>, rest: Rest) -> Answer {
        Answer { status, url, headers, not_modified: status == 304, prefix, rest }
    }

    /// The text of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether it is a web page: it says so, as much else does, and begins like one.
    pub fn is_page(&self) -> bool {
        let begin = self.prefix.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.prefix);
        self.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) && begin.trim_ascii_start().starts_with(b"<")
    }

    /// The charset that `Content-Type` names, in lower case.
    pub fn charset(&self) -> Option<String> {
        let parameters = self.header("content-type")?.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
        let named = parameters.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("charset")).map(|(_, value)| value);
        named.map(|value| value.trim().trim_matches(['"', '\'']).to_ascii_lowercase()).filter(|name| !name.is_empty())
    }

    /// The body. Its errors are troubles: `Trouble::from(error)` gives them back.
    pub fn into_reader(self) -> impl AsyncRead + Send + Unpin {
        Cursor::new(self.prefix).chain(self.rest)
    }

    /// The whole body, at most `limit` bytes of it.
    ///
    /// # Errors
    /// It is larger, or it broke off.
    pub async fn bytes(self, limit: usize) -> Result<Vec<u8>, Trouble> {
        let (mut bytes, host) = (Vec::new(), host_of(&self.url));
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        self.into_reader().take(most).read_to_end(&mut bytes).await?;
        if bytes.len() > limit {
            return Err(Trouble::Lasting(format!("the answer of {host} is larger than {limit} bytes; raise `limits: {{ page_bytes: ... }}`")));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: &str, prefix: &[u8], rest: &'static [u8]) -> Answer {
        let headers = HeaderMap::from_iter([("content-type".parse().unwrap(), kind.parse().unwrap())]);
        Answer::new(200, Url::parse("https://a.example/").unwrap(), headers, prefix.to_vec(), Box::new(rest))
    }

    #[test]
    fn charsets_are_found() {
        for kind in ["text/html; charset=ISO-8859-1", "text/html;x=y; Charset=\"iso-8859-1\"", "text/html; charset='ISO-8859-1' "] {
            assert_eq!(answer(kind, b"", b"").charset().as_deref(), Some("iso-8859-1"), "{kind}");
        }
        assert_eq!(answer("text/html; charset=", b"", b"").charset(), None);
        assert_eq!(answer("application/json", b"", b"").charset(), None);
    }

    #[test]
    fn a_page_says_so_and_looks_like_one() {
        assert!(answer("text/html; charset=utf-8", b"\xef\xbb\xbf \n<!doctype html>", b"").is_page());
        assert!(!answer("text/html", b"[{\"id\": 1}, ", b"").is_page() && !answer("text/xml", b"<html>", b"").is_page());
    }

    #[tokio::test]
    async fn a_body_begins_with_what_was_looked_at() {
        assert_eq!(answer("a/b", b"abc", b"def").bytes(6).await, Ok(b"abcdef".to_vec()));
        assert!(matches!(answer("a/b", b"abc", b"def").bytes(5).await, Err(Trouble::Lasting(why)) if why.contains("5 bytes")));
    }
}
