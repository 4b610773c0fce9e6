//! Texts with `${NAME}` and `${NAME:-default}`. Variables are found when the YAML is compiled and filled in when
//! the source is read: plans, drawings and errors show the name, never the value.

use crate::diagnostic::Diagnostics;
use crate::yaml::Located;
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
    pub fn compile(text: &Located<String>, out: &mut Diagnostics) -> Option<Template> {
        match parse(&text.value) {
            Ok(parts) => Some(Template { text: text.value.clone(), parts }),
            Err(why) => {
                out.error(&text.place, "bad-variable", why)
                    .help("variables are written `${NAME}` or `${NAME:-default}`, names in capitals, digits and `_`");
                None
            }
        }
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

fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if start > 0 {
            parts.push(Part::Text(rest[..start].to_owned()));
        }
        let inside = &rest[start + 2..];
        let end = inside.find('}').ok_or("a variable has no closing `}`")?;
        parts.push(variable(&inside[..end])?);
        rest = &inside[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

fn variable(inside: &str) -> Result<Part, String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default.to_owned())),
        None => (inside, None),
    };
    let starts_well = name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_');
    if !starts_well || !name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_') {
        return Err(format!("bad variable `${{{inside}}}`"));
    }
    Ok(Part::Variable { name: name.to_owned(), default })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template { text: text.into(), parts: parse(text).unwrap() }
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
