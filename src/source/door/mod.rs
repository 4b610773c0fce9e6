//! The only door to the network. Every request of every source goes through one [`Door`], which asks robots.txt, keeps the pace, keeps away
//! from addresses of private networks, follows redirects and says in which of a few ways an answer is no use.
//!
//! It makes one try; whether there is another, the caller decides, for only the caller knows what is at stake. It never decides what an
//! answer means for data, and it never shows an address: messages name hosts.
//!
//! The way of a request stands in `network`; what each step needs stands in a file of its own beside it. Instead of the network a door can
//! answer from a recording.

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

pub use answer::{Answer, Doubt};
pub use cookies::CookieJar;
pub use hop::{is_same_host, kept_back, strip};
pub use manners::{Limits, LimitsSpec, Manners, MannersSpec, Robots, Size, Window};
pub use responses::{ResponseSpec, Responses, Terms};
pub use trouble::Trouble;

use crate::untrusted::SecretStore;
use network::Network;
use recorded::{Recorder, Recording};
use reqwest::header::HeaderMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The door; one for the whole process, shared by all institutions.
#[derive(Clone)]
pub struct Door {
    way: Way,
}

/// Where answers come from.
#[derive(Clone)]
enum Way {
    Network(Arc<Network>),
    Recorded(Arc<Network>, Arc<Recorder>),
    Replayed(Arc<Recording>),
}

/// There is no door.
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
pub struct Ask {
    /// The method.
    pub method: reqwest::Method,
    /// The address.
    pub url: url::Url,
    /// The address that the author wrote for the source: an answer may lead elsewhere, but not everywhere.
    pub home: Option<url::Url>,
    /// The address without secrets, for records and messages.
    pub shown_url: String,
    /// The author's headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// How the source wants to be asked.
    pub manners: Arc<Manners>,
    /// What its answers mean.
    pub responses: Arc<Responses>,
    /// What may answer it.
    pub terms: Terms,
    /// Cookies, kept from one request of a crawl to the next.
    pub cookies: Arc<CookieJar>,
}

impl Door {
    /// A door to the network.
    ///
    /// # Errors
    /// The TLS library could not be set up.
    pub fn new() -> Result<Door, DoorError> {
        Ok(Door { way: Way::Network(Arc::new(Network::new(&[])?)) })
    }

    /// The same door, which also writes every answer into a folder.
    #[must_use]
    pub fn recording(self, folder: PathBuf, secrets: SecretStore) -> Door {
        let way = match self.way {
            Way::Network(network) | Way::Recorded(network, _) => Way::Recorded(network, Arc::new(Recorder::new(folder, secrets))),
            replayed @ Way::Replayed(_) => replayed,
        };
        Door { way }
    }

    /// A door that answers from such a folder and never opens a connection.
    ///
    /// # Errors
    /// The folder cannot be read, or holds something else.
    pub fn replaying(folder: PathBuf) -> Result<Door, DoorError> {
        Ok(Door { way: Way::Replayed(Arc::new(Recording::open(&folder)?)) })
    }

    /// A door that stays shut: whatever is asked for was not recorded.
    pub fn shut() -> Door {
        Door { way: Way::Replayed(Arc::default()) }
    }

    /// The same door for what must never be recorded, such as tokens.
    #[must_use]
    pub fn unrecorded(&self) -> Door {
        match &self.way {
            Way::Network(network) | Way::Recorded(network, _) => Door { way: Way::Network(Arc::clone(network)) },
            Way::Replayed(recording) => Door { way: Way::Replayed(Arc::clone(recording)) },
        }
    }

    /// Whether answers come from a recording.
    pub fn is_replaying(&self) -> bool {
        matches!(self.way, Way::Replayed(_))
    }

    /// Asks once. How long to wait before another try, and whether one can help, the trouble says.
    ///
    /// # Errors
    /// There is no answer to use.
    pub async fn ask(&self, ask: Ask) -> Result<Answer, Trouble> {
        let answer = match &self.way {
            Way::Network(network) => network.answer(&ask).await?,
            Way::Recorded(network, recorder) => recorder.keep(&ask, network.answer(&ask).await?).await?,
            Way::Replayed(recording) => recording.answer(&ask).await?,
        };
        let url = answer.url.clone();
        let judged = ask.responses.judge(answer, &ask.terms);
        if let (Err(Trouble::Passing { wait: Some(wait), .. }), Way::Network(network) | Way::Recorded(network, _)) = (&judged, &self.way) {
            network.leave_alone(&url, *wait);
        }
        judged
    }
}
