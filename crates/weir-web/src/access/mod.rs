//! Who asks, and what they may do: the one place where it is decided. [`admit`] says who it is, by
//! a token, the header of a named proxy, or a login; without users, whoever is at this machine is
//! its operator. [`judge`] says what they may do, by the method and the address alone, so that a
//! new page is for people who are let in, and a new decision for those who may decide, without a
//! word of its own. [`Visitor`] is what every page gets: its connection shows the institutions that
//! they may see, and no others.
//!
//! Must never tell apart, to whoever is not let in, what there is and what there is not.

mod cookie;
mod extract;
mod login;
mod pace;
mod proxy;
pub(super) mod visitor;

pub(super) use login::router;
pub(super) use pace::LoginPace;
pub use proxy::{IdentityProxy, TrustedNetwork};
pub(super) use visitor::{EntryMethod, Visitor, VisitorIdentity};

use super::Site;
use super::refusal::PageError;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};
use chrono::TimeDelta;
use std::net::IpAddr;
use weir_model::{AccessRole, TokenScope};
use weir_runtime::actions::access::secret_hash;
use weir_store::{PgConnection, api_tokens, users};

/// How long a login lasts without being used.
pub(super) const IDLE: TimeDelta = TimeDelta::hours(12);

/// How long a login lasts however much it is used.
pub(super) const LASTS: TimeDelta = TimeDelta::days(14);

/// Whether an address is for everybody: it says nothing of what is stored.
pub(super) fn is_open(path: &str) -> bool {
    matches!(path, "/health" | "/ready" | "/login" | "/favicon.ico") || path.starts_with("/assets/")
}

/// Who asks; none if nobody says so.
///
/// # Errors
/// What they show is not valid, or the database failed.
pub(super) async fn admit(
    site: &Site,
    headers: &HeaderMap,
    client: Option<IpAddr>,
) -> Result<Option<VisitorIdentity>, PageError> {
    let mut connection = site.store.connection().await?;
    if let Some(token) = bearer(headers) {
        return of_token(site, &mut connection, token).await.map(Some);
    }
    let proxied = site.doors.proxy.as_ref();
    if let Some(name) = proxied.and_then(|proxy| proxy.named(headers, client)) {
        let user = users::named(&mut connection, name).await?;
        let user = user.ok_or_else(|| PageError::stranger(name))?;
        return Ok(Some(VisitorIdentity::of_user(user, EntryMethod::Proxy)));
    }
    if let Some(secret) = cookie::secret(headers) {
        let now = (site.now)();
        let hash = secret_hash(secret);
        let user = users::of_login(&mut connection, &hash, now, now - IDLE).await?;
        if let Some(user) = user {
            return Ok(Some(VisitorIdentity::of_user(
                user,
                EntryMethod::Login(secret.to_owned()),
            )));
        }
    }
    let is_open = site.doors.is_loopback && !users::are_any(&mut connection).await?;
    Ok(is_open.then(|| VisitorIdentity::operator(&site.operator)))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn of_token(
    site: &Site,
    connection: &mut PgConnection,
    token: &str,
) -> Result<VisitorIdentity, PageError> {
    let known = api_tokens::of_secret(connection, &secret_hash(token), (site.now)()).await?;
    let known = known.ok_or_else(PageError::bad_token)?;
    let scopes = known.scopes.into_iter();
    let scopes = scopes.filter_map(|scope| TokenScope::try_from(scope).ok());
    Ok(VisitorIdentity {
        name: known.name,
        role: AccessRole::Look,
        institutions: known.institutions,
        door: EntryMethod::Token(scopes.collect()),
    })
}

/// Whether somebody may do this.
///
/// # Errors
/// They may not; why.
pub(super) fn judge(who: &VisitorIdentity, method: &Method, path: &str) -> Result<(), PageError> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    if let EntryMethod::Token(scopes) = &who.door {
        let wanted = match path {
            "/metrics" => Some(TokenScope::Metrics),
            path if path.starts_with("/api/") => Some(TokenScope::Read),
            _ => None,
        };
        let is_given = wanted.is_some_and(|wanted| scopes.contains(&wanted));
        if !is_given || !is_read {
            return Err(PageError::not_allowed(
                "This token may not do that",
                "`weir tokens list` shows what it may do.",
            ));
        }
    } else if !is_read && path != "/logout" && who.role < AccessRole::Operate {
        return Err(PageError::not_allowed(
            format!("{} may look, but not decide", who.name),
            "Nothing was changed. Who may decide has the role `operate` or `edit`.",
        ));
    }
    if path.starts_with("/workbench") && !visitor::edits(who) {
        return Err(PageError::not_allowed(
            format!("{} may not edit rules", who.name),
            "Who may has the role `edit` and sees all institutions, which share the files.",
        ));
    }
    if path == "/metrics" && who.institutions.is_some() {
        return Err(PageError::not_allowed(
            "The metrics are of all institutions",
            "Ask with a token or a login that sees all of them.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{EntryMethod, VisitorIdentity, judge};
    use axum::http::Method;
    use weir_model::{AccessRole, TokenScope};

    #[test]
    fn what_one_may_follows_from_role_method_and_address() {
        let person = |role, limited: bool| VisitorIdentity {
            name: "ada".to_owned(),
            role,
            institutions: limited.then(Vec::new),
            door: EntryMethod::Proxy,
        };
        let token = |scopes: &[TokenScope], limited: bool| VisitorIdentity {
            door: EntryMethod::Token(scopes.to_vec()),
            ..person(AccessRole::Look, limited)
        };
        let (get, post) = (Method::GET, Method::POST);
        let look = person(AccessRole::Look, false);
        for (who, method, path, may) in [
            (&look, &get, "/holds", true),
            (&look, &get, "/api/v1/jobs", true),
            (&look, &get, "/metrics", true),
            (&look, &post, "/holds/release", false),
            (&look, &post, "/some/new/decision", false),
            (&look, &post, "/logout", true),
            (
                &person(AccessRole::Operate, true),
                &post,
                "/holds/release",
                true,
            ),
            (
                &person(AccessRole::Edit, true),
                &post,
                "/holds/release",
                true,
            ),
            (&person(AccessRole::Edit, true), &get, "/metrics", false),
            (&person(AccessRole::Edit, false), &get, "/workbench", true),
            (
                &person(AccessRole::Edit, false),
                &post,
                "/workbench/save",
                true,
            ),
            (&person(AccessRole::Edit, true), &get, "/workbench", false),
            (
                &person(AccessRole::Operate, false),
                &get,
                "/workbench",
                false,
            ),
            (
                &person(AccessRole::Operate, false),
                &post,
                "/workbench/check",
                false,
            ),
            (
                &token(&[TokenScope::Read], true),
                &get,
                "/api/v1/jobs",
                true,
            ),
            (&token(&[TokenScope::Read], false), &get, "/metrics", false),
            (&token(&[TokenScope::Read], false), &get, "/jobs", false),
            (
                &token(&[TokenScope::Read], false),
                &post,
                "/api/v1/jobs",
                false,
            ),
            (
                &token(&[TokenScope::Metrics], false),
                &get,
                "/metrics",
                true,
            ),
            (
                &token(&[TokenScope::Metrics], true),
                &get,
                "/metrics",
                false,
            ),
            (
                &token(&[TokenScope::Metrics], false),
                &get,
                "/api/v1/jobs",
                false,
            ),
            (
                &token(&[TokenScope::Contacts], false),
                &get,
                "/api/v1/jobs",
                false,
            ),
        ] {
            assert_eq!(judge(who, method, path).is_ok(), may, "{method} {path}");
        }
    }
}
