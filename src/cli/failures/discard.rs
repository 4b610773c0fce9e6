//! `weir failures discard`: documents that an operator has seen, one by one or all that one rule
//! rejects, are ignored as they are; new content of the same ads is processed again. Must never
//! ignore a document that has changed since it was shown.

use super::{by_institution, find, is_known, name, none, told};
use crate::actions;
use crate::cli::decision::{SeenNumber, confirmed, moved, unseen};
use crate::cli::{CommandContext, CommandFailure, DecisionArgs};
use crate::engine::person::{self, DecisionRecord};
use crate::model::Hash;
use crate::store::failures::{self, FailedDocument, FailureFilter};
use crate::store::{PgConnection, Store};

/// All documents that one rule rejects.
#[derive(clap::Args)]
pub(super) struct ByRule {
    /// All documents with this rule or error type among their reasons
    #[arg(long)]
    rule: Option<String>,
    /// Of these, only those of this institution
    #[arg(long, requires = "rule")]
    institution: Option<String>,
    /// Of these, only those of this source
    #[arg(long, requires = "rule")]
    source: Option<String>,
    /// The revision of these documents, as `weir failures list --rule` shows it
    #[arg(long, requires = "rule", value_name = "REVISION")]
    seen: Option<String>,
}

/// The revision of several documents: six digits, as of one.
pub(super) fn revision(letters: &[FailedDocument]) -> String {
    let names: Vec<String> = letters.iter().map(name).collect();
    Hash::of(names.join(" ").as_bytes())
        .short()
        .chars()
        .take(6)
        .collect()
}

impl ByRule {
    /// The documents that a rule rejects, if they are as the operator has seen them.
    pub(super) async fn documents(
        &self,
        edge: &CommandContext,
        connection: &mut PgConnection,
    ) -> Result<Option<Vec<SeenNumber>>, CommandFailure> {
        let Some(rule) = self
            .rule
            .as_deref()
            .and_then(|rule| rule.rsplit('/').next())
        else {
            return Ok(None);
        };
        let wanted = FailureFilter {
            institution: self.institution.as_deref(),
            source: self.source.as_deref(),
            rule: Some(rule),
            field: None,
        };
        if let Some(institution) = wanted.institution {
            is_known(edge, connection, institution).await?;
        }
        let letters = failures::list(connection, &wanted, None).await?;
        if letters.is_empty() {
            return Err(CommandFailure::nothing(
                none(connection, &edge.checked(), &wanted).await?,
            ));
        }
        let (what, now) = (
            format!("the documents that `{rule}` rejects"),
            revision(&letters),
        );
        let shown: String = letters.iter().map(told).collect();
        match self.seen.as_deref() {
            Some(seen) if seen == now => {}
            Some(seen) => return Err(moved(&what, seen, &now, &shown)),
            None if edge.interactive => confirmed(
                edge,
                &shown,
                &format!("ignore this content of {} documents?", letters.len()),
            )?,
            None => {
                let command = format!("weir failures discard --rule {rule} --seen {now}");
                return Err(unseen(
                    &what,
                    &format!("weir failures list --rule {rule}"),
                    &command,
                ));
            }
        }
        let seen = |letter: &FailedDocument| SeenNumber {
            id: letter.document_id,
            revision: Some(letter.revision.clone()),
        };
        Ok(Some(letters.iter().map(seen).collect()))
    }
}

/// Ignores the content of documents as the operator has seen it.
pub(super) async fn discard(
    edge: &CommandContext,
    store: &Store,
    documents: &[SeenNumber],
    word: &DecisionArgs,
) -> Result<(), CommandFailure> {
    let signed = word.signed(edge)?;
    let letters = find(&mut *store.connection().await?, documents).await?;
    for seen in documents.iter().filter(|seen| seen.revision.is_none()) {
        let Some(letter) = letters.iter().find(|letter| letter.document_id == seen.id) else {
            continue;
        };
        if !edge.interactive {
            let (show, command) = (
                format!("weir failures show {}", seen.id),
                format!("weir failures discard {}", name(letter)),
            );
            return Err(unseen(&format!("document {}", seen.id), &show, &command));
        }
        confirmed(
            edge,
            &told(letter),
            &format!("ignore this content of document {}?", name(letter)),
        )?;
    }
    for ((slug, institution), letters) in by_institution(&letters) {
        let shown: Vec<SeenNumber> = letters
            .iter()
            .map(|letter| SeenNumber {
                id: letter.document_id,
                revision: Some(letter.revision.clone()),
            })
            .collect();
        let ruling = signed.ruling();
        let named = actions::failures::named(&letters);
        let note = actions::failures::note("discarded", &named, ruling);
        person::decide(
            store,
            word.author.on(edge, institution, slug)?,
            DecisionRecord::InTrail(note),
            async |connection| {
                // A run may have brought other content, or published it, before the lock was taken.
                let letters = find(connection, &shown).await?;
                actions::failures::discard(connection, &letters, ruling).await?;
                Ok::<(), CommandFailure>(())
            },
        )
        .await?;
        for SeenNumber { id, .. } in shown {
            say!("document {id}: this content is now ignored");
        }
    }
    Ok(())
}
