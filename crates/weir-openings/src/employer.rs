//! Who employs, as far as a name tells. A legal suffix, a trailing country and words such as
//! `Group` or `Careers` tell nothing; a prefix or an acronym is a hint that needs evidence, because
//! strangers share words.

use crate::fold::words_of;
use crate::place_tables::COUNTRIES;
use crate::title::singular;
use serde::{Deserialize, Serialize};

/// Words at the end of a name that tell nothing.
const SUFFIXES: [&str; 46] = [
    "inc",
    "incorporated",
    "llc",
    "ltd",
    "limited",
    "corp",
    "corporation",
    "co",
    "company",
    "plc",
    "gmbh",
    "ag",
    "sa",
    "sas",
    "sarl",
    "bv",
    "nv",
    "oy",
    "ab",
    "as",
    "spa",
    "srl",
    "pty",
    "pte",
    "lp",
    "llp",
    "pbc",
    "kg",
    "se",
    "clg",
    "dac",
    "group",
    "holdings",
    "holding",
    "careers",
    "jobs",
    "recruitment",
    "hiring",
    "the",
    "usa",
    "uk",
    "us",
    "com",
    "world",
    "international",
    "global",
];

/// An employer's name, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmployerProfile {
    /// The words of the name without those that tell nothing.
    pub words: Vec<String>,
    /// The words of the name as printed, folded.
    pub full: Vec<String>,
    /// The id of the employer, once it is resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
}

/// Words that join others and tell nothing.
const JOINS: [&str; 8] = ["the", "and", "of", "for", "de", "und", "et", "y"];

/// The usual form of a word that names abbreviate.
fn usual(word: String) -> String {
    match word.as_str() {
        "st" => "saint".to_owned(),
        "dept" => "department".to_owned(),
        "univ" => "university".to_owned(),
        "hosp" => "hospital".to_owned(),
        "intl" => "international".to_owned(),
        "svcs" => "services".to_owned(),
        "natl" => "national".to_owned(),
        "assoc" => "association".to_owned(),
        _ => word,
    }
}

/// How two employers relate; later ones agree less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmployerRelation {
    /// One employer.
    Same,
    /// One name begins the other, is its acronym, or is nested in it.
    Related,
    /// One of the two has no name.
    Unknown,
    /// Nothing in common.
    Unrelated,
}

impl EmployerProfile {
    /// Takes a name apart.
    pub fn of(name: &str, resolved: Option<&str>) -> EmployerProfile {
        let full: Vec<String> = words_of(name).into_iter().map(usual).collect();
        let joins = |word: &String| !JOINS.contains(&word.as_str());
        let mut words: Vec<String> = full.iter().filter(|word| joins(word)).cloned().collect();
        if words.is_empty() {
            words.clone_from(&full);
        }
        while words.len() > 1 && words.last().is_some_and(|word| tells_nothing(word)) {
            words.pop();
        }
        EmployerProfile { words, full, resolved: resolved.map(str::to_owned) }
    }

    /// Whether there is no name.
    pub fn is_unknown(&self) -> bool {
        self.words.is_empty() && self.resolved.is_none()
    }

    /// The name without blanks: equal for `TripAdvisor` and `Trip Advisor`.
    pub fn squeezed(&self) -> String {
        self.words.concat()
    }

    /// The first word: what related names mostly share.
    pub fn root(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// What related names share: the first word, the first letters, the initials (by which an
    /// acronym finds the name), and the id once it is resolved.
    pub fn roots(&self) -> Vec<String> {
        let initials_of = |words: &[String]| -> String {
            words.iter().filter_map(|word| word.chars().next()).collect()
        };
        let initials = [initials_of(&self.words), initials_of(&self.full)];
        let within =
            |word: &&String| (2..7).contains(&word.len()) && initials[0].starts_with(*word);
        let acronym = self.words.iter().skip(1).find(within).cloned();
        let begin: String = self.squeezed().chars().take(5).collect();
        let resolved = self.resolved.iter().map(|id| format!("#{id}"));
        let mut roots: Vec<String> = vec![self.root().to_owned(), begin];
        roots.extend(initials.iter().filter(|initials| initials.len() > 1).cloned());
        roots.extend(acronym.into_iter().chain(resolved));
        roots.retain(|root| !root.is_empty());
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    /// How two employers relate by their names.
    pub fn relation(&self, other: &EmployerProfile) -> EmployerRelation {
        if self.is_unknown() || other.is_unknown() {
            return EmployerRelation::Unknown;
        }
        if self.resolved.is_some() && self.resolved == other.resolved
            || self.words == other.words
            || self.squeezed() == other.squeezed()
        {
            return EmployerRelation::Same;
        }
        let hint = related(&self.words, &other.words) || related(&self.full, &other.full);
        if hint { EmployerRelation::Related } else { EmployerRelation::Unrelated }
    }
}

fn tells_nothing(word: &str) -> bool {
    SUFFIXES.contains(&word) || word.len() > 3 && COUNTRIES.iter().any(|(name, _)| *name == word)
}

/// By prefix, as a run of words within, as an acronym, or squeezed with a tail.
fn related(one: &[String], other: &[String]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.is_empty() {
        return false;
    }
    let nested = long.windows(short.len()).any(|run| run == short);
    let weak = short.len() == 1 && short[0].len() < 2;
    nested && !weak || is_within(short, long) || is_acronym(short, long) || is_begun(short, long)
}

/// All words of the one are words of the other, in any order, and there are at least two.
fn is_within(short: &[String], long: &[String]) -> bool {
    let has = |word: &String| long.iter().any(|other| singular(other) == singular(word));
    short.len() >= 2 && short.iter().all(has)
}

/// `GPC` of `Genuine Parts Company`, also beside other words: `Amazon Web Services (AWS)`.
fn is_acronym(short: &[String], long: &[String]) -> bool {
    let [name] = short else { return false };
    let initials: String = long.iter().filter_map(|word| word.chars().next()).collect();
    name.len() >= 2 && name.len() <= 6 && long.len() >= 2 && initials.starts_with(name.as_str())
}

/// `Meshy` of `MeshyAI`: one squeezed name begins the other, and is long enough to mean something.
fn is_begun(short: &[String], long: &[String]) -> bool {
    let (one, other) = (short.concat(), long.concat());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short.len() >= 4 && long.starts_with(&short) && short.len() * 3 >= long.len()
}

#[cfg(test)]
mod tests {
    use super::EmployerProfile;
    use super::EmployerRelation::{self, Related, Same, Unknown, Unrelated};

    #[test]
    fn names_of_employers_relate() {
        let cases: [(&str, &str, EmployerRelation); 12] = [
            ("Harbour Foods Pty Ltd", "harbour foods", Same),
            ("HarbourFoods", "Harbour Foods Group", Same),
            ("Northwind Ireland", "Northwind", Same),
            ("Northwind", "Northwind Mission Systems", Related),
            ("HF", "Harbour Foods", Related),
            ("Robert Northwind Ventures", "Northwind", Related),
            ("NorthwindAI", "Northwind", Related),
            ("Harbour Foods", "Harbour Freight", Unrelated),
            ("Lumen", "Luminary", Unrelated),
            ("", "Harbour Foods", Unknown),
            ("  ", "", Unknown),
            ("Ltd", "Ltd", Same),
        ];
        for (one, other, wanted) in cases {
            let (a, b) = (EmployerProfile::of(one, None), EmployerProfile::of(other, None));
            assert_eq!(a.relation(&b), wanted, "{one} / {other}");
            assert_eq!(b.relation(&a), wanted, "{other} / {one}");
        }
    }
}
