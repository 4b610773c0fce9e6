//! A compiled script: its expression, what it reads, and where its errors are. Compilation finds
//! unknown variables and members; evaluation never prints, waits or panics.

use super::ad_input::{AdInput, AdView};
use super::bindings::ScriptBindings;
use super::call_check;
use super::expr::{ExprKind, ScriptExpr};
use super::parse::{ParsedScript, parse};
use super::reads::ScriptReads;
use super::sandbox::scope::{self, ScopeVariable, VariableValues};
use super::sandbox::{InterpretedValue, ScriptProgram, ScriptSandbox};
use super::script_error::{ScriptDiagnostic, ScriptError};
use super::value::ConstantValue;
use std::sync::Arc;
use weir_model::FieldValue;

/// A compiled expression.
#[derive(Clone)]
pub struct CompiledScript {
    text: String,
    tree: Arc<ScriptExpr>,
    program: ScriptProgram,
    /// Its variables, for the interpreter.
    variables: Vec<ScopeVariable>,
    /// What it reads.
    pub reads: ScriptReads,
    /// The fields among it, of the ad and of the version before.
    fields: Vec<AdInput>,
    /// The parameters and lists that it reads.
    pub bindings: ScriptBindings,
    is_native: bool,
}

impl CompiledScript {
    /// Compiles a script that may read `variables`.
    ///
    /// # Errors
    /// The syntax error or unknown variable, or else everything that could never be evaluated, with
    /// places in the text.
    pub fn compile(
        sandbox: &ScriptSandbox,
        text: &str,
        variables: &[&str],
    ) -> Result<CompiledScript, Vec<ScriptDiagnostic>> {
        let parsed = parse(sandbox, text, variables).map_err(|mistake| vec![mistake])?;
        let mistakes = call_check::mistakes(&parsed.tree, sandbox.functions());
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let ParsedScript {
            tree,
            reads,
            program,
        } = parsed;
        let fields = |variable: &'static str, before: bool| {
            reads
                .of(variable)
                .filter_map(move |name| AdInput::field(name, before))
        };
        let script = CompiledScript {
            text: text.to_owned(),
            tree: Arc::new(tree),
            program,
            variables: Vec::new(),
            fields: fields("job", false).chain(fields("before", true)).collect(),
            reads,
            bindings: ScriptBindings::default(),
            is_native: false,
        };
        Ok(script.with(&ScriptBindings::default()))
    }

    /// The script with the parameters and lists that it reads.
    #[must_use]
    pub fn with(mut self, all: &ScriptBindings) -> CompiledScript {
        let parameters = all
            .parameters
            .iter()
            .filter(|(name, _)| self.reads.touches(name));
        let is_read = |name: &str| self.reads.of("lists").any(|read| read == name);
        let lists = all.lists.iter().filter(|(name, _)| is_read(name));
        self.bindings = ScriptBindings {
            parameters: parameters
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            lists: lists
                .map(|(name, list)| (name.clone(), Arc::clone(list)))
                .collect(),
        };
        self.variables = scope::variables(&self.reads, &self.bindings, self.program.is_flat());
        Arc::make_mut(&mut self.tree).bind(&self.bindings);
        self.is_native = self.tree.is_native();
        self
    }

    /// The same script, of which nothing is evaluated natively.
    #[must_use]
    pub fn interpreted_only(mut self) -> CompiledScript {
        self.is_native = false;
        self
    }

    /// Its expression.
    pub fn tree(&self) -> &ScriptExpr {
        &self.tree
    }

    /// Whether it is just `false`: such a rule rejects every ad that its `when` selects.
    pub fn is_false(&self) -> bool {
        let is_false =
            |last: &ScriptExpr| matches!(last.kind, ExprKind::Constant(ConstantValue::Bool(false)));
        self.tree.last().is_some_and(is_false)
    }

    /// Its only statement, if all of it is evaluated natively.
    pub fn native(&self) -> Option<&ScriptExpr> {
        match &self.tree.kind {
            ExprKind::Block(statements) if self.is_native => statements.first(),
            _ => None,
        }
    }

    /// The values of the fields that it reads.
    pub(super) fn field_values<'a>(
        &self,
        view: AdView<'a>,
    ) -> impl Iterator<Item = &'a FieldValue> {
        self.fields
            .iter()
            .filter_map(move |field| field.field_value(view))
    }

    /// Interprets the script with the values of its variables.
    ///
    /// # Errors
    /// Why it has no value: an unknown function, a wrong type, a limit.
    pub fn interpret(
        &self,
        sandbox: &ScriptSandbox,
        values: &dyn VariableValues,
    ) -> Result<InterpretedValue, ScriptError> {
        sandbox.run(&self.program, &self.variables, values)
    }

    /// The result of plain Rhai on the text as written, with maps and no state from earlier
    /// evaluations.
    #[cfg(test)]
    pub(super) fn by_rhai_alone(
        &self,
        sandbox: &ScriptSandbox,
        values: &dyn VariableValues,
    ) -> Result<InterpretedValue, ScriptError> {
        let variables = scope::variables(&self.reads, &self.bindings, false);
        sandbox.run_alone(&self.program, &variables, values)
    }

    /// Whether its members are variables.
    #[cfg(test)]
    pub(super) fn is_flat(&self) -> bool {
        self.program.is_flat()
    }

    /// The script as written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for CompiledScript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CompiledScript({})", self.text.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_of(text: &str) -> Vec<String> {
        let script = CompiledScript::compile(&ScriptSandbox::new(), text, &["job", "doc"]).unwrap();
        script
            .reads
            .members
            .iter()
            .map(|(owner, member)| format!("{owner}.{member}"))
            .collect()
    }

    #[test]
    fn what_a_script_reads_is_known() {
        assert_eq!(
            reads_of("job.close_date >= job.open_date"),
            ["job.close_date", "job.open_date"]
        );
        assert_eq!(
            reads_of("`${doc.salary.min} - ${doc.salary.max}`"),
            ["doc.salary"]
        );
        assert_eq!(reads_of("doc.list[0].x == 1"), ["doc.list"]);
        assert_eq!(reads_of("doc.title.len() > 3"), ["doc.title"]);
        assert_eq!(reads_of("doc == ()"), ["doc.*"]);
        assert_eq!(reads_of("let x = doc.a; x"), ["doc.a"]);
    }

    #[test]
    fn mistakes_are_located() {
        let error = |text: &str| {
            CompiledScript::compile(&ScriptSandbox::new(), text, &["job"])
                .unwrap_err()
                .remove(0)
        };
        assert_eq!(
            (
                error("job.a &&\n && 1").line,
                error("job.a &&\n && 1").column
            ),
            (2, 2)
        );
        assert!(error("jobb.title").message.contains("jobb"));
        assert!(
            error("while true {}")
                .message
                .to_lowercase()
                .contains("while")
        );
        assert!(CompiledScript::compile(&ScriptSandbox::new(), &"(".repeat(5000), &[]).is_err());
    }
}
