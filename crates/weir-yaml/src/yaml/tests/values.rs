//! What right files give.

use serde_json::json;

use super::*;
use crate::diagnostic::Place;
use crate::yaml::parse;

fn at(place: &Place) -> (usize, usize, usize) {
    (place.line, place.column, place.length)
}

#[test]
fn every_shape_is_read() {
    let read = value(RIGHT);
    assert_eq!(
        read.institution.get().map(|name| name.as_str()),
        Some("nsw-gov")
    );
    assert_eq!(
        read.name.get().map(String::as_str),
        Some("1.10"),
        "a number where text is wanted stays as written"
    );
    assert!(read.active);
    assert_eq!(
        read.sources
            .keys()
            .map(|key| key.as_str())
            .collect::<Vec<_>>(),
        ["nswgov", "seek", "again"]
    );
    assert_eq!(
        read.rules
            .iter()
            .map(|rule| rule.as_str())
            .collect::<Vec<_>>(),
        ["common", "no", "7"],
        "`no` is not a boolean"
    );
    let missing = read.missing.expect("missing");
    assert_eq!((missing.after, missing.share), (Some(2), Some(0.5)));
    assert_eq!(missing.at_most.map(|share| share.value), Some(Percent(20)));
    assert_eq!(
        read.unknown.map(|unknown| unknown.value),
        Some(SampleUnknown::Hold)
    );
    assert!(matches!(
        read.stages.as_slice(),
        [
            SampleStage::Fetch {},
            SampleStage::Extract(SampleExtract { batch: None }),
            SampleStage::Extract(SampleExtract { batch: Some(500) }),
            SampleStage::Fetch {}
        ]
    ));
    assert!(read.schedule.is_some_and(
        |schedule| schedule.value == "0 5 * * *" && at(&schedule.place) == (5, 11, 11)
    ));
}

#[test]
fn merge_keys_and_aliases_are_followed() {
    let read = value(RIGHT);
    let seek = &read.sources["seek"];
    assert_eq!(
        (seek.id.as_str(), at(&seek.id.place)),
        ("$.id", (24, 9, 4)),
        "what is given here wins"
    );
    assert!(
        matches!(&seek.fetch.value, SampleFetch::File { path } if path.as_str() == "jobs.json")
    );
    assert_eq!(seek.job.len(), 3, "the rest is merged");
    let again = &read.sources["again"];
    assert!(
        matches!(&again.fetch.value, SampleFetch::Http(SampleHttp { url, timeout: Some(30) }) if url.ends_with("/jobs"))
    );
    assert_eq!(
        at(&again.id.place),
        (12, 9, 7),
        "the place of a repeated value is where it is written"
    );
}

#[test]
fn short_forms_and_lists_of_one_are_read() {
    let read = value(RIGHT);
    let job = &read.sources["nswgov"].job;
    assert!(matches!(&job["title"], TextOr::Short(path) if path.as_str() == "$.title"));
    let TextOr::Full(locations) = &job["locations"] else {
        panic!("full form")
    };
    assert_eq!(
        locations
            .from
            .iter()
            .map(|path| at(&path.place))
            .collect::<Vec<_>>(),
        [(15, 27, 6), (15, 35, 6)]
    );
    let TextOr::Full(remuneration) = &job["remuneration"] else {
        panic!("full form")
    };
    assert_eq!(remuneration.from.len(), 1);
}

#[test]
fn positions_within_a_text_are_found_in_the_file() {
    let read = value(RIGHT);
    let TextOr::Full(remuneration) = &read.sources["nswgov"].job["remuneration"] else {
        panic!("full form")
    };
    let script = remuneration.script.as_ref().expect("script");
    assert_eq!(
        script.as_str(),
        "\nlet a = doc.min;\n  `${a} - ${doc.max}`\n"
    );
    let found = |text: &Text, line, column| at(&text.place_at(line, column));
    assert_eq!(
        found(script, 2, 1),
        (20, 11, 1),
        "a block, after an empty line"
    );
    assert_eq!(found(script, 2, 9), (20, 19, 1));
    assert_eq!(found(script, 2, 6), (20, 16, 1), "a blank");
    assert_eq!(found(script, 2, 17), (20, 27, 1), "the end of a line");
    assert_eq!(
        found(script, 3, 3),
        (21, 13, 1),
        "indentation within the block"
    );
    let [folded, quoted] = read.checks.as_slice() else {
        panic!("two checks")
    };
    assert_eq!(folded.assert.as_str(), "job.close_date >= job.open_date");
    assert_eq!(found(&folded.assert, 1, 1), (30, 13, 1));
    assert_eq!(
        found(&folded.assert, 1, 19),
        (31, 7, 1),
        "the second line of plain text"
    );
    assert_eq!(quoted.assert.as_str(), "a\n == \"b\"");
    assert_eq!(
        found(&quoted.assert, 2, 2),
        (33, 18, 1),
        "after an escaped line end"
    );
    assert_eq!(
        found(&quoted.assert, 2, 6),
        (33, 23, 1),
        "after an escaped quote"
    );
    for (line, column) in [(0, 0), (99, 99), (1, 99), (4, 1)] {
        assert!(
            (19..=21).contains(&script.place_at(line, column).line),
            "{line}:{column} stays in the text"
        );
    }
}

#[test]
fn raw_nodes_are_json_with_places() {
    let read = value(RIGHT);
    assert_eq!(
        read.require["title"].to_json(),
        json!({ "type": "string", "minLength": 3 })
    );
    assert_eq!(
        read.require["title"]
            .at("/minLength")
            .map(|node| at(node.place())),
        Some((35, 37, 1))
    );
    let locations = &read.require["locations"];
    assert_eq!(
        locations.get("minItems").map(|node| at(node.place())),
        Some((38, 15, 1))
    );
    assert_eq!(
        locations.entry("type").map(|entry| at(entry.key.place())),
        Some((37, 5, 4))
    );
}

#[test]
fn json_keeps_the_types_of_yaml() {
    let text = "a: [1, -2, 1.5, true, no, ~, '1', 18446744073709551615, .nan]\nb: {\"c/d\": [x]}\ne: !!str 7\n";
    let tree = parse("a.yaml", text, &mut Diagnostics::new()).expect("a tree");
    let expected = json!({ "a": [1, -2, 1.5, true, "no", null, "1", 18446744073709551615_u64, ".nan"], "b": { "c/d": ["x"] }, "e": "7" });
    assert_eq!(tree.to_json(), expected);
    assert_eq!(tree.at("/b/c~1d/0").and_then(Node::text), Some("x"));
    assert!(
        tree.at("/b/nothing").is_none(),
        "an unknown pointer leads nowhere"
    );
}

#[test]
fn a_json_value_can_be_a_field_too() {
    let read: Option<IndexMap<String, serde_json::Value>> =
        read("a.yaml", "a: [1, {b: ~}]\n", &mut Diagnostics::new());
    assert_eq!(
        read.map(|map| map["a"].clone()),
        Some(json!([1, { "b": null }]))
    );
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_not_matter() {
    let text = format!("\u{feff}{}", RIGHT.replace('\n', "\r\n"));
    assert_eq!(value(&text).rules[1].place, value(RIGHT).rules[1].place);
}

#[test]
fn located_values_are_told_apart_by_value() {
    let one = Located::new("x".to_string(), &Place::new("a", 1, 1, 1));
    let other = Located::new("x".to_string(), &Place::new("b", 9, 9, 9));
    assert_eq!(one, other);
    assert_eq!(one.map(|text| text.len()).value, 1);
}

#[test]
fn other_formats_cannot_fill_located_values() {
    assert!(serde_json::from_str::<Located<String>>("\"x\"").is_err());
}
