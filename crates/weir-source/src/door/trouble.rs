//! Why a request has no usable response, in terms of the remedy: waiting, permission, or none.
//! Errors of the HTTP library are also summarised here. A message names the host and never the
//! address, which may contain secrets.
//!
//! To add another reason, add a variant; every caller must then handle it.

use super::guard::RefusedAddress;
use std::error::Error;
use std::io;
use std::time::Duration;
use url::Url;

/// Why there is no usable response.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// A further try may help.
    #[error("{why}")]
    Passing {
        /// What went wrong.
        why: String,
        /// How long the source demands a break, if it says so.
        wait: Option<Duration>,
    },
    /// The source refuses us.
    #[error("{0}")]
    Blocked(String),
    /// A further try cannot help.
    #[error("{0}")]
    Lasting(String),
    /// The requested resource no longer exists.
    #[error("{0}")]
    Gone(String),
    /// To be treated as an empty page.
    #[error("{0}")]
    Ignored(String),
    /// The end of paging.
    #[error("{0}")]
    Stop(String),
}

impl FetchError {
    /// A trouble that may pass, without a stated time.
    pub(super) fn passing(why: impl Into<String>) -> FetchError {
        FetchError::Passing {
            why: why.into(),
            wait: None,
        }
    }

    /// What an error of the HTTP library means for asking `host` again.
    pub(super) fn of_request(error: reqwest::Error, host: &str) -> FetchError {
        let error = error.without_url();
        let causes = causes(&error);
        if let Some(refused) = causes
            .iter()
            .find_map(|cause| cause.downcast_ref::<RefusedAddress>())
        {
            return FetchError::Lasting(refused.to_string());
        }
        if let Some(why) = causes.iter().find_map(|cause| certificate(*cause)) {
            return FetchError::Lasting(format!("the certificate of {host} is invalid: {why}"));
        }
        let last = causes.last().map(ToString::to_string).unwrap_or_default();
        FetchError::passing(match () {
            () if error.is_timeout() => format!("{host} took too long to respond"),
            () if error.is_connect() => format!("could not connect to {host}: {last}"),
            () if error.is_body() || error.is_decode() => {
                format!("the response from {host} broke off: {last}")
            }
            () => format!("the request to {host} failed: {last}"),
        })
    }
}

/// An error of a reader that [`super::HttpResponse::into_reader`] gave.
impl From<io::Error> for FetchError {
    fn from(error: io::Error) -> FetchError {
        let inner = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<FetchError>())
            .cloned();
        inner.unwrap_or_else(|| FetchError::passing(format!("the response broke off: {error}")))
    }
}

/// The error and its causes, outermost first; an `io::Error` hides the error it wraps.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut all = vec![error];
    while let Some(cause) = all.last().and_then(|error| wrapped(*error)) {
        all.push(cause);
    }
    all
}

fn wrapped<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let hidden = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    hidden
        .map(|inner| inner as &(dyn Error + 'static))
        .or_else(|| error.source())
}

fn certificate(error: &(dyn Error + 'static)) -> Option<String> {
    match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(why) => Some(why.to_string()),
        rustls::Error::NoCertificatesPresented => Some("the server sent none".to_owned()),
        _ => None,
    }
}

/// The host of an address, with its port if it is not the default: all that a message may reveal of
/// it.
pub(super) fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the address".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_found_below_other_errors() {
        let inner = io::Error::other(rustls::Error::InvalidCertificate(
            rustls::CertificateError::Expired,
        ));
        let outer = io::Error::other(inner);
        assert!(
            causes(&outer)
                .iter()
                .any(|cause| certificate(*cause).is_some())
        );
    }

    #[test]
    fn a_trouble_survives_a_reader() {
        let trouble = FetchError::Lasting("x".to_owned());
        assert_eq!(FetchError::from(io::Error::other(trouble.clone())), trouble);
        assert!(matches!(
            FetchError::from(io::Error::other("reset")),
            FetchError::Passing { wait: None, .. }
        ));
    }

    #[test]
    fn a_message_names_the_host_only() {
        assert_eq!(
            host_of(&Url::parse("https://user:pw@x.example:8443/a?key=b").unwrap()),
            "x.example:8443"
        );
        assert_eq!(
            host_of(&Url::parse("https://x.example:443/").unwrap()),
            "x.example"
        );
    }
}
