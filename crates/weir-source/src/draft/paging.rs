//! Guesses how a source pages, from its address and from values of the sample outside the ads. A
//! guess is written with a comment: one page proves nothing.

use super::shape::SampleShape;
use super::words::bare;
use super::{SourceDraft, quoted};
use crate::markup::{CssPath, HtmlPage};
use regex::Regex;
use serde_json::{Map, Value as Json};
use url::Url;

/// Query parameters that number pages.
const NUMBERS: [&str; 6] = ["page", "p", "pg", "pagenumber", "pageno", "currentpage"];
/// Query parameters for the number of ads to skip.
const OFFSETS: [&str; 6] = ["offset", "start", "skip", "from", "startrow", "startindex"];
/// Query parameters for the page size.
const SIZES: [&str; 8] = [
    "limit",
    "size",
    "pagesize",
    "perpage",
    "rows",
    "take",
    "count",
    "hitsperpage",
];
/// Members with the address of the next page.
const NEXT: [&str; 6] = [
    "next",
    "nexturl",
    "nextpage",
    "nextpageurl",
    "nextlink",
    "nexthref",
];
/// Members with a value for the next page.
const CURSORS: [&str; 6] = [
    "nextcursor",
    "cursor",
    "nexttoken",
    "nextpagetoken",
    "continuationtoken",
    "after",
];
/// Links to a next page, the surest first.
const LINKS: [&str; 5] = [
    "link[rel=next]@href",
    "a[rel=next]@href",
    "li.next a@href",
    "a.next@href",
    "a[aria-label='Next' i]@href",
];

/// How further pages are reached.
pub(super) struct DraftedPaging {
    /// The line for `pages`, with its reason.
    pub(super) line: String,
    /// The address, if the page goes into the middle of it.
    pub(super) url: Option<String>,
}

/// How further pages are reached; `None` if nothing indicates that there are any.
pub(super) fn guess(
    draft: &SourceDraft,
    shape: &SampleShape,
    sample: &[u8],
) -> Option<DraftedPaging> {
    let url = Url::parse(draft.from).ok()?;
    let said = shape.json.as_ref().and_then(in_body);
    let said = said
        .or_else(|| in_page(shape, sample))
        .or_else(|| in_address(&url));
    let plain = |line: String| DraftedPaging { line, url: None };
    said.map(plain)
        .or_else(|| within(draft.from))
        .or_else(|| numbered(shape.json.as_ref()?, &url).map(plain))
}

fn line(way: &str, why: &str) -> String {
    format!("pages: {{ {way} }}      # guessed: {why}")
}

/// `{ next: "https://..." }`, `{ paging: { nextCursor: "x" } }`.
fn in_body(json: &Json) -> Option<String> {
    let mut found = None;
    beside(json, "$", 0, &mut |path, name, value| {
        let (Some(text), None) = (value.as_str().filter(|text| !text.is_empty()), &found) else {
            return;
        };
        let is_address = text.starts_with("http") || text.starts_with('/') || text.starts_with('?');
        if NEXT.contains(&name) && is_address {
            found = Some(line(
                &format!("next: {{ from: {} }}", quoted(path)),
                "the sample names a next page",
            ));
        } else if CURSORS.contains(&name) || NEXT.contains(&name) {
            let way = format!("cursor: {{ from: {}, parameter: cursor }}", quoted(path));
            found = Some(line(
                &way,
                "the sample has a value for the next page; find the right `parameter` in the documentation of the source",
            ));
        }
    });
    found
}

/// A link of a page to the next.
fn in_page(shape: &SampleShape, sample: &[u8]) -> Option<String> {
    if !matches!(shape.decode, "html" | "json_ld" | "script") {
        return None;
    }
    let page = HtmlPage::parse(&String::from_utf8_lossy(sample));
    let leads = |css: &&&str| {
        CssPath::parse(css).is_ok_and(|css| {
            css.select(&page, None)
                .iter()
                .any(|href| !href.is_empty() && !href.starts_with('#'))
        })
    };
    let link = LINKS.iter().find(leads)?;
    Some(line(
        &format!("next: {{ css: {} }}", quoted(link)),
        "the page links to a next one",
    ))
}

/// `?page=1`, `?offset=0&limit=20`.
fn in_address(url: &Url) -> Option<String> {
    let parameter = |names: &[&str]| {
        let mut pairs = url
            .query_pairs()
            .filter_map(|(name, value)| Some((name.into_owned(), value.parse::<u64>().ok()?)));
        pairs.find(|(name, _)| names.contains(&bare(name).as_str()))
    };
    let size = parameter(&SIZES)
        .filter(|(_, size)| *size > 0)
        .map_or(String::new(), |(_, size)| format!(", size: {size}"));
    let why = "the address has this parameter";
    if let Some((name, first)) = parameter(&OFFSETS) {
        return Some(line(
            &format!(
                "offset: {{ parameter: {}, first: {first}{size} }}",
                quoted(&name)
            ),
            why,
        ));
    }
    let (name, first) = parameter(&NUMBERS)?;
    Some(line(
        &format!("number: {{ parameter: {}, first: {first} }}", quoted(&name)),
        why,
    ))
}

/// A number of a page within other text: `finder=all;limit=25,offset=0`, `/jobs/page/1`.
const WITHIN: &str = r"(?i)(?:[/;,|&?~(]|%2C|%3B)(offset|startrow|startindex|start|skip|pagenumber|pageno|page)(?:[=/:-]|%3D)(\d+)(?:$|[/;,|&#~)?]|%2C|%3B)";
/// How many ads such a page has.
const SIZE_WITHIN: &str = r"(?i)(?:[/;,|&?~(]|%2C|%3B)(?:limit|pagesize|size|rows)(?:=|%3D)(\d+)";

fn within(address: &str) -> Option<DraftedPaging> {
    let found = Regex::new(WITHIN).ok()?.captures(address)?;
    let (name, number) = (bare(&found[1]), found.get(2)?);
    let first = number.as_str();
    let size = Regex::new(SIZE_WITHIN)
        .ok()?
        .captures(address)
        .map_or(String::new(), |size| format!(", size: {}", &size[1]));
    let (kind, way) = if name.starts_with("page") {
        ("page", format!("number: {{ first: {first} }}"))
    } else {
        ("offset", format!("offset: {{ first: {first}{size} }}"))
    };
    let literal = |text: &str| text.replace('{', "{{");
    let url = format!(
        "{}{{{kind}}}{}",
        literal(&address[..number.start()]),
        literal(&address[number.end()..])
    );
    Some(DraftedPaging {
        line: line(&way, "the address has this number"),
        url: Some(url),
    })
}

/// `{ page: 1, totalPages: 7 }`, `{ offset: 0, limit: 20, total: 90 }`: the parameter is likely
/// called as the member is.
fn numbered(json: &Json, url: &Url) -> Option<String> {
    let (mut page, mut offset, mut size, mut pages, mut total) = (None, None, None, None, None);
    beside(json, "$", 0, &mut |path, name, value| {
        let Some(number) = value.as_u64() else { return };
        let own = path.rsplit('.').next().unwrap_or_default().to_owned();
        let place = match name {
            "totalpages" | "pagecount" | "lastpage" | "pages" => &mut pages,
            "total" | "totalcount" | "totalfound" | "totalresults" => &mut total,
            name if NUMBERS.contains(&name) => &mut page,
            name if OFFSETS.contains(&name) => &mut offset,
            name if SIZES.contains(&name) => &mut size,
            _ => return,
        };
        place.get_or_insert((own, number));
    });
    let why = format!(
        "the sample is numbered like this; whether {} accepts this parameter is a guess",
        url.host_str().unwrap_or("the source")
    );
    match (page, offset, size, pages, total) {
        (_, Some((name, first)), Some((_, size)), _, Some((_, total)))
            if size > 0 && total > first + size =>
        {
            Some(line(
                &format!(
                    "offset: {{ parameter: {}, first: {first}, size: {size} }}",
                    quoted(&name)
                ),
                &why,
            ))
        }
        (Some((name, first)), _, _, Some((_, pages)), _) if pages > 1 => Some(line(
            &format!(
                "number: {{ parameter: {}, first: {} }}",
                quoted(&name),
                first.min(1)
            ),
            &why,
        )),
        _ => None,
    }
}

/// The values outside the ads: members of objects, three levels deep, not in lists.
fn beside(value: &Json, path: &str, depth: usize, see: &mut dyn FnMut(&str, &str, &Json)) {
    let Json::Object(members) = value else { return };
    let is_plain = |name: &str| {
        name.chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    for (name, value) in members.iter().filter(|(name, _)| is_plain(name)) {
        let path = format!("{path}.{name}");
        see(&path, &bare(name), value);
        // `{ next: { href: ... } }` is the address of the next page.
        if let Some(href) = value
            .as_object()
            .and_then(|inner: &Map<String, Json>| inner.get("href"))
        {
            see(&format!("{path}.href"), &bare(name), href);
        }
        if depth < 2 {
            beside(value, &path, depth + 1, see);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SourceDraft, write};

    fn pages(from: &str, sample: &str) -> String {
        let draft = SourceDraft {
            institution: "acme",
            timezone: "Australia/Sydney",
            from,
            is_address: true,
            allow_private: false,
        };
        let text = write(&draft, sample.as_bytes()).unwrap();
        text.lines()
            .find(|line| {
                line.trim_start()
                    .trim_start_matches("# ")
                    .starts_with("pages:")
            })
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    const JOBS: &str = r#""jobs":[{"id":1,"title":"A"},{"id":2,"title":"B"}]"#;

    #[test]
    fn addresses_and_values_in_the_answer_lead_on() {
        let sample = format!(r#"{{"links":{{"next":"/jobs?page=2"}},{JOBS}}}"#);
        assert!(
            pages("https://a.example/jobs", &sample)
                .starts_with("pages: { next: { from: $.links.next } }")
        );
        let sample = format!(r#"{{"_links":{{"next":{{"href":"https://a.example/2"}}}},{JOBS}}}"#);
        assert!(
            pages("https://a.example/jobs", &sample)
                .starts_with("pages: { next: { from: $._links.next.href } }")
        );
        let sample = format!(r#"{{"meta":{{"nextCursor":"abc"}},{JOBS}}}"#);
        assert!(
            pages("https://a.example/jobs", &sample)
                .starts_with("pages: { cursor: { from: $.meta.nextCursor, parameter: cursor } }")
        );
    }

    #[test]
    fn parameters_of_the_address_and_counts_lead_on() {
        let sample = format!("{{{JOBS}}}");
        assert!(
            pages("https://a.example/jobs?Page=0&q=x", &sample)
                .starts_with("pages: { number: { parameter: Page, first: 0 } }")
        );
        assert!(
            pages("https://a.example/jobs?offset=0&limit=2", &sample)
                .starts_with("pages: { offset: { parameter: offset, first: 0, size: 2 } }")
        );
        let counted = format!(r#"{{"page":1,"totalPages":4,{JOBS}}}"#);
        assert!(
            pages("https://a.example/jobs", &counted)
                .starts_with("pages: { number: { parameter: page, first: 1 } }")
        );
        let counted = format!(r#"{{"offset":0,"limit":2,"totalFound":9,{JOBS}}}"#);
        assert!(
            pages("https://a.example/jobs", &counted)
                .starts_with("pages: { offset: { parameter: offset, first: 0, size: 2 } }")
        );
    }

    #[test]
    fn a_number_inside_another_text_is_replaced_there() {
        let draft = |from: &str| {
            let draft = SourceDraft {
                institution: "acme",
                timezone: "Australia/Sydney",
                from,
                is_address: true,
                allow_private: false,
            };
            write(&draft, format!("{{{JOBS}}}").as_bytes()).unwrap()
        };
        let text = draft("https://a.example/r?finder=find;site=CX_1,limit=25,offset=0,sort=x");
        assert!(
            text.contains(
                "url: \"https://a.example/r?finder=find;site=CX_1,limit=25,offset={offset},sort=x\""
            ),
            "{text}"
        );
        assert!(
            text.contains("pages: { offset: { first: 0, size: 25 } }"),
            "{text}"
        );
        let text = draft("https://a.example/{x}/page/1");
        assert!(
            text.contains("url: \"https://a.example/{{x}/page/{page}\"")
                && text.contains("pages: { number: { first: 1 } }"),
            "{text}"
        );
        assert!(draft("https://a.example/homepage/12").contains("# pages:"));
    }

    #[test]
    fn one_page_is_no_paging_and_the_last_page_neither() {
        for sample in [
            format!("{{{JOBS}}}"),
            format!(r#"{{"next":null,"total":2,{JOBS}}}"#),
            format!(r#"{{"page":1,"pages":1,{JOBS}}}"#),
        ] {
            assert!(
                pages("https://a.example/jobs", &sample).starts_with("# pages:"),
                "{sample}"
            );
        }
    }
}
