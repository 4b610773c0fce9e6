//! A source tried out on a page that is at hand: the decoder, the ids and the mapping that a run
//! would use, without a network and without a database. Connectors carry such pages as their tests;
//! `weir check` tries them.

use super::tried::{TestKind, TestPoint, TriedTest};
use crate::config::SourceSpec;
use crate::config::connector::{Connector, ConnectorTest};
use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use uuid::Uuid;
use weir_model::{
    Ad, Clock, Document, FieldValue, Fingerprint, FingerprintParts, ReceivedRecord, RunId,
    SourceKey,
};
use weir_rule::ScriptSandbox;
use weir_source::ident::NamedRecord;
use weir_source::json::DecodedItem;
use weir_source::{IdExtractor, Source};
use weir_stage::dates;
use weir_stage::extract::ExtractStage;
use weir_stage::{AdDraft, SourceContext};
use weir_yaml::diagnostic::{Diagnostic, Diagnostics, Place};

/// A source, ready to be tried.
pub struct SourceTrial {
    fetch: Source,
    ident: IdExtractor,
    extract: ExtractStage,
    zone: Tz,
}

/// What a page gave.
#[derive(Default)]
pub struct TriedPage {
    /// Ads with their fields.
    pub ads: Vec<AdDraft>,
    /// Records that could not be read as ads.
    pub refused: Vec<Document>,
}

impl SourceTrial {
    /// Compiles a source; `None` if it has errors, which are reported.
    pub fn compile(
        source: &SourceSpec,
        sandbox: &ScriptSandbox,
        out: &mut Diagnostics,
    ) -> Option<SourceTrial> {
        let zone = source.timezone.as_ref().map_or(Tz::UTC, |zone| zone.0);
        let fetch = source.fetch.get().and_then(|fetch| fetch.compile(out));
        let ident = super::compile::ident(source, out);
        let extract = source.job.get().map(|job| {
            job.compile(
                sandbox,
                dates::setting([source.dates.as_ref(), None], zone),
                1,
                out,
            )
        });
        let fetch = fetch?;
        let extract = extract?.of_elements(fetch.reads_elements());
        Some(SourceTrial {
            fetch,
            ident: ident?,
            extract,
            zone,
        })
    }

    /// The ads of a page, all with `detail` as their detail page.
    ///
    /// # Errors
    /// The page cannot be read.
    pub fn run(
        &self,
        page: &[u8],
        detail: Option<&[u8]>,
        at: Clock,
        sandbox: &Arc<ScriptSandbox>,
    ) -> Result<TriedPage, String> {
        let setting = self.setting(at, sandbox);
        let (ads, refused) = ads_of_page(
            &self.fetch,
            &self.ident,
            SamplePage {
                body: page,
                name: None,
                detail,
            },
            at,
        )?;
        let mut tried = TriedPage {
            ads: ads.into_iter().map(AdDraft::new).collect(),
            refused,
        };
        tried
            .ads
            .iter_mut()
            .for_each(|draft| self.extract.apply(&setting, draft));
        Ok(tried)
    }

    fn setting(&self, at: Clock, sandbox: &Arc<ScriptSandbox>) -> SourceContext {
        let parts = FingerprintParts::default();
        let fingerprint: Fingerprint = parts.fingerprint();
        let stream = SourceKey {
            institution: Uuid::nil(),
            source: "trial".to_owned(),
        };
        SourceContext {
            stream,
            slug: "trial".to_owned(),
            zone: self.zone,
            at,
            run: RunId::default(),
            fingerprint,
            steady: fingerprint,
            parts,
            sandbox: Arc::clone(sandbox),
        }
    }
}

/// A page that is at hand.
#[derive(Debug, Clone, Copy)]
pub struct SamplePage<'p> {
    /// Its content.
    pub body: &'p [u8],
    /// The file, if it is one.
    pub name: Option<&'p str>,
    /// The detail page of every ad in it, if the source requests those.
    pub detail: Option<&'p [u8]>,
}

/// The ads of a page, and the records that could not be read as ads.
///
/// # Errors
/// A page cannot be read.
pub fn ads_of_page(
    fetch: &Source,
    ident: &IdExtractor,
    page: SamplePage,
    at: Clock,
) -> Result<(Vec<Ad>, Vec<Document>), String> {
    let (mut ads, mut refused, mut received) = (Vec::new(), Vec::new(), Vec::new());
    for item in fetch.records_of(page.body, page.name)? {
        match item {
            DecodedItem::Unreadable(raw, why) => {
                refused.push(Document::unreadable(&raw, json!({}), why));
            }
            DecodedItem::Record(text) => match ident.name(text, json!({})) {
                NamedRecord::Ad(one) => received.push(one),
                NamedRecord::Refused(document) => refused.push(document),
            },
        }
    }
    let mut seen = vec![false; ident.twins.names().len()];
    for document in ident
        .twins
        .unite(received, &mut seen)
        .into_iter()
        .map(ReceivedRecord::read)
    {
        if document.refused.is_some() {
            refused.push(document);
            continue;
        }
        let mut content = document.content;
        if let (Some((_, spec)), Some(detail)) = (fetch.detail(), page.detail) {
            spec.put_into(&document.external_id, &mut content, detail)?;
        }
        ads.push(
            Ad::fresh(document.external_id, content, document.hash, at)
                .from_page(&json!({ "url": fetch.page() })),
        );
    }
    Ok((ads, refused))
}

/// The instant at which a test runs; the earliest date if it does not say.
pub fn clock_of(day: Option<NaiveDate>, zone: Tz) -> Clock {
    let noon = day.map(|day| day.and_time(NaiveTime::MIN) + chrono::Duration::hours(12));
    let at = noon
        .and_then(|noon| noon.and_local_timezone(zone).earliest())
        .map(|at| at.to_utc());
    Clock(at.unwrap_or_else(|| Utc.timestamp_nanos(0)))
}

/// A value of a job as tests name it, the id among its fields.
fn value_of(draft: &AdDraft, field: &str) -> Json {
    match field {
        "id" => Json::from(draft.ad.external_id.clone()),
        _ => draft
            .job
            .named(field)
            .map_or(Json::Null, FieldValue::to_json),
    }
}

/// Tries the tests of a connector.
pub fn try_connector(
    connector: &Connector,
    sandbox: &Arc<ScriptSandbox>,
    out: &mut Diagnostics,
) -> Vec<TriedTest> {
    let (Some(spec), Some(example)) = (&connector.spec, &connector.example) else {
        return Vec::new();
    };
    let Some(trial) = SourceTrial::compile(example, sandbox, out) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for test in &spec.tests {
        let mut one = TriedTest {
            about: test.about.clone(),
            ..TriedTest::new(TestKind::Connector, connector.name.as_str(), &test.place)
        };
        let at = clock_of(test.at.map(|day| day.0), Tz::UTC);
        match trial.run(
            test.page.as_bytes(),
            test.detail.as_deref().map(str::as_bytes),
            at,
            sandbox,
        ) {
            Ok(tried) => compare(&test.value, &tried, &mut one),
            Err(why) => {
                let mut told = Diagnostic::error(
                    "connector-test",
                    format!("cannot read the page of this test: {why}"),
                )
                .at(&test.place);
                told.help("fix the page, or how it is read");
                one.fail(told, "a page that can be read", why);
            }
        }
        all.push(one);
    }
    all
}

fn compare(test: &ConnectorTest, tried: &TriedPage, one: &mut TriedTest) {
    if tried.ads.len() != test.expect.len() {
        let refused: Vec<String> = tried
            .refused
            .iter()
            .filter_map(|document| Some(document.refused.as_ref()?.message()))
            .collect();
        let why = if refused.is_empty() {
            String::new()
        } else {
            format!(" (rejected: {})", refused.join("; "))
        };
        let message = format!(
            "this test expects {} ads, but the page has {}{why}",
            test.expect.len(),
            tried.ads.len()
        );
        let mut told = Diagnostic::error("connector-test", message).at(&one.place);
        told.help("write one entry under `expect` for each ad, in the order of the page");
        one.fail(
            told,
            format!("{} ads", test.expect.len()),
            format!("{}{why}", tried.ads.len()),
        );
    }
    for (expected, draft) in test.expect.iter().zip(&tried.ads) {
        for entry in expected.entries() {
            let (wanted, field) = (entry.value.to_json(), entry.key_text());
            one.touched
                .insert(TestPoint::Field(one.of.clone(), field.clone()));
            compare_field(
                one,
                "connector-test",
                entry.value.place(),
                &field,
                &wanted,
                &value_of(draft, &field),
            );
        }
    }
}

/// Notes a field that is not as expected. A text that ends in `…` expects the beginning only.
pub fn compare_field(
    one: &mut TriedTest,
    code: &'static str,
    place: &Place,
    field: &str,
    wanted: &Json,
    got: &Json,
) {
    let begins = |wanted: &str, got: &str| {
        wanted
            .strip_suffix('…')
            .is_some_and(|beginning| got.starts_with(beginning))
    };
    if wanted == got
        || wanted
            .as_str()
            .zip(got.as_str())
            .is_some_and(|(wanted, got)| begins(wanted, got))
    {
        return;
    }
    let mut told = Diagnostic::error(
        code,
        format!("`{field}` is {got}, but this test expects {wanted}"),
    )
    .at(place);
    told.help("fix the mapping, or the expectation");
    one.fail(told, wanted.to_string(), got.to_string()).field = Some(field.to_owned());
}
