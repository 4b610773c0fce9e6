//! `alerts/*.yaml` compiled: conditions with their types, messages, and the examples that each
//! alert brings along, tried. Pure, as all of the plan: figures are handed in.

use super::figures::FigureValues;
use super::tried::{TestKind, TriedTest};
use crate::config::ParsedFile;
use crate::config::alerts::{AlertExpectation, AlertFileSpec, AlertScope, AlertSpec, AlertTest};
use chrono::TimeDelta;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use weir_model::{Job, ProblemSeverity};
use weir_rule::sandbox::scope::{VariableValue, VariableValues};
use weir_rule::types::TypeSet;
use weir_rule::{
    CompiledScript, RuleFacts, RuleMessage, RuleParameter, ScriptBindings, ScriptSandbox,
    compile_script, typecheck,
};
use weir_source::door::ReadWindow;
use weir_yaml::diagnostic::{Diagnostic, Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::{Located, Parsed, Text};

/// An alert, compiled.
#[derive(Debug, Clone)]
pub struct AlertRule {
    /// Its full name: `operations/source-stale`.
    pub name: String,
    /// What it looks at.
    pub over: AlertScope,
    /// The condition.
    when: CompiledScript,
    /// How long the condition must hold before it fires.
    pub hold: TimeDelta,
    /// How long the condition must be over before it is resolved.
    pub keep: TimeDelta,
    /// `error` or `warn`.
    pub severity: ProblemSeverity,
    /// Notices of one group are one message.
    pub group: String,
    /// The channels that are notified; all if none is named.
    pub to: Vec<String>,
    /// Who is told, too, while nobody looks after it.
    pub escalation: Option<AlertEscalation>,
    /// Hours in which nothing is sent.
    pub quiet: Option<ReadWindow>,
    text: RuleMessage,
}

/// Who is told, too, once an alert has fired for long enough and nobody looks after it.
#[derive(Debug, Clone)]
pub struct AlertEscalation {
    /// How long it has fired then.
    pub after: TimeDelta,
    /// The channels that are told then.
    pub to: Vec<String>,
}

/// What an alert says of what it looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertVerdict {
    /// Whether its condition holds; `None` if a figure is missing or it cannot be evaluated.
    pub holds: Option<bool>,
    /// Its message, or why the condition could not be evaluated.
    pub message: String,
}

/// What an alert is about; empty where it is about all.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlertSubject {
    /// The institution.
    pub institution: String,
    /// The source.
    pub source: String,
}

/// A condition reads figures alone, which are bound to it.
struct NoVariables;

impl VariableValues for NoVariables {
    fn value(&self, _: &str, _: &str) -> Option<VariableValue> {
        None
    }
}

impl AlertRule {
    /// The condition as it is written.
    pub fn condition(&self) -> &str {
        self.when.text()
    }

    /// Whether it escalates after as long as an example says that it has lasted.
    fn escalates(&self, test: &AlertTest) -> bool {
        let lasts = test.lasts.as_ref().map(|lasts| lasts.0.0);
        let after = self.escalation.as_ref().map(|escalation| escalation.after);
        lasts
            .zip(after)
            .is_some_and(|(lasts, after)| lasts >= after)
    }

    /// Whether the condition reads a figure.
    pub fn reads(&self, figure: &str) -> bool {
        self.when.reads.touches(figure)
    }

    /// Judges figures.
    pub fn judge(
        &self,
        sandbox: &ScriptSandbox,
        subject: &AlertSubject,
        figures: &FigureValues,
    ) -> AlertVerdict {
        let bindings = ScriptBindings {
            parameters: figures.0.clone(),
            lists: BTreeMap::new(),
        };
        let is_missing =
            |name: &&str| self.when.reads.touches(name) && !figures.0.contains_key(*name);
        let mut known = self.over.figures().iter().map(|figure| figure.name);
        if let Some(missing) = known.find(|name| is_missing(name)) {
            return AlertVerdict {
                holds: None,
                message: format!("`{missing}` is not known"),
            };
        }
        let found = self.when.clone().with(&bindings);
        let truth = found
            .interpret(sandbox, &NoVariables)
            .and_then(|value| value.truth());
        match truth {
            Ok(holds) => AlertVerdict {
                holds: Some(holds),
                message: self.message(subject, &bindings),
            },
            Err(error) => AlertVerdict {
                holds: None,
                message: format!("the condition cannot be evaluated: {error}"),
            },
        }
    }

    fn message(&self, subject: &AlertSubject, figures: &ScriptBindings) -> String {
        let facts = RuleFacts {
            source: subject.source.clone(),
            institution: subject.institution.clone(),
            ..RuleFacts::default()
        };
        self.text.fill(&Job::default(), &facts, figures, &|| None)
    }
}

/// Compiles all files; problems go to `out`. Gives the alerts, and their examples, tried.
pub fn compile(
    files: &[ParsedFile<AlertFileSpec>],
    channels: &[&str],
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> (Vec<Arc<AlertRule>>, Vec<TriedTest>) {
    let (mut alerts, mut tried) = (Vec::new(), Vec::new());
    for file in files {
        let specs = file.spec.iter().filter_map(|spec| spec.alerts.get());
        let mut first: HashMap<&str, &Place> = HashMap::new();
        for spec in specs.flatten() {
            if let Some(id) = spec.id.get()
                && let Some(earlier) = first.insert(id, &id.place)
            {
                let message = format!("the alert `{id}` is defined twice in this file");
                out.error(&id.place, "duplicate-alert", message)
                    .related(earlier, "first defined here")
                    .help("rename one of them");
            }
            check_channels(spec, channels, out);
            check_escalation(spec, channels, out);
            if let Some(alert) = compile_one(spec, &file.stem, sandbox, out) {
                let tests = spec.tests.iter();
                tried.extend(tests.filter_map(|test| try_one(&alert, test, sandbox, out)));
                alerts.push(Arc::new(alert));
            }
        }
    }
    (alerts, tried)
}

fn check_channels(spec: &AlertSpec, channels: &[&str], out: &mut Diagnostics) {
    for name in spec.to.iter().flat_map(|to| &to.0) {
        super::channels::check_name(name, channels, out);
    }
}

/// Whoever is told later must not have been told at once.
fn check_escalation(spec: &AlertSpec, channels: &[&str], out: &mut Diagnostics) {
    let escalation = spec.escalate.as_ref();
    let later = escalation.and_then(|escalation| escalation.to.get());
    for name in later.iter().flat_map(|to| &to.0) {
        super::channels::check_name(name, channels, out);
        let why = match &spec.to {
            None => "all channels are told at once",
            Some(first) if first.0.iter().any(|one| one.value == name.value) => {
                "it is told at once already"
            }
            Some(_) => continue,
        };
        let message = format!("nothing escalates to `{name}`: {why}");
        out.error(&name.place, "no-escalation", message)
            .help("name in `to` those who are told at once, and others here");
    }
}

fn compile_escalation(spec: &AlertSpec) -> Option<AlertEscalation> {
    let spec = spec.escalate.as_ref()?;
    let to = spec.to.get()?.0.iter();
    Some(AlertEscalation {
        after: spec.after.get()?.0.0,
        to: to.map(|name| name.value.clone()).collect(),
    })
}

fn compile_one(
    spec: &AlertSpec,
    file: &str,
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> Option<AlertRule> {
    let over = *spec.over.get()?;
    let when = spec
        .when
        .get()
        .and_then(|when| compile_condition(when, over, sandbox, out));
    let text = spec
        .text
        .get()
        .and_then(|text| compile_message(text, over, out));
    let span = |written: &Option<Parsed<weir_model::span::Span>>| {
        written.as_ref().map_or(TimeDelta::zero(), |span| span.0.0)
    };
    Some(AlertRule {
        name: format!("{file}/{}", spec.id.get()?.value),
        over,
        when: when?,
        hold: span(&spec.hold),
        keep: span(&spec.keep),
        severity: spec.severity,
        group: spec
            .group
            .as_ref()
            .map_or_else(|| file.to_owned(), |group| group.value.clone()),
        to: spec
            .to
            .iter()
            .flat_map(|to| &to.0)
            .map(|name| name.value.clone())
            .collect(),
        escalation: compile_escalation(spec),
        quiet: spec.quiet.as_ref().map(|quiet| quiet.0),
        text: text?,
    })
}

fn compile_condition(
    text: &Text,
    over: AlertScope,
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> Option<CompiledScript> {
    let names: Vec<&str> = over.figures().iter().map(|figure| figure.name).collect();
    let script = compile_script(text, sandbox, &names, out)?;
    let mistakes = typecheck::mistakes(&script, &over.types(), sandbox.functions());
    for mistake in &mistakes {
        let place = text.name_at(mistake.line, mistake.column);
        out.error(&place, "meaningless-script", mistake.message.clone())
            .help(mistake.help.clone());
    }
    mistakes.is_empty().then_some(script)
}

fn compile_message(text: &Text, over: AlertScope, out: &mut Diagnostics) -> Option<RuleMessage> {
    let help = "use a figure such as `{hours_late}`; write a literal brace as `{{`";
    if text.trim().is_empty() {
        out.error(&text.place_at(1, 1), "empty-value", "the message is empty")
            .help("say what is wrong, and what to do");
        return None;
    }
    let message = match RuleMessage::parse(text) {
        Ok(message) => message,
        Err(bad) => {
            let place = text.place_at(1, bad.column);
            out.error(
                &place,
                "bad-message",
                format!("`{}` is not a value", bad.what),
            )
            .help(help);
            return None;
        }
    };
    let known: Vec<&str> = over
        .names()
        .iter()
        .copied()
        .chain(over.figures().iter().map(|figure| figure.name))
        .collect();
    let mut good = true;
    for (name, member) in message.names() {
        let full = member.map_or_else(|| name.to_owned(), |member| format!("{name}.{member}"));
        if known.contains(&full.as_str()) {
            continue;
        }
        good = false;
        let column = text
            .find(&full)
            .map_or(1, |at| text[..at].chars().count() + 1);
        let place = Place {
            length: full.chars().count(),
            ..text.place_at(1, column)
        };
        let near = did_you_mean(&full, known.iter().copied());
        let known = || format!("known here: {}", one_of(known.iter().copied()));
        out.error(
            &place,
            "unknown-field-reference",
            format!("a message cannot show `{full}`"),
        )
        .help(near.map_or_else(known, |near| format!("did you mean `{near}`?")));
    }
    good.then_some(message)
}

/// The figures of an example, of the types that they have.
fn example(over: AlertScope, test: &AlertTest, out: &mut Diagnostics) -> Option<FigureValues> {
    let (mut values, mut good) = (BTreeMap::new(), true);
    for (name, node) in &test.figures {
        let Some(figure) = over
            .figures()
            .iter()
            .find(|figure| figure.name == name.value)
        else {
            good = false;
            unknown_figure(over, name, out);
            continue;
        };
        match RuleParameter::parse(node) {
            Ok(value) if TypeSet::of_parameter(&value).meets(figure.types) => {
                values.insert(name.value.clone(), value);
            }
            _ => {
                good = false;
                let message = format!("expected {}, found {}", figure.types, node.described());
                out.error(node.place(), "wrong-type", message)
                    .help(format!("`{name}` is {}", figure.help));
            }
        }
    }
    good.then_some(FigureValues(values))
}

fn unknown_figure(over: AlertScope, name: &Located<String>, out: &mut Diagnostics) {
    let known = || over.figures().iter().map(|figure| figure.name);
    let near = did_you_mean(name, known());
    let message = format!("`over: {}` has no figure `{name}`", over.name());
    out.error(&name.place, "unknown-figure", message)
        .help(near.map_or_else(
            || format!("known here: {}", one_of(known())),
            |near| format!("did you mean `{near}`?"),
        ));
}

fn try_one(
    alert: &AlertRule,
    test: &Located<AlertTest>,
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> Option<TriedTest> {
    let figures = example(alert.over, test, out)?;
    let subject = AlertSubject {
        institution: "acme".to_owned(),
        source: "board".to_owned(),
    };
    let verdict = alert.judge(sandbox, &subject, &figures);
    let found = match verdict.holds {
        Some(true) if alert.escalates(test) => AlertExpectation::Escalate,
        Some(true) => AlertExpectation::Fire,
        Some(false) => AlertExpectation::Quiet,
        None => AlertExpectation::NoData,
    };
    let mut tried = TriedTest::new(TestKind::Alert, alert.name.as_str(), &test.place);
    if found != test.expect {
        let (expected, found) = (test.expect.wanted(), found.found());
        let message = format!(
            "the example of alert `{}` {found}, but should {expected}",
            alert.name
        );
        fail(
            &mut tried,
            message,
            &test.place,
            expected,
            found,
            &verdict.message,
        );
    }
    if let Some(says) = test
        .says
        .as_ref()
        .filter(|says| !verdict.message.contains(says.as_str()))
    {
        let message = format!("the message does not contain `{}`", says.as_str());
        let place = says.place();
        fail(
            &mut tried,
            message,
            place,
            says.as_str(),
            &verdict.message,
            &verdict.message,
        );
    }
    Some(tried)
}

fn fail(tried: &mut TriedTest, what: String, at: &Place, expected: &str, found: &str, said: &str) {
    let mut told = Diagnostic::error("alert-test", what).at(at);
    told.help(format!("correct the alert or the example; it says: {said}"));
    tried.fail(told, expected, found);
}

impl AlertExpectation {
    fn found(self) -> &'static str {
        match self {
            AlertExpectation::Fire => "fires",
            AlertExpectation::Escalate => "escalates",
            AlertExpectation::Quiet => "stays quiet",
            AlertExpectation::NoData => "has no data",
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            AlertExpectation::Fire => "fire",
            AlertExpectation::Escalate => "escalate",
            AlertExpectation::Quiet => "stay quiet",
            AlertExpectation::NoData => "have no data",
        }
    }
}
