//! The JSON Schema of the YAML accepts every file that `weir check` accepts, refuses what is no
//! key, and explains every key.

use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use weir::config::schema::{FILE_KINDS, FileKind};
use weir::diagnostic::Diagnostics;

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let pattern = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    glob::glob(&pattern).unwrap().flatten().collect()
}

fn json_of(path: &Path) -> Json {
    let mut out = Diagnostics::new();
    weir::yaml::parse("file", std::fs::read(path).unwrap(), &mut out)
        .unwrap()
        .to_json()
}

fn told(kind: FileKind, file: &Json) -> Vec<String> {
    let validator = jsonschema::draft7::new(&kind.schema()).unwrap();
    validator
        .iter_errors(file)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

#[test]
fn every_file_of_the_project_its_connectors_and_its_cases_fits() {
    let mut seen = 0;
    for kind in FILE_KINDS {
        for place in [
            "",
            "tests/cases/*/project/",
            "tests/cases/*/v*/",
            "benches/project/",
        ] {
            for file in yaml_files(&format!("{place}{}", kind.pattern())) {
                assert_eq!(
                    told(kind, &json_of(&file)),
                    Vec::<String>::new(),
                    "{}",
                    file.display()
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "only {seen} files");
}

#[test]
fn what_is_no_key_or_no_choice_is_refused() {
    let source = json!({ "fetch": { "file": { "path": "a.json" } }, "id": "$.id", "job": { "title": "$.t" } });
    let institution = |more: Json| {
        let mut file = json!({ "institution": "a", "timezone": "UTC", "sources": { "s": source } });
        file.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        file
    };
    assert!(told(FileKind::Institution, &institution(json!({}))).is_empty());
    for wrong in [
        json!({ "institucion": "a" }),
        json!({ "active": "perhaps" }),
        json!({ "missing": { "empty": "maybe" } }),
        json!({ "sources": { "s": { "fetch": { "ftp": {} } } } }),
        json!({ "sources": { "s": { "fetch": { "file": { "path": "a", "decode": "excel" } } } } }),
        json!({ "sources": { "s": { "job": { "title": "$.t" } } } }),
    ] {
        assert!(
            !told(FileKind::Institution, &institution(wrong.clone())).is_empty(),
            "{wrong} is accepted"
        );
    }
    assert!(
        !told(
            FileKind::Pipeline,
            &json!({ "pipeline": "daily", "stages": ["fetsh"] })
        )
        .is_empty()
    );
    assert!(
        told(
            FileKind::Pipeline,
            &json!({ "pipeline": "daily", "stages": ["fetch", { "extract": { "batch": 100 } }] })
        )
        .is_empty()
    );
}

/// Every key with what it means: an editor shows it.
#[test]
fn every_key_is_explained() {
    let mut bare = Vec::new();
    for kind in FILE_KINDS {
        let schema = kind.schema();
        let definitions = schema["definitions"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, definition)| (name.as_str(), definition));
        for (name, definition) in definitions.chain([("the file", &schema)]) {
            for (key, value) in definition["properties"].as_object().into_iter().flatten() {
                if value["description"].as_str().is_none_or(str::is_empty) {
                    bare.push(format!("{}: {name}.{key}", kind.name()));
                }
            }
        }
    }
    assert!(bare.is_empty(), "{bare:?}");
}

#[test]
fn the_schemas_and_the_page_of_keys_are_what_the_types_say() {
    for kind in FILE_KINDS {
        crate::promises::expect(
            Path::new(&format!("schema/{}.json", kind.name())),
            &format!("{:#}\n", kind.schema()),
        );
    }
    crate::promises::expect(
        Path::new("docs/reference/keys.md"),
        &weir::report::keys::page(&[]),
    );
}

/// The page that people wrote names every key; what it explains beyond the comments is its own.
#[test]
fn the_reference_names_every_key() {
    let pages: String = ["yaml.md", "rules.md", "connectors.md"]
        .map(|page| std::fs::read_to_string(format!("docs/reference/{page}")).unwrap())
        .concat();
    let mut missing = Vec::new();
    for kind in FILE_KINDS {
        let schema = kind.schema();
        let definitions = schema["definitions"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, definition)| definition);
        for definition in definitions.chain([&schema]) {
            for key in definition["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key)
            {
                // In code, or as a key of an example.
                let named =
                    regex::Regex::new(&format!(r"`[^`\n]*\b{key}\b[^`\n]*`|(?m)^[ -]*{key}:"))
                        .unwrap();
                if !named.is_match(&pages) {
                    missing.push(format!("{}: {key}", kind.name()));
                }
            }
        }
    }
    missing.dedup();
    assert!(
        missing.is_empty(),
        "docs/reference does not name {missing:?}"
    );
}
