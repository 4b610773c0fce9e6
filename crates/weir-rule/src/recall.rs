//! A rule made again from the text of a version that ran, so that it can judge today's ads beside
//! another version. The text is what [`Canonical`] writes: a line for each part, then the parameters
//! and lists that its scripts read.
//!
//! Of a list the text keeps only size and hash: its entries are those of today, and
//! [`RecalledRule::changed_lists`] names the lists that have changed since. Must never return a rule
//! that says anything else than its text: what is made is written again and compared.

use super::ad_input::VARIABLES;
use super::bindings::{RuleParameter, ScriptBindings};
use super::library::ScriptSpan;
use super::message::RuleMessage;
use super::sandbox::ScriptSandbox;
use super::script::CompiledScript;
use super::verdict::CompiledRule;
use weir_model::{Canonical, Hash, ProblemSeverity};

/// A version of a rule that can judge ads again.
#[derive(Debug, Clone)]
pub struct RecalledRule {
    /// The rule.
    pub rule: CompiledRule,
    /// The lists that it reads whose entries have changed since it ran.
    pub changed_lists: Vec<String>,
}

/// The parts of a version's text.
struct VersionText<'t> {
    kind: &'t str,
    field: Option<&'t str>,
    severity: ProblemSeverity,
    when: Option<&'t str>,
    assert: &'t str,
    /// The message, and below it what the scripts were given.
    tail: Vec<&'t str>,
}

/// Makes a rule again from the text of a version; `today` are the parameters and lists that the
/// rules of its set read now.
///
/// # Errors
/// Why it cannot be made again, as the end of a sentence.
pub fn recall(
    id: &str,
    text: &str,
    today: &ScriptBindings,
    sandbox: &ScriptSandbox,
) -> Result<RecalledRule, String> {
    let parts = VersionText::read(text).ok_or("its text is not that of a rule")?;
    let variables = parts.variables(today);
    let compile = |script: &str| {
        CompiledScript::compile(sandbox, script, &variables)
            .map_err(|_| "this version of Weir does not understand its scripts".to_owned())
    };
    let when = parts.when.map(compile).transpose()?;
    let assert = compile(parts.assert)?;
    let reads = |name: &str| {
        let mut scripts = when.iter().chain([&assert]);
        scripts.any(|script| is_given(script, name))
    };
    let (message, given) = parts.split_tail(&reads);
    let bindings = given_then(&given, today);
    let rule = CompiledRule {
        id: id.to_owned(),
        kind: parts.kind.to_owned(),
        field: parts.field.map(str::to_owned),
        severity: parts.severity,
        when,
        assert,
        message: RuleMessage::parse(&message).map_err(|_| "its message cannot be read")?,
        bindings: ScriptBindings::default(),
        version: String::new(),
    };
    compared(rule.with(&bindings), text)
}

/// The rule, if it says what the text says; of lists only their names count.
fn compared(rule: CompiledRule, text: &str) -> Result<RecalledRule, String> {
    let written = rule.canonical();
    let (then, now): (Vec<&str>, Vec<&str>) = (text.lines().collect(), written.lines().collect());
    let differing = then.iter().zip(&now).filter(|(then, now)| then != now);
    let mut changed_lists = Vec::new();
    for (then, now) in differing {
        match (list_of(then), list_of(now)) {
            (Some(name), Some(same)) if name == same => changed_lists.push(name.to_owned()),
            _ => return Err("what it was given cannot be read from its text".to_owned()),
        }
    }
    if then.len() != now.len() {
        return Err("it reads a list or parameter that no rule of its set reads now".to_owned());
    }
    let version = Hash::of(text.as_bytes()).short();
    Ok(RecalledRule {
        rule: CompiledRule { version, ..rule },
        changed_lists,
    })
}

impl<'t> VersionText<'t> {
    fn read(text: &'t str) -> Option<VersionText<'t>> {
        let (kind, rest) = text.strip_prefix("type: ")?.split_once("\nfield: ")?;
        let (field, rest) = rest.split_once("\nseverity: ")?;
        let (severity, rest) = rest.split_once('\n')?;
        let (when, rest) = match rest.strip_prefix("when: ") {
            Some(rest) => {
                let (when, rest) = rest.split_once("\nassert: ")?;
                (Some(when), rest)
            }
            None => (None, rest.strip_prefix("assert: ")?),
        };
        let (assert, tail) = rest.split_once("\nmessage: ")?;
        Some(VersionText {
            kind,
            field: (field != "-").then_some(field),
            severity: match severity {
                "warn" => ProblemSeverity::Warn,
                _ => ProblemSeverity::Error,
            },
            when,
            assert,
            tail: tail.lines().collect(),
        })
    }

    /// What its scripts may name: what every rule may, and the parameters of then and now.
    fn variables<'v>(&self, today: &'v ScriptBindings) -> Vec<&'v str>
    where
        't: 'v,
    {
        let then = self.tail.iter().skip(1).filter_map(|line| {
            let (name, _) = line.split_once(": ")?;
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            name.chars().all(is_word).then_some(name)
        });
        let now = today.parameters.keys().map(String::as_str);
        VARIABLES.into_iter().chain(then).chain(now).collect()
    }

    /// The message, and what the scripts were given: names with their values, which are the last
    /// lines, in order.
    fn split_tail(&self, reads: &dyn Fn(&str) -> bool) -> (String, Vec<(&'t str, &'t str)>) {
        let mut given: Vec<(&str, &str)> = Vec::new();
        for line in self.tail.iter().skip(1).rev() {
            match line.split_once(": ") {
                Some(one) if reads(one.0) && given.last().is_none_or(|last| one.0 < last.0) => {
                    given.push(one);
                }
                _ => break,
            }
        }
        let message = &self.tail[..self.tail.len() - given.len()];
        (message.join("\n"), given)
    }
}

/// Whether a script reads a parameter, or a list, `lists.NAME`.
fn is_given(script: &CompiledScript, name: &str) -> bool {
    match name.strip_prefix("lists.") {
        Some(list) => script.reads.of("lists").any(|read| read == list),
        None => !VARIABLES.contains(&name) && script.reads.touches(name),
    }
}

/// The parameters as they were, and the lists of today.
fn given_then(given: &[(&str, &str)], today: &ScriptBindings) -> ScriptBindings {
    let mut all = today.clone();
    for (name, value) in given.iter().filter(|(name, _)| list_of(name).is_none()) {
        let now = today.parameters.get(*name);
        let then = parameter(value, now);
        all.parameters.insert((*name).to_owned(), then);
    }
    all
}

/// A parameter from its text: of the type that it has today, or else of the type that it looks like.
fn parameter(text: &str, now: Option<&RuleParameter>) -> RuleParameter {
    let looks = || match serde_json::from_str(text) {
        Ok(serde_json::Value::Number(number)) => RuleParameter::Number(number),
        Ok(serde_json::Value::Bool(truth)) => RuleParameter::Boolean(truth),
        _ => RuleParameter::of_text(text),
    };
    match now {
        Some(RuleParameter::Text(_)) => RuleParameter::Text(text.to_owned()),
        Some(RuleParameter::List(_)) => {
            RuleParameter::List(text.split(", ").map(str::to_owned).collect())
        }
        Some(RuleParameter::Span(_)) => {
            ScriptSpan::parse(text).map_or_else(looks, RuleParameter::Span)
        }
        _ => looks(),
    }
}

/// The name of a list, of a line about it or of its variable.
fn list_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("lists.")?;
    Some(rest.split_once(": ").map_or(rest, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ad_input::RuleFacts;
    use crate::list::NamedList;
    use crate::verdict::RuleVerdict;
    use std::sync::Arc;
    use weir_model::{Field, FieldValue, Job};

    fn made(when: Option<&str>, assert: &str, message: &str, all: &ScriptBindings) -> CompiledRule {
        let sandbox = ScriptSandbox::new();
        let mut variables = VARIABLES.to_vec();
        variables.extend(all.parameters.keys().map(String::as_str));
        let compile = |text: &str| CompiledScript::compile(&sandbox, text, &variables).unwrap();
        CompiledRule {
            id: "r".into(),
            kind: "own".into(),
            field: Some("title".into()),
            severity: ProblemSeverity::Warn,
            when: when.map(compile),
            assert: compile(assert),
            message: RuleMessage::parse(message).unwrap(),
            bindings: ScriptBindings::default(),
            version: String::new(),
        }
        .with(all)
    }

    fn bound(parameters: &[(&str, RuleParameter)], names: &[&str]) -> ScriptBindings {
        let names = names.iter().map(|name| ((*name).to_owned(), None));
        ScriptBindings {
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            lists: [("agencies".to_owned(), Arc::new(NamedList::new(names)))].into(),
        }
    }

    fn says(rule: &CompiledRule, title: &str) -> bool {
        let mut job = Job::default();
        job.set(Field::Title, FieldValue::text(title));
        let said = rule.judge(&ScriptSandbox::new(), &job, &RuleFacts::default());
        matches!(said, RuleVerdict::Fail(_))
    }

    #[test]
    fn a_version_judges_as_it_did_whatever_the_parameters_are_now() {
        let six = [
            ("longest", RuleParameter::Number(6.into())),
            ("words", RuleParameter::List(vec!["a".into(), "b c".into()])),
        ];
        let nine = [
            ("longest", RuleParameter::Number(9.into())),
            ("words", RuleParameter::List(vec!["z".into()])),
        ];
        let rule = made(
            Some("job.title != ()"),
            "job.title.len() <= longest &&\n  !contains_any(job.title, words)",
            "longer than {longest}:\nlongest: {job.title} {{",
            &bound(&six, &[]),
        );
        let again = recall(
            "r",
            &rule.canonical(),
            &bound(&nine, &[]),
            &ScriptSandbox::new(),
        );
        let again = again.unwrap();
        assert_eq!(again.rule.version, rule.version);
        assert!(!says(&again.rule, "Tester") && says(&again.rule, "Testers"));
        assert!(says(&again.rule, "b c"), "its words are those of then");
    }

    #[test]
    fn lists_are_those_of_today_and_it_is_told_which_have_changed() {
        let assert = "!(job.title in lists.agencies)";
        let (then, now) = (bound(&[], &["Acme"]), bound(&[], &["Acme", "Hays"]));
        let rule = made(None, assert, "an agency", &then);
        let sandbox = ScriptSandbox::new();
        let same = recall("r", &rule.canonical(), &then, &sandbox).unwrap();
        assert!(same.changed_lists.is_empty() && !says(&same.rule, "Hays"));
        let later = recall("r", &rule.canonical(), &now, &sandbox).unwrap();
        assert_eq!(later.changed_lists, ["agencies"]);
        assert!(says(&later.rule, "Hays"));
        let gone = recall("r", &rule.canonical(), &ScriptBindings::default(), &sandbox);
        assert!(gone.unwrap_err().contains("no rule of its set reads now"));
    }

    #[test]
    fn what_is_not_the_text_of_a_rule_is_refused() {
        for text in [
            "",
            "type: x\nfield: -\n",
            "$.title",
            "type: x\nfield: -\nseverity: warn\nassert: (\nmessage: m\n",
        ] {
            assert!(recall("r", text, &ScriptBindings::default(), &ScriptSandbox::new()).is_err());
        }
    }
}
