//! Values that were there and became nothing, counted once for each read, at its end: how many from
//! the marks of its ads, one example by mapping one ad again. Nothing here changes an ad.

use super::RunError;
use std::collections::BTreeMap;
use weir_model::Ad;
use weir_model::quality::{FieldLoss, LossExample, Measure, MeasureKind};
use weir_project::plan::SourcePlan;
use weir_stage::{ReadEnd, SourceContext, lost};
use weir_store::{PgConnection, losses, work};

/// What a read lost of each field.
pub(super) async fn of_read(
    held: &mut PgConnection,
    setting: &SourceContext,
    flow: &SourcePlan,
    end: ReadEnd,
    measures: &[Measure],
) -> Result<Vec<FieldLoss>, RunError> {
    let filled = |field: &str| {
        measures
            .iter()
            .find(|one| one.kind == MeasureKind::Filled && one.subject == field)
            .map_or(0, |one| one.part)
    };
    let unread = measures
        .iter()
        .filter(|one| one.kind == MeasureKind::Unread && one.part > 0);
    let loss = |one: &Measure| FieldLoss {
        field: one.subject.clone(),
        lost: one.part,
        present: one.part + filled(&one.subject),
        example: None,
    };
    let mut found: Vec<FieldLoss> = unread.map(loss).collect();
    if !found.is_empty() {
        let mut examples = examples(held, setting, flow, end, &found).await?;
        found
            .iter_mut()
            .for_each(|loss| loss.example = examples.remove(&loss.field));
    }
    Ok(found)
}

/// One lost value of each field: the first ad that has one is mapped again.
async fn examples(
    held: &mut PgConnection,
    setting: &SourceContext,
    flow: &SourcePlan,
    end: ReadEnd,
    found: &[FieldLoss],
) -> Result<BTreeMap<String, LossExample>, RunError> {
    let fields: BTreeMap<i32, &str> = found
        .iter()
        .filter_map(|loss| Some((flow.gauge.unread_bit(&loss.field)?, loss.field.as_str())))
        .collect();
    let bits: Vec<i32> = fields.keys().copied().collect();
    let firsts =
        losses::examples(held, &setting.stream, end.read, setting.fingerprint, &bits).await?;
    let ids: Vec<&str> = firsts.iter().map(|(_, id)| id.as_str()).collect();
    let ads = work::named(held, &setting.stream, setting.at, &ids).await?;
    let mapped = |ad: Ad| lost::mapped(flow.stages.iter().map(|(_, stage)| stage), setting, ad);
    let drafts: BTreeMap<String, _> = ads
        .into_iter()
        .map(|ad| (ad.external_id.clone(), mapped(ad)))
        .collect();
    let example = |(bit, id): &(i32, String)| {
        let (field, draft) = (*fields.get(bit)?, drafts.get(id)?);
        let (_, invalid) = lost::lost(draft).find(|(name, _)| *name == field)?;
        Some((field.to_owned(), lost::example(id, invalid)))
    };
    Ok(firsts.iter().filter_map(example).collect())
}
