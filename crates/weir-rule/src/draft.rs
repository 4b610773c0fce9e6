//! The first draft of a rule, as text: a common condition, with an ad that passes and one that does
//! not. It only warns, because nobody knows yet what it would reject. Pure.

use weir_model::{FieldKind, field::Field};

/// What is drafted.
pub struct RuleDraft<'a> {
    /// The name of the rule.
    pub id: &'a str,
    /// The field that it speaks of.
    pub field: &'a str,
    /// The type of a custom field; that of standard fields is known.
    pub holds: Option<FieldKind>,
    /// The error type; by default one that suits the field.
    pub kind: Option<&'a str>,
}

/// A typical rule for a type of field.
struct RuleIdea {
    kind: &'static str,
    assert: String,
    message: String,
    good: &'static str,
    bad: &'static str,
}

/// The file of a new rule set, up to its first rule.
pub fn heading(set: &str) -> String {
    format!(
        "# yaml-language-server: $schema=../schema/rules.json\n\
         # Rules of `{set}`. Reference: docs/reference/rules.md.\nrules:\n"
    )
}

/// The rule, indented by this many spaces.
pub fn text(draft: &RuleDraft, indent: usize) -> String {
    let RuleDraft { id, field, .. } = draft;
    let idea = idea(field, draft.holds);
    let kind = draft.kind.unwrap_or(idea.kind);
    let RuleIdea {
        assert,
        message,
        good,
        bad,
        ..
    } = idea;
    let lines = [
        format!("- id: {id}"),
        format!("  type: {kind}"),
        format!("  field: {field}"),
        format!(
            "  severity: warn{}# reports it and lets the ad pass; `error` rejects the ad",
            " ".repeat(23)
        ),
        format!(
            "  # when: source == \"seek\"{}# the ads it applies to; by default all",
            " ".repeat(13)
        ),
        format!("  assert: {assert}"),
        format!("  message: \"{message}\""),
        "  tests:".to_owned(),
        format!("    - {{ job: {{ {field}: {good} }}, expect: pass }}"),
        format!("    - {{ job: {{ {field}: {bad} }}, expect: fail }}"),
    ];
    lines
        .map(|line| format!("{}{line}\n", " ".repeat(indent)))
        .concat()
}

fn idea(field: &str, holds: Option<FieldKind>) -> RuleIdea {
    let message = format!("{field} is not as it should be: {{job.{field}}}");
    let known = Field::named(field);
    match known.map(Field::kind).or(holds).unwrap_or(FieldKind::Text) {
        FieldKind::Date => RuleIdea {
            kind: "invalid_date_range",
            assert: format!("job.{field} >= date(\"2020-01-01\")"),
            message: format!("{field} is long past: {{job.{field}}}"),
            good: "2026-09-01",
            bad: "1970-01-01",
        },
        FieldKind::Number => RuleIdea {
            kind: "out_of_range",
            assert: format!("job.{field} >= 1 && job.{field} <= 1000000"),
            message: format!("{field} is out of range: {{job.{field}}}"),
            good: "40",
            bad: "0",
        },
        FieldKind::Boolean => RuleIdea {
            kind: "unwanted",
            assert: format!("job.{field} == true"),
            message,
            good: "true",
            bad: "false",
        },
        FieldKind::List => RuleIdea {
            kind: "invalid_array",
            assert: format!("'!job.{field}.contains(\"Unknown\")'"),
            message,
            good: "[Dubbo]",
            bad: "[Dubbo, Unknown]",
        },
        FieldKind::Json => RuleIdea {
            kind: "missing_field",
            assert: format!("job.{field} == () || job.{field}.email != ()"),
            message: format!("{field} has no e-mail address"),
            good: "{ email: ann@example.org }",
            bad: "{ name: Ann }",
        },
        FieldKind::Text if known == Some(Field::SourceUrl) => RuleIdea {
            kind: "invalid_url",
            assert: format!("job.{field}.starts_with(\"https://\")"),
            message,
            good: "\"https://example.org/jobs/1\"",
            bad: "\"http://example.org/jobs/1\"",
        },
        FieldKind::Text => RuleIdea {
            kind: "placeholder",
            assert: format!("'!contains_any(job.{field}, [\"test ad\", \"to be advised\"])'"),
            message: format!("{field} is a placeholder: {{job.{field}}}"),
            good: "Park Ranger",
            bad: "\"Test ad, please ignore\"",
        },
    }
}
