//! Rule sets compiled once for all institutions that use them: scripts, names, fields, and the
//! examples that each rule brings along.

use super::meaning;
use super::rule_set::{RuleExtras, RuleSet};
use super::tried::{TestKind, TestPoint, TriedTest};
use crate::config::rules::{ExpectedVerdict, RelationTest, RoleTest, RuleTest};
use crate::config::{ParsedFile, RuleSetSpec, RuleSpec};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use weir_model::date::{DateReader, DateSetting};
use weir_model::{
    FieldKind, FieldValue, Job,
    field::{FIELDS, Field},
};
use weir_rule::ad_input::{RELATIONS, ROLE_MEMBERS, VARIABLES};
use weir_rule::matched::{FINDERS, MATCHED};
use weir_rule::types::{TypeEnv, TypeSet};
use weir_rule::{
    CompiledRule, CompiledScript, NamedRelation, RuleFacts, RuleMessage, RuleParameter,
    RuleVerdict, ScriptBindings, ScriptSandbox, compile_script,
};
use weir_stage::convert::{ConversionKind, ValueConversion};
use weir_yaml::diagnostic::{Diagnostic, Diagnostics, Place, did_you_mean, is_slip, one_of};
use weir_yaml::yaml::{Located, Node, Text};

/// Compiles a rule set; problems go to `out`.
pub fn compile(
    file: &ParsedFile<RuleSetSpec>,
    extras: &RuleExtras,
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> Option<RuleSet> {
    let specs = file.spec.as_ref()?.rules.get()?;
    let is_whole = !out.has_errors_in(&file.file);
    let (parameters, good) = parameters(file, out);
    let bindings = ScriptBindings {
        parameters,
        lists: extras.given_lists(),
    };
    let places = file.spec.iter().flat_map(|spec| &spec.parameters);
    let places = places
        .map(|(name, node)| (name.value.clone(), node.place().clone()))
        .collect();
    let known = KnownNames {
        extras,
        bindings: &bindings,
        types: meaning::types(extras, &bindings),
        places,
        is_whole: good,
    };
    let mut first: HashMap<&str, &Located<String>> = HashMap::new();
    let (mut rules, mut tried, mut points) = (Vec::new(), Vec::new(), Vec::new());
    for spec in specs {
        if let Some(id) = spec.id.get()
            && let Some(earlier) = first.insert(id, id)
        {
            out.error(
                &id.place,
                "duplicate-rule",
                format!("the rule `{id}` is defined twice in this set"),
            )
            .related(&earlier.place, "first defined here")
            .help("rename one of them");
        }
        spec.id.get().into_iter().for_each(|id| check_id(id, out));
        let Some(rule) = compile_rule(spec, &known, sandbox, out) else {
            continue;
        };
        let name = format!("{}/{}", file.stem, rule.id);
        if known.has_all_of(&rule) {
            tried.extend(
                spec.tests
                    .iter()
                    .filter_map(|test| try_example(spec, &rule, &name, test, extras, sandbox, out)),
            );
        }
        points.extend(
            spec.id
                .get()
                .into_iter()
                .flat_map(|id| points_of(&rule, &name, &id.place)),
        );
        rules.push(Arc::new(rule));
    }
    let ids = specs
        .iter()
        .filter_map(|spec| spec.id.get())
        .map(|id| id.value.clone())
        .collect();
    let lists = rules
        .iter()
        .flat_map(|rule| rule.lists())
        .map(str::to_owned)
        .collect();
    unused(file, &rules, out);
    Some(RuleSet {
        name: file.stem.clone(),
        rules,
        ids,
        bindings,
        lists,
        is_whole,
        tried,
        points,
    })
}

/// Commands, overrides and `without` name a rule by its id, and reports write it after its set.
fn check_id(id: &Located<String>, out: &mut Diagnostics) {
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if id.is_empty() || !id.chars().all(is_name) {
        let name: String = id
            .trim()
            .chars()
            .map(|letter| if is_name(letter) { letter } else { '-' })
            .collect();
        let name = if name.is_empty() {
            "close-after-open"
        } else {
            name.as_str()
        };
        out.warning(
            &id.place,
            "bad-name",
            format!(
                "`{}` is not one word: commands and `without` name a rule by its id",
                id.value
            ),
        )
        .help(format!(
            "use letters, digits, `-` and `_`, such as `{name}`"
        ));
    }
}

/// What tests of a rule should cover: that it passes and that it fails, and both branches of its
/// `when`.
fn points_of(rule: &CompiledRule, name: &str, place: &Place) -> Vec<(TestPoint, Place)> {
    let of = |point: fn(String, bool) -> TestPoint| {
        [true, false].map(|truth| (point(name.to_owned(), truth), place.clone()))
    };
    let branches = rule.when.iter().flat_map(|_| of(TestPoint::Branch));
    of(TestPoint::Verdict).into_iter().chain(branches).collect()
}

/// What a rule may name.
struct KnownNames<'a> {
    extras: &'a RuleExtras,
    bindings: &'a ScriptBindings,
    types: TypeEnv,
    /// Where the parameters are.
    places: BTreeMap<String, Place>,
    /// Whether all parameters could be read.
    is_whole: bool,
}

impl KnownNames<'_> {
    /// Whether everything that a rule reads could be read itself, so that its tests mean something.
    fn has_all_of(&self, rule: &CompiledRule) -> bool {
        self.is_whole
            && rule
                .lists()
                .all(|list| self.bindings.lists.contains_key(list))
    }

    fn variables(&self) -> Vec<&str> {
        VARIABLES
            .into_iter()
            .chain(self.bindings.parameters.keys().map(String::as_str))
            .collect()
    }
}

/// The parameters of a rule set with their usual values, and whether all could be read; problems go
/// to `out`.
fn parameters(
    file: &ParsedFile<RuleSetSpec>,
    out: &mut Diagnostics,
) -> (BTreeMap<String, RuleParameter>, bool) {
    let (mut all, mut good) = (BTreeMap::new(), true);
    for (name, node) in file.spec.iter().flat_map(|spec| &spec.parameters) {
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || VARIABLES.contains(&name.as_str()) {
            out.error(
                &name.place,
                "bad-name",
                format!("`{name}` is not a valid name for a parameter"),
            )
            .help("use lowercase letters, digits and `_`, and no built-in name");
        }
        match RuleParameter::parse(node) {
            Ok(value) => {
                check_text(node, &value, out);
                all.insert(name.value.clone(), value);
            }
            Err(expected) => {
                // Named all the same, so that the rules that read it are not blamed.
                all.insert(name.value.clone(), RuleParameter::Boolean(false));
                good = false;
                out.error(
                    node.place(),
                    "wrong-type",
                    format!("expected {expected}, found {}", node.described()),
                )
                .help("give the parameter a default, such as `max_open: 6 months`");
            }
        }
    }
    (all, good)
}

/// A parameter that is text without quotes, but looks like a number with a unit, or like a list.
fn check_text(node: &Node, value: &RuleParameter, out: &mut Diagnostics) {
    let RuleParameter::Text(text) = value else {
        return;
    };
    if !node.is_plain_text() {
        return;
    }
    if looks_like_number(text) {
        out.warning(node.place(), "text-parameter", "this is text, neither a number nor a duration")
            .help("write a ratio as `0.6`, a duration as `6 months`, a number as `1000`; put quotes around text");
    } else if text.contains(", ") {
        out.warning(
            node.place(),
            "text-parameter",
            "this is one text, not a list",
        )
        .help("write a list as `[a, b]`; put quotes around text");
    }
}

/// `60%`, `$500`, `1,000`, `6 mnths`, `30d`
fn looks_like_number(text: &str) -> bool {
    let amount = text
        .trim_start_matches(['$', '€', '£', '<', '>', '~', '+', '-'])
        .trim_start();
    let is_number = amount.starts_with(|first: char| first.is_ascii_digit());
    let unit = amount
        .trim_start_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ','));
    let word = unit.trim_start();
    let is_unit = word.chars().all(char::is_alphabetic) && (unit.len() <= 1 || unit != word);
    is_number && (is_unit || word == "%")
}

/// Parameters that no rule reads, where all rules could be read.
fn unused(file: &ParsedFile<RuleSetSpec>, rules: &[Arc<CompiledRule>], out: &mut Diagnostics) {
    if out.has_errors_in(&file.file) {
        return;
    }
    for (name, _) in file
        .spec
        .iter()
        .flat_map(|spec| &spec.parameters)
        .filter(|(name, _)| !rules.iter().any(|rule| rule.reads_variable(name)))
    {
        out.warning(
            &name.place,
            "unused-parameter",
            format!("no rule reads the parameter `{name}`"),
        )
        .help("remove it, or use it in a rule of this file");
    }
}

fn compile_rule(
    spec: &RuleSpec,
    known: &KnownNames,
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> Option<CompiledRule> {
    let extras = known.extras;
    if let Some(field) = &spec.field {
        check_field(field, &field.place, extras, out);
    }
    let when = spec
        .when
        .as_ref()
        .map(|text| compile_part(text, known, sandbox, out));
    let assert = spec
        .assert
        .get()
        .and_then(|assert| compile_part(assert, known, sandbox, out));
    let message = spec
        .message
        .get()
        .and_then(|message| compile_message(message, known, out));
    let when = match when {
        Some(when) => Some(when?),
        None => None,
    };
    let kind = spec.kind.get()?;
    if kind.trim().is_empty() {
        out.error(&kind.place, "empty-value", "the error type is empty")
            .help("use a name such as `invalid_length`: reports and failures are grouped by it");
        return None;
    }
    let rule = CompiledRule {
        id: spec.id.get()?.value.clone(),
        kind: kind.value.clone(),
        field: spec.field.as_ref().map(|field| field.value.clone()),
        severity: spec.severity,
        when,
        assert: assert?,
        message: message?,
        bindings: ScriptBindings::default(),
        version: String::new(),
    }
    .with(known.bindings);
    if known.is_whole && !meaning::check(spec, &rule, (&known.types, &known.places), sandbox, out) {
        return None;
    }
    meaning::check_names(spec, &rule, extras, out);
    check_matched(spec, &rule, out);
    Some(rule)
}

/// Only a rule that looks for words can say which it found.
fn check_matched(spec: &RuleSpec, rule: &CompiledRule, out: &mut Diagnostics) {
    let shows = rule.message.names().contains(&(MATCHED, None));
    let is_given = rule.bindings.parameters.contains_key(MATCHED);
    let Some(message) = spec.message.get().filter(|_| shows && !is_given) else {
        return;
    };
    if rule.looks_for_words() {
        return;
    }
    let column = message
        .find(MATCHED)
        .map_or(1, |at| message[..at].chars().count() + 1);
    out.error(
        &message.place_at(1, column),
        "nothing-matched",
        "`{matched}` shows the words that the rule found, but its `assert` looks for none",
    )
    .help(format!(
        "use one of {} in `assert`, or show a field",
        one_of(FINDERS)
    ));
}

/// A message whose placeholders are all known; problems go to `out`.
fn compile_message(text: &Text, known: &KnownNames, out: &mut Diagnostics) -> Option<RuleMessage> {
    if text.trim().is_empty() {
        out.error(&text.place_at(1, 1), "empty-value", "the message is empty")
            .help("say what is wrong with an ad that fails");
        return None;
    }
    let help = "use a value such as `{job.title}`; write a literal brace as `{{`";
    let message = match RuleMessage::parse(text) {
        Ok(message) => message,
        Err(bad) => {
            out.error(
                &text.place_at(1, bad.column),
                "bad-message",
                format!("`{}` is not a value", bad.what),
            )
            .help(help);
            return None;
        }
    };
    let mut variables = known.variables();
    variables.push(MATCHED);
    let mut good = true;
    for (variable, member) in message.names() {
        let full = member.map_or_else(
            || variable.to_owned(),
            |member| format!("{variable}.{member}"),
        );
        let column = text
            .find(&full)
            .map_or(1, |at| text[..at].chars().count() + 1);
        let wanted = member
            .filter(|_| has_shown_members(variable))
            .unwrap_or(variable);
        if member.is_some_and(|name| is_shown(variable, name, known.extras)) {
            continue;
        }
        let names: Vec<&str> = match (variable, member) {
            ("job" | "before", Some(_)) => members("job", known.extras),
            ("company" | "division", Some(_)) => vec!["name"],
            ("role", Some(_)) => ROLE_MEMBERS.to_vec(),
            ("job" | "before" | "lists" | "role", None) => Vec::new(),
            _ => variables.clone(),
        };
        let near = did_you_mean(wanted, names.iter().copied());
        if names.contains(&wanted) || is_unreadable(variable, wanted, near.as_deref(), known.extras)
        {
            continue;
        }
        good = false;
        let place = Place {
            length: full.chars().count(),
            ..text.place_at(1, column)
        };
        let told = out.error(
            &place,
            "unknown-field-reference",
            format!("a message cannot show `{full}`"),
        );
        match near {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help(help),
        };
    }
    good.then_some(message)
}

fn compile_part(
    text: &Text,
    known: &KnownNames,
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> Option<CompiledScript> {
    let script = compile_script(text, sandbox, &known.variables(), out)?;
    let extras = known.extras;
    let mut good = true;
    for variable in OWNERS {
        if variable == "before" && script.reads.of(variable).all(|member| member == "*") {
            continue;
        }
        for member in script
            .reads
            .of(variable)
            .filter(|member| !has_member(variable, member, extras))
        {
            let known = members(variable, extras);
            let near = did_you_mean(member, known.iter().copied());
            if is_unreadable(variable, member, near.as_deref(), extras) {
                continue;
            }
            let (line, column) = script.reads.place_of(variable, member).unwrap_or((1, 1));
            let what = match member {
                _ if variable == "lists" && member != "*" => format!("unknown list `{member}`"),
                "*" => format!("`{variable}` cannot be used as a whole"),
                _ => format!("unknown field `{variable}.{member}`"),
            };
            let told = out.error(&text.name_at(line, column), "unknown-field-reference", what);
            match near {
                Some(near) => told.help(format!("did you mean `{variable}.{near}`?")),
                None if variable == "lists" && member == "*" => told.help("use one of them, such as `lists.agencies`"),
                None if variable == "lists" => {
                    told.help(format!("the list `{member}` would be in the file `lists/{member}.yaml` or `lists/{member}.csv`"))
                }
                None => told.help(format!("`{variable}` has {}", one_of(known))),
            };
            good = false;
        }
    }
    good.then_some(script)
}

/// Whether a field may be declared by an unreadable institution, whose mistakes must not stop
/// others. A misspelling of a known name is still a mistake.
/// a mistake all the same.
fn is_unreadable(variable: &str, member: &str, near: Option<&str>, extras: &RuleExtras) -> bool {
    let is_slip = near.is_some_and(|near| is_slip(member, near));
    matches!(variable, "job" | "before") && member != "*" && !is_slip && !extras.is_whole
}

/// Variables of a rule that have members.
const OWNERS: [&str; 6] = ["job", "before", "lists", "company", "division", "role"];

/// What a company or division has.
const OF_RELATIONS: [&str; 2] = ["name", "known"];

/// Whether a variable has a member. Asked for each rule, so it must not list them all.
fn has_member(variable: &str, member: &str, extras: &RuleExtras) -> bool {
    match variable {
        "job" | "before" => {
            extras.kinds.contains_key(member)
                || FIELDS.iter().any(|field| field.name() == member)
                || RELATIONS.contains(&member)
        }
        "lists" => extras.lists.contains_key(member),
        "company" | "division" => OF_RELATIONS.contains(&member),
        "role" => ROLE_MEMBERS.contains(&member),
        _ => false,
    }
}

/// Whether a message can show members of a variable.
fn has_shown_members(variable: &str) -> bool {
    matches!(variable, "job" | "before" | "company" | "division" | "role")
}

/// Whether a message can show a member.
fn is_shown(variable: &str, member: &str, extras: &RuleExtras) -> bool {
    match variable {
        "company" | "division" => member == "name",
        "job" | "before" | "role" => has_member(variable, member, extras),
        _ => false,
    }
}

/// All members of a variable, for the help of a mistake.
fn members<'e>(variable: &str, extras: &'e RuleExtras) -> Vec<&'e str> {
    match variable {
        "lists" => extras.lists.keys().map(String::as_str).collect(),
        "company" | "division" => OF_RELATIONS.to_vec(),
        "role" => ROLE_MEMBERS.to_vec(),
        _ => {
            let mut all: Vec<&str> = FIELDS.iter().map(|field| field.name()).collect();
            all.extend(RELATIONS);
            all.extend(extras.kinds.keys().map(String::as_str));
            all
        }
    }
}

/// A field that a rule reports on or an example sets.
fn check_field(field: &str, place: &Place, extras: &RuleExtras, out: &mut Diagnostics) -> bool {
    if has_member("job", field, extras) {
        return true;
    }
    let known = members("job", extras);
    let near = did_you_mean(field, known.iter().copied());
    if is_unreadable("job", field, near.as_deref(), extras) {
        return true;
    }
    let told = out.error(
        place,
        "unknown-field-reference",
        format!("unknown field `{field}`"),
    );
    match near {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("a job has {}", one_of(known))),
    };
    false
}

/// Runs one example; `None` if it is unreadable, which is reported.
fn try_example(
    spec: &RuleSpec,
    rule: &CompiledRule,
    name: &str,
    test: &Located<RuleTest>,
    extras: &RuleExtras,
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> Option<TriedTest> {
    let job = example_job(test.job.as_ref(), extras, out)?;
    let before = match &test.before {
        Some(node) => Some(Arc::new(example_job(Some(node), extras, out)?)),
        None => None,
    };
    let facts = RuleFacts {
        before,
        ..example_facts(test)
    };
    let mut tried = TriedTest::new(TestKind::Rule, name, &test.place);
    let expected = if test.expect == ExpectedVerdict::Fail {
        "fail"
    } else {
        "pass"
    };
    if let Some((is_when, error)) = rule.trouble(sandbox, &job, &facts) {
        let script = if is_when {
            spec.when.as_ref()
        } else {
            spec.assert.get()
        };
        let place = script.map_or_else(
            || test.place.clone(),
            |script| script.place_at(error.line, error.column),
        );
        let help = match error.message.contains("a date and an integer") {
            true => "write a duration as `days(30)` or `months(6)`",
            false => "correct the rule or the example",
        };
        let mut told =
            Diagnostic::error("rule-test", format!("cannot evaluate this: {error}")).at(&place);
        told.related(&test.place, "in this example").help(help);
        tried.fail(told, expected, format!("cannot be evaluated: {error}"));
        return Some(tried);
    }
    let verdict = rule.judge(sandbox, &job, &facts);
    let (fails, said) = match &verdict {
        RuleVerdict::Fail(problem) => (true, format!("fails: {}", problem.message)),
        RuleVerdict::Pass => (false, "passes".to_owned()),
        RuleVerdict::Silent => (false, "does not apply, which counts as a pass".to_owned()),
    };
    tried
        .touched
        .extend(touched(rule, name, &verdict, sandbox, &job, &facts));
    if fails != (test.expect == ExpectedVerdict::Fail) {
        let message = format!(
            "the example of rule `{}` should {expected}, but it {said}",
            rule.id
        );
        let mut told = Diagnostic::error("rule-test", message).at(&test.place);
        told.help("correct the rule or the example");
        tried.fail(told, expected, said);
    }
    Some(tried)
}

/// What an example touches of its rule.
fn touched(
    rule: &CompiledRule,
    name: &str,
    verdict: &RuleVerdict,
    sandbox: &ScriptSandbox,
    job: &Job,
    facts: &RuleFacts,
) -> Vec<TestPoint> {
    let holds = match verdict {
        RuleVerdict::Pass => Some(true),
        RuleVerdict::Fail(_) => Some(false),
        RuleVerdict::Silent => None,
    };
    let branch = rule
        .when
        .as_ref()
        .and_then(|_| rule.applies_to(sandbox, job, facts));
    let holds = holds.map(|holds| TestPoint::Verdict(name.to_owned(), holds));
    holds
        .into_iter()
        .chain(branch.map(|applies| TestPoint::Branch(name.to_owned(), applies)))
        .collect()
}

fn example_job(fields: Option<&Node>, extras: &RuleExtras, out: &mut Diagnostics) -> Option<Job> {
    let mut job = Job::default();
    let mut good = true;
    if let Some(node) = fields.filter(|node| node.to_json().is_array() || node.text().is_some()) {
        out.error(
            node.place(),
            "wrong-type",
            format!("expected the fields of a job, found {}", node.described()),
        )
        .help("write for example `{ title: Nurse, close_date: 2026-12-31 }`");
        return None;
    }
    for entry in fields.into_iter().flat_map(Node::entries) {
        let (name, json) = (entry.key_text(), entry.value.to_json());
        good &= check_field(&name, entry.key.place(), extras, out);
        let field = Field::named(&name);
        let is_date = extras.kinds.get(&name) == Some(&TypeSet::of_field(FieldKind::Date));
        let value = example_value(field, is_date, &json);
        if let FieldValue::Invalid(invalid) = &value {
            out.error(
                entry.value.place(),
                "rule-test",
                format!("the field `{name}` {}", invalid.why),
            )
            .help("write dates as `2026-12-31`, lists as `[a, b]`");
            good = false;
        }
        match field {
            Some(field) => job.set(field, value),
            None => job.extra.push((name, value)),
        }
    }
    good.then_some(job)
}

/// A custom field takes the type that the YAML suggests, in which a date is text: it is a date if
/// every source says so.
fn example_value(field: Option<Field>, is_date: bool, json: &serde_json::Value) -> FieldValue {
    use serde_json::Value as Json;
    let to = match (field, json) {
        (Some(field), _) => ConversionKind::plain(field.kind()),
        (None, Json::Number(_)) => ConversionKind::Number,
        (None, Json::Bool(_)) => ConversionKind::Boolean,
        (None, Json::Array(_)) => ConversionKind::List,
        (None, Json::Object(_)) => ConversionKind::Json,
        (None, Json::String(_)) if is_date => ConversionKind::Date,
        (None, _) => ConversionKind::Text,
    };
    ValueConversion {
        to,
        dates: DateReader {
            formats: Vec::new(),
            setting: DateSetting::of(chrono_tz::UTC),
        },
        split: None,
        join: None,
    }
    .apply(&[json])
}

fn example_facts(test: &RuleTest) -> RuleFacts {
    let relation = |test: &Option<RelationTest>| {
        test.as_ref()
            .map(|test| NamedRelation {
                name: Some(test.name.clone()),
                known: test.known,
            })
            .unwrap_or_default()
    };
    RuleFacts {
        source: test.source.clone().unwrap_or_default(),
        institution: test.institution.clone().unwrap_or_default(),
        before: None,
        company: relation(&test.company),
        division: relation(&test.division),
        role: test.role.as_ref().map(RoleTest::decided),
        capabilities: match &test.capabilities {
            Some(ids) => FieldValue::List(ids.clone()),
            None => FieldValue::Absent,
        },
        today: test.today.map(|day| day.0).unwrap_or_default(),
    }
}
