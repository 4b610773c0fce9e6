//! `weir new rule`: adds a rule with a test to an existing or new rule set. A draft that `weir
//! check` would refuse is removed again.

use super::{CommandContext, CommandFailure, DONE};
use crate::config::Project;
use crate::diagnostic::{Diagnostics, Severity};
use crate::model::FieldKind;
use crate::plan::{CheckedProject, check};
use crate::rule::draft::{self, RuleDraft};
use crate::stage::extract::JobSpec;
use crate::yaml::{self, Node};
use indexmap::IndexMap;
use std::path::Path;

/// Draft a rule, including a test.
#[derive(clap::Args)]
#[command(
    after_help = "The rule only warns at first: it reports what it finds and lets the ad pass. \
                  Edit it, try it with `weir test` and\n`weir rehearse`, check its findings in \
                  `weir report`, then make it reject ads with `severity: error`.\nReference of \
                  rules: docs/reference/rules.md.\n\nExample:\n  weir new rule common/no-test-ads \
                  --field title"
)]
pub struct NewRule {
    /// The rule set (a file in rules/) and the id of the new rule
    #[arg(value_name = "SET/ID")]
    name: String,
    /// The field of the job that it checks
    #[arg(long, default_value = "title")]
    field: String,
    /// The error type that it reports; by default one that suits the field
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
}

impl NewRule {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let is_name = |text: &str| {
            !text.is_empty()
                && text.chars().all(|letter| {
                    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
                })
        };
        let is_word = |text: &str| {
            text.chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        };
        let Some((set, id)) = self
            .name
            .split_once('/')
            .filter(|(set, id)| is_name(set) && is_name(id))
        else {
            return Err(
                CommandFailure::nothing(format!("`{}` is not a rule name", self.name))
                    .help("write the set and the rule in lowercase letters: `common/no-test-ads`"),
            );
        };
        if let Some(wrong) = [Some(&self.field), self.kind.as_ref()]
            .into_iter()
            .flatten()
            .find(|text| text.is_empty() || !is_word(text))
        {
            return Err(
                CommandFailure::nothing(format!("`{wrong}` is not a valid name"))
                    .help("use letters, digits and `_`"),
            );
        }
        let shown = format!("rules/{set}.yaml");
        let file = edge.project.join(&shown);
        let before = if file.exists() {
            Some(std::fs::read_to_string(&file)?)
        } else {
            None
        };
        let holds = holds(&Project::load(&edge.project), &self.field);
        let draft = RuleDraft {
            id,
            field: &self.field,
            holds,
            kind: self.kind.as_deref(),
        };
        let after = match &before {
            Some(text) => with_rule(&shown, text, &draft)?,
            None => format!("{}{}", draft::heading(set), draft::text(&draft, 2)),
        };
        let checked = write(edge, &file, &shown, before.as_deref(), &after)?;
        say!("wrote the rule `{id}` to {shown}; for now it only warns");
        say!("next:");
        next(&checked, set, id, &shown)
            .iter()
            .for_each(|line| say!("  {line}"));
        Ok(DONE)
    }
}

/// The type of a custom field, from the first source that declares it.
fn holds(project: &Project, field: &str) -> Option<FieldKind> {
    let institutions = project
        .institutions
        .iter()
        .filter_map(|file| file.spec.as_ref());
    let sources = institutions
        .filter_map(|spec| spec.sources.get())
        .flat_map(IndexMap::values);
    let mut fields = sources
        .filter_map(|source| source.job.get())
        .flat_map(JobSpec::extra_kinds);
    fields
        .find(|(name, _)| *name == field)
        .map(|(_, kind)| kind)
}

/// Writes the file and checks it; if it has errors, the file is restored.
fn write(
    edge: &CommandContext,
    file: &Path,
    shown: &str,
    before: Option<&str>,
    after: &str,
) -> Result<CheckedProject, CommandFailure> {
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    std::fs::write(file, after)?;
    let checked = check::check(Project::load(&edge.project));
    let sorted = checked.diagnostics.sorted();
    let is_here = |place: &crate::diagnostic::Place| *place.file == *shown;
    let error = sorted
        .iter()
        .find(|one| one.severity == Severity::Error && one.place.as_ref().is_some_and(is_here));
    let Some(error) = error else {
        return Ok(checked);
    };
    match before {
        Some(text) => std::fs::write(file, text)?,
        None => std::fs::remove_file(file)?,
    }
    let place = error
        .place
        .as_ref()
        .map_or_else(String::new, |place| format!(" (line {})", place.line));
    let failure = CommandFailure::nothing(format!(
        "no rule was written, because {shown} would have an error{place}: {}",
        error.message
    ));
    Err(CommandFailure {
        help: error.help.clone(),
        ..failure
    })
}

/// The text of a rule set with one rule more, after the last one.
fn with_rule(shown: &str, text: &str, draft: &RuleDraft) -> Result<String, CommandFailure> {
    let told = || {
        CommandFailure::nothing(format!("cannot find where to insert the rule in {shown}"))
            .help("`weir check` may explain why; the rules must be a list under `rules:`")
    };
    let tree = yaml::parse(shown, text, &mut Diagnostics::new()).ok_or_else(told)?;
    let rules = tree
        .get("rules")
        .and_then(|rules| rules.items().first())
        .ok_or_else(told)?;
    let mut lines: Vec<&str> = text.lines().collect();
    let first = lines
        .get(rules.place().line - 1)
        .filter(|line| line.trim_start().starts_with("- "))
        .ok_or_else(told)?;
    let indent = first.len() - first.trim_start().len();
    let rule = format!("\n{}", draft::text(draft, indent));
    let at = end_of_rules(&tree, &lines);
    lines.insert(at, rule.trim_end());
    Ok(lines.join("\n") + "\n")
}

/// The line after the last rule: before the next key and its comments, or at the end.
fn end_of_rules(tree: &Node, lines: &[&str]) -> usize {
    let mut keys = tree
        .entries()
        .iter()
        .skip_while(|entry| entry.key_text() != "rules")
        .skip(1);
    let mut end = keys
        .next()
        .map_or(lines.len(), |entry| entry.key.place().line - 1);
    while end > 0
        && (lines[end - 1].trim().is_empty()
            || end < lines.len() && lines[end - 1].starts_with('#'))
    {
        end -= 1;
    }
    end
}

/// What to do next.
fn next(checked: &CheckedProject, set: &str, id: &str, shown: &str) -> Vec<String> {
    let mut lines = vec![format!(
        "edit its condition and its tests, then run `weir test --filter {set}/{id}`"
    )];
    let uses = |one: &crate::plan::CheckedInstitution| one.files.iter().any(|file| file == shown);
    match checked.institutions.iter().find(|one| !uses(one)) {
        Some(one) if !checked.institutions.iter().any(uses) => {
            lines.push(format!(
                "to use the set, add `{set}` to `rules:` in {}",
                one.file
            ));
        }
        _ => {}
    }
    lines.push(
        "`weir rehearse` shows the stored ads that it affects, without writing anything".to_owned(),
    );
    lines.push(
        "after a run, `weir report` shows how many ads it warns about; then make it `severity: \
         error`"
            .to_owned(),
    );
    lines
}
