//! Scripts that could never be evaluated: calls of unknown functions, and scripts without a value.
//! Rhai would find those only when it evaluates an ad. Must never refuse a script that could run.

use super::expr::{CallExpr, CallStyle, ExprKind, ScriptExpr, ScriptPosition};
use super::script_error::{ScriptDiagnostic, habit};
use super::types::FunctionTypes;
use std::collections::BTreeSet;
use weir_yaml::diagnostic::{did_you_mean, one_of};

/// Calls of functions that do not exist, or not with so many values, and a script without a value.
pub(super) fn mistakes(script: &ScriptExpr, functions: &FunctionTypes) -> Vec<ScriptDiagnostic> {
    let mut mistakes = Vec::new();
    script.walk(&mut |part| {
        if let ExprKind::Call(call) = &part.kind {
            mistakes.extend(unknown_call(call, part.at, functions));
        }
    });
    mistakes.extend(without_value(script));
    mistakes
}

/// A script that ends without a value.
fn without_value(script: &ScriptExpr) -> Option<ScriptDiagnostic> {
    let diagnostic =
        |message: &str, help: String, at| Some(ScriptDiagnostic::new(message.to_owned(), help, at));
    match script.last().map(|last| (&last.kind, last.at)) {
        None | Some((ExprKind::Nothing, _)) => {
            let help = "write an expression, or remove the key".to_owned();
            diagnostic("the script is empty", help, ScriptPosition::START)
        }
        Some((ExprKind::Assign(_), at)) => diagnostic(
            "`=` assigns a value",
            "write `==` to compare".to_owned(),
            at,
        ),
        Some((ExprKind::Let(name, _), at)) => {
            let help = format!("end it with the value: `{name}`");
            diagnostic("the script ends without a value", help, at)
        }
        _ => None,
    }
}

fn unknown_call(
    call: &CallExpr,
    at: ScriptPosition,
    functions: &FunctionTypes,
) -> Option<ScriptDiagnostic> {
    let name = call.name.as_str();
    let is_builtin = matches!(name, "type_of" | "is_shared" | "is_def_fn" | "is_def_var");
    if call.style == CallStyle::Operator || is_builtin || name.contains('$') {
        return None;
    }
    let Some(overloads) = functions.overloads(name) else {
        let message = format!("unknown function `{name}`");
        return Some(ScriptDiagnostic::new(message, meant(name, functions), at));
    };
    // The value left of the dot.
    let receiver = usize::from(call.is_method());
    let allowed: BTreeSet<usize> = overloads.iter().map(Vec::len).collect();
    if allowed.contains(&call.values.len()) {
        return None;
    }
    let numbers: Vec<String> = allowed
        .iter()
        .map(|number| number.saturating_sub(receiver).to_string())
        .collect();
    let message = format!(
        "`{name}` does not accept {}",
        counted(call.values.len() - receiver)
    );
    Some(ScriptDiagnostic::new(
        message,
        format!("expected {}", numbers.join(" or ")),
        at,
    ))
}

/// What an unknown function may have meant.
fn meant(name: &str, functions: &FunctionTypes) -> String {
    let near = || did_you_mean(name, functions.names());
    match habit(name)
        .map(str::to_owned)
        .or_else(|| near().map(|it| format!("did you mean `{it}`?")))
    {
        Some(help) => help,
        None => {
            let known = one_of(super::library::FUNCTIONS);
            format!("available functions: {known}; text, lists and numbers also have Rhai's")
        }
    }
}

fn counted(values: usize) -> String {
    if values == 1 {
        "1 value".to_owned()
    } else {
        format!("{values} values")
    }
}

#[cfg(test)]
mod tests {
    use crate::{CompiledScript, ScriptSandbox};

    #[test]
    fn what_could_run_is_never_refused() {
        let sandbox = ScriptSandbox::new();
        let good = [
            "job.title.contains(\"x\") && \"y\" in job.title",
            "job.locations.len() > 0 && job.locations[0] == \"Perth\"",
            "if job.title == () { false } else { !job.title.is_empty() }",
            "switch job.job_type { \"Casual\" => true, _ => job.title.len() in 3..200 }",
            "let x = job.title ?? \"\"; x.trim(); x.to_lower().starts_with(\"a\")",
            "let x = [1, 2]; x.push(3); x.len() == 3 && -x[0] < 0 && x.contains(2)",
            "type_of(job.title) == \"string\" && is_def_var(\"job\")",
            "job.close_date - job.open_date <= 30 && job.close_date.year() == year(today)",
            "`${job.title} (${job.job_type ?? \"-\"})`.len() < 300",
            "#{ a: 1 }.keys().len() == 1 && min(1, 2) == 1 && 2.0.floor() == 2",
            "job.title.split(\",\").len() == 1 && parse_int(\"1\") == 1",
            "true",
            "job.title == \"a\";",
        ];
        for text in good {
            assert!(
                CompiledScript::compile(&sandbox, text, &["job", "today"]).is_ok(),
                "{text}: {:?}",
                CompiledScript::compile(&sandbox, text, &["job", "today"]).err()
            );
        }
    }

    #[test]
    fn what_never_could_run_is_told_at_once() {
        let sandbox = ScriptSandbox::new();
        let found = |text: &str| {
            CompiledScript::compile(&sandbox, text, &["job"])
                .err()
                .unwrap_or_default()
        };
        let told: Vec<_> = found("job.title.lenght() > 3 ||\n  nonsense(job.title.trim(1, 2))")
            .into_iter()
            .map(|one| (one.message, one.line, one.column))
            .collect();
        let expected = [
            ("unknown function `lenght`", 1, 11),
            ("unknown function `nonsense`", 2, 3),
            ("`trim` does not accept 2 values", 2, 22),
        ];
        assert_eq!(
            told,
            expected.map(|(message, line, column)| (message.to_owned(), line, column))
        );
        assert_eq!(found("  ").len(), 1);
    }
}
