//! The keys of the YAML as a page for people, made of the JSON Schema, and so of the comments of the types that read the files. A test holds
//! `docs/reference/keys.md` to it; nothing is written there by hand.

use crate::config::schema::{FILE_KINDS, FileKind};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The page of some kinds of files; of all if none is named.
pub fn page(kinds: &[FileKind]) -> String {
    let kinds = if kinds.is_empty() { &FILE_KINDS[..] } else { kinds };
    let mut page = String::from(
        "# Keys of the YAML\n\nMade by `weir schema --markdown` of the types that read the files; [yaml.md](yaml.md) explains them with examples.\n\
         `weir schema` writes the same as JSON Schema, for editors. A key in bold is needed.\n",
    );
    let mut told = BTreeSet::new();
    for kind in kinds {
        let _ = write!(page, "\n## {}\n", kind.pattern());
        let schema = kind.schema();
        Section { definitions: &schema["definitions"], told: &mut told, out: &mut page }.write_root(&schema);
    }
    page
}

/// The tables of one kind of file; a mapping that several kinds share is told once.
struct Section<'s> {
    definitions: &'s Json,
    told: &'s mut BTreeSet<String>,
    out: &'s mut String,
}

impl Section<'_> {
    fn write_root(&mut self, schema: &Json) {
        let mut next = self.write_table(schema);
        while !next.is_empty() {
            let name = next.remove(0);
            if !self.told.insert(name.clone()) {
                continue;
            }
            let Some(definition) = self.definitions.get(&name) else { continue };
            let _ = write!(self.out, "\n### {}\n", heading(&name));
            if let Some(about) = definition.get("description").and_then(Json::as_str) {
                let _ = write!(self.out, "\n{}\n", plain(about));
            }
            next.extend(self.write_table(definition));
        }
    }

    /// Writes the keys or the choices of a mapping, and gives the mappings that they name.
    fn write_table(&mut self, schema: &Json) -> Vec<String> {
        let mut named = Vec::new();
        if let Some(properties) = schema.get("properties").and_then(Json::as_object).filter(|properties| !properties.is_empty()) {
            self.write_keys(properties, schema.get("required"), &mut named);
        } else if let Some(choices) = schema.get("oneOf").and_then(Json::as_array) {
            self.write_choices(choices, &mut named);
        }
        named
    }

    fn write_keys(&mut self, properties: &Map<String, Json>, required: Option<&Json>, named: &mut Vec<String>) {
        let needed = |key: &str| required.and_then(Json::as_array).is_some_and(|required| required.iter().any(|name| name == key));
        let _ = write!(self.out, "\n| key | holds | means |\n|---|---|---|\n");
        for (key, value) in properties {
            let shown = if needed(key) { format!("**`{key}`**") } else { format!("`{key}`") };
            let _ = writeln!(self.out, "| {shown} | {} | {} |", holds(value, named), about(value));
        }
    }

    fn write_choices(&mut self, choices: &[Json], named: &mut Vec<String>) {
        let _ = write!(self.out, "\n| one of | holds | means |\n|---|---|---|\n");
        let mut seen = BTreeSet::new();
        for choice in choices {
            let properties = choice.get("properties").and_then(Json::as_object);
            let (name, inside) = match properties.and_then(|properties| properties.iter().next()) {
                Some((name, inside)) => (name.as_str(), holds(inside, named)),
                None => (choice.get("const").and_then(Json::as_str).unwrap_or_default(), String::new()),
            };
            if !name.is_empty() && seen.insert(name.to_owned()) {
                let _ = writeln!(self.out, "| `{name}` | {inside} | {} |", about(choice));
            }
        }
    }
}

/// What a key may hold, in words; mappings with a table of their own go to `named`.
fn holds(schema: &Json, named: &mut Vec<String>) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
        let name = reference.trim_start_matches("#/definitions/").replace("%20", " ");
        let anchor = heading(&name).replace(' ', "-").replace('.', "");
        let link = format!("[{}](#{anchor})", heading(&name));
        named.push(name);
        return link;
    }
    for way in ["anyOf", "allOf"] {
        if let Some(several) = schema.get(way).and_then(Json::as_array) {
            let mut words: Vec<String> =
                several.iter().filter(|one| one.get("type").is_none_or(|kind| kind != "null")).map(|one| holds(one, named)).collect();
            words.dedup();
            return words.join(" or ");
        }
    }
    if let Some(choices) = schema.get("oneOf").and_then(Json::as_array) {
        let names: Vec<String> =
            choices.iter().filter_map(|choice| choice.get("const").and_then(Json::as_str)).map(|name| format!("`{name}`")).collect();
        return names.join(", ");
    }
    of_type(schema, named)
}

fn of_type(schema: &Json, named: &mut Vec<String>) -> String {
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Json::String(kind)) => vec![kind],
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).filter(|kind| *kind != "null").collect(),
        _ => return "anything".to_owned(),
    };
    let example = || schema.pointer("/examples/0").and_then(Json::as_str).map(|example| format!(", such as `{example}`")).unwrap_or_default();
    match kinds.first().copied().unwrap_or_default() {
        "string" => format!("{}{}", schema.get("title").and_then(Json::as_str).unwrap_or("text"), example()),
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => match schema.get("items") {
            Some(items) => format!("a list: {}", holds(items, named)),
            None => "a list".to_owned(),
        },
        _ => match schema.get("additionalProperties").filter(|more| more.is_object()) {
            Some(values) => format!("names, each with {}", holds(values, named)),
            None => "a mapping".to_owned(),
        },
    }
}

fn about(schema: &Json) -> String {
    let text = schema.get("description").and_then(Json::as_str).map(plain).unwrap_or_default();
    match schema.get("default").filter(|default| !default.is_null() && **default != Json::Object(Map::new()) && **default != Json::Array(Vec::new()))
    {
        Some(default) => format!("{text} (default `{}`)", default.as_str().map_or_else(|| default.to_string(), str::to_owned)),
        None => text,
    }
}

/// A comment on one line, safe in a table.
fn plain(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `SourceSpec` as people read it: `source`.
fn heading(name: &str) -> String {
    let name = name.trim_end_matches("Spec").trim_end_matches("Use");
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}
