//! The values bound to a script besides the ad: the parameters of its rule set and the named lists
//! that it reads. Both are part of its fingerprint, so editing a list derives again exactly what
//! depends on it.
//!
//! To add a parameter type: a variant of [`RuleParameter`], and its notation in
//! [`RuleParameter::parse`].

use super::library::{ScriptDate, ScriptSpan};
use super::list::NamedList;
use super::value::ConstantValue;
use serde_json::{Number, Value as Json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use weir_yaml::yaml::Node;

/// Parameters and lists by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScriptBindings {
    /// Parameters of the rule set.
    pub parameters: BTreeMap<String, RuleParameter>,
    /// Named lists of the project.
    pub lists: BTreeMap<String, Arc<NamedList>>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleParameter {
    /// A number.
    Number(Number),
    /// A truth value.
    Boolean(bool),
    /// A date, written `2026-12-31`.
    Date(ScriptDate),
    /// A span of time, written `6 months` or `30 days`.
    Span(ScriptSpan),
    /// A list of texts.
    List(Vec<String>),
    /// A text.
    Text(String),
}

impl ScriptBindings {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty() && self.lists.is_empty()
    }

    /// The values, one per line; for lists their size and hash.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let parameters = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        parameters.chain(self.lists.iter().map(|(name, list)| {
            format!("lists.{name}: {} names, {}", list.len(), list.hash.short())
        }))
    }
}

impl RuleParameter {
    /// The value as written.
    ///
    /// # Errors
    /// It cannot be a parameter; the error says what was expected.
    pub fn parse(node: &Node) -> Result<RuleParameter, String> {
        match node.to_json() {
            Json::Number(number) => Ok(RuleParameter::Number(number)),
            Json::Bool(truth) => Ok(RuleParameter::Boolean(truth)),
            Json::String(text) => Ok(RuleParameter::of_text(&text)),
            Json::Array(_) => {
                let texts = node
                    .items()
                    .iter()
                    .map(|item| item.text().map(str::to_owned));
                let items: Option<Vec<String>> = texts.collect();
                items
                    .map(RuleParameter::List)
                    .ok_or_else(|| "a list of text values".to_owned())
            }
            Json::Null | Json::Object(_) => Err(
                "a number, a boolean, a date, a duration such as `6 months`, text, or a list of \
                     text values"
                    .to_owned(),
            ),
        }
    }

    pub(super) fn of_text(text: &str) -> RuleParameter {
        if let Ok(date) = text.parse() {
            return RuleParameter::Date(ScriptDate(date));
        }
        ScriptSpan::parse(text)
            .map_or_else(|| RuleParameter::Text(text.to_owned()), RuleParameter::Span)
    }

    /// Whether it has a value of the same type.
    pub fn is_like(&self, other: &RuleParameter) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Its type, as text.
    pub fn kind(&self) -> &'static str {
        match self {
            RuleParameter::Number(_) => "a number",
            RuleParameter::Boolean(_) => "true or false",
            RuleParameter::Date(_) => "a date",
            RuleParameter::Span(_) => "a duration",
            RuleParameter::List(_) => "a list",
            RuleParameter::Text(_) => "text",
        }
    }

    /// As scripts see it.
    pub(super) fn to_constant(&self) -> ConstantValue {
        match self {
            RuleParameter::Number(number) => match number.as_i64() {
                Some(whole) => ConstantValue::Int(whole),
                None => ConstantValue::Float(number.as_f64().unwrap_or_default()),
            },
            RuleParameter::Boolean(truth) => ConstantValue::Bool(*truth),
            RuleParameter::Date(date) => ConstantValue::Date(*date),
            RuleParameter::Span(span) => ConstantValue::Span(*span),
            RuleParameter::List(items) => ConstantValue::Texts(items.clone()),
            RuleParameter::Text(text) => ConstantValue::Text(text.clone()),
        }
    }
}

impl fmt::Display for RuleParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleParameter::Number(number) => write!(f, "{number}"),
            RuleParameter::Boolean(truth) => write!(f, "{truth}"),
            RuleParameter::Date(date) => write!(f, "{}", date.0),
            RuleParameter::Span(span) => write!(f, "{span}"),
            RuleParameter::List(items) => f.write_str(&items.join(", ")),
            RuleParameter::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_yaml::diagnostic::Diagnostics;

    fn parsed(text: &str) -> Result<RuleParameter, String> {
        let tree =
            weir_yaml::yaml::parse("x", format!("p: {text}"), &mut Diagnostics::new()).unwrap();
        RuleParameter::parse(&tree.entries()[0].value)
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
