//! The cookies of one crawl, kept like a browser's: from each response for later requests, until
//! the crawl ends, and only for the site that set them. No other crawl, source or institution ever
//! sees them, and nothing of them is stored.

use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// The cookies of one crawl.
#[derive(Default)]
pub struct CookieJar {
    /// Browsers share cookies among the ports of a host. Here a port in an address is a site of its
    /// own, as it is for credentials.
    sites: Mutex<HashMap<String, Arc<Jar>>>,
}

impl CookieJar {
    /// Keeps the cookies of a response.
    pub(super) fn keep(&self, url: &Url, headers: &HeaderMap) {
        if headers.contains_key(SET_COOKIE) {
            self.site(url)
                .set_cookies(&mut headers.get_all(SET_COOKIE).iter(), url);
        }
    }

    /// What goes with a request.
    pub(super) fn of(&self, url: &Url) -> Option<HeaderValue> {
        self.site(url).cookies(url)
    }

    fn site(&self, url: &Url) -> Arc<Jar> {
        let name = url
            .port()
            .map(|port| format!("{}:{port}", url.host_str().unwrap_or_default()));
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sites.entry(name.unwrap_or_default()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_to_the_site_that_set_them() {
        let jar = CookieJar::default();
        let url = |text: &str| Url::parse(text).unwrap();
        let set = |at: &str, cookie: &str| {
            jar.keep(
                &url(at),
                &HeaderMap::from_iter([(SET_COOKIE, cookie.parse().unwrap())]),
            );
        };
        set("https://www.a.example/x", "one=1; Path=/");
        set(
            "https://www.a.example/x",
            "wide=2; Path=/; Domain=a.example",
        );
        set(
            "https://www.a.example/x",
            "false=3; Path=/; Domain=b.example",
        );
        set("http://127.0.0.1:1000/", "port=4; Path=/");
        let sent = |at: &str| {
            let sent = jar
                .of(&url(at))
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default();
            let mut all: Vec<String> = sent.split("; ").map(str::to_owned).collect();
            all.sort();
            all.join("; ")
        };
        assert_eq!(sent("https://www.a.example/"), "one=1; wide=2");
        assert_eq!(sent("https://jobs.a.example/"), "wide=2");
        assert_eq!(sent("http://127.0.0.1:1000/y"), "port=4");
        for other in [
            "https://b.example/",
            "http://127.0.0.1:1001/",
            "http://127.0.0.1/",
            "https://www.a.example:8443/",
        ] {
            assert_eq!(sent(other), "", "{other}");
        }
    }
}
