//! Names of the house, held: no two types have one name, private ones and those of tests included,
//! so that a reader need not know where a name is from.

use super::house::all_files;
use std::collections::BTreeMap;

/// A type that is defined at a line of a file.
fn type_name(line: &str) -> Option<&str> {
    let is_indented = line.starts_with(' ');
    let mut rest = line.trim_start();
    if let Some(public) = rest.strip_prefix("pub") {
        let public = public.trim_start();
        rest = match public.strip_prefix('(') {
            Some(within) => within.split_once(')')?.1.trim_start(),
            None => public,
        };
    }
    let (keyword, rest) = rest.split_once(' ')?;
    let is_type = match keyword {
        "struct" | "enum" | "trait" | "union" => true,
        // Further in, it belongs to a trait.
        "type" => !is_indented,
        _ => false,
    };
    let end = rest
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(rest.len());
    let is_name = rest.starts_with(|first: char| first.is_ascii_uppercase());
    (is_type && is_name).then_some(&rest[..end])
}

#[test]
fn no_two_types_have_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in all_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            if let Some(name) = type_name(line) {
                let place = format!("{}:{}", file.display(), number + 1);
                places.entry(name.to_owned()).or_default().push(place);
            }
        }
    }
    assert!(places.len() > 1000, "types are no longer found");
    let shared: Vec<String> = places
        .iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, places)| format!("`{name}`: {}", places.join(", ")))
        .collect();
    assert!(
        shared.is_empty(),
        "types share a name:\n{}\nhelp: name them by their role, such as `RollbackPage`",
        shared.join("\n")
    );
}
