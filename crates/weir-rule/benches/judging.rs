//! How many ads a second one core judges by twenty rules: all evaluated natively, all interpreted,
//! and rules of several statements. `cargo bench -p weir-rule`; the best of several rounds counts,
//! as other work on the machine only ever slows one down.

#![allow(clippy::expect_used, reason = "a benchmark may end at once")]
#![allow(clippy::disallowed_macros, reason = "a benchmark prints its figures")]

use std::time::Instant;
use weir_model::{Field, FieldValue, Job, ProblemSeverity};
use weir_rule::ad_input::VARIABLES;
use weir_rule::{
    CompiledRule, CompiledScript, RuleFacts, RuleMessage, RuleParameter, RuleVerdict,
    ScriptBindings, ScriptSandbox,
};

const ADS: i64 = 2_000;
const ROUNDS: usize = 40;

/// Conditions that analysts write, with `when` before the bar.
const NATIVE: [&str; 20] = [
    "|job.close_date >= job.open_date",
    "|job.close_date <= job.open_date + max_open",
    "|job.close_date - job.open_date >= 3",
    "|job.open_date >= date(\"2020-01-01\")",
    "|is_url(job.source_url)",
    "source == \"board\"|on_domain(job.source_url, \"jobs.example.gov.au\")",
    "|job.job_type in [\"Full-Time\", \"Part-Time\", \"Casual\", \"Temporary\"]",
    "job.grade != ()|job.grade in [\"VPSG2\", \"VPSG3\", \"VPSG4\", \"VPSG5\", \"VPSG6\"]",
    "|!is_upper(job.title)",
    "|job.title.len() <= 200",
    "|!contains_any(job.title, [\"talent pool\", \"test ad\", \"expression of interest\"])",
    "|!matches(job.title, \"[0-9]{8}\")",
    "|job.locations.len() <= most_places",
    "|job.remote == true ~ job.locations != ()",
    "|job.positions >= 1 && job.positions <= 500",
    "|job.salary_min <= job.salary_max",
    "job.salary_min != ()|job.salary_min in 20000..=500000",
    "|job.remuneration != () ~ job.grade != ()",
    "|!is_blank(job.department) && job.department != \"Unknown\"",
    "job.job_type == \"Casual\"|contains_any(job.remuneration, [\"hour\", \"p.h.\", \"hr\"])",
];

/// The same conditions in several statements each.
const STATEMENTS: [&str; 20] = [
    "|let open = job.open_date; job.close_date >= open",
    "|let last = job.open_date + max_open; job.close_date <= last",
    "|let open_for = job.close_date - job.open_date; open_for >= 3",
    "|let first = date(\"2020-01-01\"); job.open_date >= first",
    "|let address = job.source_url; is_url(address)",
    "|let host = domain_of(job.source_url); host == \"jobs.example.gov.au\"",
    "|switch job.job_type { \"Full-Time\" => true, \"Part-Time\" => true, _ => false }",
    "job.grade != ()|let number = job.grade[4]; number in \"23456\"",
    "|let title = job.title; !is_upper(title)",
    "|let said = `${job.title} (${job.department})`; said.len() <= 200",
    "|let title = job.title; title.make_lower(); !title.contains(\"talent pool\")",
    "|let title = job.title; !matches(title, \"[0-9]{8}\")",
    "|let places = job.locations.len(); places <= most_places",
    "|if job.remote == true { true } else { let places = job.locations; places != () }",
    "|let positions = job.positions; positions >= 1 && positions <= 500",
    "|let least = job.salary_min; least <= job.salary_max",
    "|let middle = (job.salary_min + job.salary_max) / 2; middle > 20000 && middle < 500000",
    "|let pay = job.remuneration ?? job.grade; pay != ()",
    "|let agency = job.department; !is_blank(agency) && agency != \"Unknown\"",
    "job.job_type == \"Casual\"|let pay = job.remuneration; pay.contains(\"hour\")",
];

fn main() {
    let sandbox = ScriptSandbox::new();
    let (native, statements) = (rules(&sandbox, &NATIVE), rules(&sandbox, &STATEMENTS));
    let interpreted: Vec<CompiledRule> = native
        .iter()
        .cloned()
        .map(CompiledRule::interpreted_only)
        .collect();
    let ads: Vec<Job> = (0..ADS).map(ad).collect();
    println!("{ADS} ads, {} rules, one core", native.len());
    let compiled = best(|| drop(rules(&sandbox, &NATIVE)));
    println!("{:<28} {:>9.0} rules a second", "compile", 20.0 / compiled);
    let sets = [("native", &native), ("the same, interpreted", &interpreted)];
    for (name, rules) in sets
        .into_iter()
        .chain([("rules of several statements", &statements)])
    {
        let seconds = best(|| judge(&sandbox, rules, &ads));
        println!(
            "{name:<28} {:>9.0} ads a second",
            ads.len() as f64 / seconds
        );
    }
}

fn rules(sandbox: &ScriptSandbox, texts: &[&str]) -> Vec<CompiledRule> {
    let parameters = [
        (
            "max_open",
            RuleParameter::Span(weir_rule::library::ScriptSpan::months(6)),
        ),
        ("most_places", RuleParameter::Number(10.into())),
    ];
    let parameters = parameters
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    let bindings = ScriptBindings {
        parameters,
        ..ScriptBindings::default()
    };
    let variables: Vec<&str> = VARIABLES
        .into_iter()
        .chain(["max_open", "most_places"])
        .collect();
    let script = |text: &str| {
        let text = text.replace('~', "||");
        CompiledScript::compile(sandbox, &text, &variables).expect("the script compiles")
    };
    let rule = |text: &&str| {
        let (when, assert) = text.split_once('|').expect("a bar");
        CompiledRule {
            id: "rule".into(),
            kind: "kind".into(),
            field: None,
            severity: ProblemSeverity::Warn,
            when: (!when.is_empty()).then(|| script(when)),
            assert: script(assert),
            message: RuleMessage::plain("no"),
            bindings: ScriptBindings::default(),
            version: String::new(),
        }
        .with(&bindings)
    };
    texts.iter().map(rule).collect()
}

fn judge(sandbox: &ScriptSandbox, rules: &[CompiledRule], ads: &[Job]) {
    let facts = RuleFacts {
        source: "board".into(),
        ..RuleFacts::default()
    };
    for ad in ads {
        for rule in rules {
            let verdict = rule.judge(sandbox, ad, &facts);
            let is_broken =
                matches!(&verdict, RuleVerdict::Fail(problem) if problem.kind != "kind");
            assert!(!is_broken, "{verdict:?}");
        }
    }
}

/// An ad of about 3 KB.
fn ad(n: i64) -> Job {
    let word =
        |all: &[&str]| FieldValue::text(all[usize::try_from(n).unwrap_or_default() % all.len()]);
    let date = |text: String| FieldValue::Date(text.parse().expect("a date"));
    let mut job = Job::default();
    job.set(
        Field::Title,
        word(&["Senior Nurse, level 3", "Graduate Ranger", "Acting Teacher"]),
    );
    job.set(
        Field::Description,
        FieldValue::text(&"You will work across the state. ".repeat(90)),
    );
    job.set(Field::OpenDate, date(format!("2026-10-{:02}", n % 28 + 1)));
    job.set(Field::CloseDate, date("2026-11-20".into()));
    job.set(
        Field::Department,
        word(&["NSW Health", "Department of Education"]),
    );
    job.set(
        Field::JobType,
        word(&["Full-Time", "Part-Time", "Casual", "Temporary"]),
    );
    job.set(
        Field::SourceUrl,
        FieldValue::text(&format!("https://jobs.example.gov.au/job/{n}")),
    );
    job.set(
        Field::Remuneration,
        FieldValue::text("$86,439 - $95,000 pa or by the hour"),
    );
    job.set(
        Field::Locations,
        FieldValue::List(vec!["Dubbo".into(), "Orange".into()]),
    );
    let number = |number: i64| FieldValue::Number(number.into());
    let extra = [
        ("grade", word(&["VPSG3", "VPSG4", "VPSG5"])),
        ("positions", number(n % 12 + 1)),
        ("remote", FieldValue::Bool(n % 5 == 0)),
        ("salary_min", number(86_439)),
        ("salary_max", number(95_000)),
    ];
    job.extra = extra.map(|(name, value)| (name.to_owned(), value)).into();
    job
}

/// The seconds of the best round.
fn best(mut work: impl FnMut()) -> f64 {
    let mut round = || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}
