//! Turns members into variables for the interpreter: `job.title` is compiled as `job_title`,
//! character by character, so every error position stays valid in the author's text. Rhai finds a
//! variable much faster than a member of a map, and no map needs to be built per ad. A script that
//! does not allow this gets its maps, with the same result.
//!
//! Must never change the meaning of a script: anything ambiguous is left as it is. To add a
//! variable that is always a map, see [`OWNERS`].

use super::expr::{ExprKind, MemberExpr, OpaqueForm, ScriptExpr, ScriptPosition};
use super::reads::{ScriptReads, WHOLE};

/// Variables that are always maps. `before` is not one of them: it is `()` for a new job.
pub(super) const OWNERS: [&str; 6] = ["job", "doc", "company", "division", "role", "lists"];

/// A script with members as variables.
pub(super) struct FlatScript {
    /// Its text.
    pub(super) text: String,
    /// Its variables. The owners are not among them: a member that was missed is an error, and the
    /// script stays as it was.
    pub(super) variables: Vec<String>,
}

/// The variable that a member becomes.
pub(super) fn name(owner: &str, member: &str) -> String {
    format!("{owner}_{member}")
}

/// The script with members as variables, if it can be written so.
pub(super) fn flatten(script: &ScriptExpr, text: &str, reads: &ScriptReads) -> Option<FlatScript> {
    let is_joined = |owner: &str| OWNERS.contains(&owner);
    let members: Vec<_> = reads
        .members
        .iter()
        .filter(|(owner, _)| is_joined(owner))
        .collect();
    let is_free = |name: &str| !text.contains(name);
    let can_be_named = members
        .iter()
        .all(|(owner, member)| member != WHOLE && is_free(&name(owner, member)));
    if members.is_empty() || !can_be_named || !is_plain(script) {
        return None;
    }
    let variables = reads.members.iter().map(|(owner, member)| {
        if is_joined(owner) {
            name(owner, member)
        } else {
            owner.clone()
        }
    });
    Some(FlatScript {
        text: with_dots_joined(script, text)?,
        variables: variables.collect(),
    })
}

/// Whether nothing in it redefines a variable.
fn is_plain(script: &ScriptExpr) -> bool {
    let mut is_plain = true;
    script.walk(&mut |part| {
        is_plain &= match &part.kind {
            ExprKind::Let(name, _) => !OWNERS.contains(&name.as_str()),
            ExprKind::Assign(_) | ExprKind::Opaque(OpaqueForm::Other, _) => false,
            _ => true,
        };
    });
    is_plain
}

/// The text with `job.title` joined to `job_title`, unless there is whitespace around the dot.
fn with_dots_joined(script: &ScriptExpr, text: &str) -> Option<String> {
    let mut members: Vec<(ScriptPosition, &MemberExpr)> = Vec::new();
    script.walk(&mut |part| {
        if let ExprKind::Member(member) = &part.kind
            && OWNERS.contains(&member.owner.as_str())
        {
            members.push((part.at, member));
        }
    });
    let mut bytes = text.as_bytes().to_vec();
    for (at, member) in members {
        let end = offset(text, at)? + member.owner.len();
        let is_tight = offset(text, member.name_at)? == end + 1;
        let is_dot = |letter: &&mut u8| is_tight && matches!(**letter, b'.' | b'_');
        *bytes.get_mut(end).filter(is_dot)? = b'_';
    }
    String::from_utf8(bytes).ok()
}

/// Where in a text a position is, in bytes.
fn offset(text: &str, at: ScriptPosition) -> Option<usize> {
    let line_before = at.line.checked_sub(2);
    let begin = line_before.map_or(Some(0), |before| {
        text.match_indices('\n').nth(before).map(|(end, _)| end + 1)
    })?;
    let (inside, _) = text[begin..]
        .char_indices()
        .nth(at.column.checked_sub(1)?)?;
    Some(begin + inside)
}

#[cfg(test)]
mod tests {
    use crate::{AdView, CompiledScript, RuleFacts, ScriptSandbox};
    use weir_model::{Field, FieldValue, Job};

    fn compiled(text: &str) -> CompiledScript {
        CompiledScript::compile(
            &ScriptSandbox::new(),
            text,
            &["job", "before", "company", "source"],
        )
        .unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"))
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
        job.set(Field::Title, FieldValue::Text("Nurse".into()));
        for text in [
            "job.title == 1 ||\n  \"ä\" + job.title - job.title",
            "\n\n  job.title / 2 == 1",
            "`${job.title} ${1 / 0}`.len() > job.title",
            "job.title[9] == job.title",
        ] {
            let (script, sandbox) = (compiled(text), ScriptSandbox::new());
            let view = AdView {
                job: &job,
                facts: &RuleFacts::default(),
            };
            let (here, alone) = (
                script.interpret(&sandbox, &view).unwrap_err(),
                script.by_rhai_alone(&sandbox, &view).unwrap_err(),
            );
            assert!(
                script.is_flat() && here == alone,
                "{text}: {here:?} {alone:?}"
            );
        }
    }
}
