//! The one Rhai engine and its limits. Scripts come from people and see scraped text: they get no I/O, no clock,
//! no loops without end, and bounded time, depth and sizes. Limits are raised here or nowhere.

use super::kinds::Kinds;
use super::{budget, library, list};
use rhai::packages::{Package, StandardPackage};
use rhai::{AST, Caches, Dynamic, Engine, EvalAltResult, FuncInfo, OptimizationLevel, Scope};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Maximum characters of a script. Nesting takes stack, and a long script is nested: `a + b + c` is
/// three levels deep.
pub(super) const MAX_SCRIPT: usize = 10_000;
/// Maximum steps of one evaluation.
const MAX_OPERATIONS: u64 = 50_000;
/// Steps between two looks at the clock.
const LOOKS: u64 = 16;
/// Nested calls.
const MAX_CALLS: usize = 8;
/// Nested expressions, outside and inside functions; without it a deep script overflows the stack.
const MAX_DEPTH: (usize, usize) = (64, 32);
/// Characters in a text; descriptions must fit.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Items in a list or members of a map.
const MAX_ITEMS: usize = 100_000;

/// How many sandboxes there have been.
static SANDBOXES: AtomicU64 = AtomicU64::new(0);

/// The sandboxed engine, shared by all scripts and threads.
pub struct Sandbox {
    /// The engine.
    pub(super) engine: Engine,
    /// Which of the sandboxes of this process it is.
    number: u64,
    /// All functions, each with the argument types of its overloads.
    pub(super) functions: BTreeMap<String, Vec<Vec<Kinds>>>,
}

impl Sandbox {
    /// A new sandbox with the library of rule functions.
    pub fn new() -> Sandbox {
        let mut engine = Engine::new_raw();
        engine.register_global_module(StandardPackage::new().as_shared_module());
        limit(&mut engine);
        library::register(&mut engine);
        list::register(&mut engine);
        let mut functions: BTreeMap<String, Vec<Vec<Kinds>>> = BTreeMap::new();
        let form = |info: FuncInfo| {
            let kinds: Vec<Kinds> = info.metadata.param_types.iter().map(|id| Kinds::of_type(*id)).collect();
            let is_known = kinds.len() == info.metadata.num_params;
            Some((info.metadata.name.to_string(), if is_known { kinds } else { vec![Kinds::ANY; info.metadata.num_params] }))
        };
        for (name, kinds) in engine.collect_fn_metadata(None, form, true) {
            functions.entry(name).or_default().push(kinds);
        }
        Sandbox { engine, number: SANDBOXES.fetch_add(1, Ordering::Relaxed), functions }
    }

    /// Evaluates a compiled script in a scope that is filled for it.
    pub(super) fn evaluate(&self, ast: &AST, fill: impl FnOnce(&mut Scope)) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut desk = DESK.take().filter(|desk| desk.sandbox == self.number).unwrap_or_else(|| Box::new(Desk::of(self)));
        fill(&mut desk.scope);
        budget::begin();
        let mut state = self.engine.new_global_runtime_state();
        #[expect(deprecated, reason = "the only way to keep what functions were found to be; the version of Rhai is pinned")]
        let result = self.engine.eval_statements_raw(&mut state, &mut desk.caches, &mut desk.scope, ast.statements());
        desk.scope.clear();
        DESK.set(Some(desk));
        result
    }

    /// Names of functions as they are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str).filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.contains('$'))
    }
}

/// What a thread keeps between evaluations to avoid rebuilding it; nothing in it can change a
/// result.
struct Desk {
    /// The sandbox that it belongs to.
    sandbox: u64,
    /// Resolved functions by name and argument types. Scripts define no functions, so they are the
    /// same for all.
    caches: Caches,
    /// Room for variables; empty between evaluations.
    scope: Scope<'static>,
}

impl Desk {
    fn of(sandbox: &Sandbox) -> Desk {
        Desk { sandbox: sandbox.number, caches: Caches::new(), scope: Scope::new() }
    }
}

thread_local! {
    static DESK: Cell<Option<Box<Desk>>> = const { Cell::new(None) };
}

impl Default for Sandbox {
    fn default() -> Self {
        Sandbox::new()
    }
}

fn limit(engine: &mut Engine) {
    engine.set_optimization_level(OptimizationLevel::Simple);
    engine.set_max_operations(MAX_OPERATIONS).set_max_call_levels(MAX_CALLS);
    engine.set_max_expr_depths(MAX_DEPTH.0, MAX_DEPTH.1);
    engine.set_max_string_size(MAX_TEXT).set_max_array_size(MAX_ITEMS).set_max_map_size(MAX_ITEMS);
    engine.set_max_functions(0).set_max_variables(32);
    engine.set_allow_looping(false).set_strict_variables(true);
    engine.on_progress(|steps| (steps % LOOKS == 0 && budget::is_over()).then_some(Dynamic::UNIT));
    // Without function names there is no way to iterate over a list, and so no work beyond what is
    // written.
    for symbol in ["eval", "print", "debug", "import", "export", "sleep", "Fn", "call", "curry"] {
        engine.disable_symbol(symbol);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Script, scope};

    /// What a script comes to on a stack as small as that of a worker.
    fn comes_to(text: &str) -> String {
        let text = text.to_owned();
        let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
            let sandbox = Sandbox::new();
            let script = match Script::compile(&sandbox, &text, &["job"]) {
                Ok(script) => script,
                Err(mistakes) => return format!("refused: {}", mistakes[0].message),
            };
            let title = "x".repeat(3_000);
            let mut job = weir_model::Job::default();
            job.set(weir_model::Field::Title, weir_model::Value::Text(title));
            let facts = scope::Facts::default();
            let tree = script.lowered.clone();
            let _answer = tree.as_ref().map(|tree| tree.evaluate(crate::lower::View { job: &job, facts: &facts }).is_ok());
            match script.evaluate(&sandbox, &crate::lower::View { job: &job, facts: &facts }) {
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
            assert!(found.starts_with("refused: ") || found.starts_with("1:"), "{text}: {found}");
        }
    }

    #[test]
    fn what_grows_ends_at_its_place() {
        let doubled = |start: &str, step: &str, times: usize| format!("let s = {start}; {} s == ()", step.repeat(times));
        let hostile = [
            "`x`.pad(100000000, `x`) == ()".to_owned(),
            doubled("\"x\"", "s += s; ", 40),
            doubled("[1]", "s += s; ", 40),
            doubled("[1, 2]", "s = [s, s, s, s]; ", 40),
            doubled("\"x\"", "s = `${s}${s}`; ", 40),
            doubled("#{ a: 1 }", "s = #{ a: s, b: s, c: s }; ", 40),
            "let a = []; a.pad(100000000, 0); true".to_owned(),
            "let s = job.title; s.pad(4000000, \"x\"); let a = []; a.pad(90000, s); a.to_string().len() > 0".to_owned(),
            "let s = job.title; s.pad(4000000, \"x\"); let a = [s, s, s]; `${a}`.len() > 0".to_owned(),
            "blob(1000000000).len() > 0".to_owned(),
            "range(0, 1000000000000).to_array() == ()".to_owned(),
            "matches(job.title, \"a{1000}{1000}{1000}\")".to_owned(),
            "let s = job.title; s.replace(\"\", s); s.replace(\"\", s); s.replace(\"\", s); true".to_owned(),
            "1 / 0 == 1".to_owned(),
            "9223372036854775807 + job.title.len() > 0".to_owned(),
        ];
        for text in hostile {
            let found = comes_to(&text);
            assert!(found.starts_with("1:") || found.starts_with("refused: "), "{text}: {found}");
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
        assert_eq!(comes_to(&format!("\"{}\" == ()", "x".repeat(MAX_SCRIPT))), "refused: the script is longer than 10000 characters");
    }

    #[test]
    fn patterns_that_blow_up_elsewhere_take_time_by_their_text() {
        // A matcher that goes back would need more steps here than there are atoms.
        assert_eq!(comes_to("!matches(job.title, \"^(x+x+)+y$\") && !matches(job.title, \"^(x|xx)*y$\")"), "a value");
        // Anything else that takes long, because pattern and text are long, is stopped where it is.
        let slow = "let t = job.title; t.pad(400000, \"x\"); matches(t, \"x[xy]{3000}z\") || matches(t, \"y[xy]{3000}z\")";
        assert!(comes_to(slow).contains("takes too long"), "{}", comes_to(slow));
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
            assert!(found.starts_with("1:") || found == "a value", "{text}: {found}");
            assert!(begun.elapsed().as_secs() < 60, "{text} took {:?}", begun.elapsed());
        }
    }
}
