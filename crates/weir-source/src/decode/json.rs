//! JSON as a stream: records are extracted one by one while the text is read, so a large array is
//! never held in memory. NDJSON is read by line. Unreadable records are passed on as such; nothing
//! is skipped silently.

use super::UnreadCause;
use super::json_text::{MendedJson, mended};
use super::ration::ByteRation;
use crate::jsonpath::{JsonPath, PathStep};
use crate::markup::PageFrame;
use indexmap::IndexMap;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use weir_model::untrusted::SecretMask;
use weir_yaml::number;

/// Longest line of NDJSON.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// Maximum size of a record, and of a value outside the records.
const MOST_OF_A_RECORD: u64 = 64 * 1024 * 1024;

/// One thing found in a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum DecodedItem {
    /// The text of a record.
    Record(Box<str>),
    /// Bytes that are not JSON, and why.
    Unreadable(Vec<u8>, String),
}

impl DecodedItem {
    /// The same without secrets that the source echoes.
    #[must_use]
    pub fn without(self, mask: &SecretMask) -> DecodedItem {
        match self {
            DecodedItem::Record(text) => match mask.hide(&text) {
                Cow::Borrowed(_) => DecodedItem::Record(text),
                Cow::Owned(hidden) => DecodedItem::Record(hidden.into()),
            },
            DecodedItem::Unreadable(bytes, why) => {
                DecodedItem::Unreadable(mask.hide_bytes(bytes), mask.hide(&why).into_owned())
            }
        }
    }
}

/// What is read from a JSON text.
#[derive(Debug, Clone)]
pub struct JsonShape {
    /// Where the records are; `$[*]` or `$` by default, whichever fits.
    pub records: Option<JsonPath>,
    /// Where the source states how many ads it has.
    pub count: Option<JsonPath>,
}

/// The paths of the values wanted outside the records, with their numbers.
type WantedValues<'s> = Vec<(usize, &'s [PathStep])>;

/// How the reading of a text ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecodeSummary {
    /// The stated count.
    pub stated: Option<i64>,
    /// Why there is no stated count although one is declared.
    pub uncounted: Option<String>,
    /// Whether the place of the records was there at all (an empty array counts).
    pub place_found: bool,
    /// The requested values outside the records.
    pub taken: Vec<Option<Json>>,
    /// Addresses of further pages (a sitemap index).
    pub pages: Vec<String>,
    /// What was odd in it, though all of it could be read.
    pub notes: Vec<String>,
    /// What in it may stand for ads that were not read.
    pub doubts: Vec<String>,
    /// The columns of a table that names them itself.
    pub columns: Vec<String>,
    /// What surrounds the ads of a web page.
    pub frame: Option<PageFrame>,
}

/// Extracts the records of one JSON text. `put` returns `false` to stop.
///
/// # Errors
/// The text is not JSON, breaks off, or is nested too deeply; earlier records have been put.
pub fn records(
    reader: impl Read,
    shape: &JsonShape,
    values: &[&JsonPath],
    put: &mut dyn FnMut(DecodedItem) -> bool,
) -> Result<DecodeSummary, UnreadCause> {
    let found = DecodeSummary {
        taken: vec![None; values.len()],
        ..DecodeSummary::default()
    };
    let ration = ByteRation::new(MOST_OF_A_RECORD);
    let mut walk = JsonWalk {
        put,
        found,
        odd_count: None,
        stopped: false,
        ration: ration.clone(),
    };
    let values: WantedValues = values
        .iter()
        .enumerate()
        .filter_map(|(number, path)| Some((number, path.steps()?)))
        .collect();
    let default = [PathStep::Every];
    let steps = match &shape.records {
        Some(path) => path.steps().unwrap_or(&default),
        None => &default,
    };
    let count = shape.count.as_ref().and_then(JsonPath::steps);
    let reader = MendedJson::mending(BufReader::with_capacity(
        64 * 1024,
        ration.over(reader, "a value"),
    ));
    let mends = reader.mends();
    // Read byte by byte: without its own buffer, each byte would be a virtual call.
    let reader = BufReader::with_capacity(64 * 1024, reader);
    let mut text = serde_json::Deserializer::from_reader(reader);
    let seed = WalkSeed {
        walk: &mut walk,
        records: Some(steps),
        count,
        values,
        root_is_record: shape.records.is_none(),
    };
    let result = seed.deserialize(&mut text).and_then(|()| text.end());
    let JsonWalk {
        mut found,
        odd_count,
        stopped,
        ..
    } = walk;
    if let (Some(path), None) = (&shape.count, found.stated) {
        found.uncounted = Some(uncounted(path, odd_count.as_deref()));
    }
    found.notes.extend(mends.told());
    match result {
        Ok(()) => Ok(found),
        Err(_) if stopped => Ok(found),
        Err(error) => Err(unread(error)),
    }
}

fn unread(error: serde_json::Error) -> UnreadCause {
    if error.is_io() {
        return UnreadCause::from(std::io::Error::from(error));
    }
    // The library offers no other way to tell.
    let is_deep = error.to_string().starts_with("recursion limit exceeded");
    if is_deep {
        UnreadCause::Beyond(error.to_string())
    } else {
        UnreadCause::Broken(error.to_string())
    }
}

/// The first value at a simple path of a text; the rest is only checked to be JSON.
///
/// # Errors
/// The text is not JSON.
pub fn pick(text: &str, path: &JsonPath) -> Result<Option<Json>, String> {
    let Some(steps) = path.steps() else {
        let value: Json = number::read(text).map_err(|error| error.to_string())?;
        return Ok(path.first(&value).cloned());
    };
    let mut first = None;
    let mut put = |item: DecodedItem| {
        if let (None, DecodedItem::Record(text)) = (&first, item) {
            first = Some(text);
        }
        true
    };
    let ration = ByteRation::new(MOST_OF_A_RECORD);
    let mut walk = JsonWalk {
        put: &mut put,
        found: DecodeSummary::default(),
        odd_count: None,
        stopped: false,
        ration,
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = WalkSeed {
        walk: &mut walk,
        records: Some(steps),
        count: None,
        values: Vec::new(),
        root_is_record: false,
    };
    seed.deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| error.to_string())?;
    first
        .map(|text| number::read(&text))
        .transpose()
        .map_err(|error| error.to_string())
}

/// Extracts the records of NDJSON, one per line. `put` returns `false` to stop.
///
/// # Errors
/// Reading failed, a line is too long, or the last line has no line break; earlier records have
/// been put.
pub fn lines(
    mut reader: impl BufRead,
    put: &mut dyn FnMut(DecodedItem) -> bool,
) -> Result<DecodeSummary, UnreadCause> {
    let mut line = Vec::new();
    let (mut ended, mut number, mut notes) = (true, 0, Vec::new());
    loop {
        number += 1;
        line.clear();
        let read = reader
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            let found = DecodeSummary {
                place_found: true,
                notes,
                ..DecodeSummary::default()
            };
            return if ended {
                Ok(found)
            } else {
                Err(UnreadCause::Broken(
                    "the last line has no line break: the file may be truncated".to_owned(),
                ))
            };
        }
        ended = line.ends_with(b"\n");
        if !ended && read as u64 == MAX_LINE {
            return Err(UnreadCause::Beyond(format!(
                "a line is longer than {} MiB",
                MAX_LINE / 1024 / 1024
            )));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (text, mends) = mended(line.trim_ascii());
        if notes.is_empty() {
            notes.extend(mends.told().map(|told| format!("line {number}: {told}")));
        }
        let item = match String::from_utf8(text) {
            Ok(text) => DecodedItem::Record(text.into()),
            Err(error) => DecodedItem::Unreadable(line.trim_ascii().to_vec(), error.to_string()),
        };
        if !put(item) {
            return Ok(DecodeSummary::default());
        }
    }
}

struct JsonWalk<'p> {
    put: &'p mut dyn FnMut(DecodedItem) -> bool,
    found: DecodeSummary,
    /// A value at the place of the count that is not a count.
    odd_count: Option<String>,
    stopped: bool,
    ration: ByteRation,
}

impl JsonWalk<'_> {
    /// Records a non-count value at the place of the count; null means none.
    fn count(&mut self, text: &str) -> serde_json::Result<()> {
        let value: Json = serde_json::from_str(text)?;
        self.found.stated = whole_number(&value);
        self.odd_count = (!value.is_null()).then(|| value.as_str().unwrap_or(text).to_owned());
        Ok(())
    }
}

/// A position in the text: the remaining path to the records and to the count.
struct WalkSeed<'w, 'p, 's> {
    walk: &'w mut JsonWalk<'p>,
    records: Option<&'s [PathStep]>,
    count: Option<&'s [PathStep]>,
    values: WantedValues<'s>,
    root_is_record: bool,
}

impl<'de> DeserializeSeed<'de> for WalkSeed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.walk.ration.renew();
        if self.records.is_some_and(<[PathStep]>::is_empty) {
            return record(self.walk, deserializer);
        }
        if self.count.is_some_and(<[PathStep]>::is_empty) {
            let text: Box<RawValue> = serde::Deserialize::deserialize(deserializer)?;
            return self.walk.count(text.get()).map_err(D::Error::custom);
        }
        if let Some(number) = self
            .values
            .iter()
            .find(|(_, steps)| steps.is_empty())
            .map(|(number, _)| *number)
        {
            let text: Box<RawValue> = serde::Deserialize::deserialize(deserializer)?;
            self.walk.found.taken[number] =
                Some(number::read(text.get()).map_err(D::Error::custom)?);
            return Ok(());
        }
        if self.records.is_none() && self.count.is_none() && self.values.is_empty() {
            self.walk.ration.lift();
            let passed: Result<IgnoredAny, D::Error> =
                serde::Deserialize::deserialize(deserializer);
            self.walk.ration.renew();
            return passed.map(|_| ());
        }
        deserializer.deserialize_any(self)
    }
}

/// The wanted values below this position.
fn inner<'s>(values: &WantedValues<'s>, fits: impl Fn(&PathStep) -> bool) -> WantedValues<'s> {
    values
        .iter()
        .filter_map(|(number, steps)| Some((*number, step(Some(steps), &fits)?)))
        .collect()
}

fn record<'de, D: Deserializer<'de>>(walk: &mut JsonWalk, deserializer: D) -> Result<(), D::Error> {
    walk.found.place_found = true;
    let text: Box<RawValue> = serde::Deserialize::deserialize(deserializer)?;
    if (walk.put)(DecodedItem::Record(text.into())) {
        return Ok(());
    }
    walk.stopped = true;
    Err(D::Error::custom("stopped"))
}

impl<'de> Visitor<'de> for WalkSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if let Some([PathStep::Every, ..]) = self.records {
            self.walk.found.place_found = true;
        }
        let mut index = 0;
        loop {
            let records = step(self.records, |step| {
                matches!(step, PathStep::Every) || *step == PathStep::Index(index)
            });
            let count = step(self.count, |step| *step == PathStep::Index(index));
            let values = inner(&self.values, |step| *step == PathStep::Index(index));
            let seed = WalkSeed {
                walk: &mut *self.walk,
                records,
                count,
                values,
                root_is_record: false,
            };
            if items.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        if self.root_is_record {
            // No path is given and the text is one object, which is the only record.
            let value: IndexMap<String, Box<RawValue>> =
                serde::Deserialize::deserialize(MapAccessDeserializer::new(members))?;
            let text = serde_json::value::to_raw_value(&value).map_err(A::Error::custom)?;
            return record(self.walk, &*text).map_err(A::Error::custom);
        }
        while let Some(key) = members.next_key::<String>()? {
            let records = step(self.records, |step| {
                matches!(step, PathStep::Name(name) if *name == key)
                    || matches!(step, PathStep::Every)
            });
            let count = step(
                self.count,
                |step| matches!(step, PathStep::Name(name) if *name == key),
            );
            let values = inner(
                &self.values,
                |step| matches!(step, PathStep::Name(name) if *name == key),
            );
            members.next_value_seed(WalkSeed {
                walk: &mut *self.walk,
                records,
                count,
                values,
                root_is_record: false,
            })?;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The rest of a path if its first step fits.
fn step(path: Option<&[PathStep]>, fits: impl Fn(&PathStep) -> bool) -> Option<&[PathStep]> {
    path.and_then(<[PathStep]>::split_first)
        .filter(|(first, _)| fits(first))
        .map(|(_, rest)| rest)
}

/// A whole number, or a text that is one; `4.0` is 4.
fn whole_number(value: &Json) -> Option<i64> {
    match value {
        Json::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Json::String(text) => text
            .trim()
            .parse()
            .ok()
            .or_else(|| whole(text.trim().parse().ok()?)),
        _ => None,
    }
}

/// A float that represents an integer exactly.
fn whole(float: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let is_whole = float.fract() == 0.0 && float.abs() <= LARGEST;
    is_whole
        .then(|| format!("{float:.0}").parse().ok())
        .flatten()
}

/// Maximum characters shown of a value that is not a count.
const SHOWN_OF_A_COUNT: usize = 40;

/// Why a declared count is unknown: the value found there, if any.
pub fn uncounted(place: &dyn fmt::Display, found: Option<&str>) -> String {
    match found.map(str::trim) {
        Some(found) if found.chars().count() > SHOWN_OF_A_COUNT => {
            format!(
                "the count at `{place}` is `{}…`, not an integer",
                found.chars().take(SHOWN_OF_A_COUNT).collect::<String>()
            )
        }
        Some(found) => format!("the count at `{place}` is `{found}`, not an integer"),
        None => format!("there is no count at `{place}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shape(records: Option<&str>, count: Option<&str>) -> JsonShape {
        let path = |text: &str| JsonPath::parse(text).unwrap();
        JsonShape {
            records: records.map(path),
            count: count.map(path),
        }
    }

    fn read(text: &str, shape: &JsonShape) -> (Vec<Json>, Result<DecodeSummary, UnreadCause>) {
        let mut seen = Vec::new();
        let found = records(text.as_bytes(), shape, &[], &mut |item| {
            if let DecodedItem::Record(text) = item {
                seen.push(serde_json::from_str(&text).unwrap());
            }
            true
        });
        (seen, found)
    }

    #[test]
    fn records_and_count_come_out_wherever_they_stand() {
        let text = r#"{"meta": {"total": "2", "x": [1]}, "jobs": [{"id": 1}, {"id": 2}]}"#;
        let (seen, found) = read(text, &shape(Some("$.jobs[*]"), Some("$.meta.total")));
        assert_eq!(seen, [json!({"id": 1}), json!({"id": 2})]);
        assert_eq!(
            found,
            Ok(DecodeSummary {
                stated: Some(2),
                place_found: true,
                ..DecodeSummary::default()
            })
        );
    }

    #[test]
    fn a_count_is_a_whole_number_or_it_is_told_why_it_is_none() {
        let count = |total: &str| {
            read(
                &format!(r#"{{"total": {total}, "jobs": []}}"#),
                &shape(Some("$.jobs[*]"), Some("$.total")),
            )
            .1
            .unwrap()
        };
        for total in ["4", "4.0", "\"4\"", "\" 4.0 \"", "4e0"] {
            assert_eq!(
                (count(total).stated, count(total).uncounted),
                (Some(4), None),
                "{total}"
            );
        }
        let odd = [
            ("\"4 jobs\"", "4 jobs"),
            ("4.5", "4.5"),
            ("99999999999999999999", "99999999999999999999"),
            ("true", "true"),
            ("[4]", "[4]"),
            ("\"\"", ""),
        ];
        for (total, shown) in odd {
            let (found, shown) = (
                count(total),
                format!("the count at `$.total` is `{shown}`, not an integer"),
            );
            assert_eq!(
                (found.stated, found.uncounted),
                (None, Some(shown)),
                "{total}"
            );
        }
        let long = count(&format!("\"{}\"", "x".repeat(1000)))
            .uncounted
            .unwrap();
        assert!(
            long.ends_with("xx…`, not an integer") && long.len() < 100,
            "{long}"
        );
        assert_eq!(
            count("null").uncounted.as_deref(),
            Some("there is no count at `$.total`")
        );
        let none = read(
            r#"{"jobs": []}"#,
            &shape(Some("$.jobs[*]"), Some("$.total")),
        )
        .1
        .unwrap();
        assert_eq!(
            none.uncounted.as_deref(),
            Some("there is no count at `$.total`")
        );
        assert_eq!(read("[]", &shape(None, None)).1.unwrap().uncounted, None);
    }

    #[test]
    fn nested_arrays_single_objects_and_root_arrays() {
        assert_eq!(
            read(
                r#"[{"p": [1, 2]}, {"p": [3]}]"#,
                &shape(Some("$[*].p[*]"), None)
            )
            .0,
            [json!(1), json!(2), json!(3)]
        );
        assert_eq!(
            read(r#"{"id": 1}"#, &shape(None, None)).0,
            [json!({"id": 1})]
        );
        assert_eq!(
            read(r#"[{"id": 1}]"#, &shape(None, None)).0,
            [json!({"id": 1})]
        );
        assert_eq!(
            read(r#"{"a": {"id": 1}}"#, &shape(Some("$.a"), None)).0,
            [json!({"id": 1})]
        );
        assert_eq!(
            read(
                r#"{"a": [{"id": 1}, {"id": 2}]}"#,
                &shape(Some("$.a[1]"), None)
            )
            .0,
            [json!({"id": 2})]
        );
    }

    #[test]
    fn an_empty_array_is_there_and_an_error_page_is_not() {
        assert!(
            read(r#"{"jobs": []}"#, &shape(Some("$.jobs[*]"), None))
                .1
                .unwrap()
                .place_found
        );
        assert!(
            !read(r#"{"error": "down"}"#, &shape(Some("$.jobs[*]"), None))
                .1
                .unwrap()
                .place_found
        );
        assert!(
            !read(r#"{"jobs": null}"#, &shape(Some("$.jobs[*]"), None))
                .1
                .unwrap()
                .place_found
        );
    }

    #[test]
    fn a_text_that_breaks_off_gives_what_came_before() {
        let (seen, found) = read(r#"[{"id": 1}, {"id": 2}, {"id"#, &shape(None, None));
        assert_eq!((seen.len(), found.is_err()), (2, true));
        assert!(read("[1] trailing", &shape(None, None)).1.is_err());
        assert!(read(&"[".repeat(100_000), &shape(None, None)).1.is_err());
    }

    #[test]
    fn an_id_is_picked_without_reading_the_rest() {
        let pick = |text: &str, path: &str| super::pick(text, &JsonPath::parse(path).unwrap());
        assert_eq!(
            pick(r#"{"x": [1, {"id": 2}], "id": "A"}"#, "$.id"),
            Ok(Some(json!("A")))
        );
        assert_eq!(
            pick(r#"{"x": [1, {"id": 2}], "id": "A"}"#, "$.x[*].id"),
            Ok(Some(json!(2)))
        );
        assert_eq!(
            pick(r#"{"x": [1, {"id": 2}]}"#, "$.x[?@.id==2].id"),
            Ok(Some(json!(2)))
        );
        assert_eq!(pick("[1]", "$.id"), Ok(None));
        assert!(pick("{\"id\": 1} {", "$.id").is_err());
        assert!(pick("{ broken", "$.id").is_err());
    }

    #[test]
    fn lines_that_are_no_text_are_kept() {
        let mut seen = Vec::new();
        let found = lines(&b"{\"id\":1}\n\n\xff\xfe\n{\"id\":2}"[..], &mut |item| {
            seen.push(item);
            true
        });
        assert!(matches!(&seen[1], DecodedItem::Unreadable(bytes, _) if bytes == b"\xff\xfe"));
        assert_eq!(
            (
                seen.len(),
                found.unwrap_err().to_string().contains("truncated")
            ),
            (3, true)
        );
    }
}
