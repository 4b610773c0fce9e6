//! A look at a few ads of a source: what came, what the mapping makes of it, what the rules say.
//! The same reading and the same stages as in a run, but nothing is stored and nothing is looked
//! up: of companies and divisions only those that the YAML declares are known.

use futures::future::LocalBoxFuture;
use std::sync::Arc;
use weir_model::quality::FieldLoss;
use weir_model::{
    Ad, Clock, Document, ReadOutcome, ReceivedRecord, RunId, SourceKey, problem::InvalidValue,
};
use weir_project::plan::{Plan, SourcePlan};
use weir_rule::ScriptSandbox;
use weir_source::{PageSink, ReadApproach, SourceAccess, proof};
use weir_stage::{AdDraft, SourceContext, Stage, lost};

/// A few ads of a source.
pub struct SourcePreview {
    /// How the reading ended; it is stopped when enough was seen.
    pub proof: ReadOutcome,
    /// Whether nothing was read, as the source may only be read at other hours.
    pub waits: bool,
    /// Ads with their fields and problems.
    pub ads: Vec<AdDraft>,
    /// Of each of these ads the values that could not be read, by field.
    pub lost: Vec<Vec<FieldLoss>>,
    /// What could not be taken for an ad.
    pub refused: Vec<Document>,
}

/// Which ads are looked at.
#[derive(Debug, Clone, Copy)]
pub enum PreviewChoice<'c> {
    /// The first of the source.
    First(usize),
    /// The one with this id, however far down it is.
    Named(&'c str),
}

/// Reads ads of a source until those wanted are found, and derives them.
pub fn look<'f>(
    access: &'f SourceAccess,
    sandbox: &'f Arc<ScriptSandbox>,
    plan: &'f Plan,
    flow: &'f SourcePlan,
    at: Clock,
    choice: PreviewChoice<'f>,
) -> LocalBoxFuture<'f, SourcePreview> {
    Box::pin(async move {
        if let Some(why) = flow.fetch.waits(at, flow.zone) {
            return SourcePreview {
                proof: proof::unreachable(why),
                waits: true,
                ads: Vec::new(),
                lost: Vec::new(),
                refused: Vec::new(),
            };
        }
        let (pages, mut receiver) = PageSink::channel(&flow.ident);
        let approach = ReadApproach::default();
        let reading = flow.fetch.read(access, &approach, pages);
        let gathering = async move {
            let (mut listed, mut refused): (Vec<ReceivedRecord>, Vec<Document>) =
                (Vec::new(), Vec::new());
            let limit = if let PreviewChoice::First(limit) = choice {
                limit
            } else {
                1
            };
            while listed.len() + refused.len() < limit
                && let Some(page) = receiver.recv().await
            {
                match choice {
                    PreviewChoice::First(_) => {
                        listed.extend(page.received);
                        refused.extend(page.refused);
                    }
                    PreviewChoice::Named(id) => listed.extend(
                        page.received
                            .into_iter()
                            .filter(|one| one.external_id == id),
                    ),
                }
            }
            listed.truncate(limit);
            (listed, refused)
        };
        let (proof, (listed, mut refused)) = tokio::join!(reading, gathering);
        let setting = setting(sandbox, plan, flow, at);
        let (mut ads, mut lost) = (Vec::new(), Vec::new());
        for listing in listed {
            let document = detailed(access, flow, listing).await;
            if document.refused.is_some() {
                refused.push(document);
                continue;
            }
            let ad = Ad::fresh(document.external_id, document.content, document.hash, at)
                .from_page(&document.metadata);
            lost.push(losses(&lost::mapped(
                flow.record_stages(),
                &setting,
                ad.clone(),
            )));
            let mut draft = AdDraft::new(ad);
            for stage in flow.record_stages() {
                match stage {
                    Stage::Resolve(resolve) => resolve.relate_alone(&setting, &mut draft),
                    stage => stage.record(&setting, &mut draft),
                }
            }
            ads.push(draft);
        }
        SourcePreview {
            proof,
            waits: false,
            ads,
            lost,
            refused,
        }
    })
}

/// The values of an ad that could not be read.
fn losses(draft: &AdDraft) -> Vec<FieldLoss> {
    let loss = |(field, invalid): (&str, &InvalidValue)| FieldLoss {
        field: field.to_owned(),
        lost: 1,
        present: 1,
        example: Some(lost::example(&draft.ad.external_id, invalid)),
    };
    lost::lost(draft).map(loss).collect()
}

async fn detailed(access: &SourceAccess, flow: &SourcePlan, listing: ReceivedRecord) -> Document {
    let Some((http, detail)) = flow.fetch.detail() else {
        return listing.read();
    };
    match detail
        .complete(http, access, &listing, &Arc::default())
        .await
    {
        Ok(whole) => whole.read(),
        Err(why) => listing.read().without_detail(why.into()),
    }
}

/// What the stages of a source need where nothing is written.
pub fn setting(
    sandbox: &Arc<ScriptSandbox>,
    plan: &Plan,
    flow: &SourcePlan,
    at: Clock,
) -> SourceContext {
    let parts = flow.parts_at(at);
    SourceContext {
        stream: SourceKey {
            institution: plan.institution.id,
            source: flow.source.clone(),
        },
        slug: plan.institution.slug.clone(),
        zone: flow.zone,
        at,
        run: RunId::default(),
        fingerprint: parts.fingerprint(),
        steady: parts.steady(),
        parts,
        sandbox: Arc::clone(sandbox),
    }
}
