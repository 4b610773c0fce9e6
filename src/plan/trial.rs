//! A source tried out on a page that is at hand: the decoder, the ids and the mapping that a run would use, without a network and without a
//! database. Connectors carry such pages as their tests; `weir check` tries them.

use crate::config::SourceSpec;
use crate::config::connector::{Connector, ConnectorTest};
use crate::diagnostic::Diagnostics;
use crate::model::{Ad, Clock, Document, Fingerprint, Parts, Received};
use crate::rule::Sandbox;
use crate::source::ident::Named;
use crate::source::json::Item;
use crate::source::{Ident, Source};
use crate::stage::extract::Extract;
use crate::stage::{Draft, Setting};
use crate::store::Stream;
use chrono::{NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use uuid::Uuid;

/// A source, ready to be tried.
pub struct Trial {
    fetch: Source,
    ident: Ident,
    extract: Extract,
    zone: Tz,
}

/// What a page gave.
#[derive(Default)]
pub struct Tried {
    /// Ads with their fields.
    pub ads: Vec<Draft>,
    /// What could not be taken for an ad.
    pub refused: Vec<Document>,
}

impl Trial {
    /// Compiles a source; nothing if something is wrong with it, which is told.
    pub fn compile(source: &SourceSpec, sandbox: &Sandbox, out: &mut Diagnostics) -> Option<Trial> {
        let zone = source.timezone.as_ref().map_or(Tz::UTC, |zone| zone.0);
        let fetch = source.fetch.get().and_then(|fetch| fetch.compile(out));
        let ident = super::compile::ident(source, out);
        let extract = source.job.get().map(|job| job.compile(sandbox, zone, 1, out));
        Some(Trial { fetch: fetch?, ident: ident?, extract: extract?, zone })
    }

    /// What a page gives, its ads' own pages all being `detail`.
    ///
    /// # Errors
    /// The page cannot be read.
    pub fn run(&self, page: &[u8], detail: Option<&[u8]>, at: Clock, sandbox: &Arc<Sandbox>) -> Result<Tried, String> {
        let setting = self.setting(at, sandbox);
        let (mut tried, mut received) = (Tried::default(), Vec::new());
        for item in self.fetch.records_of(page)? {
            match item {
                Item::Unreadable(raw, why) => tried.refused.push(Document::unreadable(&raw, json!({}), why)),
                Item::Record(text) => match self.ident.name(text, json!({})) {
                    Named::Ad(one) => received.push(one),
                    Named::Refused(document) => tried.refused.push(document),
                },
            }
        }
        for document in self.ident.twins.unite(received).into_iter().map(Received::read) {
            if document.refused.is_some() {
                tried.refused.push(document);
                continue;
            }
            let mut content = document.content;
            if let (Some((_, spec)), Some(page)) = (self.fetch.detail(), detail) {
                spec.put_into(&mut content, page)?;
            }
            let mut draft = Draft::new(Ad::fresh(document.external_id, content, document.hash, at));
            self.extract.apply(&setting, &mut draft);
            tried.ads.push(draft);
        }
        Ok(tried)
    }

    fn setting(&self, at: Clock, sandbox: &Arc<Sandbox>) -> Setting {
        let parts = Parts::default();
        let fingerprint: Fingerprint = parts.fingerprint();
        let stream = Stream { institution: Uuid::nil(), source: "trial".to_owned() };
        Setting {
            stream,
            slug: "trial".to_owned(),
            zone: self.zone,
            at,
            run: 0,
            fingerprint,
            steady: fingerprint,
            parts,
            sandbox: Arc::clone(sandbox),
        }
    }
}

/// Tries the tests of a connector; what does not come as expected goes to `out`.
pub fn try_connector(connector: &Connector, sandbox: &Arc<Sandbox>, out: &mut Diagnostics) {
    let (Some(spec), Some(example)) = (&connector.spec, &connector.example) else { return };
    let Some(trial) = Trial::compile(example, sandbox, out) else { return };
    for test in &spec.tests {
        let at = test.at.map_or(Utc.timestamp_nanos(0), |day| day.0.and_time(NaiveTime::MIN).and_utc());
        let tried = match trial.run(test.page.as_bytes(), test.detail.as_deref().map(str::as_bytes), Clock(at), sandbox) {
            Ok(tried) => tried,
            Err(why) => {
                out.error(&test.place, "connector-test", format!("the page of this test cannot be read: {why}"))
                    .help("repair the page, or how it is read");
                continue;
            }
        };
        compare(&test.value, &tried, &test.place, out);
    }
}

fn compare(test: &ConnectorTest, tried: &Tried, place: &crate::diagnostic::Place, out: &mut Diagnostics) {
    if tried.ads.len() != test.expect.len() {
        let refused: Vec<String> = tried.refused.iter().filter_map(|document| Some(document.refused.as_ref()?.message())).collect();
        let why = if refused.is_empty() { String::new() } else { format!(" (refused: {})", refused.join("; ")) };
        out.error(place, "connector-test", format!("this test expects {} ads, and the page gives {}{why}", test.expect.len(), tried.ads.len()))
            .help("write one entry under `expect` for each ad, in the order of the page");
    }
    for (expected, draft) in test.expect.iter().zip(&tried.ads) {
        let mut found = draft.job.to_json();
        if let Json::Object(members) = &mut found {
            members.insert("id".to_owned(), Json::from(draft.ad.external_id.clone()));
            let extra: Vec<(String, Json)> = draft.job.extra.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
            members.extend(extra);
        }
        for entry in expected.entries() {
            let (wanted, got) = (entry.value.to_json(), found.get(entry.key_text()).cloned().unwrap_or(Json::Null));
            if wanted != got {
                out.error(entry.value.place(), "connector-test", format!("`{}` is {got}, and this test expects {wanted}", entry.key_text()))
                    .help("repair the mapping, or what the test expects");
            }
        }
    }
}
