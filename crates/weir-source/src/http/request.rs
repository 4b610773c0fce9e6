//! One request as written: address, query, headers and body as templates, filled in when it is
//! sent. What is shown of it to people never holds the value of a variable, for that may be a
//! secret.

use super::super::CacheValidators;
use super::super::secrets::{is_secret_header, is_secret_name};
use super::super::template::{MissingValue, Template, TemplateNames, TemplateValues, Variables};
use indexmap::IndexMap;
use reqwest::Method;
use reqwest::header::{
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use url::Url;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, Node, OneOrMany, Text};

/// The HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "method", rename_all = "lowercase")]
pub enum MethodSpec {
    /// A GET request.
    Get,
    /// A POST request.
    Post,
}

/// The body of a request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "body type", rename_all = "snake_case", deny_unknown_fields)]
pub enum BodySpec {
    /// JSON; its texts are templates.
    Json(Node),
    /// A form.
    Form(IndexMap<String, Text>),
    /// Plain text; give its type in a `Content-Type` header.
    Text(Text),
}

/// The parts of a request in the YAML, wherever they are.
pub struct RequestParts<'s> {
    /// The address.
    pub url: &'s Text,
    /// Its method.
    pub method: Option<MethodSpec>,
    /// Its query.
    pub query: &'s IndexMap<String, OneOrMany<Text>>,
    /// Its headers.
    pub headers: &'s IndexMap<Located<String>, Text>,
    /// Its body.
    pub body: Option<&'s BodySpec>,
}

/// A request, compiled.
#[derive(Debug, Clone)]
pub struct RequestTemplate {
    url: Template,
    method: Method,
    query: Vec<(String, Template)>,
    headers: Vec<(HeaderName, Template)>,
    body: BodyTemplate,
}

#[derive(Debug, Clone)]
enum BodyTemplate {
    None,
    Json(JsonTemplate),
    Form(Vec<(String, Template)>),
    Text(Template),
}

/// JSON whose texts are templates.
#[derive(Debug, Clone)]
enum JsonTemplate {
    Fixed(Json),
    Text(Template),
    List(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
}

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub struct ReadyRequest {
    /// How.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// With what.
    pub headers: HeaderMap,
    /// What is sent.
    pub sent: RequestBody,
    /// Where the author sent it, if an answer then led it elsewhere: at another host it carries no
    /// credentials.
    pub led_from: Option<Url>,
}

impl ReadyRequest {
    /// Asks only for what has changed since a state that the source named; whether it named one.
    pub fn ask_for_changes(&mut self, known: &CacheValidators) -> bool {
        let named = [
            (IF_NONE_MATCH, &known.etag),
            (IF_MODIFIED_SINCE, &known.last_modified),
        ];
        let values = named.into_iter().filter_map(|(name, value)| {
            Some((name, HeaderValue::from_str(value.as_deref()?).ok()?))
        });
        let values: Vec<(HeaderName, HeaderValue)> = values.collect();
        let is_named = !values.is_empty();
        self.headers.extend(values);
        is_named
    }
}

/// A body that paging may still add to.
#[derive(Debug, Clone, PartialEq)]
pub enum RequestBody {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(Json),
    /// A form.
    Form(Vec<(String, String)>),
    /// Text.
    Text(String),
}

impl RequestParts<'_> {
    /// Compiles it; problems go to `out`.
    pub fn compile(&self, names: TemplateNames, out: &mut Diagnostics) -> Option<RequestTemplate> {
        let url = compile_url(self.url, names, out);
        let query: Vec<Option<(String, Template)>> = self
            .query
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
            .map(|(name, value)| Some((name.clone(), Template::with_names(value, names, out)?)))
            .collect();
        let headers: Vec<Option<(HeaderName, Template)>> = self
            .headers
            .iter()
            .map(|(name, value)| {
                Some((
                    header_name(name, out)?,
                    Template::with_names(value, names, out)?,
                ))
            })
            .collect();
        let body = self.body.map_or(Some(BodyTemplate::None), |body| {
            compile_body(body, names, out)
        });
        let method = match (self.method, self.body) {
            (Some(MethodSpec::Get), _) | (None, None) => Method::GET,
            _ => Method::POST,
        };
        let (query, headers) = (
            query.into_iter().collect::<Option<_>>(),
            headers.into_iter().collect::<Option<_>>(),
        );
        Some(RequestTemplate {
            url: url?,
            method,
            query: query?,
            headers: headers?,
            body: body?,
        })
    }
}

/// Compiles an address, as far as it does not come from variables or names.
fn compile_url(text: &Text, names: TemplateNames, out: &mut Diagnostics) -> Option<Template> {
    let template = Template::with_names(text, names, out)?;
    if template.begins_open() {
        return Some(template);
    }
    match Url::parse(&template.example()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => return Some(template),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            out.error(
                text.place(),
                "bad-url",
                "the address does not start with `https://`",
            )
            .help(format!("did you mean `https://{text}`?"));
        }
        Ok(url) => {
            out.error(
                text.place(),
                "bad-url",
                format!("`{}` is neither `https` nor `http`", url.scheme()),
            )
            .help("only HTTP is supported; read files with `fetch: { file: ... }`");
        }
        Err(error) => {
            out.error(
                text.place(),
                "bad-url",
                format!("the address is not a URL: {error}"),
            )
            .help("write it as in a browser; encode a space as `%20`");
        }
    }
    None
}

/// The name of a header; problems go to `out`.
pub fn header_name(name: &Located<String>, out: &mut Diagnostics) -> Option<HeaderName> {
    let parsed = name.parse().ok();
    if parsed.is_none() {
        out.error(
            &name.place,
            "bad-header",
            format!("`{name}` is not a valid header name"),
        )
        .help("use letters, digits and `-`, such as `X-Api-Key`");
    }
    parsed
}

fn compile_body(
    body: &BodySpec,
    names: TemplateNames,
    out: &mut Diagnostics,
) -> Option<BodyTemplate> {
    match body {
        BodySpec::Json(node) => compile_tree(node, names, out).map(BodyTemplate::Json),
        BodySpec::Text(text) => Template::with_names(text, names, out).map(BodyTemplate::Text),
        BodySpec::Form(form) => {
            let pairs = form.iter().map(|(name, value)| {
                Some((name.clone(), Template::with_names(value, names, out)?))
            });
            pairs
                .collect::<Vec<_>>()
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .map(BodyTemplate::Form)
        }
    }
}

fn compile_tree(node: &Node, names: TemplateNames, out: &mut Diagnostics) -> Option<JsonTemplate> {
    let json = node.to_json();
    match json {
        Json::String(_) => {
            Template::with_names(&Text::of(node)?, names, out).map(JsonTemplate::Text)
        }
        Json::Array(_) => {
            let items: Vec<Option<JsonTemplate>> = node
                .items()
                .iter()
                .map(|item| compile_tree(item, names, out))
                .collect();
            items
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .map(JsonTemplate::List)
        }
        Json::Object(_) => {
            let entries: Vec<Option<(String, JsonTemplate)>> = node
                .entries()
                .iter()
                .map(|entry| Some((entry.key_text(), compile_tree(&entry.value, names, out)?)))
                .collect();
            entries
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .map(JsonTemplate::Object)
        }
        fixed => Some(JsonTemplate::Fixed(fixed)),
    }
}

impl JsonTemplate {
    fn fill(&self, filling: TemplateValues) -> Result<Json, MissingValue> {
        Ok(match self {
            JsonTemplate::Fixed(fixed) => fixed.clone(),
            JsonTemplate::Text(template) if filling.is_unknown_page(template) => Json::Null,
            JsonTemplate::Text(template) => filling.typed(template, template.fill_all(filling)?),
            JsonTemplate::List(items) => Json::Array(
                items
                    .iter()
                    .map(|item| item.fill(filling))
                    .collect::<Result<_, _>>()?,
            ),
            JsonTemplate::Object(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.fill(filling)?)))
                    .collect::<Result<_, MissingValue>>()?,
            ),
        })
    }

    fn templates<'t>(&'t self, all: &mut Vec<&'t Template>) {
        match self {
            JsonTemplate::Fixed(_) => {}
            JsonTemplate::Text(template) => all.push(template),
            JsonTemplate::List(items) => items.iter().for_each(|item| item.templates(all)),
            JsonTemplate::Object(entries) => {
                entries.iter().for_each(|(_, value)| value.templates(all));
            }
        }
    }
}

impl RequestTemplate {
    /// Fills it in.
    ///
    /// # Errors
    /// What has no value, or why the address is none; without the values of variables.
    pub fn fill(&self, filling: TemplateValues) -> Result<ReadyRequest, String> {
        let text = self
            .url
            .fill_address(filling)
            .map_err(|missing| missing.to_string())?;
        let mut url =
            Url::parse(&text).map_err(|error| format!("`{}` is not a URL: {error}", self.url))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{}` is neither http nor https", self.url));
        }
        for (name, value) in self
            .query
            .iter()
            .filter(|(_, value)| !filling.is_unknown_page(value))
        {
            let value = value
                .fill_all(filling)
                .map_err(|missing| missing.to_string())?;
            url.query_pairs_mut().append_pair(name, &value);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let value = value
                .fill_all(filling)
                .map_err(|missing| missing.to_string())?;
            headers.append(name, header_value(name, &value)?);
        }
        let sent = self
            .body
            .fill(filling)
            .map_err(|missing| missing.to_string())?;
        if let Some(kind) = sent
            .content_type()
            .filter(|_| !headers.contains_key(CONTENT_TYPE))
        {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        Ok(ReadyRequest {
            method: self.method.clone(),
            url,
            headers,
            sent,
            led_from: None,
        })
    }

    /// An address that it could go to, for trying out pages that are at hand: as a run would have
    /// it, as far as that is known.
    pub fn example(&self, values: &BTreeMap<String, String>, listing: Option<&Json>) -> String {
        let filled = self
            .fill(TemplateValues {
                listing,
                ..TemplateValues::of(&Variables::new(), values)
            })
            .map(|ready| ready.url);
        filled
            .or_else(|_| Url::parse(&self.url.example()))
            .map_or_else(|_| "https://example.org/".to_owned(), String::from)
    }

    /// Whether it holds a name in braces anywhere.
    pub fn holds(&self, name: &str) -> bool {
        self.templates().iter().any(|template| template.holds(name))
    }

    /// Where the author sends it; nothing if only an answer says where.
    pub fn home(&self, variables: &Variables) -> Option<Url> {
        Url::parse(&self.url.authored(variables)).ok()
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        let mut all = self.asked();
        all.extend(self.headers.iter().map(|(_, template)| template));
        all
    }

    /// The templates of headers and parameters whose values are secrets.
    pub fn secret_templates(&self) -> Vec<&Template> {
        let headers = self
            .headers
            .iter()
            .filter(|(name, _)| is_secret_header(name.as_str()));
        let pairs = self.query.iter().chain(self.body.form());
        let pairs = pairs
            .filter(|(name, _)| is_secret_name(name))
            .map(|(_, template)| template);
        headers.map(|(_, template)| template).chain(pairs).collect()
    }

    /// The templates of what is asked for; headers only say who asks.
    pub fn asked(&self) -> Vec<&Template> {
        let mut all = vec![&self.url];
        all.extend(
            self.query
                .iter()
                .chain(self.body.form())
                .map(|(_, template)| template),
        );
        match &self.body {
            BodyTemplate::Json(tree) => tree.templates(&mut all),
            BodyTemplate::Text(template) => all.push(template),
            BodyTemplate::None | BodyTemplate::Form(_) => {}
        }
        all
    }

    /// The address as written.
    pub fn url(&self) -> &Template {
        &self.url
    }
}

impl BodyTemplate {
    fn form(&self) -> &[(String, Template)] {
        if let BodyTemplate::Form(pairs) = self {
            pairs
        } else {
            &[]
        }
    }

    fn fill(&self, filling: TemplateValues) -> Result<RequestBody, MissingValue> {
        Ok(match self {
            BodyTemplate::None => RequestBody::Nothing,
            BodyTemplate::Json(tree) => RequestBody::Json(tree.fill(filling)?),
            BodyTemplate::Text(template) => RequestBody::Text(template.fill_all(filling)?),
            BodyTemplate::Form(pairs) => {
                let known = pairs
                    .iter()
                    .filter(|(_, value)| !filling.is_unknown_page(value));
                RequestBody::Form(
                    known
                        .map(|(name, value)| Ok((name.clone(), value.fill_all(filling)?)))
                        .collect::<Result<_, MissingValue>>()?,
                )
            }
        })
    }
}

impl TemplateValues<'_> {
    /// Whether a text is nothing but the page, and that has no value yet: what would carry it is
    /// left out.
    fn is_unknown_page(&self, template: &Template) -> bool {
        self.page.is_some_and(|page| {
            template.is_only(page) && self.values.get(page).is_some_and(String::is_empty)
        })
    }

    /// A text as JSON: the number of a page is a number there, for bodies tell numbers from texts.
    fn typed(&self, template: &Template, text: String) -> Json {
        let number = self
            .page
            .filter(|page| template.is_only(page))
            .and_then(|_| text.parse::<u64>().ok());
        number.map_or(Json::String(text), Json::from)
    }
}

/// A value as a header; it is marked as secret, so that nothing prints it.
///
/// # Errors
/// It holds what a header cannot.
pub fn header_value(name: &HeaderName, value: &str) -> Result<HeaderValue, String> {
    let mut header = HeaderValue::from_str(value).map_err(|_| {
        format!(
            "the value of the header `{name}` contains a line break or another invalid character"
        )
    })?;
    header.set_sensitive(true);
    Ok(header)
}

impl RequestBody {
    fn content_type(&self) -> Option<&'static str> {
        match self {
            RequestBody::Json(_) => Some("application/json"),
            RequestBody::Form(_) => Some("application/x-www-form-urlencoded"),
            RequestBody::Text(_) => Some("text/plain; charset=utf-8"),
            RequestBody::Nothing => None,
        }
    }

    /// Sets a member: `variables.offset` of JSON, a field of a form.
    pub fn set(&mut self, member: &str, value: &str) {
        match self {
            RequestBody::Form(pairs) => {
                pairs.retain(|(name, _)| name != member);
                pairs.push((member.to_owned(), value.to_owned()));
            }
            RequestBody::Json(json) => set_member(json, member, value),
            RequestBody::Nothing => {
                let mut json = Json::Object(Map::new());
                set_member(&mut json, member, value);
                *self = RequestBody::Json(json);
            }
            RequestBody::Text(_) => {}
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            RequestBody::Nothing => None,
            RequestBody::Json(json) => Some(json.to_string().into_bytes()),
            RequestBody::Text(text) => Some(text.clone().into_bytes()),
            RequestBody::Form(pairs) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                pairs.iter().for_each(|(name, value)| {
                    form.append_pair(name, value);
                });
                Some(form.finish().into_bytes())
            }
        }
    }
}

/// A number where it is one: bodies tell numbers from texts.
fn set_member(json: &mut Json, member: &str, value: &str) {
    let mut place = json;
    for name in member.split('.') {
        if !place.is_object() {
            *place = Json::Object(Map::new());
        }
        let Json::Object(members) = place else { return };
        place = members.entry(name).or_insert(Json::Null);
    }
    *place = value
        .parse::<u64>()
        .map_or_else(|_| Json::String(value.to_owned()), Json::from);
}

/// A text without the values of variables: each stands as it was written, `${NAME}`.
pub fn redacted(text: &str, templates: &[&Template], variables: &Variables) -> String {
    let mut shown = text.to_owned();
    for name in templates.iter().flat_map(|template| template.variables()) {
        let Some(value) = variables.get(name).filter(|value| value.len() > 2) else {
            continue;
        };
        let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        shown = shown
            .replace(value.as_str(), &format!("${{{name}}}"))
            .replace(&encoded, &format!("${{{name}}}"));
    }
    shown
}

/// A text that was [`redacted`], as it was.
pub fn filled(text: &str, templates: &[&Template], variables: &Variables) -> String {
    let names = templates.iter().flat_map(|template| template.variables());
    names.fold(text.to_owned(), |text, name| {
        variables.get(name).map_or(text.clone(), |value| {
            text.replace(&format!("${{{name}}}"), value)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_place_in_a_body_is_made_where_there_is_none() {
        let mut sent = RequestBody::Json(json!({ "limit": 20 }));
        sent.set("variables.offset", "40");
        assert_eq!(
            sent,
            RequestBody::Json(json!({ "limit": 20, "variables": { "offset": 40 } }))
        );
        let mut form = RequestBody::Form(vec![("q".into(), "a b".into())]);
        form.set("in_pg", "20");
        assert_eq!(form.bytes().unwrap(), b"q=a+b&in_pg=20");
    }
}
