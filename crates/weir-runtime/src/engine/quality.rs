//! How good a source is, run by run. Where it is declared to be held when it is not as usual, that
//! is decided at the end of its read, from ads that are derived and not yet written: nothing of an
//! unusual read is published before a person says so (T5, docs/decisions/0010-quality.md). Every
//! other source is measured when it has settled, and what is not as usual is told.

use super::event::RunEvent;
use super::run::{NO_READ, RunningPlan};
use super::{RunError, segment};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use weir_model::quality::{
    AdMarks, ComparedMeasure, Measure, MeasureKind, MeasuredToday, QualityBar, compare, lost,
    unusual,
};
use weir_model::span::Share;
use weir_model::{Ad, Alert, Fingerprint, HoldKind, NewHold, ReadState};
use weir_project::plan::SourcePlan;
use weir_stage::lost::remedy_for;
use weir_stage::{AdDraft, ForeseenChange, ReadEnd, SourceContext};
use weir_store::figures::{self, TopReason};
use weir_store::quality::{self, MarkGroup, MeasuredRead, PastReads};
use weir_store::views::newest;
use weir_store::work::{self, AdSelection};
use weir_store::{BatchConnection, PgConnection, StoreError, holds, losses, runs, settle};

/// What is not as usual is named up to this number; the report has all.
const NAMED: usize = 5;
/// Most characters of a value that an alert shows.
const SHOWN: usize = 40;

/// Why most ads of a read were not published, with an example and what would read it.
fn most_often(reason: &TopReason) -> String {
    let found = reason.found.as_ref().filter(|found| !found.is_null());
    let example = found.map(|found| {
        let text = found.to_string();
        let is_long = text.chars().count() > SHOWN;
        format!(
            ", such as {}{}",
            text.chars().take(SHOWN).collect::<String>(),
            if is_long { "…" } else { "" }
        )
    });
    let remedy = found
        .and_then(|found| remedy_for(&reason.kind, found))
        .map(|remedy| format!("; {remedy}"));
    format!(
        "; most often ({}): {}{}{}",
        reason.ads,
        reason.message,
        example.unwrap_or_default(),
        remedy.unwrap_or_default()
    )
}

/// Whether the ads of a source must wait for the end of its read: it may be held, and there is
/// something to judge it by.
pub(super) async fn bars(
    run: &RunningPlan<'_>,
    setting: &SourceContext,
    bar: &QualityBar,
) -> Result<bool, RunError> {
    let mut held = run.lane.hold().await?;
    Ok(!bar.minima.is_empty() || settle::has_jobs(&mut held, &setting.stream).await?)
}

/// Judges a read before any of it is published, if the source may be held; gives whether it is.
pub(super) async fn weigh(
    run: &RunningPlan<'_>,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    end: ReadEnd,
) -> Result<bool, RunError> {
    if !is_judged(end.state) {
        return Ok(false);
    }
    let mut held = run.lane.hold().await?;
    let foreseen = foresee(setting, flow, &mut held, end).await?;
    let case = QualityCase {
        run,
        setting,
        flow,
        end,
    };
    let mut found = match &foreseen {
        Some(foreseen) => case.judge(&mut held, foreseen).await?,
        None => JudgedQuality::default(),
    };
    // A field that flips back is told, and no reason to hold everything.
    found
        .unusual
        .retain(|one| one.measure.kind != MeasureKind::Flips);
    let mut tx = held.begin_batch().await?;
    let is_held = !found.unusual.is_empty();
    if let (true, Some(foreseen)) = (is_held, &foreseen) {
        case.hold(&mut tx, foreseen, &found).await?;
    } else {
        let source = &setting.stream.source;
        holds::end(
            &mut tx,
            &setting.stream,
            HoldKind::Quality,
            &[source],
            setting.at,
            "as usual again",
        )
        .await?;
    }
    case.tell(is_held, &found)?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(is_held)
}

/// Measures a source that has settled, keeps that, and reports what is unusual; of its ads,
/// `in_doubt` wait because nobody knows yet which jobs they are. Gives the number of ads measured.
pub(super) async fn keep(
    run: &RunningPlan<'_>,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    end: ReadEnd,
    in_doubt: usize,
) -> Result<usize, RunError> {
    let mut held = run.lane.hold().await?;
    let case = QualityCase {
        run,
        setting,
        flow,
        end,
    };
    let mut measured = MeasuredAds::of(
        flow,
        quality::groups(
            &mut held,
            &setting.stream,
            end.read,
            setting.fingerprint,
            setting.at,
            false,
        )
        .await?,
    );
    if quality::before(&mut held, &setting.stream, setting.at)
        .await?
        .is_some()
    {
        let (updated, flips) =
            quality::changes(&mut held, &setting.stream, end.read, setting.at).await?;
        measured.add_changes(updated, flips);
    }
    let found = if is_judged(end.state) {
        case.judge(&mut held, &measured).await?
    } else {
        JudgedQuality::default()
    };
    let lost = super::losses::of_read(&mut held, setting, flow, end, &measured.measures).await?;
    let mut tx = held.begin_batch().await?;
    case.store(
        &mut tx,
        &measured,
        &found,
        if found.unusual.is_empty() {
            "usual"
        } else {
            "unusual"
        },
    )
    .await?;
    if !found.unusual.is_empty() {
        let message = format!(
            "source `{}` is unusual: {}",
            setting.stream.source,
            found.words()
        );
        run.raise(
            &mut tx,
            Alert {
                source: setting.stream.source.clone(),
                kind: "quality",
                severity: "warn",
                message,
            },
        )
        .await?;
    }
    losses::keep(&mut tx, &setting.stream, run.id, &lost).await?;
    if let Some(alert) = case.all_refused(&mut tx, in_doubt).await? {
        run.raise(&mut tx, alert).await?;
    }
    case.tell(false, &found)?;
    run.emit(RunEvent::ValuesLost {
        institution: setting.slug.clone(),
        source: setting.stream.source.clone(),
        fields: lost,
    })?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(usize::try_from(measured.ads).unwrap_or_default())
}

fn is_judged(state: ReadState) -> bool {
    matches!(state, ReadState::Complete | ReadState::Partial)
}

/// What a read is, counted.
#[derive(Debug, Default)]
struct MeasuredAds {
    ads: i64,
    jobs: i64,
    measures: Vec<Measure>,
}

impl MeasuredAds {
    fn of(flow: &SourcePlan, groups: Vec<MarkGroup>) -> MeasuredAds {
        let marked = groups
            .iter()
            .filter_map(|group| Some((group.marks.as_ref()?, group.ads)));
        MeasuredAds {
            measures: flow.gauge.measures(marked),
            ads: groups.iter().map(|group| group.ads).sum(),
            jobs: groups.iter().map(|group| group.jobs).sum(),
        }
    }

    fn add_changes(&mut self, updated: i64, flips: Vec<(String, i64)>) {
        let whole = self.jobs;
        self.measures.push(Measure {
            kind: MeasureKind::Updated,
            subject: String::new(),
            part: updated,
            whole,
        });
        self.measures
            .extend(flips.into_iter().map(|(subject, part)| Measure {
                kind: MeasureKind::Flips,
                subject,
                part,
                whole,
            }));
    }
}

/// What the read will be once its ads are derived; nothing if none needs deriving.
async fn foresee(
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    held: &mut BatchConnection,
    end: ReadEnd,
) -> Result<Option<MeasuredAds>, RunError> {
    let (mut marks, mut last, mut updated): (HashMap<AdMarks, (i64, i64)>, String, i64) =
        (HashMap::new(), String::new(), 0);
    let mut is_empty = true;
    loop {
        let mut ads = work::after(
            held,
            &setting.stream,
            setting.fingerprint,
            setting.at,
            &last,
            flow.batch,
            AdSelection::All,
        )
        .await?;
        let Some(ad) = ads.last() else { break };
        is_empty = false;
        last.clone_from(&ad.external_id);
        ads.retain(|ad| ad.is_listed && end.read != NO_READ);
        for (draft, foreseen) in judged(setting, flow, held, ads).await? {
            let is_job = draft.ad.published.is_some() || foreseen == ForeseenChange::Create;
            let count = marks
                .entry(flow.gauge.marks(&draft.job, &draft.problems))
                .or_default();
            *count = (count.0 + 1, count.1 + i64::from(is_job));
            updated += i64::from(matches!(
                foreseen,
                ForeseenChange::Update(..) | ForeseenChange::Reopen(..)
            ));
        }
    }
    if is_empty {
        return Ok(None);
    }
    let mut groups = quality::groups(
        held,
        &setting.stream,
        end.read,
        setting.fingerprint,
        setting.at,
        true,
    )
    .await?;
    groups.extend(marks.into_iter().map(|(marks, (ads, jobs))| MarkGroup {
        marks: Some(marks),
        ads,
        jobs,
    }));
    let mut measured = MeasuredAds::of(flow, groups);
    if quality::before(held, &setting.stream, setting.at)
        .await?
        .is_some()
    {
        measured.add_changes(updated, Vec::new());
    }
    Ok(Some(measured))
}

/// Ads derived and judged, and what would become of them.
async fn judged(
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    held: &mut BatchConnection,
    ads: Vec<Ad>,
) -> Result<Vec<(AdDraft, ForeseenChange)>, RunError> {
    let drafts = segment::derived(setting, flow.record_stages(), held, ads).await?;
    let Some(promote) = flow.promote() else {
        return Ok(Vec::new());
    };
    let old = newest::load(held, &setting.stream, &promote.compared_with(&drafts)).await?;
    let foreseen = |draft: AdDraft| {
        let foreseen = promote.foresee(setting, &draft, &old, &HashMap::new());
        (draft, foreseen)
    };
    Ok(drafts.into_iter().map(foreseen).collect())
}

/// What came of comparing.
#[derive(Default)]
struct JudgedQuality {
    unusual: Vec<ComparedMeasure>,
    /// Fields that were measured before and are gone.
    lost: Vec<Measure>,
    /// What was edited since the run before.
    edited: Vec<String>,
}

impl JudgedQuality {
    /// What is not as usual, and what may be the reason.
    fn words(&self) -> String {
        let mut words: Vec<String> = self
            .unusual
            .iter()
            .take(NAMED)
            .map(ComparedMeasure::words)
            .collect();
        if self.unusual.len() > NAMED {
            words.push(format!(
                "{} more in `weir report`",
                self.unusual.len() - NAMED
            ));
        }
        let edited: Vec<&str> = self.edited.iter().take(NAMED).map(String::as_str).collect();
        let why = if edited.is_empty() {
            String::new()
        } else {
            format!(" (changed since the previous run: {})", edited.join(", "))
        };
        format!("{}{why}", words.join("; "))
    }
}

/// A source being judged.
struct QualityCase<'r> {
    run: &'r RunningPlan<'r>,
    setting: &'r SourceContext,
    flow: &'r SourcePlan,
    end: ReadEnd,
}

impl QualityCase<'_> {
    async fn judge(
        &self,
        held: &mut PgConnection,
        measured: &MeasuredAds,
    ) -> Result<JudgedQuality, RunError> {
        let setting = self.setting;
        let PastReads { days, accepted } =
            quality::past(held, &setting.stream, setting.at, setting.zone).await?;
        let lost = lost(&measured.measures, &days);
        let measures = measured.measures.iter().chain(&lost).cloned().collect();
        let today = MeasuredToday {
            date: setting.at.today(setting.zone),
            ads: (self.end.state == ReadState::Complete).then_some(measured.ads),
            measures,
        };
        let unusual = unusual(compare(&self.flow.quality, &today, &days, &accepted));
        let edited = if unusual.is_empty() {
            Vec::new()
        } else {
            self.edited(held).await?
        };
        Ok(JudgedQuality {
            unusual,
            lost,
            edited,
        })
    }

    /// What was edited since the run before.
    async fn edited(&self, held: &mut PgConnection) -> Result<Vec<String>, RunError> {
        let setting = self.setting;
        let before: Option<Fingerprint> = quality::before(held, &setting.stream, setting.at)
            .await?
            .filter(|before| *before != setting.fingerprint);
        let Some(before) = before else {
            return Ok(Vec::new());
        };
        let parts = runs::fingerprint_parts(held, setting.stream.institution, &[before]).await?;
        let mut edited = parts
            .get(&before)
            .map(|old| setting.parts.changed_since(old))
            .unwrap_or_default();
        edited.retain(|part| part != "date of the run");
        Ok(edited)
    }

    async fn store(
        &self,
        tx: &mut PgConnection,
        measured: &MeasuredAds,
        found: &JudgedQuality,
        standing: &'static str,
    ) -> Result<(), RunError> {
        let measures: Vec<Measure> = measured
            .measures
            .iter()
            .chain(&found.lost)
            .cloned()
            .collect();
        let kept = MeasuredRead {
            run: self.run.id,
            at: self.setting.at,
            state: self.end.state.name(),
            ads: measured.ads,
            fingerprint: self.setting.fingerprint,
            standing,
            measures: &measures,
        };
        Ok(quality::keep(tx, &self.setting.stream, &kept).await?)
    }

    /// That no ad of the read became a job as it is now: what is usual cannot say so in the first
    /// week, and the number of rejected ads alone looks like any other. Ads whose ids are in doubt
    /// are held, not refused, and have an alert of their own.
    async fn all_refused(
        &self,
        connection: &mut PgConnection,
        in_doubt: usize,
    ) -> Result<Option<Alert>, RunError> {
        let source = self.setting.stream.source.clone();
        let stream = &self.setting.stream;
        let counts = figures::count(connection, stream, self.run.id, self.end.read, None).await?;
        let in_doubt = i64::try_from(in_doubt).unwrap_or(i64::MAX);
        let judged = counts.documents - in_doubt;
        let refused = counts.rejected + counts.held + counts.failed - in_doubt;
        if judged < Share::BINDS_FROM || refused < judged {
            return Ok(None);
        }
        let why = figures::top_reason(connection, stream, self.end.read).await?;
        let why = why.as_ref().map(most_often);
        let message = format!(
            "none of the {} ads of `{source}` was published ({} rejected, {} held, {} failed){}",
            counts.documents,
            counts.rejected,
            counts.held,
            counts.failed,
            why.unwrap_or_default()
        );
        Ok(Some(Alert {
            source,
            kind: "all_refused",
            severity: "error",
            message,
        }))
    }

    /// T5: nothing of the read is published, and a person is asked; once for each content that is
    /// refused.
    async fn hold(
        &self,
        tx: &mut PgConnection,
        measured: &MeasuredAds,
        found: &JudgedQuality,
    ) -> Result<(), RunError> {
        let (stream, at) = (&self.setting.stream, self.setting.at);
        self.store(tx, measured, found, "held").await?;
        let content = format!(
            "{} {}",
            quality::content(tx, stream, self.end.read).await?,
            self.flow.fingerprint()
        );
        let words = format!(
            "source `{}` is unusual, and nothing from this read was published: {}",
            stream.source,
            found.words()
        );
        if quality::is_discarded(tx, stream, &content).await? {
            let message = format!(
                "{words}; an operator discarded this content, which stays held until the content or the YAML changes"
            );
            return self
                .run
                .raise(
                    tx,
                    Alert {
                        source: stream.source.clone(),
                        kind: "quality",
                        severity: "warn",
                        message,
                    },
                )
                .await;
        }
        let details = json!({ "at": at.0, "content": content, "ads": measured.ads, "unusual": found.unusual });
        let hold = NewHold {
            kind: HoldKind::Quality,
            subject: stream.source.clone(),
            reason: found.words(),
            details,
        };
        holds::open(tx, stream, self.run.id, at, &[hold]).await?;
        let message = format!(
            "{words}; see `weir holds list`: `release` publishes it and similar reads, `discard` waits for other content"
        );
        self.run
            .raise(
                tx,
                Alert {
                    source: stream.source.clone(),
                    kind: "quality",
                    severity: "error",
                    message,
                },
            )
            .await
    }

    fn tell(&self, held: bool, found: &JudgedQuality) -> Result<(), RunError> {
        let (institution, source) = (
            self.setting.slug.clone(),
            self.setting.stream.source.clone(),
        );
        let unusual = found.unusual.iter().map(ComparedMeasure::words).collect();
        let compared = found.unusual.clone();
        self.run.emit(RunEvent::QualityWeighed {
            institution,
            source,
            held,
            unusual,
            compared,
        })
    }
}
