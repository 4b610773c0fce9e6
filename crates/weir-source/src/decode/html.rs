//! Pages: a record is the unchanged markup of an element, so edited selectors of the mapping work
//! on stored documents without a new request. Also JSON inside a script of a page.

use super::super::json::{DecodeSummary, DecodedItem, uncounted};
use super::super::steps::selector;
use super::{
    BodyFacts, HtmlSpec, ScriptSpec, UnreadCause, ValueSpot, first_number, plain_selector, record,
};
use crate::markup::{CssPath, HtmlPage, ends_within_tag, standing_alone};
use regex::Regex;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use url::Url;
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::Text;

/// Elements dropped from a record by default.
const DROPPED: &str = "script:not([type*='ld+json' i]), style, noscript, svg, template";

/// Elements as records.
#[derive(Debug, Clone, Default)]
pub(super) struct HtmlCards {
    records: Option<CssPath>,
    count: Option<CssPath>,
    empty: Option<CssPath>,
    drop: Vec<CssPath>,
}

/// JSON inside a script.
#[derive(Debug, Clone, Default)]
pub(super) struct HtmlScript {
    css: Option<CssPath>,
    after: Option<Regex>,
}

impl HtmlCards {
    /// Compiles it; problems go to `out`.
    pub(super) fn compile(
        spec: &HtmlSpec,
        records: Option<&Text>,
        count: Option<&Text>,
        out: &mut Diagnostics,
    ) -> Option<HtmlCards> {
        let mut maybe = |text: Option<&Text>| match text {
            None => Some(None),
            Some(text) => plain_selector(text, out).map(Some),
        };
        let (records, count, empty) = (maybe(records), maybe(count), maybe(spec.empty.as_ref()));
        let drop = match &spec.drop {
            Some(drop) => drop
                .iter()
                .map(|text| selector(text, out))
                .collect::<Vec<_>>()
                .into_iter()
                .collect::<Option<Vec<_>>>(),
            None => Some(CssPath::parse(DROPPED).into_iter().collect()),
        };
        Some(HtmlCards {
            records: records?,
            count: count?,
            empty: empty?,
            drop: drop?,
        })
    }

    pub(super) fn read(
        &self,
        text: &str,
        body: &BodyFacts,
        spots: &[ValueSpot],
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        let mut page = HtmlPage::whole(text)?;
        let counts = self
            .count
            .as_ref()
            .map(|css| css.select(&page, None))
            .unwrap_or_default();
        let stated = counts.iter().find_map(|text| first_number(text));
        let is_empty = self
            .empty
            .as_ref()
            .is_some_and(|css| !css.select(&page, None).is_empty());
        let taken = taken_of(&page, text, body, spots);
        let ads = self.records.as_ref().map(|css| page.outermost(css));
        let ads = ads.unwrap_or_default();
        let frame = body.is_of_many.then(|| page.frame(&ads));
        let is_cut = ads.last().is_some_and(|ad| page.ends_within(*ad, text));
        let base = page.base(address(body).as_ref());
        self.drop.iter().for_each(|css| page.drop(css));
        let mut cards = match &self.records {
            Some(css) => page
                .outermost(css)
                .into_iter()
                .map(standing_alone)
                .collect(),
            None => vec![page.html()],
        };
        if is_cut {
            cards.pop();
        }
        let place_found = !cards.is_empty() || is_empty;
        // A page that says it has no ads need not state a count.
        let is_uncounted = stated.is_none() && !(cards.is_empty() && is_empty);
        let uncounted = self
            .count
            .as_ref()
            .filter(|_| is_uncounted)
            .map(|css| uncounted(css, counts.first().map(String::as_str)));
        let _ = cards.into_iter().all(|html| {
            let members = [
                ("html", Some(html.as_str())),
                ("url", body.url),
                ("html_base", base.as_ref().map(Url::as_str)),
            ];
            put(record(
                &members
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
                    .collect::<Json>(),
            ))
        });
        if is_cut || (self.records.is_some() && ends_within_tag(text)) {
            return Err(UnreadCause::from(
                "it ends within an ad or a tag: it may be truncated",
            ));
        }
        Ok(DecodeSummary {
            stated,
            uncounted,
            place_found,
            taken,
            frame,
            ..DecodeSummary::default()
        })
    }
}

/// Values of a page outside its records.
pub(super) fn taken(text: &str, body: &BodyFacts, spots: &[ValueSpot]) -> Vec<Option<Json>> {
    if spots.is_empty() {
        Vec::new()
    } else {
        taken_of(&HtmlPage::parse(text), text, body, spots)
    }
}

fn address(body: &BodyFacts) -> Option<Url> {
    body.url.and_then(|url| Url::parse(url).ok())
}

fn taken_of(
    page: &HtmlPage,
    text: &str,
    body: &BodyFacts,
    spots: &[ValueSpot],
) -> Vec<Option<Json>> {
    let base = address(body);
    let take = |spot: &ValueSpot| match spot {
        ValueSpot::Path(_) => None,
        ValueSpot::Css(css) => css.select(page, base.as_ref()).into_iter().next(),
        ValueSpot::Match(regex) => {
            let found = regex.captures(text)?;
            found
                .get(1)
                .or_else(|| found.get(0))
                .map(|group| group.as_str().to_owned())
        }
    };
    spots
        .iter()
        .map(|spot| take(spot).map(Json::from))
        .collect()
}

impl HtmlScript {
    /// Compiles it; problems go to `out`.
    pub(super) fn compile(
        spec: &ScriptSpec,
        place: &Place,
        out: &mut Diagnostics,
    ) -> Option<HtmlScript> {
        match (&spec.css, &spec.after) {
            (Some(css), None) => Some(HtmlScript {
                css: Some(selector(css, out)?),
                after: None,
            }),
            (None, Some(after)) => Some(HtmlScript {
                css: None,
                after: spelt_loosely(after),
            }),
            (None, None) => {
                out.error(
                    place,
                    "bad-decode",
                    "the script that contains the JSON is not specified",
                )
                .help("give `css: \"#__NEXT_DATA__\"`, or `after: \"window.__DATA__ =\"`");
                None
            }
            (Some(_), Some(after)) => {
                out.error(
                    &after.place,
                    "bad-decode",
                    "the script that contains the JSON is specified twice",
                )
                .help("give either `css` or `after`");
                None
            }
        }
    }

    /// The JSON.
    pub(super) fn json(&self, text: &str) -> Result<String, UnreadCause> {
        let held = match (&self.css, &self.after) {
            (Some(css), _) => {
                let taken = CssPath::parse(&format!(
                    "{}@html",
                    css.to_string().trim_end_matches("@html")
                ))
                .map_err(|error| error.message)?;
                // The first of several scripts that contains JSON.
                let scripts = taken.select(&HtmlPage::whole(text)?, None);
                scripts
                    .iter()
                    .find(|script| held_json(script).is_ok())
                    .or(scripts.first())
                    .cloned()
            }
            (None, Some(after)) => after.find(text).map(|found| text[found.end()..].to_owned()),
            (None, None) => None,
        };
        let held = held.ok_or("the page does not contain the specified script")?;
        Ok(held_json(&held)?)
    }
}

/// The first JSON value in a script.
fn held_json(script: &str) -> Result<String, String> {
    let start = script
        .find(['{', '['])
        .ok_or("the script contains no JSON")?;
    let mut values =
        serde_json::Deserializer::from_str(&script[start..]).into_iter::<Box<RawValue>>();
    let value = values
        .next()
        .ok_or("the script contains no JSON")?
        .map_err(|error| format!("the script contains no JSON: {error}"))?;
    Ok(value.get().to_owned())
}

/// A pattern for the text in front of the JSON with flexible whitespace, also around `=`: tools
/// reformat pages.
fn spelt_loosely(text: &str) -> Option<Regex> {
    let words: Vec<String> = text.split_whitespace().map(regex::escape).collect();
    Regex::new(
        &words
            .join(r"\s+")
            .replace(r"\s+=", "=")
            .replace(r"=\s+", "=")
            .replace('=', r"\s*=\s*"),
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIST: &str = r#"<html><p class="count">1,002 jobs</p><article class="job" id="1"><h4>Ranger</h4><script>x</script></article>
      <article class="job"><h4>Cook</h4></article><a class="next" href="?page=2">Next</a></html>"#;

    fn cards(records: Option<&str>) -> HtmlCards {
        let css = |text: &str| CssPath::parse(text).unwrap();
        HtmlCards {
            records: records.map(css),
            count: Some(css("p.count")),
            empty: Some(css(".no-results")),
            drop: vec![css(DROPPED)],
        }
    }

    fn read(cards: &HtmlCards, text: &str) -> (Vec<Json>, DecodeSummary) {
        let mut items: Vec<Json> = Vec::new();
        let spots = [ValueSpot::Css(CssPath::parse("a.next@href").unwrap())];
        let found = cards.read(
            text,
            &BodyFacts {
                url: Some("https://x/list"),
                ..BodyFacts::default()
            },
            &spots,
            &mut |item| {
                if let DecodedItem::Record(text) = item {
                    items.push(serde_json::from_str(&text).unwrap());
                }
                true
            },
        );
        (items, found.unwrap())
    }

    #[test]
    fn cards_are_kept_as_they_are() {
        let (items, found) = read(&cards(Some("article.job")), LIST);
        assert_eq!(
            items[0],
            json!({ "html": r#"<article class="job" id="1"><h4>Ranger</h4></article>"#, "url": "https://x/list" })
        );
        assert_eq!(
            (items.len(), found.stated, found.place_found),
            (2, Some(1002), true)
        );
        assert_eq!(found.taken, [Some(json!("https://x/list?page=2"))]);
    }

    #[test]
    fn links_of_cards_lead_from_where_the_page_says() {
        let (items, found) = read(
            &cards(Some("article.job")),
            &LIST.replace("<p class", "<base href=/app/><p class"),
        );
        assert_eq!(
            (&items[0]["url"], &items[0]["html_base"]),
            (&json!("https://x/list"), &json!("https://x/app/"))
        );
        assert_eq!(found.taken, [Some(json!("https://x/app/?page=2"))]);
    }

    #[test]
    fn a_page_that_should_count_its_ads_and_does_not_says_so_unless_it_has_none() {
        let uncounted = |text: &str| read(&cards(Some("article.job")), text).1.uncounted;
        assert_eq!(uncounted(LIST), None);
        assert_eq!(
            uncounted(&LIST.replace("1,002", "Many")).unwrap(),
            "the count at `p.count` is `Many jobs`, not an integer"
        );
        assert_eq!(
            uncounted("<article class=job>Cook</article>").unwrap(),
            "there is no count at `p.count`"
        );
        assert_eq!(uncounted("<p class=no-results>Sorry</p>"), None);
    }

    #[test]
    fn a_page_without_a_card_is_no_empty_board_unless_it_says_so() {
        assert!(
            !read(&cards(Some("article.job")), "<p>Sorry</p>")
                .1
                .place_found
        );
        assert!(
            read(
                &cards(Some("article.job")),
                "<p class='no-results'>None</p>"
            )
            .1
            .place_found
        );
        assert_eq!(read(&cards(None), LIST).0.len(), 1);
    }

    #[test]
    fn a_page_that_ends_within_a_card_gives_the_cards_before_it() {
        let read = |text: &str| {
            let mut items = 0;
            let found = cards(Some(".job")).read(text, &BodyFacts::default(), &[], &mut |_| {
                items += 1;
                true
            });
            (items, found.is_err())
        };
        let whole = "<ul><div class=job>A</div><div class=job>B <b>c</b></div></ul>";
        for end in ["", "</body>", "</html>\n", "<p>foot"] {
            assert_eq!(read(&format!("{whole}{end}")), (2, false), "{end}");
        }
        for cut in [
            "<div class=job>Park Ra",
            "<div class=job><h2>Park</h2>",
            "<a class=job href=/1",
        ] {
            assert_eq!(read(&format!("{whole}{cut}")), (2, true), "{cut}");
        }
        // Its end may be left out.
        assert_eq!(read("<ul><li class=job>A<li class=job>B"), (2, false));
    }

    #[test]
    fn a_page_that_could_keep_the_parser_busy_is_refused() {
        let deep = "<div>".repeat(20_000);
        let told = cards(None)
            .read(&deep, &BodyFacts::default(), &[], &mut |_| true)
            .unwrap_err();
        assert!(
            matches!(&told, UnreadCause::Beyond(why) if why.contains("deeper than 512 levels")),
            "{told}"
        );
    }

    #[test]
    fn json_is_found_in_scripts() {
        let by = |css: Option<&str>, after: Option<&str>| HtmlScript {
            css: css.map(|css| CssPath::parse(css).unwrap()),
            after: after.and_then(spelt_loosely),
        };
        let page = r#"<script id="d">{"a": "</b>"}</script><script>window.X = {"b": [1]}; more()</script>"#;
        assert_eq!(by(Some("#d"), None).json(page).unwrap(), r#"{"a": "</b>"}"#);
        assert_eq!(
            by(None, Some("window.X =")).json(page).unwrap(),
            r#"{"b": [1]}"#
        );
        assert_eq!(
            by(None, Some("window.X=")).json(page).unwrap(),
            r#"{"b": [1]}"#
        );
        assert_eq!(
            by(Some("script"), None)
                .json("<script>var a;</script><script>[1]</script>")
                .unwrap(),
            "[1]"
        );
        assert!(by(Some("#e"), None).json(page).is_err());
    }
}
