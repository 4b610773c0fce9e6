//! The message of a failed rule: text with placeholders, `Close date {job.close_date} is before
//! {job.open_date}`. Values come from scraped ads: they are shortened and sanitised, so they cannot
//! move the cursor or fake a line.

use super::ad_input::RuleFacts;
use super::bindings::ScriptBindings;
use super::matched::MATCHED;
use std::collections::BTreeSet;
use std::fmt;
use weir_model::untrusted::is_unsafe;
use weir_model::{FieldValue, Job};

/// Characters of a value that are shown.
const SHOWN: usize = 80;

/// A message with places for values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMessage(Vec<MessagePart>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum MessagePart {
    Words(String),
    Value(MessagePlaceholder),
}

/// What a place names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MessagePlaceholder {
    variable: String,
    member: Option<String>,
}

/// A place in a message that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPlaceholder {
    /// What is wrong.
    pub what: String,
    /// Column of it in the message, from 1.
    pub column: usize,
}

impl RuleMessage {
    /// Words without places.
    pub fn plain(words: &str) -> RuleMessage {
        RuleMessage(vec![MessagePart::Words(words.to_owned())])
    }

    /// Parses a message; `{{` and `}}` are literal braces.
    ///
    /// # Errors
    /// A brace is not closed, or does not contain a name.
    pub fn parse(text: &str) -> Result<RuleMessage, BadPlaceholder> {
        let (mut parts, mut words, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            words.push_str(&rest[..at]);
            let (bracket, after) = rest[at..].split_at(1);
            if after.starts_with(bracket) || bracket == "}" {
                words.push_str(bracket);
                rest = after.strip_prefix(bracket).unwrap_or(after);
                continue;
            }
            let column = text[..text.len() - after.len()].chars().count() + 1;
            let bad = |what: &str| BadPlaceholder {
                what: what.to_owned(),
                column,
            };
            let (inner, tail) = after.split_once('}').ok_or_else(|| bad(after))?;
            parts.push(MessagePart::Words(std::mem::take(&mut words)));
            parts.push(MessagePart::Value(
                MessagePlaceholder::parse(inner.trim()).ok_or_else(|| bad(inner))?,
            ));
            rest = tail;
        }
        words.push_str(rest);
        parts.push(MessagePart::Words(words));
        parts.retain(|part| *part != MessagePart::Words(String::new()));
        Ok(RuleMessage(parts))
    }

    /// The variables and members that it names.
    pub fn names(&self) -> BTreeSet<(&str, Option<&str>)> {
        let named = self.0.iter().filter_map(|part| {
            if let MessagePart::Value(named) = part {
                Some(named)
            } else {
                None
            }
        });
        named
            .map(|named| (named.variable.as_str(), named.member.as_deref()))
            .collect()
    }

    /// The message about one ad; `matched` are the words that the rule found in it.
    pub fn fill(
        &self,
        job: &Job,
        facts: &RuleFacts,
        given: &ScriptBindings,
        matched: &dyn Fn() -> Option<String>,
    ) -> String {
        let part = |part: &MessagePart| match part {
            MessagePart::Words(words) => words.clone(),
            MessagePart::Value(named) if named.is_matched(given) => {
                shown(&matched().unwrap_or_default())
            }
            MessagePart::Value(named) => shown(&named.value(job, facts, given)),
        };
        self.0.iter().map(part).collect()
    }
}

impl MessagePlaceholder {
    /// Whether it shows the words that the rule found; a parameter of that name comes first.
    fn is_matched(&self, given: &ScriptBindings) -> bool {
        self.variable == MATCHED && !given.parameters.contains_key(MATCHED)
    }

    fn parse(text: &str) -> Option<MessagePlaceholder> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        let (variable, member) = text
            .split_once('.')
            .map_or((text, None), |(variable, member)| (variable, Some(member)));
        (is_name(variable) && member.is_none_or(is_name)).then(|| MessagePlaceholder {
            variable: variable.to_owned(),
            member: member.map(str::to_owned),
        })
    }

    fn value(&self, job: &Job, facts: &RuleFacts, given: &ScriptBindings) -> String {
        let field = |job: &Job| {
            self.member
                .as_deref()
                .and_then(|member| job.named(member))
                .map_or_else(String::new, words)
        };
        match self.variable.as_str() {
            "job" => field(job),
            "before" => facts.before.as_deref().map_or_else(String::new, field),
            "source" => facts.source.clone(),
            "institution" => facts.institution.clone(),
            "company" => facts.company.name.clone().unwrap_or_default(),
            "division" => facts.division.name.clone().unwrap_or_default(),
            "role" => self.of_role(facts),
            "capabilities" => words(&facts.capabilities),
            "today" => facts.today.to_string(),
            parameter => given
                .parameters
                .get(parameter)
                .map_or_else(String::new, ToString::to_string),
        }
    }
}

impl MessagePlaceholder {
    fn of_role(&self, facts: &RuleFacts) -> String {
        match (&facts.role, self.member.as_deref()) {
            (Some(role), Some("confidence")) => role.confidence.to_string(),
            (Some(role), Some(member)) => role.text(member).unwrap_or_default().to_owned(),
            _ => String::new(),
        }
    }
}

fn words(value: &FieldValue) -> String {
    match value {
        FieldValue::Absent => String::new(),
        FieldValue::List(items) => items.join(", "),
        FieldValue::Text(text) => text.clone(),
        other => match other.to_json() {
            serde_json::Value::String(text) => text,
            json => json.to_string(),
        },
    }
}

impl fmt::Display for RuleMessage {
    /// As it is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            MessagePart::Words(words) => f.write_str(&words.replace('{', "{{").replace('}', "}}")),
            MessagePart::Value(MessagePlaceholder {
                variable,
                member: Some(member),
            }) => {
                write!(f, "{{{variable}.{member}}}")
            }
            MessagePart::Value(MessagePlaceholder {
                variable,
                member: None,
            }) => {
                write!(f, "{{{variable}}}")
            }
        })
    }
}

/// A value for display: none is `-`, whitespace is collapsed, control characters are removed.
fn shown(value: &str) -> String {
    let clean: String = value
        .chars()
        .map(|letter| if is_unsafe(letter) { ' ' } else { letter })
        .collect();
    let text = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.chars().nth(SHOWN) {
        None if text.is_empty() => "-".to_owned(),
        None => text,
        Some(_) => text.chars().take(SHOWN - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::Field;

    fn filled(message: &str, title: &str) -> String {
        let mut job = Job::default();
        job.set(Field::Title, FieldValue::text(title));
        RuleMessage::parse(message).unwrap().fill(
            &job,
            &RuleFacts {
                source: "seek".into(),
                ..RuleFacts::default()
            },
            &ScriptBindings::default(),
            &|| Some("talent pool".to_owned()),
        )
    }

    #[test]
    fn what_the_rule_found_is_shown() {
        assert_eq!(filled("found `{matched}`", "x"), "found `talent pool`");
    }

    #[test]
    fn values_stand_where_they_are_named() {
        assert_eq!(
            filled("`{job.title}` of {source} closes {job.close_date}", "Nurse"),
            "`Nurse` of seek closes -"
        );
        assert_eq!(
            filled("{{job.title}} {job.title}", "Nurse"),
            "{job.title} Nurse"
        );
    }

    #[test]
    fn a_message_is_shown_as_it_is_written() {
        for written in ["no", "`{job.title}` of {source} {{x}}"] {
            assert_eq!(RuleMessage::parse(written).unwrap().to_string(), written);
        }
    }

    #[test]
    fn scraped_values_are_short_and_harmless() {
        assert_eq!(filled("<{job.title}>", "a\n\u{1b}[31mb"), "<a [31mb>");
        assert_eq!(filled("<{job.title}>", "a\u{202e}b"), "<a b>");
        assert_eq!(filled("{job.title}", &"x".repeat(500)).chars().count(), 80);
    }

    #[test]
    fn what_is_no_name_is_told_with_its_column() {
        let bad = |message: &str| RuleMessage::parse(message).unwrap_err();
        assert_eq!(
            bad("a {job.title + 1}"),
            BadPlaceholder {
                what: "job.title + 1".into(),
                column: 4
            }
        );
        assert_eq!(bad("{}").column, 2);
        assert_eq!(bad("{job.title").what, "job.title");
    }
}
