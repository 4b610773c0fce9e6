//! Sentences around a phrase: whether they are about what the ad asks of the person.

/// Beginnings of sentences and lines in which an employer speaks of itself or its offer.
const OFFERS: &[&str] = &[
    "about us",
    "who we are",
    "our client",
    "we are a",
    "we are an",
    "we're a",
    "we're an",
    "what we offer",
    "we offer",
    "what's in it",
    "perks",
    "benefits",
    "why work",
    "why join",
    "you will have access",
    "you'll have access",
    "you will receive",
    "you'll receive",
    "we provide",
    "we will provide",
    "full training",
    "training",
    "our values",
    "our team is",
    "in return",
    "on offer",
    "agency overview",
    "our culture",
    "the company",
    "a values-led",
];

/// Words that take back what follows or precedes them in a sentence; `not` is in each.
const REFUSALS: &[&str] =
    &["not required", "not needed", "not necessary", "is not essential", "not expected"];

/// Words before a phrase that make it part of a name.
const NAMES_BEFORE: &[&str] = &[
    "head of ",
    "director of ",
    "manager of ",
    "bachelor of ",
    "diploma of ",
    "diploma in ",
    "degree in ",
    "masters in ",
    "department of ",
    "courses in ",
];

/// Whether a phrase at a place of a folded text says something about the person.
pub(super) fn is_asked(text: &str, begin: usize, end: usize) -> bool {
    let start = sentence_start(text, begin);
    let stop = sentence_end(text, end);
    let before = &text[start..begin];
    let sentence = &text[start..stop];
    let opening = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
    let offered = OFFERS.iter().any(|offer| starts_with_words(opening, offer));
    let refused =
        sentence.contains("not ") && REFUSALS.iter().any(|refusal| sentence.contains(refusal));
    let named = NAMES_BEFORE.iter().any(|name| before.ends_with(name)) || reports(before);
    !(offered || refused || named || denied(before) || line_offers(text, start))
}

/// Whether the phrase names to whom the person reports.
fn reports(before: &str) -> bool {
    let verbs = ["report to", "reports to", "reporting to"];
    before.contains("report") && verbs.iter().any(|verb| before.contains(verb))
}

fn starts_with_words(text: &str, words: &str) -> bool {
    text.strip_prefix(words).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// `no project management`, `without customer service`.
fn denied(before: &str) -> bool {
    let mut words = before.split_whitespace().rev().take(2);
    words.any(|word| matches!(word, "no" | "without" | "zero" | "never"))
}

/// Whether the line of a sentence begins with an offer: `what we offer: ...`.
fn line_offers(text: &str, sentence: usize) -> bool {
    let before = text[..sentence].char_indices().rev();
    let mut near = before.take_while(|(place, _)| place + LONGEST > sentence);
    let Some((newline, _)) = near.find(|(place, sign)| *sign == '\n' || *place == 0) else {
        return false;
    };
    let start = if newline == 0 && !text.starts_with('\n') { 0 } else { newline + 1 };
    let line = text[start..].trim_start_matches(|c: char| !c.is_alphanumeric() && c != '\n');
    let label = line.find([':', '\n', '.', '?']).map_or(line, |end| &line[..end]);
    let heading = label.len() < 40;
    heading
        && ["what we offer", "perks", "benefits", "about us", "why work for us", "on offer"]
            .iter()
            .any(|offer| starts_with_words(label, offer))
        && !text[start..sentence].contains("about you")
        && !text[start..sentence].contains("the job")
}

/// Longer sentences are looked at in part.
const LONGEST: usize = 600;

fn sentence_start(text: &str, at: usize) -> usize {
    let limit = at.saturating_sub(LONGEST);
    let before = text[..at].char_indices().rev().take_while(|(place, _)| *place >= limit);
    let mut start = at;
    let mut later = ' ';
    for (place, sign) in before {
        let full_stop = matches!(sign, '.' | '!' | '?') && later.is_whitespace();
        if full_stop || matches!(sign, '\n' | '•' | ';') {
            return place + sign.len_utf8();
        }
        later = sign;
        start = place;
    }
    start
}

fn sentence_end(text: &str, at: usize) -> usize {
    let mut signs = text[at..].char_indices().peekable();
    while let Some((place, sign)) = signs.next() {
        if place > LONGEST {
            return at + place;
        }
        let next = signs.peek().map_or(' ', |(_, next)| *next);
        let full_stop = matches!(sign, '.' | '!' | '?') && next.is_whitespace();
        if full_stop || matches!(sign, '\n' | '•' | ';') {
            return at + place;
        }
    }
    text.len()
}
