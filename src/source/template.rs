//! Texts with `${NAME}` and `${NAME:-default}`. Variables are found when the YAML is compiled and filled in when
//! the source is read: plans, drawings and errors show the name, never the value.

use crate::diagnostic::{Diagnostics, Place};
use crate::yaml::Text;
use std::collections::HashMap;
use std::fmt;

/// Values of variables: the environment, handed in by the command line.
pub type Variables = HashMap<String, String>;

/// A compiled template.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable { name: String, default: Option<String> },
}

/// A variable without a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the variable `{0}` is not set; set it in the environment, or give a default: `${{{0}:-...}}`")]
pub struct Missing(pub String);

impl Template {
    /// Compiles a text; problems go to `out` at their place.
    pub fn compile(text: &Text, out: &mut Diagnostics) -> Option<Template> {
        match parse(text) {
            Ok(parts) => Some(Template { text: text.to_string(), parts }),
            Err(Bad { start, length, message, help }) => {
                let letters = |bytes: &str| bytes.chars().count();
                let place = Place { length: letters(&text[start..start + length]), ..text.place_at(1, letters(&text[..start]) + 1) };
                out.error(&place, "bad-variable", message).help(help);
                None
            }
        }
    }

    /// Whether it begins with a variable that has no default, so that nobody knows how.
    pub fn begins_open(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Variable { default: None, .. }))
    }

    /// What it could be: variables give their default, or `x`.
    pub fn example(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable { default, .. } => default.clone().unwrap_or_else(|| "x".to_owned()),
        };
        self.parts.iter().map(part).collect()
    }

    /// Fills in the variables.
    ///
    /// # Errors
    /// The first variable without a value.
    pub fn fill(&self, variables: &Variables) -> Result<String, Missing> {
        self.parts.iter().map(|part| part.fill(variables)).collect()
    }

    /// Names of variables that have no value.
    pub fn missing(&self, variables: &Variables) -> Vec<String> {
        self.parts.iter().filter_map(|part| part.fill(variables).err()).map(|Missing(name)| name).collect()
    }
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

impl Part {
    fn fill(&self, variables: &Variables) -> Result<String, Missing> {
        match self {
            Part::Text(text) => Ok(text.clone()),
            Part::Variable { name, default } => variables.get(name).or(default.as_ref()).cloned().ok_or_else(|| Missing(name.clone())),
        }
    }
}

/// A bad variable: the bytes it takes, and the words.
struct Bad {
    start: usize,
    length: usize,
    message: String,
    help: String,
}

/// How variables are written.
const HELP: &str = "variables are written `${NAME}` or `${NAME:-default}`, names in capitals, digits and `_`";

fn parse(text: &str) -> Result<Vec<Part>, Bad> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if start > 0 {
            parts.push(Part::Text(rest[..start].to_owned()));
        }
        let inside = &rest[start + 2..];
        let at = text.len() - rest.len() + start;
        let Some(end) = inside.find('}') else {
            return Err(Bad { start: at, length: 2, message: "this variable has no closing `}`".to_owned(), help: HELP.to_owned() });
        };
        let bad = |help| Bad { start: at, length: end + 3, message: format!("bad variable `${{{}}}`", &inside[..end]), help };
        parts.push(variable(&inside[..end]).map_err(bad)?);
        rest = &inside[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

/// The variable, or how to write it.
fn variable(inside: &str) -> Result<Part, String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default.to_owned())),
        None => (inside, None),
    };
    if is_name(name) {
        return Ok(Part::Variable { name: name.to_owned(), default });
    }
    match inside.split_once(':') {
        _ if is_name(&inside.to_uppercase()) => Err(format!("did you mean `${{{}}}`?", inside.to_uppercase())),
        Some((name, default)) if is_name(name) && !default.starts_with('-') => Err(format!("did you mean `${{{name}:-{default}}}`?")),
        _ => Err(HELP.to_owned()),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template { text: text.into(), parts: parse(text).unwrap_or_else(|bad| panic!("{}", bad.message)) }
    }

    #[test]
    fn variables_are_filled_and_defaults_stand_in() {
        let variables = Variables::from([("DAY".to_owned(), "2".to_owned())]);
        assert_eq!(template("a/${DAY:-1}.json").fill(&variables).unwrap(), "a/2.json");
        assert_eq!(template("${X:-1}${DAY}").fill(&variables).unwrap(), "12");
        assert_eq!(template("$5 {x}").fill(&variables).unwrap(), "$5 {x}");
        assert_eq!(template("${KEY}").fill(&variables), Err(Missing("KEY".into())));
    }

    #[test]
    fn a_secret_never_shows() {
        assert_eq!(format!("{:?}", template("https://x/?key=${KEY}")), "Template(https://x/?key=${KEY})");
    }

    #[test]
    fn bad_variables_are_found() {
        for text in ["${", "${}", "${name}", "${1A}", "${A B}"] {
            assert!(parse(text).is_err(), "{text} passes");
        }
    }
}
