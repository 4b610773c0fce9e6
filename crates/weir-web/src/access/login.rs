//! Logging in with a name and a password, and logging out. A login begins with a new secret, so
//! that one that somebody else has put into the browser is worth nothing.

use super::{EntryMethod, LASTS, Visitor, cookie};
use crate::decide::{check_sender, is_own};
use crate::guard::ClientAddress;
use crate::refusal::PageError;
use crate::shell::PageShell;
use crate::{Site, links};
use axum::Router;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use maud::html;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;
use weir_runtime::actions::access;
use weir_store::audit_trail::{self, TrailEntry};
use weir_store::users::{self, KnownUser};
use weir_store::{Connection, StoreError};

/// The routes of logging in and out.
pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/login", get(ask).post(log_in))
        .route("/logout", post(log_out))
}

/// Where to go on, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoginQuery {
    to: String,
}

/// An address of this process; the first page for any other.
fn own(to: &str) -> &str {
    let is_own = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n']);
    if is_own { to } else { "/" }
}

async fn ask(Query(query): Query<LoginQuery>) -> Html<String> {
    form(own(&query.to), "Log in to Weir")
}

fn form(to: &str, answer: &str) -> Html<String> {
    let body = html! {
        form.decision.login method="post" action=(links::address("/login", [("to", to)])) {
            div.fields {
                label { span { "Name" } input name="name" required maxlength="100" autocomplete="username" autofocus; }
                label { span { "Password" } input type="password" name="password" required maxlength="1000" autocomplete="current-password"; }
            }
            p.act { button { "Log in" } }
        }
        p.soft { "Whoever runs this Weir adds people with " code { "weir users add NAME" } "." }
    };
    PageShell::new("Log in", answer).outside(&body)
}

async fn log_in(
    State(site): State<Arc<Site>>,
    ConnectInfo(client): ConnectInfo<ClientAddress>,
    Query(query): Query<LoginQuery>,
    headers: HeaderMap,
    text: String,
) -> Result<Response, PageError> {
    if !is_own(&headers) {
        let what = "The request does not come from a page of this process";
        return Err(PageError::forbidden(what).outside());
    }
    let field = |wanted: &str| {
        let mut fields = url::form_urlencoded::parse(text.as_bytes());
        let found = fields.find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let (name, password) = (field("name"), field("password"));
    let address = client.seen(&site, &headers).to_string();
    if let Some(wait) = site.pace.wait(&address, &name, Instant::now()) {
        return Err(PageError::too_often(wait.as_secs() + 1));
    }
    let user = users::named(&mut *site.store.connection().await?, &name).await?;
    let Some(user) = right(&site, user, password).await? else {
        site.pace.failed(&address, &name, Instant::now());
        tracing::warn!(address, name, "a login was refused");
        let page = form(own(&query.to), "The name or the password is wrong");
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    site.pace.succeeded(&address, &name);
    let secret = begin(&site, &user, cookie::secret(&headers)).await?;
    let cookie = cookie::set(&headers, &secret, LASTS.num_seconds());
    Ok(go_on(own(&query.to), [(SET_COOKIE, cookie)]))
}

/// The user, if the password is right. It takes as long for a name that there is not.
async fn right(
    site: &Site,
    user: Option<KnownUser>,
    password: String,
) -> Result<Option<KnownUser>, PageError> {
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    // Each takes a core and 19 MB: guessing must not take them all.
    let _turn = site.hashing.acquire().await.map_err(|_| PageError::bug())?;
    let is_right =
        tokio::task::spawn_blocking(move || access::is_password(hash.as_deref(), &password));
    let is_right = is_right.await.map_err(|_| PageError::bug())?;
    Ok(user.filter(|_| is_right))
}

/// Begins a login, and ends the one that the browser had.
async fn begin(site: &Site, user: &KnownUser, before: Option<&str>) -> Result<String, PageError> {
    let secret = access::new_secret().map_err(|_| PageError::bug())?;
    let now = (site.now)();
    let mut connection = site.store.connection().await?;
    let mut tx = connection.begin().await.map_err(StoreError::from)?;
    if let Some(before) = before {
        users::end_login(&mut tx, &access::secret_hash(before)).await?;
    }
    let hash = access::secret_hash(&secret);
    users::begin_login(&mut tx, &hash, &user.name, now, now + LASTS).await?;
    let entry = TrailEntry {
        at: now,
        by: &user.name,
        what: "logged in",
        kind: "user",
        subject: &user.name,
        about: None,
        institution: None,
        reason: None,
    };
    audit_trail::record(&mut tx, &entry).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(secret)
}

fn go_on<const N: usize>(to: &str, more: [(HeaderName, String); N]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    for (name, value) in more.into_iter().chain([(LOCATION, to.to_owned())]) {
        if let Ok(value) = value.try_into() {
            headers.insert(name, value);
        }
    }
    response
}

async fn log_out(
    visitor: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Response, PageError> {
    check_sender(&visitor, &headers, &form)?;
    if let EntryMethod::Login(secret) = &visitor.who().door {
        let mut connection = visitor.store.connection().await?;
        users::end_login(&mut connection, &access::secret_hash(secret)).await?;
    }
    Ok(go_on(
        "/login",
        [(SET_COOKIE, cookie::set(&headers, "", 0))],
    ))
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn one_goes_on_to_this_process_alone() {
        for (to, goes) in [
            ("/runs?status=failed", "/runs?status=failed"),
            ("", "/"),
            ("https://elsewhere.example", "/"),
            ("//elsewhere.example", "/"),
            ("/\\elsewhere.example", "/"),
            ("/x\r\nSet-Cookie: a=b", "/"),
        ] {
            assert_eq!(own(to), goes);
        }
    }
}
