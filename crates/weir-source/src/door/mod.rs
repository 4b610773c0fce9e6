//! The only way to the network. Every request of every source goes through a [`HttpClient`], which
//! obeys robots.txt, keeps the pace, avoids addresses of private networks, follows redirects and
//! classifies unusable responses.
//!
//! It makes a single attempt; the caller decides about retries, because only the caller knows what
//! is at stake. It never decides what a response means for data, and it never shows an address:
//! messages name hosts.
//!
//! `network` contains the path of a request; each of its steps has its own file. Instead of using
//! the network, a door can replay a recording.

mod answer;
mod book;
mod challenge;
mod cookies;
mod guard;
mod hop;
mod manners;
mod network;
mod pace;
mod recorded;
mod responses;
mod robots;
#[cfg(test)]
mod tests;
mod trouble;
mod unpacked;
mod wait;

pub use answer::{HttpResponse, ResponseDoubt};
pub use book::SharedRobots;
pub use cookies::CookieJar;
pub use hop::{is_same_host, kept_back, strip};
pub use manners::{
    ByteSize, LimitsSpec, Manners, MannersSpec, ReadLimits, ReadWindow, RobotsPolicy,
};
pub use pace::SharedPace;
pub use responses::{ResponseRules, ResponseSpec, ResponseTerms};
pub use trouble::FetchError;

use network::HttpNetwork;
use recorded::{ResponseRecorder, ResponseRecording};
use reqwest::header::HeaderMap;
use std::path::PathBuf;
use std::sync::Arc;
use weir_model::untrusted::SecretStore;

/// The door; one for the whole process, shared by all institutions.
#[derive(Clone)]
pub struct HttpClient {
    way: ResponseOrigin,
}

/// Where responses come from.
#[derive(Clone)]
enum ResponseOrigin {
    Network(Arc<HttpNetwork>),
    Recorded(Arc<HttpNetwork>, Arc<ResponseRecorder>),
    Replayed(Arc<ResponseRecording>),
}

/// Why a door cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The HTTP library could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// A recording could not be read.
    #[error("the recording `{}` cannot be used: {why}", path.display())]
    Recording {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// One request.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: reqwest::Method,
    /// The address.
    pub url: url::Url,
    /// The address that the author wrote for the source, which limits where a response may redirect
    /// to.
    pub home: Option<url::Url>,
    /// The address without secrets, for records and messages.
    pub shown_url: String,
    /// The author's headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// How politely the source is read.
    pub manners: Arc<Manners>,
    /// What its responses mean.
    pub responses: Arc<ResponseRules>,
    /// Which responses are valid.
    pub terms: ResponseTerms,
    /// Cookies, kept from one request of a crawl to the next.
    pub cookies: Arc<CookieJar>,
}

impl HttpClient {
    /// A door to the network.
    ///
    /// # Errors
    /// The TLS library could not be set up.
    pub fn new() -> Result<HttpClient, DoorError> {
        Ok(HttpClient {
            way: ResponseOrigin::Network(Arc::new(HttpNetwork::new(&[])?)),
        })
    }

    /// A door to the network that keeps its pace, and what it knows of robots.txt files, together with
    /// other processes.
    ///
    /// # Errors
    /// The TLS library could not be set up.
    pub fn sharing(
        manners: &Arc<impl SharedPace + SharedRobots + 'static>,
    ) -> Result<HttpClient, DoorError> {
        Ok(HttpClient {
            way: ResponseOrigin::Network(Arc::new(HttpNetwork::new(&[])?.sharing(manners))),
        })
    }

    /// The same door, which also records every response into a folder.
    #[must_use]
    pub fn recording(self, folder: PathBuf, secrets: SecretStore) -> HttpClient {
        let way = match self.way {
            ResponseOrigin::Network(network) | ResponseOrigin::Recorded(network, _) => {
                ResponseOrigin::Recorded(network, Arc::new(ResponseRecorder::new(folder, secrets)))
            }
            replayed @ ResponseOrigin::Replayed(_) => replayed,
        };
        HttpClient { way }
    }

    /// A door that replays such a folder and never opens a connection.
    ///
    /// # Errors
    /// The folder cannot be read, or contains something else.
    pub fn replaying(folder: PathBuf) -> Result<HttpClient, DoorError> {
        Ok(HttpClient {
            way: ResponseOrigin::Replayed(Arc::new(ResponseRecording::open(&folder)?)),
        })
    }

    /// A closed door: no request is recorded.
    pub fn shut() -> HttpClient {
        HttpClient {
            way: ResponseOrigin::Replayed(Arc::default()),
        }
    }

    /// The same door for what must never be recorded, such as tokens.
    #[must_use]
    pub fn unrecorded(&self) -> HttpClient {
        match &self.way {
            ResponseOrigin::Network(network) | ResponseOrigin::Recorded(network, _) => HttpClient {
                way: ResponseOrigin::Network(Arc::clone(network)),
            },
            ResponseOrigin::Replayed(recording) => HttpClient {
                way: ResponseOrigin::Replayed(Arc::clone(recording)),
            },
        }
    }

    /// Whether responses come from a recording.
    pub fn is_replaying(&self) -> bool {
        matches!(self.way, ResponseOrigin::Replayed(_))
    }

    /// Makes one attempt. The trouble says whether a retry can help, and after how long.
    ///
    /// # Errors
    /// There is no usable response.
    pub async fn ask(&self, ask: HttpRequest) -> Result<HttpResponse, FetchError> {
        let (method, host) = (
            ask.method.clone(),
            ask.url.host_str().map(str::to_owned).unwrap_or_default(),
        );
        // Boxed: what is asked of a host is large, and handed down many levels.
        let answer = Box::pin(self.attempt(ask)).await;
        match &answer {
            Ok(answer) => tracing::debug!(%method, host, status = answer.status, "response"),
            Err(trouble) => tracing::debug!(%method, host, %trouble, "no usable response"),
        }
        answer
    }

    async fn attempt(&self, ask: HttpRequest) -> Result<HttpResponse, FetchError> {
        let answer = match &self.way {
            ResponseOrigin::Network(network) => network.answer(&ask).await?,
            ResponseOrigin::Recorded(network, recorder) => {
                recorder.keep(&ask, network.answer(&ask).await?).await?
            }
            ResponseOrigin::Replayed(recording) => recording.answer(&ask).await?,
        };
        let url = answer.url.clone();
        let judged = ask.responses.judge(answer, &ask.terms);
        if let (
            Err(FetchError::Passing {
                wait: Some(wait), ..
            }),
            ResponseOrigin::Network(network) | ResponseOrigin::Recorded(network, _),
        ) = (&judged, &self.way)
        {
            network.leave_alone(&url, *wait).await;
        }
        judged
    }
}
