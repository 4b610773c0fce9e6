//! Names of sources and institutions written in a script: `source == "seek"`, `institution in
//! ["nsw-gov", "vic-gov"]`. A caller that knows all names can report misspelt ones: such a
//! comparison has the same result for every ad.
//!
//! Must only find values compared with the variable itself; text elsewhere may be anything.

use super::expr::{ExprKind, ScriptExpr};
use super::script::CompiledScript;
use super::value::{ComparisonOp, ConstantValue};

/// A name that a script writes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedName {
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
pub fn names(script: &CompiledScript) -> Vec<ComparedName> {
    let mut all = Vec::new();
    script.tree().walk(&mut |part| match &part.kind {
        ExprKind::Compare(ComparisonOp::Equal | ComparisonOp::Unequal, sides) => {
            let [one, other] = &**sides;
            all.extend(compared(one, other));
            all.extend(compared(other, one));
        }
        ExprKind::Call(call) => match (call.name.as_str(), call.values.as_slice()) {
            ("contains", [list, variable]) if list.text().is_none() => {
                all.extend(compared(variable, list));
            }
            ("one_of", [variable, list]) => all.extend(compared(variable, list)),
            _ => {}
        },
        _ => {}
    });
    all
}

/// The names that a variable is compared with.
fn compared(variable: &ScriptExpr, value: &ScriptExpr) -> Vec<ComparedName> {
    let ExprKind::Variable(variable, _) = &variable.kind else {
        return Vec::new();
    };
    let known = VARIABLES.into_iter().find(|known| known == variable);
    let Some(variable) = known else {
        return Vec::new();
    };
    let mut names = Vec::new();
    texts(value, &mut |name, line, column| {
        names.push(ComparedName {
            variable,
            name: name.to_owned(),
            line,
            column,
        });
    });
    names
}

/// The texts of an expression: of itself, or of its list.
fn texts(expr: &ScriptExpr, found: &mut dyn FnMut(&str, usize, usize)) {
    let at = expr.at;
    match &expr.kind {
        // Behind the quote.
        ExprKind::Constant(ConstantValue::Text(text)) => found(text, at.line, at.next().column),
        ExprKind::Constant(ConstantValue::Texts(items)) => {
            items
                .iter()
                .for_each(|text| found(text, at.line, at.column));
        }
        ExprKind::Constant(ConstantValue::Items(items)) => {
            for item in items {
                if let ConstantValue::Text(text) = item {
                    found(text, at.line, at.column);
                }
            }
        }
        ExprKind::Array(items) => items.iter().for_each(|item| texts(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::CompiledScript;
    use crate::ScriptSandbox;
    use crate::ad_input::VARIABLES;

    fn found(text: &str) -> Vec<String> {
        let script = CompiledScript::compile(&ScriptSandbox::new(), text, &VARIABLES).unwrap();
        names(&script)
            .into_iter()
            .map(|named| {
                format!(
                    "{} {} {}:{}",
                    named.variable, named.name, named.line, named.column
                )
            })
            .collect()
    }

    #[test]
    fn names_are_found_where_they_are_compared() {
        assert_eq!(found("source == \"seek\""), ["source seek 1:12"]);
        assert_eq!(
            found("\"seek\" != source && institution == \"a\""),
            ["source seek 1:2", "institution a 1:37"]
        );
        assert_eq!(
            found("source in [\"a\", \"b\"]"),
            ["source a 1:11", "source b 1:11"]
        );
        assert_eq!(
            found("if one_of(institution, [\"a\"]) { source.one_of([\"b\"]) } else { true }"),
            ["institution a 1:24", "source b 1:47"]
        );
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            "job.title == \"seek\"",
            "source == job.title",
            "source.contains(\"seek\")",
            "source in \"seek apsjobs\"",
            "matches(source, \"^a\")",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
