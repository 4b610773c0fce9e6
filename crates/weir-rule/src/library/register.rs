//! Registers the functions of the library with the interpreter.

use super::{
    ScriptDate, ScriptSpan, amount, contains_all, contains_any, count, date, has_digits, host,
    is_upper, on_domain, one_of, shift, weekday, word_count, words,
};
use crate::budget;
use crate::list::NamedList;
use crate::pattern::PatternCache;
use chrono::Datelike;
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString};
use serde_json::Number;
use std::sync::Arc;
use weir_yaml::number;

type ScriptResult<T> = Result<T, Box<EvalAltResult>>;

/// A list as bound to scripts.
pub(crate) type SharedList = Arc<NamedList>;

/// Registers everything.
pub(crate) fn all(engine: &mut Engine) {
    register_dates(engine);
    register_spans(engine);
    register_texts(engine);
    register_words(engine);
    register_lists(engine);
    // Rhai writes 7.0 for what other JSON libraries write as 7.
    engine.register_fn("to_string", |float: f64| {
        let number = Number::from_f64(float);
        number.map_or_else(|| float.to_string(), |float| number::text_of(&float))
    });
}

fn register_dates(engine: &mut Engine) {
    engine.register_type_with_name::<ScriptDate>("date");
    engine
        .register_fn("==", |a: ScriptDate, b: ScriptDate| a == b)
        .register_fn("!=", |a: ScriptDate, b: ScriptDate| a != b);
    engine
        .register_fn("<", |a: ScriptDate, b: ScriptDate| a < b)
        .register_fn("<=", |a: ScriptDate, b: ScriptDate| a <= b);
    engine
        .register_fn(">", |a: ScriptDate, b: ScriptDate| a > b)
        .register_fn(">=", |a: ScriptDate, b: ScriptDate| a >= b);
    engine.register_fn("-", |a: ScriptDate, b: ScriptDate| (a.0 - b.0).num_days());
    engine.register_fn("to_string", |a: ScriptDate| a.0.to_string());
    engine
        .register_fn("year", |a: ScriptDate| i64::from(a.0.year()))
        .register_fn("month", |a: ScriptDate| i64::from(a.0.month()));
    engine
        .register_fn("day", |a: ScriptDate| i64::from(a.0.day()))
        .register_fn("weekday", weekday);
    engine.register_fn("date", |text: &str| -> ScriptResult<ScriptDate> {
        date(text).ok_or_else(|| format!("`{text}` is not a date such as 2026-12-31").into())
    });
}

fn register_spans(engine: &mut Engine) {
    engine.register_type_with_name::<ScriptSpan>("span");
    engine
        .register_fn("months", ScriptSpan::months)
        .register_fn("years", ScriptSpan::years)
        .register_fn("days", ScriptSpan::days);
    engine.register_fn("+", |date: ScriptDate, span: ScriptSpan| {
        shift(date, span).map_err(Box::<EvalAltResult>::from)
    });
    engine.register_fn("-", |date: ScriptDate, span: ScriptSpan| {
        shift(date, span.negated()).map_err(Box::<EvalAltResult>::from)
    });
}

fn register_texts(engine: &mut Engine) {
    engine.register_fn("domain_of", |url: &str| {
        host(url).unwrap_or_default().into_owned()
    });
    engine.register_fn("is_url", |url: &str| host(url).is_some());
    engine.register_fn("on_domain", on_domain);
    engine.register_fn("is_blank", |text: &str| text.trim().is_empty());
    engine
        .register_fn("is_upper", is_upper)
        .register_fn("has_digits", has_digits);
    engine.register_fn("amount", |text: &str| {
        amount(text).map_or(Dynamic::UNIT, Into::into)
    });
    let patterns = PatternCache::default();
    engine.register_fn(
        "matches",
        move |text: &str, pattern: &str| -> ScriptResult<bool> {
            patterns
                .of(pattern)
                .and_then(|pattern| pattern.is_found(text))
                .map_err(Into::into)
        },
    );
}

fn register_words(engine: &mut Engine) {
    engine.register_fn("contains_any", |text: &str, words: Array| {
        let words = texts(&words);
        budget::look_for(text, &words)
            .map(|()| contains_any(text, words.iter().map(|word| word.to_lowercase())))
            .map_err(Box::<EvalAltResult>::from)
    });
    engine.register_fn("contains_all", |text: &str, words: Array| {
        contains_all(text, &texts(&words)).map_err(Box::<EvalAltResult>::from)
    });
    engine.register_fn("one_of", |name: &str, all: Array| {
        one_of(name, &texts(&all)).map_err(Box::<EvalAltResult>::from)
    });
    engine.register_fn("words", |text: &str| -> Array {
        words(text).map(|word| word.to_owned().into()).collect()
    });
    engine
        .register_fn("word_count", word_count)
        .register_fn("count", count);
}

/// The texts in a list, without copying; other items are skipped.
fn texts(all: &Array) -> Vec<ImmutableString> {
    all.iter()
        .filter_map(|word| word.clone().into_immutable_string().ok())
        .collect()
}

/// What scripts may do with lists.
fn register_lists(engine: &mut Engine) {
    engine.register_type_with_name::<SharedList>("list");
    engine.register_fn("contains", |list: SharedList, name: &str| list.has(name));
    engine.register_fn("one_of", |name: &str, list: SharedList| list.has(name));
    engine.register_fn("mentions", |text: &str, list: SharedList| {
        list.is_mentioned(text).map_err(Box::<EvalAltResult>::from)
    });
    engine.register_fn("look_up", |list: SharedList, name: &str| {
        list.find(name).map_or(Dynamic::UNIT, Into::into)
    });
    engine.register_indexer_get(|list: &mut SharedList, name: &str| {
        list.find(name).map_or(Dynamic::UNIT, Into::into)
    });
    engine.register_fn("len", |list: SharedList| {
        i64::try_from(list.len()).unwrap_or(i64::MAX)
    });
}
