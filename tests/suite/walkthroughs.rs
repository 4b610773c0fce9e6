//! README, tour and the analysts' page show commands and what they print. Here every command is
//! run, in order, in a copy of the project, by a real shell with the real program and a private
//! PostgreSQL, and what it prints is compared with the page. `WEIR_BLESS=1` rewrites what the pages
//! show.
//!
//! In a block of `text`, a line that begins with `$ ` is a command; what follows it is its output,
//! stdout and stderr as a terminal shows them. In a block of `sh`, every line is a command whose
//! output does not matter. A line `...` stands for lines that are left out. [`RULES`] lists what
//! may differ from run to run; numbers of holds and documents that a command names are those of
//! this run, learned from the lists shown before it.

use regex::Regex;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Commands that set up the reader's machine, or run this very test.
const NOT_RUN: [&str; 4] = ["apt-get ", "cargo test", "export ", "git clone"];

/// What may differ from run to run, and what stands for it when two lines are compared.
const RULES: [(&str, &str); 8] = [
    (r"\b\d+ min \d+ s\b|\b\d+(\.\d+)? (µs|ms|s)\b", "<time>"),
    (r"\b\d+\.\d{3}\b", "<time>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"\b(run|document|hold) [0-9a-f]+(@[0-9a-f]+)?", "$1 <n>"),
    (r"\b\d+@[0-9a-f]{6}\b", "<n>"),
    (r"(rolled back|document_id.:) \d+", "$1 <n>"),
    (r"\b[0-9a-f]{8,64}\b", "<hash>"),
    (r"[ -]{2,}", " "),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    RULES
        .iter()
        .map(|(rule, to)| (Regex::new(rule).unwrap(), *to))
        .collect()
});

/// Numbers with a revision, as lists show them.
static REVISED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(\d+)@([0-9a-f]{6}|…)").unwrap());

/// Commands whose clock may be ahead of the machine's.
static ACTS: LazyLock<Regex> = LazyLock::new(|| {
    let verbs = "apply|graph|plan|preview|rehearse|retire|rollback|run|holds (?:release|discard)|failures discard";
    Regex::new(&format!(r"\bweir ({verbs})\b")).unwrap()
});

/// A line without what may differ.
fn normal(line: &str) -> String {
    COMPILED
        .iter()
        .fold(line.to_owned(), |line, (rule, to)| {
            rule.replace_all(&line, *to).into_owned()
        })
        .trim_end()
        .to_owned()
}

/// A part of a page: text as it is, or a command with what it prints.
enum Part {
    Text(String),
    Command {
        command: String,
        shown: Option<Vec<String>>,
    },
}

/// The parts of a page, which put together are the page.
fn parts(page: &str) -> Vec<Part> {
    let (mut parts, mut fence) = (Vec::new(), "");
    for line in page.lines() {
        let marker = line.strip_prefix("```");
        match (marker, fence, parts.last_mut()) {
            (Some(language), ..) => {
                fence = if fence.is_empty() {
                    if language.is_empty() {
                        "plain"
                    } else {
                        language
                    }
                } else {
                    ""
                };
                parts.push(Part::Text(line.to_owned()));
            }
            (None, "text", _) if line.starts_with("$ ") => parts.push(Part::Command {
                command: line[2..].to_owned(),
                shown: Some(Vec::new()),
            }),
            (
                None,
                "text",
                Some(Part::Command {
                    command,
                    shown: Some(shown),
                }),
            ) => {
                let is_open = shown.is_empty()
                    && (command.matches('"').count() % 2 == 1
                        || command.matches('\'').count() % 2 == 1);
                if is_open {
                    write!(command, "\n{line}").unwrap();
                } else {
                    shown.push(line.to_owned());
                }
            }
            (None, "sh", _) if !line.trim().is_empty() => parts.push(Part::Command {
                command: line.to_owned(),
                shown: None,
            }),
            _ => parts.push(Part::Text(line.to_owned())),
        }
    }
    parts
}

/// The page again.
fn written(parts: &[Part]) -> String {
    parts.iter().fold(String::new(), |mut page, part| {
        match part {
            Part::Text(line) => writeln!(page, "{line}"),
            Part::Command {
                command,
                shown: None,
            } => writeln!(page, "{command}"),
            Part::Command {
                command,
                shown: Some(shown),
            } => {
                let shown: String = shown.iter().map(|line| format!("{line}\n")).collect();
                write!(page, "$ {command}\n{shown}")
            }
        }
        .unwrap();
        page
    })
}

/// What a page shows of an output, against what was printed.
struct Compared {
    /// What the page should show: the same lines, as they are now.
    now: Vec<String>,
    /// Lines of the page, and the lines that were printed in their place.
    pairs: Vec<(String, String)>,
    is_same: bool,
}

/// Compares what a page shows with what was printed; `...` stands for any number of lines.
fn compare(shown: &[String], printed: &[String]) -> Compared {
    let old: Vec<String> = shown.iter().map(|line| normal(line)).collect();
    let new: Vec<String> = printed.iter().map(|line| normal(line)).collect();
    let mut at: Vec<Option<usize>> = vec![None; old.len()];
    for op in capture_diff_slices(Algorithm::Patience, &old, &new) {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = op
        {
            (0..len)
                .filter(|step| !is_gap(&old[old_index + step]))
                .for_each(|step| at[old_index + step] = Some(new_index + step));
        }
    }
    let mut compared = Compared {
        now: Vec::new(),
        pairs: Vec::new(),
        is_same: true,
    };
    let mut done = 0;
    let chunks: Vec<(usize, usize)> = chunks(&old);
    for (number, &(from, to)) in chunks.iter().enumerate() {
        let (is_first, is_last) = (from == 0, to == old.len());
        let first = (from..to).find_map(|line| Some(at[line]?.saturating_sub(line - from)));
        let last = (from..to)
            .rev()
            .find_map(|line| Some(at[line]? + to - line));
        let otherwise = if from == to && is_last {
            printed.len()
        } else {
            done
        };
        let begin = if is_first {
            0
        } else {
            first.unwrap_or(otherwise).max(done)
        };
        let end = if is_last {
            printed.len()
        } else {
            last.unwrap_or(begin).clamp(begin, printed.len())
        };
        if number > 0 {
            compared.now.push(shown[from - 1].clone());
        }
        compared.is_same &=
            new[begin..end] == old[from..to] && (number == 0 || begin > done || is_last);
        compared.now.extend_from_slice(&printed[begin..end]);
        compared.pairs.extend(
            shown[from..to]
                .iter()
                .cloned()
                .zip(printed[begin..end].iter().cloned()),
        );
        done = end;
    }
    compared
}

fn is_gap(line: &str) -> bool {
    line.trim() == "..."
}

/// The stretches between `...`; one that is empty stands at the beginning or end.
fn chunks(lines: &[String]) -> Vec<(usize, usize)> {
    let (mut chunks, mut from) = (Vec::new(), 0);
    for at in (0..lines.len()).filter(|at| is_gap(&lines[*at])) {
        chunks.push((from, at));
        from = at + 1;
    }
    chunks.push((from, lines.len()));
    chunks
}

/// A shell in a copy of the project.
struct Shell {
    folder: tempfile::TempDir,
    code: i32,
    /// Numbers and revisions of the page, and those of this run.
    known: HashMap<String, String>,
}

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

impl Shell {
    /// In an empty folder.
    fn open_empty() -> Shell {
        Shell {
            folder: tempfile::tempdir().unwrap(),
            code: 0,
            known: HashMap::new(),
        }
    }

    fn open() -> Shell {
        let folder = tempfile::tempdir().unwrap();
        let listed = Command::new("git")
            .args([
                "-C",
                ROOT,
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .output()
            .unwrap();
        let wanted = [
            "weir.yaml",
            "frameworks/",
            "institutions/",
            "pipelines/",
            "rules/",
            "lists/",
            "connectors/",
            "samples/",
            "tests/institutions/",
            "tests/mapping/",
        ];
        let files = String::from_utf8(listed.stdout).unwrap();
        for file in files
            .split('\0')
            .filter(|file| wanted.iter().any(|wanted| file.starts_with(wanted)))
        {
            let to = folder.path().join(file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(Path::new(ROOT).join(file), to).unwrap();
        }
        std::fs::write(folder.path().join(".gitignore"), ".weir/\n").unwrap();
        let mut shell = Shell {
            folder,
            code: 0,
            known: HashMap::new(),
        };
        shell.run(
            "git init -q && git add . && git -c user.name=a -c user.email=a@b commit -qm begin",
        );
        assert_eq!(shell.code, 0, "the project could not be copied");
        shell
    }

    /// Runs a command; gives what a terminal would show.
    fn run(&mut self, command: &str) -> Vec<String> {
        let program = Path::new(env!("CARGO_BIN_EXE_weir")).parent().unwrap();
        let path = [
            program.to_str().unwrap(),
            "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
        ]
        .join(":");
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(format!("exec 2>&1\n(exit {})\n{command}", self.code))
            .current_dir(self.folder.path());
        shell
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("USER", "ada")
            .env("COLUMNS", "100")
            .env("LC_ALL", "C.UTF-8");
        let output = shell.output().unwrap();
        self.code = output.status.code().unwrap_or(-1);
        let printed = String::from_utf8_lossy(&output.stdout)
            .replace(self.folder.path().to_str().unwrap(), "...");
        printed
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    /// The command as it must be here: the program of this build, on any day, with the numbers of
    /// this run.
    fn meant(&self, command: &str) -> String {
        let command = command.replace("cargo run --release -- ", "weir ");
        let command = ACTS
            .replace_all(&command, "weir $1 --allow-future")
            .into_owned();
        let word = |word: &str| {
            self.known
                .get(word)
                .cloned()
                .unwrap_or_else(|| word.to_owned())
        };
        command.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    /// Remembers which numbers and revisions of this run stand for those of the page.
    fn learn(&mut self, pairs: &[(String, String)]) {
        for (page, here) in pairs {
            for (of_page, of_here) in REVISED.captures_iter(page).zip(REVISED.captures_iter(here)) {
                for part in [0, 1] {
                    self.known
                        .insert(of_page[part].to_owned(), of_here[part].to_owned());
                }
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.run("weir db stop");
    }
}

/// Runs the commands of a page; gives what differs, and the page as it should be.
fn walk(page: &str, mut shell: Shell) -> (Vec<String>, String) {
    let (mut parts, mut wrong) = (parts(page), Vec::new());
    for part in &mut parts {
        let Part::Command { command, shown } = part else {
            continue;
        };
        if NOT_RUN.iter().any(|begin| command.starts_with(begin)) {
            continue;
        }
        let printed = shell.run(&shell.meant(command));
        let Some(shown) = shown else {
            assert_eq!(shell.code, 0, "{command}\n{}", printed.join("\n"));
            continue;
        };
        // An empty line before the next command or the end belongs to the page.
        let gap = shown
            .iter()
            .rev()
            .take_while(|line| line.is_empty())
            .count();
        let printed = &printed[..printed.len()
            - printed
                .iter()
                .rev()
                .take_while(|line| line.is_empty())
                .count()];
        let compared = compare(&shown[..shown.len() - gap], printed);
        shell.learn(&compared.pairs);
        if !compared.is_same {
            wrong.push(format!(
                "$ {command}\n--- the page shows\n{}\n--- it prints\n{}\n",
                shown.join("\n"),
                printed.join("\n")
            ));
            *shown = compared
                .now
                .into_iter()
                .chain(std::iter::repeat_n(String::new(), gap))
                .collect();
        }
    }
    // Commands and prose name what the lists show.
    let renamed = shell
        .known
        .iter()
        .filter(|(page, here)| page.contains('@') && page != here);
    let page = renamed.fold(written(&parts), |page, (of_page, here)| {
        page.replace(of_page, here)
    });
    (wrong, page)
}

fn check(page: &str) {
    check_in(page, Shell::open());
}

fn check_in(page: &str, shell: Shell) {
    let file = PathBuf::from(ROOT).join(page);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        written(&parts(&text)),
        text,
        "{page} is not read as it is written"
    );
    let (wrong, now) = walk(&text, shell);
    if std::env::var("WEIR_BLESS").is_ok() {
        std::fs::write(&file, if wrong.is_empty() { text } else { now }).unwrap();
    } else {
        assert!(
            wrong.is_empty(),
            "{page}: {} commands print something else; `WEIR_BLESS=1` rewrites the page\n\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

#[test]
fn the_readme_shows_what_happens() {
    check("README.md");
}

#[test]
fn the_tour_shows_what_happens() {
    check("docs/tour.md");
}

#[test]
fn the_first_steps_show_what_happens_in_an_empty_folder() {
    check_in("docs/first-steps.md", Shell::open_empty());
}

#[test]
fn the_page_for_analysts_shows_what_happens() {
    check("docs/analysts.md");
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn times_and_numbers_may_differ_and_nothing_else() {
    let same = |shown: &str, printed: &str| compare(&lines(shown), &lines(printed)).is_same;
    assert!(same(
        "nsw · run 2 at 2026-08-31 20:00Z · 86 ms",
        "nsw · run 12 at 2026-08-31 20:00Z · 1.2 s"
    ));
    assert!(same(
        "hold 3@558d32 of document 16@452689",
        "hold 4@aaaaaa of document 9@bbbbbb"
    ));
    assert!(!same("9 ads, 6 created", "9 ads, 7 created"));
    assert!(!same("a\nb", "a\nb\nc") && !same("a\nb\nc", "a\nb") && !same("", "a"));
    assert!(same("a\n...\nd", "a\nb\nc\nd") && same("...\nd", "a\nd") && same("a\n...", "a\nb"));
    assert!(!same("a\n...\nd\ne", "a\nb\nd") && !same("a\n...\nx\n...\nd", "a\nb\nd"));
}

#[test]
fn what_a_page_leaves_out_stays_left_out_when_it_is_rewritten() {
    let now = |shown: &str, printed: &str| compare(&lines(shown), &lines(printed)).now.join("\n");
    assert_eq!(
        now("a 1\nb\n...\nd\ne 1", "a 2\nb\nc\nd\ne 2"),
        "a 2\nb\n...\nd\ne 2"
    );
    assert_eq!(now("", "a\nb"), "a\nb");
}
