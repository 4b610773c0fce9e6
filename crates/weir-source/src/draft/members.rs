//! The members of the ads of a sample: where each is, what it is called, and its values.

use super::quoted;
use super::words::{bare, stem};
use serde_json::{Map, Value as Json};

/// A member of the ads: its place, its lowercase name, and its values.
pub(super) struct AdMember {
    pub(super) take: MemberSelector,
    pub(super) key: String,
    pub(super) values: Vec<Json>,
}

/// How a mapping selects a member.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum MemberSelector {
    /// At a path.
    Path(String),
    /// By a selector.
    Css(String),
}

impl MemberSelector {
    /// As the beginning of a mapping: `from: $.a`.
    fn entry(&self) -> String {
        match self {
            MemberSelector::Path(path) => format!("from: {}", quoted(path)),
            MemberSelector::Css(css) => format!("css: {}", quoted(css)),
        }
    }

    /// As a mapping with these further keys.
    pub(super) fn with(&self, more: &str) -> String {
        match (self, more) {
            (MemberSelector::Path(path), "") => quoted(path),
            (_, "") => format!("{{ {} }}", self.entry()),
            _ => format!("{{ {}, {more} }}", self.entry()),
        }
    }

    /// How deep in an ad it is.
    pub(super) fn depth(&self) -> usize {
        if let MemberSelector::Path(path) = self {
            path.matches(['.', '[']).count()
        } else {
            0
        }
    }
}

impl AdMember {
    /// Whether its name is this word, whatever it says of the form.
    pub(super) fn is_called(&self, word: &str) -> bool {
        self.key == word || stem(&self.key) == word
    }

    /// Whether its name ends with this word.
    pub(super) fn ends_with(&self, word: &str) -> bool {
        word.len() > 4 && (self.key.ends_with(word) || stem(&self.key).ends_with(word))
    }

    /// The values that are text.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.values.iter().filter_map(Json::as_str).collect()
    }

    /// Whether all values are text, and so each of them.
    pub(super) fn all_texts(&self, fits: impl Fn(&str) -> bool) -> bool {
        !self.values.is_empty()
            && self
                .values
                .iter()
                .all(|value| value.as_str().is_some_and(&fits))
    }

    /// Whether each ad has its own value.
    pub(super) fn is_unique(&self, ads: usize) -> bool {
        is_unique(&self.values, ads)
    }
}

/// Whether each ad has a unique value.
pub(super) fn is_unique(values: &[Json], ads: usize) -> bool {
    values.len() == ads
        && values
            .iter()
            .enumerate()
            .all(|(index, value)| !values[..index].contains(value))
}

/// The text of members in the ads, two levels deep, with their values.
pub(super) fn members(ads: &[Json]) -> Vec<AdMember> {
    let mut all: Vec<AdMember> = Vec::new();
    for ad in ads {
        if let Json::Object(object) = ad {
            gather(object, "$", 0, &mut all);
        }
    }
    all
}

/// A path with another name appended; special names are in brackets.
pub(super) fn step(path: &str, name: &str) -> String {
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    let plain = begins
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain {
        format!("{path}.{name}")
    } else {
        format!(
            "{path}['{}']",
            name.replace('\\', "\\\\").replace('\'', "\\'")
        )
    }
}

/// Members of an object by which it is represented: `{ location: { name } }` is the location.
const NAMES: [&str; 7] = [
    "name", "label", "title", "city", "locality", "town", "#text",
];

fn gather(object: &Map<String, Json>, path: &str, depth: usize, all: &mut Vec<AdMember>) {
    for (name, value) in object {
        let path = step(path, name);
        match value {
            Json::Object(inner) if depth < 2 => gather_named(inner, &path, name, depth, all),
            // All items count, and the first is the one that is looked at.
            Json::Array(items) => match items.first() {
                Some(Json::Object(inner)) if depth < 2 => {
                    gather_named(inner, &format!("{path}[*]"), name, depth, all);
                }
                Some(text @ Json::String(_)) => add(all, format!("{path}[*]"), bare(name), text),
                _ => {}
            },
            Json::Null | Json::Object(_) => {}
            scalar => add(all, path, bare(name), scalar),
        }
    }
}

/// The members of an object inside an ad, and the object itself by its name.
fn gather_named(
    inner: &Map<String, Json>,
    path: &str,
    name: &str,
    depth: usize,
    all: &mut Vec<AdMember>,
) {
    let named = NAMES
        .into_iter()
        .find(|named| inner.get(*named).is_some_and(Json::is_string));
    if let Some(named) = named {
        add(all, step(path, named), bare(name), &inner[named]);
    }
    let others: Map<String, Json> = inner
        .iter()
        .filter(|(own, _)| Some(own.as_str()) != named)
        .map(|(own, value)| (own.clone(), value.clone()))
        .collect();
    gather(&others, path, depth + 1, all);
}

fn add(all: &mut Vec<AdMember>, path: String, key: String, value: &Json) {
    let take = MemberSelector::Path(path);
    match all.iter_mut().find(|known| known.take == take) {
        Some(known) => known.values.push(value.clone()),
        None => all.push(AdMember {
            take,
            key,
            values: vec![value.clone()],
        }),
    }
}
