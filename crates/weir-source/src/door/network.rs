//! The network itself: each hop of a request is checked, allowed by robots.txt, paced and sent, in
//! this order. Redirects are followed here rather than by the HTTP library, so no hop escapes these
//! checks. What a response means is decided elsewhere.

use super::HttpRequest;
use super::answer::HttpResponse;
use super::book::{RobotsBook, SharedRobots};
use super::cookies::CookieJar;
use super::guard::{self, GuardedResolver, RequestReach};
use super::hop::RedirectHop;
use super::manners::{Manners, RobotsPolicy};
use super::pace::{HostPacer, HostTurn, SharedPace, pace_of};
use super::robots::{MOST_BYTES, RobotsRules};
use super::trouble::{FetchError, host_of};
use crate::decode::first_text;
use reqwest::header::{ACCEPT_ENCODING, COOKIE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, ClientBuilder};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;
use url::Url;

/// Maximum redirects to a robots.txt.
const ROBOTS_REDIRECTS: usize = 5;
/// How often a robots.txt is tried before nothing may be fetched.
const ROBOTS_TRIES: usize = 2;

/// The clients and what is known of the hosts.
pub(super) struct HttpNetwork {
    /// Reaches public addresses only.
    guarded: Client,
    /// Reaches private ones, too.
    open: Client,
    pacer: HostPacer,
    book: RobotsBook,
}

impl HttpNetwork {
    /// Builds the clients; `known` are addresses of names that are not looked up.
    pub(super) fn new(known: &[(&str, SocketAddr)]) -> Result<HttpNetwork, reqwest::Error> {
        // A second installation fails and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let with_known = |builder: ClientBuilder| {
            known.iter().fold(builder, |builder, (name, address)| {
                builder.resolve(name, *address)
            })
        };
        let client = |allow_private| {
            with_known(builder())
                .dns_resolver(Arc::new(GuardedResolver { allow_private }))
                .build()
        };
        Ok(HttpNetwork {
            guarded: client(false)?,
            open: client(true)?,
            pacer: HostPacer::default(),
            book: RobotsBook::default(),
        })
    }

    /// The same, with manners that are kept together with other processes.
    pub(super) fn sharing(
        self,
        manners: &Arc<impl SharedPace + SharedRobots + 'static>,
    ) -> HttpNetwork {
        HttpNetwork {
            pacer: HostPacer::shared(manners.clone()),
            book: RobotsBook::shared(manners.clone()),
            ..self
        }
    }

    /// The response at the end of all redirects.
    pub(super) async fn answer(&self, ask: &HttpRequest) -> Result<HttpResponse, FetchError> {
        let (mut hop, mut left) = (RedirectHop::first(ask), ask.manners.page_time);
        for number in 0..=ask.manners.redirects {
            let shown = if number == 0 {
                shown_path(&ask.shown_url)
            } else {
                "the address it redirects to"
            };
            check(&hop.url, ask)?;
            let delay = self.permission(&hop.url, ask, shown).await?;
            let turn = self.turn(&hop.url, &ask.manners, delay).await;
            let begun = Instant::now();
            let response = self.send(&hop, &ask.manners, left, &ask.cookies).await?;
            let (status, headers) = (response.status().as_u16(), response.headers());
            match hop
                .next(status, headers)?
                .filter(|_| !ask.responses.keep(status, headers))
            {
                Some(next) => hop = next,
                None => {
                    let lost_condition = !hop.is_conditional();
                    let answer = under(turn, HttpResponse::begin(response, hop.url)).await?;
                    return Ok(HttpResponse {
                        lost_condition,
                        ..answer
                    });
                }
            }
            left = left.saturating_sub(begun.elapsed());
        }
        let most = ask.manners.redirects;
        Err(FetchError::Lasting(format!(
            "{} redirects more than {most} times; raise `limits: {{ redirects: ... }}` if this is expected",
            host_of(&ask.url)
        )))
    }

    /// Whether robots.txt allows an address, and the delay it demands. `shown` is the path without
    /// secrets.
    async fn permission(
        &self,
        url: &Url,
        ask: &HttpRequest,
        shown: &str,
    ) -> Result<Option<Duration>, FetchError> {
        if ask.manners.robots == RobotsPolicy::Ignore {
            return Ok(None);
        }
        let origin = (
            url.origin().ascii_serialization(),
            ask.manners.allow_private,
        );
        // Boxed: rarely needed, and as large as the request that waits for it.
        let rules = Box::pin(self.rules(url, ask));
        let rules = self.book.consult(origin, rules).await?;
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        if rules.allow(path) {
            return Ok(rules.crawl_delay);
        }
        let host = host_of(url);
        let remedy =
            "respect it, or declare `robots: { ignore: reason }` if the publisher has agreed";
        Err(FetchError::Blocked(format!(
            "robots.txt of {host} forbids {shown} for weir; {remedy}"
        )))
    }

    /// Reads the robots.txt of an address, once more when that failed for a while.
    async fn rules(&self, url: &Url, ask: &HttpRequest) -> Result<RobotsRules, FetchError> {
        let mut found = self.try_rules(url, ask).await;
        for _ in 1..ROBOTS_TRIES {
            if matches!(found, Err(FetchError::Passing { .. })) {
                found = self.try_rules(url, ask).await;
            }
        }
        let unread = |why: String| {
            format!(
                "robots.txt of {} could not be read ({why}), so nothing is fetched",
                host_of(url)
            )
        };
        found.map_err(|trouble| match trouble {
            FetchError::Passing { why, wait } => FetchError::Passing {
                why: unread(why),
                wait,
            },
            other => other,
        })
    }

    async fn try_rules(&self, url: &Url, ask: &HttpRequest) -> Result<RobotsRules, FetchError> {
        let (mut hop, cookies) = (RedirectHop::get(robots_url(url)), CookieJar::default());
        for _ in 0..=ROBOTS_REDIRECTS {
            check(&hop.url, ask)?;
            let turn = self.turn(&hop.url, &ask.manners, None).await;
            let response = self
                .send(&hop, &ask.manners, ask.manners.page_time, &cookies)
                .await?;
            match hop.next(response.status().as_u16(), response.headers())? {
                Some(next) => hop = next,
                None => return under(turn, rules_of(response, hop.url)).await,
            }
        }
        // RFC 9309, 2.3.1.2: after too many redirects, treat robots.txt as unavailable.
        Ok(RobotsRules::default())
    }

    /// Waits for a turn at a host.
    async fn turn(&self, url: &Url, manners: &Manners, delay: Option<Duration>) -> HostTurn {
        self.pacer
            .turn(url, pace_of(url, manners.pace, delay))
            .await
    }

    /// Stops requests to the host of an address for as long as it demands.
    pub(super) async fn leave_alone(&self, url: &Url, wait: Duration) {
        self.pacer.leave_alone_together(url, wait).await;
    }

    async fn send(
        &self,
        hop: &RedirectHop,
        manners: &Manners,
        left: Duration,
        cookies: &CookieJar,
    ) -> Result<reqwest::Response, FetchError> {
        let client = if manners.allow_private {
            &self.open
        } else {
            &self.guarded
        };
        let headers = with_ours(hop, manners, cookies);
        let request = client
            .request(hop.method.clone(), hop.url.clone())
            .headers(headers)
            .timeout(left);
        let request = hop
            .body
            .iter()
            .fold(request, |request, body| request.body(body.clone()));
        let response = request
            .send()
            .await
            .map_err(|error| FetchError::of_request(error, &host_of(&hop.url)))?;
        cookies.keep(&hop.url, response.headers());
        Ok(response)
    }
}

/// Settings of both clients. Proxies from the environment are not used: behind a proxy, no address
/// could be checked.
fn builder() -> ClientBuilder {
    let policy = reqwest::redirect::Policy::none();
    Client::builder()
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_secs(60))
        .redirect(policy)
        .no_proxy()
}

/// Whether an address may be reached at all.
fn check(url: &Url, ask: &HttpRequest) -> Result<(), FetchError> {
    let reach = RequestReach {
        allow_private: ask.manners.allow_private,
        home: ask.home.as_ref(),
    };
    guard::check(url, reach).map_err(|refused| FetchError::Lasting(refused.to_string()))
}

/// Holds a turn until something is done.
async fn under<T>(turn: HostTurn, work: impl Future<Output = T>) -> T {
    let done = work.await;
    drop(turn);
    done
}

/// The packings that are understood here.
const PACKINGS: HeaderValue = HeaderValue::from_static("gzip, deflate, br, zstd");

/// The hop's headers, with our name and the cookies.
fn with_ours(hop: &RedirectHop, manners: &Manners, cookies: &CookieJar) -> HeaderMap {
    let mut headers = hop.headers.clone();
    headers
        .entry(USER_AGENT)
        .or_insert_with(|| user_agent(manners.contact.as_deref()));
    headers.entry(ACCEPT_ENCODING).or_insert(PACKINGS);
    if let Some(kept) = cookies.of(&hop.url) {
        let written = headers
            .get(COOKIE)
            .map(|written| [written.as_bytes(), b"; ", kept.as_bytes()].concat());
        let all = written
            .and_then(|all| HeaderValue::from_bytes(&all).ok())
            .unwrap_or(kept);
        headers.insert(COOKIE, all);
    }
    headers
}

fn user_agent(contact: Option<&str>) -> HeaderValue {
    let plain = HeaderValue::from_static(concat!("weir/", env!("CARGO_PKG_VERSION")));
    let with_contact = |contact| {
        HeaderValue::from_str(&format!(
            concat!("weir/", env!("CARGO_PKG_VERSION"), " (+{})"),
            contact
        ))
        .ok()
    };
    contact.and_then(with_contact).unwrap_or(plain)
}

fn robots_url(url: &Url) -> Url {
    let mut robots = url.clone();
    robots.set_path("/robots.txt");
    robots.set_query(None);
    robots.set_fragment(None);
    // An address of http has a host, and so can do without these.
    let _ = robots.set_username("");
    let _ = robots.set_password(None);
    robots
}

/// What the response to a request for robots.txt allows.
async fn rules_of(response: reqwest::Response, url: Url) -> Result<RobotsRules, FetchError> {
    match response.status().as_u16() {
        200..=299 => {
            let (mut bytes, most) = (Vec::new(), u64::try_from(MOST_BYTES).unwrap_or(u64::MAX));
            HttpResponse::begin(response, url)
                .await?
                .into_reader()
                .take(most)
                .read_to_end(&mut bytes)
                .await?;
            // If it cannot be fully decompressed, it is read as received.
            Ok(RobotsRules::parse(
                &first_text(&bytes, most).unwrap_or(bytes),
            ))
        }
        status @ (429 | 500..) => Err(FetchError::passing(status.to_string())),
        _ => Ok(RobotsRules::default()),
    }
}

/// The path of an address, as it may be shown.
fn shown_path(shown_url: &str) -> &str {
    let after_scheme = shown_url
        .split_once("://")
        .map_or(shown_url, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_queries() {
        assert_eq!(shown_path("https://a.example/b/${KEY}?c=d#e"), "/b/${KEY}");
        assert_eq!(shown_path("https://a.example"), "/");
        assert_eq!(shown_path(""), "/");
    }

    #[test]
    fn the_user_agent_says_who_we_are() {
        assert!(user_agent(None).to_str().unwrap().starts_with("weir/"));
        assert!(
            user_agent(Some("mailto:a@b.example"))
                .to_str()
                .unwrap()
                .ends_with(" (+mailto:a@b.example)")
        );
        assert_eq!(user_agent(Some("a\r\nb")), user_agent(None));
    }

    #[test]
    fn robots_txt_stands_at_the_root() {
        let url = Url::parse("https://user:pw@a.example:8443/x/y?z#w").unwrap();
        assert_eq!(
            robots_url(&url).as_str(),
            "https://a.example:8443/robots.txt"
        );
    }
}
