//! Scripts in the YAML: an error in one is reported at its own line of the file.

use super::sandbox::ScriptSandbox;
use super::script::CompiledScript;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::Text;

/// Compiles a script at its place in the file; problems go to `out` at their own line.
pub fn compile_script(
    script: &Text,
    sandbox: &ScriptSandbox,
    variables: &[&str],
    out: &mut Diagnostics,
) -> Option<CompiledScript> {
    match CompiledScript::compile(sandbox, script.as_str(), variables) {
        Ok(compiled) => Some(compiled),
        Err(errors) => {
            for error in errors {
                out.error(
                    &script.name_at(error.line, error.column),
                    "bad-script",
                    error.message,
                )
                .help(error.help);
            }
            None
        }
    }
}
