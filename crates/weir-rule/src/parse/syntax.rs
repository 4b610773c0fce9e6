//! Explains syntax errors to people who do not know Rhai.

use super::tree::position;
use crate::script_error::{ScriptDiagnostic, habit, in_backticks};
use rhai::{LexError, ParseError, ParseErrorType, Position};
use weir_model::field::{FIELDS, Field};
use weir_yaml::diagnostic::{did_you_mean, one_of};

/// The help if nothing more specific is known.
const LOOK: &str = "check brackets, quotes and operators: `&&`, `||`, `!`, `==`, `!=`, `<=`";

/// Why a script does not compile.
pub(super) fn diagnostic_of(
    error: &ParseError,
    text: &str,
    variables: &[&str],
) -> ScriptDiagnostic {
    let at = error.position();
    let (message, help) = match error.err_type() {
        ParseErrorType::VariableUndefined(name) => {
            let help = after_minus(text, at, name).unwrap_or_else(|| variable(name, variables));
            (format!("unknown variable `{name}`"), help)
        }
        ParseErrorType::Reserved(name) => (
            format!("`{name}` is a reserved word"),
            habit(name).unwrap_or("choose another name").to_owned(),
        ),
        ParseErrorType::BadInput(LexError::MalformedChar(inside)) => (
            "text in single quotes".to_owned(),
            format!("use double quotes: `\"{inside}\"`"),
        ),
        ParseErrorType::BadInput(LexError::UnterminatedString) => (
            "the text is not closed".to_owned(),
            "close it with the quote that it starts with; `${` needs a `}`".to_owned(),
        ),
        ParseErrorType::TooManyFunctions => (
            "scripts cannot define functions".to_owned(),
            "write out the expression; `let` names a value".to_owned(),
        ),
        ParseErrorType::UnexpectedEOF => ("the script is incomplete".to_owned(), LOOK.to_owned()),
        other => (
            in_backticks(&other.to_string()),
            habit(&word_at(text, at)).unwrap_or(LOOK).to_owned(),
        ),
    };
    ScriptDiagnostic::new(message, help, position(at))
}

/// `lists.my-list` subtracts `list` from `lists.my`.
fn after_minus(text: &str, at: Position, name: &str) -> Option<String> {
    let at = position(at);
    let line = text.split('\n').nth(at.line.checked_sub(1)?)?;
    let before: String = line.chars().take(at.column.checked_sub(1)?).collect();
    let owner = before.strip_suffix('-')?;
    let is_outside = |letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '.'));
    let member = owner
        .rsplit(is_outside)
        .next()
        .filter(|member| member.contains('.'))?;
    Some(format!(
        "`-` subtracts, and names have none: write `{member}_{name}`"
    ))
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
        None if name == "doc" && has("job") => {
            return "rules read the mapped job, such as `job.title`".to_owned();
        }
        None if name == "job" && has("doc") => {
            return "mappings read the document, such as `doc.title`".to_owned();
        }
        None => {}
    }
    match did_you_mean(name, fields).filter(|_| has("job")) {
        Some(near) => format!("did you mean `job.{near}`?"),
        None => {
            let known = one_of(variables.iter().copied());
            format!("a script can read {known}; write text in double quotes")
        }
    }
}

/// The name at a position.
fn word_at(text: &str, at: Position) -> String {
    let at = position(at);
    let line = text
        .split('\n')
        .nth(at.line.saturating_sub(1))
        .unwrap_or_default();
    let from = line.chars().skip(at.column.saturating_sub(1));
    from.take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}
