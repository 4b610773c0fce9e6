//! Converts a document's value to a typed value. A value that cannot be converted becomes
//! [`FieldValue::Invalid`] with the original: validation decides whether that rejects the ad. Blank
//! text, null and empty lists are absent.

use chrono::DateTime;
use indexmap::IndexSet;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;
use weir_model::canonical::canonical_object;
use weir_model::date::{DateReader, DateSetting, FoundDate, NoDate};
use weir_model::{Canonical, Clock, FieldKind, FieldValue, problem::InvalidValue, replace_nul};
use weir_source::decode::MARKUP;
use weir_source::markup::{readable, readable_items};
use weir_source::steps::{ElementText, element_text};
use weir_yaml::number;

/// The conversion of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "conversion", rename_all = "snake_case")]
pub enum ConversionKind {
    /// Plain text, trimmed.
    Text,
    /// Markup, made readable.
    Html,
    /// A date.
    Date,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list of text values.
    List,
    /// A URL, http or https.
    Url,
    /// Any JSON, unchanged.
    Json,
}

impl ConversionKind {
    /// Its name in the YAML.
    pub fn name(self) -> &'static str {
        match self {
            ConversionKind::Text => "text",
            ConversionKind::Html => "html",
            ConversionKind::Date => "date",
            ConversionKind::Number => "number",
            ConversionKind::Boolean => "boolean",
            ConversionKind::List => "list",
            ConversionKind::Url => "url",
            ConversionKind::Json => "json",
        }
    }

    /// The type of its result.
    pub fn gives(self) -> FieldKind {
        match self {
            ConversionKind::Text | ConversionKind::Html | ConversionKind::Url => FieldKind::Text,
            ConversionKind::Date => FieldKind::Date,
            ConversionKind::Number => FieldKind::Number,
            ConversionKind::Boolean => FieldKind::Boolean,
            ConversionKind::List => FieldKind::List,
            ConversionKind::Json => FieldKind::Json,
        }
    }

    /// The plain conversion to a type.
    pub fn plain(kind: FieldKind) -> ConversionKind {
        match kind {
            FieldKind::Text => ConversionKind::Text,
            FieldKind::Date => ConversionKind::Date,
            FieldKind::Number => ConversionKind::Number,
            FieldKind::Boolean => ConversionKind::Boolean,
            FieldKind::List => ConversionKind::List,
            FieldKind::Json => ConversionKind::Json,
        }
    }
}

/// A conversion, compiled.
#[derive(Debug, Clone)]
pub struct ValueConversion {
    /// The target.
    pub to: ConversionKind,
    /// How dates are read.
    pub dates: DateReader,
    /// The separator of list items in one text.
    pub split: Option<String>,
    /// The separator to join several values into one text; without it the first is used.
    pub join: Option<String>,
}

impl ValueConversion {
    /// What counts for a fingerprint: zone and window only of dates, which alone they change.
    pub fn canonical_object(&self) -> Json {
        let is_date = self.to == ConversionKind::Date;
        let DateSetting { zone, window } = self.dates.setting;
        canonical_object([
            ("as", json!(self.to.name())),
            (
                "formats",
                if self.dates.formats.is_empty() {
                    Json::Null
                } else {
                    self.dates.formats.iter().map(ToString::to_string).collect()
                },
            ),
            (
                "zone",
                if is_date {
                    json!(zone.name())
                } else {
                    Json::Null
                },
            ),
            (
                "earliest",
                if is_date {
                    json!(window.earliest.canonical())
                } else {
                    Json::Null
                },
            ),
            (
                "years_ahead",
                if is_date {
                    json!(window.years_ahead)
                } else {
                    Json::Null
                },
            ),
            ("split", json!(self.split)),
            ("join", json!(self.join)),
        ])
    }

    /// As written, one line per key.
    pub fn words(&self) -> impl Iterator<Item = String> {
        let to = (self.to != ConversionKind::Text).then(|| format!("as: {}", self.to.name()));
        let formats = (!self.dates.formats.is_empty())
            .then(|| format!("format: {}", self.dates.listed(", ")));
        let between = |name: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("{name}: {text:?}"))
        };
        [
            to,
            formats,
            between("split", &self.split),
            between("join", &self.join),
        ]
        .into_iter()
        .flatten()
    }

    /// Converts a value of the YAML, which has no fetch time.
    pub fn apply(&self, found: &[&Json]) -> FieldValue {
        self.apply_fixed(found, Clock(DateTime::UNIX_EPOCH))
    }

    /// Converts the result of a path or script in a document that was fetched at an instant.
    /// Removes NUL, whatever produced it: an address may contain `%00`, and PostgreSQL cannot store
    /// it.
    pub fn apply_at(&self, found: &[&Json], fetched: Clock) -> FieldValue {
        without_nul(self.converted(found, |text| self.dates.read(text, fetched.0)))
    }

    /// Converts a value that the author wrote, for a document fetched at an instant: every date is
    /// plausible.
    pub fn apply_fixed(&self, found: &[&Json], fetched: Clock) -> FieldValue {
        without_nul(self.converted(found, |text| self.dates.read_fixed(text, fetched.0)))
    }

    fn converted(
        &self,
        found: &[&Json],
        read: impl Fn(&str) -> Result<FoundDate, NoDate>,
    ) -> FieldValue {
        let said: Vec<Cow<Json>> = found.iter().map(|value| self.said(value)).collect();
        let present: Vec<&Json> = said
            .iter()
            .map(AsRef::as_ref)
            .filter(|value| !is_blank(value))
            .collect();
        // What comes several times and cannot be a list is the first of it.
        let is_one = matches!(
            self.to,
            ConversionKind::Date | ConversionKind::Number | ConversionKind::Boolean
        );
        let first = present.first().and_then(|first| {
            if is_one {
                items(first).into_iter().find(|item| !is_blank(item))
            } else {
                Some(*first)
            }
        });
        let Some(first) = first else {
            return FieldValue::Absent;
        };
        match self.to {
            ConversionKind::Text => self.text(&present, plain_text),
            ConversionKind::Html => self.text(&present, readable),
            ConversionKind::Url => self.text(&present, plain_text).and_then(url),
            ConversionKind::Date => date(
                items(first)
                    .into_iter()
                    .find(|item| !is_blank(item))
                    .unwrap_or(first),
                read,
            ),
            ConversionKind::Number => number(first),
            ConversionKind::Boolean => boolean(first),
            ConversionKind::List => self.list(&present),
            ConversionKind::Json if present.len() > 1 => {
                FieldValue::Json(Json::Array(present.into_iter().cloned().collect()))
            }
            ConversionKind::Json => FieldValue::Json(first.clone()),
        }
    }

    /// The value with XML elements reduced to their content.
    fn said<'v>(&self, value: &'v Json) -> Cow<'v, Json> {
        match (value, self.to) {
            (Json::Object(members), ConversionKind::Json) if members.contains_key(MARKUP) => {
                let others = members.iter().filter(|(name, _)| *name != MARKUP);
                Cow::Owned(
                    others
                        .map(|(name, value)| (name.clone(), self.said(value).into_owned()))
                        .collect(),
                )
            }
            (Json::Object(members), ConversionKind::Json)
                if members
                    .values()
                    .any(|inner| inner.is_object() || inner.is_array()) =>
            {
                Cow::Owned(
                    members
                        .iter()
                        .map(|(name, value)| (name.clone(), self.said(value).into_owned()))
                        .collect(),
                )
            }
            (Json::Array(items), _)
                if items.iter().any(|item| item.is_object() || item.is_array()) =>
            {
                Cow::Owned(
                    items
                        .iter()
                        .map(|item| self.said(item).into_owned())
                        .collect(),
                )
            }
            (Json::Object(members), to) if to != ConversionKind::Json => {
                match element_text(value) {
                    Some(ElementText::Markup(html)) if to == ConversionKind::Html => {
                        Cow::Owned(Json::from(html))
                    }
                    Some(ElementText::Markup(html)) => Cow::Owned(Json::from(readable(html))),
                    Some(ElementText::Text(text)) => Cow::Owned(Json::from(text)),
                    None if to == ConversionKind::Html => {
                        paragraphs(members).map_or(Cow::Borrowed(value), Cow::Owned)
                    }
                    None => Cow::Borrowed(value),
                }
            }
            _ => Cow::Borrowed(value),
        }
    }

    fn text(&self, present: &[&Json], read: impl Fn(&str) -> String) -> FieldValue {
        let scalars: Vec<&Json> = present.iter().copied().flat_map(items).collect();
        if let Some(object) = scalars.iter().find(|value| value.is_object()) {
            return invalid("invalid_type", object, "must be a string");
        }
        let mut texts = scalars
            .iter()
            .filter(|value| !is_blank(value))
            .map(|value| read(&scalar_text(value)));
        match &self.join {
            Some(join) => FieldValue::text(&texts.collect::<Vec<_>>().join(join)),
            None => texts
                .next()
                .map_or(FieldValue::Absent, |text| FieldValue::text(&text)),
        }
    }

    fn list(&self, present: &[&Json]) -> FieldValue {
        let scalars: Vec<&Json> = present
            .iter()
            .copied()
            .flat_map(items)
            .filter(|value| !is_blank(value))
            .collect();
        if let Some(object) = scalars
            .iter()
            .find(|value| value.is_object() || value.is_array())
        {
            return invalid("invalid_array", object, "must be a list of texts");
        }
        let texts = scalars
            .iter()
            .flat_map(|value| readable_items(&scalar_text(value)));
        let split = |text: String| match &self.split {
            Some(separator) => text
                .split(separator.as_str())
                .map(|part| part.trim().to_owned())
                .collect(),
            None => vec![text.trim().to_owned()],
        };
        let list: IndexSet<String> = texts
            .flat_map(split)
            .filter(|text| !text.is_empty())
            .collect();
        if list.is_empty() {
            FieldValue::Absent
        } else {
            FieldValue::List(list.into_iter().collect())
        }
    }
}

/// The text of an object that consists of one list of texts, each a paragraph: the order of equally
/// named children is known.
fn paragraphs(members: &Map<String, Json>) -> Option<Json> {
    let mut children = members.iter().filter(|(name, _)| !name.starts_with('@'));
    let (Some((_, only)), None) = (children.next(), children.next()) else {
        return None;
    };
    let texts: Vec<&str> = items(only)
        .into_iter()
        .map(Json::as_str)
        .collect::<Option<_>>()?;
    Some(Json::from(
        texts
            .iter()
            .map(|text| format!("<p>{text}</p>"))
            .collect::<String>(),
    ))
}

/// NUL characters become U+FFFD, as in documents.
fn without_nul(mut value: FieldValue) -> FieldValue {
    match &mut value {
        FieldValue::Text(text) => text_without_nul(text),
        FieldValue::List(items) => items.iter_mut().for_each(text_without_nul),
        FieldValue::Json(json) => drop(replace_nul(json)),
        FieldValue::Invalid(invalid) => drop(replace_nul(&mut invalid.found)),
        FieldValue::Absent | FieldValue::Date(_) | FieldValue::Number(_) | FieldValue::Bool(_) => {}
    }
    value
}

fn text_without_nul(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{fffd}");
    }
}

fn url(text: String) -> FieldValue {
    match url::Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            FieldValue::Text(text)
        }
        _ => invalid("invalid_url", &Json::String(text), "must be a valid URL"),
    }
}

fn date(found: &Json, read: impl Fn(&str) -> Result<FoundDate, NoDate>) -> FieldValue {
    let said = if !found.is_string() && !found.is_number() {
        Err(NoDate::Unreadable)
    } else {
        read(&scalar_text(found))
    };
    match said {
        Ok(FoundDate::Day(day)) => FieldValue::Date(day),
        Ok(FoundDate::Earlier) => FieldValue::Absent,
        Err(why) => invalid("invalid_date", found, &why.to_string()),
    }
}

fn number(found: &Json) -> FieldValue {
    let parsed = match found {
        Json::Number(number) => Some(number::canonical(number)),
        Json::String(text) => number::parse(text.trim()),
        _ => None,
    };
    parsed.map_or_else(
        || invalid("invalid_type", found, "must be a number"),
        FieldValue::Number,
    )
}

fn boolean(found: &Json) -> FieldValue {
    let text = scalar_text(found).trim().to_lowercase();
    match text.as_str() {
        "true" | "yes" | "1" => FieldValue::Bool(true),
        "false" | "no" | "0" => FieldValue::Bool(false),
        _ => invalid("invalid_type", found, "must be true or false"),
    }
}

fn invalid(kind: &'static str, found: &Json, why: &str) -> FieldValue {
    FieldValue::Invalid(Box::new(InvalidValue {
        kind,
        found: found.clone(),
        why: why.to_owned(),
    }))
}

fn items(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}

fn is_blank(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.iter().all(is_blank),
        Json::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn scalar_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => number::text_of(number),
        other => other.to_string(),
    }
}

fn plain_text(text: &str) -> String {
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use weir_model::date::{DateFormat, DateSetting};

    fn convert(to: ConversionKind, formats: &[&str]) -> ValueConversion {
        let formats = formats
            .iter()
            .map(|format| DateFormat::compile(format).unwrap())
            .collect();
        let dates = DateReader {
            formats,
            setting: DateSetting::of(chrono_tz::Australia::Sydney),
        };
        ValueConversion {
            to,
            dates,
            split: Some("|".into()),
            join: None,
        }
    }

    fn date(text: &str) -> FieldValue {
        FieldValue::Date(text.parse().unwrap())
    }

    #[test]
    fn dates_are_dates_in_the_zone_of_the_source() {
        let iso = convert(ConversionKind::Date, &[]);
        assert_eq!(iso.apply(&[&json!("2026-09-01")]), date("2026-09-01"));
        assert_eq!(
            iso.apply(&[&json!("2026-09-01T20:00:00Z")]),
            date("2026-09-02")
        );
        assert_eq!(
            iso.apply(&[&json!("2026-09-01 23:00:00")]),
            date("2026-09-01")
        );
        assert!(
            matches!(iso.apply(&[&json!("01/09/2026")]), FieldValue::Invalid(invalid) if invalid.kind == "invalid_date")
        );
        assert_eq!(
            convert(ConversionKind::Date, &["%d/%m/%Y", "%d %B %Y"])
                .apply(&[&json!("1 September 2026")]),
            date("2026-09-01")
        );
        assert_eq!(
            convert(ConversionKind::Date, &["epoch_ms"]).apply(&[&json!(1_788_220_800_000_i64)]),
            date("2026-09-01")
        );
        assert_eq!(
            convert(ConversionKind::Date, &["%d/%m/%Y %H:%M"]).apply(&[&json!("01/09/2026 23:59")]),
            date("2026-09-01")
        );
        assert!(matches!(
            iso.apply(&[&json!("2026-02-30")]),
            FieldValue::Invalid(_)
        ));
        assert_eq!(
            iso.apply(&[&json!([" ", "2026-09-01T20:00:00Z"])]),
            date("2026-09-02")
        );
        assert!(
            [json!({"a": 1}), json!([[]]), json!(true)]
                .iter()
                .all(|odd| !matches!(iso.apply(&[odd]), FieldValue::Date(_)))
        );
    }

    #[test]
    fn dates_are_of_the_years_that_people_and_databases_know() {
        let any = convert(
            ConversionKind::Date,
            &[
                "epoch",
                "epoch_ms",
                "%Y-%m-%d",
                "%Y-%m-%d %H:%M",
                "%Y-%m-%dT%H:%M:%S%z",
            ],
        );
        let iso = convert(ConversionKind::Date, &[]);
        for text in [
            "-5000-01-01",
            "-4713-01-01",
            "-262000-01-01",
            "0000-12-31",
            "+10000-01-01",
            "+262142-12-31",
            "+262142-12-31 23:59",
        ] {
            for (convert, text) in [
                (&iso, text.to_owned()),
                (&any, text.to_owned()),
                (&any, format!("{text}T23:59:00+00:00")),
            ] {
                assert!(
                    matches!(convert.apply(&[&json!(text)]), FieldValue::Invalid(invalid) if invalid.kind == "invalid_date"),
                    "{text}"
                );
            }
        }
        // In Sydney it is the year 10000 by then; and the last instant that the library knows has
        // no day there at all.
        assert!(matches!(
            iso.apply(&[&json!("9999-12-31T20:00:00Z")]),
            FieldValue::Invalid(_)
        ));
        assert!(matches!(
            convert(ConversionKind::Date, &["epoch"]).apply(&[&json!(8_210_266_876_799_i64)]),
            FieldValue::Invalid(_)
        ));
        assert_eq!(
            [
                iso.apply(&[&json!("0001-01-01")]),
                iso.apply(&[&json!("9999-12-31")])
            ],
            [date("0001-01-01"), date("9999-12-31")]
        );
    }

    #[test]
    fn dates_of_mail_of_offsets_and_of_numbers_in_texts() {
        let mail = convert(ConversionKind::Date, &["rfc2822"]);
        assert_eq!(
            mail.apply(&[&json!("Tue, 05 Mar 2024 20:00:00 GMT")]),
            date("2024-03-06")
        );
        assert_eq!(
            mail.apply(&[&json!("Mon, 5 Mar 2024 20:00:00 +1100")]),
            date("2024-03-05")
        );
        assert_eq!(mail.apply(&[&json!("05 March 2024")]), date("2024-03-05"));
        assert!(matches!(
            mail.apply(&[&json!("2024-03-05")]),
            FieldValue::Invalid(_)
        ));
        assert_eq!(
            convert(ConversionKind::Date, &["%Y-%m-%d %H:%M:%S%#z"])
                .apply(&[&json!("2026-05-13 23:00:00+08")]),
            date("2026-05-14")
        );
        assert_eq!(
            convert(ConversionKind::Date, &["epoch"]).apply(&[&json!("1788220800")]),
            date("2026-09-01")
        );
        assert_eq!(
            convert(ConversionKind::Date, &["epoch"]).apply(&[&json!(1_788_220_800.5)]),
            date("2026-09-01")
        );
    }

    #[test]
    fn relative_dates_count_from_the_fetch() {
        let relative = convert(ConversionKind::Date, &["relative", "%d %b %Y"]);
        let fetched = Clock("2026-03-02T01:00:00Z".parse().unwrap());
        assert_eq!(
            relative.apply_at(&[&json!("Posted 2 Days Ago")], fetched),
            date("2026-02-28")
        );
        assert_eq!(
            relative.apply_at(&[&json!("Posted 30+ Days Ago")], fetched),
            FieldValue::Absent
        );
        assert_eq!(
            relative.apply_at(&[&json!("3 Feb 2026")], fetched),
            date("2026-02-03")
        );
        assert!(matches!(
            relative.apply_at(&[&json!("soon")], fetched),
            FieldValue::Invalid(_)
        ));
    }

    #[test]
    fn html_becomes_readable_text() {
        let deep = format!("<p>Ranger</p>{}Cook", "<div>".repeat(20_000));
        assert_eq!(readable(&deep), "Ranger\n\nCook");
        let html = convert(ConversionKind::Html, &[]);
        let FieldValue::Text(text) = html.apply(&[&json!(
            "<p>Lead the team &amp; grow.</p><ul><li>One</li></ul><script>x()</script>"
        )]) else {
            panic!()
        };
        assert!(
            text.starts_with("Lead the team & grow.")
                && text.contains("One")
                && !text.contains("x()"),
            "{text}"
        );
        let FieldValue::Text(twice) = html.apply(&[&json!("&lt;p&gt;Hello&lt;/p&gt;")]) else {
            panic!()
        };
        assert_eq!(twice, "Hello");
    }

    #[test]
    fn elements_are_what_they_say() {
        let markup = json!({ "p": ["One", "two"], "#markup": "<p>One</p><p>two</p>" });
        assert_eq!(
            convert(ConversionKind::Html, &[]).apply(&[&markup]),
            convert(ConversionKind::Html, &[]).apply(&[&json!("<p>One</p><p>two</p>")])
        );
        assert_eq!(
            convert(ConversionKind::Text, &[])
                .apply(&[&json!({ "em": "Nurse", "#markup": "Senior <em>Nurse</em>" })]),
            FieldValue::text("Senior Nurse")
        );
        assert_eq!(
            convert(ConversionKind::Date, &[])
                .apply(&[&json!({ "@type": "iso", "#text": "2026-09-01" })]),
            date("2026-09-01")
        );
        assert_eq!(
            convert(ConversionKind::List, &[])
                .apply(&[&json!([{ "@id": "1", "#text": "Ulm" }, "Bonn"])]),
            FieldValue::List(vec!["Ulm".into(), "Bonn".into()])
        );
        assert_eq!(
            convert(ConversionKind::Date, &[]).apply(&[&json!(["", "2026-09-01", "2026-09-02"])]),
            date("2026-09-01")
        );
        assert_eq!(
            convert(ConversionKind::Text, &[]).apply(&[&json!({ "@href": "x" })]),
            FieldValue::Absent
        );
        assert_eq!(
            convert(ConversionKind::Json, &[]).apply(&[&json!({ "a": [markup] })]),
            FieldValue::Json(json!({ "a": [{ "p": ["One", "two"] }] }))
        );
        assert_eq!(
            convert(ConversionKind::Html, &[]).apply(&[&json!({ "para": ["One", "two"] })]),
            convert(ConversionKind::Html, &[]).apply(&[&json!("<p>One</p><p>two</p>")])
        );
        assert!(matches!(
            convert(ConversionKind::Text, &[]).apply(&[&json!({ "id": "1", "name": "x" })]),
            FieldValue::Invalid(_)
        ));
    }

    #[test]
    fn no_value_holds_a_nul() {
        let text = "https://a.example/?b\0c|\0";
        for to in [
            ConversionKind::Text,
            ConversionKind::Html,
            ConversionKind::Url,
            ConversionKind::Date,
            ConversionKind::Number,
            ConversionKind::Boolean,
            ConversionKind::List,
            ConversionKind::Json,
        ] {
            for found in [json!(text), json!([text]), json!({ text: [{ "a": text }] })] {
                let value = convert(to, &[]).apply(&[&found]);
                assert!(
                    !value.is_absent() && !format!("{value:?}").contains("\\0"),
                    "{to:?} of {found}: {value:?}"
                );
            }
        }
    }

    #[test]
    fn lists_numbers_booleans_urls() {
        assert_eq!(
            convert(ConversionKind::List, &[]).apply(&[&json!(["a | b", " ", null])]),
            FieldValue::List(vec!["a".into(), "b".into()])
        );
        assert_eq!(
            convert(ConversionKind::List, &[])
                .apply(&[&json!(["x", " x ", "<i>x</i>", "b|x", "X"])]),
            FieldValue::List(vec!["x".into(), "b".into(), "X".into()])
        );
        assert!(matches!(
            convert(ConversionKind::List, &[]).apply(&[&json!([{"x": 1}])]),
            FieldValue::Invalid(_)
        ));
        assert_eq!(
            convert(ConversionKind::Number, &[]).apply(&[&json!(" 12.5 ")]),
            FieldValue::Number(serde_json::Number::from_f64(12.5).unwrap())
        );
        assert_eq!(
            convert(ConversionKind::Boolean, &[]).apply(&[&json!("false")]),
            FieldValue::Bool(false)
        );
        assert!(matches!(
            convert(ConversionKind::Url, &[]).apply(&[&json!("javascript:alert(1)")]),
            FieldValue::Invalid(_)
        ));
        assert_eq!(
            convert(ConversionKind::Text, &[]).apply(&[&json!("  ")]),
            FieldValue::Absent
        );
        assert!(matches!(
            convert(ConversionKind::Text, &[]).apply(&[&json!({"a": 1})]),
            FieldValue::Invalid(_)
        ));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            for to in [ConversionKind::Text, ConversionKind::Html, ConversionKind::Date, ConversionKind::Number, ConversionKind::Boolean, ConversionKind::List, ConversionKind::Url, ConversionKind::Json] {
                convert(to, &["%d/%m/%Y", "rfc2822", "relative", "epoch"]).apply(&[&json!(text)]);
            }
        }
    }
}
