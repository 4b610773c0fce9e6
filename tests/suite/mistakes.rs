//! Mistakes in YAML, each with the words that an author sees. `tests/mistakes/golden` is a healthy
//! project; a case in `tests/mistakes/*.txt` is a small edit of it and what `check` then says.
//! `README.md` beside them says how a case is written. On every case ride the laws: messages have
//! the house's form, each error says what to do, places are inside their files, and the order in
//! which files are read changes nothing.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use weir::config::Project;
use weir::diagnostic::{Diagnostic, FileTexts, Place};
use weir::model::Clock;
use weir::plan::InstitutionStatus;
use weir::plan::check::{CheckedProject, check};

const FOLDER: &str = "tests/mistakes";
/// Codes that no project can show, and why.
const NOT_SHOWN: [(&str, &str); 2] = [
    (
        "mapping-test",
        "`weir test` tries mappings, `weir check` does not",
    ),
    (
        "institution-test",
        "`weir test` does the runs, `weir check` does not",
    ),
];

/// A file of cases: words for its reader, then cases.
struct Chapter {
    file: PathBuf,
    preamble: String,
    cases: Vec<Case>,
}

/// One mistake.
struct Case {
    name: String,
    /// As written, to be written back.
    edits: String,
    expected: String,
}

/// What a case does to one file of the golden project.
#[derive(Default)]
struct Edit<'a> {
    file: &'a str,
    /// `is`, `is gone`, `is a folder`, or nothing for a patch.
    verb: &'a str,
    lines: Vec<&'a str>,
}

fn chapters() -> Vec<Chapter> {
    let files = std::fs::read_dir(FOLDER)
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    files.into_iter().map(|file| read_chapter(&file)).collect()
}

fn read_chapter(file: &Path) -> Chapter {
    let text = format!("\n{}", std::fs::read_to_string(file).unwrap());
    let mut parts = text.split("\n## ");
    let preamble = parts.next().unwrap().trim().to_owned();
    let cases = parts.map(|part| {
        let (name, body) = part.split_once('\n').unwrap_or((part, ""));
        let (edits, expected) = body.split_once("=>\n").unwrap_or((body, ""));
        Case {
            name: name.trim().to_owned(),
            edits: edits.trim_end().to_owned(),
            expected: expected.trim_end().to_owned(),
        }
    });
    Chapter {
        file: file.to_owned(),
        preamble,
        cases: cases.collect(),
    }
}

impl Chapter {
    fn write(&self) {
        let mut text = format!("{}\n", self.preamble);
        for case in &self.cases {
            let _ = write!(
                text,
                "\n## {}\n{}\n=>\n{}\n",
                case.name, case.edits, case.expected
            );
        }
        std::fs::write(&self.file, text).unwrap();
    }
}

impl Case {
    fn edits(&self) -> Vec<Edit<'_>> {
        let mut edits: Vec<Edit> = Vec::new();
        for line in self.edits.lines() {
            if line.starts_with(['-', '+', '|'])
                || line
                    .split_once('|')
                    .is_some_and(|(times, _)| times.parse::<usize>().is_ok())
            {
                edits
                    .last_mut()
                    .unwrap_or_else(|| panic!("{}: a line before any file: {line}", self.name))
                    .lines
                    .push(line);
            } else {
                let (file, verb) = line.split_once(' ').unwrap_or((line, ""));
                edits.push(Edit {
                    file,
                    verb,
                    lines: Vec::new(),
                });
            }
        }
        edits
    }

    /// The golden project with this mistake, in a folder of its own.
    fn project(&self) -> tempfile::TempDir {
        let folder = golden();
        for edit in self.edits() {
            edit.apply(folder.path())
                .unwrap_or_else(|why| panic!("{}: {}: {why}", self.name, edit.file));
        }
        folder
    }
}

impl Edit<'_> {
    fn apply(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(self.file);
        if self.verb == "is" {
            std::fs::create_dir_all(path.parent().unwrap_or(folder))
                .map_err(|error| error.to_string())?;
        }
        match self.verb {
            "" => std::fs::write(
                &path,
                patched(
                    &std::fs::read_to_string(&path).map_err(|error| error.to_string())?,
                    &self.lines,
                )?,
            ),
            "is" => std::fs::write(
                &path,
                self.lines
                    .iter()
                    .flat_map(|line| written(line))
                    .collect::<Vec<u8>>(),
            ),
            "is gone" => std::fs::remove_file(&path),
            "is a folder" => std::fs::create_dir_all(&path),
            "is laid over" => {
                lay_over(&Path::new(FOLDER).join(self.file), folder);
                Ok(())
            }
            verb => return Err(format!("cannot do `{verb}`")),
        }
        .map_err(|error| error.to_string())
    }
}

/// Replaces runs of `-` lines, which must stand there exactly once, by the `+` lines after them.
fn patched(text: &str, lines: &[&str]) -> Result<String, String> {
    let mut text = text.to_owned();
    for hunk in lines.chunk_by(|before, after| !(before.starts_with('+') && after.starts_with('-')))
    {
        let of = |sign| {
            hunk.iter()
                .filter_map(move |line| line.strip_prefix(sign))
                .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        };
        let (old, new): (String, String) = (of('-').collect(), of('+').collect());
        let found = format!("\n{text}").matches(&format!("\n{old}")).count();
        match found {
            _ if old.is_empty() => text.push_str(&new),
            1 => {
                text = format!("\n{text}").replacen(&format!("\n{old}"), &format!("\n{new}"), 1)
                    [1..]
                    .to_owned();
            }
            found => return Err(format!("these lines stand there {found} times:\n{old}")),
        }
    }
    Ok(text)
}

/// A line of a whole file: `| text` with `\xFF` for bytes, `300| text {n}` for 300 lines.
fn written(line: &str) -> Vec<u8> {
    let (times, text) = line.split_once('|').unwrap_or(("", line));
    let text = text.strip_prefix(' ').unwrap_or(text);
    let each = (1..=times.parse().unwrap_or(1))
        .map(|n: usize| format!("{}\n", text.replace("{n}", &n.to_string())));
    each.flat_map(|line| bytes(&line)).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        out.push(u8::from_str_radix(&part[..2], 16).unwrap());
        out.extend(&part.as_bytes()[2..]);
    }
    out
}

/// Adds the files of a folder to a project.
fn lay_over(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            lay_over(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of the healthy project.
pub fn golden() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["institutions", "pipelines", "rules", "connectors", "lists"] {
        std::fs::create_dir(folder.path().join(kind)).unwrap();
        for entry in std::fs::read_dir(Path::new(FOLDER).join("golden").join(kind))
            .unwrap()
            .flatten()
        {
            std::fs::copy(
                entry.path(),
                folder.path().join(kind).join(entry.file_name()),
            )
            .unwrap();
        }
    }
    folder
}

/// What is said of a project, without the folder that it happens to be in.
fn said(checked: &CheckedProject, folder: &Path) -> String {
    let mut out = String::new();
    let all = checked.diagnostics.sorted();
    let (first, last) = if all.len() > 20 {
        (2, all.len() - 2)
    } else {
        (all.len(), all.len())
    };
    all[..first]
        .iter()
        .for_each(|one| out.push_str(&told(one, &checked.texts)));
    if first < last {
        let _ = writeln!(out, "... {} more", last - first);
    }
    all[last..]
        .iter()
        .for_each(|one| out.push_str(&told(one, &checked.texts)));
    let left_out =
        checked
            .institutions
            .iter()
            .filter_map(|institution| match &institution.standing {
                InstitutionStatus::Broken(files) => {
                    Some(format!("{} ({})", institution.slug, files.join(", ")))
                }
                InstitutionStatus::Ready(_) | InstitutionStatus::Inactive(_) => None,
            });
    let left_out: Vec<String> = left_out.collect();
    let _ = writeln!(
        out,
        "left out: {}",
        if left_out.is_empty() {
            "nobody".to_owned()
        } else {
            left_out.join(", ")
        }
    );
    out.replace(&folder.display().to_string(), "FOLDER")
        .trim_end()
        .to_owned()
}

fn told(one: &Diagnostic, texts: &FileTexts) -> String {
    let place = one
        .place
        .as_ref()
        .map_or_else(|| "no file".to_owned(), ToString::to_string);
    let mut out = format!(
        "{place} {}[{}]: {}\n",
        one.severity.word(),
        one.code,
        one.message
    );
    out.push_str(
        &one.place
            .as_ref()
            .and_then(|place| shown(place, texts))
            .unwrap_or_default(),
    );
    for (place, note) in &one.related {
        let _ = writeln!(out, "    note: {note} ({place})");
    }
    if let Some(help) = &one.help {
        let _ = writeln!(out, "    help: {help}");
    }
    out
}

/// The line, and carets under what is meant; long lines only near it.
fn shown(place: &Place, texts: &FileTexts) -> Option<String> {
    let line: Vec<char> = texts
        .line(place)?
        .chars()
        .map(|letter| {
            if letter.is_control() && letter != '\t' {
                '?'
            } else {
                letter
            }
        })
        .collect();
    let start = (place.column - 1).saturating_sub(if line.len() > 120 { 30 } else { usize::MAX });
    let seen: String = line.iter().skip(start).take(120).collect();
    Some(format!(
        "    {}\n    {}{}\n",
        seen,
        " ".repeat(place.column - 1 - start),
        "^".repeat(place.length.min(60))
    ))
    .filter(|_| !line.is_empty())
}

/// The laws of every diagnostic; what it breaks.
fn broken_laws(one: &Diagnostic, texts: &FileTexts) -> Vec<&'static str> {
    let first = one.message.chars().next().unwrap_or(' ');
    let words: Vec<&String> = [Some(&one.message), one.help.as_ref()]
        .into_iter()
        .flatten()
        .collect();
    let line = one
        .place
        .as_ref()
        .and_then(|place| Some((place, texts.line(place)?.chars().count())));
    let laws = [
        (
            first.is_lowercase() || first == '`' || one.message.starts_with("YAML "),
            "begins in lower case",
        ),
        (
            words
                .iter()
                .all(|text| !text.ends_with('.') || text.ends_with("..")),
            "ends without a full stop",
        ),
        (
            words
                .iter()
                .all(|text| text.matches('`').count().is_multiple_of(2)),
            "has backticks in pairs",
        ),
        (words.iter().all(|text| !text.contains('\n')), "is one line"),
        (one.help.is_some(), "says what to do"),
        (
            line.is_none_or(|(place, letters)| place.column + place.length <= letters.max(1) + 2),
            "is inside the file",
        ),
    ];
    laws.into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, law)| law)
        .collect()
}

/// The day of the check: a mistake may be that a day is over.
fn clock() -> Clock {
    Clock("2026-09-01T00:00:00Z".parse().unwrap())
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let (mut wrong, mut unlawful) = (String::new(), String::new());
    for mut chapter in chapters() {
        for case in &mut chapter.cases {
            let folder = case.project();
            let mut checked = check(Project::load(folder.path()));
            checked.warn_of_ended_exceptions(clock());
            for one in checked.diagnostics.sorted() {
                for law in broken_laws(one, &checked.texts) {
                    let _ = writeln!(
                        unlawful,
                        "{}: `{}` breaks a law: {law}",
                        case.name, one.message
                    );
                }
            }
            let found = said(&checked, folder.path());
            if found != case.expected {
                let _ = writeln!(
                    wrong,
                    "{}: {}\nexpected:\n{}\nfound:\n{found}\n",
                    chapter.file.display(),
                    case.name,
                    case.expected
                );
            }
            case.expected = found;
        }
        #[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
        if std::env::var_os("WEIR_BLESS").is_some() {
            chapter.write();
            wrong.clear();
        }
    }
    assert!(unlawful.is_empty(), "{unlawful}");
    assert!(wrong.is_empty(), "{wrong}WEIR_BLESS=1 rewrites them");
}

#[test]
fn every_mistake_is_another_and_every_code_is_shown() {
    let chapters = chapters();
    let cases: Vec<&Case> = chapters.iter().flat_map(|chapter| &chapter.cases).collect();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let edits: BTreeSet<&str> = cases.iter().map(|case| case.edits.as_str()).collect();
    assert_eq!(
        (names.len(), edits.len()),
        (cases.len(), cases.len()),
        "a case stands twice"
    );
    assert!(cases.len() >= 70, "only {} cases", cases.len());
    let silent: Vec<&str> = cases
        .iter()
        .filter(|case| !case.expected.contains("]: "))
        .map(|case| case.name.as_str())
        .collect();
    assert!(silent.is_empty(), "nothing is said of {silent:?}");
    let shown = |code: &str| {
        cases
            .iter()
            .any(|case| case.expected.contains(&format!("[{code}]: ")))
    };
    let excused = |code: &str| NOT_SHOWN.iter().any(|(other, _)| *other == code);
    let rooms = crate::house::crate_roots();
    let codes: BTreeSet<String> = rooms.iter().flat_map(|folder| codes(folder)).collect();
    assert!(
        codes.len() > 50,
        "the search for codes is broken: {codes:?}"
    );
    let hidden: Vec<String> = codes
        .into_iter()
        .filter(|code| !shown(code) && !excused(code))
        .collect();
    assert!(hidden.is_empty(), "no case shows {hidden:?}");
}

/// The codes of diagnostics that the source can raise.
fn codes(folder: &Path) -> BTreeSet<String> {
    let raised =
        regex::Regex::new(r#"\b(?:error|warning|Fault::new)\(\s*(?:[^";]*?,\s*)?"([a-z0-9-]+)""#)
            .unwrap();
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            codes.extend(codes_of_folder(&entry.path()));
        } else if entry
            .path()
            .extension()
            .is_some_and(|ending| ending == "rs")
        {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            codes.extend(raised.captures_iter(code).map(|found| found[1].to_owned()));
        }
    }
    codes
}

fn codes_of_folder(folder: &Path) -> BTreeSet<String> {
    if folder.ends_with("tests") {
        BTreeSet::new()
    } else {
        codes(folder)
    }
}

#[test]
fn the_order_of_files_changes_nothing() {
    for chapter in chapters() {
        for case in chapter
            .cases
            .iter()
            .filter(|case| !case.expected.contains("[duplicate-"))
        {
            let folder = case.project();
            let mut project = Project::load(folder.path());
            project.institutions.reverse();
            project.pipelines.reverse();
            project.rules.reverse();
            let mut checked = check(project);
            checked.warn_of_ended_exceptions(clock());
            checked.institutions.reverse();
            assert_eq!(
                said(&checked, folder.path()),
                case.expected,
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn the_healthy_project_has_nothing_to_say() {
    let folder = golden();
    let checked = check(Project::load(folder.path()));
    assert_eq!(said(&checked, folder.path()), "left out: nobody");
    assert!(
        checked
            .institutions
            .iter()
            .all(|institution| matches!(institution.standing, InstitutionStatus::Ready(_)))
    );
}

#[test]
fn names_of_files_do_not_change_the_plan() {
    let (here, there) = (golden(), golden());
    let rename = |from: &str, to: &str| {
        std::fs::rename(there.path().join(from), there.path().join(to)).unwrap();
    };
    rename("institutions/acme.yaml", "institutions/zoo.yml");
    rename("pipelines/daily.yaml", "pipelines/a.yaml");
    let plans = |folder: &Path| -> BTreeSet<String> {
        let checked = check(Project::load(folder));
        let plans = checked
            .institutions
            .iter()
            .filter_map(|institution| institution.plan());
        plans
            .map(|plan| format!("{} {}", plan.institution.slug, plan.fingerprint()))
            .collect()
    };
    assert_eq!(plans(here.path()), plans(there.path()));
}

/// `weir check --json` on a case.
fn json(case: &str, code: i32) -> serde_json::Value {
    let chapters = chapters();
    let case = chapters
        .iter()
        .flat_map(|chapter| &chapter.cases)
        .find(|other| other.name == case)
        .unwrap();
    let folder = case.project();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["check", "--json", "--project"])
        .arg(folder.path())
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn programs_read_the_same() {
    let page = json("the same institution twice", 2);
    let expected = serde_json::json!({
        "format": 1,
        "institutions": [
            { "institution": "acme", "file": "institutions/acme.yaml", "standing": "broken" },
            { "institution": "acme", "file": "institutions/beta.yaml", "standing": "broken" },
        ],
        "diagnostics": [{
            "severity": "error",
            "code": "duplicate-institution",
            "message": "two files define the institution `acme`",
            "file": "institutions/beta.yaml",
            "line": 2,
            "column": 14,
            "length": 4,
            "text": "institution: acme",
            "help": "an institution has one file: merge the sources, or rename one of them",
            "related": [{ "file": "institutions/acme.yaml", "line": 2, "column": 14, "length": 4, "message": "first defined here" }],
        }],
    });
    assert_eq!(page, expected);
}

#[test]
fn a_warning_alone_is_no_failure() {
    let page = json("no title", 0);
    assert_eq!(page["diagnostics"][0]["severity"], "warning");
    assert_eq!(page["institutions"][1]["standing"], "ready");
}

#[test]
fn the_healthy_institutions_run_beside_broken_ones() {
    let standings = |case: &str| -> Vec<String> {
        let page = json(case, 2);
        let institutions = page["institutions"].as_array().unwrap();
        institutions
            .iter()
            .map(|one| {
                format!(
                    "{} {}",
                    one["institution"].as_str().unwrap(),
                    one["standing"].as_str().unwrap()
                )
            })
            .collect()
    };
    assert_eq!(
        standings("a broken rule set that one uses"),
        ["acme broken", "beta ready"]
    );
    assert_eq!(
        standings("a broken rule set that nobody uses"),
        ["acme ready", "beta ready"]
    );
    assert_eq!(
        standings("a broken rule set that all use"),
        ["acme broken", "beta broken"]
    );
    assert_eq!(
        standings("a third institution that is broken"),
        ["acme ready", "beta ready", "gamma broken"]
    );
    assert_eq!(
        standings("a custom field of an institution that cannot be read"),
        ["acme broken", "beta ready"]
    );
}
