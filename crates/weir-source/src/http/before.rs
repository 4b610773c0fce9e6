//! A request made first, whose response supplies values for the others: a token in a form, a
//! session. The crawl's jar keeps its cookies.

use super::super::SourceAccess;
use super::super::decode::{ValueSpot, first_text};
use super::super::door::{CookieJar, FetchError, ResponseTerms};
use super::super::template::{TemplateNames, TemplateValues};
use super::HttpSource;
use super::request::{BodySpec, MethodSpec, RequestParts, RequestTemplate};
use super::spot::{TakenSpec, ValueSelector, said};
use crate::markup;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::number;
use weir_yaml::yaml::{Located, OneOrMany, Text};

/// Maximum bytes of the response.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// A request made first, whose response supplies values for the others.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeforeSpec {
    /// The address.
    url: Text,
    /// `get` or `post`.
    method: Option<MethodSpec>,
    /// Its query.
    #[serde(default)]
    query: IndexMap<String, OneOrMany<Text>>,
    /// Its headers.
    #[serde(default)]
    headers: IndexMap<Located<String>, Text>,
    /// Its body.
    body: Option<BodySpec>,
    /// Values to take from the response, by name.
    #[serde(default)]
    take: IndexMap<Located<String>, Located<TakeSpec>>,
}

/// Where a value is in the response.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TakeSpec {
    /// A JSONPath, if the response is JSON.
    from: Option<Text>,
    /// A CSS selector, if it is a page: `input[name=csrf]@value`.
    css: Option<Text>,
    /// A regular expression over the body; its first group is the value.
    #[serde(rename = "match")]
    pattern: Option<Text>,
    /// A header.
    header: Option<Located<String>>,
}

/// A first request, compiled.
#[derive(Debug, Clone)]
pub struct SessionRequest {
    /// The request.
    pub request: RequestTemplate,
    take: Vec<(String, ValueSelector)>,
}

impl BeforeSpec {
    /// Names of the values it takes.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.take.keys().map(|name| name.value.clone())
    }

    /// Compiles it; problems go to `out`.
    pub fn compile(&self, names: TemplateNames, out: &mut Diagnostics) -> Option<SessionRequest> {
        let written = RequestParts {
            url: &self.url,
            method: self.method,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_ref(),
        };
        let request = written.compile(names, out);
        let take: Vec<Option<(String, ValueSelector)>> = self
            .take
            .iter()
            .map(|(name, spec)| {
                let taken = TakenSpec {
                    from: spec.from.as_ref(),
                    css: spec.css.as_ref(),
                    pattern: spec.pattern.as_ref(),
                    header: spec.header.as_ref(),
                };
                Some((name.value.clone(), taken.compile(&spec.place, None, out)?))
            })
            .collect();
        Some(SessionRequest {
            request: request?,
            take: take.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl SessionRequest {
    /// Sends the request and takes the values.
    ///
    /// # Errors
    /// There was no response, or a value is missing from it.
    pub async fn take(
        &self,
        http: &HttpSource,
        access: &SourceAccess,
        values: &BTreeMap<String, String>,
        jar: &Arc<CookieJar>,
    ) -> Result<BTreeMap<String, String>, FetchError> {
        let filling = TemplateValues::of(&access.variables, values);
        let ready = self.request.fill(filling).map_err(FetchError::Lasting)?;
        let answer = http
            .ask(
                access,
                ready,
                jar,
                None,
                ResponseTerms {
                    lenient: true,
                    ..ResponseTerms::default()
                },
            )
            .await?;
        let headers: Vec<Option<String>> = self
            .take
            .iter()
            .map(|(_, taken)| {
                if let ValueSelector::Header(name) = taken {
                    answer.header(name).map(str::to_owned)
                } else {
                    None
                }
            })
            .collect();
        let bytes = answer.bytes(MOST_BYTES).await?;
        let take = self.take.clone();
        // A parsed page cannot leave its thread.
        let found = tokio::task::spawn_blocking(move || find_all(&take, &bytes))
            .await
            .map_err(|error| FetchError::Lasting(error.to_string()))?;
        let mut values = values.clone();
        for (((name, _), header), found) in self.take.iter().zip(headers).zip(found) {
            let value = header.or(found).ok_or_else(|| {
                FetchError::Lasting(format!(
                    "the response to the `before` request has no `{name}`"
                ))
            })?;
            values.insert(name.clone(), value);
        }
        Ok(values)
    }
}

fn find_all(take: &[(String, ValueSelector)], bytes: &[u8]) -> Vec<Option<String>> {
    let unpacked = first_text(bytes, u64::try_from(MOST_BYTES).unwrap_or(u64::MAX)).ok();
    let text = String::from_utf8_lossy(unpacked.as_deref().unwrap_or(bytes));
    let json: Json = number::read(&text).unwrap_or_default();
    let page = take
        .iter()
        .any(|(_, taken)| matches!(taken, ValueSelector::Body(ValueSpot::Css(_))))
        .then(|| markup::HtmlPage::parse(&text));
    let find = |taken: &ValueSelector| match taken {
        ValueSelector::Header(_) => None,
        ValueSelector::Body(ValueSpot::Path(path)) => said(path.first(&json).cloned()),
        ValueSelector::Body(ValueSpot::Css(css)) => page
            .as_ref()
            .and_then(|page| css.select(page, None).into_iter().next()),
        ValueSelector::Body(ValueSpot::Match(regex)) => {
            let found = regex.captures(&text)?;
            found
                .get(1)
                .or_else(|| found.get(0))
                .map(|group| group.as_str().to_owned())
        }
    };
    take.iter().map(|(_, taken)| find(taken)).collect()
}
