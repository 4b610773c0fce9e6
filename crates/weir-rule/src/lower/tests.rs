//! Lowered scripts mean what Rhai makes of the same text: random scripts over random ads with absent and odd values. Where the tree answers, the
//! interpreter must give the very same; where it is stuck, nothing is claimed, for then the interpreter is asked.

#![allow(clippy::disallowed_macros, reason = "a test prints as it likes")]

use super::View;
use super::call::FUNCTIONS;
use super::value::Value;
use crate::certain::{self, Known};
use crate::kinds::Shapes;
use crate::library::Date;
use crate::scope::{Facts, Relation, VARIABLES};
use crate::{Given, List, Parameter, Sandbox, Script, ScriptError};
use proptest::prelude::*;
use rhai::Dynamic;
use serde_json::json;
use std::cell::Cell;
use std::sync::{Arc, LazyLock};
use weir_model::{Field, Job, Value as Held, problem::Invalid};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(Sandbox::new);

/// What every script here may read beside the ad.
static GIVEN: LazyLock<Given> = LazyLock::new(|| {
    let parameters = [
        ("p_days", Parameter::Number(20.into())),
        ("p_share", Parameter::Number(serde_json::Number::from_f64(0.5).unwrap())),
        ("p_on", Parameter::Boolean(true)),
        ("p_date", Parameter::Date(Date("2026-06-30".parse().unwrap()))),
        ("p_span", Parameter::Span(crate::library::Span::parse("6 months").unwrap())),
        ("p_words", Parameter::List(vec!["nurse".into(), "Äpfel".into()])),
        ("p_text", Parameter::Text("Nurse".into())),
    ];
    let grades = List::new([("VPSG5".to_owned(), Some("Officer".to_owned())), ("Talent Pool".to_owned(), None)]);
    Given { parameters: parameters.map(|(name, value)| (name.to_owned(), value)).into(), lists: [("grades".to_owned(), Arc::new(grades))].into() }
});

fn compiled(text: &str) -> Script {
    let variables: Vec<&str> = VARIABLES.into_iter().chain(GIVEN.parameters.keys().map(String::as_str)).collect();
    Script::compile(&SANDBOX, text, &variables).unwrap_or_else(|error| panic!("{text}: {error:?}")).with(&GIVEN)
}

/// What the tree says; nothing if it is not lowered or stuck.
fn lowered(script: &Script, job: &Job, facts: &Facts) -> Option<Result<Plain, ()>> {
    let tree = script.lowered.as_ref()?;
    Some(tree.evaluate(View { job, facts }).map(Plain::of).map_err(|_| ()))
}

fn interpreted(script: &Script, job: &Job, facts: &Facts) -> Result<Plain, ScriptError> {
    script.evaluate(&SANDBOX, &View { job, facts }).map(|value| Plain::of_rhai(&value))
}

/// A value that can be compared, whoever gave it.
#[derive(Debug, PartialEq)]
enum Plain {
    Nothing,
    Truth(bool),
    Whole(i64),
    /// By its bits.
    Fraction(u64),
    Text(String),
    Date(Date),
    Texts(Vec<String>),
    Other,
}

impl Plain {
    fn of(value: Value<'_>) -> Plain {
        match value {
            Value::Unit => Plain::Nothing,
            Value::Bool(truth) => Plain::Truth(truth),
            Value::Int(number) => Plain::Whole(number),
            Value::Float(number) => Plain::Fraction(number.to_bits()),
            Value::Text(text) => Plain::Text(text.into_owned()),
            Value::Date(date) => Plain::Date(date),
            Value::Texts(items) => Plain::Texts(items.to_vec()),
            Value::Span(_) | Value::List(_) => Plain::Other,
        }
    }

    fn of_rhai(value: &Dynamic) -> Plain {
        if let Some(date) = value.clone().try_cast::<Date>() {
            return Plain::Date(date);
        }
        let texts =
            |items: rhai::Array| items.into_iter().map(Dynamic::into_string).collect::<Result<Vec<_>, _>>().map_or(Plain::Other, Plain::Texts);
        match value.type_name() {
            "()" => Plain::Nothing,
            "bool" => Plain::Truth(value.as_bool().unwrap()),
            "i64" => Plain::Whole(value.as_int().unwrap()),
            "f64" => Plain::Fraction(value.as_float().unwrap().to_bits()),
            "string" => Plain::Text(value.clone().into_string().unwrap()),
            "array" => texts(value.clone().cast()),
            _ => Plain::Other,
        }
    }
}

/// Rhai tells what is wrong with `job.locations.len()` at its first dot; where `job.locations` is a variable, at the dot behind that. Here it is told at the beginning.
fn from_the_beginning(text: &str, error: ScriptError) -> ScriptError {
    let line: Vec<char> = text.lines().nth(error.line - 1).unwrap_or_default().chars().collect();
    let is_dot = line.get(error.column - 1) == Some(&'.');
    let before = line.iter().take(error.column - 1).rev().take_while(|letter| letter.is_alphabetic() || matches!(letter, '.' | '_')).count();
    ScriptError { column: if is_dot { error.column - before } else { error.column }, ..error }
}

/// Holds both to the same, and what is said to be impossible to its word; whether Rhai gave a value, and the tree likewise.
fn held(text: &str, job: &Job, facts: &Facts) -> Result<(bool, bool), TestCaseError> {
    let script = compiled(text);
    let expected = interpreted(&script, job, facts);
    let alone =
        script.by_rhai_alone(&SANDBOX, &View { job, facts }).map(|value| Plain::of_rhai(&value)).map_err(|error| from_the_beginning(text, error));
    let expected = expected.map_err(|error| from_the_beginning(text, error));
    prop_assert!(alone == expected, "{text}\nRhai alone: {alone:?}\nhere: {expected:?}\n{job:?}\n{facts:?}");
    let known = Known { shapes: &Shapes::default(), sandbox: &SANDBOX, absence: true };
    for truth in [true, false].into_iter().filter(|truth| expected == Ok(Plain::Truth(*truth))) {
        prop_assert!(!certain::is_impossible(&[(&script, truth)], known), "{text} is said never to be {truth}\n{job:?}\n{facts:?}");
    }
    let Some(Ok(found)) = lowered(&script, job, facts) else { return Ok((expected.is_ok(), false)) };
    prop_assert!(expected.as_ref() == Ok(&found), "{text}\nlowered: {found:?}\nRhai: {expected:?}\n{job:?}\n{facts:?}");
    Ok((true, true))
}

const ODD: [&str; 19] = [
    "Nurse",
    "nurse",
    "Senior NURSE (night)",
    "VPSG5",
    "vpsg5",
    "talent  pool",
    "Äpfel und Öl",
    "İstanbul K",
    "2026-06-30",
    "2026-13-01",
    "$86,439.50 pa",
    "https://www.Seek.com.au/job/1",
    "http://evilseek.com.au",
    "ftp://seek.com.au",
    "a\tb",
    "’s it's",
    "0",
    "x",
    "😀",
];

fn texts() -> impl Strategy<Value = String> + Clone {
    prop_oneof![4 => prop::sample::select(ODD.as_slice()).prop_map(str::to_owned), 1 => "[a-zA-Z0-9 ß.,'-]{1,12}"]
}

fn dates() -> impl Strategy<Value = String> + Clone {
    prop::sample::select(["2026-01-31", "2026-06-30", "2026-08-31", "2024-02-29", "2027-02-28", "0001-01-01", "9999-12-31"].as_slice())
        .prop_map(str::to_owned)
}

/// Few, so that some are equal, and some nearly.
fn fractions() -> impl Strategy<Value = f64> {
    prop_oneof![3 => prop::sample::select([0.5, 1.0, 20.0, 0.1 + 0.2, 0.3, -0.0].as_slice()), 1 => -2.0..2.0f64]
}

fn numbers() -> BoxedStrategy<String> {
    let usual = prop::sample::select(["0", "1", "3", "20", "0.5", "1.0", "20.0", "0.3", "9223372036854775807"].as_slice());
    prop_oneof![3 => usual.prop_map(str::to_owned), 1 => (-5..600i64).prop_map(|n| n.to_string())].boxed()
}

/// Values of a field: mostly what it ought to hold.
fn values(usual: BoxedStrategy<Held>) -> impl Strategy<Value = Held> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| json!(n)),
        (-3..600i64).prop_map(|n| json!(n)),
        Just(json!(u64::MAX)),
        prop::sample::select([0.5, -0.0, 1.0, 20.0, 1e300, 3.000_000_000_000_000_4].as_slice()).prop_map(|n| json!(n)),
    ];
    let odd = prop_oneof![
        number.prop_map(|n| if let serde_json::Value::Number(n) = n { Held::Number(n) } else { Held::Absent }),
        any::<bool>().prop_map(Held::Bool),
        Just(Held::Json(json!({ "email": "a@b.example" }))),
        Just(Held::Invalid(Box::new(Invalid { kind: "invalid_date", found: json!("soon"), why: String::new() }))),
        texts().prop_map(Held::Text),
        dates().prop_map(|date| Held::Date(date.parse().unwrap())),
        prop::collection::vec(texts(), 1..3).prop_map(Held::List),
    ];
    prop_oneof![6 => usual, 2 => Just(Held::Absent), 2 => odd]
}

prop_compose! {
    fn jobs()(
        title in values(texts().prop_map(Held::Text).boxed()),
        source_url in values(texts().prop_map(Held::Text).boxed()),
        open_date in values(dates().prop_map(|date| Held::Date(date.parse().unwrap())).boxed()),
        close_date in values(dates().prop_map(|date| Held::Date(date.parse().unwrap())).boxed()),
        locations in values(prop::collection::vec(texts(), 1..4).prop_map(Held::List).boxed()),
        recruiter in values(Just(Held::Json(json!({ "email": "a@b.example" }))).boxed()),
        positions in values(prop_oneof![2 => prop::sample::select([0, 1, 3, 20, 500].as_slice()), 1 => 0..600i64].prop_map(|n| Held::Number(n.into())).boxed()),
        share in values(fractions().prop_map(|n| Held::Number(serde_json::Number::from_f64(n).unwrap())).boxed()),
        remote in values(any::<bool>().prop_map(Held::Bool).boxed()),
    ) -> Job {
        let mut job = Job::default();
        job.set(Field::Title, title);
        job.set(Field::SourceUrl, source_url);
        job.set(Field::OpenDate, open_date);
        job.set(Field::CloseDate, close_date);
        job.set(Field::Locations, locations);
        job.set(Field::Recruiter, recruiter);
        job.extra = vec![("positions".into(), positions), ("share".into(), share), ("remote".into(), remote)];
        job
    }
}

prop_compose! {
    fn facts()(before in prop::option::of(jobs()), name in prop::option::of(texts()), known in any::<bool>(), source in texts(), today in dates()) -> Facts {
        let company = Relation { name: name.clone(), known };
        let division = Relation { name, known: !known };
        Facts { source, institution: "nsw-gov".into(), company, division, before: before.map(Arc::new), today: today.parse().unwrap() }
    }
}

/// Names of what a script may begin with.
const READS: [&str; 26] = [
    "job.title",
    "job.source_url",
    "job.open_date",
    "job.close_date",
    "job.locations",
    "job.recruiter",
    "job.positions",
    "job.share",
    "job.remote",
    "job.nowhere",
    "before.title",
    "before.close_date",
    "before.positions",
    "source",
    "institution",
    "today",
    "company.name",
    "company.known",
    "division.name",
    "division.known",
    "p_days",
    "p_share",
    "p_on",
    "p_date",
    "p_span",
    "p_text",
];

fn reads(all: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(all).prop_map(str::to_owned).boxed()
}

fn quoted(text: &str) -> String {
    format!("{text:?}").replace("\\'", "'").replace("\\u{", "\\U{").replace('`', "")
}

fn literals() -> BoxedStrategy<String> {
    prop_oneof![
        texts().prop_map(|text| quoted(&text.replace(['\\', '\t'], " "))),
        numbers(),
        prop::sample::select(["true", "false", "()", "[\"Nurse\", \"x\"]", "[]", "[1, 2]"].as_slice()).prop_map(str::to_owned),
    ]
    .boxed()
}

fn text_like(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![
        4 => reads(&["job.title", "job.source_url", "source", "institution", "company.name", "division.name", "before.title", "p_text"]),
        2 => texts().prop_map(|text| quoted(&text.replace(['\\', '\t'], " "))),
        1 => (prop::sample::select(["domain_of", "to_lower", "to_upper", "to_string"].as_slice()), inner.clone()).prop_map(|(name, x)| format!("{name}({x})")),
        1 => (inner.clone(), prop::sample::select(["to_lower", "to_upper", "domain_of"].as_slice())).prop_map(|(x, name)| format!("{x}.{name}()")),
        1 => (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} ?? {y})")),
        1 => (inner.clone(), inner).prop_map(|(x, y)| format!("({x} + {y})")),
    ]
    .boxed()
}

fn date_like(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![
        4 => reads(&["job.open_date", "job.close_date", "before.close_date", "today", "p_date"]),
        1 => dates().prop_map(|date| format!("date({date:?})")),
        2 => (reads(&["job.open_date", "today"]), prop::sample::select(["+", "-"].as_slice()), prop::sample::select(["days", "months", "years"].as_slice()), -9..200i64)
            .prop_map(|(x, sign, unit, n)| format!("({x} {sign} {unit}({n}))")),
        1 => reads(&["job.open_date", "today"]).prop_map(|x| format!("({x} + p_span)")),
        1 => inner.prop_map(|x| format!("date({x})")),
    ]
    .boxed()
}

fn number_like(text: BoxedStrategy<String>, date: BoxedStrategy<String>, inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![
        4 => reads(&["job.positions", "job.share", "before.positions", "p_days", "p_share", "job.locations.len()", "lists.grades.len()"]),
        3 => numbers(),
        2 => (text.clone(), prop::sample::select(["len", "word_count", "amount"].as_slice())).prop_map(|(x, name)| format!("{x}.{name}()")),
        1 => (text.clone(), text).prop_map(|(x, y)| format!("count({x}, {y})")),
        2 => (prop::sample::select(["year", "month", "day", "weekday"].as_slice()), date.clone()).prop_map(|(name, x)| format!("{name}({x})")),
        1 => (date.clone(), date).prop_map(|(x, y)| format!("({x} - {y})")),
        2 => (inner.clone(), prop::sample::select(["+", "-", "*"].as_slice()), inner.clone()).prop_map(|(x, sign, y)| format!("({x} {sign} {y})")),
        1 => (prop::sample::select(["min", "max"].as_slice()), inner.clone(), inner.clone()).prop_map(|(name, x, y)| format!("{name}({x}, {y})")),
        1 => inner.prop_map(|x| format!("abs({x})")),
    ]
    .boxed()
}

const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// Comparisons and questions.
fn question(
    any: &BoxedStrategy<String>,
    text: &BoxedStrategy<String>,
    date: &BoxedStrategy<String>,
    number: &BoxedStrategy<String>,
) -> BoxedStrategy<String> {
    let compare = |x: BoxedStrategy<String>, y: BoxedStrategy<String>| {
        (x, prop::sample::select(COMPARISONS.as_slice()), y).prop_map(|(x, sign, y)| format!("({x} {sign} {y})"))
    };
    let asked = prop::sample::select(["is_url", "is_blank", "is_upper", "has_digits", "is_empty"].as_slice());
    let with = prop::sample::select(["contains", "starts_with", "ends_with", "on_domain"].as_slice());
    let words = prop::sample::select(["[\"Nurse\", \"x\"]", "[\"ÄPFEL\", \"k\", \"seek.com.au\"]", "[]", "p_words", "[1, \"x\"]"].as_slice());
    let listed = prop::sample::select(["contains_any", "contains_all", "one_of"].as_slice());
    prop_oneof![
        3 => compare(date.clone(), date.clone()),
        2 => compare(number.clone(), number.clone()),
        2 => compare(reads(&["job.positions", "job.share", "p_share"]), numbers()),
        2 => compare(text.clone(), text.clone()),
        3 => compare(any.clone(), any.clone()),
        2 => compare(any.clone(), Just("()".to_owned()).boxed()),
        2 => (asked, text.clone()).prop_map(|(name, x)| format!("{name}({x})")),
        2 => (text.clone(), with, text.clone()).prop_map(|(x, name, y)| format!("{x}.{name}({y})")),
        1 => (text.clone(), prop::sample::select(["is_url", "is_blank", "is_upper", "has_digits", "is_empty"].as_slice()))
            .prop_map(|(x, name)| format!("{x}.to_lower().{name}()")),
        1 => (words.clone(), any.clone()).prop_map(|(list, x)| format!("{list}.contains({x})")),
        2 => (text.clone(), listed, words.clone()).prop_map(|(x, name, list)| format!("{name}({x}, {list})")),
        1 => (any.clone(), words).prop_map(|(x, list)| format!("({x} in {list})")),
        1 => (number.clone(), prop::sample::select(["1..=500", "0..20", "5..5"].as_slice())).prop_map(|(x, range)| format!("({x} in {range})")),
        1 => (text.clone(), text.clone()).prop_map(|(x, y)| format!("({x} in {y})")),
        1 => (any.clone(), prop::sample::select(["({} in lists.grades)", "mentions({}, lists.grades)", "one_of({}, lists.grades)", "({} in job.locations)"].as_slice()))
            .prop_map(|(x, form)| form.replace("{}", &x)),
        1 => any.clone().prop_map(|x| format!("(look_up(lists.grades, {x}) == \"Officer\")")),
        1 => (text.clone(), prop::sample::select(["^[A-Z]", "(?i)nurse", "\\\\d+"].as_slice())).prop_map(|(x, pattern)| format!("matches({x}, \"{pattern}\")")),
    ]
    .boxed()
}

/// Whole scripts, most of which give true or false.
fn scripts() -> BoxedStrategy<String> {
    let leaf = prop_oneof![3 => reads(&READS), 2 => literals()].boxed();
    let text = text_like(text_like(leaf.clone()));
    let date = date_like(text.clone());
    let number = number_like(text.clone(), date.clone(), number_like(text.clone(), date.clone(), leaf.clone()));
    let any = prop_oneof![3 => leaf, 1 => text.clone(), 1 => date.clone(), 1 => number.clone()].boxed();
    let asked =
        prop_oneof![12 => question(&any, &text, &date, &number), 1 => reads(&["job.remote", "company.known", "p_on", "true"]), 1 => any.clone()]
            .boxed();
    let joined = asked.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" && "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" || "))),
            inner.clone().prop_map(|x| format!("!{x}")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(x, y, z)| format!("if {x} {{ {y} }} else {{ {z} }}")),
            prop::collection::vec(inner, 5..6)
                .prop_map(|parts| format!("if {} {{ {} }} else if {} {{ {} }} else {{ {} }}", parts[0], parts[1], parts[2], parts[3], parts[4])),
        ]
    });
    let first = prop_oneof![
        2 => any.clone().prop_map(|value| format!("let found = {value}; ")),
        1 => text.prop_map(|value| format!("let found = {value}; found.make_lower(); found == job.title && ")),
        1 => Just("job.title.make_upper(); ".to_owned()),
        1 => Just("let job = #{ title: \"x\" }; job.title == \"x\" && ".to_owned()),
        1 => Just("job.title = \"x\"; ".to_owned()),
        1 => Just("/* job.title */ job . title == \"x\" || ".to_owned()),
        1 => Just("`${job.title} ${job.open_date}`.len() > 3 && ".to_owned()),
    ];
    let several = (first, joined.clone()).prop_map(|(first, rest)| format!("{first}{rest}"));
    prop_oneof![8 => joined, 1 => any, 2 => several].boxed()
}

/// Whether Rhai can read it at all: a choice cannot stand inside an operator without brackets.
fn is_script(text: &str) -> bool {
    let variables: Vec<&str> = VARIABLES.into_iter().chain(GIVEN.parameters.keys().map(String::as_str)).collect();
    Script::compile(&SANDBOX, text, &variables).is_ok()
}

/// Random scripts take more stack to make and to make smaller than a thread of the tests has.
fn on_a_large_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 * 1024 * 1024).spawn(work).unwrap();
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// More than the usual number are asked for with `PROPTEST_CASES`, others than the usual with `PROPTEST_RNG_SEED`.
#[test]
fn lowered_scripts_mean_what_rhai_means() {
    on_a_large_stack(|| {
        let usual = ProptestConfig::default();
        let cases = usual.cases.max(4_000);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..usual });
        let (valued, answered) = (Cell::new(0_u32), Cell::new(0_u32));
        let outcome = runner.run(&(scripts(), jobs(), facts()), |(text, job, facts)| {
            if is_script(&text) {
                let (by_rhai, by_tree) = held(&text, &job, &facts)?;
                valued.set(valued.get() + u32::from(by_rhai));
                answered.set(answered.get() + u32::from(by_tree));
            }
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
        let (valued, answered) = (valued.get(), answered.get());
        println!("of {cases} scripts Rhai gave a value for {valued}, the tree for {answered}");
        assert!(valued > cases / 3 && answered > valued / 2, "the tree answered {answered} of {valued}: the property says little");
    });
}

/// A script for each function that may be lowered; it must be lowered, and answer.
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
    ("months", "job.open_date + months(1) == date(\"2026-02-28\")"),
    ("years", "job.open_date - years(1) == date(\"2025-01-31\")"),
    ("year", "year(job.open_date) == 2026"),
    ("month", "job.open_date.month() == 1"),
    ("day", "day(job.open_date) == 31"),
    ("weekday", "weekday(job.open_date) == 6"),
    ("domain_of", "domain_of(job.source_url) == \"www.seek.com.au\""),
    ("is_url", "is_url(job.source_url)"),
    ("on_domain", "on_domain(job.source_url, \"seek.com.au\")"),
    ("is_blank", "!is_blank(job.title)"),
    ("word_count", "word_count(job.title) == 1"),
    ("count", "count(job.title, \"u\") == 1"),
    ("is_upper", "!is_upper(job.title)"),
    ("has_digits", "has_digits(job.source_url)"),
    ("contains_all", "contains_all(job.title, [\"NUR\", \"se\"])"),
    ("contains_any", "contains_any(job.title, [\"x\", \"NURSE\"])"),
    ("one_of", "one_of(job.title, [\"NURSE\"])"),
    ("mentions", "!mentions(job.title, lists.grades)"),
    ("look_up", "look_up(lists.grades, \"vpsg5\") == \"Officer\""),
    ("amount", "amount(\"$20 pa\") == job.positions"),
    ("min", "min(job.positions, 3) == 3"),
    ("max", "max(job.positions, 3) == 20"),
    ("abs", "abs(job.positions - 30) == 10"),
    ("to_string", "job.open_date.to_string() == \"2026-01-31\""),
    ("matches", "matches(job.title, \"^N\")"),
    ("in", "job.positions in 1..=500 && job.title in [\"Nurse\"] && \"Perth\" in job.locations"),
    ("??", "(job.nowhere ?? \"x\") == \"x\""),
    ("if", "if job.positions > 3 { job.close_date == () } else { false }"),
];

#[test]
fn every_function_that_is_lowered_answers_here_as_there() {
    let mut job = Job::default();
    job.set(Field::Title, Held::text("Nurse"));
    job.set(Field::SourceUrl, Held::text("https://www.seek.com.au/job/1"));
    job.set(Field::OpenDate, Held::Date("2026-01-31".parse().unwrap()));
    job.set(Field::Locations, Held::List(vec!["Perth".into()]));
    job.extra = vec![("positions".into(), Held::Number(20.into()))];
    let facts = Facts::default();
    for (name, text) in EACH {
        let script = compiled(text);
        assert_eq!(lowered(&script, &job, &facts), Some(Ok(Plain::Truth(true))), "{name}: {text}");
        assert_eq!(interpreted(&script, &job, &facts), Ok(Plain::Truth(true)), "{name}: {text}");
    }
    let missing: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).filter(|name| !EACH.iter().any(|(each, _)| each == name)).collect();
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
    let number = |number: serde_json::Value| serde_json::from_value(number).map(Held::Number).unwrap();
    let mut job = Job::default();
    job.set(Field::Title, Held::text("Nurse"));
    job.set(Field::SourceUrl, Held::text("https://www.seek.com.au/job/1"));
    job.set(Field::OpenDate, Held::Date("2026-01-31".parse().unwrap()));
    job.set(Field::CloseDate, Held::Invalid(Box::new(Invalid { kind: "invalid_date", found: json!("soon"), why: String::new() })));
    job.set(Field::Locations, Held::List(vec!["Perth".into(), "nurse".into()]));
    job.set(Field::Recruiter, Held::Json(json!({ "email": "a@b.example" })));
    let numbers = [
        ("whole", json!(20)),
        ("least", json!(i64::MIN)),
        ("most", json!(u64::MAX)),
        ("half", json!(0.5)),
        ("sum", json!(0.1 + 0.2)),
        ("zero", json!(-0.0)),
    ];
    job.extra = numbers.into_iter().map(|(name, value)| (name.to_owned(), number(value))).chain([("yes".to_owned(), Held::Bool(true))]).collect();
    job
}

/// Every operator between every two kinds of values, and every function of them.
fn all_of_two() -> Vec<String> {
    let operators = COMPARISONS.into_iter().chain(["+", "-", "*", "in", "??", "&&", "||"]);
    let mut all: Vec<String> = operators.flat_map(|sign| VALUES.iter().flat_map(move |x| VALUES.map(|y| format!("{x} {sign} {y}")))).collect();
    for (name, count, _) in FUNCTIONS {
        all.extend(VALUES.iter().flat_map(|x| match count {
            1 => vec![format!("{name}({x})"), format!("({x}).{name}()")],
            _ => VALUES.iter().map(|y| format!("{name}({x}, {y})")).collect(),
        }));
    }
    all
}

#[test]
fn every_operator_and_function_means_of_every_two_kinds_what_rhai_means() {
    let (job, facts) = (job_of_all_kinds(), Facts { today: "2026-06-30".parse().unwrap(), ..Facts::default() });
    let all: Vec<String> = all_of_two().into_iter().filter(|text| is_script(text)).collect();
    let answered = std::thread::scope(|scope| {
        let halves = all
            .chunks(all.len().div_ceil(2))
            .map(|half| scope.spawn(|| half.iter().filter(|text| held(text, &job, &facts).unwrap_or_else(|error| panic!("{error}")).1).count()));
        halves.collect::<Vec<_>>().into_iter().map(|half| half.join().unwrap()).sum::<usize>()
    });
    assert!(all.len() > 10_000 && answered > 2_000, "only {answered} of {} were answered: the property says little", all.len());
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
    for text in others.into_iter().filter(|text| *text != "matches(job.title, source)") {
        assert!(compiled(text).lowered.is_none(), "{text}");
    }
}

#[test]
fn what_rhai_refuses_is_not_answered() {
    let mut job = Job::default();
    job.extra = vec![("positions".into(), Held::Number(i64::MAX.into()))];
    for text in [
        "job.positions + 1 > 0",
        "job.positions && job.remote",
        "!job.positions",
        "today + months(99999999) > today",
        "date(\"soon\") < today",
        "job.title.len() > 3",
    ] {
        let script = compiled(text);
        assert_eq!(lowered(&script, &job, &Facts::default()), Some(Err(())), "{text}");
        assert!(interpreted(&script, &job, &Facts::default()).is_err(), "{text}");
    }
}
