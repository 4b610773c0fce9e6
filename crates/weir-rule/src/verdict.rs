//! A rule and its verdict on one ad. A rule that cannot be evaluated is itself a problem of the ad
//! (promise 1), with its position, or a warning if the rule only warns; a rule about a field that
//! is absent or already invalid does not apply.

use super::ad_input::{AdView, RuleFacts};
use super::bindings::ScriptBindings;
use super::budget;
use super::message::RuleMessage;
use super::sandbox::ScriptSandbox;
use super::script::CompiledScript;
use super::script_error::ScriptError;
use std::collections::BTreeSet;
use weir_model::{Canonical, FieldValue, Hash, Job, Problem, ProblemSeverity};

/// A compiled rule.
#[derive(Debug, Clone)]
pub struct CompiledRule {
    /// Its id, unique within its set.
    pub id: String,
    /// The error type that it reports.
    pub kind: String,
    /// The field to blame.
    pub field: Option<String>,
    /// Whether it refuses the ad or only warns.
    pub severity: ProblemSeverity,
    /// When it applies; always if absent.
    pub when: Option<CompiledScript>,
    /// The condition that must hold.
    pub assert: CompiledScript,
    /// The message if it does not hold.
    pub message: RuleMessage,
    /// The parameters that the message names.
    pub bindings: ScriptBindings,
    /// The version of the rule: the beginning of its hash.
    pub version: String,
}

impl Canonical for CompiledRule {
    /// A line each; the message, too, as ads that fail carry it.
    fn canonical(&self) -> String {
        let severity = if self.severity == ProblemSeverity::Warn {
            "warn"
        } else {
            "error"
        };
        let head = [
            format!("type: {}", self.kind),
            format!("field: {}", self.field.as_deref().unwrap_or("-")),
            format!("severity: {severity}"),
        ];
        let when = self
            .when
            .iter()
            .map(|when| format!("when: {}", when.text().trim()));
        let body = [
            format!("assert: {}", self.assert.text().trim()),
            format!("message: {}", self.message),
        ];
        let given: BTreeSet<String> = self
            .scripts()
            .flat_map(|script| script.bindings.lines())
            .collect();
        head.into_iter()
            .chain(when)
            .chain(body)
            .chain(given)
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

/// The verdict of a rule on an ad.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleVerdict {
    /// Does not apply.
    Silent,
    /// Holds.
    Pass,
    /// Does not hold, or could not be evaluated.
    Fail(Problem),
}

impl CompiledRule {
    /// The rule with the parameters and lists that it reads.
    #[must_use]
    pub fn with(self, all: &ScriptBindings) -> CompiledRule {
        let named: BTreeSet<&str> = self
            .message
            .names()
            .into_iter()
            .map(|(variable, _)| variable)
            .collect();
        let parameters = all
            .parameters
            .iter()
            .filter(|(name, _)| named.contains(name.as_str()));
        let bindings = ScriptBindings {
            parameters: parameters
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            ..ScriptBindings::default()
        };
        let rule = CompiledRule {
            when: self.when.map(|when| when.with(all)),
            assert: self.assert.with(all),
            bindings,
            ..self
        };
        let version = Hash::of(rule.canonical().as_bytes()).short();
        CompiledRule { version, ..rule }
    }

    /// The same rule, of which nothing is evaluated natively.
    #[must_use]
    pub fn interpreted_only(self) -> CompiledRule {
        let when = self.when.map(CompiledScript::interpreted_only);
        CompiledRule {
            when,
            assert: self.assert.interpreted_only(),
            ..self
        }
    }

    /// Judges one ad.
    pub fn judge(&self, sandbox: &ScriptSandbox, job: &Job, facts: &RuleFacts) -> RuleVerdict {
        if self.is_about_nothing(job, facts) {
            return RuleVerdict::Silent;
        }
        match self.applies(sandbox, job, facts) {
            Ok(false) => RuleVerdict::Silent,
            Ok(true) => match truth(&self.assert, sandbox, AdView { job, facts }) {
                Ok(true) => RuleVerdict::Pass,
                Ok(false) => RuleVerdict::Fail(self.problem(&self.kind, self.said(job, facts))),
                Err(error) => RuleVerdict::Fail(self.broken("assert", &error)),
            },
            Err(error) => RuleVerdict::Fail(self.broken("when", &error)),
        }
    }

    /// Its message about an ad.
    fn said(&self, job: &Job, facts: &RuleFacts) -> String {
        let matched = || self.assert.tree().matched(AdView { job, facts });
        self.message.fill(job, facts, &self.bindings, &matched)
    }

    /// Whether its assertion looks for words, so that its message can say which it found.
    pub fn looks_for_words(&self) -> bool {
        self.assert.tree().looks_for_words()
    }

    /// The script that cannot be evaluated for an ad, and why; `true` for `when`.
    pub fn trouble(
        &self,
        sandbox: &ScriptSandbox,
        job: &Job,
        facts: &RuleFacts,
    ) -> Option<(bool, ScriptError)> {
        if self.is_about_nothing(job, facts) {
            return None;
        }
        match self.applies(sandbox, job, facts) {
            Err(error) => Some((true, error)),
            Ok(false) => None,
            Ok(true) => truth(&self.assert, sandbox, AdView { job, facts })
                .err()
                .map(|error| (false, error)),
        }
    }

    /// Whether its `when` holds for an ad; `None` if a field that it reads is absent, or if it
    /// cannot be evaluated.
    pub fn applies_to(
        &self,
        sandbox: &ScriptSandbox,
        job: &Job,
        facts: &RuleFacts,
    ) -> Option<bool> {
        if self.is_about_nothing(job, facts) {
            None
        } else {
            self.applies(sandbox, job, facts).ok()
        }
    }

    /// Whether the date of the run can change its verdict.
    pub fn reads_clock(&self) -> bool {
        self.scripts().any(|script| script.reads.touches("today"))
    }

    /// Whether it compares with the version before.
    pub fn reads_before(&self) -> bool {
        self.scripts().any(|script| script.reads.touches("before"))
            || self
                .message
                .names()
                .iter()
                .any(|(variable, _)| *variable == "before")
    }

    /// Whether it, or its message, reads a variable, such as a parameter or `role`.
    pub fn reads_variable(&self, name: &str) -> bool {
        self.scripts().any(|script| script.reads.touches(name))
            || self
                .message
                .names()
                .iter()
                .any(|(variable, _)| *variable == name)
    }

    /// The parameters and lists that it reads, with their values.
    pub fn given(&self) -> ScriptBindings {
        let mut all = self.bindings.clone();
        for script in self.scripts() {
            all.parameters.extend(script.bindings.parameters.clone());
            all.lists.extend(script.bindings.lists.clone());
        }
        all
    }

    /// The names of the lists that it reads.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.scripts().flat_map(|script| script.reads.of("lists"))
    }

    fn scripts(&self) -> impl Iterator<Item = &CompiledScript> {
        self.when.iter().chain(std::iter::once(&self.assert))
    }

    fn applies(
        &self,
        sandbox: &ScriptSandbox,
        job: &Job,
        facts: &RuleFacts,
    ) -> Result<bool, ScriptError> {
        self.when
            .as_ref()
            .map_or(Ok(true), |when| truth(when, sandbox, AdView { job, facts }))
    }

    /// Whether a field that it reads is invalid (already reported), or absent without the rule
    /// mentioning absence.
    fn is_about_nothing(&self, job: &Job, facts: &RuleFacts) -> bool {
        let speaks_of_absence = self.scripts().any(|script| script.reads.absence);
        let mut read = self
            .scripts()
            .flat_map(|script| script.field_values(AdView { job, facts }));
        read.any(|value| {
            matches!(value, FieldValue::Invalid(_)) || (value.is_absent() && !speaks_of_absence)
        }) || (!speaks_of_absence
            && (self.reads_absent_name(facts) || self.reads_absent_decision(facts)))
    }

    /// Whether it reads a role or capabilities that nobody has decided.
    fn reads_absent_decision(&self, facts: &RuleFacts) -> bool {
        let absent = [
            ("role", facts.role.is_none()),
            ("capabilities", facts.capabilities.is_absent()),
        ];
        let reads = |name: &str| self.scripts().any(|script| script.reads.touches(name));
        absent
            .into_iter()
            .any(|(name, is_absent)| is_absent && reads(name))
    }

    /// Whether it reads the name of a company or division that the ad does not name.
    fn reads_absent_name(&self, facts: &RuleFacts) -> bool {
        let relations = [("company", &facts.company), ("division", &facts.division)];
        let mut nameless = relations
            .into_iter()
            .filter(|(_, relation)| relation.name.is_none());
        let reads_name = |script: &CompiledScript, owner: &str| {
            script.reads.of(owner).any(|member| member == "name")
        };
        nameless.any(|(owner, _)| self.scripts().any(|script| reads_name(script, owner)))
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
        let message = format!(
            "rule `{}` could not be evaluated: {error} (`{part}`, line {}, column {})",
            self.id, error.line, error.column
        );
        self.problem("system_error", message)
    }
}

/// Whether a script holds. What cannot be evaluated natively, errors included, is left to the
/// interpreter.
fn truth(
    script: &CompiledScript,
    sandbox: &ScriptSandbox,
    view: AdView,
) -> Result<bool, ScriptError> {
    budget::begin();
    let native = script
        .native()
        .and_then(|tree| tree.evaluate(view).and_then(|value| value.truth()).ok());
    match native {
        Some(truth) => Ok(truth),
        None => script.interpret(sandbox, &view)?.truth(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::Field;

    fn rule(when: Option<&str>, assert: &str) -> CompiledRule {
        let sandbox = ScriptSandbox::new();
        let compile = |text: &str| {
            CompiledScript::compile(&sandbox, text, &crate::ad_input::VARIABLES).unwrap()
        };
        CompiledRule {
            id: "r".into(),
            kind: "invalid_date_range".into(),
            field: None,
            severity: ProblemSeverity::Error,
            when: when.map(compile),
            assert: compile(assert),
            message: RuleMessage::plain("no"),
            bindings: ScriptBindings::default(),
            version: String::new(),
        }
    }

    fn job(open: &str, close: &str) -> Job {
        let mut job = Job::default();
        let date = |text: &str| text.parse().map_or(FieldValue::Absent, FieldValue::Date);
        job.set(Field::OpenDate, date(open));
        job.set(Field::CloseDate, date(close));
        job
    }

    fn judged(rule: &CompiledRule, job: &Job) -> RuleVerdict {
        rule.judge(&ScriptSandbox::new(), job, &RuleFacts::default())
    }

    #[test]
    fn dates_compare_and_six_months_pass_when_equal() {
        let order = rule(None, "job.close_date >= job.open_date");
        assert_eq!(
            judged(&order, &job("2026-01-10", "2026-01-10")),
            RuleVerdict::Pass
        );
        assert!(matches!(
            judged(&order, &job("2026-01-10", "2026-01-09")),
            RuleVerdict::Fail(_)
        ));
        let half = rule(None, "job.close_date <= job.open_date + months(6)");
        assert_eq!(
            judged(&half, &job("2026-08-31", "2027-02-28")),
            RuleVerdict::Pass
        );
        assert!(matches!(
            judged(&half, &job("2026-08-31", "2027-03-01")),
            RuleVerdict::Fail(_)
        ));
    }

    #[test]
    fn nothing_is_said_of_absent_fields_unless_the_rule_asks() {
        assert_eq!(
            judged(
                &rule(None, "job.close_date >= job.open_date"),
                &job("2026-01-10", "")
            ),
            RuleVerdict::Silent
        );
        assert!(matches!(
            judged(&rule(None, "job.close_date != ()"), &job("2026-01-10", "")),
            RuleVerdict::Fail(_)
        ));
    }

    #[test]
    fn nothing_is_said_of_a_company_that_the_ad_does_not_name() {
        let named = |name: &str| RuleFacts {
            company: crate::ad_input::NamedRelation {
                name: Some(name.to_owned()),
                known: true,
            },
            ..RuleFacts::default()
        };
        for text in [
            "company.name.len() > 3",
            "company.name != \"Acme\"",
            "mentions(company.name, [\"Harbour\"])",
        ] {
            let rule = rule(None, text);
            assert_eq!(
                judged(&rule, &Job::default()),
                RuleVerdict::Silent,
                "{text}"
            );
            assert_ne!(
                rule.judge(&ScriptSandbox::new(), &Job::default(), &named("Acme")),
                RuleVerdict::Silent,
                "{text}"
            );
        }
        assert!(
            matches!(
                judged(&rule(None, "company.name != ()"), &Job::default()),
                RuleVerdict::Fail(_)
            ),
            "a rule may ask for it"
        );
        assert_eq!(
            judged(&rule(None, "division.name == \"Parks\""), &Job::default()),
            RuleVerdict::Silent
        );
    }

    #[test]
    fn hostile_rules_are_reasons_never_passes() {
        for text in [
            "job.open_date.is_blank()",
            "job.open_date",
            "`x`.pad(100000000, `x`) == ()",
            "1 / 0 == ()",
        ] {
            let RuleVerdict::Fail(problem) = judged(&rule(None, text), &job("2026-01-10", ""))
            else {
                panic!("{text} passes")
            };
            assert_eq!(
                (problem.kind.as_str(), problem.severity),
                ("system_error", ProblemSeverity::Error),
                "{text}"
            );
        }
    }

    #[test]
    fn a_message_says_which_words_were_found() {
        let sandbox = ScriptSandbox::new();
        let said = |assert: &str, title: &str| {
            let rule = CompiledRule {
                message: RuleMessage::parse("found `{matched}`").unwrap(),
                ..rule(None, assert)
            };
            let mut job = Job::default();
            job.set(Field::Title, FieldValue::text(title));
            match rule.judge(&sandbox, &job, &RuleFacts::default()) {
                RuleVerdict::Fail(problem) => problem.message,
                other => format!("{other:?}"),
            }
        };
        let any = "!contains_any(job.title, [\"test ad\", \"Talent Pool\"])";
        assert_eq!(said(any, "Nurse, TALENT POOL"), "found `talent pool`");
        let pattern = "!job.title.matches(\"[0-9]{4}\")";
        assert_eq!(said(pattern, "Nurse 2026 to 2027"), "found `2026`");
        let both = "!(job.title.matches(\"x\") || contains_any(job.title, [\"nurse\"]))";
        assert_eq!(said(both, "A Nurse"), "found `nurse`");
        assert_eq!(
            said("contains_any(job.title, [\"nurse\"])", "Cook"),
            "found `-`"
        );
    }

    #[test]
    fn another_message_is_another_version() {
        let version = |message: &str| {
            CompiledRule {
                message: RuleMessage::parse(message).unwrap(),
                ..rule(None, "true")
            }
            .with(&ScriptBindings::default())
            .version
        };
        assert_eq!(version("no {job.title}"), version("no {job.title}"));
        assert_ne!(version("no {job.title}"), version("no {job.department}"));
    }

    #[test]
    fn a_rule_that_only_warns_refuses_nothing_when_it_cannot_be_evaluated() {
        for (when, assert) in [(None, "1 / 0 == ()"), (Some("1 / 0 == ()"), "true")] {
            let warns = CompiledRule {
                severity: ProblemSeverity::Warn,
                ..rule(when, assert)
            };
            let RuleVerdict::Fail(problem) = judged(&warns, &job("2026-01-10", "")) else {
                panic!("{assert} passes")
            };
            assert_eq!(
                (problem.kind.as_str(), problem.severity),
                ("system_error", ProblemSeverity::Warn),
                "{assert}"
            );
        }
    }
}
