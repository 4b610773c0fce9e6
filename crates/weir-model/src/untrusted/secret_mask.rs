//! The values of all secrets in one place, so that none leaves the process: not in a message, a
//! page, a log, a recording or a row, even if a server echoes it.
//!
//! A value is found as it is and in the forms in which it travels: escaped for an address, for
//! JSON, for markup, and in Base64. It must never be printed or stored itself.

use aho_corasick::{AhoCorasick, MatchKind};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A secret: the name that is shown, and the value that never is.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue {
    /// Its replacement: the name of its variable.
    pub name: String,
    /// The value.
    pub value: String,
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretValue({})", self.name)
    }
}

/// Finds the values of secrets in text and puts `${NAME}` in their place, as the YAML has it.
#[derive(Clone, Default)]
pub struct SecretMask {
    finder: Option<AhoCorasick>,
    shown: Arc<[String]>,
}

impl fmt::Debug for SecretMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretMask({} forms)", self.shown.len())
    }
}

impl SecretMask {
    /// A shorter value is not masked: it would occur in unrelated words.
    pub const SHORTEST: usize = 5;

    /// A mask for these secrets; values that are too short are left out.
    pub fn new(secrets: impl IntoIterator<Item = SecretValue>) -> SecretMask {
        let mut forms = BTreeMap::new();
        for SecretValue { name, value } in secrets {
            if value.len() >= SecretMask::SHORTEST {
                let shown = format!("${{{name}}}");
                forms.extend(
                    forms_of(&value)
                        .into_iter()
                        .map(|form| (form, shown.clone())),
                );
            }
        }
        let (patterns, shown): (Vec<String>, Vec<String>) = forms.into_iter().unzip();
        let kind = MatchKind::LeftmostLongest;
        let finder = AhoCorasick::builder()
            .match_kind(kind)
            .build(&patterns)
            .ok();
        SecretMask {
            finder: finder.filter(|_| !patterns.is_empty()),
            shown: shown.into(),
        }
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.finder.is_none()
    }

    /// The text without secrets.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.finder {
            Some(finder) if finder.is_match(text) => {
                Cow::Owned(finder.replace_all(text, &self.shown))
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// Whether a text contains a secret.
    pub fn finds(&self, text: &str) -> bool {
        self.finder
            .as_ref()
            .is_some_and(|finder| finder.is_match(text))
    }

    /// The bytes without secrets, whether they are text or not.
    pub fn hide_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.finder {
            Some(finder) if finder.is_match(&bytes) => {
                finder.replace_all_bytes(&bytes, &self.shown)
            }
            _ => bytes,
        }
    }

    /// The value without secrets, in names of members, too.
    pub fn hide_json(&self, value: &mut Json) {
        match value {
            Json::String(text) if self.finds(text) => *text = self.hide(text).into_owned(),
            Json::Array(items) => items.iter_mut().for_each(|item| self.hide_json(item)),
            Json::Object(map) => {
                if map.keys().any(|key| self.finds(key)) {
                    let members = std::mem::take(map).into_iter();
                    *map = members
                        .map(|(key, item)| (self.hide(&key).into_owned(), item))
                        .collect();
                }
                map.values_mut().for_each(|item| self.hide_json(item));
            }
            _ => {}
        }
    }
}

/// All secrets of the process, shared: those learnt on the way (such as an issued token) are masked
/// everywhere from then on.
#[derive(Clone, Default, Debug)]
pub struct SecretStore(Arc<RwLock<(Vec<SecretValue>, SecretMask)>>);

impl SecretStore {
    /// These secrets.
    pub fn new(secrets: Vec<SecretValue>) -> SecretStore {
        let store = SecretStore::default();
        store.learn(secrets);
        store
    }

    /// Masks these, too, from now on.
    pub fn learn(&self, secrets: impl IntoIterator<Item = SecretValue>) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = held.0.len();
        for secret in secrets {
            if !held.0.contains(&secret) {
                held.0.push(secret);
            }
        }
        if held.0.len() > before {
            held.1 = SecretMask::new(held.0.iter().cloned());
        }
    }

    /// The mask for what is known now; cheap.
    pub fn mask(&self) -> SecretMask {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone()
    }
}

/// The forms in which a value travels.
fn forms_of(value: &str) -> Vec<String> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let in_form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let in_json = serde_json::Value::from(value).to_string();
    let in_json = in_json.trim_matches('"').to_owned();
    let in_markup = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut forms = vec![
        value.to_owned(),
        in_form.replace('+', "%20"),
        in_form.to_lowercase(),
        in_form,
        in_json.replace('/', "\\/"),
        in_json,
        in_markup.replace('"', "&quot;"),
        in_markup,
        STANDARD_NO_PAD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
    ];
    forms.retain(|form| form.len() >= SecretMask::SHORTEST);
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(value: &str) -> SecretMask {
        SecretMask::new([SecretValue {
            name: "TOKEN".to_owned(),
            value: value.to_owned(),
        }])
    }

    #[test]
    fn a_secret_is_hidden_in_each_form_in_which_it_travels() {
        let mask = mask("p&ss wörd/\"1");
        for text in [
            "x p&ss wörd/\"1 y",
            "x p%26ss+w%C3%B6rd%2F%221 y",
            "x p%26ss%20w%C3%B6rd%2F%221 y",
            "x p%26ss+w%c3%b6rd%2f%221 y",
            "x p&ss wörd/\\\"1 y",
            "x p&ss wörd\\/\\\"1 y",
            "x p&amp;ss wörd/\"1 y",
            "x p&amp;ss wörd/&quot;1 y",
            "x cCZzcyB3w7ZyZC8iMQ y",
        ] {
            assert_eq!(mask.hide(text), "x ${TOKEN} y", "{text}");
        }
    }

    #[test]
    fn the_longest_secret_wins_and_what_is_too_short_is_left_alone() {
        let secret = |name: &str, value: &str| SecretValue {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let mask = SecretMask::new([
            secret("A", "abcdef"),
            secret("B", "abcdefgh"),
            secret("C", "day"),
        ]);
        assert_eq!(mask.hide("abcdefgh abcdef a day"), "${B} ${A} a day");
        assert!(SecretMask::default().is_empty() && SecretMask::new([secret("C", "1")]).is_empty());
    }

    #[test]
    fn bytes_are_masked_even_where_they_are_no_text() {
        let hidden = mask("s3cret!").hide_bytes(b"\xff s3cret! \xfe".to_vec());
        assert_eq!(hidden, b"\xff ${TOKEN} \xfe");
    }

    #[test]
    fn nothing_of_a_secret_shows_when_it_is_formatted() {
        let secret = SecretValue {
            name: "TOKEN".to_owned(),
            value: "s3cret!".to_owned(),
        };
        assert_eq!(
            format!("{secret:?} {:?}", mask("s3cret!")).find("s3cret!"),
            None
        );
    }
}
