//! The ends of pay that `min` and `max` state, each a number or a text with one amount, and the pay
//! that they are together. What a text says about its amount, the currency and the period, holds
//! for the pay; two ends that contradict each other must never become one range. To read more of a
//! text: [`text::amount`].

use super::amount::TOO_MUCH;
use super::link::{is_one_money, shared};
use super::offer::agrees;
use super::pay_end::{PayEnd, plain};
use super::periods::StatedPeriod;
use super::{not_an_amount, number, text};
use serde_json::Value as Json;
use weir_model::FieldValue;
use weir_source::steps::text_of;

/// An end as it was found.
#[derive(Debug)]
pub(super) struct FoundEnd {
    value: FieldValue,
    end: Option<PayEnd>,
    found: Json,
}

/// What both ends say.
#[derive(Debug)]
pub(super) struct BothEnds {
    /// The least.
    pub(super) min: FieldValue,
    /// The most.
    pub(super) max: FieldValue,
    /// The currency that a text names.
    pub(super) currency: Option<&'static str>,
    /// The period that a text names.
    pub(super) period: StatedPeriod,
    /// That text.
    pub(super) said: String,
}

impl FoundEnd {
    /// A number, or text with one; anything not above zero means no value.
    pub(super) fn of(found: FieldValue) -> FoundEnd {
        let without = |value: FieldValue, found: Json| FoundEnd {
            value,
            end: None,
            found,
        };
        if matches!(found, FieldValue::Absent | FieldValue::Invalid(_)) {
            return without(found, Json::Null);
        }
        let found = found.to_json();
        let first = if let Json::Array(items) = &found {
            items.first().unwrap_or(&Json::Null)
        } else {
            &found
        };
        let end = match first {
            Json::Number(number) => number.as_f64().map(plain),
            Json::String(text) if !text.contains(char::is_numeric) => {
                return without(FieldValue::Absent, found);
            }
            other => text_of(other).as_deref().and_then(text::amount),
        };
        match end {
            Some(end) if end.value <= 0.0 => without(FieldValue::Absent, found),
            Some(end) if end.value < TOO_MUCH => FoundEnd {
                value: number(Some(end.value)),
                end: Some(end),
                found,
            },
            _ => without(not_an_amount(found.clone()), found),
        }
    }

    fn text(&self) -> String {
        text_of(&self.found).unwrap_or_default()
    }
}

/// The pay that two ends are, which a text may name the wrong way round.
pub(super) fn both(min: FoundEnd, max: FoundEnd) -> BothEnds {
    let is_of_min = min
        .end
        .is_some_and(|end| end.period != StatedPeriod::Unsaid);
    let said = if is_of_min { min.text() } else { max.text() };
    let of = |end: Option<PayEnd>| end.unwrap_or_else(|| plain(0.0));
    let (one, other) = (of(min.end), of(max.end));
    let (min, max) = if min.end.is_some() && max.end.is_some() {
        match range(&one, &other) {
            Some((low, high)) => (number(Some(low)), number(Some(high))),
            None => (not_an_amount(min.found), not_an_amount(max.found)),
        }
    } else {
        (min.value, max.value)
    };
    BothEnds {
        min,
        max,
        currency: one.mark.flatten().or(other.mark.flatten()),
        period: one.period.or(|| other.period),
        said,
    }
}

/// The range between two ends, unless they are of different moneys or periods.
fn range(one: &PayEnd, other: &PayEnd) -> Option<(f64, f64)> {
    let marks = one.mark.zip(other.mark);
    let is_one = marks.is_none_or(|(one, other)| is_one_money(one, other));
    if !is_one || !agrees(one.period, other.period) {
        return None;
    }
    let values = (Some(one.value), Some(other.value));
    let (low, high) = shared((one.factor, other.factor), values);
    let (low, high) = low.zip(high)?;
    Some((low.min(high), low.max(high)))
}
