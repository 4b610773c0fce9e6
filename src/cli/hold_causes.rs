//! `weir holds` for all holds of one cause: what they have in common, and one decision on all of
//! them.

use super::decision::{RevisionBound, SeenCause, confirmed, moved, unseen};
use super::{CommandContext, CommandFailure, DecisionArgs};
use crate::actions::hold_causes::{HoldCause, causes};
use crate::actions::holds::answer;
use crate::engine::person::{self, DecidedTable, DecisionRecord};
use crate::report::columns::{columns, counted, line};
use crate::report::holds::{self as page, HoldsLayout};
use crate::store::holds::{self, Hold};
use crate::store::{PgConnection, Store};
use serde_json::json;
use std::collections::BTreeMap;

/// Most sentences that are printed of one decision.
const MOST_SAID: usize = 20;

/// Lists the causes of open holds.
pub(super) async fn list(
    connection: &mut PgConnection,
    institution: Option<&str>,
    json: bool,
) -> Result<(), CommandFailure> {
    let found = holds::list(connection, institution, false).await?;
    let causes = causes(&found);
    if json {
        let causes: Vec<_> = causes.iter().map(as_json).collect();
        say!("{:#}", json!({ "format": 1, "causes": causes }));
        return Ok(());
    }
    if causes.is_empty() {
        say!("nothing is held");
        return Ok(());
    }
    put!(
        "{}",
        columns(&causes.iter().map(row).collect::<Vec<_>>(), 6)
    );
    say!(
        "`weir holds show CAUSE` shows its holds; `weir holds release CAUSE@REVISION --reason \
         ...` or `discard` decides on all of them"
    );
    Ok(())
}

fn row(cause: &HoldCause) -> Vec<String> {
    let first = cause.holds[0];
    let held = counted(cause.holds.len(), "hold");
    vec![
        name(cause),
        first.institution.clone(),
        first.source_id.clone(),
        first.kind.to_string(),
        held,
        why(cause),
    ]
}

/// `c81f2a@9b04d1`: a cause and the revision that a decision names.
fn name(cause: &HoldCause) -> String {
    format!("{}@{}", cause.key, cause.revision)
}

/// What its holds have in common, and an example.
fn why(cause: &HoldCause) -> String {
    let reason = line(&cause.holds[0].reason, 140);
    if cause.holds.len() == 1 {
        reason
    } else {
        format!("such as `{}`: {reason}", line(&cause.holds[0].subject, 40))
    }
}

fn as_json(cause: &HoldCause) -> serde_json::Value {
    let first = cause.holds[0];
    json!({
        "cause": cause.key, "revision": cause.revision, "institution": first.institution, "source_id": first.source_id,
        "kind": first.kind.name(), "reasons": cause.reasons, "holds": cause.holds.iter().map(|hold| hold.id).collect::<Vec<_>>(),
    })
}

/// Mentions causes below a list of holds.
pub(super) fn hint(holds: &[Hold]) {
    let open: Vec<Hold> = holds
        .iter()
        .filter(|hold| hold.closed_at.is_none())
        .cloned()
        .collect();
    let largest = causes(&open).first().map_or(0, |cause| cause.holds.len());
    if largest > 1 {
        say!(
            "{largest} of these holds have the same cause: `weir holds causes` lists causes, and \
             one decision can be about all holds of one"
        );
    }
}

/// Shows causes: their holds, and the effect of a decision on the first.
pub(super) async fn show(
    connection: &mut PgConnection,
    wanted: &[SeenCause],
    look: HoldsLayout,
    json: bool,
) -> Result<(), CommandFailure> {
    if wanted.is_empty() {
        return Ok(());
    }
    let found = holds::list(connection, None, false).await?;
    let causes = causes(&found);
    for seen in wanted {
        let cause = find(&causes, seen)?;
        if json {
            say!("{:#}", as_json(cause));
        } else {
            put!("{}", shown(cause, look));
        }
    }
    Ok(())
}

fn find<'c, 'h>(
    causes: &'c [HoldCause<'h>],
    seen: &SeenCause,
) -> Result<&'c HoldCause<'h>, CommandFailure> {
    let unknown = || {
        CommandFailure::nothing(format!("no open hold has the cause `{}`", seen.key))
            .help("`weir holds causes` lists them")
    };
    causes
        .iter()
        .find(|cause| cause.key == seen.key)
        .ok_or_else(unknown)
}

fn shown(cause: &HoldCause, look: HoldsLayout) -> String {
    let first = cause.holds[0];
    let held = counted(cause.holds.len(), "hold");
    let mut out = format!(
        "cause {} · {} {} · {held} of kind {}\n",
        name(cause),
        first.institution,
        first.source_id,
        first.kind
    );
    let most = if look.limit == 0 {
        cause.holds.len()
    } else {
        look.limit
    };
    let row = |hold: &&Hold| {
        vec![
            page::name(hold),
            line(&hold.subject, 40),
            line(&hold.reason, 140),
        ]
    };
    out.push_str(&columns(
        &cause.holds.iter().take(most).map(row).collect::<Vec<_>>(),
        3,
    ));
    if cause.holds.len() > most {
        out.push_str(&format!(
            "and {} more: `--limit 0` shows all\n",
            cause.holds.len() - most
        ));
    }
    format!("{out}the first of them:\n{}", page::shown(first, look))
}

/// Decides on all holds of a cause, or on none.
pub(super) async fn decide(
    edge: &CommandContext,
    store: &Store,
    seen: &SeenCause,
    word: &DecisionArgs,
    release: bool,
) -> Result<(), CommandFailure> {
    let signed = word.signed(edge)?;
    let all = holds::list(&mut *store.connection().await?, None, false).await?;
    let of_all = causes(&all);
    let cause = find(&of_all, seen)?;
    is_as_seen(edge, seen, cause, release)?;
    let (first, shown) = (
        cause.holds[0],
        SeenCause {
            key: seen.key.clone(),
            revision: Some(cause.revision.clone()),
        },
    );
    let whose = word
        .author
        .on(edge, first.institution_id, &first.institution)?;
    let said = person::decide(
        store,
        whose,
        DecisionRecord::InTable(DecidedTable::Holds),
        async |connection| {
            // A run may have ended or changed some before the lock was taken.
            let now = holds::list(connection, Some(&first.institution), false).await?;
            let causes = causes(&now);
            let cause = find(&causes, &shown)?;
            is_as_seen(edge, &shown, cause, release)?;
            let mut said: BTreeMap<String, usize> = BTreeMap::new();
            for hold in &cause.holds {
                let effect = answer(connection, hold, release, signed.ruling()).await?;
                *said.entry(page::done(hold, effect)).or_default() += 1;
            }
            Ok::<_, CommandFailure>(said)
        },
    );
    let said = said.await?;
    say!(
        "cause {}: {} {}",
        cause.key,
        counted(cause.holds.len(), "hold"),
        if release { "released" } else { "discarded" }
    );
    for (words, holds) in said.iter().take(MOST_SAID) {
        say!("  {}: {words}", counted(*holds, "hold"));
    }
    if said.len() > MOST_SAID {
        say!("  and {} more", said.len() - MOST_SAID);
    }
    Ok(())
}

/// Whether a cause is as the operator has seen it; at a terminal it is shown now.
fn is_as_seen(
    edge: &CommandContext,
    seen: &SeenCause,
    cause: &HoldCause,
    release: bool,
) -> Result<(), CommandFailure> {
    let (what, now) = (format!("cause {}", cause.key), name(cause));
    let word = if release { "release" } else { "discard" };
    match seen.bound(&cause.revision) {
        RevisionBound::Same => Ok(()),
        RevisionBound::Moved(revision) => {
            let held = format!(
                "it has {} now\nhelp: `weir holds show {}` shows them",
                counted(cause.holds.len(), "hold"),
                cause.key
            );
            Err(moved(
                &what,
                &format!("{}@{revision}", cause.key),
                &now,
                &held,
            ))
        }
        RevisionBound::Unseen if edge.interactive => {
            let look = HoldsLayout {
                ink: edge.ink(),
                width: edge.width,
                limit: 20,
            };
            confirmed(edge, &shown(cause, look), &format!("{word} all of {now}?"))
        }
        RevisionBound::Unseen => Err(unseen(
            &what,
            &format!("weir holds show {}", cause.key),
            &format!("weir holds {word} {now}"),
        )),
    }
}
