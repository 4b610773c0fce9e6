//! Imports of the house, held: no modules import each other in a circle, so that a reader can
//! follow imports downwards. A folder's `mod.rs` and its files are one room: they may name each
//! other.

use super::house::{all_files, code, crate_roots};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// The path of the module that a file is: `weir_model::date::zone`.
fn module_path(root: &Path, file: &Path) -> String {
    let name = match root.parent().and_then(Path::file_name) {
        Some(folder) => folder.to_string_lossy().replace('-', "_"),
        None => "crate".to_owned(),
    };
    let inside = file.strip_prefix(root).unwrap().with_extension("");
    let parts = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .filter(|part| !["mod", "lib", "main"].contains(&part.as_str()));
    std::iter::once(name)
        .chain(parts)
        .collect::<Vec<_>>()
        .join("::")
}

/// The paths that a text names: `super::a::{b, c::D}` is `super::a::b` and `super::a::c::D`.
fn paths(text: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut all = Vec::new();
    for start in ["crate::", "super::", "self::", "weir_"] {
        for (at, _) in text.match_indices(start) {
            let is_inside = text[..at].ends_with(|last: char| is_part(last) || last == ':');
            if !is_inside {
                spread("", &text[at..], &mut all);
            }
        }
    }
    all
}

/// Adds the paths of one branch of an import; returns what follows it.
fn spread<'t>(above: &str, branch: &'t str, all: &mut Vec<String>) -> &'t str {
    let branch = branch.trim_start();
    let end = branch
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':')
        .unwrap_or(branch.len());
    let (path, rest) = (format!("{above}{}", &branch[..end]), &branch[end..]);
    let Some(mut rest) = rest.strip_prefix('{').filter(|_| path.ends_with("::")) else {
        all.push(path);
        return rest;
    };
    loop {
        rest = spread(&path, rest, all);
        // ` as Other` may follow.
        let Some(next) = rest.find([',', '}']) else {
            return "";
        };
        let is_last = rest[next..].starts_with('}');
        rest = rest[next + 1..].trim_start();
        if is_last {
            return rest;
        }
        if let Some(after) = rest.strip_prefix('}') {
            return after;
        }
    }
}

/// The module that a path in a module leads to, if it is one of ours.
fn target(module: &str, path: &str, modules: &BTreeMap<String, PathBuf>) -> Option<String> {
    let mut base: Vec<&str> = module.split("::").collect();
    let mut parts = path.split("::").filter(|part| !part.is_empty()).peekable();
    match parts.peek() {
        Some(&"crate") => {
            base.truncate(1);
            parts.next();
        }
        Some(&"self") => {
            parts.next();
        }
        Some(&"super") => {
            while parts.next_if_eq(&"super").is_some() {
                base.pop();
            }
        }
        _ => base.clear(),
    }
    base.extend(parts);
    while !base.is_empty() {
        let name = base.join("::");
        if modules.contains_key(&name) {
            return Some(name);
        }
        base.pop();
    }
    None
}

/// Which modules each module imports. A room and its files are one: they are left out.
fn imports(modules: &BTreeMap<String, PathBuf>) -> BTreeMap<&str, BTreeSet<String>> {
    let is_within = |one: &str, other: &str| one.starts_with(&format!("{other}::"));
    let of = |(module, file): (&'_ String, &PathBuf)| {
        paths(&code(file))
            .iter()
            .filter_map(|path| target(module, path, modules))
            .filter(|other| {
                other != module && !is_within(other, module) && !is_within(module, other)
            })
            .collect()
    };
    modules
        .iter()
        .map(|entry| (entry.0.as_str(), of(entry)))
        .collect()
}

/// The shortest way from a module to another along imports.
fn way(from: &str, to: &str, imports: &BTreeMap<&str, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    let mut open = VecDeque::from([from.to_owned()]);
    while let Some(module) = open.pop_front() {
        for next in &imports[module.as_str()] {
            if next == to {
                let mut way = vec![to.to_owned(), module.clone()];
                while way[way.len() - 1] != from {
                    way.push(before[&way[way.len() - 1]].clone());
                }
                way.reverse();
                return Some(way);
            }
            if next != from && !before.contains_key(next) {
                before.insert(next.clone(), module.clone());
                open.push_back(next.clone());
            }
        }
    }
    None
}

#[test]
fn modules_do_not_import_each_other_in_a_circle() {
    let mut modules = BTreeMap::new();
    for root in crate_roots() {
        for file in all_files()
            .into_iter()
            .filter(|file| file.starts_with(&root))
        {
            modules.insert(module_path(&root, &file), file);
        }
    }
    let imports = imports(&modules);
    assert!(
        imports.values().map(BTreeSet::len).sum::<usize>() > 1000,
        "imports are no longer found"
    );
    let circles: BTreeSet<String> = imports
        .keys()
        .filter_map(|module| way(module, module, &imports))
        .map(|way| way.join(" -> "))
        .collect();
    assert!(
        circles.is_empty(),
        "modules import each other in a circle:\n{}\nhelp: move what several of them need to a file of its own",
        circles.into_iter().collect::<Vec<_>>().join("\n")
    );
}
