//! Where a value stands in a document. Paths are parsed once, when the plan is compiled:
//! `jsonpath-rust` decides what is a path, and the plain ones (names, indexes, `[*]`) are lowered
//! to a walk that copies nothing.
//!
//! A path must never fail at run time: what is not there selects nothing.

use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value as Json;
use std::fmt;

/// A compiled JSONPath.
#[derive(Clone)]
pub struct JsonPath {
    text: String,
    form: PathForm,
}

#[derive(Clone)]
enum PathForm {
    Plain(Vec<PathStep>),
    Query(Box<JpQuery>),
}

/// One step of a plain path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// A member by name.
    Name(String),
    /// An item by position.
    Index(usize),
    /// Every item or member.
    Every,
}

/// Why a text is no JSONPath.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathError {
    /// What is wrong.
    pub message: String,
    /// Zero-based column of it in the text, where known.
    pub column: usize,
    /// What to do about it.
    pub help: &'static str,
}

impl JsonPath {
    /// Parses a path such as `$.agency.name` or `$.locations[*].city`.
    ///
    /// # Errors
    /// What is wrong and where, for texts that RFC 9535 refuses.
    pub fn parse(text: &str) -> Result<JsonPath, PathError> {
        stricter(text)?;
        let query = parse_json_path(text).map_err(|error| located(text, &error))?;
        let form = lower(&query).map_or_else(|| PathForm::Query(Box::new(query)), PathForm::Plain);
        Ok(JsonPath {
            text: text.to_owned(),
            form,
        })
    }

    /// Everything that the path selects, in document order.
    pub fn select<'a>(&self, document: &'a Json) -> Vec<&'a Json> {
        match &self.form {
            PathForm::Plain(steps) => {
                let mut found = Vec::new();
                walk(document, steps, &mut found);
                found
            }
            PathForm::Query(query) => {
                let found = js_path_process(query, document).unwrap_or_default();
                found
                    .into_iter()
                    .map(jsonpath_rust::query::QueryRef::val)
                    .collect()
            }
        }
    }

    /// What the path selects among elements of XML, where what comes once is no list:
    /// `$.office[*].name` is also that of the one office, and `$.office.name` those of several.
    /// Only what the path selects of a list by itself comes before that.
    pub fn select_elements<'a>(&self, document: &'a Json) -> Vec<&'a Json> {
        let PathForm::Plain(steps) = &self.form else {
            return self.select(document);
        };
        let mut found = Vec::new();
        if !self.text.contains(".*") {
            walk_elements(document, steps, &mut found);
        }
        if found.is_empty() {
            self.select(document)
        } else {
            found
        }
    }

    /// The first thing that the path selects.
    pub fn first<'a>(&self, document: &'a Json) -> Option<&'a Json> {
        self.select(document).into_iter().next()
    }

    /// Whether the path leads to an array without items, or over one: `$.places` and
    /// `$.places[*].city` of `{"places": []}`.
    pub fn selects_empty_list(&self, document: &Json) -> bool {
        let PathForm::Plain(steps) = &self.form else {
            return false;
        };
        let way = steps
            .split(|step| *step == PathStep::Every)
            .next()
            .unwrap_or_default();
        let mut found = Vec::new();
        walk(document, way, &mut found);
        found
            .first()
            .and_then(|value| value.as_array())
            .is_some_and(Vec::is_empty)
    }

    /// The member of the document in which its values are, if it is in one.
    pub fn member(&self) -> Option<&str> {
        match self.steps()?.first()? {
            PathStep::Name(name) => Some(name),
            PathStep::Index(_) | PathStep::Every => None,
        }
    }

    /// The steps, when the path is plain.
    pub fn steps(&self) -> Option<&[PathStep]> {
        match &self.form {
            PathForm::Plain(steps) => Some(steps),
            PathForm::Query(_) => None,
        }
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.text)
    }
}

fn walk<'a>(value: &'a Json, steps: &[PathStep], found: &mut Vec<&'a Json>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(value);
        return;
    };
    match (step, value) {
        (PathStep::Name(name), Json::Object(map)) => map
            .get(name)
            .into_iter()
            .for_each(|item| walk(item, rest, found)),
        (PathStep::Index(index), Json::Array(items)) => items
            .get(*index)
            .into_iter()
            .for_each(|item| walk(item, rest, found)),
        (PathStep::Every, Json::Array(items)) => {
            items.iter().for_each(|item| walk(item, rest, found));
        }
        (PathStep::Every, Json::Object(map)) => {
            map.values().for_each(|item| walk(item, rest, found));
        }
        _ => {}
    }
}

fn walk_elements<'a>(value: &'a Json, steps: &[PathStep], found: &mut Vec<&'a Json>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(value);
        return;
    };
    match (step, value) {
        (_, Json::Null) => {}
        (PathStep::Name(name), Json::Object(map)) => map
            .get(name)
            .into_iter()
            .for_each(|item| walk_elements(item, rest, found)),
        (PathStep::Name(_), Json::Array(items)) => items
            .iter()
            .for_each(|item| walk_elements(item, steps, found)),
        (PathStep::Index(index), Json::Array(items)) => items
            .get(*index)
            .into_iter()
            .for_each(|item| walk_elements(item, rest, found)),
        (PathStep::Every, Json::Array(items)) => items
            .iter()
            .for_each(|item| walk_elements(item, rest, found)),
        (PathStep::Every | PathStep::Index(0), one) => walk_elements(one, rest, found),
        _ => {}
    }
}

fn lower(query: &JpQuery) -> Option<Vec<PathStep>> {
    query.segments.iter().map(step).collect()
}

fn step(segment: &Segment) -> Option<PathStep> {
    match segment {
        Segment::Selector(Selector::Name(name)) => plain_name(name).map(PathStep::Name),
        Segment::Selector(Selector::Index(index)) => {
            usize::try_from(*index).ok().map(PathStep::Index)
        }
        Segment::Selector(Selector::Wildcard) => Some(PathStep::Every),
        _ => None,
    }
}

/// The parser keeps the quotes of `['name']`; names with escapes are left to the library.
fn plain_name(name: &str) -> Option<String> {
    if name.contains('\\') {
        return None;
    }
    let unquoted = ['\'', '"']
        .iter()
        .find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote));
    Some(unquoted.unwrap_or(name).to_owned())
}

/// `jsonpath-rust` accepts blanks inside names (`$.a b`), which RFC 9535 does not.
fn stricter(text: &str) -> Result<(), PathError> {
    if !text.starts_with('$') {
        return Err(PathError {
            message: "a path starts with `$`".to_owned(),
            column: 0,
            help: HELP,
        });
    }
    let mut depth = 0_usize;
    for (column, letter) in text.chars().enumerate() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if letter.is_whitespace() && depth == 0 => {
                return Err(PathError {
                    message: "a space is not allowed here".to_owned(),
                    column,
                    help: QUOTED,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a path looks like.
const HELP: &str = "a JSONPath looks like `$.agency.name`, `$.locations[*].city` or `$['a name']`";
/// How names are written that are no words.
const QUOTED: &str =
    "write names with characters other than letters, digits and `_` as `['a name']`";

/// The path that somebody who wrote only a name probably meant.
pub fn path_of(name: &str) -> String {
    let is_word = name.starts_with(|first: char| first.is_alphabetic())
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_');
    if is_word || JsonPath::parse(&format!("$.{name}")).is_ok() {
        format!("$.{name}")
    } else {
        format!("$['{name}']")
    }
}

fn located(text: &str, error: &JsonPathError) -> PathError {
    use jsonpath_rust::parser::errors::JsonPathError::PestError;
    let PestError(inner) = error else {
        return PathError {
            message: error.to_string().to_lowercase(),
            column: 0,
            help: HELP,
        };
    };
    let debug = format!("{:?}", inner.line_col);
    let column = debug
        .rsplit([',', '('])
        .next()
        .and_then(|tail| tail.trim_end_matches(')').trim().parse::<usize>().ok());
    let column = column.unwrap_or(1).saturating_sub(1);
    match text.chars().nth(column) {
        None => PathError {
            message: "the path is incomplete".to_owned(),
            column,
            help: HELP,
        },
        Some('(') => PathError {
            message: "functions are not supported in paths".to_owned(),
            column,
            help: "use a `script`",
        },
        Some('`') => PathError {
            message: "a backtick is not allowed here".to_owned(),
            column,
            help: QUOTED,
        },
        Some('-') => PathError {
            message: "`-` is not allowed here".to_owned(),
            column,
            help: QUOTED,
        },
        Some(letter) => PathError {
            message: format!("`{letter}` is not allowed here"),
            column,
            help: HELP,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn document() -> Json {
        json!({"a": {"b c": [1, {"x": 2}, 3], "d": "t"}, "list": [{"x": 1}, {"x": 2}, {"y": 3}]})
    }

    #[test]
    fn plain_paths_select_what_the_library_selects() {
        for text in [
            "$",
            "$.a",
            "$.a['b c'][1].x",
            "$.list[*].x",
            "$.a.*",
            "$['a'][\"d\"]",
            "$.nothing.at.all",
            "$.list[7]",
        ] {
            let path = JsonPath::parse(text).unwrap();
            assert!(path.steps().is_some(), "{text} is not lowered");
            let doc = document();
            let query = parse_json_path(text).unwrap();
            let expected: Vec<Json> = js_path_process(&query, &doc)
                .unwrap()
                .into_iter()
                .map(|found| found.val().clone())
                .collect();
            let found: Vec<Json> = path.select(&doc).into_iter().cloned().collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn an_element_that_comes_once_is_one_of_many() {
        let select = |path: &str, document: Json| -> Vec<Json> {
            JsonPath::parse(path)
                .unwrap()
                .select_elements(&document)
                .into_iter()
                .cloned()
                .collect()
        };
        let (one, two) = (
            json!({"o": {"@id": "1", "n": "Ulm"}}),
            json!({"o": [{"n": "Ulm"}, {"n": ["Bonn", "Köln"]}]}),
        );
        for path in ["$.o[*].n", "$.o.n", "$.o[0].n"] {
            assert_eq!(select(path, one.clone()), [json!("Ulm")], "{path}");
        }
        assert_eq!(
            select("$.o.n", two.clone()),
            [json!("Ulm"), json!(["Bonn", "Köln"])]
        );
        assert_eq!(select("$.o[1].n[*]", two), [json!("Bonn"), json!("Köln")]);
        assert_eq!(select("$.t[*]", json!({"t": "x"})), [json!("x")]);
        assert_eq!(select("$.o[*]", one.clone()), [one["o"].clone()]);
        assert_eq!(select("$.o.*", one), [json!("1"), json!("Ulm")]);
        assert!(
            select("$.o[1]", json!({"o": "x"})).is_empty()
                && select("$.o[*]", json!({"o": null})).is_empty()
        );
    }

    #[test]
    fn filters_and_descendants_go_to_the_library() {
        let doc = document();
        assert_eq!(JsonPath::parse("$..x").unwrap().select(&doc).len(), 3);
        assert_eq!(
            JsonPath::parse("$.list[?@.x==2]").unwrap().select(&doc),
            [&json!({"x": 2})]
        );
    }

    /// The forms that `docs/reference/yaml.md` names.
    #[test]
    fn every_documented_form_selects() {
        let doc = json!({ "a": { "n": 1 }, "a b": 2, "p": [{ "c": 1, "k": "x" }, { "c": 2 }, { "c": 3, "k": "y" }] });
        let select = |path: &str| -> Vec<Json> {
            JsonPath::parse(path)
                .unwrap()
                .select(&doc)
                .into_iter()
                .cloned()
                .collect()
        };
        for (path, found) in [
            ("$.a.n", json!([1])),
            ("$['a b']", json!([2])),
            ("$.p[-1].c", json!([3])),
            ("$.p[0:2].c", json!([1, 2])),
            ("$.p[*].c", json!([1, 2, 3])),
            ("$.p[0, 2].c", json!([1, 3])),
            ("$['a', 'a b']", json!([{ "n": 1 }, 2])),
            ("$..k", json!(["x", "y"])),
            ("$.p[?@.k == 'y'].c", json!([3])),
            ("$.p[?@.c > 1 && !(@.k)].c", json!([2])),
            ("$.p[?@.k].c", json!([1, 3])),
        ] {
            assert_eq!(json!(select(path)), found, "{path}");
        }
        assert!(JsonPath::parse("$.a.length()").is_err() && JsonPath::parse("$.a.^").is_err());
    }

    #[test]
    fn what_is_no_path_is_refused_with_a_column() {
        assert_eq!(JsonPath::parse("title").unwrap_err().column, 0);
        assert_eq!(JsonPath::parse("$.a b").unwrap_err().column, 3);
        for text in ["$.", "$.a[", "$.x-y", "$.a.length()", ""] {
            assert!(JsonPath::parse(text).is_err(), "{text} passes");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\$[\\[\\]a-z.*'?@=0-9 \\\\\"]{0,20}") {
            if let Ok(path) = JsonPath::parse(&text) {
                path.select(&document());
            }
        }
    }
}
