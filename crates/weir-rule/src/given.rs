//! The values bound to a script besides the ad: the parameters of its rule set and the named lists
//! that it reads. Both are part of its fingerprint, so editing a list derives again exactly what
//! depends on it.
//!
//! To add a parameter type: a variant of [`Parameter`], and its notation in [`Parameter::parse`].

use super::library::{Date, Span};
use super::list::List;
use rhai::Dynamic;
use serde_json::{Number, Value as Json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use weir_yaml::yaml::Node;

/// Parameters and lists by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// Parameters of the rule set.
    pub parameters: BTreeMap<String, Parameter>,
    /// Named lists of the project.
    pub lists: BTreeMap<String, Arc<List>>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A number.
    Number(Number),
    /// A truth value.
    Boolean(bool),
    /// A date, written `2026-12-31`.
    Date(Date),
    /// A span of time, written `6 months` or `30 days`.
    Span(Span),
    /// A list of texts.
    List(Vec<String>),
    /// A text.
    Text(String),
}

impl Given {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty() && self.lists.is_empty()
    }
}

impl Given {
    /// The values, one per line; for lists their size and hash.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let parameters = self.parameters.iter().map(|(name, value)| format!("{name}: {value}"));
        parameters.chain(self.lists.iter().map(|(name, list)| format!("lists.{name}: {} names, {}", list.len(), list.hash.short())))
    }
}

impl Parameter {
    /// The value as written.
    ///
    /// # Errors
    /// It cannot be a parameter; the error says what was expected.
    pub fn parse(node: &Node) -> Result<Parameter, String> {
        match node.to_json() {
            Json::Number(number) => Ok(Parameter::Number(number)),
            Json::Bool(truth) => Ok(Parameter::Boolean(truth)),
            Json::String(text) => Ok(Parameter::of_text(&text)),
            Json::Array(_) => {
                let items: Option<Vec<String>> = node.items().iter().map(|item| item.text().map(str::to_owned)).collect();
                items.map(Parameter::List).ok_or_else(|| "a list of text values".to_owned())
            }
            Json::Null | Json::Object(_) => {
                Err("a number, a boolean, a date, a duration such as `6 months`, text, or a list of text values".to_owned())
            }
        }
    }

    fn of_text(text: &str) -> Parameter {
        if let Ok(date) = text.parse() {
            return Parameter::Date(Date(date));
        }
        Span::parse(text).map_or_else(|| Parameter::Text(text.to_owned()), Parameter::Span)
    }

    /// Whether it has a value of the same type.
    pub fn is_like(&self, other: &Parameter) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Its type, as text.
    pub fn kind(&self) -> &'static str {
        match self {
            Parameter::Number(_) => "a number",
            Parameter::Boolean(_) => "true or false",
            Parameter::Date(_) => "a date",
            Parameter::Span(_) => "a duration",
            Parameter::List(_) => "a list",
            Parameter::Text(_) => "text",
        }
    }

    /// As scripts see it.
    pub(super) fn to_dynamic(&self) -> Dynamic {
        match self {
            Parameter::Number(number) => super::scope::json(&Json::Number(number.clone())),
            Parameter::Boolean(truth) => (*truth).into(),
            Parameter::Date(date) => Dynamic::from(*date),
            Parameter::Span(span) => Dynamic::from(*span),
            Parameter::List(items) => items.iter().map(|item| Dynamic::from(item.clone())).collect::<Vec<_>>().into(),
            Parameter::Text(text) => text.clone().into(),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Parameter::Number(number) => write!(f, "{number}"),
            Parameter::Boolean(truth) => write!(f, "{truth}"),
            Parameter::Date(date) => write!(f, "{}", date.0),
            Parameter::Span(span) => write!(f, "{span}"),
            Parameter::List(items) => f.write_str(&items.join(", ")),
            Parameter::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_yaml::diagnostic::Diagnostics;

    fn parsed(text: &str) -> Result<Parameter, String> {
        let tree = weir_yaml::yaml::parse("x", format!("p: {text}"), &mut Diagnostics::new()).unwrap();
        Parameter::parse(&tree.entries()[0].value)
    }

    #[test]
    fn parameters_are_what_they_look_like() {
        let kinds = [
            ("6 months", "a duration"),
            ("1 year", "a duration"),
            ("30 days", "a duration"),
            ("2026-12-31", "a date"),
            ("20", "a number"),
            ("0.5", "a number"),
            ("true", "true or false"),
            ("[a, 7]", "a list"),
            ("months", "text"),
            ("\"20\"", "text"),
        ];
        for (text, kind) in kinds {
            assert_eq!(parsed(text).unwrap().kind(), kind, "{text}");
        }
        assert!(parsed("{ a: 1 }").is_err() && parsed("").is_err() && parsed("[[a]]").is_err());
        assert_eq!(parsed("6 months").unwrap().to_string(), "6 months");
    }
}
