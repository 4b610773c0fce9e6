//! Drafts an institution from a sample: where the ads are, which member is the id, which canonical
//! field each member may be, and how to reach further pages, guessed by names and the look of
//! values. The result is YAML for people to review before it runs.

mod cards;
mod dates;
mod fields;
mod id;
mod lists;
mod members;
mod paging;
mod scripts;
mod shape;
mod words;

use super::decode::first_text;
use shape::SampleShape;
use std::fmt::Write;

/// Most bytes of a sample, unpacked.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What is drafted.
pub struct SourceDraft<'a> {
    /// The institution's name.
    pub institution: &'a str,
    /// The zone of its dates.
    pub timezone: &'a str,
    /// The file or address.
    pub from: &'a str,
    /// Whether it is an address.
    pub is_address: bool,
    /// Whether private addresses are allowed.
    pub allow_private: bool,
}

/// A board that a connector reads.
#[derive(Debug, PartialEq, Eq)]
pub struct ConnectorBoard<'a> {
    /// The connector.
    pub connector: &'a str,
    /// What it reads.
    pub about: &'a str,
    /// What could not be confirmed of it, if anything.
    pub unconfirmed: Option<&'a str>,
    /// The parameters taken from the address, in the connector's order.
    pub with: Vec<(&'a str, &'a str)>,
    /// The part of the address's query that the draft does not use.
    pub left_out: Option<&'a str>,
}

/// The comment on the draft of a sitemap.
const SITEMAP: &str = "a sitemap, then each page that is new or changed; its JobPosting markup is the ad. If most pages are not ads, select those that are with `only` in `with`, \
                       such as `only: /jobs/`";

/// Writes the draft.
///
/// # Errors
/// The sample contains nothing that looks like a list of ads.
pub fn write(draft: &SourceDraft, sample: &[u8]) -> Result<String, String> {
    let text = first_text(sample, MOST_BYTES)?;
    let shape = shape::of(sample, &text)?;
    if shape.decode == "sitemap" && draft.is_address {
        return Ok(of_board(
            draft,
            &ConnectorBoard {
                connector: "sitemap",
                about: SITEMAP,
                unconfirmed: None,
                with: vec![("url", draft.from)],
                left_out: None,
            },
        ));
    }
    let mut out = format!(
        "# A first draft, made from {}. Review it: every line is a guess.\ninstitution: {}\ntimezone: {}\nsources:\n  board:\n",
        quoted(draft.from),
        draft.institution,
        draft.timezone
    );
    write_fetch(&mut out, draft, &shape, &text);
    match shape.decode {
        "json_ld" => out.push_str(
            "    # without `id` and `job` the source uses the mapping of the connector `json-ld`\n",
        ),
        _ => fields::write(
            &mut out,
            &shape.members,
            &shape.documents,
            shape.ads,
            shape.id,
        ),
    }
    Ok(out + REQUIRE)
}

/// Writes `fetch:`.
fn write_fetch(out: &mut String, draft: &SourceDraft, shape: &SampleShape, text: &[u8]) {
    let paging = draft
        .is_address
        .then(|| paging::guess(draft, shape, text))
        .flatten();
    let (kind, key) = if draft.is_address {
        ("http", "url")
    } else {
        ("file", "path")
    };
    let from = paging
        .as_ref()
        .and_then(|paging| paging.url.as_deref())
        .unwrap_or(draft.from);
    let _ = writeln!(
        out,
        "    fetch:\n      {kind}:\n        {key}: {}",
        quoted(from)
    );
    if let Some(settings) = &shape.settings {
        let _ = writeln!(out, "        decode: {settings}");
    }
    for (key, value) in [("records", &shape.records), ("count", &shape.count)] {
        if let Some(value) = value {
            let _ = writeln!(out, "        {key}: {}", quoted(value));
        }
    }
    out.extend(shape.records.as_deref().and_then(around));
    if !draft.is_address {
        let is_page = matches!(shape.decode, "html" | "json_ld" | "script");
        if is_page || shape.members.iter().any(fields::has_relative_link) {
            out.push_str("        # url: https://      # the address that the file was saved from, to resolve links\n");
        }
        return;
    }
    if draft.allow_private {
        out.push_str("        allow_private: true\n");
    }
    let unknown = "# pages: { number: { parameter: page } }      # if there is more than one page: number, offset, cursor, next or link";
    let _ = writeln!(
        out,
        "        {}",
        paging.map_or_else(|| unknown.to_owned(), |paging| paging.line)
    );
}

/// What a list within lists leaves out.
fn around(records: &str) -> Option<String> {
    let (outer, _) = records.trim_end_matches("[*]").rsplit_once("[*]")?;
    Some(format!(
        "        # members of {outer}[*] itself are not part of an ad\n"
    ))
}

/// Writes the draft of a board that a connector reads: nothing is guessed.
pub fn of_board(draft: &SourceDraft, board: &ConnectorBoard) -> String {
    let ConnectorBoard {
        connector: name,
        about,
        unconfirmed,
        with,
        left_out,
    } = board;
    let mut out = comment(&format!(
        "A first draft. The connector `{name}` matches the address {}: {about}.",
        draft.from
    ));
    out.extend(left_out.map(|query| comment(&format!("Not taken from the address: {query}"))));
    out.extend(unconfirmed.map(|text| comment(&format!("Not confirmed: {text}"))));
    let _ = writeln!(
        out,
        "institution: {}\ntimezone: {}\nsources:\n  board:\n    fetch:\n      connector: {name}",
        draft.institution, draft.timezone
    );
    let given: Vec<String> = with
        .iter()
        .map(|(name, value)| format!("{name}: {}", quoted(value)))
        .collect();
    if !given.is_empty() {
        let _ = writeln!(out, "      with: {{ {} }}", given.join(", "));
    }
    if draft.allow_private {
        let _ = writeln!(out, "      http: {{ allow_private: true }}");
    }
    out + REQUIRE
}

/// A text as a comment, in lines of a readable length.
fn comment(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < 140 => {
                *line += &format!(" {word}");
            }
            _ => lines.push(format!("# {word}")),
        }
    }
    lines.join("\n") + "\n"
}

/// The mandatory fields of a new draft.
const REQUIRE: &str = "require:
  title: { type: string, minLength: 3 }
  # description: { type: string, minLength: 10 }
  # open_date: { type: string, format: date }
";

/// A text as YAML that no sign in it can break.
fn quoted(text: &str) -> String {
    let is_plain = text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "$._-/".contains(letter));
    let plain = is_plain && !text.starts_with('-') && !text.eq_ignore_ascii_case("null");
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drafted(from: &str, sample: &str) -> String {
        let draft = SourceDraft {
            institution: "acme",
            timezone: "Australia/Sydney",
            from,
            is_address: false,
            allow_private: false,
        };
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
        assert!(
            drafted("a.json", r#"[{"id":1,"title":"A","date":"01/02/2026"}]"#)
                .contains("day first or month first?")
        );
        assert!(
            drafted("a.json", r#"[{"id":1,"title":"A","date":1788220800000}]"#)
                .contains("epoch_ms")
        );
    }

    #[test]
    fn a_day_is_no_id_and_what_begins_as_json_is_no_table() {
        let dated = drafted(
            "a.csv",
            "Frist;Stelle;Ort\n01.02.2026;Koch;Bonn\n02.02.2026;Wirt;Ulm\n",
        );
        assert!(dated.contains("    id: $.Ort\n"), "{dated}");
        let urls = "<urlset><url><loc>https://x/1</loc><lastmod>2026-01-01</lastmod></url><url><loc>https://x/2</loc><lastmod>2026-01-02</lastmod></url></urlset>";
        assert!(
            drafted("a.xml", urls).contains("    id: $.loc\n"),
            "{}",
            drafted("a.xml", urls)
        );
        for (broken, why) in [
            (
                "[{\"id\":1,\"title\":\"A\"},]",
                "it looks like JSON but is not valid JSON: expected value at line 1 column 23",
            ),
            (
                "{\"id\":1,,\n",
                "it looks like JSON but is not valid JSON: key must be a string",
            ),
            (
                "a,b\n1\n",
                "it contains no ad: line 2 has 1 columns, but the header has 2",
            ),
        ] {
            assert!(
                drafted("a.txt", broken).contains(why),
                "{}",
                drafted("a.txt", broken)
            );
        }
    }

    #[test]
    fn paths_and_delimiters_are_written_so_that_they_are_read() {
        let jobs = r#"[{"id":1,"title":"A"},{"id":2,"title":"B"}]"#;
        let odd = drafted(
            "a.json",
            &format!(r#"{{"Job Openings":{jobs},"job-meta":{{"total":2}}}}"#),
        );
        assert!(
            odd.contains("records: \"$['Job Openings'][*]\"")
                && odd.contains("count: \"$['job-meta'].total\""),
            "{odd}"
        );
        let semicolons = drafted("a.csv", "id;title;city, state\n1;A;x\n2;B;y\n");
        assert!(
            semicolons.contains("decode: { csv: { delimiter: \";\" } }")
                && semicolons.contains("title: $.title"),
            "{semicolons}"
        );
        assert!(drafted("a.txt", "id\ttitle\n1\tA\n2\tB\n").contains("delimiter: \"\\t\""));
    }

    #[test]
    fn packed_samples_are_unpacked() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(
            &mut packed,
            br#"{"jobs":[{"id":1,"title":"A"},{"id":2,"title":"B"}]}"#,
        )
        .unwrap();
        let draft = SourceDraft {
            institution: "acme",
            timezone: "Australia/Sydney",
            from: "a.json.gz",
            is_address: false,
            allow_private: false,
        };
        let text = write(&draft, &packed.finish().unwrap()).unwrap();
        assert!(
            text.contains("records: \"$.jobs[*]\"") && !text.contains("decode"),
            "{text}"
        );
    }

    #[test]
    fn what_looks_like_ads_counts_before_what_is_long() {
        let filters: Vec<_> = (0..20)
            .map(|id| serde_json::json!({ "id": id, "name": "Perth", "count": 3 }))
            .collect();
        let page = serde_json::json!({ "meta": { "filters": filters }, "jobs": [{ "id": 1, "title": "A" }, { "id": 2, "title": "B" }] });
        assert!(drafted("a.json", &page.to_string()).contains("records: \"$.jobs[*]\""));
        let one = r#"{"id":"7","title":"Ranger","listingDate":"2026-09-01","locations":[{"label":"Perth"}],"department":{"id":"3"},"tags":[{"a":1},{"a":2}]}"#;
        let text = drafted("a.json", one);
        assert!(
            !text.contains("records:")
                && text.contains("id: $.id")
                && text.contains("title: $.title"),
            "{text}"
        );
        let company = r#"{"name":"Acme","description":"x","website_url":"https://a","jobs":[{"id":1,"title":"A"},{"id":2,"title":"B"}]}"#;
        assert!(drafted("a.json", company).contains("records: \"$.jobs[*]\""));
        let feed = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Jobs","items":[{"id":"1","title":"A","url":"https://a/1"}]}"#;
        assert!(drafted("a.json", feed).contains("decode: feed"));
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
        assert!(
            xml.contains("records: \"$.source.job[*]\"") && xml.contains("id: $.id"),
            "{xml}"
        );
        assert!(drafted("a.csv", "Job ID,Title\n1,A\n2,B\n").contains("decode: csv"));
        let page = drafted(
            "a.html",
            "<!doctype html><html><script type='application/ld+json'>{\"@type\":\"JobPosting\"}</script></html>",
        );
        assert!(page.contains("decode: json_ld"), "{page}");
    }
}
