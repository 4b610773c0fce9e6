//! A compiled script: its tree, what it reads, and where its errors are. Compilation finds unknown
//! variables and members; evaluation never prints, waits or panics.

use super::lower::tree::Read;
use super::lower::{self, Tree, View};
use super::mistake::{Mistake, failure};
use super::scope::{self, Values, Variable};
use super::{Given, Sandbox, flat};
use rhai::{AST, ASTNode, Dynamic, EvalAltResult, Expr, Position, Scope, Stmt};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_model::Value;

/// A compiled expression.
#[derive(Clone)]
pub struct Script {
    ast: AST,
    /// The same with members as variables, where possible.
    flat: Option<AST>,
    /// Its variables.
    variables: Vec<Variable>,
    text: String,
    /// What it reads.
    pub reads: Reads,
    /// The fields among it, of the ad and of the version before.
    fields: Vec<Read>,
    /// The parameters and lists that it reads.
    pub given: Given,
    /// The script as a typed tree, if all of it is recognised: the same results, much faster.
    pub lowered: Option<Arc<Tree>>,
}

/// What a script reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Members of variables: `("job", "title")`. A variable that is used whole has the member `*`.
    pub members: BTreeSet<(String, String)>,
    /// Whether it speaks of absence (`()`), and so wants to see absent fields.
    pub absence: bool,
    places: Vec<(String, String, usize, usize)>,
}

/// An error of a script, and its position in the text.
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

impl ScriptError {
    fn of(error: &EvalAltResult) -> ScriptError {
        let position = error.position();
        ScriptError { message: failure(error), line: position.line().unwrap_or(1), column: position.position().unwrap_or(1) }
    }
}

impl Reads {
    /// The members of one variable.
    pub fn of<'a>(&'a self, variable: &'a str) -> impl Iterator<Item = &'a str> {
        self.members.iter().filter(move |(owner, _)| owner == variable).map(|(_, member)| member.as_str())
    }

    /// Whether the variable is read at all.
    pub fn touches(&self, variable: &str) -> bool {
        self.of(variable).next().is_some()
    }

    /// Where a member is first named: line and column from 1.
    pub fn place_of(&self, variable: &str, member: &str) -> Option<(usize, usize)> {
        self.places.iter().find(|(owner, name, ..)| owner == variable && name == member).map(|(_, _, line, column)| (*line, *column))
    }
}

impl Script {
    /// Compiles a script that may read `variables`.
    ///
    /// # Errors
    /// The syntax error or unknown variable, or else everything that could never be evaluated, with places in the text.
    pub fn compile(sandbox: &Sandbox, text: &str, variables: &[&str]) -> Result<Script, Vec<Mistake>> {
        if let Some(mistake) = Mistake::of_length(text) {
            return Err(vec![mistake]);
        }
        let mut scope = Scope::new();
        for variable in variables {
            scope.push_dynamic(*variable, Dynamic::UNIT);
        }
        let compiled = sandbox.engine.compile_with_scope(&scope, text);
        let ast = compiled.map_err(|error| vec![Mistake::of_syntax(&error, text, variables)])?;
        let mistakes: Vec<Mistake> = Mistake::of_calls(&ast, sandbox).into_iter().chain(Mistake::of_value(&ast)).collect();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let reads = reads(&ast, variables);
        let flat = flat::flatten(sandbox, &ast, text, &reads);
        let fields = |variable: &'static str, before: bool| reads.of(variable).filter_map(move |name| Read::field(name, before));
        let fields = fields("job", false).chain(fields("before", true)).collect();
        let script = Script { ast, flat, variables: Vec::new(), text: text.to_owned(), reads, fields, given: Given::default(), lowered: None };
        Ok(script.with(&Given::default()))
    }

    /// The script with the parameters and lists that it reads.
    #[must_use]
    pub fn with(mut self, all: &Given) -> Script {
        let parameters = all.parameters.iter().filter(|(name, _)| self.reads.touches(name));
        let lists = all.lists.iter().filter(|(name, _)| self.reads.of("lists").any(|read| read == *name));
        self.given = Given {
            parameters: parameters.map(|(name, value)| (name.clone(), value.clone())).collect(),
            lists: lists.map(|(name, list)| (name.clone(), Arc::clone(list))).collect(),
        };
        self.variables = scope::variables(&self.reads, &self.given, self.flat.is_some());
        self.lowered = lower::lower(&self).map(Arc::new);
        self
    }

    /// The values of the fields that it reads.
    pub(super) fn held<'a>(&self, view: View<'a>) -> impl Iterator<Item = &'a Value> {
        self.fields.iter().filter_map(move |field| field.held(view))
    }

    /// Its statements, as parsed by Rhai.
    pub(super) fn statements(&self) -> &[Stmt] {
        self.ast.statements()
    }

    /// Shows every node of it with those around it, the outermost first.
    pub(super) fn walk(&self, on_node: &mut impl FnMut(&[ASTNode]) -> bool) {
        self.ast.walk(on_node);
    }

    /// Evaluates the script with the values of its variables.
    ///
    /// # Errors
    /// Why it has no value: an unknown function, a wrong type, a limit.
    pub fn evaluate(&self, sandbox: &Sandbox, values: &dyn Values) -> Result<Dynamic, ScriptError> {
        let ast = self.flat.as_ref().unwrap_or(&self.ast);
        let result = sandbox.evaluate(ast, |scope| scope::fill(scope, &self.variables, values));
        result.map_err(|error| ScriptError::of(&error))
    }

    /// The result of plain Rhai on the text as written, with maps and no state from earlier
    /// evaluations.
    #[cfg(test)]
    pub(super) fn by_rhai_alone(&self, sandbox: &Sandbox, values: &dyn Values) -> Result<Dynamic, ScriptError> {
        let mut scope = Scope::new();
        scope::fill(&mut scope, &scope::variables(&self.reads, &self.given, false), values);
        super::budget::begin();
        sandbox.engine.eval_ast_with_scope(&mut scope, &self.ast).map_err(|error| ScriptError::of(&error))
    }

    /// Whether its members are variables.
    #[cfg(test)]
    pub(super) fn is_flat(&self) -> bool {
        self.flat.is_some()
    }

    /// The script as written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Script({})", self.text.trim())
    }
}

fn reads(ast: &AST, variables: &[&str]) -> Reads {
    let mut reads = Reads::default();
    ast.walk(&mut |path| {
        if let Some(ASTNode::Expr(expression)) = path.last() {
            note(expression, path, variables, &mut reads);
        }
        true
    });
    reads
}

fn note(expression: &Expr, path: &[ASTNode], variables: &[&str], reads: &mut Reads) {
    match expression {
        Expr::Unit(_) => reads.absence = true,
        Expr::Dot(parts, ..) => {
            if let (Expr::Variable(variable, ..), Some((member, at))) = (&parts.lhs, member_of(&parts.rhs)) {
                add(reads, &variable.1, &member, at, variables);
            }
        }
        Expr::Variable(variable, _, at) if !is_left_of_dot(path) => add(reads, &variable.1, scope::WHOLE, *at, variables),
        _ => {}
    }
}

fn add(reads: &mut Reads, variable: &str, member: &str, at: Position, variables: &[&str]) {
    if variables.contains(&variable) {
        reads.members.insert((variable.to_owned(), member.to_owned()));
        reads.places.push((variable.to_owned(), member.to_owned(), at.line().unwrap_or(1), at.position().unwrap_or(1)));
    }
}

/// The first member after a dot: `agency` in `doc.agency.name`.
pub(super) fn member_of(right: &Expr) -> Option<(String, Position)> {
    match right {
        Expr::Property(property, at) => Some((property.2.to_string(), *at)),
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => member_of(&parts.lhs),
        _ => None,
    }
}

/// Whether the last node of a walk is the variable left of a dot that names a member (those are noted with it).
fn is_left_of_dot(path: &[ASTNode]) -> bool {
    let parent = path.len().checked_sub(2).and_then(|index| path.get(index));
    matches!(parent, Some(ASTNode::Expr(Expr::Dot(parts, ..))) if matches!(parts.lhs, Expr::Variable(..)) && member_of(&parts.rhs).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_of(text: &str) -> Vec<String> {
        let script = Script::compile(&Sandbox::new(), text, &["job", "doc"]).unwrap();
        script.reads.members.iter().map(|(owner, member)| format!("{owner}.{member}")).collect()
    }

    #[test]
    fn what_a_script_reads_is_known() {
        assert_eq!(reads_of("job.close_date >= job.open_date"), ["job.close_date", "job.open_date"]);
        assert_eq!(reads_of("`${doc.salary.min} - ${doc.salary.max}`"), ["doc.salary"]);
        assert_eq!(reads_of("doc.list[0].x == 1"), ["doc.list"]);
        assert_eq!(reads_of("doc.title.len() > 3"), ["doc.title"]);
        assert_eq!(reads_of("doc == ()"), ["doc.*"]);
        assert_eq!(reads_of("let x = doc.a; x"), ["doc.a"]);
    }

    #[test]
    fn mistakes_are_located() {
        let error = |text: &str| Script::compile(&Sandbox::new(), text, &["job"]).unwrap_err().remove(0);
        assert_eq!((error("job.a &&\n && 1").line, error("job.a &&\n && 1").column), (2, 2));
        assert!(error("jobb.title").message.contains("jobb"));
        assert!(error("while true {}").message.to_lowercase().contains("while"));
        assert!(Script::compile(&Sandbox::new(), &"(".repeat(5000), &[]).is_err());
    }
}
