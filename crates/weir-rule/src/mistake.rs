//! Explains script errors to people who do not know Rhai. Syntax errors come from the compiler;
//! unknown functions and scripts without a value from a walk over the tree: Rhai would find those
//! only when it evaluates an ad. Must never refuse a script that could run.
//!
//! To support a habit from another language (`and`, `null`, single quotes), add it to [`habit`].

use super::Sandbox;
use super::sandbox::MAX_SCRIPT;
use rhai::{AST, ASTNode, EvalAltResult, Expr, FnCallExpr, LexError, ParseError, ParseErrorType, Position, Stmt};
use std::collections::BTreeSet;
use weir_model::field::{FIELDS, Field};
use weir_yaml::diagnostic::{did_you_mean, one_of};

/// A mistake and its position in the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Line in the script, from 1.
    pub line: usize,
    /// Column in that line, from 1.
    pub column: usize,
}

/// The help if nothing more specific is known.
const LOOK: &str = "check brackets, quotes and operators: `&&`, `||`, `!`, `==`, `!=`, `<=`";

impl Mistake {
    pub(super) fn new(message: String, help: String, at: Position) -> Mistake {
        Mistake { message, help, line: at.line().unwrap_or(1), column: at.position().unwrap_or(1) }
    }

    /// A script that does not compile.
    pub(super) fn of_syntax(error: &ParseError, text: &str, variables: &[&str]) -> Mistake {
        let at = error.position();
        let word = word_at(text, at);
        let (message, help) = match error.err_type() {
            ParseErrorType::VariableUndefined(name) => (format!("unknown variable `{name}`"), variable(name, variables)),
            ParseErrorType::Reserved(name) => (format!("`{name}` is a reserved word"), habit(name).unwrap_or("choose another name").to_owned()),
            ParseErrorType::BadInput(LexError::MalformedChar(inside)) => {
                ("text in single quotes".to_owned(), format!("use double quotes: `\"{inside}\"`"))
            }
            ParseErrorType::BadInput(LexError::UnterminatedString) => {
                ("the text is not closed".to_owned(), "close it with the quote that it starts with; `${` needs a `}`".to_owned())
            }
            ParseErrorType::TooManyFunctions => {
                ("scripts cannot define functions".to_owned(), "write out the expression; `let` names a value".to_owned())
            }
            ParseErrorType::UnexpectedEOF => ("the script is incomplete".to_owned(), LOOK.to_owned()),
            other => (in_backticks(&other.to_string()), habit(&word).unwrap_or(LOOK).to_owned()),
        };
        Mistake::new(message, help, at)
    }

    /// A script that is longer than a stack is deep.
    pub(super) fn of_length(text: &str) -> Option<Mistake> {
        let message = format!("the script is longer than {MAX_SCRIPT} characters");
        let help = "move names to a list in `lists/`, and split the condition into several rules".to_owned();
        (text.chars().nth(MAX_SCRIPT).is_some()).then(|| Mistake::new(message, help, Position::NONE))
    }

    /// Calls of functions that do not exist, or not with so many values.
    pub(super) fn of_calls(ast: &AST, sandbox: &Sandbox) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        ast.walk(&mut |path| {
            mistakes.extend(match path.last() {
                Some(ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))) => unknown_call(call, 0, *at, sandbox),
                Some(ASTNode::Expr(Expr::MethodCall(call, at))) => unknown_call(call, 1, *at, sandbox),
                _ => None,
            });
            true
        });
        mistakes
    }

    /// A script that ends without a value.
    pub(super) fn of_value(ast: &AST) -> Option<Mistake> {
        match ast.statements().last() {
            None | Some(Stmt::Noop(_)) => {
                let message = "the script is empty".to_owned();
                Some(Mistake::new(message, "write an expression, or remove the key".to_owned(), Position::NONE))
            }
            Some(Stmt::Assignment(parts)) => {
                Some(Mistake::new("`=` assigns a value".to_owned(), "write `==` to compare".to_owned(), parts.0.position()))
            }
            Some(Stmt::Var(parts, ..)) => {
                let help = format!("end it with the value: `{}`", parts.0.name);
                Some(Mistake::new("the script ends without a value".to_owned(), help, parts.0.pos))
            }
            _ => None,
        }
    }
}

/// `more` is the value left of the dot.
fn unknown_call(call: &FnCallExpr, more: usize, at: Position, sandbox: &Sandbox) -> Option<Mistake> {
    let name = call.name.as_str();
    let values = call.args.len() + more;
    let is_builtin = matches!(name, "type_of" | "is_shared" | "is_def_fn" | "is_def_var");
    if call.op_token.is_some() || is_builtin || name.contains('$') {
        return None;
    }
    let Some(allowed) = sandbox.functions.get(name) else {
        let help = match habit(name).map(str::to_owned).or_else(|| did_you_mean(name, sandbox.names()).map(|near| format!("did you mean `{near}`?")))
        {
            Some(help) => help,
            None => format!("available functions: {}; text, lists and numbers also have Rhai's", one_of(super::library::FUNCTIONS)),
        };
        return Some(Mistake::new(format!("unknown function `{name}`"), help, at));
    };
    let allowed: BTreeSet<usize> = allowed.iter().map(Vec::len).collect();
    if allowed.contains(&values) {
        return None;
    }
    let numbers: Vec<String> = allowed.iter().map(|number| number.saturating_sub(more).to_string()).collect();
    let help = format!("expected {}", numbers.join(" or "));
    Some(Mistake::new(format!("`{name}` does not accept {}", counted(values - more)), help, at))
}

fn counted(values: usize) -> String {
    if values == 1 { "1 value".to_owned() } else { format!("{values} values") }
}

/// What an unknown variable may have meant.
fn variable(name: &str, variables: &[&str]) -> String {
    let has = |variable| variables.contains(&variable);
    let fields = FIELDS.map(Field::name);
    if let Some(help) = habit(name) {
        return help.to_owned();
    }
    match did_you_mean(name, variables.iter().copied()) {
        Some(near) => return format!("did you mean `{near}`?"),
        None if name == "doc" && has("job") => return "rules read the mapped job, such as `job.title`".to_owned(),
        None if name == "job" && has("doc") => return "mappings read the document, such as `doc.title`".to_owned(),
        None => {}
    }
    match did_you_mean(name, fields).filter(|_| has("job")) {
        Some(near) => format!("did you mean `job.{near}`?"),
        None => format!("a script can read {}; write text in double quotes", one_of(variables.iter().copied())),
    }
}

/// Words of other languages.
fn habit(word: &str) -> Option<&'static str> {
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
        "Fn" | "call" | "curry" | "fn" | "map" | "filter" | "reduce" => "scripts cannot define functions; search a list with `in` or `contains`",
        "eval" | "print" | "debug" | "import" | "export" | "sleep" => "scripts have no side effects",
        _ => return None,
    })
}

/// The name at a position.
fn word_at(text: &str, at: Position) -> String {
    let line = text.split('\n').nth(at.line().unwrap_or(1).saturating_sub(1)).unwrap_or_default();
    line.chars().skip(at.position().unwrap_or(1).saturating_sub(1)).take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The compiler's message in our format.
fn in_backticks(text: &str) -> String {
    let text = if text.contains('`') { text.to_owned() } else { text.replace('\'', "`") };
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Why an evaluation failed.
pub(super) fn failure(error: &EvalAltResult) -> String {
    if let EvalAltResult::ErrorFunctionNotFound(signature, _) = error
        && let Some((name, kinds)) = signature.split_once(" (")
    {
        let kinds: Vec<&str> = kinds.trim_end_matches(')').split(", ").map(kind).collect();
        return format!("`{name}` does not work with {}", kinds.join(" and "));
    }
    if let EvalAltResult::ErrorTerminated(..) = error {
        return "it takes too long: more than five seconds for one ad".to_owned();
    }
    let text = error.to_string();
    in_backticks(text.split(" (line ").next().unwrap_or(&text))
}

/// The name of a type in messages.
pub(super) fn kind(name: &str) -> &str {
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

#[cfg(test)]
mod tests {
    use crate::{Sandbox, Script};

    #[test]
    fn what_could_run_is_never_refused() {
        let sandbox = Sandbox::new();
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
                Script::compile(&sandbox, text, &["job", "today"]).is_ok(),
                "{text}: {:?}",
                Script::compile(&sandbox, text, &["job", "today"]).err()
            );
        }
    }

    #[test]
    fn what_never_could_run_is_told_at_once() {
        let sandbox = Sandbox::new();
        let found = |text: &str| Script::compile(&sandbox, text, &["job"]).err().unwrap_or_default();
        let told: Vec<_> =
            found("job.title.lenght() > 3 ||\n  nonsense(job.title.trim(1, 2))").into_iter().map(|one| (one.message, one.line, one.column)).collect();
        let expected = [("unknown function `lenght`", 1, 11), ("unknown function `nonsense`", 2, 3), ("`trim` does not accept 2 values", 2, 22)];
        assert_eq!(told, expected.map(|(message, line, column)| (message.to_owned(), line, column)));
        assert_eq!(found("  ").len(), 1);
    }
}
