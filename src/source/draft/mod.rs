//! The first draft of an institution from a sample: where the ads stand in it, which member is the id, which canonical field each member may
//! be, and how to come to further pages, guessed by names and by what the values look like. A guess is written as YAML that people read before
//! it runs.

mod cards;
mod fields;
mod paging;
mod shape;

use std::fmt::Write;

/// What is drafted.
pub struct Draft<'a> {
    /// The institution's name.
    pub institution: &'a str,
    /// The zone of its dates.
    pub timezone: &'a str,
    /// The file or address.
    pub from: &'a str,
    /// Whether it is an address.
    pub is_address: bool,
    /// Whether a private address may be asked.
    pub allow_private: bool,
}

/// Writes the draft.
///
/// # Errors
/// The sample does not hold anything that looks like a list of ads.
pub fn write(draft: &Draft, sample: &[u8]) -> Result<String, String> {
    let shape = shape::of(sample)?;
    let mut out = format!(
        "# A first draft, made from {}. Read it: every line is a guess.\ninstitution: {}\ntimezone: {}\nsources:\n  board:\n",
        quoted(draft.from),
        draft.institution,
        draft.timezone
    );
    let (kind, from) = if draft.is_address { ("http", "url") } else { ("file", "path") };
    let _ = writeln!(out, "    fetch:\n      {kind}:\n        {from}: {}", quoted(draft.from));
    for (key, value) in [("decode", shape.decode.map(str::to_owned)), ("records", shape.records.clone()), ("count", shape.count.clone())] {
        if let Some(value) = value {
            let _ = writeln!(out, "        {key}: {}", quoted(&value));
        }
    }
    if !draft.is_address && matches!(shape.decode, Some("html" | "json_ld")) {
        out.push_str("        # url: https://      # the address that the file was saved from: links lead from there\n");
    }
    if draft.allow_private {
        let _ = writeln!(out, "        allow_private: true");
    }
    if draft.is_address {
        let unknown =
            || "# pages: { number: { parameter: page } }      # if there is more than one page: number, offset, cursor, next or link".to_owned();
        let _ = writeln!(out, "        {}", paging::guess(draft, &shape, sample).unwrap_or_else(unknown));
    }
    match shape.decode {
        Some("json_ld") => out.push_str(
            "    # what markup for search engines means is known: without `id` and `job` the source takes the mapping of the connector `json-ld`\n",
        ),
        _ => fields::write(&mut out, &shape.members, shape.ads, shape.id),
    }
    out.push_str("require:\n  title: { type: string, minLength: 3 }\n  # description: { type: string, minLength: 10 }\n  # open_date: { type: string, format: date }\n");
    Ok(out)
}

/// A text as YAML that no sign in it can break.
fn quoted(text: &str) -> String {
    let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "$._-/".contains(letter)) && !text.starts_with('-');
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drafted(from: &str, sample: &str) -> String {
        let draft = Draft { institution: "acme", timezone: "Australia/Sydney", from, is_address: false, allow_private: false };
        write(&draft, sample.as_bytes()).unwrap_or_else(|why| format!("error: {why}"))
    }

    #[test]
    fn lists_ids_counts_and_fields_are_guessed() {
        let text = drafted(
            "a.json",
            r#"{"meta":{"total":2},"jobs":[{"jobId":1,"title":"A","postedDate":"28/08/2026","location":{"name":"Perth"}},{"jobId":2,"title":"B","postedDate":"01/09/2026","location":{"name":"Broome"}}]}"#,
        );
        for line in [
            "records: \"$.jobs[*]\"",
            "count: $.meta.total",
            "id: $.jobId",
            "title: $.title",
            "open_date: { from: $.postedDate, format: \"%d/%m/%Y\" }",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(text.contains("# close_date:"), "{text}");
    }

    #[test]
    fn what_may_be_two_dates_is_left_to_people() {
        assert!(drafted("a.json", r#"[{"id":1,"title":"A","date":"01/02/2026"}]"#).contains("day first or month first?"));
        assert!(drafted("a.json", r#"[{"id":1,"title":"A","date":1788220800000}]"#).contains("epoch_ms"));
    }

    proptest! {
        #[test]
        fn no_sample_panics(text in "[\\[{\"a:,}<>/=\\] é0-9]{0,80}", names in proptest::collection::vec(".{1,8}", 0..4)) {
            drafted("a.txt", &text);
            let ad: serde_json::Map<String, serde_json::Value> = names.iter().map(|name| (name.clone(), serde_json::json!(name))).collect();
            drafted("a.json", &serde_json::json!({ "jobs": [ad], text: 1 }).to_string());
        }
    }

    #[test]
    fn other_formats_are_told_apart() {
        let xml = drafted(
            "a.xml",
            "<?xml version='1.0'?><source><publisher>x</publisher><job><id>1</id><title>A</title></job><job><id>2</id><title>B</title></job></source>",
        );
        assert!(xml.contains("records: \"$.source.job[*]\"") && xml.contains("id: $.id"), "{xml}");
        assert!(drafted("a.csv", "Job ID,Title\n1,A\n2,B\n").contains("decode: csv"));
        let page = drafted("a.html", "<!doctype html><html><script type='application/ld+json'>{\"@type\":\"JobPosting\"}</script></html>");
        assert!(page.contains("decode: json_ld"), "{page}");
    }
}
