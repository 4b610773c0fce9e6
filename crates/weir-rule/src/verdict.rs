//! A rule and its verdict on one ad. A rule that cannot be evaluated is itself a problem of the ad
//! (promise 1), with its position, or a warning if the rule only warns; a rule about a field that
//! is absent or already invalid does not apply.

use super::lower::View;
use super::scope::Facts;
use super::script::ScriptError;
use super::{Given, Message, Sandbox, Script, budget};
use std::collections::BTreeSet;
use weir_model::{Canonical, Hash, Job, Problem, Severity, Value};

/// A compiled rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id, unique within its set.
    pub id: String,
    /// The error type that it reports.
    pub kind: String,
    /// The field to blame.
    pub field: Option<String>,
    /// Whether it refuses the ad or only warns.
    pub severity: Severity,
    /// When it applies; always if absent.
    pub when: Option<Script>,
    /// The condition that must hold.
    pub assert: Script,
    /// The message if it does not hold.
    pub message: Message,
    /// The parameters that the message names.
    pub given: Given,
    /// The version of the rule: the beginning of its hash.
    pub version: String,
}

impl Canonical for Rule {
    /// A line each; the message, too, as ads that fail carry it.
    fn canonical(&self) -> String {
        let severity = if self.severity == Severity::Warn { "warn" } else { "error" };
        let head = [format!("type: {}", self.kind), format!("field: {}", self.field.as_deref().unwrap_or("-")), format!("severity: {severity}")];
        let when = self.when.iter().map(|when| format!("when: {}", when.text().trim()));
        let body = [format!("assert: {}", self.assert.text().trim()), format!("message: {}", self.message)];
        let given: BTreeSet<String> = self.scripts().flat_map(|script| script.given.lines()).collect();
        head.into_iter().chain(when).chain(body).chain(given).map(|line| format!("{line}\n")).collect()
    }
}

/// The verdict of a rule on an ad.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Does not apply.
    Silent,
    /// Holds.
    Pass,
    /// Does not hold, or could not be evaluated.
    Fail(Problem),
}

impl Rule {
    /// The rule with the parameters and lists that it reads.
    #[must_use]
    pub fn with(self, all: &Given) -> Rule {
        let named: BTreeSet<&str> = self.message.names().into_iter().map(|(variable, _)| variable).collect();
        let parameters = all.parameters.iter().filter(|(name, _)| named.contains(name.as_str()));
        let given = Given { parameters: parameters.map(|(name, value)| (name.clone(), value.clone())).collect(), ..Given::default() };
        let rule = Rule { when: self.when.map(|when| when.with(all)), assert: self.assert.with(all), given, ..self };
        let version = Hash::of(rule.canonical().as_bytes()).short();
        Rule { version, ..rule }
    }

    /// Judges one ad.
    pub fn judge(&self, sandbox: &Sandbox, job: &Job, facts: &Facts) -> Verdict {
        if self.is_about_nothing(job, facts) {
            return Verdict::Silent;
        }
        match self.applies(sandbox, job, facts) {
            Ok(false) => Verdict::Silent,
            Ok(true) => match truth(&self.assert, sandbox, job, facts) {
                Ok(true) => Verdict::Pass,
                Ok(false) => Verdict::Fail(self.problem(&self.kind, self.message.fill(job, facts, &self.given))),
                Err(error) => Verdict::Fail(self.broken("assert", &error)),
            },
            Err(error) => Verdict::Fail(self.broken("when", &error)),
        }
    }

    /// The script that cannot be evaluated for an ad, and why; `true` for `when`.
    pub fn trouble(&self, sandbox: &Sandbox, job: &Job, facts: &Facts) -> Option<(bool, ScriptError)> {
        if self.is_about_nothing(job, facts) {
            return None;
        }
        match self.applies(sandbox, job, facts) {
            Err(error) => Some((true, error)),
            Ok(false) => None,
            Ok(true) => truth(&self.assert, sandbox, job, facts).err().map(|error| (false, error)),
        }
    }

    /// Whether its `when` holds for an ad; `None` if a field that it reads is absent, or if it
    /// cannot be evaluated.
    pub fn applies_to(&self, sandbox: &Sandbox, job: &Job, facts: &Facts) -> Option<bool> {
        if self.is_about_nothing(job, facts) { None } else { self.applies(sandbox, job, facts).ok() }
    }

    /// Whether the date of the run can change its verdict.
    pub fn reads_clock(&self) -> bool {
        self.scripts().any(|script| script.reads.touches("today"))
    }

    /// Whether it compares with the version before.
    pub fn reads_before(&self) -> bool {
        self.scripts().any(|script| script.reads.touches("before")) || self.message.names().iter().any(|(variable, _)| *variable == "before")
    }

    /// Whether it, or its message, reads a parameter.
    pub fn reads_parameter(&self, name: &str) -> bool {
        self.scripts().any(|script| script.reads.touches(name)) || self.message.names().iter().any(|(variable, _)| *variable == name)
    }

    /// The names of the lists that it reads.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.scripts().flat_map(|script| script.reads.of("lists"))
    }

    fn scripts(&self) -> impl Iterator<Item = &Script> {
        self.when.iter().chain(std::iter::once(&self.assert))
    }

    fn applies(&self, sandbox: &Sandbox, job: &Job, facts: &Facts) -> Result<bool, ScriptError> {
        self.when.as_ref().map_or(Ok(true), |when| truth(when, sandbox, job, facts))
    }

    /// Whether a field that it reads is invalid (already reported), or absent without the rule
    /// mentioning absence.
    fn is_about_nothing(&self, job: &Job, facts: &Facts) -> bool {
        let speaks_of_absence = self.scripts().any(|script| script.reads.absence);
        let mut read = self.scripts().flat_map(|script| script.held(View { job, facts }));
        read.any(|value| matches!(value, Value::Invalid(_)) || (value.is_absent() && !speaks_of_absence))
    }

    fn problem(&self, kind: &str, message: String) -> Problem {
        Problem {
            kind: kind.to_owned(),
            field: self.field.clone(),
            message,
            rule: Some(self.id.clone()),
            version: Some(self.version.clone()),
            found: None,
            severity: self.severity,
        }
    }

    fn broken(&self, part: &str, error: &ScriptError) -> Problem {
        let message = format!("rule `{}` could not be evaluated: {error} (`{part}`, line {}, column {})", self.id, error.line, error.column);
        self.problem("system_error", message)
    }
}

/// Whether a script holds. What the lowered form cannot evaluate, errors included, is left to the
/// interpreter.
fn truth(script: &Script, sandbox: &Sandbox, job: &Job, facts: &Facts) -> Result<bool, ScriptError> {
    budget::begin();
    let lowered = script.lowered.as_ref().and_then(|tree| tree.evaluate(View { job, facts }).and_then(|value| value.truth()).ok());
    match lowered {
        Some(truth) => Ok(truth),
        None => interpreted(script, sandbox, job, facts),
    }
}

fn interpreted(script: &Script, sandbox: &Sandbox, job: &Job, facts: &Facts) -> Result<bool, ScriptError> {
    let value = script.evaluate(sandbox, &View { job, facts })?;
    value.as_bool().map_err(|kind| ScriptError { message: format!("returns {}, not true or false", super::mistake::kind(kind)), line: 1, column: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::Field;

    fn rule(when: Option<&str>, assert: &str) -> Rule {
        let sandbox = Sandbox::new();
        let compile = |text: &str| Script::compile(&sandbox, text, &crate::scope::VARIABLES).unwrap();
        Rule {
            id: "r".into(),
            kind: "invalid_date_range".into(),
            field: None,
            severity: Severity::Error,
            when: when.map(compile),
            assert: compile(assert),
            message: Message::plain("no"),
            given: Given::default(),
            version: String::new(),
        }
    }

    fn job(open: &str, close: &str) -> Job {
        let mut job = Job::default();
        let date = |text: &str| text.parse().map_or(Value::Absent, Value::Date);
        job.set(Field::OpenDate, date(open));
        job.set(Field::CloseDate, date(close));
        job
    }

    fn judged(rule: &Rule, job: &Job) -> Verdict {
        rule.judge(&Sandbox::new(), job, &Facts::default())
    }

    #[test]
    fn dates_compare_and_six_months_pass_when_equal() {
        let order = rule(None, "job.close_date >= job.open_date");
        assert_eq!(judged(&order, &job("2026-01-10", "2026-01-10")), Verdict::Pass);
        assert!(matches!(judged(&order, &job("2026-01-10", "2026-01-09")), Verdict::Fail(_)));
        let half = rule(None, "job.close_date <= job.open_date + months(6)");
        assert_eq!(judged(&half, &job("2026-08-31", "2027-02-28")), Verdict::Pass);
        assert!(matches!(judged(&half, &job("2026-08-31", "2027-03-01")), Verdict::Fail(_)));
    }

    #[test]
    fn nothing_is_said_of_absent_fields_unless_the_rule_asks() {
        assert_eq!(judged(&rule(None, "job.close_date >= job.open_date"), &job("2026-01-10", "")), Verdict::Silent);
        assert!(matches!(judged(&rule(None, "job.close_date != ()"), &job("2026-01-10", "")), Verdict::Fail(_)));
    }

    #[test]
    fn hostile_rules_are_reasons_never_passes() {
        for text in ["job.open_date.is_blank()", "job.open_date", "`x`.pad(100000000, `x`) == ()", "1 / 0 == ()"] {
            let Verdict::Fail(problem) = judged(&rule(None, text), &job("2026-01-10", "")) else { panic!("{text} passes") };
            assert_eq!((problem.kind.as_str(), problem.severity), ("system_error", Severity::Error), "{text}");
        }
    }

    #[test]
    fn another_message_is_another_version() {
        let version = |message: &str| Rule { message: Message::parse(message).unwrap(), ..rule(None, "true") }.with(&Given::default()).version;
        assert_eq!(version("no {job.title}"), version("no {job.title}"));
        assert_ne!(version("no {job.title}"), version("no {job.department}"));
    }

    #[test]
    fn a_rule_that_only_warns_refuses_nothing_when_it_cannot_be_evaluated() {
        for (when, assert) in [(None, "1 / 0 == ()"), (Some("1 / 0 == ()"), "true")] {
            let warns = Rule { severity: Severity::Warn, ..rule(when, assert) };
            let Verdict::Fail(problem) = judged(&warns, &job("2026-01-10", "")) else { panic!("{assert} passes") };
            assert_eq!((problem.kind.as_str(), problem.severity), ("system_error", Severity::Warn), "{assert}");
        }
    }
}
