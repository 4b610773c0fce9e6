//! Downloads a file that an operator has asked for, such as the server programs of PostgreSQL. Apart
//! from [`door`](crate::door), which reads sources: mirrors on private addresses are allowed, proxies
//! of the environment are used, and robots.txt does not apply.
//!
//! It must never trust what it gets: the size has a limit, and so has the time in which nothing
//! comes. Whether the bytes are the right ones is for the caller to check. Messages name hosts, for
//! an address may have a password in it.

use crate::door::DoorError;
use futures::TryFutureExt;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode};
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// Redirects that are followed.
const MOST_REDIRECTS: usize = 5;

/// What a download may take.
#[derive(Debug, Clone, Copy)]
pub struct DownloadLimits {
    /// Bytes of one file.
    pub bytes: u64,
    /// Time in which nothing comes.
    pub silence: Duration,
}

/// Why a download was given up.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The host has no address, or takes no connection.
    #[error("{0} cannot be reached")]
    Unreachable(String),
    /// The host says that there is no such file for us.
    #[error("{host} answered {status}")]
    Status {
        /// Who.
        host: String,
        /// What.
        status: StatusCode,
    },
    /// Nothing came for too long.
    #[error("{host} sent nothing for {} s", silence.as_secs_f32())]
    Silent {
        /// Who.
        host: String,
        /// How long.
        silence: Duration,
    },
    /// There is more than may be.
    #[error("{host} sends more than {} MB", bytes / 1_000_000)]
    TooLarge {
        /// Who.
        host: String,
        /// What may be.
        bytes: u64,
    },
    /// The host broke off.
    #[error("{host} broke off after {got} bytes")]
    Cut {
        /// Who.
        host: String,
        /// How much had come.
        got: u64,
    },
    /// What came could not be kept.
    #[error("what was downloaded cannot be kept: {0}")]
    Disk(#[from] io::Error),
}

/// Downloads files.
pub struct DownloadClient {
    client: Client,
    limits: DownloadLimits,
}

/// A file whose bytes are about to come.
pub struct FileDownload {
    response: Response,
    host: String,
    limits: DownloadLimits,
}

impl DownloadClient {
    /// A client.
    ///
    /// # Errors
    /// The TLS library could not be set up.
    pub fn new(limits: DownloadLimits) -> Result<DownloadClient, DoorError> {
        // A second installation fails and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::custom(follow))
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(DownloadClient { client, limits })
    }

    /// Asks for a file.
    ///
    /// # Errors
    /// The host did not answer, or has no such file, or one that is too large.
    pub async fn begin(&self, url: &Url) -> Result<FileDownload, DownloadError> {
        let (host, limits) = (host_of(url), self.limits);
        let unreachable = |_| DownloadError::Unreachable(host.clone());
        let asked = self.client.get(url.clone()).send().map_err(unreachable);
        let response = in_time(&host, limits.silence, asked).await?;
        if !response.status().is_success() {
            let status = response.status();
            return Err(DownloadError::Status { host, status });
        }
        let download = FileDownload {
            response,
            host,
            limits,
        };
        download.check(download.size().unwrap_or(0))?;
        Ok(download)
    }
}

impl FileDownload {
    /// How many bytes there will be, if the host says so.
    pub fn size(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// Writes the bytes as they come; `seen` hears how many have come so far.
    ///
    /// # Errors
    /// They stopped coming, are too many, or cannot be written.
    pub async fn save(
        mut self,
        mut file: impl Write,
        mut seen: impl FnMut(u64),
    ) -> Result<(), DownloadError> {
        let (host, mut got) = (self.host.clone(), 0);
        loop {
            let cut = |_| DownloadError::Cut {
                host: host.clone(),
                got,
            };
            let next = self.response.chunk().map_err(cut);
            let Some(bytes) = in_time(&host, self.limits.silence, next).await? else {
                return Ok(file.flush()?);
            };
            got += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.check(got)?;
            file.write_all(&bytes)?;
            seen(got);
        }
    }

    fn check(&self, bytes: u64) -> Result<(), DownloadError> {
        if bytes <= self.limits.bytes {
            return Ok(());
        }
        Err(DownloadError::TooLarge {
            host: self.host.clone(),
            bytes: self.limits.bytes,
        })
    }
}

/// Follows a few redirects, but none that gives up encryption.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let was_safe = attempt.previous().iter().any(|url| url.scheme() == "https");
    if attempt.previous().len() > MOST_REDIRECTS {
        attempt.error("it redirects too often")
    } else if was_safe && attempt.url().scheme() != "https" {
        attempt.error("it redirects to an address without encryption")
    } else {
        attempt.follow()
    }
}

async fn in_time<T>(
    host: &str,
    silence: Duration,
    work: impl Future<Output = Result<T, DownloadError>>,
) -> Result<T, DownloadError> {
    let silent = |_| DownloadError::Silent {
        host: host.to_owned(),
        silence,
    };
    timeout(silence, work).await.map_err(silent)?
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or("the address").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    const LIMITS: DownloadLimits = DownloadLimits {
        bytes: 100,
        silence: Duration::from_millis(300),
    };

    async fn downloaded(answer: ResponseTemplate) -> Result<Vec<u8>, DownloadError> {
        let server = MockServer::start().await;
        let asked = Mock::given(path("/a")).respond_with(answer);
        asked.mount(&server).await;
        let url: Url = format!("{}/a", server.uri()).parse().unwrap();
        let mut bytes = Vec::new();
        let download = DownloadClient::new(LIMITS).unwrap().begin(&url).await?;
        download.save(&mut bytes, |_| {}).await?;
        Ok(bytes)
    }

    #[tokio::test]
    async fn what_is_small_comes_and_what_is_large_does_not() {
        let small = ResponseTemplate::new(200).set_body_bytes(vec![7; 100]);
        assert_eq!(downloaded(small).await.unwrap(), [7; 100]);
        let large = ResponseTemplate::new(200).set_body_bytes(vec![7; 101]);
        let refused = downloaded(large).await.unwrap_err();
        assert!(matches!(refused, DownloadError::TooLarge { .. }));
    }

    #[tokio::test]
    async fn other_answers_and_none_are_told() {
        let refused = downloaded(ResponseTemplate::new(404)).await.unwrap_err();
        assert_eq!(refused.to_string(), "127.0.0.1 answered 404 Not Found");
        let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
        let silent = downloaded(late).await.unwrap_err();
        assert_eq!(silent.to_string(), "127.0.0.1 sent nothing for 0.3 s");
        let home = ResponseTemplate::new(302).insert_header("Location", "/a");
        let lost = downloaded(home).await.unwrap_err();
        assert!(matches!(lost, DownloadError::Unreachable(_)));
    }
}
