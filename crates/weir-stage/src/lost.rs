//! Values that were dropped on the way from a document to its fields: present but unreadable
//! values, and what in the YAML would read them. Empty values, and those that the YAML itself
//! removes, do not count.

use super::{AdDraft, SourceContext, Stage};
use serde_json::Value as Json;
use weir_model::date::{DateFormat, suggest_formats};
use weir_model::quality::LossExample;
use weir_model::{Ad, FieldValue, problem::InvalidValue};

/// The values of an ad that could not be read, by field.
pub fn lost(draft: &AdDraft) -> impl Iterator<Item = (&str, &InvalidValue)> {
    draft.job.values().filter_map(|(field, value)| {
        if let FieldValue::Invalid(invalid) = value {
            Some((field, &**invalid))
        } else {
            None
        }
    })
}

/// The same for an ad that is only mapped: it has no problems yet.
pub fn mapped<'s>(
    stages: impl Iterator<Item = &'s Stage>,
    setting: &SourceContext,
    ad: Ad,
) -> AdDraft {
    let mut draft = AdDraft::new(ad);
    stages
        .filter(|stage| matches!(stage, Stage::Extract(_)))
        .for_each(|stage| stage.record(setting, &mut draft));
    draft
}

/// A value that was lost, as an example of its field.
pub fn example(id: &str, invalid: &InvalidValue) -> LossExample {
    LossExample {
        id: id.to_owned(),
        found: invalid.found.clone(),
        expected: invalid.why.clone(),
        remedy: remedy(invalid),
    }
}

/// What in the YAML would read it, as text.
fn remedy(invalid: &InvalidValue) -> Option<String> {
    remedy_for(invalid.kind, &invalid.found)
}

/// What in the YAML would read a value that failed with this kind of error, as text.
pub fn remedy_for(kind: &str, found: &Json) -> Option<String> {
    if kind != "invalid_date" {
        return None;
    }
    let text = match found {
        Json::String(text) => text.clone(),
        Json::Number(number) => weir_yaml::number::text_of(number),
        _ => return None,
    };
    let formats = suggest_formats(&[&text])
        .into_iter()
        .filter(|format| *format != DateFormat::Iso.to_string());
    let formats: Vec<String> = formats
        .take(2)
        .map(|format| format!("`format: \"{format}\"`"))
        .collect();
    (!formats.is_empty()).then(|| format!("{} reads it", formats.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_format_that_reads_the_date_is_named() {
        let remedy = |found: Json| {
            remedy(&InvalidValue {
                kind: "invalid_date",
                found,
                why: String::new(),
            })
        };
        assert_eq!(
            remedy(json!("17/05/2026")).unwrap(),
            "`format: \"%d/%m/%Y\"` reads it"
        );
        assert_eq!(
            remedy(json!("05/06/2026")).unwrap(),
            "`format: \"%d/%m/%Y\"` or `format: \"%m/%d/%Y\"` reads it"
        );
        assert_eq!(
            remedy(json!("2 days ago")).unwrap(),
            "`format: \"relative\"` reads it"
        );
        assert_eq!(remedy(json!("soon")).or(remedy(json!({"x": 1}))), None);
    }
}
