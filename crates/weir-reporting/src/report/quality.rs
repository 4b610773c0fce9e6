//! The quality of each source: what its newest run measured, compared with what is usual. Shown in
//! the daily report and, for warn-only rules, with the failures.

use super::columns::share;
use futures::future::BoxFuture;
use serde::Serialize;
use weir_model::SourceKey;
use weir_model::quality::{ComparedMeasure, MeasureKind, MeasuredToday, compare};
use weir_project::plan::Plan;
use weir_project::plan::picture::thousands;
use weir_store::quality::{self, NewestRead, PastReads};
use weir_store::{PgConnection, Result};

/// What the newest run measured of a source.
#[derive(Debug, Serialize)]
pub struct SourceQuality {
    /// The source.
    pub source: String,
    /// Clock of the run.
    pub at: chrono::DateTime<chrono::Utc>,
    /// usual, unusual, held, released.
    pub standing: String,
    /// Each measure, compared with what is usual.
    pub measures: Vec<ComparedMeasure>,
}

/// Collects it for the sources of a plan.
///
/// # Errors
/// The database failed.
pub fn collect<'f>(
    connection: &'f mut PgConnection,
    plan: &'f Plan,
) -> BoxFuture<'f, Result<Vec<SourceQuality>>> {
    Box::pin(async move {
        let mut all = Vec::new();
        for newest in quality::newest(connection, plan.institution.id).await? {
            let Some(flow) = plan.flows.iter().find(|flow| flow.source == newest.source) else {
                continue;
            };
            let stream = SourceKey {
                institution: plan.institution.id,
                source: newest.source.clone(),
            };
            let PastReads { days, accepted } =
                quality::past(connection, &stream, newest.at, flow.zone).await?;
            let NewestRead {
                at,
                source,
                ads,
                standing,
                measures,
            } = newest;
            let today = MeasuredToday {
                date: at.today(flow.zone),
                ads,
                measures,
            };
            all.push(SourceQuality {
                source,
                at: at.0,
                standing,
                measures: compare(&flow.quality, &today, &days, &accepted),
            });
        }
        Ok(all)
    })
}

/// The rows of the report: measures that vary, compared with what is usual.
pub fn rows(all: &[SourceQuality]) -> Vec<Vec<String>> {
    let mut rows = vec![
        ["source", "", "usual", "today", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    for one in all {
        let is_shown = |compared: &&ComparedMeasure| match compared.measure.kind {
            MeasureKind::Volume | MeasureKind::Updated => true,
            MeasureKind::Warns => false,
            // What is always there needs no line.
            MeasureKind::Filled => {
                compared.measure.part < compared.measure.whole || compared.is_unusual
            }
            MeasureKind::Fails
            | MeasureKind::Refused
            | MeasureKind::Unread
            | MeasureKind::Flips => compared.measure.part > 0 || compared.is_unusual,
        };
        rows.extend(
            one.measures
                .iter()
                .filter(is_shown)
                .map(|compared| row(one, compared)),
        );
    }
    if rows.len() == 1 { Vec::new() } else { rows }
}

fn row(one: &SourceQuality, compared: &ComparedMeasure) -> Vec<String> {
    let mark = match (compared.is_unusual, one.standing.as_str()) {
        (false, _) => String::new(),
        (true, "held") => "unusual: held".to_owned(),
        (true, _) => "unusual".to_owned(),
    };
    let usual = compared
        .usual
        .map_or_else(|| "-".to_owned(), |usual| compared.shown(usual));
    vec![
        one.source.clone(),
        compared.name(),
        usual,
        compared.shown(compared.today),
        mark,
    ]
}

/// What warn-only rules warn about; some of these ads may be rejected for other reasons.
pub fn warnings(all: &[SourceQuality]) -> Vec<Vec<String>> {
    let all = all
        .iter()
        .flat_map(|one| one.measures.iter().map(move |compared| (one, compared)));
    let warns = all.filter(|(_, compared)| {
        compared.measure.kind == MeasureKind::Warns && compared.measure.part > 0
    });
    let row = |(one, compared): (&SourceQuality, &ComparedMeasure)| {
        let measure = &compared.measure;
        let words = format!(
            "warns about {} of {} ads ({})",
            thousands(measure.part),
            thousands(measure.whole),
            share(measure.part, measure.whole)
        );
        vec![one.source.clone(), measure.subject.clone(), words]
    };
    warns.map(row).collect()
}
