//! The one Rhai engine and its limits. Scripts come from people and see scraped text: they get no I/O, no clock,
//! no loops without end, and bounded time, depth and sizes. Limits are raised here or nowhere.

use super::{library, list};
use rhai::packages::{Package, StandardPackage};
use rhai::{Engine, OptimizationLevel};
use std::collections::{BTreeMap, BTreeSet};

/// Steps that one evaluation may take.
const MAX_OPERATIONS: u64 = 50_000;
/// Nested calls.
const MAX_CALLS: usize = 8;
/// Nested expressions, outside and inside functions; without it a deep script overflows the stack.
const MAX_DEPTH: (usize, usize) = (64, 32);
/// Characters in a text; descriptions must fit.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Items in a list or members of a map.
const MAX_ITEMS: usize = 100_000;

/// The sandboxed engine, shared by all scripts and threads.
pub struct Sandbox {
    /// The engine.
    pub(super) engine: Engine,
    /// Functions that there are, and how many values they take.
    pub(super) functions: BTreeMap<String, BTreeSet<usize>>,
}

impl Sandbox {
    /// A new sandbox with the library of rule functions.
    pub fn new() -> Sandbox {
        let mut engine = Engine::new_raw();
        engine.register_global_module(StandardPackage::new().as_shared_module());
        limit(&mut engine);
        library::register(&mut engine);
        list::register(&mut engine);
        let mut functions: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (name, values) in engine.collect_fn_metadata(None, |info| Some((info.metadata.name.to_string(), info.metadata.num_params)), true) {
            functions.entry(name).or_default().insert(values);
        }
        Sandbox { engine, functions }
    }

    /// Names of functions as they are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str).filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.contains('$'))
    }
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
    for symbol in ["eval", "print", "debug", "import", "export", "sleep"] {
        engine.disable_symbol(symbol);
    }
}
