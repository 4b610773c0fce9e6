//! The rules of the house, held: modules use only those above them, SQL stands in `store`, banned names stay out,
//! every file says why it exists.

use std::path::{Path, PathBuf};

/// Modules in reading order, as `lib.rs` declares them.
fn modules() -> Vec<String> {
    let text = std::fs::read_to_string("src/lib.rs").unwrap();
    text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned)).collect()
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

fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix("src").unwrap();
    inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The code of a file without its tests and comments.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn modules_use_only_those_above_them() {
    let order = modules();
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("src")) {
        let own = module_of(&file);
        let Some(position) = order.iter().position(|module| *module == own) else { continue };
        let code = code(&file);
        for later in &order[position + 1..] {
            if code.contains(&format!("crate::{later}::")) || code.contains(&format!("crate::{later};")) || code.contains("use crate::{") {
                wrong.push(format!("{} uses `{later}`, which stands below `{own}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_stands_only_in_the_store() {
    let words = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH ", "COPY "];
    let sql = |file: &PathBuf| words.iter().any(|word| code(file).contains(&format!("\"{word}")));
    // Creating the private database is no statement about ads, and must come before there is a store.
    let strays: Vec<PathBuf> = rust_files(Path::new("src"))
        .into_iter()
        .filter(|file| module_of(file) != "store" && !file.ends_with("cli/database.rs"))
        .filter(sql)
        .collect();
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn banned_names_stay_out() {
    let banned = ["util", "utils", "helper", "helpers", "common", "core", "misc", "manager", "handler", "processor", "service"];
    let named = |file: &PathBuf| file.components().any(|part| banned.contains(&part.as_os_str().to_string_lossy().trim_end_matches(".rs")));
    let strays: Vec<PathBuf> = rust_files(Path::new("src")).into_iter().filter(named).collect();
    assert!(strays.is_empty(), "{strays:?}");
    let kinds = ["struct", "enum", "trait", "mod", "type"];
    let is_banned = |name: &str| banned.iter().any(|word| name.eq_ignore_ascii_case(word) || name.to_lowercase().ends_with(&format!("_{word}")));
    for file in rust_files(Path::new("src")) {
        let code = code(&file);
        let words: Vec<&str> = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty()).collect();
        let named = words.windows(2).find(|pair| kinds.contains(&pair[0]) && is_banned(pair[1]));
        assert!(named.is_none(), "{}: {named:?}", file.display());
    }
}

#[test]
fn every_file_says_why_it_exists() {
    let silent: Vec<PathBuf> =
        rust_files(Path::new("src")).into_iter().filter(|file| !std::fs::read_to_string(file).unwrap().starts_with("//!")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}
