//! `validate`: mandatory fields, then rules; every reason at once. Pure. Nothing here is fixed in
//! Rust but that a job needs a title: the brief's validations are shipped as YAML.

use super::exception::{RuleException, rule_parts, rules_on};
use super::schema::MandatoryField;
use super::{AdDraft, SourceContext};
use chrono::NaiveDate;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;
use weir_model::quality::loss;
use weir_model::{Field, FieldValue, FingerprintParts, Problem, ProblemSeverity};
use weir_rule::{CompiledRule, RuleFacts, RuleVerdict};
use weir_store::PgConnection;
use weir_store::views::newest;

/// What an ad must satisfy, compiled.
#[derive(Debug, Clone, Default)]
pub struct ValidateStage {
    /// Mandatory fields.
    pub require: Vec<MandatoryField>,
    /// Rules with the name of their set.
    pub rules: Vec<(String, Arc<CompiledRule>)>,
    /// Rules that count otherwise until a day.
    pub exceptions: Vec<RuleException>,
}

impl ValidateStage {
    /// Judges one ad; reasons are added to its draft, and values that do not convert leave it.
    pub fn judge(&self, setting: &SourceContext, draft: &mut AdDraft) {
        let facts = self.facts(setting, draft);
        let mut problems = self.mandatory(draft);
        problems.extend(self.rules_on(facts.today).filter_map(|(_, rule)| {
            match rule.judge(&setting.sandbox, &draft.job, &facts) {
                RuleVerdict::Fail(problem) => Some(problem),
                RuleVerdict::Pass | RuleVerdict::Silent => None,
            }
        }));
        problems.extend(drop_invalid(draft, &problems));
        let mut said: HashSet<(String, Option<String>)> = draft
            .problems
            .iter()
            .map(|p| (p.kind.clone(), p.field.clone()))
            .collect();
        for problem in problems {
            let is_relation_again = problem.kind == "invalid_relationship"
                && said.contains(&(problem.kind.clone(), problem.field.clone()));
            if !is_relation_again {
                said.insert((problem.kind.clone(), problem.field.clone()));
                draft.problems.push(problem);
            }
        }
    }

    /// The verdict of each mandatory field and rule on an ad, including passes, before the ad is
    /// judged.
    pub fn verdicts(&self, setting: &SourceContext, draft: &AdDraft) -> Vec<(String, RuleVerdict)> {
        let facts = self.facts(setting, draft);
        let mut all = Vec::new();
        for field in &self.require {
            let problems: Vec<Problem> = field
                .judge(&judged_value(draft, &field.field))
                .into_iter()
                .collect();
            let said = if problems.is_empty() {
                vec![RuleVerdict::Pass]
            } else {
                problems.into_iter().map(RuleVerdict::Fail).collect()
            };
            all.extend(
                said.into_iter()
                    .map(|verdict| (format!("mandatory field {}", field.field), verdict)),
            );
        }
        let rules = self.rules_on(facts.today);
        all.extend(rules.map(|(set, rule)| {
            (
                format!("rule {set}/{} {}", rule.id, rule.version),
                rule.judge(&setting.sandbox, &draft.job, &facts),
            )
        }));
        all
    }

    /// The versions before, where a rule compares with them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_up(
        &self,
        connection: &mut PgConnection,
        setting: &SourceContext,
        drafts: &mut [AdDraft],
    ) -> weir_store::Result<()> {
        if !self.rules.iter().any(|(_, rule)| rule.reads_before()) {
            return Ok(());
        }
        let ids: Vec<Uuid> = drafts
            .iter()
            .filter_map(|draft| Some(draft.ad.published.as_ref()?.job_id))
            .collect();
        let mut before = newest::load(connection, &setting.stream, &ids).await?;
        for draft in drafts {
            draft.facts.before = draft
                .ad
                .published
                .as_ref()
                .and_then(|published| before.remove(&published.job_id))
                .map(Arc::new);
        }
        Ok(())
    }

    /// The rules that count on a day, with their sets.
    pub fn rules_on(&self, today: NaiveDate) -> impl Iterator<Item = (&str, &Arc<CompiledRule>)> {
        rules_on(&self.rules, &self.exceptions, today)
    }

    /// Whether a verdict of this day can differ on another.
    pub fn reads_clock(&self, today: NaiveDate) -> bool {
        self.rules_on(today).any(|(_, rule)| rule.reads_clock())
    }

    /// What the day adds to the parts of its fingerprint: rules with an exception as they count.
    pub fn parts_on(&self, today: NaiveDate, parts: &mut FingerprintParts) {
        let excepted: Vec<(&str, &str)> = self.exceptions.iter().map(RuleException::key).collect();
        rule_parts(
            self.rules_on(today)
                .filter(|(set, rule)| excepted.contains(&(set, rule.id.as_str()))),
            parts,
        );
    }

    /// The parts of its fingerprint, but for rules with an exception, which differ by day.
    pub fn parts(&self) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
        for mandatory in &self.require {
            parts.add(format!("mandatory field {}", mandatory.field), mandatory);
        }
        let excepted: Vec<(&str, &str)> = self.exceptions.iter().map(RuleException::key).collect();
        let rules = self.rules.iter().map(|(set, rule)| (set.as_str(), rule));
        rule_parts(
            rules.filter(|(set, rule)| !excepted.contains(&(set, rule.id.as_str()))),
            &mut parts,
        );
        parts
    }

    /// What it does, in short lines.
    pub fn explain(&self) -> Vec<String> {
        let fields: Vec<&str> = self
            .require
            .iter()
            .map(|mandatory| mandatory.field.as_str())
            .collect();
        let rules: Vec<&str> = self
            .rules
            .iter()
            .map(|(_, rule)| rule.id.as_str())
            .collect();
        vec![
            format!("{} mandatory, {} rules", fields.len(), rules.len()),
            fields.join(", "),
            rules.join(", "),
        ]
    }

    fn facts(&self, setting: &SourceContext, draft: &AdDraft) -> RuleFacts {
        RuleFacts {
            source: setting.stream.source.clone(),
            institution: setting.slug.clone(),
            today: setting.at.today(setting.zone),
            ..draft.facts.clone()
        }
    }

    fn mandatory(&self, draft: &AdDraft) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self
            .require
            .iter()
            .flat_map(|field| field.judge(&judged_value(draft, &field.field)))
            .collect();
        let says_title = self
            .require
            .iter()
            .any(|field| field.field == Field::Title.name());
        if !says_title && !matches!(draft.job.get(Field::Title), FieldValue::Text(_)) {
            problems.insert(
                0,
                Problem::error(
                    "missing_field",
                    "title",
                    "Mandatory field 'title' is missing".to_owned(),
                ),
            );
        }
        problems
    }
}

/// The value of a field, or of what was decided of the ad: the id of its role, the ids of its
/// capabilities.
fn judged_value<'d>(draft: &'d AdDraft, name: &str) -> Cow<'d, FieldValue> {
    let facts = &draft.facts;
    match draft.job.named(name) {
        Some(value) => Cow::Borrowed(value),
        None if name == "role" => Cow::Owned(match &facts.role {
            Some(role) => FieldValue::text(&role.id),
            None => FieldValue::Absent,
        }),
        None if name == "capabilities" && facts.capabilities != FieldValue::List(Vec::new()) => {
            Cow::Borrowed(&facts.capabilities)
        }
        None => Cow::Owned(FieldValue::Absent),
    }
}

/// Drops invalid values from the job; those without a problem so far are optional, and cause a
/// warning.
fn drop_invalid(draft: &mut AdDraft, said: &[Problem]) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for (name, value) in draft.job.values_mut() {
        if *value == FieldValue::List(Vec::new()) {
            *value = FieldValue::Absent;
        }
        if let FieldValue::Invalid(invalid) = value {
            let known = said.iter().any(|problem| {
                problem.field.as_deref() == Some(name) && problem.severity == ProblemSeverity::Error
            });
            if !known {
                let what = if invalid.found.is_null() {
                    "dropped".to_owned()
                } else {
                    format!("{} was dropped", loss::shown(&invalid.found))
                };
                let message = format!("Field '{name}' {}: {what}", invalid.why);
                warnings.push(
                    Problem::error(invalid.kind, name, message)
                        .found(invalid.found.clone())
                        .as_warning(),
                );
                *value = FieldValue::Absent;
            }
        }
    }
    warnings
}
