//! Prints which spellings of employers are linked: `employers ADS NAMES`; NAMES is CSV with the
//! columns `set,a,b` of spellings that name one employer.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use weir_openings::ad_rows::ads_of_json;
use weir_openings::employer::EmployerProfile;
use weir_openings::employer_links::employer_links;
use weir_openings::signature::{AddressPolicy, OpeningSignature};

#[allow(clippy::disallowed_macros, reason = "an example prints")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (ads, names) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let mut sets: BTreeMap<String, Vec<OpeningSignature>> = BTreeMap::new();
    for ad in ads_of_json(&std::fs::read_to_string(ads)?)? {
        let (set, key) = (ad.institution.clone(), ad.key());
        let signature = OpeningSignature::of(key, &ad.into_facts(), &AddressPolicy::default());
        sets.entry(set).or_default().push(signature);
    }
    let mut linked = BTreeSet::new();
    for (set, ads) in &sets {
        for link in employer_links(ads) {
            if !link.evidence.is_empty() {
                println!("{} = {} by {:?}", link.one, link.other, link.evidence);
            }
            linked.insert((set.clone(), link.one, link.other));
        }
    }
    let (mut found, mut all) = (0, 0);
    for row in csv::Reader::from_path(names)?.deserialize() {
        let (set, a, b): (String, String, String) = row?;
        let [one, other] = [&a, &b].map(|name| EmployerProfile::of(name, None).full.join(" "));
        let pair = (set, one.clone().min(other.clone()), one.clone().max(other.clone()));
        let hit = one == other || linked.contains(&pair);
        all += 1;
        found += usize::from(hit);
        if !hit {
            println!("missed: {a} = {b}");
        }
    }
    println!("{found} of {all} spellings are linked");
    Ok(())
}
