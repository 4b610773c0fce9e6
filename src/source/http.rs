//! JSON over HTTP, in one or many pages. Every page is retried with back-off where that can help; what a status
//! means (try again, blocked, not there) is said here once. A page that breaks off is read again from its start:
//! documents that come twice with the same content count once.

use super::file::{Counting, count_path, doubts, records_path, unreachable_because};
use super::json::{self, Found, Item, Shape};
use super::page::Pages;
use super::{Access, Template};
use crate::diagnostic::Diagnostics;
use crate::model::Hash;
use crate::store::reads::{Proof, ReadState};
use crate::yaml::{Positive, Text};
use backon::{ExponentialBuilder, Retryable};
use futures::TryStreamExt;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;
use std::io::{BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Most bytes of one page, after decompression.
const MAX_PAGE_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Longest time for one page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(300);

/// JSON over HTTP as a source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSpec {
    /// The address; `${NAME}` comes from the environment.
    url: Text,
    /// How to come to the next page; without it there is one.
    pages: Option<PagesSpec>,
    /// Where the records stand in each page: `$.jobs[*]`.
    records: Option<Text>,
    /// Where the source states how many ads it has in all: lets the read be proven complete.
    count: Option<Text>,
    /// How often a page that failed is tried again.
    #[serde(default = "three")]
    retries: usize,
    /// Milliseconds before the first retry; doubled for each further one, with jitter.
    #[serde(default = "half_a_second")]
    backoff_ms: u64,
}

fn three() -> usize {
    3
}

fn half_a_second() -> u64 {
    500
}

/// How to come to the next page.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename = "way of paging", rename_all = "snake_case", deny_unknown_fields)]
enum PagesSpec {
    /// A page number in the query.
    Number(NumberSpec),
}

/// Page numbers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberSpec {
    /// The query parameter.
    parameter: String,
    /// The number of the first page.
    #[serde(default = "one")]
    first: u64,
    /// Most pages to read; reaching it leaves the read incomplete.
    #[serde(default = "thousand")]
    max: Positive<u64>,
}

fn one() -> u64 {
    1
}

fn thousand() -> Positive<u64> {
    Positive(1000)
}

/// JSON over HTTP, compiled.
#[derive(Debug, Clone)]
pub struct Http {
    /// The address.
    pub url: Template,
    pages: Option<NumberSpec>,
    shape: Shape,
    retries: usize,
    backoff: Duration,
}

/// Why a page could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    /// A further try may help.
    Passing(String),
    /// The source refuses us.
    Blocked(String),
    /// A further try cannot help.
    Lasting(String),
    /// Nobody wants more.
    Stopped,
}

/// What one page held.
struct PageRead {
    found: Found,
    items: i64,
    bytes: i64,
    first: Option<Hash>,
}

/// The pages under way, shared with the thread that parses.
type Shared = Arc<Mutex<Pages>>;

impl HttpSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(&self, out: &mut Diagnostics) -> Option<Http> {
        let url = compile_url(&self.url, out);
        let records = records_path(self.records.as_ref(), out);
        let count = count_path(self.count.as_ref(), out);
        let pages = self.pages.clone().map(|PagesSpec::Number(number)| number);
        let backoff = Duration::from_millis(self.backoff_ms);
        Some(Http { url: url?, pages, shape: Shape { records: records?, count: count? }, retries: self.retries, backoff })
    }
}

/// Compiles the address, as far as it does not come from variables.
fn compile_url(text: &Text, out: &mut Diagnostics) -> Option<Template> {
    let template = Template::compile(text, out)?;
    if template.begins_open() {
        return Some(template);
    }
    match url::Url::parse(&template.example()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => return Some(template),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            out.error(text.place(), "bad-url", "the address does not begin with `https://`").help(format!("did you mean `https://{text}`?"));
        }
        Ok(url) => {
            out.error(text.place(), "bad-url", format!("`{}` is neither `https` nor `http`", url.scheme()))
                .help("only HTTP is spoken here; files are read by `fetch: { file: ... }`");
        }
        Err(error) => {
            out.error(text.place(), "bad-url", format!("the address is not a URL: {error}")).help("write it as in a browser; a blank is `%20`");
        }
    }
    None
}

impl Http {
    /// What it does, in a few words; variables stay as written.
    pub fn explain(&self) -> String {
        match &self.pages {
            Some(number) => format!("{}, page by page ({})", self.url, number.parameter),
            None => self.url.to_string(),
        }
    }

    /// Reads all pages.
    pub async fn read(&self, access: &Access, pages: Pages) -> Proof {
        let url = match self.first_url(access) {
            Ok(url) => url,
            Err(why) => return unreachable_because(why),
        };
        let pages = Arc::new(Mutex::new(pages));
        let (mut so_far, trouble) = self.read_pages(access, &url, &pages).await;
        let flushing = tokio::task::spawn_blocking(move || {
            let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
            pages.flush().map(|()| doubts(&pages))
        });
        match flushing.await {
            Ok(Ok(doubts)) => so_far.problems.extend(doubts),
            _ => so_far.problems.push("the reading was stopped".to_owned()),
        }
        so_far.proof(trouble)
    }

    async fn read_pages(&self, access: &Access, url: &url::Url, pages: &Shared) -> (SoFar, Option<Trouble>) {
        let mut so_far = SoFar::default();
        let mut number = self.pages.as_ref().map_or(1, |pages| pages.first);
        loop {
            match self.page(access, &self.page_url(url, number), pages).await {
                Ok(page) => {
                    if so_far.add(&page, &self.shape) || self.is_last(number, &mut so_far) {
                        return (so_far, None);
                    }
                    number += 1;
                }
                Err(trouble) => return (so_far, Some(trouble)),
            }
        }
    }

    fn first_url(&self, access: &Access) -> Result<url::Url, String> {
        let text = self.url.fill(&access.variables).map_err(|missing| missing.to_string())?;
        let url = url::Url::parse(&text).map_err(|error| format!("`{}` is not a URL: {error}", self.url))?;
        if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(format!("`{}` is neither http nor https", self.url)) }
    }

    fn page_url(&self, url: &url::Url, number: u64) -> url::Url {
        let mut url = url.clone();
        if let Some(pages) = &self.pages {
            url.query_pairs_mut().append_pair(&pages.parameter, &number.to_string());
        }
        url
    }

    fn is_last(&self, number: u64, so_far: &mut SoFar) -> bool {
        let Some(pages) = &self.pages else { return true };
        if number + 1 - pages.first >= pages.max.0 {
            so_far.problems.push(format!("stopped after {} pages, the most that `max` allows", pages.max));
            return true;
        }
        false
    }

    /// One page, tried again while that may help.
    async fn page(&self, access: &Access, url: &url::Url, pages: &Shared) -> Result<PageRead, Trouble> {
        let waits = ExponentialBuilder::default().with_min_delay(self.backoff).with_max_times(self.retries).with_jitter();
        let once = || async { self.parse(self.answer(access, url).await?, url, pages).await };
        once.retry(waits).when(|trouble| matches!(trouble, Trouble::Passing(_))).await
    }

    async fn answer(&self, access: &Access, url: &url::Url) -> Result<reqwest::Response, Trouble> {
        let sent = access.client.get(url.clone()).timeout(PAGE_TIMEOUT).send().await;
        let answer = sent.map_err(|error| Trouble::Passing(error.without_url().to_string()))?;
        let status = answer.status();
        match status {
            _ if status.is_success() => Ok(answer),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Trouble::Blocked(format!("the source answers {status}"))),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(Trouble::Passing(format!("the source answers {status}"))),
            _ if status.is_server_error() => Err(Trouble::Passing(format!("the source answers {status}"))),
            _ => Err(Trouble::Lasting(format!("the source answers {status}"))),
        }
    }

    /// Reads the body as a stream on a thread of its own.
    async fn parse(&self, answer: reqwest::Response, url: &url::Url, pages: &Shared) -> Result<PageRead, Trouble> {
        let is_html = answer.headers().get("content-type").and_then(|value| value.to_str().ok()).is_some_and(|kind| kind.starts_with("text/html"));
        let body = StreamReader::new(answer.bytes_stream().map_err(std::io::Error::other));
        let bridge = SyncIoBridge::new(Box::pin(body));
        let (shape, url, pages) = (self.shape.clone(), redacted(url, &self.url), Arc::clone(pages));
        let parsing = tokio::task::spawn_blocking(move || parse_page(bridge, &shape, &url, &pages));
        match parsing.await.map_err(|error| Trouble::Lasting(error.to_string()))? {
            Err(Trouble::Passing(_)) if is_html => Err(Trouble::Blocked("the source answers with a web page instead of JSON".to_owned())),
            parsed => parsed,
        }
    }
}

fn parse_page(body: impl Read, shape: &Shape, url: &str, pages: &Shared) -> Result<PageRead, Trouble> {
    let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
    let mut page = PageRead { found: Found::default(), items: 0, bytes: 0, first: None };
    let origin = Arc::new(json!({ "url": url }));
    let mut stopped = false;
    let PageRead { items, bytes, first, .. } = &mut page;
    let mut put = |item: Item| {
        if let Item::Record(text) = &item {
            first.get_or_insert_with(|| Hash::of(text.as_bytes()));
        }
        *items += 1;
        stopped = pages.put(item, &origin).is_err();
        !stopped
    };
    let found = json::records(Counting { inner: BufReader::with_capacity(64 * 1024, body), bytes, left: MAX_PAGE_BYTES }, shape, &mut put);
    match found {
        _ if stopped => Err(Trouble::Stopped),
        Ok(found) => Ok(PageRead { found, ..page }),
        Err(why) => Err(Trouble::Passing(format!("the body is not whole JSON: {why}"))),
    }
}

/// The address for `metadata`: as written when it holds variables, for those may be secrets.
fn redacted(url: &url::Url, template: &Template) -> String {
    let written = template.to_string();
    if written.contains("${") { written } else { url.to_string() }
}

#[derive(Default)]
struct SoFar {
    pages: i64,
    items: i64,
    bytes: i64,
    stated: Option<i64>,
    last_first: Option<Hash>,
    problems: Vec<String>,
}

impl SoFar {
    /// Adds a page; says whether it was the last.
    fn add(&mut self, page: &PageRead, shape: &Shape) -> bool {
        self.pages += 1;
        self.items += page.items;
        self.bytes += page.bytes;
        self.stated = page.found.stated.or(self.stated);
        if !page.found.place_found
            && let Some(path) = &shape.records
        {
            self.problems.push(format!("page {}: nothing stands at `{path}`", self.pages));
            return true;
        }
        if page.first.is_some() && page.first == self.last_first {
            self.problems.push(format!("page {} repeats the page before it", self.pages));
            return true;
        }
        self.last_first = page.first;
        page.items == 0 || self.stated.is_some_and(|stated| self.items >= stated)
    }

    /// The proof, with the trouble that ended the reading if any: before the first page it decides the state, later the read is partial.
    fn proof(mut self, trouble: Option<Trouble>) -> Proof {
        let nothing_yet = self.pages == 0;
        let verdict = trouble.map(|trouble| match trouble {
            Trouble::Blocked(why) => (ReadState::Blocked, why),
            Trouble::Passing(why) | Trouble::Lasting(why) => (ReadState::Unreachable, why),
            Trouble::Stopped => (ReadState::Partial, "the reading was stopped".to_owned()),
        });
        if let Some((_, why)) = &verdict {
            self.problems.push(if nothing_yet { why.clone() } else { format!("page {}: {why}", self.pages + 1) });
        }
        let proof = Proof::judge(self.pages, self.items, self.stated, self.bytes, self.problems);
        match verdict {
            Some((state, _)) if nothing_yet => Proof { state, ..proof },
            _ => proof,
        }
    }
}

/// The client for all sources: one pool of connections, limits on time and redirects.
///
/// # Errors
/// The TLS library could not be set up.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    // A second installation is refused and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::limited(5))
        .build()
}
