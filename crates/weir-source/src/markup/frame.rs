//! What a page looks like around the ads that it lists: by that a later page without ads is told
//! from a login form, an error or a blank page that stands in its place.
//!
//! It keeps no text but the title, and hashes of the rest: it is stored where a crawl stands.

use super::HtmlPage;
use scraper::ElementRef;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use weir_model::Hash;

/// Most marks of a page.
const MOST_MARKS: usize = 200;

/// What surrounds the ads of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFrame {
    /// Its title without digits, in lower case.
    title: String,
    /// Hashes of its elements that have an id or a class.
    marks: BTreeSet<u64>,
    /// Whether it has any element of its own.
    has_elements: bool,
    /// Whether it asks for a password.
    is_login: bool,
}

impl PageFrame {
    /// Whether another page is likely to be one of the same list: it has the title, or half of the
    /// marks. A page that has neither is like one that has neither, unless it is blank.
    pub fn is_like(&self, other: &PageFrame) -> bool {
        if other.is_login || !other.has_elements {
            return false;
        }
        let shared = self.marks.intersection(&other.marks).count();
        let is_bare = self.title.is_empty() && self.marks.is_empty();
        (!self.title.is_empty() && self.title == other.title)
            || (!self.marks.is_empty() && shared * 2 >= self.marks.len())
            || (is_bare && other.title.is_empty())
    }
}

impl HtmlPage {
    /// What surrounds these ads of it.
    pub fn frame(&self, ads: &[ElementRef<'_>]) -> PageFrame {
        let ads: HashSet<_> = ads.iter().map(|ad| ad.id()).collect();
        let mut frame = PageFrame::default();
        let elements = self.0.tree.nodes().filter_map(ElementRef::wrap);
        for element in elements {
            let name = element.value().name();
            frame.is_login |= name == "input"
                && element
                    .attr("type")
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("password"));
            if name == "title" && frame.title.is_empty() {
                frame.title = worded(&element.text().collect::<String>());
            }
            frame.has_elements |= !matches!(name, "html" | "head" | "body");
            let is_within_ad = ads.contains(&element.id())
                || element.ancestors().any(|above| ads.contains(&above.id()));
            if frame.marks.len() < MOST_MARKS && !is_within_ad {
                frame.marks.extend(mark(element));
            }
        }
        frame
    }
}

/// Words without digits: of several pages of a list, titles differ by their numbers.
fn worded(text: &str) -> String {
    let text: String = text.chars().filter(|sign| !sign.is_ascii_digit()).collect();
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

fn mark(element: ElementRef<'_>) -> Option<u64> {
    let (id, class) = (element.attr("id"), element.attr("class"));
    if id.is_none() && class.is_none() {
        return None;
    }
    let mark = format!("{} {id:?} {class:?}", element.value().name());
    Some(Hash::of(mark.as_bytes()).leading())
}

#[cfg(test)]
mod tests {
    use super::super::CssPath;
    use super::*;

    fn frame(html: &str) -> PageFrame {
        let page = HtmlPage::parse(html);
        page.frame(&page.outermost(&CssPath::parse("article").unwrap()))
    }

    #[test]
    fn a_page_of_a_list_is_told_from_what_stands_in_its_place() {
        let first = "<title>Jobs, page 1</title><nav id=menu></nav><main class=list><article class=a>x</article></main><footer id=foot></footer>";
        let list = frame(first);
        for (page, is_like) in [
            ("<title>Jobs, page 3</title><p>None</p>", true),
            (
                "<title>None left</title><nav id=menu></nav><main class=list></main>",
                true,
            ),
            (
                "<title>Sign in</title><form><input type=password></form>",
                false,
            ),
            (
                "<title>Jobs, page 3</title><form><input type=Password></form>",
                false,
            ),
            ("<title>Database Error</title><p>Error</p>", false),
            ("Too many requests", false),
            ("", false),
            ("{\"error\": 1}", false),
        ] {
            assert_eq!(list.is_like(&frame(page)), is_like, "{page}");
        }
        let bare = frame("<article>x</article>");
        assert!(bare.is_like(&frame("<p>no more</p>")));
        assert!(!bare.is_like(&frame("no more")) && !bare.is_like(&frame("")));
    }
}
