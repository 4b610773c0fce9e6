//! Business rules in Rhai, compiled once and sandboxed. A rule reads only the fields that it names
//! and returns true or false; a rule that cannot be evaluated is itself a problem of the ad, never
//! a pass.
//!
//! ```text
//! text -- parse --> ScriptExpr -- bind ------> evaluate --> verdict
//!           |         |   |                       | opaque, or an error
//!           |         |   +-- typecheck,          v
//!           |         |       satisfiability,   sandbox (Rhai)
//!           |         |       tautology,          ^
//!           |         |       compared_names      |
//!           |         +------ reads, flatten -----+
//!           +---------------- Rhai's own tree ----+
//! ```
//!
//! [`parse`] alone reads Rhai's tree; everything else walks [`ScriptExpr`]. Only `parse`,
//! [`sandbox`] and [`library`] import Rhai, so another version of it is a change of these three.
//!
//! Pure: no clock (the date is passed in), no database, no files. To add a function for rule
//! authors, see [`library`].

pub mod ad_input;
mod bind;
pub mod bindings;
mod budget;
mod call_check;
mod canonical_text;
pub mod compared_names;
pub mod draft;
mod evaluate;
pub mod expr;
mod flatten;
pub mod functions;
pub mod library;
pub mod list;
pub mod matched;
pub mod message;
mod parse;
pub mod pattern;
pub mod reads;
pub mod recall;
pub mod sandbox;
pub mod satisfiability;
pub mod script;
pub mod script_error;
mod tautology;
pub mod typecheck;
pub mod types;
pub mod value;
pub mod verdict;
mod yaml_script;

pub use ad_input::{AdView, DecidedRole, NamedRelation, RuleFacts};
pub use bindings::{RuleParameter, ScriptBindings};
pub use expr::ScriptExpr;
pub use list::NamedList;
pub use message::RuleMessage;
pub use recall::{RecalledRule, recall};
pub use sandbox::ScriptSandbox;
pub use script::CompiledScript;
pub use script_error::{ScriptDiagnostic, ScriptError};
pub use verdict::{CompiledRule, RuleVerdict};
pub use yaml_script::compile_script;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// The files of a folder that import Rhai.
    fn importers(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                importers(&path, found);
            } else if is_importer(&fs::read_to_string(&path).unwrap()) {
                found.push(path.display().to_string());
            }
        }
    }

    fn is_importer(text: &str) -> bool {
        text.lines()
            .any(|line| line.trim_start().starts_with("use rhai::"))
    }

    #[test]
    fn only_three_modules_import_rhai() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        importers(&source, &mut found);
        let allowed = ["parse/", "sandbox/", "library/"];
        let is_allowed = |file: &&String| allowed.iter().any(|module| file.contains(module));
        assert!(found.len() > 4, "the search is broken: {found:?}");
        assert_eq!(found.iter().find(|file| !is_allowed(file)), None);
        let readers = found.iter().filter(|file| {
            let text = fs::read_to_string(file).unwrap();
            text.contains("Expr::FnCall(") || text.contains("Stmt::Expr(")
        });
        let readers: Vec<&String> = readers.collect();
        assert!(
            readers.len() == 1 && readers[0].ends_with("tree.rs"),
            "{readers:?}"
        );
    }
}
