//! Errors of scripts: [`ScriptDiagnostic`] before any ad is read, [`ScriptError`] for one ad.
//!
//! To support a habit from another language (`and`, `null`, single quotes), add it to [`habit`].

use super::expr::{ExprKind, ScriptExpr, ScriptPosition};
use std::collections::BTreeSet;

/// A mistake and its position in the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptDiagnostic {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Line in the script, from 1.
    pub line: usize,
    /// Column in that line, from 1.
    pub column: usize,
    /// The variables that it is about, parameters among them.
    pub variables: BTreeSet<String>,
}

/// Why a script has no value for an ad, and the position in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptError {
    /// The reason.
    pub message: String,
    /// Line in the script, from 1.
    pub line: usize,
    /// Column in that line, from 1.
    pub column: usize,
}

impl ScriptDiagnostic {
    pub(super) fn new(message: String, help: String, at: ScriptPosition) -> ScriptDiagnostic {
        let variables = BTreeSet::new();
        ScriptDiagnostic {
            message,
            help,
            line: at.line,
            column: at.column,
            variables,
        }
    }

    /// The same, about the variables of some expressions.
    pub(super) fn about(mut self, parts: &[ScriptExpr]) -> ScriptDiagnostic {
        for part in parts {
            part.walk(&mut |inner| {
                if let ExprKind::Variable(name, _) = &inner.kind {
                    self.variables.insert(name.clone());
                }
            });
        }
        self
    }
}

impl ScriptError {
    /// An error of the script as a whole.
    pub(super) fn of_result(message: String) -> ScriptError {
        ScriptError {
            message,
            line: 1,
            column: 1,
        }
    }
}

/// Words of other languages.
pub(super) fn habit(word: &str) -> Option<&'static str> {
    Some(match word {
        "and" | "AND" => "write `&&` for and",
        "or" | "OR" => "write `||` for or",
        "not" | "NOT" => "write `!` for not, as in `!job.title.is_empty()`",
        "is" => "write `==` to compare",
        "null" | "None" | "nil" | "undefined" | "NULL" | "Null" => "write `()` for a missing value",
        "True" | "TRUE" => "write `true`",
        "False" | "FALSE" => "write `false`",
        "length" | "size" | "count" => "use `.len()` for the length of text or a list",
        "startswith" | "startsWith" | "beginsWith" => "did you mean `starts_with`?",
        "endswith" | "endsWith" => "did you mean `ends_with`?",
        "to_text" | "toString" | "str" => "did you mean `to_string`?",
        "lower" | "lowercase" | "toLowerCase" => "did you mean `to_lower`?",
        "upper" | "uppercase" | "toUpperCase" => "did you mean `to_upper`?",
        "while" | "for" | "loop" | "do" => "scripts have no loops",
        "Fn" | "call" | "curry" | "fn" | "map" | "filter" | "reduce" => {
            "scripts cannot define functions; search a list with `in` or `contains`"
        }
        "eval" | "print" | "debug" | "import" | "export" | "sleep" => {
            "scripts have no side effects"
        }
        _ => return None,
    })
}

/// The compiler's message in our format.
pub(super) fn in_backticks(text: &str) -> String {
    let text = if text.contains('`') {
        text.to_owned()
    } else {
        text.replace('\'', "`")
    };
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
