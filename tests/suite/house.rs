//! The rules of the house, held: modules use only those above them (the compiler keeps the order of
//! crates), SQL stands in `store`, banned names stay out, every file says why it exists.

use std::path::{Path, PathBuf};

/// The folders of the code: the crates, which the compiler keeps in order, and the program.
pub fn crate_roots() -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = std::fs::read_dir("crates")
        .unwrap()
        .flatten()
        .map(|entry| entry.path().join("src"))
        .collect();
    roots.push(PathBuf::from("src"));
    roots.sort();
    roots
}

/// Modules in reading order, as the `lib.rs` of a folder declares them.
fn modules(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join("lib.rs")).unwrap();
    text.lines()
        .filter_map(|line| {
            line.strip_prefix("pub mod ")?
                .strip_suffix(';')
                .map(str::to_owned)
        })
        .collect()
}

/// Every file of the code.
pub fn all_files() -> Vec<PathBuf> {
    crate_roots()
        .iter()
        .flat_map(|root| rust_files(root))
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn module_of(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).unwrap();
    inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .trim_end_matches(".rs")
        .to_owned()
}

/// The code of a file without its tests and comments.
pub fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Crates of several modules whose `lib.rs` promises an order.
fn ordered_roots() -> Vec<PathBuf> {
    let promises = |root: &PathBuf| {
        let text = std::fs::read_to_string(root.join("lib.rs")).unwrap();
        text.contains("in dependency order")
    };
    crate_roots().into_iter().filter(promises).collect()
}

#[test]
fn modules_use_only_those_above_them() {
    let roots = ordered_roots();
    assert!(roots.len() > 3, "{roots:?}");
    let wrong: Vec<String> = roots.iter().flat_map(|root| out_of_order(root)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn out_of_order(root: &Path) -> Vec<String> {
    let order = modules(root);
    let mut wrong = Vec::new();
    for file in rust_files(root) {
        let own = module_of(root, &file);
        let Some(position) = order.iter().position(|module| *module == own) else {
            continue;
        };
        let code = code(&file);
        for later in &order[position + 1..] {
            if code.contains(&format!("crate::{later}::"))
                || code.contains(&format!("crate::{later};"))
                || code.contains("use crate::{")
            {
                wrong.push(format!(
                    "{} uses `{later}`, which stands below `{own}`",
                    file.display()
                ));
            }
        }
    }
    wrong
}

#[test]
fn sql_stands_only_in_the_store() {
    let words = [
        "SELECT ",
        "INSERT INTO ",
        "UPDATE ",
        "DELETE FROM ",
        "WITH ",
        "COPY ",
    ];
    let sql = |file: &PathBuf| {
        words
            .iter()
            .any(|word| code(file).contains(&format!("\"{word}")))
    };
    let is_home = |file: &PathBuf| file.starts_with("crates/weir-store");
    let strays: Vec<PathBuf> = all_files()
        .into_iter()
        .filter(|file| !is_home(file))
        .filter(sql)
        .collect();
    assert!(strays.is_empty(), "{strays:?}");
}

/// The string literals of a file, those of one `concat!` as one text: its statements, roughly.
fn statements(file: &Path) -> Vec<String> {
    let code = code(file);
    let mut statements = vec![String::new()];
    for (place, piece) in code.split('"').enumerate() {
        let last = statements.last_mut().unwrap();
        match place % 2 {
            1 => last.push_str(piece),
            _ if piece.contains(';') => statements.push(String::new()),
            _ => last.push('\n'),
        }
    }
    statements
}

/// The parts of a statement from each of these words to the first of those that end it.
fn parts<'s>(statement: &'s str, from: &'s str, to: &'s [&str]) -> impl Iterator<Item = &'s str> {
    statement.split(from).skip(1).map(|rest| {
        let ends = to.iter().filter_map(|word| rest.find(word));
        &rest[..ends.min().unwrap_or(rest.len())]
    })
}

/// What stands in the parentheses that these words open.
fn enclosed<'s>(statement: &'s str, opening: &'s str) -> impl Iterator<Item = &'s str> {
    statement.split(opening).skip(1).map(|rest| {
        let mut depth = 1;
        let end = rest.find(|letter| {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            depth == 0
        });
        &rest[..end.unwrap_or(rest.len())]
    })
}

/// What JSON is made of, which PostgreSQL counts as stable.
fn json_of(part: &str) -> impl Iterator<Item = &str> {
    enclosed(part, "to_jsonb(").chain(enclosed(part, "jsonb_build_object("))
}

/// The table that a sequence is drawn beside, where it is drawn in a SELECT.
fn drawn_from(statement: &str) -> Option<&str> {
    let (_, after) = statement.split_once(" nextval('change_ids')")?;
    let (_, table) = after.split_once("FROM ")?;
    table.split(['(', ' ']).next()
}

/// What Citus refuses, or answers otherwise, where the text shows it
/// (docs/decisions/0035-citus.md).
#[test]
fn sql_is_what_citus_plans_too() {
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("crates/weir-store/src")) {
        for statement in statements(&file) {
            let mut refuse = |why: &str| wrong.push(format!("{}: {why}", file.display()));
            if statement.contains("= nextval(") {
                refuse("an UPDATE draws a number: draw it in a WITH before it");
            }
            if let Some(table) = drawn_from(&statement)
                && table != "unnest"
                && !statement.contains(&format!("{table} AS MATERIALIZED ("))
            {
                refuse("a number is drawn while tables are read: read them in a WITH before it");
            }
            let mut set = parts(&statement, " SET ", &["FROM ", "WHERE ", "RETURNING "]);
            if set.any(|part| json_of(part).any(|made| made.contains('.'))) {
                refuse("an UPDATE makes JSON of columns: make it in a WITH before it");
            }
            let mut returned = parts(&statement, "RETURNING ", &["SELECT "]);
            if returned.any(|part| {
                json_of(part)
                    .chain(enclosed(part, "pg_column_size("))
                    .count()
                    > 0
            }) {
                refuse("what comes back is not as it stands: return the columns");
            }
            if statement.contains("institutions i CROSS JOIN LATERAL") {
                refuse("a part of each institution is cut: ask for the keys first");
            }
            if enclosed(&statement, "(SELECT ").any(|query| query.contains("institution_id = i.id"))
            {
                refuse("a sub-query looks at a table that every node has: join it");
            }
            if !statement.contains("institution_id = $1")
                && enclosed(&statement, "LATERAL (").any(|query| query.contains("OFFSET 0"))
            {
                refuse("a sub-query is fenced off: ask in an ARRAY(SELECT …) beside the row");
            }
            if statement.contains("to_jsonb(h)") {
                refuse("a row of a view becomes JSON without the names of its columns: name them");
            }
            let asked = statement.matches("pg_current_snapshot()").count();
            let alone = ["(SELECT pg_snapshot_xmin(", "(SELECT pg_snapshot_xmax("];
            let alone: usize = alone
                .map(|form| statement.matches(form).count())
                .iter()
                .sum();
            // A function is asked as a whole.
            if asked > alone && !statement.contains("CREATE OR REPLACE FUNCTION") {
                refuse("a snapshot is asked of each node: write it as a sub-select");
            }
            let mut conditions = statement.split("WHERE ").skip(1);
            if conditions.any(|condition| condition.get(1..6) == Some(".ctid")) {
                refuse("a place is that of a row in every shard: name the institution before it");
            }
            let locks = [
                "FOR UPDATE",
                "FOR NO KEY UPDATE",
                "FOR SHARE",
                "FOR KEY SHARE",
            ];
            let local = [
                "leases",
                "work_units",
                "notice_channels",
                "notices",
                "host_turns",
            ];
            if locks.iter().any(|lock| statement.contains(lock))
                && !statement.contains("institution_id = $1")
                && !statement.contains("WHERE {} AND")
                && !local.iter().any(|table| statement.contains(table))
            {
                refuse("rows of several institutions are locked");
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn banned_names_stay_out() {
    let banned = [
        "util",
        "utils",
        "helper",
        "helpers",
        "common",
        "core",
        "misc",
        "manager",
        "handler",
        "processor",
        "service",
    ];
    let named = |file: &PathBuf| {
        file.components().any(|part| {
            banned.contains(&part.as_os_str().to_string_lossy().trim_end_matches(".rs"))
        })
    };
    let strays: Vec<PathBuf> = all_files().into_iter().filter(named).collect();
    assert!(strays.is_empty(), "{strays:?}");
    let kinds = ["struct", "enum", "trait", "mod", "type"];
    let is_banned = |name: &str| {
        banned.iter().any(|word| {
            name.eq_ignore_ascii_case(word) || name.to_lowercase().ends_with(&format!("_{word}"))
        })
    };
    for file in all_files() {
        let code = code(&file);
        let words: Vec<&str> = code
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .filter(|word| !word.is_empty())
            .collect();
        let named = words
            .windows(2)
            .find(|pair| kinds.contains(&pair[0]) && is_banned(pair[1]));
        assert!(named.is_none(), "{}: {named:?}", file.display());
    }
}

#[test]
fn every_file_says_why_it_exists() {
    let silent: Vec<PathBuf> = all_files()
        .into_iter()
        .filter(|file| !std::fs::read_to_string(file).unwrap().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}
