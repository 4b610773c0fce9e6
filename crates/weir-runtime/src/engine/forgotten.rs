//! What was forgotten on request stays out: the one door through which pages of a source pass on
//! their way to the spool and to the database. Nothing behind it sees an ad that is kept out, or a
//! text that is masked.

use super::RunError;
use weir_model::{Document, RefusalCause, SourceKey};
use weir_source::DocumentPage;
use weir_store::Store;
use weir_store::forgotten::{self, ForgottenSubjects};

/// What is kept out of a source, and masked in what comes from it.
pub(super) struct ForgottenDoor {
    source: String,
    known: ForgottenSubjects,
}

impl ForgottenDoor {
    pub(super) async fn of(store: &Store, stream: &SourceKey) -> Result<ForgottenDoor, RunError> {
        let mut connection = store.connection().await?;
        Ok(ForgottenDoor {
            source: stream.source.clone(),
            known: forgotten::in_force(&mut connection, stream.institution).await?,
        })
    }

    /// A page without the ads that are kept out: their own pages are not asked for either.
    pub(super) fn without_ads(&self, mut page: DocumentPage) -> DocumentPage {
        let stays = |id: &str| !self.known.has_ad(&self.source, id);
        page.received.retain(|one| stays(&one.external_id));
        page.detailed.retain(|one| stays(&one.external_id));
        (page.undetailed).retain(|(one, _)| stays(&one.external_id));
        let twin_stays = |one: &Document| match &one.refused {
            Some(RefusalCause::DuplicateId(id)) => stays(id),
            _ => true,
        };
        page.refused
            .retain(|one| stays(&one.external_id) && twin_stays(one));
        page
    }

    /// A page with what is masked in it removed.
    pub(super) fn masked(&self, mut page: DocumentPage) -> DocumentPage {
        let masks = &self.known.masks;
        if masks.is_empty() {
            return page;
        }
        let undetailed = page.undetailed.iter_mut().map(|(one, _)| one);
        let received = page.received.iter_mut().chain(&mut page.detailed);
        received
            .chain(undetailed)
            .for_each(|one| masks.received(one));
        page.refused.iter_mut().for_each(|one| masks.document(one));
        page
    }
}
