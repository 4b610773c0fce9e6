//! Random scripts over random ads with absent and odd values.

use crate::{DecidedRole, NamedRelation, RuleFacts};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use weir_model::{Field, FieldValue, Job, problem::InvalidValue};

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
    prop_oneof![4 => pick(&ODD).prop_map(str::to_owned), 1 => "[a-zA-Z0-9 ß.,'-]{1,12}"]
}

fn dates() -> impl Strategy<Value = String> + Clone {
    prop::sample::select(
        [
            "2026-01-31",
            "2026-06-30",
            "2026-08-31",
            "2024-02-29",
            "2027-02-28",
            "0001-01-01",
            "9999-12-31",
        ]
        .as_slice(),
    )
    .prop_map(str::to_owned)
}

/// Few, so that some are equal, and some nearly.
fn fractions() -> impl Strategy<Value = f64> {
    let near = prop::sample::select([0.5, 1.0, 20.0, 0.1 + 0.2, 0.3, -0.0].as_slice());
    prop_oneof![3 => near, 1 => -2.0..2.0f64]
}

fn numbers() -> BoxedStrategy<String> {
    let usual = prop::sample::select(
        [
            "0",
            "1",
            "3",
            "20",
            "0.5",
            "1.0",
            "20.0",
            "0.3",
            "9223372036854775807",
        ]
        .as_slice(),
    );
    prop_oneof![3 => usual.prop_map(str::to_owned), 1 => (-5..600i64).prop_map(|n| n.to_string())]
        .boxed()
}

/// Values of a field: mostly what it ought to hold.
fn values(usual: BoxedStrategy<FieldValue>) -> impl Strategy<Value = FieldValue> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| json!(n)),
        (-3..600i64).prop_map(|n| json!(n)),
        Just(json!(u64::MAX)),
        prop::sample::select([0.5, -0.0, 1.0, 20.0, 1e300, 3.000_000_000_000_000_4].as_slice())
            .prop_map(|n| json!(n)),
    ];
    let odd = prop_oneof![
        number.prop_map(|n| if let serde_json::Value::Number(n) = n {
            FieldValue::Number(n)
        } else {
            FieldValue::Absent
        }),
        any::<bool>().prop_map(FieldValue::Bool),
        Just(FieldValue::Json(json!({ "email": "a@b.example" }))),
        Just(FieldValue::Invalid(Box::new(InvalidValue {
            kind: "invalid_date",
            found: json!("soon"),
            why: String::new()
        }))),
        texts().prop_map(FieldValue::Text),
        dates().prop_map(|date| FieldValue::Date(date.parse().unwrap())),
        prop::collection::vec(texts(), 1..3).prop_map(FieldValue::List),
    ];
    prop_oneof![6 => usual, 2 => Just(FieldValue::Absent), 2 => odd]
}

fn positions() -> BoxedStrategy<FieldValue> {
    let usual = prop::sample::select([0, 1, 3, 20, 500].as_slice());
    prop_oneof![2 => usual, 1 => 0..600i64]
        .prop_map(|n| FieldValue::Number(n.into()))
        .boxed()
}

fn fraction(number: f64) -> FieldValue {
    FieldValue::Number(serde_json::Number::from_f64(number).unwrap())
}

prop_compose! {
    pub(super) fn jobs()(
        title in values(texts().prop_map(FieldValue::Text).boxed()),
        source_url in values(texts().prop_map(FieldValue::Text).boxed()),
        open_date in values(dates().prop_map(|date| FieldValue::Date(date.parse().unwrap())).boxed()),
        close_date in values(dates().prop_map(|date| FieldValue::Date(date.parse().unwrap())).boxed()),
        locations in values(prop::collection::vec(texts(), 1..4).prop_map(FieldValue::List).boxed()),
        recruiter in values(Just(FieldValue::Json(json!({ "email": "a@b.example" }))).boxed()),
        positions in values(positions()),
        share in values(fractions().prop_map(fraction).boxed()),
        remote in values(any::<bool>().prop_map(FieldValue::Bool).boxed()),
    ) -> Job {
        let mut job = Job::default();
        job.set(Field::Title, title);
        job.set(Field::SourceUrl, source_url);
        job.set(Field::OpenDate, open_date);
        job.set(Field::CloseDate, close_date);
        job.set(Field::Locations, locations);
        job.set(Field::Recruiter, recruiter);
        let extra = [("positions", positions), ("share", share), ("remote", remote)];
        job.extra = extra.map(|(name, value)| (name.to_owned(), value)).into();
        job
    }
}

prop_compose! {
    pub(super) fn facts()(
        before in prop::option::of(jobs()),
        name in prop::option::of(texts()),
        known in any::<bool>(),
        id in prop::option::of(texts()),
        capabilities in prop_oneof![
            Just(FieldValue::Absent),
            prop::collection::vec(texts(), 0..3).prop_map(FieldValue::List)
        ],
        source in texts(),
        today in dates(),
    ) -> RuleFacts {
        let company = NamedRelation { name: name.clone(), known };
        let division = NamedRelation { name, known: !known };
        let (before, today) = (before.map(Arc::new), today.parse().unwrap());
        let role = id.map(|id| DecidedRole {
            name: id.to_uppercase(),
            id,
            level: "role".into(),
            confidence: 0.5,
        });
        let institution = "nsw-gov".into();
        RuleFacts { source, institution, company, division, role, capabilities, before, today }
    }
}

/// Names of what a script may begin with.
const READS: [&str; 30] = [
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
    "role.id",
    "role.level",
    "role.confidence",
    "capabilities",
    "p_days",
    "p_share",
    "p_on",
    "p_date",
    "p_span",
    "p_text",
];

const TEXTS: [&str; 9] = [
    "job.title",
    "job.source_url",
    "source",
    "institution",
    "company.name",
    "division.name",
    "role.id",
    "before.title",
    "p_text",
];

const NUMBERS: [&str; 7] = [
    "job.positions",
    "job.share",
    "before.positions",
    "p_days",
    "p_share",
    "job.locations.len()",
    "lists.grades.len()",
];

const TRUTHS: [&str; 4] = ["job.remote", "company.known", "p_on", "true"];

const LISTED: [&str; 4] = [
    "({} in lists.grades)",
    "mentions({}, lists.grades)",
    "one_of({}, lists.grades)",
    "({} in job.locations)",
];

fn pick(all: &'static [&'static str]) -> prop::sample::Select<&'static str> {
    prop::sample::select(all)
}

fn reads(all: &'static [&'static str]) -> BoxedStrategy<String> {
    pick(all).prop_map(str::to_owned).boxed()
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
        .replace("\\'", "'")
        .replace("\\u{", "\\U{")
        .replace('`', "")
}

fn literals() -> BoxedStrategy<String> {
    prop_oneof![
        texts().prop_map(|text| quoted(&text.replace(['\\', '\t'], " "))),
        numbers(),
        prop::sample::select(
            ["true", "false", "()", "[\"Nurse\", \"x\"]", "[]", "[1, 2]"].as_slice()
        )
        .prop_map(str::to_owned),
    ]
    .boxed()
}

fn text_like(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![
        4 => reads(&TEXTS),
        2 => texts().prop_map(|text| quoted(&text.replace(['\\', '\t'], " "))),
        1 => (pick(&["domain_of", "to_lower", "to_upper", "to_string"]), inner.clone())
            .prop_map(|(name, x)| format!("{name}({x})")),
        1 => (inner.clone(), pick(&["to_lower", "to_upper", "domain_of"]))
            .prop_map(|(x, name)| format!("{x}.{name}()")),
        1 => (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} ?? {y})")),
        1 => (inner.clone(), inner).prop_map(|(x, y)| format!("({x} + {y})")),
    ]
    .boxed()
}

fn date_like(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let unit = pick(&["days", "months", "years"]);
    prop_oneof![
        4 => reads(&["job.open_date", "job.close_date", "before.close_date", "today", "p_date"]),
        1 => dates().prop_map(|date| format!("date({date:?})")),
        2 => (reads(&["job.open_date", "today"]), pick(&["+", "-"]), unit, -9..200i64)
            .prop_map(|(x, sign, unit, n)| format!("({x} {sign} {unit}({n}))")),
        1 => reads(&["job.open_date", "today"]).prop_map(|x| format!("({x} + p_span)")),
        1 => inner.prop_map(|x| format!("date({x})")),
    ]
    .boxed()
}

fn number_like(
    text: BoxedStrategy<String>,
    date: BoxedStrategy<String>,
    inner: BoxedStrategy<String>,
) -> BoxedStrategy<String> {
    prop_oneof![
        4 => reads(&NUMBERS),
        3 => numbers(),
        2 => (text.clone(), pick(&["len", "word_count", "amount"]))
            .prop_map(|(x, name)| format!("{x}.{name}()")),
        1 => (text.clone(), text).prop_map(|(x, y)| format!("count({x}, {y})")),
        2 => (pick(&["year", "month", "day", "weekday"]), date.clone())
            .prop_map(|(name, x)| format!("{name}({x})")),
        1 => (date.clone(), date).prop_map(|(x, y)| format!("({x} - {y})")),
        2 => (inner.clone(), pick(&["+", "-", "*"]), inner.clone())
            .prop_map(|(x, sign, y)| format!("({x} {sign} {y})")),
        1 => (pick(&["min", "max"]), inner.clone(), inner.clone())
            .prop_map(|(name, x, y)| format!("{name}({x}, {y})")),
        1 => inner.prop_map(|x| format!("abs({x})")),
    ]
    .boxed()
}

pub(super) const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// Comparisons and questions.
fn question(
    any: &BoxedStrategy<String>,
    text: &BoxedStrategy<String>,
    date: &BoxedStrategy<String>,
    number: &BoxedStrategy<String>,
) -> BoxedStrategy<String> {
    let compare = |x: BoxedStrategy<String>, y: BoxedStrategy<String>| {
        (x, pick(&COMPARISONS), y).prop_map(|(x, sign, y)| format!("({x} {sign} {y})"))
    };
    let asked = prop::sample::select(
        ["is_url", "is_blank", "is_upper", "has_digits", "is_empty"].as_slice(),
    );
    let with = pick(&["contains", "starts_with", "ends_with", "on_domain"]);
    let words = prop::sample::select(
        [
            "[\"Nurse\", \"x\"]",
            "[\"ÄPFEL\", \"k\", \"seek.com.au\"]",
            "[]",
            "p_words",
            "[1, \"x\"]",
        ]
        .as_slice(),
    );
    let listed = pick(&["contains_any", "contains_all", "one_of"]);
    prop_oneof![
        3 => compare(date.clone(), date.clone()),
        2 => compare(number.clone(), number.clone()),
        2 => compare(reads(&["job.positions", "job.share", "p_share"]), numbers()),
        2 => compare(text.clone(), text.clone()),
        3 => compare(any.clone(), any.clone()),
        2 => compare(any.clone(), Just("()".to_owned()).boxed()),
        2 => (asked, text.clone()).prop_map(|(name, x)| format!("{name}({x})")),
        2 => (text.clone(), with, text.clone()).prop_map(|(x, name, y)| format!("{x}.{name}({y})")),
        1 => (text.clone(), pick(&["is_url", "is_blank", "is_upper", "has_digits", "is_empty"]))
            .prop_map(|(x, name)| format!("{x}.to_lower().{name}()")),
        1 => (words.clone(), any.clone()).prop_map(|(list, x)| format!("{list}.contains({x})")),
        2 => (text.clone(), listed, words.clone())
            .prop_map(|(x, name, list)| format!("{name}({x}, {list})")),
        1 => (any.clone(), words).prop_map(|(x, list)| format!("({x} in {list})")),
        1 => (number.clone(), pick(&["1..=500", "0..20", "5..5"]))
            .prop_map(|(x, range)| format!("({x} in {range})")),
        1 => (text.clone(), text.clone()).prop_map(|(x, y)| format!("({x} in {y})")),
        1 => (any.clone(), pick(&LISTED))
            .prop_map(|(x, form)| form.replace("{}", &x)),
        1 => any.clone().prop_map(|x| format!("(look_up(lists.grades, {x}) == \"Officer\")")),
        1 => (text.clone(), pick(&["^[A-Z]", "(?i)nurse", "\\\\d+"]))
            .prop_map(|(x, pattern)| format!("matches({x}, \"{pattern}\")")),
    ]
    .boxed()
}

/// Whole scripts, most of which give true or false.
pub(super) fn scripts() -> BoxedStrategy<String> {
    let leaf = prop_oneof![3 => reads(&READS), 2 => literals()].boxed();
    let text = text_like(text_like(leaf.clone()));
    let date = date_like(text.clone());
    let number = number_like(
        text.clone(),
        date.clone(),
        number_like(text.clone(), date.clone(), leaf.clone()),
    );
    let any =
        prop_oneof![3 => leaf, 1 => text.clone(), 1 => date.clone(), 1 => number.clone()].boxed();
    let asked = prop_oneof![
        12 => question(&any, &text, &date, &number),
        1 => reads(&TRUTHS),
        1 => any.clone(),
    ]
    .boxed();
    let joined = asked.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(" && "))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(" || "))),
            inner.clone().prop_map(|x| format!("!{x}")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(x, y, z)| format!("if {x} {{ {y} }} else {{ {z} }}")),
            prop::collection::vec(inner, 5..6).prop_map(|parts| format!(
                "if {} {{ {} }} else if {} {{ {} }} else {{ {} }}",
                parts[0], parts[1], parts[2], parts[3], parts[4]
            )),
        ]
    });
    let first = prop_oneof![
        2 => any.clone().prop_map(|value| format!("let found = {value}; ")),
        1 => text
            .prop_map(|value| format!("let found = {value}; found.make_lower(); "))
            .prop_map(|changed| format!("{changed}found == job.title && ")),
        1 => Just("job.title.make_upper(); ".to_owned()),
        1 => Just("let job = #{ title: \"x\" }; job.title == \"x\" && ".to_owned()),
        1 => Just("job.title = \"x\"; ".to_owned()),
        1 => Just("/* job.title */ job . title == \"x\" || ".to_owned()),
        1 => Just("`${job.title} ${job.open_date}`.len() > 3 && ".to_owned()),
    ];
    let several = (first, joined.clone()).prop_map(|(first, rest)| format!("{first}{rest}"));
    prop_oneof![8 => joined, 1 => any, 2 => several].boxed()
}
