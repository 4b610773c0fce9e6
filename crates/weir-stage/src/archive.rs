//! `archive`: archives jobs whose closing date has passed, and jobs missing from a read that is
//! proven complete. Otherwise absence is not evidence; and if too many jobs would be retired at
//! once, an operator decides.

use super::{ReadEnd, SettledJobs, SourceContext};
use chrono::Duration;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use weir_model::span::{CalendarSpan, Share, Span};
use weir_model::{Alert, HoldKind, NewHold, ReadState};
use weir_store::settle::{self, ClosingCount, DateClosing};
use weir_store::{PgConnection, holds};
use weir_yaml::yaml::{Parsed, PositiveNumber};

/// `archive:` of an institution or source.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArchiveSpec {
    /// How long a job stays open after the end of its last day: `1d` is a calendar day, `12h` is
    /// twelve hours.
    after_close: Option<Parsed<CalendarSpan>>,
    /// The maximum ratio of the source's open jobs that may be archived by closing date at once
    /// (default 50%, applies from 20 open jobs); above it an operator decides.
    at_most: Option<Parsed<Share>>,
}

/// `missing:` of an institution or source: when jobs that are no longer listed are retired.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MissingSpec {
    /// How many complete reads without the ad retire it (default 2).
    after: Option<PositiveNumber<u16>>,
    /// Minimum time between two reads that count (default 12h).
    apart: Option<Parsed<Span>>,
    /// The maximum ratio of the source's open jobs that may be retired at once (default 20%); above
    /// it an operator decides.
    at_most: Option<Parsed<Share>>,
    /// What an empty read means: `suspect` (nothing) or `honest` (there are no ads).
    empty: Option<EmptyReads>,
}

/// What an empty read means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Empty")]
enum EmptyReads {
    /// Nothing: it may be an error.
    Suspect,
    /// There are no ads.
    Honest,
}

/// The policy of a source, compiled.
#[derive(Debug, Clone)]
pub struct ArchiveStage {
    after_close: CalendarSpan,
    after: i32,
    apart: Span,
    at_most: Share,
    closes_at_most: Share,
    empty_is_honest: bool,
}

/// The limit on archiving by closing date applies from this many open jobs: most of a small board
/// may well close on one day.
const CLOSINGS_BIND_FROM: i64 = 20;

impl ArchiveStage {
    /// Compiles the policy of a source; its own settings override the institution's.
    pub fn compile(
        missing: [Option<&MissingSpec>; 2],
        archive: [Option<&ArchiveSpec>; 2],
    ) -> ArchiveStage {
        let missing = || missing.into_iter().flatten();
        let archive = || archive.into_iter().flatten();
        ArchiveStage {
            after_close: archive()
                .find_map(|spec| spec.after_close.as_ref())
                .map_or(CalendarSpan::NONE, |span| span.0),
            after: missing()
                .find_map(|spec| spec.after.as_ref())
                .map_or(2, |after| i32::from(after.0)),
            apart: missing()
                .find_map(|spec| spec.apart.as_ref())
                .map_or(Span(Duration::hours(12)), |span| span.0),
            at_most: missing()
                .find_map(|spec| spec.at_most.as_ref())
                .map_or(Share(0.2), |share| share.0),
            closes_at_most: archive()
                .find_map(|spec| spec.at_most.as_ref())
                .map_or(Share(0.5), |share| share.0),
            empty_is_honest: missing()
                .find_map(|spec| spec.empty)
                .is_some_and(|empty| empty == EmptyReads::Honest),
        }
    }

    /// Whether a read without ads proves that there are none.
    pub fn empty_is_honest(&self) -> bool {
        self.empty_is_honest
    }

    /// The ratio of open jobs that may be archived at once; above it an operator decides.
    pub fn at_most(&self) -> Share {
        self.at_most
    }

    /// A short description, in lines.
    pub fn explain(&self) -> Vec<String> {
        let reads = if self.after == 1 {
            "1 complete read".to_owned()
        } else {
            format!("{} complete reads", self.after)
        };
        let closings = if self.closes_at_most == Share(0.5) {
            String::new()
        } else {
            format!(", at most {} by date", self.closes_at_most)
        };
        vec![
            format!("closed, or missing from {reads}"),
            format!(
                "reads {} apart, at most {} at once{closings}",
                self.apart, self.at_most
            ),
        ]
    }

    /// Archives and retires jobs of one source after its read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn settle(
        &self,
        tx: &mut PgConnection,
        setting: &SourceContext,
        end: Option<ReadEnd>,
    ) -> weir_store::Result<SettledJobs> {
        let mut settled = SettledJobs::default();
        self.close(tx, setting, &mut settled).await?;
        if let Some(end) = end.filter(|end| self.proves_absence(end.state)) {
            settled.missed =
                settle::count_misses(tx, &setting.stream, end.read, setting.at, self.apart.0)
                    .await?;
            self.retire(tx, setting, &mut settled).await?;
            settle::let_go(tx, &setting.stream, setting.at, self.after).await?;
        }
        Ok(settled)
    }

    /// Archives jobs whose closing date has passed. A wrong clock or date mapping would close
    /// everything, so above a limit an operator is asked first.
    async fn close(
        &self,
        tx: &mut PgConnection,
        setting: &SourceContext,
        settled: &mut SettledJobs,
    ) -> weir_store::Result<()> {
        let (stream, at) = (&setting.stream, setting.at);
        let newest_passed = at.newest_passed(setting.zone, self.after_close);
        let closing = DateClosing {
            newest_passed,
            fingerprint: Some(setting.steady),
        };
        let count = settle::closing(tx, stream, closing, at, self.after).await?;
        let board = if count.on_board == 0 {
            0
        } else {
            settle::on_board(tx, stream, at, Some(self.after)).await?
        };
        if board >= CLOSINGS_BIND_FROM && self.closes_at_most.is_less_than(count.on_board, board) {
            let hold = self.mass_closing(stream.source.clone(), count, board);
            let clock = at.0.format("%Y-%m-%d %H:%MZ");
            settled.alerts.push(Alert {
                source: stream.source.clone(),
                kind: "mass_closing",
                severity: "error",
                message: format!(
                    "{}; is the clock right ({clock})? see `weir holds list`",
                    hold.reason
                ),
            });
            return holds::open(tx, stream, setting.run, at, &[hold]).await;
        }
        holds::end(
            tx,
            stream,
            HoldKind::Closing,
            &[&stream.source],
            at,
            "within the limit again",
        )
        .await?;
        if count.all > 0 {
            settled.archived =
                settle::archive_closed(tx, stream, closing, Some(setting.run), at, "etl_pipeline")
                    .await?;
        }
        Ok(())
    }

    fn mass_closing(&self, source: String, count: ClosingCount, board: i64) -> NewHold {
        let date =
            |date: Option<chrono::NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
        let reason = format!(
            "the closing dates of {} of {board} open jobs of `{source}` ({} to {}) passed at once, more than {}: none was archived",
            count.on_board,
            date(count.earliest),
            date(count.latest),
            self.closes_at_most
        );
        NewHold {
            kind: HoldKind::Closing,
            subject: source,
            reason,
            details: json!({ "closing": count.all, "open": board, "until": count.latest }),
        }
    }

    fn proves_absence(&self, state: ReadState) -> bool {
        state == ReadState::Complete || (state == ReadState::Empty && self.empty_is_honest)
    }

    async fn retire(
        &self,
        tx: &mut PgConnection,
        setting: &SourceContext,
        settled: &mut SettledJobs,
    ) -> weir_store::Result<()> {
        let stream = &setting.stream;
        settled.withdrawn = settle::withdraw(tx, stream, setting.at, self.after).await?;
        let candidates = settle::candidates(tx, stream, self.after).await?;
        // Jobs behind a hold are among the candidates, and so are part of the whole.
        let open = if candidates < Share::BINDS_FROM {
            i64::MAX
        } else {
            settle::on_board(tx, stream, setting.at, None).await?
        };
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
        holds::end(
            tx,
            stream,
            HoldKind::Retirement,
            &[&stream.source],
            setting.at,
            "within the limit again",
        )
        .await?;
        settled.archived.extend(
            settle::retire_missing(
                tx,
                stream,
                Some(setting.run),
                setting.at,
                self.after,
                "etl_pipeline",
            )
            .await?,
        );
        Ok(())
    }

    fn mass_retirement(&self, source: String, candidates: i64, open: i64) -> NewHold {
        let reason = format!(
            "{candidates} of {open} open jobs of `{source}` are missing, more than {}: none was retired",
            self.at_most
        );
        NewHold {
            kind: HoldKind::Retirement,
            subject: source,
            reason,
            details: json!({ "missing": candidates, "open": open, "after": self.after }),
        }
    }
}
