//! Texts with `${NAME}`, `${NAME:-default}` and `{name}`. Variables come from the environment,
//! names from what the crawl knows: values taken before, the values of `each`, the listing of an
//! ad. Both are found when the YAML is compiled and filled in when the source is read: plans,
//! drawings and errors show the name, never the value.

use crate::jsonpath::JsonPath;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::number;
use weir_yaml::yaml::Text;

/// Values of variables: the environment, handed in by the command line.
pub type Variables = HashMap<String, String>;

/// A compiled template.
#[derive(Clone)]
pub struct Template {
    text: String,
    parts: Vec<TemplatePart>,
    /// A JSON text: what is filled in keeps it one.
    is_json: bool,
}

#[derive(Clone)]
enum TemplatePart {
    Text(String),
    Variable {
        name: String,
        default: Option<String>,
    },
    Named(String),
    Listed(Box<JsonPath>),
}

/// What `{name}` may stand for in a template.
#[derive(Debug, Clone, Copy, Default)]
pub struct TemplateNames<'a> {
    /// Names that the crawl knows; without any, braces are plain text.
    pub known: Option<&'a [String]>,
    /// Whether `{$.path}` may be taken from the listing of an ad.
    pub listing: bool,
}

/// What is known when a template is filled in.
#[derive(Debug, Clone, Copy)]
pub struct TemplateValues<'a> {
    /// The environment.
    pub variables: &'a Variables,
    /// Values by name.
    pub values: &'a BTreeMap<String, String>,
    /// The listing of an ad.
    pub listing: Option<&'a Json>,
    /// Which of the values tells a page from the next.
    pub page: Option<&'a str>,
}

impl<'a> TemplateValues<'a> {
    /// With variables and values, and nothing else.
    pub fn of(
        variables: &'a Variables,
        values: &'a BTreeMap<String, String>,
    ) -> TemplateValues<'a> {
        TemplateValues {
            variables,
            values,
            listing: None,
            page: None,
        }
    }
}

/// Why a template could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MissingValue {
    /// A variable without a value.
    #[error(
        "the variable `{0}` is not set; set it in the environment, or give a default: `${{{0}:-...}}`"
    )]
    Variable(String),
    /// A name without a value.
    #[error("`{{{0}}}` has no value")]
    Value(String),
    /// The listing has nothing there.
    #[error("the listing has no value at `{0}`")]
    Listed(String),
}

impl Template {
    /// Compiles a text in which braces are plain text; problems go to `out` at their place.
    pub fn compile(text: &Text, out: &mut Diagnostics) -> Option<Template> {
        Template::with_names(text, TemplateNames::default(), out)
    }

    /// Compiles a text with names; problems go to `out` at their place.
    pub fn with_names(
        text: &Text,
        names: TemplateNames,
        out: &mut Diagnostics,
    ) -> Option<Template> {
        match parse(text, names) {
            Ok(parts) => Some(Template::of(text, parts)),
            Err(BadVariable {
                start,
                length,
                message,
                help,
            }) => {
                let letters = |bytes: &str| bytes.chars().count();
                let place = Place {
                    length: letters(&text[start..start + length]),
                    ..text.place_at(1, letters(&text[..start]) + 1)
                };
                out.error(&place, "bad-variable", message).help(help);
                None
            }
        }
    }

    fn of(text: &str, parts: Vec<TemplatePart>) -> Template {
        // A number can stand for itself and inside of a text.
        let with_numbers: String = parts
            .iter()
            .map(|part| {
                if let TemplatePart::Text(text) = part {
                    text
                } else {
                    "0"
                }
            })
            .collect();
        let is_json = with_numbers.trim_start().starts_with(['{', '['])
            && serde_json::from_str::<serde::de::IgnoredAny>(&with_numbers).is_ok();
        Template {
            text: text.to_owned(),
            parts,
            is_json,
        }
    }

    /// Whether it holds that name.
    pub fn holds(&self, name: &str) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, TemplatePart::Named(named) if named == name))
    }

    /// Whether it is that name and nothing else.
    pub fn is_only(&self, name: &str) -> bool {
        matches!(self.parts.as_slice(), [TemplatePart::Named(named)] if named == name)
    }

    /// Whether it begins with something that has no value yet, so that nobody knows how.
    pub fn begins_open(&self) -> bool {
        matches!(
            self.parts.first(),
            Some(
                TemplatePart::Variable { default: None, .. }
                    | TemplatePart::Named(_)
                    | TemplatePart::Listed(_)
            )
        )
    }

    /// Whether it holds variables, whose values may be secrets.
    pub fn has_variables(&self) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, TemplatePart::Variable { .. }))
    }

    /// Whether it holds text that anybody may read though it should be secret: no variable, or a
    /// default for one.
    pub fn is_open_secret(&self) -> bool {
        !self.has_variables()
            || self.parts.iter().any(|part| {
                matches!(
                    part,
                    TemplatePart::Variable {
                        default: Some(_),
                        ..
                    }
                )
            })
    }

    /// What it could be: variables give their default, or `x`.
    pub fn example(&self) -> String {
        self.likely(&Variables::new(), "x")
    }

    /// What the author says of it, with these variables: of what an answer says nothing, of what
    /// has no value yet `x`.
    pub fn authored(&self, variables: &Variables) -> String {
        self.likely(variables, "")
    }

    fn likely(&self, variables: &Variables, listed: &str) -> String {
        let part = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Variable { name, default } => variables
                .get(name)
                .or(default.as_ref())
                .cloned()
                .unwrap_or_else(|| "x".to_owned()),
            TemplatePart::Named(_) => "x".to_owned(),
            TemplatePart::Listed(_) => listed.to_owned(),
        };
        self.parts.iter().map(part).collect()
    }

    /// Fills in the variables.
    ///
    /// # Errors
    /// The first variable without a value.
    pub fn fill(&self, variables: &Variables) -> Result<String, MissingValue> {
        self.fill_all(TemplateValues::of(variables, &BTreeMap::new()))
    }

    /// Fills in everything.
    ///
    /// # Errors
    /// The first part without a value.
    pub fn fill_all(&self, filling: TemplateValues) -> Result<String, MissingValue> {
        let part = |part: &TemplatePart| match part {
            TemplatePart::Named(_) | TemplatePart::Listed(_) if self.is_json => {
                part.fill(filling).map(|text| inside_json(&text))
            }
            _ => part.fill(filling),
        };
        self.parts.iter().map(part).collect()
    }

    /// Fills in an address: what does not stand at its very beginning is escaped, so that a scraped
    /// text can name a page but no other host.
    ///
    /// # Errors
    /// The first part without a value.
    pub fn fill_address(&self, filling: TemplateValues) -> Result<String, MissingValue> {
        let part = |(index, part): (usize, &TemplatePart)| match part {
            TemplatePart::Named(_) | TemplatePart::Listed(_) if index > 0 => {
                Ok(escaped(&part.fill(filling)?))
            }
            _ => part.fill(filling),
        };
        self.parts.iter().enumerate().map(part).collect()
    }

    /// Names of its variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| {
            if let TemplatePart::Variable { name, .. } = part {
                Some(name.as_str())
            } else {
                None
            }
        })
    }

    /// Names of variables that have no value.
    pub fn missing(&self, variables: &Variables) -> Vec<String> {
        let of = |part: &TemplatePart| match part {
            TemplatePart::Variable {
                name,
                default: None,
            } if !variables.contains_key(name) => Some(name.clone()),
            _ => None,
        };
        self.parts.iter().filter_map(of).collect()
    }
}

/// A text as it stands in a text of JSON.
fn inside_json(text: &str) -> String {
    let quoted = Json::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Everything but letters, digits, `-`, `.`, `_`, `~` and `/` as `%XX`.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({})", self.text)
    }
}

impl TemplatePart {
    fn fill(&self, filling: TemplateValues) -> Result<String, MissingValue> {
        match self {
            TemplatePart::Text(text) => Ok(text.clone()),
            TemplatePart::Variable { name, default } => filling
                .variables
                .get(name)
                .or(default.as_ref())
                .cloned()
                .ok_or_else(|| MissingValue::Variable(name.clone())),
            TemplatePart::Named(name) => filling
                .values
                .get(name)
                .cloned()
                .ok_or_else(|| MissingValue::Value(name.clone())),
            TemplatePart::Listed(path) => {
                let found = filling.listing.and_then(|listing| path.first(listing));
                found
                    .and_then(scalar)
                    .ok_or_else(|| MissingValue::Listed(path.to_string()))
            }
        }
    }
}

/// The text of a value that has one.
pub fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Json::Number(number) => Some(number::text_of(number)),
        Json::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A bad variable: the bytes it takes, and the words.
struct BadVariable {
    start: usize,
    length: usize,
    message: String,
    help: String,
}

/// How variables are written.
const HELP: &str = "write a variable as `${NAME}` or `${NAME:-default}`, with capital letters, digits and `_` in its name";

fn parse(text: &str, names: TemplateNames) -> Result<Vec<TemplatePart>, BadVariable> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    // Braces of JSON that stand open: two that close one after the other close two of them, and are
    // not one that is meant.
    let mut open = 0_usize;
    let mut rest = text;
    while let Some(start) = rest.find(['$', '{', '}']) {
        plain.push_str(&rest[..start]);
        let at = text.len() - rest.len() + start;
        let from = &rest[start..];
        let (part, length) = match from {
            _ if from.starts_with("${") => part(from, at, 2, variable)?,
            _ if names.known.is_none() => (None, 1),
            _ if from.starts_with("{{") || (from.starts_with("}}") && open == 0) => {
                (Some(TemplatePart::Text(from[..1].to_owned())), 2)
            }
            _ if from.starts_with("{$") => part(from, at, 1, |inside| listed(inside, names))?,
            _ if from.starts_with('{') && inside(from, 1).is_some_and(is_lower_name) => {
                part(from, at, 1, |inside| named(inside, names))?
            }
            _ => (None, 1),
        };
        match part {
            None => {
                match &from[..length] {
                    "{" => open += 1,
                    "}" => open = open.saturating_sub(1),
                    _ => {}
                }
                plain.push_str(&from[..length]);
            }
            Some(TemplatePart::Text(brace)) => plain.push_str(&brace),
            Some(part) => {
                if !plain.is_empty() {
                    parts.push(TemplatePart::Text(std::mem::take(&mut plain)));
                }
                parts.push(part);
            }
        }
        rest = &from[length..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(TemplatePart::Text(plain));
    }
    Ok(parts)
}

/// What stands between the opening and the closing brace.
fn inside(from: &str, opening: usize) -> Option<&str> {
    from.get(opening..)?
        .split_once('}')
        .map(|(inside, _)| inside)
}

/// A part in braces and how many bytes it takes.
fn part(
    from: &str,
    at: usize,
    opening: usize,
    read: impl FnOnce(&str) -> Result<TemplatePart, String>,
) -> Result<(Option<TemplatePart>, usize), BadVariable> {
    let Some(inside) = inside(from, opening) else {
        return Err(BadVariable {
            start: at,
            length: opening,
            message: "this variable has no closing `}`".to_owned(),
            help: HELP.to_owned(),
        });
    };
    let length = opening + inside.len() + 1;
    let what = if opening == 2 { "variable" } else { "value" };
    let bad = |help| BadVariable {
        start: at,
        length,
        message: format!("bad {what} `{}`", &from[..length]),
        help,
    };
    Ok((Some(read(inside).map_err(bad)?), length))
}

fn is_lower_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

fn named(name: &str, names: TemplateNames) -> Result<TemplatePart, String> {
    let known = names.known.unwrap_or_default();
    if known.iter().any(|one| one == name) {
        return Ok(TemplatePart::Named(name.to_owned()));
    }
    Err(match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None if known.is_empty() => {
            "there are no named values here; write a literal brace as `{{`".to_owned()
        }
        None => format!(
            "known here: {}; write a literal brace as `{{{{`",
            one_of(known.iter().map(String::as_str))
        ),
    })
}

fn listed(path: &str, names: TemplateNames) -> Result<TemplatePart, String> {
    if !names.listing {
        return Err("a path into the listing of an ad is only allowed under `detail`".to_owned());
    }
    JsonPath::parse(path)
        .map(Box::new)
        .map(TemplatePart::Listed)
        .map_err(|error| error.help.to_string())
}

/// The variable, or how to write it.
fn variable(inside: &str) -> Result<TemplatePart, String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default.to_owned())),
        None => (inside, None),
    };
    if is_name(name) {
        return Ok(TemplatePart::Variable {
            name: name.to_owned(),
            default,
        });
    }
    match inside.split_once(':') {
        _ if is_name(&inside.to_uppercase()) => {
            Err(format!("did you mean `${{{}}}`?", inside.to_uppercase()))
        }
        Some((name, default)) if is_name(name) && !default.starts_with('-') => {
            Err(format!("did you mean `${{{name}:-{default}}}`?"))
        }
        _ => Err(HELP.to_owned()),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && name
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::of(
            text,
            parse(text, TemplateNames::default()).unwrap_or_else(|bad| panic!("{}", bad.message)),
        )
    }

    #[test]
    fn variables_are_filled_and_defaults_stand_in() {
        let variables = Variables::from([("DAY".to_owned(), "2".to_owned())]);
        assert_eq!(
            template("a/${DAY:-1}.json").fill(&variables).unwrap(),
            "a/2.json"
        );
        assert_eq!(template("${X:-1}${DAY}").fill(&variables).unwrap(), "12");
        assert_eq!(template("$5 {x}").fill(&variables).unwrap(), "$5 {x}");
        assert_eq!(
            template("${KEY}").fill(&variables),
            Err(MissingValue::Variable("KEY".into()))
        );
    }

    #[test]
    fn a_secret_never_shows() {
        assert_eq!(
            format!("{:?}", template("https://x/?key=${KEY}")),
            "Template(https://x/?key=${KEY})"
        );
    }

    #[test]
    fn names_are_filled_and_scraped_text_stays_within_its_host() {
        let known = ["id".to_owned()];
        let parts = |text: &str| {
            parse(
                text,
                TemplateNames {
                    known: Some(&known),
                    listing: true,
                },
            )
        };
        let template = Template::of(
            "",
            parts("https://x/{id}?q={$.a.b}&{{id}}{ x }").ok().unwrap(),
        );
        let (variables, listing) = (
            Variables::new(),
            serde_json::json!({ "a": { "b": "c&d/../e" } }),
        );
        let values = BTreeMap::from([("id".to_owned(), "1?x".to_owned())]);
        let filling = TemplateValues {
            listing: Some(&listing),
            ..TemplateValues::of(&variables, &values)
        };
        assert_eq!(
            template.fill_address(filling).unwrap(),
            "https://x/1%3Fx?q=c%26d/../e&{id}{ x }"
        );
        assert!(parts("{idd}").is_err() && parts("{$.a").is_err() && parts("{").is_ok());
        assert!(
            parse(
                "{$.a}",
                TemplateNames {
                    known: Some(&known),
                    listing: false
                }
            )
            .is_err()
        );
    }

    #[test]
    fn what_the_author_says_of_an_address_is_known_without_an_answer() {
        let variables = Variables::from([("BASE".to_owned(), "https://h.example".to_owned())]);
        let authored = |text: &str| {
            Template::of(
                "",
                parse(
                    text,
                    TemplateNames {
                        known: Some(&[]),
                        listing: true,
                    },
                )
                .ok()
                .unwrap(),
            )
            .authored(&variables)
        };
        assert_eq!(
            [
                authored("${BASE}{$.path}?k=1"),
                authored("https://{$.host}/a"),
                authored("{$.link}")
            ],
            ["https://h.example?k=1", "https:///a", ""]
        );
    }

    #[test]
    fn names_in_json_leave_it_whole() {
        let known = ["offset".to_owned(), "cursor".to_owned()];
        let filled = |text: &str| {
            let template = Template::of(
                text,
                parse(
                    text,
                    TemplateNames {
                        known: Some(&known),
                        listing: false,
                    },
                )
                .ok()
                .unwrap(),
            );
            let values = BTreeMap::from([
                ("offset".to_owned(), "20".to_owned()),
                ("cursor".to_owned(), "a\"b\\".to_owned()),
            ]);
            template
                .fill_all(TemplateValues::of(&Variables::new(), &values))
                .unwrap()
        };
        assert_eq!(filled(r#"{"a":{"from":{offset}}}"#), r#"{"a":{"from":20}}"#);
        assert_eq!(
            filled(r#"{"a":[{"b":{}}],"c":{"d":{"after":"{cursor}"}}}"#),
            r#"{"a":[{"b":{}}],"c":{"d":{"after":"a\"b\\"}}}"#
        );
        assert_eq!(
            filled("finder=a;offset={offset},{cursor}"),
            "finder=a;offset=20,a\"b\\"
        );
        assert_eq!(filled("{{offset}}"), "{offset}");
    }

    #[test]
    fn bad_variables_are_found() {
        for text in ["${", "${}", "${name}", "${1A}", "${A B}"] {
            assert!(
                parse(text, TemplateNames::default()).is_err(),
                "{text} passes"
            );
        }
    }
}
