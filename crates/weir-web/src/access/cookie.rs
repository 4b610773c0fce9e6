//! The cookie of a login: a secret that no script sees and no other site sends. It is only for
//! encrypted connections, unless the browser is on this machine.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HOST};
use std::net::IpAddr;

/// Its name on this machine, and elsewhere: the latter is refused by browsers unless it is
/// `Secure`, for this host and for all of it.
const LOCAL: &str = "weir_login";
const SECURE: &str = "__Host-weir_login";

/// Whether a host is this machine, as it is called here.
fn is_loopback_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| is_loopback_name(crate::guard::without_port(host)))
}

fn name(headers: &HeaderMap) -> &'static str {
    if is_local(headers) { LOCAL } else { SECURE }
}

/// The secret that a browser shows.
pub(super) fn secret(headers: &HeaderMap) -> Option<&str> {
    let wanted = name(headers);
    let cookies = headers.get_all(COOKIE).iter();
    let cookies = cookies.filter_map(|cookie| cookie.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, secret)| secret)
}

/// What gives a browser a secret for some seconds; with none, it forgets the one that it has.
pub(super) fn set(headers: &HeaderMap, secret: &str, seconds: i64) -> String {
    let secure = if is_local(headers) { "" } else { "; Secure" };
    let name = name(headers);
    format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

#[cfg(test)]
mod tests {
    use super::{secret, set};
    use axum::http::HeaderMap;

    fn headers(host: &str, cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        headers.insert("cookie", cookie.parse().unwrap());
        headers
    }

    #[test]
    fn a_cookie_is_secure_unless_it_stays_on_this_machine() {
        let both = "a=1; weir_login=here; __Host-weir_login=there";
        for (host, wanted) in [
            ("127.0.0.1:8080", "here"),
            ("[::1]:8080", "here"),
            ("localhost", "here"),
            ("weir.example.org", "there"),
            ("10.0.0.7:8080", "there"),
        ] {
            let headers = headers(host, both);
            assert_eq!(secret(&headers), Some(wanted), "{host}");
            let cookie = set(&headers, "s", 60);
            assert!(cookie.contains("HttpOnly; SameSite=Strict"));
            assert_eq!(cookie.ends_with("; Secure"), wanted == "there", "{host}");
        }
        assert_eq!(secret(&headers("localhost", "weir_logins=x")), None);
    }
}
