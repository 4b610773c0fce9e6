//! Which spellings name one employer, by evidence: one name begins the other, is its acronym or is
//! nested in it, *and* the two advertise the same roles in the same places on different sources. A
//! likeness of names alone never links two employers: strangers share words.

use crate::employer::{EmployerProfile, EmployerRelation};
use crate::signature::OpeningSignature;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Employers at which a title may appear and still be evidence on its own.
const RARE_TITLE: usize = 4;
/// Names of one root that are compared; more share a word of no meaning.
const ROOT_CAP: usize = 400;

/// Two spellings of one employer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmployerLink {
    /// One name, folded.
    pub one: String,
    /// The other.
    pub other: String,
    /// Roles and cities that both advertise, at most three; none if the names are equal.
    pub evidence: Vec<String>,
}

/// What a name advertises.
struct EmployerRecord<'a> {
    profile: &'a EmployerProfile,
    /// Roles with their cities, and the sources that carry each.
    roles: BTreeMap<(String, String), BTreeSet<&'a str>>,
}

/// Every two spellings of one employer, sorted.
pub fn employer_links(ads: &[OpeningSignature]) -> Vec<EmployerLink> {
    let records = records_of(ads);
    let spread = employers_by_title(&records);
    let mut links = BTreeSet::new();
    for names in roots_of(&records).values().filter(|names| names.len() <= ROOT_CAP) {
        for (at, one) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                links.extend(link(one, other, &records, &spread));
            }
        }
    }
    links.into_iter().collect()
}

fn records_of(ads: &[OpeningSignature]) -> BTreeMap<String, EmployerRecord<'_>> {
    let mut records: BTreeMap<String, EmployerRecord<'_>> = BTreeMap::new();
    for ad in ads.iter().filter(|ad| !ad.employer.full.is_empty()) {
        let empty = || EmployerRecord { profile: &ad.employer, roles: BTreeMap::new() };
        let record = records.entry(ad.employer.full.join(" ")).or_insert_with(empty);
        let title = ad.title.hard.join(" ");
        let cities: Vec<&str> = ad.places.cities().collect();
        let unplaced = if cities.is_empty() { vec![""] } else { cities };
        for city in unplaced {
            let role = (title.clone(), city.to_owned());
            record.roles.entry(role).or_default().insert(&ad.key.source);
        }
    }
    records
}

/// At how many employers each title appears.
fn employers_by_title(records: &BTreeMap<String, EmployerRecord<'_>>) -> HashMap<String, usize> {
    let mut employers: HashMap<String, BTreeSet<String>> = HashMap::new();
    for record in records.values() {
        for (title, _) in record.roles.keys() {
            employers.entry(title.clone()).or_default().insert(record.profile.squeezed());
        }
    }
    employers.into_iter().map(|(title, employers)| (title, employers.len())).collect()
}

fn roots_of<'a>(
    records: &'a BTreeMap<String, EmployerRecord<'_>>,
) -> BTreeMap<String, Vec<&'a str>> {
    let mut roots: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, record) in records {
        let mut own: Vec<String> = record.profile.words.clone();
        own.extend(record.profile.roots());
        own.sort_unstable();
        own.dedup();
        own.into_iter().for_each(|root| roots.entry(root).or_default().push(name));
    }
    roots
}

fn link(
    one: &str,
    other: &str,
    records: &BTreeMap<String, EmployerRecord<'_>>,
    spread: &HashMap<String, usize>,
) -> Option<EmployerLink> {
    let (a, b) = (records.get(one)?, records.get(other)?);
    let named = |evidence| EmployerLink { one: one.to_owned(), other: other.to_owned(), evidence };
    match a.profile.relation(b.profile) {
        EmployerRelation::Same => Some(named(Vec::new())),
        EmployerRelation::Related => {
            let shared = shared_roles(a, b);
            let rare =
                |title: &&(String, String)| spread.get(&title.0).is_some_and(|n| *n <= RARE_TITLE);
            let enough = shared.len() > 1 || shared.iter().any(rare);
            let shown = shared.iter().take(3).map(|(title, city)| format!("{title} in {city}"));
            enough.then(|| named(shown.collect()))
        }
        EmployerRelation::Unknown | EmployerRelation::Unrelated => None,
    }
}

/// Roles in one city that both advertise, on different sources.
fn shared_roles<'a>(
    one: &'a EmployerRecord<'_>,
    other: &EmployerRecord<'_>,
) -> Vec<&'a (String, String)> {
    let across = |role: &&(String, String)| {
        let (ours, theirs) = (&one.roles[*role], other.roles.get(*role));
        theirs.is_some_and(|theirs| {
            theirs.iter().any(|source| !ours.contains(source)) || theirs.len() > 1
        })
    };
    one.roles.keys().filter(across).collect()
}
