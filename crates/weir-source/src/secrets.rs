//! Which values of variables are secrets: those of `auth`, of headers that say who asks, and of
//! whatever is called a token, a key or a password. Other variables (a day, a board, a folder) may
//! stand in an ad like any word, so they are not masked there.
//!
//! To call another name a secret, add it to [`WORDS`].

use super::Source;
use super::template::{Template, Variables};
use url::Url;
use weir_model::untrusted::SecretValue;

/// Words that name secrets: a name is split where its letters change case and at signs.
const WORDS: [&str; 19] = [
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "session",
    "sig",
    "signature",
    "token",
];

/// Headers that say nothing of who asks.
const OPEN_HEADERS: [&str; 9] = [
    "accept",
    "accept-language",
    "content-type",
    "from",
    "host",
    "origin",
    "referer",
    "user-agent",
    "x-requested-with",
];

/// Whether a name, as of a variable or parameter, is that of a secret.
pub fn is_secret_name(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in name.chars() {
        let begins = !character.is_alphanumeric() || character.is_uppercase() && was_lower;
        if begins {
            words.push(String::new());
        }
        was_lower = character.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
    }
    let is_one = |word: &str| WORDS.contains(&word) || WORDS.contains(&word.trim_end_matches('s'));
    words.iter().any(|word| is_one(word)) || words.join("").ends_with("token")
}

/// Whether a header says who asks.
pub fn is_secret_header(name: &str) -> bool {
    !OPEN_HEADERS.contains(&name)
}

/// The secrets that a source is given by these variables.
pub fn of_source(source: &Source, variables: &Variables) -> Vec<SecretValue> {
    let Source::Http(http) = source else {
        return Vec::new();
    };
    let mut all = http.secrets(variables);
    for name in http.templates().into_iter().flat_map(Template::variables) {
        let Some(value) = variables.get(name) else {
            continue;
        };
        if is_secret_name(name) {
            all.push(SecretValue {
                name: name.to_owned(),
                value: value.clone(),
            });
        }
        all.extend(of_address(name, value));
    }
    all
}

/// The variables of a template, each a secret.
pub fn of_template(template: &Template, variables: &Variables) -> Vec<SecretValue> {
    let of = |name: &str| {
        let value = variables.get(name)?.clone();
        Some(SecretValue {
            name: name.to_owned(),
            value,
        })
    };
    template.variables().filter_map(of).collect()
}

/// Where in an address a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AddressPlace {
    User,
    Password,
    Host,
    Segment,
    /// The value of a parameter, with its name.
    Parameter(String),
}

/// The parts of an address that may hold secrets, as they are written and as they are meant.
pub(super) fn address_parts(url: &Url) -> Vec<(AddressPlace, String)> {
    let fixed = [
        (AddressPlace::User, url.username()),
        (AddressPlace::Password, url.password().unwrap_or_default()),
        (AddressPlace::Host, url.host_str().unwrap_or_default()),
    ];
    let segments = url.path_segments().into_iter().flatten();
    let fixed = fixed
        .into_iter()
        .chain(segments.map(|text| (AddressPlace::Segment, text)));
    let mut parts: Vec<(AddressPlace, String)> = Vec::new();
    for (place, text) in fixed {
        parts.extend([
            (place.clone(), text.to_owned()),
            (place, percent_decoded(text)),
        ]);
    }
    for pair in url.query().unwrap_or_default().split('&') {
        let Some((name, meant)) = url::form_urlencoded::parse(pair.as_bytes()).next() else {
            continue;
        };
        let written = pair.split_once('=').map_or(pair, |(_, value)| value);
        for text in [written, &meant] {
            parts.push((AddressPlace::Parameter(name.to_string()), text.to_owned()));
        }
    }
    parts.retain(|(_, text)| !text.is_empty());
    parts.dedup();
    parts
}

/// The secrets within a value that is an address: its password, and parameters called so.
pub fn of_address(name: &str, value: &str) -> Vec<SecretValue> {
    let Ok(url) = Url::parse(value) else {
        return Vec::new();
    };
    let is_secret = |place: &AddressPlace| match place {
        AddressPlace::Password => true,
        AddressPlace::Parameter(name) => is_secret_name(name),
        AddressPlace::User | AddressPlace::Host | AddressPlace::Segment => false,
    };
    let secrets = address_parts(&url)
        .into_iter()
        .filter(|(place, _)| is_secret(place));
    secrets
        .map(|(_, value)| SecretValue {
            name: name.to_owned(),
            value,
        })
        .collect()
}

fn percent_decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
    decoded
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_by_their_words() {
        for name in [
            "API_KEY",
            "apiKey",
            "TOKEN_02",
            "accessToken",
            "DB_PASSWORD",
            "access_tokens",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "DAY",
            "BOARD",
            "KEYWORD",
            "keywords",
            "PASSENGER",
            "AUTHOR",
            "MONKEY",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn an_address_may_hold_secrets() {
        let found = of_address(
            "FEED_URL",
            "https://me:s%40fe@h.example/a?api_key=k1234&page=2",
        );
        let values: Vec<&str> = found.iter().map(|secret| secret.value.as_str()).collect();
        assert_eq!(values, ["s%40fe", "s@fe", "k1234"]);
    }
}
