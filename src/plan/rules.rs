//! Rule sets compiled once for all institutions that use them: scripts, names, fields, and the examples that each
//! rule brings along.

use crate::config::rules::{Expect, RelationTest, RuleTest};
use crate::config::{Parsed, RuleSetSpec, RuleSpec};
use crate::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use crate::model::field::{FIELDS, Field};
use crate::model::{Job, Value};
use crate::rule::scope::{Relation, VARIABLES};
use crate::rule::{Facts, Rule, Sandbox, Script, Verdict};
use crate::stage::convert::{As, Convert};
use crate::stage::extract::{RELATIONS, compile_script};
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
    /// Names of all its rules, broken ones included.
    pub ids: Vec<String>,
    /// Whether its file could be read without errors, so that there are no other names.
    pub is_whole: bool,
}

/// The custom fields that some source declares.
pub struct Extras {
    /// Their names.
    pub names: Vec<String>,
    /// Whether all institutions could be read, so that there are no others.
    pub is_whole: bool,
}

/// Compiles a rule set; problems go to `out`.
pub fn compile(file: &Parsed<RuleSetSpec>, extras: &Extras, sandbox: &Sandbox, out: &mut Diagnostics) -> Option<RuleSet> {
    let specs = file.spec.as_ref()?.rules.get()?;
    let is_whole = !out.has_errors_in(&file.file);
    let mut first: HashMap<&str, &Located<String>> = HashMap::new();
    let mut rules = Vec::new();
    for spec in specs {
        if let Some(id) = spec.id.get()
            && let Some(earlier) = first.insert(id, id)
        {
            out.error(&id.place, "duplicate-rule", format!("the rule `{id}` stands twice in this set"))
                .related(&earlier.place, "first here")
                .help("give one of them another id");
        }
        rules.extend(compile_rule(spec, extras, sandbox, out).map(Arc::new));
    }
    let ids = specs.iter().filter_map(|spec| spec.id.get()).map(|id| id.value.clone()).collect();
    Some(RuleSet { name: file.stem.clone(), rules, ids, is_whole })
}

fn compile_rule(spec: &RuleSpec, extras: &Extras, sandbox: &Sandbox, out: &mut Diagnostics) -> Option<Rule> {
    if let Some(field) = &spec.field {
        check_field(field, &field.place, extras, out);
    }
    let when = spec.when.as_ref().map(|text| compile_part(text, extras, sandbox, out));
    let assert = spec.assert.get().and_then(|assert| compile_part(assert, extras, sandbox, out));
    let when = match when {
        Some(when) => Some(when?),
        None => None,
    };
    let rule = Rule {
        id: spec.id.get()?.value.clone(),
        kind: spec.kind.get()?.value.clone(),
        field: spec.field.as_ref().map(|field| field.value.clone()),
        severity: spec.severity,
        when,
        assert: assert?,
        message: spec.message.get()?.value.clone(),
    };
    spec.tests.iter().for_each(|test| try_example(spec, &rule, test, extras, sandbox, out));
    Some(rule)
}

fn compile_part(text: &Text, extras: &Extras, sandbox: &Sandbox, out: &mut Diagnostics) -> Option<Script> {
    let script = compile_script(text, sandbox, &VARIABLES, out)?;
    let mut good = true;
    for (variable, known) in members(extras) {
        for member in script.reads.of(variable).filter(|member| !known.iter().any(|name| name == member)) {
            let near = did_you_mean(member, known.iter().map(String::as_str));
            if is_unreadable(variable, member, near.as_deref(), extras) {
                continue;
            }
            let (line, column) = script.reads.place_of(variable, member).unwrap_or((1, 1));
            let what = match member {
                "*" => format!("`{variable}` cannot be used whole"),
                _ => format!("unknown field `{variable}.{member}`"),
            };
            let told = out.error(&text.name_at(line, column), "unknown-field-reference", what);
            match near {
                Some(near) => told.help(format!("did you mean `{variable}.{near}`?")),
                None => told.help(format!("`{variable}` has {}", one_of(known.iter().map(String::as_str)))),
            };
            good = false;
        }
    }
    good.then_some(script)
}

/// Whether a field may be declared by an institution that could not be read: its mistakes must not stop others.
fn is_unreadable(variable: &str, member: &str, near: Option<&str>, extras: &Extras) -> bool {
    variable == "job" && member != "*" && near.is_none() && !extras.is_whole
}

/// What the variables of a rule hold.
fn members(extras: &Extras) -> [(&'static str, Vec<String>); 3] {
    let relation = || vec!["name".to_owned(), "known".to_owned()];
    let job = FIELDS.map(|field| field.name().to_owned()).into_iter().chain(RELATIONS.map(str::to_owned));
    [("job", job.chain(extras.names.iter().cloned()).collect()), ("company", relation()), ("division", relation())]
}

/// A field that a rule blames or an example gives.
fn check_field(field: &str, place: &Place, extras: &Extras, out: &mut Diagnostics) -> bool {
    let known = &members(extras)[0].1;
    let near = did_you_mean(field, known.iter().map(String::as_str));
    if known.iter().any(|name| name == field) || is_unreadable("job", field, near.as_deref(), extras) {
        return true;
    }
    let told = out.error(place, "unknown-field-reference", format!("unknown field `{field}`"));
    match near {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("a job has {}", one_of(known.iter().map(String::as_str)))),
    };
    false
}

fn try_example(spec: &RuleSpec, rule: &Rule, test: &Located<RuleTest>, extras: &Extras, sandbox: &Sandbox, out: &mut Diagnostics) {
    let Some(job) = example_job(test, extras, out) else { return };
    let facts = example_facts(test);
    if let Some((is_when, error)) = rule.trouble(sandbox, &job, &facts) {
        let script = if is_when { spec.when.as_ref() } else { spec.assert.get() };
        let place = script.map_or_else(|| test.place.clone(), |script| script.place_at(error.line, error.column));
        let help = match error.message.contains("a date and a whole number") {
            true => "a span of time is written `days(30)` or `months(6)`",
            false => "correct the rule or the example",
        };
        out.error(&place, "rule-test", format!("this cannot be evaluated: {error}")).related(&test.place, "in this example").help(help);
        return;
    }
    let verdict = rule.judge(sandbox, &job, &facts);
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

fn example_job(test: &RuleTest, extras: &Extras, out: &mut Diagnostics) -> Option<Job> {
    let mut job = Job::default();
    let mut good = true;
    if let Some(node) = test.job.as_ref().filter(|node| node.to_json().is_array() || node.text().is_some()) {
        out.error(node.place(), "wrong-type", format!("expected the fields of a job, found {}", node.described()))
            .help("write for example `{ title: Nurse, close_date: 2026-12-31 }`");
        return None;
    }
    for entry in test.job.iter().flat_map(crate::yaml::Node::entries) {
        let (name, json) = (entry.key_text(), entry.value.to_json());
        good &= check_field(&name, entry.key.place(), extras, out);
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
        today: test.today.map(|day| day.0).unwrap_or_default(),
    }
}
