//! How a crawl comes from one page to the next, and when it is at the end. A position says where it
//! stands and can be kept, so that a crawl that died goes on. Nothing here asks the network.

use super::super::decode::ValueSpot;
use super::request::ReadyRequest;
use super::spot::ValueSelector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// How to come to the next page, compiled.
#[derive(Debug, Clone)]
pub struct Paging {
    pub(super) way: PagingWay,
    /// Most pages to read.
    pub max: u64,
    pub(super) stop: Vec<StopCondition>,
    pub(super) size: Option<u64>,
}

/// The way from one page to the next.
#[derive(Debug, Clone)]
pub(super) enum PagingWay {
    Single,
    Number {
        target: PositionTarget,
        first: u64,
        step: u64,
    },
    Offset {
        target: PositionTarget,
        first: u64,
    },
    Cursor {
        taken: ValueSelector,
        target: PositionTarget,
        first: Option<String>,
    },
    Next {
        taken: ValueSelector,
    },
    Link,
}

/// When paging stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "stop condition", rename_all = "lowercase")]
pub enum StopCondition {
    /// A page with fewer ads than a full one.
    Short,
    /// A page without new ads, or a next page that was already read.
    Repeat,
    /// A page without ads; always the end for `number` and `offset`.
    Empty,
    /// The stated count has been read; always the end for `number` and `offset`.
    Total,
}

/// Where the value of a position goes.
#[derive(Debug, Clone)]
pub(super) enum PositionTarget {
    Parameter(String),
    Member(String),
    /// Wherever the request has this name in braces.
    Name(&'static str),
}

/// Where a crawl stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrawlPosition {
    /// At the beginning.
    Start,
    /// At a page number or an offset.
    Number(u64),
    /// At a cursor.
    Cursor(String),
    /// At an address.
    Address(String),
}

impl CrawlPosition {
    /// What the source itself said of it.
    pub fn text(&self) -> Option<&str> {
        match self {
            CrawlPosition::Cursor(text) | CrawlPosition::Address(text) => Some(text),
            CrawlPosition::Start | CrawlPosition::Number(_) => None,
        }
    }

    /// The same with another text.
    #[must_use]
    pub fn with_text(&self, other: impl Fn(&str) -> String) -> CrawlPosition {
        match self {
            CrawlPosition::Cursor(text) => CrawlPosition::Cursor(other(text)),
            CrawlPosition::Address(text) => CrawlPosition::Address(other(text)),
            CrawlPosition::Start | CrawlPosition::Number(_) => self.clone(),
        }
    }
}

/// What a page says about the next.
#[derive(Debug, Clone, Default)]
pub struct PageHints {
    /// How many ads it held.
    pub items: u64,
    /// How many of them were new in this crawl.
    pub fresh: u64,
    /// How many ads the crawl has read so far, those that pages repeat counted once.
    pub read: u64,
    /// How many the source states.
    pub stated: Option<u64>,
    /// The value that the way of paging looks for in the answer.
    pub taken: Option<String>,
    /// The `Link` header.
    pub link: Option<String>,
    /// The address of the page.
    pub url: Option<Url>,
}

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// Another page.
    Page(CrawlPosition),
    /// Nothing: it was the last.
    End,
    /// Nothing, and not because it was the end.
    Broken(String),
}

impl Paging {
    /// Whether the end is where the stated count is reached, and only because that is said.
    pub fn wants_count(&self) -> bool {
        self.stop.contains(&StopCondition::Total)
    }

    /// What to look for in the body of each page.
    pub fn spot(&self) -> Option<&ValueSpot> {
        match &self.way {
            PagingWay::Cursor {
                taken: ValueSelector::Body(spot),
                ..
            }
            | PagingWay::Next {
                taken: ValueSelector::Body(spot),
            } => Some(spot),
            _ => None,
        }
    }

    /// The header that names the next page.
    pub fn header(&self) -> Option<&str> {
        match &self.way {
            PagingWay::Cursor {
                taken: ValueSelector::Header(name),
                ..
            }
            | PagingWay::Next {
                taken: ValueSelector::Header(name),
            } => Some(name),
            _ => None,
        }
    }

    /// Whether there is one page only.
    pub fn is_single(&self) -> bool {
        matches!(self.way, PagingWay::Single)
    }

    /// Whether positions are numbers or offsets.
    pub fn counts(&self) -> bool {
        matches!(
            self.way,
            PagingWay::Number { .. } | PagingWay::Offset { .. }
        )
    }

    /// In a few words.
    pub fn explain(&self) -> String {
        let of = |target: &PositionTarget| match target {
            PositionTarget::Parameter(name) | PositionTarget::Member(name) => name.clone(),
            PositionTarget::Name(name) => format!("{{{name}}}"),
        };
        match &self.way {
            PagingWay::Single => String::new(),
            PagingWay::Number { target, .. } => format!(", page by page ({})", of(target)),
            PagingWay::Offset { target, .. } => format!(", by offset ({})", of(target)),
            PagingWay::Cursor { target, .. } => format!(", by cursor ({})", of(target)),
            PagingWay::Next { .. } => ", from page to page".to_owned(),
            PagingWay::Link => ", from page to page (Link header)".to_owned(),
        }
    }

    /// Makes a request the one for a position.
    ///
    /// # Errors
    /// The source gave an address that is none.
    pub fn apply(&self, position: &CrawlPosition, ready: &mut ReadyRequest) -> Result<(), String> {
        match (&self.way, position) {
            (_, CrawlPosition::Address(address)) => {
                let next = ready
                    .url
                    .join(address)
                    .map_err(|error| format!("the next page has no valid address: {error}"))?;
                ready.led_from = Some(std::mem::replace(&mut ready.url, next));
            }
            _ => {
                if let Some((target, value)) = self.target().zip(self.value(position)) {
                    target.set(ready, &value);
                }
            }
        }
        Ok(())
    }

    /// The name by which the request has the value of a position, and the value; none of a cursor
    /// that is not known yet.
    pub fn named(&self, position: &CrawlPosition) -> Option<(&'static str, String)> {
        let Some(PositionTarget::Name(name)) = self.target() else {
            return None;
        };
        Some((name, self.value(position).unwrap_or_default()))
    }

    fn target(&self) -> Option<&PositionTarget> {
        match &self.way {
            PagingWay::Number { target, .. }
            | PagingWay::Offset { target, .. }
            | PagingWay::Cursor { target, .. } => Some(target),
            PagingWay::Single | PagingWay::Next { .. } | PagingWay::Link => None,
        }
    }

    fn value(&self, position: &CrawlPosition) -> Option<String> {
        match (&self.way, position) {
            (
                PagingWay::Number { first, .. } | PagingWay::Offset { first, .. },
                CrawlPosition::Start,
            ) => Some(first.to_string()),
            (
                PagingWay::Number { .. } | PagingWay::Offset { .. },
                CrawlPosition::Number(number),
            ) => Some(number.to_string()),
            (PagingWay::Cursor { first, .. }, CrawlPosition::Start) => first.clone(),
            (PagingWay::Cursor { .. }, CrawlPosition::Cursor(cursor)) => Some(cursor.clone()),
            _ => None,
        }
    }

    /// What follows the page at a position.
    pub fn follows(&self, position: &CrawlPosition, hints: &PageHints) -> NextPage {
        let ends_at = |stop: StopCondition| {
            self.stop.contains(&stop)
                || (self.counts() && matches!(stop, StopCondition::Empty | StopCondition::Total))
        };
        let reached = ends_at(StopCondition::Total)
            && hints.stated.is_some_and(|stated| hints.read >= stated);
        let short =
            ends_at(StopCondition::Short) && self.size.is_some_and(|size| hints.items < size);
        if matches!(self.way, PagingWay::Link) && hints.link.as_deref().is_some_and(is_odd_link) {
            return NextPage::Broken(
                "its `Link` header names a next page in a form that cannot be read".to_owned(),
            );
        }
        let next = self.next(position, hints);
        if self.is_single() || next.is_none() || (ends_at(StopCondition::Empty) && hints.items == 0)
        {
            return NextPage::End;
        }
        if hints.fresh == 0 && self.ends_at_repeats(hints.read, hints.stated) {
            return NextPage::End;
        }
        if hints.items > 0 && hints.fresh == 0 {
            return NextPage::Broken("it only repeats ads of earlier pages".to_owned());
        }
        if short || reached {
            return NextPage::End;
        }
        next.map_or(NextPage::End, NextPage::Page)
    }

    /// Whether what is no new ad, or no new page, is the end: the author says so, or as many ads as
    /// are stated were read.
    pub fn ends_at_repeats(&self, read: u64, stated: Option<u64>) -> bool {
        self.stop.contains(&StopCondition::Repeat) || stated.is_some_and(|stated| read >= stated)
    }

    fn next(&self, position: &CrawlPosition, hints: &PageHints) -> Option<CrawlPosition> {
        let number = |first: u64| {
            if let CrawlPosition::Number(number) = position {
                *number
            } else {
                first
            }
        };
        match &self.way {
            PagingWay::Single => None,
            PagingWay::Number { first, step, .. } => {
                Some(CrawlPosition::Number(number(*first) + step))
            }
            PagingWay::Offset { first, .. } => Some(CrawlPosition::Number(
                number(*first) + self.size.unwrap_or(hints.items),
            )),
            PagingWay::Cursor { .. } => hints.taken.clone().map(CrawlPosition::Cursor),
            PagingWay::Next { .. } => hints
                .taken
                .as_deref()
                .and_then(|next| absolute(next, hints))
                .map(CrawlPosition::Address),
            PagingWay::Link => hints
                .link
                .as_deref()
                .and_then(next_link)
                .and_then(|next| absolute(next, hints))
                .map(CrawlPosition::Address),
        }
    }
}

fn absolute(next: &str, hints: &PageHints) -> Option<String> {
    match &hints.url {
        Some(url) => url.join(next).ok().map(String::from),
        None => Some(next.to_owned()),
    }
}

/// The address of the next page in the `Link` headers of an answer (RFC 8288): names of parameters
/// in any case, blanks around `=`, either quote.
fn next_link(header: &str) -> Option<&str> {
    let mut links = header
        .split('<')
        .skip(1)
        .filter_map(|link| link.split_once('>'));
    let is_next = |parameters: &str| {
        let named = parameters.split(';').filter_map(|one| one.split_once('='));
        named
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"))
            .any(|(_, rel)| {
                rel.trim_matches([',', ' ', '\t', '"', '\''])
                    .split_ascii_whitespace()
                    .any(|word| word.eq_ignore_ascii_case("next"))
            })
    };
    links
        .find(|(_, parameters)| is_next(parameters))
        .map(|(address, _)| address.trim())
}

/// Whether a header speaks of a next page, and is no list of links.
fn is_odd_link(header: &str) -> bool {
    let mut links = header.split('<').skip(1);
    let is_broken = !header.contains('<') || links.any(|link| !link.contains('>'));
    is_broken && next_link(header).is_none() && header.to_ascii_lowercase().contains("next")
}

impl PositionTarget {
    fn set(&self, ready: &mut ReadyRequest, value: &str) {
        match self {
            // It is there already: the request was filled in with it.
            PositionTarget::Name(_) => {}
            PositionTarget::Member(member) => ready.sent.set(member, value),
            PositionTarget::Parameter(name) => {
                let others: Vec<(String, String)> = ready
                    .url
                    .query_pairs()
                    .filter(|(key, _)| key != name.as_str())
                    .map(|(key, value)| (key.into_owned(), value.into_owned()))
                    .collect();
                ready.url.set_query(None);
                ready
                    .url
                    .query_pairs_mut()
                    .extend_pairs(others)
                    .append_pair(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(way: PagingWay, stop: &[StopCondition], size: Option<u64>) -> Paging {
        Paging {
            way,
            max: 10,
            stop: stop.to_vec(),
            size,
        }
    }

    fn target() -> PositionTarget {
        PositionTarget::Parameter("p".into())
    }

    fn hints(items: u64, fresh: u64, read: u64, stated: Option<u64>) -> PageHints {
        PageHints {
            items,
            fresh,
            read,
            stated,
            ..PageHints::default()
        }
    }

    #[test]
    fn numbers_go_on_until_nothing_comes_or_the_count_is_reached() {
        let numbers = paging(
            PagingWay::Number {
                target: target(),
                first: 1,
                step: 1,
            },
            &[],
            None,
        );
        assert_eq!(
            numbers.follows(&CrawlPosition::Start, &hints(10, 10, 10, Some(15))),
            NextPage::Page(CrawlPosition::Number(2))
        );
        assert_eq!(
            numbers.follows(&CrawlPosition::Number(2), &hints(5, 5, 15, Some(15))),
            NextPage::End
        );
        assert_eq!(
            numbers.follows(&CrawlPosition::Number(3), &hints(0, 0, 10, None)),
            NextPage::End
        );
        assert!(matches!(
            numbers.follows(&CrawlPosition::Number(3), &hints(10, 0, 20, None)),
            NextPage::Broken(_)
        ));
    }

    #[test]
    fn a_short_page_is_the_end_only_where_it_is_said() {
        let offset = |stop: &[StopCondition]| {
            paging(
                PagingWay::Offset {
                    target: target(),
                    first: 0,
                },
                stop,
                Some(20),
            )
        };
        assert_eq!(
            offset(&[]).follows(&CrawlPosition::Start, &hints(7, 7, 7, None)),
            NextPage::Page(CrawlPosition::Number(20))
        );
        assert_eq!(
            offset(&[StopCondition::Short]).follows(&CrawlPosition::Start, &hints(7, 7, 7, None)),
            NextPage::End
        );
        assert_eq!(
            offset(&[StopCondition::Repeat])
                .follows(&CrawlPosition::Start, &hints(20, 0, 40, None)),
            NextPage::End
        );
    }

    #[test]
    fn what_an_answer_leads_to_is_left_only_where_that_is_said() {
        let cursor = |stop: &[StopCondition]| {
            paging(
                PagingWay::Cursor {
                    taken: ValueSelector::Header("x".into()),
                    target: target(),
                    first: None,
                },
                stop,
                None,
            )
        };
        let led = |stop: &[StopCondition], items, fresh, read| {
            cursor(stop).follows(
                &CrawlPosition::Start,
                &PageHints {
                    taken: Some("b".into()),
                    ..hints(items, fresh, read, Some(20))
                },
            )
        };
        let on = NextPage::Page(CrawlPosition::Cursor("b".into()));
        assert_eq!(
            (
                led(&[], 10, 10, 20),
                led(&[StopCondition::Total], 10, 10, 20)
            ),
            (on.clone(), NextPage::End)
        );
        assert_eq!(
            (led(&[], 0, 0, 10), led(&[StopCondition::Empty], 0, 0, 10)),
            (on.clone(), NextPage::End)
        );
        assert_eq!(
            (
                led(&[StopCondition::Total], 5, 5, 10),
                led(&[StopCondition::Repeat], 5, 0, 10)
            ),
            (on, NextPage::End)
        );
        assert!(matches!(
            led(&[StopCondition::Total], 5, 0, 10),
            NextPage::Broken(_)
        ));
    }

    #[test]
    fn where_a_next_page_is_always_named_a_page_without_a_new_ad_can_be_the_end() {
        let way = || PagingWay::Cursor {
            taken: ValueSelector::Header("next".to_owned()),
            target: target(),
            first: None,
        };
        let after = |stop: &[StopCondition], hints: PageHints| {
            paging(way(), stop, Some(10)).follows(
                &CrawlPosition::Start,
                &PageHints {
                    taken: Some("a".into()),
                    ..hints
                },
            )
        };
        let page = NextPage::Page(CrawlPosition::Cursor("a".into()));
        assert!(matches!(
            after(&[], hints(10, 0, 20, None)),
            NextPage::Broken(_)
        ));
        assert!(matches!(
            after(&[], hints(10, 0, 20, Some(21))),
            NextPage::Broken(_)
        ));
        // The stated count alone ends nothing where the source says how to go on.
        assert_eq!(after(&[], hints(10, 10, 20, Some(20))), page);
        assert_eq!(after(&[], hints(0, 0, 20, None)), page);
        for ended in [hints(10, 0, 20, Some(20)), hints(0, 0, 20, Some(20))] {
            assert_eq!(after(&[], ended), NextPage::End);
        }
        assert_eq!(
            after(&[StopCondition::Repeat], hints(10, 0, 20, None)),
            NextPage::End
        );
        assert_eq!(
            after(&[StopCondition::Short], hints(9, 9, 19, None)),
            NextPage::End
        );
    }

    #[test]
    fn the_link_header_names_the_next_page() {
        let header = r#"<https://x/?page=1>; rel="prev", </?page=3,4>; title="a"; rel="next last""#;
        assert_eq!(next_link(header), Some("/?page=3,4"));
        for rel in [
            "REL=next",
            "rel = \"next\"",
            "rel='next'",
            "Rel=\"last NEXT\"",
            "a=b; rel=next",
        ] {
            let header = format!("<https://x/api>; rel=\"https://x/next/\", <b>; {rel}");
            assert_eq!(next_link(&header), Some("b"), "{rel}");
        }
        for none in [
            r#"<https://x/?page=1>; rel="prev""#,
            r#"<https://x/next>; rel="prev"; title="next""#,
            "",
        ] {
            assert_eq!(
                (next_link(none), is_odd_link(none)),
                (None, false),
                "{none}"
            );
        }
        assert!(is_odd_link("https://x/?page=2; rel=next"));
        let url = Url::parse("https://x/a?page=2").unwrap();
        let hints = PageHints {
            link: Some(header.into()),
            url: Some(url),
            ..hints(5, 5, 5, None)
        };
        assert_eq!(
            paging(PagingWay::Link, &[], None).follows(&CrawlPosition::Start, &hints),
            NextPage::Page(CrawlPosition::Address("https://x/?page=3,4".into()))
        );
    }
}
