//! Authentication. Secrets come from the environment only: plain text in the YAML is refused by the
//! compiler. A token is kept in memory until it expires, and requested again if the source rejects
//! it.

use super::super::template::{Template, TemplateNames, Variables};
use super::super::{SourceAccess, door::FetchError, secrets};
use super::HttpSource;
use super::request::{ReadyRequest, RequestParts, header_name, header_value};
use base64::Engine as _;
use indexmap::IndexMap;
use reqwest::header::{AUTHORIZATION, HeaderName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use weir_model::untrusted::SecretValue;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, Text};

/// How to authenticate.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    rename = "authentication method",
    rename_all = "snake_case",
    deny_unknown_fields
)]
pub enum AuthSpec {
    /// A bearer token in the `Authorization` header.
    Bearer(Text),
    /// A user and a password.
    Basic(BasicSpec),
    /// A key in a header.
    Header(HeaderSpec),
    /// A key in the query.
    Query(QuerySpec),
    /// A token from OAuth 2.0 client credentials.
    Oauth2(OauthSpec),
}

/// A user and a password.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicSpec {
    /// The user, or the key.
    user: Text,
    /// The password; many sources need none.
    password: Option<Text>,
}

/// A key in a header.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderSpec {
    /// The name of the header.
    name: Located<String>,
    /// The value, with any text around the key: `Token token=${KEY}`.
    value: Text,
}

/// A key in the query.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuerySpec {
    /// The name of the parameter.
    parameter: String,
    /// The key.
    value: Text,
}

/// OAuth 2.0 client credentials.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OauthSpec {
    /// The address that issues tokens.
    token_url: Text,
    /// The client id.
    client_id: Text,
    /// The client secret.
    client_secret: Text,
    /// The scope to request.
    scope: Option<Text>,
}

/// How to authenticate, compiled.
#[derive(Debug, Clone)]
pub enum RequestAuth {
    /// Not at all.
    None,
    /// A header filled from a template.
    Header(HeaderName, &'static str, Template),
    /// A user and a password.
    Basic(Template, Option<Template>),
    /// A parameter of the query.
    Query(String, Template),
    /// A token for credentials.
    Oauth2(Box<OauthClient>),
}

/// OAuth 2.0 client credentials, compiled.
#[derive(Debug, Clone)]
pub struct OauthClient {
    token_url: Template,
    client_id: Template,
    client_secret: Template,
    scope: Option<Template>,
}

/// Issued tokens, by address and client.
#[derive(Clone, Default)]
pub struct TokenCache(Arc<Mutex<HashMap<String, (String, Instant)>>>);

/// How long before its expiry a token is requested again.
const MARGIN: Duration = Duration::from_secs(60);
/// The assumed lifetime of a token that does not state one.
const DEFAULT_LIFE: Duration = Duration::from_secs(300);

impl AuthSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(&self, out: &mut Diagnostics) -> Option<RequestAuth> {
        match self {
            AuthSpec::Bearer(token) => Some(RequestAuth::Header(
                AUTHORIZATION,
                "Bearer ",
                secret(token, out)?,
            )),
            AuthSpec::Header(header) => {
                let (name, value) = (header_name(&header.name, out), secret(&header.value, out));
                Some(RequestAuth::Header(name?, "", value?))
            }
            AuthSpec::Query(query) => Some(RequestAuth::Query(
                query.parameter.clone(),
                secret(&query.value, out)?,
            )),
            AuthSpec::Basic(basic) => {
                // One of the two is the secret: a key as the user and no password is as common as a
                // user and a password.
                let user = Template::compile(&basic.user, out)?;
                let password = match &basic.password {
                    Some(password) if user.has_variables() => {
                        Some(Template::compile(password, out)?)
                    }
                    Some(password) => Some(secret(password, out)?),
                    None => None,
                };
                if password.is_none() && user.is_open_secret() {
                    return open_secret(&basic.user, out);
                }
                Some(RequestAuth::Basic(user, password))
            }
            AuthSpec::Oauth2(oauth) => {
                let written = RequestParts {
                    url: &oauth.token_url,
                    method: None,
                    query: &IndexMap::new(),
                    headers: &IndexMap::new(),
                    body: None,
                };
                let request = written.compile(TemplateNames::default(), out);
                let (client_id, client_secret) = (
                    Template::compile(&oauth.client_id, out),
                    secret(&oauth.client_secret, out),
                );
                let scope = oauth
                    .scope
                    .as_ref()
                    .map(|scope| Template::compile(scope, out));
                let scope = match scope {
                    Some(scope) => Some(scope?),
                    None => None,
                };
                Some(RequestAuth::Oauth2(Box::new(OauthClient {
                    token_url: request?.url().clone(),
                    client_id: client_id?,
                    client_secret: client_secret?,
                    scope,
                })))
            }
        }
    }
}

/// A template that must come from the environment.
fn secret(text: &Text, out: &mut Diagnostics) -> Option<Template> {
    let template = Template::compile(text, out)?;
    if template.is_open_secret() {
        return open_secret(text, out);
    }
    Some(template)
}

fn open_secret<T>(text: &Text, out: &mut Diagnostics) -> Option<T> {
    out.error(
        text.place(),
        "open-secret",
        "the YAML contains a secret in plain text",
    )
    .help("move it to an environment variable and write `${NAME}` here, without a default");
    None
}

impl RequestAuth {
    /// Adds the credentials to a request.
    ///
    /// # Errors
    /// A variable is missing, or no token was issued.
    pub async fn sign(
        &self,
        ready: &mut ReadyRequest,
        http: &HttpSource,
        access: &SourceAccess,
    ) -> Result<(), FetchError> {
        let fill = |template: &Template| {
            template
                .fill(&access.variables)
                .map_err(|missing| FetchError::Lasting(missing.to_string()))
        };
        let (name, value) = match self {
            RequestAuth::None => return Ok(()),
            RequestAuth::Query(parameter, value) => {
                ready
                    .url
                    .query_pairs_mut()
                    .append_pair(parameter, &fill(value)?);
                return Ok(());
            }
            RequestAuth::Header(name, prefix, value) => {
                (name.clone(), format!("{prefix}{}", fill(value)?))
            }
            RequestAuth::Basic(user, password) => {
                let password = password.as_ref().map(fill).transpose()?.unwrap_or_default();
                let pair = base64::engine::general_purpose::STANDARD
                    .encode(format!("{}:{password}", fill(user)?));
                (AUTHORIZATION, format!("Basic {pair}"))
            }
            RequestAuth::Oauth2(oauth) => (
                AUTHORIZATION,
                format!("Bearer {}", oauth.token(http, access).await?),
            ),
        };
        let value = header_value(&name, &value).map_err(FetchError::Lasting)?;
        ready.headers.insert(name, value);
        Ok(())
    }

    /// Forgets a token that the source rejected; returns whether a new one may help.
    pub fn forget(&self, access: &SourceAccess) -> bool {
        match self {
            RequestAuth::Oauth2(oauth) => oauth
                .key(access)
                .is_some_and(|key| access.tokens.take(&key).is_some()),
            _ => false,
        }
    }

    /// The values of the credentials.
    pub fn secrets(&self, variables: &Variables) -> Vec<SecretValue> {
        let mut all: Vec<_> = match self {
            RequestAuth::None => Vec::new(),
            RequestAuth::Oauth2(oauth) => secrets::of_template(&oauth.client_secret, variables),
            _ => self
                .templates()
                .into_iter()
                .flat_map(|one| secrets::of_template(one, variables))
                .collect(),
        };
        if let RequestAuth::Basic(user, Some(password)) = self
            && let (Ok(user), Ok(password)) = (user.fill(variables), password.fill(variables))
        {
            // It travels in Base64, both in one.
            all.push(SecretValue {
                name: "auth".to_owned(),
                value: format!("{user}:{password}"),
            });
        }
        all
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            RequestAuth::None => Vec::new(),
            RequestAuth::Header(_, _, template) | RequestAuth::Query(_, template) => vec![template],
            RequestAuth::Basic(user, password) => std::iter::once(user).chain(password).collect(),
            RequestAuth::Oauth2(oauth) => {
                [&oauth.token_url, &oauth.client_id, &oauth.client_secret]
                    .into_iter()
                    .chain(&oauth.scope)
                    .collect()
            }
        }
    }
}

impl OauthClient {
    fn key(&self, access: &SourceAccess) -> Option<String> {
        Some(format!(
            "{} {}",
            self.token_url.fill(&access.variables).ok()?,
            self.client_id.fill(&access.variables).ok()?
        ))
    }

    async fn token(&self, http: &HttpSource, access: &SourceAccess) -> Result<String, FetchError> {
        if access.door.is_replaying() {
            return Ok("recorded".to_owned());
        }
        let key = self.key(access).ok_or_else(|| {
            FetchError::Lasting(format!(
                "the address or the client id of `{}` is not set",
                self.token_url
            ))
        })?;
        if let Some(token) = access.tokens.get(&key) {
            return Ok(token);
        }
        let (token, life) = self.ask(http, access).await.map_err(not_given)?;
        access.secrets.learn([SecretValue {
            name: "access_token".to_owned(),
            value: token.clone(),
        }]);
        access.tokens.put(key, token.clone(), life);
        Ok(token)
    }

    async fn ask(
        &self,
        http: &HttpSource,
        access: &SourceAccess,
    ) -> Result<(String, Duration), FetchError> {
        let fill = |template: &Template| {
            template
                .fill(&access.variables)
                .map_err(|missing| FetchError::Lasting(missing.to_string()))
        };
        let mut form = vec![
            ("grant_type".to_owned(), "client_credentials".to_owned()),
            ("client_id".to_owned(), fill(&self.client_id)?),
            ("client_secret".to_owned(), fill(&self.client_secret)?),
        ];
        if let Some(scope) = &self.scope {
            form.push(("scope".to_owned(), fill(scope)?));
        }
        let answer = http
            .ask_for_token(&fill(&self.token_url)?, form, access)
            .await?;
        let json: Json = serde_json::from_slice(&answer)
            .map_err(|_| FetchError::Lasting("the token response is not JSON".to_owned()))?;
        let token = json.get("access_token").and_then(Json::as_str);
        let life = json
            .get("expires_in")
            .and_then(Json::as_u64)
            .map_or(DEFAULT_LIFE, Duration::from_secs);
        token.map(|token| (token.to_owned(), life)).ok_or_else(|| {
            FetchError::Lasting("the token response has no `access_token`".to_owned())
        })
    }
}

/// Without a token the source was never requested: trouble with the token must not count for an ad
/// or a page.
fn not_given(trouble: FetchError) -> FetchError {
    let told = |why: String| format!("no token was issued: {why}");
    match trouble {
        FetchError::Passing { why, wait } => FetchError::Passing {
            why: told(why),
            wait,
        },
        FetchError::Blocked(why) => FetchError::Blocked(told(why)),
        FetchError::Lasting(why)
        | FetchError::Gone(why)
        | FetchError::Ignored(why)
        | FetchError::Stop(why) => FetchError::Lasting(told(why)),
    }
}

impl TokenCache {
    fn get(&self, key: &str) -> Option<String> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens
            .get(key)
            .filter(|(_, until)| *until > Instant::now() + MARGIN)
            .map(|(token, _)| token.clone())
    }

    fn put(&self, key: String, token: String, life: Duration) {
        let until = Instant::now() + life.max(MARGIN * 2);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, (token, until));
    }

    fn take(&self, key: &str) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key)
            .map(|(token, _)| token)
    }
}
