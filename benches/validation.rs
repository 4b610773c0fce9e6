//! How many ads a second one core validates: the usual mandatory fields and twenty rules, native
//! and interpreted, and twenty rules that never are native. `cargo bench --bench validation`, with
//! `-- each` also what each interpreted rule costs; the best of several rounds counts, as other
//! work on the machine only ever slows one down.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark may end at once"
)]
#![allow(clippy::disallowed_macros, reason = "a benchmark prints its figures")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use weir::config::Project;
use weir::model::{Ad, Clock, Hash, Problem, RunId, SourceKey};
use weir::plan::{CheckedProject, SourcePlan, check::check};
use weir::rule::CompiledRule;
use weir::stage::validate::ValidateStage;
use weir::stage::{AdDraft, SourceContext, Stage};

const ADS: usize = 2_000;
const ROUNDS: usize = 30;

fn main() {
    let checked = check(Project::load(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/validation"),
    ));
    assert!(
        checked.diagnostics.is_empty(),
        "{}",
        weir::diagnostic::render(&checked.diagnostics, &checked.texts, false)
    );
    let flows: Vec<&SourcePlan> = checked
        .institutions
        .iter()
        .map(|one| &one.plan().expect("the project is healthy").flows[0])
        .collect();
    let [bench, statements] = flows[..] else {
        panic!("two institutions")
    };
    let setting = setting(&checked, bench);
    let drafts = drafts(&setting, bench);
    let native = validate(bench);
    let interpreted = ValidateStage {
        rules: native
            .rules
            .iter()
            .map(|(set, rule)| {
                (
                    set.clone(),
                    Arc::new(CompiledRule::clone(rule).interpreted_only()),
                )
            })
            .collect(),
        ..ValidateStage::clone(&native)
    };
    let statements = validate(statements);
    assert_eq!(
        problems(&native, &setting, &drafts),
        problems(&interpreted, &setting, &drafts),
        "both must say the same"
    );
    let is_broken = |problem: &Problem| problem.kind == "system_error";
    assert!(
        !problems(&statements, &setting, &drafts)
            .iter()
            .flatten()
            .any(is_broken),
        "all rules can be evaluated"
    );
    println!(
        "{ADS} ads, {} mandatory fields, {} rules, one core",
        native.require.len(),
        native.rules.len()
    );
    let mut first = None;
    for (name, validate) in [
        ("native", &*native),
        ("the same, interpreted", &interpreted),
        ("rules of several statements", &statements),
    ] {
        let rate = best(validate, &setting, &drafts);
        let by_tree = validate
            .rules
            .iter()
            .filter(|(_, rule)| rule.assert.native().is_some())
            .count();
        println!(
            "{name:<28} {by_tree:>2} native {rate:>9.0} ads a second {:>6.1}",
            *first.get_or_insert(rate) / rate
        );
    }
    if std::env::args().any(|argument| argument == "each") {
        each(&interpreted, &setting, &drafts);
        each(&statements, &setting, &drafts);
    }
}

/// What each rule costs by itself.
fn each(validate: &ValidateStage, setting: &SourceContext, drafts: &[AdDraft]) {
    let cost = |rules: Vec<(String, Arc<CompiledRule>)>| {
        1e9 / best(
            &ValidateStage {
                exceptions: Vec::new(),
                rules,
                require: Vec::new(),
            },
            setting,
            drafts,
        )
    };
    let nothing = cost(Vec::new());
    for (set, rule) in &validate.rules {
        println!(
            "{:>6.0} ns  {set}/{}",
            cost(vec![(set.clone(), Arc::clone(rule))]) - nothing,
            rule.id
        );
    }
}

fn validate(flow: &SourcePlan) -> Arc<ValidateStage> {
    let found = flow.stages.iter().find_map(|(_, stage)| {
        if let Stage::Validate(validate) = stage {
            Some(validate)
        } else {
            None
        }
    });
    Arc::clone(found.expect("the pipeline validates"))
}

fn setting(checked: &CheckedProject, flow: &SourcePlan) -> SourceContext {
    SourceContext {
        stream: SourceKey {
            institution: uuid::Uuid::nil(),
            source: flow.source.clone(),
        },
        slug: "bench".to_owned(),
        zone: flow.zone,
        at: Clock("2026-11-01T00:00:00Z".parse().expect("an instant")),
        run: RunId(1),
        fingerprint: flow.fingerprint(),
        steady: flow.parts.steady(),
        parts: flow.parts.clone(),
        sandbox: Arc::clone(&checked.sandbox),
    }
}

/// Ads of about 3 KB, derived as a run derives them; one in fifty has something wrong.
fn drafts(setting: &SourceContext, flow: &SourcePlan) -> Vec<AdDraft> {
    let extract = flow.stages.iter().find_map(|(_, stage)| {
        if let Stage::Extract(extract) = stage {
            Some(extract)
        } else {
            None
        }
    });
    let extract = extract.expect("the pipeline extracts");
    let mut drafts: Vec<AdDraft> = (0..ADS)
        .map(|n| {
            AdDraft::new(Ad::fresh(
                n.to_string(),
                ad(n),
                Hash::of(&n.to_le_bytes()),
                setting.at,
            ))
        })
        .collect();
    drafts
        .iter_mut()
        .for_each(|draft| extract.apply(setting, draft));
    drafts
}

fn ad(n: usize) -> serde_json::Value {
    let word = |all: &[&str]| all[n % all.len()].to_owned();
    let close = if n % 50 == 7 {
        "2025-09-01"
    } else {
        "2026-11-20"
    };
    serde_json::json!({
        "id": n,
        "title": format!("{} {}, level {}", word(&["Senior", "Graduate", "Acting"]), word(&["Nurse", "Ranger", "Policy Officer", "Teacher"]), n % 9),
        "description": "You will work with people across the state, in teams that look after places and those who live there. ".repeat(30),
        "openDate": format!("2026-10-{:02}", n % 28 + 1),
        "closeDate": close,
        "agency": word(&["NSW Health", "Department of Education", "National Parks"]),
        "jobType": word(&["Full-Time", "Part-Time", "Casual", "Temporary"]),
        "url": format!("https://jobs.example.gov.au/job/{n}"),
        "pay": "$86,439 - $95,000 pa or by the hour",
        "locations": (&["Dubbo", "Orange", "Bathurst"][..n % 3 + 1]),
        "grade": word(&["VPSG3", "VPSG4", "VPSG5"]),
        "positions": n % 12 + 1,
        "remote": n.is_multiple_of(5),
        "min": 86_439,
        "max": 95_000,
    })
}

fn problems(
    validate: &ValidateStage,
    setting: &SourceContext,
    drafts: &[AdDraft],
) -> Vec<Vec<Problem>> {
    let mut drafts = drafts.to_vec();
    drafts
        .iter_mut()
        .for_each(|draft| validate.judge(setting, draft));
    drafts.into_iter().map(|draft| draft.problems).collect()
}

/// Ads a second in the best round.
#[allow(clippy::cast_precision_loss, reason = "a few thousand")]
fn best(validate: &ValidateStage, setting: &SourceContext, drafts: &[AdDraft]) -> f64 {
    let mut drafts = drafts.to_vec();
    let round = |drafts: &mut Vec<AdDraft>| {
        drafts.iter_mut().for_each(|draft| draft.problems.clear());
        let start = Instant::now();
        drafts
            .iter_mut()
            .for_each(|draft| validate.judge(setting, draft));
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS)
        .map(|_| round(&mut drafts))
        .fold(f64::INFINITY, f64::min)
        .recip()
        * drafts.len() as f64
}
