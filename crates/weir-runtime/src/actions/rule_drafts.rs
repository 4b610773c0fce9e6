//! A rule file that somebody edits away from the project folder: what is wrong with the edited text,
//! and the file with that text. Bound to the text that was opened, so that two people do not
//! overwrite each other.
//!
//! Must never write a file that is not in `rules/` already, nor one with an error in it. The calls
//! read files and compile: they block, so a server makes them on a thread for that.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use weir_model::Hash;
use weir_project::config::{Project, RuleTexts, rule_files};
use weir_project::plan::check::{check, check_for_tests};
use weir_project::plan::{CheckedInstitution, CheckedProject};
use weir_yaml::diagnostic::Diagnostics;

/// Digits of a revision.
const DIGITS: usize = 12;

/// A rule file as it is.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// As displayed: `rules/common.yaml`.
    pub file: String,
    /// Where it is.
    path: PathBuf,
    /// Its text.
    pub text: String,
    /// What an edit names: the beginning of the hash of its text.
    pub revision: String,
}

/// What became of an edited text.
pub enum DraftOutcome {
    /// It is the file now; its revision.
    Saved(String),
    /// The file has changed since it was opened; how it is now.
    Moved(RuleFile),
    /// The text has errors: these.
    Broken(Box<DraftFindings>),
}

/// What is wrong with an edited text.
pub struct DraftFindings {
    /// The project with the text.
    pub checked: CheckedProject,
    /// What is wrong in the file, and what is wrong elsewhere because of it.
    pub diagnostics: Diagnostics,
}

/// The names of the rule sets of a project.
pub fn sets(folder: &Path) -> Vec<String> {
    let all = rule_files(folder).into_iter();
    all.map(|(file, _)| set_of(&file).to_owned()).collect()
}

/// The file of a rule set; none if there is no such set.
///
/// # Errors
/// It cannot be read, or is not text.
pub fn open(folder: &Path, set: &str) -> io::Result<Option<RuleFile>> {
    // Looked for among the files that there are, so that no name leads elsewhere.
    let found = rule_files(folder).into_iter();
    let found = found.into_iter().find(|(file, _)| set_of(file) == set);
    let read = |(file, path): (String, PathBuf)| {
        let text = fs::read_to_string(&path)?;
        let revision = revision(&text);
        Ok(RuleFile {
            file,
            path,
            text,
            revision,
        })
    };
    found.map(read).transpose()
}

/// Checks the project with an edited text, its tests included; `now` is the project as it is.
pub fn examine(folder: &Path, file: &str, text: &str, now: &CheckedProject) -> DraftFindings {
    let checked = check(Project::load_drafted(folder, &drafts(file, text)));
    let now = now.diagnostics.sorted();
    let known: BTreeSet<&str> = now.iter().map(|one| one.message.as_str()).collect();
    let mut diagnostics = Diagnostics::new();
    for one in checked.diagnostics.sorted() {
        let is_here = one.place.as_ref().is_some_and(|place| *place.file == *file);
        if is_here || !known.contains(one.message.as_str()) {
            diagnostics.push(one.clone());
        }
    }
    DraftFindings {
        checked,
        diagnostics,
    }
}

/// The project with an edited text, to be rehearsed: a test that fails does not stop that.
pub fn rehearsable(folder: &Path, file: &str, text: &str) -> CheckedProject {
    check_for_tests(Project::load_drafted(folder, &drafts(file, text)))
}

/// The institutions that use a rule file.
pub fn users<'c>(
    checked: &'c CheckedProject,
    file: &str,
) -> impl Iterator<Item = &'c CheckedInstitution> {
    let uses = move |one: &&CheckedInstitution| one.files.iter().any(|used| used == file);
    checked.institutions.iter().filter(uses)
}

/// Makes an edited text the file, if the file is as it was opened and the text is sound.
///
/// # Errors
/// The file cannot be read or written.
pub fn save(
    folder: &Path,
    set: &str,
    seen: &str,
    text: &str,
    now: &CheckedProject,
) -> io::Result<DraftOutcome> {
    let Some(file) = open(folder, set)?.map(|opened| opened.file) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let findings = examine(folder, &file, text, now);
    // Looked at again, so that hardly any time lies between the look and the write.
    match open(folder, set)? {
        Some(opened) if opened.revision != seen => Ok(DraftOutcome::Moved(opened)),
        Some(_) if findings.diagnostics.has_errors() => {
            Ok(DraftOutcome::Broken(Box::new(findings)))
        }
        Some(opened) => {
            replace(&opened.path, text)?;
            Ok(DraftOutcome::Saved(revision(text)))
        }
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Readers see the old file or the new one, never a part.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    beside.write_all(text.as_bytes())?;
    let file = beside.as_file();
    file.set_permissions(fs::metadata(path)?.permissions())?;
    file.sync_all()?;
    beside.persist(path)?;
    Ok(())
}

fn set_of(file: &str) -> &str {
    let name = file.strip_prefix("rules/").unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn drafts(file: &str, text: &str) -> RuleTexts {
    RuleTexts::from([(file.to_owned(), text.to_owned())])
}

fn revision(text: &str) -> String {
    let hash = Hash::of(text.as_bytes()).to_string();
    hash.chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::{DraftOutcome, open, save};
    use std::fs;
    use weir_project::config::Project;
    use weir_project::plan::check::check;

    const SOUND: &str = "rules:\n  - { id: short, type: own, field: title, assert: 'job.title.len() < 9', message: long }\n";

    #[test]
    fn a_draft_is_saved_over_what_was_opened_and_over_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules/own.yaml");
        fs::create_dir(folder.path().join("rules")).unwrap();
        fs::write(&path, SOUND).unwrap();
        let now = check(Project::load(folder.path()));
        for elsewhere in ["../rules/own", "own.yaml", "rules/own", ""] {
            assert!(
                open(folder.path(), elsewhere).unwrap().is_none(),
                "{elsewhere}"
            );
        }
        let opened = open(folder.path(), "own").unwrap().unwrap();
        let edited = SOUND.replace('9', "8");
        let put = |seen: &str, text: &str| save(folder.path(), "own", seen, text, &now).unwrap();
        assert!(matches!(
            put(&opened.revision, "rules: 7"),
            DraftOutcome::Broken(_)
        ));
        assert!(matches!(put("0123", &edited), DraftOutcome::Moved(_)));
        assert_eq!(fs::read_to_string(&path).unwrap(), SOUND);
        assert!(matches!(
            put(&opened.revision, &edited),
            DraftOutcome::Saved(_)
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), edited);
        // Whoever opened it before the first save is told so, with the text as it is now.
        let late = put(&opened.revision, SOUND);
        assert!(matches!(late, DraftOutcome::Moved(now) if now.text == edited));
        assert_eq!(
            fs::read_dir(folder.path().join("rules")).unwrap().count(),
            1
        );
    }
}
