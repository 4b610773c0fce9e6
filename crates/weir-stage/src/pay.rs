//! `pay`: the pay of a job, as numbers. An ad states it as text, or in parts; either fills the
//! custom fields [`FIELDS`], which are all absent if nothing can be read.
//!
//! It must never reject an ad, and never take anything else for pay: a year, a phone number, a
//! percentage. A present but unreadable value is invalid, so it is reported and never lost
//! silently. [`text`] reads texts; `words`, `periods` and `labels` know the meaning of words.

mod amount;
mod bound;
#[cfg(test)]
mod cases;
mod ends;
mod labels;
mod lexeme;
mod link;
mod number;
mod offer;
mod pay_end;
mod period_words;
mod periods;
pub mod text;
mod words;

use super::mapping::{self, DocumentView, Mapping, MappingPaths, MappingSpec, ValueMapping};
use ends::FoundEnd;
use indexmap::IndexMap;
use periods::{PERIODS, StatedPeriod};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value as Json};
use std::ops::Deref;
use text::{PayReading, StatedPay};
use weir_model::date::DateSetting;
use weir_model::{Canonical, FieldKind, FieldValue, problem::InvalidValue};
use weir_rule::ScriptSandbox;
use weir_source::steps::text_of;
use weir_yaml::diagnostic::{Diagnostics, Place, one_of};
use weir_yaml::yaml::{Located, Node, Text, TextOr};

/// The custom fields that pay fills.
pub const FIELDS: [&str; 4] = ["pay_min", "pay_max", "pay_currency", "pay_period"];

/// The type of each.
pub fn kind_of(field: &str) -> FieldKind {
    if matches!(field, "pay_min" | "pay_max") {
        FieldKind::Number
    } else {
        FieldKind::Text
    }
}

/// `pay:` as written: the path of a text, or a mapping.
pub type PaySpec = TextOr<Text, Located<PayMapping>>;

/// Its place.
pub fn place(spec: &PaySpec) -> &Place {
    match spec {
        TextOr::Short(path) => path.place(),
        TextOr::Full(pay) => &pay.place,
    }
}

/// Where pay comes from: text (`from`, `script`, `css`), or numbers (`min`, `max`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PayMapping {
    /// Text such as `$86,439 - $95,000 pa`: a JSONPath, or several.
    from: MappingPaths,
    /// A Rhai expression that returns the text.
    script: Option<Text>,
    /// A CSS selector in the HTML found there.
    css: Option<Text>,
    /// A regular expression: its group, or the whole match.
    #[serde(rename = "match")]
    pattern: Option<Text>,
    /// Values to replace, each with its replacement.
    replace: IndexMap<Located<String>, Node>,
    /// The separator to join several texts into one.
    join: Option<Located<String>>,
    /// The minimum.
    min: Option<MappingSpec>,
    /// The maximum.
    max: Option<MappingSpec>,
    /// The currency, if the text does not state it.
    currency: Option<MappingSpec>,
    /// The period, if the text does not state it.
    period: Option<MappingSpec>,
}

/// Pay, compiled.
#[derive(Debug, Clone)]
pub struct PayExtraction {
    text: Option<ValueMapping>,
    min: Option<ValueMapping>,
    max: Option<ValueMapping>,
    currency: Option<ValueMapping>,
    period: Option<ValueMapping>,
}

impl PayExtraction {
    fn derives(&self) -> impl Iterator<Item = (&'static str, &ValueMapping)> {
        let all = [
            ("text", &self.text),
            ("min", &self.min),
            ("max", &self.max),
            ("currency", &self.currency),
            ("period", &self.period),
        ];
        all.into_iter()
            .filter_map(|(name, derive)| Some((name, derive.as_ref()?)))
    }

    /// It as it is written: each member above the lines of its mapping.
    pub fn words(&self) -> String {
        let member = |(name, derive): (&str, &ValueMapping)| format!("{name}:\n{}", derive.words());
        self.derives().map(member).collect::<Vec<_>>().join("\n")
    }
}

impl Canonical for PayExtraction {
    fn canonical(&self) -> String {
        self.derives()
            .map(|(name, derive)| format!("{name}: {}\n", derive.canonical()))
            .collect()
    }
}

/// Compiles `pay:`; problems go to `out`.
pub fn compile(
    spec: &PaySpec,
    sandbox: &ScriptSandbox,
    dates: DateSetting,
    out: &mut Diagnostics,
) -> Option<PayExtraction> {
    match spec {
        TextOr::Short(path) => {
            let text = mapping::compile(&TextOr::Short(path.clone()), None, sandbox, dates, out)?;
            Some(PayExtraction {
                text: Some(text),
                min: None,
                max: None,
                currency: None,
                period: None,
            })
        }
        TextOr::Full(spec) => PayCompiler(spec).compile(sandbox, dates, out),
    }
}

/// The mapping of pay while it is compiled.
struct PayCompiler<'s>(&'s Located<PayMapping>);

impl Deref for PayCompiler<'_> {
    type Target = Located<PayMapping>;

    fn deref(&self) -> &Located<PayMapping> {
        self.0
    }
}

impl PayCompiler<'_> {
    fn compile(
        &self,
        sandbox: &ScriptSandbox,
        dates: DateSetting,
        out: &mut Diagnostics,
    ) -> Option<PayExtraction> {
        let text = self.text();
        let has_numbers = self.min.is_some() || self.max.is_some();
        if text.is_some() == has_numbers {
            if !has_numbers && out.has_errors_within(&self.place) {
                return None;
            }
            let message = if has_numbers {
                "pay has both text and numbers as its source"
            } else {
                "pay has no source"
            };
            out.error(&self.place, "bad-mapping", message)
                .help("give either `from` with the path of a text, or `min` and `max`");
            return None;
        }
        check_word(
            self.currency.as_ref(),
            "currency",
            words::currency,
            "an ISO 4217 code such as `AUD`",
            out,
        );
        check_word(
            self.period.as_ref(),
            "period",
            |word| periods::period(word).known(),
            &format!("one of {}", one_of(PERIODS)),
            out,
        );
        let mut part = |spec: Option<&MappingSpec>, kind| {
            spec.map(|spec| mapping::compile(spec, kind, sandbox, dates, out))
        };
        let number = Some(FieldKind::Json);
        let text = part(text.as_ref(), None);
        let (min, max) = (
            part(self.min.as_ref(), number),
            part(self.max.as_ref(), number),
        );
        let (currency, period) = (
            part(self.currency.as_ref(), None),
            part(self.period.as_ref(), None),
        );
        let is_broken = [&text, &min, &max, &currency, &period]
            .into_iter()
            .any(|part| matches!(part, Some(None)));
        let pay = PayExtraction {
            text: text.flatten(),
            min: min.flatten(),
            max: max.flatten(),
            currency: currency.flatten(),
            period: period.flatten(),
        };
        (!is_broken).then_some(pay)
    }

    /// The mapping of the text, if the pay is one.
    fn text(&self) -> Option<MappingSpec> {
        let PayMapping {
            from,
            script,
            css,
            pattern,
            replace,
            join,
            ..
        } = &self.value;
        if from.is_empty() && script.is_none() && css.is_none() {
            return None;
        }
        let mapping = Mapping {
            from: from.clone(),
            script: script.clone(),
            css: css.clone(),
            pattern: pattern.clone(),
            replace: replace.clone(),
            join: join.clone(),
            ..Mapping::default()
        };
        Some(TextOr::Full(Located::new(mapping, &self.place)))
    }
}

/// A currency or period in the YAML must be known.
fn check_word(
    spec: Option<&MappingSpec>,
    what: &str,
    known: impl Fn(&str) -> Option<&'static str>,
    wanted: &str,
    out: &mut Diagnostics,
) {
    let Some(TextOr::Full(mapping)) = spec else {
        return;
    };
    let Some(fixed) = &mapping.constant else {
        return;
    };
    let word = text_of(&fixed.to_json()).unwrap_or_default();
    if known(&word).is_none() {
        out.error(
            fixed.place(),
            "wrong-conversion",
            format!("the constant `{word}` is not a {what}"),
        )
        .help(format!("write {wanted}"));
    }
}

impl PayExtraction {
    /// The fields and their values in a document; none if there is no pay.
    pub fn values(&self, view: &DocumentView) -> Vec<(&'static str, FieldValue)> {
        let [min, max, currency, period] = match &self.text {
            Some(text) => self.of_text(text.value(view), view),
            None => self.of_numbers(view),
        };
        let has_pay = [&min, &max]
            .into_iter()
            .any(|end| matches!(end, FieldValue::Number(_)));
        let beside = |value: FieldValue| if has_pay { value } else { FieldValue::Absent };
        FIELDS
            .into_iter()
            .zip([min, max, beside(currency), beside(period)])
            .collect()
    }

    fn of_text(&self, found: FieldValue, view: &DocumentView) -> [FieldValue; 4] {
        let FieldValue::Text(text) = &found else {
            return [found.clone(), found, FieldValue::Absent, FieldValue::Absent];
        };
        let told = match text::read(text) {
            PayReading::Pay(told) => told,
            PayReading::Nothing => return [const { FieldValue::Absent }; 4],
            PayReading::Unclear => {
                return [
                    not_an_amount(text.as_str()),
                    not_an_amount(text.as_str()),
                    FieldValue::Absent,
                    FieldValue::Absent,
                ];
            }
        };
        let StatedPay {
            min,
            max,
            currency,
            period,
        } = told;
        let currency = self.currency_of(currency, view);
        let period = self.period_of(period, text, view);
        [number(min), number(max), currency, period]
    }

    fn of_numbers(&self, view: &DocumentView) -> [FieldValue; 4] {
        let [min, max] = [&self.min, &self.max].map(|end| {
            let found = end
                .as_ref()
                .map_or(FieldValue::Absent, |end| end.value(view));
            FoundEnd::of(found)
        });
        let told = ends::both(min, max);
        let currency = self.currency_of(told.currency, view);
        let period = self.period_of(told.period, &told.said, view);
        [told.min, told.max, currency, period]
    }

    /// The currency that a text names, else the one beside it.
    fn currency_of(&self, named: Option<&'static str>, view: &DocumentView) -> FieldValue {
        named.map_or_else(
            || self.currency_beside(view),
            |currency| FieldValue::Text(currency.to_owned()),
        )
    }

    /// The period that a text names, else the one beside it.
    fn period_of(&self, named: StatedPeriod, text: &str, view: &DocumentView) -> FieldValue {
        match named {
            StatedPeriod::Unsaid => self.period_beside(view),
            StatedPeriod::Known(period) => FieldValue::Text(period.to_owned()),
            StatedPeriod::Other => not_a_period(text),
        }
    }

    fn currency_beside(&self, view: &DocumentView) -> FieldValue {
        let read = |word: &str| {
            words::currency(word).map_or_else(
                || invalid(word, "must be an ISO 4217 code".to_owned()),
                named,
            )
        };
        beside(self.currency.as_ref(), view, read)
    }

    fn period_beside(&self, view: &DocumentView) -> FieldValue {
        beside(self.period.as_ref(), view, |word| {
            periods::period(word)
                .known()
                .map_or_else(|| not_a_period(word), named)
        })
    }
}

/// A currency or period given next to the amounts.
fn beside(
    derive: Option<&ValueMapping>,
    view: &DocumentView,
    read: impl Fn(&str) -> FieldValue,
) -> FieldValue {
    match derive.map_or(FieldValue::Absent, |derive| derive.value(view)) {
        FieldValue::Text(word) if says_nothing(&word) => FieldValue::Absent,
        FieldValue::Text(word) => read(&word),
        other => other,
    }
}

/// Placeholders for no value.
fn says_nothing(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    matches!(
        word.as_str(),
        "none"
            | "n/a"
            | "na"
            | "null"
            | "-"
            | "unknown"
            | "unspecified"
            | "not specified"
            | "not applicable"
            | "tbd"
            | "tba"
    )
}

fn named(word: &'static str) -> FieldValue {
    FieldValue::Text(word.to_owned())
}

fn invalid(found: impl Into<Json>, why: String) -> FieldValue {
    FieldValue::Invalid(Box::new(InvalidValue {
        kind: "invalid_type",
        found: found.into(),
        why,
    }))
}

fn not_an_amount(found: impl Into<Json>) -> FieldValue {
    invalid(found, "must be a readable amount or pay range".to_owned())
}

fn not_a_period(found: &str) -> FieldValue {
    invalid(found, format!("must be one of {}", one_of(PERIODS)))
}

/// Whole amounts as whole numbers.
fn number(amount: Option<f64>) -> FieldValue {
    let written = amount.and_then(|amount| amount.to_string().parse::<Number>().ok());
    written.map_or(FieldValue::Absent, FieldValue::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weir_model::Clock;

    fn values(yaml: &str, document: &Json) -> Vec<Json> {
        pay_of(yaml, document)
            .into_iter()
            .map(|(_, value)| {
                if matches!(value, FieldValue::Invalid(_)) {
                    json!("?")
                } else {
                    value.to_json()
                }
            })
            .collect()
    }

    fn pay_of(yaml: &str, document: &Json) -> Vec<(&'static str, FieldValue)> {
        let mut out = Diagnostics::new();
        let spec: Located<PayMapping> = weir_yaml::yaml::read("test.yaml", yaml, &mut out).unwrap();
        let sandbox = ScriptSandbox::new();
        let pay = PayCompiler(&spec).compile(&sandbox, DateSetting::of(chrono_tz::UTC), &mut out);
        assert!(out.is_empty(), "{out:?}");
        let view = DocumentView::new(&sandbox, document, Clock(chrono::DateTime::UNIX_EPOCH));
        pay.unwrap().values(&view)
    }

    #[test]
    fn parts_are_numbers_or_texts() {
        let yaml = "{ min: $.a, max: { from: $.b }, currency: $.c, period: { constant: year } }";
        assert_eq!(
            values(yaml, &json!({"a": 95000, "b": "$86,439.50", "c": "aud"})),
            [json!(86439.5), json!(95000), json!("AUD"), json!("year")]
        );
        assert_eq!(
            values(yaml, &json!({"a": 0, "b": 40})),
            [Json::Null, json!(40), Json::Null, json!("year")]
        );
        assert_eq!(
            values(yaml, &json!({"a": "n/a", "b": 0, "c": "AUD"})),
            [Json::Null, Json::Null, Json::Null, Json::Null]
        );
        let period = "{ min: $.a, period: $.p }";
        for (word, meant) in [
            ("HOUR", "hour"),
            ("per-year-salary", "year"),
            ("YEARLY", "year"),
            ("per annum", "year"),
            ("Fortnightly", "fortnight"),
        ] {
            assert_eq!(
                values(period, &json!({"a": 1, "p": word}))[3],
                json!(meant),
                "{word}"
            );
        }
    }

    #[test]
    fn the_text_of_an_end_takes_precedence_over_what_is_beside_it() {
        let yaml =
            "{ min: $.a, max: $.b, currency: { constant: AUD }, period: { constant: year } }";
        let unread = || [json!("?"), json!("?"), Json::Null, Json::Null];
        for (a, b, meant) in [
            (
                "45/h",
                "50/h",
                [json!(45), json!(50), json!("AUD"), json!("hour")],
            ),
            (
                "45",
                "50 per hour",
                [json!(45), json!(50), json!("AUD"), json!("hour")],
            ),
            (
                "USD 80,000",
                "90,000",
                [json!(80000), json!(90000), json!("USD"), json!("year")],
            ),
            (
                "$80,000 (CAD)",
                "$90,000",
                [json!(80000), json!(90000), json!("CAD"), json!("year")],
            ),
            (
                "£500 per day",
                "£600",
                [json!(500), json!(600), json!("GBP"), json!("day")],
            ),
            (
                "12",
                "14 LPA",
                [
                    json!(1_200_000),
                    json!(1_400_000),
                    json!("INR"),
                    json!("year"),
                ],
            ),
            (
                "$500 per shift",
                "$600 per shift",
                [json!(500), json!(600), json!("AUD"), json!("?")],
            ),
            (
                "bonus 5000",
                "90000",
                [json!("?"), json!(90000), json!("AUD"), json!("year")],
            ),
            (
                "n/a",
                "90000 pm",
                [Json::Null, json!(90000), json!("AUD"), json!("month")],
            ),
            (
                "90k",
                "80k",
                [json!(80000), json!(90000), json!("AUD"), json!("year")],
            ),
            ("45/h", "90000 pa", unread()),
            ("AUD 80000", "USD 90000", unread()),
            ("$45", "€50", unread()),
            ("$500 per shift", "$600 per day", unread()),
            ("1", "90k", unread()),
        ] {
            assert_eq!(values(yaml, &json!({"a": a, "b": b})), meant, "{a}, {b}");
        }
        assert_eq!(
            values(yaml, &json!({"a": 1, "b": 90000})),
            [json!(1), json!(90000), json!("AUD"), json!("year")]
        );
    }

    #[test]
    fn what_is_there_and_not_understood_is_invalid() {
        let invalid = |yaml: &str, document: &Json| -> Vec<&'static str> {
            pay_of(yaml, document)
                .into_iter()
                .filter(|(_, value)| matches!(value, FieldValue::Invalid(_)))
                .map(|(name, _)| name)
                .collect()
        };
        let parts = "{ min: $.a, max: $.b, currency: $.c, period: $.p }";
        assert_eq!(
            invalid(parts, &json!({"a": "12 to 15", "b": {"x": 1}})),
            ["pay_min", "pay_max"]
        );
        assert_eq!(
            invalid(
                parts,
                &json!({"a": 10, "b": 1e12, "c": "XYZ", "p": "semi-monthly"})
            ),
            ["pay_max", "pay_currency", "pay_period"]
        );
        assert_eq!(
            invalid(
                parts,
                &json!({"a": "n/a", "b": null, "c": "XYZ", "p": "none"})
            ),
            [""; 0]
        );
        let text = "{ from: $.t, period: { constant: year } }";
        assert_eq!(
            invalid(text, &json!({"t": "$91K?$99K"})),
            ["pay_min", "pay_max"]
        );
        assert_eq!(
            invalid(text, &json!({"t": "$500 per shift"})),
            ["pay_period"]
        );
        assert_eq!(
            invalid(text, &json!({"t": "Competitive, plus 9.5% super"})),
            [""; 0]
        );
    }

    #[test]
    fn what_a_text_does_not_say_is_said_beside_it() {
        let yaml = "{ css: .pay, match: 'Pay: (.*)', currency: { constant: AUD }, period: { constant: year } }";
        let document = json!({"html": "<p class=pay>Pay: $120k</p>"});
        assert_eq!(
            values(yaml, &document),
            [json!(120_000), json!(120_000), json!("AUD"), json!("year")]
        );
        assert_eq!(
            values(
                "{ from: $.t, currency: { constant: AUD } }",
                &json!({"t": "USD 10 per hour"})
            )[2],
            json!("USD")
        );
    }
}
