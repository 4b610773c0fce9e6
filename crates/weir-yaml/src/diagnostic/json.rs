//! Diagnostics for programs: editors, continuous integration, scripts.
//!
//! The field names are a promise to those programs: add fields, never rename or remove one. A field
//! that does not apply is `null`.

use serde_json::{Value, json};

use super::{Diagnostic, Diagnostics, FileTexts, Place};

/// All diagnostics in their order, as a JSON list.
pub fn to_json(diagnostics: &Diagnostics, sources: &FileTexts) -> Value {
    diagnostics
        .sorted()
        .into_iter()
        .map(|one| diagnostic(one, sources))
        .collect()
}

fn diagnostic(one: &Diagnostic, sources: &FileTexts) -> Value {
    let place = one.place.as_ref();
    json!({
        "severity": one.severity.word(),
        "code": one.code,
        "message": one.message,
        "file": place.map(|place| &*place.file),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "length": place.map(|place| place.length),
        "text": place.and_then(|place| sources.line(place)),
        "help": one.help,
        "related": one.related.iter().map(|(place, note)| related(place, note)).collect::<Vec<_>>(),
    })
}

fn related(place: &Place, note: &str) -> Value {
    json!({ "file": &*place.file, "line": place.line, "column": place.column, "length": place.length, "message": note })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_there() {
        let mut sources = FileTexts::new();
        sources.insert("a.yaml", "one: 1\ntwo: 2\n");
        let mut all = Diagnostics::new();
        all.error(&Place::new("a.yaml", 2, 6, 1), "odd", "`2` is even")
            .help("write `3`")
            .related(&Place::new("a.yaml", 1, 1, 3), "see here");
        all.push(Diagnostic::warning("lonely", "no file"));
        let expected = json!([
            { "severity": "error", "code": "odd", "message": "`2` is even", "file": "a.yaml", "line": 2, "column": 6, "length": 1,
              "text": "two: 2", "help": "write `3`",
              "related": [{ "file": "a.yaml", "line": 1, "column": 1, "length": 3, "message": "see here" }] },
            { "severity": "warning", "code": "lonely", "message": "no file", "file": null, "line": null, "column": null,
              "length": null, "text": null, "help": null, "related": [] },
        ]);
        assert_eq!(to_json(&all, &sources), expected);
    }
}
