//! The decision about a name.

use super::CompanyIndex;
use super::forms::{CLIENT_FIRST, CLIENT_LAST, TRADING_AS, UNNAMED};
use super::keys::{key, name_words, without_legal_form, without_place};
use super::registry::{CompanyRegistry, plain_number};
use crate::words::{edit_distance, nearest_names};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Decides which company a name means. Built once, then pure.
pub struct CompanyMatcher {
    registry: Arc<CompanyRegistry>,
    /// Companies by the keys of their names; `None` where several have one.
    by_key: HashMap<String, Option<CompanyIndex>>,
    /// Companies by their numbers in registers.
    by_number: HashMap<String, CompanyIndex>,
    unnamed: HashSet<String>,
    /// The keys of all names, with the letters that are in them.
    letters: Vec<(u32, String, CompanyIndex)>,
}

/// How a company was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompanyMethod {
    /// By a number in a register.
    Number,
    /// By the name as it is.
    Name,
    /// By the name without legal forms, marks and places.
    Cleaned,
    /// By the name behind `trading as`.
    TradingName,
    /// By the client that an agency names.
    Client,
    /// By the employer in `... at EMPLOYER`.
    Employer,
    /// Not at all.
    None,
}

impl CompanyMethod {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CompanyMethod::Number => "number",
            CompanyMethod::Name => "name",
            CompanyMethod::Cleaned => "cleaned",
            CompanyMethod::TradingName => "trading-name",
            CompanyMethod::Client => "client",
            CompanyMethod::Employer => "employer",
            CompanyMethod::None => "none",
        }
    }
}

/// A company that a name may mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompanyCandidate {
    /// The company.
    pub company: CompanyIndex,
    /// How near its names are, between 0 and 1.
    pub nearness: f32,
}

/// The decision about a name.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyDecision {
    /// The company, if one is meant for certain. An agency if nothing names its client.
    pub company: Option<CompanyIndex>,
    /// The agency that advertises for it.
    pub agency: Option<CompanyIndex>,
    /// How it was found.
    pub method: CompanyMethod,
    /// Whether the name says nothing: `Confidential`.
    pub unnamed: bool,
    /// What is left of the name, for companies that are not known.
    pub name: String,
}

/// Longer names are compared in part.
const MOST_LETTERS: usize = 200;

/// A name without what surrounds it.
struct NamePart<'a> {
    text: &'a str,
    method: CompanyMethod,
}

impl CompanyMatcher {
    /// A matcher over a registry.
    #[must_use]
    pub fn new(registry: Arc<CompanyRegistry>) -> CompanyMatcher {
        let mut by_key: HashMap<String, Option<CompanyIndex>> = HashMap::new();
        let mut by_number = HashMap::new();
        for (at, company) in registry.companies.iter().enumerate() {
            for name in std::iter::once(&company.name).chain(&company.aliases) {
                let words = name_words(name);
                for words in [words.as_slice(), without_legal_form(&words)] {
                    let known = by_key.entry(key(words)).or_insert(Some(at));
                    if *known != Some(at) {
                        *known = None;
                    }
                }
            }
            by_number.extend(company.ids.values().map(|number| (number.clone(), at)));
        }
        by_key.remove("");
        by_number.remove("");
        let unnamed = UNNAMED.iter().copied().chain(registry.unnamed.iter().map(String::as_str));
        let unnamed = unnamed.map(|name| key(&name_words(name))).collect();
        let known = by_key.iter().filter_map(|(name, at)| Some((name, (*at)?)));
        let letters = known.map(|(name, at)| (letters_in(name), name.clone(), at)).collect();
        CompanyMatcher { registry, by_key, by_number, unnamed, letters }
    }

    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &CompanyRegistry {
        &self.registry
    }

    /// Decides which company a name means.
    #[must_use]
    pub fn decide(&self, name: &str) -> CompanyDecision {
        self.decide_with(name, None)
    }

    /// Decides which company a name means, where the ad has a number of a register beside it.
    #[must_use]
    pub fn decide_with(&self, name: &str, number: Option<&str>) -> CompanyDecision {
        let (plain, mut numbers) = without_numbers(name);
        numbers.extend(number.map(plain_number));
        let parts = parts(&plain);
        let agency = parts.iter().find_map(|part| self.agency(part.text));
        let by_number = numbers.iter().find_map(|number| self.by_number.get(number).copied());
        if let Some(company) = by_number {
            return self.found(company, agency, CompanyMethod::Number, &plain);
        }
        for part in &parts {
            if let Some((company, cleaned)) = self.look_up(part.text) {
                let method = match part.method {
                    CompanyMethod::Name if cleaned => CompanyMethod::Cleaned,
                    method => method,
                };
                return self.found(company, agency, method, part.text);
            }
        }
        let text = parts.first().map_or(plain.as_str(), |part| part.text);
        self.unknown(text, agency)
    }

    fn found(
        &self,
        company: CompanyIndex,
        agency: Option<CompanyIndex>,
        method: CompanyMethod,
        name: &str,
    ) -> CompanyDecision {
        let agency = agency.filter(|agency| *agency != company);
        let company = Some(company);
        let name = name.trim().to_owned();
        CompanyDecision { company, agency, method, unnamed: false, name }
    }

    fn unknown(&self, text: &str, agency: Option<CompanyIndex>) -> CompanyDecision {
        let words = name_words(text);
        let bare = without_legal_form(&words);
        let unnamed = bare.is_empty() || self.unnamed.contains(&key(&words));
        CompanyDecision {
            company: None,
            agency,
            method: CompanyMethod::None,
            unnamed,
            name: if unnamed { String::new() } else { text.trim().to_owned() },
        }
    }

    /// The three known companies whose names are nearest to one that is not: for people, as it
    /// looks at all companies.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Vec<CompanyCandidate> {
        let short: String = name.chars().take(MOST_LETTERS).collect();
        let words = name_words(&short);
        let known = self.by_key.iter().filter_map(|(name, at)| Some(((*at)?, name.as_str())));
        let near = nearest_names(&key(without_legal_form(&words)), known, 9);
        let mut candidates: Vec<CompanyCandidate> = near
            .into_iter()
            .map(|(company, nearness)| CompanyCandidate { company, nearness })
            .collect();
        candidates.sort_by(|left, right| {
            right.nearness.total_cmp(&left.nearness).then(left.company.cmp(&right.company))
        });
        candidates.dedup_by_key(|candidate| candidate.company);
        candidates.truncate(3);
        candidates
    }

    /// The known companies of which a name that is not known may be a typo, the nearest first, each
    /// with the share of letters that agree: it waits for people, and is never guessed.
    #[must_use]
    pub fn typos(&self, name: &str) -> Vec<CompanyCandidate> {
        let (plain, _) = without_numbers(name);
        let short: String = plain.chars().take(MOST_LETTERS).collect();
        let words = name_words(&short);
        let text = key(without_legal_form(&words));
        let length = text.chars().count();
        let most = edits_of_a_typo(length);
        if most == 0 {
            return Vec::new();
        }
        let (inside, digits) = (letters_in(&text), digits_in(&text));
        let near = self.letters.iter().filter_map(|(letters, known, company)| {
            if (letters ^ inside).count_ones() as usize > 2 * most {
                return None;
            }
            let edits = edit_distance(&text, known, most)?;
            (digits_in(known) == digits).then(|| CompanyCandidate {
                company: *company,
                nearness: share(length.saturating_sub(edits), length),
            })
        });
        let mut near: Vec<CompanyCandidate> = near.collect();
        near.sort_by(|left, right| {
            right.nearness.total_cmp(&left.nearness).then(left.company.cmp(&right.company))
        });
        near.dedup_by_key(|candidate| candidate.company);
        near.truncate(3);
        near
    }

    fn agency(&self, text: &str) -> Option<CompanyIndex> {
        let (company, _) = self.look_up(text)?;
        self.registry.companies.get(company).filter(|found| found.agency).map(|_| company)
    }

    /// The company with a name, and whether the name had to be cut down for it.
    fn look_up(&self, text: &str) -> Option<(CompanyIndex, bool)> {
        let find = |words: &[String]| self.by_key.get(&key(words)).copied().flatten();
        let words = name_words(text);
        if words.is_empty() || self.unnamed.contains(&key(&words)) {
            return None;
        }
        if let Some(company) = find(&words) {
            return Some((company, false));
        }
        let bare = without_legal_form(&words);
        let placeless = without_place(bare);
        let again = without_legal_form(placeless);
        let forms = [bare, placeless, again];
        let cut = forms.into_iter().filter(|words| !words.is_empty()).find_map(find);
        let without_owner = || find(without_legal_form(&name_words(&without_possessive(text))));
        let head = || find(without_legal_form(&name_words(head_of(text)?)));
        cut.or_else(head).or_else(without_owner).map(|company| (company, true))
    }
}

/// Most edits of a typo: short names are too often a letter apart.
fn edits_of_a_typo(letters: usize) -> usize {
    match letters {
        0..=5 => 0,
        6..=11 => 1,
        _ => 2,
    }
}

/// Which of the letters a to z are in a text, and whether others are.
fn letters_in(text: &str) -> u32 {
    let bit = |byte: u8| match byte {
        b'a'..=b'z' => 1 << (byte - b'a'),
        _ => 1 << 26,
    };
    text.bytes().fold(0, |letters, byte| letters | bit(byte))
}

fn digits_in(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn share(part: usize, whole: usize) -> f32 {
    let small = |number: usize| f32::from(u16::try_from(number).unwrap_or(u16::MAX));
    small(part) / small(whole.max(1))
}

/// `Bellamar's Bakehouse` may be `Bellamar Bakehouse`.
fn without_possessive(text: &str) -> String {
    text.replace("'s ", " ").replace("’s ", " ")
}

/// The name before a dash, a bracket or a comma: `NAME - Newtown`.
fn head_of(text: &str) -> Option<&str> {
    let ends = [" - ", " – ", " — ", "(", ",", " | ", " / "];
    let end = ends.iter().filter_map(|end| text.find(end)).min()?;
    Some(text[..end].trim()).filter(|head| !head.is_empty())
}

/// The parts of a name that may be a company, the likeliest first.
fn parts(name: &str) -> Vec<NamePart<'_>> {
    let lower = name.to_ascii_lowercase();
    let mut parts = Vec::new();
    let find = |words: &str| lower.find(words).map(|at| (&name[..at], &name[at + words.len()..]));
    for words in CLIENT_FIRST {
        let bracket = words.replacen(' ', " (", 1);
        if let Some((before, after)) = find(words).or_else(|| find(&bracket)) {
            push(&mut parts, before, CompanyMethod::Client);
            push(&mut parts, after, CompanyMethod::Name);
        }
    }
    for (list, method) in
        [(CLIENT_LAST, CompanyMethod::Client), (TRADING_AS, CompanyMethod::TradingName)]
    {
        if let Some((before, after)) = list.iter().find_map(|words| find(words)) {
            push(&mut parts, after, method);
            push(&mut parts, before, CompanyMethod::Name);
        }
    }
    push(&mut parts, name, CompanyMethod::Name);
    if let Some(at) = lower.rfind(" at ") {
        push(&mut parts, &name[at + " at ".len()..], CompanyMethod::Employer);
    }
    parts
}

fn push<'a>(parts: &mut Vec<NamePart<'a>>, text: &'a str, method: CompanyMethod) {
    let edge = |sign: char| sign.is_whitespace() || matches!(sign, '(' | ')' | ':' | '-');
    let text = text.trim_matches(edge);
    if !text.is_empty() {
        parts.push(NamePart { text, method });
    }
}

/// A name without numbers of registers, stock exchanges and web addresses, and those numbers.
pub(super) fn without_numbers(name: &str) -> (String, Vec<String>) {
    let mut plain = bare_address(name);
    let mut numbers = Vec::new();
    for label in ["abn", "acn", "asx:", "arbn", "nyse:", "nasdaq:"] {
        let lower = plain.to_ascii_lowercase();
        let Some(at) = word_at(&lower, label) else { continue };
        let rest = &plain[at + label.len()..];
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | ':' | '.')))
            .unwrap_or(rest.len());
        let end = if label.ends_with(':') { rest.find(')').unwrap_or(rest.len()) } else { end };
        let number = plain_number(&rest[..end]);
        if number.is_empty() {
            continue;
        }
        numbers.push(number);
        let after = rest[end..].trim_start_matches(')').to_owned();
        plain = format!("{}{after}", plain[..at].trim_end_matches(['(', ' ']));
    }
    (plain, numbers)
}

fn word_at(lower: &str, label: &str) -> Option<usize> {
    let at = lower.find(label)?;
    let before = lower[..at].chars().next_back();
    let after = lower[at + label.len()..].chars().next();
    let inside = |letter: Option<char>| letter.is_some_and(char::is_alphabetic);
    (!inside(before) && (label.ends_with(':') || !inside(after))).then_some(at)
}

/// `www.name.com.au` is `name`.
fn bare_address(name: &str) -> String {
    let address = name.trim().trim_start_matches("https://").trim_start_matches("http://");
    match address.strip_prefix("www.") {
        Some(host) if !host.contains(' ') => host.split('.').next().unwrap_or(host).to_owned(),
        _ => name.to_owned(),
    }
}
