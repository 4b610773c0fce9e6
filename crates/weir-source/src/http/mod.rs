//! Ads over HTTP: requests from templates, authentication, paging, one crawl for each combination
//! of parameters, details. How an answer is classified (try again, blocked, gone) is said by the
//! [`door`](super::door); here it is said what that means for the read.
//!
//! No secret may get into a document, a proof or an error: addresses are shown with variables as
//! they were written. To add a way of paging: [`paging`]; a kind of authentication: [`auth`].

pub mod auth;
mod before;
mod bookmark;
mod crawl;
mod detail;
mod pages;
pub mod paging;
mod parsing;
mod request;
mod spot;

pub use auth::TokenCache;
pub use detail::{DetailRequest, NoDetail};

use super::decode::{BodyDecoder, DecodeSpec};
use super::door::{
    CookieJar, FetchError, HttpRequest, HttpResponse, LimitsSpec, Manners, MannersSpec, ReadLimits,
    ReadWindow, ResponseRules, ResponseSpec, ResponseTerms, is_same_host, kept_back, strip,
};
use super::page::PageSink;
use super::template::{Template, TemplateNames, Variables};
use super::{CacheValidators, ReadApproach, SourceAccess, proof, secrets};
use backon::{ExponentialBuilder, Retryable};
use before::{BeforeSpec, SessionRequest};
use detail::DetailSpec;
use indexmap::IndexMap;
use pages::PagesSpec;
use paging::Paging;
use request::{
    BodySpec, MethodSpec, ReadyRequest, RequestParts, RequestTemplate, filled, redacted,
};
use reqwest::header::{HeaderValue, RANGE};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use weir_model::ReadOutcome;
use weir_model::untrusted::SecretValue;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, OneOrMany, Text};

/// Read ads over HTTP.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpSpec {
    /// The address; `${NAME}` is replaced from the environment, `{name}` from `each` or `before`.
    url: Text,
    /// `get` or `post`; `post` by default if there is a body.
    method: Option<MethodSpec>,
    /// The query parameters.
    #[serde(default)]
    query: IndexMap<String, OneOrMany<Text>>,
    /// The headers.
    #[serde(default)]
    headers: IndexMap<Located<String>, Text>,
    /// The body.
    body: Option<BodySpec>,
    /// How to authenticate.
    auth: Option<auth::AuthSpec>,
    /// A request made first, whose response supplies values for the others.
    before: Option<BeforeSpec>,
    /// Parameters: one crawl for each value, or for each combination.
    #[serde(default)]
    each: IndexMap<Located<String>, OneOrMany<Text>>,
    /// Parameters to store in each document, as `$.request.NAME`.
    #[serde(default)]
    keep: Vec<Located<String>>,
    /// How to reach the next page; if omitted, there is only one.
    pages: Option<Located<PagesSpec>>,
    /// The format of a response.
    #[serde(default)]
    decode: DecodeSpec,
    /// The character set, if the source states none or a wrong one.
    charset: Option<Located<String>>,
    /// Where the records are in each page: `$.jobs[*]`.
    records: Option<Text>,
    /// Where the source states the total number of ads, which lets a read be proven complete.
    count: Option<Text>,
    /// The request for the page of a single ad.
    detail: Option<DetailSpec>,
    /// What responses mean; checked before the defaults.
    #[serde(default)]
    responses: Vec<ResponseSpec>,
    /// How politely the source is read.
    manners: Option<MannersSpec>,
    /// Limits of a read.
    limits: Option<LimitsSpec>,
    /// How often a failed page is retried.
    #[serde(default = "three")]
    retries: usize,
    /// Milliseconds before the first retry; doubled for each further one, with jitter.
    #[serde(default = "half_a_second")]
    backoff_ms: u64,
    /// Whether private addresses are allowed. Link-local and cloud metadata addresses are only
    /// allowed if `url` itself names them.
    #[serde(default)]
    allow_private: bool,
    /// Whether to request only what has changed since the last read, if the source supports it.
    #[serde(default = "yes")]
    conditional: bool,
}

fn three() -> usize {
    3
}

fn half_a_second() -> u64 {
    500
}

fn yes() -> bool {
    true
}

/// Ads over HTTP, compiled.
#[derive(Debug, Clone)]
pub struct HttpSource {
    request: RequestTemplate,
    auth: auth::RequestAuth,
    before: Option<SessionRequest>,
    each: Vec<(String, Vec<Template>)>,
    keep: Vec<String>,
    paging: Paging,
    /// How an answer is read.
    pub decoder: BodyDecoder,
    charset: Option<String>,
    records: Option<String>,
    /// The page of a single ad.
    pub detail: Option<DetailRequest>,
    responses: Arc<ResponseRules>,
    manners: Arc<Manners>,
    limits: ReadLimits,
    retries: usize,
    backoff: Duration,
    conditional: bool,
}

impl HttpSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(&self, out: &mut Diagnostics) -> Option<HttpSource> {
        let each_names: Vec<String> = self.each.keys().map(|name| name.value.clone()).collect();
        let mut names = each_names.clone();
        let before = self.before.as_ref().map(|before| {
            before.compile(
                TemplateNames {
                    known: Some(&names),
                    listing: false,
                },
                out,
            )
        });
        names.extend(self.before.iter().flat_map(BeforeSpec::names));
        let written = RequestParts {
            url: &self.url,
            method: self.method,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_ref(),
        };
        let of_page = self
            .pages
            .as_ref()
            .and_then(|pages| pages.name())
            .filter(|name| names.iter().all(|known| known != name));
        names.extend(of_page.map(str::to_owned));
        let request = written.compile(
            TemplateNames {
                known: Some(&names),
                listing: false,
            },
            out,
        );
        let auth = self
            .auth
            .as_ref()
            .map_or(Some(auth::RequestAuth::None), |auth| auth.compile(out));
        let each = self.each(out);
        self.check_kept(&each_names, out);
        let limits = LimitsSpec::compile(self.limits.as_ref(), out);
        let cap = limits.as_ref().map_or(1000, |limits| limits.pages);
        let place = self
            .pages
            .as_ref()
            .map_or_else(|| self.url.place().clone(), |pages| pages.place.clone());
        let named =
            of_page.filter(|name| request.as_ref().is_some_and(|request| request.holds(name)));
        let paging = PagesSpec::compile(
            self.pages.as_ref().map(|pages| &pages.value),
            cap,
            &self.decode,
            named,
            &place,
            out,
        );
        let decoder = DecodeSpec::compile(
            &self.decode,
            self.url.place(),
            self.records.as_ref(),
            self.count.as_ref(),
            out,
        );
        if self.count.is_none() && paging.as_ref().is_some_and(Paging::wants_count) {
            out.error(
                &place,
                "bad-paging",
                "`total` stops at a stated count, and no count is configured",
            )
            .help("add `count: $.total`, or remove `total`");
        }
        let charset = super::decode::charset(self.charset.as_ref(), out);
        let detail = self.detail.as_ref().map(|detail| detail.compile(out));
        let responses = ResponseRules::compile(&self.responses, out);
        let limits = limits?;
        let manners = MannersSpec::compile(self.manners.as_ref(), &limits, self.allow_private, out);
        Some(HttpSource {
            request: request?,
            auth: auth?,
            before: present(before)?,
            each: each?,
            keep: self.keep.iter().map(|name| name.value.clone()).collect(),
            paging: paging?,
            decoder: decoder?,
            charset: charset?,
            records: self.records.as_ref().map(ToString::to_string),
            detail: present(detail)?,
            responses: Arc::new(responses?),
            manners: Arc::new(manners?),
            limits,
            retries: self.retries,
            backoff: Duration::from_millis(self.backoff_ms),
            conditional: self.conditional,
        })
    }

    fn each(&self, out: &mut Diagnostics) -> Option<Vec<(String, Vec<Template>)>> {
        let lists: Vec<Option<(String, Vec<Template>)>> = self
            .each
            .iter()
            .map(|(name, values)| {
                let values: Vec<Option<Template>> = values
                    .iter()
                    .map(|value| Template::compile(value, out))
                    .collect();
                Some((
                    name.value.clone(),
                    values.into_iter().collect::<Option<_>>()?,
                ))
            })
            .collect();
        lists.into_iter().collect()
    }

    fn check_kept(&self, each: &[String], out: &mut Diagnostics) {
        for name in self.keep.iter().filter(|name| !each.contains(&name.value)) {
            out.error(
                &name.place,
                "bad-paging",
                format!("`{name}` is not a parameter of `each`"),
            )
            .help("`keep` takes names of parameters of `each`");
        }
    }
}

/// What was not asked for is there in its way; what was asked for and could not be compiled is not.
fn present<T>(compiled: Option<Option<T>>) -> Option<Option<T>> {
    match compiled {
        None => Some(None),
        Some(compiled) => compiled.map(Some),
    }
}

impl HttpSource {
    /// What it does, in a few words; variables stay as written.
    pub fn explain(&self) -> String {
        let crawls = self
            .each
            .iter()
            .map(|(name, values)| format!(", for {} {name}", values.len()));
        let detail = self
            .detail
            .as_ref()
            .map(|detail| format!(", then {}", detail.request.url()))
            .unwrap_or_default();
        format!(
            "{}{}{}{detail}",
            self.request.url(),
            crawls.collect::<String>(),
            self.paging.explain()
        )
    }

    /// The address as far as it is known without asking; where only a variable says it, one that
    /// stands for it.
    pub(super) fn example_address(&self) -> String {
        self.request.example(&BTreeMap::new(), None)
    }

    /// Where the author says that the records stand.
    pub(super) fn records(&self) -> Option<&str> {
        self.records.as_deref()
    }

    /// The character set that the source says.
    pub(super) fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// The hours in which it may be read; always if there are none.
    pub fn window(&self) -> Option<ReadWindow> {
        self.manners.window
    }

    /// Whether its pages are told by numbers or offsets.
    pub(super) fn counts_pages(&self) -> bool {
        self.paging.counts()
    }

    /// Reads all pages of all crawls.
    pub async fn read(
        &self,
        access: &SourceAccess,
        approach: &ReadApproach,
        pages: PageSink,
    ) -> ReadOutcome {
        if let Some(missing) = self.missing_variables(access).into_iter().next() {
            return proof::unreachable(
                super::template::MissingValue::Variable(missing).to_string(),
            );
        }
        crawl::HttpReading::new(self, access, approach, pages)
            .run()
            .await
    }

    /// Names of variables without a value.
    pub fn missing_variables(&self, access: &SourceAccess) -> Vec<String> {
        self.templates()
            .into_iter()
            .flat_map(|template| template.missing(&access.variables))
            .collect()
    }

    /// What it asks for with these variables; tokens and headers, which only say who asks, left
    /// out.
    pub fn asks_for(&self, variables: &Variables) -> Vec<String> {
        let asked = self
            .request
            .asked()
            .into_iter()
            .chain(self.each.iter().flat_map(|(_, values)| values));
        asked.map(|template| template.authored(variables)).collect()
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        let mut all = self.request.templates();
        all.extend(self.auth.templates());
        all.extend(
            self.before
                .iter()
                .flat_map(|before| before.request.templates()),
        );
        all.extend(self.each.iter().flat_map(|(_, values)| values));
        all.extend(
            self.detail
                .iter()
                .flat_map(|detail| detail.request.templates()),
        );
        all
    }

    /// The values that say who asks, in `auth`, headers and parameters.
    pub fn secrets(&self, variables: &Variables) -> Vec<SecretValue> {
        let before = self.before.iter().map(|before| &before.request);
        let requests = std::iter::once(&self.request).chain(before);
        let requests = requests.chain(self.detail.iter().map(|detail| &detail.request));
        let said = requests.flat_map(RequestTemplate::secret_templates);
        let said = said.flat_map(|template| secrets::of_template(template, variables));
        said.chain(self.auth.secrets(variables)).collect()
    }

    /// A text without the values of variables.
    fn redacted(&self, text: &str, access: &SourceAccess) -> String {
        redacted(text, &self.templates(), &access.variables)
    }

    /// A text in which variables stand as they were written, with their values.
    fn filled(&self, text: &str, access: &SourceAccess) -> String {
        filled(text, &self.templates(), &access.variables)
    }

    /// Whether the source can be asked for what has changed: one page, and nothing that must be
    /// asked for all the same.
    fn is_conditional(&self) -> bool {
        let asks_again = self
            .detail
            .as_ref()
            .is_some_and(|detail| detail.again.is_some());
        self.conditional
            && self.paging.is_single()
            && self.each.is_empty()
            && self.before.is_none()
            && !asks_again
    }

    /// Every combination of parameters; one without any.
    fn combinations_of(&self, access: &SourceAccess) -> Vec<BTreeMap<String, String>> {
        let mut all = vec![BTreeMap::new()];
        for (name, values) in &self.each {
            let values: Vec<String> = values
                .iter()
                .filter_map(|value| value.fill(&access.variables).ok())
                .collect();
            let with = |one: &BTreeMap<String, String>, value: &String| {
                let mut one = one.clone();
                one.insert(name.clone(), value.clone());
                one
            };
            all = all
                .iter()
                .flat_map(|one| {
                    values
                        .iter()
                        .map(|value| with(one, value))
                        .collect::<Vec<_>>()
                })
                .collect();
        }
        all
    }

    /// The parameters that go into each document.
    fn kept(&self, each: &BTreeMap<String, String>) -> Option<Json> {
        let kept: BTreeMap<&String, &String> = each
            .iter()
            .filter(|(name, _)| self.keep.contains(name))
            .collect();
        (!kept.is_empty()).then(|| json!(kept))
    }

    /// Tries again while that may help, with growing waits; a source that says how long to wait is
    /// obeyed.
    async fn retried<T, F: Future<Output = Result<T, FetchError>>>(
        &self,
        once: impl FnMut() -> F,
    ) -> Result<T, FetchError> {
        let waits = ExponentialBuilder::default()
            .with_min_delay(self.backoff)
            .with_max_times(self.retries)
            .with_jitter();
        let again = once
            .retry(waits)
            .when(|trouble| matches!(trouble, FetchError::Passing { .. }));
        again
            .adjust(|trouble, next| {
                next.map(|next| {
                    if let FetchError::Passing {
                        wait: Some(wait), ..
                    } = trouble
                    {
                        next.max(*wait)
                    } else {
                        next
                    }
                })
            })
            .await
    }

    /// One try at a request, signed; once more with a new token if the old one is refused. Where an
    /// answer led it to another host it is not signed and sends no body: whoever writes a page may
    /// not send our credentials anywhere.
    async fn ask(
        &self,
        access: &SourceAccess,
        mut ready: ReadyRequest,
        jar: &Arc<CookieJar>,
        known: Option<&CacheValidators>,
        terms: ResponseTerms,
    ) -> Result<HttpResponse, FetchError> {
        let conditional = known.is_some_and(|known| ready.ask_for_changes(known));
        let terms = ResponseTerms {
            conditional,
            ranged: ready.headers.contains_key(RANGE),
            ..terms
        };
        if let Some(home) = ready
            .led_from
            .take()
            .filter(|home| !is_same_host(home, &ready.url))
        {
            if ready.sent != request::RequestBody::Nothing {
                return Err(kept_back(&home, &ready.url));
            }
            strip(&mut ready.headers);
            return access
                .door
                .ask(self.asking(ready, access, jar, terms))
                .await;
        }
        let mut signed = ready.clone();
        self.auth.sign(&mut signed, self, access).await?;
        match access
            .door
            .ask(self.asking(signed, access, jar, terms))
            .await
        {
            Err(FetchError::Blocked(_)) if self.auth.forget(access) => {
                self.auth.sign(&mut ready, self, access).await?;
                access
                    .door
                    .ask(self.asking(ready, access, jar, terms))
                    .await
            }
            other => other,
        }
    }

    fn asking(
        &self,
        ready: ReadyRequest,
        access: &SourceAccess,
        jar: &Arc<CookieJar>,
        terms: ResponseTerms,
    ) -> HttpRequest {
        HttpRequest {
            method: ready.method,
            shown_url: self.redacted(ready.url.as_str(), access),
            home: self.request.home(&access.variables),
            url: ready.url,
            headers: ready.headers,
            body: ready.sent.bytes(),
            manners: Arc::clone(&self.manners),
            responses: Arc::clone(&self.responses),
            terms,
            cookies: Arc::clone(jar),
        }
    }

    /// Asks for a token; neither the question nor the answer is ever recorded.
    async fn ask_for_token(
        &self,
        url: &str,
        form: Vec<(String, String)>,
        access: &SourceAccess,
    ) -> Result<Vec<u8>, FetchError> {
        let url = url::Url::parse(url).map_err(|error| {
            FetchError::Lasting(format!("the token address is not a URL: {error}"))
        })?;
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(
            reqwest::header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let ready = ReadyRequest {
            method: reqwest::Method::POST,
            url,
            headers,
            sent: request::RequestBody::Form(form),
            led_from: None,
        };
        let terms = ResponseTerms {
            lenient: true,
            ..ResponseTerms::default()
        };
        let answer = access
            .door
            .unrecorded()
            .ask(self.asking(ready, access, &Arc::default(), terms))
            .await?;
        answer.bytes(64 * 1024).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::Instant;

    fn http(text: &str) -> HttpSource {
        let mut out = Diagnostics::new();
        let spec: Option<HttpSpec> = weir_yaml::yaml::read("a.yaml", text, &mut out);
        spec.and_then(|spec| spec.compile(&mut out)).unwrap()
    }

    /// How long it takes to try in vain, and how often it is tried.
    async fn tried(http: &HttpSource, trouble: FetchError) -> (u64, u32) {
        let (begun, tries) = (Instant::now(), Cell::new(0));
        let once = || async {
            tries.set(tries.get() + 1);
            Err::<(), _>(trouble.clone())
        };
        assert_eq!(http.retried(once).await, Err(trouble.clone()));
        (begun.elapsed().as_secs(), tries.get())
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_as_late_as_the_source_asks() {
        let http = http("url: https://a.example/\nretries: 2\nbackoff_ms: 1\n");
        let passing = |wait| FetchError::Passing {
            why: "429".to_owned(),
            wait,
        };
        assert_eq!(tried(&http, passing(None)).await, (0, 3));
        assert_eq!(
            tried(&http, passing(Some(Duration::from_secs(300)))).await,
            (600, 3)
        );
        assert_eq!(
            tried(&http, FetchError::Lasting("400".to_owned())).await,
            (0, 1)
        );
    }
}
