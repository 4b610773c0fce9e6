//! Holds of one source that are held for the same reasons, decided on together: a board that
//! changes the format of its dates holds every ad, and deserves one answer.
//!
//! A cause keeps its key from run to run. Its revision covers the revision of every hold in it, so
//! a decision is about the holds that were shown and about no other.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use weir_model::HoldKind;
use weir_store::holds::Hold;

/// The holds of a cause.
#[derive(Debug)]
pub struct HoldCause<'h> {
    /// `c`, then six hexadecimal digits: the same as long as the source, kind and reasons are.
    pub key: String,
    /// Changes with every hold that joins, leaves or changes.
    pub revision: String,
    /// What fails, of ads: `invalid_date close_date`.
    pub reasons: Vec<String>,
    /// The holds, by number; never empty.
    pub holds: Vec<&'h Hold>,
}

/// The causes of open holds, those with the most holds first.
pub fn causes(holds: &[Hold]) -> Vec<HoldCause<'_>> {
    let mut by_cause: BTreeMap<(&str, &str, &str, Vec<String>), Vec<&Hold>> = BTreeMap::new();
    for hold in holds {
        let key = (
            &*hold.institution,
            &*hold.source_id,
            hold.kind.name(),
            reasons(hold),
        );
        by_cause.entry(key).or_default().push(hold);
    }
    let mut causes: Vec<HoldCause> = by_cause
        .into_iter()
        .map(|((_, _, _, reasons), holds)| cause(reasons, holds))
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.holds.len()));
    causes
}

fn cause(reasons: Vec<String>, mut holds: Vec<&Hold>) -> HoldCause<'_> {
    holds.sort_by_key(|hold| hold.id);
    let first = holds[0];
    let about = [
        first.institution_id.to_string(),
        first.source_id.clone(),
        first.kind.name().to_owned(),
    ];
    let key = format!(
        "c{}",
        short_hash(about.iter().chain(&reasons).map(String::as_str))
    );
    let members: Vec<String> = holds
        .iter()
        .map(|hold| {
            format!(
                "{}@{}",
                hold.id,
                hold.revision.as_deref().unwrap_or_default()
            )
        })
        .collect();
    HoldCause {
        key,
        revision: short_hash(members.iter().map(String::as_str)),
        reasons,
        holds,
    }
}

/// Why an ad is held; other kinds of holds have the same reason by their kind.
fn reasons(hold: &Hold) -> Vec<String> {
    if hold.kind != HoldKind::Job {
        return Vec::new();
    }
    let stated = hold
        .content
        .as_ref()
        .and_then(|content| content.get("reasons")?.as_array());
    let stated: Vec<String> = stated
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect();
    if stated.is_empty() {
        vec![hold.reason.clone()]
    } else {
        stated
    }
}

fn short_hash<'t>(parts: impl Iterator<Item = &'t str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .take(3)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weir_model::HoldStatus;

    fn hold(id: i64, reasons: &[&str], revision: &str) -> Hold {
        Hold {
            id,
            institution_id: uuid::Uuid::nil(),
            institution: "acme".to_owned(),
            kind: HoldKind::Job,
            source_id: "board".to_owned(),
            subject: id.to_string(),
            reason: format!("it fails ({id})"),
            details: None,
            status: HoldStatus::Open,
            opened_at: chrono::DateTime::UNIX_EPOCH,
            closed_at: None,
            closed_by: None,
            note: None,
            revision: Some(revision.to_owned()),
            content: Some(json!({ "reasons": reasons })),
        }
    }

    #[test]
    fn a_cause_keeps_its_key_and_its_revision_covers_every_hold() {
        let dated = |revision: &str| {
            vec![
                hold(2, &["invalid_date close_date"], "aa"),
                hold(1, &["invalid_date close_date"], revision),
            ]
        };
        let all = [dated("bb"), vec![hold(3, &["missing_field title"], "cc")]].concat();
        let found = causes(&all);
        assert_eq!(
            (found.len(), found[0].holds.len(), found[0].holds[0].id),
            (2, 2, 1)
        );
        let (before, moved, alone) = (dated("bb"), dated("cc"), dated("bb")[..1].to_vec());
        let of = |holds: &[Hold]| {
            causes(holds)
                .first()
                .map(|cause| format!("{}@{}", cause.key, cause.revision))
                .unwrap()
        };
        assert_eq!(
            of(&before),
            format!("{}@{}", found[0].key, found[0].revision)
        );
        let key = |name: String| name.split('@').next().unwrap().to_owned();
        assert!(of(&moved) != of(&before) && key(of(&moved)) == key(of(&before)));
        assert!(of(&alone) != of(&before) && key(of(&alone)) == key(of(&before)));
    }
}
