//! Whatever a script does, it ends within its limits.

use super::*;
use crate::{AdView, CompiledScript, RuleFacts};

/// What a script comes to on a stack as small as that of a worker.
fn comes_to(text: &str) -> String {
    let text = text.to_owned();
    let thread = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || {
            let sandbox = ScriptSandbox::new();
            let script = match CompiledScript::compile(&sandbox, &text, &["job"]) {
                Ok(script) => script,
                Err(mistakes) => return format!("refused: {}", mistakes[0].message),
            };
            let title = "x".repeat(3_000);
            let mut job = weir_model::Job::default();
            job.set(
                weir_model::Field::Title,
                weir_model::FieldValue::Text(title),
            );
            let facts = RuleFacts::default();
            let view = AdView {
                job: &job,
                facts: &facts,
            };
            let _answer = script.native().map(|tree| tree.evaluate(view).is_ok());
            match script.interpret(&sandbox, &view) {
                Ok(_) => "a value".to_owned(),
                Err(error) => format!("{}:{} {error}", error.line, error.column),
            }
        });
    thread.unwrap().join().unwrap_or_else(|_| panic!("a panic"))
}

#[test]
fn there_are_no_loops_and_no_functions() {
    for text in [
        "while true {}",
        "loop {}",
        "do {} while true",
        "for x in 0..9 {}; true",
        "fn f() { f() } f()",
        "let f = |x| x; true",
        "[1].map(|x| x) == ()",
        "[1].map(Fn(\"len\")) == ()",
        "let f = \"len\"; call(f, 1)",
        "eval(\"1\")",
        "import \"x\" as y; true",
        "throw 1; true",
    ] {
        let found = comes_to(text);
        assert!(
            found.starts_with("refused: ") || found.starts_with("1:"),
            "{text}: {found}"
        );
    }
}

#[test]
fn what_grows_ends_at_its_place() {
    let doubled = |start: &str, step: &str, times: usize| {
        format!("let s = {start}; {} s == ()", step.repeat(times))
    };
    let hostile = [
        "`x`.pad(100000000, `x`) == ()".to_owned(),
        doubled("\"x\"", "s += s; ", 40),
        doubled("[1]", "s += s; ", 40),
        doubled("[1, 2]", "s = [s, s, s, s]; ", 40),
        doubled("\"x\"", "s = `${s}${s}`; ", 40),
        doubled("#{ a: 1 }", "s = #{ a: s, b: s, c: s }; ", 40),
        "let a = []; a.pad(100000000, 0); true".to_owned(),
        "let s = job.title; s.pad(4000000, \"x\"); let a = []; a.pad(90000, s); \
         a.to_string().len() > 0"
            .to_owned(),
        "let s = job.title; s.pad(4000000, \"x\"); let a = [s, s, s]; `${a}`.len() > 0".to_owned(),
        "blob(1000000000).len() > 0".to_owned(),
        "range(0, 1000000000000).to_array() == ()".to_owned(),
        "matches(job.title, \"a{1000}{1000}{1000}\")".to_owned(),
        format!(
            "let s = job.title; {} true",
            "s.replace(\"\", s); ".repeat(3)
        ),
        "1 / 0 == 1".to_owned(),
        "9223372036854775807 + job.title.len() > 0".to_owned(),
    ];
    for text in hostile {
        let found = comes_to(&text);
        assert!(
            found.starts_with("1:") || found.starts_with("refused: "),
            "{text}: {found}"
        );
    }
}

#[test]
fn what_is_deep_or_long_takes_no_more_than_a_small_stack() {
    let many = |first: &str, next: &str, last: &str| {
        let room = MAX_SCRIPT - first.len() - last.len();
        format!("{first}{}{last}", next.repeat(room / next.len()))
    };
    for text in [
        "(".repeat(5000),
        "[".repeat(5000),
        "!".repeat(5000),
        "-".repeat(5000),
        many("job.title.len()", "+1", " > 3"),
        many("job.title == \"\"", "&&true", ""),
        many("1 == 1", "||1==2", ""),
        many("job.title", ".a", " == ()"),
        many("job.title", ".to_lower()", " == ()"),
        many("job.title", "[0]", " == ()"),
        many("let a=1;", "a=[a];", "true"),
        many("", "if true {", ""),
        many("job.title", "??()", ""),
        format!("\"{}\" == job.title", "x".repeat(5_000_000)),
    ] {
        let found = comes_to(&text);
        assert!(!found.is_empty(), "{text}");
    }
    assert_eq!(
        comes_to(&format!("\"{}\" == ()", "x".repeat(MAX_SCRIPT))),
        "refused: the script is longer than 10000 characters"
    );
}

#[test]
fn patterns_that_blow_up_elsewhere_take_time_by_their_text() {
    // A matcher that goes back would need more steps here than there are atoms.
    assert_eq!(
        comes_to("!matches(job.title, \"^(x+x+)+y$\") && !matches(job.title, \"^(x|xx)*y$\")"),
        "a value"
    );
    // Anything else that takes long, because pattern and text are long, is stopped where it is.
    let slow = "let t = job.title; t.pad(400000, \"x\"); \
                matches(t, \"x[xy]{3000}z\") || matches(t, \"y[xy]{3000}z\")";
    assert!(
        comes_to(slow).contains("takes too long"),
        "{}",
        comes_to(slow)
    );
}

#[test]
fn single_calls_that_would_take_minutes_end_at_their_place() {
    let long = "let t = job.title; t.pad(4000000, \"x\"); let a = []; ";
    let almost = "let u = t; u.pop(); u += \"y\"; ";
    let hostile = [
        "a.pad(90000, \"xxxxy\"); !contains_any(t, a)".to_owned(),
        "a.pad(90000, \"x\"); contains_all(t, a)".to_owned(),
        "a.pad(90000, t); t += \"y\"; !one_of(t, a)".to_owned(),
        format!("a.pad(90000, t); {almost} !(u in a)"),
        format!("a.pad(90000, t); {almost} let b = []; b.pad(90000, t); b[89999] = u; a != b"),
        format!("a.pad(90000, t); {almost} a.index_of(u) < 0"),
        format!("{} t.len() > 0", "t.make_lower(); ".repeat(600)),
        format!("{} t.len() > 0", "t.replace(\"xy\", \"z\"); ".repeat(350)),
    ];
    for text in hostile {
        let begun = std::time::Instant::now();
        let found = comes_to(&format!("{long}{text}"));
        assert!(
            found.starts_with("1:") || found == "a value",
            "{text}: {found}"
        );
        assert!(
            begun.elapsed().as_secs() < 60,
            "{text} took {:?}",
            begun.elapsed()
        );
    }
}
