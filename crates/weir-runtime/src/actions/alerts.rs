//! Who looks after what fires, and what nobody wants to hear of for a while. Each is done while
//! nobody judges alerts, so that what was seen is what is decided.

use super::ruling::OperatorRuling;
use chrono::{DateTime, TimeDelta, Utc};
use weir_store::alerts::{self, AlertSilence};
use weir_store::audit_trail::{self, TrailEntry};
use weir_store::{PgConnection, Result, notices};

/// Someone looks after causes, which escalate no further; how many of them last.
///
/// # Errors
/// The database failed.
pub async fn acknowledge(
    tx: &mut PgConnection,
    causes: &[i64],
    by: &str,
    note: Option<&str>,
    at: DateTime<Utc>,
) -> Result<u64> {
    notices::drop_escalations(tx, causes).await?;
    alerts::acknowledge(tx, causes, by, note, at).await
}

/// What a silence is about; a part that is not named is all of its kind.
#[derive(Debug, Clone, Default)]
pub struct SilenceScope {
    /// The alert.
    pub alert: Option<String>,
    /// The institution.
    pub institution: Option<String>,
    /// The source.
    pub source: Option<String>,
}

/// Keeps something silent from now on; its number and its end, none if that is no instant.
///
/// # Errors
/// The database failed.
pub async fn silence(
    tx: &mut PgConnection,
    scope: SilenceScope,
    span: TimeDelta,
    ruling: OperatorRuling<'_>,
) -> Result<Option<(i64, DateTime<Utc>)>> {
    let now = ruling.at.0;
    let Some(ends_at) = now.checked_add_signed(span) else {
        return Ok(None);
    };
    let silence = AlertSilence {
        alert: scope.alert,
        institution: scope.institution,
        source_id: scope.source,
        starts_at: now,
        ends_at,
        created_by: ruling.by.to_owned(),
        reason: ruling.reason.to_owned(),
    };
    let number = alerts::silence(tx, &silence).await?;
    notices::apply_silences(tx, now).await?;
    Ok(Some((number, ends_at)))
}

/// Ends a silence early; `false` if it is over, or there is none.
///
/// # Errors
/// The database failed.
pub async fn end_silence(
    tx: &mut PgConnection,
    number: i64,
    ruling: OperatorRuling<'_>,
) -> Result<bool> {
    let at = ruling.at.0;
    let done = alerts::end_silence(tx, number, at).await?;
    if done {
        let entry = TrailEntry {
            at,
            by: ruling.by,
            what: "ended",
            kind: "silence",
            subject: &format!("silence {number}"),
            about: None,
            institution: None,
            reason: Some(ruling.reason),
        };
        audit_trail::record(tx, &entry).await?;
    }
    notices::apply_silences(tx, at).await?;
    Ok(done)
}
