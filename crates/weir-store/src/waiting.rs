//! Open holds, how long they have waited, and what they block: for runs and reports, so that no
//! hold is forgotten. Read-only.

use super::Result;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Clock, HoldKind};

/// The open holds of one type on one source.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Deserialize, Serialize)]
pub struct WaitingHolds {
    /// job, company, division, retirement, closing, identity, quality.
    #[sqlx(try_from = "String")]
    pub kind: HoldKind,
    /// The source.
    pub source: String,
    /// The number of the oldest one.
    pub hold: i64,
    /// How many they are.
    pub holds: i64,
    /// Since when the oldest one waits.
    pub since: DateTime<Utc>,
    /// Ads that are not published before they are decided.
    pub ads: i64,
    /// Jobs that stay open before they are decided.
    pub jobs: i64,
}

impl WaitingHolds {
    /// How long the oldest one has waited.
    pub fn age(&self, at: Clock) -> Duration {
        at.0 - self.since
    }

    /// An age as text: `9 days`.
    pub fn days(age: Duration) -> String {
        if age.num_days() > 0 {
            counted(age.num_days(), "day")
        } else {
            counted(age.num_hours().max(0), "hour")
        }
    }

    /// What it blocks, as text: `12 jobs stay open`. `None` if unknown.
    pub fn behind(&self) -> Option<String> {
        let one = self.ads + self.jobs == 1;
        match (self.ads, self.jobs) {
            (0, 0) => None,
            (0, jobs) => Some(format!(
                "{} {} open",
                counted(jobs, "job"),
                if one { "stays" } else { "stay" }
            )),
            (ads, _) => Some(format!(
                "{} {}",
                counted(ads, "ad"),
                if one { "waits" } else { "wait" }
            )),
        }
    }

    /// Which hold it is, how long it has waited, and what it blocks.
    pub fn words(&self, at: Clock) -> String {
        let more = if self.holds > 1 {
            format!(" and {} more", self.holds - 1)
        } else {
            String::new()
        };
        let behind = self
            .behind()
            .map(|behind| format!(": {behind}"))
            .unwrap_or_default();
        let (age, since) = (
            WaitingHolds::days(self.age(at)),
            self.since.format("%Y-%m-%d"),
        );
        format!(
            "hold {}{more} ({} of `{}`) has waited {age} for a decision, since {since}{behind}",
            self.hold, self.kind, self.source
        )
    }
}

fn counted(number: i64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The open holds of an institution, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn waiting(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Vec<WaitingHolds>> {
    let rows = sqlx::query_as(
        "SELECT h.kind, h.source_id AS source, min(h.id) AS hold, count(*) AS holds, min(h.opened_at) AS since,
           COALESCE(CASE WHEN h.kind IN ('company', 'division') THEN w.unnamed WHEN h.kind = 'job' THEN count(*)
             ELSE sum(CASE jsonb_typeof(h.details -> 'ads') WHEN 'array' THEN jsonb_array_length(h.details -> 'ads')
               WHEN 'number' THEN (h.details ->> 'ads')::bigint END) END, 0)::bigint AS ads,
           COALESCE(sum(CASE h.kind WHEN 'retirement' THEN (h.details ->> 'missing')::bigint WHEN 'closing' THEN (h.details ->> 'closing')::bigint END), 0)::bigint AS jobs
         FROM holds h CROSS JOIN LATERAL (
           SELECT count(*) AS unnamed FROM ad_states s WHERE h.kind IN ('company', 'division') AND s.institution_id = $1 AND s.source_id = h.source_id
             AND s.outcome = 'held' AND s.job_id IS NULL AND s.derived_fingerprint IS NOT NULL) AS w
         WHERE h.institution_id = $1 AND h.status = 'open' GROUP BY h.kind, h.source_id, w.unnamed ORDER BY since, hold",
    );
    Ok(rows.bind(institution).fetch_all(connection).await?)
}

/// The age from which a hold is stale.
pub const STALE: Duration = Duration::days(7);

/// Those that have waited for too long at an instant.
pub fn stale(waiting: &[WaitingHolds], at: Clock) -> impl Iterator<Item = &WaitingHolds> {
    waiting.iter().filter(move |one| one.age(at) >= STALE)
}
