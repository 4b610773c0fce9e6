//! `archive`: jobs whose closing date has passed, and jobs that are missing from a read that is proven complete.
//! Absence is not evidence otherwise; and when too many would retire at once, a person decides.

use super::{ReadEnd, Setting, Settled};
use crate::model::{Alert, HoldKind, NewHold, ReadState};
use crate::span::{CalendarSpan, Share, Span};
use crate::store::holds;
use crate::store::settle::{self, Closing, ClosingCount};
use crate::yaml::{Parsed, Positive};
use chrono::Duration;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

/// `archive:` of an institution or source.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArchiveSpec {
    /// How long a job stays open after the end of its last day: `1d` is a day of the calendar, `12h` are hours.
    after_close: Option<Parsed<CalendarSpan>>,
    /// Largest share of the source's open ads that may close by date at once (50%), from 20 open ads upwards; beyond it a person decides.
    at_most: Option<Parsed<Share>>,
}

/// `missing:` of an institution or source: when ads that are no longer listed retire.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MissingSpec {
    /// Complete reads without the ad before it retires (2).
    after: Option<Positive<u16>>,
    /// Least time between two reads that count (12h).
    apart: Option<Parsed<Span>>,
    /// Largest share of the source's open ads that may retire at once (20%); beyond it a person decides.
    at_most: Option<Parsed<Share>>,
    /// What an empty read means: `suspect` (nothing) or `honest` (there are no ads).
    empty: Option<Empty>,
}

/// What an empty read means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Empty {
    /// Nothing: it may be a fault.
    Suspect,
    /// There are no ads.
    Honest,
}

/// The policy of a source, compiled.
#[derive(Debug, Clone)]
pub struct Archive {
    after_close: CalendarSpan,
    after: i32,
    apart: Span,
    at_most: Share,
    closes_at_most: Share,
    empty_is_honest: bool,
}

/// From how many open jobs upwards closings by date have a limit: a small board may well have one day on which most of it closes.
const CLOSINGS_BIND_FROM: i64 = 20;

impl Archive {
    /// Compiles the policy of a source: its own words before the institution's.
    pub fn compile(missing: [Option<&MissingSpec>; 2], archive: [Option<&ArchiveSpec>; 2]) -> Archive {
        let missing = || missing.into_iter().flatten();
        let archive = || archive.into_iter().flatten();
        Archive {
            after_close: archive().find_map(|spec| spec.after_close.as_ref()).map_or(CalendarSpan::NONE, |span| span.0),
            after: missing().find_map(|spec| spec.after.as_ref()).map_or(2, |after| i32::from(after.0)),
            apart: missing().find_map(|spec| spec.apart.as_ref()).map_or(Span(Duration::hours(12)), |span| span.0),
            at_most: missing().find_map(|spec| spec.at_most.as_ref()).map_or(Share(0.2), |share| share.0),
            closes_at_most: archive().find_map(|spec| spec.at_most.as_ref()).map_or(Share(0.5), |share| share.0),
            empty_is_honest: missing().find_map(|spec| spec.empty).is_some_and(|empty| empty == Empty::Honest),
        }
    }

    /// Whether a read without any ad says that there are none.
    pub fn empty_is_honest(&self) -> bool {
        self.empty_is_honest
    }

    /// The share of the open jobs that may be archived at once; beyond it a person decides.
    pub fn at_most(&self) -> Share {
        self.at_most
    }

    /// What it does, in short lines.
    pub fn explain(&self) -> Vec<String> {
        let reads = if self.after == 1 { "1 complete read".to_owned() } else { format!("{} complete reads", self.after) };
        let closings = if self.closes_at_most == Share(0.5) { String::new() } else { format!(", at most {} by date", self.closes_at_most) };
        vec![format!("closed, or missing from {reads}"), format!("reads {} apart, at most {} at once{closings}", self.apart, self.at_most)]
    }

    /// Settles one source after its read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn settle(&self, tx: &mut PgConnection, setting: &Setting, end: Option<ReadEnd>) -> crate::store::Result<Settled> {
        let mut settled = Settled::default();
        self.close(tx, setting, &mut settled).await?;
        if let Some(end) = end.filter(|end| self.proves_absence(end.state)) {
            settled.missed = settle::count_misses(tx, &setting.stream, end.read, setting.at, self.apart.0).await?;
            self.retire(tx, setting, &mut settled).await?;
            settle::let_go(tx, &setting.stream, setting.at, self.after).await?;
        }
        Ok(settled)
    }

    /// Archives what its closing date closes; a clock or a mapping of dates that is wrong would close everything, and is a question first.
    async fn close(&self, tx: &mut PgConnection, setting: &Setting, settled: &mut Settled) -> crate::store::Result<()> {
        let (stream, at) = (&setting.stream, setting.at);
        let newest_passed = at.newest_passed(setting.zone, self.after_close);
        let closing = Closing { newest_passed, fingerprint: Some(setting.steady) };
        let count = settle::closing(tx, stream, closing, at, self.after).await?;
        let board = if count.on_board == 0 { 0 } else { settle::on_board(tx, stream, at, Some(self.after)).await? };
        if board >= CLOSINGS_BIND_FROM && self.closes_at_most.is_less_than(count.on_board, board) {
            let hold = self.mass_closing(stream.source.clone(), count, board);
            let clock = at.0.format("%Y-%m-%d %H:%MZ");
            settled.alerts.push(Alert {
                source: stream.source.clone(),
                kind: "mass_closing",
                severity: "error",
                message: format!("{}; is the clock right ({clock})? see `weir holds list`", hold.reason),
            });
            return holds::open(tx, stream, setting.run, at, &[hold]).await;
        }
        holds::end(tx, stream, HoldKind::Closing, &[&stream.source], at, "within the limit again").await?;
        if count.all > 0 {
            settled.archived = settle::archive_closed(tx, stream, closing, Some(setting.run), at, "etl_pipeline").await?;
        }
        Ok(())
    }

    fn mass_closing(&self, source: String, count: ClosingCount, board: i64) -> NewHold {
        let date = |date: Option<chrono::NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
        let reason = format!(
            "the closing dates of {} of {board} open jobs of `{source}` ({} to {}) have passed at once, more than {}: none was archived",
            count.on_board,
            date(count.earliest),
            date(count.latest),
            self.closes_at_most
        );
        NewHold { kind: HoldKind::Closing, subject: source, reason, details: json!({ "closing": count.all, "open": board, "until": count.latest }) }
    }

    fn proves_absence(&self, state: ReadState) -> bool {
        state == ReadState::Complete || (state == ReadState::Empty && self.empty_is_honest)
    }

    async fn retire(&self, tx: &mut PgConnection, setting: &Setting, settled: &mut Settled) -> crate::store::Result<()> {
        let stream = &setting.stream;
        settled.withdrawn = settle::withdraw(tx, stream, setting.at, self.after).await?;
        let candidates = settle::candidates(tx, stream, self.after).await?;
        // Those that wait behind a hold are among the candidates, and so are part of the whole.
        let open = if candidates < Share::BINDS_FROM { i64::MAX } else { settle::on_board(tx, stream, setting.at, None).await? };
        if self.at_most.exceeded_by(candidates, open) {
            let hold = self.mass_retirement(stream.source.clone(), candidates, open);
            settled.alerts.push(Alert {
                source: stream.source.clone(),
                kind: "mass_retirement",
                severity: "error",
                message: format!("{}; see `weir holds list`", hold.reason),
            });
            return holds::open(tx, stream, setting.run, setting.at, &[hold]).await;
        }
        holds::end(tx, stream, HoldKind::Retirement, &[&stream.source], setting.at, "within the limit again").await?;
        settled.archived.extend(settle::retire_missing(tx, stream, Some(setting.run), setting.at, self.after, "etl_pipeline").await?);
        Ok(())
    }

    fn mass_retirement(&self, source: String, candidates: i64, open: i64) -> NewHold {
        let reason = format!("{candidates} of {open} open jobs of `{source}` are missing, more than {}: none was retired", self.at_most);
        NewHold { kind: HoldKind::Retirement, subject: source, reason, details: json!({ "missing": candidates, "open": open, "after": self.after }) }
    }
}
