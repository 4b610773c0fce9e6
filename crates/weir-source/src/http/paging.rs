//! How a crawl comes from one page to the next, and when it is at the end. A position says where it
//! stands and can be kept, so that a crawl that died goes on. Nothing here asks the network.

use super::super::decode::Spot;
use super::request::Ready;
use super::spot::Taken;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// How to come to the next page, compiled.
#[derive(Debug, Clone)]
pub struct Paging {
    pub(super) way: Way,
    /// Most pages to read.
    pub max: u64,
    pub(super) stop: Vec<Stop>,
    pub(super) size: Option<u64>,
}

/// The way from one page to the next.
#[derive(Debug, Clone)]
pub(super) enum Way {
    Single,
    Number {
        target: Target,
        first: u64,
        step: u64,
    },
    Offset {
        target: Target,
        first: u64,
    },
    Cursor {
        taken: Taken,
        target: Target,
        first: Option<String>,
    },
    Next {
        taken: Taken,
    },
    Link,
}

/// When paging stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "stop condition", rename_all = "lowercase")]
pub enum Stop {
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
pub(super) enum Target {
    Parameter(String),
    Member(String),
    /// Wherever the request has this name in braces.
    Name(&'static str),
}

/// Where a crawl stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// At the beginning.
    Start,
    /// At a page number or an offset.
    Number(u64),
    /// At a cursor.
    Cursor(String),
    /// At an address.
    Address(String),
}

impl Position {
    /// What the source itself said of it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Position::Cursor(text) | Position::Address(text) => Some(text),
            Position::Start | Position::Number(_) => None,
        }
    }

    /// The same with another text.
    #[must_use]
    pub fn with_text(&self, other: impl Fn(&str) -> String) -> Position {
        match self {
            Position::Cursor(text) => Position::Cursor(other(text)),
            Position::Address(text) => Position::Address(other(text)),
            Position::Start | Position::Number(_) => self.clone(),
        }
    }
}

/// What a page says about the next.
#[derive(Debug, Clone, Default)]
pub struct Hints {
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
pub enum Follows {
    /// Another page.
    Page(Position),
    /// Nothing: it was the last.
    End,
    /// Nothing, and not because it was the end.
    Broken(String),
}

impl Paging {
    /// Whether the end is where the stated count is reached, and only because that is said.
    pub fn wants_count(&self) -> bool {
        self.stop.contains(&Stop::Total)
    }

    /// What to look for in the body of each page.
    pub fn spot(&self) -> Option<&Spot> {
        match &self.way {
            Way::Cursor {
                taken: Taken::Body(spot),
                ..
            }
            | Way::Next {
                taken: Taken::Body(spot),
            } => Some(spot),
            _ => None,
        }
    }

    /// The header that names the next page.
    pub fn header(&self) -> Option<&str> {
        match &self.way {
            Way::Cursor {
                taken: Taken::Header(name),
                ..
            }
            | Way::Next {
                taken: Taken::Header(name),
            } => Some(name),
            _ => None,
        }
    }

    /// Whether there is one page only.
    pub fn is_single(&self) -> bool {
        matches!(self.way, Way::Single)
    }

    /// Whether positions are numbers or offsets.
    pub fn counts(&self) -> bool {
        matches!(self.way, Way::Number { .. } | Way::Offset { .. })
    }

    /// In a few words.
    pub fn explain(&self) -> String {
        let of = |target: &Target| match target {
            Target::Parameter(name) | Target::Member(name) => name.clone(),
            Target::Name(name) => format!("{{{name}}}"),
        };
        match &self.way {
            Way::Single => String::new(),
            Way::Number { target, .. } => format!(", page by page ({})", of(target)),
            Way::Offset { target, .. } => format!(", by offset ({})", of(target)),
            Way::Cursor { target, .. } => format!(", by cursor ({})", of(target)),
            Way::Next { .. } => ", from page to page".to_owned(),
            Way::Link => ", from page to page (Link header)".to_owned(),
        }
    }

    /// Makes a request the one for a position.
    ///
    /// # Errors
    /// The source gave an address that is none.
    pub fn apply(&self, position: &Position, ready: &mut Ready) -> Result<(), String> {
        match (&self.way, position) {
            (_, Position::Address(address)) => {
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
    pub fn named(&self, position: &Position) -> Option<(&'static str, String)> {
        let Some(Target::Name(name)) = self.target() else {
            return None;
        };
        Some((name, self.value(position).unwrap_or_default()))
    }

    fn target(&self) -> Option<&Target> {
        match &self.way {
            Way::Number { target, .. }
            | Way::Offset { target, .. }
            | Way::Cursor { target, .. } => Some(target),
            Way::Single | Way::Next { .. } | Way::Link => None,
        }
    }

    fn value(&self, position: &Position) -> Option<String> {
        match (&self.way, position) {
            (Way::Number { first, .. } | Way::Offset { first, .. }, Position::Start) => {
                Some(first.to_string())
            }
            (Way::Number { .. } | Way::Offset { .. }, Position::Number(number)) => {
                Some(number.to_string())
            }
            (Way::Cursor { first, .. }, Position::Start) => first.clone(),
            (Way::Cursor { .. }, Position::Cursor(cursor)) => Some(cursor.clone()),
            _ => None,
        }
    }

    /// What follows the page at a position.
    pub fn follows(&self, position: &Position, hints: &Hints) -> Follows {
        let ends_at = |stop: Stop| {
            self.stop.contains(&stop)
                || (self.counts() && matches!(stop, Stop::Empty | Stop::Total))
        };
        let reached =
            ends_at(Stop::Total) && hints.stated.is_some_and(|stated| hints.read >= stated);
        let short = ends_at(Stop::Short) && self.size.is_some_and(|size| hints.items < size);
        if matches!(self.way, Way::Link) && hints.link.as_deref().is_some_and(is_odd_link) {
            return Follows::Broken(
                "its `Link` header names a next page in a form that cannot be read".to_owned(),
            );
        }
        let next = self.next(position, hints);
        if self.is_single() || next.is_none() || (ends_at(Stop::Empty) && hints.items == 0) {
            return Follows::End;
        }
        if hints.fresh == 0 && self.ends_at_repeats(hints.read, hints.stated) {
            return Follows::End;
        }
        if hints.items > 0 && hints.fresh == 0 {
            return Follows::Broken("it only repeats ads of earlier pages".to_owned());
        }
        if short || reached {
            return Follows::End;
        }
        next.map_or(Follows::End, Follows::Page)
    }

    /// Whether what is no new ad, or no new page, is the end: the author says so, or as many ads as
    /// are stated were read.
    pub fn ends_at_repeats(&self, read: u64, stated: Option<u64>) -> bool {
        self.stop.contains(&Stop::Repeat) || stated.is_some_and(|stated| read >= stated)
    }

    fn next(&self, position: &Position, hints: &Hints) -> Option<Position> {
        let number = |first: u64| {
            if let Position::Number(number) = position {
                *number
            } else {
                first
            }
        };
        match &self.way {
            Way::Single => None,
            Way::Number { first, step, .. } => Some(Position::Number(number(*first) + step)),
            Way::Offset { first, .. } => Some(Position::Number(
                number(*first) + self.size.unwrap_or(hints.items),
            )),
            Way::Cursor { .. } => hints.taken.clone().map(Position::Cursor),
            Way::Next { .. } => hints
                .taken
                .as_deref()
                .and_then(|next| absolute(next, hints))
                .map(Position::Address),
            Way::Link => hints
                .link
                .as_deref()
                .and_then(next_link)
                .and_then(|next| absolute(next, hints))
                .map(Position::Address),
        }
    }
}

fn absolute(next: &str, hints: &Hints) -> Option<String> {
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

impl Target {
    fn set(&self, ready: &mut Ready, value: &str) {
        match self {
            // It is there already: the request was filled in with it.
            Target::Name(_) => {}
            Target::Member(member) => ready.sent.set(member, value),
            Target::Parameter(name) => {
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

    fn paging(way: Way, stop: &[Stop], size: Option<u64>) -> Paging {
        Paging {
            way,
            max: 10,
            stop: stop.to_vec(),
            size,
        }
    }

    fn target() -> Target {
        Target::Parameter("p".into())
    }

    fn hints(items: u64, fresh: u64, read: u64, stated: Option<u64>) -> Hints {
        Hints {
            items,
            fresh,
            read,
            stated,
            ..Hints::default()
        }
    }

    #[test]
    fn numbers_go_on_until_nothing_comes_or_the_count_is_reached() {
        let numbers = paging(
            Way::Number {
                target: target(),
                first: 1,
                step: 1,
            },
            &[],
            None,
        );
        assert_eq!(
            numbers.follows(&Position::Start, &hints(10, 10, 10, Some(15))),
            Follows::Page(Position::Number(2))
        );
        assert_eq!(
            numbers.follows(&Position::Number(2), &hints(5, 5, 15, Some(15))),
            Follows::End
        );
        assert_eq!(
            numbers.follows(&Position::Number(3), &hints(0, 0, 10, None)),
            Follows::End
        );
        assert!(matches!(
            numbers.follows(&Position::Number(3), &hints(10, 0, 20, None)),
            Follows::Broken(_)
        ));
    }

    #[test]
    fn a_short_page_is_the_end_only_where_it_is_said() {
        let offset = |stop: &[Stop]| {
            paging(
                Way::Offset {
                    target: target(),
                    first: 0,
                },
                stop,
                Some(20),
            )
        };
        assert_eq!(
            offset(&[]).follows(&Position::Start, &hints(7, 7, 7, None)),
            Follows::Page(Position::Number(20))
        );
        assert_eq!(
            offset(&[Stop::Short]).follows(&Position::Start, &hints(7, 7, 7, None)),
            Follows::End
        );
        assert_eq!(
            offset(&[Stop::Repeat]).follows(&Position::Start, &hints(20, 0, 40, None)),
            Follows::End
        );
    }

    #[test]
    fn what_an_answer_leads_to_is_left_only_where_that_is_said() {
        let cursor = |stop: &[Stop]| {
            paging(
                Way::Cursor {
                    taken: Taken::Header("x".into()),
                    target: target(),
                    first: None,
                },
                stop,
                None,
            )
        };
        let led = |stop: &[Stop], items, fresh, read| {
            cursor(stop).follows(
                &Position::Start,
                &Hints {
                    taken: Some("b".into()),
                    ..hints(items, fresh, read, Some(20))
                },
            )
        };
        let on = Follows::Page(Position::Cursor("b".into()));
        assert_eq!(
            (led(&[], 10, 10, 20), led(&[Stop::Total], 10, 10, 20)),
            (on.clone(), Follows::End)
        );
        assert_eq!(
            (led(&[], 0, 0, 10), led(&[Stop::Empty], 0, 0, 10)),
            (on.clone(), Follows::End)
        );
        assert_eq!(
            (
                led(&[Stop::Total], 5, 5, 10),
                led(&[Stop::Repeat], 5, 0, 10)
            ),
            (on, Follows::End)
        );
        assert!(matches!(led(&[Stop::Total], 5, 0, 10), Follows::Broken(_)));
    }

    #[test]
    fn where_a_next_page_is_always_named_a_page_without_a_new_ad_can_be_the_end() {
        let way = || Way::Cursor {
            taken: Taken::Header("next".to_owned()),
            target: target(),
            first: None,
        };
        let after = |stop: &[Stop], hints: Hints| {
            paging(way(), stop, Some(10)).follows(
                &Position::Start,
                &Hints {
                    taken: Some("a".into()),
                    ..hints
                },
            )
        };
        let page = Follows::Page(Position::Cursor("a".into()));
        assert!(matches!(
            after(&[], hints(10, 0, 20, None)),
            Follows::Broken(_)
        ));
        assert!(matches!(
            after(&[], hints(10, 0, 20, Some(21))),
            Follows::Broken(_)
        ));
        // The stated count alone ends nothing where the source says how to go on.
        assert_eq!(after(&[], hints(10, 10, 20, Some(20))), page);
        assert_eq!(after(&[], hints(0, 0, 20, None)), page);
        for ended in [hints(10, 0, 20, Some(20)), hints(0, 0, 20, Some(20))] {
            assert_eq!(after(&[], ended), Follows::End);
        }
        assert_eq!(after(&[Stop::Repeat], hints(10, 0, 20, None)), Follows::End);
        assert_eq!(after(&[Stop::Short], hints(9, 9, 19, None)), Follows::End);
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
        let hints = Hints {
            link: Some(header.into()),
            url: Some(url),
            ..hints(5, 5, 5, None)
        };
        assert_eq!(
            paging(Way::Link, &[], None).follows(&Position::Start, &hints),
            Follows::Page(Position::Address("https://x/?page=3,4".into()))
        );
    }
}
