//! Removes what is personal, on request: an ad with all jobs that it ever was, or a text wherever
//! it stands. What was removed stays out until somebody lifts that. A foresight is the same work,
//! rolled back.

use super::ruling::OperatorRuling;
use crate::engine::RunError;
use crate::engine::dedupe;
use crate::engine::person::{self, DecidedTable, DecisionRecord, DecisionScope};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::forgotten::{TextMask, TextMasks};
use weir_store::erasure::{self, ErasedAd};
use weir_store::forgotten::{self, ForgetStamp, ForgottenSubject};
use weir_store::masking::{self, MaskScope, MaskedRows, SHARED_TABLES};
use weir_store::openings::OpeningStamp;
use weir_store::{PgConnection, Store};

/// What is to be forgotten.
#[derive(Debug, Clone, Copy)]
pub enum ForgetTarget<'t> {
    /// An ad, with all jobs that it ever was.
    Ad(&'t ErasedAd),
    /// Texts, wherever they stand.
    Texts(&'t [String]),
}

/// What was, or would be, forgotten.
#[derive(Debug, Default, Serialize)]
pub struct ForgetReport {
    /// Rows that go, by table.
    pub erased: BTreeMap<String, u64>,
    /// Rows in which a text is masked, by table.
    pub masked: BTreeMap<String, u64>,
    /// What else the contacts say in which a text was found.
    pub beside: Vec<String>,
    /// Companies and divisions whose names hold a text: these stay.
    pub employers: Vec<String>,
}

impl ForgetReport {
    fn rows(&self) -> i64 {
        let rows: u64 = self.erased.values().chain(self.masked.values()).sum();
        i64::try_from(rows).unwrap_or(i64::MAX)
    }

    fn mask(&mut self, found: MaskedRows) {
        for (table, rows) in found.tables {
            *self.masked.entry(table).or_default() += rows;
        }
    }
}

/// Why nothing was written.
enum ForgetStop {
    Foreseen(ForgetReport),
    Failed(RunError),
}

impl<E: Into<RunError>> From<E> for ForgetStop {
    fn from(error: E) -> ForgetStop {
        ForgetStop::Failed(error.into())
    }
}

/// Forgets it, in one transaction; with `is_dry` that is rolled back.
///
/// # Errors
/// The institution is busy, or the database failed: then nothing was removed.
pub async fn forget(
    store: &Store,
    whose: DecisionScope<'_>,
    target: ForgetTarget<'_>,
    ruling: OperatorRuling<'_>,
    is_dry: bool,
) -> Result<ForgetReport, RunError> {
    let record = DecisionRecord::InTable(DecidedTable::Forgotten);
    let done = person::decide(store, whose, record, async |tx| {
        let report = match target {
            ForgetTarget::Ad(ad) => forget_ad(tx, whose, ad, ruling).await?,
            ForgetTarget::Texts(texts) => forget_texts(tx, whose, texts, ruling).await?,
        };
        if is_dry {
            Err(ForgetStop::Foreseen(report))
        } else {
            Ok(report)
        }
    });
    match done.await {
        Ok(report) | Err(ForgetStop::Foreseen(report)) => Ok(report),
        Err(ForgetStop::Failed(error)) => Err(error),
    }
}

fn stamp<'r>(institution: Uuid, ruling: OperatorRuling<'r>) -> ForgetStamp<'r> {
    ForgetStamp {
        institution,
        at: ruling.at.0,
        by: ruling.by,
        reason: ruling.reason,
    }
}

/// Judges the openings of jobs again.
async fn settle_openings(
    tx: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
    ruling: OperatorRuling<'_>,
) -> Result<(), RunError> {
    let stamp = OpeningStamp {
        institution,
        run: None,
        at: ruling.at,
        by: ruling.by,
    };
    dedupe::settle(tx, stamp, jobs).await.map(|_| ())
}

async fn forget_ad(
    tx: &mut PgConnection,
    whose: DecisionScope<'_>,
    ad: &ErasedAd,
    ruling: OperatorRuling<'_>,
) -> Result<ForgetReport, RunError> {
    let (institution, mut report) = (whose.institution, ForgetReport::default());
    let scope = erasure::collect(tx, institution, ad).await?;
    let mut numbers = Vec::new();
    for one in &scope.ads {
        let subject = ForgottenSubject::Ad {
            source: one.source_id.clone(),
            external_id: one.external_id.clone(),
        };
        numbers.push(forgotten::record(tx, stamp(institution, ruling), &subject).await?);
    }
    if let Some(first) = numbers.first() {
        erasure::remember_jobs(tx, institution, *first).await?;
    }
    for (table, rows) in erasure::erase(tx, institution).await? {
        report.erased.insert(table.to_owned(), rows);
    }
    let shared = MaskScope {
        institution,
        slug: whose.slug,
        tables: &SHARED_TABLES,
    };
    for text in &scope.texts {
        let Some(mask) = TextMask::of(institution, text) else {
            continue;
        };
        let masks = TextMasks::new(institution, [mask]);
        report.mask(masking::mask(tx, shared, text, &masks).await?);
    }
    forgotten::count(tx, institution, &numbers, report.rows()).await?;
    settle_openings(tx, institution, &scope.companions, ruling).await?;
    Ok(report)
}

async fn forget_texts(
    tx: &mut PgConnection,
    whose: DecisionScope<'_>,
    texts: &[String],
    ruling: OperatorRuling<'_>,
) -> Result<ForgetReport, RunError> {
    let (institution, mut report) = (whose.institution, ForgetReport::default());
    let everywhere = MaskScope {
        institution,
        slug: whose.slug,
        tables: &[],
    };
    let (mut numbers, mut all) = (Vec::new(), MaskedRows::default());
    let mask = |text: &String| Some((text.clone(), TextMask::of(institution, text)?));
    let texts: Vec<(String, TextMask)> = texts.iter().filter_map(mask).collect();
    let every = TextMasks::new(institution, texts.iter().map(|(_, mask)| *mask));
    for (text, mask) in &texts {
        let masks = TextMasks::new(institution, [*mask]);
        let hints = masking::hints(tx, institution, text, &every).await?;
        report.beside.extend(hints.beside);
        report.employers.extend(hints.employers);
        let subject = ForgottenSubject::Text(*mask);
        numbers.push(forgotten::record(tx, stamp(institution, ruling), &subject).await?);
        let mut found = masking::mask(tx, everywhere, text, &masks).await?;
        masking::mask_documents(tx, institution, text, &masks, &mut found).await?;
        all.jobs.append(&mut found.jobs);
        report.mask(found);
    }
    masking::settle(tx, institution, ruling.at.0, &all.jobs).await?;
    forgotten::count(tx, institution, &numbers, report.rows()).await?;
    let jobs: Vec<Uuid> = all.jobs.into_iter().collect();
    settle_openings(tx, institution, &jobs, ruling).await?;
    Ok(report)
}

/// Lets something in again; `false` if nothing of that number is kept out.
///
/// # Errors
/// The institution is busy, or the database failed.
pub async fn lift(
    store: &Store,
    whose: DecisionScope<'_>,
    number: i64,
    ruling: OperatorRuling<'_>,
) -> Result<bool, RunError> {
    let record = DecisionRecord::InTable(DecidedTable::Forgotten);
    person::decide(store, whose, record, async |tx| {
        Ok::<bool, RunError>(forgotten::lift(tx, stamp(whose.institution, ruling), number).await?)
    })
    .await
}
