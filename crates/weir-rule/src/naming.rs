//! Names of sources and institutions written in a script: `source == "seek"`, `institution in ["nsw-gov", "vic-gov"]`. A caller that knows all names can report misspelt ones: such a
//! comparison has the same result for every ad.
//!
//! Must only find values compared with the variable itself; text elsewhere may be anything.

use super::Script;
use rhai::{ASTNode, Dynamic, Expr, FnCallExpr, Position, Stmt};

/// A name that a script writes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What is compared with it: `source` or `institution`.
    pub variable: &'static str,
    /// The name.
    pub name: String,
    /// Line in the script, from 1.
    pub line: usize,
    /// Column of its first character in that line, from 1; for a list, where Rhai keeps only that
    /// position.
    pub column: usize,
}

/// The variables that contain names.
const VARIABLES: [&str; 2] = ["source", "institution"];

/// The names that a script writes out, in the order of the script.
pub fn names(script: &Script) -> Vec<Named> {
    let mut all = Vec::new();
    script.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) => all.extend(compared(call)),
            Some(ASTNode::Expr(Expr::Dot(parts, ..))) => all.extend(asked(&parts.lhs, &parts.rhs)),
            _ => {}
        }
        true
    });
    all
}

/// `source == "seek"`, `source in [...]`, `one_of(source, [...])`
fn compared(call: &FnCallExpr) -> Vec<Named> {
    match (call.name.as_str(), call.args.as_slice()) {
        ("==" | "!=", [one, other]) => [(one, other), (other, one)].into_iter().flat_map(|(variable, value)| asked_of(variable, value)).collect(),
        ("contains", [list, variable]) if !matches!(list, Expr::StringConstant(..)) => asked_of(variable, list),
        ("one_of", [variable, list]) => asked_of(variable, list),
        _ => Vec::new(),
    }
}

/// `source.one_of([...])`
fn asked(owner: &Expr, step: &Expr) -> Vec<Named> {
    match step {
        Expr::MethodCall(call, _) if call.name == "one_of" => call.args.iter().flat_map(|list| asked_of(owner, list)).collect(),
        _ => Vec::new(),
    }
}

fn asked_of(variable: &Expr, value: &Expr) -> Vec<Named> {
    let Expr::Variable(parts, ..) = variable else { return Vec::new() };
    let Some(variable) = VARIABLES.into_iter().find(|known| *known == parts.1) else { return Vec::new() };
    let named = |(name, at): (String, Position)| Named { variable, name, line: at.line().unwrap_or(1), column: at.position().unwrap_or(1) };
    texts(value).into_iter().map(named).collect()
}

/// The texts of an expression: of itself, or of its list.
fn texts(expression: &Expr) -> Vec<(String, Position)> {
    match expression {
        Expr::StringConstant(text, at) => vec![(text.to_string(), behind_the_quote(*at))],
        Expr::Array(items, _) => items.iter().flat_map(texts).collect(),
        Expr::DynamicConstant(list, at) => {
            let items = list.read_lock::<rhai::Array>();
            let text = |item: &Dynamic| Some((item.clone().into_string().ok()?, *at));
            items.iter().flat_map(|items| items.iter().filter_map(text)).collect()
        }
        _ => Vec::new(),
    }
}

fn behind_the_quote(at: Position) -> Position {
    at.line().zip(at.position()).map_or(at, |(line, column)| Position::new(narrow(line), narrow(column + 1)))
}

fn narrow(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sandbox;
    use crate::scope;

    fn found(text: &str) -> Vec<String> {
        let script = Script::compile(&Sandbox::new(), text, &scope::VARIABLES).unwrap();
        names(&script).into_iter().map(|named| format!("{} {} {}:{}", named.variable, named.name, named.line, named.column)).collect()
    }

    #[test]
    fn names_are_found_where_they_are_compared() {
        assert_eq!(found("source == \"seek\""), ["source seek 1:12"]);
        assert_eq!(found("\"seek\" != source && institution == \"a\""), ["source seek 1:2", "institution a 1:37"]);
        assert_eq!(found("source in [\"a\", \"b\"]"), ["source a 1:11", "source b 1:11"]);
        assert_eq!(found("if one_of(institution, [\"a\"]) { source.one_of([\"b\"]) } else { true }"), ["institution a 1:24", "source b 1:47"]);
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in
            ["job.title == \"seek\"", "source == job.title", "source.contains(\"seek\")", "source in \"seek apsjobs\"", "matches(source, \"^a\")"]
        {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
