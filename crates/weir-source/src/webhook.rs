//! Posts to addresses that an operator has declared: notices of alerts, reports. Apart from
//! [`door`](crate::door), which reads sources: private addresses are allowed, robots.txt does not
//! apply, and nothing is followed or retried here.
//!
//! It must never show an address: messages name hosts, for the path of a webhook is a secret.

use crate::door::DoorError;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode};
use std::time::Duration;
use url::Url;
use weir_model::date::instant_of_http;

/// Longest time that a receiver can make us wait.
const LONGEST: i64 = 86_400;
/// Characters of a response that a message shows.
const SHOWN: usize = 200;

/// Posts JSON.
#[derive(Clone)]
pub struct WebhookClient(Client);

/// Why something was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// It may be taken later; after as long as the receiver says.
    #[error("{why}")]
    Passing {
        /// Why.
        why: String,
        /// How long the receiver wants to be left alone.
        wait: Option<Duration>,
    },
    /// This will never be taken.
    #[error("{0}")]
    Lasting(String),
}

impl PostError {
    /// Something that may pass by itself.
    pub fn passing(why: impl Into<String>) -> PostError {
        PostError::Passing {
            why: why.into(),
            wait: None,
        }
    }
}

impl WebhookClient {
    /// A client.
    ///
    /// # Errors
    /// The TLS library could not be set up.
    pub fn new() -> Result<WebhookClient, DoorError> {
        // A second installation fails and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(WebhookClient(client))
    }

    /// Posts JSON once; `id` lets the receiver see that it has had a message before.
    ///
    /// # Errors
    /// It was not taken.
    pub async fn post(
        &self,
        address: &str,
        headers: &[(String, String)],
        id: &str,
        body: String,
        timeout: Duration,
    ) -> Result<(), PostError> {
        // What is wrong with the address can be corrected, and nothing is lost until then.
        let url: Url = address
            .parse()
            .map_err(|_| PostError::passing("the address of the channel is not a URL"))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let request = self
            .0
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", id)
            .headers(header_map(headers)?)
            .timeout(timeout)
            .body(body);
        let response = request.send().await.map_err(|error| {
            let what = match () {
                () if error.is_timeout() => "did not answer in time",
                () if error.is_connect() => "cannot be reached",
                () => "broke the connection off",
            };
            PostError::passing(format!("{host} {what}"))
        })?;
        let (status, wait) = (response.status(), wait(response.headers()));
        if status.is_success() {
            return Ok(());
        }
        let said: String = response.text().await.unwrap_or_default();
        let said: String = said.chars().take(SHOWN).collect();
        let why = format!("{host} answered {status}: {}", said.trim());
        Err(match status {
            // The message itself is not understood.
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY => PostError::Lasting(why),
            _ => PostError::Passing { why, wait },
        })
    }
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, PostError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let bad = || PostError::passing(format!("the header `{name}` cannot be sent"));
        let key: HeaderName = name.parse().map_err(|_| bad())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        map.insert(key, value);
    }
    Ok(map)
}

/// `Retry-After`, in seconds or as an instant by the receiver's own clock.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let after = text(RETRY_AFTER)?.trim();
    let seconds = match after.parse::<i64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let now = text(DATE).and_then(instant_of_http)?;
            (instant_of_http(after)? - now).num_seconds()
        }
    };
    let seconds = u64::try_from(seconds.clamp(0, LONGEST)).ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_a_receiver_wants_to_be_left_alone() {
        let waits = |after: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                DATE,
                HeaderValue::from_static("Tue, 01 Sep 2026 05:00:00 GMT"),
            );
            headers.insert(RETRY_AFTER, after.parse().unwrap());
            wait(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(waits("120"), Some(120));
        assert_eq!(waits("Tue, 01 Sep 2026 05:01:30 GMT"), Some(90));
        assert_eq!(waits("-5"), Some(0));
        assert_eq!(waits("999999999"), Some(86_400));
        assert_eq!(waits("soon"), None);
    }
}
