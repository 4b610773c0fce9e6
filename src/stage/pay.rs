//! `pay`: what a job pays, as numbers. An ad says it as a text, or in parts; either fills the custom fields
//! [`FIELDS`], all of them absent where nothing can be read.
//!
//! It must never refuse an ad, and never take for pay what may be something else: a year, a phone number, a percentage.
//! How texts are read stands in [`text`], what words mean in [`words`].

mod figure;
pub mod text;
pub mod words;

use super::mapping::{self, Derive, Mapping, MappingSpec, View};
use crate::date::DateSetting;
use crate::diagnostic::{Diagnostics, Place, one_of};
use crate::model::{FieldKind, Value};
use crate::rule::Sandbox;
use crate::source::steps::text_of;
use crate::yaml::{Located, Node, OneOrMany, Text, TextOr};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value as Json};
use text::Told;

/// The custom fields that pay fills.
pub const FIELDS: [&str; 4] = ["pay_min", "pay_max", "pay_currency", "pay_period"];

/// What each of them holds.
pub fn kind_of(field: &str) -> FieldKind {
    if matches!(field, "pay_min" | "pay_max") { FieldKind::Number } else { FieldKind::Text }
}

/// `pay:` as written: the path of a text, or more.
pub type PaySpec = TextOr<Text, Located<PayMapping>>;

/// Where it stands.
pub fn place(spec: &PaySpec) -> &Place {
    match spec {
        TextOr::Short(path) => path.place(),
        TextOr::Full(pay) => &pay.place,
    }
}

/// Where pay comes from: a text (`from`, `script`, `css`), or numbers (`min`, `max`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PayMapping {
    /// A text such as `$86,439 - $95,000 pa`: a JSONPath, or several.
    from: OneOrMany<Text>,
    /// A Rhai expression that gives the text.
    script: Option<Text>,
    /// A selector in the HTML text found there.
    css: Option<Text>,
    /// A pattern: its group, or the whole match.
    #[serde(rename = "match")]
    pattern: Option<Text>,
    /// Words and what stands for them.
    replace: IndexMap<Located<String>, Node>,
    /// What joins several texts into one.
    join: Option<Located<String>>,
    /// The least.
    min: Option<MappingSpec>,
    /// The most.
    max: Option<MappingSpec>,
    /// The currency, where the text does not say it.
    currency: Option<MappingSpec>,
    /// The period, where the text does not say it.
    period: Option<MappingSpec>,
}

/// Pay, compiled.
#[derive(Debug, Clone)]
pub struct Pay {
    text: Option<Derive>,
    min: Option<Derive>,
    max: Option<Derive>,
    currency: Option<Derive>,
    period: Option<Derive>,
}

/// Compiles `pay:`; problems go to `out`.
pub fn compile(spec: &PaySpec, sandbox: &Sandbox, dates: DateSetting, out: &mut Diagnostics) -> Option<Pay> {
    match spec {
        TextOr::Short(path) => {
            let text = mapping::compile(&TextOr::Short(path.clone()), None, sandbox, dates, out)?;
            Some(Pay { text: Some(text), min: None, max: None, currency: None, period: None })
        }
        TextOr::Full(spec) => spec.compile(sandbox, dates, out),
    }
}

impl Located<PayMapping> {
    fn compile(&self, sandbox: &Sandbox, dates: DateSetting, out: &mut Diagnostics) -> Option<Pay> {
        let text = self.text();
        let has_numbers = self.min.is_some() || self.max.is_some();
        if text.is_some() == has_numbers {
            if !has_numbers && out.has_errors_within(&self.place) {
                return None;
            }
            let message = if has_numbers { "pay comes from a text and from numbers" } else { "where the pay comes from is missing" };
            out.error(&self.place, "bad-mapping", message).help("give either `from`, the path of a text, or `min` and `max`");
            return None;
        }
        check_word(self.currency.as_ref(), "currency", words::currency, "an ISO 4217 code such as `AUD`", out);
        check_word(self.period.as_ref(), "period", words::period, &format!("one of {}", one_of(words::PERIODS)), out);
        let mut part = |spec: Option<&MappingSpec>, kind| spec.map(|spec| mapping::compile(spec, kind, sandbox, dates, out));
        let number = Some(FieldKind::Json);
        let text = part(text.as_ref(), None);
        let (min, max) = (part(self.min.as_ref(), number), part(self.max.as_ref(), number));
        let (currency, period) = (part(self.currency.as_ref(), None), part(self.period.as_ref(), None));
        let is_broken = [&text, &min, &max, &currency, &period].into_iter().any(|part| matches!(part, Some(None)));
        let pay = Pay { text: text.flatten(), min: min.flatten(), max: max.flatten(), currency: currency.flatten(), period: period.flatten() };
        (!is_broken).then_some(pay)
    }

    /// The mapping of the text, if the pay is one.
    fn text(&self) -> Option<MappingSpec> {
        let PayMapping { from, script, css, pattern, replace, join, .. } = &self.value;
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

/// A word that stands in the YAML must mean something.
fn check_word(spec: Option<&MappingSpec>, what: &str, known: impl Fn(&str) -> Option<&'static str>, wanted: &str, out: &mut Diagnostics) {
    let Some(TextOr::Full(mapping)) = spec else { return };
    let Some(fixed) = &mapping.constant else { return };
    let word = text_of(&fixed.to_json()).unwrap_or_default();
    if known(&word).is_none() {
        out.error(fixed.place(), "wrong-conversion", format!("the constant `{word}` is no {what}")).help(format!("write {wanted}"));
    }
}

impl Pay {
    /// The fields and their values in a document; none where there is no pay.
    pub fn values(&self, view: &View) -> Vec<(&'static str, Value)> {
        let told = self.told(view).filter(|told| told.min.is_some() || told.max.is_some()).unwrap_or_default();
        let word = |word: Option<&'static str>| word.map_or(Value::Absent, |word| Value::Text(word.to_owned()));
        let values = [number(told.min), number(told.max), word(told.currency), word(told.period)];
        FIELDS.into_iter().zip(values).collect()
    }

    fn told(&self, view: &View) -> Option<Told> {
        let word = |derive: &Option<Derive>, known: fn(&str) -> Option<&'static str>| derive.as_ref()?.value(view).as_text().and_then(known);
        let told = match &self.text {
            Some(text) => text::read(text.value(view).as_text()?)?,
            None => in_order(amount(self.min.as_ref(), view), amount(self.max.as_ref(), view)),
        };
        let currency = told.currency.or_else(|| word(&self.currency, words::currency));
        let period = told.period.or_else(|| word(&self.period, words::period));
        Some(Told { currency, period, ..told })
    }
}

fn in_order(min: Option<f64>, max: Option<f64>) -> Told {
    let (min, max) = match (min, max) {
        (Some(min), Some(max)) if min > max => (Some(max), Some(min)),
        as_they_are => as_they_are,
    };
    Told { min, max, ..Told::default() }
}

/// A number, or a text with one; what is not above zero says nothing.
fn amount(derive: Option<&Derive>, view: &View) -> Option<f64> {
    let found = derive?.value(view).to_json();
    let first = if let Json::Array(items) = &found { items.first()? } else { &found };
    let amount = match first {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text::amount(text),
        _ => None,
    };
    amount.filter(|amount| *amount > 0.0 && *amount < text::TOO_MUCH)
}

/// Whole amounts as whole numbers.
fn number(amount: Option<f64>) -> Value {
    let written = amount.and_then(|amount| amount.to_string().parse::<Number>().ok());
    written.map_or(Value::Absent, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Clock;
    use serde_json::json;

    fn values(yaml: &str, document: &Json) -> Vec<Json> {
        let mut out = Diagnostics::new();
        let spec: Located<PayMapping> = crate::yaml::read("test.yaml", yaml, &mut out).unwrap();
        let sandbox = Sandbox::new();
        let pay = spec.compile(&sandbox, DateSetting::of(chrono_tz::UTC), &mut out);
        assert!(out.is_empty(), "{out:?}");
        let view = View::new(&sandbox, document, Clock(chrono::DateTime::UNIX_EPOCH));
        pay.unwrap().values(&view).into_iter().map(|(_, value)| value.to_json()).collect()
    }

    #[test]
    fn parts_are_numbers_or_texts() {
        let yaml = "{ min: $.a, max: { from: $.b }, currency: $.c, period: { constant: year } }";
        assert_eq!(values(yaml, &json!({"a": 95000, "b": "$86,439.50", "c": "aud"})), [json!(86439.5), json!(95000), json!("AUD"), json!("year")]);
        assert_eq!(values(yaml, &json!({"a": 0, "b": 40})), [Json::Null, json!(40), Json::Null, json!("year")]);
        assert_eq!(values(yaml, &json!({"a": "n/a", "b": {"x": 1}, "c": "AUD"})), [Json::Null, Json::Null, Json::Null, Json::Null]);
        let period = "{ min: $.a, period: $.p }";
        for (word, meant) in [("HOUR", "hour"), ("per-year-salary", "year"), ("YEARLY", "year"), ("per annum", "year"), ("Fortnightly", "fortnight")]
        {
            assert_eq!(values(period, &json!({"a": 1, "p": word}))[3], json!(meant), "{word}");
        }
    }

    #[test]
    fn what_a_text_does_not_say_is_said_beside_it() {
        let yaml = "{ css: .pay, match: 'Pay: (.*)', currency: { constant: AUD }, period: { constant: year } }";
        let document = json!({"html": "<p class=pay>Pay: $120k</p>"});
        assert_eq!(values(yaml, &document), [json!(120_000), json!(120_000), json!("AUD"), json!("year")]);
        assert_eq!(values("{ from: $.t, currency: { constant: AUD } }", &json!({"t": "USD 10 per hour"}))[2], json!("USD"));
    }
}
