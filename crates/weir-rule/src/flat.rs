//! Turns members into variables: `job.title` is compiled as `job_title`, character by character, so
//! every error position stays valid in the author's text. Rhai finds a variable much faster than a
//! member of a map, and no map needs to be built per ad. A script that does not allow this gets its
//! maps, with the same result.
//!
//! Must never change the meaning of a script: anything ambiguous is left as it is. To add a
//! variable that is always a map, see [`OWNERS`].

use super::script::{Reads, member_of};
use super::{Sandbox, scope};
use rhai::{AST, ASTNode, Expr, Position, Scope, Stmt};

/// Variables that are always maps. `before` is not one of them: it is `()` for a new job.
pub(super) const OWNERS: [&str; 5] = ["job", "doc", "company", "division", "lists"];

/// The variable that a member becomes.
pub(super) fn name(owner: &str, member: &str) -> String {
    format!("{owner}_{member}")
}

/// The script with members as variables, if it can be written so.
pub(super) fn flatten(sandbox: &Sandbox, ast: &AST, text: &str, reads: &Reads) -> Option<AST> {
    let members: Vec<_> = reads.members.iter().filter(|(owner, _)| OWNERS.contains(&owner.as_str())).collect();
    let is_free = |name: &str| !text.contains(name);
    let can_be_named = members.iter().all(|(owner, member)| member != scope::WHOLE && is_free(&name(owner, member)));
    if members.is_empty() || !can_be_named || !is_plain(ast) {
        return None;
    }
    let text = with_dots_joined(ast, text)?;
    let mut known = Scope::new();
    for (owner, member) in &reads.members {
        let is_joined = OWNERS.contains(&owner.as_str());
        known.push(if is_joined { name(owner, member) } else { owner.clone() }, ());
    }
    // The owners are not defined here: a member that was missed is an error now, and the script
    // stays as it was.
    sandbox.engine.compile_with_scope(&known, text).ok()
}

/// Whether nothing in it redefines a variable.
fn is_plain(ast: &AST) -> bool {
    let mut is_plain = true;
    ast.walk(&mut |path| {
        is_plain &= match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(parts, ..))) => !OWNERS.contains(&parts.0.as_str()),
            Some(ASTNode::Stmt(statement)) => {
                matches!(
                    statement,
                    Stmt::Expr(..) | Stmt::FnCall(..) | Stmt::If(..) | Stmt::Block(..) | Stmt::Switch(..) | Stmt::Return(..) | Stmt::Noop(..)
                )
            }
            _ => true,
        };
        is_plain
    });
    is_plain
}

/// The text with `job.title` joined to `job_title`, unless there is whitespace around the dot.
fn with_dots_joined(ast: &AST, text: &str) -> Option<String> {
    let mut dots = Vec::new();
    ast.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::Dot(parts, ..))) = path.last()
            && let (Expr::Variable(variable, _, at), Some((_, member))) = (&parts.lhs, member_of(&parts.rhs))
            && OWNERS.contains(&variable.1.as_str())
        {
            dots.push((*at, variable.1.len(), member));
        }
        true
    });
    let mut bytes = text.as_bytes().to_vec();
    for (variable, length, member) in dots {
        let begin = offset(text, variable)?;
        let is_tight = offset(text, member)? == begin + length + 1;
        let dot = bytes.get_mut(begin + length).filter(|letter| is_tight && matches!(letter, b'.' | b'_'))?;
        *dot = b'_';
    }
    String::from_utf8(bytes).ok()
}

/// Where in a text a place is, in bytes.
fn offset(text: &str, at: Position) -> Option<usize> {
    let (line, column) = (at.line()?, at.position()?);
    let begin = line.checked_sub(2).map_or(Some(0), |before| text.match_indices('\n').nth(before).map(|(end, _)| end + 1))?;
    let (inside, _) = text[begin..].char_indices().nth(column.checked_sub(1)?)?;
    Some(begin + inside)
}

#[cfg(test)]
mod tests {
    use crate::lower::View;
    use crate::{Facts, Sandbox, Script};
    use weir_model::{Field, Job, Value};

    fn compiled(text: &str) -> Script {
        Script::compile(&Sandbox::new(), text, &["job", "before", "company", "source"]).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"))
    }

    #[test]
    fn what_is_plain_is_flat() {
        for text in [
            "job.title == \"job.title\"",
            "let t = job.title;\n t.len() > 3 && company.known",
            "`a ${job.title} b ${job.department}`.len() > 3",
            "if job.title == () { job.locations[0] == source } else { job.title.len() > 1 }",
            "\"ä\" in job.title && job.title in [\"😀\", job.department]",
            "switch job.title { \"x\" => job.department == (), _ => false }",
            "true || job.title == ()",
        ] {
            let script = compiled(text);
            assert_eq!(script.is_flat(), script.reads.touches("job"), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_keeps_its_maps() {
        for text in [
            "job . title == ()",
            "job./* here */title == ()",
            "job?.title == ()",
            "job.title = 1; job.title == 1",
            "let job = #{ title: 1 }; job.title == 1",
            "let job_title = 1; job.title == job_title",
            "job.title == \"job_title\"",
            "job[\"title\"] == job.title",
            "before.title == ()",
        ] {
            assert!(!compiled(text).is_flat(), "{text}");
        }
    }

    #[test]
    fn errors_stay_where_they_were_written() {
        let mut job = Job::default();
        job.set(Field::Title, Value::Text("Nurse".into()));
        for text in [
            "job.title == 1 ||\n  \"ä\" + job.title - job.title",
            "\n\n  job.title / 2 == 1",
            "`${job.title} ${1 / 0}`.len() > job.title",
            "job.title[9] == job.title",
        ] {
            let (script, sandbox) = (compiled(text), Sandbox::new());
            let view = View { job: &job, facts: &Facts::default() };
            let (here, alone) = (script.evaluate(&sandbox, &view).unwrap_err(), script.by_rhai_alone(&sandbox, &view).unwrap_err());
            assert!(script.is_flat() && here == alone, "{text}: {here:?} {alone:?}");
        }
    }
}
