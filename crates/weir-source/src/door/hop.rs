//! One request of possibly several: the first, or one caused by a redirect. This is the only place
//! that decides what may be sent where: headers with credentials, and bodies, which may contain
//! them too, never leave the host that they were written for.

use super::HttpRequest;
use super::trouble::{FetchError, host_of};
use reqwest::Method;
use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION,
    USER_AGENT,
};
use url::Url;

/// Headers of the author that may go to another host.
const CARRIED: [reqwest::header::HeaderName; 4] =
    [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT];

/// One request.
#[derive(Debug, Clone)]
pub(super) struct RedirectHop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
}

impl RedirectHop {
    /// The original request.
    pub(super) fn first(ask: &HttpRequest) -> RedirectHop {
        RedirectHop {
            method: ask.method.clone(),
            url: ask.url.clone(),
            headers: ask.headers.clone(),
            body: ask.body.clone(),
        }
    }

    /// A plain request for one address.
    pub(super) fn get(url: Url) -> RedirectHop {
        RedirectHop {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// Whether it is conditional on an earlier state.
    pub(super) fn is_conditional(&self) -> bool {
        self.headers.contains_key(IF_NONE_MATCH) || self.headers.contains_key(IF_MODIFIED_SINCE)
    }

    /// The request that a response redirects to, if it does.
    pub(super) fn next(
        &self,
        status: u16,
        headers: &HeaderMap,
    ) -> Result<Option<RedirectHop>, FetchError> {
        let Some(location) = headers
            .get(LOCATION)
            .filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308))
        else {
            return Ok(None);
        };
        let url = self.target(status, location.as_bytes())?;
        let becomes_get = status == 303 && self.method != Method::HEAD
            || matches!(status, 301 | 302) && self.method == Method::POST;
        let mut next = RedirectHop {
            url,
            ..self.clone()
        };
        if becomes_get {
            next.method = Method::GET;
            next.body = None;
            next.headers.remove(CONTENT_TYPE);
        }
        if !is_same_host(&self.url, &next.url) {
            strip(&mut next.headers);
            if next.body.is_some() {
                return Err(kept_back(&self.url, &next.url));
            }
        }
        Ok(Some(next))
    }

    fn target(&self, status: u16, location: &[u8]) -> Result<Url, FetchError> {
        let host = host_of(&self.url);
        let refused =
            |why: &str| FetchError::Lasting(format!("{host} redirects ({status}) to {why}"));
        let url = self
            .url
            .join(&String::from_utf8_lossy(location))
            .map_err(|_| refused("an invalid address"))?;
        match (self.url.scheme(), url.scheme()) {
            ("https", "http") => Err(refused(&format!(
                "{} without encryption, which is never followed",
                host_of(&url)
            ))),
            (_, "http" | "https") if url.has_host() => Ok(url),
            _ => Err(refused("an address that is neither http nor https")),
        }
    }
}

/// Why a body is not sent to the target of a redirect.
pub fn kept_back(from: &Url, to: &Url) -> FetchError {
    let (from, to) = (host_of(from), host_of(to));
    FetchError::Lasting(format!(
        "{from} redirects to another host, {to}; the body is not sent there because it may hold credentials; use that address in the YAML if it is correct"
    ))
}

/// Takes away the headers that may not go to another host.
pub fn strip(headers: &mut HeaderMap) {
    *headers = headers
        .iter()
        .filter(|(name, _)| CARRIED.contains(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
}

/// The same host and port; the step from http to https on the usual ports changes neither.
pub fn is_same_host(from: &Url, to: &Url) -> bool {
    let is_upgrade = (from.scheme(), to.scheme()) == ("http", "https")
        && from.port().is_none()
        && to.port().is_none();
    from.host() == to.host()
        && (is_upgrade || from.port_or_known_default() == to.port_or_known_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(method: Method, url: &str) -> RedirectHop {
        let names = [
            "authorization",
            "x-api-key",
            "accept",
            "accept-language",
            "content-type",
            "user-agent",
            "cookie",
        ];
        let headers = names
            .iter()
            .map(|name| {
                (
                    name.parse::<reqwest::header::HeaderName>().unwrap(),
                    "v".parse().unwrap(),
                )
            })
            .collect();
        let body = (method != Method::GET).then(|| b"x".to_vec());
        RedirectHop {
            method,
            url: Url::parse(url).unwrap(),
            headers,
            body,
        }
    }

    fn next(
        hop: &RedirectHop,
        status: u16,
        location: &str,
    ) -> Result<Option<RedirectHop>, FetchError> {
        hop.next(
            status,
            &HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]),
        )
    }

    #[test]
    fn another_host_gets_no_credentials() {
        let first = hop(Method::GET, "https://a.example/x");
        for location in [
            "https://b.example/",
            "//b.example/",
            "https://a.example:8443/",
            "https://a.example.b.example/",
        ] {
            let next = next(&first, 302, location).unwrap().unwrap();
            let mut names: Vec<_> = next
                .headers
                .keys()
                .map(reqwest::header::HeaderName::as_str)
                .collect();
            names.sort_unstable();
            assert_eq!(
                names,
                ["accept", "accept-language", "content-type", "user-agent"],
                "{location}"
            );
        }
        assert_eq!(next(&first, 302, "/y").unwrap().unwrap().headers.len(), 7);
        assert_eq!(
            next(
                &hop(Method::GET, "http://a.example/"),
                301,
                "https://a.example/"
            )
            .unwrap()
            .unwrap()
            .headers
            .len(),
            7
        );
    }

    #[test]
    fn methods_change_as_browsers_change_them() {
        let method = |method, status| {
            next(&hop(method, "https://a.example/"), status, "/y")
                .unwrap()
                .map(|next| (next.method, next.body.is_some()))
        };
        assert_eq!(method(Method::POST, 301), Some((Method::GET, false)));
        assert_eq!(method(Method::POST, 302), Some((Method::GET, false)));
        assert_eq!(method(Method::PUT, 303), Some((Method::GET, false)));
        assert_eq!(method(Method::POST, 307), Some((Method::POST, true)));
        assert_eq!(method(Method::POST, 308), Some((Method::POST, true)));
        assert_eq!(method(Method::GET, 304), None);
    }

    #[test]
    fn another_host_gets_no_body() {
        let first = hop(Method::POST, "https://a.example/x?key=secret");
        for status in [307, 308] {
            let trouble = next(&first, status, "https://b.example/").unwrap_err();
            assert!(
                matches!(&trouble, FetchError::Lasting(why) if why.contains("another host, b.example") && !why.contains("secret")),
                "{trouble}"
            );
        }
        assert_eq!(
            next(&first, 302, "https://b.example/")
                .unwrap()
                .unwrap()
                .body,
            None
        );
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        let first = hop(Method::GET, "https://a.example/x?key=secret");
        for location in [
            "http://a.example/",
            "file:///etc/passwd",
            "ftp://a.example/",
            "https://",
            "data:text/html,x",
        ] {
            let trouble = next(&first, 302, location).unwrap_err();
            assert!(
                matches!(&trouble, FetchError::Lasting(why) if !why.contains("secret")),
                "{location}"
            );
        }
    }
}
