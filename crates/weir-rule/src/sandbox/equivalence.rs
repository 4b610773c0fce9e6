//! Native evaluation means what Rhai makes of the same text: random scripts over random ads with
//! absent and odd values. Where it answers, the interpreter must give the very same; where it does
//! not, nothing is claimed, for then the interpreter is asked.

#![allow(clippy::disallowed_macros, reason = "a test prints as it likes")]

use super::InterpretedValue;
use super::random_scripts::{COMPARISONS, facts, jobs, scripts};
use crate::ad_input::VARIABLES;
use crate::functions::NATIVE_FUNCTIONS;
use crate::library::{ScriptDate, ScriptSpan};
use crate::satisfiability::{FormulaContext, is_impossible};
use crate::types::TypeEnv;
use crate::value::NativeValue;
use crate::{
    AdView, CompiledScript, NamedList, RuleFacts, RuleParameter, ScriptBindings, ScriptError,
    ScriptSandbox,
};
use proptest::prelude::*;
use rhai::Dynamic;
use serde_json::json;
use std::cell::Cell;
use std::sync::{Arc, LazyLock};
use weir_model::{Field, FieldValue, Job, problem::InvalidValue};

static SANDBOX: LazyLock<ScriptSandbox> = LazyLock::new(ScriptSandbox::new);

/// What every script here may read beside the ad.
static GIVEN: LazyLock<ScriptBindings> = LazyLock::new(|| {
    let parameters = [
        ("p_days", RuleParameter::Number(20.into())),
        (
            "p_share",
            RuleParameter::Number(serde_json::Number::from_f64(0.5).unwrap()),
        ),
        ("p_on", RuleParameter::Boolean(true)),
        (
            "p_date",
            RuleParameter::Date(ScriptDate("2026-06-30".parse().unwrap())),
        ),
        (
            "p_span",
            RuleParameter::Span(ScriptSpan::parse("6 months").unwrap()),
        ),
        (
            "p_words",
            RuleParameter::List(vec!["nurse".into(), "Äpfel".into()]),
        ),
        ("p_text", RuleParameter::Text("Nurse".into())),
    ];
    let grades = NamedList::new([
        ("VPSG5".to_owned(), Some("Officer".to_owned())),
        ("Talent Pool".to_owned(), None),
    ]);
    ScriptBindings {
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        lists: [("grades".to_owned(), Arc::new(grades))].into(),
    }
});

fn compiled(text: &str) -> CompiledScript {
    let variables: Vec<&str> = VARIABLES
        .into_iter()
        .chain(GIVEN.parameters.keys().map(String::as_str))
        .collect();
    CompiledScript::compile(&SANDBOX, text, &variables)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .with(&GIVEN)
}

/// The native value; nothing if not all of the script is native.
fn native(
    script: &CompiledScript,
    job: &Job,
    facts: &RuleFacts,
) -> Option<Result<ComparableValue, ()>> {
    let tree = script.native()?;
    Some(
        tree.evaluate(AdView { job, facts })
            .map(ComparableValue::of)
            .map_err(|_| ()),
    )
}

fn interpreted(
    script: &CompiledScript,
    job: &Job,
    facts: &RuleFacts,
) -> Result<ComparableValue, ScriptError> {
    script
        .interpret(&SANDBOX, &AdView { job, facts })
        .map(|value| ComparableValue::of_rhai(&value))
}

/// A value that can be compared, whoever gave it.
#[derive(Debug, PartialEq)]
enum ComparableValue {
    Nothing,
    Truth(bool),
    Whole(i64),
    /// By its bits.
    Fraction(u64),
    Text(String),
    Date(ScriptDate),
    Texts(Vec<String>),
    Other,
}

impl ComparableValue {
    fn of(value: NativeValue<'_>) -> ComparableValue {
        match value {
            NativeValue::Unit => ComparableValue::Nothing,
            NativeValue::Bool(truth) => ComparableValue::Truth(truth),
            NativeValue::Int(number) => ComparableValue::Whole(number),
            NativeValue::Float(number) => ComparableValue::Fraction(number.to_bits()),
            NativeValue::Text(text) => ComparableValue::Text(text.into_owned()),
            NativeValue::Date(date) => ComparableValue::Date(date),
            NativeValue::Texts(items) => ComparableValue::Texts(items.to_vec()),
            NativeValue::Span(_) | NativeValue::List(_) => ComparableValue::Other,
        }
    }

    fn of_rhai(InterpretedValue(value): &InterpretedValue) -> ComparableValue {
        if let Some(date) = value.clone().try_cast::<ScriptDate>() {
            return ComparableValue::Date(date);
        }
        let texts = |items: rhai::Array| {
            items
                .into_iter()
                .map(Dynamic::into_string)
                .collect::<Result<Vec<_>, _>>()
                .map_or(ComparableValue::Other, ComparableValue::Texts)
        };
        match value.type_name() {
            "()" => ComparableValue::Nothing,
            "bool" => ComparableValue::Truth(value.as_bool().unwrap()),
            "i64" => ComparableValue::Whole(value.as_int().unwrap()),
            "f64" => ComparableValue::Fraction(value.as_float().unwrap().to_bits()),
            "string" => ComparableValue::Text(value.clone().into_string().unwrap()),
            "array" => texts(value.clone().cast()),
            _ => ComparableValue::Other,
        }
    }
}

/// Rhai reports what is wrong with `job.locations.len()` at its first dot; where `job.locations` is
/// a variable, at the dot behind that. Here it is reported at the beginning.
fn from_the_beginning(text: &str, error: ScriptError) -> ScriptError {
    let line: Vec<char> = text
        .lines()
        .nth(error.line - 1)
        .unwrap_or_default()
        .chars()
        .collect();
    let is_dot = line.get(error.column - 1) == Some(&'.');
    let before = line
        .iter()
        .take(error.column - 1)
        .rev()
        .take_while(|letter| letter.is_alphabetic() || matches!(letter, '.' | '_'))
        .count();
    ScriptError {
        column: if is_dot {
            error.column - before
        } else {
            error.column
        },
        ..error
    }
}

/// Compares both, and checks that what is called impossible does not happen. Returns whether Rhai
/// gave a value, and whether native evaluation did.
fn held(text: &str, job: &Job, facts: &RuleFacts) -> Result<(bool, bool), TestCaseError> {
    let script = compiled(text);
    let expected = interpreted(&script, job, facts);
    let alone = script
        .by_rhai_alone(&SANDBOX, &AdView { job, facts })
        .map(|value| ComparableValue::of_rhai(&value))
        .map_err(|error| from_the_beginning(text, error));
    let expected = expected.map_err(|error| from_the_beginning(text, error));
    prop_assert!(
        alone == expected,
        "{text}\nRhai alone: {alone:?}\nhere: {expected:?}\n{job:?}\n{facts:?}"
    );
    let types = TypeEnv::default();
    let context = FormulaContext {
        types: &types,
        functions: SANDBOX.functions(),
        absence: true,
    };
    for truth in [true, false]
        .into_iter()
        .filter(|truth| expected == Ok(ComparableValue::Truth(*truth)))
    {
        prop_assert!(
            !is_impossible(&[(&script, truth)], context),
            "{text} is said never to be {truth}\n{job:?}\n{facts:?}"
        );
    }
    let Some(Ok(found)) = native(&script, job, facts) else {
        return Ok((expected.is_ok(), false));
    };
    prop_assert!(
        expected.as_ref() == Ok(&found),
        "{text}\nnative: {found:?}\nRhai: {expected:?}\n{job:?}\n{facts:?}"
    );
    Ok((true, true))
}

/// Whether Rhai can read it at all: a choice cannot stand inside an operator without brackets.
fn is_script(text: &str) -> bool {
    let variables: Vec<&str> = VARIABLES
        .into_iter()
        .chain(GIVEN.parameters.keys().map(String::as_str))
        .collect();
    CompiledScript::compile(&SANDBOX, text, &variables).is_ok()
}

/// Random scripts take more stack to make and to make smaller than a thread of the tests has.
fn on_a_large_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(64 * 1024 * 1024)
        .spawn(work)
        .unwrap();
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// `PROPTEST_CASES` asks for more than the usual number, `PROPTEST_RNG_SEED` for others.
#[test]
fn native_evaluation_means_what_rhai_means() {
    on_a_large_stack(|| {
        let usual = ProptestConfig::default();
        let cases = usual.cases.max(4_000);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases,
            failure_persistence: None,
            ..usual
        });
        let (valued, answered) = (Cell::new(0_u32), Cell::new(0_u32));
        let outcome = runner.run(&(scripts(), jobs(), facts()), |(text, job, facts)| {
            if is_script(&text) {
                let (by_rhai, is_native) = held(&text, &job, &facts)?;
                valued.set(valued.get() + u32::from(by_rhai));
                answered.set(answered.get() + u32::from(is_native));
            }
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
        let (valued, answered) = (valued.get(), answered.get());
        println!(
            "of {cases} scripts Rhai gave a value for {valued}, native evaluation for {answered}"
        );
        assert!(
            valued > cases / 3 && answered > valued / 2,
            "native evaluation answered {answered} of {valued}: the property says little"
        );
    });
}

/// A script for each native function; it must be native, and answer.
const EACH: [(&str, &str); 37] = [
    ("len", "job.title.len() == 5"),
    ("is_empty", "!job.title.is_empty()"),
    ("contains", "job.title.contains(\"urs\")"),
    ("starts_with", "job.title.starts_with(\"N\")"),
    ("ends_with", "job.title.ends_with(\"e\")"),
    ("to_lower", "job.title.to_lower() == \"nurse\""),
    ("to_upper", "job.title.to_upper() == \"NURSE\""),
    ("date", "job.open_date == date(\"2026-01-31\")"),
    ("days", "job.open_date + days(1) == date(\"2026-02-01\")"),
    (
        "months",
        "job.open_date + months(1) == date(\"2026-02-28\")",
    ),
    ("years", "job.open_date - years(1) == date(\"2025-01-31\")"),
    ("year", "year(job.open_date) == 2026"),
    ("month", "job.open_date.month() == 1"),
    ("day", "day(job.open_date) == 31"),
    ("weekday", "weekday(job.open_date) == 6"),
    (
        "domain_of",
        "domain_of(job.source_url) == \"www.seek.com.au\"",
    ),
    ("is_url", "is_url(job.source_url)"),
    ("on_domain", "on_domain(job.source_url, \"seek.com.au\")"),
    ("is_blank", "!is_blank(job.title)"),
    ("word_count", "word_count(job.title) == 1"),
    ("count", "count(job.title, \"u\") == 1"),
    ("is_upper", "!is_upper(job.title)"),
    ("has_digits", "has_digits(job.source_url)"),
    ("contains_all", "contains_all(job.title, [\"NUR\", \"se\"])"),
    (
        "contains_any",
        "contains_any(job.title, [\"x\", \"NURSE\"])",
    ),
    ("one_of", "one_of(job.title, [\"NURSE\"])"),
    ("mentions", "!mentions(job.title, lists.grades)"),
    ("look_up", "look_up(lists.grades, \"vpsg5\") == \"Officer\""),
    ("amount", "amount(\"$20 pa\") == job.positions"),
    ("min", "min(job.positions, 3) == 3"),
    ("max", "max(job.positions, 3) == 20"),
    ("abs", "abs(job.positions - 30) == 10"),
    ("to_string", "job.open_date.to_string() == \"2026-01-31\""),
    ("matches", "matches(job.title, \"^N\")"),
    (
        "in",
        "job.positions in 1..=500 && job.title in [\"Nurse\"] && \"Perth\" in job.locations",
    ),
    ("??", "(job.nowhere ?? \"x\") == \"x\""),
    (
        "if",
        "if job.positions > 3 { job.close_date == () } else { false }",
    ),
];

#[test]
fn every_native_function_answers_as_the_interpreter_does() {
    let mut job = Job::default();
    job.set(Field::Title, FieldValue::text("Nurse"));
    job.set(
        Field::SourceUrl,
        FieldValue::text("https://www.seek.com.au/job/1"),
    );
    job.set(
        Field::OpenDate,
        FieldValue::Date("2026-01-31".parse().unwrap()),
    );
    job.set(Field::Locations, FieldValue::List(vec!["Perth".into()]));
    job.extra = vec![("positions".into(), FieldValue::Number(20.into()))];
    let facts = RuleFacts::default();
    for (name, text) in EACH {
        let script = compiled(text);
        assert_eq!(
            native(&script, &job, &facts),
            Some(Ok(ComparableValue::Truth(true))),
            "{name}: {text}"
        );
        assert_eq!(
            interpreted(&script, &job, &facts),
            Ok(ComparableValue::Truth(true)),
            "{name}: {text}"
        );
    }
    let missing: Vec<&str> = NATIVE_FUNCTIONS
        .iter()
        .map(|(name, ..)| *name)
        .filter(|name| !EACH.iter().any(|(each, _)| each == name))
        .collect();
    assert!(missing.is_empty(), "no script for {missing:?}");
}

/// A value of each kind, the odd ones among them, read from the ad or written.
const VALUES: [&str; 26] = [
    "job.title",
    "job.source_url",
    "job.open_date",
    "job.close_date",
    "job.locations",
    "job.recruiter",
    "job.department",
    "job.whole",
    "job.least",
    "job.most",
    "job.half",
    "job.sum",
    "job.zero",
    "job.yes",
    "today",
    "p_span",
    "p_words",
    "lists.grades",
    "()",
    "false",
    "20",
    "0.5",
    "0.3",
    "0",
    "\"nurse\"",
    "[\"Perth\", \"x\"]",
];

fn job_of_all_kinds() -> Job {
    let number = |number: serde_json::Value| {
        serde_json::from_value(number)
            .map(FieldValue::Number)
            .unwrap()
    };
    let mut job = Job::default();
    job.set(Field::Title, FieldValue::text("Nurse"));
    job.set(
        Field::SourceUrl,
        FieldValue::text("https://www.seek.com.au/job/1"),
    );
    job.set(
        Field::OpenDate,
        FieldValue::Date("2026-01-31".parse().unwrap()),
    );
    job.set(
        Field::CloseDate,
        FieldValue::Invalid(Box::new(InvalidValue {
            kind: "invalid_date",
            found: json!("soon"),
            why: String::new(),
        })),
    );
    job.set(
        Field::Locations,
        FieldValue::List(vec!["Perth".into(), "nurse".into()]),
    );
    job.set(
        Field::Recruiter,
        FieldValue::Json(json!({ "email": "a@b.example" })),
    );
    let numbers = [
        ("whole", json!(20)),
        ("least", json!(i64::MIN)),
        ("most", json!(u64::MAX)),
        ("half", json!(0.5)),
        ("sum", json!(0.1 + 0.2)),
        ("zero", json!(-0.0)),
    ];
    job.extra = numbers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), number(value)))
        .chain([("yes".to_owned(), FieldValue::Bool(true))])
        .collect();
    job
}

/// Every operator between every two kinds of values, and every function of them.
fn all_of_two() -> Vec<String> {
    let operators = COMPARISONS
        .into_iter()
        .chain(["+", "-", "*", "in", "??", "&&", "||"]);
    let mut all: Vec<String> = operators
        .flat_map(|sign| {
            VALUES
                .iter()
                .flat_map(move |x| VALUES.map(|y| format!("{x} {sign} {y}")))
        })
        .collect();
    for (name, count, _) in NATIVE_FUNCTIONS {
        all.extend(VALUES.iter().flat_map(|x| match count {
            1 => vec![format!("{name}({x})"), format!("({x}).{name}()")],
            _ => VALUES.iter().map(|y| format!("{name}({x}, {y})")).collect(),
        }));
    }
    all
}

#[test]
fn every_operator_and_function_means_of_every_two_kinds_what_rhai_means() {
    let (job, facts) = (
        job_of_all_kinds(),
        RuleFacts {
            today: "2026-06-30".parse().unwrap(),
            ..RuleFacts::default()
        },
    );
    let all: Vec<String> = all_of_two()
        .into_iter()
        .filter(|text| is_script(text))
        .collect();
    let answered = std::thread::scope(|scope| {
        let halves = all.chunks(all.len().div_ceil(2)).map(|half| {
            scope.spawn(|| {
                half.iter()
                    .filter(|text| {
                        held(text, &job, &facts)
                            .unwrap_or_else(|error| panic!("{error}"))
                            .1
                    })
                    .count()
            })
        });
        halves
            .collect::<Vec<_>>()
            .into_iter()
            .map(|half| half.join().unwrap())
            .sum::<usize>()
    });
    assert!(
        all.len() > 10_000 && answered > 2_000,
        "only {answered} of {} were answered: the property says little",
        all.len()
    );
}

#[test]
fn what_is_not_recognised_stays_with_the_interpreter() {
    let others = [
        "let x = job.title; x == \"a\"",
        "job.locations[0] == \"x\"",
        "switch job.title { \"a\" => true, _ => false }",
        "job.recruiter?.email == ()",
        "job.title.trim(); true",
        "job.positions / 2 == 1",
        "`${job.title}` == \"a\"",
        "job.title[0] == 'N'",
        "job.title.split(\",\").len() == 1",
        "matches(job.title, source)",
        "-job.positions < 0",
    ];
    for text in others
        .into_iter()
        .filter(|text| *text != "matches(job.title, source)")
    {
        assert!(compiled(text).native().is_none(), "{text}");
    }
}

#[test]
fn what_rhai_refuses_is_not_answered() {
    let mut job = Job::default();
    job.extra = vec![("positions".into(), FieldValue::Number(i64::MAX.into()))];
    for text in [
        "job.positions + 1 > 0",
        "job.positions && job.remote",
        "!job.positions",
        "today + months(99999999) > today",
        "date(\"soon\") < today",
        "job.title.len() > 3",
    ] {
        let script = compiled(text);
        assert_eq!(
            native(&script, &job, &RuleFacts::default()),
            Some(Err(())),
            "{text}"
        );
        assert!(
            interpreted(&script, &job, &RuleFacts::default()).is_err(),
            "{text}"
        );
    }
}
