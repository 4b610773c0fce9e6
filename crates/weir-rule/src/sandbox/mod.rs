//! The one Rhai engine and its limits. Scripts come from people and see scraped text: they get no
//! I/O, no clock, no loops without end, and bounded time, depth and sizes. Limits are raised here
//! or nowhere.

pub mod scope;

#[cfg(test)]
mod equivalence;
#[cfg(test)]
mod random_scripts;
#[cfg(test)]
mod tests;

use super::script_error::{ScriptError, in_backticks};
use super::types::{FunctionTypes, TypeSet};
use super::{budget, library};
use library::{ScriptDate, ScriptSpan, register::SharedList};
use rhai::packages::{Package, StandardPackage};
use rhai::{
    AST, Array, Caches, Dynamic, Engine, EvalAltResult, FuncInfo, ImmutableString, Map,
    OptimizationLevel, Scope,
};
use scope::{ScopeVariable, VariableValues};
use serde_json::Value as Json;
use std::any::TypeId;
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
pub struct ScriptSandbox {
    /// The engine.
    pub(super) engine: Engine,
    /// Which of the sandboxes of this process it is.
    number: u64,
    functions: FunctionTypes,
}

/// A script as Rhai evaluates it.
#[derive(Clone)]
pub(super) struct ScriptProgram {
    /// As it is written.
    pub(super) ast: AST,
    /// The same with members as variables, where possible.
    pub(super) flat: Option<AST>,
}

impl ScriptProgram {
    /// Whether its members are variables.
    pub(super) fn is_flat(&self) -> bool {
        self.flat.is_some()
    }
}

/// The value that the interpreter found.
#[derive(Debug, Clone)]
pub struct InterpretedValue(pub(super) Dynamic);

impl InterpretedValue {
    /// Whether it is true.
    ///
    /// # Errors
    /// It is neither true nor false.
    pub fn truth(&self) -> Result<bool, ScriptError> {
        self.0.as_bool().map_err(|name| {
            ScriptError::of_result(format!("returns {}, not true or false", type_word(name)))
        })
    }

    /// The value as JSON; dates as `YYYY-MM-DD`.
    ///
    /// # Errors
    /// The value cannot be expressed in JSON.
    pub fn to_json(&self) -> Result<Json, ScriptError> {
        if let Some(date) = self.0.clone().try_cast::<ScriptDate>() {
            return Ok(Json::String(date.0.to_string()));
        }
        rhai::serde::from_dynamic(&self.0).map_err(|error| {
            ScriptError::of_result(format!("returns a value that a field cannot hold: {error}"))
        })
    }
}

impl ScriptSandbox {
    /// A new sandbox with the library of rule functions.
    pub fn new() -> ScriptSandbox {
        let mut engine = Engine::new_raw();
        engine.register_global_module(StandardPackage::new().as_shared_module());
        limit(&mut engine);
        library::register::all(&mut engine);
        let functions = function_types(&engine);
        ScriptSandbox {
            engine,
            number: SANDBOXES.fetch_add(1, Ordering::Relaxed),
            functions,
        }
    }

    /// All functions, each with the argument types of its overloads.
    pub fn functions(&self) -> &FunctionTypes {
        &self.functions
    }

    /// Runs a program with the values of its variables.
    pub(super) fn run(
        &self,
        program: &ScriptProgram,
        variables: &[ScopeVariable],
        values: &dyn VariableValues,
    ) -> Result<InterpretedValue, ScriptError> {
        let ast = program.flat.as_ref().unwrap_or(&program.ast);
        let kept = INTERPRETER_STATE
            .take()
            .filter(|state| state.sandbox == self.number);
        let mut kept = kept.unwrap_or_else(|| Box::new(InterpreterState::of(self)));
        scope::fill(&mut kept.scope, variables, values);
        budget::begin();
        let mut state = self.engine.new_global_runtime_state();
        let statements = ast.statements();
        #[expect(
            deprecated,
            reason = "the only way to keep what functions were found to be; Rhai is pinned"
        )]
        let result = self.engine.eval_statements_raw(
            &mut state,
            &mut kept.caches,
            &mut kept.scope,
            statements,
        );
        kept.scope.clear();
        INTERPRETER_STATE.set(Some(kept));
        result
            .map(InterpretedValue)
            .map_err(|error| error_of(&error))
    }

    /// Runs a program as it is written, without anything kept from before.
    #[cfg(test)]
    pub(super) fn run_alone(
        &self,
        program: &ScriptProgram,
        variables: &[ScopeVariable],
        values: &dyn VariableValues,
    ) -> Result<InterpretedValue, ScriptError> {
        let mut scope = Scope::new();
        scope::fill(&mut scope, variables, values);
        budget::begin();
        let result = self.engine.eval_ast_with_scope(&mut scope, &program.ast);
        result
            .map(InterpretedValue)
            .map_err(|error| error_of(&error))
    }
}

impl Default for ScriptSandbox {
    fn default() -> Self {
        ScriptSandbox::new()
    }
}

/// What a thread keeps between evaluations to avoid rebuilding it; nothing in it can change a
/// result.
struct InterpreterState {
    /// The sandbox that it belongs to.
    sandbox: u64,
    /// Resolved functions by name and argument types. Scripts define no functions, so they are the
    /// same for all.
    caches: Caches,
    /// Room for variables; empty between evaluations.
    scope: Scope<'static>,
}

impl InterpreterState {
    fn of(sandbox: &ScriptSandbox) -> InterpreterState {
        InterpreterState {
            sandbox: sandbox.number,
            caches: Caches::new(),
            scope: Scope::new(),
        }
    }
}

thread_local! {
    static INTERPRETER_STATE: Cell<Option<Box<InterpreterState>>> = const { Cell::new(None) };
}

fn limit(engine: &mut Engine) {
    engine.set_optimization_level(OptimizationLevel::Simple);
    engine
        .set_max_operations(MAX_OPERATIONS)
        .set_max_call_levels(MAX_CALLS);
    engine.set_max_expr_depths(MAX_DEPTH.0, MAX_DEPTH.1);
    engine
        .set_max_string_size(MAX_TEXT)
        .set_max_array_size(MAX_ITEMS)
        .set_max_map_size(MAX_ITEMS);
    engine.set_max_functions(0).set_max_variables(32);
    engine.set_allow_looping(false).set_strict_variables(true);
    engine.on_progress(|steps| (steps % LOOKS == 0 && budget::is_over()).then_some(Dynamic::UNIT));
    // Without function names there is no way to iterate over a list, and so no work beyond what is
    // written.
    for symbol in [
        "eval", "print", "debug", "import", "export", "sleep", "Fn", "call", "curry",
    ] {
        engine.disable_symbol(symbol);
    }
}

fn function_types(engine: &Engine) -> FunctionTypes {
    let mut functions: BTreeMap<String, Vec<Vec<TypeSet>>> = BTreeMap::new();
    let form = |info: FuncInfo| {
        let metadata = info.metadata;
        let types: Vec<TypeSet> = metadata.param_types.iter().map(|id| of_type(*id)).collect();
        let is_known = types.len() == metadata.num_params;
        let types = if is_known {
            types
        } else {
            vec![TypeSet::ANY; metadata.num_params]
        };
        Some((metadata.name.to_string(), types))
    };
    for (name, types) in engine.collect_fn_metadata(None, form, true) {
        functions.entry(name).or_default().push(types);
    }
    FunctionTypes(functions)
}

/// The type of a registered function's argument.
fn of_type(id: TypeId) -> TypeSet {
    let known = [
        (TypeId::of::<()>(), TypeSet::NOTHING),
        (TypeId::of::<bool>(), TypeSet::TRUTH),
        (TypeId::of::<i64>(), TypeSet::WHOLE),
        (TypeId::of::<f64>(), TypeSet::FRACTION),
        (TypeId::of::<ImmutableString>(), TypeSet::TEXT),
        (TypeId::of::<ScriptDate>(), TypeSet::DATE),
        (TypeId::of::<ScriptSpan>(), TypeSet::SPAN),
        (TypeId::of::<Array>(), TypeSet::LIST),
        (TypeId::of::<SharedList>(), TypeSet::NAMES),
        (TypeId::of::<Map>(), TypeSet::MAPPING),
        (TypeId::of::<Dynamic>(), TypeSet::ANY),
    ];
    known
        .iter()
        .find(|(known, _)| *known == id)
        .map_or(TypeSet::OTHER, |(_, types)| *types)
}

/// An error of an evaluation, and its position.
fn error_of(error: &EvalAltResult) -> ScriptError {
    let at = error.position();
    let (line, column) = (at.line().unwrap_or(1), at.position().unwrap_or(1));
    ScriptError {
        message: failure(error),
        line,
        column,
    }
}

/// Why an evaluation failed.
fn failure(error: &EvalAltResult) -> String {
    if let EvalAltResult::ErrorFunctionNotFound(signature, _) = error
        && let Some((name, types)) = signature.split_once(" (")
    {
        let types: Vec<&str> = types
            .trim_end_matches(')')
            .split(", ")
            .map(type_word)
            .collect();
        return format!("`{name}` does not work with {}", types.join(" and "));
    }
    if let EvalAltResult::ErrorTerminated(..) = error {
        return "it takes too long: more than five seconds for one ad".to_owned();
    }
    let text = error.to_string();
    in_backticks(text.split(" (line ").next().unwrap_or(&text))
}

/// The name of a type in messages.
fn type_word(name: &str) -> &str {
    match name {
        "" | "()" => "nothing",
        "i64" => "an integer",
        "f64" => "a number",
        "bool" => "true or false",
        "date" => "a date",
        "span" => "a duration",
        "array" => "a list",
        "map" => "a mapping",
        name if name.contains("tring") || name.contains("str") => "text",
        other => other,
    }
}
