//! What is kept of an ad to find and judge its duplicates: computed from the ad alone, narrow, and
//! with a version. Two runs, two machines and two orders of arrival give one signature.

use crate::ad::{AdFacts, AdKey, PayRange};
use crate::blocking::{BlockKey, BlockedFields, block_keys};
use crate::employer::EmployerProfile;
use crate::fold::words_of;
use crate::hash::hash_of;
use crate::links::{LinkKeys, address_key, requisition_key};
use crate::place::PlaceSet;
use crate::shingles::TextShingles;
use crate::title::TitleProfile;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Rises when the same ad gives another signature, or is judged by it otherwise: stored ones are
/// then computed, and judged, again. 2: boilerplate stands under half of an employer's titles.
pub const SIGNATURE_VERSION: u16 = 2;

/// What a source declares about its addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddressPolicy {
    /// Parameters that name the ad; the widely used ones if none is declared.
    pub significant: Vec<String>,
}

/// The signature of an ad.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpeningSignature {
    /// [`SIGNATURE_VERSION`] of the code that made it.
    pub version: u16,
    /// Which ad.
    pub key: AdKey,
    /// Hash of what tells openings apart: an unchanged ad keeps it, and so does one that is
    /// withdrawn, which says nothing about what it advertised.
    pub content: u64,
    /// The title, taken apart.
    pub title: TitleProfile,
    /// The employer.
    pub employer: EmployerProfile,
    /// The places.
    pub places: PlaceSet,
    /// First day of the ad.
    pub opens_on: Option<NaiveDate>,
    /// Closing date.
    pub closes_on: Option<NaiveDate>,
    /// Day on which the source stopped listing it.
    pub withdrawn_on: Option<NaiveDate>,
    /// Pay.
    pub pay: Option<PayRange>,
    /// Grade, folded.
    pub grade: Option<String>,
    /// Exact keys.
    pub links: LinkKeys,
    /// Keys of the buckets that the ad is in, sorted.
    pub blocks: Vec<BlockKey>,
    /// The description; stored apart, because it is wide and only candidates need it.
    #[serde(skip)]
    pub text: TextShingles,
}

impl OpeningSignature {
    /// Computes the signature of an ad.
    pub fn of(key: AdKey, ad: &AdFacts, addresses: &AddressPolicy) -> OpeningSignature {
        let employer = employer_of(ad);
        let places = PlaceSet::of(&ad.places, ad.remote);
        let noise = noise(&employer, &places, ad);
        let mut signature = OpeningSignature {
            version: SIGNATURE_VERSION,
            key,
            content: 0,
            title: TitleProfile::of(&ad.title, &noise),
            employer,
            places,
            opens_on: ad.opens_on,
            closes_on: ad.closes_on,
            withdrawn_on: ad.withdrawn_on,
            pay: ad.pay.clone(),
            grade: ad.grade.as_deref().map(|grade| words_of(grade).join(" ")),
            links: links_of(ad, addresses),
            blocks: Vec::new(),
            text: TextShingles::of(ad.description.as_deref().unwrap_or_default()),
        };
        signature.blocks = signature.block_keys();
        signature.content = signature.content_hash();
        signature
    }

    fn block_keys(&self) -> Vec<BlockKey> {
        block_keys(&BlockedFields {
            title: &self.title,
            employer: &self.employer,
            places: &self.places,
            links: &self.links,
            text: &self.text,
        })
    }

    /// Hash of everything but the key, the version and the day of withdrawal.
    fn content_hash(&self) -> u64 {
        let fields = serde_json::to_vec(&(
            &self.title,
            &self.employer,
            &self.places,
            (self.opens_on, self.closes_on),
            &self.pay,
            &self.grade,
            &self.links,
        ));
        hash_of([fields.unwrap_or_default(), self.text.to_bytes()])
    }
}

fn employer_of(ad: &AdFacts) -> EmployerProfile {
    EmployerProfile::of(ad.employer.as_deref().unwrap_or_default(), ad.employer_id.as_deref())
}

fn links_of(ad: &AdFacts, addresses: &AddressPolicy) -> LinkKeys {
    let key = |address: &Option<String>| {
        address.as_deref().and_then(|address| address_key(address, &addresses.significant))
    };
    LinkKeys {
        url: key(&ad.url),
        apply: key(&ad.apply_url),
        requisition: ad.requisition.as_deref().and_then(requisition_key),
    }
}

/// Words that boards add to titles: the employer's name and the ad's places, usual and printed.
fn noise(employer: &EmployerProfile, places: &PlaceSet, ad: &AdFacts) -> BTreeSet<String> {
    let employer = employer.full.iter().cloned();
    let printed = ad.places.iter().flat_map(|place| words_of(place));
    let words = employer.chain(printed).filter(|word| word.len() > 2);
    words.chain(places.words().map(str::to_owned)).collect()
}
