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

#[test]
fn modules_use_only_those_above_them() {
    let (root, order) = (Path::new("src"), modules(Path::new("src")));
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
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
