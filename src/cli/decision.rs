//! Decisions about what was shown: a number with the revision that the operator has seen or, at a
//! terminal, a question.

use super::{CommandContext, CommandFailure, out};
use std::str::FromStr;

/// The subject of a decision: `3@9f2c1a`, or `3` if the operator can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenNumber {
    /// The number.
    pub id: i64,
    /// The revision that was seen.
    pub revision: Option<String>,
}

impl FromStr for SeenNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<SeenNumber, String> {
        let (id, revision) = text
            .split_once('@')
            .map_or((text, None), |(id, revision)| (id, Some(revision)));
        let is_revision =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (id.parse(), revision) {
            (Ok(id), None) => Ok(SeenNumber { id, revision: None }),
            (Ok(id), Some(revision)) if is_revision(revision) => Ok(SeenNumber {
                id,
                revision: Some(revision.to_ascii_lowercase()),
            }),
            _ => Err("expected a number with its revision, such as 3@9f2c1a".to_owned()),
        }
    }
}

/// What a decision on holds is about: one of them, or all holds of a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SeenHolds {
    /// `3@9f2c1a`.
    One(SeenNumber),
    /// `c81f2a@9b04d1`.
    Cause(SeenCause),
}

/// A cause as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenCause {
    /// Its key.
    pub key: String,
    /// The revision that was seen.
    pub revision: Option<String>,
}

impl FromStr for SeenHolds {
    type Err = String;

    fn from_str(text: &str) -> Result<SeenHolds, String> {
        let (key, revision) = text
            .split_once('@')
            .map_or((text, None), |(key, revision)| (key, Some(revision)));
        let is_hex =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !key.strip_prefix('c').is_some_and(is_hex) {
            return text
                .parse()
                .map(SeenHolds::One)
                .map_err(|why: String| format!("{why}, or a cause such as c81f2a@9b04d1"));
        }
        if !revision.is_none_or(is_hex) {
            return Err("expected a cause with its revision, such as c81f2a@9b04d1".to_owned());
        }
        Ok(SeenHolds::Cause(SeenCause {
            key: key.to_owned(),
            revision: revision.map(str::to_ascii_lowercase),
        }))
    }
}

/// How the seen revision relates to the current one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RevisionBound<'a> {
    /// They are equal.
    Same,
    /// It has moved since this revision.
    Moved(&'a str),
    /// No revision was given.
    Unseen,
}

impl SeenNumber {
    pub(super) fn bound(&self, revision: &str) -> RevisionBound<'_> {
        bound(self.revision.as_deref(), revision)
    }
}

impl SeenCause {
    pub(super) fn bound(&self, revision: &str) -> RevisionBound<'_> {
        bound(self.revision.as_deref(), revision)
    }
}

fn bound<'s>(seen: Option<&'s str>, revision: &str) -> RevisionBound<'s> {
    match seen {
        None => RevisionBound::Unseen,
        Some(seen) if seen == revision => RevisionBound::Same,
        Some(seen) => RevisionBound::Moved(seen),
    }
}

/// Refuses a decision without a revision. `command` is the decision with the current one.
pub(super) fn unseen(what: &str, show: &str, command: &str) -> CommandFailure {
    CommandFailure::nothing(format!("a decision about {what} must name its revision")).help(
        format!("`{show}` shows its effect; then run `{command} --reason ...`"),
    )
}

/// Refuses a decision about an outdated revision, and shows the difference.
pub(super) fn moved(what: &str, seen: &str, now: &str, difference: &str) -> CommandFailure {
    let message = format!(
        "{what} has changed since `{seen}` and is now `{now}`; nothing was done\n{}",
        difference.trim_end()
    );
    CommandFailure::failed(message)
}

/// Asks the operator at the terminal; everything but yes is no.
pub(super) fn confirmed(
    edge: &CommandContext,
    shown: &str,
    question: &str,
) -> Result<(), CommandFailure> {
    debug_assert!(edge.interactive);
    put!("{shown}");
    tell!("{question} [y/N]");
    let mut answer = String::new();
    let waits = out::EdgeWait::begin();
    std::io::stdin().read_line(&mut answer)?;
    drop(waits);
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(CommandFailure::nothing("nothing was done"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_name_the_revision_that_was_seen() {
        let seen = |text: &str| {
            text.parse::<SeenNumber>()
                .map(|seen| (seen.id, seen.revision.unwrap_or_default()))
        };
        assert_eq!(seen("3"), Ok((3, String::new())));
        assert_eq!(seen("3@9F2C1A"), Ok((3, "9f2c1a".to_owned())));
        for wrong in [
            "",
            "@9f2c1a",
            "3@",
            "3@later",
            "x",
            "3@9f@1a",
            "3 @9f",
            "9223372036854775808",
        ] {
            assert!(seen(wrong).is_err(), "{wrong}");
        }
        let cause = |text: &str| match text.parse::<SeenHolds>() {
            Ok(SeenHolds::Cause(cause)) => Some((cause.key, cause.revision)),
            _ => None,
        };
        assert_eq!(
            cause("c81f2a@9B"),
            Some(("c81f2a".to_owned(), Some("9b".to_owned())))
        );
        assert_eq!(
            (cause("c81f2a"), cause("3@9f"), cause("c81@x")),
            (Some(("c81f2a".to_owned(), None)), None, None)
        );
        let seen = "3@9f2c1a".parse::<SeenNumber>().unwrap();
        assert_eq!(
            [seen.bound("9f2c1a"), seen.bound("9f2c1b")],
            [RevisionBound::Same, RevisionBound::Moved("9f2c1a")]
        );
        assert_eq!(
            "3".parse::<SeenNumber>().unwrap().bound("9f2c1a"),
            RevisionBound::Unseen
        );
    }
}
