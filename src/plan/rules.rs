//! Rule sets compiled once for all institutions that use them: scripts, names, fields, and the examples that each
//! rule brings along.

use crate::config::rules::{Expect, RelationTest, RuleTest};
use crate::config::{Parsed, RuleSetSpec, RuleSpec};
use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::model::field::{FIELDS, Field};
use crate::model::{Job, Value};
use crate::rule::scope::{Relation, VARIABLES};
use crate::rule::{Facts, Rule, Sandbox, Script, Verdict};
use crate::stage::convert::{As, Convert};
use crate::stage::extract::compile_script;
use crate::yaml::{Located, Text};
use std::collections::HashMap;
use std::sync::Arc;

/// A rule set, compiled.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// Its name: the file's.
    pub name: String,
    /// Its rules, in order.
    pub rules: Vec<Arc<Rule>>,
}

/// Compiles a rule set; problems go to `out`. `extras` are the custom fields that some source declares.
pub fn compile(file: &Parsed<RuleSetSpec>, extras: &[String], sandbox: &Sandbox, out: &mut Diagnostics) -> Option<RuleSet> {
    let specs = file.spec.as_ref()?.rules.get()?;
    let mut first: HashMap<&str, &Located<String>> = HashMap::new();
    let mut rules = Vec::new();
    for spec in specs {
        if let Some(earlier) = first.insert(&spec.id, &spec.id) {
            out.error(&spec.id.place, "duplicate-rule", format!("the rule `{}` stands twice in this set", spec.id))
                .related(&earlier.place, "first here")
                .help("give one of them another id");
        }
        rules.extend(compile_rule(spec, extras, sandbox, out).map(Arc::new));
    }
    Some(RuleSet { name: file.stem.clone(), rules })
}

fn compile_rule(spec: &RuleSpec, extras: &[String], sandbox: &Sandbox, out: &mut Diagnostics) -> Option<Rule> {
    if let Some(field) = &spec.field {
        check_field(field, extras, out);
    }
    let when = spec.when.as_ref().map(|text| compile_part(text, extras, sandbox, out));
    let assert = compile_part(&spec.assert, extras, sandbox, out);
    let when = match when {
        Some(when) => Some(when?),
        None => None,
    };
    let rule = Rule {
        id: spec.id.value.clone(),
        kind: spec.kind.value.clone(),
        field: spec.field.as_ref().map(|field| field.value.clone()),
        severity: spec.severity,
        when,
        assert: assert?,
        message: spec.message.value.clone(),
    };
    spec.tests.iter().for_each(|test| try_example(&rule, test, sandbox, out));
    Some(rule)
}

fn compile_part(text: &Text, extras: &[String], sandbox: &Sandbox, out: &mut Diagnostics) -> Option<Script> {
    let script = compile_script(text, sandbox, &VARIABLES, out)?;
    let mut good = true;
    for (variable, known) in members(extras) {
        for member in script.reads.of(variable).filter(|member| !known.iter().any(|name| name == member)) {
            let (line, column) = script.reads.place_of(variable, member).unwrap_or((1, 1));
            let what = if member == "*" { format!("`{variable}` is not used whole") } else { format!("unknown field `{variable}.{member}`") };
            let told = out.error(&text.place_at(line, column), "unknown-field-reference", what);
            match did_you_mean(member, known.iter().map(String::as_str)) {
                Some(near) => told.help(format!("did you mean `{variable}.{near}`?")),
                None => told.help(format!("`{variable}` has {}", crate::diagnostic::one_of(known.iter().map(String::as_str)))),
            };
            good = false;
        }
    }
    good.then_some(script)
}

/// What the variables of a rule hold.
fn members(extras: &[String]) -> [(&'static str, Vec<String>); 3] {
    let relation = || vec!["name".to_owned(), "known".to_owned()];
    let job = FIELDS.map(|field| field.name().to_owned()).into_iter().chain(["company_id".to_owned(), "division_id".to_owned()]);
    [("job", job.chain(extras.iter().cloned()).collect()), ("company", relation()), ("division", relation())]
}

fn check_field(field: &Located<String>, extras: &[String], out: &mut Diagnostics) {
    let known = &members(extras)[0].1;
    if !known.contains(&field.value) {
        let told = out.error(&field.place, "unknown-field-reference", format!("unknown field `{field}`"));
        match did_you_mean(field, known.iter().map(String::as_str)) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help("name a canonical field or a custom field that some source declares"),
        };
    }
}

fn try_example(rule: &Rule, test: &Located<RuleTest>, sandbox: &Sandbox, out: &mut Diagnostics) {
    let Some(job) = example_job(test, out) else { return };
    let verdict = rule.judge(sandbox, &job, &example_facts(test));
    let (fails, said) = match &verdict {
        Verdict::Fail(problem) => (true, format!("fails: {}", problem.message)),
        Verdict::Pass => (false, "passes".to_owned()),
        Verdict::Silent => (false, "does not apply, which is a pass".to_owned()),
    };
    if fails != (test.expect == Expect::Fail) {
        let expected = if test.expect == Expect::Fail { "fail" } else { "pass" };
        out.error(&test.place, "rule-test", format!("the example of rule `{}` should {expected}, and it {said}", rule.id))
            .help("correct the rule or the example");
    }
}

fn example_job(test: &RuleTest, out: &mut Diagnostics) -> Option<Job> {
    let mut job = Job::default();
    let mut good = true;
    for entry in test.job.iter().flat_map(crate::yaml::Node::entries) {
        let (name, json) = (entry.key_text(), entry.value.to_json());
        let field = Field::named(&name);
        let value = example_value(field, &json);
        if let Value::Invalid(invalid) = &value {
            out.error(entry.value.place(), "rule-test", format!("the field `{name}` {}", invalid.why))
                .help("dates are written `2026-12-31`, lists `[a, b]`");
            good = false;
        }
        match field {
            Some(field) => job.set(field, value),
            None => job.extra.push((name, value)),
        }
    }
    good.then_some(job)
}

/// Custom fields take the kind that the YAML shows.
fn example_value(field: Option<Field>, json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    let to = match (field, json) {
        (Some(field), _) => As::plain(field.kind()),
        (None, Json::Number(_)) => As::Number,
        (None, Json::Bool(_)) => As::Boolean,
        (None, Json::Array(_)) => As::List,
        (None, Json::Object(_)) => As::Json,
        (None, _) => As::Text,
    };
    Convert { to, formats: Vec::new(), zone: chrono_tz::UTC, split: None, join: None }.apply(&[json])
}

fn example_facts(test: &RuleTest) -> Facts {
    let relation =
        |test: &Option<RelationTest>| test.as_ref().map(|test| Relation { name: Some(test.name.clone()), known: test.known }).unwrap_or_default();
    Facts {
        source: test.source.clone().unwrap_or_default(),
        institution: String::new(),
        company: relation(&test.company),
        division: relation(&test.division),
        today: test.today.unwrap_or_default(),
    }
}
