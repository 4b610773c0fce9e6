//! Pages without markup for search engines: finds what repeats like a list of ads. Similar elements
//! that have a link each and most of the text are the cards; their classes, attributes and table
//! headings name the fields.

use super::members::{AdMember, MemberSelector, is_unique};
use super::words::{IDS, bare};
use crate::markup::{CssPath, HtmlPage, standing_alone, text_of};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What repeats on a page.
pub(super) struct DraftedCards {
    /// The selector of a card.
    pub(super) records: String,
    /// The right side of `id`.
    pub(super) id: String,
    /// The CSS selector of a text that states the count.
    pub(super) count: Option<String>,
    pub(super) ads: usize,
    pub(super) members: Vec<AdMember>,
}

/// Most cards that are looked at, and most elements of a page.
const MOST_CARDS: usize = 50;
const MOST_ELEMENTS: usize = 20_000;
/// Classes that describe the current look of a card rather than what it is.
const PASSING: [&str; 12] = [
    "odd",
    "even",
    "alt",
    "alternate",
    "first",
    "last",
    "active",
    "selected",
    "featured",
    "highlight",
    "new",
    "promoted",
];
/// Words around these, as in `oddrow`.
const ROWS: [&str; 4] = ["row", "item", "line", "record"];
/// A link that leads somewhere, among others that do not.
const LEADING: &str = "a:not([href='']):not([href^='#']):not([href^='javascript:']):not([href^='mailto:']):not([href^='tel:'])";
/// Most members that are looked at.
const MOST_MEMBERS: usize = 300;
/// Attributes whose values name the content of an element.
const NAMING: [&str; 6] = [
    "data-automation",
    "data-testid",
    "data-test",
    "data-qa",
    "data-field",
    "itemprop",
];
/// Words that are in the class of a text which counts the ads.
const COUNTING: [&str; 4] = ["count", "total", "found", "results-number"];

/// The cards of a page.
pub(super) fn find(text: &str) -> Option<DraftedCards> {
    let page = Html::parse_document(text);
    let groups = groups(&page);
    let (records, cards) = groups
        .into_iter()
        .filter(|(_, cards)| holds_ads(cards))
        .max_by(|one, other| weight(&one.1).total_cmp(&weight(&other.1)))?;
    let cards = &cards[..cards.len().min(MOST_CARDS)];
    let members = members(cards, &headings(&page, &records));
    Some(DraftedCards {
        id: id(cards, &members),
        count: count(&page),
        ads: cards.len(),
        members,
        records,
    })
}

/// Elements by what they look like; none within another of its group.
fn groups(page: &Html) -> BTreeMap<String, Vec<ElementRef<'_>>> {
    let mut groups: BTreeMap<String, Vec<ElementRef>> = BTreeMap::new();
    for element in page
        .root_element()
        .descendants()
        .filter_map(ElementRef::wrap)
        .take(MOST_ELEMENTS)
    {
        let Some(selector) = look(element) else {
            continue;
        };
        let group = groups.entry(selector).or_default();
        let is_within = group
            .last()
            .is_some_and(|last| element.ancestors().any(|above| above.id() == last.id()));
        if !is_within {
            group.push(element);
        }
    }
    groups
}

/// A CSS selector for elements similar to this one; `None` for elements that are never cards.
fn look(element: ElementRef) -> Option<String> {
    let name = element.value().name();
    if !matches!(
        name,
        "article"
            | "li"
            | "div"
            | "tr"
            | "section"
            | "a"
            | "tbody"
            | "dl"
            | "mat-card"
            | "app-job-card"
    ) {
        return None;
    }
    let named = |class: &&str| {
        class.len() > 1
            && is_word(class)
            && !is_passing(class)
            && !class.starts_with(|letter: char| letter.is_ascii_digit())
    };
    let (hashed, mut classes): (Vec<&str>, Vec<&str>) = element
        .value()
        .classes()
        .filter(named)
        .partition(|class| is_hashed(class));
    let id = element
        .value()
        .attrs()
        .map(|(name, _)| name)
        .find(|name| is_id(name));
    if let (true, Some(id)) = (classes.is_empty(), id) {
        return Some(format!("{name}[{id}]"));
    }
    let marked = NAMING.iter().find_map(|attribute| {
        Some((
            attribute,
            element.attr(attribute).filter(|value| is_word(value))?,
        ))
    });
    if classes.is_empty() && marked.is_none() {
        classes = hashed;
    }
    classes.truncate(2);
    match (name, classes.is_empty()) {
        // Rows of a table seldom have a class; the one of the headings has no cell.
        ("tr", true) => element
            .child_elements()
            .any(|cell| cell.value().name() == "td")
            .then(|| "tr:has(td a)".to_owned()),
        ("article", true) => Some("article".to_owned()),
        (_, true) => {
            let (attribute, value) = marked?;
            Some(format!("{name}[{attribute}={value}]"))
        }
        _ => Some(format!("{name}.{}", classes.join("."))),
    }
}

/// Whether a class describes the current look of a card: `odd`, `evenrow`, `first-item`.
fn is_passing(class: &str) -> bool {
    let bare = bare(class);
    let stem = ROWS.iter().fold(bare.as_str(), |stem, word| {
        stem.strip_suffix(word)
            .or_else(|| stem.strip_prefix(word))
            .unwrap_or(stem)
    });
    PASSING.contains(&stem)
}

/// Whether a class looks made by a machine, which makes another one tomorrow: `_1wwcs5g0`,
/// `css-1q2w3e`.
fn is_hashed(class: &str) -> bool {
    let turns = |piece: &str| {
        piece
            .as_bytes()
            .windows(2)
            .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
            .count()
    };
    let made = ["_", "css-", "sc-"]
        .iter()
        .any(|start| class.starts_with(start));
    made || class
        .split(['-', '_'])
        .any(|piece| piece.len() >= 5 && turns(piece) >= 2)
}

/// Whether an attribute is called as an id of an ad: `data-job-id`.
fn is_id(name: &str) -> bool {
    let is_plain = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    is_plain
        && name.starts_with("data-")
        && !NAMING.contains(&name)
        && IDS.iter().any(|id| bare(name).ends_with(id))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 60
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
}

/// At least two, nearly each with its own link and some words.
fn holds_ads(cards: &[ElementRef]) -> bool {
    let mut links: Vec<String> = cards
        .iter()
        .filter_map(|card| Some(first_link(*card)?.attr("href")?.to_owned()))
        .collect();
    links.sort();
    links.dedup();
    let words = cards
        .iter()
        .filter(|card| text_of(**card).chars().count() >= 12)
        .count();
    cards.len() >= 2
        && links.len() * 10 >= cards.len() * 8
        && words * 10 >= cards.len() * 8
        && !cards.iter().any(|card| is_beside(*card))
}

/// Whether it is in a navigation area.
fn is_beside(card: ElementRef) -> bool {
    let around = |name: &str| matches!(name, "nav" | "header" | "footer" | "aside");
    card.ancestors().filter_map(ElementRef::wrap).any(|above| {
        around(above.value().name()) || above.value().classes().any(|class| class.contains("nav"))
    })
}

/// Most text in most pieces: the list, not its title and not the columns of the page.
fn weight(cards: &[ElementRef]) -> f64 {
    let letters: usize = cards
        .iter()
        .map(|card| text_of(*card).chars().count())
        .sum();
    let as_float = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    as_float(letters) * as_float(cards.len()).ln()
}

/// The first link that leads somewhere; the card itself may be one.
fn first_link(card: ElementRef<'_>) -> Option<ElementRef<'_>> {
    let leads = |element: &ElementRef| {
        let href = element.attr("href").unwrap_or_default().trim();
        let is_nowhere = ["#", "javascript:", "mailto:", "tel:"]
            .iter()
            .any(|start| href.starts_with(start));
        element.value().name() == "a" && !href.is_empty() && !is_nowhere
    };
    std::iter::once(card)
        .chain(card.descendants().filter_map(ElementRef::wrap))
        .find(leads)
}

/// The headings of the table in which the records are rows.
fn headings(page: &Html, records: &str) -> Vec<String> {
    if !records.starts_with("tr") {
        return Vec::new();
    }
    let Ok(row) = Selector::parse("tr:has(th)") else {
        return Vec::new();
    };
    let cells = |row: ElementRef| row.child_elements().map(text_of).collect::<Vec<_>>();
    page.select(&row)
        .map(cells)
        .max_by_key(Vec::len)
        .unwrap_or_default()
}

/// The named parts of the cards, with the text of each card.
///
/// The values are read with the selectors that the draft will use, because those must find them.
fn members(cards: &[ElementRef], headings: &[String]) -> Vec<AdMember> {
    let pages: Vec<HtmlPage> = cards
        .iter()
        .map(|card| HtmlPage::parse(&standing_alone(*card)))
        .collect();
    let link = link_selector(cards, &pages);
    let mut all: Vec<AdMember> = Vec::new();
    for card in cards {
        let mut seen: Vec<MemberSelector> = Vec::new();
        let mut put = |take: MemberSelector, key: String, value: String| {
            if value.is_empty() || seen.contains(&take) {
                return;
            }
            seen.push(take.clone());
            match all.iter_mut().find(|member| member.take == take) {
                Some(member) => member.values.push(Json::from(value)),
                None => all.push(AdMember {
                    take,
                    key,
                    values: vec![Json::from(value)],
                }),
            }
        };
        for (take, key, element) in named(*card) {
            put(MemberSelector::Css(take), key, text_of(element));
        }
        for (number, (cell, heading)) in card
            .child_elements()
            .zip(headings)
            .enumerate()
            .map(|(index, pair)| (index + 1, pair))
        {
            put(
                MemberSelector::Css(format!("td:nth-child({number})")),
                bare(heading),
                text_of(cell),
            );
        }
        if let (Some(found), Some(selector)) = (first_link(*card), &link) {
            put(
                MemberSelector::Css(selector.clone()),
                "title".to_owned(),
                text_of(found),
            );
            put(
                MemberSelector::Css(format!("{selector}@href")),
                "url".to_owned(),
                href(found),
            );
        }
    }
    all.truncate(MOST_MEMBERS);
    all.iter_mut()
        .for_each(|member| member.values = selected(&member.take, &pages));
    all.retain(|member| !member.values.is_empty());
    all
}

/// What a selector finds first in each card.
fn selected(take: &MemberSelector, pages: &[HtmlPage]) -> Vec<Json> {
    let MemberSelector::Css(css) = take else {
        return Vec::new();
    };
    let Ok(css) = CssPath::parse(css) else {
        return Vec::new();
    };
    pages
        .iter()
        .filter_map(|page| css.select(page, None).into_iter().next())
        .filter(|text| !text.is_empty())
        .map(Json::from)
        .collect()
}

fn href(link: ElementRef) -> String {
    link.attr("href").unwrap_or_default().trim().to_owned()
}

/// Named elements of a card, headings first: they are titles.
fn named(card: ElementRef<'_>) -> Vec<(String, String, ElementRef<'_>)> {
    let inner = || card.descendants().filter_map(ElementRef::wrap).skip(1);
    let headings = inner()
        .filter(|element| matches!(element.value().name(), "h1" | "h2" | "h3" | "h4" | "h5"));
    let mut all: Vec<(String, String, ElementRef)> = headings
        .map(|element| {
            (
                element.value().name().to_owned(),
                "title".to_owned(),
                element,
            )
        })
        .take(1)
        .collect();
    let is_marked = inner().any(|element| {
        NAMING
            .iter()
            .any(|attribute| element.attr(attribute).is_some())
    });
    for element in inner() {
        for attribute in NAMING {
            if let Some(value) = element.attr(attribute).filter(|value| is_word(value)) {
                all.push((format!("[{attribute}={value}]"), bare(value), element));
            }
        }
        let says = |class: &&str| {
            is_word(class)
                && class.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && !(is_marked && is_hashed(class))
        };
        for class in element.value().classes().filter(says) {
            all.push((format!(".{class}"), bare(class), element));
        }
    }
    all
}

fn only_link(card: ElementRef) -> bool {
    card.descendants()
        .filter_map(ElementRef::wrap)
        .filter(|element| element.value().name() == "a")
        .count()
        == 1
}

/// A selector that finds the leading link of each card: the only one, by its attribute or class, by
/// the heading around it, else the first of all that leads somewhere.
fn link_selector(cards: &[ElementRef], pages: &[HtmlPage]) -> Option<String> {
    let link = cards.iter().find_map(|card| first_link(*card))?;
    let wanted: Vec<Option<String>> = cards
        .iter()
        .map(|card| first_link(*card).map(href))
        .collect();
    let finds = |selector: &String| {
        let Ok(css) = CssPath::parse(&format!("{selector}@href")) else {
            return false;
        };
        pages
            .iter()
            .zip(&wanted)
            .all(|(page, wanted)| css.select(page, None).first() == wanted.as_ref())
    };
    let only = cards
        .iter()
        .all(|card| only_link(*card))
        .then(|| "a".to_owned());
    let marked = NAMING.iter().find_map(|attribute| {
        Some(format!(
            "a[{attribute}={}]",
            link.attr(attribute).filter(|value| is_word(value))?
        ))
    });
    let says = |class: &&str| {
        is_word(class)
            && class.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && !is_hashed(class)
    };
    let class = link
        .value()
        .classes()
        .find(says)
        .map(|class| format!("a.{class}"));
    let names = link
        .ancestors()
        .filter_map(ElementRef::wrap)
        .map(|element| element.value().name());
    let heading = names
        .into_iter()
        .find(|name| matches!(*name, "h1" | "h2" | "h3" | "h4" | "h5"))
        .map(|heading| format!("{heading} a"));
    let ways = [only, marked, class, heading, Some("a".to_owned())];
    Some(
        ways.into_iter()
            .flatten()
            .find(finds)
            .unwrap_or_else(|| LEADING.to_owned()),
    )
}

/// The id: an attribute of the cards, else in their links, else a hash of title and link.
fn id(cards: &[ElementRef], members: &[AdMember]) -> String {
    let is_all = |values: &[Option<&str>]| {
        let values: Vec<Json> = values
            .iter()
            .flatten()
            .map(|value| Json::from(*value))
            .collect();
        is_unique(&values, cards.len())
    };
    let first = cards.first().map(ElementRef::value);
    let names = || {
        first
            .into_iter()
            .flat_map(|element| element.attrs().map(|(name, _)| name))
    };
    // What is called `id` may only count the cards.
    for name in names()
        .filter(|name| is_id(name))
        .chain(names().filter(|name| *name == "id"))
    {
        if is_all(&cards.iter().map(|card| card.attr(name)).collect::<Vec<_>>()) {
            let tag = first.map_or("div", |element| element.name());
            return format!(
                "{{ css: {} }}",
                super::quoted(&format!("{tag}[{name}]@{name}"))
            );
        }
    }
    let Some(link) = members
        .iter()
        .find(|member| is_link(member))
        .filter(|member| is_unique(&member.values, cards.len()))
    else {
        return "{ from: $.html, match: 'href=\"([^\"?#]+)' }      # for ads without a link, see `hash` in docs/reference/yaml.md".to_owned();
    };
    let hrefs: Vec<&str> = link.values.iter().filter_map(Json::as_str).collect();
    by_link(&hrefs).map_or_else(|| link.take.with(""), |more| link.take.with(&more))
}

fn is_link(member: &AdMember) -> bool {
    member.key == "url"
        && matches!(&member.take, MemberSelector::Css(css) if css.ends_with("@href"))
}

/// What of the links is the id: a query parameter, a number.
fn by_link(hrefs: &[&str]) -> Option<String> {
    let unique = |values: Vec<Option<String>>| {
        let values: Vec<Json> = values.into_iter().flatten().map(Json::from).collect();
        is_unique(&values, hrefs.len())
    };
    let query = |href: &str| {
        url::form_urlencoded::parse(
            href.split_once('?')
                .map_or("", |(_, query)| query)
                .as_bytes(),
        )
        .into_owned()
        .collect::<Vec<_>>()
    };
    for (name, _) in query(hrefs.first()?) {
        let is_id = IDS.iter().any(|id| bare(&name) == *id) || bare(&name).ends_with("id");
        let value = |href: &&str| {
            query(href)
                .into_iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        if is_id && is_word(&name) && unique(hrefs.iter().map(value).collect()) {
            return Some(format!("parameter: {name}"));
        }
    }
    let number = regex::Regex::new(r"(\d{4,})(?:\D*)$").ok()?;
    let found = |href: &&str| {
        number
            .captures(href.split(['?', '#']).next()?)
            .map(|groups| groups[1].to_owned())
    };
    unique(hrefs.iter().map(found).collect())
        .then(|| "match: '^[^?#]*?(\\d{4,})[^?#\\d]*(?:$|[?#])'".to_owned())
}

/// A text like `1,204 jobs found` in an element that is called so.
fn count(page: &Html) -> Option<String> {
    let says = regex::Regex::new(
        r"(?i)^\D{0,30}[\d,]+\s+(jobs?|results?|vacanc(y|ies)|positions?|roles?)\b.{0,30}$",
    )
    .ok()?;
    let elements = page
        .root_element()
        .descendants()
        .filter_map(ElementRef::wrap)
        .take(MOST_ELEMENTS);
    elements
        .filter(|element| {
            matches!(
                element.value().name(),
                "p" | "span" | "div" | "h1" | "h2" | "strong"
            )
        })
        .find_map(|element| {
            let counts = |class: &&str| {
                is_word(class)
                    && class.starts_with(|letter: char| letter.is_ascii_alphabetic())
                    && COUNTING
                        .iter()
                        .any(|word| class.to_lowercase().contains(word))
            };
            let class = element.value().classes().find(counts)?;
            says.is_match(&text_of(element))
                .then(|| format!("{}.{class}", element.value().name()))
        })
}

#[cfg(test)]
mod tests {
    use super::super::{SourceDraft, write};
    use proptest::prelude::*;

    fn drafted(sample: &str) -> String {
        let draft = SourceDraft {
            institution: "acme",
            timezone: "Australia/Sydney",
            from: "page.html",
            is_address: false,
            allow_private: false,
        };
        write(&draft, sample.as_bytes()).unwrap_or_else(|why| format!("error: {why}"))
    }

    #[test]
    fn cards_are_found_by_repetition_and_fields_by_their_classes() {
        let card = |id: u32, title: &str, place: &str, day: u32| {
            format!(
                "<div class=\"job-card {}\" data-job-id=\"{id}\"><h3><a class=\"job-link\" href=\"/jobs/{id}?from=list\">{title}</a></h3><span class=\"job-location\">{place}</span>
                <p class=\"job-teaser\">Work outdoors all year round.</p><span class=\"closing-date\">Closing date {day} May 2026</span></div>",
                if id.is_multiple_of(2) { "even" } else { "odd" }
            )
        };
        let page = format!(
            "<!doctype html><html><nav><ul><li class=item><a href=/a>About the agency</a></li><li class=item><a href=/b>Board and contacts</a></li></ul></nav>
            <p class=\"result-count\">3 jobs found</p><div class=list>{}{}{}</div><footer><div class=f><a href=/x>Privacy statement</a></div></footer></html>",
            card(4101, "Ranger", "Orange", 17),
            card(4102, "Diver", "Eden", 20),
            card(4103, "Cook", "Bega", 21)
        );
        let text = drafted(&page);
        for line in [
            "decode: html",
            "records: div.job-card",
            "count: p.result-count",
            "id: { css: \"div[data-job-id]@data-job-id\" }",
            "title: { css: h3 }",
            "locations: { css: .job-location }",
            "description: { css: .job-teaser }",
            "close_date: { css: .closing-date, match: '\\d{1,2} [A-Za-z]{3} \\d{4}', format: \"%d %b %Y\" }",
            "source_url: { css: \"a@href\", as: url }",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn rows_of_tables_are_named_by_their_headings() {
        let row = |id: u32, title: &str| {
            format!(
                "<tr><td><a href=\"view?AdvertID={id}&x=1\">{title}</a></td><td>Water</td><td>20-May-2026</td></tr>"
            )
        };
        let page = format!(
            "<html><table><tr><th>Position title</th><th>Department</th><th>Closes</th></tr>{}{}</table></html>",
            row(7, "Weir Keeper"),
            row(8, "Dam Keeper")
        );
        let text = drafted(&page);
        for line in [
            "records: \"tr:has(td a)\"",
            "id: { css: \"a@href\", parameter: AdvertID }",
            "title: { css: a }",
            "department: { css: \"td:nth-child(2)\" }",
            "close_date: { css: \"td:nth-child(3)\", format: \"%d-%b-%Y\" }",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn selectors_find_what_they_were_judged_by() {
        let row = |look: &str, id: u32| {
            format!(
                "<tr class=\"{look}\"><td><a href=\"#\"></a><a href=\"/jobs/VG-{id}\">Weir Keeper {id}</a></td><td>Department of Weirs</td></tr>"
            )
        };
        let rows: String = (4101..4109)
            .map(|id| row(if id % 2 == 0 { "evenrow" } else { "oddrow" }, id))
            .collect();
        let text = drafted(&format!("<html><table>{rows}</table></html>"));
        for line in [
            "records: \"tr:has(td a)\"",
            "id: { css: \"a:not([href='']):not([href^='#'])",
            "title: { css: \"a:not([href='']):not([href^='#'])",
            "@href\", match: ",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn classes_that_a_machine_made_name_nothing_where_attributes_do() {
        let card = |id: u32| {
            format!(
                "<article class=\"_1wwcs5g0 mcr1db95\" data-automation=\"{}Job\" data-job-id=\"{id}\" id=\"jobcard-{}\"><a class=\"gg45di0\" href=\"#\">Save</a>
                 <h3><a class=\"mcr1db9u\" data-automation=\"jobTitle\" href=\"/job/{id}\">Boat Builder {id}</a></h3></article>",
                if id == 918 { "premium" } else { "normal" },
                id % 10
            )
        };
        let text = drafted(&format!(
            "<html>{}{}{}</html>",
            card(918),
            card(1923),
            card(2931)
        ));
        for line in [
            "records: \"article[data-job-id]\"",
            "id: { css: \"article[data-job-id]@data-job-id\" }",
            "source_url: { css: \"a[data-automation=jobTitle]@href\"",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("mcr1db"), "{text}");
    }

    #[test]
    fn a_page_without_a_list_says_what_to_do() {
        assert!(drafted("<html><p>none</p></html>").starts_with("error: it is a web page"));
    }

    proptest! {
        #[test]
        fn no_page_panics(pieces in proptest::collection::vec(prop_oneof![Just("<li class=a><a href=/1>".to_owned()), Just("<tr><td>".to_owned()), Just("<th>".to_owned()), "[<>/a-z =\"é]{0,20}"], 0..40)) {
            drafted(&format!("<html>{}", pieces.concat()));
        }
    }
}
