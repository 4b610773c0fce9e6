//! From text to an expression: the only place that knows how Rhai represents a script.
//!
//! Must never refuse a script that could run. Another version of Rhai is a change of `parse`,
//! `sandbox` and `library`, and nowhere else.

mod syntax;
mod tree;

use super::expr::{ScriptExpr, ScriptPosition};
use super::flatten;
use super::reads::ScriptReads;
use super::sandbox::{MAX_SCRIPT, ScriptProgram, ScriptSandbox};
use super::script_error::ScriptDiagnostic;
use rhai::{AST, Dynamic, Scope};

/// A script that was parsed.
pub(super) struct ParsedScript {
    /// The script for checks and native evaluation.
    pub(super) tree: ScriptExpr,
    /// What it reads.
    pub(super) reads: ScriptReads,
    /// The script for the interpreter.
    pub(super) program: ScriptProgram,
}

/// Parses a script that may read `variables`.
///
/// # Errors
/// It is too long or too deep, has a syntax error, or names an unknown variable.
pub(super) fn parse(
    sandbox: &ScriptSandbox,
    text: &str,
    variables: &[&str],
) -> Result<ParsedScript, ScriptDiagnostic> {
    if text.chars().nth(MAX_SCRIPT).is_some() {
        return Err(too_long());
    }
    let ast = compile(sandbox, text, variables)
        .map_err(|error| syntax::diagnostic_of(&error, text, variables))?;
    let tree = tree::of_script(&ast).map_err(too_deep)?;
    let reads = ScriptReads::of_expr(&tree, variables);
    let flat = flatten::flatten(&tree, text, &reads).and_then(|flat| {
        let names: Vec<&str> = flat.variables.iter().map(String::as_str).collect();
        compile(sandbox, &flat.text, &names).ok()
    });
    Ok(ParsedScript {
        tree,
        reads,
        program: ScriptProgram { ast, flat },
    })
}

fn compile(
    sandbox: &ScriptSandbox,
    text: &str,
    variables: &[&str],
) -> Result<AST, rhai::ParseError> {
    let mut scope = Scope::new();
    for variable in variables {
        scope.push_dynamic(*variable, Dynamic::UNIT);
    }
    sandbox.engine.compile_with_scope(&scope, text)
}

fn too_long() -> ScriptDiagnostic {
    let message = format!("the script is longer than {MAX_SCRIPT} characters");
    let help = "move names to a list in `lists/`, and split the condition into several rules";
    ScriptDiagnostic::new(message, help.to_owned(), ScriptPosition::START)
}

fn too_deep(at: ScriptPosition) -> ScriptDiagnostic {
    let help = "give the inner part a name with `let`, or split the condition into several rules";
    ScriptDiagnostic::new(
        "the script is nested too deeply".to_owned(),
        help.to_owned(),
        at,
    )
}
